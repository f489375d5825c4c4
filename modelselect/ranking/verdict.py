"""The answer of a ranking in words that a careful statistician would sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from modelselect.ranking.ranker import Ranking

#: Candidates whose difference from the best has a p-value above this are not told apart from it.
LEVEL = 0.05
#: Nats in all that a candidate may lie behind and still be called not told apart.
FAR = 10.0
#: Losses that the first sentence lists.
SHOWN = 6


def verdict(ranking: Ranking) -> str:
    """Return one paragraph: who loses how much, who cannot be told apart, what was left out."""
    table = ranking.table
    ranked = table[np.isfinite(table["cross_entropy"].to_numpy())]
    column = ranking.headline
    losses = [(str(label), float(value)) for label, value in ranked[column].items()]
    what = "has a cross-entropy of" if column == "cross_entropy" else "loses"
    best, value = losses[0]
    first = f"{best} {what} {nats(value)} nats per {ranking.unit}"
    if column != "cross_entropy" and -2 * ranking.table["kl_se"].iloc[0] <= value < 0:
        first = f"{best} loses no measurable information ({nats(value)} nats per {ranking.unit})"
    shown = len(losses) if len(losses) <= SHOWN + 1 else SHOWN
    rest = [f"{label} {nats(loss)}" for label, loss in losses[1:shown]]
    if len(losses) > shown:
        rest.append(f"and {len(losses) - shown} more up to {nats(losses[-1][1])}")
    sentences = [first + (f", {', '.join(rest)}" if rest else "")]
    sentences[0] += _told_apart(ranking)
    sentences += _behind(ranking)
    lost = [str(label) for label in table.index if label not in ranked.index]
    if lost:
        verb = "was" if len(lost) == 1 else "were"
        sentences.append(f"{_join(lost)} {verb} not ranked (see the ledger)")
    return ". ".join(sentences) + "."


def _told_apart(ranking: Ranking) -> str:
    if ranking.sample.known:
        return "; P is known, so these numbers are exact"
    table = ranking.table
    reference = str(table["delta"].idxmin())
    p = table["p_value"]
    ranked = np.isfinite(table["delta"].to_numpy()) & (table.index != reference)
    alike = [str(label) for label in table.index[(p > LEVEL).to_numpy()]]
    far = (ranking.sample.n * table["delta"] > FAR).to_numpy()
    few = [str(label) for label in table.index[(p > LEVEL).to_numpy() & far]]
    alike = [label for label in alike if label not in few]
    untested = [str(label) for label in table.index[ranked & p.isna().to_numpy()]]
    words = ""
    if alike:
        words = f"; {_join(alike)} cannot be told apart from {reference} (p > {LEVEL:g})"
    elif ranked.sum() > len(untested):
        others = "each of the others" if not untested else "each of the others that can be tested"
        words = f"; {reference} is better than {others} (p ≤ {LEVEL:g})"
    if few:
        words += (
            f"; that {_join(few)} lose{'s' * (len(few) == 1)} more rests on few observations, and no test confirms it"
        )
    if untested:
        words += f"; no simple test applies between {reference} and {_join(untested)}"
    return words


def _behind(ranking: Ranking) -> list[str]:
    """How far the nearest candidate that can be told apart lies behind."""
    table = ranking.table
    if ranking.sample.known:
        return []
    clear = table[(table["p_value"] <= LEVEL).to_numpy() & np.isfinite(table["delta"].to_numpy())]
    if clear.empty:
        return []
    row = clear.sort_values("delta").iloc[0]
    alone = len(clear) == len(table) - 1
    who = f"The runner-up, {row.name}," if alone else f"The nearest that is clearly worse, {row.name},"
    pairs = ranking.comparisons
    reference = str(table["delta"].idxmin())
    pair = pairs[pairs["a"].isin([reference, row.name]) & pairs["b"].isin([reference, row.name])].iloc[0]
    p = "p < 0.0001" if pair["p_value"] < 1e-4 else f"p = {pair['p_value']:.2g}"
    if str(pair["test"]).startswith("likelihood"):
        return [
            f"{who} loses {nats(row['delta'])} nats more on fresh data and is rejected by the likelihood ratio ({p})"
        ]
    return [f"{who} loses {nats(row['delta'])} ± {nats(row['delta_se'])} nats more on fresh data ({p})"]


def nats(value: float) -> str:
    """Three decimals, or as many as show a small number."""
    if not np.isfinite(value) or abs(value) < 5e-7:
        return "0" if np.isfinite(value) else f"{value:g}"
    decimals = 3 if abs(value) >= 0.00995 else min(1 - int(np.floor(np.log10(abs(value)))), 6)
    return f"{value:.{decimals}f}".replace("-", "−")


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
