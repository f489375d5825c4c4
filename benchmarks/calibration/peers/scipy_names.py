"""Which law of scipy.stats is which of our families, of those that all programs have."""

NAMES = {
    "gamma": "gamma",
    "lognorm": "lognormal",
    "weibull_min": "weibull",
    "norm": "normal",
    "expon": "exponential",
    "logistic": "logistic",
    "t": "student_t",
    "gumbel_r": "gumbel",
}
