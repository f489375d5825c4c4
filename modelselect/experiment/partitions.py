"""Parts of data files that are read each for itself: a file of a pattern, or a piece of a large one.

A large file is divided where it can be: a CSV file between two of its lines, a Parquet file between two rows, an Arrow
file between two of its batches. Where it is divided depends on the file alone, and not on who reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from modelselect.errors import DataError
from modelselect.experiment import arrow
from modelselect.experiment.csv_header import csv_header
from modelselect.experiment.files import DataFile, check_readable, load, opened, wanted
from modelselect.experiment.readers import SEALED, Reading, csv_reader, exactly, literal, reading

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment

#: Rows of a Parquet or Arrow file that are read together, about.
ROWS_A_PARTITION = 1_000_000
#: Bytes of a CSV file that are read together, about.
BYTES_A_PARTITION = 2**24
_BLOCK = 2**22


@dataclass(frozen=True)
class Partition:
    """A file, or a piece of it.

    Attributes
    ----------
    first, last
        Where the piece begins and ends (before it): bytes of CSV, rows of Parquet, batches of Arrow.
    before
        Rows of the file before the piece, if that is known.
    alone
        Whether there is no other partition.
    """

    path: Path
    first: int | None = None
    last: int | None = None
    before: int | None = 0
    alone: bool = True


@dataclass(frozen=True)
class PartitionFile(DataFile):
    """A partition that is being read."""

    partition: Partition

    @cached_property
    def paths(self) -> list[Path]:
        """Where it is."""
        return [self.partition.path]

    @property
    def name(self) -> str:
        """The path as the experiment writes it, or the file that its pattern found."""
        alone = self.partition.alone or len(self.experiment.data.paths) == 1
        return super().name if alone else str(self.partition.path)

    @property
    def before(self) -> int:
        """Rows of the file before the piece."""
        return self.partition.before or 0

    @property
    def lines(self) -> int:
        """Lines of a CSV file before the piece."""
        if self.experiment.data.source != "csv" or not self.partition.first:
            return 0
        return sum(block.count(b"\n") for block in _blocks(self.partition.path, 0, self.partition.first))


def partitions(experiment: Experiment) -> list[Partition]:
    """Where the rows are: the file, the files that a pattern such as ``sales-*.parquet`` finds, or pieces of them.

    Raises
    ------
    DataError
        No file fits the pattern.
    """
    data = experiment.data
    if data.sql is not None:
        return [Partition(Path())]
    if not data.paths:
        none: Any = None
        raise DataFile(experiment, none).refuse(data.source, f"no file matches {', '.join(data.files)}")
    parts = [part for path in data.paths for part in _pieces(path, data.source)]
    return [replace(part, alone=len(parts) == 1) for part in parts]


def _pieces(path: Path, source: str) -> list[Partition]:
    """Pieces of a file that is large; the file where it cannot be read, which reading it will say."""
    if not path.is_file():
        return [Partition(path)]
    if source == "csv" and path.suffix != ".gz":
        ends = _ends_of_lines(path)
    elif source == "parquet":
        rows = _rows_of_parquet(path)
        ends = _evenly(rows, rows)
    elif source == "arrow":
        ends = _evenly(*_rows_of_arrow(path))
    else:
        ends = []
    if len(ends) < 3:
        return [Partition(path)]
    known = {"parquet": ends}.get(source, [0, *[None] * len(ends)])
    return [Partition(path, low, high, known[i]) for i, (low, high) in enumerate(pairwise(ends))]


def _evenly(rows: int, units: int) -> list[int]:
    """Ends of pieces of about `ROWS_A_PARTITION` rows, in units of which a file is made."""
    parts = min(math.ceil(rows / ROWS_A_PARTITION), units)
    return [units * i // parts for i in range(parts + 1)] if parts else []


def _rows_of_parquet(path: Path) -> int:
    import duckdb

    try:
        with duckdb.connect(":memory:", config=SEALED) as connection:
            asked = "SELECT sum(num_rows) FROM parquet_file_metadata(?)"
            (rows,) = connection.execute(asked, [exactly(path)]).fetchone() or (0,)
    except duckdb.Error:
        return 0
    return int(rows)


def _rows_of_arrow(path: Path) -> tuple[int, int]:
    try:
        return arrow.extent(path)
    except (DataError, OSError, ValueError):
        return 0, 0


def _ends_of_lines(path: Path) -> list[int]:
    r"""Bytes at which pieces of a CSV file end.

    A line ends at a \n with an even number of quotation marks before it (RFC 4180, 2.6 and 2.7), those of comments
    before the header not counted.
    """
    size = path.stat().st_size
    parts = math.ceil(size / BYTES_A_PARTITION)
    if parts < 2:
        return []
    try:
        start = _comments(path)
    except (DataError, OSError):
        return []
    ends, inside = [0], False
    for block in _blocks(path, start, size):
        at = 0  # of the block; `inside`: whether there is an open quotation mark before it
        while len(ends) < parts and (goal := max(size * len(ends) // parts, ends[-1]) - start) < len(block):
            end = block.find(b"\n", max(goal, at))
            if end < 0:
                break
            inside ^= block.count(b'"', at, end) % 2 == 1
            if not inside:
                ends.append(start + end + 1)
            at = end + 1
        inside ^= block.count(b'"', at) % 2 == 1
        start += len(block)
    return [*(end for end in dict.fromkeys(ends) if end < size), size]


def _comments(path: Path) -> int:
    """Bytes before the header."""
    skipped = csv_header(path).skipped
    with path.open("rb") as stream:
        for _ in range(skipped):
            stream.readline()
        return stream.tell()


# -- reading -----------------------------------------------------------------------------------------------------------


@contextmanager
def opened_partition(experiment: Experiment, partition: Partition) -> Iterator[tuple[PartitionFile, dict[str, str]]]:
    """Open a partition, whose rows become the table ``raw``; with its columns, name → name in ``raw``.

    Raises
    ------
    DataError
        It cannot be read.
    """
    with opened(experiment) as whole, TemporaryDirectory(prefix="modelselect-") as folder:
        file = PartitionFile(experiment, whole.connection, partition)
        check_readable(file)
        yield file, load(file, lambda: _reading(file, Path(folder)))


def _reading(file: PartitionFile, folder: Path) -> Reading:
    """How the rows are read."""
    source, connection, part = file.experiment.data.source, file.connection, file.partition
    if part.first is None or part.last is None:
        return reading(source, file.paths, connection)
    if source == "csv":
        header = csv_header(part.path)
        _copy(part.path, folder / "piece.csv", part.first, part.last)
        reader = csv_reader([folder / "piece.csv"], header, headed=part.first == 0)
        return Reading(f"FROM {reader}", {name: f"f{place}" for place, name in enumerate(header.names)})
    if source == "parquet":
        # by the numbers of the rows, so that DuckDB skips groups of them that lie elsewhere
        reader = f"read_parquet({literal(exactly(part.path))}, file_row_number = true)"
        within = f"file_row_number >= {part.first} AND file_row_number < {part.last}"
        return Reading(f"FROM {reader} WHERE {within}", reading(source, file.paths, connection).names)
    names = arrow.dataset(part.path).schema.names
    connection.register("batches", arrow.batches(part.path, part.first, part.last, wanted(file, names)))
    return Reading("FROM batches", {name: name for name in names})


def placed(experiment: Experiment, partition: Partition) -> Partition:
    """The same piece of a file, with the number of rows before it."""
    part = replace(partition, first=0, last=partition.first, before=0)
    with opened_partition(experiment, part) as (file, _):
        ((rows,),) = file.connection.execute("SELECT count(*) FROM raw").fetchall()
    return replace(partition, before=int(rows))


def _copy(path: Path, piece: Path, first: int, last: int) -> None:
    """Copy some bytes of a file."""
    with piece.open("wb") as copy:
        copy.writelines(_blocks(path, first, last))


def _blocks(path: Path, first: int, last: int) -> Iterator[bytes]:
    """Bytes of a file from `first` to before `last`, some at a time."""
    with path.open("rb") as stream:
        stream.seek(first)
        while first < last and (block := stream.read(min(_BLOCK, last - first))):
            yield block
            first += len(block)
