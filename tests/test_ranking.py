"""rank(): order, levels, uncertainty and the ledger."""

import math
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import modelselect as ms

WORMS = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}
FOUR = [{"uniform": {"low": 0, "high": 10}}, {"binomial": {"n": 10}}, "poisson", {"beta_binomial": {"n": 10}}]
COLUMNS = [
    "rank", "family", "kl", "kl_se", "kl_low", "kl_high", "kl_corrected", "cross_entropy", "delta", "delta_se",
    "p_value", "weight", "in_confidence_set", "log_likelihood", "n_parameters", "aic", "bic", "status", "footing",
    "parameters",
]  # fmt: skip


@pytest.fixture(scope="module")
def worms() -> ms.Ranking:
    return ms.rank(WORMS, FOUR, by="kl", unit="worm")


def test_the_tutorial(worms):
    kl = worms.table["kl"]
    assert kl["uniform(low=0, high=10)"] == pytest.approx(0.1367, abs=5e-5)
    assert kl["binomial(n=10)"] == pytest.approx(0.4273497248561931, abs=1e-12)  # shared reference, two programs
    assert kl["poisson"] == pytest.approx(0.0902, abs=5e-5)
    assert worms.fits["binomial(n=10)"].parameters["p"] == pytest.approx(0.544, abs=1e-15)
    assert list(worms.table.index) == ["beta_binomial(n=10)", "poisson", "uniform(low=0, high=10)", "binomial(n=10)"]


def test_columns_are_the_public_ones(worms):
    assert list(worms.table.columns) == COLUMNS
    assert worms.table.index.name == "candidate"
    assert worms.table["rank"].tolist() == [1, 2, 3, 4]
    assert list(worms.comparisons.columns) == [
        "a",
        "b",
        "delta",
        "delta_se",
        "delta_low",
        "delta_high",
        "statistic",
        "p_value",
        "test",
    ]
    assert len(worms.comparisons) == 6
    assert list(worms.ledger.columns) == ["candidate", "status", "reason"]
    assert worms.best.label == "beta_binomial(n=10)"


def test_kl_is_cross_entropy_minus_entropy(worms):
    p = np.array(list(WORMS.values())) / 100
    entropy = -np.sum(p * np.log(p))
    np.testing.assert_allclose(worms.table["kl"], worms.table["cross_entropy"] - entropy, rtol=1e-13)
    np.testing.assert_allclose(worms.table["log_likelihood"], -100 * worms.table["cross_entropy"], rtol=1e-13)
    np.testing.assert_allclose(worms.table["aic"], 2 * worms.table["n_parameters"] - 2 * worms.table["log_likelihood"])


def test_corrected_order_is_that_of_aic():
    table = ms.rank(WORMS, [*FOUR, "negative_binomial", "normal", "geometric"]).table
    assert table["aic"].is_monotonic_increasing
    np.testing.assert_allclose(np.diff(table["kl_corrected"]), np.diff(table["aic"]) / 200, atol=1e-13)
    np.testing.assert_allclose(table["delta"], table["kl_corrected"] - table["kl_corrected"].min(), atol=1e-13)
    weight = np.exp(-0.5 * (table["aic"] - table["aic"].min()))
    np.testing.assert_allclose(table["weight"], weight / weight.sum(), rtol=1e-9)


def test_given_order_changes_nothing_but_ties(worms):
    again = ms.rank(WORMS, FOUR[::-1], by="kl", unit="worm")
    pd.testing.assert_frame_equal(again.table, worms.table)


def test_ties_go_to_fewer_parameters_then_to_the_given_order():
    even = {0: 10, 1: 10, 2: 10}
    ranking = ms.rank(
        even,
        [
            "uniform",
            {"family": "uniform", "fixed": {"low": 0, "high": 2}, "label": "second"},
            {"family": "table", "fixed": {0: 1 / 3, 1: 1 / 3, 2: 1 / 3}, "label": "third"},
        ],
        by="kl",
    )
    assert list(ranking.table.index) == ["second", "third", "uniform"]
    assert ranking.table["kl"].abs().max() < 1e-15


def test_nothing_is_dropped():
    x = [0.5, 1.5, 2.25, 3.125, 7.0625, 0.75, 4.5]
    names = ["poisson", "normal", {"uniform": {"low": 1, "high": 2}}, "gamma", "bernoulli", {"table": {"a": 1.0}}]
    ranking = ms.rank(x, names)
    assert len(ranking.table) == len(names)
    lost = ranking.table[~np.isfinite(ranking.table["kl"])]
    assert set(lost["status"]) == {"out_of_support"}
    assert set(lost.index) == {"poisson", "uniform(low=1, high=2)", "bernoulli", "table(a=1)"}
    assert (lost["kl"] == np.inf).all()
    assert (lost["weight"] == 0).all()
    assert lost["rank"].min() == 3
    reasons = ranking.ledger.set_index("candidate")["reason"]
    assert "6 of 7 observations lie outside the support [1, 2]" in reasons["uniform(low=1, high=2)"]
    assert "masses" in reasons["poisson"]


def test_no_estimate_ranks_behind_an_infinite_loss():
    x = ms.Sample([5.0] * 10, resolution=None)
    ranking = ms.rank(x, ["normal", {"uniform": {"low": 6, "high": 7}}, "exponential"])
    assert ranking.table["status"].tolist() == ["closed_form", "out_of_support", "degenerate_sample"]
    assert np.isnan(ranking.table.loc["normal", "kl"])


def test_nothing_fitted_says_why():
    with pytest.raises(ms.NothingFittedError, match=r"poisson: .*masses to integers") as caught:
        ms.rank([0.5, 1.25, 2.125, 4.0625], ["poisson", {"uniform": {"low": 5, "high": 6}}])
    assert set(caught.value.ledger["candidate"]) == {"poisson", "uniform(low=5, high=6)"}


def test_one_footing_for_all():
    counting = ms.rank(WORMS, ["poisson", "normal"])
    assert set(counting.table["footing"]) == {"counting"}
    mean, sd = counting.fits["normal"].parameters.values()
    cells = scipy.stats.norm(mean, sd)
    x = np.arange(11)
    logq = np.log(cells.cdf(x + 0.5) - cells.cdf(x - 0.5))
    np.testing.assert_allclose(counting.fits["normal"].pointwise, logq, rtol=1e-9)
    length = ms.rank(ms.Sample([1, 2, 3, 5, 8, 13], resolution=None), ["poisson", "normal"])
    assert length.table.loc["poisson", "status"] == "out_of_support"
    assert ms.fit("poisson", ms.Sample([1, 2, 3], resolution=None)).parameters == {"mean": 2.0}


def test_rounding_hardly_moves_the_differences():
    x = np.random.default_rng(5).gamma(3.0, 10.0, 2000)
    names = ["gamma", "weibull", "lognormal"]
    exact, rounded = ms.rank(x, names).table, ms.rank(np.round(x, 1), names).table
    assert set(rounded["footing"]) == {"counting"}
    np.testing.assert_allclose(exact["delta"].sort_index(), rounded["delta"].sort_index(), atol=1e-4)
    np.testing.assert_allclose(exact["kl_corrected"].sort_index(), rounded["kl_corrected"].sort_index(), atol=0.01)


def test_a_known_p_has_no_sample_size():
    coin = ms.Sample.from_probabilities({"H": 0.5, "T": 0.5})
    table = ms.rank(
        coin, [{"table": {"H": 0.6, "T": 0.4}}, {"table": {"H": 0.9, "T": 0.1}}, "uniform", "poisson"]
    ).table
    exact = 0.5 * math.log(0.5 / 0.6) + 0.5 * math.log(0.5 / 0.4)
    assert table.loc["table(H=0.6, T=0.4)", "kl"] == pytest.approx(exact, rel=1e-14)
    assert table.loc["uniform", "kl"] == 0
    finite = table.drop(index="poisson")
    for equal in ("kl_corrected", "kl_low", "kl_high"):
        assert (finite[equal] == finite["kl"]).all()
    assert (finite["kl_se"] == 0).all()
    assert (finite["delta_se"] == 0).all()
    assert table[["p_value", "weight", "log_likelihood", "aic", "bic"]].isna().all(axis=None)
    assert table.loc["poisson", "status"] == "out_of_support"
    sampled = ms.rank(ms.Sample.from_probabilities({"H": 0.5, "T": 0.5}, n=50), [{"table": {"H": 0.6, "T": 0.4}}]).table
    assert sampled["log_likelihood"].iloc[0] == pytest.approx(50 * (0.5 * math.log(0.6) + 0.5 * math.log(0.4)))


def test_one_hot_truth_is_log_loss():
    truth = ms.Sample.from_probabilities({"cat": 1.0, "dog": 0.0})
    ranking = ms.rank(truth, [{"table": {"cat": 0.8, "dog": 0.2}}, {"table": {"cat": 0.6, "dog": 0.4}}, "uniform"])
    np.testing.assert_allclose(ranking.table["kl"], [-math.log(0.8), -math.log(0.6), math.log(2)], rtol=1e-14)
    assert ranking.entropy.value == 0


def test_frequencies_are_copies():
    values, counts = np.array([0, 1, 2, 5]), np.array([7, 4, 2, 1])
    names = ["poisson", "geometric", "negative_binomial"]
    counted = ms.rank(ms.Sample(values, counts), names).table
    copied = ms.rank(np.repeat(values, counts), names).table
    pd.testing.assert_frame_equal(counted, copied)


@pytest.mark.parametrize("factor", [1e-6, 1e12])
def test_units_do_not_matter(factor):
    x = np.random.default_rng(2).gamma(2.0, 1.0, 300)
    names = ["gamma", "weibull", "lognormal", "normal", "student_t", "logistic"]
    one, other = ms.rank(x, names).table, ms.rank(factor * x, names).table
    assert list(one.index) == list(other.index)
    for column in ("kl", "kl_corrected", "delta", "delta_se", "kl_se"):
        np.testing.assert_allclose(one[column], other[column], atol=1e-9)


def test_level_unknown_keeps_order_and_differences():
    x = [1.5, 2.25, 9.75]
    ranking = ms.rank(x, ["exponential", "normal"])
    assert ranking.table["kl"].isna().all()
    assert ranking.table["delta"].notna().all()
    assert "(entropy)" in ranking.ledger["candidate"].tolist()
    assert "cross-entropy" in ranking.verdict


def test_other_criteria_order_and_show_their_score():
    ranking = ms.rank(WORMS, FOUR, by="bic")
    assert ranking.table["score"].is_monotonic_increasing
    pd.testing.assert_series_equal(ranking.table["score"], ranking.table["bic"], check_names=False)
    with pytest.raises(ms.ConfigurationError, match="did you mean kl_corrected"):
        ms.rank(WORMS, FOUR, by="kl_corected")


def test_bad_candidate_lists():
    with pytest.raises(ms.CandidateError, match="empty"):
        ms.rank(WORMS, [])
    with pytest.raises(ms.CandidateError, match="two are labelled 'poisson'"):
        ms.rank(WORMS, ["poisson", "pois"])
    with pytest.raises(ms.CandidateError, match="did you mean poisson"):
        ms.rank(WORMS, ["poison"])
    with pytest.raises(ms.CandidateError, match="parameter p must lie in"):
        ms.rank(WORMS, [{"binomial": {"n": 10, "p": 1.5}}])


def test_the_verdict_answers_first(worms):
    first, second, *_ = worms.verdict.split(". ")
    for word in ("beta_binomial(n=10) loses 0.041 nats per worm", "poisson 0.090", "binomial(n=10) 0.427"):
        assert word in first
    assert second == (
        "The data do not settle which is best: at 90 % confidence it may be beta_binomial(n=10) or poisson"
    )


def test_kl_corrected_estimates_the_loss_on_fresh_data():
    """Mean of kl_corrected over replicates of a true model: KL of the fit, about k/(2n), within 4 standard errors."""
    rng, n, replicates = np.random.default_rng(11), 100, 300
    found, fresh = [], []
    truth = scipy.stats.poisson(3.0).pmf(np.arange(60))
    for _ in range(replicates):
        ranking = ms.rank(rng.poisson(3.0, n), ["poisson"])
        found.append(ranking.table["kl_corrected"].iloc[0])
        q = scipy.stats.poisson(ranking.best.parameters["mean"]).pmf(np.arange(60))
        fresh.append(np.sum(truth[truth > 0] * np.log(truth[truth > 0] / q[truth > 0])))
    error = np.std(found) / math.sqrt(replicates)
    assert abs(np.mean(found) - np.mean(fresh)) < 4 * error


@pytest.mark.parametrize("family", ["poisson", "geometric"])
def test_the_interval_covers(family):
    """KL of the best member: 0 for the true family, 0.0689… for the geometric; coverage at least 91 % of 95 %."""
    rng, n, replicates = np.random.default_rng(3), 200, 300
    x = np.arange(80)
    p = scipy.stats.poisson(3.0).pmf(x)
    q = p if family == "poisson" else scipy.stats.geom(0.25, loc=-1).pmf(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        true = float(np.sum(np.where(p > 0, p * np.log(p / q), 0.0)))
    hits = 0
    for _ in range(replicates):
        row = ms.rank(rng.poisson(3.0, n), [family]).table.iloc[0]
        hits += row["kl_low"] <= true + 1e-12 <= row["kl_high"] + 2e-12
    assert hits / replicates > 0.95 - 4 * math.sqrt(0.95 * 0.05 / replicates)


def test_criteria_that_need_a_sample_size_refuse_a_known_p():
    with pytest.raises(ms.ConfigurationError, match="bic needs a sample size"):
        ms.rank(ms.Sample.from_probabilities({0: 0.2, 1: 0.5, 2: 0.3}), ["poisson", "geometric"], by="bic")
    with pytest.raises(ms.DataError, match="lie on no decimal grid"):
        ms.Sample.from_probabilities({1 / 3: 0.5, 2 / 3: 0.5})


def test_a_large_difference_that_no_test_confirms_is_not_called_none():
    verdict = ms.rank([0] * 95 + [1] * 3 + [50, 1000], ["lognormal", "poisson", "exponential"]).verdict
    assert re.search(r"poisson, 45\.930 \(−[\d.]+ to [\d.]+\) behind, is too uncertain to exclude", verdict)


def test_counts_that_never_repeat_have_no_level():
    ranking = ms.rank([1, 2, 3, 5, 8, 13], ["poisson", "geometric"])
    assert ranking.table["kl_corrected"].isna().all()
    assert "no value occurs twice" in ranking.entropy.method
    assert ranking.table["delta"].notna().all()


def test_the_seed_is_that_of_the_noise():
    x = np.random.default_rng(4).negative_binomial(2, 0.02, 150)
    first, same, other = (ms.rank(x, ["negative_binomial"], seed=seed).entropy for seed in (0, 0, 1))
    assert first == same
    assert first.value != other.value
    assert abs(first.value - other.value) < 0.1


def test_a_candidate_list_suggests_itself():
    assert {"poisson", "geometric"} <= set(ms.rank({0: 5, 1: 4, 2: 1}).table["family"])
    assert {"gamma", "normal"} <= set(ms.rank([0.31, 1.25, 2.57, 9.75, 3.11]).table["family"])


def test_three_who_may_be_the_best_are_joined_by_or():
    sample = np.random.default_rng(3).gamma(2.0, 1.0, 200)
    ranking = ms.rank(sample, ["gamma", "lognormal", "weibull", "cauchy"])
    assert ranking.table["in_confidence_set"].sum() == 3
    assert ranking.table.index[-1] == "cauchy"
    assert re.search(r"it may be \w+, \w+ or \w+\. ", ranking.verdict)


def test_a_law_that_is_beyond_all_floats_away_stays_in_the_table() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ranking = ms.rank([1e300, 2e300, 3e300], ["normal", "chi_square", "exponential"])
        verdict = ranking.verdict
    far = ranking.table.loc["chi_square"]
    assert far["delta"] > 1e290
    assert not np.isfinite(far["delta_se"])
    assert "normal" in verdict or "exponential" in verdict
