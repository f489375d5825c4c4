"""Counts whose Poisson masses are weighted anew: Efron's double Poisson."""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import COUNTS, POSITIVE, UNIT, Array
from modelselect.families.counts.dispersed import Neighbours
from modelselect.families.counts.sums import log_tails, nodes
from modelselect.families.special import HALF_LOG_2PI, deviance, log_poisson, stirling_error
from modelselect.family import Family, Goes, Limit, Parameter, register

#: Fall of the logarithm beyond which masses are left out.
_FALL = 50.0
#: Terms that are cheaper added than left out.
_FEW = 64.0


class _Saturated(Family):
    """Mass (1 − w) (wx)^x e^(−wx) / x!: what a double Poisson becomes as its dispersion grows and its mean vanishes."""

    name = "double_poisson"
    support = COUNTS
    w = Parameter(UNIT, typical=(0.05, 0.8))
    statistics = (observed.mean,)

    def logp(self, x: Any, w: Any) -> Any:
        return self._mass(x, w)

    def cdf(self, x: Any, w: Any) -> Any:
        return np.exp(log_tails(self._mass, x, (w,), middle=0.0)[0])

    def sf(self, x: Any, w: Any) -> Any:
        return np.exp(log_tails(self._mass, x, (w,), middle=0.0)[1])

    def mle(self, mean: Any) -> Any:
        # mean = w / (1 − w)²
        return (2 * mean / (2 * mean + 1 + np.sqrt(4 * mean + 1)),)

    def moments(self, w: Any) -> Any:
        return w / (1 - w) ** 2, w * (1 + w) / (1 - w) ** 4

    @staticmethod
    def _mass(x: Any, w: Any) -> Any:
        return np.log1p(-w) + np.where(x == 0, 0.0, log_poisson(x, w * x))


@register
class DoublePoisson(Family):
    """Double Poisson(mean, dispersion) on 0, 1, 2, …: mass ∝ (x^x e^(−x) / x!) e^(−D/φ), φ = dispersion.

    D = x log(x/mean) − x + mean. Efron (1986), with the exact constant; mean and variance are about `mean` and
    dispersion · mean, the better the larger the mean. Poisson at dispersion 1.
    """

    support = COUNTS
    mean = Parameter(POSITIVE, typical=(0.5, 20))
    dispersion = Parameter(POSITIVE, typical=(0.3, 4))
    statistics = (observed.mean, observed.variance, observed.minimum, observed.maximum)
    nested = {"poisson": {"mean": "mean", "dispersion": 1}}

    def logp(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return self._kernel(x, mean, dispersion) - self._masses(mean, dispersion)[0]

    def cdf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, mean, dispersion)[0])

    def sf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return np.exp(self._tails(x, mean, dispersion)[1])

    def log_cdf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return self._tails(x, mean, dispersion)[0]

    def log_sf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return self._tails(x, mean, dispersion)[1]

    def start(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> Any:
        return mean, np.clip(variance / mean, 0.02, 100.0)

    def score(self, x: Any, mean: Any, dispersion: Any) -> Any:
        _, k, mass = self._masses(mean, dispersion)
        center = (mass * k).sum(axis=-1)
        off = (mass * _deviance(k, np.asarray(mean)[..., None])).sum(axis=-1)
        return (x - center) / (mean * dispersion), (_deviance(x, mean) - off) / dispersion**2

    def limit(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> tuple[Limit, ...]:
        # an exponential family in x and x log x: without a maximum where the sample lies on the polygon through
        # (k, k log k), that is on two neighbours
        never = np.zeros(len(mean), dtype=bool)
        shrunk: dict[str, Goes] = {"mean": lambda two: two["low"] + two["p"], "dispersion": 0.0}
        return (
            Limit(Neighbours(), shrunk, certain=maximum - minimum <= 1),
            Limit(_Saturated(), {"mean": 0.0, "dispersion": np.inf}, certain=never),
        )

    def moments(self, mean: Any, dispersion: Any) -> Any:
        _, k, mass = self._masses(mean, dispersion)
        center = (mass * k).sum(axis=-1)
        return center, (mass * (k - center[..., None]) ** 2).sum(axis=-1)

    @staticmethod
    def _kernel(x: Any, mean: Any, dispersion: Any) -> Any:
        """Log of x^x e^(−x) / x!, minus the deviance from the mean over the dispersion."""
        whole = np.where(x == 0, 0.0, -stirling_error(x) - 0.5 * np.log(x) - HALF_LOG_2PI)
        return whole - _deviance(x, mean) / dispersion

    def _masses(self, mean: Any, dispersion: Any) -> tuple[Array, Array, Array]:
        """Log of the sum of the kernel; points k and their masses ``(…, L)``.

        The deviance m ((1 + u) log(1 + u) − u), u = k/m − 1, is at least m u²/(2 + 2u/3) above m, m u²/2 below.
        """
        mean, dispersion = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(dispersion, dtype=float))
        with np.errstate(all="ignore"):
            wide, third = np.sqrt(2 * _FALL * dispersion * mean), _FALL * dispersion / 3
            low = np.floor(mean - wide - 2)
            low = np.where((low > _FEW) & np.isfinite(low), low, 0.0)
            count = np.ceil(mean + third + np.sqrt(third**2 + wide**2)) - low + 3
            start = low if np.any(low) else 0.0  # one row of points serves all
            k, weights = nodes(start, np.where(np.isfinite(count), count, 1.0))
            f = self._kernel(k, mean[..., None], dispersion[..., None])
            top = f.max(axis=-1, keepdims=True)
            weights = weights * np.exp(f - top)
            total = weights.sum(axis=-1, keepdims=True)
            return (np.log(total) + top)[..., 0], k, weights / total

    def _tails(self, x: Any, mean: Any, dispersion: Any) -> tuple[Array, Array]:
        top = self._masses(mean, dispersion)[0]

        def log_mass(k: Any, mean: Any, dispersion: Any, top: Any) -> Any:
            return self._kernel(k, mean, dispersion) - top

        return log_tails(log_mass, x, (mean, dispersion, top), mean)


def _deviance(x: Any, mean: Any) -> Any:
    return np.where(x == 0, mean, deviance(x, mean))
