"""Entropy of counts, in nats: the plug-in estimate and its corrections, batched over leading axes."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, entr, exp1

from modelselect.errors import DataError
from modelselect.stretches import STRETCH, stretches

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]

WHOLE = 1e-9  # a count this near to a whole number, relatively, is that number: 0.1 added ten times is 1
_HEAD = 32  # terms of the Chao-Wang-Jost series summed one by one before Euler-Maclaurin takes over


def plug_in(counts: ArrayLike) -> Floats:
    """Entropy of the observed frequencies, -Σ p̂ log p̂ with p̂ = c/n; too small by about (K - 1)/(2n).

    Parameters
    ----------
    counts : array_like, shape (..., m)
        How often, or with what frequency weight, each distinct outcome was seen; 0 is padding.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for a sample without observations.

    Raises
    ------
    DataError
        A count is negative or not finite.

    Examples
    --------
    >>> float(plug_in([1, 1, 2]).round(6))
    1.039721
    """
    c = checked_counts(counts)
    n = positive_or_nan(c.sum(axis=-1))
    return np.where(n > 0, entr(c / n[..., None]).sum(axis=-1) + 0.0, np.nan)


def miller_madow(counts: ArrayLike) -> Floats:
    """Plug-in entropy plus its first-order bias, (K - 1)/(2n), K the number of distinct outcomes seen.

    For well-filled supports; K misses the unseen outcomes of sparse ones. Weights may be fractional: for
    importance weights that sum to n_eff, var p̂ = p(1 - p)/n_eff gives the same correction. Parameters, shapes
    and errors as `plug_in`. Source: Miller (1955), Note on the bias of information estimates.

    Examples
    --------
    >>> float(miller_madow([1, 1, 2]).round(6))
    1.289721
    """
    c = checked_counts(counts)
    return np.asarray(plug_in(c) + (np.count_nonzero(c, axis=-1) - 1) / (2.0 * positive_or_nan(c.sum(axis=-1))))


def chao_wang_jost(counts: ArrayLike) -> Floats:
    """Entropy with the unseen outcomes estimated from those seen once and twice.

    With f1 outcomes seen once, f2 seen twice ::

        H = Σ (c/n) (ψ(n) - ψ(c)) + (f1/n) Σ_{r ≥ n} (1 - A)^(r-n+1) / r
        A = 2 f2 / ((n-1) f1 + 2 f2)  if f2 > 0,   2 / ((n-1)(f1-1) + 2)  if f2 = 0 < f1,   1 otherwise

    Parameters, shapes and errors as `plug_in`. A weight within 1e-9 of a whole number is that number; a
    sample with any other *fractional* weight has no singletons to go by, and gets `miller_madow`.
    Source: Chao, Wang & Jost (2013), Entropy and the species accumulation curve.

    Examples
    --------
    >>> chao_wang_jost([[4, 3, 1, 1, 1], [10, 0, 0, 0, 0]]).round(6)
    array([1.81499, 0.     ])
    """
    c = checked_counts(counts)
    integral = whole(c)
    every = bool(integral.all())
    # fractional samples are set at the end
    k = (np.rint(c) if every else np.where(integral[..., None], np.rint(c), 1.0)).astype(np.int64)
    n = np.maximum(k.sum(axis=-1), 1).astype(np.float64)
    f1, f2 = np.count_nonzero(k == 1, axis=-1), np.count_nonzero(k == 2, axis=-1)
    most = k.max(axis=-1, initial=1)
    top = int(most.max(initial=1))
    each = _times_digamma(np.arange(top + 1))[k] if top < k.size else _times_digamma(k)
    seen = np.where(most < n, digamma(n) - each.sum(axis=-1) / n, 0.0)
    twice = 2.0 * np.maximum(f2, 1)
    A = twice / ((n - 1) * np.maximum(f1 - (f2 == 0), 0) + twice)
    pairs, which = np.unique(n + 1j * A, return_inverse=True)  # many samples share n, f1 and f2
    unseen = _unseen_series(pairs.real, pairs.imag)[which].reshape(n.shape)
    value = np.where(k.any(axis=-1), seen + f1 / n * unseen, np.nan)
    return value if every else np.where(integral, value, miller_madow(c))


def _times_digamma(k: NDArray[np.int64]) -> Floats:
    return np.asarray(k * digamma(np.maximum(k, 1)))


def chao_shen(counts: ArrayLike) -> Floats:
    """Horvitz & Thompson's sum over the outcomes seen, their probabilities shrunk by Good's coverage C = 1 - f1/n.

    ::

        H = -Σ p̃ log p̃ / (1 - (1 - p̃)^n),   p̃ = C c/n,   C = 1 - (f1 - 1)/n if every outcome was seen once

    Parameters and shapes as `plug_in`, whole counts only: fractional ones have no singletons, and are a DataError.
    Source: Chao & Shen (2003), Nonparametric estimation of Shannon's index of diversity when there are unseen
    species in sample.

    Examples
    --------
    >>> float(chao_shen([4, 3, 1, 1, 1]).round(6))
    1.814526
    """
    c = _whole_counts(counts, "Chao-Shen")
    n = positive_or_nan(c.sum(axis=-1))
    alone = np.count_nonzero(c == 1, axis=-1)
    p = (1.0 - (alone - (alone == n)) / n)[..., None] * c / n[..., None]
    open_ = (p > 0.0) & (p < 1.0)  # padding and a sole outcome have no surprise
    missed = np.exp(n[..., None] * np.log1p(-np.where(open_, p, 0.5)))
    return np.where(n > 0, np.where(open_, entr(p) / (1.0 - missed), 0.0).sum(axis=-1), np.nan)


def grassberger(counts: ArrayLike) -> Floats:
    """Entropy whose bias falls off exponentially in the mean count of an outcome, but for 1/(2n) where n is given.

    ::

        H = log n - (1/n) Σ c G(c),   G(c) = ψ(c) + (-1)^c [ψ((c + 1)/2) - ψ(c/2)] / 2

    Parameters and shapes as `plug_in`, whole counts only: of others the sign is unknown, and they are a DataError.
    Source: Grassberger (2003), Entropy estimates from insufficient samplings, equation 35.

    Examples
    --------
    >>> float(grassberger([4, 3, 1, 1, 1]).round(6))
    1.906281
    """
    c = _whole_counts(counts, "Grassberger")
    n = positive_or_nan(c.sum(axis=-1))
    some = np.maximum(c, 1.0)
    sign = 1.0 - 2.0 * np.mod(some, 2.0)
    G = digamma(some) + sign * (digamma((some + 1.0) / 2.0) - digamma(some / 2.0)) / 2.0
    return np.asarray(np.log(n) - (c * G).sum(axis=-1) / n)


def _whole_counts(counts: ArrayLike, whose: str) -> Floats:
    c = checked_counts(counts)
    if not whole(c).all():
        wrong = float(c[np.abs(c - np.rint(c)) > WHOLE * c][0])
        raise DataError(f"counts must be whole numbers for the entropy of {whose}; one of them is {wrong!r}")
    return np.rint(c)


def checked_counts(counts: ArrayLike) -> Floats:
    """Check counts or weights, and return them as floats."""
    c = np.atleast_1d(np.asarray(counts, dtype=np.float64))
    wrong = c[~((c >= 0) & (c < np.inf))]
    if wrong.size:
        raise DataError(f"counts must be finite and not negative; one of them is {float(wrong[0])!r}")
    return c


def positive_or_nan(n: Floats) -> Floats:
    """NaN in place of what is not positive, to divide by."""
    return np.where(n > 0, n, np.nan)


def whole(c: Floats) -> Booleans:
    """Whether all counts of a sample are whole."""
    if c.ndim == 1 and c.size > STRETCH:
        return np.asarray(all(whole(c[cut]) for cut in stretches(c.size)))
    return np.asarray((np.abs(c - np.rint(c)) <= WHOLE * c).all(axis=-1))


def _unseen_series(n: Floats, A: Floats) -> Floats:
    """Σ_{r ≥ n} (1 - A)^(r-n+1) / r for n ≥ 1 and 0 < A ≤ 1, elementwise, to 1e-13 relative.

    From N = n + 32 on it is Euler-Maclaurin for f(r) = e^{-a(r-n+1)}/r, a = -log(1 - A):
    ∫f + f/2 - f'/12 + f'''/720 - f⁽⁵⁾/30240 at N, with ∫f = e^{-33a} e^{aN} E1(aN).
    """
    a = -np.log1p(-np.where(A < 1.0, A, 0.5))
    j = np.arange(_HEAD)
    head = (np.exp(-a[..., None] * (j + 1.0)) / (n[..., None] + j)).sum(axis=-1)
    N = n + _HEAD
    b = 1.0 / N
    third = a**3 + 3 * a**2 * b + 6 * a * b**2 + 6 * b**3
    fifth = a**5 + 5 * a**4 * b + 20 * a**3 * b**2 + 60 * a**2 * b**3 + 120 * a * b**4 + 120 * b**5
    sums = _scaled_exp1(a * N) + b * (0.5 + (a + b) / 12 - third / 720 + fifth / 30240)
    return np.where(A < 1.0, head + np.exp(-a * (_HEAD + 1.0)) * sums, 0.0)


def _scaled_exp1(x: Floats) -> Floats:
    """e^x E1(x) for x > 0, where e^x would overflow by the asymptotic series (Abramowitz & Stegun 5.1.51)."""
    near, far = np.minimum(x, 50.0), np.maximum(x, 50.0)
    series = np.ones_like(far)
    for k in range(20, 0, -1):
        series = 1.0 - k * series / far
    return np.where(x <= 50.0, np.exp(near) * exp1(near), series / far)
