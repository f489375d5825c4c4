"""What a page of calibration says already: parts and cells that are not simulated anew are read from it."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.calibration.samples import standard_error
from benchmarks.calibration.size import FITS

Rows = list[dict[str, Any]]
#: Part → heading of its section.
HEADINGS = {
    "parameters": "Intervals of parameters",
    "levels": "Intervals of KL",
    "size": "Size of tests",
    "sets": "Confidence set",
    "dependence": "Dependence",
    "selection": "Selection",
    "nested": "The truth among families that contain it",
}


def section(page: str, part: str) -> tuple[list[str], list[str]]:
    """Sentences of a part, marked as its own, and the lines of its section."""
    sentences = [line for line in page.splitlines() if line.startswith(f"* <!-- {part} -->")]
    found = re.search(rf"^## {re.escape(HEADINGS[part])}\n.*?(?=\n## |\Z)", page, re.MULTILINE | re.DOTALL)
    return sentences, found.group(0).strip("\n").splitlines() if found else []


def rows_of(page: str, part: str) -> Any:
    """Results of the parts of which single cells may be simulated anew."""
    tables = _tables(section(page, part)[1])
    return _sizes(tables) if part == "size" else _sets(tables[0])


def merged(old: Rows, new: Rows) -> Rows:
    """Rows, those of the same cell replaced; the others are marked as kept."""
    names = ("truth", "a", "b", "family", "n", "test")

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in names)

    fresh = {key(row): row for row in new}
    return [fresh.pop(key(row), row | {"kept": True}) for row in old] + list(fresh.values())


def _tables(lines: list[str]) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = [[]]
    for line in lines:
        if line.startswith("|"):
            if not line.startswith("|---"):
                tables[-1].append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def _sizes(tables: list[list[list[str]]]) -> dict[str, Rows]:
    nested, apart, fits, power = tables
    right = {(law.name, family): good for law, family, good in FITS}
    tests = [
        {"truth": line[0], "family": line[1], "n": int(line[2]), "test": name, "right": right[line[0], line[1]]}
        | {"rejects": _share(cell)}
        for line in fits[1:]
        for name, cell in zip(fits[0][3:], line[3:], strict=True)
        if cell
    ]
    return {
        "nested": [row | {"edge": row.pop("kind") == "boundary"} for row in _pairs(nested)],
        "vuong": _pairs(apart),
        "adequacy": tests,
        "power": _pairs(power),
    }


def _pairs(table: list[list[str]]) -> Rows:
    rows = []
    for truth, a, b, kind, *cells in table[1:]:
        for name, cell in zip(table[0][4:], cells, strict=True):
            row = {"truth": truth, "a": a, "b": b, "kind": kind, "n": int(name.removeprefix("n = "))}
            outer, _, inner = cell.partition(" (")
            rows.append(row | {"rejects": _share(outer)} | ({"pretest": _share(inner)} if inner else {}))
    return rows


def _sets(table: list[list[str]]) -> Rows:
    rows = []
    for truth, best, *cells in table[1:]:
        name, _, number = best.rpartition(" of ")
        for n, cell in zip(table[0][2:], cells, strict=True):
            held, _, size = cell.partition(" (")
            row = {"truth": truth, "best": name, "n": int(n.removeprefix("n = ")), "candidates": int(number)}
            row |= {"held": _share(held), "size": float(size.rstrip(")")), "replicates": 1000}
            rows.append(row | {"held_se": standard_error(_share(held), 1000)})
    return rows


def _share(cell: str) -> float:
    return float(cell.strip("*() ")) / 100.0
