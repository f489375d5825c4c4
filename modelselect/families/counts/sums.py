"""Sums of masses over the integers, of any length: distribution functions and means where no formula is known.

A stretch of 2^e integers is cut in blocks, narrow at its start and none wider than a 32nd of it; a block of more
than twelve is summed at twelve points by the Gauss rule *for sums*, whose nodes are the zeros of the discrete
Chebyshev (Gram) polynomials. Masses are smooth in x (gamma functions, powers), so that a sum over 10^15 integers has
fifteen digits from a few hundred points. Short stretches are added one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from modelselect.domain import Array
from modelselect.families.special import log1mexp
from modelselect.formulas import log_share

LogMass = Callable[..., Any]

#: Stretches up to 2^9 are added term by term.
_SINGLE = 9
_POINTS = 12
#: What is left beyond the end of an endless sum, as a logarithm.
_NEGLIGIBLE = -42.0
_LOG_2 = np.log(2.0)
#: Terms that are worked on at a time.
_CHUNK = 2**20
#: A table of masses between the smallest and the largest x is used up to this length.
_LONGEST_TABLE = 2**17
#: … where there is an x for so many integers.
_DENSE = 64
#: Below this a sum of masses has fewer digits than its logarithm.
_TINY = 1e-60


def log_tails(logp: LogMass, x: Any, parameters: Sequence[Any], middle: Any, low: float = 0.0) -> tuple[Array, Array]:
    """Log P(X ≤ x) and log P(X > x), each to full relative precision in its own tail.

    Parameters
    ----------
    logp
        Log mass, ``logp(k, *parameters)``, smooth in k and given between the integers too.
    x, parameters
        Integers and parameters, broadcast against each other.
    middle
        A point near the mode: masses rise to it and fall from it.
    low
        Lower end of the support, −∞ for all integers.

    Examples
    --------
    >>> below, above = log_tails(lambda k, p: np.log(p) + k * np.log1p(-p), 7e9, [1e-9], middle=0.0)
    >>> bool(abs(above / ((7e9 + 1) * np.log1p(-1e-9)) - 1) < 1e-13)
    True
    """
    with np.errstate(all="ignore"):
        sets = np.broadcast_arrays(*map(np.asarray, (middle, *parameters)))
        x, *rest = np.broadcast_arrays(x, *sets)
        flat = [np.ravel(p).astype(float) for p in (x, *rest)]
        span = float(np.ptp(flat[0])) if x.size else 0.0
        if not 0 < span <= min(_LONGEST_TABLE, 4 * _CHUNK / sets[0].size, _DENSE * x.size / sets[0].size):
            below, above = _each(logp, *flat, low=low)
            return below.reshape(x.shape), above.reshape(x.shape)
        F, S = _from_table(logp, x, sets, low)
        below, above = np.array(log_share(F, S)).ravel(), np.array(log_share(S, F)).ravel()
        tiny = np.flatnonzero(np.minimum(F, S) < _TINY)
        if len(tiny):
            below[tiny], above[tiny] = _each(logp, *(p[tiny] for p in flat), low=low)
        return below.reshape(x.shape), above.reshape(x.shape)


def log_sum_from(logf: LogMass, start: Any, parameters: Sequence[Any]) -> Array:
    """Log of Σ_{k ≥ start} exp logf(k, *parameters)."""
    with np.errstate(all="ignore"):
        start, *rest = np.broadcast_arrays(start, *parameters)
        flat = [np.ravel(p).astype(float) for p in (start, *rest)]
        exponent = _reach(logf, flat[0], flat[1:], 1.0)
        return _log_sum(logf, flat[0], np.exp2(exponent), flat[1:]).reshape(start.shape)


def nodes(start: Any, count: Any) -> tuple[Array, Array]:
    """Points and weights ``(…, L)`` for sums over at least `count` integers from `start` on."""
    start, count = np.asarray(start, dtype=float), np.asarray(count, dtype=float)
    exponent = np.ceil(np.log2(np.clip(count, 1.0, 2.0**1000)))
    used = {e: _stretch(int(e)) for e in np.unique(exponent)}
    longest = exponent.max()
    if longest <= _SINGLE or len(used) == 1:
        points, weights = used[longest]
        return start[..., None] + points, weights
    size = max(len(points) for points, _ in used.values())
    k, w = np.zeros((*exponent.shape, size)), np.zeros((*exponent.shape, size))
    for e, (points, weights) in used.items():
        k[exponent == e, : len(points)], w[exponent == e, : len(points)] = points, weights
    return start[..., None] + k, w


def _each(logp: LogMass, x: Array, middle: Array, *parameters: Array, low: float) -> tuple[Array, Array]:
    """Sum the nearer tail of each x, ``(n,)``; the other is its complement."""
    part, left = np.empty(len(x)), x < middle
    for side, rows in ((-1.0, np.flatnonzero(left)), (1.0, np.flatnonzero(~left))):
        if not len(rows):
            continue
        here = [p[rows] for p in parameters]
        start = x[rows] if side < 0 else x[rows] + 1
        count = np.exp2(_reach(logp, start, here, side, low))
        if side < 0:
            count = np.minimum(count, start - low + 1)
            start = start - count + 1
        part[rows] = _log_sum(logp, start, count, here)
    part = np.minimum(part, 0.0)
    rest = log1mexp(-part)
    return np.where(left, part, rest), np.where(left, rest, part)


def _from_table(logp: LogMass, x: Array, sets: Sequence[Array], low: float) -> tuple[Array, Array]:
    """Cumulate all masses between the smallest and the largest x."""
    first, last = x.min(), x.max()
    middle, *parameters = (np.ravel(p).astype(float) for p in sets)
    mass = np.exp(logp(np.arange(first + 1, last + 1), *(p[:, None] for p in parameters)))
    mass = np.broadcast_to(mass, (len(middle), int(last - first)))
    below = _each(logp, np.full_like(middle, first), middle, *parameters, low=low)[0]
    above = _each(logp, np.full_like(middle, last), middle, *parameters, low=low)[1]
    F = np.cumsum(np.concatenate([np.exp(below)[:, None], mass], axis=-1), axis=-1)
    S = np.cumsum(np.concatenate([np.exp(above)[:, None], mass[:, ::-1]], axis=-1), axis=-1)[:, ::-1]
    row = np.broadcast_to(np.arange(len(middle)).reshape(sets[0].shape), x.shape)
    at = (x - first).astype(np.intp)
    return F[row, at], S[row, at]


def _reach(logf: LogMass, start: Array, parameters: list[Array], side: float, low: float = -np.inf) -> Array:
    """Exponent e of the stretch of 2^e integers from `start` that leaves nothing beyond it.

    The mass of the stretch from 2^j to 2^(j+1) is about 2^j exp logf(start ± 2^j).
    """
    exponent = np.full(len(start), np.nan)
    for j in (np.arange(-1.0, 48.0), np.arange(-1.0, 1001.0)):
        rows = np.flatnonzero(np.isnan(exponent))
        if not len(rows):
            break
        step = np.where(j < 0, 0.0, np.exp2(j))  # the first is the start itself
        k = start[rows, None] + side * step
        size = logf(np.maximum(k, low), *(p[rows, None] for p in parameters)) + np.maximum(j, 0.0) * _LOG_2
        enough = ~(size > np.fmax.accumulate(size, axis=-1) + _NEGLIGIBLE) & (j >= 0)
        enough |= k < low if side < 0 else k == np.inf
        exponent[rows] = np.where(enough.any(axis=-1), j[np.argmax(enough, axis=-1)], np.nan)
    return np.where(np.isnan(exponent), 1000.0, exponent)


def _log_sum(logf: LogMass, start: Array, count: Array, parameters: list[Array]) -> Array:
    """Log of the sum over `count` integers from `start` on, ``(n,)``: a stretch for each binary digit of `count`."""
    total = np.full(len(start), -np.inf)
    start, rest = start.copy(), count.copy()
    while np.any(rest > 0):
        _, exponent = np.frexp(rest)
        whole = exponent - 1.0  # 2^whole ≤ rest
        few = rest < 2.0**_SINGLE
        e = np.where(few, np.ceil(np.log2(np.maximum(rest, 1.0))), whole)
        for one in np.unique(e[rest > 0]):
            rows = np.flatnonzero((e == one) & (rest > 0))
            points, weights = _stretch(int(one))
            for i in range(0, len(rows), step := max(_CHUNK // len(points), 1)):
                part = rows[i : i + step]
                f = logf(start[part, None] + points, *(p[part, None] for p in parameters))
                f = np.where(points < rest[part, None], f, -np.inf)
                top = f.max(axis=-1)
                top = np.where(np.isfinite(top), top, 0.0)
                added = top + np.log(np.sum(weights * np.exp(f - top[:, None]), axis=-1))
                total[part] = np.logaddexp(total[part], added)
        done = np.where(few, rest, np.exp2(whole))
        start, rest = start + done, rest - done
    return total


@cache
def _stretch(e: int) -> tuple[Array, Array]:
    """Points and weights for the sum over 0, 1, …, 2^e − 1."""
    if e <= _SINGLE:
        return np.arange(2.0**e), np.ones(2**e)
    edges = [(2.0**j, 2.0**j) for j in range(4, e - 5)] + [(i * 2.0 ** (e - 5), 2.0 ** (e - 5)) for i in range(1, 32)]
    rules = [_gauss(width) for _, width in edges]
    points = np.concatenate([np.arange(16.0), *(at + p for (at, _), (p, _) in zip(edges, rules, strict=True))])
    return points, np.concatenate([np.ones(16), *(w for _, w in rules)])


@cache
def _gauss(width: float) -> tuple[Array, Array]:
    """Gauss rule for the sum over 0, 1, …, width − 1, from the recurrence of the discrete Chebyshev polynomials."""
    k = np.arange(1.0, _POINTS)
    side = np.sqrt(k**2 * (1 - (k / width) ** 2) / (4 * k**2 - 1))
    at, vectors = np.linalg.eigh(np.diag(side, 1) + np.diag(side, -1))
    return 0.5 * (width - 1) + 0.5 * width * at, width * vectors[0] ** 2
