"""Entropy of a sample: against brute force, mpmath, known entropies by simulation, and invariances."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy.special import digamma, entr

from modelselect.divergence import counts as module
from modelselect.divergence.counts import chao_wang_jost, miller_madow, plug_in
from modelselect.divergence.entropy import continuous_entropy, jittered, lattice, lattice_entropy, sparse_lattice
from modelselect.divergence.spacings import spacing, spacing_m, spacing_order, spacing_terms
from modelselect.errors import DataError

COUNTERS = (plug_in, miller_madow, chao_wang_jost)


def within(values, expected, bias=0.0, errors=4.0):
    """Whether the mean of replicates is as expected, up to Monte-Carlo error and a stated bias."""
    values = np.asarray(values)
    return abs(values.mean() - expected) < errors * values.std(ddof=1) / math.sqrt(values.size) + bias


def table(draws, size):
    """Counts of the values 0 … size-1, a row a sample."""
    rows = np.zeros((len(draws), size))
    np.add.at(rows, (np.arange(len(draws))[:, None], draws), 1)
    return rows


# counts


def chao_wang_jost_by_definition(counts):
    """Chao, Wang & Jost (2013), equation 4, with the series summed to its last digit by mpmath."""
    counts = [int(c) for c in counts if c]
    n, f1, f2 = sum(counts), counts.count(1), counts.count(2)
    pairs = f2 or 1
    A = mp.mpf(2 * pairs) / ((n - 1) * (f1 if f2 else f1 - 1) + 2 * pairs) if f1 or f2 else mp.mpf(1)
    seen = mp.fsum(mp.mpf(c) / n * mp.fsum(mp.mpf(1) / k for k in range(c, n)) for c in counts if c < n)
    if f1 == 0 or A == 1:
        return float(seen)
    powers = mp.fsum((1 - A) ** r / r for r in range(1, n))
    return float(seen + mp.mpf(f1) / n * (1 - A) ** (1 - n) * (-mp.log(A) - powers))


@pytest.mark.parametrize(
    "counts",
    [[1], [5], [1, 1], [2, 2], [1, 2], [3, 0, 1, 0, 1, 1], [1] * 10, [4, 3, 2, 2, 1, 1, 1], [1] * 40 + [2],
     [7, 7, 7], [1] + [3] * 5, [200, 1, 1, 2], [2] * 9, [1] * 300, list(range(1, 30))],
)  # fmt: skip
def test_chao_wang_jost_by_definition(counts):
    with mp.workdps(120):
        expected = chao_wang_jost_by_definition(counts)
    assert float(chao_wang_jost(counts)) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("n", [1.0, 2.0, 7.0, 100.0, 1e4, 1e6])
@pytest.mark.parametrize("A", [1e-10, 1e-6, 1e-3, 0.089, 0.091, 0.5, 0.999, 1.0])
def test_the_series_of_the_unseen(n, A):
    """Σ z^(r-n+1)/r = z ∫ e^{-nu}/(1 - z e^{-u}) du over u > 0, by quadrature in 30 digits."""
    with mp.workdps(30):
        z = 1 - mp.mpf(A)
        scales = sorted({0.0, *(A * 10.0**k for k in range(11)), *(10.0**k / n for k in range(-4, 3))})
        exact = z * mp.quad(lambda u: mp.exp(-n * u) / (1 - z * mp.exp(-u)), [*scales, mp.inf])
    got = module._unseen_series(np.array([n]), np.array([A]))
    assert got[0] == pytest.approx(float(exact), rel=1e-12, abs=0.0 if A < 1 else 1e-300)


@pytest.mark.parametrize(("A", "terms"), [(1e-2, 4_000), (1e-4, 400_000), (1e-6, 40_000_000)])
def test_the_series_of_the_unseen_by_brute_force(A, terms):
    total = 0.0
    for start in range(0, terms, 1_000_000):
        j = np.arange(start, min(start + 1_000_000, terms))
        total += (np.exp(np.log1p(-A) * (j + 1.0)) / (1e4 + j)).sum()
    assert module._unseen_series(np.array([1e4]), np.array([A]))[0] == pytest.approx(total, rel=1e-11)


def test_plug_in_and_miller_madow():
    counts = np.array([2, 3, 5, 14, 16, 15, 12, 8, 10, 8, 7])  # worm teeth; entropy from shared/reference, mpmath
    assert float(plug_in(counts)) == pytest.approx(2.261215561848701152909141, rel=1e-14)
    assert float(miller_madow(counts)) == pytest.approx(2.261215561848701152909141 + 10 / 200, rel=1e-14)
    # well filled: Chao-Wang-Jost is Miller-Madow
    full = counts * 100
    assert float(chao_wang_jost(full)) == pytest.approx(float(miller_madow(full)), abs=1e-6)


@pytest.mark.parametrize("estimator", COUNTERS)
def test_counts_batched_padded_permuted(estimator):
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.uniform(0.2, 6, size=(3, 8, 1)), size=(3, 8, 12)).astype(float)
    counts[0, 0] = 0
    counts[0, 1] += 0.25
    together = estimator(counts)
    assert together.shape == (3, 8)
    assert np.isnan(together[0, 0])
    for i in np.ndindex(3, 8):
        np.testing.assert_allclose(estimator(counts[i]), together[i], rtol=1e-14)
        np.testing.assert_allclose(estimator(np.append(counts[i], [0, 0, 0])), together[i], rtol=1e-13)
        np.testing.assert_allclose(estimator(counts[i][::-1]), together[i], rtol=1e-13)
    assert estimator(np.zeros((0, 4))).shape == (0,)


@pytest.mark.parametrize("estimator", COUNTERS)
def test_counts_at_the_edges(estimator):
    for n in (1, 2, 1000, 10**9):
        assert float(estimator([n])) == 0.0
        assert float(estimator([0, n, 0])) == 0.0
    assert np.isnan(estimator([0, 0]))
    assert np.isnan(estimator([]))
    for wrong in ([1, -1], [1, math.nan], [math.inf, 1]):
        with pytest.raises(DataError, match="counts must be finite and not negative"):
            estimator(wrong)


def test_fractional_counts():
    counts = np.array([3.5, 1.0, 1.0, 2.0, 0.25])
    n = counts.sum()
    expected = entr(counts / n).sum() + 4 / (2 * n)
    assert float(miller_madow(counts)) == pytest.approx(expected, rel=1e-14)
    assert float(chao_wang_jost(counts)) == pytest.approx(expected, rel=1e-14)
    assert "Miller-Madow" in lattice_entropy(np.arange(5), counts).method
    # sums of tenths are whole, and one fractional sample leaves its neighbours alone
    tenths = np.array([sum([0.1] * 10), sum([0.1] * 20), 3.0, 0.0, 0.0])
    assert float(chao_wang_jost(tenths)) == pytest.approx(float(chao_wang_jost([1, 2, 3])), rel=1e-12)
    np.testing.assert_allclose(chao_wang_jost([counts, tenths])[1], chao_wang_jost([1, 2, 3]), rtol=1e-12)
    # weights of next to nothing are not "the whole number 0"
    assert float(plug_in([1e-12, 1e-12])) == pytest.approx(math.log(2))
    assert float(chao_wang_jost([1e-12, 1e-12])) > 1e6


def test_importance_weights_have_the_bias_of_their_effective_size():
    """What the fall-back to Miller-Madow rests on: plug-in bias (K-1)/(2 n_eff) under random weights."""
    rng = np.random.default_rng(2)
    n, cells, replicates = 400, 8, 4000
    weights = rng.gamma(1.0, size=(replicates, n))
    labels = rng.integers(0, cells, size=(replicates, n))
    counts = np.stack([(weights * (labels == j)).sum(axis=1) for j in range(cells)], axis=-1)
    counts *= (weights.sum(axis=1) / (weights**2).sum(axis=1))[:, None]
    assert not within(plug_in(counts), math.log(cells), bias=0.01)
    assert within(chao_wang_jost(counts), math.log(cells), bias=0.0005)


def test_sparse_counts_by_simulation():
    """Geometric(.05), n = 100: Miller-Madow is .2 too low, Chao-Wang-Jost .06, the jittered form right."""
    p, rng = 0.05, np.random.default_rng(3)
    truth = -(math.log(p) + (1 - p) / p * math.log1p(-p))
    draws = rng.geometric(p, size=(1000, 100)) - 1
    counts = table(draws, draws.max() + 1)
    thin = jittered(np.arange(counts.shape[1]), counts, 1.0, np.random.default_rng(0))
    assert within(miller_madow(counts), truth - 0.21, bias=0.01)
    assert within(chao_wang_jost(counts), truth - 0.06, bias=0.01)
    assert within(thin.value, truth, bias=0.005)
    errors = [np.sqrt(np.mean((v - truth) ** 2)) for v in (thin.value, chao_wang_jost(counts))]
    assert errors[0] < 0.85 * errors[1]
    # the standard error tells the truth, and its interval covers
    assert thin.se.mean() == pytest.approx(thin.value.std(), rel=0.1)
    covered = np.abs(thin.value - truth) < 1.96 * thin.se
    assert 0.91 < covered.mean() < 0.97
    # the default switches there, in all but a few samples
    assert sparse_lattice(np.arange(counts.shape[1]), counts).mean() > 0.98


# spacings


def spacing_by_definition(x, m):
    x = sorted(x)
    n = len(x)
    terms = []
    for i in range(1, n + 1):
        lo, hi = max(i - m, 1), min(i + m, n)
        terms.append(math.log(x[hi - 1] - x[lo - 1]) - digamma(hi - lo) + digamma(n + 1))
    return np.array(terms)


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 1), (3, 2), (4, 3), (7, 3), (7, 4), (7, 6), (50, 3), (50, 30)])
def test_spacing_by_definition(n, m):
    x = np.sort(np.random.default_rng(n).gamma(1.0, size=n))
    expected = spacing_by_definition(x, m)
    np.testing.assert_allclose(spacing_terms(x, m), expected, rtol=1e-13, atol=1e-13)
    assert float(spacing_m(x, m)) == pytest.approx(expected.mean(), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(("n", "m"), [(4, 1), (5, 2), (6, 2), (39, 2), (40, 3), (100, 3), (10_000, 10), (10**6, 32)])
def test_spacing_order(n, m):
    assert spacing_order(n) == m
    assert 2 * m <= n - 1


@pytest.mark.parametrize("n", [4, 5, 9, 100])
def test_the_extrapolation(n):
    x = np.sort(np.random.default_rng(n).normal(size=n))
    m = int(spacing_order(n))
    expected = 1.5 * spacing_by_definition(x, m).mean() - 0.5 * spacing_by_definition(x, 2 * m).mean()
    assert float(spacing(x)) == pytest.approx(expected, rel=1e-12)


def test_samples_of_different_sizes_share_a_block():
    rng = np.random.default_rng(4)
    sizes = np.array([[0, 1, 3, 4, 5], [6, 39, 40, 55, 60]])
    x = np.full((2, 5, 60), np.nan)  # padding may hold anything
    for i in np.ndindex(2, 5):
        x[i][: sizes[i]] = np.sort(rng.normal(size=sizes[i]))
    together = spacing(x, sizes)
    terms = spacing_terms(x, spacing_order(sizes), sizes)
    assert np.isnan(together[sizes < 4]).all()
    for i in np.ndindex(2, 5):
        n = int(sizes[i])
        if n >= 4:
            alone = x[i][:n]
            assert together[i] == pytest.approx(float(spacing(alone)), rel=1e-12)
            np.testing.assert_allclose(
                terms[i][:n], spacing_terms(alone, int(spacing_order(n))), rtol=1e-12, atol=1e-13
            )
            assert terms[i][:n].mean() == pytest.approx(float(spacing_m(alone, int(spacing_order(n)))), rel=1e-12)
        assert (terms[i][n:] == 0).all()
    equal = np.sort(rng.normal(size=(3, 2, 20)), axis=-1)
    np.testing.assert_allclose(spacing(equal), [[spacing(r) for r in rows] for rows in equal], rtol=1e-13)
    assert spacing(np.zeros((0, 10))).shape == (0,)


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 7.0, 1e12, 1e150])
def test_spacing_follows_the_scale(scale):
    x = np.sort(np.random.default_rng(5).lognormal(size=500))
    assert float(spacing(x * scale)) == pytest.approx(float(spacing(x)) + math.log(scale), rel=1e-13)
    assert float(spacing(np.sort(-x * scale))) == pytest.approx(float(spacing(x)) + math.log(scale), rel=1e-13)


def test_ties_give_minus_infinity():
    x = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0])
    assert spacing(x) == -math.inf
    assert spacing_m(x, 2) == -math.inf
    assert np.isneginf(spacing_terms(x, 2)).sum() == 1
    assert spacing(np.ones(10)) == -math.inf
    assert np.isnan(spacing([1.0, 2.0, 3.0]))
    assert np.isnan(spacing([]))


def test_refused_order_statistics():
    for wrong in ([3.0, 1.0, 2.0, 4.0], [0.0, math.nan, 1.0, 2.0], [0.0, 1.0, 2.0, math.inf]):
        with pytest.raises(DataError, match="x must be finite and sorted"):
            spacing(wrong)
    for m in (0, 4, -1):
        with pytest.raises(DataError, match="m must lie between 1 and n - 1"):
            spacing_m([0.0, 1.0, 2.0, 3.0], m)
    with pytest.raises(DataError, match="sizes must lie between"):
        spacing([0.0, 1.0, 2.0, 3.0], 5)


@pytest.mark.parametrize(("n", "m"), [(5, 1), (5, 4), (30, 2), (30, 20), (100, 3)])
def test_spacings_are_unbiased_for_the_uniform(n, m):
    x = np.sort(np.random.default_rng(n).random((4000, n)), axis=-1)
    assert within(spacing_m(x, m), 0.0)


# The project's simulation of the estimators (ENTROPY.md §2), at cells it quotes. Cauchy, n = 1000: bias of
# H_m +.016, extrapolated +.000. Normal model of normal data, n = 100: KL by H_m + k/(2n) is .009, + k/n .019.


def test_simulated_bias_on_heavy_tails():
    x = np.sort(np.random.default_rng(6).standard_cauchy((1500, 1000)), axis=-1)
    truth = math.log(4 * math.pi)
    assert within(spacing_m(x, spacing_order(1000)), truth + 0.016, bias=0.001)
    assert within(spacing(x), truth, bias=0.001)


def test_simulated_bias_of_the_divergence_of_a_true_normal():
    x = np.sort(np.random.default_rng(7).normal(size=(3000, 100)), axis=-1)
    loss = 0.5 * np.log(2 * np.pi * x.var(axis=-1)) + 0.5
    kl = loss - spacing_m(x, 3)
    assert within(kl + 2 / 200, 0.009, bias=0.001)
    assert within(kl + 2 / 100, 0.019, bias=0.001)


@pytest.mark.parametrize(
    ("draw", "truth", "bias"),
    [
        (lambda rng, size: rng.normal(size=size), 0.5 * math.log(2 * math.pi * math.e), 0.003),
        (lambda rng, size: rng.exponential(size=size), 1.0, 0.003),
        (lambda rng, size: rng.lognormal(size=size), 0.5 * math.log(2 * math.pi * math.e), 0.003),
        (lambda rng, size: rng.laplace(size=size), 1 + math.log(2), 0.003),
        (lambda rng, size: rng.random(size=size), 0.0, 0.0),
    ],
)
def test_known_entropies(draw, truth, bias):
    x = np.sort(draw(np.random.default_rng(8), (800, 1000)), axis=-1)
    values = spacing(x)
    assert within(values, truth, bias=bias)
    se = np.array([continuous_entropy(row).se for row in x[:50]])
    assert (0.5 * values.std() < se).all()
    assert se.mean() < values.std() + 0.02


def test_continuous_entropy():
    rng = np.random.default_rng(9)
    x = rng.normal(size=200)
    found = continuous_entropy(x)
    m = int(spacing_order(200))
    assert found.value == float(spacing(np.sort(x)))
    assert found.se == pytest.approx(spacing_by_definition(x, m).std(ddof=1) / math.sqrt(200), rel=1e-10)
    assert found.method == "spacing (1.5 H_m - 0.5 H_2m, m = 4)"
    assert continuous_entropy(x, np.ones(200)) == found
    assert continuous_entropy(np.append(x, 9.0), np.append(np.ones(200), 0.0)) == found
    with pytest.raises(AttributeError):
        found.value = 1.0


@pytest.mark.parametrize(
    ("x", "weights", "reason"),
    [
        ([], None, "0 observations"),
        ([1.0, 2.0, 3.0], None, "3 observations, at least 4"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], [1, 1, 1, 0, 0], "3 observations"),
        ([1.0, 3.0, 2.0, 3.0, 2.0, 2.0], None, "5 of 6 observations are tied"),
        ([1.0, 2.0, 3.0, 4.0], [1, 2, 1, 3], "2 weights are above 1"),
        ([1.0, 2.0, 3.0, 4.0], [1, 1e9, 1, 1], "1 weights are above 1"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 1, 1, 1, 1], "fractional weights"),
    ],
)
def test_no_entropy_but_a_reason(x, weights, reason):
    found = continuous_entropy(x, weights)
    assert np.isnan(found.value)
    assert np.isnan(found.se)
    assert found.method.startswith("none: ")
    assert reason in found.method


def test_refused_continuous_data():
    with pytest.raises(DataError, match="x must be finite"):
        continuous_entropy([1.0, math.nan])
    with pytest.raises(DataError, match="weights must be one a value: there are 2 for 1"):
        continuous_entropy([1.0], [1.0, 1.0])
    with pytest.raises(DataError, match="negative"):
        continuous_entropy([1.0, 2.0], [1.0, -1.0])


# lattices


def thin_sample(seed=10, n=150, p=0.02):
    return np.unique(np.random.default_rng(seed).geometric(p, size=n), return_counts=True)


def test_jittered_by_definition():
    values, weights = thin_sample()
    h, draws = 0.1, 3
    got = jittered(values * h, weights, h, np.random.default_rng(1), draws)
    noise = np.random.default_rng(1).random((150, draws)) - 0.5
    x, m = np.repeat(values * h, weights), int(spacing_order(150))
    samples = [np.sort(x + h * noise[:, d]) for d in range(draws)]
    expected = np.mean([spacing(s) for s in samples]) - math.log(h)
    assert float(got.value) == pytest.approx(expected, rel=1e-10)
    pointwise = np.mean([spacing_terms(s, m) for s in samples], axis=0) - math.log(h)
    by_value = [pointwise[x == v * h].mean() for v in values]
    np.testing.assert_allclose(got.terms, by_value, rtol=1e-8)
    spread = np.repeat(by_value, weights).std(ddof=1)
    assert float(got.se) == pytest.approx(spread / math.sqrt(150), rel=1e-8)


def test_jitter_knows_neither_scale_nor_origin_nor_order_nor_neighbours():
    values, weights = thin_sample()
    plain = jittered(values, weights, 1.0, np.random.default_rng(0))
    for h, origin in ((1e-6, 0.0), (0.01, -3.0), (1e6, 5e5), (0.5, 1e9)):
        moved = jittered(values * h + origin, weights, h, np.random.default_rng(0))
        assert float(moved.value) == pytest.approx(float(plain.value), rel=1e-12)
    shuffled = np.random.default_rng(2).permutation(values.size)
    other = jittered(values[shuffled], weights[shuffled], 1.0, np.random.default_rng(0))
    assert float(other.value) == pytest.approx(float(plain.value), rel=1e-13)
    np.testing.assert_allclose(other.terms, plain.terms[shuffled], rtol=1e-12)
    # beside a larger sample and padding
    block = np.zeros((3, values.max() + 3))
    block[1, values] = weights
    block[0] = 2
    block[2, :2] = 1
    together = jittered(np.arange(block.shape[1]), block, 1.0, np.random.default_rng(0))
    assert together.value[1] == pytest.approx(float(plain.value), rel=1e-12)
    np.testing.assert_allclose(together.terms[1, values], plain.terms, rtol=1e-11)
    assert together.terms[1].sum() == pytest.approx(plain.terms.sum())
    assert np.isnan(together.value[2])
    assert np.isnan(together.se[2])


def test_jitter_refuses():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="whole numbers"):
        jittered([0, 1], [1.5, 1], 1.0, rng)
    with pytest.raises(DataError, match=r"values must lie on one grid of step 1; 1\.3 is off it"):
        jittered([0, 1.3], [1, 1], 1.0, rng)
    with pytest.raises(DataError, match="at most 10000000 observations; one has 10000001"):
        jittered([0, 1], [10**7, 1], 1.0, rng)
    with pytest.raises(DataError, match="step must be positive"):
        jittered([0, 1], [1, 1], 0.0, rng)
    with pytest.raises(DataError, match="values must be finite"):
        jittered([0, math.nan], [1, 1], 1.0, rng)


def test_which_samples_are_sparse():
    values, weights = thin_sample()
    assert sparse_lattice(values, weights)
    assert sparse_lattice(values * 0.01 + 3, weights, 0.01)
    assert not sparse_lattice(3 * values, weights)  # steps of 3
    assert not sparse_lattice(values, weights * 2)  # nothing seen once
    assert not sparse_lattice(values, weights + 0.5)
    assert not sparse_lattice(np.arange(19), np.ones(19))
    assert sparse_lattice(np.arange(20), np.ones(20))
    singles = np.append(np.ones(21), [399])
    assert not sparse_lattice(np.arange(22), singles)  # exactly 5 %
    assert sparse_lattice(np.arange(22), np.append(np.ones(21), [398]))


def test_heaping_is_not_sparse():
    rng = np.random.default_rng(11)
    smooth = rng.negative_binomial(2, 2 / 62, size=(300, 100))
    heaped = np.where(rng.random(smooth.shape) < 0.3, 10 * np.rint(smooth / 10), smooth).astype(int)
    even = np.where(rng.random(smooth.shape) < 0.6, 2 * (smooth // 2), smooth)
    tables = [table(draws, draws.max() + 1) for draws in (smooth, heaped, even)]
    shares = [sparse_lattice(np.arange(t.shape[1]), t).mean() for t in tables]
    assert shares[0] > 0.95
    assert shares[1] < 0.2
    assert shares[2] < 0.1


def test_lattice_is_lattice_entropy_of_each():
    values, thin = thin_sample()
    block = np.zeros((5, values.max() + 1))
    block[0, values] = thin
    block[1, :4] = [7, 5, 2, 1]
    block[2, :4] = [0.5, 1, 2, 3]
    block[4, 3] = 9
    points = np.arange(block.shape[1])
    together = lattice(points, block)
    for i, row in enumerate(block):
        alone = lattice_entropy(points, row)
        assert together.value[i] == pytest.approx(alone.value, rel=1e-12, nan_ok=True)
        assert together.se[i] == pytest.approx(alone.se, rel=1e-10, nan_ok=True, abs=1e-15)
        single = lattice(points, row)
        np.testing.assert_allclose(single.value, together.value[i], rtol=1e-12)
        np.testing.assert_allclose(single.terms, together.terms[i], rtol=1e-10, atol=1e-14)
    p = block[1, :4] / 15
    np.testing.assert_allclose(together.terms[1, :4], -np.log(p), rtol=1e-13)
    spread = np.repeat(-np.log(p), [7, 5, 2, 1]).std(ddof=1)
    assert together.se[1] == pytest.approx(spread / math.sqrt(15), rel=1e-12)
    methods = [lattice_entropy(points, row).method for row in block]
    assert methods == [
        "spacing, jittered (1.5 H_m - 0.5 H_2m, m = 3, 4 draws, seed 0)",
        "Chao-Wang-Jost",
        "Miller-Madow (fractional weights have no singletons for Chao-Wang-Jost)",
        "none: no observations",
        "Chao-Wang-Jost",
    ]


def test_lattice_entropy_by_name():
    values, weights = thin_sample()
    assert lattice_entropy(values, weights, method="plug_in").value == float(plug_in(weights))
    assert lattice_entropy(values, weights, method="miller_madow").value == float(miller_madow(weights))
    assert lattice_entropy(values, weights, method="chao_wang_jost").value == float(chao_wang_jost(weights))
    assert lattice_entropy(["a", "b"], [3, 4], method="chao_wang_jost").value == float(chao_wang_jost([3, 4]))
    spread = lattice_entropy(values, weights, method="spacing", seed=5)
    assert spread.value == float(jittered(values, weights, 1.0, np.random.default_rng(5)).value)
    assert lattice_entropy(values, weights) == lattice_entropy(values, weights)
    assert lattice_entropy([0, 1, 2], [1, 1, 1], method="spacing").method.startswith("none: 3 observations")
    with pytest.raises(DataError, match="method must be one of auto, spacing"):
        lattice_entropy(values, weights, method="vasicek")
