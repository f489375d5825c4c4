"""Where reports go: names of folders, and whether they can be written."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelselect.errors import ConfigurationError
from modelselect.reporting.writers import check_folder

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment

#: Where reports go if nobody says it: a folder of the current one.
REPORTS = Path("reports")


def slug(name: str) -> str:
    """Name of a folder: of a–z, 0–9, dot, dash and underscore, at most 80 characters.

    Examples
    --------
    >>> slug("Größe, in cm (Übung 1)"), slug("../../etc"), slug("日本")
    ('grosse-in-cm-ubung-1', 'etc', 'experiment')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")[:80].rstrip("-._") or "experiment"


def output_folders(experiments: Sequence[Experiment], output: str | Path | None = None) -> list[Path]:
    """Where each report goes: one into ``output`` itself, several into ``output/<slug>``.

    Without ``output`` each goes into ``reports/<slug>`` of the current folder.

    Raises
    ------
    ConfigurationError
        Two would write into the same folder, or a folder cannot be written.
    """
    if output is not None and len(experiments) == 1:
        folders = [Path(output)]
    else:
        folders = [(REPORTS if output is None else Path(output)) / slug(e.name) for e in experiments]
    owners: dict[Path, Experiment] = {}
    for folder, experiment in zip(folders, experiments, strict=True):
        if folder in owners:
            names = f"'{owners[folder].name}' and '{experiment.name}'"
            place = experiment.place("name")
            sentence = f"the experiments {names} would both write into {folder}, expected distinct names"
            raise ConfigurationError(f"{place}: name: {sentence}" if place else sentence)
        owners[folder] = experiment
        check_writable(folder)
    return folders


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made, before anything is run."""
    if folder.exists() and not folder.is_dir():
        raise unwritable(folder, "it is a file")
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise unwritable(folder, f"{above} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise unwritable(folder, f"no permission to write into {above}")
    check_folder(folder)


def unwritable(folder: Path, reason: str) -> ConfigurationError:
    """Make the error about a folder that cannot be written."""
    return ConfigurationError(f"output: the folder {folder} cannot be written: {reason}")
