"""The profiles that an experiment asks for: KL over the values of one parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from modelselect.divergence.empirical import profile
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.families.candidates import Candidate, parse_candidate
from modelselect.family import Parameter
from modelselect.fitting.fit import fit_candidate
from modelselect.fitting.result import Fit
from modelselect.reporting.page import ProfileCurve

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment
    from modelselect.experiment.requests import Profile
    from modelselect.ranking.result import Ranking

STEPS = 101
#: How far a grid reaches on either side of the estimate, in standard errors.
_REACH = 4.0


def check_profiles(experiment: Experiment) -> None:
    """Check that the profiled parameters exist and that the grids lie in their domains.

    Raises
    ------
    ConfigurationError
        With the place of the setting at fault.
    """
    for number, wanted in enumerate(experiment.profiles):
        candidate = _candidate(experiment, wanted)
        parameters, family = candidate.family.parameters, candidate.family.name
        if wanted.parameter not in parameters:
            known = f"expected one of {', '.join(parameters)}" if parameters else "which has none"
            hint = did_you_mean(wanted.parameter[:80], parameters)
            sentence = f"got '{wanted.parameter}' of {family}, {known}{hint}"
            raise _refuse(experiment, number, "parameter", sentence)
        domain = parameters[wanted.parameter].domain
        for key, end in (("from", wanted.from_), ("to", wanted.to)):
            if end is not None and not (math.isfinite(end) and domain.contains(end)):
                raise _refuse(experiment, number, key, f"got {end:g}, expected {wanted.parameter} in {domain}")


def profile_curves(experiment: Experiment, ranking: Ranking) -> tuple[tuple[ProfileCurve, ...], tuple[str, ...]]:
    """Draw the profiles; the second result says which could not be, and why."""
    curves, notes = [], []
    for number, wanted in enumerate(experiment.profiles):
        fit = ranking.fits[_candidate(experiment, wanted).label]
        if not fit.status.usable or not fit.comparable:
            notes.append(f"KL of {fit.label} over {wanted.parameter} is not drawn, since it was not fitted")
            continue
        curves.append(_curve(experiment, number, ranking, fit))
    return tuple(curves), tuple(notes)


def _candidate(experiment: Experiment, wanted: Profile) -> Candidate:
    """The candidate of that label, else the one of that family; `Experiment` has made sure there is one."""
    candidates = experiment.chosen()
    by_label = {candidate.label: candidate for candidate in candidates}
    if wanted.candidate in by_label:
        return by_label[wanted.candidate]
    family = parse_candidate(wanted.candidate).family.name
    return next(candidate for candidate in candidates if candidate.family.name == family)


def _curve(experiment: Experiment, number: int, ranking: Ranking, fit: Fit) -> ProfileCurve:
    name = experiment.profiles[number].parameter
    free = fit
    if name in fit.candidate.fixed:  # the curve lets go of what was given, and so has its own minimum
        rest = {key: value for key, value in fit.candidate.fixed.items() if key != name}
        free = fit_candidate(Candidate(fit.candidate.family, rest, fit.label), fit.sample)
    estimate = free.parameters.get(name, math.nan) if free.status.usable else math.nan
    grid = _grid(experiment, number, free, estimate)
    if math.isfinite(estimate) and grid[0] <= estimate <= grid[-1]:
        grid = np.union1d(grid, [estimate])
    frame = profile(fit, name, grid)
    at, kl = estimate, -free.mean_log_likelihood - ranking.level.in_sample
    if math.isnan(estimate):
        lowest = int(np.argmin(np.where(np.isnan(frame["kl"]), np.inf, frame["kl"])))
        at, kl = float(grid[lowest]), float(frame["kl"].iloc[lowest])
    return ProfileCurve(fit.label, name, frame, at, kl)


def _grid(experiment: Experiment, number: int, fit: Fit, estimate: float) -> Array:
    wanted = experiment.profiles[number]
    parameter = fit.law.parameters[wanted.parameter]
    low, high = _reach(fit, wanted.parameter, parameter, estimate)
    low = low if wanted.from_ is None else wanted.from_
    high = high if wanted.to is None else wanted.to
    if not low < high:
        given, other = ("from", "to") if wanted.to is None else ("to", "from")
        sentence = f"got {low if given == 'from' else high:g}, far from the estimate {estimate:g}; give '{other}' too"
        raise _refuse(experiment, number, given, sentence)
    steps = wanted.steps or STEPS
    # 0.09 is meant to be 0.09, not the nearest sum of steps: twelve digits of a step are kept
    places = 12 - math.floor(math.log10((high - low) / max(steps - 1, 1)))
    grid = np.round(np.linspace(low, high, steps), min(max(places, -300), 300))
    return np.unique(np.rint(grid)) if parameter.domain.lattice else grid


def _reach(fit: Fit, name: str, parameter: Parameter, estimate: float) -> tuple[float, float]:
    """Four standard errors on either side of the estimate, inside the domain; without them a sensible range."""
    domain = parameter.domain
    if not math.isfinite(estimate):
        return parameter.typical
    error = fit.standard_errors.get(name, math.nan)
    if math.isfinite(error) and error > 0:
        half = _REACH * error
    elif domain.lattice:
        half = max(10.0, abs(estimate))
    else:
        half = 0.5 * abs(estimate) or 1.0
    low, high = estimate - half, estimate + half
    if low <= domain.low:
        low = domain.low if domain.lattice else domain.low + 0.02 * (estimate - domain.low)
    if high >= domain.high:
        high = domain.high if domain.lattice else domain.high - 0.02 * (domain.high - estimate)
    return (low, high) if low < high else parameter.typical


def _refuse(experiment: Experiment, number: int, key: str, sentence: str) -> ConfigurationError:
    place = experiment.place("profiles", number, key)
    return ConfigurationError(f"{place}{': ' if place else ''}profiles[{number}].{key}: {sentence}")
