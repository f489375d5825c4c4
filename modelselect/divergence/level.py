"""The level of KL: the entropy of a sample of any kind, its pointwise terms, and which estimators it may have.

Each kind of sample has a default with a reason, and a list of others that may be chosen by name. A choice changes the
entropy; the pointwise terms, of which intervals of a divergence are made, stay those of counts or of spacings, for
which alone they were simulated (docs/entropy.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.divergence.censored import spread_censored
from modelselect.divergence.counts import chao_wang_jost, plug_in, whole
from modelselect.divergence.entropy import (
    COUNTERS,
    DRAWS,
    JITTER_SEED,
    LEAST_WORTH,
    MOST_TIED,
    Entropy,
    Estimate,
    Terms,
    continuous_entropy,
    continuous_estimate,
    jittered,
    jittered_method,
    lattice_entropy,
    sparse_lattice,
)
from modelselect.divergence.neighbours import kozachenko_leonenko
from modelselect.divergence.nsb import nsb
from modelselect.divergence.spacings import correa, spacing, spacing_order, spacing_terms, van_es, vasicek
from modelselect.divergence.turnbull import disjoint, nonparametric, one_sided
from modelselect.divergence.weighted import weighted_terms
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.sample import Sample, as_sample
from modelselect.statistics import decimal_step

#: Steps of a decimal grid that neighbouring weighted values may be apart, in the median, to count as rounded.
_COARSE = 5

#: Estimators of the entropy of real numbers by name, and what each is called.
SPACERS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "spacing": (spacing, "spacing (1.5 H_m - 0.5 H_2m)"),
    "kozachenko_leonenko": (kozachenko_leonenko, "Kozachenko-Leonenko, nearest neighbours"),
    "vasicek": (vasicek, "Vasicek"),
    "van_es": (van_es, "van Es"),
    "correa": (correa, "Correa"),
}

#: Why each default is one.
_WHY_COUNTS = "the default for counts: allows for outcomes not yet seen, and is Miller-Madow where none are missing"
_WHY_FRACTIONAL = "the default for fractional counts, whose bias is that of counts of their effective number"
_WHY_JITTERED = "the default for ordered numbers seen mostly once: borrows from neighbours where counting is biased"
_WHY_SPACING = (
    "the default for real numbers: within 8 % of the least error, in the mean over 24 laws, at n = 30 to 1000"
)
_WHY_WEIGHTED = "the only one whose intervals have been simulated for fractional weights"
_WHY_CENSORED = "the only one whose intervals have been simulated for exact beside censored observations"


@dataclass(frozen=True)
class Level:
    """Entropy of a sample as KL needs it.

    Attributes
    ----------
    entropy
        The corrected one: value in nats, method and reason in words, standard error. On the length footing it is
        a differential entropy.
    in_sample
        The entropy that the definition of KL(P̂ ‖ q) contains: plug-in on a lattice, spacing on real data.
    terms
        Pointwise −log p̂(x) of each distinct value ``(m,)``, for the interval.
    counted
        Whether the terms are those of counts, whose χ² floor enters the variance.
    cells
        Number of cells that were counted; None: the distinct observations.
    """

    entropy: Entropy
    in_sample: float
    terms: Terms
    counted: bool
    cells: int | None = None


def sample_entropy(data: Any, method: str = "auto", *, seed: int = JITTER_SEED) -> Entropy:
    """Entropy of a sample, in nats: of a mass on a lattice or of labels, of a density on real numbers.

    Of right-censored observations it is what they tell of their law, E[−log f] at events and E[−log S] at the others.

    Parameters
    ----------
    data
        A Sample, or anything one is made of.
    method
        ``auto``, or one of `entropy_methods`.
    seed
        Of the noise by which rounded data are spread over their cells.

    Returns
    -------
    Entropy
        Value, method and reason in words, standard error; NaN, with the reason as method, where none is known.

    Raises
    ------
    ConfigurationError
        The method does not fit this kind of sample.

    Examples
    --------
    >>> found = sample_entropy({"a": 6, "b": 3, "c": 1}, "miller_madow")
    >>> round(found.value, 6), found.method
    (0.997946, 'Miller-Madow')
    """
    return level(as_sample(data), seed, method=method).entropy


def entropy_methods(sample: Sample) -> tuple[str, ...]:
    """Names of the estimators that fit a sample, the default ``auto`` first.

    Examples
    --------
    >>> entropy_methods(Sample(["a", "b", "a"]))
    ('auto', 'chao_wang_jost', 'miller_madow', 'plug_in', 'chao_shen', 'grassberger', 'nsb')
    >>> entropy_methods(Sample.from_censored([1.0, 2.0], [1, 0]))
    ('auto',)
    """
    if sample.known:
        return ("auto", "plug_in")
    if _of_intervals(sample):
        return ("auto", *_of_counts(sample)) if sample.masses and disjoint(sample.block(cells=True)) else ("auto",)
    if sample.kind == "nominal":
        return ("auto", *_of_counts(sample))
    if sample.kind == "lattice":
        return ("auto", *_of_counts(sample), *(["spacing"] if whole(sample.weights) else []))
    return ("auto", *(SPACERS if whole(sample.weights) else ["spacing"]))


def level(sample: Sample, seed: int = JITTER_SEED, atoms: Sequence[float] = (), *, method: str = "auto") -> Level:
    """Entropy of a sample: exact if P is known, on the lattice of rounded data, by spacings of real ones.

    Of intervals it is that of P̂ on disjoint bins, or of the product limit of counts or bins that are censored on one
    side (`turnbull`): kl is then (ℓ̂ − ℓ)/n, by how much a law falls short of it. Of exact observations beside
    right-censored ones, or left-censored ones, it is `right_censored`; of others, and of intervals that overlap, the
    level is NaN.

    Parameters
    ----------
    sample
        The sample.
    seed
        Of the noise by which rounded data are spread over their cells.
    atoms
        Values that have a mass of their own among real numbers: H = −Σ p log p + (1 − Σp) H(the others).
    method
        ``auto``, or one of `entropy_methods`; with atoms, of the others.

    Raises
    ------
    ConfigurationError
        The method does not fit this kind of sample.

    Examples
    --------
    >>> round(level(Sample.from_counts({0: 50, 1: 50})).in_sample, 6)
    0.693147
    >>> level(Sample([1, 1, 2]), method="vasicek")
    Traceback (most recent call last):
        ...
    modelselect.errors.ConfigurationError: entropy: 'vasicek' does not fit a lattice sample; expected one of auto, \
chao_wang_jost, miller_madow, plug_in, chao_shen, grassberger, nsb, spacing
    """
    if method != "auto":
        _check_method(sample, method)
    if sample.known:
        exact = float(plug_in(sample.weights))
        return Level(Entropy(exact, "exact: P is known", 0.0), exact, _surprisals(sample), counted=True)
    if _of_intervals(sample):
        return _level_of_intervals(sample, method)
    here = np.isin(sample.values, np.asarray(atoms, dtype=float)) if len(atoms) else np.zeros(0, dtype=bool)
    if here.any():
        return _level_with_atoms(sample, here, seed, method)
    if sample.kind == "nominal":
        return _level_of_counts(sample, method)
    if sample.kind == "lattice":
        step = float(sample.resolution or 1.0)
        sparse = method == "auto" and bool(sparse_lattice(sample.values, sample.weights, step).all())
        if not sparse and method != "spacing":
            return _level_of_counts(sample, method)
        spread, text = _spread_over_cells(sample, step, seed)
        found = Entropy(
            float(spread.value), text, float(spread.se), _WHY_JITTERED if sparse else "chosen; with its own interval"
        )
        return Level(found, float(plug_in(sample.weights)), spread.terms, counted=False)
    if not whole(sample.weights):
        return _level_of_weighted(sample)
    default = _level_of_reals(sample, seed)
    return default if method == "auto" or np.isnan(default.entropy.value) else _chosen(sample, default, method, seed)


def _check_method(sample: Sample, method: str) -> None:
    fitting = entropy_methods(sample)
    if method not in fitting:
        state = "censored or truncated " if _of_intervals(sample) else "" if whole(sample.weights) else "weighted "
        what = "a known distribution" if sample.known else f"a {state}{sample.kind} sample"
        raise ConfigurationError(
            f"entropy: {method!r} does not fit {what}; expected one of {', '.join(fitting)}"
            f"{did_you_mean(method, fitting)}"
        )


def _of_intervals(sample: Sample) -> bool:
    return not sample.exact or (sample.truncation is not None and not disjoint(sample.block()))


def _of_counts(sample: Sample) -> list[str]:
    """Fractional counts have neither singletons nor a parity."""
    return [name for name in COUNTERS if whole(sample.weights) or name not in ("chao_shen", "grassberger")]


def _surprisals(sample: Sample) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(sample.shares))


def _level_of_counts(sample: Sample, method: str) -> Level:
    """Of labels, whole numbers or disjoint bins, whose terms are those of counts whatever the estimator."""
    w = sample.weights
    found = lattice_entropy(sample.values, w, method="chao_wang_jost" if method == "auto" else method)
    if method == "nsb" and len(sample.outcomes) > len(sample):
        found = replace(found, value=float(nsb(w, len(sample.outcomes))))
    if method == "nsb":
        of = f"{len(sample.outcomes)} named" if len(sample.outcomes) > len(sample) else "as many as Chao estimates"
        found = replace(found, method=f"{found.method} (possible outcomes: {of})")
    why = _WHY_COUNTS if whole(w) else _WHY_FRACTIONAL
    why = why if method == "auto" else "chosen; the interval has the pointwise terms of counts"
    return Level(replace(found, reason=why), float(plug_in(w)), _surprisals(sample), counted=True)


def _level_of_reals(sample: Sample, seed: int) -> Level:
    """Of exact real numbers with whole weights, by default."""
    w = sample.weights
    found, terms = continuous_estimate(sample.values, w)
    found = replace(found, reason=_WHY_SPACING)
    if terms is not None and np.isfinite(found.value):
        return Level(found, found.value, terms, counted=False)
    grid = decimal_step(sample.values) if np.any(w > 1) else None
    if grid is None:
        return _level_with_ties(sample, found)
    spread, _ = _spread_over_cells(sample, grid, seed)
    value = float(spread.value) + float(np.log(grid))
    text = f"spacing of the data spread over their rounding step {grid:g}"
    found = Entropy(value, text, float(spread.se), _WHY_SPACING)
    return Level(found, value, spread.terms + np.log(grid), counted=False)


def _chosen(sample: Sample, default: Level, method: str, seed: int) -> Level:
    """The default's terms around the entropy by another estimator, of tied data on a grid after spreading them."""
    estimator, text = SPACERS[method]
    copies = sample.weights.astype(np.intp)
    x = np.repeat(sample.values, copies)
    grid = decimal_step(sample.values) if np.any(copies > 1) else None
    if grid is not None:
        noise = np.random.default_rng(seed).random((DRAWS, len(x))) - 0.5
        x = np.sort(x + grid * noise, axis=-1)
        text += f", of the data spread over their rounding step {grid:g}"
    value = float(np.mean(estimator(x)))
    if not np.isfinite(value):
        return _no_level(sample, Entropy(np.nan, f"none: too many observations are tied for {text}", np.nan))
    why = "chosen; the interval has the pointwise terms of spacings"
    return replace(default, entropy=Entropy(value, text, default.entropy.se, why), in_sample=value)


def _spread_over_cells(sample: Sample, step: float, seed: int) -> tuple[Estimate, str]:
    """Spacings of the data jittered over their cells, and how that is called."""
    estimate = jittered(sample.values, sample.weights, step, np.random.default_rng(seed), DRAWS)
    return estimate, jittered_method(sample.n, DRAWS, seed)


def _level_with_ties(sample: Sample, found: Entropy) -> Level:
    """Spacings of real data with a few accidental ties, which windows wider than a tie do not notice."""
    copies = sample.weights.astype(np.intp)
    tied, n = int(copies[copies > 1].sum()), int(copies.sum())
    m = int(spacing_order(n))
    if not 0 < tied <= MOST_TIED * n or copies.max() > m:
        return _no_level(sample, found)
    x = np.repeat(sample.values, copies)
    each = spacing_terms(x, m)
    terms = np.add.reduceat(each, np.cumsum(copies) - copies) / copies
    se = float(np.std(each, ddof=1) / np.sqrt(n))
    value = float(spacing(x))
    text = f"spacing (1.5 H_m − 0.5 H_2m, m = {m}), {tied} of {n} observations tied"
    return Level(Entropy(value, text, se, _WHY_SPACING), value, terms, counted=False)


def _level_of_weighted(sample: Sample) -> Level:
    """Of exact real numbers with fractional weights."""
    grid = decimal_step(sample.values)
    if grid is not None and np.median(np.diff(sample.values, append=np.inf)) < _COARSE * grid:
        why = f"none: fractional weights of data rounded to {grid:g}, which have an entropy as a lattice: resolution"
        return _no_level(sample, Entropy(np.nan, f"{why}={grid:g}", np.nan))
    found = replace(continuous_entropy(sample.values, sample.weights), reason=_WHY_WEIGHTED)
    if not np.isfinite(found.value):
        return _no_level(sample, found)
    m = int(spacing_order(len(sample.values)))
    return Level(found, found.value, weighted_terms(sample.values, sample.weights, m), counted=False)


def _level_of_intervals(sample: Sample, method: str) -> Level:
    """Of masses that are not simply counts of values, or of exact observations beside intervals."""
    if not sample.masses:
        return _level_of_censored(sample)
    block, n = sample.block(cells=True), sample.n
    if disjoint(block):
        return _level_of_counts(sample, method)
    sided = one_sided(block)
    if sided is None:  # measured: 95 % intervals of KL that held the truth in 29 to 42 % of samples
        why = "intervals overlap, and what is known of them has no entropy whose error could be told"
        if np.isinf(block.lower).all() or np.isinf(block.upper).all():
            why = "all observations are censored, and say nothing of how they are distributed beyond"
        elif sample.truncation is not None and len(sample.truncation[0]) + len(sample.truncation[1]) > 2:
            why = "intervals are truncated each in its own way, for which no estimator of the entropy has been tested"
        return _no_level(sample, Entropy(float("nan"), f"none: {why}", float("nan")))
    best = nonparametric(sided)
    in_sample, cells = -best.log_likelihood / n, best.support
    # Wilks: in the mean the maximum lies (cells − 1)/2 nats above the truth; on disjoint cells this is Miller and
    # Madow's. Measured (n = 50, 200): of the bias four fifths go on right-censored counts, half on inspection times
    value = in_sample + (cells - 1) / (2 * n)
    spread = float(sample.shares @ np.square(best.terms + in_sample))
    text = f"nonparametric maximum likelihood ({best.method}) on {cells} cells, Miller-Madow"
    se = float(np.sqrt(spread / max(n - 1.0, 1.0)))
    return Level(Entropy(value, text, se), in_sample, -best.terms, counted=True, cells=cells)


def _level_of_censored(sample: Sample) -> Level:
    """Of exact observations beside those censored on one side, each counted as often as its weight says."""
    event = sample.points
    right = bool(np.all(event | np.isinf(sample.upper)))
    left = bool(np.all(event | np.isinf(sample.lower)))
    seen = float(sample.weights[event].sum())
    why = ""
    if sample.truncation is not None:
        what = "are truncated each in its own way" if sample.exact else "stand beside censored ones, truncated"
        why = f"exact observations {what}, for which no estimator of the entropy has been tested"
    elif not (right or left):
        why = "exact observations stand beside intervals, or ones censored on either side, of which none was tested"
    elif not whole(sample.weights):
        why = "exact observations stand beside censored ones with fractional weights, of which none has been tested"
    elif seen < LEAST_WORTH:
        why = f"{seen:g} events beside censored observations, fewer than {LEAST_WORTH} have not been tested"
    if why:
        return _no_level(sample, Entropy(float("nan"), f"none: {why}", float("nan")))
    copies = np.rint(sample.weights).astype(np.intp)
    times, observed = np.repeat(sample.values if right else -sample.values, copies), np.repeat(event, copies)
    text = f"spacing of {seen:g} events beside {sample.n - seen:g} censored, cumulative hazards by Nelson and Aalen"
    found, step, tied = spread_censored(times[None, :], observed[None, :])
    if np.isnan(found.value[0]):
        return _no_level(sample, Entropy(float("nan"), f"none: {tied[0]} of {seen:g} events are tied", float("nan")))
    if np.isfinite(step[0]):
        text += f", spread over their rounding step {step[0]:g}"
    value, se, terms = (
        float(found.value[0]),
        float(found.se[0]),
        np.add.reduceat(found.terms[0], np.cumsum(copies) - copies),
    )
    return Level(Entropy(value, text, se, _WHY_CENSORED), value, terms / copies, counted=False)


def _level_with_atoms(sample: Sample, here: NDArray[np.bool_], seed: int, method: str) -> Level:
    """Of real numbers among which some values have a mass of their own."""
    w, n = sample.weights, sample.n
    others = None if here.all() else Sample(sample.values[~here], w[~here], resolution=None)
    rest = None if others is None else level(others, seed, method=method)
    groups = np.append(w[here], w[~here].sum())
    groups = groups[groups > 0]
    between, share = float(plug_in(groups)), float(w[~here].sum() / n)
    with np.errstate(divide="ignore"):
        terms = np.where(here, -np.log(w / n), -np.log(share) if share else 0.0)
    if rest is None:
        return Level(Entropy(between, "plug-in of the atoms", 0.0), between, terms, counted=True)
    terms[~here] += np.asarray(rest.terms)
    value = float(chao_wang_jost(groups)) + share * rest.entropy.value
    names = " and ".join(f"{x:g}" for x in sample.values[here])
    text = f"of the atoms at {names}, and of the others: {rest.entropy.method.removeprefix('none: ')}"
    text = text if np.isfinite(value) else f"none: {text}"
    spread = float(sample.shares @ np.square(terms - sample.shares @ terms))
    found = Entropy(value, text, float(np.sqrt(spread / max(n - 1.0, 1.0))), rest.entropy.reason)
    return Level(found, between + share * rest.in_sample, terms, counted=False)


def _no_level(sample: Sample, found: Entropy) -> Level:
    return Level(found, float("nan"), np.full(len(sample), np.nan), counted=False)
