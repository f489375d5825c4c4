"""fitter: `Fitter(...).fit()`, whose location is always free: compared with ours shifted by an estimated threshold."""

import logging
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import fitter  # noqa: E402
import numpy as np  # noqa: E402
import scipy.stats as st  # noqa: E402
from laws import POSITIVE, REAL  # noqa: E402
from protocol import data_sets, report  # noqa: E402

#: Laws whose density is unbounded at a threshold that moves up to the smallest value; how near is too near.
THRESHOLDS = ("gamma", "weibull_min", "lognorm", "fisk")
GUARD = 1e-8


def fit(x, name):
    """Log-likelihood at fitter's estimate."""
    found = fitter.Fitter(x, distributions=[name], timeout=50)
    found.fit(progress=False, max_workers=1)
    if name not in found.fitted_param:
        raise ValueError("dropped without a word")
    place = found.fitted_param[name][-2]
    if name in THRESHOLDS and x.min() - place < GUARD * np.ptp(x):
        raise ValueError("ran into the corner where the likelihood has no bound: its threshold is the smallest value")
    return getattr(st, name).logpdf(x, *found.fitted_param[name]).sum()


if __name__ == "__main__":
    SHIFTED = ("exponential", "gamma", "weibull", "lognormal", "rayleigh", "half_normal", "maxwell", "log_logistic")
    for case in data_sets():
        if case["counts"]:
            continue
        x = np.array(case["values"], dtype=float)
        for ours, (name, _) in REAL.items():
            report(case["name"], ours, lambda x=x, name=name: fit(x, name))
        for ours in SHIFTED:
            report(case["name"], ours, lambda x=x, name=POSITIVE[ours][0]: fit(x, name), shifted=True)
