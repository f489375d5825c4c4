"""Laws with a Bessel function in the density: Rice, generalised inverse Gaussian.

Their tails are integrals of a log-concave function (of x, and of log x), taken by Gauss and Legendre's rule over the
stretch on which it falls by forty units of its logarithm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import i0e, i1e, kve

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import NONNEGATIVE, POSITIVE, REAL, Array, Interval
from modelselect.families.positive.classic import Gamma
from modelselect.families.positive.tied import Tied
from modelselect.families.special import log1mexp
from modelselect.family import Family, Limit, Parameter, register

_GAMMA = Gamma()
#: Fall of the logarithm beyond which nothing of a tail is left.
_FALL = 40.0
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(20)


def _log_area(fall: Callable[[Any], Any], length: Any, panels: int) -> Any:
    """Log of ∫ exp(−fall(s)) ds for 0 < s < length."""
    step = length / panels
    total = np.zeros_like(step)
    for panel in range(panels):
        for node, weight in zip(_NODES, _NODE_WEIGHTS, strict=True):
            total = total + 0.5 * weight * np.exp(-fall((panel + 0.5 + 0.5 * node) * step))
    return np.log(step) + np.log(total)


def _solve(
    tail: Callable[[Any], Any], log_density: Callable[[Any], Any], at: Any, log_q: Any, side: Any, keep: float
) -> Any:
    """Where the tail on a side (−1 below, 1 above) is q: Newton's method from the middle on its log, which is concave.

    All steps but the first come from the outside, and each doubles the digits. No step leaves less than a share
    `keep` of `at`, where that must stay positive.
    """
    for _ in range(60):
        value = tail(at)
        step = -side * (log_q - value) * np.exp(value - log_density(at))
        step = np.maximum(step, (keep - 1) * at) if keep else step
        at = at + step
        if not np.any(np.abs(step) > 1e-14 * np.abs(at) + 1e-15):
            break
    return at


def _variance_of_square(x: Array, weights: Array) -> Array:
    return observed.variance(x * x, weights)


# -- Rice --------------------------------------------------------------------------------------------------------------


def _ratio_lack(y: Any) -> Any:
    """1 − I₁(y)/I₀(y)."""
    r = 1 / y
    far = r * (1 / 2 + r * (1 / 8 + r * (1 / 8 + r * (25 / 128 + r * (13 / 32 + r * (1073 / 1024))))))
    return np.where(y > 1000, far, 1 - i1e(y) / i0e(y))


@register
class Rice(Family):
    """Rice(shape, scale), x > 0: the length of a plane normal vector, density z e^(−(z²+b²)/2) I₀(bz) / scale.

    z = x/scale, b = shape, the distance of its mean from the origin in units of the scale; Rayleigh at b = 0. The
    density is 0 at 0 whatever the parameters.
    """

    support = POSITIVE
    integrated = True
    shape = Parameter(NONNEGATIVE, typical=(0.3, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_square, _variance_of_square)
    nested = {"rayleigh": {"shape": 0.0}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        return self._log_density(x / scale, shape) - np.log(scale)

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        side, tail = self._smaller(x / scale, shape)
        return np.where(side < 0, tail, log1mexp(-tail))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        side, tail = self._smaller(x / scale, shape)
        return np.where(side > 0, tail, log1mexp(-tail))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        q, b = np.broadcast_arrays(q, np.asarray(shape, dtype=float))
        middle = self._middle(b)
        side = np.where(np.log(q) < self._tail(middle, b, -1.0), -1.0, 1.0)
        log_q = np.where(side < 0, np.log(q), np.log1p(-q))
        return scale * _solve(
            lambda z: self._tail(z, b, side), lambda z: self._log_density(z, b), middle, log_q, side, keep=0.1
        )

    def start(self, mean_square: Any, variance_of_square: Any) -> Any:
        # E z² = b² + 2, E z⁴ = b⁴ + 8b² + 8
        share = np.sqrt(np.maximum(1 - variance_of_square / mean_square**2, 1e-4))
        noise = variance_of_square / mean_square**2 / (1 + share)
        b = np.sqrt(2 * share / np.where(share > 0.01, noise, 1.0))
        return b, np.sqrt(mean_square / (2 + b * b))

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        lack = _ratio_lack(shape * z)
        by_shape = (z - shape) - z * lack
        return by_shape, (z * (z - shape) + shape * z * lack - 2) / scale

    def limit(self, mean_square: Any, variance_of_square: Any) -> Limit:
        return Limit("rayleigh", {"shape": 0.0, "scale": "scale"}, certain=np.zeros(len(mean_square), dtype=bool))

    def moments(self, shape: Any, scale: Any) -> Any:
        y = shape**2 / 4
        mean = np.sqrt(np.pi / 2) * ((1 + 2 * y) * i0e(y) + 2 * y * i1e(y))
        return scale * mean, scale**2 * (2 + shape**2 - mean**2)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "rice", {"b": shape, "scale": scale}

    @staticmethod
    def _log_density(z: Any, b: Any) -> Any:
        off = z - b
        return np.log(z) - 0.5 * off * off + np.log(i0e(b * z))

    @staticmethod
    def _middle(b: Any) -> Any:
        # the mode lies at most 0.14 below
        return np.sqrt(1 + b * b)

    def _smaller(self, z: Any, b: Any) -> tuple[Any, Any]:
        """Side of the middle, −1 or 1, and the log of the tail on that side."""
        side = np.where(z < self._middle(b), -1.0, 1.0)
        return side, self._tail(z, b, side)

    def _tail(self, z: Any, b: Any, side: Any) -> Any:
        # the second derivative of the log density is at most −1
        top = self._log_density(z, b)
        slope = np.maximum(side * ((z - b) + b * _ratio_lack(b * z) - 1 / z), 0.0)
        length = 2 * _FALL / (slope + np.sqrt(slope**2 + 2 * _FALL))
        length = np.where(side < 0, np.minimum(length, z), length)
        area = _log_area(lambda s: top - self._log_density(z + side * s, b), length, panels=2)
        return np.where(np.isneginf(top), -np.inf, np.minimum(top + area, 0.0))


# -- generalised inverse Gaussian --------------------------------------------------------------------------------------


def _log_kve(p: Any, b: Any) -> Any:
    """Log of K_p(b) e^b, also where that is no float."""
    p, b = np.broadcast_arrays(np.abs(p), np.asarray(b, dtype=float))
    value = np.log(kve(p, b))
    if np.all(np.isfinite(value)):
        return value
    _, fall, top, step = _grid(p, b)
    return np.where(np.isfinite(value), value, top + np.log(0.5 * np.exp(-fall).sum(axis=-1) * step))


def _grid(p: Any, b: Any) -> tuple[Any, Any, Any, Any]:
    """Points u, fall of the logarithm from its largest value, that value, and step, of 2 K_p(b) e^b for p ≥ 0.

    It is ∫ exp(pu − b (cosh u − 1)) du; the trapezoidal rule on these points has all digits.
    """
    mode, r = np.arcsinh(p / b), np.hypot(p, b)
    room = _FALL / r
    right = np.log1p(room + np.sqrt(room * (room + 2)))
    slow = 2 * _FALL / p  # to the left it falls at least by p (e^(−s) − 1 + s)
    left = np.minimum(right + 2 * mode, slow / 6 + np.sqrt(slow * slow / 36 + slow))
    s = -left[..., None] + (left + right)[..., None] * np.linspace(0.0, 1.0, 400)
    fall = 2 * r[..., None] * np.sinh(0.5 * s) ** 2 + p[..., None] * (np.sinh(s) - s)
    return mode[..., None] + s, fall, p * mode - p * p / (r + b), (left + right) / 399


def _means(p: Any, b: Any) -> tuple[Any, Any]:
    """Expected values of log z and of (z − 1)²/(2z)."""
    p, b = np.broadcast_arrays(np.asarray(p, dtype=float), np.asarray(b, dtype=float))
    u, fall, _, _ = _grid(np.abs(p), b)
    weight = np.exp(-fall)
    total = weight.sum(axis=-1)
    off = (weight * 2 * np.sinh(0.5 * u) ** 2).sum(axis=-1) / total
    return np.sign(p) * (weight * u).sum(axis=-1) / total, off


@register
class GeneralizedInverseGaussian(Family):
    """Generalised inverse Gaussian(p, b, scale), x > 0: density z^(p−1) e^(−b(z + 1/z)/2) / (2 K_p(b) scale).

    z = x/scale. Inverse Gaussian at p = −½, reciprocal inverse Gaussian at ½, hyperbola law at 0; as b → 0 gamma
    (p > 0) or inverse gamma (p < 0). An exponential family in log x, x and 1/x (Jørgensen 1982).
    """

    support = POSITIVE
    integrated = True
    p = Parameter(REAL, typical=(-2, 2))
    b = Parameter(POSITIVE, typical=(0.3, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.reciprocal_excess, observed.log_excess, observed.log_excess_reciprocal)
    nested = {
        "inverse_gaussian": {"p": -0.5, "b": "shape", "scale": "mean"},
        "gamma": {"p": "shape", "b": 0.0, "scale": 0.0},
        "inverse_gamma": {"p": "shape", "b": 0.0, "scale": np.inf},
    }
    aliases = ("geninvgauss", "gig")

    def logp(self, x: Any, p: Any, b: Any, scale: Any) -> Any:
        z = x / scale
        return (p - 1) * np.log(z) - 0.5 * b * ((z - 1) * (1 - 1 / z)) - (_log_kve(p, b) + np.log(2 * scale))

    def log_cdf(self, x: Any, p: Any, b: Any, scale: Any) -> Any:
        side, tail = self._smaller(np.log(x / scale), p, b)
        return np.where(side < 0, tail, log1mexp(-tail))

    def log_sf(self, x: Any, p: Any, b: Any, scale: Any) -> Any:
        side, tail = self._smaller(np.log(x / scale), p, b)
        return np.where(side > 0, tail, log1mexp(-tail))

    def ppf(self, q: Any, p: Any, b: Any, scale: Any) -> Any:
        q, p, b = np.broadcast_arrays(q, np.asarray(p, dtype=float), np.asarray(b, dtype=float))
        mode, constant = np.arcsinh(p / b), _log_kve(p, b)
        side = np.where(np.log(q) < self._tail(mode, p, b, -1.0, constant), -1.0, 1.0)
        log_q = np.where(side < 0, np.log(q), np.log1p(-q))
        log = _solve(
            lambda u: self._tail(u, p, b, side, constant),
            lambda u: self._log_density(u, p, b, constant),
            mode, log_q, side, keep=0.0,
        )  # fmt: skip
        return scale * np.exp(log)

    def start(self, mean: Any, reciprocal_excess: Any, log_excess: Any, log_excess_reciprocal: Any) -> Any:
        # the inverse Gaussian; two thirds of the way to the gamma and to the inverse gamma, with the sample's mean
        up, down = (_GAMMA.mle(1.0, excess)[0] for excess in (log_excess, log_excess_reciprocal))
        p = np.stack([np.full_like(mean, -0.5), up / 1.5, -down / 1.5])
        b = np.array([1.0, 0.3, 0.3])[:, None] / (reciprocal_excess * mean)
        return p, b, mean * np.exp(_log_kve(p, b) - _log_kve(p + 1, b))

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        # with all parameters free there is one maximum, and one start is enough
        guesses = super().starts(block, given)
        return tuple(guess[:1] for guess in guesses) if np.isnan(given).all() else guesses

    def score(self, x: Any, p: Any, b: Any, scale: Any) -> Any:
        z = x / scale
        log, off = _means(p, b)
        return np.log(z) - log, off - 0.5 * ((z - 1) * (1 - 1 / z)), (0.5 * b * (z - 1 / z) - p) / scale

    def limit(
        self, mean: Any, reciprocal_excess: Any, log_excess: Any, log_excess_reciprocal: Any
    ) -> tuple[Limit, ...]:
        # the likelihood is concave in p, b/scale and b·scale: a limit is reached where it is best in its direction,
        # that is where its mean of 1/x (of x) is not above that of the sample
        with np.errstate(all="ignore"):
            up, down = (_GAMMA.mle(1.0, excess)[0] for excess in (log_excess, log_excess_reciprocal))
            excess = reciprocal_excess * mean
        return (
            Limit("gamma", {"p": "shape", "b": 0.0, "scale": 0.0}, certain=excess * (up - 1) >= 1),
            Limit(_InverseGammaOfPower(), {"p": "p", "b": 0.0, "scale": np.inf}, certain=excess * (down - 1) >= 1),
        )

    def moments(self, p: Any, b: Any, scale: Any) -> Any:
        constant = _log_kve(p, b)
        mean, square = (np.exp(_log_kve(p + k, b) - constant) for k in (1, 2))
        return scale * mean, scale**2 * (square - mean**2)

    def to_scipy(self, p: Any, b: Any, scale: Any) -> Any:
        return "geninvgauss", {"p": p, "b": b, "scale": scale}

    @staticmethod
    def _log_density(u: Any, p: Any, b: Any, constant: Any) -> Any:
        """Log density of u = log z."""
        return p * u - 2 * b * np.sinh(0.5 * u) ** 2 - (constant + np.log(2.0))

    def _smaller(self, u: Any, p: Any, b: Any) -> tuple[Any, Any]:
        """Side of the mode of u, −1 or 1, and the log of the tail on that side."""
        side = np.where(u < np.arcsinh(p / b), -1.0, 1.0)
        return side, self._tail(u, p, b, side, _log_kve(p, b))

    def _tail(self, u: Any, p: Any, b: Any, side: Any, constant: Any) -> Any:
        top = self._log_density(u, p, b, constant)
        across, along = b * np.cosh(u), side * b * np.sinh(u)
        # the density falls at least as fast as an exponential, and, beyond −u, as b cosh u
        room = _FALL / across
        turn = np.log1p(room + np.sqrt(room * (room + 2))) + 2 * np.maximum(-side * u, 0.0)
        length = np.minimum(_FALL / np.maximum(along - side * p, 0.0), turn)

        def fall(s: Any) -> Any:
            return along * np.sinh(s) - side * p * s + 2 * across * np.sinh(0.5 * s) ** 2

        value = top + _log_area(fall, length, panels=4)
        return np.where(np.isneginf(top), -np.inf, np.minimum(value, 0.0))


class _InverseGammaOfPower(Tied):
    """The inverse gamma law with shape −p, which the generalised inverse Gaussian becomes as b → 0."""

    name = "inverse_gamma"
    support = POSITIVE
    law, tie = "inverse_gamma", staticmethod(lambda p, scale: (-p, scale))
    p = Parameter(Interval(-np.inf, 0), typical=(-3, -0.3))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_reciprocal, observed.log_excess_reciprocal)

    def mle(self, mean_reciprocal: Any, log_excess_reciprocal: Any, *, p: Any = None) -> Any:
        shape = None if p is None else -p
        shape, scale = _GAMMA.mle(mean_reciprocal, log_excess_reciprocal, shape=shape)
        return -shape, 1 / scale
