"""Estimates of a batch: every status, integers, limits, given parameters, cells, scales, company in the batch."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import modelselect as ms
import modelselect.families  # registers the catalogue, which the tables below are made from
from modelselect.block import Block
from modelselect.family import Family, lookup, registered
from modelselect.fitting import search
from modelselect.fitting.estimate import _Work, estimate, maxima_of
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.status import Status
from modelselect.fitting.uncertainty import covariance, standard_errors


def exact(values: Any, weights: Any = None) -> ms.Sample:
    return ms.Sample(values, weights, resolution=None)


def rng_of(*key: object) -> np.random.Generator:
    return np.random.default_rng([sum(map(ord, str(part))) for part in key])


def there(*names: str) -> Any:
    missing = [name for name in names if name not in registered()]
    return pytest.mark.skipif(bool(missing), reason=f"not registered: {', '.join(missing)}")


def families(*names: str) -> list[Any]:
    return [pytest.param(name, marks=there(name)) for name in names]


# -- statuses ----------------------------------------------------------------------------------------------------------

STATUSES: dict[str, tuple[Any, Any]] = {
    "closed_form": ("normal", exact([1, 2, 4])),
    "converged": ("student_t", exact(np.tan(np.linspace(-1.4, 1.4, 31)))),
    "boundary": ("negative_binomial", [3, 4, 3, 5, 4, 3]),
    "unbounded": ("student_t", exact([1.0] * 49 + [2.0])),
    # any Cauchy law on the half-circle over the two points is as likely as the best
    "not_identified": ("cauchy", ms.Sample([1.5, 7.25], resolution=None)),
    "out_of_support": ("gamma", exact([1.0, -1.0])),
    "degenerate_sample": ("normal", exact([2.0, 2.0])),
}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_reached(status: str) -> None:
    fit = ms.fit(*STATUSES[status])
    assert fit.status == status
    assert bool(fit.reason) == (status not in ("closed_form", "converged"))
    assert fit.status.usable == np.isfinite(fit.log_likelihood)
    assert (fit.distribution is not None) == fit.status.usable
    assert all(np.isnan(e) for e in fit.standard_errors.values()) == (status not in ("closed_form", "converged"))
    assert fit.k == len(fit.law.parameters)


class Drift(Family):
    """A likelihood that rises for ever, slower and slower, with its parameter, and names no limit."""

    support = lookup("exponential").support
    size = lookup("negative_binomial").parameters["size"]

    def logp(self, x: Any, size: Any) -> Any:
        return -1.0 / np.log1p(np.log1p(size)) + 0.0 * x

    def start(self) -> Any:
        return (np.array([1.0]),)


def test_a_run_away_without_a_limit_is_a_failure_not_a_success() -> None:
    x = np.array([[0.05, 0.1, 1.0, 2.5, 7.0]])
    found = estimate(Drift(), Block(x, x, np.ones_like(x)))
    assert found.status[0] == "failed"
    assert "it ended at size = " in found.reason[0]
    assert np.isnan(found.parameters[0, 0])
    assert np.isnan(found.log_likelihood[0])


def test_only_success_and_boundary_may_be_ranked() -> None:
    assert [status for status in Status if status.usable] == ["converged", "closed_form", "boundary"]


@pytest.mark.parametrize(
    ("family", "data"),
    [
        ({"poisson": {"mean": 0}}, [0, 1]),
        ({"binomial": {"n": 10, "p": 0}}, [0, 1]),
        ({"binomial": {"p": 1}}, [3, 4]),
        ({"gamma": {"shape": 3, "scale": 1}}, exact([0.0, 1.0])),
    ],
)
def test_given_parameters_may_make_the_data_impossible(family: Any, data: Any) -> None:
    fit = ms.fit(family, data)
    assert (fit.status, fit.log_likelihood) == ("out_of_support", -np.inf)
    assert "probability 0" in fit.reason


def test_an_infinite_density_is_no_likelihood() -> None:
    fit = ms.fit({"gamma": {"shape": 0.5, "scale": 1}}, exact([0.0, 1.0]))
    assert fit.status == "unbounded"
    assert np.isnan(fit.log_likelihood)


@pytest.mark.parametrize("family", families("gamma", "exponential", "lognormal", "weibull", "inverse_gaussian"))
@pytest.mark.parametrize("data", [[0.0, 0.0], [0.0, 1.0, 2.5], [1.0, 1 + 1e-15], [5e-324, 1.0], [1e-300, 1e300]])
def test_awkward_positive_data_give_a_status_not_a_traceback(family: str, data: list[float]) -> None:
    fit = ms.fit(family, exact(data))
    assert fit.status in list(Status)
    assert fit.status.usable == np.isfinite(fit.log_likelihood)
    assert fit.reason or fit.status in ("converged", "closed_form")


# -- integers and their limit ------------------------------------------------------------------------------------------


def test_binomial_with_both_unknown_is_the_best_of_all_n() -> None:
    rng = rng_of("binomial")
    for _ in range(12):
        data = rng.binomial(rng.integers(3, 40), rng.uniform(0.2, 0.9), size=rng.integers(4, 60))
        mean, variance = data.mean(), data.var()
        fit = ms.fit("binomial", data)
        assert (fit.status == "boundary" and fit.parameters["n"] == np.inf) == (variance >= mean)
        n = np.arange(max(data.max(), 1), 3000)
        table = scipy.stats.binom.logpmf(data[:, None], n, mean / n).sum(axis=0)
        assert fit.log_likelihood >= table.max() - 1e-9
        if np.isfinite(fit.parameters["n"]):
            assert fit.parameters["n"] == n[np.argmax(table)]
            assert fit.parameters["p"] == pytest.approx(mean / fit.parameters["n"], rel=1e-12)


def test_binomial_nearly_poisson_finds_a_large_n() -> None:
    # the profile is flat to 1e-12 there: it needs a log-likelihood without cancellation
    data = {0: 3679, 1: 3679, 2: 1839, 3: 613, 4: 153, 5: 30, 6: 5}
    fit = ms.fit("binomial", data)
    x, w = np.array(list(data)), np.array(list(data.values()))
    mean = x @ w / w.sum()
    assert w @ (x - mean) ** 2 / w.sum() < mean
    best = int(fit.parameters["n"])
    assert best > 100

    import mpmath as mp

    def profile(n: int) -> Any:
        with mp.workdps(40):
            p = mp.mpf(int(x @ w)) / int(w.sum()) / n
            return sum(
                int(c) * (mp.log(mp.binomial(n, int(v))) + int(v) * mp.log(p) + (n - int(v)) * mp.log1p(-p))
                for v, c in zip(x, w, strict=True)
            )

    assert fit.log_likelihood == pytest.approx(float(profile(best)), rel=1e-13)
    assert max(profile(best - 3), profile(best + 3)) < profile(best) + mp.mpf(10) ** -10


@pytest.mark.parametrize(
    ("data", "n", "p"), [([5] * 10, 5, 1.0), ([1, 0], 1, 0.5), ([7], 7, 1.0), ([2, 2, 3], 3, 7 / 9)]
)
def test_small_binomials(data: list[int], n: float, p: float) -> None:
    assert ms.fit("binomial", data).parameters == {"n": n, "p": pytest.approx(p, rel=1e-12)}


def test_binomial_of_zeros_is_the_poisson_at_zero() -> None:
    fit = ms.fit("binomial", [0, 0, 0])
    assert (fit.status, fit.log_likelihood) == ("boundary", 0.0)
    assert str(fit.distribution) == "poisson(mean=0)"


def test_binomial_with_p_given() -> None:
    data = [16, 18, 22, 25, 27]
    fit = ms.fit({"binomial": {"p": 0.3}}, data)
    n = np.arange(27, 500)
    table = scipy.stats.binom.logpmf(np.array(data)[:, None], n, 0.3).sum(axis=0)
    assert fit.parameters == {"n": n[np.argmax(table)], "p": 0.3}
    assert fit.log_likelihood == pytest.approx(table.max(), rel=1e-12)
    assert fit.k == 1


# -- Student's t -------------------------------------------------------------------------------------------------------


def test_student_with_light_tails_and_a_sharp_centre() -> None:
    # SCIENCE 5: excess kurtosis < 0, so the normal is a *local* maximum, and 56 nats or more below the best t
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 0.05, 120), np.repeat([-1.0, 1.0], 40)])
    assert scipy.stats.kurtosis(x) < 0
    student, normal = ms.fit("student_t", exact(x)), ms.fit("normal", exact(x))
    assert student.status == "converged"
    assert 0.3 < student.parameters["df"] < 0.7
    assert student.log_likelihood > normal.log_likelihood + 50


@pytest.mark.parametrize("data", ["60 % ties", "gamma(0.1)", "49 equal and 1"])
def test_student_on_ties_is_unbounded_and_says_so(data: str) -> None:
    rng = rng_of(data)
    x = {
        "60 % ties": np.concatenate([np.zeros(60), rng.normal(size=40)]),
        "gamma(0.1)": rng.gamma(0.1, size=500),
        "49 equal and 1": np.array([1.0] * 49 + [2.0]),
    }[data]
    for scale in (1e-6, 1.0, 1e12):
        fit = ms.fit("student_t", exact(scale * x))
        assert fit.status in ("unbounded", "converged")
        if fit.status == "converged":  # then it is an interior maximum at a scale the data can resolve
            assert fit.parameters["scale"] > 1e-6 * scale * np.ptp(np.unique(x))
        else:
            assert "fix the scale" in fit.reason


@pytest.mark.parametrize("n", [20, 50, 1000])
def test_student_is_never_below_the_normal(n: int) -> None:
    rng = rng_of("student", n)
    for x in (
        rng.normal(size=n),
        rng.uniform(size=n),
        rng.standard_t(4, size=n),
        rng.standard_cauchy(size=n),
        rng.exponential(size=n),
    ):
        student, normal = ms.fit("student_t", exact(x)), ms.fit("normal", exact(x))
        assert student.status in ("converged", "boundary")
        assert student.log_likelihood >= normal.log_likelihood - 1e-9 * n


# -- never beaten ------------------------------------------------------------------------------------------------------


def _draw(name: str, rng: np.random.Generator, n: int) -> tuple[Any, dict[str, float]]:
    """Data from the family itself or from something that is not it, and what must be given."""
    odd = rng.integers(2)
    match name:
        case "negative_binomial":
            return (
                rng.poisson(rng.lognormal(0, 1, n)) if odd else rng.negative_binomial(rng.uniform(0.2, 9), 0.3, n)
            ), {}
        case "beta_binomial":
            p = rng.beta(0.5, 2, n) if odd else rng.choice([0.1, 0.6], n)
            return rng.binomial(12, p), {"n": 12.0}
        case "beta":
            return (rng.uniform(0, 1, n) ** 2 * 0.98 + 0.01 if odd else rng.beta(0.3, 4, n) * 0.999999 + 5e-7), {}
        case "log_series" | "zeta":
            return (1 + rng.poisson(rng.lognormal(0, 1, n)) if odd else rng.zipf(2.2, n)), {}
        case "geometric":
            return (rng.poisson(2.0, n) if odd else rng.geometric(0.2, n) - 1), {}
        case "half_normal":
            return rng.lognormal(3, 1.2, n), {}
        case "gamma" | "weibull" | "lognormal" | "inverse_gaussian" | "log_logistic":
            return (rng.lognormal(3, 1.2, n) if odd else 1e-3 * rng.weibull(0.6, n)), {}
        case _:
            return (1e3 + rng.standard_t(2, n) if odd else rng.gumbel(-2, 5, n)), {}


def _best_of_scipy(family: Family, block: Block, given: dict[str, float], around: np.ndarray) -> float:
    """The highest log-likelihood that scipy's simplex and BFGS find from starts around ours and far from it."""
    names = list(family.parameters)
    free = [name for name in names if name not in given]

    def value(u: np.ndarray) -> float:
        theta = {
            **given,
            **{name: float(family.parameters[name].domain.from_real(v)) for name, v in zip(free, u, strict=True)},
        }
        with np.errstate(all="ignore"):
            mean = mean_log_likelihood(family, block, tuple(np.array([[theta[name]]]) for name in names))[0]
        return -mean if np.isfinite(mean) else 1e30

    best = np.inf
    rng = np.random.default_rng(0)
    for jump in (0.0, 0.3, 1.5):
        start = around + jump * rng.normal(size=len(free)) * np.where(np.abs(around) > 20, np.abs(around) * 1e-2, 1)
        rough = scipy.optimize.minimize(
            value, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 1500}
        )
        fine = scipy.optimize.minimize(value, rough.x, method="BFGS", options={"gtol": 1e-9})
        best = min(best, rough.fun, fine.fun)
    return -best * float(block.total[0])


COMPARED = families(
    "gamma", "weibull", "logistic", "student_t", "negative_binomial", "beta", "beta_binomial", "cauchy", "gumbel",
    "lognormal", "inverse_gaussian", "log_logistic", "laplace", "geometric", "log_series", "zeta", "half_normal",
)  # fmt: skip


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.parametrize("n", [12, 150])
def test_never_beaten_by_scipy_on_exact_data(name: str, n: int) -> None:
    family = lookup(name)()
    for seed in range(3):
        rng = rng_of(name, n, seed)
        data, given = _draw(name, rng, n)
        fit = ms.fit({"family": name, "fixed": given}, exact(data))
        assert fit.status.usable, (fit, fit.reason)
        block = fit.sample.block()
        around = np.array(
            [float(family.parameters[f].domain.to_real(np.clip(fit.parameters[f], -1e8, 1e8))) for f in fit.free]
        )
        theirs = _best_of_scipy(family, block, given, around)
        assert fit.log_likelihood >= theirs - max(1e-6, 1e-9 * abs(theirs))


@pytest.mark.parametrize(
    "name",
    families(
        "normal",
        "gamma",
        "weibull",
        "logistic",
        "gumbel",
        "exponential",
        "lognormal",
        "cauchy",
        "inverse_gaussian",
        "student_t",
    ),
)
@pytest.mark.parametrize("h", [0.1, 1.0])
def test_never_beaten_by_scipy_on_cells(name: str, h: float) -> None:
    family = lookup(name)()
    rng = rng_of(name, h)
    scale_only = "location" not in {p.role for p in family.parameters.values()}
    x = (
        np.round(
            (
                rng.gamma(0.7, 4.0, 90)
                if scale_only and name not in ("lognormal", "inverse_gaussian")
                else rng.gamma(4.0, 1.5, 90) + 2
            )
            / h
        )
        * h
    )
    fit = ms.fit(name, ms.Sample(x, resolution=h))
    assert fit.status == "converged", (fit, fit.reason)
    block = fit.sample.block(cells=True)
    around = np.array([float(family.parameters[f].domain.to_real(fit.parameters[f])) for f in fit.free])
    theirs = _best_of_scipy(family, block, {}, around)
    assert fit.log_likelihood >= theirs - max(1e-6, 1e-9 * abs(theirs))
    assert fit.log_likelihood == pytest.approx(theirs, abs=1e-5)
    # and the same law in scipy.stats gives the same masses
    law = fit.distribution.to_scipy()
    masses = law.cdf(fit.sample.values + h / 2) - law.cdf(fit.sample.values - h / 2)
    assert fit.log_likelihood == pytest.approx(float(fit.sample.weights @ np.log(masses)), rel=1e-9)


def test_cells_far_from_the_start_and_zero_among_them() -> None:
    fit = ms.fit("gamma", [0, 0, 0, 0, 1, 2, 0, 40])
    assert fit.status == "converged"
    assert fit.parameters["shape"] < 0.5


# -- given parameters --------------------------------------------------------------------------------------------------

GIVEN = {
    "normal": {"mean": 1.3, "sd": 2.0},
    "student_t": {"df": 3.0, "location": 1.0, "scale": 1.2},
    "gamma": {"shape": 2.2, "scale": 0.7},
    "negative_binomial": {"mean": 2.5, "size": 1.4},
    "weibull": {"shape": 1.4, "scale": 2.2},
    "lognormal": {"mu": 0.4, "sigma": 0.8},
    "logistic": {"location": 1.2, "scale": 0.9},
    "laplace": {"location": 1.1, "scale": 1.3},
    "cauchy": {"location": 0.9, "scale": 0.8},
    "gumbel": {"location": 1.0, "scale": 1.1},
    "beta": {"a": 1.5, "b": 2.5},
    "inverse_gaussian": {"mean": 1.6, "shape": 2.0},
    "log_logistic": {"shape": 2.0, "scale": 1.5},
}


@pytest.mark.parametrize("name", families(*GIVEN))
@pytest.mark.parametrize("footing", ["exact", "cells"])
def test_every_subset_of_parameters_may_be_given(name: str, footing: str) -> None:
    values, family = GIVEN[name], lookup(name)()
    rng = rng_of(name)
    u = rng.uniform(size=81)  # odd: one median
    x = ms.Distribution.of(name, **values).ppf(u) + 0.0
    if footing == "cells" and not family.discrete:
        h = 0.05 if name == "beta" else 0.5
        sample = ms.Sample(np.clip(np.round(x / h) * h, h, 1 - h if name == "beta" else None), resolution=h)
    else:
        sample = exact(x)
    full = ms.fit(name, sample)
    assert full.status in ("converged", "closed_form")
    for r in range(1, len(values) + 1):
        for chosen in combinations(values, r):
            given = {key: values[key] for key in chosen}
            fit = ms.fit(name, sample, fixed=given)
            assert fit.status in ("converged", "closed_form"), (given, fit, fit.reason)
            assert {key: fit.parameters[key] for key in given} == given
            assert fit.k == len(values) - r
            assert fit.log_likelihood <= full.log_likelihood + 1e-9
            errors = fit.standard_errors
            assert all(np.isnan(errors[key]) == (key in given) for key in values)
            # the free ones are at their maximum: moving any of them by ±½ % loses
            for key in set(values) - set(given):
                for factor in (0.995, 1.005):
                    moved = ms.fit(name, sample, fixed={**fit.parameters, key: fit.parameters[key] * factor})
                    assert moved.log_likelihood < fit.log_likelihood
        again = ms.fit(name, sample, fixed={key: full.parameters[key] for key in list(values)[:r]})
        assert again.log_likelihood == pytest.approx(full.log_likelihood, abs=1e-8)


# -- scale and origin --------------------------------------------------------------------------------------------------

SCALED = [
    "normal", "student_t", "exponential", "gamma", "weibull", "lognormal", "logistic", "laplace", "cauchy", "gumbel",
    "inverse_gaussian", "uniform", "rayleigh", "maxwell", "half_normal", "log_logistic", "pareto",
]  # fmt: skip


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e12, 1e150])
@pytest.mark.parametrize("name", families(*SCALED))
def test_the_unit_of_the_data_does_not_matter(name: str, scale: float) -> None:
    x = rng_of(name).lognormal(0, 0.9, size=40)
    plain, scaled = ms.fit(name, exact(x)), ms.fit(name, exact(scale * x))
    assert scaled.status == plain.status
    assert plain.status.usable
    assert scaled.log_likelihood + 40 * np.log(scale) == pytest.approx(plain.log_likelihood, abs=2e-8)
    for key, parameter in plain.law.parameters.items():
        value = plain.parameters[key]
        by_role = {"location": value * scale, "scale": value * scale, "log_scale": value + np.log(scale), None: value}
        expected = by_role[parameter.role]
        assert scaled.parameters[key] == pytest.approx(expected, rel=1e-8)
        error = plain.standard_errors[key] * (scale if parameter.role in ("location", "scale") else 1.0)
        assert scaled.standard_errors[key] == pytest.approx(error, rel=1e-4, nan_ok=True)


@pytest.mark.parametrize("offset", [1e3, 1e6, -1e9])
@pytest.mark.parametrize("name", families("normal", "student_t", "logistic", "laplace", "cauchy", "gumbel", "uniform"))
def test_the_origin_of_the_data_does_not_matter(name: str, offset: float) -> None:
    x = np.round(rng_of(name).standard_t(3, size=60) * 2**20) / 2**20  # so that adding the offset rounds nothing
    plain, moved = ms.fit(name, exact(x)), ms.fit(name, exact(x + offset))
    assert moved.status == plain.status
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, abs=60 * 4e-16 * abs(offset) + 1e-9)
    for key, parameter in plain.law.parameters.items():
        shift = offset if parameter.role == "location" else 0.0
        assert moved.parameters[key] - shift == pytest.approx(plain.parameters[key], rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("name", families("gamma", "weibull", "inverse_gaussian", "lognormal"))
@pytest.mark.parametrize("cv", [1e-2, 1e-4])
def test_positive_data_that_hardly_vary(name: str, cv: float) -> None:
    x = 1e6 * (1 + cv * rng_of(name).normal(size=400))
    fit, normal = ms.fit(name, exact(x)), ms.fit("normal", exact(x))
    assert fit.status in ("converged", "closed_form")
    law = fit.distribution
    assert law.mean == pytest.approx(x.mean(), rel=cv)
    assert np.sqrt(law.var) / law.mean == pytest.approx(x.std() / x.mean(), rel=0.3)
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, abs=1.0 if name != "weibull" else 60)


# -- company in a batch ------------------------------------------------------------------------------------------------


def _groups(name: str) -> tuple[list[np.ndarray], list[np.ndarray], dict[str, float]]:
    rng = rng_of("groups", name)
    given = {"n": 12.0} if name == "beta_binomial" else {}
    values = []
    for size in (5, 9, 30, 17, 8):
        data, _ = _draw(name, rng, size)
        values.append(np.sort(np.asarray(data, dtype=float)))
    return values, [rng.integers(1, 4, len(v)).astype(float) for v in values], given


@pytest.mark.parametrize(
    "name",
    families(
        *[n for n in SCALED if n != "pareto"],
        "negative_binomial",
        "poisson",
        "binomial",
        "beta",
        "beta_binomial",
        "geometric",
    ),
)
def test_groups_do_not_know_of_each_other(name: str) -> None:
    family = lookup(name)()
    values, weights, given = _groups(
        "negative_binomial"
        if name in ("poisson", "binomial", "geometric")
        else "gamma"
        if "location" not in {p.role for p in family.parameters.values()}
        and name not in ("beta", "beta_binomial", "negative_binomial")
        else name
    )
    given = {} if name != "beta_binomial" else given
    alone = [estimate(family, Block(v[None], v[None], w[None]), given) for v, w in zip(values, weights, strict=True)]
    for order, pad in [(np.arange(5), 0), (np.array([3, 0, 4, 2, 1]), 6)]:
        m = max(map(len, values)) + pad
        x, w = np.zeros((5, m)), np.zeros((5, m))
        for row, i in enumerate(order):
            x[row, : len(values[i])], w[row, : len(values[i])] = values[i], weights[i]
        together = estimate(family, Block(x, x, w), given)
        for row, i in enumerate(order):
            assert together.status[row] == alone[i].status[0]
            assert together.reason[row] == alone[i].reason[0] or together.status[row] == "out_of_support"
            assert together.log_likelihood[row] == pytest.approx(alone[i].log_likelihood[0], rel=1e-12, nan_ok=True)
            assert together.parameters[row] == pytest.approx(alone[i].parameters[0], rel=2e-8, nan_ok=True)


@pytest.mark.parametrize("name", families("gamma", "student_t", "negative_binomial", "weibull", "logistic"))
def test_one_sample_shared_by_many_given_values(name: str) -> None:
    family = lookup(name)()
    x, _ = _draw(name, rng_of(name), 40)
    sample = exact(x)
    key = next(iter(GIVEN[name]))
    grid = np.linspace(0.5, 4.0, 7)
    profile = estimate(family, sample.block(), {key: grid})
    for value, mean, row in zip(grid, profile.log_likelihood, profile.parameters, strict=True):
        fit = ms.fit(name, sample, fixed={key: float(value)})
        assert mean * 40 == pytest.approx(fit.log_likelihood, rel=1e-11)
        assert row == pytest.approx(list(fit.parameters.values()), rel=1e-7)


def test_one_sample_reweighted_many_times() -> None:
    rng = np.random.default_rng(8)
    x = np.sort(rng.gamma(2.0, size=30))
    w = rng.multinomial(30, np.full(30, 1 / 30), size=6).astype(float)
    together = estimate(lookup("student_t")(), Block(x[None], x[None], w))
    for row in range(6):
        fit = ms.fit("student_t", exact(np.repeat(x, w[row].astype(int))))
        assert together.status[row] == fit.status
        if fit.status.usable:
            assert together.log_likelihood[row] * 30 == pytest.approx(fit.log_likelihood, rel=1e-11)


@pytest.mark.parametrize("name", families("gamma", "student_t", "weibull", "negative_binomial", "logistic", "cauchy"))
def test_a_weight_of_w_means_w_copies(name: str) -> None:
    rng = rng_of("weights", name)
    x, _ = _draw(name, rng, 25)
    w = rng.integers(1, 5, 25)
    weighted, copied = ms.fit(name, exact(x, w)), ms.fit(name, exact(np.repeat(x, w)))
    assert weighted.log_likelihood == pytest.approx(copied.log_likelihood, rel=1e-12)
    assert weighted.parameters == pytest.approx(copied.parameters, rel=1e-8)
    assert weighted.standard_errors == pytest.approx(copied.standard_errors, rel=1e-6)
    assert weighted.bic == pytest.approx(copied.bic, rel=1e-12)


# -- standard errors ---------------------------------------------------------------------------------------------------


def _errors(name: str, x: Any, **given: float) -> tuple[dict[str, float], dict[str, float], np.ndarray]:
    fit = ms.fit(name, exact(x), fixed=given)
    return fit.parameters, fit.standard_errors, fit.covariance.to_numpy()


def test_closed_form_information() -> None:
    from scipy.special import polygamma

    rng = np.random.default_rng(5)
    x, n = rng.gamma(2.5, 3.0, 70), 70
    theta, se, cov = _errors("normal", x)
    assert se == pytest.approx({"mean": theta["sd"] / np.sqrt(n), "sd": theta["sd"] / np.sqrt(2 * n)}, rel=1e-7)
    assert abs(cov[0, 1]) < 1e-9 * cov[0, 0]
    theta, se, _ = _errors("exponential", x)
    assert se["scale"] == pytest.approx(theta["scale"] / np.sqrt(n), rel=1e-7)
    theta, se, cov = _errors("gamma", x)
    a, s = theta["shape"], theta["scale"]
    fisher = n * np.array([[polygamma(1, a), 1 / s], [1 / s, a / s**2]])
    assert cov == pytest.approx(np.linalg.inv(fisher), rel=1e-6)
    theta, se, _ = _errors("gamma", x, shape=2.0)
    assert se["scale"] == pytest.approx(theta["scale"] / np.sqrt(2 * n), rel=1e-7)
    counts = rng.poisson(3.0, n)
    theta, se, _ = _errors("poisson", counts)
    assert se["mean"] == pytest.approx(np.sqrt(theta["mean"] / n), rel=1e-7)
    theta, se, _ = _errors("binomial", counts, n=20)
    assert se["p"] == pytest.approx(np.sqrt(theta["p"] * (1 - theta["p"]) / (20 * n)), rel=1e-6)
    theta, se, cov = _errors("negative_binomial", rng.negative_binomial(1.3, 0.2, 300))
    m, r = theta["mean"], theta["size"]
    assert se["mean"] == pytest.approx(np.sqrt((m + m * m / r) / 300), rel=1e-6)  # mean and size are orthogonal
    assert abs(cov[0, 1]) < 1e-6 * np.sqrt(cov[0, 0] * cov[1, 1])


@pytest.mark.parametrize(
    "name",
    families(
        "weibull", "lognormal", "logistic", "cauchy", "gumbel", "beta", "inverse_gaussian", "student_t", "log_logistic"
    ),
)
def test_observed_information_by_other_differences(name: str) -> None:
    x = ms.Distribution.of(name, **GIVEN[name]).ppf((np.arange(200) + 0.5) / 200)
    fit = ms.fit(name, exact(x))
    theta = np.array(list(fit.parameters.values()))
    p, h = len(theta), 2e-4 * np.maximum(np.abs(theta), 0.1)

    def total(step: np.ndarray) -> float:
        return float(np.sum(fit.law.logp(x, *(theta + step))))

    e = np.diag(h)
    J = np.array(
        [
            [
                -(total(e[i] + e[j]) - total(e[i] - e[j]) - total(e[j] - e[i]) + total(-e[i] - e[j]))
                / (4 * h[i] * h[j])
                for j in range(p)
            ]
            for i in range(p)
        ]
    )
    assert fit.covariance.to_numpy() == pytest.approx(np.linalg.inv(J), rel=1e-4, abs=1e-6)


@there("laplace")
def test_laplace_has_the_standard_error_of_theory() -> None:
    x = np.random.default_rng(2).laplace(1, 2, 101)
    theta, se, _ = _errors("laplace", x)
    assert theta["location"] == np.median(x)
    assert se["location"] == pytest.approx(theta["scale"] / np.sqrt(101), rel=1e-12)
    assert se["scale"] == pytest.approx(theta["scale"] / np.sqrt(101), rel=1e-7)


def test_parameters_without_information_have_no_standard_error() -> None:
    for fit in (
        ms.fit("uniform", exact([1, 2.5])),
        ms.fit("discrete_uniform", [1, 2]),
        ms.fit("binomial", [16, 18, 22, 25, 27]),
    ):
        irregular = [name for name, p in fit.law.parameters.items() if not p.regular]
        assert irregular
        assert all(np.isnan(fit.standard_errors[name]) for name in irregular)
    assert np.isnan(fit.standard_errors["p"])  # as if n were known it would be far too small


def test_variances_that_are_no_floats_leave_the_standard_errors() -> None:
    x = np.array([[1.0, 2.0, 3.5]]) * 1e-300
    block, theta = Block(x, x, np.ones_like(x)), np.array([[2e-300, 1e-300]])
    errors = standard_errors(lookup("normal")(), block, theta, ("mean", "sd"))
    assert np.all(errors > 0)
    assert covariance(lookup("normal")(), block, theta, ("mean", "sd")).max() == 0.0  # (1e-300)² underflows


def test_cells_widen_the_standard_error_by_sheppard() -> None:
    # rounding to h adds h²/12 to the variance: se² grows by the factor 1 + h²/(12 sd²) to first order
    rng = np.random.default_rng(9)
    x = rng.normal(10, 2.0, 4000)
    fine, coarse = ms.fit("normal", exact(x)), ms.fit("normal", ms.Sample(np.round(x), resolution=1))
    ratio = (coarse.standard_errors["mean"] / coarse.parameters["sd"]) / (
        fine.standard_errors["mean"] / fine.parameters["sd"]
    )
    assert ratio**2 == pytest.approx(1 + 1 / 48, abs=2e-3)


@pytest.mark.parametrize("family", ["normal", "gamma", "weibull", "student_t", "logistic"])
@pytest.mark.parametrize("counts", [{5: 10}, {5: 10, 6: 3}])
def test_cells_that_touch_do_not_hold_two_parameters(family: str, counts: dict[int, int]) -> None:
    fit = ms.fit(family, counts)
    assert fit.status == "degenerate_sample"
    assert "touch" in fit.reason


def test_kinks_are_held_at_their_exact_answer() -> None:
    """A Laplace between two cells, a Pareto whose minimum sits at the edge of one: both reach what a grid reaches."""
    laplace = ms.fit("laplace", ms.Sample([1, 2, 3, 10, 11, 12], resolution=1))
    pareto_sample = ms.Sample([4.482, 6.474, 7.968, 9.462, 10.458], resolution=0.498)
    pareto = ms.fit("pareto", pareto_sample)
    assert laplace.status == pareto.status == "converged"
    assert 3.5 <= laplace.parameters["location"] <= 9.5
    for minimum in np.linspace(4.0, 4.7, 29):
        for shape in np.linspace(0.5, 4.0, 36):
            law = ms.Distribution.of("pareto", shape=shape, minimum=minimum)
            cells = pareto_sample.block(cells=True)
            with np.errstate(divide="ignore"):
                assert np.log(law.cdf(cells.upper) - law.cdf(cells.lower)).sum() <= pareto.log_likelihood + 1e-9


def test_a_narrow_maximum_on_cells_is_not_lost_to_the_stand_in() -> None:
    """45 % zeros on a normal: on points the scale collapses onto them, on cells the t with df 0.4 is the maximum."""
    rng = np.random.default_rng(1)
    x = np.where(rng.random(200) < 0.45, 0, np.rint(rng.normal(8, 5, 200)))
    free, held = ms.fit("student_t", x), ms.fit({"student_t": {"df": 0.4}}, x)
    assert free.log_likelihood >= held.log_likelihood
    # and a batch gives what its rows give alone
    both = np.sort(np.stack([x, np.where(rng.random(200) < 0.7, 0, np.rint(rng.normal(8, 5, 200)))]), axis=1)
    together = estimate(lookup("student_t")(), Block(both - 0.5, both + 0.5, np.ones_like(both)))
    for row, value in zip(both, together.log_likelihood, strict=True):
        alone = estimate(lookup("student_t")(), Block(row[None] - 0.5, row[None] + 0.5, np.ones((1, 200))))
        assert alone.log_likelihood[0] == pytest.approx(value, rel=1e-12)


def test_student_on_rounded_normal_data_always_has_an_answer() -> None:
    for seed in range(30):
        x = np.rint(np.random.default_rng([60, 25, seed]).normal(0, 25, 60))
        assert ms.fit("student_t", x).status in ("converged", "boundary")


def test_counts_in_the_hundred_millions() -> None:
    fit = ms.fit("negative_binomial", np.floor(np.random.default_rng(0).gamma(2, 1e8, 50)))
    assert fit.status == "converged"
    assert abs(fit.parameters["size"] - 2) < 4 * fit.standard_errors["size"]


# -- mixtures ----------------------------------------------------------------------------------------------------------


def test_a_component_on_two_values_that_stand_apart_is_a_maximum() -> None:
    # what 300 random starts of expectation and maximisation find of maxima that are not narrower than a typical gap
    x = np.round(np.random.default_rng(2).normal(0, 1, 30), 5)
    fit = ms.fit({"mixture": ["normal", "normal"]}, exact(x))
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(-41.75762, abs=5e-6)
    assert fit.parameters["sd_2"] == pytest.approx(0.12788, abs=1e-5)


def test_an_interior_maximum_of_a_mixture_is_not_called_unbounded() -> None:
    # the likeliest starts all shrink onto the outlier −6.4
    x = np.random.default_rng(35).standard_t(3, 120)
    fit = ms.fit({"mixture": ["normal", "normal"]}, exact(x))
    assert fit.status == "converged"
    assert fit.log_likelihood >= -207.8984


def test_a_mixture_of_student_laws_is_fitted_on_clean_data() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.standard_t(5, 300) - 4, 2 * rng.standard_t(8, 200) + 5])
    fit = ms.fit({"mixture": ["student_t", "student_t"]}, exact(x))
    assert fit.status == "converged"
    for name, true in (("location_1", -4), ("location_2", 5), ("scale_1", 1), ("scale_2", 2), ("weight_1", 0.6)):
        assert abs(fit.parameters[name] - true) < 4 * fit.standard_errors[name], name


def test_limits_that_are_reached_along_several_ways_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = []
    original = _Work.run
    monkeypatch.setattr(_Work, "run", lambda self: (laws.append(self.family), original(self)))
    fit = ms.fit({"mixture": ["poisson"] * 4}, np.random.default_rng(7).poisson(3, 200))
    assert fit.status == "boundary"
    assert len(laws) == len(set(laws)) == 10


# -- resamples and slopes that never end -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["student_t", "weibull", "gumbel", "gev", "skew_normal"])
def test_resamples_have_the_same_maxima_from_near_ones_as_from_all_starts(name: str) -> None:
    rng = rng_of(name, "near")
    x = np.sort(rng.gamma(5.0, 1.0, 80))[None]
    weights = rng.multinomial(80, np.full(80, 1 / 80), size=300).astype(float)
    family = lookup(name)()
    near = maxima_of(family, Block(x, x, np.ones_like(x)))
    afresh, warm = (estimate(family, Block(x, x, weights), near=start) for start in (None, near))
    assert len(near) >= 1
    assert (afresh.status == warm.status).mean() > 0.99
    both = (afresh.status == Status.CONVERGED) & (warm.status == Status.CONVERGED)
    lost = afresh.log_likelihood[both] - warm.log_likelihood[both]
    # a resample may have a second maximum that the sample has not
    assert np.quantile(lost, 0.99) < 1e-10


def test_many_groups_are_the_same_in_pieces_as_alone() -> None:
    rng = rng_of("pieces")
    x = rng.weibull(1.5, (70, 1500))
    together = estimate(lookup("weibull")(), Block(x, x, np.ones_like(x)))
    for g in (0, 43, 44, 69):
        alone = estimate(lookup("weibull")(), Block(x[g : g + 1], x[g : g + 1], np.ones((1, 1500))))
        np.testing.assert_allclose(together.parameters[g], alone.parameters[0], rtol=1e-9)


def test_a_row_on_its_way_to_a_limit_is_left_where_nothing_tells_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    original = search.maximise

    def counted(*args: Any, **more: Any) -> Any:
        steps.append(original(*args, **more))
        return steps[-1]

    monkeypatch.setattr(search, "maximise", counted)
    fit = ms.fit("exponentially_modified_normal", exact(np.random.default_rng(0).exponential(1, 40)))
    assert fit.status == "boundary"
    assert max(top.iterations.max() for top in steps) < 120


def test_the_iteration_of_the_negative_binomial_ends_where_the_solver_does(monkeypatch):
    rng = rng_of("peak")
    draws = [rng.negative_binomial(size, chance, 60) for size in (0.3, 2.0, 30.0) for chance in (0.1, 0.4, 0.9)]
    draws += [rng.poisson(3.0, 60), np.zeros(60), np.full(60, 2), np.repeat([0, 400], 30)]
    x = np.arange(1.0 + max(map(np.max, draws)))
    weights = np.array([np.bincount(draw.astype(int), minlength=len(x)) for draw in draws], dtype=float)
    family = lookup("negative_binomial")()
    mine = estimate(family, Block(x[None, :], x[None, :], weights))
    alone = [estimate(family, Block(x[None, :], x[None, :], row[None, :])) for row in weights]
    monkeypatch.setattr(type(family), "peak", None)
    solved = estimate(family, Block(x[None, :], x[None, :], weights))
    assert mine.status.tolist() == solved.status.tolist() == [one.status[0] for one in alone]
    assert {"converged", "boundary"} <= set(mine.status)
    np.testing.assert_allclose(mine.log_likelihood, solved.log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(mine.parameters, solved.parameters, rtol=1e-8)
    np.testing.assert_allclose(mine.parameters, [one.parameters[0] for one in alone], rtol=1e-11)
    rows = np.concatenate([np.sort(draws[4])[::-1], [7.0]])[None, :]  # a count in many rows, and one of no weight
    again = estimate(family, Block(rows, rows, (rows * 0.0 + 1.0) * (np.arange(61) < 60)))
    monkeypatch.undo()
    one = estimate(family, Block(rows, rows, (rows * 0.0 + 1.0) * (np.arange(61) < 60)))
    np.testing.assert_allclose(one.parameters, again.parameters, rtol=1e-8)
    np.testing.assert_allclose(one.parameters, mine.parameters[4:5], rtol=1e-11)
    # where it is all but Poisson: 248.40436227625900 by mpmath at forty digits, where it makes the derivative 0
    few = np.array([[368.0, 366.0, 184.0, 62.0, 16.0, 4.0]])
    far = estimate(family, Block(x[None, :6], x[None, :6], few))
    assert far.parameters[0, 1] == pytest.approx(248.404362276259, rel=1e-12)


def test_differences_stay_inside_a_support_whose_end_is_near() -> None:
    # the likeliest end, 23.264, lies 0.2 % beyond the largest of 50 000 draws: by Nelder and Mead
    x = np.random.default_rng(6).gamma(2.3, 1.7, 50_000)
    found = ms.fit("generalized_pareto", ms.Sample(x, resolution=None))
    assert found.status == "converged"
    assert found.parameters["shape"] == pytest.approx(-0.19519307, abs=1e-7)
    assert found.log_likelihood / len(x) == pytest.approx(-2.317944046434761, abs=1e-12)


def test_an_interior_maximum_close_to_the_ends_of_the_support_is_reached() -> None:
    # the flattest direction has a ten-millionth of the information: damping that it does not feel must not stop it
    cases = json.loads((Path(__file__).parent / "reference" / "continuous.json").read_text(encoding="utf-8"))["cases"]
    x = next(case["values"] for case in cases if case["name"] == "wind_colderla_rad")
    fit = ms.fit("johnson_sb", x)
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(-403.650117504, abs=1e-6)
    assert 0 < min(x) - fit.distribution.support.low < 2e-4


#: 120 000 ratings, four fifths of them the highest.
RATINGS = {2: 20268, 3: 2163, 4: 180, 5: 72, 6: 72, 9: 97245}


def test_an_upper_end_at_the_edge_of_the_fullest_cell() -> None:
    """The density is infinite there, and a rounding error beyond the edge would cost per cents of the likelihood."""
    for name in ("generalized_pareto", "gev", "pearson_3", "log_pearson_3"):
        assert ms.fit(name, RATINGS).status == "converged"
    fit = ms.fit("generalized_pareto", RATINGS)
    assert fit.parameters["scale"] / -fit.parameters["shape"] == pytest.approx(9.5, abs=1e-9)
    x, count = np.array(list(RATINGS)), np.array(list(RATINGS.values()))
    for shape in np.linspace(-13, -7, 61):
        F = 1 - np.maximum(1 - (x[:, None] + [-0.5, 0.5]) / 9.5, 0) ** (-1 / shape)
        assert count @ np.log(F[:, 1] - F[:, 0]) <= fit.log_likelihood + 1e-6


def test_in_a_cell_a_law_with_long_tails_may_be_as_narrow_as_it_likes() -> None:
    fit = ms.fit("generalized_normal", RATINGS)
    assert fit.status == "converged"
    # by Nelder and Mead from forty starts on incomplete gamma functions
    assert fit.log_likelihood == pytest.approx(-1.3188913554936676 * 120000, abs=1e-5)
    assert fit.parameters["scale"] < 1e-20


def test_a_law_that_shrinks_onto_zeros_or_an_end_is_unbounded() -> None:
    zeros = np.repeat([0.0, 1.0, 2.0, 3.0], [40, 10, 8, 2])
    for name in ("half_cauchy", "half_t", "lomax", "generalized_pareto", "gev"):
        fit = ms.fit(name, exact(zeros))
        assert (fit.status, "shrinks onto" in fit.reason) == ("unbounded", True), name
    control = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]  # Gehan (1965)
    assert ms.fit("johnson_sb", exact(np.array(control, dtype=float))).status == "unbounded"
    # which half of the zeros or fewer are not
    assert ms.fit("half_cauchy", exact(np.repeat([0.0, 1.0, 2.0, 3.0], [20, 10, 8, 7]))).status == "converged"


@pytest.mark.parametrize("seed", range(6))
def test_a_truncated_laplace_has_its_maximum_where_a_grid_has_it(seed: int) -> None:
    """At an observation or between two: the score is no certificate beside a kink."""
    rng = np.random.default_rng([seed, 3])
    x = rng.laplace(0.5, 1.0, size=25)
    x = x[x > 0]
    if seed == 0:
        x = np.array([0.87, 0.57, 1.98, 0.55, 3.25, 0.15])
    fit = ms.fit("laplace", ms.Sample(x, resolution=None, truncation=(0, None)))
    assert fit.status == "converged"
    place, scale = np.meshgrid(np.append(x, np.linspace(-1, 3, 81)), np.geomspace(0.05, 8, 300))
    law = scipy.stats.laplace(place[..., None], scale[..., None])
    assert (law.logpdf(x) - law.logsf(0)).sum(axis=-1).max() <= fit.log_likelihood + 1e-9


def test_a_sharp_point_is_tried_at_many_observations_of_many_groups() -> None:
    rng = np.random.default_rng(8)
    x = np.sort(rng.laplace(1.0, 1.0, size=(3, 400)), axis=1)
    c = 2.0
    upper = np.where(x > c, np.inf, x)
    block = Block(np.minimum(x, c), upper, np.ones_like(x))
    found = estimate(lookup("laplace")(), block)
    for row in range(3):
        alone = Block(*(array[row : row + 1] for array in (block.lower, block.upper, block.weights)))
        value = estimate(lookup("laplace")(), alone).log_likelihood[0]
        assert value == pytest.approx(found.log_likelihood[row], rel=1e-12)
        law = scipy.stats.laplace(x[row][:, None], np.geomspace(0.7, 1.4, 80)[:, None, None])
        exact = x[row] <= c
        value = law.logpdf(x[row][exact]).sum(axis=-1) + (~exact).sum() * law.logsf(c)[..., 0]
        assert value.max() / 400 <= found.log_likelihood[row] + 1e-12


def test_a_very_heavy_tail_of_censored_data_is_found() -> None:
    inf = np.inf
    lower = [-inf, -inf, 0.006, 0.045, 0.717, 0.749, -inf, 1.117, -inf, -inf]
    upper = [2e-5, 0.0052, inf, inf, inf, 1.216, 1.079, 1.815, 2.718, 4.42]
    sample = ms.Sample.from_intervals(lower, upper)
    pareto, lomax = ms.fit("generalized_pareto", sample), ms.fit("lomax", sample)
    assert pareto.log_likelihood == pytest.approx(lomax.log_likelihood, abs=1e-9)
    assert pareto.parameters["shape"] == pytest.approx(1 / lomax.parameters["shape"], rel=1e-6)


def test_a_limit_that_is_approached_slowly_is_not_taken_for_reached() -> None:
    """Towards a Fréchet law an exponentiated Weibull changes with 1/log a: its maximum here is at a = 181 000."""
    x = [1.63798, 1.79904, 1.69681, 0.64601, 1.12564, 1.03827, 4.00424, 0.47623, 0.72712, 0.84625]
    fit = ms.fit("exponentiated_weibull", exact(np.array(x)))
    assert fit.status == "converged"
    for a in (1e4, 1e5, 1e6):
        assert ms.fit({"exponentiated_weibull": {"a": a}}, exact(np.array(x))).log_likelihood < fit.log_likelihood
    assert fit.log_likelihood == pytest.approx(-10.03406, abs=2e-4)
