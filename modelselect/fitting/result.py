"""Fit: one candidate fitted to one sample, and how well its parameters are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.errors import CandidateError, did_you_mean
from modelselect.families.candidates import Candidate
from modelselect.families.table import Table
from modelselect.family import Family
from modelselect.fitting.bounds import estimate_within
from modelselect.fitting.estimate import Estimate, estimate, maxima_of
from modelselect.fitting.intervals import Bootstrap, Derived, bootstrap, derived, profile_interval, wald
from modelselect.fitting.likelihood import mean_log_likelihood, pointwise
from modelselect.fitting.methods import estimate_by
from modelselect.fitting.status import Status
from modelselect.fitting.summary import Summary, summarise
from modelselect.fitting.uncertainty import covariance, standard_errors
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

#: Distinct values up to which all log-probabilities are kept.
_SHORT = 65_536


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
    #: Mean log-likelihood as the search knows it: unless `exact`, of nodes that stand in for a long sample.
    reached: float
    k: int
    status: Status
    reason: str
    sample: Sample
    limit: Distribution | None = None
    #: False where the law's masses would be compared with densities: it then has no log-probabilities.
    comparable: bool = True
    exact: bool = True

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
    def irregular(self) -> tuple[str, ...]:
        """Names of the estimated parameters that are not regular: ends of the support, integers."""
        return tuple(name for name in self.free if not self.law.parameters[name].regular)

    @cached_property
    def mean_log_likelihood(self) -> float:
        """Σ w log q / Σ w in nats."""
        if self.exact or self.distribution is None:
            return self.reached
        law = self.distribution
        with np.errstate(all="ignore"):
            return float(mean_log_likelihood(law.family, self._block, tuple(law.parameters.values()))[0])

    def remember(self, mean: float) -> None:
        """Take the mean log-likelihood of all observations from who has added it up."""
        vars(self)["mean_log_likelihood"] = mean

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

        names = list(self.parameters)
        matrix = np.full((1, len(names), len(names)), np.nan)
        if self._regular:
            matrix = covariance(self.law, self._block, self._theta, self.free)
        return pd.DataFrame(matrix[0], index=names, columns=names)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Square roots of the diagonal of the covariance."""
        errors = np.full((1, len(self.parameters)), np.nan)
        if self._regular:
            errors = standard_errors(self.law, self._block, self._theta, self.free)
        return dict(zip(self.parameters, map(float, errors[0]), strict=True))

    @cached_property
    def robust_covariance(self) -> pd.DataFrame:
        """The sandwich J⁻¹KJ⁻¹/n, which holds also where the family is not that of the data (White 1982)."""
        import pandas as pd

        names = list(self.parameters)
        matrix = np.full((1, len(names), len(names)), np.nan)
        if self._regular:
            matrix = covariance(self.law, self._block, self._theta, self.free, robust=True)
        return pd.DataFrame(matrix[0], index=names, columns=names)

    def interval(
        self,
        parameter: str,
        level: float = 0.95,
        method: Literal["profile", "wald", "bootstrap"] = "profile",
        *,
        n_resamples: int = 999,
        rng: np.random.Generator | int = 0,
    ) -> tuple[float, float]:
        """Confidence interval of an estimated parameter.

        Parameters
        ----------
        parameter
            Its name.
        level
            Confidence, between 0 and 1.
        method
            ``profile``: {θ: 2n (KL(θ) − KL(θ̂)) ≤ χ²₁}, the other parameters refitted at each θ. ``wald``: from the
            standard error, on the scale (log, logit) on which the domain is the whole line. ``bootstrap``:
            percentiles of refitted resamples.
        n_resamples, rng
            Of the bootstrap.

        Returns
        -------
        low, high
            Infinite, or the end of the domain, where the data set no limit; NaN where there is no estimate.

        Raises
        ------
        CandidateError
            The parameter is unknown or given, the level not between 0 and 1, the method unknown.

        Examples
        --------
        >>> import modelselect as ms
        >>> poisson = ms.fit("poisson", {0: 109, 1: 65, 2: 22, 3: 3, 4: 1})
        >>> [round(end, 4) for end in poisson.interval("mean")]
        [0.5081, 0.7247]
        """
        self._check_interval(parameter, level, method)
        nothing = float("nan"), float("nan")
        if not self.status.usable or self.sample.known:
            return nothing
        domain, value = self.law.parameters[parameter].domain, self.parameters[parameter]
        if method == "bootstrap":
            return self.bootstrap(n_resamples, rng).interval(parameter, level)
        error = self.standard_errors[parameter]
        if method == "wald":
            return wald(domain, value, error, level) if np.isfinite(error) else nothing
        if self.candidate.method != "mle":
            raise CandidateError(f"{self.label}: a profile is one of the likelihood; use method='bootstrap'")

        def refit(given: Mapping[str, Any]) -> Estimate:
            return estimate_candidate(self.candidate, self.law, self._block, given)

        low, high = profile_interval(refit, parameter, domain, value, error, self.mean_log_likelihood, self.n, level)
        least, most = self.candidate.bounds.get(parameter, (-np.inf, np.inf))
        return max(low, least), min(high, most)

    def bootstrap(self, n_resamples: int = 999, rng: np.random.Generator | int = 0) -> Bootstrap:
        """Refit resamples of the data: one batch of reweightings; parameters ``(B, p)``, intervals, standard errors."""

        def refit(block: Block) -> Estimate:
            return estimate_candidate(self.candidate, self.law, block, {}, self.maxima)

        if isinstance(n_resamples, bool) or not isinstance(n_resamples, int) or n_resamples < 1:
            raise CandidateError(f"n_resamples: must be a whole number, at least 1, got {n_resamples!r}")
        if self.sample.known or self.law.nominal:
            raise CandidateError(f"{self.label}: there is nothing to resample")
        return bootstrap(refit, tuple(self.law.parameters), self._block, n_resamples, np.random.default_rng(rng))

    def derived(self, what: str | float | Callable[[Distribution], float], level: float = 0.95) -> Derived:
        """Estimate of a function of the parameters, with its standard error by the delta method.

        Parameters
        ----------
        what
            ``mean``, ``var`` or ``entropy``; a number q in (0, 1) for that quantile; or a function of a `Distribution`.
        level
            Confidence of the interval, value ± z · standard error; on a logarithmic scale for a variance, and for the
            mean and quantiles of a law of positive numbers.

        Examples
        --------
        >>> import modelselect as ms
        >>> waiting = ms.fit("exponential", ms.Sample([0.2, 1.1, 1.9, 4.0], resolution=None))
        >>> waiting.derived(0.5).value.__round__(4), waiting.derived("mean").standard_error.__round__(4)
        (1.2477, 0.9)
        """
        if not 0 < level < 1:
            raise CandidateError(f"level: must lie between 0 and 1, got {level!r}")
        if self.distribution is None:
            return Derived(*[float("nan")] * 4)
        return derived(self.distribution, self.covariance.to_numpy(), what, level)

    def summary(self, level: float = 0.95) -> Summary:
        """Estimates, standard errors and intervals in a table, with what the fit reached; prints as text."""
        return summarise(self, level)

    def _check_interval(self, parameter: str, level: float, method: str) -> None:
        known = ", ".join(self.free) or "none"
        if parameter not in self.law.parameters:
            hint = did_you_mean(parameter, self.law.parameters)
            raise CandidateError(f"{self.label}: unknown parameter {parameter!r}; estimated are: {known}{hint}")
        if parameter not in self.free:
            raise CandidateError(f"{self.label}: {parameter} is given, not estimated; estimated are: {known}")
        if not 0 < level < 1:
            raise CandidateError(f"level: must lie between 0 and 1, got {level!r}")
        if method not in ("profile", "wald", "bootstrap"):
            raise CandidateError(f"method: expected profile, wald or bootstrap, got {method!r}")

    @cached_property
    def maxima(self) -> Array | None:
        """Parameters ``(K, p)`` of the maxima of the likelihood, near which those of resamples lie; or None."""
        if self.status is Status.CONVERGED and self.candidate.method == "mle" and not self.candidate.bounds:
            return maxima_of(self.law, self._block, self.candidate.fixed)
        return None

    @property
    def _regular(self) -> bool:
        estimated = self.status in (Status.CONVERGED, Status.CLOSED_FORM) and bool(self.free)
        return estimated and not self.sample.known and self.candidate.method == "mle"

    @property
    def _theta(self) -> Array:
        return np.array([list(self.parameters.values())])

    @cached_property
    def pointwise(self) -> Array:
        """Log-probability of each distinct value of the sample, ``(m,)`` in nats; NaN without an estimate."""
        return self._logs(slice(None), {})

    def stretch(self, cut: slice, parts: dict[bool, Block] | None = None) -> Array:
        """Log-probability of some of the distinct values, as `pointwise`; of long samples no others are computed.

        `parts` remembers these values for other fits to the same sample.
        """
        kept = "pointwise" in vars(self) or len(self.sample) <= _SHORT
        return self.pointwise[cut] if kept else self._logs(cut, {} if parts is None else parts)

    def _logs(self, cut: slice, parts: dict[bool, Block]) -> Array:
        law = self.distribution if self.comparable else None
        values = self.sample.values[cut]
        if self.status is Status.OUT_OF_SUPPORT and law is None:
            return np.full(len(values), -np.inf)
        if law is None:
            return np.full(len(values), np.nan)
        if law.family.nominal:
            return np.asarray(law.logp(values))
        if self.sample.kind == "nominal":
            return np.full(len(values), -np.inf)
        cells = not law.discrete
        if cells not in parts:
            parts[cells] = self.sample.block(cells).part(cut)
        with np.errstate(all="ignore"):
            return np.asarray(pointwise(law.family, parts[cells], tuple(law.parameters.values()))[0])

    @property
    def _block(self) -> Block:
        return self.sample.block(cells=not self.law.discrete)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value:.6g}" for name, value in self.parameters.items())
        return f"Fit({self.label}: {inner}; n={self.n:g}, log_likelihood={self.log_likelihood:.6g}, {self.status})"


def estimate_candidate(
    candidate: Candidate, law: Family, block: Block, given: Mapping[str, Any], near: Array | None = None, *,
    rough: bool = False,
) -> Estimate:  # fmt: skip
    """Estimate a candidate, with its given parameters and more, by its method, within its bounds."""
    fixed = {**candidate.fixed, **given}
    if candidate.method != "mle":
        return estimate_by(candidate.method, law, block, fixed)
    bounds = {name: ends for name, ends in candidate.bounds.items() if name not in given}
    if bounds:
        return estimate_within(law, block, bounds, fixed)
    if fixed or near is not None:
        return estimate(law, block, fixed, near, rough=rough)
    # which may be the limit of another law
    found: Estimate = block.remembered((law, rough), lambda: estimate(law, block, rough=rough))
    return found
