"""Running experiments: folders, profiles, the manifest, and one failure among several."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelselect as ms
from modelselect.errors import ConfigurationError, DataError, NothingFittedError
from modelselect.experiment.config import Experiment, load_experiments
from modelselect.experiment.run import Failure, Report, check, load_all, output_folders, run, run_all, slug, steps

ROOT = Path(__file__).parents[1]
GROUPED = ("air_conditioning_planes", "remission_arms")  # test_group_reports.py
CONFIGS = sorted(path for path in (ROOT / "configs").glob("*.yaml") if path.stem not in GROUPED)
COUNTS = {0: 70, 1: 38, 2: 17, 3: 10, 4: 9}


def experiment(**settings: Any) -> Experiment:
    return Experiment(**{"name": "mites", "data": {"counts": COUNTS}, "candidates": ["poisson"], **settings})


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_runs(path: Path, tmp_path: Path) -> None:
    experiments = load_experiments(path, ["report.figures=false"])
    folders = [tmp_path / slug(e.name) for e in experiments]
    for wanted, outcome in zip(experiments, run_all(experiments, folders), strict=True):
        assert isinstance(outcome, Report), outcome.error
        assert len(outcome.ranking.table) == len(wanted.labels())
        assert len(outcome.profiles) == len(wanted.profiles)
        assert outcome.path is not None
        assert {"ranking.csv", "ledger.csv", "manifest.json", "experiment.yaml"} <= {
            p.name for p in outcome.path.iterdir()
        }
        again = load_experiments(outcome.path / "experiment.yaml")[0]
        assert again.candidates == wanted.candidates
        manifest = json.loads((outcome.path / "manifest.json").read_text())
        assert manifest["data"]["sha256"] == outcome.manifest["data"]["sha256"]
        assert run(again).ranking.table["kl"].equals(outcome.ranking.table["kl"])  # the resolved file says the same


def test_the_origin() -> None:
    report = Experiment.from_yaml(ROOT / "configs" / "worm_teeth.yaml").run()
    kl = report.ranking.table["kl"].round(4).to_dict()
    assert kl["poisson"] == 0.0902
    assert kl["uniform(low=0, high=10)"] == 0.1367
    assert kl["binomial(n=10)"] == 0.4273
    (curve,) = report.profiles
    assert (curve.candidate, curve.parameter) == ("binomial(n=10)", "p")
    assert curve.at == pytest.approx(0.544, abs=1e-12)
    assert curve.kl == pytest.approx(0.4273, abs=5e-5)
    at = curve.frame.set_index("p")["kl"]
    assert at.idxmin() == curve.at
    assert at.min() == pytest.approx(curve.kl, abs=1e-12)
    assert len(curve.frame) == 98  # 97 steps and the estimate
    assert report.path is None
    assert set(report.tables) >= {"ranking", "parameters", "comparisons", "ledger", "profile of binomial(n=10) over p"}


def test_public_names_are_lazy_and_right() -> None:
    assert ms.Experiment is Experiment
    assert ms.Report is Report
    assert "poisson" in ms.families().index
    assert set(ms.families().columns) == {
        "group", "core", "support", "parameters", "aliases", "discrete", "description",
    }  # fmt: skip
    with pytest.raises(AttributeError, match="nonsense"):
        ms.nonsense  # noqa: B018


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{ms.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


# profiles ---------------------------------------------------------------------------------------------------


def curve(**settings: Any) -> Any:
    return run(experiment(**settings)).profiles[0]


def test_a_profile_without_a_grid_reaches_four_standard_errors() -> None:
    found = curve(profiles=[{"candidate": "poisson", "parameter": "mean"}])
    fit = ms.fit("poisson", COUNTS)
    grid = found.frame["mean"]
    assert found.at == fit.parameters["mean"]
    assert grid.min() == pytest.approx(found.at - 4 * fit.standard_errors["mean"])
    assert grid.max() == pytest.approx(found.at + 4 * fit.standard_errors["mean"])
    assert found.at in grid.to_numpy()
    assert found.frame["kl"].min() == pytest.approx(found.kl)


def test_profiles_stay_in_the_domain_and_are_matched_by_label_or_family() -> None:
    candidates = [{"family": "binomial", "fixed": {"n": 4}, "label": "four mites"}, "poisson"]
    for name in ("four mites", "binomial", "binom"):
        if name == "binom":
            candidates[0]["family"] = "binom"
        found = curve(candidates=candidates, profiles=[{"candidate": name, "parameter": "p"}])
        assert found.candidate == "four mites"
        assert 0 < found.frame["p"].min() < found.at < found.frame["p"].max() < 1


def test_profiles_of_integers_limits_and_given_parameters() -> None:
    whole = curve(candidates=["binomial"], profiles=[{"candidate": "binomial", "parameter": "n", "from": 4, "to": 9}])
    assert whole.frame["n"].tolist() == [4, 5, 6, 7, 8, 9]
    given = curve(candidates=[{"poisson": {"mean": 2}}], profiles=[{"candidate": "poisson", "parameter": "mean"}])
    assert given.at == pytest.approx(ms.fit("poisson", COUNTS).parameters["mean"])
    assert given.kl == pytest.approx(given.frame["kl"].min())
    under = {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}
    limit = curve(
        data={"counts": under},
        candidates=["negative_binomial"],
        profiles=[{"candidate": "negative_binomial", "parameter": "size"}],
    )
    assert math.isinf(limit.at)
    assert limit.kl <= limit.frame["kl"].min()
    outside = curve(profiles=[{"candidate": "poisson", "parameter": "mean", "from": 3, "to": 4, "steps": 5}])
    assert outside.frame["mean"].tolist() == [3, 3.25, 3.5, 3.75, 4]
    assert outside.at < 3


def test_profiles_that_cannot_be_drawn() -> None:
    def refused(*words: str, **profile: Any) -> None:
        with pytest.raises(ConfigurationError) as caught:
            check(experiment(profiles=[{"candidate": "poisson", **profile}]))
        for word in ("profiles[0]", *words):
            assert word in str(caught.value)

    refused("'meen' of poisson", "did you mean mean", parameter="meen")
    refused("got -1, expected mean in [0, ∞)", parameter="mean", **{"from": -1})
    with pytest.raises(ConfigurationError, match="give 'to' too"):
        curve(profiles=[{"candidate": "poisson", "parameter": "mean", "from": 1e6}])
    labels = experiment(
        data={"counts": {"a": 1, "b": 2}},
        candidates=["uniform", "poisson"],
        profiles=[{"candidate": "poisson", "parameter": "mean"}],
    )
    report = run(labels)
    assert not report.profiles
    assert any("not drawn" in note for note in report.notes)


# folders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "Ünïcode  name!", "a/b\\c", ".hidden", "x" * 200, "日本", "-rf", "a\0b\n"]
)
def test_slugs_are_safe(name: str) -> None:
    import re

    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,79}", slug(name))


def test_where_reports_go(tmp_path: Path) -> None:
    one, other = experiment(name="One"), experiment(name="Other thing")
    assert output_folders([one], tmp_path) == [tmp_path]
    assert output_folders([one, other], tmp_path) == [tmp_path / "one", tmp_path / "other-thing"]
    assert output_folders([one]) == [Path("reports/one")]


def test_two_reports_never_share_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'a b' and 'A  B' would both write"):
        output_folders([experiment(name="a b"), experiment(name="A  B")], tmp_path)


def test_an_unwritable_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            output_folders([experiment()], folder)
        with pytest.raises(ConfigurationError, match="cannot be written"):
            run(experiment(), folder)
    assert (tmp_path / "file").read_text() == "precious"


# several ----------------------------------------------------------------------------------------------------


def test_one_failure_does_not_keep_the_others_from_being_run(tmp_path: Path) -> None:
    experiments = [
        experiment(name="good"),
        experiment(name="no file", data={"csv": str(tmp_path / "none.csv")}),
        experiment(name="nothing fits", data={"values": [0.5, 1.25, -3.75]}),
        experiment(name="good too"),
    ]
    seen = []
    folders = output_folders(experiments, tmp_path)
    outcomes = run_all(experiments, folders, progress=lambda e, step: seen.append((e.name, step)))
    assert [isinstance(outcome, Report) for outcome in outcomes] == [True, False, False, True]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert isinstance(failures[0].error, DataError)
    assert isinstance(failures[1].error, NothingFittedError)
    assert failures[1].ledger is not None
    assert failures[1].to_dict()["ledger"][0]["candidate"] == "poisson"
    assert (tmp_path / "good-too" / "ranking.csv").exists()
    assert not (tmp_path / "no-file").exists()
    assert [step for name, step in seen if name == "good"] == ["data", "poisson", "report"]
    assert len([1 for name, _ in seen if name == "good"]) == steps(experiments[0])


def test_a_failed_run_leaves_the_previous_report_whole(tmp_path: Path) -> None:
    run(experiment(), tmp_path / "mites")
    before = {p.name: p.read_bytes() for p in (tmp_path / "mites").iterdir() if p.is_file()}
    (outcome,) = run_all([experiment(data={"values": [0.5]})], [tmp_path / "mites"])
    assert isinstance(outcome, Failure)
    assert {p.name: p.read_bytes() for p in (tmp_path / "mites").iterdir() if p.is_file()} == before


def test_the_same_experiment_writes_the_same_tables(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        run(experiment(candidates=["poisson", "negative_binomial"]), tmp_path / folder)
    tables = sorted(p.name for p in (tmp_path / "a").rglob("*.csv"))
    assert "ranking.csv" in tables
    for name in (*tables, "experiment.yaml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    one, other = (json.loads((tmp_path / f / "manifest.json").read_text()) for f in ("a", "b"))
    assert one.pop("created")
    other.pop("created")
    assert one == other


def test_what_the_manifest_says() -> None:
    manifest = run(experiment(seed=7, rank_by="bic")).manifest
    assert manifest["seed"] == 7
    assert manifest["criterion"] == "bic"
    assert manifest["data"]["n"] == 144
    assert manifest["statuses"] == {"poisson": "closed_form"}
    assert {"python", "modelselect", "numpy", "scipy", "pandas"} <= set(manifest["versions"])
    json.dumps(manifest, allow_nan=False)
    known = run(experiment(data={"probabilities": {"H": 0.5, "T": 0.5}}, candidates=["uniform"]))
    json.dumps(known.manifest, allow_nan=False)
    json.dumps(known.to_dict(), allow_nan=False)
    assert known.to_dict()["n"] == "inf"


def test_json_keeps_every_digit() -> None:
    report = run(experiment(candidates=["poisson", "negative_binomial"]))
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    kl = {row["candidate"]: row["kl"] for row in plain["ranking"]}
    assert kl == report.ranking.table["kl"].to_dict()
    assert all(row["p_value"] is None or np.isfinite(row["p_value"]) for row in plain["ranking"])


def test_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name, text in (("a", "data: {values: [1]}\n"), ("b", "data: {values: [1]}\ncandidates: [poison]\n")):
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_all([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert "a.yaml" in str(caught.value)
    assert "b.yaml:2:14" in str(caught.value)


def test_what_is_asked_beyond_the_ranking_is_done_and_written(tmp_path: Path) -> None:
    asked = experiment(
        criteria=["bic", "crps"], adequacy=99, bootstrap=20, stacking=5, candidates=["poisson", "geometric"]
    )
    assert Experiment.from_dict(asked.to_dict()) == asked
    report = run(asked, tmp_path / "r")
    assert {"adequacy", "bootstrap", "stacking"} <= set(report.tables)
    assert {"adequacy.csv", "bootstrap.csv", "stacking.csv"} <= {p.name for p in (tmp_path / "r").iterdir()}
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    for heading in ("By other criteria", "Is it good enough?", "If the data were drawn again"):
        assert heading in page
        assert f"## {heading}" in (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert (tmp_path / "r" / "figures" / "simulated.svg").exists()
    assert {"crps", "bic"} <= set(report.ranking.table.columns)
    told: list[str] = []
    run(asked, progress=told.append)
    assert len(told) == steps(asked)


def test_data_in_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    x = np.cumsum(np.random.default_rng(0).standard_normal(200)).round(3)
    path.write_text("t\n" + "\n".join(map(str, x)), encoding="utf-8")
    settings = {"data": {"csv": str(path), "ordered": True, "resolution": None}, "candidates": ["normal", "logistic"]}
    naive = Experiment.from_dict(settings).run()
    hac = Experiment.from_dict({**settings, "dependence": "hac"}).run()
    assert any("neighbouring observations are alike" in note for note in naive.notes)
    assert hac.ranking.table["delta_se"].iloc[1] > naive.ranking.table["delta_se"].iloc[1]
    one, blocks = (
        Experiment.from_dict({**settings, "bootstrap": 99, "block_length": length}).run().studies.bootstrap
        for length in (None, 20)
    )
    second = hac.ranking.table.index[1]
    width = [float(table.loc[second, "delta_high"] - table.loc[second, "delta_low"]) for table in (one, blocks)]
    assert width[1] > 1.3 * width[0]  # neighbours drawn together
    with pytest.raises(ConfigurationError, match="ordered"):
        Experiment.from_dict({**settings, "data": {"csv": str(path), "ordered": True, "weight": "t"}})
