"""Relatives of the gamma, normal, logistic and Weibull laws on the positive half-line."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import (
    betaincinv,
    erf,
    erfc,
    erfcinv,
    erfinv,
    gammainccinv,
    gammaincinv,
    gammaln,
    log_ndtr,
    polygamma,
)

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, POSITIVE_INTEGERS, Array
from modelselect.families.incomplete import log_betainc, log_gammainc, log_gammaincc, normal_deviate
from modelselect.families.positive.classic import Gamma
from modelselect.families.positive.tied import Tied
from modelselect.families.real_line.classic import StudentT
from modelselect.families.special import (
    HALF_LOG_2PI,
    LARGE,
    log1mexp,
    log1mexpexp,
    log1p_square,
    log_minus_digamma,
    log_rising_excess,
    stirling_error,
    times,
)
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import log_share

_GAMMA, _STUDENT_T = Gamma(), StudentT()
_LOG_2, _SQRT_HALF = np.log(2.0), np.sqrt(0.5)


@register
class Erlang(Tied):
    """Erlang(shape, scale), x ≥ 0: the gamma law with an integer shape, density x^(k−1) e^(−x/s) / ((k−1)! s^k)."""

    support = NONNEGATIVE
    law, tie = "gamma", staticmethod(lambda shape, scale: (shape, scale))
    shape = Parameter(POSITIVE_INTEGERS, typical=(1, 30), regular=False)
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.log_excess, observed.mean_log)
    nested = {"exponential": {"shape": 1}}

    def mle(self, mean: Any, log_excess: Any, mean_log: Any, *, shape: Any = None, scale: Any = None) -> Any:
        if scale is not None:
            # the likelihood rises from k to k + 1 while log k < mean log(x/scale)
            return np.maximum(np.ceil(np.exp(mean_log) / scale), 1.0), scale
        if shape is None:
            # the profile has one maximum: at one of the two integers around that of the gamma law
            real, _ = _GAMMA.mle(mean, log_excess)
            low = np.where(real >= 1, np.floor(real), 1.0)  # an observed 0 leaves the exponential law alone
            rise = self._profile(low + 1, log_excess) - self._profile(low, log_excess)
            shape = np.where(rise > 0, low + 1, low)
        return shape, mean / shape

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.zeros_like(x), (x / scale - shape) / scale

    def moments(self, shape: Any, scale: Any) -> Any:
        return shape * scale, shape * scale**2

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "erlang", {"a": shape, "scale": scale}

    @staticmethod
    def _profile(k: Any, log_excess: Any) -> Any:
        # k log k − k − log Γ(k) − k log_excess
        return 0.5 * np.log(k) - stirling_error(k) - k * log_excess


@register
class ChiSquare(Tied):
    """Chi-square(df), x ≥ 0: the gamma law with shape df/2 and scale 2; density ∞, ½ or 0 at 0 as df <, =, > 2."""

    support = NONNEGATIVE
    law, tie = "gamma", staticmethod(lambda df: (df / 2, 2.0))
    df = Parameter(POSITIVE, typical=(0.5, 60))
    statistics = (observed.mean_log,)
    aliases = ("chi2", "chisq", "chi_squared")

    def mle(self, mean_log: Any) -> Any:
        # ψ(df/2) = mean log(x/2); ψ is concave: Newton rises to the root from Minka's (2000) approximation
        y = mean_log - _LOG_2
        half = np.where(y > -2.22, np.exp(y) + 0.5, 1 / (-np.euler_gamma - y))
        for _ in range(8):
            off = np.log(half) - log_minus_digamma(half) - y
            half = np.maximum(half - off / polygamma(1, half), 0.1 * half)
        return (2 * half,)

    def score(self, x: Any, df: Any) -> Any:
        return (0.5 * (np.log(x / df) + log_minus_digamma(df / 2)),)

    def moments(self, df: Any) -> Any:
        return df, 2 * df

    def to_scipy(self, df: Any) -> Any:
        return "chi2", {"df": df}


def _log_excess_of_square(x: Array, weights: Array) -> Array:
    return observed.log_excess(x * x, weights)


@register
class Chi(Family):
    """Chi(df, scale), x ≥ 0: the length of a normal vector, (x/scale)² is chi-square(df); half-normal at df = 1."""

    support = NONNEGATIVE
    df = Parameter(POSITIVE, typical=(0.5, 60))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_square, _log_excess_of_square)
    nested = {"half_normal": {"df": 1}, "rayleigh": {"df": 2}, "maxwell": {"df": 3}}

    def logp(self, x: Any, df: Any, scale: Any) -> Any:
        z = x / scale
        value = times(df - 1, np.log(z)) - 0.5 * z * z - ((df / 2 - 1) * _LOG_2 + gammaln(df / 2) + np.log(scale))
        if not np.any(df >= 2 * LARGE):
            return value
        return np.where(df < 2 * LARGE, value, _GAMMA.logp(0.5 * z * z, df / 2, 1.0) + np.log(z / scale))

    def cdf(self, x: Any, df: Any, scale: Any) -> Any:
        return _GAMMA.cdf(_half_square(x / scale), df / 2, 1.0)

    def sf(self, x: Any, df: Any, scale: Any) -> Any:
        return _GAMMA.sf(_half_square(x / scale), df / 2, 1.0)

    def log_cdf(self, x: Any, df: Any, scale: Any) -> Any:
        # of tiny x the square underflows
        z = x / scale
        first = df * np.log(z) - df / 2 * _LOG_2 - gammaln(df / 2 + 1)
        return np.where(z < 1e-140, first, log_gammainc(df / 2, _half_square(np.maximum(z, 1e-140))))

    def log_sf(self, x: Any, df: Any, scale: Any) -> Any:
        return log_gammaincc(df / 2, _half_square(x / scale))

    def ppf(self, q: Any, df: Any, scale: Any) -> Any:
        return scale * np.sqrt(2 * np.where(q < 0.5, gammaincinv(df / 2, q), gammainccinv(df / 2, 1 - q)))

    def mle(self, mean_square: Any, log_excess: Any, *, df: Any = None) -> Any:
        # x² is gamma(df/2, 2 scale²)
        df = 2 * _GAMMA.mle(mean_square, log_excess)[0] if df is None else df
        return df, np.sqrt(mean_square / df)

    def score(self, x: Any, df: Any, scale: Any) -> Any:
        z = x / scale
        return 0.5 * (np.log(z * z / df) + log_minus_digamma(df / 2)), (z * z - df) / scale

    def moments(self, df: Any, scale: Any) -> Any:
        mean = np.sqrt(df) * np.exp(log_rising_excess(df / 2, 0.5))
        return scale * mean, scale**2 * (df - mean**2)

    def to_scipy(self, df: Any, scale: Any) -> Any:
        return "chi", {"df": df, "scale": scale}


def _half_square(z: Any) -> Any:
    return np.minimum(0.5 * z * z, 1e300)


@register
class HalfLogistic(Family):
    """Half-logistic(scale), x ≥ 0: density 2 e^(−z) / (scale (1 + e^(−z))²), z = x/scale."""

    support = NONNEGATIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean,)
    aliases = ("halflogistic",)

    def logp(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return (_LOG_2 - np.log(scale)) - z - 2 * np.log1p(np.exp(-z))

    def cdf(self, x: Any, scale: Any) -> Any:
        return np.tanh(0.5 * x / scale)

    def log_sf(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return np.where(z < 1, np.log1p(-np.tanh(0.5 * z)), _LOG_2 - z - np.log1p(np.exp(-z)))

    def ppf(self, q: Any, scale: Any) -> Any:
        return 2 * scale * np.arctanh(q)

    def start(self, mean: Any) -> Any:
        return (mean / (2 * _LOG_2),)

    def score(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((z * np.tanh(0.5 * z) - 1) / scale,)

    def moments(self, scale: Any) -> Any:
        return 2 * _LOG_2 * scale, (np.pi**2 / 3 - 4 * _LOG_2**2) * scale**2

    def entropy(self, scale: Any) -> Any:
        return 2 - _LOG_2 + np.log(scale)

    def to_scipy(self, scale: Any) -> Any:
        return "halflogistic", {"scale": scale}


@register
class HalfT(Family):
    """Half-t(df, scale), x ≥ 0: the size of a Student's t about 0; half-Cauchy at df = 1, half-normal as df → ∞."""

    support = NONNEGATIVE
    df = Parameter(POSITIVE, typical=(0.5, 60))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.mean_square)
    nested = {"half_normal": {"df": np.inf}, "half_cauchy": {"df": 1}}

    def logp(self, x: Any, df: Any, scale: Any) -> Any:
        constant = log_rising_excess(df / 2, 0.5) + _LOG_2 - HALF_LOG_2PI - np.log(scale)
        return constant - (df + 1) / 2 * log1p_square(x / (scale * np.sqrt(df)))

    def log_cdf(self, x: Any, df: Any, scale: Any) -> Any:
        # near 0 the cdf is x times the density, and z² may underflow
        z = x / scale
        t = np.minimum(z * z / df, 1e290)
        value = log_betainc(0.5, df / 2, t / (1 + t), 1 / (1 + t))
        u = _SQRT_HALF * normal_deviate(z, df)
        value = np.where(np.isnan(u), value, log_share(erf(u), erfc(u)))
        return np.where(t < 1e-200, np.log(x) + self.logp(x, df, scale), value)

    def log_sf(self, x: Any, df: Any, scale: Any) -> Any:
        z = x / scale
        t = np.minimum(z * z / df, 1e290)
        near = log_betainc(df / 2, 0.5, 1 / (1 + t), t / (1 + t))
        far = (t > 1) | ~np.isnan(normal_deviate(z, df))
        return np.where(far, _LOG_2 + _STUDENT_T.log_sf(np.maximum(x, 1e-300), df, 0.0, scale), near)

    def ppf(self, q: Any, df: Any, scale: Any) -> Any:
        near, far = betaincinv(0.5, df / 2, q), betaincinv(df / 2, 0.5, 1 - q)
        return scale * np.sqrt(df * np.where(near < 0.5, near / (1 - near), (1 - far) / far))

    def start(self, median: Any, lower: Any, mean_square: Any) -> Any:
        # three tails as for Student's t; two scales from the quartiles, or one from the square where they vanish
        size = np.where(median > 0, median / 0.6745, np.sqrt(mean_square))
        inner = np.where(lower > 0, lower / 0.3186, 0.3 * size)
        df = np.array([0.5, 1.0, 3.0, 10.0, 0.5, 1.0, 3.0])[:, None]
        factor = np.array([0.5, 0.7, 0.9, 1.0])[:, None]
        return df * np.ones_like(median), np.concatenate([factor * size, factor[:3] * 0.5 * inner])

    def score(self, x: Any, df: Any, scale: Any) -> Any:
        by_df, _, by_scale = _STUDENT_T.score(x, df, 0.0, scale)
        return by_df, by_scale

    def limit(self, median: Any, lower: Any, mean_square: Any) -> Limit:
        return Limit("half_normal", {"df": np.inf, "scale": "scale"}, certain=np.zeros(len(median), dtype=bool))

    def moments(self, df: Any, scale: Any) -> Any:
        mean = np.sqrt(2 / np.pi) * df / (df - 1) * np.exp(log_rising_excess(df / 2, 0.5))
        mean = np.where(df > 1, mean, np.inf)
        return scale * mean, scale**2 * np.where(df > 2, df / (df - 2) - mean**2, np.inf)


@register
class Levy(Family):
    """Lévy(scale), x > 0: density √(scale/2πx³) e^(−scale/(2x)); 1/x is scaled chi-square(1), no moments."""

    support = POSITIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_reciprocal,)

    def logp(self, x: Any, scale: Any) -> Any:
        return (0.5 * np.log(scale) - HALF_LOG_2PI) - 1.5 * np.log(x) - 0.5 * scale / x

    def cdf(self, x: Any, scale: Any) -> Any:
        return erfc(np.sqrt(0.5 * scale / x))

    def sf(self, x: Any, scale: Any) -> Any:
        return erf(np.sqrt(0.5 * scale / x))

    def log_cdf(self, x: Any, scale: Any) -> Any:
        root = np.sqrt(scale / x)
        return np.where(root < 1, np.log1p(-erf(_SQRT_HALF * root)), _LOG_2 + log_ndtr(-root))

    def ppf(self, q: Any, scale: Any) -> Any:
        return 0.5 * scale / np.where(q < 0.5, erfcinv(q), erfinv(1 - q)) ** 2

    def mle(self, mean_reciprocal: Any) -> Any:
        return (1 / mean_reciprocal,)

    def score(self, x: Any, scale: Any) -> Any:
        return (0.5 * (1 / scale - 1 / x),)

    def moments(self, scale: Any) -> Any:
        return scale + np.inf, scale + np.inf

    def entropy(self, scale: Any) -> Any:
        return 0.5 * (1 + 3 * np.euler_gamma + np.log(16 * np.pi)) + np.log(scale)

    def to_scipy(self, scale: Any) -> Any:
        return "levy", {"scale": scale}


#: Mean and standard deviation of log z^shape of an exponential power law.
_MEAN_LOG, _SD_LOG = -0.89730999399815819, 1.0815131411722042


@register
class ExponentialPower(Family):
    """Exponential power(shape, scale), x ≥ 0: P(X > x) = exp(1 − exp((x/scale)^shape)) (Smith & Bain 1975).

    At 0 the density is ∞ for shape < 1 and 0 for shape > 1: a sample of exact reals with a 0 has no maximum.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.3, 8))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log, observed.maximum)
    aliases = ("exponpow",)

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = np.minimum(np.exp(shape * log), 700.0)
        value = times(shape - 1, log) + (t - np.expm1(t)) + np.log(shape / scale)
        return np.where(shape * log > np.log(700.0), -np.inf, value)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-np.expm1(np.exp(shape * np.log(x / scale))))

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        log = shape * np.log(x / scale)
        t = np.exp(log)
        return np.where(log < -30, log1mexpexp(log), log1mexp(np.expm1(t)))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(np.exp(shape * np.log(x / scale)))

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.log1p(-np.log1p(-q)) ** (1 / shape)

    def start(self, mean_log: Any, variance_log: Any, maximum: Any) -> Any:
        # moments of log x; a shape at which the largest observation does not overflow
        shape = np.minimum(_SD_LOG / np.sqrt(variance_log), 5 / (np.log(maximum) - mean_log))
        return shape, np.exp(mean_log - _MEAN_LOG / shape)

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        log = np.log(x / scale)
        t = np.exp(shape * log)
        excess = t * np.expm1(t)
        return 1 / shape + log * (1 - excess), shape / scale * (excess - 1)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "exponpow", {"b": shape, "scale": scale}
