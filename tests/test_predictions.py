"""Forecasters: labels and probabilities in every form, losses by their definition, calibration, reports."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import modelselect as ms
from modelselect.errors import DataError, NothingFittedError
from modelselect.ranking.cases import gather_cases
from modelselect.ranking.predictions import PredictionRanking

LABELS = ["cat", "dog", "cat", "fox", "dog", "cat"]
P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3], [0.6, 0.3, 0.1]])
Q = np.full((6, 3), 1 / 3)


def sampled(n: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the probabilities that come with them."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), size=n)
    return (rng.random(n)[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1), p


def bolder(p: np.ndarray, power: float) -> np.ndarray:
    return p**power / (p**power).sum(axis=1, keepdims=True)


def test_the_loss_of_certain_labels_is_the_log_loss() -> None:
    ranking = ms.rank_predictions(LABELS, {"P": P, "Q": Q})
    assert isinstance(ranking, PredictionRanking)
    each = -np.log(P[np.arange(6), [0, 1, 0, 2, 1, 0]])
    row = ranking.table.loc["P"]
    assert row["kl"] == pytest.approx(each.mean(), rel=1e-14)
    assert row["kl"] == row["kl_corrected"] == row["cross_entropy"]
    # divisor n − 1 of the variance, n of the mean
    assert row["kl_se"] == pytest.approx(each.std(ddof=1) / math.sqrt(6) * math.sqrt(1), rel=1e-12)
    assert row["n_parameters"] == 0
    assert row["log_likelihood"] == pytest.approx(-each.sum(), rel=1e-14)
    apart = np.log(3) - each
    assert ranking.table.loc["Q", "delta"] == pytest.approx(apart.mean(), rel=1e-12)
    assert ranking.table.loc["Q", "delta_se"] == pytest.approx(apart.std(ddof=1) / math.sqrt(6), rel=1e-12)
    z = apart.mean() / (apart.std(ddof=1) / math.sqrt(6))
    assert ranking.table.loc["Q", "p_value"] == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-10)
    assert ranking.comparisons["test"].tolist() == ["Vuong"]
    assert ranking.entropy.value == 0


def test_soft_labels_lose_their_kl() -> None:
    soft = np.array([[0.7, 0.1, 0.2], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]])
    ranking = ms.rank_predictions(soft, {"P": P[:3], "Q": Q[:3]})
    for name, q in (("P", P[:3]), ("Q", Q[:3])):
        each = ms.kl_divergence(soft, q)
        assert ranking.table.loc[name, "kl"] == pytest.approx(each.mean(), rel=1e-12)
        assert ranking.table.loc[name, "kl_se"] == pytest.approx(each.std(ddof=1) / math.sqrt(3), rel=1e-12)
    assert ranking.entropy.value == pytest.approx(ms.entropy(soft).mean(), rel=1e-14)
    assert ranking.calibration["p_value"].isna().all()
    exact = ms.rank_predictions(soft, {"P": soft, "Q": Q[:3]})
    assert exact.table.loc["P", "kl"] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    ("labels", "told", "options"),
    [
        (LABELS, pd.DataFrame(P[:, [2, 0, 1]], columns=["fox", "cat", "dog"]), {}),
        (pd.Series(LABELS), pd.DataFrame(P, columns=["cat", "dog", "fox"]), {}),
        (LABELS, {"dog": P[:, 1], "cat": P[:, 0].tolist(), "fox": pd.Series(P[:, 2])}, {}),
        (LABELS, P[:, ::-1], {"classes": ["fox", "dog", "cat"]}),
        (LABELS, P.tolist(), {}),
        ([0, 1, 0, 2, 1, 0], P, {}),
        (np.array([0.0, 1.0, 0.0, 2.0, 1.0, 0.0]), P, {}),
        (np.eye(3)[[0, 1, 0, 2, 1, 0]], P, {}),
        (pd.DataFrame(np.eye(3)[[0, 1, 0, 2, 1, 0]], columns=["c", "d", "f"]), P, {}),
        (LABELS, 3 * P, {"normalize": True}),
        (LABELS, P.astype(np.float32), {}),
    ],
)
def test_forms_of_labels_and_probabilities(labels: Any, told: Any, options: dict[str, Any]) -> None:
    if options.get("normalize"):
        told = told / 3.5  # still not one, and not above it
    ranking = ms.rank_predictions(labels, {"P": told}, **options)
    expected = -np.log(P[np.arange(6), [0, 1, 0, 2, 1, 0]]).mean()
    assert ranking.table.loc["P", "kl"] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("labels", "told", "options"),
    [
        ([0, 1, 1], [0.2, 0.7, 0.6], {}),
        ([False, True, True], np.array([0.2, 0.7, 0.6]), {}),
        (["no", "yes", "yes"], [0.2, 0.7, 0.6], {"classes": ["no", "yes"]}),
        (["no", "yes", "yes"], {"yes": [0.2, 0.7, 0.6]}, {}),
        (["no", "yes", "yes"], {"no": [0.8, 0.3, 0.4]}, {}),
        (["yes", "no", "no"], {"no": [0.2, 0.7, 0.6]}, {}),
        (["no", "yes", "yes"], [[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]], {}),
    ],
)
def test_one_probability_is_enough_for_two_classes(labels: Any, told: Any, options: dict[str, Any]) -> None:
    ranking = ms.rank_predictions(labels, {"P": told}, **options)
    assert ranking.table.loc["P", "kl"] == pytest.approx(-np.log([0.8, 0.7, 0.6]).mean(), rel=1e-12)


def test_classes_that_never_happen_count_as_columns() -> None:
    ranking = ms.rank_predictions([0, 1, 1], {"P": P[:3]})
    assert ranking.sample.classes == (0, 1, 2)
    with pytest.raises(DataError, match="got 3 columns for 2 classes"):
        ms.rank_predictions(["cat", "dog", "dog"], {"P": P[:3]})


@pytest.mark.parametrize(
    ("labels", "told", "options", "words"),
    [
        (LABELS, P * [1, 1, 0.5], {}, ["predictions: A: probabilities sum to 0.95 at rows 0, 1", "normalize=True"]),
        (LABELS, np.where(P == 0.8, -0.1, P), {}, ["predictions: A: -0.1 at row 1 (counted from 0)"]),
        (LABELS, np.where(P == 0.8, np.nan, P), {}, ["predictions: A: nan at row 1"]),
        (LABELS, P[:5], {}, ["A: expected 6 rows, one a label, got 5"]),
        (LABELS, P[:, :2], {}, ["got 2 columns for 3 classes (cat, dog, fox)"]),
        (LABELS, pd.DataFrame(P, columns=["cat", "dog", "wolf"]), {}, ["labels: 'fox' at row 3", "cat, dog, wolf"]),
        (LABELS, P, {"classes": ["cat", "dog", "foxx"]}, ["labels: 'fox' at row 3", "did you mean foxx?"]),
        (LABELS, P, {"classes": ["cat", "cat", "dog"]}, ["classes: expected at least two different"]),
        (LABELS, {"cat": P[:, 0], "dog": P[:5, 1], "fox": P[:, 2]}, {}, ["as many probabilities", "dog 5"]),
        (LABELS, P[:, 0], {}, ["there are 3 classes"]),
        (["a", "b"], [0.2, 0.3], {}, ["of which class?", "classes=[other, this]"]),
        ([0.3, 0.7], [0.2, 0.3], {}, ["labels: 0.3 at rows 0, 1", "soft labels as a table"]),
        (["cat", None, "dog"], {"cat": [0.1, 0.2, 0.3]}, {}, ["labels: no label at row 1"]),
        (["cat", "cat"], [[0.1, 0.9], [0.1, 0.9]], {}, ["there is only 'cat'", "classes="]),
        ([], [], {}, ["empty"]),
        ([[0.5, 0.4], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]], {}, ["labels: probabilities sum to 0.9 at row 0"]),
        (LABELS, P, {"weights": [1, 1, 1, 1, 1, -1]}, ["weights: must be finite and not negative"]),
        (LABELS, "P", {}, ["expected probabilities"]),
    ],
)
def test_what_is_refused_is_named(labels: Any, told: Any, options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(DataError) as error:
        ms.rank_predictions(labels, {"A": told}, **options)
    for word in words:
        assert word in str(error.value)


def test_forecasters_are_named() -> None:
    for odd in (P, [P], pd.DataFrame(P)):
        with pytest.raises(DataError, match="expected a mapping name"):
            ms.rank_predictions(LABELS, odd)
    with pytest.raises(DataError, match="at least one forecaster"):
        ms.rank_predictions(LABELS, {})


def test_cases_in_another_order_are_refused() -> None:
    frame = pd.DataFrame(P, columns=["cat", "dog", "fox"])
    with pytest.raises(DataError, match="predictions: A: its index is not that of the labels"):
        ms.rank_predictions(pd.Series(LABELS), {"A": frame.sort_index(ascending=False)})


def test_probability_zero_for_what_happened_comes_last_with_its_rows() -> None:
    zero = P.copy()
    zero[4] = [0.6, 0.0, 0.4]
    ranking = ms.rank_predictions(LABELS, {"sure": zero, "Q": Q})
    assert list(ranking.table.index) == ["Q", "sure"]
    assert ranking.table.loc["sure", "kl"] == math.inf
    assert ranking.table.loc["sure", "status"] == "out_of_support"
    assert ranking.ledger["reason"].tolist() == ["row 4: label dog has probability 0 (rows counted from 0)"]
    assert "sure loses without limit: row 4: label dog has probability 0" in ranking.verdict
    assert ranking.calibration.loc["sure", "loss"] == math.inf
    # left out by its weight, it is not in the way; rows keep their numbers
    kept = ms.rank_predictions(LABELS, {"sure": zero}, weights=[1, 1, 1, 1, 0, 1])
    assert kept.table.loc["sure", "status"] == "closed_form"
    with pytest.raises(NothingFittedError, match="row 4: label dog has probability 0"):
        ms.rank_predictions(LABELS, {"sure": zero}, weights=[0, 1, 1, 1, 1, 1])


def test_a_weight_is_so_many_cases() -> None:
    w = np.array([1, 3, 2, 1, 4, 2])
    many = np.repeat(np.arange(6), w)
    weighted = ms.rank_predictions(LABELS, {"P": P, "Q": Q}, weights=w)
    repeated = ms.rank_predictions([LABELS[i] for i in many], {"P": P[many], "Q": Q[many]})
    columns = ["kl", "kl_se", "kl_low", "kl_high", "delta", "delta_se", "p_value", "weight"]
    np.testing.assert_allclose(weighted.table[columns].astype(float), repeated.table[columns].astype(float), rtol=1e-12)
    np.testing.assert_allclose(weighted.calibration, repeated.calibration, rtol=1e-7, atol=1e-9)


def test_one_case_has_no_standard_error() -> None:
    ranking = ms.rank_predictions(["cat"], {"A": {"cat": [0.8], "dog": [0.2]}, "B": {"cat": [0.6], "dog": [0.4]}})
    assert ranking.table["kl"].round(4).to_dict() == {"A": 0.2231, "B": 0.5108}
    assert ranking.table[["kl_se", "kl_low", "kl_high", "p_value"]].isna().all(axis=None)


def test_vuong_rejects_as_often_as_it_says() -> None:
    """Two forecasters that are equally far from the truth on average: 5 % of the tests reject."""
    rejected, replicates, n = 0, 400, 150
    rng = np.random.default_rng(5)
    for _ in range(replicates):
        p = rng.uniform(0.2, 0.8, n)
        y = (rng.random(n) < p).astype(int)
        noise = rng.normal(scale=0.5, size=(2, n))
        told = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + noise)))
        rejected += ms.rank_predictions(y, {"A": told[0], "B": told[1]}).comparisons["p_value"].iloc[0] <= 0.05
    assert abs(rejected / replicates - 0.05) < 3.5 * math.sqrt(0.05 * 0.95 / replicates)


def test_the_parts_add_up_and_are_never_negative() -> None:
    y, p = sampled(500, 4, seed=1)
    told = {"calibrated": p, "bold": bolder(p, 3), "timid": bolder(p, 0.3), "base": np.full((500, 4), 0.25)}
    parts = ms.rank_predictions(y, told).calibration
    np.testing.assert_allclose(parts["calibration"] + parts["refinement"], parts["loss"], rtol=1e-15)
    assert (parts["calibration"] >= 0).all()
    # a power is one of the recalibrations: what it costs is all calibration, and the rest is the same
    assert parts["refinement"][["bold", "timid"]].to_numpy() == pytest.approx(parts.loc["calibrated", "refinement"])
    assert parts.loc["bold", "slope"] == pytest.approx(parts.loc["calibrated", "slope"] / 3)
    assert parts.loc["timid", "slope"] == pytest.approx(parts.loc["calibrated", "slope"] / 0.3)
    assert (parts.loc[["bold", "timid"], "p_value"] < 1e-6).all()
    # one that never changes its mind is left with the entropy of the classes
    shares = np.bincount(y) / len(y)
    assert parts.loc["base", "refinement"] == pytest.approx(ms.entropy(shares), rel=1e-9)


def test_the_recalibration_is_that_of_a_general_minimiser() -> None:
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    y, p = sampled(300, 3, seed=2)
    told = bolder(p, 2) * [1, 2, 0.5]
    told /= told.sum(axis=1, keepdims=True)

    def loss(theta: np.ndarray) -> float:
        logits = theta[0] * np.log(told) + np.array([0, *theta[1:]])
        return -float(log_softmax(logits, axis=1)[np.arange(300), y].mean())

    best = minimize(loss, [1, 0, 0], method="BFGS", options={"gtol": 1e-9})
    parts = ms.rank_predictions(y, {"A": told}).calibration.loc["A"]
    assert parts["refinement"] == pytest.approx(best.fun, rel=1e-10)
    assert parts["slope"] == pytest.approx(best.x[0], rel=1e-5)


def test_the_test_of_calibration_keeps_its_level() -> None:
    p_values = []
    for seed in range(300):
        y, p = sampled(200, 3, seed=1000 + seed)
        p_values.append(ms.rank_predictions(y, {"A": p}).calibration.loc["A", "p_value"])
    rejected = np.mean(np.array(p_values) <= 0.05)
    assert abs(rejected - 0.05) < 3.5 * math.sqrt(0.05 * 0.95 / 300)


def test_perfect_separation_leaves_nothing_to_refine() -> None:
    parts = ms.rank_predictions([0, 1, 0, 1], {"A": [0.4, 0.6, 0.3, 0.55]}).calibration.loc["A"]
    assert parts["refinement"] == pytest.approx(0, abs=1e-6)
    assert parts["loss"] == pytest.approx(parts["calibration"] + parts["refinement"], rel=1e-15)


def test_bins_of_reliability() -> None:
    y, p = sampled(4000, 3, seed=4)
    ranking = ms.rank_predictions(y, {"A": p, "B": bolder(p, 2)})
    a, b = ranking.reliability("A"), ranking.reliability("B")
    assert a["n"].sum() == 12000
    assert len(a) == 10
    assert (a["n"] == 1200).all()
    assert (np.abs(a["observed"] - a["forecast"]) < 4 * a["se"]).all()
    assert (np.abs(b["observed"] - b["forecast"]) > 4 * b["se"]).sum() > 5
    two = ms.rank_predictions(["n", "y", "y", "n"], {"A": {"y": [0.2, 0.2, 0.9, 0.2]}}).reliability("A")
    assert two["forecast"].round(12).tolist() == [0.2, 0.9]
    assert two["observed"].round(12).tolist() == [pytest.approx(1 / 3), 1.0]
    assert two["n"].tolist() == [3, 1]


def test_the_cases_are_what_a_ranking_needs() -> None:
    cases, told = gather_cases(LABELS, {"P": P}, weights=[1, 1, 0, 1, 1, 1])
    assert (cases.n, len(cases), cases.known, cases.kind) == (5, 5, False, "cases")
    assert cases.rows.tolist() == [0, 1, 3, 4, 5]
    assert told["P"].shape == (5, 3)
    assert "certain labels" in repr(cases)


def test_verdict_picture_and_page(tmp_path: Any) -> None:
    y, p = sampled(800, 3, seed=6)
    told = {"sober": p, "loud": bolder(p, 2.5), "dumb": np.full((800, 3), 1 / 3)}
    ranking = ms.rank_predictions(y, told, unit="photo")
    verdict = ranking.verdict
    assert verdict.startswith("sober loses ")
    assert "nats per photo" in verdict
    assert "fresh data" not in verdict
    loud = ms.rank_predictions(y, {"loud": told["loud"]}).verdict
    assert "loud is too bold: recalibrated it would lose" in loud
    figure = ranking.plot()
    assert len([axes for axes in figure.axes if axes.get_visible()]) == 3
    page = ranking.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    for words in (
        "sober can be taken at its word; loud is too bold",
        "What the losses are made of",
        "Loss = calibration + refinement",
        "Nothing was fitted",
        "one outcome each",
    ):
        assert words in page
    for words in ("maximum likelihood", "corrected", "Masses and densities"):
        assert words not in page
    assert "loses" in ranking._repr_html_()
    assert "sober" in repr(ranking)


# -- experiments -----------------------------------------------------------------------------------------------------

INLINE = """\
data: {labels: [cat, dog, cat, cat], unit: photo}
predictions:
  A: {cat: [0.7, 0.2, 0.9, 0.6]}
  B: {cat: [0.5, 0.5, 0.5, 0.5], dog: [0.5, 0.5, 0.5, 0.5]}
"""
CSV = "animal,a,b_cat,b_dog,n\ncat,0.7,0.5,0.5,1\ndog,0.2,0.5,0.5,1\ncat,0.9,0.5,0.5,2\nfox,2,0,0,0\n"
BY_FILE = """\
data: {csv: photos.csv, labels: animal, weight: n, where: animal <> 'fox'}
predictions:
  A: {cat: a}
  B: {cat: b_cat, dog: b_dog}
"""


@pytest.fixture
def write(tmp_path: Any, monkeypatch: Any) -> Any:
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "x.yaml") -> Any:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write_file


def test_an_experiment_says_what_python_says(write: Any, tmp_path: Any) -> None:
    experiment = ms.Experiment.from_yaml(write(INLINE))
    assert experiment.labels() == ["A", "B"]
    report = experiment.run(tmp_path / "report")
    labels, told = ["cat", "dog", "cat", "cat"], {"cat": [0.7, 0.2, 0.9, 0.6]}
    ranking = ms.rank_predictions(labels, {"A": told, "B": np.full((4, 2), 0.5)}, by="kl_corrected", unit="photo")
    pd.testing.assert_frame_equal(report.ranking.table, ranking.table)
    assert report.source == "4 cases, given as labels; forecasts of 2 classes by A, B"
    assert report.manifest["data"]["classes"] == ["cat", "dog"]
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"calibration.csv", "ranking.csv", "report.html", "report.md", "experiment.yaml"} <= names
    assert "Loss = calibration" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    again = ms.Experiment.from_yaml(tmp_path / "report" / "experiment.yaml")
    assert again.run().manifest["data"]["sha256"] == report.manifest["data"]["sha256"]
    assert ms.Experiment.from_dict(experiment.to_dict()) == experiment


def test_forecasts_in_the_columns_of_a_file(write: Any) -> None:
    write(CSV, "photos.csv")
    report = ms.Experiment.from_yaml(write(BY_FILE)).run()
    assert report.ranking.sample.n == 4
    assert report.ranking.table.loc["A", "kl"] == pytest.approx(-np.log([0.7, 0.8, 0.9, 0.9]).mean(), rel=1e-12)
    assert report.source == (
        "4 cases labelled by `animal` in photos.csv, where animal <> 'fox': 3 of 4 rows; forecasts of 2 classes by A, B"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (INLINE + "candidates: [poisson]", "x.yaml:5:1: candidates: makes no sense beside 'predictions'"),
        (INLINE + "adequacy: 99", "x.yaml:5:1: adequacy: makes no sense beside 'predictions'"),
        (INLINE + "dependence: hac", "x.yaml:5:1: dependence: makes no sense beside 'predictions'"),
        (INLINE + "criteria: [crps]", "x.yaml:5:1: criteria: makes no sense beside 'predictions'"),
        (
            "data: {values: [1]}\npredictions: {A: {cat: [1]}}",
            "x.yaml:1:7: data: there are no labels, expected 'labels'",
        ),
        ("data: {labels: [cat]}\ncandidates: [poisson]", "x.yaml:1:16: data.labels: there are no predictions"),
        (
            "data: {labels: animal}\npredictions: {A: {cat: [1]}}",
            "data.labels: got 'animal' (text), expected a list, since",
        ),
        (
            "data: {labels: [cat]}\npredictions: {A: {cat: a}}",
            "x.yaml:2:24: predictions.A.cat: got 'a' (text), expected a",
        ),
        ("data: {labels: [cat]}\npredictions: {A: {cat: [x]}}", "x.yaml:2:25: predictions.A.cat[0]: got 'x' (text)"),
        (
            "data: {labels: [cat]}\npredictions: {A: [1]}",
            "x.yaml:2:18: predictions.A: got '[1]' (a list), expected a mapp",
        ),
        ("data: {labels: [cat]}\npredictions: [A]", "x.yaml:2:14: predictions: got '[A]' (a list), expected a mapping"),
        (
            "data: {labels: [1.5]}\npredictions: {A: {1: [1]}}",
            "x.yaml:1:17: data.labels[0]: got '1.5' (a number), expected",
        ),
        ("data: {labels: [cat], n: 3}\npredictions: {A: {cat: [1]}}", "data.n: makes no sense with 'labels'"),
    ],
)
def test_experiments_that_are_refused(write: Any, text: str, message: str) -> None:
    with pytest.raises(ms.ConfigurationError) as error:
        ms.Experiment.from_yaml(write(text))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (INLINE.replace("0.9", "1.9"), "x.yaml:3:6: predictions.A: 1.9 at row 2 (counted from 0)"),
        (INLINE.replace("[cat, dog,", "[cat, cow,"), "x.yaml:1:16: data.labels: 'cow' at row 1"),
        (BY_FILE.replace(", where: animal <> 'fox'", ""), "predictions.A: 2 in row 4 (data rows, counted from 1)"),
        (BY_FILE.replace("b_dog", "b_dig"), "x.yaml:4:24: predictions.B.dog: photos.csv has no column 'b_dig'"),
        (
            BY_FILE.replace("cat: a}", "cat: animal}"),
            "predictions.A.cat: `animal` of photos.csv holds the text 'cat' in r",
        ),
        (BY_FILE.replace("labels: animal", "labels: animl"), "data.labels: photos.csv has no column 'animl'"),
    ],
)
def test_forecasts_that_are_refused_when_read(write: Any, text: str, message: str) -> None:
    write(CSV, "photos.csv")
    with pytest.raises(DataError) as error:
        ms.Experiment.from_yaml(write(text)).run()
    assert message in str(error.value)
