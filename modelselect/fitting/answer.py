"""Estimate: what was found for each group of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.family import Family


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates of G groups.

    Attributes
    ----------
    parameters
        ``(G, p)``; NaN where there is no estimate, the limits on a boundary.
    log_likelihood
        *Mean* log-likelihood ``(G,)`` in nats an observation; −inf out of the support, NaN without estimate.
    status, reason
        ``(G,)``; the reason is a sentence, empty for a plain success.
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
    status: NDArray[Any]
    reason: NDArray[Any]
    limits: tuple[Estimate, ...] = ()
    reached: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    rough: bool = False

    def law(self, group: int) -> tuple[Family, Array]:
        """Return the law that a group reached, with its parameters ``(p,)``: a limit's limit is followed."""
        if not len(self.reached) or self.reached[group] < 0:
            return self.family, self.parameters[group]
        limit: Estimate = self.limits[self.reached[group]]
        return limit.law(0 if len(limit.status) == 1 else group)

    @property
    def k(self) -> int:
        """Number of free parameters."""
        return len(self.free)
