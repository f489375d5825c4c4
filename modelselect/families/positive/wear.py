"""Laws of wear and ageing: Birnbaum–Saunders and Gompertz."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import (
    hyperu,
    log_ndtr,
    ndtr,
    ndtri,
)

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE
from modelselect.families.special import (
    HALF_LOG_2PI,
    log1mexp,
)
from modelselect.family import Family, Limit, Parameter, register

#: The largest exponent that a start may give an observation.
_FARTHEST = 500.0


@register
class BirnbaumSaunders(Family):
    """Birnbaum–Saunders(shape, scale), x > 0: (√(x/scale) − √(scale/x)) / shape is standard normal."""

    support = POSITIVE
    shape = Parameter(POSITIVE, typical=(0.1, 5))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.reciprocal_excess)
    aliases = ("fatiguelife", "fatigue_life")

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        r = x / scale
        z = (np.sqrt(r) - np.sqrt(1 / r)) / shape
        return np.log1p(r) - 1.5 * np.log(r) - 0.5 * z * z - (np.log(2 * shape * scale) + HALF_LOG_2PI)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return ndtr(self._z(x, shape, scale))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return ndtr(-self._z(x, shape, scale))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_ndtr(self._z(x, shape, scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_ndtr(-self._z(x, shape, scale))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.exp(2 * np.arcsinh(0.5 * shape * ndtri(q)))

    def start(self, mean: Any, excess: Any) -> Any:
        # mean and harmonic mean, one maximum (Ng, Kundu & Balakrishnan 2003)
        ratio = mean * excess
        root = np.sqrt(1 + ratio)
        return np.sqrt(2 * ratio / (1 + root)), mean / root

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        r = x / scale
        z = (np.sqrt(r) - np.sqrt(1 / r)) / shape
        return (z * z - 1) / shape, (0.5 * (r - 1 / r) / shape**2 - 0.5 * (r - 1) / (r + 1)) / scale

    def moments(self, shape: Any, scale: Any) -> Any:
        square = shape**2
        return scale * (1 + square / 2), scale**2 * square * (1 + 1.25 * square)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "fatiguelife", {"c": shape, "scale": scale}

    @staticmethod
    def _z(x: Any, shape: Any, scale: Any) -> Any:
        # the difference of the roots, by their product with their sum: (r − 1)/√r with r − 1 exact near 1
        r = x / scale
        return np.where(np.abs(r - 1) < 0.5, (x - scale) / scale / np.sqrt(r), np.sqrt(r) - np.sqrt(1 / r)) / shape


@register
class Gompertz(Family):
    """Gompertz(shape, scale), x ≥ 0: P(X > x) = exp(−shape (e^(x/scale) − 1)); the exponential as shape → ∞."""

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(1e-4, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.median, observed.maximum)
    nested = {"exponential": {"shape": np.inf, "scale": np.inf}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        return z - shape * np.expm1(z) + np.log(shape / scale)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-shape * np.expm1(x / scale))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.exp(-shape * np.expm1(x / scale))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log1mexp(shape * np.expm1(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -shape * np.expm1(x / scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.log1p(-np.log1p(-q) / shape)

    def start(self, mean: Any, variance: Any, median: Any, maximum: Any) -> Any:
        # the profile likelihood of 1/scale is concave; the shape from the median, or the mean where that is 0
        scale = np.array([0.8, 2.0, 10.0])[:, None] * np.sqrt(variance)
        scale = np.maximum(scale, maximum / _FARTHEST)
        return np.log(2) / np.expm1(np.where(median > 0, median, mean) / scale), scale

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        return 1 / shape - np.expm1(z), (shape * z * np.exp(z) - z - 1) / scale

    def limit(self, mean: Any, variance: Any, median: Any, maximum: Any) -> Limit:
        never = np.zeros(len(mean), dtype=bool)
        return Limit("exponential", {"shape": np.inf, "scale": np.inf}, certain=never)

    def entropy(self, shape: Any, scale: Any) -> Any:
        # e^shape E₁(shape) is the confluent hypergeometric U(1, 1, shape)
        return 1 + np.log(scale / shape) - hyperu(1, 1, shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "gompertz", {"c": shape, "scale": scale}


# -- the gamma law of w = e^t ------------------------------------------------------------------------------------------
