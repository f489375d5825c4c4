"""Ratios of two gamma variables and their powers: F, beta prime, generalised beta prime.

With ℓ = log(x/q), L = p ℓ and σ the logistic function, log of the density of the widest of them is
log(p/(q B(a, b))) + (a p − 1) ℓ − (a + b) log(1 + e^L), and P(X ≤ x) = I_σ(L)(a, b).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaincinv, betaln, expit, log_expit

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, REAL, Array, Interval
from modelselect.families.incomplete import log_betainc
from modelselect.families.positive.classic import Gamma
from modelselect.families.positive.lifetimes import GeneralizedGamma
from modelselect.families.positive.tied import Tied
from modelselect.families.special import (
    HALF_LOG_2PI,
    LARGE,
    deviance,
    log_minus_digamma,
    log_rising_excess,
    stirling_error,
    times,
)
from modelselect.family import Family, Limit, Parameter, register

_GAMMA, _GENERALIZED_GAMMA = Gamma(), GeneralizedGamma()


def _log_density(x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
    log = np.log(x / q)
    below, above = np.minimum(log, 0.0), np.maximum(log, 0.0)
    rest = (a + b) * np.log1p(np.exp(p * (below - above)))
    value = times(a * p - 1, below) - (b * p + 1) * above - rest + (np.log(p / q) - betaln(a, b))
    if not (np.any(a >= LARGE) or np.any(b >= LARGE)):
        return value
    # Stirling's errors and deviances, as for a binomial (Loader 2000)
    n = a + b
    errors = stirling_error(n) - stirling_error(a) - stirling_error(b)
    constant = errors + 0.5 * (np.log(a) + np.log(b) - np.log(n)) - HALF_LOG_2PI + np.log(p)
    large = constant - np.log(x) - deviance(a, n * expit(p * log)) - deviance(b, n * expit(-p * log))
    return np.where((a < LARGE) & (b < LARGE), value, np.where(x > 0, large, -np.inf))


def _log_cdf(x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
    L = p * np.log(x / q)
    return log_betainc(a, b, expit(L), expit(-L))


def _log_sf(x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
    L = p * np.log(x / q)
    return log_betainc(b, a, expit(-L), expit(L))


def _quantile(u: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
    below, above = betaincinv(a, b, u), betaincinv(b, a, 1 - u)
    log = np.where(below < 0.5, np.log(below) - np.log1p(-below), np.log1p(-above) - np.log(above))
    return q * np.exp(log / p)


def _scores(x: Any, a: Any, b: Any, p: Any, q: Any) -> tuple[Any, Any, Any]:
    """Derivatives of logp in a and b, and in L at a fixed x."""
    L = p * np.log(x / q)
    both = log_minus_digamma(a + b)
    by_a = log_expit(L) + np.log1p(b / a) + log_minus_digamma(a) - both
    by_b = log_expit(-L) + np.log1p(a / b) + log_minus_digamma(b) - both
    return by_a, by_b, a * expit(-L) - b * expit(L)


def _shape(ratio: Any) -> Any:
    """Where a/√(1 + a) is a given ratio."""
    return 0.5 * ratio * (ratio + np.hypot(ratio, 2.0))


def _mean_and_variance(a: Any, b: Any, p: Any, q: Any) -> Any:
    def log_moment(k: int) -> Any:
        t = k / p
        up = log_rising_excess(a, t) + t * np.log(a)
        return np.where(t < b, up - log_rising_excess(b - t, t) - t * np.log(b - t), np.inf)

    first, second = log_moment(1), log_moment(2)
    mean = q * np.exp(first)
    return mean, np.where(2 / p < b, mean**2 * np.expm1(second - 2 * first), np.inf)


def _by_moments(mean_log: Any, variance_log: Any, power: Any = 1.0) -> tuple[Any, Any, Any]:
    """Starts (a, b, scale) of a given power: symmetric, and with a light upper or lower tail, from moments of log x."""
    size = np.maximum(variance_log * power**2, 1e-12)
    # a shape whose trigamma is half the variance, and a tenth and nine tenths of it
    shapes = [np.maximum(0.5 + 1 / (share * size), 1 / np.sqrt(share * size)) for share in (0.5, 0.1, 0.9)]
    a, b = np.stack([shapes[0], shapes[1], shapes[2]]), np.stack([shapes[0], shapes[2], shapes[1]])
    mean = np.log(a) - log_minus_digamma(a) - np.log(b) + log_minus_digamma(b)
    return a, b, np.exp(mean_log - mean / power)


@register
class F(Family):
    """F(df1, df2), x ≥ 0: the ratio of two chi-squares, each over its degrees of freedom; mean df2/(df2 − 2)."""

    support = NONNEGATIVE
    integrated = True
    df1 = Parameter(POSITIVE, typical=(0.5, 40))
    df2 = Parameter(POSITIVE, typical=(0.5, 60))
    statistics = (observed.mean_log, observed.variance_log)
    name = "f"
    aliases = ("fisher_f", "fdist", "snedecor")

    def logp(self, x: Any, df1: Any, df2: Any) -> Any:
        return _log_density(x, df1 / 2, df2 / 2, 1.0, df2 / df1)

    def log_cdf(self, x: Any, df1: Any, df2: Any) -> Any:
        return _log_cdf(x, df1 / 2, df2 / 2, 1.0, df2 / df1)

    def log_sf(self, x: Any, df1: Any, df2: Any) -> Any:
        return _log_sf(x, df1 / 2, df2 / 2, 1.0, df2 / df1)

    def ppf(self, q: Any, df1: Any, df2: Any) -> Any:
        return _quantile(q, df1 / 2, df2 / 2, 1.0, df2 / df1)

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        a, b, _ = _by_moments(mean_log, variance_log)
        return 2 * a, 2 * b

    def score(self, x: Any, df1: Any, df2: Any) -> Any:
        by_a, by_b, slope = _scores(x, df1 / 2, df2 / 2, 1.0, df2 / df1)
        return 0.5 * by_a + slope / df1, 0.5 * by_b - slope / df2

    def limit(self, mean_log: Any, variance_log: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit(_ChiSquareOverDf(), {"df1": "df1", "df2": np.inf}, never),
            Limit(_DfOverChiSquare(), {"df1": np.inf, "df2": "df2"}, never),
        )

    def moments(self, df1: Any, df2: Any) -> Any:
        return _mean_and_variance(df1 / 2, df2 / 2, 1.0, df2 / df1)

    def to_scipy(self, df1: Any, df2: Any) -> Any:
        return "f", {"dfn": df1, "dfd": df2}


@register
class BetaPrime(Family):
    """Beta prime(a, b, scale), x ≥ 0: density z^(a−1) (1 + z)^(−a−b) / (scale B(a, b)), z = x/scale.

    The ratio of a gamma(a) and a gamma(b); Lomax at a = 1, gamma as b → ∞, inverse gamma as a → ∞.
    """

    support = NONNEGATIVE
    integrated = True
    a = Parameter(POSITIVE, typical=(0.3, 20))
    b = Parameter(POSITIVE, typical=(0.3, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    nested = {
        "lomax": {"a": 1, "b": "shape", "scale": "scale"},
        "gamma": {"a": "shape", "b": np.inf, "scale": np.inf},
        "inverse_gamma": {"a": np.inf, "b": "shape", "scale": 0.0},
    }
    aliases = ("betaprime", "pearson_6")

    def logp(self, x: Any, a: Any, b: Any, scale: Any) -> Any:
        return _log_density(x, a, b, 1.0, scale)

    def log_cdf(self, x: Any, a: Any, b: Any, scale: Any) -> Any:
        return _log_cdf(x, a, b, 1.0, scale)

    def log_sf(self, x: Any, a: Any, b: Any, scale: Any) -> Any:
        return _log_sf(x, a, b, 1.0, scale)

    def ppf(self, q: Any, a: Any, b: Any, scale: Any) -> Any:
        return _quantile(q, a, b, 1.0, scale)

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        return _by_moments(mean_log, variance_log)

    def bend(self, a: Any, b: Any, middle: Any) -> Any:
        return a, b, middle * (b / a)

    def straighten(self, a: Any, b: Any, scale: Any) -> Any:
        return a, b, scale * (a / b)

    def score(self, x: Any, a: Any, b: Any, scale: Any) -> Any:
        by_a, by_b, slope = _scores(x, a, b, 1.0, scale)
        return by_a, by_b, -slope / scale

    def limit(self, mean_log: Any, variance_log: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean_log), dtype=bool)
        return tuple(Limit(name, self.nested[name], never) for name in ("gamma", "inverse_gamma"))

    def moments(self, a: Any, b: Any, scale: Any) -> Any:
        return _mean_and_variance(a, b, 1.0, scale)

    def to_scipy(self, a: Any, b: Any, scale: Any) -> Any:
        return "betaprime", {"a": a, "b": b, "scale": scale}


@register
class GeneralizedBetaPrime(Family):
    """Generalised beta prime(a, b, p, q), x ≥ 0: density p z^(ap−1) (1 + z^p)^(−a−b) / (q B(a, b)), z = x/q.

    (X/q)^p is beta prime(a, b); q is a scale. The GB2 of McDonald (1984), GB2(p, q, a, b) there, and the transformed
    beta of *Loss Models*. Burr at a = 1, Dagum at b = 1, generalised gamma as b → ∞, lognormal as both → ∞.
    """

    support = NONNEGATIVE
    a = Parameter(POSITIVE, typical=(0.6, 3))
    b = Parameter(POSITIVE, typical=(0.6, 3))
    p = Parameter(POSITIVE, typical=(0.8, 6))
    q = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    nested = {
        "beta_prime": {"p": 1, "q": "scale"},
        "burr": {"a": 1, "p": "c", "b": "d", "q": "scale"},
        "dagum": {"b": 1, "p": "c", "a": "d", "q": "scale"},
        "generalized_gamma": {"a": "a", "b": np.inf, "p": "c", "q": np.inf},
    }
    aliases = ("gb2", "transformed_beta")

    def logp(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        return _log_density(x, a, b, p, q)

    def cdf(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        return np.exp(_log_cdf(x, a, b, p, q))

    def sf(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        return np.exp(_log_sf(x, a, b, p, q))

    def log_cdf(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        return _log_cdf(x, a, b, p, q)

    def log_sf(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        return _log_sf(x, a, b, p, q)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        return _quantile(q, *parameters)

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        # alike and unlike tails at a middling power
        power = 1.5 / np.sqrt(np.maximum(variance_log, 1e-24))
        a, b, q = _by_moments(mean_log, variance_log, power)
        return a, b, np.broadcast_to(power, a.shape), q

    def bend(self, lower: Any, upper: Any, p: Any, middle: Any) -> Any:
        # the mode of log x, and widths to its left and right: as p → ∞ they are 1/(a p) and 1/(b p), as a, b → ∞ √a p …
        a, b = _shape(lower / p), _shape(upper / p)
        return a, b, p, middle * np.exp((np.log(b) - np.log(a)) / p)

    def straighten(self, a: Any, b: Any, p: Any, q: Any) -> Any:
        return p * a / np.sqrt(1 + a), p * b / np.sqrt(1 + b), p, q * np.exp((np.log(a) - np.log(b)) / p)

    def score(self, x: Any, a: Any, b: Any, p: Any, q: Any) -> Any:
        by_a, by_b, slope = _scores(x, a, b, p, q)
        return by_a, by_b, 1 / p + np.log(x / q) * slope, -p / q * slope

    def limit(self, mean_log: Any, variance_log: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("generalized_gamma", self.nested["generalized_gamma"], never),
            Limit(_InverseGeneralizedGamma(), {"a": np.inf, "b": "b", "p": "p", "q": 0.0}, never),
            Limit(_LognormalAside(), {"a": np.inf, "b": np.inf, "p": 0.0, "q": "q"}, never),
            Limit(_TwoPowers(), {"a": 0.0, "b": 0.0, "p": np.inf, "q": "q"}, never),
        )

    def moments(self, a: Any, b: Any, p: Any, q: Any) -> Any:
        return _mean_and_variance(a, b, p, q)


# -- limits that are no families of their own --------------------------------------------------------------------------


class _ChiSquareOverDf(Tied):
    """What F becomes as df2 → ∞: a gamma law with shape df1/2 and mean 1."""

    name = "chi-square over its df"
    support = NONNEGATIVE
    law, tie = "gamma", staticmethod(lambda df: (df / 2, 2 / df))
    df1 = Parameter(POSITIVE, typical=(0.5, 40))
    statistics = (observed.mean, observed.mean_log)

    def mle(self, mean: Any, mean_log: Any) -> Any:
        # log(df/2) − ψ(df/2) = mean − 1 − mean log, as for a gamma law
        return (2 * _GAMMA.mle(1.0, mean - 1 - mean_log)[0],)


class _DfOverChiSquare(Tied):
    """What F becomes as df1 → ∞: 1/x has the law before."""

    name = "df over its chi-square"
    support = POSITIVE
    law, tie, reciprocal = "gamma", staticmethod(lambda df: (df / 2, 2 / df)), True
    df2 = Parameter(POSITIVE, typical=(0.5, 60))
    statistics = (observed.mean_reciprocal, observed.mean_log)

    def mle(self, mean_reciprocal: Any, mean_log: Any) -> Any:
        return (2 * _GAMMA.mle(1.0, mean_reciprocal - 1 + mean_log)[0],)


class _InverseGeneralizedGamma(Tied):
    """What the generalised beta prime becomes as a → ∞: 1/x is generalised gamma(b, p, 1/q)."""

    name = "inverse generalized_gamma"
    support = POSITIVE
    law, tie, reciprocal = "generalized_gamma", staticmethod(lambda b, p, q: (b, p, 1 / q)), True
    b = Parameter(POSITIVE, typical=(0.3, 8))
    p = Parameter(POSITIVE, typical=(0.4, 6))
    q = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.minimum)

    def start(self, mean_log: Any, variance_log: Any, minimum: Any) -> Any:
        b, p, q = _GENERALIZED_GAMMA.start(-mean_log, variance_log, 1 / minimum)
        return b, p, 1 / q

    def bend(self, b: Any, width: Any, middle: Any) -> Any:
        b, p, scale = _GENERALIZED_GAMMA.bend(b, width, 1 / middle)
        return b, p, 1 / scale

    def straighten(self, b: Any, p: Any, q: Any) -> Any:
        b, width, middle = _GENERALIZED_GAMMA.straighten(b, p, 1 / q)
        return b, width, 1 / middle

    def score(self, x: Any, b: Any, p: Any, q: Any) -> Any:
        by_b, by_p, by_scale = _GENERALIZED_GAMMA.score(1 / x, b, p, 1 / q)
        return by_b, by_p, -by_scale / q**2

    def limit(self, mean_log: Any, variance_log: Any, minimum: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("lognormal", {"b": np.inf, "p": 0.0, "q": np.inf}, never),
            Limit("pareto", {"b": 0.0, "p": np.inf, "q": "minimum"}, never),
        )


class _LognormalAside(Tied):
    """The lognormal law beside a q of any size, which the generalised beta prime becomes as a, b → ∞ and p → 0."""

    name = "lognormal"
    support = POSITIVE
    law, tie = "lognormal", staticmethod(lambda _, mu, sigma: (mu, sigma))
    q = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    mu = Parameter(REAL, typical=(-3, 3), role="log_scale")
    sigma = Parameter(POSITIVE, typical=(0.1, 3))
    statistics = (observed.mean_log, observed.variance_log)

    def mle(self, mean_log: Any, variance_log: Any, *, q: Any = None) -> Any:
        return np.exp(mean_log) if q is None else q, mean_log, np.sqrt(variance_log)


def _knot(x: Array, weights: Array) -> Array:
    """Where two powers meet, below and above it, with the largest likelihood: at an observation."""
    order = np.argsort(np.where(weights > 0, x, np.inf), axis=-1, kind="stable")
    x, weights = np.broadcast_arrays(x, weights)
    w = np.take_along_axis(weights, order, axis=-1) / weights.sum(axis=-1, keepdims=True)
    log = np.where(w > 0, np.log(np.take_along_axis(x, order, axis=-1)), 0.0)
    at, before = np.cumsum(w, axis=-1), np.cumsum(w * log, axis=-1)
    below = np.maximum(at * log - before, 0.0)
    above = np.maximum(before[:, -1:] - before - (1 - at) * log, 0.0)
    best = np.argmin(np.where(w > 0, np.sqrt(below) + np.sqrt(above), np.inf), axis=-1)
    return np.asarray(np.exp(np.take_along_axis(log, best[:, None], axis=-1)[:, 0]))


def _below_knot(x: Array, weights: Array) -> Array:
    return observed.mean(np.maximum(np.log(_knot(x, weights)[:, None] / x), 0.0), weights)


def _above_knot(x: Array, weights: Array) -> Array:
    return observed.mean(np.maximum(np.log(x / _knot(x, weights)[:, None]), 0.0), weights)


class _TwoPowers(Family):
    """What the generalised beta prime becomes as p → ∞ with a p, b p fixed: z^(lower−1) below q, z^(−upper−1) above.

    Its logarithm is asymmetric Laplace; an end is sharp where a power is infinite.
    """

    name = "two powers that meet at q"
    support = NONNEGATIVE
    lower = Parameter(Interval(0, np.inf, high_inclusive=True), typical=(0.3, 10))
    upper = Parameter(Interval(0, np.inf, high_inclusive=True), typical=(0.3, 10))
    q = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (_below_knot, _above_knot, _knot)

    def logp(self, x: Any, lower: Any, upper: Any, q: Any) -> Any:
        log = np.log(x / q)
        value = np.where(log < 0, times(lower - 1, log), np.where(log > 0, -(upper + 1) * log, 0.0))
        return value - np.log(q) - np.log(1 / lower + 1 / upper)

    def cdf(self, x: Any, lower: Any, upper: Any, q: Any) -> Any:
        log, share = np.log(x / q), 1 / (1 + lower / upper)
        return np.where(log < 0, share * np.exp(lower * log), 1 - (1 - share) * np.exp(-upper * log))

    def mle(self, below: Any, above: Any, knot: Any) -> Any:
        both = np.sqrt(below * above)
        return 1 / (below + both), 1 / (above + both), knot
