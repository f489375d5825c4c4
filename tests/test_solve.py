"""The batched maximiser on functions whose maximum is known, and on those that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelselect.fitting.search import best_integer
from modelselect.fitting.solve import ALMOST, DEFINITE, STEP, derivatives, maximise

Function = Callable[[Any, np.ndarray], np.ndarray]


def quadratic(u: Any, rows: np.ndarray) -> np.ndarray:
    """Top at (1, −2), correlation 0.9."""
    x, y = u[:, 0] - 1, u[:, 1] + 2
    return -0.5 * (x * x - 1.8 * x * y + y * y) / 0.19


def rosenbrock(u: Any, rows: np.ndarray) -> np.ndarray:
    return -((1 - u[:, 0]) ** 2) - 100 * (u[:, 1] - u[:, 0] ** 2) ** 2


def two_tops(u: Any, rows: np.ndarray) -> np.ndarray:
    """Saddle at 0, tops at (±1, 0)."""
    return -((u[:, 0] ** 2 - 1) ** 2) - u[:, 1] ** 2


def ridge(u: Any, rows: np.ndarray) -> np.ndarray:
    return -((u[:, 0] + u[:, 1] - 3) ** 2)


def flat(u: Any, rows: np.ndarray) -> np.ndarray:
    return np.zeros(len(u))


def runaway(u: Any, rows: np.ndarray) -> np.ndarray:
    """No maximum: rises for ever to 0."""
    return -np.exp(-u[:, 0]) - u[:, 1] ** 2


def linear(u: Any, rows: np.ndarray) -> np.ndarray:
    return u[:, 0] - u[:, 1] ** 2


def student(u: Any, rows: np.ndarray) -> np.ndarray:
    """Location and log scale of a t₃ from five fixed data: flat tails, not concave."""
    x = np.array([-3.0, -0.5, 0.1, 0.4, 20.0])
    z = (x - u[:, :1]) / np.exp(u[:, 1:])
    return (-2 * np.log1p(z * z / 3)).mean(axis=-1) - u[:, 1]


def _run(function: Function, start: Any, **options: Any) -> Any:
    return maximise(function, np.atleast_2d(np.asarray(start, dtype=float)), **options)


def _check_maximum(function: Function, top: Any, row: int = 0) -> None:
    """Converged means: gradient 0 and curvature negative, by differences that are not the solver's own."""
    at, h = top.at[[row]], 1e-4
    p = at.shape[1]
    there = lambda step: function(at + step, np.array([row]))[0]  # noqa: E731
    step = h * np.eye(p)
    J = np.array(
        [[-(there(a + b) - there(a - b) - there(b - a) + there(-a - b)) / (4 * h * h) for a in step] for b in step]
    )
    gradient = np.array([(there(e) - there(-e)) / (2 * h) for e in step])
    root = np.sqrt(np.diag(J))
    assert np.abs(gradient / root).max() < 1e-6
    assert np.linalg.eigvalsh(J / np.outer(root, root))[0] > 1e-7
    assert top.information[row] == pytest.approx(J, rel=1e-4, abs=1e-4 * np.abs(J).max())
    assert top.score[row] < ALMOST
    assert top.definite[row] > DEFINITE


@pytest.mark.parametrize(
    ("function", "start", "expected"),
    [
        (quadratic, (0, 0), (1, -2)),
        (quadratic, (30, -40), (1, -2)),
        (rosenbrock, (-1.2, 1), (1, 1)),
        (rosenbrock, (3, -5), (1, 1)),
        (two_tops, (0.3, 2), (1, 0)),
        (two_tops, (-1e-3, 0), (-1, 0)),
    ],
)
def test_known_maxima(function: Function, start: tuple[float, float], expected: tuple[float, float]) -> None:
    top = _run(function, start)
    assert top.converged.tolist() == [True]
    assert top.at[0] == pytest.approx(expected, abs=1e-8)
    assert top.value[0] == pytest.approx(0.0, abs=1e-13)
    _check_maximum(function, top)


def test_student_likelihood_from_poor_starts() -> None:
    top = _run(student, [(0.0, 0.0), (2.0, 1.0), (-3.0, 0.5), (5.0, 3.0)])
    assert top.converged.all()
    assert np.ptp(top.value) < 1e-13
    assert np.ptp(top.at, axis=0) == pytest.approx([0, 0], abs=1e-7)
    for row in range(4):
        _check_maximum(student, top, row)


def test_a_saddle_is_not_called_a_maximum() -> None:
    top = _run(two_tops, [(0.0, 0.0), (0.0, 1.0)])
    assert not top.converged.any()
    assert np.all(top.definite < 0)


@pytest.mark.parametrize(
    ("function", "start"), [(ridge, (0, 0)), (ridge, (1.5, 1.5)), (flat, (0, 0)), (runaway, (0, 1)), (linear, (0, 1))]
)
def test_what_has_no_unique_maximum_never_converges(function: Function, start: tuple[float, float]) -> None:
    assert not _run(function, start).converged.any()


def test_a_start_of_probability_zero_is_left_alone() -> None:
    def wall(u: Any, rows: np.ndarray) -> np.ndarray:
        return np.where(u[:, 0] > 0, np.log(np.maximum(u[:, 0], 1e-300)) - u[:, 0], -np.inf)

    top = _run(wall, [[-1.0], [0.01], [5.0]])
    assert top.converged.tolist() == [False, True, True]
    assert top.at[0, 0] == -1.0
    assert top.at[1:, 0] == pytest.approx([1, 1], abs=1e-8)


def test_a_function_that_is_nan_nearby_does_not_converge_there() -> None:
    def hole(u: Any, rows: np.ndarray) -> np.ndarray:
        return np.where(u[:, 0] == 0.5, 1.0, np.nan)

    top = _run(hole, [[0.5]])
    assert not top.converged.any()


def test_hopeless_rows_are_left_where_they_are() -> None:
    top = _run(runaway, [(0.0, 1.0), (0.0, 2.0)], hopeless=lambda u, rows: u[:, 0] > 5)
    assert not top.converged.any()
    assert np.all((top.at[:, 0] > 5) & (top.at[:, 0] < 7))


def test_a_kink_is_not_crept_along() -> None:
    def jump(u: Any, rows: np.ndarray) -> np.ndarray:
        """Rises to the end of the support at ½, and falls off at once beyond it."""
        over = u[:, 0] - 0.5
        return over - 50 * np.maximum(over, 0.0) - (u[:, 1] - over) ** 2

    top = maximise(jump, np.array([[0.0, 3.0]]))
    assert not top.converged[0]
    assert not top.stalled[0]
    assert top.at[0, 0] == pytest.approx(0.5, abs=1e-3)
    assert top.iterations[0] < 60


def test_iterations_are_bounded() -> None:
    calls = []

    def counted(u: Any, rows: np.ndarray) -> np.ndarray:
        calls.append(len(u))
        return linear(u, rows)

    top = _run(counted, (0, 1), max_iterations=7)
    assert top.iterations.tolist() == [7]
    assert len(calls) < 7 * 40


# -- rows of a batch ---------------------------------------------------------------------------------------------------

OFFSET = np.array([0.4, -0.3])
CENTRES = np.random.default_rng(3).normal(size=(12, 2)) * [3, 1]


def shifted(u: Any, rows: np.ndarray) -> np.ndarray:
    """Every row its own centre, shape and difficulty."""
    z = u - CENTRES[rows]
    return -np.log1p(z[:, 0] ** 2) - (0.5 + rows / 4) * np.cosh(z[:, 1] + 0.3 * np.tanh(z[:, 0])) + 1


def test_rows_do_not_influence_each_other() -> None:
    together = _run(shifted, CENTRES + OFFSET)
    assert together.converged.all()
    for row in range(len(CENTRES)):
        alone = maximise(lambda u, rows, row=row: shifted(u, rows + row), CENTRES[[row]] + OFFSET)
        assert np.array_equal(alone.at[0], together.at[row])
        assert alone.iterations[0] == together.iterations[row]
    order = np.random.default_rng(4).permutation(len(CENTRES))
    mixed = maximise(lambda u, rows: shifted(u, order[rows]), CENTRES[order] + OFFSET)
    assert mixed.at == pytest.approx(together.at[order], rel=1e-12, abs=1e-12)
    assert mixed.information == pytest.approx(together.information[order], rel=1e-9)


def test_a_row_that_fails_does_not_hurt_the_others() -> None:
    def mixed(u: Any, rows: np.ndarray) -> np.ndarray:
        return np.select(
            [rows == 1, rows == 2, rows == 3],
            [np.full(len(u), np.nan), linear(u, rows), ridge(u, rows)],
            quadratic(u, rows),
        )

    top = _run(mixed, np.zeros((5, 2)))
    assert top.converged.tolist() == [True, False, False, False, True]
    assert top.at[[0, 4]] == pytest.approx(np.array([[1, -2], [1, -2]]), abs=1e-8)


# -- units and gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e6])
def test_units_make_steps_fit_the_coordinate(unit: float) -> None:
    def stretched(u: Any, rows: np.ndarray) -> np.ndarray:
        return student(u / np.array([unit, 1.0]), rows)

    top = _run(stretched, (0.0, 0.0), units=lambda u, rows: np.tile([unit, 1.0], (len(u), 1)))
    plain = _run(student, (0.0, 0.0))
    assert top.converged.all()
    assert top.at / [unit, 1] == pytest.approx(plain.at, rel=1e-9, abs=1e-9)
    assert top.information * np.outer([unit, 1], [unit, 1]) == pytest.approx(plain.information, rel=1e-6)


def test_an_exact_gradient_leads_to_the_same_place() -> None:
    def gradient(u: Any, rows: np.ndarray) -> np.ndarray:
        x, y = u[:, 0], u[:, 1]
        return np.stack([2 * (1 - x) + 400 * x * (y - x * x), -200 * (y - x * x)], axis=-1)

    exact, plain = _run(rosenbrock, (-1.2, 1.0), gradient=gradient), _run(rosenbrock, (-1.2, 1.0))
    assert exact.converged.all()
    assert exact.at == pytest.approx(plain.at, abs=1e-8)
    assert exact.information == pytest.approx(np.array([[[802.0, -400.0], [-400.0, 200.0]]]), rel=1e-9)
    assert exact.information == pytest.approx(plain.information, rel=1e-5)


def test_derivatives_are_of_fourth_order() -> None:
    at, rows = np.array([[0.7, -0.2], [1.5, 0.4]]), np.arange(2)

    def wave(u: Any, rows: np.ndarray) -> np.ndarray:
        return np.sin(u[:, 0]) * np.exp(u[:, 1])

    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) * [1.0, 0.5]  # along any axes the same
    for axes in (np.eye(2), turn):
        both = [np.tile(matrix, (2, 1, 1)) for matrix in (axes, np.linalg.inv(axes))]
        g, information = derivatives(wave, at, rows, np.ones((2, 2)), *both, wave(at, rows))
        _check_wave(at, g, -information)
    # exact on the cubics that second-order differences get wrong by STEP²
    one = np.ones((1, 1, 1))
    g, _ = derivatives(lambda u, rows: u[:, 0] ** 3, one[0], rows[:1], one[0], one, one, np.ones(1))
    assert abs(g[0, 0] - 3) < STEP**2 / 100


def _check_wave(at: np.ndarray, g: np.ndarray, hessian: np.ndarray) -> None:
    s, c, e = np.sin(at[:, 0]), np.cos(at[:, 0]), np.exp(at[:, 1])
    assert g == pytest.approx(np.stack([c * e, s * e], axis=-1), abs=1e-11)
    expected = np.stack([np.stack([-s * e, c * e], -1), np.stack([c * e, s * e], -1)], -2)
    assert hessian == pytest.approx(expected, abs=3e-7)


def test_integers_are_sought_from_the_first_one_above_a_bound_that_is_none() -> None:
    found = best_integer(lambda n: -np.abs(n - 76.0), np.array([73.2, 80.5, 70.0]))
    assert found.tolist() == [76.0, 81.0, 76.0]
