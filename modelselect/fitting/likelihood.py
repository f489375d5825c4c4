"""The one likelihood: log-probability of each observation of a block under a family.

An exact point counts log q(x), an interval the log of its mass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family
from modelselect.masses import log_mass
from modelselect.stretches import equal

__all__ = ["impossible", "log_mass", "mean_log_likelihood", "pointwise", "weighted_mean"]

#: Observations between which sums are not taken in pairs; and numbers in all from which on those of fewer are not.
_SHORT, _MANY = (128, 2048), 8192


def pointwise(family: Family, block: Block, parameters: tuple[Any, ...]) -> Array:
    """Log-probability of each observation in nats, ``(G, m)``; parameters are ``(G, 1)``.

    Of an observation that could only be made in (a, b] it is the one given that: minus log (F(b) − F(a)).
    """
    if block.truncation is not None:
        low, high = block.truncation
        # the masses of a discrete family are those of the integers above a
        if family.discrete:
            low = family.support.floor(low) + family.support.step
        with np.errstate(invalid="ignore"):
            within = log_mass(family, low, high, parameters)
            value = _unconditional(family, block, parameters) - within
            return np.where(np.isneginf(within), -np.inf, value)
    return _unconditional(family, block, parameters)


def _unconditional(family: Family, block: Block, parameters: tuple[Any, ...]) -> Array:
    if block.exact:
        return np.asarray(family.logp(block.lower, *parameters))
    points = block.lower == block.upper
    if len(points) == 1 and points.any():  # the same observations are exact in all groups
        exact = np.asarray(family.logp(block.lower[:, points[0]], *parameters))
        rest = ~points[0]
        mass = log_mass(family, block.lower[:, rest], block.upper[:, rest], parameters)
        both = np.empty((max(len(exact), len(mass)), points.shape[1]))
        both[:, points[0]], both[:, rest] = exact, mass
        return both
    if not points.any():
        return log_mass(family, block.lower, block.upper, parameters)
    if family.discrete or family.integrated:  # whose parameters are dear, and not their x
        mass = log_mass(family, block.lower, block.upper, parameters)
        return np.where(points, family.logp(block.lower, *parameters), mass)
    return _one_by_one(family, block, points, parameters)


def _one_by_one(family: Family, block: Block, points: Any, parameters: tuple[Any, ...]) -> Array:
    """Points, tails and other intervals each by itself, where they stand in other places in each group."""
    shape = np.broadcast_shapes(points.shape, *map(np.shape, parameters))
    points, open_ = np.broadcast_to(points, shape), np.broadcast_to(np.isposinf(block.upper), shape)
    value = np.empty(shape)
    for which in (points, open_, ~(points | open_)):
        if which.any():
            low, high, *theta = (
                np.broadcast_to(array, shape)[which] for array in (block.lower, block.upper, *parameters)
            )
            value[which] = family.logp(low, *theta) if which is points else log_mass(family, low, high, tuple(theta))
    return value


def mean_log_likelihood(family: Family, block: Block, parameters: tuple[Any, ...]) -> Array:
    """Σ w log q / Σ w of each group, ``(G,)``; the weight of padding is 0 and so is its share."""
    return block.total_of(lambda part: weighted_mean(part.shares, pointwise(family, part, parameters)))


def impossible(family: Family, block: Block, parameters: tuple[Any, ...]) -> Any:
    """Observations ``(G, m)`` that no member of a family on the line can produce; NaN stands for a free parameter."""
    support, (low, high) = family.support, family.bounds(*parameters)
    if block.exact and not family.discrete and np.ndim(low) == np.ndim(high) == 0:
        lowest, highest = block.statistic(observed.minimum), block.statistic(observed.maximum)
        if np.all(lowest > low) and np.all(highest < high):
            return False
    with np.errstate(invalid="ignore"):
        under, over = family.outside(block.lower, *parameters)
        outside = under | over
        if family.discrete:
            outside = outside | ~support.on_lattice(block.lower)
        if block.exact:
            return outside
        low, high = np.where(np.isnan(low), support.low, low), np.where(np.isnan(high), support.high, high)
        if family.discrete:
            first, last = -support.floor(-block.lower), support.floor(block.upper)
            beyond = (last < low) | (first > high) | (last < first)
        else:
            beyond = (block.upper <= low) | (block.lower >= high)
        return np.where(block.lower == block.upper, outside, beyond)


def weighted_mean(shares: Array, values: Any) -> Array:
    """Σ p̂ y of each group, ``(G,)``, of shares ``(G, m)``; a share of 0 takes nothing, whatever the value."""
    values = np.asarray(values)
    if len(shares) == 1 and equal(shares) and values.shape[-1:] == shares.shape[-1:]:
        with np.errstate(invalid="ignore"):
            return np.asarray(values.sum(axis=-1) * shares[0, 0])
    if values.shape != shares.shape and (values.ndim < 2 or values.shape[-1] != shares.shape[-1]):
        values = np.broadcast_to(values, np.broadcast_shapes(np.shape(values), (1, shares.shape[-1])))
    with np.errstate(invalid="ignore"):
        # einsum adds one by one: faster where there are many numbers, and exact enough where there are not too many
        fast = (_SHORT[0] <= shares.shape[-1] or shares.size > _MANY) and shares.shape[-1] <= _SHORT[1]
        mean = np.einsum("...m,...m->...", shares, values) if fast else np.asarray((shares * values).sum(axis=-1))
        odd = ~np.isfinite(mean)
        if np.count_nonzero(odd):
            shares, values = np.broadcast_arrays(shares, values)
            mean[odd] = np.where(shares[odd] > 0, shares[odd] * values[odd], 0.0).sum(axis=-1)
    return np.asarray(mean)
