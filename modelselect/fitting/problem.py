"""One maximum-likelihood problem as the solver sees it: free coordinates on the real line, data of unit size.

The data are shifted and scaled first (by a power of two, which loses no digit), the parameters that move
with them are moved along, and each free parameter is mapped to the real line by its domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array, Interval
from modelselect.family import Family
from modelselect.fitting.likelihood import mean_log_likelihood, weighted_mean
from modelselect.fitting.solve import Rows

#: Numbers of one observation and one row each that are worked on at a time.
_CELLS = 65_536
#: Share of the width of a cell that is the least unit of a location.
_WITHIN = 0.05
#: Size of numbers whose squares and reciprocals, and those of 1/size, neither overflow nor vanish.
_SAFE = 1e-75


@dataclass(frozen=True, eq=False)
class Standard:
    """The change of variable x = shift + scale·y of each group, and what it does to the parameters."""

    family: Family
    shift: Array
    scale: Array

    @classmethod
    def of(cls, family: Family, block: Block) -> Standard:
        """Use median and interquartile range with a location and a scale, the geometric mean with a scale alone."""
        zero, one = np.zeros(block.groups), np.ones(block.groups)
        if family.moves_with == "location and scale":
            size = (block.statistic(observed.upper_quartile) - block.statistic(observed.lower_quartile)) / 1.35
            size = np.where(size > 0, size, block.statistic(observed.spread))
            return cls(family, block.statistic(observed.median), _power_of_two(size))
        if family.moves_with == "scale":
            return cls(family, zero, _power_of_two(block.statistic(observed.size)))
        return cls(family, zero, one)

    @classmethod
    def needed(cls, family: Family, block: Block) -> Standard:
        """As `of`, but no change where sums of squares and reciprocals of a long sample are safe as it is."""
        if block.long and block.exact:
            low, high = float(block.statistic(observed.minimum)[0]), float(block.statistic(observed.maximum)[0])
            safe = high - low > _SAFE and max(abs(low), abs(high)) < 1.0 / _SAFE
            if safe and (low <= 0.0 or low > _SAFE):
                return cls(family, np.zeros(1), np.ones(1))
        return cls.of(family, block)

    @property
    def changes(self) -> bool:
        """Whether anything moves at all."""
        return bool((self.shift != 0).any() or (self.scale != 1).any())

    def block(self, block: Block) -> Block:
        """Return the data in the new variable."""
        return block.rescaled(self.shift, self.scale) if self.changes else block

    def parameters(self, theta: Array) -> Array:
        """Parameters ``(G, p)`` of x → those of y."""
        return self._move(theta, self.shift, self.scale, inverse=False)

    def restore(self, theta: Array) -> Array:
        """Parameters ``(G, p)`` of y → those of x."""
        return self._move(theta, self.shift, self.scale, inverse=True)

    def slope(self, name: str) -> Array | float:
        """Derivative of a parameter of x with respect to the same parameter of y."""
        return self.scale if self.family.parameters[name].role in ("location", "scale") else 1.0

    def _move(self, theta: Array, shift: Array, scale: Array, *, inverse: bool) -> Array:
        moved = np.array(theta, dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the range of floats: inf, and no estimate
            for j, parameter in enumerate(self.family.parameters.values()):
                value = moved[..., j]
                if parameter.role == "location":
                    moved[..., j] = value * scale + shift if inverse else (value - shift) / scale
                elif parameter.role == "scale":
                    moved[..., j] = value * scale if inverse else value / scale
                elif parameter.role == "log_scale":
                    moved[..., j] = value + np.log(scale) if inverse else value - np.log(scale)
        return moved


@dataclass(frozen=True, eq=False)
class Problem:
    """Mean log-likelihood of G groups as a function of the free parameters on the real line.

    Attributes
    ----------
    block
        Standardised data; one group may be shared by all rows.
    given
        Parameters of the standardised data ``(G, p)``; those of free columns are not used.
    free
        Columns of the parameters that are estimated.
    plain
        Each coordinate is that of one parameter, also where the family has straighter ones.
    """

    family: Family
    block: Block
    given: Array
    free: Sequence[int]
    plain: bool = False

    @property
    def groups(self) -> int:
        """Number of groups, G."""
        return len(self.given)

    def theta(self, u: Array, rows: Rows) -> Array:
        """All parameters ``(r, p)`` at free coordinates u ``(r, free)`` of rows (row r belongs to group r mod G)."""
        last = self._last.get("theta")  # the solver asks several times for those of one step, which it does not change
        if last is None or last[0] is not u or last[1] is not rows:
            last = self._last["theta"] = u, rows, self._theta(u, rows)
        return last[2].copy()

    def _theta(self, u: Array, rows: Rows) -> Array:
        theta = self.given[rows % self.groups]
        for i, domain in enumerate(self._domains):
            theta[:, self.free[i]] = domain.from_real(u[:, i])
        if self._bends and self.family.bend is not None:
            with np.errstate(all="ignore"):
                theta = np.stack(np.broadcast_arrays(*self.family.bend(*theta.T)), axis=-1)
        return theta

    def u(self, theta: Array) -> Array:
        """Free coordinates of parameters ``(r, p)``, kept off the ends of the domain."""
        if self._bends and self.family.straighten is not None:
            with np.errstate(all="ignore"):
                theta = np.stack(np.broadcast_arrays(*self.family.straighten(*theta.T)), axis=-1)
        columns = []
        for j, domain in zip(self.free, self._domains, strict=True):
            real = domain.to_real(theta[:, j])
            columns.append(
                np.clip(np.where(np.isnan(real), 0.0, real), -40.0, 40.0)
                if isfinite(domain.low) or isfinite(domain.high)
                else real
            )
        return np.stack(columns, axis=-1)

    def objective(self, u: Array, rows: Rows) -> Array:
        """Mean log-likelihood ``(r,)`` in nats an observation; −inf where the parameters do not fit together."""
        return self._piecewise(self._objective, u, rows)

    def _piecewise(self, function: Callable[[Array, Rows], Array], u: Array, rows: Rows) -> Array:
        """Evaluate a function of rows on so many at a time that the numbers fit the cache, one sample being shared."""
        step = max(_CELLS // self.block.weights.shape[1], 1)
        if self.block.groups > 1 or len(rows) <= step:
            return function(u, rows)
        pieces = [slice(i, i + step) for i in range(0, len(rows), step)]
        return np.concatenate([function(u[piece], rows[piece]) for piece in pieces])

    def _objective(self, u: Array, rows: Rows) -> Array:
        theta = self.theta(u, rows)
        with np.errstate(all="ignore"):
            columns = tuple(theta[:, j, None] for j in range(theta.shape[1]))
            value = mean_log_likelihood(self.family, self.rows(rows), columns)
            legal = np.isfinite(theta).all(axis=-1) & self.family.valid(*theta.T) & ~np.isnan(value)
        return np.where(legal, value, -np.inf)

    def gradient(self, u: Array, rows: Rows) -> Array:
        """Exact gradient ``(r, free)`` from the family's score."""
        return self._piecewise(self._gradient, u, rows)

    def _gradient(self, u: Array, rows: Rows) -> Array:
        if self.family.score is None:
            raise TypeError(f"family {self.family.name} has no score")
        theta = self.theta(u, rows)
        block = self.rows(rows)
        with np.errstate(all="ignore"):
            by_parameter = block.total_of(lambda part: self._mean_score(part, theta))
            if self._bends:
                return np.asarray(np.einsum("rj,rij->ri", by_parameter, self._slopes(u, rows)))
            return by_parameter * self.slope(theta)

    @property
    def curved(self) -> bool:
        """Whether the family has exact second derivatives, in coordinates of one parameter each."""
        return self.family.hessian is not None and self.block.plain and not self._bends

    def second(self, u: Array, rows: Rows) -> tuple[Array, Array]:
        """Exact gradient ``(r, free)`` and Hessian ``(r, free, free)`` from the family's score and hessian."""
        both = self._piecewise(self._second, u, rows)
        return both[:, 0], both[:, 1:]

    def _second(self, u: Array, rows: Rows) -> Array:
        theta = self.theta(u, rows)
        block = self.rows(rows)
        with np.errstate(all="ignore"):
            mean = block.total_of(lambda part: self._mean_second(part, theta))
            slope, bend = self.slope(theta), self._along(theta, lambda domain, x: domain.bend(x))
            found = np.empty_like(mean)
            np.multiply(mean[:, 0], slope, out=found[:, 0])
            np.multiply(mean[:, 1:], slope[:, :, None] * slope[:, None, :], out=found[:, 1:])
            diagonal = np.einsum("rii->ri", found[:, 1:])
            diagonal += bend * mean[:, 0]
            return found

    def _mean_second(self, block: Block, theta: Array) -> Array:
        """Mean score and, below it, mean hessian in the parameters ``(r, 1 + free, free)``."""
        columns = tuple(theta[:, j, None] for j in range(theta.shape[1]))
        first, second = self.family.score(block.lower, *columns), self.family.hessian(block.lower, *columns)  # type: ignore[misc]
        values, places = self._triangle
        together = np.empty((len(values), len(theta), block.weights.shape[1]))
        for line, (order, k) in zip(together, values, strict=True):
            line[...] = second[k] if order else first[k]
        return np.moveaxis(weighted_mean(block.shares, together)[places], 2, 0)

    @cached_property
    def _triangle(self) -> tuple[list[tuple[int, int]], NDArray[np.intp]]:
        """Which first and second derivatives are needed, and the places of these in `_mean_second`."""
        free = len(self.free)
        pairs = [(a, b) for a in range(free) for b in range(a + 1)]
        columns = [(self.free[a], self.free[b]) for a, b in pairs]
        values = [(0, j) for j in self.free] + [(1, i * (i + 1) // 2 + j) for i, j in columns]
        places = np.empty((1 + free, free), dtype=np.intp)
        places[0] = range(free)
        for place, (a, b) in enumerate(pairs, free):
            places[1 + a, b] = places[1 + b, a] = place
        return values, places

    def _mean_score(self, block: Block, theta: Array) -> Array:
        scores = self.family.score(block.lower, *(theta[:, j, None] for j in range(theta.shape[1])))  # type: ignore[misc]
        means = np.broadcast_arrays(*(weighted_mean(block.shares, scores[j]) for j in self.free))
        return np.stack(means, axis=-1)

    def units(self, u: Array, rows: Rows) -> Array:
        """Local unit of each coordinate: the scale for a location, the size of a shape that may be negative.

        Within cells that are wider than a law, its place in one is felt by the width of the cell alone.
        Locations alone, the two ends of a uniform, are measured in the spread of the data, which were not standardised.
        """
        unit = np.ones_like(u)
        parameters = list(self.family.parameters.values())
        roles = [parameter.role for parameter in parameters]
        scale = self.theta(u, rows)[:, roles.index("scale")] if "location" in roles and "scale" in roles else None
        for i, j in enumerate(self.free):
            if roles[j] == "location" and scale is not None:
                widths = self.remembered("widths", self._widths)
                unit[:, i] = np.maximum(scale, np.broadcast_to(widths, (self.groups,))[rows % self.groups])
            elif roles[j] == "location" and self.family.moves_with == "nothing":
                spread = np.broadcast_to(self.block.statistic(observed.spread), (self.groups,))
                unit[:, i] = spread[rows % self.groups]
            elif roles[j] is None and np.isinf([parameters[j].domain.low, parameters[j].domain.high]).all():
                unit[:, i] = np.maximum(1.0, np.abs(u[:, i]))
        return unit

    def _widths(self) -> Array:
        """What a location may be moved by, however small the scale is: a share of the narrowest cell, 0 with points."""
        if self.block.exact:
            return np.zeros(1)
        width = np.where(self.block.weights > 0, self.block.upper - self.block.lower, np.inf).min(axis=-1)
        return np.where(np.isfinite(width), _WITHIN * width, 0.0)

    def slope(self, theta: Array) -> Array:
        """d(parameter)/d(coordinate) of the free parameters, ``(r, free)``."""
        return self._along(theta, lambda domain, x: domain.slope(x))

    def _along(self, theta: Array, function: Callable[[Interval, Array], Array]) -> Array:
        """A function of the domain and the value of each free parameter, ``(r, free)``."""
        found = np.empty((len(theta), len(self.free)))
        for i, (j, domain) in enumerate(zip(self.free, self._domains, strict=True)):
            found[:, i] = function(domain, theta[:, j])
        return found

    @property
    def _bends(self) -> bool:
        """Whether the coordinates are the family's straighter ones: the parameters that these change are free."""
        if self.plain or self.family.bend is None:
            return False
        bent = self.family.bent or self.family.parameters
        return all(j in self.free for j, name in enumerate(self.family.parameters) if name in bent)

    def _slopes(self, u: Array, rows: Rows) -> Array:
        """d(parameter j)/d(coordinate i) ``(r, i, j)`` of bent coordinates, by differences of 4th order."""
        h, (r, p) = 1e-3, u.shape
        steps = h * np.array([-2.0, -1.0, 1.0, 2.0])[:, None, None] * np.eye(p)
        there = (u + steps.reshape(4 * p, 1, p)).reshape(-1, p)
        theta = self.theta(there, np.tile(rows, 4 * p))
        # a scale may change by e^100 along a coordinate: the parameters' own coordinates are smooth
        domains = [parameter.domain for parameter in self.family.parameters.values()]
        real = np.stack([domains[j].to_real(theta[:, j]) for j in self.free], axis=-1)
        real = real.reshape(4, p, r, -1)
        by = np.moveaxis((8.0 * (real[2] - real[1]) - (real[3] - real[0])) / (12.0 * h), 0, 1)
        return np.asarray(by * self.slope(self.theta(u, rows))[:, None, :])

    def rows(self, rows: Rows) -> Block:
        """Return the data of rows (row r belongs to group r mod G)."""
        if self.block.groups == 1 or (
            len(rows) == self.groups and np.array_equal(rows % self.groups, np.arange(self.groups))
        ):
            return self.block
        return self.block.take(rows % self.groups)

    def part(self, rows: Rows) -> Problem:
        """Return the problem of these groups."""
        block = self.block if self.block.groups == 1 else self.block.take(rows)
        return replace(self, block=block, given=self.given[rows])

    @cached_property
    def _domains(self) -> tuple[Interval, ...]:
        """Of the free parameters."""
        parameters = list(self.family.parameters.values())
        return tuple(parameters[j].domain for j in self.free)

    def remembered(self, key: str, compute: Callable[[], Any]) -> Any:
        """Return what is computed of this problem, once; the key says what."""
        if key not in self._last:
            self._last[key] = compute()
        return self._last[key]

    @cached_property
    def _last(self) -> dict[str, Any]:
        """What was asked for before."""
        return {}


def _power_of_two(size: Array) -> Array:
    with np.errstate(all="ignore"):
        exponent = np.rint(np.log2(size))
    return np.where(np.isfinite(exponent), np.exp2(np.clip(exponent, -1020, 1020)), 1.0)
