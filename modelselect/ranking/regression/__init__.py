"""Candidates with covariates: families whose mean follows from a formula, ranked like all others."""

from modelselect.ranking.regression.rank import rank_regressions
from modelselect.ranking.regression.result import RegressionFit

__all__ = ["RegressionFit", "rank_regressions"]
