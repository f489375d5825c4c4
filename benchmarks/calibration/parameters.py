"""How often a 95 % interval of a parameter holds it: by profile, Wald and with the sandwich."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.stats as st
from scipy.special import chdtri, ndtri

from benchmarks.calibration.samples import (
    Truth,
    block_of,
    fits_of,
    parsed,
    portions,
    sample_of,
    standard_error,
    truth,
)
from modelselect.fitting.result import estimate_candidate
from modelselect.fitting.status import Status, usable
from modelselect.fitting.uncertainty import standard_errors

SIZES = (50, 100, 500, 2000)
#: Truth, candidate, true parameters, smallest n at which each is looked at.
CASES: list[tuple[Truth, Any, dict[str, float], dict[str, int]]] = [
    (truth("normal(0, 1)", st.norm()), "normal", {"mean": 0.0, "sd": 1.0}, {}),
    (truth("gamma(shape 2)", st.gamma(2)), "gamma", {"shape": 2.0, "scale": 1.0}, {}),
    (truth("weibull(shape 1.5)", st.weibull_min(1.5)), "weibull", {"shape": 1.5, "scale": 1.0}, {}),
    (truth("lognormal(sigma 0.5)", st.lognorm(0.5)), "lognormal", {"mu": 0.0, "sigma": 0.5}, {}),
    (truth("logistic(0, 1)", st.logistic()), "logistic", {"location": 0.0, "scale": 1.0}, {}),
    (truth("gumbel(0, 1)", st.gumbel_r()), "gumbel", {"location": 0.0, "scale": 1.0}, {}),
    (
        truth("student_t(df 4)", st.t(4)),
        "student_t",
        {"df": 4.0, "location": 0.0, "scale": 1.0},
        {"df": 500, "location": 500, "scale": 500},
    ),
    (truth("exponential(1)", st.expon()), "exponential", {"scale": 1.0}, {}),
    (truth("inverse_gaussian(1, shape 2)", st.invgauss(0.5, scale=2)), "inverse_gaussian", {"mean": 1, "shape": 2}, {}),
    (truth("beta(2, 3)", st.beta(2, 3)), "beta", {"a": 2.0, "b": 3.0}, {}),
    (truth("poisson(3)", st.poisson(3)), "poisson", {"mean": 3.0}, {}),
    (
        truth("negative_binomial(3, size 2)", st.nbinom(2, 0.4)),
        "negative_binomial",
        {"mean": 3.0, "size": 2.0},
        {"size": 500},
    ),
    (truth("geometric(0.25)", st.geom(0.25, loc=-1)), "geometric", {"p": 0.25}, {}),
    (truth("binomial(10, 0.3)", st.binom(10, 0.3)), {"binomial": {"n": 10}}, {"p": 0.3}, {}),
    (truth("log_series(0.7)", st.logser(0.7)), "log_series", {"p": 0.7}, {}),
]
#: Fewer replicates where a fit is dear.
FEWER = {("student_t", 500): 0.5, ("student_t", 2000): 0.2}
_CHI = float(chdtri(1.0, 0.05))
_Z = float(ndtri(0.975))


def run(replicates: int, seed: int, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """Coverage of each parameter at each n."""
    rows = []
    for place, (law, form, theta, start) in enumerate(CASES):
        for n in sizes:
            wanted = {name: value for name, value in theta.items() if n >= start.get(name, 0)}
            if wanted:
                count = round(replicates * FEWER.get((parsed([form])[0].family.name, n), 1.0))
                rows += cell(law, form, wanted, n, count, np.random.default_rng([seed, 1, place, n]))
    return rows


def cell(
    law: Truth, form: Any, theta: Mapping[str, float], n: int, replicates: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """One truth at one n."""
    candidate = parsed([form])[0]
    family = candidate.family
    free = tuple(name for name in family.parameters if name not in candidate.fixed)
    hits: dict[str, dict[str, list[Any]]] = {name: {"profile": [], "wald": [], "sandwich": []} for name in theta}
    agree = checked = failed = 0
    for size in portions(replicates, n):
        block = block_of(law.draw(rng, (size, n)), discrete=law.discrete)
        found = estimate_candidate(candidate, family, block, {})
        able = usable(found.status)
        failed += int(np.sum(~able))
        inner = np.isin(found.status, [Status.CONVERGED, Status.CLOSED_FORM])
        errors = {
            "wald": standard_errors(family, block, found.parameters, free),
            "sandwich": standard_errors(family, block, found.parameters, free, robust=True),
        }
        for name, true in theta.items():
            held = estimate_candidate(candidate, family, block, {name: np.full(size, true)})
            drop = 2.0 * n * (found.log_likelihood - held.log_likelihood)
            inside = able & ~(drop > _CHI)  # where the others could not be refitted the value is not excluded
            hits[name]["profile"].append(inside)
            column, domain = list(family.parameters).index(name), family.parameters[name].domain
            value = found.parameters[:, column]
            for method, se in errors.items():
                with np.errstate(all="ignore"):
                    reach = _Z * se[:, column] / domain.slope(value)
                    apart = np.abs(domain.to_real(value) - domain.to_real(np.float64(true)))
                hits[name][method].append(np.where(inner & np.isfinite(reach), apart <= reach, np.nan))
            if checked < 50:  # the interval itself says the same
                rows = range(min(50, size))
                for fit, row in zip(fits_of(candidate, found, [sample_of(block, r) for r in rows]), rows, strict=False):
                    low, high = fit.interval(name)
                    agree += (low <= true <= high) == bool(inside[row])
                    checked += 1
    rows_out = []
    for name, methods in hits.items():
        line: dict[str, Any] = {"truth": law.name, "family": candidate.label, "parameter": name, "n": n}
        line |= {"replicates": replicates, "failed": failed, "checked": checked, "agree": agree}
        for method, parts in methods.items():
            every = np.concatenate(parts).astype(float)
            given = ~np.isnan(every)
            share = float(every[given].mean())
            line[method] = share
            line[method + "_se"] = standard_error(share, int(given.sum()))
            line[method + "_missing"] = int(np.sum(~given))
        rows_out.append(line)
    return rows_out
