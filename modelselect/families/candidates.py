"""Candidate: a family, the parameters that are given, and a label — from the words of a YAML file or of Python.

A candidate is written as a scalar (`poisson`), as a mapping with one key (`binomial: {n: 10}`,
`table: {H: 0.6, T: 0.4}`), or in the long form (`{family: binomial, fixed: {n: 10}, label: ten teeth}`, which may also
say `bounds: {p: [0.4, 0.6]}` and `method: moments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelselect.errors import CandidateError, did_you_mean
from modelselect.families.groups import GROUPS, group
from modelselect.family import Family, lookup, registered

#: How a candidate may be estimated; `minimum_distance` is that of Cramér and von Mises.
METHODS = ("mle", "moments", "l_moments", "quantiles", "spacing", "minimum_distance", "cvm", "ad", "ks")


@dataclass(frozen=True)
class Candidate:
    """What is to be fitted.

    Attributes
    ----------
    family
        The family.
    fixed
        Parameters that are given, not estimated.
    label
        How tables and figures name it.
    method
        How it is estimated: ``mle``, or another method of `modelselect.fitting.methods`.
    bounds
        Between which values parameters are kept (infinite: no bound).
    """

    family: Family
    fixed: dict[str, float] = field(default_factory=dict)
    label: str = ""
    method: str = field(default="mle", repr=False)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)


def parse_candidate(spec: Any) -> Candidate:
    """Return the candidate that a specification means.

    Parameters
    ----------
    spec
        A family name or `Family`, a mapping with one key, a mapping with the key ``family`` (and
        ``fixed``, ``bounds``, ``method``, ``label``), or a `Candidate`.

    Raises
    ------
    CandidateError
        Unknown family or parameter (with the nearest known names), a fixed value outside its domain,
        or a specification of another form.

    Examples
    --------
    >>> import modelselect
    >>> parse_candidate({"binomial": {"n": 10}})
    Candidate(family=binomial, fixed={'n': 10.0}, label='binomial(n=10)')
    """
    if isinstance(spec, Candidate):
        return spec
    if isinstance(spec, type) and issubclass(spec, Family) and not spec.made:
        spec = spec()
    if isinstance(spec, Family):
        return Candidate(spec, {}, spec.label({}))
    if isinstance(spec, str):
        return _candidate(spec, {})
    if not isinstance(spec, Mapping):
        expected = "a family name or a mapping such as {binomial: {n: 10}}"
        raise CandidateError(f"candidate: expected {expected}, got {spec!r}")
    if "family" in spec:
        return _long_form(spec)
    if len(spec) != 1:
        raise CandidateError(
            f"candidate: expected one family in a mapping, got {len(spec)} keys ({', '.join(map(str, spec))}); "
            "write one candidate a list entry, or use the key family"
        )
    ((name, arguments),) = spec.items()
    return _candidate(name, arguments)


def parse_candidates(specs: Sequence[Any] | str) -> list[Candidate]:
    """Return the candidates of a list, with labels that are all different.

    The name of a group (``core``, ``positive``, … see `modelselect.families.groups`) stands for all its families,
    without those that are named beside it.

    Raises
    ------
    CandidateError
        The list is empty or names two candidates alike.

    Examples
    --------
    >>> import modelselect.families
    >>> [candidate.label for candidate in parse_candidates(["circle", "uniform"])]
    ['von_mises', 'wrapped_cauchy', 'uniform']
    """
    if isinstance(specs, (str, Mapping, Family, Candidate)):
        specs = [specs]
    said = [None if is_group(spec) else parse_candidate(spec) for spec in specs]
    seen: set[str] = set()
    for candidate in said:
        if candidate is not None and candidate.label in seen:
            raise CandidateError(f"candidates: two are labelled {candidate.label!r}; give one of them another label")
        seen |= {candidate.label} if candidate is not None else set()
    made: list[Candidate] = []
    for spec, candidate in zip(specs, said, strict=True):
        if candidate is not None:
            made.append(candidate)
            continue
        new = [name for name in group(spec) if name not in seen]
        seen.update(new)
        made += map(parse_candidate, new)
    if not made:
        raise CandidateError("candidates: empty; expected at least one family")
    return made


def is_group(spec: Any) -> bool:
    """Whether a specification is the name of a group of families (a family's name beats it)."""
    return isinstance(spec, str) and spec in GROUPS and spec not in registered()


def _candidate(name: Any, arguments: Any) -> Candidate:
    if not isinstance(name, str):
        raise CandidateError(f"candidate: expected a family name, got {name!r}")
    if is_group(name):
        raise CandidateError(
            f"{name!r} is a group of families, which stands in a list of candidates, not for one family"
        )
    family, fixed = lookup(name, () if arguments else GROUPS).read(arguments, _inner)
    return Candidate(family, fixed, family.label(fixed))


def _inner(spec: Any) -> tuple[Family, dict[str, float]]:
    """Read a candidate inside another one."""
    candidate = parse_candidate(spec)
    if candidate.bounds or candidate.method != "mle":
        raise CandidateError(f"{candidate.label}: bounds and method belong to the whole candidate, not to a part of it")
    return candidate.family, candidate.fixed


#: Keys of a candidate in its long form.
LONG_FORM = ("family", "fixed", "bounds", "method", "label")


def _long_form(spec: Mapping[str, Any]) -> Candidate:
    unknown = [key for key in spec if key not in LONG_FORM]
    if unknown:
        hint = did_you_mean(str(unknown[0]), list(LONG_FORM))
        raise CandidateError(f"candidate: unknown key {unknown[0]!r}; expected {', '.join(LONG_FORM)}{hint}")
    label, method = spec.get("label"), spec.get("method", "mle")
    if label is not None and (not isinstance(label, str) or not label.strip()):
        raise CandidateError(f"candidate: label must be text, got {label!r}")
    if method not in METHODS:
        hint = did_you_mean(str(method), METHODS)
        raise CandidateError(f"method: expected one of {', '.join(METHODS)}, got {method!r}{hint}")
    inner = spec["family"]
    if isinstance(inner, Mapping):
        if spec.get("fixed"):
            raise CandidateError("candidate: give the parameters either inside family or under fixed, not both")
        made = parse_candidate(inner)
    elif isinstance(inner, Family):
        fixed = inner.check(spec.get("fixed") or {}, inner.name)
        made = Candidate(inner, fixed, inner.label(fixed))
    else:
        made = _candidate(inner, spec.get("fixed"))
    bounds = _bounds(made, spec.get("bounds"))
    if bounds and method != "mle":
        raise CandidateError(f"{made.label}: bounds are kept by maximum likelihood only, not by {method}")
    plain = made.label
    if bounds:
        limits = ", ".join(f"{low:g} ≤ {name} ≤ {high:g}" for name, (low, high) in bounds.items())
        plain = f"{plain} with {limits}".replace("-inf ≤ ", "").replace(" ≤ inf", "")
    if method != "mle":
        plain = f"{plain} by {method}"
    return Candidate(made.family, made.fixed, plain if label is None else label, method, bounds)


def _bounds(made: Candidate, given: Any) -> dict[str, tuple[float, float]]:
    if not given:
        return {}
    if not isinstance(given, Mapping):
        raise CandidateError(f"{made.label}: bounds must be a mapping such as {{shape: [0.5, 3]}}, got {given!r}")
    bounds = {}
    for name, ends in given.items():
        if name not in made.family.parameters:
            known = ", ".join(made.family.parameters) or "none"
            hint = did_you_mean(str(name), made.family.parameters)
            raise CandidateError(f"{made.label}: bounds of an unknown parameter {name!r}; it has: {known}{hint}")
        if name in made.fixed:
            raise CandidateError(f"{made.label}: {name} is given, so that it has no bounds")
        pair = list(ends) if isinstance(ends, Sequence) and not isinstance(ends, str) else []
        if len(pair) != 2 or any(
            isinstance(end, bool) or not isinstance(end, (int, float, type(None))) for end in pair
        ):
            raise CandidateError(f"{made.label}: bounds of {name} must be [low, high], null for none; got {ends!r}")
        low = -np.inf if pair[0] is None else float(pair[0])
        high = np.inf if pair[1] is None else float(pair[1])
        domain = made.family.parameters[name].domain
        if not low < high or any(np.isfinite(end) and not domain.contains(end) for end in (low, high)):
            raise CandidateError(f"{made.label}: bounds of {name} must be low < high in {domain}, got {ends!r}")
        bounds[str(name)] = (low, high)
    return bounds
