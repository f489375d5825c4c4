"""Families on the circle: angles in radians, taken modulo 2π.

Densities are periodic; distribution functions count from −π, and the support is the circle cut open there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import i0e, i1e, ndtri

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, Array, Interval
from modelselect.family import Family, Parameter, register
from modelselect.stretches import stretches

_CIRCLE = Interval(-np.pi, np.pi).closed()
_DIRECTION = Interval(-np.pi, np.pi, high_inclusive=True)
#: Beyond this fall of the log density nothing is left to integrate.
_FALL = 45.0
#: From here on 1 − I₁(κ)/I₀(κ) is its asymptotic series.
_CONCENTRATED = 500.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_OVER = np.concatenate([(_NODES + 1 + 2 * panel) / 6 for panel in range(3)])
_SHARES = np.tile(_WEIGHTS / 6, 3)


# -- statistics --------------------------------------------------------------------------------------------------------


def direction(x: Array, weights: Array) -> Array:
    """Direction of the mean of e^(ix), in (−π, π]."""
    return np.arctan2(observed.mean(np.sin(x), weights), observed.mean(np.cos(x), weights))


def dispersion(x: Array, weights: Array) -> Array:
    """1 − |mean of e^(ix)|, to full precision where the angles are nearly equal."""
    return 2 * observed.mean(np.sin(0.5 * (x - direction(x, weights)[:, None])) ** 2, weights)


def barycenter(x: Array, weights: Array) -> Array:
    """Direction and length ``(2, G)`` of ψ with Σ w (z − ψ)/(1 − ψ̄z) = 0, z = e^(ix).

    It is the maximum-likelihood estimate of the wrapped Cauchy (Kent & Tyler 1988), unique unless half of the angles
    are equal. Newton's method on the disc: ψ is moved to 0, where the equation is solved to second order.
    """
    z, center = np.exp(1j * x), np.zeros(len(weights), dtype=complex)
    share = weights / weights.sum(axis=-1, keepdims=True)
    for _ in range(100):
        there = (z - center[:, None]) / (1 - np.conj(center)[:, None] * z)
        there = there / np.abs(there)
        mean, square = np.sum(share * there, axis=-1), np.sum(share * there**2, axis=-1)
        step = (mean + square * np.conj(mean)) / np.maximum(1 - np.abs(square) ** 2, 1e-3)
        step = step * np.minimum(1.0, 0.7 / np.maximum(np.abs(step), 1e-300))
        center = (center + step) / (1 + np.conj(center) * step)
        if np.all(np.abs(step) < 1e-15):
            break
    return np.stack([np.angle(center), np.abs(center)])


# -- families ----------------------------------------------------------------------------------------------------------


@register
class VonMises(Family):
    """Von Mises(mean_direction, concentration), radians: density exp(κ cos(x − direction)) / (2π I₀(κ)), on (−π, π].

    Concentration κ = 0 is the uniform law on the circle. P(X ≤ x) counts from −π.
    """

    support = _CIRCLE
    integrated = True
    mean_direction = Parameter(_DIRECTION, typical=(-2.5, 3))
    concentration = Parameter(NONNEGATIVE, typical=(0.3, 45))
    statistics = (direction, dispersion)
    nested = {"uniform": {"low": -np.pi, "high": np.pi, "concentration": 0}}
    period = 2 * np.pi
    aliases = ("vonmises", "circular_normal", "tikhonov")

    def logp(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        fall = 2 * concentration * np.sin(0.5 * (x - mean_direction)) ** 2
        return -fall - np.log(2 * np.pi * i0e(concentration))

    def log_cdf(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        return _log_below(x, mean_direction, concentration)

    def log_sf(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        return _log_below(-x, -mean_direction, concentration)

    def start(self, direction: Any, dispersion: Any) -> Any:
        return _both_ways_round(direction), _concentration(dispersion)

    def ppf(self, q: Any, mean_direction: Any, concentration: Any) -> Any:
        q, mu, k = np.broadcast_arrays(q, mean_direction, concentration)
        # mass between the cut and the point opposite to the direction, which is where the two tails meet
        cut = np.exp(_log_piece(np.pi - np.abs(mu), np.abs(mu), k)) / (2 * np.pi * i0e(k))
        below = np.where(mu > 0, q - cut, q + cut)  # counted from there, modulo 1
        left = ((below >= 0) & (below < 0.5)) | (below >= 1)
        mass = np.where(left, np.where(below < 0.5, below, below - 1), np.where(below < 0, -below, 1 - below))
        x = mu + np.where(left, -1.0, 1.0) * _tail_distance(mass, k)
        return np.where(x > np.pi, x - 2 * np.pi, np.where(x < -np.pi, x + 2 * np.pi, x))

    def mle(self, direction: Any, dispersion: Any, *, mean_direction: Any = None, concentration: Any = None) -> Any:
        if mean_direction is not None:
            length = (1 - dispersion) * np.cos(direction - mean_direction)
            excess = 2 * (1 - dispersion) * np.sin(0.5 * (direction - mean_direction)) ** 2
            dispersion = np.where(length > 0, dispersion + excess, 1.0)
            direction = mean_direction
        return direction, _concentration(dispersion) if concentration is None else concentration

    def score(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        off = x - mean_direction
        return concentration * np.sin(off), _dispersion(concentration) - 2 * np.sin(0.5 * off) ** 2

    def entropy(self, mean_direction: Any, concentration: Any) -> Any:
        return np.log(2 * np.pi * i0e(concentration)) + concentration * _dispersion(concentration)

    def to_scipy(self, mean_direction: Any, concentration: Any) -> Any:
        return "vonmises", {"kappa": concentration, "loc": mean_direction}


@register
class WrappedCauchy(Family):
    """Wrapped Cauchy(mean_direction, concentration ρ), on (−π, π]: (1 − ρ²) / (2π (1 + ρ² − 2ρ cos(x − direction))).

    Radians; ρ = 0 is the uniform law on the circle. P(X ≤ x) counts from −π (scipy's wrapcauchy from 0).
    """

    support = _CIRCLE
    mean_direction = Parameter(_DIRECTION, typical=(-2.5, 3))
    concentration = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.1, 0.95))
    statistics = (barycenter,)
    nested = {"uniform": {"low": -np.pi, "high": np.pi, "concentration": 0}}
    period = 2 * np.pi
    aliases = ("wrapcauchy", "circular_cauchy")

    def logp(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        near = (1 - concentration) ** 2 + 4 * concentration * np.sin(0.5 * (x - mean_direction)) ** 2
        return np.log1p(-concentration) + np.log1p(concentration) - np.log(2 * np.pi * near)

    def cdf(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        # the angle of cos(t/2) + i r sin(t/2) grows by π once round the circle: that at x against that at −π
        r = (1 + concentration) / (1 - concentration)
        a, b = 0.5 * (np.pi + mean_direction), 0.5 * (x - mean_direction)
        real = np.cos(a) * np.cos(b) - r * r * np.sin(a) * np.sin(b)
        return np.arctan2(r * np.sin(0.5 * (x + np.pi)), real) / np.pi

    def sf(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        return self.cdf(-x, -mean_direction, concentration)

    def mle(self, barycenter: Any) -> Any:
        return barycenter[0], barycenter[1]

    def start(self, barycenter: Any) -> Any:
        return _both_ways_round(barycenter[0]), np.clip(barycenter[1], 0.01, 0.999)

    def score(self, x: Any, mean_direction: Any, concentration: Any) -> Any:
        off = x - mean_direction
        near = (1 - concentration) ** 2 + 4 * concentration * np.sin(0.5 * off) ** 2
        by_concentration = 2 * (np.cos(off) - concentration) / near - 2 * concentration / (1 - concentration**2)
        return 2 * concentration * np.sin(off) / near, by_concentration

    def entropy(self, mean_direction: Any, concentration: Any) -> Any:
        return np.log(2 * np.pi) + np.log1p(-(concentration**2))


# -- pieces ------------------------------------------------------------------------------------------------------------


def _both_ways_round(direction: Any) -> Any:
    """Return the direction and the same seen from the other side of the cut, where the search may have to end."""
    return np.stack([direction, np.clip(direction - np.copysign(2 * np.pi, direction), -3.1, 3.1)])


def _dispersion(concentration: Any) -> Any:
    """1 − I₁(κ)/I₀(κ)."""
    with np.errstate(all="ignore"):
        r = 1 / concentration
        series = r * (1 / 2 + r * (1 / 8 + r * (1 / 8 + r * (25 / 128 + r * 13 / 32))))
        return np.where(concentration < _CONCENTRATED, 1 - i1e(concentration) / i0e(concentration), series)


def _concentration(dispersion: Any) -> Any:
    """Solve `_dispersion` for κ: Newton on its logarithm from the formula of Banerjee et al. (2005)."""
    length = 1 - dispersion
    k = length * (2 - length**2) / (dispersion * (1 + length))
    for _ in range(20):
        found = _dispersion(k)
        slope = np.where(k < _CONCENTRATED, k * (found * (2 - found)) - (1 - found), 0.5 / k + 0.25 / k**2)
        k = k * np.exp(np.clip((found - dispersion) / slope, -1, 1))
    return np.where(dispersion < 1, k, 0.0)


def _log_below(x: Any, direction: Any, concentration: Any) -> Any:
    """Log P(X ≤ x), from the other side where that is the smaller one."""
    below, above = _log_arc(x, direction, concentration), _log_arc(-x, -direction, concentration)
    whole = np.log(2 * np.pi * i0e(concentration))
    return np.where(below > above, np.log1p(-np.exp(above - whole)), below - whole)


def _log_arc(x: Any, direction: Any, concentration: Any) -> Any:
    """Log of the integral of exp(−2κ sin²((t − direction)/2)) over t from −π to x.

    At the direction and opposite to it the integrand turns: at most four monotone pieces, each begun at its higher end,
    at a distance `first` from the direction.
    """
    x, direction, concentration = np.broadcast_arrays(x, direction, concentration)
    opposite = direction + np.where(direction > 0, -np.pi, np.pi)
    left = np.minimum(x, direction)
    pieces = (
        (np.pi - direction, np.where(direction > 0, np.minimum(x, opposite) + np.pi, 0.0)),
        (direction - left, left - np.where(direction > 0, opposite, -np.pi)),
        (np.zeros_like(x), np.minimum(x - direction, np.pi)),
        (2 * np.pi - x + direction, np.where(direction > 0, 0.0, x - opposite)),
    )
    return np.logaddexp.reduce([_log_piece(first, width, concentration) for first, width in pieces], axis=0)


def _log_piece(first: Any, width: Any, concentration: Any) -> Any:
    """Log of the integral of exp(−2κ sin²(τ/2)) over τ from first to first + width, 0 ≤ first, first + width ≤ π."""
    result = np.full(width.shape, -np.inf)
    if np.any(some := width > 0):
        first, width, k = first[some], width[some], 2 * concentration[some]
        last = 2 * np.arcsin(np.sqrt(np.minimum(np.sin(0.5 * first) ** 2 + _FALL / k, 1.0)))
        width = np.minimum(width, last - first)
        parts = [_mean_fall(first[part], width[part], k[part]) for part in stretches(len(first))]
        result[some] = np.log(width * np.concatenate(parts)) - k * np.sin(0.5 * first) ** 2
    return result


def _mean_fall(first: Any, width: Any, k: Any) -> Any:
    by = 0.5 * width[:, None] * _OVER
    return np.exp(-k[:, None] * np.sin(by) * np.sin(first[:, None] + by)) @ _SHARES


def _tail_distance(mass: Any, concentration: Any) -> Any:
    """Distance from the direction beyond which there is this mass ≤ ½, on one side: Newton within a bracket."""
    shape, mass, k = mass.shape, mass.ravel(), concentration.ravel()
    result = np.minimum(2 * np.arcsin(np.minimum(-0.5 * ndtri(mass) / np.sqrt(k), 1.0)), np.pi * (1 - 2 * mass))
    rows, t, low, high = np.arange(len(mass)), result.copy(), np.zeros_like(mass), np.full_like(mass, np.pi)
    whole = np.log(2 * np.pi * i0e(k))
    for _ in range(60):
        log = _log_piece(t, np.pi - t, k) - whole
        density = np.exp(-2 * k * np.sin(0.5 * t) ** 2 - whole)
        low, high = np.where(log > np.log(mass), t, low), np.where(log > np.log(mass), high, t)
        # far out the logarithm of the tail is the straighter one
        step = np.where(mass < 0.1, np.exp(log) * (log - np.log(mass)), np.exp(log) - mass) / density
        there = np.where((t + step >= low) & (t + step <= high), t + step, 0.5 * (low + high))
        go = np.abs(there - t) > 1e-13 * there + 1e-15 / density
        result[rows] = there
        if not np.any(go):
            break
        rows, t, low, high, mass, k, whole = (a[go] for a in (rows, there, low, high, mass, k, whole))
    return result.reshape(shape)
