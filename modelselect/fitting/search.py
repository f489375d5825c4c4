"""Where the maxima are: starts, compressed samples and integers, around the solver.

`ascend` finds the highest interior maximum over continuous parameters, `best_integer` profiles an integer one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family, Limit
from modelselect.fitting.compress import compress, compressible, nodes_of
from modelselect.fitting.likelihood import weighted_mean
from modelselect.fitting.problem import Problem
from modelselect.fitting.solve import ALMOST, TOLERANCE, Maximum, Rows, maximise

Flags = NDArray[np.bool_]

#: A scale below this share of the spread of the distinct values has collapsed onto a datum.
COLLAPSED = 1e-8
#: Beyond this a shape is at its limit, where the family has one: nothing in the data can tell them apart.
AT_LIMIT = 1e6
#: Between which this lies for few observations and many; and a sum of weights that is no number of observations.
_NEAR_LIMIT, _KNOWN = (3e4, AT_LIMIT), 10.0
#: Gain in nats of a whole sample that no step away from a maximum is without: less of it says nothing.
_NEGLIGIBLE = 1e-6
#: Cells from which on their middles are fitted first.
MANY_CELLS = 20
#: Share of the range that a cell takes which may not be replaced by its middle.
_WIDE = 0.01
#: Numbers of one observation and one group each that are worked on at a time.
_CELLS = 65_536
#: Distance in coordinates from which on two maxima are different ones.
_APART = 1e-3
#: Starts from which on they are sorted out on a coarse stand-in first.
_MANY_STARTS = 3
#: Newton steps at most; and where ends of the support are estimated from cells, whose edges are tried afterwards.
_ITERATIONS, _AT_KINKS = 200, 60
#: Scaled score at which a maximum on a coarse stand-in is known well enough to start from.
_ROUGHLY = 1e-4
#: Scaled score of all observations at a maximum of their stand-in, ten times less than which is expected.
_NEARBY = 0.01
#: Least distance of a start from the end of its domain.
_MARGIN = 1e-6
#: The same where the domain is a half-line: a scale may be as small as floats allow.
_SMALLEST = 1e-290


def ascend(problem: Problem, moved: Sequence[int] = (), near: Array | None = None) -> tuple[Maximum, Flags, Flags]:
    """Find the highest converged maximum of each group from the family's starts.

    Parameters
    ----------
    near
        Parameters ``(K, G, p)`` that are tried first; only groups in which none leads to a maximum take the family's.
    moved
        Columns that also start some way off the family's guess, on both sides: ends of the support, of which the
        guess is the outermost observation, where the likelihood jumps.

    Returns
    -------
    maximum, collapsed, any_collapsed
        One row a group, its value NaN where it was not computed on all observations; whether its scale ran away to
        zero, and whether it did from any start.

    Notes
    -----
    Many observations are first replaced by a few weighted nodes; from the maximum found there one or two
    steps on all of them lead to the exact one. Groups in which that may mislead start afresh on all observations.
    """
    pieces = _pieces(problem)
    if len(pieces) > 1:
        found = [ascend(_part(problem, rows), moved, None if near is None else near[:, rows]) for rows in pieces]
        tops, *flags = zip(*found, strict=True)
        return Maximum.joined(tops), *(np.concatenate(flag) for flag in flags)  # type: ignore[return-value]
    if near is not None and len(near):
        return _from_near(problem, moved, near)
    small = None if problem.family.atoms else _stand_in(problem)  # a node would mix an atom with its neighbours
    if small is None:
        top, collapsed, any_collapsed = _from_all_starts(problem, moved)
        return _arranged(problem, top), collapsed, any_collapsed
    rough, collapsed, any_collapsed = _on_nodes(problem, small, moved)
    top = _polished(problem, rough)
    collapsed = _collapsed(problem, top.at, np.arange(problem.groups))
    # a scale that shrinks onto tied points has a maximum of its own on cells; and a maximum must not be lost, nor
    # missed because the nodes have none, or no likelihood at all
    again = collapsed | (rough.converged & ~top.converged) | (any_collapsed & (not problem.block.exact))
    again |= np.isneginf(rough.value) | (~top.converged & _wide(problem.block))
    rows = np.flatnonzero(again)
    if len(rows):
        fresh, fresh_collapsed, _ = _from_all_starts(_part(problem, rows), moved)
        better = collapsed[rows] | fresh.converged | ~(fresh.value < top.value[rows])
        rows, collapsed = rows[better], collapsed.copy()
        top, collapsed[rows] = top.put(rows, fresh.take(np.flatnonzero(better))), fresh_collapsed[better]
    return _arranged(problem, top), collapsed, any_collapsed


def _on_nodes(problem: Problem, small: Block, moved: Sequence[int]) -> tuple[Maximum, Flags, Flags]:
    """The maxima on a stand-in, as `_from_all_starts`; many starts are sorted out on a coarser one."""
    nodes = replace(problem, block=small)
    block, start = problem.block, _starts(nodes, moved)
    if problem.groups == 1 and len(start) >= _MANY_STARTS and block.plain and not problem.family.made:
        coarse = replace(problem, block=block.remembered("coarse", lambda: compress(small, fine=False)))
        top = climb(coarse, _starts(coarse, moved), _ROUGHLY)
        if top.converged.any() and not _collapsed(coarse, top.at, np.zeros(len(top.at), dtype=np.intp)).any():
            start = top.at[_different(top, np.flatnonzero(top.converged))]
    return _best_of(nodes, start)


def _polished(problem: Problem, rough: Maximum) -> Maximum:
    """The maximum on all observations near one on their stand-in, whose information is all but that of them all.

    So one exact gradient and a Newton step or two lead there; a row in which they do not is searched on.
    """
    if problem.family.score is None or not problem.block.plain:
        return climb(problem, rough.at)
    rows = np.arange(problem.groups)
    J = np.where(rough.converged[:, None, None], rough.information, np.eye(rough.at.shape[1]))
    root = np.sqrt(np.einsum("rii->ri", J))
    at, score, settled = rough.at.copy(), np.full(problem.groups, _NEARBY), np.zeros(problem.groups, dtype=bool)
    active = rows[rough.converged]
    while len(active):
        g = problem.gradient(at[active], active)
        before, score[active] = score[active], np.abs(g / root[active]).max(axis=-1)
        nearer = score[active] <= 0.1 * before
        active, g = active[nearer], g[nearer]
        at[active] += np.linalg.solve(J[active], g[:, :, None])[:, :, 0]
        settled[active] = score[active] < ALMOST
        active = active[~settled[active]]
    top = replace(rough, at=at, score=score, value=np.full(problem.groups, np.nan))
    lost = rows[~settled]
    return top.put(lost, climb(_part(problem, lost), rough.at[lost])) if len(lost) else top


def _different(top: Maximum, rows: Rows) -> list[int]:
    """One of each of the different maxima among these rows, best first."""
    different: list[int] = []
    for row in rows[np.argsort(-top.value[rows], kind="stable")]:  # a handful of starts
        if all(np.abs(top.at[row] - top.at[other]).max() > _APART for other in different):
            different.append(int(row))
    return different


def maxima(problem: Problem) -> Array:
    """Parameters ``(K, p)`` of the different maxima of one group to which the family's starts lead, best first."""
    top = climb(problem, problem.u(starts(problem)))
    rows = np.flatnonzero(top.converged & ~_collapsed(problem, top.at, np.zeros(len(top.at), dtype=np.intp)))
    different = _different(top, rows)
    return problem.theta(top.at[different], np.zeros(len(different), dtype=np.intp))


def _from_near(problem: Problem, moved: Sequence[int], near: Array) -> tuple[Maximum, Flags, Flags]:
    """The best maximum that starts ``(K, G, p)`` lead to, and in groups without one those of the family."""
    top, collapsed, any_collapsed = _best_of(problem, problem.u(near.reshape(-1, near.shape[-1])))
    rows = np.flatnonzero(~top.converged | collapsed)
    top = _arranged(problem, top)
    if len(rows):
        fresh, *flags = ascend(_part(problem, rows), moved)
        top = top.put(rows, fresh)
        collapsed[rows], any_collapsed[rows] = flags
    return top, collapsed, any_collapsed


def _pieces(problem: Problem) -> list[Rows]:
    """Groups that are worked on at a time, so that their numbers fit the cache."""
    size = max(_CELLS // problem.block.weights.shape[1], 1)
    if problem.block.groups == 1 or problem.groups <= size:
        return [np.arange(problem.groups)]
    return [np.arange(i, min(i + size, problem.groups)) for i in range(0, problem.groups, size)]


def _part(problem: Problem, rows: Rows) -> Problem:
    """The problem of these groups."""
    block = problem.block if problem.block.groups == 1 else problem.block.take(rows)
    return replace(problem, block=block, given=problem.given[rows])


def best_integer(profile: Callable[[Array], Array], low: Array) -> Array:
    """Integers ``(G,)`` ≥ low that maximise a profile with one maximum.

    The step is doubled until the profile falls, then the sign of its difference is bisected.

    Parameters
    ----------
    profile
        Integers ``(G,)`` → profile likelihood ``(G,)``.
    """

    def rises(n: Array) -> Flags:
        return np.asarray(profile(n + 1) > profile(n))

    low, high = low.copy(), low.copy()
    climbing = rises(low)
    for doubling in range(50):
        if not climbing.any():
            break
        low = np.where(climbing, high, low)
        high = np.where(climbing, high + 2.0**doubling, high)
        climbing &= rises(high)
    while np.any(high - low > 1):
        middle, apart = np.floor(0.5 * (low + high)), high - low > 1
        up = rises(middle)
        low, high = np.where(up & apart, middle, low), np.where(~up & apart, middle, high)
    return np.where(profile(low) >= profile(high), low, high)


def _stand_in(problem: Problem) -> Block | None:
    """Return a cheaper block with nearly the same maximum: weighted nodes for many points, points for many cells."""
    block, bounds = problem.block, problem.block.truncation
    if bounds is not None and any(end.shape[-1] > 1 for end in bounds):
        return None
    if block.exact:
        small = nodes_of(block)
    elif np.isfinite(block.upper - block.lower).all():
        middles = _inside(problem).points
        points = Block(middles, middles, block.weights)
        small = nodes_of(points) or (points if points.lower.shape[1] >= MANY_CELLS else None)
    else:
        small = _of_censored(block)
    if small is None or bounds is None:
        return small  # with what is remembered of it
    return Block(small.lower, small.upper, small.weights, bounds)


def _wide(block: Block) -> Flags:
    """Groups whose cells are so wide that their likelihood may have a maximum where that of their middles has none."""
    if block.exact:
        return np.zeros(block.groups, dtype=bool)
    width = weighted_mean(block.shares, block.upper - block.lower)
    return np.asarray(width > _WIDE * (block.statistic(observed.maximum) - block.statistic(observed.minimum)))


def _of_censored(block: Block) -> Block | None:
    """Nodes for many points, and for many observations censored on one side; None if there are other intervals."""
    lower, upper = block.lower[0], block.upper[0]
    kinds = {(False, False): lower == upper, (False, True): np.isposinf(upper), (True, False): np.isneginf(lower)}
    if block.groups > 1 or len(block.lower) > 1 or not np.all(sum(kinds.values())):
        return None
    parts, helps = [], False
    for (low_open, high_open), rows in kinds.items():
        at = (upper if low_open else lower)[None, rows]
        part = Block(at, at, block.weights[:, rows])
        if compressible(part):
            part, helps = compress(part), True
        left, right = np.full_like(part.lower, -np.inf), np.full_like(part.lower, np.inf)
        parts.append((left if low_open else part.lower, right if high_open else part.lower, part.weights))
    a, b, w = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Block(a, b, w) if helps else None


def _from_all_starts(problem: Problem, moved: Sequence[int]) -> tuple[Maximum, Flags, Flags]:
    """The best maximum of each group, whether its scale collapsed, and whether that of any start did."""
    return _best_of(problem, _starts(problem, moved))


def _starts(problem: Problem, moved: Sequence[int]) -> Array:
    """The family's starts in coordinates ``(S·G, p)``, and those some way off in the columns `moved`."""
    return problem.u(_moved(problem, starts(problem), moved) if len(moved) else starts(problem))


def _best_of(problem: Problem, start: Array) -> tuple[Maximum, Flags, Flags]:
    """The best maximum of each group from starts ``(S·G, p)`` in coordinates, and the flags of `_from_all_starts`."""
    top = climb(problem, start)
    collapsed = _collapsed(problem, top.at, np.arange(len(start)))
    good = (top.converged & ~collapsed).reshape(-1, problem.groups)
    value = np.where(np.isfinite(top.value), top.value, -np.inf).reshape(-1, problem.groups)
    chosen = np.argmax(np.where(good | ~good.any(axis=0), value, -np.inf), axis=0)
    rows = chosen * problem.groups + np.arange(problem.groups)
    return top.take(rows), collapsed[rows], np.asarray(collapsed.reshape(-1, problem.groups).any(axis=0))


def _moved(problem: Problem, start: Array, columns: Sequence[int]) -> Array:
    """Starts ``(S·G, p)`` with copies in which these columns are a tenth of the spread lower, and higher."""
    tenth = 0.1 * np.broadcast_to(problem.block.statistic(observed.spread), (problem.groups,))
    copies = [start]
    for signs in itertools.product((-1.0, 1.0), repeat=len(columns)):
        copy = start.copy()
        copy[:, list(columns)] += np.tile(tenth, len(start) // problem.groups)[:, None] * np.array(signs)
        copies.append(copy)
    return np.concatenate(copies)


def _arranged(problem: Problem, top: Maximum) -> Maximum:
    """The same maxima with the parts of the law in their canonical order."""
    if type(problem.family).arranged is Family.arranged:
        return top
    theta = problem.theta(top.at, np.arange(problem.groups))
    with np.errstate(all="ignore"):
        other = problem.family.arranged(theta, problem.free)
        changed = (theta != other).any(axis=-1, keepdims=True)
        return replace(top, at=np.where(changed, problem.u(other), top.at))


def climb(problem: Problem, start: Array, tolerance: float = TOLERANCE) -> Maximum:
    """Maximise from each of the starts ``(S·G, p)``, in coordinates."""
    exact = problem.family.score is not None and problem.block.plain
    total = np.maximum(problem.block.total, 100.0)  # which is 1 where the law of the data is known
    negligible = np.broadcast_to(_NEGLIGIBLE / total, (problem.groups,))
    parameters = list(problem.family.parameters.values())
    kinked = not problem.block.exact and not all(parameters[j].regular for j in problem.free)
    return maximise(
        problem.objective,
        start,
        units=problem.units,
        gradient=problem.gradient if exact else None,
        second=problem.second if exact and problem.curved else None,
        hopeless=_hopeless(problem),
        negligible=np.tile(negligible, len(start) // problem.groups),
        tolerance=tolerance,
        max_iterations=_AT_KINKS if kinked else _ITERATIONS,
    )


def starts(problem: Problem) -> Array:
    """Starts ``(S·G, p)``, forced into the domains; given parameters are kept."""
    family, block = problem.family, _inside(problem)
    if not (np.isfinite(block.lower).all() and np.isfinite(block.upper).all()):
        # a censored observation is no largest one, and what may be anywhere is none at all
        anywhere = (block.lower <= family.support.low) & (block.upper >= family.support.high)
        block = Block(block.points, block.points, np.where(anywhere, 0.0, block.weights))
    elif np.isfinite(low := family.support.low) and not family.support.low_inclusive and not block.exact:
        lower = np.where(block.lower > low, block.lower, block.points)  # nor one whose cell reaches the end a least one
        block = Block(lower, block.upper, block.weights)
    with np.errstate(all="ignore"):
        given = problem.given.copy()
        given[:, list(problem.free)] = np.nan
        guesses = [np.asarray(a, dtype=float) for a in family.starts(block, given)]
    count = max(len(guess) if guess.ndim == 2 else 1 for guess in guesses)
    theta = np.broadcast_to(problem.given, (count, *problem.given.shape)).copy()
    parameters = list(family.parameters.values())
    for j in problem.free:
        domain = parameters[j].domain
        margin = _MARGIN if np.isfinite(domain.high - domain.low) else _SMALLEST
        low = domain.low + margin if np.isfinite(domain.low) else -1e300
        high = domain.high - margin if np.isfinite(domain.high) else 1e300
        guess = np.where(np.isfinite(guesses[j]), guesses[j], np.clip(1.0, low, high))
        theta[:, :, j] = np.clip(np.broadcast_to(guess, theta.shape[:2]), low, high)
    return theta.reshape(-1, theta.shape[-1])


def _inside(problem: Problem) -> Block:
    """The data with intervals cut at the ends of the support, so that a middle has a density."""
    support = problem.family.support
    return problem.block if problem.family.period is not None else problem.block.clipped(support.low, support.high)


def _hopeless(problem: Problem) -> Callable[[Array, Rows], Flags]:
    """Tell rows that have collapsed, and those at a limit: the shape of a continuous family has gone to infinity."""
    shapes, least = _endless(problem)

    def test(u: Array, rows: Rows) -> Flags:
        flags = _collapsed(problem, u, rows)
        if shapes:
            far = least[rows % problem.groups]
            flags = flags | (np.abs(problem.theta(u, rows)[:, shapes]) > far[:, None]).any(axis=-1)
        return flags

    return test


def _endless(problem: Problem) -> tuple[list[int], Array]:
    """Columns of the shapes at whose infinity a simpler law is the limit, and what is as good as infinite ``(G,)``."""
    family = problem.family
    if family.discrete or family.limit is None:
        return [], np.zeros(0)
    endless = {name for restriction in family.nested.values() for name, end in restriction.items() if end == np.inf}
    with np.errstate(all="ignore"):
        found = family.limit(*map(problem.block.statistic, family.statistics))
    for limit in (found,) if isinstance(found, Limit) else found:
        ends = {name for name, end in limit.parameters.items() if isinstance(end, float) and np.isinf(end)}
        endless |= {name for name in ends if family.parameters[name].role is None}
    shapes = [j for j in problem.free if list(family.parameters)[j] in endless]
    # the law of a shape s differs from its limit by about 1/s nats an observation, or less
    total = problem.block.total
    least = np.where(total < _KNOWN, AT_LIMIT, np.clip(1e3 * total, *_NEAR_LIMIT))
    return shapes, np.broadcast_to(least, (problem.groups,))


def _collapsed(problem: Problem, u: Array, rows: Rows) -> Flags:
    """Whether the likelihood has no bound here: a density that is infinite at an end, a scale shrunk onto a datum."""
    theta = problem.theta(u, rows)
    pointed = problem.remembered("pointed", lambda: _pointed(problem.block))
    flags = problem.family.unbounded(*theta.T) & np.broadcast_to(pointed, (problem.groups,))[rows % problem.groups]
    if problem.family.made:
        flags = flags | problem.family.degenerate(problem.rows(rows), theta)
    column, floor = problem.remembered("floor", lambda: _floor(problem))
    return flags if column is None else np.asarray(flags | (theta[:, column] < floor[rows % problem.groups]))


def _pointed(block: Block) -> Flags:
    """Groups with an exact observation: a density may be infinite there, while no cell has more than probability 1."""
    return np.asarray(((block.lower == block.upper) & (block.weights > 0)).any(axis=-1))


def _floor(problem: Problem) -> tuple[int | None, Array]:
    """Column of the scale of a law that may lie anywhere, if it is free, and below what it has collapsed ``(G,)``."""
    roles = [parameter.role for parameter in problem.family.parameters.values()]
    if "location" not in roles or "scale" not in roles or roles.index("scale") not in problem.free:
        return None, np.zeros(0)
    spread = problem.block.statistic(observed.spread)
    return roles.index("scale"), np.broadcast_to(COLLAPSED * spread, (problem.groups,))
