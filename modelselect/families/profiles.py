"""Maxima of likelihoods that are profiles in one parameter: first guesses that the solver has only to confirm."""

from __future__ import annotations

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import Array

#: Cells of a table over all integers up to the largest count that is made.
_CELLS = 2**21
#: Steps, and the longest of them on the scale of the parameter's logarithm.
_STEPS, _LONGEST = 30, 1.0


def gumbel_maximum(x: Array, weights: Array) -> Array:
    """Location and scale of the likeliest Gumbel law of maxima of each group ``(G, 2)``; NaN where all x are equal.

    The likelihood is largest in the location where e^(−location/scale) is the mean of e^(−x/scale). What is left has in
    κ = 1/scale the derivative 1/κ + x̄(κ) − x̄, with x̄(κ) the mean of x under weights e^(−κx): it falls and has one
    zero, which Newton's method finds from the moments.

    Examples
    --------
    >>> gumbel_maximum(np.array([[0.0, 1.0, 2.0, 5.0]]), np.ones((1, 4))).round(4)
    array([[1.1433, 1.378 ]])
    """
    with np.errstate(all="ignore"):
        low, total = observed.minimum(x, weights)[:, None], weights.sum(axis=-1)
        d = np.where(weights > 0, x - low, 0.0)
        mean = np.einsum("gm,gm->g", weights, d) / total
        k = np.pi / np.sqrt(6.0 * observed.variance(x, weights))
        for _ in range(_STEPS):
            mass = weights * np.exp(-k[:, None] * d)
            own = mass * d
            sum_, first, second = mass.sum(axis=-1), own.sum(axis=-1), np.einsum("gm,gm->g", own, d)
            behind = first / sum_ - mean
            slope = 1.0 + k * behind
            step = -slope / (k * (behind - k * (second / sum_ - np.square(first / sum_))))
            step = np.clip(np.where(np.isfinite(step), step, 0.0), -_LONGEST, _LONGEST)
            k = k * np.exp(step)
            if np.max(np.abs(step), initial=0.0) < 1e-9:
                break
        location = low[:, 0] - np.log(np.einsum("gm,gm->g", weights, np.exp(-k[:, None] * d)) / total) / k
        return np.stack([location, 1.0 / k], axis=-1)


def weibull_maximum(x: Array, weights: Array) -> Array:
    """Shape and scale of the likeliest Weibull law of each group ``(G, 2)``: −log x has a Gumbel law.

    Examples
    --------
    >>> weibull_maximum(np.array([[1.0, 2.0, 5.0]]), np.ones((1, 3))).round(4)
    array([[1.6641, 3.0059]])
    """
    with np.errstate(all="ignore"):
        location, scale = gumbel_maximum(-np.log(x), weights).T
        return np.stack([1.0 / scale, np.exp(-location)], axis=-1)


def negative_binomial_size(x: Array, weights: Array) -> Array:
    """Size of the likeliest negative binomial of each group ``(G,)``, or near it; NaN where no table shows it.

    With N_j the share of the counts above j the profile over the mean has the derivative ::

        Σ_j N_j / (r + j) − log(1 + x̄/r) = x̄/r − log(1 + x̄/r) − Σ_j N_j j / (r (r + j))

    in the size r, in which no digamma is left, and on the right no difference of what is nearly equal where r is
    large. It has one zero if the variance exceeds the mean (Levin & Reeds 1977); times r (r + x̄) it is nearly straight
    in log r, and Newton's method finds it from the moments.

    Examples
    --------
    >>> negative_binomial_size(np.array([[0.0, 1.0, 2.0, 5.0]]), np.array([[4.0, 2.0, 1.0, 1.0]])).round(4)
    array([0.7419])
    """
    groups, top = len(weights), float(x.max(initial=0.0))
    whole = len(x) == 1 and np.all((x >= 0) & (x == np.floor(x)))
    if not whole or not top * groups <= _CELLS:
        return np.full(groups, np.nan)
    total, first, second = (np.einsum("gm,m->g", weights, x[0] ** k) for k in range(3))
    beyond = total * second - np.square(first) - total * first  # n² (variance − mean), often exact
    found, rows = np.full(groups, np.nan), np.flatnonzero(beyond > 0)
    if not len(rows):
        return found
    above = np.zeros((int(top) + 1, len(rows)))  # a line for each j: sums over short lines are slow
    places = x[0].astype(np.intp)
    if np.all(places[1:] > places[:-1]):
        above[places] = weights[rows].T
    else:
        np.add.at(above, places, weights[rows].T)
    for line in range(int(top) - 1, 0, -1):
        above[line] += above[line + 1]
    above = above[1:] / total[rows]
    j, mean = np.arange(top), (first / total)[rows]
    r = np.square(first)[rows] / beyond[rows]
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            near = j[:, None] + r
            np.divide(1.0, near, out=near)
            share = above * near
            slope = _log1p_deficit(mean / r) - np.einsum("jg,j->g", share, j) / r
            bend = mean / (r * (r + mean)) - np.einsum("jg,jg->g", share, near)
            step = -slope * (r + mean) / ((2.0 * r + mean) * slope + r * (r + mean) * bend)
            step = np.clip(np.where(np.isfinite(step), step, np.nan), -_LONGEST, _LONGEST)
            r = r * np.exp(step)
            there = np.abs(step) < 1e-9  # what is left is its square
            found[rows[there]] = r[there]
            if there.all():
                break
            if 2 * np.count_nonzero(there) >= len(rows):
                rows, above, mean, r = rows[~there], above[:, ~there], mean[~there], r[~there]
    return found


def _log1p_deficit(u: Array) -> Array:
    """The deficit u − log(1 + u) for u ≥ 0, to full precision where u is small."""
    with np.errstate(all="ignore"):  # log(1 + u) = 2 artanh t
        t = u / (2.0 + u)
        s = t * t
        rest = 1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s * (1 / 11 + s * (1 / 13 + s / 15)))))
        return np.where(u < 0.1, t * (u - 2.0 * s * rest), u - np.log1p(u))
