"""Names of data files in an experiment: one, a pattern, or a list of them."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from modelselect.experiment.problems import unexpected


def spelled_out(folder: Path, files: Sequence[str]) -> list[Path]:
    """Files that are meant, those of a pattern in the order of the alphabet.

    A name that is a file stands for it, whatever characters are in it; ``**`` goes through all folders.

    Examples
    --------
    >>> spelled_out(Path("datasets"), ["red_mites.csv", "red_*.csv"])
    [PosixPath('datasets/red_mites.csv')]
    """
    found: list[Path] = []
    for text in files:
        if not _is_pattern(folder, text):
            found.append(folder / text)
        else:
            pattern = Path(glob.escape(str(folder)), text)  # the folder is no pattern
            found += map(Path, sorted(glob.glob(str(pattern), recursive=True)))  # noqa: PTH207
    return list(dict.fromkeys(found))


def relocated(folder: Path, text: str, other: Path) -> str:
    """A file or pattern of a folder as it is written in another one."""
    if not _is_pattern(folder, text):
        return relative(folder / text, other)
    return Path(glob.escape(relative(folder, other)), text).as_posix()


def _is_pattern(folder: Path, text: str) -> bool:
    return glob.has_magic(text) and "\0" not in text and not (folder / text).exists()


def relative(path: Path, folder: Path) -> str:
    """A path as it is written in a folder."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _files(value: object) -> object:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise unexpected("a file, a pattern such as data/*.csv, or a list of them")
    return value


Files: TypeAlias = Annotated[
    str | list[str],
    PlainValidator(_files),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
