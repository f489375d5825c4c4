"""How often the model confidence set holds the best family, and how many families it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.calibration.samples import (
    Truth,
    Wanted,
    all_fits,
    always,
    block_of,
    mixture,
    paired_of,
    parsed,
    portions,
    standard_error,
    truth,
)
from modelselect.fitting.result import Fit
from modelselect.ranking.confidence_set import confidence_set
from modelselect.ranking.ends import ends_taken
from modelselect.ranking.nesting import reached

SIZES = (50, 100, 200, 500, 1000)
POSITIVE = ("gamma", "lognormal", "weibull", "exponential", "inverse_gaussian", "rayleigh", "log_logistic", "normal")
#: The ends of the last two are taken from the sample.
BOUNDED = ("beta", "kumaraswamy", "uniform", "scaled_power_function")
COUNTS = ("poisson", "negative_binomial", "geometric", {"zero_inflated": "poisson"}, {"binomial": {"n": 40}})
TRUTHS: list[tuple[Truth, Sequence[Any]]] = [
    (truth("exponential(1)", st.expon()), POSITIVE),
    (truth("gamma(shape 2)", st.gamma(2)), POSITIVE),
    (truth("lognormal(sigma 0.5)", st.lognorm(0.5)), POSITIVE),
    (truth("nearly exponential: gamma(shape 1.1)", st.gamma(1.1)), POSITIVE),
    (truth("nearly rayleigh: weibull(shape 1.9)", st.weibull_min(1.9)), POSITIVE),
    (
        mixture("outside: gamma(2) and gamma(20)", [(0.7, st.gamma(2)), (0.3, st.gamma(20, scale=0.5))]),
        POSITIVE,
    ),
    (truth("poisson(3)", st.poisson(3)), COUNTS),
    (truth("nearly poisson: negative_binomial(3, size 20)", st.nbinom(20, 20 / 23)), COUNTS),
    (truth("uniform(0, 1)", st.uniform()), BOUNDED),
    (truth("beta(2, 1)", st.beta(2, 1)), BOUNDED),
]


def run(replicates: int, seed: int, wanted: Wanted = always) -> list[dict[str, Any]]:
    """Each truth at each n."""
    rows = []
    for place, (law, candidates) in enumerate(TRUTHS):
        if not wanted(law.name):
            continue
        chosen = parsed(candidates)
        loss = np.array([law.loss(c) for c in chosen])
        k = np.array([len(c.family.parameters) - len(c.fixed) for c in chosen])
        near = np.flatnonzero(loss < loss.min() + 1e-9)
        best = int(near[np.argmin(k[near])])  # of several that hold the truth, the smallest
        for n in SIZES:
            rng = np.random.default_rng([seed, 7, place, n])
            held, sizes = [], []
            for size in portions(replicates, n):
                samples, fits = all_fits(chosen, block_of(law.draw(rng, (size, n)), discrete=law.discrete))
                for sample, row in zip(samples, fits, strict=True):
                    inside = inside_of(row, sample, rng)
                    held.append(bool(inside[best]))
                    sizes.append(int(inside.sum()))
            share = float(np.mean(held))
            line = {"truth": law.name, "best": chosen[best].label, "n": n, "candidates": len(chosen), "held": share}
            line["replicates"] = len(held)
            rows.append(line | {"held_se": standard_error(share, len(held)), "size": float(np.mean(sizes))})
    return rows


def inside_of(fits: Sequence[Fit], sample: Any, rng: np.random.Generator) -> Any:
    """The confidence set of candidates that were fitted, as `rank` makes it."""
    k = np.array([fit.k for fit in fits], dtype=float)
    able = np.array([fit.status.usable for fit in fits])
    loss = np.where(able, [-fit.mean_log_likelihood for fit in fits], np.inf)
    paired = paired_of(fits, sample, int(np.argmin(loss + k / sample.n)))
    spread = paired.covariance if paired.left_out is None else paired.left_out
    ends = np.array([ends_taken(fit) for fit in fits], dtype=float)
    k = np.array([reached(fit).k for fit in fits], dtype=float)
    return confidence_set(loss, spread, k, sample.n, rng, ends=ends)
