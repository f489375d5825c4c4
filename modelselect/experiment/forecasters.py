"""What an experiment file says about forecasters: labels, and probabilities of each class, as lists or as columns."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from modelselect.experiment.documents import Location
from modelselect.experiment.problems import Problem, each, number, unexpected


def _labels(value: object) -> object:
    """A class for each case, or probabilities of each class; the column of a file, or one a class."""
    if isinstance(value, dict):
        return _of_classes(value)
    if isinstance(value, list):
        each(enumerate(value), _label)
    if (not isinstance(value, str) and not isinstance(value, list)) or not value:
        raise unexpected("a list of labels, the name of a column, or a mapping from each class to its probabilities")
    return value


def _label(value: object) -> object:
    if not isinstance(value, str | int) or value == "":
        raise unexpected("the name or number of a class")
    return value


def _of_classes(value: object) -> object:
    """Probabilities of each class: a list of numbers, or the name of a column."""
    if not isinstance(value, dict) or not value:
        raise unexpected("a mapping from each class to its probabilities: a list of numbers, or a column")
    each(((key, key) for key in value), _label)
    each(value.items(), _probabilities)
    return value


def _probabilities(value: object) -> object:
    if isinstance(value, list) and value:
        each(enumerate(value), number)
    elif not isinstance(value, str) or not value:
        raise unexpected("a list of numbers, or the name of a column")
    return value


def _forecasters(value: object) -> object:
    if not isinstance(value, dict) or not value or not all(isinstance(name, str) and name for name in value):
        raise unexpected("a mapping from the name of each forecaster to its probabilities")
    each(value.items(), _of_classes)
    return value


_OF_CLASSES: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string"}]},
}
Labels: TypeAlias = Annotated[
    Any,
    PlainValidator(_labels),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": ["string", "integer", "boolean"]}, "minItems": 1},
                {"type": "string"},
                _OF_CLASSES,
            ]
        }
    ),
]
Forecasters: TypeAlias = Annotated[
    dict[str, dict[Any, Any]],
    PlainValidator(_forecasters),
    WithJsonSchema({"type": "object", "minProperties": 1, "additionalProperties": _OF_CLASSES}),
]


def misplaced(location: Location, value: object, *, in_file: bool) -> Iterator[Problem]:
    """Columns of labels or probabilities without a file, and lists beside one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from misplaced((*location, key), inner, in_file=in_file)
    elif in_file and isinstance(value, list):
        yield Problem(location, "a column of the file", got=(value,))
    elif not in_file and isinstance(value, str):
        yield Problem(location, "a list, since there is no file", got=(value,))
