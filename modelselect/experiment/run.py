"""Run an Experiment: data in, a ranking, profiles and a written report out."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from modelselect.errors import ConfigurationError, ModelSelectError, NothingFittedError
from modelselect.experiment.config import Experiment, load_experiments
from modelselect.experiment.engines import Engine, Local
from modelselect.experiment.profiles import check_profiles, profile_curves
from modelselect.experiment.regressions import CaseTable, rank_table
from modelselect.experiment.sources import Source, fingerprint, grouping_refused, read
from modelselect.ranking.predictions import rank_forecasts
from modelselect.ranking.ranker import rank
from modelselect.ranking.result import Ranking
from modelselect.reporting.tables import frames, jsonable
from modelselect.reporting.writers import Page, ProfileCurve, Studies, check_folder, write_report
from modelselect.sample import Sample

Progress = Callable[[str], None]

#: Where reports go if nobody says it: a folder of the current one.
REPORTS = Path("reports")


@dataclass(frozen=True, eq=False)
class Report:
    """What running an experiment gave.

    Attributes
    ----------
    name
        The experiment's name.
    ranking
        The candidates, best first.
    profiles
        KL over a parameter, as the experiment asked for: candidate, parameter, frame, and where it is smallest.
    tables
        ``ranking``, ``parameters``, ``comparisons`` and ``ledger`` as they are written, and one frame a profile.
    source
        Where the data came from, in words.
    notes
        What was recognised or assumed.
    manifest
        Versions, fingerprint of the data, seed, status of each candidate.
    path
        The folder of the report; None if nothing was written.
    studies
        What was asked beyond the ranking.
    """

    name: str
    ranking: Ranking
    profiles: tuple[ProfileCurve, ...]
    tables: dict[str, pd.DataFrame]
    source: str
    notes: tuple[str, ...]
    manifest: dict[str, Any]
    path: Path | None
    studies: Studies = field(default_factory=Studies)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON, every digit kept: NaN is null, infinities are "inf" and "-inf"."""
        ranking = self.ranking
        plain = {
            "name": self.name,
            "source": self.source,
            "notes": self.notes,
            "unit": ranking.unit,
            "n": ranking.sample.n,
            "criterion": ranking.by,
            "footing": ranking.footing,
            "verdict": ranking.verdict,
            "entropy": vars(ranking.entropy),
            "ranking": ranking.table.reset_index().to_dict("records"),
            "comparisons": ranking.comparisons.to_dict("records"),
            "ledger": ranking.ledger.to_dict("records"),
            **{name: frame.to_dict("records") for name, frame in self.studies.frames().items()},
            "profiles": [
                {"candidate": c.candidate, "parameter": c.parameter, "at": c.at, "kl": c.kl} for c in self.profiles
            ],
            "manifest": self.manifest,
            "report": None if self.path is None else str(self.path),
        }
        return {key: jsonable(value) for key, value in plain.items()}


@dataclass(frozen=True, eq=False)
class Failure:
    """An experiment that could not be run, and why."""

    name: str
    error: ModelSelectError

    @property
    def ledger(self) -> pd.DataFrame | None:
        """Why no candidate could be fitted, if that was it."""
        ledger = self.error.ledger if isinstance(self.error, NothingFittedError) else None
        return ledger if isinstance(ledger, pd.DataFrame) else None

    def to_dict(self) -> dict[str, Any]:
        """The name, the error in a sentence, and the ledger, as plain data."""
        ledger = self.ledger
        records = [] if ledger is None else ledger.to_dict("records")
        return {"name": self.name, "error": str(self.error), "ledger": records}


def load_all(configs: Sequence[str | Path], overrides: Sequence[str] = ()) -> list[Experiment]:
    """Read and check the experiments of several files.

    Raises
    ------
    ConfigurationError
        With a line for each problem of each file.
    """
    experiments, problems = [], []
    for config in configs:
        try:
            found = load_experiments(config, overrides)
            for experiment in found:
                check(experiment)
            experiments += found
        except ConfigurationError as error:
            problems.append(str(error))
    if problems:
        raise ConfigurationError("\n".join(problems))
    return experiments


def run(
    experiment: Experiment,
    output: str | Path | None = None,
    *,
    progress: Progress | None = None,
    source: Source | None = None,
) -> Report:
    """Run one experiment.

    Parameters
    ----------
    experiment
        What is to be done.
    output
        The folder of the report, which is replaced as a whole; None writes nothing.
    progress
        Called with a word when a step is done; there are `steps` of them.
    source
        The data, if they have been read already.

    Raises
    ------
    DataError
        The data cannot be used.
    ConfigurationError
        A profile cannot be drawn, rows are to be grouped, or the folder cannot be written.
    NothingFittedError
        Not one candidate could be fitted.

    Examples
    --------
    >>> experiment = Experiment(name="mites", data={"counts": {0: 70, 1: 38, 2: 17, 3: 10}}, candidates=["poisson"])
    >>> run(experiment).ranking.best.parameters
    {'mean': 0.7555555555555555}
    """
    tell = progress or (lambda _: None)
    check(experiment)
    folder = None if output is None else Path(output)
    if folder is not None:
        _check_writable(folder)
    if source is None:
        source = read(experiment)
    tell("data")
    ranking = _ranked(experiment, source, tell)
    curves, unprofiled = profile_curves(experiment, ranking)
    for _ in experiment.profiles:
        tell("profile")
    studies = _studies(experiment, ranking, tell)
    notes = tuple(dict.fromkeys((*source.notes, *ranking.notes, *unprofiled)))
    manifest = _manifest(experiment, source, ranking)
    if folder is not None:
        page = Page(
            name=experiment.name,
            title=experiment.title,
            ranking=ranking,
            profiles=curves,
            experiment_yaml=experiment.to_yaml(folder=folder),
            manifest=manifest,
            source=source.sentence,
            studies=studies,
        )
        try:
            folder = write_report(page, folder, formats=experiment.report.formats, figures=experiment.report.figures)
        except OSError as error:
            raise _unwritable(folder, error.strerror or str(error)) from error
    tell("report")
    tables = {
        **frames(ranking),
        **studies.frames(),
        **{f"profile of {c.candidate} over {c.parameter}": c.frame for c in curves},
    }
    return Report(experiment.name, ranking, curves, tables, source.sentence, notes, manifest, folder, studies)


def _ranked(experiment: Experiment, source: Source, tell: Progress) -> Ranking:
    """Rank what was read: families, regressions or forecasters."""
    if isinstance(source.sample, CaseTable):
        return rank_table(experiment, source.sample, tell)
    unit = experiment.data.unit
    if source.told is not None:
        unit = "case" if unit == "observation" else unit
        ranking = rank_forecasts(source.sample, source.told, by=experiment.rank_by, unit=unit)
        for name in source.told:
            tell(name)
        return ranking
    return rank(
        source.sample,
        experiment.candidates,
        by=experiment.rank_by,
        criteria=experiment.criteria,
        entropy=experiment.entropy,
        dependence=experiment.dependence,
        unit=unit,
        seed=experiment.seed,
        progress=tell,
    )


def run_all(
    experiments: Sequence[Experiment],
    folders: Sequence[Path | None],
    *,
    sources: Sequence[Source | None] = (),
    progress: Callable[[Experiment, str], None] | None = None,
    engine: Engine | None = None,
) -> list[Report | Failure]:
    """Run experiments, each for itself: one that fails does not keep the others from being run.

    Parameters
    ----------
    experiments, folders
        What is to be done and where each report goes, see `output_folders`.
    sources
        The data of each, if they have been read already.
    progress
        Called with the experiment and a word when one of its `steps` is done.
    engine
        Where the work is done.
    """

    def attempt(job: tuple[Experiment, Path | None, Source | None]) -> Report | Failure:
        experiment, folder, source = job

        def tell(step: str) -> None:
            if progress is not None:
                progress(experiment, step)

        try:
            return run(experiment, folder, progress=tell, source=source)
        except ModelSelectError as error:
            return Failure(experiment.name, error)

    jobs = zip(experiments, folders, sources or [None] * len(experiments), strict=True)
    return (engine or Local()).map(attempt, jobs)


def _studies(experiment: Experiment, ranking: Ranking, tell: Progress) -> Studies:
    """Do what was asked beyond the ranking."""
    made: dict[str, pd.DataFrame] = {}
    if experiment.adequacy is not None:
        made["adequacy"] = ranking.adequacy(experiment.adequacy)
        tell("adequacy")
    if experiment.bootstrap is not None:
        made["bootstrap"] = ranking.bootstrap(experiment.bootstrap).table
        tell("bootstrap")
    if experiment.stacking is not None:
        made["stacking"] = ranking.stacking(experiment.stacking).to_frame()
        tell("stacking")
    return Studies(**made)


def check(experiment: Experiment) -> None:
    """Check what can be checked before the data are read.

    Raises
    ------
    ConfigurationError
        A profile cannot be drawn, or rows are to be grouped.
    """
    if experiment.data.by is not None:
        raise grouping_refused(experiment)
    check_profiles(experiment)


def steps(experiment: Experiment) -> int:
    """How often `run` calls its progress: data, candidates, profiles, what was asked beyond the ranking, report."""
    asked = sum(value is not None for value in (experiment.adequacy, experiment.bootstrap, experiment.stacking))
    return 2 + len(experiment.labels()) + len(experiment.profiles) + asked


def slug(name: str) -> str:
    """Name of a folder: of a–z, 0–9, dot, dash and underscore, at most 80 characters.

    Examples
    --------
    >>> slug("Größe, in cm (Übung 1)"), slug("../../etc"), slug("日本")
    ('grosse-in-cm-ubung-1', 'etc', 'experiment')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")[:80].rstrip("-._") or "experiment"


def output_folders(experiments: Sequence[Experiment], output: str | Path | None = None) -> list[Path]:
    """Where each report goes: one into ``output`` itself, several into ``output/<slug>``.

    Without ``output`` each goes into ``reports/<slug>`` of the current folder.

    Raises
    ------
    ConfigurationError
        Two would write into the same folder, or a folder cannot be written.
    """
    if output is not None and len(experiments) == 1:
        folders = [Path(output)]
    else:
        folders = [(REPORTS if output is None else Path(output)) / slug(e.name) for e in experiments]
    owners: dict[Path, Experiment] = {}
    for folder, experiment in zip(folders, experiments, strict=True):
        if folder in owners:
            names = f"'{owners[folder].name}' and '{experiment.name}'"
            place = experiment.place("name")
            sentence = f"the experiments {names} would both write into {folder}, expected distinct names"
            raise ConfigurationError(f"{place}: name: {sentence}" if place else sentence)
        owners[folder] = experiment
        _check_writable(folder)
    return folders


def _check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made, before anything is run."""
    if folder.exists() and not folder.is_dir():
        raise _unwritable(folder, "it is a file")
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise _unwritable(folder, f"{above} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise _unwritable(folder, f"no permission to write into {above}")
    check_folder(folder)


def _unwritable(folder: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"output: the folder {folder} cannot be written: {reason}")


def _manifest(experiment: Experiment, source: Source, ranking: Ranking) -> dict[str, Any]:
    from modelselect import __version__

    sample = ranking.sample
    return {
        "name": experiment.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "source": source.sentence,
            "sha256": fingerprint(sample, source.told),
            "n": None if sample.known else int(sample.n) if sample.n.is_integer() else sample.n,
            **(_of_sample(sample) if source.told is None else {"classes": list(map(str, sample.classes))}),
            "notes": list(source.notes),
        },
        "criterion": experiment.rank_by,
        "seed": experiment.seed,
        "statuses": {label: str(fit.status) for label, fit in ranking.fits.items()},
        "versions": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "modelselect": __version__,
            **{name: version(name) for name in _libraries(experiment)},
        },
    }


def _of_sample(sample: Sample) -> dict[str, Any]:
    return {
        "distinct": len(sample),
        "missing": sample.n_missing,
        "kind": sample.kind,
        "resolution": sample.resolution,
        **({} if sample.exact else {"censored_share": sample.censored_share}),
        **({} if sample.truncation is None else {"truncated": True}),
    }


def _libraries(experiment: Experiment) -> list[str]:
    """What an experiment is run with, whatever else may have been imported."""
    formats = experiment.report.formats
    used = {
        "duckdb": experiment.data.tabular or "parquet" in formats,
        "SQLAlchemy": experiment.data.sql is not None and experiment.data.sql.kind != "duckdb",
        "matplotlib": experiment.report.figures,
        "Jinja2": "markdown" in formats or "html" in formats,
        "patsy": experiment.data.formula is not None,
    }
    return ["numpy", "scipy", "pandas", "pydantic", "PyYAML", *(name for name, needed in used.items() if needed)]
