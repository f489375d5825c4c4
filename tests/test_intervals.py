"""Standard errors, intervals and derived quantities, against formulas that are known."""

import numpy as np
import pytest
from scipy import optimize, stats

import modelselect as ms

RNG = np.random.default_rng(7)
COUNTS = {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}
EXPONENTIAL = ms.Sample(RNG.exponential(2.0, 80), resolution=None)


def test_the_sandwich_of_a_poisson_is_the_variance_of_the_mean():
    x = np.repeat([0, 1, 2, 9], [20, 10, 5, 5])
    fit = ms.fit("poisson", x)
    assert fit.robust_covariance.loc["mean", "mean"] == pytest.approx(x.var() / len(x), rel=1e-9)
    assert fit.covariance.loc["mean", "mean"] == pytest.approx(x.mean() / len(x), rel=1e-9)


def test_the_sandwich_of_a_normal_knows_the_fourth_moment():
    x = np.random.default_rng(8).standard_t(5, 400)
    robust = ms.fit("normal", ms.Sample(x, resolution=None)).robust_covariance
    d, s = x - x.mean(), x.std()
    assert robust.loc["mean", "mean"] == pytest.approx(x.var() / len(x), rel=1e-8)
    assert robust.loc["sd", "sd"] == pytest.approx((np.mean(d**4) - s**4) / (4 * s**2 * len(x)), rel=1e-8)
    assert robust.loc["mean", "sd"] == pytest.approx(np.mean(d**3) / (2 * s * len(x)), rel=1e-6)


def test_the_profile_of_one_parameter_solves_the_likelihood_equation():
    fit = ms.fit("poisson", COUNTS)
    n, m, most = fit.n, fit.parameters["mean"], stats.chi2.ppf(0.9, 1)

    def drop(mean):
        return 2 * n * (m * np.log(m / mean) - m + mean) - most

    expected = optimize.brentq(drop, 1e-3, m), optimize.brentq(drop, m, 5)
    assert fit.interval("mean", level=0.9) == pytest.approx(expected, rel=1e-8)


def test_the_profile_refits_the_other_parameters():
    x = np.random.default_rng(9).gamma(2, 3, 150)
    fit = ms.fit("gamma", ms.Sample(x, resolution=None))
    low, high = fit.interval("shape")
    for end in (low, high):
        there = ms.fit("gamma", fit.sample, fixed={"shape": end})
        assert 2 * (fit.log_likelihood - there.log_likelihood) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-6)
    assert low < fit.parameters["shape"] < high


def test_a_side_on_which_the_data_set_no_limit_is_infinite():
    x = [2, 3, 2, 4, 1, 3, 2, 3, 2, 2, 5, 1]
    fit = ms.fit("negative_binomial", x)
    assert fit.status == "boundary"
    low, high = fit.interval("size")
    assert 0 < low < 50
    assert high == np.inf
    end = ms.fit("negative_binomial", x, fixed={"size": low})
    assert 2 * (fit.log_likelihood - end.log_likelihood) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-6)


def test_an_integer_has_integers_for_an_interval():
    x = np.random.default_rng(10).binomial(12, 0.6, 60)
    fit = ms.fit("binomial", x)
    low, high = fit.interval("n")
    most = stats.chi2.ppf(0.95, 1)
    for n, inside in ((low, True), (low - 1, False), (high, True), (high + 1, False)):
        if n < x.max():
            continue
        drop = 2 * (fit.log_likelihood - ms.fit("binomial", x, fixed={"n": n}).log_likelihood)
        assert (drop <= most) == inside
    assert low >= x.max()


def test_ends_of_the_support_have_exact_one_sided_profiles():
    x = np.random.default_rng(11).uniform(0, 5, 40)
    fit = ms.fit("uniform", ms.Sample(x, resolution=None))
    low, high = fit.interval("high")
    assert low == pytest.approx(x.max(), rel=1e-8)
    width = (x.max() - x.min()) * np.exp(stats.chi2.ppf(0.95, 1) / (2 * len(x)))
    assert high == pytest.approx(x.min() + width, rel=1e-8)


def test_bootstrap_is_seeded_refitted_and_near_the_standard_error():
    fit = ms.fit("exponential", EXPONENTIAL)
    one, two, other = fit.bootstrap(400, rng=1), fit.bootstrap(400, rng=1), fit.bootstrap(400, rng=2)
    assert np.array_equal(one.parameters, two.parameters)
    assert not np.array_equal(one.parameters, other.parameters)
    spread = EXPONENTIAL.values.std() / np.sqrt(fit.n)
    assert one.standard_errors["scale"] == pytest.approx(spread, rel=0.15)
    assert one.n_failed == 0
    low, high = fit.interval("scale", method="bootstrap", n_resamples=400, rng=1)
    assert (low, high) == one.interval("scale")
    assert low < fit.parameters["scale"] < high


def test_bootstrap_refits_by_the_method_of_the_candidate():
    fit = ms.fit("gamma", EXPONENTIAL, method="moments")
    found = fit.bootstrap(50, rng=0)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(80, np.full(80, 1 / 80), size=50)
    x = EXPONENTIAL.values
    mean = weights @ x / 80
    variance = np.array([w @ (x - m) ** 2 / 80 for w, m in zip(weights, mean, strict=True)])
    assert found.parameters[:, 0] == pytest.approx(mean**2 / variance, rel=1e-8)
    assert np.isnan(fit.standard_errors["shape"])
    with pytest.raises(ms.CandidateError, match="use method='bootstrap'"):
        fit.interval("shape")


def test_derived_quantities_by_the_delta_method():
    fit = ms.fit("exponential", EXPONENTIAL)
    scale, root = fit.parameters["scale"], np.sqrt(fit.n)
    mean = fit.derived("mean")
    assert (mean.value, mean.standard_error) == pytest.approx((scale, scale / root), rel=1e-8)
    median = fit.derived(0.5)
    assert (median.value, median.standard_error) == pytest.approx(
        (scale * np.log(2), scale * np.log(2) / root), rel=1e-8
    )
    survival = fit.derived(lambda law: law.sf(3.0), level=0.9)
    slope = 3 / scale**2 * np.exp(-3 / scale)
    assert survival.standard_error == pytest.approx(slope * scale / root, rel=1e-7)
    half = stats.norm.ppf(0.95) * survival.standard_error
    assert (survival.low, survival.high) == pytest.approx((survival.value - half, survival.value + half))


def test_derived_quantities_of_two_correlated_parameters():
    x = np.random.default_rng(12).lognormal(1, 0.7, 100)
    fit = ms.fit("lognormal", ms.Sample(x, resolution=None))
    mu, sigma, n = fit.parameters["mu"], fit.parameters["sigma"], fit.n
    mean = np.exp(mu + sigma**2 / 2)
    error = mean * np.sqrt(sigma**2 / n + sigma**2 * sigma**2 / (2 * n))
    found = fit.derived("mean")
    assert (found.value, found.standard_error) == pytest.approx((mean, error), rel=1e-7)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda fit: fit.interval("shape"), "unknown parameter 'shape'"),
        (lambda fit: fit.interval("scale", level=95), "level: must lie between 0 and 1"),
        (lambda fit: fit.interval("scale", method="exact"), "expected profile, wald or bootstrap"),
        (lambda fit: fit.derived("median"), "expected mean, var, entropy"),
        (lambda fit: fit.derived(2.0), "a probability in"),
    ],
)
def test_wrong_requests(call, sentence):
    with pytest.raises(ms.CandidateError, match=sentence):
        call(ms.fit("exponential", EXPONENTIAL))


def test_a_given_parameter_has_no_interval():
    with pytest.raises(ms.CandidateError, match="is given, not estimated"):
        ms.fit({"binomial": {"n": 10}}, [3, 4, 5]).interval("n")


def test_what_could_not_be_fitted_has_no_intervals():
    fit = ms.fit("gamma", ms.Sample([-1.0, 2.0, 3.5], resolution=None))
    assert np.isnan(fit.interval("shape")).all()
    assert np.isnan(fit.derived("mean").value)
    assert "out_of_support" in str(fit.summary())


def test_summary_shows_what_was_given_and_why():
    fit = ms.fit("negative_binomial", [2, 3, 2, 4, 1, 3])
    text = str(fit.summary())
    assert "boundary" in text
    assert "poisson" in text
    summary = ms.fit({"binomial": {"n": 10}}, [3, 4, 5]).summary()
    assert summary.table.loc["n", "origin"] == "given"
    assert summary.table.loc["p", "std. error"] == pytest.approx(np.sqrt(0.4 * 0.6 / 30))
    assert "<table" in summary._repr_html_()
