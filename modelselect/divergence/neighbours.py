"""Entropy from the distances to nearest neighbours, in nats, batched over leading axes."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from modelselect.divergence.spacings import MINIMUM_SIZE, order_statistics
from modelselect.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


def kozachenko_leonenko(x: ArrayLike, k: ArrayLike | None = None, sizes: ArrayLike | None = None) -> Floats:
    """Differential entropy by the distance ε_i of each observation to its k-th nearest neighbour.

    ::

        H = mean_i log(2 ε_i) + ψ(n) - ψ(k)

    Parameters
    ----------
    x : array_like, shape (..., n)
        Samples sorted in ascending order along the last axis.
    k : array_like of int, shape (...), optional
        Which neighbour, 1 ≤ k ≤ n - 1; by default `neighbour_order`.
    sizes : array_like of int, shape (...), optional
        Observations of each sample, where they differ; entries of `x` beyond them are padding.

    Returns
    -------
    ndarray, shape (...)
        Nats of a density. NaN for fewer than 4 observations; -inf where more than k are tied.

    Raises
    ------
    DataError
        `x` is not sorted or not finite; k is out of its range.

    References
    ----------
    Kozachenko & Leonenko (1987), Sample estimate of the entropy of a random vector; ψ(n) as in Kraskov, Stögbauer
    & Grassberger (2004).

    Examples
    --------
    >>> float(kozachenko_leonenko([0.0, 1.0, 2.0, 4.0], 1).round(6))
    2.699767
    """
    data, n = order_statistics(x, sizes)
    order = np.broadcast_to(np.asarray(neighbour_order(n) if k is None else k, dtype=np.int64), n.shape)
    if ((order < 1) | ((order >= n) & (n >= MINIMUM_SIZE))).any():
        raise DataError(f"k must lie between 1 and n - 1; it is {np.asarray(k).tolist()} for n = {n.tolist()}")
    seen = np.arange(data.shape[-1]) < n[..., None]
    with np.errstate(divide="ignore"):
        logs = np.log(2.0 * np.where(seen & (n >= MINIMUM_SIZE)[..., None], _distances(data, order, n), 0.5))
    mean = logs.sum(axis=-1) / np.maximum(n, 1)
    size = np.maximum(n, 1).astype(np.float64)
    return np.where(n < MINIMUM_SIZE, np.nan, mean + digamma(size) - digamma(order))


def neighbour_order(n: ArrayLike) -> Integers:
    """Which neighbour by default: k = max(3, round(n^0.35)), of which the project's simulations had least error.

    Examples
    --------
    >>> neighbour_order([4, 100, 10_000]).tolist()
    [3, 5, 25]
    """
    size = np.asarray(n, dtype=np.int64)
    return np.maximum(3, np.rint(np.maximum(size, 0) ** 0.35)).astype(np.int64)


def _distances(x: Floats, k: Integers, n: Integers) -> Floats:
    """To the k-th neighbour: of the k + 1 runs of k + 1 neighbours that hold i, the one that reaches least far."""
    width, most = x.shape[-1], int(k.max(initial=0))
    away = np.full((*x.shape[:-1], most), np.inf)
    right = np.where(np.arange(width) < n[..., None], x, np.inf)
    padded = np.concatenate([-away, right, away], axis=-1)
    nearest = np.full(x.shape, np.inf)
    for below in range(most + 1):
        above = np.maximum(k - below, 0)[..., None]
        low = padded[..., most - below : most - below + width]
        high = np.take_along_axis(padded, most + np.arange(width) + above, axis=-1)
        reach = np.maximum(x - low, high - x)
        nearest = np.where(below <= k[..., None], np.minimum(nearest, reach), nearest)
    return nearest
