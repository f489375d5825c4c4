"""Errors of the estimators of the entropy, of real numbers and of counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.calibration.samples import Array, Truth, mixture, truth
from modelselect.divergence.entropy import COUNTERS, jittered, lattice
from modelselect.divergence.level import SPACERS
from modelselect.divergence.neighbours import kozachenko_leonenko
from modelselect.divergence.spacings import spacing_m, spacing_order
from modelselect.grouped import distinct_in_rows

Rows = list[dict[str, Any]]

SIZES = (30, 100, 300, 1000)
#: Numbers of one batch of real samples, the most samples of a cell, and the samples of counts of a cell.
NUMBERS, REPLICATES, OF_COUNTS = 500_000, 2000, 500

CHOSEN_ON = [
    truth("normal", st.norm()), truth("uniform", st.uniform()), truth("exponential", st.expon()),
    truth("gamma(0.5)", st.gamma(0.5)), truth("gamma(5)", st.gamma(5)), truth("lognormal(1)", st.lognorm(1)),
    truth("student_t(3)", st.t(3)), truth("cauchy", st.cauchy()), truth("beta(0.5, 0.5)", st.beta(0.5, 0.5)),
    mixture("normal(0, 1) and (5, 0.1)", [(0.5, st.norm()), (0.5, st.norm(5, 0.1))]),
    truth("pareto(1.5)", st.pareto(1.5)),
]  # fmt: skip
OTHERS = [
    truth("logistic", st.logistic()), truth("laplace", st.laplace()), truth("gumbel", st.gumbel_r()),
    truth("weibull(0.7)", st.weibull_min(0.7)), truth("weibull(2)", st.weibull_min(2)),
    truth("half_normal", st.halfnorm()), truth("beta(2, 5)", st.beta(2, 5)), truth("triangular", st.triang(0.5)),
    truth("gamma(2)", st.gamma(2)), truth("lognormal(0.5)", st.lognorm(0.5)), truth("student_t(1.5)", st.t(1.5)),
    mixture("uniform(0, 1) and (10, 11)", [(0.5, st.uniform()), (0.5, st.uniform(10, 1))]),
    mixture("normal(−2, 1) and (2, 1)", [(0.5, st.norm(-2)), (0.5, st.norm(2))]),
]  # fmt: skip
COUNTS = [
    truth("poisson(3)", st.poisson(3)), truth("negative_binomial(5, size 0.5)", st.nbinom(0.5, 0.5 / 5.5)),
    truth("geometric(0.05)", st.geom(0.05, loc=-1)), truth("log_series(0.95)", st.logser(0.95)),
    truth("zeta(2)", st.zipf(2.0)), truth("uniform over 11", st.randint(0, 11)),
    truth("uniform over 1000", st.randint(0, 1000)),
]  # fmt: skip

#: Of real numbers, by what is written above their columns.
OF_REALS: dict[str, Callable[[Array], Array]] = {
    **{name: estimator for name, (estimator, _) in SPACERS.items()},
    "H_m alone": lambda x: spacing_m(x, spacing_order(np.full(len(x), x.shape[-1]))),
    "neighbour k = 3": lambda x: kozachenko_leonenko(x, np.full(len(x), 3)),
}


def of_reals(replicates: float, seed: int) -> Rows:
    """Root mean squared error of each estimator on each law and n."""
    rows = []
    for place, law in enumerate([*CHOSEN_ON, *OTHERS]):
        exact = entropy_of(law)
        for n in SIZES:
            rng = np.random.default_rng([seed, 0, place, n])
            count = max(20, round(min(REPLICATES, NUMBERS // n) * replicates))
            x = np.sort(law.draw(rng, (count, n)), axis=-1)
            errors = {name: estimator(x) - exact for name, estimator in OF_REALS.items()}
            rows.append({"truth": law.name, "n": n, "chosen_on": place < len(CHOSEN_ON), **_errors(errors)})
    return rows


def of_counts(replicates: float, seed: int) -> Rows:
    """The same of counts; `auto` is what integers get by default."""
    rows = []
    for place, law in enumerate(COUNTS):
        exact = entropy_of(law)
        for n in SIZES:
            rng = np.random.default_rng([seed, 1, place, n])
            drawn = np.sort(law.draw(rng, (max(20, round(OF_COUNTS * replicates)), n)), axis=-1)
            values, counts, sizes = distinct_in_rows(drawn, np.ones_like(drawn))
            values = np.where(np.arange(values.shape[1]) < sizes[:, None], values, values[:, :1])
            errors = {name: estimator(counts) - exact for name, (estimator, _) in COUNTERS.items()}
            errors["spacing"] = jittered(values, counts, 1.0, np.random.default_rng(seed)).value - exact
            errors["auto"] = lattice(values, counts).value - exact
            rows.append({"truth": law.name, "n": n, **_errors(errors)})
    return rows


def entropy_of(law: Truth) -> float:
    """In nats: of zeta(2) by ζ'(2), of a sum over all masses, of scipy's closed forms, of a mixture by quadrature."""
    if law.name == "zeta(2)":
        zeta, slope = np.pi**2 / 6.0, -0.937548254315843753702574
        return float(np.log(zeta) - 2.0 * slope / zeta)
    return law.entropy if law.discrete or len(law.parts) > 1 else float(law.parts[0][1].entropy())


def _errors(errors: dict[str, Array]) -> dict[str, Any]:
    """Of the samples that an estimator gives a value; `none` is the share of the others."""
    rmse = {name: float(np.sqrt(np.nanmean(e**2))) for name, e in errors.items()}
    bias = {name: float(np.nanmean(e)) for name, e in errors.items()}
    none = {name: float(np.isnan(e).mean()) for name, e in errors.items()}
    return {"rmse": rmse, "bias": bias, "none": none, "best": min(rmse.values())}
