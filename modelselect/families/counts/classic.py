"""Families on 0, 1, 2, … (the logarithmic series and zeta start at 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, gammaln

import modelselect.statistics as observed
from modelselect.domain import COUNTS, NONNEGATIVE, POSITIVE, POSITIVE_INTEGERS, Interval
from modelselect.families.incomplete import log_betainc, log_gammainc, log_gammaincc
from modelselect.families.profiles import negative_binomial_size
from modelselect.families.special import (
    by_count,
    log1mexp,
    log_binomial,
    log_minus_digamma,
    log_poisson,
    log_rising_excess,
    log_series_tail,
    log_zeta,
    trigamma_excess,
)
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import nearest


@register
class Poisson(Family):
    """Poisson(mean) on 0, 1, 2, …: mass mean^x e^(−mean) / x!."""

    support = COUNTS
    mean = Parameter(NONNEGATIVE, typical=(0.1, 30))
    statistics = (observed.mean,)
    aliases = ("pois",)

    def logp(self, x: Any, mean: Any) -> Any:
        log = np.log(mean)
        return by_count(
            x,
            lambda x: np.where(x == 0, -mean, x * log - mean - gammaln(x + 1)),
            lambda x: log_poisson(x, mean),
            mean,
        )

    def cdf(self, x: Any, mean: Any) -> Any:
        return gammaincc(x + 1, mean)

    def sf(self, x: Any, mean: Any) -> Any:
        return gammainc(x + 1, mean)

    def log_cdf(self, x: Any, mean: Any) -> Any:
        return log_gammaincc(x + 1, mean)

    def log_sf(self, x: Any, mean: Any) -> Any:
        return log_gammainc(x + 1, mean)

    def mle(self, mean: Any) -> Any:
        return (mean,)

    def score(self, x: Any, mean: Any) -> Any:
        return (x / mean - 1.0,)

    def moments(self, mean: Any) -> Any:
        return mean, mean

    def to_scipy(self, mean: Any) -> Any:
        return "poisson", {"mu": mean}


@register
class Geometric(Family):
    """Geometric(p) on 0, 1, 2, …: failures before the first success, mass p (1 − p)^x."""

    support = COUNTS
    p = Parameter(Interval(0, 1, high_inclusive=True), typical=(0.02, 0.95))
    statistics = (observed.mean,)
    aliases = ("geom",)

    def logp(self, x: Any, p: Any) -> Any:
        return np.log(p) + np.where(x == 0, 0.0, x * np.log1p(-p))

    def cdf(self, x: Any, p: Any) -> Any:
        return -np.expm1((x + 1) * np.log1p(-p))

    def sf(self, x: Any, p: Any) -> Any:
        return np.exp((x + 1) * np.log1p(-p))

    def log_cdf(self, x: Any, p: Any) -> Any:
        return log1mexp(-(x + 1) * np.log1p(-p))

    def log_sf(self, x: Any, p: Any) -> Any:
        return (x + 1) * np.log1p(-p)

    def ppf(self, q: Any, p: Any) -> Any:
        return nearest(self, np.ceil(np.log1p(-q) / np.log1p(-p)) - 1, q, p)

    def mle(self, mean: Any) -> Any:
        return (1 / (1 + mean),)

    def score(self, x: Any, p: Any) -> Any:
        return (1 / p - x / (1 - p),)

    def moments(self, p: Any) -> Any:
        return (1 - p) / p, (1 - p) / p**2

    def to_scipy(self, p: Any) -> Any:
        return "geom", {"p": p, "loc": -1}


@register
class NegativeBinomial(Family):
    """Negative binomial(mean, size) on 0, 1, 2, …: a Poisson mixed by a gamma; variance mean + mean²/size."""

    support = COUNTS
    mean = Parameter(POSITIVE, typical=(0.2, 30))
    size = Parameter(POSITIVE, typical=(0.1, 50))
    statistics = (observed.mean, observed.variance, negative_binomial_size)
    nested = {"poisson": {"mean": "mean", "size": np.inf}, "geometric": {"size": 1}}
    aliases = ("nbinom", "polya")

    def logp(self, x: Any, mean: Any, size: Any) -> Any:
        p, q, log, rest = size / (size + mean), mean / (size + mean), np.log(mean), np.log1p(mean / size)
        return by_count(
            x,
            lambda x: log_rising_excess(size, x) + x * (log - rest) - (gammaln(x + 1) + size * rest),
            lambda x: -np.log1p(x / size) + log_binomial(size, size + x, p, q),
            mean,
            size,
        )

    def cdf(self, x: Any, mean: Any, size: Any) -> Any:
        return betainc(size, x + 1, size / (size + mean))

    def sf(self, x: Any, mean: Any, size: Any) -> Any:
        return betainc(x + 1, size, mean / (size + mean))

    def log_cdf(self, x: Any, mean: Any, size: Any) -> Any:
        return log_betainc(size, x + 1, size / (size + mean), mean / (size + mean))

    def log_sf(self, x: Any, mean: Any, size: Any) -> Any:
        return log_betainc(x + 1, size, mean / (size + mean), size / (size + mean))

    def mle(self, mean: Any, variance: Any, likeliest: Any, *, size: Any) -> Any:
        return mean, size

    def peak(self, mean: Any, variance: Any, likeliest: Any) -> Any:
        return mean, likeliest

    def start(self, mean: Any, variance: Any, likeliest: Any) -> Any:
        by_moments = mean**2 / np.maximum(variance - mean, 0.01 * mean)
        return mean, np.where(np.isfinite(likeliest), likeliest, by_moments)

    def score(self, x: Any, mean: Any, size: Any) -> Any:
        t = (x - mean) / (size + mean)
        return t * size / mean, log_minus_digamma(size) - log_minus_digamma(size + x) + np.log1p(t) - t

    def hessian(self, x: Any, mean: Any, size: Any) -> Any:
        total = size + mean
        t = (x - mean) / total
        by_size = trigamma_excess(size + x) - trigamma_excess(size) + t * t / (size + x)
        return -size / mean * (t / mean + (size + x) / (total * total)), t / total, by_size

    def limit(self, mean: Any, variance: Any, likeliest: Any) -> Limit:
        # a finite maximum exists exactly where the variance exceeds the mean (Levin & Reeds 1977)
        return Limit("poisson", {"mean": "mean", "size": np.inf}, certain=variance <= mean)

    def moments(self, mean: Any, size: Any) -> Any:
        return mean, mean + mean**2 / size

    def to_scipy(self, mean: Any, size: Any) -> Any:
        return "nbinom", {"n": size, "p": size / (size + mean)}


@register
class LogSeries(Family):
    """Logarithmic series(p) on 1, 2, 3, …: mass −p^x / (x log(1 − p)) (Fisher, Corbet & Williams 1943)."""

    support = POSITIVE_INTEGERS
    p = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.05, 0.98))
    statistics = (observed.mean,)
    aliases = ("logser", "logarithmic")

    def logp(self, x: Any, p: Any) -> Any:
        # p / −log(1 − p) is 1 at p = 0
        first = np.where(p == 0, 0.0, np.log(p / -np.log1p(-p)))
        return first + np.where(x == 1, 0.0, (x - 1) * np.log(p)) - np.log(x)

    def cdf(self, x: Any, p: Any) -> Any:
        return -np.expm1(self.log_sf(x, p))

    def log_sf(self, x: Any, p: Any) -> Any:
        return np.where(p == 0, -np.inf, log_series_tail(x, p) - np.log(-np.log1p(-p)))

    def mle(self, mean: Any) -> Any:
        # mean = (e^t − 1)/t with t = −log(1 − p): Newton from above on the logarithm, which is convex
        t = 2 * np.log(mean)
        for _ in range(8):
            t = t - (np.log(np.expm1(t) / t) - np.log(mean)) / (-1 / np.expm1(-t) - 1 / t)
        return (np.where(mean == 1, 0.0, -np.expm1(-t)),)

    def score(self, x: Any, p: Any) -> Any:
        return (x / p + 1 / ((1 - p) * np.log1p(-p)),)

    def moments(self, p: Any) -> Any:
        log = np.log1p(-p)
        return -p / ((1 - p) * log), -p * (p + log) / ((1 - p) * log) ** 2

    def to_scipy(self, p: Any) -> Any:
        return "logser", {"p": p}


@register
class Zeta(Family):
    """Zeta(exponent) on 1, 2, 3, … (from `minimum` on, if given): mass x^(−exponent) / ζ(exponent, minimum)."""

    support = POSITIVE_INTEGERS
    exponent = Parameter(Interval(1, np.inf, high_inclusive=True), typical=(1.2, 6))
    minimum = Parameter(POSITIVE_INTEGERS, typical=(1, 10), regular=False, default=1)
    statistics = (observed.mean_log,)
    aliases = ("discrete_pareto",)

    def logp(self, x: Any, exponent: Any, minimum: Any) -> Any:
        return -np.where(x == minimum, 0.0, exponent * np.log(x / minimum)) - log_zeta(exponent, minimum)[0]

    def cdf(self, x: Any, exponent: Any, minimum: Any) -> Any:
        return -np.expm1(self.log_sf(x, exponent, minimum))

    def log_sf(self, x: Any, exponent: Any, minimum: Any) -> Any:
        rest = log_zeta(exponent, x + 1)[0] - log_zeta(exponent, minimum)[0]
        return rest - exponent * np.log((x + 1) / minimum)

    def log_cdf(self, x: Any, exponent: Any, minimum: Any) -> Any:
        return log1mexp(-self.log_sf(x, exponent, minimum))

    def bounds(self, exponent: Any, minimum: Any) -> Any:
        return minimum, np.inf

    def mle(self, mean_log: Any, *, minimum: Any = 1.0) -> Any:
        # mean log(x/minimum) = −d log ζ / d exponent, falling: Newton on its logarithm
        target = mean_log - np.log(minimum)
        a = 1 + 1 / (mean_log - np.log(minimum - 0.5))  # Clauset, Shalizi & Newman (2009)
        for _ in range(12):
            h = 1e-5 * (a - 1)
            here, there = (np.log(log_zeta(at, minimum)[1]) for at in (a, a + h))
            a = np.maximum(a + (np.log(target) - here) * h / (there - here), 1 + 0.1 * (a - 1))
        return np.where(target > 0, a, np.inf), minimum

    def score(self, x: Any, exponent: Any, minimum: Any) -> Any:
        return log_zeta(exponent, minimum)[1] - np.log(x / minimum), np.zeros_like(x)

    def moments(self, exponent: Any, minimum: Any) -> Any:
        first, second = (self._power_mean(k, exponent, minimum) for k in (1, 2))
        return first, np.where(np.isinf(second), np.inf, second - first**2)

    def to_scipy(self, exponent: Any, minimum: Any) -> Any:
        if minimum != 1:
            return super().to_scipy(exponent, minimum)
        return "zipf", {"a": exponent}

    @staticmethod
    def _power_mean(k: int, exponent: Any, minimum: Any) -> Any:
        with np.errstate(all="ignore"):
            exists = exponent > k + 1
            top = log_zeta(np.where(exists, exponent - k, 2.0), minimum)[0]
            return np.where(exists, minimum**k * np.exp(top - log_zeta(exponent, minimum)[0]), np.inf)
