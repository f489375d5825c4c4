"""Files of a report: written into a temporary folder, then moved into place, so that an earlier one stays whole.

    ranking, parameters, comparisons, ledger      .csv and .parquet, every digit
    adequacy, bootstrap, stacking                 likewise, if they were asked for
    profile-<candidate>-<parameter>.csv
    table, best, parameters, pooled, ledger       likewise, where the rows are grouped
    report.html  report.md  figures/*.svg *.png
    experiment.yaml  manifest.json

A folder is replaced only if its manifest says that it is a report of ours; files that somebody has put beside
ours are kept.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from modelselect.errors import ConfigurationError
from modelselect.reporting.groups import group_frames
from modelselect.reporting.page import GroupPage, Page, Picture, ProfileCurve, Studies, file_names
from modelselect.reporting.tables import csv_bytes, frames, jsonable

__all__ = ["FORMATS", "Page", "ProfileCurve", "Studies", "write_report"]

FORMATS = ("csv", "parquet", "markdown", "html")
_MANIFEST = "manifest.json"
_MAKER = "modelselect"


def write_report(
    page: Page | GroupPage, folder: Path, *, formats: Sequence[str] = ("csv", "markdown", "html"), figures: bool = True
) -> Path:
    """Write a report and return its folder.

    Parameters
    ----------
    page
        What the report says.
    folder
        Where to; made if it does not exist. An earlier report there is replaced once the new one is complete.
    formats
        Any of csv, parquet, markdown, html.
    figures
        Whether to draw figures: as SVG and PNG files, and inside the HTML page.

    Raises
    ------
    ConfigurationError
        An unknown format, a missing optional package, a folder that holds something else than a report of
        ours, or one that cannot be written. Whatever was there before is there still.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ConfigurationError(f"report: unknown format {unknown[0]!r}; expected any of {', '.join(FORMATS)}")
    folder = Path(folder)
    place = check_folder(folder)
    mark = secrets.token_hex(4)
    # short names: the folder's own may already be as long as a name can be
    new, old = place.with_name(f".{place.name[:80]}.{mark}.new"), place.with_name(f".{place.name[:80]}.{mark}.old")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir()
        files = _write_files(page, new, formats, figures)
        _keep_foreign(place, new, files)
        _swap(new, place, old)
    except OSError as error:
        raise ConfigurationError(f"report: cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return folder


# -- files -------------------------------------------------------------------------------------------------------------


def _write_files(page: Page | GroupPage, folder: Path, formats: Sequence[str], figures: bool) -> list[str]:
    files: dict[str, bytes] = {}
    tables = _tables(page)
    if "csv" in formats:
        files |= {f"{name}.csv": csv_bytes(frame) for name, frame in tables.items()}
    if "parquet" in formats:
        for name, frame in tables.items():
            write_parquet(frame, folder / f"{name}.parquet")
            files[f"{name}.parquet"] = (folder / f"{name}.parquet").read_bytes()
    drawn: list[Picture] = []
    svgs: dict[str, str] = {}
    if figures:
        from modelselect.reporting import canvas

        drawn = _pictures(page)
        for picture in drawn:
            svgs[picture.name] = canvas.svg(picture.figure)
            files[f"figures/{picture.name}.svg"] = svgs[picture.name].encode("utf-8", "replace")
            files[f"figures/{picture.name}.png"] = canvas.png(picture.figure)
    if page.experiment_yaml:
        files["experiment.yaml"] = page.experiment_yaml.encode("utf-8", "replace")
    pages = [
        name for name, wanted in (("report.md", "markdown" in formats), ("report.html", "html" in formats)) if wanted
    ]
    names = sorted([*files, *pages, _MANIFEST])
    if pages:
        from modelselect.reporting.html import render_html, render_markdown

        if "markdown" in formats:
            files["report.md"] = render_markdown(page, drawn, names).encode("utf-8", "replace")
        if "html" in formats:
            files["report.html"] = render_html(page, drawn, svgs, names).encode("utf-8", "replace")
    files[_MANIFEST] = _manifest(page.manifest, names)
    if figures:
        (folder / "figures").mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return names


def _tables(page: Page | GroupPage) -> dict[str, pd.DataFrame]:
    if isinstance(page, GroupPage):
        return group_frames(page.groups)
    curves = dict(zip(file_names(page.profiles), (curve.frame for curve in page.profiles), strict=True))
    return {**frames(page.ranking), **page.studies.frames(), **curves}


def _pictures(page: Page | GroupPage) -> list[Picture]:
    if isinstance(page, GroupPage):
        from modelselect.reporting.group_figures import group_pictures

        return group_pictures(page.groups)
    from modelselect.reporting.figures import pictures

    return pictures(page.ranking, page.profiles, simulated=page.studies.adequacy is not None)


def _manifest(manifest: Mapping[str, Any], files: list[str]) -> bytes:
    content = {
        "made_by": _MAKER,
        **{key: value for key, value in manifest.items() if key not in ("made_by", "files")},
        "files": files,
    }
    return (json.dumps(jsonable(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "replace"
    )


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write Parquet through DuckDB, which is there anyway: pandas would need another package for it."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.from_df(frame).write_parquet(str(path))


# -- folders -----------------------------------------------------------------------------------------------------------


def check_folder(folder: Path) -> Path:
    """Return the real place of a folder if a report may be put there.

    Raises
    ------
    ConfigurationError
        It is a file, the current folder or above it, or holds what is no report of ours.
    """
    try:
        place = folder.resolve()
        if place == Path.cwd() or place in Path.cwd().parents:
            raise ConfigurationError(
                f"report: {folder} is the current folder or holds it; name a folder inside, such as {folder / 'report'}"
            )
        if not os.path.lexists(place):
            return place
        if not place.is_dir():
            raise ConfigurationError(f"report: {folder} is a file; expected the name of a folder")
        if any(place.iterdir()) and _files_of(place) is None:
            raise ConfigurationError(
                f"report: {folder} holds files that are not a report of modelselect ({_some(place)}); "
                "name another folder, or empty it"
            )
    except OSError as error:
        raise ConfigurationError(f"report: cannot use {folder}: {error.strerror or error}") from error
    except RuntimeError as error:  # a loop of symbolic links
        raise ConfigurationError(f"report: cannot use {folder}: {error}") from error
    return place


def _files_of(folder: Path) -> list[str] | None:
    """Files of an earlier report by its manifest; None if there is no manifest of ours."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if (
        not isinstance(manifest, dict)
        or manifest.get("made_by") != _MAKER
        or not isinstance(manifest.get("files"), list)
    ):
        return None
    return [str(name) for name in manifest["files"]]


def _some(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _keep_foreign(place: Path, new: Path, files: list[str]) -> None:
    """Bring along what is not ours: notes, other reports inside this one. A name that is ours now is written anew."""
    ours = {*(_files_of(place) or []), *files} if place.is_dir() else set()
    for path in sorted(place.rglob("*")) if ours else []:
        name = path.relative_to(place)
        if name.as_posix() in ours or (path.is_dir() and not path.is_symlink()):
            continue
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, new / name, follow_symlinks=False)
        except OSError:
            shutil.copy2(path, new / name, follow_symlinks=False)


def _swap(new: Path, place: Path, old: Path) -> None:
    """Put the new folder in place; an earlier one stands aside until then, and comes back if that fails."""
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise
