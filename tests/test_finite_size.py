"""Laws of test statistics in samples of the size at hand, and ends of the support that were taken from the sample."""

import math

import numpy as np
import pytest
import scipy.stats as st

import modelselect as ms
from modelselect.ranking.comparison import Paired, compare
from modelselect.ranking.ends import ends_taken
from modelselect.ranking.finite_size import interior_share, mean_ratio, vuong_tails


def test_the_larger_law_wins_in_fewer_than_half_of_the_samples():
    """Against independent simulation: NB beats Poisson iff s² > x̄, Student's t the normal (nearly) iff kurtosis > 3."""
    rng = np.random.default_rng(0)
    x = rng.poisson(3.0, 50)
    small, large = ms.fit("poisson", x), ms.fit("negative_binomial", x)
    drawn = rng.poisson(small.parameters["mean"], (20_000, 50))
    expected = np.mean(drawn.var(axis=1) > drawn.mean(axis=1))
    assert expected < 0.46
    found = interior_share(small, large, np.random.default_rng(1))
    assert found == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 500))
    y = rng.normal(size=40)
    found = interior_share(ms.fit("normal", y), ms.fit("student_t", y), np.random.default_rng(1))
    expected = np.mean(st.kurtosis(rng.normal(size=(20_000, 40)), axis=1) > 0)
    assert expected < 0.35
    assert found == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 500))


def test_the_share_is_one_half_where_it_cannot_be_drawn():
    x = np.random.default_rng(0).normal(size=1_500)
    pair = ms.fit("normal", x), ms.fit("student_t", x)
    assert interior_share(*pair, np.random.default_rng(0)) == 0.5  # many observations
    censored = ms.Sample.from_censored([1.0, 2.0, 3.0, 4.0, 6.0, 2.5], [1, 1, 0, 1, 1, 1])
    pair = ms.fit("exponential", censored), ms.fit("lomax", censored)
    assert interior_share(*pair, np.random.default_rng(0)) == 0.5


def test_boundary_p_value_has_that_share():
    counts = {0: 4, 1: 9, 2: 12, 3: 9, 4: 7, 5: 4, 6: 2, 7: 1, 8: 2}
    ranking = ms.rank(counts, ["poisson", "negative_binomial"])
    row = ranking.comparisons.iloc[0]
    large, small = ranking.fits["negative_binomial"], ranking.fits["poisson"]
    share = interior_share(small, large, np.random.default_rng(0))
    assert row["test"] == "likelihood ratio (boundary)"
    assert 0.3 < share < 0.5
    assert row["p_value"] == pytest.approx(share * st.chi2.sf(row["statistic"], 1), rel=1e-12)
    assert ranking.table["p_value"].dropna().item() == row["p_value"]


def test_a_kink_makes_the_ratio_larger_than_chi_square():
    """E of the ratio of Laplace laws, from closed estimates: location the median, scale the mean deviation."""
    x = np.random.default_rng(3).laplace(size=50)
    small, large = ms.fit("laplace", x), ms.fit("asymmetric_laplace", x)
    mean = mean_ratio(small, large, 1, np.random.default_rng(0))
    assert 1.1 < mean < 1.5  # 1.27 ± 0.08 in 4 000 samples
    row = ms.rank(x, ["laplace", "asymmetric_laplace"]).comparisons.iloc[0]
    assert row["p_value"] == pytest.approx(st.chi2.sf(row["statistic"] / mean, 1), rel=1e-12)
    y = np.random.default_rng(3).gamma(1.0, size=50)
    assert mean_ratio(ms.fit("exponential", y), ms.fit("gamma", y), 1, np.random.default_rng(0)) == 1.0


def _poisson_geometric(x):
    """Vuong's statistic of each row, in closed form: leverages (x − m)²/(nm) and (x − m)²/(nm(1 + m))."""
    n = x.shape[-1]
    m = x.mean(axis=-1, keepdims=True)
    d = st.poisson.logpmf(x, m) - st.geom.logpmf(x, 1 / (1 + m), loc=-1)
    left_out = d - (x - m) ** 2 / (n * m) + (x - m) ** 2 / (n * m * (1 + m))
    return d.mean(axis=-1) / np.sqrt(left_out.var(axis=-1, ddof=1) / n + 1 / n**2)


def test_skewed_differences_have_the_law_of_the_mixture_between():
    """Against an independent simulation in closed form of the mixture that is equally far from both."""
    rng = np.random.default_rng(11)
    x = np.where(rng.random(60) < 0.7, rng.poisson(3.0, 60), rng.geometric(0.25, 60) - 1)
    a, b = ms.fit("poisson", x), ms.fit("geometric", x)
    z = float(_poisson_geometric(x))
    m = x.mean()
    v = np.arange(200)
    f, g = st.poisson.pmf(v, m), st.geom.pmf(v, 1 / (1 + m), loc=-1)
    forth, back = st.entropy(f, g), st.entropy(g, f)
    w = back / (forth + back)
    t = _poisson_geometric(rng.choice(v, size=(20_000, 60), p=w * f + (1 - w) * g))
    expected = 2 * min(np.mean(t >= z), np.mean(t <= z))
    found = vuong_tails(a, b, z, 1 / 60**2, np.random.default_rng(0))
    assert found == pytest.approx(expected, abs=2 * 4 * math.sqrt(0.25 * expected / 500) + 0.005)
    row = ms.rank(x, ["poisson", "geometric"]).comparisons.iloc[0]
    assert row["test"] == "Vuong (skewed)"
    assert abs(row["statistic"]) == pytest.approx(abs(z), rel=1e-6)
    assert found > 50 * 2 * st.norm.sf(abs(z))  # what the normal law says


def test_vuong_keeps_its_size_where_differences_are_skewed():
    """0.672 Poisson(3) + 0.328 geometric is equally far from both: by the normal law 11 % were rejected at n = 50."""
    rng = np.random.default_rng(5)
    p_values, normal = [], []
    for _ in range(150):
        x = np.where(rng.random(50) < 0.6722, rng.poisson(3.0, 50), rng.geometric(0.25, 50) - 1)
        one, other = ms.fit("poisson", x), ms.fit("geometric", x)
        z = float(_poisson_geometric(x))
        plain = 2 * st.norm.sf(abs(z))
        p = vuong_tails(one, other, z, 1 / 50**2, np.random.default_rng(0)) if 1e-6 < plain < 0.3 else plain
        p_values.append(plain if math.isnan(p) else p)
        normal.append(plain)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)
    assert np.mean(np.array(normal) <= 0.05) > np.mean(np.array(p_values) <= 0.05)


def test_real_numbers_and_many_counts_keep_the_normal_law():
    x = np.random.default_rng(0).gamma(2.0, size=100)
    pair = ms.fit("gamma", x), ms.fit("lognormal", x)
    assert math.isnan(vuong_tails(*pair, 1.5, 1e-4, np.random.default_rng(0)))
    counts = np.random.default_rng(0).poisson(3.0, 2_000)
    pair = ms.fit("poisson", counts), ms.fit("geometric", counts)
    assert math.isnan(vuong_tails(*pair, 1.5, 1e-4, np.random.default_rng(0)))


# -- ends --------------------------------------------------------------------------------------------------------------


def test_ends_that_were_taken_from_the_sample():
    x = np.random.default_rng(0).random(30)
    assert ends_taken(ms.fit("uniform", x)) == 2
    assert ends_taken(ms.fit({"uniform": {"low": 0}}, x)) == 1
    assert ends_taken(ms.fit({"uniform": {"low": 0, "high": 1}}, x)) == 0
    assert ends_taken(ms.fit({"shifted": "exponential"}, x)) == 1
    assert ends_taken(ms.fit("triangular", x)) == 0  # its ends lie outside the data: no jump there
    assert ends_taken(ms.fit({"binomial": {}}, {0: 3, 1: 9, 2: 5})) == 0


def test_an_end_counts_twice_where_the_best_parameters_are_meant():
    x = np.random.default_rng(1).random(80)
    ranking = ms.rank(x, ["uniform", "beta"])
    row, n = ranking.table.loc["uniform"], 80
    centre = row["cross_entropy"] + (2 + 2) / (2 * n) - ranking.entropy.value
    assert row["kl_high"] == pytest.approx(centre + 1.959963984540054 * row["kl_se"], rel=1e-9)
    fits = ranking.fits
    paired = ranking.paired
    i, j = (list(fits).index(name) for name in ("uniform", "beta"))
    test = compare(fits["uniform"], fits["beta"], Paired(paired.mean, paired.covariance, 80, 80), i, j)
    gap = fits["uniform"].mean_log_likelihood - fits["beta"].mean_log_likelihood
    se = paired.se(i, j)
    assert test.statistic == pytest.approx((gap - 2 / (2 * n)) / math.sqrt(se**2 + 3 / n**2), rel=1e-6)


def test_the_confidence_set_keeps_the_best_beside_estimated_ends():
    """Uniform numbers are beta numbers too: with k/(2n) alone the set lost the beta law in 26 % of the samples."""
    rng = np.random.default_rng(2)
    kept = [ms.rank(rng.random(50), ["uniform", "beta"]).table["in_confidence_set"]["beta"] for _ in range(60)]
    assert np.mean(kept) >= 0.87
