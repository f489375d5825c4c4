"""The sections of an experiment file: data, profiles, report and engine, field by field.

The descriptions are the help text that editors show.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from modelselect.experiment.problems import Problem, several, unexpected, without_quotes

FILES = ("csv", "parquet", "json")
SOURCES = ("values", "counts", "probabilities", *FILES)

# the options of `data` that each source understands; `unit` goes with all of them
_FILE_OPTIONS = ("column", "weight", "weights_kind", "where", "by", "missing", "resolution")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "values": ("weights", "weights_kind", "missing", "resolution"),
    "counts": ("resolution",),
    "probabilities": ("n",),
    **dict.fromkeys(FILES, _FILE_OPTIONS),
}


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float):
        raise unexpected("text, a number, true or false")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unexpected("a number", without_quotes(value))
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


def _names(value: object) -> object:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise unexpected("the name of a column, or a list of names")
    return value


Scalar: TypeAlias = Annotated[
    str | int | float | bool | None,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Number: TypeAlias = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
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

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(BaseModel):
    """What was observed: exactly one source, and how to read it."""

    model_config = STRICT

    values: list[Scalar] | None = Field(None, description="The observations themselves: numbers or labels.")
    counts: dict[Scalar, Number] | None = Field(None, description="How often each outcome was observed.")
    probabilities: dict[Scalar, Number] | None = Field(
        None, description="A known P: the probability of each outcome; they sum to 1."
    )
    csv: Text | None = Field(None, description="A CSV file, relative to the file this stands in.")
    parquet: Text | None = Field(None, description="A Parquet file, relative to the file this stands in.")
    json_file: Text | None = Field(None, alias="json", description="A JSON file, relative to the file this stands in.")
    column: Text | None = Field(None, description="The column of a file that holds the observations.")
    weight: Text | None = Field(None, description="The column of a file that holds the weights.")
    where: Text | None = Field(None, description="An SQL condition that the rows of a file must meet.")
    by: Names | None = Field(None, description="The column or columns of a file that group the rows.")
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
    resolution: Resolution = Field(
        "auto",
        description="The step values are rounded to; auto finds it, null: they are exact real numbers.",
    )
    unit: Text = Field("observation", description="A word for one observation, used in the report: worm, day.")

    _folder: Path = PrivateAttr(default=Path())

    @property
    def source(self) -> str:
        """Which of the sources is given: ``values``, ``counts``, ``csv`` …."""
        return self._given()[0]

    @property
    def path(self) -> Path | None:
        """The data file, resolved against the folder of the file that names it; None without one."""
        text = self.csv or self.parquet or self.json_file
        return None if text is None else self._folder / text

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        given = self._given()
        if len(given) != 1:
            got = f"got {' and '.join(given)}" if given else "no source is given"
            hint = "; an inherited source is dropped by null" if given else ""
            sentence = f"{got}, expected exactly one of {', '.join(SOURCES)}{hint}"
            raise several([Problem((name,), sentence) for name in given] or [Problem((), sentence)])
        problems = [Problem((name,), sentence, at_key=True) for name, sentence in self._out_of_place(given[0])]
        if problems:
            raise several(problems)
        return self

    def _given(self) -> tuple[str, ...]:
        present = {"json" if name == "json_file" else name for name, value in self if value is not None}
        return tuple(name for name in SOURCES if name in present)

    def _out_of_place(self, source: str) -> Iterator[tuple[str, str]]:
        """Options that are set although they mean nothing for the source."""
        known = _OPTIONS[source]
        for name, field in type(self).model_fields.items():
            if name in (*SOURCES, "json_file", "unit", *known) or getattr(self, name) == field.default:
                continue
            yield name, f"makes no sense with '{source}', expected only {', '.join((*known, 'unit'))}"
        if self.weights_kind != "frequency" and "weights_kind" in known and not (self.weights or self.weight):
            yield (
                "weights_kind",
                f"there are no weights, expected '{'weights' if source == 'values' else 'weight'}' too",
            )


class Profile(BaseModel):
    """KL as a function of one parameter of a candidate."""

    model_config = STRICT

    candidate: Text = Field(description="The label of a candidate, or its family.")
    parameter: Text = Field(description="The parameter that runs over the grid.")
    from_: Number | None = Field(None, alias="from", description="Where the grid begins.")
    to: Number | None = Field(None, description="Where the grid ends.")
    steps: int | None = Field(None, ge=2, description="How many points the grid has.")

    @model_validator(mode="after")
    def _ordered(self) -> "Profile":
        if self.from_ is not None and self.to is not None and not self.from_ < self.to:
            raise several([Problem(("to",), f"got {self.to:g}, expected more than 'from', {self.from_:g}")])
        return self


class Report(BaseModel):
    """What is written."""

    model_config = STRICT

    formats: list[Literal["csv", "parquet", "markdown", "html"]] = Field(
        default=["csv", "markdown", "html"], description="The formats of tables and report."
    )
    figures: bool = Field(True, description="Whether figures are drawn.")


class Engine(BaseModel):
    """Where the work is done."""

    model_config = STRICT

    type: Literal["local"] = Field("local", description="local: in this process.")
