"""Block: the rectangle of numbers that the batched functions work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.long_samples import ORDERED, TOGETHER, distinct_and_equal
from modelselect.statistics import maximum, minimum, spread
from modelselect.stretches import equal, stretches

#: So many stretches are one part: formulas take more calls an observation than sums.
_STRETCHES = 4
#: Observations that are worked on all at once.
_LONG = 8_000
#: Observations from which on a change of variable is not made at once, and it is asked whether they are in order.
_MANY = 2048


@dataclass(frozen=True, eq=False)
class Block:
    """Observations of G groups as a rectangle.

    Attributes
    ----------
    lower, upper
        Ends of each observation, ``(1 or G, m)``; equal where it is an exact point.
    weights
        ``(G, m)``; 0 is padding.
    truncation
        Bounds (low, high), each ``(1 or G, 1 or m)``, within which each observation could have been made: an
        x in (low, high]; infinite where open. None: no bounds.
    """

    lower: Array
    upper: Array
    weights: Array
    truncation: tuple[Array, Array] | None = None
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def exact(self) -> bool:
        """Whether all observations are points."""
        return cast(
            bool,
            self._cached("exact", lambda: self.upper is self.lower or bool(np.all(self.lower == self.upper))),
        )

    @property
    def pointed(self) -> NDArray[np.bool_]:
        """Which observations are points, and not padding ``(G, m)``."""
        return cast(
            "NDArray[np.bool_]", self._cached("pointed", lambda: (self.lower == self.upper) & (self.weights > 0))
        )

    @property
    def plain(self) -> bool:
        """Whether all observations are points that could have been anywhere: closed forms and scores hold."""
        return self.truncation is None and self.exact

    @property
    def groups(self) -> int:
        """Number of groups, G."""
        return len(self.weights)

    @property
    def total(self) -> Array:
        """Sum of the weights of each group, ``(G,)``."""
        return cast(Array, self._cached("total", lambda: self.weights.sum(axis=-1)))

    @property
    def shares(self) -> Array:
        """Weights that sum to one in each group, ``(G, m)``."""
        return cast(Array, self._cached("shares", self._shares))

    @property
    def points(self) -> Array:
        """One number an observation: itself, or the middle of its interval (its finite end if the other is not)."""
        return cast(Array, self._cached("points", self._points))

    def statistic(self, function: Callable[[Array, Array], Array]) -> Array:
        """Value of a function of `modelselect.statistics` for each group, computed once and kept."""
        x = self.lower if function is minimum else self.upper if function is maximum else self.points
        with np.errstate(all="ignore"):
            if self.groups == 1 and self.weights.shape[1] > _MANY and function not in self._cache:
                if (
                    function in ORDERED
                    and self.exact
                    and self._cached("orderly", lambda: distinct_and_equal(x, self.weights))
                ):
                    return cast(Array, self._cached(function, lambda: ORDERED[function](x)))
                if self.long:
                    self._cache.update(self._together(function, x))
            return cast(Array, self._cached(function, lambda: function(x, self.weights)))

    def _together(self, function: Callable[[Array, Array], Array], x: Array) -> dict[Any, Array]:
        """The function's value, with those of others that the same pass over a long sample gives."""
        for compute, functions, positive in TOGETHER:
            if function in functions and not (positive and not self.statistic(minimum) > 0):
                if compute in self._cache:  # what is still missing has to be computed by itself
                    return {}
                self._cache[compute] = True
                return compute(x, self.weights)
        return {}

    def remembered(self, key: Any, compute: Callable[[], Any]) -> Any:
        """Return what is computed from these data, once; the key says what."""
        return self._cached(key, compute)

    def rescaled(self, shift: Array, scale: Array) -> Block:
        """(x − shift) / scale in each group; shift and scale are ``(G,)``; the same change is made only once."""
        return cast(Block, self._cached((shift.tobytes(), scale.tobytes()), lambda: self._rescaled(shift, scale)))

    def _rescaled(self, shift: Array, scale: Array) -> Block:
        if self.groups == 1 and self.upper is self.lower and self.weights.shape[1] > _MANY:
            return Rescaled(self, shift, scale)
        lower = (self.lower - shift[:, None]) / scale[:, None]
        upper = lower if self.upper is self.lower else (self.upper - shift[:, None]) / scale[:, None]
        bounds = self.truncation
        if bounds is not None:
            bounds = (bounds[0] - shift[:, None]) / scale[:, None], (bounds[1] - shift[:, None]) / scale[:, None]
        return Block(lower, upper, self.weights, bounds)

    def clipped(self, low: float, high: float) -> Block:
        """Cut intervals at the ends of a support, so that `points` lie inside it."""
        if self.exact:
            return self
        return Block(np.clip(self.lower, low, high), np.clip(self.upper, low, high), self.weights, self.truncation)

    def take(self, rows: NDArray[np.intp]) -> Block:
        """Return the block of these groups, in this order, with repetition; shared values stay shared."""
        weights = self.weights if self.groups == 1 else self.weights[rows]
        lower = self.lower if len(self.lower) == 1 else self.lower[rows]
        upper = lower if self.upper is self.lower else (self.upper if len(self.upper) == 1 else self.upper[rows])
        bounds = self.truncation
        if bounds is not None:
            bounds = (
                bounds[0][rows] if len(bounds[0]) > 1 else bounds[0],
                (bounds[1][rows] if len(bounds[1]) > 1 else bounds[1]),
            )
        part = Block(lower, upper, weights, bounds)
        if self.groups > 1:  # statistics of each group stay what they are
            known = {key: value for key, value in self._cache.items() if callable(key)}
            part._cache.update({key: value[rows] for key, value in known.items() if np.shape(value) == (self.groups,)})
        return part

    @property
    def long(self) -> bool:
        """Whether this is one sample of so many observations that it is worked through in stretches."""
        return self.groups == 1 and self.weights.shape[1] > _LONG

    def total_of(self, function: Callable[[Block], Array]) -> Array:
        """Sum of what a function gives for stretches of the observations, or for all of them at once if they are few.

        Each stretch has its shares in the whole, so that means of stretches add up to the mean.
        """
        if not self.long:
            return function(self)
        cuts = stretches(self.weights.shape[1], _STRETCHES)
        return np.asarray(sum(function(self.part(cut)) for cut in cuts))

    def part(self, cut: slice) -> Block:
        """Some of the observations of all groups; their shares are those in the whole."""
        lower = self.lower[:, cut]
        upper = lower if self.upper is self.lower else self.upper[:, cut]
        bounds = self.truncation
        if bounds is not None:
            bounds = tuple(end if end.shape[1] == 1 else end[:, cut] for end in bounds)  # type: ignore[assignment]
        part = Block(lower, upper, self.weights[:, cut], bounds)
        part._cache["shares"] = self.shares[:, cut]
        if self.exact:
            part._cache["exact"] = True
        return part

    def _shares(self) -> Array:
        if self.groups == 1 and equal(self.weights):
            return np.broadcast_to(1.0 / self.weights.shape[1], self.weights.shape)
        return np.asarray(self.weights / self.total[:, None])

    def _points(self) -> Array:
        if self.exact:
            return self.lower
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (self.lower + self.upper)
        return np.where(np.isfinite(middle), middle, np.where(np.isfinite(self.lower), self.lower, self.upper))

    def _cached(self, key: Any, compute: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]


class Rescaled(Block):
    """(x − shift) / scale of one sample of points, computed a stretch at a time, or when all are asked for."""

    def __init__(self, source: Block, shift: Array, scale: Array) -> None:
        bounds = source.truncation
        if bounds is not None:
            bounds = (bounds[0] - shift[:, None]) / scale[:, None], (bounds[1] - shift[:, None]) / scale[:, None]
        known = {"exact": True, "total": source.total, "shares": source.shares}
        fields = {"weights": source.weights, "truncation": bounds, "_cache": known}
        for name, value in {**fields, "source": source, "shift": shift, "scale": scale}.items():
            object.__setattr__(self, name, value)

    source: Block
    shift: Array
    scale: Array

    @cached_property
    def lower(self) -> Array:
        """All of them at once."""
        return (self.source.lower - self.shift[:, None]) / self.scale[:, None]

    @property
    def upper(self) -> Array:
        """The same."""
        return self.lower

    def statistic(self, function: Callable[[Array, Array], Array]) -> Array:
        """As of a Block; the spread, and both ends, are those of the source in other units."""
        if function is spread:
            return self.source.statistic(spread) / self.scale
        if function in (minimum, maximum):
            return (self.source.statistic(function) - self.shift) / self.scale
        return super().statistic(function)

    def part(self, cut: slice) -> Block:
        """Some of the observations, rescaled."""
        part = self.source.part(cut)
        bounds = self.truncation
        if bounds is not None:
            bounds = tuple(end if end.shape[1] == 1 else end[:, cut] for end in bounds)  # type: ignore[assignment]
        x = (part.lower - self.shift[:, None]) / self.scale[:, None]
        return Block(x, x, part.weights, bounds, {"exact": True, "shares": part.shares})
