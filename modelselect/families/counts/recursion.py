"""Masses of infinitely divisible counts: a recursion for small counts, for the rest a sum over a hidden number.

Everything is elementwise in x and the parameters, on the log scale, and batched: loops run over the terms alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from modelselect.domain import Array
from modelselect.families.special import log1mexp
from modelselect.formulas import log_share

#: What is asked for; the names are those of a family's functions.
Kind = Literal["logp", "cdf", "sf", "log_cdf", "log_sf"]
Term = Callable[[Any, Any], Any]

#: Counts below this come from the recursion.
NEAR = 256
#: Unless P(0) is smaller than e to the minus this, from which it would start.
_LEAST = 600.0
#: What the recursion, which starts at 1, gives below this has lost its digits.
_TINY = 1e-280
#: Fall of the logarithm beyond which the terms of a sum are left out.
_FALL = 42.0
#: Steps on which a term falls that far on its steeper side, where not all of a long sum are taken.
_STEPS = 30
#: Most terms that are ever taken.
_MOST_STEPS = 8192
#: From here on every count is alike, and tails have vanished.
_FARTHEST = 1e15
_ELEMENTS = 1 << 17
#: Entries of a table that are made at a time.
_CELLS = 1 << 21
#: Relative step of differences.
_STEP = 1e-3
#: Counts from which on a score is taken by differences.
FAR = 1e4
#: Counts from which on equal ones are not looked for.
_MANY = 1 << 16


class Summed(Protocol):
    """A law on the counts whose small masses come in a row, and whose tails are sums of them."""

    def _first(self, *parameters: Any) -> Any:
        """Log P(0)."""

    def _shares(self, last: int, *parameters: Any) -> Array:
        """P(k)/P(0) for k = 0, …, last, ``(last + 1, …)``."""

    def _far(self, kind: Kind, x: Any, *parameters: Any) -> Any:
        """Log of a mass or a tail at any x > 0, by other means; all arguments are ``(n,)``."""


def log_mass(law: Summed, x: Any, *parameters: Any) -> Array:
    """Log P(X = x)."""
    first = np.asarray(law._first(*parameters), dtype=float)
    near = (x < NEAR) & (first > -_LEAST)
    value, far = np.broadcast_to(first, near.shape), ~near & (x > 0)
    if np.any(near):
        inside = np.where(near, x, 0)
        share = entries(law._shares(int(inside.max()), *parameters), inside, first)
        value, far = first + np.log(share), far | (near & (share < _TINY))
    return with_far(law, "logp", value, far, x, first, parameters)


def log_masses_near(law: Summed, x: Any, offsets: tuple[int, ...], *parameters: Any) -> tuple[Array, ...]:
    """Log P(X = x + i) for each of some offsets i; −∞ below 0."""
    x = np.stack(np.broadcast_arrays(*(x + i for i in offsets)))
    return tuple(np.where(x < 0, -np.inf, log_mass(law, np.maximum(x, 0), *parameters)))


def with_far_scores(law: Any, scores: tuple[Any, ...], far: Any, x: Any, *parameters: Any) -> tuple[Any, ...]:
    """Replace scores at far counts, where differences of large ratios cancel, by differences of log masses."""
    if not np.any(far):
        return scores
    far, *arrays = np.broadcast_arrays(far, x, *parameters, *scores)
    at, theta = arrays[0][far], [array[far].astype(float) for array in arrays[1 : len(parameters) + 1]]
    made = []
    for j, score in enumerate(arrays[len(parameters) + 1 :]):
        f = []
        for i in (-2, -1, 1, 2):
            moved = [*theta[:j], theta[j] + i * _STEP * np.abs(theta[j]), *theta[j + 1 :]]
            f.append(law.logp(at, *moved))
        value = np.array(score)
        value[far] = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * _STEP * np.abs(theta[j]))
        made.append(value)
    return tuple(made)


def tail(law: Summed, kind: Kind, x: Any, *parameters: Any) -> Array:
    """P(X ≤ x), P(X > x), or the log of one of them."""
    first = np.asarray(law._first(*parameters), dtype=float)
    near = (x < NEAR) & (first > -_LEAST)
    inside, below, far = np.where(near, x, 0), np.zeros(near.shape), ~near
    if np.any(near):
        shares = law._shares(int(inside.max()), *parameters)
        below = np.minimum(np.exp(first) * entries(np.cumsum(shares, axis=0), inside, first), 1.0)
    if kind == "cdf":
        value = below
    else:
        above = 1.0 - below
        upper = near & (below > 0.5)
        if np.any(upper):
            above = np.where(upper, _above(law, np.where(upper, x, 0), first, parameters), above)
        far = far | ((kind == "log_sf") & (above < _TINY))
        value = above if kind == "sf" else log_share(above, below) if kind == "log_sf" else log_share(below, above)
    if not np.any(far):
        return np.asarray(value)
    asked: Kind = "log_cdf" if kind in ("cdf", "log_cdf") else "log_sf"
    beyond = with_far(law, asked, np.full(far.shape, -np.inf), far, x, first, parameters)
    most = far & (beyond > -0.7)
    if np.any(most):
        other: Kind = "log_sf" if asked == "log_cdf" else "log_cdf"
        rest = with_far(law, other, np.full(far.shape, -np.inf), most, x, first, parameters)
        beyond = np.where(most, log1mexp(-rest), beyond)
    return np.where(far, beyond if kind == asked else np.exp(beyond), value)


def _above(law: Summed, x: Any, first: Array, parameters: tuple[Any, ...]) -> Array:
    """P(X > x) of small counts, from masses far enough out, and from other means where these are too far."""
    usable = first > -_LEAST
    for last in (NEAR // 4, NEAR):
        if last > x.max(initial=0):
            shares = np.where(usable, law._shares(last, *parameters), 0.0)
            rest = np.cumsum(shares[:0:-1], axis=0)[::-1]
            rest = np.exp(first) * entries(np.concatenate([rest, np.zeros_like(rest[:1])]), x, first)
            heavy = 1e3 * np.exp(first) * shares[-1] > 1e-17 * rest
            if not np.any(heavy):
                return np.asarray(rest)
    beyond = with_far(law, "log_sf", np.full(first.shape, -np.inf), usable, float(NEAR), first, parameters)
    return np.asarray(rest + np.exp(beyond))


def compounded(rates: Any) -> Array:
    """P(k)/P(0) for k = 0, …, n from the n + 1 first coefficients hᵢ of the derivative of the log of Σ P(k) s^k.

    (k + 1) P(k + 1) = Σᵢ hᵢ P(k − i) (Johnson, Kemp & Kotz 2005, 2.7): no hᵢ is negative where the law is that of a
    Poisson number of independent counts, that is where it is infinitely divisible.
    """
    share = np.ones(rates.shape)
    for k in range(len(rates) - 1):
        share[k + 1] = np.einsum("i...,i...->...", rates[: k + 1], share[k::-1]) / (k + 1)
    return share


def places(last: int, *parameters: Any) -> Array:
    """0, …, last along an axis before those of the parameters."""
    return np.arange(last + 1.0).reshape(-1, *[1] * np.broadcast(*parameters).ndim)


def entries(table: Array, x: Any, first: Array) -> Array:
    """Entries x of a table with one column a parameter."""
    shape = np.broadcast(x, first).shape
    columns = table.reshape(len(table), *[1] * (len(shape) - first.ndim), *first.shape)
    at = np.broadcast_to(x, shape).astype(np.intp)[None]
    return np.asarray(np.take_along_axis(np.broadcast_to(columns, (len(table), *shape)), at, axis=0)[0])


def looked_up(tables: Callable[..., tuple[Array, ...]], x: Any, *parameters: Any) -> tuple[Array, ...]:
    """Entries x of tables with one column a parameter, of which few are made at a time.

    Parameters
    ----------
    tables
        Called with the largest x and parameters ``(…)``; returns tables ``(x + 1, …)``.
    """
    last, columns = int(np.max(x, initial=0)), np.broadcast(*parameters)
    if columns.size == 0 or columns.size * (last + 1) <= _CELLS or columns.size == 1:
        place = np.empty(columns.shape)
        return tuple(entries(table, x, place) for table in tables(last, *np.broadcast_arrays(*parameters)))
    dimensions = max(columns.ndim, np.ndim(x))
    axis = dimensions - columns.ndim + int(np.argmax(columns.shape))
    arrays = [np.reshape(array, (*[1] * (dimensions - np.ndim(array)), *np.shape(array))) for array in (x, *parameters)]
    halves = []
    for half in (0, 1):
        parts = [a if a.shape[axis] == 1 else np.array_split(a, 2, axis=axis)[half] for a in arrays]
        halves.append(looked_up(tables, *parts))
    return tuple(np.concatenate(pair, axis=axis) for pair in zip(*halves, strict=True))


def with_far(law: Summed, kind: Kind, value: Any, far: Any, x: Any, first: Array, parameters: tuple[Any, ...]) -> Array:
    """Replace the marked elements of 'value' by what other means give."""
    if not np.any(far):
        return np.asarray(value)
    far, value, x, _, *rest = np.broadcast_arrays(far, value, x, first, *parameters)
    value = np.array(value)
    if kind != "logp":
        end = far & (x >= _FARTHEST)
        value[end], far = (0.0 if kind == "log_cdf" else -np.inf), far & ~end
    value[far] = law._far(kind, np.minimum(x[far], _FARTHEST), *(p[far].astype(float) for p in rest))
    return np.asarray(value)


# -- dear masses -------------------------------------------------------------------------------------------------------


def once_each(mass: Callable[..., Any], x: Any, *parameters: Any) -> Array:
    """Elementwise `mass`, evaluated once for each distinct x where many observations share few values."""
    m = np.shape(x)[-1] if np.ndim(x) else 0
    if not m or not all(np.ndim(p) == 0 or np.shape(p)[-1] == 1 for p in parameters) or not x.max() < _MANY:
        return np.asarray(mass(x, *parameters))
    k = x.astype(np.intp)
    seen = np.bincount(k.ravel()) > 0
    values = np.flatnonzero(seen)
    if 2 * len(values) > m:
        return np.asarray(mass(x, *parameters))
    table = np.asarray(mass(values.astype(float), *parameters))
    place = (np.cumsum(seen) - 1)[k]
    shape = np.broadcast_shapes(place.shape, (*table.shape[:-1], 1))
    table = np.broadcast_to(table, (*shape[:-1], len(values)))
    return np.asarray(np.take_along_axis(table, np.broadcast_to(place, shape), axis=-1))


# -- sums --------------------------------------------------------------------------------------------------------------


def log_total(term: Term, start: Any, step: Any, count: Any) -> Array:
    """Log Σ exp(term(i, start + i·step)) over 0 ≤ i < count, elementwise; `term` takes ``(nodes, *shape)``."""
    start, step, count = np.broadcast_arrays(start, step, count)
    most = int(np.max(count, initial=0))
    stretch = max(1, _ELEMENTS // max(start.size, 1))
    total = np.full(start.shape, -np.inf)
    for begin in range(0, most, stretch):
        i = np.arange(begin, min(begin + stretch, most), dtype=float).reshape(-1, *[1] * start.ndim)
        values = np.where(i < count, term(i, start + i * step), -np.inf)
        top = np.maximum(values.max(axis=0), total)
        shift = np.where(np.isneginf(top), 0.0, top)
        total = shift + np.log(np.exp(values - shift).sum(axis=0) + np.exp(total - shift))
    return np.asarray(total)


def log_sum(term: Callable[[Any], Any], low: Any, high: Any, mode: Any = None, spread: Any = None) -> Array:
    """Log Σ exp(term(j)) over the integers low ≤ j ≤ high, where the term is a smooth and concave function of j.

    Of a long sum every h-th term is taken, h times, and at an end that cuts it off with the weights of Lubbock's
    formula (Whittaker & Robinson 1924, 76): for smooth terms the same to all digits.

    Parameters
    ----------
    mode, spread
        Where the term is largest, about, and 1/√−term″ there; sought if not given. The terms are those of Poisson laws.
    """
    low, high = np.broadcast_arrays(low, high)
    if mode is None:
        mode = first_without(lambda j: term(j + 1) > term(j), low, high)
        least = term(mode) - _FALL
        left = first_without(lambda j: ~(term(j) >= least), low, mode)
        right = first_without(lambda j: term(j + 1) >= least, mode, high)
    else:
        mode, reach = np.clip(np.rint(mode), low, high), np.ceil(np.sqrt(2 * _FALL) * spread + 15)
        left, right = np.maximum(mode - reach, low), np.minimum(mode + reach, high)
    whole, steeper = (left > low) & (right < high), np.minimum(mode - left, right - mode)
    step = np.where(whole, steeper / _STEPS, (right - left) / _STEPS**2)
    step = np.maximum(np.floor(np.maximum(step, (right - left) / _MOST_STEPS)), 1.0)
    down = right == high
    start, count = np.where(down, right, left), np.floor((right - left) / step) + 1
    if np.all(step == 1):
        return log_total(lambda _, j: term(j), left, step, count)
    weights = np.log(_lubbock(step))

    def weighted(i: Any, j: Any) -> Any:
        return term(j) + np.select([i == k for k in range(len(weights))], list(weights), np.log(step))

    return log_total(weighted, start, np.where(down, -step, step), count)


def _lubbock(h: Any) -> Array:
    """Weights of the first terms of a sum of which every h-th term is taken."""
    s = h * h - 1
    a, b, c = 0.5 * (h - 1), s / (12 * h), s / (24 * h)
    d, e = s * (19 * h * h - 1) / (720 * h**3), s * (9 * h * h - 1) / (480 * h**3)
    ends = [-a - b - c - d - e, b + 2 * c + 3 * d + 4 * e, -c - 3 * d - 6 * e, d + 4 * e, -e]
    return np.stack([h + end for end in ends])


def first_without(holds: Callable[[Any], Any], low: Any, high: Any) -> Array:
    """Smallest integer from low to high at which what holds first no longer does; high if it always does."""
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    while np.any(low < high):
        middle = np.floor(0.5 * (low + high))
        on, open_ = holds(middle), low < high
        low, high = np.where(on & open_, middle + 1, low), np.where(~on & open_, middle, high)
    return np.asarray(low)
