"""Coverage and accuracy against n, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

GREY, OURS = "#9aa3ad", "#0b6e99"
COLOURS = {"openturns": "#b5651d", "preliz": "#7a4fa3", "phitter": "#3d8b37", "fitter": "#c0392b", "distfit": "#8a8a00"}


def draw(results: dict[str, Any], folder: Path) -> list[str]:
    """Write what the results allow; names of the files."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "calibration", "font.size": 9, "axes.spines.top": False})
    mpl.rcParams["axes.spines.right"] = False
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, part, figure in (
        ("calibration_coverage", "parameters", _coverage),
        ("calibration_accuracy", "selection", _accuracy),
    ):
        if results.get(part):
            made.append(name + ".svg")
            figure(results).savefig(folder / made[-1], metadata={"Date": None}, bbox_inches="tight")
    return made


def _coverage(results: dict[str, Any]) -> Any:
    """Left: profile intervals of parameters. Right: intervals of KL, of families that are right and that are wrong."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    rows = results["parameters"]
    for key in sorted({(row["truth"], row["parameter"]) for row in rows}):
        mine = [row for row in rows if (row["truth"], row["parameter"]) == key]
        left.plot(
            [r["n"] for r in mine], [100 * r["profile"] for r in mine], color=OURS, alpha=0.35, marker=".", lw=0.8
        )
    left.axhspan(93, 97, color=GREY, alpha=0.2, lw=0)
    left.set(xscale="log", xlabel="n", ylabel="coverage, %", title="profile intervals of parameters")
    rows = results.get("levels", [])
    for key in sorted({(row["truth"], row["family"]) for row in rows}):
        mine = [row for row in rows if (row["truth"], row["family"]) == key and np.isfinite(row["coverage"])]
        colour = OURS if mine and mine[0]["kl"] > 1e-6 else GREY
        right.plot(
            [r["n"] for r in mine], [100 * r["coverage"] for r in mine], color=colour, alpha=0.5, marker=".", lw=0.8
        )
    right.axhspan(92, 100, color=GREY, alpha=0.2, lw=0)
    right.set(xscale="log", xlabel="n", title="intervals of KL (grey: the family holds the truth)", ylim=(60, 101))
    return figure


def _accuracy(results: dict[str, Any]) -> Any:
    """Each peer by its own default and by BIC, and ours on the same samples."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True)
    rows = [row for row in results["selection"]["peers"] if row["kind"] == "continuous"]
    for axis, criteria, title in (
        (axes[0], ("bic",), "by BIC"),
        (axes[1], ("aic", "aicc"), "by AIC or AICc"),
        (axes[2], ("default",), "by their default"),
    ):
        for peer, colour in COLOURS.items():
            mine = [row for row in rows if row["peer"] == peer and row["criterion"] in criteria]
            if mine:
                n = [row["n"] for row in mine]
                axis.plot(n, [100 * row["theirs"] for row in mine], color=colour, marker="o", ms=3, label=peer)
                axis.plot(n, [100 * row["ours"] for row in mine], color=colour, ls=":", marker="x", ms=4, lw=1)
        axis.set(xscale="log", xlabel="n", title=title)
        axis.legend(fontsize=7, frameon=False)
    axes[0].set_ylabel("truth put first, %")
    figure.text(0.5, -0.06, "dotted, crosses: ours on the same samples by the like criterion", ha="center", fontsize=8)
    return figure
