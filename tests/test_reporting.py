"""Reports: what they say, that user text stays text, and that no failure costs anybody a file."""

import csv
import errno
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelselect as ms
from modelselect.errors import ConfigurationError
from modelselect.ranking.ranker import rank
from modelselect.reporting import canvas
from modelselect.reporting.cells import cells_of
from modelselect.reporting.figures import data_figure, pictures
from modelselect.reporting.html import escape_markdown, fragment, write_html
from modelselect.reporting.studies import criteria_table
from modelselect.reporting.tables import frames, nats, ranking_table, significant, with_error
from modelselect.reporting.writers import Page, ProfileCurve, write_report
from modelselect.sample import Sample

WORMS = {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}
ROOT = Path(__file__).parents[1]
EVIL = '<script>alert("x")</script> | $x$ `a` & *b*\n# c'


def worms():
    candidates = [{"uniform": {"low": 0, "high": 10}}, {"binomial": {"n": 10}}, "poisson"]
    return rank(WORMS, candidates, by="kl", unit="worm")


def page(ranking, profiles=(), **changes):
    fields = {
        "name": "worms",
        "title": "How many teeth?",
        "ranking": ranking,
        "profiles": profiles,
        "experiment_yaml": "name: worms\n# ``` and <b>\n",
        "manifest": {"seed": 1, "versions": {"numpy": "2"}, "nothing": float("nan"), "size": float("inf")},
        "source": "Typed from the paper.",
    }
    return Page(**{**fields, **changes})


def profile_of_p(ranking):
    label = "binomial(n=10)"
    frame = ms.profile(ranking.fits[label], "p", np.linspace(0.02, 0.98, 49))
    return ProfileCurve(label, "p", frame, ranking.fits[label].parameters["p"], float(ranking.table.loc[label, "kl"]))


def known():
    tables = [{"table": {"H": 0.6, "T": 0.4}}, {"table": {"H": 1.0}}, "uniform", "poisson"]
    return rank(Sample.from_probabilities({"H": 0.5, "T": 0.5}), tables, unit="toss")


def labelled():
    table = {"family": "table", "fixed": {"cat": 0.5, EVIL: 0.3, "dog": 0.2}, "label": EVIL}
    return rank(Sample(["cat"] * 30 + [EVIL] * 15 + ["dog"] * 5), [table, "uniform"], unit=EVIL)


def continuous(size=300):
    return rank(
        np.random.default_rng(1).gamma(2.3, 1.7, size), ["gamma", "normal", "exponential", "uniform", "poisson"]
    )


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Reader(HTMLParser):
    """Collects tags, texts and identifiers."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.text.append(data)


def test_a_report_has_all_its_files_and_says_what_was_found(tmp_path):
    ranking = worms()
    made = write_report(page(ranking, (profile_of_p(ranking),)), tmp_path / "report")
    files = tree(made)
    expected = {"ranking.csv", "parameters.csv", "comparisons.csv", "ledger.csv", "report.md", "report.html"}
    expected |= {"experiment.yaml", "manifest.json", "profile-binomial-n-10-p.csv"}
    names = ["data", "divergence", "cdf", "quantiles", "losses", "profile-binomial-n-10-p"]
    expected |= {f"figures/{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert set(files) == expected
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["files"]) == expected
    assert (manifest["seed"], manifest["nothing"], manifest["size"]) == (1, None, "inf")
    for name in ("report.md", "report.html"):
        text = files[name].decode()
        assert "minimum at p = 0.544" in text
        assert "Typed from the paper." in text
        for number in ("0.1367", "0.4273", "0.0902"):
            assert number in text
    markdown = files["report.md"].decode()
    assert markdown.startswith("# How many teeth?\n\npoisson loses 0.090 nats per worm")
    assert "````yaml\nname: worms" in markdown
    assert all(name in markdown for name in ("figures/data.svg", "figures/profile-binomial-n-10-p.svg"))
    html = files["report.html"].decode()
    assert html.count("<svg") == 6
    assert not re.search(r'(src|href)="(?!#)', html)  # one file, no network


def test_csv_keeps_every_digit_and_parquet_says_the_same(tmp_path):
    ranking = continuous()
    made = write_report(page(ranking), tmp_path / "r", formats=("csv", "parquet"), figures=False)
    assert not (made / "figures").exists()
    for name, frame in frames(ranking).items():
        content = (made / f"{name}.csv").read_bytes()
        assert b"\r" not in content
        head, *lines = csv.reader(content.decode().splitlines())
        assert head == list(frame)
        numbers = frame.select_dtypes("number")
        read = [[float(cell or "nan") for cell, at in zip(line, head, strict=True) if at in numbers] for line in lines]
        np.testing.assert_array_equal(np.array(read).reshape(numbers.shape), numbers.to_numpy(float))
        stored = pd.read_parquet(made / f"{name}.parquet")
        np.testing.assert_array_equal(stored[numbers.columns].to_numpy(float), numbers.to_numpy(float))
    parameters = pd.read_csv(made / "parameters.csv")
    assert list(parameters) == ["candidate", "parameter", "estimate", "standard_error", "origin"]
    last = (made / "ranking.csv").read_text("utf-8").splitlines()[-1]
    assert last.startswith("5,poisson") or ",inf," in last
    assert "nan" not in (made / "ranking.csv").read_text("utf-8").replace("nominal", "")


def test_the_same_twice_is_the_same_to_the_byte(tmp_path):
    first = write_report(page(worms(), (profile_of_p(worms()),)), tmp_path / "a", formats=("csv", "parquet", "html"))
    again = write_report(page(worms(), (profile_of_p(worms()),)), tmp_path / "b", formats=("csv", "parquet", "html"))
    assert tree(first) == tree(again)


@pytest.mark.parametrize("make", [worms, known, labelled, continuous])
def test_svg_is_well_formed_and_says_nothing_of_today(make, tmp_path):
    for picture in pictures(make()):
        text = canvas.svg(picture.figure)
        ET.fromstring(text)  # noqa: S314 — our own
        assert "<metadata" not in text
        assert "<script>" not in text
        assert canvas.png(picture.figure).startswith(b"\x89PNG")


def test_what_a_user_wrote_stays_text(tmp_path):
    made = write_report(page(labelled(), title=EVIL, source=EVIL, manifest={EVIL: [EVIL]}), tmp_path / "r")
    html = (made / "report.html").read_text("utf-8")
    reader = Reader(html)
    assert "script" not in reader.tags
    assert "b" not in reader.tags
    assert any('<script>alert("x")</script>' in text for text in reader.text)
    assert len(reader.ids) == len(set(reader.ids))
    markdown = (made / "report.md").read_text("utf-8")
    assert "<script" not in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert len(columns) <= 3  # a bar in a label is no further cell: ranking, comparisons, ledger
    assert "<script>" not in fragment(labelled())


def test_markdown_is_escaped_where_it_must_be_and_left_alone_elsewhere():
    assert escape_markdown("negative_binomial, p < 0.05, a & b, 0.090") == "negative_binomial, p < 0.05, a & b, 0.090"
    assert escape_markdown("- a") == "\\- a"
    assert escape_markdown("1. a") == "1\\. a"
    assert escape_markdown("_a_ [b](c)") == "\\_a\\_ \\[b\\](c)"


# two infinite losses: inf − inf in ranking/comparison.py, gap()
def test_where_p_is_known_nothing_that_needs_a_sample_size_is_shown(tmp_path):
    table = ranking_table(known())
    assert [column.head for column in table.columns] == ["rank", "candidate", "KL", "bits", "cross-entropy"]
    made = write_report(page(known(), manifest={}), tmp_path / "r")
    assert "nan" not in (made / "report.md").read_text("utf-8").lower()
    assert "P is known" in (made / "report.html").read_text("utf-8")
    assert not (made / "figures" / "cdf.svg").exists()


def test_a_failure_in_the_middle_leaves_the_earlier_report_whole(tmp_path, monkeypatch):
    folder = tmp_path / "report"
    write_report(page(worms()), folder)
    before = tree(folder)

    def full(figure):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(canvas, "png", full)
        with pytest.raises(ConfigurationError, match=r"cannot write .* No space left"):
            write_report(page(continuous()), folder)
    assert tree(folder) == before

    def interrupted(frame):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("modelselect.reporting.writers.csv_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_report(page(continuous()), folder)
    assert tree(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_a_failure_between_the_two_renamings_brings_the_earlier_report_back(tmp_path, monkeypatch):
    folder = tmp_path / "report"
    write_report(page(worms()), folder, figures=False)
    before = tree(folder)
    rename = type(folder).rename

    def stubborn(self, target):
        if self.name.endswith(".new"):
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "rename", stubborn)
        with pytest.raises(ConfigurationError, match="Permission denied"):
            write_report(page(continuous()), folder, figures=False)
    assert tree(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_a_new_report_replaces_the_old_one_and_keeps_what_is_not_ours(tmp_path):
    folder = tmp_path / "report"
    write_report(page(worms(), (profile_of_p(worms()),)), folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "figures" / "sub").mkdir()
    (folder / "figures" / "sub" / "photo.jpg").write_bytes(b"jpg")
    write_report(page(continuous()), folder, formats=("csv",), figures=False)
    files = tree(folder)
    assert files["notes.txt"] == b"mine"
    assert files["figures/sub/photo.jpg"] == b"jpg"
    assert not any("profile" in name or name.endswith(".svg") for name in files)
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("manifest", [None, "{}", "[1]", "not json", '{"made_by": "somebody"}'])
def test_a_folder_that_is_not_ours_is_left_alone(tmp_path, manifest):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest)
    before = tree(folder)
    with pytest.raises(ConfigurationError, match=r"not a report of modelselect .*chapter.tex"):
        write_report(page(worms()), folder)
    assert tree(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_places_that_cannot_be_written_get_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="is a file"):
        write_report(page(worms()), tmp_path / "file")
    with pytest.raises(ConfigurationError, match="cannot"):
        write_report(page(worms()), tmp_path / "file" / "report", figures=False)
    with pytest.raises(ConfigurationError, match="unknown format 'pdf'"):
        write_report(page(worms()), tmp_path / "r", formats=("pdf",))
    with pytest.raises(ConfigurationError, match="cannot"):
        write_report(page(worms()), tmp_path / ("n" * 300), figures=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="current folder"):
        write_report(page(worms()), tmp_path, figures=False)
    (tmp_path / "empty").mkdir()
    assert (write_report(page(worms()), tmp_path / "empty", figures=False) / "report.md").exists()


def test_parquet_needs_no_other_package(tmp_path):
    # pyarrow is missing from the beginning: pandas keeps text in another way then
    program = f"""
import sys
sys.modules["pyarrow"] = None
import pathlib
import modelselect as ms
experiment = ms.Experiment.from_yaml({str(ROOT / "configs" / "worm_teeth.yaml")!r})
experiment = ms.Experiment(**{{**experiment.to_dict(), "report": {{"formats": ["parquet"]}}}})
experiment.run(output={str(tmp_path / "r")!r})
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
    made = {path.name for path in (tmp_path / "r").glob("*.parquet")}
    assert made >= {"ranking.parquet", "ledger.parquet"}


def test_file_names_of_profiles_are_safe_and_different(tmp_path):
    curve = profile_of_p(worms())
    odd = [
        ProfileCurve(c, "p", curve.frame, curve.at, curve.kl) for c in ("../../etc/passwd", "A/B", "a b", "ΔΔ" * 200)
    ]
    made = write_report(page(worms(), tuple(odd)), tmp_path / "r", formats=("csv",), figures=False)
    profiles = sorted(p.name for p in made.iterdir() if p.name.startswith("profile"))
    assert profiles == ["profile-a-b-p-2.csv", "profile-a-b-p.csv", "profile-etc-passwd-p.csv", "profile-p.csv"]


@pytest.mark.parametrize(
    "data",
    [
        [1.5, 2.25, 7.125],
        [4, 4, 4, 4],
        np.random.default_rng(2).standard_cauchy(500),
        np.random.default_rng(2).pareto(0.8, 500) + 1,
        np.random.default_rng(2).zipf(1.7, 500),
        np.round(np.random.default_rng(2).normal(50, 8, 800), 1),
        np.random.default_rng(2).gamma(0.1, 1e-9, 100),
        Sample(np.repeat(np.random.default_rng(2).gamma(2, 1, 40), 5), resolution=None),  # ties: no level
    ],
    ids=["three", "constant", "cauchy", "pareto", "zipf", "rounded", "tiny", "ties"],
)
def test_awkward_data_have_pictures_too(data):
    for picture in pictures(rank(data, ["normal", "exponential"])):
        assert canvas.png(picture.figure)
        ET.fromstring(canvas.svg(picture.figure))  # noqa: S314


def test_large_samples_are_thinned():
    for picture in pictures(rank(np.random.default_rng(3).gamma(2, 3, 100_000), ["gamma", "normal"])):
        assert len(canvas.svg(picture.figure)) < 150_000


@pytest.mark.parametrize("step", [0.5, 0.3])
def test_masses_on_a_grid_that_is_not_the_integers_are_drawn_where_they_are(step: float) -> None:
    x = step * np.rint(np.random.default_rng(0).normal(size=200) / step)
    sample = Sample(x, resolution=step)
    fits = [ms.fit({"discretized": {"family": "normal", "step": step}}, sample), ms.fit("normal", sample)]
    cells = cells_of(sample, fits)
    assert cells.scale == "values"
    np.testing.assert_array_equal(cells.low[1:], cells.high[:-1])
    masses = np.exp(fits[0].distribution.logp(np.asarray(cells.outcomes, dtype=float)))
    np.testing.assert_allclose(cells.expected(fits[0]), masses, rtol=1e-12)
    np.testing.assert_allclose(cells.expected(fits[1]), masses, rtol=1e-6)


def test_losses_of_values_add_up_to_kl():
    ranking = worms()
    cells = cells_of(ranking.sample, list(ranking.fits.values()))
    for label, fit in ranking.fits.items():
        assert cells.loss(fit).sum() == pytest.approx(ranking.table.loc[label, "kl"], rel=1e-12)
    assert cells.share.sum() == pytest.approx(1.0, abs=1e-15)


def test_cells_cover_all_the_data():
    rng = np.random.default_rng(4)
    for data in (rng.normal(size=1000), rng.standard_cauchy(1000), rng.pareto(1, 1000) + 1, rng.zipf(1.6, 1000)):
        assert cells_of(Sample(data)).share.sum() == pytest.approx(1.0, abs=1e-12)


def test_plotting_leaves_the_users_matplotlib_alone():
    import matplotlib as mpl

    before = mpl.rcParams.copy()
    figure = worms().plot(candidates=["poisson"])
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert mpl.rcParams.copy() == before
    with pytest.raises(ConfigurationError, match="did you mean poisson"):
        data_figure(worms(), candidates=["poison"])


def test_pyplot_is_never_imported():
    code = "import sys, modelselect as ms; ms.rank({1: 3, 2: 4}, ['poisson']).plot()._repr_png_();"
    code += "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_page_about_a_ranking(tmp_path):
    path = write_html(worms(), tmp_path / "page.html")
    assert path.read_text("utf-8").count("<svg") == 5
    with pytest.raises(ConfigurationError, match="is a folder"):
        write_html(worms(), tmp_path)
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_html(worms(), tmp_path / "nowhere" / "page.html")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_numbers_are_rounded_for_reading():
    assert [nats(v) for v in (0.09021, 0.000123, -0.5, 0.0, float("nan"), float("inf"))] == [
        "0.090", "0.00012", "−0.500", "0.000", "—", "∞",
    ]  # fmt: skip
    assert significant(1e6) == "1000000"
    assert with_error(0.54399, 0.01575) == "0.544 ± 0.016"
    assert with_error(123456.0, 9990.0) == "123456 ± 9990"


def test_nobody_is_first_by_a_criterion_that_is_infinite_for_all():
    sample = np.random.default_rng(0).gamma(2.0, 1.0, 40)
    ranking = rank(sample, ["uniform", "pareto"], criteria=["kl_cv", "crps"])
    assert np.isinf(ranking.table["kl_cv"]).all()
    table = criteria_table(ranking)
    marked = [[str(cell).endswith("◂") for cell in row.cells] for row in table.rows]
    assert np.sum(marked, axis=0).tolist() == [0, 0, 1]


def test_the_verdict_says_what_the_likelihood_ratio_excludes():
    """Outliers widen the error of the difference so far that the normal stays in the set; its own test excludes it."""
    path = Path(__file__).parent.parent / "datasets" / "newcomb_light.csv"
    ranking = rank(pd.read_csv(path, comment="#")["nanoseconds"], ["normal", "student_t", "cauchy"])
    assert ranking.table["in_confidence_set"].all()
    assert ranking.table.loc["normal", "p_value"] < 1e-4
    assert (
        "it may be any of them. The likelihood ratio against student_t does exclude cauchy (p = 0.0091) and "
        "normal (p < 0.0001), special cases of it."
    ) in ranking.verdict
    assert "too uncertain to exclude it" not in ranking.verdict
    values = pd.read_csv(path, comment="#")["nanoseconds"]
    in_time = rank(Sample(values, ordered=True), ["normal", "student_t", "cauchy"], dependence="hac")
    assert "does exclude" not in in_time.verdict  # the ratio takes the observations for independent


def test_the_verdict_names_the_criterion_that_put_another_first():
    sample = [1.6, 0.9, 4.2, 2.7, 3.3, 0.4, 2.2, 5.8, 1.1, 2.9]
    ranking = rank(sample, ["gamma", "weibull"], by="kl_cv")
    assert ranking.reference == "weibull"
    assert ranking.verdict.startswith("gamma, first by kl_cv, loses 0.018 nats per observation, weibull 0.0083.")
    assert rank(sample, ["gamma", "weibull"]).verdict.startswith("weibull loses 0.0083 nats")


def test_the_verdict_calls_a_confidence_rough_where_a_whole_number_was_estimated():
    counts = np.random.default_rng(0).binomial(9, 0.4, 300)
    ranking = rank(counts, ["binomial", "geometric"])
    assert "; a rough confidence, since binomial took a whole number from the sample" in ranking.verdict
    # for an end at the outermost observation the set allows
    ranking = rank(np.random.default_rng(0).random(200), ["uniform", "normal"])
    assert "At 90 % confidence uniform is the better of the two." in ranking.verdict


def test_the_verdict_says_what_an_order_of_time_does():
    rng = np.random.default_rng(4)
    x = np.empty(600)
    x[0] = 0.0
    for i in range(1, 600):
        x[i] = 0.8 * x[i - 1] + rng.normal()
    plain = rank(Sample(x, ordered=True), ["normal", "laplace"]).verdict
    assert "Neighbours in time are alike (correlation 0.8" in plain
    assert "dependence: hac allows for it" in plain
    hac = rank(Sample(x, ordered=True), ["normal", "laplace"], dependence="hac").verdict
    assert re.search(r"by which the 600 observations are worth about \d+\.", hac)
    assert "Neighbours" not in hac
    assert "Neighbours" not in rank(x, ["normal", "laplace"]).verdict  # nobody said that the rows are in time
    alone = rank(Sample(rng.normal(size=600), ordered=True), ["normal", "laplace"]).verdict
    assert "Neighbours" not in alone


def test_the_verdict_keeps_equal_laws_together():
    """At its limit the negative binomial is the Poisson law: a penalty alone does not exclude it."""
    squares = {0: 0, 1: 20, 2: 43, 3: 53, 4: 86, 5: 70, 6: 54, 7: 37, 8: 18, 9: 10, 10: 5, 11: 2, 12: 2}
    ranking = rank(squares, ["poisson", "negative_binomial", "geometric"])
    assert ranking.table["in_confidence_set"][["poisson", "negative_binomial"]].all()
    assert "negative_binomial is excluded" not in ranking.verdict
    assert "geometric is excluded" in ranking.verdict


def test_text_table_and_picture_name_the_same_rivals():
    x = np.r_[np.random.default_rng(3).standard_t(2.0, 120)]
    ranking = ms.rank(x, ["student_t", "normal", "cauchy", "laplace"])
    assert ranking.reference == "student_t"
    assert ranking.excluded
    shown = {row.cells[1]: row.cells[-1] for row in ranking_table(ranking).rows}
    for label, inside in ranking.table["in_confidence_set"].items():
        expected = "no, by p" if label in ranking.excluded else "yes" if inside else "no"
        assert shown[str(label)] == expected
    title = pictures(ranking)[0].title
    for label in ranking.excluded:
        assert f"{label} (p" in ranking.verdict
        assert label not in title
