"""The answer of a ranking in words that a careful statistician would sign."""

from __future__ import annotations

import numpy as np

from modelselect.autocorrelation import resembling
from modelselect.fitting.result import Fit
from modelselect.ranking.comparison import LEVEL
from modelselect.ranking.confidence_set import CONFIDENCE
from modelselect.ranking.ends import ends_taken
from modelselect.ranking.predictions import Forecast, PredictionRanking
from modelselect.ranking.replicates import untestable
from modelselect.ranking.result import Ranking
from modelselect.reporting.forecasts import temper
from modelselect.reporting.tables import count, difference, join, nats, probability

#: Nats in all that a candidate may lie behind and still be called not told apart.
FAR = 10.0
#: Observations below which the intervals of a loss are only indicative.
INDICATIVE = 100
#: Losses that the first sentence lists.
SHOWN = 6
#: Correlation of neighbours in time from which on errors that do not allow for it are a tenth too small.
_STRONG = 0.1
#: Candidates of a set that are named; the rest is counted.
_NAMED = 8


def verdict(ranking: Ranking) -> str:
    """Return one paragraph: who loses how much, who may be the best, whether that is good enough, what was left out."""
    sentences = [_losses(ranking)]
    if ranking.sample.known:
        sentences[0] += "; P is known, so these numbers are exact"
    else:
        sentences += [*_may_be_best(ranking), *_behind(ranking)]
        sentences += _in_time(ranking)
        sentences += [] if isinstance(ranking, PredictionRanking) else _in_absolute_terms(ranking)
    sentences += [
        f"{_all(list(same))} are one and the same law at their fitted parameters" for same in ranking.redundant
    ]
    scored = ranking.table.index[np.isfinite(ranking.table["cross_entropy"].to_numpy())]
    lost = [str(label) for label in ranking.table.index if label not in scored]
    if isinstance(ranking, PredictionRanking):
        sentences += [f"{label} loses without limit: {_impossible(ranking.fits[label])}" for label in lost]
        sentences += _calibration(ranking)
    elif lost:
        sentences.append(f"{_all(lost)} could not be scored (see the ledger)")
    return ". ".join(sentences) + "."


def _losses(ranking: Ranking) -> str:
    """What each candidate loses, best first."""
    table, column = ranking.table, ranking.headline
    ranked = table[np.isfinite(table["cross_entropy"].to_numpy())]
    losses = [(str(label), float(value)) for label, value in ranked[column].items()]
    best, value = losses[0]
    # the losses that are named are not what another criterion goes by
    named = best if ranking.by == "kl_corrected" or best == ranking.reference else f"{best}, first by {ranking.by},"
    first = f"{named} loses {_amount(value)} nats per {ranking.unit}"
    if column == "cross_entropy":  # the level is unknown, the differences are not
        first = f"{named} has a cross-entropy of {_amount(value)} nats per {ranking.unit}"
        more = ranked["cross_entropy"] + ranked["n_parameters"] / ranking.sample.n
        losses = [(str(label), float(loss)) for label, loss in (more - more.loc[best]).items()]
    elif -2 * table["kl_se"].iloc[0] <= value < 0:
        first = f"{named} loses no measurable information ({_amount(value)} nats per {ranking.unit})"
    shown = len(losses) if len(losses) <= SHOWN + 1 else SHOWN
    others = [f"{label} {_amount(loss)}" for label, loss in losses[1:shown]]
    if column == "cross_entropy" and others:
        others[0] = f"corrected for estimation, {losses[1][0]} loses {_amount(losses[1][1])} more"
        first = f"{first}; {others.pop(0)}"
    first = ", ".join([first, *others])
    if len(losses) > shown:
        first += f", and {len(losses) - shown} more up to {_amount(losses[-1][1])}"
    return first


def _may_be_best(ranking: Ranking) -> list[str]:
    """The confidence set in words; a large gap inside it is stated with its error."""
    table = ranking.table
    finite = table[np.isfinite(table["delta"].to_numpy())]
    if len(finite) < 2:
        return []
    inside = [str(label) for label in finite.index[finite["in_confidence_set"].to_numpy()]]
    if len(inside) == 1:
        them = "better of the two" if len(finite) == 2 else f"best of the {len(finite)}"
        words = f"At {100 * CONFIDENCE:.0f} % confidence {inside[0]} is the {them}"
    else:
        who = "any of them" if len(inside) == len(finite) else join(inside, most=_NAMED, last="or")
        words = f"The data do not settle which is best: at {100 * CONFIDENCE:.0f} % confidence it may be {who}"
    far = finite[finite["in_confidence_set"].to_numpy() & (ranking.sample.n * finite["delta"].to_numpy() > FAR)]
    far = far.drop(index=list(ranking.excluded), errors="ignore")
    gaps = [f"{label}, {difference(*ends)} behind" for label, *ends in ranking.differences.loc[far.index].itertuples()]
    if len(gaps) == 1:
        words += f"; {gaps[0]}, is too uncertain to exclude"
    elif gaps:
        words += f"; too uncertain to exclude are {join(gaps, most=_NAMED)}"
    leader = next(iter(table.index))
    if leader not in inside:
        words += f"; {leader}, first by {ranking.by}, is not among them"
    rough = [label for label in inside if _rough(ranking.fits[label])]
    if rough and len(inside) < len(finite):
        words += f"; a rough confidence, since {_irregular(ranking, rough)} from the sample"
    if not ranking.excluded:
        return [words]
    those = join([f"{label} ({_p(p)})" for label, p in ranking.excluded.items()], most=_NAMED)
    special = "a special case" if len(ranking.excluded) == 1 else "special cases"
    return [words, f"The likelihood ratio against {ranking.reference} does exclude {those}, {special} of it"]


def _irregular(ranking: Ranking, rough: list[str]) -> str:
    """Who took what, a whole number or a threshold, from the sample."""
    taken: dict[str, list[str]] = {}
    for label in rough:
        law = ranking.fits[label].law
        whole = any(law.parameters[name].domain.lattice for name in ranking.fits[label].irregular)
        taken.setdefault("a whole number" if whole else "a threshold", []).append(label)
    return " and ".join(f"{_all(labels)} took {what}" for what, labels in taken.items())


def _rough(fit: object) -> bool:
    """Whether a parameter is neither regular nor an end at the outermost observation, for which the set allows."""
    return len(getattr(fit, "irregular", ())) > ends_taken(fit)


def _behind(ranking: Ranking) -> list[str]:
    """How far the nearest candidate outside the set lies behind."""
    table, best = ranking.table, ranking.reference
    finite = table[np.isfinite(table["delta"].to_numpy())]
    outside = finite[~finite["in_confidence_set"].to_numpy()]
    if outside.empty:
        return []
    row = outside.sort_values("delta").iloc[0]
    who = f"{row.name} is excluded:" if len(outside) == 1 else f"The nearest of those excluded, {row.name}, loses"
    loses = "it loses " if len(outside) == 1 else ""
    pairs = ranking.comparisons
    pair = pairs[pairs["a"].isin([best, row.name]) & pairs["b"].isin([best, row.name])].iloc[0]
    p = float(pair["p_value"])
    loss = difference(*ranking.differences.loc[row.name])
    how = "likelihood ratio, " if str(pair["test"]).startswith("likelihood") else ""
    test = "" if np.isnan(p) else f" ({how}{_p(p)})"
    fresh = "" if isinstance(ranking, PredictionRanking) else " on fresh data"
    return [f"{who} {loses}{loss} nats more than {best}{fresh}{test}"]


def _in_time(ranking: Ranking) -> list[str]:
    """What an order of time does to the errors: allowed for, or not though neighbours are alike."""
    sample = ranking.sample
    order = getattr(sample, "order", None)
    if order is None:
        return []
    if ranking.paired.dependent:
        worth = float(f"{max(ranking.paired.worth, 1.0):.2g}")
        if worth > 0.95 * sample.n:
            return ["All errors allow for dependence in the order of time, of which there is hardly any"]
        return [
            f"All errors allow for dependence in the order of time, by which the {count(round(sample.n))} observations "
            f"are worth about {count(round(worth))}"
        ]
    alike = resembling(sample.values[order]) if sample.kind != "nominal" else 0.0
    if alike < _STRONG:
        return []
    return [
        f"Neighbours in time are alike (correlation {alike:.2f}), so that all of this is less certain than it looks; "
        "dependence: hac allows for it"
    ]


def _in_absolute_terms(ranking: Ranking) -> list[str]:
    """Whether even the best one misses something, by the interval of its loss."""
    low, high = (float(ranking.table[end].loc[ranking.reference]) for end in ("kl_low", "kl_high"))
    if not (np.isfinite(low) and np.isfinite(high)):
        return []
    small = "" if ranking.sample.n >= INDICATIVE else f", no more than indicative with n = {ranking.sample.n:g}"
    if low > 0:
        what = f"loses between {nats(low)} and {nats(high)} nats (95 % interval{small})"
        return [f"Even {ranking.reference} {what}: something of the data escapes it"]
    why = f"The loss of {ranking.reference} itself may be 0 and is at most {nats(high)} nats (95 % interval{small})"
    best = ranking.fits[ranking.reference]
    tested = isinstance(best, Fit) and not (ranking.paired.dependent or untestable(best, ranking.sample))
    return [f"{why}; a test of fit (adequacy) asks more sharply" if tested else why]


def _impossible(forecast: Forecast) -> str:
    first, _, others = forecast.reason.partition("; ")
    return f"{first}, and others do (see the ledger)" if others else first


def _calibration(ranking: PredictionRanking) -> list[str]:
    """What the best forecaster would gain by re-reading its own forecasts."""
    best = ranking.best
    parts = best.calibration
    if not parts.p_value <= LEVEL:
        return []
    kind = temper(parts.slope)
    return [f"{best.label} is {kind}: recalibrated it would lose {_amount(parts.refinement)} ({_p(parts.p_value)})"]


def _p(p: float) -> str:
    text = probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _amount(value: float) -> str:
    return "0" if abs(value) < 5e-13 else nats(value)


def _all(labels: list[str]) -> str:
    return join(labels, most=_NAMED)
