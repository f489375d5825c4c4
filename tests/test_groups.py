"""Groups of families, and what users see of the catalogue."""

import numpy as np
import pytest

import modelselect as ms
import modelselect.families
from modelselect.families.candidates import parse_candidates
from modelselect.families.groups import CORE, GROUPS, ROOMS, group
from modelselect.family import registered


def test_the_catalogue_is_as_large_as_it_says():
    listed = ms.families()
    plain = listed[listed["group"] != "composition"]
    assert (~plain["discrete"]).sum() >= 60
    assert plain["discrete"].sum() >= 30
    assert set(listed.index[listed["group"] == "composition"]) == {
        "discretized", "hurdle", "mixture", "scipy", "shifted", "truncated", "zero_inflated",
    }  # fmt: skip


def test_core_families_exist_and_have_exact_derivatives():
    known = registered()
    assert set(CORE) <= set(known)
    # uniform laws and a closed form with kinks have no score to give
    without = {name for name in CORE if known[name].score is None and known[name].mle is None}
    assert not without


def test_every_family_stands_in_one_room():
    plain = {name for name, family in registered().items() if not family.made}
    rooms = [name for word in ROOMS for name in group(word)]
    assert sorted(rooms) == sorted(plain) == group("all")
    assert set(group("core")) == set(CORE)


def test_a_group_stands_for_its_families_beside_others():
    labels = [candidate.label for candidate in parse_candidates(["circle", {"gamma": {"shape": 2}}])]
    assert labels == ["von_mises", "wrapped_cauchy", "gamma(shape=2)"]
    twice = [candidate.label for candidate in parse_candidates(["finite", "counts", "binomial", "poisson"])]
    assert len(twice) == len(set(twice))
    assert twice[-2:] == ["binomial", "poisson"]


def test_a_group_that_does_not_exist():
    with pytest.raises(ms.CandidateError, match="did you mean positive"):
        group("positiv")
    with pytest.raises(ms.CandidateError, match="unknown family 'positiv'"):
        parse_candidates("positiv")


def test_groups_in_an_experiment():
    data = {"values": list(np.random.default_rng(0).uniform(-3, 3, 40))}
    one = ms.Experiment.from_dict({"data": data, "candidates": "circle"})
    assert one.labels() == ["von_mises", "wrapped_cauchy"]
    again = ms.Experiment.from_dict(one.to_dict())
    assert again == one
    assert set(one.run().ranking.table.index) == {"von_mises", "wrapped_cauchy"}


def test_angles_that_go_round_more_than_once_are_not_compared_with_the_line():
    x = np.linspace(0.05, 12.0, 60)
    ranking = ms.rank(ms.Sample(x, resolution=None), ["von_mises", "uniform"])
    assert ranking.table.loc["von_mises", "status"] == "out_of_support"
    assert "more than one turn" in ranking.ledger.set_index("candidate").loc["von_mises", "reason"]
    assert ms.fit("von_mises", ms.Sample(x, resolution=None)).status == "closed_form"


SAMPLES = {
    "positive": lambda rng: ms.Sample(rng.gamma(2, 3, 50), resolution=None),
    "real": lambda rng: ms.Sample(rng.normal(0, 2, 50), resolution=None),
    "counts": lambda rng: ms.Sample(rng.poisson(2, 60)),
    "share": lambda rng: ms.Sample(rng.beta(2, 3, 50), resolution=None),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_all_families_on_any_data_have_a_status(name):
    """None raises, no warning escapes (warnings are errors here), each candidate is in the table."""
    sample = SAMPLES[name](np.random.default_rng(11))
    ranking = ms.rank(sample, "all")
    assert sorted(ranking.table.index) == group("all")
    reasons = ranking.ledger.set_index("candidate")["reason"]
    odd = ~ranking.table["status"].isin(["converged", "closed_form"])
    assert all(reasons[label] for label in ranking.table.index[odd])
    kl = ranking.table["kl_corrected"].to_numpy()
    usable = ranking.table["status"].isin(["converged", "closed_form", "boundary"]).to_numpy()
    assert np.isfinite(kl[usable]).all()
    assert usable[: usable.sum()].all()


def test_words_of_groups_are_no_families():
    assert not set(GROUPS) & set(registered())
