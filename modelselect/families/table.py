"""Table: an explicit probability mass over any outcomes, nothing estimated; Categorical: the same with free masses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from modelselect.domain import INTEGERS, Array
from modelselect.errors import CandidateError
from modelselect.family import Family, register


@register
class Table(Family):
    """Table {outcome: mass}: an explicit pmf over labels or numbers, nothing estimated; the masses sum to 1.

    Written as ``table: {H: 0.6, T: 0.4}``.

    Parameters
    ----------
    masses
        Outcome → probability.

    Raises
    ------
    CandidateError
        No outcome, a mass that is negative or not a number, or a sum that differs from 1 by more than 1e-9.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(Table({"H": 0.6, "T": 0.4}).logp(np.array(["T", "edge"], dtype=object))).round(3)
    array([0.4, 0. ])
    """

    support = INTEGERS  # outcomes may be labels: logp says where the mass is
    nominal = True
    made = True
    masses: Mapping[Any, float]

    def __init__(self, masses: Mapping[Any, float] | None = None) -> None:
        if not masses:
            raise CandidateError("table: expected at least one outcome with its mass, as in {table: {H: 0.6, T: 0.4}}")
        for outcome, mass in masses.items():
            number = isinstance(mass, (int, float, np.integer, np.floating)) and not isinstance(mass, bool)
            if not number or not 0 <= mass <= 1:
                raise CandidateError(f"table: the mass of {outcome!r} must be a number in [0, 1], got {mass!r}")
        total = float(np.sum([float(mass) for mass in masses.values()]))
        if abs(total - 1.0) > 1e-9:
            raise CandidateError(f"table: the masses sum to {total:.12g}, expected 1 (within 1e-9)")
        self.masses = {outcome: float(mass) / total for outcome, mass in masses.items()}
        self._by_text = {str(outcome): mass for outcome, mass in self.masses.items()}
        self._by_number = {float(o): mass for o, mass in self.masses.items() if not isinstance(o, str)}

    @classmethod
    def read(cls, arguments: Any, parse: Callable[[Any], Any]) -> tuple[Family, dict[str, float]]:
        if not isinstance(arguments, Mapping):
            expected = "outcome: mass, as in {table: {H: 0.6, T: 0.4}}"
            raise CandidateError(f"table: expected {expected}, got {arguments!r}")
        return cls(arguments), {}

    def label(self, given: Mapping[str, float]) -> str:
        inside = ", ".join(f"{outcome}={mass:g}" for outcome, mass in list(self.masses.items())[:4])
        return f"table({inside}{', …' if len(self.masses) > 4 else ''})"

    @classmethod
    def uniform(cls, outcomes: Any) -> Table:
        """Return the table that gives each outcome the same mass."""
        outcomes = list(outcomes)
        return cls({outcome: 1.0 / len(outcomes) for outcome in outcomes})

    def logp(self, x: Any) -> Array:
        """Log mass of each outcome: labels are matched by text, numbers by value; −inf for one that is not listed."""
        outcomes, index = np.unique(np.asarray(x), return_inverse=True)
        masses = [
            self._by_text.get(o, 0.0) if isinstance(o, str) else self._by_number.get(float(o), 0.0) for o in outcomes
        ]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.array(masses))[index].reshape(np.shape(x)))

    def cdf(self, x: Any) -> Array:
        """P(X ≤ x) of a table over numbers.

        Raises
        ------
        CandidateError
            The outcomes are labels, which have no order.
        """
        if len(self._by_number) != len(self.masses):
            raise CandidateError(f"{self.name}: its outcomes are labels, which have no order and so no cdf")
        order = np.array(sorted(self._by_number))
        reached = np.concatenate([[0.0], np.cumsum([self._by_number[o] for o in order])])
        return np.asarray(reached[np.searchsorted(order, np.asarray(x, dtype=float), side="right")])

    def moments(self) -> tuple[float, float]:
        """Mean and variance of a table over numbers; NaN for labels."""
        if len(self._by_number) != len(self.masses):
            return np.nan, np.nan
        x, p = np.array(list(self._by_number)), np.array(list(self._by_number.values()))
        mean = float(p @ x)
        return mean, float(p @ (x - mean) ** 2)

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest outcome."""
        return (min(self._by_number), max(self._by_number)) if self._by_number else (-np.inf, np.inf)


@register
class Categorical(Table):
    """Categorical over any outcomes: a table with free probabilities, estimated by the shares of the sample.

    Its outcomes are those that the sample names, also the ones never seen, and all probabilities but one are free
    parameters. As no other law is likelier, what the others lose to it is all that there is to lose.
    """

    def __init__(self, masses: Mapping[Any, float] | None = None) -> None:
        if masses is not None:
            super().__init__(masses)
            return
        # not estimated yet
        self.masses, self._by_text, self._by_number = {}, {}, {}

    @classmethod
    def read(cls, arguments: Any, parse: Callable[[Any], Any]) -> tuple[Family, dict[str, float]]:
        if arguments:
            raise CandidateError(
                f"categorical: its probabilities are estimated, got {arguments!r}; known ones make a table"
            )
        return cls(), {}

    def label(self, given: Mapping[str, float]) -> str:
        return self.name

    @classmethod
    def of(cls, outcomes: Any, values: Any, shares: Array) -> Categorical:
        """Return the estimate from the shares of distinct values; outcomes never seen have none.

        Examples
        --------
        >>> Categorical.of(["cat", "dog", "owl"], ["cat", "dog"], np.array([0.75, 0.25])).probabilities
        {'cat': 0.75, 'dog': 0.25, 'owl': 0.0}
        """
        masses = dict.fromkeys(outcomes, 0.0)
        return cls({**masses, **dict(zip(np.asarray(values).tolist(), shares.tolist(), strict=True))})

    @property
    def probabilities(self) -> dict[str, float]:
        """Outcome, as text, → probability."""
        return {o if isinstance(o, str) else f"{o:g}": mass for o, mass in self.masses.items()}
