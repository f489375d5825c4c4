"""What a timed program is told and what it tells; runs in its own environment, with numpy and the standard library.

python program.py TASK DATA.npy      imports, reads the data, warms up on the first rows, and says that it is ready;
                                     each line on its input is one timed call, each line `@@{…}` an answer
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

#: Rows of the warm-up: enough for every path of the program, too few to weigh.
WARM = 2000

FAMILIES = [
    "norm", "expon", "gamma", "lognorm", "weibull_min", "logistic", "gumbel_r", "rayleigh", "invgauss", "t",
]  # fmt: skip
POSITIVE = {"expon", "gamma", "lognorm", "weibull_min", "rayleigh", "invgauss"}
COUNTS = ["poisson", "binom", "nbinom", "geom"]
GROUPED = ["poisson", "nbinom", "geom"]


def serve(run: Callable[[str, Any], Any], fits: Callable[[str, Any], list[Any]], prepare: Any = None) -> None:
    """Answer until the input ends.

    Parameters
    ----------
    run
        (task, what is prepared) → result; this alone is timed.
    fits
        (task, result) → ``[name in scipy.stats, parameters]`` of each fit, or its log-likelihood instead; of groups
        `by_family` makes one table of many.
    prepare
        (task, array) → what `run` is given, outside of the time.
    """
    task, path = sys.argv[1:3]
    prepare = prepare or (lambda _, x: x)
    data = np.load(path)
    warm = data[: WARM * (5 if task == "G" else 1)]
    run(task, prepare(task, warm))
    ready = prepare(task, data)
    tell({"ready": True, "megabytes": megabytes()})
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            result = run(task, ready)
        except Exception as error:  # noqa: BLE001 — whatever a program raises is its result
            tell({"error": f"{type(error).__name__}: {error}"[:200]})
            continue
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        tell({"seconds": wall, "cpu": cpu, "megabytes": megabytes(), "fits": fits(task, result)})


def groups_of(table: Any) -> list[Any]:
    """Values of each group of a table (group, value) that is in order."""
    return np.split(table[:, 1], np.flatnonzero(np.diff(table[:, 0])) + 1)


def by_family(results: list[list[Any]]) -> list[Any]:
    """Fits of groups → for each family one ``[name, parameters (groups, p)]``, NaN where a group has none."""
    found = {}
    for g, fits in enumerate(results):
        for name, parameters in fits:
            if name not in found:
                found[name] = np.full((len(results), len(parameters)), np.nan)
            found[name][g] = parameters
    return [[name, table.tolist()] for name, table in found.items()]


def cleaned(fits: list[Any]) -> list[Any]:
    """The fits with plain numbers."""
    return [[name, [float(v) for v in parameters]] for name, parameters in fits]


def megabytes() -> float:
    """Largest memory of this process so far; ``getrusage`` would count what its parent held when it was forked."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 — as short as can be
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(answer: dict[str, Any]) -> None:
    """Print an answer."""
    print("@@" + json.dumps(answer, default=float), flush=True)


def ranked(fits: dict[str, Any], score: dict[str, float]) -> list[tuple[str, float]]:
    """Names by their criterion, the smallest first: what a user of a loop would look at."""
    return sorted(((name, score[name]) for name in fits if math.isfinite(score[name])), key=lambda pair: pair[1])


def names(task: str) -> list[str]:
    """Families of a task, by the names of scipy."""
    return FAMILIES if task[0] == "C" else GROUPED if task == "G" else COUNTS
