"""What the laws of scipy.stats are called here: name → (family, parameters, shift, unit), of shift + unit · X.

Only laws that have an exact counterpart; any other law of scipy.stats is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Translation = tuple[str, dict[str, float], float, float]


def _with_location(family: str, *names: str) -> Callable[..., Translation]:
    """Shapes in the same order, then location and scale, of which both laws are families."""

    def translate(*shapes: float, loc: float, scale: float) -> Translation:
        return family, dict(zip(names, (*shapes, loc, scale), strict=True)), 0.0, 1.0

    return translate


def _with_scale(family: str, *names: str) -> Callable[..., Translation]:
    """Shapes in the same order, then the scale; the location is a shift."""

    def translate(*shapes: float, loc: float, scale: float) -> Translation:
        return family, dict(zip(names, (*shapes, scale), strict=True)), loc, 1.0

    return translate


def _with_shapes(family: str, *names: str, start: float = 0.0) -> Callable[..., Translation]:
    """Shapes in the same order; the location is a shift, less where the counting starts, and the scale a unit."""

    def translate(*shapes: float, loc: float, scale: float) -> Translation:
        return family, dict(zip(names, shapes, strict=True)), loc + start, scale

    return translate


def _lognorm(s: float, *, loc: float, scale: float) -> Translation:
    return "lognormal", {"mu": float(np.log(scale)), "sigma": s}, loc, 1.0


def _invgauss(mu: float, *, loc: float, scale: float) -> Translation:
    return "inverse_gaussian", {"mean": mu * scale, "shape": scale}, loc, 1.0


def _vonmises(kappa: float, *, loc: float, scale: float) -> Translation:
    direction = float(np.angle(np.exp(1j * loc)))
    return "von_mises", {"mean_direction": direction, "concentration": kappa}, 0.0, scale


def _uniform(*, loc: float, scale: float) -> Translation:
    return "uniform", {"low": loc, "high": loc + scale}, 0.0, 1.0


def _loguniform(a: float, b: float, *, loc: float, scale: float) -> Translation:
    return "log_uniform", {"low": a * scale, "high": b * scale}, loc, 1.0


def _nbinom(n: float, p: float, *, loc: float, scale: float) -> Translation:
    return "negative_binomial", {"mean": n * (1.0 - p) / p, "size": n}, loc, scale


def _randint(low: float, high: float, *, loc: float, scale: float) -> Translation:
    return "discrete_uniform", {"low": low + loc, "high": high - 1.0 + loc}, 0.0, scale


TRANSLATIONS: dict[str, Callable[..., Any]] = {
    "bernoulli": _with_shapes("bernoulli", "p"),
    "beta": _with_shapes("beta", "a", "b"),
    "betabinom": _with_shapes("beta_binomial", "n", "a", "b"),
    "betaprime": _with_scale("beta_prime", "a", "b", "scale"),
    "binom": _with_shapes("binomial", "n", "p"),
    "cauchy": _with_location("cauchy", "location", "scale"),
    "chi": _with_scale("chi", "df", "scale"),
    "chi2": _with_shapes("chi_square", "df"),
    "expon": _with_scale("exponential", "scale"),
    "fisk": _with_scale("log_logistic", "shape", "scale"),
    "gamma": _with_scale("gamma", "shape", "scale"),
    "gengamma": _with_scale("generalized_gamma", "a", "c", "scale"),
    "gennorm": _with_location("generalized_normal", "shape", "location", "scale"),
    "geom": _with_shapes("geometric", "p", start=1.0),
    "gumbel_l": _with_location("gumbel_min", "location", "scale"),
    "gumbel_r": _with_location("gumbel", "location", "scale"),
    "halfcauchy": _with_scale("half_cauchy", "scale"),
    "halfnorm": _with_scale("half_normal", "scale"),
    "invgamma": _with_scale("inverse_gamma", "shape", "scale"),
    "invgauss": _invgauss,
    "invweibull": _with_scale("frechet", "shape", "scale"),
    "laplace": _with_location("laplace", "location", "scale"),
    "levy": _with_scale("levy", "scale"),
    "logistic": _with_location("logistic", "location", "scale"),
    "loglaplace": _with_scale("log_laplace", "shape", "scale"),
    "lognorm": _lognorm,
    "logser": _with_shapes("log_series", "p"),
    "loguniform": _loguniform,
    "lomax": _with_scale("lomax", "shape", "scale"),
    "maxwell": _with_scale("maxwell", "scale"),
    "nakagami": _with_scale("nakagami", "shape", "scale"),
    "nbinom": _nbinom,
    "norm": _with_location("normal", "mean", "sd"),
    "pareto": _with_scale("pareto", "shape", "minimum"),
    "poisson": _with_shapes("poisson", "mean"),
    "powerlaw": _with_shapes("power_function", "shape"),
    "randint": _randint,
    "rayleigh": _with_scale("rayleigh", "scale"),
    "reciprocal": _loguniform,
    "t": _with_location("student_t", "df", "location", "scale"),
    "uniform": _uniform,
    "vonmises": _vonmises,
    "weibull_min": _with_scale("weibull", "shape", "scale"),
    "zipf": _with_shapes("zeta", "exponent"),
}
