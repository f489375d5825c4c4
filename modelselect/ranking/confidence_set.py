"""The model confidence set: the candidates that may be the best one, at a stated confidence.

Hansen, Lunde & Nason (2011), range statistic T_R, on mean losses + k/(2n): the loss at the best member of each family.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from modelselect.domain import Array
from modelselect.ranking.comparison import FEW

#: Confidence of the set.
CONFIDENCE = 0.90
#: Gaussian draws by which the law of T_R is found.
DRAWS = 2_000
#: Variance that estimation adds to n times the mean loss of each candidate.
_ESTIMATION = 0.04


def confidence_set(
    loss: Array,
    covariance: Array,
    k: Array,
    n: float,
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    *,
    worth: float | None = None,
    ends: Array | None = None,
) -> NDArray[np.bool_]:
    """Which of K candidates cannot be excluded from being the best.

    T_R is the largest of all |t_fg| = |L̄_f − L̄_g| / se_fg with L̄ the mean loss + (k + e)/(2n), e the number of ends
    of the support taken from the sample, and ::

        se_fg² = var(L_f − L_g)/n + (max(|k_f − k_g|, 1) + e_f + e_g)/n²

    Its law under equal losses is that of the same statistic of normal draws with the losses' covariance, so that
    the cost does not depend on n. While T_R is larger than its quantile, the candidate with the largest t is dropped.

    Parameters
    ----------
    loss
        Mean loss ``(K,)`` in nats; only differences matter. One that is not finite is outside.
    covariance
        Of the pointwise losses ``(K, K)``, up to what is common to all.
    k
        Numbers of estimated parameters ``(K,)``.
    n
        Number of observations.
    rng
        Of the draws.
    confidence
        That the best one is among them.
    worth
        How many independent observations they are worth, if they depend on each other: of what estimation does.
    ends
        Ends of the support taken from the sample ``(K,)``, see `ends_taken`; by default none.

    Returns
    -------
    ndarray ``(K,)`` of bool. Where P is known, those with the smallest loss; of fewer than 5 observations, which have
    no variance to speak of, all with a finite loss.

    Notes
    -----
    The floor max(|k_f − k_g|, 1)/n² is the size of what estimation alone does to a difference: without it nested
    candidates that nearly coincide are told apart by their penalties. The draws carry a little of it too (simulated:
    0.04/n² a candidate keeps a truth that nearly coincides with others in the set; without it 83 % at n = 50, where
    the penalty alone exceeds all draws). A step whose T_R is beyond the Bonferroni quantile is taken without draws:
    their share above T_R could only be smaller.

    Examples
    --------
    >>> cov = np.diag([0.0, 0.01, 1.0])
    >>> found = confidence_set(np.array([0.0, 0.5, 0.01]), cov, np.array([1, 1, 1]), 100, np.random.default_rng(0))
    >>> found.tolist()
    [True, False, True]
    """
    inside = np.isfinite(loss)
    if not np.isfinite(n):
        return np.asarray(inside & (loss <= np.min(loss[inside], initial=np.inf)))
    if n < FEW:
        return np.asarray(inside)
    rows = np.flatnonzero(inside)
    C = covariance[np.ix_(rows, rows)]
    taken = np.zeros(len(rows)) if ends is None else ends[rows]
    level = loss[rows] + (k[rows] + taken) / (2.0 * n)
    spread = np.diag(C)[:, None] + np.diag(C) - 2.0 * C
    worth = n if worth is None else worth
    floor = (np.maximum(np.abs(k[rows][:, None] - k[rows]), 1.0) + taken[:, None] + taken) / worth**2
    se = np.sqrt(np.maximum(spread, 0.0) / n + floor)
    t = (level[:, None] - level) / se
    alive = np.ones(len(rows), dtype=bool)
    draws: Array | None = None
    while alive.sum() > 1:
        within = np.flatnonzero(alive)
        pairs = t[np.ix_(within, within)]
        T = float(pairs.max())
        most = len(within) * (len(within) - 1) * ndtr(-T)  # two tails, half as many pairs
        if most >= 1.0 - confidence:
            if draws is None:
                estimation = np.diag(_ESTIMATION + taken[within]) / worth**2
                start, draws = within, _draws(C[np.ix_(within, within)] / n + estimation, rng)
            column = np.searchsorted(start, within)
            if _share_above(draws[:, column], se[np.ix_(within, within)], T) >= 1.0 - confidence:
                break
        alive[within[np.unravel_index(np.argmax(pairs), pairs.shape)[0]]] = False
    inside[rows[~alive]] = False
    return inside


def _draws(covariance: Array, rng: np.random.Generator) -> Array:
    """Normal draws ``(DRAWS, K)`` with a covariance that may be singular."""
    value, vector = np.linalg.eigh(covariance)
    root = vector * np.sqrt(np.maximum(value, 0.0))
    return np.asarray(rng.standard_normal((DRAWS, len(value))) @ root.T)


def _share_above(draws: Array, se: Array, T: float) -> float:
    """Share of the draws whose largest studentised difference is at least T."""
    first, second = np.triu_indices(len(se), 1)
    scale = se[first, second]
    above = 0
    step = max(1, 1_000_000 // len(first))
    for start in range(0, len(draws), step):
        part = draws[start : start + step]
        above += int(np.sum(np.any(np.abs(part[:, first] - part[:, second]) >= T * scale, axis=1)))
    return above / len(draws)
