"""KL divergence of one sample from another by nearest neighbours, in one dimension or several."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from modelselect.domain import Array
from modelselect.errors import DataError


def nearest_neighbours(x: ArrayLike, y: ArrayLike, k: int = 1) -> float:
    """Estimate KL(P ‖ Q) in nats from a sample of P and one of Q.

    Around each xᵢ the ball is taken that holds k other x and k y at least, radius ε = max(ρ_k, ν_k); with l of the
    other x and m of the y in it, at distances up to ρ_l and ν_m,

        d/n Σ log(ν_m / ρ_l) + 1/n Σ [ψ(l) − ψ(m)] + log(M / (n − 1)),

    M the size of y: the same ball for both densities, so that their biases cancel.

    Parameters
    ----------
    x, y
        ``(n,)`` and ``(M,)``, or ``(n, d)`` and ``(M, d)``; no two points of x equal, and none of x in y.
    k
        At least 1; more lowers the variance and raises the bias.

    Raises
    ------
    DataError
        Other shapes, too few points, equal points.

    References
    ----------
    Wang, Kulkarni & Verdú (2009), Divergence estimation for multidimensional densities via k-nearest-neighbor
    distances, section IV.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(size=4000), rng.normal(1.0, 1.0, size=4000)  # KL = 0.5
    >>> 0.4 < nearest_neighbours(x, y, k=5) < 0.6
    True
    """
    from scipy.spatial import cKDTree

    one, two = _points(x, "p"), _points(y, "q")
    if one.shape[1] != two.shape[1]:
        raise DataError(f"p and q must have one dimension; they have {one.shape[1]} and {two.shape[1]}")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k < min(len(one), len(two) + 1):
        raise DataError(f"neighbours must be a whole number from 1 to {min(len(one) - 1, len(two))}, not {k!r}")
    own, other = cKDTree(one), cKDTree(two)
    everyone = np.zeros(len(one), dtype=np.intp)
    rho, nu = _distance(own, one, everyone + k + 1), _distance(other, one, everyone + k)
    if min(_distance(own, one, everyone + 2).min(), _distance(other, one, everyone + 1).min()) == 0.0:
        raise DataError("nearest neighbours need distinct points; equal ones mean that the data are rounded to a grid")
    radius = np.maximum(rho, nu) * (1.0 + 1e-12)
    n_own = own.query_ball_point(one, radius, return_length=True) - 1
    n_other = other.query_ball_point(one, radius, return_length=True)
    ratio = np.log(_distance(other, one, n_other) / _distance(own, one, n_own + 1))
    terms = one.shape[1] * ratio + digamma(n_own) - digamma(n_other)
    return float(np.mean(terms) + np.log(len(two) / (len(one) - 1.0)))


def _points(values: ArrayLike, name: str) -> Array:
    x = np.asarray(values, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) < 2 or not np.isfinite(x).all():
        raise DataError(
            f"{name} must be two points or more, finite, in an array (n,) or (n, d); its shape is {x.shape}"
        )
    return x


def _distance(tree: object, points: Array, rank: NDArray[np.intp]) -> Array:
    """Distance of each point to its neighbour of the given rank: one query for all points of one rank."""
    found = np.empty(len(points))
    order = np.argsort(rank, kind="stable")
    ranks, starts = np.unique(rank[order], return_index=True)
    for value, rows in zip(ranks, np.split(order, starts[1:]), strict=True):
        found[rows] = tree.query(points[rows], [int(value)])[0][:, 0]  # type: ignore[attr-defined]
    return found
