"""What a peer is told and what it tells: samples as .npz on the way in, one JSON line a sample on the way out.

Runs in the peer's own environment: the standard library and numpy only.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

#: Seconds that the fits of one sample may take.
LIMIT = 30
SIZES = (50, 100, 200, 500, 1000, 5000)
#: Some search the size of a binomial law for minutes where n is larger.
SIZES_OF_COUNTS = (50, 200, 1000)


class TooLongError(Exception):
    """A sample was given up."""


def stop(*_: Any) -> None:
    raise TooLongError(f"stopped after {LIMIT} s")


def choose_all(choose: Callable[[Any, bool], dict[str, Any]], *, counts: bool) -> None:
    """Ask for the best family of each sample, by each criterion: argv is the file, the truths, and the seconds.

    Densities get three quarters of the time and counts the rest, each n the same share of that; within it the
    replicates of all truths take turns.
    """
    file, truths, budget = np.load(sys.argv[1]), json.loads(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGALRM, stop)
    cells = [(*key.split("|"), key) for key in file.files]  # kind, truth, n
    kinds = {"continuous": SIZES, "counts": SIZES_OF_COUNTS} if counts else {"continuous": SIZES}
    there = sorted({(kind, int(n)) for kind, _, n, _ in cells})
    groups = [(kind, n) for kind, n in there if n in kinds.get(kind, ())]
    for kind, n in groups:
        x = {truth: file[key] for what, truth, m, key in cells if what == kind and int(m) == n and truth in truths}
        share = 1.0 if not counts else 0.75 if kind == "continuous" else 0.25
        end = time.perf_counter() + budget * share / sum(what == kind for what, _ in groups)
        for rep in range(max((len(rows) for rows in x.values()), default=0)):
            if rep > 1 and time.perf_counter() > end:
                break
            for truth, rows in x.items():
                line: dict[str, Any] = {"kind": kind, "truth": truth, "n": n, "replicate": rep}
                started = time.perf_counter()
                signal.alarm(LIMIT)
                try:
                    values = rows[rep].astype(int) if kind == "counts" else rows[rep]
                    line["best"] = choose(values, kind == "counts")
                except Exception as error:  # noqa: BLE001 — whatever a peer raises is its result
                    line["error"] = f"{type(error).__name__}: {error}"[:200]
                finally:
                    signal.alarm(0)
                line["seconds"] = round(time.perf_counter() - started, 4)
                print("@@" + json.dumps(line), flush=True)
