"""The one likelihood: log-probability of each observation of a block under a family.

An exact point counts log q(x), an interval log of its mass, computed from whichever of cdf, sf and
the density keeps the digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family

# Gauss–Legendre nodes for the mass of an interval that is narrow beside the spread of the law
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)
#: Below this share of the nearer tail, the difference of two cdf values has lost three digits.
_NARROW = 1e-3
#: Below this the nearer tail is taken on the log scale.
_TINY = 1e-290


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
    mass = log_mass(family, block.lower, block.upper, parameters)
    if not points.any():
        return mass
    return np.where(points, family.logp(block.lower, *parameters), mass)


def mean_log_likelihood(family: Family, block: Block, parameters: tuple[Any, ...]) -> Array:
    """Σ w log q / Σ w of each group, ``(G,)``; the weight of padding is 0 and so is its share."""
    logp = pointwise(family, block, parameters)
    with np.errstate(invalid="ignore"):
        return np.asarray((block.shares * np.where(block.shares > 0, logp, 0.0)).sum(axis=-1))


def log_mass(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Log P(lower ≤ X ≤ upper) of a discrete family, log (F(upper) − F(lower)) of a continuous one."""
    below = -family.support.floor(-lower) - family.support.step if family.discrete else lower
    with np.errstate(all="ignore"):
        F = family.cdf(below, *parameters), family.cdf(upper, *parameters)
        S = family.sf(below, *parameters), family.sf(upper, *parameters)
        left = F[1] <= S[0]
        mass = np.where(left, F[1] - F[0], S[0] - S[1])
        nearer = np.where(left, F[1], S[0])
        result = np.log(mass)
        lost = ~(mass > _NARROW * nearer)
        far = nearer < _TINY
        if np.any(far):
            tail, ratio = _far_out(family, below, upper, parameters, left)
            result = np.where(far, tail, result)
            lost = np.where(far, ~(ratio > _NARROW), lost)
        narrow = lost & np.isfinite(lower) & np.isfinite(upper)
        if family.discrete or not np.any(narrow):
            return np.asarray(result)
        return np.where(narrow, _narrow(family, lower, upper, parameters), result)


def _far_out(
    family: Family, below: Array, upper: Array, parameters: tuple[Any, ...], left: Array
) -> tuple[Array, Array]:
    """Log of the mass where cdf and sf underflow, and its share of the tail (NaN where that underflows as well)."""
    large = np.where(left, family.log_cdf(upper, *parameters), family.log_sf(below, *parameters))
    small = np.where(left, family.log_cdf(below, *parameters), family.log_sf(upper, *parameters))
    ratio = -np.expm1(small - large)
    return np.where(np.isneginf(large), -np.inf, large + np.log(ratio)), ratio


def _narrow(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Log of the integral of the density over a narrow interval, split at a kink."""
    whole = _quadrature(family, lower, upper, parameters)
    for kink in family.kinks(*parameters):
        if np.any(inside := (lower < kink) & (kink < upper)):
            split = np.where(inside, kink, upper)
            halves = _quadrature(family, lower, split, parameters), _quadrature(family, split, upper, parameters)
            whole = np.where(inside, np.logaddexp(*halves), whole)
    return whole


def _quadrature(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Log of the integral of the density over a narrow interval."""
    middle, half = 0.5 * (lower + upper), 0.5 * (upper - lower)
    logs = np.stack(
        [
            family.logp(middle + node * half, *parameters) + np.log(w)
            for node, w in zip(_NODES, _NODE_WEIGHTS, strict=True)
        ]
    )
    top = logs.max(axis=0)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.asarray(np.log(half) + top + np.log(np.exp(logs - top).sum(axis=0)))
