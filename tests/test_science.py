"""Confidence sets, criteria, cross-validation, bootstrap, adequacy, dependence, held-out data."""

import math

import numpy as np
import pytest
import scipy.stats

import modelselect as ms
from modelselect.block import Block
from modelselect.family import lookup
from modelselect.fitting.refit import refit
from modelselect.ranking.adequacy import visible_size
from modelselect.ranking.confidence_set import confidence_set
from modelselect.ranking.criteria import CRITERIA
from modelselect.ranking.dependence import long_run_covariance
from modelselect.ranking.distances import anderson_darling, cramer_von_mises, integrals, kolmogorov_smirnov
from modelselect.ranking.leverage import leverage
from modelselect.ranking.replicates import product_limit
from modelselect.ranking.validation import folds_of, held_out, leave_one_out, stacking_weights

WORMS = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}
GAMMA = np.random.default_rng(3).gamma(2.0, 1.0, 200)


# -- confidence set ----------------------------------------------------------------------------------------------------


def test_nothing_is_excluded_by_a_few_observations():
    """Of fewer than 5 no p-value is given; a confidence of 90 % would be no better founded."""
    ranking = ms.rank_predictions([1, 1, 1], {"A": [0.7, 0.8, 0.9], "B": [0.5, 0.5, 0.5]})
    assert ranking.table["in_confidence_set"].all()
    assert "it may be any of them" in ranking.verdict
    cov = np.diag([0.0, 1e-6, 0.0])
    args = np.array([0.0, 1.0, np.inf]), cov, np.zeros(3)
    assert confidence_set(*args, 4, np.random.default_rng(0)).tolist() == [True, True, False]
    assert confidence_set(*args, 5, np.random.default_rng(0)).tolist() == [True, False, False]


def test_the_set_by_brute_force():
    """Elimination with all draws at each step, as the definition says."""
    rng = np.random.default_rng(5)
    losses = rng.standard_normal((400, 6)) + np.array([0.0, 0.02, 0.05, 0.2, 0.3, 0.6])
    k, n = np.array([1.0, 2, 2, 3, 1, 2]), 400
    cov = np.cov(losses.T)
    level = losses.mean(axis=0) + k / (2 * n)
    z = rng.multivariate_normal(np.zeros(6), cov / n, size=20_000)
    alive = list(range(6))
    while len(alive) > 1:
        se = np.sqrt(
            [[cov[f, f] + cov[g, g] - 2 * cov[f, g] for g in alive] for f in alive] / np.float64(n)
            + np.maximum(abs(k[alive][:, None] - k[alive]), 1) / n**2
        )
        t = (level[alive][:, None] - level[alive]) / se
        T = np.max(np.abs(z[:, alive][:, :, None] - z[:, alive][:, None, :]) / se, axis=(1, 2))
        if np.mean(t.max() <= T) >= 0.1:
            break
        alive.pop(int(np.unravel_index(np.argmax(t), t.shape)[0]))
    found = confidence_set(losses.mean(axis=0), cov, k, n, np.random.default_rng(0))
    assert np.flatnonzero(found).tolist() == alive
    assert 1 < len(alive) < 6


def test_the_set_holds_the_best_of_equals():
    """Four candidates equally good: all stay in at least 90 % of the runs, within 4 binomial standard errors."""
    runs, n = 400, 300
    rng = np.random.default_rng(6)
    kept = 0
    for _ in range(runs):
        losses = rng.standard_normal((n, 4))
        kept += confidence_set(losses.mean(axis=0), np.cov(losses.T), np.ones(4), n, rng).all()
    assert kept / runs > 0.9 - 4 * math.sqrt(0.09 / runs)
    assert kept / runs < 0.97  # and it does exclude at times: the test can fail


def test_who_cannot_be_the_best():
    ranking = ms.rank(WORMS, [{"beta_binomial": {"n": 10}}, "geometric", {"table": {0: 1.0}}, "poisson"])
    inside = ranking.table["in_confidence_set"]
    assert inside.dtype == bool
    assert inside["beta_binomial(n=10)"]
    assert not inside["geometric"]
    assert not inside.iloc[-1]  # an infinite loss
    known = ms.rank(ms.Sample.from_probabilities({0: 0.5, 1: 0.5}), [{"binomial": {"n": 1, "p": 0.5}}, "poisson"])
    assert known.table["in_confidence_set"].tolist() == [True, False]


# -- criteria ----------------------------------------------------------------------------------------------------------


def test_criteria_are_columns_and_orders():
    names = ["aicc", "tic", "kl_cv", "kl_loo", "crps", "wasserstein", "ad", "cvm", "ks"]
    ranking = ms.rank(GAMMA, ["gamma", "normal", "lognormal"], criteria=names)
    assert set(names) <= set(ranking.table.columns)
    for name in CRITERIA:
        ordered = ms.rank(GAMMA, ["gamma", "normal", "lognormal"], by=name)
        column = "score" if "score" in ordered.table else name
        assert ordered.table[column].is_monotonic_increasing, name


def test_distances_of_scipy():
    ranking = ms.rank(GAMMA, ["normal"], criteria=["ad", "cvm", "ks", "crps"])
    law = ranking.fits["normal"].distribution.to_scipy()
    row, n = ranking.table.iloc[0], len(GAMMA)
    assert row["ks"] == pytest.approx(scipy.stats.kstest(GAMMA, law.cdf).statistic, rel=1e-12)
    assert row["cvm"] * n == pytest.approx(scipy.stats.cramervonmises(GAMMA, law.cdf).statistic, rel=1e-12)
    x, i = np.sort(GAMMA), np.arange(1, n + 1)
    ad = -n - np.mean((2 * i - 1) * (law.logcdf(x) + law.logsf(x[::-1])))
    assert row["ad"] * n == pytest.approx(ad, rel=1e-10)
    z = (GAMMA - law.mean()) / law.std()
    cdf, pdf = scipy.stats.norm.cdf(z), scipy.stats.norm.pdf(z)
    crps = law.std() * (z * (2 * cdf - 1) + 2 * pdf - 1 / math.sqrt(math.pi))  # Gneiting & Raftery 2007
    assert row["crps"] == pytest.approx(crps.mean(), rel=1e-9)


def test_crps_of_counts_is_the_sum_over_integers():
    ranking = ms.rank(WORMS, ["poisson"], criteria=["crps", "wasserstein"])
    law, x = ranking.best.distribution, np.repeat(list(WORMS), list(WORMS.values()))
    grid = np.arange(0, 60)
    steps = law.cdf(grid) - (x[:, None] <= grid)
    assert ranking.table["crps"].iloc[0] == pytest.approx(np.mean(np.sum(steps**2, axis=1)), rel=1e-9)
    gap = np.abs(law.cdf(grid) - np.mean(x[:, None] <= grid, axis=0)).sum()
    assert ranking.table["wasserstein"].iloc[0] == pytest.approx(gap, rel=1e-9)


def test_heavy_tails_have_no_finite_wasserstein_distance():
    row = ms.rank(GAMMA, ["cauchy"], criteria=["wasserstein", "crps"]).table.iloc[0]
    assert row["wasserstein"] == np.inf
    assert np.isfinite(row["crps"])


def test_takeuchi_equals_akaike_in_the_right_family():
    x = np.random.default_rng(8).normal(size=20_000)
    table = ms.rank(x, ["normal"], criteria=["tic"]).table.iloc[0]
    assert (table["tic"] - table["cross_entropy"]) == pytest.approx(
        table["kl_corrected"] - table["cross_entropy"], abs=2e-5
    )
    # and for a normal on Laplace data the trace is 1 + (kurtosis − 1)/2 (kurtosis 6): 3.5
    y = np.random.default_rng(9).laplace(size=200_000)
    row = ms.rank(y, ["normal"], criteria=["tic"]).table.iloc[0]
    assert (row["tic"] - row["kl"]) * len(y) == pytest.approx(3.5, abs=0.25)


def test_what_has_no_distance_is_refused():
    with pytest.raises(ms.ConfigurationError, match="crps"):
        ms.rank({"a": 3, "b": 4}, ["uniform"], by="crps")
    with pytest.raises(ms.ConfigurationError, match="censored"):
        ms.rank(ms.Sample.from_censored([1.0, 2, 3, 4, 5], [1, 1, 0, 1, 1]), ["gamma"], by="ks")
    with pytest.raises(ms.ConfigurationError, match="kl_cv"):
        ms.rank(ms.Sample.from_probabilities({0: 0.5, 1: 0.5}), ["poisson"], criteria=["kl_cv"])


# -- cross-validation --------------------------------------------------------------------------------------------------


def test_leaving_one_out_by_hand():
    fit = ms.fit("poisson", WORMS)
    values, weights = fit.sample.values, fit.sample.weights
    total = float(values @ weights)
    by_hand = [scipy.stats.poisson.logpmf(x, (total - x) / 99) for x in values]
    assert leave_one_out(fit) == pytest.approx(by_hand, rel=1e-10)


def test_folds_by_hand():
    sample = ms.Sample([1.5, 2.25, 3.125, 4.0, 7.0, 11.5], resolution=None)
    fit = ms.fit("exponential", sample)
    parts = folds_of(sample, 3, np.random.default_rng(0))
    assert parts.sum(axis=0).tolist() == [1.0] * 6
    expected = np.empty(6)
    for part in parts:
        out = part > 0
        mean = sample.values[~out].mean()
        expected[out] = scipy.stats.expon.logpdf(sample.values[out], scale=mean)
    assert held_out(fit, parts) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("folds", [2, 3, 7])
@pytest.mark.parametrize("weights", [[2.5, 0.5, 3, 1.25, 0.5, 7], [0.5] * 8, [10.7, 3.3], [2.5] * 4, [1, 1, 0.001, 9]])
def test_fractional_weights_are_divided_into_folds(weights, folds):
    sample = ms.Sample.from_counts(dict(enumerate(weights)))
    parts = folds_of(sample, folds, np.random.default_rng(0))
    np.testing.assert_allclose(parts.sum(axis=0), weights, rtol=1e-12)
    assert (parts >= 0).all()
    assert (parts.sum(axis=1) > 0).all()
    assert np.ptp(parts.sum(axis=1)) <= 1.0 + 1e-12  # of unit pieces and smaller ones
    whole = np.floor(weights)
    # a copy is never cut: what is in a fold are ones, and at most one remainder
    extra = parts - np.floor(parts + 1e-12)
    remainders = np.isclose(extra, (np.array(weights) - whole)[None, :]) | np.isclose(extra, 0.0, atol=1e-9)
    assert remainders.all()
    ranking = ms.rank(sample, ["poisson", "geometric"], criteria=["kl_cv"])
    assert np.isfinite(ranking.table["kl_cv"]).all()


def test_folds_of_fractional_weights_are_random():
    sample = ms.Sample.from_counts({0: 2.5, 1: 2.5, 2: 2.5})
    rng = np.random.default_rng(4)
    mean = np.mean([folds_of(sample, 3, rng) for _ in range(2000)], axis=0)
    np.testing.assert_allclose(mean, 2.5 / 3, atol=0.06)  # 4 standard errors of a part, whose sd is below 0.7


def test_an_importance_weight_is_left_out_as_a_whole():
    rng = np.random.default_rng(1)
    x, w = rng.gamma(2.0, size=40), rng.lognormal(sigma=1.0, size=40)
    sample = ms.Sample(x, w, weights_kind="importance")
    order = np.argsort(x)
    np.testing.assert_allclose(sample.importance, sample.weights)
    assert ms.Sample(x, w).importance is None
    by_hand = np.empty(40)
    for i in range(40):
        rest = np.arange(40) != i
        mean = np.average(x[rest], weights=w[rest])
        by_hand[i] = scipy.stats.expon.logpdf(x[i], scale=mean)
    fit = ms.fit("exponential", sample)
    np.testing.assert_allclose(leave_one_out(fit), by_hand[order], rtol=1e-9)
    ranking = ms.rank(sample, ["exponential", "gamma"], criteria=["kl_loo"])
    level = np.nan_to_num(ranking.entropy.value)  # none, or what was found
    expected = -np.average(by_hand, weights=w) - level
    assert ranking.table["kl_loo"]["exponential"] == pytest.approx(expected, rel=1e-9)
    parts = folds_of(sample, 5, np.random.default_rng(0))
    assert np.count_nonzero(parts) == 40  # none is divided
    # to first order the fall is what leverage says, w times that of one observation
    fall = fit.pointwise - leave_one_out(fit)
    light = sample.weights < np.median(sample.weights)
    np.testing.assert_allclose(leverage(fit, 40)[light], fall[light], rtol=0.25, atol=1e-4)


def test_importance_weights_of_one_value_are_many_observations():
    rng = np.random.default_rng(2)
    x, w = rng.poisson(2.0, 300), rng.uniform(0.2, 2.0, 300)
    sample = ms.Sample(x, w, weights_kind="importance")
    total, cross = float(w @ x), 0.0
    for xi, wi in zip(x, w, strict=True):
        cross -= wi * scipy.stats.poisson.logpmf(xi, (total - wi * xi) / (w.sum() - wi))
    own = -float(sample.shares @ leave_one_out(ms.fit("poisson", sample)))
    plain = -ms.fit("poisson", sample).mean_log_likelihood
    exact = cross / w.sum()
    assert abs(own - exact) < 0.02 * (exact - plain)  # what leaving out costs, to 2 %
    equal = ms.Sample(x, np.full(300, 0.3), weights_kind="importance")
    fits = [ms.fit("poisson", data) for data in (equal, ms.Sample(x))]
    np.testing.assert_allclose(leave_one_out(fits[0]), leave_one_out(fits[1]), rtol=1e-9)
    parts = folds_of(equal, 10, np.random.default_rng(0))
    np.testing.assert_allclose(parts, folds_of(ms.Sample(x), 10, np.random.default_rng(0)), rtol=1e-12)


def test_an_estimated_end_is_never_beyond_the_largest():
    ranking = ms.rank(GAMMA, ["uniform", "gamma"], criteria=["kl_cv"])
    assert ranking.table["kl_cv"]["uniform"] == np.inf


def test_limits_are_followed_when_refitting():
    """Resamples that are less spread than a Poisson reach it: their pointwise values are the Poisson's."""
    fit = ms.fit("negative_binomial", WORMS)
    weights = np.array([fit.sample.weights, np.where(np.isin(fit.sample.values, [4, 5]), 50.0, 0.0)])
    found = refit(fit, weights)
    assert found.status.tolist() == ["converged", "boundary"]
    assert found.pointwise()[1] == pytest.approx(scipy.stats.poisson.logpmf(fit.sample.values, 4.5), rel=1e-9)
    assert found.pointwise()[0] == pytest.approx(fit.pointwise, rel=1e-9)


def test_stacking_prefers_the_truth_and_mixes():
    fits = {name: ms.fit(name, GAMMA) for name in ("gamma", "normal", "cauchy")}
    parts = folds_of(fits["gamma"].sample, 10, np.random.default_rng(0))
    scores = np.stack([held_out(fit, parts) for fit in fits.values()])
    shares = fits["gamma"].sample.shares
    weights = stacking_weights(scores, shares)
    best = shares @ np.log(weights @ np.exp(scores))
    for other in np.random.default_rng(1).dirichlet(np.ones(3), size=200):
        assert shares @ np.log(other @ np.exp(scores)) <= best + 1e-8
    assert ms.rank(GAMMA, list(fits)).stacking().sum() == pytest.approx(1.0)


def test_stacking_of_fewer_observations_than_folds_leaves_each_out():
    few = [1.0, 2.5, 3.1, 0.7, 2.2]
    ranking = ms.rank(few, ["normal", "exponential"])
    scores = np.stack([leave_one_out(fit) for fit in ranking.fits.values()])
    expected = stacking_weights(scores, ranking.sample.shares)
    assert ranking.stacking().to_numpy() == pytest.approx(expected, abs=1e-6)


def test_stacking_where_an_observation_is_impossible_to_all():
    """The largest one, held out, lies beyond the ends that all candidates estimated: the others decide."""
    scores = np.array([[-np.inf, 0.0, -1.0, -2.0], [-np.inf, -1.0, -0.2, -0.1]])
    weights = stacking_weights(scores, np.full(4, 0.25))
    assert weights == pytest.approx(stacking_weights(scores[:, 1:], np.full(3, 1 / 3)), abs=1e-6)
    found = ms.rank(GAMMA[:40], ["uniform", "pareto"]).stacking()
    assert found.sum() == pytest.approx(1.0)


# -- bootstrap ---------------------------------------------------------------------------------------------------------


def test_selection_frequency():
    ranking = ms.rank(GAMMA, ["gamma", "normal", "exponential"])
    found = ranking.bootstrap(200)
    table = found.table
    assert table["selection_frequency"].sum() == pytest.approx(1.0)
    assert table["selection_frequency"]["gamma"] > 0.95
    assert table.loc["normal", "delta_low"] < table.loc["normal", "delta"] < table.loc["normal", "delta_high"]
    # paired normal theory agrees
    half = 1.96 * ranking.table["delta_se"]["normal"]
    low, high = found.difference("gamma", "normal")
    assert (high - low) / (2 * half) == pytest.approx(1.0, abs=0.25)
    assert ranking.bootstrap(200).losses == pytest.approx(found.losses)  # the same seed


def test_blocks_need_an_order():
    with pytest.raises(ms.ConfigurationError, match="ordered"):
        ms.rank(GAMMA, ["gamma"]).bootstrap(10, block_length=5)
    ordered = ms.rank(ms.Sample(GAMMA, ordered=True), ["gamma", "normal"]).bootstrap(50, block_length=10)
    assert np.isfinite(ordered.losses).all()


# -- adequacy ----------------------------------------------------------------------------------------------------------


def test_fractions_are_divided_like_copies_and_importance_is_not():
    sample = ms.Sample([1, 2, 5], [2.5, 0.5, 7.25])
    parts = folds_of(sample, 4, np.random.default_rng(0))
    assert parts.sum(axis=0).tolist() == [2.5, 0.5, 7.25]
    assert (parts > 0).any(axis=1).all()
    assert (np.abs(parts.sum(axis=1) - 10.25 / 4) < 1.1).all()
    heavy = ms.Sample([1.0, 2, 3, 4, 7], [1, 1, 2, 1, 5], weights_kind="importance", resolution=None)
    assert heavy.importance is not None
    assert (np.count_nonzero(folds_of(heavy, 5, np.random.default_rng(0)), axis=0) == 1).all()
    fit = ms.fit({"exponential": {}}, heavy)
    others = [np.arange(5) != i for i in range(5)]
    means = [float(np.average(heavy.values[rest], weights=heavy.weights[rest])) for rest in others]
    expected = -np.log(means) - heavy.values / means
    assert leave_one_out(fit) == pytest.approx(expected, rel=1e-10)


def test_adequacy_of_the_truth_and_of_others():
    ranking = ms.rank(GAMMA, ["gamma", "normal"])
    found = ranking.adequacy(199).reset_index().set_index(["candidate", "test"])
    assert found.loc[("normal", "AD"), "p_value"] < 0.02
    assert found.loc[("gamma", "AD"), "p_value"] > 0.05
    statistic = scipy.stats.anderson(GAMMA, "norm", method="interpolate").statistic
    n = len(GAMMA)
    x, i = np.sort(GAMMA), np.arange(1, n + 1)
    law = scipy.stats.norm(GAMMA.mean(), GAMMA.std())
    statistic = -n - np.mean((2 * i - 1) * (law.logcdf(x) + law.logsf(x[::-1])))
    assert found.loc[("normal", "AD"), "statistic"] == pytest.approx(statistic, rel=1e-8)
    counts = ms.rank(WORMS, ["geometric", {"beta_binomial": {"n": 10}}]).adequacy(199)
    assert counts["test"].tolist() == ["AD", "CvM", "KS", "G"] * 2
    counts = counts[counts["test"] == "G"]
    assert counts.loc["geometric", "p_value"] < 0.01
    assert counts.loc["beta_binomial(n=10)", "p_value"] > 0.1


def test_size_of_adequacy_with_estimated_parameters():
    """Normal samples, mean and sd estimated: 5 % rejected, within 4 binomial standard errors (tables reject 0 %)."""
    rng, runs, rejected = np.random.default_rng(12), 200, 0
    for _ in range(runs):
        ranking = ms.rank(rng.normal(3.0, 2.0, 40), ["normal"])
        rejected += ranking.adequacy(99)["p_value"].iloc[0] <= 0.05
    assert abs(rejected / runs - 0.05) < 4 * math.sqrt(0.05 * 0.95 / runs)


def test_adequacy_of_labels_and_of_what_cannot_be_tested():
    labels = ms.rank({"a": 50, "b": 30, "c": 20}, ["uniform", "categorical"]).adequacy(999)
    expected = scipy.stats.power_divergence([50, 30, 20], lambda_="log-likelihood")
    assert labels.loc["uniform", "statistic"] == pytest.approx(expected.statistic, rel=1e-10)
    assert labels.loc["uniform", "p_value"] == pytest.approx(expected.pvalue, abs=0.004)
    assert "by definition" in labels.loc["categorical", "reason"]
    overlapping = ms.rank(ms.Sample.from_intervals([1.0, 2, 2.5, 3], [3.0, 4, 2.7, 5]), ["gamma"]).adequacy(99)
    assert overlapping["p_value"].isna().all()
    assert overlapping["reason"].str.contains("intervals that overlap").all()
    entered = ms.rank(ms.Sample([1.0, 2, 3, 4, 5.5], truncation=(0.5, None)), ["gamma"]).adequacy(99)
    assert entered["reason"].str.contains("truncated").all()
    with pytest.raises(ms.ConfigurationError, match="n_resamples"):
        ms.rank(GAMMA, ["gamma"]).adequacy(5)


def test_adequacy_of_bins_is_that_of_multinomial_counts():
    """Nothing estimated: the p-value is the share of all possible tables at least as extreme, enumerated."""
    edges, counts, p = [0.0, 1.0, 2.0, math.inf], [13, 3, 0], np.exp(-np.array([0.0, 1.0, 2.0, math.inf]))
    cells = p[:-1] - p[1:]
    ranking = ms.rank(ms.Sample.from_bins(edges, counts), [{"exponential": {"scale": 1.0}}])
    found = ranking.adequacy(9999).set_index("test")
    assert list(found.index) == ["AD", "CvM", "KS", "G"]
    tables = np.array([(i, j, 16 - i - j) for i in range(17) for j in range(17 - i)])
    mass = scipy.stats.multinomial(16, cells).pmf(tables)
    G = 2.0 * scipy.special.xlogy(tables, tables / (16 * cells)).sum(axis=1)
    KS = np.abs(np.cumsum(tables / 16 - cells, axis=1)).max(axis=1)
    for name, statistic in (("G", G), ("KS", KS)):
        own = statistic[(tables == counts).all(axis=1)]
        exact = mass[statistic >= own * (1 - 1e-9)].sum()
        assert found.loc[name, "statistic"] == pytest.approx(own[0], rel=1e-9)
        assert abs(found.loc[name, "p_value"] - exact) < 5 * max(found.loc[name, "mc_error"], 1e-3)


def test_the_product_limit_of_many_groups():
    rng = np.random.default_rng(3)
    time, event = np.round(rng.exponential(size=(5, 30)), 1), rng.random((5, 30)) < 0.6
    found = product_limit(Block(time, np.where(event, time, np.inf), np.ones((5, 30))))
    assert found.weights.sum(axis=1) == pytest.approx(30)
    for row in range(5):
        curve = scipy.stats.ecdf(scipy.stats.CensoredData.right_censored(time[row], ~event[row])).sf
        for x, left in zip(curve.quantiles, curve.probabilities, strict=True):
            beyond = found.weights[row][found.lower[row] > x].sum() + found.weights[row, -1] * (
                found.lower[row, -1] == x
            )
            assert beyond / 30 == pytest.approx(left, abs=1e-12)
    exact = product_limit(Block(time, time, np.ones((5, 30))))
    assert exact.weights == pytest.approx(np.repeat([[1.0, 0.0]], [30, 1], axis=1).repeat(5, axis=0))


def test_adequacy_of_censored_times():
    """Type I and random censoring: the truth is kept, an exponential in place of a Weibull is not."""
    rng = np.random.default_rng(8)
    life = rng.weibull(2.5, 120)
    for end in (np.full(120, 1.1), rng.exponential(2.0, 120)):
        sample = ms.Sample.from_censored(np.minimum(life, end), life <= end)
        ranking = ms.rank(sample, ["weibull", "exponential"])
        found = ranking.adequacy(199)
        assert (found.loc["weibull", "p_value"] > 0.05).all()
        assert (found.loc["exponential", "p_value"] < 0.02).all()
        assert found.equals(ranking.adequacy(199))
    assert "a test of fit (adequacy)" in ms.rank(life, ["weibull"]).verdict
    overlapping = ms.Sample.from_intervals([1.0, 2, 2.5, 3] * 30, [3.0, 4, 2.7, 5] * 30)
    assert "a test of fit (adequacy)" not in ms.rank(overlapping, ["gamma"]).verdict


def test_when_a_misfit_is_seen():
    n = visible_size(0.02)
    power = scipy.stats.ncx2.sf(scipy.stats.chi2.isf(0.05, 1), 1, 2 * n * 0.02)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert visible_size(-0.01) == np.inf


# -- order of time -----------------------------------------------------------------------------------------------------


def ar1(n, rho, rng):
    e = rng.standard_normal(n)
    x = np.empty(n)
    x[0] = e[0]
    for i in range(1, n):
        x[i] = rho * x[i - 1] + math.sqrt(1 - rho**2) * e[i]
    return x


def test_neighbours_that_are_alike_are_named():
    x = ar1(500, 0.7, np.random.default_rng(1))
    assert any("neighbouring" in note for note in ms.Sample(x).notes)
    assert not any("neighbouring" in note for note in ms.Sample(np.sort(x)).notes)
    assert not any("neighbouring" in note for note in ms.Sample(np.random.default_rng(2).normal(size=500)).notes)


def test_errors_that_allow_for_dependence():
    x = ar1(4000, 0.8, np.random.default_rng(3))
    sample = ms.Sample(x, ordered=True)
    assert sample.values[sample.order].tolist() == x.tolist()
    naive = ms.rank(sample, ["normal", "logistic", "laplace"])
    hac = ms.rank(sample, ["normal", "logistic", "laplace"], dependence="hac")
    assert (hac.table["delta_se"].iloc[1:] > 1.2 * naive.table["delta_se"].iloc[1:]).all()
    assert hac.table["delta"].tolist() == pytest.approx(naive.table["delta"].tolist())
    nested = ms.rank(ms.Sample(np.exp(x / 5), ordered=True), ["gamma", "exponential"], dependence="hac").comparisons
    assert np.isnan(nested["p_value"].iloc[0])  # a likelihood ratio of dependent observations is not χ²
    with pytest.raises(ms.ConfigurationError, match="ordered"):
        ms.rank(x, ["normal"], dependence="hac")


def test_long_run_variance_of_an_autoregression():
    """Variance of the mean of AR(1): (1 + ρ)/(1 − ρ)/n."""
    x = ar1(200_000, 0.5, np.random.default_rng(4))
    found = long_run_covariance((x - x.mean())[None])[0, 0]
    assert found == pytest.approx(3.0, rel=0.08)


# -- held-out data -----------------------------------------------------------------------------------------------------


def test_scores_of_what_is_fitted_already():
    rng = np.random.default_rng(5)
    old, new = rng.gamma(2.0, 1.0, 300), rng.gamma(2.0, 1.0, 400)
    ranking = ms.rank(old, ["gamma", "normal", "lognormal"])
    scored = ms.score(ranking, new)
    assert scored.table["n_parameters"].tolist() == [0, 0, 0]
    for label, fit in ranking.fits.items():
        expected = -np.mean(fit.distribution.logp(new))
        assert scored.table["cross_entropy"][label] == pytest.approx(expected, rel=1e-12)
    assert scored.comparisons["test"].str.startswith("Vuong").all()
    limit = ms.fit("negative_binomial", {0: 5, 1: 9, 2: 5, 3: 1})
    assert limit.status == "boundary"
    assert ms.score(limit, {0: 3, 1: 4}).best.family.name == "poisson"
    with pytest.raises(ms.CandidateError, match="score"):
        ms.score("gamma", new)


def test_padding_does_not_move_a_distance():
    """Rows of different length stand in one rectangle, filled up by repeating their last cell."""
    x = np.array([[0.0, 1.0, 4.0, 4.0, 4.0], [0.0, 1.0, 2.0, 3.0, 5.0]])
    w = np.array([[5.0, 3.0, 2.0, 0.0, 0.0], [3.0, 3.0, 2.0, 1.0, 1.0]])
    law, at = lookup("weibull")(), (np.full((2, 1), 1.2), np.full((2, 1), 1.9))
    together = integrals(law, Block(x - 0.5, x + 0.5, w), at)
    alone = integrals(law, Block(x[:1, :3] - 0.5, x[:1, :3] + 0.5, w[:1, :3]), (at[0][:1], at[1][:1]))
    for statistic in (anderson_darling, cramer_von_mises, kolmogorov_smirnov):
        assert statistic(together)[0] == pytest.approx(statistic(alone)[0], rel=1e-12)


def test_anderson_darling_keeps_its_digits_far_out():
    """A Pareto's cells of width 1 at 1e9: narrow where they lie; points at their middles say almost the same."""
    x = np.array([[2.0, 5.0, 40.0, 3e5, 1e9]])
    law, at = lookup("pareto")(), (np.full((1, 1), 0.28), np.full((1, 1), 1.4))
    cells = anderson_darling(integrals(law, Block(x - 1e-4, x + 1e-4, np.ones((1, 5))), at))
    points = anderson_darling(integrals(law, Block(x, x, np.ones((1, 5))), at))
    assert cells[0] == pytest.approx(points[0], rel=1e-3)
