"""The nonparametric P̂ of censored, binned and truncated observations: product limit, or self-consistency.

The likelihood of an unrestricted law is largest when all its mass lies on the innermost intervals of the
observations (Turnbull 1976; with truncation, Frydman 1994). Where only right-censoring and left truncation occur the
masses have a closed form, the product limit of Kaplan & Meier (1958) and Lynden-Bell (1971); otherwise Turnbull's
self-consistency equations are iterated (Dempster, Laird & Rubin's EM), accelerated by squared extrapolation
(Varadhan & Roland 2008). An interval of more than a point is taken as (lower, upper].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array

#: Nats an observation that the iteration may leave to be gained.
_GAP = 1e-9
_ITERATIONS = 5_000


@dataclass(frozen=True, eq=False)
class NonParametric:
    """A law of masses on disjoint intervals.

    Attributes
    ----------
    low, high
        Ends of the intervals in ascending order, ``(J,)``: equal for a point, else (low, high].
    mass
        Of each, ``(J,)``, summing to 1; within the truncation bounds if there are any.
    terms
        log P̂ of each observation given its truncation bounds, ``(m,)``, in nats.
    log_likelihood
        Σ w log P̂: no law has more.
    method
        ``product limit`` or ``self-consistency``.
    at_risk
        Number of observations that had entered before each interval and were neither lost nor in an earlier one,
        ``(J,)``; None but for the product limit.
    """

    low: Array
    high: Array
    mass: Array
    terms: Array
    log_likelihood: float
    method: str
    at_risk: Array | None = None

    @property
    def support(self) -> int:
        """Number of intervals that have mass."""
        return int(np.count_nonzero(self.mass > 1e-9))


def disjoint(block: Block) -> bool:
    """Whether the intervals of one sample, sorted, overlap nowhere, and the truncation bounds are those of all."""
    bounds = block.truncation or (np.zeros((1, 1)), np.zeros((1, 1)))
    alike = all(bool(np.all(end == end[0, 0])) for end in bounds)
    return alike and bool(np.all(block.lower[0, 1:] >= block.upper[0, :-1]))


def one_sided(block: Block) -> Block | None:
    """The sample, turned round if need be, in which cells that overlap nowhere stand beside right-censored ones.

    These, and the entries of those that were truncated from below, lie at ends of cells or between them, so that the
    product limit is the distribution of cells. None where intervals overlap in another way, or all are censored.
    """
    for turned in (block, _turned(block)):
        lower, upper = turned.lower[0], turned.upper[0]
        event = upper < np.inf
        cells = np.unique(np.stack([lower[event], upper[event]], axis=1), axis=0)
        entries, exits = turned.truncation or (np.full((1, 1), -np.inf), np.full((1, 1), np.inf))
        marks = np.concatenate([lower[~event], entries.ravel()])
        before = np.searchsorted(cells[:, 0], marks) - 1
        apart = len(cells) > 0 and bool(np.all(cells[1:, 0] >= cells[:-1, 1]))
        if apart and np.all(exits == exits[0, 0]):
            inside = (before >= 0) & (marks < cells[np.maximum(before, 0), 1])
            if not inside.any():
                return turned
    return None


def _turned(block: Block) -> Block:
    bounds = block.truncation
    return Block(-block.upper, -block.lower, block.weights, None if bounds is None else (-bounds[1], -bounds[0]))


def nonparametric(block: Block) -> NonParametric:
    """Nonparametric maximum likelihood of one sample.

    Parameters
    ----------
    block
        One group: points and intervals, inside their truncation bounds.

    Examples
    --------
    Freireich's remissions: 1, 2, 2 … weeks; here five patients, two of them still in remission.

    >>> t = np.array([[6.0, 7.0, 10.0, 6.0, 9.0]])
    >>> end = np.array([[6.0, 7.0, 10.0, np.inf, np.inf]])
    >>> found = nonparametric(Block(t, end, np.ones((1, 5))))
    >>> found.high.tolist(), found.mass.round(4).tolist()
    ([6.0, 7.0, 10.0], [0.2, 0.2667, 0.5333])
    """
    places = _Places(block)
    limit = _product_limit(places)
    mass, terms, risk = (*_self_consistent(places), None) if limit is None else limit
    method = "self-consistency" if risk is None else "product limit"
    return NonParametric(places.low, places.high, mass, terms, float(np.sum(places.weights * terms)), method, risk)


class _Places:
    """The innermost intervals of a sample, and which of them each observation and its bounds hold: from start to stop.

    Ends are ordered pairs (value, side): a point reaches from just before to just after its value, an interval
    (a, b] from just after a to just after b.
    """

    def __init__(self, block: Block) -> None:
        lower, upper = block.lower[0], block.upper[0]
        self.weights = block.weights[0]
        left = np.stack([lower, (lower < upper).astype(float)])
        right = np.stack([upper, np.ones_like(upper)])
        bounds: tuple[Array, Array] | None = None
        if block.truncation is not None:
            low, high = (np.broadcast_to(end[0], lower.shape) for end in block.truncation)
            bounds = np.stack([low, np.ones_like(low)]), np.stack([high, np.ones_like(high)])
        # a bound from which observations are cut off opens an interval, or closes one, like an end of its own
        opening = np.concatenate([left] + ([bounds[1]] if bounds else []), axis=1)
        closing = np.concatenate([right] + ([bounds[0]] if bounds else []), axis=1)
        ends = np.concatenate([opening, closing], axis=1)
        opens = np.arange(ends.shape[1]) < opening.shape[1]
        order = np.lexsort([opens, ends[1], ends[0]])  # at one place what closes comes first
        ends, opens = ends[:, order], opens[order]
        inner = np.flatnonzero(opens[:-1] & ~opens[1:])
        # open at the outside: (last bound, inf) and (-inf, first bound) hold no observation and get no mass
        self.low, self.high = ends[0, inner], ends[0, inner + 1]
        keys = _Order(ends)
        starts, stops = keys.rank(ends[:, inner]), keys.rank(ends[:, inner + 1])
        self.start = np.searchsorted(starts, keys.rank(left))
        self.stop = np.searchsorted(stops, keys.rank(right), side="right")
        self.entry: NDArray[np.intp] = np.zeros_like(self.start)
        self.exit: NDArray[np.intp] = np.full_like(self.stop, len(inner))
        if bounds is not None:
            self.entry = np.searchsorted(starts, keys.rank(bounds[0]))
            self.exit = np.searchsorted(stops, keys.rank(bounds[1]), side="right")

    @property
    def size(self) -> int:
        return len(self.low)

    @cached_property
    def truncated(self) -> bool:
        return bool(np.any(self.entry > 0) or np.any(self.exit < self.size))


class _Order:
    """Ranks of ends (value, side) among those of a sample."""

    def __init__(self, ends: Array) -> None:
        new = np.any(ends[:, 1:] != ends[:, :-1], axis=0)
        self.ends = ends[:, np.append(True, new)]
        self.values, first = np.unique(self.ends[0], return_index=True)
        self.first = first

    def rank(self, ends: Array) -> NDArray[np.intp]:
        place = np.searchsorted(self.values, ends[0])
        at = self.first[place]
        # at most two sides a value: just before and just after
        return np.asarray(at + (self.ends[1, at] != ends[1]), dtype=np.intp)


def _product_limit(places: _Places) -> tuple[Array, Array, Array] | None:
    """Masses, terms and numbers at risk in closed form; None if there are others than events and right-censored ones.

    The hazard of an interval is the number of events in it over the number at risk: those that entered before it and
    are neither in an earlier one nor lost by then. P̂ of an observation given its entry is the product of 1 − hazard
    on the way to it.
    """
    n, w = places.size, places.weights
    event = places.stop - places.start == 1
    if not np.all(event | (places.stop == n)) or np.any(places.exit < n):
        return None
    died = np.bincount(places.start[event], weights=w[event], minlength=n)[:n]
    last = places.start + event  # at risk from entry up to, not including, this one
    change = np.bincount(places.entry, weights=w, minlength=n + 1) - np.bincount(last, weights=w, minlength=n + 1)
    risk = np.maximum(np.cumsum(change)[:n], died)
    hazard = np.divide(died, risk, out=np.zeros(n), where=risk > 0)
    hazard = np.where(hazard > 1 - 1e-12, 1.0, hazard)
    with np.errstate(divide="ignore"):
        log_hazard, stays = np.log(hazard), np.log1p(-hazard)
    # certain events end every path; sums over them are −inf, and none of the paths below crosses one
    finite = np.append(0.0, np.cumsum(np.where(np.isfinite(stays), stays, 0.0)))
    terms = (
        finite[places.start] - finite[places.entry] + np.where(event, log_hazard[np.minimum(places.start, n - 1)], 0.0)
    )
    certain = np.append(0, np.cumsum(~np.isfinite(stays)))[:-1] > 0
    mass = np.where(certain, 0.0, np.exp(finite[:-1])) * hazard
    return mass / mass.sum(), terms, risk


def _self_consistent(places: _Places) -> tuple[Array, Array]:
    """Masses at which each is the mean of its conditional expectations, and the terms."""
    w, n = places.weights, float(places.weights.sum())
    held = np.diff(np.append(0.0, np.cumsum(np.ones(places.size))))
    p = held / held.sum()

    def step(p: Array) -> tuple[Array, float, float]:
        """One EM step; the log-likelihood before it; what may still be gained (without truncation)."""
        inside, within = _probabilities(places, p)
        score = _spread(places.start, places.stop, w / inside, places.size)
        value = float(np.sum(w * np.log(inside)))
        if not places.truncated:
            return p * score / n, value, float(score.max()) - n
        ghosts = _spread(places.entry, places.exit, w / within, places.size)
        total = float(np.sum(w / within))
        new = p * (score + total - ghosts)
        return new / new.sum(), value - float(np.sum(w * np.log(within))), np.inf

    before = -np.inf
    for _ in range(_ITERATIONS):
        once, value, gap = step(p)
        twice, middle, _gap = step(once)
        r, v = once - p, (twice - once) - (once - p)
        still = places.truncated and abs(value - before) < 1e-2 * _GAP * n
        if gap < _GAP * n or still or np.abs(r).max() < 1e-15:
            break
        before = value
        length = float(np.linalg.norm(v))
        jump = twice
        if length > 0:
            alpha = -max(1.0, float(np.linalg.norm(r)) / length)
            far = p - 2 * alpha * r + alpha**2 * v
            far = np.where(far > 0, far, 1e-3 * twice)
            far = far / far.sum()
            jumped, reached, _gap = step(far)
            jump = jumped if np.isfinite(reached) and reached >= middle else twice
        p = jump
    inside, within = _probabilities(places, p)
    return p, np.log(inside) - np.log(within)


def _probabilities(places: _Places, p: Array) -> tuple[Array, Array]:
    """P̂ of each observation, and of its bounds."""
    sums = np.append(0.0, np.cumsum(p))
    # an interval's own masses, not a difference of sums, where it holds one only
    inside = np.where(
        places.stop - places.start == 1,
        p[np.minimum(places.start, places.size - 1)],
        sums[places.stop] - sums[places.start],
    )
    within = sums[places.exit] - sums[places.entry] if places.truncated else np.ones_like(inside)
    tiny = np.finfo(float).tiny
    return np.maximum(inside, tiny), np.maximum(within, tiny)


def _spread(start: NDArray[np.intp], stop: NDArray[np.intp], amount: Array, size: int) -> Array:
    """Sum of the amounts of all ranges [start, stop) that hold each place."""
    change = np.bincount(start, weights=amount, minlength=size + 1) - np.bincount(
        stop, weights=amount, minlength=size + 1
    )
    return np.asarray(np.cumsum(change)[:size])
