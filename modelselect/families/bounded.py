"""Families on a bounded interval."""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import REAL
from modelselect.family import Family, Parameter, register


@register
class Uniform(Family):
    """Uniform(low, high): density 1/(high − low) on [low, high].

    On rounded data the ends are the outer edges of the outermost cells.
    """

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False)
    high = Parameter(REAL, typical=(1, 20), role="location", regular=False)
    statistics = (observed.minimum, observed.maximum)
    aliases = ("unif",)

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        return np.zeros_like(x) - np.log(high - low)

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return (x - low) / (high - low)

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return (high - x) / (high - low)

    def ppf(self, q: Any, low: Any, high: Any) -> Any:
        return low + q * (high - low)

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low < high

    def mle(self, minimum: Any, maximum: Any, *, low: Any = None, high: Any = None) -> Any:
        return minimum if low is None else low, maximum if high is None else high

    def moments(self, low: Any, high: Any) -> Any:
        return (low + high) / 2, (high - low) ** 2 / 12

    def to_scipy(self, low: Any, high: Any) -> Any:
        return "uniform", {"loc": low, "scale": high - low}
