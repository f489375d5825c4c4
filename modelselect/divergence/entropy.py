"""Entropy of a sample, in nats: the level that turns a log-likelihood into a divergence.

Counts (a mass on distinct outcomes) have a plug-in entropy and its corrections; a continuous sample has the
spacings between its order statistics; a rounded one is both at once, by H_lattice = H(X + U(0, h)) - log h.

The functions on arrays work on many samples together, along the leading axes. `lattice_entropy` and
`continuous_entropy` judge one sample, and say in words what was done and why nothing could be done.
The choices (order of the spacings, extrapolation, threshold for sparse integers) come from the project's own
simulations; the estimators are named where they stand.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, entr, exp1

from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

JITTER_SEED = 0
"""Seed of the jitter that `lattice` adds when no other is given: the same data give the same entropy."""

JITTER_LIMIT = 10_000_000
"""Largest number of observations that `jittered` expands (five arrays of that length at a time)."""

SPARSE_SINGLETONS = 0.15
SPARSE_DISTINCT = 20
MINIMUM_SIZE = 4

_WHOLE = 1e-9  # a count this near to a whole number, relatively, is that number: 0.1 added ten times is 1
_ON_GRID = 1e-3  # how far, in steps, a value may be from its grid point
_HEAD = 32  # terms of the Chao-Wang-Jost series summed one by one before Euler-Maclaurin takes over


@dataclass(frozen=True)
class Entropy:
    """The entropy of one sample.

    Attributes
    ----------
    value : float
        Nats; NaN where no honest value exists, and then `method` says why.
    method : str
        What was computed, or the reason why nothing was.
    se : float
        Standard error of `value`: the standard deviation of the pointwise terms over √n. First order: it is 0
        for equal counts, where the fluctuation is of the order of 1/n.
    """

    value: float
    method: str
    se: float


class Estimate(NamedTuple):
    """Entropies of a batch of samples, and the pointwise terms that intervals are made of.

    `value` and `se` have the shape of the batch; `terms` has one entry a distinct value (0 where the weight is 0)
    and estimates -log P(value), so that the interval of a divergence uses t = -log q(value) - terms.
    """

    value: Floats
    se: Floats
    terms: Floats


# ---------------------------------------------------------------------------------------------------- counts


def plug_in(counts: ArrayLike) -> Floats:
    """Entropy of the observed frequencies, -Σ p̂ log p̂ with p̂ = c/n.

    Parameters
    ----------
    counts : array_like, shape (..., m)
        How often (or with what frequency weight) each distinct outcome was seen; 0 is padding.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for a sample without observations. Biased low by about (K - 1)/(2n) for K outcomes.

    Raises
    ------
    DataError
        A count is negative or not finite.

    Examples
    --------
    >>> float(plug_in([1, 1, 2]).round(6))
    1.039721
    """
    c = _counts(counts)
    n = c.sum(axis=-1)
    p = c / np.where(n > 0, n, 1.0)[..., None]
    return np.where(n > 0, entr(p).sum(axis=-1) + 0.0, np.nan)


def miller_madow(counts: ArrayLike) -> Floats:
    """Plug-in entropy plus its first-order bias, (K - 1)/(2n), K the number of distinct outcomes seen.

    Right where every outcome was seen many times; on sparse counts too small, because K misses the unseen ones.
    With importance weights that sum to n_eff the same formula holds: var p̂ = p(1 - p)/n_eff.

    Parameters
    ----------
    counts : array_like, shape (..., m)
        Counts or frequency weights of the distinct outcomes; 0 is padding. Fractions are allowed.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for a sample without observations.

    Raises
    ------
    DataError
        A count is negative or not finite.

    References
    ----------
    Miller (1955), Note on the bias of information estimates.

    Examples
    --------
    >>> float(miller_madow([1, 1, 2]).round(6))
    1.289721
    """
    c = _counts(counts)
    n = c.sum(axis=-1)
    return plug_in(c) + (np.count_nonzero(c, axis=-1) - 1) / (2.0 * np.where(n > 0, n, np.nan))


def chao_wang_jost(counts: ArrayLike) -> Floats:
    """Entropy with the unseen outcomes estimated from those seen once and twice.

    With f1 outcomes seen once, f2 seen twice, and A the estimated share of the unseen among the next ones ::

        H = Σ (c/n) (ψ(n) - ψ(c)) + (f1/n) Σ_{r ≥ n} (1 - A)^(r-n+1) / r
        A = 2 f2 / ((n-1) f1 + 2 f2)  if f2 > 0,   2 / ((n-1)(f1-1) + 2)  if f2 = 0 < f1,   1 otherwise

    The series is summed term by term over its first 32 terms and by Euler-Maclaurin from there on, to about
    1e-13 whatever n and A are.

    Parameters
    ----------
    counts : array_like, shape (..., m)
        Counts of the distinct outcomes; 0 is padding. A weight within 1e-9 of a whole number is that number.
        A sample with any other *fractional* weight has no singletons to speak of, and gets `miller_madow`.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for a sample without observations, 0 for one with a single outcome.

    Raises
    ------
    DataError
        A count is negative or not finite.

    References
    ----------
    Chao, Wang & Jost (2013), Entropy and the species accumulation curve.

    Examples
    --------
    >>> float(chao_wang_jost([4, 3, 1, 1, 1]).round(6))
    1.788915
    """
    c = _counts(counts)
    whole = _whole(c)
    k = np.where(whole[..., None], np.rint(c), 1.0)  # fractional samples are replaced at the end
    n = np.maximum(k.sum(axis=-1), 1.0)
    f1 = np.count_nonzero(k == 1.0, axis=-1)
    f2 = np.count_nonzero(k == 2.0, axis=-1)
    seen = (k / n[..., None] * (digamma(n)[..., None] - digamma(np.maximum(k, 1.0)))).sum(axis=-1)
    pairs = np.where(f2 > 0, f2, 1)
    coverage_deficit = 2.0 * pairs / ((n - 1) * np.maximum(f1 - (f2 == 0), 0) + 2.0 * pairs)
    value = seen + f1 / n * _unseen_series(n, coverage_deficit)
    value = np.where(c.sum(axis=-1) > 0, value, np.nan)
    return value if whole.all() else np.where(whole, value, miller_madow(c))


def _unseen_series(n: Floats, A: Floats) -> Floats:
    """Σ_{r ≥ n} (1 - A)^(r-n+1) / r for n ≥ 1 and 0 < A ≤ 1, elementwise.

    The tail from N = n + 32 on is Euler-Maclaurin for f(r) = e^{-a(r-n+1)}/r, a = -log(1 - A):
    ∫f + f/2 - f'/12 + f'''/720 - f⁽⁵⁾/30240, with ∫f = e^{-33a} e^{aN} E1(aN).
    """
    tail = A < 1.0
    a = -np.log1p(-np.where(tail, A, 0.5))
    j = np.arange(_HEAD)
    head = (np.exp(-a[..., None] * (j + 1.0)) / (n[..., None] + j)).sum(axis=-1)
    N = n + _HEAD
    b = 1.0 / N
    first = a + b
    third = a**3 + 3 * a**2 * b + 6 * a * b**2 + 6 * b**3
    fifth = a**5 + 5 * a**4 * b + 20 * a**3 * b**2 + 60 * a**2 * b**3 + 120 * a * b**4 + 120 * b**5
    corrections = b * (0.5 + first / 12 - third / 720 + fifth / 30240)
    rest = np.exp(-a * (_HEAD + 1.0)) * (_scaled_exp1(a * N) + corrections)
    return np.where(tail, head + rest, 0.0)


def _scaled_exp1(x: Floats) -> Floats:
    """e^x E1(x) for x > 0; beyond 50 its asymptotic series (Abramowitz & Stegun 5.1.51), where e^x overflows."""
    near = np.minimum(x, 50.0)
    far = np.maximum(x, 50.0)
    series = np.ones_like(far)
    for k in range(20, 0, -1):
        series = 1.0 - k * series / far
    return np.where(x <= 50.0, np.exp(near) * exp1(near), series / far)


# -------------------------------------------------------------------------------------------------- spacings


def spacing(x: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy from the spacings of the order statistics, extrapolated half-way to order 0.

    H = 1.5 H_m - 0.5 H_2m, H_m as in `spacing_m`, m from `spacing_order`. The extrapolation removes half of the
    O(m/n) bias that edges and gaps leave in H_m.

    Parameters
    ----------
    x : array_like, shape (..., n)
        Each sample sorted in ascending order along the last axis.
    sizes : array_like of int, shape (...), optional
        Number of observations of each sample, where they differ; entries of `x` beyond it are padding.

    Returns
    -------
    ndarray, shape (...)
        Nats of a density: data × s give H + log s. NaN for fewer than 4 observations; -inf if so many are tied
        that a window has no width (then the data are rounded: see `jittered`).

    Raises
    ------
    DataError
        `x` is not sorted, or not finite.

    References
    ----------
    Vasicek (1976); windows cut at the ends with digamma terms, unbiased for the uniform.

    Examples
    --------
    >>> import numpy as np
    >>> float(spacing(np.linspace(0.0, 1.0, 101)).round(3))
    0.065
    """
    data, n = _order_statistics(x, sizes)
    m = spacing_order(n)
    small, large = (_mean_term(data, order, n, equal=sizes is None) for order in (m, 2 * m))
    with np.errstate(invalid="ignore"):
        value = np.where(np.isneginf(small), small, 1.5 * small - 0.5 * large)
    return np.where(n < MINIMUM_SIZE, np.nan, value)


def spacing_m(x: ArrayLike, m: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy from spacings of one order m, the mean of `spacing_terms`.

    ::

        H_m = mean_i [ log(x_hi - x_lo) - ψ(hi - lo) ] + ψ(n + 1),   lo = max(i - m, 1),  hi = min(i + m, n)

    Parameters, errors and source as `spacing_terms`.

    Returns
    -------
    ndarray, shape (...)
        Nats; NaN for fewer than 2 observations, -inf where a window has no width.

    Examples
    --------
    >>> import numpy as np
    >>> float(spacing_m(np.linspace(0.0, 1.0, 101), 3).round(3))
    0.086
    """
    data, n = _order_statistics(x, sizes)
    return _mean_term(data, _order(m, n), n, equal=sizes is None)


def spacing_terms(x: ArrayLike, m: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Pointwise terms of the spacing entropy, log(x_hi - x_lo) - ψ(hi - lo) + ψ(n + 1), one an observation.

    Each estimates -log of the density there. Their mean is H_m, and with t_i = -log q(x_i) - terms_i the
    standard error of a divergence is sd(t)/√n.

    Parameters
    ----------
    x : array_like, shape (..., n)
        Each sample sorted in ascending order along the last axis.
    m : int or array_like of int, shape (...)
        Order: the windows reach m observations to either side, cut at the ends; 1 ≤ m ≤ n - 1.
    sizes : array_like of int, shape (...), optional
        Number of observations of each sample, where they differ; entries of `x` beyond it are padding.

    Returns
    -------
    ndarray, shape (..., n)
        Nats; 0 on padding, -inf where a window has no width.

    Raises
    ------
    DataError
        `x` is not sorted or not finite, or m is outside 1 … n - 1.

    References
    ----------
    Vasicek (1976), A test for normality based on sample entropy.

    Examples
    --------
    >>> spacing_terms([0.0, 1.0, 2.0, 4.0], 1).round(3)
    array([2.083, 1.776, 2.182, 2.776])
    """
    data, n = _order_statistics(x, sizes)
    order = _order(m, n)
    if sizes is None:
        windows, digammas = _windows(data, int(order.flat[0]))
        return _log(windows) + (digamma(data.shape[-1] + 1.0) - digammas)
    return _ragged_terms(data, order, n)


def spacing_order(n: ArrayLike) -> Integers:
    """The order m = max(2, round(n^¼)) for samples of n, at most (n - 1)/2 so that 2m has room (n = 4: m = 1).

    Examples
    --------
    >>> spacing_order([4, 5, 100, 10_000]).tolist()
    [1, 2, 3, 10]
    """
    size = np.asarray(n, dtype=np.int64)
    wanted = np.maximum(2, np.rint(np.sqrt(np.sqrt(np.maximum(size, 1))))).astype(np.int64)
    return np.maximum(np.minimum(wanted, (size - 1) // 2), 1)
