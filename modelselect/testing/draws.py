"""What the checks share: members of a family, simulated data, and comparisons that fail with a sentence."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.family import Family
from modelselect.fitting.estimate import Estimate, estimate
from modelselect.fitting.likelihood import mean_log_likelihood

Member = tuple[float, ...]

QUANTILES = np.array([1e-6, 1e-4, 0.003, 0.03, 0.1, 0.21, 0.37, 0.5, 0.64, 0.79, 0.9, 0.97, 0.997, 1 - 1e-4, 1 - 1e-6])


def members(family: Family, draws: int = 4, seed: int = 0) -> list[Member]:
    """Parameters of a family: corners of the typical box, then random points inside it.

    Examples
    --------
    >>> from modelselect.families.counts.classic import Poisson
    >>> members(Poisson(), draws=1)[:2]
    [(0.1,), (30.0,)]
    """
    rng = np.random.default_rng(seed)
    ranges = list(family.parameters.values())
    made = list(itertools.product(*(parameter.typical for parameter in ranges)))
    if len(made) > 4:
        made = [made[0], made[-1], *made[1:-1:3]]
    for _ in range(draws):
        u = rng.uniform(size=len(ranges))
        made.append(tuple(_inside(parameter.typical, share) for parameter, share in zip(ranges, u, strict=True)))
    whole = [parameter.domain.lattice for parameter in ranges]
    tidy = [tuple(float(round(v)) if w else float(v) for v, w in zip(values, whole, strict=True)) for values in made]
    return [values for values in tidy if np.all(family.valid(*values))]


def simulate(family: Family, theta: Member, shape: tuple[int, ...], seed: int) -> Array:
    """Draw by inversion; of a continuous family strictly inside the support, but for its atoms."""
    x = np.asarray(family.ppf(np.random.default_rng(seed).uniform(size=shape), *theta), dtype=float)
    return x if family.discrete else np.where(np.isin(x, family.atoms), x, _off_the_ends(family, theta, x, 0.0))


def points(family: Family, theta: Member) -> Array:
    """Quantiles; of a continuous family strictly inside the support."""
    x = np.asarray(family.ppf(QUANTILES, *theta), dtype=float)
    return x if family.discrete else np.where(np.isin(x, family.atoms), x, _off_the_ends(family, theta, x, 1e-6))


def width(family: Family, theta: Member) -> float:
    """Interquartile range."""
    low, high = family.ppf(np.array([0.25, 0.75]), *theta)
    return float(high - low) or 1.0


def given(family: Family, theta: Member) -> dict[str, float]:
    """Parameters that are not estimated."""
    items = zip(family.parameters.items(), theta, strict=True)
    return {name: value for (name, p), value in items if p.required or p.default is not None}


def estimated(family: Family, x: Array, fixed: dict[str, float], weights: Array | None = None) -> Estimate:
    """Estimate on exact data ``(G, m)``; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return estimate(family, Block(x, x, np.ones_like(x) if weights is None else weights), fixed)


def likelihood(family: Family, x: Array, parameters: Array) -> Array:
    """Mean log-likelihood ``(G,)`` of exact data ``(G, m)`` at parameters ``(G, p)``."""
    with np.errstate(all="ignore"):
        return mean_log_likelihood(family, Block(x, x, np.ones_like(x)), tuple(parameters.T[:, :, None]))


def described(family: Family, theta: Any) -> str:
    """Name and parameters, for the sentence of a failure."""
    return f"{family.name}({', '.join(f'{value:.6g}' for value in theta)})"


def require(condition: Any, what: str) -> None:
    """Raise AssertionError with a sentence unless all of a condition holds (an `assert` may be switched off)."""
    if not np.all(condition):
        raise AssertionError(what)


def require_close(a: Any, b: Any, relative: float, absolute: Any, what: str) -> None:
    """Raise AssertionError with a sentence and the first two values that differ too much."""
    a, b = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    with np.errstate(invalid="ignore"):
        good = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= relative * np.abs(b) + absolute)
    if not good.all():
        worst = tuple(np.argwhere(~good)[0])
        raise AssertionError(f"{what}: {a[worst]:.17g} and {b[worst]:.17g}")


def require_same(one: Estimate, rows: NDArray[np.intp], other: Estimate, what: str) -> None:
    """Raise AssertionError unless the groups `rows` of one estimate are the groups of the other."""
    require(one.status[rows] == other.status, f"{what} to the status: {one.status[rows]} and {other.status}")
    require_close(other.log_likelihood, one.log_likelihood[rows], 1e-12, 1e-12, f"{what} to the log-likelihood")
    expected = one.parameters[rows]
    size = np.where(np.isfinite(expected), np.maximum(1.0, np.abs(expected)), 1.0)
    require_close(other.parameters, expected, 0.0, 1e-8 * size, f"{what} to the parameters")


def _inside(ends: tuple[float, float], share: float) -> float:
    low, high = ends
    return float(low * (high / low) ** share) if low > 0 else float(low + share * (high - low))


def _off_the_ends(family: Family, theta: Member, x: Array, share: float) -> Array:
    """Move points off the ends of the support: rounding must not carry them there."""
    low, high = family.bounds(*theta)
    edge = share * (high - low) if np.isfinite(high - low) else 0.0
    return np.asarray(np.clip(x, np.nextafter(low, np.inf), np.nextafter(high, -np.inf) - edge))
