"""Families on finitely many integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, INTEGERS, POSITIVE, POSITIVE_INTEGERS, UNIT_CLOSED, Array, Interval
from modelselect.families.counts.recursion import first_without
from modelselect.families.counts.sums import log_tails
from modelselect.families.special import (
    log1mexp,
    log_binomial,
    log_minus_digamma,
    log_power_sum,
    log_rising_excess,
    times,
)
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


@register
class Zipf(Family):
    """Zipf(exponent, n) on 1, …, n: mass proportional to x^(−exponent); n given, or the largest observation.

    = scipy's zipfian (its zipf is our zeta, where n is infinite).
    """

    support = POSITIVE_INTEGERS
    exponent = Parameter(POSITIVE.closed(), typical=(0.2, 4))
    n = Parameter(POSITIVE_INTEGERS, typical=(3, 400), regular=False)
    statistics = (observed.mean_log, observed.maximum)
    nested = {"discrete_uniform": {"exponent": 0.0, "n": "high", "low": 1}}
    aliases = ("zipfian",)

    def logp(self, x: Any, exponent: Any, n: Any) -> Any:
        return -times(np.log(x), exponent) - log_power_sum(exponent, 1.0, n)[0]

    def log_cdf(self, x: Any, exponent: Any, n: Any) -> Any:
        part = log_power_sum(exponent, 1.0, x)[0] - log_power_sum(exponent, 1.0, n)[0]
        return np.where(part > -0.7, log1mexp(-self.log_sf(x, exponent, n)), part)

    def log_sf(self, x: Any, exponent: Any, n: Any) -> Any:
        rest = log_power_sum(exponent, x + 1, n - x)[0] - log_power_sum(exponent, 1.0, n)[0]
        return np.where(x >= n, -np.inf, rest - times(np.log1p(x), exponent))

    def bounds(self, exponent: Any, n: Any) -> Any:
        return 1.0, n

    def mle(self, mean_log: Any, maximum: Any, *, exponent: Any = None, n: Any = None) -> Any:
        n = maximum if n is None else n
        if exponent is not None:
            return exponent, n
        # mean log x = −d log Σ k^(−a) / da falls with a: Newton, and bisection where it leaves its bracket
        low, high = np.zeros_like(mean_log), np.full_like(mean_log, 1e3)
        a = np.clip(1 / mean_log, 0.1, 100.0)
        for _ in range(60):
            slope, h = log_power_sum(a, 1.0, n)[1], 1e-6 * (1 + a)
            low, high = np.where(slope > mean_log, a, low), np.where(slope > mean_log, high, a)
            step = (slope - mean_log) * h / (slope - log_power_sum(a + h, 1.0, n)[1])
            a, before = np.where((a + step > low) & (a + step < high), a + step, 0.5 * (low + high)), a
            if not np.any(np.abs(a - before) > 1e-15 * a):
                break
        flat = mean_log >= log_power_sum(np.zeros_like(a), 1.0, n)[1]
        return np.where(flat, 0.0, np.where(mean_log > 0, a, np.inf)), n

    def score(self, x: Any, exponent: Any, n: Any) -> Any:
        return log_power_sum(exponent, 1.0, n)[1] - np.log(x), np.zeros_like(x)

    def moments(self, exponent: Any, n: Any) -> Any:
        whole = log_power_sum(exponent, 1.0, n)[0]
        mean, square = (np.exp(log_power_sum(exponent - k, 1.0, n)[0] - whole) for k in (1, 2))
        return mean, square - mean**2

    def to_scipy(self, exponent: Any, n: Any) -> Any:
        return "zipfian", {"a": exponent, "n": int(n)}


#: From here on not every float is an integer.
_LARGEST = 2.0**53


def _itself(x: Any, weights: Any) -> Any:
    """The sample: no summary suffices for the size of a population."""
    return np.stack(np.broadcast_arrays(x, weights))


@register
class Hypergeometric(Family):
    """Hypergeometric(population, successes, draws): successes among draws without replacement; = hypergeom(M, n, N).

    On max(0, successes + draws − population), …, min(successes, draws). Two of the three are given and the third is
    estimated as an integer: the population, as in capture and recapture (unless successes or draws is left out). An
    estimate that is not unique is the smallest.
    """

    support = COUNTS
    population = Parameter(POSITIVE_INTEGERS, typical=(60, 400), regular=False)
    successes = Parameter(COUNTS, typical=(5, 50), regular=False, required=True)
    draws = Parameter(COUNTS, typical=(5, 50), regular=False, required=True)
    statistics = (_itself,)
    aliases = ("hypergeom", "hyper")

    def logp(self, x: Any, population: Any, successes: Any, draws: Any) -> Any:
        return self._mass(x, population, successes, draws)

    def cdf(self, x: Any, population: Any, successes: Any, draws: Any) -> Any:
        return np.exp(self._tails(x, population, successes, draws)[0])

    def sf(self, x: Any, population: Any, successes: Any, draws: Any) -> Any:
        return np.exp(self._tails(x, population, successes, draws)[1])

    def log_cdf(self, x: Any, population: Any, successes: Any, draws: Any) -> Any:
        return self._tails(x, population, successes, draws)[0]

    def log_sf(self, x: Any, population: Any, successes: Any, draws: Any) -> Any:
        return self._tails(x, population, successes, draws)[1]

    def bounds(self, population: Any, successes: Any, draws: Any) -> Any:
        return np.maximum(0.0, successes + draws - population), np.minimum(successes, draws)

    def valid(self, population: Any, successes: Any, draws: Any) -> Any:
        return (successes <= population) & (draws <= population)

    def check(self, given: Mapping[str, Any], where: str = "") -> dict[str, float]:
        """Check names and domains of given values; the one that is left out of three is then the one to estimate."""
        checked = super().check(given, where)
        if len(checked) == len(self.parameters) - 1:
            self.parameters = {name: replace(p, required=name in checked) for name, p in self.parameters.items()}
        return checked

    def mle(self, sample: Any, *, population: Any = None, successes: Any = None, draws: Any = None) -> Any:
        x, weights = sample
        used = np.where(weights > 0, x, np.nan)
        low, high = np.nanmin(used, axis=-1), np.nanmax(used, axis=-1)

        def rises(log_ratio: Any) -> Any:
            return observed.mean(log_ratio, weights) > 0

        if population is None:
            # P(x) at M over that at M − 1 is above 1 exactly where M x < successes · draws
            product, both = (successes * draws)[:, None], (successes + draws)[:, None]

            def more(at: Any) -> Any:
                M = at[:, None] + 1
                return rises(np.log1p((product - x * M) / (M * (M - both + x))))

            least = np.maximum(np.maximum(successes, draws), successes + draws - low)
            found = first_without(more, least, np.maximum(least, _LARGEST))
            return np.where(observed.mean(x, weights) > 0, found, np.nan), successes, draws
        # successes and draws may change places
        other, M = (draws if successes is None else successes)[:, None], population[:, None]

        def more_of_them(at: Any) -> Any:
            n = at[:, None]
            return rises(np.log1p(x / (n + 1 - x)) + np.log1p((x - other) / (M - n)))

        found = first_without(more_of_them, high, population - other[:, 0] + low)
        return population, found if successes is None else successes, found if draws is None else draws

    def moments(self, population: Any, successes: Any, draws: Any) -> Any:
        p = successes / population
        left = (population - draws) / np.maximum(population - 1, 1)
        return draws * p, draws * p * (1 - p) * left

    def to_scipy(self, population: Any, successes: Any, draws: Any) -> Any:
        return "hypergeom", {"M": int(population), "n": int(successes), "N": int(draws)}

    @staticmethod
    def _mass(x: Any, population: Any, successes: Any, draws: Any) -> Any:
        # of binomial laws that share a p, whatever it is (Loader 2000)
        p, q = (draws + 1) / (population + 2), (population - draws + 1) / (population + 2)
        y, rest = draws - x, population - successes
        value = log_binomial(x, successes, p, q) + log_binomial(y, rest, p, q) - log_binomial(draws, population, p, q)
        return np.where((x < 0) | (y < 0) | (x > successes) | (y > rest), -np.inf, value)

    def _tails(self, x: Any, population: Any, successes: Any, draws: Any) -> tuple[Array, Array]:
        middle = (successes + 1) * ((draws + 1) / (population + 2))
        return log_tails(self._mass, x, (population, successes, draws), middle)
