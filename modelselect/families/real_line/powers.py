"""The generalised normal, whose location has a kink or an infinite curvature at each observation.

Newton's method on all parameters stalls there. Its exact estimate is a profile: the scale is a power mean of distances,
the location a root (shape > 1) or an observation (shape ≤ 1), and the shape a root in one dimension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammainc, gammainccinv, gammaincinv, gammaln, polygamma, psi

from modelselect.domain import POSITIVE, REAL, Array, Interval
from modelselect.families.incomplete import log_gammaincc
from modelselect.families.real_line.integrals import root
from modelselect.families.real_line.located import whole
from modelselect.family import Family, Goes, Limit, Parameter, register

_LOG_2 = np.log(2.0)
#: Shapes of which the likeliest is refined; below the first the likelihood only climbs to a spike on one observation.
_SHAPES = np.concatenate([np.geomspace(0.16, 1.1, 26), [1.3, 1.6, 2.0, 2.6, 3.5, 5.0, 8.0, 14.0, 30.0, 80.0, 300.0]])
#: Order statistics that stand for a sample while its shape is bracketed; locations that are tried at a time.
_FEW, _TRIED = 200, 33
#: Of the maxima beside a cusp, those that are worth an exact shape.
_POLISHED = 20


@register
class GeneralizedNormal(Family):
    """Generalized normal(shape, location, scale): density shape / (2 scale Γ(1/shape)) exp(−|z|^shape).

    Exponential power law (Subbotin 1923), z = (x − location)/scale: Laplace's at shape 1, the normal at 2 with
    scale = sd √2, the uniform on location ± scale at ∞. Near shape 0 its likelihood is unbounded as it shrinks onto any
    observation; the highest maximum away from there is meant.
    """

    support = REAL
    integrated = True
    shape = Parameter(Interval(0, np.inf, high_inclusive=True), typical=(0.8, 8))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (whole,)
    everything = True
    nested = {
        "laplace": {"shape": 1, "location": "location", "scale": "scale"},
        "normal": {"shape": 2, "location": "mean", "scale": "sd"},
        "uniform": {"shape": np.inf, "location": np.nan, "scale": np.nan},
    }
    singular = ("uniform",)
    aliases = ("gennorm", "exponential_power_distribution", "subbotin")

    def logp(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return -_power(np.abs((x - location) / scale), shape) - (np.log(scale) + _LOG_2 + gammaln(1 + 1 / shape))

    def sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return np.exp(self.log_cdf(-x, shape, -location, scale))

    def log_cdf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z, a = (x - location) / scale, 1 / shape
        u = _power(np.abs(z), shape)
        # P(|Z| ≤ |z|); u^a = |z| where u underflows
        within = np.where(u < 1e-18, np.abs(z) * np.exp(-gammaln(1 + a)), gammainc(a, u))
        beyond = np.where(
            (within < 0.5) | (u < 1e-18),
            np.log1p(-within),
            np.where((a > 0) & (u < np.inf), log_gammaincc(np.where(a > 0, a, 1.0), np.minimum(u, 1e300)), -np.inf),
        )
        return np.where(z > 0, np.log1p(-0.5 * np.exp(beyond)), beyond - _LOG_2)

    def log_sf(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        return self.log_cdf(-x, shape, -location, scale)

    def ppf(self, q: Any, shape: Any, location: Any, scale: Any) -> Any:
        a, tail = 1 / shape, np.minimum(q, 1 - q)
        u = np.where(tail < 0.25, gammainccinv(a, 2 * tail), gammaincinv(a, 1 - 2 * tail))
        # where u underflows it is that power of |z| which makes |z| / Γ(1 + a) the probability
        distance = np.where(u < 1e-18, (1 - 2 * tail) * np.exp(gammaln(1 + a)), np.exp(a * np.log(u)))
        return location + scale * np.sign(q - 0.5) * distance

    def kinks(self, shape: Any, location: Any, scale: Any) -> Any:
        return (location,)

    def mle(self, sample: Any, *, shape: Any = None, location: Any = None, scale: Any = None) -> Any:
        x, weights = sample
        rows = max(len(weights), *(np.size(known) for known in (shape, location, scale)))
        shares = np.broadcast_to(weights / weights.sum(axis=-1, keepdims=True), (rows, weights.shape[1]))
        profile = _Profile(x, shares, location, scale)
        if shape is None:
            shape = profile.shape()
        middle, size = profile.at(shape)[:2]
        spike = np.isnan(shape)
        return np.where(spike, 0.0, shape), middle, np.where(spike, 0.0, size)

    def start(self, sample: Any) -> Any:
        found = self.mle(sample)
        return tuple(np.where(found[0] > 0, part, np.nan) for part in found)

    def limit(self, sample: Any) -> Limit:
        # the closed form knows it; cells do not
        ends: dict[str, Goes] = {
            "shape": np.inf,
            "location": lambda law: 0.5 * (law["low"] + law["high"]),
            "scale": lambda law: 0.5 * (law["high"] - law["low"]),
        }
        return Limit("uniform", ends, certain=np.zeros(1, dtype=bool))

    def score(self, x: Any, shape: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        distance = np.abs(z)
        log = np.log(distance)
        u = np.exp(shape * log)
        by_shape = psi(1 + 1 / shape) / np.square(shape) - np.where(u > 0, u * log, 0.0)
        by_location = np.where(z == 0, 0.0, shape * u / distance * np.sign(z)) / scale
        return by_shape, by_location, (shape * u - 1) / scale

    def information(self, shape: Any, location: Any, scale: Any) -> Any:
        # expected: the Hessian is infinite at observations (shape < 2), and there is no information on a location that
        # is a cusp (shape ≤ 1/2); |z|^shape is Gamma(1/shape)
        a = 1 / shape
        smooth = np.where(shape > 0.5, shape, np.nan)
        by_location = smooth**2 * np.exp(gammaln(2 - 1 / smooth) - gammaln(1 / smooth)) / scale**2
        by_both = -a * (1 + psi(1 + a)) / scale
        by_shape = a**3 * ((1 + a) * polygamma(1, 1 + a) + (1 + psi(1 + a)) ** 2 - 1)
        none = np.zeros_like(scale)
        rows = [[by_shape, none, by_both], [none, by_location, none], [by_both, none, shape / scale**2]]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    def moments(self, shape: Any, location: Any, scale: Any) -> Any:
        return location, scale**2 * np.exp(gammaln(1 + 3 / shape) - gammaln(1 + 1 / shape)) / 3

    def to_scipy(self, shape: Any, location: Any, scale: Any) -> Any:
        return "gennorm", {"beta": shape, "loc": location, "scale": scale}


def _power(distance: Any, shape: Any) -> Any:
    """Return distance^shape; at shape ∞ it is 0 up to 1 and ∞ beyond."""
    with np.errstate(all="ignore"):
        value = np.exp(shape * np.log(distance))
        box = np.isinf(shape)
        return np.where(box, np.where(distance <= 1 + 1e-12, 0.0, np.inf), value) if np.any(box) else value


class _Profile:
    """Mean log-likelihood of G samples as a function of the shape, at the best location and scale or the given ones."""

    def __init__(self, x: Array, shares: Array, location: Array | None, scale: Array | None) -> None:
        x, shares = np.broadcast_arrays(x, shares)
        x = np.where(shares > 0, x, np.where(shares > 0, x, -np.inf).max(axis=-1, keepdims=True))
        order = np.argsort(x, axis=-1, kind="stable")
        self.x, self.shares = np.take_along_axis(x, order, axis=-1), np.take_along_axis(shares, order, axis=-1)
        self.location, self.scale = location, scale
        self.low, self.range = self.x[:, 0], self.x[:, -1] - self.x[:, 0]

    def shape(self) -> Array:
        """Shape of the highest maximum; ∞ if the uniform is likelier, NaN if the likelihood only climbs to a spike."""
        few = self._thinned()
        values = np.stack([few.at(np.full(len(self.x), shape))[2] for shape in _SHAPES])
        inner = (values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])
        k = 1 + np.argmax(np.where(inner, values[1:-1], -np.inf), axis=0)
        ends = np.log(_SHAPES[k - 1]), np.log(_SHAPES[k + 1])
        rising = self.at(_SHAPES[k])[3] > 0
        ends = np.where(rising, np.log(_SHAPES[k]), ends[0]), np.where(rising, ends[1], np.log(_SHAPES[k]))
        shape = np.where(inner.any(axis=0), self._stationary(*ends), np.nan)
        if self.location is None:
            cusps = np.flatnonzero(shape <= 1)
            if len(cusps):
                shape[cusps] = self._take(cusps)._over_neighbours(shape[cusps])
        value = self.at(np.where(np.isnan(shape), 1.0, shape))[2]
        box = self.at(np.full(len(self.x), np.inf))[2]
        return np.where(box >= np.where(np.isnan(shape), values[_SHAPES > 0.9].max(axis=0), value), np.inf, shape)

    def _stationary(self, low: Array, high: Array) -> Array:
        """Shape at which the derivative changes sign, between two logarithms."""
        return np.exp(root(lambda log, row: self._take(row).at(np.exp(log))[3], low, high, 1e-13))

    def _over_neighbours(self, shape: Array) -> Array:
        """Shape of the best of many maxima that lie close together, one for each observation as location."""
        middle, _, best, _ = self.at(shape)
        place = np.sum(self.x < middle[:, None], axis=-1)
        curvature = (self.at(shape * 1.001)[3] - self.at(shape * 0.999)[3]) / (0.002 * shape)
        promise, held = [], []
        for offset in range(-(_TRIED // 2), _TRIED // 2 + 1):
            there = np.take_along_axis(self.x, np.clip(place + offset, 0, self.x.shape[1] - 1)[:, None], axis=-1)[:, 0]
            held.append(_Profile(self.x, self.shares, there, self.scale))
            _, _, value, slope = held[-1].at(shape)
            promise.append(value + 0.5 * slope * slope / np.abs(curvature))
        result = shape.copy()
        for which in np.argsort(promise, axis=0)[-_POLISHED:]:
            location = np.array([held[i].location[row] for row, i in enumerate(which)])
            near = _Profile(self.x, self.shares, location, self.scale)
            found = near._stationary(np.log(shape) - 0.3, np.log(shape) + 0.3)
            value = near.at(found)[2]
            result, best = np.where(value > best, found, result), np.maximum(best, value)
        return result

    def at(self, shape: Array) -> tuple[Array, Array, Array, Array]:
        """Location, scale, mean log-likelihood, and its derivative in the shape, each ``(G,)``."""
        middle = self._middle(shape) if self.location is None else self.location
        distance = np.abs(self.x - middle[:, None])
        unit = distance.max(axis=-1)
        ratio, a = distance / unit[:, None], 1 / shape
        log = np.log(ratio)
        power = self.shares * _power(ratio, shape[:, None])
        moment, by_shape = power.sum(axis=-1), np.where(power > 0, power * log, 0.0).sum(axis=-1)
        constant, slope = -_LOG_2 - gammaln(1 + a), psi(1 + a) * a * a
        if self.scale is None:
            box = np.isinf(shape)
            size = np.where(box, unit, unit * np.exp(a * np.log(np.where(box, 1.0, shape * moment))))
            rest = np.where(box, 0.0, a)
            return (
                middle,
                size,
                constant - np.log(size) - rest,
                slope + a * (np.log(size / unit) - by_shape / moment),
            )
        share = _power(unit / self.scale, shape)
        moment, by_shape = moment * share, (by_shape + moment * np.log(unit / self.scale)) * share
        return middle, self.scale, constant - np.log(self.scale) - moment, slope - by_shape

    def _middle(self, shape: Array) -> Array:
        """Location that minimises Σ |x − location|^shape: a root of the derivative, or an observation."""
        convex = (shape > 1) & np.isfinite(shape)
        middle = self.low + 0.5 * self.range
        rows = np.flatnonzero(convex)
        if len(rows):
            part, power = self._take(rows), shape[rows, None] - 1
            unit = (part.x - part.low[:, None]) / part.range[:, None]

            def pull(t: Array, row: Array) -> Array:
                d = unit[row] - t[:, None]
                return np.asarray(np.sum(part.shares[row] * np.sign(d) * _power(np.abs(d), power[row]), axis=-1))

            middle[rows] += part.range * (root(pull, np.zeros(len(rows)), np.ones(len(rows)), 1e-16) - 0.5)
        rows = np.flatnonzero(shape <= 1)
        if len(rows):
            middle[rows] = self._take(rows)._observation(shape[rows])
        return middle

    def _observation(self, shape: Array) -> Array:
        """Return the best of some observations, then of some between its neighbours among these, and so on."""
        last = self.x.shape[1] - 1
        first, end = np.zeros(len(shape)), np.full(len(shape), float(last))
        while True:
            steps = np.linspace(0.0, 1.0, _TRIED)
            tried = np.rint(first + (end - first) * steps[:, None]).astype(np.intp)
            loss = np.stack([self._loss(np.take_along_axis(self.x, i[:, None], axis=-1), shape) for i in tried])
            best = np.argmin(loss, axis=0)
            gap = np.ceil((end - first) / (_TRIED - 1))
            at = np.take_along_axis(tried, best[None], axis=0)[0]
            if np.all(gap <= 1):
                return np.asarray(np.take_along_axis(self.x, at[:, None], axis=-1)[:, 0])
            first, end = np.maximum(at - gap, 0), np.minimum(at + gap, last)

    def _loss(self, middle: Array, shape: Array) -> Array:
        return np.asarray(
            np.sum(self.shares * _power(np.abs(self.x - middle) / self.range[:, None], shape[:, None]), axis=-1)
        )

    def _take(self, rows: Any) -> _Profile:
        location, scale = (None if given is None else given[rows] for given in (self.location, self.scale))
        return _Profile(self.x[rows], self.shares[rows], location, scale)

    def _thinned(self) -> _Profile:
        """A few order statistics in place of many."""
        if self.x.shape[1] <= 2 * _FEW:
            return self
        cumulative = np.cumsum(self.shares, axis=-1)
        levels = (np.arange(_FEW) + 0.5) / _FEW
        places = np.stack([(cumulative < level).sum(axis=-1) for level in levels], axis=-1)
        x = np.take_along_axis(self.x, np.minimum(places, self.x.shape[1] - 1), axis=-1)
        return _Profile(x, np.full(x.shape, 1 / _FEW), self.location, self.scale)
