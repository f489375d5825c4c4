"""What closed forms and first guesses are functions of: weighted summaries, one number a group.

Every function takes values ``(1 or G, m)`` and weights ``(G, m)`` (0 = padding), and returns an array ``(G,)``;
W stands for the sum of the weights. A family names the ones it needs in ``statistics``;
a block computes each once and shares it between all candidates. The last ones cut long samples and look for the grid
of rounded values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array

Statistic = Callable[[Array, Array], Array]


def _average(y: Array, weights: Array) -> Array:
    # the sum of weights divides last: a mean of counts is then a ratio of two exact integers
    total = weights.sum(axis=-1)
    return np.asarray(np.sum(weights * np.where(weights > 0, y, 0.0), axis=-1) / np.where(total > 0, total, 1.0))


def mean(x: Array, weights: Array) -> Array:
    """Σ w x / W."""
    return _average(x, weights)


def mean_log(x: Array, weights: Array) -> Array:
    """Σ w log x / W."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _average(np.log(x), weights)


def log_excess(x: Array, weights: Array) -> Array:
    """Log x̄ − Σ w log x ≥ 0, to full precision where the x are nearly equal."""
    with np.errstate(all="ignore"):
        center = mean(x, weights)[:, None]
        d = (x - center) / center
        return _average(d - np.where(d < -0.5, np.log(x / center), np.log1p(d)), weights)


def reciprocal_excess(x: Array, weights: Array) -> Array:
    """Σ w / x − 1/x̄ ≥ 0, to full precision where the x are nearly equal."""
    with np.errstate(all="ignore"):
        center = mean(x, weights)[:, None]
        d = (x - center) / center
        return _average(d * ((x - center) / x), weights) / center[:, 0]


def mean_reciprocal(x: Array, weights: Array) -> Array:
    """Σ w / x / W."""
    with np.errstate(all="ignore"):
        return _average(1.0 / x, weights)


def log_excess_reciprocal(x: Array, weights: Array) -> Array:
    """`log_excess` of the 1/x."""
    with np.errstate(all="ignore"):
        return log_excess(np.asarray(1.0 / x), weights)


def mean_square(x: Array, weights: Array) -> Array:
    """Σ w x² / W."""
    return _average(x * x, weights)


def variance(x: Array, weights: Array) -> Array:
    """Σ w (x − x̄)² / W, in two passes (divisor n, not n − 1)."""
    deviation = x - mean(x, weights)[:, None]
    return _average(deviation * deviation, weights)


def variance_log(x: Array, weights: Array) -> Array:
    """Σ w (log x − mean log x)² / W."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return variance(np.log(x), weights)


def skewness(x: Array, weights: Array) -> Array:
    """Third central moment over variance^1.5 (0 where all are equal)."""
    return _standard_moment(x, weights, 3)


def kurtosis(x: Array, weights: Array) -> Array:
    """Fourth central moment over variance² (3 for a normal; 0 where all are equal)."""
    return _standard_moment(x, weights, 4)


def _standard_moment(x: Array, weights: Array, order: int) -> Array:
    sd = np.sqrt(variance(x, weights))[:, None]
    z = (x - mean(x, weights)[:, None]) / np.where(sd > 0, sd, 1.0)
    return _average(z**order, weights)


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
    return np.asarray(np.where(weights > 0, x, np.inf).min(axis=-1))


def maximum(x: Array, weights: Array) -> Array:
    """Return the largest value with positive weight."""
    return np.asarray(np.where(weights > 0, x, -np.inf).max(axis=-1))


def quantile(x: Array, weights: Array, level: float) -> Array:
    """Return the weighted quantile: the smallest x with cumulative weight ≥ level, a midpoint where it is met."""
    if len(x) == 1 and len(weights) > 1:  # groups that share their values are sorted at once; no weight, no step
        order = np.argsort(x[0], kind="stable")
        weights = weights[:, order]
        x = np.broadcast_to(x[:, order], weights.shape)
        last = x.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=-1)
    else:
        x, weights = np.broadcast_arrays(np.where(weights > 0, x, np.inf), weights)
        if not np.all(x[:, 1:] >= x[:, :-1]):
            order = np.argsort(x, axis=-1, kind="stable")
            x, weights = np.take_along_axis(x, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
        last = np.maximum((x < np.inf).sum(axis=-1) - 1, 0)
    cumulative = np.cumsum(weights, axis=-1) / weights.sum(axis=-1, keepdims=True)
    slack = 1e-12
    low = np.minimum((cumulative < level - slack).sum(axis=-1), last)
    high = np.minimum((cumulative <= level + slack).sum(axis=-1), last)
    take = np.take_along_axis
    return np.asarray(0.5 * (take(x, low[:, None], -1) + take(x, high[:, None], -1))[:, 0])


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
    return _average(np.abs(x - median(x, weights)[:, None]), weights)


def distinct(x: Array, weights: Array) -> Array:
    """Return the number of distinct values with positive weight."""
    return np.asarray(_sorted_distinct(x, weights)[1].sum(axis=-1), dtype=float)


def spread(x: Array, weights: Array) -> Array:
    """Return the interquartile range of the *distinct* values, which neither ties nor an outlier can move far.

    With fewer than four distinct values, and where it vanishes, the range stands in.
    """
    x, different = _sorted_distinct(x, weights)
    share = different / different.sum(axis=-1, keepdims=True)
    iqr = quantile(x, share, 0.75) - quantile(x, share, 0.25)
    whole = maximum(x, share) - minimum(x, share)
    return np.asarray(np.where((different.sum(axis=-1) < 4) | (iqr <= 0), whole, iqr))


def _sorted_distinct(x: Array, weights: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Sorted values, those without weight last and infinite, and a mark at the first of each."""
    x = np.sort(np.where(weights > 0, x, np.inf), axis=-1)
    first = np.ones(x.shape, dtype=bool)
    first[:, 1:] = x[:, 1:] > x[:, :-1]
    return x, first & (x < np.inf)


def size(x: Array, weights: Array) -> Array:
    """Return the geometric mean of the |x| that are not 0: the order of magnitude of the data."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(x))
    used = np.where(np.isfinite(logs), weights, 0.0)
    return np.asarray(np.exp(_average(logs, used)))


#: Observations that are worked on at a time: what fits the cache.
_STRETCH = 8192


def stretches(m: int) -> list[slice]:
    """Cut m observations into stretches, so that no temporary grows with the sample."""
    return [slice(i, i + _STRETCH) for i in range(0, m, _STRETCH)]


#: From here on every float is an integer, which says nothing about a grid.
_LARGEST = 2.0**52


def divisor(units: Array) -> float:
    """Greatest common divisor of numbers that are all but integers."""
    return float(max(np.gcd.reduce(np.abs(np.rint(units)).astype(np.int64)), 1))


def decimal_step(x: Array) -> float | None:
    """10⁻ʲ for the smallest j ≤ 6 for which all 10ʲx are integers, or None."""
    for j in range(7):
        with np.errstate(over="ignore", invalid="ignore"):
            y = x * 10.0**j
            off = np.abs(y - np.rint(y)) > np.minimum(1e-12 * np.abs(y), 1e-3)
        if not np.any(off | ~(np.abs(y) < _LARGEST)):
            return float(10.0**-j)
    return None
