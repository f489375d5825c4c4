"""What pictures have in common: legends in words, ticks of the axis of values, where curves are evaluated."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.ranking.result import Ranking
from modelselect.reporting.cells import Cells
from modelselect.reporting.tables import count, nats, plain

_POINTS = 400


def entry(ranking: Ranking, fit: Fit) -> str:
    """Legend: the label, in two lines if it is long, and its loss."""
    kl = float(ranking.table[ranking.headline].loc[fit.label])
    lines = textwrap.wrap(plain(fit.label, 40), 20, break_on_hyphens=False) or [""]
    return "\n".join([*lines[:2], *([f"{nats(kl)} nats"] if not math.isnan(kl) else [])])


def data_name(ranking: Ranking) -> str:
    """Legend of the data, with their number."""
    return "P, known" if ranking.sample.known else f"data, n = {count(ranking.sample.n)}"


def of_data(ranking: Ranking) -> str:
    """What to call the data in a sentence."""
    return "P" if ranking.sample.known else "the data"


def only_drawn(fits: list[Fit], extra: int) -> str:
    """A sentence that says that not all candidates are in the picture."""
    best = "best" if len(fits) == 1 else f"best {len(fits)}"
    return f"Only the {best} of {len(fits) + extra} candidates {'is' if len(fits) == 1 else 'are'} drawn."


def value_axis(
    axes: Any, ranking: Ranking, cells: Cells, *, whole: bool = True, short: bool = False, name: bool = True
) -> None:
    """Ticks of the axis of values; `whole` where cells and not values are drawn."""
    if cells.scale == "geometric":
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
    elif whole and cells.names:
        names = [name.rpartition("–")[2] for name in cells.names] if cells.scale == "doubling" else cells.names
        longest = min(max(map(len, names)), 20 if cells.scale == "labels" else 9)
        every = math.ceil(len(names) * (longest + 2) / (44 if short else 92))
        size = max((40 if short else 84) // math.ceil(len(names) / every) - 1, 5)
        axes.set_xticks(np.arange(len(names))[::every], [plain(text, size) for text in names[::every]])
        for text in axes.get_xticklabels():
            text.set_parse_math(False)
    elif cells.scale == "doubling":
        axes.set_xscale("symlog", linthresh=1.0 if ranking.sample.values[0] <= 0 else float(ranking.sample.values[0]))
        log_ticks(axes.xaxis)
    elif cells.scale == "values" and cells.outcomes is not None and len(cells.outcomes) <= (12 if short else 21):
        axes.set_xticks(cells.outcomes.astype(float), [f"{v:g}" for v in cells.outcomes])
    if name:
        unit = plain(ranking.unit, 40)
        axes.set_xlabel(
            "outcome" if cells.scale == "labels" else f"value of each {unit}" if unit != "observation" else "value",
            loc="left",
        )


def log_ticks(axis: Any) -> None:
    """Plain numbers on a logarithmic axis, in between powers of ten too where it spans few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if low > 0 and high < 150 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def curve_grid(low: float, high: float, fits: list[Fit], logarithmic: bool) -> Array:
    """Places at which curves are evaluated: evenly, and just beside the ends of supports, where they jump."""
    if logarithmic:
        x = np.geomspace(low, high, _POINTS)
    else:
        room = 0.03 * (high - low)
        x = np.linspace(low - room, high + room, _POINTS)
    jumps = [
        end
        for fit in fits
        if fit.distribution is not None
        for end in (fit.distribution.support.low, fit.distribution.support.high)
    ]
    beside = [
        side
        for end in jumps
        if x[0] < end < x[-1]
        for side in (np.nextafter(end, -np.inf), end, np.nextafter(end, np.inf))
    ]
    return np.unique(np.concatenate([x, beside])) if beside else x


def top_of(bars: Array, curves: Sequence[Array]) -> float:
    """Upper end of an axis from 0: above all bars and curves, but a density that grows without limit is cut."""
    tall = float(bars.max())
    for curve in curves:
        finite = curve[np.isfinite(curve)]
        tall = max(tall, min(float(finite.max(initial=0.0)), 1.8 * float(bars.max())))
    return 1.06 * tall if tall > 0 else 1.0


def window_of(x: Array, cells: Cells) -> tuple[float, float]:
    """Range of values that is drawn: all of it, unless single values lie far out."""
    if cells.scale in ("bins", "values", "geometric"):
        low, high = cells.window
        return float(low[0]), float(high[-1])
    return float(x[0]), float(x[-1])


def side_of(x: Array, at: float, logarithmic: bool) -> str:
    """Alignment that keeps a text at `at` inside the axes."""
    low, high, at = (math.log(v) for v in (x[0], x[-1], at)) if logarithmic and at > 0 else (x[0], x[-1], at)
    place = (at - low) / (high - low) if high > low else 0.5
    return "left" if place < 0.2 else "right" if place > 0.8 else "center"


def thin(size: int, most: int) -> NDArray[np.intp]:
    """Indices of at most `most` of `size` points, evenly spread, the first and the last among them."""
    return np.arange(size) if size <= most else np.rint(np.linspace(0, size - 1, most)).astype(int)
