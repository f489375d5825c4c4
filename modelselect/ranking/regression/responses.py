"""How the law of an outcome follows from its predictor: which family, which links, what all rows share.

The predictor is that of the mean (of the median of a lognormal, on its logarithm), so that the coefficients of all
candidates with the same link can be read beside each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, gamma, log1p, logit, ndtr, ndtri

from modelselect.domain import Array
from modelselect.errors import CandidateError, did_you_mean
from modelselect.families.candidates import parse_candidate
from modelselect.families.compose import Hurdle, ZeroInflated
from modelselect.family import Family


@dataclass(frozen=True)
class Link:
    """A function g and its inverse: g(mean) = predictor."""

    name: str
    of: Callable[[Any], Any]
    inverse: Callable[[Any], Any]


LINKS = {
    link.name: link
    for link in (
        Link("identity", lambda mean: mean, lambda eta: eta),
        Link("log", np.log, np.exp),
        Link("inverse", lambda mean: 1.0 / mean, lambda eta: 1.0 / eta),
        Link("sqrt", np.sqrt, np.square),
        Link("logit", logit, expit),
        Link("probit", ndtri, ndtr),
        Link("cloglog", lambda mean: np.log(-log1p(-mean)), lambda eta: -np.expm1(-np.exp(eta))),
    )
}
_ABOVE_ZERO = ("log", "identity", "inverse", "sqrt")
_ANYWHERE = ("identity", "log")
_SHARE = ("logit", "probit", "cloglog")


def _unshared(*_: Array) -> float:
    return 1.0


@dataclass(frozen=True)
class Response:
    """A family whose rows have means of their own.

    Attributes
    ----------
    family
        Its name in the catalogue.
    links
        Those it may have, the usual one first.
    parameters
        Mean and shared parameter of each row → the family's parameters.
    shared
        Name of the parameter that all rows share; empty without one.
    share_of
        An unbounded number → the shared parameter, and its inverse.
    guess
        Outcomes, their means and shares → a first shared parameter.
    """

    family: str
    links: tuple[str, ...]
    parameters: Callable[[Any, Any], tuple[Any, ...]]
    shared: str = ""
    share_of: Link = LINKS["log"]
    guess: Callable[[Array, Array, Array], float] = _unshared

    @property
    def inner(self) -> Family:
        """The family itself."""
        return parse_candidate(self.family).family


def _positive_variance(y: Array, mean: Array, share: Array) -> float:
    return max(float(share @ np.square(y - mean)), 1e-12 * float(share @ np.square(y)), 1e-300)


def _size(y: Array, mean: Array, share: Array) -> float:
    excess = float(share @ (np.square(y - mean) - mean))
    return float(share @ np.square(mean)) / max(excess, 0.05 * float(share @ mean), 1e-300)


def _dispersion(y: Array, mean: Array, share: Array) -> float:
    ratio = float(share @ (np.square(y - mean) / mean))
    return float(np.clip(1.0 - 1.0 / np.sqrt(max(ratio, 1e-300)), 0.02, 0.95))


def _shape(y: Array, mean: Array, share: Array) -> float:
    return 1.0 / float(np.clip(share @ np.square(y / mean - 1.0), 1e-12, 100.0))


def _wald_shape(y: Array, mean: Array, share: Array) -> float:
    positive = y > 0
    excess = float(share[positive] @ (np.square(y[positive] - mean[positive]) / (mean[positive] ** 2 * y[positive])))
    return float(share[positive].sum()) / max(excess, 1e-300)


def _weibull_shape(y: Array, mean: Array, share: Array) -> float:
    return float(np.clip(_shape(y, mean, share) ** 0.55, 0.1, 50.0))


RESPONSES = {
    response.family: response
    for response in (
        Response("poisson", _ABOVE_ZERO, lambda mean, _: (mean,)),
        Response("geometric", _ABOVE_ZERO, lambda mean, _: (1.0 / (1.0 + mean),)),
        Response("negative_binomial", _ABOVE_ZERO, lambda mean, size: (mean, size), "size", guess=_size),
        Response(
            "generalized_poisson",
            _ABOVE_ZERO,
            lambda mean, dispersion: (mean * (1.0 - dispersion), dispersion),
            "dispersion",
            LINKS["logit"],
            _dispersion,
        ),
        Response("bernoulli", _SHARE, lambda mean, _: (mean,)),
        Response(
            "normal",
            _ANYWHERE,
            lambda mean, sd: (mean, sd),
            "sd",
            guess=lambda y, mean, share: float(np.sqrt(_positive_variance(y, mean, share))),
        ),
        Response(
            "lognormal",
            ("identity",),
            lambda mean, sigma: (mean, sigma),
            "sigma",
            guess=lambda y, mean, share: float(np.sqrt(_positive_variance(np.log(np.maximum(y, 1e-300)), mean, share))),
        ),
        Response("exponential", _ABOVE_ZERO, lambda mean, _: (mean,)),
        Response("gamma", _ABOVE_ZERO, lambda mean, shape: (shape, mean / shape), "shape", guess=_shape),
        Response("inverse_gaussian", _ABOVE_ZERO, lambda mean, shape: (mean, shape), "shape", guess=_wald_shape),
        Response(
            "weibull",
            _ABOVE_ZERO,
            lambda mean, shape: (shape, mean / gamma(1.0 + 1.0 / shape)),
            "shape",
            guess=_weibull_shape,
        ),
    )
}
#: What other programs call them.
_OTHER_NAMES = {"gaussian": "normal", "logit": "bernoulli", "binomial": "bernoulli", "nb2": "negative_binomial"}


@dataclass(frozen=True)
class Kind:
    """A response, plain or with zeros of their own.

    Attributes
    ----------
    response
        Of the outcomes, or of those that are no extra zeros.
    zeros
        Empty, ``zero_inflated`` or ``hurdle``.
    """

    response: Response
    zeros: str = ""

    @property
    def law(self) -> Family:
        """The family of one row."""
        inner = self.response.inner
        return ZeroInflated(inner) if self.zeros == "zero_inflated" else Hurdle(inner) if self.zeros else inner


def read_kind(spec: Any, where: str) -> Kind:
    """Return the response that ``poisson`` or ``{hurdle: poisson}`` means.

    Raises
    ------
    CandidateError
        An unknown name, or one that has no regression.

    Examples
    --------
    >>> read_kind({"hurdle": "poisson"}, "family").law.name
    'hurdle(poisson)'
    """
    zeros = ""
    if isinstance(spec, dict) and len(spec) == 1:
        ((zeros, spec),) = spec.items()
        if zeros not in ("zero_inflated", "hurdle"):
            known = ("zero_inflated", "hurdle")
            raise CandidateError(
                f"{where}: expected zero_inflated or hurdle, got {zeros!r}{did_you_mean(str(zeros), known)}"
            )
    if not isinstance(spec, str):
        raise CandidateError(f"{where}: expected a family such as poisson or {{hurdle: poisson}}, got {spec!r}")
    name = spec
    if name not in RESPONSES:
        name = _OTHER_NAMES.get(spec.lower()) or parse_candidate(spec).family.name  # an alias of the catalogue
    if name not in RESPONSES:
        raise CandidateError(f"{where}: {name} has no regression; expected one of {', '.join(RESPONSES)}")
    if zeros and name in ("bernoulli", "normal"):
        raise CandidateError(f"{where}: {zeros} does not go with {name}")
    return Kind(RESPONSES[name], zeros)
