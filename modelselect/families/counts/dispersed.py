"""Counts that vary more or less than a Poisson: generalised and Conway–Maxwell Poisson, discrete Weibull."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, INTEGERS, NONNEGATIVE, POSITIVE, UNIT, UNIT_CLOSED, Array, Interval
from modelselect.families.counts.sums import log_sum_from, log_tails, nodes
from modelselect.families.positive.tied import Tied
from modelselect.families.special import LARGE, log1mexp, log_poisson, times
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import nearest

#: Terms that are cheaper added than left out.
_FEW = 64.0
#: −log of the smallest 1 − q of a discrete Weibull that a float q can hold to eight digits.
_LEAST_LOG = 18.0


@register
class GeneralizedPoisson(Family):
    """Generalized Poisson(rate, dispersion) on 0, 1, 2, …: mass θ (θ + λx)^(x−1) e^(−θ−λx) / x!, rate θ, dispersion λ.

    Consul & Jain (1973), with 0 ≤ λ < 1: the variance is mean/(1 − λ)², at least that of a Poisson.
    """

    support = COUNTS
    rate = Parameter(POSITIVE, typical=(0.1, 20))
    dispersion = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.05, 0.9))
    statistics = (observed.mean, observed.variance)
    nested = {"poisson": {"rate": "mean", "dispersion": 0.0}}
    aliases = ("genpoisson", "consul")

    def logp(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._log_mass(x, rate, dispersion)

    def cdf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, rate, dispersion)[0])

    def sf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, rate, dispersion)[1])

    def log_cdf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._tails(x, rate, dispersion)[0]

    def log_sf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._tails(x, rate, dispersion)[1]

    def start(self, mean: Any, variance: Any) -> Any:
        free = np.clip(np.sqrt(mean / variance), 1e-4, 0.98)
        return mean * free, 1 - free

    def score(self, x: Any, rate: Any, dispersion: Any) -> Any:
        m = rate + dispersion * x
        return 1 / rate + (x - 1) / m - 1, x * ((x - 1) / m - 1)

    def limit(self, mean: Any, variance: Any) -> Limit:
        # with rate = mean (1 − λ) the score in λ is convex and negative at 1 (Consul & Shoukri 1984): it has a zero
        # exactly where it is positive at 0
        return Limit("poisson", {"rate": "mean", "dispersion": 0.0}, certain=variance <= mean)

    def moments(self, rate: Any, dispersion: Any) -> Any:
        return rate / (1 - dispersion), rate / (1 - dispersion) ** 3

    @staticmethod
    def _log_mass(x: Any, rate: Any, dispersion: Any) -> Any:
        m = rate + dispersion * x
        value = np.log(rate) + (x - 1) * np.log(m) - m - gammaln(x + 1)
        return np.where(x < LARGE, value, log_poisson(x, m) + np.log(rate / m)) if np.any(x >= LARGE) else value

    def _tails(self, x: Any, rate: Any, dispersion: Any) -> tuple[Array, Array]:
        # the mode of an inverse Gaussian with the same mean and variance
        c = 1.5 / (rate * (1 - dispersion))
        mode = rate / (1 - dispersion) / (np.sqrt(1 + c * c) + c)
        return log_tails(self._log_mass, x, (rate, dispersion), mode)


class Neighbours(Family):
    """Two neighbouring integers, low + 1 with mass p and low: what other families shrink to on samples of no more."""

    support = INTEGERS
    low = Parameter(INTEGERS, typical=(-5, 5), regular=False)
    p = Parameter(UNIT_CLOSED, typical=(0.02, 0.98))
    statistics = (observed.mean, observed.minimum)

    def logp(self, x: Any, low: Any, p: Any) -> Any:
        return np.where(x > low, np.log(p), np.log1p(-p))

    def cdf(self, x: Any, low: Any, p: Any) -> Any:
        return np.where(x > low, 1.0, 1 - p)

    def sf(self, x: Any, low: Any, p: Any) -> Any:
        return np.where(x > low, 0.0, p)

    def bounds(self, low: Any, p: Any) -> Any:
        return low, low + 1

    def mle(self, mean: Any, minimum: Any) -> Any:
        return minimum, mean - minimum

    def moments(self, low: Any, p: Any) -> Any:
        return low + p, p * (1 - p)


class _Odds(Tied):
    """Bernoulli by its odds, the rate of a Conway–Maxwell–Poisson with an endless dispersion."""

    name = "bernoulli"
    law = "bernoulli"
    support = Interval(0, 1, lattice=True).closed()
    rate = Parameter(NONNEGATIVE, typical=(0.02, 50))
    statistics = (observed.mean,)

    def mle(self, mean: Any) -> Any:
        return (mean / (1 - mean),)

    @staticmethod
    def tie(rate: Any) -> Any:
        return (np.where(np.isinf(rate), 1.0, rate / (1 + rate)),)


class _Ratio(Tied):
    """Geometric by the ratio of its masses, the rate of a Conway–Maxwell–Poisson with dispersion 0."""

    name = "geometric"
    law = "geometric"
    support = COUNTS
    rate = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.02, 0.95))
    statistics = (observed.mean,)

    def mle(self, mean: Any) -> Any:
        return (mean / (1 + mean),)

    @staticmethod
    def tie(rate: Any) -> Any:
        return (1 - rate,)


def _mean_log_factorial(x: Array, weights: Array) -> Array:
    return observed.mean(np.asarray(gammaln(x + 1)), weights)


@register
class ComPoisson(Family):
    """Conway–Maxwell–Poisson(rate, dispersion) on 0, 1, 2, …: mass λ^x / (x!)^ν / Z(λ, ν), rate λ, dispersion ν.

    ν < 1 varies more than a Poisson, ν > 1 less; ν = 0 is geometric (λ < 1), and as ν → ∞ only two neighbours are left,
    0 and 1 for a finite λ (Shmueli et al. 2005).
    """

    support = COUNTS
    rate = Parameter(POSITIVE, typical=(0.2, 6))
    dispersion = Parameter(POSITIVE.closed(), typical=(0.4, 4))
    statistics = (observed.mean, observed.variance, observed.minimum, observed.maximum, _mean_log_factorial)
    nested = {
        "geometric": {"dispersion": 0.0},
        "poisson": {"rate": "mean", "dispersion": 1},
        "bernoulli": {"dispersion": np.inf},
    }
    aliases = ("compoisson", "conway_maxwell_poisson", "cmp")

    def logp(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._kernel(x, rate, dispersion) - self._masses(rate, dispersion)[0]

    def cdf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, rate, dispersion)[0])

    def sf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, rate, dispersion)[1])

    def log_cdf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._tails(x, rate, dispersion)[0]

    def log_sf(self, x: Any, rate: Any, dispersion: Any) -> Any:
        return self._tails(x, rate, dispersion)[1]

    def valid(self, rate: Any, dispersion: Any) -> Any:
        return (np.asarray(dispersion) > 0) | (np.asarray(rate) < 1)

    def start(self, mean: Any, variance: Any, minimum: Any, maximum: Any, log_factorial: Any) -> Any:
        # mean ≈ λ^(1/ν) − (ν − 1)/2ν, variance ≈ λ^(1/ν)/ν
        nu = np.clip(mean / variance, 0.05, 50.0)
        return np.maximum(mean + (nu - 1) / (2 * nu), 0.3 * mean) ** nu, nu

    def score(self, x: Any, rate: Any, dispersion: Any) -> Any:
        _, k, mass = self._masses(rate, dispersion)
        mean, log_factorial = (mass * k).sum(axis=-1), (mass * gammaln(k + 1)).sum(axis=-1)
        return (x - mean) / rate, log_factorial - gammaln(x + 1)

    def limit(self, mean: Any, variance: Any, minimum: Any, maximum: Any, log_factorial: Any) -> tuple[Limit, ...]:
        # an exponential family in x and log x!, concave: at ν = 0 where the score there is not positive, and at ∞ where
        # (mean, mean log x!) lies on the polygon through the points (k, log k!)
        _, k, mass = self._masses(mean / (1 + mean), np.zeros_like(mean))
        two, first = maximum - minimum <= 1, minimum == 0
        return (
            Limit(_Odds(), {"rate": "rate", "dispersion": np.inf}, certain=two & first),
            Limit(Neighbours(), {"rate": np.inf, "dispersion": np.inf}, certain=two & ~first),
            Limit(
                _Ratio(),
                {"rate": "rate", "dispersion": 0.0},
                certain=~two & (log_factorial >= (mass * gammaln(k + 1)).sum(axis=-1)),
            ),
        )

    def moments(self, rate: Any, dispersion: Any) -> Any:
        _, k, mass = self._masses(rate, dispersion)
        mean = (mass * k).sum(axis=-1)
        return mean, (mass * (k - mean[..., None]) ** 2).sum(axis=-1)

    @staticmethod
    def _mode(rate: Any, dispersion: Any) -> Any:
        return np.exp(np.log(rate) / dispersion)

    def _kernel(self, x: Any, rate: Any, dispersion: Any) -> Any:
        """Log of λ^x / (x!)^ν; where λ^(1/ν) is large, of Poisson(λ^(1/ν))^ν, which is the same law."""
        value = x * np.log(rate) - times(gammaln(x + 1), dispersion)
        mode = self._mode(rate, dispersion)
        if not np.any(mode >= LARGE):
            return value
        power = np.where(x == 0, -mode, log_poisson(x, mode))
        return np.where(mode < LARGE, value, dispersion * power)

    def _masses(self, rate: Any, dispersion: Any) -> tuple[Array, Array, Array]:
        """Log of the sum of the kernel; points k and their masses ``(…, L)``.

        With m = λ^(1/ν) and h(u) = (1 + u) log(1 + u) − u ≥ u²/(2 + 2u/3), terms fall by at least ν m h((d − 1)/m) over
        d terms above m, by ν d²/2m over d terms below, and by −d log λ where λ < 1: what is left out is below e^(−45).
        """
        rate, dispersion = np.broadcast_arrays(np.asarray(rate, dtype=float), np.asarray(dispersion, dtype=float))
        with np.errstate(all="ignore"):
            mode, fall = self._mode(rate, dispersion), 45.0
            wide = np.sqrt(2 * fall * mode / dispersion)
            low = np.floor(mode - wide - 2)
            low = np.where((low > _FEW) & np.isfinite(low), low, 0.0)
            third = fall / (3 * dispersion)
            above = np.fmin(third + np.sqrt(third**2 + wide**2), np.where(rate < 1, -fall / np.log(rate), np.inf))
            count = np.ceil(mode + above) - low + 3
            start = low if np.any(low) else 0.0  # one row of points serves all
            k, weights = nodes(start, np.where(np.isfinite(count), count, 1.0))
            f = self._kernel(k, rate[..., None], dispersion[..., None])
            top = f.max(axis=-1, keepdims=True)
            weights = weights * np.exp(f - top)
            total = weights.sum(axis=-1, keepdims=True)
            return (np.log(total) + top)[..., 0], k, weights / total

    def _tails(self, x: Any, rate: Any, dispersion: Any) -> tuple[Array, Array]:
        top = self._masses(rate, dispersion)[0]

        def log_mass(k: Any, rate: Any, dispersion: Any, top: Any) -> Any:
            return self._kernel(k, rate, dispersion) - top

        return log_tails(log_mass, x, (rate, dispersion, top), self._mode(rate, dispersion))


@register
class DiscreteWeibull(Family):
    """Discrete Weibull(q, shape) on 0, 1, 2, …: P(X > x) = q^((x+1)^shape) (Nakagawa & Osaki 1975).

    The integer part of a Weibull; geometric at shape 1. As the shape grows only two neighbours are left. For large
    counts that vary little q is no float but 1: their law is then told by the scale of the Weibull.
    """

    support = COUNTS
    q = Parameter(UNIT, typical=(0.2, 0.95))
    shape = Parameter(POSITIVE, typical=(0.5, 3))
    statistics = (observed.mean, observed.variance, observed.minimum, observed.maximum)
    nested = {"geometric": {"shape": 1}, "bernoulli": {"q": "p", "shape": np.inf}}
    aliases = ("dweibull_discrete", "nakagawa_osaki")

    def logp(self, x: Any, q: Any, shape: Any) -> Any:
        power, step = self._powers(x, shape)
        rate = -np.log(q)
        return log1mexp(rate * step) - rate * power

    def cdf(self, x: Any, q: Any, shape: Any) -> Any:
        return -np.expm1((x + 1) ** shape * np.log(q))

    def sf(self, x: Any, q: Any, shape: Any) -> Any:
        return np.exp((x + 1) ** shape * np.log(q))

    def log_cdf(self, x: Any, q: Any, shape: Any) -> Any:
        return log1mexp(-((x + 1) ** shape) * np.log(q))

    def log_sf(self, x: Any, q: Any, shape: Any) -> Any:
        return (x + 1) ** shape * np.log(q)

    def ppf(self, q: Any, base: Any, shape: Any) -> Any:
        return nearest(self, np.ceil((np.log1p(-q) / np.log(base)) ** (1 / shape)) - 1, q, base, shape)

    def start(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> Any:
        scale, shape = _weibull(mean, variance)
        return np.exp(-(scale**-shape)), shape

    def score(self, x: Any, q: Any, shape: Any) -> Any:
        power, step = self._powers(x, shape)
        rate = -np.log(q)
        share = 1 / np.expm1(rate * step)
        slope = step * np.log1p(x) + power * np.log1p(1 / np.maximum(x, 0.5))
        by_shape = rate * (np.where(x == 0, 0.0, slope) * share - times(power, np.log(np.maximum(x, 1))))
        return (power - step * share) / q, by_shape

    def limit(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> tuple[Limit, ...]:
        two = maximum - minimum <= 1
        return (
            Limit("bernoulli", {"q": "p", "shape": np.inf}, certain=two & (minimum == 0)),
            Limit(Neighbours(), {"q": 1.0, "shape": np.inf}, certain=two & (minimum > 0)),
            Limit(_ByScale(), {"q": 1.0, "shape": "shape"}, certain=np.zeros(len(mean), dtype=bool)),
        )

    def moments(self, q: Any, shape: Any) -> Any:
        # Σ P(X ≥ x) and Σ (2x − 1) P(X ≥ x) over x ≥ 1
        def log_sf(x: Any, q: Any, shape: Any) -> Any:
            return x**shape * np.log(q)

        def log_square(x: Any, q: Any, shape: Any) -> Any:
            return log_sf(x, q, shape) + np.log(2 * x - 1)

        mean = np.exp(log_sum_from(log_sf, 1.0, (q, shape)))
        return mean, np.exp(log_sum_from(log_square, 1.0, (q, shape))) - mean**2

    @staticmethod
    def _powers(x: Any, shape: Any) -> tuple[Any, Any]:
        """x^shape and (x + 1)^shape − x^shape."""
        power = x**shape
        return power, np.where(x == 0, 1.0, power * np.expm1(shape * np.log1p(1 / np.maximum(x, 0.5))))


def _weibull(mean: Any, variance: Any) -> tuple[Any, Any]:
    """Scale and shape of a Weibull for x + ½, from its coefficient of variation (Justus et al. 1978)."""
    middle = mean + 0.5
    shape = np.clip((middle / np.sqrt(variance + 1 / 12)) ** 1.086, 0.1, 300.0)
    return middle / np.exp(gammaln(1 + 1 / shape)), shape


class _ByScale(Family):
    """Discrete Weibull by its scale, q = exp(−scale^(−shape)), where that is too close to 1 to be a float of use."""

    name = "discrete_weibull"
    support = COUNTS
    scale = Parameter(POSITIVE, typical=(10, 1000))
    shape = Parameter(POSITIVE, typical=(10, 50))
    statistics = (observed.mean, observed.variance)

    def logp(self, x: Any, scale: Any, shape: Any) -> Any:
        step = np.expm1(shape * np.log1p(1 / np.maximum(x, 0.5)))
        power = (x / scale) ** shape
        return log1mexp(np.where(x == 0, (1 / scale) ** shape, power * step)) - power

    def cdf(self, x: Any, scale: Any, shape: Any) -> Any:
        return -np.expm1(-(((x + 1) / scale) ** shape))

    def sf(self, x: Any, scale: Any, shape: Any) -> Any:
        return np.exp(-(((x + 1) / scale) ** shape))

    def log_cdf(self, x: Any, scale: Any, shape: Any) -> Any:
        return log1mexp(((x + 1) / scale) ** shape)

    def log_sf(self, x: Any, scale: Any, shape: Any) -> Any:
        return -(((x + 1) / scale) ** shape)

    def valid(self, scale: Any, shape: Any) -> Any:
        return np.asarray(shape) * np.log(scale) > _LEAST_LOG

    def start(self, mean: Any, variance: Any) -> Any:
        return _weibull(mean, variance)
