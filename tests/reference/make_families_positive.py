"""Reference values of families on the positive half-line, by mpmath with 60 digits: writes families_positive.json.

Run from this directory: python make_families_positive.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from make_families import TAILS, logs, lower_gamma, normal_cdf, upper_gamma
from mpmath import exp, expm1, gamma, log, log1p, mpf, pi, sqrt

FAR = [*TAILS, "1e12", "1e200"]


def power_rest(y, d):
    """1 − (1 + y)^(−d)."""
    return -expm1(-d * log1p(y))


def weibull_power(z, a):
    """(1 − e^(−z))^a and one minus it."""
    share = a * (log(-expm1(-z)) if z < 1 else log1p(-exp(-z)))
    return exp(share), -expm1(share)


def root(x, scale):
    return sqrt(x / scale) - sqrt(scale / x)


# family: (grid of each parameter, x, density, cdf, sf), formulas written from the textbooks' definitions
FAMILIES = {
    "frechet": ([[0.3, 1, 2.5, 10], [0.05, 20]], ["0.02", *TAILS[2:], "1e12", "1e200"],
        lambda x, a, s: a / s * (x / s) ** (-a - 1) * exp(-((x / s) ** -a)),
        lambda x, a, s: exp(-((x / s) ** -a)), lambda x, a, s: -expm1(-((x / s) ** -a))),
    "log_logistic": ([[0.3, 1, 2.5, 15], [0.05, 20]], FAR,
        lambda x, c, s: c / s * (x / s) ** (c - 1) / (1 + (x / s) ** c) ** 2,
        lambda x, c, s: 1 / (1 + (x / s) ** -c), lambda x, c, s: 1 / (1 + (x / s) ** c)),
    "lomax": ([[0.4, 1, 20, 1e6], [0.05, 20]], ["0", *FAR],
        lambda x, a, s: a / s * (1 + x / s) ** (-a - 1),
        lambda x, a, s: power_rest(x / s, a), lambda x, a, s: (1 + x / s) ** -a),
    "burr": ([[0.6, 1, 10], [0.3, 2, 8], [0.05, 20]], FAR,
        lambda x, c, d, s: c * d / s * (x / s) ** (c - 1) * (1 + (x / s) ** c) ** (-d - 1),
        lambda x, c, d, s: power_rest((x / s) ** c, d), lambda x, c, d, s: (1 + (x / s) ** c) ** -d),
    "dagum": ([[0.6, 1, 10], [0.3, 2, 8], [0.05, 20]], FAR,
        lambda x, c, d, s: c * d / x * (x / s) ** (c * d) * (1 + (x / s) ** c) ** (-d - 1),
        lambda x, c, d, s: (1 + (x / s) ** -c) ** -d, lambda x, c, d, s: power_rest((x / s) ** -c, d)),
    "scaled_power_function": ([[0.3, 1, 10], [30, 200]], TAILS[:-1],
        lambda x, a, m: a / m * (x / m) ** (a - 1), lambda x, a, m: (x / m) ** a, lambda x, a, m: 1 - (x / m) ** a),
    "maxwell": ([[0.05, 1, 20]], TAILS, lambda x, s: sqrt(2 / pi) * x**2 / s**3 * exp(-((x / s) ** 2) / 2),
        lambda x, s: lower_gamma(mpf(3) / 2, (x / s) ** 2 / 2), lambda x, s: upper_gamma(mpf(3) / 2, (x / s) ** 2 / 2)),
    "half_normal": ([[0.05, 1, 20]], ["0", *TAILS], lambda x, s: sqrt(2 / pi) / s * exp(-((x / s) ** 2) / 2),
        lambda x, s: mp.erf(x / s / sqrt(2)), lambda x, s: mp.erfc(x / s / sqrt(2))),
    "half_cauchy": ([[0.05, 1, 20]], ["0", *FAR], lambda x, s: 2 / (pi * s * (1 + (x / s) ** 2)),
        lambda x, s: 2 / pi * mp.atan2(x, s), lambda x, s: 2 / pi * mp.atan2(s, x)),
    "generalized_gamma": ([[0.3, 1, 8, 150], [0.4, 1, 6], [0.05, 20]], TAILS,
        lambda x, a, c, s: c / (s * gamma(a)) * (x / s) ** (a * c - 1) * exp(-((x / s) ** c)),
        lambda x, a, c, s: lower_gamma(a, (x / s) ** c), lambda x, a, c, s: upper_gamma(a, (x / s) ** c)),
    "exponentiated_weibull": ([[0.3, 1, 8, 1e6], [0.4, 1, 6], [0.05, 20]], TAILS,
        lambda x, a, c, s: a * c / s * (x / s) ** (c - 1) * exp(-((x / s) ** c)) * (-expm1(-((x / s) ** c))) ** (a - 1),
        lambda x, a, c, s: weibull_power((x / s) ** c, a)[0], lambda x, a, c, s: weibull_power((x / s) ** c, a)[1]),
    "nakagami": ([[0.2, 0.5, 2, 30], [0.05, 20]], TAILS,
        lambda x, m, s: 2 * m**m / (gamma(m) * s ** (2 * m)) * x ** (2 * m - 1) * exp(-m * (x / s) ** 2),
        lambda x, m, s: lower_gamma(m, m * (x / s) ** 2), lambda x, m, s: upper_gamma(m, m * (x / s) ** 2)),
    "birnbaum_saunders": ([[0.1, 1, 5], [0.05, 20]], ["0.02", "0.3", "1", "2.5", "8", "30"],
        lambda x, a, s: (sqrt(x / s) + sqrt(s / x)) / (2 * a * x) * exp(-((root(x, s) / a) ** 2) / 2) / sqrt(2 * pi),
        lambda x, a, s: normal_cdf(root(x, s) / a), lambda x, a, s: normal_cdf(-root(x, s) / a)),
    "gompertz": ([[1e-4, 0.3, 20, 1e8], [0.5, 20]], ["0", *TAILS],
        lambda x, c, s: c / s * exp(x / s - c * expm1(x / s)),
        lambda x, c, s: -expm1(-c * expm1(x / s)), lambda x, c, s: exp(-c * expm1(x / s))),
}  # fmt: skip

#: Members on the way to a limit, and observations next to the scale.
EXTREME = [
    ("burr", [1e4, 1.2e-4, 1.0], ["0.9999", "1.00001", "1.5", "260"]),
    ("burr", [0.8, 1e6, 1e7], ["0.01", "1", "30"]),
    ("dagum", [2.0, 1e6, 1e-3], ["0.1", "1", "30"]),
    ("generalized_gamma", [2000.0, 0.03, 1e-108], ["0.3", "1", "3"]),
    ("generalized_gamma", [1e-4, 2e4, 1.0], ["0.1", "0.9", "0.99999"]),
    ("exponentiated_weibull", [1e40, 0.02, 1e-96], ["0.5", "1", "30"]),
    ("exponentiated_weibull", [1e-4, 2e4, 1.0], ["0.1", "0.9", "0.99999"]),
    ("nakagami", [1e6, 1.0], ["0.998", "1", "1.001"]),
    ("birnbaum_saunders", [1e-4, 1.0], ["0.9996", "1", "1.0003"]),
    ("gompertz", [1e-200, 1.0], ["450", "460.5", "463"]),
]


def case(name, parameters, x):
    _, _, density, cdf, sf = FAMILIES[name]
    theta, points = [mpf(float(p)) for p in parameters], [float(v) for v in x]
    with mp.workdps(400 if max(parameters) > 1e5 else 120):  # the digits that cancel
        values = {
            key: [logs(function(mpf(v), *theta)) for v in points]
            for key, function in (("logp", density), ("log_cdf", cdf), ("log_sf", sf))
        }
    return {"family": name, "parameters": [float(p) for p in parameters], "x": points, **values}


def main():
    cases = [case(name, p, x) for name, (grids, x, *_) in FAMILIES.items() for p in itertools.product(*grids)]
    cases += [case(*one) for one in EXTREME]
    note = "logarithms in nats, 22 digits of a 120-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families_positive.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families_positive.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
