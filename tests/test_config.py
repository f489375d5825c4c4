"""The experiment file: what it may hold, and a sentence with its place for whatever it may not."""

import json
import pickle
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelselect.families  # noqa: F401  registers the catalogue
from modelselect.errors import ConfigurationError, ModelSelectError
from modelselect.experiment.config import CRITERIA, Experiment, load_experiments
from modelselect.experiment.schema import json_schema
from modelselect.experiment.settings import SOURCES
from modelselect.experiment.yaml import load

WORMS = """\
name: worm-teeth
title: How many teeth has a worm?
data:
  counts: {0: 2, 1: 3, 2: 5, 3: 14, 4: 16, 5: 15, 6: 12, 7: 8, 8: 10, 9: 8, 10: 7}
  unit: worm
candidates:
  - uniform: {low: 0, high: 10}
  - binomial: {n: 10}
  - poisson
  - {family: binomial, fixed: {n: 12}, label: twelve}
  - table: {0: 0.5, no: 0.5}
rank_by: kl
profiles: [{candidate: twelve, parameter: p, from: 0.02, to: 0.98, steps: 97}]
report: {formats: [csv, html], figures: false}
engine: {type: local}
seed: 1
"""
MINIMAL = "data: {values: [1, 2]}\ncandidates: [poisson]\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files into a folder that is the current one."""
    monkeypatch.chdir(tmp_path)

    def write_file(text, name="x.yaml"):
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def refusal(path, overrides=()):
    with pytest.raises(ConfigurationError) as caught:
        load_experiments(path, overrides)
    return str(caught.value)


# -- what it may hold ---------------------------------------------------------------------------------------


def test_a_whole_experiment(write):
    experiment = Experiment.from_yaml(write(WORMS))
    assert experiment.name == "worm-teeth"
    assert experiment.data.source == "counts"
    assert experiment.data.counts[4] == 16
    assert experiment.data.path is None
    assert experiment.candidates[1] == {"binomial": {"n": 10}}
    assert experiment.labels()[2:4] == ["poisson", "twelve"]
    assert (experiment.profiles[0].from_, experiment.profiles[0].to, experiment.profiles[0].steps) == (
        0.02,
        0.98,
        97,
    )
    assert experiment.place("data", "counts", 4) == "x.yaml:4:40"


def test_what_is_not_said_has_a_default(write):
    experiment = Experiment.from_yaml(write(MINIMAL, "coin toss.yaml"))
    assert experiment.to_dict() == {
        "name": "coin toss",
        "data": {"values": [1, 2]},
        "candidates": ["poisson"],
        "rank_by": "kl_corrected",
        "profiles": [],
        "report": {"formats": ["csv", "markdown", "html"], "figures": True},
        "engine": {"type": "local"},
        "seed": 0,
    }
    assert (experiment.data.missing, experiment.data.resolution, experiment.data.unit) == (
        "refuse",
        "auto",
        "observation",
    )


@pytest.mark.parametrize(
    "data",
    [
        "{values: [1, 2.5, a, null, true, .nan], weights: [1, 2, 3, 4, 5, 0.5], weights_kind: importance}",
        "{values: [], missing: drop, resolution: null}",
        "{counts: {H: 7, no: 2.5, 3: 0}, resolution: 0.1}",
        "{probabilities: {H: 0.5, T: 0.5}, n: 100}",
        "{csv: a.csv, column: x, weight: w, where: x > 3, by: [shop, sku], missing: drop}",
        "{parquet: a.parquet, weight: w, weights_kind: importance}",
        "{parquet: a.parquet, column: x, by: shop, weight: w}",
        "{json: a.json, column: x, resolution: 0.5}",
        "{json: a.json, csv: null, resolution: auto, weights: null}",
        "{values: [6, 7.5, 9], event: [1, 0, true], weights: [1, 2, 1], truncation: {lower: 5}}",
        "{lower: [1, null, 2], upper: [2, 3, .inf], truncation: {lower: [0, null, 1], upper: 9}, resolution: 0.5}",
        "{edges: [null, 1, 2.5, .inf], counts: [3, 4, 0.5], truncation: {upper: 100}}",
        "{counts: {1: 3, 2: 4}, truncation: {lower: 0}}",
        "{csv: a.csv, column: t, event: died, truncation: {lower: entry, upper: 99}}",
        "{parquet: a.parquet, lower: lo, upper: hi, weight: n}",
    ],
)
def test_sources_and_their_options(write, data):
    experiment = Experiment.from_yaml(write(f"data: {data}\ncandidates: [normal]"))
    again = Experiment.from_yaml(write(experiment.to_yaml(), "again.yaml"))
    assert again.data.source == experiment.data.source
    # as text, because NaN is not equal to itself
    assert again.to_yaml() == experiment.to_yaml().replace("name: x\n", "name: x\n")


@pytest.mark.parametrize("text", [WORMS, f"name: x\n{MINIMAL}"])
def test_round_trip(write, text):
    experiment = Experiment.from_yaml(write(text))
    assert Experiment.from_yaml(write(experiment.to_yaml(), "again.yaml")) == experiment
    assert Experiment.from_dict(experiment.to_dict()) == experiment
    assert Experiment(**experiment.to_dict()) == experiment
    assert pickle.loads(pickle.dumps(experiment)) == experiment  # noqa: S301
    assert experiment != Experiment.from_dict({**experiment.to_dict(), "seed": 99})


@pytest.mark.parametrize("criterion", CRITERIA)
def test_criteria(criterion):
    assert Experiment.from_dict({**load(MINIMAL).data, "rank_by": criterion}).rank_by == criterion


def test_paths_start_from_the_file_they_stand_in(write):
    write("data: {csv: x.csv, column: a}", "base/base.yaml")
    own = write("extends: base/base.yaml\ncandidates: [poisson]")
    (experiment,) = load_experiments(own)
    assert experiment.data.csv == "x.csv"
    assert experiment.data.path == Path("base/x.csv")
    assert load("a: 1\n" + experiment.to_yaml("reports/own")).data["data"]["csv"] == "../../base/x.csv"
    (experiment,) = load_experiments(own, ["data.path=y.csv"])
    assert experiment.data.path == Path("y.csv")
    assert experiment.place("data", "csv") == "--set data.csv"
    assert Experiment.from_dict(experiment.to_dict(), base="elsewhere").data.path == Path("elsewhere/y.csv")


def test_null_drops_what_another_file_says(write):
    write("data: {csv: x.csv, column: a}\ncandidates: [poisson]", "base.yaml")
    own = "extends: base.yaml\ndata: {values: [1], %s}"
    assert Experiment.from_yaml(write(own % "csv: null, column: null")).data.source == "values"
    message = refusal(write(own % "column: null"))
    assert "x.yaml:2:16: data.values: got values and csv, expected exactly one of" in message
    assert "base.yaml:1:13: data.csv: got values and csv" in message
    assert "dropped by null" in message


def test_counts_of_two_files_are_never_mixed(write):
    write("data: {counts: {a: 1}}\ncandidates: [{table: {a: 1}}]", "base.yaml")
    own = write("extends: base.yaml\ndata: {counts: {b: 2}}")
    assert Experiment.from_yaml(own).data.counts == {"b": 2}


# -- several experiments ------------------------------------------------------------------------------------

SEVERAL = """\
data: {csv: z.csv}
candidates: [poisson]
seed: 5
experiments:
  - name: first
    data: {column: a}
  - data: {column: b}
    candidates: [normal]
    seed: 6
"""


def test_several_experiments_share_what_stands_beside_them(write):
    path = write(SEVERAL)
    first, second = load_experiments(path)
    assert [first.name, second.name] == ["first", "x-2"]
    assert first.data.model_dump(exclude_defaults=True) == {"csv": "z.csv", "column": "a"}
    assert [second.data.column, second.candidates, second.seed] == ["b", ["normal"], 6]
    assert first.place("seed") == "x.yaml:3:7"
    with pytest.raises(ConfigurationError, match=r"x.yaml: got 2 experiments \(first, x-2\), expected one"):
        Experiment.from_yaml(path)


def test_overrides_reach_every_experiment_or_one(write):
    first, second = load_experiments(write(SEVERAL), ["seed=7", "experiments.1.data.column=c", "data.path=q.csv"])
    assert [first.seed, second.seed] == [7, 7]
    assert [first.data.column, second.data.column] == ["a", "c"]
    assert [first.data.csv, second.data.csv] == ["q.csv", "q.csv"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            f"{MINIMAL}experiments: []",
            ["x.yaml:3:14: experiments: this is a list, expected a list of mappings"],
        ),
        (
            f"{MINIMAL}experiments: [1]",
            ["x.yaml:3:14: experiments: this is a list, expected a list of mappings"],
        ),
        (f"{MINIMAL}experiments:", ["x.yaml:3:13: experiments: this is empty, expected a list of mappings"]),
        (
            f"{MINIMAL}experiments: [{{name: a}}, {{name: b}}, {{name: a}}]",
            ["x.yaml:3:44: name: got 'a' twice, expected distinct names"],
        ),
        (
            f"{MINIMAL}sed: 1\nexperiments:\n  - name: a\n    seed: x\n  - extends: y.yaml\n",
            [
                "x.yaml:3:1: sed: unknown key",
                "x.yaml:6:11: seed: got 'x' (text), expected a whole number",
                "x.yaml:7:5: extends: unknown key here, expected only at the top of a file",
            ],
        ),
    ],
)
def test_several_experiments_refused(write, text, lines):
    message = refusal(write(text))
    assert len(message.split("\n")) == len(lines)
    for line in lines:
        assert line in message


# -- what it may not hold -----------------------------------------------------------------------------------


def test_every_problem_has_its_line(write):
    message = refusal(
        write("""\
name: 3
titel: x
csv: a.csv
data:
  counts: {0: 2, 1: "3"}
  colum: x
candidates:
  - unifrom: {low: 0, high: 10}
  - binomial: {m: 10}
  - binomial:
    n: 10
  - 3
  - {}
rank_by: KL
profiles:
  - {candidate: poisson, parameter: mean, steps: 1, from: a}
report: {formats: [csv, markdwn], figures: yes}
engine: {type: dusk}
seed: "1"
""")
    )
    lines = message.split("\n")
    assert lines[0] == "x.yaml:1:7: name: got '3' (a number), expected text; put it in quotes"
    expected = [
        ("1:7: name:", "put it in quotes"),
        ("2:1: titel: unknown key", "did you mean title"),
        ("3:1: csv: unknown key", "it belongs under 'data'"),
        ("5:21: data.counts[1]:", 'got "3" (text), expected a number; write it without quotes'),
        ("6:3: data.colum: unknown key", "did you mean column"),
        ("8:5: candidates[0]:", "did you mean uniform"),
        ("9:19: candidates[1].binomial.m:", "unknown parameter 'm'"),
        ("10:5: candidates[2]:", "indent 'n' further, under 'binomial'"),
        ("12:5: candidates[3]:", "expected a family such as poisson"),
        ("13:5: candidates[4]:", "expected a family such as poisson"),
        ("14:10: rank_by:", "did you mean kl"),
        ("16:50: profiles[0].steps:", "expected at least 2"),
        ("16:59: profiles[0].from:", "got 'a' (text), expected a number"),
        ("17:25: report.formats[1]:", "did you mean markdown"),
        ("17:44: report.figures:", "got 'yes' (text), expected true or false"),
        ("18:16: engine.type:", "got 'dusk' (text), expected local or dask; did you mean dask?"),
        ("19:7: seed:", "expected a whole number; write it without quotes"),
    ]
    assert len(lines) == len(expected)
    for line, (start, end) in zip(lines, expected, strict=True):
        assert line.startswith(f"x.yaml:{start}")
        assert end in line
    assert "Input should" not in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x", "x.yaml:1:1: candidates: missing (The families"),
        ("name: x", "x.yaml:1:1: data: missing (What was observed"),
        ("3: x\n" + MINIMAL, "x.yaml:1:1: [3]: the key is a number, expected a name"),
        (MINIMAL + "name: ''", "x.yaml:3:7: name: got '' (text), expected at least one character"),
        (MINIMAL + "report:", "x.yaml:3:8: report: got nothing, expected a mapping"),
        (MINIMAL + "report: [csv]", "x.yaml:3:9: report: got '[csv]' (a list), expected a mapping"),
        (
            MINIMAL + "report: {formats: csv}",
            "x.yaml:3:19: report.formats: got 'csv' (text), expected a list",
        ),
        (MINIMAL + "seed: true", "x.yaml:3:7: seed: got 'true' (true or false), expected a whole number"),
        (MINIMAL + "seed: 1.0", "x.yaml:3:7: seed: got '1.0' (a number), expected a whole number"),
        (MINIMAL + "seed: -1", "x.yaml:3:7: seed: got '-1' (a number), expected at least 0"),
        (MINIMAL + "rank_by: 3", "x.yaml:3:10: rank_by: got '3' (a number), expected text"),
        (MINIMAL + "rank_by: akaike", "expected one of kl, kl_corrected, cross_entropy, aic, bic"),
        (
            MINIMAL + "profiles: [{candidate: poison, parameter: mean}]",
            "x.yaml:3:24: profiles[0].candidate: got 'poison', expected one of the candidates: poisson; did",
        ),
        (
            MINIMAL + "profiles: [{candidate: poisson, parameter: mean, from: 2, to: 1}]",
            "x.yaml:3:63: profiles[0].to: got 1, expected more than 'from', 2",
        ),
        (MINIMAL + "profiles: [{candidate: poisson}]", "x.yaml:3:12: profiles[0].parameter: missing"),
    ],
)
def test_one_problem(write, text, message):
    assert message in refusal(write(text))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{}", "1:7: data: no source is given, expected exactly one of values, counts, probabilities, csv"),
        ("{column: x}", "no source is given"),
        (
            "{counts: {a: 1}, column: x}",
            "1:24: data.column: makes no sense with 'counts', expected only resolution",
        ),
        ("{csv: a.csv, weights: [1]}", "1:20: data.weights: makes no sense with 'csv'"),
        ("{values: [1], n: 3}", "1:21: data.n: makes no sense with 'values'"),
        ("{values: [1], where: x > 3}", "1:21: data.where: makes no sense with 'values'"),
        ("{probabilities: {a: 1}, missing: drop}", "1:31: data.missing: makes no sense with 'probabilities'"),
        ("{values: [1], weights_kind: importance}", "there are no weights, expected 'weights' too"),
        ("{csv: a.csv, weights_kind: importance}", "there are no weights, expected 'weight' too"),
        ("{values: 3}", "1:16: data.values: got '3' (a number), expected a list"),
        ("{values: [1, [2]]}", "1:20: data.values[1]: got '[2]' (a list), expected text, a number"),
        ("{counts: [1]}", "data.counts: got '[1]' (a list), expected a mapping"),
        ("{counts: {a: true}}", "data.counts.a: got 'true' (true or false), expected a number"),
        ("{csv: 3}", "1:13: data.csv: got '3' (a number), expected a file, a pattern"),
        ("{csv: ''}", "expected a file"),
        ("{csv: a, by: 3}", "data.by: got '3' (a number), expected the name of a column, or a list of names"),
        ("{csv: a, by: []}", "data.by: got '[]' (a list), expected the name of a column"),
        ("{values: [1], missing: skip}", "data.missing: got 'skip' (text), expected refuse or drop"),
        (
            "{values: [1], resolution: -1}",
            "data.resolution: got '-1' (a number), expected auto, null or a number above",
        ),
        ("{values: [1], resolution: true}", "expected auto, null or a number above 0"),
        ("{values: [1], resolution: .inf}", "expected auto, null or a number above 0"),
        ("{probabilities: {a: 1}, n: 0}", "data.n: got '0' (a number), expected a number above 0"),
        ("3", "1:7: data: got '3' (a number), expected a mapping"),
        ("{edges: [0, 1]}", "1:15: data.edges: there are no counts, expected 'counts', a list of one fewer"),
        ("{edges: [0, 1], counts: {0: 1}}", "data.counts: got '{0: 1}' (a mapping), expected a list, beside"),
        ("{edges: [0, x], counts: [1]}", "1:19: data.edges[1]: got 'x' (text), expected a number"),
        ("{edges: [0, 1], counts: [a]}", "1:32: data.counts[0]: got 'a' (text), expected a number"),
        ("{csv: a, lower: lo}", "1:23: data.lower: there is no 'upper', expected both ends"),
        ("{upper: [1]}", "no source is given"),
        ("{csv: a, lower: lo, upper: hi, column: x}", "data.column: makes no sense beside 'lower' and 'upper'"),
        ("{csv: a, lower: lo, upper: hi, event: e}", "data.event: makes no sense beside 'lower' and 'upper'"),
        ("{csv: a, event: [1]}", "1:23: data.event: got '[1]' (a list), expected a column of the file"),
        ("{values: [1], event: died}", "data.event: got 'died' (text), expected a list of numbers, since there is no"),
        ("{lower: lo, upper: [1]}", "1:15: data.lower: got 'lo' (text), expected a list of numbers"),
        ("{lower: [a], upper: [1]}", "1:16: data.lower[0]: got 'a' (text), expected a number"),
        ("{csv: a, event: 3}", "data.event: got '3' (a number), expected the name of a column of 0 and 1"),
        ("{counts: {a: 1}, event: [1]}", "data.event: makes no sense with 'counts'"),
        ("{probabilities: {a: 1}, truncation: {lower: 1}}", "data.truncation: makes no sense with 'probabilities'"),
        ("{values: [1], truncation: 5}", "1:33: data.truncation: got '5' (a number), expected a mapping"),
        ("{values: [1], truncation: {}}", "1:33: data.truncation: no bound is given, expected lower or upper"),
        ("{values: [1], truncation: {low: 5}}", "data.truncation.low: unknown key, expected one of lower, upper"),
        ("{values: [1], truncation: {lower: true}}", "data.truncation.lower: got 'true' (true or false), expected a"),
        ("{values: [1], truncation: {lower: entry}}", "data.truncation.lower: got 'entry' (text), expected a list of"),
    ],
)
def test_data_that_is_refused(write, data, message):
    text = refusal(write(f"data: {data}\ncandidates: [poisson]"))
    assert len(text.split("\n")) == 1
    assert message in text


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ("[]", "1:13: candidates: got '[]' (a list), expected at least one"),
        ("", "1:12: candidates: got nothing, expected a list"),
        ("3", "expected a list"),
        ("[poison]", "1:14: candidates[0]: unknown family"),
        ("[null]", "candidates[0]: got nothing, expected a family"),
        ("[true]", "expected a family"),
        ("[{3: {}}]", "1:14: candidates[0]:"),
        ("[{binomial: {n: ten}}]", "1:29: candidates[0].binomial.n:"),
        ("[{family: binomial, fixed: {n: -3}}]", "1:44: candidates[0].fixed.n:"),
        ("[{family: binomial, fix: {n: 3}}]", "did you mean fixed"),
        (
            "[poisson, normal, poisson]",
            "1:31: candidates[2]: the label 'poisson' is that of candidates[0] too",
        ),
        ("[poisson, {family: normal, label: poisson}]", "the label 'poisson' is that of candidates[0] too"),
    ],
)
def test_candidates_that_are_refused(write, candidates, message):
    text = refusal(write(f"candidates: {candidates}\ndata: {{values: [1]}}"))
    assert len(text.split("\n")) == 1
    assert message in text


@pytest.mark.parametrize("name", ["binomial", "binomial(n=10)", "gaussian", "normal"])
def test_a_profile_names_a_label_or_a_family(name):
    profile = {"candidate": name, "parameter": "p"}
    candidates = [{"binomial": {"n": 10}}, "gaussian"]
    assert Experiment.from_dict({"data": {"values": [1]}, "candidates": candidates, "profiles": [profile]})


def test_a_profile_of_a_family_with_several_candidates_needs_the_label(write):
    text = "data: {values: [1]}\ncandidates: [{binomial: {n: 10}}, {binomial: {n: 12}}]\n"
    message = refusal(write(text + "profiles: [{candidate: binomial, parameter: p}]"))
    assert "a family of several candidates, expected a label: binomial(n=10), binomial(n=12)" in message


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("sede=3", "--set sede: sede: unknown key"),
        ("seed=x", "--set seed: seed: got 'x' (text), expected a whole number"),
        ("candidates.1.binomial.n=x", "--set candidates.1.binomial.n: candidates[1].binomial.n: "),
        ("candidate.0=x", "did you mean candidates?"),
        ("data.csv=x.csv", "got counts and csv, expected exactly one of"),
        ("data.path=x.csv", "--set data.path: data.path: unknown key"),
    ],
)
def test_overrides_that_are_refused(write, setting, message):
    assert message in refusal(write(WORMS), [setting])


def test_python_gets_the_same_sentences():
    with pytest.raises(ConfigurationError, match=r"^seed: got '1' \(text\), expected a whole number"):
        Experiment.from_dict({"seed": "1", **load(MINIMAL).data})
    with pytest.raises(ConfigurationError, match=r"^seed: got '1' \(text\), expected a whole number"):
        Experiment(seed="1", **load(MINIMAL).data)
    with pytest.raises(ConfigurationError, match="expected a mapping of settings"):
        Experiment.from_dict([1])


# -- the JSON Schema ----------------------------------------------------------------------------------------


def test_the_schema_accepts_what_the_loader_accepts():
    schema = json_schema(["poisson", "binomial"])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for text in (WORMS, MINIMAL, SEVERAL, "extends: base.yaml\nseed: 3"):
        validator.validate(json.loads(json.dumps(load(text).data)))
    for text in (
        "seed: 3",
        MINIMAL + "sed: 3",
        MINIMAL + "seed: '1'",
        MINIMAL + "rank_by: KL",
        "experiments: [{a: 1}]",
    ):
        assert not validator.is_valid(load(text).data)


def test_every_field_is_described():
    schema = json_schema()
    models = [schema, *(schema["$defs"][name] for name in ("Data", "Truncation", "Profile", "Report", "Engine"))]
    for model in models:
        for name, field in model["properties"].items():
            assert "description" in field or "$ref" in field, name
    assert set(SOURCES) < set(schema["$defs"]["Data"]["properties"])


# -- properties ---------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["poisson", "binomial", "table", "auto", "kl", "family", "drop"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.integers() | st.sampled_from(["family", "binomial", "n", "table"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
DATA = ANYTHING | st.dictionaries(
    st.sampled_from(
        [
            *(*SOURCES, "column", "weight", "by", "weights", "weights_kind", "n", "missing", "resolution"),
            *("upper", "event", "truncation"),
        ]
    ),
    ANYTHING | st.dictionaries(st.sampled_from(["lower", "upper"]), ANYTHING),
)
FIELDS = {
    "name": ANYTHING,
    "data": DATA | st.just({"values": [1, 2]}),
    "candidates": ANYTHING | st.lists(ANYTHING, max_size=3) | st.just(["poisson"]),
    "rank_by": ANYTHING,
    "profiles": ANYTHING
    | st.lists(st.dictionaries(st.sampled_from(["candidate", "parameter", "from", "to"]), ANYTHING)),
    "report": ANYTHING,
    "seed": ANYTHING,
    "extra": ANYTHING,
}


@settings(deadline=None)
@given(settings=st.fixed_dictionaries({}, optional=FIELDS))
def test_any_settings_give_an_experiment_or_a_sentence(settings):
    try:
        experiment = Experiment.from_dict(settings)
    except ModelSelectError as error:
        assert "Input should" not in str(error)  # noqa: PT017
    else:
        assert load(experiment.to_yaml()).data.keys() == experiment.to_dict().keys()


LINES = st.sampled_from(
    [
        *(
            "name: a",
            "name: 3",
            "seed: 1",
            "rank_by: kl",
            "engine: local",
            "report: {}",
            "---",
            "\t",
            "x: &a [*a]",
        ),
        *("data:", "  values: [1, 2]", "  csv: a.csv", "  column: x", "  counts: {a: 1}"),
        *("candidates:", "  - poisson", "  - binomial: {n: 3}", "  - binomial:", "    n: 3"),
        *("experiments:", "  - seed: 3", "    name: b", "  - {}", "extends: a.yaml", "extends: any.yaml"),
        "profiles: [{candidate: poisson}]",
    ]
)


@settings(deadline=None)
@given(
    lines=st.lists(LINES, max_size=12),
    settings=st.lists(LINES.map(lambda line: line.replace(": ", "=")), max_size=2),
)
def test_any_file_gives_experiments_or_a_sentence(tmp_path_factory, lines, settings):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        assert all(isinstance(experiment, Experiment) for experiment in load_experiments(path, settings))
    except ModelSelectError as error:
        assert str(error)  # noqa: PT017
