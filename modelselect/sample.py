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
from modelselect.gathering import (
    Bounds,
    Missing,
    Resolution,
    Truncation,
    WeightsKind,
    gather_bins,
    gather_ends,
    gather_values,
)
from modelselect.observations import (
    flags_of,
    is_number,
    items_of,
    numbers_or_labels,
    one_dimensional,
    weights_of,
)
from modelselect.rounding import cell_ends, grid_points, up_to
from modelselect.stretches import equal

Kind = Literal["lattice", "continuous", "nominal"]


@dataclass(frozen=True, eq=False)
class Sample:
    """The observed distribution P: weighted observations, each a point or an interval.

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
    truncation
        Bounds (lower, upper) within which alone an observation could be made, as numbers or one a row (delayed
        entry), None where open: each x in (lower, upper] counts with its probability *given that*.
    ordered
        Whether the rows stand in an order of time, which is then kept (unweighted numbers or labels only).

    Attributes
    ----------
    values : distinct values, sorted ``(m,)`` — labels if `kind` is ``nominal``; of an interval its middle, or the
        finite end of one that is open
    weights : total weight of each ``(m,)``
    lower, upper : ends of each ``(m,)``, equal where it is an exact point, infinite where open
    truncation : bounds (lower, upper) of each, ``(m,)`` or ``(1,)``; None without any
    n : number of observations (sum of weights); ``inf`` where P is known
    kind : ``lattice`` (rounded to `resolution`), ``continuous`` or ``nominal``
    edges : of all bins (a, b], of which the lowest holds its lower edge too; None if the intervals are closed
    notes : what was recognised or assumed, in sentences
    outcomes : all labels that were named, also those never seen; empty for numbers
    order : place among `values` of each row, in the rows' order ``(n,)``; None unless `ordered`
    importance : of importance weights, that of one observation of each ``(m,)``; None of frequencies, where it is 1

    Raises
    ------
    DataError
        Empty, non-finite or non-numeric data; weights that are negative, all zero or of another length;
        observations outside their truncation bounds.

    Examples
    --------
    >>> Sample([3, 1, 1, 2])
    Sample(n=4, kind='lattice', distinct=3, tied=2, range=[1, 3], resolution=1)
    >>> Sample.from_counts({0: 109, 1: 65, 2: 22, 3: 3, 4: 1}).n
    200.0
    >>> Sample.from_censored([6, 7, 9, 11], [True, True, False, False])
    Sample(n=4, kind='continuous', distinct=4, tied=0, range=[6, 11], resolution=None, censored=50%)
    """

    values: NDArray[Any]
    weights: Array
    lower: NDArray[Any]
    upper: NDArray[Any]
    truncation: Bounds | None
    n: float
    kind: Kind
    resolution: float | None
    edges: Array | None
    known: bool
    notes: tuple[str, ...]
    n_missing: int
    outcomes: tuple[str, ...]
    order: NDArray[np.intp] | None
    importance: Array | None
    _blocks: dict[bool, Block]

    def __init__(
        self,
        values: Any,
        weights: Any = None,
        *,
        weights_kind: WeightsKind = "frequency",
        resolution: Resolution = "auto",
        missing: Missing = "refuse",
        truncation: Truncation = None,
        ordered: bool = False,
    ) -> None:
        if isinstance(values, Mapping):
            if weights is not None:
                raise DataError("weights: not allowed with a mapping, whose values are the counts already")
            if ordered:
                raise DataError("ordered: a mapping value → count has no order of time")
            made = Sample.from_counts(values, resolution=resolution, truncation=truncation)
        else:
            fields = gather_values(
                values, weights, weights_kind, resolution, missing, truncation=truncation, ordered=ordered
            )
            made = _build(fields)
        for name, value in vars(made).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[Any, float],
        *,
        resolution: Resolution = "auto",
        truncation: Truncation = None,
        what: str = "counts",
    ) -> Sample:
        """Sample from a mapping value → count (fractional counts are allowed, negative ones are not).

        Examples
        --------
        >>> Sample.from_counts({"heads": 7, "tails": 3}).kind
        'nominal'
        """
        outcomes, frequencies = items_of(counts, what)
        return _build(
            gather_values(outcomes, frequencies, "frequency", resolution, "refuse", what, truncation=truncation)
        )

    @classmethod
    def from_bins(cls, edges: Any, counts: Any, *, truncation: Truncation = None) -> Sample:
        """Sample from a histogram: how many observations lie in each bin (a, b]; the lowest holds its lower edge too.

        Parameters
        ----------
        edges
            Ascending, one more than there are bins; the first may be −inf and the last inf (or None): open-ended.
        counts
            Of each bin.

        Raises
        ------
        DataError
            Edges that do not increase, counts of another length, negative ones, or only zeros.

        Examples
        --------
        >>> Sample.from_bins([0, 1, 2, float("inf")], [5, 3, 2])
        Sample(n=10, kind='continuous', bins=3, range=[0, inf], resolution=None)
        """
        return _build(gather_bins(edges, counts, truncation))

    @classmethod
    def from_intervals(
        cls,
        lower: Any,
        upper: Any,
        weights: Any = None,
        *,
        weights_kind: WeightsKind = "frequency",
        resolution: Resolution = None,
        missing: Missing = "refuse",
        truncation: Truncation = None,
    ) -> Sample:
        """Sample of observations known to lie in [lower, upper]: interval-, left- and right-censored ones, and points.

        Parameters
        ----------
        lower, upper
            Ends, one an observation; equal ones are an exact point; −inf and inf (or None) are open.
        weights, weights_kind, missing, truncation
            As of a `Sample`.
        resolution
            Step of the grid that the ends are rounded to; None (default): exact real numbers.

        Raises
        ------
        DataError
            A lower end above its upper one, NaN, an observation that is open at both ends, or one that reaches out
            of its truncation bounds, each with its row.

        Examples
        --------
        >>> Sample.from_intervals([1.0, 2.5, None], [1.0, 4.0, 0.5]).censored_share.__round__(3)
        0.667
        """
        return _build(gather_ends(lower, upper, weights, weights_kind, resolution, missing, truncation=truncation))

    @classmethod
    def from_censored(
        cls,
        values: Any,
        observed: Any,
        weights: Any = None,
        *,
        weights_kind: WeightsKind = "frequency",
        resolution: Resolution = None,
        missing: Missing = "refuse",
        truncation: Truncation = None,
    ) -> Sample:
        """Sample of times to an event that was observed (1, True) or is yet to come (0, False: right-censored).

        A continuous family gives P(X > c) to an observation censored at c, a family of counts P(X ≥ c).

        Raises
        ------
        DataError
            As of a `Sample`; and `observed` is not 0 or 1, with its row.

        Examples
        --------
        >>> import modelselect as ms
        >>> remission = Sample.from_censored([6, 6, 7, 9, 10], [1, 0, 1, 0, 1])
        >>> ms.fit("exponential", remission).parameters["scale"].__round__(4)
        12.6667
        """
        x, nominal = numbers_or_labels(one_dimensional(values, "values"), "values")
        if nominal:
            raise DataError(f"values: expected numbers where some are censored, got {x[0]!r}")
        event = flags_of(observed, len(x), "observed")
        made = gather_ends(
            x, np.where(event, x, np.inf), weights, weights_kind, resolution, missing, "values", truncation=truncation
        )
        return _build(made)

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
        outcomes, shares = items_of(probabilities, "probabilities")
        p = weights_of(shares, len(outcomes), "probabilities", outcomes)
        if abs(p.sum() - 1.0) > 1e-9:
            raise DataError(f"probabilities: sum to {p.sum():.12g}, expected 1 (within 1e-9)")
        if n is not None and not (is_number(n) and np.isfinite(n) and n > 0):
            raise DataError(f"n: must be a positive number, got {n!r}")
        p = p / p.sum() * (1.0 if n is None else n)
        made = _build(gather_values(outcomes, p, "frequency", "auto", "refuse", "probabilities", known=n is None))
        if made.known and made.kind == "continuous":
            raise DataError(
                f"probabilities: the outcomes, such as {made.values[0]:g}, lie on no decimal grid, so that they have "
                "masses but no cells; write them as labels (text)"
            )
        return made

    @property
    def shares(self) -> Array:
        """Share of each distinct observation, summing to 1."""
        if equal(self.weights):
            return np.broadcast_to(1.0 / len(self.weights), len(self.weights))
        return np.asarray(self.weights / self.weights.sum())

    @property
    def points(self) -> NDArray[np.bool_]:
        """Which of the distinct observations are exact ``(m,)``."""
        return np.asarray(self.lower == self.upper, dtype=bool)

    @property
    def exact(self) -> bool:
        """Whether all observations are points."""
        return self.upper is self.lower

    @property
    def censored_share(self) -> float:
        """Share of the observations of which only an interval is known."""
        return 0.0 if self.exact else float(self.shares[~self.points].sum())

    @property
    def masses(self) -> bool:
        """Whether every observation is one of which a law gives the mass: of a lattice, a label, or an interval."""
        return self.kind != "continuous" or (not self.exact and not self.points.any())

    @property
    def tied(self) -> float:
        """Number of observations that share their value, or both ends, with another one."""
        if equal(self.weights):
            return float(self.weights.sum()) if self.weights[0] > 1 else 0.0
        return float(self.weights[self.weights > 1].sum())

    def block(self, cells: bool = False) -> Block:
        """The sample as a batch of one: its points and intervals, cut off at the truncation bounds.

        Parameters
        ----------
        cells
            True for a continuous law: on a lattice each end is moved half a step outwards, so that a point is
            the cell x ± resolution/2. False for a law on the integers: ends are the integers that lie inside.

        Raises
        ------
        DataError
            The outcomes are labels, which have no numbers.
        """
        if self.kind == "nominal":
            raise DataError("the outcomes are labels, not numbers")
        if cells not in self._blocks:  # made once, so that all candidates share what is computed from it
            self._blocks[cells] = self._block(cells)
        return self._blocks[cells]

    def _block(self, cells: bool) -> Block:
        weights, lower = self.weights[None, :], self.lower[None, :]
        upper = lower if self.exact else self.upper[None, :]
        step = self.resolution if cells else None
        bounds, within = self.truncation, self.truncation
        if step is not None:
            lower, upper = cell_ends(lower, step)[0], cell_ends(upper, step)[1]
            if bounds is not None:
                low, high = (grid_points(up_to(end, step) + 0.5, step) for end in bounds)
                bounds = within = low, high
        elif not cells and not self.exact:
            if self.edges is not None:
                lower = np.where(lower > self.edges[0], np.floor(lower) + 1.0, lower)
            unit = self.resolution or 1.0
            within = None if bounds is None else (grid_points(up_to(bounds[0], unit) + 1.0, unit), bounds[1])
        if bounds is None or within is None:
            return Block(lower, upper, weights)
        if not self.exact or step is not None:
            points = lower == upper
            lower, upper = (
                np.where(points, lower, np.maximum(lower, within[0])),
                np.where(points, upper, np.minimum(upper, within[1])),
            )
        return Block(lower, upper, weights, (bounds[0][None, :], bounds[1][None, :]))

    def with_missing(self, n_missing: int) -> Sample:
        """The same sample, of which so many observations were left out; for rows that were counted elsewhere."""
        return _build({**vars(self), "n_missing": n_missing})

    def __reduce__(self) -> tuple[Any, ...]:
        return _build, ({name: value for name, value in vars(self).items() if name != "_blocks"},)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self._facts())
        return f"Sample({inner})"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self._facts())
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<table><caption>Sample</caption>{rows}</table>" + (f"<ul>{notes}</ul>" if notes else "")

    def _facts(self) -> list[tuple[str, str]]:
        """What a reader wants to know first: name and value."""
        facts = [("n", "∞" if self.known else f"{self.n:g}"), ("kind", repr(self.kind))]
        if self.kind == "nominal":
            return [*facts, ("outcomes", str([str(v) for v in self.values]))]
        ends = [self.lower[np.isfinite(self.lower)], self.upper[np.isfinite(self.upper)]]
        low, high = min(end.min() for end in ends if len(end)), max(end.max() for end in ends if len(end))
        if self.edges is not None:
            facts, low, high = [*facts, ("bins", str(len(self.values)))], self.lower.min(), self.upper.max()
        else:
            facts += [("distinct", str(len(self.values))), ("tied", f"{self.tied:g}")]
        step = "None" if self.resolution is None else f"{self.resolution:g}"
        facts += [("range", f"[{low:g}, {high:g}]"), ("resolution", step)]
        if not self.exact and self.edges is None:
            facts.append(("censored", f"{100 * self.censored_share:.3g}%"))
        if self.truncation is not None:
            facts.append(("truncation", f"({self.truncation[0].min():g}, {self.truncation[1].max():g}]"))
        return facts


def as_sample(data: Any) -> Sample:
    """Return a Sample from anything a Sample is made of; a Sample is returned as it is."""
    return data if isinstance(data, Sample) else Sample(data)


def _build(fields: Mapping[str, Any]) -> Sample:
    sample = object.__new__(Sample)
    for name, value in fields.items():
        for array in value if isinstance(value, tuple) else (value,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        object.__setattr__(sample, name, value)
    object.__setattr__(sample, "_blocks", {})
    return sample
