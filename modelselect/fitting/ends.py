"""Maxima at which the likelihood has a kink or a jump: ends of the support, and a location without a Hessian."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.problem import Problem
from modelselect.fitting.search import ascend, climb
from modelselect.fitting.solve import Rows

#: How far inside an edge of cells, in shares of its size, an end is held.
_INWARD = 8 * np.finfo(float).eps


#: Observations at which a sharp point is tried at a time; and of how many the kinks are too small to matter.
_KINKS, _MANY_KINKS = 64, 2000


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
    part = problem.part(rows)
    block, own = part.block, part.given
    points = Block(block.lower, block.upper, block.weights * block.pointed, block.truncation)
    stuck = theta[rows].copy()  # where the search met a kink
    edges = [Block(end, end, block.weights) for end in (block.lower, block.upper) if np.isfinite(end).all()]
    blocks = [block, *([points] if points.weights.any() else []), *edges]
    answers = [exact(some, own) for some in ([block] if block.exact else blocks)]
    places = [(answer, some) for answer in answers for some in _parts(held)]
    if not np.isfinite(value[rows]).all():  # an open cell beyond an end of the guess: nothing is held, all starts move
        places.append((own, ()))
    best = np.full(len(rows), -np.inf)
    for ends, some in [*places, (stuck, tuple(held))]:
        given = own.copy()
        given[:, list(some)] = np.broadcast_to(ends, given.shape)[:, list(some)]
        free = [j for j in problem.free if j not in some]
        inner = Problem(problem.family, block, given, free)
        found, reached = _maximum(inner, [j for j in held if j not in some])
        better = ~(reached < value[rows] - 1e-9) & (reached > best)
        theta[rows[better]], best[better] = found[better], reached[better]
    _let_go(problem, theta, rows[np.isfinite(best)], best[np.isfinite(best)])
    good[rows[np.isfinite(best)]] = True


def _let_go(problem: Problem, theta: Array, rows: Rows, value: Array) -> None:
    """Climb on from the answers of these groups with nothing held: where the search had stopped short of a kink."""
    if not len(rows):
        return
    inner = problem.part(rows)
    top = climb(inner, inner.u(theta[rows]))
    better = np.flatnonzero(top.converged & (top.value > value))
    theta[rows[better]] = inner.theta(top.at, np.arange(len(rows)))[better]


def sharpen(problem: Problem, theta: Array, good: NDArray[np.bool_]) -> None:
    """Where the density has a sharp point at a parameter, try it at the exact observations, and on both sides.

    The likelihood has a kink at each of them, beside which a smooth search stops, and may have maxima between them
    where observations are truncated or censored. Of very many, 64 are tried, then those about the likeliest, and so on.

    Parameters
    ----------
    theta, good
        Parameters ``(G, p)`` and whether they are a maximum, both written into where one that is likelier is found.
    """
    block, groups = problem.block, problem.groups
    sharp = [j for j in kinked(problem) if problem.family.information is not None]
    exact = block.pointed
    if len(sharp) != 1 or not exact.any() or exact.shape[1] > _MANY_KINKS:
        return
    place = np.sort(np.where(exact, block.lower, np.inf), axis=-1)
    last = exact.sum(axis=-1) - 1
    place, last = (np.broadcast_to(array, (groups, *array.shape[1:])) for array in (place, last))
    value = np.where(good, problem.objective(problem.u(theta), np.arange(groups)), -np.inf)
    low, high, free = np.zeros(groups, dtype=np.intp), last, [j for j in problem.free if j not in sharp]
    while True:
        count = min(_KINKS, int((high - low).max()) + 1)
        tried = np.rint(np.linspace(low, high, count, axis=-1)).astype(np.intp)
        rows = np.repeat(np.arange(groups), count)
        given = theta[rows]
        given[:, sharp[0]] = np.take_along_axis(place, np.maximum(tried, 0), axis=-1).ravel()
        found, reached = _maximum(replace(problem.part(rows), given=given, free=free), [])
        best = reached.reshape(groups, count).argmax(axis=-1)
        row = np.arange(groups) * count + best
        better = np.flatnonzero(reached[row] > value)
        theta[better], value[better] = found[row[better]], reached[row[better]]
        low, high = (tried[np.arange(groups), np.clip(best + side, 0, count - 1)] for side in (-1, 1))
        if count < _KINKS:  # all of them
            break
    for side in (-1, 1):
        middle = np.clip(tried[np.arange(groups), best] + side, 0, np.maximum(last, 0))
        start = theta.copy()
        start[:, sharp[0]] = 0.5 * (start[:, sharp[0]] + place[np.arange(groups), middle])
        top = climb(problem, problem.u(start))
        better = np.flatnonzero(top.converged & (top.value > value))
        theta[better], value[better] = problem.theta(top.at, np.arange(groups))[better], top.value[better]
    good |= np.isfinite(value)


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


@dataclass(frozen=True, eq=False)
class _Touching(Problem):
    """The same with ends of the support held at the outermost edges of the cells, by a shift or a change of unit.

    Attributes
    ----------
    ends
        Whether the lower, and the upper, end is held.
    """

    ends: tuple[bool, bool] = (True, False)

    def _theta(self, u: Array, rows: Rows) -> Array:
        theta = super()._theta(u, rows)
        with np.errstate(all="ignore"):
            low, high = (np.broadcast_to(end, len(theta)) for end in self.family.bounds(*theta.T))
            edges = self.block.statistic(observed.minimum), self.block.statistic(observed.maximum)
            first, last = (np.broadcast_to(edge, (self.groups,))[rows % self.groups] for edge in edges)
            # of 1 ulp beyond the edge a density that is infinite at its end makes a loss of per cents
            inward = _INWARD * np.maximum(np.abs(first), np.abs(last))
            first, last = first + inward, last - inward
            own, place = (low, first) if self.ends[0] else (high, last)
            moves = self.family.moves_with == "location and scale"
            factor = (last - first) / (high - low) if all(self.ends) else np.ones_like(own) if moves else place / own
            for j, parameter in enumerate(self.family.parameters.values()):
                if parameter.role == "location":
                    theta[:, j] = place + (theta[:, j] - own) * factor
                elif parameter.role == "scale":
                    theta[:, j] *= factor
                elif parameter.role == "log_scale":
                    theta[:, j] += np.log(factor)
        return theta


def touch_edges(problem: Problem, theta: Array, good: NDArray[np.bool_], value: Array) -> None:
    """Where no smooth maximum of cells was found, look for one with an end of the support at an outermost edge.

    There the likelihood has a kink if the density jumps at its end, or all but jumps: beyond the edge probability is
    lost, short of it nothing is gained. Inside the outermost cells it is smooth. The arrays are those of `hold_ends`.
    """
    rows = np.flatnonzero(~good)
    roles = [parameter.role for parameter in problem.family.parameters.values()]
    shifts = [j for j in problem.free if roles[j] == "location"]
    units = [j for j in problem.free if roles[j] in ("scale", "log_scale")]
    moves = problem.family.moves_with == "location and scale"
    ways = {(True, True): [*shifts, *units], (True, False): shifts, (False, True): shifts} if moves else {}
    if problem.family.moves_with == "scale":
        ways = {(True, False): units[:1], (False, True): units[:1]}
    block = problem.part(rows).block
    with np.errstate(all="ignore"):
        moving = [np.isfinite(end).any() for end in problem.family.bounds(*theta[rows].T)]
    best, near = np.full(len(rows), -np.inf), theta[rows].copy()
    for ends, held in ways.items():
        free = [j for j in problem.free if j not in held]
        if not (held and free and all(move for move, end in zip(moving, ends, strict=True) if end)):
            continue
        inner = _Touching(problem.family, block, near, free, ends=ends)
        top = climb(inner, inner.u(near))
        better = top.converged & ~(top.value < value[rows] - 1e-9) & (top.value > best)
        near[better], best[better] = inner.theta(top.at, np.arange(len(rows)))[better], top.value[better]
    theta[rows] = near
    good[rows[np.isfinite(best)]] = True
