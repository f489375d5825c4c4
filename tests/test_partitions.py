"""Large files in pieces: nothing is lost or read twice, and errors name rows and lines of the file."""

import csv
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelselect.errors import DataError
from modelselect.experiment import partitions
from modelselect.experiment.config import Experiment
from modelselect.experiment.group_tables import read_piece
from modelselect.experiment.partitions import Partition
from modelselect.experiment.run import run


def read_in_pieces(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(partitions, "BYTES_A_PARTITION", size)
    monkeypatch.setattr(partitions, "ROWS_A_PARTITION", size)


def experiment(**data: Any) -> Experiment:
    data = {"column": "x", "by": "k", **data}
    return Experiment(name="pieces", data=data, candidates=["poisson", "geometric"])


def rows_of(path: Path, start: int = 0, stop: int | None = None) -> list[list[str]]:
    text = path.read_bytes()[start:stop].decode()
    return list(csv.reader(text.splitlines(keepends=True)))


@given(
    cells=st.lists(st.text(alphabet='ab"\n,', max_size=6), min_size=1, max_size=50),
    size=st.integers(3, 60),
    block=st.integers(1, 80),
    comment=st.sampled_from(["", '# 5" pipes\n\n']),
)
def test_pieces_of_a_csv_file_end_between_rows(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], size: int, block: int, comment: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.csv"
    with path.open("w", newline="") as stream:
        stream.write(comment)
        csv.writer(stream).writerows([["k", "x"], *((cell, i) for i, cell in enumerate(cells))])
    with pytest.MonkeyPatch.context() as patch:
        read_in_pieces(patch, size)
        patch.setattr(partitions, "_BLOCK", block)
        parts = partitions.partitions(experiment(csv=str(path)))
    starts, ends = [part.first or 0 for part in parts], [part.last or path.stat().st_size for part in parts]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == path.stat().st_size
    pieces = [rows_of(path, start, end) for start, end in zip(starts, ends, strict=True)]
    assert [row for piece in pieces for row in piece] == rows_of(path)


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_pieces_are_the_whole(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"k": rng.integers(0, 9, 5000), "x": rng.poisson(3.0, 5000), "other": "a, b"})
    path = write(frame, kind, tmp_path)
    whole = run(experiment(**{kind: str(path)})).groups
    read_in_pieces(monkeypatch, 700)
    asked = experiment(**{kind: str(path)})
    parts = partitions.partitions(asked)
    assert len(parts) > 5
    assert sum(read_piece((asked, part)).total for part in parts) == 5000
    pieces = run(asked).groups
    pd.testing.assert_frame_equal(whole.table, pieces.table, check_exact=True)
    pd.testing.assert_frame_equal(whole.groups.keys, pieces.groups.keys)
    some = run(experiment(**{kind: str(path)}, where="k < 4")).groups
    assert some.groups.keys["k"].tolist() == [0, 1, 2, 3]


def write(frame: pd.DataFrame, kind: str, folder: Path) -> Path:
    path = folder / f"all.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        duckdb.from_df(frame).write_parquet(str(path))
    else:
        feather = pytest.importorskip("pyarrow.feather")
        feather.write_feather(frame, path, chunksize=100)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_errors_name_rows_of_the_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"k": np.arange(1000) % 3, "x": np.arange(1000.0)})
    frame.loc[876, "x"] = np.nan
    path = write(frame, kind, tmp_path)
    read_in_pieces(monkeypatch, 300)
    with pytest.raises(DataError, match=r"row 877 \(data rows"):
        run(experiment(**{kind: str(path)}))


def test_errors_name_lines_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "all.csv"
    path.write_text("# which\nk,x\n" + "1,2\n" * 500 + "1,2,3\n" + "1,2\n" * 50)
    read_in_pieces(monkeypatch, 300)
    with pytest.raises(DataError, match="line 503 has 3 cells, but the header has 2"):
        run(experiment(csv=str(path)))


def test_keys_are_one_whatever_piece_they_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers written in two ways are one key; words in one piece make text of the numbers in all."""
    path = tmp_path / "all.csv"
    read_in_pieces(monkeypatch, 40)
    path.write_text("k,x\n" + "7,2\n" * 20 + "7.0,2\n" * 20 + "07,2\n" * 20)
    groups = run(experiment(csv=str(path))).groups
    assert (groups.groups.keys["k"].tolist(), groups.n.tolist()) == ([7], [60])
    path.write_text("k,x\n" + "7,2\n" * 20 + "07,2\n" * 20 + "A,2\n" * 20)
    groups = run(experiment(csv=str(path))).groups
    assert (groups.groups.keys["k"].tolist(), groups.n.tolist()) == (["07", "7", "A"], [20, 20, 20])


def test_small_and_packed_files_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"k": [1, 2], "x": [3, 4]})
    frame.to_csv(tmp_path / "all.csv.gz", index=False)
    frame.to_csv(tmp_path / "all.csv", index=False)
    assert partitions.partitions(experiment(csv=str(tmp_path / "all.csv"))) == [Partition(tmp_path / "all.csv")]
    read_in_pieces(monkeypatch, 3)
    assert len(partitions.partitions(experiment(csv=str(tmp_path / "all.csv.gz")))) == 1
