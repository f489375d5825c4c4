"""Laws in no catalogue that families of the real line reach in the limit; a fit that reaches one says so.

Most are a positive law from a location on, or reflected below it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Array
from modelselect.families.real_line.integrals import root
from modelselect.families.special import HALF_LOG_2PI
from modelselect.family import Family, Goes, Limit, Parameter, lookup


def whole(x: Array, weights: Array) -> Array:
    """Return the sample itself, values and weights ``(2, G, m)``: the only sufficient statistic of some families."""
    return np.stack(np.broadcast_arrays(x, weights))


class Located(Family):
    """Located(location, …): location + sign·Y, Y of a family on (0, ∞).

    Where the density of Y is largest at 0 the likeliest location is the observation that is nearest to the end. Where
    it is not, the highest maximum away from it is meant: the likelihood may have no bound there. Y then has the
    parameters delta and scale, its middle and delta times its width, which grow together as the location goes away;
    `upright` is the law that remains.
    """

    support = REAL
    statistics = (whole,)
    everything = True

    def __init__(self, inner: Family, sign: float = 1.0, *, upright: str | Family | None = None) -> None:
        self.inner, self.sign, self.upright = inner, sign, upright
        self.name = f"{'located' if sign > 0 else 'reflected'}_{inner.name}"
        # the role of an end is that of a scale: data divided by a power of two come back to the last bit
        end = Parameter(REAL, (-10, 10), "scale", regular=False)
        self.parameters = {"location": end, **inner.parameters}
        if upright is not None:
            self.parameters["location"] = Parameter(REAL, (-10, 10), "location")
            self.integrated = True  # type: ignore[misc]
            self.score, self.limit = self._score, self._limit  # type: ignore[misc]
            self.bend, self.straighten = self._bend, self._straighten  # type: ignore[misc]
            self.nested = {upright if isinstance(upright, str) else upright.name: {"delta": np.inf}}

    def logp(self, x: Any, location: Any, *rest: Any) -> Any:
        return self.inner.logp(self.sign * (x - location), *rest)

    def cdf(self, x: Any, location: Any, *rest: Any) -> Any:
        return (self.inner.cdf if self.sign > 0 else self.inner.sf)(self.sign * (x - location), *rest)

    def sf(self, x: Any, location: Any, *rest: Any) -> Any:
        return (self.inner.sf if self.sign > 0 else self.inner.cdf)(self.sign * (x - location), *rest)

    def log_cdf(self, x: Any, location: Any, *rest: Any) -> Any:
        return (self.inner.log_cdf if self.sign > 0 else self.inner.log_sf)(self.sign * (x - location), *rest)

    def log_sf(self, x: Any, location: Any, *rest: Any) -> Any:
        return (self.inner.log_sf if self.sign > 0 else self.inner.log_cdf)(self.sign * (x - location), *rest)

    def ppf(self, q: Any, location: Any, *rest: Any) -> Any:
        return location + self.sign * self.inner.ppf(q if self.sign > 0 else 1 - q, *rest)

    def bounds(self, location: Any, *rest: Any) -> Any:
        return (location, np.inf) if self.sign > 0 else (-np.inf, location)

    def mle(self, sample: Any, *, location: Any = None, scale: Any = None) -> Any:
        if location is None:
            location = self._end(sample) if self.upright is None else self._interior(sample)
        rest = self._rest(sample, location)
        return (location, *rest) if scale is None else (location, scale)

    def start(self, sample: Any) -> Any:
        end, (x, weights) = self._end(sample), sample
        reach = observed.maximum(x, weights) - observed.minimum(x, weights)
        starts = [end - self.sign * share * reach for share in (0.02, 0.2, 1.0, 5.0)]
        return [np.stack(column) for column in zip(*((at, *self._rest(sample, at)) for at in starts), strict=True)]

    def moments(self, location: Any, *rest: Any) -> Any:
        mean, variance = self.inner.moments(*rest)  # type: ignore[misc]
        return location + self.sign * mean, variance

    def _score(self, x: Any, location: Any, delta: Any, scale: Any) -> Any:
        distance = self.sign * (x - location)
        by_delta, by_scale = self.inner.score(distance, delta, scale)  # type: ignore[misc]
        return self.sign * (1 + scale * by_scale) / distance, by_delta, by_scale

    def _limit(self, sample: Any) -> tuple[Limit, ...]:
        away: dict[str, Goes] = {"location": -self.sign * np.inf, "delta": np.inf, "scale": np.inf}
        return () if self.upright is None else (Limit(self.upright, away, certain=np.zeros(1, dtype=bool)),)

    def _bend(self, middle: Any, delta: Any, width: Any) -> Any:
        return middle - self.sign * delta * width, delta, delta * width

    def _straighten(self, location: Any, delta: Any, scale: Any) -> Any:
        return location + self.sign * scale, delta, scale / delta

    def _end(self, sample: Any) -> Array:
        return np.asarray(self.sign * observed.minimum(self.sign * sample[0], sample[1]))

    def _interior(self, sample: Any) -> Array:
        """Location of the highest maximum of the profile away from the end, NaN without one."""
        (x, weights), end = sample, self._end(sample)
        shares = weights / weights.sum(axis=-1, keepdims=True)
        reach = observed.maximum(x, weights) - observed.minimum(x, weights)
        logs, row = np.linspace(-9.0, 6.0, 31), np.arange(len(end))

        def placed(log: Any, row: Any) -> tuple[Array, Array, list[Any]]:
            """Distance of a location from the end, distances of the observations, and the other parameters."""
            unit = (reach[row] * np.exp(log))[:, None]
            at = end[row] - self.sign * unit[:, 0]
            rest = [value[:, None] for value in self._rest((x[row], weights[row]), at)]
            distance = np.where(weights[row] > 0, self.sign * (x[row] - at[:, None]), unit)
            return unit, distance, rest

        def profile(log: Any) -> Array:
            _, distance, rest = placed(log, row)
            return np.asarray(np.sum(shares * self.inner.logp(distance, *rest), axis=-1))

        def slope(log: Array, row: Array) -> Array:
            # the other parameters are at their best: only the distances y count, and y·d log q/dy is minus one minus
            # the score in the log of the scale, whose mean is 0
            unit, distance, rest = placed(log, row)
            moved = rest[1] * self.inner.score(distance, *rest)[1]  # type: ignore[misc]
            share = unit / distance
            mean = np.sum(shares[row] * share, axis=-1)
            return np.asarray(-mean - np.sum(shares[row] * (share - mean[:, None]) * moved, axis=-1))

        values = np.stack([profile(log) for log in logs])
        inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
        k = 1 + np.argmax(np.where(inner, values[1:-1], -np.inf), axis=0)
        log = root(slope, logs[k - 1], logs[k + 1], 1e-13)
        return np.where(inner.any(axis=0), end - self.sign * reach * np.exp(log), np.nan)

    def _rest(self, sample: Any, location: Array) -> Any:
        """Likeliest parameters of the distances from a location."""
        distance = np.maximum(self.sign * (sample[0] - location[:, None]), 0.0)
        return self.inner.mle(*(function(distance, sample[1]) for function in self.inner.statistics))  # type: ignore[misc]


class LogNormalPower(Family):
    """Log-normal power(delta, scale), x > 0: delta·log(x/scale) is standard normal."""

    support = POSITIVE
    delta = Parameter(POSITIVE, typical=(0.3, 10))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_log, observed.variance_log)
    name = "lognormal"

    def logp(self, x: Any, delta: Any, scale: Any) -> Any:
        z = delta * np.log(x / scale)
        return -0.5 * z * z - np.log(x) + np.log(delta) - HALF_LOG_2PI

    def cdf(self, x: Any, delta: Any, scale: Any) -> Any:
        return ndtr(delta * np.log(x / scale))

    def sf(self, x: Any, delta: Any, scale: Any) -> Any:
        return ndtr(-delta * np.log(x / scale))

    def log_cdf(self, x: Any, delta: Any, scale: Any) -> Any:
        return log_ndtr(delta * np.log(x / scale))

    def log_sf(self, x: Any, delta: Any, scale: Any) -> Any:
        return log_ndtr(-delta * np.log(x / scale))

    def ppf(self, q: Any, delta: Any, scale: Any) -> Any:
        return scale * np.exp(ndtri(q) / delta)

    def mle(self, mean_log: Any, variance_log: Any) -> Any:
        return 1 / np.sqrt(variance_log), np.exp(mean_log)

    def score(self, x: Any, delta: Any, scale: Any) -> Any:
        z = delta * _log_ratio(x, scale)
        return (1 - z * z) / delta, delta * z / scale

    def moments(self, delta: Any, scale: Any) -> Any:
        square = 1 / np.square(delta)
        return scale * np.exp(square / 2), scale**2 * np.expm1(square) * np.exp(square)


class InverseGaussianPower(Family):
    """Inverse Gaussian(delta, scale), x > 0: of mean scale and shape delta²·scale."""

    support = POSITIVE
    delta = Parameter(POSITIVE, typical=(0.3, 10))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    name = "inverse_gaussian"

    def __init__(self) -> None:
        self.plain = lookup("inverse_gaussian")()
        self.statistics = self.plain.statistics

    def logp(self, x: Any, delta: Any, scale: Any) -> Any:
        return self.plain.logp(x, scale, delta * delta * scale)

    def log_cdf(self, x: Any, delta: Any, scale: Any) -> Any:
        return self.plain.log_cdf(x, scale, delta * delta * scale)

    def log_sf(self, x: Any, delta: Any, scale: Any) -> Any:
        return self.plain.log_sf(x, scale, delta * delta * scale)

    def ppf(self, q: Any, delta: Any, scale: Any) -> Any:
        return self.plain.ppf(q, scale, delta * delta * scale)

    def mle(self, *statistics: Any) -> Any:
        mean, shape = self.plain.mle(*statistics)  # type: ignore[misc]
        return np.sqrt(shape / mean), mean

    def score(self, x: Any, delta: Any, scale: Any) -> Any:
        by_mean, by_shape = self.plain.score(x, scale, delta * delta * scale)  # type: ignore[misc]
        return 2 * delta * scale * by_shape, by_mean + delta * delta * by_shape

    def moments(self, delta: Any, scale: Any) -> Any:
        return scale, np.square(scale / delta)


class LogSinhNormal(Family):
    """Log-sinh-normal(delta, scale), x > 0: sinh(delta·log(x/scale)) is standard normal."""

    support = POSITIVE
    delta = Parameter(POSITIVE, typical=(0.3, 10))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (whole,)
    everything = True

    def logp(self, x: Any, delta: Any, scale: Any) -> Any:
        w = delta * np.log(x / scale)
        return log_cosh(w) - 0.5 * np.sinh(w) ** 2 - np.log(x) + np.log(delta) - HALF_LOG_2PI

    def cdf(self, x: Any, delta: Any, scale: Any) -> Any:
        return ndtr(np.sinh(delta * np.log(x / scale)))

    def sf(self, x: Any, delta: Any, scale: Any) -> Any:
        return ndtr(-np.sinh(delta * np.log(x / scale)))

    def ppf(self, q: Any, delta: Any, scale: Any) -> Any:
        return scale * np.exp(np.arcsinh(ndtri(q)) / delta)

    def mle(self, sample: Any) -> Any:
        x, weights = sample
        mean = observed.mean(x, weights)
        rate, product = _sinh_normal(_log_ratio(x, mean[:, None]), weights)
        return rate, mean * np.exp(product / rate)

    def score(self, x: Any, delta: Any, scale: Any) -> Any:
        w = delta * _log_ratio(x, scale)
        slope = np.tanh(w) - 0.5 * np.sinh(2 * w)
        return (1 + w * slope) / delta, -delta * slope / scale


class SinhNormal(Family):
    """Sinh-normal(location, scale): sinh((x − location)/scale) is standard normal; flat on top, with light tails."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (whole,)
    everything = True

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return log_cosh(z) - 0.5 * np.sinh(z) ** 2 - (np.log(scale) + HALF_LOG_2PI)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return ndtr(np.sinh((x - location) / scale))

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return ndtr(np.sinh((location - x) / scale))

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * np.arcsinh(ndtri(q))

    def mle(self, sample: Any) -> Any:
        rate, product = _sinh_normal(*sample)
        return product / rate, 1 / rate


def _log_ratio(x: Any, scale: Any) -> Any:
    """Log(x/scale), which keeps its digits where x is nearly the scale."""
    off = (x - scale) / scale
    return np.where(np.abs(off) < 0.5, np.log1p(off), np.log(x / scale))


def _sinh_normal(y: Array, weights: Array) -> tuple[Array, Array]:
    """Likeliest a and b with sinh(a·y − b) standard normal: Newton's method, the log-likelihood being concave."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    y = np.where(weights > 0, y, 0.0)
    mean = np.sum(shares * y, axis=-1)
    off = np.where(weights > 0, y - mean[:, None], 0.0)
    a = np.minimum(0.75 / np.sqrt(np.sum(shares * off * off, axis=-1)), 2 / np.abs(off).max(axis=-1))
    b = np.zeros_like(a)  # of the centred values
    for _ in range(60):
        w = a[:, None] * off - b[:, None]
        slope, bend = shares * (np.tanh(w) - 0.5 * np.sinh(2 * w)), shares * (1 / np.cosh(w) ** 2 - np.cosh(2 * w))
        ga, gb = np.sum(slope * off, axis=-1) + 1 / a, -slope.sum(axis=-1)
        haa, hab = np.sum(bend * off * off, axis=-1) - 1 / (a * a), -np.sum(bend * off, axis=-1)
        hbb = bend.sum(axis=-1)
        determinant = haa * hbb - hab * hab
        da, db = (hab * gb - hbb * ga) / determinant, (hab * ga - haa * gb) / determinant
        # no observation moves by more than one, and a stays positive
        most = np.maximum(np.abs(da[:, None] * off - db[:, None]).max(axis=-1), 2 * np.maximum(-da / a, 0.0))
        a, b = a + da / np.maximum(1.0, most), b + db / np.maximum(1.0, most)
    return a, b + a * mean


class CentredUniform(Family):
    """Centred uniform(location, scale): density 1/(2 scale) on location ± scale."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location", regular=False)
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale", regular=False)
    statistics = (observed.minimum, observed.maximum)

    def logp(self, x: Any, location: Any, scale: Any) -> Any:
        return np.where(np.abs(x - location) <= (1 + 1e-12) * scale, -np.log(2 * scale), -np.inf)

    def cdf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.clip(0.5 + 0.5 * (x - location) / scale, 0.0, 1.0)

    def sf(self, x: Any, location: Any, scale: Any) -> Any:
        return np.clip(0.5 + 0.5 * (location - x) / scale, 0.0, 1.0)

    def ppf(self, q: Any, location: Any, scale: Any) -> Any:
        return location + scale * (2 * q - 1)

    def mle(self, minimum: Any, maximum: Any, *, location: Any = None, scale: Any = None) -> Any:
        location = 0.5 * (minimum + maximum) if location is None else location
        return location, np.maximum(maximum - location, location - minimum) if scale is None else scale

    def moments(self, location: Any, scale: Any) -> Any:
        return location, scale**2 / 3


def log_cosh(z: Any) -> Any:
    """Log cosh z, for z of any size."""
    size = np.abs(z)
    return size + np.log1p(np.exp(-2 * size)) - np.log(2.0)
