"""From the paths of data files to SQL that reads them: CSV, Parquet, JSON and Arrow, one or several alike.

A CSV file is UTF-8 text: comment lines that begin with ``#``, then a header line, then rows. Its header decides
the delimiter, and every column is text until all its cells are seen to be numbers; nothing is guessed from a
part of the file. Several files may differ in comments, in delimiter and in the order of their columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from modelselect.errors import DataError, did_you_mean
from modelselect.experiment.arrow import dataset
from modelselect.experiment.csv_header import Header, csv_header

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


#: no code is fetched or loaded, and SQL sees no Python variable
SEALED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclass(frozen=True)
class Reading:
    """How files are read: a SELECT, and the columns, name → name in the SELECT."""

    select: str
    names: Mapping[str, str]


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Texts as an SQL list."""
    return f"[{', '.join(map(literal, texts))}]"


def reading(source: str, paths: Sequence[Path], connection: DuckDBPyConnection) -> Reading:
    """Say in SQL how files of one kind are read.

    Raises
    ------
    DataError
        A file has other columns than the first one, or its header is not valid.
    duckdb.Error
        It cannot be read.
    """
    if source == "csv":
        return _csv(paths)
    return {"parquet": _parquet, "json": _json, "arrow": _arrow}[source](paths, connection)


def exactly(path: Path) -> str:
    """A path as DuckDB takes it, which would take it as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _csv(paths: Sequence[Path]) -> Reading:
    headers = [_header(path, several=len(paths) > 1) for path in paths]
    columns = headers[0].names
    for path, header in zip(paths, headers, strict=True):
        _same(columns, header.names, paths[0], path)
    parts = []
    for header, group in groupby(zip(headers, paths, strict=True), key=lambda pair: pair[0]):
        reader = csv_reader([path for _, path in group], header)
        places = [header.names.index(name) for name in columns]
        selected = ", ".join(f"f{place} AS c{number}" for number, place in enumerate(places))
        parts.append(f"SELECT {selected} FROM {reader}")  # noqa: S608
    return Reading(" UNION ALL ".join(parts), {name: f"c{number}" for number, name in enumerate(columns)})


def csv_reader(paths: Sequence[Path], header: Header, *, headed: bool = True) -> str:
    """The rows of CSV files with the same header, as text in columns ``f0``, ``f1`` and so on.

    Parameters
    ----------
    headed
        Whether the header stands in them.
    """
    types = ", ".join(f"f{number}: 'VARCHAR'" for number in range(len(header.names)))
    return (
        f"read_csv({literals(map(exactly, paths))}, delim = {literal(header.delimiter)}, columns = {{{types}}}, "
        f"skip = {header.skipped if headed else 0}, auto_detect = false, header = {str(headed).lower()}, "
        "quote = '\"', escape = '\"')"
    )


def _header(path: Path, *, several: bool) -> Header:
    try:
        return csv_header(path)
    except DataError as error:
        raise DataError(f"{path.name}: {error}" if several else str(error)) from None


def _parquet(paths: Sequence[Path], connection: DuckDBPyConnection) -> Reading:
    each = [_described(f"read_parquet({literal(exactly(path))})", connection) for path in paths]
    for path, columns in zip(paths, each, strict=True):
        _same(list(each[0]), list(columns), paths[0], path)
    # by their names, and in a type that holds the values of all
    reader = f"read_parquet({literals(map(exactly, paths))}, union_by_name = true)"
    return Reading(f"SELECT * FROM {reader}", {name: name for name in each[0]})  # noqa: S608


def _json(paths: Sequence[Path], connection: DuckDBPyConnection) -> Reading:
    if len(paths) > 1:
        each = [_described(f"read_json({literal(exactly(path))}, sample_size = -1)", connection) for path in paths]
        for path, columns in zip(paths, each, strict=True):
            _same(list(each[0]), list(columns), paths[0], path)
    files = literals(map(exactly, paths))
    # all of every file decides the types, which then are given, lest they be found again by every query
    every = f"sample_size = -1, maximum_sample_files = {len(paths)}, union_by_name = true"
    found = _described(f"read_json({files}, {every})", connection)
    types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in found.items())
    given = f"read_json({files}, columns = {{{types}}})" if found else f"read_json({files}, {every})"
    return Reading(f"SELECT * FROM {given}", {name: name for name in found})  # noqa: S608


def _arrow(paths: Sequence[Path], connection: DuckDBPyConnection) -> Reading:
    names = [f"arrow{number}" for number in range(len(paths))]
    for name, path in zip(names, paths, strict=True):
        connection.register(name, dataset(path))
    each = [_described(name, connection) for name in names]
    for path, columns in zip(paths, each, strict=True):
        _same(list(each[0]), list(columns), paths[0], path)
    return Reading(" UNION ALL BY NAME ".join(f"FROM {name}" for name in names), {name: name for name in each[0]})


def _described(reader: str, connection: DuckDBPyConnection) -> dict[str, str]:
    """Columns and their types."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()  # noqa: S608
    return {str(name): str(kind) for name, kind, *_ in described}


def _same(expected: Sequence[str], names: Sequence[str], first: Path, path: Path) -> None:
    """Refuse a file that lacks a column of the first one, or has one more."""
    lacking = [name for name in expected if name not in names]
    more = [name for name in names if name not in expected]
    if not lacking and not more:
        return
    if lacking:
        hint = did_you_mean(lacking[0][:80], more)
        raise DataError(f"{path} has no column '{lacking[0]}', which {first} has{hint}; expected the same columns")
    raise DataError(f"{path} has a column '{more[0]}', which {first} has not; expected the same columns")
