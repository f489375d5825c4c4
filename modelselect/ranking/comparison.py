"""Is A really better than B? Paired differences of all candidates, from one covariance pass.

Vuong's test (1989) for equal KL at the best parameters, corrected by k/(2n); the likelihood ratio for
nested pairs, with ½χ²₀ + ½χ²₁ where one parameter lies on its boundary (Self & Liang 1987).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr

from modelselect.domain import Array
from modelselect.families.candidates import Candidate
from modelselect.fitting.result import Fit
from modelselect.statistics import stretches

#: Two candidates whose difference has a p-value above this are not told apart.
LEVEL = 0.05
#: Observations below which no p-value is given.
_FEW = 5


@dataclass(frozen=True)
class Paired:
    """Mean and covariance of the pointwise differences log q_best − log q_j of K candidates.

    Differences to one candidate are accumulated, not the log-likelihoods themselves: the variance of
    a small difference of two large numbers would lose its digits.
    """

    mean: Array
    covariance: Array
    n: float

    @classmethod
    def of(cls, pointwise: Array, shares: Array, best: int, n: float) -> Paired:
        """One pass over log q ``(K, m)`` with weights ``(m,)`` that sum to 1."""
        cuts = stretches(len(shares))
        mean, covariance = np.zeros(len(pointwise)), np.zeros((len(pointwise), len(pointwise)))
        with np.errstate(invalid="ignore"):
            for cut in cuts:
                mean += (pointwise[best, cut] - pointwise[:, cut]) @ shares[cut]
            for cut in cuts:
                centred = (pointwise[best, cut] - pointwise[:, cut] - mean[:, None]) * np.sqrt(shares[cut])
                covariance += centred @ centred.T
            scale = n / (n - 1.0) if n > 1 and np.isfinite(n) else 1.0
            return cls(mean, covariance * scale, n)

    def gap(self, a: int, b: int) -> float:
        """Mean of log q_a − log q_b."""
        with np.errstate(invalid="ignore"):
            return float(self.mean[b] - self.mean[a])

    def se(self, a: int, b: int) -> float:
        """Standard error of the mean of log q_a − log q_b; 0 where P is known."""
        if not np.isfinite(self.n):
            return 0.0 if np.isfinite(self.mean[a] + self.mean[b]) else float("nan")
        variance = self.covariance[a, a] + self.covariance[b, b] - 2.0 * self.covariance[a, b]
        return float(np.sqrt(np.maximum(variance, 0.0) / self.n))


class Test(NamedTuple):
    """A test of equal divergence: its statistic, two-sided p-value and name."""

    statistic: float
    p_value: float
    test: str


_NONE = Test(float("nan"), float("nan"), "none")


def compare(a: Fit, b: Fit, gap: float, se: float) -> Test:
    """Test whether two fits to one sample lose equally many nats.

    Parameters
    ----------
    a, b
        The fits.
    gap, se
        Mean of log q_a − log q_b and its standard error.

    Notes
    -----
    For a nested pair the null hypothesis is the smaller family, and the p-value is that of the
    likelihood ratio: χ² with d degrees of freedom, ½χ²_{d−1} + ½χ²_d where one of the d parameters lies on
    its boundary. Two laws that are the same on the sample cannot be told apart: p = 1.

    Vuong's statistic takes its variance for known. Where two fitted laws nearly coincide that variance
    vanishes faster than the difference of their penalties, and the test would find the penalty significant;
    max(|k_a − k_b|, 1)/n², the size of what estimation alone does to the difference, is therefore added.
    """
    n = a.n
    if not (np.isfinite(gap) and np.isfinite(n) and n >= _FEW and len(a.sample) > 1):
        return _NONE
    as_declared, at_limit = nesting(a, b), {1: a.limit is not None, -1: b.limit is not None}
    a, b = _reached(a), _reached(b)
    rounding = 1e-12 * max(1.0, abs(a.mean_log_likelihood))
    if max(se, abs(gap)) <= rounding:
        return Test(0.0, 1.0, "same law")
    relation = nesting(a, b)
    if relation is None:
        relation = as_declared
    elif relation.degrees > 0 and at_limit[relation.sign]:
        # a larger family that the data chose among the limits of one makes no test: those that were declared, or none
        if as_declared is None:
            return Test(max(2.0 * n * gap * relation.sign, 0.0), float("nan"), "likelihood ratio (at a limit)")
        relation = as_declared
    if relation is not None:
        ratio = max(2.0 * n * gap * relation.sign, 0.0)
        if relation.regular and relation.degrees == 0:
            return Test(0.0, 1.0, "same model")
        if not relation.regular:
            return Test(ratio, float("nan"), "likelihood ratio (non-regular)")
        tail = float(chdtrc(relation.degrees, ratio))
        if relation.boundary:
            inner = float(chdtrc(relation.degrees - 1, ratio)) if relation.degrees > 1 else float(ratio <= 0)
            return Test(ratio, 0.5 * inner + 0.5 * tail, "likelihood ratio (boundary)")
        return Test(ratio, tail, "likelihood ratio")
    corrected = gap - (a.k - b.k) / (2.0 * n)
    floor = max(abs(a.k - b.k), 1) / n**2 if a.k or b.k else 0.0
    spread = math.sqrt(se**2 + floor)
    z = corrected / spread if spread > rounding else math.copysign(math.inf, corrected)
    return Test(z, float(2.0 * ndtr(-abs(z))), "Vuong")


def _reached(fit: Fit) -> Fit:
    """Return the fit of the law that was reached: at a limit that is the limit family's, with its own parameters."""
    if fit.limit is None:
        return fit
    law = fit.limit.family
    fixed = {name: value for name, value in fit.candidate.fixed.items() if name in law.parameters}
    free = [name for name, parameter in law.parameters.items() if name not in fixed and parameter.default is None]
    return replace(fit, law=law, candidate=Candidate(law, fixed, fit.label), k=len(free), limit=None)


class Nesting(NamedTuple):
    """Which of two candidates contains the other: sign +1 if the first one does.

    `regular` is False where they differ by an end of the support or an integer, whose likelihood
    ratio is not χ².
    """

    sign: int
    degrees: int
    boundary: bool
    regular: bool


def nesting(a: Fit, b: Fit) -> Nesting | None:
    """How two candidates nest in each other, as their families declare it; None if they do not."""
    if any(fit.candidate.method != "mle" or fit.candidate.bounds for fit in (a, b)):
        return None  # the likelihood ratio is one of two maxima
    for sign, large, small in ((1, a, b), (-1, b, a)):
        boundary = _contains(large, small)
        if boundary is not None and large.k >= small.k:
            extra = set(large.free) - set(small.free)
            regular = all(large.law.parameters[name].regular for name in extra)
            regular &= boundary <= 1 and not _singular(large, small)
            return Nesting(sign, large.k - small.k, boundary > 0, regular)
    return None


def _singular(large: Fit, small: Fit) -> bool:
    """Whether `small` restricts what no likelihood ratio that is χ² tests: the weights of a mixture, a threshold."""
    restriction = large.law.nested.get(small.law.name, {})
    return small.law.name in large.law.singular or any(
        not isinstance(restriction.get(name, name), str) for name in large.law.singular
    )


def _contains(large: Fit, small: Fit) -> int | None:
    """In how many directions `small` lies on the boundary of `large`; None where it is no part of it.

    Given parameters included: every law of `small` is a law, or a limit, of `large`.
    """
    if large.law.nominal or small.law.nominal:
        return None
    if large.law.name == small.law.name:
        return 0 if _given(large).items() <= _given(small).items() else None
    restriction = large.law.nested.get(small.law.name)
    if restriction is None:
        return None
    own = large.law.parameters
    theirs = _given(small)
    if any(theirs.get(name) != value for name, value in restriction.items() if name not in own):
        return None
    boundary = 0
    for name in own:
        target = restriction.get(name, name)
        held = _given(large).get(name)
        if isinstance(target, str):
            # a parameter given in the large one must be given alike in the small one
            if held is not None and theirs.get(target) != held:
                return None
        elif held is not None and held != target:
            return None
        elif held is None:
            domain = large.law.parameters[name].domain
            boundary += target in (domain.low, domain.high)
    # those that reach their ends together, as a and b of a beta-binomial do, leave a parameter of the smaller one free
    targets = [restriction.get(name, name) for name in own]
    return max(boundary - sum(name not in targets for name in small.law.parameters), int(boundary > 0))


def _given(fit: Fit) -> dict[str, float]:
    """Parameters that are not estimated: given, or the family's defaults."""
    defaults = {name: p.default for name, p in fit.law.parameters.items() if p.default is not None}
    return {**defaults, **fit.candidate.fixed}


def pairs(fits: list[Fit], paired: Paired, corrected: Array) -> list[dict[str, object]]:
    """All pairs in the order of the ranking: a is ahead of b, delta = loss of b − loss of a."""
    rows: list[dict[str, object]] = []
    for i in range(len(fits)):
        for j in range(i + 1, len(fits)):
            gap, se = paired.gap(i, j), paired.se(i, j)
            test = compare(fits[i], fits[j], gap, se) if fits[i].status.usable and fits[j].status.usable else _NONE
            with np.errstate(invalid="ignore"):
                delta = float(corrected[j] - corrected[i])
            rows.append({"a": fits[i].label, "b": fits[j].label, "delta": delta, "delta_se": se, **test._asdict()})
    return rows
