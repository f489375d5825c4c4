"""Where the work is done. An engine has one method, ``map``; results come back in the order of the items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Engine(Protocol):
    """Anything that applies a function to items."""

    def map(self, function: Callable[[Any], Result], items: Iterable[Any]) -> list[Result]:
        """Apply a function to each item."""


class Local:
    """One item after the other, in this process.

    Examples
    --------
    >>> Local().map(abs, [-1, 2])
    [1, 2]
    """

    def map(self, function: Callable[[Any], Result], items: Iterable[Any]) -> list[Result]:
        """Apply a function to each item."""
        return [function(item) for item in items]
