"""scipy.stats: `law.fit` for densities, `scipy.stats.fit` for masses, then AIC by hand."""

import warnings

import scipy.stats as st
from protocol import POSITIVE, by_family, cleaned, groups_of, names, ranked, serve

warnings.filterwarnings("ignore")
SIZE = {"norm": 2, "expon": 1, "gamma": 2, "lognorm": 2, "weibull_min": 2, "logistic": 2, "gumbel_r": 2, "rayleigh": 1,
        "invgauss": 2, "t": 3, "poisson": 1, "binom": 2, "nbinom": 2, "geom": 1}  # fmt: skip


def bounds(name, x):
    """Generous bounds, which `scipy.stats.fit` demands."""
    top, mean = float(x.max()), float(x.mean())
    return {
        "poisson": {"mu": (0, max(10, 10 * mean))},
        "binom": {"n": (top, 10 * top), "p": (0, 1)},
        "nbinom": {"n": (1e-3, 1000), "p": (0, 1)},
        "geom": {"p": (1e-6, 1), "loc": (-1, -1)},
    }[name]


def rank(task, x):
    found, aic = {}, {}
    for name in names(task):
        law = getattr(st, name)
        if task[0] == "C":
            found[name] = law.fit(x, floc=0) if name in POSITIVE else law.fit(x)
            total = law.logpdf(x, *found[name]).sum()
        else:
            found[name] = st.fit(law, x, bounds(name, x)).params
            total = law.logpmf(x, *found[name]).sum()
        aic[name] = 2 * SIZE[name] - 2 * total
    ranked(found, aic)
    return list(found.items())


def run(task, x):
    return [rank(task, values) for values in groups_of(x[:10_000])] if task == "G" else rank(task, x)


serve(run, lambda task, found: by_family(found) if task == "G" else cleaned(found))
