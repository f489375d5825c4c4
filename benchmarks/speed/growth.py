"""Ours alone: how time and memory grow with n and with groups, resamples, and what an import costs."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.speed.side_by_side import PROGRAMS, ROOT

STARTS = {
    "`python -c pass`": ["-c", "pass"],
    "`import modelselect`": ["-c", "import modelselect"],
    "`from modelselect import rank`": ["-c", "from modelselect import rank"],
    "`modelselect --version`": ["-m", "modelselect", "--version"],
    "`import numpy, scipy.special`": ["-c", "import numpy, scipy.special"],
    "`import pandas, scipy.special`": ["-c", "import pandas, scipy.special"],
    "`import scipy.stats`": ["-c", "import scipy.stats"],
}


def measure(what: str, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """A process for each size; see ``programs/passes.py``."""
    rows = []
    for n in sizes:
        done = _python([str(PROGRAMS / "passes.py"), what, str(n)])
        answer = next(json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@"))
        rows.append({"n": n, **answer})
        print(what, json.dumps(rows[-1]), flush=True)
    return rows


def resamples(count: int) -> dict[str, Any]:
    """Refits of each family, ours and scipy's."""
    (row,) = measure("resamples", [count])
    return {name: value for name, value in row.items() if name != "n"}


def starts(rounds: int) -> dict[str, Any]:
    """Seconds of fresh processes in turn, medians; and which packages an import spends its time in."""
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds + 1):
        for name, arguments in STARTS.items():
            begun = time.perf_counter()
            _python(arguments)
            taken[name].append(time.perf_counter() - begun)
    seconds = {name: statistics.median(values[1:]) for name, values in taken.items()}  # the first fills the caches
    print("starts", json.dumps(seconds), flush=True)
    return {
        "seconds": seconds,
        "spent": {name: _spent(name) for name in ("import modelselect", "from modelselect import rank")},
    }


def _spent(statement: str) -> dict[str, float]:
    """Milliseconds that each package takes for itself, by ``python -X importtime``."""
    total: dict[str, float] = defaultdict(float)
    for line in _python(["-X", "importtime", "-c", statement]).stderr.splitlines():
        if found := re.match(r"import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)", line):
            package = found[2].partition(".")[0]
            total[package if package in {"modelselect", "numpy", "scipy", "pandas"} else "others"] += (
                int(found[1]) / 1e3
            )
    return dict(total)


def _python(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(PROGRAMS)])
    # what is installed has been compiled: without this every import of ours compiles anew where it is set
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "PYTHONPATH": path},
    )
