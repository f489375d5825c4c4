"""Families on a bounded interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, betaincinv, betaln

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, UNIT_CLOSED
from modelselect.families.incomplete import log_betainc
from modelselect.families.special import HALF_LOG_2PI, LARGE, log_binomial, log_minus_digamma, stirling_error, times
from modelselect.family import Family, Parameter, register


@register
class Uniform(Family):
    """Uniform(low, high): density 1/(high − low) on [low, high].

    On rounded data each end lies in the outermost cell there, where it leaves the cell the share of its observations.
    """

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False)
    high = Parameter(REAL, typical=(1, 20), role="location", regular=False)
    statistics = (observed.minimum, observed.maximum)
    aliases = ("unif",)

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        return np.zeros_like(x) - np.log(high - low)

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return (x - low) / (high - low)

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return (high - x) / (high - low)

    def ppf(self, q: Any, low: Any, high: Any) -> Any:
        return low + q * (high - low)

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low < high

    def mle(self, minimum: Any, maximum: Any, *, low: Any = None, high: Any = None) -> Any:
        return minimum if low is None else low, maximum if high is None else high

    def moments(self, low: Any, high: Any) -> Any:
        return (low + high) / 2, (high - low) ** 2 / 12

    def to_scipy(self, low: Any, high: Any) -> Any:
        return "uniform", {"loc": low, "scale": high - low}


@register
class Beta(Family):
    """Beta(a, b), 0 ≤ x ≤ 1: density x^(a−1) (1 − x)^(b−1) / B(a, b).

    At 0 it is ∞ for a < 1 and 0 for a > 1 (at 1 likewise with b): a sample with an exact 0 or 1 has no maximum.
    """

    support = UNIT_CLOSED
    a = Parameter(POSITIVE, typical=(0.2, 30))
    b = Parameter(POSITIVE, typical=(0.2, 30))
    nested = {"uniform": {"low": 0, "high": 1, "a": 1, "b": 1}}
    statistics = (observed.mean, observed.variance)

    def logp(self, x: Any, a: Any, b: Any) -> Any:
        value = times(a - 1, np.log(x)) + times(b - 1, np.log1p(-x)) - betaln(a, b)
        large = (a >= LARGE) & (b >= LARGE)
        if not np.any(large):
            return value
        return np.where(large, np.log(a + b - 1) + log_binomial(a - 1, a + b - 2, x, 1 - x), value)

    def cdf(self, x: Any, a: Any, b: Any) -> Any:
        return betainc(a, b, x)

    def sf(self, x: Any, a: Any, b: Any) -> Any:
        return betaincc(a, b, x)

    def log_cdf(self, x: Any, a: Any, b: Any) -> Any:
        return log_betainc(a, b, x, 1 - x)

    def log_sf(self, x: Any, a: Any, b: Any) -> Any:
        return log_betainc(b, a, 1 - x, x)

    def ppf(self, q: Any, a: Any, b: Any) -> Any:
        return betaincinv(a, b, q)

    def start(self, mean: Any, variance: Any) -> Any:
        size = np.maximum(mean * (1 - mean) / variance - 1, 0.01)
        return mean * size, (1 - mean) * size

    def score(self, x: Any, a: Any, b: Any) -> Any:
        # ψ(a + b) − ψ(a) = log(1 + b/a) + …, without the terms that cancel
        both = log_minus_digamma(a + b)
        by_a = log_minus_digamma(a) - both + np.log1p(b / a)
        by_b = log_minus_digamma(b) - both + np.log1p(a / b)
        return np.log(x) + by_a, np.log1p(-x) + by_b

    def moments(self, a: Any, b: Any) -> Any:
        return a / (a + b), (a / (a + b)) * (b / (a + b)) / (a + b + 1)

    def entropy(self, a: Any, b: Any) -> Any:
        # log B and the digamma functions, whose logarithms cancel
        both = a + b
        size = 0.5 * (np.log(a) + np.log(b) - 3 * np.log(both)) + HALF_LOG_2PI
        size = size + (stirling_error(a) + stirling_error(b) - stirling_error(both))
        within = (a - 1) * log_minus_digamma(a) + (b - 1) * log_minus_digamma(b)
        return size + within - (both - 2) * log_minus_digamma(both)

    def to_scipy(self, a: Any, b: Any) -> Any:
        return "beta", {"a": a, "b": b}
