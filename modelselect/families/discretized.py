"""A law of rounded values: the masses that a density has in the cells of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelselect.block import Block
from modelselect.domain import Interval
from modelselect.errors import CandidateError
from modelselect.families.composition import (
    Composition,
    Moves,
    as_family,
    ends_given,
    guesses,
    number,
    points_of,
    settled,
    stacked,
)
from modelselect.family import Family, register
from modelselect.masses import log_mass


@register
class Discretized(Composition):
    """discretized: {family: F, step: h} — mass F(x + h/2) − F(x − h/2) at the multiples x of h (1 if not given).

    A law of rounded values: a gamma for waiting times in whole minutes. The step is known; the data are not
    standardised, because the grid is part of the law.

    Parameters
    ----------
    inner
        F, a family with a density.
    step
        The distance of the grid.
    """

    options = ("step",)
    written = "{discretized: {family: gamma, step: 1}}"

    def __init__(self, inner: Any = None, step: float = 1.0) -> None:
        inner = as_family(inner, "discretized")
        if inner.discrete or inner.atoms:
            raise CandidateError(f"discretized: {inner.name} gives masses already; expected a family with a density")
        step = number(step, "discretized: step")
        if step <= 0:
            raise CandidateError(f"discretized: step must be positive, got {step:g}")
        super().__init__(ends_given(inner))
        self.step = step
        low, high = self._grid(inner.support.low, inner.support.high)
        self.support = Interval(float(low), float(high), lattice=True, step=step).closed()
        self.name = self.written_as(inner.name, {})

    def written_as(self, inner: str, own: Mapping[str, float]) -> str:
        return super().written_as(inner if self.step == 1.0 else f"{inner}, step {self.step:.12g}", own)

    def lifted(self, family: Family) -> Family:
        return type(self)(family, self.step)

    @property
    def moves_with(self) -> Moves:
        return "nothing"

    def _grid(self, low: Any, high: Any) -> tuple[Any, Any]:
        """First and last point of the grid whose cell holds a part of [low, high]."""
        with np.errstate(invalid="ignore"):
            first = np.floor(np.asarray(low) / self.step - 0.5) + 1.0
            last = np.ceil(np.asarray(high) / self.step + 0.5) - 1.0
            return self.step * first, self.step * last

    def logp(self, x: Any, *parameters: Any) -> Any:
        half = 0.5 * self.step
        return log_mass(self.inner, x - half, x + half, parameters)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        return self.inner.cdf(x + 0.5 * self.step, *parameters)

    def sf(self, x: Any, *parameters: Any) -> Any:
        return self.inner.sf(x + 0.5 * self.step, *parameters)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        return self.inner.log_cdf(x + 0.5 * self.step, *parameters)

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        return self.inner.log_sf(x + 0.5 * self.step, *parameters)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        guess = self.step * np.ceil(self.inner.ppf(q, *parameters) / self.step - 0.5)
        return settled(self, guess, q, parameters)

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        return self._grid(*self.inner.bounds(*parameters))

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        return ()

    def unbounded(self, *parameters: Any) -> Any:
        return False

    def degenerate(self, block: Block, theta: Any) -> Any:
        return False  # no mass is above 1

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        x, weights = points_of(block, given)
        # an observation stands for its cell: none lies at an end of the support
        inside = self.inner.support
        low = inside.low + 0.25 * self.step if np.isfinite(inside.low) else -np.inf
        high = inside.high - 0.25 * self.step if np.isfinite(inside.high) else np.inf
        x = np.clip(x, low, high) if low < high else x
        return stacked(guesses(self.inner, Block(x, x, weights), given))
