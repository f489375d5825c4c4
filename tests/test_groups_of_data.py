"""Many groups at once: the same answers as one by one, and nothing dropped."""

import numpy as np
import pandas as pd
import pytest

import modelselect as ms
import modelselect.grouped as grouped_module
from modelselect.grouped import Grouped
from modelselect.ranking.groups import false_discovery

COUNTS = ["poisson", "geometric", "negative_binomial", {"zero_inflated": "poisson"}]
REALS = ["normal", "gamma", "lognormal", "weibull", "exponential"]


def counts(groups: int = 30, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for g in range(groups):
        n = int(rng.integers(1, 120))
        draw = rng.poisson(3.0, n) if g % 2 else rng.negative_binomial(1.5, 0.2, n)
        parts.append(pd.DataFrame({"shop": f"s{g:03d}", "sold": draw}))
    wide = pd.DataFrame({"shop": "wide", "sold": [3, 70_000, 12, 500, 70_000]})
    zero = pd.DataFrame({"shop": "zeros", "sold": [0, 0, 0]})
    return pd.concat([*parts, wide, zero]).sample(frac=1, random_state=1)


def reals(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, 4, 800), "b": rng.integers(0, 3, 800), "x": rng.gamma(2.0, 1.5, 800)})
    return pd.concat([frame, pd.DataFrame({"a": [9, 8, 8], "b": [0, 0, 0], "x": [1.25, 2.5, 2.5]})])


@pytest.mark.parametrize("cells", [50, 4_000, 10_000_000])
def test_rectangles_hold_every_observation(cells):
    frame = counts()
    grouped = Grouped.of(frame, "shop", "sold")
    seen = set()
    for part in grouped.rectangles(cells):
        assert len(part.groups) == 1 or part.weights.size <= cells
        for row, group in enumerate(part.groups):
            seen.add(int(group))
            values = part.values[0] if len(part.values) == 1 else part.values[row]
            kept = part.weights[row] > 0
            expected = frame.loc[frame["shop"] == grouped.keys["shop"].iloc[group], "sold"].value_counts().sort_index()
            assert values[kept].tolist() == expected.index.tolist()
            assert part.weights[row][kept].tolist() == expected.tolist()
    assert seen == set(range(len(grouped)))


def test_counts_are_ranked_as_one_by_one():
    frame = counts()
    groups = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS)
    table = groups.table.set_index(["shop", "candidate"])
    assert len(table) == 32 * len(COUNTS)
    for shop, part in frame.groupby("shop"):
        alone = ms.rank(ms.Sample(part["sold"], resolution=1), COUNTS).table if part["sold"].any() else None
        mine = table.loc[shop]
        if alone is None:
            continue
        assert list(mine.index.astype(str)) == list(alone.index), shop
        for column in ("kl", "kl_corrected", "cross_entropy", "delta", "log_likelihood", "aic", "bic"):
            np.testing.assert_allclose(mine[column], alone[column], rtol=1e-7, atol=1e-9, err_msg=f"{shop} {column}")
        assert mine["status"].astype(str).tolist() == alone["status"].tolist()


def test_real_numbers_are_ranked_as_one_by_one():
    frame = reals()
    groups = ms.rank_groups(frame, ["a", "b"], "x", candidates=REALS, resolution=None)
    table = groups.table
    for (a, b), part in frame.groupby(["a", "b"]):
        mine = table[(table["a"] == a) & (table["b"] == b)]
        assert len(mine) == len(REALS)
        if len(part) < 4:
            assert mine["kl"].isna().all()
            continue
        alone = ms.rank(ms.Sample(part["x"], resolution=None), REALS).table
        assert mine["candidate"].astype(str).tolist() == list(alone.index)
        np.testing.assert_allclose(mine["kl_corrected"], alone["kl_corrected"], rtol=1e-7, atol=1e-9)
    one = table[table["a"] == 9]
    assert set(one["status"].astype(str)) <= {"degenerate_sample", "unbounded", "closed_form", "not_identified"}
    again = groups.ranking((0, 1))
    assert again.best.label == groups.best.set_index(["a", "b"]).loc[(0, 1), "candidate"]


def test_the_order_of_rows_and_the_size_of_blocks_do_not_matter(monkeypatch):
    frame = counts()
    first = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS).table
    shuffled = ms.rank_groups(frame.sample(frac=1, random_state=5), "shop", "sold", candidates=COUNTS).table
    pd.testing.assert_frame_equal(first, shuffled, rtol=1e-12)
    monkeypatch.setattr(Grouped.rectangles, "__defaults__", (500,))
    small = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS).table
    pd.testing.assert_frame_equal(first, small, rtol=1e-9)


def test_weights_are_copies():
    frame = counts(8)
    tally = frame.groupby(["shop", "sold"]).size().reset_index(name="w")
    rows = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS).table
    weighted = ms.rank_groups(tally, "shop", "sold", "w", candidates=COUNTS).table
    pd.testing.assert_frame_equal(rows, weighted, rtol=1e-9)


def test_parameters_pooled_and_best():
    frame = counts()
    groups = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS)
    long = groups.parameters
    row = long[(long["shop"] == "s001") & (long["candidate"] == "poisson")]
    assert row["estimate"].item() == pytest.approx(frame.loc[frame["shop"] == "s001", "sold"].mean())
    pooled = groups.pooled
    assert pooled.loc["(best of each)", "log_likelihood"] >= pooled["log_likelihood"].drop("(best of each)").max() - 40
    assert pooled["wins"].drop("(best of each)").sum() == len(groups)
    assert len(groups.best) == len(groups)
    assert "best:" in repr(groups)


def test_false_discoveries_are_controlled():
    """Half the groups Poisson (no true difference to the geometric … is tested against the negative binomial)."""
    groups = ms.rank_groups(counts(40), "shop", "sold", candidates=["poisson", "negative_binomial"], tests=True)
    best = groups.best
    known = best["p_value"].notna()
    assert (best.loc[known, "q_value"] >= best.loc[known, "p_value"] - 1e-15).all()
    alone = groups.ranking("s000")
    pair = alone.comparisons["p_value"].iloc[0]
    assert best.set_index("shop").loc["s000", "p_value"] == pytest.approx(pair, rel=1e-6)
    assert false_discovery(np.array([0.02, 0.02])).tolist() == [0.02, 0.02]


def test_what_cannot_be_ranked_stays_in_the_table():
    frame = pd.DataFrame({"g": ["a"] * 6 + ["b"] * 6, "x": [1.5, 2.25, 3, 4, 2, 1, -1.5, 2, 3, 4.5, 1, 7]})
    table = ms.rank_groups(frame, "g", "x", candidates=["gamma", "normal", "poisson"], resolution=None).table
    assert len(table) == 6
    assert table[table["candidate"] == "poisson"]["status"].eq("out_of_support").all()
    assert table[(table["g"] == "b") & (table["candidate"] == "gamma")]["status"].item() == "out_of_support"
    ledger = ms.rank_groups(frame, "g", "x", candidates=["gamma", "normal"], resolution=None).ledger
    assert ledger["first"].tolist() == ["b"]


def test_what_is_refused():
    frame = pd.DataFrame({"g": ["a", "b", None], "x": [1.0, np.nan, 2.0], "t": ["u", "v", "w"]})
    for arguments, word in (
        ({"by": "h", "value": "x"}, "no column 'h'"),
        ({"by": "g", "value": "t"}, "numbers"),
        ({"by": "g", "value": "x"}, "missing"),
        ({"by": [], "value": "x"}, "by"),
    ):
        with pytest.raises(ms.DataError, match=word):
            ms.rank_groups(frame, **arguments)
    assert len(ms.rank_groups(frame, "g", "x", candidates=["normal"], missing="drop")) == 1
    with pytest.raises(ms.ConfigurationError, match="rank_by"):
        ms.rank_groups(counts(2), "shop", "sold", rank_by="crps")
    with pytest.raises(ms.CandidateError, match="table"):
        ms.rank_groups(counts(2), "shop", "sold", candidates=[{"table": {0: 1.0}}])
    with pytest.raises(ms.DataError, match="none named"):
        ms.rank_groups(counts(2), "shop", "sold", candidates=["poisson"]).ranking("s999")


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "Int64"])
def test_columns_of_any_kind_of_number_are_read_alike(dtype):
    frame = counts(12).query("shop != 'wide'").assign(left=0)
    expected = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS[:3]).table
    both = np.column_stack([frame["sold"], frame["left"]]).astype(dtype.lower())  # a column with gaps in memory
    for column in (frame["sold"].astype(dtype), pd.DataFrame(both, index=frame.index)[0]):
        got = ms.rank_groups(frame.assign(sold=column), "shop", "sold", candidates=COUNTS[:3]).table
        pd.testing.assert_frame_equal(got, expected, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["sorted", "shuffled", "text", "two columns"])
def test_groups_are_the_same_however_their_rows_lie(kind):
    rng = np.random.default_rng(3)
    shop = np.repeat(np.arange(70_000), 2)  # more than two bytes count
    frame = pd.DataFrame({"shop": shop, "half": shop // 35_000, "sold": rng.poisson(4.0, len(shop))})
    if kind != "sorted":
        frame = frame.sample(frac=1, random_state=4)
    by = ["half", "shop"] if kind == "two columns" else ["shop"]
    given = frame.assign(shop=frame["shop"].map("{:05d}".format)) if kind == "text" else frame
    grouped = Grouped.of(given, by, "sold")
    expected = frame.sort_values("shop", kind="stable")
    assert grouped.values.tolist() == expected["sold"].tolist()
    assert grouped.keys["shop"].astype(int).tolist() == list(range(70_000))
    assert grouped.starts.tolist() == list(range(0, 140_001, 2))


def test_rows_counted_at_a_time_do_not_matter(monkeypatch):
    frame = counts()
    first = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS, tests=True)
    monkeypatch.setattr(grouped_module, "_ROWS", 150)
    again = ms.rank_groups(frame, "shop", "sold", candidates=COUNTS, tests=True)
    pd.testing.assert_frame_equal(first.table, again.table, rtol=1e-9)
    pd.testing.assert_frame_equal(first.best, again.best, rtol=1e-7)
    pd.testing.assert_frame_equal(first.ledger, again.ledger)


def censored_groups():
    """Of many sizes and shares of censored times: none, some, all; with ties, on a grid, and a single one."""
    rng = np.random.default_rng(0)
    parts = []
    for g, (n, lost) in enumerate([(60, 0.3), (25, 0.0), (30, 1.0), (1, 0.0), (80, 0.5), (90, 0.2), (3, 0.4)]):
        t = 10 * rng.weibull(1.5, n)
        t = np.round(t) + 1 if g == 4 else t
        parts.append(pd.DataFrame({"g": g, "t": t, "died": (rng.random(n) >= lost).astype(int)}))
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)


def test_censored_groups_are_ranked_as_one_by_one():
    frame, families = censored_groups(), ["weibull", "gamma", "lognormal", "exponential"]
    groups = ms.rank_groups(frame, "g", "t", candidates=families, event="died")
    for g, rows in frame.groupby("g"):
        mine = groups.table[groups.table["g"] == g].set_index("candidate")
        if g == 2:
            assert mine["status"].isin(["degenerate_sample", "not_identified", "unbounded"]).all()
            assert mine["kl"].isna().all()
            continue
        own = ms.rank(ms.Sample.from_censored(rows["t"], rows["died"]), families)
        for column in ("log_likelihood", "kl", "kl_corrected", "delta", "bic"):
            expected = own.table[column].loc[mine.index].to_numpy()
            assert mine[column].to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), (g, column)
        assert mine["status"].tolist() == own.table["status"].loc[mine.index].tolist()
        assert groups.ranking(g).table["kl"].equals(own.table["kl"])
    assert groups.table[groups.table["g"] == 0]["kl"].notna().all()
    assert groups.groups.notes == ("of 289 rows 103 are right-censored",)


def test_censored_groups_with_weights_have_no_level_but_an_order():
    frame = censored_groups().assign(w=2.0)
    doubled = ms.rank_groups(frame, "g", "t", "w", candidates=["weibull", "exponential"], event="died")
    single = ms.rank_groups(frame, "g", "t", candidates=["weibull", "exponential"], event="died")
    lost = [0, 4, 5]
    assert doubled.table[doubled.table["g"].isin(lost)]["kl"].isna().all()
    mine, own = (r.table[r.table["g"].isin(lost)].set_index(["g", "candidate"]) for r in (doubled, single))
    assert mine["log_likelihood"].loc[own.index].to_numpy() == pytest.approx(2 * own["log_likelihood"].to_numpy())


def test_events_of_groups_are_0_and_1():
    frame = censored_groups().assign(died=2)
    with pytest.raises(ms.DataError, match="died: got 2"):
        ms.rank_groups(frame, "g", "t", candidates=["weibull"], event="died")
    with pytest.raises(ms.DataError, match="event: no column 'dead'"):
        ms.rank_groups(frame, "g", "t", candidates=["weibull"], event="dead")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_censored_groups_of_a_file(tmp_path, kind):
    frame = censored_groups()
    path = tmp_path / f"lives.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.assign(died=frame["died"] == 1).to_parquet(path)
    data = {kind: str(path), "column": "t", "event": "died", "by": "g"}
    report = ms.Experiment(data=data, candidates=["weibull", "gamma"]).run()
    expected = ms.rank_groups(frame, "g", "t", candidates=["weibull", "gamma"], event="died")
    columns = ["g", "log_likelihood", "kl_corrected"]
    assert report.groups.table[columns].to_numpy() == pytest.approx(expected.table[columns].to_numpy(), nan_ok=True)
    assert "of 289 rows 103 are right-censored" in report.notes
    assert "events in `died`" in report.source
    frame.assign(died=frame["died"] + 1).to_csv(tmp_path / "bad.csv", index=False)
    bad = ms.Experiment(data={**data, kind: None, "csv": str(tmp_path / "bad.csv")}, candidates=["weibull"])
    with pytest.raises(ms.DataError, match=r"data\.event: `died` of .*bad\.csv: got 2 in row"):
        bad.run()
