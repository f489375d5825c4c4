"""Estimate: what was found for each group of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.status import Verdicts


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates of G groups.

    Attributes
    ----------
    parameters
        ``(G, p)``; NaN where there is no estimate, the limits on a boundary.
    log_likelihood
        *Mean* log-likelihood ``(G,)`` in nats an observation; −inf out of the support, NaN without estimate.
    verdicts
        Status of each group, and its reason: a sentence, empty for a plain success.
    rough
        Whether the log-likelihood is that of a few nodes which stand in for all observations.
    limits
        Estimates of the limit families that were needed.
    reached
        Which of them each group reached ``(G,)``, −1 for none.
    """

    family: Family
    free: tuple[str, ...]
    parameters: Array
    log_likelihood: Array
    verdicts: Verdicts
    limits: tuple[Estimate, ...] = ()
    reached: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    rough: bool = False

    @cached_property
    def status(self) -> NDArray[Any]:
        """Status of each group ``(G,)``."""
        return self.verdicts.status

    @cached_property
    def reason(self) -> NDArray[Any]:
        """Reason of each group ``(G,)``."""
        return self.verdicts.reason

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Groups with a likelihood that may be ranked ``(G,)``."""
        return self.verdicts.usable

    def law(self, group: int) -> tuple[Family, Array]:
        """Return the law that a group reached, with its parameters ``(p,)``: a limit's limit is followed."""
        if not len(self.reached) or self.reached[group] < 0:
            return self.family, self.parameters[group]
        limit: Estimate = self.limits[self.reached[group]]
        return limit.law(0 if len(limit.log_likelihood) == 1 else group)

    @property
    def k(self) -> int:
        """Number of free parameters."""
        return len(self.free)
