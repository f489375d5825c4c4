"""Families on 0, 1, 2, … (the logarithmic series and zeta start at 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, NONNEGATIVE, POSITIVE
from modelselect.families.special import log_rising_excess
from modelselect.family import Family, Limit, Parameter, register


@register
class Poisson(Family):
    """Poisson(mean) on 0, 1, 2, …: mass mean^x e^(−mean) / x!."""

    support = COUNTS
    mean = Parameter(NONNEGATIVE, typical=(0.1, 30))
    statistics = (observed.mean,)
    aliases = ("pois",)

    def logp(self, x: Any, mean: Any) -> Any:
        return np.where(mean == 0, np.where(x == 0, 0.0, -np.inf), x * np.log(mean) - mean - gammaln(x + 1))

    def cdf(self, x: Any, mean: Any) -> Any:
        return gammaincc(x + 1, mean)

    def sf(self, x: Any, mean: Any) -> Any:
        return gammainc(x + 1, mean)

    def mle(self, mean: Any) -> Any:
        return (mean,)

    def score(self, x: Any, mean: Any) -> Any:
        return (x / mean - 1.0,)

    def moments(self, mean: Any) -> Any:
        return mean, mean

    def to_scipy(self, mean: Any) -> Any:
        return "poisson", {"mu": mean}


@register
class NegativeBinomial(Family):
    """Negative binomial(mean, size) on 0, 1, 2, …: a Poisson mixed by a gamma; variance mean + mean²/size."""

    support = COUNTS
    mean = Parameter(POSITIVE, typical=(0.2, 30))
    size = Parameter(POSITIVE, typical=(0.1, 50))
    statistics = (observed.mean, observed.variance)
    nested = {"poisson": {"mean": "mean", "size": np.inf}, "geometric": {"size": 1}}
    aliases = ("nbinom", "polya")

    def logp(self, x: Any, mean: Any, size: Any) -> Any:
        return log_rising_excess(size, x) - gammaln(x + 1) + x * np.log(mean) - (size + x) * np.log1p(mean / size)

    def cdf(self, x: Any, mean: Any, size: Any) -> Any:
        return betainc(size, x + 1, size / (size + mean))

    def sf(self, x: Any, mean: Any, size: Any) -> Any:
        return betainc(x + 1, size, mean / (size + mean))

    def start(self, mean: Any, variance: Any) -> Any:
        return mean, mean**2 / np.maximum(variance - mean, 0.01 * mean)

    def limit(self, mean: Any, variance: Any) -> Limit:
        # a finite maximum exists exactly where the variance exceeds the mean (Levin & Reeds 1977)
        return Limit("poisson", {"mean": "mean", "size": np.inf}, certain=variance <= mean)

    def moments(self, mean: Any, size: Any) -> Any:
        return mean, mean + mean**2 / size

    def to_scipy(self, mean: Any, size: Any) -> Any:
        return "nbinom", {"n": size, "p": size / (size + mean)}
