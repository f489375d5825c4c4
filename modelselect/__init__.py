"""modelselect: which distribution is this? Candidate families fitted and ranked by Kullback–Leibler divergence."""

from modelselect import families as _catalogue  # noqa: F401 — importing it registers the families
from modelselect.distribution import Distribution
from modelselect.divergence.empirical import profile
from modelselect.divergence.known import (
    cross_entropy,
    entropy,
    jeffreys,
    jensen_shannon,
    kl_divergence,
    renyi,
)
from modelselect.errors import (
    CandidateError,
    ConfigurationError,
    DataError,
    ModelSelectError,
    NothingFittedError,
)
from modelselect.fitting.fit import Fit, fit
from modelselect.ranking.ranker import Ranking, rank
from modelselect.sample import Sample

__all__ = [
    "CandidateError",
    "ConfigurationError",
    "DataError",
    "Distribution",
    "Fit",
    "ModelSelectError",
    "NothingFittedError",
    "Ranking",
    "Sample",
    "cross_entropy",
    "entropy",
    "fit",
    "jeffreys",
    "jensen_shannon",
    "kl_divergence",
    "profile",
    "rank",
    "renyi",
]
