"""Candidates with covariates: against published fits, statsmodels, and the fits without covariates."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import modelselect as ms
from modelselect.errors import CandidateError, ConfigurationError, DataError, NothingFittedError
from modelselect.masses import log_mass
from modelselect.ranking.nesting import nesting
from modelselect.ranking.regression.candidates import AMOUNTS, COUNTED, read_candidate, read_formula
from modelselect.ranking.regression.newton import maximise
from modelselect.ranking.regression.responses import RESPONSES

DATA = Path(__file__).parents[1] / "datasets"
ALL = "articles ~ sex + married + children + prestige + mentor"
RIGHT = ALL.split("~")[1]
INFLATED = [
    {"family": {"zero_inflated": inner}, "inflation": f"~ {RIGHT}", "label": f"zero-inflated {inner}"}
    for inner in ("poisson", "negative_binomial")
]


@pytest.fixture(scope="module")
def publications() -> pd.DataFrame:
    return pd.read_csv(DATA / "publications.csv", comment="#")


@pytest.fixture(scope="module")
def ranking(publications) -> ms.Ranking:
    return ms.rank_regressions(publications, ALL, [*COUNTED, *INFLATED, {"poisson": "~ mentor"}], unit="student")


def counts(n: int = 300, seed: int = 3, size: float | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=n), rng.choice(["a", "b", "c"], size=n)
    mean = np.exp(0.4 + 0.5 * x + 0.3 * (group == "b"))
    y = rng.poisson(mean) if size is None else rng.poisson(mean * rng.gamma(size, 1 / size, size=n))
    return pd.DataFrame({"y": y, "x": x, "group": group, "years": rng.uniform(0.5, 3, size=n)})


def amounts(n: int = 300, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame({"y": rng.gamma(2.5, np.exp(1 + 0.4 * x) / 2.5), "x": x, "z": rng.normal(size=n)})


# -- known answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "published"),
    [
        # Long (1997), table 8.2 and 8.3; Zeileis, Kleiber & Jackman, pscl (hurdle, zeroinfl); Friendly & Meyer (2016)
        ("poisson", -1651.056),
        ("negative_binomial", -1560.958),
        ("zero-inflated poisson", -1604.773),
        ("zero-inflated negative_binomial", -1549.991),
        ("hurdle(poisson)", -1605.31),
        ("hurdle(negative_binomial)", -1552.60),
    ],
)
def test_published_log_likelihoods(ranking, label, published) -> None:
    assert ranking.fits[label].log_likelihood == pytest.approx(published, abs=0.006)


def test_published_coefficients(ranking) -> None:
    # Long (1997), table 8.1 and 8.2: Poisson and negative binomial
    poisson, binomial = ranking.fits["poisson"], ranking.fits["negative_binomial"]
    assert poisson.parameters["mentor"] == pytest.approx(0.0255, abs=6e-5)
    assert poisson.parameters["children"] == pytest.approx(-0.1849, abs=6e-5)
    assert poisson.standard_errors["children"] == pytest.approx(0.0401, abs=6e-5)
    assert 1 / binomial.parameters["size"] == pytest.approx(0.4416, abs=6e-5)
    assert binomial.parameters["mentor"] == pytest.approx(0.0291, abs=6e-5)


def test_the_level_is_unknown_and_everything_else_is_not(ranking) -> None:
    table = ranking.table
    assert table["kl"].isna().all()
    assert table["kl_corrected"].isna().all()
    assert np.isfinite(table["cross_entropy"]).all()
    assert table["delta"].min() == 0
    assert "cross-entropy" in ranking.verdict
    assert "given its covariates" in ranking.ledger.set_index("candidate").loc["(entropy)", "reason"]


def test_zero_inflation_ends_on_its_boundary(ranking) -> None:
    # constant inflation of a negative binomial: zeroinfl(art ~ . | 1, dist = "negbin") has logit → −∞
    fit = ranking.fits["zero_inflated(negative_binomial)"]
    plain = ranking.fits["negative_binomial"]
    assert fit.status == "boundary"
    assert fit.log_likelihood == plain.log_likelihood
    assert fit.parameters["inflation:Intercept"] == -np.inf
    assert fit.k == plain.k + 1
    assert np.isnan(fit.standard_errors["size"])
    assert fit.limit.family.name == "negative_binomial"


@pytest.mark.parametrize("spec", [*COUNTED, *INFLATED], ids=str)
def test_counts_agree_with_statsmodels(spec) -> None:
    frame = counts(size=2.0)
    if isinstance(spec, dict) and "family" in spec:
        spec = {**spec, "inflation": "~ x"}
    fit = ms.rank_regressions(frame, "y ~ x + group", [spec], weights=None).best
    if fit.information is None or fit.family.name == "geometric":
        pytest.skip("at a limit, or no model of statsmodels")
    results = fit.results
    parts = results if isinstance(results, tuple) else (results,)
    assert sum(part.llf for part in parts) == pytest.approx(fit.log_likelihood, abs=1e-8)
    # the score of statsmodels vanishes at our estimates: it finds no better
    slope = max(float(np.abs(part.model.score(np.asarray(part.params))).max()) for part in parts)
    assert slope < 1e-5 * fit.n


@pytest.mark.parametrize("name", ["normal", "gamma", "inverse_gaussian", "exponential"])
@pytest.mark.parametrize("link", ["log", "identity"])
def test_amounts_agree_with_statsmodels(name, link) -> None:
    frame = amounts()
    frame["x"] = np.abs(frame["x"])  # an identity needs means above 0
    spec = {"family": name, "link": link}
    fit = ms.rank_regressions(frame, "y ~ x", [spec], resolution=None).best
    assert fit.status == "converged"
    assert fit.results.llf == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert list(fit.results.params) == pytest.approx(list(fit.parameters.values())[:2], rel=1e-5)


def test_a_lognormal_is_least_squares_of_the_logarithm() -> None:
    frame = amounts()
    fit = ms.rank_regressions(frame, "y ~ x + z", ["lognormal"]).best
    assert fit.results.llf - np.log(frame["y"]).sum() == pytest.approx(fit.log_likelihood, abs=1e-8)
    # observed information: n σ² / (n − p) is what least squares divides by
    scale = np.sqrt((len(frame) - 3) / len(frame))
    assert fit.standard_errors["x"] == pytest.approx(fit.results.bse["x"] * scale, rel=1e-6)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_zeros_and_ones_agree_with_statsmodels(link) -> None:
    frame = counts().assign(y=lambda f: f["y"] > 0)
    fit = ms.rank_regressions(frame, "y ~ x + group", [{"family": "bernoulli", "link": link}]).best
    assert fit.results.llf == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert list(fit.results.params) == pytest.approx(list(fit.parameters.values()), abs=1e-5)


def test_standard_errors_are_those_of_statsmodels() -> None:
    fit = ms.rank_regressions(counts(size=2.0), "y ~ x + group", ["negative_binomial"]).best
    inverse = np.linalg.inv(-fit.results.model.hessian(np.asarray(fit.results.params)))
    ours = np.array(list(fit.standard_errors.values()))
    ours[-1] /= fit.parameters["size"] ** 2  # of alpha = 1/size
    assert ours == pytest.approx(np.sqrt(np.diag(inverse)), rel=1e-4)


@pytest.mark.parametrize("name", sorted(RESPONSES))
@pytest.mark.parametrize("zeros", ["", "zero_inflated", "hurdle"])
def test_without_covariates_it_is_the_fit_of_the_family(name, zeros) -> None:
    if zeros and name in ("bernoulli", "normal"):
        pytest.skip("no extra zeros")
    spec = {zeros: name} if zeros else name
    discrete = name in ("poisson", "geometric", "negative_binomial", "generalized_poisson", "bernoulli")
    y = (counts(120, size=1.0) if discrete else amounts(120))["y"].to_numpy().astype(float)
    y = np.minimum(y, 1.0) if name == "bernoulli" else y
    if zeros:
        y[::5] = 0.0
    fit = ms.rank_regressions({"y": y}, "y ~ 1", [spec]).best
    plain = ms.fit(spec, y)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)
    assert fit.k == plain.k


# -- invariances -------------------------------------------------------------------------------------------------------


def test_units_of_columns_change_nothing() -> None:
    frame = counts(size=1.5)
    moved = frame.assign(x=1e8 * frame["x"] + 1e10)
    for spec in ("negative_binomial", {"hurdle": "poisson"}):
        one, other = (ms.rank_regressions(table, "y ~ x + group", [spec]).best for table in (frame, moved))
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-6)
        assert one.parameters["x"] == pytest.approx(1e8 * other.parameters["x"], rel=1e-5)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
@pytest.mark.parametrize("spec", [*AMOUNTS, {"family": "gamma", "link": "inverse"}], ids=str)
def test_units_of_outcomes_change_nothing(spec, factor) -> None:
    frame = amounts(100)
    one = ms.rank_regressions(frame, "y ~ I(abs(x))", [spec], resolution=None).best
    other = ms.rank_regressions(frame.assign(y=factor * frame["y"]), "y ~ I(abs(x))", [spec], resolution=None).best
    assert one.status == other.status == "converged"
    assert other.log_likelihood == pytest.approx(one.log_likelihood - 100 * np.log(factor), abs=1e-6)
    ratio = np.array(list(other.standard_errors.values())) / list(other.parameters.values())
    if one.candidate.link.name != "log" and spec != "lognormal":
        assert ratio == pytest.approx(
            np.array(list(one.standard_errors.values())) / list(one.parameters.values()), rel=1e-4
        )


def test_outcomes_that_say_nothing() -> None:
    frame = counts(30).assign(y=0)
    ranking = ms.rank_regressions(frame, "y ~ x", ["poisson", {"hurdle": "poisson"}, {"zero_inflated": "poisson"}])
    assert set(ranking.table["status"]) == {"boundary"}
    assert ranking.table["log_likelihood"].to_numpy() == pytest.approx(0.0, abs=1e-4)
    one = ms.rank_regressions(counts(1), "y ~ x", ["poisson", {"poisson": "~ 1"}])
    assert one.fits["poisson"].status == "not_identified"
    no_zeros = counts(50).assign(y=lambda f: f["y"] + 1)
    assert ms.rank_regressions(no_zeros, "y ~ x", [{"hurdle": "poisson"}]).best.status == "boundary"


def test_a_weight_is_so_many_copies_and_equal_rows_are_one() -> None:
    frame = counts(80).assign(x=lambda f: f["x"].round(0))
    weights = np.random.default_rng(1).integers(0, 4, size=80)
    copies = frame.loc[np.repeat(frame.index, weights)].sample(frac=1, random_state=1)
    one = ms.rank_regressions(frame, "y ~ x", ["poisson", "negative_binomial"], weights=weights)
    other = ms.rank_regressions(copies, "y ~ x", ["poisson", "negative_binomial"])
    named = ms.rank_regressions(frame.assign(w=weights), "y ~ x", ["poisson", "negative_binomial"], weights="w")
    columns = ["delta", "delta_se", "log_likelihood"]
    assert one.table[columns].to_numpy() == pytest.approx(other.table[columns].to_numpy(), rel=1e-9, nan_ok=True)
    assert one.table[columns].equals(named.table[columns])
    assert len(one.sample) == len(other.sample) < 40


def test_an_exposure_is_an_offset_of_its_logarithm() -> None:
    frame = counts().assign(log_years=lambda f: np.log(f["years"]))
    specs = [
        {"family": "poisson", "exposure": "years"},
        {"family": "poisson", "offset": "log_years"},
        {"family": "poisson", "formula": "~ x + log(years)"},
    ]
    ranking = ms.rank_regressions(frame, "y ~ x", specs)
    exposed, offset, free = (ranking.fits[read_candidate(spec, read_formula("y ~ x")).label] for spec in specs)
    assert exposed.log_likelihood == pytest.approx(offset.log_likelihood, abs=1e-9)
    assert exposed.results.llf == pytest.approx(exposed.log_likelihood, abs=1e-8)
    assert free.log_likelihood >= exposed.log_likelihood


def test_counts_are_scored_by_masses_whoever_gives_them() -> None:
    frame = counts()
    ranking = ms.rank_regressions(frame, "y ~ x", ["poisson", "normal"])
    assert set(ranking.table["footing"]) == {"counting"}
    normal = ranking.fits["normal"]
    y = ranking.sample.y
    assert normal.pointwise == pytest.approx(log_mass(normal.family, y - 0.5, y + 0.5, normal.row_parameters))
    x = np.arange(-40.0, 60.0)[:, None]
    masses = normal.expected(lambda law, *p: np.exp(log_mass(law, x - 0.5, x + 0.5, p)))
    assert masses.sum() == pytest.approx(1.0, abs=1e-9)


# -- nothing is dropped ------------------------------------------------------------------------------------------------


def test_a_negative_binomial_is_never_worse_than_its_poisson() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    frame = pd.DataFrame({"y": rng.binomial(8, 1 / (1 + np.exp(-x))), "x": x})  # less scattered than a Poisson
    specs = ["poisson", "negative_binomial", "generalized_poisson", {"zero_inflated": "negative_binomial"}]
    ranking = ms.rank_regressions(frame, "y ~ x", specs)
    assert ranking.table["log_likelihood"].nunique() == 1
    assert ranking.best.label == "poisson"
    assert (ranking.table["status"].iloc[1:] == "boundary").all()
    assert ranking.fits["negative_binomial"].parameters["size"] == np.inf
    assert ranking.fits["generalized_poisson"].parameters["dispersion"] == 0
    assert (ranking.comparisons["p_value"] == 1).all()


def test_collinear_columns_are_named() -> None:
    frame = counts().assign(double=lambda f: 2 * f["x"] + 1)
    ranking = ms.rank_regressions(frame, "y ~ x", ["poisson", {"poisson": "~ x + double"}])
    assert ranking.fits["poisson ~ x + double"].status == "not_identified"
    assert "double" in ranking.fits["poisson ~ x + double"].reason


def test_separated_outcomes_have_a_supremum_but_no_estimate() -> None:
    x = np.linspace(-1, 1, 60)
    fit = ms.rank_regressions({"y": (x > 0) * 1, "x": x}, "y ~ x", ["bernoulli", {"bernoulli": "~ 1"}]).fits[
        "bernoulli"
    ]
    assert fit.status == "boundary"
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-4)
    assert np.isnan(fit.standard_errors["x"])


def test_a_factor_without_events() -> None:
    frame = counts().assign(y=lambda f: np.where(f["group"] == "c", 0, f["y"]))
    fit = ms.rank_regressions(frame, "y ~ x + group", ["poisson"]).best
    rest = ms.rank_regressions(frame[frame["group"] != "c"], "y ~ x + group", ["poisson"]).best
    assert fit.status == "boundary"
    assert "group[T.c]" in fit.reason
    assert fit.log_likelihood == pytest.approx(rest.log_likelihood, abs=1e-5)


def test_an_exact_line_has_no_maximum() -> None:
    x = np.linspace(0, 1, 50) ** 2
    ranking = ms.rank_regressions({"y": 2 * x + 0.1, "x": x}, "y ~ x", ["normal", {"normal": "~ 1"}], resolution=None)
    assert ranking.fits["normal"].status == "unbounded"
    assert "exactly" in ranking.fits["normal"].reason


def test_laws_that_cannot_give_the_outcomes() -> None:
    frame = amounts().assign(y=lambda f: f["y"] - f["y"].median())
    ranking = ms.rank_regressions(frame, "y ~ x", ["normal", "gamma", "poisson"])
    assert list(ranking.table["status"]) == ["converged", "out_of_support", "out_of_support"]
    assert "150 of 300" in ranking.fits["gamma"].reason
    assert "masses" in ranking.fits["poisson"].reason
    with pytest.raises(NothingFittedError, match="outside the support"):
        ms.rank_regressions(frame, "y ~ x", ["gamma"])


def test_two_parts_of_amounts_with_zeros() -> None:
    frame = amounts().assign(y=lambda f: np.where(f["z"] > 0.8, 0.0, f["y"]))
    ranking = ms.rank_regressions(frame, "y ~ x + z", [{"hurdle": "gamma"}, {"hurdle": "lognormal"}, "gamma"])
    assert set(ranking.table["footing"]) == {"atoms+length"}
    assert ranking.fits["gamma"].status == "out_of_support"
    some = frame[frame["y"] > 0]
    part = ms.rank_regressions(some, "y ~ x + z", ["gamma"]).best
    hurdle = ranking.fits["hurdle(gamma)"]
    assert hurdle.parameters["shape"] == pytest.approx(part.parameters["shape"], rel=1e-5)


def test_rows_with_missing_values() -> None:
    frame = counts().assign(other=1.0)
    frame.loc[3, "x"] = np.nan
    frame.loc[[5, 8], "years"] = np.nan
    frame["group"] = frame["group"].astype(object)
    frame.loc[9, "group"] = None
    specs = ["poisson", {"family": "poisson", "formula": "~ group", "exposure": "years"}]
    with pytest.raises(DataError, match=r"missing values in x, group, years at rows 3, 5, 8, 9"):
        ms.rank_regressions(frame, "y ~ x", specs)
    ranking = ms.rank_regressions(frame, "y ~ x", specs, missing="drop")
    assert ranking.sample.n == 296
    assert ranking.sample.n_missing == 4
    assert any("4 rows were dropped, for all candidates alike" in note for note in ranking.notes)
    assert ms.rank_regressions(frame, "y ~ x", ["poisson"], missing="drop").sample.n == 299
    frame.loc[12, "other"] = -1.0
    with pytest.raises(DataError, match=r"log\(other\) is not finite at row 12 "):  # of the table, not of what is left
        ms.rank_regressions(frame, "y ~ x + log(other)", ["poisson"], missing="drop")


# -- comparisons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("large", "small", "answer"),
    [
        ("negative_binomial", "poisson", (1, 1, True, True)),
        ("generalized_poisson", "poisson", (1, 1, True, True)),
        ("negative_binomial", "geometric", (1, 1, False, True)),
        ({"zero_inflated": "poisson"}, "poisson", (1, 1, True, True)),
        ({"zero_inflated": "negative_binomial"}, "poisson", (1, 2, True, False)),
        ({"zero_inflated": "negative_binomial"}, {"zero_inflated": "poisson"}, (1, 1, True, True)),
        ({"hurdle": "negative_binomial"}, {"hurdle": "poisson"}, (1, 1, True, True)),
        ("poisson", {"poisson": "~ x"}, (1, 2, False, True)),
        ("negative_binomial", {"poisson": "~ 1"}, (1, 4, True, True)),
        ({"poisson": "~ x + I(1 - x)  - 1"}, {"poisson": "~ 1"}, (1, 1, False, True)),
        ({"family": {"zero_inflated": "poisson"}, "inflation": "~ x"}, "poisson", (1, 2, True, False)),
        ({"hurdle": "poisson"}, "poisson", None),
        ({"hurdle": "poisson"}, {"zero_inflated": "poisson"}, None),
        ({"family": "poisson", "link": "sqrt"}, {"poisson": "~ x"}, None),
        ({"family": "poisson", "exposure": "years"}, {"poisson": "~ 1"}, None),
        (
            {"poisson": "~ x + log(years)"},
            {"family": "poisson", "formula": "~ x", "exposure": "years"},
            (1, 1, False, True),
        ),
        ({"poisson": "~ x"}, {"poisson": "~ group"}, None),
    ],
    ids=str,
)
def test_nesting(large, small, answer) -> None:
    frame = counts(60, size=0.8)
    ranking = ms.rank_regressions(frame, "y ~ x + group", [large, small])
    fits = ranking.fits
    formula = read_formula("y ~ x + group")
    a, b = (fits[read_candidate(spec, formula).label] for spec in (large, small))
    assert nesting(a, b) == answer
    assert nesting(b, a) == (None if answer is None else (-1, *answer[1:]))


def test_amounts_nest() -> None:
    ranking = ms.rank_regressions(amounts(), "y ~ x", list(AMOUNTS))
    fits = ranking.fits
    assert nesting(fits["gamma"], fits["exponential"]) == (1, 1, False, True)
    assert nesting(fits["weibull"], fits["exponential"]) == (1, 1, False, True)
    assert nesting(fits["gamma"], fits["weibull"]) is None
    assert ranking.best.label == "gamma"


def test_vuong_compares_what_is_not_nested(ranking) -> None:
    # Vuong's statistic by hand, on the rows
    pairs = ranking.comparisons.set_index(["a", "b"])
    a, b = "hurdle(poisson)", "zero_inflated(poisson)"
    row = pairs.loc[(a, b)]
    assert row["test"] == "Vuong"
    one, other = ranking.fits[a], ranking.fits[b]
    difference = np.repeat(one.pointwise - other.pointwise, ranking.sample.weights.astype(int))
    n = len(difference)
    apart = one.k - other.k
    # the variance, and what estimation alone does to the difference (see `compare`)
    z = (difference.sum() - apart / 2) / np.sqrt(n * difference.var(ddof=1) + apart)
    assert row["statistic"] == pytest.approx(z, rel=1e-9)


def test_the_likelihood_ratio_of_two_formulas_keeps_its_size() -> None:
    # 400 samples in which z does not matter: the share of p ≤ 0.05 has a standard error of 0.011
    rng, rejected = np.random.default_rng(7), 0
    for _ in range(400):
        x, z = rng.normal(size=(2, 60))
        y = rng.poisson(np.exp(0.5 + 0.3 * x))
        ranking = ms.rank_regressions({"y": y, "x": x, "z": z}, "y ~ x", ["poisson", {"poisson": "~ x + z"}])
        rejected += float(ranking.comparisons["p_value"].iloc[0]) <= 0.05
    assert rejected / 400 == pytest.approx(0.05, abs=4 * 0.011)


def test_estimates_recover_the_truth() -> None:
    fit = ms.rank_regressions(counts(4000, size=1.5), "y ~ x + group", ["negative_binomial"]).best
    truth = {"Intercept": 0.4, "x": 0.5, "group[T.b]": 0.3, "group[T.c]": 0.0, "size": 1.5}
    for name, value in truth.items():
        assert abs(fit.parameters[name] - value) < 4 * fit.standard_errors[name]


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "y ~ __import__('os').system('true')",
        "y ~ x.values",
        "y ~ x[0]",
        "y ~ eval('x')",
        "y ~ (lambda: 1)()",
        "y ~ [i for i in x]",
        "y ~ f'{x}'",
        "y ~ x ~ z",
        "y ~",
        "y + ",
        "y ~ x +",
        "y ~ Q(x)",
    ],
)
def test_a_formula_is_no_program(text) -> None:
    with pytest.raises(CandidateError):
        ms.rank_regressions(counts(), text, ["poisson"])


def test_terms_of_formulas() -> None:
    frame = counts().rename(columns={"years": "years at work"})
    terms = "x:group + I(x > 0) + C(group, Treatment('b')) * log1p(Q('years at work')) + bs(x, df=4)"
    fit = ms.rank_regressions(frame, f"y ~ {terms}", [{"poisson": "~ C(group, Treatment('b')) + x:group"}]).best
    assert "x:group[c]" in fit.parameters
    assert read_formula(f"y ~ {terms}").names == ("y", "x", "group", "years at work")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("cauchy", "has no regression"),
        ("poison", "did you mean poisson"),
        ({"hurdle": "normal"}, "does not go with"),
        ({"inflated": "poisson"}, "did you mean zero_inflated"),
        ({"poisson": "z ~ x"}, "losses of different outcomes"),
        ({"family": "poisson", "link": "logit"}, "expected one of log, identity"),
        ({"family": "poisson", "formul": "~ x"}, "did you mean formula"),
        ({"family": "poisson", "inflation": "~ x"}, "zero_inflated and hurdle only"),
        ({"family": "poisson", "link": "identity", "exposure": "years"}, "goes with the link log"),
        ({"family": "poisson", "label": ""}, "label must be text"),
        (["poisson"], "expected a family"),
    ],
    ids=str,
)
def test_candidates_that_are_refused(spec, sentence) -> None:
    with pytest.raises(CandidateError, match=sentence):
        ms.rank_regressions(counts(), "y ~ x", [spec])


def test_tables_that_are_refused() -> None:
    frame = counts()
    for formula, sentence in (
        ("y ~ xx", "no column 'xx'.*did you mean x"),
        ("y ~ log(x)", "not finite"),
        ("group ~ x", "not one column of numbers"),
        ("y ~ 0", "no terms at all"),
        ("y ~ C(x, Treatment('q'))", "cannot be evaluated"),
    ):
        with pytest.raises(DataError, match=sentence):
            ms.rank_regressions(frame, formula, ["poisson"])
    with pytest.raises(CandidateError, match="two are labelled"):
        ms.rank_regressions(frame, "y ~ x", ["poisson", {"poisson": "y ~  x"}])
    with pytest.raises(CandidateError, match="left of ~"):
        ms.rank_regressions(frame, "~ x", ["poisson"])
    with pytest.raises(DataError, match="years is not positive at rows 0, 1"):
        ms.rank_regressions(frame.assign(years=0.0), "y ~ x", [{"family": "poisson", "exposure": "years"}])
    with pytest.raises(ConfigurationError, match="criterion"):
        ms.rank_regressions(frame, "y ~ x", ["poisson"], by="r_squared")
    with pytest.raises(DataError, match="table with named columns"):
        ms.rank_regressions([1, 2], "y ~ x", ["poisson"])


def test_candidates_follow_from_the_outcomes() -> None:
    chosen = ms.rank_regressions(counts(), "y ~ x").fits
    assert len(chosen) == len(COUNTED)
    assert set(ms.rank_regressions(amounts(), "y ~ x").fits) == set(AMOUNTS)
    assert "bernoulli (probit)" in ms.rank_regressions(counts().assign(y=lambda f: f["y"] > 1), "y ~ x").fits


def test_the_summary_says_what_it_is(ranking) -> None:
    text = str(ranking.fits["zero-inflated poisson"].summary())
    assert "inflation:mentor" in text
    assert "-1604.77" in text
    assert "zero_inflated(poisson): articles ~ sex" in text


# -- the maximiser -----------------------------------------------------------------------------------------------------


def test_newton_climbs_out_of_a_saddle() -> None:
    # −(a² − 1)² − b² has a saddle at 0 and maxima at a = ±1
    one = np.ones((1, 1))
    found = maximise(
        lambda at: -np.square(np.square(at[0]) - 1) - np.square(at[1]),
        [one, one],
        [np.zeros(1)] * 2,
        np.ones(1),
        np.array([0.05, 0.3]),
    )
    assert found.reached
    assert found.theta == pytest.approx([1.0, 0.0], abs=1e-6)
    # it is that before the last step, which gains 1e-9: within √(2e-9/8) of the maximum, times the third derivative 24
    assert found.information == pytest.approx(np.diag([8.0, 2.0]), abs=4e-4)


def test_no_warning_escapes(publications) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ranking = ms.rank_regressions(publications.head(60), ALL)
        ranking.best.summary()


# -- experiments and reports -------------------------------------------------------------------------------------------


def written(folder: Path, text: str, frame: pd.DataFrame) -> Path:
    frame.to_csv(folder / "cases.csv", index=False)
    path = folder / "experiment.yaml"
    path.write_text(text)
    return path


CASES = """
data:
  csv: cases.csv
  formula: y ~ x + group
  unit: day
candidates:
  - poisson
  - negative_binomial: ~ x
  - {family: {hurdle: poisson}, inflation: ~ x, label: two steps}
"""


def test_yaml_says_the_same_as_python(tmp_path) -> None:
    frame = counts(150, size=2.0)
    experiment = ms.Experiment.from_yaml(written(tmp_path, CASES, frame))
    assert experiment.labels() == ["poisson", "negative_binomial ~ x", "two steps"]
    report = experiment.run(tmp_path / "report")
    table = pd.read_csv(tmp_path / "cases.csv")
    direct = ms.rank_regressions(table, "y ~ x + group", experiment.candidates, unit="day")
    assert report.ranking.table["log_likelihood"].equals(direct.table["log_likelihood"])
    assert report.source == "150 rows of cases.csv, y ~ x + group"
    assert report.manifest["data"]["n"] == 150
    assert ms.Experiment.from_yaml(tmp_path / "report" / "experiment.yaml").labels() == experiment.labels()
    parameters = pd.read_csv(tmp_path / "report" / "parameters.csv").set_index(["candidate", "parameter"])
    assert (
        parameters.loc[("two steps", "inflation:x"), "estimate"] == direct.fits["two steps"].parameters["inflation:x"]
    )
    page = (tmp_path / "report" / "report.html").read_text()
    assert "every candidate says how probable it is given its covariates" in page
    assert {path.name for path in (tmp_path / "report" / "figures").iterdir()} >= {"data.svg", "divergence.png"}


def test_where_weights_and_missing_cells(tmp_path) -> None:
    frame = counts(120).assign(w=lambda f: 1 + (f.index % 3))
    frame.loc[[4, 50], "x"], frame.loc[[4, 50], "years"] = np.nan, 1.0
    text = CASES.replace("unit: day", "weight: w\n  where: years < 2")
    path = written(tmp_path, text, frame)
    with pytest.raises(DataError, match=r"experiment.yaml:4:\d+: data.formula: .*missing values in x in row") as error:
        ms.Experiment.from_yaml(path).run()
    assert "missing: drop" in str(error.value)
    report = ms.Experiment.from_yaml(
        written(tmp_path, text.replace("weight: w", "weight: w\n  missing: drop"), frame)
    ).run()
    used = frame[(frame["years"] < 2) & frame["x"].notna()]
    assert report.ranking.sample.n == used["w"].sum()
    assert "weighted by `w`, where years < 2" in report.source


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("y ~ x + group", "y ~ x + grup"), r":4:12: data.formula: cases.csv has no column 'grup'.*did you mean group"),
        (("y ~ x + group", "y ~ x.real"), r":4:12: data.formula: .*not allowed in a formula"),
        (("y ~ x + group", "~ x"), r":4:12: data.formula: .*nothing stands left"),
        (("unit: day", "column: y"), r":5:3: data.column: makes no sense beside 'formula'"),
        (("- poisson", "- poison"), r":7:5: candidates\[0\]: unknown family 'poison'.*did you mean poisson"),
        (("negative_binomial: ~ x", "negative_binomial: ~ z"), r":8:5: candidates\[1\]: cases.csv has no column 'z'"),
        (
            ("negative_binomial: ~ x", "negative_binomial: z ~ x"),
            r":8:24: candidates\[1\].*losses of different outcomes",
        ),
        (("inflation: ~ x", "inflation: ~ x +"), r":9:\d+: candidates\[2\].inflation: .*cannot be read"),
        (("inflation: ~ x", "links: log"), r":9:\d+: candidates\[2\].links: .*unknown key 'links'"),
        (("label: two steps", "label: poisson"), r":9:5: candidates\[2\]: the label 'poisson' is that of"),
        (("unit: day", "weight: group"), r"data.weight: "),
        (("candidates:", "bootstrap: 99\ncandidates:"), r"bootstrap: is not there for regressions"),
        (("candidates:", "entropy: nsb\ncandidates:"), r"entropy: is not there for regressions"),
        (("candidates:", "profiles: [{candidate: poisson, parameter: x}]\ncandidates:"), r"profiles: makes no sense"),
        (("csv: cases.csv", "values: [1, 2]"), r":4:3: data.formula: makes no sense with 'values'"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_mistakes_in_yaml_have_a_place(tmp_path, change, sentence) -> None:
    path = written(tmp_path, CASES.replace(*change), counts(60))
    with pytest.raises((ConfigurationError, DataError), match=sentence):
        ms.Experiment.from_yaml(path).run()


def test_pictures_of_every_kind_of_outcome(tmp_path) -> None:
    many = counts(100).assign(y=lambda f: 100 * f["y"])
    for name, ranking in {
        "counts": ms.rank_regressions(counts(100), "y ~ x"),
        "many": ms.rank_regressions(many, "y ~ x", ["negative_binomial", "normal"]),
        "amounts": ms.rank_regressions(amounts(100), "y ~ x"),
        "binary": ms.rank_regressions(counts(100).assign(y=lambda f: f["y"] > 1), "y ~ x"),
        "parts": ms.rank_regressions(
            amounts(100).round(3).assign(y=lambda f: f["y"] * (f["z"] < 1)),
            "y ~ x",
            [{"hurdle": "gamma"}],
            resolution=None,
        ),
    }.items():
        page = ranking.to_html(tmp_path / f"{name}.html").read_text()
        assert "<svg" in page
        assert ranking.plot().axes
        assert ranking.plot(candidates=[ranking.best.label]).axes
        assert "<table" in ranking._repr_html_()
        assert "rank" in repr(ranking)
    with pytest.raises(ConfigurationError, match="no candidate 'x'"):
        ranking.plot(candidates="x")


def test_expected_counts_add_up(ranking) -> None:
    from modelselect.reporting.regressions import masses_of, residuals_of

    for fit in ranking.fits.values():
        masses = masses_of(fit, np.arange(0.0, 400.0))
        assert masses.sum() == pytest.approx(1.0, abs=1e-6)
        # a Poisson with an intercept expects as many articles as there are
        if fit.label == "poisson":
            assert masses @ np.arange(400.0) == pytest.approx(ranking.sample.y @ ranking.sample.shares, rel=1e-9)
        assert np.isfinite(residuals_of(fit)).all()


def test_residuals_of_the_truth_are_normal() -> None:
    from modelselect.reporting.regressions import residuals_of

    fit = ms.rank_regressions(amounts(2000), "y ~ x", ["gamma"]).best
    residuals = residuals_of(fit)
    assert abs(residuals.mean()) < 4 / np.sqrt(2000)
    assert residuals.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 2000))
