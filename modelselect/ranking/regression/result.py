"""RegressionFit: one candidate with covariates, fitted, and how well its coefficients are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.status import Status
from modelselect.fitting.summary import Summary
from modelselect.ranking.nesting import Nesting, nesting, reached
from modelselect.ranking.regression.candidates import RegressionCandidate
from modelselect.ranking.regression.design import Columns, Rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RegressionFit:
    """A family whose mean follows from covariates, fitted by maximum likelihood.

    Attributes
    ----------
    candidate
        Law, formulas, link and label.
    parameters
        Name → estimate: the coefficients, the shared parameter under the family's name for it, and the coefficients of
        the extra zeros under ``inflation:``, which are of the logit of their probability.
    mean_log_likelihood
        Σ w log q(y | x) / Σ w in nats.
    k
        Number of estimated parameters, the shared one included.
    status, reason
        How the estimate came about; a sentence unless it is a plain success.
    pointwise
        log q(y | x) of each distinct row ``(m,)``.
    row_parameters
        Parameters of the law in each distinct row, ``(m,)`` each; empty without an estimate.
    sample
        The rows.
    limit
        The smaller regression that is reached on a boundary.
    """

    candidate: RegressionCandidate
    parameters: dict[str, float]
    mean_log_likelihood: float
    k: int
    status: Status
    reason: str
    pointwise: Array
    row_parameters: tuple[Array, ...]
    sample: Rows
    of_mean: Columns
    of_zeros: Columns | None
    information: Array | None = None
    jacobian: Array | None = None
    limit: RegressionFit | None = None

    comparable = True
    distribution = None

    @property
    def family(self) -> Family:
        """The law of one row, as its family."""
        return self.candidate.kind.law

    law = family

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
        """Names of the estimated parameters: all."""
        return tuple(self.parameters)

    @property
    def irregular(self) -> tuple[str, ...]:
        """None of them is an end of the support or an integer."""
        return ()

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood in nats."""
        return self.mean_log_likelihood * self.n

    @property
    def aic(self) -> float:
        """2k − 2ℓ."""
        return 2.0 * self.k - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, k log n − 2ℓ."""
        return self.k * float(np.log(self.n)) - 2.0 * self.log_likelihood

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Inverse observed information of all parameters; NaN where there is none (a boundary)."""
        import pandas as pd

        names = list(self.parameters)
        matrix = np.full((len(names), len(names)), np.nan)
        if self.information is not None and self.jacobian is not None:
            matrix = self.jacobian @ np.linalg.inv(self.information * self.n) @ self.jacobian.T
        return pd.DataFrame(matrix, index=names, columns=names)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Square roots of the diagonal of the covariance."""
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.diag(self.covariance.to_numpy()))
        return dict(zip(self.parameters, map(float, errors), strict=True))

    @cached_property
    def results(self) -> Any:
        """The same model as results of statsmodels, evaluated at these estimates; see `statsmodels_results`."""
        from modelselect.ranking.regression.statsmodels_bridge import statsmodels_results

        return statsmodels_results(self)

    def summary(self, level: float = 0.95) -> Summary:
        """Estimates, standard errors, z and Wald intervals in a table; prints as text."""
        import pandas as pd
        from scipy.special import ndtri

        errors, z = self.standard_errors, float(ndtri(0.5 + 0.5 * level))
        low, high = f"[{0.5 - 0.5 * level:g}", f"{0.5 + 0.5 * level:g}]"
        rows = {
            name: {
                "estimate": value,
                "std. error": errors[name],
                "z": value / errors[name],
                low: value - z * errors[name],
                high: value + z * errors[name],
            }
            for name, value in self.parameters.items()
        }
        facts = {
            "observations": f"{self.n:g}",
            "estimated parameters": f"{self.k}",
            "log-likelihood": f"{self.log_likelihood:.6g}",
            "aic": f"{self.aic:.6g}",
            "bic": f"{self.bic:.6g}",
            "status": str(self.status),
        }
        title = f"{self.family.name}: {self.candidate.formula}, link {self.candidate.link.name}"
        notes = tuple(f"({note})" for note in (self.reason, *self.sample.notes) if note)
        return Summary(title, facts, pd.DataFrame.from_dict(rows, orient="index"), level, notes)

    def expected(self, of: Callable[..., Any]) -> Array:
        """Mean over the rows of an elementwise function of the law and its parameters, such as a mass: ``(…,)``."""
        law = self.limit or self
        return np.asarray(of(law.family, *law.row_parameters) @ self.sample.shares, dtype=float)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value:.6g}" for name, value in self.parameters.items())
        return (
            f"RegressionFit({self.label}: {inner}; n={self.n:g}, log_likelihood={self.log_likelihood:.6g}, "
            f"{self.status})"
        )


@reached.register
def _(fit: RegressionFit) -> RegressionFit:
    return fit if fit.limit is None else fit.limit


@nesting.register
def _(a: RegressionFit, b: Any) -> Nesting | None:
    if not isinstance(b, RegressionFit):
        return None
    for sign, large, small in ((1, a, b), (-1, b, a)):
        if large.k >= small.k and (found := _contains(large, small)) is not None:
            boundary, regular = found
            return Nesting(sign, large.k - small.k, boundary > 0, regular and boundary <= 1)
    return None


def _contains(large: RegressionFit, small: RegressionFit) -> tuple[int, bool] | None:
    """In how many directions `small` lies on the boundary of `large`, and whether a χ² tests it; None if nowhere."""
    if large.candidate.link is not small.candidate.link or not small.of_mean.within(large.of_mean):
        return None
    shared = boundary_of(large, small)
    if shared is None:
        return None
    ours, theirs = large.candidate.kind.zeros, small.candidate.kind.zeros
    if ours == theirs:
        if large.of_zeros is None or small.of_zeros is None:
            return shared, True
        return (shared, True) if small.of_zeros.within(large.of_zeros) else None
    if ours == "zero_inflated" and not theirs and large.of_zeros is not None:
        # coefficients of zeros that do not exist are not identified: no χ² (Davies 1987)
        return shared + 1, large.of_zeros.matrix.shape[1] == 1
    return None


def boundary_of(large: RegressionFit, small: RegressionFit) -> int | None:
    """Whether the inner law of `small` lies on the boundary (1) or inside (0) of that of `large`; None: nowhere."""
    ours, theirs = large.candidate.kind.response, small.candidate.kind.response
    if ours.family == theirs.family:
        return 0
    restriction = ours.inner.nested.get(theirs.family)
    if restriction is None or not ours.shared:
        return None
    domain = ours.inner.parameters[ours.shared].domain
    return int(restriction.get(ours.shared) in (domain.low, domain.high))
