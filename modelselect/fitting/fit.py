"""fit(): one candidate fitted to one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from modelselect.distribution import Distribution
from modelselect.errors import CandidateError
from modelselect.families.bounded.classic import Uniform
from modelselect.families.candidates import Candidate, parse_candidate
from modelselect.families.finite import DiscreteUniform
from modelselect.families.table import Categorical, Table
from modelselect.family import Family
from modelselect.fitting import status as why
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.status import Status
from modelselect.sample import Sample, as_sample


def fit(
    family: Any,
    data: Any,
    *,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    method: str = "mle",
) -> Fit:
    """Fit a family to data, by maximum likelihood unless told otherwise, which minimises KL(data ‖ family).

    Parameters
    ----------
    family
        Name, `Family`, or any candidate form (``{"binomial": {"n": 10}}``).
    data
        A `Sample`, or anything a Sample is made of.
    fixed
        Parameters that are given instead of estimated.
    bounds
        Parameters that are kept between two values: name → (low, high), None for no bound.
    method
        ``mle``; or ``moments``, ``l_moments``, ``quantiles``, ``spacing``, ``minimum_distance`` (that is ``cvm``),
        ``ad``, ``ks``, see `modelselect.fitting.methods`.

    Returns
    -------
    Fit
        With a status; a family that cannot be fitted gives a Fit with its reason, not an exception.

    Raises
    ------
    CandidateError
        Unknown family or parameter, a fixed value outside its domain, an unknown method.
    DataError
        The data are not usable.

    Notes
    -----
    A discrete family takes masses at integers. A continuous one takes densities, unless the sample is
    rounded to a grid: then it is fitted by the mass of each cell, F(x + h/2) − F(x − h/2).

    Examples
    --------
    >>> import modelselect as ms
    >>> round(ms.fit("poisson", {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}).parameters["mean"], 6)
    0.61
    """
    candidate = parse_candidate(family)
    if fixed or bounds or method != "mle":
        candidate = parse_candidate(
            {
                "family": candidate.family,
                "fixed": {**candidate.fixed, **(fixed or {})},
                "bounds": {**candidate.bounds, **(bounds or {})},
                "method": method if method != "mle" else candidate.method,
            }
        )
    for name in candidate.family.missing(candidate.fixed):
        what = f"{name} is never estimated; give it, as in {candidate.family.name}: {{{name}: 10}}"
        raise CandidateError(f"{candidate.family.name}: parameter {what}")
    return fit_candidate(candidate, as_sample(data))


def fit_candidate(candidate: Candidate, sample: Sample) -> Fit:
    """Fit a parsed candidate to a sample."""
    law = law_on(candidate, sample)
    names = tuple(law.parameters)
    if isinstance(law, Table):
        return _fit_table(candidate, law, sample)
    if sample.kind == "nominal":
        return refused(candidate, law, sample, f"the outcomes are labels; {law.name} gives probabilities to numbers")
    missing = law.missing(candidate.fixed)
    if missing:
        reason = why.NEVER_ESTIMATED.format(names=" and ".join(missing))
        return refused(candidate, law, sample, reason, Status.NOT_IDENTIFIED)
    block = sample.block(cells=not law.discrete)
    try:
        found = estimate_candidate(candidate, law, block, {}, rough=True)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        # a family of somebody else's: the other candidates are to be ranked all the same
        return refused(candidate, law, sample, f"{type(error).__name__}: {error}", Status.FAILED)
    status = Status(found.status[0])
    limit = None
    law_reached, at = found.law(0)
    if status is Status.BOUNDARY and law_reached is not law:
        limit = Distribution(law_reached, dict(zip(law_reached.parameters, map(float, at), strict=True)), checked=True)
    parameters = {name: float(value) for name, value in zip(names, found.parameters[0], strict=True)}
    return Fit(
        candidate,
        law,
        parameters,
        float(found.log_likelihood[0]),
        found.k,
        status,
        str(found.reason[0]),
        sample,
        limit,
        exact=not found.rough,
    )


def refused(
    candidate: Candidate, law: Family, sample: Sample, reason: str, status: Status = Status.OUT_OF_SUPPORT
) -> Fit:
    """Return the fit of a candidate that cannot be scored on a sample: infinite loss or none, and the reason."""
    given = {name: candidate.fixed.get(name, np.nan) for name in law.parameters}
    value = -np.inf if status is Status.OUT_OF_SUPPORT else np.nan
    fit = Fit(candidate, law, given, value, 0, status, reason, sample, comparable=False)
    return replace(fit, k=len(fit.free))


def law_on(candidate: Candidate, sample: Sample) -> Family:
    """`uniform` means the discrete one on integers and equal masses on labels, `categorical` the sample's shares."""
    if isinstance(candidate.family, Categorical) and sample.kind != "continuous":
        return Categorical.of(sample.outcomes, sample.values, sample.shares)
    if not isinstance(candidate.family, Uniform):
        return candidate.family
    if sample.kind == "nominal":
        return Table.uniform(sample.outcomes)
    whole = all(value == np.floor(value) for value in candidate.fixed.values())
    return DiscreteUniform() if sample.resolution == 1.0 and whole else candidate.family


def _fit_table(candidate: Candidate, law: Table, sample: Sample) -> Fit:
    if not sample.exact or sample.truncation is not None:
        reason = "a table gives masses to outcomes; some observations are known up to an interval only, or truncated"
        return refused(candidate, law, sample, reason)
    if not law.masses:
        return refused(candidate, law, sample, f"{law.name} gives masses to outcomes; the data are continuous")
    logp = law.logp(sample.values)
    lost = np.isneginf(logp)
    with np.errstate(invalid="ignore"):
        value = float(np.sum(sample.shares * logp))
    if not lost.any():
        estimated = law.probabilities if isinstance(law, Categorical) else {}
        k = max(len(estimated) - 1, 0)
        return Fit(candidate, law, estimated, value, k, Status.CLOSED_FORM, "", sample)
    outcomes = ", ".join(str(v) for v in sample.values[lost][:5])
    share = (
        f"{sample.shares[lost].sum():.3g} of the probability lies"
        if sample.known
        else f"{sample.weights[lost].sum():g} of {sample.n:g} observations lie"
    )
    return Fit(
        candidate,
        law,
        {},
        -np.inf,
        0,
        Status.OUT_OF_SUPPORT,
        f"{share} on outcomes to which the table gives no mass: {outcomes}",
        sample,
    )
