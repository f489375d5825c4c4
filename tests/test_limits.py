"""Limits at the edges of families: what is reached there, to which digits, and that nothing nearby is likelier."""

from __future__ import annotations

import numpy as np
import pytest

import modelselect as ms
from modelselect.block import Block
from modelselect.families.real_line.located import InverseGaussianPower, Located, LogNormalPower, LogSinhNormal
from modelselect.families.real_line.tails import LocatedHalfT, NormalWithTail, PowerTail
from modelselect.family import Family, lookup
from modelselect.fitting.estimate import estimate
from modelselect.fitting.limits import Limits
from modelselect.fitting.status import Status, Verdicts
from modelselect.testing.draws import likelihood, members, simulate
from modelselect.testing.formulas import check_distribution_functions, check_mass, check_score


@pytest.mark.parametrize(
    "family", [NormalWithTail(), PowerTail(), LogNormalPower(), LogSinhNormal(), InverseGaussianPower()]
)
def test_formulas_of_laws_in_no_catalogue(family: Family) -> None:
    check_mass(family)
    check_distribution_functions(family)
    check_score(family)


def test_a_crystal_ball_may_be_its_power_law_alone() -> None:
    family = lookup("crystal_ball")()
    x = np.sort(simulate(family, members(family)[0], (1, 30), seed=4), axis=1)
    found = ms.fit("crystal_ball", ms.Sample(x[0], resolution=None))
    assert found.status == "boundary"
    assert found.parameters["beta"] == found.parameters["scale"] == 0
    assert found.parameters["location"] == x.max()
    # the peak narrows: the likelihood grows towards that of the limit
    c = estimate(PowerTail(), Block(*[x.max() - x] * 2, np.ones_like(x))).parameters[0]
    narrower = [
        likelihood(family, x, np.array([[beta, c[0] + 1, x.max(), beta * c[1] / (c[0] + 1)]]))[0] * 30
        for beta in (1e-2, 1e-3, 1e-4, 1e-5)
    ]
    assert np.all(np.diff(narrower) > 0)
    assert narrower[-1] == pytest.approx(found.log_likelihood, abs=1e-3)
    assert narrower[-1] < found.log_likelihood


@pytest.mark.parametrize("inner", [LogNormalPower(), LogSinhNormal(), InverseGaussianPower()])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_location_far_away_is_known_to_its_digits(inner: Family, sign: float) -> None:
    z = np.random.default_rng(2).uniform(-2, 2, size=(1, 30))
    z = np.concatenate([z - z.mean(), z.mean() - z], axis=1)
    law = Located(inner, sign, upright="normal")

    def location(skew: float, padding: int = 0) -> float:
        """Of a nearly symmetric sample: as many widths away as it is little skew."""
        x = np.sort(sign * (z + skew * z * z), axis=1)
        zeros = np.zeros((1, padding))
        data, weights = np.concatenate([x, zeros], axis=1), np.concatenate([np.ones_like(x), zeros], axis=1)
        return float(estimate(law, Block(data, data, weights)).parameters[0, 0])

    assert location(0.001) == pytest.approx(2 * location(0.002), rel=1e-3)
    assert sign * location(0.001) < -200
    assert location(0.001, padding=7) == pytest.approx(location(0.001), rel=2e-8)  # another order of summation


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_skew_t_may_be_a_half_t(sign: float) -> None:
    half, skew = LocatedHalfT(sign), lookup("skew_t")()
    x = 3.0 + sign * np.abs(np.random.default_rng(3).standard_t(3, size=(2, 40)))
    found = estimate(half, Block(x, x, np.ones_like(x)))
    np.testing.assert_array_equal(found.status, "closed_form")
    np.testing.assert_array_equal(found.parameters[:, 0], (x.min if sign > 0 else x.max)(axis=1))
    for step in (0.99, 1.01):  # it is a maximum
        for j in (1, 2):
            near = found.parameters.copy()
            near[:, j] *= step
            assert np.all(likelihood(half, x, near) < found.log_likelihood)
    location, df, scale = found.parameters.T
    steep = np.stack([np.full(2, sign * 1e7), df, location, scale], axis=1)
    np.testing.assert_allclose(likelihood(skew, x, steep), found.log_likelihood, atol=0.05)
    given = ms.fit({"skew_t": {"df": float(df[0])}}, ms.Sample(x[0], resolution=None))
    assert given.status in ("boundary", "converged")
    assert given.log_likelihood >= found.log_likelihood[0] * 40 - 1e-9


@pytest.mark.parametrize("name", ["normal_inverse_gaussian", "johnson_su", "sinh_arcsinh"])
def test_rounded_data_that_are_nearly_symmetric_reach_a_skew_limit(name: str) -> None:
    """Their ridges run through all asymmetries; the best of them beats the symmetric limit by less than a nat."""
    z = np.linspace(-2.2, 2.2, 1200)
    sample = ms.Sample(np.round(50 + 20 * (z + 0.004 * z * z), 1), resolution=0.1)
    fit, normal = ms.fit(name, sample), ms.fit("normal", sample)
    assert fit.status in ("boundary", "converged")
    assert fit.log_likelihood > normal.log_likelihood


@pytest.mark.parametrize("given", [{"b": -0.3}, {"location": -10.0}])
def test_a_normal_is_the_limit_with_parameters_given(given: dict[str, float]) -> None:
    x = ms.Sample(np.linspace(-30.0, 20.0, 60) ** 3 / 900, resolution=None)
    light = ms.Sample(np.linspace(-30.0, 25.0, 60), resolution=None)
    assert ms.fit({"normal_inverse_gaussian": given}, x).status.usable
    fit, normal = ms.fit({"normal_inverse_gaussian": given}, light), ms.fit("normal", light)
    assert fit.status == "boundary"
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, abs=1e-9)
    assert fit.parameters[next(iter(given))] == next(iter(given.values()))


def test_ends_of_a_uniform_lie_inside_the_outermost_cells() -> None:
    """There the cells keep the shares of their observations, if they are wide enough; maximum by calculus."""
    fit = ms.fit("uniform", ms.Sample.from_bins([0, 1, 2, 3, 4], [1, 10, 10, 1]))
    # w = 2 + a + b with a / w = b / w = 1/22
    assert fit.status == "converged"
    assert fit.parameters == pytest.approx({"low": 0.9, "high": 3.1}, abs=1e-8)
    assert fit.log_likelihood == pytest.approx(-20 * np.log(2.2) + 2 * np.log(1 / 22), abs=1e-9)
    full = ms.fit("uniform", ms.Sample.from_bins([0, 1, 2, 3, 4], [9, 7, 7, 2]))  # the first cell has more than it can
    assert full.parameters == pytest.approx({"low": 0.0, "high": 3 + 6 / 23}, abs=1e-8)


@pytest.mark.parametrize("name", ["generalized_normal", "tukey_lambda"])
def test_the_uniform_is_the_limit_on_cells(name: str) -> None:
    sample = ms.Sample.from_bins(np.arange(13), [900, 1030, 1000, 1000, 1010, 990, 1000, 1000, 1005, 995, 1000, 930])
    fit, uniform = ms.fit(name, sample), ms.fit("uniform", sample)
    assert fit.status.usable
    assert fit.log_likelihood >= uniform.log_likelihood - 1e-6


@pytest.mark.parametrize("name", ["gamma", "weibull", "inverse_gaussian", "lognormal"])
def test_integers_near_a_million_that_hardly_vary(name: str) -> None:
    x = np.round(1e6 * (1 + 1e-3 * np.random.default_rng(6).normal(size=300)))
    fit, exact = ms.fit(name, x), ms.fit(name, ms.Sample(x, resolution=None))
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(exact.log_likelihood, abs=1e-3)


def test_counts_on_which_a_skew_t_has_no_maximum() -> None:
    fit = ms.fit("skew_t", {0: 4, 1: 3, 2: 2, 3: 1})
    assert fit.status == "boundary"
    assert fit.parameters["shape"] == fit.parameters["df"] == np.inf


@pytest.mark.parametrize("half", [0.5, 0.0])
def test_a_scale_that_shrinks_to_nothing_leads_to_a_limit_on_cells_alone(half: float) -> None:
    x = np.array([[3.0, 5.0, 7.0, 18.0, 43.0, 85.0]])
    family = lookup("johnson_su")()
    limits = Limits(family, Block(x - half, x + half, np.ones_like(x)), {}, estimate, 1)
    limits.find(tuple(family.parameters))
    verdicts = Verdicts(1)
    verdicts.settle(np.array([True]), Status.UNBOUNDED, "the scale has shrunk")
    supremum = limits._fit(0).log_likelihood
    reached = limits.apply_better(0, verdicts, supremum - 1e-12, np.full((1, 4), np.nan), np.array([np.nan]))
    assert reached.tolist() == [half > 0]  # among points the likelihood has no bound
