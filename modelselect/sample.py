"""Sample: the observed distribution P."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.statistics import decimal_step, divisor

WeightsKind = Literal["frequency", "importance"]
Kind = Literal["lattice", "continuous", "nominal"]

#: Distinct values from which on their common divisor tells the step they were rounded to.
_TELLING = 5


@dataclass(frozen=True, eq=False)
class Sample:
    """The observed distribution P: weighted observations.

    Parameters
    ----------
    values
        Anything one-dimensional: numbers, a Series, labels (text); or a mapping value → count.
    weights
        One a value; frequencies (w means w copies, fractions allowed) or importance weights.
    weights_kind
        ``frequency`` (default) or ``importance``: rescaled once so that they sum to
        n_eff = (Σw)²/Σw², which is n everywhere after that.
    resolution
        Step of the grid the values are rounded to. ``auto``: 1 if all are integers; else 10⁻ʲ for the
        smallest j ≤ 6 for which 10ʲx are all integers (the greatest step that divides all, where there are five
        distinct values to tell it: data in halves have 0.5), taken only if less than half of the values are
        distinct; else None. None: these are exact real numbers.
    missing
        ``refuse`` NaN and None (default), naming their rows, or ``drop`` and count them.

    Attributes
    ----------
    values : distinct values, sorted ``(m,)`` — labels if `kind` is ``nominal``
    weights : total weight of each ``(m,)``
    n : number of observations (sum of weights); ``inf`` where P is known
    kind : ``lattice`` (rounded to `resolution`), ``continuous`` or ``nominal``
    notes : what was recognised or assumed, in sentences
    outcomes : all labels that were named, also those never seen; empty for numbers

    Raises
    ------
    DataError
        Empty, non-finite or non-numeric data; weights that are negative, all zero or of another length.

    Examples
    --------
    >>> Sample([3, 1, 1, 2])
    Sample(n=4, kind='lattice', distinct=3, range=[1, 3], resolution=1)
    >>> Sample.from_counts({0: 109, 1: 65, 2: 22, 3: 3, 4: 1}).n
    200.0
    """

    values: NDArray[Any]
    weights: Array
    n: float
    kind: Kind
    resolution: float | None
    known: bool
    notes: tuple[str, ...]
    n_missing: int
    outcomes: tuple[str, ...]

    def __init__(
        self,
        values: Any,
        weights: Any = None,
        *,
        weights_kind: WeightsKind = "frequency",
        resolution: float | Literal["auto"] | None = "auto",
        missing: Literal["refuse", "drop"] = "refuse",
    ) -> None:
        if isinstance(values, Mapping):
            if weights is not None:
                raise DataError("weights: not allowed with a mapping, whose values are the counts already")
            made = Sample.from_counts(values, resolution=resolution)
        else:
            made = _from_values(values, weights, weights_kind, resolution, missing)
        for name, value in vars(made).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[Any, float],
        *,
        resolution: float | Literal["auto"] | None = "auto",
        what: str = "counts",
    ) -> Sample:
        """Sample from a mapping value → count (fractional counts are allowed, negative ones are not).

        Examples
        --------
        >>> Sample.from_counts({"heads": 7, "tails": 3}).kind
        'nominal'
        """
        outcomes, frequencies = _items(counts, what)
        return _from_values(outcomes, frequencies, "frequency", resolution, "refuse", what)

    @classmethod
    def from_probabilities(cls, probabilities: Mapping[Any, float], n: float | None = None) -> Sample:
        """Sample from a known distribution over outcomes; with `n`, as if observed on n observations.

        Without n the distribution is known, not sampled: n is infinite, KL is exact, and what needs a
        sample size is empty.

        Raises
        ------
        DataError
            Negative or non-finite probabilities, or a sum that differs from 1 by more than 1e-9.

        Examples
        --------
        >>> Sample.from_probabilities({"H": 0.5, "T": 0.5}).n
        inf
        """
        outcomes, shares = _items(probabilities, "probabilities")
        p = _weights_of(shares, len(outcomes), "probabilities", outcomes)
        if abs(p.sum() - 1.0) > 1e-9:
            raise DataError(f"probabilities: sum to {p.sum():.12g}, expected 1 (within 1e-9)")
        if n is not None and not (_is_number(n) and np.isfinite(n) and n > 0):
            raise DataError(f"n: must be a positive number, got {n!r}")
        p = p / p.sum() * (1.0 if n is None else n)
        made = _from_values(outcomes, p, "frequency", "auto", "refuse", "probabilities", known=n is None)
        if made.known and made.kind == "continuous":
            raise DataError(
                f"probabilities: the outcomes, such as {made.values[0]:g}, lie on no decimal grid, so that they have "
                "masses but no cells; write them as labels (text)"
            )
        return made

    @property
    def shares(self) -> Array:
        """p̂ of each distinct value, summing to 1."""
        return np.asarray(self.weights / self.weights.sum())

    def block(self, cells: bool = False) -> Block:
        """The sample as a batch of one: exact points, or on a lattice the cells x ± resolution/2.

        Raises
        ------
        DataError
            The outcomes are labels, which have no numbers.
        """
        if self.kind == "nominal":
            raise DataError("the outcomes are labels, not numbers")
        x = self.values[None, :]
        if not cells or self.resolution is None:
            return Block(x, x, self.weights[None, :])
        half = 0.5 * self.resolution
        return Block(x - half, x + half, self.weights[None, :])

    def __reduce__(self) -> tuple[Any, ...]:
        return _build, (dict(vars(self)),)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        n = "∞" if self.known else f"{self.n:g}"
        if self.kind == "nominal":
            return f"Sample(n={n}, kind='nominal', outcomes={[str(v) for v in self.values]})"
        reach = f"range=[{self.values[0]:g}, {self.values[-1]:g}]"
        step = "None" if self.resolution is None else f"{self.resolution:g}"
        return f"Sample(n={n}, kind={self.kind!r}, distinct={len(self.values)}, {reach}, resolution={step})"


def as_sample(data: Any) -> Sample:
    """Return a Sample from anything a Sample is made of; a Sample is returned as it is."""
    return data if isinstance(data, Sample) else Sample(data)


# -- from what people have to what the mathematics needs ---------------------------------------------------------------


def _build(fields: Mapping[str, Any]) -> Sample:
    sample = object.__new__(Sample)
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(sample, name, value)
    return sample


def _items(mapping: Any, what: str) -> tuple[list[Any], list[Any]]:
    """Keys and values of a mapping, or index and values of a Series."""
    if not hasattr(mapping, "items"):
        raise DataError(f"{what}: expected a mapping value → number, got {mapping!r}")
    if len(mapping) == 0:
        raise DataError(f"{what}: empty; expected at least one value with a positive number")
    keys, values = zip(*mapping.items(), strict=True)
    return list(keys), list(values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _from_values(
    values: Any,
    weights: Any,
    weights_kind: WeightsKind,
    resolution: float | Literal["auto"] | None,
    missing: Literal["refuse", "drop"],
    what: str = "values",
    *,
    known: bool = False,
) -> Sample:
    if missing not in ("refuse", "drop"):
        raise DataError(f"missing: expected refuse or drop, got {missing!r}")
    if weights_kind not in ("frequency", "importance"):
        raise DataError(f"weights_kind: expected frequency or importance, got {weights_kind!r}")
    raw = _one_dimensional(values, what)
    if len(raw) == 0:
        raise DataError(f"{what}: empty; expected at least one observation")
    x, nominal = _numbers_or_labels(raw, what)
    w = (
        np.ones(len(x))
        if weights is None
        else _weights_of(weights, len(x), "weights" if what == "values" else what, raw)
    )
    notes: list[str] = []

    if not nominal and np.isinf(x[w > 0]).any():
        raise DataError(f"{what}: infinite at {_rows(np.isinf(x) & (w > 0))}; expected finite numbers")
    absent = np.isnan(x) if not nominal else np.array([_is_missing(v) for v in x], dtype=bool)
    absent &= w > 0
    if absent.any():
        if missing == "refuse":
            raise DataError(
                f"{what}: {absent.sum()} missing (NaN) at {_rows(absent)}; remove them, or give "
                'missing="drop" to Sample (missing: drop in YAML)'
            )
        gone = float(w[absent].sum())
        notes.append(f"{gone:g} missing observation{' was' if gone == 1 else 's were'} dropped")
        x, w = x[~absent], w[~absent]
    labels = tuple(dict.fromkeys(x.tolist())) if nominal else ()
    x, w = x[w > 0], w[w > 0]
    if len(x) == 0:
        raise DataError(f"{what}: nothing is left; all observations are missing or have weight 0")
    if weights_kind == "importance":
        n_eff = w.sum() ** 2 / np.sum(w**2)
        notes.append(f"importance weights: the effective number of observations is {n_eff:.6g} (of {len(w)})")
        w = w * (n_eff / w.sum())

    step = None if nominal else _resolution(x, np.inf if known else w.sum(), resolution, notes, what)
    distinct, weight = _distinct(x, w, nominal)
    kind: Kind = "nominal" if nominal else "continuous" if step is None else "lattice"
    if nominal:
        notes.append("the outcomes are labels: candidates are tables and the uniform over the outcomes")
    if known:
        notes.append("P is given, not sampled: KL is exact, and what needs a sample size is empty")
    elif weights_kind == "frequency" and np.any(weight != np.floor(weight)) and not nominal:
        notes.append("some frequencies are fractional; n is their sum")
    return _build(
        {
            "values": distinct,
            "weights": weight,
            "n": float("inf" if known else weight.sum()),
            "kind": kind,
            "resolution": step,
            "known": known,
            "notes": tuple(notes),
            "n_missing": int(absent.sum()),
            "outcomes": labels,
        }
    )


def _one_dimensional(values: Any, what: str) -> NDArray[Any]:
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


def _numbers_or_labels(raw: NDArray[Any], what: str) -> tuple[NDArray[Any], bool]:
    """Floats, or an array of text where an outcome is text."""
    if raw.dtype.kind == "f" and raw.dtype.itemsize < 8:
        # 0.1 in single precision means 0.1, not 0.10000000149: else no grid would ever be recognised
        distinct, where = np.unique(raw, return_inverse=True)
        return distinct.astype(str).astype(float)[where], False
    if raw.dtype.kind in "biuf":
        return raw.astype(float), False
    if raw.dtype.kind in "UST":
        return raw.astype(str if raw.dtype.kind == "S" else object).astype(object), True
    if raw.dtype.kind == "O":
        text = np.array([isinstance(v, str) for v in raw])
        if text.any():
            odd = ~text & ~np.array([_is_missing(v) for v in raw])
            if odd.any():
                fewer, kind = (text, "text among numbers") if text.sum() <= odd.sum() else (odd, "no text, others are")
                first = raw[fewer][0]
                raise DataError(f"{what}: expected all numbers or all text, but {first!r} at {_rows(fewer)} is {kind}")
            return raw.astype(object), True
        try:
            return np.array([np.nan if _is_missing(v) else float(v) for v in raw]), False
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{what}: expected numbers or text, got {raw[0]!r}") from error
    raise DataError(f"{what}: expected numbers or text, got {raw.dtype} such as {raw[0]!r}")


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # NaN is not itself


def _weights_of(weights: Any, n: int, what: str, names: Any) -> Array:
    try:
        w = np.array(_one_dimensional(weights, what), dtype=float)
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


def _rows(mask: NDArray[np.bool_]) -> str:
    rows = np.flatnonzero(mask)
    shown = ", ".join(map(str, rows[:10])) + (f", … ({len(rows)} in all)" if len(rows) > 10 else "")
    return f"row{'s' if len(rows) > 1 else ''} {shown} (counted from 0)"


def _resolution(
    x: Array, n: float, resolution: float | Literal["auto"] | None, notes: list[str], what: str
) -> float | None:
    if resolution is None:
        return None
    if resolution != "auto":
        if not (_is_number(resolution) and np.isfinite(resolution) and resolution > 0):
            raise DataError(f"resolution: expected auto, None or a positive number, got {resolution!r}")
        step = float(resolution)
        off = np.abs(x / step - np.rint(x / step)) > 1e-6 * np.maximum(1.0, np.abs(x / step) * 1e-6)
        if off.any():
            raise DataError(f"{what}: {x[off][0]:g} is not a multiple of the resolution {step:g}")
        return step
    decimal = decimal_step(x)
    if decimal is None:
        return None
    distinct = np.unique(x)
    if decimal == 1.0:
        notes.append("all values are integers: scored as masses on the integers (resolution 1)")
        step = 1.0
    elif len(distinct) < 0.5 * n:
        step = decimal * (divisor(distinct / decimal) if len(distinct) >= _TELLING else 1.0)
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


def _distinct(x: NDArray[Any], w: Array, nominal: bool) -> tuple[NDArray[Any], Array]:
    if nominal:
        import pandas as pd

        codes, outcomes = pd.factorize(x)
        return np.asarray(outcomes, dtype=object), np.asarray(np.bincount(codes, weights=w), dtype=float)
    if len(x) > 1 and np.all(np.diff(x) > 0):
        return np.array(x), np.array(w)
    if np.all(w == w[0]):
        distinct, count = np.unique(x, return_counts=True)
        return distinct + 0.0, np.asarray(count * float(w[0]), dtype=float)
    distinct, index = np.unique(x, return_inverse=True)
    return distinct + 0.0, np.asarray(np.bincount(index, weights=w), dtype=float)
