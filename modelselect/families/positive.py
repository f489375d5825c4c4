"""Families on the positive half-line."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammainc, gammaincc, gammaincinv, gammaln, polygamma

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE
from modelselect.families.special import log_minus_digamma, times_log
from modelselect.family import Family, Parameter, register


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

    def log_sf(self, x: Any, scale: Any) -> Any:
        return -x / scale

    def ppf(self, q: Any, scale: Any) -> Any:
        return -scale * np.log1p(-q)

    def mle(self, mean: Any) -> Any:
        return (mean,)

    def score(self, x: Any, scale: Any) -> Any:
        return ((x / scale - 1.0) / scale,)

    def moments(self, scale: Any) -> Any:
        return scale, scale**2

    def to_scipy(self, scale: Any) -> Any:
        return "expon", {"scale": scale}


@register
class Gamma(Family):
    """Gamma(shape, scale), x ≥ 0: density x^(shape−1) e^(−x/scale) / (Γ(shape) scale^shape)."""

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.2, 30))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.mean_log)
    nested = {"exponential": {"shape": 1}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        return times_log(shape - 1, z) - z - (gammaln(shape) + np.log(scale))

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammainc(shape, x / scale)

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammaincc(shape, x / scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * gammaincinv(shape, q)

    def mle(self, mean: Any, mean_log: Any, *, shape: Any = None) -> Any:
        # log shape − ψ(shape) = log mean − mean log; Newton in log shape from Minka's (2002) approximation
        if shape is None:
            s = np.log(mean) - mean_log
            shape = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
            for _ in range(8):
                slope = 1 - shape * polygamma(1, shape)
                shape = shape * np.exp(np.clip((s - log_minus_digamma(shape)) / slope, -1, 1))
        return shape, mean / shape

    def moments(self, shape: Any, scale: Any) -> Any:
        return shape * scale, shape * scale**2

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "gamma", {"a": shape, "scale": scale}
