"""modelselect: which distribution is this? Candidate families fitted and ranked by Kullback–Leibler divergence.

The public names are imported when they are first used (PEP 562): `import modelselect` costs nothing, and
pydantic, DuckDB and matplotlib are loaded only by what needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelselect.distribution import Distribution
    from modelselect.divergence.bayes import (
        NormalGamma,
        Posterior,
        information_gain,
        model_probabilities,
        posterior,
    )
    from modelselect.divergence.empirical import profile
    from modelselect.divergence.known import (
        cross_entropy,
        entropy,
        jeffreys,
        jensen_shannon,
        kl_divergence,
        renyi,
    )
    from modelselect.divergence.project import Projection, project
    from modelselect.errors import (
        CandidateError,
        ConfigurationError,
        DataError,
        ModelSelectError,
        NothingFittedError,
        PrecisionError,
    )
    from modelselect.experiment.config import Experiment
    from modelselect.experiment.run import GroupReport, Report
    from modelselect.families.catalogue import families
    from modelselect.fitting.fit import fit
    from modelselect.fitting.result import Fit
    from modelselect.ranking.groups import GroupRanking, rank_groups
    from modelselect.ranking.held_out import score
    from modelselect.ranking.predictions import rank_predictions
    from modelselect.ranking.ranker import rank
    from modelselect.ranking.regression import rank_regressions
    from modelselect.ranking.result import Ranking
    from modelselect.sample import Sample

__version__ = "0.1.0"

__all__ = [
    "CandidateError",
    "ConfigurationError",
    "DataError",
    "Distribution",
    "Experiment",
    "Fit",
    "GroupRanking",
    "GroupReport",
    "ModelSelectError",
    "NormalGamma",
    "NothingFittedError",
    "Posterior",
    "PrecisionError",
    "Projection",
    "Ranking",
    "Report",
    "Sample",
    "cross_entropy",
    "entropy",
    "families",
    "fit",
    "information_gain",
    "jeffreys",
    "jensen_shannon",
    "kl_divergence",
    "model_probabilities",
    "posterior",
    "profile",
    "project",
    "rank",
    "rank_groups",
    "rank_predictions",
    "rank_regressions",
    "renyi",
    "score",
]

#: Where each public name is defined. `families` is the package of that name, which can be called.
_HOMES = {
    "modelselect.distribution": ("Distribution",),
    "modelselect.divergence.bayes": (
        "NormalGamma",
        "Posterior",
        "information_gain",
        "model_probabilities",
        "posterior",
    ),
    "modelselect.divergence.empirical": ("profile",),
    "modelselect.divergence.known": (
        "cross_entropy",
        "entropy",
        "jeffreys",
        "jensen_shannon",
        "kl_divergence",
        "renyi",
    ),
    "modelselect.divergence.project": ("Projection", "project"),
    "modelselect.errors": (
        "CandidateError",
        "ConfigurationError",
        "DataError",
        "ModelSelectError",
        "NothingFittedError",
        "PrecisionError",
    ),
    "modelselect.experiment.config": ("Experiment",),
    "modelselect.experiment.run": ("GroupReport", "Report"),
    "modelselect.fitting.fit": ("fit",),
    "modelselect.fitting.result": ("Fit",),
    "modelselect.ranking.groups": ("GroupRanking", "rank_groups"),
    "modelselect.ranking.held_out": ("score",),
    "modelselect.ranking.predictions": ("rank_predictions",),
    "modelselect.ranking.ranker": ("rank",),
    "modelselect.ranking.regression": ("rank_regressions",),
    "modelselect.ranking.result": ("Ranking",),
    "modelselect.sample": ("Sample",),
}


def __getattr__(name: str) -> Any:
    if name == "families":
        return import_module("modelselect.families")
    for home, names in _HOMES.items():
        if name in names:
            import_module("modelselect.families")  # registers the catalogue
            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module 'modelselect' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
