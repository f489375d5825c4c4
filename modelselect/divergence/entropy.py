"""Entropy of a sample, in nats: the level that turns a log-likelihood into a divergence.

Counts (a mass on distinct outcomes) have a plug-in entropy and its corrections; a continuous sample has the
spacings of its order statistics; a rounded one is both at once, by H_lattice = H(X + U(0, h)) - log h.

Functions on arrays take many samples together, along the leading axes. `lattice_entropy` and
`continuous_entropy` judge one sample, and say in words what was done or why nothing could be.
The tuning constants are those that the project's own simulations chose.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, entr, exp1

from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]

JITTER_SEED = 0  # of the noise where no other is given: the same data give the same entropy
JITTER_LIMIT = 10_000_000  # observations of one sample that are expanded to be jittered
SPARSE_SINGLETONS = 0.15
SPARSE_DISTINCT = 20
MINIMUM_SIZE = 4  # observations without which spacings say nothing

_WHOLE = 1e-9  # a count this near to a whole number, relatively, is that number: 0.1 added ten times is 1
_ON_GRID = 1e-3  # how far, in steps, a value may be from its grid point
_HEAD = 32  # terms of the Chao-Wang-Jost series summed one by one before Euler-Maclaurin takes over


@dataclass(frozen=True)
class Entropy:
    """Entropy of one sample in nats, how it was found (or, if NaN, why there is none), its standard error.

    `se` is the standard deviation of the pointwise terms over √n: first order, so 0 for equal counts.
    """

    value: float
    method: str
    se: float


class Estimate(NamedTuple):
    """Entropies and standard errors of a batch (...), pointwise terms (..., m) of its distinct values.

    `terms` estimate -log P(value), 0 where the weight is 0; the interval of a divergence is made of
    t = -log q(value) - terms.
    """

    value: Floats
    se: Floats
    terms: Floats


# counts ----------------------------------------------------------------------------------------------


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
    c = _counts(counts)
    n = _positive(c.sum(axis=-1))
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
    c = _counts(counts)
    return np.asarray(plug_in(c) + (np.count_nonzero(c, axis=-1) - 1) / (2.0 * _positive(c.sum(axis=-1))))


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
    c = _counts(counts)
    whole = _whole(c)
    k = np.where(whole[..., None], np.rint(c), 1.0).astype(np.int64)  # fractional samples are set at the end
    n = np.maximum(k.sum(axis=-1), 1).astype(np.float64)
    f1, f2 = np.count_nonzero(k == 1, axis=-1), np.count_nonzero(k == 2, axis=-1)
    top, at_least_one = int(k.max(initial=1)), np.maximum(k, 1)
    digammas = digamma(np.arange(top + 1.0))[at_least_one] if top < k.size else digamma(at_least_one)
    seen = (k * (digamma(n)[..., None] - digammas)).sum(axis=-1) / n
    pairs = 2.0 * np.maximum(f2, 1)
    A = pairs / ((n - 1) * np.maximum(f1 - (f2 == 0), 0) + pairs)
    value = np.where(c.any(axis=-1), seen + f1 / n * _unseen_series(n, A), np.nan)
    return value if whole.all() else np.where(whole, value, miller_madow(c))


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


# spacings --------------------------------------------------------------------------------------------


def spacing(x: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by spacings, extrapolated: 1.5 H_m - 0.5 H_2m, m from `spacing_order`.

    The extrapolation removes half of the O(m/n) bias that edges and gaps leave in H_m (`spacing_m`).

    Parameters
    ----------
    x : array_like, shape (..., n)
        Samples sorted in ascending order along the last axis.
    sizes : array_like of int, shape (...), optional
        Observations of each sample, where they differ; entries of `x` beyond them are padding.

    Returns
    -------
    ndarray, shape (...)
        Nats of a density: data × s have H + log s. NaN for fewer than 4 observations; -inf if so many are
        tied that a window has no width (such data are rounded: see `jittered`).

    Raises
    ------
    DataError
        `x` is not sorted or not finite.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> print(f"{spacing(np.sort(x)):.2f} for {np.log(2 * np.pi * np.e) / 2:.2f}")
    1.42 for 1.42
    """
    data, n = _order_statistics(x, sizes)
    m = spacing_order(n)
    small, large = _mean_term(data, m, n), _mean_term(data, 2 * m, n)
    with np.errstate(invalid="ignore"):
        value = np.where(np.isneginf(small), small, 1.5 * small - 0.5 * large)
    return np.where(n < MINIMUM_SIZE, np.nan, value)


def spacing_m(x: ArrayLike, m: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by spacings of one order m, windows cut at the ends (unbiased for the uniform).

    ::

        H_m = mean_i [ log(x_hi - x_lo) - ψ(hi - lo) ] + ψ(n + 1),  lo = max(i - m, 1), hi = min(i + m, n)

    `x`, `sizes` and errors as `spacing`; 1 ≤ m ≤ n - 1. NaN for a sample of fewer than 2.
    Source: Vasicek (1976), A test for normality based on sample entropy.

    Examples
    --------
    >>> float(spacing_m([0.0, 1.0, 2.0, 4.0], 1).round(6))
    2.20456
    """
    data, n = _order_statistics(x, sizes)
    return _mean_term(data, _order(m, n), n)


def spacing_terms(x: ArrayLike, m: ArrayLike, sizes: ArrayLike | None = None) -> Floats:
    """Pointwise terms log(x_hi - x_lo) - ψ(hi - lo) + ψ(n + 1), shape (..., n), whose mean is `spacing_m`.

    Each estimates -log density there: t_i = -log q(x_i) - terms_i gives a divergence the standard error
    sd(t)/√n. Arguments as `spacing_m`; 0 on padding, -inf where a window has no width.

    Examples
    --------
    >>> spacing_terms([0.0, 1.0, 2.0, 4.0], 1).round(3)
    array([2.083, 1.776, 2.182, 2.776])
    """
    data, n = _order_statistics(x, sizes)
    return _terms(data, _order(m, n), n)


def spacing_order(n: ArrayLike) -> Integers:
    """Order m = max(2, round(n^¼)) for samples of n, at most (n - 1)/2 so that 2m ≤ n - 1 (n = 3, 4: m = 1).

    Examples
    --------
    >>> spacing_order([4, 5, 100, 10_000]).tolist()
    [1, 2, 3, 10]
    """
    size = np.asarray(n, dtype=np.int64)
    wanted = np.maximum(2, np.rint(np.maximum(size, 0) ** 0.25)).astype(np.int64)
    return np.maximum(np.minimum(wanted, (size - 1) // 2), 1)


def continuous_entropy(x: ArrayLike, weights: ArrayLike | None = None) -> Entropy:
    """Entropy of one continuous sample by `spacing`, or the reason why it has none.

    Parameters
    ----------
    x : array_like, shape (n,)
        Observations, in any order.
    weights : array_like, shape (n,), optional
        Frequency weights; 0 leaves an observation out, a whole number above 1 is a tie.

    Returns
    -------
    Entropy
        Nats. NaN, with the reason as `method`: fewer than 4 observations; ties (rounding or atoms, where a
        density has no entropy); fractional weights, for which no spacing estimator has been tested.

    Raises
    ------
    DataError
        A value or weight is not finite, a weight negative, or their numbers differ.

    Examples
    --------
    >>> continuous_entropy([0.1, 0.4, 0.4, 0.7, 0.9])
    Entropy(value=nan, method='none: 2 of 5 observations are tied', se=nan)
    """
    data = np.asarray(x, dtype=np.float64).ravel()
    w = np.ones(data.size) if weights is None else _counts(weights).ravel()
    if w.size != data.size:
        raise DataError(f"weights must be one a value: there are {w.size} for {data.size} values")
    if not np.isfinite(data).all():
        raise DataError("x must be finite; it holds NaN or infinite values")
    if not _whole(w):
        return Entropy(np.nan, "none: no spacing entropy is known for fractional weights", np.nan)
    n, heavy = round(float(w.sum())), int((w > 1.5).sum())
    if n < MINIMUM_SIZE:
        return Entropy(np.nan, f"none: {n} observations, at least {MINIMUM_SIZE} are needed", np.nan)
    if heavy:
        return Entropy(np.nan, f"none: tied observations, {heavy} weights are above 1", np.nan)
    data = np.sort(data[w > 0.5])
    repeats = np.diff(data, prepend=-np.inf, append=np.inf) == 0
    if repeats.any():
        tied = np.count_nonzero(repeats[1:] | repeats[:-1])
        return Entropy(np.nan, f"none: {tied} of {n} observations are tied", np.nan)
    m = spacing_order(n)
    se = _standard_error(spacing_terms(data, m), np.ones(n))
    return Entropy(float(spacing(data)), f"spacing (1.5 H_m - 0.5 H_2m, m = {m})", float(se))


# lattices --------------------------------------------------------------------------------------------


def jittered(
    values: ArrayLike, weights: ArrayLike, step: float, rng: np.random.Generator, draws: int = 4
) -> Estimate:
    """Entropy of values on a grid of step h, from the spacings of the values with noise added.

    H(X) = H(X + U(-h/2, h/2)) - log h exactly, the right-hand side by `spacing`, averaged over the draws. It
    borrows from neighbouring cells: made for smooth laws of which most values were seen once.

    Parameters
    ----------
    values : array_like, shape (m,) or (..., m)
        Distinct values on one grid, wherever that starts.
    weights : array_like, shape (..., m)
        How often each was seen, whole numbers; 0 is padding.
    step : float
        Distance h of neighbouring grid points.
    rng : numpy.random.Generator
        Source of the noise. The j-th smallest observation of every sample gets the same noise, so a result
        does not depend on which samples stand beside it.
    draws : int
        How often the noise is drawn. Memory: draws + some eight numbers for each of samples × largest n.

    Returns
    -------
    Estimate
        Nats of the mass on the lattice. `terms` are those of order m, averaged over the draws and over the
        observations that share a value; NaN for value and se if n < 4.

    Raises
    ------
    DataError
        A weight is negative, not finite or fractional; a value is off the grid; the step is not positive; a
        sample has more than `JITTER_LIMIT` observations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values, weights = np.unique(rng.integers(0, 1000, size=500), return_counts=True)
    >>> print(f"{jittered(values, weights, 1.0, rng).value:.2f} for {np.log(1000):.2f}")
    6.91 for 6.91
    """
    w = _counts(weights)
    if not _whole(w).all():
        raise DataError("weights must be whole numbers where values are jittered")
    units = _units(values, w, step)
    copies = np.rint(w).astype(np.int64)
    n = copies.sum(axis=-1)
    width = int(n.max(initial=0))
    if width > JITTER_LIMIT:
        raise DataError(f"jitter is for samples of at most {JITTER_LIMIT} observations; one has {width}")
    order = np.argsort(units, axis=-1, kind="stable")
    sorted_copies = np.take_along_axis(copies, order, axis=-1)
    live = np.arange(width) < n[..., None]
    exact = np.full(live.shape, np.inf)
    exact[live] = np.repeat(np.take_along_axis(units, order, axis=-1).ravel(), sorted_copies.ravel())
    noise = rng.random((width, draws)) - 0.5  # rows first: a wider block leaves the first rows as they are

    value, pointwise, m = np.zeros(n.shape), np.zeros(live.shape), spacing_order(n)
    for draw in range(draws):
        x = np.sort(exact + noise[:, draw], axis=-1)
        value += spacing(x, n) / draws
        pointwise += spacing_terms(x, m, n) / draws

    # noise never leaves its cell, so the sorted observations that share a value stand together
    filled = sorted_copies > 0
    shared = sorted_copies[filled]
    means = np.zeros(copies.shape)
    if shared.size:
        means[filled] = np.add.reduceat(pointwise[live], np.cumsum(shared) - shared) / shared
    terms = np.zeros(copies.shape)
    np.put_along_axis(terms, order, means, axis=-1)
    return Estimate(value, np.where(n < MINIMUM_SIZE, np.nan, _standard_error(terms, w)), terms)


def sparse_lattice(values: ArrayLike, weights: ArrayLike, step: float = 1.0) -> Booleans:
    """Whether samples on a grid are so thin that `jittered` serves them better than `chao_wang_jost`.

    All of: whole weights; more than 15 % of the observations alone on their value; at least 20 distinct
    values; no common divisor of their differences above one step; no heaping, which would be multiples of 2,
    5 or 10 steps seen half as often again as the mean of their two neighbours, and by 3 standard deviations.
    Arguments as `jittered` (fractional weights are simply not sparse); shape (...). Values are looked at, and
    refused if off the grid, only where the counts are thin.

    Examples
    --------
    >>> weights = np.ones(25)
    >>> bool(sparse_lattice(np.arange(25), weights)), bool(sparse_lattice(3 * np.arange(25), weights))
    (True, False)
    """
    w = _counts(weights)
    n = w.sum(axis=-1)
    singletons = np.count_nonzero(np.abs(w - 1.0) <= _WHOLE, axis=-1)
    thin = np.asarray(_whole(w) & (singletons > SPARSE_SINGLETONS * n) & (n <= JITTER_LIMIT))
    thin = np.asarray(thin & (np.count_nonzero(w, axis=-1) >= SPARSE_DISTINCT))
    if thin.any():
        x = np.broadcast_to(np.asarray(values, dtype=np.float64), w.shape)[thin]
        divisor = np.gcd.reduce(_units(x, w[thin], step).astype(np.int64), axis=-1)
        thin[thin] = (divisor == 1) & ~_heaped(x, w[thin], step)
    return thin


def lattice(
    values: ArrayLike, weights: ArrayLike, step: float = 1.0, *, seed: int = JITTER_SEED, draws: int = 4
) -> Estimate:
    """Entropy of many samples on a grid: `jittered` where `sparse_lattice`, otherwise `chao_wang_jost`.

    Arguments, result and errors as `jittered`, with a seed for the noise; fractional weights are allowed (and
    get `miller_madow`). Where nothing is jittered the terms are -log p̂.

    Examples
    --------
    >>> float(lattice([0, 1, 2, 3], [4, 3, 2, 1]).value.round(6))
    1.479418
    """
    w = _counts(weights)
    value = chao_wang_jost(w)
    terms = _surprisals(w)
    se = _standard_error(terms, w)
    sparse = sparse_lattice(values, w, step)
    if sparse.any():
        points = np.broadcast_to(np.asarray(values, dtype=np.float64), w.shape)[sparse]
        thin = jittered(points, w[sparse], step, np.random.default_rng(seed), draws)
        value[sparse], se[sparse], terms[sparse] = thin
    return Estimate(value, se, terms)


def lattice_entropy(
    values: ArrayLike,
    weights: ArrayLike,
    step: float = 1.0,
    *,
    method: str = "auto",
    seed: int = JITTER_SEED,
    draws: int = 4,
) -> Entropy:
    """Entropy of one sample on a grid: integers, or data rounded to a step.

    Parameters
    ----------
    values, weights : array_like, shape (m,)
        Distinct values, and how often (or with what frequency weight) each was seen.
    step : float
        Distance of neighbouring grid points.
    method : {"auto", "chao_wang_jost", "miller_madow", "plug_in", "spacing"}
        "auto" chooses as `lattice` does. The values may be labels for all but "auto" and "spacing".
    seed, draws : int
        Of the noise, where there is any.

    Returns
    -------
    Entropy
        Nats, of a mass.

    Raises
    ------
    DataError
        As `jittered`, or the method is unknown.

    Examples
    --------
    >>> lattice_entropy(["H", "T"], [6, 4], method="plug_in").method
    'plug-in'
    """
    w = _counts(weights).ravel()
    known = {
        "chao_wang_jost": (chao_wang_jost, "Chao-Wang-Jost"),
        "miller_madow": (miller_madow, "Miller-Madow"),
        "plug_in": (plug_in, "plug-in"),
    }
    if method not in {"auto", "spacing", *known}:
        raise DataError(f"method must be one of auto, spacing, {', '.join(known)}; not {method!r}")
    if not w.any():
        return Entropy(np.nan, "none: no observations", np.nan)
    if method == "auto":
        method = "spacing" if sparse_lattice(values, w, step).all() else "chao_wang_jost"
    if method != "spacing":
        estimator, text = known[method]
        if method == "chao_wang_jost" and not _whole(w):
            text = "Miller-Madow (fractional weights have no singletons for Chao-Wang-Jost)"
        return Entropy(float(estimator(w)), text, float(_standard_error(_surprisals(w), w)))
    estimate = jittered(values, w, step, np.random.default_rng(seed), draws)
    n = round(float(w.sum()))
    text = f"spacing, jittered (1.5 H_m - 0.5 H_2m, m = {spacing_order(n)}, {draws} draws, seed {seed})"
    if n < MINIMUM_SIZE:
        text = f"none: {n} observations, at least {MINIMUM_SIZE} are needed"
    return Entropy(float(estimate.value), text, float(estimate.se))


# what these use --------------------------------------------------------------------------------------


def _counts(counts: ArrayLike) -> Floats:
    """Check counts or weights, and return them as floats."""
    c = np.atleast_1d(np.asarray(counts, dtype=np.float64))
    wrong = c[~((c >= 0) & (c < np.inf))]
    if wrong.size:
        raise DataError(f"counts must be finite and not negative; one of them is {float(wrong[0])!r}")
    return c


def _positive(n: Floats) -> Floats:
    return np.where(n > 0, n, np.nan)


def _whole(c: Floats) -> Booleans:
    """Whether all counts of a sample are whole."""
    return np.asarray((np.abs(c - np.rint(c)) <= _WHOLE * c).all(axis=-1))


def _surprisals(w: Floats) -> Floats:
    """-log p̂, 0 where nothing was seen."""
    p = w / _positive(w.sum(axis=-1, keepdims=True))
    return np.where(w > 0, -np.log(np.where(w > 0, p, 1.0)), 0.0)


def _standard_error(terms: Floats, weights: Floats) -> Floats:
    """sd(terms)/√n with divisor n - 1 and weighted terms; NaN for n ≤ 1 or an infinite term."""
    n = weights.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        centred = terms - ((weights * terms).sum(axis=-1) / _positive(n))[..., None]
        variance = (weights * centred**2).sum(axis=-1) / _positive((n > 1) * (n - 1.0))
    return np.asarray(np.sqrt(variance / _positive(n)))


def _order_statistics(x: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Integers]:
    """Check sorted samples; return them, padded with their own maximum, and their sizes."""
    data = np.atleast_1d(np.asarray(x, dtype=np.float64))
    width = data.shape[-1]
    n = np.broadcast_to(np.asarray(width if sizes is None else sizes, dtype=np.int64), data.shape[:-1])
    if n.size and (n.min() < 0 or n.max() > width):
        raise DataError(f"sizes must lie between 0 and {width}, the length of the last axis")
    if sizes is not None and (n < width).any():
        maximum = np.take_along_axis(data, np.maximum(n - 1, 0)[..., None], -1)
        data = np.where(np.arange(width) < n[..., None], data, np.where(n[..., None] > 0, maximum, 0.0))
    if width and not ((data[..., 1:] >= data[..., :-1]).all() and np.isfinite(data[..., [0, -1]]).all()):
        raise DataError("x must be finite and sorted in ascending order along its last axis")
    return data, n


def _order(m: ArrayLike, n: Integers) -> Integers:
    order = np.broadcast_to(np.asarray(m, dtype=np.int64), n.shape)
    if ((order < 1) | (order >= np.maximum(n, 2))).any():
        raise DataError(
            f"m must lie between 1 and n - 1; it is {np.asarray(m).tolist()} for n = {n.tolist()}"
        )
    return order


def _mean_term(x: Floats, m: Integers, n: Integers) -> Floats:
    """H_m, with Σ ψ(hi - lo) = 2 Σ_{m ≤ c < top} ψ(c) + (n - 2(top - m)) ψ(top), top = min(2m, n - 1)."""
    logs = _log_widths(x, m)
    if (n < x.shape[-1]).any():
        logs[np.arange(x.shape[-1]) >= n[..., None]] = 0.0
    size = np.where(n > 1, n, np.nan)
    top = np.minimum(2.0 * m, size - 1.0)
    inner = (top - 1) * (digamma(top) - 1) - (m - 1) * (digamma(m) - 1)  # Σ_{c < k} ψ(c) = (k - 1)(ψ(k) - 1)
    digammas = 2 * inner + (size - 2 * (top - m)) * digamma(top)
    return np.asarray((logs.sum(axis=-1) - digammas) / size + digamma(size + 1.0))


def _terms(x: Floats, m: Integers, n: Integers) -> Floats:
    terms = _log_widths(x, m)
    i = np.arange(x.shape[-1])
    same = n.size > 0 and (n == n.flat[0]).all() and (m == m.flat[0]).all()
    order, size = (m.flat[0], n.flat[0]) if same else (m[..., None], n[..., None])
    steps = np.minimum(i + order, size - 1) - np.maximum(i - order, 0)
    terms += digamma(size + 1.0) - digamma(np.arange(2.0 * m.max(initial=0) + 1))[np.maximum(steps, 1)]
    return np.where(i < size, terms, 0.0)


def _log_widths(x: Floats, m: Integers) -> Floats:
    """log(x_hi - x_lo); samples padded with their maximum need no index arrays, and share few orders."""
    widths = np.empty_like(x)
    orders = np.unique(m)
    for order in orders:
        rows = ... if orders.size == 1 else m == order
        part, k = x[rows], min(int(order), x.shape[-1])
        width = np.empty_like(part)
        width[..., : part.shape[-1] - k] = part[..., k:]
        width[..., part.shape[-1] - k :] = part[..., -1:]
        width[..., k:] -= part[..., : part.shape[-1] - k]
        width[..., :k] -= part[..., :1]
        widths[rows] = width
    with np.errstate(divide="ignore"):
        return np.log(widths, out=widths)


def _units(values: ArrayLike, weights: Floats, step: float) -> Floats:
    """Grid positions counted from the smallest value of each sample, 0 on padding."""
    if not (np.isfinite(step) and step > 0):
        raise DataError(f"step must be positive and finite, not {step!r}")
    seen = weights > 0
    x = np.where(seen, np.broadcast_to(np.asarray(values, dtype=np.float64), weights.shape), np.inf)
    low = x.min(axis=-1, initial=np.inf, keepdims=True)
    if not np.isfinite(x[seen]).all():
        raise DataError("values must be finite; those seen hold NaN or infinite ones")
    exact = (np.where(seen, x, 0.0) - np.where(seen, low, 0.0)) / step
    off = np.abs(exact - np.rint(exact)) > _ON_GRID
    if off.any():
        raise DataError(f"values must lie on one grid of step {step:g}; {float(x[off][0])!r} is off it")
    return np.rint(exact)


def _heaped(x: Floats, weights: Floats, step: float) -> Booleans:
    """Whether multiples of 2, 5 or 10 steps were seen more often than their two neighbours explain."""
    grid = np.rint(np.where(weights > 0, x, 0.0) / step)
    heaped = np.zeros(weights.shape[:-1], dtype=np.bool_)
    for d in (2, 5, 10):
        remainder = np.mod(grid, d)
        inner = np.where(np.abs(grid) >= d - 1, weights, 0.0)  # 0 itself may be an atom of its own
        at = np.where(remainder == 0, inner, 0.0).sum(axis=-1)
        beside = (inner * ((remainder == 1) + 1.0 * (remainder == d - 1))).sum(axis=-1) / 2
        heaped |= (at - beside > 3 * np.sqrt(at + beside / 2)) & (at > 1.5 * beside)
    return heaped
