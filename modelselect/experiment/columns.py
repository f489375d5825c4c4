"""From the columns of a data file to a Sample: what each setting's column means, and its rows where it is wrong.

Rows are counted from 1, the header and comment lines not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.experiment.files import DataFile
from modelselect.observations import RowError
from modelselect.sample import Sample


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file that are used.

    Attributes
    ----------
    x
        Observations: numbers with NaN, or labels with None, where there is no value; None if they are intervals.
    others
        Setting → numbers of its column; NaN where the cell is empty.
    row
        Numbers of the rows in the file.
    """

    x: NDArray[Any] | None
    others: dict[str, Array]
    row: NDArray[Any]


def check_values(file: DataFile, value: str | None, table: Table) -> None:
    """Refuse what `Sample` would refuse, but with the rows of the file."""
    data, row = file.experiment.data, table.row
    counts = table.others.get("weight", np.ones(len(row)))
    odd = ~np.isfinite(counts) | (counts < 0)
    if odd.any():
        first = counts[odd][0]
        got = "no weight" if np.isnan(first) else f"the weight {first:g}"
        raise file.refuse(
            "weight", f"`{data.weight}` of {file.name} has {got} in {rows_in_words(row[odd])}, expected at least 0"
        )
    if not (counts > 0).any():
        raise file.refuse("weight", f"`{data.weight}` of {file.name} is 0 everywhere, expected a positive weight")
    absent = _absent(table) & (counts > 0)
    setting, what = ("column", f"`{value}`") if value is not None else ("lower", f"`{data.lower}` to `{data.upper}`")
    if absent.all():
        raise file.refuse(setting, f"{what} of {file.name} has no values at all, {len(row)} are missing")
    if absent.any() and data.missing == "refuse":
        many = f"{absent.sum()} missing value{'' if absent.sum() == 1 else 's'}"
        sentence = f"{what} of {file.name} has {many}, in {rows_in_words(row[absent])}"
        raise file.refuse(setting, f"{sentence}; leave them out with missing: drop")
    x = table.x
    if x is not None and x.dtype != object and (infinite := np.isinf(x) & (counts > 0)).any():
        raise file.refuse(
            "column", f"`{value}` of {file.name} is infinite in {rows_in_words(row[infinite])}, expected numbers"
        )


def sample_of(file: DataFile, value: str | None, table: Table, notes: list[str]) -> Sample:
    """Make the sample; an empty end of an interval, or bound of truncation, is open."""
    data, others, x = file.experiment.data, table.others, table.x
    weights = others.get("weight")
    common: dict[str, Any] = {
        "weights_kind": data.weights_kind if weights is not None else "frequency",
        "missing": data.missing,
        "truncation": _bounds(file, table),
    }
    step = None if data.resolution == "auto" else data.resolution
    try:
        if x is None:
            ends = _opened(others["lower"], -np.inf), _opened(others["upper"], np.inf)
            absent = _absent(table)
            for end in ends:
                end[absent] = np.nan
            open_ends = int(sum(np.isinf(end).sum() for end in ends))
            if open_ends:
                notes.append(f"{open_ends} empty or infinite ends of intervals are taken as open")
            return Sample.from_intervals(*ends, weights, resolution=step, **common)
        if "event" in others:
            return Sample.from_censored(x, others["event"], weights, resolution=step, **common)
        return Sample(x, weights, resolution=data.resolution, ordered=data.ordered, **common)
    except RowError as error:
        settings = {"values": "column", "observed": "event", "truncation": "truncation"}
        setting = settings.get(error.what, error.what)
        column = {"column": value, "event": data.event, "lower": data.lower, "upper": data.upper}.get(setting)
        name = f"`{column}` of {file.name}" if column is not None else file.name
        sentence = f"{name}: {error.sentence} in {rows_in_words(table.row[error.rows])}{error.then}"
        raise file.refuse(setting, sentence) from None
    except DataError as error:
        setting = "resolution" if "resolution" in str(error) else "column" if value is not None else "lower"
        of = value if value is not None else data.lower
        raise file.refuse(setting, f"`{of}` of {file.name}: {error}") from None


def _absent(table: Table) -> NDArray[np.bool_]:
    """Rows without an observation."""
    x = table.x
    if x is None:
        return np.asarray(np.isnan(table.others["lower"]) & np.isnan(table.others["upper"]), dtype=bool)
    return np.array([label is None for label in x]) if x.dtype == object else np.isnan(x)


def _opened(ends: Array, open_end: float) -> Array:
    return np.where(np.isnan(ends), open_end, ends)


def _bounds(file: DataFile, table: Table) -> tuple[Any, Any] | None:
    given = file.experiment.data.truncation
    if given is None:
        return None
    low, high = (
        _opened(table.others[f"truncation.{name}"], open_end) if f"truncation.{name}" in table.others else bound
        for name, bound, open_end in (("lower", given.lower, -np.inf), ("upper", given.upper, np.inf))
    )
    return low, high


def rows_in_words(rows: NDArray[Any]) -> str:
    """Say which rows of a file are meant."""
    shown_rows = ", ".join(map(str, rows[:8].tolist()))
    more = f", … ({len(rows)} in all)" if len(rows) > 8 else ""
    return f"row{'s' * (len(rows) > 1)} {shown_rows}{more} (data rows, counted from 1)"
