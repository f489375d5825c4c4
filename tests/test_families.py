"""Every registered family keeps the contract, and its formulas agree with 50-digit references."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.stats as ss
from scipy.special import logsumexp

import modelselect.families
from modelselect.family import lookup, registered
from modelselect.testing import CHECKS, check_family
from modelselect.testing.formulas import check_hessian, check_pickling

FAMILIES = {name: family for name, family in registered().items() if not family.made}
REFERENCES = [
    case
    for path in sorted(Path(__file__).with_name("reference").glob("families*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]


#: Their distribution functions are integrals or long sums, or their ridges long: checks of their estimates take from
#: ten seconds to minutes, and run where MODELSELECT_SLOW is set. The checks of their formulas are among the others.
SLOW = {
    "beta_negative_binomial", "crystal_ball", "delaporte", "generalized_beta_prime", "johnson_su", "kappa_4",
    "normal_inverse_gaussian", "poisson_lognormal", "sichel", "sinh_arcsinh", "skew_t", "stable", "tukey_lambda",
    "wakeby",
}  # fmt: skip
FITS = CHECKS[CHECKS.index(check_pickling) + 1 :]


@pytest.mark.parametrize(("name", "check"), [
    pytest.param(name, check, id=f"{check.__name__.removeprefix('check_')}-{name}")
    for name in FAMILIES
    for check in CHECKS
    if not (name in SLOW and check in FITS) or "MODELSELECT_SLOW" in os.environ
])  # fmt: skip
def test_contract(name, check):
    check(FAMILIES[name]())


@pytest.mark.parametrize("name", sorted({case["family"] for case in REFERENCES}))
def test_formulas_agree_with_mpmath(name):
    cases = [case for case in REFERENCES if case["family"] == name]
    family = FAMILIES[name]()
    for case in cases:
        x, theta = np.array(case["x"]), case["parameters"]
        for function, relative in (("logp", 1e-12), ("log_cdf", 1e-10), ("log_sf", 1e-10)):
            if function not in case:
                continue
            expected = np.array([float(value) for value in case[function]])
            value = getattr(family, function)(x, *theta)
            floor = 1e-12 if function == "logp" else 1e-40
            np.testing.assert_allclose(
                value, expected, rtol=relative, atol=floor, err_msg=f"{function} of {name}{theta}"
            )
            if function != "logp":
                plain = getattr(family, function.removeprefix("log_"))(x, *theta)
                np.testing.assert_allclose(plain, np.exp(expected), rtol=1e-10, atol=1e-290, err_msg=f"{name}{theta}")


def test_names_and_aliases_are_all_different():
    names = [name for family in registered().values() for name in (family.name, *family.aliases)]
    assert sorted(names) == sorted(set(names))


def test_check_family_accepts_a_name_and_finds_what_is_wrong():
    check_family("rayleigh")

    class Broken(FAMILIES["exponential"]):
        def logp(self, x, scale):
            return -x / scale

    with pytest.raises(AssertionError, match="integrate"):
        check_family(Broken)


def test_a_wrong_hessian_is_found():
    class Crooked(FAMILIES["logistic"]):
        def hessian(self, x, location, scale):
            h11, h21, h22 = super().hessian(x, location, scale)
            return h11, -h21, h22

    check_hessian(FAMILIES["logistic"]())
    with pytest.raises(AssertionError, match="not the derivative of the score"):
        check_hessian(Crooked())


@pytest.mark.parametrize("name", ["poisson", "negative_binomial"])
def test_a_row_of_small_and_large_counts_may_have_parameters_of_their_own(name: str) -> None:
    x, mean = np.array([[3.0, 7000.0, 12.0]]), np.array([2.0, 6900.0, 15.0])
    family = lookup(name)()
    rest = [np.array([4.0, 50.0, 2.0])] if name == "negative_binomial" else []
    alone = [family.logp(x[0, i], mean[i], *(one[i] for one in rest)) for i in range(3)]
    assert family.logp(x, mean, *rest)[0] == pytest.approx(np.array(alone), rel=1e-13)


def test_the_catalogue_says_where_the_support_ends():
    support = modelselect.families()["support"]
    assert {name: support[name] for name in ("uniform", "johnson_sb", "pareto", "argus", "beta", "normal")} == {
        "uniform": "[low, high]",
        "johnson_sb": "[location, location + scale]",
        "pareto": "[minimum, ∞)",
        "argus": "(0, scale]",
        "beta": "[0, 1]",
        "normal": "(-∞, ∞)",
    }
    assert (support["binomial"], support["hypergeometric"]) == ("0, …, n", "0, 1, 2, …")
    assert (support["zeta"], support["discrete_uniform"]) == ("minimum, minimum + 1, …", "low, …, high")


def test_masses_of_a_delaporte_follow_one_another():
    """Against the convolution of a Poisson and a negative binomial, and differences of it, to thousands."""
    law, x = lookup("delaporte")(), np.array([0.0, 1, 2, 7, 60, 255, 256, 900, 4000])
    j = np.arange(4001.0)
    for theta in ((0.3, 9.0, 0.4), (40.0, 3.0, 5.0), (900.0, 700.0, 2.0), (1e-8, 50.0, 0.7)):

        def mass(k, theta):
            poisson, gamma, size = theta
            terms = ss.poisson.logpmf(j[: int(k) + 1], poisson)
            terms = terms + ss.nbinom.logpmf(k - j[: int(k) + 1], size, size / (size + gamma))
            return logsumexp(terms)

        expected = np.array([mass(k, theta) for k in x])
        assert law.logp(x, *theta) == pytest.approx(expected, rel=1e-11, abs=1e-11)
        together = law.logp(x, *(np.array([[p], [2 * p]]) for p in theta))
        assert together[0] == pytest.approx(expected, rel=1e-11, abs=1e-11)
        for score, place in zip(law.score(x, *theta), range(3), strict=True):
            step = 1e-4 * theta[place]
            moved = [[*theta[:place], theta[place] + sign * step, *theta[place + 1 :]] for sign in (-1, 1)]
            low, high = (np.array([mass(k, other) for k in x]) for other in moved)
            assert score * theta[place] == pytest.approx((high - low) / 2e-4, rel=1e-5, abs=1e-5)


def test_a_table_of_masses_is_made_in_parts(monkeypatch):
    law, rng = lookup("delaporte")(), np.random.default_rng(1)
    x, theta = rng.integers(0, 300, (7, 5)).astype(float), [rng.gamma(2.0, 3.0, (7, 1)) for _ in range(3)]
    whole = law.logp(x, *theta)
    monkeypatch.setattr("modelselect.families.counts.recursion._CELLS", 400)
    assert np.array_equal(law.logp(x, *theta), whole)
    one_each = [np.broadcast_to(p, x.shape) for p in theta]
    assert law.logp(x, *one_each) == pytest.approx(whole, rel=1e-13)
