"""Counts with a power for a tail: Yule–Simon, beta-geometric, beta-negative-binomial, Zipf–Mandelbrot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, NONNEGATIVE, POSITIVE, POSITIVE_INTEGERS, Array
from modelselect.families.counts.sums import log_tails
from modelselect.families.special import (
    digamma_step,
    log1mexp,
    log_power_sum,
    log_rising_excess,
    log_rising_ratio,
    times,
)
from modelselect.family import Family, Limit, Parameter, register


def _share_of_zeros(x: Array, weights: Array) -> Array:
    return observed.mean(np.asarray(x == 0, dtype=float), weights)


@register
class YuleSimon(Family):
    """Yule–Simon(shape) on 1, 2, 3, …: mass shape B(x, shape + 1), a tail of order x^(−shape−1) (Simon 1955)."""

    support = POSITIVE_INTEGERS
    shape = Parameter(POSITIVE, typical=(0.4, 12))
    statistics = (observed.mean_log, observed.maximum)
    aliases = ("yulesimon", "yule")

    def logp(self, x: Any, shape: Any) -> Any:
        return log_rising_ratio(1.0, shape, x - 1) - np.log1p(x / shape)

    def cdf(self, x: Any, shape: Any) -> Any:
        return -np.expm1(log_rising_ratio(1.0, shape, x))

    def sf(self, x: Any, shape: Any) -> Any:
        return np.exp(log_rising_ratio(1.0, shape, x))

    def log_cdf(self, x: Any, shape: Any) -> Any:
        return log1mexp(-log_rising_ratio(1.0, shape, x))

    def log_sf(self, x: Any, shape: Any) -> Any:
        return log_rising_ratio(1.0, shape, x)

    def start(self, mean_log: Any, maximum: Any) -> Any:
        return (1 / mean_log,)

    def score(self, x: Any, shape: Any) -> Any:
        return (1 / shape - digamma_step(shape + 1, x),)

    def limit(self, mean_log: Any, maximum: Any) -> Limit:
        # the point 1, which the logarithmic series has at p = 0
        return Limit("log_series", {"shape": np.inf, "p": 0.0}, certain=maximum == 1)

    def moments(self, shape: Any) -> Any:
        shape = np.asarray(shape, dtype=float)
        mean = np.where(shape > 1, shape / (shape - 1), np.inf)
        return mean, np.where(shape > 2, (shape / (shape - 1)) ** 2 / (shape - 2), np.inf)

    def to_scipy(self, shape: Any) -> Any:
        return "yulesimon", {"alpha": shape}


@register
class BetaGeometric(Family):
    """Beta-geometric(a, b) on 0, 1, 2, …: a geometric whose p ~ Beta(a, b), mass B(a + 1, b + x) / B(a, b).

    The failures before the first success; a tail of order x^(−a−1). With b = 1, a Yule–Simon less 1.
    """

    support = COUNTS
    a = Parameter(POSITIVE, typical=(0.5, 4))
    b = Parameter(POSITIVE, typical=(0.5, 20))
    statistics = (observed.mean, _share_of_zeros)
    nested = {"geometric": {"a": np.inf, "b": np.inf}}
    aliases = ("waring",)

    def logp(self, x: Any, a: Any, b: Any) -> Any:
        return log_rising_ratio(b, a, x) - np.log1p((b + x) / a)

    def cdf(self, x: Any, a: Any, b: Any) -> Any:
        return -np.expm1(log_rising_ratio(b, a, x + 1))

    def sf(self, x: Any, a: Any, b: Any) -> Any:
        return np.exp(log_rising_ratio(b, a, x + 1))

    def log_cdf(self, x: Any, a: Any, b: Any) -> Any:
        return log1mexp(-log_rising_ratio(b, a, x + 1))

    def log_sf(self, x: Any, a: Any, b: Any) -> Any:
        return log_rising_ratio(b, a, x + 1)

    def start(self, mean: Any, zeros: Any) -> Any:
        # P(0) = a/(a + b), and a tail: as light as the mean says, and heavy
        odds = np.clip(zeros, 0.01, 0.99) / (1 - np.clip(zeros, 0.01, 0.99))
        light = np.maximum(mean * odds, 1e-3) / np.maximum(mean * odds - 1, 0.05)
        a = np.stack([light, np.full_like(mean, 1.0), np.full_like(mean, 10.0)])
        return a, a / odds

    def score(self, x: Any, a: Any, b: Any) -> Any:
        last = digamma_step(a + b, x + 1)
        return 1 / a - last, digamma_step(b, x) - last

    def limit(self, mean: Any, zeros: Any) -> Limit:
        never = np.zeros(len(mean), dtype=bool)
        return Limit("geometric", {"a": np.inf, "b": np.inf}, certain=never)

    def moments(self, a: Any, b: Any) -> Any:
        a = np.asarray(a, dtype=float)
        mean = np.where(a > 1, b / (a - 1), np.inf)
        return mean, np.where(a > 2, b / (a - 1) ** 2 * a * (a + b - 1) / (a - 2), np.inf)

    def to_scipy(self, a: Any, b: Any) -> Any:
        return "betanbinom", {"n": 1, "a": a, "b": b}


@register
class BetaNegativeBinomial(Family):
    """Beta-negative-binomial(size, a, b) on 0, 1, 2, …: failures before success number `size`, p ~ Beta(a, b).

    Mass Γ(size+x)/(Γ(size) x!) · B(a + size, b + x)/B(a, b), a tail of order x^(−a−1). Also *generalized Waring*
    (Irwin 1975). The law is the same with `size` and `b` exchanged: of two estimates, `size` is the larger.
    """

    support = COUNTS
    size = Parameter(POSITIVE, typical=(5, 20))
    a = Parameter(POSITIVE, typical=(2.2, 6))
    b = Parameter(POSITIVE, typical=(0.3, 1))
    statistics = (observed.mean, observed.variance, observed.median)
    nested = {
        "negative_binomial": {"size": "size", "a": np.inf, "b": np.inf},
        "beta_geometric": {"size": 1, "a": "a", "b": "b"},
    }
    aliases = ("betanbinom", "generalized_waring")

    def logp(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        return self._log_mass(x, size, a, b)

    def cdf(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        return np.exp(self._tails(x, size, a, b)[0])

    def sf(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        return np.exp(self._tails(x, size, a, b)[1])

    def log_cdf(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        return self._tails(x, size, a, b)[0]

    def log_sf(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        return self._tails(x, size, a, b)[1]

    def start(self, mean: Any, variance: Any, median: Any) -> Any:
        # a negative binomial's size, and tails from light to heavy; the heaviest has no mean
        nb = np.clip(mean**2 / np.maximum(variance - mean, 0.05 * mean), 0.1, 100.0)
        middle = np.sqrt(0.5 * median + 0.2)
        one = np.stack([nb, 2 * nb, 1.2 * middle])
        other = np.maximum(np.stack([19 * mean / nb, mean / nb, 0.8 * middle]), 0.05)
        a = np.array([20.0, 3.0, 0.5])[:, None] * np.ones_like(mean)
        return np.maximum(one, 1.01 * other), a, np.minimum(one, other)

    def score(self, x: Any, size: Any, a: Any, b: Any) -> Any:
        last = digamma_step(a + b, size + x)
        by_size = digamma_step(size, x) - digamma_step(a + size, b + x)
        return by_size, digamma_step(a, size) - last, digamma_step(b, x) - last

    def limit(self, mean: Any, variance: Any, median: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit("negative_binomial", {"size": "size", "a": np.inf, "b": np.inf}, certain=never),
            Limit("negative_binomial", {"size": np.inf, "a": np.inf, "b": "size"}, certain=never),
        )

    def arranged(self, theta: Any, free: Sequence[int]) -> Any:
        if not {0, 2} <= set(free):
            return theta
        size, b = theta[:, 0], theta[:, 2]
        return np.stack([np.maximum(size, b), theta[:, 1], np.minimum(size, b)], axis=-1)

    def moments(self, size: Any, a: Any, b: Any) -> Any:
        a = np.asarray(a, dtype=float)
        mean = np.where(a > 1, size * b / (a - 1), np.inf)
        return mean, np.where(a > 2, size * b / (a - 1) ** 2 * (a + size - 1) * (a + b - 1) / (a - 2), np.inf)

    def to_scipy(self, size: Any, a: Any, b: Any) -> Any:
        if size != np.rint(size):  # which scipy refuses
            return super().to_scipy(size, a, b)
        return "betanbinom", {"n": size, "a": a, "b": b}

    @staticmethod
    def _log_mass(x: Any, size: Any, a: Any, b: Any) -> Any:
        # of Γ(size + x)/(Γ(size) x!), the part that does not vanish with x
        least, most = np.minimum(size, x + 1), np.maximum(size, x + 1)
        ways = log_rising_excess(most, least) + least * np.log(most) - gammaln(least) - np.log(size + x)
        return ways + log_rising_ratio(a, size, b) + log_rising_ratio(b, a + size, x)

    def _tails(self, x: Any, size: Any, a: Any, b: Any) -> tuple[Array, Array]:
        mode = np.maximum(size - 1, 0) * np.maximum(b - 1, 0) / (a + 1)
        return log_tails(self._log_mass, x, (size, a, b), np.floor(mode))


@register
class ZipfMandelbrot(Family):
    """Zipf–Mandelbrot(exponent, shift, n) on 1, …, n (n given): mass proportional to (x + shift)^(−exponent).

    Mandelbrot (1959); n is the number of ranks, and a large one (1e12) serves where there is no last. With shift 0 it
    is Zipf's law on 1, …, n.
    """

    support = POSITIVE_INTEGERS
    exponent = Parameter(POSITIVE.closed(), typical=(1, 4))
    shift = Parameter(NONNEGATIVE, typical=(0.2, 5))
    n = Parameter(POSITIVE_INTEGERS, typical=(20, 400), regular=False, required=True)
    statistics = (observed.mean, observed.mean_log)
    nested = {
        "zipf": {"exponent": "exponent", "shift": 0.0, "n": "n"},
        "discrete_uniform": {"exponent": 0.0, "n": "high", "low": 1},
    }

    def logp(self, x: Any, exponent: Any, shift: Any, n: Any) -> Any:
        return -times(exponent, np.log1p((x - 1) / (1 + shift))) - log_power_sum(exponent, 1 + shift, n)[0]

    def log_cdf(self, x: Any, exponent: Any, shift: Any, n: Any) -> Any:
        part = log_power_sum(exponent, 1 + shift, x)[0] - log_power_sum(exponent, 1 + shift, n)[0]
        return np.where(part > np.log(0.5), log1mexp(-self._log_rest(x, exponent, shift, n)), part)

    def log_sf(self, x: Any, exponent: Any, shift: Any, n: Any) -> Any:
        return self._log_rest(x, exponent, shift, n)

    def bounds(self, exponent: Any, shift: Any, n: Any) -> Any:
        return 1.0, n

    def start(self, mean: Any, mean_log: Any) -> Any:
        shift = np.array([0.3, 3.0, 30.0])[:, None] * np.ones_like(mean)
        return 1 + 1 / np.log1p(mean / (1 + shift)), shift

    def score(self, x: Any, exponent: Any, shift: Any, n: Any) -> Any:
        top, slope = log_power_sum(exponent, 1 + shift, n)
        by_exponent = slope - np.log1p((x - 1) / (1 + shift))
        # Σ (k + shift)^(−a−1) beside Σ (k + shift)^(−a)
        mean_inverse = np.exp(log_power_sum(exponent + 1, 1 + shift, n)[0] - top) / (1 + shift)
        return by_exponent, exponent * (mean_inverse - 1 / (x + shift)), np.zeros_like(x)

    def limit(self, mean: Any, mean_log: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit("zipf", {"exponent": "exponent", "shift": 0.0, "n": "n"}, certain=never),
            Limit(_FiniteGeometric(), {"exponent": np.inf, "shift": np.inf, "n": "n"}, certain=never),
        )

    @staticmethod
    def _log_rest(x: Any, exponent: Any, shift: Any, n: Any) -> Any:
        rest = log_power_sum(exponent, 1 + shift + x, n - x)[0] - log_power_sum(exponent, 1 + shift, n)[0]
        return np.where(x >= n, -np.inf, rest - times(exponent, np.log1p(x / (1 + shift))))


class _FiniteGeometric(Family):
    """Mass proportional to e^(−rate x) on 1, …, n: a Zipf–Mandelbrot whose exponent and shift go to infinity."""

    name = "finite_geometric"
    support = POSITIVE_INTEGERS
    rate = Parameter(POSITIVE.closed(), typical=(0.01, 3))
    n = Parameter(POSITIVE_INTEGERS, typical=(3, 400), regular=False, required=True)
    statistics = (observed.mean,)

    def logp(self, x: Any, rate: Any, n: Any) -> Any:
        value = log1mexp(rate) - log1mexp(rate * n) - times(x - 1, rate)
        return np.where(rate == 0, -np.log(n), value)

    def cdf(self, x: Any, rate: Any, n: Any) -> Any:
        return np.where(rate == 0, x / n, np.expm1(-rate * x) / np.expm1(-rate * n))

    def sf(self, x: Any, rate: Any, n: Any) -> Any:
        share = np.exp(-rate * x) * np.expm1(rate * (x - n)) / np.expm1(-rate * n)
        return np.where(x >= n, 0.0, np.where(rate == 0, (n - x) / n, share))

    def bounds(self, rate: Any, n: Any) -> Any:
        return 1.0, n

    def mle(self, mean: Any, *, n: Any) -> Any:
        # the mean falls with the rate from (n + 1)/2 to 1: bisection on the logarithm of the rate
        low, high = np.full_like(mean, -40.0), np.full_like(mean, 8.0)
        for _ in range(60):
            rate = np.exp(0.5 * (low + high))
            above = -1 / np.expm1(-rate) + n / np.expm1(-rate * n) * np.exp(-rate * n) > mean
            low, high = np.where(above, 0.5 * (low + high), low), np.where(above, high, 0.5 * (low + high))
        return np.where(mean >= (n + 1) / 2, 0.0, np.where(mean > 1, np.exp(high), np.inf)), n
