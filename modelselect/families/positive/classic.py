"""Families on the positive half-line."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import (
    erfcx,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    log_ndtr,
    ndtr,
    ndtri,
    polygamma,
)

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, REAL
from modelselect.families.incomplete import log_gammainc, log_gammaincc
from modelselect.families.profiles import weibull_maximum
from modelselect.families.special import (
    HALF_LOG_2PI,
    LARGE,
    deviance,
    log1mexp,
    log1mexpexp,
    log_minus_digamma,
    log_of,
    stirling_error,
    times,
    trigamma_excess,
)
from modelselect.family import Family, Parameter, register

_EULER = np.euler_gamma
_SQRT_HALF = np.sqrt(0.5)
#: Sizes of exponents whose rounding errors are still nothing.
_FEW_LOGS = 100.0


@register
class Exponential(Family):
    """Exponential(scale), x ≥ 0: density e^(−x/scale) / scale."""

    support = NONNEGATIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean,)
    aliases = ("expon", "exp")

    def logp(self, x: Any, scale: Any) -> Any:
        return -x / scale - np.log(scale)

    def cdf(self, x: Any, scale: Any) -> Any:
        return -np.expm1(-x / scale)

    def sf(self, x: Any, scale: Any) -> Any:
        return np.exp(-x / scale)

    def log_cdf(self, x: Any, scale: Any) -> Any:
        return log1mexp(x / scale)

    def log_sf(self, x: Any, scale: Any) -> Any:
        return -x / scale

    def ppf(self, q: Any, scale: Any) -> Any:
        return -scale * np.log1p(-q)

    def mle(self, mean: Any) -> Any:
        return (mean,)

    def score(self, x: Any, scale: Any) -> Any:
        return ((x / scale - 1.0) / scale,)

    def hessian(self, x: Any, scale: Any) -> Any:
        return ((1 - 2 * (x / scale)) / (scale * scale),)

    def moments(self, scale: Any) -> Any:
        return scale, scale**2

    def to_scipy(self, scale: Any) -> Any:
        return "expon", {"scale": scale}


@register
class Gamma(Family):
    """Gamma(shape, scale), x ≥ 0: density x^(shape−1) e^(−x/scale) / (Γ(shape) scale^shape).

    At 0 it is ∞ for shape < 1 and 0 for shape > 1: a sample of exact reals with a 0 has no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.2, 30))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.log_excess)
    nested = {
        "exponential": {"shape": 1},
        "chi_square": {"shape": np.nan, "scale": 2},
        "erlang": {"shape": "shape", "scale": "scale"},
    }
    singular = ("erlang",)

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        if not np.any(shape >= LARGE):
            return times(shape - 1, log_of(x)) - (x / scale + (gammaln(shape) + shape * np.log(scale)))
        z = x / scale
        value = times(shape - 1, np.log(z)) - z - (gammaln(shape) + np.log(scale))
        constant = 0.5 * np.log(shape) - HALF_LOG_2PI - stirling_error(shape) - np.log(scale)
        return np.where(shape < LARGE, value, constant - np.log(z) - deviance(shape, z))

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammainc(shape, x / scale)

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammaincc(shape, x / scale)

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_gammainc(shape, x / scale)

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_gammaincc(shape, x / scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.where(q < 0.5, gammaincinv(shape, q), gammainccinv(shape, 1 - q))

    def mle(self, mean: Any, log_excess: Any, *, shape: Any = None) -> Any:
        # log shape − ψ(shape) = log mean − mean log; Newton in log shape from Minka's (2002) approximation
        if shape is None:
            s = log_excess
            shape = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
            for _ in range(8):
                slope = np.where(shape < LARGE, 1 - shape * polygamma(1, shape), -(0.5 + 1 / (6 * shape)) / shape)
                shape = shape * np.exp(np.clip((s - log_minus_digamma(shape)) / slope, -1, 1))
        return shape, mean / shape

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        return np.log(z / shape) + log_minus_digamma(shape), (z - shape) / scale

    def hessian(self, x: Any, shape: Any, scale: Any) -> Any:
        return -(trigamma_excess(shape) + 1 / shape), -1 / scale, (shape - 2 * (x / scale)) / (scale * scale)

    def moments(self, shape: Any, scale: Any) -> Any:
        return shape * scale, shape * scale**2

    def entropy(self, shape: Any, scale: Any) -> Any:
        size = 0.5 * np.log(shape) + HALF_LOG_2PI + stirling_error(shape) + (shape - 1) * log_minus_digamma(shape)
        return np.log(scale) + size

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "gamma", {"a": shape, "scale": scale}


@register
class Weibull(Family):
    """Weibull(shape, scale), x ≥ 0: P(X > x) = exp(−(x/scale)^shape).

    At 0 the density is ∞ for shape < 1 and 0 for shape > 1: a sample of exact reals with a 0 has no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.3, 10))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.maximum, weibull_maximum)
    nested = {"exponential": {"shape": 1}, "rayleigh": {"shape": 2}}
    aliases = ("weibull_min",)

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = self._log(x, shape, scale)
        return times(shape - 1, log) - (np.exp(shape * log) - np.log(shape / scale))

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-np.exp(shape * np.log(x / scale)))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.exp(-np.exp(shape * np.log(x / scale)))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log1mexpexp(shape * np.log(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.exp(shape * np.log(x / scale))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * (-np.log1p(-q)) ** (1 / shape)

    def start(self, mean_log: Any, variance_log: Any, maximum: Any, likeliest: Any) -> Any:
        # the maximum, or moments of log x; a shape at which the largest observation does not overflow
        shape = np.minimum(np.pi / np.sqrt(6 * variance_log), 500 / (np.log(maximum) - mean_log))
        found = np.isfinite(likeliest).all(axis=-1)
        moments = shape, np.exp(mean_log + _EULER / shape)
        return tuple(np.where(found, value, other) for value, other in zip(likeliest.T, moments, strict=True))

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = self._log(x, shape, scale)
        excess = np.exp(shape * log) - 1
        return 1 / shape - log * excess, shape / scale * excess

    def hessian(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        power = np.exp(shape * log)
        mixed = shape * log * power + (power - 1)
        return (
            -1 / (shape * shape) - log * log * power,
            mixed / scale,
            -shape / (scale * scale) * ((shape + 1) * power - 1),
        )

    def moments(self, shape: Any, scale: Any) -> Any:
        first, second = np.exp(gammaln(1 + 1 / shape)), np.exp(gammaln(1 + 2 / shape))
        return scale * first, scale**2 * (second - first**2)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "weibull_min", {"c": shape, "scale": scale}

    @staticmethod
    def _log(x: Any, shape: Any, scale: Any) -> Any:
        """Log(x/scale), as a difference where no digit of (x/scale)^shape is lost by it."""
        own = np.log(scale)
        return log_of(x) - own if np.all(shape * (1 + np.abs(own)) < _FEW_LOGS) else np.log(x / scale)


@register
class Lognormal(Family):
    """Lognormal(mu, sigma), x > 0: log x is normal with mean mu and standard deviation sigma."""

    support = POSITIVE
    mu = Parameter(REAL, typical=(-3, 3), role="log_scale")
    sigma = Parameter(POSITIVE, typical=(0.1, 3))
    statistics = (observed.mean_log, observed.variance_log)
    aliases = ("lognorm", "lnorm", "log_normal")

    def logp(self, x: Any, mu: Any, sigma: Any) -> Any:
        log = log_of(x)
        z = (log - mu) / sigma
        return -0.5 * z * z - (log + (np.log(sigma) + HALF_LOG_2PI))

    def cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return ndtr((np.log(x) - mu) / sigma)

    def sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return ndtr((mu - np.log(x)) / sigma)

    def log_cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return log_ndtr((np.log(x) - mu) / sigma)

    def log_sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return log_ndtr((mu - np.log(x)) / sigma)

    def ppf(self, q: Any, mu: Any, sigma: Any) -> Any:
        return np.exp(mu + sigma * ndtri(q))

    def mle(self, mean_log: Any, variance_log: Any) -> Any:
        return mean_log, np.sqrt(variance_log)

    def score(self, x: Any, mu: Any, sigma: Any) -> Any:
        z = (np.log(x) - mu) / sigma
        return z / sigma, (z * z - 1) / sigma

    def hessian(self, x: Any, mu: Any, sigma: Any) -> Any:
        z, square = (np.log(x) - mu) / sigma, sigma * sigma
        return -1 / square, -2 * z / square, (1 - 3 * z * z) / square

    def moments(self, mu: Any, sigma: Any) -> Any:
        return np.exp(mu + sigma**2 / 2), np.expm1(sigma**2) * np.exp(2 * mu + sigma**2)

    def to_scipy(self, mu: Any, sigma: Any) -> Any:
        return "lognorm", {"s": sigma, "scale": np.exp(mu)}


@register
class InverseGaussian(Family):
    """Inverse Gaussian(mean, shape), x > 0: density √(shape/2πx³) exp(−shape (x − mean)² / (2 mean² x))."""

    support = POSITIVE
    mean = Parameter(POSITIVE, typical=(0.1, 20), role="scale")
    shape = Parameter(POSITIVE, typical=(0.1, 50), role="scale")
    statistics = (observed.mean, observed.reciprocal_excess)
    aliases = ("invgauss", "wald")

    def logp(self, x: Any, mean: Any, shape: Any) -> Any:
        r = x / mean
        constant = 0.5 * np.log(shape) - HALF_LOG_2PI
        return constant - (1.5 * log_of(x) + 0.5 * shape / mean * ((r - 1) * (1 - 1 / r)))

    def log_cdf(self, x: Any, mean: Any, shape: Any) -> Any:
        return self._tail(x, mean, shape, below=True)

    def log_sf(self, x: Any, mean: Any, shape: Any) -> Any:
        return self._tail(x, mean, shape, below=False)

    def mle(self, mean_x: Any, excess: Any, *, mean: Any = None, shape: Any = None) -> Any:
        mean = mean_x if mean is None else mean
        off = (mean_x - mean) / mean
        return mean, 1 / (excess + off * off / mean_x) if shape is None else shape

    def score(self, x: Any, mean: Any, shape: Any) -> Any:
        r = x / mean
        return shape / mean**2 * (r - 1), 0.5 / shape - 0.5 / mean * ((r - 1) * (1 - 1 / r))

    def hessian(self, x: Any, mean: Any, shape: Any) -> Any:
        r, square = x / mean, mean * mean
        return shape / mean / square * (2 - 3 * r), (r - 1) / square, -0.5 / (shape * shape)

    def moments(self, mean: Any, shape: Any) -> Any:
        return mean, mean**3 / shape

    def to_scipy(self, mean: Any, shape: Any) -> Any:
        return "invgauss", {"mu": mean / shape, "scale": shape}

    @staticmethod
    def _tail(x: Any, mean: Any, shape: Any, below: bool) -> Any:
        # the smaller tail is φ(a) (R(|a|) ± R(b)) with Mills' ratio R, b² = a² + 4 shape/mean; the other its complement
        root = np.sqrt(shape / x)
        a, b = root * (x / mean - 1), root * (x / mean + 1)
        near, far = erfcx(np.abs(a) * _SQRT_HALF), erfcx(b * _SQRT_HALF)
        smaller = np.log(0.5 * np.where(a < 0, near + far, near - far)) - 0.5 * a * a
        return np.where((a < 0) == below, smaller, log1mexp(-smaller))


@register
class Pareto(Family):
    """Pareto(shape, minimum), x ≥ minimum: P(X > x) = (minimum/x)^shape; minimum given, or the smallest observation."""

    support = POSITIVE
    shape = Parameter(POSITIVE, typical=(0.3, 10))
    minimum = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (observed.minimum, observed.mean_log)

    def logp(self, x: Any, shape: Any, minimum: Any) -> Any:
        return np.log(shape / minimum) - (shape + 1) * np.log1p((x - minimum) / minimum)

    def cdf(self, x: Any, shape: Any, minimum: Any) -> Any:
        return -np.expm1(-shape * np.log1p((x - minimum) / minimum))

    def sf(self, x: Any, shape: Any, minimum: Any) -> Any:
        return np.exp(-shape * np.log1p((x - minimum) / minimum))

    def log_cdf(self, x: Any, shape: Any, minimum: Any) -> Any:
        return log1mexp(shape * np.log1p((x - minimum) / minimum))

    def log_sf(self, x: Any, shape: Any, minimum: Any) -> Any:
        return -shape * np.log1p((x - minimum) / minimum)

    def ppf(self, q: Any, shape: Any, minimum: Any) -> Any:
        return minimum * np.exp(-np.log1p(-q) / shape)

    def bounds(self, shape: Any, minimum: Any) -> Any:
        return minimum, np.inf

    def mle(self, smallest: Any, mean_log: Any, *, shape: Any = None, minimum: Any = None) -> Any:
        minimum = smallest if minimum is None else minimum
        return 1 / (mean_log - np.log(minimum)) if shape is None else shape, minimum

    def score(self, x: Any, shape: Any, minimum: Any) -> Any:
        return 1 / shape - np.log1p((x - minimum) / minimum), np.zeros_like(x) + shape / minimum

    def moments(self, shape: Any, minimum: Any) -> Any:
        with np.errstate(all="ignore"):
            mean = np.where(shape > 1, shape * minimum / (shape - 1), np.inf)
            return mean, np.where(shape > 2, shape * (minimum / (shape - 1)) ** 2 / (shape - 2), np.inf)

    def to_scipy(self, shape: Any, minimum: Any) -> Any:
        return "pareto", {"b": shape, "scale": minimum}


@register
class Rayleigh(Family):
    """Rayleigh(scale), x > 0: density x/scale² exp(−x²/(2 scale²)), which is 0 at 0 whatever the scale."""

    support = POSITIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_square,)

    def logp(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return log_of(x) - (0.5 * z * z + 2 * np.log(scale))

    def cdf(self, x: Any, scale: Any) -> Any:
        return -np.expm1(-0.5 * (x / scale) ** 2)

    def sf(self, x: Any, scale: Any) -> Any:
        return np.exp(-0.5 * (x / scale) ** 2)

    def log_cdf(self, x: Any, scale: Any) -> Any:
        return log1mexpexp(2 * np.log(x / scale) - np.log(2))

    def log_sf(self, x: Any, scale: Any) -> Any:
        return -0.5 * (x / scale) ** 2

    def ppf(self, q: Any, scale: Any) -> Any:
        return scale * np.sqrt(-2 * np.log1p(-q))

    def mle(self, mean_square: Any) -> Any:
        return (np.sqrt(mean_square / 2),)

    def score(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((z * z - 2) / scale,)

    def hessian(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((2 - 3 * z * z) / (scale * scale),)

    def moments(self, scale: Any) -> Any:
        return scale * np.sqrt(np.pi / 2), (2 - np.pi / 2) * scale**2

    def to_scipy(self, scale: Any) -> Any:
        return "rayleigh", {"scale": scale}
