"""What pictures show: P̂ on points and intervals, and candidates given the bounds within which data could be seen.

P̂ is the share of each value while all are exact, of each bin where bins are given, and otherwise the nonparametric
maximum of the likelihood (`modelselect.divergence.turnbull`): the product limit of Kaplan and Meier, for example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from modelselect.distribution import Distribution
from modelselect.divergence.turnbull import disjoint, nonparametric
from modelselect.domain import Array
from modelselect.fitting.likelihood import log_mass
from modelselect.observations import middles
from modelselect.rounding import grid_points
from modelselect.sample import Sample

Window = tuple[float, float]

#: Observations at risk below which the product limit of delayed entries is not drawn: one event would move it far.
_FEW = 5


@dataclass(frozen=True, eq=False)
class Observed:
    """P̂ of a sample: shares of points and of intervals (low, high], in ascending order.

    Attributes
    ----------
    low, high
        Finite ends, ``(m,)``; equal for a point. On a lattice, cells of one step are their value.
    share
        Of each, ``(m,)``.
    below, above
        Shares of which only one end is known: up to the first number, and above it.
    binned
        Whether the intervals are those of the data, side by side.
    simple
        Whether it is the share of each value, nothing else.
    window
        Bounds (above, up to) within which all this is; None without any.
    """

    low: Array
    high: Array
    share: Array
    below: tuple[float, float]
    above: tuple[float, float]
    binned: bool
    simple: bool
    window: Window | None = None

    @property
    def x(self) -> Array:
        """One number for each: its value, or the middle."""
        return middles(self.low, self.high)

    @property
    def reached(self) -> Array:
        """Cumulative share at each upper end."""
        return np.asarray(self.below[1] + np.cumsum(self.share))


_KNOWN: WeakKeyDictionary[Sample, Observed] = WeakKeyDictionary()


def observed(sample: Sample) -> Observed:
    """P̂ of a sample of numbers, computed once.

    Examples
    --------
    >>> observed(Sample.from_censored([6, 6, 7, 10], [1, 0, 1, 0])).share.tolist()
    [0.25, 0.375]
    """
    if sample not in _KNOWN:
        _KNOWN[sample] = _observed(sample)
    return _KNOWN[sample]


def what_is_drawn(sample: Sample) -> str:
    """A sentence on what the share of the data means where it is not simply that of each value."""
    if sample.kind == "nominal":
        return ""
    data, words = observed(sample), ""
    if not (data.simple or data.binned):
        words = (
            " Where observations are censored, the data are the nonparametric estimate of their law (Kaplan and Meier, "
            "Turnbull)."
        )
    if data.window is not None:
        low, high = data.window
        where = f"above {low:.4g}" if np.isposinf(high) else f"up to {high:.4g}"
        where = where if np.isinf(low) or np.isinf(high) else f"above {low:.4g} and up to {high:.4g}"
        words += f" All shares are those given a value {where}: what could be seen."
    return words


def log_mass_within(law: Distribution, low: Array, high: Array, window: Window | None) -> Array:
    """Log of the probability of (low, high] under a law, given the window."""
    parameters = tuple(law.parameters.values())
    if window is not None:
        low, high = np.clip(low, *window), np.clip(high, *window)
    first = _above(law, low)
    with np.errstate(all="ignore"):
        mass = log_mass(law.family, np.asarray(first), np.asarray(high), parameters)
        mass = np.asarray(np.where(high > low, mass, -np.inf), dtype=float)
        return mass if window is None else np.asarray(mass - _log_window(law, window))


def cdf_within(law: Distribution, x: Any, window: Window | None) -> Array:
    """P(X ≤ x) under a law, given the window."""
    with np.errstate(all="ignore"):
        if window is None:
            return np.asarray(law.cdf(x), dtype=float)
        x = np.clip(np.asarray(x, dtype=float), *window)
        return np.asarray(np.exp(log_mass_within(law, np.full_like(x, window[0]), x, window)))


def density_within(law: Distribution, x: Array, window: Window | None) -> Array:
    """Density of a law, given the window."""
    with np.errstate(all="ignore"):
        y = np.asarray(law.logp(x), dtype=float)
        if window is not None:
            y = np.where((x > window[0]) & (x <= window[1]), y - _log_window(law, window), -np.inf)
        return np.asarray(np.exp(y))


def quantile_within(law: Distribution, level: Array, window: Window | None) -> Array:
    """Quantiles of a law, given the window."""
    with np.errstate(all="ignore"):
        if window is not None:
            low, high = (float(np.asarray(law.cdf(end))) for end in window)
            level = low + level * (high - low)
        return np.asarray(law.ppf(level), dtype=float)


def _above(law: Distribution, low: Array) -> Array:
    """Where the part of (low, high] begins that a law gives masses to."""
    return np.asarray(law.support.floor(low) + law.support.step) if law.discrete else low


def _log_window(law: Distribution, window: Window) -> Any:
    low = _above(law, np.asarray([window[0]]))
    return log_mass(law.family, low, np.asarray([window[1]]), tuple(law.parameters.values()))


def _observed(sample: Sample) -> Observed:
    block = sample.block(cells=True)
    nothing = (0.0, 0.0)
    window: Window | None = None
    if block.truncation is not None:
        window = float(block.truncation[0].min()), float(block.truncation[1].max())
    if sample.exact and (sample.truncation is None or disjoint(block)):
        x = sample.values.astype(float)
        return Observed(x, x, sample.shares, nothing, nothing, binned=False, simple=True, window=window)
    binned = disjoint(block) and not sample.points.any()
    if disjoint(block):
        low, high, share = block.lower[0], block.upper[0], sample.shares
    else:
        best = nonparametric(block)
        seen = best.mass > 0
        if window is not None and best.at_risk is not None and np.any(enough := best.at_risk >= _FEW):
            first = int(np.argmax(enough))
            seen[:first] = False
            if first and seen.any():
                window = float(best.high[first - 1]), window[1]
        low, high, share = best.low[seen], best.high[seen], best.mass[seen] / best.mass[seen].sum()
    below, above = nothing, nothing
    if np.isneginf(low[0]):
        below, low, high, share = (float(high[0]), float(share[0])), low[1:], high[1:], share[1:]
    if len(high) and np.isposinf(high[-1]):
        above, low, high, share = (float(low[-1]), float(share[-1])), low[:-1], high[:-1], share[:-1]
    if sample.resolution is not None and len(low):
        low, high, share = _on_lattice(low, high, share, sample.resolution)
    return Observed(low, high, share, below, above, binned=binned, simple=False, window=window)


def _on_lattice(low: Array, high: Array, share: Array, step: float) -> tuple[Array, Array, Array]:
    """Shares of the values of a lattice; those of an interval are spread evenly over the values in it."""
    first, last = np.rint(low / step + 0.5).astype(int), np.rint(high / step - 0.5).astype(int)
    count = np.maximum(last - first + 1, 1)
    start = np.repeat(np.cumsum(count) - count, count)
    values = np.repeat(first, count) + np.arange(count.sum()) - start
    distinct, index = np.unique(values, return_inverse=True)
    x = grid_points(distinct, step)
    return x, x, np.asarray(np.bincount(index, weights=np.repeat(share / count, count)), dtype=float)
