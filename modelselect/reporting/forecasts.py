"""Forecasters in a report: facts about the cases, what the losses are made of, and how often forecasts came true."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelselect.ranking.calibration import Reliability, reliability, uncertainty
from modelselect.ranking.comparison import LEVEL
from modelselect.ranking.predictions import Forecast, PredictionRanking
from modelselect.reporting.losses import divergence_picture
from modelselect.reporting.page import Picture
from modelselect.reporting.tables import (
    BITS_PER_NAT,
    Column,
    ReportTable,
    Row,
    count,
    join,
    nats,
    plain,
    probability,
    significant,
)

#: More forecasters than this are not drawn side by side.
MOST = 4
BINS = 10
#: Slopes closer to 1 than this are called neither bold nor timid.
_EVEN = 0.05


def forecast_pictures(ranking: PredictionRanking) -> list[Picture]:
    """Draw how often forecasts came true, and the losses."""
    made = [reliability_picture(ranking), divergence_picture(ranking)]
    return [picture for picture in made if picture is not None]


def facts_of_cases(ranking: PredictionRanking) -> list[tuple[str, str]]:
    """What is known about the cases, term by term."""
    cases, unit = ranking.sample, plain(ranking.unit, 60)
    shares = [
        f"{plain(str(name), 40)} {100 * share:.3g} %"
        for name, share in zip(cases.classes, cases.frequencies, strict=True)
    ]
    certain = "one outcome each" if cases.certain else "soft: a probability of each class"
    lines = [
        ("Cases", f"n = {count(cases.n)}" + (f"; one case is one {unit}" if unit != "case" else "")),
        ("Labels", certain),
        ("Classes", f"{len(shares)}: {join(shares, 12)}"),
    ]
    if not cases.certain:
        lines.append(("Entropy", f"{nats(ranking.entropy.value)} nats per {unit}, the mean of the labels' own"))
    guess = uncertainty(cases) - ranking.entropy.value
    lines.append(("To compare", f"the shares of the classes as the forecast of every {unit} lose {nats(guess)} nats"))
    return lines


def method_of_forecasts(ranking: PredictionRanking) -> list[str]:
    """How the numbers were made, in plain words with units."""
    unit, cases = plain(ranking.unit, 60), ranking.sample
    loss = (
        "Direction: KL(label ‖ prediction); the label is certain, so that KL is the log-loss, −log of the probability "
        "given to what happened."
        if cases.certain
        else "Direction: KL(label ‖ prediction), the sum of y log(y/q) over the classes: the loss without the "
        "label's own entropy."
    )
    words = [
        f"{loss} What is shown is its mean over all {unit}s.",
        f"Units: nats (natural logarithms) per {unit}. One nat is {BITS_PER_NAT:.4f} bits.",
        "Nothing was fitted: the numbers are honest only if the forecasters did not see these labels.",
        "Intervals are normal ones, 95 %, from the spread of the losses.",
        f"Differences: Δ is against the smallest loss, {unit} by {unit}; p-values are Vuong's (1989), none is adjusted "
        f"for the number of comparisons, and above {LEVEL:g} two forecasters count as not told apart. Weights are "
        "exp(−n Δ) scaled to sum 1.",
        "Parts: loss = calibration + refinement. Refinement is the least loss that any re-reading of the forecasts, "
        "proportional to exp(slope · log q + a shift of each class), reaches; calibration is what it would save "
        "(Bröcker 2009; Berta, Bach and Jordan 2025). A slope below 1 says that forecasts are too bold, above 1 too "
        "timid. The re-reading is chosen on the same cases, which makes the refinement too small by about C/(2n) nats "
        "for C classes.",
    ]
    if cases.certain:
        words.append("The p-value of calibration is that of the likelihood ratio against no re-reading (Cox 1958).")
    return words


def calibration_table(ranking: PredictionRanking) -> ReportTable:
    """Return what the losses are made of, rounded."""
    unit = plain(ranking.unit, 40)
    columns = (
        Column("candidate", numeric=False),
        Column("loss", f"Mean log-loss (of soft labels: cross-entropy) in nats per {unit}"),
        Column("calibration", "What re-reading its forecasts would save"),
        Column("refinement", "What is left then: how little the forecaster can see"),
        Column("slope", "Below 1: too bold; above 1: too timid"),
        Column("p", "p-value of the test that the forecasts are calibrated"),
    )
    rows = [
        Row(
            (
                plain(str(label)),
                nats(loss, 4),
                nats(calibration, 4),
                nats(refinement, 4),
                significant(slope, 3),
                probability(p),
            ),
            marked=i == 0,
        )
        for i, (label, loss, calibration, refinement, slope, p) in enumerate(
            ranking.calibration[["loss", "calibration", "refinement", "slope", "p_value"]].itertuples()
        )
    ]
    return ReportTable(f"Loss = calibration + refinement, in nats per {unit}", columns, tuple(rows))


def temper(slope: float) -> str:
    """How forecasts err that are not calibrated."""
    return "too bold" if slope < 1 - _EVEN else "too timid" if slope > 1 + _EVEN else "biased"


def reliability_picture(ranking: PredictionRanking, candidates: Sequence[str] | None = None) -> Picture:
    """How often came true what was said, a panel a forecaster."""
    from modelselect.reporting import canvas

    drawn: list[Forecast] = [
        forecast for label, forecast in ranking.fits.items() if candidates is None or label in candidates
    ]
    extra = max(len(drawn) - MOST, 0)
    drawn = drawn[:MOST]
    found = [reliability(ranking.sample, forecast.probabilities, BINS) for forecast in drawn]
    columns = min(len(drawn), 2)
    rows = math.ceil(len(drawn) / columns)
    title = _title(ranking, drawn, found)
    with canvas.style():
        figure, panels = canvas.sheet(
            title, 0.75 + 2.65 * rows, panels=(rows, columns), right=0.985 if columns == 2 else 0.6, share=(True, True)
        )
        for i, axes in enumerate(panels.flat):
            if i >= len(drawn):
                axes.set_visible(False)
                panels[rows - 2, columns - 1].xaxis.set_tick_params(labelbottom=True)
                continue
            at, bound = found[i], 1.96 * found[i].se
            axes.plot([0, 1], [0, 1], color=canvas.DATA_EDGE, linewidth=1.0, linestyle=(0, (3, 2)), zorder=1)
            low, high = np.maximum(at.observed - bound, 0.0), np.minimum(at.observed + bound, 1.0)
            axes.vlines(at.forecast, low, high, color=canvas.COLOURS[i], linewidth=1.6, alpha=0.55, zorder=2)
            axes.plot(
                at.forecast, at.observed, color=canvas.COLOURS[i], marker=canvas.MARKERS[i], linewidth=0.9, zorder=3
            )
            parts = drawn[i].calibration
            cost = f"calibration costs {nats(parts.calibration)} nats of {nats(parts.loss)}"
            cost = cost if math.isfinite(parts.loss) else "loses without limit"
            canvas.head(axes, f"{plain(drawn[i].label, 30)}: {cost}", canvas.INK)
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(-0.02, 1.02)
            axes.grid(visible=True, axis="x")
            if i >= len(drawn) - columns:
                axes.set_xlabel("probability that was given", loc="left")
        for row in range(rows):
            panels[row, 0].set_ylabel("share that came true", loc="bottom")
    two = len(ranking.sample.classes) == 2
    which = f"Probabilities of {plain(str(ranking.sample.classes[1]), 40)}" if two else "Probabilities of all classes"
    note = (
        f"{which}, in up to {BINS} groups of equal size: their mean, and how often they came true, with a 95 % "
        "interval. On the dashed line forecasts can be taken at their word; flatter than it they are too bold."
    )
    note += f" {extra} more {'is' if extra == 1 else 'are'} not drawn." if extra else ""
    return Picture("reliability", figure, title, note)


def _title(ranking: PredictionRanking, drawn: list[Forecast], found: list[Reliability]) -> str:
    """Where the best one drawn errs most, and which one pays most for its calibration."""
    first, at = drawn[0], found[0]
    name = plain(first.label, 40)
    off = at.observed - at.forecast
    with np.errstate(divide="ignore", invalid="ignore"):
        clear = np.abs(off) > 1.96 * np.where(at.se > 0, at.se, np.inf)
    sound = first.calibration.p_value > LEVEL
    if sound or not clear.any():
        words = f"{name} can be taken at its word" if sound else f"No group of {name}'s forecasts is clearly off"
    else:
        worst = int(np.argmax(np.where(clear, np.abs(off), 0.0)))
        words = (
            f"Where {name} says {100 * at.forecast[worst]:.0f} %, it happens in {100 * at.observed[worst]:.0f} % of "
            f"the {plain(ranking.unit, 30)}s"
        )
    rest = [other for other in drawn[1:] if other.calibration.p_value <= LEVEL]
    if rest:
        worst_of = max(rest, key=lambda other: other.calibration.calibration)
        parts = worst_of.calibration
        words += (
            f"; {plain(worst_of.label, 40)} is {temper(parts.slope)}, which costs it {nats(parts.calibration)} nats"
        )
    return words
