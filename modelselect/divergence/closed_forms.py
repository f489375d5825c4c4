"""KL divergence of two laws of one family in closed form.

A divergence does not change under a one-to-one change of variable, so a dozen formulas serve forty families:
log X of a lognormal is normal, X^c of a generalised gamma is gamma, and log X of a Weibull is Gumbel's.
`REDUCTIONS` says for each family which formula, with what parameters, and what must be equal in both laws.

Sources: Kullback & Leibler 1951; Gil, Alajaji & Linder 2013 (Rényi divergence measures for commonly used univariate
continuous distributions); Bauckhage 2014 (generalized gamma); Chyzak & Nielsen 2019 (Cauchy).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import betaln, digamma, expm1, gammaln, i0e, i1e, log1p, xlogy

from modelselect.divergence.laws import Law
from modelselect.divergence.terms import remainder

Formula = Callable[[Any, Any], float]
#: A formula, its parameters, and what both laws must share for it to hold.
Reduced = tuple[Formula, tuple[float, ...], tuple[object, ...]]


def closed_form(p: Law, q: Law) -> float | None:
    """KL(p ‖ q) in nats where p and q belong to one family and the formula is known, else None.

    Examples
    --------
    >>> import modelselect as ms
    >>> from modelselect.divergence.laws import as_law
    >>> wide, narrow = (as_law(ms.Distribution.of("normal", mean=0.0, sd=s)) for s in (2.0, 1.0))
    >>> round(closed_form(wide, narrow), 6)
    0.806853
    """
    first, second = _reduced(p), _reduced(q)
    if first is None or second is None or first[0] is not second[0] or first[2] != second[2]:
        return None
    with np.errstate(all="ignore"):
        value = float(first[0](first[1], second[1]))
    return max(value, 0.0) if not np.isnan(value) else None


def closed_entropy(law: Law) -> float | None:
    """Entropy of a beta law, whose density may be infinite at ends that floats do not resolve; else None."""
    if law.distribution is None or law.distribution.family.name != "beta":
        return None
    a, b = law.distribution.parameters.values()
    logs = (a - 1.0) * digamma(a) + (b - 1.0) * digamma(b) - (a + b - 2.0) * digamma(a + b)
    return float(betaln(a, b) - logs + np.log(law.unit))


def _reduced(law: Law) -> Reduced | None:
    if law.distribution is None or law.distribution.family.name not in REDUCTIONS:
        return None
    formula, parameters, shared = REDUCTIONS[law.distribution.family.name](**law.distribution.parameters)
    return formula, parameters, (*shared, law.shift, law.unit)


# formulas ---------------------------------------------------------------------------------------------------------


def _gap(r: Any) -> Any:
    """Value of r − 1 − log r ≥ 0, to the last digit near r = 1."""
    return remainder(np.log(np.asarray(r, dtype=float)))


def _normal(p: Any, q: Any) -> Any:
    (m, s), (n, t) = p, q
    return 0.5 * (_gap((s / t) ** 2) + ((m - n) / t) ** 2)


def _gamma(p: Any, q: Any) -> Any:
    (k, s), (j, t) = p, q
    shapes = gammaln(j) - gammaln(k) - (j - k) * digamma(k)
    return shapes + k * _gap(s / t) + (k - j) * np.log(s / t)


def _generalized_gamma(p: Any, q: Any) -> Any:
    (a, c, s), (b, e, t) = p, q
    growth = np.exp(gammaln(a + e / c) - gammaln(a) + e * np.log(s / t))
    # log s is measured from t: the divergence knows no unit
    return (
        np.log(c / e)
        + gammaln(b)
        - gammaln(a)
        - a * c * np.log(s / t)
        + (digamma(a) / c + np.log(s / t)) * (a * c - b * e)
        + growth
        - a
    )


def _beta(p: Any, q: Any) -> Any:
    (a, b), (c, d) = p, q
    mean_logs = (a - c) * digamma(a) + (b - d) * digamma(b) + (c - a + d - b) * digamma(a + b)
    return betaln(c, d) - betaln(a, b) + mean_logs


def _laplace(p: Any, q: Any) -> Any:
    (m, b), (n, c) = p, q
    far = abs(m - n)
    return _gap(b / c) + (b * expm1(-far / b) + far) / c


def _gumbel(p: Any, q: Any) -> Any:
    (m, b), (n, c) = p, q
    growth = expm1((n - m) / c + gammaln(b / c + 1.0))
    return np.log(c / b) + np.euler_gamma * (b / c - 1.0) + growth + (m - n) / c


def _cauchy(p: Any, q: Any) -> Any:
    (m, s), (n, t) = p, q
    return log1p(((s - t) ** 2 + (m - n) ** 2) / (4.0 * s * t))


def _pareto(p: Any, q: Any) -> Any:
    (a, low), (b, least) = p, q
    return np.inf if low < least else _gap(b / a) + b * np.log(low / least)


def _uniform(p: Any, q: Any) -> Any:
    (low, high), (least, most) = p, q
    return np.inf if low < least or high > most else np.log((most - least) / (high - low))


def _lattice_uniform(p: Any, q: Any) -> Any:
    return _uniform((p[0], p[1] + 1.0), (q[0], q[1] + 1.0))


def _inverse_gaussian(p: Any, q: Any) -> Any:
    (m, k), (n, j) = p, q
    return 0.5 * _gap(j / k) + 0.5 * j * (m - n) ** 2 / (n**2 * m)


def _von_mises(p: Any, q: Any) -> Any:
    (m, k), (n, j) = p, q
    turn = 2.0 * np.sin(0.5 * (m - n)) ** 2
    length = i1e(k) / i0e(k)
    return np.log(i0e(j) / i0e(k)) + (j - k) * (1.0 - length) + length * j * turn


def _wrapped_cauchy(p: Any, q: Any) -> Any:
    (m, r), (n, s) = p, q
    apart = (r - s) ** 2 + 4.0 * r * s * np.sin(0.5 * (m - n)) ** 2
    return log1p(apart / ((1.0 - r**2) * (1.0 - s**2)))


def _poisson(p: Any, q: Any) -> Any:
    return q[0] if p[0] == 0 else p[0] * _gap(q[0] / p[0])


def _trials(p: Any, q: Any) -> Any:
    """`count` Bernoulli trials; p and q are (count, probability)."""
    (count, a), (_, b) = p, q
    near = abs(a - b) < 0.5 * min(a, 1.0 - a, b, 1.0 - b)
    if near:
        return count * (a * _gap(b / a) + (1.0 - a) * _gap((1.0 - b) / (1.0 - a)))
    return count * (xlogy(a, a / b) + (xlogy(1.0 - a, (1.0 - a) / (1.0 - b)) if a < 1 else 0.0))


def _failures(p: Any, q: Any) -> Any:
    """Failures before `size` successes; p and q are (size, probability of success)."""
    return _trials(p, q) / p[1]


def _log_series(p: Any, q: Any) -> Any:
    a, b = p[0], q[0]
    mean = -a / ((1.0 - a) * log1p(-a))
    return np.log(log1p(-b) / log1p(-a)) + mean * np.log(a / b)


# families ---------------------------------------------------------------------------------------------------------


def _same(formula: Formula, *order: str, shared: tuple[str, ...] = ()) -> Callable[..., Reduced]:
    """Take the parameters as they are."""

    def reduce(**parameters: float) -> Reduced:
        names = order or tuple(name for name in parameters if name not in shared)
        return formula, tuple(parameters[name] for name in names), tuple(parameters[name] for name in shared)

    return reduce


def _log_of(formula: Formula) -> Callable[..., Reduced]:
    """Law of log X with location log scale and scale 1/shape."""

    def reduce(shape: float, scale: float) -> Reduced:
        return formula, (float(np.log(scale)), 1.0 / shape), ("log",)

    return reduce


def _powers(a: float, c: float, scale: float, *shared: object) -> Reduced:
    """Generalised gamma: X^c is gamma."""
    return _generalized_gamma, (a, c, scale), shared


def _square(shape: float, mean_square: float) -> Reduced:
    """X² is gamma with this shape and mean."""
    return _gamma, (shape, mean_square / shape), ("square",)


REDUCTIONS: Mapping[str, Callable[..., Reduced]] = {
    "bernoulli": lambda p: (_trials, (1.0, p), (1.0,)),
    "beta": _same(_beta),
    "beta_prime": _same(_beta, shared=("scale",)),
    "binomial": lambda n, p: (_trials, (n, p), (n,)),
    "cauchy": _same(_cauchy),
    "chi": lambda df, scale: _square(df / 2.0, df * scale**2),
    "chi_square": lambda df: (_gamma, (df / 2.0, 2.0), ()),
    "discrete_uniform": _same(_lattice_uniform),
    "erlang": _same(_gamma),
    "exponential": lambda scale: (_gamma, (1.0, scale), ()),
    "frechet": _log_of(_gumbel),
    "gamma": _same(_gamma),
    "generalized_gamma": _powers,
    "generalized_normal": lambda shape, location, scale: _powers(1.0 / shape, shape, scale, "size", location),
    "geometric": lambda p: (_failures, (1.0, p), (1.0,)),
    "gumbel": _same(_gumbel),
    "gumbel_min": lambda location, scale: (_gumbel, (-location, scale), ("minus",)),
    "half_cauchy": lambda scale: (_cauchy, (0.0, scale), ("size",)),
    "half_normal": lambda scale: _square(0.5, scale**2),
    "inverse_gamma": lambda shape, scale: (_gamma, (shape, 1.0 / scale), ("inverse",)),
    "inverse_gaussian": _same(_inverse_gaussian),
    "laplace": _same(_laplace),
    "levy": lambda scale: (_gamma, (0.5, 2.0 / scale), ("inverse",)),
    "log_gamma": lambda shape, scale: (_gamma, (shape, scale), ("log",)),
    "log_laplace": _log_of(_laplace),
    "log_series": _same(_log_series),
    "log_uniform": lambda low, high: (_uniform, (float(np.log(low)), float(np.log(high))), ("log",)),
    "logit_normal": lambda mu, sigma: (_normal, (mu, sigma), ("logit",)),
    "lognormal": lambda mu, sigma: (_normal, (mu, sigma), ("log",)),
    "lomax": lambda shape, scale: (_gamma, (1.0, 1.0 / shape), ("log1p", scale)),
    "maxwell": lambda scale: _square(1.5, 3.0 * scale**2),
    "nakagami": lambda shape, scale: _square(shape, scale**2),
    "negative_binomial": lambda mean, size: (_failures, (size, size / (size + mean)), (size,)),
    "normal": _same(_normal),
    "pareto": _same(_pareto),
    "poisson": _same(_poisson),
    "power_function": lambda shape: (_gamma, (1.0, 1.0 / shape), ("minus log",)),
    "rayleigh": lambda scale: _square(1.0, 2.0 * scale**2),
    "scaled_power_function": lambda shape, maximum: (_pareto, (shape, 1.0 / maximum), ("inverse",)),
    "uniform": _same(_uniform),
    "von_mises": _same(_von_mises),
    "weibull": lambda shape, scale: _powers(1.0, shape, scale),
    "wrapped_cauchy": _same(_wrapped_cauchy),
}
