"""From what an experiment says about its data to a Sample: inline, or a file read through DuckDB.

Rows are counted from 1, the header and comment lines not among them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelselect.errors import ConfigurationError, DataError
from modelselect.experiment.documents import shown
from modelselect.experiment.files import (
    ROW,
    SEALED,
    TEXTS,
    DataFile,
    at,
    check_readable,
    filtered,
    load,
    no_such_column,
    quoted,
    type_columns,
    value_column,
)
from modelselect.sample import Sample

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment

#: Names of DuckDB's types of numbers.
_NUMBERS = re.compile(
    r"(TINY|SMALL|BIG|HUGE|UTINY|USMALL|UBIG|UHUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL(\(.*\))?"
)


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes
    ----------
    sample
        The data.
    sentence
        Where they came from, in words.
    notes
        What was recognised or assumed, here and by `Sample`.
    """

    sample: Sample
    sentence: str
    notes: tuple[str, ...]


def read(experiment: Experiment) -> Source:
    """Read the data of an experiment.

    Raises
    ------
    DataError
        The file cannot be read or lacks the column, or its values cannot be used; the sentence begins with
        the place of the setting at fault where there is one.
    ConfigurationError
        The condition is not valid, or rows are to be grouped.

    Examples
    --------
    >>> from modelselect.experiment.config import Experiment
    >>> read(Experiment(data={"values": [3, 1, 1, 2]}, candidates=["poisson"])).sentence
    '4 observations, given as values'
    """
    data = experiment.data
    if data.by is not None:
        raise grouping_refused(experiment)
    if data.path is not None:
        return _read_file(experiment)
    try:
        if data.values is not None:
            sample = Sample(
                data.values,
                data.weights,
                weights_kind=data.weights_kind,
                resolution=data.resolution,
                missing=data.missing,
            )
        elif data.counts is not None:
            sample = Sample.from_counts(data.counts, resolution=data.resolution)
        else:
            sample = Sample.from_probabilities(data.probabilities or {}, data.n)
    except DataError as error:
        setting = data.source if str(error).startswith(data.source) else ""
        raise DataError(at(experiment, setting, str(error))) from None
    n, what = (len(data.probabilities or {}), "outcome") if sample.known else (sample.n, "observation")
    return Source(sample, f"{_counted(n, what)}, given as {data.source}", sample.notes)


def grouping_refused(experiment: Experiment) -> ConfigurationError:
    """Make the error about ``by``, which this version does not know yet."""
    sentence = f"got {experiment.data.by!r}, but grouping comes in a later version; use where to take one group"
    return ConfigurationError(at(experiment, "by", f"by: {sentence}"))


def fingerprint(sample: Sample) -> str:
    """SHA-256 of the distinct values and their weights, the same on every platform.

    Examples
    --------
    >>> fingerprint(Sample([1, 2, 2])) == fingerprint(Sample([2, 1, 2]))
    True
    """
    digest = hashlib.sha256()
    if sample.kind == "nominal":
        digest.update("\0".join(map(str, sample.values)).encode())
    else:
        digest.update(np.asarray(sample.values, dtype="<f8").tobytes())
    digest.update(np.asarray(sample.weights, dtype="<f8").tobytes())
    return digest.hexdigest()


# -- files ---------------------------------------------------------------------------------------------------------


def _read_file(experiment: Experiment) -> Source:
    import duckdb

    with duckdb.connect(":memory:", config=SEALED) as connection:
        file = DataFile(experiment, connection)
        check_readable(file)
        return _source(file)


def _source(file: DataFile) -> Source:
    data, notes = file.experiment.data, []
    columns = load(file)
    value, chosen = value_column(file, columns)
    if chosen:
        notes.append(f"column `{value}` was taken: it is the only one{' but the weights' if data.weight else ''}")
    if data.weight is not None and data.weight not in columns:
        raise file.refuse("weight", no_such_column(file, data.weight, columns))
    needed = dict.fromkeys(name for name in (value, data.weight) if name is not None)
    kinds = type_columns(file, columns, list(columns) if data.where else list(needed))

    rows = file.connection.table("data")
    total = len(rows)
    if total == 0:
        raise file.refuse(data.source, f"{file.name} has no rows of data")
    if data.where is not None:
        rows = filtered(file, rows, data.where, columns)
    x, weights, row = _fetch(file, rows, value, kinds, notes)
    if len(row) == 0:
        raise file.refuse("where", f"none of the {total} rows of {file.name} meets {shown(data.where or '')}")
    _check_values(file, value, x, weights, row)
    sample = _sample(file, value, x, weights)

    sentence = f"{_counted(sample.n, 'observation')} in column `{value}` of {file.name}"
    if data.weight is not None:
        sentence += f", weighted by `{data.weight}`"
    if data.where is not None:
        sentence += f", where {data.where.strip()}: {len(row)} of {total} rows"
    elif data.weight is not None:
        sentence += f": {total} rows"
    return Source(sample, sentence, (*notes, *sample.notes))


def _fetch(
    file: DataFile, rows: Any, value: str, kinds: dict[str, str], notes: list[str]
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any]]:
    """Values, weights and row numbers as arrays; missing values as NaN, or None among labels."""
    weight = file.experiment.data.weight
    kind = kinds[value]
    is_text = kind.startswith(TEXTS) and not kind.endswith("]") and not _are_numbers(rows, value)
    if kind == "BOOLEAN":
        notes.append(f"true and false in column `{value}` are taken as 1 and 0")
    elif not (_NUMBERS.fullmatch(kind) or kind.startswith(TEXTS)):
        raise file.refuse("column", f"`{value}` of {file.name} holds {_in_words(kind)}, expected numbers or text")
    if weight is not None and not _NUMBERS.fullmatch(kinds[weight]):
        raise file.refuse(
            "weight", f"`{weight}` of {file.name} holds {_first_text(rows, weight, kinds[weight])}, expected numbers"
        )
    if is_text:
        _check_labels(file, rows, value)
    parts = [f"{quoted(ROW)} AS r", f"CAST({quoted(value)} AS {'VARCHAR' if is_text else 'DOUBLE'}) AS x"]
    parts += [f"CAST({quoted(weight)} AS DOUBLE) AS w"] if weight is not None else []
    arrays = rows.project(", ".join(parts)).fetchnumpy()
    x = np.array(np.ma.getdata(arrays["x"]))
    x[np.ma.getmaskarray(arrays["x"])] = None if is_text else np.nan
    if not is_text and kind.endswith("INT") and len(x) and np.nanmax(np.abs(x), initial=0.0) >= 2.0**53:
        notes.append(f"whole numbers beyond 2^53 in column `{value}` are rounded to the nearest double")
    return x, np.ma.filled(arrays["w"], np.nan) if weight is not None else None, np.ma.getdata(arrays["r"])


def _in_words(kind: str) -> str:
    if kind.startswith(("DATE", "TIME", "INTERVAL")):
        return "dates or times"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "lists or records"
    return f"values of type {kind}"


def _first_text(rows: Any, name: str, kind: str) -> str:
    if not kind.startswith(TEXTS) or kind.endswith("]"):
        return _in_words(kind)
    column = quoted(name)
    found = rows.filter(f"{column} IS NOT NULL AND TRY_CAST({column} AS DOUBLE) IS NULL")
    first = found.project(f"{quoted(ROW)}, {column}").limit(1).fetchall()
    return f"the text {shown(str(first[0][1]))} in row {first[0][0]}" if first else "nothing but missing values"


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
        text = _first_text(rows, name, "VARCHAR")
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


def _check_values(file: DataFile, value: str, x: NDArray[Any], weights: NDArray[Any] | None, row: NDArray[Any]) -> None:
    """Refuse what `Sample` would refuse, but with the rows of the file."""
    data = file.experiment.data
    counts = np.ones(len(x)) if weights is None else weights
    odd = ~np.isfinite(counts) | (counts < 0)
    if odd.any():
        first = counts[odd][0]
        got = "no weight" if np.isnan(first) else f"the weight {first:g}"
        raise file.refuse(
            "weight", f"`{data.weight}` of {file.name} has {got} in {_rows(row[odd])}, expected at least 0"
        )
    if not (counts > 0).any():
        raise file.refuse("weight", f"`{data.weight}` of {file.name} is 0 everywhere, expected a positive weight")
    is_text = x.dtype == object
    absent = np.array([label is None for label in x]) if is_text else np.isnan(x)
    absent &= counts > 0
    if absent.all():
        raise file.refuse("column", f"`{value}` of {file.name} has no values at all, {len(x)} are missing")
    if absent.any() and data.missing == "refuse":
        sentence = f"`{value}` of {file.name} has {_counted(absent.sum(), 'missing value')}, in {_rows(row[absent])}"
        raise file.refuse("column", f"{sentence}; leave them out with missing: drop")
    if not is_text and (infinite := np.isinf(x) & (counts > 0)).any():
        raise file.refuse("column", f"`{value}` of {file.name} is infinite in {_rows(row[infinite])}, expected numbers")


def _counted(n: float, what: str) -> str:
    return f"{n:.12g} {what}{'' if n == 1 else 's'}"


def _rows(rows: NDArray[Any]) -> str:
    shown_rows = ", ".join(map(str, rows[:8].tolist()))
    more = f", … ({len(rows)} in all)" if len(rows) > 8 else ""
    return f"row{'s' * (len(rows) > 1)} {shown_rows}{more} (data rows, counted from 1)"


def _sample(file: DataFile, value: str, x: NDArray[Any], weights: NDArray[Any] | None) -> Sample:
    data = file.experiment.data
    kind = data.weights_kind if weights is not None else "frequency"
    try:
        return Sample(x, weights, weights_kind=kind, resolution=data.resolution, missing=data.missing)
    except DataError as error:
        setting = "resolution" if "resolution" in str(error) else "column"
        raise file.refuse(setting, f"`{value}` of {file.name}: {error}") from None
