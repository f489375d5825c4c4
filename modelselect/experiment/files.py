"""A data file as a table of DuckDB: typed by all its cells, and cut off from everything else.

A small file is read as a whole; a large one stays where it is and is read by each query anew. A condition
(``where``) is one SQL expression on the columns of the file: it is evaluated when the file has been opened, with
all access to other files, to the network and to Python shut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from modelselect.errors import ConfigurationError, DataError, ModelSelectError, did_you_mean
from modelselect.experiment.databases import TIMES, load_query
from modelselect.experiment.documents import shown
from modelselect.experiment.memory import bytes_of, in_units, limits
from modelselect.experiment.readers import SEALED, Reading, exactly, literals, quoted, reading

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from modelselect.experiment.config import Experiment

#: Cells that mean *no value* in a column of numbers; in a column of text they are labels.
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")

#: Column of the table ``data`` that numbers the rows of the file from 1.
ROW = "number of the row in the file"

#: Names of DuckDB's types of numbers.
NUMBERS = re.compile(r"(TINY|SMALL|BIG|HUGE|UTINY|USMALL|UBIG|UHUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL(\(.*\))?")

#: The rows of ``data`` that meet the condition, where there is one.
KEPT = "kept"

TEXTS = ("VARCHAR", "ENUM")

#: Bytes of all files up to which they are read into memory as they are; Parquet, by its rows.
SMALL, FEW = 2**26, 10**6


def at(experiment: Experiment, setting: str, sentence: str) -> str:
    """Put the place and the path of a setting in front of a sentence that begins with its last word."""
    place = experiment.place("data", *setting.split(".")) if setting else experiment.place("data")
    return f"{place}: data.{sentence}" if place else f"data.{sentence}"


@dataclass(frozen=True)
class DataFile:
    """A data file that is being read: the connection, and what is needed to complain well."""

    experiment: Experiment
    connection: DuckDBPyConnection

    @cached_property
    def paths(self) -> list[Path]:
        """Where it is, or they are."""
        return self.experiment.data.paths

    @property
    def name(self) -> str:
        """The path as the experiment writes it, or the database."""
        data = self.experiment.data
        if data.sql is not None:
            return f"the query of {data.sql.name}"
        files = ", ".join(data.files[:3]) + (", …" if len(data.files) > 3 else "")
        return files if len(self.paths) == 1 else f"{files} ({len(self.paths)} files)"

    @property
    def memory(self) -> float:
        """Most bytes that reading may take."""
        return bytes_of(self.experiment.memory) if self.experiment.memory is not None else float("inf")

    @property
    def before(self) -> int:
        """Rows of the file that are not read, before those that are."""
        return 0

    @property
    def lines(self) -> int:
        """Lines of the file that are not read, before those that are."""
        return 0

    def has(self, column: str) -> bool:
        """Whether the table ``data`` has a column of ours."""
        return column in self.connection.table("data").columns

    def refuse(self, setting: str, sentence: str, kind: type[ModelSelectError] = DataError) -> ModelSelectError:
        """Make an error about one of the settings under ``data``."""
        return kind(at(self.experiment, setting, f"{setting}: {sentence}"))


def check_columns(file: DataFile, columns: dict[str, str]) -> dict[str, str]:
    """Columns that the settings name, all of which must exist."""
    named = columns_named(file.experiment)
    for setting, name in [*(("by", key) for key in file.experiment.data.keys), *named.items()]:
        if name not in columns:
            raise file.refuse(setting, no_such_column(file, name, columns))
    return named


@contextmanager
def opened(experiment: Experiment) -> Iterator[DataFile]:
    """Open the data of an experiment: DuckDB in memory, spilling into a folder that is removed afterwards.

    Raises
    ------
    DataError
        The file cannot be read, or needs more memory than it may take.
    """
    import duckdb

    with TemporaryDirectory(prefix="modelselect-") as folder:
        config = {**SEALED, "temp_directory": folder, **limits(experiment.memory)}
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET enable_progress_bar = false")  # it would be drawn into what we print
            file = DataFile(experiment, connection)
            source = experiment.data.source
            try:
                yield file
            except duckdb.OutOfMemoryException:
                raise too_large(file, "reading") from None
            except duckdb.Error as error:
                raise file.refuse(source, f"the file {file.name} cannot be read: {_reason(str(error))}") from None


def too_large(file: DataFile, what: str, size: float | None = None) -> ModelSelectError:
    """Make the error about what does not fit into the memory that it may take."""
    memory = file.experiment.memory
    limit = "there is" if memory is None else f"memory: {memory} allows"
    takes = "takes" if size is None else f"takes about {in_units(size)} beside the program itself,"
    sentence = (
        f"{what} {file.name} {takes} more than {limit}; expected more memory, fewer rows or fewer distinct values"
    )
    return file.refuse(file.experiment.data.source, sentence)


def check_readable(file: DataFile) -> None:
    """Refuse a path that is no file with something in it."""
    data = file.experiment.data
    if data.path is None:
        return
    if not file.paths:
        raise file.refuse(data.source, f"no file matches {', '.join(data.files)}")
    for path in file.paths:
        _check_path(file, path, file.name if len(file.paths) == 1 else str(path))


def _check_path(file: DataFile, path: Path, name: str) -> None:
    source = file.experiment.data.source
    try:
        if path.is_dir():
            raise file.refuse(source, f"{name} is a folder, expected a {source} file")
        if not path.exists():
            siblings = [sibling.name for sibling in path.parent.glob("*")]
            hint = did_you_mean(path.name[:80], siblings)
            raise file.refuse(source, f"the file {name} does not exist{hint}")
        if not path.is_file():
            raise file.refuse(source, f"{name} is not a regular file")
        with path.open("rb") as stream:
            if not stream.read(1):
                raise file.refuse(source, f"the file {name} is empty")
    except (OSError, ValueError) as error:
        if isinstance(error, ModelSelectError):
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise file.refuse(source, f"the file {name} cannot be read ({reason})") from None


def load(file: DataFile, piece: Callable[[], Reading] | None = None) -> dict[str, str]:
    """Open the file as ``raw``, a table if it is small, else a view; return its columns, name → name in ``raw``.

    Parameters
    ----------
    piece
        How to read a part of it, which then is a table.
    """
    import duckdb

    source, connection = file.experiment.data.source, file.connection
    if source == "sql":
        names = load_query(file.experiment, connection, file.refuse)
    else:
        try:
            found = reading(source, file.paths, connection) if piece is None else piece()
            names = dict(found.names)
            columns = ", ".join(quoted(names[name]) for name in wanted(file, list(names)))
            kind = "VIEW" if piece is None and not _small(file, found.select) else "TABLE"
            connection.execute(f"CREATE {kind} raw AS SELECT {columns} FROM ({found.select})")  # noqa: S608
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            reason = _reason(str(error), file.lines)
            raise file.refuse(source, f"the file {file.name} cannot be read: {reason}") from None
        except (DataError, OSError, ValueError) as error:
            raise file.refuse(source, f"the file {file.name} cannot be read: {error}") from None
    # from here on there is only this file, by its path and as DuckDB is told it
    own = [text for path in file.paths for text in (str(path), exactly(path))]
    connection.execute(f"SET allowed_paths = {literals(own)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return names


def _small(file: DataFile, select: str) -> bool:
    """Whether the file is read into memory as it is."""
    if file.experiment.data.source in ("parquet", "arrow"):
        found = file.connection.execute(f"SELECT count(*) FROM ({select})").fetchone()  # noqa: S608
        return bool(found and found[0] <= FEW)
    packed = 8 if any(path.suffix == ".gz" for path in file.paths) else 1
    return sum(path.stat().st_size for path in file.paths) * packed <= SMALL


def wanted(file: DataFile, names: Sequence[str]) -> list[str]:
    """Columns that will be used; all of them if a condition may name any."""
    data = file.experiment.data
    if data.where is None and (data.column in names or data.lower in names):
        used = {data.column, *data.keys, *columns_named(file.experiment).values()}
        return [name for name in names if name in used]
    return list(names)


def columns_named(experiment: Experiment) -> dict[str, str]:
    """Setting → column, of all settings but ``column`` that name one."""
    data = experiment.data
    named = {"lower": data.lower, "upper": data.upper, "event": data.event, "weight": data.weight}
    if data.truncation is not None:
        named |= {"truncation.lower": data.truncation.lower, "truncation.upper": data.truncation.upper}
    return {setting: name for setting, name in named.items() if isinstance(name, str)}


def _reason(message: str, before: int = 0) -> str:
    """What DuckDB complains of, in one line and without its advice; `before` are lines that it has not seen."""
    found = re.search(r"CSV Error on Line: (\d+)", message)
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if found is None:
        first = message.split("\n")[0].strip()
        return re.sub(r"^[\w ]+ Error: ", "", first)
    line = int(found[1]) + before
    if cells:
        number, expected = int(cells[2]), int(cells[1])
        return f"line {line} has {number} cell{'s' * (number != 1)}, but the header has {expected}"
    if "unicode" in message:
        return f"line {line} is not UTF-8"
    if "quote" in message:
        return f"a quotation mark that opens on line {line} is not closed"
    return f"line {line} is not valid CSV"


def value_column(file: DataFile, columns: dict[str, str]) -> tuple[str, bool]:
    """Name of the column of observations, and whether it was chosen here."""
    data = file.experiment.data
    if data.column is not None:
        if data.column not in columns:
            raise file.refuse("column", no_such_column(file, data.column, columns))
        name, chosen = data.column, False
    else:
        others = columns_named(file.experiment).values()
        possible = [name for name in columns if name not in others]
        if len(possible) != 1:
            many = f"say which of the columns of {file.name} to use: {_listed(columns)}"
            none = f"{file.name} has no column but {' and '.join(f'`{name}`' for name in dict.fromkeys(others))}"
            raise file.refuse("column", many if possible else none, ConfigurationError)
        name, chosen = possible[0], True
    if data.source == "csv" and re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", name):
        raise file.refuse(
            "csv", f"the first line of {file.name} holds the number {name}, expected a header with column names"
        )
    return name, chosen


def no_such_column(file: DataFile, name: str, columns: dict[str, str]) -> str:
    """Say that a column does not exist, and which do."""
    hint = did_you_mean(name[:80], columns)
    return f"{file.name} has no column '{name}', it has {_listed(columns)}{hint}"


def _listed(columns: dict[str, str]) -> str:
    names = [f"`{name}`" for name in columns]
    return ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")


def type_columns(file: DataFile, columns: dict[str, str], used: list[str]) -> dict[str, str]:
    """Make the table ``data`` of some columns of ``raw``, text that is all numbers made numbers; return types."""
    described = {name: str(kind) for name, kind, *_ in file.connection.execute("DESCRIBE raw").fetchall()}
    texts = {
        name: f"trim({quoted(columns[name])} ->> '$')" if kind == "JSON" else f"trim({quoted(columns[name])})"
        for name in used
        if (kind := described[columns[name]]).startswith((*TEXTS, "JSON"))
    }
    absent = "(" + ", ".join(f"'{word}'" for word in MISSING) + ")"
    present = {name: f"CASE WHEN {text} NOT IN {absent} THEN {text} END" for name, text in texts.items()}
    counts = [
        f"count({cell}), count(TRY_CAST({cell} AS DOUBLE)), count(TRY_CAST({cell} AS BIGINT)), "
        f"count(*) FILTER (TRY_CAST({cell} AS DOUBLE) <> floor(TRY_CAST({cell} AS DOUBLE))), "
        f"count(*) FILTER (lower({cell}) IN ('true', 'false')), "
        # which is slow to find out, and needless of a number
        f"count(TRY_CAST(CASE WHEN TRY_CAST({cell} AS DOUBLE) IS NULL THEN {cell} END AS TIMESTAMP))"
        for cell in present.values()
    ]
    found = file.connection.execute(f"SELECT {', '.join(counts) or 'NULL'} FROM raw").fetchone() or ()  # noqa: S608
    kept = _is_table(file)
    # of a view it is computed where it is asked for
    number = f"rowid + {file.before + 1}" if kept else "row_number() OVER ()"
    kinds, expressions = {}, [f"{number} AS {quoted(ROW)}"]
    if TIMES in described:
        expressions = [quoted(TIMES)]
    for name in used:
        kind, expression = described[columns[name]], quoted(columns[name])
        if name in texts:
            at = 6 * list(texts).index(name)
            kind = _kind(*found[at : at + 6])
            expression = f"nullif({texts[name]}, '')" if kind == "VARCHAR" else f"CAST({present[name]} AS {kind})"
        kinds[name] = kind
        expressions.append(f"{expression} AS {quoted(name)}")
    file.connection.execute(
        f"CREATE {'TABLE' if kept else 'VIEW'} data AS SELECT {', '.join(expressions)} FROM raw"  # noqa: S608
    )
    return kinds


def _is_table(file: DataFile) -> bool:
    found = file.connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'raw'").fetchone()
    return bool(found and found[0])


def _kind(cells: int, numbers: int, integers: int, fractions: int, truths: int, times: int) -> str:
    """Type of a column of text, by how many of its cells are of each."""
    if not cells:
        return "VARCHAR"
    if numbers == cells:
        return "BIGINT" if integers == cells and not fractions else "DOUBLE"
    return "BOOLEAN" if truths == cells else "TIMESTAMP" if times == cells else "VARCHAR"


def filtered(file: DataFile, rows: Any, where: str, columns: dict[str, str]) -> Any:
    """Rows that meet the condition, which must be one expression."""
    import duckdb

    try:
        len(rows.filter(where))  # which takes one expression only
        file.connection.execute(f"CREATE VIEW {KEPT} AS SELECT * FROM data WHERE (\n{where}\n)")  # noqa: S608
        return file.connection.table(KEPT)
    except duckdb.Error as error:
        reason = _reason(str(error))
        unknown = re.search(r'Referenced column "(.+?)" not found', reason)
        if unknown:
            reason = f"there is no column '{unknown[1]}', {file.name} has {_listed(columns)}"
            reason += did_you_mean(unknown[1][:80], columns)
        elif re.search("disabled (by|through) configuration", reason):
            reason = "a condition reads the columns of its own file only"
        elif re.search("modifiers|single (expression|SELECT)", reason):
            reason = "expected one expression such as loss > 10 AND year = 1980"
        raise file.refuse("where", f"{shown(where)} is not a condition: {reason}", ConfigurationError) from None


def in_condition(where: str | None, columns: Iterable[str]) -> dict[str, None]:
    """Columns that a condition may name: all where it does not name them, as ``COLUMNS(*)`` does."""
    text = (where or "").casefold()
    every = "columns" in text
    return {name: None for name in columns if text and (every or name.replace('"', '""').casefold() in text)}


def in_words(kind: str) -> str:
    """What a column holds that is neither numbers nor text."""
    if kind.startswith(("DATE", "TIME", "INTERVAL")):
        return "dates or times"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "lists or records"
    return f"values of type {kind}"


def first_text(rows: Any, name: str, kind: str) -> str:
    """The first cell of a column that is no number, and its row."""
    if not kind.startswith(TEXTS) or kind.endswith("]"):
        return in_words(kind)
    column = quoted(name)
    found = rows.filter(f"{column} IS NOT NULL AND TRY_CAST({column} AS DOUBLE) IS NULL")
    numbered = ROW in rows.columns
    first = found.project(f"{column}, {quoted(ROW) if numbered else 'NULL'}").limit(1).fetchall()
    if not first:
        return "nothing but missing values"
    return f"the text {shown(str(first[0][0]))}" + (f" in row {first[0][1]}" if numbered else "")


def counted(n: float, what: str) -> str:
    """A number of things, in words."""
    return f"{n:.12g} {what}{'' if n == 1 else 's'}"
