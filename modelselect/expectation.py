"""Mean, variance and entropy of one law, where its family has no formula for them.

A density is integrated by adaptive quadrature between its quantiles; a mass is summed term by term, and far
out by the same quadrature over the midpoints of its cells.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from modelselect.domain import Array
from modelselect.family import Family

Function = Callable[[Array, Array], Array]

#: Where the integral is cut: smooth pieces, none of them much steeper than the next.
_LEVELS = np.array([1e-12, 1e-9, 1e-6, 1e-4, 0.01, 0.1, 0.25, 0.75, 0.9, 0.99, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9])
#: Ratio of the distances of two cuts from an end of the support from which on its logarithm is the better scale.
_STEEP = 4.0
#: Largest logarithm of a distance whose square is a float.
_FARTHEST = 340.0
#: Terms of a series that are summed one by one.
_TERMS = 100_000


def expectation(family: Family, function: Function, parameters: tuple[float, ...]) -> float:
    """Expected value of a function of x and log q(x), q being the density or the mass.

    Absolute error about 1e-10 of the value where the integrand is smooth; inf or NaN where the quadrature says that
    the integral does not exist.

    Examples
    --------
    >>> from modelselect.family import lookup
    >>> import modelselect.families
    >>> round(expectation(lookup("exponential")(), lambda _, logq: -logq, (1.0,)), 9)
    1.0
    """

    def integrand(x: Any, log_slope: float = 0.0) -> Any:
        logq = family.logp(x, *parameters)
        with np.errstate(all="ignore"):
            mass = np.exp(logq + log_slope)
            return np.where(np.isneginf(logq), 0.0, mass * function(np.asarray(x, dtype=float), logq))

    return _sum(family, integrand, parameters) if family.discrete else _integral(family, integrand, parameters)


def moments(family: Family, parameters: tuple[float, ...]) -> tuple[float, float]:
    """Mean and variance, by the family's formula or by `expectation`."""
    if family.moments is not None:
        with np.errstate(all="ignore"):
            mean, variance = family.moments(*map(np.float64, parameters))
        return float(np.asarray(mean).item()), float(np.asarray(variance).item())
    mean = expectation(family, lambda x, _: x, parameters)
    if not np.isfinite(mean):
        return mean, float("nan") if np.isnan(mean) else float("inf")
    return mean, expectation(family, lambda x, _: (x - mean) ** 2, parameters)


def entropy(family: Family, parameters: tuple[float, ...]) -> float:
    """Entropy in nats (differential for a density), by the family's formula or by `expectation`."""
    if family.entropy is not None:
        with np.errstate(all="ignore"):
            return float(np.asarray(family.entropy(*map(np.float64, parameters))).item())
    return expectation(family, lambda _, logq: -logq, parameters)


def _integral(family: Family, integrand: Callable[..., Any], parameters: tuple[float, ...]) -> float:
    low, high = (float(np.asarray(end).item()) for end in family.bounds(*parameters))
    middle = float(family.ppf(0.5, *parameters))
    ends = [*family.ppf(_LEVELS, *parameters), middle, *family.kinks(*parameters), *family.atoms, low, high]
    cuts = np.unique(np.array(ends, dtype=float))

    def smooth(x: float, log_slope: float = 0.0) -> float:
        return float(integrand(x, log_slope)) if x not in family.atoms else 0.0

    total = sum(float(integrand(np.array(atom))) for atom in family.atoms)
    return float(total + sum(_piece(smooth, a, b, low, middle, high) for a, b in itertools.pairwise(cuts)))


def _piece(function: Callable[..., float], a: float, b: float, low: float, middle: float, high: float) -> float:
    """Integral from a to b, over the logarithm of the distance from an end or the middle if that varies much."""
    from scipy.integrate import quad

    def integral(f: Callable[..., float], start: float, end: float) -> float:
        return float(quad(f, start, end, epsabs=0.0, epsrel=1e-11, limit=200, full_output=1)[0])

    def ratio(anchor: float) -> float:
        near, far = sorted((abs(a - anchor), abs(b - anchor)))
        return far / near if near > 0 else np.inf

    anchor = max((end for end in (low, middle, high) if np.isfinite(end) and not a < end < b), key=ratio)
    if ratio(anchor) < _STEEP:
        return integral(function, a, b)
    sign = 1.0 if b > anchor else -1.0
    near, far = sorted((abs(a - anchor), abs(b - anchor)))

    def by_distance(u: float) -> float:
        return function(anchor + sign * float(np.exp(u)), u)

    with np.errstate(divide="ignore"):
        start, end = np.log(near), np.log(far)
    if np.isfinite(start) and np.isfinite(end):
        return integral(by_distance, start, end)
    fixed = start if np.isfinite(start) else end
    reach = np.array([0.0, 1.0, 4.0, 16.0, 64.0, 256.0, 340.0])
    edges = np.minimum(fixed + reach, _FARTHEST) if np.isfinite(start) else np.maximum(fixed - reach, -2 * _FARTHEST)
    total = sum(integral(by_distance, *sorted(pair)) for pair in itertools.pairwise(edges))
    last, before = by_distance(edges[-1]), by_distance(edges[-1] + 20.0 * np.sign(fixed - edges[-1]))
    # what does not vanish like a power has no integral
    return float(np.copysign(np.inf, last)) if abs(last) > 0.5 * abs(before) > 0 else total


def _sum(family: Family, integrand: Callable[..., Any], parameters: tuple[float, ...]) -> float:
    from scipy.integrate import simpson

    step = family.support.step
    low, high = (float(np.asarray(end).item()) for end in family.bounds(*parameters))
    middle = float(family.ppf(0.5, *parameters))
    total = float(integrand(np.array(middle)))
    for sign, end in ((1.0, high), (-1.0, low)):
        count = min(_TERMS, abs(end - middle) / step)
        terms = integrand(middle + sign * step * np.arange(1.0, count + 1))
        total += float(np.sum(terms[::-1]))
        if count < _TERMS or abs(terms[-1]) * count < 1e-16 * abs(total):
            continue
        # a power of x is left: its sum is nearly the integral from the middle of two points on
        start = _TERMS + 0.5
        slope = -np.log(abs(terms[-1] / terms[len(terms) // 2])) / np.log(2.0)
        if slope <= 1.0:
            return float(np.copysign(np.inf, terms[-1]))
        nodes = np.rint(np.exp(np.linspace(np.log(start), np.log(start) + 34.0 / (slope - 1.0), 4000)))
        nodes = np.unique(nodes[np.isfinite(nodes)])
        far = integrand(middle + sign * step * nodes)
        total += float(simpson(far * nodes, x=np.log(nodes)))
    return total
