"""One pass over long samples gives what whole arrays give, whatever the stretches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelselect.block import Block
from modelselect.divergence.moments import Moments
from modelselect.families.profiles import gumbel_maximum, negative_binomial_size, weibull_maximum
from modelselect.family import lookup
from modelselect.fitting.compress import compress
from modelselect.fitting.estimate import estimate
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.problem import Problem

K, M = 5, 50_000


@pytest.fixture(scope="module")
def laws() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(1)
    logq = -3.0 + rng.normal(size=M) + 1e-3 * rng.normal(size=(K, M))
    shares = rng.random(M)
    return logq, shares / shares.sum(), 3.0 + rng.normal(size=M)


def test_moments_are_those_of_whole_arrays(laws: tuple[Any, Any, Any]) -> None:
    logq, shares, terms = laws
    mean = logq @ shares
    found = Moments.of(lambda cut: list(logq[:, cut]), mean, shares, terms)
    np.testing.assert_allclose(found.cross_entropy, -mean, rtol=1e-13)
    for reference in range(K):
        d = logq[reference] - logq
        gap, covariance = found.against(reference)
        np.testing.assert_allclose(gap, d @ shares, atol=1e-14)
        centred = d - (d @ shares)[:, None]
        np.testing.assert_allclose(covariance, (centred * shares) @ centred.T, rtol=1e-8, atol=1e-18)
    spread = terms + logq - (terms @ shares + mean)[:, None]
    np.testing.assert_allclose(found.spread, (spread**2) @ shares, rtol=1e-11)


def test_a_guess_of_the_means_need_not_be_good(laws: tuple[Any, Any, Any]) -> None:
    logq, shares, terms = laws
    good = Moments.of(lambda cut: list(logq[:, cut]), logq @ shares, shares, terms)
    poor = Moments.of(lambda cut: list(logq[:, cut]), np.array([-2.9, -3.1, np.nan, -np.inf, -3.0]), shares, terms)
    np.testing.assert_allclose(poor.spread, good.spread, rtol=1e-9)
    np.testing.assert_allclose(poor.against(1)[1], good.against(1)[1], rtol=1e-6, atol=1e-16)


def test_an_impossible_law_spoils_no_other(laws: tuple[Any, Any, Any]) -> None:
    logq, shares, terms = laws
    worse = np.concatenate([logq, np.where(np.arange(M) == 7, -np.inf, logq[:1])])
    found = Moments.of(lambda cut: list(worse[:, cut]), np.append(logq @ shares, -np.inf), shares, terms)
    alone = Moments.of(lambda cut: list(logq[:, cut]), logq @ shares, shares, terms)
    assert found.cross_entropy[K] == np.inf
    np.testing.assert_allclose(found.spread[:K], alone.spread, rtol=1e-13)
    np.testing.assert_allclose(found.covariance[:K, :K], alone.covariance, rtol=1e-13)


@pytest.mark.parametrize("name", ["student_t", "weibull", "gumbel", "logistic", "gamma", "lognormal"])
@pytest.mark.parametrize("even", [True, False])
def test_stretches_change_no_sum(monkeypatch: pytest.MonkeyPatch, name: str, even: bool) -> None:
    rng = np.random.default_rng(2)
    x = np.sort(rng.gamma(2.3, 1.7, size=(1, M)))
    weights = np.ones((1, M)) if even else rng.integers(1, 4, size=(1, M)).astype(float)
    found = []
    for stretch in (1000, 8192, 10**6):
        monkeypatch.setattr("modelselect.stretches.STRETCH", stretch)
        found.append(estimate(lookup(name)(), Block(x, x, weights)))
    for one in found[1:]:
        assert one.status[0] == found[0].status[0]
        np.testing.assert_allclose(one.log_likelihood, found[0].log_likelihood, rtol=1e-12)
        np.testing.assert_allclose(one.parameters, found[0].parameters, rtol=1e-9)


@pytest.mark.parametrize("name", ["student_t", "weibull", "gumbel", "logistic"])
def test_nodes_lead_to_the_maximum_of_all_observations(name: str) -> None:
    x = np.sort(np.random.default_rng(3).gamma(2.3, 1.7, size=(1, 30_000)))
    family, block = lookup(name)(), Block(x, x, np.ones_like(x))
    found = estimate(family, block)
    problem = Problem(family, block, found.parameters, range(found.parameters.shape[1]))
    rows = np.arange(1)
    u = problem.u(found.parameters)
    gradient, H = problem.second(u, rows)
    assert found.status[0] == "converged"
    assert np.all(np.abs(gradient) / np.sqrt(np.abs(np.einsum("rii->ri", H))) < 1e-8)
    value = mean_log_likelihood(family, block, tuple(found.parameters.T[:, :, None]))
    np.testing.assert_allclose(found.log_likelihood, value, rtol=1e-13)


def test_a_coarse_stand_in_has_the_same_moments() -> None:
    x = np.sort(np.random.default_rng(4).standard_t(3, size=(1, 20_000)))
    fine = compress(Block(x, x, np.ones_like(x)))
    coarse = compress(fine, fine=False)
    assert coarse.weights.shape[1] < 250 < fine.weights.shape[1]
    for small in (fine, coarse):
        for power in (0, 1, 2, 3):
            assert small.shares[0] @ small.lower[0] ** power == pytest.approx(np.mean(x**power), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "profile", "draw"),
    [
        ("gumbel", gumbel_maximum, lambda rng: rng.gumbel(3.0, 2.0, size=(6, 80))),
        ("weibull", weibull_maximum, lambda rng: rng.weibull(0.4, size=(6, 80))),
    ],
)
def test_profiles_are_maxima(name: str, profile: Callable[..., Any], draw: Callable[..., Any]) -> None:
    x = draw(np.random.default_rng(5))
    weights = np.random.default_rng(6).integers(0, 3, size=x.shape).astype(float)
    found = estimate(lookup(name)(), Block(x, x, weights))
    np.testing.assert_allclose(profile(x, weights), found.parameters, rtol=1e-9)
    alone = np.concatenate([profile(x[[i]], weights[[i]]) for i in range(len(x))])
    np.testing.assert_allclose(profile(x, weights), alone, rtol=1e-12)


def test_the_profile_of_counts_is_a_maximum_where_there_is_one() -> None:
    rng = np.random.default_rng(7)
    x = np.arange(3.0, 30.0)[None]
    weights = np.stack([rng.multinomial(200, rng.dirichlet(np.full(27, 0.3))) for _ in range(8)]).astype(float)
    found = estimate(lookup("negative_binomial")(), Block(x, x, weights))
    size = negative_binomial_size(x, weights)
    inside = found.status == "converged"
    assert inside.any()
    np.testing.assert_allclose(size[inside], found.parameters[inside, 1], rtol=1e-8)
    assert np.isnan(size[found.status == "boundary"]).all()
    assert np.isnan(negative_binomial_size(np.array([[0.0, 1e9]]), np.ones((1, 2)))).all()
