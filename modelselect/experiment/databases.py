"""The rows of a query as a table of DuckDB: counted by the database if few of them differ, else a batch at a time.

SQLite, PostgreSQL and MySQL (MariaDB) are reached through SQLAlchemy, a file of DuckDB by DuckDB itself. Everything
is read in one transaction that cannot write.
"""

from __future__ import annotations

import datetime as dt
import decimal
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.errors import DataError, ModelSelectError
from modelselect.experiment.memory import limits
from modelselect.experiment.readers import SEALED, quoted
from modelselect.experiment.sql import KINDS, Sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from modelselect.experiment.config import Experiment

#: Column of the table ``raw`` that says how many rows of a query are alike, where the database has counted them.
TIMES = "number of rows that are alike"
#: Rows that are looked at before it is decided whether the database counts.
HEAD = 2**16
#: Rows of a batch.
_BATCH = 2**16

Rows = Sequence[Sequence[Any]]
_NUMBERS = ("BOOLEAN", "BIGINT", "DOUBLE")
#: Types of what is neither numbers nor text.
_ODD = ("INTEGER[]", "BLOB", "TIMESTAMP")


@dataclass(frozen=True)
class Database:
    """A database that is open.

    Attributes
    ----------
    run
        Runs a statement: names of the columns, and batches of rows.
    quoted
        A name as an identifier of its SQL.
    """

    run: Callable[[str], tuple[list[str], Iterator[Rows]]]
    quoted: Callable[[str], str] = quoted


def load_query(
    experiment: Experiment, connection: DuckDBPyConnection, refuse: Callable[[str, str], ModelSelectError]
) -> dict[str, str]:
    """Make the table ``raw`` of the rows of a query, with a column `TIMES` where they are counted.

    Parameters
    ----------
    connection
        Where the table is made.
    refuse
        Makes the error about a setting under ``data``.

    Returns
    -------
    dict
        All columns of the query, those too that were not needed: name → name in ``raw``.

    Raises
    ------
    DataError
        The database cannot be reached, or the query is not valid; passwords are not in the sentence.
    """
    sql = experiment.data.sql
    assert sql is not None  # noqa: S101 — it is the source
    setting = "sql.url"
    secrets: tuple[str, ...] = ()
    try:
        url, secrets = sql.resolved(os.environ)
        with _database(sql, url, experiment) as database:
            setting = "sql.query"
            return _loaded(experiment, sql.query, database, connection)
    except ModelSelectError as error:
        raise refuse(setting, _masked(str(error), secrets)) from None
    except Exception as error:  # noqa: BLE001 — each driver has its own
        raise refuse(setting, f"{sql.name} cannot be read: {_masked(_reason(error), secrets)}") from None


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _reason(error: Exception) -> str:
    """What a driver complains of, in one line."""
    original = getattr(error, "orig", None) or error
    if type(original).__name__ in ("ModuleNotFoundError", "ImportError"):
        extra = "mysql" if "mysql" in str(original).casefold() else "sql"
        return f"{original}; pip install 'modelselect[{extra}]'"
    return re.sub(r"^[\w ]+ Error: ", "", next(iter(str(original).strip().splitlines()), type(original).__name__))


# -- databases ---------------------------------------------------------------------------------------------------------


def _database(sql: Sql, url: str, experiment: Experiment) -> AbstractContextManager[Database]:
    """Connect to a database, read-only."""
    if url.partition("://")[0].partition("+")[0] not in KINDS:
        raise DataError(f"{sql.name} is not the URL of a database, expected one of {', '.join(KINDS)}")
    file = sql.file(url, experiment.data._folder)
    if file is not None and not file.is_file():
        raise DataError(f"the file {file} does not exist")
    if file is not None and url.startswith("duckdb"):
        return _duckdb(file, experiment)
    return _sqlalchemy(url, file)


@contextmanager
def _duckdb(file: Path, experiment: Experiment) -> Iterator[Database]:
    import duckdb

    config = {**SEALED, "enable_external_access": "false", **limits(experiment.memory)}
    with duckdb.connect(str(file), read_only=True, config=config) as connection:

        def run(statement: str) -> tuple[list[str], Iterator[Rows]]:
            cursor = connection.execute(statement)
            return [str(column[0]) for column in cursor.description or ()], _batches(cursor.fetchmany)

        yield Database(run)


@contextmanager
def _sqlalchemy(url: str, file: Path | None) -> Iterator[Database]:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.pool import NullPool

    if file is not None:
        read_only = f"{file.resolve().as_uri()}?mode=ro"
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(read_only, uri=True), poolclass=NullPool)
    else:
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):  # which show pieces of it
            raise DataError("what it stands for is not the URL of a database") from None
        drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
        address = address.set(drivername=drivers.get(address.drivername, address.drivername))
        engine = create_engine(address, poolclass=NullPool)
    kind = engine.dialect.name
    # what is in the query is SQL, not a pattern with places for parameters
    options = {"no_parameters": True, "stream_results": True}
    with engine.connect() as connection:
        if kind == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        elif kind in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")

        def run(statement: str) -> tuple[list[str], Iterator[Rows]]:
            result = connection.exec_driver_sql(statement, execution_options=options)
            return list(result.keys()), _batches(result.fetchmany)

        yield Database(run, engine.dialect.identifier_preparer.quote_identifier)


def _batches(fetch: Callable[[int], Any]) -> Iterator[Rows]:
    while rows := fetch(_BATCH):
        yield rows


# -- rows --------------------------------------------------------------------------------------------------------------


def _loaded(experiment: Experiment, query: str, database: Database, connection: DuckDBPyConnection) -> dict[str, str]:
    run = database.run
    source = f"FROM (\n{query}\n) AS q"  # a comment may end the query
    columns, nothing = run(f"SELECT * {source} WHERE 1 = 0")
    list(nothing)
    for number, name in enumerate(columns):
        if name.casefold() in [other.casefold() for other in columns[:number]]:
            raise DataError(f"there are two columns '{name}', expected distinct names")
    wanted, countable = _wanted(experiment, columns)
    if not wanted:
        connection.execute(f"CREATE TABLE raw AS SELECT {', '.join(f'NULL AS {quoted(c)}' for c in columns)} LIMIT 0")
        return dict(zip(columns, columns, strict=True))
    listed = ", ".join(map(database.quoted, wanted))
    _, batches = run(f"SELECT {listed} {source} LIMIT {HEAD + 1}")
    head = [tuple(row) for rows in batches for row in rows]
    table = _Loading(connection, wanted)
    if len(head) <= HEAD:
        table.add(head)
    elif countable and _alike(head):
        _, batches = run(f"SELECT {listed}, count(*) {source} GROUP BY {listed}")
        table = _Loading(connection, [*wanted, TIMES])
        for rows in batches:
            table.add(rows)
    else:
        _, batches = run(f"SELECT {listed} {source}")
        for rows in batches:
            table.add(rows)
    table.close()
    return dict(zip(columns, columns, strict=True))


def _alike(rows: Rows) -> bool:
    """Whether rows have so few combinations that counting them saves something."""
    try:
        return len(set(rows)) <= len(rows) / 2
    except TypeError:  # lists or records, which will be refused
        return False


def _wanted(experiment: Experiment, columns: Sequence[str]) -> tuple[list[str], bool]:
    """Columns that are used, and whether it is enough to know how often each combination occurs; none if unclear."""
    data = experiment.data
    if data.formula is not None or data.labels is not None or data.by is not None:
        return list(columns), False
    truncation = data.truncation
    ends = () if truncation is None else (truncation.lower, truncation.upper)
    others = {name for name in (data.lower, data.upper, data.event, data.weight, *ends) if isinstance(name, str)}
    used = {data.column} if data.column is not None else set(columns) - others if data.lower is None else set()
    if data.column is None and len(used) > 1:
        return [], False
    wanted = [name for name in columns if name in used | others]
    return wanted, not data.ordered and data.weights_kind == "frequency"


class _Loading:
    """A table of DuckDB that grows by batches of rows; its columns take the type that holds all their values."""

    def __init__(self, connection: DuckDBPyConnection, names: Sequence[str]) -> None:
        self.connection, self.names = connection, names
        self.kinds: list[str | None] = [None] * len(names)
        self.made = False

    def add(self, rows: Rows) -> None:
        """Add rows."""
        import pandas as pd

        cells = list(zip(*rows, strict=True)) if rows else [()] * len(self.names)
        kinds = [_wider(known, _kind(column)) for known, column in zip(self.kinds, cells, strict=True)]
        pairs = list(zip(self.names, self.kinds, kinds, strict=True))
        if not self.made:
            typed = ", ".join(f"{quoted(name)} {kind or 'VARCHAR'}" for name, _, kind in pairs)
            self.connection.execute(f"CREATE TABLE raw ({typed})")
        for name, before, kind in pairs if self.made else ():
            if kind != before:
                using = "USING NULL" if kind in _ODD else ""  # they will be refused
                self.connection.execute(f"ALTER TABLE raw ALTER {quoted(name)} TYPE {kind} {using}")
        self.made = True
        self.kinds = kinds
        if rows:
            arrays = {f"c{i}": _array(column, kinds[i]) for i, column in enumerate(cells)}
            self.connection.from_df(pd.DataFrame(arrays)).insert_into("raw")

    def close(self) -> None:
        """Make the table if there were no rows."""
        if not self.made:
            self.add([])


def _kind(cells: Sequence[Any]) -> str | None:
    """DuckDB's type of some cells; None if all are empty."""
    types = {type(cell) for cell in cells} - {type(None)}
    if not types:
        return None
    if types <= {bool}:
        return "BOOLEAN"
    if types <= {bool, int}:
        return "BIGINT" if all(-(2**63) <= cell < 2**63 for cell in cells if cell is not None) else "DOUBLE"
    if types <= {bool, int, float, decimal.Decimal}:
        return "DOUBLE"
    if types & {list, dict, tuple, set}:
        return "INTEGER[]"
    if types <= {dt.date, dt.datetime, dt.time, dt.timedelta}:
        return "TIMESTAMP"
    return "BLOB" if types & {bytes, bytearray, memoryview} else "VARCHAR"


def _wider(one: str | None, other: str | None) -> str | None:
    """The type that holds the values of both."""
    if one == other or one is None or other is None:
        return one or other
    for kind in _ODD:
        if kind in (one, other):
            return kind
    return max(one, other, key=_NUMBERS.index) if one in _NUMBERS and other in _NUMBERS else "VARCHAR"


def _array(cells: Sequence[Any], kind: str | None) -> Any:
    """Cells as a column of a frame; of a type that is refused they do not matter."""
    import pandas as pd

    if kind == "DOUBLE":
        return np.array([np.nan if cell is None else float(cell) for cell in cells])
    if kind in ("BOOLEAN", "BIGINT"):
        return pd.array(list(cells), dtype="boolean" if kind == "BOOLEAN" else "Int64")
    values: NDArray[Any] = np.empty(len(cells), dtype=object)
    if kind == "VARCHAR":
        values[:] = [None if cell is None else str(cell) for cell in cells]
    return pd.Series(values, dtype=object)  # not pandas' own text, which the oldest DuckDB does not know
