"""The sections of an experiment file: data, profiles, report and engine, field by field.

The descriptions are the help text that editors show.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from modelselect.errors import CandidateError
from modelselect.experiment.documents import Location
from modelselect.experiment.forecasters import Labels, misplaced
from modelselect.experiment.paths import Files, relocated, spelled_out
from modelselect.experiment.problems import Problem, each, number, several, unexpected
from modelselect.experiment.sql import Query
from modelselect.ranking.regression.candidates import outcome_formula

FILES = ("csv", "parquet", "json", "arrow")
#: Sources that have columns.
TABLES = (*FILES, "sql")
SOURCES = ("values", "counts", "probabilities", *TABLES, "edges", "lower", "labels")

# the options of `data` that each source understands; `unit` goes with all of them
_FILE_OPTIONS = (
    "column", "event", "lower", "upper", "truncation", "weight", "weights_kind", "where", "by", "missing", "resolution",
    "ordered",
    "formula",
)  # fmt: skip
_OPTIONS: dict[str, tuple[str, ...]] = {
    "values": ("event", "truncation", "weights", "weights_kind", "missing", "resolution", "ordered"),
    "counts": ("resolution", "truncation"),
    "probabilities": ("n",),
    "edges": ("counts", "truncation"),
    "lower": ("upper", "truncation", "weights", "weights_kind", "missing", "resolution"),
    "labels": ("weights", "normalize"),
    **dict.fromkeys(FILES, _FILE_OPTIONS),
    "sql": tuple(option for option in _FILE_OPTIONS if option != "where"),
}
#: The options of a file in which forecasters are.
_FORECAST_OPTIONS = ("labels", "weight", "where", "normalize")


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float):
        raise unexpected("text, a number, true or false")
    return value


def _positive(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise unexpected("a number above 0")
    return value


def _resolution(value: object) -> object:
    if value is None or value == "auto":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise unexpected("auto, null or a number above 0")
    return value


def _counts(value: object) -> object:
    """How often each outcome was observed (a mapping), or how many lie in each bin (a list)."""
    if isinstance(value, list):
        each(enumerate(value), number)
    elif isinstance(value, dict):
        each(((key, key) for key in value), _scalar)
        each(value.items(), number)
    else:
        raise unexpected("a mapping such as 'name: value', or a list beside edges")
    return value


def _end(value: object) -> object:
    return value if value is None else number(value)


def _ends(value: object) -> object:
    """The column of a file, or a list of numbers, where null is open."""
    if isinstance(value, list):
        each(enumerate(value), _end)
    elif not isinstance(value, str) or not value:
        raise unexpected("the name of a column, or a list of numbers")
    return value


def _bound(value: object) -> object:
    """A number, or as ends."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list) or value == "":
        raise unexpected("a number, the name of a column, or a list of numbers")
    return value if isinstance(value, int | float) else _ends(value)


def _event(value: object) -> object:
    """The column of a file, or a list of 0 and 1."""
    if isinstance(value, list):
        each(enumerate(value), _scalar)
    elif not isinstance(value, str) or not value:
        raise unexpected("the name of a column of 0 and 1, or a list of them")
    return value


def _names(value: object) -> object:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise unexpected("the name of a column, or a list of names")
    return value


def _formula(value: str) -> str:
    try:
        outcome_formula(value)
    except CandidateError as error:
        raise several([Problem((), str(error).removeprefix("formula: "))]) from None
    return value


Scalar: TypeAlias = Annotated[
    str | int | float | bool | None,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Number: TypeAlias = Annotated[float, PlainValidator(number), WithJsonSchema({"type": "number"})]
_LIST_OF_NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": ["number", "null"]}}
Ends: TypeAlias = Annotated[
    Any, PlainValidator(_ends), WithJsonSchema({"anyOf": [{"type": "string"}, _LIST_OF_NUMBERS]})
]
Bound: TypeAlias = Annotated[
    Any,
    PlainValidator(_bound),
    WithJsonSchema({"anyOf": [{"type": ["number", "string"]}, _LIST_OF_NUMBERS]}),
]
Counts: TypeAlias = Annotated[
    Any,
    PlainValidator(_counts),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "number"}},
                {"type": "array", "items": {"type": "number"}},
            ]
        }
    ),
]
Event: TypeAlias = Annotated[
    Any,
    PlainValidator(_event),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["number", "boolean", "string"]}}]}
    ),
]
Positive: TypeAlias = Annotated[
    float, PlainValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
Resolution: TypeAlias = Annotated[
    Literal["auto"] | int | float | None,
    PlainValidator(_resolution),
    WithJsonSchema({"anyOf": [{"enum": ["auto", None]}, {"type": "number", "exclusiveMinimum": 0}]}),
]
Names: TypeAlias = Annotated[
    str | list[str],
    PlainValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
FormulaText: TypeAlias = Annotated[str, AfterValidator(_formula)]

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)


class Truncation(BaseModel):
    """Bounds within which alone an observation could be made."""

    model_config = STRICT

    lower: Bound | None = Field(None, description="Only larger values could be seen: a number, a column, or a list.")
    upper: Bound | None = Field(
        None, description="Only values up to this could be seen: a number, a column, or a list."
    )

    @model_validator(mode="after")
    def _some_bound(self) -> "Truncation":
        if self.lower is None and self.upper is None:
            raise several([Problem((), "no bound is given, expected lower or upper")])
        return self


class Data(BaseModel):
    """What was observed: exactly one source, and how to read it."""

    model_config = STRICT

    values: list[Scalar] | None = Field(None, description="The observations themselves: numbers or labels.")
    counts: Counts | None = Field(
        None, description="How often each outcome was observed; beside edges the list of how many lie in each bin."
    )
    probabilities: dict[Scalar, Number] | None = Field(
        None, description="A known P: the probability of each outcome; they sum to 1."
    )
    edges: list[Number | None] | None = Field(
        None,
        description="Edges of bins, ascending; null (or infinity) at an end is open. The counts stand beside them.",
    )
    lower: Ends | None = Field(
        None, description="Lower ends of observations known up to an interval: a column of the file, or a list."
    )
    upper: Ends | None = Field(
        None, description="Upper ends of observations known up to an interval: a column of the file, or a list."
    )
    labels: Labels | None = Field(
        None,
        description="What happened in each case, beside predictions: a list of classes or the column of a file; soft "
        "labels as a mapping from each class to its probabilities.",
    )
    normalize: bool = Field(False, description="Divide the probabilities of each case by their sum.")
    event: Event | None = Field(
        None,
        description="Whether each event was seen (1, true) or is yet to come (0, false: right-censored): a column or a "
        "list.",
    )
    truncation: Truncation | None = Field(
        None, description="Bounds within which alone an observation could be made; delayed entry by a column."
    )
    csv: Files | None = Field(
        None, description="A CSV file, relative to the file this stands in; a pattern, data/*.csv; or a list of them."
    )
    parquet: Files | None = Field(None, description="A Parquet file, a pattern, or a list of them, likewise.")
    json_file: Files | None = Field(
        None, alias="json", description="A JSON file, a pattern, or a list of them, likewise."
    )
    arrow: Files | None = Field(
        None, description="An Arrow file (Feather, version 2), a pattern, or a list of them; it needs pyarrow."
    )
    sql: Query | None = Field(None, description="A query of a database, which is only read.")
    column: Text | None = Field(None, description="The column of a file that holds the observations.")
    formula: FormulaText | None = Field(
        None, description="Outcome ~ terms, such as 'visits ~ age + sex': the candidates are regressions on columns."
    )
    weight: Text | None = Field(None, description="The column of a file that holds the weights.")
    where: Text | None = Field(None, description="An SQL condition that the rows of a file must meet.")
    by: Names | None = Field(
        None, description="The column or columns of a file that group the rows, plain or right-censored ones."
    )
    weights: list[Number] | None = Field(None, description="One weight for each of the values.")
    weights_kind: Literal["frequency", "importance"] = Field(
        "frequency",
        description="frequency: weight w counts as w observations; importance: only their ratios matter.",
    )
    n: Positive | None = Field(
        None, description="Sample size that the probabilities stand for; without it P is known exactly."
    )
    missing: Literal["refuse", "drop"] = Field(
        "refuse", description="Whether missing values are an error, or left out and counted in the report."
    )
    ordered: bool = Field(False, description="Whether the observations stand in an order of time.")
    resolution: Resolution = Field(
        "auto",
        description="The step values are rounded to; auto finds it (never of censored ones), null: exact real numbers.",
    )
    unit: Text = Field("observation", description="A word for one observation, used in the report: worm, day.")

    _folder: Path = PrivateAttr(default=Path())

    @property
    def source(self) -> str:
        """Which of the sources is given: ``values``, ``counts``, ``csv`` …."""
        return self._given()[0]

    @property
    def tabular(self) -> bool:
        """Whether the source has columns: a file or a query."""
        return self.source in TABLES

    @property
    def files(self) -> tuple[str, ...]:
        """Files and patterns as they are written; none if the data stand elsewhere."""
        given = self.csv or self.parquet or self.json_file or self.arrow
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)

    @property
    def path(self) -> Path | None:
        """The first of them, resolved against the folder of the file that names it; None without one."""
        return self._folder / self.files[0] if self.files else None

    @property
    def paths(self) -> list[Path]:
        """All data files, patterns spelled out."""
        return spelled_out(self._folder, self.files)

    def moved(self, folder: Path) -> Any:
        """The source as it would be written in another folder, or None if it is the same there."""
        if self.sql is not None:
            return self.sql.moved(self._folder, folder)
        moved = [relocated(self._folder, text, folder) for text in self.files]
        one = any(isinstance(given, str) for given in (self.csv, self.parquet, self.json_file, self.arrow))
        return moved[0] if one else moved or None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that group the rows; none if they are one sample."""
        return (self.by,) if isinstance(self.by, str) else tuple(self.by or ())

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        given = self._given()
        if len(given) != 1:
            got = f"got {' and '.join(given)}" if given else "no source is given"
            hint = "; an inherited source is dropped by null" if given else ""
            sentence = f"{got}, expected exactly one of {', '.join(SOURCES)}{hint}"
            raise several([Problem((name,), sentence) for name in given] or [Problem((), sentence)])
        problems = [Problem((name,), sentence, at_key=True) for name, sentence in self._out_of_place(given[0])]
        problems += self._half_said(given[0])
        if problems:
            raise several(problems)
        return self

    def _given(self) -> tuple[str, ...]:
        present = {"json" if name == "json_file" else name for name, value in self if value is not None}
        if "edges" in present:
            present -= {"counts"}  # they are those of its bins
        if present & set(TABLES):
            present -= {"lower", "labels"}  # they name columns
        return tuple(name for name in SOURCES if name in present)

    def _out_of_place(self, source: str) -> Iterator[tuple[str, str]]:
        """Options that are set although they mean nothing for the source."""
        known = (
            tuple(o for o in _FORECAST_OPTIONS if o in ("labels", "normalize", *_OPTIONS[source]))
            if source in TABLES and self.labels is not None
            else _OPTIONS[source]
        )
        for name, field in type(self).model_fields.items():
            if name in (*SOURCES, "json_file", "unit", *known) or getattr(self, name) == field.default:
                continue
            yield name, f"makes no sense with '{source}', expected only {', '.join((*known, 'unit'))}"
        if self.weights_kind != "frequency" and "weights_kind" in known and not (self.weights or self.weight):
            yield (
                "weights_kind",
                f"there are no weights, expected '{'weights' if source == 'values' else 'weight'}' too",
            )

    def _half_said(self, source: str) -> Iterator[Problem]:
        """Options that need another one, or exclude it; columns without a file, and lists beside one."""
        if source == "counts" and isinstance(self.counts, list):
            yield Problem(("counts",), "a mapping, or a list beside 'edges'", got=(self.counts,))
        if source == "edges" and self.counts is None:
            yield Problem(("edges",), "there are no counts, expected 'counts', a list of one fewer")
        elif source == "edges" and not isinstance(self.counts, list):
            yield Problem(("counts",), "a list, beside 'edges'", got=(self.counts,))
        if self.ordered:
            for name in ("weights", "weight", "event", "lower"):
                if getattr(self, name) is not None:
                    yield Problem((name,), "makes no sense beside 'ordered': observations in time have no weights, "
                                  "and none of them is censored", at_key=True)  # fmt: skip
        for name, other in (("lower", "upper"), ("upper", "lower")):
            if getattr(self, name) is not None and getattr(self, other) is None:
                yield Problem((name,), f"there is no '{other}', expected both ends")
        in_file = source in TABLES
        if self.formula is not None:
            for name in ("column", "event", "lower", "upper", "truncation"):
                if getattr(self, name) is not None:
                    yield Problem((name,), "makes no sense beside 'formula', which names its columns", at_key=True)
            return
        if self.labels is not None:
            yield from misplaced(("labels",), self.labels, in_file=in_file)
        if in_file and self.lower is not None:
            for name in ("column", "event"):
                if getattr(self, name) is not None:
                    yield Problem((name,), "makes no sense beside 'lower' and 'upper'", at_key=True)
        options: list[tuple[Location, object]] = [
            ((name,), getattr(self, name)) for name in ("lower", "upper", "event")
        ]
        if self.truncation is not None:
            options += [(("truncation", name), getattr(self.truncation, name)) for name in ("lower", "upper")]
        for place, value in options:
            if in_file and isinstance(value, list):
                yield Problem(place, "a column of the file", got=(value,))
            elif not in_file and isinstance(value, str):
                yield Problem(place, "a list of numbers, since there is no file", got=(value,))
