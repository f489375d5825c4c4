"""Rows of files divided into groups: read a partition at a time, counted there, and dealt out by the group's key.

Each step may be done wherever its partition is: `read_piece` and `outline_of` for each partition, `layout_of` for what
all of them say, `dealt` into decks by a hash of the key, and `gathered` of all the cards of one deck. Which groups
share a deck depends on the data alone: the numbers are the same to the last digit on any number of workers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.experiment.columns import check_values
from modelselect.experiment.counting import Table, rows_in_words
from modelselect.experiment.documents import shown
from modelselect.experiment.files import (
    NUMBERS,
    ROW,
    DataFile,
    filtered,
    first_text,
    no_such_column,
    type_columns,
)
from modelselect.experiment.partitions import Partition, PartitionFile, opened_partition, placed
from modelselect.experiment.readers import quoted
from modelselect.grouped import Grouped
from modelselect.observations import resolution_of
from modelselect.sample import Sample
from modelselect.statistics import decimal_step

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment
    from modelselect.experiment.settings import Data

#: Rows of the data to a deck, about.
ROWS_A_DECK = 100_000
_MOST_DECKS = 1_000
#: Real numbers that stand for all, about.
_SOME = 100_000
#: How text is read once the type of the whole column is known.
_READ_AS: dict[str, Callable[[Any], Any]] = {
    "BIGINT": lambda text: pd.to_numeric(text).astype("int64"),
    "DOUBLE": lambda text: text.astype("float64"),
    "BOOLEAN": lambda text: text.str.lower() == "true",
    "TIMESTAMP": pd.to_datetime,
}


@dataclass(frozen=True, eq=False)
class Piece:
    """What one partition holds.

    Attributes
    ----------
    rows
        Columns ``k0``, ``k1`` … of the key (as text where the file is text), ``x``, ``e`` beside an event, and how
        many observations (or what weight) ``w`` each row stands for; sorted.
    kinds
        DuckDB's type of each column of the key, found in all its cells.
    total, kept, absent
        Rows read, those that meet the condition, and those of them that lack something and were left out.
    """

    rows: pd.DataFrame
    kinds: tuple[str, ...]
    total: int
    kept: int
    absent: int


@dataclass(frozen=True, eq=False)
class Outline:
    """What must be known of every piece before any group is fitted: its extent, not its rows."""

    distinct: Array
    n: float
    kinds: tuple[str, ...]
    total: int
    kept: int
    absent: int


@dataclass(frozen=True, eq=False)
class Layout:
    """What all pieces agree on.

    Attributes
    ----------
    kinds
        Type of each column of the key.
    resolution
        Step of the grid of all values.
    template
        A sample of the kind and extent of all the data.
    decks
        Into how many parts the groups are dealt.
    weighted
        Whether rows stand for more than themselves once they are counted.
    """

    kinds: tuple[str, ...]
    resolution: float | None
    template: Sample
    decks: int
    weighted: bool
    n: float
    total: int
    kept: int
    notes: tuple[str, ...]


# -- one partition -----------------------------------------------------------------------------------------------------


def read_piece(job: tuple[Experiment, Partition]) -> Piece:
    """Read a partition: the rows that meet the condition, equal ones of a group counted.

    Raises
    ------
    DataError, ConfigurationError
        As `modelselect.experiment.sources.read`.
    """
    experiment, partition = job
    try:
        return _read(experiment, partition)
    except DataError:
        if partition.before is None:  # the error may name rows of the file
            _read(experiment, placed(experiment, partition))
        raise


def _read(experiment: Experiment, partition: Partition) -> Piece:
    data = experiment.data
    with opened_partition(experiment, partition) as (file, columns):
        keys, value = list(data.keys), str(data.column)
        named = [*(("by", name) for name in keys), ("column", value)]
        named += [("weight", data.weight)] if data.weight is not None else []
        named += [("event", str(data.event))] if data.event is not None else []
        for setting, name in named:
            if name not in columns:
                raise file.refuse(setting, no_such_column(file, name, columns))
        used = list(columns) if data.where else list(dict.fromkeys(name for _, name in named))
        kinds = type_columns(file, columns, used)
        for setting, name in named[len(keys) :]:
            _check_numbers(file, setting, name, kinds[name])
        rows = file.connection.table("data")
        total = len(rows)
        if data.where is not None:
            rows = filtered(file, rows, data.where, columns)
        kept = len(rows)
        complete, absent = _complete(file, rows, keys)
        cells = [_key(file, columns[name], name, kinds[name]) for name in keys]
        parts = [f"{cell} AS k{i}" for i, cell in enumerate(cells)]
        weight = "1.0" if data.weight is None else f"CAST({quoted(data.weight)} AS DOUBLE)"
        parts += [f"CAST({quoted(value)} AS DOUBLE) + 0.0 AS x", f"{weight} AS w"]
        parts += [] if data.event is None else [f"CAST({quoted(str(data.event))} AS DOUBLE) <> 0 AS e"]
        names = ", ".join([*(f"k{i}" for i in range(len(keys))), "x", *([] if data.event is None else ["e"])])
        counted = complete.project(", ".join(parts)).aggregate(f"{names}, sum(w) AS w", names).order(names)
        return Piece(counted.df(), tuple(kinds[name] for name in keys), total, kept, absent)


def _key(file: PartitionFile, column: str, name: str, kind: str) -> str:
    """A column of the key, as SQL: as text where that may be more than one way to write its values.

    Another partition may have words where this one has numbers, and only the text itself is the same key in both.
    """
    described = {str(name): str(kind) for name, kind, *_ in file.connection.execute("DESCRIBE raw").fetchall()}
    if file.partition.alone or described[column] != "VARCHAR" or kind == "VARCHAR":
        return quoted(name)
    text = f"trim({quoted(column)})"
    if kind == "BIGINT":
        other = f"CAST(TRY_CAST({text} AS BIGINT) AS VARCHAR) <> {text}"
        if not file.connection.execute(f"SELECT 1 FROM raw WHERE {other} LIMIT 1").fetchall():  # noqa: S608
            return quoted(name)
    return f"(SELECT {text} FROM raw WHERE raw.rowid + {file.before + 1} = {quoted(ROW)})"  # noqa: S608


def _check_numbers(file: DataFile, setting: str, name: str, kind: str) -> None:
    rows = file.connection.table("data")
    filled = rows.aggregate(f"count({quoted(name)})").fetchall()[0][0]
    if filled and not (NUMBERS.fullmatch(kind) or kind == "BOOLEAN"):
        expected = "0 and 1, or true and false" if setting == "event" else "numbers, since there are groups"
        sentence = f"`{name}` of {file.name} holds {first_text(rows, name, kind)}, expected {expected}"
        raise file.refuse(setting, sentence)


def _complete(file: DataFile, rows: Any, keys: Sequence[str]) -> tuple[Any, int]:
    """Rows that lack nothing, and how many others were left out; refuses them unless they are to be."""
    data = file.experiment.data
    value, weight = quoted(str(data.column)), None if data.weight is None else quoted(data.weight)
    x, w = f"CAST({value} AS DOUBLE)", "1.0" if weight is None else f"CAST({weight} AS DOUBLE)"
    good = f"{x} IS NOT NULL AND isfinite({x}) AND {w} IS NOT NULL AND isfinite({w}) AND {w} >= 0"
    keyed = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in keys)
    odd, unnamed = rows.aggregate(
        f"count(*) FILTER (NOT coalesce({good}, false)), count(*) FILTER (NOT ({keyed}))"
    ).fetchall()[0]
    if odd and len(rows):  # said as of a single sample, with the rows of the file
        found = rows.project(f"{quoted(ROW)} AS r, {x} AS x, {w} AS w").fetchnumpy()
        filled = {name: np.asarray(np.ma.filled(found[name].astype(float), np.nan)) for name in ("x", "w")}
        others = {} if weight is None else {"weight": filled["w"]}
        check_values(file, data.column, Table(filled["x"], others, row=np.ma.getdata(found["r"])))
    if unnamed and data.missing == "refuse":
        found = rows.filter(f"NOT ({keyed})").project(f"{quoted(ROW)} AS r").fetchnumpy()
        where = rows_in_words(np.ma.getdata(found["r"]))
        names = " and ".join(f"`{name}`" for name in keys)
        sentence = f"{names} of {file.name} names no group in {where}; leave them out with missing: drop"
        raise file.refuse("by", sentence)
    if data.event is not None:
        seen = f"coalesce(CAST({quoted(str(data.event))} AS DOUBLE) IN (0, 1), false)"
        wrong = rows.filter(f"NOT {seen}").project(f"{quoted(str(data.event))} AS e, {quoted(ROW)} AS r").fetchnumpy()
        if len(wrong["r"]):
            got = "nothing" if np.ma.getmaskarray(wrong["e"])[0] else f"{float(np.ma.getdata(wrong['e'])[0]):g}"
            where = rows_in_words(np.ma.getdata(wrong["r"]))
            expected = "expected 1 (true) for an event, 0 (false) where censored"
            raise file.refuse("event", f"`{data.event}` of {file.name}: got {got} in {where}; {expected}")
    lacking = f"coalesce({good}, false) AND {keyed}"
    kept = rows.filter(f"{lacking} AND {w} > 0")
    (absent,) = rows.aggregate(f"count(*) FILTER (NOT ({lacking}))").fetchall()[0]
    return kept, int(absent)


def resolution_asked(data: Data) -> float | Literal["auto"] | None:
    """The step that is asked for: none is looked for among times that are censored."""
    return None if data.event is not None and data.resolution == "auto" else data.resolution


def outline_of(job: tuple[Piece, float | str | None]) -> Outline:
    """Say what must be known of a piece before any group is fitted: of real numbers some, with the first and the last.

    Parameters
    ----------
    job
        The piece, and the step that is asked for, on which all values must be seen to lie.
    """
    piece, resolution = job
    rows = piece.rows
    distinct = np.unique(rows["x"].to_numpy(dtype=float))
    some = _thinned(distinct)
    if resolution is None or (resolution == "auto" and decimal_step(some) is None):
        distinct = some
    return Outline(distinct, float(rows["w"].sum()), piece.kinds, piece.total, piece.kept, piece.absent)


def _thinned(distinct: Array) -> Array:
    return np.unique(np.append(distinct[:: max(1, len(distinct) // _SOME)], distinct[-1:]))


# -- all partitions ----------------------------------------------------------------------------------------------------


def layout_of(experiment: Experiment, outlines: Sequence[Outline]) -> Layout:
    """Settle what all groups share.

    Raises
    ------
    DataError
        There are no observations, or the values do not lie on the grid that is given.
    """
    data, notes = experiment.data, []
    file = PartitionFile(experiment, None, Partition(data.path or Path()))  # type: ignore[arg-type]
    total, kept = sum(o.total for o in outlines), sum(o.kept for o in outlines)
    if total == 0:
        raise file.refuse(data.source, f"{file.name} has no rows of data")
    if kept == 0:
        raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where or '')}")
    absent = sum(o.absent for o in outlines)
    if absent:
        notes.append(f"{absent} rows without group, value or weight were left out")
    n, distinct = sum(o.n for o in outlines), np.unique(np.concatenate([o.distinct for o in outlines]))
    if not len(distinct):
        raise file.refuse("column", f"`{data.column}` of {file.name} has no values that belong to a group")
    try:
        step = resolution_of(distinct, n, resolution_asked(data), notes, f"`{data.column}` of {file.name}")
    except DataError as error:
        raise file.refuse("resolution", str(error)) from None
    kinds = tuple(
        _common_kind(file, name, [o.kinds[i] for o in outlines if o.kept]) for i, name in enumerate(data.keys)
    )
    template = Sample(_thinned(distinct), resolution=step)
    # rows of the data, not of the pieces: how many of those there are after counting depends on the partitions
    decks = min(max(1, math.ceil(kept / ROWS_A_DECK)), _MOST_DECKS)
    weighted = step is not None or data.weight is not None
    return Layout(kinds, step, template, decks, weighted, n, total, kept, tuple(notes))


def _common_kind(file: DataFile, name: str, kinds: Sequence[str]) -> str:
    """Type of a column in all partitions."""
    found = set(kinds)
    if len(found) == 1:
        return found.pop()
    if file.experiment.data.source == "csv":
        return "DOUBLE" if found <= {"BIGINT", "DOUBLE"} else "VARCHAR"
    raise file.refuse("by", f"`{name}` is of type {' here, '.join(sorted(found))} there, expected one type")


def dealt(job: tuple[Piece, Layout]) -> list[pd.DataFrame]:
    """Cards of a piece for each deck: rows whose key has the hash of it."""
    piece, layout = job
    rows = piece.rows.copy()
    keys = [f"k{i}" for i in range(len(layout.kinds))]
    for name, kind in zip(keys, layout.kinds, strict=True):
        is_text = pd.api.types.is_string_dtype(rows[name].dtype)
        if is_text and kind in _READ_AS:
            rows[name] = _READ_AS[kind](rows[name])
        elif not is_text and kind == "VARCHAR":
            rows[name] = rows[name].astype("str")
    if layout.decks == 1:
        return [rows]
    begins = (rows[keys] != rows[keys].shift()).any(axis=1).to_numpy()  # rows of a key stand together
    heads = rows.loc[begins, keys].astype(str)
    text = heads.agg("\0".join, axis=1) if len(keys) > 1 else heads[keys[0]]
    decks = pd.util.hash_array(text.to_numpy(dtype=object), categorize=True) % np.uint64(layout.decks)
    deck = decks[np.cumsum(begins) - 1]
    return [rows[deck == place] for place in range(layout.decks)]


def card(job: tuple[list[pd.DataFrame], int]) -> pd.DataFrame:
    """One deck's card of a piece."""
    cards, place = job
    return cards[place]


def gathered(job: tuple[list[pd.DataFrame], Layout, tuple[str, ...]]) -> Grouped | None:
    """Make the groups of one deck of its cards from all pieces; None if it is empty."""
    cards, layout, names = job
    rows = pd.concat(cards, ignore_index=True)
    if not len(rows):
        return None
    keys = [f"k{i}" for i in range(len(names))]
    if len(cards) > 1 or not layout.weighted:
        same = [*keys, "x", *(["e"] if "e" in rows else [])]
        rows = rows.groupby(same, sort=True, observed=True)["w"].sum().reset_index()
    if not layout.weighted:  # single observations: they were counted on the way only
        rows = rows.loc[rows.index.repeat(rows["w"].astype(int))]
    rows = rows.rename(columns=dict(zip(keys, names, strict=True)))
    value, weight, event = "\0value", "\0weight", "\0event"
    rows = rows.rename(columns={"x": value, "w": weight, "e": event})
    weighted, censored = weight if layout.weighted else None, event if event in rows else None
    made = Grouped.of(rows, names, value, weighted, event=censored, resolution=layout.resolution)
    return replace(made, notes=())  # what is said of all is said once


def fingerprint_of(groups: Grouped | None) -> str:
    """SHA-256 of the keys, observations and weights of some groups.

    Examples
    --------
    >>> table = pd.DataFrame({"g": ["b", "a"], "x": [1.0, 2.0]})
    >>> one, two = (Grouped.of(t, "g", "x") for t in (table, table.iloc[::-1]))
    >>> fingerprint_of(one) == fingerprint_of(two)
    True
    """
    digest = hashlib.sha256()
    if groups is None:
        return digest.hexdigest()
    digest.update(groups.keys.to_csv(index=False).encode("utf-8", "replace"))
    for numbers in (groups.starts, groups.values, groups.weights, groups.resolution, groups.events):
        digest.update(b"-" if numbers is None else np.asarray(numbers, dtype="<f8").tobytes())
    return digest.hexdigest()
