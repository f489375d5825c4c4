"""Weighted statistics of a batch: copies, padding, order and other groups change nothing; digits survive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import modelselect.statistics as observed
from modelselect.sample import Block

ALL = [
    observed.mean,
    observed.mean_log,
    observed.mean_square,
    observed.variance,
    observed.variance_log,
    observed.minimum,
    observed.maximum,
    observed.median,
    observed.lower_quartile,
    observed.upper_quartile,
    observed.absolute_deviation,
    observed.distinct,
    observed.spread,
    observed.size,
]
ids = [function.__name__ for function in ALL]
rng = np.random.default_rng(20)


def _plain(x: np.ndarray, name: str) -> float:
    """The textbook, on unweighted numbers."""
    median = np.quantile(x, 0.5, method="averaged_inverted_cdf")
    return {
        "mean": lambda: x.mean(),
        "mean_log": lambda: np.log(x).mean(),
        "mean_square": lambda: (x**2).mean(),
        "variance": lambda: x.var(),
        "variance_log": lambda: np.log(x).var(),
        "minimum": lambda: x.min(),
        "maximum": lambda: x.max(),
        "median": lambda: median,
        "lower_quartile": lambda: np.quantile(x, 0.25, method="averaged_inverted_cdf"),
        "upper_quartile": lambda: np.quantile(x, 0.75, method="averaged_inverted_cdf"),
        "absolute_deviation": lambda: np.abs(x - median).mean(),
        "distinct": lambda: len(set(x)),
        "spread": lambda: np.subtract(*np.quantile(np.unique(x), [0.75, 0.25], method="averaged_inverted_cdf")),
        "size": lambda: np.exp(np.log(x).mean()),
    }[name]()


@pytest.mark.parametrize("function", ALL, ids=ids)
@pytest.mark.parametrize("n", [5, 8, 41])
def test_the_textbook(function: Callable[..., np.ndarray], n: int) -> None:
    x = np.round(rng.gamma(2.0, size=(3, n)), 1) + 0.1
    got = function(x, np.full((3, n), 1 / n))
    assert got.shape == (3,)
    assert got == pytest.approx([_plain(row, function.__name__) for row in x], rel=1e-13)


@pytest.mark.parametrize("function", ALL, ids=ids)
def test_a_weight_of_w_means_w_copies(function: Callable[..., np.ndarray]) -> None:
    x, w = rng.gamma(2.0, size=7), np.array([3, 1, 2, 0, 5, 1, 4])
    copies = np.repeat(x, w)[None, :]
    expected = function(copies, np.full(copies.shape, 1 / copies.size))
    assert function(x[None, :], w[None, :] / w.sum()) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("function", ALL, ids=ids)
@pytest.mark.parametrize("padding", [0.0, -1.0, 1e6, np.nan, np.inf])
def test_padding_order_and_company_change_nothing(function: Callable[..., np.ndarray], padding: float) -> None:
    x, w = rng.gamma(2.0, size=(2, 6)), rng.dirichlet(np.ones(6), size=2)
    alone = np.array([function(x[[i]], w[[i]])[0] for i in range(2)])
    padded_x = np.concatenate([x, np.full((2, 3), padding)], axis=1)[::-1, ::-1]
    padded_w = np.concatenate([w, np.zeros((2, 3))], axis=1)[::-1, ::-1]
    assert function(padded_x, padded_w)[::-1] == pytest.approx(alone, rel=1e-13)


@pytest.mark.parametrize("function", ALL, ids=ids)
def test_shared_values_equal_repeated_ones(function: Callable[..., np.ndarray]) -> None:
    x, w = rng.gamma(2.0, size=(1, 9)), rng.dirichlet(np.ones(9), size=4)
    shared = function(x, w)
    assert shared.shape == (4,)
    assert shared == pytest.approx(function(np.repeat(x, 4, axis=0), w), rel=1e-14)


def test_variance_keeps_its_digits_beside_a_large_offset() -> None:
    x = np.array([[1e8 + 1, 1e8 + 2, 1e8 + 4]])
    assert observed.variance(x, np.full((1, 3), 1 / 3)) == pytest.approx([14 / 9], rel=1e-9)


def test_spread_of_few_distinct_values_is_the_range() -> None:
    x = np.array([[1.0, 1.0, 1.0, 5.0], [2.0, 2.0, 2.0, 2.0]])
    assert observed.spread(x, np.full((2, 4), 0.25)).tolist() == [4.0, 0.0]


def test_size_passes_over_zeros_and_is_one_where_all_are_zero() -> None:
    x = np.array([[0.0, 4.0, -9.0], [0.0, 0.0, 0.0]])
    assert observed.size(x, np.full((2, 3), 1 / 3)) == pytest.approx([6.0, 1.0])


def test_logarithm_of_an_observed_zero_is_minus_infinity_without_a_warning() -> None:
    x, w = np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])
    assert observed.mean_log(x, w).tolist() == [-np.inf]


def test_a_block_computes_a_statistic_once() -> None:
    calls = []

    def counted(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        calls.append(1)
        return observed.mean(x, weights)

    x = np.array([[1.0, 3.0]])
    block = Block(x, x, np.array([[1.0, 3.0]]))
    assert block.statistic(counted) == block.statistic(counted) == 2.5
    assert len(calls) == 1


def test_the_extremes_of_intervals_are_their_outer_ends() -> None:
    block = Block(np.array([[0.0, 1.0]]), np.array([[1.0, 2.0]]), np.ones((1, 2)))
    assert block.statistic(observed.minimum) == 0.0
    assert block.statistic(observed.maximum) == 2.0
    assert block.statistic(observed.mean) == 1.0


def test_quantiles_of_groups_that_share_their_values_are_those_of_each() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(1, 40)).round(1)
    weights = rng.multinomial(40, np.full(40, 1 / 40), size=30).astype(float)
    for level in (0.1, 0.25, 0.5, 0.75, 1.0):
        alone = [observed.quantile(x, w[None], level)[0] for w in weights]
        assert observed.quantile(x, weights, level).tolist() == alone
