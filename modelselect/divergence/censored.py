"""Entropy of right-censored samples, in nats, batched over leading axes.

What a law is charged for such a sample is -log f at an event and -log S at a censored one: the divergence from the
truth is therefore measured from H = -E[δ log f(T) + (1 - δ) log S(T)], T the time and δ whether it is an event. The
law of the censoring cancels, and -δ log f - (1 - δ) log S are its pointwise terms.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from modelselect.divergence.entropy import DRAWS, JITTER_SEED, MOST_TIED, Estimate
from modelselect.divergence.spacings import MINIMUM_SIZE, spacing_order, spacing_terms
from modelselect.errors import DataError
from modelselect.statistics import decimal_steps

Floats: TypeAlias = NDArray[np.float64]


def right_censored(
    times: ArrayLike, observed: ArrayLike, exact: ArrayLike | None = None, sizes: ArrayLike | None = None
) -> Estimate:
    """Entropy of what right-censored observations tell of their law, by spacings of the events.

    ::

        event:     -log f = log(t_hi - t_lo) - ψ(hi - lo) + ψ(n + 1) - Λ_C(t)     (order m; 1.5 H_m - 0.5 H_2m)
        censored:  -log S = Λ(c)
        Λ(t) = Σ 1/(Y_j - 1) over events j before t,   Λ_C(t) = the same over censored observations

    Spacings of events give the density f S_C of those seen, S_C the share not yet censored. Y_j, the number at risk,
    counts j itself; with Y_j - 1 in its place the sums of Λ over the censored and of Λ_C over the events are
    unbiased while two or more are at risk, because j is any of Y_j, and its part is given to Y_j - 1 others. What
    is missed is the time when the last one is at risk alone: less than 1/(4n) in the mean of either.

    Parameters
    ----------
    times : array_like, shape (..., n)
        In any order; where one is both, events come before censored ones.
    observed : array_like of bool, shape (..., n)
        Whether each is an event.
    exact : array_like, shape (..., n), optional
        Times of the events for the spacings, where `times` are rounded and these spread over their cells.
    sizes : array_like of int, shape (...), optional
        Observations of each sample, where they differ; entries beyond them are padding.

    Returns
    -------
    Estimate
        Nats an observation, the censored included: value, standard error and terms in the order of `times`. NaN for
        fewer than 4 events, -inf where so many events are tied that a window has no width.

    Raises
    ------
    DataError
        A time is not finite, or the shapes differ.

    References
    ----------
    Nelson (1972) and Aalen (1978) for Λ; the estimator was derived and simulated for this project (docs/entropy.md).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> life, end = rng.exponential(size=(2, 20_000))
    >>> found = right_censored(np.minimum(life, end), life <= end)  # half are events: E[δ T + (1 - δ) T] = 1/2
    >>> print(f"{found.value:.2f} for 0.50")
    0.50 for 0.50
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    event = np.atleast_1d(np.asarray(observed, dtype=np.bool_))
    places = t if exact is None else np.atleast_1d(np.asarray(exact, dtype=np.float64))
    if event.shape != t.shape or places.shape != t.shape:
        raise DataError(f"observed must be one a time: their shapes are {event.shape} and {t.shape}")
    n = np.broadcast_to(np.asarray(t.shape[-1] if sizes is None else sizes), t.shape[:-1])
    within = np.arange(t.shape[-1]) < n[..., None]
    if not np.isfinite(np.where(within, t + places, 0.0)).all():
        raise DataError("times must be finite; they hold NaN or infinite values")
    t, places, event = np.where(within, t, np.inf), np.where(within, places, np.inf), event & within
    order = np.lexsort((places, ~event, t), axis=-1)  # padding stays last
    event = np.take_along_axis(event, order, axis=-1)
    others = n[..., None] - 1.0 - np.arange(t.shape[-1])
    hazard = np.where(others > 0, 1.0 / np.maximum(others, 1.0), 0.0)
    passed = np.cumsum(np.where(event, hazard, 0.0), axis=-1)
    lost = np.cumsum(np.where(event, 0.0, hazard), axis=-1)

    # events to the left, in their order; the rest is padding
    first = np.argsort(~event, axis=-1, kind="stable")
    seen = event.sum(axis=-1)
    sorted_places = np.take_along_axis(np.take_along_axis(places, order, axis=-1), first, axis=-1)
    m = spacing_order(seen)
    able = seen >= MINIMUM_SIZE
    scale = digamma(n + 1.0) - digamma(seen + 1.0)
    shift = scale[..., None] - np.take_along_axis(lost, first, axis=-1)
    small, large = (
        spacing_terms(sorted_places, np.where(able, k, 1), np.where(able, seen, 0)) + shift for k in (m, 2 * m)
    )
    inside = np.arange(t.shape[-1]) < seen[..., None]
    terms = np.where(event | ~within, 0.0, passed)
    censored = terms.sum(axis=-1)
    each = np.zeros(t.shape)
    np.put_along_axis(each, first, np.where(inside, small, 0.0), axis=-1)
    terms = np.where(event, each, terms)
    low, high = (np.where(inside, part, 0.0).sum(axis=-1) for part in (small, large))
    with np.errstate(invalid="ignore"):
        mean = (np.where(np.isneginf(low), low, 1.5 * low - 0.5 * high) + censored) / n
        se = np.std(terms, axis=-1, ddof=1, where=within) / n**0.5
    back = np.empty(t.shape)
    np.put_along_axis(back, order, terms, axis=-1)
    return Estimate(np.where(able, mean, np.nan), np.where(able, se, np.nan), back)


def spread_censored(
    times: Floats, observed: NDArray[np.bool_], sizes: ArrayLike | None = None
) -> tuple[Estimate, Floats, NDArray[np.intp]]:
    """`right_censored`, tied events spread over the cells of the decimal grid they lie on, in the mean over draws.

    Parameters
    ----------
    times, observed, sizes
        As of `right_censored`, ``(G, n)``, in ascending order, at one time events before censored ones.

    Returns
    -------
    estimate
        NaN where so many events are tied, on no grid, that their spacings say nothing.
    step
        Of the grid ``(G,)``; NaN where nothing was spread.
    tied
        Events that share their time with another one ``(G,)``.
    """
    n = np.broadcast_to(np.asarray(times.shape[-1] if sizes is None else sizes), len(times))
    event = observed & (np.arange(times.shape[-1]) < n[:, None])
    again = np.zeros(event.shape, dtype=bool)
    again[:, 1:] = event[:, 1:] & event[:, :-1] & (times[:, 1:] == times[:, :-1])
    again[:, :-1] |= again[:, 1:]
    tied, seen = again.sum(axis=-1), event.sum(axis=-1)
    step = np.full(len(times), np.nan)
    step[tied > 0] = decimal_steps(times[tied > 0], event[tied > 0])
    plain = right_censored(times, event, sizes=n)
    value, se, terms = (np.array(part) for part in (plain.value, plain.se, plain.terms))
    rows = np.flatnonzero(np.isfinite(step))
    if len(rows):
        size = n[rows]
        # the draws of each sample are those of a generator of its own
        noise = np.random.default_rng(JITTER_SEED).random(DRAWS * int(size.max()))
        place = np.arange(DRAWS)[:, None, None] * size[:, None] + np.minimum(
            np.arange(times.shape[-1]), size[:, None] - 1
        )
        spread = times[rows] + step[rows, None] * (noise[place] - 0.5)
        drawn = right_censored(
            np.broadcast_to(times[rows], spread.shape),
            np.broadcast_to(event[rows], spread.shape),
            spread,
            np.broadcast_to(size, spread.shape[:-1]),
        )
        value[rows], terms[rows] = drawn.value.mean(axis=0), drawn.terms.mean(axis=0)
        within = np.arange(times.shape[-1]) < size[:, None]
        with np.errstate(invalid="ignore"):
            se[rows] = np.std(terms[rows], axis=-1, ddof=1, where=within) / size**0.5
    able = np.isfinite(value) & (np.isfinite(step) | (tied <= MOST_TIED * seen))
    return Estimate(np.where(able, value, np.nan), np.where(able, se, np.nan), terms), step, tied
