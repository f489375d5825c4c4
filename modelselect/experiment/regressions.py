"""Experiments whose candidates are regressions: their settings, the table that they need, and the ranking of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.errors import CandidateError, DataError
from modelselect.experiment.documents import Location, shown
from modelselect.experiment.files import (
    ROW,
    TEXTS,
    DataFile,
    at,
    filtered,
    no_such_column,
    type_columns,
)
from modelselect.experiment.problems import Problem, several
from modelselect.experiment.readers import quoted
from modelselect.observations import RowError
from modelselect.ranking.regression import rank_regressions
from modelselect.ranking.regression.candidates import (
    LONG_FORM,
    RegressionCandidate,
    outcome_formula,
    read_candidate,
)
from modelselect.ranking.result import Ranking

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment


@dataclass(frozen=True, eq=False)
class CaseTable:
    """Columns that formulas need, and the numbers of their rows in the file."""

    columns: dict[str, NDArray[Any]]
    row: NDArray[Any]


# -- settings ----------------------------------------------------------------------------------------------------------


def checked_regression(value: Any, formula: str) -> Any:
    """Return a candidate's setting if it is understood; the error says which part of it is not."""
    try:
        read_candidate(value, outcome_formula(formula))
    except CandidateError as error:
        raise several([Problem(_culprit(value, str(error)), str(error))]) from None
    return value


def check_regressions(experiment: Experiment) -> Experiment:
    """Check what concerns several settings: labels are distinct, and nothing is asked that regressions do not have."""
    labels = [candidate.label for candidate in regressions(experiment)]
    problems = [
        Problem(
            ("candidates", number),
            f"the label '{label}' is that of candidates[{labels.index(label)}] too, expected another",
        )
        for number, label in enumerate(labels)
        if labels.index(label) < number
    ]
    if experiment.profiles:
        problems.append(Problem(("profiles",), "makes no sense for regressions, whose KL has no level", at_key=True))
    absent = [name for name in experiment.on_request() if name not in ("criteria", "memory")]
    problems += [Problem((name,), "is not there for regressions", at_key=True) for name in absent]
    if problems:
        raise several(problems)
    return experiment


def regressions(experiment: Experiment) -> list[RegressionCandidate]:
    """The candidates of an experiment with a formula, in their order."""
    formula = outcome_formula(experiment.data.formula)
    return [read_candidate(spec, formula) for spec in experiment.candidates]


def _culprit(candidate: Any, sentence: str) -> Location:
    """Where in a candidate the setting stands that a sentence complains of."""
    if not isinstance(candidate, dict):
        return ()
    for key in candidate:
        if re.search(rf"(\b{re.escape(str(key))}: |unknown key '{re.escape(str(key))}')", sentence):
            return (key,)
    inner = next(iter(candidate.values()), None)
    if len(candidate) == 1 and isinstance(inner, dict):
        return (next(iter(candidate)), *_culprit(inner, sentence))
    return ("family",) if "family" in candidate and not any(f"{key}: " in sentence for key in LONG_FORM) else ()


# -- data --------------------------------------------------------------------------------------------------------------


def case_table(file: DataFile, columns: dict[str, str]) -> tuple[CaseTable, str]:
    """Read the columns that the formulas of an experiment need, and say where they came from.

    Raises
    ------
    DataError
        A column does not exist or holds neither numbers nor text; with the place of the setting that names it.
    """
    data, needed = file.experiment.data, columns_needed(file, columns)
    kinds = type_columns(file, columns, list(columns) if data.where else list(needed))
    rows = file.connection.table("data")
    total = len(rows)
    if total == 0:
        raise file.refuse(data.source, f"{file.name} has no rows of data")
    if data.where is not None:
        rows = filtered(file, rows, data.where, columns)
        if len(rows) == 0:
            raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where)}")
    parts = [f"{quoted(ROW)} AS r"]
    for i, name in enumerate(needed):
        text = kinds[name].startswith(TEXTS) and not kinds[name].endswith("]")
        if not text and not re.match(r"[A-Z]*INT|BOOLEAN|BIGNUM|FLOAT|DOUBLE|DECIMAL", kinds[name]):
            sentence = f"`{name}` of {file.name} holds values of type {kinds[name]}, expected numbers or text"
            raise _refuse(file, needed[name], sentence)
        parts.append(f"CAST({quoted(name)} AS {'VARCHAR' if text else 'DOUBLE'}) AS c{i}")
    arrays = rows.project(", ".join(parts)).fetchnumpy()
    table = {}
    for i, name in enumerate(needed):
        column, absent = np.array(np.ma.getdata(arrays[f"c{i}"])), np.ma.getmaskarray(arrays[f"c{i}"])
        column = column.astype(object) if column.dtype.kind not in "fiu" else column.astype(float)
        column[absent] = None if column.dtype == object else np.nan
        table[name] = column
    row = np.ma.getdata(arrays["r"])
    sentence = f"{len(row)} rows of {file.name}, {data.formula}"
    sentence += f", weighted by `{data.weight}`" if data.weight is not None else ""
    sentence += f", where {data.where.strip()}: {len(row)} of {total} rows" if data.where is not None else ""
    return CaseTable(table, row), sentence


def columns_needed(file: DataFile, columns: dict[str, str]) -> dict[str, Location]:
    """Columns that are used, and the setting that names each first."""
    experiment = file.experiment
    needed: dict[str, Location] = dict.fromkeys(outcome_formula(experiment.data.formula).names, ("data", "formula"))
    for number, candidate in enumerate(regressions(experiment)):
        for name in candidate.names:
            needed.setdefault(name, ("candidates", number))
    if experiment.data.weight is not None:
        needed[experiment.data.weight] = ("data", "weight")
    for name, location in needed.items():
        if name not in columns:
            raise _refuse(file, location, no_such_column(file, name, columns))
    return needed


def _refuse(file: DataFile, location: Location, sentence: str) -> DataError:
    section, setting = location
    if section == "data":
        return DataError(at(file.experiment, str(setting), f"{setting}: {sentence}"))
    place = file.experiment.place(*location)
    return DataError(f"{place}{': ' if place else ''}candidates[{setting}]: {sentence}")


# -- ranking -----------------------------------------------------------------------------------------------------------


def rank_table(experiment: Experiment, cases: CaseTable, progress: Callable[[str], None]) -> Ranking:
    """Rank the regressions of an experiment; rows are named as those of the file."""
    import pandas as pd

    data = experiment.data
    try:
        return rank_regressions(
            pd.DataFrame(cases.columns),
            str(data.formula),
            experiment.candidates,
            weights=data.weight,
            weights_kind=data.weights_kind if data.weight is not None else "frequency",
            missing=data.missing,
            resolution=data.resolution,
            by=experiment.rank_by,
            criteria=experiment.criteria,
            unit=data.unit,
            seed=experiment.seed,
            progress=progress,
        )
    except RowError as error:
        rows = cases.row[error.rows]
        named = ", ".join(map(str, rows[:8].tolist())) + (f", … ({len(rows)} in all)" if len(rows) > 8 else "")
        where = f"row{'s' * (len(rows) > 1)} {named} (data rows, counted from 1)"
        then = "; leave them out with missing: drop" if "missing" in error.sentence else error.then
        raise DataError(at(experiment, "formula", f"formula: {error.sentence} in {where}{then}")) from None
    except DataError as error:
        setting = "weight" if str(error).startswith("weights") else "formula"
        sentence = re.sub(r"^(weights|formula): ", "", str(error))
        raise DataError(at(experiment, setting, f"{setting}: {sentence}")) from None
