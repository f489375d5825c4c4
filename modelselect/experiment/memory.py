"""How much memory reading may take: the setting, and what is refused because it would need more."""

import os
import re
from typing import Annotated, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from modelselect.experiment.problems import unexpected

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kKMGT]?i?B)\s*", re.IGNORECASE)
#: What Python and its libraries take before anything is read.
BASE = 2 * 10**8
_LEAST = 256 * 10**6
#: What one thread of DuckDB should have.
_THREAD = 64 * 10**6


def bytes_of(amount: str) -> int:
    """Give a number of bytes that is written with a unit.

    Raises
    ------
    ValueError
        It is not written so.

    Examples
    --------
    >>> bytes_of("2GB"), bytes_of("1.5 MiB")
    (2000000000, 1572864)
    """
    found = _AMOUNT.fullmatch(amount)
    if not found or found[2].upper() not in _UNITS:
        raise ValueError(amount)
    return int(float(found[1]) * _UNITS[found[2].upper()])


def in_units(size: float) -> str:
    """Write a number of bytes for a reader.

    Examples
    --------
    >>> in_units(2.5e9), in_units(48e6)
    ('2.5 GB', '48 MB')
    """
    unit = next(unit for unit in ("TB", "GB", "MB", "KB", "B") if size >= _UNITS[unit] or unit == "B")
    return f"{size / _UNITS[unit]:.3g} {unit.replace('K', 'k')}"


def limits(amount: str | None) -> dict[str, str]:
    """Settings of DuckDB, which has half of the memory; the other half is for what is fetched.

    Examples
    --------
    >>> limits("256MB")["memory_limit"]
    '128000000B'
    """
    if amount is None:
        return {}
    half = bytes_of(amount) // 2
    return {"memory_limit": f"{half}B", "threads": str(max(1, min(os.cpu_count() or 1, half // _THREAD)))}


def _memory(value: object) -> object:
    try:
        enough = isinstance(value, str) and bytes_of(value) >= _LEAST
    except ValueError:
        raise unexpected("a number with a unit, such as 2GB") from None
    if not enough:
        raise unexpected(f"a number with a unit, such as 2GB, and at least {in_units(_LEAST)}")
    return value


Memory: TypeAlias = Annotated[
    str, PlainValidator(_memory), WithJsonSchema({"type": "string", "examples": ["2GB", "512MB"]})
]
