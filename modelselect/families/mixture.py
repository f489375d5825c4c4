"""Mixture: several laws, each with a weight.

The parameters are those of the components with the suffix _1, _2, …, and weight_1 … weight_{K−1}; the last weight is
what remains to 1. Equal families are ordered by their means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import REAL, UNIT, Array, Interval
from modelselect.errors import CandidateError, did_you_mean
from modelselect.families.composition import (
    Moves,
    Parse,
    as_family,
    bisected,
    central,
    contained,
    ends_given,
    limits_of,
)
from modelselect.families.mixing import first_guesses
from modelselect.family import Family, Goes, Limit, Parameter, lookup, register
from modelselect.formulas import log_share

#: Distinct values that a component must rest on if it is narrower than the typical gap between observations: of 30
#: some four often lie within one such gap by chance, and of these EM finds many maxima and now and then the highest.
RESTING = 5.5
#: Share of the spread of the distinct values below which what a component holds is one value.
NARROW = 1e-5
_MOVES: tuple[Moves, ...] = ("nothing", "scale", "location and scale")


@register
class Mixture(Family):
    """mixture: [F, G, …] — density or mass Σ weight_j f_j(x), the weights summing to 1.

    Parameters are suffixed by the number of the component (mean_1, sd_1, mean_2, …); weight_1 … are free but the last.
    The likelihood of a mixture of densities has no bound where a component shrinks onto an observation: such points,
    and components that rest on a handful of distinct values nearer to each other than the typical gap, are never taken
    for maxima.

    Parameters
    ----------
    components
        Two families or more, all with masses or all with densities.
    """

    made = True
    support = REAL
    components: tuple[Family, ...]

    def __init__(self, components: Any = None) -> None:
        if (
            isinstance(components, (str, Mapping, Family))
            or not isinstance(components, Sequence)
            or len(components) < 2
        ):
            raise CandidateError(f"mixture: expected two families or more, as in [normal, normal], got {components!r}")
        self.components = tuple(ends_given(as_family(component, "mixture")) for component in components)
        masses = [component for component in self.components if component.discrete]
        others = [component for component in self.components if not component.discrete]
        if masses and others:
            raise CandidateError(f"mixture: {masses[0].name} gives masses and {others[0].name} a density")
        if len({component.support.step for component in masses}) > 1:
            raise CandidateError("mixture: the components give masses to different grids")
        if any(component.atoms for component in self.components):
            raise CandidateError(
                "mixture: a component has an atom; put the mixture inside, as in {hurdle: {mixture: …}}"
            )
        self.parameters = {}
        for i, component in enumerate(self.components, start=1):
            self.parameters |= {f"{name}_{i}": central(parameter) for name, parameter in component.parameters.items()}
        count = len(self.components)
        share = Parameter(UNIT, typical=(0.2 / (count - 1), 0.8 / (count - 1)))
        self.parameters |= {f"weight_{i}": share for i in range(1, count)}
        self.singular = tuple(f"weight_{i}" for i in range(1, count))
        self.support = _hull([component.support for component in self.components])
        self.name = f"mixture({', '.join(component.name for component in self.components)})"

    @classmethod
    def read(cls, arguments: Any, parse: Parse) -> tuple[Family, dict[str, float]]:
        given: dict[str, Any] = {}
        if isinstance(arguments, Mapping) and "families" in arguments:
            given = {key: value for key, value in arguments.items() if key != "families"}
            arguments = arguments["families"]
        if isinstance(arguments, (str, Mapping)) or not isinstance(arguments, Sequence):
            keys = arguments if isinstance(arguments, Mapping) else ()
            hint = "".join(did_you_mean(str(key), ["families"]) for key in keys)
            raise CandidateError(
                f"mixture: expected a list of families, as in [normal, normal], got {arguments!r}{hint}"
            )
        read = [parse(spec) for spec in arguments]
        made = cls([family for family, _ in read])
        fixed = {f"{name}_{i}": value for i, (_, own) in enumerate(read, start=1) for name, value in own.items()}
        return made, {**fixed, **made.check(given)}

    def label(self, given: Mapping[str, float]) -> str:
        inside, rest = [], dict(given)
        for i, component in enumerate(self.components, start=1):
            own = {name: rest.pop(f"{name}_{i}") for name in component.parameters if f"{name}_{i}" in rest}
            inside.append(component.label(own))
        return f"mixture({', '.join([*inside, *(f'{name}={value:g}' for name, value in rest.items())])})"

    # -- formulas --------------------------------------------------------------------------------------------------

    def split(self, parameters: Sequence[Any]) -> tuple[list[tuple[Any, ...]], list[Any]]:
        """Parameters of each component, and all weights."""
        parts, start = [], 0
        for component in self.components:
            parts.append(tuple(parameters[start : start + len(component.parameters)]))
            start += len(component.parameters)
        weights = list(parameters[start:])
        return parts, [*weights, 1.0 - sum(weights)]

    def logp(self, x: Any, *parameters: Any) -> Any:
        return self._log_sum("logp", x, parameters)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        return np.minimum(self._sum("cdf", x, parameters), 1.0)

    def sf(self, x: Any, *parameters: Any) -> Any:
        return np.minimum(self._sum("sf", x, parameters), 1.0)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        small = np.minimum(self._log_sum("log_cdf", x, parameters), 0.0)
        return np.where(small < -0.7, small, log_share(self.cdf(x, *parameters), self.sf(x, *parameters)))

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        small = np.minimum(self._log_sum("log_sf", x, parameters), 0.0)
        return np.where(small < -0.7, small, log_share(self.sf(x, *parameters), self.cdf(x, *parameters)))

    def ppf(self, q: Any, *parameters: Any) -> Any:
        parts, _ = self.split(parameters)
        each = [component.ppf(q, *own) for component, own in zip(self.components, parts, strict=True)]
        left, right = np.minimum.reduce(np.broadcast_arrays(*each)), np.maximum.reduce(np.broadcast_arrays(*each))
        left = left - self.support.step if self.discrete else np.nextafter(left, -np.inf)
        right = np.where(self.cdf(right, *parameters) < q, right + 1e-9 * np.abs(right) + self.discrete, right)
        return bisected(self, q, left, right, parameters)

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        ends = [
            component.bounds(*own) for component, own in zip(self.components, self.split(parameters)[0], strict=True)
        ]
        return np.minimum.reduce(np.broadcast_arrays(*[low for low, _ in ends])), np.maximum.reduce(
            np.broadcast_arrays(*[high for _, high in ends])
        )

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        low, high = self.bounds(*parameters)
        points: list[Any] = []
        for component, own in zip(self.components, self.split(parameters)[0], strict=True):
            points += [*component.kinks(*own), *component.bounds(*own)]
        inside = [point for point in points if np.any((point > low) & (point < high))]
        return tuple(np.clip(point, low, high) for point in inside)

    def valid(self, *parameters: Any) -> Any:
        parts, weights = self.split(parameters)
        fits = weights[-1] > 0
        for component, own in zip(self.components, parts, strict=True):
            fits = fits & np.asarray(component.valid(*own))
        return fits

    def unbounded(self, *parameters: Any) -> Any:
        parts, _ = self.split(parameters)
        each = (c.unbounded(*own) for c, own in zip(self.components, parts, strict=True))
        return np.logical_or.reduce(np.broadcast_arrays(*each))

    @property
    def moves_with(self) -> Moves:
        return _MOVES[min(_MOVES.index(component.moves_with) for component in self.components)]

    @property
    def moments(self) -> Any:  # type: ignore[override]
        return self._moments if all(component.moments is not None for component in self.components) else None

    def _moments(self, *parameters: Any) -> tuple[Any, Any]:
        parts, weights = self.split(parameters)
        each = [c.moments(*own) for c, own in zip(self.components, parts, strict=True)]  # type: ignore[misc]
        mean = sum(w * m for w, (m, _) in zip(weights, each, strict=True))
        return mean, sum(w * (v + (m - mean) ** 2) for w, (m, v) in zip(weights, each, strict=True))

    @property
    def score(self) -> Any:  # type: ignore[override]
        return self._score if all(component.score is not None for component in self.components) else None

    def _score(self, x: Any, *parameters: Any) -> tuple[Any, ...]:
        parts, weights = self.split(parameters)
        r = self.responsibilities(x, parameters)
        scores: list[Any] = []
        for component, own, share in zip(self.components, parts, r, strict=True):
            outside = np.isneginf(component.logp(x, *own))
            each = component.score(x, *own)  # type: ignore[misc]
            scores += [np.where(outside | (share == 0), 0.0, share * part) for part in each]
        last = r[-1] / weights[-1]
        return (*scores, *(share / w - last for share, w in zip(r[:-1], weights[:-1], strict=True)))

    def responsibilities(self, x: Any, parameters: Sequence[Any]) -> list[Any]:
        """Probability that an observation is of each component."""
        logs = self._logs("logp", x, parameters)
        top = np.maximum.reduce(logs)
        parts = [np.exp(log - np.where(np.isfinite(top), top, 0.0)) for log in logs]
        total = np.maximum(sum(parts), 1e-300)
        return [part / total for part in parts]

    def _logs(self, function: str, x: Any, parameters: Sequence[Any]) -> list[Any]:
        parts, weights = self.split(parameters)
        each = zip(self.components, parts, weights, strict=True)
        return list(np.broadcast_arrays(*(np.log(w) + getattr(c, function)(x, *own) for c, own, w in each)))

    def _log_sum(self, function: str, x: Any, parameters: Sequence[Any]) -> Any:
        logs = self._logs(function, x, parameters)
        top = np.maximum.reduce(logs)
        shift = np.where(np.isfinite(top), top, 0.0)
        return shift + np.log(sum(np.exp(log - shift) for log in logs))

    def _sum(self, function: str, x: Any, parameters: Sequence[Any]) -> Any:
        parts, weights = self.split(parameters)
        return sum(w * getattr(c, function)(x, *own) for c, own, w in zip(self.components, parts, weights, strict=True))

    # -- estimation ------------------------------------------------------------------------------------------------

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        return first_guesses(self, block, given)

    def degenerate(self, block: Block, theta: Any) -> Any:
        """Whether a component of a density rests on up to five distinct values by coincidence, or on equal ones.

        A few values that stand apart from the others may well be a component. What a few of n values that are nearer to
        each other than the typical gap gain is due to their choice: it grows without end as they come nearer.
        """
        parts, _ = self.split(theta.T)
        flags = np.zeros(len(theta), dtype=bool)
        for component, own in zip(self.components, parts, strict=True):
            flags |= (
                np.broadcast_to(component.degenerate(block, np.stack([*own], axis=-1)), flags.shape) if own else False
            )
        if self.discrete:
            return flags
        x, weights = block.points, block.weights
        spread = np.broadcast_to(block.statistic(observed.spread), flags.shape)
        gap = spread / np.broadcast_to(block.statistic(observed.distinct), flags.shape)
        with np.errstate(all="ignore"):
            for share in self.responsibilities(x, tuple(theta.T[:, :, None])):
                r = np.where(weights > 0, share, 0.0)
                total = r.sum(axis=-1)
                centre = (r * x).sum(axis=-1) / total
                width = np.sqrt((r * (x - centre[:, None]) ** 2).sum(axis=-1) / total)
                few = total**2 < RESTING * (r * r).sum(axis=-1)
                flags |= ~(width > np.where(few, gap, NARROW * spread))
        return flags

    def arranged(self, theta: Any, free: Sequence[int]) -> Any:
        """Equal families ordered by their means, unless a parameter of theirs is given."""
        columns, start = [], 0
        for component in self.components:
            columns.append(list(range(start, start + len(component.parameters))))
            start += len(component.parameters)
        theta = np.array(theta)
        if not set(range(start, theta.shape[1])) <= set(free):
            return theta
        weights = np.stack(np.broadcast_arrays(*self.split(theta.T)[1]), axis=-1)
        for family in dict.fromkeys(self.components):
            places = [
                i
                for i, component in enumerate(self.components)
                if component == family
                and all(
                    j in free or p.default is not None
                    for j, p in zip(columns[i], family.parameters.values(), strict=True)
                )
            ]
            if len(places) < 2:
                continue
            blocks = np.stack([family.arranged(theta[:, columns[i]], range(len(columns[i]))) for i in places])
            order = np.argsort(np.stack([_centre(family, block) for block in blocks]), axis=0, kind="stable")
            blocks = np.take_along_axis(blocks, order[:, :, None], axis=0)
            sorted_weights = np.take_along_axis(weights[:, places], order.T, axis=1)
            for place, values in zip(places, blocks, strict=True):
                theta[:, columns[place]] = values
            weights[:, places] = sorted_weights
        theta[:, start:] = weights[:, :-1]
        return theta

    def limit(self, *statistics: Any) -> tuple[Limit, ...]:
        never = np.zeros(1, dtype=bool)
        limits = [Limit(law, parameters, never) for law, parameters in self._without_one()]
        for i, component in enumerate(self.components):
            if component in self.components[:i]:
                continue  # its twin has the same limits
            for inner in limits_of(component):
                other = Mixture([*self.components[:i], inner.law, *self.components[i + 1 :]])
                limits.append(Limit(other, self._lifted(i, inner.parameters), never))
        names = [component.name for component in self.components]
        if "poisson" in names:
            # a Poisson of mean 0 is a mass at 0
            i = names.index("poisson")
            rest, parameters = self._without(i)
            law: Family = lookup("zero_inflated")(rest)  # type: ignore[call-arg]
            share = list(law.parameters)[-1]
            own = {f"mean_{i + 1}": 0.0, **self._weights(i, share)}
            limits.append(Limit(law, {**parameters, **own}, never))
        return tuple(limits)

    def _without_one(self) -> list[tuple[Family, dict[str, Goes]]]:
        """Mixtures of one component fewer, and where our parameters go; equal families give the same."""
        return [self._without(i) for i, component in enumerate(self.components) if component not in self.components[:i]]

    def _without(self, i: int) -> tuple[Family, dict[str, Goes]]:
        """The mixture without component i: what is left of it is put in its twin's place, or not known (NaN)."""
        others = [j for j in range(len(self.components)) if j != i]
        left = [self.components[j] for j in others]
        suffix = {j: "" if len(left) == 1 else f"_{place}" for place, j in enumerate(others, start=1)}
        twin = next((j for j in others if self.components[j] == self.components[i]), None)
        parameters: dict[str, Goes] = {}
        for j, component in enumerate(self.components):
            source = twin if j == i else j
            for name in component.parameters:
                parameters[f"{name}_{j + 1}"] = np.nan if source is None else f"{name}{suffix[source]}"
        return left[0] if len(left) == 1 else Mixture(left), {**parameters, **self._weights(i)}

    def _weights(self, i: int, share: str = "") -> dict[str, Goes]:
        """Our weights as functions of those of the mixture without component i, whose own is a parameter or 0."""
        last = len(self.components) - 1
        weights: dict[str, Goes] = {}
        for place, j in enumerate(j for j in range(last + 1) if j != i):
            if j < last:
                weights[f"weight_{j + 1}"] = partial(_weight, place + 1, last, share)
        if i < last:
            weights[f"weight_{i + 1}"] = share or 0.0
        if last == 1 and i == 1 and not share:
            weights["weight_1"] = 1.0
        return weights

    @property
    def nested(self) -> Mapping[str, Mapping[str, float | str]]:  # type: ignore[override]
        """Families it contains, by name."""
        return {family.name: restriction for family, restriction in self.contains()}

    def contains(self) -> list[tuple[Family, dict[str, float | str]]]:
        """Mixtures of fewer components, and of what the components contain."""
        found: dict[Family, dict[str, float | str]] = {
            family: {name: np.nan if callable(value) else value for name, value in parameters.items()}
            for family, parameters in self._without_one()
        }
        for i, component in enumerate(self.components):
            for inner, restriction in contained(component):
                law = Mixture([*self.components[:i], inner, *self.components[i + 1 :]])
                found.setdefault(law, self._lifted(i, restriction))
        for family, _ in self._without_one():
            for inner, _ in contained(family):
                found.setdefault(inner, dict.fromkeys(self.parameters, np.nan))  # there are several ways
        return list(found.items())

    def _lifted(self, i: int, parameters: Mapping[str, Goes]) -> dict[str, Any]:
        """Where our parameters go if component i is restricted."""
        own = {f"{n}_{i + 1}": f"{t}_{i + 1}" if isinstance(t, str) else t for n, t in parameters.items()}
        return {**{name: name for name in self.parameters}, **own}


def _weight(place: int, count: int, share: str, parameters: Mapping[str, Any]) -> Any:
    """Weight of a component among `count`, scaled down by the share of another."""
    others = [parameters[f"weight_{k}"] for k in range(1, count)]
    own = others[place - 1] if place < count else 1.0 - sum(others)
    return own * (1.0 - (parameters[share] if share else 0.0))


def _centre(family: Family, theta: Array) -> Array:
    """Mean of each law, its median where there is no mean."""
    columns = tuple(theta.T)
    with np.errstate(all="ignore"):
        mean = np.asarray(family.moments(*columns)[0] if family.moments is not None else np.nan, dtype=float)
        mean = np.broadcast_to(mean, (len(theta),))
        return np.where(np.isfinite(mean), mean, family.ppf(0.5, *columns)) if not np.isfinite(mean).all() else mean


def _hull(supports: Sequence[Interval]) -> Interval:
    low, high = min(s.low for s in supports), max(s.high for s in supports)
    return replace(
        supports[0],
        low=low,
        high=high,
        low_inclusive=any(s.low == low and s.low_inclusive for s in supports),
        high_inclusive=any(s.high == high and s.high_inclusive for s in supports),
    )
