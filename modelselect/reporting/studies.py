"""Tables of what was asked beyond the ranking: tests of fit, resamples, stacking weights, other criteria."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from modelselect.ranking.adequacy import visible_size
from modelselect.reporting.page import Studies
from modelselect.reporting.tables import NOTHING, Column, ReportTable, Row, count, nats, plain, probability, share

if TYPE_CHECKING:
    import pandas as pd

    from modelselect.ranking.result import Ranking

#: p-value up to which a candidate is said not to fit.
_REJECTED = 0.05


def adequacy_table(studies: Studies) -> ReportTable | None:
    """Tests of fit: one row a candidate and test; what could not be tested has its reason in place of numbers, once.

    None where nothing could be tested, for one reason: that is said by `adequacy_words`.
    """
    if studies.adequacy is None or _refusal(studies.adequacy):
        return None
    columns = (
        Column("candidate", numeric=False),
        Column("test", "G = 2n KL; Anderson–Darling, Cramér–von Mises, Kolmogorov–Smirnov", numeric=False),
        Column("statistic"),
        Column("p ± Monte-Carlo error", "Share of samples from the fitted law, each refitted, that are as far off"),
        Column("samples", "How many were drawn; fewer where the answer was clear before"),
        Column("fits?", f"Whether p > {_REJECTED:g}", numeric=False),
    )
    rows = []
    for label in dict.fromkeys(studies.adequacy.index):
        lines, name = studies.adequacy.loc[[label]], plain(str(label))
        if refusal := _refusal(lines):
            cells = name, ", ".join(lines["test"]), NOTHING, NOTHING, NOTHING, "not tested"
            rows.append(Row(cells, plain(refusal, 200)))
        else:
            rows += [_tested(name, line) for _, line in lines.iterrows()]
    return ReportTable("Tests of fit by parametric bootstrap, every sample refitted", columns, tuple(rows))


def _tested(name: str, line: pd.Series) -> Row:
    """One test of one candidate; where there is none its reason is a note."""
    p = float(line["p_value"])
    known = not math.isnan(p)
    cells = (
        name,
        str(line["test"]),
        nats(float(line["statistic"])) if known else NOTHING,
        f"{probability(p)} ± {nats(float(line['mc_error']))}" if known else NOTHING,
        count(int(line["n_resamples"])),
        ("no" if p <= _REJECTED else "yes") if known else "not tested",
    )
    return Row(cells, "" if known else plain(str(line["reason"]), 200), marked=known and p > _REJECTED)


def _refusal(frame: pd.DataFrame) -> str:
    """The one reason for which nothing of several tests was tested; empty if something was, or reasons differ."""
    reasons = set(frame["reason"])
    return reasons.pop() if frame["p_value"].isna().all() and len(reasons) == 1 else ""


def adequacy_words(ranking: Ranking, studies: Studies) -> str:
    """Whether the best one fits, what it loses in bits, and from what size of a sample on its misfit shows."""
    if studies.adequacy is None:
        return ""
    refusal = _refusal(studies.adequacy)
    if refusal:
        return f"There is no test of fit here: {plain(refusal, 300)}."
    best, unit = next(iter(ranking.fits)), plain(ranking.unit, 60)
    p = studies.adequacy.loc[[best], "p_value"].dropna()
    if p.empty:
        words = f"{best} could not be tested. "
    elif float(p.min()) > _REJECTED:
        words = f"Samples drawn from {best} differ from it as much as the data do (p = {probability(float(p.min()))}). "
    elif float(p.max()) > _REJECTED:
        words = f"The tests disagree on whether {best} fits (p from {probability(float(p.min()))} on). "
    else:
        words = f"{best} does not fit: hardly a sample drawn from it differs as much from it as the data do. "
    loss = float(ranking.table["kl_corrected"].iloc[0]) - ranking.best.k / (2 * ranking.sample.n)
    if not math.isfinite(loss):
        return words.strip()
    if loss <= 0:
        return words + "Its loss in nats is too small to be measured."
    size = visible_size(loss)
    return words + (
        f"What it loses, {nats(loss / math.log(2))} bits per {unit} at its best parameters, would be noticed from "
        f"about {count(float(f'{size:.2g}'))} observations on, by a test that knows where to look."
    )


def bootstrap_table(studies: Studies) -> ReportTable | None:
    """How often each candidate wins among resamples, and the interval of its difference."""
    if studies.bootstrap is None:
        return None
    columns = (
        Column("candidate", numeric=False),
        Column("wins", "Share of the resamples in which it has the smallest corrected loss"),
        Column("Δ", "How much more it loses than the best, corrected for estimation, in nats"),
        Column("95 % interval of Δ", "From the resamples"),
    )
    rows = []
    for label, line in studies.bootstrap.iterrows():
        low, high = float(line["delta_low"]), float(line["delta_high"])
        interval = NOTHING if math.isnan(low) or low == high == 0 else f"{nats(low)} to {nats(high)}"
        cells = (plain(str(label)), share(float(line["selection_frequency"])), nats(float(line["delta"])), interval)
        rows.append(Row(cells))
    return ReportTable("Candidates refitted to resamples of the data", columns, tuple(rows))


def stacking_table(studies: Studies) -> ReportTable | None:
    """Weights of the mixture of candidates that predicts best."""
    if studies.stacking is None:
        return None
    columns = (Column("candidate", numeric=False), Column("stacking weight"))
    rows = [Row((plain(str(label)), share(float(value)))) for label, value in studies.stacking.iloc[:, 0].items()]
    return ReportTable("The mixture of candidates that predicts held-out observations best", columns, tuple(rows))


def criteria_table(ranking: Ranking) -> ReportTable | None:
    """Other criteria that were asked for, and who is first by each."""
    if not ranking.criteria:
        return None
    table = ranking.table
    columns = (Column("candidate", numeric=False), *(Column(name.replace("_", " ")) for name in ranking.criteria))
    finite = {name: table[name][np.isfinite(table[name].to_numpy(dtype=float))] for name in ranking.criteria}
    first = {name: column.min() for name, column in finite.items()}  # NaN, which nothing equals, without any
    rows = [
        Row(
            (
                plain(str(label)),
                *(
                    nats(float(line[name]), 4) + (" ◂" if line[name] == first[name] else "")
                    for name in ranking.criteria
                ),
            )
        )
        for label, line in table.iterrows()
    ]
    return ReportTable("Other criteria, lower is better; ◂ marks the first by each", columns, tuple(rows))
