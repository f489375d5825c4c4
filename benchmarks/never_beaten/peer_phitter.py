"""phitter: `Phitter(...).fit()`, mostly moments; its estimates judged by scipy's densities."""

import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import phitter  # noqa: E402
import scipy.stats as st  # noqa: E402
from protocol import data_sets, report  # noqa: E402

#: our family → (phitter's name, its parameters → scipy's law)
POSITIVE = {
    "exponential": ("exponential", lambda p: st.expon(scale=1 / p["lambda"])),
    "gamma": ("gamma", lambda p: st.gamma(p["alpha"], scale=p["beta"])),
    "lognormal": ("lognormal", lambda p: st.lognorm(p["sigma"], scale=np.exp(p["mu"]))),
    "weibull": ("weibull", lambda p: st.weibull_min(p["alpha"], scale=p["beta"])),
    "inverse_gaussian": ("inverse_gaussian", lambda p: st.invgauss(p["mu"] / p["lambda"], scale=p["lambda"])),
}
REAL = {
    "normal": ("normal", lambda p: st.norm(p["mu"], p["sigma"])),
    "logistic": ("logistic", lambda p: st.logistic(p["mu"], p["sigma"])),
    "gumbel": ("gumbel_right", lambda p: st.gumbel_r(p["mu"], p["sigma"])),
    "laplace": ("laplace", lambda p: st.laplace(p["mu"], p["b"])),
    "student_t": ("t_student_3p", lambda p: st.t(p["df"], p["loc"], p["scale"])),
}
COUNTS = {
    "poisson": ("poisson", lambda p: st.poisson(p["lambda"])),
    "binomial": ("binomial", lambda p: st.binom(p["n"], p["p"])),
    "negative_binomial": ("negative_binomial", lambda p: st.nbinom(p["r"], p["p"])),
}


def fit(x, name, law, kind):
    """Log-likelihood at phitter's estimate."""
    found = phitter.Phitter(x, fit_type=kind, distributions_to_fit=[name])
    found.fit()
    if name not in found.sorted_distributions:
        raise ValueError("dropped without a word")
    made = law(found.sorted_distributions[name]["parameters"])
    return (made.logpmf(x) if kind == "discrete" else made.logpdf(x)).sum()


for case in data_sets():
    x = np.array(case["values"], dtype=float)
    kind = "discrete" if case["counts"] else "continuous"
    laws = COUNTS if case["counts"] else {**REAL, **(POSITIVE if x.min() > 0 else {})}
    for ours, (name, law) in laws.items():
        values = x.astype(int) if case["counts"] else x
        report(case["name"], ours, lambda x=values, n=name, law=law, kind=kind: fit(x, n, law, kind))
