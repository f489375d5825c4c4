"""From what an experiment says about its data to a Sample: inline, or a file read through DuckDB.

A CSV file is UTF-8 text: comment lines that begin with ``#``, then a header line, then rows. Its header decides
the delimiter, and every column is text until all its cells are seen to be numbers; nothing is guessed from a
part of the file. A condition (``where``) is one SQL expression on the columns of one file: it is evaluated after
the file has been read, with all access to other files, to the network and to Python shut off.

Rows are counted from 1, the header and comment lines not among them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.errors import ConfigurationError, DataError, ModelSelectError
from modelselect.experiment.csv_header import Header, csv_header
from modelselect.experiment.documents import shown
from modelselect.family import did_you_mean
from modelselect.sample import Sample

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from modelselect.experiment.config import Experiment

#: Cells that mean *no value* in a column of numbers; in a column of text they are labels.
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "UTINYINT")
_NUMBERS += ("USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM")
_TEXTS = ("VARCHAR", "ENUM")

#: no code is fetched or loaded, and SQL sees no Python variable
_SEALED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes
    ----------
    sample
        The data.
    sentence
        Where they came from, in words.
    notes
        What was recognised or assumed, here and by `Sample`.
    """

    sample: Sample
    sentence: str
    notes: tuple[str, ...]


def read(experiment: Experiment) -> Source:
    """Read the data of an experiment.

    Raises
    ------
    DataError
        The file cannot be read or lacks the column, or its values cannot be used; the sentence begins with
        the place of the setting at fault where there is one.
    ConfigurationError
        The condition is not valid, or rows are to be grouped.

    Examples
    --------
    >>> from modelselect.experiment.config import Experiment
    >>> read(Experiment(data={"values": [3, 1, 1, 2]}, candidates=["poisson"])).sentence
    '4 observations, given as values'
    """
    data = experiment.data
    if data.by is not None:
        raise grouping_refused(experiment)
    try:
        if data.values is not None:
            sample = Sample(
                data.values,
                data.weights,
                weights_kind=data.weights_kind,
                resolution=data.resolution,
                missing=data.missing,
            )
        elif data.counts is not None:
            sample = Sample.from_counts(data.counts, resolution=data.resolution)
        elif data.probabilities is not None:
            sample = Sample.from_probabilities(data.probabilities, data.n)
        else:
            return _read_file(experiment)
    except DataError as error:
        setting = data.source if str(error).startswith(data.source) else ""
        raise DataError(_at(experiment, setting, str(error))) from None
    what = f"{sample.n:.12g} observations" if not sample.known else f"{len(sample)} outcomes"
    return Source(sample, f"{what}, given as {data.source}", sample.notes)


def grouping_refused(experiment: Experiment) -> ConfigurationError:
    """Make the error about ``by``, which this version does not know yet."""
    sentence = f"got {experiment.data.by!r}, but grouping comes in a later version; use where to take one group"
    return ConfigurationError(_at(experiment, "by", f"by: {sentence}"))


def fingerprint(sample: Sample) -> str:
    """SHA-256 of the distinct values and their weights, the same on every platform.

    Examples
    --------
    >>> fingerprint(Sample([1, 2, 2])) == fingerprint(Sample([2, 1, 2]))
    True
    """
    digest = hashlib.sha256()
    if sample.kind == "nominal":
        digest.update("\0".join(map(str, sample.values)).encode())
    else:
        digest.update(np.asarray(sample.values, dtype="<f8").tobytes())
    digest.update(np.asarray(sample.weights, dtype="<f8").tobytes())
    return digest.hexdigest()


def _at(experiment: Experiment, setting: str, sentence: str) -> str:
    """Put the place and the path of a setting in front of a sentence that begins with its last word."""
    place = experiment.place("data", *([setting] if setting else []))
    return f"{place}: data.{sentence}" if place else f"data.{sentence}"


# -- files ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A data file that is being read: the connection, and what is needed to complain well."""

    experiment: Experiment
    path: Path
    connection: DuckDBPyConnection

    @property
    def name(self) -> str:
        """The path as the experiment writes it."""
        data = self.experiment.data
        return str(data.csv or data.parquet or data.json_file)

    def refuse(
        self, setting: str, sentence: str, kind: type[ModelSelectError] = DataError
    ) -> ModelSelectError:
        """Make an error about one of the settings under ``data``."""
        return kind(_at(self.experiment, setting, f"{setting}: {sentence}"))


def _read_file(experiment: Experiment) -> Source:
    import duckdb

    path = experiment.data.path
    if path is None:
        raise DataError("data: there is no source")
    with duckdb.connect(":memory:", config=_SEALED) as connection:
        file = _File(experiment, path, connection)
        _check_readable(file)
        return _source(file)


def _check_readable(file: _File) -> None:
    source = file.experiment.data.source
    try:
        if file.path.is_dir():
            raise file.refuse(source, f"{file.name} is a folder, expected a {source} file")
        if not file.path.exists():
            siblings = [sibling.name for sibling in file.path.parent.glob("*")]
            hint = did_you_mean(file.path.name[:80], siblings)
            raise file.refuse(source, f"the file {file.name} does not exist{hint}")
        if not file.path.is_file():
            raise file.refuse(source, f"{file.name} is not a regular file")
        with file.path.open("rb") as stream:
            if not stream.read(1):
                raise file.refuse(source, f"the file {file.name} is empty")
    except (OSError, ValueError) as error:
        if isinstance(error, ModelSelectError):
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise file.refuse(source, f"the file {file.name} cannot be read ({reason})") from None


def _source(file: _File) -> Source:
    data, notes = file.experiment.data, []
    columns = _load(file)
    value, chosen = _value_column(file, columns)
    if chosen:
        notes.append(f"column `{value}` was taken: it is the only one{' but the weights' if data.weight else ''}")
    if data.weight is not None and data.weight not in columns:
        raise file.refuse("weight", _no_such_column(file, data.weight, columns))
    needed = dict.fromkeys(name for name in (value, data.weight) if name is not None)
    kinds = _type_columns(file, columns, list(columns) if data.where else list(needed))

    rows = file.connection.table("data")
    total = len(rows)
    if total == 0:
        raise file.refuse(data.source, f"{file.name} has no rows of data")
    if data.where is not None:
        rows = _filtered(file, rows, data.where, columns)
    x, weights, row = _fetch(file, rows, value, kinds, notes)
    if len(row) == 0:
        raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where or '')}")
    _check_values(file, value, x, weights, row)
    sample = _sample(file, value, x, weights)

    sentence = f"{sample.n:.12g} observations in column `{value}` of {file.name}"
    if data.weight is not None:
        sentence += f", weighted by `{data.weight}`"
    if data.where is not None:
        sentence += f", where {data.where.strip()}: {len(row)} of {total} rows"
    elif data.weight is not None:
        sentence += f": {total} rows"
    return Source(sample, sentence, (*notes, *sample.notes))


def _load(file: _File) -> dict[str, str]:
    """Read the file into the table ``raw``; return its columns, name → name in ``raw``."""
    import duckdb

    source = file.experiment.data.source
    pattern = re.sub(r"([*?\[])", r"[\1]", str(file.path))  # DuckDB takes a path as a pattern
    try:
        if source == "csv":
            header = csv_header(file.path)
            names = {name: f"c{number}" for number, name in enumerate(header.names)}
            types = dict.fromkeys(names.values(), "VARCHAR")
            file.connection.execute(_READ_CSV, [pattern, header.delimiter, types, header.skipped])
        else:
            reader = "read_parquet(?)" if source == "parquet" else "read_json(?, sample_size = -1)"
            relation = file.connection.execute(f"DESCRIBE SELECT * FROM {reader}", [pattern])  # noqa: S608
            found = [str(name) for name, *_ in relation.fetchall()]
            names = dict(zip(found, found, strict=True))
            wanted = _wanted(file, found)
            file.connection.execute(f"CREATE TABLE raw AS SELECT {wanted} FROM {reader}", [pattern])  # noqa: S608
    except duckdb.Error as error:
        raise file.refuse(source, f"the file {file.name} cannot be read: {_reason(str(error))}") from None
    except (DataError, OSError, ValueError) as error:
        raise file.refuse(source, f"the file {file.name} cannot be read: {error}") from None
    # from here on there is only this one table
    file.connection.execute("SET enable_external_access = false")
    file.connection.execute("SET lock_configuration = true")
    return names


_READ_CSV = """
    CREATE TABLE raw AS SELECT * FROM read_csv(?, delim = ?, columns = ?, skip = ?,
        auto_detect = false, header = true, quote = '"', escape = '"', strict_mode = true)
"""


def _wanted(file: _File, names: Sequence[str]) -> str:
    """Columns that will be used, as SQL; all of them if a condition may name any."""
    data = file.experiment.data
    if data.where is None and data.column in names:
        names = [name for name in names if name in (data.column, data.weight)]
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _reason(message: str) -> str:
    """What DuckDB complains of, in one line and without its advice."""
    line = re.search(r"CSV Error on Line: (\d+)", message)
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if line and cells:
        found, expected = int(cells[2]), int(cells[1])
        return f"line {line[1]} has {found} cell{'s' * (found != 1)}, but the header has {expected}"
    if line and "unicode" in message:
        return f"line {line[1]} is not UTF-8"
    if line and "quote" in message:
        return f"a quotation mark that opens on line {line[1]} is not closed"
    if line:
        return f"line {line[1]} is not valid CSV"
    first = message.split("\n")[0].strip()
    return re.sub(r"^[\w ]+ Error: ", "", first)


def _value_column(file: _File, columns: dict[str, str]) -> tuple[str, bool]:
    """Name of the column of observations, and whether it was chosen here."""
    data = file.experiment.data
    if data.column is not None:
        if data.column not in columns:
            raise file.refuse("column", _no_such_column(file, data.column, columns))
        name, chosen = data.column, False
    else:
        possible = [name for name in columns if name != data.weight]
        if len(possible) != 1:
            many = f"say which of the columns of {file.name} to use: {_listed(columns)}"
            none = f"{file.name} has no column but `{data.weight}`"
            raise file.refuse("column", many if possible else none)
        name, chosen = possible[0], True
    if data.source == "csv" and re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", name):
        raise file.refuse(
            "csv", f"the first line of {file.name} holds the number {name}, expected a header with column names"
        )
    return name, chosen


def _no_such_column(file: _File, name: str, columns: dict[str, str]) -> str:
    hint = did_you_mean(name[:80], columns)
    return f"{file.name} has no column '{name}', it has {_listed(columns)}{hint}"


def _listed(columns: dict[str, str]) -> str:
    names = list(columns)
    return ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")


def _type_columns(file: _File, columns: dict[str, str], used: list[str]) -> dict[str, str]:
    """Make the table ``data`` of some columns of ``raw``, text that is all numbers made numbers; return types."""
    described = {name: str(kind) for name, kind, *_ in file.connection.execute("DESCRIBE raw").fetchall()}
    texts = {
        name: f"trim({_quoted(columns[name])} ->> '$')" if kind == "JSON" else f"trim({_quoted(columns[name])})"
        for name in used
        if (kind := described[columns[name]]) in (*_TEXTS, "JSON")
    }
    absent = "(" + ", ".join(f"'{word}'" for word in MISSING) + ")"
    present = {name: f"CASE WHEN {text} NOT IN {absent} THEN {text} END" for name, text in texts.items()}
    counts = [
        f"count({cell}), count(TRY_CAST({cell} AS DOUBLE)), count(TRY_CAST({cell} AS BIGINT)), "
        f"count(*) FILTER (TRY_CAST({cell} AS DOUBLE) <> floor(TRY_CAST({cell} AS DOUBLE)))"
        for cell in present.values()
    ]
    found = file.connection.execute(f"SELECT {', '.join(counts) or 'NULL'} FROM raw").fetchone() or ()  # noqa: S608
    kinds, expressions = {}, []
    for name in used:
        kind, expression = described[columns[name]], _quoted(columns[name])
        if name in texts:
            at = 4 * list(texts).index(name)
            cells, numbers, integers, fractions = found[at : at + 4]
            is_number = cells == numbers and cells > 0
            kind = "VARCHAR" if not is_number else "BIGINT" if integers == cells and not fractions else "DOUBLE"
            expression = f"CAST({present[name]} AS {kind})" if is_number else f"nullif({texts[name]}, '')"
        kinds[name] = kind
        expressions.append(f"{expression} AS {_quoted(name)}")
    file.connection.execute(f"CREATE TABLE data AS SELECT {', '.join(expressions)} FROM raw")  # noqa: S608
    return kinds


def _filtered(file: _File, rows: Any, where: str, columns: dict[str, str]) -> Any:
    """Rows that meet the condition, which must be one expression."""
    import duckdb

    try:
        kept = rows.filter(where)
        len(kept)
    except duckdb.Error as error:
        reason = _reason(str(error))
        unknown = re.search(r'Referenced column "(.+?)" not found', reason)
        if unknown:
            reason = f"there is no column '{unknown[1]}', {file.name} has {_listed(columns)}"
            reason += did_you_mean(unknown[1][:80], columns)
        elif "disabled by configuration" in reason:
            reason = "a condition reads the columns of its own file only"
        elif "modifiers" in reason or "single expression" in reason:
            reason = "expected one expression such as loss > 10 AND year = 1980"
        raise file.refuse("where", f"{shown(where)} is not a condition: {reason}", ConfigurationError) from None
    return kept


def _fetch(
    file: _File, rows: Any, value: str, kinds: dict[str, str], notes: list[str]
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any]]:
    """Values, weights and row numbers as arrays; missing values as NaN, or None among labels."""
    weight = file.experiment.data.weight
    kind = kinds[value]
    if kind == "BOOLEAN":
        notes.append(f"true and false in column `{value}` are taken as 1 and 0")
    elif not kind.startswith((*_NUMBERS, *_TEXTS)):
        raise file.refuse("column", f"`{value}` of {file.name} holds {_in_words(kind)}, expected numbers or text")
    if weight is not None and not kinds[weight].startswith(_NUMBERS):
        raise file.refuse("weight", f"`{weight}` of {file.name} holds {_first_text(file, rows, weight, kinds)}, expected numbers")
    is_text = kind.startswith(_TEXTS)
    if is_text:
        _check_labels(file, rows, value)
    parts = ["rowid + 1 AS r", f"CAST({_quoted(value)} AS {'VARCHAR' if is_text else 'DOUBLE'}) AS x"]
    parts += [f"CAST({_quoted(weight)} AS DOUBLE) AS w"] if weight is not None else []
    arrays = rows.project(", ".join(parts)).fetchnumpy()
    x = np.ma.filled(arrays["x"], None if is_text else np.nan)
    if not is_text and kind.endswith("INT") and len(x) and np.nanmax(np.abs(x), initial=0.0) > 2.0**53:
        notes.append(f"whole numbers beyond 2^53 in column `{value}` are rounded to the nearest double")
    return x, np.ma.filled(arrays["w"], np.nan) if weight is not None else None, np.ma.getdata(arrays["r"])


def _in_words(kind: str) -> str:
    if kind.startswith(("DATE", "TIME", "INTERVAL")):
        return "dates or times"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "lists or records"
    return f"values of type {kind}"


def _first_text(file: _File, rows: Any, name: str, kinds: dict[str, str]) -> str:
    if not kinds[name].startswith(_TEXTS):
        return _in_words(kinds[name])
    column = _quoted(name)
    found = rows.filter(f"{column} IS NOT NULL AND TRY_CAST({column} AS DOUBLE) IS NULL")
    first = found.project(f"rowid + 1, {column}").limit(1).fetchone()
    return f"the text {shown(str(first[1]))} in row {first[0]}" if first else "nothing but missing values"


def _check_labels(file: _File, rows: Any, name: str) -> None:
    """Refuse a column of text that was meant to hold numbers."""
    column = _quoted(name)
    numbers = rows.filter(f"TRY_CAST({column} AS DOUBLE) IS NOT NULL").aggregate("count(*)").fetchone()[0]
    if numbers:
        text = _first_text(file, rows, name, {name: "VARCHAR"})
        raise file.refuse(
            "column", f"`{name}` of {file.name} holds {text}, but numbers elsewhere, expected all numbers or all text"
        )
    like = r"^[-+]?[$€£]?\d[\d.,''  ]*[%€]?$"
    odd = rows.filter(f"{column} IS NOT NULL AND NOT regexp_matches({column}, '{like}')")
    if not odd.limit(1).fetchone() and (first := rows.filter(f"{column} IS NOT NULL").project(column).limit(1).fetchone()):
        raise file.refuse(
            "column",
            f"`{name}` of {file.name} holds text such as {shown(str(first[0]))}, expected plain numbers such as 1234.5",
        )


def _check_values(
    file: _File, value: str, x: NDArray[Any], weights: NDArray[Any] | None, row: NDArray[Any]
) -> None:
    """Refuse what `Sample` would refuse, but with the rows of the file."""
    data = file.experiment.data
    counts = np.ones(len(x)) if weights is None else weights
    odd = ~np.isfinite(counts) | (counts < 0)
    if odd.any():
        first = counts[odd][0]
        got = "no weight" if np.isnan(first) else f"the weight {first:g}"
        raise file.refuse("weight", f"`{data.weight}` of {file.name} has {got} in {_rows(row[odd])}, expected at least 0")
    if not (counts > 0).any():
        raise file.refuse("weight", f"`{data.weight}` of {file.name} is 0 everywhere, expected a positive weight")
    is_text = x.dtype == object
    absent = np.array([label is None for label in x]) if is_text else np.isnan(x)
    absent &= counts > 0
    if absent.all():
        raise file.refuse("column", f"`{value}` of {file.name} has no values at all, {len(x)} are missing")
    if absent.any() and data.missing == "refuse":
        sentence = f"`{value}` of {file.name} has {absent.sum()} missing values, in {_rows(row[absent])}"
        raise file.refuse("column", f"{sentence}; leave them out with missing: drop")
    if not is_text and (infinite := np.isinf(x) & (counts > 0)).any():
        raise file.refuse("column", f"`{value}` of {file.name} is infinite in {_rows(row[infinite])}, expected numbers")


def _rows(rows: NDArray[Any]) -> str:
    shown_rows = ", ".join(map(str, rows[:8].tolist()))
    more = f", … ({len(rows)} in all)" if len(rows) > 8 else ""
    return f"row{'s' * (len(rows) > 1)} {shown_rows}{more} (data rows, counted from 1)"


def _sample(file: _File, value: str, x: NDArray[Any], weights: NDArray[Any] | None) -> Sample:
    data = file.experiment.data
    kind = data.weights_kind if weights is not None else "frequency"
    try:
        return Sample(x, weights, weights_kind=kind, resolution=data.resolution, missing=data.missing)
    except DataError as error:
        setting = "resolution" if "resolution" in str(error) else "column"
        raise file.refuse(setting, f"`{value}` of {file.name}: {error}") from None
