"""Distribution functions without a closed form, and their inverses: fixed nodes, all observations at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, logit

from modelselect.domain import Array
from modelselect.family import Family

#: Newton's steps, or halvings, of an inversion.
_MOST_STEPS = 200
#: Numbers that are worked on at a time: many nodes of few points, few nodes of many points.
_STRETCH = 20_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
# t = exp(π/2 sinh s), from 1e-19 to 1e50 (Takahasi & Mori 1974): power laws and exponentials alike
_STEP = 0.06
_DOUBLE = np.arange(-3.96, 5.0, _STEP)
_DISTANCES = np.exp(0.5 * np.pi * np.sinh(_DOUBLE))
_LOG_LENGTHS = np.log(0.5 * np.pi * _STEP * np.cosh(_DOUBLE)) + np.log(_DISTANCES)


#: Quantiles between which others are first looked for.
_LEVELS = expit(np.concatenate([np.linspace(-20, -5, 10)[:-1], np.linspace(-5, 5, 41), np.linspace(5, 20, 10)[1:]]))


def decaying(rate: Any, factor: Callable[[Any], Any]) -> Any:
    """∫ exp(−rate·v − v²/2) factor(v) dv over v > 0 for a factor between 0 and 1 that varies slowly."""
    rate = np.minimum(rate, 1e150)
    length = 80 / (rate + np.sqrt(rate * rate + 80))  # where the exponent is −40
    shape = np.broadcast(rate, factor(length)).shape
    total = np.zeros(shape)
    for part in _parts(total.size, len(_NODES)):
        node, weight = (a[part].reshape(-1, *[1] * len(shape)) for a in (_NODES, _WEIGHTS))
        v = (0.5 + 0.5 * node) * length
        total = total + np.sum(0.5 * weight * np.exp(-v * (rate + 0.5 * v)) * factor(v), axis=0)
    return total * length


def log_tail(logp: Callable[[Any], Any], x: Any, sign: Any, width: Any) -> Any:
    """Log of the integral of a density from x on (sign 1) or up to x (sign −1), where it falls.

    The variable is the distance from x, on a double exponential scale in units of the local decay length, which is
    at most `width`, the size of the body of the law. Relative error about 1e-12.
    """
    x = np.asarray(x, dtype=float)
    step = 1e-3 * width
    slope = np.abs(logp(x + sign * step) - logp(x)) / step
    unit = width / (1 + width * np.where(np.isfinite(slope), slope, 0.0))
    shape = np.broadcast(x, unit).shape
    top = np.full(shape, -np.inf)
    total = np.zeros(shape)
    for part in _parts(total.size, len(_DISTANCES)):
        distance, length = (a[part].reshape(-1, *[1] * len(shape)) for a in (_DISTANCES, _LOG_LENGTHS))
        logs = logp(x + sign * unit * distance) + length
        logs = np.where(np.isnan(logs), -np.inf, logs)
        high = np.maximum(top, logs.max(axis=0))
        base = np.where(np.isfinite(high), high, 0.0)
        total = total * np.exp(np.where(np.isfinite(top), top, base) - base) + np.exp(logs - base).sum(axis=0)
        top = high
    return np.where(np.isfinite(top), top + np.log(total) + np.log(unit), -np.inf)


def invert(family: Family, q: Any, guess: Any, width: Any, *parameters: Any) -> Any:
    """Invert a distribution function with a density: Newton's method on the log of the nearer tail, kept in a bracket.

    Parameters
    ----------
    guess, width
        Where to start, and the first step where Newton's leads nowhere.
    """
    if np.size(q) > 2 * len(_LEVELS) and all(np.ndim(parameter) == 0 for parameter in parameters):
        # many quantiles of one law: start between some of them
        known = invert(family, _LEVELS, np.mean(guess), width, *parameters)
        guess = np.interp(logit(q), logit(_LEVELS), known)
    arrays = np.broadcast_arrays(q, guess, width, *parameters)
    shape = arrays[0].shape
    q, x, width, *parameters = (np.array(a, dtype=float).ravel() for a in arrays)  # type: ignore[assignment]
    lower = q < 0.5
    target = np.log(np.where(lower, q, 1 - q))
    x = np.where(np.isfinite(x), x, 0.0)
    low, high = np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
    unit = width.copy()
    left = np.flatnonzero((q > 0) & (q < 1))
    for _ in range(_MOST_STEPS * (len(left) > 0)):
        here, theta, below = x[left], tuple(p[left] for p in parameters), lower[left]
        tail = np.empty_like(here)
        for rows, log_tail in ((below, family.log_cdf), (~below, family.log_sf)):
            if rows.any():
                tail[rows] = log_tail(here[rows], *(p[rows] for p in theta))
        error = np.where(below, tail - target[left], target[left] - tail)  # positive where x is too large
        low[left], high[left] = np.where(error <= 0, here, low[left]), np.where(error >= 0, here, high[left])
        step = -error * np.exp(tail - family.logp(here, *theta))
        to = here + step
        good = (to > low[left]) & (to < high[left])
        middle = 0.5 * (low[left] + high[left])
        away = here - np.sign(error) * width[left]
        x[left] = np.where(good, to, np.where(np.isfinite(middle), middle, away))
        width[left] = np.where(good | np.isfinite(middle), width[left], 2 * width[left])
        # the error of a small step of Newton's is its square
        small = good & (np.abs(step) <= 1e-9 * unit[left])
        done = (error == 0) | small | (high[left] - low[left] <= 4e-16 * np.abs(here))
        x[left[error == 0]] = here[error == 0]
        left = left[~done]
        if not len(left):
            break
    return x.reshape(shape)


def root(function: Callable[[Array, Any], Array], low: Array, high: Array, tolerance: float) -> Array:
    """Where a function of ``(value, row)`` that is positive at low and negative at high changes sign, for each row.

    Inverse quadratic interpolation where it is safe, halving otherwise (Chandrupatla 1997).
    """
    a, b = high.astype(float), low.astype(float)
    rows = np.arange(len(a))
    fa, fb = function(a, rows), function(b, rows)
    fa, fb = np.where(fa < 0, fa, -np.abs(fb)), np.where(fb > 0, fb, np.abs(fa))
    best, t = np.where(np.abs(fa) < np.abs(fb), a, b), np.full(len(a), 0.5)
    for _ in range(_MOST_STEPS):
        x = a + t * (b - a)
        f = function(x, rows)
        same = np.sign(f) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, f
        near = np.abs(fa) < np.abs(fb)
        best[rows] = np.where(near, a, b)
        limit = tolerance / np.abs(b - a)
        go = (fa != 0) & (limit < 0.5)
        if not go.any():
            break
        a, b, c, fa, fb, fc, limit, rows = (v[go] for v in (a, b, c, fa, fb, fc, limit, rows))
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        safe = (phi * phi < xi) & ((1 - phi) * (1 - phi) < 1 - xi)
        t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        t = np.clip(np.where(safe & np.isfinite(t), t, 0.5), limit, 1 - limit)
    return best


def _parts(points: int, nodes: int) -> list[slice]:
    step = max(1, _STRETCH // max(1, points))
    return [slice(i, i + step) for i in range(0, nodes, step)]
