"""A Poisson whose mean varies: by a lognormal, by a gamma beyond a threshold; and when it does not vary at all."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import wrightomega

import modelselect.statistics as observed
from modelselect.domain import COUNTS, POSITIVE, REAL, Array
from modelselect.families.counts.classic import NegativeBinomial, Poisson
from modelselect.families.counts.recursion import (
    Kind,
    log_sum,
    log_total,
    looked_up,
    once_each,
    places,
    tail,
    with_far,
    with_far_scores,
)
from modelselect.families.counts.sums import log_sum_from, log_tails
from modelselect.families.special import HALF_LOG_2PI, log_binomial, log_poisson, times
from modelselect.family import Family, Limit, Parameter, register

_POISSON, _NEGATIVE_BINOMIAL = Poisson(), NegativeBinomial()
#: Counts up to which the masses of a Delaporte follow one another.
_LONGEST = 1 << 16
#: Counts from which on the score of a Poisson–lognormal, in which squares cancel, is taken by differences.
_FAR = 300.0
#: Steps that are gone along to tell whether a Poisson is likelier than every mixture.
_MOST_STEPS = 600


def poisson_alone(x: Any, weights: Any) -> Any:
    """1 where a Poisson is likelier than every mixture of Poissons, else 0 (or unknown).

    It is where the mean of (m/x̄)^x e^(x̄ − m) is at most 1 for all m ≥ 0 (Simar 1976; Lindsay 1983), and there no
    mixed Poisson has an interior maximum. In √m the terms have a standard deviation of ½, so that steps of 0.1 tell.
    """
    x, weights = np.broadcast_arrays(x, weights)
    mean, low, high = observed.mean(x, weights), observed.minimum(x, weights), observed.maximum(x, weights)
    steps = np.ceil(10 * (np.sqrt(high) - np.sqrt(low)))
    alone = (high == low) | ((observed.variance(x, weights) < mean) & (steps <= _MOST_STEPS))
    rows = np.flatnonzero(alone & (high > low))
    x, weights, center, root = x[rows], weights[rows], mean[rows], np.sqrt(low[rows])
    for step in range(int(steps[rows].max(initial=-1)) + 1):
        m = (root + 0.1 * step) ** 2
        gain = observed.mean(np.exp(times(x, np.log(m / center)[:, None]) - (m - center)[:, None]), weights)
        near = np.abs(np.sqrt(m) - np.sqrt(center)) < 0.35
        alone[rows] &= gain <= np.where(near, 1.0 + 1e-13, 0.99)
    return alone.astype(float)


@register
class PoissonLognormal(Family):
    """Poisson–lognormal(mu, sigma) on 0, 1, 2, …: a Poisson whose mean m is lognormal, log m ~ normal(mu, sigma).

    Bulmer (1974). The masses are integrals, taken to all digits by the trapezoidal rule about the likeliest mean.
    """

    support = COUNTS
    mu = Parameter(REAL, typical=(-1, 2))
    sigma = Parameter(POSITIVE, typical=(0.2, 1.2))
    statistics = (observed.mean, observed.variance, poisson_alone)
    nested = {"poisson": {"mu": "mean", "sigma": 0.0}}
    aliases = ("pln", "poilog")

    def logp(self, x: Any, mu: Any, sigma: Any) -> Any:
        return once_each(self._mass, x, mu, sigma)

    def cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return tail(self, "cdf", x, mu, sigma)

    def sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return tail(self, "sf", x, mu, sigma)

    def log_cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return tail(self, "log_cdf", x, mu, sigma)

    def log_sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return tail(self, "log_sf", x, mu, sigma)

    def start(self, mean: Any, variance: Any, alone: Any) -> Any:
        square = np.log1p(np.maximum(variance - mean, 0.01 * mean) / mean**2)
        square = np.stack([square, np.minimum(square, 1.0)])
        return np.log(mean) - 0.5 * square, np.sqrt(square)

    def score(self, x: Any, mu: Any, sigma: Any) -> Any:
        # both derivatives in the log of the mean: the lognormal spreads as heat does
        here, one, two = (self.logp(x + i, mu, sigma) for i in range(3))
        first, second = (x + 1) * np.exp(one - here), (x + 2) * np.exp(two - one)
        scores = x - first, sigma * ((x - first) ** 2 + first * (second - first - 1))
        return with_far_scores(self, scores, x > _FAR, x, mu, sigma)

    def limit(self, mean: Any, variance: Any, alone: Any) -> Limit:
        return Limit("poisson", {"mu": lambda poisson: np.log(poisson["mean"]), "sigma": 0.0}, certain=alone > 0)

    def moments(self, mu: Any, sigma: Any) -> Any:
        mean = np.exp(mu + 0.5 * sigma**2)
        return mean, mean + mean**2 * np.expm1(sigma**2)

    @staticmethod
    def _mode(x: Any, mu: Any, sigma: Any) -> Any:
        """Likeliest log of the mean given x: e^t + (t − mu)/sigma² = x."""
        scale = 2 * np.log(sigma)
        u = mu + sigma**2 * x + scale
        # far to the left ω(u) is e^u, which underflows
        return np.where(u < -30, u, np.log(wrightomega(u))) - scale

    def _mass(self, x: Any, mu: Any, sigma: Any) -> Any:
        x, mu, sigma = np.broadcast_arrays(x, np.asarray(mu, dtype=float), np.asarray(sigma, dtype=float))
        t = self._mode(x, mu, sigma)
        top, z = np.exp(t), (t - mu) / sigma
        # with steps d from the mode the exponent falls by top (e^d − 1) − x d + d (z + d/2σ)/σ
        width = 1 / np.sqrt(top + 1 / sigma**2)
        step = np.minimum(0.24, 0.5 * width)
        above = 8.8 * width
        below = np.minimum(8.8 * sigma, 39 / top + 8.8 / np.sqrt(top))
        slope = (x - top) - z / sigma

        def term(_: Any, d: Any) -> Any:
            return slope * d - top * (np.expm1(d) - d) - 0.5 * (d / sigma) ** 2

        counted = np.where(x == 0, -top, log_poisson(x, top))
        total = log_total(term, -below, step, np.ceil((above + below) / step) + 1)
        return counted - 0.5 * z * z - HALF_LOG_2PI + np.log(step / sigma) + total

    def _first(self, mu: Any, sigma: Any) -> Any:
        return self._mass(0.0, mu, sigma)

    def _shares(self, last: int, mu: Any, sigma: Any) -> Any:
        log = self._mass(places(last, mu, sigma), mu, sigma)
        return np.exp(log - log[0])

    def _far(self, kind: Kind, x: Any, mu: Any, sigma: Any) -> Any:
        below, above = log_tails(self._mass, x, (mu, sigma), middle=np.exp(mu))
        return below if kind == "log_cdf" else above


@register
class Delaporte(Family):
    """Delaporte(poisson_mean, gamma_mean, size) on 0, 1, 2, …: a Poisson plus a negative_binomial(gamma_mean, size).

    That is a Poisson whose mean is poisson_mean + gamma(shape = size, mean = gamma_mean) (Delaporte 1959; Johnson,
    Kemp & Kotz 2005, 5.12.5); variance poisson_mean + gamma_mean + gamma_mean²/size.

    The masses follow one another: with q = gamma_mean/(size + gamma_mean) the ratios r(k) = P(k + 1)/P(k) obey ::

        (k + 1) r(k) = poisson_mean + q (size + k) − poisson_mean q/r(k − 1)

    in which errors fade away, so that 12 digits are left, or −log₁₀(10⁻¹⁵/size) where a small size hides the negative
    binomial until the Poisson has fallen behind it. The derivatives follow in the same way. Beyond 65 536 masses are
    sums.
    """

    support = COUNTS
    poisson_mean = Parameter(POSITIVE, typical=(0.3, 6))
    gamma_mean = Parameter(POSITIVE, typical=(0.5, 10))
    size = Parameter(POSITIVE, typical=(0.3, 8))
    statistics = (observed.mean, observed.variance, observed.skewness, poisson_alone)
    nested = {
        "negative_binomial": {"poisson_mean": 0.0, "gamma_mean": "mean", "size": "size"},
        "poisson": {"poisson_mean": "mean", "gamma_mean": 0.0, "size": np.inf},
    }

    def logp(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        near = x < _LONGEST
        (value,) = looked_up(self._log_masses, np.where(near, x, 0), poisson_mean, gamma_mean, size)
        return with_far(self, "logp", value, ~near, x, value, (poisson_mean, gamma_mean, size))

    def cdf(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        return tail(self, "cdf", x, poisson_mean, gamma_mean, size)

    def sf(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        return tail(self, "sf", x, poisson_mean, gamma_mean, size)

    def log_cdf(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        return tail(self, "log_cdf", x, poisson_mean, gamma_mean, size)

    def log_sf(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        return tail(self, "log_sf", x, poisson_mean, gamma_mean, size)

    def start(self, mean: Any, variance: Any, skewness: Any, alone: Any) -> Any:
        # variance − mean = m²/k and third cumulant − 3 variance + 2 mean = 2m³/k², m and k of the gamma
        excess = np.maximum(variance - mean, 0.02 * mean)
        third = skewness * variance**1.5 - 3 * variance + 2 * mean
        share = np.where(third > 0, 2 * excess**2 / (third * mean), 0.9)
        gamma = mean * np.stack([np.clip(share, 0.02, 0.98), np.full_like(mean, 0.2), np.full_like(mean, 0.7)])
        return mean - gamma, gamma, gamma**2 / excess

    def score(self, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        near = x < _LONGEST
        scores = looked_up(self._scores, np.where(near, x, 0), poisson_mean, gamma_mean, size)
        return with_far_scores(self, scores, ~near, x, poisson_mean, gamma_mean, size)

    def limit(self, mean: Any, variance: Any, skewness: Any, alone: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit("poisson", self.nested["poisson"], certain=alone > 0),
            Limit("negative_binomial", self.nested["negative_binomial"], certain=never),
        )

    def moments(self, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        mean = poisson_mean + gamma_mean
        return mean, mean + gamma_mean**2 / size

    def _first(self, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        return -(poisson_mean + size * np.log1p(gamma_mean / size))

    def _shares(self, last: int, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        (log,) = self._log_masses(last, poisson_mean, gamma_mean, size)
        return np.exp(log - log[0])

    def _ratios(self, last: int, poisson_mean: Any, gamma_mean: Any, size: Any) -> tuple[Array, Array]:
        """P(k + 1)/P(k) for k = 0, …, last − 1, and poisson_mean q/(k + 1) over it for the k before, ``(last, …)``."""
        k, q = places(max(last, 1) - 1, poisson_mean, gamma_mean, size), gamma_mean / (size + gamma_mean)
        ratio = (poisson_mean + gamma_mean * (size / (size + gamma_mean)) + q * k) / (k + 1)
        taken = poisson_mean * q / (k + 1)
        taken[0] = 0.0
        for i in range(1, last):
            np.divide(taken[i, ...], ratio[i - 1], out=taken[i, ...])
            np.subtract(ratio[i, ...], taken[i], out=ratio[i, ...])
        return ratio[:last], taken[:last]

    def _log_masses(self, last: int, *parameters: Any) -> tuple[Array]:
        """Log P(k) for k = 0, …, last."""
        ratio, _ = self._ratios(last, *parameters)
        first = np.broadcast_to(self._first(*parameters), (1, *ratio.shape[1:]))
        return (np.cumsum(np.concatenate([first, np.log(ratio)]), axis=0),)

    def _scores(self, last: int, poisson_mean: Any, gamma_mean: Any, size: Any) -> tuple[Array, Array, Array]:
        """Derivatives of log P(k) by the parameters for k = 0, …, last: sums of those of log r(k)."""
        ratio, taken = self._ratios(last, poisson_mean, gamma_mean, size)
        k, whole = places(max(last, 1) - 1, poisson_mean, gamma_mean, size)[:last], size + gamma_mean
        p, q = size / whole, gamma_mean / whole
        before = np.concatenate([np.zeros((1, *ratio.shape[1:])), 1 / ratio])
        hidden = k - poisson_mean * before[:-1]
        grown = np.stack([p * p + p / whole * hidden, q * q - q / whole * hidden]) / ((k + 1) * ratio)
        kept = taken / ratio
        for i in range(1, last):
            grown[:, i] += kept[i] * grown[:, i - 1]
        first = np.broadcast_to(np.stack([-p, q - np.log1p(gamma_mean / size)])[:, None], (2, 1, *ratio.shape[1:]))
        by_gamma, by_size = np.cumsum(np.concatenate([first, grown], axis=1), axis=1)
        return before - 1, by_gamma, by_size

    def _far(self, kind: Kind, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        given = getattr(_NEGATIVE_BINOMIAL, kind)

        def term(j: Any) -> Any:
            return _POISSON.logp(j, poisson_mean) + given(x - j, gamma_mean, size)

        zero = np.zeros_like(x)
        if kind == "log_cdf":
            return log_sum(term, zero, x)
        if kind == "log_sf":
            return np.logaddexp(log_sum(term, zero, x), _POISSON.log_sf(x, poisson_mean))
        return np.logaddexp(self._without_last(x, poisson_mean, gamma_mean, size), term(x))

    @staticmethod
    def _without_last(x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
        """Log Σ over j < x from the Poisson: the term at j = x may be a peak of its own."""
        q = gamma_mean / (size + gamma_mean)
        # the terms are those of a Poisson with mean tilted times k^(size − 1), about, k = x − j
        tilted = poisson_mean / q
        steep = size < 1
        # the likeliest j has q j (size + x − j) = poisson_mean · (x − j)
        s = q * (size + x) + poisson_mean
        j = np.where(steep, tilted, 2 * poisson_mean * x / (s + np.sqrt(s * s - 4 * q * poisson_mean * x)))
        k = x - j
        bend = np.where(steep, 0.0, (size - 1) / ((k + 0.5) * (size + k - 0.5)))
        spread = np.where(steep, 1.4, 1.0) / np.sqrt(1 / (j + 0.5) + bend)
        # where the power is steep and not far from where the Poisson is
        near = steep & (tilted + 10 * spread + 20 > x)
        value = np.empty_like(x)
        if np.any(near):
            value[near] = _from_the_end(*(p[near] for p in (x, poisson_mean, gamma_mean, size)))
        if not np.all(near):
            y, *rest, j, spread = (p[~near] for p in (x, poisson_mean, gamma_mean, size, j, spread))
            value[~near] = log_sum(lambda at: _term(at, y, *rest), np.zeros_like(y), y - 1, j, spread)
        return value


def _term(j: Any, x: Any, poisson_mean: Any, gamma_mean: Any, size: Any) -> Any:
    """Log of a Poisson at j times a negative binomial at x − j > 0, smooth in j."""
    k, whole = x - j, size + gamma_mean
    rest = log_binomial(size, size + k, size / whole, gamma_mean / whole) - np.log1p(k / size)
    return np.where(j == 0, -poisson_mean, log_poisson(j, poisson_mean)) + rest


def _from_the_end(x: Any, *parameters: Any) -> Any:
    """Log Σ over j < x, from j = x − 1 on downwards."""

    def term(i: Any, x: Any, *parameters: Any) -> Any:
        return np.where(i < x, _term(np.maximum(x - 1 - i, 0), x, *parameters), -np.inf)

    return log_sum_from(term, np.zeros_like(x), (x, *parameters))
