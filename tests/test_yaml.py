"""The strict loader: what a text means, where it says it, and a sentence for whatever is wrong."""

import math
import time

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from modelselect.errors import ConfigurationError, ModelSelectError
from modelselect.experiment import parse
from modelselect.experiment.documents import Document, from_plain, merge
from modelselect.experiment.yaml import dump, load, override, read

PARSERS = [pyyaml.SafeLoader, *([pyyaml.CSafeLoader] if pyyaml.__with_libyaml__ else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def parser(request, monkeypatch):
    """Both of PyYAML's parsers: which one a machine has must not matter."""
    monkeypatch.setattr(parse, "_PARSER", request.param)


def refusal(text, source="x.yaml"):
    with pytest.raises(ConfigurationError) as caught:
        load(text, source)
    return str(caught.value)


# -- scalars ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6),
        ("1E5", 1e5),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1", 1),
        ("-0", 0),
        ("+1.5e+3", 1500.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("00.5", 0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("n", "n"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        ("0b11", "0b11"),
        ("-0x1F", "-0x1F"),
        ("1e", "1e"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("!!float 1", 1.0),
        ("=", "="),
        ("٣", "٣"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(parser, text, value):
    got = load(f"a: {text}").data["a"]
    assert got == value
    assert type(got) is type(value)


def test_nan_is_a_number(parser):
    assert math.isnan(load("a: .NaN").data["a"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("010", "begins with a zero, expected 10, or quotes"),
        ("-007", "begins with a zero, expected -7"),
        ("1e999", "'1e999' is too large"),
        ("9" * 310, "is too large"),
        ("9" * 1_000_000, "has 1000000 characters, expected at most 400"),
        ("0x" + "f" * 300, "is too large"),
        ("!!int x", "is text, which is not what its tag !!int says"),
        ("!!python/object:os.system x", "is not part of the YAML core"),
        ("!!binary eA==", "is not part of the YAML core"),
        ("!!timestamp 2024-01-31", "is not part of the YAML core"),
        ("!!map [1]", "is not part of the YAML core"),
    ],
)
def test_scalars_that_are_refused(parser, text, words):
    message = refusal(f"a: {text}")
    assert message.startswith("x.yaml:1:4: ")
    assert words in message
    assert len(message) < 250


def test_keys_may_be_numbers_and_words(parser):
    assert load("counts: {0: 2, 1.5: 3, no: 4, true: 5}").data == {"counts": {0: 2, 1.5: 3, "no": 4, True: 5}}


# -- places -------------------------------------------------------------------------------------------------


def test_every_value_has_a_place(parser):
    document = load('é: 1\r\ncandidates:\r\n  - poisson\r\n  - binomial: {n: "ten"}\r\n', "f.yaml")
    place = document.place(("candidates", 1, "binomial", "n"))
    assert (str(place), place.text) == ("f.yaml:4:19", '"ten"')
    assert str(document.place(("candidates", 1, "binomial", "p", "q"))) == "f.yaml:4:15"
    assert document.place(("candidates", 1, "binomial")).text == '{n: "ten"}'
    assert str(document.place(("candidates", 7))) == "f.yaml:3:3"
    assert str(document.key_place(("candidates", 1, "binomial"))) == "f.yaml:4:5"
    assert str(document.place(())) == "f.yaml:1:1"
    assert document.has(("candidates", 0))
    assert not document.has(("candidates", 2))
    assert not document.has(("candidates", "0", "x"))


# -- what is not YAML, or not ours --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3", "3:1", "the key 'a' stands twice, on lines 1 and 3"),
        ("1: a\n1.0: b", "2:1", "the key '1.0' stands twice"),
        ("{a: 1, 'a': 2}", "1:8", "the key 'a' stands twice"),
        ("a:\n\t- b", "2:1", "a tab cannot be used here, expected spaces"),
        ("a: b: c", "1:5", "text with ': ' needs quotes"),
        ("a: 1\n b: 2", "2:3", "wrong indentation"),
        ("a: [1,2\nb: 3", "2:2", "the closing ] of a list is missing (it begins on line 1)"),
        ("a: 'x\nb: 3", "2:5", "a quote is opened but never closed"),
        ("a: @x", "1:4", "expected quotes around it, got '@x'"),
        ("a:\n  - b\n c: 1", "3:2", "does not line up"),
        ("a: !e!x 1", "1:4", "the tag is unknown"),
        ("a: *x", "1:4", "the alias '*x' has no anchor '&x' before it"),
        ("a: &long 1\nb: *lang", "2:4", "did you mean long?"),
        ("? [a]\n: 1", "1:3", "is a list, expected a name or a number"),
        ("~: 1", "1:1", "is empty, expected a name or a number"),
        (".nan: 1", "1:1", "expected a name or a number"),
        ("<<: {a: 1}", "1:1", "the merge key '<<' is not part of YAML 1.2"),
        ("a: 1\n---\nb: 1", "2:1", "a second document starts here"),
        ("", "1:1", "there is nothing in it"),
        ("# only a comment", "1:1", "there is nothing in it"),
        ("[1, 2]", "1:1", "the top level is a list, '[1, 2]', expected a mapping"),
        ("poisson", "1:1", "the top level is text"),
        ("a: \x00", "1:4", "the character U+0000 is not allowed"),
        ("a: 1\r\né: \x07", "2:4", "the character U+0007 is not allowed"),
        ("a: \ud800", "1:4", "the character U+D800 is not allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(parser, text, place, words):
    message = refusal(text)
    assert message.startswith(f"x.yaml:{place}: ")
    assert words in message


@pytest.mark.parametrize("escape", [r"\ud800", r"\U12345678", r"\q", r"\x"])
def test_escapes_that_are_no_characters(parser, escape):
    assert refusal(f'a: "{escape}"').startswith("x.yaml:1:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [*a]", "stands inside its own anchor"),
        ("a: &a {b: {c: *a}}", "stands inside its own anchor"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{f'*a{i}, ' * 9}]\n" for i in range(40)),
            "too large",
        ),
        ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 3000)), "too large"),
        ("a: " + "[" * 100_000, "nested more than 50 deep"),
        ("a: " + "{a: " * 100_000, "nested more than 50 deep"),
        ("- " * 50_000, "nested more than 50 deep"),
        ("? " * 50_000, "nested more than 50 deep"),
    ],
)
def test_bombs_are_refused_quickly(parser, text, words):
    start = time.perf_counter()
    assert words in refusal(text)
    assert time.perf_counter() - start < 5


def test_aliases_within_bounds_work(parser):
    document = load("a: &x {n: 1}\nb: [*x, *x]\nc: &x 2\nd: *x", "f")
    assert document.data == {"a": {"n": 1}, "b": [{"n": 1}, {"n": 1}], "c": 2, "d": 2}
    assert str(document.place(("b", 1, "n"))) == "f:1:11"


# -- files --------------------------------------------------------------------------------------------------


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(1_000_000_000)
    with pytest.raises(ConfigurationError, match="larger than 10 MB"):
        read(path)
    with pytest.raises(ConfigurationError, match="longer than 10 million"):
        load("#" * 10_000_001)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: 1\nb: \xe9", ":2:4: the byte 0xE9 is not UTF-8"),
        ("a: 1".encode("utf-16"), ":1:1: the byte 0xFF is not UTF-8"),
    ],
)
def test_other_encodings(tmp_path, content, words):
    with pytest.raises(ConfigurationError, match=words):
        read(write(tmp_path, "x.yaml", content))


def test_a_byte_order_mark_is_no_content(tmp_path):
    assert read(write(tmp_path, "x.yaml", b"\xef\xbb\xbfa: 1")).data == {"a": 1}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrms.yaml", r"does not exist; did you mean worms.yaml\?"),
        (".", "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, words):
    write(tmp_path, "worms.yaml", "a: 1")
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path / name)


def test_extends_merges_mappings_and_keeps_places(tmp_path):
    write(tmp_path, "base/grand.yaml", "seed: 1\nreport: {figures: true, formats: [csv]}\n")
    base = write(tmp_path, "base/base.yaml", "extends: grand.yaml\ndata:\n  csv: x.csv\n  column: teeth\n")
    own = write(
        tmp_path,
        "own.yaml",
        "extends: base/base.yaml\ndata: {column: length}\nreport: {formats: [html, csv]}",
    )
    document = read(own)
    assert document.data == {
        "seed": 1,
        "report": {"figures": True, "formats": ["html", "csv"]},
        "data": {"csv": "x.csv", "column": "length"},
    }
    assert str(document.place(("data", "csv"))) == f"{base}:3:8"
    assert document.place(("data", "csv")).folder == tmp_path / "base"
    assert str(document.place(("data", "column"))) == f"{own}:2:16"
    assert str(document.key_place(("seed",))) == f"{tmp_path / 'base' / 'grand.yaml'}:1:1"


def test_some_mappings_are_replaced_as_a_whole(tmp_path):
    write(tmp_path, "base.yaml", "counts: {a: 1, b: 2}\nother: {a: 1}")
    own = write(tmp_path, "own.yaml", "extends: base.yaml\ncounts: {c: 3}\nother: {c: 3}")
    data = read(own, replaced_whole=frozenset({"counts"})).data
    assert data == {"counts": {"c": 3}, "other": {"a": 1, "c": 3}}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("a.yaml", "circle or without end: a.yaml → a.yaml"),
        ("b.yaml", "circle or without end: a.yaml → b.yaml → a.yaml"),
        ("c.yaml", r"a.yaml:1:10: .*c.yaml: the file does not exist"),
        ("[b.yaml]", r"a.yaml:1:10: extends: got '\[b.yaml\]', a list, expected the path of a file"),
        ("''", "expected the path of a file"),
        ('"a\\0"', "a.yaml:1:10: .*cannot be read"),
        ("bad.yaml", "bad.yaml:1:4: "),
    ],
)
def test_extends_that_leads_nowhere(tmp_path, reference, words):
    write(tmp_path, "b.yaml", "extends: ./a.yaml")
    write(tmp_path, "bad.yaml", "a: 010")
    with pytest.raises(ConfigurationError, match=words):
        read(write(tmp_path, "a.yaml", f"extends: {reference}"))


# -- single values that are replaced ------------------------------------------------------------------------

WORMS = "data: {csv: a.csv}\ncandidates: [poisson, {binomial: {n: 10}}]\ncounts: {1: 5, 2.5: 6}\nempty:\n"


def test_overrides_replace_and_add():
    document = override(
        load(WORMS),
        [
            "data.csv=b.csv",
            "candidates[1].binomial.n=12",
            "counts.1=7",
            "seed = 3",
            "empty.x=[1, no]",
            "new.a.b=~",
        ],
    )
    assert document.data == {
        "data": {"csv": "b.csv"},
        "candidates": ["poisson", {"binomial": {"n": 12}}],
        "counts": {1: 7, 2.5: 6},
        "empty": {"x": [1, "no"]},
        "seed": 3,
        "new": {"a": {"b": None}},
    }
    place = document.place(("data", "csv"))
    assert (str(place), place.text) == ("--set data.csv", "b.csv")
    assert str(document.key_place(("new",))) == "--set new.a.b"
    assert str(document.place(("candidates", 0))) == "<string>:2:14"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("seed", "--set 'seed': expected KEY=VALUE"),
        ("=3", "expected KEY=VALUE"),
        ("a..b=3", "expected KEY=VALUE"),
        (".".join("a" * 1000) + "=3", "expected KEY=VALUE"),
        ("candidates.2=x", "--set candidates.2: 'candidates' is a list of 2, got '2'"),
        ("candidates.first=x", "got 'first', expected a position from 0"),
        ("candidates.0.n=x", "'candidates.0' is 'poisson', which has no 'n' to set"),
        ("candidats.0.n=x", "--set candidats.0.n: there is no 'candidats'; did you mean candidates?"),
        ("others.0=x", "--set others.0: there is no 'others'"),
        ("seed=[1", "--set seed: a comma or the closing ] of a list is missing, got the end"),
        ("seed=010", "--set seed: the number '010' begins with a zero"),
    ],
)
def test_overrides_that_lead_nowhere(setting, words):
    with pytest.raises(ConfigurationError) as caught:
        override(load(WORMS), [setting])
    assert words in str(caught.value)


# -- plain data ---------------------------------------------------------------------------------------------


def test_documents_of_python_objects(tmp_path):
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    data = {
        "a": np.array([1, 2]),
        "b": np.float64(0.5),
        "c": pd.Series(["x"]),
        "d": tmp_path,
        np.int64(3): (True,),
    }
    assert from_plain(data).data == {"a": [1, 2], "b": 0.5, "c": ["x"], "d": str(tmp_path), 3: [True]}


@pytest.mark.parametrize("data", [{"a": object()}, {"a": {1, 2}}, {None: 1}, {math.nan: 1}, {(1, 2): 1}, b"x"])
def test_python_objects_that_are_no_data(data):
    with pytest.raises(ConfigurationError, match="expected"):
        from_plain(data)


def test_endless_python_objects():
    endless: list = []
    endless.append(endless)
    with pytest.raises(ConfigurationError, match="nested more than 50 deep"):
        from_plain(endless)


# -- properties ---------------------------------------------------------------------------------------------

KEYS = st.one_of(st.text(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False), st.booleans())
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**300), 10**300), st.floats(allow_nan=False), st.text())
SPECIAL_WORDS = st.sampled_from(["no", "1e-6", "010", "0x1F", "0o7", "1:30", "<<", "=", "~", "", " ", "1_0", "\ud7ff"])
PLAIN = st.recursive(
    SCALARS | SPECIAL_WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | SPECIAL_WORDS, inner, max_size=4),
    max_leaves=15,
)
SNIPPETS = st.sampled_from(
    [
        *"abc01 .-+:,[]{}&*!|>'\"%@`#?~\n\t\r\\",
        "\n  ",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "!!",
        "---",
        "...",
        "1e",
        "\\u",
    ]
)


@pytest.mark.parametrize("loader", PARSERS)
@settings(deadline=None)
@given(text=st.text() | st.lists(SNIPPETS, max_size=40).map("".join))
def test_any_text_gives_a_document_or_a_sentence(loader, text):
    original, parse._PARSER = parse._PARSER, loader
    try:
        assert isinstance(load(text).data, dict)
        assert isinstance(override(Document(load("a: {b: 1}").root), [f"a.b={text}"]).data, dict)
    except ModelSelectError as error:
        assert str(error)  # noqa: PT017
    finally:
        parse._PARSER = original


@settings(deadline=None)
@given(setting=st.text() | st.lists(SNIPPETS | st.sampled_from(["data", "candidates.", "="]), max_size=10).map("".join))
def test_any_setting_gives_a_document_or_a_sentence(setting):
    try:
        assert isinstance(override(load(WORMS), [setting]).data, dict)
    except ModelSelectError as error:
        assert str(error)  # noqa: PT017


@settings(deadline=None)
@given(data=st.dictionaries(KEYS | SPECIAL_WORDS, PLAIN, max_size=5))
def test_what_is_written_reads_back_unchanged(data):
    assert load(dump(data) if data else "{}").data == data


@settings(deadline=None)
@given(content=st.binary(max_size=60))
def test_any_file_gives_a_document_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read(path), Document)
    except ModelSelectError as error:
        assert "any.yaml" in str(error)  # noqa: PT017


@given(base=st.dictionaries(st.text(max_size=2), PLAIN), own=st.dictionaries(st.text(max_size=2), PLAIN))
@settings(deadline=None)
def test_merging_keeps_what_is_said_last(base, own):
    merged = merge(from_plain(base), from_plain(own)).data
    assert set(merged) == {*base, *own}
    assert merge(from_plain(merged), from_plain(own)).data == merged
