"""Divergences between normal laws of vectors, and between Dirichlet laws, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import digamma, gammaln

from modelselect.divergence.measures import Pair
from modelselect.domain import Array
from modelselect.errors import DataError

_NORMAL, _DIRICHLET = "multivariate_normal_frozen", "dirichlet_frozen"


def is_law(x: Any) -> bool:
    """Whether x is a frozen ``multivariate_normal`` or ``dirichlet`` of scipy.stats."""
    return type(x).__module__.startswith("scipy.stats") and type(x).__name__ in (_NORMAL, _DIRICHLET)


def pair(p: Any, q: Any) -> Normals | Dirichlets:
    """Two laws of vectors of one family and dimension.

    Raises
    ------
    DataError
        They are of different families or dimensions, or a covariance is singular.

    Examples
    --------
    >>> from scipy.stats import dirichlet, multivariate_normal
    >>> p, q = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]), multivariate_normal([1, 0], [[1, 0], [0, 1]])
    >>> float(pair(p, q).kl()).__round__(6)
    0.643841
    >>> float(pair(dirichlet([5, 3]), dirichlet([1, 1])).kl()).__round__(6)
    0.430151
    """
    if type(p) is not type(q):
        raise DataError(f"p is {_name(p)} and q {_name(q)}: a divergence of laws of vectors needs one family")
    if type(p).__name__ == _DIRICHLET:
        a, b = (np.asarray(x.alpha, dtype=float) for x in (p, q))
        if a.shape != b.shape:
            raise DataError(f"p and q must have one dimension; they have {len(a)} and {len(b)}")
        return Dirichlets(a, b)
    means = [np.atleast_1d(np.asarray(x.mean, dtype=float)) for x in (p, q)]
    if means[0].shape != means[1].shape:
        raise DataError(f"p and q must have one dimension; they have {len(means[0])} and {len(means[1])}")
    return Normals(means[0], _cholesky(p, "p"), means[1], _cholesky(q, "q"))


@dataclass(frozen=True, eq=False)
class Normals(Pair):
    """Two normal laws of vectors, each with its mean and the Cholesky factor of its covariance."""

    kind = "laws of vectors, which have no closed form of it; kl_divergence has"

    mean: Array
    factor: Array
    other_mean: Array
    other_factor: Array

    def kl(self) -> Array:
        """½ [tr(T⁻¹S) − d − log det(T⁻¹S) + (n − m)ᵀ T⁻¹ (n − m)] from the triangular factor of T⁻¹S."""
        ratio = np.linalg.solve(self.other_factor, self.factor)
        diagonal = np.diag(ratio)
        below = np.tril(ratio, -1)
        apart = np.linalg.solve(self.other_factor, self.other_mean - self.mean)
        # each square of the diagonal with its logarithm: s² − 1 − log s² ≥ 0
        gaps = (diagonal - 1.0) * (diagonal + 1.0) - 2.0 * np.log1p(diagonal - 1.0)
        return np.asarray(0.5 * (np.sum(gaps) + np.sum(below**2) + apart @ apart))

    def reverse_kl(self) -> Array:
        return self._swapped.kl()

    def entropy(self) -> Array:
        d = len(self.mean)
        return np.asarray(0.5 * d * (1.0 + np.log(2.0 * np.pi)) + np.log(np.diag(self.factor)).sum())

    def renyi(self, alpha: float) -> Array:
        """α/2 (n − m)ᵀ C⁻¹ (n − m) − ½ log(det C / det S^(1−α) det T^α)/(α − 1), C = (1 − α) S + α T (Gil 2013)."""
        if alpha == 1:
            return self.kl()
        if alpha == 0:
            return np.asarray(0.0)
        if np.isinf(alpha):
            raise self._unknown("the Rényi divergence of infinite order")
        S, T = self.factor @ self.factor.T, self.other_factor @ self.other_factor.T
        mixed = (1.0 - alpha) * S + alpha * T
        try:
            factor = np.linalg.cholesky(mixed)
        except np.linalg.LinAlgError:
            return np.asarray(np.inf)
        apart = np.linalg.solve(factor, self.other_mean - self.mean)
        logs = [2.0 * np.log(np.diag(f)).sum() for f in (factor, self.factor, self.other_factor)]
        shape = logs[0] - (1.0 - alpha) * logs[1] - alpha * logs[2]
        return np.asarray(0.5 * alpha * apart @ apart - 0.5 * shape / (alpha - 1.0))

    @property
    def _swapped(self) -> Normals:
        return Normals(self.other_mean, self.other_factor, self.mean, self.factor)


@dataclass(frozen=True, eq=False)
class Dirichlets(Pair):
    """Two Dirichlet laws, by their concentrations."""

    kind = Normals.kind

    a: Array
    b: Array

    def kl(self) -> Array:
        """Log B(b) − log B(a) + Σ (aᵢ − bᵢ)(ψ(aᵢ) − ψ(Σa))."""
        mean_logs = digamma(self.a) - digamma(self.a.sum())
        value = _log_beta(self.b) - _log_beta(self.a) + (self.a - self.b) @ mean_logs
        return np.asarray(np.maximum(value, 0.0))

    def reverse_kl(self) -> Array:
        return Dirichlets(self.b, self.a).kl()

    def entropy(self) -> Array:
        mean_logs = digamma(self.a) - digamma(self.a.sum())
        return np.asarray(_log_beta(self.a) - (self.a - 1.0) @ mean_logs)

    def renyi(self, alpha: float) -> Array:
        """Log of B(αa + (1−α)b) / (B(a)^α B(b)^(1−α)), over α − 1; infinite where a concentration is not positive."""
        if alpha == 1:
            return self.kl()
        if np.isinf(alpha):
            raise self._unknown("the Rényi divergence of infinite order")
        mixed = alpha * self.a + (1.0 - alpha) * self.b
        if not (mixed > 0).all():
            return np.asarray(np.inf)
        logs = _log_beta(mixed) - alpha * _log_beta(self.a) - (1.0 - alpha) * _log_beta(self.b)
        return np.asarray(logs / (alpha - 1.0) + 0.0)


def _log_beta(a: Array) -> float:
    return float(gammaln(a).sum() - gammaln(a.sum()))


def _cholesky(law: Any, name: str) -> Array:
    covariance = np.asarray(law.cov_object.covariance if hasattr(law, "cov_object") else law.cov, dtype=float)
    scale = np.sqrt(np.diag(covariance))
    if not (scale > 0).all():
        raise DataError(f"{name}: the covariance is singular: a variance is 0, so that there is no density")
    try:
        factor = np.linalg.cholesky(covariance / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        factor = np.zeros((1, 1))
    # 1 − R² of a coordinate on those before it; what is left of it is rounding
    if np.diag(factor).min() < 1e-7:
        raise DataError(f"{name}: the covariance is singular, so that there is no density on the whole space")
    return np.asarray(scale[:, None] * factor)


def _name(x: Any) -> str:
    return type(x).__name__.removesuffix("_frozen")
