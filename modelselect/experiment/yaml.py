"""A strict YAML loader in which every value knows where it stands.

The rules, which ``parse.py`` applies:

* scalars follow the core schema of YAML 1.2: ``1e-6``, ``1E5``, ``.5``, ``+1``, ``0x1F``, ``0o17``, ``.inf``
  and ``.nan`` are numbers, only ``true`` and ``false`` are booleans, and ``no``, ``on``, ``1:30``, ``1_000``
  and ``2024-01-31`` are text;
* a whole number with a leading zero (``010``) is refused, because YAML 1.1 reads it as 8, YAML 1.2 as 10, and
  the author may have meant a label; so is a number too large for a float;
* duplicate keys, the merge key ``<<``, several documents and tags outside the core schema are refused;
* anchors and aliases work, but not without bounds: size, depth and repetition are limited, and each limit is
  met before the work is done.

Whatever is wrong raises ``ConfigurationError``: where, what, the offending text, what was expected.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.experiment.documents import (
    MAX_DEPTH,
    Document,
    Node,
    Origin,
    Place,
    kind,
    merge,
    replace,
    shown,
)
from modelselect.experiment.parse import MAX_BYTES, parsed, resolved

MAX_FILES = 20  # files that extend one another


def load(text: str, source: str = "<string>", *, folder: Path = Path()) -> Document:
    r"""Read a YAML text whose top level is a mapping.

    Parameters
    ----------
    text
        The YAML text.
    source
        Its name in error messages.
    folder
        The folder that relative paths in the text start from.

    Raises
    ------
    ConfigurationError
        If the text is not one YAML mapping, or breaks a rule of this module.

    Examples
    --------
    >>> load("tolerance: 1e-6\ncountry: no").data
    {'tolerance': 1e-06, 'country': 'no'}
    >>> load("n: 1\nn: 2", "a")
    Traceback (most recent call last):
        ...
    modelselect.errors.ConfigurationError: a:2:1: the key 'n' stands twice, on lines 1 and 2, expected once
    """
    origin = Origin(source, folder, text.removeprefix("\ufeff"))
    root = parsed(origin)
    if root is None or root.value is None:
        raise Place(origin).refuse("there is nothing in it, expected a mapping such as 'name: value'")
    if not isinstance(root.value, dict):
        got = f"{kind(root.value)}, {shown(root.place.text)}"
        raise root.place.refuse(f"the top level is {got}, expected a mapping such as 'name: value'")
    return Document(root)


def read(path: str | Path, *, replaced_whole: frozenset[str] = frozenset()) -> Document:
    """Read a YAML file, and the file which it extends.

    ``extends: other.yaml`` takes from the other file everything that this one does not say itself. Mappings
    are merged, lists and scalars replaced, and every value keeps the place in the file it was written in.

    Parameters
    ----------
    path
        The file.
    replaced_whole
        Keys whose mappings are replaced as a whole, as lists are.

    Raises
    ------
    ConfigurationError
        If a file cannot be read or is not valid YAML, or if files extend each other in a circle.
    """
    return extend(_file(Path(path)), replaced_whole=replaced_whole)


def extend(document: Document, *, replaced_whole: frozenset[str] = frozenset()) -> Document:
    """Lay a document over the file that its ``extends`` names, if there is one."""
    documents = [document]
    seen = [_identity(Path(document.root.place.origin.name))]
    while (reference := documents[-1].root.value.get("extends")) is not None:
        place = reference.place
        if not isinstance(reference.value, str) or not reference.value:
            raise place.refuse(
                f"extends: got {shown(place.text)}, {kind(reference.value)}, expected the path of a file"
            )
        path = place.folder / reference.value
        seen.append(_identity(path))
        if seen[-1] in seen[:-1] or len(seen) > MAX_FILES:
            chain = " → ".join(file.name for file in seen[:MAX_FILES])
            raise place.refuse(f"extends: the files extend each other in a circle or without end: {chain}")
        documents.append(_file(path, place))
    merged = documents.pop().without("extends")
    while documents:
        merged = merge(merged, documents.pop().without("extends"), replaced_whole=replaced_whole)
    return merged


def override(document: Document, settings: Sequence[str]) -> Document:
    """Replace single values, each given as ``KEY=VALUE``, as ``--set`` does.

    KEY is a path of names and list positions joined by dots; VALUE is YAML. A relative path in a value starts
    from the current folder, since that is where it was typed.

    Raises
    ------
    ConfigurationError
        If a setting has no ``=``, its value is not valid YAML, or its key cannot be reached.

    Examples
    --------
    >>> document = load("candidates: [poisson, {binomial: {n: 10}}]")
    >>> changed = override(document, ["candidates.1.binomial.n=12", "seed=3"])
    >>> changed.data
    {'candidates': ['poisson', {'binomial': {'n': 12}}], 'seed': 3}
    >>> str(changed.place(("seed",)))
    '--set seed'
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        path = re.sub(r"\[(\d+)\]", r".\1", key.strip()).split(".")
        if not equals or "" in path or len(path) > MAX_DEPTH:
            expected = "expected KEY=VALUE, for example seed=3 or candidates.0.binomial.n=12"
            raise ConfigurationError(f"--set {shown(setting)}: {expected}")
        origin = Origin(f"--set {key.strip()}", text=text, has_lines=False)
        document = replace(document, path, parsed(origin) or Node(None, Place(origin)))
    return document


def dump(data: object) -> str:
    """Write plain data as YAML that ``load`` reads back unchanged.

    Examples
    --------
    >>> print(dump({"name": "1e-6", "counts": {0: 2, "no": 3}}), end="")
    name: '1e-6'
    counts: {0: 2, 'no': 3}
    """
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100))


def _file(path: Path, named_at: Place | None = None) -> Document:
    """Read one file; ``named_at`` is the place that asked for it."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path, named_at)
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)  # devices and pipes have no size beforehand
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise _refused(f"{path}: {_reason(path, error)}", named_at) from None
    if len(content) > MAX_BYTES:
        raise _too_large(path, named_at)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode(errors="replace")) + 1
        byte = f"0x{content[error.start]:02X}"
        raise ConfigurationError(
            f"{path}:{line}:{column}: the byte {byte} is not UTF-8, expected a file saved as UTF-8"
        ) from None
    return load(text, str(path), folder=path.parent)


def _too_large(path: Path, named_at: Place | None) -> ConfigurationError:
    return _refused(
        f"{path}: the file is larger than {MAX_BYTES // 10**6} MB; put the data into a csv or parquet file",
        named_at,
    )


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        siblings = [file.name for file in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        return f"the file does not exist{did_you_mean(path.name[:80], siblings)}"
    return f"the file cannot be read ({error.strerror if isinstance(error, OSError) else error})"


def _refused(sentence: str, named_at: Place | None) -> ConfigurationError:
    return named_at.refuse(sentence) if named_at else ConfigurationError(sentence)


def _identity(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a NUL in the name: opening it says so
        return path


class _Dumper(yaml.SafeDumper):
    """Writes YAML 1.1 and 1.2 alike: text that either would read as something else is quoted."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quote text that would be read as a number; escape what PyYAML would fold away."""
    try:
        style = None if isinstance(resolved(text), str) else "'"
    except ValueError:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style if text.isprintable() else '"')


_Dumper.add_representer(str, _quoted)
