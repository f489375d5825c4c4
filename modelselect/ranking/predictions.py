"""rank_predictions(): forecasters ordered by how many nats their probabilities lose against what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelselect.divergence.entropy import Entropy
from modelselect.divergence.level import Level
from modelselect.domain import Array
from modelselect.fitting.status import Status
from modelselect.ranking.calibration import Calibration, Reliability, calibrate, reliability
from modelselect.ranking.cases import Cases, gather_cases
from modelselect.ranking.ranker import assemble
from modelselect.ranking.result import Ranking


@dataclass(frozen=True)
class _Forecasting:
    """What a forecast is a member of: no family, nothing is fitted."""

    name: str = "forecast"
    note: str = ""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one forecaster said of every case: a contender without parameters.

    Attributes
    ----------
    label
        The forecaster's name.
    cases
        What happened.
    probabilities
        Of each class in each case, ``(m, C)``.
    """

    label: str
    cases: Cases
    probabilities: Array
    family: _Forecasting = _Forecasting()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    k: int = 0
    irregular: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    @cached_property
    def pointwise(self) -> Array:
        """Σ y log q of each case, ``(m,)`` in nats; −inf where what happened had probability 0."""
        y = self.cases.truth
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(y > 0, y * np.log(np.where(y > 0, self.probabilities, 1.0)), 0.0).sum(axis=1))

    @property
    def status(self) -> Status:
        """``closed_form``, or ``out_of_support`` where what happened had probability 0."""
        return Status.CLOSED_FORM if np.isfinite(self.pointwise).all() else Status.OUT_OF_SUPPORT

    @cached_property
    def reason(self) -> str:
        """Which labels had probability 0, and in which rows."""
        cases = self.cases
        where = np.argwhere((cases.truth > 0) & (self.probabilities == 0))
        if not len(where):
            return ""
        told = [f"row {cases.rows[i]}: label {cases.classes[c]} has probability 0" for i, c in where[:5]]
        more = f"; and {len(where) - 5} more" if len(where) > 5 else ""
        return f"{'; '.join(told)}{more} (rows {cases.counted})"

    @property
    def mean_log_likelihood(self) -> float:
        """Σ w log q / Σ w in nats."""
        return float(self.cases.shares @ self.pointwise)

    @property
    def log_likelihood(self) -> float:
        """Σ w log q in nats."""
        return self.mean_log_likelihood * self.cases.n

    @property
    def aic(self) -> float:
        """−2ℓ: no parameter was estimated on these cases."""
        return -2.0 * self.log_likelihood

    bic = aic

    @cached_property
    def calibration(self) -> Calibration:
        """Parts of the loss, see `modelselect.ranking.calibration`."""
        return calibrate(self.cases, self.probabilities)

    def __repr__(self) -> str:
        return f"Forecast({self.label}: {len(self.cases)} cases, {len(self.cases.classes)} classes)"


@dataclass(frozen=True, eq=False, repr=False)
class PredictionRanking(Ranking):
    """A ranking of forecasters: `Ranking`, and what their losses are made of.

    `fits` are `Forecast` objects, `sample` the `Cases`.
    """

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """Loss = calibration + refinement, in nats a case; index ``candidate``.

        ``calibration`` is what re-reading the forecasts would give back, g(q) ∝ exp(slope · log q_c + shift_c), and
        ``refinement`` the least loss of any such g (Bröcker 2009; Berta, Bach & Jordan 2025). ``slope`` below 1: too
        bold. ``p_value``: that the forecasts are calibrated (Cox 1958); NaN for soft labels. The recalibration is
        made on the same cases, which takes about C/(2n) nats from the refinement; miscalibration of other shapes
        stays in it. NaN beside an infinite loss.
        """
        rows = [vars(forecast.calibration) for forecast in self.fits.values()]
        return pd.DataFrame(rows, index=pd.Index(list(self.fits), name="candidate"))

    def reliability(self, candidate: str, bins: int = 10) -> pd.DataFrame:
        """How often came true what a forecaster said, in bins of equal numbers of forecasts.

        Columns: forecast (mean probability), observed (how often it came true), se (of the difference), n.
        """
        found: Reliability = reliability(self.sample, self.fits[candidate].probabilities, bins)
        return pd.DataFrame(vars(found))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of classes and columns."""
        return tuple(self.sample.notes)


def rank_predictions(
    labels: Any,
    predictions: Mapping[str, Any],
    *,
    weights: Any = None,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
    by: str = "kl",
    unit: str = "case",
) -> PredictionRanking:
    """Rank classifiers, or any who give probabilities, by the mean KL(label ‖ prediction).

    For certain labels this is the log-loss −log q(what happened), for soft labels Σ y log(y/q): the loss without the
    labels' own entropy. Differences, their standard errors and p-values are paired, case by case (Vuong 1989).

    Parameters
    ----------
    labels
        What happened, a case each: names, whole numbers, true and false; or soft labels, a table ``(m, C)`` of
        probabilities (array, DataFrame with the classes as columns, or mapping class → m numbers).
    predictions
        Forecaster → probabilities: ``(m, C)`` with its columns in the order of `classes`, a DataFrame with the classes
        as columns, or a mapping class → m numbers. Where there are two classes the probability of one of them is
        enough: ``{"dog": [0.2, …]}``, or a vector of the second class's (classes 0 and 1, or given).
    weights
        How many cases each one stands for.
    classes
        All possible outcomes, in the order of the columns. By default as columns are named, else the labels sorted
        (scikit-learn's order), or 0, 1, …, C − 1 where all labels are such numbers.
    normalize
        Divide the probabilities of a case by their sum; otherwise a sum that is not 1 is an error.
    by, unit
        As of `rank`.

    Returns
    -------
    PredictionRanking
        A `Ranking` whose losses are further split by ``ranking.calibration``. A forecaster who gave probability 0 to
        what happened comes last, with the rows in the ledger.

    Raises
    ------
    DataError
        Labels or probabilities are missing, negative, do not sum to 1, or do not match; rows and names are told.
    NothingFittedError
        Every forecaster gave probability 0 to something that happened.

    Notes
    -----
    Nothing is fitted, so k = 0 and ``kl`` equals ``kl_corrected``: the numbers are honest only if the forecasters did
    not see these labels. Source: Good (1952), Rational decisions.

    Examples
    --------
    >>> import modelselect as ms
    >>> labels = ["cat", "dog", "cat", "cat", "dog", "cat", "cat", "dog"]
    >>> A, B = [0.9, 0.4, 0.7, 0.5, 0.2, 0.8, 0.6, 0.5], [0.99, 0.4, 0.9, 0.02, 0.1, 0.9, 0.6, 0.7]
    >>> ranking = ms.rank_predictions(labels, {"A": {"cat": A}, "B": {"cat": B}})
    >>> ranking.table["kl"].round(3).to_dict()
    {'A': 0.415, 'B': 0.808}
    >>> ranking.calibration[["loss", "calibration", "refinement"]].round(3).loc["B"].to_dict()
    {'loss': 0.808, 'calibration': 0.202, 'refinement': 0.606}
    """
    cases, told = gather_cases(labels, predictions, weights, classes, normalize=normalize)
    return rank_forecasts(cases, told, by=by, unit=unit)


def rank_forecasts(cases: Cases, told: Mapping[str, Array], *, by: str, unit: str) -> PredictionRanking:
    """Rank forecasts that have been gathered."""
    forecasts = [Forecast(name, cases, probabilities) for name, probabilities in told.items()]
    made = assemble(forecasts, cases, _level(cases), "nominal", by=by, unit=unit)
    return PredictionRanking(**{part.name: getattr(made, part.name) for part in fields(made)})


def _level(cases: Cases) -> Level:
    """Entropy of the labels themselves, which is known: 0 where they are certain."""
    own: NDArray[np.float64] = cases.entropies
    value = float(cases.shares @ own)
    method = "the labels are certain" if cases.certain else "mean entropy of the soft labels"
    # one case has no spread, and so no standard error
    terms = own if cases.n > 1 else np.full(len(own), np.nan)
    return Level(Entropy(value, method, 0.0), value, terms, counted=False)
