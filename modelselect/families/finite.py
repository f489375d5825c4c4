"""Families on finitely many integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import bdtr, bdtrc, gammaln, xlog1py, xlogy

import modelselect.statistics as observed
from modelselect.domain import COUNTS, INTEGERS, POSITIVE_INTEGERS, UNIT_CLOSED
from modelselect.family import Family, Limit, Parameter, register


def _log_choose(n: Any, x: Any) -> Any:
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


@register
class Binomial(Family):
    """Binomial(n, p) on 0, …, n: successes in n trials; n given, or estimated as an integer."""

    support = COUNTS
    n = Parameter(POSITIVE_INTEGERS, typical=(1, 60), regular=False)
    p = Parameter(UNIT_CLOSED, typical=(0.02, 0.98))
    statistics = (observed.mean, observed.variance, observed.maximum)
    nested = {"bernoulli": {"n": 1}, "poisson": {"n": np.inf, "p": 0.0}}
    aliases = ("binom",)

    def logp(self, x: Any, n: Any, p: Any) -> Any:
        return _log_choose(n, x) + xlogy(x, p) + xlog1py(n - x, -p)

    def cdf(self, x: Any, n: Any, p: Any) -> Any:
        return np.where(x >= n, 1.0, bdtr(x, n, p))

    def sf(self, x: Any, n: Any, p: Any) -> Any:
        return np.where(x >= n, 0.0, bdtrc(x, n, p))

    def bounds(self, n: Any, p: Any) -> Any:
        return 0.0, n

    def mle(self, mean: Any, variance: Any, maximum: Any, *, n: Any) -> Any:
        return n, mean / n

    def start(self, mean: Any, variance: Any, maximum: Any) -> Any:
        n = np.maximum(maximum, np.rint(mean**2 / np.maximum(mean - variance, 1e-3 * mean)))
        return n, mean / n

    def limit(self, mean: Any, variance: Any, maximum: Any) -> Limit:
        # n is finite exactly where the variance is below the mean
        return Limit("poisson", {"n": np.inf, "p": 0.0}, certain=variance >= mean)

    def moments(self, n: Any, p: Any) -> Any:
        return n * p, n * p * (1 - p)

    def to_scipy(self, n: Any, p: Any) -> Any:
        return "binom", {"n": n, "p": p}


@register
class DiscreteUniform(Family):
    """Discrete uniform(low, high) on low, low + 1, …, high, both ends included."""

    support = INTEGERS
    low = Parameter(INTEGERS, typical=(-5, 5), regular=False)
    high = Parameter(INTEGERS, typical=(6, 30), regular=False)
    statistics = (observed.minimum, observed.maximum)
    aliases = ("randint", "dunif")

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        return -np.log(high - low + 1) + np.zeros_like(x)

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return (x - low + 1) / (high - low + 1)

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return (high - x) / (high - low + 1)

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low <= high

    def mle(self, minimum: Any, maximum: Any, *, low: Any = None, high: Any = None) -> Any:
        return minimum if low is None else low, maximum if high is None else high

    def moments(self, low: Any, high: Any) -> Any:
        return (low + high) / 2, ((high - low + 1) ** 2 - 1) / 12

    def to_scipy(self, low: Any, high: Any) -> Any:
        return "randint", {"low": low, "high": high + 1}
