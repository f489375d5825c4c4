"""Fit regressions to rows: maximum likelihood of everything, from several starts, never below a smaller model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import expit, logit

from modelselect.domain import Array
from modelselect.fitting.status import NOT_FOUND, Status
from modelselect.masses import log_mass
from modelselect.ranking.footing import mismatch
from modelselect.ranking.regression.candidates import RegressionCandidate
from modelselect.ranking.regression.design import Columns, Rows
from modelselect.ranking.regression.newton import Formula, Maximum, maximise
from modelselect.ranking.regression.responses import RESPONSES, Kind
from modelselect.ranking.regression.result import RegressionFit
from modelselect.rounding import cell_ends

#: Nats in all by which a larger model must be ahead of a smaller one that it contains, to have left its boundary.
_AHEAD = 1e-5
#: Logarithm of a shape, or of a standard deviation beside the outcomes, at which a density has shrunk onto them.
_SHRUNK = 23.0

#: Links whose predictor is a number without a unit.
_WITHOUT_UNIT = ("log", "logit", "probit", "cloglog")

Key = tuple[str, str, int, int, str]


@dataclass
class Fitter:
    """Regressions on the same rows; what has been fitted is kept, for larger models that contain it."""

    rows: Rows
    atoms: tuple[float, ...] = ()
    _done: dict[Key, RegressionFit] = field(default_factory=dict)

    def fit(self, candidate: RegressionCandidate, of_mean: Columns, of_zeros: Columns | None) -> RegressionFit:
        """Return the fit of a candidate, whatever came of it."""
        key = (
            candidate.kind.response.family,
            candidate.kind.zeros,
            id(of_mean),
            id(of_zeros),
            candidate.link.name,
        )
        if key not in self._done:
            self._done[key] = _Problem(self, candidate, of_mean, of_zeros).solved()
        return replace(self._done[key], candidate=candidate)


class _Problem:
    """One regression: its formula, its starts, what it may shrink to."""

    def __init__(
        self, fitter: Fitter, candidate: RegressionCandidate, of_mean: Columns, of_zeros: Columns | None
    ) -> None:
        self.fitter, self.rows, self.candidate = fitter, fitter.rows, candidate
        self.of_mean, self.of_zeros = of_mean, of_zeros
        self.kind, self.link = candidate.kind, candidate.link
        self.law, self.response = candidate.kind.law, candidate.kind.response
        self.share = self.rows.shares
        y = self.rows.y
        self.unit = self.unit_of_mean() if not (of_mean.redundant or candidate.link.name in _WITHOUT_UNIT) else 1.0
        self.designs, self.offsets = [of_mean.basis * self.unit], [of_mean.offset]
        if self.response.shared:
            self.designs.append(np.ones((len(y), 1)))
            self.offsets.append(np.zeros(len(y)))
        if of_zeros is not None:
            self.designs.append(of_zeros.basis)
            self.offsets.append(of_zeros.offset)
        self.names = [*of_mean.names, *([self.response.shared] if self.response.shared else [])]
        self.names += [f"inflation:{name}" for name in (of_zeros.names if of_zeros is not None else ())]

    # -- the law of each row ---------------------------------------------------------------------------------------

    def parameters(self, natural: Sequence[Array]) -> tuple[Array, ...]:
        """Parameters of the law at natural numbers."""
        mean = self.link.inverse(natural[0])
        shared = self.response.share_of.inverse(natural[1]) if self.response.shared else None
        inner = self.response.parameters(mean, shared)
        return (*inner, expit(natural[-1])) if self.of_zeros is not None else inner

    def formula(self) -> Formula:
        """Log-probability of each row: of its mass on a lattice, of its density elsewhere."""
        y, law, step = self.rows.y, self.law, self.rows.resolution
        if law.discrete or step is None:
            return lambda natural: np.asarray(law.logp(y, *self.parameters(natural)))
        low, high = cell_ends(y, step)
        return lambda natural: log_mass(law, low, high, self.parameters(natural))

    # -- the fit ---------------------------------------------------------------------------------------------------

    def solved(self) -> RegressionFit:
        why = mismatch(self.law, self.rows.outcome, self.fitter.atoms) or self.outside()
        if why:
            return self.without(Status.OUT_OF_SUPPORT, why)
        for columns, what in ((self.of_mean, ""), (self.of_zeros, " of inflation")):
            if columns is not None and columns.redundant:
                names = ", ".join(columns.redundant)
                return self.without(
                    Status.NOT_IDENTIFIED, f"the columns before them{what} explain {names}: no coefficient of their own"
                )
        smaller = [fit for fit in self.smaller() if fit.status.usable]
        below = max(smaller, key=lambda one: one.mean_log_likelihood, default=None)
        formula, units = self.formula(), [self.unit, *[1.0] * (len(self.designs) - 1)]
        near = -np.inf if below is None else below.mean_log_likelihood
        found = [
            maximise(formula, self.designs, self.offsets, self.share, start, units, n=self.rows.n, near=near)
            for start in self.starts(smaller)
        ]
        best = max(found, key=lambda one: (one.mean, one.reached)) if found else None
        if below is not None and (best is None or not (best.mean - below.mean_log_likelihood) * self.rows.n > _AHEAD):
            return self.on_boundary(below)
        if best is not None and self.shrunk(best):
            how = f"the likelihood grows without bound in {self.response.shared}"
            return self.without(Status.UNBOUNDED, f"the covariates determine the outcomes exactly: {how}")
        if best is None or not best.reached:
            return self.without(Status.FAILED, NOT_FOUND)
        return self.made(best, formula)

    def smaller(self) -> list[RegressionFit]:
        """Fits of the models on the boundary of this one: a Poisson in a negative binomial, none with extra zeros."""
        found = []
        inner = self.response.inner
        for name in inner.nested:
            if name not in RESPONSES or not self.response.shared:
                continue
            domain = inner.parameters[self.response.shared].domain
            if inner.nested[name].get(self.response.shared) in (domain.low, domain.high):
                found.append(self.another(Kind(RESPONSES[name], self.kind.zeros), self.of_zeros))
        if self.kind.zeros == "zero_inflated" and self.law.discrete:
            found.append(self.another(Kind(self.response), None))
        return found

    def another(self, kind: Kind, of_zeros: Columns | None) -> RegressionFit:
        zeros = None if of_zeros is None else self.candidate.zeros
        return self.fitter.fit(replace(self.candidate, kind=kind, zeros=zeros), self.of_mean, of_zeros)

    def outside(self) -> str:
        """Say how many outcomes no member of the family can produce."""
        y, step, support = self.rows.y, self.rows.resolution, self.law.support
        if self.law.discrete or step is None:
            off = np.array(~support.contains(y), dtype=bool)
        else:
            below, above = cell_ends(y, step)
            off = (above <= support.low) | (below >= support.high)
        if not off.any():
            return ""
        count = float(self.rows.weights[off].sum())
        shown = ", ".join(f"{value:g}" for value in np.unique(y[off])[:5])
        return (
            f"{count:g} of {self.rows.n:g} outcomes {'lies' if count == 1 else 'lie'} outside the support {support}: "
            f"{shown}"
        )

    def shrunk(self, found: Maximum) -> bool:
        """Whether a density has shrunk onto the outcomes."""
        if not self.response.shared or self.law.discrete or self.rows.resolution is not None:
            return False
        value = float(found.theta[self.of_mean.basis.shape[1]])
        if self.response.shared in ("sd", "sigma"):
            size = float(self.share @ np.square(self.rows.y)) if self.response.shared == "sd" else 1.0
            value = 0.5 * float(np.log(size)) - value
        return value > (_SHRUNK if found.reached else 0.5 * _SHRUNK)

    # -- starts ----------------------------------------------------------------------------------------------------

    def starts(self, smaller: Sequence[RegressionFit]) -> list[Array]:
        """First guesses: of the means, of what is shared, of the zeros; and from the models on the boundary."""
        y, zero = self.rows.y, self.rows.y == 0
        if self.kind.zeros and not zero.all():
            above = np.where(zero, 0.0, self.share)
            parts = [self.mean_start(above / above.sum())]
            if self.kind.zeros == "zero_inflated" and not smaller:
                parts.append(self.mean_start(self.share))
        else:
            parts = [self.mean_start(self.share)]
        parts += [
            fit.of_mean.root @ np.array(list(fit.parameters.values())[: len(fit.of_mean.names)]) for fit in smaller
        ]
        starts = []
        for theta in parts:
            with np.errstate(all="ignore"):
                mean = self.link.inverse(self.of_mean.basis @ theta + self.of_mean.offset)
                used = np.where(zero, 0.0, self.share) if self.kind.zeros == "hurdle" and not zero.all() else self.share
                shared = self.response.guess(y, mean, used / used.sum()) if self.response.shared else 1.0
            with np.errstate(all="ignore"):
                middle = [np.atleast_1d(self.response.share_of.of(shared))] if self.response.shared else []
            middle = [np.where(np.isfinite(first), first, 0.0) for first in middle]
            starts += [np.concatenate([theta / self.unit, *middle, *ends]) for ends in self.zero_starts(mean)]
        return starts

    def mean_start(self, share: Array) -> Array:
        """Least squares of the linked outcomes."""
        weighted = np.sqrt(share)[:, None] * self.of_mean.basis
        target = np.sqrt(share) * (self.linked(share) - self.of_mean.offset)
        return np.asarray(np.linalg.lstsq(weighted, target, rcond=1e-8)[0], dtype=float)

    def linked(self, share: Array) -> Array:
        """Outcomes as predictors see them, drawn halfway to their mean where a link needs it."""
        y = self.rows.y
        centre = float(share @ y)
        if self.response.family == "lognormal":
            return np.log(np.where(y > 0, y, 1.0))
        if self.response.family == "bernoulli":
            return np.asarray(self.link.of(0.5 * (y + 0.5)))
        if self.link.name == "identity":
            return y
        return np.asarray(self.link.of(np.maximum(0.5 * (y + centre), 1e-3 * max(abs(centre), 1e-300))))

    def unit_of_mean(self) -> float:
        """Spread of the linked outcomes about their least squares, which is the scale of their predictor."""
        left = self.linked(self.share) - self.of_mean.offset
        size = float(np.sqrt(self.share @ np.square(left)))
        left = left - self.of_mean.basis @ self.mean_start(self.share)
        spread = float(np.sqrt(self.share @ np.square(left)))
        return spread if spread > 1e-10 * size else size if size > 0 else 1.0

    def zero_starts(self, mean: Array) -> list[list[Array]]:
        if self.of_zeros is None:
            return [[]]
        zero = (self.rows.y == 0).astype(float)
        seen = float(np.clip(self.share @ zero, 0.02, 0.98))
        if self.kind.zeros == "hurdle":
            return [[self.of_zeros.basis.T @ (self.share * (logit(seen) + 2.0 * (zero - seen)))]]
        with np.errstate(all="ignore"):
            expected = float(np.nan_to_num(self.share @ np.exp(-np.maximum(mean, 0.0)), nan=0.5))
        excess = float(np.clip((seen - expected) / max(1.0 - expected, 1e-9), 0.05, 0.9))
        flat = self.of_zeros.basis.T @ (self.share * logit(excess))
        if self.of_zeros.matrix.shape[1] == 1:
            return [[flat]]
        return [[flat], [self.of_zeros.basis.T @ (self.share * (logit(excess) + 2.0 * (zero - seen)))]]

    # -- answers ---------------------------------------------------------------------------------------------------

    def made(self, found: Maximum, formula: Formula) -> RegressionFit:
        natural, ends = [], np.cumsum([0, *(matrix.shape[1] for matrix in self.designs)])
        jacobian = np.zeros((len(self.names), len(self.names)))
        values: list[float] = []
        for i, (matrix, offset) in enumerate(zip(self.designs, self.offsets, strict=True)):
            part = slice(ends[i], ends[i + 1])
            theta = found.theta[part]
            natural.append(matrix @ theta + offset)
            columns = self.of_mean if i == 0 else self.of_zeros if i == len(self.designs) - 1 else None
            if columns is not None and not (i == 1 and self.of_zeros is None):
                jacobian[part, part] = np.linalg.inv(columns.root) * (self.unit if i == 0 else 1.0)
                values += list(jacobian[part, part] @ theta)
                continue
            at = float(theta[0])
            inverse = self.response.share_of.inverse
            values.append(float(inverse(at)))
            jacobian[part, part] = (inverse(at + 1e-6) - inverse(at - 1e-6)) / 2e-6
        status, reason = Status.CONVERGED, ""
        if found.flat:
            status, reason = Status.BOUNDARY, self.flat_direction(found, jacobian)
        with np.errstate(all="ignore"):
            pointwise = formula(natural)
        return RegressionFit(
            self.candidate,
            dict(zip(self.names, map(float, values), strict=True)),
            found.mean,
            len(self.names),
            status,
            reason,
            pointwise,
            self.parameters(natural),
            self.rows,
            self.of_mean,
            self.of_zeros,
            None if found.flat else found.information,
            None if found.flat else jacobian,
        )

    def flat_direction(self, found: Maximum, jacobian: Array) -> str:
        """Say along which coefficients the likelihood has no maximum."""
        _, axes = np.linalg.eigh(found.information)
        along = np.abs(jacobian @ axes[:, 0])
        names = [name for name, part in zip(self.names, along, strict=True) if part > 0.1 * along.max()]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return (
            f"the likelihood has no maximum: along {shown} it grows without end, by ever less (a limit of the "
            "family, or outcomes that are separated from the others); the log-likelihood is its supremum"
        )

    def on_boundary(self, below: RegressionFit) -> RegressionFit:
        """The fit of a smaller model, as the limit of this one."""
        kind = below.candidate.kind
        parameters = dict.fromkeys(self.names, float("nan"))
        parameters |= {name: value for name, value in below.parameters.items() if name in parameters}
        what = []
        if kind.response is not self.response:
            target = self.response.inner.nested[kind.response.family][self.response.shared]
            parameters[self.response.shared] = float(target)
            what.append(f"{self.response.shared} → {target:g}".replace("inf", "∞"))
        if self.of_zeros is not None and not kind.zeros:
            if len(self.of_zeros.names) == 1:
                parameters[f"inflation:{self.of_zeros.names[0]}"] = float("-inf")
            what.append("probability of an extra zero → 0")
        limit = below if below.limit is None else below.limit
        return RegressionFit(
            self.candidate,
            parameters,
            below.mean_log_likelihood,
            len(self.names),
            Status.BOUNDARY,
            f"no interior maximum: the likelihood is largest in the limit {', '.join(what)}, "
            f"which is {limit.family.name}",
            below.pointwise,
            (),
            self.rows,
            self.of_mean,
            self.of_zeros,
            limit=limit,
        )

    def without(self, status: Status, reason: str) -> RegressionFit:
        """No estimate, and why."""
        off = status is Status.OUT_OF_SUPPORT
        value = -np.inf if off else np.nan
        return RegressionFit(
            self.candidate,
            dict.fromkeys(self.names, float("nan")),
            value,
            len(self.names),
            status,
            reason,
            np.full(len(self.rows), value),
            (),
            self.rows,
            self.of_mean,
            self.of_zeros,
        )
