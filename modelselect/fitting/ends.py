"""Maxima at which the likelihood has a kink or a jump: ends of the support, and a location without a Hessian."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.problem import Problem
from modelselect.fitting.search import ascend


def kinked(problem: Problem) -> list[int]:
    """Free columns in which the likelihood may have its maximum at a kink: ends, and what has no Hessian."""
    parameters = list(problem.family.parameters.values())
    # a family with an information of its own has a kink: at its location, without one at its scale
    place = "location" if any(p.role == "location" for p in parameters) else "scale"
    edge = place if problem.family.information is not None else ""
    return [j for j in problem.free if not parameters[j].regular or parameters[j].role == edge]


def hold_ends(
    problem: Problem, exact: Callable[[Block, Array], Array], theta: Array, good: NDArray[np.bool_], value: Array
) -> None:
    """Where no smooth maximum was found, hold the parameters with kinks in the likelihood at their exact answer.

    On cells a Pareto's minimum may sit at the edge of one, and a Laplace's location anywhere between two; among
    censored observations the likeliest end is often the outermost of the exact ones, while the other end, or none,
    is a smooth maximum. All of these are tried, and the likeliest is taken.

    Parameters
    ----------
    exact
        Block and given parameters → the family's closed form ``(G, p)``.
    theta, good, value
        Parameters ``(G, p)``, whether they are a maximum, and the likelihood that the search reached; the first two
        are written into.
    """
    held = kinked(problem)
    rows = np.flatnonzero(~good)
    if not held or not len(rows):
        return
    block = problem.block if problem.block.groups == 1 else problem.block.take(rows)
    own = problem.given[rows]
    points = Block(block.lower, block.upper, block.weights * (block.lower == block.upper), block.truncation)
    stuck = theta[rows].copy()  # where the search met a kink
    answers = [exact(block, own)] if block.exact else [exact(block, own), exact(points, own)]
    places = [(answer, some) for answer in answers for some in _parts(held)]
    best = np.full(len(rows), -np.inf)
    for ends, some in [*places, (stuck, tuple(held))]:
        given = own.copy()
        given[:, list(some)] = np.broadcast_to(ends, given.shape)[:, list(some)]
        free = [j for j in problem.free if j not in some]
        inner = Problem(problem.family, block, given, free)
        found, reached = _maximum(inner, [j for j in held if j not in some])
        better = ~(reached < value[rows] - 1e-9) & (reached > best)
        theta[rows[better]], best[better] = found[better], reached[better]
    good[rows[np.isfinite(best)]] = True


def _parts(held: Sequence[int]) -> list[tuple[int, ...]]:
    """Those that are held, from all of them to one alone."""
    return [some for count in range(len(held), 0, -1) for some in itertools.combinations(held, count)]


def _maximum(problem: Problem, ends: Sequence[int]) -> tuple[Array, Array]:
    """Parameters ``(G, p)`` and likelihood of the maximum over the other parameters, −inf where there is none."""
    rows = np.arange(problem.groups)
    if not problem.free:
        value = mean_log_likelihood(problem.family, problem.block, tuple(problem.given.T[:, :, None]))
        legal = np.broadcast_to(problem.family.valid(*problem.given.T), value.shape) & ~np.isnan(value)
        return problem.given, np.where(legal, value, -np.inf)
    top, collapsed, _ = ascend(problem, moved=ends)
    return problem.theta(top.at, rows), np.where(top.converged & ~collapsed, problem.objective(top.at, rows), -np.inf)
