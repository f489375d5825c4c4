"""The selectable estimators of the entropy: against mpmath, slow loops written from the papers, and theory."""

import math

import mpmath as mp
import numpy as np
import pytest

from modelselect.divergence.counts import chao_shen, grassberger, plug_in
from modelselect.divergence.neighbours import kozachenko_leonenko, neighbour_order
from modelselect.divergence.nsb import nsb, possible_outcomes
from modelselect.divergence.spacings import correa, spacing_m, spacing_order, van_es, vasicek
from modelselect.errors import DataError

SAMPLES = [
    [1],
    [5],
    [1, 1],
    [2, 2],
    [1, 2],
    [3, 0, 1, 0, 1, 1],
    [1] * 10,
    [4, 3, 2, 2, 1, 1, 1],
    [200, 1, 1, 2],
    [30, 40],
]


def within(values, expected, bias=0.0, errors=4.0):
    values = np.asarray(values)
    return abs(values.mean() - expected) < errors * values.std(ddof=1) / math.sqrt(values.size) + bias


# counts


def grassberger_by_recursion(counts):
    """Grassberger (2003), equations 31 to 35: G_1 = -γ - log 2, G_2 = 2 - γ - log 2, then in steps of two."""
    G = {1: -mp.euler - mp.log(2), 2: 2 - mp.euler - mp.log(2)}
    for k in range(1, max(counts)):
        G[2 * k + 1] = G[2 * k]
        G[2 * k + 2] = G[2 * k] + mp.mpf(2) / (2 * k + 1)
    n = sum(counts)
    return float(mp.log(n) - mp.fsum(c * G[c] for c in counts if c) / n)


def chao_shen_by_hand(counts):
    """Chao & Shen (2003), equation 8, with vegan's convention where all are singletons."""
    counts = [c for c in counts if c]
    n, f1 = sum(counts), counts.count(1)
    coverage = 1 - mp.mpf(f1 - (f1 == n)) / n
    shrunk = [coverage * c / n for c in counts]
    return float(mp.fsum(-p * mp.log(p) / (1 - (1 - p) ** n) for p in shrunk))


@pytest.mark.parametrize("counts", SAMPLES)
def test_counts_by_definition(counts):
    assert float(grassberger(counts)) == pytest.approx(grassberger_by_recursion(counts), rel=1e-12, abs=1e-14)
    assert float(chao_shen(counts)) == pytest.approx(chao_shen_by_hand(counts), rel=1e-12, abs=1e-14)


def nsb_by_quadrature(counts, K):
    """The ratio of the two integrals over β itself, by mpmath in 40 digits."""
    counts = [mp.mpf(c) for c in counts if c]
    n, seen = mp.fsum(counts), len(counts)

    def weight(b):
        likelihood = mp.loggamma(K * b) - mp.loggamma(n + K * b)
        likelihood += mp.fsum(mp.loggamma(c + b) - mp.loggamma(b) for c in counts)
        return mp.exp(likelihood + n * mp.log(n)) * (K * mp.psi(1, K * b + 1) - mp.psi(1, b + 1))

    def mean(b):
        total = n + K * b
        inside = mp.fsum((c + b) * mp.psi(0, c + b + 1) for c in counts) + (K - seen) * b * mp.psi(0, b + 1)
        return mp.psi(0, total + 1) - inside / total

    # β = s/(1 - s) maps the half line to (0, 1); the pieces are where the integrand changes its scale
    # the pieces are where the integrand changes its scale
    places = [0, 1e-3, 1e-2, 0.1, 1, 10, 1e2, 1e4, mp.inf]

    def integral(of):
        return mp.quad(of, places, maxdegree=5)

    return float(integral(lambda b: weight(b) * mean(b)) / integral(weight))


@pytest.mark.parametrize(
    ("counts", "K"),
    [([1], 2), ([3, 1], 2), ([10], 5), ([4, 3, 1, 1, 1], 8), ([1] * 6, 1000), ([50, 30, 20, 1], 6), ([25] * 4, 4),
     ([2.5, 1.25, 0.5], 3)],
)  # fmt: skip
def test_nsb_by_quadrature(counts, K):
    with mp.workdps(17):
        expected = nsb_by_quadrature(counts, K)
    assert float(nsb(counts, K)) == pytest.approx(expected, rel=1e-8)


def test_nsb_of_many_counts_is_their_entropy():
    p = np.arange(1, 301) / (150 * 301)
    counts = np.random.default_rng(0).multinomial(3_000_000, p)
    assert abs(float(nsb(counts, 300)) - float(-(p * np.log(p)).sum())) < 0.002
    # with K known to be much larger than needed it hardly changes: NSB's selling point
    assert float(nsb(counts, 600)) == pytest.approx(float(nsb(counts, 300)), abs=1e-3)


def test_nsb_of_typical_draws_of_its_prior_is_unbiased():
    """Averaged over the prior a posterior mean is exact: draw β by ξ, p by Dirichlet, counts by p."""
    rng, K, n = np.random.default_rng(1), 10, 15
    from scipy.special import digamma

    grid = np.exp(np.linspace(-12, 14, 20_001))
    xi = digamma(K * grid + 1) - digamma(grid + 1)
    b = np.interp(rng.uniform(0, math.log(K), 4000), xi, grid)
    gammas = np.log(rng.gamma(b[:, None] + 1, size=(4000, K))) + np.log(rng.random((4000, K))) / b[:, None]
    p = np.exp(gammas - gammas.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    truth = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=1)
    counts = rng.multinomial(n, p)
    errors = nsb(counts, K) - truth
    assert within(errors, 0.0)
    assert not within(plug_in(counts) - truth, 0.0)


def test_possible_outcomes():
    assert float(possible_outcomes([5, 5])) == 2
    assert float(possible_outcomes([1, 1, 1, 2])) == 4 + 2  # 3·2/(2·2) = 1.5, rounded up
    assert float(possible_outcomes([0.5, 0.25])) == 2
    with pytest.raises(DataError, match="outcomes must be at least the number seen, 3; it is 2"):
        nsb([1, 1, 1], 2)


@pytest.mark.parametrize("estimator", [chao_shen, grassberger, nsb])
def test_counts_batched_padded_permuted(estimator):
    rng = np.random.default_rng(2)
    counts = rng.poisson(rng.uniform(0.2, 6, size=(3, 4, 1)), size=(3, 4, 12)).astype(float)
    counts[0, 0] = 0
    together = estimator(counts)
    assert together.shape == (3, 4)
    assert np.isnan(together[0, 0])
    for i in np.ndindex(3, 4):
        if counts[i].any():
            alone = estimator(counts[i][counts[i] > 0])
            assert float(together[i]) == pytest.approx(float(alone), rel=1e-9)
    padded = np.concatenate([rng.permuted(counts, axis=-1), np.zeros((3, 4, 5))], axis=-1)
    np.testing.assert_allclose(estimator(padded), together, rtol=1e-9)


@pytest.mark.parametrize("estimator", [chao_shen, grassberger])
def test_fractions_are_refused(estimator):
    with pytest.raises(DataError, match=r"whole numbers for the entropy of .*; one of them is 0\.5"):
        estimator([1.0, 0.5])


def test_bias_of_grassberger():
    """Of n ~ Poisson(Kλ) in K cells n H is E1(2λ) λK below n log n less Σ λ log λ; n log n itself is 1/2 too large."""
    rng, K, n = np.random.default_rng(3), 20, 80
    counts = rng.multinomial(n, np.ones(K) / K, size=8000)
    assert within(grassberger(counts), math.log(K) + 1 / (2 * n), bias=2e-4)
    assert not within(plug_in(counts), math.log(K), bias=0.1)


def test_chao_shen_where_most_is_unseen():
    rng = np.random.default_rng(4)
    counts = rng.multinomial(100, np.ones(200) / 200, size=500)
    assert abs(chao_shen(counts).mean() - math.log(200)) < 0.1 < 0.5 < math.log(200) - plug_in(counts).mean()


# real numbers


def clamped(x, j):
    return x[min(max(j, 0), len(x) - 1)]


def vasicek_by_loops(x, m):
    n = len(x)
    return np.mean([math.log(n / (2 * m) * (clamped(x, i + m) - clamped(x, i - m))) for i in range(n)])


def van_es_by_loops(x, m):
    n = len(x)
    inner = np.mean([math.log((n + 1) / m * (x[i + m] - x[i])) for i in range(n - m)])
    return inner + sum(1 / k for k in range(m, n + 1)) + math.log(m / (n + 1))


def correa_by_loops(x, m):
    n, logs = len(x), []
    for i in range(n):
        window = [clamped(x, j) for j in range(i - m, i + m + 1)]
        mean = sum(window) / len(window)
        top = sum((v - mean) * j for v, j in zip(window, range(-m, m + 1), strict=True))
        logs.append(math.log(top / (n * sum((v - mean) ** 2 for v in window))))
    return -np.mean(logs)


def neighbours_by_loops(x, k):
    n = len(x)
    logs = [math.log(2 * sorted(abs(x[i] - x[j]) for j in range(n) if j != i)[k - 1]) for i in range(n)]
    return np.mean(logs) + float(mp.psi(0, n) - mp.psi(0, k))


BY_LOOPS = {vasicek: vasicek_by_loops, van_es: van_es_by_loops, correa: correa_by_loops}


@pytest.mark.parametrize("estimator", BY_LOOPS)
@pytest.mark.parametrize(("n", "m"), [(4, 1), (7, 1), (7, 3), (50, 3), (51, 25)])
def test_spacings_by_loops(estimator, n, m):
    x = np.sort(np.random.default_rng(n).gamma(1.0, size=n))
    assert float(estimator(x, m)) == pytest.approx(BY_LOOPS[estimator](x, m), rel=1e-11)


@pytest.mark.parametrize(("n", "k"), [(4, 1), (4, 3), (7, 6), (50, 1), (50, 5), (200, 40)])
def test_neighbours_by_loops(n, k):
    x = np.sort(np.random.default_rng(n).standard_t(3, size=n))
    assert float(kozachenko_leonenko(x, k)) == pytest.approx(neighbours_by_loops(x, k), rel=1e-11)


CONTINUOUS = [*BY_LOOPS, kozachenko_leonenko]


@pytest.mark.parametrize("estimator", CONTINUOUS)
def test_samples_of_different_sizes_share_a_block(estimator):
    rng = np.random.default_rng(5)
    sizes = np.array([[0, 1, 3, 4, 5], [6, 39, 40, 55, 300]])
    x = np.full((2, 5, 300), np.nan)
    for i in np.ndindex(2, 5):
        x[i][: sizes[i]] = np.sort(rng.normal(size=sizes[i]))
    together = estimator(x, None, sizes)
    assert np.isnan(together[sizes < 4]).all()
    for i in np.ndindex(2, 5):
        if sizes[i] >= 4:
            assert together[i] == pytest.approx(float(estimator(x[i][: sizes[i]])), rel=1e-11)
    for s in (1e-12, 1e12):
        moved = np.sort(-x[1, 4] * s)
        assert float(estimator(moved)) == pytest.approx(float(together[1, 4]) + math.log(s), rel=1e-10)


@pytest.mark.parametrize("estimator", CONTINUOUS)
def test_ties_give_minus_infinity(estimator):
    assert estimator([0.0, *[1.0] * 9, 2.0, 3.0, 4.0, 5.0]) == -math.inf


def test_orders_are_checked():
    for estimator in BY_LOOPS:
        for m in (0, 2, 7):
            with pytest.raises(DataError, match="m must be at least 1 and below n/2"):
                estimator([0.0, 1.0, 2.0, 3.0], m)
    for k in (0, 4):
        with pytest.raises(DataError, match="k must lie between 1 and n - 1"):
            kozachenko_leonenko([0.0, 1.0, 2.0, 3.0], k)
    assert neighbour_order(30) == 3


def test_van_es_is_unbiased_for_the_uniform_and_vasicek_is_not():
    x = np.sort(np.random.default_rng(6).random((4000, 30)), axis=-1)
    assert within(van_es(x, 4), 0.0)
    assert within(spacing_m(x, 4), 0.0)
    # E H_vasicek = mean ψ(c_i) - ψ(n+1) + log(n/2m), c_i the spacings in the window
    c = [min(i + 4, 29) - max(i - 4, 0) for i in range(30)]
    expected = np.mean([float(mp.psi(0, k)) for k in c]) - float(mp.psi(0, 31)) + math.log(30 / 8)
    assert within(vasicek(x, 4), expected)
    assert expected < -0.1


@pytest.mark.parametrize(
    ("estimator", "bias"), [(vasicek, 0.11), (van_es, 0.03), (correa, 0.04), (kozachenko_leonenko, 0.01)]
)
def test_known_entropies(estimator, bias):
    x = np.sort(np.random.default_rng(7).normal(size=(300, 1000)), axis=-1)
    truth = 0.5 * math.log(2 * math.pi * math.e)
    assert abs(estimator(x).mean() - truth) < bias
    order = spacing_order(1000)
    if estimator is not kozachenko_leonenko:
        np.testing.assert_allclose(estimator(x, order), estimator(x), rtol=1e-14)
