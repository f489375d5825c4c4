"""The law of a sharp upper end that some families on the positive half-line have for a limit."""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE
from modelselect.families.special import log1mexp, times
from modelselect.family import Family, Parameter, register


@register
class ScaledPowerFunction(Family):
    """Scaled power function(shape, maximum), 0 ≤ x ≤ maximum: cdf (x/maximum)^shape; 1/x is Pareto.

    What Dagum, generalised gamma and exponentiated Weibull become where the data end sharply. The maximum is given,
    or the largest observation.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.3, 10))
    maximum = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (observed.maximum, observed.mean_log)

    def logp(self, x: Any, shape: Any, maximum: Any) -> Any:
        return np.log(shape / maximum) + times(shape - 1, np.log(x / maximum))

    def cdf(self, x: Any, shape: Any, maximum: Any) -> Any:
        return np.exp(shape * np.log(x / maximum))

    def sf(self, x: Any, shape: Any, maximum: Any) -> Any:
        return -np.expm1(shape * np.log(x / maximum))

    def log_cdf(self, x: Any, shape: Any, maximum: Any) -> Any:
        return shape * np.log(x / maximum)

    def log_sf(self, x: Any, shape: Any, maximum: Any) -> Any:
        return log1mexp(-shape * np.log(x / maximum))

    def ppf(self, q: Any, shape: Any, maximum: Any) -> Any:
        return maximum * q ** (1 / shape)

    def bounds(self, shape: Any, maximum: Any) -> Any:
        return 0.0, maximum

    def mle(self, largest: Any, mean_log: Any, *, shape: Any = None, maximum: Any = None) -> Any:
        maximum = largest if maximum is None else maximum
        return 1 / (np.log(maximum) - mean_log) if shape is None else shape, maximum

    def start(self, largest: Any, mean_log: Any) -> Any:
        # beyond the largest observation, which may be censored
        maximum = np.array([1.001, 1.2, 3.0])[:, None] * largest
        return 1 / (np.log(maximum) - mean_log), maximum

    def score(self, x: Any, shape: Any, maximum: Any) -> Any:
        return 1 / shape + np.log(x / maximum), np.zeros_like(x) - shape / maximum

    def moments(self, shape: Any, maximum: Any) -> Any:
        mean = shape * maximum / (shape + 1)
        return mean, shape * (maximum / (shape + 1)) ** 2 / (shape + 2)

    def to_scipy(self, shape: Any, maximum: Any) -> Any:
        return "powerlaw", {"a": shape, "scale": maximum}
