"""Rounded values: which point of a grid each is, and the ends of its cell.

One decimal may have several floats (0.3 and 0.1 + 0.2), and x + h/2 differs from (x + h) − h/2 in the last digit. All
that makes values and cells of a resolution goes by whole numbers of steps instead.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelselect.domain import Array

#: Denominators of steps that are taken for fractions, and how near a float has to be to one.
_DENOMINATORS, _SAME = 10**6, 1e-15
#: Steps that a bound may be from a value of a grid and still be it.
_MET = 1e-9


def on_grid(x: ArrayLike, step: float) -> Array:
    """Which multiple of a step each value is, k = rint(x / step): the same for all floats that one decimal may have.

    Examples
    --------
    >>> on_grid([0.3, 0.1 + 0.2, -np.inf], 0.1)
    array([  3.,   3., -inf])
    """
    return np.asarray(np.rint(np.asarray(x, dtype=float) / step))


def grid_points(k: ArrayLike, step: float) -> Array:
    """Multiples of a step, whole or by halves: the floats next to k · step, for a step that is a fraction.

    Examples
    --------
    >>> grid_points([3.0, 3.5], 0.1).tolist(), 3 * 0.1
    ([0.3, 0.35], 0.30000000000000004)
    """
    above, below = _fraction(step)
    return np.asarray(np.asarray(k, dtype=float) * above / below)


@lru_cache
def _fraction(step: float) -> tuple[float, float]:
    """Numerator and denominator of a step; itself over 1 where it is none that both would be exact for."""
    near, written = Fraction(step).limit_denominator(_DENOMINATORS), Fraction(repr(step))
    if abs(float(near) - step) <= _SAME * step:
        return float(near.numerator), float(near.denominator)
    if max(written.numerator, written.denominator) < 2**53:
        return float(written.numerator), float(written.denominator)
    return step, 1.0


def snapped(x: NDArray[Any], step: float | None) -> NDArray[Any]:
    """Values as the floats next to the points of their grid; integers, and what has no step, as they are."""
    return x if step is None or x.dtype.kind == "i" else grid_points(on_grid(x, step), step)


def cell_ends(x: ArrayLike, step: float) -> tuple[Array, Array]:
    """Ends (k ∓ ½) · step of the cells of values on a grid: what is the upper one of a cell is the next one's lower.

    Examples
    --------
    >>> low, high = cell_ends([0.1, 0.2, 0.3], 0.1)
    >>> bool(np.all(low[1:] == high[:-1]))
    True
    """
    k = on_grid(x, step)
    return grid_points(k - 0.5, step), grid_points(k + 0.5, step)


def met_ends(bounds: tuple[Array, Array] | None, step: float | None) -> tuple[Array, Array] | None:
    """Bounds, those that a value of the grid meets up to rounding as the float of that value."""
    if bounds is None or step is None:
        return bounds
    low, high = (np.where(_met(end / step), snapped(end, step), end) for end in bounds)
    return low, high


def up_to(bound: ArrayLike, step: float) -> Array:
    """The last multiple k of a step that is not above a bound, which may be met up to rounding.

    Examples
    --------
    >>> up_to([-0.3, -0.25, 0.1 + 0.2, np.inf], 0.1)
    array([-3., -3.,  3., inf])
    """
    units = np.asarray(bound, dtype=float) / step
    return np.where(_met(units), np.rint(units), np.floor(units))


def _met(units: Array) -> Any:
    """Whether numbers of steps are whole up to rounding."""
    with np.errstate(invalid="ignore"):
        return np.abs(units - np.rint(units)) <= _MET * np.maximum(1.0, np.abs(units))
