"""Maxima of likelihoods of counts in one parameter, from tables of counts: first guesses that need no second one."""

from __future__ import annotations

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import Array

#: Cells of a table over all integers up to the largest count that is made.
_CELLS = 2**21
#: Steps, and the longest of them in log size.
_STEPS, _LONGEST = 30, 1.0


def negative_binomial_size(x: Array, weights: Array) -> Array:
    """Size of the likeliest negative binomial of each group ``(G,)``, or near it; NaN where no table shows it.

    With N_j the share of the counts above j the profile over the mean has the derivative ::

        Σ_j N_j / (r + j) − log(1 + x̄/r)

    in the size r, in which no digamma is left. It has one zero if the variance exceeds the mean (Levin & Reeds 1977);
    times r (r + x̄) it is nearly straight in log r, and Newton's method finds it from the moments.

    Examples
    --------
    >>> negative_binomial_size(np.array([[0.0, 1.0, 2.0, 5.0]]), np.array([[4.0, 2.0, 1.0, 1.0]])).round(4)
    array([0.7419])
    """
    groups, top = len(weights), float(x.max(initial=0.0))
    mean, variance = observed.mean(x, weights), observed.variance(x, weights)
    whole = len(x) == 1 and np.all((x >= 0) & (x == np.floor(x)))
    if not whole or not top * groups <= _CELLS:
        return np.full(groups, np.nan)
    table = np.zeros((groups, int(top) + 1))
    table[:, x[0].astype(np.intp)] = weights
    above = np.cumsum(table[:, :0:-1], axis=-1)[:, ::-1] / weights.sum(axis=-1, keepdims=True)
    j = np.arange(top)
    with np.errstate(all="ignore"):
        over = variance > mean
        r = np.where(over, mean * mean / (variance - mean), np.nan)
        for _ in range(_STEPS):
            near = 1.0 / (r[:, None] + j)
            share = above * near
            slope = share.sum(axis=-1) - np.log1p(mean / r)
            bend = mean / (r * (r + mean)) - np.einsum("gj,gj->g", share, near)
            step = -slope * (r + mean) / ((2.0 * r + mean) * slope + r * (r + mean) * bend)
            step = np.clip(np.where(np.isfinite(step), step, 0.0), -_LONGEST, _LONGEST)
            r = r * np.exp(step)
            if np.max(np.abs(step), initial=0.0) < 1e-9:
                break
    return np.asarray(r)
