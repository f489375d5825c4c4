"""OpenTURNS: each factory's `build`, with known locations held at 0 where it has one."""

import numpy as np
import openturns as ot
from protocol import data_sets, report

ot.Log.Show(ot.Log.NONE)
#: our family → (factory, {place of a parameter: value it is held at})
POSITIVE = {
    "exponential": ("Exponential", {1: 0.0}),
    "gamma": ("Gamma", {2: 0.0}),
    "lognormal": ("LogNormal", {2: 0.0}),
    "weibull": ("WeibullMin", {2: 0.0}),
    "rayleigh": ("Rayleigh", {1: 0.0}),
    "inverse_gaussian": ("InverseNormal", {}),
    "frechet": ("Frechet", {2: 0.0}),
    "pareto": ("Pareto", {2: 0.0}),
    "chi_square": ("ChiSquare", {}),
    "f": ("FisherSnedecor", {}),
}
REAL = {
    "normal": ("Normal", {}),
    "logistic": ("Logistic", {}),
    "laplace": ("Laplace", {}),
    "gumbel": ("Gumbel", {}),
    "student_t": ("Student", {}),
    "gev": ("GeneralizedExtremeValue", {}),
    "uniform": ("Uniform", {}),
}
COUNTS = {"poisson": "Poisson", "binomial": "Binomial", "negative_binomial": "Polya"}


def fit(sample, name, known=()):
    """Log-likelihood at the factory's estimate."""
    factory = getattr(ot, name + "Factory")()
    if known:
        factory.setKnownParameter(list(known), list(known.values()))
    law = factory.build(sample)
    if name == "Polya":
        size, p = law.getParameter()
        return {"mean": size * p / (1 - p), "size": size}
    return float(np.sum(np.array(law.computeLogPDF(sample))))


for case in data_sets():
    x = np.array(case["values"], dtype=float)
    sample = ot.Sample.BuildFromPoint(x)
    if case["counts"]:
        for ours, name in COUNTS.items():
            report(case["name"], ours, lambda sample=sample, name=name: fit(sample, name))
        continue
    laws = {**REAL, **(POSITIVE if x.min() > 0 else {})}
    for ours, (name, known) in laws.items():
        report(case["name"], ours, lambda sample=sample, name=name, known=known: fit(sample, name, known))
