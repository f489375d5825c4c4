"""The stable laws, from the characteristic function on fixed nodes: a table in the middle, a contour beyond.

In the middle the density is (1/π) Re ∫ φ(t) e^(−ixt) dt. All laws share one grid of phases ξτ: t = Tτ, x = c + ξ/T.
T makes |φ| vanish and c takes the linear part out of the phase of φ. So a law costs a few products with fixed matrices;
observations are interpolated (fifth degree, from the logarithm of the density and two derivatives). In the tails the
contour t = ∓iu turns the integral into one of e^(−|x|u), which is positive and keeps its digits however far out; it
is taken at knots, which many observations share.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL, Array, Interval
from modelselect.families.real_line.integrals import invert
from modelselect.families.special import log1mexp
from modelselect.family import Family, Limit, Parameter, register

#: −log of what is neglected.
_DIGITS = 36.0
#: Largest phase of the table, its points on either side, and the phase from which on they spread.
_PHASE, _POINTS, _SPREAD = 400.0, 120, 10.0
#: Nodes of the tail integral, at u = u₀ s⁶.
_TAIL_NODES, _TAIL_WEIGHTS = np.polynomial.legendre.leggauss(60)
_U = (0.5 + 0.5 * _TAIL_NODES) ** 6
_DU = 3.0 * _TAIL_WEIGHTS * (0.5 + 0.5 * _TAIL_NODES) ** 5
#: Step of the table of a tail, in the log of the distance from where it begins, and more steps than to any float.
_TAIL_STEP, _KNOTS = 0.05, 1 << 20
#: Least alpha of the tables.
_HEAVIEST = 0.3
#: Closest to ±1 that the skewness of a totally skewed law is taken.
_TOTAL = 1 - 1e-7


@register
class Stable(Family):
    """Stable(alpha, beta, location, scale): log φ(t) = −|t|^α (1 + i·beta·sign(t) tan(πα/2) (|t|^(1−α) − 1)), α alpha.

    Nolan's S0 parametrisation (Nolan 1997), which is continuous in alpha: it moves and scales as it should for every
    alpha, while scipy's levy_stable is S1 unless told otherwise (its location is ours − beta·scale·tan(π alpha/2)).
    alpha = 2 is the normal with sd = scale √2, alpha = 1 and beta = 0 Cauchy's law. Density and distribution function
    have a relative error of about 1e-8 (tails: 1e-7) where |beta| < 1, and alpha ≥ 0.3 is asked for.
    """

    support = REAL
    alpha = Parameter(Interval(_HEAVIEST, 2, low_inclusive=True, high_inclusive=True), typical=(0.8, 1.8))
    beta = Parameter(Interval(-1, 1), typical=(-0.6, 0.7))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.lower_quartile, observed.upper_quartile, observed.spread)
    nested = {
        "normal": {"alpha": 2, "beta": 0, "location": "mean", "scale": "sd"},
        "cauchy": {"alpha": 1, "beta": 0, "location": "location", "scale": "scale"},
    }
    aliases = ("levy_stable", "alpha_stable")

    def logp(self, x: Any, alpha: Any, beta: Any, location: Any, scale: Any) -> Any:
        return _evaluate((x - location) / scale, alpha, beta, "density") - np.log(scale)

    def log_cdf(self, x: Any, alpha: Any, beta: Any, location: Any, scale: Any) -> Any:
        return _evaluate((x - location) / scale, alpha, beta, "below")

    def log_sf(self, x: Any, alpha: Any, beta: Any, location: Any, scale: Any) -> Any:
        return _evaluate((x - location) / scale, alpha, beta, "above")

    def ppf(self, q: Any, alpha: Any, beta: Any, location: Any, scale: Any) -> Any:
        return invert(self, q, location + scale * ndtri(np.clip(q, 0.01, 0.99)), scale, alpha, beta, location, scale)

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        # the quartiles of nearly every member with a small skewness are about ± scale
        size = np.where(upper > lower, upper - lower, spread) / 2
        lean = np.clip((upper + lower - 2 * median) / np.where(upper > lower, upper - lower, 1.0), -0.5, 0.5)
        alpha = np.array([1.3, 1.8])[:, None] + 0 * median
        return alpha, lean + 0 * alpha, median + 0 * alpha, size + 0 * alpha

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(median), dtype=bool)
        places = {"location": "location", "scale": "scale"}
        return (
            Limit("normal", {"alpha": 2.0, "beta": 0.0, "location": "mean", "scale": "sd"}, certain=never),
            Limit(TotallySkewedStable(1.0), {"beta": 1.0, "alpha": "alpha", **places}, certain=never),
            Limit(TotallySkewedStable(-1.0), {"beta": -1.0, "alpha": "alpha", **places}, certain=never),
            Limit(HeaviestStable(), {"alpha": _HEAVIEST, "beta": "beta", **places}, certain=never),
        )

    def moments(self, alpha: Any, beta: Any, location: Any, scale: Any) -> Any:
        mean = location - beta * scale * np.tan(0.5 * np.pi * alpha)
        return np.where(alpha > 1, mean, np.nan), np.where(
            alpha == 2, 2 * np.square(scale), np.where(alpha > 1, np.inf, np.nan)
        )


class _AtAnEnd(Family):
    """Stable law with alpha or beta, or both, at an end of its domain."""

    support = REAL
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = Stable.statistics
    #: alpha and beta where they are at an end
    ends: tuple[float | None, float | None]

    def logp(self, x: Any, *parameters: Any) -> Any:
        return _STABLE.logp(x, *self._all(parameters))

    def cdf(self, x: Any, *parameters: Any) -> Any:
        return _STABLE.cdf(x, *self._all(parameters))

    def sf(self, x: Any, *parameters: Any) -> Any:
        return _STABLE.sf(x, *self._all(parameters))

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        return _STABLE.log_cdf(x, *self._all(parameters))

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        return _STABLE.log_sf(x, *self._all(parameters))

    def start(self, median: Any, lower: Any, upper: Any, spread: Any) -> Any:
        free = zip(_STABLE.start(median, lower, upper, spread), (*self.ends, None, None), strict=True)
        return tuple(guess[0] for guess, end in free if end is None)

    def _all(self, parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        *shape, location, scale = parameters
        return (*(shape.pop(0) if end is None else end for end in self.ends), location, scale)


class TotallySkewedStable(_AtAnEnd):
    """Totally skewed stable(alpha, location, scale): beta = ±1, to within 1e-7; the limit of a stable law."""

    alpha = Stable.parameters["alpha"]
    location, scale = _AtAnEnd.parameters["location"], _AtAnEnd.parameters["scale"]

    def __init__(self, sign: float = 1.0) -> None:
        self.sign, self.ends = sign, (None, sign * _TOTAL)

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> Limit:
        never, places = np.zeros(len(median), dtype=bool), {"location": "location", "scale": "scale"}
        return Limit(HeaviestSkewedStable(self.sign), {"alpha": _HEAVIEST, **places}, certain=never)


class HeaviestStable(_AtAnEnd):
    """Heaviest stable(beta, location, scale): alpha = 0.3, the least that is asked for."""

    beta = Stable.parameters["beta"]
    location, scale = _AtAnEnd.parameters["location"], _AtAnEnd.parameters["scale"]

    ends = _HEAVIEST, None

    def limit(self, median: Any, lower: Any, upper: Any, spread: Any) -> tuple[Limit, ...]:
        never, places = np.zeros(len(median), dtype=bool), {"location": "location", "scale": "scale"}
        return tuple(Limit(HeaviestSkewedStable(sign), {"beta": sign, **places}, certain=never) for sign in (1.0, -1.0))


class HeaviestSkewedStable(_AtAnEnd):
    """Heaviest totally skewed stable(location, scale)."""

    location, scale = _AtAnEnd.parameters["location"], _AtAnEnd.parameters["scale"]

    def __init__(self, sign: float) -> None:
        self.ends = _HEAVIEST, sign * _TOTAL


_STABLE = Stable()


class _Table(NamedTuple):
    """Tables of U laws: first and second derivatives are in the coordinate v, ξ = sinh(v)·_SPREAD."""

    #: T, c, and per side (left, right) u₀ and the distance from which on the tail integral holds; ``(U,)`` each
    unit: Array
    centre: Array
    reach: tuple[Array, Array]
    edge: tuple[Array, Array]
    #: log f, and F, each with two derivatives ``(3, U, 2·_POINTS + 1)``
    density: Array
    below: Array


def _evaluate(z: Any, alpha: Any, beta: Any, what: str) -> Any:
    """Log of the density, or of the probability below or above, of the standard law."""
    alpha, beta = np.broadcast_arrays(np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float))
    if not (np.size(z) and alpha.size):
        return np.zeros(np.broadcast_shapes(np.shape(z), alpha.shape))
    pairs, which = np.unique(np.stack([alpha.ravel(), beta.ravel()]), axis=1, return_inverse=True)
    table = _tables(pairs.tobytes())
    z, law = np.broadcast_arrays(np.asarray(z, dtype=float), which.reshape(alpha.shape))
    shape, z, law = z.shape, z.ravel(), law.ravel()
    beyond = [sign * z > table.edge[side][law] for side, sign in enumerate((-1.0, 1.0))]
    result, near = np.empty_like(z), np.flatnonzero(~(beyond[0] | beyond[1]))
    values = _interpolate(table.density if what == "density" else table.below, table, z[near], law[near])
    if what == "density":
        result[near] = values
    else:
        result[near] = np.log(np.clip(values if what == "below" else 1 - values, 1e-300, 1.0))
    for side, sign in enumerate((-1.0, 1.0)):
        far = np.flatnonzero(beyond[side])
        if len(far):
            tail = _tail(sign * z[far], law[far], pairs * np.array([[1.0], [sign]]), table, side, what)
            opposite = (what == "below" and sign > 0) or (what == "above" and sign < 0)
            result[far] = log1mexp(-tail) if opposite else tail
    return result.reshape(shape)


def _tail(z: Array, law: Array, pairs: Array, table: _Table, side: int, what: str) -> Array:
    """Log of the density, or of the probability beyond z, far to the right: interpolated in the log of the distance."""
    edge = table.edge[side]
    unit = np.minimum(np.maximum(edge, 1.0), 4 / table.reach[side])  # over which e^(−zu) changes by e⁴ at u₀
    t = np.log1p((np.minimum(z, 1e300) - edge[law]) / unit[law]) / _TAIL_STEP
    i = t.astype(np.intp)
    key = law * _KNOTS + i
    knots = np.unique(np.concatenate([key, key + 1]))
    own, place = np.divmod(knots, _KNOTS)
    grown = unit[own] * np.expm1(_TAIL_STEP * place)
    jets = _contour(edge[own] + grown, (grown + unit[own]) * _TAIL_STEP, own, pairs, table, side, what)
    left = np.searchsorted(knots, key)
    return _hermite(jets[:, left], jets[:, left + 1], t - i)


def _contour(z: Array, slope: Array, law: Array, pairs: Array, table: _Table, side: int, what: str) -> Array:
    """Log of (1/π) ∫ Im φ(−iu) e^(−zu) du, the density, or du/u, the probability, and two derivatives in t, ``(3, n)``.

    z has the slope dz/dt, which grows by e^(t·_TAIL_STEP).
    """
    reach = table.reach[side][law]
    last = reach / (1 + (z - table.edge[side][law]) * reach / _DIGITS)
    (alpha, beta), log_last = pairs[:, law], np.log(last)
    off, skew = alpha - 1, beta * _slope(alpha)
    cos, sin, small = np.cos(0.5 * np.pi * off), np.sin(0.5 * np.pi * off), np.where(off == 0, 1.0, off)
    # (1 − cos)/off and sin/off
    less, share = 2 * np.sin(0.25 * np.pi * off) ** 2 / small, np.where(off == 0, 0.5 * np.pi, sin / small)
    sums = np.zeros((3, len(z)))
    for node, weight in zip(_U, _DU, strict=True):
        u, log = last * node, log_last + np.log(node)
        grown = np.expm1(off * log)  # u^(alpha − 1) − 1
        power = np.where(off == 0, log, grown / small)
        real = u * ((1 + grown) * sin + skew * (power * cos - less) - z)
        imaginary = u * (1 + grown) * (cos - skew * share)
        term = weight * np.exp(real) * np.sin(imaginary) / (1.0 if what == "density" else u)
        for total in sums:
            total += term
            term = -u * slope * term
    f, first, second = sums * last / np.pi
    seen = f > 1e-300
    safe = np.where(seen, f, 1.0)
    by_t = np.where(seen, first / safe, 0.0)
    bend = np.where(seen, second / safe - by_t * by_t, 0.0) + by_t * _TAIL_STEP
    return np.stack([np.log(np.maximum(f, 1e-300)), by_t, bend])


def _log_characteristic(t: Any, alpha: Any, beta: Any) -> Any:
    """−t^alpha + i·beta·t·tan(π alpha/2)(t^(alpha−1) − 1) for t in the right half-plane, smooth at alpha = 1."""
    log = np.log(t)
    off = alpha - 1
    power = np.where(off == 0, log, np.expm1(off * log) / np.where(off == 0, 1.0, off))
    return -np.exp(alpha * log) + 1j * beta * t * _slope(alpha) * power


def _slope(alpha: Any) -> Any:
    """(alpha − 1) tan(π alpha/2), which is −2/π at alpha = 1."""
    off = np.where(alpha == 1, 1.0, 1 - alpha)
    return np.where(alpha == 1, -2 / np.pi, np.where(alpha == 2, 0.0, -off / np.tan(0.5 * np.pi * off)))


@lru_cache(maxsize=32)
def _tables(pairs: bytes) -> _Table:
    """Tables of the laws whose alpha and beta are given."""
    laws = [_law(alpha, beta) for alpha, beta in np.frombuffer(pairs).reshape(2, -1).T.tolist()]
    unit, centre, left, right, density, below = (np.stack(column, axis=-1) for column in zip(*laws, strict=True))
    swap = (0, 2, 1)
    return _Table(
        unit, centre, (left[0], right[0]), (left[1], right[1]), density.transpose(swap), below.transpose(swap)
    )


@lru_cache(maxsize=1024)
def _law(alpha: float, beta: float) -> tuple[Any, ...]:
    """The table of one law; it is the same whatever the laws around it, to the last bit."""
    nodes, weights, cosine, sine, xi, stretch = _grid()
    with np.errstate(all="ignore"):
        unit = np.exp(np.log(_DIGITS) / alpha)
        rise = np.log(unit) if alpha == 1 else np.expm1((alpha - 1) * np.log(unit)) / (alpha - 1)
        centre = beta * _slope(alpha) * rise
        t = unit * nodes
        log = _log_characteristic(t, alpha, beta)
        size, phase = weights * np.exp(log.real) / np.pi, log.imag - centre * t
        even, odd = size * np.cos(phase), size * np.sin(phase)

        def integral(a: Array, b: Array) -> Array:
            """∫ a cos ξτ + b sin ξτ at ξ of both signs."""
            left, right = a @ cosine, b @ sine
            return np.concatenate([(left - right)[:0:-1], left + right])

        density, first = integral(even, odd), integral(odd * nodes, -even * nodes)
        second = -integral(even * nodes**2, odd * nodes**2)
        below = 0.5 - integral(odd / nodes, -even / nodes)
        # from derivatives in ξ to those in v
        f1, f2 = first * stretch, second * stretch**2 + first * xi
        floor = np.maximum(density, 1e-17)
        logs = np.stack([np.log(unit * floor), f1 / floor, f2 / floor - (f1 / floor) ** 2])
        shares = np.stack([below, density * stretch, first * stretch**2 + density * xi])
    return unit, centre, _edge(alpha, -beta, unit), _edge(alpha, beta, unit), logs, shares


def _edge(alpha: float, beta: float, unit: float) -> Array:
    """u₀, and the least x from which on the contour −iu up to u₀ suffices."""
    u = unit * np.exp(np.linspace(-4.0, 0.0, 41))
    least = (_DIGITS + _log_characteristic(u * -1j, alpha, beta).real) / u
    return np.array([u[np.argmin(least)], least.min()])


def _interpolate(table: Array, laws: _Table, z: Array, law: Array) -> Array:
    """Fifth degree polynomial through value and two derivatives at both neighbours (Hermite)."""
    step = np.arcsinh(_PHASE / _SPREAD) / _POINTS
    v = np.arcsinh((z - laws.centre[law]) * laws.unit[law] / _SPREAD) / step + _POINTS
    v = np.clip(np.where(np.isnan(v), 0.0, v), 0.0, 2 * _POINTS - 1e-9)
    i = v.astype(np.intp)
    s = v - i
    units = np.array([[1.0], [step], [step**2]])
    return _hermite(table[:, law, i] * units, table[:, law, i + 1] * units, s)


def _hermite(left: Array, right: Array, s: Any) -> Array:
    """Fifth degree polynomial with these values and two derivatives ``(3, n)`` at 0 and 1."""
    (f0, d0, c0), (f1, d1, c1) = left, right
    r = s * s * s
    # Taylor's polynomial at the left point and what is missing at the right one
    gap, turn, bend = f1 - f0 - d0 - 0.5 * c0, d1 - d0 - c0, c1 - c0
    rest = 10 * gap - 4 * turn + 0.5 * bend + s * (-15 * gap + 7 * turn - bend + s * (6 * gap - 3 * turn + 0.5 * bend))
    return np.asarray(f0 + s * (d0 + 0.5 * s * c0) + r * rest)


@cache
def _grid() -> tuple[Array, ...]:
    """Nodes τ and weights, cos ξτ and sin ξτ, ξ at both signs and dξ/dv."""
    x, w = np.polynomial.legendre.leggauss(20)
    x, w = 0.5 + 0.5 * x, 0.5 * w
    # near 0, where t^alpha is not smooth, as the eighth power; then even panels
    inner = np.concatenate([(k + x) / 12 for k in range(12)])
    nodes = [inner**8 / 16, *((k + x) / 16 for k in range(1, 16))]
    weights = [np.tile(w, 12) / 12 * 8 * inner**7 / 16, *(w / 16 for _ in range(15))]
    tau, weight = np.concatenate(nodes), np.concatenate(weights)
    v = np.linspace(0, np.arcsinh(_PHASE / _SPREAD), _POINTS + 1)
    xi = _SPREAD * np.sinh(v)
    both = np.concatenate([-xi[:0:-1], xi])
    return tau, weight, np.cos(np.outer(tau, xi)), np.sin(np.outer(tau, xi)), both, np.sqrt(both**2 + _SPREAD**2)
