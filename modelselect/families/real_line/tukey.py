"""Tukey's lambda, a law given by its quantile function."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaln, expit, logit

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Interval
from modelselect.families.real_line.located import CentredUniform
from modelselect.family import Family, Goes, Limit, Parameter, register

#: Newton's steps from a first guess that is right at both ends.
_STEPS = 40


@register
class TukeyLambda(Family):
    """Tukey lambda(shape, location, scale), shape < 1: quantile location + scale (q^shape − (1 − q)^shape)/shape.

    Hastings et al. (1947). Logistic at shape 0, nearly normal at 0.14, nearly Cauchy at −1; the support is
    location ± scale/shape for shape > 0. The uniform is its limit at 1: shapes above it only repeat what lies below
    (uniform again at 2) with a density that jumps at the ends, and are left out.
    """

    support = REAL
    shape = Parameter(Interval(-np.inf, 1), typical=(-0.8, 0.4))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (
        observed.median,
        observed.lower_quartile,
        observed.upper_quartile,
        observed.spread,
        observed.minimum,
        observed.maximum,
    )
    nested = {"logistic": {"shape": 0, "location": "location", "scale": "scale"}}
    aliases = ("tukeylambda",)

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        w = self._logit((x - location) / scale, shape)
        # −log of q^(shape−1) + (1 − q)^(shape−1), the larger one taken out
        near = np.abs(w)
        large, small = -np.log1p(np.exp(-near)), -near - np.log1p(np.exp(-near))
        return (1 - shape) * small - np.log1p(np.exp((shape - 1) * (large - small))) - np.log(scale)

    def cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return expit(self._logit((x - location) / scale, shape))

    def sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return expit(self._logit((location - x) / scale, shape))

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        w = self._logit((x - location) / scale, shape)
        return np.minimum(w, 0.0) - np.log1p(np.exp(-np.abs(w)))

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return self.log_cdf(-x, shape, -location, scale)

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        return location + scale * _quantile(logit(q), shape)[0]

    def bounds(self, shape: Any, location: Any, scale: Any) -> Any:
        reach = np.where(np.asarray(shape) > 0, scale / np.where(np.asarray(shape) > 0, shape, 1.0), np.inf)
        return location - reach, location + reach

    def start(self, median: Any, lower: Any, upper: Any, spread: Any, minimum: Any, maximum: Any) -> Any:
        # the quartiles; with a bounded support at least what reaches beyond all observations
        iqr = np.where(upper > lower, upper - lower, spread)
        shape = np.array([-0.1, 0.45])[:, None]
        scale = iqr / (2 * _quantile(np.log(3.0), shape)[0])
        middle = np.where(shape < 0.2, median, 0.5 * (minimum + maximum)) + 0 * scale
        reach = np.maximum(maximum - middle, middle - minimum)
        scale = np.where(shape > 0, np.maximum(scale, 1.02 * np.abs(shape) * reach), scale)
        return shape + 0 * scale, middle, scale

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any, minimum: Any, maximum: Any) -> tuple[Limit, ...]:
        never, at = np.zeros(len(median), dtype=bool), {"shape": 1.0, "location": "location", "scale": "scale"}
        ends: dict[str, Goes] = {
            "shape": 1.0,
            "location": lambda law: 0.5 * (law["low"] + law["high"]),
            "scale": lambda law: 0.5 * (law["high"] - law["low"]),
        }
        # on cells an end alone may lie at a kink; the other one serves where a parameter is given
        return Limit("uniform", ends, never), Limit(CentredUniform(), at, never)

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        # the formula loses digits near shape 0, where the variance is π²/3: a parabola stands in
        h = 2e-3
        left, right = _variance(-h), _variance(h)
        s = shape / h
        near = np.pi**2 / 3 + 0.5 * s * (right - left) + 0.5 * s * s * (right + left - 2 * np.pi**2 / 3)
        value = np.where(
            np.abs(shape) < h, near, _variance(np.where((np.abs(shape) < h) | (shape <= -0.5), 0.5, shape))
        )
        variance = np.where(shape > -0.5, value, np.where(shape > -1, np.inf, np.nan))
        return np.where(shape > -1, location, np.nan), scale**2 * variance

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "tukeylambda", {"lam": shape, "loc": location, "scale": scale}

    @staticmethod
    def _logit(z: Any, shape: Any) -> Any:
        """Logit of the distribution function of the standard law: Newton's method, for each observation."""
        size = np.abs(z)
        flat = np.abs(shape) < 1e-12
        # (1 − q)^shape ≈ 1 − shape·z
        log = np.log1p(-shape * size)
        w = np.where(flat, size, -log / np.where(flat, 1.0, shape))
        for _ in range(_STEPS):
            value, slope = _quantile(w, shape)
            step = np.where(slope > 0, (size - value) / slope, 0.0)
            w = np.maximum(w + np.clip(step, -4.0, 4.0), 0.0)
            if not np.any(np.abs(step) > 1e-8 * (1 + w)):
                break  # what is left is the square of it
        return np.sign(z) * w


def _quantile(w: Any, shape: Any) -> tuple[Any, Any]:
    """Quantile at q = 1/(1 + e^(−w)), and its derivative in w."""
    near = np.log1p(np.exp(-np.abs(w)))
    a, b = np.minimum(w, 0.0) - near, -np.maximum(w, 0.0) - near  # log q and log(1 − q)
    flat = np.abs(shape) < 1e-12
    value = np.where(flat, w, (np.expm1(shape * a) - np.expm1(shape * b)) / np.where(flat, 1.0, shape))
    return value, np.exp(shape * a + b) + np.exp(shape * b + a)


def _variance(shape: Any) -> Any:
    """Variance of the standard law, for −1/2 < shape ≠ 0."""
    return 2 / np.square(shape) * (1 / (1 + 2 * shape) - np.exp(betaln(1 + shape, 1 + shape)))
