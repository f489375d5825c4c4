"""How often tests at 5 % reject what is true, and what is not: nested pairs, Vuong's, tests of fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats as st
from scipy.optimize import brentq

from benchmarks.calibration.samples import (
    Truth,
    Wanted,
    all_fits,
    always,
    block_of,
    mixture,
    paired_of,
    parsed,
    portions,
    standard_error,
    truth,
)
from modelselect.ranking import adequacy, pairwise
from modelselect.ranking.comparison import compare
from modelselect.ranking.pairwise import pre_tested

LEVEL = 0.05
#: Truth, smaller and larger family, whether the truth is on the boundary of the larger.
NESTED: list[tuple[Truth, str, Any, bool]] = [
    (truth("exponential(1)", st.expon()), "exponential", "gamma", False),
    (truth("exponential(1)", st.expon()), "exponential", "weibull", False),
    (truth("rayleigh(1)", st.rayleigh()), "rayleigh", "weibull", False),
    (truth("gumbel(0, 1)", st.gumbel_r()), "gumbel", "gev", False),
    (truth("laplace(0, 1)", st.laplace()), "laplace", "asymmetric_laplace", False),
    (truth("geometric(0.25)", st.geom(0.25, loc=-1)), "geometric", "negative_binomial", False),
    (truth("poisson(3)", st.poisson(3)), "poisson", "negative_binomial", True),
    (truth("poisson(3)", st.poisson(3)), "poisson", {"zero_inflated": "poisson"}, True),
    (truth("normal(0, 1)", st.norm()), "normal", "student_t", True),
]
#: Alternatives to the smaller family, for the power.
ALTERNATIVES: list[tuple[Truth, str, Any]] = [
    (truth("gamma(shape 1.5)", st.gamma(1.5)), "exponential", "gamma"),
    (truth("weibull(shape 1.25)", st.weibull_min(1.25)), "exponential", "weibull"),
    (truth("negative_binomial(3, size 2)", st.nbinom(2, 0.4)), "poisson", "negative_binomial"),
    (truth("negative_binomial(3, size 10)", st.nbinom(10, 10 / 13)), "poisson", "negative_binomial"),
    (truth("student_t(df 4)", st.t(4)), "normal", "student_t"),
]
#: Two families that are no part of each other, and a law of each, of which the truth is mixed.
APART: list[tuple[str, Any, str, Any]] = [
    ("gamma", st.gamma(2), "lognormal", st.lognorm(0.8, scale=1.6)),
    ("weibull", st.weibull_min(1.5, scale=2), "gamma", st.gamma(2)),
    ("weibull", st.weibull_min(1.5, scale=2), "lognormal", st.lognorm(0.8, scale=1.6)),
    ("normal", st.norm(), "logistic", st.logistic(scale=0.55)),
    ("normal", st.norm(), "gumbel", st.gumbel_r(scale=0.8)),
    ("poisson", st.poisson(3), "geometric", st.geom(0.25, loc=-1)),
]
#: Other laws that are equally far from two families at some value between two: a name, and the law at a value.
ELSEWHERE: list[tuple[str, str, str, Callable[[float], Truth], float, float]] = [
    (
        "poisson",
        "geometric",
        "negative_binomial",
        lambda size: truth(f"negative_binomial(3, size {size:.2f})", st.nbinom(size, size / (size + 3.0))),
        1.1,
        50.0,
    ),
    (
        "poisson",
        "geometric",
        "zero_inflated",
        lambda w: mixture(
            f"poisson(3) with {100 * w:.1f} % more zeros",
            [(w, st.randint(0, 1)), (1.0 - w, st.poisson(3.0 / (1.0 - w)))],
        ),
        0.01,
        0.6,
    ),
    (
        "poisson",
        "geometric",
        "two_poissons",
        lambda a: mixture(f"poisson(3 ± {a:.2f})", [(0.5, st.poisson(3.0 - a)), (0.5, st.poisson(3.0 + a))]),
        0.1,
        2.9,
    ),
]
#: Tests of fit: truth, family that is tested, whether it is right.
FITS: list[tuple[Truth, str, bool]] = [
    (truth("normal(0, 1)", st.norm()), "normal", True),
    (truth("gamma(shape 2)", st.gamma(2)), "gamma", True),
    (truth("weibull(shape 1.5)", st.weibull_min(1.5)), "weibull", True),
    (truth("exponential(1)", st.expon()), "exponential", True),
    (truth("poisson(3)", st.poisson(3)), "poisson", True),
    (truth("negative_binomial(3, size 2)", st.nbinom(2, 0.4)), "negative_binomial", True),
    (truth("student_t(df 4)", st.t(4)), "normal", False),
    (truth("lognormal(sigma 1)", st.lognorm(1)), "gamma", False),
    (truth("gamma(shape 2)", st.gamma(2)), "exponential", False),
    (truth("negative_binomial(3, size 2)", st.nbinom(2, 0.4)), "poisson", False),
]
RESAMPLES = 199
#: Draws of the pre-test's sum of χ² here: a tenth of the package's own, whose error at p = 0.05 is still 0.0015.
DRAWS = 20_000
#: A test of fit to a family whose refits are dear is tried on fewer samples.
FEWER = {"gamma": 0.5, "weibull": 0.5}


def run(replicates: int, seed: int, wanted: Wanted = always) -> dict[str, list[dict[str, Any]]]:
    """All tests of the pairs and families that are wanted, by their names."""
    pairwise._DRAWS = DRAWS
    rows: dict[str, list[dict[str, Any]]] = {"nested": [], "power": [], "vuong": [], "adequacy": []}
    for place, (law, small, large, edge) in enumerate(NESTED):
        if not wanted(f"nested {law.name} {small} {large}"):
            continue
        for n in (50, 200, 1000):
            rng = np.random.default_rng([seed, 3, place, n])
            robust = not edge and n < 1000
            lines = _pair(law, small, large, n, replicates, rng, robust=robust)
            rows["nested"] += [line | {"edge": edge} for line in lines]
    for place, (law, small, large) in enumerate(ALTERNATIVES):
        if not wanted(f"power {law.name} {small} {large}"):
            continue
        for n in (50, 200):
            rng = np.random.default_rng([seed, 4, place, n])
            rows["power"] += _pair(law, small, large, n, replicates // 4, rng, robust=False)
    for place, (a, law_a, b, law_b) in enumerate(APART):
        if not wanted(f"apart {a} {b}"):
            continue
        law = equally_far(a, law_a, b, law_b)
        for n in (50, 200, 1000):
            rng = np.random.default_rng([seed, 5, place, n])
            rows["vuong"] += _pair(law, a, b, n, replicates, rng, robust=n < 1000)
    for place, (a, b, name, at, low, high) in enumerate(ELSEWHERE):
        if not wanted(f"apart {a} {b} {name}"):
            continue
        law = _equally_far_at(a, b, at, low, high)
        for n in (50, 200, 1000):
            rng = np.random.default_rng([seed, 8, place, n])
            rows["vuong"] += _pair(law, a, b, n, replicates, rng, robust=False)
    for place, (law, family, right) in enumerate(FITS):
        if not wanted(f"fits {law.name} {family}"):
            continue
        for n in (50, 200):
            rng = np.random.default_rng([seed, 6, place, n])
            count = round(replicates * (FEWER.get(family, 1.0) if right else 0.1))
            rows["adequacy"] += _adequacy(law, family, n, count, rng, right=right)
    return rows


def equally_far(a: str, law_a: Any, b: str, law_b: Any) -> Truth:
    """Mixture of a law of each of two families that is equally far from both: their KL at the best parameters agree."""

    def mixed(w: float) -> Truth:
        return mixture(f"{w:.3f} {a} + {1 - w:.3f} {b}", [(w, law_a), (1.0 - w, law_b)])

    return _equally_far_at(a, b, mixed, 0.01, 0.99)


def _equally_far_at(a: str, b: str, law_at: Callable[[float], Truth], low: float, high: float) -> Truth:
    one, other = parsed([a, b])

    def gap(value: float) -> float:
        law = law_at(value)
        return law.loss(one) - law.loss(other)

    return law_at(float(brentq(gap, low, high, xtol=1e-6)))


def _pair(
    law: Truth, a: Any, b: Any, n: int, replicates: int, rng: np.random.Generator, *, robust: bool
) -> list[dict[str, Any]]:
    """Share of the samples in which a pair's p-value is at most 5 %, by `compare` and with the pre-test."""
    candidates = parsed([a, b])
    p_values, careful, names = [], [], set()
    for size in portions(replicates, n):
        samples, rows = all_fits(candidates, block_of(law.draw(rng, (size, n)), discrete=law.discrete))
        for sample, (one, other) in zip(samples, rows, strict=True):
            if not (one.status.usable and other.status.usable):
                p_values.append(np.nan)
                continue
            paired = paired_of((one, other), sample, 0)
            found = compare(one, other, paired, 0, 1)
            names.add(found.test)
            p_values.append(found.p_value)
            if robust:
                careful.append(pre_tested(one, other, paired, 0, 1, rng).p_value)
    line = {"truth": law.name, "a": candidates[0].label, "b": candidates[1].label, "n": n}
    line |= _share(np.array(p_values), "rejects") | {"tests": sorted(names)}
    if careful:
        line |= _share(np.array(careful), "pretest")
    return [line]


def _share(p: np.ndarray[Any, Any], name: str) -> dict[str, Any]:
    """Share of p-values of at most 5 %; none at all counts as no rejection, and is counted."""
    share = float(np.mean(p <= LEVEL))
    return {
        name: share,
        name + "_se": standard_error(share, len(p)),
        name + "_replicates": len(p),
        name + "_none": int(np.isnan(p).sum()),
    }


def _adequacy(
    law: Truth, family: str, n: int, replicates: int, rng: np.random.Generator, *, right: bool
) -> list[dict[str, Any]]:
    """Share of the samples in which a test of fit rejects."""
    candidates, p_values = parsed([family]), {}
    for size in portions(replicates, n):
        samples, rows = all_fits(candidates, block_of(law.draw(rng, (size, n)), discrete=law.discrete))
        for sample, (fit,) in zip(samples, rows, strict=True):
            for one in adequacy.tests(fit, sample, RESAMPLES, rng):
                p_values.setdefault(one.test, []).append(one.p_value)
    what = {"truth": law.name, "family": family, "n": n, "right": right}
    return [what | {"test": name} | _share(np.array(p), "rejects") for name, p in p_values.items()]
