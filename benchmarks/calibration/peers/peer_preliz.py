"""PreliZ: `pz.mle` of all candidates together, which ranks by AICc."""

import warnings

warnings.filterwarnings("ignore")

import preliz as pz  # noqa: E402
from protocol import choose_all  # noqa: E402

pz.rcParams["plots.show_plot"] = False
CONTINUOUS = {
    "Gamma": "gamma",
    "LogNormal": "lognormal",
    "Weibull": "weibull",
    "Normal": "normal",
    "Exponential": "exponential",
    "Logistic": "logistic",
    "StudentT": "student_t",
    "Gumbel": "gumbel",
}
COUNTS = {
    "Poisson": "poisson",
    "NegativeBinomial": "negative_binomial",
    "Binomial": "binomial",
    "ZeroInflatedPoisson": "zero_inflated(poisson)",
}


def choose(x, counts):
    names = COUNTS if counts else CONTINUOUS
    laws = [getattr(pz, name)() for name in names]
    order, _ = pz.mle(laws, x, plot=0)
    best = list(names.values())[order[0]]
    return {"default": best, "aicc": best}


choose_all(choose, counts=True)
