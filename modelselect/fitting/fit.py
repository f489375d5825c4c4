"""fit() and Fit: one family fitted to one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.errors import CandidateError
from modelselect.families.bounded.classic import Uniform
from modelselect.families.candidates import Candidate, parse_candidate
from modelselect.families.finite import DiscreteUniform
from modelselect.families.table import Table
from modelselect.family import Family
from modelselect.fitting.estimate import estimate
from modelselect.fitting.likelihood import pointwise
from modelselect.fitting.status import Status
from modelselect.fitting.uncertainty import covariance, standard_errors
from modelselect.sample import Sample, as_sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Fit:
    """A family fitted to a sample.

    Attributes
    ----------
    candidate
        Family, given parameters and label.
    law
        The family that was fitted in fact (`uniform` is a discrete uniform on integers).
    parameters
        Name → estimate or given value; the limits on a boundary, NaN where there is none.
    log_likelihood
        Σ w log q(x) in nats: of masses on a lattice, of densities on exact real data. NaN if P is known.
    n, k
        Number of observations and of free parameters.
    status, reason
        How the estimate came about; a sentence unless it is a plain success.
    sample
        The data, kept for standard errors, profiles and figures.
    """

    candidate: Candidate
    law: Family
    parameters: dict[str, float]
    mean_log_likelihood: float
    k: int
    status: Status
    reason: str
    sample: Sample
    limit: Distribution | None = None
    #: False where the law's masses would be compared with densities: it then has no log-probabilities.
    comparable: bool = True

    @property
    def family(self) -> Family:
        """The family as the candidate names it."""
        return self.candidate.family

    @property
    def label(self) -> str:
        """The candidate's label."""
        return self.candidate.label

    @property
    def n(self) -> float:
        """Number of observations."""
        return self.sample.n

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the estimated parameters."""
        given = {
            name for name, p in self.law.parameters.items() if name in self.candidate.fixed or p.default is not None
        }
        return tuple(name for name in self.law.parameters if name not in given)

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood in nats; NaN where P is known and n infinite."""
        return float("nan") if self.sample.known else self.mean_log_likelihood * self.n

    @property
    def aic(self) -> float:
        """2k − 2ℓ."""
        return 2.0 * self.k - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, k log n − 2ℓ."""
        return self.k * float(np.log(self.n)) - 2.0 * self.log_likelihood if np.isfinite(self.n) else float("nan")

    @cached_property
    def distribution(self) -> Distribution | None:
        """The fitted law (the limit law on a boundary); None where there is no estimate."""
        if self.limit is not None:
            return self.limit
        if isinstance(self.law, Table):
            return Distribution(self.law)
        if not (self.status.usable or self.k == 0):
            return None
        return Distribution(self.law, self.parameters, checked=True)

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Inverse observed information of the estimates; NaN where there is none (given, boundary, non-regular)."""
        import pandas as pd

        names = list(self.law.parameters)
        matrix = np.full((1, len(names), len(names)), np.nan)
        if self._regular:
            matrix = covariance(self.law, self._block, self._theta, self.free)
        return pd.DataFrame(matrix[0], index=names, columns=names)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Square roots of the diagonal of the covariance."""
        errors = np.full((1, len(self.law.parameters)), np.nan)
        if self._regular:
            errors = standard_errors(self.law, self._block, self._theta, self.free)
        return dict(zip(self.law.parameters, map(float, errors[0]), strict=True))

    @property
    def _regular(self) -> bool:
        estimated = self.status in (Status.CONVERGED, Status.CLOSED_FORM) and bool(self.free)
        return estimated and not self.sample.known

    @property
    def _theta(self) -> Array:
        return np.array([list(self.parameters.values())])

    @cached_property
    def pointwise(self) -> Array:
        """Log-probability of each distinct value of the sample, ``(m,)`` in nats; NaN without an estimate."""
        law = self.distribution if self.comparable else None
        values = self.sample.values
        if self.status is Status.OUT_OF_SUPPORT and law is None:
            return np.full(len(values), -np.inf)
        if law is None:
            return np.full(len(values), np.nan)
        if law.family.nominal:
            return np.asarray(law.logp(values))
        if self.sample.kind == "nominal":
            return np.full(len(values), -np.inf)
        block = self.sample.block(cells=not law.discrete)
        with np.errstate(all="ignore"):
            return np.asarray(pointwise(law.family, block, tuple(law.parameters.values()))[0])

    @property
    def _block(self) -> Block:
        return self.sample.block(cells=not self.law.discrete)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value:.6g}" for name, value in self.parameters.items())
        return f"Fit({self.label}: {inner}; n={self.n:g}, log_likelihood={self.log_likelihood:.6g}, {self.status})"


def fit(family: Any, data: Any, *, fixed: Mapping[str, float] | None = None, method: str = "mle") -> Fit:
    """Fit a family to data by maximum likelihood, which minimises KL(data ‖ family).

    Parameters
    ----------
    family
        Name, `Family`, or any candidate form (``{"binomial": {"n": 10}}``).
    data
        A `Sample`, or anything a Sample is made of.
    fixed
        Parameters that are given instead of estimated.
    method
        ``mle``.

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
    if method != "mle":
        raise CandidateError(f"method: expected mle, got {method!r}")
    candidate = parse_candidate(family)
    if fixed:
        both = {**candidate.fixed, **fixed}
        candidate = parse_candidate({"family": candidate.family, "fixed": both})
    return fit_candidate(candidate, as_sample(data))


def fit_candidate(candidate: Candidate, sample: Sample) -> Fit:
    """Fit a parsed candidate to a sample."""
    law = law_on(candidate, sample)
    names = tuple(law.parameters)
    if isinstance(law, Table):
        return _fit_table(candidate, law, sample)
    if sample.kind == "nominal":
        return refused(candidate, law, sample, f"the outcomes are labels; {law.name} gives probabilities to numbers")
    block = sample.block(cells=not law.discrete)
    found = estimate(law, block, candidate.fixed)
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
    )


def refused(candidate: Candidate, law: Family, sample: Sample, why: str) -> Fit:
    """Return the fit of a candidate that cannot be scored on a sample: infinite loss, and the reason."""
    given = {name: candidate.fixed.get(name, np.nan) for name in law.parameters}
    fit = Fit(candidate, law, given, -np.inf, 0, Status.OUT_OF_SUPPORT, why, sample, comparable=False)
    return replace(fit, k=len(fit.free))


def law_on(candidate: Candidate, sample: Sample) -> Family:
    """`uniform` means the discrete uniform on integers and equal masses on labels; all else means itself."""
    if not isinstance(candidate.family, Uniform):
        return candidate.family
    if sample.kind == "nominal":
        return Table.uniform(sample.outcomes)
    whole = all(value == np.floor(value) for value in candidate.fixed.values())
    return DiscreteUniform() if sample.resolution == 1.0 and whole else candidate.family


def _fit_table(candidate: Candidate, law: Table, sample: Sample) -> Fit:
    logp = law.logp(sample.values)
    lost = np.isneginf(logp)
    with np.errstate(invalid="ignore"):
        value = float(np.sum(sample.shares * logp))
    if not lost.any():
        return Fit(candidate, law, {}, value, 0, Status.CLOSED_FORM, "", sample)
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
