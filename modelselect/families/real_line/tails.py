"""Laws in no catalogue with a heavy tail on one side, which a crystal ball or a skew t reaches in the limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE, REAL, Array
from modelselect.families.real_line.integrals import root
from modelselect.families.real_line.located import Located, whole
from modelselect.family import Family, Goes, Limit, Parameter, lookup


class PowerTail(Family):
    """Power tail(shape, scale), x ≥ 0: P(X > x) = (1 + x/scale)^(−shape), of which the *interior* maximum is meant.

    The likelihood has no bound where observations at 0 are many and the scale shrinks onto them.
    """

    support = NONNEGATIVE
    shape = Parameter(POSITIVE, typical=(0.4, 20))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (whole,)
    name = "lomax"

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.log(shape / scale) - (shape + 1) * np.log1p(x / scale)

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -np.expm1(-shape * np.log1p(x / scale))

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return -shape * np.log1p(x / scale)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale * np.expm1(-np.log1p(-q) / shape)

    def mle(self, sample: Any) -> Any:
        (x, weights), logs = sample, np.linspace(-14.0, 14.0, 57)
        shares, size, row = weights / weights.sum(axis=-1, keepdims=True), observed.mean(*sample), np.arange(len(x))

        def mean_log(log: Any, row: Any) -> tuple[Array, Array]:
            z = x[row] / (size[row] * np.exp(log))[:, None]
            return np.sum(shares[row] * np.log1p(z), axis=-1), np.sum(shares[row] * z / (1 + z), axis=-1)

        def slope(log: Array, row: Array) -> Array:
            mean, share = mean_log(log, row)  # the likeliest shape is 1/mean
            return np.asarray(share / mean - 1 + share)

        means = np.stack([mean_log(np.full(len(x), log), row)[0] for log in logs])
        values = -np.log(means) - logs[:, None] - means
        inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
        k = 1 + np.argmax(np.where(inner, values[1:-1], -np.inf), axis=0)
        log = root(slope, logs[k - 1], logs[k + 1], 1e-13)
        scale = np.where(inner.any(axis=0), size * np.exp(log), np.nan)
        return 1 / np.sum(shares * np.log1p(x / scale[:, None]), axis=-1), scale


class NormalWithTail(Family):
    """Normal with tail(beta, location, scale): density ∝ e^(−z²/2), and e^(beta²/2 + beta z) below z = −beta.

    The normal as beta → ∞; an exponential up to the location as beta → 0 with the scale.
    """

    support = REAL
    beta = Parameter(POSITIVE, typical=(0.5, 2))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.variance)
    nested = {"normal": {"beta": np.inf, "location": "mean", "scale": "sd"}}

    def logp(self, x: Any, beta: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return np.where(z < -beta, beta * (0.5 * beta + z), -0.5 * z * z) - np.log(
            scale * self._masses(beta).sum(axis=0)
        )

    def cdf(self, x: Any, beta: Any, location: Any, scale: Any) -> Any:
        z, (tail, body) = (x - location) / scale, self._masses(beta)
        below = tail * np.exp(beta * np.minimum(z + beta, 0.0))
        return (below + np.sqrt(2 * np.pi) * np.maximum(ndtr(z) - ndtr(-beta), 0.0)) / (tail + body)

    def sf(self, x: Any, beta: Any, location: Any, scale: Any) -> Any:
        z, (tail, body) = (x - location) / scale, self._masses(beta)
        above = np.sqrt(2 * np.pi) * ndtr(-np.maximum(z, -beta))
        return (above - tail * np.expm1(beta * np.minimum(z + beta, 0.0))) / (tail + body)

    def start(self, mean: Any, variance: Any) -> Any:
        beta = np.array([0.3, 0.6, 1.0, 1.5, 2.0])[:, None] + 0 * mean
        return beta, mean + 0.5 * np.sqrt(variance) / beta, 0.8 * np.sqrt(variance) + 0 * beta

    def score(self, x: Any, beta: Any, location: Any, scale: Any) -> Any:
        z, (tail, body) = (x - location) / scale, self._masses(beta)
        slope, by_beta = np.where(z < -beta, beta, -z), np.minimum(z + beta, 0.0)
        return by_beta + tail / (beta * (tail + body)), -slope / scale, -(1 + z * slope) / scale

    def limit(self, mean: Any, variance: Any) -> tuple[Limit, ...]:
        never, tail = np.zeros(len(mean), dtype=bool), Located(lookup("exponential")(), -1.0)
        return (
            Limit("normal", {"beta": np.inf, "location": "mean", "scale": "sd"}, certain=never),
            Limit(tail, {"beta": 0.0, "location": "location", "scale": 0.0}, certain=never),
        )

    @staticmethod
    def _masses(beta: Any) -> Any:
        """Integrals of both parts."""
        return np.stack([np.exp(-0.5 * np.square(beta)) / beta, np.sqrt(2 * np.pi) * ndtr(beta)])


class LocatedHalfT(Located):
    """Half-t(location, df, scale) from its location on, or with sign −1 up to it: a skew t of infinite shape."""

    def __init__(self, sign: float = 1.0) -> None:
        super().__init__(lookup("half_t")(), sign)
        self._normal = Located(lookup("half_normal")(), sign)
        self.nested = {self._normal.name: {"df": np.inf}}

    def limit(self, sample: Any) -> Limit:
        rest: dict[str, Goes] = {"df": np.inf, "location": "location", "scale": "scale"}
        return Limit(self._normal, rest, certain=np.zeros(len(sample[0]), dtype=bool))

    def mle(self, sample: Any, *, location: Any = None, df: Any = None, scale: Any = None) -> Any:
        location = self._end(sample) if location is None else location
        y, weights = np.abs(sample[0] - location[:, None]), sample[1]
        shares, size, row = weights / weights.sum(axis=-1, keepdims=True), observed.mean(y, weights), np.arange(len(y))

        def best_scale(log_df: Array, row: Any) -> Array:
            if scale is not None:
                return np.asarray(np.broadcast_to(scale, size.shape)[row])
            df = np.exp(log_df)[:, None]

            def slope(log: Array, some: Array) -> Array:
                z = np.square(y[row[some]] / np.exp(log)[:, None])
                return np.asarray(np.sum(shares[row[some]] * (df[some] + 1) * z / (df[some] + z), axis=-1) - 1)

            middle = np.log(size[row])
            return np.asarray(np.exp(root(slope, middle - 40, middle + 40, 1e-13)))

        def mean(function: Any, log_df: Array, row: Any) -> Array:
            value = function(y[row], np.exp(log_df)[:, None], best_scale(log_df, row)[:, None])
            return np.asarray(np.sum(np.where(shares[row] > 0, shares[row] * value, 0.0), axis=-1))

        if df is None:
            logs = np.linspace(-4.0, 10.0, 29)
            values = np.stack([mean(self.inner.logp, np.full(len(y), log), row) for log in logs])
            inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
            k = 1 + np.argmax(np.where(inner, values[1:-1], -np.inf), axis=0)
            log = root(lambda log, row: mean(self._by_log_df, log, row), logs[k - 1], logs[k + 1], 1e-13)
            df = np.where(inner.any(axis=0), np.exp(log), np.nan)
        df = np.broadcast_to(df, size.shape)
        return location, df, best_scale(np.log(df), row)

    def _rest(self, sample: Any, location: Array) -> Any:
        return self.mle(sample, location=location, df=2.0)[1:]  # a start

    def _by_log_df(self, x: Any, df: Any, scale: Any) -> Any:
        return df * self.inner.score(x, df, scale)[0]  # type: ignore[misc]
