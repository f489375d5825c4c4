"""The same work by two programs in turn: ours, theirs, ours, theirs …"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.environments import PACKAGES, environment
from benchmarks.speed.tasks import PART, QUOTED, TASKS, write

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[2]
#: Rounds of a pair at most.
ROUNDS = 9
FREE_LOCATION = {"fitter", "distfit"}


class Worker:
    """A program in a process of its own, ready to do its task once for each line it is sent."""

    def __init__(self, command: Sequence[str], folder: Path, limit: float) -> None:
        self.limit = limit
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 — lives as long as the worker
        path = os.pathsep.join([str(PROGRAMS), str(ROOT)])
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )  # fmt: skip
        self.ready = self._answer()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.errors.close()

    def call(self) -> dict[str, Any]:
        """One timed call."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        timer = threading.Timer(self.limit, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith("@@"):
                    return dict(json.loads(line[2:]))
        finally:
            timer.cancel()
        self.errors.seek(0)
        said = self.errors.read().strip().splitlines()
        return {"error": said[-1][:200] if said else f"stopped after {self.limit:.0f} s"}


def run(
    tasks: Sequence[str], peers: Sequence[str], home: Path, budget: float, enough: float = 15.0
) -> list[dict[str, Any]]:
    """Each task with each of its peers, a row a pair; rounds end after `enough` seconds, slow peers are quoted."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        for task in tasks:
            for peer in (p for p in TASKS[task].peers if p in peers):
                rows.append(pair(task, peer, home, folder, budget, enough))
                print(json.dumps({k: v for k, v in rows[-1].items() if k != "shortfall"}), flush=True)
    return rows


def pair(task: str, peer: str, home: Path, folder: Path, budget: float, enough: float) -> dict[str, Any]:
    """Time ours and a peer's in turn, and compare what they reach."""
    command = [sys.executable, str(PROGRAMS / "ours.py"), task, str(folder / f"{task}.npy")]
    row: dict[str, Any] = {"task": task, "peer": peer}
    quoted, share = QUOTED.get((peer, task), 0.0), PART.get((peer, task), 1.0)
    theirs_runs = command_of(peer, task, home, folder) if quoted * share <= budget else None
    if theirs_runs is None:
        with Worker(command, folder, budget) as ours:
            mine = [ours.call() for _ in range(3)]
        return {**row, "quoted": quoted, **_summary("ours", mine)}
    with Worker(command, folder, 10 * budget) as ours, Worker(theirs_runs, folder, 4 * budget) as theirs:
        if "error" in theirs.ready:
            return {**row, "error": theirs.ready["error"], **_summary("ours", [ours.call() for _ in range(3)])}
        mine = [ours.call()]
        other: list[dict[str, Any]] = []
        while _again([answer["seconds"] for answer in other], budget, enough):
            other.append(theirs.call())
            mine.append(ours.call())
            if "error" in other[-1]:
                return {**row, "error": other[-1]["error"], **_summary("ours", mine)}
    for answer in other:
        answer["seconds"] /= share
    beside = [(a["seconds"] + b["seconds"]) / 2 for a, b in pairwise(mine)]  # before and after each of theirs
    ratios = [answer["seconds"] / ours_then for answer, ours_then in zip(other, beside, strict=True)]
    row |= {"rounds": len(ratios), "ratio": statistics.median(ratios), "least": min(ratios), "part": share < 1}
    row["shortfall"] = shortfalls(task, dict(mine[0]["fits"]), other[0]["fits"], folder, peer, share)
    return {**row, **_summary("ours", mine), **_summary("theirs", other)}


def command_of(peer: str, task: str, home: Path, folder: Path) -> list[str] | None:
    """How a peer is started; nothing where R is not installed."""
    if peer in PACKAGES:
        return [str(environment(peer, home)), str(PROGRAMS / f"{peer}_loop.py"), task, str(folder / f"{task}.npy")]
    if shutil.which("Rscript") is None:
        return None
    return ["Rscript", "--vanilla", str(PROGRAMS / f"{peer}_loop.R"), task, str(folder / f"{task}.txt")]


def shortfalls(
    task: str, ours: dict[str, float], theirs: list[Any], folder: Path, peer: str, share: float
) -> dict[str, float]:
    """By how many nats a peer's estimates fall short of ours, by scipy's densities; infinite where they exclude data.

    Not of families with another location: those are other models. Of part of the groups nothing is said.
    """
    if share < 1:
        return {}
    x = np.load(folder / f"{task}.npy")
    found = {}
    for name, parameters in theirs:
        if peer in FREE_LOCATION and name not in {"norm", "logistic", "gumbel_r", "t"}:
            continue
        if (peer, name) == ("phitter", "rayleigh") or (name == "geom" and task != "G" and parameters[-1] != -1):
            continue
        if name in ours:
            found[name] = ours[name] - level(name, parameters, x, grouped=task == "G")
    return {name: value for name, value in found.items() if not np.isnan(value)}


def level(name: str, parameters: Any, x: Any, *, grouped: bool) -> float:
    """Log-likelihood by scipy: of counts from their table, of groups with a row of parameters each."""
    law = getattr(st, name)
    with np.errstate(all="ignore"):
        if grouped:
            rows = np.array(parameters, dtype=float)
            if rows[0, -1] != -1 and name == "geom":
                return float("nan")
            return float(law.logpmf(x[:, 1], *rows[x[:, 0]].T).sum())
        if hasattr(law, "logpdf"):
            return float(law.logpdf(x, *parameters).sum())
        values, counts = np.unique(x, return_counts=True)
        return float(counts @ law.logpmf(values, *parameters))


def _again(taken: list[float], budget: float, enough: float) -> bool:
    """Whether there is a further round: three at least, of the very slow one."""
    if len(taken) < 3:
        return not taken or taken[0] < budget / 2
    return len(taken) < ROUNDS and sum(taken) < enough


def _summary(who: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        f"{who}_seconds": statistics.median(a["seconds"] for a in answers),
        f"{who}_megabytes": max(a["megabytes"] for a in answers),
    }
