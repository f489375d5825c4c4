"""An experiment on one column of a file or several, without YAML: what `modelselect rank` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from modelselect.errors import ConfigurationError, ModelSelectError
from modelselect.experiment.config import Experiment
from modelselect.experiment.outcomes import Failure, Outcome
from modelselect.experiment.run import run_all
from modelselect.experiment.sources import Source, read
from modelselect.experiment.yaml import load
from modelselect.ranking.automatic import automatic_candidates

#: Setting of an experiment file → the option that says it, where that has another name.
_OPTIONS = {
    "rank_by": "--by",
    "data.by": "--group-by",
    "data.truncation.lower": "--above",
    "data.truncation.upper": "--up-to",
    "data.truncation": "--above and --up-to",
    "data": "FILE",
    **{f"data.{source}": "FILE" for source in ("csv", "parquet", "json", "arrow")},
}
_FORMATS = {
    "parquet": ("parquet", "pq"),
    "json": ("json", "jsonl", "ndjson"),
    "arrow": ("arrow", "feather", "ipc"),
}


@dataclass(frozen=True)
class Quick:
    """An experiment and its data, which were needed to choose the candidates; None of groups."""

    experiment: Experiment
    source: Source | None

    def run(
        self, output: Path | None = None, *, progress: Callable[[Experiment, str], None] | None = None
    ) -> Outcome | Failure:
        """Rank, and write a report into a folder if one is named; errors name options of the command line."""
        (outcome,) = run_all([self.experiment], [output], sources=[self.source], progress=progress)
        return replace(outcome, error=_of_options(outcome.error)) if isinstance(outcome, Failure) else outcome


def quick_experiment(
    files: Sequence[str],
    *,
    column: str | None = None,
    candidates: str | None = None,
    by: str = "kl_corrected",
    event: str | None = None,
    lower: str | None = None,
    upper: str | None = None,
    truncation: tuple[str | None, str | None] = (None, None),
    weight: str | None = None,
    where: str | None = None,
    resolution: str = "auto",
    missing: str = "refuse",
    unit: str = "observation",
    group_by: Sequence[str] = (),
    tests: bool = False,
    memory: str | None = None,
) -> Quick:
    """Make an experiment of what stands on a command line, and read its data.

    Parameters
    ----------
    files
        The data, or patterns; endings such as .parquet, .json and .feather say what they are, all else is CSV.
    candidates
        A YAML list without its brackets; None takes `automatic_candidates`, and says so.
    resolution
        ``auto``, ``none``, or a number.
    truncation
        Bounds (lower, upper): numbers, or names of columns.
    group_by
        Columns that group the rows: ``data.by`` of an experiment file.
    column, by, event, lower, upper, weight, where, missing, unit, tests, memory
        As in an experiment file.

    Raises
    ------
    ConfigurationError
        An option is not valid.
    DataError
        The data cannot be used.
    """
    data: dict[str, Any] = {
        _format(files): files[0] if len(files) == 1 else list(files),
        "column": column,
        "event": event,
        "lower": lower,
        "upper": upper,
        "truncation": _truncation(truncation),
        "weight": weight,
        "where": where,
        "resolution": _resolution(resolution),
        "missing": missing,
        "unit": unit,
    }
    data = {key: value for key, value in data.items() if value is not None or key == "resolution"}
    settings: dict[str, Any] = {"name": _name(files[0], column or lower), "data": data, "rank_by": by}
    settings |= {} if memory is None else {"memory": memory}
    grouped = {"data": {**data, "by": list(group_by)}, "tests": tests} if group_by else {"tests": tests}
    try:
        return _made(settings, grouped, candidates)
    except ModelSelectError as error:
        raise _of_options(error) from None


def _made(settings: dict[str, Any], grouped: dict[str, Any], candidates: str | None) -> Quick:
    """The experiment of these settings; its candidates suggest themselves where none are named."""
    in_groups = "data" in grouped
    if candidates is not None:
        settings["candidates"] = load(f"candidates: [{candidates}\n]", "--candidates").data["candidates"]
        experiment = Experiment.from_dict({**settings, **grouped})
        return Quick(experiment, None if in_groups else read(experiment))
    source = read(Experiment.from_dict({**settings, "candidates": ["uniform"]}))
    chosen = automatic_candidates(source.sample)
    kinds = {"nominal": "labels", "lattice": "rounded or whole numbers", "continuous": "real numbers"}
    subject = "the candidate is the family" if len(chosen) == 1 else f"the {len(chosen)} candidates are the families"
    note = f"{subject} for these {kinds[source.sample.kind]}; --candidates names others"
    experiment = Experiment.from_dict({**settings, "candidates": chosen, **grouped})
    if in_groups:
        return Quick(experiment, None)
    return Quick(experiment, replace(source, notes=(*source.notes, note)))


def _of_options(error: ModelSelectError) -> ModelSelectError:
    """The same error, its settings named as options of the command line."""

    def option(found: re.Match[str]) -> str:
        setting = found[1]
        return f"{_OPTIONS.get(setting, '--' + setting.removeprefix('data.').replace('_', '-'))}:"

    sentence = re.sub(r"^(data(?:\.\w+)*|rank_by|memory|tests):", option, str(error), flags=re.MULTILINE)
    error.args = (sentence.replace("missing: drop", "--missing drop"),)
    return error


def _format(files: Sequence[str]) -> str:
    known = {f".{ending}": kind for kind, endings in _FORMATS.items() for ending in endings}
    kinds = [known.get(PurePath(file).suffix.lower(), "csv") for file in files]
    for kind, file in zip(kinds, files, strict=True):
        if kind != kinds[0]:
            raise ConfigurationError(f"FILE: {files[0]} is a {kinds[0]} file, but {file} is not; expected one kind")
    return kinds[0]


def _name(file: str, column: str | None) -> str:
    stem = re.sub(r"[*?\[\]]+", "", PurePath(file).name.split(".")[0]).strip("-_ ") or "data"
    return stem if column is None else f"{stem}-{column}"


def _truncation(bounds: tuple[str | None, str | None]) -> dict[str, str | float] | None:
    given: dict[str, str | float] = {}
    for name, text in zip(("lower", "upper"), bounds, strict=True):
        if text is not None:
            try:
                given[name] = float(text)
            except ValueError:
                given[name] = text
    return given or None


def _resolution(text: str) -> str | float | None:
    if text in ("auto", "none", "null"):
        return "auto" if text == "auto" else None
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"--resolution: got '{text}', expected auto, none or a number above 0") from None
