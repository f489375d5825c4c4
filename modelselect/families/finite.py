"""Families on finitely many integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, INTEGERS, POSITIVE, POSITIVE_INTEGERS, UNIT_CLOSED, Array, Interval
from modelselect.families.special import log_binomial, log_minus_digamma, log_rising_excess
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import nearest


def _log_choose(n: Any, x: Any) -> Any:
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


@register
class Bernoulli(Family):
    """Bernoulli(p) on 0 and 1: P(1) = p."""

    support = Interval(0, 1, lattice=True).closed()
    p = Parameter(UNIT_CLOSED, typical=(0.02, 0.98))
    statistics = (observed.mean,)
    aliases = ("coin",)

    def logp(self, x: Any, p: Any) -> Any:
        return np.where(x == 1, np.log(p), np.log1p(-p))

    def cdf(self, x: Any, p: Any) -> Any:
        return np.where(x == 1, 1.0, 1 - p)

    def sf(self, x: Any, p: Any) -> Any:
        return np.where(x == 1, 0.0, p)

    def mle(self, mean: Any) -> Any:
        return (mean,)

    def score(self, x: Any, p: Any) -> Any:
        return ((x - p) / (p * (1 - p)),)

    def moments(self, p: Any) -> Any:
        return p, p * (1 - p)

    def to_scipy(self, p: Any) -> Any:
        return "bernoulli", {"p": p}


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
        return log_binomial(x, n, p, 1 - p)

    def cdf(self, x: Any, n: Any, p: Any) -> Any:
        return np.where(x >= n, 1.0, betaincc(x + 1, n - x, p))

    def sf(self, x: Any, n: Any, p: Any) -> Any:
        return np.where(x >= n, 0.0, betainc(x + 1, n - x, p))

    def bounds(self, n: Any, p: Any) -> Any:
        return 0.0, n

    def mle(self, mean: Any, variance: Any, maximum: Any, *, n: Any) -> Any:
        return n, mean / n

    def start(self, mean: Any, variance: Any, maximum: Any) -> Any:
        n = np.maximum(maximum, np.rint(mean**2 / np.maximum(mean - variance, 1e-3 * mean)))
        return n, mean / n

    def score(self, x: Any, n: Any, p: Any) -> Any:
        return np.zeros_like(x), (x - n * p) / (p * (1 - p))

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

    def ppf(self, q: Any, low: Any, high: Any) -> Any:
        return nearest(self, np.ceil(low + q * (high - low + 1)) - 1, q, low, high)

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


@register
class BetaBinomial(Family):
    """Beta-binomial(n, a, b) on 0, …, n (n given): a binomial whose p ~ Beta(a, b)."""

    support = COUNTS
    n = Parameter(POSITIVE_INTEGERS, typical=(2, 40), regular=False, required=True)
    a = Parameter(POSITIVE, typical=(0.2, 30))
    b = Parameter(POSITIVE, typical=(0.2, 30))
    statistics = (observed.mean, observed.variance, observed.maximum)
    nested = {
        "binomial": {"n": "n", "a": np.inf, "b": np.inf},
        "discrete_uniform": {"n": "high", "low": 0, "a": 1, "b": 1},
    }
    aliases = ("betabinom",)

    def logp(self, x: Any, n: Any, a: Any, b: Any) -> Any:
        y, s = n - x, a + b
        excess = log_rising_excess(a, x) + log_rising_excess(b, y) - log_rising_excess(s, n)
        return _log_choose(n, x) + excess - x * np.log1p(b / a) - y * np.log1p(a / b)

    def cdf(self, x: Any, n: Any, a: Any, b: Any) -> Any:
        return self._sums(x, n, a, b)[0]

    def sf(self, x: Any, n: Any, a: Any, b: Any) -> Any:
        return self._sums(x, n, a, b)[1]

    def bounds(self, n: Any, a: Any, b: Any) -> Any:
        return 0.0, n

    def start(self, mean: Any, variance: Any, maximum: Any) -> Any:
        # moments, as if n were the largest observation
        n = np.maximum(maximum, 2)
        p = (mean + 0.5) / (n + 1)
        ratio = np.clip(variance / (n * p * (1 - p)), 1.02, 0.98 * n)
        size = (n - ratio) / (ratio - 1)
        return n, p * size, (1 - p) * size

    def score(self, x: Any, n: Any, a: Any, b: Any) -> Any:
        y, s = n - x, a + b
        cross = x * b - y * a
        both = log_minus_digamma(s + n) - log_minus_digamma(s)
        by_a = log_minus_digamma(a) - log_minus_digamma(a + x) + np.log1p(cross / (a * (s + n))) + both
        by_b = log_minus_digamma(b) - log_minus_digamma(b + y) + np.log1p(-cross / (b * (s + n))) + both
        return np.zeros_like(x), by_a, by_b

    def limit(self, mean: Any, variance: Any, maximum: Any, *, n: Any) -> Limit:
        # a variance at most the binomial's makes a = b = ∞ a local maximum; that it is the only one is not proved
        never = np.zeros(len(mean), dtype=bool)
        return Limit("binomial", {"n": "n", "a": np.inf, "b": np.inf}, certain=never)

    def moments(self, n: Any, a: Any, b: Any) -> Any:
        s = a + b
        return n * a / s, n * (a / s) * (b / s) * (s + n) / (s + 1)

    def to_scipy(self, n: Any, a: Any, b: Any) -> Any:
        return "betabinom", {"n": n, "a": a, "b": b}

    def _sums(self, x: Any, n: Any, a: Any, b: Any) -> tuple[Array, Array]:
        """Masses summed up to x, and beyond it."""
        n, a, b = (np.asarray(p, dtype=float) for p in (n, a, b))
        k = np.arange(np.max(n) + 1)
        mass = np.exp(self.logp(k, n[..., None], a[..., None], b[..., None]))
        below = np.cumsum(mass, axis=-1)
        above = np.cumsum(mass[..., :0:-1], axis=-1)[..., ::-1]
        above = np.concatenate([above, np.zeros_like(mass[..., :1])], axis=-1)
        x, *_ = np.broadcast_arrays(x, n, a, b)
        at = x.astype(np.intp)[..., None]
        shape = (*x.shape, len(k))
        below, above = (np.take_along_axis(np.broadcast_to(s, shape), at, axis=-1)[..., 0] for s in (below, above))
        return np.minimum(below, 1.0), np.minimum(above, 1.0)
