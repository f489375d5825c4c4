"""The answer of a ranking in words that a careful statistician would sign."""

from __future__ import annotations

import numpy as np

from modelselect.ranking.comparison import LEVEL
from modelselect.ranking.predictions import Forecast, PredictionRanking
from modelselect.ranking.result import Ranking
from modelselect.reporting.forecasts import temper
from modelselect.reporting.tables import join, nats, probability

#: Nats in all that a candidate may lie behind and still be called not told apart.
FAR = 10.0
#: Losses that the first sentence lists.
SHOWN = 6


def verdict(ranking: Ranking) -> str:
    """Return one paragraph: who loses how much, who cannot be told apart, what was left out."""
    table, column = ranking.table, ranking.headline
    ranked = table[np.isfinite(table["cross_entropy"].to_numpy())]
    losses = [(str(label), float(value)) for label, value in ranked[column].items()]
    best, value = losses[0]
    first = f"{best} loses {_amount(value)} nats per {ranking.unit}"
    if column == "cross_entropy":  # the level is unknown, the differences are not
        first = f"{best} has a cross-entropy of {_amount(value)} nats per {ranking.unit}"
        more = ranked["cross_entropy"] + ranked["n_parameters"] / ranking.sample.n
        losses = [(str(label), float(loss)) for label, loss in (more - more.loc[best]).items()]
    if column != "cross_entropy" and -2 * table["kl_se"].iloc[0] <= value < 0:
        first = f"{best} loses no measurable information ({_amount(value)} nats per {ranking.unit})"
    shown = len(losses) if len(losses) <= SHOWN + 1 else SHOWN
    others = [f"{label} {_amount(loss)}" for label, loss in losses[1:shown]]
    if column == "cross_entropy" and others:
        others[0] = f"corrected for estimation, {losses[1][0]} loses {_amount(losses[1][1])} more"
        first = f"{first}; {others.pop(0)}"
    first = ", ".join([first, *others])
    if len(losses) > shown:
        first += f", and {len(losses) - shown} more up to {_amount(losses[-1][1])}"
    sentences = [first + _told_apart(ranking), *_behind(ranking)]
    lost = [str(label) for label in table.index if label not in ranked.index]
    if isinstance(ranking, PredictionRanking):
        sentences += [f"{label} loses without limit: {_impossible(ranking.fits[label])}" for label in lost]
        sentences += _calibration(ranking)
    elif lost:
        sentences.append(f"{_all(lost)} could not be scored (see the ledger)")
    return ". ".join(sentences) + "."


def _told_apart(ranking: Ranking) -> str:
    """Which candidates the best can, cannot, or cannot yet be told from."""
    if ranking.sample.known:
        return "; P is known, so these numbers are exact"
    table, best = ranking.table, ranking.reference
    others = table[np.isfinite(table["delta"].to_numpy()) & (table.index != best)]
    p, far = others["p_value"], ranking.sample.n * others["delta"] > FAR
    alike = [str(label) for label in others.index[(p > LEVEL) & ~far]]
    behind = [str(label) for label in others.index[(p > LEVEL) & far]]
    untested = [str(label) for label in others.index[p.isna()]]
    clear = [str(label) for label in others.index[p <= LEVEL]]
    words = ""
    if alike:
        words += f"; {_all(alike)} cannot be told apart from {best} (p > {LEVEL:g})"
    elif clear:
        worse = "each of the others" if len(clear) == len(others) > 1 else _all(clear)
        words += f"; {best} is better than {worse} (p ≤ {LEVEL:g})"
    for label in behind:
        row = others.loc[label]
        gap = f"{_amount(row['delta'])} ± {nats(row['delta_se'])}"
        words += f"; {label} lies {gap} behind, which the test does not confirm (p = {probability(row['p_value'])})"
    if untested:
        words += f"; no simple test applies to {best} against {_all(untested)}"
    return words


def _behind(ranking: Ranking) -> list[str]:
    """How far the nearest candidate that can be told apart lies behind."""
    table, best = ranking.table, ranking.reference
    clear = table[(table["p_value"] <= LEVEL).to_numpy() & np.isfinite(table["delta"].to_numpy())]
    if ranking.sample.known or clear.empty:
        return []
    row = clear.sort_values("delta").iloc[0]
    runner_up = len(clear) == np.isfinite(table["delta"].to_numpy()).sum() - 1
    who = f"The runner-up, {row.name}," if runner_up else f"The nearest that is clearly worse, {row.name},"
    pairs = ranking.comparisons
    pair = pairs[pairs["a"].isin([best, row.name]) & pairs["b"].isin([best, row.name])].iloc[0]
    p = probability(float(pair["p_value"]))
    p = f"p {p}" if p.startswith("<") else f"p = {p}"
    if isinstance(ranking, PredictionRanking):
        return [f"{who} loses {_amount(row['delta'])} ± {nats(row['delta_se'])} nats more ({p})"]
    if str(pair["test"]).startswith("likelihood"):
        return [f"{who} loses {_amount(row['delta'])} nats more on fresh data: the likelihood ratio rejects it ({p})"]
    return [f"{who} loses {_amount(row['delta'])} ± {nats(row['delta_se'])} nats more on fresh data ({p})"]


def _impossible(forecast: Forecast) -> str:
    first, _, others = forecast.reason.partition("; ")
    return f"{first}, and others do (see the ledger)" if others else first


def _calibration(ranking: PredictionRanking) -> list[str]:
    """What the best forecaster would gain by re-reading its own forecasts."""
    best = ranking.best
    parts = best.calibration
    if not parts.p_value <= LEVEL:
        return []
    p = probability(parts.p_value)
    p = f"p {p}" if p.startswith("<") else f"p = {p}"
    kind = temper(parts.slope)
    return [f"{best.label} is {kind}: recalibrated it would lose {_amount(parts.refinement)} ({p})"]


def _amount(value: float) -> str:
    return "0" if abs(value) < 5e-13 else nats(value)


def _all(labels: list[str]) -> str:
    return join(labels, most=len(labels))
