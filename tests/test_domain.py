"""Interval: what lies inside, and the map to the real line and back."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from modelselect.domain import COUNTS, INTEGERS, NONNEGATIVE, POSITIVE, REAL, UNIT, UNIT_CLOSED, Interval

OPEN = [REAL, POSITIVE, UNIT, Interval(-3, 5), Interval(2, np.inf), Interval(-np.inf, -1)]


@pytest.mark.parametrize("interval", OPEN, ids=str)
def test_real_line_and_back(interval: Interval) -> None:
    u = np.linspace(-30, 30, 241)
    x = interval.from_real(u)
    assert interval.closed().contains(x).all()
    assert np.all(np.diff(x) >= 0)
    near = np.abs(u) < 10
    assert interval.to_real(x[near]) == pytest.approx(u[near], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("interval", OPEN, ids=str)
def test_slope_is_the_derivative_of_the_map(interval: Interval) -> None:
    u = np.linspace(-4, 4, 17)
    h = 1e-5
    numeric = (interval.from_real(u + h) - interval.from_real(u - h)) / (2 * h)
    assert interval.slope(interval.from_real(u)) == pytest.approx(numeric, rel=1e-8)


def test_small_values_keep_their_digits() -> None:
    x = np.array([1e-300, 1e-12, 1.0, 1e300])
    assert POSITIVE.from_real(POSITIVE.to_real(x)) == pytest.approx(x, rel=1e-12)
    assert UNIT.from_real(UNIT.to_real(1e-200)) == pytest.approx(1e-200, rel=1e-12)


def test_the_ends_map_to_infinity_without_a_warning() -> None:
    assert UNIT_CLOSED.to_real([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert NONNEGATIVE.to_real(0.0) == -np.inf
    assert np.isnan(POSITIVE.to_real(-1.0))


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (REAL, [-1e308, 0.0, 1e308], [np.nan, np.inf, -np.inf]),
        (POSITIVE, [5e-324, 1e308], [0.0, -0.0, -1.0, np.nan, np.inf]),
        (NONNEGATIVE, [0.0, -0.0], [-5e-324]),
        (UNIT, [0.5], [0.0, 1.0]),
        (UNIT_CLOSED, [0.0, 1.0], [-1e-300, 1 + 1e-15]),
        (COUNTS, [0.0, 7.0, np.inf], [0.5, -1.0, np.nan]),
        (INTEGERS, [-3.0, 0.0, 1e300], [0.1, np.nan]),
    ],
    ids=str,
)
def test_contains(interval: Interval, inside: list[float], outside: list[float]) -> None:
    assert interval.contains(inside).all()
    assert not interval.contains(outside).any()


@pytest.mark.parametrize(
    ("interval", "text"),
    [(REAL, "(-∞, ∞)"), (POSITIVE, "(0, ∞)"), (NONNEGATIVE, "[0, ∞)"), (UNIT_CLOSED, "[0, 1]"), (COUNTS, "0, 1, 2, …"),
     (INTEGERS, "the integers"), (Interval(2, 9, lattice=True), "2, …, 9")],
)  # fmt: skip
def test_text(interval: Interval, text: str) -> None:
    assert str(interval) == text


def test_intervals_are_values() -> None:
    assert Interval(0, 1) == UNIT
    assert UNIT.closed() == UNIT_CLOSED
    assert pickle.loads(pickle.dumps(COUNTS)) == COUNTS  # noqa: S301 — our own bytes
