"""Labels and the probabilities of forecasters: inline, or in the columns of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.experiment.counting import rows_in_words
from modelselect.experiment.documents import as_path, shown
from modelselect.experiment.files import (
    NUMBERS,
    ROW,
    DataFile,
    check_readable,
    counted,
    filtered,
    first_text,
    load,
    no_such_column,
    opened,
    type_columns,
)
from modelselect.experiment.readers import quoted
from modelselect.observations import RowError
from modelselect.ranking.cases import Cases, gather_cases

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment
    from modelselect.experiment.settings import Data


def read_forecasts(experiment: Experiment) -> tuple[Cases, dict[str, Array], str]:
    """Read labels and forecasts, and say in words where they came from.

    Raises
    ------
    DataError
        They cannot be used; the sentence begins with the place of the setting at fault.
    ConfigurationError
        The condition is not valid.

    Examples
    --------
    >>> from modelselect.experiment.config import Experiment
    >>> told = {"A": {"cat": [0.9, 0.2]}}
    >>> read_forecasts(Experiment(data={"labels": ["cat", "dog"]}, predictions=told))[2]
    '2 cases, given as labels; forecasts of 2 classes by A'
    """
    data = experiment.data
    if data.tabular:
        return _read_file(experiment)
    cases, told = _gathered(experiment, data.labels, experiment.predictions or {}, data.weights)
    return cases, told, f"{counted(cases.n, 'case')}, given as labels; {_forecasts(cases, told)}"


def _forecasts(cases: Cases, told: dict[str, Array]) -> str:
    names = list(told)
    more = f" and {len(names) - 6} others" if len(names) > 6 else ""
    return f"forecasts of {len(cases.classes)} classes by {', '.join(names[:6])}{more}"


def _gathered(
    experiment: Experiment, labels: Any, told: dict[str, Any], weights: Any, rows: NDArray[Any] | None = None
) -> tuple[Cases, dict[str, Array]]:
    """Gather the cases; complain about what cannot be used with its place, and with the rows of the file."""
    counting = "counted from 0" if rows is None else "data rows, counted from 1"
    try:
        return gather_cases(labels, told, weights, normalize=experiment.data.normalize, rows=rows, counted=counting)
    except DataError as error:
        sentence = str(error)
        if isinstance(error, RowError) and rows is not None:
            sentence = f"{error.what}: {error.sentence} in {rows_in_words(rows[error.rows])}{error.then}"
        raise _placed(experiment, sentence.replace("normalize=True", "normalize: true")) from None


def _placed(experiment: Experiment, sentence: str) -> DataError:
    """Put the place of the setting that a sentence begins with in front of it."""
    data = experiment.data
    setting = {"weights": "weights" if data.weight is None else "weight"}
    location: tuple[str, ...] = ("data",)
    for name in experiment.predictions or {}:
        if sentence.startswith(f"predictions: {name}: "):
            location, sentence = ("predictions", name), sentence.removeprefix(f"predictions: {name}: ")
            break
    else:
        start, colon, rest = sentence.partition(": ")
        if colon and start in ("labels", "weights"):
            location, sentence = ("data", setting.get(start, start)), rest
    return _refused(experiment, location, sentence)


def _refused(experiment: Experiment, location: tuple[Any, ...], sentence: str) -> DataError:
    place = experiment.place(*location)
    return DataError(f"{place}{': ' if place else ''}{as_path(location)}: {sentence}")


# -- files ---------------------------------------------------------------------------------------------------------


def columns_of_forecasts(file: DataFile, columns: dict[str, str]) -> list[tuple[tuple[Any, ...], str]]:
    """Settings that name a column, all of which must exist, with its name."""
    named = _columns_named(file.experiment)
    for location, name in named:
        if name not in columns:
            raise _refused(file.experiment, location, no_such_column(file, name, columns))
    return named


def _read_file(experiment: Experiment) -> tuple[Cases, dict[str, Array], str]:
    data = experiment.data
    with opened(experiment) as file:
        check_readable(file)
        columns = load(file)
        named = columns_of_forecasts(file, columns)
        used = dict.fromkeys(name for _, name in named)
        kinds = type_columns(file, columns, list(columns) if data.where else list(used))
        rows = file.connection.table("data")
        total = len(rows)
        if total == 0:
            raise file.refuse(data.source, f"{file.name} has no rows of data")
        if data.where is not None:
            rows = filtered(file, rows, data.where, columns)
            if len(rows) == 0:
                raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where)}")
        for location, name in named:
            if location != ("data", "labels") and not NUMBERS.fullmatch(kinds[name]):
                text = first_text(rows, name, kinds[name])
                raise _refused(experiment, location, f"`{name}` of {file.name} holds {text}, expected numbers")
        found = _fetched(rows, list(used), data.labels if isinstance(data.labels, str) else None)
        number = np.ma.getdata(rows.project(f"{quoted(ROW)} AS r").fetchnumpy()["r"])
    labels = found[data.labels] if isinstance(data.labels, str) else {k: found[v] for k, v in _soft(data).items()}
    told = {
        name: {outcome: found[column] for outcome, column in columns.items()}
        for name, columns in (experiment.predictions or {}).items()
    }
    weights = None if data.weight is None else found[data.weight]
    cases, probabilities = _gathered(experiment, labels, told, weights, number)
    by = f" labelled by `{data.labels}`" if isinstance(data.labels, str) else ""
    condition = "" if data.where is None else f", where {data.where.strip()}: {len(number)} of {total} rows"
    sentence = f"{counted(cases.n, 'case')}{by} in {file.name}{condition}; {_forecasts(cases, probabilities)}"
    return cases, probabilities, sentence


def _columns_named(experiment: Experiment) -> list[tuple[tuple[Any, ...], str]]:
    """Places of the settings that name a column, and the columns."""
    data = experiment.data
    labels = {(): data.labels} if isinstance(data.labels, str) else {(key,): v for key, v in _soft(data).items()}
    return [
        *((("data", "labels", *key), column) for key, column in labels.items()),
        *(
            (("predictions", name, outcome), column)
            for name, columns in (experiment.predictions or {}).items()
            for outcome, column in columns.items()
        ),
        *([(("data", "weight"), data.weight)] if data.weight is not None else []),
    ]


def _soft(data: Data) -> dict[Any, str]:
    """Columns of soft labels, by class."""
    return dict(data.labels or {})


def _fetched(rows: Any, names: list[str], labels: str | None) -> dict[str, NDArray[Any]]:
    """Columns by name: numbers, NaN where there is none; labels as they are, None where there is none."""
    parts = [
        f"{quoted(name)} AS c{i}" if name == labels else f"CAST({quoted(name)} AS DOUBLE) AS c{i}"
        for i, name in enumerate(names)
    ]
    arrays = rows.project(", ".join(parts)).fetchnumpy()
    found: dict[str, NDArray[Any]] = {}
    for i, name in enumerate(names):
        column = arrays[f"c{i}"]
        if name == labels:
            values = np.array(np.ma.getdata(column), dtype=object)
            values[np.ma.getmaskarray(column)] = None
            found[name] = values
        else:
            found[name] = np.asarray(np.ma.filled(column.astype(float), np.nan))
    return found
