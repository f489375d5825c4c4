"""A ranking on a terminal, with rich: the verdict, the table, what was assumed, and where the report is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from modelselect.reporting.groups import families_table, groups_table, statuses_table, verdict
from modelselect.reporting.page import ProfileCurve, Studies
from modelselect.reporting.portrait import sparklines
from modelselect.reporting.studies import (
    adequacy_table,
    adequacy_words,
    bootstrap_table,
    criteria_table,
    stacking_table,
)
from modelselect.reporting.tables import (
    ReportTable,
    corrects,
    difference,
    nats,
    parameters_text,
    plain,
    probability,
    significant,
)

if TYPE_CHECKING:
    from modelselect.families.catalogue import Description
    from modelselect.ranking.groups import GroupRanking
    from modelselect.ranking.result import Ranking
    from modelselect.reporting.portrait import Portrait

#: Terminals narrower than this get fewer columns, no intervals of differences, no errors.
_WIDE, _MIDDLE, _NARROW = 96, 78, 64
#: Lines of the ledger of groups.
_LEDGER = 12


def print_ranking(
    console: Console,
    heading: str,
    ranking: Ranking,
    *,
    source: str = "",
    profiles: Sequence[ProfileCurve] = (),
    studies: Studies | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Print all there is to say about a ranking."""
    console.print(Text(plain(heading), style="bold"))
    if source:
        console.print(Text(plain(source, 300), style="dim"))
    console.print()
    console.print(Text(plain(ranking.verdict, 10_000)))
    console.print()
    console.print(_table(ranking, console.width))
    for curve in profiles:
        console.print(Text(minimum(curve)))
    _print_studies(console, ranking, studies or Studies())
    print_ledger(console, ranking.ledger)
    _print_list(console, "Notes", (plain(note, 400) for note in notes))


def print_groups(
    console: Console, heading: str, groups: GroupRanking, *, source: str = "", notes: Sequence[str] = ()
) -> None:
    """Print the summary of a ranking of groups: the verdict, the families, the groups worth a look, the ledger."""
    console.print(Text(plain(heading), style="bold"))
    if source:
        console.print(Text(plain(source, 300), style="dim"))
    console.print()
    console.print(Text(plain(verdict(groups), 10_000)))
    console.print()
    for table in (families_table(groups), groups_table(groups), statuses_table(groups)):
        _print_grid(console, table)
    ledger = groups.ledger.sort_values("groups", ascending=False, kind="stable")
    lines = [
        f"{plain(c)} [{s.replace('_', ' ')}] in {n} group{'s' * (n != 1)}, first {plain(first, 60)}: {plain(r, 300)}"
        for c, s, r, n, first in ledger.head(_LEDGER).itertuples(index=False)
    ]
    if len(ledger) > _LEDGER:
        lines.append(f"{len(ledger) - _LEDGER} more lines are in the report")
    _print_list(console, "Ledger", lines)
    _print_list(console, "Notes", (plain(note, 400) for note in notes))


def _print_studies(console: Console, ranking: Ranking, studies: Studies) -> None:
    """Print what was asked beyond the ranking."""
    words = adequacy_words(ranking, studies)
    more = adequacy_table(studies), bootstrap_table(studies), stacking_table(studies)
    for table in (criteria_table(ranking), *more):
        if table is None:
            continue
        _print_grid(console, table)
    if words:
        console.print(Text(words))


def _print_grid(console: Console, table: ReportTable) -> None:
    """Print a table as the page has it."""
    grid = Table(title=table.caption, title_justify="left", title_style="dim", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(table.columns):
        longest = max((len(row.cells[place]) for row in table.rows), default=0)
        narrowest = min(longest, 20) if place == table.named_by else None
        side: Any = "right" if column.numeric else "left"
        grid.add_column(column.head, justify=side, overflow="fold", min_width=narrowest)
    for row in table.rows:
        note = f"\n{row.note}" if row.note else ""
        grid.add_row(*(Text(cell + (note if i == 0 else "")) for i, cell in enumerate(row.cells)))
    console.print(grid)


def minimum(curve: ProfileCurve) -> str:
    """Say where a profile is smallest.

    Examples
    --------
    >>> minimum(ProfileCurve("binomial(n=10)", "p", None, 0.544, 0.42731))
    'minimum of KL (in-sample) over p of binomial(n=10) at 0.544: 0.4273'
    """
    where = f"{curve.parameter} of {plain(curve.candidate)} at {significant(curve.at, 6)}"
    return f"minimum of KL (in-sample) over {where}" + (f": {nats(curve.kl, 4)}" if math.isfinite(curve.kl) else "")


def print_ledger(console: Console, ledger: pd.DataFrame) -> None:
    """Print every candidate that is not a plain success, with its reason."""
    lines = [f"{plain(c)} [{s.replace('_', ' ')}]: {plain(r, 400)}" for c, s, r in ledger.itertuples(index=False)]
    _print_list(console, "Ledger", lines)


def print_families(console: Console, frame: pd.DataFrame) -> None:
    """Print the tables of all families, group by group."""
    narrow = console.width < _WIDE
    for group, part in frame.groupby("group", sort=False):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"{group} ({len(part)})", title_justify="left")
        for head in ("family", "support", "parameters", *(() if narrow else ("aliases",))):
            table.add_column(head, overflow="fold")
        for name, row in part.iterrows():
            label = f"{name} *" if row["core"] else str(name)
            cells = (label, row["support"], row["parameters"], *(() if narrow else (row["aliases"],)))
            table.add_row(*map(Text, cells))
        console.print(table)
    made = frame["group"] == "composition"
    masses = int((frame["discrete"] & ~made).sum())
    count = f"{len(frame)} in all: {int((~made).sum()) - masses} with a density, {masses} with masses"
    text = f"{count}, {int(made.sum())} made from others. * core; groups and core can be named as candidates."
    console.print(Text(text, style="dim"))
    console.print(Text("modelselect families NAME says all there is to know about one.", style="dim"))


def print_family(console: Console, family: Description, drawn: Portrait | None = None) -> None:
    """Print all there is to know about one family."""
    console.print(Text(family.name, style="bold"), end="")
    console.print(Text(f"  (also {', '.join(family.aliases)})" if family.aliases else "", style="dim"))
    console.print(Text(family.document))
    console.print(Text(f"\nSupport: {family.support}"))
    if family.parameters:
        table = Table("parameter", "domain", "", box=SIMPLE_HEAD, pad_edge=False)
        for row in family.parameters:
            table.add_row(*map(Text, row))
        console.print(table)
    for other, restriction in family.nested:
        console.print(Text(f"Contains {other}: {restriction}"))
    if family.scipy:
        console.print(Text(family.scipy))
    if drawn is not None:
        kind = "mass" if drawn.discrete else "density"
        console.print(Text(f"\nIts {kind} from {drawn.x[0]:.4g} to {drawn.x[-1]:.4g}, {drawn.name}:"))
        for line in sparklines(drawn, console.width):
            console.print(Text(f"  {line}"), soft_wrap=True)


def _print_list(console: Console, heading: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if lines:
        console.print()
        console.print(Text(heading, style="bold"))
        for line in lines:
            filled = fill(line, console.width, initial_indent="  · ", subsequent_indent="    ", break_long_words=False)
            console.print(Text(filled), soft_wrap=True)


def _table(ranking: Ranking, width: int) -> Table:
    frame, known, level = ranking.table, ranking.sample.known, ranking.headline
    wide = width >= _WIDE
    heads: list[tuple[str, str]] = [("#", "rank"), ("candidate", "candidate")]
    name = {"kl": "KL, in-sample", "kl_corrected": "KL, corrected", "cross_entropy": "cross-entropy"}[level]
    once = known or not corrects(ranking)
    uncertain = width >= _NARROW and not known
    plus = " ± se" if uncertain else ""
    heads.append(
        ("KL" + plus if once and level != "cross_entropy" else name + plus * (level != "cross_entropy"), level)
    )
    if not once and wide and level != "cross_entropy":
        heads.append(("corrected", "kl_corrected") if level == "kl" else ("in-sample", "kl"))
    differences = ranking.differences if width >= _MIDDLE and not known else None
    more = "" if differences is None else " (95 %)"
    heads.append((("Δ, corrected" if level == "kl" and not once else "Δ") + more, "delta"))
    if not known:
        heads.append(("p", "p_value"))
    if "score" in frame and ranking.by != level:
        heads.append((ranking.by.replace("_", "-"), "score"))
    if wide:
        heads.append(("status", "status"))
    by = "cross-entropy + k/n" if level == "cross_entropy" and ranking.by == "kl_corrected" else ranking.by
    title = f"nats per {plain(ranking.unit, 40)}, ranked by {by}"
    table = Table(title=title, title_justify="left", title_style="dim", box=SIMPLE_HEAD, pad_edge=False)
    for head, column in heads:
        text = column in ("candidate", "status")
        table.add_column(head, justify="left" if text else "right", overflow="fold", no_wrap=column != "candidate")
    for label, fit in ranking.fits.items():
        row: Any = frame.loc[label]
        first = Text(plain(label))
        if not wide and row["status"] not in ("converged", "closed_form"):
            first.append(f" [{row['status'].replace('_', ' ')}]")
        parameters = parameters_text(fit)
        if wide and parameters:
            first.append(f"\n{parameters}", style="dim")
        cells = {column: Text(_cell(row, column, uncertain and column == level)) for _, column in heads[2:]}
        if differences is not None and label != ranking.reference:
            shown = difference(*differences.loc[label])  # below the number where there are two lines anyway
            cells["delta"] = Text(shown.replace(" (", "\n(", 1) if wide else shown)
        table.add_row(str(row["rank"]), first, *cells.values(), style="bold" if row["rank"] == 1 else "")
    return table


def _cell(row: Any, column: str, uncertain: bool) -> str:
    value = row[column]
    if column == "status":
        return str(value).replace("_", " ")
    if column == "p_value":
        return probability(value)
    text = nats(value, 1 if abs(value) >= 1000 else 4)
    if uncertain and column != "cross_entropy" and math.isfinite(value) and row["kl_se"] > 0:
        text += f" ± {nats(row['kl_se'], 4)}"
    return text
