"""Entropy from the spacings of order statistics, in nats, batched over leading axes."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from modelselect.errors import DataError
from modelselect.stretches import stretches

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

MINIMUM_SIZE = 4  # observations without which spacings say nothing
#: Widths whose product's logarithm is taken at once, and between which limits it neither overflows nor vanishes.
_FACTORS, _PRODUCT = 8, 1e37


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
    data, n = order_statistics(x, sizes)
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
    data, n = order_statistics(x, sizes)
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
    data, n = order_statistics(x, sizes)
    return _terms(data, _order(m, n), n)


class SpacingTerms:
    """What `spacing_terms` gives for one sorted sample, computed a stretch at a time: a slice of it is an array.

    Examples
    --------
    >>> SpacingTerms(np.array([0.0, 1.0, 2.0, 4.0]), 1)[1:3].round(3)
    array([1.776, 2.182])
    """

    def __init__(self, x: Floats, m: int) -> None:
        self.x, self.m = x, m
        self._digammas = digamma(len(x) + 1.0) - digamma(np.arange(2.0 * m + 1))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, cut: slice) -> Floats:
        first, last, _ = cut.indices(len(self.x))
        terms = self.widths(first, last)
        with np.errstate(divide="ignore"):
            np.log(terms, out=terms)
        terms += self._digammas[2 * self.m]
        for i in (*range(first, min(self.m, last)), *range(max(len(self.x) - self.m, first), last)):
            cells = min(i + self.m, len(self.x) - 1) - max(i - self.m, 0)  # the windows at the ends are narrower
            terms[i - first] += self._digammas[cells] - self._digammas[2 * self.m]
        return terms

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        every = np.empty(len(self.x))
        for cut in stretches(len(self.x)):
            every[cut] = self[cut]
        return every if dtype is None else every.astype(dtype)

    def widths(self, first: int, last: int) -> Floats:
        """x_hi − x_lo of the windows around observations first … last − 1."""
        x, m, n = self.x, self.m, len(self.x)
        widths = np.empty(last - first)
        a, b = min(max(m, first), last), max(min(n - m, last), first)
        if a < b:
            np.subtract(x[a + m : b + m], x[a - m : b - m], out=widths[a - first : b - first])
        for low, high in ((first, a), (max(a, b), last)):
            i = np.arange(low, high)
            widths[low - first : high - first] = x[np.minimum(i + m, n - 1)] - x[np.maximum(i - m, 0)]
        return widths

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation (divisor n − 1) of all terms; infinite and NaN where a window has no width."""
        cuts = stretches(len(self.x))
        guess = float(self[cuts[len(cuts) // 2]].mean())

        def sums(cut: slice) -> tuple[float, float]:
            centred = self[cut] - guess
            return float(centred.sum()), float(centred @ centred)

        with np.errstate(invalid="ignore"):
            first, second = np.sum(list(map(sums, cuts)), axis=0)
            n = len(self.x)
            return guess + float(first) / n, float(np.sqrt(max(second - first * first / n, 0.0) / (n - 1)))

    def mean(self) -> float:
        """Mean of all terms, of whose logarithms one is taken of a product of several widths."""
        n, m = len(self.x), self.m

        def logs(cut: slice) -> float:
            widths = self.widths(cut.start, cut.stop)
            if widths.min() > 1.0 / _PRODUCT and widths.max() < _PRODUCT:
                short = widths[len(widths) // _FACTORS * _FACTORS :]
                widths = np.append(widths[: len(widths) - len(short)].reshape(_FACTORS, -1).prod(axis=0), short)
            with np.errstate(divide="ignore"):
                return float(np.log(widths).sum())

        narrow = self._digammas[m : 2 * m].sum() - m * self._digammas[2 * m]
        return sum(map(logs, stretches(n))) / n + float(self._digammas[2 * m] + 2 * narrow / n)


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


def vasicek(x: ArrayLike, m: ArrayLike | None = None, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by the first spacing estimate, windows at the ends narrower but counted as full.

    ::

        H = mean_i log( n/(2m) (x_(i+m) - x_(i-m)) ),   x_j = x_1 for j < 1, x_n for j > n

    Too small by about log 2m - ψ(2m), and more at the ends: `spacing_m` is the same without either bias.
    `x`, `sizes` and errors as `spacing`; m < n/2, by default `spacing_order`. NaN for fewer than 4 observations.
    Source: Vasicek (1976), A test for normality based on sample entropy.

    Examples
    --------
    >>> float(vasicek([0.0, 1.0, 2.0, 4.0], 1).round(6))
    1.314374
    """
    data, n, order = _with_order(x, m, sizes)
    with np.errstate(divide="ignore"):
        logs = _log_widths(data, order) + np.log(n / (2.0 * order))[..., None]
    return _mean_of_seen(logs, n)


def van_es(x: ArrayLike, m: ArrayLike | None = None, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by one-sided spacings, which use the tails less.

    ::

        H = mean_{i ≤ n-m} log( (n+1)/m (x_(i+m) - x_i) ) + Σ_{k=m..n} 1/k + log m - log(n + 1)

    Unbiased for the uniform. Arguments as `vasicek`.
    Source: van Es (1992), Estimating functionals related to a density by a class of statistics based on spacings.

    Examples
    --------
    >>> float(van_es([0.0, 1.0, 2.0, 4.0], 1).round(6))
    2.314382
    """
    data, n, order = _with_order(x, m, sizes)
    widths = np.full(data.shape, np.nan)
    for m_one in np.unique(order):
        rows = order == m_one
        part = data[rows]
        widths[rows, : max(data.shape[-1] - m_one, 0)] = part[:, m_one:] - part[:, :-m_one]
    used = np.arange(data.shape[-1]) < (n - order)[..., None]
    with np.errstate(divide="ignore"):
        logs = np.where(used, np.log(np.where(used, widths, 1.0)), 0.0)
    mean = logs.sum(axis=-1) / np.maximum(n - order, 1)
    return np.where(n < MINIMUM_SIZE, np.nan, mean + digamma(n + 1.0) - digamma(order))


def correa(x: ArrayLike, m: ArrayLike | None = None, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by the slope of a local regression of ranks on values, instead of a difference.

    ::

        H = -mean_i log b_i,   b_i = Σ_j (x_j - x̄_i)(j - i) / (n Σ_j (x_j - x̄_i)²),   j = i-m … i+m

    with x_j = x_1 for j < 1 and x_n for j > n, and x̄_i the mean of the window. Arguments as `vasicek`.
    Source: Correa (1995), A new estimator of entropy.

    Examples
    --------
    >>> float(correa([0.0, 1.0, 2.0, 4.0], 1).round(6))
    1.467307
    """
    data, n, order = _with_order(x, m, sizes)
    total, products, squares = np.zeros(data.shape), np.zeros(data.shape), np.zeros(data.shape)
    places = np.arange(data.shape[-1])
    for offset in range(-int(order.max(initial=0)), int(order.max(initial=0)) + 1):
        inside = np.abs(offset) <= order[..., None]
        step = np.where(inside, data[..., np.clip(places + offset, 0, max(len(places) - 1, 0))] - data, 0.0)
        total += step
        products += offset * step
        squares += step**2
    # Σ (j - i) = 0, so the products need no mean
    spread = squares - total**2 / (2.0 * order[..., None] + 1.0)
    flat = products <= 0  # a window of ties: spread is 0 too, up to rounding
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(flat, -np.inf, np.log(n[..., None] * spread / np.where(flat, 1.0, products)))
    return _mean_of_seen(logs, n)


def _with_order(x: ArrayLike, m: ArrayLike | None, sizes: ArrayLike | None) -> tuple[Floats, Integers, Integers]:
    """Checked samples, their sizes and orders, the last below n/2 (1 for samples too small to have any)."""
    data, n = order_statistics(x, sizes)
    order = np.broadcast_to(np.asarray(spacing_order(n) if m is None else m, dtype=np.int64), n.shape)
    if ((order < 1) | ((2 * order >= n) & (n >= MINIMUM_SIZE))).any():
        raise DataError(f"m must be at least 1 and below n/2; it is {np.asarray(m).tolist()} for n = {n.tolist()}")
    return data, n, order


def _mean_of_seen(logs: Floats, n: Integers) -> Floats:
    """Mean over each sample without its padding; NaN below the smallest size."""
    total = np.where(np.arange(logs.shape[-1]) < n[..., None], logs, 0.0).sum(axis=-1)
    return np.where(n < MINIMUM_SIZE, np.nan, total / np.maximum(n, 1))


def order_statistics(x: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Integers]:
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
        raise DataError(f"m must lie between 1 and n - 1; it is {np.asarray(m).tolist()} for n = {n.tolist()}")
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
    width = x.shape[-1]
    same = n.size > 0 and (n == n.flat[0]).all() and (m == m.flat[0]).all()
    order, size = (m.flat[0], n.flat[0]) if same else (m[..., None], n[..., None])
    if same and size == width >= 2 * order:  # only the windows at the ends are narrower
        k = int(m.flat[0])
        digammas = digamma(width + 1.0) - digamma(np.arange(k, 2 * k + 1))
        terms[..., k : width - k] += digammas[k]
        terms[..., :k] += digammas[:k]
        terms[..., width - k :] += digammas[:k][::-1]
        return terms
    i = np.arange(width)
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
