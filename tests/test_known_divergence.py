"""Divergences between known distributions: against mpmath, published values, and what must hold exactly."""

import itertools
import math
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as ss
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon

import modelselect as ms
from modelselect.divergence.known import (
    cross_entropy,
    entropy,
    jeffreys,
    jensen_shannon,
    kl_divergence,
    renyi,
)
from modelselect.errors import DataError

MEASURES = (kl_divergence, cross_entropy, jensen_shannon, jeffreys, lambda p, q, **k: renyi(p, q, 2.0, **k))

# Computed for this project with mpmath and independently with scipy.stats.entropy (shared/reference,
# identities.json, kind `categorical`): name, p, q, KL(p‖q), KL(q‖p), KL(p‖q) in bits, H(p), cross-entropy.
# The last row is the example of the Wikipedia article on relative entropy.
CATEGORICAL = [
    ("fair coin, q .6/.4", [0.5, 0.5], [0.6, 0.4], 0.02041099726012756477728854, 0.02013551355068887342051277,
     0.02944684452678425714344996, 0.6931471805599453094172321, 0.7135581778200728741945207),
    ("one-hot against QA", [1.0, 0.0, 0.0], [0.7, 0.2, 0.1], 0.3566749439387323789126387, math.inf,
     0.5145731728297582404283501, 0.0, 0.3566749439387323789126387),
    ("one-hot against QB", [1.0, 0.0, 0.0], [0.4, 0.3, 0.3], 0.9162907318741550651835272, math.inf,
     1.321928094887362347870319, 0.0, 0.9162907318741550651835272),
    ("identical", [0.2, 0.3, 0.5], [0.2, 0.3, 0.5], 0.0, 0.0, 0.0, 1.029653014064573527415592,
     1.029653014064573527415592),
    ("Wikipedia 9/25, 12/25, 4/25", [0.36, 0.48, 0.16], [1 / 3, 1 / 3, 1 / 3], 0.08529960131837056792207805,
     0.09745500678538762052138527, 0.1230613118118189034575869, 1.013312687349739123473167,
     1.098612288668109691395245),
]  # fmt: skip


def exact_kl(p, q, digits=60):
    """KL by mpmath on the very doubles given."""
    with mp.workdps(digits):
        return float(mp.fsum(mp.mpf(a) * mp.log(mp.mpf(a) / mp.mpf(b)) for a, b in zip(p, q, strict=True) if a > 0))


@pytest.mark.parametrize(("p", "q", "kl", "reverse", "bits", "h", "cross"), [c[1:] for c in CATEGORICAL],
                         ids=[c[0] for c in CATEGORICAL])  # fmt: skip
def test_reference_values(p, q, kl, reverse, bits, h, cross):
    close = {"rel": 1e-13, "abs": 1e-15}
    assert kl_divergence(p, q) == pytest.approx(kl, **close)
    assert kl_divergence(q, p) == pytest.approx(reverse, **close)
    assert kl_divergence(p, q, base=2) == pytest.approx(bits, **close)
    assert entropy(p) == pytest.approx(h, **close)
    assert cross_entropy(p, q) == pytest.approx(cross, **close)
    assert jeffreys(p, q) == pytest.approx(kl + reverse, **close)


def test_worm_teeth():
    """100 counts of worm teeth; shared/reference, identities.json, kind `worm_teeth` (mpmath, 20 digits)."""
    counts = np.array([2, 3, 5, 14, 16, 15, 12, 8, 10, 8, 7])
    p = counts / 100
    uniform = np.full(11, 1 / 11)
    assert entropy(p) == pytest.approx(2.261215561848701152909141, rel=1e-13)
    assert kl_divergence(p, uniform) == pytest.approx(0.1366797109496693911528022, rel=1e-12)
    assert kl_divergence(p, uniform, base=2) == pytest.approx(0.19718714117722498182, rel=1e-12)

    def binomial(prob):
        return [math.comb(10, k) * prob**k * (1 - prob) ** (10 - k) for k in range(11)]

    assert kl_divergence(p, binomial(0.544)) == pytest.approx(0.4273497248561931175532895, rel=1e-12)
    # the profile over the binomial's p in one call, rows broadcasting against one p
    grid = {
        0.04: 11.231480831612126479,
        0.24: 2.5495930403991708029,
        0.5: 0.46611985491620410712,
        0.54: 0.42767192789773884549,
        0.94: 6.7004031139689126941,
    }
    profile = kl_divergence(p, [binomial(x) for x in grid])
    np.testing.assert_allclose(profile, list(grid.values()), rtol=1e-12)


def test_against_mpmath():
    rng = np.random.default_rng(1)
    for concentration in (0.05, 1.0, 50.0):
        p, q = rng.dirichlet(np.full(7, concentration), size=(2, 20)) + 1e-300
        got = kl_divergence(p, q)
        np.testing.assert_allclose(got, [exact_kl(a, b) for a, b in zip(p, q, strict=True)], rtol=1e-13, atol=3e-16)


@pytest.mark.parametrize("epsilon", [1e-3, 1e-6, 1e-9, 1e-12])
def test_tiny_divergences_keep_their_digits(epsilon):
    p = np.array([0.25, 0.375, 0.125, 0.25])
    q = p + epsilon * np.array([1.0, -1.0, 1.0, -1.0])
    q[3] = float(1 - sum(map(Fraction, q[:3])))
    assert sum(map(Fraction, q)) == 1  # so that the identity behind the sum is exact
    expected = exact_kl(p, q)
    assert kl_divergence(p, q) == pytest.approx(expected, rel=1e-13)
    with mp.workdps(60):
        pairs = [(mp.mpf(a), mp.mpf(b)) for a, b in zip(p, q, strict=True)]
        js = float(sum(a * mp.log(2 * a / (a + b)) + b * mp.log(2 * b / (a + b)) for a, b in pairs) / 2)
    assert jensen_shannon(p, q) == pytest.approx(js, rel=1e-13)
    for alpha in (0.3, 0.999999, 2.0, 5.0):
        with mp.workdps(80):
            order = mp.mpf(alpha)
            exact = mp.log(sum(a**order * b ** (1 - order) for a, b in pairs)) / (order - 1)
        assert renyi(p, q, alpha) == pytest.approx(float(exact), rel=1e-11)


def test_never_negative_and_zero_only_when_equal():
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(50), size=300)
    q = p * (1 + 1e-15 * rng.standard_normal(p.shape))
    q /= q.sum(axis=-1, keepdims=True)
    for measure in (kl_divergence, jensen_shannon, jeffreys):
        assert (measure(p, q) >= 0).all()
        assert (measure(p, p) == 0).all()
    for alpha in (0.0, 0.5, 1.0, 2.0, math.inf):
        assert (renyi(p, q, alpha) >= 0).all()
        assert (renyi(p, p, alpha) < 1e-15).all()


def test_zeros_and_infinities_are_exact():
    assert kl_divergence([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == math.inf
    assert kl_divergence([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]) == pytest.approx(math.log(2), rel=1e-15)
    assert kl_divergence([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]) == 0.0
    assert cross_entropy([1.0, 0.0], [0.0, 1.0]) == math.inf
    assert jeffreys([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]) == math.inf
    assert entropy([1.0, 0.0]) == 0.0
    assert math.copysign(1.0, entropy([1.0])) == 1.0
    assert jensen_shannon([1.0, 0.0], [0.0, 1.0]) == pytest.approx(math.log(2), rel=1e-15)
    # ratios beyond the range of doubles, on both sides
    assert kl_divergence([1.0, 0.0], [1e-310, 1.0]) == pytest.approx(-math.log(1e-310), rel=1e-12)
    assert kl_divergence([1e-310, 1.0], [0.5, 0.5]) == pytest.approx(math.log(2), rel=1e-12)


def test_renyi():
    rng = np.random.default_rng(3)
    p, q = rng.dirichlet(np.ones(6), size=(2, 30))
    for alpha in (0.2, 0.5, 2.0, 7.5):
        naive = np.log((p**alpha * q ** (1 - alpha)).sum(axis=-1)) / (alpha - 1)
        np.testing.assert_allclose(renyi(p, q, alpha), naive, rtol=1e-11)
    np.testing.assert_allclose(renyi(p, q, 1.0), kl_divergence(p, q), rtol=1e-15)
    for near in (1 - 1e-9, 1 + 1e-9):
        np.testing.assert_allclose(renyi(p, q, near), kl_divergence(p, q), rtol=1e-7)
    np.testing.assert_allclose(renyi(p, q, math.inf), np.log((p / q).max(axis=-1)), rtol=1e-12)
    np.testing.assert_allclose(renyi(p, q, 0.0), 0.0, atol=1e-15)
    ladder = np.array([renyi(p, q, a) for a in (0.0, 0.3, 0.9, 1.0, 1.1, 3.0, 40.0, math.inf)])
    assert (np.diff(ladder, axis=0) >= -1e-12).all()
    half = [0.5, 0.5, 0.0]
    assert renyi([0.25, 0.25, 0.5], half, 2.0) == math.inf
    assert renyi([0.25, 0.25, 0.5], half, math.inf) == math.inf
    assert renyi(half, [0.25, 0.25, 0.5], 0.0) == pytest.approx(math.log(2))
    for alpha in (0.0, 0.5, 1.0, 2.0, math.inf):
        assert renyi([1.0, 0.0], [0.0, 1.0], alpha) == math.inf
    assert np.isfinite(renyi([1.0, 0.0], [1e-200, 1.0], 900.0))  # powers that overflow
    for wrong in (-0.1, math.nan):
        with pytest.raises(DataError, match="alpha must be"):
            renyi(half, half, wrong)


def test_identities():
    rng = np.random.default_rng(4)
    p, q = rng.dirichlet(np.full(5, 0.7), size=(2, 40))
    np.testing.assert_allclose(cross_entropy(p, q) - entropy(p), kl_divergence(p, q), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(jensen_shannon(p, q), jensen_shannon(q, p), rtol=1e-14)
    scipys = [jensenshannon(a, b) ** 2 for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(jensen_shannon(p, q), scipys, rtol=1e-11)
    np.testing.assert_allclose(jeffreys(p, q), ((p - q) * np.log(p / q)).sum(axis=-1), rtol=1e-12)
    for measure in MEASURES:
        np.testing.assert_allclose(measure(p, q, base=2) * math.log(2), measure(p, q), rtol=1e-14)


def test_batches_are_loops_and_axes_move():
    rng = np.random.default_rng(5)
    p, q = rng.dirichlet(np.ones(4), size=(3, 5)), rng.dirichlet(np.ones(4), size=5)
    for measure in MEASURES:
        together = measure(p, q)
        assert together.shape == (3, 5)
        for i, j in itertools.product(range(3), range(5)):
            alone = measure(p[i, j], q[j])
            assert type(alone) is float
            assert alone == pytest.approx(together[i, j], rel=1e-15)
        np.testing.assert_array_equal(measure(np.moveaxis(p, -1, 0), np.moveaxis(q, -1, 0), axis=0), together)
    assert entropy(p).shape == (3, 5)
    assert entropy(np.zeros((0, 4))).shape == (0,)
    assert type(entropy([0.5, 0.5])) is float


def test_mappings_are_matched_by_outcome():
    p = {"H": 0.25, "T": 0.75}
    assert kl_divergence(p, {"T": 0.5, "H": 0.5}) == kl_divergence([0.25, 0.75], [0.5, 0.5])
    assert kl_divergence(p, {"T": 0.6, "edge": 0.1, "H": 0.3}) == kl_divergence([0.25, 0.75, 0], [0.3, 0.6, 0.1])
    assert kl_divergence(p, {"H": 1.0}) == math.inf
    assert entropy(p) == entropy([0.25, 0.75])
    assert jensen_shannon({1: 1.0}, {(2, "x"): 1.0}, base=2) == pytest.approx(1.0, rel=1e-15)
    assert kl_divergence({"H": 1, "T": 3}, {"T": 1, "H": 1}, normalize=True) == kl_divergence([0.25, 0.75], [0.5, 0.5])


def test_sums():
    counts = [[1, 3], [2, 2]]
    np.testing.assert_allclose(entropy(counts, normalize=True), entropy(np.array([[0.25, 0.75], [0.5, 0.5]])))
    assert entropy([0.1] * 10) == pytest.approx(math.log(10))  # sums to 1 - 1e-16
    assert np.isfinite(kl_divergence(np.float32([0.1, 0.2, 0.7]), np.float32([0.3, 0.3, 0.4])))
    assert entropy([Fraction(1, 3), Fraction(2, 3)]) == pytest.approx(entropy([1 / 3, 2 / 3]))
    thirds = [0.3333333333, 0.3333333333, 0.3333333333]  # ten printed digits are near enough
    assert entropy(thirds) == pytest.approx(math.log(3), rel=1e-9)
    assert kl_divergence([1 / 3] * 3, thirds) >= 0


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, 0.4], [0.5, 0.5], "p must sum to 1, but sums to 0.9; normalize=True"),
        (
            [[0.5, 0.5], [0.5, 0.5]],
            [[0.5, 0.5], [0.5, 0.625]],
            "q must sum to 1, but sums to 1.125 in row 1;",
        ),
        ([0.3333, 0.3333, 0.3333], [0.2, 0.3, 0.5], "p must sum to 1"),
        ([1.5, -0.5], [0.5, 0.5], "p must be 0 or more, but p[1] is -0.5"),
        ([[0.5, 0.5], [math.nan, 1.0]], [0.5, 0.5], "p must be finite, but p[1, 0] is nan"),
        ([0.5, 0.5], [0.5, math.inf], "q must be finite, but q[1] is inf"),
        ([], [], "p is empty"),
        ({}, {"H": 1.0}, "p is an empty mapping"),
        ({"H": 0.5, "T": 0.5}, {"H": 1.5, "T": -0.5}, "q must be 0 or more, but q['T'] is -0.5"),
        ({"H": 0.5, "T": 0.4}, {"H": 0.5, "T": 0.5}, "p must sum to 1, but sums to 0.9;"),
        ({"H": 1.0}, [1.0], "p and q must both be mappings"),
        ([0.5, 0.5], [0.25, 0.25, 0.5], "p and q must have as many outcomes; they have 2 and 3"),
        ([[0.5, 0.5]] * 2, [[0.5, 0.5]] * 3, "p and q must broadcast over their leading axes"),
        (1.0, [1.0], "p must be a vector of probabilities"),
        (["a", "b"], [0.5, 0.5], "p must be numbers"),
        ([[0.5, 0.5], [1.0]], [0.5, 0.5], "p must be numbers in a rectangular array"),
        ([0.5, 0.5j], [0.5, 0.5], "p must be numbers"),
        ([None, 1.0], [0.5, 0.5], "p must be finite"),
    ],
)
def test_refusals(p, q, message):
    for measure in MEASURES:
        with pytest.raises(DataError, match=re.escape(message)):
            measure(p, q)


def test_refused_options():
    for base in (0.0, 1.0, -2.0, math.nan, math.inf, 0.5):
        with pytest.raises(DataError, match="base must be"):
            entropy([1.0], base=base)
    with pytest.raises(DataError, match="cannot be normalized: its sum is 0 or infinite in row 1"):
        entropy([[1, 1], [0, 0]], normalize=True)
    with pytest.raises(DataError, match="axis must be"):
        entropy([0.5, 0.5], axis=1)


def test_laws_with_different_atoms():
    """Against the integral over the reals and the terms of the atom by hand."""
    gamma = ms.Distribution.of("gamma", shape=2.0, scale=1.0)
    hurdle = ms.fit({"hurdle": "gamma"}, [0, 0, 0, 1.25, 2.25, 0.75, 3.35, 1.75]).distribution
    zero, shape, scale = (hurdle.parameters[name] for name in ("zero_probability", "shape", "scale"))
    f, g = ss.gamma(2.0).pdf, lambda x: (1 - zero) * ss.gamma(shape, scale=scale).pdf(x)

    def over(term):
        return quad(lambda x: term(f(x), g(x)), 0, 60, epsabs=1e-12, points=[0.5, 2, 8])[0]

    middle = over(lambda a, b: 0.5 * (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b))) if a and b else 0.0)
    expected = middle + 0.5 * zero * np.log(2)
    assert jensen_shannon(gamma, hurdle) == pytest.approx(expected, rel=1e-8)
    assert jensen_shannon(hurdle, gamma) == jensen_shannon(gamma, hurdle)
    product = over(lambda a, b: a**0.3 * b**0.7)
    assert renyi(gamma, hurdle, 0.3) == pytest.approx(np.log(product) / (0.3 - 1), rel=1e-8)
    assert (kl_divergence(hurdle, gamma), renyi(hurdle, gamma, 2)) == (np.inf, np.inf)


def test_renyi_knows_where_its_tails_diverge():
    laplace = ms.Distribution.of("laplace", location=0, scale=1)
    logistic = ms.Distribution.of("logistic", location=1, scale=0.5)
    assert [np.isinf(renyi(laplace, logistic, alpha)) for alpha in (1.5, 1.9, 2, 3)] == [False, False, True, True]
    wide, narrow = (ms.Distribution.of("normal", mean=0, sd=sd) for sd in (2, 1))  # finite below 4/3
    assert [np.isinf(renyi(wide, narrow, alpha)) for alpha in (1.2, 1.3, 1.4, 2)] == [False, False, True, True]
    alpha, mixed = 1.3, 1.3 + (1 - 1.3) * 4
    expected = np.log(1 / 2) + np.log(1 / mixed) / (2 * (alpha - 1))
    assert renyi(wide, narrow, alpha) == pytest.approx(expected, rel=1e-8)


ARCSINE = (lambda x: 1 / (mp.pi * mp.sqrt(x * (1 - x))) if 0 < x < 1 else mp.mpf(0), [0, 0.5, 1])
OTHERS = {
    "normal": ({"mean": 0.0, "sd": 1.0}, mp.npdf, [-mp.inf, -5, 0, 0.5, 1, 5, mp.inf]),
    "cauchy": (
        {"location": 0.0, "scale": 1.0},
        lambda x: 1 / (mp.pi * (1 + x * x)),
        [-mp.inf, -5, 0, 0.5, 1, 5, mp.inf],
    ),
    "exponential": ({"scale": 1.0}, lambda x: mp.exp(-x), [0, 0.5, 1, 5, mp.inf]),
    "gamma": ({"shape": 0.5, "scale": 1.0}, lambda x: mp.exp(-x) / mp.sqrt(mp.pi * x), [0, 0.5, 1, 5, mp.inf]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_density_without_bound_at_an_end_inside_the_other_law(name):
    """The arcsine law is infinite at 0 and 1, inside of laws that reach further: all these were not reached at all."""
    given, g, points = OTHERS[name]
    p, q = ms.Distribution.of("beta", a=0.5, b=0.5), ms.Distribution.of(name, **given)
    f, inner = ARCSINE

    def half(a, b):
        return a * mp.log(2 * a / (a + b)) / 2 if a else mp.mpf(0)

    def order(alpha, a, b):
        return float(mp.log(mp.quad(lambda x: a(x) ** alpha * b(x) ** (1 - alpha), inner)) / (alpha - 1))

    with mp.workdps(50):  # for the distances from 1
        expected = float(mp.quad(lambda x: half(f(x), g(x)) + half(g(x), f(x)), points))
        forward = {alpha: order(alpha, f, g) for alpha in (0.3, 0.9, 1.2)}
        back = {alpha: order(alpha, g, f) for alpha in (0.3, 0.9)}
    assert jensen_shannon(p, q) == pytest.approx(expected, rel=1e-9)
    assert jensen_shannon(q, p) == pytest.approx(expected, rel=1e-9)
    assert [renyi(p, q, alpha) for alpha in forward] == pytest.approx(list(forward.values()), rel=1e-9)
    assert [renyi(q, p, alpha) for alpha in back] == pytest.approx(list(back.values()), rel=1e-9)
    assert renyi(q, p, 1.2) == np.inf
    assert renyi(p, q, 2) == np.inf  # ∫ 1/(1 − x) at 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("p", "q", "first"),
    [
        (("geometric", {"p": 0.3}), ("negative_binomial", {"mean": 3.0, "size": 2.0}), np.log(0.6) / np.log(0.6 / 0.7)),
        (("exponential", {"scale": 2.0}), ("exponential", {"scale": 1.0}), 2.0),
        (("cauchy", {"location": 0.0, "scale": 1.0}), ("student_t", {"df": 3.0, "location": 0.0, "scale": 1.0}), 1.5),
        (("uniform", {"low": 0.0, "high": 1.0}), ("gamma", {"shape": 3.0, "scale": 2.0}), 1.5),
        (("beta", {"a": 0.5, "b": 0.5}), ("gamma", {"shape": 3.0, "scale": 2.0}), 1.2),
        (("gumbel", {"location": 0.0, "scale": 1.0}), ("logistic", {"location": 1.0, "scale": 0.5}), 2.0),
    ],
)
def test_renyi_is_infinite_from_the_order_on_at_which_its_integral_diverges(p, q, first):
    """First order of divergence by the decay of p^α q^(1−α) in a tail, or by its power at an end."""
    p, q = (ms.Distribution.of(name, **given) for name, given in (p, q))
    assert np.isfinite(renyi(p, q, 0.97 * first))
    assert renyi(p, q, 1.03 * first) == np.inf
    assert renyi(p, q, 5.0) == np.inf


def test_order_0_is_the_mass_of_q_where_p_has_some_with_atoms_too():
    normal, gamma = ms.Distribution.of("normal", mean=0, sd=1), ms.Distribution.of("gamma", shape=2, scale=1)
    one = ms.fit({"hurdle": "gamma"}, [0, 0, 0, 1.25, 2.25, 0.75, 3.35, 1.75]).distribution  # 3/8 at 0
    two = ms.fit({"hurdle": "exponential"}, [0, 0, 1.25, 2.25, 0.75, 3.35, 1.75]).distribution  # 2/7
    for p, q, mass in [
        (gamma, one, 5 / 8), (normal, one, 5 / 8), (gamma, two, 5 / 7), (normal, gamma, 1.0),
        (one, two, 1.0), (two, one, 1.0), (one, gamma, 1.0), (one, normal, 0.5),
    ]:  # fmt: skip
        assert renyi(p, q, 0) == pytest.approx(-np.log(mass), abs=1e-12)
        assert renyi(p, q, 0) <= renyi(p, q, 0.3)
