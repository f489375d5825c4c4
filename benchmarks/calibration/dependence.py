"""Observations in an order of time: what intervals and tests hold that take them for independent, and that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.calibration.samples import parsed, standard_error, truth
from modelselect import Sample, rank

#: Correlation of neighbours, sizes; of the latent normal series (of the observations it is a little less).
CORRELATIONS = (0.0, 0.5, 0.8)
SIZES = (200, 1000)
TRUTH = truth("gamma(shape 2)", st.gamma(2))
FAMILIES = ("gamma", "weibull", "lognormal")
RESAMPLES = 99
#: Samples of a cell of which the blocks are drawn, which costs most.
BLOCKS = 1 / 3


def run(replicates: int, seed: int) -> list[dict[str, Any]]:
    """Every correlation at every n."""
    losses = dict(zip(FAMILIES, (TRUTH.loss(candidate) for candidate in parsed(FAMILIES)), strict=True))
    return [
        _cell(rho, n, losses, replicates, np.random.default_rng([seed, 9, place, n]))
        for place, rho in enumerate(CORRELATIONS)
        for n in SIZES
    ]


def autoregressive(rho: float, n: int, rng: np.random.Generator) -> Any:
    """Observations with the law of the truth, quantiles of a normal autoregression of first order."""
    from scipy.signal import lfilter

    noise = rng.standard_normal(n) * np.sqrt(1.0 - rho**2)
    noise[0] /= np.sqrt(1.0 - rho**2)
    return TRUTH.parts[0][1].ppf(st.norm.cdf(lfilter([1.0], [1.0, -rho], noise)))


def _cell(rho: float, n: int, losses: dict[str, float], replicates: int, rng: np.random.Generator) -> dict[str, Any]:
    """How often intervals of KL and of a difference hold, and how often the set holds the truth."""
    hits: dict[str, list[bool]] = {}
    block = max(1, round(n ** (1 / 3) * (1.0 + 3.0 * rho)))
    for replicate in range(replicates):
        sample = Sample(autoregressive(rho, n, rng), ordered=True, resolution=None)
        for dependence in ("none", "hac"):
            ranking = rank(sample, list(FAMILIES), dependence=dependence)  # type: ignore[arg-type]
            table = ranking.table
            for family in FAMILIES:
                inside = table["kl_low"][family] <= losses[family] <= table["kl_high"][family]
                hits.setdefault(f"{dependence} kl {family}", []).append(bool(inside))
            low, high = _difference(ranking, "gamma", "lognormal")
            hits.setdefault(f"{dependence} difference", []).append(low <= losses["lognormal"] - losses["gamma"] <= high)
            hits.setdefault(f"{dependence} set", []).append(bool(table["in_confidence_set"]["gamma"]))
        if replicate < BLOCKS * replicates:
            drawn = ranking.bootstrap(RESAMPLES, rng, block_length=block)
            low, high = drawn.difference("gamma", "lognormal")
            hits.setdefault("blocks difference", []).append(low <= losses["lognormal"] - losses["gamma"] <= high)
    shares = {name: float(np.mean(hit)) for name, hit in hits.items()}
    worst = max(standard_error(shares[name], len(hit)) for name, hit in hits.items())
    return {"rho": rho, "n": n, "replicates": replicates, "block": block, "se": worst, **shares}


def _difference(ranking: Any, a: str, b: str) -> tuple[float, float]:
    """95 % interval of loss of b − loss of a, at their best parameters."""
    labels = list(ranking.fits)
    i, j = labels.index(a), labels.index(b)
    value, se = ranking.paired.gap(i, j), ranking.paired.se(i, j)
    return value - 1.96 * se, value + 1.96 * se
