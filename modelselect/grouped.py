"""Many samples at once: the rows of a table divided into groups, handed out as rectangles of groups of like size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.errors import DataError, did_you_mean
from modelselect.observations import Flags, resolution_of, rows_in_words, weights_of, whole_numbers
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

Indices = NDArray[np.intp]

#: Cells of one rectangle: what the caches hold.
CELLS = 65_536
#: A table of counts over all values between the ends is used while it has at most so many cells an observation.
_DENSE = 4
#: Groups of all extents stand in one table, in their order, while it has at most so many cells for one that is needed.
_WASTE = 2


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
    """

    groups: Indices
    values: Array
    weights: Array
    sizes: Indices

    def block(self, step: float | None) -> Block:
        """The rectangle as observations: cells x ± step/2, or points."""
        if step is None:
            return Block(self.values, self.values, self.weights)
        return Block(self.values - 0.5 * step, self.values + 0.5 * step, self.weights)


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
        resolution
            As of a `Sample`, and one for all groups.
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
        names = [by] if isinstance(by, str) else list(by)
        for setting, name in (*(("by", name) for name in names), ("value", value), ("weight", weight)):
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
        absent = _absent(frame, names, x, w)
        notes: list[str] = []
        if absent is not None:
            if missing == "refuse":
                what = f"{absent.sum()} rows lack a group, a value or a weight: {rows_in_words(absent)}"
                raise DataError(f'{value}: {what}; leave them out with missing="drop"')
            notes.append(f"{absent.sum()} rows without group, value or weight were left out")
            frame, x = frame[~absent], x[~absent]
            w = None if w is None else w[~absent]
        if len(x) == 0:
            raise DataError(f"{value}: there are no observations")
        if x.dtype.kind != "i" and np.isinf(x).any():
            raise DataError(f"{value}: infinite at {rows_in_words(np.isinf(x))}; expected finite numbers")
        if w is not None:
            w = weights_of(w, len(w), "weight", range(len(w)))
        step = resolution_of(x, float(len(x) if w is None else w.sum()), resolution, notes, value)
        starts, order = _side_by_side(frame, names)
        first = starts[:-1]
        if order is not None:
            x, w, first = x[order], None if w is None else w[order], order[first]
        keys = frame[names].iloc[first].reset_index(drop=True)
        return cls(keys, x, w, starts, step, tuple(notes))

    def sample(self, group: int) -> Sample:
        """One group as a sample of its own, on the grid of all."""
        rows = slice(self.starts[group], self.starts[group + 1])
        return Sample(
            self.values[rows], None if self.weights is None else self.weights[rows], resolution=self.resolution
        )

    def rectangles(self, cells: int = CELLS) -> Iterator[Rectangle]:
        """Hand out all groups as rectangles of at most `cells` cells (or one group), groups of like extent together."""
        first = self.starts[:-1]
        low, high = (end.reduceat(self.values, first).astype(float) for end in (np.minimum, np.maximum))
        step = self.resolution
        extent = self.rows if step is None else np.rint((high - low) / step).astype(np.intp) + 1
        dense = np.zeros(len(self), dtype=bool) if step is None else extent <= _DENSE * np.maximum(self.rows, 8)
        for table in (True, False):
            which = np.flatnonzero(dense == table)
            if not len(which):
                continue
            width = np.where(table, high if step is not None else 0.0, self.rows)[which]
            if not table or self._cells(which, low, high, table=True) > _WASTE * extent[which].sum():
                which = which[np.argsort(width, kind="stable")]
            for part in self._parts(which, low, high, cells, table=table):
                if table:
                    yield self._table(part, float(low[part].min()), float(high[part].max()))
                else:
                    yield self._padded(part)

    def _parts(self, which: Indices, low: Array, high: Array, cells: int, *, table: bool) -> Iterator[Indices]:
        """Cut groups in their order into parts of at most `cells` cells."""
        start = 0
        while start < len(which):
            stop = start + 1
            # double the part while it fits, then find its end
            size = 1
            while size and stop < len(which):
                ahead = which[start : min(stop + size, len(which))]
                if self._cells(ahead, low, high, table=table) <= cells:
                    stop, size = start + len(ahead), 2 * size
                else:
                    size //= 2
            yield which[start:stop]
            start = stop

    def _cells(self, part: Indices, low: Array, high: Array, *, table: bool) -> float:
        if not table:
            return float(len(part) * self.rows[part].max())
        step = self.resolution or 1.0
        return float(len(part)) * (float(high[part].max() - low[part].min()) / step + 1.0)

    def _rows_of(self, part: Indices) -> Indices | slice:
        """Rows of some groups, one group after the other."""
        first, sizes = self.starts[part], self.rows[part]
        if part[-1] - part[0] == len(part) - 1 and np.all(np.diff(part) == 1):  # side by side, as the rows are
            return slice(self.starts[part[0]], self.starts[part[-1] + 1])
        return np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())

    def _table(self, part: Indices, low: float, high: float) -> Rectangle:
        """Counts over the values from the lowest to the highest of all these groups."""
        step, rows, sizes = self.resolution or 1.0, self._rows_of(part), self.rows[part]
        x, w = self.values[rows], None if self.weights is None else self.weights[rows]
        m = round((high - low) / step) + 1
        line = np.arange(len(part)) * m  # where the cells of each group begin
        if x.dtype.kind == "i":
            place = np.repeat(line - round(low), sizes)
            place += x
        else:
            place = np.rint(x - low if step == 1.0 else (x - low) / step).astype(np.intp)
            place += np.repeat(line, sizes)
        flat = np.bincount(place, weights=w, minlength=len(part) * m)
        weights = np.asarray(flat, dtype=float).reshape(len(part), m)
        values = low + step * np.arange(m)
        values = values if step != 1.0 else np.rint(values)
        return Rectangle(part, np.asarray(values[None, :], dtype=float), weights, np.full(len(part), m))

    def _padded(self, part: Indices) -> Rectangle:
        """Values of each group in a row of its own; on a lattice equal ones become one."""
        rows, sizes = self._rows_of(part), self.rows[part]
        x, w = self.values[rows], None if self.weights is None else self.weights[rows]
        values = np.full((len(part), int(sizes.max())), np.inf)
        weights = np.zeros(values.shape)
        local = np.repeat(np.arange(len(part)), sizes)
        position = np.arange(len(x)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        values[local, position], weights[local, position] = x, 1.0 if w is None else w
        if w is None:
            values.sort(axis=1)  # the weights are ones, then zeros, and so stay in place
        else:
            order = np.argsort(values, axis=1, kind="stable")
            values, weights = np.take_along_axis(values, order, axis=1), np.take_along_axis(weights, order, axis=1)
        if self.resolution is not None:
            values, weights, sizes = distinct_in_rows(values, weights)
        filler = values[np.arange(len(part)), sizes - 1]
        return Rectangle(part, np.where(np.isfinite(values), values, filler[:, None]), weights, sizes)


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
