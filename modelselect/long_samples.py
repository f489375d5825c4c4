"""Statistics of one long sample ``(1, m)``: several in one pass, and those of ordered numbers in none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelselect.domain import Array
from modelselect.statistics import (
    Statistic,
    log_excess,
    log_excess_reciprocal,
    lower_quartile,
    maximum,
    mean,
    mean_log,
    mean_reciprocal,
    mean_square,
    median,
    minimum,
    quantile_of_equals,
    reciprocal_excess,
    size,
    spread,
    upper_quartile,
    variance,
    variance_log,
)
from modelselect.stretches import equal, stretches


def _of_ordered(level: float) -> Callable[[Array], Array]:
    return lambda x: quantile_of_equals(x, level)


#: Statistics of one sample ``(1, m)`` of distinct numbers in ascending order that all weigh the same: nothing is added.
ORDERED: dict[Statistic, Callable[[Array], Array]] = {
    minimum: lambda x: x[:, 0],
    maximum: lambda x: x[:, -1],
    median: _of_ordered(0.5),
    lower_quartile: _of_ordered(0.25),
    upper_quartile: _of_ordered(0.75),
    spread: lambda x: quantile_of_equals(x, 0.75) - quantile_of_equals(x, 0.25),
}


def distinct_and_equal(x: Array, weights: Array) -> bool:
    """Whether one sample ``(1, m)`` of four numbers or more ascends without ties, and all weigh the same."""
    return len(x) == len(weights) == 1 and x.shape[1] > 3 and equal(weights) and bool(np.all(x[:, 1:] > x[:, :-1]))


def moments_together(x: Array, weights: Array) -> dict[Statistic, Array]:
    """`mean`, `mean_square` and `variance` of one long sample ``(1, m)`` in one pass.

    Each stretch has its own mean, around which it is squared; stretches are put together by Chan, Golub & LeVeque
    (1983), so that no digit is lost that two passes would keep.
    """
    w = weights[0]

    def of(cut: slice) -> list[float]:
        return [*_moments(x[0, cut], w[cut]), float(_added(np.square(x[0, cut]), w[cut]))]

    mass, sums, squares, raw = _columns(of, len(w))
    center, total, second = _joined(mass, sums, squares)
    return {
        mean: np.array([center]),
        variance: np.array([second / total]),
        mean_square: np.array([raw.sum() / total]),
    }


def logs_together(x: Array, weights: Array) -> dict[Statistic, Array]:
    """`mean_log`, `variance_log`, `size` and the excesses of one long sample ``(1, m)`` of positive numbers.

    One pass. An excess that is a small difference of large numbers is left out: its own function keeps the digits.
    """
    w = weights[0]
    unit = float(np.exp2(np.rint(np.log2(x[0, x.shape[1] // 2]))))

    def of(cut: slice) -> list[float]:
        y = x[0, cut] / unit  # exact, and logarithms near 0
        return [
            *_moments(np.log(y), w[cut]), float(_added(y, w[cut])), float(_added(1.0 / y, w[cut])),
        ]  # fmt: skip

    with np.errstate(all="ignore"):
        mass, sums, squares, plain, reciprocal = _columns(of, len(w))
        center, total, second = _joined(mass, sums, squares)
        average, inverse = plain.sum() / total, reciprocal.sum() / total
        found = {
            mean_log: center + np.log(unit),
            variance_log: second / total,
            size: np.exp(center) * unit,
            mean_reciprocal: inverse / unit,
        }
        excess, other = np.log(average) - center, inverse - 1.0 / average
        mirrored = np.log(inverse) + center
        if mirrored > _DIGITS * max(1.0, abs(center)):
            found[log_excess_reciprocal] = mirrored
        if excess > _DIGITS * max(1.0, abs(center)):
            found[log_excess] = excess
        if other > _DIGITS * inverse:
            found[reciprocal_excess] = other / unit
    return {function: np.array([value]) for function, value in found.items()}


def _moments(y: Array, w: Array) -> tuple[float, float, float]:
    """Total weight, weighted sum, and sum of squares around the mean."""
    mass = float(w[0] * len(w) if equal(w) else w.sum())
    total = float(_added(y, w))
    return mass, total, float(_added(np.square(y - (total / mass if mass > 0 else 0.0)), w))


def _added(y: Array, w: Array) -> float:
    return float(w[0] * y.sum() if equal(w) else (w * y).sum())


def _columns(of: Callable[[slice], list[float]], m: int) -> list[Array]:
    return list(np.array(list(map(of, stretches(m, 2)))).T)


def _joined(mass: Array, sums: Array, squares: Array) -> tuple[float, float, float]:
    """Mean, total weight and sum of squares around the mean of the stretches together."""
    total = float(mass.sum())
    center = float(sums.sum()) / total
    return center, total, float((squares + mass * np.square(sums / np.where(mass > 0, mass, 1.0) - center)).sum())


#: What is computed together: of any numbers, and of positive ones.
TOGETHER: tuple[tuple[Callable[[Array, Array], dict[Statistic, Array]], frozenset[Statistic], bool], ...] = (
    (moments_together, frozenset({mean, mean_square, variance}), False),
    (
        logs_together,
        frozenset(
            {mean_log, variance_log, size, mean_reciprocal, log_excess, reciprocal_excess, log_excess_reciprocal}
        ),
        True,
    ),
)
#: Share of two numbers that their difference must be to have all its digits but two.
_DIGITS = 1e-2
