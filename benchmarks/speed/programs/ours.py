"""modelselect: the public call, from the array or the DataFrame to the table."""

from __future__ import annotations

from typing import Any

import pandas as pd
from protocol import COUNTS, FAMILIES, GROUPED, serve

import modelselect as ms

#: scipy's name → ours.
OURS = {
    "norm": "normal", "expon": "exponential", "gamma": "gamma", "lognorm": "lognormal", "weibull_min": "weibull",
    "logistic": "logistic", "gumbel_r": "gumbel", "rayleigh": "rayleigh", "invgauss": "inverse_gaussian",
    "t": "student_t", "poisson": "poisson", "binom": "binomial", "nbinom": "negative_binomial", "geom": "geometric",
}  # fmt: skip
THEIRS = {ours: name for name, ours in OURS.items()}


def run(task: str, prepared: Any) -> Any:
    """Rank, and make the table."""
    if task == "G":
        ranking = ms.rank_groups(prepared, "group", "value", candidates=[OURS[name] for name in GROUPED])
        return ranking.table, ranking.best
    if task[0] == "D":
        ranking = ms.rank(ms.Sample(prepared), [OURS[name] for name in COUNTS])
    else:
        ranking = ms.rank(ms.Sample(prepared, resolution=None), [OURS[name] for name in FAMILIES])
    return ranking.table, ranking


def fits(task: str, result: Any) -> list[list[Any]]:
    """``[name in scipy.stats, log-likelihood]``; of groups their sum."""
    table, ranking = result
    if task != "G":
        return [[THEIRS[name], fit.log_likelihood] for name, fit in ranking.fits.items()]
    reached = (table["n_parameters"] - table["aic"] / 2).groupby(table["candidate"]).sum()
    return [[THEIRS[name], value] for name, value in reached.items()]


def prepare(task: str, x: Any) -> Any:
    """A table for the groups."""
    return pd.DataFrame(x, columns=["group", "value"]) if task == "G" else x


if __name__ == "__main__":
    serve(run, fits, prepare)
