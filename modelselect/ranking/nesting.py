"""Which candidate contains which: what a likelihood ratio may be applied to."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any, NamedTuple

from modelselect.families.candidates import Candidate
from modelselect.fitting.result import Fit
from modelselect.fitting.status import Status


@singledispatch
def reached(contender: Any) -> Any:
    """Return what was fitted in fact: at a limit of its family, the limit law with its own parameters."""
    return contender


@reached.register
def _(fit: Fit) -> Fit:
    if fit.limit is None:
        return fit
    law = fit.limit.family
    fixed = {name: value for name, value in fit.candidate.fixed.items() if name in law.parameters}
    free = [name for name, parameter in law.parameters.items() if name not in fixed and parameter.default is None]
    there = Candidate(law, fixed, fit.label)
    return replace(
        fit,
        law=law,
        candidate=there,
        parameters=dict(fit.limit.parameters),
        k=len(free),
        limit=None,
        status=Status.CONVERGED,
        reason="",
    )


class Nesting(NamedTuple):
    """Which of two candidates contains the other: sign +1 if the first one does.

    `regular` is False where they differ by an end of the support or an integer, whose likelihood
    ratio is not χ².
    """

    sign: int
    degrees: int
    boundary: bool
    regular: bool


@singledispatch
def nesting(_a: Any, _b: Any) -> Nesting | None:
    """How two candidates nest in each other, as their families declare it; None if they do not."""
    return None


@nesting.register
def _(a: Fit, b: Fit) -> Nesting | None:
    if any(fit.candidate.method != "mle" or fit.candidate.bounds for fit in (a, b)):
        return None  # the likelihood ratio is one of two maxima
    for sign, large, small in ((1, a, b), (-1, b, a)):
        boundary = _contains(large, small)
        if boundary is not None and large.k >= small.k:
            extra = set(large.free) - set(small.free)
            regular = all(large.law.parameters[name].regular for name in extra)
            regular &= boundary <= 1 and not _singular(large, small)
            return Nesting(sign, large.k - small.k, boundary > 0, regular)
    return None


def _singular(large: Fit, small: Fit) -> bool:
    """Whether `small` restricts what no likelihood ratio that is χ² tests: the weights of a mixture, a threshold."""
    restriction = large.law.nested.get(small.law.name, {})
    return small.law.name in large.law.singular or any(
        not isinstance(restriction.get(name, name), str) for name in large.law.singular
    )


def _contains(large: Fit, small: Fit) -> int | None:
    """In how many directions `small` lies on the boundary of `large`; None where it is no part of it.

    Given parameters included: every law of `small` is a law, or a limit, of `large`.
    """
    if large.law.nominal or small.law.nominal:
        return None
    if large.law.name == small.law.name:
        return 0 if _given(large).items() <= _given(small).items() else None
    restriction = large.law.nested.get(small.law.name)
    if restriction is None:
        return None
    own = large.law.parameters
    theirs = _given(small)
    if any(theirs.get(name) != value for name, value in restriction.items() if name not in own):
        return None
    boundary = 0
    for name in own:
        target = restriction.get(name, name)
        held = _given(large).get(name)
        if isinstance(target, str):
            # a parameter given in the large one must be given alike in the small one
            if held is not None and theirs.get(target) != held:
                return None
        elif held is not None and held != target:
            return None
        elif held is None:
            domain = large.law.parameters[name].domain
            boundary += target in (domain.low, domain.high)
    # those that reach their ends together, as a and b of a beta-binomial do, leave a parameter of the smaller one free
    targets = [restriction.get(name, name) for name in own]
    return max(boundary - sum(name not in targets for name in small.law.parameters), int(boundary > 0))


def _given(fit: Fit) -> dict[str, float]:
    """Parameters that are not estimated: given, or the family's defaults."""
    defaults = {name: p.default for name, p in fit.law.parameters.items() if p.default is not None}
    return {**defaults, **fit.candidate.fixed}
