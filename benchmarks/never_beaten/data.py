"""The data sets that everybody fits: the reference cases of the tests, and larger files where a folder is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parents[2] / "tests" / "reference"

#: Columns of the larger files (Rdatasets; see the folder's own README) and whether they are counts.
LARGER = (
    ("danish.csv", "dat", False),
    ("AutoClaims.csv", "PAID", False),
    ("diamonds.csv", "carat", False),
    ("diamonds.csv", "price", False),
    ("nycflights.csv", "air_time", False),
    ("weather.csv", "humid", False),
    ("quine.csv", "Days", True),
    ("DoctorVisits.csv", "visits", True),
    ("bioChemists.csv", "art", True),
    ("ClaimsLong.csv", "numclaims", True),
)
#: Rows of a larger file that are used: every k-th of them, so that the slow peers come to an end.
MOST = 5000


@dataclass(frozen=True)
class Data:
    """A named sample: exact real numbers, or counts."""

    name: str
    values: np.ndarray[Any, np.dtype[np.float64]]
    counts: bool


def reference() -> list[Data]:
    """The samples of ``tests/reference``."""
    found = []
    for file, counts in (("continuous", False), ("discrete", True)):
        for case in json.loads((REFERENCE / f"{file}.json").read_text(encoding="utf-8"))["cases"]:
            if "value_counts" in case:
                value, count = np.array(case["value_counts"], dtype=float).T
                values = np.repeat(value, count.astype(int))
            else:
                values = np.array(case["values"], dtype=float)
            found.append(Data(case["name"], values, counts))
    return found


def larger(folder: Path) -> list[Data]:
    """Columns of the larger files that lie in a folder."""
    found = []
    for file, column, counts in LARGER:
        path = folder / file
        frame = pd.read_csv(path)
        name = next((c for c in frame.columns if c.lower() == column.lower()), None)
        if name is None:
            raise KeyError(f"{path}: no column {column}; it has {', '.join(frame.columns)}")
        values = frame[name].dropna().to_numpy(dtype=float)
        found.append(Data(f"{path.stem}.{column}", values[:: max(1, len(values) // MOST)], counts))
    return found
