"""Data sources: what a file says becomes a sample, and what is wrong with it a sentence."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelselect.errors import ConfigurationError, DataError, ModelSelectError
from modelselect.experiment import counting, files
from modelselect.experiment.config import Experiment
from modelselect.experiment.sources import Source, fingerprint, read
from modelselect.ranking.automatic import automatic_candidates
from modelselect.sample import Sample

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["read", "counted", "streamed"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every file is read as a small one, and as if it were large: with few distinct values, and with many."""
    if request.param != "read":
        monkeypatch.setattr(files, "SMALL", 0)
        monkeypatch.setattr(files, "FEW", 0)
        monkeypatch.setattr(counting, "FEW", 0)
        monkeypatch.setattr(counting, "_alike", lambda *_: request.param == "counted")
    return str(request.param)


def source(**data: Any) -> Source:
    return read(Experiment(data=data, candidates=["poisson"]))


@pytest.fixture
def csv(tmp_path: Path):
    """A CSV file of this content, and what is read from it."""

    def make(content: str | bytes, name: str = "data.csv", **options: Any) -> Source:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return source(csv=str(path), **options)

    return make


def refused(make: Any, *words: str, kind: type[ModelSelectError] = DataError) -> str:
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message
    return message


# inline -----------------------------------------------------------------------------------------------------


def test_inline_data_are_samples() -> None:
    assert source(values=[3, 1, 1]).sample.values.tolist() == [1, 3]
    assert source(values=[1, 2], weights=[3, 0.5]).sample.n == 3.5
    assert source(counts={0: 2, 1: 3}).sentence == "5 observations, given as counts"
    assert source(counts={"H": 2, "T": 3}).sample.kind == "nominal"
    known = source(probabilities={"H": 0.5, "T": 0.5})
    assert known.sample.known
    assert known.sentence == "2 outcomes, given as probabilities"
    assert source(probabilities={"H": 0.5, "T": 0.5}, n=10).sample.n == 10


def test_inline_data_that_make_no_sample_name_the_place(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text("data:\n  counts: {0: 2, 1: -3}\ncandidates: [poisson]\n")
    message = refused(lambda: read(Experiment.from_yaml(config)), "a.yaml:2:11: data.counts", "-3", "for 1")
    assert message.startswith(str(tmp_path))
    refused(lambda: source(probabilities={"H": 0.5, "T": 0.6}), "data.probabilities", "1.1")
    refused(lambda: source(values=[]), "data.values", "empty")
    refused(lambda: source(values=[1, 2], weights=[1]), "weights", "expected 2")
    refused(lambda: source(values=[1, 2], weights=[0, 0]), "all are zero")
    refused(lambda: source(values=[1, None]), "missing")
    refused(lambda: source(values=[1, float("inf")]), "infinite")


# csv --------------------------------------------------------------------------------------------------------


def test_a_csv_file_with_comments_weights_and_a_condition() -> None:
    path = str(ROOT / "datasets" / "yeast_cells.csv")
    found = source(csv=path, column="cells", weight="count", where="sample = 'A'")
    assert found.sample.n == 400
    assert (
        found.sentence
        == f"400 observations in column `cells` of {path}, weighted by `count`, where sample = 'A': 6 of 34 rows"
    )


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "datasets").glob("*.csv")))
def test_every_data_set_is_read_as_numpy_reads_it(name: str) -> None:
    path = ROOT / "datasets" / name
    rows = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    header = rows[0].split(",")
    for position, column in enumerate(header):
        cells = [row.split(",")[position] for row in rows[1:]]
        try:
            expected = np.array([float(cell) if cell else np.nan for cell in cells])
        except ValueError:
            continue
        sample = source(csv=str(path), column=column, missing="drop").sample
        assert sample.values.tolist() == np.unique(expected[~np.isnan(expected)]).tolist()
        assert sample.n_missing == np.isnan(expected).sum()


@pytest.mark.parametrize(
    "content",
    [
        "x,y\n1,a\n2.5,b\n",
        "# a comment\n\n#another; one\nx;y\n1;a\n2.5;b\n",
        "\ufeffx\ty\n1\ta\n2.5\tb",
        "\ufeff# c\r\nx|y\r\n1|a\r\n2.5|b\r\n",
        '"x"," y "\n 1 ,"a, #b"\n2.5,"say ""b"""\n',
        "x,y\n1,#a\n\n2.5,b\n",
        ",x\n0,1\n1,2.5\n",
    ],
)
def test_dialects(csv: Any, content: str) -> None:
    assert csv(content, column="x").sample.values.tolist() == [1, 2.5]


def test_a_compressed_file_and_a_name_with_wildcards(csv: Any) -> None:
    assert csv(gzip.compress(b"# c\nx\n1\n2\n"), "a.csv.gz").sample.n == 2
    csv("x\n7\n", "we1b.csv")
    assert csv("x\n1\n2\n", "we[1]*?'b.csv").sample.n == 2


def test_the_only_column_is_taken_and_said(csv: Any) -> None:
    assert csv("x\n1\n2\n").notes[0] == "column `x` was taken: it is the only one"
    assert "but the weights" in csv("x,w\n1,3\n", weight="w").notes[0]
    refused(lambda: csv("x,y\n1,2\n"), "data.column", "`x`, `y`", kind=ConfigurationError)
    refused(lambda: csv("x\n1\n", weight="x"), "no column but `x`", kind=ConfigurationError)


def test_a_missing_column_is_named_with_those_there_are(csv: Any) -> None:
    refused(lambda: csv("loss,year\n1,2\n", column="los"), "no column 'los'", "`loss`, `year`", "did you mean loss")
    refused(lambda: csv("loss,n\n1,2\n", column="loss", weight="count"), "no column 'count'")


def test_labels_are_wholly_text(csv: Any, way: str) -> None:
    found = csv("c\ncat\ndog\nNA\ncat\n").sample
    order = ["NA", "cat", "dog"] if way == "counted" else ["cat", "dog", "NA"]  # many labels have no first one
    assert (found.kind, found.values.tolist()) == ("nominal", order)
    refused(lambda: csv("x\n1\n2\nfoo\nbar\n"), "'foo' in row 3", "but numbers elsewhere")
    refused(lambda: csv("x;y\n1,5;1\n2,5;1\n", column="x"), "'1,5'", "plain numbers")
    refused(lambda: csv("x,w\n1,2\n1,two\n", column="x", weight="w"), "data.weight", "'two' in row 2")


def test_missing_values_are_refused_with_their_rows_or_counted(csv: Any) -> None:
    content = "# c\nx\n1\nNA\n3\n\n5\nnan\n"
    refused(lambda: csv(content), "3 missing values", "rows 2, 4, 6", "missing: drop")
    found = csv(content, missing="drop").sample
    assert (found.n, found.n_missing) == (3, 3)
    refused(lambda: csv("x,y\n1,\n2,\n", column="y"), "no values at all")
    refused(lambda: csv("x,y\n1,a\n2,\n", column="y"), "1 missing value, in", "row 2")
    many = "x,y\n" + "1,\n" * 20 + "2,2\n"
    refused(lambda: csv(many, column="y"), "1, 2, 3, 4, 5, 6, 7, 8, … (20 in all)")


def test_weights_are_refused_with_their_rows(csv: Any) -> None:
    refused(lambda: csv("x,w\n1,1\n2,-3\n", weight="w"), "the weight -3", "row 2")
    refused(lambda: csv("x,w\n1,1\n2,\n", weight="w"), "no weight", "row 2")
    refused(lambda: csv("x,w\n1,0\n2,0\n", weight="w"), "0 everywhere")
    assert csv("x,w\n1,0.5\n2,1.5\n,0\n", weight="w").sample.n == 2
    importance = csv("x,w\n1,10\n2,30\n", weight="w", weights_kind="importance").sample
    assert importance.n == pytest.approx(1.6)


def test_infinite_and_unwieldy_numbers(csv: Any) -> None:
    refused(lambda: csv("x\n1\n1e999\n-inf\n"), "infinite", "rows 2, 3")
    found = csv("x\n9007199254740993\n1\n")
    assert any("2^53" in note for note in found.notes)
    assert csv("x\n007\n012\n").sample.values.tolist() == [7, 12]
    truths = csv("b\ntrue\nFalse\ntrue\n")
    assert truths.sample.values.tolist() == [0, 1]
    assert any("true and false" in note for note in truths.notes)
    refused(lambda: csv("d\n2024-01-05\n2024-02-07\n"), "data.column", "dates or times")
    assert csv("x,k\n1,a\nn/a,b\n3,a\n", column="x", where="k = 'a'").sample.values.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is empty"]),
        (b"# only\n# comments\n", ["nothing in it but comments"]),
        (b"x\n", ["no rows"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", ["not UTF-8"]),
        (b"PK\x03\x04\x00\x00x,y\n1,2\n", ["not a text file"]),
        ("x,y\n1,Zürich\n".encode("latin-1") * 3, ["not UTF-8"]),
        ("x\n1\n".encode("utf-16"), ["not UTF-8"]),
        (b"x,y\n1,2\n3\n4,5\n", ["line 3 has 1 cell, but the header has 2"]),
        (b"x\n1,5\n2,5\n", ["line 2 has 2 cells, but the header has 1"]),
        (b'x,y\n1,"a\n2,b\n', ["quotation mark", "line 2"]),
        (b"x,X\n1,2\n", ["twice"]),
        (b"3.7\n2.9\n", ["holds the number 3.7"]),
        (b"x" * 2_000_000, ["not a text file"]),
    ],
)
def test_broken_csv_files(csv: Any, content: bytes, words: list[str]) -> None:
    named = {"column": "x"} if content.startswith(b"x,y\n") else {}  # else a large file is refused for want of it
    refused(lambda: csv(content, **named), "data.csv", *words)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "horses.csv").write_text("x\n1\n")
    refused(lambda: source(csv=str(tmp_path / "horse.csv")), "does not exist", "did you mean horses.csv")
    refused(lambda: source(csv=str(tmp_path)), "is a folder")
    refused(lambda: source(csv="/dev/null"), "not a regular file")
    refused(lambda: source(csv="a\0b.csv"), "data.csv")
    refused(lambda: source(csv="http://example.org/a.csv"), "does not exist")


# conditions -------------------------------------------------------------------------------------------------


def test_conditions(csv: Any) -> None:
    content = "plane,hours,if\n7912,1,a\n7913,2,b;c\n7912,3,it's\n"
    assert csv(content, column="hours", where="plane = 7912").sample.n == 2
    assert csv(content, column="hours", where="hours > 1 AND (plane = 7912 OR TRUE) -- all").sample.n == 2
    assert csv(content, column="hours", where="\"if\" = 'b;c'").sample.n == 1
    refused(lambda: csv(content, column="hours", where="hours > 99"), "none of the 3 rows", "'hours > 99'")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("x > 1; DROP TABLE data", ["expected one expression"]),
        ("x > 1) OR (1 = 1", ["syntax error"]),
        ("1 = 1) UNION SELECT 1 --", ["syntax error"]),
        ("x >", ["syntax error"]),
        ("y > 1", ["no column 'y'", "has `x`"]),
        ("count(*) > 1", ["aggregates"]),
        ("'abc'", ["not a condition"]),
        ("(SELECT count(*) FROM read_csv('/etc/passwd')) > 0", ["its own file only"]),
        ("(SELECT count(*) FROM read_text('/etc/passwd')) > 0", ["its own file only"]),
        ("(SELECT count(*) FROM '/etc/passwd') > 0", ["not a condition"]),
        ("(SELECT count(*) FROM secrets) > 0", ["not a condition"]),
    ],
)
def test_conditions_that_are_none_or_reach_out(csv: Any, where: str, words: list[str]) -> None:
    secrets = [1, 2]  # a Python variable, which SQL must not see
    assert secrets
    refused(lambda: csv("x\n1\n2\n", where=where), "data.where", *words, kind=ConfigurationError)


def test_rows_of_all_groups_are_one_sample(csv: Any) -> None:
    assert csv("x,g\n1,a\n2,b\n", column="x", by="g").sample.n == 2


# parquet and json -------------------------------------------------------------------------------------------


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "it's.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES (1, 'a', 1.5, DATE '2020-01-01', [1]), (NULL, 'b', 2.5, NULL, NULL)) t(i, s, d, day, l)"
    ).write_parquet(str(path))
    assert source(parquet=str(path), column="d").sample.values.tolist() == [1.5, 2.5]
    assert source(parquet=str(path), column="d", where="s = 'b'").sample.values.tolist() == [2.5]
    assert source(parquet=str(path), column="s").sample.kind == "nominal"
    refused(lambda: source(parquet=str(path), column="i"), "row 2")
    refused(lambda: source(parquet=str(path), column="day"), "dates or times")
    refused(lambda: source(parquet=str(path), column="l"), "lists or records")
    refused(lambda: source(parquet=str(path), column="d", weight="s"), "the text 'a' in row 1")
    path.write_bytes(b"PAR1 this is not it PAR1")
    refused(lambda: source(parquet=str(path), column="d"), "data.parquet", "cannot be read")


def test_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa, feather = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.feather")
    columns = {"i": [1, None], "s": pa.array(["a", "b"]).dictionary_encode(), "d": [1.5, 2.5], "l": [[1], None]}
    path = tmp_path / "it's.feather"
    feather.write_feather(pa.table(columns), path, compression="lz4")
    assert source(arrow=str(path), column="d").sample.values.tolist() == [1.5, 2.5]
    assert source(arrow=str(path), column="d", where="s = 'b'").sample.values.tolist() == [2.5]
    assert source(arrow=str(path), column="s").sample.kind == "nominal"
    refused(lambda: source(arrow=str(path), column="i"), "row 2")
    refused(lambda: source(arrow=str(path), column="l"), "lists or records")
    refused(lambda: source(arrow=str(path), column="e"), "has no column 'e'")
    reads = "i IN (SELECT column0 FROM read_csv('/etc/passwd'))"
    refused(lambda: source(arrow=str(path), column="d", where=reads), "where", kind=ConfigurationError)
    feather.write_feather(pa.table({"d": [7], "s": ["c"], "l": [[2]], "i": [0.5]}), tmp_path / "z.feather")
    both = source(arrow=[str(path), str(tmp_path / "z.feather")], column="d")
    assert both.sample.values.tolist() == [1.5, 2.5, 7.0]
    feather.write_feather(pa.table({"d": [7]}), tmp_path / "z.feather")
    refused(lambda: source(arrow=str(tmp_path / "*.feather"), column="d"), "z.feather has no column 'i'")
    with pa.ipc.new_stream(tmp_path / "x.arrows", pa.schema({"d": pa.float64()})):
        pass
    refused(lambda: source(arrow=str(tmp_path / "x.arrows"), column="d"), "data.arrow", "streams are not read")
    monkeypatch.setitem(sys.modules, "pyarrow.dataset", None)
    refused(lambda: source(arrow=str(path), column="d"), "data.arrow", "pip install 'modelselect[arrow]'")


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def of(content: Any, **options: Any) -> Source:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return source(json=str(path), **options)

    assert of([{"x": 1}, {"x": 2.5}]).sample.values.tolist() == [1, 2.5]
    assert of('{"x": 1}\n{"x": 2}\n').sample.n == 2
    assert of([{"x": 1, "y": "a"}, {"x": None, "y": "b"}], column="x", missing="drop").sample.n_missing == 1
    assert of([{"x": "a"}, {"x": "b"}]).sample.kind == "nominal"
    refused(lambda: of([{"x": 1}, {"x": "b"}]), "'b' in row 2")
    refused(lambda: of({"x": [1, 2]}), "lists or records")
    refused(lambda: of('{"x": 1'), "data.json", "cannot be read")
    refused(lambda: of([]), "no rows")


# several files, large files ----------------------------------------------------------------------------------


def test_several_csv_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("# of monday\nx,w\n1,2\n2,1\n")
    (tmp_path / "b.csv").write_text("w;x\n1;5\n")
    (tmp_path / "c.csv").write_text("# of monday\nx,w\n3,1\n,4\n")
    found = source(csv=str(tmp_path / "*.csv"), column="x", weight="w", missing="drop")
    assert found.sample.values.tolist() == [1, 2, 3, 5]
    assert found.sample.weights.tolist() == [2, 1, 1, 1]
    assert f"{tmp_path}/*.csv (3 files), weighted" in found.sentence
    listed = [str(tmp_path / name) for name in ("b.csv", "a.csv", "b.csv")]
    assert source(csv=listed, column="x", weight="w").sample.n == 4  # each file once
    refused(lambda: source(csv=str(tmp_path / "?.csv"), column="x"), "1 missing value, in row 5")
    refused(lambda: source(csv=str(tmp_path / "*.tsv")), "no file matches", "*.tsv")
    refused(lambda: source(csv=[str(tmp_path / "a.csv"), str(tmp_path / "d.csv")]), "d.csv does not exist")
    (tmp_path / "d.csv").write_text("x,W\n1,2\n")
    refused(lambda: source(csv=str(tmp_path / "*.csv"), column="x"), "d.csv has no column 'w', which")
    (tmp_path / "d.csv").write_text("x,w,y\n1,2,3\n")
    refused(lambda: source(csv=str(tmp_path / "*.csv"), column="x"), "d.csv has a column 'y', which")
    (tmp_path / "d.csv").write_text("x,w,x\n")
    refused(lambda: source(csv=str(tmp_path / "*.csv"), column="x"), "d.csv: its header has the column 'x' twice")


def test_a_pattern_goes_through_folders_and_a_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "of [1]" / "year"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n")
    (folder / "b*.csv").write_text("x\n2\n")
    config = tmp_path / "of [1]" / "a.yaml"
    config.write_text("data: {csv: '**/*.csv'}\ncandidates: [poisson]\nreport: {formats: [csv], figures: false}\n")
    experiment = Experiment.from_yaml(config)
    assert read(experiment).sample.values.tolist() == [1, 2]
    report = experiment.run(tmp_path / "report")
    again = Experiment.from_yaml(report.path / "experiment.yaml")  # where the folder is part of the pattern
    assert again.data.csv == "../of [[]1]/**/*.csv"
    assert read(again).sample.values.tolist() == [1, 2]
    config.write_text("data: {csv: ['year/b*.csv', year/a.csv]}\ncandidates: [poisson]\n")
    assert [path.name for path in Experiment.from_yaml(config).data.paths] == ["b*.csv", "a.csv"]
    assert Experiment.from_yaml(config).data.moved(tmp_path) == ["of [1]/year/b*.csv", "of [1]/year/a.csv"]


def test_several_parquet_files_take_the_type_that_holds_all(tmp_path: Path) -> None:
    duckdb.sql("SELECT 1 AS x, 'a' AS k").write_parquet(str(tmp_path / "a.parquet"))
    duckdb.sql("SELECT 'b' AS k, 2.5::DOUBLE AS x").write_parquet(str(tmp_path / "b.parquet"))
    found = source(parquet=str(tmp_path / "*.parquet"), column="x")
    assert found.sample.values.tolist() == [1, 2.5]
    assert source(parquet=str(tmp_path / "*.parquet"), column="x", where="k = 'b'").sample.n == 1
    duckdb.sql("SELECT 1 AS x").write_parquet(str(tmp_path / "c.parquet"))
    refused(lambda: source(parquet=str(tmp_path / "*.parquet"), column="x"), "c.parquet has no column 'k'")


def test_several_json_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"x": 1}, {"x": 2}]')
    (tmp_path / "b.json").write_text('{"x": 2.5}\n{"x": 3}\n')
    assert source(json=str(tmp_path / "*.json")).sample.values.tolist() == [1, 2, 2.5, 3]
    (tmp_path / "c.json").write_text('[{"y": 1}]')
    refused(lambda: source(json=str(tmp_path / "*.json"), column="x"), "c.json has no column 'x'")


def test_a_condition_reads_no_other_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        duckdb.sql("SELECT 1 AS x").write_parquet(str(tmp_path / f"{name}.parquet"))
    for other in (tmp_path / "b.parquet", tmp_path / "*.parquet", "/etc/passwd"):
        where = f"(SELECT count(*) FROM read_blob('{other}')) > 0"  # noqa: S608
        make = lambda where=where: source(parquet=str(tmp_path / "a.parquet"), where=where)  # noqa: E731
        refused(make, "its own file only", kind=ConfigurationError)
    assert source(parquet=str(tmp_path / "a.parquet"), where="COLUMNS(*) > 0").sample.n == 1


def test_counted_rows_are_told_as_rows(tmp_path: Path, way: str) -> None:
    """Repeated rows, each of which counts: names of rows, notes and numbers do not depend on how they are read."""
    path = str(tmp_path / "a.parquet")
    duckdb.sql(
        "SELECT i % 3 AS x, CASE WHEN i % 5 = 4 THEN NULL ELSE i % 4 END AS gap, 1 + i % 2 AS w, i AS time, "
        "CASE WHEN i % 7 = 6 THEN 'odd' ELSE 'even' END AS s FROM range(60) t(i)"
    ).write_parquet(path)
    refused(lambda: source(parquet=path, column="gap"), "12 missing values, in rows 5, 10, 15, 20, 25, 30, 35, 40, …")
    refused(lambda: source(parquet=path, column="gap", where="time > 30"), "6 missing values, in rows 35, 40")
    dropped = source(parquet=path, column="gap", weight="w", missing="drop")
    assert dropped.sample.n_missing == 12
    assert "18 missing observations were dropped" in dropped.notes
    assert dropped.sentence.endswith("weighted by `w`: 60 rows")
    refused(
        lambda: source(parquet=path, column="x", truncation={"lower": 0}), "0 lies outside", "rows 1, 4, 7,", "(20 in"
    )
    refused(lambda: source(parquet=path, column="x", weight="gap"), "no weight in rows 5, 10,", "(12 in all)")
    censored = source(parquet=path, column="x", event="w", where="w = 1").sample
    assert (censored.n, len(censored)) == (30, 3)
    open_ends = source(parquet=path, lower="gap", upper="time", where="gap < 2 OR gap IS NULL")
    assert "12 empty or infinite ends of intervals are taken as open" in open_ends.notes
    importance = source(parquet=path, column="x", weight="w", weights_kind="importance")
    assert importance.sample.n == pytest.approx(90**2 / 150)
    assert sorted(source(parquet=path, column="s").sample.weights) == [8, 52]
    in_order = source(parquet=path, column="x", ordered=True).sample
    assert in_order.order.tolist() == [i % 3 for i in range(60)]
    alike = "neighbouring observations are alike"
    duckdb.sql("SELECT (i // 20) % 2 AS x FROM range(2000) t(i)").write_parquet(path)
    assert any(note.startswith(alike) for note in source(parquet=path).notes)


def test_more_than_the_memory_is_refused(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT random() AS x, i % 9 AS k FROM range(200_000) t(i)").write_parquet(str(path))

    def of(column: str) -> Source:
        return read(Experiment(data={"parquet": str(path), "column": column}, candidates=["normal"], memory="256MB"))

    assert of("k").sample.n == of("x").sample.n == 200_000
    if way != "read":
        monkeypatch.setattr(counting, "_POINT", (2000, 0))  # as if there were more of them
        refused(lambda: of("x"), "data.parquet", " MB beside", "more than memory: 256MB allows; expected more")
        assert way == "streamed" or of("k").sample.n == 200_000


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        ("2", "a number with a unit"),
        (2, "a number with a unit"),
        ("2 apples", "such as 2GB"),
        ("1MB", "at least 256 MB"),
    ],
)
def test_amounts_of_memory(memory: Any, expected: str) -> None:
    settings = {"data": {"values": [1]}, "candidates": ["poisson"], "memory": memory}
    refused(lambda: Experiment.from_dict(settings), "memory", expected, kind=ConfigurationError)
    assert Experiment.from_dict({**settings, "memory": "1.5 GiB"}).to_dict()["memory"] == "1.5 GiB"


def test_what_is_counted_is_what_numpy_counts(tmp_path: Path) -> None:
    """Two million rows, which are many: by the way that is chosen for them."""
    path = str(tmp_path / "a.parquet")
    duckdb.sql(
        "SELECT (hash(i) % 50)::INT AS k, (hash(i) % 3 + 1)::INT AS w, sqrt(i) AS x FROM range(2_000_000) t(i)"
    ).write_parquet(path)
    rows = duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()  # noqa: S608
    found = source(parquet=path, column="k", weight="w").sample
    assert found.weights.tolist() == np.bincount(rows["k"], rows["w"]).tolist()
    assert source(parquet=path, column="x").sample.values.tolist() == np.unique(rows["x"]).tolist()


def test_a_million_rows_are_read_in_about_a_second(tmp_path: Path) -> None:
    import time

    path = tmp_path / "big.csv"
    duckdb.sql("SELECT random() * 100 AS x, (random() * 9)::INT AS k FROM range(1_000_000)").write_csv(str(path))
    began = time.perf_counter()
    found = source(csv=str(path), column="k")
    assert time.perf_counter() - began < 5  # generous: machines differ
    assert found.sample.n == 1_000_000


def test_fingerprints() -> None:
    assert fingerprint(Sample([1, 2])) != fingerprint(Sample([1, 3]))
    assert fingerprint(Sample([1, 2])) == fingerprint(Sample({2: 1, 1: 1}))
    assert fingerprint(Sample(["a", "b"])) != fingerprint(Sample(["ab", "c"]))
    assert len(fingerprint(Sample([1]))) == 64


def test_automatic_candidates() -> None:
    counts = automatic_candidates(Sample([0, 1, 5]))
    assert "poisson" in counts
    assert "normal" not in counts
    measured = automatic_candidates(Sample(np.linspace(0.5, 7, 40) ** 1.5))
    assert {"gamma", "normal", "uniform"} <= set(measured)
    assert "poisson" not in measured
    assert "gamma" not in automatic_candidates(Sample([-1.25, 0.5, 2.25], resolution=None))
    assert "normal" in automatic_candidates(Sample([-1, 0, 3]))
    assert {"normal", "poisson"} <= set(automatic_candidates(Sample(range(60))))


# censored, binned and truncated ---------------------------------------------------------------------------------------


def test_inline_data_of_every_kind() -> None:
    seen = source(values=[6, 7, 9], event=[1, 0, True], weights=[1, 2, 1], truncation={"lower": 5})
    assert seen.sample.censored_share == 0.5
    assert seen.sample.resolution is None
    assert [end.tolist() for end in seen.sample.truncation] == [[5], [np.inf]]
    assert seen.sentence == "4 observations, given as values"
    ends = source(lower=[1, None, 2], upper=[2, 3, None], truncation={"lower": [0, None, 1]})
    assert (ends.sample.lower.tolist(), ends.sample.upper.tolist()) == ([1, 2, -np.inf], [2, np.inf, 3])
    assert ends.sentence == "3 observations, given as lower and upper ends"
    bins = source(edges=[0, 1, None], counts=[3, 4])
    assert bins.sample.edges[0] == 0
    assert bins.sentence == "7 observations, given as edges and counts"
    assert source(counts={1: 3, 2: 4}, truncation={"lower": 0}).sample.truncation is not None
    assert source(values=[6, 7, 9], event=[1, 0, 1], resolution=1).sample.kind == "lattice"


def test_inline_data_of_every_kind_that_are_refused(tmp_path: Path) -> None:
    def refusal(data: str, *words: str) -> None:
        config = tmp_path / "a.yaml"
        config.write_text(f"data: {data}\ncandidates: [normal]\n")
        refused(lambda: read(Experiment.from_yaml(config)), *words)

    refusal("{lower: [1, 5], upper: [2, 4]}", "a.yaml:1:15: data.lower: 5 lies above the upper end 4 at row 1")
    refusal("{values: [1, 2], event: [1, 2]}", "a.yaml:1:31: data.event: got 2 at row 1", "expected 1 (true)")
    refusal("{values: [3, 4], truncation: {lower: 3}}", "data.values: 3 lies outside the truncation bounds at row 0")
    refusal("{values: [3, 4], truncation: {lower: 3, upper: 1}}", "a.yaml:1:36: data.truncation: the lower bound 3")
    refusal("{edges: [0, 2, 1], counts: [1, 1]}", "a.yaml:1:15: data.edges: 1 does not lie above 2")
    refusal("{edges: [0, 2], counts: [1, 1]}", "data.counts: expected 1, one fewer than the 2 edges, got 2")


LIVES = "entry,exit,died,n\n1,5.5,1,1\n2,6.5,0,2\n,7.25,1,1\n"


def test_events_and_delayed_entries_in_columns(csv: Any) -> None:
    found = csv(LIVES, column="exit", event="died", weight="n", truncation={"lower": "entry"})
    sample = found.sample
    assert (sample.n, sample.censored_share) == (4, 0.5)
    assert sample.lower.tolist() == [5.5, 6.5, 7.25]
    assert sample.upper.tolist() == [5.5, np.inf, 7.25]
    assert sample.truncation[0].tolist() == [1, 2, -np.inf]  # an empty cell is open
    assert "events in `died`, weighted by `n`" in found.sentence
    assert csv("t,e\n1.5,true\n2.5,FALSE\n", column="t", event="e").sample.censored_share == 0.5
    assert (
        csv("t,e\n1.5,1\n2.5,0\n", event="e").notes[0] == "column `t` was taken: it is the only one that is not named"
    )


def test_ends_of_intervals_in_columns(csv: Any) -> None:
    found = csv("lo,hi,x\n1,2,a\n,3,b\n4,,c\n5,5,d\n", lower="lo", upper="hi")
    assert found.sample.lower.tolist() == [1, -np.inf, 4, 5]
    assert found.sample.upper.tolist() == [2, 3, np.inf, 5]
    assert found.sentence.startswith("4 observations in columns `lo` to `hi` of ")
    assert "2 empty or infinite ends of intervals are taken as open" in found.notes
    dropped = csv("lo,hi\n1,2\n,\n", lower="lo", upper="hi", missing="drop")
    assert (dropped.sample.n, dropped.sample.n_missing) == (1, 1)
    only = csv("lo,hi\n1,\n2,\n", lower="lo", upper="hi", truncation={"upper": 9})
    assert np.isinf(only.sample.upper).all()


def test_parquet_and_json_of_every_kind(tmp_path: Path) -> None:
    rows = "(VALUES (1.5, 2.0, true, 0.5), (3.5, NULL, false, 1.0)) t(lo, hi, e, b)"
    duckdb.sql(f"SELECT * FROM {rows}").write_parquet(str(tmp_path / "a.parquet"))  # noqa: S608
    (tmp_path / "a.json").write_text(
        json.dumps([{"lo": 1.5, "hi": 2.0, "e": True, "b": 0.5}, {"lo": 3.5, "hi": None, "e": False, "b": 1}])
    )
    for kind in ("parquet", "json"):
        path = {kind: str(tmp_path / f"a.{kind}")}
        assert source(**path, lower="lo", upper="hi").sample.upper.tolist() == [2, np.inf]
        seen = source(**path, column="lo", event="e", truncation={"lower": "b"}).sample
        assert seen.upper.tolist() == [1.5, np.inf]
        assert seen.truncation[0].tolist() == [0.5, 1]


def test_columns_of_every_kind_that_are_refused(csv: Any) -> None:
    refused(lambda: csv("lo,hi\n1,2\n5,4\n", lower="lo", upper="hi"), "data.lower: `lo` of", "5 lies above", "row 2")
    refused(lambda: csv("lo,hi\n1,2\n,\n", lower="lo", upper="hi"), "1 missing value, in row 2", "missing: drop")
    refused(lambda: csv("lo,hi\n1,2\nx,3\n", lower="lo", upper="hi"), "data.lower", "the text 'x' in row 2")
    refused(lambda: csv("t,e\n1,1\n2,3\n", column="t", event="e"), "data.event: `e` of", "got 3.0 in row 2")
    refused(lambda: csv("t,e\n1,1\n2,\n", column="t", event="e"), "data.event", "row 2", "expected 1 (true)")
    refused(lambda: csv("t,e\n1,1\n2,no\n", column="t", event="e"), "the text 'no' in row 2", "expected 0 and 1")
    refused(lambda: csv("t,e\n1,1\n", column="t", event="f"), "no column 'f'", "`t`, `e`")
    refused(
        lambda: csv("t,b\n1,0\n2,3\n", column="t", truncation={"lower": "b"}), "2 lies outside", "row 2", "(3, inf]"
    )
    refused(lambda: csv("t,b\n1,0\n", column="t", truncation={"lower": "c"}), "data.truncation.lower", "no column 'c'")
    message = refused(
        lambda: csv("t,k\n1,a\n2,b\n3,b\n", column="t", where="k = 'b'", truncation={"lower": 2}), "row 2"
    )
    assert "2 lies outside" in message


def test_the_fingerprint_sees_ends_and_bounds() -> None:
    plain, cut = Sample([1.5, 2.5]), Sample([1.5, 2.5], truncation=(1, None))
    censored = Sample.from_censored([1.5, 2.5], [1, 0])
    assert len({fingerprint(sample) for sample in (plain, cut, censored)}) == 3
