"""Consoles on streams that may not know all the signs that numbers are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from rich.console import Console


def console(stream: IO[str]) -> Console:
    """Return a console that prints to a stream, its signs spelled out where the stream cannot show them."""
    return _Console(file=cast("IO[str]", _Spelled(stream)) if _is_poor(stream) else stream, highlight=False)


@contextmanager
def bar(console: Console, total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of progress on a terminal; what is yielded moves it by one, and says what was done."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total)
        yield lambda description: progress.update(task, advance=1, description=description)


def _is_poor(stream: Any) -> bool:
    """Whether a stream cannot show the signs that numbers are written with."""
    try:
        "−±Δ∞…·—".encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


class _Console(Console):
    """A console that leaves it to its caller what to do when nobody reads on."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Spelled:
    """A stream that spells what it cannot show: a lost minus sign would be a wrong number."""

    _WORDS = str.maketrans({"−": "-", "±": "+/-", "Δ": "delta", "∞": "inf", "…": "...", "·": "*", "—": "-", "→": "->"})

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return int(self._stream.write(text.translate(self._WORDS)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
