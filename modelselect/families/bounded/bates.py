"""The mean of n uniform variates: splines for small n, the saddlepoint contour for large n."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, ndtri

from modelselect.domain import POSITIVE_INTEGERS, UNIT_CLOSED, Array
from modelselect.family import Family, Parameter, register

#: Up to here the density is a spline, summed of positive terms.
_SPLINE = 40
#: Nodes on the contour, in units of the width of the integrand: the trapezoid rule is exact to the last digit.
_STEP = 0.3
_CONTOUR = _STEP * np.arange(60)
_HALVES = np.where(_CONTOUR == 0, 0.5, 1.0)


@register
class Bates(Family):
    """Bates(n) on 0 ≤ x ≤ 1: the mean of n independent uniform variates; n = 1 is uniform, n = 2 triangular.

    Density n f(nx) with the Irwin–Hall density f_n(s) = (s f_(n−1)(s) + (n − s) f_(n−1)(s − 1))/(n − 1).
    """

    support = UNIT_CLOSED
    n = Parameter(POSITIVE_INTEGERS, typical=(1, 25), regular=False)
    nested = {"uniform": {"low": 0, "high": 1, "n": 1}}

    def logp(self, x: Any, n: Any) -> Any:
        return _by_size(_log_spline, _log_density, np.minimum(x, 1 - x), n, False) + np.log(n)

    def sf(self, x: Any, n: Any) -> Any:
        return np.exp(self.log_cdf(1 - x, n))

    def log_cdf(self, x: Any, n: Any) -> Any:
        below = _by_size(_log_spline, _log_tail, np.minimum(x, 1 - x), n, True)
        return np.where(x <= 0.5, below, np.log1p(-np.exp(below)))

    def log_sf(self, x: Any, n: Any) -> Any:
        return self.log_cdf(1 - x, n)

    def ppf(self, q: Any, n: Any) -> Any:
        q, n = np.broadcast_arrays(q, n)
        tail = np.minimum(q, 1 - q)
        x = np.clip(0.5 + ndtri(tail) / np.sqrt(12 * n), 0.01, 0.5)
        for _ in range(40):  # the logarithm of the cdf is concave: Newton comes from the left
            log = self.log_cdf(x, n)
            step = (np.log(tail) - log) * np.exp(log - self.logp(x, n))
            x = np.clip(x + step, 0.2 * x, 0.5)
            if not np.any(np.abs(step) > 1e-14 * x):
                break
        return np.where(q <= 0.5, x, 1 - x)

    def kinks(self, n: Any) -> Any:
        return tuple(k / n for k in range(1, int(min(np.max(n), 8))))

    def start(self) -> Any:
        return (np.ones(1),)

    def moments(self, n: Any) -> Any:
        return 0.5 + 0 * n, 1 / (12 * n)

    # no to_scipy: irwinhall is in scipy.stats from 1.15 on only, and the package works with 1.14


def _by_size(small: Any, large: Any, x: Any, n: Any, summed: bool) -> Array:
    """Evaluate a formula for each n alone, at 0 ≤ x ≤ ½; the law is symmetric."""
    x, n = np.broadcast_arrays(x, n)
    result = np.empty(x.shape)
    for size in np.unique(n):
        rows = n == size
        result[rows] = small(x[rows], int(size), summed) if size <= _SPLINE else large(x[rows], float(size))
    return result


def _log_spline(x: Array, n: int, summed: bool) -> Array:
    """Log of the Irwin–Hall density at nx, or of its distribution function F_n(s) = Σ_j f_(n+1)(s − j)."""
    order, s = n + summed, n * x
    shifted = s[:, None] - np.arange(2 * order)
    f = np.where((shifted >= 0) & (shifted < 1), 1.0, 0.0)
    for k in range(2, order + 1):
        shifted = shifted[:, :-1]
        f = (shifted * f[:, :-1] + (k - shifted) * f[:, 1:]) / (k - 1)
    total = f.sum(axis=-1) if summed else f[:, 0]
    # before the first knot one power is left, which may underflow
    return np.where(s < 1, (order - 1) * np.log(s) - gammaln(order), np.log(total)) if order > 1 else 0.0 * s


def _log_density(x: Array, n: float) -> Any:
    """Log of the Irwin–Hall density at nx: the inversion integral through the saddlepoint."""
    t = _saddle(x, n, 0.0)
    return _contour(x, n, t, np.zeros_like)


def _log_tail(x: Array, n: float) -> Any:
    """Log P(S ≤ nx), likewise with −log t in the exponent."""
    t = _saddle(x, n, 1.0)
    return _contour(x, n, t, np.log)


def _contour(x: Array, n: float, t: Array, minus: Any) -> Any:
    """Log of ∫ exp(K(t) + n t x − minus(t)) dt/(2πi) upwards through t, with K(t) = n log((1 − e^(−t))/t)."""
    curvature = n * _slope(t) + (minus(np.full_like(t, np.e)) != 0) / t**2
    step = 1 / np.sqrt(curvature)
    z = t[:, None] + 1j * step[:, None] * _CONTOUR

    def exponent(z: Array) -> Any:
        return n * (np.log(-np.expm1(-z)) - np.log(z) + x[:, None] * z) - minus(z)

    top = exponent(t[:, None])
    parts = np.exp(exponent(z) - top).real
    return np.where(x > 0, top[:, 0] + np.log(_STEP * step / np.pi * (parts @ _HALVES)), -np.inf)


def _saddle(x: Array, n: float, extra: float) -> Any:
    """Solve n (1/t − 1/(e^t − 1) − x) + extra/t = 0 for t > 0: Newton on the logarithm, within a factor of 4 a step."""
    t = np.maximum(12 * (0.5 - x), 0.0) / np.maximum(4 * x * (1 - x), 1e-300) + 1e-3 + extra * np.sqrt(12 / n)
    t = np.minimum(t, (1 + extra / n) / np.maximum(x, 1e-300))
    for _ in range(40):
        value = n * (_ratio(t) - x) + extra / t
        slope = -n * _slope(t) - extra / t**2
        t = t * np.exp(np.clip(-value / (slope * t), -1.4, 1.4))
    return t


def _ratio(t: Array) -> Any:
    """1/t − 1/(e^t − 1), which falls from ½ to 0."""
    series = 0.5 - t / 12 + t**3 / 720 - t**5 / 30240
    return np.where(t < 0.1, series, 1 / t - 1 / np.expm1(t))


def _slope(t: Array) -> Any:
    """1/t² − e^t/(e^t − 1)², minus the derivative of that."""
    half = 0.5 * t
    return np.where(t < 0.1, 1 / 12 - t**2 / 240 + t**4 / 6048, 1 / t**2 - 0.25 / np.sinh(np.minimum(half, 300.0)) ** 2)
