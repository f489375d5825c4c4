"""The command line: what is printed, exit codes, and a sentence for everything that can go wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from modelselect.cli import main

ROOT = Path(__file__).parents[1]
WORMS = str(ROOT / "configs" / "worm_teeth.yaml")
HORSES = str(ROOT / "datasets" / "horse_kicks.csv")


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str) -> Result:
        code = main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return call


def config(text: str, name: str = "config.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "modelselect", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False, **options)


# what is printed --------------------------------------------------------------------------------------------


def test_the_origin(cli) -> None:
    result = cli("run", WORMS)
    assert result.code == 0
    for expected in (
        "0.0902",
        "0.1367",
        "0.4273",
        "minimum of KL (in-sample) over p of binomial(n=10) at 0.544: 0.4273",
        "reports/worm-teeth",
    ):
        assert expected in result.out
    assert result.err == "running worm-teeth\n"
    written = {path.name for path in Path("reports/worm-teeth").iterdir()}
    assert {
        "ranking.csv",
        "parameters.csv",
        "comparisons.csv",
        "ledger.csv",
        "report.md",
        "report.html",
        "experiment.yaml",
        "manifest.json",
    } <= written


@pytest.mark.parametrize("width", ["40", "60", "80", "100", "160"])
def test_narrow_terminals(cli, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    out = cli(
        "rank", HORSES, "--column", "deaths", "--weight", "count", "--candidates", "poisson, negative_binomial"
    ).out
    assert max(map(len, out.splitlines())) <= max(int(width), len(HORSES) + 60)
    assert "−0.0034" in out
    assert "boundary" in out


def test_quiet_and_json(cli) -> None:
    quiet = cli("run", WORMS, "--quiet", "--output", "w")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert Path("w/ranking.csv").exists()
    result = cli("run", WORMS, "--json", "--output", "w")
    assert result.err == ""
    found = json.loads(result.out)
    assert found["failures"] == []
    (worms,) = found["experiments"]
    assert worms["ranking"][0]["candidate"] == "beta_binomial(n=10)" or worms["ranking"][0]["kl"] < 0.0903
    assert worms["profiles"] == [
        {
            "candidate": "binomial(n=10)",
            "parameter": "p",
            "at": pytest.approx(0.544),
            "kl": pytest.approx(0.42735, abs=1e-5),
        }
    ]
    assert worms["report"] == "w"


def test_set_replaces_settings(cli) -> None:
    result = cli("run", WORMS, "--set", "rank_by=bic", "--set", "profiles=[]", "--set", "name=other", "--json")
    (report,) = json.loads(result.out)["experiments"]
    assert (report["criterion"], report["profiles"], report["report"]) == ("bic", [], str(Path("reports/other")))


def test_rank_of_every_kind_of_data(cli, tmp_path: Path) -> None:
    lives = str(ROOT / "datasets" / "french_men.csv")
    result = cli(
        *("rank", lives, "-c", "exit", "--event", "died", "--above", "entry"),
        *("--candidates", "gamma, weibull", "--json"),
    )
    assert result.code == 0, result.err
    (found,) = json.loads(result.out)["experiments"]
    assert found["footing"] == "length"
    assert found["ranking"][0]["log_likelihood"] == pytest.approx(-241.833510, abs=1e-5)
    assert found["ranking"][0]["kl"] is None
    assert found["manifest"]["data"]["censored_share"] == pytest.approx(0.2)
    path = tmp_path / "ends.csv"
    path.write_text("lo,hi\n0,1\n1,2\n1,2\n2,4\n2,4\n4,\n")
    result = cli(
        "rank", str(path), "--lower", "lo", "--upper", "hi", "--up-to", "50", "--candidates", "gamma", "--json"
    )
    assert result.code == 0, result.err
    assert json.loads(result.out)["experiments"][0]["footing"] == "counting"
    assert cli("rank", str(path), "--lower", "lo", "--upper", "hi").code == 0  # candidates that suggest themselves
    assert cli("rank", lives, "-c", "exit", "--above", "60").code == 1


def test_rank_without_yaml(cli) -> None:
    result = cli(
        "rank",
        HORSES,
        "-c",
        "deaths",
        "--weight",
        "count",
        "--by",
        "aic",
        "--unit",
        "corps-year",
        "--where",
        "deaths < 9",
    )
    assert result.code == 0
    assert "200 observations" in result.out
    assert "nats per corps-year" in result.out
    assert "candidates are the families for these" in result.out
    assert "no report was written" in result.out
    assert not Path("reports").exists()
    result = cli(
        "rank",
        HORSES,
        "-c",
        "deaths",
        "--candidates",
        "poisson, binomial: {n: 4}",
        "--json",
        "--output",
        "here",
        "--resolution",
        "1",
    )
    (report,) = json.loads(result.out)["experiments"]
    assert {row["candidate"] for row in report["ranking"]} == {"poisson", "binomial(n=4)"}
    assert Path("here/report.html").exists()


def test_validate(cli) -> None:
    result = cli("validate", *map(str, sorted((ROOT / "configs").glob("*.yaml"))))
    assert result.code == 0
    assert "worm-teeth: valid, counts, 4 candidates" in result.out
    assert cli("validate", config("data: {csv: none.csv}\ncandidates: [poisson]\n")).out.count("warning") == 1


def test_families_and_schema(cli) -> None:
    table = cli("families")
    assert table.code == 0
    assert "negative_binomial" in table.out
    one = cli("families", "nbinom")
    for expected in ("negative_binomial", "size", "Contains poisson", "scipy.stats.nbinom"):
        assert expected in one.out
    wrong = cli("families", "gama")
    assert wrong.code == 2
    assert "did you mean gamma" in wrong.err


def test_the_schema_in_docs_is_current(cli) -> None:
    printed = cli("schema").out
    assert printed == (ROOT / "docs" / "experiment.schema.json").read_text(encoding="utf-8"), (
        "run: modelselect schema > docs/experiment.schema.json"
    )


def test_the_schema_accepts_the_shipped_configs(cli) -> None:
    import jsonschema
    import yaml

    validator = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=../docs/experiment.schema.json\n")
        document = json.loads(json.dumps(yaml.safe_load(text)))
        assert not list(validator.iter_errors(document)), path


def test_rank_takes_several_files_and_patterns(cli) -> None:
    Path("a.csv").write_text("x\n1\n2\n", encoding="utf-8")
    Path("b.csv").write_text("x\n2\n0\n", encoding="utf-8")
    for files in (["a.csv", "b.csv"], ["*.csv"]):
        result = cli("rank", *files, "--candidates", "poisson", "--memory", "1GB", "--json")
        assert result.code == 0
        assert json.loads(result.out)["experiments"][0]["n"] == 4
    Path("c.json").write_text('[{"x": 1}]', encoding="utf-8")
    mixed = cli("rank", "a.csv", "c.json")
    assert (mixed.code, "a.csv is a csv file, but c.json is not; expected one kind" in mixed.err) == (2, True)
    little = cli("rank", "a.csv", "--memory", "1MB")
    assert (little.code, "memory: got '1MB' (text), expected a number with a unit" in little.err) == (2, True)
    assert cli("rank", "*.tsv").code == 1


def test_errors_of_the_command_line_name_its_options(cli) -> None:
    Path("a.csv").write_text("t,died,site\n1.5,1,a\n2.5,0,b\n3.5,2,c\n", encoding="utf-8")
    for options, expected in (
        (["--column", "t", "--event", "died"], "--event: `died` of a.csv: got 2.0 in row 3"),
        (["--column", "t", "--event", "site"], "expected 0 and 1, or true and false"),
        (["--column", "t", "--by", "aix"], "--by: got 'aix' (text)"),
        (["--column", "x"], "--column: a.csv has no column 'x'"),
        (["--column", "t", "--above", "x"], "--above: a.csv has no column 'x'"),
        (["--column", "t", "--group-by", "x"], "a-t: --group-by: a.csv has no column 'x'"),
        (["--lower", "t", "--upper", "died", "--by", "crps"], "--lower: `t` of a.csv: 1.5 lies above the upper end"),
        (["--column", "t", "--above", "1", "--by", "crps"], "a-t: --by: criterion crps: needs exact observations"),
    ):
        result = cli("rank", "a.csv", *options)
        assert result.code in (1, 2)
        assert expected in result.err
        assert "data." not in result.err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "modelselect", "families"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as program:
        assert program.stdout is not None
        program.stdout.close()
        assert program.stderr is not None
        assert program.stderr.read() == b""
    assert program.returncode == 0


def test_validate_knows_the_columns_of_files(cli) -> None:
    Path("a.csv").write_text("t,died\n1.5,1\n2.5,0\n", encoding="utf-8")
    good = cli("validate", config("data: {csv: a.csv, column: t, event: died}\ncandidates: [gamma]\n"))
    assert (good.code, "1 candidate: gamma (the rows of its file are not read)" in good.out) == (0, True)
    for data, expected in (
        ("{csv: a.csv, column: x}", "1:28: data.column: a.csv has no column 'x'"),
        ("{csv: a.csv, column: t, event: x}", "data.event: a.csv has no column 'x'"),
        ("{csv: a.csv, column: t, by: [x]}", "data.by: a.csv has no column 'x'"),
        ("{csv: a.csv}", "data.column: say which of the columns of a.csv to use"),
        ("{csv: a.csv, formula: t ~ x}", "data.formula: a.csv has no column 'x'"),
    ):
        candidates = "poisson" if "formula" in data else "gamma"
        result = cli("validate", config(f"data: {data}\ncandidates: [{candidates}]\n"))
        assert result.code == 2
        assert expected in result.err


def test_a_criterion_that_the_data_do_not_allow_is_refused_at_its_place(cli) -> None:
    text = "data: {values: [1.5, 2.5, 4.0], event: [1, 0, 1]}\ncandidates: [gamma]\ncriteria: [bic, crps]\n"
    result = cli("run", config(text))
    assert result.code == 2
    assert "config.yaml:3:17: criteria[1]: criterion crps: needs exact observations" in result.err


def test_validate_says_which_files_are_not_there(cli) -> None:
    absent = cli("validate", config("data: {csv: ['*.tsv']}\ncandidates: [poisson]\n"))
    assert (absent.code, "(warning: *.tsv does not exist)" in absent.out) == (0, True)
    query = cli("validate", config("data: {sql: {url: 'sqlite:///a.db', query: SELECT 1}}\ncandidates: [poisson]\n"))
    assert (query.code, "(its query is not run)" in query.out) == (0, True)


@pytest.mark.parametrize("command", [[], ["run"], ["rank"], ["validate"], ["families"], ["schema"]])
def test_help_reads_like_a_manual_page(cli, command: list[str]) -> None:
    result = cli(*command, "--help")
    assert result.code == 0
    assert "xample" in result.out
    assert "--help" in result.out


def test_version(cli) -> None:
    from modelselect import __version__

    assert cli("--version").out == f"modelselect {__version__}\n"


# what can go wrong ------------------------------------------------------------------------------------------

GOOD = "data: {values: [0, 1, 1, 2]}\ncandidates: [poisson]\n"

WRONG = [
    # name, config, exit code, words
    ("no file", "data: {csv: none.csv}\ncandidates: [poisson]", 1, ["config.yaml:1:13", "none.csv does not exist"]),
    (
        "no column",
        "data: {csv: data.csv, column: y}\ncandidates: [poisson]",
        1,
        ["config.yaml:1:31", "no column 'y', it has `x`"],
    ),
    ("empty data", "data: {values: []}\ncandidates: [poisson]", 1, ["empty"]),
    ("nan", "data: {values: [1, .nan]}\ncandidates: [poisson]", 1, ["row 1", "missing: drop"]),
    ("infinite", "data: {values: [1, .inf]}\ncandidates: [poisson]", 1, ["infinite", "row 1"]),
    ("negative frequency", "data: {counts: {0: 1, 1: -2}}\ncandidates: [poisson]", 1, ["-2 for 1"]),
    ("all zero", "data: {counts: {0: 0}}\ncandidates: [poisson]", 1, ["all are zero"]),
    ("length", "data: {values: [1, 2], weights: [1]}\ncandidates: [poisson]", 1, ["expected 2"]),
    ("sum", "data: {probabilities: {a: 0.5, b: 0.4}}\ncandidates: [uniform]", 1, ["sum to 0.9"]),
    ("fractional", "data: {values: [1.5, 2.25]}\ncandidates: [poisson]", 1, ["poisson", "continuous"]),
    ("unknown family", "data: {values: [1]}\ncandidates: [poison]", 2, ["config.yaml:2:14", "did you mean poisson"]),
    ("unknown parameter", "data: {values: [1]}\ncandidates: [poisson: {maen: 1}]", 2, ["maen", "did you mean mean"]),
    ("outside the domain", "data: {values: [1]}\ncandidates: [poisson: {mean: -1}]", 2, ["must lie in", "-1"]),
    ("no candidates", "data: {values: [1]}\ncandidates: []", 2, ["candidates"]),
    ("duplicate labels", "data: {values: [1]}\ncandidates: [poisson, poisson]", 2, ["label"]),
    ("duplicate keys", "seed: 1\nseed: 2", 2, ["config.yaml:2:1", "twice"]),
    ("unknown key", GOOD + "sede: 1", 2, ["did you mean seed"]),
    ("bad profile", GOOD + "profiles: [{candidate: poisson, parameter: p}]", 2, ["config.yaml:3:44", "'p' of poisson"]),
    ("grouping", "data: {csv: data.csv, by: x}\ncandidates: [poisson]", 2, ["config.yaml:1:23", "expected 'column'"]),
    (
        "bad condition",
        "data: {csv: data.csv, where: 'x >'}\ncandidates: [poisson]",
        2,
        ["config.yaml:1:30", "not a condition"],
    ),
    (
        "bomb",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)),
        2,
        ["config.yaml"],
    ),
    ("nothing", "", 2, ["nothing in it"]),
]


@pytest.mark.parametrize(("text", "code", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_bad_input_gets_a_sentence(cli, text: str, code: int, words: list[str]) -> None:
    Path("data.csv").write_text("x\n1\n2\n")
    result = cli("run", config(text))
    assert result.code == code, result.err
    for word in words:
        assert word in result.err
    assert result.out == ""
    assert "error: " in result.err
    assert not Path("reports").exists()


def test_usage_errors(cli) -> None:
    Path("data.csv").write_text("x,y\n1,2\n")
    for arguments, words in [
        (["run", "--nonsense"], "No such option"),
        (["runn"], "Did you mean 'run'"),
        (["run", "none.yaml"], "none.yaml: the file does not exist"),
        (["run", WORMS, "--set", "seed"], "expected KEY=VALUE"),
        (["run", WORMS, "--set", "candidates.9=poisson"], "position"),
        (["rank", "data.csv", "--column", "x", "--by", "akaike"], "akaike"),
        (["rank", "data.csv", "--column", "x", "--candidates", "poison"], "did you mean poisson"),
        (["rank", "data.csv", "--column", "x", "--candidates", "["], "--candidates"),
        (["rank", "data.csv", "--column", "x", "--resolution", "fine"], "--resolution"),
        (["rank", "data.csv", "--column", "x", "--missing", "maybe"], "refuse"),
    ]:
        result = cli(*arguments)
        assert (result.code, result.out) == (2, ""), arguments
        assert words in result.err
    assert cli("rank", "data.csv").code == 2
    assert cli("rank", "none.csv").code == 1
    assert cli().code == 2
    assert cli("run").code == 2


def test_a_huge_config_is_refused_at_once(cli) -> None:
    with Path("huge.yaml").open("wb") as stream:
        stream.truncate(10**9)
    began = time.perf_counter()
    result = cli("run", "huge.yaml")
    assert time.perf_counter() - began < 2
    assert result.code == 2
    assert "larger than" in result.err


def test_an_unwritable_folder(cli) -> None:
    Path("taken").write_text("precious")
    result = cli("run", WORMS, "--output", "taken")
    assert result.code == 2
    assert "taken cannot be written" in result.err
    assert Path("taken").read_text() == "precious"


def test_nothing_could_be_fitted_shows_the_ledger(cli) -> None:
    result = cli("run", config("data: {values: [0.5, 1.25, -3.75]}\ncandidates: [poisson, geometric]"))
    assert result.code == 1
    assert "Ledger" in result.err
    assert "geometric [out of support]" in result.err
    failure = json.loads(cli("run", "config.yaml", "--json").out)["failures"][0]
    assert [row["status"] for row in failure["ledger"]][:2] == ["out_of_support"] * 2


def test_one_of_several_fails(cli) -> None:
    text = "candidates: [poisson]\nexperiments:\n- {name: bad, data: {csv: none.csv}}\n"
    text += "- {name: good, data: {values: [0, 1, 1, 3]}}\n"
    result = cli("run", config(text), "--output", "out")
    assert result.code == 1
    assert "error: bad: " in result.err
    assert "good" in result.out
    assert Path("out/good/ranking.csv").exists()
    assert not Path("out/bad").exists()


def test_two_that_would_write_to_the_same_folder(cli) -> None:
    result = cli("run", config(f"name: same\n{GOOD}", "a.yaml"), config(f"name: SAME\n{GOOD}", "b.yaml"))
    assert result.code == 2
    assert "both write into" in result.err
    assert not Path("reports").exists()


def test_colour_only_on_terminals_and_never_with_no_color() -> None:
    assert "\x1b[" not in process("run", WORMS, "--output", "w").stdout
    wrong = process("run", "none.yaml")
    assert wrong.returncode == 2
    assert "\x1b[" not in wrong.stderr


def test_a_bug_is_called_one(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import modelselect.experiment.run as running

    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(running, "load_all", broken)
    result = cli("run", WORMS)
    assert result.code == 70
    assert "this is a bug in modelselect (RuntimeError: boom)" in result.err
    with pytest.raises(RuntimeError, match="boom"):
        main(["--debug", "run", WORMS])


def test_a_reader_that_has_seen_enough() -> None:
    command = f'"{sys.executable}" -m modelselect schema | head -1'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, env=environment, check=False
    )
    assert result.stdout == "{\n"
    assert result.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_interrupted() -> None:
    rows = "x\n" + "\n".join(str(0.1 + i * 0.37 % 7) for i in range(200_000))
    Path("data.csv").write_text(rows)
    text = "data: {csv: data.csv, resolution: null}\ncandidates: [gamma, student_t, weibull, lognormal, normal]\n"
    several = "experiments:\n" + "".join(f"- {{name: e{i}}}\n" for i in range(50))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "modelselect", "run", config(text + several)]

    def listen() -> None:  # what a shell starts in the background, such as these tests, ignores Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, preexec_fn=listen, **pipes) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "running e0\n"
        running.send_signal(signal.SIGINT)
        try:
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert err == "error: interrupted\n"
    assert "Traceback" not in err
    assert out == ""


def test_help_is_quick() -> None:
    heavy = ["numpy", "pandas", "pydantic", "duckdb", "matplotlib", "yaml"]
    code = "import sys; from modelselect.cli import main; main(['--help']); "
    code += f"print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.stdout.strip().endswith("[]")
