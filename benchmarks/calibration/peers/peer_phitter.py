"""phitter: `Phitter(...).fit()`; by default the number of tests passed, then BIC or SSE; and its BIC alone."""

import warnings

warnings.filterwarnings("ignore")

import phitter  # noqa: E402
from protocol import choose_all  # noqa: E402

CONTINUOUS = {
    "gamma": "gamma",
    "lognormal": "lognormal",
    "weibull": "weibull",
    "normal": "normal",
    "exponential": "exponential",
    "logistic": "logistic",
    "t_student_3p": "student_t",
    "gumbel_right": "gumbel",
}
COUNTS = {"poisson": "poisson", "negative_binomial": "negative_binomial", "binomial": "binomial"}


def choose(x, counts):
    names = COUNTS if counts else CONTINUOUS
    found = phitter.Phitter(x, fit_type="discrete" if counts else "continuous", distributions_to_fit=list(names))
    found.fit()
    table = found.sorted_distributions
    if not table:
        return {"default": None, "bic": None}
    return {"default": names[next(iter(table))], "bic": names[min(table, key=lambda name: table[name]["bic"])]}


choose_all(choose, counts=True)
