"""Parts of a run that are finished, as files in a hidden folder beside the report: what an interrupted run leaves.

Each part is one Parquet file, named by all that its numbers depend on and moved into place when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelselect.errors import ConfigurationError
from modelselect.experiment.engines import versions
from modelselect.grouped import Grouped
from modelselect.ranking.group_parts import Part, Plan
from modelselect.reporting.tables import jsonable
from modelselect.reporting.writers import write_parquet

_ARRAYS = ("n", "entropy", "in_sample", "p_value")


class Finished:
    """The finished parts of the run whose report goes into a folder.

    Parameters
    ----------
    report
        The folder of the report.
    resume
        Whether what an earlier run has left is used; otherwise it is thrown away.
    """

    def __init__(self, report: Path, *, resume: bool) -> None:
        place = report.resolve()
        self.folder = place.with_name(f".{place.name[:80]}.parts")
        if not resume:
            self.clear()

    def clear(self) -> None:
        """Throw away all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name: str, part: Part) -> None:
        """Keep a part.

        Raises
        ------
        ConfigurationError
            The folder cannot be written.
        """
        columns: dict[str, Any] = {array: getattr(part, array) for array in _ARRAYS}
        for j in range(part.log_likelihood.shape[1]):
            columns |= {f"log_likelihood_{j}": part.log_likelihood[:, j], f"status_{j}": part.status[:, j]}
        for j, estimates in enumerate(part.estimates.values()):
            columns |= {f"estimate_{j}_{i}": estimates[:, i] for i in range(estimates.shape[1])}
        reasons = [[*what, *count] for what, count in part.reasons.items()]
        columns["reasons"] = json.dumps(reasons, ensure_ascii=False)
        beside = self.folder / f"{name}.{os.getpid()}.writing"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_parquet(pd.DataFrame(columns), beside)
            beside.replace(self.folder / f"{name}.parquet")
        except OSError as error:
            raise ConfigurationError(f"output: cannot write {self.folder}: {error.strerror or error}") from error

    def has(self, name: str) -> bool:
        """Whether a part is there."""
        return (self.folder / f"{name}.parquet").is_file()

    def read(self, name: str, plan: Plan, data: Grouped) -> Part:
        """Return a part that was kept."""
        import duckdb

        with duckdb.connect(":memory:") as connection:
            frame = connection.read_parquet(str(self.folder / f"{name}.parquet")).df()

        def columns(*names: str) -> Any:
            return frame[list(names)].to_numpy(dtype=float, na_value=np.nan).copy()

        places = range(len(plan.candidates))
        estimates = {
            candidate.label: columns(*(f"estimate_{j}_{i}" for i in range(len(law.parameters))))
            for j, (candidate, law) in enumerate(zip(plan.candidates, plan.laws, strict=True))
        }
        reasons = {(j, status, text): (n, first) for j, status, text, n, first in json.loads(frame["reasons"].iloc[0])}
        return Part(
            data,
            log_likelihood=columns(*(f"log_likelihood_{j}" for j in places)),
            status=columns(*(f"status_{j}" for j in places)).astype(np.int8),
            estimates=estimates,
            reasons=reasons,
            **{array: columns(array)[:, 0] for array in _ARRAYS},
        )


def name_of(plan: Plan, candidates: Any, data: str) -> str:
    """Name a part by what its numbers depend on: candidates, tests, seed, versions, and the fingerprint of its data."""
    laws = [[candidate.label, law.name] for candidate, law in zip(plan.candidates, plan.laws, strict=True)]
    what = [jsonable(candidates), laws, plan.tests, plan.seed, versions(), data]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:40]
