"""From the rows of a data file to arrays: few rows as they are, many counted by DuckDB, and streamed if they differ.

Most samples of many observations have few distinct values: then a GROUP BY over the columns that are used gives
each combination once, and how many rows have it. Real numbers differ in every row, and are fetched a batch at a
time into one array of doubles a column, if they fit into the memory that reading may take.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.experiment.databases import TIMES
from modelselect.experiment.files import FEW, KEPT, ROW, DataFile, too_large
from modelselect.experiment.memory import BASE
from modelselect.experiment.readers import quoted

if TYPE_CHECKING:
    import pandas as pd

#: Rows at the beginning that tell whether it is worth counting.
HEAD = 2**18
#: DuckDB's vectors of 2048 rows in a batch.
_VECTORS = 64
#: Rows of a mistake that are named.
_NAMED = 8
#: Bytes that each of many observations takes while a Sample is made of them, and for each of its columns (measured):
#: points, and what has ends or bounds of its own.
_POINT, _INTERVAL = (43, 24), (100, 32)


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file that are used, one entry a row or a combination that several rows have.

    Attributes
    ----------
    x
        Observations: numbers with NaN, or labels with None, where there is no value; None if they are intervals.
    others
        Setting → numbers of its column; NaN where the cell is empty.
    times
        How many rows each entry stands for; None: one each.
    head
        The first rows in their order, where the entries are not in it.
    row
        Numbers of the rows in the file, if they are known.
    origin
        Where they can be looked up otherwise: the file, and a query of its rows with the columns as they were fetched.
    """

    x: NDArray[Any] | None
    others: dict[str, Array]
    times: Array | None = None
    head: NDArray[Any] | None = None
    row: NDArray[Any] | None = None
    origin: tuple[DataFile, str] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.others.values())) if self.x is None else self.x)

    def number(self, which: NDArray[np.bool_] | None = None) -> int:
        """How many rows some entries stand for, or all."""
        which = np.ones(len(self), dtype=bool) if which is None else which
        return int(which.sum() if self.times is None else self.times[which].sum())

    def rows_in_words(self, which: NDArray[np.bool_]) -> str:
        """Say which rows of the file some entries stand for."""
        if self.row is not None:
            return rows_in_words(self.row[which])
        number = self.number(which)
        if self.origin is None:
            return f"{number} row{'s' * (number > 1)}"
        return rows_in_words(_located(*self.origin, self._columns(which)), number)

    def _columns(self, which: NDArray[np.bool_]) -> pd.DataFrame:
        """Distinct values of some entries, by the names of the columns they were fetched as."""
        import pandas as pd

        columns = {} if self.x is None else {"x": pd.Series(self.x[which], dtype=self.x.dtype)}
        columns |= {f"c{i}": pd.Series(column[which]) for i, column in enumerate(self.others.values())}
        return pd.DataFrame(columns).drop_duplicates()


def rows_in_words(rows: NDArray[Any], number: int | None = None) -> str:
    """Say which rows of a file are meant, of which the first are given if there are more."""
    number = len(rows) if number is None else number
    named = ", ".join(map(str, rows[:_NAMED].tolist()))
    more = f", … ({number} in all)" if number > _NAMED else ""
    return f"row{'s' * (number > 1)} {named}{more} (data rows, counted from 1)"


def fetch(file: DataFile, value: str | None, others: dict[str, str], *, is_text: bool) -> Table:
    """Fetch the columns that are used: rows, or combinations and how often they occur.

    Parameters
    ----------
    value
        The column of observations; None if they are intervals.
    others
        Setting → column.
    is_text
        Whether the observations are labels.

    Raises
    ------
    DataError
        They do not fit into the memory that reading may take.
    """
    parts = []
    if value is not None:
        cell = quoted(value)
        parts.append(f"CAST({cell} AS VARCHAR) AS x" if is_text else f"{_number(f'CAST({cell} AS DOUBLE)')} AS x")
    parts += [f"{_number(f'TRY_CAST({quoted(name)} AS DOUBLE)')} AS c{i}" for i, name in enumerate(others.values())]
    names = ["x"] * (value is not None) + [f"c{i}" for i in range(len(others))]
    kept = KEPT if file.experiment.data.where is not None else "data"
    if file.has(TIMES):
        used = f"SELECT {', '.join([*parts, quoted(TIMES)])} FROM {kept}"  # noqa: S608
        return _table(_counted(file, used, names, others, f"sum({quoted(TIMES)})"), others)
    used = f"SELECT {', '.join(parts)} FROM {kept}"  # noqa: S608
    numbered = f"SELECT {', '.join([f'{quoted(ROW)} AS r', *parts])} FROM {kept}"  # noqa: S608
    data = file.experiment.data
    many = _one(file, f"SELECT count(*) FROM (SELECT 1 FROM {kept} LIMIT {FEW + 1})")[0] > FEW  # noqa: S608
    if many and not data.ordered and data.weights_kind == "frequency" and _alike(file, used, names):
        head = None if value is None else _columns(file, f"SELECT x FROM ({used}) LIMIT {HEAD}", ["x"])["x"]  # noqa: S608
        return _table(_counted(file, used, names, others), others, head=head, origin=(file, numbered))
    if not many:
        arrays = _columns(file, numbered, ["r", *names])
        return _table(arrays, others, row=arrays["r"].astype(np.int64))
    return _table(_streamed(file, used, names, others, texts=("x",) * is_text), others, origin=(file, numbered))


def _number(cell: str) -> str:
    return f"coalesce({cell}, 'nan'::DOUBLE)"


def _table(arrays: dict[str, NDArray[Any]], settings: dict[str, str], **more: Any) -> Table:
    others = {setting: arrays[f"c{i}"] for i, setting in enumerate(settings)}
    return Table(arrays.get("x"), others, arrays.get("times"), **more)


def _alike(file: DataFile, used: str, names: Sequence[str]) -> bool:
    """Whether rows have so few combinations that counting them saves something."""
    together = ", ".join(names)
    distinct = _one(file, f"SELECT count(*) FROM (SELECT DISTINCT * FROM (SELECT * FROM ({used}) LIMIT {HEAD}))")  # noqa: S608
    if distinct[0] <= HEAD / 2:
        return True
    found, rows = _one(file, f"SELECT approx_count_distinct(hash({together})), count(*) FROM ({used})")  # noqa: S608
    return bool(found < rows / 4)


def _counted(
    file: DataFile, used: str, names: Sequence[str], others: Collection[str], times: str = "count(*)"
) -> dict[str, NDArray[Any]]:
    """Count the combinations; in their order, so that sums of weights are the same each time."""
    together = ", ".join(names)
    counting = (
        f"SELECT {together}, CAST({times} AS DOUBLE) AS times FROM ({used}) "  # noqa: S608
        f"GROUP BY {together} ORDER BY {together}"
    )
    parts: list[dict[str, NDArray[Any]]] = []
    size = 0.0
    for batch in _batches(file, counting):
        parts.append({name: _array(batch[name]) for name in (*names, "times")})
        size += _needed(len(batch), others, more=len(names) - len(others) + 1)
        if size > 0.5 * (file.memory - BASE):
            raise too_large(file, "counting the distinct values of", size)
    return {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0) for name in (*names, "times")
    }


def _streamed(
    file: DataFile, used: str, names: Sequence[str], others: Collection[str], texts: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Fetch all rows, a batch at a time."""
    n = int(_one(file, f"SELECT count(*) FROM ({used})")[0])  # noqa: S608
    if (size := _needed(n, others, more=len(names) - len(others))) > file.memory - BASE:
        raise too_large(file, f"reading {n} rows of", size)
    arrays = {name: np.empty(n, dtype=object if name in texts else float) for name in names}
    at = 0
    for batch in _batches(file, used):
        for name in names:
            arrays[name][at : at + len(batch)] = _array(batch[name])
        at += len(batch)
    return arrays


def _needed(n: int, others: Iterable[str], *, more: int) -> float:
    """Bytes that n observations with some other columns, and `more` ones, take while a sample is made of them."""
    names = list(others)
    each, column = _POINT if set(names) <= {"weight"} else _INTERVAL
    return float(n) * (each + column * (len(names) + more))


def _one(file: DataFile, query: str) -> tuple[Any, ...]:
    """The only row of a query."""
    row = file.connection.execute(query).fetchone()
    return () if row is None else tuple(row)


def _columns(file: DataFile, query: str, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    frame = file.connection.execute(query).df()
    return {name: _array(frame[name]) for name in names}


def _batches(file: DataFile, query: str) -> Iterator[Any]:
    """Rows of a query as frames, one after the other."""
    result = file.connection.execute(query)
    while len(batch := result.fetch_df_chunk(_VECTORS)):
        yield batch


def _array(column: Any) -> NDArray[Any]:
    """Numbers with NaN, or text with None."""
    if column.dtype.kind in "fiu":
        return np.array(column, dtype=float)
    values = np.array(column, dtype=object)
    values[np.asarray(column.isna())] = None
    return values


def _located(file: DataFile, numbered: str, odd: pd.DataFrame) -> NDArray[Any]:
    """Numbers of the first rows that have one of some combinations."""
    texts = [name for name in odd.columns if odd[name].dtype == object]
    cast = [
        f"CAST({name} AS VARCHAR) AS {name}" if name in texts else f"{_number(f'CAST({name} AS DOUBLE)')} AS {name}"
        for name in odd.columns
    ]
    same = " AND ".join(f"kept.{name} IS NOT DISTINCT FROM sought.{name}" for name in odd.columns)
    file.connection.register("odd", odd)
    found = file.connection.execute(
        f"SELECT r FROM ({numbered}) AS kept SEMI JOIN (SELECT {', '.join(cast)} FROM odd) AS sought ON {same} "  # noqa: S608
        f"ORDER BY r LIMIT {_NAMED}"
    )
    return np.array([row for (row,) in found.fetchall()])
