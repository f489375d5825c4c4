"""Many samples at once: the rows of a table divided into groups, handed out as rectangles of groups of like size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.errors import DataError, did_you_mean
from modelselect.observations import resolution_of, rows_in_words, weights_of
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
        Observations ``(N,)``, those of a group side by side; weights None where all are 1.
    starts
        Where each group begins, and the end ``(G + 1,)``.
    resolution
        Step of the grid that all values lie on, or None.
    notes
        What was recognised or assumed, in sentences.
    """

    keys: pd.DataFrame
    values: Array
    weights: Array | None
    starts: Indices
    resolution: float | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @property
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
        (['a', 'b'], [5.0, 2.0, 3.0], [0, 1, 3])
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
        w = None if weight is None else _numbers(frame[weight], weight)
        absent = np.isnan(x) | frame[names].isna().any(axis=1).to_numpy()
        if w is not None:
            absent |= np.isnan(w)
        notes: list[str] = []
        if absent.any():
            if missing == "refuse":
                what = f"{absent.sum()} rows lack a group, a value or a weight: {rows_in_words(absent)}"
                raise DataError(f'{value}: {what}; leave them out with missing="drop"')
            notes.append(f"{absent.sum()} rows without group, value or weight were left out")
            frame, x = frame[~absent], x[~absent]
            w = None if w is None else w[~absent]
        if len(x) == 0:
            raise DataError(f"{value}: there are no observations")
        if np.isinf(x).any():
            raise DataError(f"{value}: infinite at {rows_in_words(np.isinf(x))}; expected finite numbers")
        if w is not None:
            w = weights_of(w, len(w), "weight", range(len(w)))
        step = resolution_of(x, float(len(x) if w is None else w.sum()), resolution, notes, value)
        grouping = frame.groupby(names, sort=True, observed=True)
        codes = grouping.ngroup().to_numpy()
        starts = np.append(0, np.cumsum(np.bincount(codes)))
        if np.all(codes[1:] >= codes[:-1]):
            first = starts[:-1]
        else:
            small = np.int16 if len(starts) <= 2**15 else np.int32
            order = np.argsort(codes.astype(small), kind="stable")
            x, w, first = x[order], None if w is None else w[order], order[starts[:-1]]
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
        first, last = self.starts[:-1], self.starts[1:]
        low, high = np.minimum.reduceat(self.values, first), np.maximum.reduceat(self.values, first)
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
                flat, local, start = self._gather(part, first, last)
                x = self.values[flat]
                w = None if self.weights is None else self.weights[flat]
                yield self._table(part, x, w, local) if table else self._padded(part, x, w, local, start)

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

    @staticmethod
    def _gather(part: Indices, first: Indices, last: Indices) -> tuple[Indices | slice, Indices, Indices]:
        """Rows of some groups, the place of the group of each among them, and where each group begins there."""
        sizes = last[part] - first[part]
        local = np.repeat(np.arange(len(sizes)), sizes)
        start = np.cumsum(sizes) - sizes
        if np.array_equal(part, np.arange(part[0], part[0] + len(part))):  # side by side, as the rows are
            return slice(first[part[0]], last[part[-1]]), local, start
        return np.repeat(first[part] - start, sizes) + np.arange(len(local)), local, start

    def _table(self, part: Indices, x: Array, w: Array | None, local: Indices) -> Rectangle:
        """Counts over the values of all these groups."""
        step = self.resolution or 1.0
        low = float(x.min())
        place = (x - low if step == 1.0 else np.rint((x - low) / step)).astype(np.intp)
        m = int(place.max()) + 1
        place += local * m
        flat = np.bincount(place, weights=w, minlength=len(part) * m)
        weights = np.asarray(flat, dtype=float).reshape(len(part), m)
        values = low + step * np.arange(m)
        values = values if step != 1.0 else np.rint(values)
        return Rectangle(part, np.asarray(values[None, :], dtype=float), weights, np.full(len(part), m))

    def _padded(self, part: Indices, x: Array, w: Array | None, local: Indices, start: Indices) -> Rectangle:
        """Values of each group in a row of its own; on a lattice equal ones become one."""
        sizes = self.rows[part]
        values = np.full((len(part), int(sizes.max())), np.inf)
        weights = np.zeros(values.shape)
        position = np.arange(len(x)) - start[local]
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


def _numbers(column: Any, name: str) -> Array:
    """Numbers of a column, NaN where there is none."""
    try:
        return np.array(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected a column of numbers, got {column.dtype}") from None
