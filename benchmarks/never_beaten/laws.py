"""Which law of scipy.stats is which of our families, and what has to be held fixed for the two to be the same."""

from __future__ import annotations

#: our family → (scipy's name, arguments of its `fit`); the parametrisations differ, the laws do not
POSITIVE = {
    "exponential": ("expon", {"floc": 0}),
    "gamma": ("gamma", {"floc": 0}),
    "weibull": ("weibull_min", {"floc": 0}),
    "lognormal": ("lognorm", {"floc": 0}),
    "inverse_gaussian": ("invgauss", {"floc": 0}),
    "inverse_gamma": ("invgamma", {"floc": 0}),
    "frechet": ("invweibull", {"floc": 0}),
    "log_logistic": ("fisk", {"floc": 0}),
    "rayleigh": ("rayleigh", {"floc": 0}),
    "maxwell": ("maxwell", {"floc": 0}),
    "half_normal": ("halfnorm", {"floc": 0}),
    "half_cauchy": ("halfcauchy", {"floc": 0}),
    "half_logistic": ("halflogistic", {"floc": 0}),
    "pareto": ("pareto", {"floc": 0}),
    "lomax": ("lomax", {"floc": 0}),
    "burr": ("burr12", {"floc": 0}),
    "dagum": ("burr", {"floc": 0}),
    "generalized_gamma": ("gengamma", {"floc": 0}),
    "exponentiated_weibull": ("exponweib", {"floc": 0}),
    "nakagami": ("nakagami", {"floc": 0}),
    "birnbaum_saunders": ("fatiguelife", {"floc": 0}),
    "gompertz": ("gompertz", {"floc": 0}),
    "rice": ("rice", {"floc": 0}),
    "chi_square": ("chi2", {"floc": 0, "fscale": 1}),
    "chi": ("chi", {"floc": 0}),
    "f": ("f", {"floc": 0, "fscale": 1}),
    "beta_prime": ("betaprime", {"floc": 0}),
    "levy": ("levy", {"floc": 0}),
    "generalized_inverse_gaussian": ("geninvgauss", {"floc": 0}),
    "exponential_power": ("exponpow", {"floc": 0}),
    "generalized_pareto": ("genpareto", {"floc": 0}),
}
REAL = {
    "normal": ("norm", {}),
    "logistic": ("logistic", {}),
    "laplace": ("laplace", {}),
    "cauchy": ("cauchy", {}),
    "gumbel": ("gumbel_r", {}),
    "gumbel_min": ("gumbel_l", {}),
    "hyperbolic_secant": ("hypsecant", {}),
    "student_t": ("t", {}),
    "skew_normal": ("skewnorm", {}),
    "generalized_normal": ("gennorm", {}),
    "asymmetric_laplace": ("laplace_asymmetric", {}),
    "exponentially_modified_normal": ("exponnorm", {}),
    "johnson_su": ("johnsonsu", {}),
    "normal_inverse_gaussian": ("norminvgauss", {}),
    "generalized_logistic": ("genlogistic", {}),
    "moyal": ("moyal", {}),
    "gev": ("genextreme", {}),
    "pearson_3": ("pearson3", {}),
    "uniform": ("uniform", {}),
}
BOUNDED = {
    "beta": ("beta", {"floc": 0, "fscale": 1}),
    "power_function": ("powerlaw", {"floc": 0, "fscale": 1}),
}
#: our family → (scipy's name, bounds of its parameters as functions of the data)
COUNTS = {
    "poisson": "poisson",
    "geometric": "geom",
    "negative_binomial": "nbinom",
    "binomial": "binom",
    "log_series": "logser",
    "zeta": "zipf",
    "yule_simon": "yulesimon",
    "skellam": "skellam",
}


def continuous_for(x: list[float]) -> dict[str, tuple[str, dict[str, float]]]:
    """Families whose support holds all values."""
    laws = dict(REAL)
    if min(x) > 0:
        laws.update(POSITIVE)
        if max(x) < 1:
            laws.update(BOUNDED)
    return laws
