"""More families that are skewed: generalised logistic, Moyal, skew t, crystal ball."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf, log_ndtr, ndtr, ndtri, polygamma, psi, stdtr

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Interval
from modelselect.families.incomplete import normal_deviate
from modelselect.families.real_line.classic import StudentT
from modelselect.families.real_line.integrals import invert, log_tail
from modelselect.families.real_line.located import Located
from modelselect.families.real_line.tails import LocatedHalfT, NormalWithTail, PowerTail
from modelselect.families.special import (
    HALF_LOG_2PI,
    log1mexp,
    log1mexpexp,
    log1p_square,
    log_rising_excess,
)
from modelselect.family import Family, Goes, Limit, Parameter, lookup, register

_LOG_2 = np.log(2.0)


@register
class GeneralizedLogistic(Family):
    """Generalized logistic(shape, location, scale), type I: cdf (1 + e^(−z))^(−shape), z = (x − location)/scale.

    Gumbel's as shape → ∞ with the location; an exponential up to its location as shape and scale → 0.
    """

    support = REAL
    shape = Parameter(POSITIVE, typical=(0.3, 6))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.maximum)
    nested = {
        "logistic": {"shape": 1, "location": "location", "scale": "scale"},
        "gumbel": {"shape": np.inf, "location": -np.inf, "scale": "scale"},
    }
    aliases = ("genlogistic", "skew_logistic")

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return np.where(z < 0, shape * z, -z) - (shape + 1) * np.log1p(np.exp(-np.abs(z))) + np.log(shape / scale)

    def sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return -np.expm1(self.log_cdf(x, shape, location, scale))

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return -shape * (np.log1p(np.exp(-np.abs(z))) - np.minimum(z, 0.0))

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        # 1 − e^(−t), t = shape·log(1 + e^(−z)), which is shape·e^(−z) far out
        log = np.where(z > 37, -z, np.log(np.log1p(np.exp(-np.abs(z))) - np.minimum(z, 0.0)))
        return log1mexpexp(np.log(shape) + log)

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        log = -np.where(q < 0.5, np.log(q), np.log1p(-(1 - q))) / shape
        return location - scale * np.where(log > 40, log, np.log(np.expm1(np.minimum(log, 40.0))))

    def start(self, mean: Any, variance: Any, maximum: Any) -> Any:
        # moments, for some asymmetries; a scale at which no observation is far out
        shape = np.array([0.2, 1.0, 8.0])[:, None]
        scale = np.sqrt(variance / (np.pi**2 / 6 + polygamma(1, shape)))
        return shape + 0 * scale, mean - scale * (psi(shape) + np.euler_gamma), scale

    def score(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        share = np.exp(-np.maximum(z, 0.0)) / (1 + np.exp(-np.abs(z)))  # 1/(1 + e^z)
        slope = (shape + 1) * share - 1
        by_shape = 1 / shape - np.log1p(np.exp(-np.abs(z))) + np.minimum(z, 0.0)
        return by_shape, -slope / scale, -(1 + z * slope) / scale

    def limit(self, mean: Any, variance: Any, maximum: Any) -> tuple[Limit, ...]:
        never, tail = np.zeros(len(mean), dtype=bool), Located(lookup("exponential")(), -1.0)
        return (
            Limit("gumbel", {"shape": np.inf, "location": -np.inf, "scale": "scale"}, certain=never),
            Limit(tail, {"shape": 0.0, "location": "location", "scale": 0.0}, certain=never),
        )

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        mean = location + scale * (psi(shape) + np.euler_gamma)
        return mean, scale**2 * (np.pi**2 / 6 + polygamma(1, shape))

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "genlogistic", {"c": shape, "loc": location, "scale": scale}


@register
class Moyal(Family):
    """Moyal(location, scale): density exp(−(z + e^(−z))/2) / (scale √(2π)), z = (x − location)/scale (Moyal 1955)."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance, observed.minimum)

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return -0.5 * (z + np.exp(-z)) - (np.log(scale) + HALF_LOG_2PI)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return 2 * ndtr(-np.exp(-0.5 * (x - location) / scale))

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return erf(np.exp(-0.5 * (x - location) / scale) * np.sqrt(0.5))

    def log_cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return _LOG_2 + log_ndtr(-np.exp(-0.5 * (x - location) / scale))

    def log_sf(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return np.where(z > 80, 0.5 * np.log(2 / np.pi) - 0.5 * z, np.log(self.sf(x, location, scale)))

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location - 2 * scale * np.log(-ndtri(0.5 * q))

    def start(self, mean: Any, variance: Any, minimum: Any) -> Any:
        # moments; a scale at which the smallest observation does not overflow
        scale = np.maximum(np.sqrt(2 * variance) / np.pi, (mean - minimum) / 300)
        return mean - scale * (np.euler_gamma + _LOG_2), scale

    def score(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = -0.5 * np.expm1(-z)
        return w / scale, (z * w - 1) / scale

    def moments(self, location: Any, scale: Any) -> Any:
        return location + scale * (np.euler_gamma + _LOG_2), 0.5 * (np.pi * scale) ** 2

    def to_scipy(self, location: Any, scale: Any) -> Any:
        return "moyal", {"loc": location, "scale": scale}


@register
class SkewT(Family):
    """Skew t(shape, df, location, scale): density 2 t(z; df) T(shape·z √((df+1)/(df+z²)); df+1) / scale.

    Azzalini & Capitanio (2003), z = (x − location)/scale, t and T Student's density and distribution function; not the
    skew t of Jones & Faddy that scipy.stats has as jf_skew_t. Student's t at shape 0, the skew normal as df → ∞, a
    half-t from its location on (or up to it) as shape → ∞ (−∞).
    """

    support = REAL
    integrated = True
    shape = Parameter(REAL, typical=(-0.8, 1.2))
    df = Parameter(POSITIVE, typical=(1, 4))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {
        "student_t": {"shape": 0, "df": "df", "location": "location", "scale": "scale"},
        "skew_normal": {"shape": "shape", "df": np.inf, "location": "location", "scale": "scale"},
        "normal": {"shape": 0, "df": np.inf, "location": "mean", "scale": "sd"},
        "cauchy": {"shape": 0, "df": 1, "location": "location", "scale": "scale"},
    }

    def logp(self, x: Any, shape: Any, df: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        w = shape * z * np.sqrt((df + 1) / (df + z * z))
        far = np.abs(z) > 1e150
        w = np.where(far, shape * np.sign(z) * np.sqrt(df + 1), w) if np.any(far) else w
        constant = log_rising_excess(df / 2, 0.5) - HALF_LOG_2PI + _LOG_2 - np.log(scale)
        return constant - (df + 1) / 2 * log1p_square(z / np.sqrt(df)) + _log_t(w, df + 1)

    def log_cdf(self, x: Any, shape: Any, df: Any, location: Any, scale: Any) -> Any:
        return self._log_below((x - location) / scale, shape, df, 1.0)

    def log_sf(self, x: Any, shape: Any, df: Any, location: Any, scale: Any) -> Any:
        return self._log_below((x - location) / scale, shape, df, -1.0)

    def ppf(self, q: Any, shape: Any, df: Any, location: Any, scale: Any) -> Any:
        return invert(self, q, location, scale, shape, df, location, scale)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # to both sides and to none
        iqr = np.where(upper > lower, upper - lower, spread) / 1.35
        shape, df = (np.array(v)[:, None] for v in ([0.0, 2.0, -2.0], [2.0, 5.0, 5.0]))
        delta = shape / np.sqrt(1 + shape * shape)
        scale = iqr * (1 + 0.5 * np.abs(delta))
        return shape + 0 * iqr, df + 0 * iqr, median - 0.7 * delta * scale, scale

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never, same = np.zeros(len(median), dtype=bool), {"location": "location", "scale": "scale"}
        return (
            Limit("skew_normal", {"shape": "shape", "df": np.inf, **same}, certain=never),
            Limit(LocatedHalfT(), {"shape": np.inf, "df": "df", **same}, certain=never),
            Limit(LocatedHalfT(-1.0), {"shape": -np.inf, "df": "df", **same}, certain=never),
        )

    def moments(self, shape: Any, df: Any, location: Any, scale: Any) -> Any:
        # Γ((df − 1)/2)/Γ(df/2) √(df/π), times δ = shape/√(1 + shape²)
        above = np.where(df > 1, df, 2.0)
        first = np.exp(-log_rising_excess((above - 1) / 2, 0.5)) * np.sqrt(2 * above / (np.pi * (above - 1)))
        first = first * shape / np.sqrt(1 + np.square(shape))
        second = np.where(df > 2, df / np.where(df > 2, df - 2, 1.0), np.inf)
        variance = np.where(df > 2, scale**2 * (second - first * first), np.where(df > 1, np.inf, np.nan))
        return np.where(df > 1, location + scale * first, np.nan), variance

    def _log_below(self, z: Any, shape: Any, df: Any, side: float) -> Any:
        """Log P(Z ≤ z), or with side −1 log P(Z > z): the integral of the density over the tail beyond 0."""
        above = z > 0
        tail = log_tail(lambda t: self.logp(t, shape, df, 0.0, 1.0), z, np.where(above, 1.0, -1.0), 1.0)
        return np.where(above == (side < 0), tail, log1mexp(-tail))


@register
class CrystalBall(Family):
    """Crystal ball(beta, m, location, scale): a normal with a power law of exponent −m below z = −beta.

    Density ∝ e^(−z²/2) above and e^(−beta²/2) (1 − beta (z + beta)/m)^(−m) below, z = (x − location)/scale.
    Gaiser (1982). The normal as beta → ∞, with an exponential tail as m → ∞; a power law alone, up to the location, as
    beta → 0 with the scale.
    """

    support = REAL
    beta = Parameter(POSITIVE, typical=(0.6, 1.2))
    m = Parameter(Interval(1, np.inf), typical=(1.5, 3))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {"normal": {"beta": np.inf, "m": np.inf, "location": "mean", "scale": "sd"}}
    aliases = ("crystalball",)

    def logp(self, x: Any, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        below = -0.5 * np.square(beta) - m * np.log1p(beta * np.maximum(-z - beta, 0.0) / m)
        return np.where(z < -beta, below, -0.5 * z * z) - np.log(self._mass(beta, m) * scale)

    def log_cdf(self, x: Any, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        below = np.log(self._tail(beta, m)) - (m - 1) * np.log1p(beta * np.maximum(-z - beta, 0.0) / m)
        between = np.log(self._tail(beta, m) + np.sqrt(2 * np.pi) * (ndtr(z) - ndtr(-beta)))
        inside = np.where(
            z < 0, between - np.log(self._mass(beta, m)), log1mexp(-self.log_sf(x, beta, m, location, scale))
        )
        return np.where(z < -beta, below - np.log(self._mass(beta, m)), inside)

    def log_sf(self, x: Any, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        above = log_ndtr(-np.maximum(z, -beta)) + HALF_LOG_2PI - np.log(self._mass(beta, m))
        below = (m - 1) * np.log1p(beta * np.maximum(-z - beta, 0.0) / m)
        share = np.log(self._tail(beta, m) / self._mass(beta, m))
        return np.where(z < -beta, log1mexp(below - share), above)

    def ppf(self, q: Any, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        mass, tail = self._mass(beta, m), self._tail(beta, m)
        below = -beta - m / beta * np.expm1(-np.log(q * mass / tail) / (m - 1))
        above = -ndtri((1 - q) * mass / np.sqrt(2 * np.pi))
        return location + scale * np.where(q * mass < tail, below, above)

    def kinks(self, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        return (location - beta * scale,)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        iqr = np.where(upper > lower, upper - lower, spread) / 1.35
        beta, m = (np.array(v)[:, None] for v in ([0.4, 1.0, 1.0, 2.0], [2.0, 1.5, 4.0, 2.0]))
        ones = np.ones_like(iqr)
        return beta * ones, m * ones, upper - 0.5 * iqr * ones + 0 * beta, 0.8 * iqr + 0 * beta

    def score(self, x: Any, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        beyond, tail, mass = np.maximum(-z - beta, 0.0), self._tail(beta, m), self._mass(beta, m)
        share = 1 + beta * beyond / m
        slope = np.where(z < -beta, beta / share, -z)
        # the normal part of the mass grows by e^(−beta²/2), which is tail·beta·(m − 1)/m
        grown = tail * (beta * (m - 1) / m - 1 / beta - beta) / mass
        by_beta = -beyond * (1 + beta * beta / m) / share
        by_m = 1 - 1 / share - np.log(share)
        return by_beta - grown, by_m + tail / (mass * m * (m - 1)), -slope / scale, -(1 + z * slope) / scale

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never, same = np.zeros(len(median), dtype=bool), {"location": "location", "scale": "scale"}
        alone: dict[str, Goes] = {"beta": 0.0, "m": lambda law: law["shape"] + 1, "location": "location", "scale": 0.0}
        return (
            Limit("normal", {"beta": np.inf, "m": np.inf, "location": "mean", "scale": "sd"}, certain=never),
            Limit(NormalWithTail(), {"beta": "beta", "m": np.inf, **same}, certain=never),
            Limit(Located(PowerTail(), -1.0), alone, certain=never),
        )

    def moments(self, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        mass, tail, edge = self._mass(beta, m), self._tail(beta, m), np.exp(-0.5 * np.square(beta))
        # below −beta: −beta − y with the density of y ∝ (1 + beta·y/m)^(−m)
        first = np.where(m > 2, m / beta / np.where(m > 2, m - 2, 1.0), np.inf)
        second = np.where(m > 3, 2 * np.square(m / beta) / np.where(m > 3, (m - 2) * (m - 3), 1.0), np.inf)
        mean = (edge - tail * (beta + first)) / mass
        inner = np.sqrt(2 * np.pi) * ndtr(beta) - beta * edge
        square = (inner + tail * (np.square(beta) + 2 * beta * first + second)) / mass
        variance = np.where(m > 3, square - np.square(np.where(m > 3, mean, 0.0)), np.where(m > 2, np.inf, np.nan))
        return location + scale * mean, scale**2 * variance

    def to_scipy(self, beta: Any, m: Any, location: Any, scale: Any) -> Any:
        return "crystalball", {"beta": beta, "m": m, "loc": location, "scale": scale}

    @staticmethod
    def _tail(beta: Any, m: Any) -> Any:
        """Integral of the power law, where the normal part is e^(−z²/2)."""
        return m / (beta * (m - 1)) * np.exp(-0.5 * np.square(beta))

    @classmethod
    def _mass(cls, beta: Any, m: Any) -> Any:
        return cls._tail(beta, m) + np.sqrt(2 * np.pi) * ndtr(beta)


def _log_t(w: Any, df: Any) -> Any:
    """Log of Student's distribution function, by scipy's, and where that underflows by ours."""
    tail = np.asarray(stdtr(df, -np.abs(w)))
    value = np.where(w > 0, np.log1p(-tail), np.log(tail))
    far = (tail < 1e-290) & (w < 0)
    if np.any(far):
        w, df = np.broadcast_arrays(w, df)
        value[far] = StudentT._log_below(w[far], df[far])
    u = normal_deviate(w, df)
    return np.where(np.isnan(u), value, log_ndtr(u))
