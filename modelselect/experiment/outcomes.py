"""What running an experiment gives: a report on one sample or on groups, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from modelselect.errors import ModelSelectError, NothingFittedError
from modelselect.ranking.groups import GroupRanking
from modelselect.ranking.result import Ranking
from modelselect.reporting.groups import verdict
from modelselect.reporting.page import ProfileCurve, Studies
from modelselect.reporting.tables import jsonable

#: Rows of the best that are given as JSON; all are in the files.
_MOST_AS_JSON = 1_000


@dataclass(frozen=True, eq=False)
class Report:
    """What running an experiment gave.

    Attributes
    ----------
    name
        The experiment's name.
    ranking
        The candidates, best first.
    profiles
        KL over a parameter, as the experiment asked for: candidate, parameter, frame, and where it is smallest.
    tables
        ``ranking``, ``parameters``, ``comparisons`` and ``ledger`` as they are written, and one frame a profile.
    source
        Where the data came from, in words.
    notes
        What was recognised or assumed.
    manifest
        Versions, fingerprint of the data, seed, status of each candidate.
    path
        The folder of the report; None if nothing was written.
    studies
        What was asked beyond the ranking.
    """

    name: str
    ranking: Ranking
    profiles: tuple[ProfileCurve, ...]
    tables: dict[str, pd.DataFrame]
    source: str
    notes: tuple[str, ...]
    manifest: dict[str, Any]
    path: Path | None
    studies: Studies = field(default_factory=Studies)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON, every digit kept: NaN is null, infinities are "inf" and "-inf"."""
        ranking = self.ranking
        plain = {
            "name": self.name,
            "source": self.source,
            "notes": self.notes,
            "unit": ranking.unit,
            "n": ranking.sample.n,
            "criterion": ranking.by,
            "footing": ranking.footing,
            "verdict": ranking.verdict,
            "entropy": vars(ranking.entropy),
            "ranking": ranking.table.reset_index().to_dict("records"),
            "comparisons": ranking.comparisons.to_dict("records"),
            "ledger": ranking.ledger.to_dict("records"),
            **{name: frame.to_dict("records") for name, frame in self.studies.frames().items()},
            "profiles": [
                {"candidate": c.candidate, "parameter": c.parameter, "at": c.at, "kl": c.kl} for c in self.profiles
            ],
            "manifest": self.manifest,
            "report": None if self.path is None else str(self.path),
        }
        return {key: jsonable(value) for key, value in plain.items()}


@dataclass(frozen=True, eq=False)
class GroupReport:
    """What running an experiment on groups of rows gave.

    Attributes
    ----------
    name
        The experiment's name.
    groups
        The candidates ranked in every group.
    tables
        ``table``, ``best``, ``parameters``, ``pooled`` and ``ledger`` as they are written.
    source
        Where the data came from, in words.
    notes
        What was recognised or assumed.
    manifest
        Versions, fingerprint of the data, seed.
    path
        The folder of the report; None if nothing was written.
    """

    name: str
    groups: GroupRanking
    tables: dict[str, pd.DataFrame]
    source: str
    notes: tuple[str, ...]
    manifest: dict[str, Any]
    path: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Everything but the long tables as plain data for JSON; of ``best`` the first thousand groups."""
        groups = self.groups
        plain = {
            "name": self.name,
            "source": self.source,
            "notes": self.notes,
            "unit": groups.unit,
            "n": float(groups.n.sum()),
            "groups": len(groups),
            "criterion": groups.by,
            "verdict": verdict(groups),
            "pooled": self.tables["pooled"].to_dict("records"),
            "best": self.tables["best"].head(_MOST_AS_JSON).to_dict("records"),
            "ledger": self.tables["ledger"].to_dict("records"),
            "manifest": self.manifest,
            "report": None if self.path is None else str(self.path),
        }
        return {key: jsonable(value) for key, value in plain.items()}


#: What comes of an experiment, of one sample or of groups.
Outcome: TypeAlias = Report | GroupReport


@dataclass(frozen=True, eq=False)
class Failure:
    """An experiment that could not be run, and why."""

    name: str
    error: ModelSelectError

    @property
    def ledger(self) -> pd.DataFrame | None:
        """Why no candidate could be fitted, if that was it."""
        ledger = self.error.ledger if isinstance(self.error, NothingFittedError) else None
        return ledger if isinstance(ledger, pd.DataFrame) else None

    def to_dict(self) -> dict[str, Any]:
        """The name, the error in a sentence, and the ledger, as plain data."""
        ledger = self.ledger
        records = [] if ledger is None else ledger.to_dict("records")
        return {"name": self.name, "error": str(self.error), "ledger": records}
