"""Laws of reciprocals: the inverse gamma."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, gammainc, gammaincc, gammainccinv, gammaincinv, gammaln

import modelselect.statistics as observed
from modelselect.domain import POSITIVE
from modelselect.families.incomplete import log_gammainc, log_gammaincc
from modelselect.families.positive.classic import Gamma
from modelselect.families.special import (
    HALF_LOG_2PI,
    LARGE,
    deviance,
    log_minus_digamma,
    stirling_error,
)
from modelselect.family import Family, Parameter, register


@register
class InverseGamma(Family):
    """Inverse gamma(shape, scale), x > 0: 1/x is gamma; density scale^shape x^(−shape−1) e^(−scale/x) / Γ(shape)."""

    support = POSITIVE
    shape = Parameter(POSITIVE, typical=(0.3, 30))
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_reciprocal, observed.log_excess_reciprocal)
    aliases = ("invgamma",)

    def logp(self, x: Any, shape: Any, scale: Any) -> Any:
        log, z = np.log(scale / x), scale / x
        value = shape * log - z - np.log(x) - gammaln(shape)
        if not np.any(shape >= LARGE):
            return value
        constant = 0.5 * np.log(shape) - HALF_LOG_2PI - stirling_error(shape)
        return np.where(shape < LARGE, value, constant - np.log(x) - deviance(shape, z))

    def cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammaincc(shape, scale / x)

    def sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return gammainc(shape, scale / x)

    def log_cdf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_gammaincc(shape, scale / x)

    def log_sf(self, x: Any, shape: Any, scale: Any) -> Any:
        return log_gammainc(shape, scale / x)

    def ppf(self, q: Any, shape: Any, scale: Any) -> Any:
        return scale / np.where(q < 0.5, gammainccinv(shape, q), gammaincinv(shape, 1 - q))

    def mle(self, mean_reciprocal: Any, excess: Any, *, shape: Any = None) -> Any:
        # the gamma fit of 1/x, whose scale is the reciprocal of ours
        shape, scale = Gamma().mle(mean_reciprocal, excess, shape=shape)
        return shape, 1 / scale

    def score(self, x: Any, shape: Any, scale: Any) -> Any:
        return np.log(scale / (x * shape)) + log_minus_digamma(shape), shape / scale - 1 / x

    def moments(self, shape: Any, scale: Any) -> Any:
        mean = np.where(shape > 1, scale / np.where(shape > 1, shape - 1, 1), np.inf)
        variance = np.where(shape > 2, mean**2 / np.where(shape > 2, shape - 2, 1), np.inf)
        return mean, variance

    def entropy(self, shape: Any, scale: Any) -> Any:
        return shape + np.log(scale) + gammaln(shape) - (1 + shape) * digamma(shape)

    def to_scipy(self, shape: Any, scale: Any) -> Any:
        return "invgamma", {"a": shape, "scale": scale}
