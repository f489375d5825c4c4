"""Differences of special functions whose digits die in their textbook form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, gammaln

from modelselect.domain import Array


def stirling(z: Any) -> Any:
    """gammaln(z) − (z − ½) log z + z − ½ log 2π for z ≥ 50: error below 1e-18."""
    r = 1.0 / z
    s = r * r
    return r * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s / 1680)))


def log_rising_excess(s: Any, x: Any) -> Array:
    """Log Γ(s + x)/Γ(s) − x log s for s > 0, x ≥ 0: vanishes as s → ∞, to full precision.

    With it a negative binomial with size 1e12 is a Poisson to the last digit, a beta-binomial a
    binomial, and the constant of Student's t that of the normal.
    """
    s, x = np.asarray(s, dtype=float), np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        large = np.asarray((s + x - 0.5) * np.log1p(x / s) - x + stirling(s + x) - stirling(s))
        if np.all(s >= 50):
            return large
        return np.where(s >= 50, large, gammaln(s + x) - gammaln(s) - x * np.log(s))


def log_minus_digamma(a: Any) -> Array:
    """Log a − ψ(a), positive and falling from ∞ to 0."""
    a = np.asarray(a, dtype=float)
    with np.errstate(all="ignore"):
        r = 1.0 / a
        s = r * r
        series = r / 2 + s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
        return np.asarray(np.where(a > 20, series, np.log(a) - digamma(a)))


def times_log(a: Any, x: Any) -> Any:
    """A·log x with 0·log 0 = 0, without the cost of xlogy on millions of observations."""
    with np.errstate(all="ignore"):
        product = a * np.log(x)
        return np.where(np.asarray(a) == 0, 0.0, product) if np.any(np.asarray(a) == 0) else product
