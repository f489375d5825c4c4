"""Reference values of mixed, compound and weighted counts, from mpmath: writes families_counts2.json.

Run from this directory: python make_families_counts2.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from mpmath import exp, factorial, gamma, log, mpf, pi, sqrt

mp.mp.dps = 50


def poisson(x, m):
    return mpf(m == 0) if x == 0 and m == 0 else mpf(m) ** x * exp(-m) / factorial(x)


def negative_binomial(x, m, s):
    return gamma(s + x) / gamma(s) / factorial(x) * (s / (s + m)) ** s * (m / (s + m)) ** x


def endless(term, start=0):
    """Σ term(j), j ≥ start: until the terms have fallen for good."""
    total, j, largest = mpf(0), start, mpf(0)
    while True:
        value = term(j)
        total, largest, j = total + value, max(largest, value), j + 1
        if value < largest * mpf(10) ** -60 and value < total * mpf(10) ** -60 and j > start + 20:
            return total


def besselk(order, z):
    """½ ∫ exp(order · t − z cosh t) dt by the trapezoidal rule about its mode: mpmath's fails for large z."""
    mode, r = mp.asinh(order / z), mp.hypot(order, z)
    step = min(mpf(1) / 20, 1 / (5 * sqrt(r)))

    def one_side(sign):
        return endless(lambda i: exp(order * (mode + sign * i * step) - z * mp.cosh(mode + sign * i * step)), 1)

    return step / 2 * (exp(order * mode - r) + one_side(1) + one_side(-1))


def hermite(x, a, b):
    return sum(poisson(x - 2 * j, a) * poisson(j, b) for j in range(x // 2 + 1))


def neyman_a(x, rate, cluster):
    return endless(lambda j: poisson(j, rate) * poisson(x, j * cluster))


def polya_aeppli(x, rate, p):
    if x == 0:
        return exp(-rate)
    return sum(poisson(j, rate) * mp.binomial(x - 1, j - 1) * p**j * (1 - p) ** (x - j) for j in range(1, x + 1))


def sichel(x, m, s, index):
    z = 1 / s
    c = besselk(index + 1, z) / besselk(index, z)
    a = sqrt(z * z + 2 * m * z / c)
    return (m / c) ** x / factorial(x) * besselk(x + index, a) / besselk(index, z) * (a * s) ** (-x - index)


def poisson_inverse_gaussian(x, m, s):
    a = sqrt(1 / s**2 + 2 * m / s)
    return sqrt(2 * a / pi) * exp(1 / s) * m**x * besselk(x - mpf(1) / 2, a) / factorial(x) * (a * s) ** -x


def poisson_lognormal(x, mu, sigma):
    step = min(sigma, mpf(1)) / 25
    low, high = -40 - 17 * sigma * (1 + sigma), 17 * sigma * (1 + sigma) + 5
    count = int((high - low) / step)
    values = (low + i * step for i in range(count))
    terms = (exp(x * (mu + d) - exp(mu + d) - d * d / (2 * sigma**2)) for d in values)
    return sum(terms) * step / (sigma * sqrt(2 * pi)) / factorial(x)


def delaporte(x, a, m, s):
    return sum(poisson(j, a) * negative_binomial(x - j, m, s) for j in range(x + 1))


def double_kernel(x, m, s):
    whole = mpf(1) if x == 0 else mpf(x) ** x * exp(-x) / factorial(x)
    return whole * exp(-(m if x == 0 else x * log(x / m) - x + m) / s)


CONSTANTS = {}


def double_poisson(x, m, s):
    if (m, s) not in CONSTANTS:
        CONSTANTS[m, s] = sum(double_kernel(k, m, s) for k in range(int(m + 80 * s + 40 * sqrt(m * s) + 80)))
    return double_kernel(x, m, s) / CONSTANTS[m, s]


def hypergeometric(x, population, successes, draws):
    chosen = mp.binomial(successes, x) * mp.binomial(population - successes, draws - x)
    return chosen / mp.binomial(population, draws) if draws - x <= population - successes else mpf(0)


COUNTS = [0, 1, 2, 5, 12, 40, 90, 300]
#: family: mass, grid of each parameter, x
FAMILIES = {
    "hermite": (hermite, [[0.2, 15], [0.05, 10]], COUNTS),
    "neyman_a": (neyman_a, [[0.3, 8], [0.1, 4]], COUNTS),
    "polya_aeppli": (polya_aeppli, [[0.3, 8], [0.2, 0.95]], COUNTS),
    "poisson_inverse_gaussian": (poisson_inverse_gaussian, [[0.2, 30], [0.05, 4]], COUNTS),
    "sichel": (sichel, [[0.3, 20], [0.1, 3], [-3, -0.5, 2.2]], [0, 1, 2, 5, 12, 40, 300]),
    "poisson_lognormal": (poisson_lognormal, [[-1, 3], [0.1, 1.5]], [0, 1, 2, 5, 12]),
    "delaporte": (delaporte, [[0.2, 10], [0.3, 20], [0.2, 10]], COUNTS),
    "double_poisson": (double_poisson, [[0.5, 20], [0.3, 4]], [0, 1, 2, 5, 12, 40, 90]),
    "hypergeometric": (hypergeometric, [[60, 400], [5, 50], [5, 50]], [0, 1, 2, 4, 5]),
}

#: Members far from the typical ones, where textbook formulas lose their digits; masses alone.
EXTREME = [
    ("hermite", [0.01, 900.0], [0, 1, 2, 801, 1800, 1801, 2100]),
    ("neyman_a", [2000.0, 0.5], [800, 1000, 1300]),
    ("neyman_a", [1e5, 1e-4], [0, 3, 10, 40]),
    ("neyman_a", [0.01, 60.0], [0, 1, 60, 400]),
    ("polya_aeppli", [900.0, 0.9], [800, 1000, 1300]),
    ("polya_aeppli", [2.0, 0.001], [0, 1, 500, 3000]),
    ("poisson_inverse_gaussian", [1000.0, 1e-5], [0, 900, 1000, 1100]),
    ("poisson_inverse_gaussian", [2.0, 1e-8], [0, 1, 4, 12]),
    ("poisson_inverse_gaussian", [3.0, 1e4], [0, 1, 4, 400, 5000]),
    ("sichel", [1000.0, 1e-4, 3.0], [900, 1000, 1100]),
    ("sichel", [5.0, 50.0, -1.5], [0, 1, 30, 1000]),
    ("sichel", [5.0, 100.0, 2.0], [0, 1, 30, 400]),
    ("delaporte", [800.0, 100.0, 0.01], [700, 800, 900, 1500]),
    ("delaporte", [0.01, 1000.0, 50.0], [500, 1000, 1500]),
    ("poisson_lognormal", [-2.0, 3.0], [0, 1, 5, 80]),
    ("poisson_lognormal", [5.0, 0.01], [0, 100, 150, 300]),
    ("double_poisson", [700.0, 0.02], [690, 700, 712]),
    ("hypergeometric", [100000, 30000, 2000], [500, 600, 650]),
]


def number(value):
    return mp.nstr(value, 22)


def logs(value):
    return "-inf" if value == 0 else number(log(value))


def case(name, parameters, x, sums=True):
    mass = FAMILIES[name][0]
    theta = [mpf(float(p)) for p in parameters]
    made = {
        "family": name,
        "parameters": [float(p) for p in parameters],
        "x": x,
        "logp": [logs(mass(v, *theta)) for v in x],
    }
    if sums:
        below = list(itertools.accumulate(mass(k, *theta) for k in range(max(x) + 1)))
        made["log_cdf"] = [logs(min(below[v], mpf(1))) for v in x]
        # what is left has fewer digits than 22 once it is below 1e-25
        made["log_sf"] = [number(log(1 - below[v])) if 1 - below[v] > mpf(10) ** -25 else None for v in x]
        if None in made["log_sf"]:
            del made["log_sf"]
            inside = [i for i, v in enumerate(x) if 1 - below[v] > mpf(10) ** -25]
            more = {key: [made[key][i] for i in inside] for key in ("x", "logp", "log_cdf")}
            more["log_sf"] = [number(log(1 - below[x[i]])) for i in inside]
            return [made, {**made, **more}]
    return [made]


def main():
    cases = []
    for name, (_, grids, x) in FAMILIES.items():
        for parameters in itertools.product(*grids):
            inside = [v for v in x if name != "hypergeometric" or v <= min(parameters[1:])]
            cases += case(name, parameters, inside)
    for name, parameters, x in EXTREME:
        cases += case(name, parameters, x, sums=False)
    note = "logarithms in nats, 22 digits of a 50-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families_counts2.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families_counts2.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
