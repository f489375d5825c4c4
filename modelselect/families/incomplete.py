"""Logarithms of the regularised incomplete gamma and beta functions, where these underflow as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import betainc, gammainc, gammaincc

from modelselect.domain import Array
from modelselect.families.special import TINY, log_binomial, log_poisson
from modelselect.formulas import log_share

#: Terms, or pairs of terms of a continued fraction, at most.
_MOST_TERMS = 5000


#: Degrees of freedom from which on, and z²/df up to which, Hill's change of variable holds to the last digits.
_MANY_DEGREES, _CENTRAL = 2e3, 0.1


def log_gammainc(a: Any, z: Any) -> Array:
    """Log of the regularised lower incomplete gamma function, for any a > 0, z ≥ 0."""

    def far(a: Array, z: Array) -> Array:
        return np.where(z > 0, log_poisson(a, z) + np.log(_rising_sum(z, lambda k: z / (a + 1 + k))), -np.inf)

    with np.errstate(all="ignore"):
        return _unless_tiny(log_share(gammainc(a, z), gammaincc(a, z)), far, a, z)


def log_gammaincc(a: Any, z: Any) -> Array:
    """Log of the regularised upper incomplete gamma function, for any a > 0, z ≥ 0."""

    def far(a: Array, z: Array) -> Array:
        # Legendre's continued fraction (DLMF 8.9.2), from the far end
        fraction = z + 201 - a
        for k in range(100, 0, -1):
            fraction = z + 2 * k - 1 - a - k * (k - a) / fraction
        return np.asarray(log_poisson(a, z) + np.log(a / fraction))

    with np.errstate(all="ignore"):
        return _unless_tiny(log_share(gammaincc(a, z), gammainc(a, z)), far, a, z)


def log_betainc(a: Any, b: Any, x: Any, y: Any) -> Array:
    """Log of the regularised incomplete beta function I_x(a, b), x + y = 1, for any a, b > 0."""

    def far(a: Array, b: Array, x: Array, y: Array) -> Array:
        power = log_binomial(a, a + b, x, y) + np.log(b / (a + b))
        return np.where(x > 0, power - np.log(_beta_fraction(a, b, x)), -np.inf)

    with np.errstate(all="ignore"):
        # the argument is the smaller of x and y, which has all its digits
        direct = np.asarray(x < y)
        first, second, argument = np.where(direct, a, b), np.where(direct, b, a), np.where(direct, x, y)
        # betaincc gives the same at twenty times the price
        part, rest = betainc(first, second, argument), betainc(second, first, np.where(direct, y, x))
        value = log_share(np.where(direct, part, rest), np.where(direct, rest, part))
        return _unless_tiny(value, far, a, b, x, y)


def normal_deviate(z: Any, df: Any) -> Array:
    """Return u with Φ(u) = P(T ≤ z), of Student's law with many degrees of freedom (Hill 1970, CACM 13); NaN otherwise.

    There the incomplete beta function loses about df/2 units of the last place: those of the logarithm of its x^(df/2).
    """
    a = df - 0.5
    b = 48 * a * a
    square = a * np.log1p(z * z / df)
    power = square * square
    second = (((4 * square + 33) * square + 240) * square + 855) / (10 * b * (b + 0.8 * power + 100))
    u = np.copysign(np.sqrt(square), z) * (1 + (square + 3) / b - second)
    return np.where((df > _MANY_DEGREES) & (z * z < _CENTRAL * df), u, np.nan)


def _beta_fraction(a: Array, b: Array, x: Array) -> Array:
    """Continued fraction 1 + d₁/(1 + d₂/(1 + …)) of x^a y^b / (a B(a, b) I_x(a, b)), far below the mean of the law.

    DLMF 8.17.22, evaluated from the front (Lentz 1976).
    """
    value = front = np.ones_like(x)
    back = np.zeros_like(x)
    for m in range(_MOST_TERMS):
        odd = -(a + m) / (a + 2 * m) * ((a + b + m) / (a + 2 * m + 1) * x)
        even = (m + 1) / (a + 2 * m + 1) * ((b - (m + 1)) / (a + 2 * m + 2) * x)
        before = value
        for d in (odd, even):
            front, back = 1 + d / front, 1 / (1 + d * back)
            value = value * front * back
        if not np.any(np.abs(value - before) > 1e-14 * np.abs(value)):
            break
    return value


def _unless_tiny(value: Array, far: Callable[..., Array], *arguments: Any) -> Array:
    """Replace logarithms of what underflows by another formula."""
    tiny = value < np.log(TINY)
    if not np.any(tiny):
        return value
    *arguments, tiny = np.broadcast_arrays(*arguments, tiny)  # type: ignore[assignment]
    value = np.array(np.broadcast_to(value, tiny.shape))
    value[tiny] = far(*(argument[tiny] for argument in arguments))
    return value


def _rising_sum(like: Array, ratio: Callable[[int], Array]) -> Array:
    """1 + r₀ + r₀r₁ + … of positive ratios that fall below 1."""
    term = total = np.ones_like(like)
    for k in range(_MOST_TERMS):
        term = term * ratio(k)
        total = total + term
        if not np.any(term > 1e-17 * total):
            break
    return total
