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
from modelselect.family import Family
from modelselect.fitting.compress import SOME, compress, compressible, nodes_of
from modelselect.fitting.likelihood import weighted_mean
from modelselect.fitting.problem import Problem
from modelselect.fitting.runaway import has_collapsed, hopeless
from modelselect.fitting.solve import ALMOST, Maximum, Rows, maximise

Flags = NDArray[np.bool_]

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
#: Scaled scores from which one more step leads near enough to the maximum of a coarse stand-in, and of a fine one.
_ROUGHLY, _NEARLY = 1e-3, 1e-5
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
        found = [ascend(problem.part(rows), moved, None if near is None else near[:, rows]) for rows in pieces]
        tops, *flags = zip(*found, strict=True)
        return Maximum.joined(tops), *(np.concatenate(flag) for flag in flags)  # type: ignore[return-value]
    if near is not None and len(near):
        return _from_near(problem, moved, near)
    small = None if problem.family.atoms else _stand_in(problem)  # a node would mix an atom with its neighbours
    if small is None:
        start = _starts(problem, moved)
        some = problem.block.plain and not problem.family.atoms and compressible(problem.block, SOME)
        distinct = _sorted_out(problem, start, moved, problem.block) if some else None
        top, collapsed, any_collapsed = _best_of(problem, start if distinct is None else distinct.at)
        return _arranged(problem, top), collapsed, any_collapsed
    rough, _, any_collapsed = _on_nodes(problem, small, moved)
    top = _polished(problem, rough)
    collapsed = has_collapsed(problem, top.at, np.arange(problem.groups))
    # a scale that shrinks onto tied points has a maximum of its own on cells; and a maximum must not be lost, nor
    # missed because the nodes have none, or no likelihood at all
    again = collapsed | (rough.converged & ~top.converged) | (any_collapsed & (not problem.block.exact))
    again |= np.isneginf(rough.value) | (~top.converged & _wide(problem.block))
    rows = np.flatnonzero(again)
    if len(rows):
        fresh, fresh_collapsed, any_collapsed[rows] = _from_all_starts(problem.part(rows), moved)
        better = collapsed[rows] | fresh.converged | ~(fresh.value < top.value[rows])
        rows, collapsed = rows[better], collapsed.copy()
        top, collapsed[rows] = top.put(rows, fresh.take(np.flatnonzero(better))), fresh_collapsed[better]
    return _arranged(problem, top), collapsed, any_collapsed


def _on_nodes(problem: Problem, small: Block, moved: Sequence[int]) -> tuple[Maximum, Flags, Flags]:
    """The maxima on a stand-in, as `_from_all_starts`."""
    nodes = replace(problem, block=small)
    start = _starts(nodes, moved)
    distinct = _sorted_out(nodes, start, moved, problem.block) if problem.block.plain else None
    if distinct is not None and len(distinct.at) == 1:
        none = np.zeros(1, dtype=bool)
        return _polished(nodes, distinct), none, none
    return _best_of(nodes, start if distinct is None else distinct.at, _NEARLY)


def _sorted_out(problem: Problem, start: Array, moved: Sequence[int], block: Block) -> Maximum | None:
    """The different maxima to which many starts lead on a coarse stand-in of one sample, best first.

    None where the starts are few, or one of them leads to none.
    """
    if problem.groups > 1 or len(start) < _MANY_STARTS or problem.family.made:
        return None
    coarse = replace(problem, block=block.remembered("coarse", lambda: compress(problem.block, fine=False)))
    top = climb(coarse, _starts(coarse, moved), _ROUGHLY)
    if not top.converged.any() or has_collapsed(coarse, top.at, np.zeros(len(top.at), dtype=np.intp)).any():
        return None
    return top.take(np.array(_different(top, np.flatnonzero(top.converged))))


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
    return top.put(lost, climb(problem.part(lost), rough.at[lost])) if len(lost) else top


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
    rows = np.flatnonzero(top.converged & ~has_collapsed(problem, top.at, np.zeros(len(top.at), dtype=np.intp)))
    different = _different(top, rows)
    return problem.theta(top.at[different], np.zeros(len(different), dtype=np.intp))


def _from_near(problem: Problem, moved: Sequence[int], near: Array) -> tuple[Maximum, Flags, Flags]:
    """The best maximum that starts ``(K, G, p)`` lead to, and in groups without one those of the family."""
    top, collapsed, any_collapsed = _best_of(problem, problem.u(near.reshape(-1, near.shape[-1])))
    rows = np.flatnonzero(~top.converged | collapsed)
    top = _arranged(problem, top)
    if len(rows):
        fresh, *flags = ascend(problem.part(rows), moved)
        top = top.put(rows, fresh)
        collapsed[rows], any_collapsed[rows] = flags
    return top, collapsed, any_collapsed


def _pieces(problem: Problem) -> list[Rows]:
    """Groups that are worked on at a time, so that their numbers fit the cache."""
    size = max(_CELLS // problem.block.weights.shape[1], 1)
    if problem.block.groups == 1 or problem.groups <= size:
        return [np.arange(problem.groups)]
    return [np.arange(i, min(i + size, problem.groups)) for i in range(0, problem.groups, size)]


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

    low = np.ceil(low)  # the end of a cell is no integer
    high = low.copy()
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


def _best_of(problem: Problem, start: Array, nearly: float | None = None) -> tuple[Maximum, Flags, Flags]:
    """The best maximum of each group from starts ``(S·G, p)`` in coordinates, and the flags of `_from_all_starts`."""
    top = climb(problem, start, nearly)
    collapsed = has_collapsed(problem, top.at, np.arange(len(start)))
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


def climb(problem: Problem, start: Array, nearly: float | None = None) -> Maximum:
    """Maximise from each of the starts ``(S·G, p)``, in coordinates, or as nearly as `solve.maximise` says."""
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
        hopeless=hopeless(problem),
        negligible=np.tile(negligible, len(start) // problem.groups),
        nearly=nearly,
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
