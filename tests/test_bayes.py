"""Conjugate posteriors against numerical integration: law, evidence, information gained, predictive."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import modelselect as ms
from modelselect.divergence.bayes import NormalGamma
from modelselect.errors import CandidateError, DataError

COUNTS = np.array([0, 2, 1, 4, 3, 1])
REAL = np.array([0.3, 1.7, 0.9, 2.2])

#: prior, likelihood, data, log-likelihood of one observation given the parameter, next observation, where it lies
PAIRS: list[tuple[Any, ...]] = [
    (stats.beta(2, 3), ("beta", {"a": 2, "b": 3}), "bernoulli", [1, 0, 1, 1], stats.bernoulli.logpmf, 1, (0, 1)),
    (stats.beta(2, 3), ("beta", {"a": 2, "b": 3}), {"binomial": {"n": 5}}, COUNTS,
     lambda x, p: stats.binom.logpmf(x, 5, p), 2, (0, 1)),
    (stats.beta(2, 3), ("beta", {"a": 2, "b": 3}), "geometric", COUNTS,
     lambda x, p: stats.nbinom.logpmf(x, 1, p), 2, (0, 1)),
    (stats.beta(2, 3), ("beta", {"a": 2, "b": 3}), {"negative_binomial": {"size": 2.5}}, COUNTS,
     lambda x, p: stats.nbinom.logpmf(x, 2.5, p), 2, (0, 1)),
    (stats.gamma(2, scale=1.5), ("gamma", {"shape": 2, "scale": 1.5}), "poisson", COUNTS,
     stats.poisson.logpmf, 3, (0, 40)),
    (stats.gamma(2, scale=1.5), ("gamma", {"shape": 2, "scale": 1.5}), "exponential", REAL,
     lambda x, rate: stats.expon.logpdf(x, scale=1 / rate), 1.1, (0, 40)),
    (stats.norm(1, 2), ("normal", {"mean": 1, "sd": 2}), {"normal": {"sd": 0.8}}, REAL,
     lambda x, m: stats.norm.logpdf(x, m, 0.8), 1.1, (-15, 15)),
    (stats.invgamma(3, scale=2), ("inverse_gamma", {"shape": 3, "scale": 2}), {"normal": {"mean": 1}}, REAL,
     lambda x, v: stats.norm.logpdf(x, 1, np.sqrt(v)), 1.1, (1e-3, 400)),
    (stats.pareto(2, scale=1.5), ("pareto", {"shape": 2, "minimum": 1.5}), {"uniform": {"low": 0}}, REAL,
     lambda x, high: np.where(x <= high, -np.log(high), -np.inf), None, (2.2, np.inf)),
]  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[1][0]}-{pair[2]}")
def test_conjugate_pairs_are_what_integration_says(pair: tuple[Any, ...]) -> None:
    prior, (family, parameters), likelihood, data, log_likelihood, following, (low, high) = pair
    found = ms.posterior(ms.Distribution.of(family, **parameters), likelihood, data)

    def joint(theta: float) -> float:
        return math.exp(prior.logpdf(theta) + sum(float(log_likelihood(x, theta)) for x in data))

    def integral(of: Any) -> float:
        return float(integrate.quad(of, low, high, epsabs=0, epsrel=1e-10, limit=400)[0])

    evidence = integral(joint)
    assert found.log_evidence == pytest.approx(math.log(evidence), rel=1e-8)
    for theta in (found.distribution.ppf(0.2), found.distribution.ppf(0.7)):
        assert found.distribution.pdf(theta) == pytest.approx(joint(theta) / evidence, rel=1e-8)

    def gain(theta: float) -> float:
        density = joint(theta) / evidence
        return density * (math.log(density) - prior.logpdf(theta)) if density > 0 else 0.0

    assert found.information_gain == pytest.approx(integral(gain), rel=1e-7)
    if following is None:
        assert found.predictive is None
    else:
        expected = integral(lambda theta: joint(theta) / evidence * math.exp(float(log_likelihood(following, theta))))
        assert found.predictive.pdf(following) == pytest.approx(expected, rel=1e-7)


def test_both_parameters_of_a_normal() -> None:
    prior = NormalGamma(mean=0.5, count=2, shape=1.5, rate=0.7)
    found = ms.posterior(prior, "normal", REAL)

    def log_prior(m: Any, precision: Any, p: NormalGamma = prior) -> Any:
        return stats.gamma.logpdf(precision, p.shape, scale=1 / p.rate) + stats.norm.logpdf(
            m, p.mean, 1 / np.sqrt(p.count * precision)
        )

    m, precision = np.meshgrid(np.linspace(-6, 8, 2001), np.linspace(1e-4, 14, 2001))
    logs = log_prior(m, precision) + sum(stats.norm.logpdf(x, m, 1 / np.sqrt(precision)) for x in REAL)
    cell = 14 / 2000 * (14 - 1e-4) / 2000
    evidence = np.exp(logs).sum() * cell
    assert found.log_evidence == pytest.approx(math.log(evidence), abs=1e-4)
    density = np.exp(logs) / evidence
    assert found.information_gain == pytest.approx(
        float(np.sum(density * (np.log(np.maximum(density, 1e-300)) - log_prior(m, precision))) * cell), abs=1e-3
    )
    after = np.exp(log_prior(m, precision, found.distribution))
    np.testing.assert_allclose(after[::200, ::200], density[::200, ::200], rtol=1e-3, atol=1e-8)
    following = float(np.sum(density * stats.norm.pdf(1.1, m, 1 / np.sqrt(precision))) * cell)
    assert found.predictive.pdf(1.1) == pytest.approx(following, rel=1e-4)


def test_a_dirichlet_of_two_classes_is_a_beta() -> None:
    labels = ["yes", "no", "yes", "yes"]
    found = ms.posterior({"yes": 2.0, "no": 3.0}, "categorical", labels)
    beta = ms.posterior(ms.Distribution.of("beta", a=2, b=3), "bernoulli", [1, 0, 1, 1])
    assert found.distribution == {"yes": 5.0, "no": 4.0}
    assert found.log_evidence == pytest.approx(beta.log_evidence, rel=1e-13)
    assert found.information_gain == pytest.approx(beta.information_gain, rel=1e-12)
    assert found.predictive == {"yes": pytest.approx(5 / 9), "no": pytest.approx(4 / 9)}
    with pytest.raises(DataError, match="'maybe' is no class"):
        ms.posterior({"yes": 2.0, "no": 3.0}, "categorical", ["maybe", "no"])


def test_evidence_is_a_product_of_predictions() -> None:
    """Log p(x₁, …, xₙ) = Σ log p(xᵢ | x before it)."""
    prior = ms.Distribution.of("gamma", shape=2, scale=1.5)
    first = ms.posterior(prior, "poisson", COUNTS[:5])
    both = ms.posterior(prior, "poisson", COUNTS)
    step = float(first.predictive.logp(COUNTS[5]))
    assert both.log_evidence == pytest.approx(first.log_evidence + step, rel=1e-12)
    again = ms.posterior(first.distribution, "poisson", COUNTS[5:])
    assert again.distribution.parameters == pytest.approx(both.distribution.parameters)


@pytest.mark.parametrize(
    ("prior", "likelihood", "data", "error", "words"),
    [
        (("beta", {"a": 1, "b": 1}), "poisson", [1], CandidateError, "a beta prior is not conjugate to poisson"),
        (("beta", {"a": 1, "b": 1}), "binomial", [1], CandidateError, "binomial needs n given"),
        (("beta", {"a": 1, "b": 1}), "bernoulli", [1, 2], DataError, "bernoulli cannot give 2"),
        (("beta", {"a": 1, "b": 1}), 3, [1], CandidateError, "expected a family such as poisson"),
        (("gamma", {"shape": 1, "scale": 1}), "exponential", [1, -2], DataError, "exponential cannot give -2"),
        (("normal", {"mean": 0, "sd": 1}), {"normal": {"sd": -1}}, [1.5], CandidateError, "sd must be positive"),
        (("pareto", {"shape": 1, "minimum": 1}), "uniform", [1.5], CandidateError, "uniform needs low: 0"),
    ],
)
def test_what_is_not_conjugate_is_refused(
    prior: Any, likelihood: Any, data: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        ms.posterior(ms.Distribution.of(prior[0], **prior[1]), likelihood, data)


def test_information_gain_puts_the_posterior_first() -> None:
    prior, after = [0.5, 0.5], [0.75, 0.25]
    assert ms.information_gain(prior, after) == ms.kl_divergence(after, prior)
    assert ms.information_gain(prior, prior) == 0


def test_probabilities_of_models() -> None:
    ranking = ms.rank([0, 1, 1, 3, 2, 5, 0, 1], ["poisson", "geometric", {"poisson": {"mean": 9}}, "normal"])
    found = ms.model_probabilities(ranking, method="bic")
    assert isinstance(found, pd.Series)
    assert found.sum() == pytest.approx(1, rel=1e-14)
    odds = math.exp(-0.5 * (ranking.fits["poisson"].bic - ranking.fits["geometric"].bic))
    assert found["poisson"] / found["geometric"] == pytest.approx(odds, rel=1e-12)
    laplace = ms.model_probabilities(ranking)
    ratio = laplace["poisson(mean=9)"] / laplace["poisson"] / (found["poisson(mean=9)"] / found["poisson"])
    assert ratio == pytest.approx(math.sqrt(9 / 8), rel=1e-10)
    tilted = ms.model_probabilities(ranking, {"poisson": 3, "geometric": 1}, method="bic")
    assert tilted["poisson"] / tilted["geometric"] == pytest.approx(3 * odds, rel=1e-12)
    assert tilted["normal"] == 0
    for options in ({"method": "waic"}, {"prior_weights": {"poison": 1}}, {"prior_weights": {"poisson": -1}}):
        with pytest.raises(CandidateError):
            ms.model_probabilities(ranking, **options)


def test_laplace_comes_near_the_exact_evidence() -> None:
    """Of nested binomials: the odds by exact evidence and by Laplace agree to within the priors' difference."""
    data = ms.Sample.from_counts({3: 10, 5: 30, 6: 25, 8: 5})
    ranking = ms.rank(data, [{"binomial": {"n": 10}}, {"binomial": {"n": 10, "p": 0.5}}])
    free = ms.posterior(ms.Distribution.of("beta", a=1, b=1), {"binomial": {"n": 10}}, data).log_evidence
    fixed = ranking.fits["binomial(n=10, p=0.5)"].log_likelihood
    found = ms.model_probabilities(ranking)
    log_odds = math.log(found["binomial(n=10)"] / found["binomial(n=10, p=0.5)"])
    # the uniform prior knows more or less than one observation: at most log of the ratio of the two densities at p̂
    assert abs(log_odds - (free - fixed)) < abs(math.log(1 / stats.norm.pdf(0, 0, math.sqrt(0.25 / 10)))) + 0.1
