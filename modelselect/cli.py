"""The command line. It reads options, calls the library and prints; there is no logic here.

Exit codes: 0 done, 1 the data or the candidates made a run impossible, 2 usage or configuration error,
70 a bug in modelselect, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelselect.errors import CandidateError, ConfigurationError, DataError, ModelSelectError, NothingFittedError

if TYPE_CHECKING:
    from rich.console import Console

    from modelselect.experiment.config import Experiment
    from modelselect.experiment.run import Failure, Outcome

DONE, IMPOSSIBLE, USAGE, BUG, INTERRUPTED = 0, 1, 2, 70, 130

app = typer.Typer(
    name="modelselect",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 the data or the candidates made a run impossible; 2 usage or configuration "
    "error; 70 a bug; 130 interrupted. NO_COLOR is honoured.",
)


@dataclass
class _Settings:
    """What is said before the name of a command."""

    debug: bool = False
    json: bool = False


Configs = Annotated[list[str], typer.Argument(metavar="CONFIG", help="YAML files, one or several experiments in each.")]
_OUTPUT = "Folder of the report; several experiments write into DIR/name."
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help=_OUTPUT)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, as in --set data.path=new.csv. Repeatable."),
]
GroupBy = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Column that groups the rows; repeatable.")]
Resume = Annotated[bool, typer.Option("--resume", help="Take up an interrupted run: finished groups are kept.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help='Print JSON and nothing else: NaN is null, infinity is "inf".')]


def _print_version(wanted: bool) -> None:
    if wanted:
        from modelselect import __version__

        typer.echo(f"modelselect {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def _modelselect(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of unexpected errors.")] = False,
) -> None:
    """Say which distribution this is.

    Candidate families are fitted to data by maximum likelihood and ranked by the Kullback-Leibler divergence:
    how many nats an observation loses if the candidate is believed. Every candidate comes back, with a reason
    where it could not be fitted, and with how certain its distance from the best is.

    For example:

    modelselect run configs/worm_teeth.yaml — fit, rank and report what a file says

    modelselect rank deaths.csv --column deaths — rank what suggests itself, without any file

    modelselect validate mine.yaml — find mistakes before anything is run

    modelselect families gamma — formula, parameters and scipy's name of a family

    modelselect schema > experiment.schema.json — so that editors complete experiments
    """
    if isinstance(context.obj, _Settings):
        context.obj.debug = debug


@app.command(no_args_is_help=True)
def run(
    context: typer.Context,
    configs: Configs,
    output: Output = None,
    overrides: Overrides = None,
    resume: Resume = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run the experiments of YAML files and write their reports.

    One experiment writes into DIR itself, several into a folder of DIR each; without --output they write into
    reports/NAME of the current folder. A report that is already there is replaced when the new one is complete.
    If one of several experiments fails, the others are run all the same.

    Example: modelselect run configs/worm_teeth.yaml --set rank_by=bic --output reports/worms
    """
    from modelselect.experiment.run import load_all, output_folders, run_all

    _remember(context, json=json)
    experiments = load_all(configs, overrides or ())
    folders = output_folders(experiments, output)
    with _progress(experiments, silent=quiet or json) as progress:
        outcomes = run_all(experiments, folders, progress=progress, resume=resume)
    raise typer.Exit(_present(outcomes, quiet=quiet, json=json))


@app.command(no_args_is_help=True)
def rank(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="CSV, Parquet, JSON or Arrow files, or patterns.")],
    column: Annotated[
        str | None, typer.Option("--column", "-c", metavar="NAME", help="Column of the observations.")
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="Families, as in a YAML list; those that apply if nothing is said."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(metavar="CRITERION", help="Such as kl_corrected, kl, kl_cv, kl_loo, tic, aic, bic, crps or ad."),
    ] = "kl_corrected",
    event: Annotated[str | None, typer.Option(metavar="NAME", help="Column of 1 (event) and 0 (censored).")] = None,
    lower: Annotated[str | None, typer.Option(metavar="NAME", help="Column of lower ends of intervals.")] = None,
    upper: Annotated[str | None, typer.Option(metavar="NAME", help="Column of their upper ends.")] = None,
    above: Annotated[str | None, typer.Option(metavar="BOUND", help="Truncation: a number or a column.")] = None,
    up_to: Annotated[str | None, typer.Option(metavar="BOUND", help="Upper truncation, likewise.")] = None,
    weight: Annotated[str | None, typer.Option(metavar="NAME", help="Column of frequencies.")] = None,
    where: Annotated[str | None, typer.Option(metavar="SQL", help="Condition that the rows must meet.")] = None,
    resolution: Annotated[
        str, typer.Option(metavar="STEP", help="Step the values are rounded to: auto, none or a number.")
    ] = "auto",
    missing: Annotated[str, typer.Option(metavar="WORD", help="Missing values: refuse or drop.")] = "refuse",
    unit: Annotated[str, typer.Option(metavar="WORD", help="A word for one observation.")] = "observation",
    group_by: GroupBy = None,
    tests: Annotated[bool, typer.Option("--tests", help="In groups: test each best one.")] = False,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Most memory of reading, as in 2GB.")] = None,
    output: Output = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Rank candidates on a column of a file, or of several with the same columns, without any YAML.

    Without --candidates all families are tried that hold the data: families of counts for whole numbers,
    continuous ones for others. A report is written if --output says where. With --group-by they are ranked in
    every group of rows by itself.

    Example: modelselect rank deaths.csv --column deaths --weight count --candidates "poisson, binomial: {n: 4}"
    """
    from modelselect.experiment.quick import quick_experiment

    _remember(context, json=json)
    experiment = quick_experiment(
        files, column=column, candidates=candidates, by=by, event=event, lower=lower, upper=upper,
        truncation=(above, up_to), weight=weight, where=where, resolution=resolution, missing=missing, unit=unit,
        group_by=group_by or (), tests=tests, memory=memory,
    )  # fmt: skip
    with _progress([experiment.experiment], silent=quiet or json) as progress:
        outcome = experiment.run(output, progress=progress)
    raise typer.Exit(_present([outcome], quiet=quiet, json=json))


@app.command(no_args_is_help=True)
def validate(configs: Configs, overrides: Overrides = None, quiet: Quiet = False) -> None:
    """Check experiment files, the data that stand in them and the columns they name, without fitting anything.

    Prints a line for each experiment, or a line for each problem with its file, line and column.

    Example: modelselect validate configs/*.yaml
    """
    from modelselect.experiment.run import load_all
    from modelselect.experiment.sources import glance

    for experiment in load_all(configs, overrides or ()):
        labels = experiment.labels()
        try:
            unread = glance(experiment)
        except DataError as error:  # what is validated says something wrong about them
            raise ConfigurationError(str(error)) from None
        if not quiet:
            many = f"{len(labels)} candidate{'s' * (len(labels) != 1)}: {', '.join(labels)}"
            line = f"{experiment.name}: valid, {experiment.data.source}, {many}{f' ({unread})' if unread else ''}"
            _console().print(line, markup=False, soft_wrap=True)


@app.command()
def families(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One family, by its name or an alias, or a group of them.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw its density and distribution function into this file.")
    ] = None,
) -> None:
    """List the families, or say all there is to know about one.

    Example: modelselect families negative_binomial --plot negative_binomial.png
    """
    import modelselect.families  # registers them
    from modelselect.families.catalogue import describe
    from modelselect.families.groups import GROUPS, group
    from modelselect.family import lookup
    from modelselect.reporting.portrait import portrait, write_portrait
    from modelselect.reporting.terminal import print_families, print_family

    frame = modelselect.families()
    if name is None or (name in GROUPS and name not in frame.index):
        if plot is not None:
            raise ConfigurationError("--plot: name one family to draw")
        print_families(_console(), frame if name is None else frame.loc[group(name)])
        return
    described, family = describe(name), lookup(name)
    if family.made:
        if plot is not None:
            raise ConfigurationError(f"--plot: {name} has no picture of its own: it is made from what you give it")
        print_family(_console(), described)
        return
    drawn = portrait(family())
    print_family(_console(), described, drawn)
    if plot is not None:
        if plot.suffix.lower() != ".png":
            raise ConfigurationError(f"--plot: expected a file that ends in .png, got {plot}")
        plot.parent.mkdir(parents=True, exist_ok=True)
        typer.echo(f"wrote {write_portrait(drawn, plot)}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of experiment files, for editors.

    Example: modelselect schema > docs/experiment.schema.json
    """
    from json import dumps

    import modelselect.families  # noqa: F401 — registers them
    from modelselect.experiment.schema import json_schema
    from modelselect.family import registered

    typer.echo(dumps(json_schema(list(registered())), indent=2, ensure_ascii=False))


def _remember(context: typer.Context, *, json: bool) -> None:
    """Errors that end a command early are JSON too where JSON was asked for."""
    if isinstance(context.obj, _Settings):
        context.obj.json = json


def _in_paragraphs(document: str) -> str:
    """A docstring whose lines are broken by the width of the terminal, not by that of the source."""
    return "\n\n".join(" ".join(part.split()) for part in document.split("\n\n"))


for _command in (app.registered_callback, *app.registered_commands):
    if _command is not None and _command.callback is not None:
        _command.help = _in_paragraphs(_command.callback.__doc__ or "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every expected error is a sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if arguments is None:  # a process of our own: nearly all that its imports make stays, and is not garbage
        gc.set_threshold(100_000, 50, 100)
    settings = _Settings()
    try:
        given = None if arguments is None else list(arguments)
        code = app(given, obj=settings, prog_name="modelselect", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # what reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except ModelSelectError as error:
        usage = isinstance(error, ConfigurationError | CandidateError)
        if settings.json:
            _print_json([], [{"name": None, "error": str(error), "ledger": []}])
        _print_ledger_of(error)
        return _failed(str(error), USAGE if usage else IMPOSSIBLE)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's
            return _usage_error(error)
        if type(error).__name__ == "Abort" or str(error) == "Query interrupted":  # which is DuckDB's way to say it
            return _failed("interrupted", INTERRUPTED)
        if settings.debug:
            raise
        what = f"{type(error).__name__}: {error}".split("\n")[0]
        return _failed(f"this is a bug in modelselect ({what}); modelselect --debug … shows where", BUG)
    return _failed("interrupted", INTERRUPTED) if code == INTERRUPTED else int(code or DONE)


def _failed(sentence: str, code: int) -> int:
    for line in sentence.split("\n"):
        _console(stderr=True).print(f"error: {line}", style="red", markup=False, soft_wrap=True)
    return code


def _usage_error(error: Any) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return USAGE
    path = context.command_path if context else "modelselect"
    return _failed(f"{error.format_message().rstrip('.')}; see {path} --help", int(error.exit_code))


def _console(*, stderr: bool = False) -> Console:
    from modelselect.reporting.streams import console

    return console(sys.stderr if stderr else sys.stdout)


@contextmanager
def _progress(experiments: Sequence[Experiment], *, silent: bool) -> Iterator[Callable[[Experiment, str], None]]:
    """Progress on stderr: a bar on a terminal, elsewhere a line for each experiment."""
    from modelselect.experiment.run import steps

    console = _console(stderr=True)
    if silent or not console.is_terminal:

        def line(experiment: Experiment, step: str) -> None:
            if step == "data" and not silent:
                console.print(f"running {experiment.name}", markup=False, soft_wrap=True)

        yield line
        return
    from modelselect.reporting.streams import bar

    with bar(console, sum(map(steps, experiments))) as advance:
        yield lambda experiment, step: advance(f"{experiment.name}: {step}")


def _present(outcomes: Sequence[Outcome | Failure], *, quiet: bool, json: bool) -> int:
    """Print what came out; return the exit code."""
    from modelselect.experiment.run import Failure

    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    reports = [outcome for outcome in outcomes if not isinstance(outcome, Failure)]
    if json:
        _print_json([r.to_dict() for r in reports], [f.to_dict() for f in failures])
    elif not quiet:
        for report in reports:
            _print_report(report)
    for failure in failures:
        if not json:
            _print_ledger_of(failure.error)
        _failed("\n".join(f"{failure.name}: {line}" for line in str(failure.error).split("\n")), IMPOSSIBLE)
    if not failures:
        return DONE
    return USAGE if all(isinstance(failure.error, ConfigurationError) for failure in failures) else IMPOSSIBLE


def _print_json(experiments: list[dict[str, Any]], failures: list[dict[str, Any]]) -> None:
    from json import dumps

    both = {"experiments": experiments, "failures": failures}
    typer.echo(dumps(both, indent=2, ensure_ascii=False, allow_nan=False))


def _print_report(report: Outcome) -> None:
    from rich.text import Text

    from modelselect.experiment.run import GroupReport
    from modelselect.reporting.terminal import print_groups, print_ranking

    console = _console()
    if isinstance(report, GroupReport):
        print_groups(console, report.name, report.groups, source=report.source, notes=report.notes)
    else:
        about = {"source": report.source, "profiles": report.profiles, "studies": report.studies, "notes": report.notes}
        print_ranking(console, report.name, report.ranking, **about)  # type: ignore[arg-type]
    where = "no report was written; --output DIR writes one"
    if report.path is not None:
        page = report.path / "report.html"
        where = f"report: {page if page.exists() else report.path}"
    console.print()
    console.print(Text(where), soft_wrap=True)
    console.print()


def _print_ledger_of(error: ModelSelectError) -> None:
    """Print why no candidate could be fitted."""
    if isinstance(error, NothingFittedError) and error.ledger is not None:
        from modelselect.reporting.terminal import print_ledger

        print_ledger(_console(stderr=True), error.ledger)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
