"""Criteria: what a ranking can be ordered by. Registered functions, lower is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelselect.distribution import Distribution
from modelselect.divergence.empirical import Divergence, Observations
from modelselect.domain import Array
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.fitting.result import Fit
from modelselect.ranking.contender import Contender
from modelselect.ranking.distances import (
    Integrals,
    anderson_darling,
    cramer_von_mises,
    integrals,
    kolmogorov_smirnov,
)
from modelselect.ranking.distances import (
    crps as score_of_cdf,
)
from modelselect.ranking.distances import (
    wasserstein as distance_of_cdf,
)
from modelselect.ranking.nesting import reached
from modelselect.ranking.validation import FOLDS, folds_of, held_out, leave_one_out
from modelselect.sample import Sample


@dataclass(frozen=True)
class Scores:
    """What a criterion is a function of: the K candidates, the observations, and the divergence between them.

    Attributes
    ----------
    fits, sample
        Candidates and observations.
    divergence
        Of each candidate, arrays ``(K,)``.
    entropy
        Corrected entropy of the observations in nats.
    seed
        Of what is drawn: the folds.
    """

    fits: Sequence[Contender]
    sample: Observations
    divergence: Divergence
    entropy: float = float("nan")
    seed: int = 0

    @property
    def k(self) -> Array:
        """Number of estimated parameters ``(K,)``."""
        return np.array([fit.k for fit in self.fits], dtype=float)

    @property
    def n(self) -> float:
        """Number of observations."""
        return self.sample.n

    @property
    def log_likelihood(self) -> Array:
        """Total log-likelihood ``(K,)``; NaN where P is known."""
        return -self.n * self.divergence.cross_entropy if np.isfinite(self.n) else np.full(len(self.k), np.nan)

    def of_fits(self, function: Callable[[Fit], float]) -> Array:
        """Value of a function for each candidate that has an estimate ``(K,)``; NaN for the others."""
        return np.array(
            [function(fit) if isinstance(fit, Fit) and fit.status.usable else np.nan for fit in self.fits], dtype=float
        )


Criterion = Callable[[Scores], Array]
#: Name → criterion.
CRITERIA: dict[str, Criterion] = {}
#: Name → what says, before anything is fitted, why observations do not allow it: a sentence, or nothing.
_OBSTACLES: dict[str, Callable[[Observations], str]] = {}


def criterion(function: Criterion) -> Criterion:
    """Register a criterion under its name."""
    CRITERIA[function.__name__] = function
    return function


def _unless(obstacle: Callable[[Observations], str]) -> Callable[[Criterion], Criterion]:
    """Say of a criterion what keeps observations from it."""

    def noted(function: Criterion) -> Criterion:
        _OBSTACLES[function.__name__] = obstacle
        return function

    return noted


def lookup_criterion(name: str) -> Criterion:
    """Return the criterion of a name.

    Raises
    ------
    ConfigurationError
        The name is unknown.
    """
    if name not in CRITERIA:
        raise ConfigurationError(
            f"by: unknown criterion {name!r}; expected one of {', '.join(CRITERIA)}{did_you_mean(str(name), CRITERIA)}"
        )
    return CRITERIA[name]


def check_criterion(name: str, sample: Observations) -> None:
    """Refuse a criterion that does not exist, or that observations do not allow.

    Raises
    ------
    ConfigurationError
        With the reason.
    """
    lookup_criterion(name)
    obstacle = _OBSTACLES[name](sample) if name in _OBSTACLES else ""
    if obstacle:
        raise ConfigurationError(f"criterion {name}: {obstacle}")


def _not_fitted(sample: Observations) -> str:
    """Why candidates are not fitted anew to parts of the observations."""
    if isinstance(sample, Sample) and not sample.known:
        return ""
    what = "P is known" if sample.known else "these candidates were not fitted to a sample"
    return f"needs families fitted to observations, but {what}"


def _not_ordered(sample: Observations) -> str:
    """Why an empirical cdf is not all there is to know of the observations."""
    if not isinstance(sample, Sample):
        return "needs families fitted to observations, without covariates"
    if sample.kind == "nominal":
        return "compares cumulative distributions; the outcomes have no order"
    if not sample.exact or sample.truncation is not None:
        return "needs exact observations; these are censored, binned or truncated"
    return ""


@criterion
def kl(scores: Scores) -> Array:
    """KL(P̂ ‖ q) in nats, in-sample."""
    order = scores.divergence.kl
    # where the entropy is unknown the level is, but not the order
    return order if np.isfinite(order).any() else scores.divergence.cross_entropy


@criterion
def kl_corrected(scores: Scores) -> Array:
    """KL on fresh data, in nats: in-sample loss + k/n − H."""
    order = scores.divergence.kl_corrected
    return order if np.isfinite(order).any() else scores.divergence.cross_entropy + scores.k / scores.n


@criterion
def cross_entropy(scores: Scores) -> Array:
    """−ℓ/n in nats."""
    return scores.divergence.cross_entropy


@criterion
def aic(scores: Scores) -> Array:
    """2k − 2ℓ (Akaike 1973)."""
    return 2.0 * scores.k - 2.0 * scores.log_likelihood


@criterion
def bic(scores: Scores) -> Array:
    """Schwarz's criterion (1978), k log n − 2ℓ."""
    size = np.log(scores.n) if np.isfinite(scores.n) else np.nan
    return scores.k * size - 2.0 * scores.log_likelihood


@criterion
def aicc(scores: Scores) -> Array:
    """AIC + 2k(k + 1)/(n − k − 1), exact for a linear normal model (Hurvich & Tsai 1989); infinite for n ≤ k + 1."""
    k, room = scores.k, scores.n - scores.k - 1.0
    return aic(scores) + np.where(room > 0, 2.0 * k * (k + 1.0) / np.where(room > 0, room, 1.0), np.inf)


@criterion
def tic(scores: Scores) -> Array:
    """KL on fresh data, in nats, with Takeuchi's penalty tr(J⁻¹K)/n (1976), which holds also in a wrong family.

    J is the observed information and K the mean square of the scores, both of one observation. An end of the support
    or an integer counts as one parameter, as does a parameter without a standard error.
    """
    level = scores.entropy if np.isfinite(scores.entropy) else 0.0
    return scores.divergence.cross_entropy + scores.of_fits(_takeuchi) / scores.n - level


def _takeuchi(fit: Fit) -> float:
    fit = reached(fit)
    inverse, sandwich = fit.covariance.to_numpy(), fit.robust_covariance.to_numpy()
    known = np.isfinite(np.diag(inverse)) & np.isfinite(np.diag(sandwich))
    if not known.any():
        return float(fit.k)
    inner = np.ix_(known, known)
    scale = np.sqrt(np.diag(inverse)[known])
    unit = np.outer(scale, scale)
    trace = np.trace(np.linalg.solve(inverse[inner] / unit, sandwich[inner] / unit))
    return float(trace) + fit.k - int(known.sum())


@criterion
@_unless(_not_fitted)
def kl_cv(scores: Scores) -> Array:
    """KL on fresh data, in nats, by 10-fold cross-validation: every fold is scored by fits that have not seen it."""
    sample = _sample(scores, "kl_cv")
    parts = folds_of(sample, min(FOLDS, max(int(sample.n), 2)), np.random.default_rng(scores.seed))
    return _validated(scores, lambda fit: held_out(fit, parts))


@criterion
@_unless(_not_fitted)
def kl_loo(scores: Scores) -> Array:
    """KL on fresh data, in nats, by leaving out each observation in turn; exact, and m fits for m distinct values."""
    _sample(scores, "kl_loo")
    return _validated(scores, leave_one_out)


def _validated(scores: Scores, score: Callable[[Fit], Array]) -> Array:
    level = scores.entropy if np.isfinite(scores.entropy) else 0.0
    shares = scores.sample.shares
    return -scores.of_fits(lambda fit: float(shares @ score(fit))) - level


@criterion
@_unless(_not_ordered)
def crps(scores: Scores) -> Array:
    """Mean continuous ranked probability score in the unit of the data (Gneiting & Raftery 2007)."""
    sample = _sample(scores, "crps")
    return scores.of_fits(lambda fit: score_of_cdf(_law(fit), sample.lower, sample.upper, sample.shares))


@criterion
@_unless(_not_ordered)
def wasserstein(scores: Scores) -> Array:
    """∫ |F − F̂| dx in the unit of the data: the mean distance that mass must be carried."""
    sample = _sample(scores, "wasserstein")
    return scores.of_fits(lambda fit: distance_of_cdf(_law(fit), sample.lower, sample.upper, sample.shares))


@criterion
@_unless(_not_ordered)
def ad(scores: Scores) -> Array:
    """Anderson and Darling's A² over n: squared distance of the cdfs, weighted towards the tails."""
    return _of_integrals(scores, "ad", anderson_darling)


@criterion
@_unless(_not_ordered)
def cvm(scores: Scores) -> Array:
    """Cramér and von Mises' W² over n: mean squared distance of the cdfs."""
    return _of_integrals(scores, "cvm", cramer_von_mises)


@criterion
@_unless(_not_ordered)
def ks(scores: Scores) -> Array:
    """Kolmogorov and Smirnov's D: largest distance of the cdfs."""
    return _of_integrals(scores, "ks", kolmogorov_smirnov)


def _of_integrals(scores: Scores, name: str, statistic: Callable[[Integrals], Array]) -> Array:
    sample = _sample(scores, name)

    def of(fit: Fit) -> float:
        law = _law(fit)
        block = sample.block(cells=not law.discrete)
        parameters = tuple(np.full((1, 1), value) for value in law.parameters.values())
        return float(statistic(integrals(law.family, block, parameters))[0])

    return scores.of_fits(of)


def _law(fit: Fit) -> Distribution:
    assert fit.distribution is not None  # noqa: S101 — an estimate that can be used has a law
    return fit.distribution


def _sample(scores: Scores, name: str) -> Sample:
    """Return the sample, if it is one that the criterion can use."""
    check_criterion(name, scores.sample)
    assert isinstance(scores.sample, Sample)  # noqa: S101 — or there was an obstacle
    return scores.sample
