"""The tables of a ranking: one row a candidate, and the ledger of what was not a plain success."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelselect.divergence.empirical import Divergence
from modelselect.divergence.level import Level
from modelselect.domain import Array
from modelselect.fitting.status import Status
from modelselect.ranking.comparison import Paired, compare
from modelselect.ranking.confidence_set import confidence_set
from modelselect.ranking.contender import Contender
from modelselect.ranking.criteria import Scores
from modelselect.ranking.ends import ends_taken
from modelselect.ranking.nesting import reached


def table_of(
    fits: Sequence[Contender],
    order: Sequence[int],
    scores: Scores,
    loss: Array,
    reference: int,
    paired: Paired,
    footing: str,
) -> pd.DataFrame:
    """Return the candidates best first, one row each; fits are in that order, scores and losses in the given one."""
    d: Divergence = scores.divergence
    delta = loss[order] - loss[order][reference]
    n = scores.n
    p_value, se = np.full(len(fits), np.nan), np.full(len(fits), np.nan)
    for i, fit in enumerate(fits):
        if fit.status.usable:
            se[i] = paired.se(reference, i)
            if i != reference:
                p_value[i] = compare(fits[reference], fit, paired, reference, i).p_value
    with np.errstate(invalid="ignore", over="ignore"):
        weight = np.exp(-n * np.where(np.isnan(delta), np.inf, delta)) if np.isfinite(n) else np.full(len(fits), np.nan)
        weight = weight / weight.sum()

    losses = np.array([loss[i] if fit.status.usable else np.inf for i, fit in zip(order, fits, strict=True)])
    # at the best member of each family: k/n of the corrected losses less k/(2n), which the set adds itself; a law at
    # its limit is the limit law, with the parameters of that
    losses = losses - np.array([fit.k for fit in fits], dtype=float) / n
    k = np.array([reached(fit).k for fit in fits], dtype=float)
    with np.errstate(invalid="ignore"):
        spread = paired.covariance if paired.left_out is None else paired.left_out
        rng = np.random.default_rng(scores.seed)
        ends = np.array([ends_taken(fit) for fit in fits], dtype=float)
        inside = confidence_set(losses, spread, k, n, rng, worth=paired.worth, ends=ends)

    def column(values: Array) -> Array:
        kept = np.array(values, dtype=float)[order]
        return np.array(
            [
                v if f.status.usable else np.inf if f.status is Status.OUT_OF_SUPPORT else np.nan
                for v, f in zip(kept, fits, strict=True)
            ]
        )

    def uncertain(values: Array) -> Array:
        kept = np.array(values, dtype=float)[order]
        return np.where([f.status.usable for f in fits], kept, np.nan)

    log_likelihood = np.array([fit.log_likelihood for fit in fits])
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(fits) + 1),
            "family": [fit.family.name for fit in fits],
            "kl": column(d.kl),
            "kl_se": uncertain(d.kl_se),
            "kl_low": uncertain(d.kl_low),
            "kl_high": uncertain(d.kl_high),
            "kl_corrected": column(d.kl_corrected),
            "cross_entropy": column(d.cross_entropy),
            "delta": delta,
            "delta_se": se,
            "p_value": p_value,
            "weight": weight,
            "in_confidence_set": inside,
            "log_likelihood": log_likelihood,
            "n_parameters": [fit.k for fit in fits],
            "aic": [fit.aic for fit in fits],
            "bic": [fit.bic for fit in fits],
            "status": [str(fit.status) for fit in fits],
            "footing": footing,
            "parameters": [fit.parameters for fit in fits],
        },
        index=pd.Index([fit.label for fit in fits], name="candidate"),
    )


def ledger_of(fits: Sequence[Contender], of: Level, *, known: bool = False) -> pd.DataFrame:
    """Return what was not a plain success: candidate, status and reason."""
    rows = []
    for fit in fits:
        if fit.reason:
            rows.append((fit.label, str(fit.status), fit.reason))
        elif fit.irregular and not known:
            what = " and ".join(fit.irregular)
            why = f"{what} estimated from the sample: not a regular parameter, so k/n corrects its KL only roughly"
            rows.append((fit.label, str(fit.status), why))
    if not np.isfinite(of.entropy.value):
        why = of.entropy.method.removeprefix("none: ")
        what = f"the level of KL is unknown: {why}; cross_entropy and delta remain"
        rows.append(("(entropy)", "not_available", what))
    return pd.DataFrame(rows, columns=["candidate", "status", "reason"], dtype="str")
