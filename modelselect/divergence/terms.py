"""What divergences add up, from logarithms of masses or densities: no term of them is a difference of large numbers.

With L = log q/p every integral is one of p times a function of L that vanishes with its derivative at L = 0, so that
what is nearly equal keeps its digits, and equal laws have divergence 0 exactly. Where p = 0 the limit is taken.
"""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array

#: |y| below which e^y − 1 − y is summed as a series.
_NEAR = 0.5
#: Terms of the series: 0.5^17 / 17! is below a rounding error.
_SERIES = 17


def remainder(y: Array) -> Array:
    """e^y − 1 − y ≥ 0, by its own series near 0.

    Examples
    --------
    >>> float(remainder(np.array(1e-8)))
    5.000000016666667e-17
    """
    near = np.abs(y) < _NEAR
    small = np.where(near, y, 0.0)
    series = np.zeros_like(small)
    for k in range(_SERIES, 1, -1):
        series = (1.0 + series) * small / k
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(near, series * small, np.expm1(y) - y)


def excess(log_p: Array, log_q: Array) -> Array:
    """Terms p log(p/q) − p + q ≥ 0 of KL(p ‖ q); +inf where p > 0 = q.

    Their sum is the divergence plus the mass of q less that of p, where p has mass at all.
    """
    with np.errstate(all="ignore"):
        p, q, log_ratio = np.exp(log_p), np.exp(log_q), log_q - log_p
        close = p * remainder(np.where(np.abs(log_ratio) < 1.0, log_ratio, 0.0))
        far = q - p * (1.0 + log_ratio)
        return np.where(p > 0, np.where(np.abs(log_ratio) < 1.0, close, far), q)


def plain(log_p: Array, log_q: Array) -> Array:
    """Terms p log(p/q), of either sign: they leave out what q does where p has no mass."""
    with np.errstate(all="ignore"):
        p = np.exp(log_p)
        return np.where(p > 0, p * (log_p - log_q), 0.0)


def surprise(log_p: Array, log_q: Array) -> Array:
    """Terms −p log q of the cross-entropy."""
    with np.errstate(all="ignore"):
        p = np.exp(log_p)
        return np.where(p > 0, -p * log_q, 0.0)


def middle(log_p: Array, log_q: Array) -> Array:
    """Terms of the Jensen–Shannon divergence, half of those of KL(p ‖ m) and KL(q ‖ m), m = (p + q)/2."""
    with np.errstate(all="ignore"):
        p, q = np.exp(log_p), np.exp(log_q)
        log_ratio = np.where((p > 0) & (q > 0), log_q - log_p, 0.0)
        up, down = _to_middle(log_ratio), _to_middle(-log_ratio)
        near = np.abs(log_ratio) < 1.0
        close = p * remainder(np.where(near, up, 0.0)) + q * remainder(np.where(near, down, 0.0))
        both = 0.5 * np.where(near, close, -p * up - q * down)
        return np.where((p > 0) & (q > 0), both, 0.5 * np.log(2.0) * (p + q))


def _to_middle(log_ratio: Array) -> Array:
    """log((1 + e^L)/2), without a difference near L = 0."""
    small = log_ratio < 1.0
    return np.where(
        small, np.log1p(np.expm1(np.where(small, log_ratio, 0.0)) / 2.0), np.logaddexp(0.0, log_ratio) - np.log(2.0)
    )


def gain(log_p: Array, log_q: Array, alpha: float) -> Array:
    """Terms p^α q^(1−α) − α p − (1−α) q, whose sum is Σ p^α q^(1−α) − 1: ≤ 0 for 0 < α < 1, ≥ 0 for α > 1."""
    s = 1.0 - alpha
    with np.errstate(all="ignore"):
        p, q = np.exp(log_p), np.exp(log_q)
        log_ratio = log_q - log_p
        close = np.abs(log_ratio) < min(1.0, 1.0 / abs(s))
        L = np.where(close, log_ratio, 0.0)
        near = p * (remainder(s * L) - s * remainder(L))
        possible = ~np.isneginf(log_p)  # also where p has underflown: q may be smaller by far
        power = np.where(possible, np.exp(log_p + s * log_ratio), 0.0)
        power = np.where(possible & np.isneginf(log_q), 0.0 if s > 0 else np.inf, power)
        return np.where((p > 0) & close, near, power - alpha * p - s * q)


def product(log_p: Array, log_q: Array, alpha: float) -> Array:
    """Logarithms of p^α q^(1−α): −∞ where one that is raised to a positive power is 0."""
    with np.errstate(all="ignore"):
        value = alpha * log_p + (1.0 - alpha) * log_q
        return np.where(np.isneginf(log_p), -np.inf, np.where(np.isnan(value), np.inf, value))
