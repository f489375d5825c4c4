"""Pictures of cumulative shares: the cdf, and quantiles against quantiles."""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.ranking.result import Ranking
from modelselect.reporting.axes import (
    curve_grid,
    data_name,
    entry,
    log_ticks,
    of_data,
    only_drawn,
    thin,
    value_axis,
    window_of,
)
from modelselect.reporting.cells import Cells
from modelselect.reporting.observed import Window, cdf_within, observed, quantile_within, what_is_drawn
from modelselect.reporting.page import Picture
from modelselect.reporting.tables import plain, significant

_POINTS = 800
#: More candidates than this hide each other in a plot of quantiles.
_MOST = 3


def cdf_picture(ranking: Ranking, fits: list[Fit], cells: Cells) -> Picture | None:
    """The cumulative shares of the data and of the candidates; None for labels, which have no order."""
    sample = ranking.sample
    if sample.kind == "nominal":
        return None
    from modelselect.reporting import canvas

    data, window = observed(sample), cells.seen
    half = 0.5 * (sample.resolution or 0.0)
    x, reached, before = data.high, data.reached, data.reached - data.share
    steps = bool(np.all(data.low == data.high))
    few = cells.scale == "values" and cells.outcomes is not None
    if few:
        x, reached = np.asarray(cells.outcomes, dtype=float), np.cumsum(cells.share)
        before = np.append(0.0, reached[:-1])
    kept = thin(len(x), _POINTS)
    left = x[kept] if few else data.low[kept]
    x, reached, before = x[kept], reached[kept], before[kept]
    laws = [fit.distribution for fit in fits if fit.distribution is not None]
    at = [cdf_within(law, x + half, window) for law in laws]
    gap = np.abs(at[0] - reached)
    if not half and steps:
        gap = np.maximum(gap, np.abs(at[0] - before))
    worst = int(np.nanargmax(gap)) if np.isfinite(gap).any() else 0
    most = f"at most {gap[worst]:.2g}, at {significant(x[worst], 4)}"
    title = f"The cumulative share of {plain(fits[0].label, 50)} differs from that of {of_data(ranking)} by {most}"
    with canvas.style():
        figure, panels = canvas.sheet(title, 2.9)
        axes = panels[0, 0]
        low, high = window_of(x, cells)
        if steps:
            ends = np.concatenate([[low], x, [high]]), np.concatenate([[data.below[1]], reached, [reached[-1]]])
        else:  # within an interval nothing is known but how much of P̂ lies in it
            ends = (
                np.concatenate([[low], np.stack([left, x], axis=1).ravel(), [high]]),
                np.concatenate([[data.below[1]], np.stack([before, reached], axis=1).ravel(), [reached[-1]]]),
            )
        style = {"color": canvas.DATA_EDGE, "linewidth": 4.0, "alpha": 0.75, "label": data_name(ranking)}
        axes.plot(*ends, drawstyle="steps-post" if steps else "default", **style)
        smooth = curve_grid(low, high, fits, cells.scale in ("geometric", "doubling"))
        if half:
            smooth = np.unique(np.rint(smooth / (2 * half)) * (2 * half)) if not few else np.append(x, high)
        for i, (fit, law) in enumerate(zip(fits, laws, strict=True)):
            options = {
                "color": canvas.COLOURS[i],
                "linestyle": canvas.DASHES[i],
                "label": entry(ranking, fit),
                "zorder": 9 - i,
                "linewidth": 1.4,
            }
            drawn = cdf_within(law, smooth + half, window)
            axes.plot(smooth, drawn, drawstyle="steps-post" if half or law.discrete else "default", **options)
        axes.set_xlim(low, high)
        axes.set_ylim(0, 1.02)
        value_axis(axes, ranking, cells, whole=False)
        canvas.head(axes, "share at or below each value")
        canvas.legend(axes)
    note = "Grey: the data. A candidate that fits runs inside the grey line." + what_is_drawn(sample)
    return Picture("cdf", figure, title, note)


def quantile_picture(ranking: Ranking, fits: list[Fit], cells: Cells) -> Picture | None:
    """Quantiles of the data against those of the best three candidates; None where there are none."""
    fits = [fit for fit in fits if not fit.law.nominal][:_MOST]
    if not fits or ranking.sample.kind == "nominal" or len(ranking.sample) < 2:
        return None
    from modelselect.reporting import canvas

    data = observed(ranking.sample)
    x = data.high
    # the middle of the step of a point; at the upper end of an interval the share is known
    middle = data.reached - np.where(data.low == data.high, 0.5 * data.share, 0.0)
    x, middle = x[middle < 1 - 1e-12], middle[middle < 1 - 1e-12]
    if len(x) < 2:
        return None
    kept = np.arange(len(x))
    if len(x) > 160:  # evenly on the logit scale, so that the tails are seen
        first, last = np.log(middle[[0, -1]] / (1 - middle[[0, -1]]))
        kept = np.unique(
            np.searchsorted(middle, 1 / (1 + np.exp(-np.linspace(first, last, 160))) - 1e-12).clip(0, len(x) - 1)
        )
    values, level = x[kept], middle[kept]
    logarithmic = cells.scale == "geometric" or (cells.scale == "doubling" and x[0] > 0)
    expected = [_quantiles(fit, level, cells.seen) for fit in fits]
    low, high = window_of(values, cells)
    inside = (values >= low) & (values <= high)
    reach = np.concatenate([e[inside & np.isfinite(e)] for e in expected] or [values])
    if len(reach) == 0:
        return None
    stretch = high - low
    left, right = max(float(reach.min()), low - 0.5 * stretch), min(float(reach.max()), high + 0.5 * stretch)
    them = "values of P are" if ranking.sample.known else "the data are"
    title = f"Where points leave the line, {them} larger (above) or smaller (below) than the candidate expects"
    beyond = 0
    with canvas.style():
        figure, panels = canvas.sheet(title, 3.3)
        axes = panels[0, 0]
        ends = [min(left, low), max(right, high)]
        axes.plot(ends, ends, color=canvas.DATA_EDGE, linewidth=1.0, zorder=1)
        for i, (fit, q) in enumerate(zip(fits, expected, strict=True)):
            hidden = ~((q >= left) & (q <= right) & inside)
            beyond += int(hidden.sum())
            axes.plot(
                q,
                values,
                linestyle="",
                marker=canvas.MARKERS[i],
                markersize=4.2,
                markerfacecolor="none",
                markeredgecolor=canvas.COLOURS[i],
                markeredgewidth=1.1,
                label=entry(ranking, fit),
                zorder=9 - i,
            )
        margin = 0.03
        if logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
            left, grow = max(left, 0.2 * float(values[0])), 1.12
            axes.set_xlim(left / grow, right * grow)
            axes.set_ylim(values[0] / grow, values[-1] * grow)
            log_ticks(axes.xaxis)
            log_ticks(axes.yaxis)
        else:
            axes.set_xlim(left - margin * (right - left), right + margin * (right - left))
            axes.set_ylim(low - margin * stretch, high + margin * stretch)
        axes.grid(visible=True, axis="both")
        axes.set_xlabel("quantile of the candidate", loc="left")
        canvas.head(axes, f"quantile of {of_data(ranking)}")
        canvas.legend(axes)
    note = "Each point is a value of the data against the value of the candidate at the same cumulative share."
    if ranking.sample.resolution is not None:
        note += " Values of a lattice are taken at the middle of their step."
    if len(fits) < len(ranking.fits):
        note += f" {only_drawn(fits, len(ranking.fits) - len(fits))}"
    return Picture("quantiles", figure, title, note + (f" {beyond} points lie outside the picture." if beyond else ""))


def _quantiles(fit: Fit, level: Array, window: Window | None) -> Array:
    """Quantiles of a law; a discrete one is spread evenly over its steps, so that they do not pile up."""
    law = fit.distribution
    assert law is not None  # noqa: S101 — drawable() saw to it
    x = quantile_within(law, level, window)
    if not law.discrete:
        return x
    below, up_to = cdf_within(law, x - 1.0, window), cdf_within(law, x, window)
    with np.errstate(all="ignore"):
        return np.asarray(x - 0.5 + np.where(up_to > below, (level - below) / (up_to - below), 0.5))
