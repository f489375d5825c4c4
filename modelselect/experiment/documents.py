"""Data in which every value knows where it was written.

A ``Document`` is a tree of nodes. It answers two questions: what does it say (``data``), and where does it
say it (``place``). Trees can be laid over each other and single values replaced; each value keeps its place.
"""

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from modelselect.errors import ConfigurationError, did_you_mean

Scalar: TypeAlias = str | int | float | bool | None
Location: TypeAlias = tuple[Any, ...]

MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from: its name in errors, the folder its paths are relative to, the text itself."""

    name: str
    folder: Path = Path()
    text: str = field(default="", repr=False)
    has_lines: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text, and the text that stands there; ``str`` gives ``file:line:column``."""

    origin: Origin
    line: int = 1
    column: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.origin.name}:{self.line}:{self.column}" if self.origin.has_lines else self.origin.name

    @property
    def folder(self) -> Path:
        """The folder that a relative path written here starts from."""
        return self.origin.folder

    def refuse(self, sentence: str) -> ConfigurationError:
        """Make the error that says ``sentence`` about this place."""
        return ConfigurationError(f"{self}: {sentence}" if str(self) else sentence)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value with its place; a mapping also keeps the places of its keys."""

    value: Any
    place: Place
    keys: Mapping[Scalar, Place] = field(default_factory=dict)
    height: int = 0


@dataclass(frozen=True, eq=False)
class Document:
    """What a text says, and where it says it."""

    root: Node

    @cached_property
    def data(self) -> Any:
        """The content as plain dict, list, str, int, float, bool and None."""
        return _plain(self.root)

    def place(self, location: Location) -> Place:
        r"""Place of the value at ``location``, or of its nearest ancestor that exists.

        Examples
        --------
        >>> from modelselect.experiment.yaml import load
        >>> document = load("candidates:\n  - binomial: {n: 10}", "worms.yaml")
        >>> place = document.place(("candidates", 0, "binomial", "n"))
        >>> str(place), place.text
        ('worms.yaml:2:19', '10')
        >>> str(document.place(("candidates", 0, "binomial", "p")))
        'worms.yaml:2:15'
        """
        return self._nearest(location)[0].place

    def key_place(self, location: Location) -> Place:
        """Place of the key that ends ``location``, or else of the nearest ancestor that exists."""
        parent, depth = self._nearest(location[:-1])
        if location and depth == len(location) - 1:
            return parent.keys.get(_key_like(parent, location[-1]), parent.place)
        return parent.place

    def has(self, location: Location) -> bool:
        """Whether a value stands at ``location``."""
        return self._nearest(location)[1] == len(location)

    def part(self, location: Location) -> "Document":
        """Cut out the document that begins at ``location``."""
        return Document(self._nearest(location)[0])

    def without(self, *keys: str) -> "Document":
        """Leave out some keys of the mapping."""
        values = {key: value for key, value in self.root.value.items() if key not in keys}
        return Document(Node(values, self.root.place, self.root.keys, self.root.height))

    def _nearest(self, location: Location) -> tuple[Node, int]:
        node = self.root
        for depth, part in enumerate(location):
            if isinstance(node.value, dict) and (key := _key_like(node, part)) in node.value:
                node = node.value[key]
            elif isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
                node = node.value[part]
            else:
                return node, depth
        return node, len(location)


def from_plain(data: object, source: str = "", *, folder: Path = Path()) -> Document:
    """Make a document of Python objects; its places have no lines.

    Tuples become lists and paths text; NumPy arrays and scalars and pandas Series become what they hold.

    Raises
    ------
    ConfigurationError
        If an object is none of text, number, boolean, None, list and mapping, or nested too deeply.

    Examples
    --------
    >>> from_plain({"values": (1, 2)}).data
    {'values': [1, 2]}
    """
    return Document(_from_plain(data, Origin(source, folder, has_lines=False), 0))


def merge(base: Document, own: Document, *, replaced_whole: frozenset[str] = frozenset()) -> Document:
    """Lay ``own`` over ``base``: mappings are merged, everything else is replaced.

    Parameters
    ----------
    base, own
        Two documents; where both say something, ``own`` is heard.
    replaced_whole
        Keys whose mappings are replaced as a whole, as lists are.

    Examples
    --------
    >>> base = from_plain({"data": {"csv": "a.csv", "column": "x"}, "seed": 1})
    >>> merge(base, from_plain({"data": {"csv": "b.csv"}})).data
    {'data': {'csv': 'b.csv', 'column': 'x'}, 'seed': 1}
    """
    return Document(_merged(base.root, own.root, replaced_whole))


def replace(document: Document, path: Sequence[str], value: Node) -> Document:
    """Put ``value`` at a path of names and list positions; mappings that are missing on the way are made."""
    return Document(_replaced(document.root, tuple(path), 0, value))


def shown(text: str) -> str:
    """First line of a text in quotes, shortened.

    Examples
    --------
    >>> shown("poison"), shown('"1"')
    ("'poison'", '"1"')
    """
    line, *more = text.strip().splitlines() or [""]
    line = f"{line[:60]} …" if more or len(line) > 60 else line
    return line if re.fullmatch(r"'.*'|\".*\"", line) else f"'{line}'"


def kind(value: object) -> str:
    """Say in words what a value is."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def as_path(location: Location) -> str:
    """Write a location the way errors name it.

    Examples
    --------
    >>> as_path(("candidates", 1, "binomial", "n"))
    'candidates[1].binomial.n'
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}" for part in location)
    return "".join(parts).removeprefix(".")


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(child) for key, child in node.value.items()}
    return [_plain(child) for child in node.value] if isinstance(node.value, list) else node.value


def _from_plain(data: Any, origin: Origin, depth: int) -> Node:
    place = Place(origin, text=str(data)[:80] if isinstance(data, str | int | float) else "")
    if depth > MAX_DEPTH:
        raise place.refuse(f"lists and mappings are nested more than {MAX_DEPTH} deep")
    if hasattr(data, "tolist"):
        return _from_plain(data.tolist(), origin, depth + 1)
    if isinstance(data, Mapping):
        values = {_plain_key(key, place): _from_plain(value, origin, depth + 1) for key, value in data.items()}
        return Node(values, place, dict.fromkeys(values, place))
    if isinstance(data, list | tuple):
        return Node([_from_plain(item, origin, depth + 1) for item in data], place)
    if data is None or isinstance(data, str | int | float):
        return Node(data, place)
    if isinstance(data, os.PathLike):
        return Node(os.fspath(data), Place(origin, text=str(data)))
    raise place.refuse(f"{shown(repr(data))} is a {type(data).__name__}, expected text, numbers, lists and mappings")


def _plain_key(key: Any, place: Place) -> Scalar:
    key = key.item() if hasattr(key, "item") else key
    if not isinstance(key, str | int | float) or (isinstance(key, float) and math.isnan(key)):
        raise place.refuse(f"the key {shown(repr(key))} is not usable, expected a name or a number")
    return key


def _merged(base: Node, own: Node, replaced_whole: frozenset[str]) -> Node:
    if not (isinstance(base.value, dict) and isinstance(own.value, dict)):
        return own
    values = dict(base.value)
    for key, node in own.value.items():
        mixed = key in values and key not in replaced_whole
        values[key] = _merged(values[key], node, replaced_whole) if mixed else node
    return Node(values, own.place, {**base.keys, **own.keys})


def _replaced(node: Node, path: tuple[str, ...], depth: int, value: Node) -> Node:
    if depth == len(path):
        return value
    part, last = path[depth], depth == len(path) - 1
    here = ".".join(path[:depth])
    if isinstance(node.value, list):
        if not re.fullmatch("[0-9]{1,9}", part) or int(part) >= len(node.value):
            raise value.place.refuse(
                f"'{here}' is a list of {len(node.value)}, got '{part}', expected a position from 0"
            )
        items = list(node.value)
        items[int(part)] = _replaced(items[int(part)], path, depth + 1, value)
        return Node(items, node.place)
    if node.value is not None and not isinstance(node.value, dict):
        raise value.place.refuse(f"'{here}' is {shown(node.place.text)}, which has no '{part}' to set")
    values = node.value or {}
    key = _key_like(node, part)
    if key not in values and not last:
        near = did_you_mean(part[:80], [str(known) for known in values])
        if near or path[depth + 1].isdecimal():
            raise value.place.refuse(f"there is no '{'.'.join(path[: depth + 1])}'{near}")
    child = _replaced(values.get(key, Node(None, value.place)), path, depth + 1, value)
    return Node({**values, key: child}, node.place, {**node.keys, key: value.place})


def _key_like(node: Node, part: Any) -> Any:
    """Key of a mapping that ``part`` stands for: itself, or the one that is written like it."""
    if part in node.keys:
        return part
    return next((key for key in node.keys if str(key) == str(part)), part)
