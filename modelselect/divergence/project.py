"""project(): the member of a family that is nearest to a known distribution, in either direction of KL.

Forward, argmin KL(P ‖ q), is a fit to P itself: the nodes of a quadrature of P with their weights are the sample.
Reverse, argmin KL(q ‖ P), is what variational inference does: q seeks a place where P has mass and stays inside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.divergence.laws import Law, as_law, is_law
from modelselect.divergence.pairs import LEVELS, cuts_of, kl
from modelselect.divergence.quadrature import mesh, nodes
from modelselect.divergence.samples import SampleAndLaw
from modelselect.domain import Array
from modelselect.errors import CandidateError, DataError, PrecisionError
from modelselect.families.candidates import Candidate, parse_candidate
from modelselect.family import Family
from modelselect.fitting.estimate import Estimate, estimate
from modelselect.fitting.fit import fit_candidate
from modelselect.fitting.status import Status
from modelselect.sample import Sample

Direction = Literal["forward", "reverse"]

#: Weight of the ends and quartiles of P among the nodes: nothing to a mean, but it settles a minimum and a median.
_MARK = 1e-11
#: Masses of a lattice beyond which terms are not summed one by one.
_MOST_POINTS = 2_000_000
#: Panels between two cuts, so that the nodes carry any smooth log q.
_FINER = 4
#: Refits with the panels cut at the kinks of the last one.
_REFITS = 6
#: Shares of P to which a start of the reverse search is fitted: all of it, halves, and windows.
_WINDOWS = (
    (0.0, 1.0),
    (0.0, 0.5),
    (0.5, 1.0),
    (0.25, 0.75),
    (0.0, 0.2),
    (0.2, 0.4),
    (0.4, 0.6),
    (0.6, 0.8),
    (0.8, 1.0),
)
#: Steps of Newton at the end of the reverse search, and the step of its differences.
_POLISH, _STEP = 4, 2e-3


@dataclass(frozen=True)
class Projection:
    """The nearest member of a family.

    Attributes
    ----------
    distribution
        The law; the limit law where the minimum lies on a boundary.
    kl
        The divergence that is reached, in nats: KL(P ‖ q) forward, KL(q ‖ P) reverse.
    direction
        ``forward`` or ``reverse``.
    """

    distribution: Distribution
    kl: float
    direction: Direction


def project(
    p: Any, family: Any, direction: Direction = "forward", *, fixed: Mapping[str, float] | None = None
) -> Projection:
    """Find the member of a family that is nearest to a known P.

    Parameters
    ----------
    p
        A `Distribution`, a frozen law of scipy.stats, or, forward, a `Sample`.
    family
        Name, `Family`, or any candidate form (``{"binomial": {"n": 10}}``).
    direction
        ``forward``: argmin KL(P ‖ q), which spreads over all of P; moments of an exponential family are matched.
        ``reverse``: argmin KL(q ‖ P), which stays where P has mass; of several minima the least one that was found.
    fixed
        Parameters that are given.

    Returns
    -------
    Projection
        The law, and the divergence that it reaches.

    Raises
    ------
    CandidateError
        Unknown family, parameter or direction.
    DataError
        Every member is infinitely far, or P gives masses and the family a density.
    PrecisionError
        An integral was not reached, or no minimum was found.

    References
    ----------
    Csiszár (1975), I-divergence geometry of probability distributions and minimization problems; Bishop (2006),
    Pattern recognition and machine learning, section 10.1.2.

    Examples
    --------
    >>> import modelselect as ms
    >>> wait = ms.Distribution.of("gamma", shape=2.0, scale=3.0)
    >>> nearest = project(wait, "normal")
    >>> {name: round(value, 6) for name, value in nearest.distribution.parameters.items()}, round(nearest.kl, 6)
    ({'mean': 6.0, 'sd': 4.242641}, 0.188296)
    """
    if direction not in ("forward", "reverse"):
        raise CandidateError(f"direction: expected forward or reverse, got {direction!r}")
    candidate = parse_candidate(family)
    if fixed:
        candidate = parse_candidate({"family": candidate.family, "fixed": {**candidate.fixed, **fixed}})
    if isinstance(p, Sample):
        return _of_sample(p, candidate, direction)
    if not is_law(p):
        raise DataError(f"p: expected a Distribution, a law of scipy.stats or a Sample, got {type(p).__name__}")
    law, member = as_law(p), candidate.family
    if member.nominal:
        raise CandidateError(f"family: {member.name} is a table, not a family of laws over numbers")
    if law.discrete != member.discrete:
        which = "gives masses" if law.discrete else "has a density"
        other = "gives masses" if member.discrete else "has a density"
        raise DataError(f"{law.name} {which} and {member.name} {other}: they are never compared")
    inside, outside = (member, law) if direction == "forward" else (law, member)
    alone = sorted(set(outside.atoms) - set(inside.atoms))
    if alone:
        raise DataError(
            f"every member of {member.name} is infinitely far from {law.name}: {outside.name} has an atom at "
            f"{alone[0]:g}, and {inside.name} gives no mass to single values (hurdle: makes families that do)"
        )
    return _forward(law, candidate) if direction == "forward" else _reverse(law, candidate)


def _of_sample(sample: Sample, candidate: Candidate, direction: Direction) -> Projection:
    if direction == "reverse":
        raise DataError("direction: a sample has no density that a law could stay inside; only forward is known")
    fit = fit_candidate(candidate, sample)
    if fit.distribution is None or not np.isfinite(fit.mean_log_likelihood):
        raise DataError(f"no member of {candidate.family.name} fits the sample: {fit.reason}")
    return Projection(fit.distribution, float(SampleAndLaw(sample, fit.distribution).kl()), direction)


# forward ----------------------------------------------------------------------------------------------------------


def _forward(p: Law, candidate: Candidate) -> Projection:
    found: Distribution | None = None
    kinks: tuple[float, ...] = ()
    for _ in range(_REFITS):
        block = _as_block(p, candidate.family, kinks)
        law, theta = _estimated(estimate(candidate.family, block, candidate.fixed), candidate.family, p)
        last, found = found, law
        new = tuple(float(np.asarray(kink).item()) for kink in law.family.kinks(*theta))
        if not new or p.discrete:
            break
        if last is not None and np.allclose(theta, tuple(last.parameters.values()), rtol=1e-12, atol=1e-14):
            break
        kinks = new
    if found is None:
        raise PrecisionError("no projection was tried")
    value = kl(p, as_law(found))
    if not np.isfinite(value):
        raise DataError(f"every member of {candidate.family.name} is infinitely far from {p.name}")
    return Projection(found, value, "forward")


def _estimated(found: Estimate, family: Family, p: Law) -> tuple[Distribution, tuple[float, ...]]:
    status = Status(found.status[0])
    if status is Status.OUT_OF_SUPPORT:
        raise DataError(f"every member of {family.name} is infinitely far from {p.name}: {found.reason[0]}")
    if not status.usable:
        raise PrecisionError(f"no member of {family.name} is nearest to {p.name}: {status}: {found.reason[0]}")
    law, at = found.law(0) if status is Status.BOUNDARY else (family, found.parameters[0])
    values = tuple(map(float, at))
    return Distribution(law, dict(zip(law.parameters, values, strict=True)), checked=True), values


def _as_block(p: Law, family: Family, kinks: tuple[float, ...] = ()) -> Block:
    """P as a weighted sample: its masses, or the nodes of a quadrature."""
    x, w = _masses(p) if p.discrete else _quadrature(p, kinks)
    if p.atoms:
        with np.errstate(all="ignore"):
            atoms = np.array(p.atoms)
            x, w = np.append(x, atoms), np.append(w, np.exp(np.asarray(p.logp(atoms), dtype=float)))
    with np.errstate(all="ignore"):
        marks = [*np.asarray(p.ppf(np.array([0.25, 0.5, 0.75])), dtype=float)]
    if any(not parameter.regular for parameter in family.parameters.values()):
        marks += [end for end in (p.low, p.high) if np.isfinite(end)]
    x, w = np.append(x, marks), np.append(w, np.full(len(marks), _MARK))
    kept = (w > 1e-300) & np.isfinite(x)
    order = np.argsort(x[kept], kind="stable")
    x, w = x[kept][order], w[kept][order]
    return Block(x[None, :], x[None, :], w[None, :] / w.sum())


def _masses(p: Law) -> tuple[Array, Array]:
    if p.points is not None:
        x = p.points
    else:
        with np.errstate(all="ignore"):
            low, high = (float(v) for v in np.asarray(p.ppf(np.array([1e-14, 1.0 - 1e-14])), dtype=float))
        low, high = (end if np.isfinite(end) else ppf for end, ppf in ((p.low, low), (p.high, high)))
        size = high - low
        low, high = max(p.low, low - size), min(p.high, high + size)
        if not (high - low) / p.step <= _MOST_POINTS:
            raise PrecisionError(f"{p.name} spreads its mass over more than {_MOST_POINTS} points")
        x = low + p.step * np.arange(round((high - low) / p.step) + 1.0)
    with np.errstate(all="ignore"):
        return x, np.exp(np.asarray(p.logp(x), dtype=float))


def _quadrature(p: Law, kinks: tuple[float, ...]) -> tuple[Array, Array]:
    cuts, anchors = cuts_of(p, p)
    inner = np.unique([cut for cut in (*cuts, *kinks) if np.isfinite(cut)])
    share = np.arange(_FINER) / _FINER
    finer = (inner[:-1, None] + np.diff(inner)[:, None] * share).ravel()
    panels = mesh([*finer, *inner], p.low, p.high, anchors).panels
    x, slope, weights = nodes(panels)
    with np.errstate(all="ignore"):
        w = weights * np.exp(np.asarray(p.logp(x), dtype=float) + slope)
    return x.ravel(), w.ravel()


# reverse ----------------------------------------------------------------------------------------------------------


def _reverse(p: Law, candidate: Candidate) -> Projection:
    from scipy.optimize import minimize

    family = candidate.family
    free = [name for name, one in family.parameters.items() if name not in candidate.fixed and one.default is None]
    for name in free:
        if family.parameters[name].domain.lattice:
            raise CandidateError(f"fixed: {name} of {family.name} is a whole number and is not searched for; give it")
    given = {**{n: one.default for n, one in family.parameters.items() if one.default is not None}, **candidate.fixed}

    def member(u: Array) -> Distribution:
        values = {name: float(family.parameters[name].domain.from_real(v)) for name, v in zip(free, u, strict=True)}
        ordered = {name: float(values.get(name, given.get(name, np.nan))) for name in family.parameters}
        return Distribution(family, ordered, checked=True)

    def value(u: Array) -> float:
        q = member(u)
        theta = tuple(q.parameters.values())
        if not (np.isfinite(theta).all() and np.all(family.valid(*theta))):
            return np.inf
        try:
            return kl(as_law(q), p)
        except (PrecisionError, FloatingPointError, ValueError):
            return np.inf

    if not free:
        return Projection(member(np.zeros(0)), value(np.zeros(0)), "reverse")
    best, least = None, np.inf
    for start in _starts(p, candidate, free):
        if not np.isfinite(value(start)):
            continue
        with np.errstate(all="ignore"):
            found = minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-10})
        if found.fun < least - 1e-9:
            best, least = np.asarray(found.x, dtype=float), float(found.fun)
    if best is None:
        raise DataError(f"every member of {family.name} that was tried is infinitely far from {p.name}")
    best = _polished(value, best)
    return Projection(member(best), value(best), "reverse")


def _starts(p: Law, candidate: Candidate, free: list[str]) -> list[Array]:
    """Fits to windows of P, on the real line, each tried as it is and narrower: minima of the reverse divergence."""
    family = candidate.family
    block = _as_block(p, family)
    total = np.cumsum(block.weights[0])
    windows = np.array([(total > low) & (total <= high) for low, high in _WINDOWS])
    weights = np.where(windows, block.weights, 0.0)
    weights = weights[weights.sum(axis=-1) > 0]
    found = estimate(family, Block(block.lower, block.upper, weights), candidate.fixed)
    columns = [list(family.parameters).index(name) for name in free]
    starts = []
    for theta in found.parameters[:, columns]:
        with np.errstate(all="ignore"):
            u = np.array(
                [float(family.parameters[name].domain.to_real(v)) for name, v in zip(free, theta, strict=True)]
            )
        if np.isfinite(u).all():
            starts.append(u)
    if not starts:
        middle = float(np.asarray(p.ppf(LEVELS[len(LEVELS) // 2])))
        roles = [family.parameters[name].role for name in free]
        trial = [np.array([0.0, 1.0, -1.0]) + (middle if role == "location" else 0.0) for role in roles]
        starts = [np.array(u) for u in itertools.product(*trial)]
    return starts


def _polished(value: Any, u: Array) -> Array:
    """Newton's steps with differences of fourth order: the minimum of a smooth function to eight digits."""
    for _ in range(_POLISH):
        gradient, hessian = _derivatives(value, u)
        if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
            return u
        if np.linalg.eigvalsh(hessian).min() <= 0:
            return u
        step = np.linalg.solve(hessian, gradient)
        if np.abs(step).max() > 0.1 or value(u - step) > value(u) + 1e-12:
            return u
        u = u - step
        if np.abs(step).max() < 1e-10:
            return u
    return u


def _derivatives(value: Any, u: Array) -> tuple[Array, Array]:
    n = len(u)
    e = _STEP * np.eye(n)
    centre = value(u)
    one = np.array([[value(u + k * e[i]) for k in (-2, -1, 1, 2)] for i in range(n)])
    gradient = (8.0 * (one[:, 2] - one[:, 1]) - (one[:, 3] - one[:, 0])) / (12.0 * _STEP)
    second = (16.0 * (one[:, 2] + one[:, 1]) - (one[:, 3] + one[:, 0]) - 30.0 * centre) / (12.0 * _STEP**2)
    hessian = np.diag(second)
    for i, j in itertools.combinations(range(n), 2):
        corners = [s * t * value(u + s * e[i] + t * e[j]) for s in (-1, 1) for t in (-1, 1)]
        hessian[i, j] = hessian[j, i] = sum(corners) / (4.0 * _STEP**2)
    return gradient, hessian
