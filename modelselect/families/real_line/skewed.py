"""Families with a shape for the asymmetry: skew normal, ex-Gaussian and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr, ndtri

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Array
from modelselect.families.real_line.integrals import decaying, invert
from modelselect.families.real_line.located import Located, whole
from modelselect.families.special import HALF_LOG_2PI, log1mexp, log1mexpexp
from modelselect.family import Family, Limit, Parameter, lookup, register

_LOG_2 = np.log(2.0)
_SQRT_HALF = np.sqrt(0.5)


@register
class GumbelMin(Family):
    """Gumbel(location, scale) of minima: P(X > x) = exp(−e^z), z = (x − location)/scale."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.maximum)
    aliases = ("gumbel_l", "smallest_extreme_value")

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return z - np.exp(z) - np.log(scale)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return -np.expm1(-np.exp((x - location) / scale))

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(-np.exp((x - location) / scale))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return log1mexpexp((x - location) / scale)

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        return -np.exp((x - location) / scale)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.log(-np.log1p(-q))

    def start(self, mean: Any, variance: Any, maximum: Any) -> Any:
        # moments; a scale at which the largest observation does not overflow
        scale = np.where(variance > 0, np.maximum(np.sqrt(6 * variance) / np.pi, (maximum - mean) / 500), 1.0)
        return mean + np.euler_gamma * scale, scale

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = np.expm1(z)
        return w / scale, (z * w - 1) / scale

    def moments(self, location: Any, scale: Any) -> Any:
        return location - np.euler_gamma * scale, (np.pi * scale) ** 2 / 6

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "gumbel_l", {"loc": location, "scale": scale}


@register
class SkewNormal(Family):
    """Skew normal(shape, location, scale): density 2 φ(z) Φ(shape·z) / scale, z = (x − location)/scale.

    Azzalini (1985). The normal at shape 0, where the information is singular; a half-normal from its location on as
    shape → ±∞, which is where the likelihood of some small samples is largest.
    """

    support = REAL
    integrated = True
    shape = Parameter(REAL, typical=(-5, 8))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.skewness, observed.minimum, observed.maximum)
    nested = {
        "normal": {"shape": 0, "location": "mean", "scale": "sd"},
        "half_normal": {"shape": np.inf, "location": 0, "scale": "scale"},
    }
    singular = ("half_normal",)
    aliases = ("skewnorm", "azzalini")

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return log_ndtr(shape * z) - 0.5 * z * z - (np.log(scale) + HALF_LOG_2PI - _LOG_2)

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return self._log_below((x - location) / scale, shape)

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return self._log_below((location - x) / scale, -shape)

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        mean, variance = self.moments(shape, location, scale)
        return invert(self, q, mean + np.sqrt(variance) * ndtri(q), scale, shape, location, scale)

    def start(self, mean: Any, variance: Any, skewness: Any, minimum: Any, maximum: Any) -> Any:
        # moments, and more and less skewed laws of the same mean and variance, to both sides
        third = np.cbrt(np.clip(skewness, -0.99, 0.99) * 2 / (4 - np.pi))
        delta = third / np.sqrt(2 / np.pi * (1 + third * third))
        deltas = np.stack(np.broadcast_arrays(delta, *[np.full_like(delta, d) for d in (-0.95, 0.95)]))
        scale = np.sqrt(variance / (1 - 2 / np.pi * deltas * deltas))
        shape, location = deltas / np.sqrt(1 - deltas * deltas), mean - scale * deltas * np.sqrt(2 / np.pi)
        # nearly half a normal: steep at the smallest observation, or at the largest
        right = skewness >= 0
        steep = np.where(right, 1.0, -1.0) * np.array([[50.0], [500.0]])
        ends = np.where(right, minimum, maximum)
        widths = np.sqrt(variance + (mean - ends) ** 2) + 0 * steep
        ends = ends + 0.5 * widths / steep
        return np.concatenate([shape, steep]), np.concatenate([location, ends]), np.concatenate([scale, widths])

    def score(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        ratio = np.sqrt(2 / np.pi) / erfcx(-_SQRT_HALF * shape * z)  # φ/Φ
        return z * ratio, (z - shape * ratio) / scale, (z * (z - shape * ratio) - 1) / scale

    def limit(self, mean: Any, variance: Any, skewness: Any, minimum: Any, maximum: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        half, same = lookup("half_normal")(), {"location": "location", "scale": "scale"}
        return (
            Limit("normal", {"shape": 0, "location": "mean", "scale": "sd"}, certain=never),
            Limit(Located(half), {"shape": np.inf, **same}, certain=never),
            Limit(Located(half, -1.0), {"shape": -np.inf, **same}, certain=never),
        )

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        first = np.sqrt(2 / np.pi) * shape / np.sqrt(1 + np.square(shape))
        return location + scale * first, scale**2 * (1 - first * first)

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "skewnorm", {"a": shape, "loc": location, "scale": scale}

    @staticmethod
    def _log_below(z: Any, shape: Any) -> Any:
        """Log P(Z ≤ z) from the steeper tail G = 2 ∫_y^∞ φ(t) Φ(−|shape|·t) dt, y = |z|; the other is 2 Φ(−y) − G."""
        steep, y = np.abs(shape), np.abs(z)
        root = np.sqrt(1 + steep * steep)
        # with Φ(−s) = erfcx(s/√2) e^(−s²/2)/2 and t = y + v/√(1 + shape²)
        integral = decaying(root * y, lambda v: erfcx(_SQRT_HALF * steep * (y + v / root)))
        steeper = np.log(integral / root) - 0.5 * (root * y) ** 2 - HALF_LOG_2PI
        both = log_ndtr(-y) + _LOG_2
        flatter = both + np.log1p(-np.exp(np.where(np.isneginf(both), 0.0, steeper - both)))
        near = np.log(1 - 2 * ndtr(-y) + np.exp(steeper))  # nothing cancels: P(Z ≤ 0) is small where shape is large
        above = np.where(y < 1, near, np.log1p(-np.exp(flatter)))
        return np.where(shape < 0, np.where(z > 0, log1mexp(-steeper), flatter), np.where(z > 0, above, steeper))


@register
class AsymmetricLaplace(Family):
    """Asymmetric Laplace(asymmetry, location, scale): density e^(−κz) above and e^(z/κ) below 0, over scale (κ + 1/κ).

    κ is the asymmetry, z = (x − location)/scale (Kotz, Kozubowski & Podgórski 2001); Laplace's at κ = 1. With a scale
    that shrinks as κ → 0 or ∞ it becomes an exponential from its location on, or up to it.
    """

    support = REAL
    asymmetry = Parameter(POSITIVE, typical=(0.2, 5))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (whole,)
    everything = True
    nested = {"laplace": {"asymmetry": 1, "location": "location", "scale": "scale"}}
    aliases = ("laplace_asymmetric", "skew_laplace")

    def logp(self, x: Any, asymmetry: Any, location: Any, scale: Any) -> Any:
        d = x - location
        fall = np.where(d < 0, 1 / (asymmetry * scale), -asymmetry / scale)
        return d * fall - np.log(scale * (asymmetry + 1 / asymmetry))

    def log_cdf(self, x: Any, asymmetry: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        left, right = -np.log1p(1 / np.square(asymmetry)), -np.log1p(np.square(asymmetry))
        return np.where(z < 0, left + z / asymmetry, np.log1p(-np.exp(right - asymmetry * z)))

    def log_sf(self, x: Any, asymmetry: Any, location: Any, scale: Any) -> Any:
        return self.log_cdf(-x, 1 / asymmetry, -location, scale)

    def ppf(self, q: Any, asymmetry: Any, location: Any, scale: Any) -> Any:
        square = np.square(asymmetry)
        below, above = asymmetry * np.log(q * (1 + 1 / square)), -np.log((1 - q) * (1 + square)) / asymmetry
        return location + scale * np.where(q < square / (1 + square), below, above)

    def kinks(self, asymmetry: Any, location: Any, scale: Any) -> Any:
        return (location,)

    def mle(self, sample: Any, *, asymmetry: Any = None, location: Any = None, scale: Any = None) -> Any:
        """Likeliest member: its location is an observation, at which √A + √B is least if all else is free.

        A and B are the mean distances of what lies above and below it. Given only the scale or only the asymmetry the
        same sum of two mean distances decides, with the other parameter at its best.
        """
        ends, above, below = _splits(*sample) if location is None else _split(sample[0], sample[1], location)
        if asymmetry is not None:
            loss = asymmetry[:, None] * above + below / asymmetry[:, None]
        elif scale is not None:
            log = _log_asymmetry(above / scale[:, None], below / scale[:, None])
            loss = np.log(np.cosh(log)) + (np.exp(log) * above + np.exp(-log) * below) / scale[:, None]
        else:
            loss = np.sqrt(above) + np.sqrt(below)
        best = np.argmin(loss, axis=-1)[:, None]
        location, above, below = (np.take_along_axis(a, best, axis=-1)[:, 0] for a in (ends, above, below))
        if asymmetry is None:
            given = None if scale is None else _log_asymmetry(above / scale, below / scale)
            asymmetry = (below / above) ** 0.25 if given is None else np.exp(given)
        return asymmetry, location, asymmetry * above + below / asymmetry if scale is None else scale

    def limit(self, sample: Any, *, location: Any = None) -> tuple[Limit, ...]:
        _, above, below = _splits(*sample) if location is None else _split(sample[0], sample[1], location)
        best = np.argmin(np.sqrt(above) + np.sqrt(below), axis=-1)[:, None]
        none_below, none_above = (np.take_along_axis(a, best, axis=-1)[:, 0] == 0 for a in (below, above))
        tail, keep = lookup("exponential")(), {"location": "location", "scale": 0.0}
        return (
            Limit(Located(tail), {"asymmetry": 0.0, **keep}, certain=none_below),
            Limit(Located(tail, -1.0), {"asymmetry": np.inf, **keep}, certain=none_above),
        )

    def score(self, x: Any, asymmetry: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        side = np.where(z < 0, -1 / asymmetry, asymmetry) * (z != 0)
        by_asymmetry = np.where(z < 0, -z / np.square(asymmetry), -z)
        constant = (1 - np.square(asymmetry)) / (asymmetry * (1 + np.square(asymmetry)))
        return by_asymmetry + constant, side / scale, (z * side - 1) / scale

    def information(self, asymmetry: Any, location: Any, scale: Any) -> Any:
        # the likelihood has a kink at the location: expected information instead of a Hessian
        square, none = np.square(asymmetry), np.zeros_like(scale)
        c = (1 - square) / (asymmetry * (1 + square))
        by_both = -2 / (scale * (1 + square))
        rows = [
            [2 / square - c * c, by_both, -c / scale],
            [by_both, 1 / scale**2, none],
            [-c / scale, none, 1 / scale**2],
        ]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    def moments(self, asymmetry: Any, location: Any, scale: Any) -> Any:
        square = np.square(asymmetry)
        return location + scale * (1 / asymmetry - asymmetry), scale**2 * (1 / square + square)

    def to_scipy(self, asymmetry: Any, location: Any, scale: Any) -> Any:
        return "laplace_asymmetric", {"kappa": asymmetry, "loc": location, "scale": scale}


@register
class ExponentiallyModifiedNormal(Family):
    """Exponentially modified normal(shape, location, scale): location + scale (Z + shape·E), Z normal, E exponential.

    Grushka (1972). The normal as shape → 0; an exponential from its location on as scale → 0 with scale·shape fixed.
    """

    support = REAL
    integrated = True
    shape = Parameter(POSITIVE, typical=(0.2, 10))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.minimum)
    nested = {
        "normal": {"shape": 0, "location": "mean", "scale": "sd"},
        "exponential": {"shape": np.inf, "location": 0, "scale": 0},
    }
    singular = ("exponential",)
    aliases = ("exponnorm", "ex_gaussian", "exgaussian", "emg")

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        t = z - 1 / shape
        # Φ(t) = erfc(−t/√2)/2; from t = 0 on the exponential stands before it, as nothing then cancels
        left = np.log(erfcx(-_SQRT_HALF * np.minimum(t, 0.0))) - 0.5 * z * z - _LOG_2
        if not np.any(t > 0):
            return left - np.log(shape * scale)
        right = log_ndtr(t) - t / shape - 0.5 / np.square(shape)
        return np.where(t > 0, right, left) - np.log(shape * scale)

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        # ∫ Φ(z − v) e^(−v/shape) dv / shape, with Φ(−s) = erfcx(s/√2) e^(−s²/2)/2
        y = np.maximum(-z, 0.0)
        below = decaying(y + 1 / shape, lambda v: erfcx(_SQRT_HALF * (y + v)))
        return np.where(z < 0, np.log(below / (2 * shape)) - 0.5 * z * z, np.log1p(-np.exp(self._log_above(z, shape))))

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return self._log_above((x - location) / scale, shape)

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        guess = location + scale * np.where(q < 0.5, ndtri(q), -shape * np.log1p(-q))
        return invert(self, q, guess, scale, shape, location, scale)

    def start(self, mean: Any, variance: Any, minimum: Any) -> Any:
        # a nearly normal and a nearly exponential law with these moments, and one that starts where the data do
        shape = np.stack([np.full_like(mean, s) for s in (0.3, 4.0, 20.0)])
        scale = np.sqrt(variance / (1 + shape**2))
        scale[2] = 0.05 * (mean - minimum)
        return shape, mean - shape * scale, scale

    def score(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        excess = _mills_excess(z - 1 / shape)
        slope = z - excess  # −d logp/dz = 1/shape − φ(t)/Φ(t), t = z − 1/shape
        return (excess / shape - 1) / shape, slope / scale, (z * slope - 1) / scale

    def limit(self, mean: Any, variance: Any, minimum: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit("normal", {"shape": 0.0, "location": "mean", "scale": "sd"}, certain=never),
            Limit(
                Located(lookup("exponential")()),
                {"shape": np.inf, "location": "location", "scale": 0.0},
                certain=never,
            ),
        )

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        return location + shape * scale, scale**2 * (1 + np.square(shape))

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "exponnorm", {"K": shape, "loc": location, "scale": scale}

    @staticmethod
    def _log_above(z: Any, shape: Any) -> Any:
        """Log of Φ(−z) + e^(−z/shape + 1/(2 shape²)) Φ(t), t = z − 1/shape."""
        t = z - 1 / shape
        left = np.log(erfcx(-_SQRT_HALF * np.minimum(t, 0.0))) - 0.5 * z * z - _LOG_2
        right = log_ndtr(t) - t / shape - 0.5 / np.square(shape)
        return np.logaddexp(log_ndtr(-z), np.where(t > 0, right, left))


def _splits(x: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Each observation in order, and the mean distances of what lies above and below it, ``(G, m)``."""
    x = np.where(weights > 0, x, np.where(weights > 0, x, -np.inf).max(axis=-1, keepdims=True))
    order = np.argsort(x, axis=-1, kind="stable")
    x, shares = (np.take_along_axis(a, order, axis=-1) for a in (x, weights / weights.sum(axis=-1, keepdims=True)))
    gaps, zero = np.diff(x), np.zeros((len(x), 1))
    upper = np.cumsum(shares[:, :0:-1], axis=-1)[:, ::-1]
    above = np.cumsum((upper * gaps)[:, ::-1], axis=-1)[:, ::-1]
    below = np.cumsum(np.cumsum(shares[:, :-1], axis=-1) * gaps, axis=-1)
    return x, np.concatenate([above, zero], axis=-1), np.concatenate([zero, below], axis=-1)


def _split(x: Array, weights: Array, location: Array) -> tuple[Array, Array, Array]:
    """A given location and the mean distances of what lies above and below it, ``(G, 1)``."""
    shares, distance = weights / weights.sum(axis=-1, keepdims=True), x - location[:, None]
    above, below = (np.sum(shares * np.maximum(side, 0.0), axis=-1, keepdims=True) for side in (distance, -distance))
    return location[:, None], above, below


def _log_asymmetry(above: Any, below: Any) -> Any:
    """Log κ that minimises log(κ + 1/κ) + κ·above + below/κ: Newton's method for a convex function."""
    log = np.zeros(np.shape(above))
    for _ in range(60):
        up, down, tanh = np.exp(log) * above, np.exp(-log) * below, np.tanh(log)
        log = log - np.clip((tanh + up - down) / (1 - tanh * tanh + up + down), -2.0, 2.0)
    return log


def _mills_excess(t: Any) -> Any:
    """φ(t)/Φ(t) + t, which falls to 1/|t| far to the left: there by Laplace's continued fraction."""
    value = np.asarray(np.sqrt(2 / np.pi) / erfcx(-_SQRT_HALF * t) + t)
    far = t < -8
    if np.any(far):
        s = fraction = -t[far]
        for k in range(25, 1, -1):
            fraction = s + k / fraction
        value[far] = 1 / fraction
    return value
