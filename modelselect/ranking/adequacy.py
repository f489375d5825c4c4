"""Is even the best one good enough? Tests of fit by parametric bootstrap, every replicate refitted.

A p-value from a table that does not know that the parameters were estimated is never shown: samples are drawn from
the fitted law, the candidate is fitted to each, and the statistic is compared with theirs (Stute, González Manteiga &
Presedo Quindimil 1993). Sampling stops early where the answer is clear (Besag & Clifford 1991).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtri, chndtrinc

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.divergence.counts import plug_in
from modelselect.domain import Array
from modelselect.errors import ConfigurationError
from modelselect.families.table import Categorical
from modelselect.family import Family
from modelselect.fitting.likelihood import pointwise
from modelselect.fitting.refit import BATCH
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.ranking.distances import anderson_darling, cramer_von_mises, integrals, kolmogorov_smirnov
from modelselect.ranking.replicates import product_limit, replicates, untestable
from modelselect.ranking.resampling import sample_of
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

#: Replicates at least as extreme as the data at which sampling stops: the answer is then clear.
ENOUGH = 100
#: Replicates of one round between two looks.
_ROUND = 250
#: Share of the replicates that must have an estimate.
_FITTED = 0.8
_NAN = float("nan")
#: Observations a distinct value below which G, which looks at each value by itself, says nothing.
_FILLED = 5.0
_TOO_FEW = "most values were seen a few times only, and G compares each of them by itself"
_DEPENDENT = "its samples are of independent observations, and these depend on those before them"


class Adequacy(NamedTuple):
    """One test of fit: its name, statistic, p-value, Monte-Carlo error of that, replicates; or why there is none."""

    test: str
    statistic: float
    p_value: float
    mc_error: float
    n_resamples: int
    reason: str = ""


def adequacy_of(
    fits: Mapping[str, Fit], n_resamples: int, rng: np.random.Generator, *, dependent: bool = False
) -> pd.DataFrame:
    """Test each candidate; see `Ranking.adequacy`. None of observations that are taken to depend on each other."""
    import pandas as pd

    sample = sample_of(fits)
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int) or n_resamples < 19:
        raise ConfigurationError(f"n_resamples: must be a whole number, at least 19, got {n_resamples!r}")
    seeds = rng.integers(2**63, size=len(fits))  # a candidate's draws do not depend on which others stand beside it
    rows = [
        (label, *one)
        for (label, fit), seed in zip(fits.items(), seeds, strict=True)
        for one in (
            _untested(sample, _DEPENDENT) if dependent else tests(fit, sample, n_resamples, np.random.default_rng(seed))
        )
    ]
    frame = pd.DataFrame(rows, columns=["candidate", *Adequacy._fields]).set_index("candidate")
    return frame.astype({"test": "str", "reason": "str"})


def tests(fit: Fit, sample: Sample, n_resamples: int, rng: np.random.Generator) -> list[Adequacy]:
    """All tests of one fit: AD, CvM and KS where there is an order, G on a lattice, of bins and of labels."""
    why = untestable(fit, sample)
    if why:
        return _untested(sample, why)
    if fit.law.nominal or sample.kind == "nominal":
        return _of_labels(fit, sample, n_resamples, rng)
    n, names = round(sample.n), _names(sample)
    own = fit.sample.block(cells=not fit.law.discrete)
    with np.errstate(all="ignore"):
        law = _law(fit)
        parameters = tuple(np.full((1, 1), value) for value in law.parameters.values())
        seen = _statistics(law.family, own, parameters, sample)
    above, fitted, done = np.zeros(len(names)), 0, 0
    while done < n_resamples and (above < ENOUGH).any():
        size = min(_ROUND, n_resamples - done, max(1, BATCH // max(1 if sample.masses else n, 1)))
        block = replicates(fit, sample, n, size, rng)
        drawn = _refitted(fit, block, sample)
        known = ~np.isnan(drawn).all(axis=1)
        above += np.sum(~(drawn[known] < seen * (1.0 - 1e-9)), axis=0)
        fitted, done = fitted + int(known.sum()), done + size
    few = sample.n < _FILLED * np.count_nonzero(sample.weights)
    if fitted < _FITTED * done:
        why = f"only {fitted} of {done} samples drawn from it could be fitted again"
        return [Adequacy(name, float(value), _NAN, _NAN, done, why) for name, value in zip(names, seen[0], strict=True)]
    return [
        Adequacy(name, float(value), _NAN, _NAN, fitted, _TOO_FEW)
        if name == "G" and few
        else _judged(name, float(value), float(extreme), fitted)
        for name, value, extreme in zip(names, seen[0], above, strict=True)
    ]


def _names(sample: Sample) -> tuple[str, ...]:
    return ("G",) if sample.kind == "nominal" else ("AD", "CvM", "KS") + (("G",) if sample.masses else ())


def _untested(sample: Sample, why: str) -> list[Adequacy]:
    return [Adequacy(name, _NAN, _NAN, _NAN, 0, why) for name in _names(sample)]


def _judged(name: str, value: float, extreme: float, drawn: int) -> Adequacy:
    """(1 + replicates at least as extreme) / (1 + replicates), with its binomial error."""
    if not np.isfinite(value):
        why = "infinite: the law ends at an observation, as it would in every sample"
        return Adequacy(name, value, _NAN, _NAN, drawn, why)
    p = (extreme + 1.0) / (drawn + 1.0)
    return Adequacy(name, value, p, float(np.sqrt(p * (1.0 - p) / drawn)), drawn)


def _law(fit: Fit) -> Distribution:
    law = fit.distribution
    assert law is not None  # noqa: S101 — untestable() saw to it
    return law


def _statistics(family: Family, block: Block, parameters: tuple[Array, ...], sample: Sample) -> Array:
    """AD, CvM, KS, and G on a lattice or of bins, of each group ``(R, tests)``."""
    seen = block if sample.exact or sample.masses else product_limit(block)
    of, n = integrals(family, seen, parameters), block.total
    found = [n * anderson_darling(of), n * cramer_von_mises(of), kolmogorov_smirnov(of)]
    if sample.masses:
        found.append(_g(block, np.asarray(pointwise(family, block, parameters)))[:, 0])
    return np.stack(found, axis=-1)


def _g(block: Block, logq: Array) -> Array:
    """2n · KL(P̂ ‖ q), the plug-in one ``(R, 1)``."""
    cross = -np.where(block.weights > 0, block.weights * logq, 0.0).sum(axis=-1)
    return np.asarray(2.0 * (cross - block.total * plug_in(block.weights)))[:, None]


def _refitted(fit: Fit, block: Block, sample: Sample) -> Array:
    """Statistics of replicates, each with its own estimate ``(R, tests)``; NaN where there is none."""
    with np.errstate(all="ignore"):
        found = estimate_candidate(fit.candidate, fit.law, block, {})
        value = np.full((block.groups, len(_names(sample))), np.nan)
        places = found.reached if len(found.reached) else np.full(block.groups, -1)
        for place, law in enumerate((found, *found.limits), start=-1):
            rows = np.flatnonzero(found.usable & (places == place))
            if len(rows):
                theta = law.parameters if len(law.parameters) == 1 else law.parameters[rows]
                value[rows] = _statistics(law.family, block.take(rows), tuple(theta.T[:, :, None]), sample)
        return value


def _of_labels(fit: Fit, sample: Sample, n_resamples: int, rng: np.random.Generator) -> list[Adequacy]:
    """G of a table: nothing is refitted, since nothing is estimated."""
    if isinstance(fit.law, Categorical):
        why = "its probabilities are the shares of the data, which it fits by definition"
        return [Adequacy("G", 0.0, _NAN, _NAN, 0, why)]
    n, logq = round(sample.n), fit.pointwise
    seen = float(_g(Block(np.zeros((1, len(logq))), np.zeros((1, len(logq))), sample.weights[None, :]), logq)[0, 0])
    masses = np.array(list(getattr(fit.law, "masses", {}).values()))
    p = masses[masses > 0]
    counts = rng.multinomial(n, p / p.sum(), size=n_resamples).astype(float)
    drawn = _g(Block(np.zeros((1, len(p))), np.zeros((1, len(p))), counts), np.log(p))[:, 0]
    return [_judged("G", seen, float(np.sum(drawn >= seen * (1.0 - 1e-9))), n_resamples)]


def visible_size(kl: float) -> float:
    """Number of observations at which a loss of `kl` nats each would be noticed; infinite for none.

    That at which a likelihood-ratio test of 5 % with one degree of freedom, directed at the true law, has a power of
    80 %: its statistic has the noncentrality 2n KL. A test that does not know where to look needs more.

    Examples
    --------
    >>> round(visible_size(0.01))
    392
    """
    return float(chndtrinc(chdtri(1.0, 0.05), 1.0, 0.2)) / (2.0 * kl) if kl > 0 else float("inf")
