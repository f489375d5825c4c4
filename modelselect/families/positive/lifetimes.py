"""Powers of a gamma: generalised gamma, Nakagami; and the exponentiated Weibull."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import (
    digamma,
    expit,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    polygamma,
)

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, Array
from modelselect.families.incomplete import log_gammainc, log_gammaincc
from modelselect.families.positive.classic import Gamma
from modelselect.families.special import (
    HALF_LOG_2PI,
    LARGE,
    deviance,
    log1mexp,
    log1mexpexp,
    log_minus_digamma,
    log_rising_excess,
    stirling_error,
    times,
)
from modelselect.family import Family, Limit, Parameter, register

#: The largest exponent that a start may give an observation.
_FARTHEST = 500.0
#: Left of this a log of an exponential is a straight line, to the last bit.
_STRAIGHT = -37.0
#: Logarithms of what is a float for certain.
_SMALLEST, _LARGEST = -600.0, 690.0


@register
class GeneralizedGamma(Family):
    """Generalized gamma(a, c, scale), x ≥ 0: (x/scale)^c is gamma with shape a (Stacy 1962), a, c > 0.

    Limits: lognormal as a → ∞, a power of x up to the largest observation as a → 0 with a·c fixed.
    At 0 the density is ∞ for a·c < 1 and 0 for a·c > 1.
    """

    support = NONNEGATIVE
    a = Parameter(POSITIVE, typical=(0.3, 8))
    c = Parameter(POSITIVE, typical=(0.4, 6))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.maximum)
    nested = {
        "gamma": {"a": "shape", "c": 1},
        "weibull": {"a": 1, "c": "shape"},
        "exponential": {"a": 1, "c": 1},
        "nakagami": {"a": "shape", "c": 2},
        "half_normal": {"a": 0.5, "c": 2},
        "rayleigh": {"a": 1, "c": 2},
        "maxwell": {"a": 1.5, "c": 2},
        "lognormal": {"a": np.inf, "c": 0, "scale": 0},
        "scaled_power_function": {"a": 0, "c": np.inf, "scale": "maximum"},
    }
    aliases = ("gengamma", "stacy")

    def logp(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        log = _log_ratio(x, scale)
        value = _log_gamma_share(a, c * log, np.exp(c * log)) - log + (np.log(c) - np.log(scale))
        return _at_zero(x, value, a * c - 1, np.log(c) - np.log(scale) - gammaln(a))

    def cdf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return _below(a, c * _log_ratio(x, scale))

    def sf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return _above(a, c * _log_ratio(x, scale))

    def log_cdf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return _log_below(a, c * _log_ratio(x, scale))

    def log_sf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return _log_above(a, c * _log_ratio(x, scale))

    def ppf(self, q: Any, a: Any, c: Any, scale: Any) -> Any:
        return scale * np.exp(_log_gamma_quantile(q, a) / c)

    def bend(self, a: Any, width: Any, middle: Any) -> Any:
        # the law of log x keeps its place and width along c ~ a^(−½), scale ~ a^(−1/c) as a → ∞, c ~ 1/a as a → 0
        c = width * np.sqrt(1 + a) / a
        return a, c, middle * np.exp(-np.log(a) / c)

    def straighten(self, a: Any, c: Any, scale: Any) -> Any:
        return a, c * a / np.sqrt(1 + a), scale * np.exp(np.log(a) / c)

    def start(self, mean_log: Any, variance_log: Any, maximum: Any) -> Any:
        # log x = log scale + log G / c, G gamma: its moments match those of log x for several a
        a = np.array([0.3, 2.0, 10.0])[:, None] * np.ones(len(mean_log))
        c = np.minimum(np.sqrt(polygamma(1, a) / variance_log), _FARTHEST / (np.log(maximum) - mean_log))
        return a, c, np.exp(mean_log - digamma(a) / c)

    def score(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        log = _log_ratio(x, scale)
        over = c * log - np.log(a)
        lack = -a * np.expm1(over)
        return over + log_minus_digamma(a), 1 / c + lack * log, -c / scale * lack

    def limit(self, mean_log: Any, variance_log: Any, maximum: Any) -> tuple[Limit, Limit]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("lognormal", {"a": np.inf, "c": 0.0, "scale": 0.0}, certain=never),
            Limit("scaled_power_function", {"a": 0.0, "c": np.inf, "scale": "maximum"}, certain=never),
        )

    def moments(self, a: Any, c: Any, scale: Any) -> Any:
        first, second = (log_rising_excess(a, k / c) + k / c * np.log(a) for k in (1, 2))
        return scale * np.exp(first), scale**2 * np.exp(2 * first) * np.expm1(second - 2 * first)

    def entropy(self, a: Any, c: Any, scale: Any) -> Any:
        return np.log(scale / c) + gammaln(a) + a + (1 / c - a) * digamma(a)

    def to_scipy(self, a: Any, c: Any, scale: Any) -> Any:
        return "gengamma", {"a": a, "c": c, "scale": scale}


@register
class ExponentiatedWeibull(Family):
    """Exponentiated Weibull(a, c, scale), x ≥ 0: cdf (1 − exp(−(x/scale)^c))^a (Mudholkar & Srivastava 1993).

    Limits: Fréchet as a → ∞ with c·log a fixed, a power of x up to the largest observation as a → 0 with a·c fixed.
    At 0 the density is ∞ for a·c < 1 and 0 for a·c > 1.
    """

    support = NONNEGATIVE
    a = Parameter(POSITIVE, typical=(0.3, 8))
    c = Parameter(POSITIVE, typical=(0.4, 6))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.maximum)
    # the Fréchet limit is approached like 1/log a: a million is no limit yet, so it is not named here
    nested = {
        "weibull": {"a": 1, "c": "shape"},
        "exponential": {"a": 1, "c": 1},
        "rayleigh": {"a": 1, "c": 2},
        "scaled_power_function": {"a": 0, "c": np.inf, "scale": "maximum"},
    }
    aliases = ("exponweib",)

    def logp(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = c * log
        # t + (a − 1) log(1 − e^(−w)), w = e^t, is about a·t below the scale, t above: no difference of large terms
        share = log1mexpexp(t)
        power = np.where(t < 0, a * t + (a - 1) * (share - t), t + (a - 1) * share)
        value = power - log - np.exp(t) + (np.log(a * c) - np.log(scale))
        return _at_zero(x, value, a * c - 1, np.log(a * c) - np.log(scale))

    def cdf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return np.exp(a * log1mexpexp(c * np.log(x / scale)))

    def sf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return -np.expm1(a * log1mexpexp(c * np.log(x / scale)))

    def log_cdf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        return a * log1mexpexp(c * np.log(x / scale))

    def log_sf(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        t = c * np.log(x / scale)
        w = np.exp(t)
        return log1mexpexp(np.log(a) + np.where(w > -_STRAIGHT, -w, np.log(-log1mexpexp(t))))

    def ppf(self, q: Any, a: Any, c: Any, scale: Any) -> Any:
        return scale * np.exp(_log_weibull_quantile(np.log(q) / a) / c)

    def bend(self, a: Any, width: Any, middle: Any) -> Any:
        # the law of log x keeps its width along c ~ 1/log a as a → ∞, c ~ 1/a as a → 0; its median is held
        c = width / self._steepness(a)
        return a, c, middle * np.exp(-_log_weibull_quantile(-np.log(2) / a) / c)

    def straighten(self, a: Any, c: Any, scale: Any) -> Any:
        return a, c * self._steepness(a), scale * np.exp(_log_weibull_quantile(-np.log(2) / a) / c)

    def start(self, mean_log: Any, variance_log: Any, maximum: Any) -> Any:
        # log x = log scale + L/c: the moments of L match those of log x for several a
        ones = np.ones(len(mean_log))
        a, mean, variance = (column[:, None] * ones for column in _weibull_moments())
        c = np.minimum(np.sqrt(variance / variance_log), _FARTHEST / (np.log(maximum) - mean_log))
        return a, c, np.exp(mean_log - mean / c)

    def score(self, x: Any, a: Any, c: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        w = np.exp(c * log)
        ratio = np.where(w < 1e-17, 1.0, np.where(w > 700, 0.0, w / np.expm1(w)))
        slope = 1 - w + (a - 1) * ratio
        return 1 / a + log1mexpexp(c * log), 1 / c + slope * log, -c / scale * slope

    def limit(self, mean_log: Any, variance_log: Any, maximum: Any) -> tuple[Limit, Limit]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("frechet", {"a": np.inf, "c": 0.0, "scale": 0.0}, certain=never),
            Limit("scaled_power_function", {"a": 0.0, "c": np.inf, "scale": "maximum"}, certain=never),
        )

    def to_scipy(self, a: Any, c: Any, scale: Any) -> Any:
        return "exponweib", {"a": a, "c": c, "scale": scale}

    @staticmethod
    def _steepness(a: Any) -> Any:
        return a / (1 + a) * (1 + np.log1p(a))


@register
class Nakagami(Family):
    """Nakagami(shape, scale), x ≥ 0: x² is gamma with this shape and mean scale².

    At 0 the density is ∞ for shape < 1/2 and 0 for shape > 1/2: a sample of exact reals with a 0 has no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.2, 30))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.log_excess)
    nested = {"half_normal": {"shape": 0.5}, "rayleigh": {"shape": 1}, "maxwell": {"shape": 1.5}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        value = _log_gamma_share(shape, 2 * log + np.log(shape), shape * (x / scale) ** 2) - log + np.log(2 / scale)
        return _at_zero(x, value, 2 * shape - 1, np.log(2 / scale) + shape * np.log(shape) - gammaln(shape))

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammainc(shape, shape * (x / scale) ** 2)

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammaincc(shape, shape * (x / scale) ** 2)

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return _log_below(shape, 2 * np.log(x / scale) + np.log(shape))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_gammaincc(shape, np.minimum(shape * (x / scale) ** 2, 1e300))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.exp(0.5 * (_log_gamma_quantile(q, shape) - np.log(shape)))

    def mle(self, mean: Any, variance: Any, log_excess: Any, *, shape: Any = None, scale: Any = None) -> Any:
        # the shape is that of a gamma law of the squares, whose log excess is made from sums that do not cancel
        ratio = variance / mean**2
        root = mean * np.sqrt(1 + ratio)
        excess = np.log1p(ratio) + 2 * log_excess + (0.0 if scale is None else deviance(1.0, (root / scale) ** 2))
        return Gamma().mle(1.0, excess)[0] if shape is None else shape, root if scale is None else scale

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = 2 * np.log(x / scale)
        excess = np.expm1(log)
        return log - excess + log_minus_digamma(shape), 2 * shape / scale * excess

    def moments(self, shape: Any, scale: Any) -> Any:
        log = log_rising_excess(shape, 0.5)
        return scale * np.exp(log), -(scale**2) * np.expm1(2 * log)

    def entropy(self, shape: Any, scale: Any) -> Any:
        return np.log(scale / 2) - 0.5 * np.log(shape) + gammaln(shape) + shape + (0.5 - shape) * digamma(shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "nakagami", {"nu": shape, "scale": scale}


def _log_gamma_share(a: Any, t: Any, w: Any) -> Any:
    """Log of w^a e^(−w) / Γ(a), the density of t = log w."""
    value = a * t - w - gammaln(a)
    if not np.any(a >= LARGE):
        return value
    constant = 0.5 * np.log(a) - HALF_LOG_2PI - stirling_error(a)
    return np.where(a < LARGE, value, constant - deviance(a, w))


def _below(a: Any, t: Any) -> Any:
    """P(W ≤ e^t), also where e^t is no float."""
    return np.where(t < _SMALLEST, np.exp(a * t - gammaln(a + 1)), gammainc(a, np.exp(t)))


def _above(a: Any, t: Any) -> Any:
    """P(W > e^t), also where e^t is no float."""
    return np.where(t < _SMALLEST, -np.expm1(a * t - gammaln(a + 1)), gammaincc(a, np.exp(t)))


def _log_below(a: Any, t: Any) -> Any:
    """Log P(W ≤ e^t), also where e^t is no float."""
    return np.where(t < _SMALLEST, a * t - gammaln(a + 1), log_gammainc(a, np.exp(np.maximum(t, _SMALLEST))))


def _log_above(a: Any, t: Any) -> Any:
    """Log P(W > e^t), also where e^t is no float."""
    return np.where(t < _SMALLEST, log1mexp(gammaln(a + 1) - a * t), log_gammaincc(a, np.exp(np.minimum(t, _LARGEST))))


def _log_gamma_quantile(q: Any, a: Any) -> Any:
    """Log of the quantile of a gamma law, also where the quantile is no float."""
    w = np.where(q < 0.5, gammaincinv(a, q), gammainccinv(a, 1 - q))
    return np.where(w < 1e-250, (np.log(q) + gammaln(a + 1)) / a, np.log(w))


# -- the exponentiated Weibull -----------------------------------------------------------------------------------------


def _log_weibull_quantile(log_q: Any) -> Any:
    """Log(−log(1 − q)), q = e^(log_q) and 1 − q with all their digits."""
    return np.where(log_q < _STRAIGHT, log_q, np.log(-log1mexp(-log_q)))


def _weibull_moments() -> tuple[Array, Array, Array]:
    """Values of a; mean and variance of log(−log(1 − U^(1/a))), U uniform, by the trapezoidal rule in logit U."""
    a = np.array([0.3, 2.0, 50.0])
    v = np.linspace(-40.0, 40.0, 321)
    weights = expit(v) * expit(-v) * (v[1] - v[0])
    values = _log_weibull_quantile(-np.logaddexp(0.0, -v) / a[:, None])
    mean = values @ weights
    return a, mean, (values - mean[:, None]) ** 2 @ weights


def _at_zero(x: Any, value: Any, power: Any, constant: Any) -> Any:
    """Complete a log density by its value at 0, where it is constant + power·log x."""
    zero = np.asarray(x) == 0
    return np.where(zero, constant + times(power, np.log(x)), value) if np.any(zero) else value


def _log_ratio(x: Any, scale: Any) -> Any:
    """Log(x/scale), also where the ratio is beyond the largest float."""
    ratio = x / scale
    log = np.log(ratio)
    return np.where(np.isposinf(ratio), np.log(x) - np.log(scale), log) if np.any(np.isposinf(ratio)) else log
