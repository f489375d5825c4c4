"""fitter: `Fitter(...).fit()`, whose location is always free; by its default (sum of squares), AIC and BIC."""

import logging
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import fitter  # noqa: E402
from protocol import choose_all  # noqa: E402
from scipy_names import NAMES  # noqa: E402


def choose(x, _counts):
    found = fitter.Fitter(x, distributions=list(NAMES))
    found.fit(progress=False, max_workers=1)
    best = {name: NAMES[next(iter(found.get_best(name)))] for name in ("sumsquare_error", "aic", "bic")}
    return {"default": best["sumsquare_error"], "aic": best["aic"], "bic": best["bic"]}


if __name__ == "__main__":  # it starts processes
    choose_all(choose, counts=False)
