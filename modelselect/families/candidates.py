"""Candidate: a family, the parameters that are given, and a label — from the words of a YAML file or of Python.

A candidate is written as a scalar (`poisson`), as a mapping with one key (`binomial: {n: 10}`,
`table: {H: 0.6, T: 0.4}`), or in the long form (`{family: binomial, fixed: {n: 10}, label: ten teeth}`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelselect.errors import CandidateError, did_you_mean
from modelselect.family import Family, lookup


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
    """

    family: Family
    fixed: dict[str, float] = field(default_factory=dict)
    label: str = ""


def parse_candidate(spec: Any) -> Candidate:
    """Return the candidate that a specification means.

    Parameters
    ----------
    spec
        A family name or `Family`, a mapping with one key, a mapping with the key ``family`` (and
        ``fixed``, ``label``), or a `Candidate`.

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
    if isinstance(spec, Family):
        return Candidate(spec, {}, spec.label({}))
    if isinstance(spec, str):
        return _candidate(spec, {})
    if not isinstance(spec, Mapping):
        expected = "a family name or a mapping such as {binomial: {n: 10}}"
        raise CandidateError(f"candidate: expected {expected}, got {spec!r}")
    if "family" in spec:
        unknown = [key for key in spec if key not in ("family", "fixed", "label")]
        if unknown:
            hint = did_you_mean(str(unknown[0]), ["family", "fixed", "label"])
            raise CandidateError(f"candidate: unknown key {unknown[0]!r}; expected family, fixed, label{hint}")
        label = spec.get("label")
        if label is not None and (not isinstance(label, str) or not label.strip()):
            raise CandidateError(f"candidate: label must be text, got {label!r}")
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
        return made if label is None else Candidate(made.family, made.fixed, label)
    if len(spec) != 1:
        raise CandidateError(
            f"candidate: expected one family in a mapping, got {len(spec)} keys ({', '.join(map(str, spec))}); "
            "write one candidate a list entry, or use the key family"
        )
    ((name, arguments),) = spec.items()
    return _candidate(name, arguments)


def parse_candidates(specs: Sequence[Any] | str) -> list[Candidate]:
    """Return the candidates of a list, with labels that are all different.

    Raises
    ------
    CandidateError
        The list is empty or names two candidates alike.
    """
    if isinstance(specs, (str, Mapping, Family, Candidate)):
        specs = [specs]
    made = [parse_candidate(spec) for spec in specs]
    if not made:
        raise CandidateError("candidates: empty; expected at least one family")
    seen: set[str] = set()
    for candidate in made:
        if candidate.label in seen:
            raise CandidateError(f"candidates: two are labelled {candidate.label!r}; give one of them another label")
        seen.add(candidate.label)
    return made


def _candidate(name: Any, arguments: Any) -> Candidate:
    if not isinstance(name, str):
        raise CandidateError(f"candidate: expected a family name, got {name!r}")
    family, fixed = lookup(name).read(arguments, _inner)
    return Candidate(family, fixed, family.label(fixed))


def _inner(spec: Any) -> tuple[Family, dict[str, float]]:
    """Read a candidate inside another one."""
    candidate = parse_candidate(spec)
    return candidate.family, candidate.fixed
