"""Pair: what the public functions ask of two distributions, of whatever kind they are."""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array
from modelselect.errors import DataError


class Pair:
    """Two distributions p and q on one space, and the integrals over it, in nats.

    A kind of distribution defines what is known for it; the rest is refused with a reason.
    """

    #: How p and q are called where a measure is refused.
    kind = "these distributions"

    def kl(self) -> Array:
        """KL(p ‖ q)."""
        raise self._unknown("the divergence KL(p ‖ q)")

    def reverse_kl(self) -> Array:
        """KL(q ‖ p)."""
        raise self._unknown("the divergence KL(q ‖ p)")

    def entropy(self) -> Array:
        """Entropy of p."""
        raise self._unknown("the entropy")

    def cross_entropy(self) -> Array:
        """Cross-entropy of p and q."""
        return np.asarray(self.entropy() + self.kl())

    def jensen_shannon(self) -> Array:
        """Jensen–Shannon divergence."""
        raise self._unknown("the Jensen-Shannon divergence")

    def renyi(self, alpha: float) -> Array:
        """Rényi divergence of order α ≥ 0."""
        if alpha == 1:
            return self.kl()
        raise self._unknown(f"the Rényi divergence of order {alpha:g}")

    def _unknown(self, what: str) -> DataError:
        return DataError(f"{what} is not known here for {self.kind}")
