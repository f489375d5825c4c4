"""First guesses of a mixture: splits of the sorted data, improved by expectation and maximisation in one batch.

Nothing is random: groups are cut at quantiles, by k-means, at the widest gaps, into a broad and a narrow part, and
where a few observations lie nearer to each other than elsewhere; of different families each order is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.families.composition import guesses, points_of

if TYPE_CHECKING:
    from modelselect.families.mixture import Mixture

#: Steps of expectation and maximisation where the components have closed forms, and where they have not.
_STEPS, _ROUGH_STEPS = 60, 4
#: Share of an observation that its own component has at the start.
_OWN = 0.999
#: Gain in nats an observation below which a start is good enough, and observations that it is sought on.
_GAIN, _NODES = 1e-5, 300
#: Difference in nats an observation below which two starts lead to one maximum, and how many are kept.
_SAME, _FEW = 1e-6, 16


def first_guesses(mixture: Mixture, block: Block, given: Array) -> tuple[Any, ...]:
    """Starts ``(S, G)`` of each parameter of a mixture; the names of S are the splits of `_splits`."""
    x, weights = points_of(block, given)
    groups, count = len(weights), len(mixture.components)
    given = np.broadcast_to(given, (groups, given.shape[1]))
    x = np.broadcast_to(x, weights.shape)
    if not mixture.discrete and x.shape[1] > 2 * _NODES:
        x, weights = _binned(x, weights)
    free = bool(np.isnan(given).all())
    shares = np.concatenate([_ordered(split, mixture, free) for split in _splits(x, weights, count)])
    starts = len(shares)
    tall = Block(np.tile(x, (starts, 1)), np.tile(x, (starts, 1)), np.tile(weights, (starts, 1)))
    held = np.tile(given, (starts, 1))
    r = np.moveaxis(shares, 1, 0).reshape(count, starts * groups, -1)
    closed = all(component.mle is not None for component in mixture.components)
    theta = _maximised(mixture, tall, r, held)
    best, value = theta, _value(mixture, tall, theta)
    rows = np.arange(len(theta))
    for _ in range(_STEPS if closed else _ROUGH_STEPS):
        some = tall.take(rows)
        r = np.stack(mixture.responsibilities(some.lower, tuple(theta.T[:, :, None])))
        theta = _maximised(mixture, some, r, held[rows])
        reached = _value(mixture, some, theta)
        gain = reached - value[rows]
        better = gain > 0
        best[rows[better]], value[rows[better]] = theta[better], reached[better]
        rows, theta = rows[gain > _GAIN], theta[gain > _GAIN]
        if not len(rows):
            break
    with np.errstate(invalid="ignore"):  # those that have collapsed come last
        value = np.where(mixture.degenerate(tall, best), value - 1e10, value)
    return _best_few(best.reshape(starts, groups, -1), value.reshape(starts, groups))


def _best_few(theta: Array, value: Array) -> tuple[Any, ...]:
    """The likeliest starts ``(S, G, p)``, of those that came to the same value only one."""
    order = np.argsort(-value, axis=0, kind="stable")
    ranked = np.take_along_axis(value, order, axis=0)
    with np.errstate(invalid="ignore"):
        again = np.diff(ranked, axis=0, prepend=np.inf) > -_SAME
    order = np.take_along_axis(order, np.argsort(again, axis=0, kind="stable"), axis=0)[:_FEW]
    return tuple(np.moveaxis(np.take_along_axis(theta, order[:, :, None], axis=0), -1, 0))


def _binned(x: Array, weights: Array) -> tuple[Array, Array]:
    """Means of neighbouring observations, `_NODES` of them, but for the outermost: a start needs no more."""
    order = np.argsort(np.where(weights > 0, x, np.inf), axis=-1, kind="stable")
    x, w = np.take_along_axis(x, order, axis=-1), np.take_along_axis(weights, order, axis=-1)
    edge = _NODES // 10
    inner = np.unique(np.linspace(edge, x.shape[1] - edge, _NODES).astype(int))
    starts = np.concatenate([np.arange(edge), inner[:-1], np.arange(x.shape[1] - edge, x.shape[1])])
    mass = np.add.reduceat(w, starts, axis=-1)
    return np.add.reduceat(w * np.where(w > 0, x, 0.0), starts, axis=-1) / np.where(mass > 0, mass, 1.0), mass


def _maximised(mixture: Mixture, block: Block, r: Array, held: Array) -> Array:
    """Parameters ``(R, p)`` of each component fitted to its share of each observation."""
    columns, start = [], 0
    for component, share in zip(mixture.components, r, strict=True):
        own = held[:, start : start + len(component.parameters)]
        part = Block(block.lower, block.lower, block.weights * share)
        found = guesses(component, part, own)
        columns.append(found[0] if len(found) == 1 else _likeliest(component, part, found))
        start += len(component.parameters)
    weights = (r * block.weights).sum(axis=-1) / block.total
    weights = np.clip(weights, 1e-4, 1.0)
    weights = np.where(np.isnan(held[:, start:]), (weights / weights.sum(axis=0))[:-1].T, held[:, start:])
    return np.concatenate([*columns, weights], axis=-1)


def _likeliest(component: Any, block: Block, found: Array) -> Array:
    """Of several guesses ``(S, R, p)`` the likeliest in each row."""
    values = []
    for theta in found:
        logp = component.logp(block.lower, *theta.T[:, :, None])
        values.append(np.where(block.weights > 0, block.weights * np.maximum(logp, -1e300), 0.0).sum(axis=-1))
    best = np.argmax(np.nan_to_num(np.stack(values), nan=-np.inf), axis=0)
    return np.asarray(found[best, np.arange(found.shape[1])])


def _value(mixture: Mixture, block: Block, theta: Array) -> Array:
    logp = mixture.logp(block.lower, *theta.T[:, :, None])
    value = np.where(block.shares > 0, block.shares * logp, 0.0).sum(axis=-1)
    return np.where(np.isnan(value), -np.inf, value)


def _ordered(split: Array, mixture: Mixture, free: bool) -> Array:
    """A split ``(G, m)`` of component numbers as shares ``(orders, K, G, m)``, in each order where they differ."""
    count = len(mixture.components)
    same = free and all(component == mixture.components[0] for component in mixture.components)
    shares = []
    for turn in range(1 if same else count):
        number = (split + turn) % count
        own = np.stack([number == k for k in range(count)])
        shares.append(np.where(own, _OWN, (1.0 - _OWN) / (count - 1)))
    return np.stack(shares)


def _splits(x: Array, weights: Array, count: int) -> list[Array]:
    """Numbers 0 … K−1 of the component of each observation ``(G, m)``, along the sorted values."""
    order = np.argsort(np.where(weights > 0, x, np.inf), axis=-1, kind="stable")
    w = np.take_along_axis(weights, order, axis=-1)
    sorted_x = np.take_along_axis(x, order, axis=-1)
    position = _positions(sorted_x, w)
    back = np.argsort(order, axis=-1, kind="stable")

    def at(cuts: list[float]) -> Array:
        return np.asarray(np.sum([position > cut for cut in cuts], axis=0))

    equal = [k / count for k in range(1, count)]
    cuts = [
        equal,
        *([c**power for c in equal] for power in (2, 4)),
        *([1 - (1 - c) ** power for c in equal] for power in (2, 4)),
    ]
    cuts += _spread_cuts(count)
    splits = [at(cut) for cut in cuts]
    splits += [_k_means(sorted_x, w, split, count) for split in splits[:3]]
    splits.append(_widest_gaps(sorted_x, w, count))
    distance = np.abs(position - 0.5)
    if count == 2:
        splits += [(distance > reach).astype(int) for reach in (0.25, 0.4, 0.47)]  # narrow and broad
    else:
        # the K − 1 parts and something broad behind them, the outliers or the whole flanks
        splits.append(np.where(distance > 0.45, count - 1, np.minimum(at(equal[:-1]), count - 2)))
        splits.append(np.where(distance > 0.25, 1 + at(equal[1:]) % (count - 1), 0))
    rest = at([k / (count - 1) for k in range(1, count - 1)]) if count > 2 else np.zeros(w.shape, dtype=int)
    splits += [np.where(crowd, count - 1, rest) for crowd in _crowds(sorted_x, w)]
    return [np.take_along_axis(split, back, axis=-1) for split in splits]


def _positions(x: Array, w: Array) -> Array:
    """Share of the weight below each of the sorted values, and half of its own; ties have one position."""
    reached = np.cumsum(w, axis=-1)
    new = np.diff(x, axis=-1, prepend=-np.inf) != 0
    below = np.maximum.accumulate(np.where(new, reached - w, 0.0), axis=-1)
    last = np.roll(new, -1, axis=-1)
    last[:, -1] = True
    up_to = np.minimum.accumulate(np.where(last, reached, np.inf)[:, ::-1], axis=-1)[:, ::-1]
    return np.asarray(0.5 * (below + up_to) / reached[:, -1:])


def _spread_cuts(count: int) -> list[list[float]]:
    """Cuts that fill the unit cube evenly: the golden sequence of so many dimensions (Roberts 2018)."""
    golden = 2.0
    for _ in range(30):
        golden = (1 + golden) ** (1 / count)
    steps = golden ** -np.arange(1.0, count)
    points = (0.5 + np.arange(1, 5 + 5 * (count > 2))[:, None] * steps) % 1.0
    return [sorted(point.tolist()) for point in points]


def _k_means(x: Array, w: Array, split: Array, count: int) -> Array:
    for _ in range(20):
        own = np.stack([split == k for k in range(count)]) * w
        total = own.sum(axis=-1)
        with np.errstate(all="ignore"):
            centres = np.where(total > 0, (own * x).sum(axis=-1) / total, np.inf)
        split = np.argmin(np.abs(x - centres[:, :, None]), axis=0)
    return split


def _crowds(x: Array, w: Array) -> list[Array]:
    """Runs of a few sorted values that lie nearest to each other, of each length two that do not overlap.

    Nearest beside what a normal law with the mean and spread of all would have there: a scan statistic.
    """
    used, size = w > 0, w.shape[-1]
    places, crowds = np.arange(size), []
    centre, spread = observed.mean(x, w)[:, None], np.sqrt(observed.variance(x, w))[:, None]
    for length in dict.fromkeys(max(3, min(length, size // 3)) for length in (3, 4, 6, 10, size // 6)):
        if size <= length:
            continue
        first, last = x[:, : 1 - length], x[:, length - 1 :]
        with np.errstate(invalid="ignore", divide="ignore"):
            z = (0.5 * (first + last) - centre) / spread
            room = np.where(used[:, length - 1 :] & (last > first), np.log(last - first) - 0.5 * z * z, np.inf)
        for _ in range(2):
            start = np.argmin(room, axis=-1)[:, None]
            crowds.append((places >= start) & (places < start + length) & used)
            room = np.where(np.abs(places[: room.shape[-1]] - start) < length, np.inf, room)
    return crowds


def _widest_gaps(x: Array, w: Array, count: int) -> Array:
    """Cut at the K − 1 widest gaps that leave two observations or more on each outer side."""
    gaps = np.where(w[:, 1:] > 0, np.diff(x, axis=-1), 0.0)
    reached = np.cumsum(w, axis=-1)[:, :-1]
    gaps = np.where((reached >= 2) & (w.sum(axis=-1, keepdims=True) - reached >= 2), gaps, 0.0)
    order = np.argsort(-gaps, axis=-1, kind="stable")[:, : count - 1]
    cut = np.zeros(gaps.shape, dtype=int)
    np.put_along_axis(cut, order, 1, axis=-1)
    return np.concatenate([np.zeros((len(x), 1), dtype=int), np.cumsum(cut, axis=-1)], axis=-1)
