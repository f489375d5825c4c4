"""From the columns of a data file to a Sample: what each setting's column means, and its rows where it is wrong.

Rows are counted from 1, the header and comment lines not among them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.autocorrelation import note_neighbours
from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.experiment.counting import Table
from modelselect.experiment.files import DataFile
from modelselect.observations import RowError
from modelselect.sample import Sample


def check_values(file: DataFile, value: str | None, table: Table) -> None:
    """Refuse what `Sample` would refuse, but with the rows of the file."""
    data = file.experiment.data
    counts = table.others.get("weight", np.ones(len(table)))
    odd = ~np.isfinite(counts) | (counts < 0)
    if odd.any():
        first = counts[odd][0]
        got = "no weight" if np.isnan(first) else f"the weight {first:g}"
        raise file.refuse(
            "weight", f"`{data.weight}` of {file.name} has {got} in {table.rows_in_words(odd)}, expected at least 0"
        )
    if not (counts > 0).any():
        raise file.refuse("weight", f"`{data.weight}` of {file.name} is 0 everywhere, expected a positive weight")
    absent = _absent(table) & (counts > 0)
    setting, what = ("column", f"`{value}`") if value is not None else ("lower", f"`{data.lower}` to `{data.upper}`")
    if absent.all():
        raise file.refuse(setting, f"{what} of {file.name} has no values at all, {table.number(absent)} are missing")
    if absent.any() and data.missing == "refuse":
        many = f"{table.number(absent)} missing value{'' if table.number(absent) == 1 else 's'}"
        sentence = f"{what} of {file.name} has {many}, in {table.rows_in_words(absent)}"
        raise file.refuse(setting, f"{sentence}; leave them out with missing: drop")
    x = table.x
    if x is not None and x.dtype != object and (infinite := np.isinf(x) & (counts > 0)).any():
        raise file.refuse(
            "column", f"`{value}` of {file.name} is infinite in {table.rows_in_words(infinite)}, expected numbers"
        )


def sample_of(file: DataFile, value: str | None, table: Table, notes: list[str]) -> Sample:
    """Make the sample; an empty end of an interval, or bound of truncation, is open."""
    data, others, x = file.experiment.data, table.others, table.x
    weights = others.get("weight")
    if table.times is not None:
        weights = table.times if weights is None else weights * table.times
    common: dict[str, Any] = {
        "weights_kind": data.weights_kind if "weight" in others else "frequency",
        "missing": data.missing,
        "truncation": _bounds(file, table),
    }
    step = None if data.resolution == "auto" else data.resolution
    absent = _absent(table)
    try:
        if x is None:
            ends = _opened(others["lower"], -np.inf), _opened(others["upper"], np.inf)
            for end in ends:
                end[absent] = np.nan
            open_ends = sum(table.number(np.isinf(end)) for end in ends)
            if open_ends:
                notes.append(f"{open_ends} empty or infinite ends of intervals are taken as open")
            sample = Sample.from_intervals(*ends, weights, resolution=step, **common)
        elif "event" in others:
            sample = Sample.from_censored(x, others["event"], weights, resolution=step, **common)
        else:
            sample = Sample(x, weights, resolution=data.resolution, ordered=data.ordered, **common)
            if table.head is not None and "weight" not in others and sample.kind != "nominal":
                note_neighbours(table.head[~np.isnan(table.head)], notes, ordered=False)
        return sample if table.times is None else sample.with_missing(table.number(absent))
    except RowError as error:
        settings = {"values": "column", "observed": "event", "truncation": "truncation"}
        setting = settings.get(error.what, error.what)
        column = {"column": value, "event": data.event, "lower": data.lower, "upper": data.upper}.get(setting)
        name = f"`{column}` of {file.name}" if column is not None else file.name
        odd = np.zeros(len(table), dtype=bool)
        odd[error.rows] = True
        sentence = f"{name}: {error.sentence} in {table.rows_in_words(odd)}{error.then}"
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
