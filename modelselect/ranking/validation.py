"""Cross-validation: what a candidate loses on observations that it was not fitted to."""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array
from modelselect.errors import ConfigurationError
from modelselect.fitting.refit import batches, refit
from modelselect.fitting.result import Fit
from modelselect.sample import Sample

#: Folds of `kl_cv`.
FOLDS = 10
#: Weight of a stack below which it is 0.
_NEGLIGIBLE = 1e-9


def folds_of(sample: Sample, folds: int, rng: np.random.Generator) -> Array:
    """Divide the observations at random into folds of like size: weights ``(folds, m)`` that sum to the sample's.

    A frequency is divided copy by copy, what is left of a fractional one (the ½ of 2½) being a piece of its own; an
    importance weight is that of a whole observation. Folds differ by the weight of one piece at most.

    Raises
    ------
    ConfigurationError
        Fewer than two folds, or fewer pieces than folds.

    Examples
    --------
    >>> parts = folds_of(Sample.from_counts({0: 5, 1: 3}), 4, np.random.default_rng(0))
    >>> parts.sum(axis=0).tolist(), parts.sum(axis=1).tolist()
    ([5.0, 3.0], [2.0, 2.0, 2.0, 2.0])
    >>> parts = folds_of(Sample.from_counts({0: 2.5, 1: 0.5, 2: 1}), 2, np.random.default_rng(0))
    >>> parts.sum(axis=0).tolist(), parts.sum(axis=1).tolist()
    ([2.5, 0.5, 1.0], [2.0, 2.0])
    """
    w, one = sample.weights, one_of_each(sample)
    copies = np.floor(w / one + _NEGLIGIBLE)
    rest = w - copies * one
    rest[rest < _NEGLIGIBLE * w] = 0.0
    m, whole = len(w), copies.astype(np.intp)
    owner = np.concatenate([np.repeat(np.arange(m), whole), np.flatnonzero(rest)])
    n, size = len(owner), np.concatenate([np.repeat(one, whole), rest[rest > 0]])
    if not 2 <= folds <= n:
        raise ConfigurationError(f"folds: expected a number from 2 to the {n} observations, got {folds}")
    if size.max() - size.min() <= _NEGLIGIBLE * size.max():
        fold = rng.permutation(np.arange(n) % folds)
    else:  # dealt from the largest to the smallest, in each round one to each fold
        dealt = rng.permutation(n)
        dealt = dealt[np.argsort(-size[dealt], kind="stable")]
        rounds = rng.permuted(np.tile(np.arange(folds), (-(-n // folds), 1)), axis=1)
        fold = np.empty(n, dtype=np.intp)
        fold[dealt] = rounds.ravel()[:n]
    place, first = fold * m + owner, int(whole.sum())
    counts = np.bincount(place[:first], minlength=folds * m).reshape(folds, m) * one
    counts += np.bincount(place[first:], weights=size[first:], minlength=folds * m).reshape(folds, m)
    return np.asarray(counts, dtype=float)


def one_of_each(sample: Sample) -> Array:
    """Weight of one observation of each distinct value ``(m,)``: 1 of frequencies, of importance weights its own."""
    return np.ones(len(sample)) if sample.importance is None else sample.importance


def held_out(fit: Fit, parts: Array) -> Array:
    """Log-probability of each distinct observation when it was not fitted to, mean over its copies ``(m,)``.

    NaN without any estimate; −inf where a fold's estimate makes it impossible, as an estimated end of the support does.
    """
    w = fit.sample.weights
    total, seen = np.zeros(len(w)), np.zeros(len(w))
    for cut in batches(len(parts), len(w)):
        part = parts[cut]
        left = w - part
        found = refit(fit, np.where(left > _NEGLIGIBLE * w, left, 0.0))
        with np.errstate(invalid="ignore"):
            total += np.where(part > 0, part * found.pointwise(), 0.0).sum(axis=0)
        seen += part.sum(axis=0)
    return np.asarray(total / seen)


def leave_one_out(fit: Fit) -> Array:
    """Log-probability of each distinct observation when one is left out ``(m,)``: m fits in one batch.

    One copy of a frequency; of importance weights the whole of one observation (of several with one value, the mean
    weight of those, in which each counts as much as it weighs).
    """
    w, one = fit.sample.weights, one_of_each(fit.sample)
    value = np.empty(len(w))
    for cut in batches(len(w), len(w)):
        here = np.arange(len(w))[cut]
        weights = np.repeat(w[None, :], len(here), axis=0)
        left = w[here] - one[here]
        weights[np.arange(len(here)), here] = np.where(left > _NEGLIGIBLE * w[here], left, 0.0)
        value[cut] = refit(fit, weights).pointwise()[np.arange(len(here)), here]
    return value


def stacking_weights(pointwise: Array, shares: Array) -> Array:
    """Weights of a mixture of K candidates that maximise its mean log-probability ``(K,)``.

    Of held-out log-probabilities it is the stacking of predictive distributions (Yao, Vehtari, Simpson & Gelman 2018).
    The objective is concave; EM steps climb it until it can grow by less than 1e-9. An observation that no candidate
    holds possible (the largest one, where every candidate ends at the largest of those it was fitted to) has the same
    probability, none, whatever the weights, which are those of the others.

    Parameters
    ----------
    pointwise
        log q ``(K, m)``; a candidate that is not a number anywhere gets no weight.
    shares
        Of the observations ``(m,)``.

    Examples
    --------
    >>> stacking_weights(np.log([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9]]), np.full(3, 1 / 3)).round(3)
    array([0.708, 0.292])
    """
    able = ~np.isnan(pointwise).any(axis=1)
    told = (shares > 0) & np.isfinite(np.max(pointwise[able], axis=0, initial=-np.inf))
    kept, p = pointwise[able][:, told], shares[told] / max(float(shares[told].sum()), _NEGLIGIBLE)
    q = np.exp(kept - np.max(kept, axis=0, initial=-np.inf))
    v = np.full(len(q), 1.0 / max(len(q), 1))
    for _ in range(20_000):
        ratio = q @ (p / (v @ q))
        if np.max(ratio, initial=1.0) - 1.0 < 1e-9:  # by how much the objective can still grow
            break
        v = v * ratio
        v /= v.sum()
    v = np.where(v > _NEGLIGIBLE, v, 0.0)  # EM never quite arrives at 0
    weights = np.zeros(len(pointwise))
    weights[able] = v / v.sum() if len(v) else v
    return weights
