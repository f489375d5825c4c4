"""Reference values of further positive families, from mpmath with 60 digits: writes families_positive2.json.

Run from this directory: python make_families_positive2.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from make_families import logs, lower_beta, lower_gamma, normal_cdf, t_tail, upper_gamma
from mpmath import exp, expm1, gamma, log, loggamma, mpf, pi, sqrt

mp.mp.dps = 60

TAILS = ["1e-30", "1e-6", "0.01", "0.3", "1", "2.5", "8", "30"]


FALL = 160  # of the logarithm, beyond which nothing of a tail is left


def tail(density, x, length):
    """Integral of a density that falls from x on, over a stretch of either sign."""
    top = density(x)  # the error that mpmath looks at is absolute
    return top * abs(
        mp.quad(lambda t: density(t) / top, [x + length * k / 16 for k in range(17)], method="gauss-legendre")
    )


def rice_density(x, b, s):
    z = x / s
    return z * exp(-(z * z + b * b) / 2) * mp.besseli(0, b * z) / s


def rice_tails(x, b, s):
    z = x / s
    slope = 1 / z - z + b * mp.besseli(1, b * z) / mp.besseli(0, b * z)
    length = 2 * FALL / (abs(slope) + sqrt(slope**2 + 2 * FALL))
    if z < sqrt(1 + b * b):
        part = tail(lambda t: rice_density(t, b, 1), z, -min(length, z))
        return part, 1 - part
    part = tail(lambda t: rice_density(t, b, 1), z, length)
    return 1 - part, part


def gig_density(x, p, b, s):
    z = x / s
    return z ** (p - 1) * exp(-b * (z + 1 / z) / 2) / (2 * mp.besselk(p, b) * s)


def gig_tails(x, p, b, s):
    u, constant = log(x / s), 2 * mp.besselk(p, b)
    side = -1 if u < mp.asinh(p / b) else 1
    slope = side * (b * mp.sinh(u) - p)
    length = mp.acosh(1 + FALL / (b * mp.cosh(u))) + 2 * max(0, -side * u)
    if slope > 0:
        length = min(length, FALL / slope)

    def density(v):
        rest = p * v - b * mp.cosh(v)
        return exp(rest) if rest > -1e6 else mpf(0)

    part = tail(density, u, side * length) / constant
    return (part, 1 - part) if side < 0 else (1 - part, part)


def ratio_density(x, a, b, p, q):
    z = x / q
    return p * z ** (a * p - 1) / ((1 + z**p) ** (a + b) * q * mp.beta(a, b))


def ratio_cdf(x, a, b, p, q):
    z = (x / q) ** p
    return lower_beta(a, b, z / (1 + z), 1 / (1 + z))


def ratio_sf(x, a, b, p, q):
    z = (x / q) ** p
    return lower_beta(b, a, 1 / (1 + z), z / (1 + z))


def laplace_part(x, c, s, sign):
    t = sign * c * log(x / s)
    return exp(t) / 2 if t < 0 else 1 - exp(-t) / 2


# family: (grid of each parameter, x, density, cdf, sf)
FAMILIES = {
    "rice": ([[0, "0.3", 3, 20], ["0.05", 2]], ["1e-6", "0.01", "0.3", "1", "2.5", "8", "60"], rice_density,
        lambda *at: rice_tails(*at)[0], lambda *at: rice_tails(*at)[1]),
    "erlang": ([[1, 3, 30], ["0.05", 20]], TAILS, lambda x, a, s: (x / s) ** (a - 1) * exp(-x / s) / gamma(a) / s,
        lambda x, a, s: lower_gamma(a, x / s), lambda x, a, s: upper_gamma(a, x / s)),
    "chi_square": ([["0.5", 2, 7, 60]], TAILS,
        lambda x, k: (x / 2) ** (k / 2 - 1) * exp(-x / 2) / gamma(k / 2) / 2,
        lambda x, k: lower_gamma(k / 2, x / 2), lambda x, k: upper_gamma(k / 2, x / 2)),
    "chi": ([["0.5", 1, 7, 60], ["0.05", 20]], TAILS,
        lambda x, k, s: 2 * (x / s) ** (k - 1) * exp(-((x / s) ** 2) / 2) / 2 ** (k / 2) / gamma(k / 2) / s,
        lambda x, k, s: lower_gamma(k / 2, (x / s) ** 2 / 2), lambda x, k, s: upper_gamma(k / 2, (x / s) ** 2 / 2)),
    "f": ([["0.5", 4, 40], ["0.5", 9, 60]], TAILS, lambda x, m, n: ratio_density(x, m / 2, n / 2, 1, n / m),
        lambda x, m, n: ratio_cdf(x, m / 2, n / 2, 1, n / m), lambda x, m, n: ratio_sf(x, m / 2, n / 2, 1, n / m)),
    "beta_prime": ([["0.3", 1, 20], ["0.3", 5, 20], ["0.05", 20]], TAILS,
        lambda x, a, b, s: ratio_density(x, a, b, 1, s), lambda x, a, b, s: ratio_cdf(x, a, b, 1, s),
        lambda x, a, b, s: ratio_sf(x, a, b, 1, s)),
    "generalized_beta_prime": ([["0.6", 6], ["0.6", 6], ["0.8", 6], ["0.05", 20]], TAILS,
        ratio_density, ratio_cdf, ratio_sf),
    "log_laplace": ([["0.3", 1, 10], ["0.05", 20]], TAILS,
        lambda x, c, s: c / (2 * s) * (x / s) ** (c - 1 if x < s else -c - 1),
        lambda x, c, s: laplace_part(x, c, s, 1), lambda x, c, s: laplace_part(x, c, s, -1)),
    "half_logistic": ([["0.05", 1, 20]], [*TAILS, "900"], lambda x, s: 1 / (2 * s * mp.cosh(x / s / 2) ** 2),
        lambda x, s: mp.tanh(x / s / 2), lambda x, s: 2 / (1 + exp(x / s))),
    "half_t": ([["0.5", 1, "3.3", 60], ["0.05", 20]], [*TAILS, "1e12"],
        lambda x, v, s: 2 * exp(loggamma((v + 1) / 2) - loggamma(v / 2)) / sqrt(v * pi) / s
        * (1 + (x / s) ** 2 / v) ** (-(v + 1) / 2),
        lambda x, v, s: lower_beta(mpf(1) / 2, v / 2, (x / s) ** 2 / (v + (x / s) ** 2), v / (v + (x / s) ** 2)),
        lambda x, v, s: 2 * t_tail(x / s, v)),
    "levy": ([["0.05", 1, 20]], ["1e-4", "0.01", "0.3", "1", "2.5", "30", "1e12"],
        lambda x, s: sqrt(s / (2 * pi * x**3)) * exp(-s / (2 * x)),
        lambda x, s: 2 * normal_cdf(-sqrt(s / x)), lambda x, s: mp.erf(sqrt(s / (2 * x)))),
    "log_uniform": ([["0.05", 1], [2, 50]], ["1", "1.3", "1.9", "2"], lambda x, a, b: 1 / (x * log(b / a)),
        lambda x, a, b: log(x / a) / log(b / a), lambda x, a, b: log(b / x) / log(b / a)),
    "generalized_inverse_gaussian": ([[-2, "-0.5", 0, 2, 15], ["0.05", 1, 20], ["0.05", 2]],
        ["0.003", "0.02", "0.1", "0.5", "1.3", "4", "30"], gig_density,
        lambda *at: gig_tails(*at)[0], lambda *at: gig_tails(*at)[1]),
    "exponential_power": ([["0.3", 1, 3, 8], [1, 20]], ["1e-30", "1e-6", "0.01", "0.3", "1", "1.3"],
        lambda x, b, s: b / s * (x / s) ** (b - 1) * exp((x / s) ** b - expm1((x / s) ** b)),
        lambda x, b, s: -expm1(-expm1((x / s) ** b)), lambda x, b, s: exp(-expm1((x / s) ** b))),
    "log_gamma": ([["0.8", 1, 30], ["0.05", 1]], ["1.000001", "1.01", "1.5", "3", "20", "1e6", "1e30"],
        lambda x, a, s: (log(x) / s) ** (a - 1) * x ** (-1 / s - 1) / gamma(a) / s,
        lambda x, a, s: lower_gamma(a, log(x) / s), lambda x, a, s: upper_gamma(a, log(x) / s)),
}  # fmt: skip

#: Members far from the typical ones, where textbook formulas lose their digits; densities only.
EXTREME = [
    ("rice", ["1e4", "1e-4"], ["0.9999", "1", "1.0003"]),
    ("chi", ["1e6", "1e-3"], ["0.999", "1", "1.002"]),
    ("f", ["7", "1e10"], ["0.1", "1", "4"]),
    ("beta_prime", ["2.5", "1e10", "1e10"], ["0.1", "1", "4"]),
    ("beta_prime", ["1e6", "2e6", "2"], ["0.998", "1", "1.003"]),
    ("generalized_inverse_gaussian", ["60", "1e-8", "1e-8"], ["40", "100", "200"]),
    ("generalized_inverse_gaussian", ["2.5", "1e4", "1"], ["0.97", "1", "1.03"]),
    ("half_t", ["1e6", "1"], ["0.4", "3", "12"]),
]


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
        cases += [case(name, parameters, x) for parameters in itertools.product(*grids)]
    cases += [case(name, parameters, x, sums=False) for name, parameters, x in EXTREME]
    note = "logarithms in nats, 22 digits of a 60-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families_positive2.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families_positive2.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
