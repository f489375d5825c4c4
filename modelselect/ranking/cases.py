"""Cases: what happened (a class each, or the opinions about it) and what forecasters said, checked and in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from modelselect.domain import Array
from modelselect.errors import DataError, did_you_mean
from modelselect.observations import RowError, is_missing, one_dimensional, weights_of

#: How far from 1 the probabilities of a case may sum, by the digits of a number; below half of them, rounding is meant.
_OFF = {2: 1e-2, 4: 1e-5, 8: 1e-6}


@dataclass(frozen=True, eq=False)
class Cases:
    """What happened, case by case.

    Attributes
    ----------
    classes
        The C possible outcomes.
    truth
        Probabilities of the classes, ``(m, C)``: a single 1 where the outcome is known, soft labels otherwise.
    weights
        Of each case, ``(m,)``, above 0.
    rows
        Numbers of the cases in what was given.
    counted
        How rows are counted, in words.
    notes
        What was assumed.
    """

    classes: tuple[Any, ...]
    truth: Array
    weights: Array
    rows: NDArray[np.intp]
    counted: str = "counted from 0"
    notes: tuple[str, ...] = ()
    known: bool = False
    kind: str = "cases"

    @property
    def n(self) -> float:
        """Number of cases, by their weights."""
        return float(self.weights.sum())

    @property
    def shares(self) -> Array:
        """Weights that sum to 1."""
        return np.asarray(self.weights / self.weights.sum())

    @cached_property
    def certain(self) -> bool:
        """Whether each case has one outcome."""
        return bool(np.all((self.truth == 0) | (self.truth == 1)))

    @cached_property
    def entropies(self) -> Array:
        """Entropy of each case's label in nats, ``(m,)``: 0 where it is certain."""
        return np.asarray(-xlogy(self.truth, self.truth).sum(axis=1) + 0.0)

    @property
    def frequencies(self) -> Array:
        """Share of each class, ``(C,)``."""
        return np.asarray(self.shares @ self.truth)

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        kind = "certain" if self.certain else "soft"
        return f"Cases(n={self.n:g}, classes={list(self.classes)}, {kind} labels)"


class Columns(NamedTuple):
    """Numbers of a table, ``(m, c)`` or ``(m,)``, and the classes that its columns are named after, if they are."""

    names: tuple[Any, ...] | None
    numbers: Array
    off: float


def gather_cases(
    labels: Any,
    predictions: Mapping[str, Any],
    weights: Any = None,
    classes: Sequence[Any] | None = None,
    *,
    normalize: bool = False,
    rows: NDArray[np.intp] | None = None,
    counted: str = "counted from 0",
) -> tuple[Cases, dict[str, Array]]:
    """Read labels and the probabilities of each forecaster, in the same order of cases and classes.

    Parameters
    ----------
    labels, predictions, weights, classes, normalize
        As of `rank_predictions`.
    rows, counted
        Numbers of the rows that errors and reasons name, and how they are counted.

    Raises
    ------
    DataError
        Labels or probabilities cannot be used. `RowError` where single rows are at fault.
    """
    if not hasattr(predictions, "items") or hasattr(predictions, "iloc"):
        raise DataError(f"predictions: expected a mapping name → probabilities, got {type(predictions).__name__}")
    if not predictions:
        raise DataError("predictions: empty; expected at least one forecaster")
    _check_index(labels, predictions)
    soft = _columns(labels, "labels") if _is_table(labels) else None
    plain = [] if soft else _plain(labels)
    told = {str(name): _columns(value, f"predictions: {name}") for name, value in predictions.items()}
    m = len(soft.numbers) if soft else len(plain)
    for name, columns in told.items():
        if len(columns.numbers) != m:
            raise DataError(f"predictions: {name}: expected {m} rows, one a label, got {len(columns.numbers)}")
    notes: list[str] = []
    outcomes = _classes(classes, soft, plain, told, notes)
    truth = _one_hot(plain, outcomes) if soft is None else _ordered(soft, outcomes, "labels", normalize)
    made = {
        name: _ordered(columns, outcomes, f"predictions: {name}", normalize, named=classes is not None)
        for name, columns in told.items()
    }
    w = np.ones(m) if weights is None else weights_of(weights, m, "weights", range(m))
    used = w > 0
    rows = np.arange(m) if rows is None else rows
    cases = Cases(tuple(outcomes), truth[used], w[used], rows[used], counted, tuple(notes))
    return cases, {name: q[used] for name, q in made.items()}


def _check_index(labels: Any, predictions: Mapping[str, Any]) -> None:
    """Refuse labels and probabilities whose indices say that they are of other cases, or in another order."""
    if not hasattr(labels, "iloc"):
        return
    for name, value in predictions.items():
        if hasattr(value, "iloc") and len(value) == len(labels) and not value.index.equals(labels.index):
            raise DataError(
                f"predictions: {name}: its index is not that of the labels; expected the same cases in order"
            )


def _is_table(labels: Any) -> bool:
    if hasattr(labels, "columns") or (hasattr(labels, "items") and not hasattr(labels, "iloc")):
        return True
    if isinstance(labels, (list, tuple)):
        return len(labels) > 0 and all(isinstance(row, (list, tuple, np.ndarray)) for row in labels)
    return isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] > 1


def _columns(value: Any, what: str) -> Columns:
    """Read a frame, a mapping of classes, a matrix or a vector."""
    names: tuple[Any, ...] | None = None
    if hasattr(value, "columns"):
        names, value = tuple(value.columns.tolist()), value.to_numpy()
    elif hasattr(value, "items") and not hasattr(value, "iloc"):
        names = tuple(value)
        lists = [one_dimensional(column, f"{what}.{name}") for name, column in value.items()]
        if len({len(column) for column in lists}) > 1:
            lengths = ", ".join(f"{name} {len(column)}" for name, column in zip(names, lists, strict=True))
            raise DataError(f"{what}: expected as many probabilities of each class, got {lengths}")
        value = np.column_stack(lists) if lists else np.empty((0, 0))
    try:
        raw = np.asarray(value)
        numbers = raw.astype(float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: expected probabilities, a row a case and a column a class") from error
    if numbers.ndim not in (1, 2) or numbers.size == 0:
        raise DataError(f"{what}: expected probabilities, a row a case and a column a class, got shape {numbers.shape}")
    if names is None and numbers.ndim == 2 and numbers.shape[1] == 1:
        numbers = numbers[:, 0]
    inside = ((numbers >= 0) & (numbers <= 1 + 1e-6)).reshape(len(numbers), -1)
    bad = np.asarray(~inside.all(axis=1), dtype=bool)
    if bad.any():
        row = numbers[np.argmax(bad)].ravel()
        first = row[~((row >= 0) & (row <= 1 + 1e-6))][0]
        raise RowError(what, f"{first:g}", bad, "; expected probabilities from 0 to 1")
    return Columns(names, numbers, _OFF[raw.dtype.itemsize if raw.dtype.kind == "f" and raw.dtype.itemsize < 8 else 8])


def _plain(labels: Any) -> list[Any]:
    """Labels as plain values: names, whole numbers, true and false."""
    raw = one_dimensional(labels, "labels")
    if len(raw) == 0:
        raise DataError("labels: empty; expected at least one case")
    values: list[Any] = raw.tolist()
    absent = np.array([is_missing(value) for value in values])
    if absent.any():
        raise RowError("labels", "no label", absent, "; leave such cases out, or give them the weight 0")
    odd = np.array([isinstance(value, float) and value != round(value) for value in values])
    if odd.any():
        then = "; expected names or whole numbers, or soft labels as a table: a row a case, a column a class"
        raise RowError("labels", f"{values[int(np.argmax(odd))]:g}", odd, then)
    return [int(value) if isinstance(value, float) else value for value in values]


def _classes(
    given: Sequence[Any] | None,
    soft: Columns | None,
    plain: list[Any],
    told: Mapping[str, Columns],
    notes: list[str],
) -> list[Any]:
    """The classes in their order: as given, as columns are named, or the labels sorted."""
    if given is not None:
        chosen = list(given)
        if len(set(chosen)) != len(chosen) or len(chosen) < 2:
            raise DataError(f"classes: expected at least two different ones, got {chosen!r}")
        return chosen
    named = [columns.names for columns in (soft, *told.values()) if columns and columns.names]
    whole = [names for names in named if len(names) > 1]
    if whole:
        return list(dict.fromkeys(whole[0]))
    seen = dict.fromkeys([*plain, *(name for names in named for name in names)])
    try:
        found = sorted(seen)
    except TypeError:
        found = sorted(seen, key=lambda label: (type(label).__name__, str(label)))
    tables = [columns.numbers for columns in (soft, *told.values()) if columns and columns.numbers.ndim == 2]
    width = max((table.shape[1] for table in tables), default=2)
    if all(isinstance(label, int) and 0 <= label < width for label in found):
        return list(range(width))  # with bool among the int
    if len(found) < 2:
        raise DataError(f"classes: there is only {found[0]!r} among the labels; give all of them by classes=")
    if any(columns.names is None and columns.numbers.ndim == 2 for columns in told.values()):
        notes.append(f"columns are taken in the sorted order of the labels: {', '.join(map(str, found))}")
    return found


def _one_hot(plain: list[Any], classes: list[Any]) -> Array:
    place = {name: i for i, name in enumerate(classes)}
    codes = np.array([place.get(label, -1) for label in plain])
    if (codes < 0).any():
        first = plain[int(np.argmax(codes < 0))]
        known = ", ".join(map(str, classes[:12])) + (", …" if len(classes) > 12 else "")
        hint = did_you_mean(str(first)[:80], classes)
        raise RowError("labels", f"{first!r}", codes < 0, f"; expected one of the classes {known}{hint}")
    return np.asarray(np.eye(len(classes))[codes])


def _ordered(columns: Columns, classes: list[Any], what: str, normalize: bool, *, named: bool = True) -> Array:
    """Probabilities ``(m, C)`` in the order of the classes."""
    names, numbers = columns.names, columns.numbers
    if names is None and numbers.ndim == 1:
        if len(classes) != 2:
            raise DataError(f"{what}: one probability a case, but there are {len(classes)} classes; give a column each")
        if not named and not all(isinstance(label, int) for label in classes):
            raise DataError(
                f"{what}: one probability a case, but of which class? Name it, as in {{{classes[1]!r}: [...]}}, or "
                "give classes=[other, this]"
            )
        return np.column_stack([1.0 - np.minimum(numbers, 1.0), numbers])
    if names is None:
        if numbers.shape[1] != len(classes):
            known = ", ".join(map(str, classes[:12]))
            raise DataError(f"{what}: got {numbers.shape[1]} columns for {len(classes)} classes ({known})")
    elif len(names) == 1 and len(classes) == 2 and names[0] in classes:
        rest = 1.0 - np.minimum(numbers[:, 0], 1.0)
        return np.column_stack([rest, numbers[:, 0]] if names[0] == classes[1] else [numbers[:, 0], rest])
    else:
        for sentence, odd in (
            ("unknown class", [name for name in names if name not in classes]),
            ("no probability of", [name for name in classes if name not in names]),
        ):
            if odd:
                hint = did_you_mean(str(odd[0])[:80], classes) if sentence.startswith("unknown") else ""
                known = ", ".join(map(str, classes[:12]))
                raise DataError(f"{what}: {sentence} {odd[0]!r}; the classes are {known}{hint}")
        numbers = numbers[:, [names.index(name) for name in classes]]
    total = numbers.sum(axis=1)
    off = np.asarray(total <= 0 if normalize else np.abs(total - 1.0) > columns.off, dtype=bool)
    if off.any():
        first, then = total[np.argmax(off)], "; expected 1 (normalize=True divides by the sum)"
        raise RowError(what, f"probabilities sum to {first:.7g}", off, then)
    return np.asarray(numbers / total[:, None] if normalize else numbers)
