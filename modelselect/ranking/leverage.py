"""How much each observation moves the fit that is then scored on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.fitting.uncertainty import scores_and_information
from modelselect.ranking.nesting import reached

#: Observations above which it is too little to matter.
MOST = 2_000


@singledispatch
def leverage(_contender: Any, m: int) -> Array:
    """By how much the log-probability of each observation falls when it is left out of the fit, ``(m,)`` in nats.

    s′ J⁻¹ s / n to first order, with the score s of the observation and the information J of one; 0 where nothing is
    estimated, or nothing that has an information. An observation with an importance weight is so many.
    """
    return np.zeros(m)


@leverage.register
def _(fit: Fit, m: int) -> Array:
    fit = reached(fit)
    regular = tuple(name for name in fit.free if fit.law.parameters[name].regular)
    if not regular or fit.law.nominal or not fit.status.usable or fit.candidate.method != "mle":
        return np.zeros(m)
    block = fit.sample.block(cells=not fit.law.discrete)
    s, J = scores_and_information(fit.law, block, np.array([list(fit.parameters.values())]), regular)
    if not (np.isfinite(s).all() and np.isfinite(J).all()) or np.linalg.eigvalsh(J[0])[0] <= 0:
        return np.zeros(m)
    one = 1.0 if fit.sample.importance is None else fit.sample.importance
    return np.asarray(one * np.einsum("im,ij,jm->m", s[0], np.linalg.inv(J[0]), s[0]) / fit.n)


def left_out_covariance(fits: Sequence[Any], best: int, shares: Array) -> Array:
    """Covariance ``(K, K)`` of the differences log q_best − log q, with each observation left out of the fits."""
    with np.errstate(invalid="ignore", over="ignore"):
        logq = np.stack([fit.pointwise - leverage(fit, len(shares)) for fit in fits])
        d = logq[best] - logq
        d = (d - (d @ shares)[:, None]) * np.sqrt(shares)
        return np.asarray(d @ d.T)
