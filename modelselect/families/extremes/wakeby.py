"""Houghton's Wakeby law, which is known by its quantile function alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gamma as factorial

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Array
from modelselect.families.bounded.pointed import ordered
from modelselect.families.extremes.classic import GeneralizedPareto, near_zero, reduced, unreduced
from modelselect.families.real_line.integrals import root
from modelselect.families.special import log1mexp
from modelselect.family import Family, Goes, Limit, Parameter, register


@register
class Wakeby(Family):
    """Wakeby(location, alpha, beta, gamma, delta): quantiles x(F) = location + α (1 − e^(−βt))/β + γ (e^(δt) − 1)/δ.

    t = −log(1 − F), as Hosking & Wallis (1997); β + δ > 0. The density e^(−t)/(α e^(−βt) + γ e^(δt)) is found by
    solving for t. The location is the lower end, 0 unless given: as it comes to the smallest observation and the
    density there grows, the likelihood has no bound. As β → ∞ it is the generalized Pareto beyond some threshold.
    """

    support = REAL
    # it is given, and so moves with the unit of the data alone
    location = Parameter(REAL, typical=(0, 0), role="scale", regular=False, default=0.0)
    alpha = Parameter(POSITIVE, typical=(4, 8), role="scale")
    beta = Parameter(POSITIVE, typical=(3, 8))
    gamma = Parameter(POSITIVE, typical=(0.5, 1.5), role="scale")
    delta = Parameter(REAL, typical=(0.0, 0.4))
    nested = {"generalized_pareto": {"beta": np.inf, "gamma": "scale", "delta": "shape"}}
    statistics = (observed.mean, observed.l_scale, observed.maximum)

    def logp(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        t = _exponential(x - location, alpha, beta, gamma, delta)
        return -t - np.log(alpha * np.exp(-beta * t) + gamma * np.exp(delta * t))

    def cdf(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return -np.expm1(-_exponential(x - location, alpha, beta, gamma, delta))

    def sf(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return np.exp(-_exponential(x - location, alpha, beta, gamma, delta))

    def log_cdf(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return log1mexp(_exponential(x - location, alpha, beta, gamma, delta))

    def log_sf(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return -_exponential(x - location, alpha, beta, gamma, delta)

    def ppf(self, q: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        t = -np.log1p(-q)
        return location + alpha * unreduced(t, -beta) + gamma * unreduced(t, delta)

    def bounds(self, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        end = location + alpha / np.where(beta == 0, np.nan, beta) - gamma / np.where(delta == 0, np.nan, delta)
        return location, np.where((delta < 0) & (beta > 0), end, np.inf)

    def valid(self, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return beta + delta > 0

    def unbounded(self, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        return (delta < -0.98) & (beta > 0.98)

    def start(self, mean: Any, l_scale: Any, maximum: Any) -> Any:
        # for several β and δ, α and γ that give mean and L-scale over the location 0 (Hosking & Wallis 1997, A.11)
        beta, delta = np.array([[3.0, 15.0, 40.0], [0.1, 0.2, -0.4]])[:, :, None]
        a, c = 1 / (1 + beta), 1 / (1 - delta)
        b, d = a / (2 + beta), c / (2 - delta)
        determinant = a * d - b * c
        alpha, gamma = (mean * d - l_scale * c) / determinant, (l_scale * a - mean * b) / determinant
        ones = np.ones_like(alpha)
        small = 0.05 * mean * ones
        alpha, gamma = np.maximum(alpha, small), np.maximum(gamma, small)
        # an upper end beyond the largest observation
        delta = np.maximum(delta, -0.9 * gamma / np.maximum(maximum - alpha / beta, 0.1 * maximum))
        return 0 * ones, alpha, beta * ones, gamma, delta

    def limit(self, mean: Any, l_scale: Any, maximum: Any) -> Limit:
        # β → ∞ with α/β = threshold − location: its first part moves no observation
        edge: dict[str, Goes] = {"location": "location", "alpha": np.inf, "beta": np.inf}
        rest: dict[str, Goes] = {"gamma": lambda law: law["scale"], "delta": lambda law: law["shape"]}
        return Limit(ParetoBeyond(), {**edge, **rest}, certain=np.zeros(len(mean), dtype=bool))

    def score(self, x: Any, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        t = _exponential(x - location, alpha, beta, gamma, delta)
        first, second = np.exp(-beta * t), np.exp(delta * t)
        slope = alpha * first + gamma * second
        along = (1 + (gamma * delta * second - alpha * beta * first) / slope) / slope
        return (
            along + 0 * t,
            along * unreduced(t, -beta) - first / slope,
            alpha * (t * first / slope - along * t * t * _growth(-beta * t)),
            along * unreduced(t, delta) - second / slope,
            gamma * (along * t * t * _growth(delta * t) - t * second / slope),
        )

    def moments(self, location: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
        mean = location + alpha / (1 + beta) + gamma / (1 - delta)
        left, right = alpha**2 / ((1 + beta) ** 2 * (1 + 2 * beta)), gamma**2 / ((1 - delta) ** 2 * (1 - 2 * delta))
        both = 2 * alpha * gamma / ((1 + beta) * (1 - delta) * (1 + beta - delta))
        tails = np.maximum(delta, -beta)
        return np.where(tails < 1, mean, np.inf), np.where(tails < 0.5, left + right + both, np.inf)


class ParetoBeyond(Family):
    """Generalized Pareto(location, threshold, shape, scale) of x − threshold; the location is merely kept."""

    support = REAL
    location = Parameter(REAL, typical=(0, 0), role="scale", regular=False, default=0.0)
    threshold = Parameter(REAL, typical=(0, 1), role="scale", regular=False)
    shape = Parameter(REAL, typical=(-0.3, 1))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (ordered,)

    def logp(self, x: Any, location: Any, threshold: Any, shape: Any, scale: Any) -> Any:
        return GeneralizedPareto().logp(x - threshold, shape, scale)

    def cdf(self, x: Any, location: Any, threshold: Any, shape: Any, scale: Any) -> Any:
        return GeneralizedPareto().cdf(x - threshold, shape, scale)

    def sf(self, x: Any, location: Any, threshold: Any, shape: Any, scale: Any) -> Any:
        return GeneralizedPareto().sf(x - threshold, shape, scale)

    def bounds(self, location: Any, threshold: Any, shape: Any, scale: Any) -> Any:
        return threshold, threshold + GeneralizedPareto().bounds(shape, scale)[1]

    def mle(self, sample: Any, *, location: Any) -> Any:
        # the density falls: the threshold is the smallest observation; of θ = shape/scale a profile is left, in which
        # log(1 + θ·largest) takes a grid (Grimshaw 1993)
        x, share = sample
        distance = x - x[:, :1]
        largest = np.where(distance[:, -1] > 0, distance[:, -1], 1.0)
        grid, rows = np.linspace(-8.0, 12.0, 41), np.arange(len(x))

        def parts(v: Any, row: Any) -> tuple[Array, Array]:
            shape = np.sum(share[row] * np.log1p((np.expm1(v) / largest[row])[:, None] * distance[row]), axis=-1)
            return shape, shape * largest[row] / np.expm1(v)

        def profile(v: Any, row: Any) -> Array:
            shape, scale = parts(np.where(np.abs(v) < 1e-7, 1e-7, v), row)
            return np.asarray(np.where(shape > -0.98, -np.log(scale) - shape, -np.inf))

        def slope(v: Array, row: Array) -> Array:
            near, far = (profile(v + h, row) - profile(v - h, row) for h in (1e-3, 2e-3))
            return np.asarray(8 * near - far)

        values = np.stack([profile(np.full(len(x), v), rows) for v in grid])
        inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
        k = 1 + np.argmax(np.where(inner, values[1:-1], -np.inf), axis=0)
        v = root(slope, grid[k - 1], grid[k + 1], 1e-13)
        shape, scale = parts(np.where(np.abs(v) < 1e-7, 1e-7, v), rows)
        return location, x[:, 0], np.where(inner.any(axis=0), shape, np.nan), scale

    def start(self, sample: Any) -> Any:
        return self.mle(sample, location=0.0)


def _growth(p: Any) -> Any:
    """(e^p (p − 1) + 1)/p², the derivative of (e^p − 1)/p."""
    return near_zero(-p, lambda k: (k + 1) / factorial(k + 3), lambda w: (1 - np.exp(-w) * (1 + w)) / (w * w))


def _exponential(distance: Any, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Array:
    """Solve α (1 − e^(−βt))/β + γ (e^(δt) − 1)/δ = distance for t ≥ 0: Halley within a bracket."""
    arrays = np.broadcast_arrays(distance, alpha, beta, gamma, delta)
    distance, alpha, beta, gamma, delta = (array.ravel() for array in arrays)
    # either part alone is no more than the whole
    most = [np.nan_to_num(reduced(distance / a, b), nan=np.inf) for a, b in ((alpha, -beta), (gamma, delta))]
    t = np.minimum(np.minimum(*most), 1e4)
    result = np.where(distance > 0, t, 0.0)
    rows = np.flatnonzero(distance > 0)
    state = [array[rows] for array in (distance, alpha, beta, gamma, delta, t, np.zeros_like(t), t)]
    with np.errstate(all="ignore"):
        for _ in range(100):
            if not len(rows):
                break
            distance, alpha, beta, gamma, delta, t, low, high = state
            first, second = np.expm1(-beta * t), np.expm1(delta * t)
            off = gamma * np.where(delta == 0, t, second / delta) - alpha * first / beta - distance
            slope = alpha * (1 + first) + gamma * (1 + second)
            curve = gamma * delta * (1 + second) - alpha * beta * (1 + first)
            low, high = np.where(off < 0, t, low), np.where(off < 0, high, t)
            step = off / slope
            # Halley's step, within a factor of 2 of Newton's
            there = t - step / np.clip(1 - 0.5 * step * curve / slope, 0.5, 2.0)
            there = np.where((there >= low) & (there <= high), there, 0.5 * (low + high))
            result[rows] = there
            # the error is cubed: what moved by 1e-7 is right now
            go = np.abs(there - t) > 1e-7 * there
            rows, state = rows[go], [array[go] for array in (distance, alpha, beta, gamma, delta, there, low, high)]
    return result.reshape(arrays[0].shape)
