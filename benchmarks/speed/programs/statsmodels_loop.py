"""statsmodels: discrete models with a constant alone; it has poisson and negative binomial of our counts."""

import math
import warnings

import numpy as np
from protocol import by_family, cleaned, groups_of, ranked, serve
from statsmodels.discrete.discrete_model import NegativeBinomial, Poisson

warnings.filterwarnings("ignore")


def rank(x):
    one = np.ones((x.size, 1))
    poisson = Poisson(x, one).fit(disp=0, maxiter=200)
    negative = NegativeBinomial(x, one).fit(disp=0, maxiter=200)
    ranked({"poisson": 0, "nbinom": 0}, {"poisson": float(poisson.aic), "nbinom": float(negative.aic)})
    size, mean = 1 / negative.params[-1], math.exp(negative.params[0])
    return [("poisson", [math.exp(poisson.params[0]), 0]), ("nbinom", [size, size / (size + mean), 0])]


def run(task, x):
    return [rank(values) for values in groups_of(x)] if task == "G" else rank(x)


serve(run, lambda task, found: by_family(found) if task == "G" else cleaned(found))
