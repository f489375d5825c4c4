"""PreliZ: `pz.mle` of one distribution at a time."""

import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import preliz as pz  # noqa: E402
from protocol import data_sets, report  # noqa: E402

pz.rcParams["plots.show_plot"] = False
#: our family → (PreliZ's class, its parameters → ours)
POSITIVE = {
    "exponential": ("Exponential", lambda p: {"scale": p["beta"] if "beta" in p else 1 / p["lam"]}),
    "gamma": ("Gamma", lambda p: {"shape": p["alpha"], "scale": 1 / p["beta"]}),
    "lognormal": ("LogNormal", lambda p: {"mu": p["mu"], "sigma": p["sigma"]}),
    "weibull": ("Weibull", lambda p: {"shape": p["alpha"], "scale": p["beta"]}),
    "inverse_gaussian": ("Wald", lambda p: {"mean": p["mu"], "shape": p["lam"]}),
    "inverse_gamma": ("InverseGamma", lambda p: {"shape": p["alpha"], "scale": p["beta"]}),
    "half_normal": ("HalfNormal", lambda p: {"scale": p["sigma"]}),
    "half_cauchy": ("HalfCauchy", lambda p: {"scale": p["beta"]}),
    "log_logistic": ("LogLogistic", lambda p: {"shape": p["beta"], "scale": p["alpha"]}),
    "pareto": ("Pareto", lambda p: {"shape": p["alpha"], "minimum": p["m"]}),
}
REAL = {
    "normal": ("Normal", lambda p: {"mean": p["mu"], "sd": p["sigma"]}),
    "logistic": ("Logistic", lambda p: {"location": p["mu"], "scale": p["s"]}),
    "laplace": ("Laplace", lambda p: {"location": p["mu"], "scale": p["b"]}),
    "cauchy": ("Cauchy", lambda p: {"location": p["alpha"], "scale": p["beta"]}),
    "gumbel": ("Gumbel", lambda p: {"location": p["mu"], "scale": p["beta"]}),
    "student_t": ("StudentT", lambda p: {"df": p["nu"], "location": p["mu"], "scale": p["sigma"]}),
    "skew_normal": ("SkewNormal", lambda p: {"shape": p["alpha"], "location": p["mu"], "scale": p["sigma"]}),
    "exponentially_modified_normal": (
        "ExGaussian",
        lambda p: {"shape": p["nu"] / p["sigma"], "location": p["mu"], "scale": p["sigma"]},
    ),
    "moyal": ("Moyal", lambda p: {"location": p["mu"], "scale": p["sigma"]}),
    "uniform": ("Uniform", lambda p: {"low": p["lower"], "high": p["upper"]}),
}
COUNTS = {
    "poisson": ("Poisson", lambda p: {"mean": p["mu"]}),
    "binomial": ("Binomial", lambda p: {"n": p["n"], "p": p["p"]}),
    "negative_binomial": ("NegativeBinomial", lambda p: {"mean": p["mu"], "size": p["alpha"]}),
    "discrete_weibull": ("DiscreteWeibull", lambda p: {"q": p["q"], "shape": p["beta"]}),
}


def fit(x, name, ours):
    """PreliZ's estimates in our parametrisation."""
    law = getattr(pz, name)()
    pz.mle([law], x, plot=0)
    if not law.is_frozen:
        raise ValueError("not fitted")
    return ours(dict(zip(law.param_names, law.params, strict=True)))


for case in data_sets():
    x = np.array(case["values"], dtype=float)
    if case["counts"]:
        x = x.astype(int)
    laws = COUNTS if case["counts"] else {**REAL, **(POSITIVE if x.min() > 0 else {})}
    for family, (name, ours) in laws.items():
        report(case["name"], family, lambda x=x, name=name, ours=ours: fit(x, name, ours))
