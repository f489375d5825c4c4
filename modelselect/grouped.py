"""Many samples at once: the rows of a table divided into groups, handed out as rectangles of groups of like size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.errors import DataError, did_you_mean
from modelselect.observations import (
    Flags,
    flags_of,
    resolution_of,
    rows_in_words,
    weights_of,
    whole_numbers,
)
from modelselect.rounding import cell_ends, grid_points, snapped
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

Indices = NDArray[np.intp]

#: Cells of one rectangle: what the caches hold.
CELLS = 98_304
#: A table of counts over all values between the ends is used while it has at most so many cells an observation.
_DENSE = 4
#: Rows that are counted at a time.
_ROWS = 2**20


@dataclass(frozen=True, eq=False)
class Rectangle:
    """Some groups as a rectangle.

    Attributes
    ----------
    groups
        Which ones ``(g,)``.
    values
        Of each group in ascending order ``(1 or g, m)``; on a lattice distinct, else with repetition. Padding repeats
        a value.
    weights
        ``(g, m)``, 0 on padding.
    sizes
        Number of values of each group that are not padding ``(g,)``, where values are its own.
    upper
        Infinite where the value is one at which an observation was censored; None where none is.
    """

    groups: Indices
    values: Array
    weights: Array
    sizes: Indices
    upper: Array | None = None

    def block(self, step: float | None) -> Block:
        """The rectangle as observations: cells x ± step/2, or points; what was censored lies beyond them."""
        upper = self.values if self.upper is None else self.upper
        if step is None:
            return Block(self.values, upper, self.weights)
        return Block(cell_ends(self.values, step)[0], cell_ends(upper, step)[1], self.weights)


@dataclass(frozen=True, eq=False)
class Grouped:
    """Samples of G groups.

    Attributes
    ----------
    keys
        One row a group, the columns that name it; sorted.
    values, weights
        Observations ``(N,)``, those of a group side by side, integers where the column holds them; weights None where
        all are 1.
    events
        Whether each was observed or is right-censored ``(N,)``; None where all were observed.
    starts
        Where each group begins, and the end ``(G + 1,)``.
    resolution
        Step of the grid that all values lie on, or None.
    notes
        What was recognised or assumed, in sentences.
    """

    keys: pd.DataFrame
    values: NDArray[Any]
    weights: Array | None
    starts: Indices
    resolution: float | None
    notes: tuple[str, ...]
    events: Flags | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def rows(self) -> Indices:
        """Number of rows of each group ``(G,)``."""
        return np.diff(self.starts)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        by: str | Sequence[str],
        value: str,
        weight: str | None = None,
        *,
        event: str | None = None,
        resolution: float | Literal["auto"] | None = "auto",
        missing: Literal["refuse", "drop"] = "refuse",
    ) -> Grouped:
        """Divide the rows of a table.

        Parameters
        ----------
        frame
            The table.
        by, value, weight
            Names of the columns that name the group, hold the observation, and its frequency weight.
        event
            Name of the column that says whether it was observed (1, true) or is right-censored (0, false).
        resolution
            As of a `Sample`, and one for all groups; beside an event ``auto`` is None, as of `Sample.from_censored`.
        missing
            Whether a row without a group, value or weight is an error, or left out and counted.

        Raises
        ------
        DataError
            No such column, no rows, values or weights that are no finite numbers; each with its row.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"shop": ["b", "a", "b"], "sold": [2, 5, 3]})
        >>> grouped = Grouped.of(table, "shop", "sold")
        >>> grouped.keys["shop"].tolist(), grouped.values.tolist(), grouped.starts.tolist()
        (['a', 'b'], [5, 2, 3], [0, 1, 3])
        """
        import pandas as pd

        names = [by] if isinstance(by, str) else list(by)
        columns = (*(("by", name) for name in names), ("value", value), ("weight", weight), ("event", event))
        for setting, name in columns:
            if name is not None and name not in frame.columns:
                known = [str(column) for column in frame.columns]
                raise DataError(
                    f"{setting}: no column {name!r}; there are {', '.join(known[:20])}{did_you_mean(str(name), known)}"
                )
        if not names:
            raise DataError("by: expected the name of a column, or several")
        if missing not in ("refuse", "drop"):
            raise DataError(f"missing: expected refuse or drop, got {missing!r}")
        x = _numbers(frame[value], value)
        w = None if weight is None else _numbers(frame[weight], weight).astype(float, copy=False)
        seen = None if event is None else flags_of(frame[event], len(frame), event)
        absent = _absent(frame, names, x, w)
        notes: list[str] = []
        if absent is not None:
            if missing == "refuse":
                what = f"{absent.sum()} rows lack a group, a value or a weight: {rows_in_words(absent)}"
                raise DataError(f'{value}: {what}; leave them out with missing="drop"')
            notes.append(f"{absent.sum()} rows without group, value or weight were left out")
            frame, x = frame[~absent], x[~absent]
            w, seen = (None if part is None else part[~absent] for part in (w, seen))
        if len(x) == 0:
            raise DataError(f"{value}: there are no observations")
        if x.dtype.kind != "i" and np.isinf(x).any():
            raise DataError(f"{value}: infinite at {rows_in_words(np.isinf(x))}; expected finite numbers")
        if w is not None:
            w = weights_of(w, len(w), "weight", range(len(w)))
        if seen is not None:
            resolution = None if resolution == "auto" else resolution
            notes.append(censoring(seen))
        step = resolution_of(x, float(len(x) if w is None else w.sum()), resolution, notes, value)
        x = snapped(x, step)
        starts, order = _side_by_side(frame, names)
        first = starts[:-1]
        if order is not None:
            x, w, first = x[order], None if w is None else w[order], order[first]
            seen = None if seen is None else seen[order]
        keys = pd.DataFrame({name: frame[name].array.take(first) for name in names}, copy=False)
        return cls(keys, x, w, starts, step, tuple(notes), seen)

    def sample(self, group: int) -> Sample:
        """One group as a sample of its own, on the grid of all."""
        rows = slice(self.starts[group], self.starts[group + 1])
        x, w = self.values[rows], None if self.weights is None else self.weights[rows]
        if self.events is not None:
            return Sample.from_censored(x, self.events[rows], w, resolution=self.resolution)
        return Sample(x, w, resolution=self.resolution)

    def rectangles(self, cells: int = CELLS) -> Iterator[Rectangle]:
        """Hand out all groups as rectangles of at most `cells` cells (or one group), groups of like extent together."""
        start = 0
        while start < len(self):  # so many groups at a time that what is made of their rows is small
            stop = max(int(np.searchsorted(self.starts, self.starts[start] + _ROWS, side="right")) - 1, start + 1)
            yield from self._among(np.arange(start, stop), cells)
            start = stop

    def _among(self, groups: Indices, cells: int) -> Iterator[Rectangle]:
        """Rectangles of some groups whose rows are side by side."""
        first, sizes, step = self.starts[groups], self.rows[groups], self.resolution
        x = self.values[first[0] : first[-1] + sizes[-1]]
        low, high = (end.reduceat(x, first - first[0]).astype(float) for end in (np.minimum, np.maximum))
        extent = sizes if step is None else np.rint((high - low) / step).astype(np.intp) + 1
        dense = np.zeros(len(groups), dtype=bool) if step is None else extent <= _DENSE * np.maximum(sizes, 8)
        lost = np.zeros(len(groups), dtype=bool)
        if self.events is not None:
            seen = self.events[first[0] : first[-1] + sizes[-1]]
            lost = ~np.logical_and.reduceat(seen, first - first[0])
        dense &= ~lost
        counted = np.flatnonzero(dense)
        if len(counted):
            yield from self._tables(groups, counted[np.argsort(high[counted], kind="stable")], low, high, cells)
        for rest in (np.flatnonzero(~dense & ~lost), np.flatnonzero(lost)):
            rest = rest[np.argsort(sizes[rest], kind="stable")]
            for part in _parts(rest, lambda some: float(len(some) * sizes[some].max()), cells):
                yield self._padded(groups[part], self.events if lost[part[0]] else None)

    def _rows_of(self, groups: Indices) -> Indices | slice:
        """Rows of some groups in ascending order, one group after the other."""
        first, sizes = self.starts[groups], self.rows[groups]
        if groups[-1] - groups[0] == len(groups) - 1 and np.all(np.diff(groups) == 1):  # side by side, as the rows are
            return slice(first[0], first[-1] + sizes[-1])
        return np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())

    def _tables(self, groups: Indices, which: Indices, low: Array, high: Array, cells: int) -> Iterator[Rectangle]:
        """Counts over the values from the lowest to the highest of the groups of each part, counted for all at once."""
        step = self.resolution or 1.0

        def size(some: Indices) -> float:  # the last of them is the highest
            return float(len(some)) * (float(high[some[-1]] - low[some].min()) / step + 1.0)

        parts = list(_parts(which, size, cells))
        lowest = [float(low[part].min()) for part in parts]
        widths = [round((high[part].max() - least) / step) + 1 for part, least in zip(parts, lowest, strict=True)]
        ends = np.cumsum([len(part) * m for part, m in zip(parts, widths, strict=True)])
        zero = np.empty(len(groups), dtype=np.intp)  # where the count of the value 0 of each group would stand
        for part, end, m, least in zip(parts, ends, widths, lowest, strict=True):
            zero[part] = end + np.arange(-len(part), 0) * m - round(least / step)
        which = np.sort(which)
        rows, sizes = self._rows_of(groups[which]), self.rows[groups[which]]
        x, w = self.values[rows], None if self.weights is None else self.weights[rows]
        place = np.repeat(zero[which], sizes)
        place += x if x.dtype.kind == "i" else np.rint(x if step == 1.0 else x / step).astype(np.intp)
        counts = np.bincount(place, weights=w, minlength=ends[-1])
        for part, end, m, least in zip(parts, ends, widths, lowest, strict=True):
            weights = counts[end - len(part) * m : end].astype(float, copy=False).reshape(len(part), m)
            values = grid_points(np.rint(least / step) + np.arange(m), step)
            yield Rectangle(groups[part], values[None, :], weights, np.full(len(part), m))

    def _padded(self, part: Indices, events: Flags | None = None) -> Rectangle:
        """Values of each group in a row of its own; on a lattice equal ones become one, unless some are censored."""
        rows, sizes = self._rows_of(part), self.rows[part]
        x, w = self.values[rows], None if self.weights is None else self.weights[rows]
        values = np.full((len(part), int(sizes.max())), np.inf)
        weights = np.zeros(values.shape)
        local = np.repeat(np.arange(len(part)), sizes)
        position = np.arange(len(x)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        values[local, position], weights[local, position] = x, 1.0 if w is None else w
        if events is not None:
            lost = np.zeros(values.shape, dtype=bool)
            lost[local, position] = ~events[rows]
            order = np.lexsort((lost, values), axis=1)  # of those at one time events come first
            values, weights, lost = (np.take_along_axis(part, order, axis=1) for part in (values, weights, lost))
            values = np.where(np.isfinite(values), values, values[np.arange(len(part)), sizes - 1][:, None])
            return Rectangle(part, values, weights, sizes, np.where(lost, np.inf, values))
        if w is None:
            values.sort(axis=1)  # the weights are ones, then zeros, and so stay in place
        else:
            order = np.argsort(values, axis=1, kind="stable")
            values, weights = np.take_along_axis(values, order, axis=1), np.take_along_axis(weights, order, axis=1)
        if self.resolution is not None:
            values, weights, sizes = distinct_in_rows(values, weights)
        filler = values[np.arange(len(part)), sizes - 1]
        return Rectangle(part, np.where(np.isfinite(values), values, filler[:, None]), weights, sizes)


def censoring(events: Flags) -> str:
    """How many rows are censored, in a sentence."""
    return f"of {len(events)} rows {np.count_nonzero(~events)} are right-censored"


def _parts(which: Indices, size: Callable[[Indices], float], most: float) -> Iterator[Indices]:
    """Cut groups in their order into parts of a size that is at most so much, or of one group."""
    start = 0
    while start < len(which):
        stop = start + 1
        # double the part while it fits, then find its end
        ahead = 1
        while ahead and stop < len(which):
            longer = min(stop + ahead, len(which))
            if size(which[start:longer]) <= most:
                stop, ahead = longer, 2 * ahead
            else:
                ahead //= 2
        yield which[start:stop]
        start = stop


def distinct_in_rows(values: Array, weights: Array) -> tuple[Array, Array, Indices]:
    """Distinct values of each row, their total weights, and how many there are.

    Parameters
    ----------
    values
        Sorted along the last axis ``(g, m)``, padded with infinity.
    weights
        ``(g, m)``.

    Examples
    --------
    >>> distinct_in_rows(np.array([[1.0, 1.0, 4.0], [2.0, 3.0, np.inf]]), np.array([[1.0, 1, 1], [1, 1, 0]]))
    (array([[1., 4.],
           [2., 3.]]), array([[2., 1.],
           [1., 1.]]), array([2, 2]))
    """
    new = np.ones(values.shape, dtype=bool)
    new[:, 1:] = values[:, 1:] > values[:, :-1]
    new &= np.isfinite(values)
    sizes = new.sum(axis=1)
    g, m = len(values), int(sizes.max())
    place = np.arange(g)[:, None] * m + np.maximum(np.cumsum(new, axis=1) - 1, 0)
    counted = np.bincount(place.ravel(), weights=weights.ravel(), minlength=g * m)
    packed = np.full(g * m, np.inf)
    packed[place[new]] = values[new]
    return packed.reshape(g, m), np.asarray(counted, dtype=float).reshape(g, m), sizes


def _numbers(column: Any, name: str) -> NDArray[Any]:
    """Numbers of a column: integers as they are, else floats, NaN where there is none."""
    if isinstance(column.dtype, np.dtype) and (whole := whole_numbers(column.to_numpy())) is not None:
        return np.ascontiguousarray(whole)
    try:
        return np.ascontiguousarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected a column of numbers, got {column.dtype}") from None


def _absent(frame: pd.DataFrame, names: list[str], x: NDArray[Any], w: Array | None) -> Flags | None:
    """Rows that lack a group, a value or a weight; None if there are none."""
    parts = [numbers for numbers in (x, w) if numbers is not None and numbers.dtype.kind == "f"]
    lacking = [np.isnan(numbers) for numbers in parts]
    lacking += [frame[name].isna().to_numpy() for name in names if not _is_integer(frame[name])]
    lacking = [flags for flags in lacking if flags.any()]
    return np.logical_or.reduce(lacking) if lacking else None


def _is_integer(column: Any) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu"


def _side_by_side(frame: pd.DataFrame, names: list[str]) -> tuple[Indices, Indices | None]:
    """Where each group begins, and the end ``(G + 1,)``, once the rows are in this order; None if they are in it."""
    if len(names) == 1 and _is_integer(frame[names[0]]):
        key = frame[names[0]].to_numpy()
        if np.all(key[1:] >= key[:-1]):
            return np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1, [len(key)]]), None
    codes = frame.groupby(names, sort=True, observed=True).ngroup().to_numpy()
    starts = np.append(0, np.cumsum(np.bincount(codes)))
    if np.all(codes[1:] >= codes[:-1]):
        return starts, None
    # by the lower sixteen bits, then by the others: integers of two bytes are sorted by counting them
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    if len(starts) > 2**16:
        order = order[np.argsort((codes >> 16)[order].astype(np.uint16), kind="stable")]
    return starts, order
