"""Coverage of the intervals of KL where observations have weights or are censored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.stats as st
from scipy.optimize import brentq
from scipy.special import expit

import modelselect as ms
from benchmarks.calibration.samples import Array, Truth, fits_of, losses_of, mixture, parsed, standard_error, truth
from benchmarks.entropy.estimators import Rows, entropy_of
from modelselect.block import Block
from modelselect.divergence.empirical import divergence
from modelselect.divergence.entropy import Entropy
from modelselect.divergence.level import Level, level
from modelselect.divergence.spacings import spacing_order
from modelselect.divergence.weighted import weighted_spacing, weighted_terms
from modelselect.fitting.result import estimate_candidate

#: Samples of a cell.
SAMPLES = 400

REAL = ("normal", "logistic", "laplace")
POSITIVE = ("exponential", "gamma", "weibull", "lognormal")
#: Of lives; a gamma law is dear, since its survival function has no closed form.
LASTING = ("exponential", "weibull", "lognormal")


@dataclass(frozen=True)
class Weighted:
    """Fractional weights: of draws of another law than the truth, or (`other` None) that tell nothing of the value."""

    name: str
    law: Truth
    families: Sequence[str]
    other: Any = None
    kind: Literal["importance", "frequency"] = "importance"

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Array, Array]:
        if self.other is None:
            return self.law.draw(rng, shape), rng.uniform(0.1, 1.0, shape)
        x = self.other.rvs(size=shape, random_state=rng)
        return x, np.exp(self.law.logp(x) - self.other.logpdf(x))


TWO = mixture("two normals", [(0.5, st.norm(-2)), (0.5, st.norm(2))])
WEIGHTED = [
    Weighted("normal, drawn with sd 1.5", truth("normal", st.norm()), REAL, st.norm(0, 1.5)),
    Weighted("normal, weights uniform(0.1, 1)", truth("normal", st.norm()), REAL),
    Weighted("student_t(3), drawn from student_t(2)", truth("t3", st.t(3)), REAL, st.t(2)),
    Weighted("normal(−2, 1) and (2, 1), drawn from normal(0, 3)", TWO, REAL, st.norm(0, 3)),
    Weighted("gamma(5), drawn from gamma(4, scale 1.5)", truth("gamma", st.gamma(5)), POSITIVE, st.gamma(4, scale=1.5)),
    Weighted("lognormal(0.5), drawn with σ = 0.75", truth("lognormal", st.lognorm(0.5)), POSITIVE, st.lognorm(0.75)),
    Weighted("lognormal(1), drawn with σ = 1.3", truth("lognormal", st.lognorm(1)), POSITIVE, st.lognorm(1.3)),
    Weighted("gamma(2), weights uniform(0.1, 1)", truth("gamma", st.gamma(2)), POSITIVE),
    Weighted("exponential, frequencies uniform(0.1, 1)", truth("exponential", st.expon()), POSITIVE, kind="frequency"),
    Weighted("normal(0.5, 1), drawn from normal(0, 1)", truth("tilted", st.norm(0.5)), REAL, st.norm()),
    Weighted("gamma(2), drawn by length: gamma(3)", truth("gamma", st.gamma(2)), POSITIVE, st.gamma(3)),
]
LIVES = {
    "exponential": st.expon(), "weibull(1.5)": st.weibull_min(1.5), "weibull(0.7)": st.weibull_min(0.7),
    "lognormal(1)": st.lognorm(1),
}  # fmt: skip
#: Censored share, and how: at random by an exponential law, or at one end of study for all.
ENDS = ((0.1, "random"), (0.3, "random"), (0.6, "random"), (0.3, "end"))


def of_weighted(replicates: float, seed: int) -> Rows:
    """Coverage of (kl_low, kl_high) under fractional weights, by the effective number of observations."""
    rows = []
    for place, case in enumerate(WEIGHTED):
        candidates, exact = parsed(case.families), entropy_of(case.law)
        true = np.maximum([case.law.loss(c) for c in candidates], 0.0)
        _, w = case.draw(np.random.default_rng([seed, 2, place]), (1, 200_000))
        worth = float(w.mean() if case.kind == "frequency" else w.mean() ** 2 / (w**2).mean())
        for n in (50, 200, 500):
            rng = np.random.default_rng([seed, 2, place, n])
            x, w = case.draw(rng, (max(20, round(SAMPLES * replicates)), round(n / worth)))
            samples = [ms.Sample(a, b, weights_kind=case.kind, resolution=None) for a, b in zip(x, w, strict=True)]
            values, weights = (np.stack([getattr(s, part) for s in samples]) for part in ("values", "weights"))
            found = _intervals(samples, Block(values, values, weights), candidates, true, exact)
            rows += [{"truth": case.name, "n": n, **line} for line in found]
    return rows


def of_censored(replicates: float, seed: int) -> Rows:
    """Coverage of (kl_low, kl_high) of right-censored samples."""
    rows = []
    for place, (name, law) in enumerate(LIVES.items()):
        for share, how in ENDS:
            end = _censoring(law, share, how)
            candidates = parsed(LASTING)
            true, exact = _censored_truth(law, end, candidates)
            for n in (60, 200, 500):
                rng = np.random.default_rng([seed, 3, place, n, round(100 * share), len(how)])
                shape = (max(20, round(SAMPLES * replicates)), n)
                life = law.rvs(size=shape, random_state=rng)
                stop = np.full(shape, end) if isinstance(end, float) else end.rvs(size=shape, random_state=rng)
                times, event = np.minimum(life, stop), life <= stop
                samples = [ms.Sample.from_censored(t, e) for t, e in zip(times, event, strict=True)]
                block = Block(times, np.where(event, times, np.inf), np.ones(shape))
                what = {"truth": name, "n": n, "share": share, "how": how}
                rows += [{**what, **line} for line in _intervals(samples, block, candidates, true, exact)]
    return rows


def _censoring(law: Any, share: float, how: str) -> Any:
    """The law of the censoring times by which a share of the lives is censored; a number if it is one for all."""
    if how == "end":
        return float(law.isf(share))
    unit = st.expon.ppf((np.arange(20_000) + 0.5) / 20_000)
    return st.expon(scale=brentq(lambda scale: float(law.sf(scale * unit).mean()) - share, 1e-3, 1e4))


def _censored_truth(law: Any, end: Any, candidates: Sequence[Any]) -> tuple[Array, float]:
    """KL at the best parameters of each family, and H = −E[δ log f(T) + (1 − δ) log S(T)], by quadrature."""
    s = np.linspace(-36.0, 36.0, 8001)
    u, du = expit(s), expit(s) * expit(-s) * (s[1] - s[0])
    if isinstance(end, float):
        events, seen = law.ppf(u * law.cdf(end)), du * law.cdf(end)
        stops, unseen = np.array([end]), np.array([law.sf(end)])
    else:
        events = np.where(s < 0, law.ppf(u), law.isf(expit(-s)))
        seen = du * end.sf(events)
        stops = np.where(s < 0, end.ppf(u), end.isf(expit(-s)))
        unseen = du * law.sf(stops)
    used, left = seen > 0, unseen > 0
    exact = -float(seen[used] @ law.logpdf(events[used]) + unseen[left] @ law.logsf(stops[left]))
    lower = np.concatenate([events[used], stops[left]])[None]
    upper = np.concatenate([events[used], np.full(left.sum(), np.inf)])[None]
    block = Block(lower, upper, np.concatenate([seen[used], unseen[left]])[None])
    found = [estimate_candidate(c, c.family, block, {}) for c in candidates]
    return np.maximum([-float(f.log_likelihood[0]) - exact for f in found], 0.0), exact


def _intervals(
    samples: Sequence[ms.Sample], block: Block, candidates: Sequence[Any], true: Array, exact: float
) -> Rows:
    """Coverage of each candidate's interval, how often there is one, and the mean error of the level.

    `forced` is the coverage in weighted samples that are refused, if they were given a level all the same.
    """
    columns = [fits_of(c, estimate_candidate(c, c.family, block, {}), samples) for c in candidates]
    inside, given = (np.zeros((len(samples), len(candidates)), dtype=bool) for _ in range(2))
    levels, refused = np.full(len(samples), np.nan), np.zeros(len(samples), dtype=bool)
    for i, (sample, fits) in enumerate(zip(samples, zip(*columns, strict=True), strict=True)):
        of = level(sample)
        levels[i] = of.entropy.value
        refused[i] = sample.exact and not np.isfinite(levels[i])
        of = _forced(sample) if refused[i] else of
        found = divergence(sample, of, losses_of(fits, sample, of.terms), np.array([f.k for f in fits], float))
        given[i] = np.isfinite(found.kl_high) & np.array([f.status.usable for f in fits])
        inside[i] = (found.kl_low <= true) & (true <= found.kl_high)
    able = np.isfinite(levels)
    bias, bias_se = float("nan"), float("nan")
    if able.any():
        bias, bias_se = float(np.mean(levels[able]) - exact), float(np.std(levels[able]) / able.sum() ** 0.5)
    rows = []
    for j, candidate in enumerate(candidates):
        usual, other = given[:, j] & ~refused, given[:, j] & refused
        count = int(usual.sum())
        share = float(inside[usual, j].mean()) if count else float("nan")
        line = {"family": candidate.label, "kl": float(true[j]), "coverage": share, "given": count / len(samples)}
        line |= {"se": standard_error(share, count) if count else float("nan"), "level": float(able.mean())}
        line["forced"] = float(inside[other, j].mean()) if other.any() else float("nan")
        rows.append({**line, "refused": int(other.sum()), "bias": bias, "bias_se": bias_se})
    return rows


def _forced(sample: ms.Sample) -> Level:
    """The level that a weighted sample is not given."""
    x, w = sample.values, sample.weights
    value = float(weighted_spacing(x, w))
    terms = weighted_terms(x, w, int(spacing_order(len(x))))
    return Level(Entropy(value, "forced", float("nan")), value, terms, counted=False)
