"""Checks of the formulas of a family: density, distribution function, transforms, score."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np

from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.expectation import moments
from modelselect.family import Family
from modelselect.testing.draws import QUANTILES, Member, described, members, points, require, require_close, width

_FUNCTIONS = ("logp", "cdf", "sf", "log_cdf", "log_sf")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def check_mass(family: Family) -> None:
    """Density or mass and the distribution function agree between all quantiles, and the whole is 1."""
    for theta in members(family):
        x = np.unique(points(family, theta))
        if family.discrete:
            _check_masses(family, theta, x)
            continue
        cuts = np.unique([*x, *map(float, family.kinks(*theta))])
        for low, high in itertools.pairwise(cuts[~np.isin(cuts, family.atoms)]):
            nodes, weights = _quadrature(family, theta, low, high)
            atoms = [atom for atom in family.atoms if low < atom <= high]
            integral = np.sum(np.exp(family.logp(nodes, *theta)) * weights) + np.exp(family.logp(atoms, *theta)).sum()
            what = f"{described(family, theta)}: the density does not integrate to cdf({high:g}) − cdf({low:g})"
            require_close(integral, _between(family, theta, low, high), 1e-8, 1e-10, what)


def check_distribution_functions(family: Family) -> None:
    """Cdf and sf sum to 1, both are monotone, their logarithms are theirs, and ppf is the inverse of cdf."""
    for theta in members(family):
        name, x = described(family, theta), np.unique(points(family, theta))
        F, S = family.cdf(x, *theta), family.sf(x, *theta)
        require_close(F + S, 1.0, 1e-12, 0.0, f"{name}: cdf + sf is not 1")
        require(np.diff(F) >= 0, f"{name}: cdf falls")
        require(np.diff(S) <= 0, f"{name}: sf rises")
        require_close(np.exp(family.log_cdf(x, *theta)), F, 1e-10, 1e-300, f"{name}: log_cdf is not log cdf")
        require_close(np.exp(family.log_sf(x, *theta)), S, 1e-10, 1e-300, f"{name}: log_sf is not log sf")
        q = QUANTILES
        x = family.ppf(q, *theta)
        if family.discrete:
            exact = np.abs(x) < 2**50  # from there on x − 1 may be x
            require(family.cdf(x, *theta) >= q, f"{name}: cdf(ppf(q)) is below q")
            smaller = family.cdf(x - family.support.step, *theta) < q
            require(smaller[exact], f"{name}: ppf is not the smallest x with cdf(x) ≥ q")
        else:
            # one bit of x may be many of q where the density is steep
            bit = np.abs(family.cdf(np.nextafter(x, np.inf), *theta) - family.cdf(np.nextafter(x, -np.inf), *theta))
            smooth = ~np.isin(x, family.atoms)  # an atom is the quantile of many q
            require_close(family.cdf(x, *theta)[smooth], q[smooth], 1e-9, bit[smooth], f"{name}: cdf(ppf(q)) is not q")
        low, high = family.bounds(*theta)
        ends = family.ppf(np.array([0.0, 1.0, -0.1, 1.1, np.nan]), *theta)
        require(ends[0] == low, f"{name}: ppf(0) is not the lower end of the support")
        require(ends[1] == high, f"{name}: ppf(1) is not the upper end of the support")
        require(np.isnan(ends[2:]), f"{name}: ppf outside [0, 1] is not NaN")


def check_off_support(family: Family) -> None:
    """Off the support logp is −inf, cdf and sf are 0 and 1; nothing is ever NaN."""
    for theta in members(family):
        name = described(family, theta)
        low, high = (float(np.asarray(end)) for end in family.bounds(*theta))
        below = np.array([-np.inf, low - 1, low - 1e6 * (1 + abs(low))])
        above = np.array([np.inf, high + 1, high + 1e6 * (1 + abs(high))])
        far = np.concatenate([below, above]) if family.period is None else np.array([-np.inf, np.inf])
        outside = family.logp(far, *theta)
        if family.period is not None:
            inner = points(family, theta)
            turned = family.logp(inner + 3 * family.period, *theta)
            require_close(turned, family.logp(inner, *theta), 1e-9, 1e-9, f"{name}: logp is not periodic")
        require(np.isneginf(outside), f"{name}: logp off the support is not −inf")
        for x, F in ((below, 0.0), (above, 1.0)):
            require(family.cdf(x, *theta) == F, f"{name}: cdf off the support is not {F:g}")
            require(family.sf(x, *theta) == 1 - F, f"{name}: sf off the support is not {1 - F:g}")
        if family.discrete:
            here = np.array([low if np.isfinite(low) else 0.0])
            half = here + 0.5 * family.support.step
            require(np.isneginf(family.logp(half, *theta)), f"{name}: a mass between the integers")
            same = family.cdf(half, *theta) == family.cdf(here, *theta)
            require(same, f"{name}: cdf changes between the integers")
        extreme = np.array([low, high, 0, 1, -1, 1e-300, -1e-300, 1e15, -1e15, 1e300, -1e300, np.inf, -np.inf])
        for function in _FUNCTIONS:
            lost = np.isnan(getattr(family, function)(extreme, *theta))
            require(~lost, f"{name}: {function} is NaN at {extreme[lost]}")


def check_broadcasting(family: Family) -> None:
    """Arrays of x and of parameters give what a loop over scalars gives."""
    thetas = members(family)
    x = np.unique(np.concatenate([points(family, theta) for theta in thetas])[::3])
    columns = np.array(thetas).T[:, :, None]
    for function in _FUNCTIONS:
        formula = getattr(family, function)
        together = np.broadcast_to(formula(x[None, :], *columns), (len(thetas), len(x)))
        alone = np.array([[float(formula(value, *theta)) for value in x] for theta in thetas])
        what = f"{family.name}: {function} of arrays differs from a loop over scalars"
        require_close(together, alone, 1e-13, 1e-300, what)
        member = np.arange(len(x)) % len(thetas)
        each = np.broadcast_to(formula(x[None, :], *columns[:, member, 0]), (1, len(x)))
        what = f"{family.name}: {function} of a row with parameters for each x differs from a loop over scalars"
        require_close(each[0], alone[member, np.arange(len(x))], 1e-13, 1e-300, what)


def check_transforms(family: Family) -> None:
    """Every parameter goes to the real line and back, and its slope is the derivative."""
    for theta in members(family):
        for (name, parameter), value in zip(family.parameters.items(), theta, strict=True):
            domain = parameter.domain
            require(domain.contains(value), f"{family.name}: the typical {name} = {value:g} lies outside {domain}")
            if domain.lattice or not parameter.regular:
                continue
            u, h = domain.to_real(value), 1e-5
            require_close(domain.from_real(u), value, 1e-12, 0.0, f"{family.name}: {name} is changed by its transform")
            slope = (domain.from_real(u + h) - domain.from_real(u - h)) / (2 * h)
            require_close(slope, domain.slope(value), 1e-6, 0.0, f"{family.name}: slope of the transform of {name}")


def check_score(family: Family) -> None:
    """The score is the derivative of logp in each parameter."""
    if family.score is None:
        return
    for theta in members(family):
        x = points(family, theta)[[3, 5, 6, 8, 10, 12]]
        score = family.score(x, *theta)
        require(len(score) == len(theta), f"{family.name}: the score has {len(score)} parts, not {len(theta)}")
        size = 1 + np.abs(family.logp(x, *theta))
        for j, (name, parameter) in enumerate(family.parameters.items()):
            if not parameter.regular:
                continue
            unit = width(family, theta) if parameter.role == "location" else float(parameter.domain.slope(theta[j]))
            step = 1e-3 * unit * np.arange(-2, 3)
            f = [family.logp(x, *theta[:j], theta[j] + by, *theta[j + 1 :]) for by in step]
            derivative = (8 * (f[3] - f[1]) - (f[4] - f[0])) / 12e-3
            what = f"{described(family, theta)}: the score of {name} is not the derivative of logp"
            require_close(score[j] * unit, derivative, 1e-7, 1e-8 * size, what)


def check_hessian(family: Family) -> None:
    """The second derivatives are those of the score in each parameter."""
    if family.hessian is None:
        return
    require(family.score is not None, f"{family.name}: a hessian without a score")
    for theta in members(family):
        x = points(family, theta)[[3, 5, 6, 8, 10, 12]]
        second = family.hessian(x, *theta)
        parameters = list(family.parameters.values())
        count = len(parameters) * (len(parameters) + 1) // 2
        require(len(second) == count, f"{family.name}: the hessian has {len(second)} parts, not {count}")
        unit = [
            width(family, theta) if parameter.role == "location" else float(parameter.domain.slope(value))
            for parameter, value in zip(parameters, theta, strict=True)
        ]
        for j in range(len(parameters)):
            step = 1e-3 * unit[j] * np.arange(-2, 3)
            scores = [family.score(x, *theta[:j], theta[j] + by, *theta[j + 1 :]) for by in step]  # type: ignore[misc]
            for i in range(j, len(parameters)):
                f = [score[i] * unit[i] for score in scores]
                derivative = (8 * (f[3] - f[1]) - (f[4] - f[0])) / 12e-3
                what = f"{described(family, theta)}: an entry of the hessian is not the derivative of the score"
                found = second[i * (i + 1) // 2 + j] * unit[i] * unit[j]
                require_close(found, derivative, 1e-7, 1e-8 * (1 + np.abs(f[2])), what)


def check_scipy(family: Family) -> None:
    """The same law in scipy.stats has the same density, distribution function and moments."""
    import scipy.stats

    for theta in members(family):
        try:
            name, arguments = family.to_scipy(*theta)
        except TypeError:  # it has none
            continue
        law = getattr(scipy.stats, name)(**arguments)
        x = points(family, theta)[3:-2]
        x = x[np.abs(x) < 1e5] if family.discrete else x  # some of its laws are sums
        logp = law.logpmf(x) if family.discrete else law.logpdf(x)
        what = f"{described(family, theta)} and scipy.stats.{name}"
        require_close(family.logp(x, *theta), logp, 1e-8, 1e-8, f"{what} differ in logp")
        if family.period is not None:  # where the circle is cut, scipy's laws do not agree among themselves
            shares = np.diff(family.cdf(x, *theta)), np.diff(law.cdf(x))
            require_close(*shares, 1e-8, 1e-12, f"{what} differ in cdf")
            continue
        require_close(family.cdf(x, *theta), law.cdf(x), 1e-8, 1e-12, f"{what} differ in cdf")
        with np.errstate(all="ignore"):
            ours, theirs = np.array(moments(family, theta)), np.array(law.stats("mv"), dtype=float)
        require(np.isfinite(ours) == np.isfinite(theirs), f"{what} differ in whether moments exist")
        exist = np.isfinite(ours)
        require_close(ours[exist], theirs[exist], 1e-6, 1e-9, f"{what} differ in their moments")


def check_pickling(family: Family) -> None:
    """Family and distribution survive pickling."""
    theta = members(family)[0]
    law = Distribution(family, dict(zip(family.parameters, theta, strict=True)))
    try:
        packed = pickle.dumps(law)
    except (AttributeError, pickle.PicklingError) as error:
        raise AssertionError(
            f"{family.name} cannot be pickled; define its class at the top of a module: {error}"
        ) from error
    back = pickle.loads(packed)  # noqa: S301 — our own bytes
    require(type(back.family) is type(family), f"{family.name} does not survive pickling")
    require(back.parameters == law.parameters, f"{family.name} loses its parameters by pickling")
    x = points(family, theta)
    require(back.logp(x) == law.logp(x), f"{family.name} changes by pickling")


def _check_masses(family: Family, theta: Member, x: Array) -> None:
    step = family.support.step
    x = np.unique(np.concatenate([x, x[0] + step * np.arange(min(1000.0, np.ptp(x) / step + 1))]))
    name = described(family, theta)
    for low, high in itertools.pairwise(x):
        if high == low + step:
            mass, share = np.exp(family.logp(high, *theta)), _between(family, theta, low, high)
            require_close(
                mass, share, 1e-10, 1e-13, f"{name}: the mass at {high:g} is not cdf({high:g}) − cdf({low:g})"
            )
    if np.all(np.diff(x) == step):
        inner = np.exp(family.logp(x, *theta)).sum()
        whole = family.cdf(x[0] - step, *theta) + inner + family.sf(x[-1], *theta)
        require_close(whole, 1.0, 1e-11, 0.0, f"{name}: the masses do not sum to 1")


def _between(family: Family, theta: Member, low: float, high: float) -> Any:
    """P(low < X ≤ high) from the nearer tail."""
    if family.cdf(high, *theta) < 0.5:
        return family.cdf(high, *theta) - family.cdf(low, *theta)
    return family.sf(low, *theta) - family.sf(high, *theta)


def _quadrature(family: Family, theta: Member, low: float, high: float) -> tuple[Array, Array]:
    """Nodes and weights between two points, on a scale on which densities are smooth: log, logit or asinh."""
    start, end = (float(np.asarray(bound)) for bound in family.bounds(*theta))
    ends = np.array([low, high])
    if np.isfinite(start) and np.isfinite(end):
        u, half = _nodes(np.log((ends - start) / (end - ends)))
        share = 1 / (1 + np.exp(-u))
        return start + (end - start) * share, (end - start) * share * (1 - share) * half
    if np.isfinite(start):
        u, half = _nodes(np.log(ends - start))
        return start + np.exp(u), np.exp(u) * half
    middle, unit = float(family.ppf(0.5, *theta)), width(family, theta)
    u, half = _nodes(np.arcsinh((ends - middle) / unit))
    return middle + unit * np.sinh(u), unit * np.cosh(u) * half


def _nodes(ends: Array) -> tuple[Array, Array]:
    edges = np.linspace(ends[0], ends[1], 9)
    half = 0.5 * np.diff(edges)[:, None]
    u = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * _NODES
    return u.ravel(), (half * _WEIGHTS).ravel()
