"""One large CSV file on one worker of a Dask cluster and on two: seconds, and whether the numbers are the same.

Beside the seconds stands the critical path: the processor seconds of this process and of the busiest worker. Where
other programs use the cores too, two workers may get no more of them than one; the path is as short all the same.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

CANDIDATES = ["gamma", "weibull", "log_logistic", "student_t"]


def measure(groups: int, size: int, rounds: int) -> dict[str, Any]:
    """Run the same experiment on both clusters in turn; both have warmed up on some groups."""
    from modelselect.experiment.engines import Local, started
    from modelselect.experiment.partitions import partitions
    from modelselect.experiment.requests import Engine
    from modelselect.experiment.run import Experiment, run

    rng = np.random.default_rng(20261120)
    frame = pd.DataFrame({"group": np.repeat(np.arange(groups), size), "value": rng.gamma(2.3, 1.7, groups * size)})
    with TemporaryDirectory() as folder:
        path = Path(folder, "large.csv")
        frame.sample(frac=1, random_state=0).to_csv(path, index=False)
        data = {"csv": str(path), "column": "value", "by": "group", "resolution": None}
        experiment = Experiment(name="workers", data=data, candidates=CANDIDATES)
        result: dict[str, Any] = {"groups": groups, "size": size, "megabytes": path.stat().st_size / 1e6}
        result["families"] = ", ".join(CANDIDATES)
        result["pieces"] = len(partitions(experiment))
        here = run(experiment, engine=Local()).groups.table
        taken: dict[int, list[float]] = {1: [], 2: []}
        path: dict[int, list[float]] = {1: [], 2: []}
        worst = 0.0
        with (
            started(Engine(type="dask", workers=1)) as one,
            started(Engine(type="dask", workers=2)) as two,
        ):
            some = Experiment(name="some", data={**data, "where": '"group" < 100'}, candidates=CANDIDATES)
            for engine in (one, two):
                run(some, engine=engine)
            for _ in range(rounds):
                for workers, engine in ((1, one), (2, two)):
                    here_before, before, begun = time.process_time(), _processors(engine), time.perf_counter()
                    there = run(experiment, engine=engine).groups.table
                    taken[workers].append(time.perf_counter() - begun)
                    used = [after - before[name] for name, after in _processors(engine).items()]
                    path[workers].append(time.process_time() - here_before + max(used))
                    worst = max(worst, _difference(here, there))
    ratios = [a / b for a, b in zip(taken[1], taken[2], strict=True)]
    result |= {"one": statistics.median(taken[1]), "two": statistics.median(taken[2])}
    result |= {"path_one": statistics.median(path[1]), "path_two": statistics.median(path[2])}
    result |= {"ratio": statistics.median(ratios), "least": min(ratios), "difference": worst, "rounds": rounds}
    print("workers", json.dumps(result), flush=True)
    return result


def _processors(engine: Any) -> dict[str, float]:
    """Processor seconds that each worker has used so far."""
    return dict(engine._client.run(time.process_time))


def _difference(here: pd.DataFrame, there: pd.DataFrame) -> float:
    """Largest relative difference of any number of two tables."""
    worst = 0.0
    for name in here.columns:
        if here[name].dtype.kind == "f":
            a, b = here[name].to_numpy(), there[name].to_numpy()
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            worst = max(worst, float(np.max(np.where(same, 0.0, np.abs(a - b) / np.maximum(np.abs(a), 1e-300)))))
        else:
            assert (here[name].astype(str) == there[name].astype(str)).all(), name
    return worst
