"""Whether neighbouring observations are alike: rows that may be in an order of time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.stretches import stretches

#: Correlation of neighbouring observations from which on it is worth a word.
_ALIKE = 0.05


def rises_and_falls(x: NDArray[Any]) -> bool:
    """Whether some number is above the one before it, and some other below: sorted rows are not in an order of time.

    Examples
    --------
    >>> rises_and_falls(np.array([1, 2, 2, 5])), rises_and_falls(np.array([1, 2, 0]))
    (False, True)
    """
    rises = falls = False
    for cut in stretches(len(x)):
        here, after = x[cut.start : cut.stop], x[cut.start + 1 : cut.stop + 1]
        here = here[: len(after)]
        rises, falls = rises or bool(np.any(after > here)), falls or bool(np.any(after < here))
        if rises and falls:
            return True
    return False


def lag_correlation(x: NDArray[Any]) -> float:
    """Correlation of each observation with the next one; 0 where there are fewer than ten, or all are equal.

    Examples
    --------
    >>> round(lag_correlation(np.sin(np.arange(100.0) / 5)), 2)
    0.97
    """
    if len(x) < 10:
        return 0.0
    if x.dtype.kind == "i" and max(int(x.max()), -int(x.min())) ** 2 * len(x) < 2**62:
        return _lag_correlation_of_integers(x)
    mean = x.mean()
    largest = float(max(x.max() - mean, mean - x.min()))
    if not 0 < largest < np.inf:
        return 0.0
    both = square = 0.0
    for cut in stretches(len(x)):
        centred = (x[cut.start : cut.stop + 1] - mean) / largest
        both += centred[:-1] @ centred[1:]
        own = centred[: cut.stop - cut.start]
        square += own @ own
    return float(both / square)


def resembling(x: NDArray[Any]) -> float:
    """Correlation of neighbours if it is both large and beyond chance, four standard errors; else 0.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> resembling(x), round(resembling(np.cumsum(x)), 2)
    (0.0, 0.99)
    """
    alike = lag_correlation(x)
    return alike if alike > max(_ALIKE, 4.0 / np.sqrt(len(x))) else 0.0


def _lag_correlation_of_integers(x: NDArray[Any]) -> float:
    """The same from exact sums of products, n² times as large."""
    n, total, ends = len(x), int(x.sum()), int(x[0]) + int(x[-1])
    products, squares = int(np.einsum("i,i->", x[1:], x[:-1])), int(np.einsum("i,i->", x, x))
    both = n * (n * products - total * (2 * total - ends)) + (n - 1) * total**2
    square = n * (n * squares - total**2)
    return both / square if square else 0.0


def note_neighbours(x: NDArray[Any], notes: list[str], *, ordered: bool) -> None:
    """Say it where neighbouring rows resemble each other; rows that were sorted tell nothing."""
    with np.errstate(all="ignore"):
        if not ordered and not rises_and_falls(x):
            return
        alike = resembling(x)
    if alike:
        then = (
            'standard errors allow for it with dependence="hac"'
            if ordered
            else "if the rows are in an order of time, standard errors are too small: say ordered=True "
            '(ordered: true), and dependence="hac"'
        )
        notes.append(f"neighbouring observations are alike (correlation {alike:.2f}): {then}")
