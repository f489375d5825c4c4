"""Entropy of a sample, in nats: the level that turns a log-likelihood into a divergence.

Counts (a mass on distinct outcomes) have a plug-in entropy and its corrections; a continuous sample has the
spacings of its order statistics; a rounded one is both at once, by H_lattice = H(X + U(0, h)) - log h.

Functions on arrays take many samples together, along the leading axes. `lattice_entropy` and
`continuous_entropy` judge one sample, and say in words what was done or why nothing could be.
The tuning constants are those that the project's own simulations chose.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelselect.divergence.counts import (
    WHOLE,
    chao_shen,
    chao_wang_jost,
    checked_counts,
    grassberger,
    miller_madow,
    plug_in,
    positive_or_nan,
    whole,
)
from modelselect.divergence.grid import heaped, in_steps_of_one, units_of
from modelselect.divergence.nsb import nsb
from modelselect.divergence.spacings import MINIMUM_SIZE, SpacingTerms, spacing, spacing_m, spacing_order, spacing_terms
from modelselect.divergence.weighted import effective_size, rising, weighted_spacing, weighted_terms
from modelselect.errors import DataError
from modelselect.stretches import STRETCH, equal

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]
#: Pointwise terms of one sample: all at once, or a stretch when it is asked for.
Terms: TypeAlias = Floats | SpacingTerms

JITTER_SEED = 0  # of the noise where no other is given: the same data give the same entropy
DRAWS = 4  # of the noise that spreads rounded data over their cells
JITTER_LIMIT = 10_000_000  # observations of one sample that are expanded to be jittered
SPARSE_SINGLETONS = 0.05
SPARSE_DISTINCT = 20
_KEPT = 2**21  # observations up to which their terms are kept
LEAST_WORTH = 20  # effective number of fractionally weighted observations, or of events: fewer were not simulated
#: Share of tied observations up to which real data keep their spacing entropy. Rounding a normal sample so that
#: 42 % are tied (n = 2000; 28 %, n = 300) moves it by less than a tenth of its standard error.
MOST_TIED = 0.5


#: Estimators of the entropy of counts by name, and what each is called.
COUNTERS: dict[str, tuple[Callable[[ArrayLike], Floats], str]] = {
    "chao_wang_jost": (chao_wang_jost, "Chao-Wang-Jost"),
    "miller_madow": (miller_madow, "Miller-Madow"),
    "plug_in": (plug_in, "plug-in"),
    "chao_shen": (chao_shen, "Chao-Shen"),
    "grassberger": (grassberger, "Grassberger"),
    "nsb": (nsb, "Nemenman-Shafee-Bialek"),
}


@dataclass(frozen=True)
class Entropy:
    """Entropy of one sample in nats, how it was found (or, if NaN, why there is none), its standard error.

    `se` is the standard deviation of the pointwise terms over √n: first order, so 0 for equal counts. `reason` says
    why this method: what speaks for a default, or that it was chosen.
    """

    value: float
    method: str
    se: float
    reason: str = field(default="", repr=False)


class Estimate(NamedTuple):
    """Entropies and standard errors of a batch (...), pointwise terms (..., m) of its distinct values.

    `terms` estimate -log P(value), 0 where the weight is 0; the interval of a divergence is made of
    t = -log q(value) - terms.
    """

    value: Floats
    se: Floats
    terms: Floats


def continuous_entropy(x: ArrayLike, weights: ArrayLike | None = None) -> Entropy:
    """Entropy of one continuous sample by `spacing` or `weighted_spacing`, or the reason why it has none.

    Parameters
    ----------
    x : array_like, shape (n,)
        Observations, in any order.
    weights : array_like, shape (n,), optional
        Frequency weights; 0 leaves an observation out, a whole number above 1 is a tie. Fractional ones, as those of
        importance are, scale their observation's part in the density.

    Returns
    -------
    Entropy
        Nats. NaN, with the reason as `method`: fewer than 4 observations; ties (rounding or atoms, where a
        density has no entropy); fractional weights that are worth fewer than 20 observations, count more than they
        are worth, or are largest at an end: there simulated intervals of the divergence did not hold.

    Raises
    ------
    DataError
        A value or weight is not finite, a weight negative, or their numbers differ.

    Examples
    --------
    >>> continuous_entropy([0.1, 0.4, 0.4, 0.7, 0.9])
    Entropy(value=nan, method='none: 2 of 5 observations are tied', se=nan)
    """
    return continuous_estimate(x, weights)[0]


def continuous_estimate(x: ArrayLike, weights: ArrayLike | None = None) -> tuple[Entropy, Terms | None]:
    """Return `continuous_entropy`, and where the weights are whole the pointwise terms, in ascending order of x."""
    data = np.asarray(x, dtype=np.float64).ravel()
    w = np.broadcast_to(1.0, data.size) if weights is None else np.asarray(weights, dtype=np.float64).reshape(-1)
    if w.size != data.size:
        raise DataError(f"weights must be one a value: there are {w.size} for {data.size} values")
    if not np.isfinite(data).all():
        raise DataError("x must be finite; it holds NaN or infinite values")
    ones = equal(w) and w.size and w[0] == 1.0
    if not ones:
        w = checked_counts(w)
    if not ones and not whole(w):
        return _weighted_entropy(data[w > 0], w[w > 0]), None
    n, heavy = round(float(w.sum())), int(np.count_nonzero(w > 1.5))
    if n < MINIMUM_SIZE:
        return Entropy(np.nan, f"none: {n} observations, at least {MINIMUM_SIZE} are needed", np.nan), None
    if heavy:
        return Entropy(np.nan, f"none: tied observations, {heavy} weights are above 1", np.nan), None
    data = data if n == data.size else data[w > 0.5]
    if not (data[1:] > data[:-1]).all():
        data = np.sort(data)
        repeats = np.diff(data, prepend=-np.inf, append=np.inf) == 0
        if repeats.any():
            tied = np.count_nonzero(repeats[1:] | repeats[:-1])
            return Entropy(np.nan, f"none: {tied} of {n} observations are tied", np.nan), None
    m = spacing_order(n)
    windows = SpacingTerms(data, int(m))
    terms: Terms = np.asarray(windows) if n <= _KEPT else windows
    mean, sd = windows.moments() if isinstance(terms, SpacingTerms) else (float(terms.mean()), terms.std(ddof=1))
    twice = float(spacing_m(data, 2 * m)) if n <= STRETCH else SpacingTerms(data, 2 * int(m)).mean()
    value = 1.5 * mean - 0.5 * twice
    se = float(sd / np.sqrt(n)) if np.isfinite(value) else np.nan
    return Entropy(value, f"spacing (1.5 H_m - 0.5 H_2m, m = {m})", se), terms


def _weighted_entropy(x: Floats, w: Floats) -> Entropy:
    """Of distinct values with fractional weights."""
    order = np.argsort(x)
    x, w = x[order], w[order]
    n, worth = float(w.sum()), float(effective_size(w)) if w.size else 0.0
    why = ""
    if worth < LEAST_WORTH:
        why = f"fractional weights worth {worth:.3g} observations, fewer than {LEAST_WORTH} have not been tested"
    elif n > worth * (1 + 1e-6):
        why = (
            f"fractional weights count {n:.6g} observations but are worth {worth:.6g}, so that an interval would be "
            "too short (are they importance weights?)"
        )
    elif (x[1:] == x[:-1]).any():
        why = "tied observations with fractional weights"
    elif rising(w):
        why = "the weights are largest at an end of the data, where too few observations stand for the tail"
    if why:
        return Entropy(np.nan, f"none: {why}", np.nan)
    m = spacing_order(w.size)
    se = _standard_error(weighted_terms(x, w, int(m)), w * (worth / n))
    text = f"weighted spacing (1.5 H_m - 0.5 H_2m, m = {m}, {w.size} observations worth {worth:.4g})"
    return Entropy(float(weighted_spacing(x, w)), text, float(se))


def jittered(
    values: ArrayLike,
    weights: ArrayLike,
    step: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
    *,
    pointwise: bool = True,
) -> Estimate:
    """Entropy of values on a grid of step h, from the spacings of the values with noise added.

    H(X) = H(X + U(-h/2, h/2)) - log h exactly, the right-hand side by `spacing`, averaged over the draws. It
    borrows from neighbouring cells: made for smooth laws of which most values were seen once.

    Parameters
    ----------
    values : array_like, shape (m,) or (..., m)
        Distinct values on one grid, wherever that starts.
    weights : array_like, shape (..., m)
        How often each was seen, whole numbers; 0 is padding.
    step : float
        Distance h of neighbouring grid points.
    rng : numpy.random.Generator
        Source of the noise. The j-th smallest observation of every sample gets the same noise, so a result
        does not depend on which samples stand beside it.
    draws : int
        How often the noise is drawn. Memory: draws + some eight numbers for each of samples × largest n.
    pointwise : bool
        Whether the terms and the standard error are wanted; without, they are 0 and NaN.

    Returns
    -------
    Estimate
        Nats of the mass on the lattice. `terms` are those of order m, averaged over the draws and over the
        observations that share a value; NaN for value and se if n < 4.

    Raises
    ------
    DataError
        A weight is negative, not finite or fractional; a value is off the grid; the step is not positive; a
        sample has more than `JITTER_LIMIT` observations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values, weights = np.unique(rng.integers(0, 1000, size=500), return_counts=True)
    >>> print(f"{jittered(values, weights, 1.0, rng).value:.2f} for {np.log(1000):.2f}")
    6.91 for 6.91
    """
    w = checked_counts(weights)
    if not whole(w).all():
        raise DataError("weights must be whole numbers where values are jittered")
    units = units_of(values, w, step)
    copies = np.rint(w).astype(np.int64)
    n = copies.sum(axis=-1)
    width = int(n.max(initial=0))
    if width > JITTER_LIMIT:
        raise DataError(f"jitter is for samples of at most {JITTER_LIMIT} observations; one has {width}")
    order = np.argsort(units, axis=-1, kind="stable")
    sorted_copies = np.take_along_axis(copies, order, axis=-1)
    live = np.arange(width) < n[..., None]
    exact = np.full(live.shape, np.inf)
    exact[live] = np.repeat(np.take_along_axis(units, order, axis=-1).ravel(), sorted_copies.ravel())
    noise = rng.random((width, draws)) - 0.5  # rows first: a wider block leaves the first rows as they are

    value, each, m = np.zeros(n.shape), np.zeros(live.shape), spacing_order(n)
    for draw in range(draws):
        x = np.sort(exact + noise[:, draw], axis=-1)
        value += spacing(x, n) / draws
        if pointwise:
            each += spacing_terms(x, m, n) / draws
    if not pointwise:
        return Estimate(value, np.full(n.shape, np.nan), np.zeros(copies.shape))

    # noise never leaves its cell, so the sorted observations that share a value stand together
    filled = sorted_copies > 0
    shared = sorted_copies[filled]
    means = np.zeros(copies.shape)
    if shared.size:
        means[filled] = np.add.reduceat(each[live], np.cumsum(shared) - shared) / shared
    terms = np.zeros(copies.shape)
    np.put_along_axis(terms, order, means, axis=-1)
    return Estimate(value, np.where(n < MINIMUM_SIZE, np.nan, _standard_error(terms, w)), terms)


def jittered_method(n: float, draws: int, seed: int) -> str:
    """How an entropy by `jittered` is called."""
    return f"spacing, jittered (1.5 H_m - 0.5 H_2m, m = {spacing_order(round(n))}, {draws} draws, seed {seed})"


def sparse_lattice(values: ArrayLike, weights: ArrayLike, step: float = 1.0) -> Booleans:
    """Whether samples on a grid are so thin that `jittered` serves them better than `chao_wang_jost`.

    All of: whole weights; more than 5 % of the observations alone on their value (below that the two agree, above
    it counting is biased and the less certain one); at least 20 distinct values; no common divisor of their
    differences above one step; no heaping, which would be multiples of 2, 5 or 10 steps seen half as often again
    as the mean of their two neighbours, and by 3 standard deviations.
    Arguments as `jittered` (fractional weights are simply not sparse); shape (...). Values are looked at, and
    refused if off the grid, only where the counts are thin.

    Examples
    --------
    >>> weights = np.ones(25)
    >>> bool(sparse_lattice(np.arange(25), weights)), bool(sparse_lattice(3 * np.arange(25), weights))
    (True, False)
    """
    w = checked_counts(weights)
    n = w.sum(axis=-1)
    alone = np.count_nonzero(np.abs(w - 1.0) <= WHOLE, axis=-1)
    thin = np.asarray(whole(w) & (alone > SPARSE_SINGLETONS * n) & (n <= JITTER_LIMIT))
    thin = np.asarray(thin & (np.count_nonzero(w, axis=-1) >= SPARSE_DISTINCT))
    if thin.any():
        x = np.atleast_2d(np.asarray(values, dtype=np.float64))
        x, rows = (
            (x if len(x) == 1 and w.ndim > 1 else np.broadcast_to(x.reshape(np.shape(values)), w.shape)[thin]),
            w[thin],
        )
        thin[thin] = in_steps_of_one(x, rows, step) & ~heaped(x, rows, step)
    return thin


def lattice(
    values: ArrayLike,
    weights: ArrayLike,
    step: float = 1.0,
    *,
    seed: int = JITTER_SEED,
    draws: int = DRAWS,
    pointwise: bool = True,
) -> Estimate:
    """Entropy of many samples on a grid: `jittered` where `sparse_lattice`, otherwise `chao_wang_jost`.

    Arguments, result and errors as `jittered`, with a seed for the noise; fractional weights are allowed (and
    get `miller_madow`). Where nothing is jittered the terms are -log p̂, and NaN stands for a sample in which no value
    occurs twice, as in `lattice_entropy`.

    Examples
    --------
    >>> float(lattice([0, 1, 2, 3], [4, 3, 2, 1]).value.round(6))
    1.479418
    """
    w = checked_counts(weights)
    value = chao_wang_jost(w)
    terms = _surprisals(w) if pointwise else np.zeros(w.shape)
    se = _standard_error(terms, w) if pointwise else np.full(value.shape, np.nan)
    sparse = sparse_lattice(values, w, step)
    value = np.where(~sparse & (w.max(axis=-1) <= 1.0 + WHOLE), np.nan, value)
    if sparse.any():
        points = np.broadcast_to(np.asarray(values, dtype=np.float64), w.shape)[sparse]
        thin = jittered(points, w[sparse], step, np.random.default_rng(seed), draws, pointwise=pointwise)
        value[sparse], se[sparse], terms[sparse] = thin
    return Estimate(value, se, terms)


def lattice_entropy(
    values: ArrayLike,
    weights: ArrayLike,
    step: float = 1.0,
    *,
    method: str = "auto",
    seed: int = JITTER_SEED,
    draws: int = DRAWS,
) -> Entropy:
    """Entropy of one sample on a grid: integers, or data rounded to a step.

    Parameters
    ----------
    values, weights : array_like, shape (m,)
        Distinct values, and how often (or with what frequency weight) each was seen.
    step : float
        Distance of neighbouring grid points.
    method : {"auto", "spacing"} or one of `COUNTERS`
        "auto" chooses as `lattice` does. The values may be labels for all but "auto" and "spacing".
    seed, draws : int
        Of the noise, where there is any.

    Returns
    -------
    Entropy
        Nats, of a mass.

    Raises
    ------
    DataError
        As `jittered`, or the method is unknown.

    Examples
    --------
    >>> lattice_entropy(["H", "T"], [6, 4], method="plug_in").method
    'plug-in'
    """
    w = checked_counts(weights).ravel()
    if method not in {"auto", "spacing", *COUNTERS}:
        raise DataError(f"method must be one of auto, spacing, {', '.join(COUNTERS)}; not {method!r}")
    if not w.any():
        return Entropy(np.nan, "none: no observations", np.nan)
    if method == "auto":
        method = "spacing" if sparse_lattice(values, w, step).all() else "chao_wang_jost"
    if method == "chao_wang_jost" and w.max() <= 1.0 + WHOLE:
        return Entropy(np.nan, "none: no value occurs twice, so the counts say nothing of those not seen", np.nan)
    if method != "spacing":
        estimator, text = COUNTERS[method]
        if method == "chao_wang_jost" and not whole(w):
            text = "Miller-Madow (fractional weights have no singletons for Chao-Wang-Jost)"
        return Entropy(float(estimator(w)), text, float(_standard_error(_surprisals(w), w)))
    estimate = jittered(values, w, step, np.random.default_rng(seed), draws)
    n = round(float(w.sum()))
    text = jittered_method(n, draws, seed)
    if n < MINIMUM_SIZE:
        text = f"none: {n} observations, at least {MINIMUM_SIZE} are needed"
    return Entropy(float(estimate.value), text, float(estimate.se))


def _surprisals(w: Floats) -> Floats:
    """-log p̂, 0 where nothing was seen."""
    p = w / positive_or_nan(w.sum(axis=-1, keepdims=True))
    return np.where(w > 0, -np.log(np.where(w > 0, p, 1.0)), 0.0)


def _standard_error(terms: Floats, weights: Floats) -> Floats:
    """sd(terms)/√n with divisor n - 1 and weighted terms; NaN for n ≤ 1 or an infinite term."""
    n = weights.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        centred = terms - ((weights * terms).sum(axis=-1) / positive_or_nan(n))[..., None]
        variance = (weights * centred**2).sum(axis=-1) / positive_or_nan((n > 1) * (n - 1.0))
    return np.asarray(np.sqrt(variance / positive_or_nan(n)))
