"""Groups of families: a word in the list of candidates that stands for many.

`all` are all that can be fitted without being told what they are made of; `core` those that most people need; the
others are the rooms of the catalogue, to which a family of one's own belongs by its support.
"""

from __future__ import annotations

import numpy as np

from modelselect.errors import CandidateError, did_you_mean
from modelselect.family import Family, registered

#: What most people need: exact derivatives, closed forms where there are any.
CORE = (
    "asymmetric_laplace", "bernoulli", "beta", "beta_binomial", "binomial", "birnbaum_saunders", "burr", "cauchy",
    "com_poisson", "discrete_uniform", "discrete_weibull", "exponential", "exponentially_modified_normal",
    "exponentiated_weibull", "frechet", "gamma", "generalized_gamma", "generalized_normal", "generalized_pareto",
    "generalized_poisson", "geometric", "gev", "gompertz", "gumbel", "gumbel_min", "half_normal",
    "hyperbolic_secant", "inverse_gamma", "inverse_gaussian", "kumaraswamy", "laplace", "log_logistic", "log_series",
    "logistic", "logit_normal", "lognormal", "lomax", "maxwell", "nakagami", "negative_binomial", "normal", "pareto",
    "poisson", "power_function", "rayleigh", "skellam", "skew_normal", "student_t", "triangular", "uniform",
    "von_mises", "weibull", "yule_simon", "zeta",
)  # fmt: skip
#: The rooms of the catalogue, by the names of their modules, with what stands in them.
ROOMS = {
    "counts": "0, 1, 2, … and all integers",
    "finite": "finitely many integers",
    "positive": "the positive half-line",
    "real_line": "the real line",
    "extremes": "block maxima and excesses",
    "bounded": "a bounded interval",
    "circle": "angles",
}
GROUPS = ("all", "core", *ROOMS)


def group(name: str) -> list[str]:
    """Names of the families of a group, sorted.

    Raises
    ------
    CandidateError
        There is no such group.

    Examples
    --------
    >>> import modelselect.families
    >>> group("circle")
    ['von_mises', 'wrapped_cauchy']
    """
    if name not in GROUPS:
        raise CandidateError(f"unknown group {name!r}; expected one of {', '.join(GROUPS)}{did_you_mean(name, GROUPS)}")
    known = {other: family for other, family in registered().items() if not family.made}
    if name == "core":
        return [other for other in known if other in CORE]
    return [other for other, family in known.items() if name in ("all", room(family))]


def room(family: type[Family]) -> str:
    """Room of the catalogue in which a family stands."""
    if family.nominal:
        return "finite"
    parts = family.__module__.split(".")
    if parts[:2] == ["modelselect", "families"] and parts[2] in ROOMS:
        return parts[2]
    low, high = family.support.low, family.support.high
    if family.support.lattice:
        return "finite" if np.isfinite(low) and np.isfinite(high) else "counts"
    if np.isfinite(low):
        return "bounded" if np.isfinite(high) else "positive"
    return "real_line"
