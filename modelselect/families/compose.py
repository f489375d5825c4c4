"""Families that are made from others: extra zeros; shifts, bounds, rounding and mixtures stand in their own modules.

All forms nest freely, in YAML and in Python: ``{zero_inflated: {truncated: {family: negative_binomial, upper: 50}}}``
is ``ZeroInflated(Truncated(NegativeBinomial(), upper=50))``.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelselect.block import Block
from modelselect.domain import Array, Interval
from modelselect.errors import CandidateError
from modelselect.families.composition import (
    Composition,
    Moves,
    as_family,
    contained,
    ends_given,
    guesses,
    points_of,
    settled,
    stacked,
)
from modelselect.families.discretized import Discretized
from modelselect.families.mixture import Mixture
from modelselect.families.shifted import Shifted
from modelselect.families.truncated import Positive, Truncated, above_zero
from modelselect.family import Family, Limit, Parameter, register
from modelselect.formulas import log_share
from modelselect.statistics import Statistic

__all__ = ["Discretized", "Hurdle", "Mixture", "Shifted", "Truncated", "ZeroInflated"]


@dataclass(frozen=True)
class NonZero:
    """A statistic of the observations that are not 0."""

    of: Statistic

    def __call__(self, x: Array, weights: Array) -> Array:
        return self.of(x, np.where(x != 0, weights, 0.0))


def zero_share(x: Array, weights: Array) -> Array:
    """Share of the observations that are 0."""
    return np.asarray(np.where(x == 0, weights, 0.0).sum(axis=-1) / weights.sum(axis=-1))


@dataclass(frozen=True)
class Separate:
    """Closed form of a law whose zeros and other values have nothing to do with each other."""

    inner: Family

    def __call__(self, share: Any, *statistics: Any, zero_probability: Any = None, **given: Any) -> tuple[Any, ...]:
        mle = self.inner.mle
        return (*(mle(*statistics, **given) if mle else ()), share if zero_probability is None else zero_probability)

    @property
    def __signature__(self) -> inspect.Signature:
        own = inspect.signature(self.__call__).parameters["zero_probability"]
        inner = inspect.signature(self.inner.mle).parameters.values() if self.inner.mle else ()
        return inspect.Signature([*(p for p in inner if p.kind is p.KEYWORD_ONLY), own])


@register
class ZeroInflated(Composition):
    """zero_inflated: F — F with more zeros: mass zero_probability + (1 − zero_probability) f(0) at 0.

    Elsewhere (1 − zero_probability) f(x). Over a density F the zeros are an atom of mass zero_probability, and their
    estimate is their share.

    Parameters
    ----------
    inner
        F, a family over numbers.
    zero_probability
        Given instead of estimated.
    """

    written = "{zero_inflated: poisson}"

    def __init__(self, inner: Any = None, zero_probability: float | None = None) -> None:
        self._compose(as_family(inner, self._kind), zero_probability)

    def _compose(self, inner: Family, zero_probability: float | None) -> None:
        # F as it is away from 0; `inner` is what the candidate names
        self.law = inner
        inside = Interval(0, 1, low_inclusive=True)
        exact = not self.law.discrete and self.law.mle is not None
        parameter = Parameter(inside, typical=(0.05, 0.6), default=zero_probability)
        if zero_probability is not None:
            parameter = replace(parameter, typical=(zero_probability, zero_probability))
        super().__init__(inner if exact or self._one_integer(inner) else ends_given(inner), zero_probability=parameter)
        of = inner.support
        self.support = replace(
            of,
            low=min(of.low, 0.0),
            high=max(of.high, 0.0),
            low_inclusive=of.low_inclusive if of.low < 0 else True,
            high_inclusive=of.high_inclusive if of.high > 0 else True,
        )
        self.atoms = self.atoms if inner.discrete else (0.0, *(atom for atom in self.atoms if atom != 0.0))
        self.name = self.written_as(inner.name, {})
        self.statistics = (zero_share, *(NonZero(statistic) for statistic in self.law.statistics))

    @property
    def _kind(self) -> str:
        return type(self).name

    @staticmethod
    def _one_integer(inner: Family) -> bool:
        """Whether the only end of the support is an integer, which is found by search."""
        ends = [p for p in inner.parameters.values() if not p.regular and p.default is None and not p.required]
        return len(ends) == 1 and ends[0].domain.lattice

    def lifted(self, family: Family) -> Family:
        return type(self)(family, self.parameters[self._own[0]].default)

    @property
    def moves_with(self) -> Moves:
        return "nothing" if self.inner.moves_with == "nothing" else "scale"

    # -- formulas --------------------------------------------------------------------------------------------------

    def logp(self, x: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        rest = np.log1p(-z) + self.law.logp(x, *inner)
        return np.where(x == 0, np.logaddexp(np.log(z), rest) if self.discrete else np.log(z), rest)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        return np.where(x >= 0, 1 - (1 - z) * self.law.sf(x, *inner), (1 - z) * self.law.cdf(x, *inner))

    def sf(self, x: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        return np.where(x >= 0, (1 - z) * self.law.sf(x, *inner), 1 - (1 - z) * self.law.cdf(x, *inner))

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        lower = np.log1p(-z) + self.law.log_cdf(x, *inner)
        upper = np.where(
            self.law.sf(x, *inner) > 0.5, np.logaddexp(np.log(z), lower), np.log1p(-self.sf(x, *parameters))
        )
        return np.where(x >= 0, upper, lower)

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        below = log_share(self.sf(x, *parameters), self.cdf(x, *parameters))
        return np.where(x >= 0, np.log1p(-z) + self.law.log_sf(x, *inner), below)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        inner, (z,) = self.split(parameters)
        zero = np.zeros_like(z)
        under = (1 - z) * (self.law.cdf(zero, *inner) - self._at_zero(*inner))
        x = np.where(
            q <= under,
            self.law.ppf(q / (1 - z), *inner),
            np.where(q <= self.cdf(zero, *parameters), 0.0, self.law.ppf(1 - (1 - q) / (1 - z), *inner)),
        )
        return settled(self, x, q, parameters) if self.discrete else x

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        low, high = self.law.bounds(*self.split(parameters)[0])
        return np.minimum(low, 0.0), np.maximum(high, 0.0)

    def _at_zero(self, *inner: Any) -> Any:
        return np.exp(self.law.logp(np.zeros_like(inner[0]) if inner else 0.0, *inner)) if self.law.discrete else 0.0

    @property
    def moments(self) -> Any:  # type: ignore[override]
        return self._moments if self.law.moments is not None else None

    def _moments(self, *parameters: Any) -> tuple[Any, Any]:
        inner, (z,) = self.split(parameters)
        mean, variance = self.law.moments(*inner)  # type: ignore[misc]
        return (1 - z) * mean, (1 - z) * (variance + z * mean**2)

    @property
    def score(self) -> Any:  # type: ignore[override]
        return self._score if self.law.score is not None else None

    def _score(self, x: Any, *parameters: Any) -> tuple[Any, ...]:
        inner, (z,) = self.split(parameters)
        zero = np.asarray(x) == 0
        elsewhere = np.where(zero, 1.0, x)
        away = self.law.score(elsewhere, *inner)  # type: ignore[misc]
        if not (self.discrete and self.law.support.contains(0.0)):
            return (*(np.where(zero, 0.0, part) for part in away), np.where(zero, 1 / z, -1 / (1 - z)))
        f = np.exp(self.law.logp(np.zeros_like(z), *inner))
        both = z + (1 - z) * f
        at = self.law.score(np.zeros_like(z), *inner)  # type: ignore[misc]
        by_inner = (
            np.where(zero, (1 - z) * f * there / both, part) if np.ndim(part) else part
            for there, part in zip(at, away, strict=True)
        )
        return (*by_inner, np.where(zero, (1 - f) / both, -1 / (1 - z)))

    # -- estimation ------------------------------------------------------------------------------------------------

    @property
    def mle(self) -> Any:  # type: ignore[override]
        separate = not (self.law.discrete and self.law.support.contains(0.0))
        return Separate(self.law) if separate and self.law.mle is not None else None

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        x, weights = points_of(block, given)
        share = zero_share(x, weights)
        rest = Block(x, x, np.where(x != 0, weights, 0.0))
        inner_given = given[:, :-1]
        # what is not 0 comes from F, and so may what is 0
        found = [guesses(self.law, rest, inner_given)]
        if self.discrete:
            found.append(guesses(self.law, Block(x, x, weights), inner_given))
        starts = []
        for theta in found:
            columns = tuple(np.moveaxis(theta, -1, 0))
            f = np.exp(self.law.logp(np.zeros(theta.shape[:2]), *columns)) if self.discrete else 0.0
            z = np.clip((share - f) / (1 - f), 0.02, 0.98) if self.discrete else np.broadcast_to(share, theta.shape[:2])
            starts.append(np.concatenate([theta, np.broadcast_to(z, theta.shape[:2])[..., None]], axis=-1))
        return stacked(*starts)

    def limit(self, share: Any, *statistics: Any) -> tuple[Limit, ...]:
        own = self._own[0]
        inside = {name: name for name in self.inner.parameters}
        edge: dict[str, str | float] = {**inside, own: 0.0}
        if self.discrete:
            first = Limit(self.inner, edge, certain=np.zeros(len(share), dtype=bool))
        else:
            first = Limit(type(self)(self.inner, zero_probability=0.0), edge, certain=share == 0)
        return (first, *super().limit(*statistics))

    def contains(self) -> list[tuple[Family, dict[str, float | str]]]:
        if not self.discrete:
            return super().contains()
        own = self._own[0]
        plain: list[tuple[Family, dict[str, float | str]]] = [
            (self.inner, {own: 0.0}),
            *((family, {**within, own: 0.0}) for family, within in contained(self.inner)),
        ]
        return [*plain, *super().contains()]


@register
class Hurdle(ZeroInflated):
    """hurdle: F — P(0) = zero_probability is free, and what is above 0 has the law F given that.

    Above 0 it is (1 − zero_probability) f(x)/P(X > 0). Over a density F the zeros are an atom; nothing lies below 0.

    Parameters
    ----------
    inner
        F, a family over numbers with some of them above 0.
    zero_probability
        Given instead of estimated.
    """

    written = "{hurdle: poisson}"

    def _compose(self, inner: Family, zero_probability: float | None) -> None:
        if isinstance(inner, ZeroInflated):
            what = f"{inner.name} has a probability of 0 of its own, which says nothing of what is above 0"
            raise CandidateError(f"hurdle: {what}; expected {inner.inner.name}")
        known = (np.nan if p.default is None else p.default for p in inner.parameters.values())
        if not np.fmin(inner.bounds(*known)[1], inner.support.high) > 0:
            raise CandidateError(f"hurdle: {inner.name} has nothing above 0")
        above = inner.support.low >= inner.support.step if inner.discrete else inner.support.low >= 0
        super()._compose(inner if above else Positive(inner), zero_probability)
        self.inner = self.inner if above else ends_given(inner) if not self._one_integer(inner) else inner
        self.name = self.written_as(inner.name, {})

    def limit(self, share: Any, *statistics: Any) -> tuple[Limit, ...]:
        limits = super().limit(share, *statistics)
        if not self.discrete:
            return limits
        law = self.inner if self.law is self.inner else Truncated(self.inner, lower=self.support.step)
        lifted = (
            limit._replace(family=Hurdle(limit.law), parameters=self._kept(limit.parameters))
            for limit in (above_zero(self.inner) if self.law is not self.inner else ())
        )
        return limits[0]._replace(family=law, certain=share == 0), *limits[1:], *lifted

    def contains(self) -> list[tuple[Family, dict[str, float | str]]]:
        own = self._own[0]
        if not self.discrete:
            return super().contains()
        same = Composition.contains(self)
        positive = self.inner if self.law is self.inner else Truncated(self.inner, lower=self.support.step)
        # NaN: a value that the other parameters determine
        plain: list[tuple[Family, dict[str, float | str]]]
        plain = [] if self.law is self.inner else [(self.inner, {own: np.nan})]
        return [*plain, (positive, {own: 0.0}), *same]
