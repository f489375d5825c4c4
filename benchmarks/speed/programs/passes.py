"""One measurement of ours in a process of its own: ``passes.py numbers N``, ``… groups N``, ``… resamples B``.

Prints one line as `protocol` does. `memory` is what the process grew by, in multiples of the data, the data included.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ours import OURS
from protocol import FAMILIES, GROUPED, megabytes, tell

import modelselect as ms

TEN = [OURS[name] for name in FAMILIES]
THREE = [OURS[name] for name in GROUPED]
SEED = 20261120


def seconds(call: Callable[[], Any], enough: float = 2.0, most: int = 7) -> float:
    """Median time of a call, of as many as fit into `enough` seconds."""
    taken: list[float] = []
    while not taken or (len(taken) < most and sum(taken) < enough):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def numbers(n: int) -> dict[str, Any]:
    """Rank ten families on n gamma draws; beside it passes over the same array."""
    rng = np.random.default_rng(SEED)
    rank = lambda x, candidates: ms.rank(ms.Sample(x, resolution=None), candidates).table  # noqa: E731
    core = core_continuous()
    for candidates in (TEN, core):
        rank(rng.gamma(2.3, 1.7, 2000), candidates)
    before = megabytes()
    x = rng.gamma(2.3, 1.7, n)
    answer: dict[str, Any] = {
        "seconds": seconds(lambda: rank(x, TEN)),
        "memory": (megabytes() - before) * 2**20 / x.nbytes,
    }
    if n >= 1_000_000:
        answer["shares"] = shares(lambda: rank(x, TEN))
    if n <= 10_000_000:
        answer |= {"core": seconds(lambda: rank(x, core)), "core_families": len(core)}
        answer["core_memory"] = (megabytes() - before) * 2**20 / x.nbytes
    kept = np.empty_like(x)
    answer |= {
        "sort": seconds(lambda: np.sort(x)),
        "log": seconds(lambda: np.log(x, out=kept).sum()),
        "sum": seconds(lambda: x.sum()),
    }
    return answer


def shares(call: Callable[[], Any]) -> dict[str, float]:
    """Parts of the time of a ranking that its steps take, by a profile."""
    steps = {
        "fits": ("footing.py", "fit_on_footing"),
        "compared": ("ranker.py", "assemble"),
        "read": ("sample.py", "__init__"),
        "densities": ("formulas.py", "function"),
    }
    profile = cProfile.Profile()
    profile.runcall(call)
    found = pstats.Stats(profile)
    total: float = found.total_tt  # type: ignore[attr-defined]
    times = {(Path(file).name, name): row[3] for (file, _, name), row in found.stats.items()}  # type: ignore[attr-defined]
    return {step: times[where] / total for step, where in steps.items()}


def core_continuous() -> list[str]:
    """The usual densities."""
    listed = ms.families()
    densities = ~listed["discrete"] & listed["core"] & (listed["group"] != "circle")
    return list(listed.index[densities.to_numpy(dtype=bool)])


def groups(n: int) -> dict[str, float]:
    """Rank three families of counts in each of n groups of 100; beside it the grouping of the same table alone."""
    rng = np.random.default_rng(SEED)
    frame = table(rng, 20)
    rank = lambda frame: ms.rank_groups(frame, "group", "value", candidates=THREE).best  # noqa: E731
    rank(frame)
    before = megabytes()
    frame = table(rng, n)
    held = float(frame.memory_usage(index=False).sum())
    answer = {"seconds": seconds(lambda: rank(frame)), "memory": (megabytes() - before) * 2**20 / held}
    answer["grouping"] = seconds(lambda: frame.groupby(["group", "value"]).size())
    return answer


def table(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """A table of n groups of 100 counts."""
    size, chance = rng.uniform(1.0, 8.0, n), rng.uniform(0.2, 0.7, n)
    counts = rng.negative_binomial(np.repeat(size, 100), np.repeat(chance, 100))
    return pd.DataFrame({"group": np.repeat(np.arange(n), 100), "value": counts})


def resamples(count: int) -> dict[str, Any]:
    """Refit 1000 gamma draws `count` times, each of ten families; and scipy's fits of 20 samples, for as many."""
    import warnings

    import scipy.stats as st
    from protocol import POSITIVE

    warnings.simplefilter("ignore")
    x = np.random.default_rng(SEED).gamma(2.3, 1.7, 1000)
    rows = {}
    for name in FAMILIES:
        fit, law, rng = (
            ms.fit(OURS[name], ms.Sample(x, resolution=None)),
            getattr(st, name),
            np.random.default_rng(SEED),
        )
        fit.bootstrap(9, SEED)
        ours = seconds(lambda fit=fit: fit.bootstrap(count, SEED), 1.0, 3)
        start = time.perf_counter()
        for _ in range(20):
            law.fit(rng.choice(x, x.size), **({"floc": 0} if name in POSITIVE else {}))
        rows[OURS[name]] = {"ours": ours, "scipy": (time.perf_counter() - start) * count / 20}
    return rows


if __name__ == "__main__":
    tell({"numbers": numbers, "groups": groups, "resamples": resamples}[sys.argv[1]](int(sys.argv[2])))
