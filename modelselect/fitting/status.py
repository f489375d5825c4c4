"""Status: how an estimate came about, and the sentences that say why it is not a plain success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Interval
from modelselect.family import Limit
from modelselect.stretches import stretches

#: Observations that a sentence shows.
_NAMED = 5


class Status(StrEnum):
    """How an estimate came about; anything but the first two has its reason in the ledger."""

    CONVERGED = "converged"
    CLOSED_FORM = "closed_form"
    BOUNDARY = "boundary"
    UNBOUNDED = "unbounded"
    NOT_IDENTIFIED = "not_identified"
    OUT_OF_SUPPORT = "out_of_support"
    DEGENERATE_SAMPLE = "degenerate_sample"
    FAILED = "failed"

    @property
    def usable(self) -> bool:
        """Whether the estimate has a likelihood that may be ranked."""
        return self in (Status.CONVERGED, Status.CLOSED_FORM, Status.BOUNDARY)


def usable(status: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each of an array of status words has a likelihood that may be ranked."""
    found = [status == one for one in Status if one.usable]
    return np.asarray(np.logical_or.reduce(found), dtype=bool)


class Verdicts:
    """Status and reason of each of many groups: few different ones, of which each group has one.

    Attributes
    ----------
    said
        The different ones, each a status with its reason; the first is that nothing has been said yet.
    place
        Place among them of that of each group ``(G,)``.

    Examples
    --------
    >>> verdicts = Verdicts(3)
    >>> verdicts.settle(np.array([False, True, False]), Status.FAILED, "no maximum was found")
    >>> verdicts.open.tolist(), verdicts.among(Status.FAILED).tolist(), verdicts.reason.tolist()
    ([True, False, True], [False, True, False], ['', 'no maximum was found', ''])
    """

    def __init__(self, groups: int) -> None:
        self.said: list[tuple[Status | None, str]] = [(None, "")]
        self.place = np.zeros(groups, dtype=np.int16)

    @property
    def open(self) -> NDArray[np.bool_]:
        """Groups of which nothing has been said."""
        return np.asarray(self.place == 0)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Groups with a likelihood that may be ranked."""
        return self.among(*(status for status in Status if status.usable))

    @property
    def status(self) -> NDArray[Any]:
        """Status of each group as an array of words."""
        return np.array([status or "" for status, _ in self.said], dtype=object)[self.place]

    @property
    def reason(self) -> NDArray[Any]:
        """Reason of each group as an array of sentences."""
        return np.array([reason for _, reason in self.said], dtype=object)[self.place]

    def among(self, *statuses: Status) -> NDArray[np.bool_]:
        """Groups that have one of these."""
        return np.array([status in statuses for status, _ in self.said])[self.place]

    def settle(self, rows: NDArray[np.bool_], status: Status, reason: str = "") -> None:
        """Say this of some groups."""
        self.place[rows] = self._place_of((status, reason))

    def put(self, rows: NDArray[np.intp], others: Verdicts) -> None:
        """Say of some groups what was said of as many others."""
        places = np.array([self._place_of(pair) for pair in others.said], dtype=np.int16)
        self.place[rows] = places[others.place]

    def copy(self) -> Verdicts:
        """Return what may be changed apart."""
        twin = Verdicts(0)
        twin.said, twin.place = list(self.said), self.place.copy()
        return twin

    def _place_of(self, pair: tuple[Status | None, str]) -> int:
        if pair not in self.said:
            self.said.append(pair)
        return self.said.index(pair)


CONSTANT = "all observations are equal: the likelihood has no maximum, it grows as the law shrinks onto them"
TOUCHING = "all observations lie in one cell or two that touch: the likelihood grows as the law shrinks onto them"
COLLAPSED = (
    "the likelihood grows without bound as the law shrinks onto one observation, tied ones, or an end of its support; "
    "fix the scale, a shape or that end"
)
FLAT = "the likelihood is flat along some combination of the parameters: the sample does not identify them"
NOT_FOUND = "Newton's method found no point with a small score and positive definite information"
NO_MAXIMUM = "the sample leaves a parameter without a finite estimate inside its domain: there is no maximum"
ON_EDGE = "the estimate lies on the edge of the parameter's domain"
IMPOSSIBLE = "an observation has probability 0 under the given parameters"
INFINITE = "the density is infinite at an observation"
AT_AN_END = "an observation lies at an end of the support, where the density of every member tried is 0 or infinite"
NEVER_ESTIMATED = "{names} must be given: never estimated"
UNKNOWN = "the density could not be computed at the given parameters"


def not_found(parameters: Mapping[str, float]) -> str:
    """Say where the search for a maximum ended."""
    at = ", ".join(f"{name} = {value:.5g}" for name, value in parameters.items())
    return f"{NOT_FOUND}; it ended at {at}" if parameters else NOT_FOUND


def outside_support(block: Block, outside: NDArray[np.bool_], support: Interval, low: Any, high: Any) -> str:
    """Say how many observations of one group no member of the family can produce, and which."""
    points, weights = block.points[0], block.weights[0]
    count, total = weights.sum(where=outside), weights.sum()
    first = [x for cut in stretches(len(points)) for x in points[cut][outside[cut]][:_NAMED]][:_NAMED]
    shown = ", ".join(f"{x:g}" for x in first) + (", …" if np.count_nonzero(outside) > _NAMED else "")
    low, high = (float(np.asarray(end).ravel()[0]) for end in (low, high))
    reach = replace(support, low=support.low if np.isnan(low) else low, high=support.high if np.isnan(high) else high)
    return f"{count:g} of {total:g} observations {'lies' if count == 1 else 'lie'} outside the support {reach}: {shown}"


def at_limit(limit: Limit, free: Sequence[str]) -> str:
    """Say which limit the free parameters reach."""
    numbers = {name: limit.parameters.get(name) for name in free}
    numbers = {name: value for name, value in numbers.items() if isinstance(value, (int, float))}
    at = ", ".join(f" {name} → {value:g}".replace("inf", "∞") for name, value in numbers.items())
    return f"no interior maximum: the likelihood is largest in the limit{at}, which is {limit.law.name}"
