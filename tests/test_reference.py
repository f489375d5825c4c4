"""Maximum-likelihood fits of real data on which several independent programs agree, and hostile samples.

The values and their sources stand in ``reference/*.json`` (30-digit mpmath, scipy, R); laws are written there in
scipy's parametrisation, to which `Family.to_scipy` translates ours. A family that is not registered is skipped by
the table below, so a new one is tested as soon as it is there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelselect as ms
import modelselect.families  # registers the catalogue, which the tables below are made from
from modelselect.family import registered

HERE = Path(__file__).parent / "reference"
REFERENCE = {
    name: json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("continuous", "discrete", "censored", "nasty")
}

#: reference family → our candidate
OURS: dict[str, Any] = {
    "beta": "beta",
    "betabinom10": {"beta_binomial": {"n": 10}},
    "betabinom12": {"beta_binomial": {"n": 12}},
    "binom10": {"binomial": {"n": 10}},
    "binom12": {"binomial": {"n": 12}},
    "burr12": "burr",
    "compoisson": "com_poisson",
    "expon": "exponential",
    "exponweib": "exponentiated_weibull",
    "fatiguelife": "birnbaum_saunders",
    "fisk": "log_logistic",
    "gamma": "gamma",
    "genextreme": "gev",
    "gengamma": "generalized_gamma",
    "genpoisson": "generalized_poisson",
    "genpareto": "generalized_pareto",
    "geom0": "geometric",
    "geom1": {"shifted": {"family": "geometric", "by": 1}},
    "gompertz": "gompertz",
    "gumbel_r": "gumbel",
    "invgamma": "inverse_gamma",
    "invgauss": "inverse_gaussian",
    "invweibull": "frechet",
    "laplace": "laplace",
    "logistic": "logistic",
    "lognorm": "lognormal",
    "logser": "log_series",
    "logser_trunc24": {"truncated": {"family": "log_series", "upper": 24}},
    "lomax": "lomax",
    "maxwell": "maxwell",
    "nakagami": "nakagami",
    "nbinom": "negative_binomial",
    "norm": "normal",
    "norm_mix2": {"mixture": ["normal", "normal"]},
    "poisson": "poisson",
    "poisson_mix2": {"mixture": ["poisson", "poisson"]},
    "rayleigh": "rayleigh",
    "skellam": "skellam",
    "skewnorm": "skew_normal",
    "t": "student_t",
    "vonmises": "von_mises",
    "weibull_min": "weibull",
    "yulesimon": "yule_simon",
    "zeta_ge7": {"zeta": {"minimum": 7}},
    "zinbinom": {"zero_inflated": "negative_binomial"},
    "zipf": "zeta",
    "zipoisson": {"zero_inflated": "poisson"},
    "ztnbinom": {"truncated": {"family": "negative_binomial", "lower": 1}},
    "ztpoisson": {"truncated": {"family": "poisson", "lower": 1}},
}
#: composition → its parameters in the reference's words
COMPOSED: dict[str, Any] = {
    "mixture(normal, normal)": lambda m1, s1, m2, s2, w: [w, m1, m2, s1, s2],
    "mixture(poisson, poisson)": lambda m1, m2, w: [w, m1, m2],
    "shifted(geometric, by 1)": lambda p, _: [p],
    "truncated(log_series, to 24)": lambda p, _: [p],
    "truncated(negative_binomial, from 1)": lambda mean, size, _: [size, size / (size + mean)],
    "truncated(poisson, from 1)": lambda mean, _: [mean],
    "zero_inflated(negative_binomial)": lambda mean, size, z: [z, size, size / (size + mean)],
    "zero_inflated(poisson)": lambda mean, z: [z, mean],
}


def _name(candidate: Any) -> str:
    return candidate if isinstance(candidate, str) else next(iter(candidate))


def _cases(footing: str) -> list[Any]:
    return [
        pytest.param(case, fit, id=f"{case['name']}-{fit['family']}")
        for case in REFERENCE[footing]["cases"]
        for fit in case["fits"]
        if fit["family"] in OURS and _name(OURS[fit["family"]]) in registered()
    ]


def _sample(case: dict[str, Any]) -> ms.Sample:
    if "value_counts" in case:
        return ms.Sample.from_counts({value: count for value, count in case["value_counts"]})  # noqa: C416
    if "observations" in case:
        return _intervals(case["observations"])
    return ms.Sample(case["values"], resolution=None)


def _intervals(observations: list[dict[str, Any]]) -> ms.Sample:
    """Points, censored ones (None is open) and delayed entries."""
    lower, upper, weight, entry = (
        [row[key] for row in observations] for key in ("left", "right", "weight", "left_truncation")
    )
    return ms.Sample.from_intervals(lower, upper, weight, truncation=(entry, None) if any(entry) else None)


def _theirs(fit: ms.Fit, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Our estimates and standard errors in the reference's parametrisation (delta method)."""
    theta = np.array(list(fit.parameters.values()))
    free = [j for j, name in enumerate(fit.parameters) if name in fit.free]

    def carry(values: np.ndarray) -> np.ndarray:
        if fit.law.name == "zeta":  # scipy has it from 1 on only
            return values[:1]
        if fit.law.name in ("com_poisson", "generalized_poisson"):  # scipy has neither; theirs are ours
            return values
        if fit.law.name in COMPOSED:
            return np.array(COMPOSED[fit.law.name](*values))
        arguments = fit.law.to_scipy(*values)[1]
        return np.array([float(arguments.get(name, 0.0)) for name in names])

    jacobian = np.empty((len(names), len(free)))
    for i, j in enumerate(free):
        step = np.zeros(len(theta))
        step[j] = 1e-5 * max(abs(theta[j]), 1e-5)
        jacobian[:, i] = (carry(theta + step) - carry(theta - step)) / (2 * step[j])
    covariance = fit.covariance.to_numpy()[np.ix_(free, free)]
    return carry(theta), np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian))


def test_every_reference_family_is_ours() -> None:
    families = {
        fit["family"]
        for footing in ("continuous", "discrete", "censored")
        for case in REFERENCE[footing]["cases"]
        for fit in case["fits"]
    }
    assert families == set(OURS)


@pytest.mark.parametrize(("case", "reference"), [*_cases("continuous"), *_cases("discrete"), *_cases("censored")])
def test_reference_fit(case: dict[str, Any], reference: dict[str, Any]) -> None:
    sample = _sample(case)
    assert sample.n == case["n"]
    fit = ms.fit(OURS[reference["family"]], sample)
    if "test the loglik only" in reference.get("note", ""):
        assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=1e-6, rel=1e-9)
        return
    if reference["status"] != "interior maximum":
        _check_boundary(fit, reference)
        return
    if reference.get("expected_params", {}).get("lambda", 0.0) < 0:  # ours ends at 0, where it is Poisson
        assert (fit.status, fit.parameters["dispersion"]) == ("boundary", 0.0)
        assert fit.log_likelihood == ms.fit("poisson", sample).log_likelihood < reference["loglik"]
        return
    assert fit.status in ("converged", "closed_form")
    exact = reference["loglik"]
    assert fit.log_likelihood == pytest.approx(exact, abs=1e-6, rel=1e-9)
    assert fit.k == reference["k"]
    assert fit.aic == pytest.approx(reference["aic"], abs=2e-6, rel=1e-9)
    assert fit.bic == pytest.approx(reference["bic"], abs=2e-6, rel=1e-9)

    names = reference["param_names"]
    estimate, error = _theirs(fit, names)
    expected = np.array([reference["expected_params"][name] for name in names])
    if "se_note" in reference:  # Laplace: no Hessian in the location, whose standard error is scale/√n
        low, high = map(float, reference["se_note"].split("[")[1].rstrip("]").split(","))
        assert low <= fit.parameters["location"] <= high
        assert fit.parameters["scale"] == pytest.approx(reference["expected_params"]["scale"], rel=1e-10)
        assert fit.standard_errors == pytest.approx(
            dict.fromkeys(fit.parameters, fit.parameters["scale"] / np.sqrt(fit.n)), rel=1e-12
        )
    else:
        their_error = np.array([reference["se"][name] for name in names])
        assert np.all(np.abs(estimate - expected) <= 2e-3 * their_error)
        assert error == pytest.approx(their_error, rel=1e-3)
    if "kl_empirical_fitted_nats" in reference:
        assert _kl(fit) == pytest.approx(reference["kl_empirical_fitted_nats"], abs=1e-8)


def _check_boundary(fit: ms.Fit, reference: dict[str, Any]) -> None:
    supremum = reference["loglik"] if "loglik" in reference else reference["loglik_supremum"]
    assert fit.log_likelihood == pytest.approx(supremum, abs=1e-6, rel=1e-9)
    assert fit.status == "boundary"
    assert fit.distribution is not None
    assert fit.distribution.family.name == _name(OURS.get(reference.get("limit_family", "pareto"), "pareto"))
    assert all(np.isnan(value) for value in fit.standard_errors.values())
    assert fit.k == len(fit.free) > len(fit.distribution.parameters)
    assert "limit" in fit.reason
    if "kl_empirical_fitted_nats" in reference:
        assert _kl(fit) == pytest.approx(reference["kl_empirical_fitted_nats"], abs=1e-8)


def _kl(fit: ms.Fit) -> float:
    p = fit.sample.shares
    return -fit.log_likelihood / fit.n + float(np.sum(p * np.log(p)))


# -- hostile samples ---------------------------------------------------------------------------------------------------

NASTY = {case["name"]: case for case in REFERENCE["nasty"]["cases"]}


def _needs(*names: str) -> Any:
    missing = [name for name in names if name not in registered()]
    return pytest.mark.skipif(bool(missing), reason=f"not registered: {', '.join(missing)}")


def _data(name: str) -> ms.Sample:
    case = NASTY[name]
    if "data_ref" in case:
        file, _, data = case["data_ref"].partition(".json:")
        return _sample(next(c for c in REFERENCE[file]["cases"] if c["name"] == data))
    if "value_counts" in case:
        return ms.Sample.from_counts({float(value): count for value, count in case["value_counts"].items()})
    return ms.Sample(case["values"], resolution=None)


@pytest.mark.parametrize("name", [name for name in NASTY if name.startswith("nbinom on")])
def test_under_dispersed_counts_have_the_poisson_as_limit(name: str) -> None:
    expected = NASTY[name]["expected"]
    fit = ms.fit("negative_binomial", _data(name))
    assert fit.status == "boundary"
    assert fit.parameters == {"mean": pytest.approx(expected["mean"], rel=1e-12), "size": np.inf}
    assert fit.log_likelihood == pytest.approx(expected["supremum_loglik"], abs=1e-6, rel=1e-9)
    for point in NASTY[name]["profile"]:  # nothing on the way beats it
        there = ms.fit({"negative_binomial": {"size": float(point["n"])}}, _data(name))
        assert there.log_likelihood == pytest.approx(point["loglik"], abs=1e-6, rel=1e-9)
        assert there.log_likelihood < fit.log_likelihood


_CONSTANT = NASTY["constant data 5 x10"]["expected"]
_SCALED = {"expon": "exponential", "rayleigh": "rayleigh", "maxwell": "maxwell", "halfnorm": "half_normal"}


@pytest.mark.parametrize("name", [pytest.param(ref, marks=_needs(ours)) for ref, ours in _SCALED.items()])
def test_one_scale_is_identified_by_constant_data(name: str) -> None:
    fit = ms.fit(_SCALED[name], _data("constant data 5 x10"))
    assert fit.parameters["scale"] == pytest.approx(_CONSTANT[name]["scale"], rel=1e-10)
    assert fit.log_likelihood == pytest.approx(_CONSTANT[name]["loglik"], rel=1e-10)
    assert np.isfinite(fit.standard_errors["scale"])


SHRINKING = [
    "normal",
    "laplace",
    "logistic",
    "student_t",
    "cauchy",
    "gumbel",
    "gamma",
    "lognormal",
    "weibull",
    "inverse_gaussian",
    "uniform",
    "log_logistic",
]


@pytest.mark.parametrize("data", ["constant data 5 x10", "n=1"])
@pytest.mark.parametrize("family", [pytest.param(name, marks=_needs(name)) for name in SHRINKING])
def test_a_location_or_shape_shrinks_onto_constant_data(family: str, data: str) -> None:
    fit = ms.fit(family, _data(data))
    assert fit.status == "degenerate_sample"
    assert np.isnan(fit.log_likelihood)
    assert all(np.isnan(value) for value in fit.parameters.values())
    assert fit.distribution is None
    assert fit.reason


def test_counts_that_are_constant() -> None:
    data = [5] * 10
    poisson, binomial, negative = (ms.fit(name, data) for name in ("poisson", "binomial", "negative_binomial"))
    assert poisson.log_likelihood == negative.log_likelihood == pytest.approx(_CONSTANT["poisson"]["loglik"], rel=1e-12)
    assert _kl(poisson) == pytest.approx(_CONSTANT["poisson"]["kl"], rel=1e-12)
    assert (negative.status, negative.parameters) == ("boundary", {"mean": 5.0, "size": np.inf})
    assert binomial.parameters == {"n": 5.0, "p": 1.0}
    assert binomial.log_likelihood == _kl(binomial) == 0.0


def test_one_observation() -> None:
    expected = NASTY["n=1"]["expected"]
    fit = ms.fit("exponential", _data("n=1"))
    assert fit.parameters["scale"] == pytest.approx(expected["expon"]["scale"], rel=1e-15)
    assert fit.log_likelihood == pytest.approx(expected["expon"]["loglik"], rel=1e-12)
    assert ms.fit("poisson", _data("n=1")).status == "out_of_support"


OUTSIDE = [
    ([-1, 0, 2], "poisson", 1),
    ([0, 1, 2], "log_series", 1),
    ([0, 1, 2], "zeta", 1),
    ([0, 1, 4], {"binomial": {"n": 3}}, 1),
    ([-0.5, 1.0], "exponential", 1),
    ([-0.5, 1.0], "gamma", 1),
    ([-0.5, 1.0], "lognormal", 1),
    ([-0.5, 1.0], "weibull", 1),
    ([0.5, 1.5], "beta", 1),
    ([0.5, 1.5], {"pareto": {"minimum": 1}}, 1),
    ([0.5, 1.5, 2], "poisson", 2),
    ([0.5, 1.5, 2], "negative_binomial", 2),
    ([0, 11, 12], {"beta_binomial": {"n": 10}}, 2),
    ([0, 1, 2], "bernoulli", 1),
]


@pytest.mark.parametrize(
    ("values", "family", "outside"),
    [pytest.param(v, f, k, marks=_needs(_name(f)), id=f"{_name(f)} {v}") for v, f, k in OUTSIDE],
)
def test_outside_the_support(values: list[float], family: Any, outside: int) -> None:
    fit = ms.fit(family, ms.Sample(values, resolution=None))
    assert fit.status == "out_of_support"
    assert fit.log_likelihood == -np.inf
    assert f"{outside} of {len(values)} observations" in fit.reason
    assert np.isposinf(fit.aic)


def test_a_huge_count_is_merely_unlikely() -> None:
    fit = ms.fit("poisson", [1, 2, 10**6])
    assert fit.status == "closed_form"
    assert -2e6 < fit.log_likelihood < -1e6


@pytest.mark.parametrize("name", ["huge values 1e300", "tiny scale 1e-300"])
@pytest.mark.parametrize("law", ["norm", "expon", "laplace"])
def test_values_whose_squares_are_no_floats(name: str, law: str) -> None:
    expected = NASTY[name]["expected"].get(law)
    if expected is None:
        assert (name, law) == ("tiny scale 1e-300", "laplace")
        expected = {"loc": 2e-300, "scale": 2e-300 / 3, "loglik": 3 * (-np.log(4 / 3) - np.log(1e-300) - 1)}
    fit = ms.fit(OURS[law], _data(name))
    theirs = (
        dict(zip(["loc", "scale"], fit.parameters.values(), strict=True)) if "loc" in expected else dict(fit.parameters)
    )
    assert theirs == pytest.approx({key: value for key, value in expected.items() if key != "loglik"}, rel=1e-10, abs=0)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-12)
    assert all(0 < error < np.inf for error in fit.standard_errors.values())


@pytest.mark.parametrize(
    ("name", "offset", "digits"),
    [("NIST StRD NumAcc3-like large offset", 1e6, 1e-6), ("NIST StRD NumAcc4-like", 1e7, 1e-5)],
)
def test_large_offsets(name: str, offset: float, digits: float) -> None:
    expected = NASTY[name]["expected"]["norm"]
    values = [offset + 0.2] + [offset + 0.1, offset + 0.3] * 500
    for resolution in (None, "auto"):
        fit = ms.fit("normal", ms.Sample(values, resolution=resolution))
        assert fit.parameters["mean"] == pytest.approx(expected["loc"], rel=1e-14)
        if resolution is None:
            assert fit.parameters["sd"] == pytest.approx(expected["scale"], rel=digits)
            assert fit.log_likelihood == pytest.approx(expected["loglik"], abs=1001 * digits)
        else:
            assert fit.sample.resolution == 0.1


@pytest.mark.parametrize("case", NASTY["NaN / inf in data"]["cases"], ids=lambda case: str(case["values"]))
def test_missing_and_infinite_data_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ms.DataError):
        ms.fit("normal", [float(value) for value in case["values"]])


def test_binomial_with_both_parameters_unknown() -> None:
    case = NASTY["binomial n,p both unknown [16, 18, 22, 25, 27]"]
    fit = ms.fit("binomial", case["values"])
    assert fit.parameters == {"n": 99.0, "p": pytest.approx(case["expected"]["p"], rel=1e-12)}
    assert fit.log_likelihood == pytest.approx(case["expected"]["loglik"], rel=1e-12)
    assert fit.k == 2  # an estimated integer counts
    for neighbour in case["expected"]["loglik_neighbours"]:
        there = ms.fit({"binomial": {"n": neighbour["n"]}}, case["values"])
        assert there.log_likelihood == pytest.approx(neighbour["loglik"], rel=1e-12)


def test_binomial_that_diverges_to_the_poisson() -> None:
    case = NASTY["binomial n diverges (variance > mean)"]
    fit = ms.fit("binomial", case["values"])
    assert (fit.status, fit.parameters) == ("boundary", {"n": np.inf, "p": 0.0})
    assert fit.log_likelihood == pytest.approx(case["expected"]["supremum_loglik"], rel=1e-12)
    assert str(fit.distribution) == "poisson(mean=7.4)"
    for point in case["profile"]:
        there = ms.fit({"binomial": {"n": point["n"]}}, case["values"]).log_likelihood
        assert there == pytest.approx(point["loglik"], abs=1e-6)
        assert there < fit.log_likelihood


def test_student_on_light_tails_is_the_normal() -> None:
    case, data = NASTY["t on light-tailed birthwt_bwt"], _data("t on light-tailed birthwt_bwt")
    fit = ms.fit("student_t", data)
    assert fit.status == "boundary"
    assert fit.parameters["df"] == np.inf
    assert fit.log_likelihood == pytest.approx(case["expected"]["supremum_loglik"], abs=1e-6)
    assert fit.distribution.family.name == "normal"
    for point in case["profile"]:
        there = ms.fit({"student_t": {"df": float(point["df"])}}, data)
        assert there.log_likelihood == pytest.approx(point["loglik"], abs=1e-6)


@pytest.mark.parametrize("case", NASTY["weights"]["cases"], ids=lambda case: str(case["weights"]))
def test_weights(case: dict[str, Any]) -> None:
    if "ValueError" in case["expected"]:
        with pytest.raises(ValueError, match="weights: "):
            ms.Sample(case["values"], weights=case["weights"])
        return
    fit = ms.fit("normal", ms.Sample(case["values"], weights=case["weights"], resolution=None))
    same = ms.fit("normal", ms.Sample(np.repeat(case["values"], case["weights"]), resolution=None))
    assert fit.parameters == pytest.approx(same.parameters, rel=1e-15)
    assert fit.log_likelihood == pytest.approx(case.get("loglik", same.log_likelihood), rel=1e-14)


_TIES = NASTY["10^7 values with heavy ties"]["expected"]


@pytest.mark.parametrize("law", [pytest.param(ref, marks=_needs(_name(OURS[ref]))) for ref in _TIES if ref in OURS])
def test_ten_million_values_with_heavy_ties(law: str) -> None:
    expected = _TIES[law]
    fit = ms.fit(OURS[law], _data("10^7 values with heavy ties"))
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-9)
    estimate, error = _theirs(fit, expected["param_names"])
    assert np.all(np.abs(estimate - expected["params"]) <= 2e-3 * np.array(expected["se"]))
    assert error == pytest.approx(expected["se"], rel=1e-3)
    assert _kl(fit) == pytest.approx(expected["kl"], abs=1e-8)


@pytest.mark.skipif("burr" not in registered(), reason="not registered: burr")
def test_burr_on_the_danish_losses_drifts_to_the_pareto() -> None:
    case = NASTY["burr12 on danish_fire drifts to Pareto"]
    fit = ms.fit("burr", _data(case["name"]))
    assert fit.log_likelihood == pytest.approx(case["expected"]["supremum_loglik"], abs=case["tolerance"])
