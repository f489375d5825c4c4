"""Special functions whose digits die, or whose range ends too early, in their textbook form."""

from __future__ import annotations

from collections.abc import Callable
from math import comb, factorial
from typing import Any

import numpy as np
from scipy.special import bernoulli, betainc, exp1, gammainc, gammaincc, gammaln, hyp2f1

from modelselect.domain import Array
from modelselect.formulas import log_share

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
_BERNOULLI = bernoulli(16)
#: From here on log-gamma differences are replaced by Stirling's error and the deviance.
LARGE = 100.0


# -- gamma functions ---------------------------------------------------------------------------------------------------


def stirling(z: Any) -> Any:
    """Log Γ(z + 1) − (z + ½) log z + z − ½ log 2π for z ≥ 50: error below 1e-18."""
    r = 1.0 / z
    s = r * r
    return r * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s / 1680)))


def stirling_error(z: Any) -> Any:
    """The same for all z > 0."""
    z = np.asarray(z, dtype=float)
    with np.errstate(all="ignore"):
        large = stirling(z)
        if np.all(z >= 50):
            return large
        return np.where(z >= 50, large, gammaln(z + 1) - (z + 0.5) * np.log(z) + z - HALF_LOG_2PI)


def log_rising_excess(s: Any, x: Any) -> Array:
    """Log Γ(s + x)/Γ(s) − x log s for s > 0, x ≥ 0: vanishes as s → ∞, to full precision.

    With it a negative binomial with size 1e12 is a Poisson to the last digit, a beta-binomial a
    binomial, and the constant of Student's t that of the normal.
    """
    s, x = np.asarray(s, dtype=float), np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        large = np.asarray((s + x - 0.5) * np.log1p(x / s) - x + stirling(s + x) - stirling(s))
        if np.all(s >= 50):
            return large
        return np.where(s >= 50, large, gammaln(s + x) - gammaln(s) - x * np.log(s))


def log_minus_digamma(a: Any) -> Array:
    """Log a − ψ(a), positive and falling from ∞ to 0: ten steps up, then the asymptotic series."""
    a = np.asarray(a, dtype=float)
    with np.errstate(all="ignore"):
        steps = sum(1.0 / (a + i) for i in range(10))
        r = 1.0 / (a + 10)
        s = r * r
        series = r / 2 + s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * 691 / 32760)))))
        return np.asarray(series + (steps - np.log1p(10 / a)))


def deviance(x: Any, m: Any) -> Array:
    """X log(x/m) − x + m ≥ 0 for x > 0, to full precision where x is near m (Loader 2000)."""
    with np.errstate(all="ignore"):
        t = (x - m) / m
        near = m * ((1 + t) * np.log1p(t) - t)
        return np.asarray(np.where((2 * x > m) & (x < 2 * m), near, x * (np.log(x) - np.log(m)) - x + m))


def log_poisson(x: Any, mean: Any) -> Array:
    """Log of mean^x e^(−mean) / Γ(x + 1) for x > 0 of any size (Loader 2000)."""
    return np.asarray(-stirling_error(x) - deviance(x, mean) - 0.5 * np.log(x) - HALF_LOG_2PI)


def log_binomial(x: Any, n: Any, p: Any, q: Any) -> Array:
    """Log of Γ(n + 1)/(Γ(x + 1) Γ(n − x + 1)) p^x q^(n−x) for 0 ≤ x ≤ n of any size, p + q = 1 (Loader 2000)."""
    with np.errstate(all="ignore"):
        y = n - x
        constant = stirling_error(n) - stirling_error(x) - stirling_error(y) - 0.5 * np.log(x * (y / n)) - HALF_LOG_2PI
        inner = constant - deviance(x, n * p) - deviance(y, n * q)
        none = n * np.where(p < 0.5, np.log1p(-p), np.log(q))
        every = n * np.where(q < 0.5, np.log1p(-q), np.log(p))
        return np.asarray(np.where(x == 0, none, np.where(y == 0, every, inner)))


# -- elementary --------------------------------------------------------------------------------------------------------


def times(a: Any, log: Any) -> Any:
    """Product with 0·∞ = 0, without the cost of xlogy on millions of observations."""
    with np.errstate(all="ignore"):
        zero = np.asarray(a) == 0
        return np.where(zero, 0.0, a * log) if np.any(zero) else a * log


def log1p_square(z: Any) -> Any:
    """Log(1 + z²) for z of any size."""
    with np.errstate(all="ignore"):
        value = np.log1p(z * z)
        return np.where(np.isinf(value), 2.0 * np.log(np.abs(z)), value) if np.any(np.isinf(value)) else value


def log1mexp(a: Any) -> Any:
    """Log(1 − e^(−a)) for a ≥ 0."""
    with np.errstate(all="ignore"):
        return np.where(a < 0.7, np.log(-np.expm1(-a)), np.log1p(-np.exp(-a)))


def log1mexpexp(t: Any) -> Any:
    """Log(1 − exp(−e^t)) for any t: about t far to the left."""
    with np.errstate(all="ignore"):
        return np.where(t < -37, t, log1mexp(np.exp(t)))


# -- sums --------------------------------------------------------------------------------------------------------------


def log_zeta(a: Any, m: Any) -> tuple[Array, Array]:
    """Log of Σ_{j≥0} (1 + j/m)^(−a), that is of m^a ζ(a, m), and minus its derivative in a, for a > 1, m ≥ 1.

    Twenty terms and the Euler–Maclaurin formula for the rest; 0 and 0 at a = ∞.
    """
    a, m = np.asarray(a, dtype=float), np.asarray(m, dtype=float)
    with np.errstate(all="ignore"):
        rest, slope = np.zeros(np.broadcast(a, m).shape), np.zeros(np.broadcast(a, m).shape)
        for j in range(1, 20):
            log = np.log1p(j / m)
            term = np.exp(-a * log)
            rest, slope = rest + term, slope + log * term
        M = m + 20
        log = np.log1p(20 / m)
        # tail = (M/m)^(−a) g(a), g = M/(a−1) + ½ + Σ_k B_2k/(2k)! a(a+1)…(a+2k−2) / M^(2k−1)
        g, dg = M / (a - 1) + 0.5, -M / (a - 1) ** 2
        rising, drising = a, np.ones_like(a)
        for k in range(1, 8):
            scale = _BERNOULLI[2 * k] / factorial(2 * k) / M ** (2 * k - 1)
            g, dg = g + scale * rising, dg + scale * drising
            for i in (2 * k - 1, 2 * k):
                rising, drising = rising * (a + i), drising * (a + i) + rising
        tail = np.exp(-a * log)
        rest, slope = rest + tail * g, slope + tail * (log * g - dg)
        far = a > 1e4 * m  # the second term is below e^(−5000)
        return np.where(far, 0.0, np.log1p(rest)), np.where(far, 0.0, slope / (1 + rest))


def log_series_tail(x: Any, p: Any) -> Array:
    """Log of Σ_{k>x} p^k / k for integer x ≥ 0, 0 < p < 1."""
    x, p = np.asarray(x, dtype=float), np.asarray(p, dtype=float)
    N = x + 1
    with np.errstate(all="ignore"):
        far = (N >= 50) & (p >= 0.9)
        near = np.log(hyp2f1(1, N, N + 1, np.where(far, 0.5, p)) / N)
        if not np.any(far):
            return np.asarray(near + N * np.log(p))
        # Euler–Maclaurin for f(t) = e^(−λt)/t from N on, e^(−λN) taken out
        rate = -np.log(p)
        y = rate * N
        asymptotic = sum((-1.0) ** k * factorial(k) / y ** (k + 1) for k in range(20))
        total = np.where(y > 50, asymptotic, np.exp(y) * exp1(y)) + 0.5 / N
        for k in (1, 2, 3, 4):
            n = 2 * k - 1
            derivative = sum(comb(n, j) * factorial(j) * rate ** (n - j) / N ** (j + 1) for j in range(n + 1))
            total = total + _BERNOULLI[2 * k] / factorial(2 * k) * derivative
        return np.asarray(np.where(far, np.log(total), near) + N * np.log(p))


# -- tails -------------------------------------------------------------------------------------------------------------

#: Below this, cdf and sf are about to underflow.
_TINY = 1e-290
_MOST_TERMS = 5000


def log_gammainc(a: Any, z: Any) -> Array:
    """Log of the regularised lower incomplete gamma function, for any a > 0, z ≥ 0."""

    def far(a: Array, z: Array) -> Array:
        return np.where(z > 0, log_poisson(a, z) + np.log(_rising_sum(z, lambda k: z / (a + 1 + k))), -np.inf)

    with np.errstate(all="ignore"):
        return _unless_tiny(log_share(gammainc(a, z), gammaincc(a, z)), far, a, z)


def log_gammaincc(a: Any, z: Any) -> Array:
    """Log of the regularised upper incomplete gamma function, for any a > 0, z ≥ 0."""

    def far(a: Array, z: Array) -> Array:
        # Legendre's continued fraction (DLMF 8.9.2), from the far end
        fraction = z + 201 - a
        for k in range(100, 0, -1):
            fraction = z + 2 * k - 1 - a - k * (k - a) / fraction
        return np.asarray(log_poisson(a, z) + np.log(a / fraction))

    with np.errstate(all="ignore"):
        return _unless_tiny(log_share(gammaincc(a, z), gammainc(a, z)), far, a, z)


def log_betainc(a: Any, b: Any, x: Any, y: Any) -> Array:
    """Log of the regularised incomplete beta function I_x(a, b), x + y = 1, for any a, b > 0."""

    def far(a: Array, b: Array, x: Array, y: Array) -> Array:
        total = _rising_sum(x, lambda k: (a + b + k) / (a + 1 + k) * x)
        return np.where(x > 0, log_binomial(a, a + b, x, y) + np.log(total * b / (a + b)), -np.inf)

    with np.errstate(all="ignore"):
        # the argument is the smaller of x and y, which has all its digits
        direct = np.asarray(x < y)
        first, second, argument = np.where(direct, a, b), np.where(direct, b, a), np.where(direct, x, y)
        # betaincc gives the same at twenty times the price
        part, rest = betainc(first, second, argument), betainc(second, first, np.where(direct, y, x))
        value = log_share(np.where(direct, part, rest), np.where(direct, rest, part))
        return _unless_tiny(value, far, a, b, x, y)


def _unless_tiny(value: Array, far: Callable[..., Array], *arguments: Any) -> Array:
    """Replace logarithms of what underflows by another formula."""
    tiny = value < np.log(_TINY)
    if not np.any(tiny):
        return value
    *arguments, tiny = np.broadcast_arrays(*arguments, tiny)  # type: ignore[assignment]
    value = np.array(np.broadcast_to(value, tiny.shape))
    value[tiny] = far(*(argument[tiny] for argument in arguments))
    return value


def _rising_sum(like: Array, ratio: Callable[[int], Array]) -> Array:
    """1 + r₀ + r₀r₁ + … of positive ratios that fall below 1."""
    term = total = np.ones_like(like)
    for k in range(_MOST_TERMS):
        term = term * ratio(k)
        total = total + term
        if not np.any(term > 1e-17 * total):
            break
    return total
