"""What closed forms and first guesses are functions of: weighted summaries, one number (or a few) a group.

Every function takes values ``(1 or G, m)`` and weights ``(G, m)`` (0 = padding), and returns an array ``(G,)``;
W stands for the sum of the weights. A family names the ones it needs in ``statistics``;
a block computes each once and shares it between all candidates. The last ones cut long samples and look for the grid
of rounded values.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.stretches import STRETCH, stretches

Statistic = Callable[[Array, Array], Array]


def _average(formula: Callable[[Array], Array], x: Array, weights: Array) -> Array:
    """Σ w f(x) / W, of one long sample a stretch at a time: no temporary grows with it."""
    if len(weights) == 1 and weights.shape[-1] > STRETCH:
        cuts, alike = stretches(weights.shape[-1]), weights.min() == weights.max()
        if alike:
            added: Any = weights[:, 0] * sum(np.sum(formula(x[:, cut]), axis=-1) for cut in cuts)
        else:
            added = sum(_sum(formula(x[:, cut]), weights[:, cut]) for cut in cuts)
    else:
        added = _sum(formula(x), weights)
    # the sum of weights divides last: a mean of counts is then a ratio of two exact integers
    total = weights.sum(axis=-1)
    return np.asarray(added / np.where(total > 0, total, 1.0))


def _sum(y: Array, weights: Array) -> Array:
    if len(y) == 1 < len(weights) and np.isfinite(y).all():  # groups share their values
        return np.asarray(np.einsum("gm,m->g", weights, y[0]))
    if len(weights) > 1 and y.shape == weights.shape and y.shape[-1] <= _SHORT:
        total = np.einsum("gm,gm->g", weights, y)
        if np.isfinite(total).all():
            return np.asarray(total)
    return np.asarray(np.sum(weights * np.where(weights > 0, y, 0.0), axis=-1))


def mean(x: Array, weights: Array) -> Array:
    """Σ w x / W."""
    return _average(lambda x: x, x, weights)


def mean_log(x: Array, weights: Array) -> Array:
    """Σ w log x / W."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _average(np.log, x, weights)


def log_excess(x: Array, weights: Array) -> Array:
    """Log x̄ − Σ w log x ≥ 0, to full precision where the x are nearly equal."""

    def excess(x: Array) -> Array:
        d = (x - center) / center
        log = np.log1p(d)
        return np.asarray(d - (np.where(d < -0.5, np.log(x / center), log) if np.any(d < -0.5) else log))

    with np.errstate(all="ignore"):
        center = mean(x, weights)[:, None]
        return _average(excess, x, weights)


def reciprocal_excess(x: Array, weights: Array) -> Array:
    """Σ w / x − 1/x̄ ≥ 0, to full precision where the x are nearly equal."""
    with np.errstate(all="ignore"):
        center = mean(x, weights)[:, None]
        excess = _average(lambda x: (x - center) / center * ((x - center) / x), x, weights)
        return np.asarray(excess / center[:, 0])


def mean_reciprocal(x: Array, weights: Array) -> Array:
    """Σ w / x / W."""
    with np.errstate(all="ignore"):
        return _average(lambda x: 1.0 / x, x, weights)


def log_excess_reciprocal(x: Array, weights: Array) -> Array:
    """`log_excess` of the 1/x."""
    with np.errstate(all="ignore"):
        return log_excess(np.asarray(1.0 / x), weights)


def mean_square(x: Array, weights: Array) -> Array:
    """Σ w x² / W."""
    return _average(np.square, x, weights)


def variance(x: Array, weights: Array) -> Array:
    """Σ w (x − x̄)² / W, in two passes (divisor n, not n − 1)."""
    center = mean(x, weights)[:, None]
    return _average(lambda x: np.square(x - center), x, weights)


def variance_log(x: Array, weights: Array) -> Array:
    """Σ w (log x − mean log x)² / W."""
    with np.errstate(divide="ignore", invalid="ignore"):
        center = mean_log(x, weights)[:, None]
        return _average(lambda x: np.square(np.log(x) - center), x, weights)


def skewness(x: Array, weights: Array) -> Array:
    """Third central moment over variance^1.5 (0 where all are equal)."""
    return _standard_moment(x, weights, 3)


def kurtosis(x: Array, weights: Array) -> Array:
    """Fourth central moment over variance² (3 for a normal; 0 where all are equal)."""
    return _standard_moment(x, weights, 4)


def _standard_moment(x: Array, weights: Array, order: int) -> Array:
    center, sd = mean(x, weights)[:, None], np.sqrt(variance(x, weights))[:, None]
    unit = np.where(sd > 0, sd, 1.0)
    return _average(lambda x: ((x - center) / unit) ** order, x, weights)


def l_scale(x: Array, weights: Array) -> Array:
    """Second L-moment λ₂, half the mean difference of two observations (Hosking 1990)."""
    return np.asarray(l_moments(x, weights)[1])


def l_skewness(x: Array, weights: Array) -> Array:
    """L-skewness τ₃ = λ₃/λ₂, between −1 and 1."""
    return _l_ratio(x, weights, 2)


def l_kurtosis(x: Array, weights: Array) -> Array:
    """L-kurtosis τ₄ = λ₄/λ₂."""
    return _l_ratio(x, weights, 3)


def _l_ratio(x: Array, weights: Array, order: int) -> Array:
    moments = l_moments(x, weights)
    return np.asarray(moments[order] / np.where(moments[1] > 0, moments[1], 1.0))


def l_moments(x: Array, weights: Array, orders: int = 4) -> Array:
    """First L-moments λ₁, …, λ₄, ``(orders, G)``: the unbiased ones of Hosking (1990), a frequency w meaning w copies.

    With the probability-weighted moments bᵣ = Σ x (C(c, r+1) − C(c′, r+1)) / ((r+1) C(n, r+1)), where c and c′ are the
    cumulative weights up to x and before it. An order above the number of observations is 0.
    """
    x, weights = np.broadcast_arrays(np.where(weights > 0, x, np.inf), weights)
    order = np.argsort(x, axis=-1, kind="stable")
    x, weights = np.take_along_axis(x, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
    upper = np.cumsum(weights, axis=-1)
    lower, n = upper - weights, upper[:, -1]
    values = np.where(weights > 0, x, 0.0)
    above, below, every = np.ones_like(upper), np.ones_like(upper), np.ones_like(n)
    b = []
    for r in range(orders):
        above, below, every = above * (upper - r), below * (lower - r), every * (n - r)
        share = np.sum((above - below) * values, axis=-1) / np.where(every > 0, every, 1.0) / (r + 1)
        b.append(np.where(every > 0, share, 0.0))
    mix = np.array([[1, 0, 0, 0], [-1, 2, 0, 0], [1, -6, 6, 0], [-1, 12, -30, 20]])[:orders, :orders]
    return np.asarray(np.where((n >= 1 + np.arange(orders)[:, None]), mix @ np.stack(b), 0.0))


def minimum(x: Array, weights: Array) -> Array:
    """Return the smallest value with positive weight."""
    if len(weights) == 1 and weights.min() > 0:
        return np.asarray(x.min(axis=-1))
    return np.asarray(np.where(weights > 0, x, np.inf).min(axis=-1))


def maximum(x: Array, weights: Array) -> Array:
    """Return the largest value with positive weight."""
    if len(weights) == 1 and weights.min() > 0:
        return np.asarray(x.max(axis=-1))
    return np.asarray(np.where(weights > 0, x, -np.inf).max(axis=-1))


def quantile(x: Array, weights: Array, level: float) -> Array:
    """Return the weighted quantile: the smallest x with cumulative weight ≥ level, a midpoint where it is met."""
    if len(x) == len(weights) == 1 and 0 < weights[0, 0] == weights.min() == weights.max() and _ascending(x):
        return quantile_of_equals(x, level)
    if len(x) == 1 and len(weights) > 1:  # groups that share their values are sorted at once; no weight, no step
        if not _ascending(x):
            order = np.argsort(x[0], kind="stable")
            x, weights = x[:, order], weights[:, order]
        x = np.broadcast_to(x, weights.shape)
        last = x.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=-1)
    else:
        x, weights = np.broadcast_arrays(np.where(weights > 0, x, np.inf), weights)
        if not _ascending(x):
            order = np.argsort(x, axis=-1, kind="stable")
            x, weights = np.take_along_axis(x, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
        last = np.maximum((x < np.inf).sum(axis=-1) - 1, 0)
    cumulative = np.cumsum(weights, axis=-1) / weights.sum(axis=-1, keepdims=True)
    low = np.minimum((cumulative < level - _SLACK).sum(axis=-1), last)
    high = np.minimum((cumulative <= level + _SLACK).sum(axis=-1), last)
    take = np.take_along_axis
    return np.asarray(0.5 * (take(x, low[:, None], -1) + take(x, high[:, None], -1))[:, 0])


def quantile_of_equals(x: Array, level: float) -> Array:
    """The same of one sorted sample ``(1, m)`` in which all weigh the same: nothing need be added up."""
    m = x.shape[1]
    low = bisect_left(range(m), level - _SLACK, key=lambda i: (i + 1) / m)
    high = bisect_right(range(m), level + _SLACK, key=lambda i: (i + 1) / m)
    return np.asarray(0.5 * (x[:, min(low, m - 1)] + x[:, min(high, m - 1)]))


def _ascending(x: Array) -> bool:
    return bool(np.all(x[:, 1:] >= x[:, :-1]))


def median(x: Array, weights: Array) -> Array:
    """Weighted median."""
    return quantile(x, weights, 0.5)


def lower_quartile(x: Array, weights: Array) -> Array:
    """Weighted 25 % quantile."""
    return quantile(x, weights, 0.25)


def upper_quartile(x: Array, weights: Array) -> Array:
    """Weighted 75 % quantile."""
    return quantile(x, weights, 0.75)


def absolute_deviation(x: Array, weights: Array) -> Array:
    """Σ w |x − median| / W."""
    center = median(x, weights)[:, None]
    return _average(lambda x: np.abs(x - center), x, weights)


def distinct(x: Array, weights: Array) -> Array:
    """Return the number of distinct values with positive weight."""
    return np.asarray(_sorted_distinct(x, weights)[1].sum(axis=-1), dtype=float)


def spread(x: Array, weights: Array) -> Array:
    """Return the interquartile range of the *distinct* values, which neither ties nor an outlier can move far.

    With fewer than four distinct values, and where it vanishes, the range stands in.
    """
    x, different = _sorted_distinct(x, weights)
    count = different.sum(axis=-1, keepdims=True)
    if len(x) == 1 and count[0, 0] == x.shape[1]:
        iqr, whole = quantile_of_equals(x, 0.75) - quantile_of_equals(x, 0.25), x[:, -1] - x[:, 0]
    else:
        share = different / count
        iqr = quantile(x, share, 0.75) - quantile(x, share, 0.25)
        whole = maximum(x, share) - minimum(x, share)
    return np.asarray(np.where((count[:, 0] < 4) | (iqr <= 0), whole, iqr))


def _sorted_distinct(x: Array, weights: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Sorted values, those without weight last and infinite, and a mark at the first of each."""
    if len(x) > 1 or len(weights) > 1 or not (weights.min() > 0 and _ascending(x)):
        x = np.sort(np.where(weights > 0, x, np.inf), axis=-1)
    first = np.ones(x.shape, dtype=bool)
    first[:, 1:] = x[:, 1:] > x[:, :-1]
    return x, first if x.size and x.max() < np.inf else first & (x < np.inf)


def size(x: Array, weights: Array) -> Array:
    """Return the geometric mean of the |x| that are not 0: the order of magnitude of the data."""

    def logs(x: Array) -> Array:
        return np.asarray(np.log(np.abs(x)))

    with np.errstate(divide="ignore"):
        if np.all(weights > 0) and np.all(x != 0) and np.isfinite(x).all():
            return np.asarray(np.exp(_average(logs, x, weights)))
        used = np.where(np.isfinite(logs(x)), weights, 0.0)
        return np.asarray(np.exp(_average(logs, x, used)))


#: Observations of each of several groups up to which they are added one by one: faster, and exact enough.
_SHORT = 2048
#: Rounding errors of a cumulated share.
_SLACK = 1e-12
#: From here on every float is an integer, which says nothing about a grid.
_LARGEST = 2.0**52
#: What is left, beside the largest value, where the 0 of a grid was computed as a difference.
_CANCELLED = 2.0**-46


def divisor(units: Array) -> float:
    """Greatest common divisor of numbers that are all but integers."""
    return float(max(np.gcd.reduce(np.abs(np.rint(units)).astype(np.int64)), 1))


def decimal_step(x: Array) -> float | None:
    """10⁻ʲ for the smallest j ≤ 6 for which all 10ʲx are integers, or None."""
    largest = max(float(np.max(x)), -float(np.min(x))) if len(x) else 0.0
    for j in range(7):
        if all(bool(np.all(_are_whole(x[cut], 10.0**j, largest))) for cut in stretches(len(x))):
            return float(10.0**-j)
    return None


def decimal_steps(x: Array, where: NDArray[np.bool_]) -> Array:
    """`decimal_step` of those of each row that are marked ``(G,)``; NaN where there is none.

    Examples
    --------
    >>> decimal_steps(np.array([[0.5, 2.25], [3.0, 1 / 3]]), np.array([[True, True], [True, False]])).tolist()
    [0.01, 1.0]
    """
    step = np.full(len(x), np.nan)
    largest = np.where(where, np.abs(x), 0.0).max(axis=-1, keepdims=True)
    for j in range(7):
        rows = np.flatnonzero(np.isnan(step))
        step[rows[(_are_whole(x[rows], 10.0**j, largest[rows]) | ~where[rows]).all(axis=-1)]] = 10.0**-j
    return step


def _are_whole(x: Array, times: float, largest: Any) -> NDArray[np.bool_]:
    """Which multiples are integers up to rounding, their own or the largest's, and small enough to say so."""
    with np.errstate(over="ignore", invalid="ignore"):
        y = x * times
        size = np.abs(y)
        own = np.maximum(1e-12 * size, _CANCELLED * largest * times)
        off = np.abs(y - np.rint(y)) > np.minimum(own, 1e-3)
    return np.asarray(~off & (size < _LARGEST), dtype=bool)
