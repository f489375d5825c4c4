"""From what people have to what the mathematics needs: arrays of numbers or labels, weights, ends, grids.

Everything here refuses what it cannot use with a sentence that names the field, the value, what was expected,
and the rows (counted from 0), see `RowError`.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.rounding import grid_points, snapped
from modelselect.statistics import decimal_step, divisor
from modelselect.stretches import equal, stretches

Flags = NDArray[np.bool_]

#: Distinct values from which on their common divisor tells the step they were rounded to.
_TELLING = 5
#: What is said of whole numbers.
_WHOLE = "all values are integers: scored as masses on the integers (resolution 1)"
#: Integers up to here are exact as floats.
_EXACT = 2**52
#: Numbers from which on a table of integers is cheaper than sorting them.
_FEW = 64


class RowError(DataError):
    """Observations that cannot be used, by their rows.

    Attributes
    ----------
    what
        The field at fault.
    sentence
        What is wrong, up to the rows.
    then
        What was expected, after the rows.
    rows
        Rows counted from 0.
    """

    def __init__(self, what: str, sentence: str, mask: Flags, then: str = "") -> None:
        self.what, self.sentence, self.then, self.rows = what, sentence, then, np.flatnonzero(mask)
        super().__init__(f"{what}: {sentence} at {rows_in_words(mask)}{then}")


def rows_in_words(mask: Flags) -> str:
    """Say which rows a mask marks."""
    rows = np.flatnonzero(mask)
    shown = ", ".join(map(str, rows[:10])) + (f", … ({len(rows)} in all)" if len(rows) > 10 else "")
    return f"row{'s' if len(rows) > 1 else ''} {shown} (counted from 0)"


def is_number(value: Any) -> bool:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or pandas' NA."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # NaN is not itself


def items_of(mapping: Any, what: str) -> tuple[list[Any], list[Any]]:
    """Keys and values of a mapping, or index and values of a Series."""
    if not hasattr(mapping, "items"):
        raise DataError(f"{what}: expected a mapping value → number, got {mapping!r}")
    if len(mapping) == 0:
        raise DataError(f"{what}: empty; expected at least one value with a positive number")
    keys, values = zip(*mapping.items(), strict=True)
    return list(keys), list(values)


def one_dimensional(values: Any, what: str) -> NDArray[Any]:
    """Return anything list-like as an array of one dimension."""
    if hasattr(values, "__array__"):
        values = np.asarray(values)
    if not isinstance(values, np.ndarray):
        if isinstance(values, (str, bytes)):
            raise DataError(f"{what}: a single text, {values!r}; to read a file use modelselect rank, or pandas")
        if not hasattr(values, "__iter__"):
            values = [values]
        values = list(values)
        try:
            values = np.array(values, dtype=object if any(isinstance(v, str) for v in values) else None)
        except ValueError as error:
            raise DataError(f"{what}: expected one dimension, got rows of different lengths") from error
    if values.ndim == 0 or (values.ndim == 2 and values.shape[1] == 1):
        values = values.reshape(-1)
    if values.ndim != 1:
        raise DataError(f"{what}: expected one dimension, got shape {values.shape}; name one column")
    return np.asarray(values)


def whole_numbers(raw: NDArray[Any]) -> NDArray[Any] | None:
    """Integers of the machine's own size that are exact as floats too, without a copy where they are; else None.

    Examples
    --------
    >>> whole_numbers(np.array([3, 1], dtype=np.uint8)), whole_numbers(np.array([0.5]))
    (array([3, 1]), None)
    """
    if raw.dtype.kind not in "biu" or not len(raw) or max(int(raw.max()), -int(raw.min())) > _EXACT:
        return None
    return raw.astype(np.intp, copy=False)


def numbers_or_labels(raw: NDArray[Any], what: str) -> tuple[NDArray[Any], bool]:
    """Floats, or an array of text where an outcome is text."""
    if raw.dtype.kind == "f" and raw.dtype.itemsize < 8:
        # 0.1 in single precision means 0.1, not 0.10000000149: else no grid would ever be recognised
        distinct, where = np.unique(raw, return_inverse=True)
        return distinct.astype(str).astype(float)[where], False
    if raw.dtype.kind in "biuf":
        return raw.astype(float, copy=False), False
    if raw.dtype.kind in "UST":
        return raw.astype(str if raw.dtype.kind == "S" else object).astype(object), True
    if raw.dtype.kind == "O":
        text = np.array([isinstance(v, str) for v in raw])
        if text.any():
            odd = ~text & ~np.array([is_missing(v) for v in raw])
            if odd.any():
                fewer, kind = (text, "text among numbers") if text.sum() <= odd.sum() else (odd, "no text, others are")
                first = raw[fewer][0]
                raise DataError(
                    f"{what}: expected all numbers or all text, but {first!r} at {rows_in_words(fewer)} is {kind}"
                )
            return raw.astype(object), True
        try:
            return np.array([np.nan if is_missing(v) else float(v) for v in raw]), False
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{what}: expected numbers or text, got {raw[0]!r}") from error
    raise DataError(f"{what}: expected numbers or text, got {raw.dtype} such as {raw[0]!r}")


def weights_of(weights: Any, n: int, what: str, names: Any) -> Array:
    """Weights that are finite, not negative, and not all zero."""
    try:
        w = np.array(one_dimensional(weights, what), dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: expected numbers, got {weights!r}") from error
    if w.shape != (n,):
        raise DataError(f"{what}: expected {n} numbers, one an observation, got shape {w.shape}")
    bad = ~np.isfinite(w) | (w < 0)
    if bad.any():
        i = int(np.argmax(bad))
        place = f"for {names[i]}" if what != "weights" else f"in row {i}"
        raise DataError(f"{what}: must be finite and not negative, got {w[i]:g} {place}")
    if not (w > 0).any():
        raise DataError(f"{what}: all are zero; expected at least one positive")
    return w


def ends_of(values: Any, what: str, n: int | None, *, open_end: float) -> Array:
    """Ends of intervals, or bounds of truncation: one number, or one a row; None is open, NaN is refused.

    Parameters
    ----------
    n
        How many there must be; None: as many as there are.
    open_end
        What None stands for, −inf or inf.
    """
    if isinstance(values, str):
        raise DataError(f"{what}: expected a number, one a row, or None where open, got {values!r}")
    if values is None or is_number(values):
        values = [values]
        one_for_all = True
    else:
        one_for_all = False
    raw = one_dimensional(values, what)
    if raw.dtype.kind == "O":
        raw = np.array([open_end if v is None else v for v in raw], dtype=object)
    ends, labels = numbers_or_labels(raw, what)
    if labels:
        raise DataError(f"{what}: expected numbers, got {ends[0]!r}")
    if n is not None and len(ends) != n and not one_for_all:
        raise DataError(f"{what}: expected {n} numbers, one an observation, got {len(ends)}")
    lost = np.isnan(ends)
    if lost.any():
        none = "inf" if open_end > 0 else "-inf"
        raise RowError(what, "NaN", lost, f"; expected a number, or None ({none}) for an open end")
    wrong = ends == -open_end
    if wrong.any():
        raise RowError(what, f"{-open_end:g}", wrong, f"; expected a number, or {open_end:g} (None) for an open end")
    return np.asarray(ends + 0.0, dtype=float)


def flags_of(values: Any, n: int, what: str) -> Flags:
    """Events that happened (1, true) or not (0, false)."""
    raw = one_dimensional(values, what)
    if len(raw) != n:
        raise DataError(f"{what}: expected {n} of 0 and 1, one an observation, got {len(raw)}")
    if raw.dtype.kind == "b":
        return np.asarray(raw, dtype=bool)
    words = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
    numbers = np.array(
        [words.get(v.strip().lower(), np.nan) if isinstance(v, str) else np.nan if is_missing(v) else v for v in raw],
        dtype=object,
    )
    odd = np.array([v not in (0, 1) for v in numbers], dtype=bool)
    if odd.any():
        raise RowError(what, f"got {raw[odd][0]}", odd, "; expected 1 (true) for an event, 0 (false) where censored")
    return np.array([bool(v) for v in numbers], dtype=bool)


def resolution_of(
    x: Array, n: float, resolution: float | Literal["auto"] | None, notes: list[str], what: str
) -> float | None:
    """Step of the grid that the values lie on, detected or checked; None where there is none."""
    if resolution is None:
        return None
    if resolution != "auto":
        if not (is_number(resolution) and np.isfinite(resolution) and resolution > 0):
            raise DataError(f"resolution: expected auto, None or a positive number, got {resolution!r}")
        step = float(resolution)
        off = np.abs(x / step - np.rint(x / step)) > 1e-6 * np.maximum(1.0, np.abs(x / step) * 1e-6)
        if off.any():
            raise DataError(f"{what}: {x[off][0]:g} is not a multiple of the resolution {step:g}")
        return step
    if decimal_step(x[:_FEW]) is None:
        return None
    if x.dtype.kind == "i" and np.gcd.reduce(x[:_FEW] - x[0]) == 1:  # which a look at all of them would not change
        notes.append(_WHOLE)
        return 1.0
    distinct = distinct_numbers(x)[0]
    decimal = decimal_step(distinct)
    if decimal is None:
        return None
    distinct = distinct_numbers(snapped(distinct, decimal))[0]
    if decimal == 1.0:
        notes.append(_WHOLE)
        step = 1.0
    elif len(distinct) < 0.5 * n:
        step = float(grid_points(divisor(distinct / decimal), decimal)) if len(distinct) >= _TELLING else decimal
        notes.append(f"values are rounded to {step:g}: scored by the mass of x ± {0.5 * step:g}")
    else:
        return None
    apart = decimal * divisor((distinct - distinct[0]) / decimal) if len(distinct) >= _TELLING else step
    if apart > 1.5 * step:
        notes.append(
            f"all values lie {apart:g} or a multiple of it apart; if they are rounded so coarsely, cells of {step:g} "
            f"make every kl too large by log({apart / step:g}): give the resolution"
        )
    return step


def decimal_grid(x: Array) -> float | None:
    """Decimal step of the grid that all values lie on, or None; real numbers are told by their first ones."""
    return None if decimal_step(x[:_FEW]) is None else decimal_step(x)


def distinct_labels(x: NDArray[Any], w: Array) -> tuple[NDArray[Any], Array]:
    """Labels in the order in which they come, and the total weight of each."""
    import pandas as pd

    codes, outcomes = pd.factorize(x)
    return np.asarray(outcomes, dtype=object), np.asarray(np.bincount(codes, weights=w), dtype=float)


def distinct_numbers(x: NDArray[Any], w: Array | None = None) -> tuple[Array, Array]:
    """Distinct values, sorted, and the total weight of each, 1 an observation unless it is said.

    Examples
    --------
    >>> distinct_numbers(np.array([3, 1, 3]))
    (array([1., 3.]), array([1., 2.]))
    """
    if len(x) and _ascending(x[:_FEW]) and _ascending(x):
        return np.array(x, dtype=float), np.broadcast_to(1.0, len(x)) if w is None else w
    alike = w is None or equal(w) or np.all(w == w[0])
    each = 1.0 if w is None else float(w[0])
    if len(x) > _FEW and x.max() - (low := x.min()) < len(x) and integers(x):
        if x.dtype.kind != "i":
            place = (x - low).astype(np.intp)
        else:  # a table may as well begin at 0
            low = low if not 0 <= low < len(x) else np.intp(0)
            place = x if low == 0 else x - low
        seen = np.bincount(place)
        total = seen * each if alike else np.bincount(place, weights=w)
        places = np.flatnonzero(seen)
        return np.asarray(places + low, dtype=float), np.asarray(total[places], dtype=float)
    if not alike:
        distinct, index = np.unique(x, return_inverse=True)
        return np.asarray(distinct + 0.0, dtype=float), np.asarray(np.bincount(index, weights=w), dtype=float)
    ordered = np.sort(x)
    if ordered.dtype.kind == "f":
        np.add(ordered, 0.0, out=ordered)  # no zero is negative
    first = np.ones(len(x), dtype=bool)
    np.greater(ordered[1:], ordered[:-1], out=first[1:])
    if first.all():
        return np.asarray(ordered, dtype=float), np.broadcast_to(each, len(x))
    places = np.flatnonzero(first)
    return np.asarray(ordered[places], dtype=float), np.asarray(np.diff(places, append=len(x)) * each, dtype=float)


def _ascending(x: NDArray[Any]) -> bool:
    return bool(np.all(x[1:] > x[:-1]))


def integers(x: NDArray[Any]) -> bool:
    """Whether all are whole numbers."""
    return x.dtype.kind == "i" or all(bool(np.all(x[cut] == np.floor(x[cut]))) for cut in stretches(len(x)))


def distinct_rows(columns: list[Array], w: Array) -> tuple[list[Array], Array]:
    """Distinct rows of several columns, sorted by the first, then the second …, and the total weight of each."""
    order = np.lexsort(columns[::-1])
    columns, w = [column[order] for column in columns], w[order]
    first = np.ones(len(w), dtype=bool)
    first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return [column[first] for column in columns], np.asarray(np.add.reduceat(w, np.flatnonzero(first)), dtype=float)


def middles(lower: Array, upper: Array) -> Array:
    """One number an observation: itself, the middle of its interval, or the finite end of one that is open."""
    with np.errstate(invalid="ignore"):
        middle = 0.5 * (lower + upper)
    return np.where(np.isfinite(middle), middle, np.where(np.isfinite(lower), lower, upper))
