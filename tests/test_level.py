"""Levels: which estimator a sample gets, and those of weighted and of censored samples."""

import math
import re

import numpy as np
import pytest
import scipy.stats
from scipy.special import digamma

import modelselect as ms
from modelselect.divergence.censored import right_censored
from modelselect.divergence.counts import chao_shen, grassberger, miller_madow
from modelselect.divergence.entropy import COUNTERS, continuous_entropy, jittered
from modelselect.divergence.level import SPACERS, entropy_methods, level, sample_entropy
from modelselect.divergence.neighbours import kozachenko_leonenko
from modelselect.divergence.nsb import nsb
from modelselect.divergence.spacings import spacing, spacing_m, spacing_order, spacing_terms, van_es
from modelselect.divergence.weighted import effective_size, rising, weighted_spacing, weighted_terms
from modelselect.errors import ConfigurationError, DataError

Z = 1.959963984540054


def within(values, expected, bias=0.0, errors=4.0):
    values = np.asarray(values)
    return abs(values.mean() - expected) < errors * values.std(ddof=1) / math.sqrt(values.size) + bias


# which estimator


def samples():
    rng = np.random.default_rng(0)
    x = rng.gamma(2.0, size=60)
    return {
        "nominal": ms.Sample(["a"] * 9 + ["b"] * 4 + ["c", "d"]),
        "lattice": ms.Sample(rng.poisson(3, 50)),
        "continuous": ms.Sample(x),
        "atoms": ms.Sample(np.append(x, np.zeros(20))),
        "weighted": ms.Sample(x, rng.random(60), weights_kind="importance"),
        "bins": ms.Sample.from_bins([0, 1, 2, 5], [7, 4, 1]),
        "known": ms.Sample.from_probabilities({"a": 0.5, "b": 0.5}),
        "censored": ms.Sample.from_censored(x, np.arange(60) % 3 > 0),
        "overlapping": ms.Sample.from_intervals([0, 1, 2.5], [2, 3, 4]),
    }


def test_every_method_that_is_offered_gives_a_number_and_a_reason():
    for kind, sample in samples().items():
        atoms = (0.0,) if kind == "atoms" else ()
        methods = entropy_methods(sample)
        assert methods[0] == "auto"
        for method in methods:
            of = level(sample, atoms=atoms, method=method)
            if kind == "overlapping":
                assert np.isnan(of.in_sample)
                assert "intervals overlap" in of.entropy.method
                continue
            assert np.isfinite(of.entropy.value), (kind, method)
            assert np.isfinite(of.in_sample)
            assert np.isfinite(of.terms).all()
            if kind != "known":
                text = of.entropy.reason
                assert text.startswith("chosen") if method not in ("auto", "spacing") else text, (kind, method)


def test_what_fits_which_kind():
    offered = {kind: set(entropy_methods(sample)[1:]) for kind, sample in samples().items()}
    assert offered["nominal"] == offered["bins"] == set(COUNTERS)
    assert offered["lattice"] == {*COUNTERS, "spacing"}
    assert offered["continuous"] == set(SPACERS)
    assert offered["weighted"] == {"spacing"}
    assert offered["known"] == {"plug_in"}
    assert offered["censored"] == offered["overlapping"] == set()
    assert "grassberger" not in entropy_methods(ms.Sample({1: 2.5, 2: 1.0}))
    for kind, method, what in (
        ("nominal", "vasicek", "a nominal sample; expected one of auto, chao_wang_jost"),
        ("continuous", "vasicec", r"a continuous sample; .* did you mean vasicek\?"),
        ("weighted", "correa", "a weighted continuous sample; expected one of auto, spacing"),
        ("censored", "spacing", "a censored or truncated continuous sample; expected one of auto"),
        ("known", "nsb", "a known distribution; expected one of auto, plug_in"),
    ):
        with pytest.raises(ConfigurationError, match=f"entropy: '{method}' does not fit {what}"):
            level(samples()[kind], method=method)


def test_chosen_estimators_are_those_of_their_modules():
    of = samples()
    counts = of["lattice"].weights
    for name, (estimator, _) in COUNTERS.items():
        assert sample_entropy(of["lattice"], name).value == float(estimator(counts))
    assert sample_entropy(of["lattice"], "grassberger").value == float(grassberger(counts))
    x = np.sort(of["continuous"].values)
    assert sample_entropy(x, "kozachenko_leonenko").value == float(kozachenko_leonenko(x))
    assert sample_entropy(x, "van_es").value == float(van_es(x))
    assert sample_entropy(x, "spacing").value == sample_entropy(x).value == float(spacing(x))
    # labels that were named but not seen are possible
    votes = {"a": 5, "b": 4, "c": 0, "d": 0}
    assert sample_entropy(votes, "nsb").value == float(nsb([5, 4], 4))
    assert "4 named" in sample_entropy(votes, "nsb").method
    assert sample_entropy({"a": 5, "b": 4}, "nsb").value == float(nsb([5, 4]))
    # in bins, the masses of bins
    assert sample_entropy(of["bins"], "chao_shen").value == float(chao_shen([7, 4, 1]))


def test_a_choice_moves_the_level_and_leaves_the_terms():
    of = samples()
    default, chosen = level(of["continuous"]), level(of["continuous"], method="van_es")
    np.testing.assert_array_equal(default.terms, chosen.terms)
    assert chosen.in_sample == chosen.entropy.value != default.entropy.value
    assert chosen.entropy.se == default.entropy.se
    assert "pointwise terms of spacings" in chosen.entropy.reason
    default, chosen = level(of["lattice"]), level(of["lattice"], method="nsb")
    np.testing.assert_array_equal(default.terms, chosen.terms)
    assert default.in_sample == chosen.in_sample  # the plug-in one, by definition
    assert chosen.counted
    # with atoms the choice is for the others
    whole, rest = level(of["atoms"], atoms=(0.0,), method="van_es"), sample_entropy(of["continuous"], "van_es")
    between = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    assert whole.in_sample == pytest.approx(between + 0.75 * rest.value, rel=1e-12)


def test_thin_lattices():
    rng = np.random.default_rng(1)
    sample = ms.Sample(rng.geometric(0.02, 150))
    assert "thin" not in level(sample).entropy.reason
    assert "mostly once" in level(sample).entropy.reason
    assert not level(sample).counted
    assert level(sample, method="spacing").entropy.value == level(sample).entropy.value
    chosen = level(sample, method="miller_madow")
    assert chosen.counted
    assert chosen.entropy.value == float(miller_madow(sample.weights))


def test_rounded_data_are_spread_for_any_estimator():
    x = np.random.default_rng(2).normal(size=3000)
    rounded = ms.Sample(np.round(x, 3))
    assert rounded.kind == "continuous"
    for method in SPACERS:
        exact, spread = sample_entropy(ms.Sample(x), method), sample_entropy(rounded, method)
        assert spread.value == pytest.approx(exact.value, abs=0.02), method
    tied = np.random.default_rng(3).lognormal(size=200)
    tied[:30] = tied[30:60]  # on no grid
    assert np.isfinite(sample_entropy(ms.Sample(tied), "van_es").value)


# weights


def weighted_by_loops(x, w, m):
    n, reach, terms = len(x), max(round(math.sqrt(len(x))), m), []
    for i in range(n):
        lo, hi = max(i - m, 0), min(i + m, n - 1)
        near = [w[j] for j in range(max(i - reach, 0), min(i + reach, n - 1) + 1) if j != i]
        mean, square = sum(near) / len(near), sum(v * v for v in near) / len(near)
        term = math.log(x[hi] - x[lo]) - digamma(hi - lo) + digamma(n + 1) - math.log(mean / (sum(w) / n))
        terms.append(term - (square / mean**2 - 1) / (2 * len(near)))
    return np.array(terms)


@pytest.mark.parametrize(("n", "m"), [(5, 1), (30, 2), (101, 9)])
def test_weighted_terms_by_loops(n, m):
    rng = np.random.default_rng(n)
    x, w = np.sort(rng.normal(size=(2, n))), rng.lognormal(size=(2, n))
    expected = np.array([weighted_by_loops(a, b, m) for a, b in zip(x, w, strict=True)])
    np.testing.assert_allclose(weighted_terms(x, w, m), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(weighted_terms(x, 7e5 * w, m), expected, rtol=1e-9, atol=1e-10)
    mean = [(b / b.sum() * t).sum() for b, t in zip(w, weighted_terms(x, w, m), strict=True)]
    if m == int(spacing_order(n)):
        large = [(b / b.sum() * t).sum() for b, t in zip(w, weighted_terms(x, w, 2 * m), strict=True)]
        np.testing.assert_allclose(weighted_spacing(x, w), 1.5 * np.array(mean) - 0.5 * np.array(large), rtol=1e-12)


def test_equal_weights_are_none():
    x = np.random.default_rng(4).normal(size=300)
    plain = level(ms.Sample(x))
    importance = level(ms.Sample(x, np.full(300, 0.37), weights_kind="importance"))
    assert importance.entropy.value == pytest.approx(plain.entropy.value, rel=1e-12)
    np.testing.assert_allclose(importance.terms, plain.terms, rtol=1e-12)
    frequency = level(ms.Sample(x, np.full(300, 0.5)))
    assert frequency.entropy.value == pytest.approx(plain.entropy.value, rel=1e-10)


def test_whole_weights_are_copies():
    rng = np.random.default_rng(5)
    x, copies = rng.lognormal(size=400), np.where(np.arange(400) % 9 == 0, 2, 1)
    weighted, repeated = level(ms.Sample(x, copies)), level(ms.Sample(np.repeat(x, copies)))
    assert weighted.entropy == repeated.entropy
    np.testing.assert_array_equal(weighted.terms, repeated.terms)
    for method in SPACERS:
        assert sample_entropy(ms.Sample(x, copies), method) == sample_entropy(np.repeat(x, copies), method)
    heavy = level(ms.Sample(x, 30 * copies))  # 30 and more of each is an atom, not a density
    assert np.isnan(heavy.entropy.value)
    assert np.isnan(level(ms.Sample(np.repeat(x, 30 * copies))).entropy.value)


def test_importance_weights_give_the_entropy_of_their_target():
    """Draws of N(0, 1.5) weighted to N(0, 1): the weights take off log 1.5, up to a bias of less than a tenth of it."""
    rng = np.random.default_rng(6)
    x = np.sort(rng.normal(0, 1.5, size=(600, 400)), axis=-1)
    w = np.exp(-(x**2) / 2 * (1 - 1 / 1.5**2))
    truth = 0.5 * math.log(2 * math.pi * math.e)
    assert within(weighted_spacing(x, w), truth, bias=0.005)
    assert abs(spacing(x).mean() - truth - math.log(1.5)) < 0.01


def test_random_weights_change_the_noise_and_not_the_mean():
    """Independent weights: unbiased for the uniform as its spacings are, to second order in 1/√n."""
    rng = np.random.default_rng(7)
    x, w = np.sort(rng.random((3000, 225)), axis=-1), rng.exponential(size=(3000, 225))
    values = (w / w.sum(axis=-1, keepdims=True) * weighted_terms(x, w, 4)).sum(axis=-1)
    assert within(values, 0.0, bias=0.005)
    assert within(spacing_m(x, 4), 0.0)


@pytest.mark.parametrize("law", ["uniform", "exponential", "lognormal"])
def test_weighted_intervals_cover(law):
    """Lognormal fitted to exponential data: KL = 0.09; 400 samples, so 92 % is 2 standard errors below 95 %."""
    rng = np.random.default_rng(8)
    x = np.sort(rng.exponential(size=(400, 400)), axis=-1)
    w = {"uniform": rng.random, "exponential": rng.standard_exponential}.get(
        law, lambda size: rng.lognormal(size=size)
    )(size=x.shape)
    share, n = w / w.sum(axis=-1, keepdims=True), effective_size(w)
    assert rising(w).mean() < 0.02
    y = np.log(x)
    mean = (share * y).sum(axis=-1, keepdims=True)
    variance = (share * (y - mean) ** 2).sum(axis=-1, keepdims=True)
    loss = y + 0.5 * np.log(2 * np.pi * variance) + (y - mean) ** 2 / (2 * variance)
    truth = -np.euler_gamma + 0.5 * math.log(2 * math.pi * math.pi**2 / 6) + 0.5 - 1.0
    t = loss - weighted_terms(x, w, int(spacing_order(400)))
    centre = (share * loss).sum(axis=-1) + 2 / (2 * n) - weighted_spacing(x, w)
    spread = (share * (t - (share * t).sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    covered = np.abs(centre - truth) < Z * np.sqrt(spread / (n - 1))
    assert covered.mean() > 0.915


def test_weighted_ranking():
    rng = np.random.default_rng(9)
    x = rng.normal(1.0, 1.5, size=4000)
    w = np.exp(-(x**2) / 2 + (x - 1) ** 2 / (2 * 1.5**2))
    ranking = ms.rank(ms.Sample(x, w, weights_kind="importance"), ["normal", "laplace"])
    row = ranking.table.loc["laplace"]
    truth = math.log(2 * math.sqrt(2 / math.pi)) + 1 - 0.5 * math.log(2 * math.pi * math.e)
    assert row["kl_low"] < truth < row["kl_high"]
    assert ranking.entropy.method.startswith("weighted spacing")
    assert ranking.table.loc["normal", "kl_low"] == 0


@pytest.mark.parametrize(
    ("x", "w", "kind", "reason"),
    [
        (np.arange(100) * math.pi, np.linspace(0.2, 1.0, 100) ** 4, "importance", "largest at an end"),
        (np.arange(30) * math.pi, [1e3, *[0.5] * 29], "importance", "worth 1.03 observations, fewer than 20"),
        (np.arange(100) * math.pi, 1.5 + np.arange(100) % 2, "frequency", r"are worth 94\.1"),
        (np.arange(200) // 2 * 0.001, 0.25 + np.arange(200) % 3, "importance", "resolution=0.001"),
    ],
)
def test_weights_without_a_level_and_why(x, w, kind, reason):
    found = level(ms.Sample(x, w, weights_kind=kind, resolution=None))
    assert np.isnan(found.entropy.value)
    assert np.isnan(found.terms).all()
    assert found.entropy.method.startswith("none: ")
    assert re.search(reason, found.entropy.method)


def test_weights_are_checked():
    with pytest.raises(DataError, match="positive and one a value"):
        weighted_terms([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 1.0, 1.0], 1)
    assert continuous_entropy(np.arange(80.0), np.tile([0.5, 0.0], 40)).method.startswith("weighted spacing")
    assert "tied" in continuous_entropy([1.0] * 30, np.linspace(0.4, 0.6, 30)).method


# censoring


def censored_by_loops(times, observed, m):
    rows = sorted(zip(times, [not e for e in observed], range(len(times)), strict=True))
    n, terms, passed, lost = len(rows), np.zeros(len(rows)), 0.0, 0.0
    events = [t for t, late, _ in rows if not late]
    place = 0
    for rank, (_, late, i) in enumerate(rows):
        others = n - rank - 1
        if late:
            terms[i] = passed
            lost += 1 / others if others else 0
        else:
            lo, hi = max(place - m, 0), min(place + m, len(events) - 1)
            terms[i] = math.log(events[hi] - events[lo]) - digamma(hi - lo) + digamma(n + 1) - lost
            passed += 1 / others if others else 0
            place += 1
    return terms


def lives(rng, shape, scale=1.5):
    life, end = rng.exponential(size=shape), rng.exponential(scale, size=shape)
    return np.minimum(life, end), life <= end


def test_right_censored_by_loops():
    t, event = lives(np.random.default_rng(10), (3, 50))
    found = right_censored(t, event)
    for i in range(3):
        m = int(spacing_order(event[i].sum()))
        terms, wide = censored_by_loops(t[i], event[i], m), censored_by_loops(t[i], event[i], 2 * m)
        np.testing.assert_allclose(found.terms[i], terms, rtol=1e-10, atol=1e-12)
        mean = np.where(event[i], 1.5 * terms - 0.5 * wide, terms).mean()
        assert found.value[i] == pytest.approx(mean, rel=1e-10)
        assert found.se[i] == pytest.approx(terms.std(ddof=1) / math.sqrt(50), rel=1e-10)


def test_nothing_censored_is_a_plain_sample():
    x = np.random.default_rng(11).gamma(2.0, size=200)
    found = right_censored(x, np.ones(200))
    assert float(found.value) == pytest.approx(float(spacing(np.sort(x))), rel=1e-12)
    np.testing.assert_allclose(np.sort(found.terms), np.sort(spacing_terms(np.sort(x), spacing_order(200))), rtol=1e-12)


def test_cumulative_hazards_are_unbiased_while_two_are_at_risk():
    """The last at risk is alone for 1/(1 + μ) with hazards 1 and μ, censored with q = μ/(1 + μ): q(1 - q) is lost."""
    t, event = lives(np.random.default_rng(12), (40_000, 6), 0.7)
    q = (1 / 0.7) / (1 + 1 / 0.7)
    got, truth = (np.where(event, 0.0, part).sum(axis=-1) for part in (right_censored(t, event).terms, t))
    assert within(got - truth, -q * (1 - q))
    # with 1/Y, Nelson and Aalen's own, more is
    order = np.argsort(t, axis=-1)
    e = np.take_along_axis(event, order, axis=-1)
    aalen = np.cumsum(np.where(e, 1 / np.arange(6, 0, -1), 0.0), axis=-1)
    assert (np.where(e, 0.0, aalen).sum(axis=-1) - truth).mean() < -2 * q * (1 - q)


def test_the_entropy_of_censored_exponentials():
    """E[δ T + (1 - δ) T] = E min(life, end) = 1/(1 + 1/1.5) = 0.6."""
    t, event = lives(np.random.default_rng(13), (400, 400))
    found = right_censored(t, event)
    assert within(found.value, 0.6, bias=0.005)
    assert found.se.mean() == pytest.approx(found.value.std(), rel=0.15)
    scaled = right_censored(1e6 * t, event)
    np.testing.assert_allclose(scaled.value, found.value + event.mean(axis=-1) * math.log(1e6), rtol=1e-9)


def test_overlapping_intervals_have_differences_and_no_level():
    rng = np.random.default_rng(4)
    life, first = rng.gamma(3.0, 1.0, 200), rng.random(200)
    low = np.floor(life - first) + first
    data = ms.Sample.from_intervals(np.maximum(low, 0), low + 1)
    ranking = ms.rank(data, ["gamma", "exponential"])
    assert ranking.table[["kl", "kl_corrected", "kl_se", "kl_low"]].isna().all(axis=None)
    assert "intervals overlap" in ranking.entropy.method
    assert "(entropy)" in ranking.ledger["candidate"].tolist()
    assert ranking.table["delta"].idxmin() == "gamma"
    assert ranking.comparisons["p_value"].iloc[0] < 0.01
    touching = ms.rank(ms.Sample.from_intervals(np.floor(life), np.floor(life) + 1), ["gamma"])
    assert touching.table["kl"].notna().all()


@pytest.mark.parametrize("scale", [0.7, 3.0])
def test_censored_intervals_cover(scale):
    """Exponential fitted to Weibull lives of shape 1.5, where the divergence is clear."""
    rng = np.random.default_rng(14)

    def draw(shape):
        life, end = rng.weibull(1.5, size=shape), rng.exponential(scale, size=shape)
        return np.minimum(life, end), life <= end

    t, event = draw((1, 1_000_000))
    rate = event.mean() / t.mean()
    best = -event.mean() * math.log(rate) + event.mean()
    own = np.where(event, -np.log(1.5) - 0.5 * np.log(t) + t**1.5, t**1.5).mean()
    truth = best - own
    t, event = draw((400, 400))
    rate = event.mean(axis=-1, keepdims=True) / t.mean(axis=-1, keepdims=True)
    loss = np.where(event, -np.log(rate), 0.0) + rate * t
    found = right_censored(t, event)
    centre = loss.mean(axis=-1) + 1 / 800 - found.value
    se = (loss - found.terms).std(axis=-1, ddof=1) / 20
    assert (np.abs(centre - truth) < Z * se).mean() > 0.915
    assert truth > 0.04


def test_censored_levels():
    t, event = lives(np.random.default_rng(15), 300)
    sample = ms.Sample.from_censored(t, event)
    of = level(sample)
    by_value = right_censored(sample.values, sample.points)
    assert of.entropy.value == of.in_sample == pytest.approx(float(by_value.value), rel=1e-12)
    np.testing.assert_allclose(of.terms, by_value.terms, rtol=1e-12)
    assert f"{event.sum()} events beside {300 - event.sum()} censored" in of.entropy.method
    ranking = ms.rank(sample, ["exponential", "lognormal"])
    assert np.isfinite(ranking.table["kl"]).all()
    assert ranking.table["kl_low"].loc["exponential"] == 0
    # left-censored: the mirror image
    mirrored = ms.Sample.from_intervals(np.where(event, -t, -np.inf), -t)
    assert level(mirrored).entropy.value == pytest.approx(of.entropy.value, rel=1e-12)
    # copies
    copies = np.where(np.arange(300) % 9 == 0, 2, 1)
    weighted = level(ms.Sample.from_censored(t, event, copies))
    repeated = level(ms.Sample.from_censored(np.repeat(t, copies), np.repeat(event, copies)))
    assert weighted.entropy == repeated.entropy
    assert weighted.entropy.value == pytest.approx(of.entropy.value, abs=0.1)
    # rounded times
    rounded = level(ms.Sample.from_censored(np.round(t, 2), event))
    assert "rounding step 0.01" in rounded.entropy.method
    assert rounded.entropy.value == pytest.approx(of.entropy.value, abs=0.03)


def test_censored_samples_without_a_level_and_why():
    t, event = lives(np.random.default_rng(16), 60)
    few = np.arange(60) < 19
    sides = ms.Sample.from_intervals(np.where(event, t, -np.inf), np.where(event | (t > 1), t, t), resolution=None)
    both = ms.Sample.from_intervals([*t[event], 1.0, -np.inf], [*t[event], np.inf, 0.5])
    cases = {
        "19 events beside": ms.Sample.from_censored(t, few),
        "either side": both,
        "fractional weights": ms.Sample.from_censored(t, event, np.linspace(0.1, 1, 60)),
        "truncated": ms.Sample.from_censored(t + 1, event, truncation=(0.5, None)),
        "are tied": ms.Sample.from_censored(np.where(event, math.pi, t), event),
    }
    for reason, sample in cases.items():
        found = level(sample).entropy
        assert np.isnan(found.value), reason
        assert found.method.startswith("none: "), reason
        assert reason in found.method
    assert np.isfinite(level(sides).entropy.value)
    with pytest.raises(DataError, match="one a time"):
        right_censored(t, event[:5])
    with pytest.raises(DataError, match="finite"):
        right_censored([1.0, math.inf], [True, True])


def test_jittered_is_what_a_lattice_spreads():
    rng = np.random.default_rng(17)
    values, counts = np.unique(rng.poisson(200, 100), return_counts=True)
    expected = jittered(values, counts, 1.0, np.random.default_rng(0))
    assert level(
        ms.Sample(dict(zip(values.tolist(), counts.tolist(), strict=True))), method="spacing"
    ).entropy.value == (float(expected.value))


@pytest.mark.parametrize(
    ("lower", "upper", "why"),
    [
        ([0, 1], [2, 3], "intervals overlap"),  # whose innermost part alone has mass: H would be 0
        ([0, 0.5, 3], [2, 1, 4], "intervals overlap"),
        ([0, 1, 1.5], [1, 2, math.inf], "intervals overlap"),  # censored in the middle of another
        ([-math.inf, 1, -math.inf, 2], [1, math.inf, 2, math.inf], "intervals overlap"),  # current status
        ([0, 1, 1.5], [math.inf] * 3, "all observations are censored"),
        ([-math.inf] * 2, [1, 2], "all observations are censored"),
        ([0, 1, 1], [1, 2, math.inf], ""),
        ([-math.inf, 1, 2], [1, 2, 4], ""),
    ],
)
def test_only_cells_censored_on_one_side_at_their_ends_have_a_level(lower, upper, why):
    sample = ms.Sample.from_intervals(np.tile(lower, 20), np.tile(upper, 20))
    found = level(sample)
    assert np.isfinite(found.entropy.value) == np.isfinite(found.in_sample) == (not why)
    assert why in found.entropy.method
    ranking = ms.rank(sample, [{"normal": {"mean": 1, "sd": 1}}, {"logistic": {"location": 2, "scale": 1}}])
    assert ranking.table["kl"].notna().all() == (not why)
    assert ranking.table[["cross_entropy", "delta"]].notna().all(axis=None)


def test_entries_within_other_intervals_leave_no_level():
    rng = np.random.default_rng(6)
    life, entry = rng.gamma(2.0, size=(1, 200))[0], rng.exponential(0.5, size=200)
    low = np.floor(life)
    sample = ms.Sample.from_intervals(low, low + 1, truncation=(np.minimum(entry, low), None))
    assert "truncated each in its own way" in level(sample).entropy.method
    counts, began = rng.poisson(3.0, 300), rng.integers(-1, 3, 300)
    kept = counts > began
    assert np.isfinite(level(ms.Sample(counts[kept], truncation=(began[kept], None))).entropy.value)


def test_left_censored_counts_are_right_censored_ones_turned_round():
    rng = np.random.default_rng(7)
    x, c = rng.poisson(3.0, 200), rng.integers(0, 5, 200)
    low, high = np.where(x > c, x, -np.inf), np.where(x > c, x, c)
    left = level(ms.Sample.from_intervals(low, high, resolution=1))
    right = level(ms.Sample.from_intervals(-high, -low, resolution=1))
    assert left.entropy == right.entropy
    assert np.sort(left.terms) == pytest.approx(np.sort(right.terms), rel=1e-12)


@pytest.mark.parametrize("side", ["right", "left", "entry"])
def test_intervals_of_counts_censored_on_one_side_hold_the_divergence(side):
    """95 % intervals in samples of 200 of a negative binomial, of the KL of the best Poisson law."""
    t, rng = np.arange(60), np.random.default_rng(8)
    p = scipy.stats.nbinom(2, 0.35).pmf(t)
    upto, above = np.cumsum(p), np.append(1.0, 1.0 - np.cumsum(p))[:60]
    rows = []  # ends, entry, probability, log-probability under the truth
    for end in range(2, 7) if side == "right" else range(5):
        for x in t:
            seen = {"right": x < end, "left": x > end, "entry": x >= end}[side]
            within = above[end] if side == "entry" else 1.0
            if seen:
                rows.append((x, x, end - 1, p[x] / 5, np.log(p[x] / within)))
        if side == "right":
            rows.append((end, np.inf, 0, above[end] / 5, np.log(above[end])))
        elif side == "left":
            rows.append((-np.inf, end, 0, upto[end] / 5, np.log(upto[end])))
    low, high, entry, share, log_p = np.array(rows, dtype=float).T
    share = share / share.sum()

    def data(weights):
        kept = weights > 0
        bounds = (entry[kept], None) if side == "entry" else None
        return ms.Sample.from_intervals(low[kept], high[kept], weights[kept], resolution=1, truncation=bounds)

    best = ms.rank(data(np.where(share > 1e-12, 1e6 * share, 0.0)), ["poisson"]).table
    truth = float(share @ log_p + best["cross_entropy"].iloc[0])
    inside = 0
    for counts in rng.multinomial(200, share, size=80):
        row = ms.rank(data(counts.astype(float)), ["poisson"]).table.iloc[0]
        inside += row["kl_low"] <= truth <= row["kl_high"]
    assert inside >= 68  # 95 % less four standard errors of 80 samples
