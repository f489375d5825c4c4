"""rank(): candidates fitted, ordered by how many nats each loses, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.divergence.empirical import Observations, divergence
from modelselect.divergence.level import Level, level
from modelselect.divergence.moments import Moments
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, NothingFittedError
from modelselect.families.candidates import parse_candidates
from modelselect.families.special import shared_logs
from modelselect.fitting.result import Fit
from modelselect.fitting.status import Status
from modelselect.ranking.automatic import automatic_candidates
from modelselect.ranking.comparison import Paired
from modelselect.ranking.contender import Contender
from modelselect.ranking.criteria import Scores, check_criterion, lookup_criterion
from modelselect.ranking.dependence import long_run_covariance
from modelselect.ranking.ends import ends_taken
from modelselect.ranking.footing import Footing, atoms_of, fit_on_footing, footing_of
from modelselect.ranking.leverage import MOST, left_out_covariance
from modelselect.ranking.result import Ranking
from modelselect.ranking.tables import ledger_of, table_of
from modelselect.sample import as_sample


def rank(
    data: Any,
    candidates: Sequence[Any] | str | None = None,
    *,
    by: str = "kl_corrected",
    unit: str = "observation",
    criteria: Sequence[str] = (),
    entropy: str = "auto",
    dependence: Literal["none", "hac"] = "none",
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Ranking:
    """Fit candidates to data and rank them by Kullback–Leibler divergence KL(data ‖ model).

    Parameters
    ----------
    data
        A `Sample`, or anything a Sample is made of.
    candidates
        Candidate forms: ``"poisson"``, ``{"binomial": {"n": 10}}``, ``{"family": …, "fixed": …, "label": …}``.
        Without any, the families that hold the data, see `automatic_candidates`.
    by
        Criterion: ``kl_corrected`` (default), ``kl``, ``kl_cv``, ``kl_loo``, ``tic``, ``cross_entropy``, ``aic``,
        ``aicc``, ``bic``, ``crps``, ``wasserstein``, ``ad``, ``cvm``, ``ks``; see `modelselect.ranking.criteria`.
        Lower is better; ties go to fewer parameters, then to the given order.
    criteria
        More of them, each a column of the table.
    unit
        A word for one observation, used in sentences.
    entropy
        How the entropy of the sample is estimated, which sets the level of KL and never the order: ``auto``, or one
        of `modelselect.divergence.level.entropy_methods` for the sample.
    dependence
        ``hac``: standard errors and intervals of losses and differences, Vuong's test and the confidence set allow for
        correlation in the order of time (Newey & West 1987), which the sample must have: ``Sample(values,
        ordered=True)``. Likelihood ratios and tests of fit, which take observations for independent, are refused.
    seed
        Of all that is drawn: the noise that spreads rounded data over their cells where the entropy needs it, the
        folds of a cross-validation, the law of the confidence set's statistic.
    progress
        Called with each candidate's label once it is fitted.

    Returns
    -------
    Ranking
        With every candidate in it; one that could not be fitted comes last, with its reason in the ledger.

    Raises
    ------
    DataError, CandidateError
        The data or a candidate cannot be used.
    NothingFittedError
        Not one candidate could be fitted; its ledger says why.

    Notes
    -----
    Masses and densities are never ranked together. On a lattice (integers, or data rounded to a grid) and where only
    intervals are known (bins, censored data) every candidate is scored by the mass it gives to each cell; on exact
    real data by its density, where a discrete family is out of its support. See `footing_of`.

    Examples
    --------
    >>> import modelselect as ms
    >>> teeth = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}
    >>> ranking = ms.rank(teeth, [{"uniform": {"low": 0, "high": 10}}, {"binomial": {"n": 10}}, "poisson"], by="kl")
    >>> ranking.table["kl"].round(4).to_dict()
    {'poisson': 0.0902, 'uniform(low=0, high=10)': 0.1367, 'binomial(n=10)': 0.4273}
    """
    sample = as_sample(data)
    chosen = parse_candidates(automatic_candidates(sample) if candidates is None else candidates)
    for name in (by, *criteria):
        check_criterion(name, sample)
    footing, atoms = footing_of(sample, chosen), atoms_of(sample, chosen)
    fits: list[Fit] = []
    for candidate in chosen:
        fits.append(fit_on_footing(candidate, sample, atoms))
        if progress is not None:
            progress(candidate.label)

    of = level(sample, seed, atoms, method=entropy)
    return assemble(fits, sample, of, footing, by=by, criteria=criteria, unit=unit, seed=seed, dependence=dependence)


def assemble(
    fits: Sequence[Contender],
    sample: Observations,
    of: Level,
    footing: Footing,
    *,
    by: str,
    criteria: Sequence[str] = (),
    unit: str = "observation",
    seed: int = 0,
    dependence: str = "none",
) -> Ranking:
    """Order candidates that have been fitted, and compare them.

    Parameters
    ----------
    fits
        K candidates, each with the log-probability of all m distinct observations.
    sample, of, footing
        The observations, their entropy, and what the candidates are scored by.
    by, criteria, unit, seed, dependence
        As of `rank`.

    Raises
    ------
    ConfigurationError
        An unknown criterion, or one that needs a sample size where P is known.
    NothingFittedError
        Not one candidate could be fitted; its ledger says why.
    """
    series = _series(sample, dependence)
    k = np.array([fit.k for fit in fits], dtype=float)
    guess = np.array([fit.reached if isinstance(fit, Fit) else fit.mean_log_likelihood for fit in fits])
    losses = Moments.of(lambda cut: _logs(fits, cut), guess, sample.shares, of.terms)
    for fit, mean in zip(fits, -losses.cross_entropy, strict=True):
        if isinstance(fit, Fit) and not fit.exact:
            fit.remember(float(mean))
    effect = 1.0
    if series is not None:
        spread, effect = _own_in_time(fits, losses, np.asarray(of.terms[:]), series)
        losses = replace(losses, spread=spread)
    ends = np.array([ends_taken(fit) for fit in fits], dtype=float)
    scores = Scores(fits, sample, divergence(sample, of, losses, k, effect, ends), of.entropy.value, seed)
    able = np.array([fit.status.usable for fit in fits])
    impossible = np.array([fit.status is Status.OUT_OF_SUPPORT for fit in fits])
    if not able.any():
        order = sorted(range(len(fits)), key=lambda i: (not impossible[i], k[i], i))
        reasons = "; ".join(f"{fit.label}: {fit.reason}" for fit in fits)
        ledger = ledger_of([fits[i] for i in order], of, known=sample.known)
        raise NothingFittedError(f"none of the {len(fits)} candidates could be fitted: {reasons}", ledger)
    with np.errstate(invalid="ignore"):
        columns = {name: np.asarray(lookup_criterion(name)(scores), dtype=float) for name in (by, *criteria)}
    score = columns[by]
    if sample.known and np.isnan(score).all():
        raise ConfigurationError(f"by: {by} needs a sample size, but P is known; use kl, or give n")
    # those without a finite score come last: an infinite loss before no estimate at all
    key = np.where(able & ~np.isnan(score), score, np.inf)
    order = sorted(range(len(fits)), key=lambda i: (not able[i], key[i], not impossible[i], k[i], i))

    ordered = [fits[i] for i in order]
    loss = scores.divergence.cross_entropy + k / sample.n
    loss = np.where(able, loss, np.where(impossible, np.inf, np.nan))
    reference = int(np.flatnonzero(able)[np.argmin(loss[able])])
    in_time = None if series is None else _in_time(fits, reference, losses, series)
    small = sample.n <= MOST and series is None and len(fits) > 1
    left_out = left_out_covariance(fits, reference, sample.shares) if small else None
    distinct = int(np.count_nonzero(sample.weights))
    paired = Paired.of(losses, order, reference, sample.n, distinct, in_time, left_out, effect)
    table = table_of(ordered, order, scores, loss, order.index(reference), paired, footing)
    for name in criteria:
        if name not in table:
            table[name] = columns[name][order]
    if by not in ("kl", "kl_corrected"):
        table["score"] = score[order]
    fitted = {fit.label: fit for fit in ordered}
    return Ranking(table, fitted, of.entropy, footing, by, sample, unit, of, paired, tuple(criteria), seed)


def _logs(fits: Sequence[Contender], cut: slice) -> list[Array]:
    """Log-probabilities of a stretch of the observations; of fits without those of all others."""
    parts: dict[bool, Block] = {}
    with shared_logs():
        return [fit.stretch(cut, parts) if isinstance(fit, Fit) else fit.pointwise[cut] for fit in fits]


def _in_time(fits: Sequence[Contender], best: int, losses: Moments, series: NDArray[np.intp]) -> Array:
    """Long-run covariance ``(K, K)`` of the differences to one candidate, in the order of time."""
    with np.errstate(invalid="ignore"):
        differences = np.stack([fits[best].pointwise - fit.pointwise for fit in fits])
        return long_run_covariance((differences - losses.against(best)[0][:, None])[:, series])


def _own_in_time(
    fits: Sequence[Contender], losses: Moments, terms: Array, series: NDArray[np.intp]
) -> tuple[Array, float]:
    """Long-run variance of log p̂ − log q of each candidate ``(K,)``, and how many observations are worth one.

    The latter, the design effect (Kish 1965), is the largest ratio of the long-run to the plain variance of log q: the
    terms of p̂ are mostly noise, of which neighbours know nothing.
    """
    with np.errstate(invalid="ignore"):
        logq = np.stack([fit.pointwise for fit in fits])[:, series]
        logq = np.where(np.isfinite(logq).all(axis=1, keepdims=True), logq, np.nan)
        own, logq = (each - each.mean(axis=1, keepdims=True) for each in (logq + terms[series], logq))
        spread = np.diag(long_run_covariance(own))
        ratio = np.diag(long_run_covariance(logq)) / np.mean(np.square(logq), axis=1)
    known = ratio[np.isfinite(ratio)]
    return np.where(np.isfinite(spread), spread, losses.spread), float(max(known.max(initial=1.0), 1.0))


def _series(sample: Observations, dependence: str) -> NDArray[np.intp] | None:
    """Place of the observations in their order of time, if errors are to allow for it."""
    if dependence not in ("none", "hac"):
        raise ConfigurationError(f"dependence: expected none or hac, got {dependence!r}")
    order: NDArray[np.intp] | None = getattr(sample, "order", None)
    if dependence == "hac" and order is None:
        raise ConfigurationError("dependence: hac needs the order of the observations; say Sample(…, ordered=True)")
    return order if dependence == "hac" else None
