"""Laws of lengths, squares and absolute values: half-normal, Maxwell, chi, Rice and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf, erfc, erfcinv, erfinv, gammainc, gammaincc, gammainccinv, gammaincinv, log_ndtr

import modelselect.statistics as observed
from modelselect.domain import NONNEGATIVE, POSITIVE
from modelselect.families.incomplete import log_gammainc, log_gammaincc
from modelselect.families.special import HALF_LOG_2PI, log1p_square
from modelselect.family import Family, Parameter, register

_SQRT_HALF = np.sqrt(0.5)


@register
class Maxwell(Family):
    """Maxwell(scale), x > 0: density √(2/π) x²/scale³ exp(−x²/(2 scale²)), which is 0 at 0 whatever the scale."""

    support = POSITIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_square,)
    aliases = ("maxwell_boltzmann",)

    def logp(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return 2 * np.log(z) - 0.5 * z * z - (np.log(scale) + HALF_LOG_2PI - np.log(2))

    def cdf(self, x: Any, scale: Any) -> Any:
        return gammainc(1.5, 0.5 * (x / scale) ** 2)

    def sf(self, x: Any, scale: Any) -> Any:
        return gammaincc(1.5, 0.5 * (x / scale) ** 2)

    def log_cdf(self, x: Any, scale: Any) -> Any:
        z = x / scale
        # near 0 the square underflows, and cdf is √(2/π) z³/3
        return np.where(z < 1e-100, 3 * np.log(z) + np.log(2 / 3) - HALF_LOG_2PI, log_gammainc(1.5, 0.5 * z * z))

    def log_sf(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return log_gammaincc(1.5, np.minimum(0.5 * z * z, 1e300))

    def ppf(self, q: Any, scale: Any) -> Any:
        return scale * np.sqrt(2 * np.where(q < 0.5, gammaincinv(1.5, q), gammainccinv(1.5, 1 - q)))

    def mle(self, mean_square: Any) -> Any:
        return (np.sqrt(mean_square / 3),)

    def score(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((z * z - 3) / scale,)

    def moments(self, scale: Any) -> Any:
        return scale * np.sqrt(8 / np.pi), (3 - 8 / np.pi) * scale**2

    def entropy(self, scale: Any) -> Any:
        return np.log(scale) + HALF_LOG_2PI + np.euler_gamma - 0.5

    def to_scipy(self, scale: Any) -> Any:
        return "maxwell", {"scale": scale}


@register
class HalfNormal(Family):
    """Half-normal(scale), x ≥ 0: density √(2/π) exp(−x²/(2 scale²)) / scale; |X| for X normal(0, scale)."""

    support = NONNEGATIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean_square,)
    aliases = ("halfnorm",)

    def logp(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return -0.5 * z * z - (np.log(scale) + HALF_LOG_2PI - np.log(2))

    def cdf(self, x: Any, scale: Any) -> Any:
        return erf(x / scale * _SQRT_HALF)

    def sf(self, x: Any, scale: Any) -> Any:
        return erfc(x / scale * _SQRT_HALF)

    def log_sf(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return np.where(z < 1, np.log1p(-erf(z * _SQRT_HALF)), np.log(2) + log_ndtr(-z))

    def ppf(self, q: Any, scale: Any) -> Any:
        return scale / _SQRT_HALF * np.where(q < 0.5, erfinv(q), erfcinv(1 - q))

    def mle(self, mean_square: Any) -> Any:
        return (np.sqrt(mean_square),)

    def score(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((z * z - 1) / scale,)

    def moments(self, scale: Any) -> Any:
        return scale * np.sqrt(2 / np.pi), (1 - 2 / np.pi) * scale**2

    def entropy(self, scale: Any) -> Any:
        return np.log(scale) + HALF_LOG_2PI - np.log(2) + 0.5

    def to_scipy(self, scale: Any) -> Any:
        return "halfnorm", {"scale": scale}


@register
class HalfCauchy(Family):
    """Half-Cauchy(scale), x ≥ 0: density 2 / (π scale (1 + (x/scale)²)); |X| for X Cauchy(0, scale); no moments."""

    support = NONNEGATIVE
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.median, observed.mean)
    aliases = ("halfcauchy",)

    def logp(self, x: Any, scale: Any) -> Any:
        return -log1p_square(x / scale) - np.log(np.pi / 2 * scale)

    def cdf(self, x: Any, scale: Any) -> Any:
        return 2 / np.pi * np.arctan2(x, scale)

    def sf(self, x: Any, scale: Any) -> Any:
        return 2 / np.pi * np.arctan2(scale, x)

    def ppf(self, q: Any, scale: Any) -> Any:
        return scale * np.where(q < 0.5, np.tan(np.pi / 2 * q), 1 / np.tan(np.pi / 2 * (1 - q)))

    def start(self, median: Any, mean: Any) -> Any:
        # one maximum, where Σ w/(1 + (x/scale)²) = W/2
        return (np.where(median > 0, median, mean),)

    def score(self, x: Any, scale: Any) -> Any:
        z = x / scale
        return ((1 - 2 / (1 + z * z)) / scale,)

    def moments(self, scale: Any) -> Any:
        return scale * np.inf, scale * np.inf

    def entropy(self, scale: Any) -> Any:
        return np.log(2 * np.pi * scale)

    def to_scipy(self, scale: Any) -> Any:
        return "halfcauchy", {"scale": scale}
