"""Divergences between distributions that are known, not sampled: no estimate, no error bar.

`kl_divergence` and its relatives take two probability vectors, arrays of them, or two mappings
{outcome: probability}. What a distribution *is* matters in one place only, `_pair`: it turns two arguments
into an object with the five integrals that the public functions are made of.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, xlogy

from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Known: TypeAlias = ArrayLike | Mapping[Hashable, float]

_NEAR = 0.5  # |q/p - 1| below which p log(p/q) - p + q is summed as a series
_SERIES = 17  # terms of it: (1/3)^(2·17) is below a rounding error


def kl_divergence(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1
) -> float | Floats:
    """Kullback-Leibler divergence KL(p ‖ q) = Σ p log(p/q): what believing q costs when p is true.

    0 · log 0 = 0, and p > 0 where q = 0 gives +inf. It is summed as Σ [p log(p/q) - p + q], equal for
    probabilities, with every term ≥ 0 and the small ones by a series in (q - p)/(q + p): so it is never
    negative, 0 exactly for p = q, and a divergence of 1e-20 keeps its digits, where Σ p log(p/q) would hold
    nothing but rounding errors.

    Parameters
    ----------
    p, q : array_like or mapping
        Probabilities along `axis`; the other axes broadcast. Two mappings {outcome: probability} are matched
        by outcome, a missing one has probability 0.
    base : float, optional
        Of the logarithm; the default is e, nats. 2 gives bits.
    normalize : bool
        Divide by the sum. Otherwise a sum other than 1 is an error, beyond a tolerance of 1e-9 an entry and
        1e-6 altogether (an array of lower precision than double is allowed its own precision).
    axis : int
        The axis of the outcomes.

    Returns
    -------
    float or ndarray
        A float for two vectors, else an array without the axis.

    Raises
    ------
    DataError
        Probabilities that are negative, not finite, missing, of different lengths or do not sum to 1; a base
        not above 1.

    References
    ----------
    Kullback & Leibler (1951), On information and sufficiency.

    Examples
    --------
    >>> round(kl_divergence([0.5, 0.5], [0.6, 0.4]), 6)
    0.020411
    >>> kl_divergence({"heads": 1.0}, {"heads": 0.25, "tails": 0.75}, base=2)
    2.0
    """
    return _result(_pair(p, q, normalize=normalize, axis=axis).kl(), base)


def cross_entropy(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1
) -> float | Floats:
    """Cross-entropy -Σ p log q = entropy(p) + KL(p ‖ q), the expected log loss of the forecast q.

    Parameters, shapes and errors as `kl_divergence`; +inf where p > 0 = q.

    Examples
    --------
    >>> round(cross_entropy([1.0, 0.0, 0.0], [0.7, 0.2, 0.1]), 6)
    0.356675
    """
    return _result(_pair(p, q, normalize=normalize, axis=axis).cross_entropy(), base)


def entropy(p: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1) -> float | Floats:
    """Entropy -Σ p log p, with 0 · log 0 = 0.

    Parameters, shapes and errors as `kl_divergence`. Source: Shannon (1948), A mathematical theory of
    communication.

    Examples
    --------
    >>> entropy([0.5, 0.25, 0.25], base=2)
    1.5
    """
    return _result(_pair(p, p, normalize=normalize, axis=axis).cross_entropy(), base)


def jensen_shannon(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1
) -> float | Floats:
    """Jensen-Shannon divergence, the mean of KL(p ‖ m) and KL(q ‖ m) with m = (p + q)/2.

    Symmetric, between 0 and log 2, and finite always; its square root is a metric. Parameters, shapes and
    errors as `kl_divergence`. Source: Lin (1991), Divergence measures based on the Shannon entropy.

    Examples
    --------
    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0], base=2)
    1.0
    """
    return _result(_pair(p, q, normalize=normalize, axis=axis).jensen_shannon(), base)


def jeffreys(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1
) -> float | Floats:
    """Jeffreys divergence, KL(p ‖ q) + KL(q ‖ p).

    Parameters, shapes and errors as `kl_divergence`. Source: Jeffreys (1946), An invariant form for the prior
    probability in estimation problems.

    Examples
    --------
    >>> round(jeffreys([0.5, 0.5], [0.6, 0.4]), 6)
    0.040547
    """
    pair = _pair(p, q, normalize=normalize, axis=axis)
    return _result(pair.kl() + pair.reverse_kl(), base)


def renyi(
    p: Known, q: Known, alpha: float, *, base: float | None = None, normalize: bool = False, axis: int = -1
) -> float | Floats:
    """Rényi divergence of order α, log(Σ p^α q^(1-α)) / (α - 1).

    Its limits are taken at α = 0 (-log q(p > 0)), 1 (KL) and ∞ (log max p/q). It grows with α. Parameters,
    shapes and errors as `kl_divergence`; 0 ≤ α ≤ ∞, anything else is an error too.
    Source: van Erven & Harremoës (2014), Rényi divergence and Kullback-Leibler divergence.

    Examples
    --------
    >>> round(renyi([0.5, 0.5], [0.6, 0.4], alpha=2), 6)
    0.040822
    """
    if not alpha >= 0:
        raise DataError(f"alpha must be 0 or more, possibly infinite, not {alpha!r}")
    return _result(_pair(p, q, normalize=normalize, axis=axis).renyi(float(alpha)), base)


# what a pair of distributions is ---------------------------------------------------------------------------


class _Pair(Protocol):
    """Two distributions on one space, and the integrals over it, in nats."""

    def kl(self) -> Floats: ...
    def reverse_kl(self) -> Floats: ...
    def cross_entropy(self) -> Floats: ...
    def jensen_shannon(self) -> Floats: ...
    def renyi(self, alpha: float) -> Floats: ...


def _pair(p: Known, q: Known, *, normalize: bool, axis: int) -> _Pair:
    """Decide what p and q are: the only place to extend for distributions of another kind."""
    if isinstance(p, Mapping) and isinstance(q, Mapping):
        outcomes = list(dict.fromkeys([*p, *q]))
        for name, law in (("p", p), ("q", q)):
            if not law:
                raise DataError(f"{name} is an empty mapping: at least one outcome is needed")
        vectors = [
            _probabilities([law.get(x, 0.0) for x in outcomes], name, normalize, -1, labels=outcomes)
            for name, law in (("p", p), ("q", q))
        ]
        return _Vectors(*vectors)
    if isinstance(p, Mapping) or isinstance(q, Mapping):
        raise DataError("p and q must both be mappings {outcome: probability} or both arrays, not one of each")
    left, right = _probabilities(p, "p", normalize, axis), _probabilities(q, "q", normalize, axis)
    if left.shape[-1] != right.shape[-1]:
        raise DataError(f"p and q must have as many outcomes; they have {left.shape[-1]} and {right.shape[-1]}")
    try:
        np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        shapes = f"{left.shape[:-1]} and {right.shape[:-1]}"
        raise DataError(f"p and q must broadcast over their leading axes; these are {shapes}") from None
    return _Vectors(left, right)


@dataclass(frozen=True)
class _Vectors:
    """Probabilities of the same outcomes, along the last axis."""

    p: Floats
    q: Floats

    def kl(self) -> Floats:
        return np.asarray(_excess(self.p, self.q, self.q - self.p).sum(axis=-1))

    def reverse_kl(self) -> Floats:
        return np.asarray(_excess(self.q, self.p, self.p - self.q).sum(axis=-1))

    def cross_entropy(self) -> Floats:
        return np.asarray(0.0 - xlogy(self.p, self.q).sum(axis=-1))

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
            gain = (p * _exponential_remainder(s * np.where(p > 0, log_ratio, 0.0))).sum(axis=-1) - s * self.kl()
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


def _exponential_remainder(y: Floats) -> Floats:
    """e^y - 1 - y, by its own series near 0."""
    near = np.abs(y) < _NEAR
    small = np.where(near, y, 0.0)
    series = np.zeros_like(small)
    for k in range(_SERIES, 1, -1):
        series = (1.0 + series) * small / k
    return np.where(near, series * small, np.expm1(y) - y)


def _log(x: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(x)


# reading vectors --------------------------------------------------------------------------------------------


def _probabilities(
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


def _result(nats: Floats, base: float | None) -> float | Floats:
    """Change the unit; a single number comes back as a float."""
    if base is not None:
        if not 1 < base < np.inf:
            raise DataError(f"base must be finite and above 1, but is {base!r}")
        nats = nats / np.log(base)
    return float(nats) if np.ndim(nats) == 0 else np.asarray(nats)
