"""phitter: `Phitter(...).fit()`, estimates by moments for most; rayleigh has a location there."""

import math
import warnings

warnings.filterwarnings("ignore")

import phitter  # noqa: E402
from protocol import by_family, cleaned, groups_of, names, serve  # noqa: E402

#: scipy's name → (phitter's, its parameters → those of scipy)
LAWS = {
    "norm": ("normal", lambda p: [p["mu"], p["sigma"]]),
    "expon": ("exponential", lambda p: [0, 1 / p["lambda"]]),
    "gamma": ("gamma", lambda p: [p["alpha"], 0, p["beta"]]),
    "lognorm": ("lognormal", lambda p: [p["sigma"], 0, math.exp(p["mu"])]),
    "weibull_min": ("weibull", lambda p: [p["alpha"], 0, p["beta"]]),
    "logistic": ("logistic", lambda p: [p["mu"], p["sigma"]]),
    "gumbel_r": ("gumbel_right", lambda p: [p["mu"], p["sigma"]]),
    "rayleigh": ("rayleigh", lambda p: [p["gamma"], p["sigma"]]),
    "invgauss": ("inverse_gaussian", lambda p: [p["mu"] / p["lambda"], 0, p["lambda"]]),
    "t": ("t_student_3p", lambda p: [p["df"], p["loc"], p["scale"]]),
    "poisson": ("poisson", lambda p: [p["lambda"], 0]),
    "binom": ("binomial", lambda p: [p["n"], p["p"], 0]),
    "nbinom": ("negative_binomial", lambda p: [p["r"], p["p"], 0]),
    "geom": ("geometric", lambda p: [p["p"], 0]),
}


def rank(task, x):
    kind = "continuous" if task[0] == "C" else "discrete"
    found = phitter.Phitter(x, fit_type=kind, distributions_to_fit=[LAWS[name][0] for name in names(task)])
    found.fit()
    order = found.sorted_distributions
    return [(n, LAWS[n][1](order[LAWS[n][0]]["parameters"])) for n in names(task) if LAWS[n][0] in order]


def run(task, x):
    return [rank(task, values) for values in groups_of(x)] if task == "G" else rank(task, x)


serve(run, lambda task, found: by_family(found) if task == "G" else cleaned(found))
