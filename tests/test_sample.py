"""Sample: every form data come in, the resolution rule, weights, missing values, errors that name their place."""

from __future__ import annotations

import copy
import pickle
import time
from collections import Counter, OrderedDict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import norm

import modelselect as ms
from modelselect import DataError, ModelSelectError, Sample
from modelselect.divergence.level import level
from modelselect.families.candidates import Candidate
from modelselect.families.discretized import Discretized
from modelselect.fitting.fit import fit_candidate
from modelselect.grouped import Grouped
from modelselect.ranking.footing import fit_on_footing
from modelselect.sample import as_sample
from modelselect.statistics import decimal_step

NUMBERS = {
    "list": [3, 1, 1, 2],
    "tuple": (3, 1, 1, 2),
    "generator": None,
    "deque of numpy ints": [np.int16(3), np.uint8(1), np.int64(1), np.float32(2)],
    "column of lists": [[3], [1], [1], [2]],
    "int8": np.array([3, 1, 1, 2], dtype=np.int8),
    "uint64": np.array([3, 1, 1, 2], dtype=np.uint64),
    "float16": np.array([3, 1, 1, 2], dtype=np.float16),
    "float64, not contiguous": np.array([3.0, 9, 1, 9, 1, 9, 2, 9])[::2],
    "big endian": np.array([3, 1, 1, 2], dtype=">f8"),
    "object": np.array([3, 1.0, np.int64(1), Fraction(2)], dtype=object),
    "Decimal": [Decimal(3), Decimal("1.0"), Decimal(1), Decimal(2)],
    "Series": pd.Series([3, 1, 1, 2], index=list("wxyz")),
    "Index": pd.Index([3, 1, 1, 2]),
    "Int64": pd.Series([3, 1, 1, 2], dtype="Int64"),
    "Float64": pd.Series([3, 1, 1, 2], dtype="Float64"),
    "categorical of numbers": pd.Series([3, 1, 1, 2], dtype="category"),
    "pyarrow-backed": pd.Series([3, 1, 1, 2], dtype="int64[pyarrow]"),
    "pyarrow decimal": pd.Series(
        [Decimal(3), Decimal(1), Decimal(1), Decimal(2)], dtype=pd.ArrowDtype(pa.decimal128(9, 2))
    ),
    "pyarrow array": pa.array([3, 1, 1, 2]),
    "pyarrow chunked": pa.chunked_array([[3, 1], [1, 2]]),
    "DataFrame column": pd.DataFrame({"x": [3, 1, 1, 2], "y": list("abcd")})["x"],
    "one-column DataFrame": pd.DataFrame({"x": [3, 1, 1, 2]}),
    "mapping": {3: 1, 1: 2, 2: 1},
    "mapping with numpy keys": {np.int64(3): np.int64(1), np.float64(1): 2, 2.0: 1},
    "Counter": Counter([3, 1, 1, 2]),
    "OrderedDict": OrderedDict([(3, 1.0), (1, 2.0), (2, 1.0)]),
}


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_in_every_form_are_the_same_sample(form: str) -> None:
    sample = Sample((v for v in [3, 1, 1, 2]) if form == "generator" else NUMBERS[form])
    assert sample.values.tolist() == [1.0, 2.0, 3.0]
    assert sample.values.dtype == np.float64
    assert sample.weights.tolist() == [2.0, 1.0, 1.0]
    assert (sample.n, sample.kind, sample.resolution, sample.known, sample.n_missing) == (4.0, "lattice", 1.0, False, 0)


LABELS = {
    "list": ["b", "a", "b"],
    "numpy text": np.array(["b", "a", "b"]),
    "numpy bytes": np.array([b"b", b"a", b"b"]),
    "numpy StringDType": np.array(["b", "a", "b"], dtype=np.dtypes.StringDType()),
    "object": np.array(["b", "a", "b"], dtype=object),
    "pandas str": pd.Series(["b", "a", "b"]),
    "pandas string[pyarrow]": pd.Series(["b", "a", "b"], dtype="string[pyarrow]"),
    "categorical": pd.Series(["b", "a", "b"], dtype="category"),
    "pyarrow array": pa.array(["b", "a", "b"]),
    "mapping": {"b": 2, "a": 1},
}


@pytest.mark.parametrize("form", LABELS)
def test_labels_in_every_form_are_the_same_sample(form: str) -> None:
    sample = Sample(LABELS[form])
    assert dict(zip(sample.values.tolist(), sample.weights.tolist(), strict=True)) == {"b": 2.0, "a": 1.0}
    assert (sample.n, sample.kind, sample.resolution) == (3.0, "nominal", None)
    with pytest.raises(DataError, match="labels"):
        sample.block()


def test_booleans_are_zero_and_one() -> None:
    for values in ([True, False, True], np.array([True, False, True]), pd.Series([True, False, True], dtype="boolean")):
        sample = Sample(values)
        assert (sample.values.tolist(), sample.weights.tolist()) == ([0.0, 1.0], [1.0, 2.0])


def test_numbers_and_text_do_not_mix() -> None:
    with pytest.raises(
        DataError, match=r"expected all numbers or all text, but 'three' at row 2 .* text among numbers"
    ):
        Sample([1.5, 2.5, "three", 4.1])
    with pytest.raises(DataError, match=r"but 4 at row 2 .* is no text"):
        Sample(["0", "1", 4, "5+"])
    with pytest.raises(DataError, match="a single text"):
        Sample("worms.csv")


def test_a_sample_stays_itself_and_data_become_one() -> None:
    sample = Sample([1, 2])
    assert as_sample(sample) is sample
    assert as_sample([1, 2]).n == 2


# -- resolution --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], 1.0),
        ([1.0, 2.0, 3.0], 1.0),
        ([-5, 0], 1.0),
        ([0.5] * 3, 0.1),
        ([0.5, 1.0, 1.0, 0.5, 1.0], 0.1),
        ([0.25] * 5, 0.01),
        ([1e-6] * 3, 1e-6),
        ([1e-7] * 3, None),  # finer than six decimals
        ([1e-300] * 3, None),  # tiny is not "rounded to 0"
        ([1e-13, 2e-13] * 9, None),
        ([0.5, 1.5, 0.5], None),  # 2 distinct of 3 is not less than half
        ([0.5, 1.5, 0.5, 1.5], None),  # exactly half
        ([0.5, 1.5, 0.5, 1.5, 0.5], 0.1),
        ([1 / 3] * 9, None),
        ([0.1 + 0.2] * 3, 0.1),  # an error in the last bit is forgiven
        ([0.3, 0.3 + 1e-9] * 3, None),  # a real difference is not
        ([1234567.89] * 3, 0.01),
        ([12345678.91] * 3, 0.01),  # not 0.1: eight digits before the point
        ([1e9 + 0.5] * 3, 0.1),
        ([1e16, 2e16, 2e16, 1e16, 1e16], None),  # every float is an integer there
        ([1e300, 2e300], None),
        ([1.5, 1e308] * 3, None),
    ],
)
def test_resolution_rule(values: list[float], expected: float | None) -> None:
    sample = Sample(values)
    assert sample.resolution == expected
    assert sample.kind == ("continuous" if expected is None else "lattice")
    assert (expected is None) != any("1" in note for note in sample.notes)  # what was detected is stated


@pytest.mark.parametrize("j", range(1, 7))
def test_resolution_is_found_on_any_rounded_data(j: int) -> None:
    x = np.round(np.random.default_rng(j).normal(50, 20 * 10.0**-j, 4000), j)
    assert decimal_step(x) == 10.0**-j
    assert Sample(x).resolution == (10.0**-j if len(np.unique(x)) < 2000 else None)


def test_resolution_counts_weights_as_copies_and_a_known_law_as_infinitely_many() -> None:
    assert Sample([0.5, 1.5], weights=[3, 2]).resolution == 0.1
    assert Sample([0.5, 1.5], weights=[2, 2]).resolution is None
    assert Sample.from_counts({0.5: 3, 1.5: 2}).resolution == 0.1
    assert Sample.from_probabilities({0.5: 0.5, 1.5: 0.5}).resolution == 0.1
    assert Sample.from_probabilities({0.5: 0.5, 1.5: 0.5}, n=4).resolution is None


def test_single_precision_is_read_as_the_decimal_it_prints() -> None:
    sample = Sample(np.array([0.1, 0.2, 0.1, 0.2, 0.1], dtype=np.float32))
    assert sample.values.tolist() == [0.1, 0.2]
    assert sample.resolution == 0.1


def test_resolution_can_be_set() -> None:
    assert Sample([1, 2, 3], resolution=None).kind == "continuous"
    assert Sample([0.5, 1.0, 2.5], resolution=0.5).resolution == 0.5
    assert Sample({10: 3, 30: 2}, resolution=10).block(cells=True).lower.tolist() == [[5.0, 25.0]]
    assert Sample([7.25, 1.125], resolution=np.float64(0.125)).resolution == 0.125
    with pytest.raises(DataError, match=r"1\.3 is not a multiple of the resolution 0\.5"):
        Sample([1, 1.3], resolution=0.5)


@pytest.mark.parametrize("wrong", [0, -1, np.inf, np.nan, True, "fine", [0.1, 0.2], (1,)])
def test_resolution_that_is_none(wrong: object) -> None:
    with pytest.raises(DataError, match="resolution: expected auto, None or a positive number"):
        Sample([1, 2], resolution=wrong)  # type: ignore[arg-type]


# -- weights -----------------------------------------------------------------------------------------------------------


def test_a_frequency_of_w_means_w_copies() -> None:
    values, counts = [5.0, 1.0, 5.0, 2.0], [2, 3, 1, 0]
    weighted, repeated = Sample(values, weights=counts), Sample(np.repeat(values, counts))
    assert weighted.values.tolist() == repeated.values.tolist() == [1.0, 5.0]
    assert weighted.weights.tolist() == repeated.weights.tolist() == [3.0, 3.0]
    assert weighted.n == repeated.n == 6


def test_fractional_frequencies_are_kept_and_noted() -> None:
    sample = Sample([1, 2], weights=[0.5, 0.25])
    assert sample.n == 0.75
    assert sample.shares.tolist() == [2 / 3, 1 / 3]
    assert any("fractional" in note for note in sample.notes)


def test_importance_weights_are_rescaled_to_the_effective_number() -> None:
    w = np.array([1.0, 2.0, 5.0, 2.0])
    sample = Sample([1, 2, 3, 1], weights=w, weights_kind="importance")
    assert sample.n == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-15)
    assert sample.shares == pytest.approx([0.3, 0.2, 0.5], rel=1e-15)
    again = Sample([1, 2, 3, 1], weights=1e-6 * w, weights_kind="importance")
    assert again.weights == pytest.approx(sample.weights, rel=1e-14)
    equal = Sample([1, 2, 3, 1], weights=[7] * 4, weights_kind="importance")
    assert equal.n == pytest.approx(4, rel=1e-15)


@pytest.mark.parametrize(
    "weights",
    [
        (1, 2),
        np.array([1, 2]),
        pd.Series([1, 2], dtype="Int64"),
        pa.array([1, 2]),
        (w for w in [1, 2]),
        [Decimal(1), 2],
    ],
)
def test_weights_in_every_form(weights: object) -> None:
    assert Sample([4, 3], weights=weights).weights.tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1], r"weights: expected 2 numbers, one an observation, got shape \(1,\)"),
        ([1, 2, 3], r"weights: expected 2 numbers"),
        ([[1, 2], [3, 4]], r"weights: expected"),
        ([1, -1], r"weights: .*not negative, got -1 in row 1"),
        ([np.nan, 1], r"weights: .*finite.* got nan in row 0"),
        ([1, np.inf], r"weights: .*finite.* got inf in row 1"),
        ([1, None], r"weights: .* got nan in row 1"),
        ([0, 0], r"weights: all are zero"),
        (["a", "b"], r"weights: expected numbers, got \['a', 'b'\]"),
    ],
)
def test_wrong_weights(weights: object, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        Sample([1, 2], weights=weights)


def test_a_mapping_takes_no_weights() -> None:
    with pytest.raises(DataError, match="weights: not allowed with a mapping"):
        Sample({1: 2}, weights=[1])


# -- missing and impossible values -------------------------------------------------------------------------------------

HOLES = {
    "float": [1.0, np.nan, 2.0, np.nan],
    "object": [1, None, 2, np.nan],
    "Int64": pd.Series([1, None, 2, None], dtype="Int64"),
    "boolean": pd.Series([True, None, False, None], dtype="boolean"),
    "pyarrow": pd.Series([1, None, 2, None], dtype="int64[pyarrow]"),
    "pyarrow array": pa.array([1, None, 2, None]),
    "text": ["a", None, "b", np.nan],
    "pandas str": pd.Series(["a", None, "b", None]),
    "string[pyarrow]": pd.Series(["a", None, "b", None], dtype="string[pyarrow]"),
    "categorical": pd.Series(["a", None, "b", None], dtype="category"),
}


@pytest.mark.parametrize("form", HOLES)
def test_missing_values_are_refused_by_row_or_dropped_and_counted(form: str) -> None:
    with pytest.raises(DataError, match=r"values: 2 missing .* rows 1, 3 .*missing: drop"):
        Sample(HOLES[form])
    sample = Sample(HOLES[form], missing="drop")
    assert (sample.n, sample.n_missing, len(sample)) == (2.0, 2, 2)
    assert "2 missing observations were dropped" in sample.notes


def test_missing_and_infinite_values_of_no_weight_do_not_matter() -> None:
    sample = Sample([1, np.nan, np.inf, 2], weights=[1, 0, 0, 1])
    assert (sample.values.tolist(), sample.n, sample.n_missing) == ([1.0, 2.0], 2.0, 0)


def test_rows_are_counted_in_the_data_as_given() -> None:
    with pytest.raises(DataError, match="infinite at row 2 "):
        Sample([np.nan, 1, np.inf], missing="drop")
    with pytest.raises(DataError, match=r"rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … \(12 in all\)"):
        Sample([np.nan] * 12 + [1.0])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "values: empty"),
        (np.array([]), "values: empty"),
        ({}, "counts: empty"),
        (pd.Series([], dtype=float), "values: empty"),
        ([1, -np.inf], "values: infinite at row 1 "),
        ([None], "1 missing"),
        (None, "1 missing"),
        ([[1, 2], [3, 4]], r"one dimension, got shape \(2, 2\)"),
        ([[1, 2], [3]], "one dimension, got rows of different lengths"),
        (pd.DataFrame({"x": [1], "y": [2]}), "name one column"),
        (pd.to_datetime(pd.Series(["2020-01-01"])), "values: expected numbers or text, got datetime64"),
        ([1 + 2j], "values: expected numbers or text, got complex128"),
        ([object()], "values: expected numbers or text, got <object"),
        (["a", object()], "values: expected all numbers or all text, but .a. at row 0"),
        ([10**400], "values: expected numbers or text, got 1000"),
        ({1: -3}, "counts: .*not negative, got -3 for 1"),
        ({1: None}, "counts: .* got nan for 1"),
        ({1: "x"}, r"counts: expected numbers, got \['x'\]"),
        ({1: 0, 2: 0}, "counts: all are zero"),
        ({np.nan: 1, 2: 1}, "counts: 1 missing"),
    ],
)
def test_data_that_cannot_be_used(values: object, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        Sample(values)
    assert isinstance(caught.value, ModelSelectError)
    assert isinstance(caught.value, ValueError)


def test_nothing_left() -> None:
    with pytest.raises(DataError, match="nothing is left"):
        Sample([np.nan, np.nan], missing="drop")


@pytest.mark.parametrize(("option", "value"), [("missing", "ignore"), ("weights_kind", "probability")])
def test_options_name_what_they_expect(option: str, value: str) -> None:
    with pytest.raises(DataError, match=f"{option}: expected .* or .*, got '{value}'"):
        Sample([1, 2], **{option: value})  # type: ignore[arg-type]


# -- counts and probabilities ------------------------------------------------------------------------------------------


def test_counts_of_a_series_are_its_index_and_values() -> None:
    sample = Sample.from_counts(pd.Series([4, 4, 7]).value_counts())
    assert (sample.values.tolist(), sample.weights.tolist()) == ([4.0, 7.0], [2.0, 1.0])
    with pytest.raises(DataError, match=r"counts: expected a mapping .* got \[1, 2\]"):
        Sample.from_counts([1, 2])  # type: ignore[arg-type]


def test_counts_that_mean_the_same_number_are_added() -> None:
    sample = Sample({Decimal("0.5"): 1, Fraction(1, 2) + Fraction(1, 10**40): 2, 3: 0})
    assert (sample.values.tolist(), sample.weights.tolist()) == ([0.5], [3.0])


def test_known_probabilities_have_no_sample_size() -> None:
    sample = Sample.from_probabilities({0: 0.25, 1: 0.5, 5: 0.25})
    assert (sample.n, sample.known, sample.kind) == (np.inf, True, "lattice")
    assert sample.shares.tolist() == [0.25, 0.5, 0.25]
    assert any("given, not sampled" in note for note in sample.notes)
    assert not any("fractional" in note for note in sample.notes)


def test_probabilities_with_a_sample_size() -> None:
    sample = Sample.from_probabilities({"H": 0.25, "T": 0.75}, n=8)
    assert (sample.n, sample.known) == (8.0, False)
    assert dict(zip(sample.values, sample.weights, strict=True)) == {"H": 2.0, "T": 6.0}


def test_probabilities_sum_to_one_within_1e_9() -> None:
    assert Sample.from_probabilities({"a": 0.5, "b": 0.5 + 9e-10}).shares.sum() == pytest.approx(1, abs=1e-15)
    for wrong in ({"a": 0.5, "b": 0.5 + 2e-9}, {"a": 0.5, "b": 0.4}):
        with pytest.raises(DataError, match=r"probabilities: sum to .*, expected 1"):
            Sample.from_probabilities(wrong)
    with pytest.raises(DataError, match=r"probabilities: .*not negative, got -0\.5 for b"):
        Sample.from_probabilities({"a": 1.5, "b": -0.5})
    with pytest.raises(DataError, match="probabilities: empty"):
        Sample.from_probabilities({})


@pytest.mark.parametrize("n", [0, -3, np.inf, np.nan, "8", True])
def test_a_sample_size_that_is_none(n: object) -> None:
    with pytest.raises(DataError, match="n: must be a positive number"):
        Sample.from_probabilities({"a": 1.0}, n=n)  # type: ignore[arg-type]


# -- an object that does not change ------------------------------------------------------------------------------------


def test_a_sample_cannot_be_changed() -> None:
    sample = Sample([1, 2])
    with pytest.raises(AttributeError):
        sample.n = 5.0  # type: ignore[misc]
    for array in (sample.values, sample.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7


def test_the_data_are_neither_changed_nor_shared() -> None:
    x, w = np.array([1.0, 2.0, 3.5]), np.array([1.0, 2.0, 3.0])
    x.flags.writeable = w.flags.writeable = False
    sample = Sample(x, weights=w)
    assert not np.shares_memory(sample.values, x)
    assert not np.shares_memory(sample.weights, w)
    y = np.array([3.0, 1.0, 2.0])
    frame = pd.DataFrame({"y": y.copy()})
    Sample(y)
    Sample(frame["y"])
    assert y.tolist() == frame["y"].tolist() == [3.0, 1.0, 2.0]
    z = np.array([1.0, 2.0, 3.0])
    kept = Sample(z)
    z[0] = 99.0
    assert kept.values.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "sample", [Sample([1, 1, 2]), Sample(["a", "b"]), Sample.from_probabilities({0.5: 1.0})], ids=repr
)
def test_pickle_and_copy(sample: Sample) -> None:
    for again in (pickle.loads(pickle.dumps(sample)), copy.deepcopy(sample)):  # noqa: S301 — our own bytes
        assert repr(again) == repr(sample)
        assert again.values.tolist() == sample.values.tolist()
        assert (again.notes, again.known, again.resolution, again.n) == (
            sample.notes,
            sample.known,
            sample.resolution,
            sample.n,
        )
        assert not again.values.flags.writeable


def test_a_million_values_take_no_time() -> None:
    rng = np.random.default_rng(1)
    counts, reals = rng.poisson(3, 1_000_000), rng.normal(size=1_000_000)
    begin = time.perf_counter()
    assert Sample(counts).n == Sample(reals).n == 1_000_000
    assert time.perf_counter() - begin < 3.0  # 0.2 s here; a Python loop over the values takes longer than this


# -- grids coarser than a power of ten ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.5, 0.25, 0.2, 0.02])
def test_the_step_is_the_greatest_that_divides_all(step: float) -> None:
    x = np.rint(np.random.default_rng(1).exponential(40, 5000)) * step
    sample = Sample(x)
    assert sample.resolution == pytest.approx(step)
    assert any(f"rounded to {step:g}" in note for note in sample.notes)


def test_halves_fitted_as_halves_give_the_truth() -> None:
    x = np.rint(np.random.default_rng(2).exponential(2, 20_000) * 4) / 4
    fit = ms.fit("gamma", x)
    assert abs(fit.parameters["shape"] - 1) < 4 * fit.standard_errors["shape"]


def test_a_coarse_or_shifted_grid_is_said() -> None:
    salaries = Sample(np.arange(12) * 100 + 2000)
    assert salaries.resolution == 1
    assert any("lie 100 or a multiple of it apart" in note for note in salaries.notes)
    shifted = Sample(np.repeat(np.arange(12) + 0.5, 3))
    assert any("give the resolution" in note for note in shifted.notes)


def test_few_values_do_not_tell_a_step() -> None:
    assert Sample([2.5, 5.0, 7.5] * 3).resolution == 0.1


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_integers_of_any_size_are_the_numbers_they_are(dtype):
    rng = np.random.default_rng(5)
    low = 0 if dtype.startswith("u") else -20
    walk = np.clip(np.cumsum(rng.integers(-1, 2, 4000)), low, 100).astype(dtype)  # neighbours are alike
    for x in (walk, np.sort(walk), walk[:40], walk[:1], np.full(100, 7, dtype)):
        one, other = Sample(x), Sample(x.astype(float))
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.weights, other.weights)
        assert (one.values.dtype, one.n, one.resolution, one.notes) == (float, other.n, other.resolution, other.notes)
    assert "alike" in " ".join(Sample(walk).notes)
    assert "alike" not in " ".join(Sample(np.sort(walk)).notes)


def test_integers_that_are_no_exact_floats_are_read_as_floats():
    x = np.array([2**60, 2**60 + 1, 5], dtype=np.int64)
    np.testing.assert_array_equal(Sample(x).values, Sample(x.astype(float)).values)


def test_a_label_that_is_missing_and_has_no_weight_is_no_outcome():
    assert Sample(["a", None, "b"], [1, 0, 2]).outcomes == ("a", "b")


# -- one decimal, several floats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.1, 0.05, 0.3, 0.001])
def test_a_decimal_counts_once_however_it_was_computed(step: float) -> None:
    k = np.arange(-30, 31)
    written = np.array([float(Fraction(str(step)) * int(i)) for i in k])  # the floats next to the decimals
    summed = np.concatenate([[written[0]], written[0] + np.cumsum(np.full(60, step))])
    ways = [written, k * step, summed, (k + 7) * step - 7 * step]
    assert len(np.unique(np.concatenate(ways))) > len(k)
    for sample in (Sample(np.concatenate(ways)), Sample(np.concatenate(ways), resolution=step)):
        assert sample.resolution == step
        np.testing.assert_array_equal(sample.values, written)
        np.testing.assert_array_equal(sample.weights, 4.0)
    ends = Sample.from_intervals(np.concatenate(ways), np.concatenate([*ways[1:], ways[0]]), resolution=step)
    assert ends.exact
    np.testing.assert_array_equal(ends.values, written)


@pytest.mark.parametrize("step", [0.1, 0.05, 0.3, 1 / 3, 0.001, 1e-9, 7.0, np.pi])
def test_cells_of_neighbours_share_their_end(step: float) -> None:
    sample = Sample(np.arange(-1000, 1001) * step, resolution=step)
    block = sample.block(cells=True)
    np.testing.assert_array_equal(block.lower[0, 1:], block.upper[0, :-1])
    np.testing.assert_allclose(block.upper[0], (np.arange(-1000, 1001) + 0.5) * step, rtol=1e-14)
    table = pd.DataFrame({"group": np.repeat(["a", "b"], 4002), "x": np.tile(np.arange(-1000, 1001) * step, 4)})
    for rectangle in Grouped.of(table, "group", "x", resolution=step).rectangles():
        cells = rectangle.block(step)
        np.testing.assert_array_equal(cells.lower[:, 1:], cells.upper[:, :-1])


def test_two_floats_of_one_decimal_are_a_tie_of_real_numbers_too() -> None:
    x = np.round(np.random.default_rng(3).normal(size=200), 4)
    x = np.append(x, x[:20])
    noisy = np.where(np.arange(220) < 200, x, (x + 0.3) - 0.3)
    assert len(np.unique(noisy)) > 200
    plain, computed = Sample(x), Sample(noisy)
    assert plain.resolution is None
    np.testing.assert_array_equal(computed.values, plain.values)
    assert level(computed).entropy.value == level(plain).entropy.value
    assert len(Sample(noisy, resolution=None)) == len(np.unique(noisy))  # exact real numbers, if that is said


def test_the_zero_of_a_grid_may_be_a_difference() -> None:
    sample = Sample(np.repeat(np.arange(-1, 1, 0.1), 5))  # numpy's 0 is −2e-16
    assert (sample.resolution, sample.values[10]) == (0.1, 0.0)
    assert Sample([1e-18, 3e-17, 2e-18] * 4).resolution is None


# -- bounds on a grid --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize(("low", "high"), [(-4, 3), (-4.5, 2.5), (-3.5, -0.5), (None, -2), (-6, None), (-5, 0)])
@pytest.mark.parametrize("name", ["skellam", "discrete_laplace", "normal", "discretized"])
def test_truncated_counts_have_the_renormalised_likelihood(name: str, low: float, high: float, each: bool) -> None:
    rng = np.random.default_rng(1)
    x = (rng.poisson(3, 300) - rng.poisson(4, 300)).astype(float)
    a, b = -np.inf if low is None else low, np.inf if high is None else high
    x = x[(x > a) & (x <= b)]
    # of each its own: those of odd rows a quarter of a step apart, with the same integers between them
    lows, highs = (np.where(np.arange(len(x)) % 2, end, np.floor(end) + 0.75) for end in (a, b))
    bounds = (lows, highs) if each else (low, high)
    fit = ms.fit({"discretized": "normal"} if name == "discretized" else name, Sample(x, truncation=bounds))
    assert fit.distribution is not None
    law, p = fit.distribution.family, tuple(fit.distribution.parameters.values())

    def mass(at: np.ndarray) -> np.ndarray:
        return np.exp(law.logp(at, *p)) if law.discrete else np.diff(norm.cdf([at - 0.5, at + 0.5], *p), axis=0)[0]

    support = np.arange(max(np.floor(a) + 1, -300), min(np.floor(b), 300) + 1)
    expected = np.log(mass(x)).sum() - len(x) * np.log(mass(support).sum())
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("step", "bound", "edge"), [
    (0.1, -0.3, -0.25), (0.1, -3 * 0.1, -0.25), (0.1, -0.35, -0.35), (0.1, 0.3, 0.35), (0.1, 3 * 0.1, 0.35),
    (0.5, -1.5, -1.25), (0.5, -1.4, -1.25), (0.5, -1.6, -1.75), (1.0, -3, -2.5), (1.0, 0, 0.5), (1.0, -0.2, -0.5),
])  # fmt: skip
def test_a_bound_on_a_grid_is_the_end_of_the_last_cell_up_to_it(step: float, bound: float, edge: float) -> None:
    x = np.arange(4, 12) * step
    above = Sample(x, resolution=step, truncation=(bound, None)).block(cells=True)
    below = Sample(-x - 3, resolution=step, truncation=(None, bound)).block(cells=True)
    assert above.truncation[0].item() == below.truncation[1].item() == edge
    within = Sample.from_intervals([-np.inf], [9 * step], resolution=step, truncation=(bound, None))
    assert within.block(cells=True).lower.item() == edge


def test_a_value_at_a_bound_is_there_whatever_its_float() -> None:
    with pytest.raises(DataError, match="outside the truncation bounds at row 1 "):
        Sample([0.4, 0.1 + 0.2, 0.5], resolution=0.1, truncation=(0.3, None))
    assert Sample([0.1, 0.1 + 0.2, 0.2], resolution=0.1, truncation=(None, 0.3)).n == 3
    assert Sample.from_intervals([0.1, 0.2], [0.1 + 0.2, 0.2], resolution=0.1, truncation=(None, 0.3)).n == 2


def test_a_coarse_grid_of_masses_and_intervals_cut_off_at_a_negative_bound() -> None:
    law = ms.Distribution(Discretized("normal", step=0.5), {"mean": -0.5, "sd": 1.0})
    upper = np.array([-1.0, 0.0, 0.5, 1.5])
    sample = Sample.from_intervals([None] * 4, upper, resolution=0.5, truncation=(-1.5, None))
    points = np.arange(-1.0, 12.0, 0.5)
    mass = np.exp(law.logp(points))
    expected = [np.log(mass[points <= end].sum() / mass.sum()) for end in upper]
    candidate = Candidate(law.family, dict(law.parameters), "rounded")
    fit = fit_candidate(candidate, sample)
    np.testing.assert_allclose(fit.pointwise, expected, rtol=1e-9)
    bins = fit_on_footing(candidate, Sample.from_bins([-2.2, -0.7, 0.2, 2.1], [3, 4, 2]))
    assert not bins.status.usable
    assert "without a resolution" in bins.reason
