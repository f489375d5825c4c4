"""Reference values of the further families on the integers, by mpmath with 60 digits: writes families_counts.json.

Masses from the textbook formulas, distribution functions by adding masses one by one (or by Hurwitz's zeta function).
Run from this directory: python make_families_counts.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from make_families import logs
from mpmath import exp, gamma, log, loggamma, mpf, tanh

mp.mp.dps = 60


def generalized_poisson(x, t, d):
    return exp(log(t) + (x - 1) * log(t + d * x) - t - d * x - loggamma(x + 1))


def com_poisson(x, rate, nu):
    return exp(x * log(rate) - nu * loggamma(x + 1)) / normaliser(rate, nu)


_NORMALISERS = {}


def normaliser(rate, nu):
    """Σ rate^k / (k!)^nu from 0 until nothing is added after the largest term."""
    if nu == 0:
        return 1 / (1 - rate)
    if (rate, nu) not in _NORMALISERS:
        term = total = mpf(1)
        k = 0
        while term > total * mp.eps or k < rate ** (1 / nu):
            k += 1
            term *= rate / mpf(k) ** nu
            total += term
        _NORMALISERS[rate, nu] = total
    return _NORMALISERS[rate, nu]


def discrete_weibull_sf(x, q, c):
    return q ** ((x + 1) ** c)


def skellam(x, a, b):
    return exp(-a - b) * (a / b) ** (x / 2) * mp.besseli(abs(x), 2 * mp.sqrt(a * b), maxterms=10**6)


def beta_negative_binomial(x, n, a, b):
    ways = loggamma(n + x) - loggamma(n) - loggamma(x + 1)
    return exp(ways + loggamma(a + n) + loggamma(b + x) + loggamma(a + b)
               - loggamma(a) - loggamma(b) - loggamma(a + b + n + x))  # fmt: skip


def beta_geometric(x, a, b):
    return beta_negative_binomial(x, mpf(1), a, b)


def beta_geometric_sf(x, a, b):
    return mp.beta(a, b + x + 1) / mp.beta(a, b)


def yule_simon(x, a):
    return a * exp(loggamma(x) + loggamma(a + 1) - loggamma(x + a + 1))


def power_sum(a, shift, first, last):
    return mp.fsum((k + shift) ** -a for k in range(int(first), int(last) + 1))


def borel(x, m):
    return exp(-m * x) * (m * x) ** (x - 1) / gamma(x + 1)


def discrete_laplace_below(x, p):
    a = -log(p)
    return exp(a * x) / (1 + p) if x < 0 else 1 - exp(-a * (x + 1)) / (1 + p)


def downward(mass, low):
    """P(X ≤ x) by adding masses from x down, until they vanish or the support ends."""

    def cdf(x, *theta):
        total, k = mpf(0), x
        while k >= low:
            term = mass(k, *theta)
            total += term
            if term < total * mpf(10) ** -45:
                break
            k -= 1
        return total

    return cdf


def upward(mass):
    """P(X > x) by adding masses from x + 1 up, until they vanish."""

    def sf(x, *theta):
        total, k = mpf(0), x + 1
        while True:
            term = mass(k, *theta)
            total += term
            if term < total * mpf(10) ** -40 and mass(k + 1, *theta) < term:
                return total
            k += 1

    return sf


def nearer(mass, low, middle):
    """Both tails: the one on x's side of `middle` from its own masses, the other as its complement."""
    below, above = downward(mass, low), upward(mass)

    def cdf(x, *theta):
        return below(x, *theta) if x < middle(*theta) else 1 - above(x, *theta)

    def sf(x, *theta):
        return 1 - below(x, *theta) if x < middle(*theta) else above(x, *theta)

    return cdf, sf


SMALL = [0, 1, 2, 5, 12, 40, 150]
SIGNED = [-60, -20, -5, -1, 0, 1, 3, 12, 45]

FAMILIES = {
    "yule_simon": ([[0.4, 1, 3.3, 12]], [1, 2, 5, 40, 1000, 1e7], yule_simon,
        lambda x, a: 1 - x * mp.beta(x, a + 1), lambda x, a: x * mp.beta(x, a + 1)),
    "beta_geometric": ([[0.5, 3, 8], [0.5, 2, 20]], [*SMALL, 1e6], beta_geometric,
        lambda x, a, b: 1 - beta_geometric_sf(x, a, b), beta_geometric_sf),
    "beta_negative_binomial": ([[0.7, 4], [0.6, 3, 20], [0.5, 2, 20]], [0, 1, 2, 5, 12, 40], beta_negative_binomial,
        downward(beta_negative_binomial, 0), lambda *a: 1 - downward(beta_negative_binomial, 0)(*a)),
    "zipf_mandelbrot": ([[0.5, 1, 3.5], [0.2, 5, 40], [20, 400]], [1, 2, 7, 19, 20, 50, 399, 400],
        lambda x, a, q, n: (x + q) ** -a / power_sum(a, q, 1, n),
        lambda x, a, q, n: power_sum(a, q, 1, x) / power_sum(a, q, 1, n),
        lambda x, a, q, n: power_sum(a, q, x + 1, n) / power_sum(a, q, 1, n)),
    "zipf": ([[0.2, 1, 4], [3, 21, 400]], [1, 2, 3, 7, 20, 21, 50, 399, 400],
        lambda x, a, n: x**-a / power_sum(a, 0, 1, n),
        lambda x, a, n: power_sum(a, 0, 1, x) / power_sum(a, 0, 1, n),
        lambda x, a, n: power_sum(a, 0, x + 1, n) / power_sum(a, 0, 1, n)),
    "generalized_poisson": ([[0.1, 3, 20], [0.05, 0.4, 0.9]], [*SMALL, 900], generalized_poisson,
        *nearer(generalized_poisson, 0, lambda t, d: t)),
    "com_poisson": ([[0.2, 0.9, 3, 6], [0.4, 1, 4]], [0, 1, 2, 5, 12, 40, 150], com_poisson,
        *nearer(com_poisson, 0, lambda r, v: r ** (1 / v))),
    "discrete_weibull": ([[0.2, 0.7, 0.95], [0.5, 1, 1.7, 3]], [0, 1, 2, 5, 8],
        lambda x, q, c: discrete_weibull_sf(x - 1, q, c) - discrete_weibull_sf(x, q, c),
        lambda x, q, c: 1 - discrete_weibull_sf(x, q, c), discrete_weibull_sf),
    "skellam": ([[0.2, 3, 30], [0.2, 3, 30]], SIGNED, skellam, *nearer(skellam, -mp.inf, lambda a, b: a - b)),
    "discrete_laplace": ([[0.05, 0.5, 0.95]], SIGNED, lambda x, p: tanh(-log(p) / 2) * p ** abs(x),
        discrete_laplace_below, lambda x, p: discrete_laplace_below(-x - 1, p)),
    "borel": ([[0.05, 0.5, 0.9]], [1, 2, 5, 12, 40, 150, 900], borel, *nearer(borel, 1, lambda m: 0)),
}  # fmt: skip

#: Members far from the typical ones, where textbook formulas lose their digits; their masses only.
EXTREME = [
    ("yule_simon", [1e8], [1, 2, 3]),
    ("yule_simon", [0.05], [1, 1e3, 1e12]),
    ("beta_geometric", [1e8, 3e8], [0, 3, 20]),
    ("beta_geometric", [0.7, 1e6], [0, 1e6, 1e9]),
    ("beta_negative_binomial", [2.5, 1e9, 3e9], [0, 3, 20]),
    ("beta_negative_binomial", [1e8, 2e8, 3.0], [0, 3, 20]),
    ("beta_negative_binomial", [4.0, 1.5, 0.5], [1e6, 1e10]),
    ("zipf", [1.0, 3e4], [1, 3e4]),
    ("generalized_poisson", [5.0, 0.0], [0, 3, 20]),
    ("generalized_poisson", [1e5, 0.3], [140000, 142857, 150000]),
    ("generalized_poisson", [2.0, 0.999], [0, 100, 1e5]),
    ("com_poisson", [0.999, 0.0], [0, 100, 5000]),
    ("com_poisson", [0.999, 1e-4], [0, 100, 5000]),
    ("com_poisson", [1.01, 0.002], [0, 100, 500]),
    ("com_poisson", [1.4, 0.04], [4000, 4500, 6000]),
    ("com_poisson", [1e30, 10.0], [900, 1000, 1050]),
    ("com_poisson", [20.0, 0.3], [20000, 21715, 23000]),
    ("com_poisson", [3.0, 60.0], [0, 1, 2]),
    ("skellam", [1e-6, 2.0], [-5, 0, 1]),
    ("skellam", [2e4, 1e4], [9000, 10000, 10500]),
    ("skellam", [60.0, 50.0], [-300, 10, 400]),
    ("discrete_weibull", [0.999999, 2.0], [0, 800, 3000]),
    ("discrete_weibull", [0.5, 0.2], [0, 1e4, 1e6]),
    ("borel", [0.999], [1, 1e3, 1e5]),
]


def case(name, parameters, x, sums=True):
    _, _, mass, cdf, sf = FAMILIES[name]
    theta, points = [mpf(float(p)) for p in parameters], [float(v) for v in x]
    made = {"family": name, "parameters": [float(p) for p in parameters], "x": points,
            "logp": [logs(mass(mpf(v), *theta)) for v in points]}  # fmt: skip
    if sums:
        made["log_cdf"] = [logs(cdf(mpf(v), *theta)) for v in points]
        made["log_sf"] = [logs(sf(mpf(v), *theta)) for v in points]
    return made


def main():
    cases = []
    for name, (grids, x, *_) in FAMILIES.items():
        for parameters in itertools.product(*grids):
            limit = parameters[-1] if name in ("zipf", "zipf_mandelbrot") else mp.inf
            cases.append(case(name, parameters, [v for v in x if v <= limit]))
    for name, parameters, x in EXTREME:
        cases.append(case(name, parameters, x, sums=False))
    note = "logarithms in nats, 22 digits of a 60-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families_counts.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families_counts.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
