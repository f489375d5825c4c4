"""docs/performance.md: what was hoped for, the figure, the tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.environments import PACKAGES
from benchmarks.speed.figures import draw
from benchmarks.speed.tasks import REMARKS, TASKS

Rows = list[dict[str, Any]]
#: Nats of shortfall that still count as the same maximum: a millionth of a nat for an observation.
PER_OBSERVATION = 1e-6
N = {"C3": 1e3, "C4": 1e4, "C5": 1e5, "C6": 1e6, "D4": 1e4, "D6": 1e6, "G": 5e5}
LAST = 10_000_000


def write(results: dict[str, Any], output: Path) -> None:
    """Write the page and its figure."""
    figure = draw(results, output.parent / "figures")
    lines = [
        "# Performance",
        "",
        "The same work by modelselect and by other programs, in turn (ours, theirs, ours, theirs …), each in a process",
        "of its own that has imported its packages and warmed up on the first 2 000 rows. Timed is the whole public",
        "call: for us from the array or DataFrame, `ms.rank(ms.Sample(x, resolution=None), families).table`, with its",
        "entropy, errors, intervals, tests and confidence set; for the others fit and criterion, from the same array",
        "(groups: from the same table, which they split and loop over). Ratios are medians of the rounds; seconds go",
        "up and down with what else the machine does. Parts may come from several runs of `--only` or `--tasks`.",
        "",
        f"{results['machine']}. Made by `python -m benchmarks` (seed 20261120), {results['date']}.",
        "",
    ]
    if targets := _targets(results):
        lines += ["## What was hoped for", "", *_header("", "wanted", "measured", "met"), *targets, ""]
    if figure:
        lines += [f"![time against n and against the number of groups](figures/{figure})", ""]
    for part, section in SECTIONS.items():
        if results.get(part):
            lines += [*section(results[part]), ""]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def machine() -> str:
    """The computer and what runs on it."""
    name = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            name = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), name)
    except OSError:
        pass
    load = f", load {os.getloadavg()[0]:.1f} when the last part began" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pandas"))
    return f"{name}, {os.cpu_count()} cores{load}; Python {platform.python_version()}, {packages}"


def today() -> str:
    """The day of the measurement."""
    return date.today().isoformat()


def fastest(rows: Rows, task: str, *, reaching: bool = False) -> dict[str, Any] | None:
    """The row of the peer that needs least time of those that were run, or of those that reach every maximum."""
    run = [row for row in rows if row["task"] == task and "ratio" in row]
    slack = PER_OBSERVATION * N[task]
    run = [row for row in run if not reaching or (row["shortfall"] and max(row["shortfall"].values()) <= slack)]
    return min(run, key=lambda row: row["ratio"], default=None)


def _targets(results: dict[str, Any]) -> list[str]:
    lines = []
    for task in TASKS.values():
        row = fastest(results.get("peers", []), task.name, reaching=task.reaching)
        if task.target is not None and row is not None:
            remark = REMARKS.get((row["peer"], task.name), "")
            beside = f"{_times(row['ratio'])} the time of ours ({row['peer']}{': ' if remark else ''}{remark})"
            met = _met(row["ratio"] >= task.target)
            wanted = f"fastest other{' that reaches the maximum' if task.reaching else ''} ≥ {task.target:g}×"
            lines.append(_row(f"{task.name}: {task.what}", wanted, beside, met))
    if "resamples" in results:
        name, row = max(results["resamples"].items(), key=lambda pair: pair[1]["ours"])
        what = f"{results['resample_count']} refitted resamples of 1 000, ten families"
        mean = sum(row["ours"] for row in results["resamples"].values()) / len(results["resamples"])
        beside = f"{_seconds(mean)}; {_seconds(row['ours'])} at most ({name})"
        lines.append(_row(what, "≤ 0.5 s a family in the mean", beside, _met(mean <= 0.5)))
    if "workers" in results:
        row = results["workers"]
        good = row["ratio"] >= 1.4 and row["difference"] <= 1e-12
        what = "Dask, two workers beside one, where fits dominate"
        beside = f"{_times(row['ratio'])} (path {_times(row['path_one'] / row['path_two'])}), {row['difference']:.1g}"
        lines.append(_row(what, "≥ 1.4×, numbers of `local` to 1e-12", beside, _met(good)))
    lines += [
        _row(
            f"largest memory at n = 10 million, draws included: {what}",
            "≤ 3 × the draws",
            f"{row[which]:.1f} ×",
            _met(row[which] <= 3),
        )
        for row in results.get("numbers", [])
        for which, what in (("memory", "ten families"), ("core_memory", "all core families"))
        if row["n"] == LAST and which in row
    ]
    return lines


def _peers(rows: Rows) -> list[str]:
    used = [peer for peer in PACKAGES if any(row["peer"] == peer for row in rows)]
    lines = [
        "## Beside other programs",
        "",
        *[f"* **{task.name}**: {task.what}" for task in TASKS.values() if any(r["task"] == task.name for r in rows)],
        "",
        "*Ratio*: their time over ours just before and after it, the median of the rounds and the smallest.",
        "*Memory*: the most that a process ever held, in MB, with the packages. *Reaches ours*: how many of the fits",
        "that are the same model come within a millionth of a nat per observation of our log-likelihood, and by how",
        "much the worst of the others falls short; fits with another location or support are not compared. *Italics*:",
        "not run here, for it is too slow or not installed; the seconds are those of one run on a quiet machine of the",
        "same kind on 2026-11-20.",
        f"Measured: {', '.join(' '.join(PACKAGES[peer]) for peer in used)}.",
        "",
        *_header(
            "task", "program", "ours, s", "theirs, s", "ratio (smallest)", "memory: ours / theirs", "reaches ours", ""
        ),
    ]
    for row in sorted(rows, key=lambda r: (list(TASKS).index(r["task"]), r.get("ratio", 1e9), r.get("quoted", 0))):
        remark = REMARKS.get((row["peer"], row["task"]), "")
        ours = _seconds(row["ours_seconds"], unit=False)
        if "ratio" in row:
            cells = [
                _seconds(row["theirs_seconds"], unit=False),
                f"**{_times(row['ratio'])}** ({_times(row['least'])})",
                f"{row['ours_megabytes']:.0f} / {row['theirs_megabytes']:.0f}",
                _reached(row),
                remark + ("; " if remark and row["rounds"] == 1 else "") + ("one round" if row["rounds"] == 1 else ""),
            ]
        elif row.get("quoted"):
            ratio = row["quoted"] / row["ours_seconds"]
            cells = [f"*{row['quoted']:g}*", f"*{_times(ratio)}*", f"{row['ours_megabytes']:.0f} /", "", remark]
        else:
            cells = ["", "", f"{row['ours_megabytes']:.0f} /", "", row.get("error", "not installed")]
        lines.append(_row(row["task"], row["peer"], ours, *cells))
    return lines


def _reached(row: dict[str, Any]) -> str:
    gaps = row["shortfall"]
    if not gaps:
        return ""
    slack = PER_OBSERVATION * N[row["task"]]
    name, worst = max(gaps.items(), key=lambda pair: pair[1])
    good = sum(gap <= slack for gap in gaps.values())
    ahead = min(gaps.values())
    text = f"{good} of {len(gaps)}"
    text += f"; {name} −{worst:.3g}" if worst > slack else ""
    return text + (f"; **ahead by {-ahead:.2g}**" if ahead < -slack else "")


def _numbers(rows: Rows) -> list[str]:
    last = rows[-1]
    limit = last["sort"] + 10 * last["log"]
    nanoseconds = 1e9 * last["seconds"] / last["n"]
    lines = [
        "## Against n",
        "",
        "Ten families on gamma draws. Beside them what one pass over the same array costs in the same process: its",
        "sort (which everything else needs), logarithms and their sum, a sum. *Memory*: what the process grew by",
        "from before the draws to the largest it ever was, in multiples of the draws, these included. *Core*: all",
        f"{next((r['core_families'] for r in rows if 'core' in r), 0)} densities of the group `core`.",
        "",
        *_header(
            "n", "ten families, s", "core, s", "np.sort, s", "np.log and sum, s", "sum, s", "in sorts",
            "memory: ten / core",
        ),
    ]  # fmt: skip
    for row in rows:
        parts = [_seconds(row[k], unit=False) if k in row else "" for k in ("seconds", "core", "sort", "log", "sum")]
        memory = " / ".join(f"{row[which]:.1f} ×" for which in ("memory", "core_memory") if which in row)
        memory = memory if row["n"] >= 100_000 else ""
        lines.append(_row(_spaced(row["n"]), *parts, _times(row["seconds"] / row["sort"]), memory))
    lines += [
        "",
        f"At n = {_spaced(last['n'])} a ranking costs {nanoseconds:.0f} ns per observation: as much as "
        f"{last['seconds'] / last['sort']:.0f} sorts, {last['seconds'] / last['log']:.0f} passes of logarithms, or "
        f"{last['seconds'] / last['sum']:.0f} plain sums of the array. "
        f"One sort, and one pass of logarithms for each of the ten families, would take {_seconds(limit)}: we are at "
        f"{_times(last['seconds'] / limit)} that limit. " + (_dominating(last["shares"]) if "shares" in last else ""),
    ]
    cores = [row for row in rows if "core" in row and row["n"] >= 100_000]
    if len(cores) > 1:
        a, b = cores[-2:]
        lines += [
            "",
            f"From {_spaced(a['n'])} to {_spaced(b['n'])} observations the core families take "
            f"{b['core'] / a['core']:.1f} times as long (linear is {b['n'] / a['n']:g}).",
        ]
    return lines


def _dominating(shares: dict[str, float]) -> str:
    fits, densities, compared, read = (f"{100 * shares[k]:.0f} %" for k in ("fits", "densities", "compared", "read"))
    return (
        f"By a profile of one call {fits} of it are the fits, {compared} the levels, their differences, errors and "
        f"the tests, {read} reading the sample, the rest its sort and entropy. Evaluating densities and scores, "
        f"wherever they are needed, takes {densities}; most of the rest multiplies, adds and copies what they gave. "
        "The sample is sorted once and searched on some thousand nodes. Over all values go one pass of sums, one exact "
        "gradient for each family without a closed form, and the log-densities of each candidate, of which levels, "
        "differences and errors are added up a stretch at a time."
    )


def _groups(rows: Rows) -> list[str]:
    return [
        "## Against the number of groups",
        "",
        "`ms.rank_groups(frame, \"group\", \"value\", candidates=[poisson, negative_binomial, geometric]).best`,",
        "groups of 100; beside it pandas alone: `frame.groupby([\"group\", \"value\"]).size()`.",
        "",
        *_header("groups", "s", "µs per group", "groupby, s", "memory, in tables"),
        *[
            _row(
                _spaced(row["n"]), _seconds(row["seconds"], unit=False),
                f"{1e6 * row['seconds'] / row['n']:.0f}", _seconds(row["grouping"], unit=False),
                f"{row['memory']:.1f} ×" if row["n"] >= 10_000 else "",
            )
            for row in rows
        ],
    ]  # fmt: skip


def _resamples(rows: dict[str, dict[str, float]]) -> list[str]:
    return [
        "## Refitted resamples",
        "",
        "`fit.bootstrap` on 1 000 gamma draws; scipy's `law.fit` of 20 resamples, by proportion for as many.",
        "",
        *_header("family", "ours, s", "scipy, s (extrapolated)", "ratio"),
        *[
            _row(
                name, _seconds(r["ours"], unit=False), _seconds(r["scipy"], unit=False), _times(r["scipy"] / r["ours"])
            )
            for name, r in rows.items()
        ],
    ]


def _starts(measured: dict[str, Any]) -> list[str]:
    lines = [
        "## Starting",
        "",
        "Fresh processes in turn, medians, the interpreter included.",
        "",
        *_header("", "ms"),
        *[_row(name, f"{1e3 * value:.0f}") for name, value in measured["seconds"].items()],
        "",
    ]
    for statement, spent in measured["spent"].items():
        shown = ", ".join(f"{name} {value:.0f}" for name, value in sorted(spent.items(), key=lambda p: -p[1]))
        lines.append(f'* `python -X importtime -c "{statement}"`, ms that modules take for themselves: {shown}')
    return lines


def _workers(row: dict[str, Any]) -> list[str]:
    rows = row["groups"] * row["size"]
    return [
        "## One large file on two workers",
        "",
        f"A CSV file of {row['megabytes']:.0f} MB: {_spaced(rows)} rows in no order, {_spaced(row['groups'])} groups;",
        f"{row['families']} in each of them (`data: {{csv: large.csv, column: value, by: group}}`).",
        f"The file is read in {row['pieces']} pieces, whose rows are dealt by group and fitted as Dask tasks; timed is",
        "the whole run, tables included. Clusters of one worker and of two in turn, both warmed up, "
        f"{row['rounds']} round{'s' * (row['rounds'] > 1)}.",
        "*Path*: processor seconds of the client and the busiest worker, which other programs on the same cores do not",
        "change. *Difference*: the largest relative one of any number to those of `engine: {type: local}`.",
        "",
        *_header("", "one worker, s", "two workers, s", "ratio (smallest)", "difference"),
        _row(
            "seconds",
            _seconds(row["one"], unit=False),
            _seconds(row["two"], unit=False),
            f"**{_times(row['ratio'])}** ({_times(row['least'])})",
            f"{row['difference']:.1g}",
        ),
        _row(
            "path",
            _seconds(row["path_one"], unit=False),
            _seconds(row["path_two"], unit=False),
            _times(row["path_one"] / row["path_two"]),
            "",
        ),
    ]


SECTIONS: dict[str, Callable[[Any], list[str]]] = {
    "peers": _peers,
    "numbers": _numbers,
    "groups": _groups,
    "resamples": _resamples,
    "workers": _workers,
    "starts": _starts,
}


def _header(*names: str) -> list[str]:
    return [_row(*names), "|" + "|".join("---" for _ in names) + "|"]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _seconds(value: float, *, unit: bool = True) -> str:
    text = f"{value:.3g}" if value >= 1e-4 else f"{value:.1e}"
    return text + (" s" if unit else "")


def _times(ratio: float) -> str:
    return f"{ratio:.2g}×" if ratio < 10 else f"{ratio:,.0f}×".replace(",", " ")


def _spaced(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _met(yes: bool) -> str:
    return "yes" if yes else "**no**"
