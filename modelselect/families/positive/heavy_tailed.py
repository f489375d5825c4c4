"""Laws with a power for a tail: log-logistic, Lomax, Burr, Fréchet and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, expit, gammaln, log_expit, logit, polygamma

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE
from modelselect.families.special import log1mexp, log1mexpexp, log_rising_excess, times
from modelselect.family import Family, Limit, Parameter, register

_EULER = np.euler_gamma
#: The largest exponent that a start may give an observation.
_FARTHEST = 500.0


@register
class Frechet(Family):
    """Fréchet(shape, scale) of maxima, x > 0: cdf exp(−(x/scale)^(−shape)); 1/x is Weibull."""

    support = POSITIVE
    # scipy's invweibull gives finite moments where there are none: the contract check compares them from 2 on
    shape = Parameter(POSITIVE, typical=(2.1, 12))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.minimum)
    aliases = ("invweibull", "inverse_weibull")

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        return np.log(shape / scale) - (shape + 1) * log - np.exp(-shape * log)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.exp(-np.exp(-shape * np.log(x / scale)))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-np.exp(-shape * np.log(x / scale)))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.exp(-shape * np.log(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log1mexpexp(-shape * np.log(x / scale))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * (-np.log(q)) ** (-1 / shape)

    def start(self, mean_log: Any, variance_log: Any, minimum: Any) -> Any:
        # moments of log x; a shape at which the smallest observation does not overflow
        shape = np.minimum(np.pi / np.sqrt(6 * variance_log), _FARTHEST / (mean_log - np.log(minimum)))
        return shape, np.exp(mean_log - _EULER / shape)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        excess = np.expm1(-shape * log)
        return 1 / shape + log * excess, -shape / scale * excess

    def moments(self, shape: Any, scale: Any) -> Any:
        first, second = (np.where(shape > k, np.exp(gammaln(1 - k / np.maximum(shape, k))), np.inf) for k in (1, 2))
        return scale * first, np.where(shape > 2, scale**2 * (second - first**2), np.inf)

    def entropy(self, shape: Any, scale: Any) -> Any:
        return 1 + _EULER * (1 + 1 / shape) + np.log(scale / shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "invweibull", {"c": shape, "scale": scale}


@register
class LogLogistic(Family):
    """Log-logistic(shape, scale), x ≥ 0: cdf 1 / (1 + (x/scale)^(−shape)); log x is logistic.

    At 0 the density is ∞ for shape < 1 and 0 for shape > 1: a sample of exact reals with a 0 has no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.3, 15))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    aliases = ("fisk", "loglogistic", "llogis")

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        return _log_burr(np.log(x / scale), shape, 1.0, scale)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return expit(shape * np.log(x / scale))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return expit(-shape * np.log(x / scale))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_expit(shape * np.log(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_expit(-shape * np.log(x / scale))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.exp(logit(q) / shape)

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        return np.pi / np.sqrt(3 * variance_log), np.exp(mean_log)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = np.tanh(0.5 * shape * log)
        return 1 / shape - log * t, shape / scale * t

    def moments(self, shape: Any, scale: Any) -> Any:
        first, second = (k * np.pi / shape / np.sin(k * np.pi / shape) for k in (1, 2))
        variance = np.where(shape > 2, scale**2 * (second - first**2), np.inf)
        return np.where(shape > 1, scale * first, np.inf), variance

    def entropy(self, shape: Any, scale: Any) -> Any:
        return 2 + np.log(scale / shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "fisk", {"c": shape, "scale": scale}


@register
class Lomax(Family):
    """Lomax(shape, scale), x ≥ 0: P(X > x) = (1 + x/scale)^(−shape); the exponential as shape → ∞."""

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.4, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.mean)
    nested = {"exponential": {"shape": np.inf, "scale": np.inf}}

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.log(shape / scale) - (shape + 1) * np.log1p(x / scale)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-shape * np.log1p(x / scale))

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.exp(-shape * np.log1p(x / scale))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log1mexp(shape * np.log1p(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -shape * np.log1p(x / scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.expm1(-np.log1p(-q) / shape)

    def start(self, median: Any, mean: Any) -> Any:
        shape = np.array([0.5, 1.5, 5.0, 50.0])[:, None] * np.ones(len(median))
        return shape, np.where(median > 0, median, mean) / np.expm1(np.log(2) / shape)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        z = x / scale
        return 1 / shape - np.log1p(z), (shape * z - 1) / (1 + z) / scale

    def limit(self, median: Any, mean: Any) -> Limit:
        never = np.zeros(len(median), dtype=bool)
        return Limit("exponential", {"shape": np.inf, "scale": np.inf}, certain=never)

    def moments(self, shape: Any, scale: Any) -> Any:
        mean = scale / (shape - 1)
        variance = np.where(shape > 2, mean**2 * shape / (shape - 2), np.inf)
        return np.where(shape > 1, mean, np.inf), variance

    def entropy(self, shape: Any, scale: Any) -> Any:
        return 1 + 1 / shape + np.log(scale / shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "lomax", {"c": shape, "scale": scale}


@register
class Burr(Family):
    """Burr XII or Singh–Maddala(c, d, scale), x ≥ 0: P(X > x) = (1 + (x/scale)^c)^(−d).

    Limits: Weibull as d → ∞, Pareto as c → ∞ with c·d fixed. At 0 the density is ∞ for c < 1 and 0 for c > 1.
    """

    support = NONNEGATIVE
    c = Parameter(POSITIVE, typical=(0.6, 10))
    d = Parameter(POSITIVE, typical=(0.3, 8))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    singular = ("pareto",)
    nested = {
        "log_logistic": {"c": "shape", "d": 1},
        "lomax": {"c": 1, "d": "shape"},
        "weibull": {"c": "shape", "d": np.inf, "scale": np.inf},
        "exponential": {"c": 1, "d": np.inf, "scale": np.inf},
        "rayleigh": {"c": 2, "d": np.inf, "scale": np.inf},
        "pareto": {"c": np.inf, "d": 0, "scale": "minimum"},
    }
    aliases = ("burr12", "burr_xii", "singh_maddala")

    def logp(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return _log_burr(np.log(x / scale), c, d, scale)

    def cdf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return -np.expm1(d * log_expit(-c * np.log(x / scale)))

    def sf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return np.exp(d * log_expit(-c * np.log(x / scale)))

    def log_cdf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return _log_other_tail(c * np.log(x / scale), d)

    def log_sf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return d * log_expit(-c * np.log(x / scale))

    def ppf(self, q: Any, c: Any, d: Any, scale: Any) -> Any:
        return scale * np.exp(_log_expm1(-np.log1p(-q) / d) / c)

    def bend(self, width: Any, d: Any, middle: Any) -> Any:
        # the law of log x keeps its width along c ~ 1/d as d → 0; its median is held
        c = width * (1 + d) / d
        return c, d, middle * np.exp(-_log_expm1(np.log(2) / d) / c)

    def straighten(self, c: Any, d: Any, scale: Any) -> Any:
        return c * d / (1 + d), d, scale * np.exp(_log_expm1(np.log(2) / d) / c)

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        return _moments_of_log(mean_log, variance_log, 1.0)

    def score(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = c * log
        slope = expit(-t) - d * expit(t)
        return 1 / c + log * slope, 1 / d + log_expit(-t), -c / scale * slope

    def limit(self, mean_log: Any, variance_log: Any) -> tuple[Limit, Limit]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("weibull", {"c": "shape", "d": np.inf, "scale": np.inf}, certain=never),
            Limit("pareto", {"c": np.inf, "d": 0.0, "scale": "minimum"}, certain=never),
        )

    def moments(self, c: Any, d: Any, scale: Any) -> Any:
        first, second = (_beta_prime_moment(1.0, d, k / c) for k in (1, 2))
        return scale * first, scale**2 * np.where(c * d > 2, second - first**2, np.inf)

    def entropy(self, c: Any, d: Any, scale: Any) -> Any:
        return np.log(scale / c / d) + (1 - 1 / c) * (_EULER + digamma(d)) + 1 + 1 / d

    def to_scipy(self, c: Any, d: Any, scale: Any) -> Any:
        return "burr12", {"c": c, "d": d, "scale": scale}


@register
class Dagum(Family):
    """Dagum or Burr III(c, d, scale), x ≥ 0: cdf (1 + (x/scale)^(−c))^(−d); 1/x is Burr XII.

    Limits: Fréchet as d → ∞, a power of x up to the largest observation as d → 0 with c·d fixed.
    At 0 the density is ∞ for c·d < 1 and 0 for c·d > 1.
    """

    support = NONNEGATIVE
    c = Parameter(POSITIVE, typical=(0.6, 10))
    d = Parameter(POSITIVE, typical=(0.3, 8))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    nested = {
        "log_logistic": {"c": "shape", "d": 1},
        "frechet": {"c": "shape", "d": np.inf, "scale": 0},
        "scaled_power_function": {"c": np.inf, "d": 0, "scale": "maximum"},
    }
    aliases = ("burr3", "burr_iii", "inverse_burr")

    def logp(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = c * log
        power = np.where(t > 0, -(c + 1) * log, times(c * d - 1, log))
        return (np.log(c * d) - np.log(scale)) + power - (1 + d) * np.log1p(np.exp(-np.abs(t)))

    def cdf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return np.exp(d * log_expit(c * np.log(x / scale)))

    def sf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return -np.expm1(d * log_expit(c * np.log(x / scale)))

    def log_cdf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return d * log_expit(c * np.log(x / scale))

    def log_sf(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        return _log_other_tail(-c * np.log(x / scale), d)

    def ppf(self, q: Any, c: Any, d: Any, scale: Any) -> Any:
        return scale * np.exp(-_log_expm1(-np.log(q) / d) / c)

    def bend(self, width: Any, d: Any, middle: Any) -> Any:
        c, d, reciprocal = Burr().bend(width, d, 1 / middle)
        return c, d, 1 / reciprocal

    def straighten(self, c: Any, d: Any, scale: Any) -> Any:
        width, d, reciprocal = Burr().straighten(c, d, 1 / scale)
        return width, d, 1 / reciprocal

    def start(self, mean_log: Any, variance_log: Any) -> Any:
        return _moments_of_log(mean_log, variance_log, -1.0)

    def score(self, x: Any, c: Any, d: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = c * log
        slope = d * expit(-t) - expit(t)
        return 1 / c + log * slope, 1 / d + log_expit(t), -c / scale * slope

    def limit(self, mean_log: Any, variance_log: Any) -> tuple[Limit, Limit]:
        never = np.zeros(len(mean_log), dtype=bool)
        return (
            Limit("frechet", {"c": "shape", "d": np.inf, "scale": 0.0}, certain=never),
            Limit("scaled_power_function", {"c": np.inf, "d": 0.0, "scale": "maximum"}, certain=never),
        )

    def moments(self, c: Any, d: Any, scale: Any) -> Any:
        first, second = (_beta_prime_moment(d, 1.0, k / c) for k in (1, 2))
        return scale * first, scale**2 * np.where(c > 2, second - first**2, np.inf)

    def entropy(self, c: Any, d: Any, scale: Any) -> Any:
        return np.log(scale / c / d) + (1 + 1 / c) * (_EULER + digamma(d)) + 1 + 1 / d

    def to_scipy(self, c: Any, d: Any, scale: Any) -> Any:
        return "burr", {"c": c, "d": d, "scale": scale}


def _log_burr(log: Any, c: Any, d: Any, scale: Any) -> Any:
    """Log density of Burr XII at log = log(x/scale), each side of the scale with its own power taken out."""
    t = c * log
    power = np.where(t > 0, -log - d * t, times(c - 1, log))
    return (np.log(c * d) - np.log(scale)) + power - (1 + d) * np.log1p(np.exp(-np.abs(t)))


def _log_other_tail(t: Any, d: Any) -> Any:
    """Log(1 − (1 + e^t)^(−d)), about t + log d far to the left."""
    return log1mexpexp(np.log(d) + np.where(t < -37, t, np.log(-log_expit(-t))))


def _log_expm1(v: Any) -> Any:
    """Log(e^v − 1) for v > 0 of any size."""
    return np.where(v > 37, v, np.log(np.expm1(v)))


def _beta_prime_moment(a: Any, b: Any, k: Any) -> Any:
    """E Y^k = Γ(a + k) Γ(b − k) / (Γ(a) Γ(b)) for a beta prime Y; ∞ for k ≥ b."""
    rest = np.where(b > k, b - k, 1.0)
    rising = log_rising_excess(a, k) + k * np.log(a) - log_rising_excess(rest, k) - k * np.log(rest)
    return np.where(b > k, np.exp(rising), np.inf)


def _moments_of_log(mean_log: Any, variance_log: Any, sign: float) -> tuple[Any, Any, Any]:
    """Starts for Burr XII (sign 1) and Burr III (−1): several d, and the c and scale that match the moments of log x.

    (x/scale)^(±c) = (1 − U)^(−1/d) − 1, whose log has mean ψ(1) − ψ(d) and variance ψ′(1) + ψ′(d).
    """
    d = np.array([0.2, 1.0, 5.0])[:, None] * np.ones(len(mean_log))
    c = np.sqrt((polygamma(1, 1) + polygamma(1, d)) / variance_log)
    return c, d, np.exp(mean_log + sign * (_EULER + digamma(d)) / c)
