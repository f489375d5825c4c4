"""Pictures of nats: where each candidate loses them, how many in all, and as a function of a parameter."""

from __future__ import annotations

import math

import numpy as np

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.ranking.result import Ranking
from modelselect.reporting.axes import (
    log_ticks,
    only_drawn,
    side_of,
    value_axis,
)
from modelselect.reporting.cells import Cells
from modelselect.reporting.page import Picture, ProfileCurve
from modelselect.reporting.tables import corrects, nats, plain, significant

_ROWS = 30


def loss_picture(ranking: Ranking, fits: list[Fit], cells: Cells) -> Picture:
    """p̂ log(p̂/q) of every cell, a panel a candidate, on one scale."""
    from modelselect.reporting import canvas

    losses = [cells.loss(fit) for fit in fits]
    title = _most_lost(ranking, fits[0], losses[0], cells)
    tops = np.array([loss[np.isfinite(loss)].max(initial=0.0) for loss in losses])
    bottoms = np.array([loss[np.isfinite(loss)].min(initial=0.0) for loss in losses])
    endless = np.array([bool(np.isposinf(loss).any()) for loss in losses])
    tops = np.where(endless, np.maximum(tops, -bottoms), tops)
    spans = tops - bottoms
    nothing = spans < 1e-9
    tops[nothing], bottoms[nothing] = (
        (tops[~nothing].max(), bottoms[~nothing].min()) if (~nothing).any() else (1.0, 0.0)
    )
    common = bool(spans.max() < 8 * spans[~nothing].min(initial=np.inf))
    if common:
        tops[:], bottoms[:], endless[:] = tops.max(), bottoms.min(), endless.any()
    x = cells.places
    low, high = (x - 0.5, x + 0.5) if cells.scale in ("labels", "doubling") else cells.window
    columns = 1 if len(fits) == 1 else 2
    rows = math.ceil(len(fits) / columns)
    with canvas.style():
        figure, panels = canvas.sheet(
            title, 0.9 + 1.6 * rows, panels=(rows, columns), right=0.985, share=(True, common)
        )
        for i, axes in enumerate(panels.flat):
            if i >= len(fits):
                axes.set_visible(False)
                panels[rows - 2, columns - 1].xaxis.set_tick_params(labelbottom=True)
                continue
            loss, top, bottom = losses[i], float(tops[i]), float(bottoms[i])
            without, room = np.isposinf(loss), 0.12 * (top - bottom)
            shown = np.where(without, top + room, np.nan_to_num(loss))
            axes.bar(
                x,
                shown,
                width=(high - low) * (0.82 if len(x) <= 40 else 1.0),
                linewidth=0,
                color=np.where(shown > 0, canvas.COLOURS[i], canvas.DATA_EDGE).tolist(),
            )
            axes.axhline(0, color=canvas.DATA_EDGE, linewidth=0.8)
            for place in x[without][:8]:
                axes.text(place, top + room, "∞", ha="center", va="bottom", size=9, color=canvas.COLOURS[i])
            total = float(loss.sum())
            exact = ranking.sample.known or cells.scale in ("labels", "values")
            among = "in all" if exact else "among these bins"
            canvas.head(axes, f"{plain(fits[i].label, 34)}: {nats(total)} {among}", canvas.INK)
            axes.set_ylim(bottom - 0.5 * room, top + room * (3.2 if endless[i] else 1.0))
            axes.locator_params(axis="y", nbins=4)
            value_axis(axes, ranking, cells, short=columns > 1, name=i >= len(fits) - columns)
    what = {"labels": "outcome", "values": "value", "doubling": "group of values"}.get(
        cells.scale, "bin of the histogram"
    )
    note = (
        f"p̂ log(p̂/q) in nats for every {what}. Coloured: the data are more frequent here than the candidate expects, "
        "which costs nats; grey: rarer, which gives some back. The bars of a panel add up to its KL"
        + ("." if cells.outcomes is not None else " as far as these bins can see it.")
        + ("" if common else " Each panel has a scale of its own.")
    )
    extra = len(ranking.fits) - len(fits)
    return Picture("losses", figure, title, note + (f" {only_drawn(fits, extra)}" if extra else ""))


def divergence_picture(ranking: Ranking) -> Picture | None:
    """A dot a candidate: its KL, corrected for estimation, with its 95 % interval; None if there is nothing finite."""
    from modelselect.reporting import canvas

    table, known = ranking.table, ranking.sample.known
    column = "kl_corrected" if np.isfinite(table["kl_corrected"].to_numpy()).any() else "delta"
    shown = table[np.isfinite(table[column].to_numpy())]
    if shown.empty:
        return None
    more = len(shown) - _ROWS
    shown = shown.head(_ROWS)
    value = shown[column].to_numpy()
    dot = np.maximum(value, 0.0)
    low, high = (
        (shown["kl_low"].to_numpy(), shown["kl_high"].to_numpy())
        if column == "kl_corrected"
        else ranking.differences.loc[shown.index, ["delta_low", "delta_high"]].to_numpy().T
    )
    low, high = np.where(np.isfinite(low), low, value), np.where(np.isfinite(high), high, value)
    limit = _reach(value, high)
    least = str(shown[column].idxmin())
    title = f"{plain(least, 50)} loses least: {_amount(ranking, float(value.min()))}"
    if column != "kl_corrected":
        title = f"{plain(least, 50)} loses least; how much in all is unknown"
    elif ranking.by == "kl" and not known and corrects(ranking):
        title = f"Corrected for estimation, {title}"
    labels = [plain(str(label), 30) for label in shown.index]
    with canvas.style():
        figure, panels = canvas.sheet(
            title, 0.95 + 0.225 * len(shown), left=min(0.04 + 0.0115 * max(map(len, labels)), 0.36), right=0.8
        )
        axes = panels[0, 0]
        y = np.arange(len(shown))
        best = np.arange(len(shown)) == int(np.argmin(value))
        colours = np.where(best, canvas.COLOURS[0], canvas.INK).tolist()
        inside = value <= limit
        if not known:
            axes.hlines(
                y,
                np.minimum(low, limit),
                np.minimum(high, limit),
                colors=np.where(best, canvas.COLOURS[0], canvas.DATA_EDGE).tolist(),
                linewidth=2.4,
                zorder=2,
            )
        axes.scatter(dot[inside], y[inside], s=30, c=[c for c, i in zip(colours, inside, strict=True) if i], zorder=3)
        axes.scatter(
            np.full((~inside).sum(), limit), y[~inside], s=36, marker=">", c=canvas.INK, zorder=3, clip_on=False
        )
        for i in range(len(shown)):
            axes.text(
                1.025,
                y[i],
                nats(float(value[i])),
                transform=axes.get_yaxis_transform(),
                ha="left",
                va="center",
                color=colours[i],
            )
        axes.set_yticks(y, labels)
        for text in axes.get_yticklabels():
            text.set_color(canvas.INK)
            text.set_parse_math(False)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        start = min(0.0, float(low.min()))
        axes.set_xlim(start - 0.02 * (limit - start), limit + 0.02 * (limit - start))
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.axvline(0, color=canvas.DATA_EDGE, linewidth=0.9, zorder=1)
        axes.set_xlabel(f"nats per {plain(ranking.unit, 40)}", loc="left")
        canvas.head(
            axes,
            "KL"
            if known
            else "mean KL, and a 95 % interval"
            if not corrects(ranking)
            else "KL corrected for estimation, and a 95 % interval of KL"
            if column == "kl_corrected"
            else "nats more than the best, with a 95 % interval",
        )
    note = (
        "Exact, because P is known."
        if known
        else "Dot: mean KL. Bar: 95 % interval; all are of the same cases, so that two of them may overlap although "
        "one candidate is clearly worse."
        if not corrects(ranking)
        else "Dot: KL corrected for estimation. Bar: 95 % interval of KL at the best parameters; all intervals "
        "share the uncertainty of the entropy of the data, so that two of them may overlap although one candidate "
        "is clearly worse."
    )
    if not known and (value < 0).any():
        note += " An estimate below 0 is drawn at 0."
    if (~inside).any():
        note += " An arrow means: far outside the picture."
    lost = len(table) - len(shown) - max(more, 0)
    note += f" {lost} without a finite loss {'is' if lost == 1 else 'are'} left out (see the ledger)." if lost else ""
    return Picture("divergence", figure, title, note + (f" {more} more stand in the table." if more > 0 else ""))


def profile_picture(ranking: Ranking, curve: ProfileCurve, name: str) -> Picture:
    """KL as a function of one parameter, its minimum marked."""
    from modelselect.reporting import canvas

    x, y = curve.frame[curve.parameter].to_numpy(dtype=float), curve.frame["kl"].to_numpy(dtype=float)
    least, what = curve.kl, "KL, nats"
    if np.isnan(y).all():  # the level is unknown, the differences are not
        likelihood = curve.frame["log_likelihood"].to_numpy(dtype=float)
        y, least = (np.nanmax(likelihood) - likelihood) / ranking.sample.n, 0.0
        what = "KL, nats more than at its minimum"
    order = np.argsort(x)
    x, y = x[order], np.where(np.isfinite(y[order]), y[order], np.nan)
    parameter = plain(curve.parameter, 30)
    where = f"{parameter} = {significant(curve.at, 3)}"
    title = f"The loss of {plain(curve.candidate, 50)} is least at {where}"
    if np.isfinite(curve.kl):
        title += f": {nats(curve.kl)} nats per {plain(ranking.unit, 30)}"
    ratio = np.diff(np.log(x)) if len(x) > 2 and x[0] > 0 else np.zeros(0)
    logarithmic = len(ratio) > 1 and np.allclose(ratio, ratio[0], rtol=1e-3) and x[-1] / x[0] > 5
    with canvas.style():
        figure, panels = canvas.sheet(title, 2.9, right=0.985)
        axes = panels[0, 0]
        axes.plot(x, y, color=canvas.COLOURS[0], marker="o" if len(x) < 12 else "", markersize=3.5)
        if np.isfinite(curve.at) and np.isfinite(least):
            axes.plot([curve.at, curve.at], [0, least], color=canvas.DATA_EDGE, linewidth=1.0, linestyle=(0, (3, 2)))
            axes.plot(
                [curve.at],
                [least],
                marker="o",
                color=canvas.COLOURS[1],
                markersize=7,
                markeredgecolor="white",
                zorder=5,
            )
            axes.annotate(
                f"minimum at {where}" + (f"\n{nats(curve.kl)} nats" if np.isfinite(curve.kl) else ""),
                (curve.at, least),
                xytext=(0, 13),
                textcoords="offset points",
                ha=side_of(x, curve.at, logarithmic),
                va="bottom",
                color=canvas.COLOURS[1],
                weight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
            )
        tall = float(np.nanmax(y)) if np.isfinite(y).any() else 1.0
        axes.set_ylim(min(0.0, least if np.isfinite(least) else 0.0) - 0.01 * tall, 1.05 * tall if tall > 0 else 1.0)
        if logarithmic:
            axes.set_xscale("log")
            log_ticks(axes.xaxis)
        axes.set_xlabel(parameter, loc="left")
        canvas.head(axes, what)
    return Picture(name, figure, title, "At each value of the parameter the others are fitted anew; KL is in-sample.")


def _most_lost(ranking: Ranking, fit: Fit, loss: Array, cells: Cells) -> str:
    label, total = plain(fit.label, 50), float(loss.sum())
    if np.isposinf(loss).any():
        where = _cell_name(cells, int(np.argmax(loss)))
        return f"{label} loses without limit: it gives nothing to what is seen at {where}"
    worst = int(np.argmax(loss))
    if loss[worst] <= 1e-9:
        return f"{label} loses nothing anywhere"
    where = _cell_name(cells, worst)
    if cells.outcomes is None or not np.isfinite(ranking.level.in_sample):
        return f"{label} loses most at {where}: {nats(float(loss[worst]))} nats"
    return f"{label} loses most at {where}, {nats(float(loss[worst]))} nats, of {nats(total)} in all"


def _cell_name(cells: Cells, i: int) -> str:
    if cells.names:
        return plain(cells.names[i], 40)
    if cells.outcomes is not None:
        return significant(float(cells.outcomes[i]), 6)
    low, high = cells.low[i] + 0.5 * cells.step, cells.high[i] - 0.5 * cells.step
    if np.isinf(low) or np.isinf(high):
        return f"values below {significant(high)}" if np.isinf(low) else f"values above {significant(low)}"
    return f"{significant(low)} to {significant(high)}"


def _amount(ranking: Ranking, value: float) -> str:
    if value < 5e-13:
        return "nothing" if ranking.sample.known else "nothing that can be measured"
    return f"{nats(value)} nats per {plain(ranking.unit, 30)}"


def _reach(value: Array, high: Array) -> float:
    """Right end of the axis of losses: the hopeless ones are left outside, lest the good ones be one dot."""
    order = np.argsort(value)
    limit = float(high[order[0]])
    for rank, i in enumerate(order):
        if (rank >= 3 and value[i] > 6 * limit) or (rank == 2 and value[i] > 40 * limit):
            break
        limit = max(limit, float(high[i]), float(value[i]))
    return limit if limit > 0 else 1e-3
