"""Calibration: which part of a forecaster's loss is in what it says, and which in how little it can see.

    loss = calibration + refinement,    refinement = min over recalibrations g of the loss of g(forecast)

The decomposition of a proper score (Bröcker 2009) in its variational form: calibration is what could be had back by
re-reading the forecasts, without seeing the cases (Berta, Bach & Jordan 2025). The recalibrations are those of Cox
(1958) and Platt (1999), for many classes: g(q) ∝ exp(slope · log q_c + shift_c). The identity is one of them, so that
neither part is ever negative, and the minimum is that of a convex function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, logsumexp, softmax, xlogy

from modelselect.domain import Array
from modelselect.ranking.cases import Cases

_STEPS = 200
#: Nats below which the forecasts tell the classes apart without a mistake: the least loss is then 0, at slope ∞.
_SEPARATED = 1e-9


@dataclass(frozen=True, eq=False)
class Calibration:
    """Parts of a loss.

    Attributes
    ----------
    loss, calibration, refinement
        Nats a case; the first is the sum of the others.
    slope
        Below 1 the forecasts are too bold, above 1 too timid; infinite where a threshold on them makes no mistake.
    p_value
        Of the test that forecasts are calibrated (Cox 1958): 2n · calibration is χ² then. NaN for soft labels.
    """

    loss: float
    calibration: float
    refinement: float
    slope: float
    p_value: float


_NONE = float("nan")


def calibrate(cases: Cases, probabilities: Array) -> Calibration:
    """Split the mean log-loss of forecasts ``(m, C)`` into calibration and refinement.

    Forecasts that give probability 0 to what happened have an infinite loss and no parts (NaN). A slope that the
    forecasts do not identify (they are always the same) is the smallest in norm.

    Examples
    --------
    >>> from modelselect.ranking.cases import gather_cases
    >>> cases, told = gather_cases(["rain", "dry", "rain", "dry"], {"A": {"rain": [0.9, 0.9, 0.1, 0.1]}})
    >>> parts = calibrate(cases, told["A"])
    >>> round(parts.loss, 4), round(parts.calibration, 4), round(parts.refinement, 4), abs(round(parts.slope, 4))
    (1.204, 0.5108, 0.6931, 0.0)
    """
    with np.errstate(divide="ignore"):
        log_q = np.log(probabilities)
    loss = -float(cases.shares @ np.where(cases.truth > 0, cases.truth * _seen(log_q, cases), 0.0).sum(axis=1))
    if not np.isfinite(loss):
        return Calibration(loss, _NONE, _NONE, _NONE, _NONE)
    theta, refinement, degrees = _recalibrated(cases, log_q)
    refinement = min(refinement, loss)
    slope = float(theta[0]) if refinement > _SEPARATED else float(np.copysign(np.inf, theta[0]))
    p_value = float(chdtrc(degrees, 2.0 * cases.n * (loss - refinement))) if cases.certain and degrees else _NONE
    return Calibration(loss, loss - refinement, refinement, slope, p_value)


def _seen(log_q: Array, cases: Cases) -> Array:
    return np.where(cases.truth > 0, log_q, 0.0)


def _recalibrated(cases: Cases, log_q: Array) -> tuple[Array, float, int]:
    """Newton's method from the identity: slope and shifts, the least loss, and how many of them the cases tell."""
    truth, w = cases.truth, cases.shares
    frequencies = w @ truth
    free = np.flatnonzero(frequencies > 0)
    free = free[free != int(np.argmax(frequencies))]  # a common shift changes nothing
    possible = np.isfinite(log_q)
    z = np.where(possible, log_q, 0.0)

    def logits(theta: Array) -> Array:
        shift = np.zeros(truth.shape[1])
        shift[free] = theta[1:]
        return np.where(possible, theta[0] * z + shift, -np.inf)

    def loss(at: Array) -> float:
        return float(
            w @ (logsumexp(at, axis=1) - np.where(truth > 0, truth * np.where(truth > 0, at, 0), 0).sum(axis=1))
        )

    theta = np.zeros(1 + len(free))
    theta[0] = 1.0
    here = logits(theta)
    least, degrees = loss(here), 0
    for step in range(_STEPS):
        r = softmax(here, axis=1)
        residual = r - truth
        centre = (r * z).sum(axis=1, keepdims=True)
        score = np.concatenate([[w @ (residual * z).sum(axis=1)], w @ residual[:, free]])
        information = np.empty((len(theta), len(theta)))
        information[0, 0] = w @ (r * np.square(z - centre)).sum(axis=1)
        information[0, 1:] = information[1:, 0] = w @ (r * (z - centre))[:, free]
        information[1:, 1:] = np.diag(w @ r[:, free]) - (r[:, free] * w[:, None]).T @ r[:, free]
        if step == 0:
            degrees = int(np.linalg.matrix_rank(information, rtol=1e-10, hermitian=True))
        move = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        if not score @ move > 1e-15:
            break
        size = 1.0
        while size > 1e-6:
            there = logits(theta - size * move)
            if (found := loss(there)) < least:
                theta, here, least = theta - size * move, there, found
                break
            size *= 0.5
        else:
            break
    return theta, least, degrees


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often came true what was said, in bins of equal numbers of forecasts: arrays ``(bins,)``.

    Attributes
    ----------
    forecast, observed
        Mean probability in the bin, and how often it came true.
    se
        Standard error of observed − forecast, the forecasts of one case not taken for independent.
    n
        Forecasts in the bin.
    """

    forecast: Array
    observed: Array
    se: Array
    n: Array


def reliability(cases: Cases, probabilities: Array, bins: int = 10) -> Reliability:
    """Compare forecasts with what happened, bin by bin.

    The forecasts of all classes are taken together; of two classes the second one's, since the other says the same.
    Equal forecasts share a bin, so that there may be fewer of them.

    Examples
    --------
    >>> from modelselect.ranking.cases import gather_cases
    >>> cases, told = gather_cases([1, 0, 1, 1], {"A": [0.9, 0.1, 0.9, 0.1]})
    >>> found = reliability(cases, told["A"])
    >>> found.forecast.round(2).tolist(), found.observed.round(2).tolist()
    ([0.1, 0.9], [0.5, 1.0])
    """
    kept = slice(1, 2) if len(cases.classes) == 2 else slice(None)
    p, y = probabilities[:, kept], cases.truth[:, kept]
    w = np.broadcast_to(cases.weights[:, None], p.shape)
    order = np.argsort(p, axis=None, kind="stable")
    before = np.cumsum(w.ravel()[order]) - 0.5 * w.ravel()[order]
    place = np.minimum((before * bins / w.sum()).astype(np.intp), bins - 1)
    _, group = np.unique(p.ravel()[order], return_inverse=True)
    first = np.full(int(group[-1]) + 1, bins)
    np.minimum.at(first, group, place)
    used, inverse = np.unique(first[group], return_inverse=True)
    where = np.empty(p.size, dtype=np.intp)
    where[order] = inverse
    b = len(used)
    n = np.asarray(np.bincount(where, weights=w.ravel(), minlength=b), dtype=float)
    case = np.repeat(np.arange(len(p)), p.shape[1])
    apart = np.bincount(case * b + where, weights=(y - p).ravel(), minlength=len(p) * b).reshape(len(p), b)
    forecast = np.bincount(where, weights=(w * p).ravel(), minlength=b) / n
    observed = np.bincount(where, weights=(w * y).ravel(), minlength=b) / n
    inside = np.bincount(case * b + where, minlength=len(p) * b).reshape(len(p), b)
    centred = apart - inside * (observed - forecast)
    return Reliability(forecast, observed, np.sqrt(cases.weights @ np.square(centred)) / n, n)


def uncertainty(cases: Cases) -> float:
    """Entropy of the frequencies of the classes in nats: the loss of whoever knows nothing but them."""
    return -float(xlogy(cases.frequencies, cases.frequencies).sum())
