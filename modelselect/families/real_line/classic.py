"""Families on the whole real line."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaln, log_expit, log_ndtr, logit, ndtr, ndtri, stdtrit

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL
from modelselect.families.incomplete import log_betainc, normal_deviate
from modelselect.families.profiles import gumbel_maximum
from modelselect.families.special import (
    HALF_LOG_2PI,
    log1mexpexp,
    log1p_square,
    log_minus_digamma,
    log_rising_excess,
    trigamma_excess,
)
from modelselect.family import Family, Limit, Parameter, register

#: Degrees of freedom times the rounding error of log(1 + z²) that are still nothing.
_FEW_DEGREES = 100.0


@register
class Normal(Family):
    """Normal(mean, sd): density exp(−z²/2) / (sd √(2π)), z = (x − mean)/sd."""

    support = REAL
    mean = Parameter(REAL, typical=(-10, 10), role="location")
    sd = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance)
    aliases = ("norm", "gaussian")

    def logp(self, x: Any, mean: Any, sd: Any) -> Any:
        z = (x - mean) / sd
        return -0.5 * z * z - (np.log(sd) + HALF_LOG_2PI)

    def cdf(self, x: Any, mean: Any, sd: Any) -> Any:
        return ndtr((x - mean) / sd)

    def sf(self, x: Any, mean: Any, sd: Any) -> Any:
        return ndtr((mean - x) / sd)

    def log_cdf(self, x: Any, mean: Any, sd: Any) -> Any:
        return log_ndtr((x - mean) / sd)

    def log_sf(self, x: Any, mean: Any, sd: Any) -> Any:
        return log_ndtr((mean - x) / sd)

    def ppf(self, q: Any, mean: Any, sd: Any) -> Any:
        return mean + sd * ndtri(q)

    def mle(self, mean_x: Any, variance: Any, *, mean: Any = None, sd: Any = None) -> Any:
        mean = mean_x if mean is None else mean
        return mean, np.sqrt(variance + (mean_x - mean) ** 2) if sd is None else sd

    def score(self, x: Any, mean: Any, sd: Any) -> Any:
        z = (x - mean) / sd
        return z / sd, (z * z - 1) / sd

    def hessian(self, x: Any, mean: Any, sd: Any) -> Any:
        z, square = (x - mean) / sd, sd * sd
        return -1 / square, -2 * z / square, (1 - 3 * z * z) / square

    def moments(self, mean: Any, sd: Any) -> Any:
        return mean, sd**2

    def to_scipy(self, mean: Any, sd: Any) -> Any:
        return "norm", {"loc": mean, "scale": sd}


@register
class Logistic(Family):
    """Logistic(location, scale): cdf 1 / (1 + e^(−z)), z = (x − location)/scale."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance)

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = np.abs((x - location) / scale)
        # to an absolute error of a rounding: log1p would keep digits that the sum does not
        return -(z + 2 * np.log(1 + np.exp(-z)) + np.log(scale))

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(log_expit((x - location) / scale))

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(log_expit((location - x) / scale))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return log_expit((x - location) / scale)

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        return log_expit((location - x) / scale)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * logit(q)

    def start(self, mean: Any, variance: Any) -> Any:
        return mean, np.sqrt(3 * variance) / np.pi

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        t = _tanh_half(z)
        return t / scale, (z * t - 1) / scale

    def hessian(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        t = _tanh_half(z)
        slope = 0.5 * (1 - t * t)
        both, square = z * t, scale * scale
        return -slope / square, -(t + z * slope) / square, (1 - 2 * both - z * z * slope) / square

    def moments(self, location: Any, scale: Any) -> Any:
        return location, (np.pi * scale) ** 2 / 3

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "logistic", {"loc": location, "scale": scale}


@register
class Laplace(Family):
    """Laplace(location, scale): density e^(−|x − location|/scale) / (2 scale)."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.absolute_deviation)
    aliases = ("double_exponential",)

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        return -np.abs(x - location) / scale - np.log(2 * scale)

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(self.log_cdf(-x, -location, scale))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        half = -np.abs(x - location) / scale - np.log(2)
        return np.where(x < location, half, np.log1p(-np.exp(half)))

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        return self.log_cdf(-x, -location, scale)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.where(q < 0.5, np.log(2 * q), -np.log(2 * (1 - q)))

    def kinks(self, location: Any, scale: Any) -> Any:
        return (location,)

    def mle(self, median: Any, absolute_deviation: Any, *, scale: Any = None) -> Any:
        return median, absolute_deviation if scale is None else scale

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return np.sign(z) / scale, (np.abs(z) - 1) / scale

    def information(self, location: Any, scale: Any) -> Any:
        # the likelihood has a kink at the location: expected information instead of a Hessian
        return np.eye(2) / (scale**2)[..., None, None]

    def moments(self, location: Any, scale: Any) -> Any:
        return location, 2 * scale**2

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "laplace", {"loc": location, "scale": scale}


@register
class Cauchy(Family):
    """Cauchy(location, scale): density 1 / (π scale (1 + z²)), z = (x − location)/scale; no moments."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    aliases = ("lorentz",)

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        return -log1p_square((x - location) / scale) - np.log(np.pi * scale)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.arctan2(scale, location - x) / np.pi

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.arctan2(scale, x - location) / np.pi

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.where(q < 0.25, -1 / np.tan(np.pi * q), np.tan(np.pi * (q - 0.5)))

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # one maximum if both are free (Copas 1975), several if the scale is given and small
        width = np.where(upper > lower, 0.5 * (upper - lower), 0.5 * spread)
        between = [0.5 * (median + lower), 0.5 * (median + upper)]
        return np.stack([median, lower, upper, *between]), np.stack([width, *[0.5 * width] * 4])

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = 2 / (1 + z * z)
        return z * w / scale, (1 - w) / scale

    def moments(self, location: Any, scale: Any) -> Any:
        return location * np.nan, scale * np.nan

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "cauchy", {"loc": location, "scale": scale}


@register
class Gumbel(Family):
    """Gumbel(location, scale) of maxima: cdf exp(−e^(−z)), z = (x − location)/scale."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.minimum, gumbel_maximum)
    aliases = ("gumbel_r", "gumbel_max")

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return -z - np.exp(-z) - np.log(scale)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(-np.exp(-(x - location) / scale))

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return -np.expm1(-np.exp(-(x - location) / scale))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return -np.exp(-(x - location) / scale)

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        return log1mexpexp(-(x - location) / scale)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location - scale * np.log(-np.log(q))

    def start(self, mean: Any, variance: Any, minimum: Any, likeliest: Any) -> Any:
        # the maximum, or moments; a scale at which the smallest observation does not overflow
        scale = np.where(variance > 0, np.maximum(np.sqrt(6 * variance) / np.pi, (mean - minimum) / 500), 1.0)
        found = np.isfinite(likeliest).all(axis=-1)
        moments = mean - np.euler_gamma * scale, scale
        return tuple(np.where(found, value, other) for value, other in zip(likeliest.T, moments, strict=True))

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = 1 - np.exp(-z)
        return w / scale, (z * w - 1) / scale

    def hessian(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        slope = np.exp(-z)
        w, square = 1 - slope, scale * scale
        return -slope / square, -(w + z * slope) / square, (1 - 2 * z * w - z * z * slope) / square

    def moments(self, location: Any, scale: Any) -> Any:
        return location + np.euler_gamma * scale, (np.pi * scale) ** 2 / 6

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "gumbel_r", {"loc": location, "scale": scale}


@register
class StudentT(Family):
    """Student's t(df, location, scale): heavy tails of order |x|^(−df−1); the normal as df → ∞."""

    support = REAL
    df = Parameter(POSITIVE, typical=(0.5, 60))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {
        "normal": {"df": np.inf, "location": "mean", "scale": "sd"},
        "cauchy": {"df": 1, "location": "location", "scale": "scale"},
    }
    aliases = ("t", "student")

    def logp(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / (scale * np.sqrt(df))
        square = z * z
        few = np.all(df < _FEW_DEGREES) and not np.any(np.isinf(square))
        tail = (df + 1) / 2 * (np.log(1 + square) if few else log1p_square(z))
        return (log_rising_excess(df / 2, 0.5) - HALF_LOG_2PI - np.log(scale)) - tail

    def log_cdf(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        return self._log_below((x - location) / scale, df)

    def log_sf(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        return self._log_below((location - x) / scale, df)

    def ppf(self, q: Any, df: Any, location: Any, scale: Any) -> Any:
        return location + scale * stdtrit(df, q)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # the likelihood can have several maxima: three tails, and a scale from the quartiles or from the centre
        iqr = np.where(upper > lower, (upper - lower) / 1.35, spread / 1.35)
        df = np.array([0.5, 1.0, 3.0, 10.0, 0.5, 1.0, 3.0])
        scale = np.array([0.5, 0.7, 0.9, 1.0, 0.1, 0.1, 0.2])
        ones = np.ones((len(df), len(median)))
        return df[:, None] * ones, median * ones, scale[:, None] * iqr * ones

    def score(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        t = z * z / df
        w = 1 / (1 + t)
        # ψ((df+1)/2) − ψ(df/2) − 1/df, without the terms that cancel as df → ∞
        less, more = log_minus_digamma(np.stack(((df + 1) / 2, df / 2)))
        constant = np.log1p(1 / df) - 1 / df + more - less
        log = np.log(1 + t) if np.all(df < _FEW_DEGREES) else np.log1p(t)
        by_df = 0.5 * (constant - log + (df + 1) / df * (1 - w))
        return by_df, (df + 1) / df * z * w / scale, (z * z - 1) * w / scale

    def hessian(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        square = z * z
        w = df / (df + square)
        k, both = (df + 1) / df * w, scale * scale
        less, more = trigamma_excess(np.stack(((df + 1) / 2, df / 2)))
        constant = 0.5 / (df * df * (df + 1)) + 0.25 * (less - more)
        twice_df = constant + 0.5 * (1 - w) * ((df - 1) - (df + 1) * w) / (df * df)
        mixed = (square - 1) * w * w / (df * df * scale)
        return (
            twice_df, z * mixed, k * (1 - 2 * w) / both,
            square * mixed, -2 * k * z * w / both, (1 - k * square * (1 + 2 * w)) / both,
        )  # fmt: skip

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> Limit:
        never = np.zeros(len(median), dtype=bool)
        return Limit("normal", {"df": np.inf, "location": "mean", "scale": "sd"}, certain=never)

    def moments(self, df: Any, location: Any, scale: Any) -> Any:
        variance = np.where(df > 2, scale**2 * df / np.where(df > 2, df - 2, 1), np.where(df > 1, np.inf, np.nan))
        return np.where(df > 1, location, np.nan), variance

    def to_scipy(self, df: Any, location: Any, scale: Any) -> Any:
        return "t", {"df": df, "loc": location, "scale": scale}

    @staticmethod
    def _log_below(z: Any, df: Any) -> Any:
        """Log P(T ≤ z) from the incomplete beta function of 1/(1 + z²/df); scipy's stdtr loses digits near 0."""
        t = z * z / df
        half = log_betainc(df / 2, 0.5, 1 / (1 + t), t / (1 + t)) - np.log(2)
        if np.any(t > 1e290):
            first = -df / 2 * log1p_square(z / np.sqrt(df)) - np.log(df) - betaln(df / 2, 0.5)
            half = np.where(t > 1e290, first, half)
        value = np.where(z > 0, np.log1p(-np.exp(half)), half)
        u = normal_deviate(z, df)
        return np.where(np.isnan(u), value, log_ndtr(u))


def _tanh_half(z: Any) -> Any:
    """Tanh(z/2), by the exponential function, which is faster; to an absolute error of a rounding."""
    e = np.exp(-np.abs(z))
    return np.copysign((1 - e) / (1 + e), z)
