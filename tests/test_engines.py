"""Engines: the same digits in this process and on a cluster, workers that die, versions, and runs that go on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelselect.errors import ConfigurationError, ModelSelectError
from modelselect.experiment import engines, group_runs, group_tables
from modelselect.experiment.config import Experiment, load_experiments
from modelselect.experiment.engines import Dask, Local, check_versions, started
from modelselect.experiment.run import Failure, GroupReport, Report, run, run_all, steps
from modelselect.ranking.groups import GroupRanking

distributed = pytest.importorskip("distributed")
CANDIDATES = ["poisson", "negative_binomial", "geometric", "gamma"]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two processes that stand for a cluster."""
    many: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**many) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment on three files, whose groups are dealt into some ten decks."""
    rng = np.random.default_rng(0)
    size = rng.integers(1, 60, 60)
    shop = np.repeat(np.arange(60), size)
    sold = np.where(shop % 2, rng.poisson(3.0, len(shop)), rng.negative_binomial(1.0, 0.2, len(shop)))
    frame = pd.DataFrame({"shop": shop, "sold": sold}).sample(frac=1, random_state=0)
    for part in range(3):
        frame.iloc[part::3].to_csv(tmp_path / f"part-{part}.csv", index=False)
    monkeypatch.setattr(group_tables, "ROWS_A_DECK", 100)
    return Experiment(
        name="shops",
        data={"csv": str(tmp_path / "part-*.csv"), "column": "sold", "by": "shop"},
        candidates=CANDIDATES,
        tests=True,
        report={"formats": ["csv"], "figures": False},
    )


def groups_of(report: Report | GroupReport) -> GroupRanking:
    assert isinstance(report, GroupReport)
    return report.groups


def assert_same(one: GroupRanking, other: GroupRanking) -> None:
    """The same numbers to the last digit: groups share decks by the data, not by the workers."""
    for name in ("table", "best", "parameters", "pooled", "ledger"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    for name in ("values", "weights", "starts"):
        np.testing.assert_array_equal(getattr(one.groups, name), getattr(other.groups, name))


# engines ------------------------------------------------------------------------------------------------------------


def double(job: Any) -> Any:
    return sum(job) if isinstance(job, list) else 2 * job


@pytest.mark.parametrize("kind", ["local", "dask"])
def test_map_and_keep(kind: str, client: Any) -> None:
    engine = Local() if kind == "local" else Dask(client)
    seen: dict[int, int] = {}
    assert engine.map(double, range(5), seen.__setitem__) == [0, 2, 4, 6, 8]
    assert seen == {i: 2 * i for i in range(5)}
    kept = engine.keep(double, [1, 2, 3])
    assert engine.map(double, [[kept[0], kept[2]], kept[1]]) == [8, 8]


def test_a_cluster_gives_the_numbers_of_this_process(experiment: Experiment, client: Any) -> None:
    told: list[str] = []
    here = groups_of(run(experiment))
    there = groups_of(run(experiment, engine=Dask(client), progress=told.append))
    assert_same(here, there)
    assert len(told) == steps(experiment)
    assert told[-2].endswith("parts")
    assert there.ranking(7).best.label == here.ranking(7).best.label


def test_a_worker_that_dies_costs_a_retry(experiment: Experiment, client: Any) -> None:
    """One of two processes is killed while groups are fitted, when decks and pieces lie on both."""
    workers = client.run(os.getpid)
    victim = next(iter(workers.values()))
    killed: list[int] = []

    def tell(step: str) -> None:
        if not killed and step.startswith("2 of"):
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    there = groups_of(run(experiment, engine=Dask(client), progress=tell))
    assert killed
    assert_same(groups_of(run(experiment)), there)
    client.wait_for_workers(2, timeout=120)
    assert victim not in client.run(os.getpid).values()


def test_experiments_of_a_file_are_tasks(tmp_path: Path, client: Any) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(
        "report: {formats: [csv], figures: false}\ncandidates: [poisson, geometric]\nexperiments:\n"
        "  - {name: a, data: {counts: {0: 7, 1: 3, 2: 1}}}\n"
        "  - {name: b, data: {csv: nothing.csv}}\n"
        "  - {name: c, data: {values: [1, 4, 4, 9]}, profiles: [{candidate: poisson, parameter: mean}]}\n",
        encoding="utf-8",
    )
    experiments = load_experiments(path)
    told: list[str] = []
    folders = [tmp_path / e.name for e in experiments]
    made = run_all(experiments, folders, engine=Dask(client), progress=lambda e, step: told.append(e.name))
    assert isinstance(made[1], Failure)
    assert "nothing.csv does not exist" in str(made[1].error)
    for i in (0, 2):
        report = made[i]
        assert isinstance(report, Report)
        assert report.path == folders[i]
        assert (folders[i] / "ranking.csv").exists()
        mine = run(experiments[i])
        pd.testing.assert_frame_equal(report.ranking.table, mine.ranking.table, check_exact=True)
        assert told.count(experiments[i].name) == steps(experiments[i])
    assert len(made[2].profiles) == 1


def test_workers_need_not_work_in_this_folder(
    experiment: Experiment, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = experiment.to_dict()
    grouped = Experiment(**{**settings, "data": {**settings["data"], "csv": "part-*.csv"}})
    there = groups_of(run(grouped, engine=Dask(client)))
    assert_same(groups_of(run(experiment)), there)
    alone = Experiment(data={"csv": "part-0.csv", "column": "sold"}, candidates=["poisson"])
    made = run(alone, engine=Dask(client))
    assert isinstance(made, Report)
    assert made.source.endswith("of part-0.csv")


def test_what_goes_wrong_there_is_said_here(experiment: Experiment, client: Any) -> None:
    bad = Experiment(**{**experiment.to_dict(), "data": {**experiment.to_dict()["data"], "by": "shp"}})
    with pytest.raises(ModelSelectError, match=r"data\.by: .*did you mean shop"):
        run(bad, engine=Dask(client))


def suicide(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_job_that_kills_every_worker_is_given_up(client: Any) -> None:
    with pytest.raises(ModelSelectError, match="did not finish its work"):
        Dask(client).map(suicide, [1])
    client.wait_for_workers(2, timeout=120)


def test_the_settings_start_a_cluster(experiment: Experiment, client: Any) -> None:
    settings = {**experiment.to_dict(), "engine": {"type": "dask", "workers": 1}}
    assert_same(groups_of(run(experiment)), groups_of(run(Experiment(**settings))))
    address = client.scheduler.address
    at = Experiment(**{**settings, "engine": {"type": "dask", "address": address}})
    assert_same(groups_of(run(experiment)), groups_of(run(at)))
    assert client.run(os.getpid)  # it is not ours to stop


# what is refused ----------------------------------------------------------------------------------------------------


def test_versions_must_agree(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = engines.versions()
    assert set(here) >= {"python", "modelselect", "numpy", "scipy"}
    check_versions(here, {"tcp://a": dict(here)})
    monkeypatch.setattr(engines, "versions", lambda: {**here, "numpy": "9.9.9", "modelselect": "8"})
    with pytest.raises(ConfigurationError) as caught:
        Dask(client)
    for worker in client.scheduler_info()["workers"]:
        assert worker in str(caught.value)
    assert f"modelselect {here['modelselect']} (here 8), numpy {here['numpy']} (here 9.9.9)" in str(caught.value)
    with pytest.raises(ConfigurationError, match="scipy not installed"):
        check_versions(here, {"tcp://a": {name: v for name, v in here.items() if name != "scipy"}})
    with pytest.raises(ConfigurationError, match="no workers"):
        check_versions(here, {})


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("{type: dask}", ["x.yaml:3:9: engine", "got neither", "'address' or 'workers'"]),
        ("{type: dask, workers: 2, address: 'tcp://a:1'}", ["got both"]),
        ("{workers: 2}", ["x.yaml:3:10: engine.workers", "no sense with 'type: local'"]),
        ("{type: dask, workers: 0}", ["x.yaml:3:31: engine.workers", "at least 1"]),
        ("{type: spark}", ["engine.type", "expected local or dask"]),
    ],
)
def test_settings_that_name_no_cluster(tmp_path: Path, monkeypatch: Any, engine: str, words: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(f"data: {{values: [1]}}\ncandidates: [poisson]\nengine: {engine}", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_experiments("x.yaml")
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_scheduler_that_does_not_answer(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PATIENCE", "300ms")
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        asked = Experiment(**{**experiment.to_dict(), "engine": {"type": "dask", "address": address}})
        with pytest.raises(ConfigurationError, match=r"engine\.address"), started(asked.engine):
            pass
        (outcome,) = run_all([asked], [None])
        assert isinstance(outcome, Failure)


# runs that go on ----------------------------------------------------------------------------------------------------


class InterruptError(Exception):
    """What ends a run in the middle."""


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the decks that are fitted in this process."""
    sizes: list[int] = []
    rank_part = group_runs.rank_part

    def counting(plan: Any, groups: Any) -> Any:
        sizes.append(len(groups))
        return rank_part(plan, groups)

    monkeypatch.setattr(group_runs, "rank_part", counting)
    return sizes


def interrupted(experiment: Experiment, folder: Path, parts: int) -> None:
    def tell(step: str) -> None:
        if step.startswith(f"{parts} of"):
            raise InterruptError

    with pytest.raises(InterruptError):
        run(experiment, folder, progress=tell)


def test_an_interrupted_run_is_taken_up(experiment: Experiment, tmp_path: Path, fitted: list[int]) -> None:
    folder = tmp_path / "report"
    interrupted(experiment, folder, 3)
    before = sum(fitted)
    parts = tmp_path / ".report.parts"
    assert len(list(parts.glob("*.parquet"))) == len(fitted) == 3
    assert not list(parts.glob("*.writing"))
    assert not folder.exists()
    fitted.clear()
    report = run(experiment, folder, resume=True)
    assert sum(fitted) == 60 - before  # not one group is fitted again
    assert not parts.exists()
    assert (folder / "best.csv").exists()
    fitted.clear()
    whole = groups_of(run(experiment))
    assert sum(fitted) == 60
    assert_same(whole, groups_of(report))


def test_only_parts_of_the_same_run_are_taken(experiment: Experiment, tmp_path: Path, fitted: list[int]) -> None:
    folder = tmp_path / "report"

    def again(**changes: Any) -> int:
        interrupted(experiment, folder, 3)
        fitted.clear()
        run(Experiment(**{**experiment.to_dict(), **changes}), folder, resume=True)
        return sum(fitted)

    assert again(candidates=CANDIDATES[:3]) == 60
    assert again(seed=5) == 60
    assert again(tests=False) == 60
    same = again(rank_by="aic", title="Another order of the same numbers")
    assert 0 < same < 60
    interrupted(experiment, folder, 3)
    fitted.clear()
    run(experiment, folder)  # without resume all is done anew
    assert sum(fitted) == 60


def test_data_that_have_changed_are_fitted_again(experiment: Experiment, tmp_path: Path, fitted: list[int]) -> None:
    """One more observation in one group: only the deck that holds it is done again."""
    folder = tmp_path / "report"
    decks = len(groups_decks(experiment, fitted))
    interrupted(experiment, folder, decks - 1)
    with (tmp_path / "part-0.csv").open("a", encoding="utf-8") as stream:
        stream.write("59,2\n")
    fitted.clear()
    report = run(experiment, folder, resume=True)
    assert len(fitted) in (1, 2)  # the deck of group 59, and the last one unless it is the same
    assert_same(groups_of(run(experiment)), groups_of(report))


def groups_decks(experiment: Experiment, fitted: list[int]) -> list[int]:
    fitted.clear()
    run(experiment)
    return list(fitted)


def test_a_cluster_takes_up_what_this_process_began(
    experiment: Experiment, tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    interrupted(experiment, folder, 4)
    sent: list[int] = []
    rank = Dask.map

    def counting(self: Dask, function: Any, jobs: Any, done: Any = None) -> Any:
        jobs = list(jobs)
        if function is group_runs.ranked:
            sent.append(len(jobs))
        return rank(self, function, jobs, done)

    monkeypatch.setattr(Dask, "map", counting)
    report = run(experiment, folder, engine=Dask(client), resume=True)
    assert_same(groups_of(run(experiment)), groups_of(report))
    (decks,) = sent
    assert decks > 0
    assert not (tmp_path / ".report.parts").exists()
