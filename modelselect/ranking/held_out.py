"""score(): laws that are fitted already, on data that they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelselect.distribution import Distribution
from modelselect.errors import CandidateError
from modelselect.families.candidates import Candidate
from modelselect.families.table import Table
from modelselect.fitting.result import Fit
from modelselect.ranking.ranker import rank
from modelselect.ranking.result import Ranking


def score(laws: Any, new_data: Any, **options: Any) -> Ranking:
    """Score fits or distributions on held-out data; nothing is estimated.

    Parameters
    ----------
    laws
        A `Fit`, a `Distribution`, a `Ranking` (all its usable fits), a sequence of them, or a mapping
        label → fit or distribution.
    new_data
        A `Sample`, or anything a Sample is made of.
    options
        As of `rank`: ``by``, ``criteria``, ``unit``, ``dependence``, ``seed``.

    Returns
    -------
    Ranking
        With k = 0 everywhere: kl and cross_entropy estimate the loss on fresh data as they stand, and the pairwise
        tests are those of predictions. Compare cross_entropy with that of the fit to see drift.

    Raises
    ------
    CandidateError
        Something that is no law, or a fit without an estimate.
    DataError
        The data cannot be used.

    Examples
    --------
    >>> import modelselect as ms
    >>> fitted = [ms.fit(name, {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}) for name in ("poisson", "geometric")]
    >>> ms.score(fitted, {0: 51, 1: 34, 2: 10, 3: 4, 4: 1}).table["cross_entropy"].round(4).to_dict()
    {'poisson': 1.1288, 'geometric': 1.1556}
    """
    return rank(new_data, [_fixed(label, law) for label, law in _labelled(laws)], **options)


def _labelled(laws: Any) -> list[tuple[str, Fit | Distribution]]:
    if isinstance(laws, Ranking):
        laws = {label: fit for label, fit in laws.fits.items() if fit.status.usable}
    if isinstance(laws, (Fit, Distribution)):
        laws = [laws]
    if isinstance(laws, Mapping):
        pairs = [(str(label), law) for label, law in laws.items()]
    elif isinstance(laws, Sequence) and not isinstance(laws, str):
        pairs = [(law.label if isinstance(law, Fit) else str(law), law) for law in laws]
    else:
        raise CandidateError(f"score: expected fits or distributions, got {laws!r}")
    wrong = next((law for _, law in pairs if not isinstance(law, (Fit, Distribution))), None)
    if wrong is not None or not pairs:
        raise CandidateError(f"score: expected fits or distributions, got {wrong!r}")
    labels = [label for label, _ in pairs]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise CandidateError(f"score: two laws are called {twice!r}; give a mapping label → law")
    return pairs


def _fixed(label: str, law: Fit | Distribution) -> Candidate:
    """Return the candidate whose parameters are all given."""
    if isinstance(law, Fit):
        if law.distribution is None:
            raise CandidateError(f"score: {law.label} has no estimate ({law.reason})")
        law = law.distribution
    family = Table(law.family.masses) if isinstance(law.family, Table) else law.family
    return Candidate(family, dict(law.parameters), label)
