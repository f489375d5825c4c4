"""Samples drawn from the best law, around the data: what chance alone would show."""

from __future__ import annotations

import numpy as np

from modelselect.ranking.replicates import replicates, untestable
from modelselect.ranking.result import Ranking
from modelselect.reporting.axes import data_name, value_axis
from modelselect.reporting.cells import Cells
from modelselect.reporting.page import Picture
from modelselect.reporting.tables import count, plain

#: Samples that are drawn, and numbers that they may hold together.
_SAMPLES, _NUMBERS = 400, 20_000_000


def simulated_picture(ranking: Ranking, cells: Cells) -> Picture | None:
    """Share of the data in each cell against the middle 95 % of samples of the same size drawn from the best law."""
    fit, sample = ranking.best, ranking.sample
    if cells.scale == "labels" or sample.known or not sample.exact or untestable(fit, sample):
        return None
    from modelselect.reporting import canvas

    n = round(sample.n)
    drawn = min(_SAMPLES, _NUMBERS // n if sample.kind == "continuous" else _SAMPLES)
    if drawn < 40:
        return None
    block = replicates(fit, sample, n, drawn, np.random.default_rng(ranking.seed))
    middle = np.broadcast_to(0.5 * (block.lower + block.upper), block.weights.shape)
    edge = np.append(cells.low[0], cells.high)
    place = np.clip(np.searchsorted(edge, middle, side="left") - 1, -1, len(cells.low))
    inside = (place >= 0) & (place < len(cells.low))
    flat = np.where(inside, place, 0) + len(cells.low) * np.arange(drawn)[:, None]
    counts = np.bincount(flat.ravel(), weights=(block.weights * inside).ravel(), minlength=drawn * len(cells.low))
    shares = counts.reshape(drawn, -1) / n
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    outside = int(np.sum((cells.share < low - 1e-12) | (cells.share > high + 1e-12)))
    title = (
        f"{plain(fit.label, 50)} would show the data's shares by chance in {len(cells.low) - outside} of "
        f"{len(cells.low)} cells"
    )
    with canvas.style():
        figure, panels = canvas.sheet(title, 3.0)
        axes = panels[0, 0]
        x = cells.places
        left, right = (x - 0.5, x + 0.5) if cells.scale == "doubling" else cells.window
        axes.bar(
            x if cells.scale != "geometric" else np.sqrt(left * right),
            cells.share,
            width=(right - left) * 0.82,
            color=canvas.DATA,
            label=data_name(ranking),
        )
        centre = np.median(shares, axis=0)
        places = x if cells.scale != "geometric" else np.sqrt(left * right)
        axes.errorbar(
            places,
            centre,
            yerr=np.maximum([centre - low, high - centre], 0.0),
            fmt="none",
            ecolor=canvas.COLOURS[0],
            elinewidth=1.4,
            capsize=2.5,
            label=f"{drawn} samples,\nmiddle 95 %",
        )
        axes.set_xlim(left[0], right[-1])
        axes.set_ylim(bottom=0)
        value_axis(axes, ranking, cells)
        canvas.head(axes, "share of the observations")
        canvas.legend(axes)
    note = (
        f"Lines: where the share of a cell lies in 95 % of {count(drawn)} samples of n = {count(n)} drawn from the "
        "fitted law. One cell in twenty may lie outside by chance."
    )
    return Picture("simulated", figure, title, note)
