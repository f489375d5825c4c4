"""Families on the whole real line."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri, stdtr, stdtrit

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL
from modelselect.families.special import log_rising_excess
from modelselect.family import Family, Limit, Parameter, register

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@register
class Normal(Family):
    """Normal(mean, sd): density exp(−z²/2) / (sd √(2π)), z = (x − mean)/sd."""

    support = REAL
    mean = Parameter(REAL, typical=(-10, 10), role="location")
    sd = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance)
    aliases = ("norm", "gaussian")

    def logp(self, x: Any, mean: Any, sd: Any) -> Any:
        z = (x - mean) / sd
        return -0.5 * z * z - (np.log(sd) + _HALF_LOG_2PI)

    def cdf(self, x: Any, mean: Any, sd: Any) -> Any:
        return ndtr((x - mean) / sd)

    def sf(self, x: Any, mean: Any, sd: Any) -> Any:
        return ndtr((mean - x) / sd)

    def log_cdf(self, x: Any, mean: Any, sd: Any) -> Any:
        return log_ndtr((x - mean) / sd)

    def log_sf(self, x: Any, mean: Any, sd: Any) -> Any:
        return log_ndtr((mean - x) / sd)

    def ppf(self, q: Any, mean: Any, sd: Any) -> Any:
        return mean + sd * ndtri(q)

    def mle(self, mean: Any, variance: Any) -> Any:
        return mean, np.sqrt(variance)

    def score(self, x: Any, mean: Any, sd: Any) -> Any:
        z = (x - mean) / sd
        return z / sd, (z * z - 1) / sd

    def moments(self, mean: Any, sd: Any) -> Any:
        return mean, sd**2

    def to_scipy(self, mean: Any, sd: Any) -> Any:
        return "norm", {"loc": mean, "scale": sd}


@register
class StudentT(Family):
    """Student's t(df, location, scale): heavy tails of order |x|^(−df−1); the normal as df → ∞."""

    support = REAL
    df = Parameter(POSITIVE, typical=(0.5, 60))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {
        "normal": {"df": np.inf, "location": "mean", "scale": "sd"},
        "cauchy": {"df": 1, "location": "location", "scale": "scale"},
    }
    aliases = ("t", "student")

    def logp(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return log_rising_excess(df / 2, 0.5) - _HALF_LOG_2PI - np.log(scale) - (df + 1) / 2 * np.log1p(z * z / df)

    def cdf(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        return stdtr(df, (x - location) / scale)

    def sf(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        return stdtr(df, (location - x) / scale)

    def ppf(self, q: Any, df: Any, location: Any, scale: Any) -> Any:
        return location + scale * stdtrit(df, q)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # the likelihood can have several maxima: three tails, and a scale from the quartiles or from the centre
        iqr = np.where(upper > lower, (upper - lower) / 1.35, spread / 1.35)
        df = np.array([0.5, 1.0, 3.0, 10.0, 0.5, 1.0, 3.0])
        scale = np.array([0.5, 0.7, 0.9, 1.0, 0.1, 0.1, 0.2])
        ones = np.ones((len(df), len(median)))
        return df[:, None] * ones, median * ones, scale[:, None] * iqr * ones

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> Limit:
        never = np.zeros(len(median), dtype=bool)
        return Limit("normal", {"df": np.inf, "location": "mean", "scale": "sd"}, certain=never)

    def moments(self, df: Any, location: Any, scale: Any) -> Any:
        variance = np.where(df > 2, scale**2 * df / np.where(df > 2, df - 2, 1), np.where(df > 1, np.inf, np.nan))
        return np.where(df > 1, location, np.nan), variance

    def to_scipy(self, df: Any, location: Any, scale: Any) -> Any:
        return "t", {"df": df, "loc": location, "scale": scale}
