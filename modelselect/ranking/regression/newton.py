"""Maximise a likelihood whose rows have predictors of their own: Newton's method on arrays.

Each row has q *natural* numbers ``(m, q)``: predictors, and logarithms of what all rows share. The derivatives of
its log-probability by these few numbers are differences of the formula itself, so that any family can be fitted;
the chain rule through the design does the rest, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from modelselect.domain import Array

#: Log-probability ``(m,)`` of the rows at natural numbers, one array ``(m,)`` each.
Formula = Callable[[Sequence[Array]], Array]

#: Step of the differences, in units of a natural number. Being of fourth order they are off by 1e-13 of a first
#: derivative and by 1e-10 of a second one.
_STEP = 2e-3
_ITERATIONS = 200
#: Gain of one more step, in nats in all, below which the maximum is reached; and beside a limit that is near.
_REACHED, _ARRIVED = 1e-9, 1e-5
#: Gain of the last step, in nats in all, from which on nothing is lost where digits end.
_LOST = 1e-4
#: Information of all rows, beside which a coefficient has a standard error of a thousand units or more.
_VAGUE = 1e-6
#: Information of a row that is nothing, where all of it vanishes.
_LEAST = 1e-3
#: Slope, in nats a row, that rounding errors of a nearly flat likelihood may leave.
_SLOPE = 1e-7
#: Slope at which the climb along a flat direction ends.
_LEVEL = 1e-9
#: Longest step, in root mean squares of a predictor, while the coefficients themselves are smaller.
_LONGEST = 4.0
#: Information beside its largest, below which the likelihood counts as flat.
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    theta
        Coefficients ``(p,)``, in the coordinates of the design.
    mean
        Σ w log q / Σ w in nats; −inf where no start was possible.
    information
        Of one row, ``(p, p)``.
    reached
        Whether one more step would gain nothing.
    flat
        Whether the likelihood is flat along some direction.
    """

    theta: Array
    mean: float
    information: Array
    reached: bool
    flat: bool


def maximise(
    formula: Formula,
    design: Sequence[Array],
    offsets: Sequence[Array],
    share: Array,
    start: Array,
    units: Sequence[float] | None = None,
    *,
    n: float = 1.0,
    near: float = -np.inf,
) -> Maximum:
    """Climb from a start to a maximum.

    Parameters
    ----------
    formula
        Log-probability of the rows at their natural numbers.
    design
        One matrix ``(m, p_i)`` for each natural number, its columns of a size about that of the number's unit.
    offsets
        What is added to each, ``(m,)``.
    share
        Weights of the rows, which sum to 1.
    start
        Coefficients ``(p,)`` of all designs, one after the other.
    units
        By how much each natural number moves the law noticeably; 1 unless it is said.
    n
        Number of observations, which says what difference counts.
    near
        Mean log-likelihood of a limit: a climb that comes to it ever more slowly ends there.

    Notes
    -----
    Newton's method with the absolute values of the curvatures, which climbs out of saddles (Dauphin et al. 2014), and
    halved steps until each gains.
    """
    climb = _Climb(formula, design, offsets, share, units or [1.0] * len(design))
    theta, value = start, climb.mean(start)
    if not np.isfinite(value):
        return Maximum(start, -np.inf, np.full((len(start), len(start)), np.nan), reached=False, flat=False)
    reached, gain, information = False, np.inf, np.full((len(start), len(start)), np.nan)
    for _ in range(_ITERATIONS):
        gradient, found = climb.derivatives(theta)
        if not (np.isfinite(gradient).all() and np.isfinite(found).all()):
            # the end of what can be computed: on the way to infinity
            return Maximum(theta, value, information, reached=n * gain < _LOST, flat=True)
        information = found
        curvature, axes = np.linalg.eigh(information)
        floor = 1e-12 * max(float(np.abs(curvature).max()), 1e-300)
        along = axes.T @ gradient
        step = axes @ (along / np.maximum(np.abs(curvature), floor))
        longest = max(_LONGEST, float(np.linalg.norm(theta)))  # else what tends to infinity would take for ever
        step *= min(1.0, longest / max(float(np.linalg.norm(step)), 1e-300))
        gain, scale = float(step @ gradient), max(1.0, abs(value))
        level = _is_flat(curvature, n) and np.linalg.norm(gradient) < _LEVEL * scale
        arriving = max(gain, abs(value - near)) < _ARRIVED / n
        if gain < max(_REACHED / n, 1e-15 * scale) or level or arriving:
            reached = True
            if not level and (better := climb.mean(theta + step)) >= value:  # the last step squares the error
                theta, value = theta + step, better
            break
        better = climb.mean(theta + step)
        halvings = 0
        while not better >= value + 1e-4 * gain and halvings < 40:
            step, gain, halvings = 0.5 * step, 0.5 * gain, halvings + 1
            better = climb.mean(theta + step)
        if not better > value:
            reached = float(np.linalg.norm(gradient)) < _SLOPE * scale  # no digits are left to gain
            break
        theta, value = theta + step, better
    curvature = np.linalg.eigvalsh(information)
    return Maximum(theta, value, information, reached, _is_flat(curvature, n))


def _is_flat(curvature: Array, n: float) -> bool:
    """Whether the information along some direction, in ascending order of it, is nothing; NaN counts as nothing."""
    return not (curvature[0] > _FLAT * max(curvature[-1], _LEAST) and n * curvature[0] > _VAGUE)


class _Climb:
    """The mean log-likelihood and its derivatives at coefficients."""

    def __init__(
        self,
        formula: Formula,
        design: Sequence[Array],
        offsets: Sequence[Array],
        share: Array,
        units: Sequence[float],
    ) -> None:
        self.formula, self.design, self.offsets, self.share = formula, design, offsets, share
        self.steps = [_STEP * unit for unit in units]
        ends = np.cumsum([0, *(matrix.shape[1] for matrix in design)])
        self.parts = [slice(a, b) for a, b in pairwise(ends)]

    def natural(self, theta: Array) -> list[Array]:
        return [
            matrix @ theta[part] + offset
            for matrix, part, offset in zip(self.design, self.parts, self.offsets, strict=True)
        ]

    def mean(self, theta: Array) -> float:
        with np.errstate(all="ignore"):
            value = float(self.share @ self.formula(self.natural(theta)))
        return value if np.isfinite(value) else -np.inf

    def derivatives(self, theta: Array) -> tuple[Array, Array]:
        """Gradient ``(p,)`` and information ``(p, p)`` of the mean log-likelihood."""
        at, steps, q = self.natural(theta), self.steps, len(self.design)
        gradient, information = np.empty(len(theta)), np.empty((len(theta), len(theta)))
        with np.errstate(all="ignore"):
            middle = self.formula(at)
            for i in range(q):
                h = steps[i]
                two, one, minus, minus_two = (self._moved(at, {i: k * h}) for k in (2, 1, -1, -2))
                first = (8.0 * (one - minus) - (two - minus_two)) / (12.0 * h)
                second = (16.0 * (one + minus) - (two + minus_two) - 30.0 * middle) / (12.0 * h * h)
                here, own = self.parts[i], self.design[i]
                gradient[here] = own.T @ (self.share * first)
                information[here, here] = -(own.T * (self.share * second)) @ own
                for j in range(i):
                    g = steps[j]
                    cross = (
                        self._moved(at, {i: h, j: g})
                        - self._moved(at, {i: h, j: -g})
                        - self._moved(at, {i: -h, j: g})
                        + self._moved(at, {i: -h, j: -g})
                    ) / (4.0 * h * g)
                    there = self.parts[j]
                    block = -(own.T * (self.share * cross)) @ self.design[j]
                    information[here, there], information[there, here] = block, block.T
        return gradient, information

    def _moved(self, at: Sequence[Array], moves: dict[int, float]) -> Array:
        return self.formula([x + moves[i] if i in moves else x for i, x in enumerate(at)])
