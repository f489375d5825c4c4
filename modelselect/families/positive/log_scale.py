"""Families whose logarithm has a simple law: log-Laplace, log-uniform, log-gamma."""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, Array, Interval
from modelselect.families.positive.classic import Gamma
from modelselect.families.special import times
from modelselect.family import Family, Parameter, register

_GAMMA = Gamma()


def _median_log(x: Array, weights: Array) -> Array:
    return observed.median(np.log(x), weights)


def _deviation_of_log(x: Array, weights: Array) -> Array:
    return observed.absolute_deviation(np.log(x), weights)


@register
class LogLaplace(Family):
    """Log-Laplace(shape, scale), x ≥ 0: density shape/(2 scale) z^(±shape − 1), + for z < 1, z = x/scale."""

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.3, 10))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (_median_log, _deviation_of_log)
    aliases = ("loglaplace",)

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        below, above = np.minimum(log, 0.0), np.maximum(log, 0.0)
        return np.log(0.5 * shape / scale) + times(shape - 1, below) - (shape + 1) * above

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return self._tail(shape * np.log(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return self._tail(-shape * np.log(x / scale))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.exp(np.where(q < 0.5, np.log(2 * q), -np.log(2 * (1 - q))) / shape)

    def kinks(self, shape: Any, scale: Any) -> Any:
        return (scale,)

    def mle(self, median_log: Any, deviation: Any, *, shape: Any = None) -> Any:
        return 1 / deviation if shape is None else shape, np.exp(median_log)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        return 1 / shape - np.abs(log), shape / scale * np.sign(log)

    def information(self, shape: Any, scale: Any) -> Any:
        # the likelihood has a kink at the scale: expected information instead of a Hessian
        return np.stack([1 / shape**2, (shape / scale) ** 2], axis=-1)[..., None] * np.eye(2)

    def moments(self, shape: Any, scale: Any) -> Any:
        c = shape * shape
        mean = np.where(shape > 1, c / (c - 1), np.inf)
        return scale * mean, scale**2 * np.where(shape > 2, c / (c - 4) - mean**2, np.inf)

    def entropy(self, shape: Any, scale: Any) -> Any:
        return 1 + np.log(2 / shape) + np.log(scale)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "loglaplace", {"c": shape, "scale": scale}

    @staticmethod
    def _tail(log: Any) -> Any:
        half = -np.abs(log) - np.log(2.0)
        return np.where(log < 0, half, np.log1p(-np.exp(half)))


@register
class LogUniform(Family):
    """Log-uniform(low, high) on [low, high], low > 0: density 1 / (x log(high/low)); ends given, or the sample's."""

    support = POSITIVE
    low = Parameter(POSITIVE, typical=(0.05, 1), role="scale", regular=False)
    high = Parameter(POSITIVE, typical=(2, 50), role="scale", regular=False)
    statistics = (observed.minimum, observed.maximum)
    aliases = ("loguniform", "reciprocal")

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        return -np.log(x) - np.log(self._reach(low, high))

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return self._reach(low, x) / self._reach(low, high)

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return self._reach(x, high) / self._reach(low, high)

    def ppf(self, q: Any, low: Any, high: Any) -> Any:
        return np.clip(low * np.exp(q * self._reach(low, high)), low, high)

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low < high

    def mle(self, minimum: Any, maximum: Any, *, low: Any = None, high: Any = None) -> Any:
        return minimum if low is None else low, maximum if high is None else high

    def moments(self, low: Any, high: Any) -> Any:
        mean = (high - low) / self._reach(low, high)
        return mean, mean * (0.5 * (high + low) - mean)

    def to_scipy(self, low: Any, high: Any) -> Any:
        return "loguniform", {"a": low, "b": high}

    @staticmethod
    def _reach(low: Any, high: Any) -> Any:
        return np.log1p((high - low) / low)


def _mean_log_positive(x: Array, weights: Array) -> Array:
    return observed.mean(np.log(x), weights)


def _log_excess_of_log(x: Array, weights: Array) -> Array:
    return observed.log_excess(np.log(x), weights)


@register
class LogGamma(Family):
    """Log-gamma(shape, scale), x ≥ 1: log x is gamma(shape, scale), a tail x^(−1/scale) (Hogg & Klugman 1984).

    At 1 the density is ∞ for shape < 1 and 0 for shape > 1: a sample of exact reals with a 1 has no maximum.
    """

    support = Interval(1, np.inf, low_inclusive=True)
    shape = Parameter(POSITIVE, typical=(0.8, 30))
    scale = Parameter(POSITIVE, typical=(0.05, 1))
    statistics = (_mean_log_positive, _log_excess_of_log)
    nested = {"pareto": {"shape": 1, "minimum": 1}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x)
        return _GAMMA.logp(log, shape, scale) - log

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return _GAMMA.cdf(np.log(x), shape, scale)

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return _GAMMA.sf(np.log(x), shape, scale)

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return _GAMMA.log_cdf(np.log(x), shape, scale)

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return _GAMMA.log_sf(np.log(x), shape, scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return np.exp(_GAMMA.ppf(q, shape, scale))

    def mle(self, mean: Any, log_excess: Any, *, shape: Any = None) -> Any:
        return _GAMMA.mle(mean, log_excess, shape=shape)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        return _GAMMA.score(np.log(x), shape, scale)

    def entropy(self, shape: Any, scale: Any) -> Any:
        return _GAMMA.entropy(shape, scale) + shape * scale

    def moments(self, shape: Any, scale: Any) -> Any:
        first = np.where(scale < 1, -shape * np.log1p(-scale), np.inf)
        second = np.where(scale < 0.5, -shape * np.log1p(-2 * scale), np.inf)
        return np.exp(first), np.where(scale < 0.5, np.exp(2 * first) * np.expm1(second - 2 * first), np.inf)
