"""Run an Experiment: data in, a ranking, profiles and a written report out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from modelselect.errors import ConfigurationError, ModelSelectError
from modelselect.experiment.config import Experiment, load_experiments
from modelselect.experiment.documents import Location, as_path
from modelselect.experiment.engines import Engine, Local, started
from modelselect.experiment.finished import Finished
from modelselect.experiment.folders import check_writable, output_folders, slug, unwritable
from modelselect.experiment.group_runs import TICKS, anywhere, rank_experiment
from modelselect.experiment.outcomes import Failure, GroupReport, Outcome, Report
from modelselect.experiment.profiles import check_profiles, profile_curves
from modelselect.experiment.regressions import CaseTable, rank_table
from modelselect.experiment.sources import Source, fingerprint, read
from modelselect.ranking.criteria import check_criterion
from modelselect.ranking.predictions import rank_forecasts
from modelselect.ranking.ranker import rank
from modelselect.ranking.result import Ranking
from modelselect.reporting.groups import group_frames
from modelselect.reporting.page import GroupPage
from modelselect.reporting.tables import frames
from modelselect.reporting.writers import Page, Studies, write_report
from modelselect.sample import Sample

__all__ = [
    "Failure",
    "GroupReport",
    "Outcome",
    "Report",
    "check",
    "load_all",
    "output_folders",
    "run",
    "run_all",
    "slug",
    "steps",
]

Progress = Callable[[str], None]


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
    engine: Engine | None = None,
    resume: bool = False,
) -> Outcome:
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
        The data, if they have been read already; not of groups.
    engine
        Where the work is done, if not where the experiment says.
    resume
        Of groups: whether what an interrupted run with this output has finished is not done again.

    Raises
    ------
    DataError
        The data cannot be used.
    ConfigurationError
        A profile cannot be drawn, the folder cannot be written, or there is no such cluster.
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
        check_writable(folder)
    with _place(experiment, engine) as place:
        if experiment.data.by is not None:
            return _run_groups(experiment, folder, place, tell, resume=resume)
        if not isinstance(place, Local):
            (made,) = place.map(_attempted, [(anywhere(experiment), source)])
            if isinstance(made, Failure):
                raise made.error
            return _delivered(experiment, made, folder, tell)
        report = _written(experiment, _result(experiment, source, tell), folder)
        tell("report")
        return report


def _result(experiment: Experiment, source: Source | None, tell: Progress) -> Report:
    """Do all that an experiment asks for, but write nothing."""
    if source is None:
        source = read(experiment)
    tell("data")
    ranking = _ranked(experiment, source, tell)
    curves, unprofiled = profile_curves(experiment, ranking)
    for _ in experiment.profiles:
        tell("profile")
    studies = _studies(experiment, ranking, tell)
    notes = tuple(dict.fromkeys((*source.notes, *ranking.notes, *unprofiled)))
    tables = {
        **frames(ranking),
        **studies.frames(),
        **{f"profile of {c.candidate} over {c.parameter}": c.frame for c in curves},
    }
    manifest = _manifest(experiment, source, ranking)
    return Report(experiment.name, ranking, curves, tables, source.sentence, notes, manifest, None, studies)


def _written(experiment: Experiment, report: Report, folder: Path | None) -> Report:
    """Write a report into its folder, if there is one."""
    if folder is None:
        return report
    page = Page(
        name=experiment.name,
        title=experiment.title,
        ranking=report.ranking,
        profiles=report.profiles,
        experiment_yaml=experiment.to_yaml(folder=folder),
        manifest=report.manifest,
        source=report.source,
        studies=report.studies,
    )
    return replace(report, path=_write(page, experiment, folder))


def _write(page: Page | GroupPage, experiment: Experiment, folder: Path) -> Path:
    try:
        return write_report(page, folder, formats=experiment.report.formats, figures=experiment.report.figures)
    except OSError as error:
        raise unwritable(folder, error.strerror or str(error)) from error


def _run_groups(
    experiment: Experiment, folder: Path | None, engine: Engine, tell: Progress, *, resume: bool
) -> GroupReport:
    """Rank the candidates in every group, and write the report if there is a folder for it."""
    finished = None if folder is None else Finished(folder, resume=resume)
    ranked = rank_experiment(experiment, engine, tell, finished)
    groups = ranked.groups
    data = {
        "source": ranked.sentence,
        "sha256": ranked.sha256,
        "n": float(groups.n.sum()),
        "groups": len(groups),
        "resolution": groups.groups.resolution,
        "notes": list(ranked.notes),
    }
    manifest = {**_heading(experiment, data), "versions": _versions(experiment)}
    report = GroupReport(experiment.name, groups, group_frames(groups), ranked.sentence, ranked.notes, manifest, None)
    if folder is not None and finished is not None:
        page = GroupPage(
            name=experiment.name,
            title=experiment.title,
            groups=groups,
            experiment_yaml=experiment.to_yaml(folder=folder),
            manifest=manifest,
            source=ranked.sentence,
            notes=ranked.notes,
        )
        report = replace(report, path=_write(page, experiment, folder))
        finished.clear()
    tell("report")
    return report


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
    _check_criteria(experiment, source.sample)
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


def _check_criteria(experiment: Experiment, sample: Sample) -> None:
    """Refuse criteria that the data do not allow, with their place, before anything is fitted."""
    asked: list[tuple[Location, str]] = [(("rank_by",), experiment.rank_by)]
    asked += [(("criteria", number), name) for number, name in enumerate(experiment.criteria)]
    for location, name in asked:
        try:
            check_criterion(name, sample)
        except ConfigurationError as error:
            place = experiment.place(*location)
            raise ConfigurationError(f"{place}{': ' if place else ''}{as_path(location)}: {error}") from None


def run_all(
    experiments: Sequence[Experiment],
    folders: Sequence[Path | None],
    *,
    sources: Sequence[Source | None] = (),
    progress: Callable[[Experiment, str], None] | None = None,
    engine: Engine | None = None,
    resume: bool = False,
) -> list[Outcome | Failure]:
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
        Where the work is done, if not where each experiment says.
    resume
        As of `run`.
    """
    sources = sources or [None] * len(experiments)
    outcomes: dict[int, Outcome | Failure] = {}

    def tell_of(i: int) -> Progress:
        return lambda step: None if progress is None else progress(experiments[i], step)

    def attempt(i: int, place: Engine, made: Report | Failure | None) -> Outcome | Failure:
        try:
            if isinstance(made, Report):
                return _delivered(experiments[i], made, folders[i], tell_of(i))
            return made or run(
                experiments[i], folders[i], progress=tell_of(i), source=sources[i], engine=place, resume=resume
            )
        except ModelSelectError as error:
            return Failure(experiments[i].name, error)

    waiting = list(range(len(experiments)))
    while waiting:
        first = experiments[waiting[0]]
        here = [i for i in waiting if engine is not None or experiments[i].engine == first.engine]
        waiting = [i for i in waiting if i not in here]
        try:
            with _place(first, engine) as place:
                whole = [] if isinstance(place, Local) else [i for i in here if experiments[i].data.by is None]
                made = dict(
                    zip(
                        whole,
                        place.map(_attempted, [(anywhere(experiments[i]), sources[i]) for i in whole]),
                        strict=True,
                    )
                )
                outcomes |= {i: attempt(i, place, made.get(i)) for i in here}
        except ConfigurationError as error:  # there is no such cluster
            outcomes |= {i: Failure(experiments[i].name, error) for i in here}
    return [outcomes[i] for i in range(len(experiments))]


def _place(experiment: Experiment, engine: Engine | None) -> AbstractContextManager[Engine]:
    """Where the work is done: the engine that is given, or the one that the experiment asks for."""
    return started(experiment.engine, experiment.place("engine")) if engine is None else nullcontext(engine)


def _attempted(job: tuple[Experiment, Source | None]) -> Report | Failure:
    """A whole experiment as one task, on whatever machine; nothing is written there."""
    try:
        return _result(*job, lambda _: None)
    except ModelSelectError as error:
        return Failure(job[0].name, error)


def _delivered(experiment: Experiment, report: Report, folder: Path | None, tell: Progress) -> Report:
    """Write what was made elsewhere, and catch up with the progress."""
    for step in range(steps(experiment) - 1):
        tell("data" if step == 0 else "fitted")
    report = _written(experiment, report, folder)
    tell("report")
    return report


def _studies(experiment: Experiment, ranking: Ranking, tell: Progress) -> Studies:
    """Do what was asked beyond the ranking."""
    made: dict[str, pd.DataFrame] = {}
    if experiment.adequacy is not None:
        made["adequacy"] = ranking.adequacy(experiment.adequacy)
        tell("adequacy")
    if experiment.bootstrap is not None:
        made["bootstrap"] = ranking.bootstrap(experiment.bootstrap, block_length=experiment.block_length or 1).table
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
        A profile cannot be drawn.
    """
    check_profiles(experiment)


def steps(experiment: Experiment) -> int:
    """How often `run` calls its progress: data, candidates, profiles, what was asked beyond the ranking, report."""
    if experiment.data.by is not None:
        return 2 + TICKS
    asked = sum(value is not None for value in (experiment.adequacy, experiment.bootstrap, experiment.stacking))
    return 2 + len(experiment.labels()) + len(experiment.profiles) + asked


def _manifest(experiment: Experiment, source: Source, ranking: Ranking) -> dict[str, Any]:
    sample = ranking.sample
    data = {
        "source": source.sentence,
        "sha256": fingerprint(sample, source.told),
        "n": None if sample.known else int(sample.n) if sample.n.is_integer() else sample.n,
        **(_of_sample(sample) if source.told is None else {"classes": list(map(str, sample.classes))}),
        "notes": list(source.notes),
    }
    statuses = {label: str(fit.status) for label, fit in ranking.fits.items()}
    return {**_heading(experiment, data), "statuses": statuses, "versions": _versions(experiment)}


def _heading(experiment: Experiment, data: dict[str, Any]) -> dict[str, Any]:
    """What a manifest begins with."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"criterion": experiment.rank_by, "seed": experiment.seed}
    return {"name": experiment.name, "created": created, "data": data, **about}


def _versions(experiment: Experiment) -> dict[str, str]:
    from modelselect import __version__

    own = {"python": ".".join(map(str, sys.version_info[:3])), "modelselect": __version__}
    return own | {name: version(name) for name in _libraries(experiment)}


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
