"""Experiments on groups of rows: what they may say, what they give, the report, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import modelselect as ms
from modelselect.cli import main
from modelselect.errors import ConfigurationError, DataError
from modelselect.experiment import group_runs, group_tables, partitions
from modelselect.experiment.config import Experiment, load_experiments
from modelselect.experiment.run import GroupReport, run, steps
from modelselect.reporting.groups import families_table, notable, verdict
from modelselect.reporting.html import render_markdown

ROOT = Path(__file__).parents[1]
CANDIDATES = ["poisson", "geometric", "negative_binomial"]


def sales(groups: int = 40, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 90, groups)
    shop = np.repeat([f"s{g:03d}" for g in range(groups)], size)
    kind = np.repeat(np.arange(groups) % 2 == 0, size)
    sold = np.where(kind, rng.poisson(3.0, len(shop)), rng.negative_binomial(1.0, 0.2, len(shop)))
    frame = pd.DataFrame({"shop": shop, "day": np.arange(len(shop)) % 3, "sold": sold})
    return frame.sample(frac=1, random_state=seed)


@pytest.fixture
def grouped(tmp_path: Path) -> Callable[..., Experiment]:
    """Make an experiment on groups of a CSV file."""

    def make(text: str | pd.DataFrame | None = None, candidates: Any = CANDIDATES, **settings: Any) -> Experiment:
        frame = sales() if text is None else text
        path = tmp_path / "sales.csv"
        path.write_text(frame if isinstance(frame, str) else frame.to_csv(index=False), encoding="utf-8")
        about = {name: settings.pop(name) for name in ("tests", "rank_by", "report", "seed") if name in settings}
        data = {"csv": str(path), "column": "sold", "by": "shop", **settings}
        return Experiment(name="sales", data=data, candidates=candidates, **about)

    return make


# numbers ------------------------------------------------------------------------------------------------------------


def test_an_experiment_gives_what_rank_groups_gives(grouped: Callable[..., Experiment]) -> None:
    report = run(grouped(tests=True))
    assert isinstance(report, GroupReport)
    groups = ms.rank_groups(sales(), "shop", "sold", candidates=CANDIDATES, tests=True)
    pd.testing.assert_frame_equal(report.groups.table, groups.table, rtol=1e-12, atol=1e-13)
    pd.testing.assert_frame_equal(report.groups.ledger, groups.ledger)
    np.testing.assert_allclose(report.groups.best["q_value"], groups.best["q_value"], rtol=1e-7)
    assert report.groups.ranking("s001").best.label == groups.ranking("s001").best.label
    assert set(report.tables) == {"table", "best", "parameters", "pooled", "ledger"}
    assert "40 groups" in report.source


def test_real_numbers_weights_conditions_and_several_keys(grouped: Callable[..., Experiment]) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"a": rng.integers(0, 3, 400), "b": rng.choice(["x", "07"], 400), "t": rng.gamma(2.0, 3.0, 400)}
    )
    law = ["gamma", "lognormal"]
    report = run(grouped(frame, law, column="t", by=["a", "b"], resolution=None))
    assert isinstance(report, GroupReport)
    assert list(report.groups.groups.keys.columns) == ["a", "b"]
    assert report.groups.groups.keys["b"].tolist()[:2] == ["07", "x"]
    mine = ms.rank_groups(frame, ["a", "b"], "t", candidates=law, resolution=None)
    for column in ("kl", "kl_corrected", "log_likelihood", "delta"):
        np.testing.assert_allclose(report.groups.table[column], mine.table[column], rtol=1e-11, atol=1e-12)
    tally = sales().groupby(["shop", "sold"]).size().reset_index(name="w")
    weighted = run(grouped(tally, weight="w", where="sold < 9"))
    plain = run(grouped(where="sold < 9"))
    pd.testing.assert_frame_equal(weighted.groups.table, plain.groups.table, rtol=1e-12)
    assert "where sold < 9" in weighted.source


def test_the_size_of_decks_changes_no_number(
    grouped: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which groups are fitted side by side changes the order of sums, nothing else."""
    candidates = [*CANDIDATES, {"zero_inflated": "poisson"}, "gamma"]
    whole = run(grouped(candidates=candidates, tests=True)).groups
    for rows in (30, 200):
        monkeypatch.setattr(group_tables, "ROWS_A_DECK", rows)
        decks = run(grouped(candidates=candidates, tests=True)).groups
        columns = ["cross_entropy", "kl", "kl_corrected", "delta", "log_likelihood", "aic", "bic"]
        pd.testing.assert_frame_equal(whole.table[columns], decks.table[columns], rtol=1e-12, atol=1e-12)
        assert whole.table["status"].tolist() == decks.table["status"].tolist()
        pd.testing.assert_frame_equal(whole.ledger, decks.ledger)
        # the maximum is flat: what moves it by 1e-15 moves the place where it lies by the square root
        estimates = (frame.parameters["estimate"].to_numpy() for frame in (whole, decks))
        np.testing.assert_allclose(*estimates, rtol=1e-6)


def test_a_pattern_of_files_and_parts_of_one_are_the_whole(
    grouped: Callable[..., Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = sales()
    monkeypatch.setattr(group_tables, "ROWS_A_DECK", 150)
    whole = run(grouped(frame)).groups
    folder = tmp_path / "days"
    folder.mkdir()
    for day, part in frame.groupby("day"):
        part.to_csv(folder / f"day-{day}.csv", index=False)
    several = run(grouped(frame, csv=str(folder / "day-*.csv"))).groups
    pd.testing.assert_frame_equal(whole.table, several.table, rtol=0, atol=0)
    path = tmp_path / "all.parquet"
    duckdb.from_df(frame).write_parquet(str(path))
    monkeypatch.setattr(partitions, "ROWS_A_PARTITION", 300)
    experiment = grouped(frame, csv=None, parquet=str(path))
    assert len(partitions.partitions(experiment)) > 3
    pd.testing.assert_frame_equal(whole.table, run(experiment).groups.table, rtol=0, atol=0)


def test_keys_are_typed_by_all_files(grouped: Callable[..., Experiment], tmp_path: Path) -> None:
    """A column that is all numbers in one file and not in the other is text, as it stands in both."""
    (tmp_path / "p-1.csv").write_text("shop,sold\n007,1\n007,2\n7,5\n", encoding="utf-8")
    (tmp_path / "p-2.csv").write_text("shop,sold\nA,1\n007,4\n", encoding="utf-8")
    groups = run(grouped(csv=str(tmp_path / "p-*.csv"))).groups
    assert groups.groups.keys["shop"].tolist() == ["007", "7", "A"]
    assert groups.n.tolist() == [3, 1, 1]
    (tmp_path / "p-2.csv").write_text("shop,sold\n8,1\n07,4\n", encoding="utf-8")
    groups = run(grouped(csv=str(tmp_path / "p-*.csv"))).groups
    assert groups.groups.keys["shop"].tolist() == [7, 8]
    assert groups.n.tolist() == [4, 1]


# report -------------------------------------------------------------------------------------------------------------


def test_the_shipped_config_reports(tmp_path: Path) -> None:
    (experiment,) = load_experiments(ROOT / "configs" / "air_conditioning_planes.yaml")
    told: list[str] = []
    report = run(experiment, tmp_path / "planes", progress=told.append)
    assert isinstance(report, GroupReport)
    assert len(told) == steps(experiment)
    assert report.path == tmp_path / "planes"
    names = {path.name for path in report.path.rglob("*") if path.is_file()}
    tables = {f"{name}.{kind}" for name in report.tables for kind in ("csv", "parquet")}
    assert names >= tables | {"report.html", "report.md", "manifest.json", "experiment.yaml", "wins.svg", "group-1.png"}
    best = pd.read_csv(report.path / "best.csv")
    assert best["plane"].tolist() == report.groups.groups.keys["plane"].tolist()
    kept = duckdb.read_parquet(str(report.path / "table.parquet")).df()
    np.testing.assert_array_equal(kept["log_likelihood"], report.groups.table["log_likelihood"])
    page = (report.path / "report.html").read_text(encoding="utf-8")
    assert "exponential loses least in 8 of 13 groups" in page
    assert page.count("<figure>") == len(list((report.path / "figures").glob("*.svg")))
    assert not list(tmp_path.glob(".*"))  # finished parts are thrown away
    again = load_experiments(report.path / "experiment.yaml")[0]
    assert again.tests
    pd.testing.assert_frame_equal(run(again).groups.table, report.groups.table)
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_what_the_summary_says(grouped: Callable[..., Experiment]) -> None:
    groups = run(grouped(candidates=["poisson", "negative_binomial"], tests=True)).groups
    best = groups.best
    words = verdict(groups)
    wins = best["candidate"].astype(str).value_counts()
    assert f"{wins.index[0]} in {wins.iloc[0]}" in words
    table = families_table(groups)
    heads = [column.head for column in table.columns]
    assert [row.cells[0] for row in table.rows][-1] == "best of each"
    surely = sum(int(row.cells[heads.index("surely")]) for row in table.rows[:-1])
    assert surely == (best["q_value"] <= 0.05).sum() > 0
    # one family for all loses more than the best of each, by how much its own losses exceed theirs
    delta = groups.scores["delta"]
    share = groups.n / groups.n.sum()
    expected = float(np.nanmin(share @ delta))
    assert expected > 0
    assert f"{float(table.rows[0].cells[heads.index('Δ for all')]):.3f}" == f"{expected:.3f}"
    places = dict(notable(groups))
    assert "large" in places[int(np.argmax(groups.n))]
    gap = np.where(groups.n >= 20, best["gap"], -1)
    assert "widest gap" in places[int(np.argmax(gap))]


def test_user_text_stays_text(grouped: Callable[..., Experiment], tmp_path: Path) -> None:
    evil = '<script>alert("x")</script> | *b*'
    frame = sales(4).replace({"shop": {"s001": evil}})
    report = run(grouped(frame, unit="a<b>"), tmp_path / "out")
    page = (report.path / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "a<b>" not in page
    markdown = (report.path / "report.md").read_text(encoding="utf-8")
    assert "\\| \\*b\\*" in markdown
    assert "<script>" not in markdown


def test_groups_that_cannot_be_ranked_are_in_the_page(grouped: Callable[..., Experiment], tmp_path: Path) -> None:
    text = "shop,sold\n" + "a,-1.5\na,2.5\na,-7.25\nb,1.5\n"
    report = run(grouped(text, ["gamma"], resolution=None), tmp_path / "out")
    page = (report.path / "report.html").read_text(encoding="utf-8")
    assert "In none of 2 groups could a candidate be ranked" in page
    assert "outside the support" in page


# command line -------------------------------------------------------------------------------------------------------


def test_the_command_line_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    few = sales().query("sold <= 12")  # so that families of counts alone suggest themselves
    few.to_csv("sales.csv", index=False)
    assert main(["rank", "sales.csv", "-c", "sold", "--group-by", "shop", "--tests", "-o", "out"]) == 0
    out = capsys.readouterr().out
    assert f"In {few['shop'].nunique()} groups" in out
    assert "negative_binomial" in out
    assert "best of each" in out
    assert (tmp_path / "out" / "report.html").exists()
    options = ["--group-by", "shop", "--group-by", "day", "--candidates", "poisson,geometric", "--json"]
    assert main(["rank", "sales.csv", "-c", "sold", *options]) == 0
    (found,) = json.loads(capsys.readouterr().out)["experiments"]
    assert set(found["best"][0]) >= {"shop", "day", "candidate", "gap"}
    assert main(["rank", "sales.csv", "-c", "sold", "--tests"]) == 2
    assert "tests: there are no groups" in capsys.readouterr().err


def test_the_command_line_takes_up_a_run(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(group_tables, "ROWS_A_DECK", 300)
    sales().to_csv("sales.csv", index=False)
    settings = "data: {csv: sales.csv, column: sold, by: shop}\ncandidates: [poisson]\nreport: {figures: false}\n"
    Path("sales.yaml").write_text(settings, encoding="utf-8")
    parts: list[int] = []
    rank_part = group_runs.rank_part

    def second_fails(plan: Any, groups: Any) -> Any:
        parts.append(len(groups))
        if len(parts) == 2:
            raise KeyboardInterrupt
        return rank_part(plan, groups)

    monkeypatch.setattr(group_runs, "rank_part", second_fails)
    assert main(["run", "sales.yaml", "-o", "out"]) == 130
    assert "interrupted" in capsys.readouterr().err
    done = parts[0]
    assert main(["run", "sales.yaml", "-o", "out", "--resume", "--quiet"]) == 0
    assert sum(parts[2:]) == 40 - done
    assert (tmp_path / "out" / "best.csv").exists()


# what is refused ----------------------------------------------------------------------------------------------------

HEAD = "candidates: [poisson]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: {csv: a.csv, by: g}", ["x.yaml:2:20: data.by", "expected 'column'"]),
        ("data: {csv: a.csv, column: x, by: x}", ["x.yaml:2:35: data.by", "'x' is named twice"]),
        ("data: {csv: a.csv, column: x, by: [g, g]}", ["'g' is named twice"]),
        ("data: {csv: a.csv, column: x, by: g, ordered: true}", ["x.yaml:2:38: data.ordered", "beside 'by'"]),
        ("data: {csv: a.csv, column: x, by: g, truncation: {lower: 3}}", ["data.truncation"]),
        ("data: {csv: a.csv, column: x, by: g, weight: w, weights_kind: importance}", ["expected frequency"]),
        ("data: {csv: a.csv, column: x, by: g}\nadequacy: 99", ["x.yaml:3:1: adequacy", "groups of rows"]),
        ("data: {csv: a.csv, column: x, by: g}\nrank_by: crps", ["x.yaml:3:10: rank_by", "since there are groups"]),
        ("data: {csv: a.csv, column: x}\ntests: true", ["x.yaml:3:1: tests", "there are no groups"]),
        ("data: {values: [1], by: g}", ["data.by"]),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, text: str, words: list[str], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_experiments("x.yaml")
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        ("shop,sold\na,1\nb,\n", {}, ["data.column", "row 2", "missing: drop"]),
        ("shop,sold\na,1\n,3\n", {}, ["data.by", "row 2", "missing: drop"]),
        ("shop,sold\na,1\nb,x\n", {}, ["data.column", "'x' in row 2"]),
        ("shop,sold\na,1\nb,inf\n", {}, ["data.column", "infinite in row 2"]),
        ("shop,sold,w\na,1,2\nb,1,-1\n", {"weight": "w"}, ["data.weight", "-1 in row 2"]),
        ("shop,sold\na,1\n", {"by": "shp"}, ["data.by", "did you mean shop"]),
        ("shop,sold\na,1\n", {"by": ["shop", "day"]}, ["data.by", "no column 'day'"]),
        ("shop,sold\na,1\n", {"where": "sold > 3"}, ["data.where", "none of the 1 rows"]),
        ("shop,sold\na,1.5\n", {"resolution": 1}, ["data.resolution", "not a multiple"]),
        ("shop,sold\n", {}, ["no rows of data"]),
        (None, {"csv": "nothing-*.csv"}, ["data.csv", "no file matches"]),
        (None, {"csv": "nothing.csv"}, ["does not exist"]),
    ],
)
def test_rows_that_cannot_be_used(
    grouped: Callable[..., Experiment], text: str | None, settings: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        run(grouped(text, **settings))
    assert all(word in str(caught.value) for word in words), caught.value


def test_rows_that_are_left_out_are_counted(grouped: Callable[..., Experiment]) -> None:
    report = run(grouped("shop,sold\na,1\na,2\n,3\nb,\nb,4\n", missing="drop"))
    assert report.groups.n.tolist() == [2, 1]
    assert report.notes[0] == "2 rows without group, value or weight were left out"


def test_a_page_without_figures_is_a_page(grouped: Callable[..., Experiment], tmp_path: Path) -> None:
    report = run(grouped(report={"figures": False, "formats": ["markdown"]}), tmp_path / "out")
    text = (report.path / "report.md").read_text(encoding="utf-8")
    assert "## One family for all?" in text
    assert "![" not in text
    assert render_markdown.__doc__


def test_both_arms_of_a_trial_with_censored_times(tmp_path: Path) -> None:
    """The scale of an exponential is the time at risk over the number of relapses: 359/9 and 182/21 weeks."""
    (experiment,) = load_experiments(ROOT / "configs" / "remission_arms.yaml")
    report = run(experiment, tmp_path / "arms")
    found = report.groups.parameters.set_index(["arm", "candidate"])["estimate"]
    assert found["drug", "exponential"] == pytest.approx(359 / 9, rel=1e-9)
    assert found["placebo", "exponential"] == pytest.approx(182 / 21, rel=1e-9)
    page = (tmp_path / "arms" / "report.html").read_text(encoding="utf-8")
    assert "12 rows, on the right" in page
    assert "by its tail where an observation is censored" in page
