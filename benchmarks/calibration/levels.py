"""How often (kl_low, kl_high) holds the KL at the best parameters of a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.calibration.samples import (
    Truth,
    all_fits,
    block_of,
    losses_of,
    mixture,
    parsed,
    portions,
    standard_error,
    truth,
)
from modelselect.divergence.empirical import divergence
from modelselect.divergence.level import level

SIZES = (30, 100, 300, 1000)
REAL = ("normal", "logistic", "gumbel", "laplace")
POSITIVE = ("exponential", "gamma", "weibull", "lognormal", "normal")
COUNTS = ("poisson", "geometric", "negative_binomial")
TRUTHS: list[tuple[Truth, Sequence[Any]]] = [
    (truth("normal", st.norm(2, 1)), REAL),
    (mixture("two normals", [(0.5, st.norm(-2, 1)), (0.5, st.norm(2, 1))]), REAL),
    # of a Gumbel law the loss would be infinite there
    (truth("student_t(df 3)", st.t(3)), ("normal", "logistic", "laplace", "student_t")),
    (truth("uniform(0, 1)", st.uniform()), POSITIVE),
    (truth("exponential", st.expon()), POSITIVE),
    (truth("gamma(0.5)", st.gamma(0.5)), POSITIVE),
    (truth("gamma(5)", st.gamma(5)), POSITIVE),
    (truth("lognormal(1)", st.lognorm(1)), POSITIVE),
    (truth("weibull(0.7)", st.weibull_min(0.7)), POSITIVE),
    (truth("poisson(3)", st.poisson(3)), COUNTS),
    (truth("negative_binomial(5, size 0.5)", st.nbinom(0.5, 0.5 / 5.5)), COUNTS),
    (truth("geometric(0.05)", st.geom(0.05, loc=-1)), COUNTS),
    (truth("log_series(0.95)", st.logser(0.95)), (*COUNTS, "log_series")),
]
#: Fewer replicates where a fit is dear: of all candidates, since they share the samples.
FEWER = {"student_t(df 3)": 0.5}


def run(replicates: int, seed: int) -> list[dict[str, Any]]:
    """Each truth, family and n."""
    rows = []
    for place, (law, candidates) in enumerate(TRUTHS):
        chosen = parsed(candidates)
        true = np.maximum([law.loss(c) for c in chosen], 0.0)  # 0 where the family holds the truth, up to rounding
        for n in SIZES:
            rng = np.random.default_rng([seed, 2, place, n])
            count = round(replicates * FEWER.get(law.name, 1.0))
            low, high, centre, able = (np.full((count, len(chosen)), np.nan) for _ in range(4))
            done = 0
            for size in portions(count, n):
                samples, fits = all_fits(chosen, block_of(law.draw(rng, (size, n)), discrete=law.discrete))
                for sample, row in zip(samples, fits, strict=True):
                    k = np.array([fit.k for fit in row], dtype=float)
                    of = level(sample)
                    found = divergence(sample, of, losses_of(row, sample, of.terms), k)
                    low[done], high[done] = found.kl_low, found.kl_high
                    centre[done] = found.kl_corrected - k / (2 * n)
                    able[done] = [fit.status.usable for fit in row]
                    done += 1
            for i, candidate in enumerate(chosen):
                given = (able[:, i] == 1.0) & np.isfinite(high[:, i])
                inside = (low[given, i] <= true[i]) & (true[i] <= high[given, i])
                share = float(inside.mean()) if given.any() else float("nan")
                line: dict[str, Any] = {"truth": law.name, "family": candidate.label, "n": n, "kl": float(true[i])}
                line |= {"coverage": share, "coverage_se": standard_error(share, int(given.sum()))}
                line |= {"below": float(np.mean(high[given, i] < true[i])), "given": int(given.sum())}
                line |= {"replicates": count, "bias": float(np.mean(centre[given, i]) - true[i])}
                line |= {"width": float(np.mean(high[given, i] - low[given, i]))}
                rows.append(line)
    return rows
