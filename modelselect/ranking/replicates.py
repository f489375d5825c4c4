"""Samples like the one that was seen, drawn from a fitted law: rounded, binned or censored as it is.

They are a batch, whatever their number. What cannot be drawn says why: a sample has more to it than its law.
"""

from __future__ import annotations

import numpy as np

from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.grouped import distinct_in_rows
from modelselect.masses import log_mass
from modelselect.ranking.nesting import reached
from modelselect.rounding import cell_ends
from modelselect.sample import Sample

#: Cells of a lattice that replicates are drawn on as a table of counts; beyond it value by value.
_CELLS = 2_000
#: Probability that may lie beyond the cells of the table.
_BEYOND = 1e-12


def untestable(fit: Fit, sample: Sample) -> str:
    """Why no sample like the one that was seen can be drawn from a fit; empty if it can."""
    if not fit.status.usable:
        return f"not fitted: {fit.reason}"
    if sample.truncation is not None:
        return "the observations are truncated: how many were lost would have to be drawn too"
    if not np.all(sample.weights == np.rint(sample.weights)):
        return "the weights are fractions, of which no sample can be drawn"
    if sample.kind == "continuous" and fit.law.atoms:
        return "the law has an atom among real numbers"
    if sample.exact or sample.kind == "nominal":
        return ""
    if sample.resolution is not None:
        return "the observations are rounded and censored: how the two met would have to be drawn too"
    if not sample.points.any() and np.all(sample.lower[1:] >= sample.upper[:-1]):
        return ""
    if not np.all(sample.points | np.isposinf(sample.upper)):
        return "the observations are intervals that overlap: how these came about would have to be drawn too"
    return "the law gives masses, and the times of events are real numbers" if fit.law.discrete else ""


def replicates(fit: Fit, sample: Sample, n: int, size: int, rng: np.random.Generator) -> Block:
    """Samples of n observations from the law of a fit that can be tested, in the design of a sample; each sorted."""
    law = reached(fit).distribution
    if sample.exact:
        return as_drawn(law, sample, n, size, rng)
    if not sample.points.any():
        whole = sample if sample.edges is None else Sample.from_bins(sample.edges, np.ones(len(sample.edges) - 1))
        return binned(law, whole.block(cells=not law.discrete), n, size, rng)  # also the bins that stayed empty
    return censored_on_the_right(law, sample, size, rng)


def as_drawn(law: Distribution, sample: Sample, n: int, size: int, rng: np.random.Generator) -> Block:
    """Real numbers as they are drawn; on a lattice counts of its points."""
    if sample.kind == "continuous":
        x = np.sort(np.asarray(law.ppf(rng.random((size, n)))), axis=1)
        return Block(x, x, np.ones_like(x))
    step = float(sample.resolution or 1.0)
    table = _cells(law, sample, step)
    if table is None or len(table[0]) > 2 * n:  # more cells than observations: each sample has its own
        x = np.asarray(law.ppf(rng.random((size, n))))
        origin = float(sample.values[0])
        x = np.sort(x if law.discrete else origin + step * np.rint((x - origin) / step), axis=1)
        values, counts, sizes = distinct_in_rows(x, np.ones_like(x))
        values = np.where(np.isfinite(values), values, values[np.arange(size), sizes - 1][:, None])
    else:
        counts = rng.multinomial(n, table[1], size=size).astype(float)
        seen = counts.any(axis=0)
        values, counts = table[0][None, seen], counts[:, seen]
    return Block(values, values, counts) if law.discrete else Block(*cell_ends(values, step), counts)


def binned(law: Distribution, bins: Block, n: int, size: int, rng: np.random.Generator) -> Block:
    """Multinomial counts in bins; what lies beyond the outermost is counted in these."""
    step = law.family.support.step if law.discrete else 0.0
    with np.errstate(all="ignore"):
        mass = np.exp(log_mass(law.family, bins.lower[0], bins.upper[0], tuple(law.parameters.values())))
        mass[0] += law.cdf(bins.lower[0, 0] - step)
        mass[-1] += law.sf(bins.upper[0, -1])
    mass = np.where(np.isfinite(mass), mass, 0.0)
    return Block(bins.lower, bins.upper, rng.multinomial(n, mass / mass.sum(), size=size).astype(float))


def censored_on_the_right(law: Distribution, sample: Sample, size: int, rng: np.random.Generator) -> Block:
    """Times of events from the law, of censoring from the product limit of those that were censored (Efron 1981).

    Where the longest time is that of an event, the mass that is left to censoring lies beyond all times.
    """
    counts = sample.weights.astype(np.intp)
    time, event = np.repeat(sample.lower, counts), np.repeat(sample.points, counts)
    order = np.lexsort((~event, time))
    time, lost = time[order], ~event[order]
    n = len(time)
    hazard = lost / np.arange(n, 0.0, -1.0)
    gone = 1.0 - np.cumprod(1.0 - hazard)
    place = np.searchsorted(gone, rng.random((size, n)), side="right")
    end = np.append(time, np.inf)[place]
    life = np.asarray(law.ppf(rng.random((size, n))))
    seen = np.minimum(life, end)
    order = np.argsort(seen, axis=1)
    seen = np.take_along_axis(seen, order, axis=1)
    return Block(seen, np.where(np.take_along_axis(life <= end, order, axis=1), seen, np.inf), np.ones_like(seen))


def product_limit(block: Block) -> Block:
    """P̂ of right-censored groups (Kaplan & Meier 1958): a mass at each event, the rest on all that lies beyond.

    Parameters
    ----------
    block
        Points, and intervals (time, ∞).

    Returns
    -------
    Block
        Points in ascending order, those of censored observations with weight 0, and the cell (last time, ∞); the
        weights of each group add up to those of the observations.

    Examples
    --------
    Freireich's remissions: 6, 7, 10 … weeks; here five patients, two of them still in remission.

    >>> time = np.array([[6.0, 6.0, 7.0, 9.0, 10.0]])
    >>> end = np.array([[6.0, np.inf, 7.0, np.inf, 10.0]])
    >>> (product_limit(Block(time, end, np.ones((1, 5)))).weights / 5).round(4).tolist()
    [[0.2, 0.0, 0.2667, 0.0, 0.5333, 0.0]]
    """
    time, weights = (np.broadcast_to(part, block.weights.shape) for part in (block.lower, block.weights))
    lost = np.broadcast_to(block.upper > block.lower, weights.shape)
    order = np.lexsort((lost, time), axis=-1)  # of those at one time events come first
    time, weights = (np.take_along_axis(part, order, axis=-1) for part in (time, weights))
    lost = np.take_along_axis(lost, order, axis=-1)
    risk = np.cumsum(weights[:, ::-1], axis=-1)[:, ::-1]
    hazard = np.where(lost, 0.0, np.divide(weights, risk, out=np.zeros_like(risk), where=risk > 0))
    left = np.cumprod(1.0 - hazard, axis=-1)
    mass = np.concatenate(
        [np.concatenate([np.ones_like(left[:, :1]), left[:, :-1]], axis=-1) * hazard, left[:, -1:]], 1
    )
    last = np.where(weights > 0, time, -np.inf).max(axis=-1, keepdims=True)
    lower = np.concatenate([np.minimum(time, last), last], axis=-1)
    upper = np.concatenate([lower[:, :-1], np.full_like(last, np.inf)], axis=-1)
    return Block(lower, upper, mass * block.total[:, None])


def _cells(law: Distribution, sample: Sample, step: float) -> tuple[Array, Array] | None:
    """Lattice points that hold all but `_BEYOND` of the law, and their masses; None if they are too many."""
    origin = float(sample.values[0])
    low, high = (float(law.ppf(q)) for q in (_BEYOND, 1.0 - _BEYOND))
    if not (np.isfinite([low, high]).all() and high - low <= _CELLS * step):
        return None
    first, last = np.floor((low - origin) / step), np.ceil((high - origin) / step)
    values = origin + step * np.arange(first, last + 1.0)
    lower, upper = (values, values) if law.discrete else cell_ends(values, step)
    with np.errstate(all="ignore"):
        mass = np.exp(log_mass(law.family, lower, upper, tuple(law.parameters.values())))
    mass = np.where(np.isfinite(mass), mass, 0.0)
    return values, mass / mass.sum()
