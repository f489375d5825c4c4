"""Observations in an order of time: every error allows for it, or says that it does not."""

import numpy as np
import pytest
import scipy.stats as st
from scipy.signal import lfilter

import modelselect as ms
from modelselect.ranking.dependence import long_run_covariance

FAMILIES = ["gamma", "weibull", "lognormal"]


def autoregressive(n, rho, rng):
    """Gamma(2) numbers, quantiles of a normal autoregression."""
    noise = rng.normal(size=n) * np.sqrt(1 - rho**2)
    noise[0] /= np.sqrt(1 - rho**2)
    return st.gamma(2).ppf(st.norm.cdf(lfilter([1.0], [1.0, -rho], noise)))


@pytest.fixture(scope="module")
def rankings():
    sample = ms.Sample(autoregressive(2_000, 0.85, np.random.default_rng(1)), ordered=True, resolution=None)
    return {kind: ms.rank(sample, FAMILIES, dependence=kind) for kind in ("none", "hac")}


def test_errors_of_the_level_are_those_of_the_series(rankings):
    none, hac = rankings["none"], rankings["hac"]
    sample, fit = hac.sample, hac.fits["lognormal"]
    series = (hac.level.terms + fit.pointwise)[sample.order]
    spread = long_run_covariance((series - series.mean())[None], lags=40)[0, 0]
    assert hac.table["kl_se"]["lognormal"] == pytest.approx(np.sqrt(spread / 2_000), rel=0.25)
    assert hac.table["kl_se"]["lognormal"] > 1.5 * none.table["kl_se"]["lognormal"]
    centre = fit.k / 4_000 + hac.table["cross_entropy"]["lognormal"] - hac.entropy.value
    assert hac.table["kl_high"]["lognormal"] == pytest.approx(centre + 1.959964 * hac.table["kl_se"]["lognormal"])
    assert hac.table["kl"].tolist() == pytest.approx(none.table["kl"].tolist())


def test_how_many_observations_the_series_is_worth(rankings):
    assert rankings["none"].paired.worth == 2_000
    assert 100 < rankings["hac"].paired.worth < 800
    independent = ms.Sample(np.random.default_rng(2).gamma(2.0, size=2_000), ordered=True, resolution=None)
    assert ms.rank(independent, FAMILIES, dependence="hac").paired.worth > 1_400


def test_the_confidence_set_is_no_smaller(rankings):
    """Counted as independent the set loses what the series cannot tell."""
    assert rankings["hac"].table["in_confidence_set"].sum() >= rankings["none"].table["in_confidence_set"].sum()
    few = ms.Sample(autoregressive(300, 0.9, np.random.default_rng(5)), ordered=True, resolution=None)
    sizes = [ms.rank(few, FAMILIES, dependence=kind).table["in_confidence_set"].sum() for kind in ("none", "hac")]
    assert sizes[1] > sizes[0]


def test_tests_that_take_observations_for_independent_are_refused(rankings):
    table = rankings["hac"].adequacy(19)
    assert table["p_value"].isna().all()
    assert table["reason"].str.contains("independent").all()
    assert rankings["none"].adequacy(19).loc["gamma", "p_value"].notna().all()


def test_blocks_that_are_drawn_together_widen_the_interval(rankings):
    """As Newey and West's error does, and to about the same width."""
    ranking = rankings["hac"]
    one, blocks = (
        ranking.bootstrap(99, np.random.default_rng(0), block_length=length).difference("gamma", "lognormal")
        for length in (1, 60)
    )
    labels = list(ranking.fits)
    se = ranking.paired.se(labels.index("gamma"), labels.index("lognormal"))
    assert blocks[1] - blocks[0] > 1.3 * (one[1] - one[0])
    assert blocks[1] - blocks[0] == pytest.approx(2 * 1.96 * se, rel=0.45)


def test_intervals_hold_that_allow_for_dependence():
    """KL of the lognormal law nearest to gamma(2) is 0.0452: 60 series of 400 with ρ = 0.8."""
    rng, held = np.random.default_rng(7), {"none": 0, "hac": 0}
    for _ in range(60):
        sample = ms.Sample(autoregressive(400, 0.8, rng), ordered=True, resolution=None)
        for kind in held:
            row = ms.rank(sample, ["lognormal"], dependence=kind).table.loc["lognormal"]
            held[kind] += row["kl_low"] <= 0.0452 <= row["kl_high"]
    assert held["hac"] >= held["none"]
    assert held["hac"] >= 60 * 0.8
