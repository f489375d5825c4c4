"""Families of maxima and excesses, whose shape passes smoothly through 0: GEV and generalized Pareto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import gammaln, zeta

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, REAL, Array
from modelselect.families.special import (
    log1mexp,
    log1mexpexp,
    times,
)
from modelselect.family import Family, Parameter, register

_EULER = np.euler_gamma
#: Shape from which a search for a very heavy tail starts.
_HEAVY = 6.0
#: Share of the way to an end of the support that the outermost observation may be at in a start.
INSIDE = 0.95
#: At an end where the density vanishes with a lesser power of the distance the search counts it as infinite: on its
#: way there the distance of an observation from the end falls below the step of its differences.
SLIGHT = 0.02
#: Below this |w| functions of log(1 + w) whose leading terms cancel are power series.
NEAR = 0.01


def reduced(z: Any, shape: Any) -> Any:
    """Log(1 + ξz)/ξ, which is z at ξ = 0; infinite where rounding has carried 1 + ξz below 0."""
    with np.errstate(all="ignore"):
        value = np.log1p(np.maximum(shape * z, -1.0)) / shape
        return np.where(shape == 0, z, value) if np.any(shape == 0) else value


def unreduced(y: Any, shape: Any) -> Any:
    """(e^(ξy) − 1)/ξ, the inverse of `reduced`."""
    with np.errstate(all="ignore"):
        value = np.expm1(shape * y) / shape
        return np.where(shape == 0, y, value) if np.any(shape == 0) else value


@register
class Gev(Family):
    """GEV(shape ξ, location, scale): cdf exp(−(1 + ξz)^(−1/ξ)), z = (x − location)/scale, where 1 + ξz ≥ 0.

    ξ > 0 is the heavy tail (Fréchet; scipy's genextreme has c = −ξ), ξ = 0 the Gumbel law, ξ < 0 has an upper end. For
    ξ < −1 the density is infinite there and the likelihood has no bound: short-tailed samples may have no maximum.
    """

    support = REAL
    shape = Parameter(REAL, typical=(-0.3, 0.9))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (
        observed.mean,
        observed.l_scale,
        observed.l_skewness,
        observed.median,
        observed.spread,
        observed.minimum,
        observed.maximum,
    )
    nested = {"gumbel": {"shape": 0, "location": "location", "scale": "scale"}}
    aliases = ("genextreme", "generalized_extreme_value")

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        y = reduced((x - location) / scale, shape)
        value = -times(1 + shape, y) - np.exp(-y) - np.log(scale)
        return np.where(np.isneginf(y), -np.inf, value)

    def sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return -np.expm1(self.log_cdf(x, shape, location, scale))

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return -np.exp(-reduced((x - location) / scale, shape))

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return log1mexpexp(-reduced((x - location) / scale, shape))

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        return location + scale * unreduced(-np.log(-np.log(q)), shape)

    def bounds(self, shape: Any, location: Any, scale: Any) -> Any:
        end = location - scale / np.where(shape == 0, np.nan, shape)
        return np.where(shape > 0, end, -np.inf), np.where(shape < 0, end, np.inf)

    def unbounded(self, shape: Any, location: Any, scale: Any) -> Any:
        return shape < -1 / (1 + SLIGHT)

    def start(
        self, mean: Any, l_scale: Any, l_skewness: Any, median: Any, spread: Any, minimum: Any, maximum: Any
    ) -> Any:
        # by L-moments (Hosking, Wallis & Wood 1985), by the Gumbel law, and two tails around the median
        c = 2 / (3 + l_skewness) - np.log(2) / np.log(3)
        k = 7.8590 * c + 2.9554 * c * c
        k = np.where(np.abs(k) < 1e-6, 1e-6, k)
        gamma = np.exp(gammaln(1 + k))
        by_l = l_scale * k / (-np.expm1(-k * np.log(2)) * gamma)
        gumbel = l_scale / np.log(2)
        scale = np.stack([by_l, gumbel, 0.4 * spread, 0.8 * spread])
        location = np.stack([mean - by_l * (1 - gamma) / k, mean - _EULER * gumbel, median - 0.15 * spread, median])
        scale = np.maximum(scale, (location - minimum) / 500)
        ones = np.ones_like(mean)
        shape = np.stack([-k, 0.0 * ones, 1.0 * ones, -0.5 * ones])
        heaviest = INSIDE * scale / np.maximum(location - minimum, 1e-300)
        lightest = -INSIDE * scale / np.maximum(maximum - location, 1e-300)
        return np.clip(shape, lightest, heaviest), location, scale

    def score(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        y, w = reduced(z, shape), shape * z
        by_y = np.exp(-y) - 1 - shape
        by_z = by_y / (1 + w)
        return -y - by_y * (z * z) * curvature(w), -by_z / scale, -(1 + z * by_z) / scale

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        # Γ(1 − kξ), and differences of its logarithms as power series about ξ = 0
        shape = np.asarray(shape, dtype=float)
        near = np.abs(shape) < 0.02
        k = np.arange(2, 14)
        t = shape[..., None] ** (k - 1) * zeta(k) / k
        # log Γ(1 − ξ)/ξ, and log Γ(1 − 2ξ)/Γ(1 − ξ)² over ξ²
        first = np.where(near, _EULER + t.sum(axis=-1), gammaln(1 - shape) / shape)
        second = gammaln(1 - 2 * shape) / shape**2 - 2 * first / shape
        second = np.where(near, np.sum(shape[..., None] ** (k - 2) * zeta(k) / k * (2.0**k - 2), axis=-1), second)
        mean = location + scale * unreduced(first, shape)
        variance = scale**2 * np.exp(2 * shape * first) * unreduced(second, shape**2)
        return np.where(shape < 1, mean, np.inf), np.where(shape < 0.5, variance, np.inf)

    def entropy(self, shape: Any, location: Any, scale: Any) -> Any:
        return np.log(scale) + _EULER * (1 + shape) + 1

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "genextreme", {"c": -shape, "loc": location, "scale": scale}


@register
class GeneralizedPareto(Family):
    """Generalized Pareto(shape ξ, scale), x ≥ 0: P(X > x) = (1 + ξx/scale)^(−1/ξ), where 1 + ξx/scale ≥ 0.

    The law of excesses over a high threshold; ξ = 0 is the exponential, ξ < 0 has the upper end −scale/ξ. For ξ < −1
    the density is infinite there and the likelihood has no bound: short-tailed samples may have no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(REAL, typical=(-0.3, 1.5))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.l_scale, observed.median, observed.maximum)
    nested = {"exponential": {"shape": 0, "scale": "scale"}}
    aliases = ("genpareto", "gpd")

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        return -times(1 + shape, reduced(x / scale, shape)) - np.log(scale)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-reduced(x / scale, shape))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.exp(-reduced(x / scale, shape))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log1mexp(reduced(x / scale, shape))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -reduced(x / scale, shape)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * unreduced(-np.log1p(-q), shape)

    def bounds(self, shape: Any, scale: Any) -> Any:
        return 0.0, np.where(shape < 0, -scale / np.where(shape == 0, np.nan, shape), np.inf)

    def unbounded(self, shape: Any, scale: Any) -> Any:
        return shape < -1 / (1 + SLIGHT)

    def start(self, mean: Any, l_scale: Any, median: Any, maximum: Any) -> Any:
        # L-moments, the exponential, and a light and two heavy tails with that median
        by_l = 2 - mean / l_scale
        ones = np.ones_like(mean)
        shape = np.stack([by_l, 0.0 * ones, -0.5 * ones, 1.0 * ones, _HEAVY * ones])
        center = np.where(median > 0, median, mean)
        light, heavy = (center / unreduced(np.log(2), end) for end in (-0.5, _HEAVY))
        scale = np.stack([mean * (1 - by_l), mean, light, center, heavy])
        scale = np.where(scale > 0, scale, mean)
        return np.maximum(shape, -INSIDE * scale / maximum), scale

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        w = shape * z
        by_shape = (1 + shape) * (z * z) * curvature(w) - reduced(z, shape)
        return by_shape, ((1 + shape) * z / (1 + w) - 1) / scale

    def moments(self, shape: Any, scale: Any) -> Any:
        mean = np.where(shape < 1, scale / (1 - shape), np.inf)
        return mean, np.where(shape < 0.5, (scale / (1 - shape)) ** 2 / (1 - 2 * shape), np.inf)

    def entropy(self, shape: Any, scale: Any) -> Any:
        return np.log(scale) + shape + 1

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "genpareto", {"c": shape, "scale": scale}


# -- about shape 0 -----------------------------------------------------------------------------------------------------


def near_zero(w: Any, coefficient: Callable[[Array], Array], far: Callable[[Array], Array]) -> Any:
    """Return Σ c(k) (−w)^k, k = 0, 1, …, where |w| is small, and far(w) elsewhere."""
    terms = coefficient(np.arange(9.0)) * (-1.0) ** np.arange(9)
    with np.errstate(all="ignore"):
        value = far(w)
        near = np.abs(w) < NEAR
        if np.any(near):
            value = np.array(value)
            value[near] = np.polynomial.polynomial.polyval(np.asarray(w)[near], terms)
        return value


def curvature(w: Any) -> Any:
    """(log(1 + w) − w/(1 + w))/w², which is ½ at 0: minus the derivative of `reduced` in ξ, over z²."""
    return near_zero(w, lambda k: (k + 1) / (k + 2), lambda w: (np.log1p(w) - w / (1 + w)) / (w * w))
