"""Estimation without the likelihood: moments, L-moments, quantiles, maximum spacing, minimum distance.

Each method is an objective of the parameters that the batched solver maximises from the maximum-likelihood
estimate, or from the family's starts where there is none; the log-likelihood reported is that of the estimate found.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.estimate import Estimate, estimate
from modelselect.fitting.likelihood import log_mass, mean_log_likelihood
from modelselect.fitting.problem import Problem, Standard
from modelselect.fitting.search import starts
from modelselect.fitting.solve import Rows, maximise
from modelselect.fitting.status import Status, usable

#: Parameters ``(r, p)`` and rows → value to be maximised ``(r,)``.
Criterion = Callable[[Array, Rows], Array]

METHODS: dict[str, Callable[[Problem], Criterion]] = {}
#: Methods that match as many numbers as there are free parameters: their objective is 0 where all agree.
_MATCHING = ("moments", "l_moments", "quantiles")

_NO_MATCH = "no member of the family has the sample's {what}"
_NOT_FOUND = "the search for the estimate by {method} did not converge"
_NEEDS_POINTS = "{method} needs observations that are points, neither censored nor truncated"
_NEEDS_DENSITY = "{method} with these free parameters needs a continuous family"
_NEEDS_EXACT = "spacing needs observations that are not rounded"
_TOO_MANY = "moments beyond the fourth are not used: give some of the parameters"
_IMPOSSIBLE = "the estimate by {method} gives some observations the probability 0"
_BY = "estimated by {method}, not by maximum likelihood: k/n corrects its KL only roughly"


def estimate_by(method: str, family: Family, block: Block, fixed: Mapping[str, Any] | None = None) -> Estimate:
    """Estimates of a family by another method than maximum likelihood, for every group of a block.

    Parameters
    ----------
    method
        ``moments`` (as many of mean, variance, skewness, kurtosis as there are free parameters), ``l_moments``
        (Hosking 1990), ``quantiles`` (at (i − ½)/p), ``spacing`` (maximum product of spacings, Cheng & Amin 1983,
        Ranneby 1984), ``cvm``, ``ad``, ``ks`` (minimum
        Cramér–von Mises, Anderson–Darling, Kolmogorov–Smirnov distance).
    family, block, fixed
        As in `estimate`.

    Returns
    -------
    Estimate
        With the mean log-likelihood *at the estimate*.

    Examples
    --------
    >>> from modelselect.families.positive.classic import Gamma
    >>> x = np.array([[1.0, 2.0, 4.0, 9.0]])
    >>> estimate_by("moments", Gamma(), Block(x, x, np.ones((1, 4)))).parameters.round(4)
    array([[1.6842, 2.375 ]])
    """
    method = "cvm" if method == "minimum_distance" else method
    best = estimate(family, block, fixed)
    if not best.free:
        return best
    points = block if block.exact else Block(block.points, block.points, block.weights)
    if block.truncation is not None or not np.isfinite(block.upper - block.lower).all():
        return _refused(best, _NEEDS_POINTS.format(method=method))
    matched = method in ("l_moments", "quantiles") or (method == "moments" and len(best.free) > 2)
    if (method == "spacing" or matched) and family.discrete:
        return _refused(best, _NEEDS_DENSITY.format(method=method))
    if method == "spacing" and not block.exact:
        return _refused(best, _NEEDS_EXACT)
    if method == "moments" and len(best.free) > 4:
        return _refused(best, _TOO_MANY)
    standard = Standard.of(family, points)
    columns = [j for j, name in enumerate(family.parameters) if name in best.free]
    problem = Problem(family, standard.block(points), standard.parameters(best.parameters), columns)
    cells = None if block.exact else standard.block(block)
    seen = replace(problem, block=cells or problem.block)
    if method == "ks":  # not smooth: from the nearest by Cramér and von Mises, by simplices
        theta, value, good = _search(problem, cvm(seen), best)
        theta = _by_simplex(problem, ks(seen), theta)
    else:
        theta, value, good = _search(problem, METHODS[method](seen), best)
    verdicts = best.verdicts.copy()
    tried = ~verdicts.among(Status.OUT_OF_SUPPORT)
    lacking = _NOT_FOUND.format(method=method)
    if method in _MATCHING:
        good &= value > -1e-14
        lacking = _NO_MATCH.format(what=method.replace("_", "-"))
    good &= tried
    verdicts.settle(tried, Status.FAILED, lacking)
    verdicts.settle(good, Status.CONVERGED, _BY.format(method=method))
    parameters = np.where(good[:, None], standard.restore(theta), np.where(tried[:, None], np.nan, best.parameters))
    given = [j for j in range(parameters.shape[1]) if j not in columns]
    parameters[:, given] = best.parameters[:, given]
    with np.errstate(all="ignore"):
        likelihood = mean_log_likelihood(family, block, tuple(parameters.T[:, :, None]))
    likelihood = np.where(good, likelihood, np.where(tried, np.nan, -np.inf))
    impossible = good & np.isneginf(likelihood)
    verdicts.settle(impossible, Status.OUT_OF_SUPPORT, _IMPOSSIBLE.format(method=method))
    return Estimate(family, best.free, parameters, likelihood, verdicts)


def _refused(best: Estimate, why: str) -> Estimate:
    verdicts, parameters = best.verdicts.copy(), best.parameters.copy()
    tried = ~verdicts.among(Status.OUT_OF_SUPPORT)
    verdicts.settle(tried, Status.FAILED, why)
    columns = [name in best.free for name in best.family.parameters]
    parameters[np.ix_(tried, np.array(columns))] = np.nan
    value = np.where(tried, np.nan, best.log_likelihood)
    return Estimate(best.family, best.free, parameters, value, verdicts)


def _objective(problem: Problem, criterion: Criterion) -> Callable[[Array, Rows], Array]:
    """A criterion as a function of the free coordinates; −inf where the parameters do not fit together."""

    def objective(u: Array, rows: Rows) -> Array:
        theta = problem.theta(u, rows)
        with np.errstate(all="ignore"):
            value = criterion(theta, rows)
            legal = np.isfinite(theta).all(axis=-1) & np.broadcast_to(problem.family.valid(*theta.T), (len(rows),))
        return np.where(legal & ~np.isnan(value), value, -np.inf)

    return objective


def _by_simplex(problem: Problem, criterion: Criterion, theta: Array) -> Array:
    """Maximum of a criterion with kinks near a point, group by group (Nelder & Mead 1965, in scipy)."""
    from scipy.optimize import minimize

    objective, found = _objective(problem, criterion), theta.copy()
    u = problem.u(theta)
    for g in range(len(theta)):
        row = np.array([g])

        def lower(v: Array, row: Rows = row) -> float:
            return -float(objective(v[None, :], row)[0])

        for _ in range(3):  # a simplex that has shrunk along a kink starts anew
            tight = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000, "maxfev": 4000}
            u[g] = minimize(lower, u[g], method="Nelder-Mead", options=tight).x  # type: ignore[call-overload]
        found[g] = problem.theta(u[g][None, :], row)[0]
    return found


def _search(problem: Problem, criterion: Criterion, best: Estimate) -> tuple[Array, Array, Any]:
    """Best maximum of a criterion from the maximum-likelihood estimate and the family's starts."""
    groups = problem.groups
    ends = [j for j in problem.free if not list(problem.family.parameters.values())[j].regular]
    sound = usable(best.status) & np.isfinite(problem.given).all(axis=-1)
    guesses = starts(problem)
    first = np.where(sound[:, None], problem.given, guesses[:groups])
    # an end of the support at the outermost observation leaves it no room: ends moved outwards and inwards
    moved = [first]
    for shifts in itertools.product((-0.02, 0.02), repeat=len(ends)) if ends else ():
        away = first.copy()
        away[:, ends] += np.array(shifts) * problem.block.statistic(observed.spread)[:, None]
        moved.append(away)
    begin = problem.u(np.concatenate([*moved, guesses]))
    top = maximise(_objective(problem, criterion), begin, units=problem.units)
    value = np.where(top.converged, top.value, -np.inf).reshape(-1, groups)
    rows = np.argmax(value, axis=0) * groups + np.arange(groups)
    return problem.theta(top.at[rows], np.arange(groups)), top.value[rows], top.converged[rows]


def _method(make: Callable[[Problem], Criterion]) -> Callable[[Problem], Criterion]:
    METHODS[make.__name__.strip("_")] = make
    return make


# -- as many numbers as parameters -------------------------------------------------------------------------------------


def _unit_nodes() -> tuple[Array, Array]:
    """Nodes and weights on (0, 1), dense at both ends: 8 points between neighbouring powers of ten."""
    edges = np.concatenate([[0.0], 10.0 ** np.arange(-13.0, 0.0), [0.3, 0.5]])
    edges = np.concatenate([edges, 1.0 - edges[-2::-1]])
    x, w = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)[:, None]
    return (0.5 * (edges[1:] + edges[:-1])[:, None] + half * x).ravel(), (half * w).ravel()


_U, _U_WEIGHTS = _unit_nodes()


def _quantiles_of(family: Family, theta: Array, q: Array) -> Array:
    return np.asarray(np.broadcast_to(family.ppf(q[None, :], *theta.T[:, :, None]), (len(theta), len(q))))


def _mismatch(residuals: Array) -> Array:
    return np.asarray(-0.5 * np.sum(np.square(residuals), axis=-1))


def _orders(problem: Problem) -> list[int]:
    """Which moments are matched, 0 being the first: the fourth takes the place of the third in a symmetric family."""
    p = len(problem.free)
    return [0, 1, 3] if p == 3 and _symmetric(problem) else list(range(p))


def _symmetric(problem: Problem) -> bool:
    """Whether a family is symmetric whatever its parameters."""
    with np.errstate(all="ignore"):
        low, middle, high = _quantiles_of(problem.family, starts(problem), np.array([0.1, 0.5, 0.9])).T
        skew = (low + high - 2 * middle) / (high - low)
    return bool(np.all(np.abs(skew[np.isfinite(skew)]) < 1e-9))


@_method
def moments(problem: Problem) -> Criterion:
    """Mean, then variance, skewness and kurtosis."""
    family, p, used = problem.family, len(problem.free), _orders(problem)
    summaries = (observed.mean, observed.variance, observed.skewness, observed.kurtosis)
    target = np.stack([problem.block.statistic(f) for f in summaries], axis=-1)

    def standard(theta: Array) -> Array:
        if family.moments is not None and p <= 2:
            mean, variance = (np.broadcast_to(m, len(theta)) for m in family.moments(*theta.T))
            return np.stack([mean, variance], axis=-1)
        x = _quantiles_of(family, theta, _U)
        mean = x @ _U_WEIGHTS
        deviation = x - mean[:, None]
        variance = deviation**2 @ _U_WEIGHTS
        z = deviation / np.sqrt(variance)[:, None]
        return np.stack([mean, variance, z**3 @ _U_WEIGHTS, z**4 @ _U_WEIGHTS], axis=-1)

    def criterion(theta: Array, rows: Rows) -> Array:
        wanted, model = target[rows % len(target)], standard(theta)
        first = (model[:, :1] - wanted[:, :1]) / np.sqrt(np.where(wanted[:, 1:2] > 0, wanted[:, 1:2], 1.0))
        second = np.log(model[:, 1:2] / wanted[:, 1:2])
        rest = model[:, 2:] - wanted[:, 2 : model.shape[1]]
        return _mismatch(np.concatenate([first, second, rest], axis=-1)[:, used])

    return criterion


@_method
def l_moments(problem: Problem) -> Criterion:
    """λ₁, then λ₂, τ₃, τ₄ … of the quantile function, ∫ Q(u) P*ᵣ(u) du."""
    family, used = problem.family, _orders(problem)
    orders = max(*used, 1) + 1
    target = observed.l_moments(problem.block.points, problem.block.weights, orders).T
    legendre = np.stack([np.polynomial.Legendre.basis(r)(2 * _U - 1) * _U_WEIGHTS for r in range(orders)], axis=-1)

    def criterion(theta: Array, rows: Rows) -> Array:
        wanted = target[rows % len(target)]
        model = _quantiles_of(family, theta, _U) @ legendre
        spread = np.where(wanted[:, 1:2] > 0, wanted[:, 1:2], 1.0)
        first, second = (model[:, :1] - wanted[:, :1]) / spread, np.log(model[:, 1:2] / wanted[:, 1:2])
        rest = model[:, 2:] / model[:, 1:2] - wanted[:, 2:] / wanted[:, 1:2]
        return _mismatch(np.concatenate([first, second, rest], axis=-1)[:, used])

    return criterion


@_method
def quantiles(problem: Problem) -> Criterion:
    """As many quantiles as there are free parameters, at (i − ½)/p."""
    family, p, block = problem.family, len(problem.free), problem.block
    levels = (np.arange(p) + 0.5) / p
    target = np.stack([observed.quantile(block.points, block.weights, level) for level in levels], axis=-1)
    size = block.statistic(observed.spread)

    def criterion(theta: Array, rows: Rows) -> Array:
        r = rows % len(target)
        return _mismatch((_quantiles_of(family, theta, levels) - target[r]) / size[r][:, None])

    return criterion


# -- all of the sample -------------------------------------------------------------------------------------------------


@_method
def spacing(problem: Problem) -> Criterion:
    """Mean log of F(xᵢ₊₁) − F(xᵢ) over the n + 1 gaps; tied observations count by their density."""
    family, block = problem.family, problem.block
    x, w = block.lower, block.weights
    ends = np.full((len(x), 1), np.inf)
    below, above = np.concatenate([-ends, x], axis=1), np.concatenate([x, ends], axis=1)

    def criterion(theta: Array, rows: Rows) -> Array:
        r, columns = rows % len(w), tuple(theta.T[:, :, None])
        v = r if len(x) > 1 else np.zeros(len(rows), dtype=np.intp)
        gaps = log_mass(family, below[v], above[v], columns).sum(axis=-1)
        again = np.where(w[r] > 1, (w[r] - 1) * family.logp(x[v], *columns), 0.0).sum(axis=-1)
        return np.asarray((gaps + again) / (block.total[r] + 1))

    return criterion


def _against_the_sample(problem: Problem) -> tuple[Array, Array, Array, bool]:
    """Points, the sample's distribution function at each, shares, and whether it is taken at the upper ends of masses.

    Densities are compared with the middle of each step, masses with its top.
    """
    block = problem.block
    masses = problem.family.discrete or not block.exact
    share = block.shares
    top = np.minimum(np.cumsum(share, axis=-1), 1.0)
    return block.upper, (top if masses else top - 0.5 * share), share, masses


@_method
def cvm(problem: Problem) -> Criterion:
    """Minus the Cramér–von Mises distance Σ p̂ (F − F̂)²."""
    x, level, share, _ = _against_the_sample(problem)

    def criterion(theta: Array, rows: Rows) -> Array:
        r = rows % len(share)
        F = problem.family.cdf(x[r if len(x) > 1 else np.zeros_like(r)], *theta.T[:, :, None])
        return np.asarray(-np.sum(share[r] * (F - level[r]) ** 2, axis=-1))

    return criterion


@_method
def ad(problem: Problem) -> Criterion:
    """Minus the Anderson–Darling distance: Cramér–von Mises weighted by 1/(F (1 − F))."""
    family = problem.family
    x, level, share, masses = _against_the_sample(problem)

    def criterion(theta: Array, rows: Rows) -> Array:
        r, columns = rows % len(share), tuple(theta.T[:, :, None])
        at = x[r if len(x) > 1 else np.zeros_like(r)]
        if masses:
            F, S = family.cdf(at, *columns), family.sf(at, *columns)
            distance = np.where(F * S > 0, (F - level[r]) ** 2 / (F * S), np.where(level[r] == F, 0.0, np.inf))
            last = level[r] > 1 - 1e-12  # beyond the largest observation nothing is compared
            return np.asarray(-np.sum(np.where(last, 0.0, share[r] * distance), axis=-1))
        tails = level[r] * family.log_cdf(at, *columns) + (1 - level[r]) * family.log_sf(at, *columns)
        return np.asarray(np.sum(share[r] * tails, axis=-1) * 2 + 1)

    return criterion


@_method
def ks(problem: Problem) -> Criterion:
    """Minus the Kolmogorov–Smirnov distance sup |F − F̂|."""
    x, level, share, masses = _against_the_sample(problem)
    half = 0.0 if masses else 0.5

    def criterion(theta: Array, rows: Rows) -> Array:
        r = rows % len(share)
        F = problem.family.cdf(x[r if len(x) > 1 else np.zeros_like(r)], *theta.T[:, :, None])
        return np.asarray(-np.max(np.where(share[r] > 0, np.abs(F - level[r]) + half * share[r], 0.0), axis=-1))

    return criterion
