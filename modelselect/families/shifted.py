"""A law with a threshold: given, or estimated with a guard against a likelihood without bound."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import REAL, Array
from modelselect.errors import CandidateError
from modelselect.families.composition import (
    Composition,
    Moves,
    as_family,
    ends_given,
    guesses,
    number,
    points_of,
    stacked,
)
from modelselect.family import Family, Limit, Parameter, register
from modelselect.statistics import Statistic

#: What a law with a threshold tends to as the threshold falls to −∞ and the shape adapts.
_FAR: dict[str, tuple[str, dict[str, str | float]]] = {
    "gamma": ("normal", {"shape": np.inf, "scale": 0.0}),
    "lognormal": ("normal", {"mu": np.inf, "sigma": 0.0}),
    "inverse_gaussian": ("normal", {"mean": np.inf, "shape": np.inf}),
    "weibull": ("gumbel_min", {"shape": np.inf, "scale": np.inf}),
    "frechet": ("gumbel", {"shape": np.inf, "scale": np.inf}),
}
#: Laws whose density falls from its lower end on: the likeliest threshold is the smallest observation.
_FALLING = ("exponential", "half_normal")


def above_minimum(statistic: Statistic) -> Statistic:
    """Statistic of x − the smallest x."""
    return AboveMinimum(statistic)


@dataclass(frozen=True)
class AboveMinimum:
    """A statistic of the distances from the smallest observation."""

    of: Statistic

    def __call__(self, x: Array, weights: Array) -> Array:
        return self.of(x - observed.minimum(x, weights)[:, None], weights)


@dataclass(frozen=True)
class FromMinimum:
    """Closed form of a law with one parameter and a falling density: the threshold is the smallest observation."""

    inner: Family

    def __call__(self, minimum: Any, *statistics: Any, **given: Any) -> tuple[Any, ...]:
        estimates = self.inner.mle(*statistics) if self.inner.mle else ()
        names = zip(self.inner.parameters, estimates, strict=True)
        return (*(given.get(name, value) for name, value in names), minimum)

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Signature([inspect.Parameter(name, kind, default=None) for name in self.inner.parameters])


@register
class Shifted(Composition):
    """shifted: {family: F, by: a} — X − a has the law F; without `by` the threshold is estimated.

    The likelihood of a threshold may have no bound where it comes to the smallest observation; then the interior local
    maximum is taken, and without one the status is `unbounded`: give `by`.

    Parameters
    ----------
    inner
        F, a family over numbers.
    by
        The threshold, if it is known.
    """

    options = ("by",)
    synonyms: ClassVar[Mapping[str, str]] = dict.fromkeys(("shift", "loc", "location", "offset"), "by")
    written = "{shifted: {family: geometric, by: 1}}, or {shifted: gamma} with an estimated threshold"

    def __init__(self, inner: Any = None, by: float | None = None) -> None:
        inner = as_family(inner, "shifted")
        scales = inner.moves_with != "nothing"
        if by is not None:
            by = number(by, "shifted: by")
            if inner.discrete and not inner.support.on_lattice(by):
                raise CandidateError(f"shifted: by must be a multiple of {inner.support.step:g}, got {by:g}")
            role = "location" if inner.moves_with == "scale" else "scale" if scales else None
            threshold = Parameter(REAL, typical=(by, by), role=role, regular=False, default=by)  # type: ignore[arg-type]
        else:
            for reason, bad in (
                ("gives masses", inner.discrete),
                ("has a location of its own", inner.moves_with == "location and scale"),
                ("has an atom", bool(inner.atoms)),
                ("has no lower end", not np.isfinite(inner.support.low)),
            ):
                if bad:
                    form = f"{{shifted: {{family: {inner.name}, by: 1}}}}"
                    raise CandidateError(
                        f"shifted: {inner.name} {reason}, so its threshold is not estimated; give by, as in {form}"
                    )
            threshold = Parameter(
                REAL, typical=(-3, 3), role="location" if scales else None, regular=inner.name not in _FALLING
            )
        super().__init__(ends_given(inner), threshold=threshold)
        self.by = by
        if by is None:
            self.singular = (*self.singular, *self._own)
            if inner.name in _FALLING:
                self.statistics = (observed.minimum, *map(above_minimum, inner.statistics))
        self.atoms = tuple(atom + (by or 0.0) for atom in inner.atoms)
        self.support = (
            replace(inner.support, low=inner.support.low + (by or 0.0), high=inner.support.high + (by or 0.0))
            if inner.discrete
            else REAL
        )
        self.name = self.written_as(inner.name, {})

    def written_as(self, inner: str, own: Any) -> str:
        by = "" if self.by is None else f", by {self.by:.12g}"
        return super().written_as(f"{inner}{by}", own)

    def lifted(self, family: Family) -> Family:
        return type(self)(family, self.by)

    @property
    def moves_with(self) -> Moves:
        if self.by is None and self.inner.name in _FALLING:
            return "scale"  # the threshold is an observation, to the last bit
        return "nothing" if self.inner.moves_with == "nothing" else "location and scale"

    def logp(self, x: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return self.inner.logp(x - threshold, *inner)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return self.inner.cdf(x - threshold, *inner)

    def sf(self, x: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return self.inner.sf(x - threshold, *inner)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return self.inner.log_cdf(x - threshold, *inner)

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return self.inner.log_sf(x - threshold, *inner)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        inner, (threshold,) = self.split(parameters)
        return threshold + self.inner.ppf(q, *inner)

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        inner, (threshold,) = self.split(parameters)
        low, high = self.inner.bounds(*inner)
        return low + threshold, high + threshold

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        inner, (threshold,) = self.split(parameters)
        return tuple(kink + threshold for kink in self.inner.kinks(*inner))

    @property
    def moments(self) -> Any:  # type: ignore[override]
        return self._moments if self.inner.moments is not None else None

    def _moments(self, *parameters: Any) -> tuple[Any, Any]:
        inner, (threshold,) = self.split(parameters)
        mean, variance = self.inner.moments(*inner)  # type: ignore[misc]
        return mean + threshold, variance

    @property
    def entropy(self) -> Any:  # type: ignore[override]
        return None if self.inner.entropy is None else lambda *p: self.inner.entropy(*self.split(p)[0])

    @property
    def score(self) -> Any:  # type: ignore[override]
        known = self.by is not None or self.inner.moves_with == "scale"
        return self._score if known and self.inner.score is not None else None

    def _score(self, x: Any, *parameters: Any) -> tuple[Any, ...]:
        inner, (threshold,) = self.split(parameters)
        y = x - threshold
        scores = self.inner.score(y, *inner)  # type: ignore[misc]
        if self.by is not None:
            return (*scores, np.zeros_like(x))
        # f(y) dy is the same in all units: y ∂ log f/∂y + Σ scale · ∂ log f/∂scale = −1
        moved = sum(
            score * (1.0 if parameter.role == "log_scale" else value)
            for score, value, parameter in zip(scores, inner, self.inner.parameters.values(), strict=True)
            if parameter.role is not None
        )
        return (*scores, (1.0 + moved) / y)

    # -- estimation ------------------------------------------------------------------------------------------------

    @property
    def mle(self) -> Any:  # type: ignore[override]
        return FromMinimum(self.inner) if self.by is None and self.inner.name in _FALLING else None

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        x, weights = points_of(block, given)
        known = given[:, -1]
        minimum, spread = observed.minimum(x, weights), observed.spread(x, weights)
        starts = []
        for distance in (0.003, 0.03, 0.15, 0.5, 1.5, 5.0, 20.0) if np.isnan(known).all() else (0.0,):
            threshold = np.where(np.isnan(known), minimum - distance * spread, known)
            y = x - threshold[:, None]
            theta = guesses(self.inner, Block(y, y, weights), given[:, :-1])
            place = np.broadcast_to(threshold, theta.shape[:2])[..., None]
            starts.append(np.concatenate([theta, place], axis=-1))
        return stacked(*starts)

    def unbounded(self, *parameters: Any) -> Any:
        inner, _ = self.split(parameters)
        flags = np.asarray(self.inner.unbounded(*inner))
        if self.by is not None:
            return flags
        low, _ = self.inner.bounds(*inner)
        return flags | np.isposinf(self.inner.logp(low, *inner))

    def degenerate(self, block: Block, theta: Any) -> Any:
        count = len(self.inner.parameters)
        x = block.points - theta[:, count:][:, :1]
        flags = self.inner.degenerate(Block(x, x, np.broadcast_to(block.weights, x.shape)), theta[:, :count])
        if self.by is not None or self.inner.name in _FALLING:
            return flags
        # the threshold has come to the smallest observation
        gap = block.statistic(observed.minimum) - theta[:, count]
        return flags | (gap < 1e-7 * block.statistic(observed.spread))

    def limit(self, *statistics: Any) -> tuple[Limit, ...]:
        limits = super().limit()
        if self.by is None and self.inner.name in _FAR:
            name, parameters = _FAR[self.inner.name]
            far: dict[str, str | float] = {**parameters, self._own[0]: -np.inf}
            limits = (*limits, Limit(name, far, certain=np.zeros(1, dtype=bool)))
        return limits

    def contains(self) -> list[tuple[Family, dict[str, float | str]]]:
        plain: list[tuple[Family, dict[str, float | str]]]
        plain = [(self.inner, {self._own[0]: 0.0})] if self.by is None else []
        return [*plain, *super().contains()]
