"""Divergences of known laws, of samples and of laws of vectors: references, and what must hold exactly."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats as st
from hypothesis import given, settings
from hypothesis import strategies as some

import modelselect as ms
from modelselect.divergence import pairs
from modelselect.divergence.laws import as_law
from modelselect.divergence.two_sample import nearest_neighbours
from modelselect.family import registered

# theory identities computed for this project with mpmath, closed form against quadrature (shared/reference)
CASES = json.loads(Path(__file__).with_name("reference").joinpath("identities.json").read_text("utf-8"))["cases"]
SAME = [case for case in CASES if case["kind"] == "kl_same_family"]
ACROSS = [case for case in CASES if case["kind"] == "kl_cross_family"]
NAMES = {
    "norm": "loc scale", "lognorm": "s scale", "expon": "scale", "gamma": "a scale", "invgamma": "a scale",
    "beta": "a b", "weibull_min": "c scale", "laplace": "loc scale", "gumbel_r": "loc scale", "pareto": "b scale",
    "rayleigh": "scale", "maxwell": "scale", "halfnorm": "scale", "invgauss": "mu scale", "cauchy": "loc scale",
    "vonmises": "kappa loc", "uniform": "loc scale", "gengamma": "a c scale", "t": "df loc scale",
    "logistic": "loc scale", "poisson": "mu", "geom": "p", "binom": "n p", "nbinom": "n p", "logser": "p",
    "bernoulli": "p", "zipf": "a",
}  # fmt: skip
CLOSE = {"rel": 1e-10, "abs": 1e-15}


def frozen(name, values):
    if name == "dirichlet":
        return st.dirichlet(values)
    return getattr(st, name)(**dict(zip(NAMES[name].split(), values, strict=True)))


@pytest.mark.parametrize("case", SAME, ids=lambda c: f"{c['family']}-{c['p']}-{c['q']}")
def test_laws_of_one_family(case):
    p, q = (frozen(case["family"], case[name]) for name in "pq")
    assert ms.kl_divergence(p, q) == pytest.approx(float(case["kl_p_q_nats"]), **CLOSE)
    assert ms.kl_divergence(q, p) == pytest.approx(float(case["kl_q_p_nats"]), **CLOSE)
    assert ms.kl_divergence(p, q, base=2) == pytest.approx(float(case["kl_p_q_nats"]) / math.log(2), **CLOSE)
    if "entropy_p_nats" in case:
        assert ms.entropy(p) == pytest.approx(float(case["entropy_p_nats"]), **CLOSE)
    if "cross_entropy_p_q_nats" in case:
        assert ms.cross_entropy(p, q) == pytest.approx(float(case["cross_entropy_p_q_nats"]), **CLOSE)


@pytest.mark.parametrize("case", [case for case in ACROSS if "p" in case], ids=lambda c: c["q_family"])
def test_laws_of_two_families(case):
    p, q = (frozen(case[f"{name}_family"].split("(")[0].split(".")[-1], case[name]) for name in "pq")
    assert ms.kl_divergence(p, q) == pytest.approx(float(case["kl_p_q_nats"]), **CLOSE)


@pytest.mark.parametrize(("p", "q"), [
    (st.poisson(3), st.geom(0.25)), (st.poisson(3), st.binom(10, 0.3)), (st.cauchy(0, 1), st.norm(0, 1)),
    (st.norm(0, 1), st.expon()), (st.t(2.0), st.norm(0, 1)), (st.expon(), st.invgamma(1.0)),
    (st.norm(), st.uniform(-99, 198)),
])  # fmt: skip
def test_infinite_divergences_are_found(p, q):
    assert ms.kl_divergence(p, q) == math.inf


def test_the_worm_teeth():
    (case,) = (case for case in CASES if case["kind"] == "worm_teeth")
    teeth = ms.Sample.from_counts(dict(enumerate(case["counts"])))
    assert ms.entropy(teeth, method="plug_in") == pytest.approx(float(case["entropy_nats"]), rel=1e-12)
    for name, law in (("binom10_0_544", st.binom(10, 0.544)), ("uniform_0_10", st.randint(0, 11))):
        expected = float(case[f"kl_{name}_nats"])
        assert ms.kl_divergence(teeth, law) == pytest.approx(expected, rel=1e-12)


def typical(family, share):
    values = {}
    for name, parameter in family.parameters.items():
        low, high = parameter.typical
        value = low ** (1 - share) * high**share if low > 0 else (1 - share) * low + share * high
        values[name] = float(np.rint(value)) if parameter.domain.lattice else float(value)
    return ms.Distribution(family, values)


@pytest.mark.parametrize("name", [name for name, family in registered().items() if not family.made])
def test_every_family(name, monkeypatch):
    p, q = (as_law(typical(registered()[name](), share)) for share in (0.4, 0.6))
    closed = pairs.closed_form(p, q)
    monkeypatch.setattr(pairs, "closed_form", lambda *_: None)
    assert pairs.kl(p, p) == 0.0
    value = pairs.kl(p, q)
    assert value > 0
    if closed is not None:
        assert value == pytest.approx(closed, rel=1e-11, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(some.floats(0.2, 20), some.floats(0.2, 20), some.floats(0.1, 9), some.floats(0.1, 9), some.floats(1e-3, 1e3))
def test_what_holds_for_all_laws(a, b, s, t, unit):
    p, q = st.gamma(a, scale=s), st.lognorm(0.3 + b / 20, scale=t)
    kl = ms.kl_divergence(p, q)
    assert kl >= 0
    assert kl == pytest.approx(ms.cross_entropy(p, q) - ms.entropy(p), abs=1e-9, rel=1e-9)
    moved = st.gamma(a, scale=s * unit), st.lognorm(0.3 + b / 20, scale=t * unit)
    assert ms.kl_divergence(*moved) == pytest.approx(kl, rel=1e-9, abs=1e-10)
    js = ms.jensen_shannon(p, q)
    assert 0 <= js <= min(math.log(2), 0.25 * ms.jeffreys(p, q)) + 1e-10


def test_logits_are_exact_far_out():
    assert ms.kl_divergence([0.0, -1000.0], [0.0, -2000.0], logits=True) == 0.0
    assert ms.kl_divergence([0.0, 0.0], [0.0, -2000.0], logits=True) == pytest.approx(1000 - math.log(2), rel=1e-14)


def test_normal_laws_of_vectors():
    p = st.multivariate_normal([1.0, 2.0], np.diag([1.0, 4.0]))
    q = st.multivariate_normal([0.0, 0.0], np.diag([2.0, 3.0]))
    one = ms.kl_divergence(st.norm(1, 1), st.norm(0, math.sqrt(2)))
    two = ms.kl_divergence(st.norm(2, 2), st.norm(0, math.sqrt(3)))
    assert ms.kl_divergence(p, q) == pytest.approx(one + two, rel=1e-13)
    with pytest.raises(ms.DataError, match="singular"):
        ms.kl_divergence(st.multivariate_normal([0, 0], [[1, 1], [1, 1]], allow_singular=True), q)


def test_two_samples():
    p, q = ms.Sample([1, 1, 2, 3]), ms.Sample([1, 2, 2])
    assert ms.kl_divergence(p, q) == math.inf
    expected = ms.kl_divergence([0.5, 0.25, 0.25], [2 / 6, 3 / 6, 1 / 6])
    assert ms.kl_divergence(p, q, smoothing=1.0) == pytest.approx(expected, rel=1e-14)
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(4000, 2)), rng.normal(0.5, 1.0, size=(4000, 2))
    # standard error over seeds about 0.03
    assert nearest_neighbours(x, y, 5) == pytest.approx(0.25, abs=0.12)


def test_masses_and_densities_are_never_compared():
    with pytest.raises(ms.DataError, match="never compared"):
        ms.kl_divergence(st.poisson(3), st.norm(3, 2))


def test_projections():
    p = ms.Distribution.of("gamma", shape=2.0, scale=3.0)
    laplace = ms.project(p, "laplace").distribution.parameters
    assert laplace["location"] == pytest.approx(float(p.ppf(0.5)), rel=1e-8)
    normal = ms.Distribution.of("normal", mean=1.0, sd=2.0)
    back = ms.project(normal, "laplace", "reverse").distribution.parameters
    assert back["scale"] == pytest.approx(math.sqrt(2), rel=1e-8)  # minimises −log b + b²/4
    with pytest.raises(ms.DataError, match="infinitely far"):
        ms.project(st.cauchy(), "normal")


@pytest.mark.parametrize("resolution", [None, 1.0])
def test_a_sample_and_a_law_as_rank_scores_them(resolution):
    x = np.random.default_rng(0).gamma(2.0, 3.0, 200)
    sample = ms.Sample(x if resolution is None else np.rint(x), resolution=resolution)
    law = ms.Distribution.of("gamma", shape=2.0, scale=3.0)
    ranked = ms.rank(sample, [{"gamma": {"shape": 2, "scale": 3}}]).table["kl"].iloc[0]
    assert ms.kl_divergence(sample, law) == pytest.approx(ranked, rel=1e-9, abs=1e-12)


# -- ends at which a density is infinite, atoms, infinite order --------------------------------------------------------


def _beta_divergence(a, b, c, d):
    """KL of beta(a, b) from beta(c, d), in closed form."""
    from scipy.special import betaln, digamma

    return betaln(c, d) - betaln(a, b) + (a - c) * digamma(a) + (b - d) * digamma(b) + (c - a + d - b) * digamma(a + b)


@pytest.mark.parametrize("end", [0.0, 1.0, -7.0])
def test_densities_that_are_infinite_at_an_end_that_is_not_0(end):
    """Beside 1 or −7 the distance has more digits than x: the arcsine law, wherever it lies."""
    arcsine, beta = st.arcsine(loc=end), st.beta(0.9, 1.7, loc=end)
    assert ms.kl_divergence(arcsine, st.uniform(end, 1.0)) == pytest.approx(math.log(4 / math.pi), abs=1e-10)
    assert ms.kl_divergence(arcsine, beta) == pytest.approx(_beta_divergence(0.5, 0.5, 0.9, 1.7), abs=1e-10)
    assert ms.entropy(arcsine) == pytest.approx(math.log(math.pi / 4), abs=1e-10)


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (st.norm(), st.norm(0, 2), math.log(2)),
        (st.norm(1, 1), st.norm(0, 2), math.log(2) + 1 / 6),
        (st.norm(0, 2), st.norm(), math.inf),
        (st.norm(), st.norm(1), math.inf),  # equal spreads: the ratio grows as e^x
        (st.cauchy(), st.cauchy(0, 2), math.log(2)),
        (st.cauchy(0, 2), st.cauchy(), math.log(2)),  # a limit far out, which is not reached
        (st.norm(), st.laplace(), 0.5 + math.log(2) - 0.5 * math.log(2 * math.pi)),  # at ±1
        (st.expon(), st.gamma(2), math.inf),  # at 0
        (st.expon(), st.expon(scale=2), math.log(2)),
        (st.beta(2, 3), st.uniform(), math.log(12 * 4 / 27)),
        (st.arcsine(loc=4), st.uniform(4, 1), math.inf),
        (st.uniform(4, 1), st.arcsine(loc=4), math.log(math.pi / 2)),
        (st.poisson(2), st.poisson(3), 1.0),
        (st.poisson(3), st.poisson(2), math.inf),
        (st.binom(10, 0.3), st.binom(10, 0.5), 10 * math.log(1.4)),
        (st.poisson(3), st.binom(10, 0.3), math.inf),
        (st.gamma(2.3), st.gamma(2.3), 0.0),
    ],
)
def test_infinite_order_is_the_largest_ratio(p, q, expected):
    assert ms.renyi(p, q, math.inf) == pytest.approx(expected, abs=1e-9)


def test_projection_of_a_law_with_an_atom():
    hurdle = ms.fit({"hurdle": "gamma"}, [0, 0, 0, 1.2, 2.5, 0.7, 3.1, 0.2]).distribution
    same = ms.project(hurdle, {"hurdle": "gamma"})
    assert list(same.distribution.parameters.values()) == pytest.approx(list(hurdle.parameters.values()), abs=1e-8)
    assert 0 <= same.kl < 1e-12
    share = hurdle.parameters["zero_probability"]
    other = ms.project(hurdle, {"hurdle": "lognormal"})
    parts = {name: hurdle.parameters[name] for name in ("shape", "scale")}
    alone = ms.project(ms.Distribution.of("gamma", **parts), "lognormal")
    assert other.kl == pytest.approx((1 - share) * alone.kl, abs=1e-9)
    assert other.distribution.parameters["zero_probability"] == pytest.approx(share, abs=1e-9)
    with pytest.raises(ms.DataError, match="has an atom at 0"):
        ms.project(hurdle, "gamma")
