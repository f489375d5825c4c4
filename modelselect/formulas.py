"""What a family's formulas say off the support, and the inverse of a distribution function.

A family's author writes each formula for x on the support; what holds elsewhere (−inf, 0, 1, nothing between
the points of a lattice) is put around it here, once for all families.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from modelselect.domain import Array

if TYPE_CHECKING:
    from modelselect.family import Family


def nearest(family: Family, guess: Any, q: Any, *parameters: Any) -> Any:
    """Smallest integer with cdf ≥ q, where a closed form has come within one of it."""
    low, high = family.bounds(*parameters)
    x = np.clip(guess, low, high)
    x = np.where(family.cdf(x - 1, *parameters) >= q, x - 1, x)
    return np.where(family.cdf(x, *parameters) < q, x + 1, x)


def log_share(part: Any, rest: Any) -> Any:
    """Log of a share, from the rest where that is the smaller one."""
    with np.errstate(divide="ignore"):
        return np.where(part > 0.5, np.log1p(-np.asarray(rest)), np.log(part))


#: value below the support, value above it
OFF_SUPPORT = {
    "logp": (-np.inf, -np.inf),
    "cdf": (0.0, 1.0),
    "sf": (1.0, 0.0),
    "log_cdf": (-np.inf, 0.0),
    "log_sf": (0.0, -np.inf),
}


def on_support(formula: Callable[..., Any], off_support: tuple[float, float]) -> Callable[..., Any]:
    """Complete a formula by its values below and above the support, and between the points of a lattice."""
    below, above = off_support
    mass = below == above

    @functools.wraps(formula)
    def function(self: Family, x: ArrayLike, *parameters: Any) -> Any:
        x = np.asarray(x, dtype=float)
        low, high = self.bounds(*parameters)
        with np.errstate(all="ignore"):
            if mass and self.period is not None:
                finite = np.isfinite(x)
                return np.where(finite, formula(self, np.where(finite, x, low), *parameters), below)
            if not self.discrete and x.size and np.ndim(low) == np.ndim(high) == 0 and x.min() > low and x.max() < high:
                return formula(self, x, *parameters)
            if self.discrete and not mass:
                x = self.support.floor(x)
            under, over = self.outside(x, *parameters)
            off = under | over | ~self.support.on_lattice(x) if self.discrete and mass else under | over
            if not np.any(off):
                return formula(self, x, *parameters)
            inside = np.where(off, _somewhere_inside(low, high, self.discrete), x)
            value = formula(self, inside, *parameters)
            return np.where(under, below, np.where(over | off, above, value))

    return function


def on_unit(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Complete a quantile function by the ends of the support at 0 and 1, and NaN outside [0, 1]."""

    @functools.wraps(formula)
    def ppf(self: Family, q: ArrayLike, *parameters: Any) -> Any:
        q = np.asarray(q, dtype=float)
        low, high = self.bounds(*parameters)
        with np.errstate(all="ignore"):
            x = np.where(q <= 0, low, np.where(q >= 1, high, formula(self, q, *parameters)))
            return np.where((q >= 0) & (q <= 1), x, np.nan)

    return ppf


def _somewhere_inside(low: Any, high: Any, discrete: bool) -> Any:
    """Return a point of the support, at which a formula may safely be evaluated."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if discrete:
        return np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    both = np.isfinite(low) & np.isfinite(high)
    return np.where(
        both,
        0.5 * (low + high),
        np.where(np.isfinite(low), low + 1.0, np.where(np.isfinite(high), high - 1.0, 0.0)),
    )


@on_unit
def inverse(family: Family, q: Array, *parameters: Any) -> Any:
    """Invert the cdf; of one law on the integers from a table, if its quantiles are not too far apart."""
    q = np.where((q > 0) & (q < 1), q, 0.5)
    if family.discrete and q.size > 50 and all(np.ndim(parameter) == 0 for parameter in parameters):
        first, last = _bisect(family, np.array([q.min(), q.max()]), parameters)
        if last - first < 1e5:
            table = family.cdf(np.arange(first, last + 1), *parameters)
            return first + np.searchsorted(table, q)
    return _bisect(family, q, parameters)


def _bisect(family: Family, q: Array, parameters: tuple[Any, ...]) -> Array:
    """Bracket by doubling, then halve (to the last bit, or to the integer)."""
    q, *rest = np.broadcast_arrays(q, *[np.asarray(p, dtype=float) for p in parameters])
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), q.shape) for end in family.bounds(*rest))
    reach = np.ones_like(q)
    anchor = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    left = np.where(np.isfinite(low), low - (1.0 if family.discrete else 0.0), anchor - reach)
    right = np.where(np.isfinite(high), high, anchor + reach)
    for _ in range(1100):
        short = (family.cdf(right, *rest) < q) & (right < high)
        over = (family.cdf(left, *rest) >= q) & (left > low)
        if not (short.any() or over.any()):
            break
        reach = np.where(short | over, 2.0 * reach, reach)
        left, right = (
            np.where(short, right, np.where(over, left - reach, left)),
            np.where(over, left, np.where(short, right + reach, right)),
        )
    for _ in range(1100):
        middle = np.floor(0.5 * (left + right)) if family.discrete else 0.5 * (left + right)
        open_ = (middle > left) & (middle < right)
        if not open_.any():
            break
        enough = family.cdf(middle, *rest) >= q
        left, right = np.where(open_ & ~enough, middle, left), np.where(open_ & enough, middle, right)
    return right
