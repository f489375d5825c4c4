"""A small weighted sample that stands in for a large sorted one while the maximum is approached.

Each bin of neighbouring order statistics is replaced by two weighted nodes that match its mean, variance
and third central moment. The extreme 64 observations at each end stay as they are and the bins grow
slowly from there: the accuracy of the fit in the tails is decided by the edges, not by the number of bins.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block, Rescaled
from modelselect.domain import Array
from modelselect.stretches import STRETCH, equal

#: Observations below which nothing is gained by fine nodes, and by coarse ones.
WORTHWHILE, SOME = 3000, 500
#: Singletons at each end, growth of the bins from there, and how many bins of one size there are: fine, and coarse.
_FINE, _COARSE = (64, 1.1, 400), (8, 1.5, 40)
#: Observations that are all kept, where the bins do not begin at the ends of the sample.
_PIECE = 200


def nodes_of(block: Block) -> Block | None:
    """Nodes in place of many exact observations, made once; None where they are few, or not in ascending order.

    Those of rescaled observations are the source's, rescaled: all candidates share them.
    """
    if isinstance(block, Rescaled):
        nodes = nodes_of(block.source)
        return None if nodes is None else nodes.rescaled(block.shift, block.scale)
    found: Block | None = block.remembered(compress, lambda: compress(block) if compressible(block) else None)
    return found


def compress(block: Block, *, fine: bool = True, around: Sequence[int] = ()) -> Block:
    """Return two nodes a bin in place of the exact, sorted observations of each group; weights are kept in sum.

    The observations next to the places `around` stay as they are, like the extreme ones.

    Examples
    --------
    >>> x = np.sort(np.random.default_rng(0).normal(size=(1, 100_000)))
    >>> small = compress(Block(x, x, np.ones_like(x)))
    >>> small.weights.shape[1] < 2000, bool(abs((small.shares * small.lower**3).sum() - (x**3).mean()) < 1e-12)
    (True, True)
    """
    x, w = block.lower, block.weights
    m = x.shape[1]
    pieces = np.unique([0, *around, m])
    starts = np.concatenate(
        [low + _bins(high - low, *(_FINE if fine else _COARSE)) for low, high in itertools.pairwise(pieces)]
    )
    # a few bins at a time: no temporary grows with the sample
    first = np.unique(np.searchsorted(starts, np.arange(0, m, STRETCH)))
    cuts = [starts[i:j] for i, j in itertools.pairwise(np.append(first, len(starts))) if j > i]
    ends = [*(cut[0] for cut in cuts[1:]), m]
    parts = [_central(x[:, c[0] : end], w[:, c[0] : end], c - c[0]) for c, end in zip(cuts, ends, strict=True)]
    mass, mean, variance, third = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    sd = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(sd > 0, third / (variance * sd), 0.0)
    skew = np.where(np.isfinite(skew), skew, 0.0)
    root = np.sqrt(skew * skew + 4.0)
    pair = np.array([-1.0, 1.0])
    nodes = mean[..., None] + 0.5 * sd[..., None] * (skew[..., None] + pair * root[..., None])
    weights = 0.5 * mass[..., None] * (1.0 - pair * (skew / root)[..., None])
    nodes, weights = nodes.reshape(len(mean), -1), weights.reshape(len(mass), -1)
    nodes = np.clip(nodes, x[:, :1], x[:, -1:])  # a two-point bin reproduces its points up to the last bit
    return Block(nodes, nodes, weights)


def _central(x: Array, w: Array, starts: NDArray[np.intp]) -> tuple[Array, Array, Array, Array]:
    """Mass, mean, variance and third central moment of each bin."""
    sizes = np.diff(np.append(starts, x.shape[1]))
    alike = len(w) == 1 and equal(w)
    mass = sizes * w[:, :1] if alike else np.add.reduceat(w, starts, axis=-1)
    full = np.where(mass > 0, mass, 1.0)

    def means(y: Array) -> Array:
        sums = np.add.reduceat(y if alike else w * y, starts, axis=-1)
        return np.asarray(sums / (sizes if alike else full))

    mean = means(x)
    deviation = x - np.repeat(mean, sizes, axis=-1)
    square = deviation * deviation
    variance = means(square)
    square *= deviation
    return mass, mean, variance, means(square)


def compressible(block: Block, many: int = WORTHWHILE) -> bool:
    """Whether there are many exact observations, in ascending order."""
    return block.exact and block.weights.shape[1] >= many and bool(np.all(block.lower[:, 1:] >= block.lower[:, :-1]))


def _bins(n: int, singletons: int, growth: float, bins_of_one_size: int) -> NDArray[np.intp]:
    """First index of each bin."""
    if n <= _PIECE:
        return np.arange(n)
    plateau = max(n // bins_of_one_size, 1)
    growing = np.floor(growth ** np.arange(int(np.log(plateau) / np.log(growth)) + 1)).astype(int)
    edge = np.concatenate([np.ones(singletons, dtype=int), growing])
    middle = n - 2 * edge.sum()
    bins = np.full(-(-middle // plateau), plateau)
    bins[-1] -= bins.sum() - middle
    counts = np.concatenate([edge, bins, edge[::-1]])
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
