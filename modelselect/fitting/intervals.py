"""Intervals of parameters and of what follows from them: Wald, profile likelihood, bootstrap, delta method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array, Interval
from modelselect.errors import CandidateError
from modelselect.fitting.estimate import Estimate

#: Points of a profile that are refitted at once between two brackets.
_SECTIONS = 8
#: Doublings of the step away from the estimate until a bracket is given up as endless.
_DOUBLINGS = 40
#: Steps away from the estimate, on a log or logit scale, until a side is given up as endless.
_ENDLESS = 40.0
#: Numbers that one batch of resamples may hold.
_BATCH = 4_000_000

Refit = Callable[[Mapping[str, Any]], Estimate]


def wald(domain: Interval, value: float, error: float, level: float) -> tuple[float, float]:
    """Symmetric interval on the scale on which the domain is the whole real line.

    Examples
    --------
    >>> from modelselect.domain import POSITIVE
    >>> [round(end, 3) for end in wald(POSITIVE, 2.0, 0.5, 0.95)]
    [1.225, 3.265]
    """
    half = float(ndtri(0.5 + 0.5 * level))
    slope = float(domain.slope(value))
    u, reach = float(domain.to_real(value)), half * error / slope if slope > 0 else np.nan
    return float(domain.from_real(u - reach)), float(domain.from_real(u + reach))


def profile_interval(
    refit: Refit, name: str, domain: Interval, value: float, error: float, top: float, n: float, level: float
) -> tuple[float, float]:
    """Values of a parameter at which 2n (ℓ̂ − ℓ_profile) ≤ χ²₁, the others refitted at each.

    Parameters
    ----------
    refit
        Given parameters (arrays ``(R,)``) → estimate of R rows.
    name, domain, value, error
        The parameter, its estimate and a guess of its standard error (NaN if unknown).
    top, n
        Mean log-likelihood at the estimate, and the number of observations.

    Returns
    -------
    low, high
        An end of the domain where the profile never falls that far.
    """
    if domain.lattice:
        return _integer_profile(refit, name, domain, value, top, n, level)
    threshold = float(ndtri(0.5 + 0.5 * level)) ** 2

    def drop(u: Array) -> Array:
        found = refit({name: domain.from_real(u)})
        with np.errstate(invalid="ignore"):
            # where the others could not be refitted, far out mostly, nothing says that the value is excluded
            return np.asarray(np.where(np.isnan(found.log_likelihood), 0.0, 2 * n * (top - found.log_likelihood)))

    with np.errstate(divide="ignore"):
        centre = float(domain.to_real(value))
    if np.isinf(centre):  # an estimate at the end of its domain: as far towards it as anything can be told
        centre = float(np.copysign(_ENDLESS, centre))
    slope = float(domain.slope(value)) if np.isfinite(value) else np.nan
    step = float(np.sqrt(threshold)) * error / slope if np.isfinite(error) and slope > 0 else 1.0
    # a profile that has not fallen over so many powers of e, or standard errors, never will
    farthest = 2 * _ENDLESS if np.isfinite([domain.low, domain.high]).any() else 1e8 * step
    inside, outside = np.full(2, centre), np.full(2, np.nan)
    sign, reach = np.array([-1.0, 1.0]), np.full(2, step)
    at_end = np.array([value <= domain.low, value >= domain.high])
    for _ in range(_DOUBLINGS):
        open_ = np.isnan(outside) & ~at_end
        if not open_.any():
            break
        rows = np.flatnonzero(open_)
        # the whole way there: where it ends the others may have no estimate
        goal = (centre + sign * reach)[rows]
        shares = np.arange(_SECTIONS + 1) / _SECTIONS
        way = inside[rows, None] + (goal - inside[rows])[:, None] * shares
        past = np.array(drop(way[:, 1:].ravel()) > threshold).reshape(len(rows), _SECTIONS)
        beyond, first = past.any(axis=1), past.argmax(axis=1)
        row = np.flatnonzero(beyond)
        outside[rows[row]], inside[rows[row]] = way[row, first[row] + 1], way[row, first[row]]
        inside[rows[~beyond]] = goal[~beyond]
        reach[rows[~beyond]] *= 2.0
        at_end |= np.isnan(outside) & (reach > farthest)
    found = ~np.isnan(outside)
    for _ in range(12):
        if not found.any():
            break
        shares = np.arange(1, _SECTIONS + 1) / (_SECTIONS + 1)
        grid = inside[found, None] + (outside - inside)[found, None] * shares
        below = np.array(drop(grid.ravel()) <= threshold).reshape(grid.shape)
        last = np.cumprod(below, axis=1).sum(axis=1)  # of the leading points inside
        edges = np.concatenate([inside[found, None], grid, outside[found, None]], axis=1)
        rows = np.arange(len(grid))
        inside[found], outside[found] = edges[rows, last], edges[rows, last + 1]
        if np.all(np.abs(outside - inside)[found] <= 1e-10 * np.maximum(1.0, np.abs(inside[found]))):
            break
    ends = np.array([domain.low, domain.high])
    middle = 0.5 * (inside + outside)
    result = np.where(found, domain.from_real(np.where(found, middle, centre)), ends)
    return float(result[0]), float(result[1])


def _integer_profile(
    refit: Refit, name: str, domain: Interval, value: float, top: float, n: float, level: float
) -> tuple[float, float]:
    threshold = float(ndtri(0.5 + 0.5 * level)) ** 2

    def within(k: Array) -> Array:
        found = refit({name: k})
        return np.asarray(2 * n * (top - found.log_likelihood) <= threshold)

    ends = []
    for sign, end in ((-1.0, domain.low), (1.0, domain.high)):
        near, far, step = value, np.nan, 1.0
        if np.isinf(value):  # a limit: the interval is open on its side
            near, far, step = (end, np.nan, 1.0) if end == value else (2.0**40, np.nan, 1.0)
        while np.isnan(far) and near != end and step < 2.0**40:
            k = np.clip(near + sign * step, domain.low, domain.high)
            if bool(within(np.array([k]))[0]):
                near, step = float(k), 2.0 * step
            else:
                far = float(k)
        while abs(far - near) > 1:
            k = np.rint(0.5 * (near + far))
            near, far = (float(k), far) if bool(within(np.array([k]))[0]) else (near, float(k))
        ends.append(end if np.isnan(far) and near != end else near)
    return ends[0], ends[1]


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Refitted resamples of one sample.

    Attributes
    ----------
    names
        Parameters.
    parameters
        ``(B, p)`` of the resamples that could be fitted.
    n_resamples
        How many were drawn, those that could not be fitted included.
    """

    names: tuple[str, ...]
    parameters: Array
    n_resamples: int

    @property
    def n_failed(self) -> int:
        """Resamples that could not be fitted."""
        return self.n_resamples - len(self.parameters)

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Percentile interval."""
        values = self.parameters[:, self.names.index(name)]
        if not len(values):
            return float("nan"), float("nan")
        low, high = np.quantile(values, [0.5 - 0.5 * level, 0.5 + 0.5 * level], method="nearest")
        return float(low), float(high)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard deviations over the resamples."""
        with np.errstate(invalid="ignore"):
            sd = self.parameters.std(axis=0, ddof=1) if len(self.parameters) > 1 else np.full(len(self.names), np.nan)
        return dict(zip(self.names, map(float, sd), strict=True))


def bootstrap(
    refit: Callable[[Block], Estimate], names: tuple[str, ...], block: Block, n_resamples: int, rng: np.random.Generator
) -> Bootstrap:
    """Refit resamples of a sample: a batch of reweightings of its distinct observations.

    Parameters
    ----------
    refit
        Block of R groups → their estimates.
    block
        One group; the resamples have as many observations as it, rounded to a whole number.
    """
    m, n = block.weights.shape[1], round(float(block.total[0]))
    size = max(1, _BATCH // m)
    kept = []
    for start in range(0, n_resamples, size):
        count = min(size, n_resamples - start)
        weights = rng.multinomial(n, block.shares[0], size=count).astype(float)
        found = refit(Block(block.lower, block.upper, weights, block.truncation))
        kept.append(found.parameters[found.usable])
    return Bootstrap(names, np.concatenate(kept), n_resamples)


@dataclass(frozen=True)
class Derived:
    """A function of the parameters: its estimate, standard error and interval."""

    value: float
    standard_error: float
    low: float
    high: float


def derived(
    law: Distribution, covariance: Array, what: str | float | Callable[[Distribution], float], level: float
) -> Derived:
    """Delta method: the variance of g(θ̂) is ∇g' Cov ∇g, with ∇g by central differences of 4th order.

    Raises
    ------
    CandidateError
        `what` is not a property of a distribution, a probability or a function.
    """
    function = _function(what)
    theta, names = np.array(list(law.parameters.values())), list(law.parameters)
    value = function(law)
    # a quantile of masses jumps, and has no derivative
    jumps = law.discrete and not callable(what) and not isinstance(what, str)
    if jumps or covariance.shape != (len(theta), len(theta)):  # a limit has no covariance of its own
        return Derived(value, float("nan"), float("nan"), float("nan"))
    known = np.isfinite(np.diag(covariance))
    errors = np.sqrt(np.diag(covariance), where=known, out=np.zeros(len(theta)))
    slope = np.zeros(len(theta))
    for j in np.flatnonzero(errors):
        step = 1e-2 * errors[j]
        f = []
        for multiple in (-2, -1, 1, 2):
            there = theta.copy()
            there[j] += multiple * step
            f.append(function(Distribution(law.family, dict(zip(names, map(float, there), strict=True)), checked=True)))
        slope[j] = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * step)
    error = (
        float(np.sqrt(slope @ np.where(np.isfinite(covariance), covariance, 0.0) @ slope)) if known.any() else np.nan
    )
    half = float(ndtri(0.5 + 0.5 * level)) * error
    # a variance, and what is of a law of positive numbers, has its interval on the scale of its logarithm
    if value > 0 and (what == "var" or (not callable(what) and what != "entropy" and law.family.support.low >= 0)):
        return Derived(value, error, float(value * np.exp(-half / value)), float(value * np.exp(half / value)))
    return Derived(value, error, value - half, value + half)


def _function(what: str | float | Callable[[Distribution], float]) -> Callable[[Distribution], float]:
    if callable(what):
        return lambda law: float(what(law))
    if isinstance(what, str) and what in ("mean", "var", "entropy"):
        return lambda law: float(getattr(law, what))
    if isinstance(what, (int, float)) and not isinstance(what, bool) and 0 < what < 1:
        return lambda law: float(law.ppf(what))
    raise CandidateError(f"derived: expected mean, var, entropy, a probability in (0, 1) or a function, got {what!r}")
