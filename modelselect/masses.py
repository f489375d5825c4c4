"""Log-probability of an interval under a family.

It is computed from whichever of cdf, sf, their logarithms and the density keeps the digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from modelselect.domain import Array
from modelselect.family import Family

# Gauss–Legendre nodes for the mass of an interval that is narrow beside the spread of the law
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)
#: Below this share of the nearer tail, the difference of two cdf values has lost three digits.
_NARROW = 1e-3
#: Below this the nearer tail is taken on the log scale.
_TINY = 1e-290


def log_mass(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Log P(lower ≤ X ≤ upper) of a discrete family, log (F(upper) − F(lower)) of a continuous one."""
    if family.period is not None:
        return _arc_mass(family, lower, upper, parameters)
    return _line_mass(family, lower, upper, parameters)


def _arc_mass(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Log-probability of an arc of the circle: of its part on the support, and of what goes beyond the cut."""
    (low, high), period = (family.support.low, family.support.high), family.period or np.inf
    with np.errstate(invalid="ignore"):
        whole = ~(upper - lower < period)
        turns = period * np.round(0.5 * (lower + upper) / period)
    lower, upper = np.where(whole, low, lower - turns), np.where(whole, high, upper - turns)
    mass = _line_mass(family, np.maximum(lower, low), np.minimum(upper, high), parameters)
    for beyond, start, end in ((upper > high, low, upper - period), (lower < low, lower + period, high)):
        if np.any(beyond):
            first, last = np.where(beyond, start, low), np.where(beyond, end, high)
            mass = np.where(beyond, np.logaddexp(mass, _line_mass(family, first, last, parameters)), mass)
    return np.asarray(mass)


def _line_mass(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
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
        narrow = lost & np.isfinite(lower) & np.isfinite(upper) & (lower < upper)
        for atom in family.atoms:  # which the density knows nothing of
            narrow = narrow & ~((lower < atom) & (atom <= upper))
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
