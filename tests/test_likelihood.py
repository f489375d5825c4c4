"""The one likelihood: points, cells and intervals, far out in the tails and where the cell is narrow."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import modelselect as ms
import modelselect.families
from modelselect.family import lookup, registered
from modelselect.fitting.likelihood import log_mass, mean_log_likelihood, pointwise
from modelselect.masses import _from_tails
from modelselect.sample import Block
from modelselect.testing.draws import members, width


def _cell(name: str, low: float, high: float, *parameters: float) -> Any:
    return log_mass(lookup(name)(), np.array([low]), np.array([high]), parameters)[0]


def _off(value: float, exact: Any) -> float:
    """Absolute error of a log mass = relative error of the mass; relative to the log itself where that is huge."""
    return abs(float(mp.mpf(float(value)) - exact)) / max(1.0, 1e-2 * abs(float(exact)))


def _normal(low: float, high: float) -> Any:
    with mp.workdps(60):
        low, high, root = mp.mpf(low), mp.mpf(high), mp.sqrt(2)
        if low >= 0:
            return mp.log((mp.erfc(low / root) - mp.erfc(high / root)) / 2)
        return mp.log((mp.erf(high / root) - mp.erf(low / root)) / 2)


@pytest.mark.parametrize("width", [2.0, 1.0, 1e-2, 1e-4, 1e-8])
@pytest.mark.parametrize("centre", [0.0, 0.3, 1.0, 3.0, 10.0, 36.0, 37.5, 38.5, 40.0, 100.0, 1000.0])
def test_normal_cells_keep_ten_digits_at_any_distance(centre: float, width: float) -> None:
    low, high = centre - width / 2, centre + width / 2
    exact = _normal(low, high)
    assert _off(_cell("normal", low, high, 0.0, 1.0), exact) < 1e-10
    assert _off(_cell("normal", -high, -low, 0.0, 1.0), exact) < 1e-10  # the other tail
    assert _off(_cell("normal", 4 * low, 4 * high, 0.0, 4.0), exact) < 1e-10


@pytest.mark.parametrize("shape", [0.01, 0.3, 1.0, 2.5, 30.0])
@pytest.mark.parametrize(
    ("centre", "width"),
    [
        (0.0, 0.1),
        (0.0, 1e-8),
        (0.05, 0.1),
        (1e-3, 1e-4),
        (1e-9, 1e-9),
        (1.0, 1e-8),
        (5.0, 1.0),
        (50.0, 1e-3),
        (300.0, 1.0),
    ],
)
def test_gamma_cells_at_the_edge_of_the_support_and_inside(shape: float, centre: float, width: float) -> None:
    low, high = centre - width / 2, centre + width / 2
    with mp.workdps(160):
        exact = mp.log(mp.gammainc(shape, max(mp.mpf(low), 0), mp.mpf(high), regularized=True))
    assert _off(_cell("gamma", low, high, shape, 1.0), exact) < 1e-10


@pytest.mark.parametrize(("centre", "width"), [(800.0, 1.0), (800.0, 1e-6), (2000.0, 0.01), (1e4, 1.0)])
def test_where_the_tail_underflows_the_density_stands_in(centre: float, width: float) -> None:
    # e^{-800} is no float and gamma has no log_sf: −inf here would make a poor start a hopeless one
    low, high = centre - width / 2, centre + width / 2
    with mp.workdps(60):
        exact = mp.log(mp.quad(lambda t: t ** mp.mpf(1.5) * mp.e ** (-t), [low, high])) - mp.log(mp.gamma(2.5))
    assert _off(_cell("gamma", low, high, 2.5, 1.0), exact) < 1e-8


def test_student_cells_in_the_tail() -> None:
    # one degree of freedom: F(b) − F(a) = atan((b − a)/(1 + ab))/π, from the difference of two arcus tangents
    for low, high in [(1e3, 1e3 + 1), (1e6, 1e6 + 1), (1e8, 2e8), (-5.0, -5.0 + 1e-7)]:
        with mp.workdps(60):
            exact = mp.log(mp.atan((mp.mpf(high) - mp.mpf(low)) / (1 + mp.mpf(low) * mp.mpf(high))) / mp.pi)
        assert _off(_cell("student_t", low, high, 1.0, 0.0, 1.0), exact) < 1e-9


@pytest.mark.parametrize("name", ["normal", "gamma", "exponential", "student_t"])
def test_cells_that_cover_the_line_have_mass_one(name: str) -> None:
    parameters = {"normal": (0.3, 1.7), "gamma": (0.3, 2.0), "exponential": (2.0,), "student_t": (0.7, 0.0, 1.0)}[name]
    edges = np.concatenate([[-np.inf], np.linspace(-30, 60, 181) + 0.123, [np.inf]])
    mass = np.exp(log_mass(lookup(name)(), edges[:-1], edges[1:], parameters))
    assert mass.sum() == pytest.approx(1.0, abs=1e-13)
    whole = _cell(name, -np.inf, np.inf, *parameters)
    assert whole == 0.0


def test_a_narrow_cell_is_the_density_times_its_width() -> None:
    family = lookup("gamma")()
    x, h = np.linspace(0.5, 20, 40), 1e-8
    expected = family.logp(x, 2.5, 1.5) + np.log((x + h / 2) - (x - h / 2))
    assert log_mass(family, x - h / 2, x + h / 2, (2.5, 1.5)) == pytest.approx(expected, abs=1e-10)


def test_a_kink_inside_a_narrow_cell() -> None:
    # the density of Laplace has its kink at 0: the mass is 1 − (e^low + e^−high)/2
    for low, high in [(-3e-4, 5e-4), (-1e-9, 2e-9), (-1e-4, 1e-7)]:
        exact = np.log(-0.5 * (np.expm1(low) + np.expm1(-high)))
        assert _cell("laplace", low, high, 0.0, 1.0) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize(
    ("name", "parameters"), [("poisson", (3.2,)), ("negative_binomial", (3.2, 0.7)), ("binomial", (12.0, 0.3))]
)
def test_intervals_of_a_discrete_family_are_sums_of_masses(name: str, parameters: tuple[float, ...]) -> None:
    family = lookup(name)()
    mass = np.exp(family.logp(np.arange(0, 400.0), *parameters))
    for low, high in [(0, 0), (0, 3), (2, 5), (4, 4), (7, 12), (-3, 1)]:
        expected = np.log(mass[max(low, 0) : high + 1].sum())
        assert _cell(name, low, high, *parameters) == pytest.approx(expected, rel=1e-11)
    # P(X ≥ 3), whose lower end belongs to it, and P(X ≤ 2)
    assert _cell(name, 3, np.inf, *parameters) == pytest.approx(np.log(mass[3:].sum()), rel=1e-11)
    assert _cell(name, -np.inf, 2, *parameters) == pytest.approx(np.log(mass[:3].sum()), rel=1e-11)
    assert _cell(name, 1.5, 3.5, *parameters) == pytest.approx(np.log(mass[2:4].sum()), rel=1e-11)
    assert _cell(name, -4, -1, *parameters) == -np.inf


def test_cells_off_the_support_have_no_mass() -> None:
    assert _cell("gamma", -2.0, -1.0, 0.3, 1.0) == -np.inf
    assert _cell("gamma", -1.0, 0.0, 0.3, 1.0) == -np.inf
    assert _cell("uniform", 3.0, 4.0, 0.0, 2.0) == -np.inf
    assert _cell("uniform", 1.0, 4.0, 0.0, 2.0) == pytest.approx(np.log(0.5))


def test_points_and_intervals_in_one_block() -> None:
    family = lookup("gamma")()
    block = Block(np.array([[1.0, 2.0, 4.0]]), np.array([[1.0, 3.0, np.inf]]), np.array([[2.0, 1.0, 3.0]]))
    parts = [
        family.logp(1.0, 2.0, 1.0),
        np.log(family.cdf(3.0, 2.0, 1.0) - family.cdf(2.0, 2.0, 1.0)),
        np.log(family.sf(4.0, 2.0, 1.0)),
    ]
    assert pointwise(family, block, (np.array([[2.0]]), np.array([[1.0]])))[0] == pytest.approx(parts, rel=1e-14)
    mean = mean_log_likelihood(family, block, (np.array([[2.0]]), np.array([[1.0]])))
    assert mean == pytest.approx([np.dot([2, 1, 3], parts) / 6], rel=1e-14)


def test_padding_may_hold_anything() -> None:
    family = lookup("gamma")()
    theta = (np.array([[2.0], [3.0]]), np.array([[1.0], [0.5]]))
    x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [1.0, 0.5]])
    expected = mean_log_likelihood(family, Block(x, x, w), theta)
    for value in (0.0, -7.0, np.nan, np.inf, 1e300):
        padded = np.concatenate([x, np.full((2, 2), value)], axis=1)
        block = Block(padded, padded, np.concatenate([w, np.zeros((2, 2))], axis=1))
        assert mean_log_likelihood(family, block, theta) == pytest.approx(expected, rel=1e-15)


def test_an_impossible_observation_makes_the_likelihood_minus_infinity() -> None:
    x = np.array([[1.0, -1.0]])
    assert mean_log_likelihood(lookup("exponential")(), Block(x, x, np.ones((1, 2))), (np.ones((1, 1)),)).tolist() == [
        -np.inf
    ]


@pytest.mark.parametrize("name", sorted(name for name, family in registered().items() if family.integrated))
def test_cells_by_the_density_are_those_by_the_tails(name: str) -> None:
    """Narrow and wide ones, at kinks and in the tails; and eight of them are one that is as wide as they together."""
    family = lookup(name)()
    for theta in members(family):
        middle = family.ppf(np.array([0.001, 0.02, 0.2, 0.5, 0.8, 0.97, 0.999]), *theta)
        for share in (0.01, 0.3, 3.0):
            size = share * width(family, theta)
            ends = np.clip([middle - 0.3 * size, middle + 0.7 * size], family.support.low, family.support.high)
            cuts = np.linspace(*ends, 9)
            whole = log_mass(family, *ends, theta)
            parts = np.logaddexp.reduce(log_mass(family, cuts[:-1].ravel(), cuts[1:].ravel(), theta).reshape(8, -1))
            np.testing.assert_allclose(whole, _from_tails(family, *ends, theta), rtol=0, atol=2e-12)
            np.testing.assert_allclose(whole, parts, rtol=0, atol=1e-12)


def test_a_cliff_at_the_end_of_a_cell_is_seen() -> None:
    """Of a nearly uniform law, and of an exponential with little noise: between the last node and the end of a cell."""
    for name, theta, edge in (
        ("generalized_normal", (1e4, 0.0, 1.0), -1.0),
        ("exponentially_modified_normal", (1e4, 0.0, 1e-4), 0.0),
    ):
        cuts = edge + np.array([-0.001, 0.0, 0.1, 0.3]) - 3e-4
        family = lookup(name)()
        mass = np.exp(log_mass(family, cuts[:-1], cuts[1:], theta))
        np.testing.assert_allclose(mass, np.diff(family.cdf(cuts, *theta)), rtol=1e-11)


def test_a_nearly_uniform_law_has_the_uniform_distribution_function() -> None:
    """|z|^shape underflows long before z is small beside the scale."""
    law, uniform = ms.Distribution.of("generalized_normal", shape=1e6, location=0, scale=1), np.linspace(-0.9, 0.9, 7)
    np.testing.assert_allclose(law.cdf(uniform), 0.5 + 0.5 * uniform, atol=1e-6)


def test_far_counts_may_each_have_parameters_of_their_own() -> None:
    x, mean = np.array([[3.0, 150.0, 4000.0]]), np.array([2.0, 140.0, 5000.0])
    for name, more in (("poisson", ()), ("negative_binomial", (np.array([0.5, 3.0, 70.0]),))):
        family = lookup(name)()
        each = [family.logp(x[0, i], mean[i], *(p[i] for p in more)) for i in range(3)]
        np.testing.assert_allclose(family.logp(x, mean, *more)[0], each, rtol=1e-14)


def test_far_tails_of_student_are_those_of_the_normal_as_df_grows() -> None:
    x, student, normal = np.array([38.0, 50.0, 100.0]), lookup("student_t")(), lookup("normal")()
    with mp.workdps(30):
        n = mp.mpf(1e7)
        constant = mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(n * mp.pi) / 2

        def log_density(t: Any) -> Any:
            return constant - (n + 1) / 2 * mp.log1p(t * t / n)

        at = log_density(mp.mpf(100))
        exact = at + mp.log(mp.quad(lambda s: mp.exp(log_density(100 + s) - at), [0, 0.02, 0.1, 0.3, 1]))
    assert student.log_sf(100.0, 1e7, 0.0, 1.0) == pytest.approx(float(exact), rel=1e-13)
    np.testing.assert_allclose(student.log_sf(x, 1e12, 0.0, 1.0), normal.log_sf(x, 0.0, 1.0), rtol=1e-7)


def test_a_side_without_end_is_a_tail_of_a_law_that_is_integrated() -> None:
    family, theta = lookup("skew_t")(), (1.5, 3.0, 2.0, 0.7)
    lower, upper = np.array([[-np.inf, 4.0, 1.0]]), np.array([[1.2, np.inf, 2.0]])
    below, above, between = log_mass(family, lower, upper, theta)[0]
    assert below == family.log_cdf(1.2, *theta)
    assert above == family.log_sf(4.0, *theta)
    assert between == pytest.approx(np.log(family.cdf(2.0, *theta) - family.cdf(1.0, *theta)), rel=1e-11)
