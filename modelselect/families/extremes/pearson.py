"""The gamma law about its mean, whose skewness passes smoothly through 0: Pearson III, and its exponential."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv, log_ndtr, ndtr, ndtri

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Array
from modelselect.families.extremes.classic import INSIDE, NEAR, SLIGHT, near_zero
from modelselect.families.incomplete import log_gammainc, log_gammaincc
from modelselect.families.special import HALF_LOG_2PI, log_minus_digamma, stirling_error
from modelselect.family import Family, Parameter, register

#: Below this skewness a Pearson III law is the normal with Edgeworth's first correction, to 12 digits.
_NEARLY_NORMAL = 2e-6


def _skewness_log(x: Array, weights: Array) -> Array:
    with np.errstate(all="ignore"):
        return observed.skewness(np.log(x), weights)


@register
class Pearson3(Family):
    """Pearson III(skew, location, scale): a gamma with mean location, sd scale and skewness skew (scipy's pearson3).

    With a = 4/skew² and z = (x − location)/scale, a (1 + z skew/2) ≥ 0 is gamma with shape a; skew < 0 is its mirror
    image, skew = 0 the normal. For |skew| > 2 the density is infinite at the end and the likelihood has no bound.
    """

    name = "pearson_3"
    support = REAL
    skew = Parameter(REAL, typical=(-1, 1))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.skewness, observed.minimum, observed.maximum)
    nested = {"normal": {"skew": 0, "location": "mean", "scale": "sd"}}
    aliases = ("pearson3", "pearson_type_3")

    def logp(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _log_pearson((x - location) / scale, skew) - np.log(scale)

    def cdf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _pearson_below((x - location) / scale, skew)

    def sf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _pearson_below((location - x) / scale, -skew)

    def log_cdf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _log_pearson_below((x - location) / scale, skew)

    def log_sf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _log_pearson_below((location - x) / scale, -skew)

    def bounds(self, skew: Any, location: Any, scale: Any) -> Any:
        end = location - 2 * scale / np.where(skew == 0, np.nan, skew)
        return np.where(skew > 0, end, -np.inf), np.where(skew < 0, end, np.inf)

    def unbounded(self, skew: Any, location: Any, scale: Any) -> Any:
        return np.square(skew) > 4 / (1 + SLIGHT)

    def start(self, mean: Any, variance: Any, skewness: Any, minimum: Any, maximum: Any) -> Any:
        sd = np.sqrt(variance)
        return _skews(skewness, (minimum - mean) / sd, (maximum - mean) / sd), mean, sd

    def score(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        by_skew, by_z = _pearson_score(z, skew)
        return by_skew, -by_z / scale, -(1 + z * by_z) / scale

    def moments(self, skew: Any, location: Any, scale: Any) -> Any:
        return location, scale**2

    def ppf(self, q: Any, skew: Any, location: Any, scale: Any) -> Any:
        return location + scale * _pearson_quantile(q, skew)

    def to_scipy(self, skew: Any, location: Any, scale: Any) -> Any:
        return "pearson3", {"skew": skew, "loc": location, "scale": scale}


@register
class LogPearson3(Family):
    """Log-Pearson III(skew, location, scale), x > 0: log x has mean location, sd scale, skewness skew (see pearson_3).

    Natural logarithms; skew = 0 is the lognormal (Bulletin 17C of the US Geological Survey uses those to base 10).
    """

    name = "log_pearson_3"
    support = POSITIVE
    skew = Parameter(REAL, typical=(-1, 1))
    location = Parameter(REAL, typical=(-3, 3), role="log_scale")
    scale = Parameter(POSITIVE, typical=(0.3, 2))
    nested = {"lognormal": {"skew": 0, "location": "mu", "scale": "sigma"}}
    statistics = (observed.mean_log, observed.variance_log, _skewness_log, observed.minimum, observed.maximum)
    aliases = ("log_pearson", "lp3")

    def logp(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        log = np.log(x)
        return _log_pearson((log - location) / scale, skew) - np.log(scale) - log

    def cdf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _pearson_below((np.log(x) - location) / scale, skew)

    def sf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _pearson_below((location - np.log(x)) / scale, -skew)

    def log_cdf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _log_pearson_below((np.log(x) - location) / scale, skew)

    def log_sf(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        return _log_pearson_below((location - np.log(x)) / scale, -skew)

    def ppf(self, q: Any, skew: Any, location: Any, scale: Any) -> Any:
        return np.exp(location + scale * _pearson_quantile(q, skew))

    def bounds(self, skew: Any, location: Any, scale: Any) -> Any:
        end = np.exp(location - 2 * scale / np.where(skew == 0, np.nan, skew))
        return np.where(skew > 0, end, 0.0), np.where(skew < 0, end, np.inf)

    def unbounded(self, skew: Any, location: Any, scale: Any) -> Any:
        return np.square(skew) > 4 / (1 + SLIGHT)

    def start(self, mean_log: Any, variance_log: Any, skewness: Any, minimum: Any, maximum: Any) -> Any:
        sd = np.sqrt(variance_log)
        return _skews(skewness, (np.log(minimum) - mean_log) / sd, (np.log(maximum) - mean_log) / sd), mean_log, sd

    def score(self, x: Any, skew: Any, location: Any, scale: Any) -> Any:
        z = (np.log(x) - location) / scale
        by_skew, by_z = _pearson_score(z, skew)
        return by_skew, -by_z / scale, -(1 + z * by_z) / scale

    def moments(self, skew: Any, location: Any, scale: Any) -> Any:
        # log E x^t = t·location + (t·scale)² h(−t·scale·skew/2), for t·scale·skew < 2
        def log_power(t: float) -> Any:
            u = t * scale
            return np.where(u * skew < 2, t * location + u * u * _bend(-0.5 * u * skew), np.inf)

        first, second = log_power(1.0), log_power(2.0)
        variance = np.exp(2 * first) * np.expm1(second - 2 * first)
        return np.exp(first), np.where(np.isinf(second), np.inf, variance)


# -- Pearson III, standardised -----------------------------------------------------------------------------------------


def _bend(w: Any) -> Any:
    """h(w) = (w − log(1 + w))/w², which is ½ at 0."""
    return near_zero(w, lambda k: 1 / (k + 2), lambda w: (w - np.log1p(w)) / (w * w))


def _log_pearson(z: Any, skew: Any) -> Any:
    """Log density at z. The gamma's, with Stirling's error: nothing cancels as skew → 0."""
    w = np.maximum(0.5 * skew * z, -1.0)
    a = 4 / np.square(skew)
    bend = np.where(np.abs(w) < NEAR, z * z * _bend(w), a * (w - np.log1p(w)))
    # at the end itself the density is 0, finite at |skew| = 2, infinite beyond
    at_end = np.where(a > 1, -np.inf, np.where(a < 1, np.inf, 0.0))
    value = -(stirling_error(a) + HALF_LOG_2PI) - np.log1p(w) - bend
    return np.where(w == -1.0, at_end, value)


def _pearson_score(z: Any, skew: Any) -> tuple[Any, Any]:
    """Derivatives of the log density in skew and in z."""
    w = 0.5 * skew * z
    # (1/(1 + w) − 2h(w))/w = −Σ (−w)^k (k + 1)/(k + 3)
    bend = near_zero(w, lambda k: -(k + 1) / (k + 3), lambda w: (1 / (1 + w) - 2 * (w - np.log1p(w)) / (w * w)) / w)
    a = 4 / np.square(skew)
    error = (8 / skew**3) * (0.5 / a - log_minus_digamma(a))
    error = np.where(np.abs(skew) < 0.1, -skew / 24 + skew**5 / 3840, error)
    return error - 0.5 * z / (1 + w) - 0.5 * z**3 * bend, -(0.5 * skew + z) / (1 + w)


def _pearson_below(z: Any, skew: Any) -> Any:
    """P(Z ≤ z)."""
    a = 4 / np.square(skew)
    y = a * (1 + np.maximum(0.5 * skew * z, -1.0))
    value = np.where(skew > 0, gammainc(a, y), gammaincc(a, y))
    normal = ndtr(z) - skew / 6 * (z * z - 1) * np.exp(-0.5 * z * z - HALF_LOG_2PI)
    return np.where(np.abs(skew) < _NEARLY_NORMAL, normal, value)


def _log_pearson_below(z: Any, skew: Any) -> Any:
    a = np.where(np.abs(skew) < _NEARLY_NORMAL, 1.0, 4 / np.square(skew))
    y = a * (1 + np.maximum(0.5 * skew * z, -1.0))
    value = np.where(skew > 0, log_gammainc(a, y), log_gammaincc(a, y))
    normal = log_ndtr(z)
    normal = normal + np.log1p(-skew / 6 * (z * z - 1) * np.exp(-0.5 * z * z - HALF_LOG_2PI - normal))
    return np.where(np.abs(skew) < _NEARLY_NORMAL, normal, value)


def _pearson_quantile(q: Any, skew: Any) -> Any:
    a = 4 / np.square(skew)
    y = np.where(skew > 0, gammaincinv(a, q), gammainccinv(a, q))
    z = ndtri(q)
    return np.where(np.abs(skew) < _NEARLY_NORMAL, z + skew / 6 * (z * z - 1), (y / a - 1) * 2 / skew)


def _skews(skewness: Any, lowest: Any, highest: Any) -> Any:
    """Starts for the skewness at which all observations lie inside, z from lowest to highest; none is at a saddle."""
    inside = np.clip(skewness, -INSIDE * 2 / highest, -INSIDE * 2 / lowest)
    inside = np.clip(inside, -1.9, 1.9)
    return np.stack([inside, 0.5 * inside, -0.04 / lowest])
