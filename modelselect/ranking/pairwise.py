"""Tests of one pair that cost more than a look at the differences: Vuong's pre-test, and a parametric bootstrap."""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array
from modelselect.errors import ConfigurationError
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.uncertainty import scores_and_information
from modelselect.ranking.comparison import LEVEL, Paired, Test, compare
from modelselect.ranking.nesting import nesting, reached
from modelselect.ranking.replicates import replicates, untestable

#: Replicates that are drawn at once.
_ROUND = 250
#: Of a weighted sum of χ².
_DRAWS = 200_000


def weighted_chi_square_sf(x: float, weights: Array, rng: np.random.Generator) -> float:
    """P(Σ λ_i χ²₁ > x) for independent χ² with one degree of freedom each, as the share of 200 000 draws.

    Examples
    --------
    >>> round(weighted_chi_square_sf(3.841459, np.array([1.0]), np.random.default_rng(0)), 3)
    0.05
    """
    total = np.square(rng.standard_normal((_DRAWS, len(weights)))) @ weights
    return (float(np.count_nonzero(total > x)) + 1.0) / (_DRAWS + 1.0)


def pre_tested(a: Fit, b: Fit, paired: Paired, i: int, j: int, rng: np.random.Generator) -> Test:
    """Vuong's (1989) two steps: whether the two laws differ at all on the data, and only then which one is better.

    The first statistic is n ω̂², the variance of the differences, against Σ λ²χ²₁; a nested pair is tested by its
    likelihood ratio against Σ λχ²₁, which holds also where neither family is right. λ are the eigenvalues of ::

        W = K diag(J_a⁻¹, −J_b⁻¹)

    with J the information of each and K the mean products of the scores of both. The p-value of a pair that cannot be
    told apart is that of the first step. Where an information is infinite, as on the edge of a domain, there is none.
    """
    n, gap = paired.n, paired.gap(i, j)
    relation = nesting(a, b)
    eigenvalues = _eigenvalues(reached(a), reached(b))
    if not np.isfinite(eigenvalues).all() or not np.isfinite(gap):
        return Test(float("nan"), float("nan"), "none")
    if relation is not None and relation.degrees > 0 and relation.regular and not relation.boundary:
        ratio = max(2.0 * n * gap * relation.sign, 0.0)
        return Test(ratio, weighted_chi_square_sf(ratio, relation.sign * eigenvalues, rng), "likelihood ratio (robust)")
    variance = n * paired.se(i, j) ** 2 * n
    same = weighted_chi_square_sf(variance, np.square(eigenvalues), rng)
    if same > LEVEL:
        return Test(variance, same, "Vuong, pre-test: not distinguishable")
    return compare(a, b, paired, i, j)


def _eigenvalues(a: Fit, b: Fit) -> Array:
    """λ of Vuong's W, real, of both fits' regular parameters; empty where nothing is estimated."""
    parts = []
    for fit in (a, b):
        names = tuple(name for name in fit.free if fit.law.parameters[name].regular)
        if not names:
            parts.append((np.zeros((0, len(fit.sample))), np.zeros((0, 0))))
            continue
        theta = np.array([list(fit.parameters.values())])
        s, J = scores_and_information(fit.law, fit.sample.block(cells=not fit.law.discrete), theta, names)
        parts.append((s[0], J[0]))
    (s_a, J_a), (s_b, J_b) = parts
    shares = a.sample.shares
    both = np.concatenate([s_a, s_b])
    K = (both * shares) @ both.T
    p = len(s_a)
    if not all(np.isfinite(part).all() for part in (K, J_a, J_b)):
        return np.array([np.nan])
    inverse = np.zeros_like(K)
    inverse[:p, :p], inverse[p:, p:] = np.linalg.pinv(J_a), np.linalg.pinv(J_b)
    inverse[p:, p:] *= -1.0
    return np.real(np.linalg.eigvals(K @ inverse))


def bootstrapped(a: Fit, b: Fit, paired: Paired, i: int, j: int, n_resamples: int, rng: np.random.Generator) -> Test:
    """Likelihood ratio of a nested pair by parametric bootstrap: samples of the smaller law, both refitted.

    For pairs whose ratio is not χ²: a mixture against one with fewer components, a threshold, an integer.

    Raises
    ------
    ConfigurationError
        Neither contains the other, or the sample cannot be drawn anew.
    """
    relation = nesting(a, b)
    if relation is None or relation.degrees == 0:
        raise ConfigurationError(f"test: neither of {a.label} and {b.label} contains the other; use method='pretest'")
    large, small = (a, b) if relation.sign > 0 else (b, a)
    sample = small.sample
    why = untestable(small, sample) or untestable(large, sample)
    if large.law.discrete != small.law.discrete:
        why = "one of the two has masses, the other a density"
    if why:
        raise ConfigurationError(f"test: {small.label} cannot be drawn from: {why}")
    n = round(sample.n)
    seen = max(2.0 * paired.n * paired.gap(i, j) * relation.sign, 0.0)
    above = done = 0
    while done < n_resamples:
        size = min(_ROUND, n_resamples - done)
        block = replicates(small, sample, n, size, rng)
        value = []
        for fit in (large, small):
            found = estimate_candidate(fit.candidate, fit.law, block, {})
            value.append(np.where(found.usable, found.log_likelihood, np.nan))
        ratio = 2.0 * n * (value[0] - value[1])
        above += int(np.sum(~(ratio < seen * (1.0 - 1e-9) - 1e-9)))
        done += size
    return Test(seen, (above + 1.0) / (done + 1.0), f"likelihood ratio (bootstrap, {done})")
