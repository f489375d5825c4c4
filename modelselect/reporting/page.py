"""What a report is made from: the page, its profiles, its pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from modelselect.ranking.groups import GroupRanking
    from modelselect.ranking.result import Ranking


@dataclass(frozen=True, eq=False)
class ProfileCurve:
    """KL of a candidate as a function of one of its parameters.

    Attributes
    ----------
    candidate, parameter
        The candidate's label and the parameter's name.
    frame
        As `modelselect.profile` returns it: the parameter, kl, log_likelihood, status.
    at, kl
        The estimate and the KL there, which is the minimum.
    """

    candidate: str
    parameter: str
    frame: pd.DataFrame
    at: float
    kl: float


@dataclass(frozen=True, eq=False)
class Studies:
    """What was asked beyond the ranking, each a table with one row a candidate (of adequacy one a test); None: not.

    Attributes
    ----------
    adequacy
        As `Ranking.adequacy` returns it.
    bootstrap
        As the table of `Ranking.bootstrap`.
    stacking
        As `Ranking.stacking` returns it, as a column.
    """

    adequacy: pd.DataFrame | None = None
    bootstrap: pd.DataFrame | None = None
    stacking: pd.DataFrame | None = None

    def frames(self) -> dict[str, pd.DataFrame]:
        """Those that there are, by name, the candidates as a column."""
        return {name: frame.reset_index() for name, frame in vars(self).items() if frame is not None}


@dataclass(frozen=True, eq=False)
class Page:
    """Everything a report says.

    Attributes
    ----------
    name, title
        Name of the experiment, and its title if it has one.
    ranking, profiles
        The results.
    experiment_yaml
        The experiment as resolved; empty if there was no file.
    manifest
        Versions, seed, data fingerprint, statuses: what is needed to get the same numbers again.
    source
        A sentence on where the data came from.
    studies
        What was asked beyond the ranking.
    """

    name: str
    title: str | None
    ranking: Ranking
    profiles: tuple[ProfileCurve, ...]
    experiment_yaml: str
    manifest: dict[str, Any]
    source: str
    studies: Studies = field(default_factory=Studies)


@dataclass(frozen=True, eq=False)
class GroupPage:
    """Everything a report on groups says; the fields are those of `Page`.

    Attributes
    ----------
    groups
        The candidates ranked in every group.
    notes
        What was recognised or assumed.
    """

    name: str
    title: str | None
    groups: GroupRanking
    experiment_yaml: str
    manifest: dict[str, Any]
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, its file name, what it shows in a sentence (also its alternative text), and how to read it."""

    name: str
    figure: Any
    title: str
    note: str


def file_names(profiles: tuple[ProfileCurve, ...]) -> list[str]:
    """Return a file name for each profile: lower-case, safe on every file system, all different.

    Examples
    --------
    >>> curve = ProfileCurve("binomial(n=10)", "p", None, 0.5, 0.4)
    >>> file_names((curve, curve))
    ['profile-binomial-n-10-p', 'profile-binomial-n-10-p-2']
    """
    names: list[str] = []
    for curve in profiles:
        parts = (
            re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:40] for text in (curve.candidate, curve.parameter)
        )
        name = base = "-".join(["profile", *filter(None, parts)])
        again = 1
        while name in names:
            again += 1
            name = f"{base}-{again}"
        names.append(name)
    return names
