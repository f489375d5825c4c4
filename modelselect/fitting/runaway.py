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
#: Beyond this a shape is at its limit, where the family has one: nothing in the data can tell them apart.
AT_LIMIT = 1e6
#: Between which this lies for few observations and many; and a sum of weights that is no number of observations.
_NEAR_LIMIT, _KNOWN = (3e4, AT_LIMIT), 10.0


def hopeless(problem: Problem) -> Callable[[Array, Rows], Flags]:
    """Tell rows that have collapsed, and those at a limit: the shape of a continuous family has gone to infinity."""
    shapes, least = _endless(problem)

    def test(u: Array, rows: Rows) -> Flags:
        flags = has_collapsed(problem, u, rows)
        if shapes:
            far = least[rows % problem.groups]
            flags = flags | (np.abs(problem.theta(u, rows)[:, shapes]) > far[:, None]).any(axis=-1)
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
    return flags if column is None else np.asarray(flags | (theta[:, column] < floor[rows % problem.groups]))


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


def pointed(block: Block) -> Flags:
    """Groups with an exact observation: a density may be infinite there, while no cell has more than probability 1."""
    if block.exact:
        return np.ones(block.groups, dtype=bool)
    return np.asarray(((block.lower == block.upper) & (block.weights > 0)).any(axis=-1))


def _floor(problem: Problem) -> tuple[int | None, Array]:
    """Column of the scale of a law that may lie anywhere, if it is free, and below what it has collapsed ``(G,)``."""
    roles = [parameter.role for parameter in problem.family.parameters.values()]
    if "location" not in roles or "scale" not in roles or roles.index("scale") not in problem.free:
        return None, np.zeros(0)
    spread = problem.block.statistic(observed.spread)
    return roles.index("scale"), np.broadcast_to(COLLAPSED * spread, (problem.groups,))
