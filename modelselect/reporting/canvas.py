"""The sheet that figures are drawn on: palette, layout, and the way to SVG and PNG.

Imports matplotlib, so it is itself imported only inside functions. Never pyplot: figures belong to no window
and to no global state; whatever the user's matplotlibrc says, a report looks the same.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, RULE, DATA, DATA_EDGE = "#1f2430", "#5d6675", "#e3e7ed", "#cdd5df", "#9aa7b8"
#: Okabe & Ito (2008): told apart with every kind of colour vision; marker and dash repeat the difference in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499")
MARKERS = ("o", "s", "^", "D")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.4)), (0, (7, 2, 1.5, 2)))
#: Legends are set to the right of the axes, where no data can be.
WIDTH, RIGHT = 7.4, 0.725
_LINE = 0.205  # inches of a line of the title

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # a label is text, whatever dollars it contains
    "axes.edgecolor": DATA_EDGE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.formatter.limits": (-6, 7),  # else a factor such as 1e-5 is written over the heading
    "axes.formatter.useoffset": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": DATA_EDGE,
    "ytick.color": DATA_EDGE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0.0,
    "xtick.major.size": 3.0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "modelselect",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_LINKS = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
_FONTS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style, restored afterwards; a glyph that no font has is not worth a warning."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            message=r"(?s).*(Glyph .* missing from|does not have a glyph|Matplotlib currently does not support)",
        )
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


class Sheet(Figure):
    """A figure that shows itself in a notebook although pyplot never heard of it."""

    def _repr_png_(self) -> bytes:
        return png(self)


def sheet(
    title: str,
    height: float,
    *,
    panels: tuple[int, int] = (1, 1),
    right: float = RIGHT,
    left: float = 0.085,
    bottom: float = 0.5,
    share: tuple[bool, bool] = (False, False),
) -> tuple[Sheet, Any]:
    """Return a sheet with its title set and its axes in place, `height` inches high without the title.

    Notes
    -----
    Positions are computed, not found by drawing twice as the automatic layouts do.
    """
    lines = textwrap.wrap(title, 84) or [""]
    if len(lines) > 1:  # lines of about equal length
        even = textwrap.wrap(title, min(math.ceil(len(title) / len(lines)) + 8, 84))
        lines = even if len(even) == len(lines) else lines
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][:82] + "…"]
    total = height + 0.16 + _LINE * len(lines)
    figure = Sheet(figsize=(WIDTH, total))
    figure.text(
        0.012, 1 - 0.1 / total, "\n".join(lines), va="top", ha="left", size=10.2, weight="bold", linespacing=1.25
    )
    rows, columns = panels
    top = 1 - (0.1 + _LINE * len(lines) + 0.34) / total
    grid = figure.add_gridspec(
        rows, columns, left=left, right=right, bottom=bottom / total, top=top, wspace=0.14, hspace=0.36
    )
    return figure, grid.subplots(squeeze=False, sharex=share[0], sharey=share[1])


def head(axes: Any, text: str, colour: str = MUTED) -> None:
    """Write what the vertical axis is above it, where it can be read without turning the head."""
    axes.text(0.0, 1.0, text, transform=axes.transAxes, ha="left", va="bottom", color=colour, size=8.5, linespacing=1.2)
    axes.title.set_visible(False)


def legend(axes: Any, **options: Any) -> None:
    """Set the legend to the right of the axes."""
    place: dict[str, Any] = {
        "loc": "upper left",
        "bbox_to_anchor": (1.015, 1.04),
        "borderaxespad": 0.0,
        "handlelength": 2.2,
        "labelspacing": 0.9,
    }
    axes.legend(**{**place, **options})


def svg(figure: Figure) -> str:
    """Return the figure as SVG text: no date, stable identifiers, letters as letters."""
    buffer = io.BytesIO()
    with style():
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", buffer.getvalue().decode("utf-8"), count=1, flags=re.DOTALL)
    text = re.sub(r"(style=\"[^\"]*?font: [^\"]*?)'DejaVu Sans'", rf"\1{_FONTS}", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def png(figure: Figure) -> bytes:
    """Return the figure as PNG."""
    buffer = io.BytesIO()
    with style():
        figure.set_dpi(120)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(buffer, metadata={"Software": None})
        figure.set_dpi(100)
    return buffer.getvalue()


def inline(text: str, name: str, label: str) -> str:
    """Return SVG as it stands inside an HTML page: identifiers made its own, and a name for those who cannot see it."""
    from html import escape

    body = text[text.index("<svg") :]
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", body)
    return re.sub(
        r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>',
        lambda m: f'<svg {_LINKS} viewBox="{m[1]}" role="img" aria-label="{escape(label)}">',
        body,
        count=1,
    )
