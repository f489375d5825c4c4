"""Levels and profiles."""

import math

import numpy as np
import pytest
import scipy.stats

import modelselect as ms
from modelselect.divergence.empirical import level

WORMS = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}


def test_profile_has_its_minimum_at_the_estimate():
    ranking = ms.rank(WORMS, [{"binomial": {"n": 10}}], by="kl")
    grid = np.sort(np.append(np.linspace(0.02, 0.98, 97), 0.544))
    curve = ms.profile(ranking.best, "p", grid)
    assert curve["p"][curve["kl"].idxmin()] == 0.544
    assert curve["kl"].min() == pytest.approx(ranking.table["kl"].iloc[0], rel=1e-13)
    # by hand at one value
    p = np.array(list(WORMS.values())) / 100
    q = scipy.stats.binom(10, 0.3).pmf(np.arange(11))
    assert curve["kl"][np.argmin(np.abs(grid - 0.3))] == pytest.approx(np.sum(p * np.log(p / q)), rel=1e-12)


def test_profile_refits_the_other_parameters():
    x = np.random.default_rng(6).gamma(2.0, 3.0, 400)
    fit = ms.fit("gamma", x)
    curve = ms.profile(fit, "shape", [1.0, fit.parameters["shape"], 4.0])
    assert curve["log_likelihood"][1] == pytest.approx(fit.log_likelihood, rel=1e-12)
    for shape, value in zip(curve["shape"], curve["log_likelihood"], strict=True):
        assert value == pytest.approx(ms.fit({"gamma": {"shape": shape}}, x).log_likelihood, rel=1e-12)


def test_profile_shows_impossible_values_as_infinite():
    fit = ms.fit({"binomial": {"n": 10}}, WORMS)
    curve = ms.profile(fit, "n", [8, 10, 12])
    assert curve["kl"][0] == np.inf
    assert np.isfinite(curve["kl"][1:]).all()


def test_profile_refuses_what_it_cannot_do():
    fit = ms.fit({"binomial": {"n": 10}}, WORMS)
    with pytest.raises(ms.CandidateError, match="no parameter 'q'"):
        ms.profile(fit, "q", [0.5])
    with pytest.raises(ms.CandidateError, match="expected a list of values of p"):
        ms.profile(fit, "p", [0.5, 1.5])


def test_levels_of_each_kind():
    assert level(ms.Sample.from_probabilities({"a": 0.25, "b": 0.75})).entropy.method.startswith("exact")
    assert "Chao" in level(ms.Sample(WORMS)).entropy.method
    x = np.random.default_rng(0).normal(size=4000)
    found = level(ms.Sample(x))
    assert found.in_sample == found.entropy.value
    assert abs(found.in_sample - 0.5 * math.log(2 * math.pi * math.e)) < 5 * found.entropy.se
    rounded = level(ms.Sample(np.round(x, 3)))  # more than half distinct: real numbers with a few ties
    assert ms.Sample(np.round(x, 3)).resolution is None
    assert "rounding step 0.001" in rounded.entropy.method
    assert rounded.in_sample == pytest.approx(found.in_sample, abs=0.005)


def test_a_rounded_level_is_that_of_the_cells():
    x = np.random.default_rng(1).normal(size=20_000)
    rounded = level(ms.Sample(np.round(x, 1), resolution=0.1))
    exact = 0.5 * math.log(2 * math.pi * math.e) - math.log(0.1)
    assert abs(rounded.entropy.value - exact) < 5 * rounded.entropy.se + 1e-3


def test_a_few_ties_do_not_hide_the_level():
    x = np.random.default_rng(8).lognormal(size=2000)
    x[:150] = x[150:300]  # 15 % tied in pairs, on no grid
    found = level(ms.Sample(x))
    exact = 0.5 * math.log(2 * math.pi * math.e)
    assert "300 of 2000 observations tied" in found.entropy.method
    assert abs(found.entropy.value - exact) < 4 * found.entropy.se
    x[:800] = 1.0 + math.pi
    assert np.isnan(level(ms.Sample(x)).entropy.value)
