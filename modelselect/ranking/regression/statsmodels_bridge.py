"""The same models in statsmodels, evaluated at our estimates: for whoever wants its tables, tests and predictions.

statsmodels does the maximising of none of them: its optimisers fail on some of these likelihoods, and two of its
families take a dispersion from moments.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from modelselect.domain import Array
from modelselect.errors import CandidateError

if TYPE_CHECKING:
    from modelselect.ranking.regression.result import RegressionFit


class Parts(NamedTuple):
    """A hurdle in two models: whether an outcome is above 0 (a logit), and how large it is then."""

    above: Any
    counts: Any


def statsmodels_results(fit: RegressionFit) -> Any:
    """Return the model as results of statsmodels at our estimates, a row of the data for each unit of weight.

    Counts are its discrete models, whose ``llf`` is our log-likelihood; a hurdle is a pair of them. The others are its
    GLM (OLS of the logarithm, for the lognormal), whose scale is ours.

    Raises
    ------
    CandidateError
        Statsmodels has no such model, its weights are no whole numbers, or there is no interior estimate.
    """
    weights = fit.sample.weights
    if fit.information is None:
        raise CandidateError(f"results: {fit.label} has no interior estimate ({fit.status}): {fit.reason}")
    if not np.all(weights == np.floor(weights)):
        raise CandidateError(f"results: {fit.label}: statsmodels needs weights that are whole numbers")
    copies = np.repeat(np.arange(len(weights)), weights.astype(np.intp))
    family = fit.candidate.kind.response.family
    make = _hurdle if fit.candidate.kind.zeros == "hurdle" else _COUNTS.get(family, _continuous)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return make(fit, copies)


def _frame(names: tuple[str, ...], matrix: Array) -> Any:
    import pandas as pd

    return pd.DataFrame(matrix, columns=list(names))


def _parts(fit: RegressionFit) -> tuple[Array, Array, Array]:
    """Coefficients of the mean, the shared parameter, coefficients of the zeros."""
    values, p = np.array(list(fit.parameters.values())), len(fit.of_mean.names)
    q = p + bool(fit.candidate.kind.response.shared)
    return values[:p], values[p:q], values[q:]


def _data(fit: RegressionFit, copies: Any) -> tuple[Array, Any, Array]:
    return (
        fit.sample.y[copies],
        _frame(fit.of_mean.names, fit.of_mean.matrix[copies]),
        fit.of_mean.offset[copies],
    )


def _at(model: Any, start: Array) -> Any:
    """Results at a start that is the maximum already."""
    return model.fit(start_params=start, method="newton", maxiter=0, disp=0, warn_convergence=False)


def _need_log(fit: RegressionFit) -> None:
    if fit.candidate.link.name != "log":
        raise CandidateError(f"results: statsmodels has {fit.family.name} with the link log only")


def _poisson(fit: RegressionFit, copies: Any) -> Any:
    import statsmodels.api as sm

    beta, _, zeros = _parts(fit)
    y, x, offset = _data(fit, copies)
    if fit.of_zeros is not None:
        _need_log(fit)
        z = _frame(fit.of_zeros.names, fit.of_zeros.matrix[copies])
        model = sm.ZeroInflatedPoisson(y, x, exog_infl=z, offset=offset)
        return _at(model, np.concatenate([zeros, beta]))
    if fit.candidate.link.name == "log":
        return _at(sm.Poisson(y, x, offset=offset), beta)
    return _glm(fit, copies, sm.families.Poisson(_link(fit)))


def _negative_binomial(fit: RegressionFit, copies: Any) -> Any:
    import statsmodels.api as sm

    _need_log(fit)
    beta, size, zeros = _parts(fit)
    y, x, offset = _data(fit, copies)
    if fit.of_zeros is not None:
        z = _frame(fit.of_zeros.names, fit.of_zeros.matrix[copies])
        model = sm.ZeroInflatedNegativeBinomialP(y, x, exog_infl=z, offset=offset, p=2)
        return _at(model, np.concatenate([zeros, beta, 1.0 / size]))
    return _at(sm.NegativeBinomial(y, x, offset=offset), np.append(beta, 1.0 / size))


def _generalized_poisson(fit: RegressionFit, copies: Any) -> Any:
    import statsmodels.api as sm

    _need_log(fit)
    beta, dispersion, zeros = _parts(fit)
    y, x, offset = _data(fit, copies)
    alpha = dispersion / (1.0 - dispersion)
    if fit.of_zeros is not None:
        z = _frame(fit.of_zeros.names, fit.of_zeros.matrix[copies])
        model = sm.ZeroInflatedGeneralizedPoisson(y, x, exog_infl=z, offset=offset, p=1)
        return _at(model, np.concatenate([zeros, beta, alpha]))
    return _at(sm.GeneralizedPoisson(y, x, offset=offset, p=1), np.append(beta, alpha))


def _hurdle(fit: RegressionFit, copies: Any) -> Parts:
    import statsmodels.api as sm
    from statsmodels.discrete.truncated_model import TruncatedLFNegativeBinomialP, TruncatedLFPoisson

    beta, shared, zeros = _parts(fit)
    y, x, offset = _data(fit, copies)
    family = fit.candidate.kind.response.family
    if family not in ("poisson", "negative_binomial") or fit.of_zeros is None:
        raise CandidateError(f"results: statsmodels has no {fit.family.name}")
    _need_log(fit)
    z = _frame(fit.of_zeros.names, fit.of_zeros.matrix[copies])
    above = y > 0
    logit = _at(sm.Logit(above.astype(float), z), -zeros)
    made = TruncatedLFPoisson if family == "poisson" else TruncatedLFNegativeBinomialP
    model = made(y[above], x[above], offset=offset[above])
    return Parts(logit, _at(model, np.concatenate([beta, 1.0 / shared])))


def _bernoulli(fit: RegressionFit, copies: Any) -> Any:
    import statsmodels.api as sm

    beta, _, _ = _parts(fit)
    y, x, offset = _data(fit, copies)
    if fit.candidate.link.name == "cloglog":
        return _glm(fit, copies, sm.families.Binomial(_link(fit)))
    return _at((sm.Logit if fit.candidate.link.name == "logit" else sm.Probit)(y, x, offset=offset), beta)


def _continuous(fit: RegressionFit, copies: Any) -> Any:
    import statsmodels.api as sm

    family = fit.candidate.kind.response.family
    y, x, offset = _data(fit, copies)
    _, shared, _ = _parts(fit)
    if fit.candidate.kind.zeros:
        raise CandidateError(f"results: statsmodels has no {fit.family.name}")
    if family == "lognormal":
        return sm.OLS(np.log(y) - offset, x).fit()
    made: dict[str, Any] = {
        "normal": (sm.families.Gaussian, lambda sd: sd**2),
        "gamma": (sm.families.Gamma, lambda shape: 1.0 / shape),
        "exponential": (sm.families.Gamma, lambda _: 1.0),
        "inverse_gaussian": (sm.families.InverseGaussian, lambda shape: 1.0 / shape),
    }
    if family not in made:
        raise CandidateError(f"results: statsmodels has no {fit.family.name} regression")
    kind, scale = made[family]
    return _glm(fit, copies, kind(_link(fit)), float(np.ravel(scale(shared))[0]))


def _link(fit: RegressionFit) -> Any:
    import statsmodels.api as sm

    links = sm.families.links
    return {
        "log": links.Log,
        "identity": links.Identity,
        "inverse": links.InversePower,
        "sqrt": links.Sqrt,
        "cloglog": links.CLogLog,
        "logit": links.Logit,
        "probit": links.Probit,
    }[fit.candidate.link.name]()


def _glm(fit: RegressionFit, copies: Any, family: Any, scale: float | None = None) -> Any:
    import statsmodels.api as sm

    beta, _, _ = _parts(fit)
    y, x, offset = _data(fit, copies)
    return sm.GLM(y, x, family=family, offset=offset).fit(start_params=beta, scale=scale)


_COUNTS = {
    "poisson": _poisson,
    "negative_binomial": _negative_binomial,
    "generalized_poisson": _generalized_poisson,
    "bernoulli": _bernoulli,
}
