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
_LEVELS = np.array([1e-12, 1e-9, 1e-6, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9])
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

    def integrand(x: Any) -> Any:
        logq = family.logp(x, *parameters)
        with np.errstate(all="ignore"):
            return np.where(np.isneginf(logq), 0.0, np.exp(logq) * function(np.asarray(x, dtype=float), logq))

    return _sum(family, integrand, parameters) if family.discrete else _integral(family, integrand, parameters)


def moments(family: Family, parameters: tuple[float, ...]) -> tuple[float, float]:
    """Mean and variance, by the family's formula or by `expectation`."""
    if family.moments is not None:
        with np.errstate(all="ignore"):
            mean, variance = family.moments(*parameters)
        return float(np.asarray(mean).item()), float(np.asarray(variance).item())
    mean = expectation(family, lambda x, _: x, parameters)
    if not np.isfinite(mean):
        return mean, float("nan") if np.isnan(mean) else float("inf")
    return mean, expectation(family, lambda x, _: (x - mean) ** 2, parameters)


def entropy(family: Family, parameters: tuple[float, ...]) -> float:
    """Entropy in nats (differential for a density), by the family's formula or by `expectation`."""
    if family.entropy is not None:
        with np.errstate(all="ignore"):
            return float(np.asarray(family.entropy(*parameters)).item())
    return expectation(family, lambda _, logq: -logq, parameters)


def _integral(family: Family, integrand: Callable[[Any], Any], parameters: tuple[float, ...]) -> float:
    from scipy.integrate import quad

    atoms = sum(float(integrand(np.array(atom))) for atom in family.atoms)
    low, high = (float(np.asarray(end).item()) for end in family.bounds(*parameters))
    cuts = np.unique(
        np.concatenate([[low], family.ppf(_LEVELS, *parameters), [*family.kinks(*parameters), *family.atoms, high]])
    )
    total, smooth = 0.0, lambda x: float(integrand(x)) if x not in family.atoms else 0.0
    for a, b in itertools.pairwise(cuts[~np.isnan(cuts)]):
        value, _, *trouble = quad(smooth, a, b, epsabs=0.0, epsrel=1e-11, limit=200, full_output=1)
        # a message that the integral is probably divergent comes beside the value
        if len(trouble) > 1 and "diverg" in str(trouble[1]) and np.isinf([a, b]).any():
            return float("nan") if np.isinf([low, high]).all() else float(np.copysign(np.inf, value))
        total += value
    return float(total + atoms)


def _sum(family: Family, integrand: Callable[[Any], Any], parameters: tuple[float, ...]) -> float:
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
