"""Families between two free ends with a mode between them: triangular and PERT.

The likelihood of the triangular law has a kink at every observation, where its mode may lie, so that its maximum is
searched here, over all the data: they are what its closed form is a function of.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import betainc, betaincinv, betaln, expit

import modelselect.statistics as observed
from modelselect.domain import REAL, Array
from modelselect.families.incomplete import log_betainc
from modelselect.families.special import times
from modelselect.family import Family, Limit, Parameter, register

#: Share of the range that an end keeps off an observation it would touch, so that rounding leaves it inside.
_APART = 1e-10
#: Modes whose ends are optimised at a time, and how often the choice is repeated.
_MODES, _ROUNDS = 16, 20
_SWEEPS = 200


def ordered(x: Array, weights: Array) -> Array:
    """Sorted values and their shares of the weight, ``(2, G, m)``; padding is last, at the largest value."""
    x, weights = np.broadcast_arrays(np.where(weights > 0, x, np.inf), weights)
    order = np.argsort(x, axis=-1, kind="stable")
    x, weights = np.take_along_axis(x, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
    largest = observed.maximum(x, weights)[:, None]
    return np.stack([np.where(weights > 0, x, largest), weights / weights.sum(axis=-1, keepdims=True)])


@register
class Triangular(Family):
    """Triangular(low, mode, high): the density rises linearly from 0 at low to 2/(high − low) at mode, and falls to 0.

    With given ends the likeliest mode is an observation (Oliver 1972); with free ones it is so too. The ends are
    estimated at a faster rate than √n and have no information matrix, the mode has 1/((mode − low)(high − mode)).
    """

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False)
    mode = Parameter(REAL, typical=(0.2, 0.8), role="location")
    high = Parameter(REAL, typical=(1, 20), role="location", regular=False)
    statistics = (ordered,)
    everything = True
    aliases = ("triang",)

    @property
    def moves_with(self) -> Literal["location and scale"]:
        """Two ends move with the data like a location and a scale."""
        return "location and scale"

    def logp(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        height = np.where(x < mode, (x - low) / (mode - low), np.where(x > mode, (high - x) / (high - mode), 1.0))
        return np.log(height) + np.log(2 / (high - low))

    def cdf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        left = np.square(x - low) / (mode - low)
        # beyond the mode a sum of two areas, which is no difference
        right = mode - low + (x - mode) * (high - mode + (high - x)) / np.maximum(high - mode, 1e-300)
        return np.minimum(np.where(x < mode, left, right) / (high - low), 1.0)

    def sf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        return self.cdf(-x, -high, -mode, -low)

    def ppf(self, q: Any, low: Any, mode: Any, high: Any) -> Any:
        left = low + np.sqrt(q * (high - low) * (mode - low))
        right = high - np.sqrt((1 - q) * (high - low) * (high - mode))
        return np.where(q * (high - low) < mode - low, left, right)

    def bounds(self, low: Any, mode: Any, high: Any) -> Any:
        return low, high

    def kinks(self, low: Any, mode: Any, high: Any) -> Any:
        return (mode,)

    def valid(self, low: Any, mode: Any, high: Any) -> Any:
        return (low <= mode) & (mode <= high) & (low < high)

    def mle(self, sample: Any, *, low: Any = None, mode: Any = None, high: Any = None) -> Any:
        x, share = sample
        first, size = x[:, 0], np.where(x[:, -1] > x[:, 0], x[:, -1] - x[:, 0], 1.0)
        given = [None if end is None else (end - first) / size for end in (low, mode, high)]
        a, c, b = _triangle((x - first[:, None]) / size[:, None], share, *given)
        found = (first + size * a, first + size * c, first + size * b)
        return tuple(f if end is None else end for f, end in zip(found, (low, mode, high), strict=True))

    def score(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        left = x < mode
        by_low = np.where(left, 1 / (mode - low) - 1 / (x - low), 0.0) + 1 / (high - low)
        by_high = np.where(left, 0.0, 1 / (high - x) - 1 / (high - mode)) - 1 / (high - low)
        return by_low, np.where(left, -1 / (mode - low), 1 / (high - mode)), by_high

    def information(self, low: Any, mode: Any, high: Any) -> Any:
        return np.eye(3) / np.asarray((mode - low) * (high - mode))[..., None, None]

    def moments(self, low: Any, mode: Any, high: Any) -> Any:
        return (low + mode + high) / 3, ((high - low) ** 2 - (mode - low) * (high - mode)) / 18

    def entropy(self, low: Any, mode: Any, high: Any) -> Any:
        return 0.5 + np.log((high - low) / 2)

    def to_scipy(self, low: Any, mode: Any, high: Any) -> Any:
        return "triang", {"c": (mode - low) / (high - low), "loc": low, "scale": high - low}


@register
class Pert(Family):
    """PERT(low, mode, high): the beta law on [low, high] with a = 1 + 4 (mode − low)/(high − low) and a + b = 6.

    Its mean is (low + 4 mode + high)/6. The likeliest mode may be an end, which is then the outermost observation.
    """

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False)
    mode = Parameter(REAL, typical=(0.3, 0.7), role="location", regular=False)
    high = Parameter(REAL, typical=(1, 10), role="location", regular=False)
    statistics = (observed.mean, observed.variance, observed.minimum, observed.maximum)
    aliases = ("beta_pert",)

    @property
    def moves_with(self) -> Literal["location and scale"]:
        """Two ends move with the data like a location and a scale."""
        return "location and scale"

    def logp(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        a, b = self._shapes(low, mode, high)
        size = high - low
        inner = times(a - 1, np.log((x - low) / size)) + times(b - 1, np.log((high - x) / size))
        return inner - betaln(a, b) - np.log(size)

    def cdf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        return betainc(*self._shapes(low, mode, high), (x - low) / (high - low))

    def sf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        return betainc(*self._shapes(low, mode, high)[::-1], (high - x) / (high - low))

    def log_cdf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        return log_betainc(*self._shapes(low, mode, high), (x - low) / (high - low), (high - x) / (high - low))

    def log_sf(self, x: Any, low: Any, mode: Any, high: Any) -> Any:
        return self.log_cdf(-x, -high, -mode, -low)

    def ppf(self, q: Any, low: Any, mode: Any, high: Any) -> Any:
        return low + (high - low) * betaincinv(*self._shapes(low, mode, high), q)

    def bounds(self, low: Any, mode: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, mode: Any, high: Any) -> Any:
        return (low <= mode) & (mode <= high) & (low < high)

    def start(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> Any:
        # ends beyond the sample by shares of its range, and the mode from the mean
        beyond = np.array([0.02, 0.15, 0.02, 0.5])[:, None] * (maximum - minimum)
        above = np.array([0.02, 0.15, 0.5, 0.02])[:, None] * (maximum - minimum)
        low, high = minimum - beyond, maximum + above
        mode = (6 * mean - low - high) / 4
        return low, np.clip(mode, low + 0.05 * (high - low), high - 0.05 * (high - low)), high

    def moments(self, low: Any, mode: Any, high: Any) -> Any:
        mean = (low + 4 * mode + high) / 6
        return mean, (mean - low) * (high - mean) / 7

    def limit(self, mean: Any, variance: Any, minimum: Any, maximum: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return (
            Limit(PertAtEnd(), {"low": "low", "mode": "low", "high": "high"}, certain=never),
            Limit(PertAtEnd(at_high=True), {"low": "low", "mode": "high", "high": "high"}, certain=never),
        )

    @staticmethod
    def _shapes(low: Any, mode: Any, high: Any) -> tuple[Any, Any]:
        return 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)


class PertAtEnd(Family):
    """PERT(low, high) with its mode at low: P(X > x) = ((high − x)/(high − low))⁵; or at high, its mirror image."""

    support = REAL.closed()
    low = Parameter(REAL, typical=(-10, 0), role="location", regular=False)
    high = Parameter(REAL, typical=(1, 10), role="location", regular=False)
    statistics = (ordered,)
    everything = True

    def __init__(self, *, at_high: bool = False) -> None:
        self.at_high = at_high
        self.name = "pert_at_high" if at_high else "pert_at_low"

    def logp(self, x: Any, low: Any, high: Any) -> Any:
        size = high - low
        return 4 * np.log((x - low if self.at_high else high - x) / size) + np.log(5 / size)

    def cdf(self, x: Any, low: Any, high: Any) -> Any:
        return _fifth(x - low, high - low) if self.at_high else -np.expm1(5 * np.log1p((low - x) / (high - low)))

    def sf(self, x: Any, low: Any, high: Any) -> Any:
        return -np.expm1(5 * np.log1p((x - high) / (high - low))) if self.at_high else _fifth(high - x, high - low)

    def bounds(self, low: Any, high: Any) -> Any:
        return low, high

    def valid(self, low: Any, high: Any) -> Any:
        return low < high

    def mle(self, sample: Any, *, low: Any = None, high: Any = None) -> Any:
        x, share = sample
        if self.at_high:
            high = x[:, -1] if high is None else high
            return (high - _reach(high[:, None] - x, share) if low is None else low), high
        low = x[:, 0] if low is None else low
        return low, (low + _reach(x - low[:, None], share) if high is None else high)

    def moments(self, low: Any, high: Any) -> Any:
        size = high - low
        return (high - size / 6 if self.at_high else low + size / 6), size**2 * 5 / 252


def _fifth(part: Any, size: Any) -> Any:
    return (part / size) ** 5


def _reach(distance: Array, share: Array) -> Array:
    """Likeliest length r of a density 5 (r − d)⁴/r⁵ of distances d: mean of r/(r − d) = 5/4, Newton on logarithms."""
    largest = np.max(np.where(share > 0, distance, 0.0), axis=-1)
    beyond = 0.5 * largest
    for _ in range(60):
        reach = (largest + beyond)[:, None]
        ratio = np.sum(share * reach / (reach - distance), axis=-1)
        slope = -beyond * np.sum(share * distance / (reach - distance) ** 2, axis=-1) / ratio
        beyond = beyond * np.exp(np.clip((np.log(1.25) - np.log(ratio)) / slope, -2, 2))
    return np.asarray(largest + beyond)


# -- maximum likelihood of the triangular law, of data from 0 to 1 ----------------------------------------------------


def _triangle(y: Array, share: Array, low: Any, mode: Any, high: Any) -> tuple[Array, Array, Array]:
    """Likeliest low, mode and high ``(G,)``; sorted y ``(G, m)`` reach from 0 to 1.

    For a given mode the ends have one optimum (`_ends`). Modes are proposed by their likelihood at the present ends
    and what a step of Newton's in the ends would add, and of the best ones the ends are found; until nothing is gained.
    """
    G, m = y.shape
    if mode is not None:
        a, b = _ends(y, share, np.broadcast_to(mode, (1, G)), low, high)
        return a[0], np.broadcast_to(mode, (G,)), b[0]
    rows = np.arange(G)
    ranks = np.rint((m - 1) * expit(np.linspace(-np.log(m + 1), np.log(m + 1), _MODES))).astype(int)
    pick = np.unique([0, *ranks, m - 1])[:, None] * np.ones((1, G), dtype=int)
    best, value = [np.zeros(G)] * 3, np.full(G, -np.inf)
    for _ in range(_ROUNDS):
        modes = y[rows, pick]
        a, b = _ends(y, share, modes, low, high)
        values = _mean_log_height(y, share, a, modes, b)
        order = np.argsort(-values, axis=0, kind="stable")
        top = order[0]
        better = values[top, rows] > value
        best = [np.where(better, new[top, rows], old) for new, old in zip((a, modes, b), best, strict=True)]
        value = np.where(better, values[top, rows], value)
        if not np.any(better):
            break
        # at the ends of the best ones: those of a mode at the edge of the sample say nothing about other modes
        ends = [(a[one, rows], b[one, rows]) for one in order[:4]]
        promise = np.max([_profile(y, share, *pair, low is None, high is None) for pair in ends], axis=0)
        pick = np.argsort(-promise, axis=-1, kind="stable")[:, : _MODES - 2].T
        pick = np.concatenate([pick, np.zeros((1, G), dtype=int), np.full((1, G), m - 1)])
    a, c, b = best
    # a mode at the edge of the sample is the end itself: rounding must not lift it above the observation
    c = np.where((c <= 0) & (low is None), a, np.where((c >= 1) & (high is None), b, c))
    return a, c, b


def _mean_log_height(y: Array, share: Array, a: Array, c: Array, b: Array) -> Array:
    """Mean log density ``(S, G)`` but for log 2."""
    a, b, c = a[..., None], b[..., None], c[..., None]
    height = np.where(y < c, (y - a) / (c - a), np.where(y > c, (b - y) / (b - c), 1.0))
    value = np.sum(share * np.where(share > 0, np.log(height), 0.0), axis=-1) - np.log(b - a)[..., 0]
    return np.where(np.isnan(value), -np.inf, value)


def _ends(y: Array, share: Array, c: Array, low: Any, high: Any) -> tuple[Array, Array]:
    """Optimal ends ``(S, G)`` for modes c ``(S, G)``, unless given.

    Low solves Σ w (c − y)(b − a)/((y − a)(c − a)) = 1 over y < c, where the left side falls as a does: Newton on the
    logarithms of both. The other end, which it depends on little, is improved in turns with it.
    """
    edge_a, edge_b = np.minimum(c, 0.0), np.maximum(c, 1.0)
    left, right = share * np.maximum(c[..., None] - y, 0.0), share * np.maximum(y - c[..., None], 0.0)
    p = np.full(c.shape, 0.1) if low is None else np.broadcast_to(edge_a - low, c.shape)
    q = np.full(c.shape, 0.1) if high is None else np.broadcast_to(high - edge_b, c.shape)
    if low is None:
        p = np.where(left.any(axis=-1), p, _APART)
    if high is None:
        q = np.where(right.any(axis=-1), q, _APART)
    for _ in range(_SWEEPS):
        before = p, q
        if low is None:
            p = _step(left, y - edge_a[..., None], c - edge_a, edge_b + q - edge_a, p)
        if high is None:
            q = _step(right, edge_b[..., None] - y, edge_b - c, edge_b - edge_a + p, q)
        if np.all(np.abs(p - before[0]) + np.abs(q - before[1]) <= 1e-14 * (p + q)):
            break
    return (edge_a - p if low is None else p * 0 + low), (edge_b + q if high is None else q * 0 + high)


def _step(part: Array, distance: Array, to_mode: Array, to_end: Array, p: Array) -> Array:
    """One step for an end at p beyond its edge; distances of the data, the mode and the other end from that edge."""
    gap = distance + p[..., None]
    total = np.sum(part / gap, axis=-1)
    ratio = total * (to_end + p) / (to_mode + p)
    slope = p * (1 / (to_end + p) - 1 / (to_mode + p) - np.sum(part / gap**2, axis=-1) / total)
    moved = np.clip(p * np.exp(np.clip(-np.log(ratio) / slope, -3, 3)), _APART, 1e6)
    return np.where(total > 0, moved, p)


def _profile(y: Array, share: Array, a: Array, b: Array, free_low: bool, free_high: bool) -> Array:
    """Mean log-likelihood ``(G, m)`` of the mode at each observation, with what one Newton step in free ends adds."""
    a, b = a[:, None], b[:, None]
    below, above, size = y - a, b - y, b - a

    def sums(terms: Array) -> tuple[Array, Array]:
        up = np.cumsum(np.where(share > 0, share * terms, 0.0), axis=-1)
        return up, up[:, -1:] - up

    weight_left, weight_right = sums(np.ones_like(y))
    value = sums(np.log(below))[0] - weight_left * np.log(below)
    value = value + sums(np.log(above))[1] - weight_right * np.log(above) - np.log(size)
    g_a = (weight_left / below - sums(1 / below)[0] + 1 / size) * free_low
    g_b = (sums(1 / above)[1] - weight_right / above - 1 / size) * free_high
    h_a = sums(below**-2)[0] - weight_left / below**2 - 1 / size**2
    h_b = sums(above**-2)[1] - weight_right / above**2 - 1 / size**2
    cross = 1 / size**2 * (free_low and free_high)
    determinant = h_a * h_b - cross**2
    by_a, by_b = (g_a * h_b - g_b * cross) / determinant, (g_b * h_a - g_a * cross) / determinant
    # a step as long as the end is far from the data promises nothing
    near = (determinant > 0) & (h_a > 0) & (np.abs(by_a) <= 0.5 * below[:, :1]) & (np.abs(by_b) <= 0.5 * above[:, -1:])
    value = value + np.where(near, 0.5 * (g_a * by_a + g_b * by_b), 0.0)
    first = np.concatenate([np.ones((len(y), 1), dtype=bool), y[:, 1:] > y[:, :-1]], axis=-1)
    return np.where(np.isnan(value) | ~first, -np.inf, value)
