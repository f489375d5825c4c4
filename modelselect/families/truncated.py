"""Laws on a part of the line: truncation between bounds, and what is above 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from modelselect.block import Block
from modelselect.domain import POSITIVE, REAL
from modelselect.errors import CandidateError
from modelselect.families.composition import (
    Composition,
    Moves,
    as_family,
    bisected,
    ends_given,
    guesses,
    just_below,
    number,
    role_of_value,
    settled,
    stacked,
)
from modelselect.families.counts.classic import LogSeries, Zeta
from modelselect.family import Family, Goes, Limit, Parameter, lookup, register
from modelselect.formulas import inverse
from modelselect.masses import log_mass

#: Below this mass of the part that is kept, quantiles of the whole law have lost their digits.
_SMALL = 1e-5
#: Number of terms from which on a truncated series is not summed.
_MOST_TERMS = 10_000


class Part(Composition):
    """A law given that it lies in a part of the line; the end points of the part are values that are kept."""

    def part(self, *own: Any) -> tuple[Any, Any]:
        """Ends of the part (infinite: none), for the parameters that are added."""
        raise NotImplementedError

    def _within(self, low: Any, high: Any, inner: tuple[Any, ...]) -> Any:
        """Log P(low ≤ X ≤ high)."""
        low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        return log_mass(self.inner, low if self.inner.discrete else just_below(self.inner, low), high, inner)

    def _whole(self, parameters: tuple[Any, ...]) -> Any:
        """Log-probability of the part under the inner law."""
        inner, own = self.split(parameters)
        return self._within(*self.part(*own), inner)

    def _pieces(self, x: Any, parameters: tuple[Any, ...]) -> tuple[Any, Any]:
        """Log of the shares of the part up to x, and beyond it."""
        inner, own = self.split(parameters)
        low, high = self.part(*own)
        whole = self._within(low, high, inner)
        beyond = x + self.support.step if self.discrete else np.asarray(x, dtype=float)
        upper = np.where(
            beyond > high, -np.inf, log_mass(self.inner, np.minimum(beyond, high), np.asarray(high), inner)
        )
        return self._within(low, x, inner) - whole, upper - whole

    def logp(self, x: Any, *parameters: Any) -> Any:
        inner, _ = self.split(parameters)
        whole = self._whole(parameters)
        return np.where(np.isneginf(whole), -np.inf, self.inner.logp(x, *inner) - whole)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        below, above = self._pieces(x, parameters)
        return np.where(below <= above, np.exp(below), -np.expm1(np.minimum(above, 0.0)))

    def sf(self, x: Any, *parameters: Any) -> Any:
        below, above = self._pieces(x, parameters)
        return np.where(above < below, np.exp(above), -np.expm1(np.minimum(below, 0.0)))

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        below, above = self._pieces(x, parameters)
        return np.where(below <= above, below, np.log1p(-np.exp(np.minimum(above, 0.0))))

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        below, above = self._pieces(x, parameters)
        return np.where(above < below, above, np.log1p(-np.exp(np.minimum(below, 0.0))))

    def ppf(self, q: Any, *parameters: Any) -> Any:
        inner, own = self.split(parameters)
        low, _ = self.part(*own)
        mass = np.exp(self._whole(parameters))
        below = self.inner.cdf(just_below(self.inner, np.asarray(low, dtype=float)), *inner)
        x = np.clip(self.inner.ppf(np.clip(below + q * mass, 0.0, 1.0), *inner), *self.bounds(*parameters))
        if self.discrete:
            x = settled(self, np.where(np.isfinite(x), x, self.bounds(*parameters)[0]), q, parameters)
            reached = self.cdf(x, *parameters) >= q
            return x if np.all(reached) else np.where(reached, x, inverse(self, q, *parameters))
        few = np.broadcast_to(mass < _SMALL, x.shape)
        x = np.where(few, inverse(self, q, *parameters), x) if few.any() else x
        for _ in range(2):  # small q have lost digits beside what lies below
            gap = np.where(q < 0.5, self.cdf(x, *parameters) - q, (1 - q) - self.sf(x, *parameters))
            step = gap / np.exp(self.logp(x, *parameters))
            near = np.isfinite(step) & ~np.isin(x, self.atoms) & (np.abs(step) < 1e-3 * (1.0 + np.abs(x)))
            x = np.clip(np.where(near, x - step, x), *self.bounds(*parameters))
        return x

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        inner, own = self.split(parameters)
        (low, high), (start, end) = self.part(*own), self.inner.bounds(*inner)
        return np.fmax(low, start), np.fmin(high, end)

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        low, high = self.bounds(*parameters)
        return tuple(np.clip(kink, low, high) for kink in super().kinks(*parameters))

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        theta = guesses(self.inner, block, given[:, : len(self.inner.parameters)])
        own = np.broadcast_to(given[:, len(self.inner.parameters) :], (*theta.shape[:2], len(self._own)))
        return stacked(np.concatenate([theta, own], axis=-1))


#: Laws that are reached by what is left of a family above 0, where it itself has no law any more.
_ABOVE_ZERO: dict[str, tuple[str, dict[str, str | float]]] = {
    "negative_binomial": ("log_series", {"mean": 0.0, "size": 0.0}),
    "poisson": ("discrete_uniform", {"mean": 0.0, "low": 1.0, "high": 1.0}),
    "geometric": ("discrete_uniform", {"p": 1.0, "low": 1.0, "high": 1.0}),
}
#: Where the parameters go as the tail above a bound comes to that of an exponential law, and of a Pareto law.
_EXPONENTIAL: dict[str, dict[str, str | float]] = {
    "normal": {"mean": -np.inf, "sd": np.inf},
    "logistic": {"location": -np.inf, "scale": "scale"},
    "gumbel": {"location": -np.inf, "scale": "scale"},
}
_PARETO: dict[str, dict[str, str | float]] = {
    "lomax": {"shape": "shape", "scale": 0.0},
    "log_logistic": {"shape": "shape", "scale": 0.0},
    "frechet": {"shape": "shape", "scale": 0.0},
    "lognormal": {"mu": -np.inf, "sigma": np.inf},
    "weibull": {"shape": 0.0, "scale": 0.0},
}


class Positive(Part):
    """F given that it is above 0; what stands above the zeros of a hurdle."""

    def __init__(self, inner: Any = None) -> None:
        inner = as_family(inner, "hurdle")
        super().__init__(inner)
        step = inner.support.step if inner.discrete else 0.0
        self.support = replace(inner.support, low=step, low_inclusive=inner.discrete)
        self.name = f"positive({inner.name})"

    def part(self, *own: Any) -> tuple[Any, Any]:
        return self.support.low, np.inf

    def lifted(self, family: Family) -> Family:
        return type(self)(family)

    @property
    def moves_with(self) -> Moves:
        return "nothing" if self.inner.moves_with == "nothing" else "scale"

    def limit(self, *statistics: Any) -> tuple[Limit, ...]:
        return (*super().limit(), *above_zero(self.inner))

    @property
    def score(self) -> Any:  # type: ignore[override]
        counts = self.inner.discrete and self.inner.support.low == 0.0 and self.inner.support.step == 1.0
        return self._score if counts and self.inner.score is not None else None

    def _score(self, x: Any, *parameters: Any) -> tuple[Any, ...]:
        # log f(x) − log(1 − f(0))
        zero = np.zeros(np.broadcast_shapes(*map(np.shape, parameters)))
        odds = np.exp(self.inner.logp(zero, *parameters) - self.inner.log_sf(zero, *parameters))
        at, away = self.inner.score(zero, *parameters), self.inner.score(x, *parameters)  # type: ignore[misc]
        return tuple(there + odds * here for there, here in zip(away, at, strict=True))


def above_zero(inner: Family) -> tuple[Limit, ...]:
    """Limits that what is above 0 of a family has and the whole has not."""
    if inner.name not in _ABOVE_ZERO:
        return ()
    name, parameters = _ABOVE_ZERO[inner.name]
    return (Limit(lookup(name)(), parameters, np.zeros(1, dtype=bool)),)


def far_above(family: Family, low: float) -> tuple[Limit, ...]:
    """Limits of what is above a bound of a family: its tail, where the rest of it lies infinitely far below.

    An exponential or a Pareto law above a bound is the same law above any higher one, and a Lomax law is another one:
    the limits hold also where each observation has a bound of its own, no lower than this.
    """
    never = np.zeros(1, dtype=bool)
    limits = []
    if family.name in _EXPONENTIAL:
        law: Family = lookup("shifted")(lookup("exponential")(), by=low)  # type: ignore[call-arg]
        limits.append(Limit(law, _EXPONENTIAL[family.name], never))
    if family.name in _PARETO and low > 0:
        limits.append(Limit("pareto", {**_PARETO[family.name], "minimum": low}, never))
    if family.name == "student_t":
        law = lookup("shifted")(lookup("lomax")(), by=low)  # type: ignore[call-arg]
        where: dict[str, Goes] = {"df": "shape", "location": lambda theta: low - theta["scale"], "scale": 0.0}
        limits.append(Limit(law, where, never))
    return tuple(limits)


@register
class Truncated(Part):
    """truncated: {family: F, lower: a, upper: b} — F given a ≤ X ≤ b; both bounds are values that are kept.

    ``{truncated: {family: poisson, lower: 1}}`` is the zero-truncated Poisson. One of the bounds may be absent; none is
    ever estimated. A series that is finite for want of large values has more members than the whole one: the p of a
    logarithmic series, the exponent of a zeta law are then free.

    Parameters
    ----------
    inner
        F, a family over numbers.
    lower, upper
        The bounds.
    """

    options = ("lower", "upper")
    synonyms: ClassVar[Mapping[str, str]] = {"low": "lower", "minimum": "lower", "high": "upper", "maximum": "upper"}
    written = "{truncated: {family: normal, lower: 0, upper: 1}}, with one bound or both"

    def __init__(self, inner: Any = None, lower: float | None = None, upper: float | None = None) -> None:
        inner = as_family(inner, "truncated")
        if lower is None and upper is None:
            raise CandidateError(f"truncated: no bound is given; expected {self.written}")
        bounds = {
            name: number(value, f"truncated: {name}")
            for name, value in (("lower", lower), ("upper", upper))
            if value is not None
        }
        low, high = bounds.get("lower", -np.inf), bounds.get("upper", np.inf)
        if not low < high:
            raise CandidateError(f"truncated: lower must be below upper, got {low:g} and {high:g}")
        if low > inner.support.high or high < inner.support.low:
            raise CandidateError(f"truncated: nothing of {inner.name} lies between {low:g} and {high:g}")
        self.lower, self.upper = lower, upper
        if type(inner) in _SERIES and upper is not None and high < _MOST_TERMS:
            inner = _SERIES[type(inner)]()
        role = role_of_value(inner)
        given = {
            name: Parameter(REAL, typical=(value, value), role=role, regular=False, default=value)
            for name, value in bounds.items()
        }
        super().__init__(ends_given(inner), **given)
        self.support = inner.support
        self.name = self.written_as(inner.name, {})

    def written_as(self, inner: str, own: Mapping[str, float]) -> str:
        low = "" if self.lower is None else f"{self.lower:.12g}"
        high = "" if self.upper is None else f"{self.upper:.12g}"
        reach = f"{low} to {high}" if low and high else f"from {low}" if low else f"to {high}"
        return f"truncated({inner}, {reach})"

    def part(self, *own: Any) -> tuple[Any, Any]:
        if self.lower is None:
            return -np.inf, own[0]
        return own[0], own[1] if len(own) > 1 else np.inf

    def lifted(self, family: Family) -> Family:
        return type(self)(family, self.lower, self.upper)

    def limit(self, *statistics: Any) -> tuple[Limit, ...]:
        never = np.zeros(1, dtype=bool)
        low, high = self.lower, self.upper
        limits = super().limit()
        if self.inner.discrete and low == 1.0 and high is None:
            bound = {self._own[0]: low}
            limits = (
                *limits,
                *(one._replace(parameters={**one.parameters, **bound}) for one in above_zero(self.inner)),
            )
        own = dict(zip(("lower", "upper"), self._own, strict=False)) if low is not None else {"upper": self._own[0]}
        for limit in far_above(self.inner, low) if low is not None else ():
            end = "threshold" if limit.law.made else "minimum"
            law = limit.law if high is None else Truncated(limit.law, upper=high)
            ends: dict[str, str | float] = {own["lower"]: end, **({} if high is None else {own["upper"]: "upper"})}
            limits = (*limits, Limit(law, {**limit.parameters, **ends}, never))
        if self.inner.name in ("normal", "exponential", "logistic") and high is not None:
            start = low if low is not None else 0.0 if self.inner.name == "exponential" else None
            if start is not None:
                # so wide that nothing is left of it
                wide: dict[str, str | float] = {"low": start, own["upper"]: "high"}
                wide |= {own["lower"]: "low"} if low is not None else {}
                for name, parameter in self.inner.parameters.items():
                    wide[name] = np.inf if parameter.role == "scale" else 0.5 * (start + high)
                limits = (*limits, Limit("uniform", wide, never))
        return limits

    @property
    def _series(self) -> bool:
        """Whether the inner family gives terms without a normalising constant."""
        return type(self.inner) in _SERIES.values()

    def _whole(self, parameters: tuple[Any, ...]) -> Any:
        return self._sums(parameters)[2] if self._series else super()._whole(parameters)

    def _pieces(self, x: Any, parameters: tuple[Any, ...]) -> tuple[Any, Any]:
        if not self._series:
            return super()._pieces(x, parameters)
        below, above, whole = self._sums(parameters)
        first = max(self.support.low, np.ceil(-np.inf if self.lower is None else self.lower))
        x, whole = np.broadcast_arrays(x, whole)
        at = (x - first).astype(np.intp)[..., None]
        up_to, beyond = (
            np.take_along_axis(np.broadcast_to(sums, (*x.shape, sums.shape[-1])), at, axis=-1)[..., 0]
            for sums in (below, above)
        )
        return np.log(up_to), np.log(beyond)

    def _sums(self, parameters: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        """Shares of the terms summed up to each, and beyond each, along the last axis; log of their sum."""
        inner, _ = self.split(parameters)
        first = max(self.support.low, np.ceil(-np.inf if self.lower is None else self.lower))
        k = np.arange(first, np.floor(self.upper or 0.0) + 1)
        logs = self.inner.logp(k, *(np.asarray(p, dtype=float)[..., None] for p in inner))
        top = logs.max(axis=-1, keepdims=True)
        terms = np.exp(logs - top)
        total = terms.sum(axis=-1, keepdims=True)
        below = np.cumsum(terms, axis=-1) / total
        above = (
            np.concatenate([np.cumsum(terms[..., :0:-1], axis=-1)[..., ::-1], np.zeros_like(total)], axis=-1) / total
        )
        return np.minimum(below, 1.0), above, (top + np.log(total))[..., 0]

    def ppf(self, q: Any, *parameters: Any) -> Any:
        if not self._series:
            return super().ppf(q, *parameters)
        low, high = self.bounds(*parameters)
        return bisected(self, q, low - 1.0, np.asarray(high), parameters)

    @property
    def score(self) -> Any:  # type: ignore[override]
        whole = not self.inner.discrete or self.inner.support.step != 1.0 or self.upper is not None
        few = not whole and self.inner.support.low == 0.0 and (self.lower or 0.0) <= 20
        return self._score if few and self.inner.score is not None else None

    def _score(self, x: Any, *parameters: Any) -> tuple[Any, ...]:
        # log f(x) − log(1 − Σ f(k)) over the few k that are cut off
        inner, own = self.split(parameters)
        away = self.inner.score(x, *inner)  # type: ignore[misc]
        first = float(np.ceil(self.lower or 0.0))
        like = np.zeros(np.broadcast_shapes(*map(np.shape, inner)))
        whole = self._within(first, np.inf, inner)
        for k in np.arange(first):
            odds = np.exp(self.inner.logp(like + k, *inner) - whole)
            at = self.inner.score(like + k, *inner)  # type: ignore[misc]
            away = tuple(there + odds * here for there, here in zip(away, at, strict=True))
        return (*away, *(np.zeros_like(x) for _ in own))


class TruncatedLogSeries(LogSeries):
    """Terms p^x / x of the logarithmic series for any p > 0: finitely many of them have a sum."""

    name = "log_series"
    p = Parameter(POSITIVE, typical=(0.05, 1.5))

    def logp(self, x: Any, p: Any) -> Any:
        return x * np.log(p) - np.log(x)


class TruncatedZeta(Zeta):
    """Terms x^(−exponent) of the zeta function for any exponent: finitely many of them have a sum."""

    name = "zeta"
    exponent = Parameter(REAL, typical=(-1, 6))
    minimum = Zeta.parameters["minimum"]

    def logp(self, x: Any, exponent: Any, minimum: Any) -> Any:
        return -exponent * np.log(x / minimum)


#: Series that are proper laws for more parameters when they are finite.
_SERIES: dict[type[Family], type[Family]] = {LogSeries: TruncatedLogSeries, Zeta: TruncatedZeta}
