"""scipy.stats: `law.fit` for densities, `scipy.stats.fit` for masses, with the location held where ours has none."""

import warnings

import numpy as np
import scipy.stats as st
from laws import COUNTS, continuous_for
from protocol import data_sets, report

warnings.filterwarnings("ignore")


def bounds(name, x):
    """Generous bounds, which `scipy.stats.fit` demands."""
    top, mean = float(x.max()), float(x.mean())
    return {
        "poisson": {"mu": (0, max(10, 10 * mean))},
        "binom": {"n": (top, 10 * top), "p": (0, 1)},
        "nbinom": {"n": (1e-3, 1000), "p": (0, 1)},
        "geom": {"p": (1e-6, 1), "loc": (-1, -1)},
        "logser": {"p": (1e-6, 1 - 1e-6)},
        "zipf": {"a": (1.001, 50)},
        "yulesimon": {"alpha": (1e-3, 500)},
        "skellam": {"mu1": (1e-6, 100 + abs(mean)), "mu2": (1e-6, 100 + abs(mean))},
    }[name]


for case in data_sets():
    x = np.array(case["values"], dtype=float)
    if case["counts"]:
        for ours, name in COUNTS.items():
            law = getattr(st, name)

            def counts(law=law, name=name, x=x):
                found = st.fit(law, x.astype(int), bounds(name, x))
                return law.logpmf(x, *found.params).sum()

            report(case["name"], ours, counts)
        continue
    for ours, (name, fixed) in continuous_for(case["values"]).items():
        law = getattr(st, name)

        def density(law=law, fixed=fixed, x=x, ours=ours):
            estimate = law.fit(x, **fixed)
            # scipy's density of the F law has few digits where a parameter is large
            return dict(zip(("df1", "df2"), estimate, strict=False)) if ours == "f" else law.logpdf(x, *estimate).sum()

        report(case["name"], ours, density)
