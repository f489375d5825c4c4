"""rank_regressions(): candidates with covariates, ordered by how many nats each loses given the covariates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from modelselect.divergence.entropy import Entropy
from modelselect.divergence.level import Level
from modelselect.gathering import Missing, Resolution, WeightsKind
from modelselect.ranking.criteria import lookup_criterion
from modelselect.ranking.footing import atoms_of, footing_of
from modelselect.ranking.ranker import assemble
from modelselect.ranking.regression.candidates import AMOUNTS, COUNTED, outcome_formula, read_candidates
from modelselect.ranking.regression.design import Rows, designs
from modelselect.ranking.regression.fitting import Fitter
from modelselect.ranking.result import Ranking
from modelselect.sample import Sample

#: Why the level of the conditional KL is unknown.
_UNKNOWN = "none: the entropy of an outcome given its covariates, most of whose values occur once, cannot be estimated"
#: Counts above this are taken for amounts where no candidates are named.
_MOST_COUNTED = 1000


def rank_regressions(
    frame: Any,
    formula: str,
    candidates: Sequence[Any] | str | None = None,
    *,
    weights: Any = None,
    weights_kind: WeightsKind = "frequency",
    missing: Missing = "refuse",
    resolution: Resolution = "auto",
    by: str = "kl_corrected",
    criteria: Sequence[str] = (),
    unit: str = "observation",
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Ranking:
    """Fit regressions to a table and rank them by conditional Kullback–Leibler divergence.

    A candidate says how probable each outcome y is given its covariates x. Its loss is −Σ w log q(y | x) / Σ w nats,
    which is the conditional entropy of the outcomes, the same for all, plus the mean over x of KL(p(· | x) ‖ q(· | x)).

    Parameters
    ----------
    frame
        A DataFrame, or name → values.
    formula
        ``"visits ~ age + C(region)"``: the outcome, and the terms of those candidates that have none of their own.
    candidates
        ``"poisson"``, ``{"poisson": "visits ~ age"}``, ``{"hurdle": "negative_binomial"}``, or the long form
        ``{"family": …, "formula": …, "link": …, "offset": column, "exposure": column, "inflation": "~ age",
        "label": …}``. Without any, those for counts, for amounts, or for 0 and 1, as the outcomes are. ``inflation``
        are the terms of the logit of the probability of an extra zero (an intercept unless it is said), or of any zero
        of a hurdle (the terms of the mean unless it is said).
    weights, weights_kind
        A column, or one a row; as of a `Sample`.
    missing
        ``refuse`` rows with a missing value in any column that any candidate uses (default), or ``drop`` them for all.
    resolution
        Of the outcomes, as of a `Sample`: on a lattice a density is scored by the mass it gives to each cell.
    by, criteria, unit, seed, progress
        As of `rank`; criteria that need no more than a log-likelihood.

    Returns
    -------
    Ranking
        Each of its ``fits`` is a `RegressionFit`. The level of KL is unknown (kl is NaN); ``cross_entropy``, ``delta``
        and the comparisons are there: likelihood ratios of nested candidates, Vuong's test of the others (1989).

    Raises
    ------
    DataError, CandidateError
        The table, a formula or a candidate cannot be used.
    NothingFittedError
        Not one candidate could be fitted; its ledger says why.

    Notes
    -----
    Everything is estimated by maximum likelihood, dispersions and shapes too, so that each log-likelihood is that of a
    law. No candidate is worse than a smaller one that it contains: where its maximum lies on the boundary, it is that
    one's.

    Examples
    --------
    >>> import modelselect as ms
    >>> table = {"calls": [0, 1, 1, 2, 2, 3, 5, 4, 6, 9], "load": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]}
    >>> ranking = ms.rank_regressions(table, "calls ~ load", ["poisson", {"poisson": "calls ~ 1"}])
    >>> ranking.table["log_likelihood"].round(3).to_dict()
    {'poisson': -14.789, 'poisson ~ 1': -24.125}
    >>> {name: round(value, 3) for name, value in ranking.best.parameters.items()}
    {'Intercept': -0.895, 'load': 0.588}
    """
    common = outcome_formula(formula)
    lookup_criterion(by)
    if candidates is None:
        nothing = designs(frame, common, (), weights, weights_kind=weights_kind, missing=missing, resolution=resolution)
        candidates = automatic_regressions(nothing.rows.outcome)
    chosen = read_candidates(candidates, common)
    made = designs(frame, common, chosen, weights, weights_kind=weights_kind, missing=missing, resolution=resolution)
    rows = made.rows
    fitter, fits = Fitter(rows, atoms_of(rows.outcome, chosen)), []
    for candidate, of_mean, of_zeros in zip(chosen, made.of_mean, made.of_zeros, strict=True):
        fits.append(fitter.fit(candidate, of_mean, of_zeros))
        if progress is not None:
            progress(candidate.label)
    return assemble(
        fits, rows, _level(rows), footing_of(rows.outcome, chosen), by=by, criteria=criteria, unit=unit, seed=seed
    )


def automatic_regressions(outcome: Sample) -> Sequence[Any]:
    """Candidates for outcomes of which nobody has said what they are."""
    y = outcome.values
    if outcome.resolution == 1.0 and y.min() >= 0:
        if y.max() <= 1:
            return ("bernoulli", {"family": "bernoulli", "link": "probit"}, {"family": "bernoulli", "link": "cloglog"})
        if y.max() <= _MOST_COUNTED:
            return COUNTED
    return AMOUNTS if y.min() > 0 else ("normal",)


def _level(rows: Rows) -> Level:
    nothing = float("nan")
    return Level(Entropy(nothing, _UNKNOWN, nothing), nothing, np.full(len(rows), nothing), counted=False)
