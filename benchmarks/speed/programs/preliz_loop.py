"""PreliZ: `mle` of all candidates at once; it has no rayleigh, and its geometric begins at 1."""

import math
import warnings

warnings.filterwarnings("ignore")

import preliz as pz  # noqa: E402
from protocol import by_family, cleaned, groups_of, names, serve  # noqa: E402

pz.rcParams["plots.show_plot"] = False
#: scipy's name → (PreliZ's, a law of it → parameters of scipy)
LAWS = {
    "norm": ("Normal", lambda d: [d.mu, d.sigma]),
    "expon": ("Exponential", lambda d: [0, 1 / d.lam]),
    "gamma": ("Gamma", lambda d: [d.alpha, 0, 1 / d.beta]),
    "lognorm": ("LogNormal", lambda d: [d.sigma, 0, math.exp(d.mu)]),
    "weibull_min": ("Weibull", lambda d: [d.alpha, 0, d.beta]),
    "logistic": ("Logistic", lambda d: [d.mu, d.s]),
    "gumbel_r": ("Gumbel", lambda d: [d.mu, d.beta]),
    "invgauss": ("Wald", lambda d: [d.mu / d.lam, 0, d.lam]),
    "t": ("StudentT", lambda d: [d.nu, d.mu, d.sigma]),
    "poisson": ("Poisson", lambda d: [d.mu, 0]),
    "binom": ("Binomial", lambda d: [d.n, d.p, 0]),
    "nbinom": ("NegativeBinomial", lambda d: [d.n, d.p, 0]),
    "geom": ("Geometric", lambda d: [d.p, 0]),
}


def rank(task, x):
    asked = [name for name in names(task) if name in LAWS]
    laws = [getattr(pz, LAWS[name][0])() for name in asked]
    pz.mle(laws, x, plot=0)
    return [(name, LAWS[name][1](law)) for name, law in zip(asked, laws, strict=True) if law.is_frozen]


def run(task, x):
    return [rank(task, values) for values in groups_of(x[:10_000])] if task == "G" else rank(task, x)


serve(run, lambda task, found: by_family(found) if task == "G" else cleaned(found))
