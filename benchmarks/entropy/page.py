"""docs/entropy.md: what holds and what to trust, then the tables."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.entropy.estimators import COUNTS, OF_REALS, SIZES, Rows
from benchmarks.entropy.intervals import SAMPLES

#: Least coverage that counts as good, from which size on that is asked, and of which share of the samples.
GOOD, LARGE, MOSTLY = 0.92, 200, 0.5


def write(parts: dict[str, Rows], output: Path, seed: int, seconds: float) -> None:
    """The page: what holds, then the tables."""
    lines = [
        "# Entropy: which estimator, and what its intervals hold",
        "",
        "The level of KL is an entropy of the sample, estimated. Simulated here: how far each estimator of",
        "`modelselect` is from the truth, and how often the intervals of KL hold where observations have weights or",
        "are censored (for plain samples see [calibration](calibration.md)). All in nats. This page is what",
        "`modelselect/divergence/level.py` cites for its defaults and the terms of intervals, `censored.py` beside it",
        "for its estimator, and `weighted.py` for what it refuses.",
        f"Made by `python -m benchmarks.entropy` (seed {seed}) in {seconds:.0f} s of one core; "
        f"Python {platform.python_version()}, numpy {np.__version__}, {date.today().isoformat()}.",
        "",
        "## What holds, and what to trust",
        "",
        *_said_of_reals(parts["reals"]),
        *_said_of_counts(parts["counts"]),
        *_said_of_intervals(parts["weighted"], "Fractional weights", "n_eff"),
        *_said_of_refusals(parts["weighted"]),
        *_said_of_intervals(parts["censored"], "Right-censored samples, 10–60 % censored", "n"),
        *_said_of_levels(parts["censored"]),
        *_table_of_reals(parts["reals"]),
        *_table_of_counts(parts["counts"]),
        *_table_of_intervals(parts["weighted"], "Intervals of KL under fractional weights", "n_eff", ["truth"]),
        *_table_of_intervals(
            parts["censored"], "Intervals of KL of right-censored samples", "n", ["truth", "share", "how"]
        ),
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _ratios(rows: Rows, name: str, n: int) -> dict[str, float]:
    return {row["truth"]: row["rmse"][name] / row["best"] for row in rows if row["n"] == n}


def _mean_and_worst(rows: Rows, name: str, n: int) -> tuple[float, float]:
    """Geometric mean and largest of the errors relative to the least one of each law."""
    found = list(_ratios(rows, name, n).values())
    return float(np.exp(np.mean(np.log(found)))), max(found)


def _said_of_reals(rows: Rows) -> list[str]:
    means = {name: [_mean_and_worst(rows, name, n)[0] for n in SIZES] for name in OF_REALS}
    usual = sorted((float(np.exp(np.mean(np.log(v)))), name) for name, v in means.items() if name != "H_m alone")
    far: dict[str, list[int]] = {}
    for row in rows:
        if row["rmse"]["spacing"] > 1.3 * row["best"]:
            far.setdefault(row["truth"], []).append(row["n"])
    where = ", ".join(f"{name} (n = {', '.join(map(str, sizes))})" for name, sizes in far.items())
    low, high = (100 * (end(means["spacing"]) - 1) for end in (min, max))
    rank = [name for _, name in usual].index("spacing")
    usual_bias, raw_bias = (float(np.mean([abs(r["bias"][k]) for r in rows])) for k in ("spacing", "H_m alone"))
    others = ", ".join(f"{name} {value:.2f}" for value, name in usual if name != "spacing")
    place = "the least of all that can be chosen" if rank == 0 else f"number {rank + 1} of those that can be chosen"
    return [
        f"* **Real numbers: trust the default.** Over {len(rows) // len(SIZES)} laws the error of `spacing` is in the "
        f"mean {low:.0f}–{high:.0f} % above the least that any estimator here has at the same law and n, {place} "
        f"(over all n: {usual[rank][0]:.2f}; {others}). The extrapolation takes "
        f"{100 * (1 - usual_bias / raw_bias):.0f} % off the mean absolute bias of H_m; the errors of the two are "
        f"alike on these laws (H_m alone: {float(np.exp(np.mean(np.log(means['H_m alone'])))):.2f}).",
        f"* It is more than 30 % above the least for {where or 'none of them'}"
        + ("; windows that reach across a gap see a density that is not there." if "(10, 11)" in where else "."),
    ]


def _said_of_counts(rows: Rows) -> list[str]:
    means = {name: [_mean_and_worst(rows, name, n) for n in SIZES] for name in rows[0]["rmse"]}
    labels = {name: v for name, v in means.items() if name not in ("spacing", "auto")}
    least = [
        f"{name} ({mean:.2f}, n = {n})"
        for i, n in enumerate(SIZES)
        for mean, name in [min((v[i][0], name) for name, v in labels.items())]
    ]
    short = [-row["bias"]["plug_in"] for row in rows]
    shown = " / ".join(f"{v[0]:.2f}" for v in means["chao_wang_jost"])
    auto = " / ".join(f"{v[0]:.2f}" for v in means["auto"])
    none = [row for row in rows if row["none"]["auto"] > 0]
    refused = ", ".join(f"{_percent(row['none']['auto'])} % of {row['truth']} at n = {row['n']}" for row in none)
    wide = [row for row in rows if row["truth"] == "uniform over 1000" and row["n"] <= 300]
    lost = ", ".join(f"{min(row['bias'][k] for k in labels):+.2f} to {max(row['bias'][k] for k in labels):+.2f} at n = "
                     f"{row['n']}" for row in wide)  # fmt: skip
    return [
        f"* **Counts: labels seen once say little.** In the geometric mean over {len(COUNTS)} laws the error "
        f"relative to the least is {auto} at n = {' / '.join(map(str, SIZES))} by `auto`, which spreads sparse "
        f"integers over their cells and so borrows from neighbours, and {shown} by Chao, Wang and Jost, the default of "
        f"labels. Among the estimators that labels can have, the least is that of {', '.join(least)}.",
        "* Where most outcomes are yet unseen no estimator for labels is to be trusted: uniform over 1000, their "
        f"biases go from {lost}. The plug-in entropy is too small everywhere, by {_span(short, 3)}."
        + (f" `auto` gives no level where no value occurs twice: in {refused}." if refused else ""),
    ]


def _said_of_intervals(rows: Rows, what: str, size: str) -> list[str]:
    usual = [row for row in rows if row["given"] >= MOSTLY]
    large = [row for row in usual if row["n"] >= LARGE]
    small = [row for row in usual if row["n"] < LARGE]
    bad = [row for row in large if row["coverage"] < GOOD]
    names = "; ".join(f"{r['family']} on {_case(r)} at {r['n']} ({_percent(r['coverage'])})" for r in bad)
    middle = float(np.median([row["coverage"] for row in large]))
    lowest = min(small, key=lambda row: row["coverage"])
    return [
        f"* **{what}: 95 % intervals of KL cover in {_span([100 * r['coverage'] for r in large], 1)} %** of the "
        f"samples from {size} = {LARGE} ({len(large)} cells that are mostly given one; in the median "
        f"{_percent(middle)} %{', more than they need' if middle > 0.97 else ''}). Below 92 %: "
        f"{names or 'none'}. At {size} = {small[0]['n']}: {_span([100 * r['coverage'] for r in small], 1)} % in "
        f"{len(small)} cells, {sum(r['coverage'] < GOOD for r in small)} of them below 92, the lowest "
        f"{lowest['family']} on {_case(lowest)}.",
    ]


def _said_of_refusals(rows: Rows) -> list[str]:
    shares: dict[str, list[float]] = {}
    for row in rows:
        shares.setdefault(row["truth"], []).append(100 * (1 - row["level"]))
    often = "; ".join(f"{name}: {_span(v, 0)} %" for name, v in shares.items() if max(v) > 5)
    forced = [100 * row["forced"] for row in rows if row["refused"] >= SAMPLES / 4]
    seldom = [max(v) for v in shares.values() if max(v) <= 5]
    return [
        f"* No level is given where weights are largest at an end of the data, where too few draws stand for a tail: "
        f"{often or 'nowhere'} of the samples; in the {len(seldom)} other cases at most {max(seldom, default=0):.1f} %."
        f" Intervals from such samples, had they been given, would have covered in {_span(forced, 0)} %.",
    ]


def _said_of_levels(rows: Rows) -> list[str]:
    large = [row for row in rows if row["n"] >= LARGE]
    worst = max(large, key=lambda row: abs(row["bias"]))
    thin = [row for row in rows if row["level"] < 0.95]
    refused = _span([100 * (1 - row["level"]) for row in thin], 0) if thin else ""
    return [
        f"* The level of censored samples is off by {_span([1000 * r['bias'] for r in large], 1, sign=True)} millinats "
        f"in the mean from n = {LARGE}, most on {_case(worst)} at {worst['n']} (two standard errors of the simulation: "
        f"{2000 * max(r['bias_se'] for r in large):.0f} at most)."
        + (f" Fewer than 20 events are refused: {refused} % of the samples of 60 with 60 % censored." if thin else ""),
    ]


def _table_of_reals(rows: Rows) -> list[str]:
    names = list(OF_REALS)
    table = [
        "",
        "## Estimators of real numbers",
        "",
        "Root mean squared error relative to the least one of each law, at "
        f"n = {' / '.join(map(str, SIZES))}: geometric mean and, in parentheses, the worst. The first eleven laws are "
        "those on which the orders n^¼ and the weight ½ were chosen. `H_m alone` is `spacing` before it is "
        "extrapolated; the neighbour is number n^0.35, or 3. Worst cases are often the uniform, whose errors are tiny.",
        "",
        *_header("laws", *names),
    ]
    for text, chosen in (("the first eleven", True), ("the thirteen others", False)):
        part = [row for row in rows if row["chosen_on"] is chosen]
        for n in SIZES:
            pairs = [_mean_and_worst(part, name, n) for name in names]
            table.append(_row(f"{text}, n = {n}", *(f"{mean:.2f} ({worst:.2f})" for mean, worst in pairs)))
    return [*table, "", *_each(rows, names)]


def _table_of_counts(rows: Rows) -> list[str]:
    names = list(rows[0]["rmse"])
    table = [
        "",
        "## Estimators of counts",
        "",
        f"As above, over {len(COUNTS)} laws. `spacing` spreads integers over their cells, and is for ordered ones "
        "alone; `auto` does so where they are sparse, and is else Chao, Wang and Jost's. `nsb` estimates how many "
        "outcomes are possible.",
        "",
        *_header("", *names),
    ]
    for n in SIZES:
        pairs = [_mean_and_worst(rows, name, n) for name in names]
        table.append(_row(f"n = {n}", *(f"{mean:.2f} ({worst:.2f})" for mean, worst in pairs)))
    return [*table, "", *_each(rows, names)]


def _each(rows: Rows, names: Sequence[str]) -> list[str]:
    """One law a line: errors relative to the least one at each n, and the least in millinats."""
    table = _header("law", "least, millinats", *names)
    for law in dict.fromkeys(row["truth"] for row in rows):
        here = [row for row in rows if row["truth"] == law]
        best = " / ".join(f"{1000 * row['best']:.0f}" for row in here)
        table.append(_row(law, best, *(" / ".join(f"{r['rmse'][k] / r['best']:.2f}" for r in here) for k in names)))
    return table


def _table_of_intervals(rows: Rows, title: str, size: str, keys: Sequence[str]) -> list[str]:
    sizes = sorted({row["n"] for row in rows})
    table = [
        "",
        f"## {title}",
        "",
        f"Coverage in % of (kl_low, kl_high) for the KL at the best parameters of the family (by quadrature), where "
        f"there is an interval; {SAMPLES} samples a cell, standard error "
        f"{_percent((0.95 * 0.05 / SAMPLES) ** 0.5)} at 95 %; – if fewer than a tenth have one. Refused: share of "
        "the samples without a level. Bias: of the level, in millinats.",
        "",
        *_header("case", "family", "KL", *(f"{size} = {n}" for n in sizes), "refused, %", "bias"),
    ]
    for key in dict.fromkeys((*(row[k] for k in keys), row["family"]) for row in rows):
        here = [row for row in rows if (*(row[k] for k in keys), row["family"]) == key]
        shown = [_percent(r["coverage"] if r["given"] >= 0.1 else float("nan")) for r in here]
        shown = [f"**{s}**" if r["coverage"] < GOOD and s != "–" else s for s, r in zip(shown, here, strict=True)]
        refused = " / ".join(f"{100 * (1 - row['level']):.0f}" for row in here)
        bias = " / ".join(f"{1000 * row['bias']:+.0f}" if row["level"] >= 0.1 else "–" for row in here)
        table.append(_row(_case(here[0]), key[-1], f"{here[0]['kl']:.4f}", *shown, refused, bias))
    return table


def _case(row: dict[str, Any]) -> str:
    how = {"random": "at random", "end": "at one end of study"}
    return f"{row['truth']}, {100 * row['share']:.0f} % {how[row['how']]}" if "share" in row else str(row["truth"])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share == share else "–"


def _span(values: Sequence[float], digits: int, *, sign: bool = False) -> str:
    low, high = (f"{end(values):{'+' if sign else ''}.{digits}f}" for end in (min, max))
    return low if low == high else f"{low} to {high}" if sign else f"{low}–{high}"


def _header(*names: str) -> list[str]:
    return [_row(*names), "|" + "---|" * len(names)]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
