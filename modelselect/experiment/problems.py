"""From pydantic's errors to sentences: where it stands, what is wrong, what was expected."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.experiment.documents import Document, Location, Place, as_path, kind, shown

Models: TypeAlias = Mapping[tuple[str, ...], type[BaseModel]]


@dataclass(frozen=True)
class Problem:
    """A sentence about a location; ``at_key`` if the key is wrong rather than its value.

    With ``got``, a tuple of the value that stands there, the sentence is what was expected instead.
    """

    location: Location
    sentence: str
    at_key: bool = False
    got: tuple[object, ...] = ()


def unexpected(expected: str, hint: str = "") -> PydanticCustomError:
    """Make the error of a validator whose value is not what was expected."""
    return PydanticCustomError("unexpected", "expected {expected}{hint}", {"expected": expected, "hint": hint})


def several(problems: Sequence[Problem]) -> PydanticCustomError:
    """Make one error of problems whose locations are relative to the model that is being validated."""
    text = "; ".join(problem.sentence for problem in problems)
    return PydanticCustomError("several", "{text}", {"text": text, "problems": tuple(problems)})


def each(items: Iterable[tuple[Any, object]], check: Callable[[object], object]) -> None:
    """Check each of a mapping or list, and say of every one that is wrong where it stands."""
    problems = []
    for key, value in items:
        try:
            check(value)
        except PydanticCustomError as error:
            context = error.context or {}
            inner = context.get("problems", ())
            problems += [replace(problem, location=(key, *problem.location)) for problem in inner]
            if not inner:
                problems.append(Problem((key,), f"{context.get('expected')}{context.get('hint')}", got=(value,)))
    if problems:
        raise several(problems)


def number(value: object) -> object:
    """Let only a number pass."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unexpected("a number", without_quotes(value))
    return value


def explained(error: ValidationError, document: Document, models: Models) -> ConfigurationError:
    """Make one error with a line for each problem, each at its place in the document.

    Parameters
    ----------
    error
        What pydantic found.
    document
        What was validated.
    models
        The model that stands at each path, positions in lists left out.
    """
    details = error.errors(include_url=False)
    problems = [problem for detail in details for problem in _problems(detail, document, models)]
    found = [_placed(problem, document) for problem in problems]
    found.sort(key=lambda pair: (pair[0].origin.name, pair[0].line, pair[0].column))
    return ConfigurationError("\n".join(dict.fromkeys(str(place.refuse(line)) for place, line in found)))


def fields(model: type[BaseModel]) -> list[str]:
    """Names of a model's fields as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def without_quotes(value: object) -> str:
    """Propose to drop the quotes of a text that is a number."""
    is_number = isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", value)
    return "; write it without quotes" if is_number else ""


def _placed(problem: Problem, document: Document) -> tuple[Place, str]:
    look = document.key_place if problem.at_key else document.place
    path = as_path(problem.location)
    return look(problem.location), f"{path}: {problem.sentence}" if path else problem.sentence


def _problems(detail: ErrorDetails, document: Document, models: Models) -> Iterator[Problem]:
    location, context = detail["loc"], detail.get("ctx", {})
    if detail["type"] == "several":
        for problem in context["problems"]:
            place = (*location, *problem.location)
            got = f"got {_got(problem.got[0], place, document)}, expected " if problem.got else ""
            yield Problem(place, got + problem.sentence, problem.at_key)
    elif detail["type"] == "missing":
        model = models[_path(location[:-1])]
        descriptions = dict(zip(fields(model), model.model_fields.values(), strict=True))
        yield Problem(location, f"missing ({descriptions[str(location[-1])].description})")
    elif detail["type"] == "extra_forbidden":
        yield Problem(location, _unknown_key(location, models), at_key=True)
    elif detail["type"] == "invalid_key":
        yield Problem(location, f"the key is {kind(detail['input'])}, expected a name", at_key=True)
    else:
        got = _got(detail["input"], location, document)
        yield Problem(location, f"got {got}, expected {_expected(detail)}")


def _path(location: Iterable[Any]) -> tuple[str, ...]:
    return tuple(part for part in location if isinstance(part, str))


def _unknown_key(location: Location, models: Models) -> str:
    *above, name = location
    here = _path(above)
    known = fields(models[here])
    if name in ("extends", "experiments"):
        return "unknown key here, expected only at the top of a file"
    hint = did_you_mean(str(name)[:80], known)
    elsewhere = [path[-1] for path, model in models.items() if path and path != here and name in fields(model)]
    if elsewhere and not hint:
        hint = f"; it belongs under '{elsewhere[0]}'"
    return f"unknown key, expected one of {', '.join(known)}{hint}"


def _got(value: object, location: Location, document: Document) -> str:
    if value is None:
        return "nothing"
    text = document.place(location).text if document.has(location) else ""
    return f"{shown(text or repr(value))} ({kind(value)})"


def _expected(detail: ErrorDetails) -> str:
    """Say what a value should have been, for the usual kinds of pydantic's errors."""
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "unexpected":
            return f"{context['expected']}{context['hint']}"
        case "string_type":
            return "text" + ("; put it in quotes" if isinstance(value, int | float) else "")
        case "int_type" | "int_from_float":
            return "a whole number" + without_quotes(value)
        case "bool_type":
            return "true or false"
        case "list_type":
            return "a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "a mapping such as 'name: value'"
        case "literal_error":
            words = str(context["expected"]).replace("'", "")
            known = words.replace(" or ", ", ").split(", ")
            return words + (did_you_mean(value[:80], known) if isinstance(value, str) else "")
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "string_too_short":
            return "at least one character"
        case "too_short":
            return "at least one"
        case _:
            return str(detail["msg"]).removeprefix("Input should be ")
