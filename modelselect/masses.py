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
# and the last two Legendre coefficients of a function that is known there, and how far the polynomial that they give is
# off at the two ends, where it is known as well
_KNOWN = np.concatenate([[-1.0], _NODES, [1.0]])
_COEFFICIENTS = (np.polynomial.legendre.legvander(_NODES, 7) * _NODE_WEIGHTS[:, None] * (np.arange(8) + 0.5)).T
_AT_ENDS = np.polynomial.legendre.legvander(np.array([-1.0, 1.0]), 7) @ _COEFFICIENTS
_ROUGH = np.pad(np.concatenate([_COEFFICIENTS[6:], _AT_ENDS]), [(0, 0), (1, 1)])
_ROUGH[[2, 3], [0, -1]] = -1.0
#: These beside the mean, below which the coefficients that the nodes do not see are below 1e-15.
_SMOOTH = 1e-7
#: Widths of a cell from 0 from which on the rounding of its ends is felt in the difference of two tails.
_FINE = 1e3
#: Pieces of a cell between which its integral is summed.
_PIECES = (1, 4)
#: Numbers up to which the density at all nodes is evaluated at once.
_AT_ONCE = 16_384
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
    if family.discrete or family.atoms or not (np.ndim(lower) and np.ndim(upper)):
        return _from_tails(family, lower, upper, parameters)
    with np.errstate(invalid="ignore"):
        direct = family.integrated | (np.abs(lower) > _FINE * (upper - lower))
    return (_from_density if np.any(direct) else _from_tails)(family, lower, upper, parameters)


def _from_density(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    """Integral of the density over those cells in which it is smooth, the difference of tails over the others."""
    lower, upper = np.broadcast_arrays(lower, upper)
    result = np.empty(np.broadcast_shapes(lower.shape, *map(np.shape, parameters)))
    smooth = np.zeros(result.shape, dtype=bool)
    with np.errstate(all="ignore"):
        kinked = np.zeros(result.shape, dtype=bool)
        for kink in family.kinks(*parameters):
            kinked |= (lower < kink) & (kink < upper)
        finite = np.isfinite(upper - lower) & (lower < upper)
        for pieces in _PIECES:
            columns = _columns(finite & ~smooth)
            if not len(columns):
                break
            low, high, *theta = _at(columns, lower, upper, *parameters)
            value, good = _in_pieces(family, low, high, tuple(theta), pieces)
            take = good & ~smooth[..., columns] & ~kinked[..., columns]
            result[..., columns] = np.where(take, value, result[..., columns])
            smooth[..., columns] |= take
        one_sided = (
            (np.isposinf(upper) & np.isfinite(lower), family.log_sf, lower),
            (np.isneginf(lower) & np.isfinite(upper), family.log_cdf, upper),
        )
        for open_, tail, end in one_sided if family.integrated else ():  # one integral instead of four
            columns = _columns(open_)
            if len(columns):
                at, which, *theta = _at(columns, end, open_, *parameters)
                result[..., columns] = np.where(which, tail(at, *theta), result[..., columns])
                smooth[..., columns] |= which
        columns = _columns(~smooth)
        if len(columns):
            low, high, *theta = _at(columns, lower, upper, *parameters)
            tails = _from_tails(family, low, high, tuple(theta))
            result[..., columns] = np.where(smooth[..., columns], result[..., columns], tails)
    return result


def _columns(flags: Any) -> Any:
    """Places on the last axis at which any row is flagged."""
    return np.flatnonzero(flags.reshape(-1, flags.shape[-1]).any(axis=0))


def _at(columns: Any, *arrays: Any) -> tuple[Any, ...]:
    """Arrays, or numbers, at these places of the last axis."""
    return tuple(a if np.ndim(a) == 0 or np.shape(a)[-1] == 1 else np.asarray(a)[..., columns] for a in arrays)


def _in_pieces(
    family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...], pieces: int
) -> tuple[Array, Array]:
    """Log of the integral of the density over cells, and whether it is smooth enough in every piece of one."""
    total, good = np.array(-np.inf), np.array(True)
    half = 0.5 * (upper - lower) / pieces
    for piece in range(pieces):
        middle = lower + (2 * piece + 1) * half
        logs = _log_density(family, middle, half, _KNOWN, parameters)
        top = logs.max(axis=0)
        density = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
        mean = np.tensordot(_NODE_WEIGHTS, density[1:-1], 1)
        rough = np.abs(np.tensordot(_ROUGH, density, 1)).sum(axis=0)
        good = good & np.isfinite(logs).all(axis=0) & (rough < 0.5 * _SMOOTH * mean)
        total = np.logaddexp(total, np.log(half) + top + np.log(mean))
    return total, good


def _from_tails(family: Family, lower: Array, upper: Array, parameters: tuple[Any, ...]) -> Array:
    below = -family.support.floor(-lower) - family.support.step if family.discrete else lower
    with np.errstate(all="ignore"):
        if np.all(np.isposinf(upper)):  # censored on the right: one tail instead of four
            S = family.sf(below, *parameters)
            far = S < _TINY
            return np.where(far, family.log_sf(below, *parameters), np.log(S)) if np.any(far) else np.asarray(np.log(S))
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
    logs = _log_density(family, middle, half, _NODES, parameters)
    top = logs.max(axis=0)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.asarray(np.log(half) + top + np.log(np.tensordot(_NODE_WEIGHTS, np.exp(logs - top), 1)))


def _log_density(family: Family, middle: Array, half: Array, nodes: Array, parameters: tuple[Any, ...]) -> Array:
    """Log-density at nodes in [−1, 1] of cells, ``(nodes, …)``: of few cells in one call, whose cost is its own."""
    dimensions = max(map(np.ndim, (middle, *parameters)))
    at = middle + nodes.reshape(-1, *[1] * dimensions) * half
    shape = np.broadcast_shapes(at.shape, *map(np.shape, parameters))
    if np.prod(shape) > _AT_ONCE:
        return np.stack([family.logp(point, *parameters) for point in at])
    return np.broadcast_to(family.logp(at, *parameters), shape)
