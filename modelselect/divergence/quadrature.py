"""Integrals over the line whose error is known: panels between cuts, halved until they agree.

Beside a finite end and far out the variable is the logarithm of the distance, in which a power of x is an exponential:
what does not decay there has no integral, and that is decided, not approached.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from modelselect.domain import Array
from modelselect.errors import PrecisionError

#: Function of x and of the logarithm of dx/du, by which it is to be multiplied.
Integrand = Callable[[Array, Array], Array]

#: What is promised, and what is tried for: errors relative to the larger of 1 and the value.
PROMISED = 1e-10
SOUGHT = 2e-13
#: Halvings of all panels that need it, and the most panels of one round.
_ROUNDS, _MOST = 40, 20_000
#: Logarithm of the farthest distance, whose square is a float, and of the nearest one.
_FARTHEST, _NEAREST = 340.0, -680.0
#: Distances of the cuts of a tail, on the logarithmic scale.
_REACH = (0.0, 1.0, 3.0, 8.0, 20.0, 50.0, 120.0, 300.0, 700.0)
#: Ratio of the distances of two cuts from an anchor from which on the logarithm of the distance is the better scale.
_STEEP = 4.0
#: Rate of decay in the logarithm of the distance below which there is none.
_NO_DECAY = 1e-4
#: Size of an integrand far out below which it is the floor of a logarithm that underflows, and not a divergence.
_NOTHING = 1e-60

# Gauss–Kronrod rule of 10 and 21 points (Piessens et al. 1983, QUADPACK)
_KRONROD = np.array([
    0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
    0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
    0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
    0.148874338981631210884826001129720, 0.0,
])  # fmt: skip
_KRONROD_WEIGHTS = np.array([
    0.011694638867371874278064396062192, 0.032558162307964727478818972459390, 0.054755896574351996031381300244580,
    0.075039674810919952767043140916190, 0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
    0.123491976262065851077958109585166, 0.134709217311473325928054001771707, 0.142775938577060080797094273138717,
    0.147739104901338491374841515972068, 0.149445554002916905664936468389821,
])  # fmt: skip
NODES = np.append(-_KRONROD, _KRONROD[-2::-1])
WEIGHTS = np.append(_KRONROD_WEIGHTS, _KRONROD_WEIGHTS[-2::-1])
_GAUSS = np.zeros(21)
_GAUSS[1::2] = np.polynomial.legendre.leggauss(10)[1]


class Panel(NamedTuple):
    """From start to end in t, where x = t (sign 0) or x = anchor + sign · e^t; an array of them is one of columns."""

    start: Array
    end: Array
    anchor: Array
    sign: Array


class Tail(NamedTuple):
    """A place where the logarithm of the distance from an anchor ends, short of infinity or of a finite end."""

    anchor: float
    sign: float
    last: float
    before: float


class Mesh(NamedTuple):
    """The panels of an integral and its tails."""

    panels: Panel
    tails: tuple[Tail, ...]


def mesh(cuts: Sequence[float], low: float, high: float, anchors: Sequence[float], deep: Sequence[float] = ()) -> Mesh:
    """Panels from low to high, cut where it is said.

    Parameters
    ----------
    cuts
        Where the integrand is not smooth, and quantiles, so that no panel misses what happens.
    low, high
        Ends, possibly infinite.
    anchors
        Points of the middle, from which distances are measured far out.
    deep
        Finite ends beside which the integrand goes by the logarithm of the distance, and not by x.
    """
    inner = np.unique([cut for cut in cuts if np.isfinite(cut) and low < cut < high])
    for end in deep:  # nearer than this x does not say how far
        inner = inner[np.abs(inner - end) > 2.0**-22 * abs(end)]
    if not len(inner):
        inner = np.array([_between(low, high)])
    rows: list[tuple[float, ...]] = []
    tails = []
    for end, sign, first in ((low, 1.0, inner[0]), (high, -1.0, inner[-1])):
        panels, tail = _towards(end, sign, float(first), float(anchors[0]), deep=end in deep)
        rows += panels
        tails.append(tail)
    ends = [end for end in (low, high) if np.isfinite(end)]
    rows += [_piece(float(a), float(b), [*ends, *anchors]) for a, b in itertools.pairwise(inner)]
    return Mesh(Panel(*np.array(rows).T), tuple(tails))


def nodes(panels: Panel) -> tuple[Array, Array, Array]:
    """Points x ``(N, 21)`` of panels, log dx/dt at them, and Kronrod's weights in t."""
    half = 0.5 * (panels.end - panels.start)[:, None]
    t = 0.5 * (panels.end + panels.start)[:, None] + half * NODES
    bent = panels.sign[:, None] != 0
    x = np.where(bent, panels.anchor[:, None] + panels.sign[:, None] * np.exp(np.where(bent, t, 0.0)), t)
    return x, np.where(bent, t, 0.0), half * WEIGHTS


def integral(function: Integrand, over: Mesh, what: str) -> float:
    """Integral of a function, to `PROMISED`; infinite where it diverges.

    Raises
    ------
    PrecisionError
        The precision was not reached, or it cannot be told whether the integral exists.

    Examples
    --------
    >>> normal = mesh([-1.0, 0.0, 1.0], -np.inf, np.inf, [0.0])
    >>> round(integral(lambda x, u: np.exp(u - x * x), normal, "the area") ** 2, 12) == round(np.pi, 12)
    True
    """
    beyond, doubt = 0.0, 0.0
    for tail in over.tails:
        rest = _beyond(function, tail, what)
        if np.isinf(rest):
            return rest
        beyond, doubt = beyond + rest, doubt + 0.1 * abs(rest)
    value, error = refine(lambda panels: _evaluate(function, panels), over.panels, _halve)
    total = value + beyond
    check(total, error + doubt, what)
    return total


def refine(
    evaluate: Callable[[Panel], tuple[Array, Array]], panels: Panel, halve: Callable[[Panel], Panel]
) -> tuple[float, float]:
    """Sum over panels of values with errors, those of large errors halved until all together are small."""
    value = error = 0.0
    best = np.inf
    stale = 0
    for _ in range(_ROUNDS):
        here, wrong = evaluate(panels)
        if not np.isfinite(here).all():
            return (float(np.sum(here)), 0.0) if not np.isnan(here).any() else (np.nan, np.inf)
        total, left = value + float(here.sum()), error + float(wrong.sum())
        goal = SOUGHT * max(min(1.0, abs(total)), 1e-3)
        stale = stale + 1 if left > 0.5 * best else 0
        best = min(best, left)
        small = wrong <= 0.5 * max(goal - error, 0.0) / len(here)
        if left <= goal or small.all() or stale >= 6 or np.count_nonzero(~small) > _MOST:
            return total, left
        value, error = value + float(here[small].sum()), error + float(wrong[small].sum())
        panels = halve(Panel(*(column[~small] for column in panels)))
    return total, left


def check(value: float, error: float, what: str) -> None:
    """Refuse a value whose error is not below `PROMISED`."""
    if np.isnan(value) or (np.isfinite(value) and error > PROMISED * max(1.0, abs(value))):
        reached = f"only to within {error:.1e}" if np.isfinite(error) else "not at all"
        raise PrecisionError(f"{what} was reached {reached}, not to {PROMISED:g}: {value:.12g}")


def _evaluate(function: Integrand, panels: Panel) -> tuple[Array, Array]:
    x, slope, weights = nodes(panels)
    f = np.asarray(function(x, slope))
    half = 0.5 * (panels.end - panels.start)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        kronrod = (f * weights).sum(axis=-1)
        raw = np.abs(kronrod - half * (f @ _GAUSS))
        mean = kronrod / (2.0 * half)
        spread = (np.abs(f - mean[:, None]) * weights).sum(axis=-1)
        # the rule of QUADPACK: the difference of the two rules is far above the error of the better one
        error = np.where(spread > 0, spread * np.minimum(1.0, (200.0 * raw / spread) ** 1.5), raw)
        floor = 1e-15 * (np.abs(f) * weights).sum(axis=-1)
    return kronrod, np.maximum(np.where(np.isnan(error), np.inf, error), floor)


def _halve(panels: Panel) -> Panel:
    middle = 0.5 * (panels.start + panels.end)
    left, right = panels._replace(end=middle), panels._replace(start=middle)
    return Panel(*(np.concatenate(pair) for pair in zip(left, right, strict=True)))


def _between(low: float, high: float) -> float:
    if np.isfinite(low) and np.isfinite(high):
        return 0.5 * (low + high)
    return low + 1.0 if np.isfinite(low) else high - 1.0 if np.isfinite(high) else 0.0


def _towards(
    end: float, sign: float, first: float, middle: float, *, deep: bool = False
) -> tuple[list[tuple[float, ...]], Tail]:
    """Panels from the first cut to an end: over the logarithm of the distance from it, or from the middle."""
    finite = bool(np.isfinite(end))
    anchor, side = (end, sign) if finite else (middle, -sign)
    # the last points whose distance from the anchor still has half of its digits
    nearest = max(_NEAREST, float(np.log(1e-8 * abs(anchor)) if anchor else -np.inf))
    if finite:
        nearest = max(_NEAREST, float(np.log(2.0**-44 * abs(anchor))) if anchor and not deep else _NEAREST)
    rows: list[tuple[float, ...]] = []
    distance = side * (first - anchor)
    if distance <= 0 or (not finite and np.log(distance) < nearest):
        # the cuts all lie on the other side of the middle, or at it
        outer = anchor + side * max(abs(first - anchor), abs(anchor) * 1e-3, 1e-3)
        rows.append((*sorted((first, outer)), 0.0, 0.0))
        distance = side * (outer - anchor)
    start = float(np.log(distance))
    if finite:
        edges = [max(start - reach, nearest) for reach in _REACH]
    else:
        edges = [min(start + reach, max(_FARTHEST, start + 1.0)) for reach in _REACH]
    rows += [(*sorted(pair), anchor, side) for pair in itertools.pairwise(edges) if pair[0] != pair[1]]
    width = min(20.0, 0.25 * abs(edges[-1] - start)) or 1.0
    return rows, Tail(anchor, side, edges[-1], edges[-1] + (width if finite else -width))


def _piece(a: float, b: float, anchors: Sequence[float]) -> tuple[float, float, float, float]:
    """One panel between two cuts, on the scale on which it is even."""

    def ratio(anchor: float) -> float:
        near, far = sorted((abs(a - anchor), abs(b - anchor)))
        return far / near if near > 1e-8 * abs(anchor) and not a < anchor < b else 1.0

    anchor = max(anchors, key=ratio)
    if ratio(anchor) < _STEEP:
        return a, b, 0.0, 0.0
    sign = 1.0 if b > anchor else -1.0
    near, far = sorted((abs(a - anchor), abs(b - anchor)))
    return float(np.log(near)), float(np.log(far)), anchor, sign


def _beyond(function: Integrand, tail: Tail, what: str) -> float:
    """What lies beyond the last panel of a tail, by the rate at which the integrand decays there."""
    u = np.array([tail.last, tail.before])
    last, before = np.asarray(function(tail.anchor + tail.sign * np.exp(u), u), dtype=float)
    if np.isnan(last):
        raise PrecisionError(f"{what}: the densities are not numbers at x = {tail.anchor + tail.sign * np.exp(u[0]):g}")
    size = abs(last)
    if size == 0.0:
        return 0.0
    if np.isinf(last):
        return float(last)
    with np.errstate(divide="ignore"):
        rate = float(np.log(abs(before) / size)) / abs(u[1] - u[0]) if before != 0 else -np.inf
    if rate <= _NO_DECAY:
        return float(np.copysign(np.inf, last)) if size > _NOTHING else 0.0
    return float(last / rate)
