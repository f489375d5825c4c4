"""Reference values of all families, from mpmath with 50 digits and formulas of its own: writes families.json.

Run from this directory: python make_families.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from mpmath import exp, expm1, gamma, log, log1p, loggamma, mpf, pi, sqrt

mp.mp.dps = 60


def normal_cdf(z):
    return mp.erfc(-z / sqrt(2)) / 2


def lower_gamma(a, z):
    return mp.gammainc(a, 0, z, regularized=True)


def upper_gamma(a, z):
    return mp.gammainc(a, z, mp.inf, regularized=True)


def lower_beta(a, b, x, y=None):
    """I_x(a, b), y = 1 − x, by its series of positive terms (DLMF 8.17.8), from the other end where that is slow."""
    if x > 0.97:
        with mp.workdps(60 + int((a + b) * abs(log(x)) / 2)):  # the digits that cancel
            return 1 - lower_beta(b, a, 1 - x if y is None else y, x)
    term = total = mpf(1)
    k = 0
    while term > total * mp.eps:
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        k += 1
    return exp(a * log(x) + b * log1p(-x) - log(a) - loggamma(a) - loggamma(b) + loggamma(a + b)) * total


def power(x, a):
    return mpf(1) if a == 0 else x**a


def binomial_mass(k, n, p):
    return mp.binomial(n, k) * power(p, k) * power(1 - p, n - k)


def beta_binomial_mass(k, n, a, b):
    return mp.binomial(n, k) * mp.beta(k + a, n - k + b) / mp.beta(a, b)


def zeta(a, m):
    with mp.workdps(400):  # mpmath's error is absolute
        return mp.zeta(a, m)


def series_tail(x, p):
    return p ** (x + 1) * mp.lerchphi(p, 1, x + 1)


def t_tail(z, df):
    """P(T > z) for z > 0."""
    with mp.workdps(60 + int(df * log1p(z * z / df) / 4)):
        y = z * z / (df + z * z)
        return lower_beta(df / 2, mpf(1) / 2, 1 - y, y) / 2


def inverse_gaussian_cdf(x, m, s):
    r = sqrt(s / x)
    return normal_cdf(r * (x / m - 1)) + exp(2 * s / m) * normal_cdf(-r * (x / m + 1))


def inverse_gaussian_sf(x, m, s):
    r = sqrt(s / x)
    return normal_cdf(-r * (x / m - 1)) - exp(2 * s / m) * normal_cdf(-r * (x / m + 1))


def z_of(x, location, scale):
    return (x - location) / scale


# family: (grid of each parameter, x, density or mass, cdf, sf); x is in units of z where a fourth entry says so
COUNTS = [0, 1, 2, 5, 12, 40, 150]
TAILS = ["1e-30", "1e-6", "0.01", "0.3", "1", "2.5", "8", "30"]
REALS = ["-60", "-9", "-2", "-0.4", "0.000001", "0.7", "3", "12", "60"]

FAMILIES = {
    "poisson": ([[0.1, 4.5, 30]], COUNTS, lambda x, m: m**x * exp(-m) / gamma(x + 1),
        lambda x, m: upper_gamma(x + 1, m), lambda x, m: lower_gamma(x + 1, m)),
    "geometric": ([[0.02, 0.3, 0.95]], [*COUNTS, 3000], lambda x, p: p * (1 - p) ** x,
        lambda x, p: 1 - (1 - p) ** (x + 1), lambda x, p: (1 - p) ** (x + 1)),
    "negative_binomial": ([[0.2, 5, 30], [0.1, 1.7, 50]], COUNTS,
        lambda x, m, s: gamma(s + x) / gamma(s) / gamma(x + 1) * (s / (s + m)) ** s * (m / (s + m)) ** x,
        lambda x, m, s: lower_beta(s, x + 1, s / (s + m)), lambda x, m, s: lower_beta(x + 1, s, m / (s + m))),
    "log_series": ([[0.05, 0.6, 0.98]], [1, 2, 5, 12, 40, 150, 3000], lambda x, p: -(p**x) / x / log1p(-p),
        lambda x, p: 1 + series_tail(x, p) / log1p(-p), lambda x, p: -series_tail(x, p) / log1p(-p)),
    "zeta": ([[1.2, 2.5, 6], [1, 7]], [7, 8, 12, 40, 150, 100000], lambda x, a, m: x**-a / zeta(a, m),
        lambda x, a, m: 1 - zeta(a, x + 1) / zeta(a, m), lambda x, a, m: zeta(a, x + 1) / zeta(a, m)),
    "bernoulli": ([[0.02, 0.5, 0.98]], [0, 1], lambda x, p: p if x else 1 - p,
        lambda x, p: 1 if x else 1 - p, lambda x, p: 0 if x else p),
    "binomial": ([[1, 10, 60], [0.02, 0.544, 0.98]], [0, 1, 3, 9, 10, 20, 55, 60], binomial_mass,
        lambda x, n, p: sum(binomial_mass(k, n, p) for k in range(int(min(x, n)) + 1)),
        lambda x, n, p: sum(binomial_mass(k, n, p) for k in range(int(x) + 1, int(n) + 1))),
    "discrete_uniform": ([[-5, 5], [6, 30]], [5, 6, 17, 29, 30], lambda x, a, b: 1 / (b - a + 1) if x <= b else mpf(0),
        lambda x, a, b: min((x - a + 1) / (b - a + 1), mpf(1)), lambda x, a, b: max((b - x) / (b - a + 1), mpf(0))),
    "beta_binomial": ([[2, 40], [0.2, 3, 30], [0.2, 9]], [0, 1, 2, 9, 38, 40], beta_binomial_mass,
        lambda x, n, a, b: sum(beta_binomial_mass(k, n, a, b) for k in range(int(min(x, n)) + 1)),
        lambda x, n, a, b: sum(beta_binomial_mass(k, n, a, b) for k in range(int(x) + 1, int(n) + 1))),
    "exponential": ([[0.05, 1, 20]], [*TAILS, "900"], lambda x, s: exp(-x / s) / s,
        lambda x, s: -expm1(-x / s), lambda x, s: exp(-x / s)),
    "gamma": ([[0.2, 1, 2.7, 30], [0.05, 20]], TAILS, lambda x, a, s: (x / s) ** (a - 1) * exp(-x / s) / gamma(a) / s,
        lambda x, a, s: lower_gamma(a, x / s), lambda x, a, s: upper_gamma(a, x / s)),
    "weibull": ([[0.3, 1, 2.2, 10], [0.05, 20]], TAILS,
        lambda x, k, s: k / s * (x / s) ** (k - 1) * exp(-((x / s) ** k)),
        lambda x, k, s: -expm1(-((x / s) ** k)), lambda x, k, s: exp(-((x / s) ** k))),
    "lognormal": ([[-3, 0.5, 3], [0.1, 1, 3]], [*TAILS, "1e12"],
        lambda x, m, s: exp(-(((log(x) - m) / s) ** 2) / 2) / (x * s * sqrt(2 * pi)),
        lambda x, m, s: normal_cdf((log(x) - m) / s), lambda x, m, s: normal_cdf((m - log(x)) / s)),
    "inverse_gaussian": ([[0.1, 1.3, 20], [0.1, 2, 50]], ["0.001", "0.02", "0.1", "0.5", "1.3", "4", "30"],
        lambda x, m, s: sqrt(s / (2 * pi * x**3)) * exp(-s * (x - m) ** 2 / (2 * m * m * x)),
        inverse_gaussian_cdf, inverse_gaussian_sf),
    "pareto": ([[0.3, 1, 10], [0.05, 20]], ["20", "20.0001", "31", "1000", "1e12"],
        lambda x, a, m: a / m * (x / m) ** (-a - 1), lambda x, a, m: 1 - (x / m) ** -a, lambda x, a, m: (x / m) ** -a),
    "rayleigh": ([[0.05, 1, 20]], TAILS, lambda x, s: x / s**2 * exp(-((x / s) ** 2) / 2),
        lambda x, s: -expm1(-((x / s) ** 2) / 2), lambda x, s: exp(-((x / s) ** 2) / 2)),
    "normal": ([[-10, 0, 10], [0.5, 20]], REALS, lambda x, m, s: exp(-(z_of(x, m, s) ** 2) / 2) / (s * sqrt(2 * pi)),
        lambda x, m, s: normal_cdf(z_of(x, m, s)), lambda x, m, s: normal_cdf(-z_of(x, m, s))),
    "logistic": ([[-10, 0, 10], [0.05, 20]], REALS,
        lambda x, m, s: 1 / (4 * s * mp.cosh(z_of(x, m, s) / 2) ** 2),
        lambda x, m, s: 1 / (1 + exp(-z_of(x, m, s))), lambda x, m, s: 1 / (1 + exp(z_of(x, m, s)))),
    "laplace": ([[-10, 0, 10], [0.05, 20]], REALS, lambda x, m, s: exp(-abs(z_of(x, m, s))) / (2 * s),
        lambda x, m, s: exp(z_of(x, m, s)) / 2 if x < m else 1 - exp(-z_of(x, m, s)) / 2,
        lambda x, m, s: exp(-z_of(x, m, s)) / 2 if x > m else 1 - exp(z_of(x, m, s)) / 2),
    "cauchy": ([[-10, 0, 10], [0.05, 20]], [*REALS, "1e200"], lambda x, m, s: 1 / (pi * s * (1 + z_of(x, m, s) ** 2)),
        lambda x, m, s: mp.atan2(1, -z_of(x, m, s)) / pi, lambda x, m, s: mp.atan2(1, z_of(x, m, s)) / pi),
    "gumbel": ([[-10, 0, 10], [5, 20]], REALS, lambda x, m, s: exp(-z_of(x, m, s) - exp(-z_of(x, m, s))) / s,
        lambda x, m, s: exp(-exp(-z_of(x, m, s))), lambda x, m, s: -expm1(-exp(-z_of(x, m, s)))),
    "student_t": ([[0.5, 1, 3.3, 60], [-10, 0, 10], [0.05, 20]], REALS,
        lambda x, v, m, s: exp(loggamma((v + 1) / 2) - loggamma(v / 2)) / sqrt(v * pi) / s
        * (1 + z_of(x, m, s) ** 2 / v) ** (-(v + 1) / 2),
        lambda x, v, m, s: t_cdf(z_of(x, m, s), v),
        lambda x, v, m, s: t_cdf(-z_of(x, m, s), v)),
    "uniform": ([[-10, 0], [1, 20]], ["0", "0.25", "0.7", "1", "13", "20"],
        lambda x, a, b: 1 / (b - a) if x <= b else mpf(0),
        lambda x, a, b: min((x - a) / (b - a), mpf(1)), lambda x, a, b: max((b - x) / (b - a), mpf(0))),
    "beta": ([[0.2, 1, 3.5, 30], [0.2, 1, 2, 30]], ["1e-12", "0.001", "0.1", "0.5", "0.8", "0.99", "0.999999"],
        lambda x, a, b: power(x, a - 1) * power(1 - x, b - 1) / mp.beta(a, b),
        lambda x, a, b: lower_beta(a, b, x), lambda x, a, b: lower_beta(b, a, 1 - x)),
}  # fmt: skip

#: Members far from the typical ones, where textbook formulas lose their digits.
EXTREME = [
    ("poisson", [1e6], [990000, 1e6, 1.02e6]),
    ("negative_binomial", [1.0, 1e8], [0, 1, 3, 20]),
    ("negative_binomial", [1e5, 3.0], [0, 5, 1e4, 1e5, 3e5]),
    ("binomial", [1e6, 0.3], [299000, 3e5, 301500]),
    ("beta_binomial", [10, 1e8, 2e8], [0, 3, 10]),
    ("beta_binomial", [10, 984.97, 1279.33], [0, 4, 10]),
    ("gamma", [1e6, 1e-3], ["990", "1000", "1003"]),
    ("beta", [2e5, 3e5], ["0.39", "0.4", "0.403"]),
    ("zeta", [1.0001, 1], [1, 2, 1000]),
    ("zeta", [40.0, 1000], [1000, 1100, 5000]),
    ("log_series", [0.999999], [1, 100, 1e6]),
    ("inverse_gaussian", [1.0, 1e8], ["0.9996", "1", "1.0003"]),
    ("inverse_gaussian", [1.0, 1.0], ["1e-300", "1e300"]),
    ("pareto", [1e6, 1.0], ["1", "1.000001", "1.0001"]),
    ("student_t", [1e6, 0.0, 1.0], ["-12", "-0.4", "3"]),
]


def t_cdf(z, df):
    return t_tail(-z, df) if z < 0 else 1 - t_tail(z, df) if z > 0 else mpf(1) / 2


def number(value):
    return mp.nstr(value, 22) if mp.isfinite(value) else str(value)


def logs(value):
    return "-inf" if value == 0 else number(log(value))


def case(name, parameters, x, sums=True):
    _, _, density, cdf, sf = FAMILIES[name]
    theta = [mpf(float(p)) for p in parameters]
    points = [float(v) for v in x]
    made = {"family": name, "parameters": [float(p) for p in parameters], "x": points,
            "logp": [logs(density(mpf(v), *theta)) for v in points]}  # fmt: skip
    if sums:
        made["log_cdf"] = [logs(cdf(mpf(v), *theta)) for v in points]
        made["log_sf"] = [logs(sf(mpf(v), *theta)) for v in points]
    return made


def main():
    cases = []
    for name, (grids, x, *_) in FAMILIES.items():
        for parameters in itertools.product(*grids):
            if name == "zeta" or name == "pareto":
                inside = [v for v in x if float(v) >= parameters[1]]
            elif name in ("binomial", "beta_binomial"):
                inside = [v for v in x if v <= parameters[0]]
            else:
                inside = x
            cases.append(case(name, parameters, inside))
    for name, parameters, x in EXTREME:
        cases.append(case(name, parameters, x, sums=False))
    note = "logarithms in nats, 22 digits of a 60-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
