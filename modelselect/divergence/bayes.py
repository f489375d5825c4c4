"""What data teach: conjugate posteriors, their exact evidence, and the information gained, KL(posterior ‖ prior).

    posterior ∝ prior · likelihood,    evidence = ∫ prior · likelihood,    gain = KL(posterior ‖ prior) in nats

All in closed form. Sources: Bernardo & Smith (1994), Bayesian Theory, appendix A; Lindley (1956), On a measure of the
information provided by an experiment; Murphy (2007), Conjugate Bayesian analysis of the Gaussian distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaln, digamma, gammaln, xlogy

from modelselect.distribution import Distribution
from modelselect.divergence.known import kl_divergence
from modelselect.domain import Array
from modelselect.errors import CandidateError, DataError, did_you_mean
from modelselect.observations import Flags

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def information_gain(prior: Any, posterior: Any, *, base: float | None = None) -> Any:
    """What was learnt: KL(posterior ‖ prior), in nats or units of log `base`.

    Arguments, shapes and errors as `kl_divergence`, its arguments in the order of time. Source: Lindley (1956).

    Examples
    --------
    >>> round(information_gain([0.5, 0.5], [0.75, 0.25], base=2), 3)
    0.189
    """
    return kl_divergence(posterior, prior, base=base)


@dataclass(frozen=True)
class Posterior:
    """What is believed after the data.

    Attributes
    ----------
    distribution
        Of the unknown parameter; a mapping class → concentration for a Dirichlet, and the four parameters of a
        normal-gamma, which are laws of several parameters.
    log_evidence
        log ∫ prior · likelihood in nats: of masses, or densities, of the data in their order.
    information_gain
        KL(posterior ‖ prior) in nats.
    predictive
        Of the next observation; None where it is no family of the catalogue.
    """

    distribution: Any
    log_evidence: float
    information_gain: float
    predictive: Any


@dataclass(frozen=True)
class NormalGamma:
    """What is believed of the mean and the precision of a normal law, both unknown.

    precision ~ gamma(shape, rate), and mean given precision ~ normal(mean, sd = 1/√(count · precision)): a belief worth
    `count` observations of the mean and 2 · `shape` of the variance.
    """

    mean: float
    count: float
    shape: float
    rate: float

    def __post_init__(self) -> None:
        for name in ("count", "shape", "rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise CandidateError(f"normal_gamma: {name} must be positive, got {getattr(self, name)!r}")


def posterior(prior: Any, likelihood: Any, data: Any) -> Posterior:
    """Update a conjugate prior by data, exactly.

    Parameters
    ----------
    prior, likelihood
        A `Distribution` of the unknown parameter and the family of the data, one of:

        | prior | likelihood | the unknown parameter |
        |---|---|---|
        | beta | ``bernoulli``, ``{binomial: {n}}``, ``geometric``, ``{negative_binomial: {size}}`` | p |
        | gamma | ``poisson`` | mean |
        | gamma | ``exponential`` | rate, 1/scale |
        | normal | ``{normal: {sd}}`` | mean |
        | inverse_gamma | ``{normal: {mean}}`` | variance |
        | `NormalGamma` | ``normal`` | mean and precision |
        | pareto | ``{uniform: {low: 0}}`` | high |
        | mapping class → concentration (Dirichlet) | ``categorical`` | probabilities of the classes |
    data
        A `Sample` of exact observations, or anything one is made of.

    Raises
    ------
    CandidateError
        The pair is not conjugate, or a parameter that must be given is not.
    DataError
        An observation is impossible under the likelihood, or not exact.

    Examples
    --------
    >>> import modelselect as ms
    >>> found = ms.posterior(ms.Distribution.of("beta", a=1, b=1), "bernoulli", [1, 1, 0, 1])
    >>> str(found.distribution), round(found.log_evidence, 6), round(found.information_gain, 4)
    ('beta(a=4, b=2)', -2.995732, 0.3624)
    """
    from modelselect.sample import as_sample

    name, given = _likelihood(likelihood)
    kind = _prior_name(prior)
    pair = _PAIRS.get((kind, name))
    if pair is None:
        known = ", ".join(f"{a} with {b}" for a, b in _PAIRS)
        raise CandidateError(f"posterior: a {kind} prior is not conjugate to {name}; known are {known}")
    sample = as_sample(data)
    if sample.known or not sample.exact or sample.truncation is not None:
        raise DataError("posterior: expected exact observations, not a known P, intervals or truncated ones")
    x = sample.values if name == "categorical" else sample.values.astype(float)
    return pair(prior, given, x, sample.weights)


def model_probabilities(fits: Any, prior_weights: Mapping[str, float] | None = None, method: str = "laplace") -> Any:
    """Return the probability of each candidate given the data, a Series by label: ∝ prior weight · exp(log evidence).

    The evidence is that of a unit-information prior, a normal with the information of one observation (covariance nΣ̂,
    Σ̂ that of the estimates) that is centred at the estimates themselves. Laplace's approximation of its integral is
    log evidence = ℓ − (k/2) log(1 + n), in which no Σ̂ is left: the prior is as wide as the data say. ``bic`` is
    ℓ − (k/2) log n, the same for large n. Either knows of a candidate nothing but ℓ, k and n (Kass & Wasserman 1995).

    Parameters
    ----------
    fits
        A `Ranking`, or a mapping label → `Fit`, of the same data.
    prior_weights
        Label → weight before the data; equal by default.
    method
        ``laplace`` or ``bic``.

    Raises
    ------
    CandidateError
        An unknown method or label, weights that are not positive, or no candidate with a finite likelihood.

    Examples
    --------
    >>> import modelselect as ms
    >>> ranking = ms.rank({0: 70, 1: 38, 2: 17, 3: 10, 4: 9, 5: 3, 6: 2, 7: 1}, ["poisson", "geometric"])
    >>> ms.model_probabilities(ranking).round(4).to_dict()
    {'geometric': 1.0, 'poisson': 0.0}
    """
    import pandas as pd

    if method not in ("laplace", "bic"):
        raise CandidateError(f"method: expected laplace or bic, got {method!r}")
    fits = getattr(fits, "fits", fits)
    weights = {} if prior_weights is None else dict(prior_weights)
    for label, weight in weights.items():
        if label not in fits:
            raise CandidateError(f"prior_weights: no candidate {label!r}{did_you_mean(str(label), fits)}")
        if not 0 <= weight < math.inf:
            raise CandidateError(f"prior_weights: {label} must be finite and not negative, got {weight!r}")
    log_odds = []
    for label, fit in fits.items():
        weight = weights.get(label, 1.0 if prior_weights is None else 0.0)
        n = fit.n + (1.0 if method == "laplace" else 0.0)
        able = fit.status.usable and np.isfinite(fit.log_likelihood) and weight > 0
        log_odds.append(fit.log_likelihood - 0.5 * fit.k * math.log(n) + math.log(weight) if able else -math.inf)
    top = max(log_odds, default=-math.inf)
    if top == -math.inf:
        raise CandidateError("model_probabilities: no candidate has a finite likelihood and a positive weight")
    odds = np.exp(np.array(log_odds) - top)
    return pd.Series(odds / odds.sum(), index=pd.Index(list(fits), name="candidate"), name="probability")


# -- conjugate pairs -------------------------------------------------------------------------------------------------


def _likelihood(form: Any) -> tuple[str, dict[str, float]]:
    if isinstance(form, str):
        return form, {}
    if isinstance(form, Mapping) and len(form) == 1:
        ((name, given),) = form.items()
        return str(name), {key: float(value) for key, value in dict(given or {}).items()}
    raise CandidateError(f"posterior: expected a family such as poisson, or binomial: {{n: 10}}, got {form!r}")


def _prior_name(prior: Any) -> str:
    if isinstance(prior, Distribution):
        return prior.family.name
    if isinstance(prior, NormalGamma):
        return "normal_gamma"
    return "dirichlet" if isinstance(prior, Mapping) else type(prior).__name__


def _given(given: Mapping[str, float], name: str, law: str) -> float:
    if set(given) != {name}:
        raise CandidateError(f"posterior: {law} needs {name} given and nothing else, got {dict(given) or 'nothing'}")
    return given[name]


def _nothing_given(given: Mapping[str, float], law: str) -> None:
    if given:
        raise CandidateError(f"posterior: {law} takes no given parameters here, got {dict(given)}")


def _possible(possible: Flags, x: Array, law: str) -> None:
    if not np.all(possible):
        raise DataError(f"posterior: {law} cannot give {x[~possible][0]:g}")


def _whole(x: Array) -> Flags:
    return np.asarray((x >= 0) & (x == np.floor(x)), dtype=bool)


def _beta(prior: Distribution, wins: float, losses: float, constant: float, predictive: Distribution) -> Posterior:
    a, b = prior.parameters["a"], prior.parameters["b"]
    c, d = a + wins, b + losses
    evidence = constant + float(betaln(c, d) - betaln(a, b))
    gain = betaln(a, b) - betaln(c, d) + wins * digamma(c) + losses * digamma(d) - (wins + losses) * digamma(c + d)
    return Posterior(Distribution.of("beta", a=c, b=d), evidence, max(float(gain), 0.0), predictive)


def _beta_bernoulli(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    _nothing_given(given, "bernoulli")
    _possible((x == 0) | (x == 1), x, "bernoulli")
    wins, n = float(w @ x), float(w.sum())
    a, b = prior.parameters["a"] + wins, prior.parameters["b"] + n - wins
    return _beta(prior, wins, n - wins, 0.0, Distribution.of("bernoulli", p=a / (a + b)))


def _beta_binomial(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    trials = _given(given, "n", "binomial")
    _possible(_whole(x) & (x <= trials), x, f"binomial(n={trials:g})")
    wins, losses = float(w @ x), float(w @ (trials - x))
    constant = float(w @ (gammaln(trials + 1) - gammaln(x + 1) - gammaln(trials - x + 1)))
    after = {"a": prior.parameters["a"] + wins, "b": prior.parameters["b"] + losses}
    return _beta(prior, wins, losses, constant, Distribution.of("beta_binomial", n=trials, **after))


def _beta_geometric(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    _nothing_given(given, "geometric")
    return _beta_negative_binomial(prior, {"size": 1.0}, x, w)


def _beta_negative_binomial(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    size = _given(given, "size", "negative_binomial")
    _possible(_whole(x), x, "a law of counts")
    wins, losses = float(size * w.sum()), float(w @ x)
    constant = float(w @ (gammaln(x + size) - gammaln(x + 1) - gammaln(size)))
    after = {"a": prior.parameters["a"] + wins, "b": prior.parameters["b"] + losses}
    return _beta(prior, wins, losses, constant, Distribution.of("beta_negative_binomial", size=size, **after))


def _gamma_gain(shape: float, rate: float, new_shape: float, new_rate: float) -> float:
    """KL(gamma(new) ‖ gamma(old)); of inverse gammas too, whose reciprocals they are."""
    more = new_shape - shape
    gain = more * digamma(new_shape) - gammaln(new_shape) + gammaln(shape)
    return max(float(gain + shape * math.log(new_rate / rate) + new_shape * (rate / new_rate - 1.0)), 0.0)


def _gamma_evidence(shape: float, rate: float, new_shape: float, new_rate: float) -> float:
    return float(gammaln(new_shape) - gammaln(shape) + xlogy(shape, rate) - xlogy(new_shape, new_rate))


def _gamma_poisson(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    _nothing_given(given, "poisson")
    _possible(_whole(x), x, "poisson")
    old = prior.parameters["shape"], 1.0 / prior.parameters["scale"]
    new = old[0] + float(w @ x), old[1] + float(w.sum())
    law = Distribution.of("gamma", shape=new[0], scale=1.0 / new[1])
    evidence = _gamma_evidence(*old, *new) - float(w @ gammaln(x + 1))
    return Posterior(
        law, evidence, _gamma_gain(*old, *new), Distribution.of("negative_binomial", mean=new[0] / new[1], size=new[0])
    )


def _gamma_exponential(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    _nothing_given(given, "exponential")
    _possible(x >= 0, x, "exponential")
    old = prior.parameters["shape"], 1.0 / prior.parameters["scale"]
    new = old[0] + float(w.sum()), old[1] + float(w @ x)
    law = Distribution.of("gamma", shape=new[0], scale=1.0 / new[1])
    predictive = Distribution.of("lomax", shape=new[0], scale=new[1])
    return Posterior(law, _gamma_evidence(*old, *new), _gamma_gain(*old, *new), predictive)


def _normal_mean(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    sd, n = _given(given, "sd", "normal"), float(w.sum())
    if not 0 < sd < math.inf:
        raise CandidateError(f"posterior: normal: sd must be positive, got {sd:g}")
    m, s = prior.parameters["mean"], prior.parameters["sd"]
    centre = float(w @ x) / n
    ratio = n * s * s / (sd * sd)  # information of the data over that of the prior
    mean, spread = m + (centre - m) * ratio / (1.0 + ratio), s / math.sqrt(1.0 + ratio)
    squares = float(w @ np.square(x - centre)) / (sd * sd) + n * ((centre - m) / sd) ** 2 / (1.0 + ratio)
    evidence = -n * (_HALF_LOG_2PI + math.log(sd)) - 0.5 * math.log1p(ratio) - 0.5 * squares
    gain = 0.5 * (math.log1p(ratio) - ratio / (1.0 + ratio) + ((mean - m) / s) ** 2)
    law = Distribution.of("normal", mean=mean, sd=spread)
    return Posterior(law, evidence, gain, Distribution.of("normal", mean=mean, sd=math.hypot(spread, sd)))


def _normal_variance(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    mean, n = _given(given, "mean", "normal"), float(w.sum())
    old = prior.parameters["shape"], prior.parameters["scale"]
    new = old[0] + 0.5 * n, old[1] + 0.5 * float(w @ np.square(x - mean))
    law = Distribution.of("inverse_gamma", shape=new[0], scale=new[1])
    predictive = Distribution.of("student_t", df=2 * new[0], location=mean, scale=math.sqrt(new[1] / new[0]))
    return Posterior(law, _gamma_evidence(*old, *new) - n * _HALF_LOG_2PI, _gamma_gain(*old, *new), predictive)


def _normal_both(prior: NormalGamma, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    _nothing_given(given, "normal")
    n = float(w.sum())
    centre = float(w @ x) / n
    count = prior.count + n
    mean = (prior.count * prior.mean + n * centre) / count
    shape = prior.shape + 0.5 * n
    apart = prior.count * n * (centre - prior.mean) ** 2 / count
    rate = prior.rate + 0.5 * (float(w @ np.square(x - centre)) + apart)
    old, new = (prior.shape, prior.rate), (shape, rate)
    evidence = _gamma_evidence(*old, *new) + 0.5 * math.log(prior.count / count) - n * _HALF_LOG_2PI
    moved = prior.count * (mean - prior.mean) ** 2 * shape / rate
    ratio = prior.count / count
    gain = _gamma_gain(*old, *new) + 0.5 * (ratio - 1.0 - math.log(ratio) + moved)
    spread = math.sqrt(rate * (count + 1.0) / (shape * count))
    predictive = Distribution.of("student_t", df=2 * shape, location=mean, scale=spread)
    return Posterior(NormalGamma(mean, count, shape, rate), evidence, gain, predictive)


def _pareto_uniform(prior: Distribution, given: Mapping[str, float], x: Array, w: Array) -> Posterior:
    if given != {"low": 0.0}:
        raise CandidateError(f"posterior: uniform needs low: 0 given and nothing else, got {dict(given) or 'nothing'}")
    _possible(x >= 0, x, "uniform(low=0)")
    a, m = prior.parameters["shape"], prior.parameters["minimum"]
    c, top = a + float(w.sum()), max(m, float(x.max()))
    evidence = math.log(a / c) + a * math.log(m) - c * math.log(top)
    gain = math.log(c / a) + a * math.log(top / m) + a / c - 1.0
    return Posterior(Distribution.of("pareto", shape=c, minimum=top), evidence, gain, None)


def _dirichlet(prior: Mapping[Any, float], given: Mapping[str, float], x: Any, w: Array) -> Posterior:
    _nothing_given(given, "categorical")
    classes = list(prior)
    old = np.array([float(prior[name]) for name in classes])
    if len(old) < 2 or not np.all((old > 0) & np.isfinite(old)):
        raise CandidateError(
            f"posterior: expected at least two classes with positive concentrations, got {dict(prior)!r}"
        )
    place = {name: i for i, name in enumerate(classes)}
    for name in x:
        if name not in place:
            raise DataError(f"posterior: {name!r} is no class of the prior, {', '.join(map(str, classes))}")
    new = old + np.bincount([place[name] for name in x], weights=w, minlength=len(old))
    total, before = new.sum(), old.sum()
    constant = float(gammaln(before) - gammaln(total) + np.sum(gammaln(new) - gammaln(old)))
    gain = float((new - old) @ (digamma(new) - digamma(total))) - constant
    law = dict(zip(classes, map(float, new), strict=True))
    return Posterior(law, constant, max(gain, 0.0), {name: value / float(total) for name, value in law.items()})


_PAIRS: dict[tuple[str, str], Callable[[Any, Mapping[str, float], Any, Array], Posterior]] = {
    ("beta", "bernoulli"): _beta_bernoulli,
    ("beta", "binomial"): _beta_binomial,
    ("beta", "geometric"): _beta_geometric,
    ("beta", "negative_binomial"): _beta_negative_binomial,
    ("gamma", "poisson"): _gamma_poisson,
    ("gamma", "exponential"): _gamma_exponential,
    ("normal", "normal"): _normal_mean,
    ("inverse_gamma", "normal"): _normal_variance,
    ("normal_gamma", "normal"): _normal_both,
    ("pareto", "uniform"): _pareto_uniform,
    ("dirichlet", "categorical"): _dirichlet,
}
