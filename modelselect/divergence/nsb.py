"""The Bayesian entropy of counts of Nemenman, Shafee & Bialek, in nats, batched over leading axes.

Under a symmetric Dirichlet prior of concentration β the entropy is nearly known before any datum is seen. NSB mix
these priors over β so that the prior of the entropy itself is nearly flat. Their integral is over log β, where the
integrand is analytic and falls off exponentially both ways: the trapezoidal rule converges exponentially.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln, polygamma

from modelselect.divergence.counts import WHOLE, checked_counts
from modelselect.errors import DataError
from modelselect.grouped import distinct_in_rows

Floats: TypeAlias = NDArray[np.float64]

_COARSE, _FINE = 40, 128  # nodes of the passes that look for the integrand, and of the one that sums it
_LOWEST, _HIGHEST = -45.0, 40.0  # of log β
_NEGLIGIBLE = 42.0  # nats below the maximum of the integrand


def nsb(counts: ArrayLike, outcomes: ArrayLike | None = None) -> Floats:
    """Posterior mean of the entropy under the prior of Nemenman, Shafee & Bialek.

    ::

        H = ∫ E(H | c, β) P(c | β) dξ / ∫ P(c | β) dξ,   ξ(β) = ψ(Kβ + 1) - ψ(β + 1)
        P(c | β) ∝ Γ(Kβ)/Γ(n + Kβ) Π Γ(c_i + β)/Γ(β)
        E(H | c, β) = ψ(n + Kβ + 1) - Σ (c_i + β)/(n + Kβ) ψ(c_i + β + 1)

    Parameters
    ----------
    counts : array_like, shape (..., m)
        How often, or with what frequency weight, each distinct outcome was seen; 0 is padding.
    outcomes : array_like, shape (...), optional
        Number K of outcomes that are possible, at least as many as were seen; by default that of
        `possible_outcomes`, estimated.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for a sample without observations. Memory: some five numbers for each of the counts, whatever the
        number of nodes. Equal counts are worked out once: n observations have fewer than √(2n) different ones.

    Raises
    ------
    DataError
        A count is negative or not finite; fewer outcomes are possible than were seen.

    References
    ----------
    Nemenman, Shafee & Bialek (2002), Entropy and inference, revisited.

    Examples
    --------
    >>> float(nsb([4, 3, 1, 1, 1], outcomes=8).round(6))
    1.692237
    """
    c = checked_counts(counts)
    seen = np.count_nonzero(c, axis=-1)
    K = np.broadcast_to(np.asarray(possible_outcomes(c) if outcomes is None else outcomes, np.float64), seen.shape)
    if not (seen <= K).all():
        place = int(np.flatnonzero(~(seen <= K).ravel())[0])
        raise DataError(f"outcomes must be at least the number seen, {seen.ravel()[place]}; it is {K.ravel()[place]:g}")
    chosen = (c.sum(axis=-1) > 0) & (K > 1)
    value = np.where(c.sum(axis=-1) > 0, 0.0, np.nan)  # one possible outcome is no surprise
    if chosen.any():
        value[chosen] = _posterior_mean(*_multiplicities(c[chosen]), K[chosen])
    return value


def possible_outcomes(counts: ArrayLike) -> Floats:
    """Number of outcomes that are possible, as Chao estimates it: those seen plus f1(f1 - 1)/(2(f2 + 1)), rounded up.

    Source: Chao (1984, the bias-corrected form), Nonparametric estimation of the number of classes in a population.

    Examples
    --------
    >>> float(possible_outcomes([4, 3, 1, 1, 1]))
    8.0
    """
    c = checked_counts(counts)
    f1 = np.count_nonzero(np.abs(c - 1.0) <= WHOLE, axis=-1)
    f2 = np.count_nonzero(np.abs(c - 2.0) <= 2.0 * WHOLE, axis=-1)
    return np.asarray(np.count_nonzero(c, axis=-1) + np.ceil(f1 * (f1 - 1.0) / (2.0 * (f2 + 1.0))))


def _multiplicities(c: Floats) -> tuple[Floats, Floats]:
    """Distinct counts of each sample (G, m), and how many outcomes have them: 0 on padding, whose count is 0."""
    ordered = np.sort(np.where(c > 0, c, np.inf), axis=-1)
    distinct, often, _ = distinct_in_rows(ordered, np.isfinite(ordered).astype(np.float64))
    return np.where(np.isfinite(distinct), distinct, 0.0), np.where(np.isfinite(distinct), often, 0.0)


def _posterior_mean(c: Floats, often: Floats, K: Floats) -> Floats:
    """Of samples (G, m) with K (G,) > 1: coarse passes find where the integrand lives, a fine one sums it."""
    low, high = np.full(K.shape, _LOWEST), np.full(K.shape, _HIGHEST)
    for _ in range(3):
        nodes = np.linspace(low, high, _COARSE)
        logs = np.stack([_log_weight(np.exp(t), c, often, K) for t in nodes])
        alive = logs > logs.max(axis=0) - _NEGLIGIBLE
        first, last = alive.argmax(axis=0), _COARSE - 1 - alive[::-1].argmax(axis=0)
        low, high = (
            np.take_along_axis(nodes, np.clip(end, 0, _COARSE - 1)[None], axis=0)[0] for end in (first - 1, last + 1)
        )
    nodes = np.linspace(low, high, _FINE)
    logs = np.stack([_log_weight(np.exp(t), c, often, K) for t in nodes])
    weights = np.exp(logs - logs.max(axis=0))
    means = np.stack([_mean_entropy(np.exp(t), c, often, K) for t in nodes])
    return np.asarray((weights * means).sum(axis=0) / weights.sum(axis=0))


def _log_weight(b: Floats, c: Floats, often: Floats, K: Floats) -> Floats:
    """log[P(c | β) dξ/d log β] up to a constant."""
    likelihood = (often * _log_rising(b[:, None], c)).sum(axis=-1)
    likelihood = likelihood - _log_rising(K * b, (often * c).sum(axis=-1))
    # 1/β² (1 - 1/K)/2 - …, where the difference of two trigammas loses its digits
    far = (1.0 - 1.0 / K) * (0.5 - (1.0 + 1.0 / K) / (6.0 * np.maximum(b, 1.0))) / np.maximum(b, 1.0) ** 2
    near = np.minimum(b, 1e4)
    slope = np.where(b < 1e4, K * polygamma(1, K * near + 1.0) - polygamma(1, near + 1.0), far)
    return np.asarray(likelihood + np.log(slope) + np.log(b))


def _log_rising(b: Floats, n: Floats) -> Floats:
    """Log Γ(b + n) - log Γ(b), for large b from the difference of Stirling's series, which keeps the digits."""
    far, near = np.maximum(b, 50.0), np.minimum(b, 50.0)
    u, v = 1.0 / (far + n), 1.0 / far
    series = (u - v) / 12 - (u**3 - v**3) / 360 + (u**5 - v**5) / 1260
    stirling = (far + n - 0.5) * np.log1p(n / far) - n + n * np.log(far) + series
    return np.where(b > 50.0, stirling, gammaln(near + n) - gammaln(near))


def _mean_entropy(b: Floats, c: Floats, often: Floats, K: Floats) -> Floats:
    """E(H | c, β); an outcome not seen contributes with c = 0, also those that are not in the table."""
    b = b[:, None]
    total = (often * c).sum(axis=-1) + K * b[:, 0]
    seen = (often * (c + b) * digamma(c + b + 1.0)).sum(axis=-1)
    unseen = (K - often.sum(axis=-1)) * (b * digamma(b + 1.0))[:, 0]
    return np.asarray(digamma(total + 1.0) - (seen + unseen) / total)
