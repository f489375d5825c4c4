"""Weighted, binned, rounded, censored and truncated data, and their combinations: one likelihood, said with reasons."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize as so
import scipy.stats as ss
from hypothesis import given, settings
from hypothesis import strategies as st

import modelselect as ms
from modelselect import DataError, Sample
from modelselect.block import Block
from modelselect.divergence.empirical import level
from modelselect.divergence.turnbull import _Places, _self_consistent, nonparametric
from modelselect.families.positive.folded import HalfNormal
from modelselect.families.real_line.located import Located
from modelselect.fitting.estimate import estimate
from modelselect.ranking.footing import footing_of
from modelselect.reporting.figures import pictures
from modelselect.reporting.html import render_html
from modelselect.reporting.page import Page

INF = np.inf
RNG = np.random.default_rng(20)

#: name → candidate, frozen law of scipy at unconstrained parameters, start
LAWS: dict[str, tuple[Any, Callable[..., Any], list[float]]] = {
    "exponential": ("exponential", lambda a: ss.expon(scale=np.exp(a)), [1.0]),
    "gamma": ("gamma", lambda a, b: ss.gamma(np.exp(a), scale=np.exp(b)), [0.5, 1.0]),
    "weibull": ("weibull", lambda a, b: ss.weibull_min(np.exp(a), scale=np.exp(b)), [0.3, 1.5]),
    "lognormal": ("lognormal", lambda a, b: ss.lognorm(np.exp(b), scale=np.exp(a)), [1.5, 0.0]),
    "normal": ("normal", lambda a, b: ss.norm(a, np.exp(b)), [5.0, 1.0]),
    "logistic": ("logistic", lambda a, b: ss.logistic(a, np.exp(b)), [5.0, 1.0]),
    "gumbel": ("gumbel", lambda a, b: ss.gumbel_r(a, np.exp(b)), [5.0, 1.0]),
}
COUNTS: dict[str, tuple[Any, Callable[..., Any], list[float]]] = {
    "poisson": ("poisson", lambda a: ss.poisson(np.exp(a)), [1.0]),
    "geometric": ("geometric", lambda a: ss.geom(1 / (1 + np.exp(-a)), loc=-1), [0.0]),
    "negative_binomial": (
        "negative_binomial",
        lambda a, b: ss.nbinom(np.exp(b), np.exp(b) / (np.exp(b) + np.exp(a))),
        [1.0, 0.5],
    ),
    "binomial": ({"binomial": {"n": 30}}, lambda a: ss.binom(30, 1 / (1 + np.exp(-a))), [-1.0]),
}

X = RNG.gamma(2.0, 3.0, size=80).round(6)
C = RNG.uniform(2.0, 15.0, size=80)
A = RNG.uniform(0.0, 8.0, size=80)
B = A + RNG.uniform(0.5, 4.0, size=80)
ENTRY = np.where(RNG.random(80) < 0.7, RNG.uniform(0, 5, 80), -INF)
KEPT = X > ENTRY
W = RNG.integers(1, 4, size=80) / 2.0
K = RNG.negative_binomial(2, 0.3, size=120)
CAP = RNG.integers(2, 12, size=120)
FLOOR, CEILING = RNG.integers(-1, 3, size=120), RNG.integers(6, 30, size=120)


def _inspected(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Seen at two times only: before the first, between them, or after the second."""
    return np.where(x < A, -INF, np.where(x < B, A, B)), np.where(x < A, A, np.where(x < B, B, INF))


def _continuous() -> dict[str, tuple[Sample, tuple[Any, ...]]]:
    """name → sample, and its (lower, upper, weight, truncated below, above) as plain arrays."""
    one, open_ = np.ones(80), np.full(80, INF)
    low, high = _inspected(X)
    edges = np.array([-INF, 1, 2, 4, 6, 9, 13, INF])
    count = np.histogram(X, edges)[0].astype(float)
    k = KEPT
    mixed_low, mixed_high = np.where(X < C, X, C), np.where(X < C, X, INF)
    mixed_low, mixed_high = (
        np.where(np.arange(80) % 3 == 0, low, mixed_low),
        np.where(np.arange(80) % 3 == 0, high, mixed_high),
    )
    rounded = np.round(X / 0.5) * 0.5
    inside = (X > 1.5) & (X < 12)
    return {
        "weighted": (Sample(X, W, resolution=None), (X, X, W, -open_, open_)),
        "right-censored": (
            Sample.from_censored(np.minimum(X, C), X < C),
            (np.minimum(X, C), np.where(X < C, X, INF), one, -open_, open_),
        ),
        "left-censored": (
            Sample.from_intervals(np.where(X < 2, None, X), np.maximum(X, 2)),
            (np.where(X < 2, -INF, X), np.maximum(X, 2), one, -open_, open_),
        ),
        "interval-censored": (Sample.from_intervals(low, high), (low, high, one, -open_, open_)),
        "all kinds, weighted": (
            Sample.from_intervals(mixed_low, mixed_high, W),
            (mixed_low, mixed_high, W, -open_, open_),
        ),
        "binned": (
            Sample.from_bins(edges, count),
            (edges[:-1], edges[1:], count, -open_[:7], open_[:7]),
        ),
        "rounded": (
            Sample(rounded, resolution=0.5),
            (rounded - 0.25, rounded + 0.25, one, -open_, open_),
        ),
        "truncated": (
            Sample(X[inside], truncation=(1.5, 12), resolution=None),
            (X[inside], X[inside], one[inside], np.full(inside.sum(), 1.5), np.full(inside.sum(), 12.0)),
        ),
        "delayed entry and censored": (
            Sample.from_censored(
                np.minimum(X, ENTRY.clip(0) + 6)[k], (ENTRY.clip(0) + 6 > X)[k], W[k], truncation=(ENTRY[k], None)
            ),
            (
                np.minimum(X, ENTRY.clip(0) + 6)[k],
                np.where(ENTRY.clip(0) + 6 > X, X, INF)[k],
                W[k],
                ENTRY[k],
                open_[k],
            ),
        ),
        "binned and truncated": (
            Sample.from_bins(edges[1:], count[1:], truncation=(1, None)),
            (edges[1:-1], edges[2:], count[1:], np.full(6, 1.0), open_[:6]),
        ),
        "rounded and truncated": (
            Sample(rounded[rounded > 2], resolution=0.5, truncation=(2, None)),
            (
                rounded[rounded > 2] - 0.25,
                rounded[rounded > 2] + 0.25,
                one[rounded > 2],
                np.full((rounded > 2).sum(), 2.25),
                open_[rounded > 2],
            ),
        ),
    }


def _discrete() -> dict[str, tuple[Sample, tuple[Any, ...]]]:
    """As `_continuous`; the ends are integers, both of them inside; bounds belong to (below, up to]."""
    one, open_ = np.ones(120), np.full(120, INF)
    seen = K < CAP
    above, both = K > 0, (K > FLOOR) & (K <= CEILING)
    return {
        "right-censored": (
            Sample.from_censored(np.minimum(K, CAP), seen),
            (np.minimum(K, CAP), np.where(seen, K, INF), one, -open_, open_),
        ),
        "on the lattice": (
            Sample.from_censored(np.minimum(K, CAP), seen, resolution=1),
            (np.minimum(K, CAP), np.where(seen, K, INF), one, -open_, open_),
        ),
        "truncated": (
            Sample(K[above], truncation=(0, None)),
            (K[above], K[above], one[above], 0 * one[above], open_[above]),
        ),
        "truncated, each": (
            Sample(K[both], truncation=(FLOOR[both], CEILING[both])),
            (K[both], K[both], one[both], FLOOR[both], CEILING[both]),
        ),
        "binned": (
            Sample.from_bins([0, 2, 5, 9, INF], np.histogram(K, [0, 2.5, 5.5, 9.5, INF])[0]),
            (
                np.array([0.0, 3, 6, 10]),
                np.array([2, 5, 9, INF]),
                np.histogram(K, [0, 2.5, 5.5, 9.5, INF])[0],
                -open_[:4],
                open_[:4],
            ),
        ),
        "in intervals": (
            Sample.from_intervals(K - K % 3, K + CAP % 2, resolution=1),
            (K - K % 3, K + CAP % 2, one, -open_, open_),
        ),
    }


def _log_likelihood(law: Any, rows: tuple[Any, ...], *, discrete: bool) -> float:
    """Straight from the definition, with scipy's functions."""
    low, high, w, below, up_to = (np.asarray(column, dtype=float) for column in rows)
    with np.errstate(all="ignore"):
        density = law.logpmf if discrete else law.logpdf
        left = low - 1 if discrete else low
        near = np.where(law.cdf(high) <= 0.5, law.cdf(high) - law.cdf(left), law.sf(left) - law.sf(high))
        terms = np.where(low == high, density(low), np.log(near))
        terms = terms - np.log(law.sf(below) - law.sf(up_to))
        return float(np.sum(w * terms))


def _maximum(make: Callable[..., Any], start: list[float], rows: tuple[Any, ...], *, discrete: bool) -> float:
    def loss(theta: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            value = -_log_likelihood(make(*theta), rows, discrete=discrete)
        return value if np.isfinite(value) else 1e10

    options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
    best = so.minimize(loss, start, method="Nelder-Mead", options=options)
    return -float(so.minimize(loss, best.x, method="Nelder-Mead", options=options).fun)


CONTINUOUS, DISCRETE = _continuous(), _discrete()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kind", CONTINUOUS)
def test_fits_are_the_maximum_of_the_likelihood_as_it_is_defined(kind: str, law: str) -> None:
    sample, rows = CONTINUOUS[kind]
    candidate, make, start = LAWS[law]
    fit = ms.fit(candidate, sample)
    assert fit.status in ("converged", "closed_form"), fit.reason
    assert fit.n == pytest.approx(np.sum(rows[2]))
    assert fit.log_likelihood == pytest.approx(_maximum(make, start, rows, discrete=False), abs=1e-6, rel=1e-9)
    assert np.sum(sample.weights * fit.pointwise) == pytest.approx(fit.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("law", COUNTS)
@pytest.mark.parametrize("kind", DISCRETE)
def test_fits_to_counts_are_the_maximum_too(kind: str, law: str) -> None:
    sample, rows = DISCRETE[kind]
    candidate, make, start = COUNTS[law]
    fit = ms.fit(candidate, sample)
    assert fit.status in ("converged", "closed_form"), fit.reason
    assert fit.log_likelihood == pytest.approx(_maximum(make, start, rows, discrete=True), abs=1e-6, rel=1e-9)


def test_many_censored_observations_have_the_same_maximum_as_few_weighted_ones() -> None:
    """From 3000 on nodes stand in for the observations while the maximum is approached; it is exact all the same."""
    rng = np.random.default_rng(4)
    x, c = rng.gamma(2, 3, 9000), rng.uniform(1, 20, 9000)
    many = Sample.from_censored(np.minimum(x, c), x < c)
    rows = (np.minimum(x, c), np.where(x < c, x, INF), np.ones(9000), np.full(9000, -INF), np.full(9000, INF))
    for name in ("gamma", "weibull"):
        fit = ms.fit(name, many)
        assert fit.log_likelihood == pytest.approx(_maximum(*LAWS[name][1:], rows, discrete=False), abs=1e-5)
    cut = ms.fit("gamma", Sample(x[x > 2], truncation=(2, None), resolution=None))
    above = int((x > 2).sum())
    rows = (x[x > 2], x[x > 2], np.ones(above), np.full(above, 2.0), np.full(above, INF))
    assert cut.log_likelihood == pytest.approx(_maximum(*LAWS["gamma"][1:], rows, discrete=False), abs=1e-5)


# -- properties --------------------------------------------------------------------------------------------------------

numbers = st.lists(st.integers(1, 40), min_size=4, max_size=12)


def _near(a: ms.Fit, b: ms.Fit, tolerance: float = 1e-7) -> None:
    assert a.status == b.status
    if a.status in ("converged", "closed_form"):
        assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-9, abs=tolerance)
        assert list(a.parameters.values()) == pytest.approx(list(b.parameters.values()), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(numbers, st.data())
def test_an_observation_in_two_halves_is_the_observation(values: list[int], data: Any) -> None:
    x = np.array(values) / 4
    seen = np.array(data.draw(st.lists(st.booleans(), min_size=len(x), max_size=len(x))))
    whole = Sample.from_censored(x, seen)
    halves = Sample.from_censored(np.repeat(x, 2), np.repeat(seen, 2), np.full(2 * len(x), 0.5))
    assert (whole.n, len(whole)) == (halves.n, len(halves))
    for name in ("exponential", "weibull"):
        _near(ms.fit(name, whole), ms.fit(name, halves))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.5, 20), min_size=8, max_size=20, unique=True))
def test_very_fine_bins_tend_to_the_exact_fit(values: list[float]) -> None:
    x, h = np.array(values), 1e-6
    fine = Sample.from_intervals(x - h / 2, x + h / 2)
    for name in ("exponential", "normal", "gamma"):
        exact, binned = ms.fit(name, Sample(x, resolution=None)), ms.fit(name, fine)
        if exact.status != "closed_form" and exact.status != binned.status:
            continue  # a sample that all but vanishes onto a point
        assert binned.log_likelihood - fine.n * np.log(h) == pytest.approx(exact.log_likelihood, abs=1e-5, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(numbers)
def test_truncation_at_the_ends_of_the_support_changes_nothing(values: list[int]) -> None:
    x = np.array(values) / 3
    for name in ("exponential", "gamma"):
        plain, cut = (ms.fit(name, Sample(x, resolution=None, truncation=t)) for t in (None, (0, None)))
        assert cut.status == plain.status or {cut.status, plain.status} <= {"converged", "closed_form"}
        if plain.status in ("converged", "closed_form"):
            assert cut.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9, abs=1e-8)
    plain, cut = (ms.fit("poisson", Sample(values, truncation=t)) for t in (None, (-1, None)))
    assert cut.parameters["mean"] == pytest.approx(plain.parameters["mean"], rel=1e-6)


def test_a_count_that_is_censored_at_zero_says_nothing() -> None:
    with_it = ms.fit("poisson", Sample.from_censored([3, 1, 4, 0, 0], [1, 1, 1, 0, 0]))
    without = ms.fit("poisson", [3, 1, 4])
    assert with_it.parameters["mean"] == pytest.approx(without.parameters["mean"], rel=1e-7)
    assert with_it.log_likelihood == pytest.approx(without.log_likelihood, rel=1e-12)
    assert with_it.n == 5


def test_equal_observations_are_one_with_their_weight() -> None:
    sample = Sample.from_intervals([1, 1, 2, 2, 1], [1, 1, 5, 5, 3], truncation=([0, 0, 1, 1, 0], None))
    assert sample.weights.tolist() == [2, 1, 2]
    assert sample.lower.tolist() == [1, 1, 2]
    assert sample.upper.tolist() == [1, 3, 5]
    assert sample.truncation is not None
    assert sample.truncation[0].tolist() == [0, 0, 1]


def test_truncation_of_all_alike_is_kept_once() -> None:
    sample = Sample([2.5, 3.5, 3.5], truncation=([1, 1, 1], [None, None, None]))
    assert [end.tolist() for end in sample.truncation or ()] == [[1], [INF]]
    assert Sample([1, 2], truncation=(None, None)).truncation is None


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_samples_can_be_pickled_and_copied(kind: str) -> None:
    sample = CONTINUOUS[kind][0]
    for again in (pickle.loads(pickle.dumps(sample)), copy.deepcopy(sample)):  # noqa: S301
        assert repr(again) == repr(sample)
        assert again.exact == sample.exact
        assert again.lower.tolist() == sample.lower.tolist()
        with pytest.raises(ValueError, match="read-only"):
            again.lower[0] = 1


def test_a_sample_shows_itself() -> None:
    text = repr(CONTINUOUS["delayed entry and censored"][0])
    for part in (
        "n=",
        "kind='continuous'",
        "tied=",
        "range=[",
        "resolution=None",
        "censored=",
        "truncation=(-inf, inf]",
    ):
        assert part in text
    assert "bins=7, range=[-inf, inf]" in repr(CONTINUOUS["binned"][0])
    html = CONTINUOUS["right-censored"][0]._repr_html_()
    assert "<th>censored</th>" in html
    assert "right-censored" in html
    assert "&lt;b&gt;" in Sample(["<b>", "c"])._repr_html_()


def test_what_was_recognised_is_said() -> None:
    assert "9 are exact, 12 right-censored" in " ".join(REMISSION.notes)
    assert "the highest bin is open" in Sample.from_bins([0, 1, None], [3, 4]).notes
    assert "only values above 2 could be seen" in " ".join(Sample([3.5, 4.25], truncation=(2, None)).notes)
    assert "bound the law on one side only" in " ".join(Sample.from_censored([1, 2], [0, 0]).notes)
    weeks = Sample.from_censored([6, 6, 6, 7, 10, 9], [1, 1, 1, 1, 1, 0])
    assert "resolution=1 (resolution: 1) scores the mass of each cell" in weeks.notes[0]
    assert not any("rounded" in note for note in Sample.from_censored([6.12, 6.5, 3.3], [1, 1, 1]).notes)


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Sample.from_intervals([1, 5], [2, 4]), ["lower", "5", "above the upper end 4", "row 1"]),
        (lambda: Sample.from_intervals([1, np.nan], [2, 4]), ["lower", "NaN", "row 1", "None"]),
        (lambda: Sample.from_intervals([1, 2], [2, np.nan]), ["upper", "NaN", "row 1"]),
        (lambda: Sample.from_intervals([1, None], [2, None]), ["open at both ends", "row 1"]),
        (lambda: Sample.from_intervals([1, INF], [2, INF]), ["lower", "inf", "row 1"]),
        (lambda: Sample.from_intervals([1, 2], [2]), ["upper", "expected 2", "got 1"]),
        (lambda: Sample.from_intervals(["a", "b"], [2, 3]), ["lower", "expected numbers"]),
        (lambda: Sample.from_intervals([], []), ["lower", "empty"]),
        (lambda: Sample([1.5, 6], truncation=(2, None)), ["values", "1.5", "truncation bounds", "row 0", "(2, inf]"]),
        (lambda: Sample([2, 6], truncation=(2, None)), ["2 lies outside", "row 0"]),
        (lambda: Sample([2, 6], truncation=(None, [3, 5])), ["6 lies outside", "row 1", "(-inf, 5]"]),
        (lambda: Sample([1, 2], truncation=(3, 2)), ["truncation", "3 is not below", "expected lower < upper"]),
        (lambda: Sample([1, 2], truncation=([0, np.nan], None)), ["truncation", "NaN", "row 1"]),
        (lambda: Sample([1, 2], truncation=([0, 0, 0], None)), ["truncation", "expected 2", "got 3"]),
        (lambda: Sample([1, 2], truncation=3), ["truncation", "expected bounds (lower, upper)"]),
        (lambda: Sample(["a", "b"], truncation=(0, 1)), ["truncation", "labels"]),
        (lambda: Sample.from_censored([5, 3], [1, 0], truncation=(4, None)), ["[3, inf]", "outside", "row 1"]),
        (lambda: Sample.from_censored([1, 2], [1, 2]), ["observed", "got 2", "row 1", "expected 1 (true)"]),
        (lambda: Sample.from_censored([1, 2], [1, None]), ["observed", "row 1"]),
        (lambda: Sample.from_censored([1, 2], ["yes", "no"]), ["observed", "rows 0, 1"]),
        (lambda: Sample.from_censored([1, 2], [1]), ["observed", "expected 2", "got 1"]),
        (lambda: Sample.from_censored([1, np.nan], [1, 0]), ["values", "missing", "row 1"]),
        (lambda: Sample.from_censored([1, INF], [1, 0]), ["values", "inf at row 1"]),
        (lambda: Sample.from_censored(["a", "b"], [1, 0]), ["values", "expected numbers"]),
        (lambda: Sample.from_bins([0, 2, 1], [1, 1]), ["edges", "1 does not lie above 2", "row 2", "increase"]),
        (lambda: Sample.from_bins([0, None, 1], [1, 1]), ["edges"]),
        (lambda: Sample.from_bins([0, 1, 2], [1]), ["counts", "expected 2", "3 edges", "got 1"]),
        (lambda: Sample.from_bins([0, 1, 2], [1, -1]), ["counts", "-1", "(1, 2]"]),
        (lambda: Sample.from_bins([0], []), ["edges", "at least two"]),
        (lambda: Sample.from_bins([0, 1, 2], [0, 0]), ["counts", "zero"]),
        (lambda: Sample.from_bins([0, 5, 9], [1, 1], truncation=(2, None)), ["edges", "[0, 5]", "outside"]),
        (lambda: Sample.from_intervals([1, 2.5], [2, 3], resolution=1), ["2.5", "multiple of the resolution"]),
    ],
)
def test_refused_with_field_value_expectation_and_row(make: Callable[[], Any], words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        make()
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_missing_ends_can_be_dropped() -> None:
    sample = Sample.from_intervals([1, np.nan, None], [2, np.nan, 3], missing="drop")
    assert (sample.n, sample.n_missing) == (2, 1)
    sample = Sample.from_censored([1, np.nan, 3], [1, 0, 0], missing="drop")
    assert (sample.n, sample.n_missing, sample.censored_share) == (2, 1, 0.5)


def test_a_zero_weight_excuses_a_row() -> None:
    assert Sample.from_intervals([1, 5], [2, 4], [1, 0]).n == 1
    assert Sample([1, 2], [0, 1], truncation=(1.5, None)).n == 1


# -- footing and level -------------------------------------------------------------------------------------------------

REMISSION = Sample.from_censored(
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)


def test_densities_beside_probabilities_have_no_level_but_an_order() -> None:
    ranking = ms.rank(REMISSION, ["exponential", "lognormal", "poisson"])
    table = ranking.table
    assert ranking.footing == "length"
    assert table["kl"].loc[["exponential", "lognormal"]].isna().all()
    assert np.isfinite(table[["cross_entropy", "delta"]].loc[["exponential", "lognormal"]]).all(axis=None)
    assert np.isfinite(table["p_value"].loc["exponential"])
    assert table["status"].loc["poisson"] == "out_of_support"
    reasons = dict(zip(ranking.ledger["candidate"], ranking.ledger["reason"], strict=True))
    assert "resolution: 1" in reasons["poisson"]
    assert "the level of KL is unknown" in reasons["(entropy)"]
    assert "corrected for estimation, exponential loses" in ranking.verdict


def test_counts_on_a_lattice_are_compared_with_cells() -> None:
    seen = K < CAP
    sample = Sample.from_censored(np.minimum(K, CAP), seen, resolution=1)
    ranking = ms.rank(sample, ["negative_binomial", "poisson", "gamma"])
    assert ranking.footing == "counting"
    assert np.isfinite(ranking.table["kl"]).all()
    best = nonparametric(sample.block(cells=True))
    for label, fit in ranking.fits.items():
        expected = (best.log_likelihood - fit.log_likelihood) / sample.n
        assert ranking.table["kl"].loc[label] == pytest.approx(expected, abs=1e-12)
        assert expected > 0
    # a continuous law on cells: c is the cell from c − ½ on, as the counts X ≥ c are
    block = sample.block(cells=True)
    assert (block.lower + 0.5).tolist() == sample.block().lower.tolist()


def test_bins_are_compared_by_masses_whoever_gives_them() -> None:
    sample = Sample.from_bins([-0.5, 0.5, 2.5, 5.5, INF], [20, 40, 30, 10])
    ranking = ms.rank(sample, ["poisson", "gamma", {"table": {"0": 0.5, "1": 0.5}}])
    assert ranking.footing == "counting"
    p = np.array([0.2, 0.4, 0.3, 0.1])
    mean = ranking.fits["poisson"].parameters["mean"]
    q = np.diff(np.append(0, ss.poisson.cdf([0, 2, 5, INF], mean)))
    assert ranking.table["kl"].loc["poisson"] == pytest.approx(np.sum(p * np.log(p / q)), abs=1e-12)
    assert ranking.table["status"].to_list()[-1] == "out_of_support"


def test_two_intervals_with_a_common_integer_end_are_no_masses_of_counts() -> None:
    touching = ms.rank(Sample.from_intervals([0, 5, 0], [5, 9, 9]), ["poisson", "exponential"])
    assert touching.table["status"].loc["poisson"] == "out_of_support"
    assert "share their end 5" in touching.ledger["reason"].iloc[0]
    bins = ms.rank(Sample.from_bins([0, 5, 9], [3, 4]), ["poisson", "exponential"])
    assert np.isfinite(bins.table["kl"]).all()


def test_common_truncation_keeps_the_level_and_delayed_entry_does_not() -> None:
    x = X[X > 2]
    cut = ms.rank(Sample(x, truncation=(2, None), resolution=None), ["gamma", "lognormal"])
    assert np.isfinite(cut.table["kl"]).all()
    each = ms.rank(Sample(x, truncation=(x / 2, None), resolution=None), ["gamma", "lognormal"])
    assert each.table["kl"].isna().all()
    assert "truncated each in its own way" in each.ledger["reason"].iloc[0]


def test_footings() -> None:
    expected = {"binned": "counting", "interval-censored": "counting", "rounded": "counting", "truncated": "length"}
    for kind, footing in expected.items():
        assert footing_of(CONTINUOUS[kind][0]) == footing
    assert footing_of(Sample(["a", "b"])) == "nominal"
    assert footing_of(REMISSION) == "length"


def test_an_atom_among_real_numbers() -> None:
    positive = RNG.gamma(2, 3, size=150)
    sample = Sample(np.append(np.zeros(50), positive))
    assert sample.kind == "continuous"
    of = level(sample, atoms=(0.0,))
    inner = level(Sample(positive))
    between = -0.25 * np.log(0.25) - 0.75 * np.log(0.75)
    assert of.in_sample == pytest.approx(between + 0.75 * inner.in_sample, abs=1e-12)
    assert of.entropy.value == pytest.approx(of.in_sample, abs=0.01)
    ranking = ms.rank(sample, [{"hurdle": "gamma"}, "exponential"])
    assert ranking.footing == "atoms+length"
    assert set(ranking.table["footing"]) == {"atoms+length"}
    gamma = ms.fit("gamma", Sample(positive))
    expected = between + 0.75 * -gamma.log_likelihood / 150
    assert ranking.table["cross_entropy"].iloc[0] == pytest.approx(expected, abs=1e-8)
    assert abs(ranking.table["kl"].iloc[0]) < 0.2
    assert ranking.table["status"].loc["exponential"] == "out_of_support"
    assert "50 of 200 observations are exactly 0" in ranking.ledger["reason"].to_list()[-1]


def test_the_corrected_level_is_nearly_unbiased_on_right_censored_counts() -> None:
    """In the mean over samples of the truth, −ℓ/n − H is 0.02 in sample; Miller & Madow's term takes most away."""
    rng, n, gaps = np.random.default_rng(5), 200, []
    for _ in range(100):
        x, c = rng.poisson(3, n), rng.integers(1, 9, n)
        sample = Sample.from_censored(np.minimum(x, c), x < c, resolution=1)
        logq = np.where(
            np.isinf(sample.upper), ss.poisson.logsf(sample.lower - 1, 3), ss.poisson.logpmf(sample.lower, 3)
        )
        of, cross = level(sample), -float(sample.shares @ logq)
        gaps.append((cross - of.in_sample, cross - of.entropy.value))
    plain, corrected = np.mean(gaps, axis=0)
    assert 0.015 < plain < 0.025
    assert abs(corrected) < 0.006


# -- the nonparametric law ---------------------------------------------------------------------------------------------


def test_the_product_limit_is_that_of_the_books() -> None:
    """Freireich's trial: S(6) = 0.857, S(10) = 0.753, S(22) = 0.538, S(23) = 0.448 (Kalbfleisch & Prentice 1980)."""
    found = nonparametric(REMISSION.block())
    survival = dict(zip(found.high.tolist(), (1 - np.cumsum(found.mass)).round(3).tolist(), strict=True))
    assert survival == {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448, INF: 0.0}
    assert found.method == "product limit"


@pytest.mark.parametrize("kind", ["right-censored", "binned", "truncated", "delayed entry and censored"])
def test_self_consistency_agrees_with_the_product_limit(kind: str) -> None:
    block = CONTINUOUS[kind][0].block()
    found = nonparametric(block)
    assert found.method == "product limit"
    _, terms = _self_consistent(_Places(block))
    assert np.sum(block.weights * terms) == pytest.approx(found.log_likelihood, abs=1e-4)


@pytest.mark.parametrize("kind", ["interval-censored", "all kinds, weighted", "left-censored"])
def test_self_consistency_meets_the_conditions_of_a_maximum(kind: str) -> None:
    """Σ w [cell in A_i]/P̂(A_i) ≤ n for every cell, with equality where there is mass (Gentleman & Geyer 1994)."""
    block = CONTINUOUS[kind][0].block()
    found, places = nonparametric(block), _Places(block)
    inside = (np.arange(places.size) >= places.start[:, None]) & (np.arange(places.size) < places.stop[:, None])
    score = (block.weights[0] / np.exp(found.terms)) @ inside
    assert score.max() <= block.total[0] * (1 + 1e-6)
    assert score[found.mass > 1e-3] == pytest.approx(block.total[0], rel=1e-4)
    assert found.mass.sum() == pytest.approx(1)


def test_no_law_beats_the_nonparametric_one() -> None:
    for kind in ("interval-censored", "binned"):
        sample = CONTINUOUS[kind][0]
        top = nonparametric(sample.block()).log_likelihood
        for name in LAWS:
            assert ms.fit(name, sample).log_likelihood <= top + 1e-9


def test_disjoint_intervals_have_their_shares() -> None:
    found = nonparametric(Block(np.array([[0.0, 1, 2]]), np.array([[1.0, 2, INF]]), np.array([[5.0, 3, 2]])))
    assert found.mass.tolist() == pytest.approx([0.5, 0.3, 0.2])


# -- reports -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*CONTINUOUS, "counts, truncated", "counts, censored", "all right-censored"])
def test_every_kind_can_be_drawn_and_reported(kind: str) -> None:
    samples = {
        "counts, truncated": DISCRETE["truncated"][0],
        "counts, censored": DISCRETE["on the lattice"][0],
        "all right-censored": Sample.from_censored([3, 4, 5], [0, 0, 0]),
    }
    sample = samples[kind] if kind in samples else CONTINUOUS[kind][0]
    if kind == "all right-censored":
        with pytest.raises(ms.NothingFittedError):
            ms.rank(sample, ["exponential"])
        ranking = ms.rank(sample, [{"exponential": {"scale": 4}}])
    else:
        ranking = ms.rank(sample, ["gamma", "exponential"] if kind in CONTINUOUS else ["poisson", "gamma"])
    drawn = pictures(ranking)
    assert {picture.name for picture in drawn} >= ({"data", "cdf"} if kind != "all right-censored" else set())
    page = render_html(Page("x", None, ranking, (), "", {}, ""))
    assert ("Truncated" in page) == (sample.truncation is not None)
    assert ("% of the observations" in page) == (not sample.exact and kind not in ("binned", "binned and truncated"))
    assert "nan" not in ranking.verdict


WEEKS = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
RELAPSED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)


def test_a_threshold_among_censored_data_comes_to_the_smallest_event() -> None:
    # below it the likelihood of an exponential rises: events lie nearer to their end, censored ones lose nothing
    fit = ms.fit({"shifted": "exponential"}, Sample.from_censored(WEEKS, RELAPSED))
    events, scale = RELAPSED.sum(), (WEEKS - 6.0).sum() / RELAPSED.sum()
    assert fit.parameters["threshold"] == 6.0
    assert fit.parameters["scale"] == pytest.approx(scale, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(-events * (np.log(scale) + 1.0), rel=1e-12)


def test_a_threshold_passes_what_is_censored_before_the_first_event() -> None:
    fit = ms.fit({"shifted": "exponential"}, Sample.from_censored([5.0, 1, 7, 9, 12, 3], [1, 0, 1, 1, 1, 0]))
    assert fit.parameters == pytest.approx({"threshold": 5.0, "scale": 13.0 / 4}, rel=1e-8)


@pytest.mark.parametrize("unit", [1.0, 1e6, 1e-6])
def test_the_ends_of_a_uniform_among_censored_data_are_an_event_and_a_smooth_maximum(unit: float) -> None:
    x, seen = np.arange(1.0, 7.0), np.array([1, 1, 0, 1, 1, 0], dtype=bool)

    def loss(high: float) -> float:
        return 6 * np.log(high - 1) - np.log(high - x[~seen]).sum()

    best = so.minimize_scalar(loss, bounds=(6.0, 20.0), method="bounded", options={"xatol": 1e-10})
    fit = ms.fit("uniform", Sample.from_censored(x * unit, seen, resolution=None))
    assert fit.status == "converged"
    assert fit.parameters["low"] == unit
    assert fit.parameters["high"] == pytest.approx(best.x * unit, rel=1e-6)
    assert fit.log_likelihood + 4 * np.log(unit) == pytest.approx(-best.fun, rel=1e-10)
    early = ms.fit("uniform", Sample.from_censored([1.0, 2.0, 5.0, 6.0, 1.5], [1, 1, 1, 1, 0], resolution=None))
    # ∂ℓ/∂high at the last event is −5/5 + 1/4.5 < 0: the end is the event itself
    assert early.parameters == {"low": 1.0, "high": 6.0}


# -- where the likelihood has no maximum inside ------------------------------------------------------------------------

RISING = 3 + np.random.default_rng(0).exponential(1, 60) ** 1.3


@pytest.mark.parametrize("name", ["normal", "logistic", "gumbel"])
def test_a_tail_that_falls_slower_than_an_exponential_reaches_it(name: str) -> None:
    fit = ms.fit(name, Sample(RISING, resolution=None, truncation=(3, None)))
    assert fit.status == "boundary"
    assert fit.parameters[{"normal": "mean"}.get(name, "location")] == -INF
    assert fit.log_likelihood == pytest.approx(-60 * (np.log((RISING - 3).mean()) + 1), rel=1e-9)
    inside = ms.fit({"truncated": {"family": name, "lower": 3}}, Sample(RISING, resolution=None))
    assert inside.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-9)


def test_a_tail_reaches_its_limit_also_where_every_observation_has_a_bound_of_its_own() -> None:
    rng = np.random.default_rng(1)
    bound = rng.uniform(0, 3, 80)
    excess = rng.exponential(1, 80) ** 1.4
    fit = ms.fit("normal", Sample(bound + excess, resolution=None, truncation=(bound, None)))
    assert fit.status == "boundary"
    assert fit.log_likelihood == pytest.approx(-80 * (np.log(excess.mean()) + 1), rel=1e-9)


@pytest.mark.parametrize("name", ["lomax", "lognormal", "log_logistic", "frechet", "weibull"])
def test_a_tail_above_a_bound_reaches_a_pareto_law(name: str) -> None:
    x = 3 * np.exp(np.random.default_rng(0).exponential(1, 60) ** 1.2 / 1.5)
    fit = ms.fit(name, Sample(x, resolution=None, truncation=(3, None)))
    shape = 1 / np.log(x / 3).mean()
    assert fit.status == "boundary"
    assert fit.log_likelihood == pytest.approx(60 * np.log(shape / 3) - (shape + 1) * np.log(x / 3).sum(), rel=1e-9)
    assert "minimum" not in fit.reason


def test_the_tail_of_a_student_law_reaches_that_of_a_lomax_law() -> None:
    fit = ms.fit("student_t", Sample(RISING, resolution=None, truncation=(3, None)))
    lomax = ms.fit("lomax", Sample(RISING - 3, resolution=None))
    assert fit.status == "boundary"
    assert fit.log_likelihood == pytest.approx(lomax.log_likelihood, rel=1e-9)
    assert fit.parameters["location"] == pytest.approx(3 - lomax.parameters["scale"], rel=1e-6)


@pytest.mark.parametrize("law", ["poisson", "geometric", "negative_binomial"])
def test_what_is_above_zero_shrinks_onto_one(law: str) -> None:
    ones = ms.fit({"truncated": {"family": law, "lower": 1}}, [1] * 6)
    assert (ones.status, ones.log_likelihood) == ("boundary", pytest.approx(0, abs=1e-9))
    hurdle = ms.fit({"hurdle": law}, [0, 0, 1, 1, 1, 1])
    assert hurdle.status == "boundary"
    assert hurdle.parameters["zero_probability"] == pytest.approx(1 / 3, rel=1e-9)
    assert hurdle.log_likelihood == pytest.approx(2 * np.log(1 / 3) + 4 * np.log(2 / 3), rel=1e-9)


def test_cells_that_reach_the_end_of_a_support_give_a_start() -> None:
    # scipy.optimize from nine starts
    fit = ms.fit("frechet", {0: 4, 1: 3, 2: 2, 3: 1})
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(-14.503223052600138, rel=1e-10)


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("gev", Sample([1.0, 2.5], resolution=None), "unbounded"),
        ("pearson_3", Sample([1.0, 2.5], resolution=None), "unbounded"),
        ("generalized_normal", Sample([1.0] * 9 + [2.0, 3.5], resolution=None), "unbounded"),
        ("chi_square", [0, 0, 0], "not_identified"),
    ],
)
def test_a_likelihood_without_a_maximum_has_a_status_that_says_so(name: str, data: Any, status: str) -> None:
    assert ms.fit(name, data).status == status


def masses(law: ss.rv_continuous, counts: dict[int, int], **parameters: float) -> float:
    """Log-likelihood of counts that stand for real numbers rounded to integers."""
    x, n = np.array(list(counts)), np.array(list(counts.values()))
    frozen = law(**parameters)
    return float(n @ np.log(frozen.cdf(x + 0.5) - frozen.cdf(x - 0.5)))


def test_half_a_cell_about_zero_has_a_logarithm() -> None:
    counts = {0: 9, 1: 8, 2: 10, 3: 9, 5: 16, 7: 10, 10: 8, 15: 12, 20: 9, 30: 6, 45: 4, 80: 1}
    fit = ms.fit("log_pearson_3", Sample.from_counts(counts))
    assert fit.status == "converged"
    assert fit.log_likelihood > ms.fit("lognormal", Sample.from_counts(counts)).log_likelihood + 1


def test_cells_may_have_a_maximum_where_their_middles_have_none() -> None:
    # butterflies of Malaya (Fisher, Corbet & Williams 1943): the middles lead to the lognormal, at a scale of 1e-308
    butterflies = (118, 74, 44, 24, 29, 22, 20, 19, 20, 15, 12, 14, 6, 12, 6, 9, 9, 6, 10, 10, 11, 5, 3, 3)
    counts = dict(zip(range(1, 25), butterflies, strict=True))
    fit = ms.fit("generalized_gamma", Sample.from_counts(counts))
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(-1434.0212880, abs=1e-6)  # Nelder and Mead's, of scipy.optimize
    assert fit.log_likelihood > ms.fit("lognormal", Sample.from_counts(counts)).log_likelihood


def test_on_cells_no_density_is_infinite() -> None:
    counts = dict.fromkeys(range(1, 13), 10)
    fit = ms.fit("generalized_pareto", Sample.from_counts(counts))  # with a pole at its upper end, within the last cell
    assert fit.status == "converged"
    shape, scale = fit.parameters["shape"], fit.parameters["scale"]
    assert shape < -1
    there = masses(ss.genpareto, counts, c=shape, scale=scale)
    assert fit.log_likelihood == pytest.approx(there, abs=1e-6)
    for away in (0.999, 1.001):
        assert masses(ss.genpareto, counts, c=shape, scale=scale * away) < there
        assert masses(ss.genpareto, counts, c=shape * away, scale=scale * away) < there


def test_an_end_of_the_support_may_lie_at_the_edge_of_the_outermost_cell() -> None:
    # all but uniform: the density all but jumps at its ends, and so does the slope of the likelihood at the edge
    counts = dict(zip(range(1, 13), (26, 20, 26, 24, 26, 24, 26, 25, 24, 25, 23, 23), strict=True))
    fit = ms.fit("kappa_4", Sample.from_counts(counts))
    assert fit.status == "converged"
    assert fit.log_likelihood >= ms.fit("uniform", Sample.from_counts(counts)).log_likelihood
    assert fit.distribution.support.low == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_end_of_a_falling_density_is_the_edge_of_the_outermost_cell(sign: float) -> None:
    x = np.array([[3.0, 5.0, 7.0, 18.0, 43.0, 85.0, 91.0]])
    found = estimate(Located(HalfNormal(), sign), Block(x - 0.5, x + 0.5, np.ones_like(x)))
    assert found.parameters[0, 0] == (2.5 if sign > 0 else 91.5)
    assert found.verdicts.status[0] == "converged"


def test_an_end_beyond_a_largest_observation_that_is_censored() -> None:
    # Σ log density + log (1 − (2/m)^a) has its maximum inside, where scipy.optimize finds it
    x, last = np.array([0.3, 0.8, 1.1, 1.4, 1.6]), 2.0
    fit = ms.fit("scaled_power_function", Sample.from_censored([*x, last, last], [True] * 5 + [False] * 2))

    def loss(t: np.ndarray) -> float:
        shape, largest = np.exp(t[0]), last + np.exp(t[1])
        return float(
            -np.log(shape * x ** (shape - 1) / largest**shape).sum() - 2 * np.log1p(-((last / largest) ** shape))
        )

    best = so.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13})
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(-best.fun, rel=1e-9)


@pytest.mark.parametrize("name", ["inverse_gaussian", "lognormal", "dagum"])
def test_what_may_be_anywhere_changes_no_fit(name: str) -> None:
    x = [0.7, 1.1, 1.3, 1.9, 2.4, 3.8, 2.2]
    lower, upper = [*x, 3.0], [*x, INF]
    fit = ms.fit(name, Sample.from_intervals(lower, upper))
    more = ms.fit(name, Sample.from_intervals([*lower, -1.0, 0.0], [*upper, INF, INF]))
    assert more.status == fit.status
    assert more.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-9)


def test_ends_of_the_support_within_open_bins():
    """Where the guess of an end leaves nothing to an open bin beyond it; the maxima are solved by hand."""
    bins = ms.Sample.from_bins([None, 1, 2, 5, None], [5, 3, 2, 1])
    uniform = ms.fit("uniform", bins)
    assert uniform.parameters == pytest.approx({"low": -3.0, "high": 5.8}, rel=1e-6)
    reach = 11 / 5 * math.log(5)  # of log x: of 11 observations 5 lie below 1 and one above 5
    expected = {"low": math.exp(-5 / 11 * reach), "high": 5 * math.exp(reach / 11)}
    for sample in (bins, ms.Sample.from_bins([0, 1, 2, 5, None], [5, 3, 2, 1])):
        assert ms.fit("log_uniform", sample).parameters == pytest.approx(expected, rel=1e-6)
