"""Divergences of probability vectors, of logits, and of masses listed by outcome: sums over the last axis."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, logsumexp, xlogy

from modelselect.divergence import terms
from modelselect.divergence.measures import Pair
from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]

_NEAR = 0.5  # |q/p - 1| below which p log(p/q) - p + q is summed as a series
_SERIES = 17  # terms of it: (1/3)^(2·17) is below a rounding error


@dataclass(frozen=True)
class Vectors(Pair):
    """Probabilities of the same outcomes, along the last axis."""

    p: Floats
    q: Floats

    def kl(self) -> Floats:
        return np.asarray(_excess(self.p, self.q, self.q - self.p).sum(axis=-1))

    def reverse_kl(self) -> Floats:
        return np.asarray(_excess(self.q, self.p, self.p - self.q).sum(axis=-1))

    def cross_entropy(self) -> Floats:
        return np.asarray(0.0 - xlogy(self.p, self.q).sum(axis=-1))

    def entropy(self) -> Floats:
        return np.asarray(0.0 - xlogy(self.p, self.p).sum(axis=-1))

    def jensen_shannon(self) -> Floats:
        half = (self.q - self.p) / 2  # from p to the middle exactly; the rounded middle would lose it
        middle = self.p + half
        return np.asarray((_excess(self.p, middle, half) + _excess(self.q, middle, -half)).sum(axis=-1) / 2)

    def renyi(self, alpha: float) -> Floats:
        p, q = np.broadcast_arrays(self.p, self.q)
        if alpha == 1:
            return self.kl()
        if alpha == 0:
            return np.asarray(np.maximum(-_log(np.where(p > 0, q, 0.0).sum(axis=-1)), 0.0))
        log_ratio = np.where(p > 0, _log_ratio(p, q), np.inf)  # log q/p, of no weight where p = 0
        if np.isinf(alpha):
            return np.asarray(np.maximum(-log_ratio.min(axis=-1), 0.0))
        s = 1.0 - alpha
        with np.errstate(over="ignore", invalid="ignore"):
            # Σ p^α q^(1-α) = 1 - s KL + Σ p (e^{sL} - 1 - sL), L = log q/p: keeps the digits near p = q
            gain = (p * terms.remainder(s * np.where(p > 0, log_ratio, 0.0))).sum(axis=-1) - s * self.kl()
            logs = np.where(p > 0, _log(p) + s * log_ratio, -np.inf)
        close = np.abs(gain) < 0.1
        far = logsumexp(np.where(close[..., None], 0.0, logs), axis=-1)
        return np.asarray(np.maximum(np.where(close, np.log1p(np.where(close, gain, 0.0)), far) / -s, 0.0))


def _excess(p: Floats, q: Floats, difference: Floats) -> Floats:
    """Terms p log(p/q) - p + q ≥ 0, given difference = q - p to its last digit; +inf where p > 0 = q.

    Near p = q, with d = (q-p)/p and u = d/(2+d): d - log1p(d) = d u - 2u³ (1/3 + u²/5 + u⁴/7 + …).
    """
    p, q, difference = np.broadcast_arrays(p, q, difference)
    near = (np.abs(difference) < _NEAR * p) & (p > 0)
    u = np.where(near, difference / np.where(near, p + q, 1.0), 0.0)
    squared = u * u
    series = np.zeros_like(u)
    for k in range(_SERIES, 0, -1):
        series = 1.0 / (2 * k + 1) + squared * series
    d = np.where(near, difference / np.where(near, p, 1.0), 0.0)
    close = p * (d * u - 2 * u * squared * series)
    log_ratio = _log_ratio(np.where(near, 1.0, p), np.where(near, 1.0, q))
    far = np.where(p > 0, difference - p * np.where(p > 0, log_ratio, 0.0), q)
    return np.where(near, close, far)


def _log_ratio(p: Floats, q: Floats) -> Floats:
    """log(q/p), also near 1 and where the ratio itself overflows or underflows; NaN where both are 0."""
    with np.errstate(all="ignore"):
        ratio = q / p
        far = np.where((ratio > 1e-300) & (ratio < 1e300), np.log(ratio), np.log(q) - np.log(p))
        return np.where(np.abs(q - p) < _NEAR * p, np.log1p((q - p) / p), far)


def _log(x: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(x)


# reading vectors --------------------------------------------------------------------------------------------


def probabilities(
    values: ArrayLike, name: str, normalize: bool, axis: int, labels: list[Hashable] | None = None
) -> Floats:
    """Check probabilities and return them along the last axis, as they are or divided by their sum."""
    try:
        given = np.asarray(values)
        numbers = given.dtype.kind in "biufO"
        x = given.astype(np.float64) if numbers else np.zeros(0)
    except (TypeError, ValueError):
        numbers = False
    if not numbers:
        raise DataError(f"{name} must be numbers in a rectangular array, or a mapping; not {values!r:.80}")
    if x.ndim == 0:
        raise DataError(f"{name} must be a vector of probabilities, not the number {x:g}")
    if not -x.ndim <= axis < x.ndim:
        raise DataError(f"axis must be one of the {x.ndim} axes of {name}, not {axis}")
    if x.shape[axis] == 0:
        raise DataError(f"{name} is empty: at least one outcome is needed")
    for wrong, must in ((~np.isfinite(x), "finite"), (x < 0, "0 or more")):
        if wrong.any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            place = repr(labels[where[0]]) if labels else ", ".join(map(str, where))
            raise DataError(f"{name} must be {must}, but {name}[{place}] is {float(x[where])!r}")
    x = np.moveaxis(x, axis, -1)
    total = x.sum(axis=-1, keepdims=True)
    if normalize:
        if not ((total > 0) & np.isfinite(total)).all():
            raise DataError(f"{name} cannot be normalized: its sum is 0 or infinite{_row(total > 0)}")
        return np.asarray(x / total)
    precision = max(1e-9, np.finfo(given.dtype).eps if given.dtype.kind == "f" else 0.0)
    fine = np.abs(total - 1.0) <= min(precision * x.shape[-1], max(1e-6, 8 * precision))
    if not fine.all():
        first = float(total[~fine][0])
        raise DataError(f"{name} must sum to 1, but sums to {first!r}{_row(fine)}; normalize=True divides by it")
    return x


def _row(fine: NDArray[np.bool_]) -> str:
    """Name the first row that is not fine, where there are several."""
    if fine.ndim == 1 or fine.all():
        return ""
    return f" in row {', '.join(str(int(i)) for i in np.argwhere(~fine)[0][:-1])}"


@dataclass(frozen=True)
class LogVectors(Pair):
    """Logarithms of the probabilities of the same outcomes, along the last axis."""

    log_p: Floats
    log_q: Floats

    def kl(self) -> Floats:
        return np.asarray(terms.excess(self.log_p, self.log_q).sum(axis=-1))

    def reverse_kl(self) -> Floats:
        return np.asarray(terms.excess(self.log_q, self.log_p).sum(axis=-1))

    def cross_entropy(self) -> Floats:
        return np.asarray(terms.surprise(self.log_p, self.log_q).sum(axis=-1) + 0.0)

    def entropy(self) -> Floats:
        return np.asarray(terms.surprise(self.log_p, self.log_p).sum(axis=-1) + 0.0)

    def jensen_shannon(self) -> Floats:
        return np.asarray(terms.middle(self.log_p, self.log_q).sum(axis=-1))

    def renyi(self, alpha: float) -> Floats:
        log_p, log_q = np.broadcast_arrays(self.log_p, self.log_q)
        if alpha == 1:
            return self.kl()
        with np.errstate(all="ignore"):
            if alpha == 0:
                return np.asarray(-logsumexp(np.where(np.isneginf(log_p), -np.inf, log_q), axis=-1) + 0.0)
            if np.isinf(alpha):
                return np.asarray(np.where(np.isneginf(log_p), -np.inf, log_p - log_q).max(axis=-1))
            gain = terms.gain(log_p, log_q, alpha).sum(axis=-1)
            far = logsumexp(terms.product(log_p, log_q, alpha), axis=-1)
            return np.asarray(np.where(np.abs(gain) < 0.1, np.log1p(gain), far) / (alpha - 1.0) + 0.0)


def from_logits(values: ArrayLike, name: str, axis: int) -> Floats:
    """Log-probabilities along the last axis from logits, of which −∞ stands for probability 0."""
    try:
        x = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} must be logits in a rectangular array, not {values!r:.80}") from None
    if x.ndim == 0 or not -x.ndim <= axis < x.ndim or x.shape[axis] == 0:
        raise DataError(f"{name} must be an array of logits with outcomes along axis {axis}, not of shape {x.shape}")
    x = np.moveaxis(x, axis, -1)
    if np.isnan(x).any() or np.isposinf(x).any() or np.isneginf(x).all(axis=-1).any():
        raise DataError(f"{name} must be logits: numbers or -inf, at least one of them finite in each row")
    return np.asarray(log_softmax(x, axis=-1))
