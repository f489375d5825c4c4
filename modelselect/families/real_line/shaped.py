"""Families with a shape for the tails: generalised normal, Johnson SU and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import k0e, k1e, log_ndtr, ndtr, ndtri

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import POSITIVE, REAL
from modelselect.families.real_line.integrals import invert, log_tail
from modelselect.families.real_line.located import (
    InverseGaussianPower,
    Located,
    LogNormalPower,
    LogSinhNormal,
    SinhNormal,
    log_cosh,
)
from modelselect.families.special import HALF_LOG_2PI, log1mexp, log1p_square
from modelselect.family import Family, Goes, Limit, Parameter, register


@register
class HyperbolicSecant(Family):
    """Hyperbolic secant(location, scale): density sech(z) / (π scale), z = (x − location)/scale."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.mean, observed.variance)
    aliases = ("hypsecant", "sech")

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = np.abs((x - location) / scale)
        return -z - np.log1p(np.exp(-2 * z)) - np.log(0.5 * np.pi * scale)

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.exp(self.log_cdf(-x, -location, scale))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        tail = np.log(2 / np.pi) - np.abs(z)  # arctan(t) is t far out
        tail = np.where(np.abs(z) < 30, np.log(2 / np.pi * np.arctan(np.exp(-np.abs(z)))), tail)
        return np.where(z < 0, tail, np.log1p(-np.exp(tail)))

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        return self.log_cdf(-x, -location, scale)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        tail = np.log(np.tan(0.5 * np.pi * np.minimum(q, 1 - q)))
        return location + scale * np.where(q < 0.5, tail, -tail)

    def start(self, median: Any, mean: Any, variance: Any) -> Any:
        scale = np.sqrt(variance + (mean - median) ** 2) * 2 / np.pi
        return median, scale

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        t = np.tanh(z)
        return t / scale, (z * t - 1) / scale

    def moments(self, location: Any, scale: Any) -> Any:
        return location, (0.5 * np.pi * scale) ** 2

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "hypsecant", {"loc": location, "scale": scale}


@register
class JohnsonSU(Family):
    """Johnson SU(gamma, delta, location, scale): gamma + delta·arsinh(z) is standard normal, z = (x − location)/scale.

    Johnson (1949). The normal as delta → ∞ with the scale; a lognormal from its location on (or up to it) as
    gamma → −∞ (∞) and the scale → 0.
    """

    name = "johnson_su"
    support = REAL
    integrated = True
    gamma = Parameter(REAL, typical=(-1, 1))
    delta = Parameter(POSITIVE, typical=(0.8, 2.5))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {"normal": {"gamma": 0, "delta": np.inf, "location": "mean", "scale": np.inf}}
    aliases = ("johnsonsu",)

    def logp(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        y = (x - location) / scale
        z = gamma + delta * np.arcsinh(y)
        return -0.5 * z * z - 0.5 * log1p_square(y) + (np.log(delta / scale) - HALF_LOG_2PI)

    def cdf(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return ndtr(gamma + delta * np.arcsinh((x - location) / scale))

    def sf(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return ndtr(-gamma - delta * np.arcsinh((x - location) / scale))

    def log_cdf(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(gamma + delta * np.arcsinh((x - location) / scale))

    def log_sf(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(-gamma - delta * np.arcsinh((x - location) / scale))

    def ppf(self, q: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.sinh((ndtri(q) - gamma) / delta)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # the quartiles, for some tails and asymmetries
        iqr = np.where(upper > lower, upper - lower, spread)
        gamma, delta = (np.array(v)[:, None] for v in ([0.0, -1.0, -4.0, 4.0], [2.0, 1.2, 2.0, 2.0]))
        low, middle, high = (np.sinh((ndtri(q) - gamma) / delta) for q in (0.25, 0.5, 0.75))
        scale = iqr / (high - low)
        return gamma + 0 * iqr, delta + 0 * iqr, median - scale * middle, scale

    def bend(self, lean: Any, delta: Any, middle: Any, width: Any) -> Any:
        return _leaning(lean, delta, middle, width, -1.0)

    def straighten(self, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return _upright(gamma, delta, location, scale, -1.0)

    def score(self, x: Any, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        y = (x - location) / scale
        asinh, root = np.arcsinh(y), np.sqrt(1 + y * y)
        z = gamma + delta * asinh
        slope = -(y / root + delta * z) / root
        return -z, 1 / delta - z * asinh, -slope / scale, -(1 + y * slope) / scale

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never, same = np.zeros(len(median), dtype=bool), {"delta": "delta", "location": "location", "scale": 0.0}
        return (
            Limit("normal", {"gamma": 0.0, "delta": np.inf, "location": "mean", "scale": np.inf}, certain=never),
            Limit(Located(LogNormalPower(), upright="normal"), {"gamma": -np.inf, **same}, certain=never),
            Limit(Located(LogNormalPower(), -1.0, upright="normal"), {"gamma": np.inf, **same}, certain=never),
        )

    def moments(self, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        square, ratio = 1 / np.square(delta), gamma / delta
        mean = location - scale * np.exp(square / 2) * np.sinh(ratio)
        return mean, scale**2 / 2 * np.expm1(square) * (np.exp(square) * np.cosh(2 * ratio) + 1)

    def to_scipy(self, gamma: Any, delta: Any, location: Any, scale: Any) -> Any:
        return "johnsonsu", {"a": gamma, "b": delta, "loc": location, "scale": scale}


@register
class NormalInverseGaussian(Family):
    """Normal inverse Gaussian(a, b, location, scale), |b| < a: density ∝ K₁(a q)/q e^(b z), q = √(1 + z²).

    Barndorff-Nielsen (1997), z = (x − location)/scale. The normal as a → ∞ with the scale, Cauchy's at a = b = 0, an
    inverse Gaussian from its location on (or up to it) as a, |b| → ∞ and the scale → 0.
    """

    support = REAL
    integrated = True
    a = Parameter(POSITIVE, typical=(0.8, 3))
    b = Parameter(REAL, typical=(-0.3, 0.4))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.variance, observed.lower_quartile, observed.upper_quartile)
    singular = ("cauchy",)
    nested = {
        "normal": {"a": np.inf, "b": 0, "location": "mean", "scale": np.inf},
        "cauchy": {"a": 0, "b": 0, "location": "location", "scale": "scale"},
    }
    aliases = ("norminvgauss", "nig")

    def logp(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        q, root = np.hypot(1.0, z), np.sqrt((a - b) * (a + b))
        # −a q + b z + √(a² − b²), without the digits that cancel
        exponent = -((root * z - b) / (a * q + b * z + root)) * (root * z - b)
        return np.log(k1e(a * q)) - np.log(q) + exponent + np.log(a / (np.pi * scale))

    def log_cdf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return self._log_below(x, a, b, location, scale, 1.0)

    def log_sf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return self._log_below(x, a, b, location, scale, -1.0)

    def ppf(self, q: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return invert(self, q, location + scale * b / (1 + a), scale, a, b, location, scale)

    def valid(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return np.abs(b) < a

    def start(self, median: Any, variance: Any, lower: Any, upper: Any) -> Any:
        # nearly Cauchy, and nearly normal
        a = np.array([0.3, 3.0])[:, None] + 0 * median
        iqr = np.where(upper > lower, (upper - lower) / 1.35, np.sqrt(variance))
        return a, 0 * a, median + 0 * a, np.stack([iqr, np.sqrt(3 * variance)])

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        starts, scale = super().starts(block, given), given[:, 3]
        if np.isnan(scale).any():
            return starts
        # where the scale is given: those of the mean and the variance of the sample, and of some slopes
        mean, variance = block.statistic(observed.mean), block.statistic(observed.variance)
        slope = np.array([0.0, 0.7, -0.7, 3.0, -3.0])[:, None] + 0 * scale
        root = np.square(scale) / variance * (1 + slope * slope)
        more = root * np.sqrt(1 + slope * slope), root * slope, mean - scale * slope, scale + 0 * slope
        return tuple(np.concatenate([a + 0 * scale, b]) for a, b in zip(starts, more, strict=True))

    bent = ("a", "b", "location")

    def bend(self, root: Any, lean: Any, mean: Any, scale: Any) -> Any:
        # the mean is held on all ways to a limit, and a stays above b
        return root * np.cosh(lean), root * np.sinh(lean), mean - scale * np.sinh(lean), scale

    def straighten(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        root = np.sqrt((a - b) * (a + b))
        return root, np.arcsinh(b / root), location + scale * b / root, scale

    def score(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        q, root = np.hypot(1.0, z), np.sqrt((a - b) * (a + b))
        ratio = k0e(a * q) / k1e(a * q)
        slope = b - (a * ratio + 2 / q) * (z / q)
        return a / root - q * ratio, z - b / root, -slope / scale, -(1 + z * slope) / scale

    def limit(
        self, median: Any, *rest: Any, b: Any = None, location: Any = None, scale: Any = None
    ) -> tuple[Limit, ...]:
        never, inner = np.zeros(len(median), dtype=bool), InverseGaussianPower()
        steep = {"a": np.inf, "location": "location", "scale": 0.0}
        normal: dict[str, Goes] = {"a": np.inf, "b": 0.0, "location": "mean", "scale": np.inf}
        if b is not None:  # next to a it is nothing, whatever it is
            normal["b"] = b
        elif location is not None:  # the mean goes where it likes
            normal |= {"location": location, "b": np.where(median < location, -np.inf, np.inf)}
        elif scale is not None:
            normal |= {"scale": scale, "b": np.inf, "location": -np.inf}
        return (
            Limit("normal", normal, certain=never),
            Limit("cauchy", {"a": 0.0, "b": 0.0, "location": "location", "scale": "scale"}, certain=never),
            Limit(Located(inner, upright="normal"), {"b": np.inf, **steep}, certain=never),
            Limit(Located(inner, -1.0, upright="normal"), {"b": -np.inf, **steep}, certain=never),
        )

    def moments(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        root = np.sqrt((a - b) * (a + b))
        return location + scale * b / root, scale**2 * np.square(a) / root**3

    def to_scipy(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return "norminvgauss", {"a": a, "b": b, "loc": location, "scale": scale}

    def _log_below(self, x: Any, a: Any, b: Any, location: Any, scale: Any, side: float) -> Any:
        """Log P(X ≤ x), or with side −1 log P(X > x): the integral of the density over the tail beyond its middle."""
        width = scale / np.sqrt(1 + ((a - b) * (a + b)) ** 1.5 / np.square(a))
        above = x > location + scale * b / (1 + a)
        tail = log_tail(lambda t: self.logp(t, a, b, location, scale), x, np.where(above, 1.0, -1.0), width)
        return np.where(above == (side < 0), tail, log1mexp(-tail))


@register
class SinhArcsinh(Family):
    """Sinh-arcsinh(epsilon, delta, location, scale): sinh(delta·arsinh(z) − epsilon) is standard normal.

    Jones & Pewsey (2009), z = (x − location)/scale; skewed to the right for epsilon > 0, heavy tails for delta < 1.
    As delta → ∞ with the scale, sinh((x − location)/scale) is standard normal; as epsilon → ±∞ and the scale → 0,
    sinh(delta·log(±(x − location)/scale)).
    """

    support = REAL
    integrated = True
    epsilon = Parameter(REAL, typical=(-1, 1))
    delta = Parameter(POSITIVE, typical=(0.5, 2.5))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {"normal": {"epsilon": 0, "delta": 1, "location": "mean", "scale": "sd"}}
    aliases = ("shash", "sinh_arcsinh_normal")

    def logp(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = delta * np.arcsinh(z) - epsilon
        return log_cosh(w) - 0.5 * np.sinh(w) ** 2 - 0.5 * log1p_square(z) + (np.log(delta / scale) - HALF_LOG_2PI)

    def cdf(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return ndtr(np.sinh(delta * np.arcsinh((x - location) / scale) - epsilon))

    def sf(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return ndtr(-np.sinh(delta * np.arcsinh((x - location) / scale) - epsilon))

    def log_cdf(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(np.sinh(delta * np.arcsinh((x - location) / scale) - epsilon))

    def log_sf(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(-np.sinh(delta * np.arcsinh((x - location) / scale) - epsilon))

    def ppf(self, q: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.sinh((np.arcsinh(ndtri(q)) + epsilon) / delta)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # the quartiles, for some tails
        iqr = np.where(upper > lower, upper - lower, spread)
        epsilon, delta = np.zeros((3, 1)), np.array([0.4, 1.0, 3.0])[:, None]
        low, middle, high = (np.sinh((np.arcsinh(ndtri(q)) + epsilon) / delta) for q in (0.25, 0.5, 0.75))
        scale = iqr / (high - low)
        return epsilon + 0 * iqr, delta + 0 * iqr, median - scale * middle, scale

    def bend(self, lean: Any, delta: Any, middle: Any, width: Any) -> Any:
        return _leaning(lean, delta, middle, width, 1.0)

    def straighten(self, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        return _upright(epsilon, delta, location, scale, 1.0)

    def score(self, x: Any, epsilon: Any, delta: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        asinh, root = np.arcsinh(z), np.sqrt(1 + z * z)
        w = delta * asinh - epsilon
        by_w = np.tanh(w) - 0.5 * np.sinh(2 * w)
        slope = (delta * by_w - z / root) / root
        return -by_w, 1 / delta + asinh * by_w, -slope / scale, -(1 + z * slope) / scale

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never, same = np.zeros(len(median), dtype=bool), {"delta": "delta", "location": "location", "scale": 0.0}
        flat = {"epsilon": 0.0, "delta": np.inf, "location": "location", "scale": np.inf}
        return (
            Limit(SinhNormal(), flat, certain=never),
            Limit(Located(LogSinhNormal(), upright=SinhNormal()), {"epsilon": np.inf, **same}, certain=never),
            Limit(Located(LogSinhNormal(), -1.0, upright=SinhNormal()), {"epsilon": -np.inf, **same}, certain=never),
        )


def _leaning(lean: Any, delta: Any, middle: Any, width: Any, sign: float) -> tuple[Any, Any, Any, Any]:
    """Parameters of delta·arsinh((x − location)/scale) − sign·epsilon, which is 0 at the middle with slope 1/width.

    Both are held on all ways to a limit: with delta → ∞, and as the lean, arsinh((middle − location)/scale), goes away.
    """
    scale = width * delta / np.cosh(lean)
    return sign * delta * lean, delta, middle - scale * np.sinh(lean), scale


def _upright(epsilon: Any, delta: Any, location: Any, scale: Any, sign: float) -> tuple[Any, Any, Any, Any]:
    """The inverse of `_leaning`."""
    lean = sign * epsilon / delta
    return lean, delta, location + scale * np.sinh(lean), scale * np.cosh(lean) / delta
