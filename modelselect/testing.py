"""Contract checks for a family: what the rest of the library relies on, for those who write their own.

`check_family` runs them all over one family. Each check is a function of the family that raises
AssertionError with a sentence; `CHECKS` lists them, so that a test suite can name them one by one.
"""

from __future__ import annotations

import itertools
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import chdtri

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.family import Family, lookup
from modelselect.fitting.estimate import Estimate, Status, estimate
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.problem import Problem, Standard
from modelselect.fitting.search import ascend
from modelselect.fitting.uncertainty import covariance

_FUNCTIONS = ("logp", "cdf", "sf", "log_cdf", "log_sf")
_QUANTILES = np.array([1e-6, 1e-4, 0.003, 0.03, 0.1, 0.21, 0.37, 0.5, 0.64, 0.79, 0.9, 0.97, 0.997, 1 - 1e-4, 1 - 1e-6])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def check_family(family: Family | type[Family] | str) -> None:
    """Check everything the library relies on: formulas, transforms, estimates, batches, hostile samples.

    Parameters
    ----------
    family
        A family, its class, or its registered name. Parameters are drawn from their `typical` ranges.

    Raises
    ------
    AssertionError
        With a sentence that says which promise is broken, at which parameters.

    Examples
    --------
    >>> import modelselect.families
    >>> check_family("exponential")
    """
    if isinstance(family, str):
        family = lookup(family)
    made = family() if isinstance(family, type) else family
    for check in CHECKS:
        check(made)


# -- the formulas ------------------------------------------------------------------------------------------------------


def check_mass(family: Family) -> None:
    """Density or mass and the distribution function agree between all quantiles, and the whole is 1."""
    for theta in members(family):
        points = np.unique(_points(family, theta))
        if family.discrete:
            points = np.unique(np.concatenate([points, points[0] + np.arange(min(1000.0, np.ptp(points) + 1))]))
            for low, high in itertools.pairwise(points):
                if high == low + 1:
                    _close(np.exp(family.logp(high, *theta)), _between(family, low, high, theta), 1e-10, 1e-13,
                           f"{_name(family, theta)}: the mass at {high:g} is not cdf({high:g}) − cdf({low:g})")  # fmt: skip
            total = np.exp(family.logp(points, *theta)).sum() if np.all(np.diff(points) == 1) else np.nan
            if not np.isnan(total):
                whole = family.cdf(points[0] - 1, *theta) + total + family.sf(points[-1], *theta)
                _close(whole, 1.0, 1e-11, 0.0, f"{_name(family, theta)}: the masses do not sum to 1")
            continue
        for low, high in itertools.pairwise(points):
            x, dx = _quadrature(family, low, high, theta)
            integral = np.sum(np.exp(family.logp(x, *theta)) * dx)
            _close(integral, _between(family, low, high, theta), 1e-8, 1e-10,
                   f"{_name(family, theta)}: the density does not integrate to cdf({high:g}) − cdf({low:g})")  # fmt: skip


def check_distribution_functions(family: Family) -> None:
    """cdf + sf = 1, both monotone, their logarithms theirs, and ppf the inverse of cdf."""
    for theta in members(family):
        name, x = _name(family, theta), np.unique(_points(family, theta))
        F, S = family.cdf(x, *theta), family.sf(x, *theta)
        _close(F + S, 1.0, 1e-12, 0.0, f"{name}: cdf + sf is not 1")
        assert np.all(np.diff(F) >= 0), f"{name}: cdf falls"
        assert np.all(np.diff(S) <= 0), f"{name}: sf rises"
        _close(np.exp(family.log_cdf(x, *theta)), F, 1e-10, 1e-300, f"{name}: log_cdf is not the logarithm of cdf")
        _close(np.exp(family.log_sf(x, *theta)), S, 1e-10, 1e-300, f"{name}: log_sf is not the logarithm of sf")
        q = _QUANTILES
        x = family.ppf(q, *theta)
        if family.discrete:
            exact = np.abs(x) < 2**50  # from there on x − 1 may be x
            assert np.all(family.cdf(x, *theta) >= q), f"{name}: cdf(ppf(q)) is below q"
            assert np.all((family.cdf(x - 1, *theta) < q)[exact]), f"{name}: ppf is not the smallest x with cdf(x) ≥ q"
        else:
            # one bit of x may be many of q where the density is steep
            step = np.abs(family.cdf(np.nextafter(x, np.inf), *theta) - family.cdf(np.nextafter(x, -np.inf), *theta))
            _close(family.cdf(x, *theta), q, 1e-9, step, f"{name}: cdf(ppf(q)) is not q")
        low, high = family.bounds(*theta)
        ends = family.ppf(np.array([0.0, 1.0, -0.1, 1.1, np.nan]), *theta)
        assert ends[0] == low, f"{name}: ppf(0) is not the lower end of the support"
        assert ends[1] == high, f"{name}: ppf(1) is not the upper end of the support"
        assert np.isnan(ends[2:]).all(), f"{name}: ppf outside [0, 1] is not NaN"


def check_off_support(family: Family) -> None:
    """Off the support logp is −inf, cdf and sf are 0 and 1; nothing is ever NaN."""
    for theta in members(family):
        name = _name(family, theta)
        low, high = (float(np.asarray(end)) for end in family.bounds(*theta))
        below = np.array([-np.inf, low - 1, low - 1e6 * (1 + abs(low))])
        above = np.array([np.inf, high + 1, high + 1e6 * (1 + abs(high))])
        assert np.all(np.isneginf(family.logp(np.concatenate([below, above]), *theta))), f"{name}: logp off the support"
        for x, F in ((below, 0.0), (above, 1.0)):
            assert np.all(family.cdf(x, *theta) == F), f"{name}: cdf off the support is not {F:g}"
            assert np.all(family.sf(x, *theta) == 1 - F), f"{name}: sf off the support is not {1 - F:g}"
        if family.discrete:
            between = np.array([low if np.isfinite(low) else 0.0]) + 0.5
            assert np.isneginf(family.logp(between, *theta)), f"{name}: a mass between the integers"
            same = family.cdf(between, *theta) == family.cdf(np.floor(between), *theta)
            assert same, f"{name}: cdf changes between the integers"
        huge = np.array([0.0, 1.0, -1.0, 1e-300, -1e-300, 1e15, -1e15, 1e300, -1e300, np.inf, -np.inf])
        for function in _FUNCTIONS:
            value = getattr(family, function)(np.concatenate([huge, [low, high]]), *theta)
            assert not np.isnan(value).any(), f"{name}: {function} is NaN at {huge[np.isnan(value[:-2])]}"


def check_broadcasting(family: Family) -> None:
    """Arrays of x and of parameters give what a loop over scalars gives."""
    thetas = members(family)
    x = np.unique(np.concatenate([_points(family, theta) for theta in thetas])[:: 3])
    columns = np.array(thetas).T[:, :, None]
    for function in _FUNCTIONS:
        formula = getattr(family, function)
        together = np.broadcast_to(formula(x[None, :], *columns), (len(thetas), len(x)))
        alone = np.array([[float(formula(value, *theta)) for value in x] for theta in thetas])
        _close(together, alone, 1e-13, 1e-300, f"{family.name}: {function} of arrays differs from a loop over scalars")


def check_transforms(family: Family) -> None:
    """Every parameter goes to the real line and back, and its slope is the derivative."""
    for theta in members(family):
        for (name, parameter), value in zip(family.parameters.items(), theta, strict=True):
            domain = parameter.domain
            assert domain.contains(value), f"{family.name}: the typical {name} = {value:g} lies outside {domain}"
            if domain.lattice or not parameter.regular:
                continue
            u = domain.to_real(value)
            _close(domain.from_real(u), value, 1e-12, 0.0, f"{family.name}: {name} does not survive its transform")
            h = 1e-5
            slope = (domain.from_real(u + h) - domain.from_real(u - h)) / (2 * h)
            _close(slope, domain.slope(value), 1e-6, 0.0, f"{family.name}: slope of the transform of {name}")


def check_score(family: Family) -> None:
    """The score is the derivative of logp in each parameter."""
    if family.score is None:
        return
    for theta in members(family):
        x = _points(family, theta)[[3, 5, 6, 8, 10, 12]]
        score = family.score(x, *theta)
        assert len(score) == len(theta), f"{family.name}: the score has {len(score)} parts, not {len(theta)}"
        for j, (name, parameter) in enumerate(family.parameters.items()):
            if not parameter.regular:
                continue
            unit = parameter.domain.slope(theta[j]) if parameter.role != "location" else _width(family, theta)
            h = 1e-3 * unit

            def moved(by: float, j: int = j, x: Array = x, theta: tuple[float, ...] = theta) -> Any:
                return family.logp(x, *(t + by * (i == j) for i, t in enumerate(theta)))

            near, far = moved(h) - moved(-h), moved(2 * h) - moved(-2 * h)
            derivative = (8 * near - far) / 12e-3
            size = 1 + np.abs(family.logp(x, *theta))
            _close(score[j] * unit, derivative, 1e-7, 1e-8 * size,
                   f"{_name(family, theta)}: the score of {name} is not the derivative of logp")  # fmt: skip


def check_scipy(family: Family) -> None:
    """The same law in scipy.stats has the same density, distribution function and moments."""
    import scipy.stats

    for theta in members(family):
        try:
            name, arguments = family.to_scipy(*theta)
        except TypeError:  # it has none
            continue
        law = getattr(scipy.stats, name)(**arguments)
        x = _points(family, theta)[3:-2]
        x = x[np.abs(x) < 1e5] if family.discrete else x  # some of its laws are sums
        logp = law.logpmf(x) if family.discrete else law.logpdf(x)
        what = f"{_name(family, theta)} and scipy.stats.{name}"
        _close(family.logp(x, *theta), logp, 1e-8, 1e-8, f"{what} differ in logp")
        _close(family.cdf(x, *theta), law.cdf(x), 1e-8, 1e-12, f"{what} differ in cdf")
        with np.errstate(all="ignore"):
            ours, theirs = np.array(family.moments(*theta), dtype=float), np.array(law.stats("mv"), dtype=float)
        both = np.isfinite(ours) & np.isfinite(theirs)
        assert np.array_equal(np.isfinite(ours), np.isfinite(theirs)), f"{what} differ in whether moments exist"
        _close(ours[both], theirs[both], 1e-6, 1e-9, f"{what} differ in their moments")


# -- estimates ---------------------------------------------------------------------------------------------------------


def check_closed_form(family: Family) -> None:
    """The closed form is the maximum: no member nearby is likelier, and the solver finds the same."""
    if family.mle is None:
        return
    for theta in members(family):
        x = _simulate(family, theta, (1, 60), seed=1)
        block, given = Block(x, x, np.ones_like(x)), _given(family, theta)
        found = _estimate(family, block, given)
        if found.status[0] != Status.CLOSED_FORM or not found.free:
            continue
        name = _name(family, tuple(found.parameters[0]))
        columns = [j for j, parameter in enumerate(family.parameters) if parameter in found.free]
        for j, size in itertools.product(columns, (-1e-1, -1e-2, -1e-3, -1e-5, 1e-5, 1e-3, 1e-2, 1e-1)):
            near = found.parameters.copy()
            parameter = list(family.parameters.values())[j]
            near[0, j] += size * (_width(family, theta) if parameter.role == "location" else abs(near[0, j]))
            if parameter.domain.contains(near[0, j]) and np.all(family.valid(*near[0])):
                value = _likelihood(family, block, near)
                assert value <= found.log_likelihood[0] + 1e-12 * (1 + abs(value)), f"{name} is not the maximum of 60 data"
        if all(family.parameters[free].regular for free in found.free) and family.information is None:
            standard = Standard.of(family, block)
            problem = Problem(family, standard.block(block), standard.parameters(found.parameters), columns)
            top, _ = ascend(problem)
            solved = standard.restore(problem.theta(top.at, np.array([0])))
            assert top.converged[0], f"{name}: the solver does not converge where there is a closed form"
            _close(solved, found.parameters, 1e-7, 1e-7 * _width(family, theta), f"{name}: the solver finds another maximum")


def check_weights(family: Family) -> None:
    """A weight w means w copies."""
    for theta in members(family)[:3]:
        x = np.sort(_simulate(family, theta, (1, 25), seed=2))
        copies = np.random.default_rng(3).integers(1, 5, size=25)
        once = _estimate(family, Block(x, x, copies[None, :].astype(float)), _given(family, theta))
        many = np.repeat(x, copies, axis=1)
        each = _estimate(family, Block(many, many, np.ones_like(many)), _given(family, theta))
        _same(once, each, np.arange(1), f"{_name(family, theta)}: a weight w is not w copies")


def check_batches(family: Family) -> None:
    """The order of groups, padding, and cutting a batch in two change nothing."""
    thetas = members(family)
    if _given(family, thetas[0]):  # one given value serves the batch
        thetas = [theta for theta in thetas if _given(family, theta) == _given(family, thetas[0])]
    x = np.concatenate([_simulate(family, theta, (2, 30), seed=4) for theta in thetas])
    weights, given = np.ones_like(x), _given(family, thetas[0])
    plain = _estimate(family, Block(x, x, weights), given)
    order = np.random.default_rng(5).permutation(len(x))
    mixed = _estimate(family, Block(x[order], x[order], weights), given)
    _same(plain, mixed, order, f"{family.name}: the order of the groups matters")
    padded = np.concatenate([x, np.zeros((len(x), 7))], axis=1)
    zero = np.concatenate([weights, np.zeros((len(x), 7))], axis=1)
    _same(plain, _estimate(family, Block(padded, padded, zero), given), np.arange(len(x)), f"{family.name}: padding matters")
    for rows in np.array_split(np.arange(len(x)), 3):
        part = _estimate(family, Block(x[rows], x[rows], weights[rows]), given)
        _same(plain, part, rows, f"{family.name}: cutting the batch matters")


def check_recovery(family: Family) -> None:
    """The truth is found again: within five standard errors, and by a likelihood ratio that is plausible."""
    for theta in members(family):
        n, name = 1500, _name(family, theta)
        x = np.sort(_simulate(family, theta, (4, n), seed=6), axis=1)
        block = Block(x, x, np.ones_like(x))
        found = _estimate(family, block, _given(family, theta))
        usable = np.array([Status(status).usable for status in found.status])
        assert usable.all(), f"{name}: a plain sample gives {found.status[~usable][0]}, {found.reason[~usable][0]}"
        truth = np.broadcast_to(np.array(theta), found.parameters.shape)
        ratio = 2 * n * (found.log_likelihood - _likelihood(family, block, truth))
        k = len(found.free) * (1 if all(family.parameters[free].regular for free in found.free) else 2)
        assert np.all(ratio >= -1e-8 * n), f"{name}: the estimate is less likely than the truth, by {-ratio.min():.3g}"
        most = chdtri(k, 1e-7) if k else 1e-8 * n
        assert np.all(ratio <= most), f"{name}: the estimate is far from the truth, likelihood ratio {ratio.max():.3g}"
        if any(family.parameters[free].domain.lattice for free in found.free):
            continue  # the information takes integers as known
        variance = np.einsum("gii->gi", covariance(family, block, truth, found.free))
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(variance)
            known = errors < 0.15 * np.maximum(np.abs(truth), _width(family, theta))
        off = (np.abs(found.parameters - truth) / errors)[known]
        assert np.all(off < 5), f"{name}: an estimate is {off.max():.1f} standard errors off"


def check_units(family: Family) -> None:
    """Data in other units give the same law in those units."""
    roles = [parameter.role for parameter in family.parameters.values()]
    if "scale" not in roles and "log_scale" not in roles:
        return
    for theta, unit in itertools.product(members(family)[:4], (1e-6, 1e12)):
        x = _simulate(family, theta, (2, 40), seed=7)
        weights = np.ones_like(x)
        here = _estimate(family, Block(x, x, weights), _given(family, theta))
        there = _estimate(family, Block(unit * x, unit * x, weights), _given(family, theta))
        name = f"{_name(family, theta)} in units of {1 / unit:g}"
        assert np.array_equal(here.status, there.status), f"{name}: the status is {there.status}, not {here.status}"
        for j, role in enumerate(roles):
            a, b = here.parameters[:, j], there.parameters[:, j]
            back = b / unit if role in ("location", "scale") else b - np.log(unit) if role == "log_scale" else b
            _close(back, a, 1e-7, 1e-7 * _width(family, theta) * (role == "location"), f"{name}: another estimate")
        _close(there.log_likelihood + np.log(unit), here.log_likelihood, 0.0, 1e-9, f"{name}: another likelihood")


def check_nested(family: Family) -> None:
    """A family is never less likely than one it contains."""
    for other, theta in itertools.product(family.nested, members(family)):
        inner = lookup(other)()
        shared = {name: value for name, value in _given(family, theta).items() if name in inner.parameters}
        for law, values in ((family, theta), (inner, members(inner)[len(members(inner)) // 2])):
            x = _simulate(law, values, (6, 40), seed=8)
            block = Block(x, x, np.ones_like(x))
            outer, nested = _estimate(family, block, _given(family, theta)), _estimate(inner, block, shared)
            pairs = zip(outer.status, nested.status, strict=True)
            usable = np.array([Status(a).usable and Status(b).usable for a, b in pairs])
            loss = nested.log_likelihood[usable] - outer.log_likelihood[usable]
            assert np.all(loss <= 1e-9), f"{family.name} is less likely than {other}, which it contains, by {loss.max():.3g}"


def check_hostile_samples(family: Family) -> None:
    """One observation, equal ones, two values, a huge one: a status, never a warning, an exception or a NaN."""
    theta = members(family)[-1]
    x = np.sort(_simulate(family, theta, (12,), seed=9))
    low, high = family.support.low, family.support.high
    huge = 1e9 if family.discrete else 1e200
    samples = [x[:1], np.full(10, x[5]), x[[0, 11]], np.array([*x, huge]), np.array([*x, -huge]), np.array([huge]),
               np.zeros(5), np.ones(5), np.array([0.0, *x]), np.array([*x, 1.0]), np.array([1e-300, 1.0]),
               np.array([0.0, 1.0]), np.array([5.0] * 49 + [6.0])]  # fmt: skip
    for end in (low, high):
        if np.isfinite(end):
            samples.append(np.array([*x, end]))
    for sample in samples:
        block = Block(sample[None, :], sample[None, :], np.ones((1, len(sample))))
        found = _estimate(family, block, _given(family, theta))
        status, what = Status(found.status[0]), f"{family.name} of {sample[:3]}…{sample[-1]:g} (n = {len(sample)})"
        value, parameters = found.log_likelihood[0], found.parameters[0]
        if status.usable:
            assert np.isfinite(value), f"{what} is {status} with the log-likelihood {value}"
            assert not np.isnan(parameters).any(), f"{what} is {status} with the parameters {parameters}"
            fine = np.isfinite(parameters).all() or status is Status.BOUNDARY
            assert fine, f"{what} is {status} with infinite parameters"
        else:
            assert not value > -np.inf, f"{what} is {status} and yet has a log-likelihood"
            assert found.reason[0], f"{what} is {status} without a reason"


def check_pickling(family: Family) -> None:
    """Family and distribution survive pickling, and equal themselves."""
    theta = members(family)[0]
    law = Distribution(family, dict(zip(family.parameters, theta, strict=True)))
    back = pickle.loads(pickle.dumps(law))  # noqa: S301 — our own bytes
    assert type(back.family) is type(family), f"{family.name} does not survive pickling"
    assert back.parameters == law.parameters, f"{family.name} loses its parameters by pickling"
    x = _points(family, theta)
    assert np.array_equal(back.logp(x), law.logp(x)), f"{family.name} changes by pickling"


CHECKS: list[Callable[[Family], None]] = [
    check_mass,
    check_distribution_functions,
    check_off_support,
    check_broadcasting,
    check_transforms,
    check_score,
    check_scipy,
    check_closed_form,
    check_weights,
    check_batches,
    check_recovery,
    check_units,
    check_nested,
    check_hostile_samples,
    check_pickling,
]


# -- members, data, comparisons ----------------------------------------------------------------------------------------


def members(family: Family, draws: int = 4, seed: int = 0) -> list[tuple[float, ...]]:
    """Parameters of a family: the corners of the typical box, then random points inside it.

    Examples
    --------
    >>> from modelselect.families.counts import Poisson
    >>> members(Poisson(), draws=1)[:2]
    [(0.1,), (30.0,)]
    """
    rng = np.random.default_rng(seed)
    ranges = list(family.parameters.values())
    made = list(itertools.product(*(parameter.typical for parameter in ranges)))
    if len(made) > 4:
        made = [made[0], made[-1], *made[1:-1:3]]
    for _ in range(draws):
        u = rng.uniform(size=len(ranges))
        made.append(tuple(_inside(parameter.typical, share) for parameter, share in zip(ranges, u, strict=True)))
    whole = [p.domain.lattice for p in ranges]
    tidy = [tuple(float(round(v)) if w else float(v) for v, w in zip(values, whole, strict=True)) for values in made]
    return [values for values in tidy if np.all(family.valid(*values))]


def _inside(ends: tuple[float, float], share: float) -> float:
    low, high = ends
    return float(low * (high / low) ** share) if low > 0 else float(low + share * (high - low))


def _simulate(family: Family, theta: tuple[float, ...], shape: tuple[int, ...], seed: int) -> Array:
    x = family.ppf(np.random.default_rng(seed).uniform(size=shape), *theta)
    low, high = family.bounds(*theta)
    if family.discrete:
        return np.asarray(x)
    # rounding must not carry an observation onto the end of the support
    return np.clip(x, np.nextafter(low, np.inf), np.nextafter(high, -np.inf))


def _given(family: Family, theta: tuple[float, ...]) -> dict[str, float]:
    """Parameters that are not estimated."""
    items = zip(family.parameters.items(), theta, strict=True)
    return {name: value for (name, p), value in items if p.required or p.default is not None}


def _estimate(family: Family, block: Block, given: dict[str, float]) -> Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return estimate(family, block, given)


def _likelihood(family: Family, block: Block, parameters: Array) -> Array:
    with np.errstate(all="ignore"):
        return mean_log_likelihood(family, block, tuple(parameters.T[:, :, None]))


def _points(family: Family, theta: tuple[float, ...]) -> Array:
    """Quantiles, strictly inside the support of a continuous family."""
    x = np.asarray(family.ppf(_QUANTILES, *theta), dtype=float)
    if family.discrete:
        return x
    low, high = family.bounds(*theta)
    edge = 1e-6 * (high - low) if np.isfinite(high - low) else 0.0
    return np.clip(x, np.nextafter(low, np.inf), np.nextafter(high, -np.inf) - edge)


def _width(family: Family, theta: tuple[float, ...]) -> float:
    low, high = family.ppf(np.array([0.25, 0.75]), *theta)
    return float(high - low) or 1.0


def _between(family: Family, low: float, high: float, theta: tuple[float, ...]) -> Any:
    """P(low < X ≤ high) from the nearer tail."""
    if family.cdf(high, *theta) < 0.5:
        return family.cdf(high, *theta) - family.cdf(low, *theta)
    return family.sf(low, *theta) - family.sf(high, *theta)


def _quadrature(family: Family, low: float, high: float, theta: tuple[float, ...]) -> tuple[Array, Array]:
    """Nodes and weights between two points, on a scale on which densities are smooth: log, logit or asinh."""
    start, end = (float(np.asarray(bound)) for bound in family.bounds(*theta))
    if np.isfinite(start) and np.isfinite(end):
        forward, back = (lambda x: np.log((x - start) / (end - x))), (lambda u: start + (end - start) / (1 + np.exp(-u)))
        slope = lambda u: (end - start) / (4 * np.cosh(u / 2) ** 2)  # noqa: E731
    elif np.isfinite(start):
        forward, back, slope = (lambda x: np.log(x - start)), (lambda u: start + np.exp(u)), np.exp
    else:
        middle, width = float(family.ppf(0.5, *theta)), _width(family, theta)
        forward, back = (lambda x: np.arcsinh((x - middle) / width)), (lambda u: middle + width * np.sinh(u))
        slope = lambda u: width * np.cosh(u)  # noqa: E731
    edges = np.linspace(forward(low), forward(high), 9)
    half = 0.5 * np.diff(edges)[:, None]
    u = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * _NODES
    return back(u).ravel(), (slope(u) * half * _WEIGHTS).ravel()


def _close(a: Any, b: Any, relative: float, absolute: Any, what: str) -> None:
    a, b = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    with np.errstate(invalid="ignore"):
        good = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= relative * np.abs(b) + absolute)
    if not good.all():
        worst = tuple(np.argwhere(~good)[0])
        raise AssertionError(f"{what}: {a[worst]!r} and {b[worst]!r}")


def _same(one: Estimate, other: Estimate, rows: Array, what: str) -> None:
    """Whether the groups `rows` of one estimate are the groups of another."""
    assert np.array_equal(one.status[rows], other.status), f"{what}: {one.status[rows]} and {other.status}"
    _close(other.log_likelihood, one.log_likelihood[rows], 1e-12, 1e-12, f"{what} to the log-likelihood")
    size = np.maximum(1.0, np.abs(one.parameters[rows]))
    size = np.where(np.isfinite(size), size, 1.0)
    _close(other.parameters, one.parameters[rows], 0.0, 1e-8 * size, f"{what} to the parameters")


def _name(family: Family, theta: tuple[float, ...]) -> str:
    return f"{family.name}({', '.join(f'{value:.6g}' for value in theta)})"
