"""Candidates with covariates: families whose mean follows from a formula, ranked by the same machinery as all others."""

from modelselect.ranking.regression.rank import rank_regressions
from modelselect.ranking.regression.result import RegressionFit

__all__ = ["RegressionFit", "rank_regressions"]
