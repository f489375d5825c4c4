"""rank() and Ranking: candidates ordered by how many nats each loses, and whether the differences are real."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelselect.divergence.empirical import Divergence, Level, divergence, level
from modelselect.divergence.entropy import Entropy
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, NothingFittedError
from modelselect.families.candidates import parse_candidates
from modelselect.fitting.result import Fit
from modelselect.fitting.status import Status
from modelselect.ranking.automatic import automatic_candidates
from modelselect.ranking.comparison import Paired, compare, pairs
from modelselect.ranking.criteria import Scores, lookup_criterion
from modelselect.ranking.footing import Footing, atoms_of, fit_on_footing, footing_of
from modelselect.sample import Sample, as_sample


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidates, best first.

    Attributes
    ----------
    table
        One row a candidate, index ``candidate``: rank, family, kl, kl_se, kl_low, kl_high, kl_corrected,
        cross_entropy, delta, delta_se, p_value, weight, log_likelihood, n_parameters, aic, bic, status,
        footing, parameters; ``score`` too if ordered by another criterion. Nats an observation.
    fits
        Label → Fit, in the order of the table.
    entropy
        Entropy of the sample: value in nats, method, standard error.
    comparisons
        All pairs: a (ahead), b, delta, delta_se, statistic, p_value, test.
    ledger
        Every candidate that is not a plain success: candidate, status, reason.
    footing
        What is compared: masses on a lattice or of intervals (counting), densities (length), both where one value
        has a mass of its own (atoms+length), labels (nominal).
    """

    table: pd.DataFrame
    fits: dict[str, Fit]
    entropy: Entropy
    ledger: pd.DataFrame
    footing: Footing
    by: str
    sample: Sample
    unit: str
    level: Level
    paired: Paired

    @property
    def best(self) -> Fit:
        """The fit of the first candidate."""
        return next(iter(self.fits.values()))

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """All pairs of candidates, each ahead of the other in the ranking's order."""
        columns = ["a", "b", "delta", "delta_se", "statistic", "p_value", "test"]
        rows = pairs(list(self.fits.values()), self.paired, self.table["delta"].to_numpy())
        return pd.DataFrame(rows, columns=columns)

    @property
    def headline(self) -> str:
        """Column that says how much is lost: ``kl`` if ordered by it, else ``kl_corrected``.

        ``cross_entropy`` where the level of KL is unknown.
        """
        column = "kl" if self.by == "kl" else "kl_corrected"
        return column if np.isfinite(self.table[column].to_numpy()).any() else "cross_entropy"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know, in sentences: what was recognised, and where to be careful."""
        notes = list(self.sample.notes)
        weights = self.sample.weights
        once = float(weights[weights <= 1].sum())
        counted = self.footing in ("counting", "nominal") and not self.sample.known and np.isfinite(self.entropy.value)
        if counted and once > 0.5 * self.sample.n:
            notes.append(
                f"{once:g} of {self.sample.n:g} observations have a value of their own: the in-sample kl says mostly "
                "that; read kl_corrected"
            )
        notes += [f"{fit.label} {fit.family.note}" for fit in self.fits.values() if fit.family.note]
        return tuple(notes)

    @property
    def verdict(self) -> str:
        """The answer in words."""
        from modelselect.reporting.verdict import verdict

        return verdict(self)

    @property
    def reference(self) -> str:
        """Label of the candidate with the smallest corrected loss, which the others are compared with."""
        return str(self.table["delta"].idxmin())

    def plot(self, **options: Any) -> Any:
        """Draw the data against the best candidates; returns a matplotlib figure."""
        from modelselect.reporting.figures import data_figure

        return data_figure(self, **options)

    def to_html(self, path: str | Path) -> Path:
        """Write a self-contained HTML page about this ranking."""
        from modelselect.reporting.html import write_html

        return write_html(self, path)

    def _repr_html_(self) -> str:
        from modelselect.reporting.html import fragment

        return fragment(self)

    def __repr__(self) -> str:
        columns = ["rank", "kl", "kl_corrected", "delta", "p_value", "status"]
        return f"{self.verdict}\n\n{self.table[columns].to_string(float_format=lambda v: f'{v:.4f}')}"


def rank(
    data: Any,
    candidates: Sequence[Any] | str | None = None,
    *,
    by: str = "kl_corrected",
    unit: str = "observation",
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
        Criterion: kl, kl_corrected, cross_entropy, aic, bic. Lower is better; ties go to fewer parameters,
        then to the given order.
    unit
        A word for one observation, used in sentences.
    seed
        Of the noise that spreads rounded data over their cells, where the entropy needs it.
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
    order_by = lookup_criterion(by)
    footing, atoms = footing_of(sample, chosen), atoms_of(sample, chosen)
    fits: list[Fit] = []
    for candidate in chosen:
        fits.append(fit_on_footing(candidate, sample, atoms))
        if progress is not None:
            progress(candidate.label)

    of = level(sample, seed, atoms)
    k = np.array([fit.k for fit in fits], dtype=float)
    pointwise = np.stack([fit.pointwise for fit in fits])
    scores = Scores(divergence(sample, of, pointwise, k), k, sample.n)
    able = np.array([fit.status.usable for fit in fits])
    with np.errstate(invalid="ignore"):
        score = np.asarray(order_by(scores), dtype=float)
    if sample.known and np.isnan(score).all():
        raise ConfigurationError(f"by: {by} needs a sample size, but P is known; use kl, or give n")
    # those without a finite score come last: an infinite loss before no estimate at all
    key = np.where(able & ~np.isnan(score), score, np.inf)
    impossible = np.array([fit.status is Status.OUT_OF_SUPPORT for fit in fits])
    order = sorted(range(len(fits)), key=lambda i: (not able[i], key[i], not impossible[i], k[i], i))
    ledger = _ledger([fits[i] for i in order], of)
    if not able.any():
        reasons = "; ".join(f"{fit.label}: {fit.reason}" for fit in fits)
        raise NothingFittedError(f"none of the {len(fits)} candidates could be fitted: {reasons}", ledger)

    ordered = [fits[i] for i in order]
    loss = scores.divergence.cross_entropy + k / sample.n
    loss = np.where(able, loss, np.where(impossible, np.inf, np.nan))
    reference = int(np.flatnonzero(able)[np.argmin(loss[able])])
    paired = Paired.of(pointwise[order], sample.shares, order.index(reference), sample.n)
    table = _table(ordered, order, scores, loss, order.index(reference), paired, footing)
    if by not in ("kl", "kl_corrected"):
        table["score"] = score[order]
    return Ranking(
        table, {fit.label: fit for fit in ordered}, of.entropy, ledger, footing, by, sample, unit, of, paired
    )


def _table(
    fits: list[Fit],
    order: list[int],
    scores: Scores,
    loss: Array,
    reference: int,
    paired: Paired,
    footing: Footing,
) -> pd.DataFrame:
    d: Divergence = scores.divergence
    delta = loss[order] - loss[order][reference]
    n = scores.n
    p_value, se = np.full(len(fits), np.nan), np.full(len(fits), np.nan)
    for i, fit in enumerate(fits):
        if fit.status.usable:
            se[i] = paired.se(reference, i)
            if i != reference:
                p_value[i] = compare(fits[reference], fit, paired.gap(reference, i), se[i]).p_value
    with np.errstate(invalid="ignore", over="ignore"):
        weight = np.exp(-n * np.where(np.isnan(delta), np.inf, delta)) if np.isfinite(n) else np.full(len(fits), np.nan)
        weight = weight / weight.sum()

    def column(values: Array) -> Array:
        kept = np.array(values, dtype=float)[order]
        return np.array(
            [
                v if f.status.usable else np.inf if f.status is Status.OUT_OF_SUPPORT else np.nan
                for v, f in zip(kept, fits, strict=True)
            ]
        )

    def uncertain(values: Array) -> Array:
        kept = np.array(values, dtype=float)[order]
        return np.where([f.status.usable for f in fits], kept, np.nan)

    log_likelihood = np.array([fit.log_likelihood for fit in fits])
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(fits) + 1),
            "family": [fit.family.name for fit in fits],
            "kl": column(d.kl),
            "kl_se": uncertain(d.kl_se),
            "kl_low": uncertain(d.kl_low),
            "kl_high": uncertain(d.kl_high),
            "kl_corrected": column(d.kl_corrected),
            "cross_entropy": column(d.cross_entropy),
            "delta": delta,
            "delta_se": se,
            "p_value": p_value,
            "weight": weight,
            "log_likelihood": log_likelihood,
            "n_parameters": [fit.k for fit in fits],
            "aic": [fit.aic for fit in fits],
            "bic": [fit.bic for fit in fits],
            "status": [str(fit.status) for fit in fits],
            "footing": footing,
            "parameters": [fit.parameters for fit in fits],
        },
        index=pd.Index([fit.label for fit in fits], name="candidate"),
    )


def _ledger(fits: list[Fit], of: Level) -> pd.DataFrame:
    rows = []
    for fit in fits:
        ends = [name for name in fit.free if not fit.law.parameters[name].regular]
        if fit.reason:
            rows.append((fit.label, str(fit.status), fit.reason))
        elif ends and not fit.sample.known:
            what = " and ".join(ends)
            why = f"{what} estimated from the sample: not a regular parameter, so k/n corrects its KL only roughly"
            rows.append((fit.label, str(fit.status), why))
    if not np.isfinite(of.entropy.value):
        why = of.entropy.method.removeprefix("none: ")
        what = f"the level of KL is unknown: {why}; cross_entropy and delta remain"
        rows.append(("(entropy)", "not_available", what))
    return pd.DataFrame(rows, columns=["candidate", "status", "reason"], dtype="str")
