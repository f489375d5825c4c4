"""docs/calibration.md: what holds, what does not, then the tables."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.figures import draw
from benchmarks.calibration.kept import HEADINGS, section

Rows = list[dict[str, Any]]
_ITALICS = " In italics: cells of the page of 2026-11-20, not simulated anew."


def write(results: dict[str, Any], output: Path) -> None:
    """Write the page and its figures; parts without results are kept as they stand in the page."""
    before = output.read_text(encoding="utf-8") if output.exists() else ""
    figures = draw(results, output.parent / "figures")
    lines = [
        "# Calibration: do the numbers mean what they say?",
        "",
        "Simulated: samples of known laws are drawn, and what the package says of them is counted. The",
        "Monte-Carlo standard errors stand with the tables; no setting was chosen by looking at them, but for how",
        "Vuong's test treats skewed differences: that was chosen after trials on Poisson against geometric.",
        f"Made by `python -m benchmarks.calibration --peers …` (seed 20261120), an hour on one core; Python "
        f"{platform.python_version()}, numpy {np.__version__}, {date.today().isoformat()}{_older(results, before)}.",
        "",
        "## What holds, and what does not",
        "",
    ]
    sections = []
    for name, part in PARTS.items():
        sentences, table = part(results[name]) if results.get(name) else section(before, name)
        mark = f"* <!-- {name} --> "
        sections.append((name, ([mark + one.removeprefix(mark).removeprefix("* ") for one in sentences], table)))
    lines += [sentence for _, (sentences, _) in sections for sentence in sentences]
    drawn = re.findall(r"\(figures/(calibration_\w+\.svg)\)", before)
    figures += [name for name in drawn if name not in figures and (output.parent / "figures" / name).exists()]
    lines += ["", *[f"![{name.removesuffix('.svg').replace('_', ' ')}](figures/{name})" for name in figures]]
    for _, (_, table) in sections:
        lines += ["", *table] if table else []
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _older(results: dict[str, Any], before: str) -> str:
    """Which parts are those of a page that was made before."""
    kept = [f"“{HEADINGS[name]}”" for name in PARTS if not results.get(name) and section(before, name)[1]]
    day = re.search(r"\d{4}-\d{2}-\d{2}", before)
    kept_since = re.search(r"”, as of (\d{4}-\d{2}-\d{2})\.", before)
    since = kept_since.group(1) if kept_since else day.group(0) if day else "before"
    return f"; {', '.join(kept)}, as of {since}" if kept else ""


def _parameters(rows: Rows) -> tuple[list[str], list[str]]:
    large = [row for row in rows if row["n"] >= 100]
    outside = [row for row in large if not 0.93 <= row["profile"] <= 0.97]
    low, high = min(r["profile"] for r in large), max(r["profile"] for r in large)
    small = [row for row in rows if row["n"] == 50]
    wald, sandwich = (min(r[m] for r in small) for m in ("wald", "sandwich"))
    agree, checked = sum(r["agree"] for r in rows), sum(r["checked"] for r in rows)
    sentences = [
        f"* **95 % profile intervals of parameters cover in {_percent(low)}–{_percent(high)} %** of the samples, over "
        f"{len(large)} cells of family, parameter and n ≥ 100; "
        + (f"{len(outside)} lie outside 93–97 %." if outside else "none lies outside 93–97 %.")
        + f" At n = 50 they cover in {_percent(min(r['profile'] for r in small))} % or more.",
        f"* Wald's (on the log or logit scale) are as good from n = 100, and at n = 50 go down to {_percent(wald)} %. "
        f"With the sandwich in place of the information they under-cover in small samples of a right family: "
        f"{_percent(sandwich)} % at n = 50, at worst. It is for families that are wrong.",
    ]
    sizes = sorted({row["n"] for row in rows})
    table = [
        "## Intervals of parameters",
        "",
        "Coverage in % of 95 % intervals: **profile** / Wald / Wald with the sandwich. 2000 samples a cell (student_t: "
        "1000 and 400), standard error 0.5 (0.7 and 1.2). A profile interval holds θ₀ iff 2n(ℓ̂ − ℓ(θ₀)) ≤ χ²₁, the",
        f"others refitted; on {checked} samples `Fit.interval` was asked too, and said the same on {agree}.",
        "",
        *_header("family", "parameter", *(f"n = {n}" for n in sizes)),
    ]
    for truth, parameter in _keys(rows, "truth", "parameter"):
        cells = [_cell(rows, truth=truth, parameter=parameter, n=n) for n in sizes]
        shown = [
            f"**{_percent(r['profile'])}** / {_percent(r['wald'])} / {_percent(r['sandwich'])}" if r else ""
            for r in cells
        ]
        table.append(_row(truth, parameter, *shown))
    return sentences, table


def _levels(rows: Rows) -> tuple[list[str], list[str]]:
    usual = [row for row in rows if row["n"] >= 100 and row["coverage"] == row["coverage"]]
    right = [row for row in usual if row["kl"] <= 1e-6]
    wrong = [row for row in usual if row["kl"] > 1e-6]
    good = [row for row in wrong if row["coverage"] >= 0.92 - 2 * row["coverage_se"]]
    bad = [row for row in wrong if row["coverage"] < 0.92 - 2 * row["coverage_se"]]
    pairs: dict[str, list[float]] = {}
    for row in bad:
        pairs.setdefault(f"{row['family']} on {row['truth']}", []).append(row["coverage"])
    listed = ", ".join(
        f"{name} ({_percent(min(v), 0)}{f'–{_percent(max(v), 0)}' if len(v) > 1 else ''})" for name, v in pairs.items()
    )
    small = [row["coverage"] for row in rows if row["n"] == 30 and row["kl"] > 1e-6]
    sentences = [
        f"* **Intervals of KL where the family is right cover in {_percent(min(r['coverage'] for r in right))}–"
        f"{_percent(max(r['coverage'] for r in right))} %** (n ≥ 100). Where it is wrong, {len(good)} of {len(wrong)} "
        f"cells with n ≥ 100 reach 92 %.",
        f"* **They do not hold** for {listed or 'none'}: light tails fitted to heavy ones, or an edge with an infinite "
        f"density; most of these only at n = 100. At n = 30 they are indicative only "
        f"({_percent(min(small))}–{_percent(max(small))} % for a wrong family).",
    ]
    sizes = sorted({row["n"] for row in rows})
    table = [
        "## Intervals of KL",
        "",
        "Coverage in % of (kl_low, kl_high) for the KL at the best parameters of the family (by quadrature, sums over",
        f"all masses), and the mean error of its centre at n = {sizes[-1]} in millinats. "
        f"{rows[0]['replicates']} samples a cell (student_t: half), standard error "
        f"{_percent(0.5 / rows[0]['replicates'] ** 0.5 * 0.44)} at 95 %, twice that at 80 %.",
        "",
        *_header("truth", "family", "KL", *(f"n = {n}" for n in sizes), "bias"),
    ]
    for truth, family in _keys(rows, "truth", "family"):
        cells = [_cell(rows, truth=truth, family=family, n=n) for n in sizes]
        shown = [_marked(r["coverage"], r["coverage"] < 0.92 - 2 * r["coverage_se"]) if r else "" for r in cells]
        kl = cells[0]["kl"] if cells[0] else 0.0
        table.append(_row(truth, family, f"{kl:.4f}", *shown, f"{1000 * cells[-1]['bias']:+.1f}" if cells[-1] else ""))
    return sentences, table


def _size(parts: dict[str, Rows]) -> tuple[list[str], list[str]]:
    nested, vuong, fits, power = (parts[k] for k in ("nested", "vuong", "adequacy", "power"))
    inner, edge = ([r for r in nested if r["edge"] is e] for e in (False, True))
    edge = [row for row in edge if not row.get("kept")] or edge
    at = " and ".join(str(n) for n in sorted({row["n"] for row in edge}))
    robust = [row for row in nested if "pretest" in row]
    sizes = [row["rejects"] for row in fits if row["right"]]
    over = [row for row in vuong if row["rejects"] > 0.065]
    careful = [row for row in vuong if "pretest" in row]
    last = max(row["n"] for row in vuong)
    late, early = ([row for row in vuong if (row["n"] == last) is e] for e in (True, False))
    usual = [row for row in inner if row["n"] >= 200]
    sentences = [
        f"* **Likelihood ratios of nested pairs at 5 % reject a true smaller family in {_range(usual)}** from n = 200 "
        f"(one interior parameter; {_range([r for r in inner if r['n'] < 200])} at n = 50), and in {_range(edge)} "
        f"where it is on the boundary (n = {at}). There the weight ½ of χ² is replaced by the share of samples of the "
        "smaller family in which the larger one wins, which is below ½ in samples of this size; with ½ it was 2.6–4.9 "
        "%. Where the likelihood has a kink (Laplace's) the ratio is divided by its mean in such samples; with χ² as "
        'it stands it was 8.6 % at n = 50. The robust weights of `test(…, method="pretest")` are estimated too, and '
        "reject "
        f"{_range(robust, 'pretest')}.",
        f"* **Tests of fit at 5 % reject a true family in {_percent(min(sizes))}–{_percent(max(sizes))} %** "
        f"(G; AD, CvM, KS; refitted bootstrap, B = 199, n = 50 and 200).",
        f"* **Vuong's test of two families that are equally far rejects in {_range(late)} at n = {last}**, and in "
        f"{_range(early)} below it; above 6.5 %: {', '.join(_grouped(over)) or 'none'}. The variance leaves each "
        "observation out of "
        "both fits: with the plain one Weibull and lognormal, or normal and Gumbel, were at 12 and 14 % at n = 50. "
        "Of Poisson and geometric the differences are so skewed that the normal law is far (12 and 9 % at n = 50 and "
        "200): for counts with closed estimates p is that of samples of the mixture of both fitted laws that is "
        "equally far from both; it holds where the truth is another law, too. Johnson's and Hall's corrections, and "
        "resamples of the data themselves (7.0 and 6.6 % in a trial of 4 000 samples), were no cure. "
        f"After the pre-test: {_range(careful, 'pretest')}.",
    ]
    every = sorted({row["n"] for row in nested})
    table = [
        "## Size of tests",
        "",
        "Share of samples, in %, in which p ≤ 0.05 although the smaller family is right: by `comparisons`, and in",
        'brackets by `ranking.test(…, method="pretest")`. 2000 samples a cell,',
        "standard error 0.5. A law at its limit counts as no rejection. The pre-test has 20 000 draws."
        + (_ITALICS if any(row.get("kept") for row in [*nested, *vuong]) else ""),
        "",
        *_header("truth", "smaller", "larger", "", *(f"n = {n}" for n in every)),
        *_pairs(nested, every, lambda r: "boundary" if r["edge"] else "interior"),
        "",
        "Two families equally far from the truth, a mixture of both or another law, its parameter found by quadrature:",
        "",
        *_header("truth", "one", "other", "", *(f"n = {n}" for n in every)),
        *_pairs(vuong, every, lambda _: ""),
        "",
        "Tests of fit, of a true and of a wrong family. 2000 samples (gamma, weibull: 1000; wrong ones 200).",
        "",
    ]
    both = sorted({row["n"] for row in fits})
    names = ("G", "AD", "CvM", "KS")
    table += _header("truth", "family", "n", *names)
    for truth, family in _keys(fits, "truth", "family"):
        for n in both:
            cells = [_cell(fits, truth=truth, family=family, n=n, test=name) for name in names]
            table.append(_row(truth, family, str(n), *(_percent(r["rejects"]) if r else "" for r in cells)))
    few = sorted({row["n"] for row in power})
    table += [
        "",
        "Power of likelihood ratios at 5 %, in % (500 samples):",
        "",
        *_header("truth", "smaller", "larger", "", *(f"n = {n}" for n in few)),
        *_pairs(power, few, lambda _: ""),
    ]
    return sentences, table


def _sets(rows: Rows) -> tuple[list[str], list[str]]:
    under = [row for row in rows if row["held"] < 0.9]
    typical = min(row["held"] for row in rows if row["held"] >= 0.9)
    sizes = sorted({row["n"] for row in rows})
    mean = [np.mean([row["size"] for row in rows if row["n"] == n and row["candidates"] == 8]) for n in sizes]
    sentences = [
        f"* **The 90 % confidence set holds the best family in {_percent(typical)} % or more** of the samples in "
        f"{len(rows) - len(under)} of {len(rows)} cells"
        + (
            "; not for "
            + ", ".join(f"{r['truth']} at n = {r['n']} ({_percent(r['held'])})" for r in under)
            + ": the law "
            "of its statistic leaves out what estimation alone does to candidates that nearly coincide"
            if under
            else ""
        )
        + f". Of eight candidates it keeps {mean[0]:.1f} at n = {sizes[0]} and {mean[-1]:.1f} at n = {sizes[-1]}.",
    ]
    table = [
        "## Confidence set",
        "",
        "How often, in %, the set holds the best family (the smallest of those that hold the truth, else the nearest",
        f"by quadrature), and in brackets how many it keeps. {rows[0]['replicates']} samples a cell, standard error at "
        f"most {_percent(max(r['held_se'] for r in rows))}.{_ITALICS if any(row.get('kept') for row in rows) else ''}",
        "",
        *_header("truth", "best of", *(f"n = {n}" for n in sizes)),
    ]
    for truth, best in _keys(rows, "truth", "best"):
        cells = [_cell(rows, truth=truth, n=n) for n in sizes]
        shown = [_dated(f"{_marked(r['held'], r['held'] < 0.9)} ({r['size']:.1f})", r) if r else "" for r in cells]
        first = next(r for r in cells if r)
        table.append(_row(truth, f"{best} of {first['candidates']}", *shown))
    return sentences, table


def _dependence(rows: Rows) -> tuple[list[str], list[str]]:
    what = [name.removeprefix("hac ") for name in rows[0] if name.startswith("hac ")]
    strong = [row for row in rows if row["rho"] == max(r["rho"] for r in rows)]
    intervals = [name for name in what if name != "set"]

    def span(kind: str, rows: Rows) -> str:
        return _span([row[f"{kind} {name}"] for row in rows for name in intervals])

    sentences = [
        f"* **Observations in an order of time:** with a correlation of neighbours of {strong[0]['rho']:g} 95 % "
        f"intervals of KL and of a difference that take them for independent hold in {span('none', strong)}, those of "
        f"`dependence: hac` in {span('hac', strong)}, and resamples of blocks in "
        f"{_span([row['blocks difference'] for row in strong])} (difference). Without any correlation hac costs "
        f"little: {span('hac', [row for row in rows if row['rho'] == 0])}. The errors of a long memory are still too "
        "small in few observations; likelihood ratios and tests of fit are refused under dependence.",
    ]
    table = [
        "## Dependence",
        "",
        "Coverage in % of 95 % intervals, and how often the 90 % confidence set holds the truth, of samples of "
        "gamma(shape 2) that are",
        "quantiles of a normal autoregression with correlation ρ: taken for independent / by "
        f"`dependence: hac`. {rows[0]['replicates']} samples a cell",
        f"(blocks: a third), standard error at most {_percent(max(row['se'] for row in rows))}.",
        "",
        *_header("ρ", "n", *what, "difference by blocks"),
    ]
    for row in rows:
        cells = [f"{_percent(row[f'none {name}'])} / {_percent(row[f'hac {name}'])}" for name in what]
        blocks = f"{_percent(row['blocks difference'])} (blocks of {row['block']})"
        table.append(_row(f"{row['rho']:g}", str(row["n"]), *cells, blocks))
    return sentences, table


def _nested(rows: Rows) -> tuple[list[str], list[str]]:
    last = max(row["n"] for row in rows)
    inner = [row for row in rows if not row["largest"]]
    at = {c: [row[c] for row in inner if row["n"] == last] for c in ("kl", "kl_corrected", "kl_cv", "bic")}
    sentences = [
        "* **Raw kl cannot prefer the smaller of two nested families**, except where the larger reaches it as a limit. "
        f"Where a larger candidate holds the truth too, at n = {last}, it puts the truth first in {_span(at['kl'])}, "
        f"kl_corrected in {_span(at['kl_corrected'])} (like AIC, it is no better with more data), kl_cv in "
        f"{_span(at['kl_cv'])}, bic in {_span(at['bic'])}. For the smallest true family rank by bic; for forecasts by "
        "kl_corrected.",
    ]
    names = ("kl", "kl_corrected", "kl_cv", "bic")
    table = [
        "## The truth among families that contain it",
        "",
        "How often, in %, each criterion puts the truth first; ties go to fewer parameters.",
        "",
        *_header("truth", "candidates", "n", "samples", *names),
    ]
    for row in rows:
        shown = [f"{_percent(row[c], 0)} ± {_percent(row[c + '_se'], 0)}" for c in names]
        table.append(_row(row["truth"], str(row["among"]), str(row["n"]), str(row["replicates"]), *shown))
    return sentences, table


def _selection(parts: dict[str, Any]) -> tuple[list[str], list[str]]:
    peers, ours = parts["peers"], parts["ours"]
    level = 0.05 / max(len(peers), 1)
    ahead = [r for r in peers if r["only_theirs"] > r["only_ours"] and r["p_value"] <= level]
    behind = [r for r in peers if r["only_theirs"] < r["only_ours"] and r["p_value"] <= level]
    sentences = []
    if peers:
        shown = ", ".join(f"{r['peer']} by {r['criterion']} at n = {r['n']} ({r['kind']})" for r in ahead)
        sentences.append(
            f"* **No other program puts the truth first more often, beyond chance.** Of {len(peers)} paired "
            f"comparisons (program × criterion × n), each on the same samples and by the like criterion, none is ahead "
            f"of ours and ours is ahead in {len(behind)} (McNemar's exact test at 5 %, Bonferroni). "
            f"{_level_with_ours(peers)}"
            if not ahead
            else f"* **Ahead of ours beyond chance** (McNemar's exact test at 5 %, Bonferroni over {len(peers)}): "
            f"{shown}; ours is ahead in {len(behind)}."
        )
    if peers:
        few = min(r["samples"] for r in peers if r["kind"] == "continuous")
        last = max(row["n"] for row in ours)
        mean = {c: float(np.mean([row[c] for row in ours if row["n"] == last])) for c in ("bic", "kl_corrected")}
        sentences.append(
            f"* What these comparisons cannot see: some rest on {few} samples. And at n = {last} our default, which is "
            f"made for forecasts, puts the truth first in {_percent(mean['kl_corrected'])} % where bic does in "
            f"{_percent(mean['bic'])} %: a program whose default is BIC will be ahead of it there, as our own bic is."
        )
    table = [
        "## Selection",
        "",
        f"Truths: {parts['parameters']}.",
        "",
        "Ours, of all eight or six candidates, truth first in %: by bic / by kl_corrected "
        f"({ours[0]['replicates']} samples; {min(r['replicates'] for r in ours)} at n = 5000).",
        "",
    ]
    sizes = sorted({row["n"] for row in ours})
    table += _header("truth", *(f"n = {n}" for n in sizes))
    for kind, truth in _keys(ours, "kind", "truth"):
        cells = [_cell(ours, kind=kind, truth=truth, n=n) for n in sizes]
        table.append(
            _row(truth, *(f"{_percent(r['bic'], 0)} / {_percent(r['kl_corrected'], 0)}" if r else "" for r in cells))
        )
    if peers:
        table += [
            "",
            "Beside the others, on the samples that each came to in its share of the time, truths taking turns.",
            "*Theirs* and *ours* are the share of samples with the truth first, in %; *only theirs* and *only ours*",
            "the samples in which one of the two alone was right. Their default is set against our default,",
            "kl_corrected. Of counts only families are compared that the other has too and that begin where ours do:",
            "the geometric laws of the others begin at 1.",
            "",
            *_header(
                "program",
                "kind",
                "criterion",
                "n",
                "samples",
                "theirs",
                "ours",
                "only theirs",
                "only ours",
                "p",
                "s each",
            ),
        ]
        for r in sorted(peers, key=lambda r: (r["peer"], r["kind"], r["criterion"], r["n"])):
            table.append(
                _row(
                    r["peer"],
                    r["kind"],
                    r["criterion"],
                    str(r["n"]),
                    str(r["samples"]),
                    _percent(r["theirs"], 0),
                    _percent(r["ours"], 0),
                    str(r["only_theirs"]),
                    str(r["only_ours"]),
                    f"{r['p_value']:.2g}",
                    f"{r['seconds']:.2f}",
                )
            )
    return sentences, table


def _level_with_ours(peers: Rows) -> str:
    """Who is as good where both rank by the same criterion: within a percentage point over all n of densities."""
    found = []
    for peer, criterion in _keys(peers, "peer", "criterion"):
        mine = [r for r in peers if (r["peer"], r["criterion"], r["kind"]) == (peer, criterion, "continuous")]
        total = sum(r["samples"] for r in mine)
        theirs, ours = (sum(r[who] * r["samples"] for r in mine) / total for who in ("theirs", "ours"))
        if criterion != "default" and theirs >= ours - 0.01:
            found.append(f"{peer} by {criterion} ({_percent(theirs)} % over all n, ours {_percent(ours)} %)")
    return f"As good as ours: {', '.join(found)}." if found else ""


PARTS = {
    "parameters": _parameters,
    "levels": _levels,
    "size": _size,
    "sets": _sets,
    "dependence": _dependence,
    "selection": _selection,
    "nested": _nested,
}


def _pairs(rows: Rows, sizes: Sequence[int], kind: Any) -> Iterable[str]:
    for truth, a, b in _keys(rows, "truth", "a", "b"):
        cells = [_cell(rows, truth=truth, a=a, b=b, n=n) for n in sizes]
        shown = [
            _dated(_percent(r["rejects"]) + (f" ({_percent(r['pretest'])})" if "pretest" in r else ""), r) if r else ""
            for r in cells
        ]
        yield _row(truth, a, b, kind(next(r for r in cells if r)), *shown)


def _dated(cell: str, row: dict[str, Any]) -> str:
    """In italics what was not simulated anew."""
    return f"*{cell}*" if row.get("kept") else cell


def _grouped(rows: Rows) -> list[str]:
    """Pairs of families, each with its sizes and the n they belong to."""
    found = []
    for a, b in _keys(rows, "a", "b"):
        mine = [row for row in rows if (row["a"], row["b"]) == (a, b)]
        found.append(f"{a} and {b} (" + ", ".join(f"{_percent(r['rejects'])} at {r['n']}" for r in mine) + ")")
    return found


def _range(rows: Rows, key: str = "rejects") -> str:
    return _span([row[key] for row in rows])


def _span(values: Sequence[float]) -> str:
    return f"{_percent(min(values))}–{_percent(max(values))} %"


def _keys(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return list(dict.fromkeys(tuple(row[name] for name in names) for row in rows))


def _cell(rows: Rows, **what: Any) -> dict[str, Any] | None:
    return next((row for row in rows if all(row[k] == v for k, v in what.items())), None)


def _marked(share: float, wrong: bool) -> str:
    return f"**{_percent(share)}**" if wrong else _percent(share)


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def _header(*names: str) -> list[str]:
    return [_row(*names), "|" + "---|" * len(names)]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
