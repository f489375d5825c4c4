"""Sums over a lattice, also endless ones: term by term where it is short, by interpolated blocks where it is long.

A block of thousands of terms that are a smooth function of k is summed through 24 of them: the weights are those for
which every polynomial of degree below 24 is summed exactly. Two rules of different degree must agree, or the block is
halved. Far out the blocks double, so that 1000 of them reach the end of the floats, and the sum of a power of k too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelselect.divergence.quadrature import _NO_DECAY, _NOTHING, Panel, check, refine
from modelselect.domain import Array
from modelselect.errors import PrecisionError

#: Terms that are summed one by one, and the points of the two rules.
_DIRECT, _FINE, _COARSE = 4096, 24, 16
#: Doublings to the last block.
_DOUBLINGS = 470


def total(
    terms: Callable[[Array], Array], cuts: Sequence[float], low: float, high: float, step: float, what: str
) -> float:
    """Sum of terms(x) over x = low, low + step, …, high.

    Parameters
    ----------
    terms
        Function of an array of points.
    cuts
        Quantiles of the laws, so that no block misses what happens; at least one.
    low, high
        Ends, possibly infinite.

    Raises
    ------
    PrecisionError
        The precision was not reached, or it cannot be told whether the series converges.

    Examples
    --------
    >>> squares = total(lambda k: k**-2.0, [1.0, 10.0], 1.0, np.inf, 1.0, "ζ(2)")
    >>> abs(squares - np.pi**2 / 6) < 1e-12
    True
    """
    origin = low if np.isfinite(low) else high if np.isfinite(high) else 0.0
    first, last = ((end - origin) / step for end in (low, high))
    units = np.unique(np.rint([(cut - origin) / step for cut in cuts if np.isfinite(cut)]))
    near = units[(units >= first) & (units <= last)]
    if not len(near):
        near = np.array([first if np.isfinite(first) else last])

    def function(k: Array) -> Array:
        return np.asarray(terms(origin + step * k), dtype=float)

    edges = {float(k) for k in near} | {float(near[0]), float(near[-1]) + 1.0}
    ends = []
    for side, end in ((-1.0, first), (1.0, last + 1.0)):
        start = near[0] if side < 0 else near[-1] + 1.0
        reach = start + side * _DIRECT * np.exp2(np.arange(_DOUBLINGS))
        inside = reach[reach > end] if side < 0 else reach[reach < end]
        at = function(inside) if len(inside) else np.ones(0)
        gone = np.flatnonzero((at[:-1] == 0.0) & (at[1:] == 0.0))
        if len(gone):  # both laws are below the smallest float from here on
            inside, end = inside[: gone[0] + 2], inside[gone[0] + 1]
        edges |= set(map(float, inside))
        edges |= {float(end)} if np.isfinite(end) else set()
        ends.append((side, float(start)) if not np.isfinite(end) else None)
    sorted_edges = np.array(sorted(edges))
    start, stop = sorted_edges[:-1], sorted_edges[1:]
    short = stop - start <= _DIRECT
    value = _directly(function, start[short], stop[short])
    if not np.isfinite(value):
        return _finished(value, 0.0, what)
    blocks = Panel(start[~short], stop[~short], np.zeros(np.sum(~short)), np.zeros(np.sum(~short)))
    beyond = sum(_beyond(function, *end, what) for end in ends if end is not None)
    if np.isinf(beyond):
        return float(beyond)
    if not len(blocks.start):
        return _finished(value + beyond, 0.1 * abs(beyond), what)
    long, error = refine(lambda panels: _evaluate(function, panels), blocks, _halve)
    return _finished(value + long + beyond, error + 0.1 * abs(beyond), what)


def _finished(value: float, error: float, what: str) -> float:
    check(value, error, what)
    return float(value)


def _directly(function: Callable[[Array], Array], start: Array, stop: Array) -> float:
    counts = (stop - start).astype(np.intp)
    if not counts.sum():
        return 0.0
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    with np.errstate(over="ignore"):
        return float(np.sum(function(np.repeat(start, counts) + within)))


def _evaluate(function: Callable[[Array], Array], blocks: Panel) -> tuple[Array, Array]:
    count = blocks.end - blocks.start
    short = count <= _DIRECT
    value, error = np.zeros(len(count)), np.zeros(len(count))
    if short.any():
        offsets = np.arange(_DIRECT)
        inside = offsets < count[short, None]
        k = blocks.start[short, None] + np.where(inside, offsets, 0.0)
        with np.errstate(over="ignore"):
            value[short] = np.where(inside, function(k), 0.0).sum(axis=-1)
    if not short.all():
        fine = _rule(function, blocks.start[~short], count[~short], _FINE)
        coarse = _rule(function, blocks.start[~short], count[~short], _COARSE)
        value[~short] = fine
        with np.errstate(invalid="ignore"):
            error[~short] = np.abs(fine - coarse)
    return value, error


def _rule(function: Callable[[Array], Array], start: Array, count: Array, points: int) -> Array:
    """Sum of blocks through a few of their terms, exact for polynomials."""
    legendre = np.polynomial.legendre.leggauss(points)[0]
    k = np.rint(0.5 * (legendre + 1.0) * count[:, None] - 0.5)
    at = (2.0 * k + 1.0) / count[:, None] - 1.0
    # Σ P_j over the midpoints of n cells of [−1, 1], by Euler and Maclaurin: ∫ P_j − h²/24 [P_j'], h = 2/n
    j = np.arange(points)
    ends = np.where(j % 2 == 0, j * (j + 1.0), 0.0)
    moments = 0.5 * count[:, None] * (2.0 * (j == 0) - ends * (2.0 / count[:, None]) ** 2 / 24.0)
    vandermonde = np.swapaxes(np.polynomial.legendre.legvander(at, points - 1), -1, -2)
    weights = np.linalg.solve(vandermonde, moments[:, :, None])[:, :, 0]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((weights * function(start[:, None] + k)).sum(axis=-1))


def _halve(blocks: Panel) -> Panel:
    middle = np.floor(0.5 * (blocks.start + blocks.end))
    left, right = blocks._replace(end=middle), blocks._replace(start=middle)
    return Panel(*(np.concatenate(pair) for pair in zip(left, right, strict=True)))


def _beyond(function: Callable[[Array], Array], side: float, start: float, what: str) -> float:
    """What lies beyond the last block, by the rate at which the terms decay there; infinite if they do not."""
    u = (_DOUBLINGS - 1) * np.log(2.0) + np.log(_DIRECT) - np.array([0.0, 20.0])
    with np.errstate(over="ignore"):
        last, before = function(start + side * np.exp(u)) * np.exp(u)
    if np.isnan(last):
        raise PrecisionError(f"{what}: the masses are not numbers far out")
    if last == 0.0:
        return 0.0
    rate = float(np.log(abs(before / last))) / 20.0 if before != 0.0 and np.isfinite(last) else -np.inf
    if rate <= _NO_DECAY:
        return float(np.copysign(np.inf, last)) if abs(last) > _NOTHING else 0.0
    return float(last / rate)
