"""Values on a grid: their positions on it, whether they use all of it, and whether round ones were preferred."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]

_ON_GRID = 1e-3  # how far, in steps, a value may be from its grid point


def in_steps_of_one(x: Floats, weights: Floats, step: float) -> Booleans:
    """Whether one step is the greatest common divisor of the differences: of those in which no neighbours were seen."""
    seen = weights > 0
    one = np.any(seen[..., 1:] & seen[..., :-1] & (np.abs(np.diff(x, axis=-1) / step - 1.0) < _ON_GRID), axis=-1)
    if not one.all():
        rest = ~one
        units = units_of(x if len(x) < len(weights) else x[rest], weights[rest], step)
        one[rest] = np.gcd.reduce(units.astype(np.int64), axis=-1) == 1
    return np.asarray(one)


def units_of(values: ArrayLike, weights: Floats, step: float) -> Floats:
    """Grid positions counted from the smallest value of each sample, 0 on padding."""
    if not (np.isfinite(step) and step > 0):
        raise DataError(f"step must be positive and finite, not {step!r}")
    seen = weights > 0
    x = np.where(seen, np.broadcast_to(np.asarray(values, dtype=np.float64), weights.shape), np.inf)
    low = x.min(axis=-1, initial=np.inf, keepdims=True)
    if not np.isfinite(x[seen]).all():
        raise DataError("values must be finite; those seen hold NaN or infinite ones")
    exact = (np.where(seen, x, 0.0) - np.where(seen, low, 0.0)) / step
    off = np.abs(exact - np.rint(exact)) > _ON_GRID
    if off.any():
        raise DataError(f"values must lie on one grid of step {step:g}; {float(x[off][0])!r} is off it")
    return np.rint(exact)


def heaped(x: Floats, weights: Floats, step: float) -> Booleans:
    """Whether multiples of 2, 5 or 10 steps were seen more often than their two neighbours explain."""
    shared = len(x) == 1 and weights.ndim > 1
    grid = np.rint(x[0] / step) if shared else np.rint(np.where(weights > 0, x, 0.0) / step)
    found = np.zeros(weights.shape[:-1], dtype=np.bool_)
    for d in (2, 5, 10):
        remainder = np.mod(grid, d)
        inner = np.abs(grid) >= d - 1  # 0 itself may be an atom of its own
        on, off = inner & (remainder == 0), inner * ((remainder == 1) + 1.0 * (remainder == d - 1)) / 2
        at, beside = (weights @ on, weights @ off) if shared else ((weights * by).sum(axis=-1) for by in (on, off))
        found |= (at - beside > 3 * np.sqrt(at + beside / 2)) & (at > 1.5 * beside)
    return found
