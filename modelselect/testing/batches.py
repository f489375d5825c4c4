"""Checks that estimates depend on nothing but the data: not on copies, batches or units; and of hostile samples."""

from __future__ import annotations

import itertools

import numpy as np

from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.status import Status
from modelselect.testing.draws import (
    described,
    estimated,
    given,
    members,
    require,
    require_close,
    require_same,
    simulate,
    width,
)


def check_weights(family: Family) -> None:
    """A weight w means w copies."""
    for theta in members(family)[:3]:
        x = np.sort(simulate(family, theta, (1, 25), seed=2))
        copies = np.random.default_rng(3).integers(1, 5, size=25)
        once = estimated(family, x, given(family, theta), copies[None, :].astype(float))
        each = estimated(family, np.repeat(x, copies, axis=1), given(family, theta))
        require_same(once, np.array([0]), each, f"{described(family, theta)}: a weight w is not w copies")


def check_batches(family: Family) -> None:
    """The order of groups, padding, and cutting a batch in parts change nothing."""
    thetas = members(family)
    fixed = given(family, thetas[0])  # one given value serves the batch
    thetas = [theta for theta in thetas if given(family, theta) == fixed]
    x = np.concatenate([simulate(family, theta, (2, 30), seed=4) for theta in thetas])
    rows = np.arange(len(x))
    plain = estimated(family, x, fixed)
    order = np.random.default_rng(5).permutation(rows)
    require_same(plain, order, estimated(family, x[order], fixed), f"{family.name}: the order of groups matters")
    zeros = np.zeros((len(x), 7))
    padded, weights = np.concatenate([x, zeros], axis=1), np.concatenate([np.ones_like(x), zeros], axis=1)
    require_same(plain, rows, estimated(family, padded, fixed, weights), f"{family.name}: padding matters")
    for part in np.array_split(rows, min(3, len(rows))):
        require_same(plain, part, estimated(family, x[part], fixed), f"{family.name}: cutting the batch matters")


def check_units(family: Family) -> None:
    """Data in other units give the same law in those units."""
    roles = [parameter.role for parameter in family.parameters.values()]
    if family.moves_with == "nothing":
        return
    for theta, unit in itertools.product(members(family)[:4], (1e-6, 1e12)):
        x = simulate(family, theta, (2, 40), seed=7)
        fixed = given(family, theta)
        here = estimated(family, x, fixed)
        there = estimated(family, unit * x, _in_units(family, fixed, unit))
        name = f"{described(family, theta)} in units of {1 / unit:g}"
        require(here.status == there.status, f"{name}: the status is {there.status}, not {here.status}")
        for j, role in enumerate(roles):
            a, b = here.parameters[:, j], there.parameters[:, j]
            back = b / unit if role in ("location", "scale") else b - np.log(unit) if role == "log_scale" else b
            slack = 1e-7 * width(family, theta) if role == "location" else 1e-7
            require_close(back, a, 1e-7, slack, f"{name}: another estimate")
        density = (~np.isin(x, family.atoms)).mean(axis=-1)  # an atom has the same mass in all units
        value = there.log_likelihood + density * np.log(unit)
        require_close(value, here.log_likelihood, 0.0, 1e-9, f"{name}: another likelihood")


def _in_units(family: Family, fixed: dict[str, float], unit: float) -> dict[str, float]:
    """Given parameters of data in other units."""
    roles = {name: parameter.role for name, parameter in family.parameters.items()}
    moved = {name: value * unit for name, value in fixed.items() if roles[name] in ("location", "scale")}
    logs = {name: value + np.log(unit) for name, value in fixed.items() if roles[name] == "log_scale"}
    return {**fixed, **moved, **logs}


def check_hostile_samples(family: Family) -> None:
    """One observation, equal ones, two values, a huge one: a status, never a warning, an exception or a NaN."""
    theta = members(family)[-1]
    for sample in _hostile(family, np.sort(simulate(family, theta, (12,), seed=9))):
        found = estimated(family, sample[None, :], given(family, theta))
        status, value, parameters = Status(found.status[0]), found.log_likelihood[0], found.parameters[0]
        what = f"{family.name} of {len(sample)} observations {sample[:3]} … {sample[-1]:g} is {status}"
        if status.usable:
            require(np.isfinite(value), f"{what} with the log-likelihood {value}")
            require(~np.isnan(parameters), f"{what} with the parameters {parameters}")
            finite = np.isfinite(parameters).all() or status is Status.BOUNDARY
            require(finite, f"{what} with the parameters {parameters}")
        else:
            require(not value > -np.inf, f"{what} and yet has a log-likelihood")
            require(bool(found.reason[0]), f"{what} without a reason")


def _hostile(family: Family, x: Array) -> list[Array]:
    huge = 1e9 if family.discrete else 1e200
    ends = [end for end in (family.support.low, family.support.high) if np.isfinite(end)]
    samples = [
        [x[0]], [x[5]] * 10, [x[0], x[-1]], [*x, huge], [*x, -huge], [huge], [0.0] * 5, [1.0] * 5, [0.0, *x],
        [*x, 1.0], [1e-300, 1.0], [0.0, 1.0], [5.0] * 49 + [6.0], *([*x, end] for end in ends),
    ]  # fmt: skip
    return [np.array(sample, dtype=float) for sample in samples]
