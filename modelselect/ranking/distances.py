"""How far a fitted law is from the empirical one, by distances other than KL, batched over groups.

All compare P̂ with the law through its probability integral u = F(x). An observation that is known up to a cell
(rounded, counted, binned) has its mass spread evenly over the u of the cell, which is what a randomised integral
(Czado, Gneiting & Held 2009) does in the mean; an exact one is the limit of a narrow cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.family import Family

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
#: Width of a cell, relative to the nearer tail, up to which quadrature is exact to all digits.
_NARROW = 0.05
#: Integers over which the distance of two laws of counts is summed.
_MOST = 1_000_000
#: How far into a tail integrals over quantiles reach: to a share e^-_DEEP of it.
_DEEP, _PANELS = 90.0, 30


class Integrals(NamedTuple):
    """Probability integrals of G samples, each ``(G, m)``.

    Attributes
    ----------
    before, after
        Share of the observations before each distinct one, and with it.
    log_low, log_high, log_over_low, log_over_high
        Logarithms of F and of 1 − F at its two ends.
    """

    before: Array
    after: Array
    log_low: Array
    log_high: Array
    log_over_low: Array
    log_over_high: Array


def integrals(family: Family, block: Block, parameters: tuple[Array, ...]) -> Integrals:
    """Probability integrals of a block sorted in ascending order, of points or disjoint cells.

    Parameters
    ----------
    family, parameters
        The law; parameters ``(G, 1)``.
    block
        Of a continuous law cells or points; of a discrete one integers, which are cells of their own.
    """
    shares = block.shares
    after = np.cumsum(shares, axis=-1)
    with np.errstate(all="ignore"):
        lower = block.lower - family.support.step if family.discrete else block.lower
        low, over_low = _logs(family, lower, parameters)
        high, over_high = (low, over_low) if lower is block.upper else _logs(family, block.upper, parameters)
    ends = [np.broadcast_to(end, shares.shape) for end in (low, high, over_low, over_high)]
    low, high, over_low, over_high = ends
    again = np.zeros(shares.shape, dtype=bool)  # padding repeats a cell: it gets no width
    again[:, 1:] = (high[:, 1:] <= high[:, :-1]) & (shares[:, 1:] == 0)
    low, over_low = np.where(again, high, low), np.where(again, over_high, over_low)
    return Integrals(after - shares, after, low, high, over_low, over_high)


def _logs(family: Family, x: Array, parameters: tuple[Array, ...]) -> tuple[Array, Array]:
    return np.asarray(family.log_cdf(x, *parameters)), np.asarray(family.log_sf(x, *parameters))


def kolmogorov_smirnov(of: Integrals) -> Array:
    """Largest |F̂ − F|, shape ``(G,)``.

    Examples
    --------
    >>> from modelselect.family import lookup
    >>> x = np.array([[0.1, 0.5, 0.6]])
    >>> u = integrals(lookup("uniform")(), Block(x, x, np.ones((1, 3))), (np.zeros((1, 1)), np.ones((1, 1))))
    >>> kolmogorov_smirnov(u).round(4), cramer_von_mises(u).round(4), anderson_darling(u).round(4)
    (array([0.4]), array([0.0289]), array([0.1621]))
    """
    above, below = np.abs(of.after - np.exp(of.log_high)), np.abs(of.before - np.exp(of.log_low))
    return np.asarray(np.maximum(above, below).max(axis=-1))


def cramer_von_mises(of: Integrals) -> Array:
    """∫ (F̂ − F)² dF, shape ``(G,)``: Cramér and von Mises' W² over n."""
    return np.asarray(sum(_square(*piece) for piece in _pieces(of, np.exp(of.log_low), np.exp(of.log_high))))


def _pieces(of: Integrals, a: Array, b: Array) -> list[tuple[Array, Array, Array, Array]]:
    """Stretches of u over which F̂ − u is linear: (start, end, F̂ at start, F̂ at end): cells, and gaps between them."""
    zero, one = np.zeros_like(a[:, :1]), np.ones_like(a[:, :1])
    gap_start = np.concatenate([zero, b], axis=-1)
    gap_end = np.concatenate([a, one], axis=-1)
    level = np.concatenate([zero, of.after], axis=-1)
    return [(a, b, of.before, of.after), (gap_start, np.maximum(gap_end, gap_start), level, level)]


def _square(start: Array, end: Array, low: Array, high: Array) -> Array:
    """∫ (F̂ − u)² du over stretches, summed."""
    p, q = low - start, high - end
    return np.asarray(((end - start) * (p * p + p * q + q * q)).sum(axis=-1) / 3.0)


def anderson_darling(of: Integrals) -> Array:
    """∫ (F̂ − F)² / (F (1 − F)) dF, shape ``(G,)``: Anderson and Darling's A² over n.

    Where F̂ = α + βu, the integrand has the integral α² log u − (α + β)'² log(1 − u) − (β − 1)² u with (α + β)' =
    1 − α − β. Between cells β is 0, and the logarithms of F and 1 − F are used as they are, with all their digits;
    in a cell that is narrow for where it lies, quadrature keeps them.
    """
    a, b = np.exp(of.log_low), np.exp(of.log_high)
    width = b - a
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        gaps = _times(of.before**2, of.log_low) - _times(of.after**2, of.log_high)
        gaps += _times((1.0 - of.after) ** 2, of.log_over_high) - _times((1.0 - of.before) ** 2, of.log_over_low)
        slope = (of.after - of.before) / np.where(width > 0, width, 1.0)
        alpha = of.before - slope * a
        beta = 1.0 - alpha - slope
        wide = _times(alpha**2, of.log_high - of.log_low) - _times(beta**2, of.log_over_high - of.log_over_low)
        wide -= (slope - 1.0) ** 2 * width
        share = 0.5 + 0.5 * _NODES
        u = a[..., None] + width[..., None] * share
        level = of.before[..., None] + (of.after - of.before)[..., None] * share
        narrow = 0.5 * width * ((level - u) ** 2 / (u * (1.0 - u)) @ _WEIGHTS)
        cell = np.where(width > _NARROW * np.minimum(b, 1.0 - a), wide, np.where(width > 0, narrow, 0.0))
        return np.asarray((gaps + cell).sum(axis=-1) - (1.0 - width.sum(axis=-1)))


def _times(a: Array, log: Array) -> Array:
    """A · log with 0 · −inf = 0."""
    return np.where(np.abs(a) < 1e-15, 0.0, a * np.where(np.abs(a) < 1e-15, 0.0, log))


def crps(law: Distribution, lower: Array, upper: Array, shares: Array) -> float:
    """Mean continuous ranked probability score, ∫ (F − F̂)² dx + ∫ F̂ (1 − F̂) dx, in the unit of the data.

    Lower is better; proper (Gneiting & Raftery 2007). Arguments as `wasserstein`.
    """
    steps = np.cumsum(shares)[:-1]
    middle = 0.5 * (lower + upper)
    return _distance(law, lower, upper, shares, 2) + float(np.sum(steps * (1.0 - steps) * np.diff(middle)))


def wasserstein(law: Distribution, lower: Array, upper: Array, shares: Array) -> float:
    """∫ |F − F̂| dx: how far mass must be carried, in the unit of the data. Infinite where the law has no mean.

    Parameters
    ----------
    law
        The law.
    lower, upper, shares
        Sorted observations ``(m,)``, points or cells of a lattice (whose middle is taken), and their shares.

    Examples
    --------
    >>> law, x = Distribution.of("uniform", low=0, high=1), np.array([0.5])
    >>> round(wasserstein(law, x, x, np.ones(1)), 6), round(crps(law, x, x, np.ones(1)), 6)
    (0.25, 0.083333)
    """
    return _distance(law, lower, upper, shares, 1)


def _distance(law: Distribution, lower: Array, upper: Array, shares: Array, power: int) -> float:
    """∫ |F − F̂|^power dx."""
    x = 0.5 * (lower + upper)
    if law.discrete:
        return _distance_of_counts(law, x, shares, power)
    level = np.cumsum(shares)[:-1]
    inner = 0.0
    if len(x) > 1:
        cross = np.clip(np.nan_to_num(law.ppf(np.minimum(level, 1.0)), nan=x[0]), x[:-1], x[1:])
        ends = np.stack([x[:-1], cross, x[1:]])
        half, middle = 0.5 * np.diff(ends, axis=0), 0.5 * (ends[:-1] + ends[1:])
        nodes = middle[..., None] + half[..., None] * _NODES
        inner = float(np.sum(half * (np.abs(law.cdf(nodes) - level[:, None]) ** power @ _WEIGHTS)))
    return inner + _tail(law, float(x[0]), power, left=True) + _tail(law, float(x[-1]), power, left=False)


def _tail(law: Distribution, end: float, power: int, *, left: bool) -> float:
    """∫ F^power dx up to an end, or of 1 − F from it on: ∫ power u^(power−1) |Q(u) − end| du, with u = p e^−t."""
    total = float(law.cdf(end) if left else law.sf(end))
    if not total > 0:
        return 0.0
    if power == 1 and not np.isfinite(law.mean):
        return float("inf")
    edges = _DEEP * (np.arange(_PANELS + 1) / _PANELS) ** 2
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    t = middle[:, None] + half[:, None] * _NODES
    u = total * np.exp(-t)
    q = law.ppf(u) if left else _upper_quantile(law, u)
    with np.errstate(over="ignore", invalid="ignore"):
        terms = power * u**power * np.where(np.isfinite(q), np.maximum(end - q if left else q - end, 0.0), 0.0)
    return float(np.sum(half * (terms @ _WEIGHTS)))


def _upper_quantile(law: Distribution, over: Array) -> Array:
    """Where 1 − F is `over`; below 1e-15, where 1 − over has no digits left, nothing more is added."""
    return np.asarray(law.ppf(np.where(over > 1e-15, 1.0 - over, np.nan)))


def _distance_of_counts(law: Distribution, x: Array, shares: Array, power: int) -> float:
    """Σ |F − F̂|^power over the integers."""
    low, high = float(law.ppf(1e-15)), float(law.ppf(1.0 - 1e-15))
    if power == 1 and not np.isfinite(law.mean):
        return float("inf")
    low, high = min(low, x[0]) if np.isfinite(low) else x[0], max(high, x[-1]) if np.isfinite(high) else x[-1]
    if high - low > _MOST:
        return float("nan")
    grid = np.arange(low, high + 1.0)
    empirical = np.append(0.0, np.cumsum(shares))[np.searchsorted(x, grid, side="right")]
    return float(np.sum(np.abs(law.cdf(grid) - empirical) ** power))
