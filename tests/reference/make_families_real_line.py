"""Reference values of the skewed and shaped families of the real line, as make_families.py: writes its own JSON file.

Run from this directory: python make_families_real_line.py
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
from mpmath import exp, gamma, log, mpf, pi, sqrt

mp.mp.dps = 40


def ndtr(z):
    return mp.erfc(-z / sqrt(2)) / 2


def density_normal(z):
    return exp(-z * z / 2) / sqrt(2 * pi)


def steep_tail(y, shape):
    """2 ∫_y^∞ φ(t) Φ(−shape·t) dt for y, shape ≥ 0, on the scale on which it falls."""
    unit = 1 / sqrt(1 + shape * shape) / (1 + y * sqrt(1 + shape * shape))
    with mp.workdps(60):
        top = density_normal(y) * ndtr(-shape * y)
        cuts = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256]
        value = mp.quad(lambda v: 2 * density_normal(y + v * unit) * ndtr(-shape * (y + v * unit)) / top, cuts)
        return value * unit * top


def skew_normal_cdf(z, shape):
    if shape < 0:
        return skew_normal_sf(-z, -shape)
    return steep_tail(-z, shape) if z < 0 else 1 - 2 * ndtr(-z) + steep_tail(z, shape)


def skew_normal_sf(z, shape):
    if shape < 0:
        return skew_normal_cdf(-z, -shape)
    return 1 - steep_tail(-z, shape) if z < 0 else 2 * ndtr(-z) - steep_tail(z, shape)


def half_power(z, b):
    """P(Z > z), z ≥ 0, of the generalised normal."""
    return mp.gammainc(1 / b, z**b, mp.inf, regularized=True) / 2


def power_sf(z, b):
    return half_power(z, b) if z >= 0 else 1 - half_power(-z, b)


def asymmetric_cdf(z, k):
    return k * k / (1 + k * k) * exp(z / k) if z < 0 else 1 - exp(-k * z) / (1 + k * k)


def modified_sf(z, k):
    with mp.workdps(400):
        return ndtr(-z) + exp(-z / k + 1 / (2 * k * k)) * ndtr(z - 1 / k)


def modified_cdf(z, k):
    with mp.workdps(2500):
        return ndtr(z) - exp(-z / k + 1 / (2 * k * k)) * ndtr(z - 1 / k)


PLACES = [["-10", "0.5"], ["0", "20"]]
REALS = ["-60", "-9", "-2", "-0.4", "0.000001", "0.7", "3", "12", "60"]

#: family: grid of the shape, points as values of z, density, cdf and sf of z (all before location and scale)
FAMILIES = {
    "gumbel_min": (None, ["-60", "-9", "-2", "-0.4", "0.000001", "0.7", "3", "5"], lambda z: exp(z - exp(z)),
        lambda z: -mp.expm1(-exp(z)), lambda z: exp(-exp(z))),
    "hyperbolic_secant": (None, [*REALS, "800", "-800"], lambda z: mp.sech(z) / pi,
        lambda z: 2 / pi * mp.atan(exp(z)), lambda z: 2 / pi * mp.atan(exp(-z))),
    "skew_normal": (["-300", "-5", "0", "0.3", "1", "8"], REALS, lambda z, a: 2 * density_normal(z) * ndtr(a * z),
        skew_normal_cdf, skew_normal_sf),
    "generalized_normal": (["0.4", "1", "1.7", "2", "8", "60"], ["-60", "-9", "-2", "-0.99", "-0.4", "0.000001", "0.7", "1.01", "3"],  # noqa: E501
        lambda z, b: b / (2 * gamma(1 / b)) * exp(-(abs(z) ** b)), lambda z, b: power_sf(-z, b), power_sf),
    "asymmetric_laplace": (["0.2", "1", "5", "1000"], REALS,
        lambda z, k: exp(z / k if z < 0 else -k * z) / (k + 1 / k), asymmetric_cdf,
        lambda z, k: asymmetric_cdf(-z, 1 / k)),
    "exponentially_modified_normal": (["0.01", "0.2", "1", "4", "30", "1000"], REALS,
        lambda z, k: exp(1 / (2 * k * k) - z / k) * ndtr(z - 1 / k) / k, modified_cdf, modified_sf),
}  # fmt: skip


def logs(value):
    return "-inf" if value == 0 else mp.nstr(log(value), 22)


def case(name, shape, location, scale):
    _, points, density, cdf, sf = FAMILIES[name]
    own = [] if shape is None else [mpf(float(shape))]
    x = [float(location) + float(z) * float(scale) for z in points]
    z = [(mpf(v) - mpf(location)) / mpf(scale) for v in x]
    return {
        "family": name,
        "parameters": [float(v) for v in (*own, mpf(location), mpf(scale))],
        "x": x,
        "logp": [mp.nstr(log(density(v, *own)) - log(mpf(scale)), 22) for v in z],
        "log_cdf": [logs(cdf(v, *own)) for v in z],
        "log_sf": [logs(sf(v, *own)) for v in z],
    }


def main():
    cases = [
        case(name, shape, *place)
        for name, (shapes, *_) in FAMILIES.items()
        for shape, place in itertools.product(shapes or [None], PLACES)
    ]
    note = "logarithms in nats, 22 digits of a 40-digit calculation; parameters and x are the exact binary numbers"
    lines = ",\n".join(json.dumps(entry) for entry in cases)
    text = f'{{"note": {json.dumps(note)}, "source": "{Path(__file__).name}", "cases": [\n{lines}\n]}}\n'
    Path(__file__).with_suffix(".json").with_stem("families_real_line").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
