"""A Poisson whose mean varies by an inverse Gaussian or its generalisation: their masses are Bessel functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy.special import gammaln, kve

import modelselect.statistics as observed
from modelselect.domain import COUNTS, POSITIVE, REAL, Array, Interval
from modelselect.families.counts.mixed import poisson_alone
from modelselect.families.counts.recursion import (
    FAR,
    Kind,
    compounded,
    log_mass,
    log_masses_near,
    once_each,
    places,
    tail,
    with_far_scores,
)
from modelselect.families.counts.sums import log_tails
from modelselect.families.special import log_poisson
from modelselect.family import Family, Goes, Limit, Parameter, register

# -- Bessel functions --------------------------------------------------------------------------------------------------


#: Terms of Debye's expansion.
_TERMS = 15


@cache
def _debye() -> Array:
    """Coefficients c of (−1)^k U_k(p) = p^k Σᵢ c[k, i] p^(2i), k < `_TERMS` (DLMF 10.41.9)."""
    from fractions import Fraction

    table = np.zeros((_TERMS, _TERMS))
    u = {0: Fraction(1)}  # power of p → coefficient of U_k
    for k in range(_TERMS):
        for power, c in u.items():
            table[k, (power - k) // 2] = float((-1) ** k * c)
        # ½ p² (1 − p²) U′ + ⅛ ∫ (1 − 5t²) U dt
        after: dict[int, Fraction] = {}
        for n, c in u.items():
            for power, part in (
                (n + 1, c * (Fraction(n, 2) + Fraction(1, 8 * (n + 1)))),
                (n + 3, -c * (Fraction(n, 2) + Fraction(5, 8 * (n + 3)))),
            ):
                after[power] = after.get(power, Fraction(0)) + part
        u = after
    return table


#: From here on √(order² + z²) is large enough for Debye's expansion of the Bessel functions.
_LARGE_BESSEL = 30.0
#: Nodes of integrals that are taken together.
_TOGETHER = 1 << 16
#: Up to here scipy's function is taken; its errors of 1e-15 grow with the order.
_SMALL_BESSEL = 2.0


def _log_bessel_rest(order: Any, z: Any) -> Array:
    """Log of K_order(z) e^(r − |order| arsinh(|order|/z)), r² = order² + z²: about ½ log(π/2r)."""
    order, z = np.broadcast_arrays(np.abs(order), np.asarray(z, dtype=float))
    r, value = np.hypot(order, z), np.empty(order.shape)
    small, large = r < _SMALL_BESSEL, ~(r < _LARGE_BESSEL)
    middle = ~small & ~large
    if np.any(small):
        v, y = order[small], z[small]
        log = np.log(kve(v, y))
        log = np.where(np.isinf(log), gammaln(v) - np.log(2.0) + v * np.log(2 / y) + y, log)
        value[small] = log + v * v / (r[small] + y) - v * np.arcsinh(v / y)
    if np.any(middle):
        value[middle] = np.log(0.5 * _moments(order[middle], z[middle])[0])
    if np.any(large):
        length = r[large]
        series = np.sum(_powers(1 / length) * (_debye() @ _powers((order[large] / length) ** 2)), axis=0)
        value[large] = 0.5 * np.log(0.5 * np.pi / length) + np.log(series)
    return value


def _moments(order: Any, z: Any) -> Array:
    """Mass of 2 K_order(z) = ∫ exp(order · t − z cosh t) dt in units of its largest value; means of s, e^s and e^(−s).

    ``(4, n)``. The trapezoidal rule in s = t − arsinh(order/z); order is not negative. Those that need as many nodes go
    together.
    """
    r = np.hypot(order, z)
    root = np.sqrt(r)
    step, above = np.minimum(0.24, 0.5 / root), 8.8 / root
    # down to where the integrand has fallen by its first factor, or by its second
    below = np.minimum(39 / r + above, np.arcsinh(order / z) + np.log(2 * (39 + r) / z))
    # no more are needed as long as the arguments are floats
    count = np.clip(np.nan_to_num(np.ceil((below + above) / step)) + 1, 1, 8000)
    made = np.empty((4, len(r)))
    rank = np.argsort(count)
    # so many nodes at a time that they fit the cache
    for rows in np.split(rank, np.flatnonzero(np.diff(np.cumsum(count[rank]) // _TOGETHER)) + 1):
        s = step[rows] * np.arange(count[rows].max(initial=0.0))[:, None] - below[rows]
        grown = np.expm1(s)
        shrunk = grown / (1 + grown)
        # r (cosh s − 1) + order (sinh s − s)
        fall = 0.5 * r[rows] * grown * shrunk + order[rows] * (0.5 * (grown + shrunk) - s)
        weights = np.exp(-fall)
        total = weights.sum(axis=0)
        means = [(weights * value).sum(axis=0) / total for value in (s, 1 + grown, 1 / (1 + grown))]
        made[:, rows] = step[rows] * total, *means
    return made


def _bessel_means(order: Any, z: Any) -> tuple[Array, Array, Array]:
    """Means of t, e^t and e^(−t): ∂ log K_order(z) / ∂ order, K_(order+1)(z)/K_order(z), K_(order−1)(z)/K_order(z)."""
    order, z = np.broadcast_arrays(np.asarray(order, dtype=float), np.asarray(z, dtype=float))
    v, y = np.abs(order).ravel(), z.ravel()
    _, s, grown, shrunk = _moments(v, y)
    mode = (v + np.hypot(v, y)) / y
    t, up, down = (a.reshape(order.shape) for a in (np.log(mode) + s, mode * grown, shrunk / mode))
    back = order < 0
    return np.where(back, -t, t), np.where(back, down, up), np.where(back, up, down)


def _powers(base: Any) -> Array:
    """1, base, base², …, ``(15, n)``."""
    factors = np.broadcast_to(base, (_TERMS, *base.shape)).copy()
    factors[0] = 1.0
    return np.asarray(np.cumprod(factors, axis=0))


def _log_scaled_bessel(order: Any, z: Any) -> Array:
    """Log of K_order(z) e^z."""
    v, r = np.abs(order), np.hypot(order, z)
    return np.asarray(_log_bessel_rest(order, z) + v * np.arcsinh(v / z) - v * v / (r + z))


# -- masses ------------------------------------------------------------------------------------------------------------


def _given_x(x: Any, mean: Any, z: Any, index: Any, ratio: Any) -> tuple[Any, Any, Any, Any]:
    """Order and argument of the Bessel function in P(x), the mode of the log of the mixed mean given x, and β.

    The mixing law has the density ∝ m^(index−1) exp(−(αm + β/m)/2), αβ = z², and the given mean.
    """
    alpha, beta = z * ratio / mean, z * mean / ratio
    order, argument = x + index, np.sqrt((alpha + 2) * beta)
    r = np.hypot(order, argument)
    top = np.where(order > 0, (order + r) / (alpha + 2), beta / np.where(order > 0, 1.0, r - order))
    return order, argument, top, beta


def _log_sichel(x: Any, mean: Any, z: Any, index: Any, ratio: Any, constant: Any) -> Any:
    """Log mass: of a Poisson and of the mixing law at the likeliest mean, and of the rest of a Bessel function.

    ratio is K_(index+1)(z)/K_index(z), constant log K_index(z) e^z; nothing cancels.
    """
    order, argument, top, beta = _given_x(x, mean, z, index, ratio)
    counted = np.where(x == 0, -top, log_poisson(x, top))
    off = np.sqrt(z * ratio / mean * top) - np.sqrt(beta / top)
    mixing = index * np.log(top * ratio / mean) - 0.5 * off * off - constant
    return counted + mixing + _log_bessel_rest(order, argument)


@register
class PoissonInverseGaussian(Family):
    """Poisson–inverse Gaussian(mean, dispersion) on 0, 1, 2, …: variance mean + dispersion · mean².

    A Poisson whose mean is inverse Gaussian (Holla 1966; Willmot 1987); the tail is heavier than that of the
    negative binomial with the same variance. The mean is the sample mean at the maximum.
    """

    support = COUNTS
    mean = Parameter(POSITIVE, typical=(0.2, 12))
    dispersion = Parameter(POSITIVE, typical=(0.05, 3))
    statistics = (observed.mean, observed.variance, poisson_alone)
    nested = {"poisson": {"mean": "mean", "dispersion": 0.0}}
    aliases = ("pig",)

    def logp(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return log_mass(self, x, mean, dispersion)

    def cdf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return tail(self, "cdf", x, mean, dispersion)

    def sf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return tail(self, "sf", x, mean, dispersion)

    def log_cdf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return tail(self, "log_cdf", x, mean, dispersion)

    def log_sf(self, x: Any, mean: Any, dispersion: Any) -> Any:
        return tail(self, "log_sf", x, mean, dispersion)

    def start(self, mean: Any, variance: Any, alone: Any) -> Any:
        return mean, np.maximum(variance - mean, 0.01 * mean) / mean**2

    def score(self, x: Any, mean: Any, dispersion: Any) -> Any:
        here, above = log_masses_near(self, x, (0, 1), mean, dispersion)
        ratio = (x + 1) * np.exp(above - here)
        by_dispersion = ((ratio - mean) / mean + dispersion * (ratio - x)) / dispersion**2
        return with_far_scores(self, ((x - ratio) / mean, by_dispersion), x > FAR, x, mean, dispersion)

    def limit(self, mean: Any, variance: Any, alone: Any) -> Limit:
        return Limit("poisson", self.nested["poisson"], certain=alone > 0)

    def moments(self, mean: Any, dispersion: Any) -> Any:
        return mean, mean + dispersion * mean**2

    def _first(self, mean: Any, dispersion: Any) -> Any:
        return -2 * mean / (1 + np.sqrt(1 + 2 * mean * dispersion))

    def _shares(self, last: int, mean: Any, dispersion: Any) -> Any:
        # hᵢ = mean / √(1 + y) · (y/(1 + y))^i (½)ᵢ / i!
        i, y = places(last, mean, dispersion), 2 * mean * dispersion
        steps = np.where(i == 0, mean / np.sqrt(1 + y), y / (1 + y) * (i - 0.5) / np.maximum(i, 1))
        return compounded(np.cumprod(steps, axis=0))

    def _far(self, kind: Kind, x: Any, mean: Any, dispersion: Any) -> Any:
        if kind == "logp":
            return self._mass(x, mean, dispersion)
        below, above = log_tails(self._mass, x, (mean, dispersion), middle=mean / np.sqrt(1 + mean * dispersion))
        return below if kind == "log_cdf" else above

    @staticmethod
    def _mass(x: Any, mean: Any, dispersion: Any) -> Any:
        z = 1 / dispersion
        return _log_sichel(x, mean, z, -0.5, 1.0, 0.5 * np.log(0.5 * np.pi / z))


class _InverseGammaMixed(Family):
    """The law that Sichel's becomes as the dispersion grows at an index below −1: a mixture by an inverse gamma."""

    name = "poisson_inverse_gamma"
    support = COUNTS
    mean = Parameter(POSITIVE, typical=(0.3, 20))
    index = Parameter(Interval(-np.inf, -1), typical=(-4, -1.5))
    statistics = (observed.mean, observed.variance)

    def logp(self, x: Any, mean: Any, index: Any) -> Any:
        return once_each(self._mass, x, mean, index)

    def cdf(self, x: Any, mean: Any, index: Any) -> Any:
        return np.exp(log_tails(self._mass, x, (mean, index), middle=mean)[0])

    def sf(self, x: Any, mean: Any, index: Any) -> Any:
        return np.exp(log_tails(self._mass, x, (mean, index), middle=mean)[1])

    def start(self, mean: Any, variance: Any) -> Any:
        # an inverse gamma with shape a has the squared variation 1/(a − 2)
        shape = 2 + mean**2 / np.maximum(variance - mean, 1e-3 * mean)
        return mean, -np.stack([shape, np.full_like(mean, 1.5)])

    def limit(self, mean: Any, variance: Any) -> Limit:
        return Limit("poisson", {"mean": "mean", "index": -np.inf}, certain=np.zeros(len(mean), dtype=bool))

    @staticmethod
    def _mass(x: Any, mean: Any, index: Any) -> Any:
        # scale/m is gamma with shape −index; at the likeliest mean m given x, and the rest of a Bessel function
        order, scale = x + index, -mean * (1 + index)
        r = np.hypot(order, 2 * np.sqrt(scale))
        top = np.where(order > 0, 0.5 * (order + r), 2 * scale / np.where(order > 0, 1.0, r - order))
        counted = np.where(x == 0, -top, log_poisson(x, top))
        mixing = log_poisson(-index, scale / top) + np.log(-2 * np.asarray(index))
        return counted + mixing + _log_bessel_rest(order, 2 * np.sqrt(scale))


@register
class Sichel(Family):
    """Sichel(mean, dispersion, index) on 0, 1, 2, …: a Poisson mixed by a generalised inverse Gaussian (Sichel 1971).

    The mixing law has the density ∝ m^(index−1) exp(−(c m/mean + mean/(c m)) / (2 dispersion)),
    c = K_(index+1)(1/dispersion) / K_index(1/dispersion), so that its mean is `mean` (Rigby, Stasinopoulos &
    Akantziliotou 2008). Poisson–inverse Gaussian at index −½; negative binomial with size `index` as the dispersion
    grows. The mean is the sample mean at the maximum.
    """

    support = COUNTS
    mean = Parameter(POSITIVE, typical=(4, 10))
    dispersion = Parameter(POSITIVE, typical=(0.8, 2))
    index = Parameter(REAL, typical=(-1, 0))
    statistics = (observed.mean, observed.variance, poisson_alone)
    nested = {
        "poisson_inverse_gaussian": {"mean": "mean", "dispersion": "dispersion", "index": -0.5},
        "negative_binomial": {"mean": "mean", "dispersion": np.inf, "index": "size"},
        "poisson": {"mean": "mean", "dispersion": 0.0, "index": -0.5},
    }

    def logp(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return once_each(self._mass, x, mean, dispersion, index)

    def cdf(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return tail(self, "cdf", x, mean, dispersion, index)

    def sf(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return tail(self, "sf", x, mean, dispersion, index)

    def log_cdf(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return tail(self, "log_cdf", x, mean, dispersion, index)

    def log_sf(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return tail(self, "log_sf", x, mean, dispersion, index)

    def start(self, mean: Any, variance: Any, alone: Any) -> Any:
        # moments at the index of the inverse Gaussian; nearer to a gamma and to an inverse gamma
        excess = np.maximum(variance - mean, 0.01 * mean) / mean**2
        index = np.array([[-0.5], [1.0], [-2.5]]) * np.ones_like(mean)
        return mean, excess * np.array([[1.0], [2.0], [1.0]]), index

    def score(self, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        return tuple(once_each(self._scores, x, mean, dispersion, index))

    def limit(self, mean: Any, variance: Any, alone: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        heavy: dict[str, Goes] = {"mean": "mean", "dispersion": np.inf, "index": "index"}
        return (
            Limit("poisson", self.nested["poisson"], certain=alone > 0),
            Limit("negative_binomial", self.nested["negative_binomial"], certain=never),
            Limit(_InverseGammaMixed(), heavy, certain=never),
        )

    def moments(self, mean: Any, dispersion: Any, index: Any) -> Any:
        c = self._ratio(dispersion, index)
        return mean, mean + mean**2 * (2 * dispersion * (index + 1) / c + 1 / c**2 - 1)

    @staticmethod
    def _scores(x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        # means of log m, m and 1/m given x less those of the mixing law, whose scale is mean/c
        z = 1 / np.asarray(dispersion, dtype=float)
        log_0, c, inverse_0 = _bessel_means(index, z)
        order, argument, _, beta = _given_x(x, mean, z, index, c)
        log_x, up, down = _bessel_means(order, argument)
        # in units of that scale
        unit = beta / argument * c / mean
        excess = x - unit * up * mean / c
        by_index = np.log(unit) + log_x - log_0 - excess * (_bessel_means(index + 1, z)[0] - log_0)
        by_z = -0.5 * (unit * up - c + down / unit - inverse_0) - excess * (c - 1 / c - (2 * index + 1) / z)
        return np.stack(np.broadcast_arrays(excess / mean, -by_z * z**2, by_index))

    @staticmethod
    def _ratio(dispersion: Any, index: Any) -> Any:
        z = 1 / np.asarray(dispersion, dtype=float)
        return np.exp(_log_scaled_bessel(index + 1, z) - _log_scaled_bessel(index, z))

    @staticmethod
    def _mass(x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        z = 1 / np.asarray(dispersion, dtype=float)
        constant = _log_scaled_bessel(index, z)
        ratio = np.exp(_log_scaled_bessel(index + 1, z) - constant)
        return _log_sichel(x, mean, z, index, ratio, constant)

    def _first(self, mean: Any, dispersion: Any, index: Any) -> Any:
        return self._mass(0.0, mean, dispersion, index)

    def _shares(self, last: int, mean: Any, dispersion: Any, index: Any) -> Any:
        log = self._mass(places(last, mean, dispersion, index), mean, dispersion, index)
        return np.exp(log - log[0])

    def _far(self, kind: Kind, x: Any, mean: Any, dispersion: Any, index: Any) -> Any:
        z = 1 / np.asarray(dispersion, dtype=float)
        # about the mode of the mixing law
        middle = mean / self._ratio(dispersion, index) * np.exp(np.arcsinh(index / z))
        below, above = log_tails(self._mass, x, (mean, dispersion, index), middle)
        return below if kind == "log_cdf" else above
