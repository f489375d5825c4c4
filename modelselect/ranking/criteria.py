"""Criteria: what a ranking can be ordered by. Registered functions, lower is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelselect.divergence.empirical import Divergence, Observations
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.ranking.contender import Contender


@dataclass(frozen=True)
class Scores:
    """What a criterion is a function of: the K candidates, the observations, and the divergence between them."""

    fits: Sequence[Contender]
    sample: Observations
    divergence: Divergence

    @property
    def k(self) -> Array:
        """Number of estimated parameters ``(K,)``."""
        return np.array([fit.k for fit in self.fits], dtype=float)

    @property
    def n(self) -> float:
        """Number of observations."""
        return self.sample.n

    @property
    def log_likelihood(self) -> Array:
        """Total log-likelihood ``(K,)``; NaN where P is known."""
        return -self.n * self.divergence.cross_entropy if np.isfinite(self.n) else np.full(len(self.k), np.nan)


Criterion = Callable[[Scores], Array]
CRITERIA: dict[str, Criterion] = {}


def criterion(function: Criterion) -> Criterion:
    """Register a criterion under its name."""
    CRITERIA[function.__name__] = function
    return function


def lookup_criterion(name: str) -> Criterion:
    """Return the criterion of a name.

    Raises
    ------
    ConfigurationError
        The name is unknown.
    """
    if name not in CRITERIA:
        raise ConfigurationError(
            f"by: unknown criterion {name!r}; expected one of {', '.join(CRITERIA)}{did_you_mean(str(name), CRITERIA)}"
        )
    return CRITERIA[name]


@criterion
def kl(scores: Scores) -> Array:
    """KL(P̂ ‖ q) in nats, in-sample."""
    order = scores.divergence.kl
    # where the entropy is unknown the level is, but not the order
    return order if np.isfinite(order).any() else scores.divergence.cross_entropy


@criterion
def kl_corrected(scores: Scores) -> Array:
    """KL on fresh data, in nats: in-sample loss + k/n − H."""
    order = scores.divergence.kl_corrected
    return order if np.isfinite(order).any() else scores.divergence.cross_entropy + scores.k / scores.n


@criterion
def cross_entropy(scores: Scores) -> Array:
    """−ℓ/n in nats."""
    return scores.divergence.cross_entropy


@criterion
def aic(scores: Scores) -> Array:
    """2k − 2ℓ (Akaike 1973)."""
    return 2.0 * scores.k - 2.0 * scores.log_likelihood


@criterion
def bic(scores: Scores) -> Array:
    """Schwarz's criterion (1978), k log n − 2ℓ."""
    size = np.log(scores.n) if np.isfinite(scores.n) else np.nan
    return scores.k * size - 2.0 * scores.log_likelihood
