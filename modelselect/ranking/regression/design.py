"""From a table and formulas to arrays: the rows that all candidates share, and the columns of each.

Equal rows become one with their total weight, so that the cost of a regression on a few factors does not grow with n.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from modelselect.domain import Array
from modelselect.errors import DataError, did_you_mean
from modelselect.observations import Flags, RowError, one_dimensional, weights_of
from modelselect.ranking.regression.candidates import FUNCTIONS, Formula, RegressionCandidate
from modelselect.rounding import snapped
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

#: Share of a column that must not be explained by the columns before it, for a coefficient of its own.
_OWN = 1e-9


@dataclass(frozen=True, eq=False)
class Columns:
    """Design of one predictor.

    Attributes
    ----------
    names
        Of its coefficients, ``(p,)``.
    matrix
        Columns ``(m, p)``.
    offset
        What is added to the predictor, ``(m,)``.
    basis, root
        Orthogonal columns of mean square 1, and R: matrix = basis · R.
    redundant
        Names of columns that the ones before them explain.
    """

    names: tuple[str, ...]
    matrix: Array
    offset: Array
    basis: Array
    root: Array
    redundant: tuple[str, ...]

    def within(self, other: Columns) -> bool:
        """Whether another predictor can be whatever this one can."""
        if self.matrix.shape[1] > other.matrix.shape[1]:
            return False
        # an exposure is the restriction of a coefficient to 1
        columns = np.column_stack([self.matrix, self.offset - other.offset])
        inside, _, _, _ = np.linalg.lstsq(other.basis, columns, rcond=None)
        size = np.sqrt(np.mean(np.square(columns), axis=0))
        off = np.sqrt(np.mean(np.square(columns - other.basis @ inside), axis=0))
        return bool(np.all(off <= 1e-8 * size))


@dataclass(frozen=True, eq=False)
class Rows:
    """The cases of a regression, as a ranking sees them: outcome and columns of every candidate, equal rows as one.

    Attributes
    ----------
    outcome
        The outcomes alone, as a sample: whether they are counts or real numbers.
    y
        Outcome of each distinct row ``(m,)``.
    values
        Outcome and all columns of each distinct row, ``(m, c)``.
    weights
        Total weight of each ``(m,)``.
    name
        What the outcome is called.
    n_missing
        Rows that were left out.
    """

    outcome: Sample
    y: Array
    values: Array
    weights: Array
    name: str
    notes: tuple[str, ...]
    n_missing: int

    kind = "cases"
    known = False
    exact = True
    truncation = None

    @property
    def n(self) -> float:
        """Number of observations."""
        return self.outcome.n

    @property
    def shares(self) -> Array:
        """Weights that sum to 1."""
        return np.asarray(self.weights / self.weights.sum())

    @property
    def resolution(self) -> float | None:
        """Step of the grid that the outcomes lie on."""
        return self.outcome.resolution

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Designs:
    """Rows, and for each candidate the columns of its mean and of its zeros."""

    rows: Rows
    of_mean: list[Columns]
    of_zeros: list[Columns | None]


def designs(
    frame: Any,
    formula: Formula,
    candidates: Sequence[RegressionCandidate],
    weights: Any,
    *,
    weights_kind: Any,
    missing: str,
    resolution: Any,
) -> Designs:
    """Evaluate all formulas on the rows that have a value in every column that is used.

    Raises
    ------
    DataError
        A column that does not exist or is missing values, a term that is not finite, an exposure that is not positive.
    """
    table = _as_frame(frame)
    needed = list(dict.fromkeys([*formula.names, *(name for one in candidates for name in one.names)]))
    weight_column = weights if isinstance(weights, str) else None
    for name in [*needed, *([weight_column] if weight_column else [])]:
        if name not in table.columns:
            known = [str(column) for column in table.columns]
            shown = ", ".join(known[:20]) + (f", … ({len(known)} in all)" if len(known) > 20 else "")
            raise DataError(f"formula: there is no column {name!r}; there are {shown}{did_you_mean(name, known)}")
    if len(table) == 0:
        raise DataError("formula: the table has no rows")
    w = _weights(table, weights)
    table, w, notes, dropped = _complete(table[needed], w, missing)
    y = _outcome(formula.outcome, table)
    outcome = Sample(y, w, weights_kind=weights_kind, resolution=resolution)
    y = snapped(y, outcome.resolution)
    w = w * (outcome.n / w.sum())
    blocks = [_columns(one.formula.terms, table) for one in candidates]
    zeros = [None if one.zeros is None else _columns(one.zeros.terms, table) for one in candidates]
    offsets = [_offset(one, table) for one in candidates]
    return _compressed(formula.outcome, y, w, outcome, blocks, zeros, offsets, [*notes, *outcome.notes], dropped)


def _as_frame(frame: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "to_pandas"):
        return frame.to_pandas()  # type: ignore[no-any-return]
    if isinstance(frame, Mapping):
        return pd.DataFrame(dict(frame))
    raise DataError(f"frame: expected a table with named columns (a DataFrame, or name → values), got {type(frame)}")


def _weights(table: pd.DataFrame, weights: Any) -> Array:
    if weights is None:
        return np.ones(len(table))
    given = table[weights].to_numpy() if isinstance(weights, str) else one_dimensional(weights, "weights")
    return weights_of(given, len(table), "weights", range(len(table)))


def _complete(table: pd.DataFrame, w: Array, missing: str) -> tuple[pd.DataFrame, Array, list[str], int]:
    """Rows with a positive weight and a value in every column."""
    if missing not in ("refuse", "drop"):
        raise DataError(f"missing: expected refuse or drop, got {missing!r}")
    absent = table.isna().to_numpy()
    gone = absent.any(axis=1) & (w > 0)
    notes = []
    if gone.any():
        which = [
            str(name) for name, some in zip(table.columns, np.any(absent[gone], axis=0).tolist(), strict=True) if some
        ]
        if missing == "refuse":
            raise RowError(
                "formula",
                f"missing values in {', '.join(which)}",
                gone,
                "; remove these rows, or say missing='drop' (missing: drop in YAML)",
            )
        count = int(gone.sum())
        notes.append(
            f"{count} row{' was' if count == 1 else 's were'} dropped, for all candidates alike: "
            f"{', '.join(which)} missing"
        )
    kept = (w > 0) & ~gone
    if not kept.any():
        raise DataError("formula: no row has a value in every column")
    return table[kept].set_axis(np.flatnonzero(kept)), w[kept], notes, int(gone.sum())


def _evaluated(text: str, table: pd.DataFrame, what: str) -> Any:
    """The matrix that one side of a formula means, by patsy."""
    import patsy

    functions = {name: getattr(np, name) for name in FUNCTIONS}
    table = table.astype({name: object for name, kind in table.dtypes.items() if str(kind) in ("str", "string")})
    left = what == "outcome"
    if left:  # else true and false would be a factor
        table = table.astype({name: float for name, kind in table.dtypes.items() if str(kind) in ("bool", "boolean")})
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return patsy.dmatrix(
                f"I({text}) - 1" if left else text,
                table,
                eval_env=patsy.EvalEnvironment([functions]),
                NA_action=patsy.NAAction(NA_types=[]),
            )
    except patsy.PatsyError as error:
        reason = str(error.message if hasattr(error, "message") else error).split("\n")[0]
        raise DataError(f"formula: {text!r} cannot be evaluated: {reason}") from None
    except (TypeError, ValueError, KeyError, ArithmeticError, NameError) as error:
        raise DataError(f"formula: {text!r} cannot be evaluated: {error}") from None


def _outcome(text: str, table: pd.DataFrame) -> Array:
    y = np.asarray(_evaluated(text, table, "outcome"), dtype=float)
    if y.shape[1] != 1:
        raise DataError(f"formula: the outcome {text!r} is not one column of numbers")
    if not np.isfinite(y).all():
        raise RowError("formula", f"the outcome {text!r} is not finite", _in_table(~np.isfinite(y[:, 0]), table))
    return y[:, 0]


def _in_table(mask: Flags, table: pd.DataFrame) -> Flags:
    """A mask of the rows that are left as one of the rows that were given."""
    rows = table.index.to_numpy()
    whole = np.zeros(rows.max() + 1, dtype=bool)
    whole[rows[mask]] = True
    return whole


def _columns(terms: str, table: pd.DataFrame) -> tuple[tuple[str, ...], Array]:
    made = _evaluated(terms, table, "terms")
    names, matrix = tuple(made.design_info.column_names), np.asarray(made, dtype=float)
    odd = ~np.isfinite(matrix)
    if odd.any():
        column = int(np.argmax(odd.any(axis=0)))
        raise RowError("formula", f"the term {names[column]} is not finite", _in_table(odd[:, column], table))
    if not names:
        raise DataError(f"formula: {terms!r} has no terms at all; expected at least 1, an intercept")
    return names, matrix


def _offset(candidate: RegressionCandidate, table: pd.DataFrame) -> Array:
    total = np.zeros(len(table))
    for key, name in (("offset", candidate.offset), ("exposure", candidate.exposure)):
        if name is None:
            continue
        try:
            column = table[name].to_numpy(dtype=float)
        except (TypeError, ValueError):
            raise DataError(f"{key}: column {name!r} does not hold numbers") from None
        if key == "exposure":
            if not (column > 0).all():
                raise RowError("exposure", f"{name} is not positive", _in_table(~(column > 0), table))
            column = np.log(column)
        total = total + column
    return total


def _compressed(
    name: str,
    y: Array,
    w: Array,
    outcome: Sample,
    blocks: list[tuple[tuple[str, ...], Array]],
    zeros: list[tuple[tuple[str, ...], Array] | None],
    offsets: list[Array],
    notes: list[str],
    dropped: int,
) -> Designs:
    parts = [*blocks, *(block for block in zeros if block is not None)]
    distinct: dict[bytes, Array] = {}
    for column in [y, *(column for _, matrix in parts for column in matrix.T), *offsets]:
        distinct.setdefault((column + 0.0).tobytes(), column)
    whole = np.column_stack(list(distinct.values()))
    order = np.lexsort(whole.T[::-1])
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.any(whole[order][1:] != whole[order][:-1], axis=1)
    kept = order[first]
    weights = np.add.reduceat(w[order], np.flatnonzero(first))
    rows = Rows(outcome, y[kept], whole[kept], weights, name, tuple(dict.fromkeys(notes)), dropped)
    share, nothing = rows.shares, np.zeros(len(kept))
    made: dict[bytes, Columns] = {}

    def columns(block: tuple[tuple[str, ...], Array], offset: Array) -> Columns:
        names, matrix = block
        key = matrix.tobytes() + offset.tobytes()
        if key not in made:
            made[key] = _factored(names, matrix[kept], offset, share)
        return made[key]

    return Designs(
        rows,
        [columns(block, offset[kept]) for block, offset in zip(blocks, offsets, strict=True)],
        [None if block is None else columns(block, nothing) for block in zeros],
    )


def _factored(names: tuple[str, ...], matrix: Array, offset: Array, share: Array) -> Columns:
    size = np.sqrt(share @ np.square(matrix))
    scale = np.where(size > 0, size, 1.0)
    weighted = np.sqrt(share)[:, None] * (matrix / scale)
    _, root = np.linalg.qr(weighted, mode="reduced")
    own = np.zeros(matrix.shape[1])
    own[: len(root)] = np.abs(np.diag(root))
    lost = own < _OWN
    redundant = tuple(name for name, gone in zip(names, lost, strict=True) if gone)
    if redundant:
        return Columns(names, matrix, offset, matrix, np.eye(len(names)), redundant)
    root = root * scale
    basis = np.linalg.solve(root.T, matrix.T).T
    return Columns(names, matrix, offset, basis, root, ())
