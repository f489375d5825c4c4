"""Families on the unit interval, and others with smooth ends: Kumaraswamy, logit-normal, Johnson SB and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaln, digamma, expit, gammainc, gammaincinv, i1e, log_ndtr, logit, ndtr, ndtri

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, UNIT, UNIT_CLOSED, Array, Interval
from modelselect.families.real_line.located import Located, LogNormalPower
from modelselect.families.special import HALF_LOG_2PI, log1mexp, log1mexpexp, times
from modelselect.family import Family, Goes, Limit, Parameter, register

#: A Johnson SB law this steep has shrunk onto the ends of its support.
_STEEP = 0.1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


@register
class Kumaraswamy(Family):
    """Kumaraswamy(a, b), 0 ≤ x ≤ 1: P(X > x) = (1 − x^a)^b.

    At 0 it is ∞ for a < 1 and 0 for a > 1 (at 1 likewise with b): a sample with an exact 0 or 1 has no maximum.
    """

    support = UNIT_CLOSED
    a = Parameter(POSITIVE, typical=(0.2, 20))
    b = Parameter(POSITIVE, typical=(0.2, 30))
    statistics = (observed.mean_log,)
    nested = {"power_function": {"a": "shape", "b": 1}, "uniform": {"low": 0, "high": 1, "a": 1, "b": 1}}

    def logp(self, x: Any, a: Any, b: Any) -> Any:
        log = np.log(x)
        return times(a - 1, log) + times(b - 1, log1mexp(-a * log)) + np.log(a * b)

    def cdf(self, x: Any, a: Any, b: Any) -> Any:
        return -np.expm1(b * log1mexp(-a * np.log(x)))

    def sf(self, x: Any, a: Any, b: Any) -> Any:
        return np.exp(b * log1mexp(-a * np.log(x)))

    def log_cdf(self, x: Any, a: Any, b: Any) -> Any:
        fall = -a * np.log(x)
        return log1mexpexp(np.log(b) + np.where(fall > 37, -fall, np.log(-log1mexp(fall))))

    def log_sf(self, x: Any, a: Any, b: Any) -> Any:
        return b * log1mexp(-a * np.log(x))

    def ppf(self, q: Any, a: Any, b: Any) -> Any:
        return np.exp(log1mexp(-np.log1p(-q) / b) / a)

    def start(self, mean_log: Any) -> Any:
        # E log x = −(ψ(b + 1) + γ)/a, for several b
        b = np.array([0.3, 1.0, 4.0, 20.0])[:, None] * np.ones_like(mean_log)
        return (digamma(b + 1) + np.euler_gamma) / -mean_log, b

    def score(self, x: Any, a: Any, b: Any) -> Any:
        log = np.log(x)
        return 1 / a + log * (1 - (b - 1) / np.expm1(-a * log)), 1 / b + log1mexp(-a * log)

    def moments(self, a: Any, b: Any) -> Any:
        first, second = (np.exp(np.log(b) + betaln(1 + k / a, b)) for k in (1, 2))
        return first, second - first**2

    def entropy(self, a: Any, b: Any) -> Any:
        return 1 - 1 / b + (1 - 1 / a) * (digamma(b + 1) + np.euler_gamma) - np.log(a * b)


def mean_logit(x: Array, weights: Array) -> Array:
    """Σ w log(x/(1 − x)) / W."""
    with np.errstate(all="ignore"):
        return observed.mean(logit(x), weights)


def variance_logit(x: Array, weights: Array) -> Array:
    """Σ w (log(x/(1 − x)) − mean)² / W."""
    with np.errstate(all="ignore"):
        return observed.variance(logit(x), weights)


@register
class LogitNormal(Family):
    """Logit-normal(mu, sigma), 0 < x < 1: log(x/(1 − x)) is normal with mean mu and standard deviation sigma."""

    support = UNIT
    mu = Parameter(REAL, typical=(-2, 2))
    sigma = Parameter(POSITIVE, typical=(0.1, 3))
    statistics = (mean_logit, variance_logit)
    aliases = ("logitnorm", "logistic_normal")

    def logp(self, x: Any, mu: Any, sigma: Any) -> Any:
        log, rest = np.log(x), np.log1p(-x)
        z = (log - rest - mu) / sigma
        return -0.5 * z * z - log - rest - (np.log(sigma) + HALF_LOG_2PI)

    def cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return ndtr((logit(x) - mu) / sigma)

    def sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return ndtr((mu - logit(x)) / sigma)

    def log_cdf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return log_ndtr((logit(x) - mu) / sigma)

    def log_sf(self, x: Any, mu: Any, sigma: Any) -> Any:
        return log_ndtr((mu - logit(x)) / sigma)

    def ppf(self, q: Any, mu: Any, sigma: Any) -> Any:
        return 1 / (1 + np.exp(-(mu + sigma * ndtri(q))))

    def mle(self, mean: Any, variance: Any, *, mu: Any = None, sigma: Any = None) -> Any:
        mu = mean if mu is None else mu
        return mu, np.sqrt(variance + (mean - mu) ** 2) if sigma is None else sigma

    def score(self, x: Any, mu: Any, sigma: Any) -> Any:
        z = (logit(x) - mu) / sigma
        return z / sigma, (z * z - 1) / sigma


@register
class PowerFunction(Family):
    """Power function(shape), 0 ≤ x ≤ 1: P(X ≤ x) = x^shape; the beta law with b = 1.

    At 0 the density is ∞ for shape < 1 and 0 for shape > 1: a sample with an exact 0 has no maximum.
    """

    support = UNIT_CLOSED
    shape = Parameter(POSITIVE, typical=(0.2, 30))
    statistics = (observed.mean_log,)
    nested = {"uniform": {"low": 0, "high": 1, "shape": 1}}
    aliases = ("powerlaw",)

    def logp(self, x: Any, shape: Any) -> Any:
        return times(shape - 1, np.log(x)) + np.log(shape)

    def cdf(self, x: Any, shape: Any) -> Any:
        return np.exp(shape * np.log(x))

    def sf(self, x: Any, shape: Any) -> Any:
        return -np.expm1(shape * np.log(x))

    def log_cdf(self, x: Any, shape: Any) -> Any:
        return shape * np.log(x)

    def log_sf(self, x: Any, shape: Any) -> Any:
        return log1mexp(-shape * np.log(x))

    def ppf(self, q: Any, shape: Any) -> Any:
        return q ** (1 / shape)

    def mle(self, mean_log: Any) -> Any:
        return (-1 / mean_log,)

    def score(self, x: Any, shape: Any) -> Any:
        return (1 / shape + np.log(x),)

    def moments(self, shape: Any) -> Any:
        return shape / (shape + 1), shape / (shape + 2) / (shape + 1) ** 2

    def entropy(self, shape: Any) -> Any:
        return 1 - 1 / shape - np.log(shape)

    def to_scipy(self, shape: Any) -> Any:
        return "powerlaw", {"a": shape}


@register
class JohnsonSb(Family):
    """Johnson SB(a, b, location, scale): a + b log(z/(1 − z)) is standard normal, z = (x − location)/scale in (0, 1).

    As scipy's johnsonsb: the support is (location, location + scale). As it grows the law tends to the normal or, with
    one end fixed, to a lognormal from there. The density vanishes at both ends faster than any power. The likelihood
    has no bound as b → 0 and an end comes to an observation: a local maximum is meant.
    """

    integrated = True
    support = REAL
    a = Parameter(REAL, typical=(-0.6, 0.6))
    b = Parameter(POSITIVE, typical=(1.4, 1.8))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(1, 20), role="scale")
    statistics = (
        observed.minimum,
        observed.maximum,
        observed.lower_quartile,
        observed.median,
        observed.upper_quartile,
        observed.spread,
    )
    nested = {"normal": {"b": np.inf}}
    aliases = ("johnsonsb",)

    def logp(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        low, high = np.log((x - location) / scale), np.log((location + scale - x) / scale)
        y = a + b * (low - high)
        value = np.log(b / scale) - HALF_LOG_2PI - 0.5 * y * y - low - high
        return np.where(np.isnan(value) | (value == np.inf), -np.inf, value)

    def cdf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return ndtr(self._normal(x, a, b, location, scale))

    def sf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return ndtr(-self._normal(x, a, b, location, scale))

    def log_cdf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(self._normal(x, a, b, location, scale))

    def log_sf(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return log_ndtr(-self._normal(x, a, b, location, scale))

    def ppf(self, q: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return location + scale / (1 + np.exp((a - ndtri(q)) / b))

    def bounds(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return location, location + scale

    def unbounded(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return b < _STEEP

    def start(self, minimum: Any, maximum: Any, lower: Any, median: Any, upper: Any, spread: Any) -> Any:
        # ends beyond the sample by several shares of its range; a and b from the quartiles
        beyond = np.array([0.1, 1.0])[:, None] * (maximum - minimum)
        location = minimum - beyond
        scale = maximum + beyond - location
        low, middle, high = (logit((point - location) / scale) for point in (lower, median, upper))
        b = 1.349 / np.maximum(high - low, 1e-3)
        return -b * middle, b, location, scale

    def bend(self, lean: Any, b: Any, middle: Any, width: Any) -> Any:
        # the median and the slope there are held as one end goes away, or both
        low = expit(lean)
        scale = b * width / (low * expit(-lean))
        return -b * lean, b, middle - scale * low, scale

    def straighten(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        low, high = expit(-a / b), expit(a / b)
        return -a / b, b, location + scale * low, scale * low * high / b

    def score(self, x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        z, rest = (x - location) / scale, (location + scale - x) / scale
        log = np.log(z / rest)
        y = a + b * log
        by_z = (z - rest - b * y) / (z * rest)
        return -y, 1 / b - y * log, -by_z / scale, -(1 + z * by_z) / scale

    def limit(self, minimum: Any, maximum: Any, lower: Any, median: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        # both ends far away, and each of them alone
        never = np.zeros(len(median), dtype=bool)
        lognormal, steep = LogNormalPower(), {"b": "delta", "scale": np.inf}
        above: dict[str, Goes] = {**steep, "a": np.inf, "location": "location"}
        below: dict[str, Goes] = {**steep, "a": -np.inf, "location": -np.inf}
        return (
            Limit("normal", {"a": 0.0, "b": np.inf, "location": -np.inf, "scale": np.inf}, certain=never),
            Limit(Located(lognormal, upright="normal"), above, certain=never),
            Limit(Located(lognormal, -1.0, upright="normal"), below, certain=never),
        )

    def moments(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        # over the normal variate the trapezoid rule has no error to speak of
        z = np.arange(-9.5, 9.5, 0.05)
        weight = 0.05 * np.exp(-0.5 * z * z - HALF_LOG_2PI)
        share = expit((z - np.asarray(a)[..., None]) / np.asarray(b)[..., None])
        mean = share @ weight
        variance = np.square(share - mean[..., None]) @ weight
        return location + scale * mean, scale**2 * variance

    def to_scipy(self, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return "johnsonsb", {"a": a, "b": b, "loc": location, "scale": scale}

    @staticmethod
    def _normal(x: Any, a: Any, b: Any, location: Any, scale: Any) -> Any:
        return a + b * (np.log(np.maximum(x - location, 0.0)) - np.log(np.maximum(location + scale - x, 0.0)))


@register
class Arcsine(Family):
    """Arcsine(low, high): density 1 / (π √((x − low)(high − x))); P(X ≤ x) = 2/π arcsin √((x − low)/(high − low)).

    The ends are given, 0 and 1 unless said: the likelihood has no bound as they come to the outermost observations.
    """

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False, default=0.0)
    high = Parameter(REAL, typical=(1, 20), role="location", regular=False, default=1.0)

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        return -0.5 * (np.log(x - low) + np.log(high - x)) - np.log(np.pi)

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return 2 / np.pi * np.arctan2(np.sqrt(x - low), np.sqrt(high - x))

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return 2 / np.pi * np.arctan2(np.sqrt(high - x), np.sqrt(x - low))

    def ppf(self, q: Any, low: Any, high: Any) -> Any:
        return low + (high - low) * np.sin(0.5 * np.pi * q) ** 2

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low < high

    def moments(self, low: Any, high: Any) -> Any:
        return (low + high) / 2, (high - low) ** 2 / 8

    def entropy(self, low: Any, high: Any) -> Any:
        return np.log(np.pi * (high - low) / 4)

    def to_scipy(self, low: Any, high: Any) -> Any:
        return "arcsine", {"loc": low, "scale": high - low}


@register
class Argus(Family):
    """ARGUS(chi, scale), 0 < x ≤ scale: density ∝ u √(1 − u²) exp(−χ²(1 − u²)/2), u = x/scale (Albrecht 1990).

    As χ → 0 it tends to 3u √(1 − u²)/scale, which most samples of other origin reach.
    """

    support = Interval(0, np.inf)
    chi = Parameter(POSITIVE, typical=(1, 6))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (observed.maximum,)

    def logp(self, x: Any, chi: Any, scale: Any) -> Any:
        rest = ((scale - x) / scale) * ((scale + x) / scale)
        constant = 3 * np.log(chi) - np.log(0.5 * gammainc(1.5, 0.5 * chi**2)) - HALF_LOG_2PI - np.log(scale)
        return constant + np.log(x / scale) + 0.5 * np.log(rest) - 0.5 * chi**2 * rest

    def cdf(self, x: Any, chi: Any, scale: Any) -> Any:
        # ∫ ½ √(1 − v) e^(χ²v/2) dv from 0 to u², where the complement has lost its digits
        square = np.square(x / scale)
        v = 0.5 * square[..., None] * (1 + _NODES)
        exponent = -0.5 * np.square(np.asarray(chi))[..., None] * (1 - v)
        part = 0.25 * square * ((np.sqrt(1 - v) * np.exp(exponent)) @ _WEIGHTS)
        constant = chi**3 / (0.5 * gammainc(1.5, 0.5 * chi**2)) * np.exp(-HALF_LOG_2PI)
        return np.where(square < 0.25, constant * part, 1 - self.sf(x, chi, scale))

    def sf(self, x: Any, chi: Any, scale: Any) -> Any:
        rest = ((scale - x) / scale) * ((scale + x) / scale)
        return gammainc(1.5, 0.5 * chi**2 * rest) / gammainc(1.5, 0.5 * chi**2)

    def ppf(self, q: Any, chi: Any, scale: Any) -> Any:
        whole = gammainc(1.5, 0.5 * chi**2)
        rest = gammaincinv(1.5, (1 - q) * whole) / (0.5 * chi**2)
        x = scale * np.sqrt(np.clip(1 - rest, 1e-300, 1.0))
        # the digits lost near 0 are put back by a step of Newton's
        near = x - (self.cdf(x, chi, scale) - q) / np.exp(self.logp(x, chi, scale))
        return np.where((x < 0.5 * scale) & (near > 0), near, x)

    def bounds(self, chi: Any, scale: Any) -> Any:
        return 0.0, scale

    def start(self, maximum: Any) -> Any:
        ones = np.ones_like(maximum)
        chi = np.array([0.5, 1.0, 2.0, 4.0, 8.0])[:, None] * ones
        return chi, np.array([1.1, 1.05, 1.03, 1.02, 1.01])[:, None] * maximum

    def limit(self, maximum: Any) -> Limit:
        return Limit(FlatArgus(), {"chi": 0.0, "scale": "scale"}, certain=np.zeros(len(maximum), dtype=bool))

    def moments(self, chi: Any, scale: Any) -> Any:
        psi = 0.5 * gammainc(1.5, 0.5 * chi**2)
        mean = scale * np.sqrt(np.pi / 8) * chi * i1e(0.25 * chi**2) / psi
        square = 1 - 3 / chi**2 + chi * np.exp(-0.5 * chi**2 - HALF_LOG_2PI) / psi
        return mean, scale**2 * square - mean**2

    def to_scipy(self, chi: Any, scale: Any) -> Any:
        return "argus", {"chi": chi, "scale": scale}


class FlatArgus(Family):
    """ARGUS(scale) at chi = 0, 0 < x ≤ scale: P(X > x) = (1 − u²)^(3/2), u = x/scale; in no catalogue."""

    support = Interval(0, np.inf)
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (observed.maximum,)

    def logp(self, x: Any, scale: Any) -> Any:
        u = x / scale
        return np.log(3 * u / scale) + 0.5 * (np.log1p(u) + np.log((scale - x) / scale))

    def cdf(self, x: Any, scale: Any) -> Any:
        return -np.expm1(1.5 * np.log1p(-np.square(x / scale)))

    def sf(self, x: Any, scale: Any) -> Any:
        return (((scale - x) / scale) * ((scale + x) / scale)) ** 1.5

    def bounds(self, scale: Any) -> Any:
        return 0.0, scale

    def start(self, maximum: Any) -> Any:
        return (np.array([1.001, 1.05, 1.2])[:, None] * maximum,)

    def moments(self, scale: Any) -> Any:
        return 3 * np.pi / 16 * scale, (0.4 - (3 * np.pi / 16) ** 2) * scale**2
