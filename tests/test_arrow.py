"""Data of Arrow, of pandas backed by Arrow, and of polars are what lists of the same values are."""

from typing import Any

import pandas as pd
import pytest

import modelselect as ms

pa = pytest.importorskip("pyarrow")
VALUES, SHOPS = [1.5, 2.25, 3.125, 2.125, 0.25, 0.75], ["a", "b", "a", "b", "a", "b"]


def columns(values: list[Any]) -> dict[str, Any]:
    """The same column of each kind."""
    return {
        "array": pa.array(values),
        "chunks": pa.chunked_array([values[:2], values[2:]]),
        "pandas": pd.Series(pa.array(values), dtype=pd.ArrowDtype(pa.array(values).type)),
    }


@pytest.mark.parametrize("kind", ["array", "chunks", "pandas"])
@pytest.mark.parametrize("values", [VALUES, [3, 1, 1, None, 2], ["yes", "no", "yes"]])
def test_columns(kind: str, values: list[Any]) -> None:
    expected, found = (ms.Sample(x, missing="drop") for x in (values, columns(values)[kind]))
    assert list(found.values) == list(expected.values)
    assert found.weights.tolist() == expected.weights.tolist()
    assert (found.kind, found.resolution, found.n_missing) == (expected.kind, expected.resolution, expected.n_missing)


def test_tables() -> None:
    frame = pd.DataFrame({"shop": SHOPS, "sold": VALUES})
    expected = ms.rank_groups(frame, "shop", "sold", candidates=["normal", "gumbel"]).best
    backed = frame.convert_dtypes(dtype_backend="pyarrow")
    for table in (pa.table({"shop": SHOPS, "sold": VALUES}), backed):
        best = ms.rank_groups(table, "shop", "sold", candidates=["normal", "gumbel"]).best
        assert best["shop"].tolist() == ["a", "b"]
        assert best["log_likelihood"].tolist() == expected["log_likelihood"].tolist()


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    assert ms.Sample(pl.Series(VALUES)).values.tolist() == sorted(VALUES)
    table = pl.DataFrame({"shop": SHOPS, "sold": VALUES})
    best = ms.rank_groups(table, "shop", "sold", candidates=["normal", "gumbel"]).best
    assert best["shop"].tolist() == ["a", "b"]
