"""Limits at the edges of families: what is reached there, to which digits, and that nothing nearby is likelier."""

from __future__ import annotations

import numpy as np
import pytest

import modelselect as ms
from modelselect.block import Block
from modelselect.families.real_line.located import Located, LogNormalPower, LogSinhNormal, NormalWithTail, PowerTail
from modelselect.family import Family, lookup
from modelselect.fitting.estimate import estimate
from modelselect.testing.draws import likelihood, members, simulate
from modelselect.testing.formulas import check_distribution_functions, check_mass, check_score


@pytest.mark.parametrize("family", [NormalWithTail(), PowerTail(), LogNormalPower(), LogSinhNormal()])
def test_formulas_of_laws_in_no_catalogue(family: Family) -> None:
    check_mass(family)
    check_distribution_functions(family)
    check_score(family)


def test_a_crystal_ball_may_be_its_power_law_alone() -> None:
    family = lookup("crystal_ball")()
    x = np.sort(simulate(family, members(family)[0], (1, 30), seed=4), axis=1)
    found = ms.fit("crystal_ball", ms.Sample(x[0], resolution=None))
    assert found.status == "boundary"
    assert found.parameters["beta"] == found.parameters["scale"] == 0
    assert found.parameters["location"] == x.max()
    # the peak narrows: the likelihood grows towards that of the limit
    c = estimate(PowerTail(), Block(*[x.max() - x] * 2, np.ones_like(x))).parameters[0]
    narrower = [
        likelihood(family, x, np.array([[beta, c[0] + 1, x.max(), beta * c[1] / (c[0] + 1)]]))[0] * 30
        for beta in (1e-2, 1e-3, 1e-4, 1e-5)
    ]
    assert np.all(np.diff(narrower) > 0)
    assert narrower[-1] == pytest.approx(found.log_likelihood, abs=1e-3)
    assert narrower[-1] < found.log_likelihood


@pytest.mark.parametrize("inner", [LogNormalPower(), LogSinhNormal(), lookup("inverse_gaussian")()])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_location_far_away_is_known_to_its_digits(inner: Family, sign: float) -> None:
    z = np.random.default_rng(2).uniform(-2, 2, size=(1, 30))
    z = np.concatenate([z - z.mean(), z.mean() - z], axis=1)
    law = Located(inner, sign, smooth=True)

    def location(skew: float, padding: int = 0) -> float:
        """Of a nearly symmetric sample: as many widths away as it is little skew."""
        x = np.sort(sign * (z + skew * z * z), axis=1)
        zeros = np.zeros((1, padding))
        data, weights = np.concatenate([x, zeros], axis=1), np.concatenate([np.ones_like(x), zeros], axis=1)
        return float(estimate(law, Block(data, data, weights)).parameters[0, 0])

    assert location(0.001) == pytest.approx(2 * location(0.002), rel=1e-3)
    assert sign * location(0.001) < -200
    assert location(0.001, padding=7) == pytest.approx(location(0.001), rel=2e-8)  # another order of summation
