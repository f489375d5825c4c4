"""What can go wrong: one base class, and the few kinds that a caller would catch apart."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


class ModelSelectError(Exception):
    """Base of every error raised on purpose by modelselect.

    The message names the field, the offending value, what was expected and, where there is one,
    the place (``file:line:column``).
    """


class DataError(ModelSelectError, ValueError):
    """The data cannot be used: missing, empty, non-finite, negative frequencies, wrong length."""


class CandidateError(ModelSelectError, ValueError):
    """A candidate is not understood: unknown family or parameter, a fixed value outside its domain."""


class ConfigurationError(ModelSelectError, ValueError):
    """An experiment file, or an override of it, is not valid."""


class PrecisionError(ModelSelectError, ArithmeticError):
    """An integral or a series was not reached to the precision that is promised; the message says how far."""


class NothingFittedError(ModelSelectError):
    """Not one of the candidates could be fitted; ``ledger`` says why, candidate by candidate."""

    def __init__(self, message: str, ledger: object = None) -> None:
        super().__init__(message)
        self.ledger = ledger


def did_you_mean(word: str, known: Iterable[object], meaning: Mapping[str, str] | None = None) -> str:
    """`; did you mean …?` with the closest known words, or nothing; a word with a `meaning` is named by it."""
    close = difflib.get_close_matches(word.lower(), [str(k) for k in known], n=3, cutoff=0.6)
    names = dict.fromkeys((meaning or {}).get(name, name) for name in close)
    return f"; did you mean {' or '.join(names)}?" if names else ""
