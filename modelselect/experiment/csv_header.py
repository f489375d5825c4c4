"""The first lines of a CSV file: comments to skip, the delimiter, the names of the columns."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from modelselect.errors import DataError

DELIMITERS = (",", ";", "\t", "|")

_LONGEST = 2**20  # characters in a line; a file without line ends is not text


@dataclass(frozen=True)
class Header:
    """What the first lines say: how many lines stand before the header, the delimiter, the names."""

    skipped: int
    delimiter: str
    names: tuple[str, ...]


def csv_header(path: Path) -> Header:
    r"""Read the header of a CSV file.

    Lines before it that are empty or begin with ``#`` are skipped. The delimiter is the one of comma, semicolon,
    tabulator and bar that occurs most often in it. A column without a name is called ``column0``, ``column1`` …
    by its position.

    Raises
    ------
    DataError
        The file is not UTF-8 text, has no header, or names two columns alike.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mites.csv")
    ...     _ = path.write_text("# mites\nleaf;count\n0;70\n")
    ...     csv_header(path)
    Header(skipped=1, delimiter=';', names=('leaf', 'count'))
    """
    try:
        with _opened(path) as stream:
            return _header(stream)
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02X}"
        raise DataError(f"the byte {byte} is not UTF-8, expected a text file saved as UTF-8") from None
    except (csv.Error, EOFError) as error:
        raise DataError(f"it is not a text file of comma-separated values ({error})") from None


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("r", encoding="utf-8-sig", newline="")


def _header(stream: TextIO) -> Header:
    skipped = 0
    line = stream.readline(_LONGEST)
    while line and (line.startswith("#") or not line.strip()):
        skipped += 1
        line = stream.readline(_LONGEST)
    if "\0" in line or len(line) == _LONGEST:
        raise DataError("it is not a text file of comma-separated values")
    if not line:
        raise DataError("there is nothing in it but comments, expected a header and rows")
    bare = re.sub(r'"[^"]*"', "", line)
    delimiter = max(DELIMITERS, key=bare.count)
    cells = next(csv.reader(_lines(line, stream), delimiter=delimiter))
    names = [cell.strip() or f"column{number}" for number, cell in enumerate(cells)]
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            other = seen[name.casefold()]
            but = "" if other == name else f" (as '{other}'; capitals make no difference)"
            raise DataError(f"its header has the column '{name}' twice{but}, expected distinct names")
        seen[name.casefold()] = name
    return Header(skipped, delimiter, tuple(names))


def _lines(first: str, stream: TextIO) -> Iterator[str]:
    yield first
    while line := stream.readline(_LONGEST):
        yield line
