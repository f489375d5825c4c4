"""Two laws on the line, and the integrals over them: closed form where one is known, else a sum or a quadrature.

Supports are compared first, so that an infinite divergence is found and not approached.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelselect.divergence import terms
from modelselect.divergence.closed_forms import closed_entropy, closed_form
from modelselect.divergence.edges import beside, deep
from modelselect.divergence.laws import Law
from modelselect.divergence.measures import Pair
from modelselect.divergence.quadrature import NODES, Mesh, integral, mesh, nodes
from modelselect.divergence.series import total
from modelselect.domain import Array
from modelselect.errors import DataError, PrecisionError

#: Function of two arrays of logarithms, of p and of q, each with the logarithm of dx/du in it.
Terms = Callable[[Array, Array], Array]

#: Probabilities at whose quantiles integrals are cut: smooth pieces, none of them much steeper than the next.
LEVELS = np.array([1e-12, 1e-9, 1e-6, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9])
#: Distances beyond an end of q, relative to its size, at which it is asked whether p has mass.
_JUST_BEYOND = np.array([1e-9, 1e-6, 1e-3, 0.1, 1.0])


#: Slope of log p/q in the logarithm of the distance at an end from which on it has no bound; zooms into a maximum.
_RISES, _ZOOMS = 1e-6, 12
#: Logarithm of a density above which the difference of two keeps six digits.
_TOLD = 1e9


@dataclass(frozen=True, eq=False)
class Laws(Pair):
    """Two laws on the line, both of masses or both of densities; measures in nats.

    Raises
    ------
    DataError
        One has masses and the other a density.
    """

    p: Law
    q: Law

    def __post_init__(self) -> None:
        if self.p.discrete != self.q.discrete:
            masses, density = (self.p, self.q) if self.p.discrete else (self.q, self.p)
            raise DataError(
                f"{masses.name} gives masses and {density.name} has a density: they are never compared; "
                "discretized: gives the density's masses on a grid"
            )

    def kl(self) -> Array:
        return np.asarray(kl(self.p, self.q))

    def reverse_kl(self) -> Array:
        return np.asarray(kl(self.q, self.p))

    def entropy(self) -> Array:
        return np.asarray(entropy(self.p))

    def cross_entropy(self) -> Array:
        p, q = self.p, self.q
        if _escapes(p, q):
            return np.asarray(np.inf)
        known, own = closed_form(p, q), closed_entropy(p)
        if known is not None and own is not None:
            return np.asarray(own + known)
        return np.asarray(_sum(_on(terms.surprise, p, q, density=True), p, q, p, "the cross-entropy"))

    def jensen_shannon(self) -> Array:
        value = _sum(_on(terms.middle, self.p, self.q), self.p, self.q, None, "the Jensen-Shannon divergence")
        return np.asarray(np.clip(value, 0.0, np.log(2.0)) if _near_end(value) else value)

    def renyi(self, alpha: float) -> Array:
        return np.asarray(renyi(self.p, self.q, alpha))


def kl(p: Law, q: Law) -> float:
    """KL(p ‖ q) of two laws of one kind.

    Examples
    --------
    >>> import modelselect as ms
    >>> from modelselect.divergence.laws import as_law
    >>> cauchy = as_law(ms.Distribution.of("cauchy", location=0.0, scale=1.0))
    >>> normal = as_law(ms.Distribution.of("normal", mean=0.0, sd=1.0))
    >>> kl(cauchy, normal), round(kl(normal, cauchy), 9)
    (inf, 0.259244532)
    """
    known = closed_form(p, q)
    if known is not None:
        return known
    if _escapes(p, q):
        return np.inf
    try:
        value = _sum(_on(terms.excess, p, q), p, q, p, "the divergence")
    except PrecisionError:
        # q may be infinite at an end of its own, where only its logarithm is needed
        return max(_sum(_on(terms.plain, p, q), p, q, p, "the divergence"), 0.0)
    return max(value + _mass_outside(q, p), 0.0) if np.isfinite(value) else value


def entropy(p: Law) -> float:
    """Entropy in nats: by the family's formula, else as an integral."""
    of, known = p.distribution, closed_entropy(p)
    if known is not None:
        return known
    if of is not None and of.family.entropy is not None:
        return of.entropy + (0.0 if p.discrete else float(np.log(p.unit)))
    return _sum(_on(terms.surprise, p, p, density=True), p, p, p, "the entropy")


def renyi(p: Law, q: Law, alpha: float) -> float:
    """Rényi divergence of order α, 0 ≤ α ≤ ∞."""
    if alpha == 1:
        return kl(p, q)
    if alpha == 0:
        return _order_0(p, q)
    if np.isinf(alpha):
        return _order_infinity(p, q)
    if alpha > 1 and _escapes(p, q):
        return np.inf
    what = f"the Rényi divergence of order {alpha:g}"
    gain = _sum(_on(lambda a, b: terms.gain(a, b, alpha), p, q), p, q, None, what)
    if gain > -0.5:
        return max(float(np.log1p(gain)) / (alpha - 1.0), 0.0)
    # nearly apart: the integral itself, in units of its largest term
    x, slope = _scale_points(p, q)
    log_p, log_q = _beside(p, q, x, slope)
    top = float(np.max(terms.product(log_p + slope, log_q + slope, alpha)))
    if np.isneginf(top):
        return np.inf

    def scaled(a: Array, b: Array) -> Array:
        return np.exp(terms.product(a, b, alpha) - top)

    rest = _sum(_on(scaled, p, q), p, q, None, what)
    return (float(np.log(rest)) + top) / (alpha - 1.0)


# where they have mass ---------------------------------------------------------------------------------------------


def _escapes(p: Law, q: Law) -> bool:
    """Whether p has mass where q has none, as far as the supports say it."""
    if p.points is not None:
        return bool(np.isneginf(q.logp(p.points)).any())
    if set(p.atoms) - set(q.atoms):
        return True
    if np.isinf(p.high) and q.points is not None:
        return True
    size = max(abs(end) for end in (1.0, q.low, q.high) if np.isfinite(end))
    away = q.step * np.arange(1.0, 6.0) if p.discrete else size * _JUST_BEYOND
    for here, end, side in ((p.high, q.high, 1.0), (p.low, q.low, -1.0)):
        if side * here > side * end:
            beyond = end + side * away
            beyond = beyond[side * beyond <= side * here]
            tail = p.sf(end) if side > 0 else p.cdf(end - p.step if p.discrete else end)
            middle = 0.5 * (here + end) if np.isfinite(here) and not p.discrete else here
            points = np.array([*beyond, *([middle] if np.isfinite(middle) else [])])
            if float(tail) > 0 or (len(points) and np.isfinite(p.logp(points)).any()):
                return True
    return False


def _mass_outside(q: Law, p: Law) -> float:
    """Mass of q outside the support of p, over which the terms of KL(p ‖ q) were not summed."""
    if p.points is not None:
        return 1.0 - float(np.exp(q.logp(p.points)).sum())
    off = [atom for atom in q.atoms if atom not in p.atoms]
    jumps = float(np.exp(np.asarray(q.logp(np.array(off)), dtype=float)).sum()) if off else 0.0
    if p.discrete and (q.step != p.step or (q.points is not None)):
        return 0.0  # they were summed over the points of both
    below = p.low - q.step if p.discrete else p.low
    under = float(q.cdf(below)) if np.isfinite(below) and below >= q.low else 0.0
    if not p.discrete and p.low in q.atoms and p.low in p.atoms:  # inside both
        under -= float(np.exp(q.logp(np.array([p.low])))[0])
    over = float(q.sf(p.high)) if np.isfinite(p.high) and p.high <= q.high else 0.0
    inside = [atom for atom in off if p.low < atom <= p.high]
    counted = float(np.exp(np.asarray(q.logp(np.array(inside)), dtype=float)).sum()) if inside else 0.0
    return under + over + (counted if off else jumps)


def _order_0(p: Law, q: Law) -> float:
    """−log q(p > 0), p being positive between the ends of its support."""
    if p.points is not None:
        inside = float(np.exp(q.logp(p.points)).sum())
    else:
        below = p.low - p.step if p.discrete else p.low
        low = float(q.cdf(below)) if np.isfinite(below) else 0.0
        inside = 1.0 - low - (float(q.sf(p.high)) if np.isfinite(p.high) else 0.0)
        for atom in q.atoms:  # a point of its own is none of p's mass; one at the lower end of p may be in both
            mass = float(np.exp(q.logp(np.array([atom])))[0])
            own = p.low < atom <= p.high and atom not in p.atoms
            inside += mass * ((atom == p.low and atom in p.atoms) - own)
    with np.errstate(divide="ignore"):
        return max(float(-np.log(max(inside, 0.0))), 0.0) + 0.0


def _order_infinity(p: Law, q: Law) -> float:
    """Logarithm of the largest p/q: among nodes that lie close, and between its neighbours; by its slope at the ends.

    Towards an end the ratio goes by the logarithm of the distance from it, or from the middle: where it still rises
    there at the last distance that has a float, it has no bound.
    """
    if _escapes(p, q):
        return np.inf

    def ratio(x: Array, slope: Array) -> Array:
        log_p, log_q = _beside(p, q, x, slope)
        with np.errstate(invalid="ignore"):
            # far out the difference of two large logarithms is nothing but rounding
            return np.where(np.isneginf(log_p), -np.inf, np.where(np.abs(log_p) < _TOLD, log_p - log_q, np.nan))

    x, slope, t = _ordered_points(p, q)
    value = ratio(x, slope)
    told = ~np.isnan(value)
    x, slope, t, value = x[told], slope[told], t[told], value[told]
    if len(p.atoms):
        atoms = np.array(p.atoms)
        value = np.append(value, ratio(atoms, np.zeros(len(atoms))))
    top = int(np.argmax(np.where(np.isnan(value), -np.inf, value)))
    if top >= len(x) or not np.isfinite(value[top]):
        return float(value[top])
    if p.points is not None or (p.discrete and x[top] in (p.low, p.high)):
        return float(value[top])
    if top in (0, len(x) - 1):
        before = top + (1 if top == 0 else -1)
        rate = (value[top] - value[before]) / abs(t[top] - t[before])
        return np.inf if rate > _RISES else float(value[top])
    if p.discrete:  # all that lie between the neighbours
        inner = np.arange(x[top - 1], x[top + 1] + 0.5 * p.step, p.step)
        return float(np.nanmax(ratio(inner, np.zeros(len(inner)))))
    low, high = x[top - 1], x[top + 1]
    for _ in range(_ZOOMS):  # a smooth maximum is found to the square of the last distance, a kink is a node
        inner = np.linspace(low, high, 41)
        here = ratio(inner, np.zeros(41))
        best = int(np.nanargmax(here))
        value[top] = max(value[top], here[best])
        low, high = inner[max(best - 1, 0)], inner[min(best + 1, 40)]
    return float(value[top])


def _ordered_points(p: Law, q: Law) -> tuple[Array, Array, Array]:
    """Points of the support of p in their order, log dx/dt at them, and a scale on which they are even."""
    if p.discrete:
        if p.points is not None:
            return p.points, np.zeros(len(p.points)), p.points
        far = p.step * np.unique(np.rint(np.geomspace(1.0, 1e12, 2_000)))
        cuts, anchors = cuts_of(p, q)
        start = _origin(p) + p.step * np.rint((anchors[0] - _origin(p)) / p.step)
        x = np.unique([*(start - far), start, *(start + far), p.low, p.high])
        x = x[(x >= p.low) & (x <= p.high) & np.isfinite(x)]
        t = np.sign(x - start) * np.log1p(np.abs(x - start) / p.step)
        return x, np.zeros(len(x)), t
    cuts, anchors = cuts_of(p, q)
    inner = np.unique([cut for cut in (*cuts, p.low, p.high) if np.isfinite(cut)])
    finer = (inner[:-1, None] + np.diff(inner)[:, None] * (np.arange(16) / 16)).ravel()
    ends = [end for end in (p.low, p.high) if deep(end, p, q)]
    panels = mesh([*finer, *inner], p.low, p.high, anchors, ends).panels
    x, slope, _ = nodes(panels)
    half = 0.5 * (panels.end - panels.start)[:, None]
    t = 0.5 * (panels.start + panels.end)[:, None] + half * NODES
    bent = np.broadcast_to(panels.sign[:, None], x.shape).ravel()
    # ends of equal x keep their order by the distance
    anchor = np.broadcast_to(panels.anchor[:, None], x.shape).ravel()
    key = np.where(bent == 0, 0.0, bent * np.exp(np.where(bent != 0, t.ravel(), 0.0)))
    order = np.lexsort((np.where(np.abs(key) < 1e-9 * np.abs(anchor), key, 0.0), x.ravel()))
    return x.ravel()[order], slope.ravel()[order], t.ravel()[order]


# sums and integrals -----------------------------------------------------------------------------------------------


def _beside(p: Law, q: Law, x: Array, slope: Array) -> tuple[Array, Array]:
    """Logarithms of both laws at x, beside an end by the distance from it."""
    with np.errstate(all="ignore"):
        log_p = np.asarray(p.logp(x), dtype=float)
        log_q = log_p if q is p else np.asarray(q.logp(x), dtype=float)
    if p.discrete:
        return log_p, log_q
    log_p = beside(p, x, slope, log_p)
    return log_p, log_p if q is p else beside(q, x, slope, log_q)


def _on(function: Terms, p: Law, q: Law, *, density: bool = False) -> Callable[[Array, Array], Array]:
    """Turn terms into a function of x and the logarithm of dx/du, which is in log q only if q is integrated too."""

    def integrand(x: Array, slope: Array) -> Array:
        log_p, log_q = _beside(p, q, x, slope)
        for law, logs, other in ((q, log_q, log_p), (p, log_p, log_q)):
            if not law.zeros and np.any(lost := np.isneginf(logs) & (other + slope > -700.0)):
                inside = lost & (x > law.low) & (x < law.high)
                if np.any(inside):
                    raise PrecisionError(
                        f"{law.name}: the logarithm of its density underflows at x = {x[inside].flat[0]:g}, where the "
                        "other law has mass; a law of our own catalogue has it"
                    )
        if q is not p and (p.atoms or q.atoms):  # where one has an atom the other has no mass, but at its own atoms
            log_p, log_q = (
                np.where(np.isin(x, [atom for atom in other.atoms if atom not in law.atoms]), -np.inf, logs)
                for law, logs, other in ((p, log_p, q), (q, log_q, p))
            )
        return function(log_p + slope, log_q if density else log_q + slope)

    return integrand


def _sum(integrand: Callable[[Array, Array], Array], p: Law, q: Law, over: Law | None, what: str) -> float:
    """Sum or integrate over the support of one law, or over that of both."""
    what = f"{what} of {p.name} and {q.name}" if q is not p else f"{what} of {p.name}"
    if p.discrete:
        return _series(integrand, p, q, over, what)
    low = over.low if over is not None else min(p.low, q.low)
    high = over.high if over is not None else max(p.high, q.high)
    atoms = np.array(sorted({*p.atoms, *(q.atoms if over is None else ())}))
    value = 0.0
    if len(atoms):
        value = float(np.sum(integrand(atoms, np.zeros(len(atoms)))))
        if np.isinf(value):
            return value
    inside = {*p.atoms, *q.atoms}

    def smooth(x: Array, slope: Array) -> Array:
        f = integrand(x, slope)
        return np.where(np.isin(x, list(inside)), 0.0, f) if inside else f

    for part in _meshes(p, q, low, high):
        value += integral(smooth, part, what)
        if not np.isfinite(value):
            break
    return value


def _meshes(p: Law, q: Law, low: float, high: float) -> Iterator[Mesh]:
    """Panels from low to high: an end of one law inside the other may be a pole, from which either side is a part."""
    cuts, anchors = cuts_of(p, q)
    inner = {end for law in (p, q) for end in (law.low, law.high) if low < end < high}
    for first, last in itertools.pairwise([low, *sorted(inner), high]):
        below, above = ([law for law in (p, q) if law.low == first], [law for law in (p, q) if law.high == last])
        ends = [end for end, laws in ((first, below), (last, above)) if deep(end, *laws)]
        yield mesh(cuts, first, last, anchors, ends)


def cuts_of(p: Law, q: Law) -> tuple[list[float], list[float]]:
    """Where integrals over two laws are cut, and the points from which distances are measured."""
    cuts: list[float] = []
    anchors = []
    for law in (p,) if q is p else (p, q):
        with np.errstate(all="ignore"):
            quantiles = np.asarray(law.ppf(LEVELS), dtype=float)
        cuts += [*quantiles, *law.kinks, *law.atoms, law.low, law.high]
        anchors.append(float(quantiles[len(LEVELS) // 2]))
    return [float(cut) for cut in cuts], [anchor for anchor in anchors if np.isfinite(anchor)] or [0.0]


def _series(integrand: Callable[[Array, Array], Array], p: Law, q: Law, over: Law | None, what: str) -> float:
    listed = [law.points for law in (p, q) if law.points is not None]
    zero = np.zeros(1)
    if over is not None and over.points is not None:
        return float(np.sum(integrand(over.points, zero)))
    if listed and (p.points is None or q.points is None):
        other = p if p.points is None else q
        grid = (listed[0] - _origin(other)) / other.step
        if not np.array_equal(grid, np.rint(grid)):
            raise DataError(f"{what}: the outcomes of the table are not on the lattice of {other.name}")
    elif len(listed) == 2:
        return float(np.sum(integrand(np.unique(np.concatenate(listed)), zero)))
    low = over.low if over is not None else min(p.low, q.low)
    high = over.high if over is not None else max(p.high, q.high)
    step = (p if p.points is None else q).step
    if p.points is None and q.points is None and (p.step != q.step or _shifted(p, q)):
        raise DataError(f"{what}: they have masses on different lattices, of steps {p.step:g} and {q.step:g}")
    cuts, _ = cuts_of(p, q)
    return total(lambda x: integrand(x, zero), [cut for cut in cuts if np.isfinite(cut)], low, high, step, what)


def _origin(law: Law) -> float:
    return law.low if np.isfinite(law.low) else law.high if np.isfinite(law.high) else law.shift


def _shifted(p: Law, q: Law) -> bool:
    apart = (_origin(p) - _origin(q)) / p.step
    return bool(abs(apart - np.rint(apart)) > 1e-9)


def _scale_points(p: Law, q: Law) -> tuple[Array, Array]:
    """Points among which the largest term of two laws that are nearly apart is looked for, and log dx/dt at them."""
    if p.discrete:
        cuts, _ = cuts_of(p, q)
        finite = np.unique([cut for cut in cuts if np.isfinite(cut)])
        grid = np.interp(np.linspace(0.0, len(finite) - 1.0, 4001), np.arange(len(finite)), finite)
        step = (p if p.points is None else q).step
        x = _origin(p) + step * np.unique(np.rint((grid - _origin(p)) / step))
        return x, np.zeros(len(x))
    parts = [nodes(part.panels)[:2] for part in _meshes(p, q, min(p.low, q.low), max(p.high, q.high))]
    x, slope = (np.concatenate([array.ravel() for array in arrays]) for arrays in zip(*parts, strict=True))
    return x, slope


def _near_end(value: Any) -> bool:
    return bool(-1e-12 < value < np.log(2.0) + 1e-12)
