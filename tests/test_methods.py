"""Estimation without the likelihood, and with bounds: against direct solutions of the defining equations."""

import numpy as np
import pytest
from scipy import optimize, stats

import modelselect as ms
from modelselect.families.candidates import METHODS as NAMES
from modelselect.fitting.methods import METHODS

RNG = np.random.default_rng(20261120)
GAMMA = RNG.gamma(2.0, 3.0, 300)
NORMAL = RNG.normal(5.0, 2.0, 200)
SAMPLE = ms.Sample(GAMMA, resolution=None)


def _fit(family, x, method, **options):
    return ms.fit(family, ms.Sample(x, resolution=None), method=method, **options)


def test_the_names_of_the_methods_are_those_that_exist():
    assert set(NAMES) == {"mle", "minimum_distance", *METHODS}


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("gamma", lambda m, v: {"shape": m * m / v, "scale": v / m}),
        ("normal", lambda m, v: {"mean": m, "sd": np.sqrt(v)}),
        (
            "gumbel",
            lambda m, v: {"location": m - np.euler_gamma * np.sqrt(6 * v) / np.pi, "scale": np.sqrt(6 * v) / np.pi},
        ),
        ("inverse_gaussian", lambda m, v: {"mean": m, "shape": m**3 / v}),
        ("lognormal", lambda m, v: {"mu": np.log(m) - 0.5 * np.log1p(v / m**2), "sigma": np.sqrt(np.log1p(v / m**2))}),
    ],
)
def test_two_moments_are_matched_as_textbooks_do(family, expected):
    fit = _fit(family, GAMMA, "moments")
    assert fit.status == "converged"
    assert fit.parameters == pytest.approx(expected(GAMMA.mean(), GAMMA.var()), rel=1e-9)
    assert "not by maximum likelihood" in fit.reason


def test_a_symmetric_family_matches_the_kurtosis_in_place_of_the_skewness():
    x = np.random.default_rng(1).standard_t(6, 4000)
    fit = _fit("student_t", x, "moments")
    kurtosis = stats.kurtosis(x)
    assert fit.parameters["df"] == pytest.approx(4 + 6 / kurtosis, rel=1e-4)
    assert fit.parameters["location"] == pytest.approx(x.mean(), abs=1e-6)


def test_moments_of_counts():
    counts = {0: 30, 1: 25, 2: 20, 3: 10, 5: 8, 9: 3}
    x = np.repeat(list(counts), list(counts.values()))
    fit = ms.fit("negative_binomial", counts, method="moments")
    m, v = x.mean(), x.var()
    assert fit.parameters == pytest.approx({"mean": m, "size": m * m / (v - m)}, rel=1e-9)
    under = ms.fit("negative_binomial", [2, 2, 3, 3, 3, 2], method="moments")
    assert (under.status, under.log_likelihood) == ("failed", pytest.approx(np.nan, nan_ok=True))
    assert "no member of the family has the sample's moments" in under.reason


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("normal", lambda l1, l2: {"mean": l1, "sd": l2 * np.sqrt(np.pi)}),
        ("exponential", lambda l1, _: {"scale": l1}),
        ("gumbel", lambda l1, l2: {"location": l1 - np.euler_gamma * l2 / np.log(2), "scale": l2 / np.log(2)}),
        ("logistic", lambda l1, l2: {"location": l1, "scale": l2}),
        ("uniform", lambda l1, l2: {"low": l1 - 3 * l2, "high": l1 + 3 * l2}),
    ],
)
def test_l_moments_are_those_of_hosking(family, expected):
    x = np.sort(GAMMA)
    n = len(x)
    b1 = np.sum(np.arange(n) / (n - 1) * x) / n
    l1, l2 = x.mean(), 2 * b1 - x.mean()
    fit = _fit(family, GAMMA, "l_moments")
    assert fit.parameters == pytest.approx(expected(l1, l2), rel=1e-6)
    assert fit.status == ("out_of_support" if family == "uniform" else "converged")


def test_quantiles_are_matched():
    fit = _fit("weibull", GAMMA, "quantiles")
    assert fit.distribution.ppf([0.25, 0.75]) == pytest.approx(
        np.quantile(GAMMA, [0.25, 0.75], method="averaged_inverted_cdf"), rel=1e-9
    )


def _distances(x):
    x = np.sort(x)
    n = len(x)
    middle = (2 * np.arange(1, n + 1) - 1) / (2 * n)

    def spacing(law):
        return -np.mean(np.log(np.diff(law.cdf(x), prepend=0.0, append=1.0)))

    def cvm(law):
        return np.sum((law.cdf(x) - middle) ** 2)

    def ad(law):
        return -2 * np.sum(middle * law.logcdf(x) + (1 - middle) * law.logsf(x))

    def ks(law):
        F = law.cdf(x)
        return max(np.max(np.arange(1, n + 1) / n - F), np.max(F - np.arange(n) / n))

    return {"spacing": spacing, "cvm": cvm, "ad": ad, "ks": ks}


@pytest.mark.parametrize("method", ["spacing", "cvm", "ad", "ks"])
@pytest.mark.parametrize("family", ["gamma", "normal"])
def test_the_distance_is_the_smallest(family, method):
    x = GAMMA if family == "gamma" else NORMAL
    distance = _distances(x)[method]
    fit = _fit(family, x, method)
    assert fit.status == "converged"

    def by_hand(theta):
        if theta[1] <= 0 or (family == "gamma" and theta[0] <= 0):
            return np.inf
        return distance(stats.gamma(theta[0], scale=theta[1]) if family == "gamma" else stats.norm(*theta))

    ours = by_hand(np.array(list(fit.parameters.values())))
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 5000}
    best = optimize.minimize(by_hand, list(fit.parameters.values()), method="Nelder-Mead", options=options)
    assert ours <= best.fun + 1e-8 * abs(best.fun)
    for factor in (0.97, 1.03):
        assert by_hand(np.array([fit.parameters[n] for n in fit.parameters]) * [factor, 1]) > ours


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_weight_is_so_many_copies(method):
    x, copies = GAMMA[:60].round(6), np.random.default_rng(2).integers(1, 4, 60)
    weighted = ms.fit("gamma", ms.Sample(x, weights=copies, resolution=None), method=method)
    repeated = ms.fit("gamma", ms.Sample(np.repeat(x, copies), resolution=None), method=method)
    assert weighted.parameters == repeated.parameters


def test_what_a_method_cannot_do_is_said():
    counts = {0: 5, 1: 3, 2: 1}
    for method in ("spacing", "l_moments", "quantiles"):
        fit = ms.fit("poisson", counts, method=method)
        assert fit.status == "failed"
        assert "continuous family" in fit.reason
        assert np.isnan(fit.parameters["mean"])
    outside = ms.fit("gamma", ms.Sample([-1.0, 2.0, 3.5], resolution=None), method="moments")
    assert outside.status == "out_of_support"


def test_spacing_finds_the_ends_that_likelihood_puts_on_the_data():
    x = np.random.default_rng(3).uniform(2, 7, 100)
    fit = _fit("uniform", x, "spacing")
    n = len(x)  # the exact answer: the ends lie a mean gap outside (Cheng & Amin 1983)
    low, high = (n * x.min() - x.max()) / (n - 1), (n * x.max() - x.min()) / (n - 1)
    assert fit.parameters == pytest.approx({"low": low, "high": high}, rel=1e-7)


def test_candidates_by_several_methods_are_ranked_together():
    ranking = ms.rank(SAMPLE, ["gamma", {"family": "gamma", "method": "moments"}, {"family": "gamma", "method": "ad"}])
    assert ranking.table.index[0] == "gamma"
    assert set(ranking.table.index) == {"gamma", "gamma by moments", "gamma by ad"}
    assert set(ranking.comparisons["test"]) == {"Vuong"}
    assert set(ranking.ledger["candidate"]) == {"gamma by moments", "gamma by ad"}


# -- bounds ------------------------------------------------------------------------------------------------------------


def _best_in_box(x, box):
    def loss(theta):
        return -stats.gamma.logpdf(x, theta[0], scale=theta[1]).sum()

    starts = [[0.5 * (max(lo, 0.1) + min(hi, 9)) for lo, hi in box]]
    return min(-optimize.minimize(loss, start, bounds=box, method="L-BFGS-B").fun * -1 for start in starts)


@pytest.mark.parametrize(
    "bounds",
    [
        {"shape": (None, 1.5)},
        {"shape": (2.5, 4)},
        {"scale": (None, 2.0)},
        {"shape": (3, None), "scale": (3.5, 4)},
        {"shape": (0.1, 9)},
    ],
)
def test_bounds_are_kept_and_the_best_inside_is_found(bounds):
    fit = ms.fit("gamma", SAMPLE, bounds=bounds)
    box = [tuple(bounds.get(name, (None, None))) for name in ("shape", "scale")]
    box = [(1e-6 if lo is None else lo, 1e6 if hi is None else hi) for lo, hi in box]
    assert all(lo <= value <= hi for value, (lo, hi) in zip(fit.parameters.values(), box, strict=True))
    assert -fit.log_likelihood <= _best_in_box(GAMMA, box) + 1e-6
    inside = ms.fit("gamma", SAMPLE)
    if fit.status == "boundary":
        assert fit.log_likelihood < inside.log_likelihood
        assert "bound" in fit.reason
        assert fit.distribution.parameters == fit.parameters
    else:
        assert fit.log_likelihood == inside.log_likelihood
    assert fit.k == 2


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ({"shap": (0, 1)}, "unknown parameter 'shap'.*did you mean shape"),
        ({"shape": (3, 1)}, "low < high"),
        ({"shape": (-1, 2)}, "must be low < high in"),
        ({"shape": 3}, r"must be \[low, high\]"),
        ({"shape": (1, "2")}, r"must be \[low, high\]"),
    ],
)
def test_bounds_that_cannot_be(bounds, sentence):
    with pytest.raises(ms.CandidateError, match=sentence):
        ms.fit("gamma", SAMPLE, bounds=bounds)


def test_bounds_and_given_parameters_or_other_methods_do_not_mix():
    with pytest.raises(ms.CandidateError, match="is given"):
        ms.fit("gamma", SAMPLE, fixed={"shape": 2.0}, bounds={"shape": (1, 3)})
    with pytest.raises(ms.CandidateError, match="maximum likelihood only"):
        ms.fit("gamma", SAMPLE, bounds={"shape": (1, 3)}, method="moments")
