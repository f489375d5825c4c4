"""Composition: a family that is made from another one, and what all compositions share.

The parameters of the inner family come first, under their own names, then those that the composition adds. Bounds
and steps that a candidate gives are parameters with a default: they are never estimated, do not count in k, and are
moved along when the data are standardised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np

from modelselect.block import Block
from modelselect.domain import REAL, Array
from modelselect.errors import CandidateError, did_you_mean
from modelselect.family import Family, Goes, Limit, Parameter, Role, lookup

Moves = Literal["location and scale", "scale", "nothing"]
Parse = Callable[[Any], tuple[Family, dict[str, float]]]
#: Share of the finite width of a domain, or distance from its end, that a guess keeps.
_MARGIN = 1e-6
#: Shares of a typical range between which a part of a composition is tested.
_CENTRAL = (0.3, 0.7)


class Composition(Family):
    """A family made from one inner family; see `modelselect.families.compose`."""

    made = True
    support = REAL
    inner: Family
    #: Keys of the arguments that are not parameters: bounds, shifts and steps.
    options: ClassVar[tuple[str, ...]] = ()
    #: Other words for them → the key that is meant.
    synonyms: ClassVar[Mapping[str, str]] = {}
    #: How the arguments are written, for error messages.
    written: ClassVar[str] = ""

    def __init__(self, inner: Family, **added: Parameter) -> None:
        self.inner = inner
        own = unique_names(added, inner.parameters)
        self.parameters = {**{name: central(parameter) for name, parameter in inner.parameters.items()}, **own}
        self.atoms = inner.atoms
        self.singular = inner.singular
        self._own = tuple(own)

    @classmethod
    def read(cls, arguments: Any, parse: Parse) -> tuple[Family, dict[str, float]]:
        """Return the composition and its given parameters, those given to the inner family included."""
        spec, given = arguments, {}
        if isinstance(arguments, Mapping) and "family" in arguments:
            long_form = ("family", "fixed", "label", "bounds", "method")
            spec = {key: value for key, value in arguments.items() if key in long_form}
            given = {key: value for key, value in arguments.items() if key not in long_form}
        elif isinstance(arguments, Mapping) and len(arguments) > 1:
            raise cls._unknown(
                next((key for key in arguments if did_you_mean(str(key), ["family"])), next(iter(arguments)))
            )
        if spec is None or spec == {}:
            raise CandidateError(f"{cls.name}: the family is missing; expected {cls.written}")
        inner, fixed = parse(spec)
        parameters = {key: value for key, value in given.items() if key not in cls.options}
        try:
            made = cls(inner, **{key: given[key] for key in cls.options if key in given})
        except CandidateError:
            if parameters:  # a bound that is misspelt is not one that is missing
                raise cls._unknown(next(iter(parameters))) from None
            raise
        for key in parameters:
            if key not in made._own:
                raise cls._unknown(key, [name for name in made._own if made.parameters[name].default is None])
        return made, {**fixed, **made.check(parameters)}

    @classmethod
    def _unknown(cls, key: Any, own: Sequence[str] = ()) -> CandidateError:
        known = ["family", *cls.options, *own]
        hint = did_you_mean(str(key), [*known, *cls.synonyms], cls.synonyms)
        return CandidateError(f"{cls.name}: unknown key {key!r}; expected {', '.join(known)}{hint}")

    def label(self, given: Mapping[str, float]) -> str:
        inside = {name: value for name, value in given.items() if name in self.inner.parameters}
        own = {name: value for name, value in given.items() if name not in self.inner.parameters}
        return self.written_as(self.inner.label(inside), own)

    def written_as(self, inner: str, own: Mapping[str, float]) -> str:
        """Short form, with the inner family's."""
        return f"{type(self).name}({', '.join([inner, *(f'{name}={value:g}' for name, value in own.items())])})"

    # -- what follows from the inner family -----------------------------------------------------------------------

    def split(self, parameters: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Parameters of the inner family, and those that are added."""
        count = len(self.inner.parameters)
        return tuple(parameters[:count]), tuple(parameters[count:])

    def lifted(self, family: Family) -> Family:
        """Return the same composition of another inner family."""
        raise NotImplementedError

    @property
    def moves_with(self) -> Moves:
        return self.inner.moves_with

    @property
    def nested(self) -> Mapping[str, Mapping[str, float | str]]:  # type: ignore[override]
        """Families it contains, by name."""
        return {family.name: restriction for family, restriction in self.contains()}

    def contains(self) -> list[tuple[Family, dict[str, float | str]]]:
        """Families it contains, with the restriction: the same composition of what the inner family contains."""
        own = {name: name for name in self._own}
        return [(self.lifted(family), {**within, **own}) for family, within in contained(self.inner)]

    def limit(self, *statistics: Any) -> tuple[Limit, ...]:
        return tuple(
            limit._replace(family=self.lifted(limit.law), parameters=self._kept(limit.parameters))
            for limit in limits_of(self.inner)
        )

    def _kept(self, parameters: Mapping[str, Goes]) -> dict[str, Goes]:
        return {**parameters, **{name: name for name in self._own}}

    def valid(self, *parameters: Any) -> Any:
        return self.inner.valid(*self.split(parameters)[0])

    def unbounded(self, *parameters: Any) -> Any:
        return self.inner.unbounded(*self.split(parameters)[0])

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        return self.inner.kinks(*self.split(parameters)[0])

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        return self.inner.bounds(*self.split(parameters)[0])

    def degenerate(self, block: Block, theta: Any) -> Any:
        return self.inner.degenerate(block, theta[:, : len(self.inner.parameters)])

    def arranged(self, theta: Any, free: Sequence[int]) -> Any:
        count = len(self.inner.parameters)
        inner = self.inner.arranged(theta[:, :count], [j for j in free if j < count])
        return np.concatenate([inner, theta[:, count:]], axis=-1)


# -- reading -----------------------------------------------------------------------------------------------------------


def as_family(inner: Any, where: str) -> Family:
    """Return the inner family of a composition, from itself, its class or its name.

    Raises
    ------
    CandidateError
        It is no family, or one over labels.
    """
    if isinstance(inner, str):
        inner = lookup(inner)
    if isinstance(inner, type) and issubclass(inner, Family) and not inner.made:
        inner = inner()
    if not isinstance(inner, Family):
        raise CandidateError(f"{where}: expected a family such as poisson, got {inner!r}")
    if inner.nominal:
        raise CandidateError(f"{where}: {inner.name} gives masses to outcomes that may be labels; expected numbers")
    return inner


def number(value: Any, where: str) -> float:
    """Return a finite number that a candidate gives.

    Raises
    ------
    CandidateError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise CandidateError(f"{where} must be a number, got {value!r}")
    if not np.isfinite(value):
        raise CandidateError(f"{where} must be finite, got {value!r}; leave it out where there is none")
    return float(value)


def unique_names(added: Mapping[str, Parameter], taken: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Parameters under names that the inner family has not used: ``zero_probability_2`` if the first is taken."""
    names: dict[str, Parameter] = {}
    for name, parameter in added.items():
        unique, count = name, 1
        while unique in taken or unique in names:
            unique, count = f"{name}_{(count := count + 1)}", count
        names[unique] = parameter
    return names


def ends_given(family: Family) -> Family:
    """Return the family with its ends of the support to be given: only its own closed form could estimate them."""
    ends = [n for n, p in family.parameters.items() if not p.regular and p.default is None and not p.required]
    if not ends:
        return family
    other = type(family).__new__(type(family))
    vars(other).update(vars(family))
    other.parameters = {n: replace(p, required=n in ends or p.required) for n, p in family.parameters.items()}
    return other


def central(parameter: Parameter) -> Parameter:
    """The parameter with the middle of its typical range: what is plain of each part is seldom plain of the whole."""
    low, high = parameter.typical
    if low == high or parameter.domain.lattice:
        return parameter
    ends = (low * (high / low) ** share if low > 0 else low + share * (high - low) for share in _CENTRAL)
    return replace(parameter, typical=tuple(float(f"{end:.2g}") for end in ends))  # type: ignore[arg-type]


def role_of_value(family: Family) -> Role | None:
    """How a value on the axis of x moves with the data of a family."""
    return {"location and scale": "location", "scale": "scale"}.get(family.moves_with)  # type: ignore[return-value]


# -- what a family contains and tends to -------------------------------------------------------------------------------


def contained(family: Family) -> list[tuple[Family, dict[str, float | str]]]:
    """Families that a family contains, with the restriction."""
    if family.made:
        return family.contains() if hasattr(family, "contains") else []
    return [(lookup(name)(), dict(restriction)) for name, restriction in family.nested.items()]


def limits_of(family: Family) -> tuple[Limit, ...]:
    """Limits of a family on unknown data: never certain."""
    if family.limit is None:
        return ()
    unknown = [np.full(1, np.nan)] * len(family.statistics)
    function = getattr(family.limit, "__func__", family.limit)
    only = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    with np.errstate(all="ignore"):
        found = family.limit(*unknown, **{p.name: np.full(1, np.nan) for p in only if p.default is p.empty})
    limits = (found,) if isinstance(found, Limit) else tuple(found)
    return tuple(limit._replace(family=limit.law, certain=np.zeros(1, dtype=bool)) for limit in limits)


# -- starts ------------------------------------------------------------------------------------------------------------


def guesses(family: Family, block: Block, given: Array) -> Array:
    """Starts of a family on a block ``(S, G, p)``, inside the domains, given parameters (not NaN) in their places."""
    groups = max(block.groups, len(given))
    with np.errstate(all="ignore"):
        found = [np.asarray(a, dtype=float) for a in family.starts(block, given)]
    count = max((len(a) for a in found if a.ndim == 2), default=1)
    theta = np.empty((count, groups, len(family.parameters)))
    for j, (parameter, guess) in enumerate(zip(family.parameters.values(), found, strict=True)):
        domain = parameter.domain
        low = domain.low + _MARGIN if np.isfinite(domain.low) else -1e300
        high = domain.high - _MARGIN if np.isfinite(domain.high) else 1e300
        clean = np.where(np.isfinite(guess), guess, np.clip(1.0, low, high))
        theta[:, :, j] = np.clip(np.broadcast_to(clean, (count, groups)), low, high)
    return np.where(np.isnan(given), theta, given)


def stacked(*starts: Array) -> tuple[Any, ...]:
    """Starts ``(S, G, p)`` of several kinds as what `Family.starts` returns."""
    return tuple(np.moveaxis(np.concatenate(starts), -1, 0))


def points_of(block: Block, given: Array) -> tuple[Array, Array]:
    """One number an observation ``(1 or G, m)`` and the weights ``(G, m)``, of as many groups as given rows."""
    groups = max(block.groups, len(given))
    return block.points, np.broadcast_to(block.weights, (groups, block.weights.shape[1]))


# -- distribution functions --------------------------------------------------------------------------------------------


def just_below(family: Family, x: Any) -> Any:
    """The greatest number below x that matters: P(X ≤ it) is P(X < x)."""
    if family.discrete:
        return x - family.support.step
    return np.nextafter(x, -np.inf) if family.atoms else x


def settled(family: Family, guess: Any, q: Any, parameters: tuple[Any, ...]) -> Any:
    """Smallest point of the lattice with cdf ≥ q, where a formula has come near it."""
    low, high = family.bounds(*parameters)
    step = family.support.step
    x = np.clip(guess, low, high)
    for _ in range(3):
        x = np.where((x > low) & (family.cdf(x - step, *parameters) >= q), x - step, x)
    for _ in range(3):
        x = np.where((x < high) & (family.cdf(x, *parameters) < q), x + step, x)
    return x


def bisected(family: Family, q: Any, left: Any, right: Any, parameters: tuple[Any, ...]) -> Any:
    """Smallest x with cdf ≥ q between two points, the first of which is below it, to the last bit or lattice point."""
    q, left, right, *parameters = np.broadcast_arrays(q, left, right, *parameters)  # type: ignore[assignment]
    step = family.support.step if family.discrete else 0.0
    for _ in range(1100):
        middle = 0.5 * (left + right)
        middle = step * np.floor(middle / step + 1e-9) if step else middle
        open_ = (middle > left) & (middle < right)
        if not np.any(open_):
            break
        enough = family.cdf(middle, *parameters) >= q
        left, right = np.where(open_ & ~enough, middle, left), np.where(open_ & enough, middle, right)
    return right
