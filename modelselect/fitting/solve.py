"""The batched maximiser: damped Newton with a per-row convergence mask. It knows arrays only.

Gradient and Hessian come from 4th-order central differences of the objective (or of its exact
gradient), taken in *local units*: each coordinate is measured in the unit the caller gives for it, so
that a location is stepped in units of the current scale; and along axes in which the last information
was the identity, so that a shape of a million and its scale are told apart. The information
J = −Hessian is brought to unit diagonal, its eigenvalues are floored (a saddle is climbed, not entered)
and damped (Levenberg–Marquardt); a rejected step is retried with more damping without recomputing
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array

Rows = NDArray[np.intp]
Objective = Callable[[Array, Rows], Array]

#: Step of the differences, in local units, and where that leads to where there is no likelihood.
STEP, SHORT = 3e-4, 1e-5
#: Scaled score below which the maximum is reached, or after one more step.
TOLERANCE, ALMOST = 1e-10, 1e-8
#: Smallest eigenvalue of the unit-diagonal information that identifies all parameters.
DEFINITE = 1e-8
#: Information about a coordinate that rounding errors of the objective alone may feign, a unit of the objective.
NOISE = 1e-8
_FLOOR = 1e-9
#: Damping to begin with, in units of the unit-diagonal information, and after a step that loses; and the least.
_DAMPED, _UNDAMPED = 1e-3, 1e-12
#: Smallest eigenvalue of the unit-diagonal information below which a score must be smaller in proportion.
_FLAT = 1e-2
_SLACK = 8e-14
#: Steps without gain after which a row is left where it is: a kink, or a slope that never ends.
PATIENCE = 12
#: Damping, in units of the information, of accepted steps that creep along a kink, and lead nowhere in 200 of them.
HEAVY = 1e4
#: Rows up to which all points of the differences are evaluated at once: the calls cost more than the numbers.
_FEW = 32


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where each row ended.

    Attributes
    ----------
    at
        Coordinates ``(R, p)``.
    value
        Objective there ``(R,)``.
    information
        −Hessian in the coordinates ``(R, p, p)``.
    score
        Largest scaled score max |gᵢ|/√Jᵢᵢ ``(R,)``.
    definite
        Smallest eigenvalue of the unit-diagonal information ``(R,)``.
    converged
        Score small and information positive definite ``(R,)``.
    stalled
        Left because many steps gained nothing ``(R,)``.
    iterations
        Newton steps taken ``(R,)``.
    """

    at: Array
    value: Array
    information: Array
    score: Array
    definite: Array
    converged: NDArray[np.bool_]
    stalled: NDArray[np.bool_]
    iterations: NDArray[np.intp]

    def take(self, rows: Rows) -> Maximum:
        """Return these rows, in this order."""
        return Maximum(**{name: value[rows] for name, value in vars(self).items()})

    @staticmethod
    def joined(parts: Sequence[Maximum]) -> Maximum:
        """Return the rows of all parts, one after the other."""
        return Maximum(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})

    def put(self, rows: Rows, other: Maximum) -> Maximum:
        """Return a copy with these rows replaced."""
        fields = {name: value.copy() for name, value in vars(self).items()}
        for name, value in vars(other).items():
            fields[name][rows] = value
        return Maximum(**fields)


def maximise(
    objective: Objective,
    start: Array,
    *,
    units: Callable[[Array, Rows], Array] | None = None,
    gradient: Callable[[Array, Rows], Array] | None = None,
    second: Callable[[Array, Rows], tuple[Array, Array]] | None = None,
    hopeless: Callable[[Array, Rows], NDArray[np.bool_]] | None = None,
    negligible: Array | float = 0.0,
    nearly: float | None = None,
    max_iterations: int = 200,
) -> Maximum:
    """Maximise an objective of p coordinates in each of R rows at once.

    Parameters
    ----------
    objective
        ``(coordinates (r, p), rows (r,)) → (r,)``: the objective of the named rows.
    start
        ``(R, p)``.
    units
        Local unit of each coordinate, ``(r, p)``; one where not given.
    gradient, second
        Exact gradient ``(r, p)``, and the same with the exact Hessian ``(r, p, p)``, if there are any.
    hopeless
        Rows that have run away and are to be left where they are.
    negligible
        Gain of a step ``(R,)`` that is none: many of them in a row lead along a slope that never ends.
    nearly
        Scaled score from which on one more step will do, which squares it: derivatives and score of the answer are then
        those of the point before. Without it rows go on to a score of `TOLERANCE`.

    Notes
    -----
    Rows do not influence each other: a batch gives what its rows give alone. Converged rows leave
    the batch at once.
    """
    R, p = start.shape
    at = start.astype(float)
    value = objective(start, np.arange(R))
    information = np.full((R, p, p), np.nan)
    score, definite = np.full(R, np.inf), np.full(R, -np.inf)
    iterations, idle, creeping = np.zeros((3, R), dtype=np.intp)
    least = np.broadcast_to(np.asarray(negligible, dtype=float), (R,))
    axes = np.broadcast_to(np.eye(p), (R, p, p)).copy()
    dual = axes.copy()
    climb = _Climb.of(at, value, np.flatnonzero(np.isfinite(value)))

    for _ in range(max_iterations):
        if not len(climb.rows):
            break
        rows, here = climb.rows, climb.at
        unit = np.ones_like(here) if units is None else units(here, rows)
        if second is not None:
            g, H = second(here, rows)
            g, J = g * unit, -H * (unit[:, :, None] * unit[:, None, :])
        else:
            g, J = derivatives(objective, here, rows, unit, axes[rows], dual[rows], climb.value, gradient)
        usable = np.asarray(np.isfinite(g).all(axis=-1) & np.isfinite(J).all(axis=(-1, -2)))
        all_usable = bool(usable.all())
        if second is None and not all_usable:
            # a step led out of the support, to whose end an observation is near
            odd = np.flatnonzero(~usable)
            at_odd = here[odd], rows[odd], unit[odd], axes[rows[odd]], dual[rows[odd]], climb.value[odd]
            g[odd], J[odd] = derivatives(objective, *at_odd, gradient, SHORT)
            usable = np.asarray(np.isfinite(g).all(axis=-1) & np.isfinite(J).all(axis=(-1, -2)))
            all_usable = bool(usable.all())
        if not all_usable:
            g, J = np.where(usable[:, None], g, 0.0), np.where(usable[:, None, None], J, np.eye(p))
        root, eigenvalue, eigenvector = principal(J)
        if second is None:
            axes[rows], dual[rows] = whitening(root, eigenvalue, eigenvector)
        g = g / root
        scaled, smallest = np.abs(g).max(axis=-1), eigenvalue[:, 0]
        seen = (root * root > NOISE * np.maximum(1.0, np.abs(climb.value))[:, None]).all(axis=-1)
        smallest = np.where(seen, smallest, np.minimum(smallest, 0.0))
        if not all_usable:
            scaled, smallest = np.where(usable, scaled, np.inf), np.where(usable, smallest, -np.inf)
        score[rows], definite[rows] = scaled, smallest
        information[rows] = J / (unit[:, :, None] * unit[:, None, :])

        # along a direction that is rather flat the score is small far from the maximum; where all is flat there is none
        flat = np.where(smallest > DEFINITE, np.minimum(smallest / _FLAT, 1.0), 1.0)
        arrived = scaled < TOLERANCE * flat
        last = (scaled < (ALMOST if nearly is None else nearly * flat)) & (smallest > DEFINITE)
        settled = (arrived & ~last) | climb.last_step | ~usable
        if hopeless is not None:
            settled |= hopeless(here, rows)
        # a step of Newton's own costs one value more, and leads to the last digits also where information is little
        climb.last_step, leaves = last, arrived
        climb.damping[last] = _UNDAMPED
        if settled.any():
            go = np.flatnonzero(~settled)
            if not len(go):
                break
            climb, unit, leaves = climb.take(go), unit[go], leaves[go]
            g, root, eigenvalue, eigenvector = g[go], root[go], eigenvalue[go], eigenvector[go]
            rows = climb.rows
        iterations[rows] += 1
        before = climb.value
        moved = climb.step(objective, unit, g, root, eigenvalue, eigenvector)
        at[rows], value[rows] = climb.at, climb.value
        gained = climb.value - before > np.maximum(_SLACK * np.maximum(1.0, np.abs(before)), least[rows])
        idle[rows] = np.where(gained, 0, idle[rows] + 1)
        creeping[rows] = np.where(climb.damping > HEAVY, creeping[rows] + 1, 0)
        on = moved & (np.maximum(idle, creeping)[rows] < PATIENCE)
        on = (on | climb.last_step if nearly is None else on & ~climb.last_step) & ~leaves
        if not on.all():
            climb = climb.take(np.flatnonzero(on))

    converged = (score < max(nearly or 0.0, ALMOST)) & (definite > DEFINITE) & np.isfinite(value)
    return Maximum(at, value, information, score, definite, converged, idle >= PATIENCE, iterations)


@dataclass(eq=False)
class _Climb:
    """The rows that are still on their way: where they are, how their steps are damped, and who takes a last one."""

    rows: Rows
    at: Array
    value: Array
    damping: Array
    last_step: NDArray[np.bool_]

    @classmethod
    def of(cls, at: Array, value: Array, rows: Rows) -> _Climb:
        return cls(rows, at[rows], value[rows], np.full(len(rows), _DAMPED), np.zeros(len(rows), dtype=bool))

    def take(self, places: Rows) -> _Climb:
        return _Climb(*(array[places] for array in vars(self).values()))

    def step(
        self, objective: Objective, unit: Array, scaled_gradient: Array, root: Array, eigenvalue: Array,
        eigenvector: Array,
    ) -> NDArray[np.bool_]:  # fmt: skip
        """Try damped Newton steps until each row has one that does not lose; rows with none are returned as False."""
        projected = np.einsum("rij,ri->rj", eigenvector, scaled_gradient)
        floored = np.maximum(np.abs(eigenvalue), _FLOOR)
        least = np.minimum(floored[:, 0], _DAMPED)  # the first damping that the flattest direction feels
        worst = self.value - _SLACK * np.maximum(1.0, np.abs(self.value))
        trying = np.arange(len(self.rows))
        moved = np.zeros(len(trying), dtype=bool)
        at, value, rows = self.at, self.value, self.rows
        for attempt in range(25):
            step = np.einsum("rij,rj->ri", eigenvector, projected / (floored + self.damping[trying, None])) / root
            longest = np.abs(step).max(axis=-1, keepdims=True)
            there = at[trying] + step / np.maximum(longest, 1.0) * unit
            reached = objective(there, rows)
            better = reached >= worst
            damping = self.damping[trying]
            eased, raised = np.maximum(damping * 0.1, _UNDAMPED), np.maximum(damping, least) * 8.0
            self.damping[trying] = np.where(better, eased, raised)
            if attempt == 0 and better.all():
                self.at, self.value = there, reached
                return better
            if attempt == 0:
                self.at, self.value = at, value = at.copy(), value.copy()
            won = trying[better]
            at[won], value[won], moved[won] = there[better], reached[better], True
            left = np.flatnonzero(~better)
            if not len(left):
                break
            trying, rows = trying[left], rows[left]
            projected, floored, least, worst, unit, root, eigenvector = (
                array[left] for array in (projected, floored, least, worst, unit, root, eigenvector)
            )
        return moved


def principal(J: Array) -> tuple[Array, Array, Array]:
    """Square roots of the diagonal ``(r, p)``; eigenvalues and eigenvectors of J with unit diagonal."""
    diagonal = np.abs(np.einsum("rii->ri", J))
    root = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return root, *np.linalg.eigh(J / (root[:, :, None] * root[:, None, :]))


def whitening(root: Array, eigenvalue: Array, eigenvector: Array) -> tuple[Array, Array]:
    """Axes (columns) in which the information is the identity, none longer than 1, and the inverse matrix."""
    direction = eigenvector / root[:, :, None]
    with np.errstate(divide="ignore"):
        length = np.minimum(1.0 / np.sqrt(np.abs(eigenvalue)), 1.0 / np.linalg.norm(direction, axis=1))
    axes = direction * length[:, None, :]
    dual = np.swapaxes(eigenvector * root[:, :, None] / length[:, None, :], 1, 2)
    return axes, dual


def derivatives(
    objective: Objective, at: Array, rows: Rows, unit: Array, axes: Array, dual: Array, value: Array,
    gradient: Callable[[Array, Rows], Array] | None = None, size: float = STEP,
) -> tuple[Array, Array]:  # fmt: skip
    """Gradient ``(r, p)`` and information −Hessian ``(r, p, p)`` in local units, by differences of 4th order.

    The differences run along the columns of `axes`, whose inverse is `dual`. Mixed derivatives come from
    f(++) and f(−−) alone: 1 + 4p + p(p−1) evaluations in all.
    """
    r, p = at.shape
    offset = size * unit * np.moveaxis(axes, 2, 0)
    H = np.empty((r, p, p))
    with np.errstate(all="ignore"):
        multiples = np.array([-2.0, -1.0, 1.0, 2.0])
        along = at + (multiples[:, None, None] * offset[:, None]).reshape(4 * p, r, p)
        if gradient is not None:
            g = gradient(at, rows) * unit
            there = _at_each(gradient, along, rows).reshape(p, 4, r, p)
            near, far = there[:, 2] - there[:, 1], there[:, 3] - there[:, 0]
            H = np.moveaxis((8.0 * near - far) / (12.0 * size) * unit, 0, 2)
            H = np.einsum("rij,rjk->rik", H, dual)
            return g, -0.5 * (H + H.transpose(0, 2, 1))
        f = _at_each(objective, along, rows).reshape(p, 4, r)
        g = ((8.0 * (f[:, 2] - f[:, 1]) - (f[:, 3] - f[:, 0])) / (12.0 * size)).T
        pairs = [(j, k) for j in range(p) for k in range(j)]
        both = np.array([sign * (offset[j] + offset[k]) for j, k in pairs for sign in (1, -1)]).reshape(-1, r, p)
        mixed = _at_each(objective, at + both, rows).reshape(-1, 2, r).sum(axis=1)
        for j in range(p):
            H[:, j, j] = (16.0 * (f[j, 1] + f[j, 2]) - (f[j, 0] + f[j, 3]) - 30.0 * value) / (12.0 * size**2)
        for (j, k), sum_ in zip(pairs, mixed, strict=True):
            cross = sum_ - f[j, 1] - f[j, 2] - f[k, 1] - f[k, 2] + 2.0 * value
            H[:, j, k] = H[:, k, j] = cross / (2.0 * size**2)
        return np.einsum("rji,rj->ri", dual, g), -np.einsum("rji,rjk,rkl->ril", dual, H, dual)


def _at_each(function: Callable[[Array, Rows], Array], points: Array, rows: Rows) -> Array:
    """Values ``(k, r, …)`` of a function at k points ``(k, r, p)`` of each row: of few rows in one call."""
    k, r, p = points.shape
    if not k:
        return np.empty((0, r))
    if r > _FEW:
        return np.stack([function(point, rows) for point in points])
    value = function(points.reshape(k * r, p), np.tile(rows, k))
    return value.reshape(k, r, *value.shape[1:])
