"""A candidate fitted anew to reweightings of its sample: resamples, folds. One batch, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.families.table import Categorical
from modelselect.fitting.estimate import Estimate
from modelselect.fitting.likelihood import pointwise
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.status import Status, usable

#: Numbers that one batch of reweightings may hold.
BATCH = 4_000_000


@dataclass(frozen=True, eq=False)
class Refits:
    """Fits of one candidate to R reweightings.

    Attributes
    ----------
    log_likelihood
        Mean log-likelihood of each under its own weights ``(R,)``; NaN where there is no estimate.
    status
        ``(R,)``.
    """

    log_likelihood: Array
    status: NDArray[Any]
    _fit: Fit
    _found: Estimate | None
    _weights: Array

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which of them have an estimate."""
        return usable(self.status)

    def pointwise(self) -> Array:
        """Log-probability of the sample's distinct observations under each ``(R, m)``, NaN without an estimate."""
        if self._found is None:
            return _of_table(self._fit, self._weights)
        sample = self._fit.sample
        with np.errstate(all="ignore"):
            return pointwise_of(self._found, sample.block(cells=not self._fit.law.discrete))


def batches(rows: int, m: int) -> Iterator[slice]:
    """Cut R reweightings of m observations into batches of a size that fits into memory."""
    size = max(1, BATCH // max(m, 1))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def refit(fit: Fit, weights: Array) -> Refits:
    """Fit the candidate of a fit to its sample under other weights.

    Parameters
    ----------
    fit
        A fit; its sample must have a size, and its candidate an estimate.
    weights
        Of the distinct observations of the sample ``(R, m)``.

    Examples
    --------
    >>> import modelselect as ms
    >>> poisson = ms.fit("poisson", {0: 3, 1: 2, 4: 1})
    >>> refit(poisson, np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 0.0]])).log_likelihood.round(4)
    array([-1.5297, -0.8466])
    """
    if not fit.comparable or fit.law.nominal or fit.sample.kind == "nominal":
        with np.errstate(invalid="ignore"):
            terms = np.where(weights > 0, weights * _of_table(fit, weights), 0.0)
        value = terms.sum(axis=1) / weights.sum(axis=1)
        able = np.isfinite(value) & fit.status.usable
        return Refits(value, np.where(able, str(fit.status), Status.OUT_OF_SUPPORT), fit, None, weights)
    block = fit.sample.block(cells=not fit.law.discrete)
    resamples = Block(block.lower, block.upper, weights, block.truncation)
    found = estimate_candidate(fit.candidate, fit.law, resamples, {}, fit.maxima)
    value = np.where(found.usable, found.log_likelihood, np.nan)
    return Refits(value, found.status, fit, found, weights)


def pointwise_of(found: Estimate, block: Block) -> Array:
    """Log-probability of observations under each of R estimates ``(R, m)``, limits followed; NaN without an estimate.

    The block has one group, whose observations all R estimates are asked about, or R groups of their own.
    """
    rows = len(found.log_likelihood)
    value = np.full((rows, block.weights.shape[1]), np.nan)
    reached = found.reached if len(found.reached) else np.full(rows, -1)
    for place, law in enumerate((found, *found.limits), start=-1):
        here = np.flatnonzero(found.usable & (reached == place))
        if not len(here):
            continue
        part = block if block.groups == 1 else block.take(here)
        if law is not found:
            theirs = pointwise_of(law, block)
            value[here] = theirs if len(theirs) == 1 else theirs[here]
        else:
            value[here] = pointwise(found.family, part, tuple(found.parameters[here].T[:, :, None]))
    return value


def _of_table(fit: Fit, weights: Array) -> Array:
    """Log-probabilities of a table: given, or the shares of each reweighting where they are estimated."""
    if isinstance(fit.law, Categorical):
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(weights / weights.sum(axis=1, keepdims=True)))
    return np.broadcast_to(fit.pointwise, weights.shape)
