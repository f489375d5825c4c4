"""From a YAML text to nodes: the grammar is PyYAML's, the meaning of scalars and the limits are ours."""

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from modelselect.errors import did_you_mean
from modelselect.experiment.documents import MAX_DEPTH, Node, Origin, Place, Scalar, kind, shown

MAX_BYTES = 10_000_000
MAX_REPEATED = 100_000  # values that aliases may repeat, counted after expansion
MAX_DIGITS = 400  # characters of a number

# libyaml where PyYAML was built with it (twenty times faster), otherwise the same parser in Python
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_CORE = "tag:yaml.org,2002:"
_TAGS = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}

# what the two parsers say, and what it means for the author
_SYNTAX = (
    ("mapping values", "a ': ' is not expected here: wrong indentation, or text with ': ' needs quotes"),
    ("',' or ']'", "a comma or the closing ] of a list is missing"),
    ("',' or '}'", "a comma or the closing } of a mapping is missing"),
    ("end of stream", "a quote is opened but never closed"),
    ("unknown escape", "a backslash in double quotes starts an escape: use single quotes"),
    ("escape code", "this escape is no character"),
    ("expected ':'", "a ':' is missing after this name"),
    ("block end", "this does not line up with the lines above it"),
    ("expected key", "this does not line up with the lines above it"),
    ("expected '-'", "this does not line up with the list above it"),
    ("tag handle", "the tag is unknown, expected none"),
    ("document start", "text after the end of the document"),
    ("nesting depth", f"lists and mappings are nested more than {MAX_DEPTH} deep"),  # libyaml stops at a thousand
)


def parsed(origin: Origin) -> Node | None:
    """Read the one document in a text; None if there is none."""
    if len(origin.text) > MAX_BYTES:
        raise Place(origin).refuse(f"the text is longer than {MAX_BYTES // 10**6} million characters")
    strange = _UNPRINTABLE.search(origin.text)
    if strange:
        *before, line = re.split(r"\r\n|\r|\n", origin.text[: strange.start()])
        raise Place(origin, len(before) + 1, len(line) + 1).refuse(
            f"the character U+{ord(strange[0]):04X} is not allowed in YAML, expected printable text"
        )
    return _Composer(origin).document()


def resolved(text: str) -> Scalar:
    """Read a plain scalar by the YAML 1.2 core schema.

    Raises
    ------
    ValueError
        If it is a number with a leading zero, or one that no float can hold.

    Examples
    --------
    >>> resolved("1e-6"), resolved("no"), resolved("1:30")
    (1e-06, 'no', '1:30')
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    whole = _INTEGER.fullmatch(text) or _PREFIXED.fullmatch(text)
    if not whole and not _FLOAT.fullmatch(text):
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the number {shown(text)} has {len(text)} characters, expected at most {MAX_DIGITS}")
    digits = text.lstrip("+-")
    if _PREFIXED.fullmatch(text):
        number: int | float = int(text, 0)
    elif whole and digits[0] == "0" and len(digits) > 1:
        raise ValueError(f"the number '{text}' begins with a zero, expected {int(text)}, or quotes if it is text")
    else:
        number = int(text) if whole else float(text)
    if abs(number) > 1.7976931348623157e308:
        raise ValueError(f"the number {shown(text)} is too large, expected at most 1.7e308 (infinity is written .inf)")
    return number


class _Composer:
    """Turns the events of the parser into nodes, within the limits of this module."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.events = _events(origin)
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # node and size; None while it is still open
        self.size = 0  # values so far, those repeated by aliases included
        self.repeated = 0

    def document(self) -> Node | None:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        root = self.node(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.place(after).refuse("a second document starts here, expected one document in a file")
        return root

    def node(self, event: Any, depth: int) -> Node:
        place = self.place(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), place, depth)
        if depth >= MAX_DEPTH:
            raise place.refuse(f"lists and mappings are nested more than {MAX_DEPTH} deep")
        size_before = self.size
        self.size += 1
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = Node(_scalar(event, place), place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, place, depth)
        else:
            node = self.mapping(event, place, depth)
        if event.anchor:
            self.anchors[event.anchor] = node, self.size - size_before
        return node

    def alias(self, name: str, place: Place, depth: int) -> Node:
        if name not in self.anchors:
            near = did_you_mean(name[:80], list(self.anchors))
            raise place.refuse(f"the alias '*{name}' has no anchor '&{name}' before it{near}")
        anchored = self.anchors[name]
        if anchored is None:
            raise place.refuse(f"the alias '*{name}' stands inside its own anchor '&{name}', which would never end")
        node, size = anchored
        self.size += size
        self.repeated += size
        if self.repeated > MAX_REPEATED or depth + node.height >= MAX_DEPTH:
            raise place.refuse(
                f"the alias '*{name}' makes this file too large, expected aliases that repeat at most "
                f"{MAX_REPEATED} values, nested at most {MAX_DEPTH} deep"
            )
        return node

    def sequence(self, event: Any, place: Place, depth: int) -> Node:
        _check_tag(event, place, "seq")
        items: list[Node] = []
        while not isinstance(child := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(child, depth + 1))
        return Node(items, self.place(event, child), height=1 + max((item.height for item in items), default=0))

    def mapping(self, event: Any, place: Place, depth: int) -> Node:
        _check_tag(event, place, "map")
        values: dict[Scalar, Node] = {}
        keys: dict[Scalar, Place] = {}
        while not isinstance(child := next(self.events), yaml.MappingEndEvent):
            key_place = self.place(child)
            key = self.key(child, key_place, depth)
            if key in keys:
                lines = f"lines {keys[key].line} and {key_place.line}"
                raise key_place.refuse(f"the key {shown(key_place.text)} stands twice, on {lines}, expected once")
            keys[key] = key_place
            values[key] = self.node(next(self.events), depth + 1)
        height = 1 + max((value.height for value in values.values()), default=0)
        return Node(values, self.place(event, child), keys, height)

    def key(self, event: Any, place: Place, depth: int) -> Scalar:
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and _is_plain(event):
            raise place.refuse("the merge key '<<' is not part of YAML 1.2, expected the keys themselves")
        key: Scalar = self.node(event, depth + 1).value
        if key is None or isinstance(key, list | dict):
            raise place.refuse(f"the key {shown(place.text)} is {kind(key)}, expected a name or a number")
        if isinstance(key, float) and math.isnan(key):
            raise place.refuse(f"the key {shown(place.text)} is not a number, expected a name or a number")
        return key

    def place(self, event: Any, last: Any = None) -> Place:
        """Place of an event, or of all from ``event`` to ``last``."""
        start, end = event.start_mark, (last or event).end_mark
        text = self.origin.text[start.index : min(end.index, start.index + 80)]
        return Place(self.origin, start.line + 1, start.column + 1, text)


def _events(origin: Origin) -> Iterator[Any]:
    try:
        yield from yaml.parse(origin.text, Loader=_PARSER)
    except yaml.MarkedYAMLError as error:
        mark, opened = error.problem_mark, error.context_mark
        if mark is None:
            raise Place(origin).refuse(f"this is not valid YAML ({error.problem})") from None
        place = Place(origin, mark.line + 1, mark.column + 1, _rest_of_line(origin.text, mark.index))
        meaning = _syntax(error.problem or "", place.text)
        if opened and opened.line < mark.line and origin.has_lines:
            meaning += f" (it begins on line {opened.line + 1})"
        raise place.refuse(f"{meaning}, got {shown(place.text) if place.text else 'the end'}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise Place(origin).refuse(f"this is not valid YAML ({error})") from None


def _syntax(problem: str, text: str) -> str:
    if "cannot start any token" in problem or "tab character" in problem:
        if text[:1] == "\t":
            return "a tab cannot be used here, expected spaces"
        return "a value cannot begin with this character, expected quotes around it"
    return next((meaning for words, meaning in _SYNTAX if words in problem), f"this is not valid YAML ({problem})")


def _rest_of_line(text: str, index: int) -> str:
    return next(iter(text[index : index + 80].splitlines()), "")


def _is_plain(event: Any) -> bool:
    return not event.style and event.tag is None


def _check_tag(event: Any, place: Place, name: str) -> None:
    if event.tag not in (None, "!", _CORE + name):
        raise place.refuse(f"the tag in {shown(place.text)} is not part of the YAML core, expected no tag")


def _scalar(event: Any, place: Place) -> Scalar:
    """Meaning of a scalar event: quoted text is text, plain text may be a number, a boolean or null."""
    if _SURROGATE.search(event.value):
        raise place.refuse(f"the escape in {shown(place.text)} is half a character, expected the character itself")
    tag = event.tag.removeprefix(_CORE) if event.tag else None
    if tag in ("!", "str") or (tag is None and not _is_plain(event)):
        return str(event.value)
    if tag is not None and tag not in _TAGS:
        _check_tag(event, place, "str")
    try:
        value = resolved(event.value)
    except ValueError as error:
        raise place.refuse(str(error)) from None
    if tag == "float" and type(value) is int:
        value = float(value)
    if tag is not None and type(value) is not _TAGS[tag]:
        raise place.refuse(f"{shown(place.text)} is {kind(value)}, which is not what its tag !!{tag} says")
    return value
