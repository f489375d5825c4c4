"""Contender: what can be ranked, and the observations it is ranked on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from modelselect.domain import Array
from modelselect.fitting.status import Status


class Named(Protocol):
    """A family, or whatever a candidate is one of."""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        ...

    @property
    def note(self) -> str:
        """What a reader of its numbers must know; mostly empty."""
        ...


class Contender(Protocol):
    """A candidate that has said how probable each observation is: a `Fit`, a forecast, a regression."""

    @property
    def label(self) -> str:
        """Its name in the ranking."""
        ...

    @property
    def family(self) -> Named:
        """What it is a member of."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Name → estimate or given value."""
        ...

    @property
    def k(self) -> int:
        """Number of estimated parameters."""
        ...

    @property
    def irregular(self) -> tuple[str, ...]:
        """Estimated parameters for which k/n is only a rough correction: ends of the support, integers."""
        ...

    @property
    def status(self) -> Status:
        """How the estimate came about."""
        ...

    @property
    def reason(self) -> str:
        """A sentence, unless it is a plain success."""
        ...

    @property
    def log_likelihood(self) -> float:
        """Σ w log q in nats; NaN where P is known."""
        ...

    @property
    def mean_log_likelihood(self) -> float:
        """Σ w log q / Σ w in nats."""
        ...

    @property
    def aic(self) -> float:
        """2k − 2ℓ."""
        ...

    @property
    def bic(self) -> float:
        """K log n − 2ℓ."""
        ...

    @property
    def pointwise(self) -> Array:
        """Log-probability of each distinct observation, ``(m,)`` in nats."""
        ...
