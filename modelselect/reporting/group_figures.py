"""Pictures of a report on groups: who wins, how well the best ones fit, and some groups drawn by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from modelselect.errors import ModelSelectError
from modelselect.ranking.groups import GroupRanking
from modelselect.reporting.cells import cells_of
from modelselect.reporting.figures import data_picture, drawable, has_picture
from modelselect.reporting.groups import FALSE, many, name_of_group, notable, sure_wins, winners
from modelselect.reporting.page import Picture
from modelselect.reporting.tables import count, nats, plain

#: Families that have a bar or a colour of their own.
_BARS, _COLOURED = 14, 4
#: Groups beyond which points would hide each other.
_POINTS = 4_000
#: Points that are drawn one by one.
_DRAWN = 500


def group_pictures(groups: GroupRanking) -> list[Picture]:
    """Draw all pictures of a report on groups, in reading order."""
    made = [_wins(groups), _histogram(groups), _map(groups)]
    return [picture for picture in made if picture is not None] + _drawn(groups)


def _wins(groups: GroupRanking) -> Picture | None:
    """How often each family is the best; darker where the runner-up is shown to be worse."""
    from modelselect.reporting import canvas

    wins = winners(groups)
    wins = wins[wins > 0]
    if not len(wins):
        return None
    total, tested = int(wins.sum()), groups.p_value is not None
    shown = wins.head(_BARS if len(wins) <= _BARS else _BARS - 1)
    names, lengths = [plain(str(label), 30) for label in shown.index], shown.to_numpy(dtype=float)
    sure_of = sure_wins(groups)
    sure = np.array([float(sure_of.get(str(label), 0)) for label in shown.index])
    if len(wins) > len(shown):
        names.append(f"{len(wins) - len(shown)} others")
        lengths = np.append(lengths, float(total - lengths.sum()))
        sure = np.append(sure, float(sum(sure_of.values()) - sure.sum()))
    leader = f"{names[0]} loses least in {count(lengths[0])} of {count(total)} groups"
    with canvas.style():
        left = min(0.035 + 0.0105 * max(map(len, names)), 0.34)
        figure, panels = canvas.sheet(leader, max(0.5 + 0.27 * len(names), 1.1), left=left, right=0.94, bottom=0.12)
        axes, places = panels[0, 0], np.arange(len(names))
        axes.barh(places, lengths, height=0.72, color=canvas.DATA if tested else canvas.COLOURS[0], label="loses least")
        if tested:
            axes.barh(places, sure, height=0.72, color=canvas.COLOURS[0], label="and the runner-up is worse")
        for place, length in zip(places, lengths, strict=True):
            text = f" {count(length)}  ({100 * length / total:.0f} %)"
            axes.text(length, place, text, va="center", ha="left", color=canvas.MUTED, size=8)
        axes.set_yticks(places, names)
        axes.set_ylim(len(names) - 0.45, -0.55)
        axes.set_xlim(0, 1.14 * lengths.max())
        axes.grid(visible=False)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
    note = "The number of groups in which each family loses least"
    note += f"; blue: those in which the runner-up is shown to be worse (q ≤ {FALSE:g})." if tested else "."
    return Picture("wins", figure, leader, note)


def _histogram(groups: GroupRanking) -> Picture | None:
    """KL of the best one in each group."""
    from modelselect.reporting import canvas

    best = groups.best["kl_corrected"].to_numpy(dtype=float)
    known = best[np.isfinite(best)]
    if len(known) < 5:
        return None
    middle = float(np.median(known))
    where = "the groups" if len(known) == len(best) else f"the {count(len(known))} groups whose entropy is known"
    title = f"In half of {where} the best one loses more than {nats(middle)} nats per {plain(groups.unit, 40)}"
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) > 200 else (known.min(), known.max())
    shown = known[(known >= low) & (known <= high)]
    with canvas.style():
        figure, panels = canvas.sheet(title, 2.3, right=0.94)
        axes = panels[0, 0]
        bins = int(np.clip(2.0 * len(shown) ** (1 / 3) + 2, 8, 60))
        axes.hist(shown, bins=bins, color=canvas.DATA, edgecolor="white", linewidth=0.6)
        axes.axvline(middle, color=canvas.COLOURS[0], linewidth=1.4)
        axes.axvline(0.0, color=canvas.DATA_EDGE, linewidth=0.8)
        canvas.head(axes, "number of groups")
        axes.set_xlabel("KL of the best one, corrected, nats", loc="left")
    note = "Blue: the median. Below 0 there is nothing left to lose that could be measured."
    if len(shown) < len(known):
        note += f" {count(len(known) - len(shown))} groups lie outside the picture."
    return Picture("kl-histogram", figure, title, note)


def _map(groups: GroupRanking) -> Picture | None:
    """Each group as a point: its size, the KL of its best one, and which family that is."""
    from modelselect.reporting import canvas
    from modelselect.reporting.axes import log_ticks

    best = groups.best
    kl, n = best["kl_corrected"].to_numpy(dtype=float), groups.n
    known = np.flatnonzero(np.isfinite(kl) & (n > 0))
    if len(known) < 5 or len(np.unique(n[known])) < 3:
        return None
    step = max(1, -(-len(known) // _POINTS))
    known, label = known[::step], best["candidate"].astype(str).to_numpy()
    title = "How well the best one fits, and in how large a group"
    with canvas.style():
        figure, panels = canvas.sheet(title, 3.1)
        axes = panels[0, 0]
        families = [str(name) for name in winners(groups).index][:_COLOURED]
        size = 26 if len(known) <= 200 else 12 if len(known) <= 1_000 else 5
        series: list[tuple[str, Any, str, str]] = [
            (plain(name, 24), known[label[known] == name], canvas.COLOURS[i], canvas.MARKERS[i])
            for i, name in enumerate(families)
        ]
        series.append(("others", known[~np.isin(label[known], families)], canvas.DATA_EDGE, "o"))
        for name, here, colour, marker in series:
            if len(here):
                # thousands of points are an image in the page, not thousands of its elements
                how = {"s": size, "marker": marker, "linewidths": 0, "alpha": 0.75, "rasterized": len(known) > _DRAWN}
                axes.scatter(n[here], kl[here], color=colour, label=name, **how)
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
        axes.axhline(0.0, color=canvas.DATA_EDGE, linewidth=0.8)
        axes.set_xlabel(f"number of {many(plain(groups.unit, 40))} in the group", loc="left")
        canvas.head(axes, "KL of the best one, corrected, nats")
        canvas.legend(axes, markerscale=max(1.0, 5.0 / size**0.5))
    note = "A point is a group; its colour is the family that loses least in it. Small groups scatter."
    if step > 1:
        note += f" One of {step} groups is drawn."
    return Picture("kl-map", figure, title, note)


def _drawn(groups: GroupRanking) -> list[Picture]:
    """The groups worth a look, each as the data against its candidates."""
    drawn: list[Picture] = []
    for place, reason in notable(groups):
        key = tuple(groups.groups.keys.iloc[place])
        try:
            ranking = groups.ranking(key)
        except ModelSelectError:  # nothing could be fitted to it alone: it is in the ledger
            continue
        fits = drawable(ranking)
        if not fits or not has_picture(ranking):
            continue
        picture = data_picture(ranking, fits, cells_of(ranking.sample, fits))
        name = name_of_group(groups, place)
        title = f"{' and '.join(map(str, groups.groups.keys.columns))} {name}: {reason}"
        drawn.append(replace(picture, name=f"group-{len(drawn) + 1}", title=plain(title, 200)))
    return drawn
