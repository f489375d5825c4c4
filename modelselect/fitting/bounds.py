"""Maximum likelihood with bounds on parameters: the highest of the maxima inside and on every face of the box."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.estimate import Estimate, estimate
from modelselect.fitting.status import Status

Bounds = Mapping[str, tuple[float, float]]

_AT_BOUND = "the likelihood is largest at the bound{s} given: {where}"
_NOWHERE = "no maximum inside the bounds or on them"


def estimate_within(family: Family, block: Block, bounds: Bounds, fixed: Mapping[str, Any] | None = None) -> Estimate:
    """Maximum-likelihood estimates with parameters kept between two values each (infinite: no bound).

    A maximum that lies inside the bounds is taken as it is. Where it does not, some parameters are at a bound: every
    choice of them is fitted, and the likeliest estimate that keeps all bounds is taken. Its status is ``boundary``,
    k is that of the free parameters as declared.

    Examples
    --------
    >>> from modelselect.families.positive.classic import Gamma
    >>> x = np.array([[1.0, 2.0, 4.0]])
    >>> estimate_within(Gamma(), Block(x, x, np.ones((1, 3))), {"shape": (0.5, 2.0)}).parameters.round(4)
    array([[2.    , 1.1667]])
    """
    given = dict(fixed or {})
    free = estimate(family, block, given)
    names = list(family.parameters)
    inside = free.usable & _kept(free.parameters, names, bounds)
    settled = inside | free.verdicts.among(Status.OUT_OF_SUPPORT)
    if settled.all():
        return free
    theta, value = free.parameters.copy(), np.where(settled, free.log_likelihood, -np.inf)
    verdicts, reached = free.verdicts.copy(), free.reached.copy()
    reached[~settled] = -1
    held = [name for name in bounds if name in free.free]
    choices = [(None, *(end for end in bounds[name] if np.isfinite(end))) for name in held]
    for choice in itertools.product(*choices):
        ends = {name: end for name, end in zip(held, choice, strict=True) if end is not None}
        if not ends:
            continue
        face = estimate(family, block, {**given, **ends})
        better = ~settled & face.usable & _kept(face.parameters, names, bounds)
        with np.errstate(invalid="ignore"):
            better &= face.log_likelihood > value
        theta[better], value[better] = face.parameters[better], face.log_likelihood[better]
        where = ", ".join(f"{name} = {end:g}" for name, end in ends.items())
        verdicts.settle(better, Status.BOUNDARY, _AT_BOUND.format(s="s" if len(ends) > 1 else "", where=where))
    nowhere = ~settled & np.isneginf(value)
    columns = [j for j, name in enumerate(names) if name in free.free]
    theta[np.ix_(nowhere, columns)], value[nowhere] = np.nan, np.nan
    kept = verdicts.among(Status.UNBOUNDED, Status.NOT_IDENTIFIED, Status.DEGENERATE_SAMPLE)
    verdicts.settle(nowhere & ~kept, Status.FAILED, _NOWHERE)
    return Estimate(family, free.free, theta, value, verdicts, free.limits, reached)


def _kept(theta: Array, names: list[str], bounds: Bounds) -> Any:
    """Whether all bounds are kept, to the rounding of an estimate that touches one."""
    kept = np.ones(len(theta), dtype=bool)
    for name, (low, high) in bounds.items():
        value = theta[:, names.index(name)]
        slack = 1e-12 * np.abs(value)
        with np.errstate(invalid="ignore"):
            kept &= (value >= low - slack) & (value <= high + slack)
    return kept
