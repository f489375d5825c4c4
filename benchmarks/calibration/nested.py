"""Which criterion chooses the truth where a larger family holds it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.stats as st

import modelselect as ms
from benchmarks.calibration.samples import Truth, standard_error, truth

SIZES = (50, 200, 1000)
CRITERIA = ("kl", "kl_corrected", "kl_cv", "bic")
TRUTHS: list[tuple[Truth, Sequence[Any]]] = [
    (truth("exponential(1)", st.expon()), ("exponential", "weibull", "gamma", "generalized_gamma")),
    (truth("gamma(shape 2)", st.gamma(2)), ("exponential", "gamma", "generalized_gamma")),
    (truth("poisson(3)", st.poisson(3)), ("poisson", "negative_binomial", {"zero_inflated": "poisson"})),
    (truth("negative_binomial(3, size 2)", st.nbinom(2, 0.4)), ("poisson", "geometric", "negative_binomial")),
    (truth("normal(0, 1)", st.norm()), ("normal", "student_t", "skew_normal")),
]
#: Fewer replicates where a fit is dear.
FEWER = {"normal": 0.5}


def run(replicates: int, seed: int) -> list[dict[str, Any]]:
    """Share of the samples in which each criterion puts the truth first."""
    rows = []
    for place, (law, candidates) in enumerate(TRUTHS):
        name = law.name.split("(")[0]
        for n in SIZES:
            count = round(replicates * (FEWER.get(name, 1.0) if n < 1000 or law.discrete else 0.25))
            drawn = law.draw(np.random.default_rng([seed, 8, place, n]), (count, n))
            first: dict[str, list[bool]] = {criterion: [] for criterion in CRITERIA}
            for values in drawn:
                sample = ms.Sample(values, resolution=1.0 if law.discrete else None)
                table = ms.rank(sample, candidates, by="bic", criteria=CRITERIA[:3]).table
                for criterion in CRITERIA:
                    # a tie, as at a limit of the larger family, goes to the smaller one
                    ahead = table.sort_values([criterion, "n_parameters"], key=lambda c: c.round(12)).index[0]
                    first[criterion].append(ahead == name)
            line: dict[str, Any] = {"truth": law.name, "among": len(candidates), "n": n, "replicates": count}
            line["largest"] = table["n_parameters"].idxmax() == name  # here a criterion can only choose too little
            for criterion, hits in first.items():
                share = float(np.mean(hits))
                line |= {criterion: share, criterion + "_se": standard_error(share, count)}
            rows.append(line)
    return rows
