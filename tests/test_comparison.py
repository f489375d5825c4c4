"""Paired differences, Vuong's test and likelihood ratios."""

import math

import numpy as np
import pytest
import scipy.stats

import modelselect as ms
from modelselect.block import Block
from modelselect.family import lookup
from modelselect.fitting.estimate import estimate
from modelselect.ranking.nesting import nesting
from modelselect.ranking.validation import leave_one_out

WORMS = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}


def test_vuong_by_hand():
    """Above 2 000 observations the variance is the plain one; below it each observation is left out of the fits."""
    for n in (200, 3000):
        x = np.random.default_rng(1).gamma(2.0, 1.0, n)
        ranking = ms.rank(x, ["gamma", "student_t", "lognormal"])
        a, b = ranking.comparisons.iloc[0][["a", "b"]]
        fits = ranking.fits
        values = ms.Sample(x).values
        difference = fits[a].distribution.logp(values) - fits[b].distribution.logp(values)
        se = np.std(difference, ddof=1) / math.sqrt(n)
        row = ranking.comparisons.iloc[0]
        assert row["test"] == "Vuong"
        assert row["delta_se"] == pytest.approx(se, rel=1e-10)
        if n < 2000:
            left_out = leave_one_out(fits[a]) - leave_one_out(fits[b])
            se = np.std(left_out, ddof=1) / math.sqrt(n)
        floor = max(abs(fits[a].k - fits[b].k), 1) / n**2
        z = (difference.mean() - (fits[a].k - fits[b].k) / (2 * n)) / math.sqrt(se**2 + floor)
        # to first order in 1/n
        assert row["statistic"] == pytest.approx(z, rel=1e-9 if n > 2000 else 0.03)
        assert row["p_value"] == pytest.approx(2 * scipy.stats.norm.sf(abs(row["statistic"])), rel=1e-8)


def test_the_interval_of_a_difference_allows_for_estimation():
    """Of two families that hold the truth: the difference on fresh data, known in closed form, is mostly noise of
    the fit, which the standard error of two known laws misses."""
    rng, covered, plainly = np.random.default_rng(6), 0, 0
    for _ in range(80):
        ranking = ms.rank(rng.standard_normal(40), ["normal", {"normal": {"mean": 0, "sd": 1}}])
        pair = ranking.comparisons.iloc[0]
        loss = {}
        for label, fit in ranking.fits.items():
            mean, sd = fit.parameters["mean"], fit.parameters["sd"]
            loss[label] = math.log(sd) + (1 + mean**2) / (2 * sd**2)
        fresh = loss[pair["b"]] - loss[pair["a"]]
        covered += pair["delta_low"] <= fresh <= pair["delta_high"]
        plainly += abs(fresh - pair["delta"]) <= 1.96 * pair["delta_se"]
    assert covered >= 72
    assert plainly < 68


def test_differences_are_those_of_the_comparisons():
    ranking = ms.rank(np.random.default_rng(2).gamma(2.0, 1.0, 90), ["gamma", "normal", "lognormal", "poisson"])
    differences = ranking.differences
    assert differences.loc[ranking.reference].tolist() == [0.0, 0.0, 0.0]
    for pair in ranking.comparisons.to_dict("records"):
        if pair["a"] == ranking.reference and np.isfinite(pair["delta"]):
            assert differences.loc[pair["b"]].to_dict() == {key: pair[key] for key in differences.columns}
    assert differences.loc["poisson", "delta"] == math.inf
    assert differences.loc["poisson", ["delta_low", "delta_high"]].isna().all()


def test_interior_nesting_is_a_likelihood_ratio():
    x = np.random.default_rng(4).gamma(1.2, 1.0, 300)
    ranking = ms.rank(x, ["gamma", "exponential", {"gamma": {"shape": 1}}])
    ratio = 2 * (ranking.fits["gamma"].log_likelihood - ranking.fits["exponential"].log_likelihood)
    rows = ranking.comparisons.set_index(["a", "b"])
    key = next(k for k in rows.index if set(k) == {"gamma", "exponential"})
    assert rows.loc[key, "test"] == "likelihood ratio"
    assert rows.loc[key, "p_value"] == pytest.approx(scipy.stats.chi2.sf(ratio, 1), rel=1e-9)
    key = next(k for k in rows.index if set(k) == {"gamma", "gamma(shape=1)"})
    assert rows.loc[key, "p_value"] == pytest.approx(scipy.stats.chi2.sf(ratio, 1), rel=1e-6)


def test_boundary_nesting_halves_the_tail():
    """Of many observations; of few the weight is another one, see test_finite_size."""
    many = {value: 12 * count for value, count in WORMS.items()}
    ranking = ms.rank(many, ["negative_binomial", "poisson"])
    row = ranking.comparisons.iloc[0]
    ratio = 2 * (ranking.fits["negative_binomial"].log_likelihood - ranking.fits["poisson"].log_likelihood)
    assert row["test"] == "likelihood ratio (boundary)"
    assert row["p_value"] == pytest.approx(0.5 * scipy.stats.chi2.sf(ratio, 1), rel=1e-9)


def test_two_degrees_one_of_them_on_the_boundary():
    counts = {0: 3, 1: 24, 2: 104, 3: 286, 4: 670, 5: 1033, 6: 1343, 7: 1112, 8: 829, 9: 478, 10: 181, 11: 45, 12: 7}
    ranking = ms.rank(counts, [{"beta_binomial": {"n": 12}}, {"binomial": {"n": 12, "p": 0.518}}])
    row = ranking.comparisons.iloc[0]
    expected = 0.5 * scipy.stats.chi2.sf(row["statistic"], 1) + 0.5 * scipy.stats.chi2.sf(row["statistic"], 2)
    assert row["p_value"] == pytest.approx(expected, rel=1e-9)


def test_a_penalty_alone_is_not_significant():
    """Flying bombs: a binomial with nothing estimated and a Poisson that is all but the same law."""
    hits = {0: 229, 1: 211, 2: 93, 3: 35, 4: 7, 7: 1}
    ranking = ms.rank(hits, [{"binomial": {"n": 537, "p": 1 / 576}}, "poisson"])
    row = ranking.comparisons.iloc[0]
    assert row["test"] == "Vuong"
    assert row["delta_se"] < 1e-4
    assert row["p_value"] > 0.3


def test_who_nests_in_whom():
    def relation(large, small, data=WORMS):
        return nesting(ms.fit(large, data), ms.fit(small, data))

    assert relation("negative_binomial", "poisson") == (1, 1, True, True)
    assert relation("poisson", "negative_binomial") == (-1, 1, True, True)
    assert relation("negative_binomial", "geometric") == (1, 1, False, True)
    assert relation({"beta_binomial": {"n": 10}}, {"binomial": {"n": 10}}) == (1, 1, True, True)
    assert relation({"beta_binomial": {"n": 12}}, {"binomial": {"n": 10}}) is None
    assert relation({"negative_binomial": {"size": 2}}, "poisson") is None
    assert relation({"negative_binomial": {"size": 1}}, "geometric") == (1, 0, False, True)
    assert relation("binomial", {"binomial": {"n": 12}}).regular is False
    assert relation("poisson", "geometric") is None
    x = [0.4, 1.3, 2.25, 3.7, 9.5]
    assert relation("weibull", "exponential", x) == (1, 1, False, True)
    assert relation("student_t", "normal", x) == (1, 1, True, True)
    assert relation("student_t", "cauchy", x) == (1, 1, False, True)
    assert relation({"student_t": {"df": 3}}, "normal", x) is None


def test_equal_laws_cannot_be_told_apart():
    ranking = ms.rank({0: 90, 1: 9, 2: 1}, ["binomial", "poisson"])
    ranking = ms.rank({0: 5, 1: 2, 7: 3}, ["binomial", "poisson"])
    assert ranking.fits["binomial"].status == "boundary"
    assert ranking.comparisons["p_value"].tolist() == [1.0]
    assert ranking.comparisons["test"].tolist() == ["same law"]


def test_a_constant_difference_is_certain():
    ranking = ms.rank({0: 5, 1: 6, 2: 4}, [{"uniform": {"low": 0, "high": 2}}, {"uniform": {"low": 0, "high": 9}}])
    assert ranking.comparisons["p_value"].tolist() == [0.0]
    assert ranking.comparisons["delta"].iloc[0] == pytest.approx(math.log(10 / 3))


def test_size_of_the_boundary_test():
    """Poisson data, Poisson in the negative binomial: 5 % rejected, within 4 binomial standard errors."""
    replicates, n = 4000, 400
    rng = np.random.default_rng(20)
    x = np.sort(rng.poisson(4.0, (replicates, n)), axis=1).astype(float)
    block = Block(x, x, np.ones_like(x))
    large = estimate(lookup("negative_binomial")(), block).log_likelihood
    small = estimate(lookup("poisson")(), block).log_likelihood
    ratio = np.maximum(2 * n * (large - small), 0)
    p = np.where(ratio > 0, 0.5 * scipy.stats.chi2.sf(ratio, 1), 1.0)
    assert abs(np.mean(p < 0.05) - 0.05) < 4 * math.sqrt(0.05 * 0.95 / replicates) + 0.004  # O(1/√n) of the ½ weights


def test_size_of_vuong():
    """Two tables equally far from the truth: at most 5 % rejected, within 4 binomial standard errors."""
    replicates, n = 500, 300
    rng = np.random.default_rng(21)
    tables = [{"table": {0: 0.4, 1: 0.3, 2: 0.3}}, {"table": {0: 0.3, 1: 0.4, 2: 0.3}}]
    rejected = 0
    for counts in rng.multinomial(n, [0.35, 0.35, 0.3], size=replicates):
        sample = ms.Sample.from_counts(dict(enumerate(counts.tolist())))
        rejected += ms.rank(sample, tables).table["p_value"].min() < 0.05
    assert abs(rejected / replicates - 0.05) < 4 * math.sqrt(0.05 * 0.95 / replicates)


def test_defaults_count_as_given():
    """A zeta from 2 is no member of the zeta from 1, although neither has its minimum given in words."""
    values = np.random.default_rng(2).poisson(3, 100) + 2
    ranking = ms.rank(values, ["zeta", {"zeta": {"minimum": 2}}])
    assert ranking.comparisons["test"].tolist() == ["Vuong"]
    assert ranking.comparisons["p_value"].iloc[0] < 1e-6


def test_a_fit_at_its_limit_is_tested_as_the_limit():
    counts = {0: 16, 1: 28, 2: 47, 3: 27, 4: 37, 5: 17, 6: 15, 7: 3, 8: 4, 9: 3, 10: 3}
    ranking = ms.rank(counts, ["poisson", "binomial", "negative_binomial"])
    assert ranking.fits["binomial"].status == "boundary"
    assert ranking.table["p_value"]["binomial"] == pytest.approx(ranking.table["p_value"]["poisson"], rel=1e-9)


def test_no_p_value_from_a_handful():
    assert ms.rank([0.3, 1.25, 2.5, 9.75], ["exponential", "normal"]).comparisons["p_value"].isna().all()
    assert ms.rank([3, 3, 3, 3, 3, 3], ["poisson", "geometric"]).comparisons["p_value"].isna().all()


def test_the_uniform_is_a_beta_binomial():
    pair = [{"beta_binomial": {"n": 10}}, {"uniform": {"low": 0, "high": 10}}]
    row = ms.rank(WORMS, pair).comparisons.iloc[0]
    assert row["test"] == "likelihood ratio"
    assert row["p_value"] == pytest.approx(scipy.stats.chi2.sf(row["statistic"], 2), rel=1e-9)
    other = ms.rank(WORMS, [{"beta_binomial": {"n": 12}}, {"uniform": {"low": 0, "high": 10}}]).comparisons.iloc[0]
    assert other["test"] == "Vuong"


@pytest.mark.parametrize(
    ("large", "small", "test"),
    [
        ("gamma", "chi_square", "likelihood ratio"),
        ("gamma", "erlang", "likelihood ratio (non-regular)"),
        ("skew_normal", "half_normal", "likelihood ratio (non-regular)"),
        ("exponentially_modified_normal", "exponential", "likelihood ratio (non-regular)"),
        ("generalized_normal", "uniform", "likelihood ratio (non-regular)"),
    ],
)
def test_an_integer_shape_or_an_end_of_the_support_makes_no_vuong_test(large: str, small: str, test: str) -> None:
    x = np.random.default_rng(3).chisquare(5, 200)
    row = ms.rank(ms.Sample(x, resolution=None), [large, small]).comparisons.iloc[0]
    assert row["test"] == test
    assert np.isnan(row["p_value"]) == (test != "likelihood ratio")


@pytest.mark.parametrize(("value", "pair"), [(3, ("binomial", "geometric")), (0, ("poisson", "geometric"))])
def test_no_pre_test_on_the_edge_of_a_domain(value, pair):
    """There the information of one observation is infinite, and Vuong's matrix does not exist."""
    found = ms.rank([value] * 20, list(pair)).test(*pair)
    assert found.test == "none"
    assert np.isnan(found.p_value)
