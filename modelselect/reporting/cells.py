"""Cells: the values, labels or bins at which a sample and its candidates are set side by side.

Pictures and *where the nats are lost* need shares of the data and of each candidate on common cells. A lattice
keeps its values while they are few; otherwise bins follow Freedman & Diaconis (1981), rounded to readable widths,
are geometric where positive data span many scales, and doubling where counts do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.reporting.observed import Observed, Window, log_mass_within, observed
from modelselect.rounding import cell_ends, grid_points
from modelselect.sample import Sample

Scale = Literal["labels", "values", "doubling", "bins", "geometric"]

_MOST_VALUES = 60
_MOST_BINS = 60
_MOST_LABELS = 14
#: Range over interquartile range beyond which equal bins would show one bar and emptiness.
_WIDE = 15.0


@dataclass(frozen=True)
class Cells:
    """Cells side by side.

    Attributes
    ----------
    scale
        ``labels``, ``values`` of a lattice, ``doubling`` groups of counts, equal ``bins`` or ``geometric`` ones.
    names
        What to write at each cell; empty where a numeric axis says it.
    low, high
        Ends of each cell, ``(m,)``; outside a window they reach to infinity.
    share
        Share of the data in each, summing to 1.
    outcomes
        The labels or values of single-valued cells; None for bins. A last label may stand for *all others*.
    step
        Step of the lattice; 0 for labels and continuous data.
    seen
        Bounds within which data could be seen; None without any.
    """

    scale: Scale
    names: tuple[str, ...]
    low: Array
    high: Array
    share: Array
    outcomes: NDArray[Any] | None = None
    step: float = 0.0
    seen: Window | None = None

    @property
    def places(self) -> Array:
        """Where each cell is drawn: its value, the middle of its bin, or 0, 1, 2 … for labels and doubling groups."""
        if self.scale in ("labels", "doubling"):
            return np.arange(len(self.share), dtype=float)
        low, high = self.window
        return np.asarray(np.sqrt(low * high) if self.scale == "geometric" else 0.5 * (low + high))

    @property
    def window(self) -> tuple[Array, Array]:
        """Ends of the cells, the infinite ones replaced by the width of their neighbour."""
        low, high = self.low.copy(), self.high.copy()
        if len(low) == 1:
            return np.where(np.isinf(low), high - 1.0, low), np.where(np.isinf(high), low + 1.0, high)
        if np.isinf(low[0]):
            low[0] = high[0] - (high[1] - low[1] if np.isfinite(high[1]) else 1.0)
        if np.isinf(high[-1]):
            high[-1] = low[-1] + (high[-2] - low[-2])
        return low, high

    def log_expected(self, fit: Fit) -> Array:
        """Log of the share that a candidate gives to each cell, ``(m,)``; NaN where it has no law for them."""
        law = fit.distribution
        if law is None or (self.scale == "labels" and not law.family.nominal):
            return np.full(len(self.share), np.nan)
        with np.errstate(all="ignore"):
            if not law.family.nominal:
                return log_mass_within(law, self.low, self.high, self.seen)
            if self.outcomes is None:
                return np.asarray(np.log(law.cdf(self.high) - law.cdf(self.low)))
            log_mass_of = np.asarray(law.logp(self.outcomes))
            if len(self.outcomes) < len(self.share):  # all the others
                log_mass_of = np.append(log_mass_of, np.log(max(1.0 - np.exp(log_mass_of).sum(), 0.0)))
            return log_mass_of

    def expected(self, fit: Fit) -> Array:
        """Share that a candidate gives to each cell, ``(m,)``."""
        return np.asarray(np.exp(self.log_expected(fit)))

    def loss(self, fit: Fit) -> Array:
        """p̂ log(p̂/q) of each cell in nats, ``(m,)``: 0 where nothing was seen, +∞ where q gives nothing to what was."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.share > 0, self.share * (np.log(self.share) - self.log_expected(fit)), 0.0)


def cells_of(sample: Sample, fits: Sequence[Fit] = ()) -> Cells:
    """Choose cells for a sample; a lattice reaches on to values that one of the fits makes likely.

    Examples
    --------
    >>> cells_of(Sample.from_counts({0: 2, 2: 1, 3: 1})).share.tolist()
    [0.5, 0.0, 0.25, 0.25]
    """
    if sample.kind == "nominal":
        return _labels(sample)
    data = observed(sample)
    cells = _bins_given(data) if data.binned and len(data.share) < _MOST_BINS else _chosen(sample, data, fits)
    return replace(cells, seen=data.window)


def _chosen(sample: Sample, data: Observed, fits: Sequence[Fit]) -> Cells:
    x, p = data.x, data.share
    step = sample.resolution
    middle, half = quantile(x, p, [0.25, 0.5, 0.75]), 0.5 * (step or 0.0)
    spread = float(middle[2] - middle[0])
    wide = float(x[-1] - x[0]) > _WIDE * max(spread, step or 0.0)
    closed = data.below[1] == data.above[1] == 0
    if step is not None and closed:
        size = round((x[-1] - x[0]) / step) + 1
        if size <= _MOST_VALUES:
            return _values(x, p, step, fits, data.window)
        if wide and x[0] >= 0:
            return _doubling(x, p, step)
    elif closed and wide and x[0] > 0:
        bins = int(np.clip(2 * len(x) ** (1 / 3), 8, 40))
        edges: Array = np.geomspace(x[0], x[-1], bins + 1)
        edges[-1] = np.nextafter(x[-1], np.inf)
        return Cells("geometric", (), edges[:-1], edges[1:], _shares(x, p, edges))
    low, high = float(x[0]), float(x[-1])
    if data.above[1]:
        high = max(high, data.above[0] - half)
    if data.below[1]:
        low = min(low, data.below[0] + half)
    if wide and spread > 0:
        low, high = max(low, middle[0] - 8 * spread), min(high, middle[2] + 8 * spread)
    n = sample.n if np.isfinite(sample.n) else len(x)
    width = min(2.0 * spread * n ** (-1 / 3), (high - low) / (1.0 + math.log2(max(n, 2.0))))
    edges = _edges(low - half, high + half, width, step)
    if step is not None and high - low <= _MOST_VALUES * step:
        edges = np.asarray(np.arange(round(low / step), round(high / step) + 2) * step - half, dtype=float)
    if step is None:  # what lies beyond an end is known from there on, not from a rounder number
        if data.above[1]:
            last = float(np.nextafter(data.above[0], np.inf))
            edges = np.append(edges[edges < data.above[0]], last)
        if data.below[1]:
            edges = np.append(data.below[0], edges[edges > data.below[0]])
    inner = _shares(x, p, edges)
    below = p[x < edges[0]].sum() + data.below[1]
    above = p[x >= edges[-1]].sum() + data.above[1]
    lower, upper = edges[:-1], edges[1:]
    if below > 0:
        inner, lower, upper = np.append(below, inner), np.append(-np.inf, lower), np.append(edges[0], upper)
    if above > 0:
        inner, lower, upper = np.append(inner, above), np.append(lower, edges[-1]), np.append(upper, np.inf)
    return Cells("bins", (), lower, upper, inner, step=step or 0.0)


def _bins_given(data: Observed) -> Cells:
    """The bins of the data, with empty ones where they leave gaps, and the open ones at the ends."""
    low, high, share = data.low, data.high, data.share
    if data.below[1]:
        low, high, share = np.append(-np.inf, low), np.append(data.below[0], high), np.append(data.below[1], share)
    if data.above[1]:
        low, high, share = np.append(low, data.above[0]), np.append(high, np.inf), np.append(share, data.above[1])
    gaps = np.flatnonzero(low[1:] > high[:-1]) + 1
    filled = np.insert(low, gaps, high[gaps - 1]), np.insert(high, gaps, low[gaps]), np.insert(share, gaps, 0.0)
    return Cells("bins", (), *filled)


def quantile(x: Array, shares: Array, q: Sequence[float] | Array) -> Array:
    """Smallest x whose cumulative share, of all that is known, reaches q."""
    reached = np.cumsum(shares) / max(float(np.sum(shares)), 1e-300)
    return np.asarray(x[np.minimum(np.searchsorted(reached, np.asarray(q) - 1e-12), len(x) - 1)])


def _labels(sample: Sample) -> Cells:
    seen = dict(zip(sample.values.tolist(), sample.shares.tolist(), strict=True))
    outcomes = [*sample.outcomes] or [*seen]
    names, share = outcomes, np.array([seen.get(o, 0.0) for o in outcomes])
    if len(outcomes) > _MOST_LABELS:
        order = np.argsort(-share, kind="stable")[: _MOST_LABELS - 1]
        names = outcomes = [outcomes[i] for i in order]
        names = [*names, "all others"]
        share = np.append(share[order], max(1.0 - share[order].sum(), 0.0))
    nowhere = np.full(len(share), np.nan)
    return Cells("labels", tuple(map(str, names)), nowhere, nowhere, share, np.array(outcomes, dtype=object))


def _values(x: Array, p: Array, step: float, fits: Sequence[Fit], seen: Window | None) -> Cells:
    first, last = round(x[0] / step), round(x[-1] / step)
    reach = max(math.ceil(0.25 * (last - first + 1)), 2)
    share = np.zeros(last - first + 1 + 2 * reach)
    index = np.rint(x / step).astype(int) - first + reach
    share[index] = p
    values = grid_points(np.arange(first - reach, last + reach + 1), step)
    grid = Cells("values", (), *cell_ends(values, step), share, values, step, seen)
    likely = share > 0
    for fit in fits:
        likely |= grid.expected(fit) >= 0.005
    keep = slice(int(np.argmax(likely)), len(likely) - int(np.argmax(likely[::-1])))
    return Cells("values", (), grid.low[keep], grid.high[keep], share[keep], values[keep], step)


def _doubling(x: Array, p: Array, step: float) -> Cells:
    """0, 1, 2, 3–4, 5–8, … in units of the step, from the smallest value to the largest."""
    top = np.rint(x[-1] / step)
    ends = [-1.0, 0.0, *2.0 ** np.arange(0, math.ceil(math.log2(max(top, 1))) + 1)]
    ends[-1] = max(top, 1.0)
    upper = np.array(sorted(set(ends[1:])))
    lower = np.array([-1.0, *upper[:-1]])
    keep = upper * step >= x[0] - 0.25 * step
    lower, upper = lower[keep], upper[keep]
    names = tuple(
        f"{hi * step:g}" if hi - lo == 1 else f"{(lo + 1) * step:g}–{hi * step:g}"
        for lo, hi in zip(lower, upper, strict=True)
    )
    edges = grid_points(np.append(lower, upper[-1]) + 0.5, step)
    return Cells("doubling", names, edges[:-1], edges[1:], _shares(x, p, edges), step=step)


def _edges(low: float, high: float, width: float, step: float | None) -> Array:
    """Edges of equal bins of a readable width; on a lattice they lie half-way between its values."""
    span = high - low
    if span <= 0:
        width = step or max(abs(low), 1.0) * 0.1
        return np.array([low - 0.5 * width, low + 0.5 * width])
    width = float(np.clip(width if width > 0 else span, span / _MOST_BINS, span / 5))
    if step is None:
        width = _readable(width)
        return np.arange(math.floor(low / width), math.ceil(np.nextafter(high, np.inf) / width) + 1) * width
    many = max(round(_readable(width / step)), 1)
    first = math.floor((low / step + 0.5) / many) * many
    return (np.arange(first, high / step + many, many) - 0.5) * step


def _readable(width: float) -> float:
    """1, 2, 2.5 or 5 times a power of ten, the nearest one that is not smaller."""
    power = 10.0 ** math.floor(math.log10(width))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= width * 0.999), 10 * power)


def _shares(x: Array, p: Array, edges: Array) -> Array:
    inside = (x >= edges[0]) & (x < edges[-1])
    index = np.searchsorted(edges, x[inside], side="right") - 1
    return np.asarray(np.bincount(index, weights=p[inside], minlength=len(edges) - 1), dtype=float)
