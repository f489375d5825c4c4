"""OpenTURNS: `FittingTest.BIC` of each factory; locations held at 0 where ours has none, or its own defaults."""

import numpy as np
import openturns as ot
from protocol import choose_all

ot.Log.Show(ot.Log.NONE)
#: factory → (our family, place of the location that is held at 0)
CONTINUOUS = {
    "Gamma": ("gamma", 2),
    "LogNormal": ("lognormal", 2),
    "WeibullMin": ("weibull", 2),
    "Normal": ("normal", None),
    "Exponential": ("exponential", 1),
    "Logistic": ("logistic", None),
    "Student": ("student_t", None),
    "Gumbel": ("gumbel", None),
}
COUNTS = {"Poisson": ("poisson", None), "Polya": ("negative_binomial", None), "Binomial": ("binomial", None)}


def first(sample, names, held):
    score = {}
    for name, (ours, place) in names.items():
        factory = getattr(ot, name + "Factory")()
        if held and place is not None:
            if sample.getMin()[0] <= 0:
                continue
            factory.setKnownParameter([place], [0.0])
        try:
            score[ours] = ot.FittingTest.BIC(sample, factory)[1]
        except (TypeError, RuntimeError):
            continue
    score = {name: value for name, value in score.items() if np.isfinite(value)}
    return min(score, key=score.get) if score else None


def choose(x, counts):
    sample = ot.Sample.BuildFromPoint(x.astype(float))
    names = COUNTS if counts else CONTINUOUS
    bic = first(sample, names, True)
    return {"bic": bic, "default": bic if counts else first(sample, names, False)}


choose_all(choose, counts=True)
