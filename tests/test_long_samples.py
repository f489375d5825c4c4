"""Long samples are worked through in stretches: same numbers as of whole arrays, in little memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import modelselect as ms
import modelselect.statistics as observed
from modelselect.block import Block, Rescaled
from modelselect.divergence.spacings import SpacingTerms, spacing_m, spacing_order, spacing_terms
from modelselect.fitting.compress import nodes_of
from modelselect.long_samples import TOGETHER
from modelselect.stretches import equal

M = 60_000
TEN = [
    "normal", "exponential", "gamma", "lognormal", "weibull", "logistic", "gumbel", "rayleigh", "inverse_gaussian",
    "student_t",
]  # fmt: skip


def ones(m: int) -> Any:
    return np.broadcast_to(1.0, (1, m))


@pytest.mark.parametrize("scale", [1.0, 1e120, 1e-120])
@pytest.mark.parametrize("even", [True, False])
def test_statistics_of_one_pass_are_those_of_many(scale: float, even: bool) -> None:
    rng = np.random.default_rng(1)
    x = scale * np.sort(rng.gamma(2.3, 1.7, size=(1, M)))
    weights = ones(M) if even else rng.integers(0, 4, size=(1, M)).astype(float)
    block = Block(x, x, weights)
    for _, functions, _ in TOGETHER:
        for function in functions:
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(block.statistic(function), function(x, weights), rtol=1e-12)
    for function in (observed.median, observed.upper_quartile, observed.spread, observed.minimum, observed.maximum):
        np.testing.assert_array_equal(block.statistic(function), function(x, np.array(weights)))


def test_excesses_of_nearly_equal_numbers_keep_their_digits() -> None:
    x = 1e6 + np.sort(np.random.default_rng(2).normal(size=(1, M)))
    block = Block(x, x, ones(M))
    # to second order both are half the squared coefficient of variation, and twice that
    half = 0.5 * x.var() / x.mean() ** 2
    assert block.statistic(observed.log_excess)[0] == pytest.approx(half, rel=1e-5)
    assert block.statistic(observed.reciprocal_excess)[0] * x.mean() == pytest.approx(2 * half, rel=1e-5)
    assert block.statistic(observed.variance)[0] == pytest.approx(x.var(), rel=1e-9)


def test_a_change_of_variable_is_made_when_it_is_asked_for() -> None:
    x = np.sort(np.random.default_rng(3).normal(size=(1, M)))
    block = Block(x, x, ones(M))
    moved = block.rescaled(np.array([1.5]), np.array([4.0]))
    assert isinstance(moved, Rescaled)
    assert "lower" not in vars(moved)
    part = moved.part(slice(100, 300))
    np.testing.assert_array_equal(part.lower, (x[:, 100:300] - 1.5) / 4.0)
    assert part.shares.sum() == pytest.approx(200 / M)
    nodes, own = nodes_of(moved), nodes_of(block)
    assert nodes is not None
    assert own is not None
    np.testing.assert_array_equal(nodes.lower, (own.lower - 1.5) / 4.0)
    assert moved.statistic(observed.spread)[0] == block.statistic(observed.spread)[0] / 4.0
    assert "lower" not in vars(moved)
    np.testing.assert_array_equal(moved.lower, (x - 1.5) / 4.0)


@pytest.mark.parametrize("n", [10, 50, 8193, 100_000])
def test_windows_of_a_stretch_are_those_of_the_whole(n: int) -> None:
    x = np.sort(np.random.default_rng(n).lognormal(size=n))
    m = int(spacing_order(n))
    every, some = spacing_terms(x, m), SpacingTerms(x, m)
    np.testing.assert_allclose(np.asarray(some), every, rtol=1e-13)
    np.testing.assert_allclose(some[n // 3 : n - 1], every[n // 3 : n - 1], rtol=1e-13)
    np.testing.assert_allclose(some.moments(), (every.mean(), every.std(ddof=1)), rtol=1e-12)
    assert some.mean() == pytest.approx(float(spacing_m(x, m)), rel=1e-13)


def test_products_of_widths_neither_overflow_nor_vanish() -> None:
    x = np.sort(np.exp(np.linspace(-600.0, 600.0, 20_000)))
    assert SpacingTerms(x, 5).mean() == pytest.approx(spacing_terms(x, 5).mean(), rel=1e-13)


def test_what_a_ranking_says_is_what_each_fit_says() -> None:
    x = np.random.default_rng(4).gamma(2.3, 1.7, M)
    ranking = ms.rank(ms.Sample(x, resolution=None), TEN)
    for name in TEN:
        alone = ms.fit(name, ms.Sample(x, resolution=None))
        among = ranking.fits[name]
        assert among.parameters == alone.parameters
        assert among.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-13)
        direct = alone.distribution.logp(np.sort(x)).sum()
        assert alone.log_likelihood == pytest.approx(direct, rel=1e-13)


def test_a_limit_is_told_from_a_maximum_by_all_observations() -> None:
    # light tails: the normal is the limit of Student's t; one heavier draw in a thousand: it is not
    rng = np.random.default_rng(5)
    light = ms.fit("student_t", ms.Sample(np.sort(rng.uniform(size=M)), resolution=None))
    heavy = ms.fit("student_t", ms.Sample(rng.standard_t(40.0, M), resolution=None))
    normal = ms.fit("normal", heavy.sample)
    assert light.status == "boundary"
    assert light.log_likelihood == pytest.approx(ms.fit("normal", light.sample).log_likelihood, rel=1e-14)
    assert heavy.status == "converged"
    assert heavy.log_likelihood > normal.log_likelihood


def test_a_ranking_needs_little_more_memory_than_the_data() -> None:
    n = 3_000_000
    x = np.random.default_rng(6).gamma(2.3, 1.7, n)
    ms.rank(ms.Sample(x[:40_000], resolution=None), TEN)
    tracemalloc.start()
    try:
        sample = ms.Sample(x, resolution=None)
        ms.rank(sample, TEN)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert equal(sample.weights)
    assert peak < 1.9 * x.nbytes  # beside the data themselves: in order, and a few arrays of flags


def test_intervals_have_a_largest_end_that_is_not_the_last_one() -> None:
    lower = np.arange(3000.0)[None]
    block = Block(lower, np.where(np.arange(3000) == 7, np.inf, lower + 0.5), ones(3000))
    assert block.statistic(observed.minimum)[0] == 0.0
    assert block.statistic(observed.maximum)[0] == np.inf
