"""Families on all integers: Skellam, discrete Laplace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import INTEGERS, NONNEGATIVE, POSITIVE, Array, Interval
from modelselect.families.counts.sums import log_tails
from modelselect.families.positive.tied import Tied
from modelselect.families.special import log1mexp, log_bessel_i, times
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import nearest


def _log_bessel(order: Any, z: Any) -> Array:
    """Log of I_order(z) e^(−z); of many integers from a table."""
    if np.ndim(order) and np.shape(z)[-1:] in ((), (1,)) and order.shape[-1] > (top := order.max() + 1):
        table = log_bessel_i(np.arange(top), z)
        whole = np.broadcast_shapes(order.shape, np.shape(z))
        table = np.broadcast_to(table, (*whole[:-1], table.shape[-1]))
        return np.take_along_axis(table, np.broadcast_to(order, whole).astype(np.intp), axis=-1)
    return log_bessel_i(order, z)


def _mean_size(x: Array, weights: Array) -> Array:
    return observed.mean(np.abs(x), weights)


@register
class Skellam(Family):
    """Skellam(mean1, mean2) on all integers: the difference of two Poissons with these means (Skellam 1946).

    Mass e^(−mean1−mean2) (mean1/mean2)^(x/2) I_|x|(2 √(mean1 mean2)).
    """

    support = INTEGERS
    mean1 = Parameter(POSITIVE, typical=(0.2, 30))
    mean2 = Parameter(POSITIVE, typical=(0.2, 30))
    statistics = (observed.mean, observed.variance)
    singular = ("poisson",)
    nested = {"poisson": {"mean1": "mean", "mean2": 0.0}}

    def logp(self, x: Any, mean1: Any, mean2: Any) -> Any:
        return self._log_mass(x, mean1, mean2, _log_bessel)

    def cdf(self, x: Any, mean1: Any, mean2: Any) -> Any:
        return np.exp(self._tails(x, mean1, mean2)[0])

    def sf(self, x: Any, mean1: Any, mean2: Any) -> Any:
        return np.exp(self._tails(x, mean1, mean2)[1])

    def log_cdf(self, x: Any, mean1: Any, mean2: Any) -> Any:
        return self._tails(x, mean1, mean2)[0]

    def log_sf(self, x: Any, mean1: Any, mean2: Any) -> Any:
        return self._tails(x, mean1, mean2)[1]

    def start(self, mean: Any, variance: Any) -> Any:
        total = np.maximum(variance, np.abs(mean) * 1.05 + 1e-3)
        return 0.5 * (total + mean), 0.5 * (total - mean)

    def score(self, x: Any, mean1: Any, mean2: Any) -> Any:
        # I_{v−1} = I_{v+1} + 2v/z I_v
        v, root1, root2 = np.abs(x), np.sqrt(mean1), np.sqrt(mean2)
        z = 2 * root1 * root2
        outer = np.exp(_log_bessel(v + 1, z) - _log_bessel(v, z))
        inner = outer + 2 * v / z
        return (
            np.where(x < 0, outer, inner) * (root2 / root1) - 1,
            np.where(x < 0, inner, outer) * (root1 / root2) - 1,
        )

    def limit(self, mean: Any, variance: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit("poisson", {"mean1": "mean", "mean2": 0.0}, certain=never),
            Limit(_MinusPoisson(), {"mean1": 0.0, "mean2": "mean2"}, certain=never),
        )

    def moments(self, mean1: Any, mean2: Any) -> Any:
        return mean1 - mean2, mean1 + mean2

    def to_scipy(self, mean1: Any, mean2: Any) -> Any:
        return "skellam", {"mu1": mean1, "mu2": mean2}

    @staticmethod
    def _log_mass(x: Any, mean1: Any, mean2: Any, bessel: Callable[[Any, Any], Array] = log_bessel_i) -> Any:
        root1, root2 = np.sqrt(mean1), np.sqrt(mean2)
        return bessel(np.abs(x), 2 * root1 * root2) + times(x, np.log(root1 / root2)) - (root1 - root2) ** 2

    def _tails(self, x: Any, mean1: Any, mean2: Any) -> tuple[Array, Array]:
        return log_tails(self._log_mass, x, (mean1, mean2), np.rint(mean1 - mean2), low=-np.inf)


class _MinusPoisson(Tied):
    """The negative of a Poisson, a Skellam with mean1 = 0."""

    name = "minus_poisson"
    law, tie = "poisson", staticmethod(lambda mean2: (mean2,))
    support = Interval(-np.inf, 0, high_inclusive=True, lattice=True)
    mean2 = Parameter(NONNEGATIVE, typical=(0.1, 30))
    statistics = (observed.mean,)

    def logp(self, x: Any, mean2: Any) -> Any:
        return self._of("logp", -x, (mean2,))

    def cdf(self, x: Any, mean2: Any) -> Any:
        return self._of("sf", -x - 1, (mean2,))

    def sf(self, x: Any, mean2: Any) -> Any:
        return self._of("cdf", -x - 1, (mean2,))

    def log_cdf(self, x: Any, mean2: Any) -> Any:
        return self._of("log_sf", -x - 1, (mean2,))

    def log_sf(self, x: Any, mean2: Any) -> Any:
        return self._of("log_cdf", -x - 1, (mean2,))

    def ppf(self, q: Any, mean2: Any) -> Any:
        return nearest(self, -self._of("ppf", 1 - q, (mean2,)), q, mean2)

    def mle(self, mean: Any) -> Any:
        return (-mean,)


@register
class DiscreteLaplace(Family):
    """Discrete Laplace(p) on all integers: mass (1 − p)/(1 + p) · p^|x|, 0 ≤ p < 1 (Inusah & Kozubowski 2006).

    The difference of two geometric numbers of failures with success 1 − p; = scipy's dlaplace(−log p).
    """

    support = INTEGERS
    p = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.05, 0.95))
    statistics = (_mean_size,)
    aliases = ("dlaplace",)

    def logp(self, x: Any, p: Any) -> Any:
        return times(np.abs(x), np.log(p)) + np.log1p(-p) - np.log1p(p)

    def cdf(self, x: Any, p: Any) -> Any:
        return np.exp(self._log_below(x, p))

    def sf(self, x: Any, p: Any) -> Any:
        return np.exp(self._log_below(-x - 1, p))

    def log_cdf(self, x: Any, p: Any) -> Any:
        return self._log_below(x, p)

    def log_sf(self, x: Any, p: Any) -> Any:
        return self._log_below(-x - 1, p)

    def ppf(self, q: Any, p: Any) -> Any:
        left = -np.log(q * (1 + p)) / np.log(p)
        right = np.log((1 - q) * (1 + p)) / np.log(p) - 1
        return nearest(self, np.ceil(np.where(q < 0.5, left, right)), q, p)

    def mle(self, size: Any) -> Any:
        # E|x| = 2p/(1 − p²)
        return (size / (1 + np.sqrt(1 + size * size)),)

    def score(self, x: Any, p: Any) -> Any:
        return (np.abs(x) / p - 2 / ((1 - p) * (1 + p)),)

    def moments(self, p: Any) -> Any:
        return np.zeros_like(p), 2 * p / (1 - p) ** 2

    def to_scipy(self, p: Any) -> Any:
        return "dlaplace", {"a": -np.log(p)}

    @staticmethod
    def _log_below(x: Any, p: Any) -> Any:
        """Log P(X ≤ x): p^(−x)/(1 + p) below 0, by symmetry above."""
        tail = times(np.where(x < 0, -x, x + 1), np.log(p)) - np.log1p(p)
        return np.where(x < 0, tail, log1mexp(-tail))
