"""What a report on groups says, in words and tables: which family wins how often, and what one for all would cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelselect.ranking.group_fits import STATUSES, USABLE
from modelselect.ranking.groups import GroupRanking
from modelselect.reporting.page import GroupPage, Picture
from modelselect.reporting.tables import (
    BITS_PER_NAT,
    NOTHING,
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

#: Share of false discoveries that verdicts allow.
FALSE = 0.05
#: Observations from which on the KL of a group is no mere noise.
_TELLING = 20
#: Groups that are all listed, and lines of the ledger.
_ALL_GROUPS, _LEDGER = 30, 60
#: Groups that are drawn for each reason.
_EACH = 3


def group_frames(groups: GroupRanking) -> dict[str, pd.DataFrame]:
    """Return the tables of a ranking of groups as they are written to files: every digit, no index."""
    return {
        "table": _textual(groups.table),
        "best": _textual(groups.best),
        "parameters": _textual(groups.parameters),
        "pooled": groups.pooled.reset_index(),
        "ledger": groups.ledger,
    }


def group_document(page: GroupPage, pictures: Sequence[Picture] = (), files: Sequence[str] = ()) -> dict[str, Any]:
    """Return everything the templates of groups set, by name."""
    from modelselect.reporting.document import rows

    groups = page.groups
    return {
        "title": plain(page.title or page.name, 200),
        "name": plain(page.name, 120),
        "verdict": plain(verdict(groups), 20_000),
        "source": plain(page.source, 1000),
        "facts": facts_of_groups(groups),
        "notes": [plain(note, 1000) for note in page.notes],
        "wins": [picture for picture in pictures if picture.name == "wins"],
        "families": families_table(groups),
        "pooling": POOLING,
        "spread": [picture for picture in pictures if picture.name in ("kl-histogram", "kl-map")],
        "groups": groups_table(groups),
        "drawn": [
            {"heading": picture.title, "picture": picture} for picture in pictures if picture.name.startswith("group-")
        ],
        "worth": worth(groups),
        "statuses": statuses_table(groups),
        "ledger": group_ledger(groups),
        "method": method_of_groups(groups),
        "reproduce": rows(page.manifest),
        "experiment_yaml": page.experiment_yaml.rstrip(),
        "files": list(files),
    }


# -- words -------------------------------------------------------------------------------------------------------------


def verdict(groups: GroupRanking) -> str:
    """Which family wins how often, what one for all groups would cost, and how much of it is sure."""
    wins = winners(groups)
    ranked, unit = int(wins.sum()), plain(groups.unit, 60)
    among = f"{count(len(groups))} group{'s' * (len(groups) != 1)}"
    if not ranked:
        return f"In none of {among} could a candidate be ranked; the ledger says why."
    leaders = [f"{plain(str(label), 40)} in {count(n)}" for label, n in wins[wins > 0].items()]
    words = f"In {among} ({count(float(groups.n.sum()))} {many(unit)}), what loses least is {join(leaders, 5)}."
    if ranked < len(groups):
        words += f" In {count(len(groups) - ranked)} no candidate could be ranked."
    words += _told_apart(groups)
    one, extra = _one_for_all(groups)
    if one and len(wins) > 1:
        words += (
            f" As one family for all, each group with its own parameters, {plain(one, 60)} loses least: "
            f"{nats(extra, 4)} nats per {unit} more than the best of each."
            if extra > 0
            else f" {plain(one, 60)} is the best in each."
        )
    return words


def _told_apart(groups: GroupRanking) -> str:
    if groups.p_value is None:
        return ""
    q = groups.best["q_value"].to_numpy(dtype=float)
    tested, sure = int((~np.isnan(q)).sum()), int((q <= FALSE).sum())
    if not tested:
        return " In no group could the first two be tested."
    return (
        f" In {count(sure) if sure else 'none'} of the {count(tested)} groups that could be tested the runner-up is "
        f"shown to be worse, at most {100 * FALSE:g} % of these verdicts false; elsewhere the first two cannot be "
        "told apart."
    )


def _one_for_all(groups: GroupRanking) -> tuple[str, float]:
    """The family that loses least in all groups together, and how much more than the best of each; '' if none."""
    total = _loss_for_all(groups)
    if not np.isfinite(total).any():
        return "", math.nan
    best = int(np.nanargmin(np.where(np.isfinite(total), total, np.nan)))
    return groups.candidates[best].label, float(total[best])


def _loss_for_all(groups: GroupRanking) -> NDArray[np.float64]:
    """Corrected loss of each candidate over that of the best of each, per observation ``(K,)``.

    Groups in which no candidate can be ranked say nothing about it; a candidate that fails elsewhere has none.
    """
    delta = np.where(USABLE[groups.status_codes], groups.scores["delta"], np.nan)
    known = USABLE[groups.status_codes].any(axis=1)
    share = groups.n[known] / groups.n[known].sum() if known.any() else groups.n[known]
    return np.asarray(share @ delta[known])


def winners(groups: GroupRanking) -> pd.Series:
    """How often each candidate is the best, most often first; only groups in which one can be ranked."""
    first = groups.order[:, 0]
    able = np.take_along_axis(USABLE[groups.status_codes], first[:, None], axis=1)[:, 0]
    wins = np.bincount(first[able], minlength=len(groups.candidates))
    return pd.Series(wins, index=[c.label for c in groups.candidates]).sort_values(ascending=False, kind="stable")


#: How to read the table of families.
POOLING = (
    "Each group has its own parameters, whichever family it is given. Δ is what a family loses more than the best "
    "of each group, per observation and corrected for the parameters that are estimated. The best of each is "
    "chosen by the same data, and so looks a little better than it is: where Δ is small, one family for all says "
    "as much with fewer words."
)


def facts_of_groups(groups: GroupRanking) -> list[tuple[str, str]]:
    """What is known about the data, term by term."""
    data, unit = groups.groups, plain(groups.unit, 60)
    n, x = groups.n, data.values
    size = f"n = {count(float(n.sum()))}" + (f"; one observation is one {unit}" if unit != "observation" else "")
    ends = f"{count(float(n.min()))} to {count(float(n.max()))} observations, median {count(float(np.median(n)))}"
    mean = f", mean {significant(float(np.average(x, weights=data.weights)))}"
    lost = [] if data.events is None else [("Censored", f"{count(float(np.sum(~data.events)))} rows, on the right")]
    step = data.resolution
    return [
        ("Observations", size),
        ("Groups", f"{count(len(groups))} by {join([plain(str(name), 60) for name in data.keys.columns])}"),
        ("Size of a group", ends),
        ("Range", f"{significant(float(x.min()), 5)} to {significant(float(x.max()), 5)}{'' if lost else mean}"),
        *lost,
        ("Resolution", "exact real numbers" if step is None else f"rounded to {significant(step, 7)}"),
        ("Missing", next((note for note in data.notes if "left out" in note), "none")),
    ]


def method_of_groups(groups: GroupRanking) -> list[str]:
    """How the numbers were made, in plain words with units."""
    unit = plain(groups.unit, 60)
    words = [
        f"Direction: KL(data ‖ candidate) in each group by itself, in nats per {unit}; one nat is {BITS_PER_NAT:.4f} "
        "bits.",
        f"Order: by {groups.by.replace('_', ' ')}; smaller is better, ties go to fewer parameters.",
        "Footing: "
        + (
            "real numbers; every candidate is scored by its density, and by its tail where an observation is censored."
            if groups.groups.events is not None
            else "real numbers; every candidate is scored by its density."
            if groups.groups.resolution is None
            else "a grid of values; every candidate is scored by the mass it gives to each."
        ),
        "Corrected: adds k/n for k estimated parameters and uses the corrected entropy of the group: the loss that is "
        "expected on fresh data. In small groups it may fall below 0.",
        "Parameters: maximum likelihood in each group. Nothing is dropped: a group in which a candidate cannot be "
        "fitted is in the table, with its status.",
    ]
    if groups.p_value is not None:
        words.append(
            "Tests: the runner-up against the best, by the likelihood ratio where one contains the other and by "
            "Vuong's test (1989) where not; q is the p-value adjusted for the share of false discoveries (Benjamini "
            "& Hochberg 1995). The best is chosen by the same data, which the test does not know. Both are the tests "
            "of many observations: unlike those of a single ranking they allow for nothing that small samples do, and "
            "with 50 in a group Vuong's may reject in up to 14 % where it says 5."
        )
    return words


# -- tables ------------------------------------------------------------------------------------------------------------


def families_table(groups: GroupRanking) -> ReportTable:
    """One row a family: how often it wins, and what it loses as the one family for all groups."""
    wins, pooled, delta = winners(groups), groups.pooled, _loss_for_all(groups)
    labels = [c.label for c in groups.candidates]
    sure, level = sure_wins(groups), bool(pooled["kl_corrected"].notna().any())
    columns = [
        Column("family", numeric=False),
        Column("wins", "Groups in which it loses least"),
        Column("share", "Share of the groups"),
        *([Column("surely", f"Wins in which the runner-up is shown to be worse, q ≤ {FALSE:g}")] if sure else []),
        Column("fitted in", "Groups in which it has an estimate"),
        Column("Δ for all", "Loss over that of the best of each, in nats, if it stands for all groups"),
        *([Column("KL for all", "Its corrected KL in all groups, in nats")] if level else []),
        Column("parameters", "Estimated in all groups together"),
    ]
    order = sorted(range(len(labels)), key=lambda j: (np.inf if np.isnan(delta[j]) else delta[j], -wins[labels[j]]))
    total = max(int(wins.sum()), 1)
    rows = []
    for j in order:
        label = labels[j]
        line: Any = pooled.loc[label]
        cells = [plain(label), count(int(wins[label])), f"{100 * wins[label] / total:.0f} %"]
        cells += [count(sure.get(label, 0))] if sure else []
        cells += [count(int(line["groups"])), nats(float(delta[j]), 4)]
        cells += [nats(float(line["kl_corrected"]), 4)] if level else []
        rows.append(Row((*cells, count(float(line["n_parameters"]))), marked=j == order[0]))
    last: Any = pooled.iloc[-1]
    cells = ["best of each", count(int(wins.sum())), NOTHING, *([count(sum(sure.values()))] if sure else [])]
    cells += [count(int(last["groups"])), nats(0.0, 4), *([nats(float(last["kl_corrected"]), 4)] if level else [])]
    rows.append(Row((*cells, count(float(last["n_parameters"]))), marked=True))
    return ReportTable(f"One family for all groups; nats per {plain(groups.unit, 40)}", tuple(columns), tuple(rows))


def sure_wins(groups: GroupRanking) -> dict[str, int]:
    """Wins that are verdicts, by family; empty where nothing was tested."""
    if groups.p_value is None:
        return {}
    best = groups.best
    sure = best.loc[(best["q_value"] <= FALSE).to_numpy(), "candidate"].astype(str).value_counts()
    return {c.label: int(sure.get(c.label, 0)) for c in groups.candidates}


def notable(groups: GroupRanking) -> list[tuple[int, str]]:
    """Places of the groups worth a look, each with the reason: the largest, the worst fitted, the widest gap."""
    best = groups.best
    ranked = np.isfinite(best["log_likelihood"].to_numpy(dtype=float))
    large = _telling(groups)
    found: dict[int, list[str]] = {}
    for values, able, reason in (
        (groups.n, ranked, "large"),
        (best["kl_corrected"].to_numpy(dtype=float), large, "worst fit"),
        (best["gap"].to_numpy(dtype=float), large, "widest gap"),
    ):
        key = np.where(able & np.isfinite(values), values, -np.inf)
        for i in np.argsort(-key, kind="stable")[:_EACH]:
            if np.isfinite(key[i]):
                found.setdefault(int(i), []).append(reason)
    return [(i, ", ".join(reasons)) for i, reasons in found.items()]


def _telling(groups: GroupRanking) -> NDArray[np.bool_]:
    """Groups whose KL says something: of a fair size, if there are such."""
    ranked = np.isfinite(groups.best["log_likelihood"].to_numpy(dtype=float))
    large = ranked & (groups.n >= _TELLING)
    return np.asarray(large if large.any() else ranked)


def worth(groups: GroupRanking) -> str:
    """Which groups are drawn."""
    some = f"of those with {_TELLING} observations or more, " if (groups.n >= _TELLING).any() else ""
    return (
        f"Drawn are the {_EACH} largest groups (large), and, {some}the {_EACH} whose best one loses most (worst fit) "
        f"and the {_EACH} whose runner-up is farthest behind (widest gap)."
    )


def groups_table(groups: GroupRanking) -> ReportTable:
    """All groups while they are few, else those worth a look."""
    best, few = groups.best, len(groups) <= _ALL_GROUPS
    worth = dict(notable(groups))
    places = list(range(len(groups))) if few else sorted(worth, key=lambda i: -groups.n[i])
    tested = groups.p_value is not None
    columns = [
        Column("group", join([plain(str(name), 60) for name in groups.groups.keys.columns]), numeric=False),
        Column("n"),
        Column("best", numeric=False),
        Column("KL", "Of the best, corrected, in nats"),
        Column("gap", "How much more the runner-up loses, in nats"),
        *([Column("p"), Column("q", "p adjusted for false discoveries")] if tested else []),
    ]
    rows = []
    for i in places:
        line: Any = best.iloc[i]
        usable = bool(np.isfinite(line["log_likelihood"]))
        status = "" if usable else f" [{str(line['status']).replace('_', ' ')}]"
        cells = [name_of_group(groups, i), count(float(line["n"])), plain(str(line["candidate"])) + status]
        cells += [nats(float(line["kl_corrected"]), 4), nats(float(line["gap"]), 4)]
        cells += [probability(float(line["p_value"])), probability(float(line["q_value"]))] if tested else []
        rows.append(Row(tuple(cells), worth.get(i, ""), marked=tested and bool(line["q_value"] <= FALSE)))
    what = "All groups" if few else f"Groups worth a look; all {count(len(groups))} are in best.csv"
    return ReportTable(what, tuple(columns), tuple(rows), note_head="why")


def name_of_group(groups: GroupRanking, place: int) -> str:
    """What a group is called: its keys, with commas."""
    return plain(", ".join(map(str, groups.groups.keys.iloc[place])), 80)


def statuses_table(groups: GroupRanking) -> ReportTable:
    """How many groups each candidate has of each status."""
    counts = np.stack([(groups.status_codes == code).sum(axis=0) for code in range(len(STATUSES))], axis=1)
    seen = np.flatnonzero(counts.sum(axis=0))
    columns = (Column("candidate", numeric=False), *(Column(STATUSES[code].replace("_", " ")) for code in seen))
    rows = [
        Row((plain(c.label), *(count(int(counts[j, code])) if counts[j, code] else NOTHING for code in seen)))
        for j, c in enumerate(groups.candidates)
    ]
    return ReportTable("Number of groups with each status", columns, tuple(rows))


def group_ledger(groups: GroupRanking) -> ReportTable:
    """Whatever is not a plain success, with its reason, most frequent first."""
    frame = groups.ledger.sort_values("groups", ascending=False, kind="stable")
    columns = (
        Column("candidate", numeric=False),
        Column("status", numeric=False),
        Column("groups"),
        Column("first", "The first of them", numeric=False),
        Column("reason", numeric=False),
    )
    rows = [
        Row((plain(c), s.replace("_", " "), count(n), plain(first, 60), plain(reason, 400)))
        for c, s, reason, n, first in frame.head(_LEDGER).itertuples(index=False)
    ]
    more = f"; {len(frame) - _LEDGER} more lines are in ledger.csv" if len(frame) > _LEDGER else ""
    return ReportTable(f"What is not a plain success{more}", columns, tuple(rows))


def _textual(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as text, which every reader of Parquet knows."""
    return frame.astype({name: "str" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)})


def many(unit: str) -> str:
    """A word for several observations."""
    return unit if unit.endswith("s") else f"{unit}s"
