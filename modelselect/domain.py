"""Interval: where a parameter or an observation may lie, and its map to the real line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An interval of real numbers, or of the multiples of a step in it (of the integers, unless it is said).

    Infinite ends are never reached by an observation; an *inclusive* infinite end says that a
    parameter may be infinite in the limit (the size of a negative binomial that is Poisson).

    Examples
    --------
    >>> Interval(0, 1).contains([-0.5, 0.0, 0.5])
    array([False, False,  True])
    >>> str(Interval(0, np.inf, low_inclusive=True, lattice=True))
    '0, 1, 2, …'
    """

    low: float = -np.inf
    high: float = np.inf
    low_inclusive: bool = False
    high_inclusive: bool = False
    lattice: bool = False
    step: float = 1.0

    def contains(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Whether each x lies inside (NaN does not)."""
        x = np.asarray(x, dtype=float)
        above = x >= self.low if self.low_inclusive else x > self.low
        below = x <= self.high if self.high_inclusive else x < self.high
        inside = above & below
        return inside & (self.on_lattice(x) | np.isinf(x)) if self.lattice else inside

    def on_lattice(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Whether each x is a multiple of the step: an integer, where the step is 1."""
        x = np.asarray(x, dtype=float)
        if self.step == 1.0:
            return np.asarray(x == np.floor(x))
        units = x / self.step
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(units - np.rint(units)) <= 1e-9 * np.maximum(1.0, np.abs(units)))

    def floor(self, x: ArrayLike) -> Array:
        """Return the greatest multiple of the step that is not above x."""
        x = np.asarray(x, dtype=float)
        if self.step == 1.0:
            return np.asarray(np.floor(x))
        units = np.rint(x / self.step)
        return np.asarray(self.step * np.where(self.on_lattice(x), units, np.floor(x / self.step)))

    def to_real(self, x: ArrayLike) -> Array:
        """Map the open interval to the real line: identity, log, or logit."""
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            if isfinite(self.low) and isfinite(self.high):
                return np.asarray(np.log((x - self.low) / (self.high - x)))
            if isfinite(self.low):
                return np.asarray(np.log(x - self.low))
            if isfinite(self.high):
                return np.asarray(-np.log(self.high - x))
        return x

    def from_real(self, u: ArrayLike) -> Array:
        """Map the real line into the interval, the inverse of `to_real`."""
        u = np.asarray(u, dtype=float)
        if isfinite(self.low) and isfinite(self.high):
            return np.asarray(self.low + (self.high - self.low) * expit(u))
        if isfinite(self.low):
            return np.asarray(self.low + np.exp(u))
        if isfinite(self.high):
            return np.asarray(self.high - np.exp(-u))
        return u

    def slope(self, x: ArrayLike) -> Array:
        """dx/du at x, where x = from_real(u)."""
        x = np.asarray(x, dtype=float)
        if isfinite(self.low) and isfinite(self.high):
            return np.asarray((x - self.low) * (self.high - x) / (self.high - self.low))
        if isfinite(self.low):
            return np.asarray(x - self.low)
        if isfinite(self.high):
            return np.asarray(self.high - x)
        return np.ones_like(x)

    def bend(self, x: ArrayLike) -> Array:
        """d²x/du² at x, where x = from_real(u)."""
        x = np.asarray(x, dtype=float)
        if isfinite(self.low) and isfinite(self.high):
            return np.asarray(self.slope(x) * (self.low + self.high - 2.0 * x) / (self.high - self.low))
        if isfinite(self.low):
            return np.asarray(x - self.low)
        if isfinite(self.high):
            return np.asarray(x - self.high)
        return np.zeros_like(x)

    def closed(self) -> Interval:
        """Return the same interval with both ends included."""
        return replace(self, low_inclusive=True, high_inclusive=True)

    def __str__(self) -> str:
        if self.lattice:
            low, high = (f"{end:g}" if np.isfinite(end) else "" for end in (self.low, self.high))
            step = self.step
            if low and high:
                return f"{low}, {high}" if self.high == self.low + step else f"{low}, …, {high}"
            if low:
                return f"{low}, {self.low + step:g}, {self.low + 2 * step:g}, …"
            return "the integers" if step == 1.0 else f"the multiples of {step:g}"
        left = "[" if self.low_inclusive and np.isfinite(self.low) else "("
        right = "]" if self.high_inclusive and np.isfinite(self.high) else ")"
        low, high = (f"{end:g}".replace("inf", "∞") for end in (self.low, self.high))
        return f"{left}{low}, {high}{right}"


REAL = Interval()
POSITIVE = Interval(0, np.inf)
NONNEGATIVE = Interval(0, np.inf, low_inclusive=True)
UNIT = Interval(0, 1)
UNIT_CLOSED = UNIT.closed()
INTEGERS = Interval(lattice=True).closed()
COUNTS = Interval(0, np.inf, lattice=True).closed()
POSITIVE_INTEGERS = Interval(1, np.inf, lattice=True).closed()
