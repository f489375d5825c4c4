"""Special functions whose digits die, or whose range ends too early, in their textbook form."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from math import comb, factorial
from typing import Any

import numpy as np
from scipy.special import bernoulli, digamma, exp1, gammaln, hyp2f1, ive

from modelselect.domain import Array

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
_BERNOULLI = bernoulli(16)
#: B_2k/(2k)! of the Euler–Maclaurin formula.
_EULER_MACLAURIN = np.array([_BERNOULLI[2 * k] / factorial(2 * k) for k in range(1, 8)])
#: From here on log-gamma differences are replaced by Stirling's error and the deviance.
LARGE = 100.0
#: Below this, numbers are about to underflow: they are computed as logarithms.
TINY = 1e-290
#: Successive integers up to which a sum over them is added up for all at once.
_TABLE = 4096
#: Steps up of the digamma function, made in one call where there are few arguments.
_STEPS, _FEW = np.arange(10.0), 1000


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
        if s.ndim == 2 and s.shape[1] == 1 and _counts_up(x):
            return _log_rising_table(s, x)
        small = s < 50
        some = np.any(small)
        near = gammaln(s + x) - (gammaln(s) + x * np.log(s)) if some else 0.0
        if some and np.all(small):
            return np.asarray(near)
        large = np.asarray((s + x - 0.5) * np.log1p(x / s) - x + stirling(s + x) - stirling(s))
        return np.asarray(np.where(small, near, large))


def _counts_up(x: Array) -> bool:
    """Whether these are successive integers, and not too many, which all groups share."""
    return x.ndim == 2 and len(x) == 1 < x.shape[1] <= _TABLE and bool(np.all(np.diff(x[0]) == 1.0) and x[0, 0] >= 0)


def _log_rising_table(s: Array, x: Array) -> Array:
    """The same for x, x + 1, … and s ``(G, 1)``: Σ log(1 + j/s) over j < x, term by term."""
    table = np.empty((x.shape[1], len(s)))
    table[0] = log_rising_excess(s[:, 0], x[0, :1]) if x[0, 0] > 0 else 0.0
    np.log1p(np.divide(x[0, :-1, None], s[:, 0], out=table[1:]), out=table[1:])
    if len(s) == 1:
        return np.cumsum(table, axis=0).T
    for line in range(1, len(table)):  # as the sum along one axis, but all groups at once
        table[line] += table[line - 1]
    return np.ascontiguousarray(table.T)


def log_minus_digamma(a: Any) -> Array:
    """Log a − ψ(a), positive and falling from ∞ to 0: ten steps up, then the asymptotic series."""
    a = np.asarray(a, dtype=float)
    with np.errstate(all="ignore"):
        if a.size <= _FEW:
            steps = (1.0 / (a[..., None] + _STEPS)).sum(axis=-1)
        else:
            steps = sum(1.0 / (a + i) for i in range(10))
        return np.asarray(_log_minus_digamma(a + 10) + (steps - np.log1p(10 / a)))


def trigamma_excess(a: Any) -> Array:
    """ψ′(a) − 1/a, positive and falling from ∞ to 0, minus the derivative of `log_minus_digamma`; likewise computed."""
    a = np.asarray(a, dtype=float)
    with np.errstate(all="ignore"):
        z = a + 10
        r = 1.0 / z
        s = r * r
        series = s * (0.5 + r * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * (5 / 66 - s * 691 / 2730))))))
        if a.size <= _FEW:
            b = a[..., None] + _STEPS
            return np.asarray(series + (1.0 / (b * b * (b + 1.0))).sum(axis=-1))
        return np.asarray(series + sum(1.0 / (np.square(a + i) * (a + (i + 1))) for i in range(10)))


def digamma_step(z: Any, d: Any) -> Array:
    """ψ(z + d) − ψ(z) for z > 0, d ≥ 0, to full precision where d is small beside z."""
    z, end = np.asarray(z, dtype=float), np.asarray(z + d, dtype=float)
    with np.errstate(all="ignore"):
        large = np.log1p(d / z) + _log_minus_digamma(z) - _log_minus_digamma(end)
        return np.asarray(np.where(z >= 20, large, digamma(end) - digamma(z)))


def _log_minus_digamma(z: Any) -> Any:
    """The asymptotic series of `log_minus_digamma`, for z ≥ 10."""
    r = 1.0 / z
    s = r * r
    return r / 2 + s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * 691 / 32760)))))


def log_rising_ratio(b: Any, a: Any, x: Any) -> Array:
    """Log Γ(b + a) Γ(b + x) / (Γ(b) Γ(b + a + x)) for b > 0 and a, x ≥ 0 of any size: about −ax/b where b is large."""
    small, large = np.minimum(a, x), np.maximum(a, x)
    with np.errstate(all="ignore"):
        excess = log_rising_excess(b, small) - log_rising_excess(b + large, small)
        return np.asarray(np.where(small == 0, 0.0, excess - small * np.log1p(large / b)))


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


def by_count(x: Any, near: Callable[[Any], Any], far: Callable[[Any], Any], *parameters: Any) -> Any:
    """near(x) for counts below `LARGE` and far(x) from there on; where groups share their counts each on its own.

    The latter also depends on the parameters that the two take: there must be one of each for all counts of a group.
    """
    large = np.asarray(x >= LARGE)
    if not np.any(large):
        return near(x)
    if large.ndim != 2 or len(large) > 1 or any(np.ndim(p) and np.shape(p)[-1] > 1 for p in parameters):
        return np.where(large, far(x), near(x))
    below, above = near(x[:, ~large[0]]), far(x[:, large[0]])
    value = np.empty((max(len(below), len(above)), large.shape[1]))
    value[:, ~large[0]], value[:, large[0]] = below, above
    return value


# -- elementary --------------------------------------------------------------------------------------------------------


_shared = threading.local()


@contextmanager
def shared_logs() -> Iterator[None]:
    """While laws are evaluated at the same array, one after the other: `log_of` takes its logarithm only once."""
    _shared.logs = {}
    try:
        yield
    finally:
        _shared.logs = None


def log_of(x: Any) -> Any:
    """Log x, remembered within `shared_logs`; not to be written into."""
    logs = getattr(_shared, "logs", None)
    if logs is None:
        return np.log(x)
    if id(x) not in logs:
        logs[id(x)] = x, np.log(x)  # with x itself, lest another array take its place
    return logs[id(x)][1]


def times(a: Any, log: Any) -> Any:
    """Product with 0·∞ = 0, without the cost of xlogy on millions of observations."""
    with np.errstate(all="ignore"):
        zero = np.asarray(a) == 0
        return np.where(zero, 0.0, a * log) if np.any(zero) else a * log


def log1p_square(z: Any) -> Any:
    """Log(1 + z²) for z of any size."""
    with np.errstate(all="ignore"):
        value = np.log1p(z * z)
        far = np.isinf(value)
        return np.where(far, 2.0 * np.log(np.abs(z)), value) if np.any(far) else value


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


def log_power_sum(a: Any, m: Any, n: Any) -> tuple[Array, Array]:
    """Log of Σ_{0≤j<n} (1 + j/m)^(−a) and minus its derivative in a, for a ≥ 0, m ≥ 1 and finite n.

    Twenty terms and the Euler–Maclaurin formula for the rest; 0 and 0 at a = ∞.
    """
    a, m, n = (np.asarray(p, dtype=float)[..., None] for p in (a, m, n))
    with np.errstate(all="ignore"):
        j = np.arange(20.0)
        log = np.log1p(j / m)
        term = np.where(j < n, np.exp(times(-a, log)), 0.0)
        total, slope = term.sum(axis=-1), (log * term).sum(axis=-1)
        more = n[..., 0] > 20
        if np.any(more):
            # f(M) (½ ± Σ_k B_2k/(2k)! a(a+1)…(a+2k−2) / M^(2k−1)) at both ends
            i = np.arange(1.0, 13.0)
            rest = np.concatenate([np.ones_like(a), np.cumprod(a + i, axis=-1)[..., 1::2]], axis=-1)
            inverse = np.concatenate([np.zeros_like(a), np.cumsum(1 / (a + i), axis=-1)[..., 1::2]], axis=-1)
            last = np.maximum(n, 21) - 1
            for at, sign in ((20.0, 1.0), (last, -1.0)):
                log = np.log1p(at / m)[..., 0]
                each = sign * _EULER_MACLAURIN * rest / (m + at) ** np.arange(1.0, 14.0, 2.0)
                g, dg = 0.5 + (a * each).sum(axis=-1), (each * (1 + a * inverse)).sum(axis=-1)
                end = np.where(more, np.exp(-a[..., 0] * log), 0.0)
                total, slope = total + end * g, slope + end * (log * g - dg)
            # ∫ from M to M′ is f(M) M t φ(y), t = log M′/M, y = (a − 1) t, φ(y) = (1 − e^(−y))/y
            a, m, last = a[..., 0], m[..., 0], last[..., 0]
            log, t = np.log1p(20 / m), np.log1p((last - 20) / (m + 20))
            y = (a - 1) * t
            near = np.abs(y) < 0.01
            safe = np.where(near, 1.0, y)
            phi = np.where(near, 1 - y / 2 * (1 - y / 3 * (1 - y / 4 * (1 - y / 5))), -np.expm1(-safe) / safe)
            dphi = np.where(near, -0.5 + y / 3 * (1 - 3 * y / 8 * (1 - 4 * y / 15)), (np.exp(-safe) - phi) / safe)
            area = np.where(more, np.exp(-a * log) * (m + 20) * t, 0.0)
            far = a > 1e4 * m
            total = np.where(far, 1.0, total + area * phi)
            slope = np.where(far, 0.0, slope + area * (log * phi - t * dphi))
        return np.log(total), slope / total


# -- Bessel functions --------------------------------------------------------------------------------------------------


@cache
def _debye() -> tuple[Any, ...]:
    """Coefficients in t² of t^(−k) U_k(t), the polynomials of Debye's expansion (DLMF 10.41.9)."""
    t = np.polynomial.Polynomial([0.0, 1.0])
    U = [np.polynomial.Polynomial([1.0])]
    for _ in range(12):
        U.append(0.5 * t**2 * (1 - t**2) * U[-1].deriv() + ((1 - 5 * t**2) * U[-1]).integ() / 8)
    return tuple(u.coef[k::2] for k, u in enumerate(U))


def log_bessel_i(order: Any, z: Any) -> Array:
    """Log of I_order(z) e^(−z) for order, z ≥ 0 of any size (Debye's expansion beyond 50; DLMF 10.41.3)."""
    order, z = np.broadcast_arrays(np.asarray(order, dtype=float), np.asarray(z, dtype=float))
    with np.errstate(all="ignore"):
        r = np.hypot(order, z)
        far = r >= 50
        value = np.log(ive(np.where(far, 0.0, order), np.where(far, 1.0, z)))
        tiny = value < np.log(TINY)
        if np.any(tiny):
            first = times(order, np.log(z / 2)) - gammaln(order + 1) + np.log1p(z * z / (4 * (order + 1))) - z
            value = np.where(tiny, first, value)
        if np.any(far):
            value = np.array(value)
            v, x, r = order[far], z[far], r[far]
            square = (v / r) ** 2
            series = sum(np.polynomial.polynomial.polyval(square, u) / r**k for k, u in enumerate(_debye()))
            value[far] = v**2 / (r + x) + times(v, np.log(x / (v + r))) - 0.5 * np.log(2 * np.pi * r) + np.log(series)
        return np.asarray(value)
