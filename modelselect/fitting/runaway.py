"""Where a search has run away: a scale that shrinks onto a datum, a shape that is as good as infinite."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Limit
from modelselect.fitting.problem import Problem
from modelselect.fitting.solve import Rows

Flags = NDArray[np.bool_]

#: A scale below this share of the spread of the distinct values has collapsed onto a datum.
COLLAPSED = 1e-8
#: Distance of an end of the support from the outermost of n observations, in shares of the spread, times n: that of a
#: density that vanishes there is hardly ever less than 1.
_TOUCHING = 1e-5
#: Shares of a scale at which a law is looked at that may shrink without end.
_SHRUNK = 10.0 ** -np.arange(9.0)
#: Beyond this a shape is at its limit, where the family has one: nothing in the data can tell them apart.
AT_LIMIT = 1e6
#: Share of a domain between two ends that is as good as at one, where the family has a limit there.
_AT_END = 1e-9
#: Between which this lies for few observations and many; and a sum of weights that is no number of observations.
_NEAR_LIMIT, _KNOWN = (3e4, AT_LIMIT), 10.0


def hopeless(problem: Problem) -> Callable[[Array, Rows], Flags]:
    """Tell rows that have collapsed, and those at a limit: a shape of a continuous family is at infinity, or an end."""
    shapes, least = _endless(problem)
    ends = _ends(problem)

    def test(u: Array, rows: Rows) -> Flags:
        flags = has_collapsed(problem, u, rows)
        theta = problem.theta(u, rows) if shapes or ends else u
        if shapes:
            flags = flags | (np.abs(theta[:, shapes]) > least[rows % problem.groups]).any(axis=-1)
        for j, end, near in ends:
            flags = flags | (np.abs(theta[:, j] - end) < near)
        return flags

    return test


def has_collapsed(problem: Problem, u: Array, rows: Rows) -> Flags:
    """Whether the likelihood has no bound here: a density that is infinite at an end, a scale shrunk onto a datum."""
    theta = problem.theta(u, rows)
    points = problem.remembered("pointed", lambda: pointed(problem.block))
    flags = problem.family.unbounded(*theta.T) & np.broadcast_to(points, (problem.groups,))[rows % problem.groups]
    if problem.family.made:
        flags = flags | problem.family.degenerate(problem.rows(rows), theta)
    column, floor = problem.remembered("floor", lambda: _floor(problem))
    if column is not None:
        flags = flags | (theta[:, column] < floor[rows % problem.groups])
    if problem.remembered("threshold", lambda: _has_threshold(problem)):
        flags = flags | _met(problem, theta, rows)
    return np.asarray(flags)


def shrinks(problem: Problem, theta: Array) -> Flags:
    """Whether the likelihood rises all the way as the law shrinks from here onto an exact observation ``(G,)``.

    Tried are the observation nearest to the location, and the outermost, to which an end of the support may come; of a
    law that begins at 0, or whose location is given, that place.
    """
    block, groups = problem.block, problem.groups
    roles = [parameter.role for parameter in problem.family.parameters.values()]
    points = block.pointed
    scales = [j for j, role in enumerate(roles) if role == "scale"]
    if not scales or not set(scales) <= set(problem.free) or not points.any():
        return np.zeros(groups, dtype=bool)
    places = [j for j, role in enumerate(roles) if role == "location"]
    at = theta[:, places[0]] if places else np.zeros(groups)
    gap = np.where(points, np.abs(block.lower - at[:, None]), np.inf)
    nearest = np.take_along_axis(np.broadcast_to(block.lower, gap.shape), gap.argmin(axis=-1)[:, None], axis=-1)[:, 0]
    moves = bool(places) and set(places) <= set(problem.free)
    centres = [nearest, *_outermost(block)] if moves else [at]
    flags = np.zeros(groups, dtype=bool)
    for centre in centres:
        there = np.repeat(theta[None], len(_SHRUNK), axis=0)
        there[..., scales] *= _SHRUNK[:, None, None]
        if moves:
            there[..., places] = (centre + (at - centre) * _SHRUNK[:, None])[..., None]
        rows = np.tile(np.arange(groups), len(_SHRUNK))
        value = problem.objective(problem.u(there.reshape(-1, theta.shape[-1])), rows).reshape(-1, groups)
        with np.errstate(invalid="ignore"):
            rises = np.isfinite(value).all(axis=0) & (np.diff(value, axis=0) > 0).all(axis=0)
        flags |= rises & (moves | (gap.min(axis=-1) == 0.0))
    return flags


def _endless(problem: Problem) -> tuple[list[int], Array]:
    """Columns of the shapes at whose infinity a simpler law is the limit, and what is as good as there ``(G, S)``."""
    family = problem.family
    endless = {name for restriction in family.nested.values() for name, end in restriction.items() if end == np.inf}
    slow = set()
    for ends in _limits(problem):
        away = [name for name in ends if family.parameters[name].role is None]
        endless |= {name for name in away if np.isinf(ends[name])}
        slow |= set(away) if len(away) > 1 else set()  # along a ridge, where it may differ by as much as 1/log s
    shapes = [j for j in problem.free if list(family.parameters)[j] in endless and not family.discrete]
    # the law of a shape s differs from its limit by about 1/s nats an observation, or less
    total = np.broadcast_to(problem.block.total, (problem.groups,))[:, None]
    least = np.where(total < _KNOWN, AT_LIMIT, np.clip(1e3 * total, *_NEAR_LIMIT))
    creeping = np.array([list(family.parameters)[j] in slow for j in shapes], dtype=bool)
    return shapes, np.where(creeping, AT_LIMIT, least)


def _ends(problem: Problem) -> list[tuple[int, float, float]]:
    """Columns of the shapes between two ends, with one at which a simpler law is the limit, and what is as good."""
    found = []
    for name, end in {pair for ends in _limits(problem) for pair in ends.items()}:
        j = list(problem.family.parameters).index(name)
        domain = problem.family.parameters[name].domain
        if j in problem.free and end in (domain.low, domain.high) and np.isfinite([domain.low, domain.high]).all():
            found.append((j, end, _AT_END * (domain.high - domain.low)))
    return found


def _limits(problem: Problem) -> list[dict[str, float]]:
    """Which parameters of a continuous family tend to a number in each of its limits, and to which."""
    family = problem.family
    if family.discrete or family.made or family.limit is None:
        return []
    with np.errstate(all="ignore"):
        found = family.limit(*map(problem.block.statistic, family.statistics))
    limits = (found,) if isinstance(found, Limit) else found
    ends = [{name: end for name, end in limit.parameters.items() if isinstance(end, float)} for limit in limits]
    return [{name: end for name, end in each.items() if name in family.parameters} for each in ends]


def pointed(block: Block) -> Flags:
    """Groups with an exact observation: a density may be infinite there, while no cell has more than probability 1."""
    if block.exact:
        return np.ones(block.groups, dtype=bool)
    return np.asarray(block.pointed.any(axis=-1))


def _floor(problem: Problem) -> tuple[int | None, Array]:
    """Column of the scale, if it is free and the law may shrink, and below what it has collapsed ``(G,)``.

    A law that may lie anywhere shrinks onto any exact datum, one that begins at 0 onto zeros, seen from the others; in
    a cell a law with long tails may have its maximum however small it is.
    """
    roles = [parameter.role for parameter in problem.family.parameters.values()]
    if "scale" not in roles or roles.index("scale") not in problem.free:
        return None, np.zeros(0)
    if "location" in roles:
        least = np.where(pointed(problem.block), problem.block.statistic(observed.spread), 0.0)
    else:
        block = problem.block
        if block.exact and np.all(block.statistic(observed.minimum) > 0):
            return None, np.zeros(0)
        zeros = block.pointed & (block.lower == 0)
        if problem.family.moves_with != "scale" or not zeros.any():
            return None, np.zeros(0)
        beyond = np.where((block.weights > 0) & ~zeros, np.maximum(np.abs(block.lower), np.abs(block.upper)), np.inf)
        least = np.where(zeros.any(axis=-1), beyond.min(axis=-1), 0.0)
        least = np.where(np.isfinite(least), least, 0.0)
    return roles.index("scale"), np.broadcast_to(COLLAPSED * least, (problem.groups,))


def _has_threshold(problem: Problem) -> bool:
    """Whether a location and a scale that are free move an end of the support, where the likelihood has no jump."""
    family = problem.family
    if family.discrete or family.made or family.period or family.moves_with != "location and scale":
        return False
    moving = [j for j, p in enumerate(family.parameters.values()) if p.role in ("location", "scale")]
    return set(moving) <= set(problem.free) and all(parameter.regular for parameter in family.parameters.values())


def _met(problem: Problem, theta: Array, rows: Rows) -> Flags:
    """Whether an end at which the density vanishes has come to an outermost exact observation, with a spike there."""
    block = problem.block
    outermost = problem.remembered("outermost", lambda: _outermost(block))
    least = np.maximum(COLLAPSED, _TOUCHING / block.total) * block.statistic(observed.spread)
    flags = np.zeros(len(theta), dtype=bool)
    with np.errstate(all="ignore"):
        for end, place in zip(problem.family.bounds(*theta.T), outermost, strict=True):
            gap = np.abs(end - np.broadcast_to(place, (problem.groups,))[rows % problem.groups])
            near = gap < np.broadcast_to(least, (problem.groups,))[rows % problem.groups]
            if near.any():
                near &= np.isneginf(problem.family.logp(end, *theta.T))
            flags |= near
    return flags


def _outermost(block: Block) -> tuple[Array, Array]:
    """Smallest and largest exact observation of each group."""
    if block.exact:
        return block.statistic(observed.minimum), block.statistic(observed.maximum)
    lowest = np.where(block.pointed, block.lower, np.inf).min(axis=-1)
    return lowest, np.where(block.pointed, block.upper, -np.inf).max(axis=-1)
