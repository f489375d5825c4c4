"""Densities at a finite end other than 0, where the distance from it has more digits than x.

Beside an end e a density is a power of the distance d = |x − e| times a smooth function: log p = c + r log d + b d up
to d². Found from three points at which d is still exact, it holds for all that lie nearer, as x itself no longer does.
"""

from __future__ import annotations

import numpy as np

from modelselect.divergence.laws import Law
from modelselect.domain import Array

#: Distances, relative to the end, at which the power is found, and checked; and the farthest at which it is used.
_KNOTS, _USED = 2.0**-22 * np.array([1.0, 2.0, 4.0, 8.0]), 2.0**-23
#: Error of the check from which on there is no power.
_AGREES = 1e-9


def edge(law: Law, end: float) -> Array | None:
    """Coefficients (c, r, b) of the log density beside one of its finite ends; None where it is no power there.

    Examples
    --------
    >>> from scipy.stats import arcsine
    >>> from modelselect.divergence.laws import as_law
    >>> edge(as_law(arcsine()), 1.0).round(4)  # log p = -log π - (log x + log(1 - x))/2
    array([-1.1447, -0.5   ,  0.5   ])
    """
    if law.discrete or end == 0.0 or not np.isfinite(end) or end not in (law.low, law.high):
        return None
    side = 1.0 if end == law.low else -1.0
    x = end + side * np.abs(end) * _KNOTS
    d = np.abs(x - end)
    if not (law.low < x.min() and x.max() < law.high):
        return None
    with np.errstate(all="ignore"):
        logs = np.asarray(law.logp(x), dtype=float)
        if not np.isfinite(logs).all():
            return None
        rows = np.stack([np.ones(4), np.log(d), d], axis=1)
        found = np.linalg.solve(rows[:3] * [1.0, 1.0, 1.0 / d[0]], logs[:3]) * [1.0, 1.0, 1.0 / d[0]]
    return found if abs(float(rows[3] @ found) - logs[3]) < _AGREES else None


def beside(law: Law, x: Array, slope: Array, logs: Array) -> Array:
    """Log densities, those nearer to a finite end than x can tell by the distance e^slope of a panel bent at it."""
    for end in {law.low, law.high}:
        if end == 0.0 or not np.isfinite(end) or law.discrete:
            continue
        within = (law.low <= x) & (x <= law.high)
        near = within & (np.abs(x - end) <= _USED * abs(end)) & (slope < np.log(_USED * abs(end))) & (slope != 0.0)
        if near.any() and (found := edge(law, end)) is not None:
            u = slope[near]
            logs = np.array(logs, dtype=float)
            logs[near] = found[0] + found[1] * u + found[2] * np.exp(u)
    return logs


def deep(end: float, *laws: Law) -> bool:
    """Whether distances from an end may be as small as they like: all laws that end there are powers of it."""
    ending = [law for law in laws if end in (law.low, law.high)]
    return bool(ending) and all(edge(law, end) is not None for law in ending)
