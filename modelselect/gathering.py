"""Gather observations: what was passed in, checked row by row, as the fields of a Sample.

Rows keep their numbers until all checks are done; then equal observations become one, with their total weight.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from modelselect.autocorrelation import note_neighbours
from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.observations import (
    Flags,
    RowError,
    decimal_grid,
    distinct_labels,
    distinct_numbers,
    distinct_rows,
    ends_of,
    integers,
    is_missing,
    middles,
    numbers_or_labels,
    one_dimensional,
    resolution_of,
    rows_in_words,
    weights_of,
    whole_numbers,
)
from modelselect.remarks import note_censored, note_rounded, note_truncated, note_weights
from modelselect.rounding import met_ends, snapped

WeightsKind = Literal["frequency", "importance"]
Missing = Literal["refuse", "drop"]
Resolution: TypeAlias = "float | Literal['auto'] | None"
Bounds: TypeAlias = tuple[Array, Array]
Truncation: TypeAlias = "tuple[Any, Any] | None"
Fields: TypeAlias = dict[str, Any]


def gather_values(
    values: Any,
    weights: Any,
    weights_kind: WeightsKind,
    resolution: Resolution,
    missing: Missing,
    what: str = "values",
    *,
    known: bool = False,
    truncation: Truncation = None,
    ordered: bool = False,
) -> Fields:
    """Fields of a sample of points or labels."""
    _check_words(missing, weights_kind)
    if not isinstance(ordered, (bool, np.bool_)):
        raise DataError(f"ordered: expected true or false, got {ordered!r}")
    if ordered and weights is not None:
        raise DataError("ordered: weighted observations have no order of time; give each its own row")
    raw = one_dimensional(values, what)
    if len(raw) == 0:
        raise DataError(f"{what}: empty; expected at least one observation")
    counts = whole_numbers(raw)
    x, nominal = numbers_or_labels(raw, what) if counts is None else (counts, False)
    w = None if weights is None else weights_of(weights, len(x), "weights" if what == "values" else what, raw)
    notes: list[str] = []
    kept, n_missing = _kept(x, w, nominal, missing, what, notes)
    if nominal and truncation is not None:
        raise DataError("truncation: labels have no order, so that no bounds can be given")
    labels: tuple[str, ...] = ()
    if nominal:  # those that have no weight are named too
        labels = tuple(dict.fromkeys(v for v in x.tolist() if not is_missing(v)))
    rows, x = x, x if kept is None else x[kept]
    w = w if w is None or kept is None else w[kept]
    if len(x) == 0:
        raise DataError(f"{what}: nothing is left; all observations are missing or have weight 0")
    if w is not None or truncation is not None or weights_kind != "frequency":
        w = _weighed(np.broadcast_to(1.0, len(x)) if w is None else w, weights_kind, notes)
    squares = None if w is None or weights_kind == "frequency" else w**2
    if nominal:
        fields = _nominal(x, np.ones(len(x)) if w is None else w, known, notes, n_missing, labels, squares)
    else:
        # whatever the step, equal observations are one where the same bounds hold for all of them
        distinct, total = distinct_numbers(x, w)
        told = distinct if resolution == "auto" else x
        step = resolution_of(told, np.inf if known else total.sum(), resolution, notes, what)
        grid = decimal_grid(told) if step is None and resolution == "auto" else step
        bounds = met_ends(_bounds_of(truncation, len(rows)), grid)
        if bounds is not None and w is not None:
            rows = snapped(rows, grid)
            _check_inside(rows, rows, bounds, np.ones(len(rows), dtype=bool) if kept is None else kept, what)
            bounds = bounds if kept is None else _rows_of(bounds, kept)
            distinct, total = snapped(np.asarray(x, dtype=float), grid), w
        elif grid is not None and not integers(distinct):
            x = snapped(x, grid)
            distinct, total = distinct_numbers(snapped(distinct, grid), total)
        if squares is not None and bounds is None:
            squares = distinct_numbers(x, squares)[1]
        if weights is None:
            note_neighbours(x, notes, ordered=ordered)
        fields = _fields(
            distinct,
            distinct,
            total,
            bounds,
            step,
            notes,
            known=known,
            n_missing=n_missing,
            squares=squares,
            distinct=bounds is None,
        )
    if ordered and len(fields["values"]) == len(np.unique(fields["values"])):
        fields["order"] = np.searchsorted(fields["values"], x)
    return fields


def gather_ends(
    lower: Any,
    upper: Any,
    weights: Any,
    weights_kind: WeightsKind,
    resolution: Resolution,
    missing: Missing,
    what: str = "lower",
    *,
    truncation: Truncation = None,
) -> Fields:
    """Fields of a sample of points and intervals [lower, upper]."""
    _check_words(missing, weights_kind)
    n = len(one_dimensional(lower, what))
    if n == 0:
        raise DataError(f"{what}: empty; expected at least one observation")
    if len(one_dimensional(upper, "upper")) != n:
        raise DataError(f"upper: expected {n} ends, one an observation, got {len(one_dimensional(upper, 'upper'))}")
    absent = np.zeros(n, dtype=bool)
    if missing == "drop" or what == "values":  # no number at either end, or at the one there is
        absent = _absent(lower) & (_absent(upper) | (what == "values"))
        lower, upper = (_replaced(ends, absent, what) for ends in (lower, upper))
    a = ends_of(lower, what, n, open_end=-np.inf)
    b = ends_of(upper, "upper", n, open_end=np.inf)
    w = np.ones(n) if weights is None else weights_of(weights, n, "weights", range(n))
    notes: list[str] = []
    absent &= w > 0
    _note_missing(absent, w, missing, what, notes)
    used = (w > 0) & ~absent
    if not used.any():
        raise DataError(f"{what}: nothing is left; all observations are missing or have weight 0")
    weights = _weighed(w[used], weights_kind, notes)
    inner = np.concatenate([end[used & np.isfinite(end)] for end in (a, b)])
    step = resolution_of(inner, weights.sum(), resolution, notes, what)
    a, b = snapped(a, step), snapped(b, step)
    if (odd := used & (a > b)).any():
        i = int(np.argmax(odd))
        raise RowError(what, f"{a[i]:g} lies above the upper end {b[i]:g}", odd, "; expected lower ≤ upper")
    if (odd := used & np.isinf(a) & (np.isinf(b) | (what == "values"))).any():
        then = "; expected at least one finite end" if what != "values" else "; expected finite numbers"
        raise RowError(what, "open at both ends" if what != "values" else "infinite", odd, then)
    bounds = met_ends(_bounds_of(truncation, n), step)
    if bounds is not None:
        _check_inside(a, b, bounds, used, what)
    a, b, bounds = a[used], b[used], _rows_of(bounds, used)
    if what == "values" and resolution is None:
        note_rounded(a[a == b], notes)
    squares = None if weights_kind == "frequency" else weights**2
    return _fields(a, b, weights, bounds, step, notes, n_missing=int(absent.sum()), squares=squares)


def gather_bins(edges: Any, counts: Any, truncation: Truncation) -> Fields:
    """Fields of a sample of bins (a, b]."""
    raw = one_dimensional(edges, "edges")
    inner = raw[:-1] if len(raw) else raw
    low = ends_of(inner if len(inner) else None, "edges", None, open_end=-np.inf)
    high = ends_of(raw[1:] if len(raw) > 1 else None, "edges", None, open_end=np.inf)
    if len(raw) < 2:
        raise DataError(f"edges: expected at least two, got {len(raw)}")
    falls = ~(low < high) | np.append(False, low[1:] != high[:-1])
    if falls.any():
        i = int(np.argmax(falls))
        raise RowError("edges", f"{raw[i + 1]} does not lie above {raw[i]}", np.append(False, falls), "; expected "
                       "edges that increase, open (infinite) only at the first and the last")  # fmt: skip
    size = len(one_dimensional(counts, "counts"))
    if size != len(low):
        raise DataError(f"counts: expected {len(low)}, one fewer than the {len(raw)} edges, got {size}")
    names = [f"the bin ({a:g}, {b:g}]" for a, b in zip(low, high, strict=True)]
    w = weights_of(counts, len(low), "counts", names)
    bounds = _bounds_of(truncation, len(low))
    if bounds is not None:
        _check_inside(low, high, bounds, w > 0, "edges")
    used = w > 0
    notes = [f"binned: {len(low)} bins (a, b], of which the law gives the masses"]
    for which, end in (("lowest", low[0]), ("highest", high[-1])):
        if np.isinf(end):
            notes.append(f"the {which} bin is open")
    fields = _fields(low[used], high[used], w[used], _rows_of(bounds, used), None, notes, said=True)
    return {**fields, "edges": np.append(low, high[-1])}


def _check_words(missing: str, weights_kind: str) -> None:
    if missing not in ("refuse", "drop"):
        raise DataError(f"missing: expected refuse or drop, got {missing!r}")
    if weights_kind not in ("frequency", "importance"):
        raise DataError(f"weights_kind: expected frequency or importance, got {weights_kind!r}")


def _absent(ends: Any) -> Flags:
    raw = one_dimensional(ends, "values")
    return np.isnan(raw) if raw.dtype.kind == "f" else np.array([is_missing(v) for v in raw], dtype=bool)


def _replaced(ends: Any, absent: Flags, what: str) -> Any:
    """Give rows that will be left out a number, lest they be refused."""
    if not absent.any():
        return ends
    raw = one_dimensional(ends, what).astype(object)
    raw[absent] = 0.0
    return raw


def _note_missing(absent: Flags, w: Array, missing: str, what: str, notes: list[str]) -> None:
    if not absent.any():
        return
    if missing == "refuse":
        raise DataError(
            f"{what}: {absent.sum()} missing (NaN) at {rows_in_words(absent)}; remove them, or give "
            'missing="drop" to Sample (missing: drop in YAML)'
        )
    gone = float(w[absent].sum())
    notes.append(f"{gone:g} missing observation{' was' if gone == 1 else 's were'} dropped")


def _bounds_of(truncation: Truncation, n: int) -> Bounds | None:
    """Bounds of truncation ``(n,)`` or ``(1,)`` each; None where all are open."""
    if truncation is None:
        return None
    if isinstance(truncation, str) or not hasattr(truncation, "__len__") or len(truncation) != 2:
        raise DataError(f"truncation: expected bounds (lower, upper), None where open, got {truncation!r}")
    low, high = (
        ends_of(bound, f"truncation: {which} bound", n, open_end=open_end)
        for bound, which, open_end in zip(truncation, ("lower", "upper"), (-np.inf, np.inf), strict=True)
    )
    wrong = ~(low < high)
    if wrong.any():
        i = int(np.argmax(wrong))
        got = f"the lower bound {low[i % len(low)]:g} is not below the upper one, {high[i % len(high)]:g},"
        raise RowError("truncation", got, wrong, "; expected lower < upper")
    return None if np.isinf(low).all() and np.isinf(high).all() else (low, high)


def _rows_of(bounds: Bounds | None, rows: Flags) -> Bounds | None:
    if bounds is None:
        return None
    low, high = (end[rows] if len(end) > 1 else end for end in bounds)
    return low, high


def _check_inside(lower: Array, upper: Array, bounds: Bounds, used: Flags, what: str) -> None:
    """Refuse observations that could not have been made; an open end is cut off at the bound, no other."""
    low, high = bounds
    point = lower == upper
    with np.errstate(invalid="ignore"):
        out = np.where(point, (lower <= low) | (lower > high), (upper <= low) | (lower >= high))
        out |= ~point & ((np.isfinite(lower) & (lower < low)) | (np.isfinite(upper) & (upper > high)))
    out &= used
    if out.any():
        i = int(np.argmax(out))
        a, b = (float(end[i] if len(end) > 1 else end[0]) for end in bounds)
        got = f"{lower[i]:g}" if point[i] else f"[{lower[i]:g}, {upper[i]:g}]"
        then = f"; expected only observations within their truncation bounds, there ({a:g}, {b:g}]"
        raise RowError(what, f"{got} lies outside the truncation bounds", out, then)


def _kept(
    x: Any, w: Array | None, nominal: bool, missing: str, what: str, notes: list[str]
) -> tuple[Flags | None, int]:
    """Rows that have a value and a weight, None where all have, and how many with a weight lack a value."""
    used = None if w is None or w.min() > 0 else w > 0
    if not nominal and (x.dtype.kind == "i" or np.isfinite(x).all()):
        return used, 0
    weighted = np.ones(len(x), dtype=bool) if used is None else used
    absent = np.array([is_missing(v) for v in x], dtype=bool) if nominal else ~np.isfinite(x)
    absent &= weighted
    if not nominal and absent.any() and np.isinf(x[absent]).any():
        raise DataError(f"{what}: infinite at {rows_in_words(np.isinf(x) & weighted)}; expected finite numbers")
    _note_missing(absent, np.ones(len(x)) if w is None else w, missing, what, notes)
    return weighted & ~absent, int(absent.sum())


def _weighed(w: Array, weights_kind: str, notes: list[str]) -> Array:
    """Weights of the rows that are used, rescaled if they are importance weights."""
    if weights_kind == "frequency":
        return w
    n_eff = w.sum() ** 2 / np.sum(w**2)
    notes.append(f"importance weights: the effective number of observations is {n_eff:.6g} (of {len(w)})")
    return np.asarray(w * (n_eff / w.sum()))


def _nominal(
    x: Any, w: Array, known: bool, notes: list[str], n_missing: int, labels: tuple[str, ...], squares: Array | None
) -> Fields:
    values, weights = distinct_labels(x, w)
    squares = None if squares is None else distinct_labels(x, squares)[1]
    notes.append("the outcomes are labels: candidates are tables and the uniform over the outcomes")
    note_weights(weights, known, notes, said=True)
    return {
        **_common(values, weights, known, notes, n_missing, squares),
        "lower": values,
        "upper": values,
        "truncation": None,
        "kind": "nominal",
        "resolution": None,
        "outcomes": labels,
    }


def _fields(
    lower: Array,
    upper: Array,
    w: Array,
    bounds: Bounds | None,
    step: float | None,
    notes: list[str],
    *,
    known: bool = False,
    n_missing: int = 0,
    squares: Array | None = None,
    said: bool = False,
    distinct: bool = False,
) -> Fields:
    """Equal observations become one, unless they are distinct points already; what they are is said in notes."""
    exact = lower is upper or bool(np.all(lower == upper))
    if bounds is not None and all(np.all(end == end[0]) for end in bounds):
        bounds = bounds[0][:1], bounds[1][:1]
    if exact and (bounds is None or len(bounds[0]) == len(bounds[1]) == 1):
        values, weights = (lower, w) if distinct else distinct_numbers(lower, w)
        squares = squares if distinct or squares is None else distinct_numbers(lower, squares)[1]
        lower = upper = values
    else:
        ends = () if bounds is None else tuple(np.broadcast_to(end, lower.shape) for end in bounds)
        rows = [middles(lower, upper), lower, upper, *ends]
        columns, weights = distinct_rows(rows, w)
        squares = None if squares is None else distinct_rows(rows, squares)[1]
        values, lower, upper, *rest = columns
        if bounds is not None and len(bounds[0]) + len(bounds[1]) > 2:
            bounds = rest[0], rest[1]
        upper = lower = values if exact else lower
        upper = lower if exact else columns[2]
    if not said:
        note_censored(lower, upper, weights, notes)
    note_truncated(bounds, notes)
    note_weights(weights, known, notes, said=squares is not None)
    return {
        **_common(values, weights, known, notes, n_missing, squares),
        "lower": lower,
        "upper": upper,
        "truncation": bounds,
        "kind": "continuous" if step is None else "lattice",
        "resolution": step,
        "outcomes": (),
    }


def _common(
    values: Any, weights: Array, known: bool, notes: list[str], n_missing: int, squares: Array | None
) -> Fields:
    return {
        "values": values,
        "weights": weights,
        "n": float("inf" if known else weights.sum()),
        "edges": None,
        "known": known,
        "notes": tuple(notes),
        "n_missing": n_missing,
        "order": None,
        "importance": None if squares is None else np.minimum(squares / weights, weights),
    }
