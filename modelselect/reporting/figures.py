"""The pictures of a report: sentences as titles, computed from what they show.

matplotlib is imported inside functions only (through `canvas`): a ranking without pictures never pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelselect.fitting.result import Fit
from modelselect.ranking.predictions import PredictionRanking
from modelselect.ranking.regression.design import Rows
from modelselect.ranking.result import Ranking
from modelselect.reporting.axes import (
    curve_grid,
    data_name,
    entry,
    only_drawn,
    top_of,
    value_axis,
)
from modelselect.reporting.cells import Cells, cells_of
from modelselect.reporting.forecasts import forecast_pictures, reliability_picture
from modelselect.reporting.losses import divergence_picture, loss_picture, profile_picture
from modelselect.reporting.observed import density_within, observed, what_is_drawn
from modelselect.reporting.page import Picture, ProfileCurve, file_names
from modelselect.reporting.quantiles import cdf_picture, quantile_picture
from modelselect.reporting.regressions import drawable_regressions, regression_picture, regression_pictures
from modelselect.reporting.simulated import simulated_picture
from modelselect.reporting.tables import join, plain, significant

#: More candidates than this in one picture cannot be told apart by eye.
MOST = 4


def pictures(ranking: Ranking, profiles: tuple[ProfileCurve, ...] = (), *, simulated: bool = False) -> list[Picture]:
    """Draw all pictures of a report that the data allow, in reading order; samples of the best law if asked for."""
    if isinstance(ranking.sample, Rows):
        return regression_pictures(ranking)
    if isinstance(ranking, PredictionRanking):
        return forecast_pictures(ranking)
    fits = drawable(ranking)
    made: list[Picture | None] = []
    if fits and has_picture(ranking):
        cells = cells_of(ranking.sample, fits)
        made += [data_picture(ranking, fits, cells), divergence_picture(ranking)]
        made += [
            cdf_picture(ranking, fits, cells),
            quantile_picture(ranking, fits, cells),
            loss_picture(ranking, fits, cells),
            simulated_picture(ranking, cells) if simulated else None,
        ]
    made += [profile_picture(ranking, curve, name) for curve, name in zip(profiles, file_names(profiles), strict=True)]
    return [picture for picture in made if picture is not None]


def data_figure(ranking: Ranking, *, candidates: Sequence[str] | None = None) -> Any:
    """Draw the data against the best four candidates, or against those that are named; a matplotlib figure.

    Raises
    ------
    ConfigurationError
        A label that the ranking does not have, or a candidate without an estimate.

    Notes
    -----
    Of forecasters it shows how often came true what they said.
    """
    rows, told = isinstance(ranking.sample, Rows), isinstance(ranking, PredictionRanking)
    fits: list[Any] = drawable_regressions(ranking) if rows else [] if told else drawable(ranking)
    if candidates is not None:
        from modelselect.errors import ConfigurationError, did_you_mean

        candidates = [candidates] if isinstance(candidates, str) else candidates
        for label in candidates:
            if label not in ranking.fits:
                raise ConfigurationError(
                    f"plot: no candidate {label!r} in this ranking{did_you_mean(label, ranking.fits)}"
                )
        if not told:
            fits = drawable_regressions(ranking, candidates) if rows else drawable(ranking, only=candidates)
    if isinstance(ranking, PredictionRanking):
        return reliability_picture(ranking, candidates).figure
    if rows:
        return regression_picture(ranking, fits).figure
    if not has_picture(ranking):
        from modelselect.errors import DataError

        raise DataError("plot: no observation is known from both sides, so that there is nothing to draw")
    return data_picture(ranking, fits, cells_of(ranking.sample, fits)).figure


def has_picture(ranking: Ranking) -> bool:
    """Whether something is known of the data that can be drawn."""
    return ranking.sample.kind == "nominal" or len(observed(ranking.sample).share) > 0


def drawable(ranking: Ranking, most: int = MOST, only: Sequence[str] | None = None) -> list[Fit]:
    """Return the best candidates that have a law to draw."""
    nominal = ranking.sample.kind == "nominal"
    able = [
        fit
        for label, fit in ranking.fits.items()
        if fit.comparable
        and fit.distribution is not None
        and (fit.law.nominal or not nominal)
        and (only is None or label in only)
    ]
    return able[:most]


def data_picture(ranking: Ranking, fits: list[Fit], cells: Cells) -> Picture:
    """Shares of the data with the expected ones; densities for continuous data; bars side by side for labels."""
    from modelselect.reporting import canvas

    title = _closest(ranking)
    extra = len(ranking.fits) - len(fits)
    with canvas.style():
        if cells.scale == "labels":
            figure = _label_bars(ranking, fits, cells, title)
            note = "Grey: the share of the data. Colours: the probability that each candidate gives."
        else:
            figure, panels = canvas.sheet(title, 3.1)
            axes = panels[0, 0]
            if ranking.sample.kind == "continuous" and not any(fit.law.discrete for fit in fits):
                _densities(axes, ranking, fits, cells)
                note = "Bars: a histogram of the data. Lines: the densities of the candidates."
            else:
                _masses(axes, ranking, fits, cells)
                what = "value" if cells.outcomes is not None or cells.scale == "doubling" else "bin"
                note = f"Bars: the share of the data at each {what}. Coloured: what each candidate expects there."
                if np.isinf(cells.low[0]) or np.isinf(cells.high[-1]):
                    note += " A bin at an end of the picture holds all that lies beyond."
            note += what_is_drawn(ranking.sample)
            canvas.legend(axes)
        if extra:
            note += f" {only_drawn(fits, extra)}"
    return Picture("data", figure, title, note)


def _masses(axes: Any, ranking: Ranking, fits: list[Fit], cells: Cells) -> None:
    from modelselect.reporting.canvas import COLOURS, DASHES, DATA, MARKERS, head

    x = cells.places
    low, high = (x - 0.5, x + 0.5) if cells.scale == "doubling" else cells.window
    axes.bar(x, cells.share, width=(high - low) * (0.82 if len(x) <= 40 else 1.0), color=DATA, label=data_name(ranking))
    many = len(x) > 26
    curves = [cells.expected(fit) for fit in fits]
    for i, fit in enumerate(fits):
        axes.plot(
            x,
            np.where(curves[i] > 0, curves[i], np.nan),
            color=COLOURS[i],
            linestyle=DASHES[i],
            linewidth=1.6 if many else 1.2,
            marker="" if many else MARKERS[i],
            markeredgecolor="white",
            markeredgewidth=0.6,
            label=entry(ranking, fit),
            zorder=9 - i,
        )
    axes.set_ylim(0, top_of(cells.share, curves))
    axes.set_xlim(low[0] - 0.2 * (high[0] - low[0]), high[-1] + 0.2 * (high[-1] - low[-1]))
    value_axis(axes, ranking, cells)
    width = significant(float(high[1] - low[1])) if cells.scale == "bins" and len(low) > 1 else ""
    even = len(low) < 2 or bool(np.allclose(high - low, high[1] - low[1], rtol=1e-6))
    head(
        axes,
        f"share in each bin of width {width}"
        if width and even
        else "share in each bin"
        if cells.scale == "bins"
        else "share of each group of values, written at its largest"
        if cells.scale == "doubling"
        else "share of each value",
    )


def _densities(axes: Any, ranking: Ranking, fits: list[Fit], cells: Cells) -> None:
    from modelselect.reporting.canvas import COLOURS, DASHES, DATA, head

    inside = np.isfinite(cells.low) & np.isfinite(cells.high)
    if not inside.any():
        inside[:] = True
    (low, high), share = cells.window, cells.share
    low, high, share = low[inside], high[inside], share[inside]
    logarithmic = cells.scale == "geometric"
    density = share / (np.log(high / low) if logarithmic else high - low)
    axes.bar(
        low,
        density,
        width=high - low,
        align="edge",
        color=DATA,
        edgecolor="white",
        linewidth=0.5,
        label=data_name(ranking),
    )
    x = curve_grid(float(low[0]), float(high[-1]), fits, logarithmic)
    curves = []
    for i, fit in enumerate(fits):
        assert fit.distribution is not None  # noqa: S101 — drawable() saw to it
        with np.errstate(all="ignore"):
            y = density_within(fit.distribution, x, cells.seen) * (x if logarithmic else 1.0)
        curves.append(y)
        axes.plot(x, y, color=COLOURS[i], linestyle=DASHES[i], label=entry(ranking, fit), zorder=9 - i)
    axes.set_ylim(0, top_of(density, curves))
    axes.set_xlim(x[0], x[-1])
    value_axis(axes, ranking, cells)
    outside = float(cells.share[~inside].sum())
    beyond = f"; {100 * outside:.2g} % of the data lie outside the picture" if outside > 0 else ""
    head(axes, ("density per unit of log(value)" if logarithmic else "density") + beyond)


def _label_bars(ranking: Ranking, fits: list[Fit], cells: Cells, title: str) -> Any:
    from modelselect.reporting import canvas

    m, series = len(cells.share), 1 + len(fits)
    names = [plain(name, 26) for name in cells.names]
    left = min(0.035 + 0.0105 * max(map(len, names)), 0.32)
    figure, panels = canvas.sheet(
        title, max(0.5 + m * (0.1 + 0.105 * series), 0.35 + 0.36 * series, 1.35) + 0.4, left=left
    )
    axes = panels[0, 0]
    places, thick = np.arange(m), 0.8 / series
    rows = [cells.share, *[cells.expected(fit) for fit in fits]]
    for i, values in enumerate(rows):
        colour = canvas.COLOURS[i - 1] if i else canvas.DATA_EDGE
        axes.barh(
            places + (i - 0.5 * (series - 1)) * thick,
            values,
            height=thick * 0.9,
            color=colour,
            label=entry(ranking, fits[i - 1]) if i else data_name(ranking),
        )
    axes.set_yticks(places, names)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.set_ylim(m - 0.45, -0.55)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("probability", loc="left")
    canvas.legend(axes)
    return figure


def _closest(ranking: Ranking) -> str:
    table, data = ranking.table, "P" if ranking.sample.known else "the data"
    finite = table[np.isfinite(table["delta"].to_numpy())]
    if finite.empty:
        return f"{len(table)} candidates against {data}"
    reference = ranking.reference
    inside = [str(label) for label in finite.index[finite["in_confidence_set"].to_numpy()]]
    alike = [plain(label, 40) for label in inside if label != reference and label not in ranking.excluded]
    best = plain(reference, 40)
    if len(table) == 1:
        return f"{best} against {data}"
    equals = f"; {join(alike, 3)} may be better" if alike and reference in inside else ""
    return f"Of {len(table)} candidates, {best} comes closest to {data}{equals}"
