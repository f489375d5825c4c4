"""fit() and Fit: the public face of one family on one sample."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import modelselect as ms
import modelselect.families  # registers the catalogue
from modelselect.family import lookup
from modelselect.fitting.likelihood import log_mass
from modelselect.fitting.status import Status


def exact(values: object, weights: object = None) -> ms.Sample:
    return ms.Sample(values, weights, resolution=None)


COUNTS = {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}


# -- what is asked for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    ["poisson", "pois", lookup("poisson")(), {"poisson": {}}, {"poisson": None}, {"family": "poisson"}],
    ids=str,
)
def test_a_family_in_every_form(family: object) -> None:
    fit = ms.fit(family, COUNTS)
    assert (fit.family.name, fit.label) == ("poisson", "poisson")
    assert fit.parameters == {"mean": pytest.approx(0.61, rel=1e-15)}


def test_given_parameters_in_every_form() -> None:
    forms = [
        ms.fit("gamma", exact([1, 2, 4]), fixed={"shape": 2.0}),
        ms.fit({"gamma": {"shape": 2}}, exact([1, 2, 4])),
        ms.fit({"family": "gamma", "fixed": {"shape": np.int64(2)}}, exact([1, 2, 4])),
        ms.fit({"gamma": {"shape": 9}}, exact([1, 2, 4]), fixed={"shape": 2.0}),  # what is said last
    ]
    for fit in forms:
        assert fit.parameters == {"shape": 2.0, "scale": pytest.approx(7 / 6, rel=1e-12)}
        assert (fit.free, fit.k) == (("scale",), 1)


def test_a_label_is_kept() -> None:
    assert ms.fit({"family": "poisson", "label": "calls"}, COUNTS).label == "calls"


@pytest.mark.parametrize(
    ("family", "fixed", "sentence"),
    [
        ("poison", None, "unknown family 'poison'; did you mean poisson"),
        ("gamma", {"shap": 1}, "unknown parameter 'shap'; gamma has: shape, scale; did you mean shape"),
        ("gamma", {"shape": 0}, r"parameter shape must lie in \(0, ∞\), got 0"),
        ("gamma", {"shape": np.inf}, "parameter shape must lie in"),
        ("gamma", {"shape": np.nan}, "parameter shape must lie in"),
        ("gamma", {"shape": "2"}, "parameter shape must be a number, got '2'"),
        ("gamma", {"shape": True}, "parameter shape must be a number, got True"),
        ("binomial", {"n": 2.5}, "parameter n must lie in 1, 2, 3, …, got 2.5"),
        ("binomial", {"p": 1.5}, r"parameter p must lie in \[0, 1\], got 1.5"),
        ("uniform", {"low": 3, "high": 1}, "do not fit together"),
        (3, None, "expected a family name or a mapping"),
        ({"gamma": {}, "poisson": {}}, None, "expected one family in a mapping, got 2 keys"),
    ],
)
def test_wrong_requests(family: object, fixed: dict[str, float] | None, sentence: str) -> None:
    with pytest.raises(ms.CandidateError, match=sentence):
        ms.fit(family, [1, 2, 3], fixed=fixed)


def test_unknown_method() -> None:
    with pytest.raises(ms.CandidateError, match=r"method: expected one of mle, .* got 'moment'; did you mean moments"):
        ms.fit("gamma", [1, 2], method="moment")


def test_data_in_every_form() -> None:
    expected = ms.fit("poisson", COUNTS)
    values = np.repeat(list(COUNTS), list(COUNTS.values()))
    for data in (values, list(values), pd.Series(values), pd.DataFrame({"x": values}), ms.Sample.from_counts(COUNTS)):
        fit = ms.fit("poisson", data)
        assert fit.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-14)
        assert fit.n == 200
    with pytest.raises(ms.DataError, match="row 1"):
        ms.fit("poisson", [1, None])


# -- what comes back ---------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_fit_hang_together() -> None:
    fit = ms.fit("negative_binomial", {0: 447, 1: 132, 2: 42, 3: 21, 4: 3, 5: 2})
    assert (fit.n, fit.k, fit.status) == (647.0, 2, "converged")
    assert isinstance(fit.status, Status)
    assert fit.aic == 2 * fit.k - 2 * fit.log_likelihood
    assert fit.bic == fit.k * np.log(647) - 2 * fit.log_likelihood
    assert fit.pointwise @ fit.sample.weights == pytest.approx(fit.log_likelihood, rel=1e-13)
    assert fit.distribution.parameters == fit.parameters
    assert all(
        isinstance(v, float)
        for v in (*fit.parameters.values(), *fit.standard_errors.values(), fit.log_likelihood, fit.n)
    )
    assert list(fit.covariance.index) == list(fit.covariance.columns) == list(fit.parameters) == ["mean", "size"]
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(list(fit.standard_errors.values()), rel=1e-12)
    assert np.linalg.eigvalsh(fit.covariance).min() > 0
    assert fit.covariance.to_numpy() == pytest.approx(fit.covariance.to_numpy().T)


def test_text_of_a_fit() -> None:
    assert repr(ms.fit("poisson", COUNTS)) == "Fit(poisson: mean=0.61; n=200, log_likelihood=-206.107, closed_form)"


def test_a_boundary_fit_is_its_limit_law() -> None:
    fit = ms.fit("negative_binomial", COUNTS)
    poisson = ms.fit("poisson", COUNTS)
    assert (fit.status, fit.k) == ("boundary", 2)
    assert fit.parameters == {"mean": poisson.parameters["mean"], "size": np.inf}
    assert fit.distribution == poisson.distribution
    assert fit.log_likelihood == poisson.log_likelihood
    assert fit.pointwise == pytest.approx(poisson.pointwise, rel=1e-15)
    assert fit.aic == pytest.approx(poisson.aic + 2)
    assert "size → ∞" in fit.reason


def test_without_an_estimate_there_is_no_law() -> None:
    fit = ms.fit("normal", exact([3.0, 3.0]))
    assert fit.distribution is None
    assert np.isnan(fit.pointwise).all()
    assert np.isnan([fit.log_likelihood, fit.aic, fit.bic]).all()
    assert fit.covariance.isna().all(axis=None)


def test_outside_the_support_every_loss_is_infinite() -> None:
    fit = ms.fit("poisson", exact([1.0, 2.5]))
    assert (fit.status, fit.log_likelihood, fit.aic) == ("out_of_support", -np.inf, np.inf)
    assert fit.pointwise.tolist() == [-np.inf, -np.inf]
    given = ms.fit({"poisson": {"mean": 2.0}}, exact([1.0, 2.5]))
    assert np.isfinite(given.pointwise).tolist() == [True, False]


def test_nothing_free_is_an_evaluation() -> None:
    fit = ms.fit({"normal": {"mean": 0, "sd": 1}}, exact([0.0, 1.0]))
    assert (fit.k, fit.status) == (0, "closed_form")
    assert fit.log_likelihood == pytest.approx(-np.log(2 * np.pi) - 0.5, rel=1e-15)
    assert fit.aic == -2 * fit.log_likelihood
    assert all(np.isnan(error) for error in fit.standard_errors.values())


# -- footing -----------------------------------------------------------------------------------------------------------


def test_a_continuous_family_on_a_grid_is_fitted_by_the_mass_of_cells() -> None:
    x = np.round(np.random.default_rng(0).gamma(3.0, 2.0, 300), 1)
    sample = ms.Sample(x)
    assert sample.resolution == 0.1
    cells, density = ms.fit("gamma", sample), ms.fit("gamma", exact(x))
    block = sample.block(cells=True)
    law = cells.distribution
    direct = np.log(law.cdf(block.upper) - law.cdf(block.lower))
    assert cells.log_likelihood == pytest.approx(float((direct * block.weights).sum()), rel=1e-10)
    assert cells.pointwise == pytest.approx(
        log_mass(law.family, block.lower, block.upper, tuple(law.parameters.values()))[0]
    )
    assert cells.log_likelihood == pytest.approx(density.log_likelihood + 300 * np.log(0.1), abs=0.2)
    assert cells.log_likelihood != density.log_likelihood


def test_a_discrete_family_takes_masses_whatever_the_resolution() -> None:
    for resolution in ("auto", None, 1, 0.5):
        fit = ms.fit("poisson", ms.Sample(list(COUNTS), list(COUNTS.values()), resolution=resolution))
        assert fit.log_likelihood == pytest.approx(-206.10672147175407, rel=1e-12)


def test_uniform_means_the_discrete_one_on_integers() -> None:
    whole = ms.fit("uniform", [1, 2, 4])
    assert whole.law.name == "discrete_uniform"
    assert whole.family.name == "uniform"
    assert whole.log_likelihood == pytest.approx(-3 * np.log(4))
    real = ms.fit("uniform", exact([1, 2, 4]))
    assert real.parameters == {"low": 1.0, "high": 4.0}
    assert real.log_likelihood == pytest.approx(-3 * np.log(3))
    grid = ms.fit("uniform", ms.Sample([0.5, 1.0, 2.0], resolution=0.5))
    assert grid.parameters == {"low": 0.25, "high": 2.25}
    assert grid.log_likelihood == pytest.approx(3 * np.log(0.25))
    given = ms.fit({"uniform": {"low": 0.5}}, [1, 2, 4])
    assert given.parameters == {"low": 0.5, "high": 4.5}
    labels = ms.fit("uniform", ["a", "b", "a"])
    assert labels.log_likelihood == pytest.approx(3 * np.log(0.5))


def test_numbers_have_nothing_to_say_about_labels() -> None:
    fit = ms.fit("normal", ["a", "b"])
    assert (fit.status, fit.log_likelihood, fit.k) == ("out_of_support", -np.inf, 2)
    assert "labels" in fit.reason
    assert fit.pointwise.tolist() == [-np.inf, -np.inf]


def test_a_table_is_scored_and_nothing_estimated() -> None:
    fit = ms.fit({"table": {"H": 0.6, "T": 0.4}}, ["H"] * 7 + ["T"] * 3)
    assert (fit.k, fit.status, fit.parameters, fit.standard_errors) == (0, "closed_form", {}, {})
    assert fit.log_likelihood == pytest.approx(7 * np.log(0.6) + 3 * np.log(0.4), rel=1e-14)
    lost = ms.fit({"table": {"H": 1.0}}, ["H", "T", "T"])
    assert (lost.status, lost.log_likelihood) == ("out_of_support", -np.inf)
    assert lost.reason == "2 of 3 observations lie on outcomes to which the table gives no mass: T"
    numbers = ms.fit({"table": {0: 0.5, 1: 0.5}}, [0, 1, 1])
    assert numbers.log_likelihood == pytest.approx(3 * np.log(0.5))


def test_categorical_is_the_empirical_distribution() -> None:
    labels = ms.fit("categorical", {"cat": 3, "dog": 1, "owl": 0})
    assert (labels.status, labels.k, labels.label) == ("closed_form", 2, "categorical")
    assert labels.parameters == {"cat": 0.75, "dog": 0.25, "owl": 0.0}
    assert labels.log_likelihood == pytest.approx(3 * np.log(0.75) + np.log(0.25), rel=1e-14)
    assert np.exp(labels.distribution.logp(np.array(["dog", "owl", "emu"], dtype=object))).tolist() == [0.25, 0.0, 0.0]
    with pytest.raises(ms.CandidateError, match="categorical: its outcomes are labels"):
        labels.distribution.cdf("cat")
    assert "cat" in str(labels.summary())

    numbers = ms.fit("categorical", [1, 1, 2, 5])
    assert (numbers.k, numbers.parameters) == (2, {"1": 0.5, "2": 0.25, "5": 0.25})
    assert numbers.distribution.cdf([0, 1, 4.5, 5]).tolist() == [0, 0.5, 0.75, 1]
    assert numbers.distribution.mean == 2.25
    assert numbers.pointwise @ numbers.sample.weights == pytest.approx(numbers.log_likelihood, rel=1e-14)
    assert ms.fit("categorical", [3, 3]).k == 0


def test_nothing_is_likelier_than_categorical() -> None:
    ranking = ms.rank(COUNTS, ["poisson", "negative_binomial", "categorical", "normal"], by="kl")
    assert ranking.best.label == "categorical"
    assert ranking.table.loc["categorical", "kl"] == pytest.approx(0, abs=1e-15)
    assert ranking.table.loc["categorical", "n_parameters"] == 4
    exact = ms.Sample.from_probabilities({"a": 0.5, "b": 0.5})
    assert ms.rank(exact, ["categorical", "uniform"]).table["kl"].tolist() == [0, 0]


def test_categorical_refuses_what_has_no_outcomes() -> None:
    real = ms.fit("categorical", exact([0.123, 4.56, 7.8]))
    assert (real.status, real.log_likelihood) == ("out_of_support", -np.inf)
    assert "the data are continuous" in real.reason
    cut = ms.fit("categorical", ms.Sample([1, 2, 3], truncation=(0, None)))
    assert (cut.status, "truncated" in cut.reason) == ("out_of_support", True)
    with pytest.raises(ms.CandidateError, match="categorical: its probabilities are estimated"):
        ms.fit({"categorical": {"a": 0.5, "b": 0.5}}, ["a", "b"])


def test_the_size_of_a_population_by_capture_and_recapture() -> None:
    # Lincoln & Petersen: the integer part of 50 · 40 / 7
    fit = ms.fit("hypergeometric", [7], fixed={"successes": 50, "draws": 40})
    assert (fit.parameters["population"], fit.k, fit.status) == (285, 1, "closed_form")
    assert ms.fit({"hypergeometric": {"successes": 50, "draws": 40}}, [7, 5, 9]).parameters["population"] == 285
    none = ms.fit({"hypergeometric": {"successes": 50, "draws": 40}}, [0, 0])
    assert (none.status, none.distribution) == ("degenerate_sample", None)


@pytest.mark.parametrize("given", [{"population": 300, "draws": 40}, {"population": 300, "successes": 40}])
def test_successes_and_draws_of_a_hypergeometric_change_places(given: dict[str, float]) -> None:
    fit = ms.fit("hypergeometric", [7, 5, 9], fixed=given)
    (free,) = fit.free
    assert fit.parameters[free] == 52
    near = [ms.fit({"hypergeometric": {**given, free: n}}, [7, 5, 9]).log_likelihood for n in (51, 53)]
    assert fit.log_likelihood >= max(near)


# -- a known law -------------------------------------------------------------------------------------------------------


def test_a_known_law_has_no_sample_size() -> None:
    x = np.arange(60)
    mass = np.exp(lookup("negative_binomial")().logp(x, 2.0, 1.5))
    sample = ms.Sample.from_probabilities(dict(zip(x.tolist(), (mass / mass.sum()).tolist(), strict=True)))
    fit = ms.fit("negative_binomial", sample)
    assert fit.parameters == pytest.approx({"mean": 2.0, "size": 1.5}, rel=1e-6)
    assert fit.n == np.inf
    assert np.isnan([fit.log_likelihood, fit.aic, fit.bic, *fit.standard_errors.values()]).all()
    assert fit.mean_log_likelihood == pytest.approx(float(sample.shares @ np.log(sample.shares)), abs=1e-9)


# -- objects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    ["negative_binomial", "poisson", {"binomial": {"n": 10}}, {"table": {0: 0.5, 1: 0.3, 2: 0.1, 3: 0.05, 4: 0.05}}],
    ids=str,
)
def test_a_fit_may_be_pickled(family: object) -> None:
    fit = ms.fit(family, COUNTS)
    for again in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):  # noqa: S301 — our own bytes
        assert repr(again) == repr(fit)
        assert again.standard_errors == pytest.approx(fit.standard_errors, nan_ok=True)
        assert again.pointwise == pytest.approx(fit.pointwise)


def test_a_fit_cannot_be_changed() -> None:
    fit = ms.fit("poisson", COUNTS)
    with pytest.raises(AttributeError):
        fit.k = 0  # type: ignore[misc]


def test_the_same_data_give_the_same_fit() -> None:
    x = np.random.default_rng(0).standard_t(2, size=200)
    shuffled = np.random.default_rng(1).permutation(x)
    first, second = ms.fit("student_t", exact(x)), ms.fit("student_t", exact(shuffled))
    assert first.parameters == second.parameters
    assert first.log_likelihood == second.log_likelihood


def test_many_observations_are_fitted_exactly_not_approximately() -> None:
    # above a few thousand values a compressed sample leads the way; the answer is that of all of them
    x = np.random.default_rng(2).standard_t(2.5, size=20_000)
    fit = ms.fit("student_t", exact(x))
    assert fit.status == "converged"
    direct = lookup("student_t")().logp(x, *fit.parameters.values()).sum()
    assert fit.log_likelihood == pytest.approx(float(direct), rel=1e-12)
    for key, value in fit.parameters.items():
        for step in (-1e-2, 1e-2):
            moved = ms.fit(
                "student_t", exact(x), fixed={**fit.parameters, key: value + step * fit.standard_errors[key]}
            )
            # a hundredth of a standard error costs ½·10⁻⁴ nats: a gradient that is not 0 would show
            assert fit.log_likelihood - moved.log_likelihood == pytest.approx(0.5e-4 / _tightness(fit, key), rel=0.02)


def _tightness(fit: ms.Fit, key: str) -> float:
    """Share of the variance that is left when the other parameters are known."""
    information = np.linalg.inv(fit.covariance.to_numpy())
    j = list(fit.parameters).index(key)
    return float(1.0 / (information[j, j] * fit.covariance.to_numpy()[j, j]))


def test_a_student_law_of_endless_df_is_the_normal() -> None:
    x = ms.Sample(np.random.default_rng(4).normal(0, 1, 200), resolution=None)
    normal = ms.fit("normal", x)
    for df in (1e8, 1e10, 1e12, 1e15):
        fit = ms.fit("student_t", x, fixed={"df": df})
        assert fit.status == "converged"
        # log t − log φ is (z⁴ − 2z² − 1)/(4 df), and here Σ z⁴ = 560
        assert fit.log_likelihood == pytest.approx(normal.log_likelihood, abs=200 / df + 1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_profile_ends_where_the_likelihood_says_also_from_a_boundary(seed: int) -> None:
    # on the way from df = ∞ down to where nothing can be fitted the profile must not be passed over
    x = ms.Sample(np.random.default_rng(seed).normal(5, 2, 100), resolution=None)
    fit = ms.fit("student_t", x)
    low, high = fit.interval("df")
    assert high == np.inf
    fallen = 2 * (fit.log_likelihood - ms.fit("student_t", x, fixed={"df": low}).log_likelihood)
    assert fallen == pytest.approx(scipy.stats.chi2.ppf(0.95, 1), abs=1e-6)


def test_the_intervals_of_a_limit_are_those_of_the_law_reached() -> None:
    counts = [3, 4, 3, 5, 4, 3]
    fit, poisson = ms.fit("negative_binomial", counts), ms.fit("poisson", counts)
    assert fit.interval("mean") == pytest.approx(poisson.interval("mean"), rel=1e-8)
    low, high = fit.interval("size")
    fallen = 2 * (fit.log_likelihood - ms.fit("negative_binomial", counts, fixed={"size": low}).log_likelihood)
    assert (fallen, high) == (pytest.approx(scipy.stats.chi2.ppf(0.95, 1), abs=1e-6), np.inf)


def test_a_shape_with_a_closed_form_has_a_profile() -> None:
    x = ms.Sample(np.random.default_rng(0).normal(5, 2, 100), resolution=None)
    fit = ms.fit("generalized_normal", x)
    for end in fit.interval("shape"):
        held = ms.fit("generalized_normal", x, fixed={"shape": end})
        assert 2 * (fit.log_likelihood - held.log_likelihood) == pytest.approx(3.8414588, abs=1e-5)


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ({"hurdle": {"hurdle": "poisson"}}, r"probability of 0 of its own.*expected poisson"),
        ({"hurdle": {"zero_inflated": "gamma"}}, r"probability of 0 of its own.*expected gamma"),
        ({"shifted": {"family": "gamma", "shift": 3}}, r"unknown key 'shift'.*did you mean by\?"),
        ({"truncated": {"family": "gamma", "uper": 3}}, r"unknown key 'uper'.*did you mean upper\?"),
        ({"truncated": {"family": "gamma", "lower": 1, "high": 3}}, r"unknown key 'high'.*did you mean upper\?"),
        ({"truncated": {"famly": "gamma", "lower": 1}}, r"unknown key 'famly'.*did you mean family\?"),
        ({"mixture": {"familes": ["gamma", "gamma"]}}, r"did you mean families\?"),
        ({"mixture": 3}, r"expected a list of families"),
        ("positve", r"did you mean positive\?"),
    ],
)
def test_a_candidate_that_is_not_understood_says_what_was_meant(candidate: Any, says: str) -> None:
    with pytest.raises(ms.CandidateError, match=says):
        ms.rank([1.5, 2.0, 3.25], [candidate])


@pytest.mark.parametrize("which", ["lower", "upper"])
def test_a_bound_of_truncation_that_is_no_number_is_named(which: str) -> None:
    bounds = ("a", None) if which == "lower" else (None, "a")
    with pytest.raises(ms.DataError, match=f"truncation: {which} bound: expected a number.*'a'"):
        ms.Sample([1, 2], truncation=bounds)


def test_a_law_on_a_grid_of_its_own_does_not_speak_of_integers() -> None:
    halves = {"discretized": {"family": "gamma", "step": 0.5}}
    fit = ms.fit(halves, exact([0.5, 1.1, 2.25]))
    assert "0, 0.5, 1, …" in fit.reason
    ranking = ms.rank(exact([0.5, 1.1, 2.25, 0.3]), [halves, "gamma"])
    assert "multiples of 0.5" in ranking.ledger["reason"].iloc[0]
    assert "integers" not in ranking.ledger["reason"].iloc[0]


def test_what_is_positive_has_an_interval_that_is() -> None:
    x = np.random.default_rng(0).gamma(0.3, 2.5, 5)
    for name, what in (("normal", "var"), ("gamma", "var"), ("gamma", "mean"), ("gamma", 0.5)):
        found = ms.fit(name, exact(x)).derived(what)
        assert 0 < found.low < found.value < found.high
        half = scipy.stats.norm.ppf(0.975) * found.standard_error / found.value
        assert found.high / found.value == pytest.approx(found.value / found.low) == pytest.approx(np.exp(half))
    entropy = ms.fit("normal", exact(x)).derived("entropy")
    assert entropy.high - entropy.value == pytest.approx(entropy.value - entropy.low)


@pytest.mark.parametrize(
    ("family", "parameters", "entropy"),
    [
        # log B(a, b) and digamma functions at 40 digits
        ("beta", {"a": 0.1, "b": 0.1}, -6.26112559783637),
        ("beta", {"a": 0.0366159, "b": 241.57}, -28.9715772667338),
        ("beta", {"a": 1e6, "b": 2e6}, -6.79016181072155),
        ("gamma", {"shape": 0.05, "scale": 2.0}, scipy.stats.gamma(0.05, scale=2).entropy()),
        ("log_gamma", {"shape": 184.0, "scale": 0.02367}, scipy.stats.gamma(184, scale=0.02367).entropy() + 4.35528),
        ("log_laplace", {"shape": 0.0301, "scale": 42.7}, 1 + np.log(2 * 42.7 / 0.0301)),
        ("normal_inverse_gaussian", {"a": 2.0, "b": 0.1, "location": 0.0, "scale": 1.0}, 1.05410119897331),
    ],
)
def test_entropy_where_the_density_is_infinite_or_spans_many_magnitudes(family, parameters, entropy) -> None:
    assert ms.Distribution.of(family, **parameters).entropy == pytest.approx(entropy, rel=1e-9)


def test_entropy_of_laws_whose_median_is_found_by_search() -> None:
    for shape, df in ((0.5, 3.0), (2.0, 5.0), (-1.0, 30.0)):
        law = ms.Distribution.of("skew_t", shape=shape, df=df, location=0.0, scale=1.0)
        x = np.linspace(-3000, 3000, 6_000_001)
        q = law.logp(x)
        assert law.entropy == pytest.approx(-np.sum(np.exp(q) * q) * 1e-3, abs=1e-6)


def test_a_mean_at_the_degrees_of_freedom_where_the_variance_ends() -> None:
    law = ms.Distribution.of("half_t", df=2.0, scale=3.0)
    assert law.mean == pytest.approx(3 * np.sqrt(2))
    assert law.var == np.inf
