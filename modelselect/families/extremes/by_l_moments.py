"""Flexible laws of hydrology, which are usually fitted by L-moments: here those are where the search begins."""

from __future__ import annotations

from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.domain import POSITIVE, REAL
from modelselect.families.extremes.classic import SLIGHT, curvature, reduced, unreduced
from modelselect.families.special import log1mexp
from modelselect.family import Family, Parameter, register


@register
class Kappa4(Family):
    """Kappa(h, k, location, scale): cdf (1 − h (1 − kz)^(1/k))^(1/h), z = (x − location)/scale (Hosking 1994).

    h = 0 is the GEV with ξ = −k, h = 1 the generalized Pareto, h = −1 the generalized logistic. Where the density is
    infinite at an end (k > 1, h > 1, or hk > 1 with both negative) the likelihood has no bound.
    """

    name = "kappa_4"
    support = REAL
    h = Parameter(REAL, typical=(-0.8, 0.3))
    k = Parameter(REAL, typical=(-0.2, 0.3))
    location = Parameter(REAL, typical=(-10, 10), role="location")
    scale = Parameter(POSITIVE, typical=(0.05, 20), role="scale")
    statistics = (observed.mean, observed.l_scale, observed.l_skewness, observed.minimum, observed.maximum)
    nested = {
        "gumbel": {"h": 0, "k": 0, "location": "location", "scale": "scale"},
        "logistic": {"h": -1, "k": 0, "location": "location", "scale": "scale"},
    }
    aliases = ("kappa4",)

    def logp(self, x: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        y = reduced((x - location) / scale, -k)
        log_cdf = reduced(-np.exp(-y), h)
        value = (1 - h) * log_cdf - (1 - k) * y - np.log(scale)
        # far out below log cdf is y/|h|, where both are infinite the density is 0
        return np.where(np.isnan(value), -np.inf, value)

    def sf(self, x: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        return -np.expm1(self.log_cdf(x, h, k, location, scale))

    def log_cdf(self, x: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        return reduced(-np.exp(-reduced((x - location) / scale, -k)), h)

    def log_sf(self, x: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        y = reduced((x - location) / scale, -k)
        return np.where(y > 37, -y, log1mexp(-reduced(-np.exp(-y), h)))

    def ppf(self, q: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        return location + scale * unreduced(-np.log(-unreduced(np.log(q), h)), -k)

    def bounds(self, h: Any, k: Any, location: Any, scale: Any) -> Any:
        end = location + scale / np.where(k == 0, np.nan, k)
        start = location + scale * unreduced(np.log(np.where(h > 0, h, 1.0)), -k)
        low = np.where(h > 0, start, np.where(k < 0, end, -np.inf))
        return low, np.where(k > 0, end, np.inf)

    def unbounded(self, h: Any, k: Any, location: Any, scale: Any) -> Any:
        most = 1 / (1 + SLIGHT)
        return (k > most) | (h > most) | ((h < 0) & (k < 0) & (h * k > most))

    def start(self, mean: Any, l_scale: Any, l_skewness: Any, minimum: Any, maximum: Any) -> Any:
        # L-moments of the laws between the generalized logistic, the GEV and the generalized Pareto
        c = 2 / (3 + l_skewness) - np.log(2) / np.log(3)
        gev = 7.8590 * c + 2.9554 * c * c
        logistic, pareto = -l_skewness, (1 - 3 * l_skewness) / (1 + l_skewness)
        ones = np.ones_like(mean)
        h = np.array([-6.0, -0.5, 0.0, 0.6])[:, None] * ones
        k = np.clip(np.stack([0.0 * gev, 0.5 * (logistic + gev), gev, 0.4 * gev + 0.6 * pareto]), -0.9, 0.9)
        # mean and L-scale by the rule of the middles of 200 equal shares
        u = (np.arange(200.0) + 0.5) / 200
        z = unreduced(-np.log(-unreduced(np.log(u), h[..., None])), -k[..., None])
        scale = l_scale / np.mean(z * (2 * u - 1), axis=-1)
        location = mean - scale * z.mean(axis=-1)
        # drawn together until all observations lie inside
        for _ in range(60):
            low, high = self.bounds(h, k, location, scale)
            out = ~(
                (low < minimum) & (maximum < high) & ((minimum - low > 0.01 * scale) & (high - maximum > 0.01 * scale))
            )
            if not np.any(out):
                break
            h, k = np.where(out & (h > 0), 0.8 * h - 0.01, h), np.where(out, 0.8 * k, k)
        return h, k, location, scale

    def score(self, x: Any, h: Any, k: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        y = reduced(z, -k)
        u = np.exp(-y)
        by_y = (1 - h) * u / (1 - h * u) - (1 - k)
        by_z = by_y / (1 - k * z)
        by_h = -reduced(-u, h) - (1 - h) * (u * u) * curvature(-h * u)
        return by_h, y + by_y * (z * z) * curvature(-k * z), -by_z / scale, -(1 + z * by_z) / scale

    # no to_scipy: moments of scipy's kappa4 are infinite where they exist (h = −0.8, k = 0.3), and slow
