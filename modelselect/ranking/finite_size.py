"""Laws of test statistics at the size of the sample at hand, where those for many observations are not near enough.

Measured (docs/calibration.md): Vuong's statistic is skewed like the differences; on a boundary the larger of two nested
laws wins in fewer than half of the samples; where the likelihood has a kink the ratio is larger than χ² in the mean.
Each is found from samples of the fitted laws, where that costs next to nothing.
"""

from __future__ import annotations

import math

import numpy as np

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.fitting.answer import Estimate
from modelselect.fitting.likelihood import mean_log_likelihood, pointwise
from modelselect.fitting.refit import pointwise_of
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.status import usable
from modelselect.fitting.uncertainty import scores_and_information
from modelselect.grouped import distinct_in_rows
from modelselect.ranking.nesting import reached
from modelselect.ranking.replicates import replicates, untestable

#: Observations above which the laws for many are taken.
MOST = 1_000
#: Observations above which a kink is too little to matter.
_SMALL = 500
#: Larger laws with a kink that take a search to fit: milliseconds a sample.
_DEAR = ("generalized_normal",)
#: Samples that are drawn, and the share of them that must have estimates.
_REFITS, _FITTED = 500, 0.8
#: Quantiles that stand for each of two laws.
_NODES = 1_000
#: |skewness|/√n of the differences below which Vuong's statistic is taken for normal: Edgeworth's term is then 0.005.
_SKEWED = 0.06
#: How near the boundary the slope of the likelihood is taken.
_NEAR = 1e-4


def vuong_tails(a: Fit, b: Fit, z: float, floor: float, rng: np.random.Generator) -> float:
    """Two-sided p-value of Vuong's statistic by its law where both are equally far; NaN where the normal one must do.

    The truth under which it is found lies between the two fitted laws f and g ::

        u f + (1 − u) g,   u = KL(g ‖ f) / (KL(f ‖ g) + KL(g ‖ f)),   so that E log f/g = 0

    Both are fitted to samples of n from it, and the statistic is found of each. Twice the smaller tail: skewed
    differences make the two unequal. For counts alone, whose families are fitted to a table of few values, where both
    have closed estimates and the differences are skewed: log x! of one and not of the other is what makes them so.

    Parameters
    ----------
    a, b
        Two fits of one sample, neither within the other.
    z
        The statistic.
    floor
        Variance of the difference that is due to estimation.
    rng
        Of the draws.

    Notes
    -----
    The mixture of two hypotheses as the one that holds both is Atkinson's (1970).
    """
    n = round(a.sample.n)
    closed = all(fit.law.discrete and fit.law.mle is not None and _drawable(fit) for fit in (a, b))
    if n > MOST or not closed:
        return float("nan")
    nodes = _between(a, b)
    if nodes is None:
        return float("nan")
    x, share, d = nodes
    if abs(float(share @ d**3)) < _SKEWED * math.sqrt(n) * float(share @ d**2) ** 1.5:
        return float("nan")
    drawn = _block(rng.choice(x, size=(_REFITS, n), p=share), np.ones((_REFITS, n)))
    gap, spread = _statistic(a, b, drawn)
    centre, _ = _statistic(a, b, _block(x[None], share[None]))  # what is left of a difference at the best parameters
    t = (gap - centre - (a.k - b.k) / (2.0 * n)) / np.sqrt(spread + floor)
    t = t[np.isfinite(t)]
    if len(t) < _FITTED * _REFITS:
        return float("nan")
    smaller = min(int(np.sum(t >= z)), int(np.sum(t <= z)))
    return min(1.0, 2.0 * (smaller + 1.0) / (len(t) + 1.0))


def _drawable(fit: Fit) -> bool:
    """Whether samples of the fitted law are drawn and fitted again at next to no cost."""
    return fit.sample.exact and not untestable(fit, fit.sample)


def _between(a: Fit, b: Fit) -> tuple[Array, Array, Array] | None:
    """Quantiles of both laws, the share of each in the mixture equally far from both, and log f/g there."""
    with np.errstate(all="ignore"):
        levels = (np.arange(_NODES) + 0.5) / _NODES
        x = np.concatenate([np.asarray(reached(fit).distribution.ppf(levels)) for fit in (a, b)])
        if not np.isfinite(x).all():
            return None
        block = _block(x[None], np.ones((1, len(x))), counted=False)
        one, other = (pointwise(of.law, block, _columns(of)) for of in (reached(a), reached(b)))
        d = (one - other)[0]
    forth, back = float(d[:_NODES].mean()), -float(d[_NODES:].mean())
    if not (np.isfinite([forth, back]).all() and min(forth, back) > 0):
        return None
    u = back / (forth + back)
    return x, np.repeat([u / _NODES, (1.0 - u) / _NODES], _NODES), d


def _columns(of: Fit) -> tuple[Array, ...]:
    return tuple(np.full((1, 1), value) for value in of.parameters.values())


def _block(x: Array, weights: Array, *, counted: bool = True) -> Block:
    """Samples of counts ``(R, n)`` as a block: as they stand, or each value once with its number."""
    if counted:
        order = np.argsort(x, axis=1, kind="stable")
        x, weights = np.take_along_axis(x, order, axis=1), np.take_along_axis(weights, order, axis=1)
        x, weights, sizes = distinct_in_rows(x, weights)
        x = np.where(np.isfinite(x), x, x[np.arange(len(x)), sizes - 1][:, None])
    return Block(x, x, weights)


def _statistic(a: Fit, b: Fit, block: Block) -> tuple[Array, Array]:
    """Mean difference log f − log g of each group refitted, and its variance, each observation left out of the fits."""
    with np.errstate(all="ignore"):
        founds = [estimate_candidate(fit.candidate, fit.law, block, {}) for fit in (a, b)]
        logs = [pointwise_of(found, block) for found in founds]
        alone = [_leverage(found, block) for found in founds]
        n, share = block.total, block.shares
        gap = np.where(share > 0, share * (logs[0] - logs[1]), 0.0).sum(axis=1)
        d = np.where(share > 0, logs[0] - alone[0] - logs[1] + alone[1], 0.0)
        mean = (share * d).sum(axis=1, keepdims=True)
        return gap, (share * (d - mean) ** 2).sum(axis=1) / np.maximum(n - 1.0, 1.0)


def _leverage(found: Estimate, block: Block) -> Array:
    """As `ranking.leverage`, of every group; 0 where there is none."""
    names = tuple(name for name in found.free if found.family.parameters[name].regular)
    if not names:
        return np.zeros_like(block.weights)
    s, J = scores_and_information(found.family, block, found.parameters, names)
    able = np.asarray(np.isfinite(s).all(axis=(1, 2)) & np.isfinite(J).all(axis=(1, 2)))
    able &= np.linalg.eigvalsh(np.where(able[:, None, None], J, 0.0))[:, 0] > 0
    inverse = np.linalg.inv(np.where(able[:, None, None], J, np.eye(len(names))))
    value = np.einsum("gim,gij,gjm->gm", s, inverse, s) / block.total[:, None]
    return np.where(able[:, None], value, 0.0)


def interior_share(small: Fit, large: Fit, rng: np.random.Generator) -> float:
    """Share of the samples of the smaller law in which the larger one is likelier; ½ in many observations.

    The likelihood of the larger law is compared with the maximum of the smaller just inside the boundary: its slope
    there says on which side the maximum lies. ½ where that cannot be drawn, or where the restriction is not one of a
    single parameter.
    """
    n = round(small.sample.n)
    if not (n <= MOST and _drawable(small)):
        return 0.5
    block = replicates(small, small.sample, n, _REFITS, rng)
    with np.errstate(all="ignore"):
        found = estimate_candidate(small.candidate, small.law, block, {})
        inside = _just_inside(large, small, found.parameters)
        if inside is None:
            return 0.5
        value = mean_log_likelihood(large.law, block, inside) - found.log_likelihood
    known = np.isfinite(value) & usable(found.status)
    return float(np.mean(value[known] > 0)) if known.sum() > _FITTED * _REFITS else 0.5


def _just_inside(large: Fit, small: Fit, theta: Array) -> tuple[Array, ...] | None:
    """Parameters of the larger law near those of the smaller ``(R, 1)`` each; None if it is not known which."""
    restriction = large.law.nested.get(small.law.name, {})
    place = {name: j for j, name in enumerate(small.law.parameters)}
    parameters, moved = [], 0
    for name, parameter in large.law.parameters.items():
        target = restriction.get(name, name)
        if name in large.candidate.fixed:
            target = large.candidate.fixed[name]
        if isinstance(target, str):
            if target not in place:
                return None
            parameters.append(theta[:, place[target], None])
            continue
        value, domain = float(target), parameter.domain
        if name not in large.candidate.fixed and value in (domain.low, domain.high):
            width = domain.high - domain.low
            step = _NEAR * (width if math.isfinite(width) else 1.0)
            value = math.copysign(1.0 / _NEAR, value) if math.isinf(value) else value
            value += step if value == domain.low else -step if value == domain.high else 0.0
            moved += 1
        parameters.append(np.full((len(theta), 1), value))
    return tuple(parameters) if moved == 1 and np.isfinite(np.concatenate(parameters)).all() else None


def mean_ratio(small: Fit, large: Fit, degrees: int, rng: np.random.Generator) -> float:
    """Mean of the likelihood ratio in samples of the smaller law, relative to that of χ² (Bartlett 1937; Rocke 1989).

    1 where the smaller law has no kink, above 500 observations, or where refits of the larger one would take longer
    than all else.
    """
    n = round(small.sample.n)
    kink = small.law.information is not None and large.law.name not in _DEAR
    if not (kink and n <= _SMALL and _drawable(small)):
        return 1.0
    block = replicates(small, small.sample, n, _REFITS, rng)
    value = []
    with np.errstate(all="ignore"):
        for fit in (large, small):
            found = estimate_candidate(fit.candidate, fit.law, block, {})
            value.append(np.where(usable(found.status), found.log_likelihood, np.nan))
    ratio = 2.0 * n * (value[0] - value[1])
    known = np.isfinite(ratio)
    return float(ratio[known].mean()) / degrees if known.sum() > _FITTED * _REFITS else 1.0
