"""Reference values of extremes, of bounded families and of the circle, from mpmath: writes families_extremes.json.

Run from this directory: python make_families_extremes.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from make_families import logs, normal_cdf
from mpmath import cos, exp, expm1, log, log1p, mpf, pi, sin, sqrt

mp.mp.dps = 60


def reduced(z, xi):
    """Log(1 + ξz)/ξ, infinite beyond the end of the support."""
    if xi == 0:
        return z
    return log1p(xi * z) / xi if 1 + xi * z > 0 else -mp.sign(xi) * mp.inf


def gev_density(x, xi, m, s):
    y = reduced((x - m) / s, xi)
    return mpf(0) if mp.isinf(y) else exp(-(1 + xi) * y - exp(-y)) / s


def pareto_density(x, xi, s):
    y = reduced(x / s, xi)
    return mpf(0) if mp.isinf(y) else exp(-(1 + xi) * y) / s


def triangle_below(x, a, c, b):
    return (x - a) ** 2 / ((b - a) * (c - a)) if x <= c else 1 - triangle_below(-x, -b, -c, -a)


def pearson_y(x, g, m, s):
    a = 4 / g**2
    return a, a * (1 + (x - m) / s * g / 2)


def pearson_density(x, g, m, s):
    a, y = pearson_y(x, g, m, s)
    return mpf(0) if y <= 0 else abs(2 / g) / s * y ** (a - 1) * exp(-y) / mp.gamma(a)


def pearson_below(x, g, m, s):
    a, y = pearson_y(x, g, m, s)
    if y <= 0:
        return mpf(0) if g > 0 else mpf(1)
    return mp.gammainc(a, 0, y, regularized=True) if g > 0 else mp.gammainc(a, y, mp.inf, regularized=True)


def von_mises_arc(a, b, m, k):
    """Integral of the density from a to b, cut where it turns and close to its top."""
    turns = [m + j * pi for j in (-2, -1, 0, 1, 2)]
    near = [m + sign * step / sqrt(k) for sign in (-1, 1) for step in (1, 3, 6)]
    # a constant in the exponent keeps the digits of a small integral
    points = [a, *sorted(t for t in turns + near if a < t < b), b]
    top = max(cos(t - m) for t in points)
    whole = mp.quad(lambda t: exp(k * (cos(t - m) - top)), points)
    return whole * exp(k * (top - 1)) / (2 * pi * mp.besseli(0, k) * exp(-k))


#: −π and π as floats have them: the ends of the support
PI = mpf(float(pi))

FAMILIES = {
    "gev": ([[-0.3, -1e-9, 0, 1e-5, 0.9], [-10, 10], [2, 20]], ["-60", "-13", "-9", "-2", "0", "9", "12", "60", "900"],
        gev_density, lambda x, xi, m, s: exp(-exp(-reduced((x - m) / s, xi))),
        lambda x, xi, m, s: -expm1(-exp(-reduced((x - m) / s, xi)))),
    "generalized_pareto": ([[-0.3, -1e-9, 0, 1e-5, 1.5], [0.05, 20]],
        ["0", "1e-30", "1e-6", "0.01", "0.16", "1", "8", "60", "900"], pareto_density,
        lambda x, xi, s: -expm1(-reduced(x / s, xi)), lambda x, xi, s: exp(-reduced(x / s, xi))),
    "pearson_3": ([[-1.2, 0.05, 1], [-10, 10], [2, 20]], ["-60", "-13", "-9", "-2", "0", "9", "12", "60"],
        pearson_density, pearson_below, lambda x, g, m, s: pearson_below(2 * m - x, -g, m, s)),
    "kumaraswamy": ([[0.2, 1, 3.5, 20], [0.2, 1, 2, 30]], ["1e-12", "0.001", "0.1", "0.5", "0.8", "0.99", "0.999999"],
        lambda x, a, b: a * b * x ** (a - 1) * (1 - x**a) ** (b - 1),
        lambda x, a, b: -expm1(b * log1p(-(x**a))), lambda x, a, b: (1 - x**a) ** b),
    "logit_normal": ([[-2, 0, 2], [0.1, 1, 3]], ["1e-12", "0.001", "0.1", "0.5", "0.8", "0.99", "0.999999"],
        lambda x, m, s: exp(-(((log(x / (1 - x)) - m) / s) ** 2) / 2) / (x * (1 - x) * s * sqrt(2 * pi)),
        lambda x, m, s: normal_cdf((log(x / (1 - x)) - m) / s), lambda x, m, s: normal_cdf((m - log(x / (1 - x))) / s)),
    "power_function": ([[0.2, 1, 30]], ["1e-12", "0.001", "0.1", "0.5", "0.8", "0.99", "0.999999"],
        lambda x, a: a * x ** (a - 1), lambda x, a: x**a, lambda x, a: -expm1(a * log(x))),
    "triangular": ([[-10, 0], [0, 0.2, 1], [1, 20]], ["1e-9", "0.1", "0.2", "0.5", "0.999"],
        lambda x, a, c, b: 2 * (x - a) / ((b - a) * (c - a)) if x < c else 2 * (b - x) / ((b - a) * (b - c)),
        triangle_below, lambda x, a, c, b: triangle_below(-x, -b, -c, -a)),
    "von_mises": ([[-2.5, 0, 1, 3], [0.3, 5, 60, 2000]], ["-3.1415", "-2.9", "-1", "-0.01", "0", "0.7", "2.5", "3.14"],
        lambda x, m, k: exp(-2 * k * sin((x - m) / 2) ** 2) / (2 * pi * mp.besseli(0, k) * exp(-k)),
        lambda x, m, k: von_mises_arc(-PI, x, m, k), lambda x, m, k: von_mises_arc(x, PI, m, k)),
    "wrapped_cauchy": ([[-2.5, 0, 1, 3], [0.1, 0.5, 0.999]],
        ["-3.1415", "-2.9", "-1", "-0.01", "0", "0.7", "2.5", "3.14"],
        lambda x, m, r: (1 - r**2) / (2 * pi * (1 + r**2 - 2 * r * cos(x - m))), None, None),
}  # fmt: skip


def main():
    cases = []
    for name, (grids, x, density, cdf, sf) in FAMILIES.items():
        for parameters in itertools.product(*grids):
            theta = [mpf(float(p)) for p in parameters]
            points = [float(v) for v in x]
            if name == "triangular":  # a corner that coincides with an end
                points = [v for v in points if parameters[0] < v < parameters[2]]
            made = {"family": name, "parameters": [float(p) for p in parameters], "x": points}
            for key, function in (("logp", density), ("log_cdf", cdf), ("log_sf", sf)):
                if function is not None:
                    made[key] = [logs(function(mpf(v), *theta)) for v in points]
            cases.append(made)
    note = "logarithms in nats, 22 digits of a 60-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "make_families_extremes.py", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("families_extremes.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
