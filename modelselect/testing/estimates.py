"""Checks of the estimates of a family: closed forms, given parameters, recovery, nested families."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import chdtri

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.families.composition import contained
from modelselect.family import Family
from modelselect.fitting.estimate import Estimate
from modelselect.fitting.problem import Problem, Standard
from modelselect.fitting.search import ascend
from modelselect.fitting.status import Status
from modelselect.fitting.uncertainty import covariance
from modelselect.testing.draws import (
    Member,
    described,
    estimated,
    given,
    likelihood,
    members,
    require,
    require_close,
    simulate,
    width,
)


def check_closed_form(family: Family) -> None:
    """The closed form, or the family's own peak, is the maximum: none nearby is likelier, the solver finds the same."""
    if family.mle is None and family.peak is None:
        return
    own = {Status.CLOSED_FORM} if family.peak is None else {Status.CLOSED_FORM, Status.CONVERGED}
    for theta in members(family):
        x = simulate(family, theta, (1, 60), seed=1)
        found = estimated(family, x, given(family, theta))
        if found.status[0] not in own or not found.free:
            continue
        columns = [j for j, name in enumerate(family.parameters) if name in found.free]
        _check_neighbours(family, theta, x, found, columns)
        if all(family.parameters[name].regular for name in found.free) and family.information is None:
            _check_solver(family, theta, x, found, columns)


def check_given_parameters(family: Family) -> None:
    """With one parameter given the maximum lies between the truth and the maximum over all parameters."""
    for theta in members(family)[:4]:
        x = simulate(family, theta, (3, 50), seed=10)
        fixed = given(family, theta)
        free = estimated(family, x, fixed)
        truth = likelihood(family, x, np.broadcast_to(np.array(theta), (3, len(theta))))
        for j, (name, value) in enumerate(zip(family.parameters, theta, strict=True)):
            found = estimated(family, x, {**fixed, name: value})
            what = f"{described(family, theta)} with {name} given"
            rows = found.usable
            require(found.status != Status.FAILED, f"{what}: failed")
            require(found.parameters[:, j] == value, f"{what}: the value is not kept")
            require(found.log_likelihood[rows] >= truth[rows] - 1e-9, f"{what} is less likely than the truth")
            more = found.log_likelihood[rows] > free.log_likelihood[rows] + 1e-9
            require(~more, f"{what} is likelier than without")


def check_recovery(family: Family) -> None:
    """The truth is found again at n = 2000, within four standard errors, and by a plausible likelihood ratio."""
    for theta in members(family):
        n, name = 2000, described(family, theta)
        x = np.sort(simulate(family, theta, (4, n), seed=6), axis=1)
        found = estimated(family, x, given(family, theta))
        reasons = sorted({str(reason) for reason in found.reason[~found.usable]})
        require(found.usable, f"{name}: a plain sample cannot be fitted: {'; '.join(reasons)}")
        truth = np.broadcast_to(np.array(theta), found.parameters.shape)
        ratio = 2 * n * (found.log_likelihood - likelihood(family, x, truth))
        free = [family.parameters[parameter] for parameter in found.free]
        require(ratio >= -1e-8 * n, f"{name}: the estimate is less likely than the truth, by {-ratio.min():.3g}")
        # an end of the support counts twice: its likelihood ratio is exponential
        most = chdtri(sum(1 if parameter.regular else 2 for parameter in free), 1e-7) if free else 1e-8 * n
        require(ratio <= most, f"{name}: the estimate is far from the truth, likelihood ratio {ratio.max():.3g}")
        if any(parameter.domain.lattice for parameter in free):
            continue  # the information takes integers as known
        block = Block(x, x, np.ones_like(x))
        with np.errstate(all="ignore"):  # an estimate may lie on the edge of a domain
            variances = [covariance(family, block, at, found.free) for at in (truth, found.parameters)]
            at_truth, at_estimate = (np.sqrt(np.einsum("gii->gi", variance)) for variance in variances)
            errors = np.fmax(at_truth, at_estimate)  # a likelihood that is not quadratic has two
            known = at_truth < 0.15 * np.maximum(np.abs(truth), width(family, theta))
            # one that is hardly known, or at its limit, moves the others: the likelihood ratio judges them together
            known &= (found.status != Status.BOUNDARY)[:, None]
            known &= np.all(known | np.isnan(at_truth), axis=1, keepdims=True)
            off = np.abs(found.parameters - truth) / errors
        off = off[known]
        require(off < 4, f"{name}: an estimate is {off.max(initial=0.0):.1f} standard errors off")


def check_nested(family: Family) -> None:
    """A family is never less likely than one it contains."""
    seen = set()
    for (inner, restriction), theta in itertools.product(contained(family), members(family)[::2]):
        other, fixed = inner.name, given(family, theta)
        shared: dict[str, float] = {}
        for name, target in restriction.items():
            if name not in family.parameters:
                shared[name] = float(target)  # a parameter of the nested family alone
            elif name in fixed and isinstance(target, str):
                shared[target] = fixed[name]
        middle = zip(inner.parameters, members(inner)[len(members(inner)) // 2], strict=True)
        plain = tuple(shared.get(name, value) for name, value in middle)
        shared |= {
            name: value for name, value in zip(inner.parameters, plain, strict=True) if name in inner.missing({})
        }
        for law, values in ((family, theta), (inner, plain)):
            sample = (law.name, values, tuple(fixed.items()), other)
            if sample in seen:
                continue
            seen.add(sample)
            x = simulate(law, values, (6, 40), seed=8)
            outer, nested = estimated(family, x, fixed), estimated(inner, x, shared)
            rows = outer.usable & nested.usable
            loss = nested.log_likelihood[rows] - outer.log_likelihood[rows]
            what = f"{described(family, values)} is less likely than {other}, which it contains"
            require(loss <= 1e-9, f"{what}, by {loss.max(initial=0.0):.3g}")


def _check_neighbours(family: Family, theta: Member, x: Array, found: Estimate, columns: list[int]) -> None:
    sizes = (-1e-1, -1e-2, -1e-3, -1e-5, 1e-5, 1e-3, 1e-2, 1e-1)
    parameters = list(family.parameters.values())
    for j, size in itertools.product(columns, sizes):
        near = found.parameters.copy()
        near[0, j] += size * (width(family, theta) if parameters[j].role == "location" else abs(near[0, j]))
        if parameters[j].domain.contains(near[0, j]) and np.all(family.valid(*near[0])):
            value = likelihood(family, x, near)
            what = f"{described(family, found.parameters[0])} is less likely than {described(family, near[0])}"
            require(value <= found.log_likelihood + 1e-12 * (1 + np.abs(value)), what)


def _check_solver(family: Family, theta: Member, x: Array, found: Estimate, columns: list[int]) -> None:
    block = Block(x, x, np.ones_like(x))
    standard = Standard.of(family, block)
    problem = Problem(family, standard.block(block), standard.parameters(found.parameters), columns)
    top, *_ = ascend(problem)
    name = described(family, found.parameters[0])
    require(top.converged, f"{name}: the solver does not converge where there is a closed form")
    solved = standard.restore(problem.theta(top.at, np.array([0])))
    what = f"{name}: the solver finds another maximum than the closed form"
    require_close(solved, found.parameters, 1e-7, 1e-7 * width(family, theta), what)
