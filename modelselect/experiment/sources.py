"""From what an experiment says about its data to a Sample: inline, a file read through DuckDB, or a query.

Rows are counted from 1, the header and comment lines not among them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.experiment.columns import check_values, sample_of
from modelselect.experiment.counting import Table, fetch
from modelselect.experiment.databases import TIMES
from modelselect.experiment.documents import shown
from modelselect.experiment.files import (
    NUMBERS,
    TEXTS,
    DataFile,
    at,
    check_columns,
    check_readable,
    counted,
    filtered,
    first_text,
    in_condition,
    in_words,
    load,
    opened,
    type_columns,
    value_column,
)
from modelselect.experiment.forecasts import columns_of_forecasts, read_forecasts
from modelselect.experiment.readers import quoted
from modelselect.experiment.regressions import case_table, columns_needed
from modelselect.sample import Sample

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment
    from modelselect.experiment.settings import Data


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes
    ----------
    sample
        The data: a `Sample`, the `CaseTable` of regressions, or the `Cases` that forecasts are about.
    sentence
        Where they came from, in words.
    notes
        What was recognised or assumed, here and by `Sample`.
    told
        What each forecaster said, where that is what is ranked.
    """

    sample: Any
    sentence: str
    notes: tuple[str, ...]
    told: Mapping[str, Array] | None = None


def read(experiment: Experiment) -> Source:
    """Read the data of an experiment.

    Raises
    ------
    DataError
        The file cannot be read or lacks the column, or its values cannot be used; the sentence begins with
        the place of the setting at fault where there is one.
    ConfigurationError
        The condition is not valid.

    Notes
    -----
    Rows that are to be grouped are read as one sample here; `group_tables` keeps the groups apart.

    Examples
    --------
    >>> from modelselect.experiment.config import Experiment
    >>> read(Experiment(data={"values": [3, 1, 1, 2]}, candidates=["poisson"])).sentence
    '4 observations, given as values'
    """
    data = experiment.data
    if experiment.predictions is not None:
        cases, told, sentence = read_forecasts(experiment)
        return Source(cases, sentence, cases.notes, told)
    if data.tabular:
        return _read_file(experiment)
    try:
        sample = _inline(data)
    except DataError as error:
        sentence = re.sub(r"^observed:", "event:", str(error))
        setting = re.match(r"\w*", sentence)[0]  # type: ignore[index]
        given = setting in type(data).model_fields and getattr(data, setting) is not None
        raise DataError(at(experiment, setting if given else "", sentence)) from None
    n, what = (len(data.probabilities or {}), "outcome") if sample.known else (sample.n, "observation")
    given_as = {"edges": "edges and counts", "lower": "lower and upper ends"}.get(data.source, data.source)
    return Source(sample, f"{counted(n, what)}, given as {given_as}", sample.notes)


def glance(experiment: Experiment) -> str:
    """Check the data without reading the rows of a file, and say in words what was not looked at.

    Raises
    ------
    DataError
        As of `read`, where the data stand in the experiment; a file cannot be read or lacks a column that is named.
    ConfigurationError
        It does not say which column to take.
    """
    data = experiment.data
    if not data.tabular:
        read(experiment)
        return ""
    if data.path is None:
        return "its query is not run"
    if not all(path.exists() for path in data.paths or [data.path]):
        return f"warning: {data.path} does not exist"
    with opened(experiment) as file:
        check_readable(file)
        columns = load(file)
        if data.formula is not None:
            columns_needed(file, columns)
        elif experiment.predictions is not None:
            columns_of_forecasts(file, columns)
        else:
            named = check_columns(file, columns)
            if "lower" not in named:
                value_column(file, columns)
    return "the rows of its file are not read"


def _inline(data: Data) -> Sample:
    """Sample of what stands in the experiment itself."""
    bounds = None if data.truncation is None else (data.truncation.lower, data.truncation.upper)
    if data.probabilities is not None:
        return Sample.from_probabilities(data.probabilities, data.n)
    if data.edges is not None:
        return Sample.from_bins(data.edges, data.counts, truncation=bounds)
    if data.counts is not None:
        return Sample.from_counts(data.counts, resolution=data.resolution, truncation=bounds)
    common: dict[str, Any] = {"weights_kind": data.weights_kind, "missing": data.missing, "truncation": bounds}
    if data.values is not None and data.event is None:
        return Sample(data.values, data.weights, resolution=data.resolution, ordered=data.ordered, **common)
    step = None if data.resolution == "auto" else data.resolution
    if data.values is not None:
        return Sample.from_censored(data.values, data.event, data.weights, resolution=step, **common)
    return Sample.from_intervals(data.lower, data.upper, data.weights, resolution=step, **common)


def fingerprint(sample: Any, told: Mapping[str, Array] | None = None) -> str:
    """SHA-256 of the distinct observations and their weights, or of labels and forecasts, the same on every platform.

    Examples
    --------
    >>> fingerprint(Sample([1, 2, 2])) == fingerprint(Sample([2, 1, 2]))
    True
    """
    if told is not None:
        digest = hashlib.sha256("\0".join(map(str, (*sample.classes, *told))).encode())
        for numbers in (sample.truth, sample.weights, *told.values()):
            digest.update(np.asarray(numbers, dtype="<f8").tobytes())
        return digest.hexdigest()
    digest = hashlib.sha256()
    if sample.kind == "nominal":
        digest.update("\0".join(map(str, sample.values)).encode())
    else:
        digest.update(np.asarray(sample.values, dtype="<f8").tobytes())
    digest.update(np.asarray(sample.weights, dtype="<f8").tobytes())
    if not sample.exact:
        digest.update(np.asarray(sample.lower, dtype="<f8").tobytes() + np.asarray(sample.upper, dtype="<f8").tobytes())
    for bound in sample.truncation or ():
        digest.update(np.asarray(bound, dtype="<f8").tobytes())
    return digest.hexdigest()


# -- files ---------------------------------------------------------------------------------------------------------


def _read_file(experiment: Experiment) -> Source:
    with opened(experiment) as file:
        check_readable(file)
        return _source(file)


def _source(file: DataFile) -> Source:
    data, notes = file.experiment.data, []
    columns = load(file)
    if data.formula is not None:
        cases, sentence = case_table(file, columns)
        return Source(cases, sentence, ())
    named = check_columns(file, columns)
    value, chosen = (None, False) if "lower" in named else value_column(file, columns)
    if chosen:
        others = list(named) and (" but the weights" if list(named) == ["weight"] else " that is not named")
        notes.append(f"column `{value}` was taken: it is the only one{others or ''}")
    needed = dict.fromkeys([*([value] if value is not None else []), *named.values()])
    kinds = type_columns(file, columns, list({**needed, **in_condition(data.where, columns)}))

    rows = file.connection.table("data")
    total = _number_of(rows)
    if total == 0:
        raise file.refuse(data.source, f"{file.name} has no rows of data")
    if data.where is not None:
        rows = filtered(file, rows, data.where, columns)
    table = _fetch(file, rows, value, named, kinds, notes)
    if len(table) == 0:
        raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where or '')}")
    check_values(file, value, table)
    sample = sample_of(file, value, table, notes)

    column = f"`{value}`" if value is not None else f"`{data.lower}` to `{data.upper}`"
    sentence = f"{counted(sample.n, 'observation')} in column{'' if value else 's'} {column} of {file.name}"
    if data.event is not None:
        sentence += f", events in `{data.event}`"
    if data.weight is not None:
        sentence += f", weighted by `{data.weight}`"
    if data.where is not None:
        sentence += f", where {data.where.strip()}: {table.number()} of {total} rows"
    elif data.weight is not None:
        sentence += f": {total} rows"
    return Source(sample, sentence, (*notes, *sample.notes))


def _fetch(
    file: DataFile, rows: Any, value: str | None, named: dict[str, str], kinds: dict[str, str], notes: list[str]
) -> Table:
    """Values, row numbers and the other columns as arrays; missing values as NaN, or None among labels."""
    is_text = value is not None and _check_kind(file, rows, value, kinds[value], notes)
    for setting, name in named.items():
        known = NUMBERS.fullmatch(kinds[name]) or (setting == "event" and kinds[name] == "BOOLEAN")
        empty = kinds[name] == "VARCHAR" and setting not in ("weight", "event") and _is_empty(rows, name)
        if not (known or empty):
            expected = "0 and 1, or true and false" if setting == "event" else "numbers"
            sentence = f"`{name}` of {file.name} holds {first_text(rows, name, kinds[name])}, expected {expected}"
            raise file.refuse(setting, sentence)
    table = fetch(file, value, named, is_text=is_text)
    x = table.x
    whole = value is not None and not is_text and kinds[value].endswith("INT")
    if whole and x is not None and len(x) and np.nanmax(np.abs(x), initial=0.0) >= 2.0**53:
        notes.append(f"whole numbers beyond 2^53 in column `{value}` are rounded to the nearest double")
    return table


def _number_of(rows: Any) -> int:
    """How many rows there are, also where they have been counted."""
    return int(rows.aggregate(f"sum({quoted(TIMES)})" if TIMES in rows.columns else "count(*)").fetchall()[0][0] or 0)


def _check_kind(file: DataFile, rows: Any, value: str, kind: str, notes: list[str]) -> bool:
    """Whether the observations are labels; refuses what is neither numbers nor text."""
    is_text = kind.startswith(TEXTS) and not kind.endswith("]") and not _are_numbers(rows, value)
    if kind == "BOOLEAN":
        notes.append(f"true and false in column `{value}` are taken as 1 and 0")
    elif not (NUMBERS.fullmatch(kind) or kind.startswith(TEXTS)):
        raise file.refuse("column", f"`{value}` of {file.name} holds {in_words(kind)}, expected numbers or text")
    if is_text:
        _check_labels(file, rows, value)
    return is_text


def _is_empty(rows: Any, name: str) -> bool:
    return bool(rows.aggregate(f"count({quoted(name)})").fetchall()[0][0] == 0)


def _are_numbers(rows: Any, name: str) -> bool:
    """Whether the rows that are left of a column of text hold numbers only."""
    column = quoted(name)
    found = rows.aggregate(f"count({column}), count(TRY_CAST({column} AS DOUBLE))").fetchall()[0]
    return bool(found[0] == found[1] > 0)


def _check_labels(file: DataFile, rows: Any, name: str) -> None:
    """Refuse a column of text that was meant to hold numbers."""
    column = quoted(name)
    numbers = rows.filter(f"TRY_CAST({column} AS DOUBLE) IS NOT NULL").aggregate("count(*)").fetchall()[0][0]
    if numbers:
        text = first_text(rows, name, "VARCHAR")
        raise file.refuse(
            "column", f"`{name}` of {file.name} holds {text}, but numbers elsewhere, expected all numbers or all text"
        )
    like = r"^[-+]?[$€£]?\d[\d.,'' ]*[%€]?$"  # 1,5 or 12 345 or 3 %; the quotation mark is doubled for SQL
    odd = rows.filter(f"{column} IS NOT NULL AND NOT regexp_matches({column}, '{like}')")
    first = rows.filter(f"{column} IS NOT NULL").project(column).limit(1).fetchall()
    if first and not odd.limit(1).fetchall():
        text = shown(str(first[0][0]))
        raise file.refuse(
            "column", f"`{name}` of {file.name} holds text such as {text}, expected plain numbers such as 1234.5"
        )
