"""How well the estimates are known: covariance from the observed information, and the sandwich."""

from __future__ import annotations

import numpy as np

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.likelihood import pointwise
from modelselect.fitting.problem import Problem, Standard
from modelselect.fitting.solve import DEFINITE, STEP, derivatives, principal, whitening


def covariance(family: Family, block: Block, theta: Array, free: tuple[str, ...], *, robust: bool = False) -> Array:
    """Inverse of the observed information ``(G, p, p)``; NaN for given and for non-regular parameters.

    The second derivatives of the log-likelihood are taken at the estimate by central differences on
    the unconstrained scale, and carried to the parameters by the delta method (exact at a maximum).
    Robust: J⁻¹ K J⁻¹ with the mean square K of the observations' own scores, which holds also where the family is
    not that of the data (the sandwich of Huber 1967 and White 1982).
    """
    inverse, factor = _unit_covariance(family, block, theta, free, robust)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(inverse * factor[:, :, None] * factor[:, None, :])


def standard_errors(
    family: Family, block: Block, theta: Array, free: tuple[str, ...], *, robust: bool = False
) -> Array:
    """Square roots of the diagonal of the covariance ``(G, p)``, also where the variances are no floats."""
    inverse, factor = _unit_covariance(family, block, theta, free, robust)
    return np.asarray(np.sqrt(np.einsum("gii->gi", inverse)) * np.abs(factor))


def _unit_covariance(
    family: Family, block: Block, theta: Array, free: tuple[str, ...], robust: bool
) -> tuple[Array, Array]:
    """Covariance ``(G, p, p)`` in units of ``(G, p)`` each, NaN where there is none."""
    names = tuple(family.parameters)
    columns = [j for j, name in enumerate(names) if name in free and family.parameters[name].regular]
    # an estimated integer is no fixed one: errors at its estimate would be too small, and it has none itself
    if any(family.parameters[name].domain.lattice and not family.parameters[name].regular for name in free):
        columns = []
    result, factor = np.full((len(theta), len(names), len(names)), np.nan), np.ones(theta.shape)
    if not columns:
        return result, factor
    standard = Standard.of(family, block)
    data, at = standard.block(block), standard.parameters(theta)
    moved = [np.broadcast_to(standard.slope(names[j]), (len(theta),)) for j in columns]
    factor[:, columns] = np.stack(moved, axis=-1)
    with np.errstate(all="ignore"):
        problem = Problem(family, data, at, columns, plain=True)
        if family.information is not None and block.plain:
            information = np.asarray(family.information(*at.T))[..., columns, :][..., columns]
        else:
            information, slope = _observed(problem)
            factor[:, columns] *= slope
        inverse = _inverse(information * block.total[:, None, None])
        if robust:
            inverse = inverse @ (_mean_square_score(problem) * block.total[:, None, None]) @ inverse
    result[np.ix_(range(len(theta)), columns, columns)] = inverse
    return result, factor


def _observed(problem: Problem) -> tuple[Array, Array]:
    """Information ``(G, p, p)`` an observation in local units, and d(parameter)/d(local unit) ``(G, p)``."""
    rows = np.arange(problem.groups)
    u = problem.u(problem.given)
    unit, factor = problem.units(u, rows), problem.slope(problem.given)
    if problem.curved:
        _, H = problem.second(u, rows)
        return -H * (unit[:, :, None] * unit[:, None, :]), unit * factor
    gradient = problem.gradient if problem.family.score is not None and problem.block.plain else None
    value = problem.objective(u, rows)
    axes = dual = np.broadcast_to(np.eye(u.shape[1]), (len(u), u.shape[1], u.shape[1]))
    for _ in range(3):  # each time along the axes that the last information suggests
        _, J = derivatives(problem.objective, u, rows, unit, axes, dual, value, gradient)
        finite = np.isfinite(J).all(axis=(-1, -2), keepdims=True)
        axes, dual = whitening(*principal(np.where(finite, J, np.eye(u.shape[1]))))
    return J, unit * factor


def _inverse(matrix: Array) -> Array:
    """Inverse of each positive definite matrix; NaN for the others."""
    root = np.sqrt(np.abs(np.einsum("gii->gi", matrix)))
    usable = np.isfinite(matrix).all(axis=(-1, -2)) & (root > 0).all(axis=-1)
    unit = np.where(usable[:, None, None], matrix / (root[:, :, None] * root[:, None, :]), np.eye(matrix.shape[-1]))
    eigenvalue, vector = np.linalg.eigh(unit)
    usable &= eigenvalue[:, 0] > DEFINITE
    inverse = np.einsum("gij,gj,gkj->gik", vector, 1.0 / np.where(eigenvalue > 0, eigenvalue, 1.0), vector)
    return np.where(usable[:, None, None], inverse / (root[:, :, None] * root[:, None, :]), np.nan)


def scores_and_information(family: Family, block: Block, theta: Array, free: tuple[str, ...]) -> tuple[Array, Array]:
    """Each observation's own score ``(G, p, m)``, and the information of one observation ``(G, p, p)``.

    In the same units, whichever they are: what is made of both, such as J⁻¹K, does not depend on them. Only regular
    parameters count.
    """
    names = tuple(family.parameters)
    columns = [j for j, name in enumerate(names) if name in free and family.parameters[name].regular]
    standard = Standard.of(family, block)
    data, at = standard.block(block), standard.parameters(theta)
    with np.errstate(all="ignore"):
        problem = Problem(family, data, at, columns, plain=True)
        if family.information is not None and block.plain:
            information = np.asarray(family.information(*at.T))[..., columns, :][..., columns]
        else:
            information, _ = _observed(problem)
        return _scores(problem), np.broadcast_to(information, (len(theta), len(columns), len(columns)))


def _mean_square_score(problem: Problem) -> Array:
    """Σ p̂ s sᵀ of the observations' scores s in local units ``(G, p, p)``."""
    s = _scores(problem)
    return np.asarray(np.einsum("gim,gjm,gm->gij", s, s, problem.block.shares))


def _scores(problem: Problem) -> Array:
    """Derivatives of each observation's log-probability in local units ``(G, p, m)``; 0 on padding."""
    rows = np.arange(problem.groups)
    u = problem.u(problem.given)
    unit, slope = problem.units(u, rows), problem.slope(problem.given)
    if problem.family.information is not None and problem.block.plain:
        unit = unit / slope  # its information is in the parameters themselves
    if problem.family.score is not None and problem.block.plain:
        exact = problem.family.score(problem.block.lower, *problem.given.T[:, :, None])
        m = problem.block.weights.shape[1]
        own = np.stack([np.broadcast_to(exact[j], (problem.groups, m)) for j in problem.free], axis=1)
        return np.where(problem.block.shares[:, None, :] > 0, own * (unit * slope)[:, :, None], 0.0)

    def pointwise_at(v: Array) -> Array:
        columns = tuple(problem.theta(v, rows).T[:, :, None])
        return np.broadcast_to(pointwise(problem.family, problem.block, columns), problem.block.weights.shape)

    scores = []
    for j in range(u.shape[1]):
        step = np.zeros_like(u)
        step[:, j] = STEP * unit[:, j]
        near, far = (pointwise_at(u + k * step) - pointwise_at(u - k * step) for k in (1, 2))
        scores.append((8.0 * near - far) / (12.0 * STEP))
    return np.where(problem.block.shares[:, None, :] > 0, np.stack(scores, axis=1), 0.0)
