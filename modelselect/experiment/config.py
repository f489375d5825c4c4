"""The experiment file: the pydantic model here *is* the YAML.

This layer is about shape: which keys there are, what kind of value each holds, and which go together. Whether
the numbers make a sample is decided by ``Sample``, whether a candidate makes sense by the families.

Errors are ``ConfigurationError``, one line for each problem, each with its place in the file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from modelselect.errors import CandidateError, ConfigurationError, did_you_mean
from modelselect.experiment.documents import Document, Location, from_plain, kind, merge, shown
from modelselect.experiment.forecasters import Forecasters, misplaced
from modelselect.experiment.grouping import grouping_problems
from modelselect.experiment.memory import Memory
from modelselect.experiment.problems import Problem, explained, several, unexpected
from modelselect.experiment.regressions import check_regressions, checked_regression, regressions
from modelselect.experiment.requests import Engine, Profile, Report
from modelselect.experiment.settings import FILES, STRICT, Data, Text, Truncation
from modelselect.experiment.sql import Sql
from modelselect.experiment.yaml import dump, extend, override, read
from modelselect.families import candidates as families
from modelselect.families.candidates import is_group
from modelselect.ranking.criteria import CRITERIA

if TYPE_CHECKING:
    from modelselect.experiment.run import Outcome


# a sample is never a mixture of two files' samples: these mappings are replaced, not merged
_REPLACED_WHOLE = frozenset({"counts", "probabilities", "labels", "predictions"})


def _criterion(value: str) -> str:
    if value not in CRITERIA:
        raise unexpected(f"one of {', '.join(CRITERIA)}", did_you_mean(value[:80], CRITERIA))
    return value


def _candidate(value: object, info: ValidationInfo) -> object:
    """Check the shape of a candidate here, its meaning in the families, or among the regressions."""
    if isinstance(value, dict) and "family" not in value and len(value) > 1:
        (family, argument), (other, _), *_ = value.items()
        hint = f"; indent '{other}' further, under '{family}'" if argument is None else ""
        raise unexpected(f"one family a candidate, not {len(value)} keys{hint}")
    if not isinstance(value, str | dict) or not value:
        raise unexpected("a family such as poisson, or a mapping such as binomial: {n: 10}")
    if (formula := getattr(info.data.get("data"), "formula", None)) is not None:
        return checked_regression(value, formula)
    if not is_group(value):
        _parsed(value)
    return value


def _listed(value: object) -> object:
    """A single name, such as that of a group, is a list of one."""
    return [value] if isinstance(value, str) else value


def _or_none(value: object, handler: Callable[[object], Any]) -> Any:
    return [] if value is _NO_CANDIDATES else handler(value)


def _parsed(candidate: object) -> Any:
    try:
        return families.parse_candidate(candidate)
    except CandidateError as error:
        raise several([Problem(_culprit(candidate, str(error)), str(error))]) from None


def _culprit(candidate: object, sentence: str) -> Location:
    """Where in a candidate the parameter stands that a sentence complains of."""
    path: Location = ()
    while isinstance(candidate, dict) and candidate:
        for key in candidate:
            if re.search(rf"parameter '?{re.escape(str(key))}\b", sentence):
                return (*path, key)
        name = "fixed" if "fixed" in candidate else next(iter(candidate))
        path, candidate = (*path, name), candidate[name]
    return ()


#: Stands for the candidates where forecasters are ranked.
_NO_CANDIDATES = object()
Criterion: TypeAlias = Annotated[
    str, AfterValidator(_criterion), WithJsonSchema({"type": "string", "enum": list(CRITERIA)})
]
Candidate: TypeAlias = Annotated[str | dict[Any, Any], PlainValidator(_candidate), WithJsonSchema({})]


Replicates: TypeAlias = Annotated[int, Field(ge=19, le=1_000_000)]
Folds: TypeAlias = Annotated[int, Field(ge=2, le=1_000)]
#: Settings that are written only where they say something.
_ON_REQUEST = ("criteria", "entropy", "dependence", "adequacy", "bootstrap", "stacking", "tests", "memory")


class Experiment(BaseModel):
    """A sample, its candidates, and what to do with them."""

    model_config = STRICT

    name: Text = Field(
        "experiment", description="A short name; the file's own if absent. It names the report's folder."
    )
    title: Text | None = Field(None, description="The heading of the report.")
    data: Data = Field(description="What was observed: values, counts, probabilities or a file.")
    candidates: Annotated[list[Candidate], Field(min_length=1), BeforeValidator(_listed), WrapValidator(_or_none)] = (
        Field(description="The families that could have produced the data, or the name of a group of them.")
    )
    predictions: Forecasters | None = Field(
        None,
        description="Instead of candidates: forecaster, class, and its probabilities, a list or the column of a file.",
    )
    rank_by: Criterion = Field("kl_corrected", description="The criterion that orders the table.")
    criteria: list[Criterion] = Field(default=[], description="More criteria, each a column of the table.")
    entropy: Text = Field(
        "auto", description="How the entropy of the data is estimated, which sets the level of KL: nsb, vasicek, …"
    )
    dependence: Literal["none", "hac"] = Field(
        "none", description="hac: errors that allow for correlation in the order of time, which data.ordered declares."
    )
    adequacy: Replicates | None = Field(
        None, description="Most samples drawn from each fitted law to test whether it fits at all; about 999."
    )
    bootstrap: Replicates | None = Field(
        None, description="Resamples to which every candidate is refitted: how often each would win; about 999."
    )
    stacking: Folds | None = Field(
        None, description="Folds of the cross-validation that weighs the candidates against each other; about 10."
    )
    tests: bool = Field(False, description="In groups: whether each best one is tested, false discoveries controlled.")
    profiles: list[Profile] = Field(default=[], description="Parameters over which KL is drawn.")
    report: Report = Field(default=Report(), description="What is written.")
    engine: Engine = Field(default=Engine(), description="Where the work is done.")
    memory: Memory | None = Field(
        None, description="Most memory that reading the data may take, as in 2GB; what needs more is refused."
    )
    seed: int = Field(0, ge=0, description="The seed of everything random.")

    _document: Document = PrivateAttr(default_factory=lambda: from_plain({}))

    def __init__(self, /, **settings: Any) -> None:
        self._validate(settings, from_plain({}))

    @classmethod
    def from_yaml(cls, path: str | Path) -> "Experiment":
        """Read the one experiment of a file.

        Raises
        ------
        ConfigurationError
            If the file is not valid, or holds several experiments.
        """
        experiments = load_experiments(path)
        if len(experiments) > 1:
            names = ", ".join(experiment.name for experiment in experiments)
            raise ConfigurationError(f"{path}: got {len(experiments)} experiments ({names}), expected one")
        return experiments[0]

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any], base: str | Path = "") -> "Experiment":
        """Make an experiment of what its file would say.

        Parameters
        ----------
        settings
            Keys and values as in YAML.
        base
            The folder that relative paths start from; the current one if absent.

        Raises
        ------
        ConfigurationError
            If the settings are not valid.

        Examples
        --------
        >>> experiment = Experiment.from_dict({"data": {"counts": {0: 7, 1: 3}}, "candidates": ["poisson"]})
        >>> experiment.data.source, experiment.rank_by
        ('counts', 'kl_corrected')
        """
        document = from_plain(settings, folder=Path(base))
        if not isinstance(document.root.value, dict):
            raise ConfigurationError(f"got {kind(document.root.value)}, expected a mapping of settings")
        return cls._from_document(extend(document, replaced_whole=_REPLACED_WHOLE))

    @classmethod
    def _from_document(cls, document: Document) -> "Experiment":
        experiment = cls.__new__(cls)
        experiment._validate(document.data, document)
        source = experiment.data.source
        experiment.data._folder = document.place(("data", source)).folder
        return experiment

    def on_request(self) -> list[str]:
        """Names of the settings beyond the ranking itself that say something."""
        return [name for name in _ON_REQUEST if getattr(self, name) not in (None, [], "none", "auto", False)]

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as plain data; ``from_dict`` makes the same experiment of them."""
        return {
            "name": self.name,
            **({} if self.title is None else {"title": self.title}),
            "data": self.data.model_dump(by_alias=True, exclude_defaults=True),
            **({"candidates": self.candidates} if self.predictions is None else {"predictions": self.predictions}),
            "rank_by": self.rank_by,
            **{name: getattr(self, name) for name in self.on_request()},
            "profiles": [profile.model_dump(by_alias=True, exclude_defaults=True) for profile in self.profiles],
            "report": self.report.model_dump(),
            "engine": self.engine.model_dump(exclude_none=True),
            "seed": self.seed,
        }

    def to_yaml(self, folder: str | Path | None = None) -> str:
        """Write the resolved experiment as YAML.

        Parameters
        ----------
        folder
            Where the text will stand: the path of the data file is written relative to it. If None, the path
            stays as it was written.
        """
        settings = self.to_dict()
        if folder is not None and (moved := self.data.moved(Path(folder))) is not None:
            settings["data"][self.data.source] = moved
        return dump(settings)

    def run(self, output: str | Path | None = None, *, resume: bool = False) -> "Outcome":
        """Read the data, rank the candidates, and write the report into the folder ``output`` if there is one.

        With `resume`, what a run of groups had finished in that folder when it was interrupted is not done again.
        """
        from modelselect.experiment.run import run

        return run(self, output, resume=resume)

    def place(self, *location: str | int) -> str:
        """Say where a setting stands, as ``file:line:column``; empty if it comes from Python."""
        return str(self._document.place(location))

    def chosen(self) -> list[families.Candidate]:
        """The candidates, groups spelled out, in their order."""
        return families.parse_candidates(self.candidates)

    def labels(self) -> list[str]:
        """Labels of the candidates, or names of the forecasters, in their order."""
        if self.predictions is not None:
            return list(self.predictions)
        chosen = self.chosen() if self.data.formula is None else regressions(self)
        return [candidate.label for candidate in chosen]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def _validate(self, settings: Any, document: Document) -> None:
        try:
            # what BaseModel.__init__ does; its error becomes ours
            self.__pydantic_validator__.validate_python(settings, self_instance=self)
        except ValidationError as error:
            raise explained(error, document, _MODELS) from None
        self._document = document

    @model_validator(mode="before")
    @classmethod
    def _forecasters_are_no_candidates(cls, settings: Any) -> Any:
        if isinstance(settings, dict) and settings.get("predictions") is not None and "candidates" not in settings:
            return {**settings, "candidates": _NO_CANDIDATES}
        return settings

    @model_validator(mode="after")
    def _one_of_two(self) -> "Experiment":
        problems = grouping_problems(self)
        if self.predictions is None:
            if self.data.labels is not None:
                problems.append(Problem(("data", "labels"), "there are no predictions, expected 'predictions' too"))
        else:
            both = [name for name in ("candidates", "profiles") if getattr(self, name)]
            both += [name for name in self.on_request() if name != "memory"]
            problems += [Problem((name,), "makes no sense beside 'predictions'", at_key=True) for name in both]
            if self.data.labels is None:
                problems.append(Problem(("data",), "there are no labels, expected 'labels' beside 'predictions'"))
            problems += misplaced(("predictions",), self.predictions, in_file=self.data.tabular)
        if problems:
            raise several(problems)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> "Experiment":
        if self.data.formula is not None:
            return check_regressions(self)
        labels = [spec if is_group(spec) else str(_parsed(spec).label) for spec in self.candidates]
        problems = [
            Problem(
                ("candidates", number),
                f"the label '{label}' is that of candidates[{labels.index(label)}] too, expected another",
            )
            for number, label in enumerate(labels)
            if labels.index(label) < number
        ]
        for number, profile in enumerate(self.profiles):
            sentence = self._mismatch(profile.candidate)
            if sentence:
                problems.append(Problem(("profiles", number, "candidate"), sentence))
        if problems:
            raise several(problems)
        return self

    def _mismatch(self, name: str) -> str:
        """Say what is wrong with a profile's candidate, which is a label or the family of one candidate."""
        labels = self.labels()
        written = {_parsed(spec).label: _written_family(spec) for spec in self.candidates if not is_group(spec)}
        named = [{candidate.family.name, written.get(candidate.label, "")} for candidate in self.chosen()]
        found = [label for label, names in zip(labels, named, strict=True) if name in names]
        if name in labels or len(found) == 1:
            return ""
        if found:
            return f"got {shown(name)}, a family of several candidates, expected a label: {', '.join(found)}"
        hint = did_you_mean(name[:80], sorted(set(labels).union(*named) - {""}))
        return f"got {shown(name)}, expected one of the candidates: {', '.join(labels)}{hint}"


def _written_family(candidate: str | dict[Any, Any]) -> str:
    if isinstance(candidate, str):
        return candidate
    return str(candidate.get("family", next(iter(candidate))))


_MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Experiment,
    ("data",): Data,
    ("data", "sql"): Sql,
    ("data", "truncation"): Truncation,
    ("profiles",): Profile,
    ("report",): Report,
    ("engine",): Engine,
}


def load_experiments(path: str | Path, overrides: Sequence[str] = ()) -> list[Experiment]:
    """Read the experiments of a file.

    A file is one experiment, or a list ``experiments:`` beside which everything else is a default of each.
    An experiment without a name takes that of the file (and a number, if there are several).
    ``extends: FILE`` takes what is not said from another file.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        Settings ``KEY=VALUE`` that replace those of the file, in each experiment; ``experiments.0.KEY``
        reaches one of them only. ``data.path`` is whichever of csv, parquet, json and arrow the file uses.

    Raises
    ------
    ConfigurationError
        If the file is not valid; a line for each problem.
    """
    document, stem = read(path, replaced_whole=_REPLACED_WHOLE), Path(path).stem
    if not document.has(("experiments",)):
        return [_experiment(document, stem, overrides)]
    to_one = [setting for setting in overrides if setting.strip().startswith(("experiments.", "experiments["))]
    to_all = [setting for setting in overrides if setting not in to_one]
    document = override(document, to_one)
    items = document.part(("experiments",)).data
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise document.place(("experiments",)).refuse(
            f"experiments: this is {kind(items)}, expected a list of mappings, one for each experiment"
        )
    defaults = document.without("experiments")
    experiments: list[Experiment] = []
    problems: list[str] = []
    for number in range(len(items)):
        own = merge(defaults, document.part(("experiments", number)), replaced_whole=_REPLACED_WHOLE)
        try:
            experiments.append(_experiment(own, f"{stem}-{number + 1}", to_all))
        except ConfigurationError as error:
            problems += str(error).split("\n")
    names = [experiment.name for experiment in experiments]
    problems += [
        f"{experiment.place('name')}: name: got '{experiment.name}' twice, expected distinct names"
        for number, experiment in enumerate(experiments)
        if names.index(experiment.name) < number
    ]
    if problems:
        raise ConfigurationError("\n".join(dict.fromkeys(problems)))
    return experiments


def _experiment(document: Document, name: str, overrides: Sequence[str]) -> Experiment:
    """One experiment of a document, called ``name`` if it has no name of its own."""
    document = override(document, [_with_source(setting, document) for setting in overrides])
    return Experiment._from_document(merge(from_plain({"name": name}), document))


def _with_source(setting: str, document: Document) -> str:
    """Read ``data.path`` as the kind of file that the document uses."""
    key, equals, value = setting.partition("=")
    used = [name for name in FILES if document.has(("data", name)) and document.part(("data", name)).data]
    return f"data.{used[0]}{equals}{value}" if key.strip() == "data.path" and used else setting
