"""Time against n and against the number of groups, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

GREY, OURS = "#9aa3ad", "#0b6e99"
COLOURS = {
    "scipy": "#444444",
    "openturns": "#b5651d",
    "preliz": "#7a4fa3",
    "phitter": "#3d8b37",
    "fitter": "#c0392b",
    "distfit": "#8a8a00",
    "statsmodels": "#d16ba5",
}
SIZES = {"C3": 1e3, "C4": 1e4, "C5": 1e5, "C6": 1e6}


def draw(results: dict[str, Any], folder: Path) -> str | None:
    """Write the figure; its name, or nothing where nothing was measured."""
    if not {"numbers", "groups"} & set(results):
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "performance", "font.size": 9, "axes.spines.top": False})
    mpl.rcParams["axes.spines.right"] = False
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    rows = results.get("numbers", [])
    n = [row["n"] for row in rows]
    left.plot(n, [row["seconds"] for row in rows], color=OURS, marker="o", lw=2, label="modelselect")
    left.plot(n, [row["sort"] for row in rows], color=GREY, ls="--", lw=1, label="np.sort")
    left.plot(n, [row["log"] for row in rows], color=GREY, ls=":", lw=1, label="np.log(x).sum()")
    pairs = results.get("peers", [])
    for peer, colour in COLOURS.items():
        mine = [
            r for r in pairs if r["peer"] == peer and r["task"] in SIZES and ("theirs_seconds" in r or "quoted" in r)
        ]
        if mine:
            mine.sort(key=lambda row: SIZES[row["task"]])
            seconds = [row.get("theirs_seconds", row.get("quoted")) for row in mine]
            left.plot([SIZES[r["task"]] for r in mine], seconds, color=colour, marker="x", ms=4, lw=0.9, label=peer)
    left.set(xscale="log", yscale="log", xlabel="n", ylabel="seconds", title="ten continuous families")
    left.legend(fontsize=7, frameon=False)
    rows = results.get("groups", [])
    n = [row["n"] for row in rows]
    right.plot(n, [row["seconds"] for row in rows], color=OURS, marker="o", lw=2, label="modelselect")
    right.plot(n, [row["grouping"] for row in rows], color=GREY, ls="--", lw=1, label="groupby(…).size()")
    right.set(xscale="log", yscale="log", xlabel="groups of 100", title="three families of counts in each group")
    right.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(folder / "performance.svg", metadata={"Date": None})
    plt.close(figure)
    return "performance.svg"
