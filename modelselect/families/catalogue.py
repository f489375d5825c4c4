"""What is registered: a table of all families, and all there is to know about one."""

from __future__ import annotations

import inspect
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelselect.families.groups import CORE, room
from modelselect.family import Family, Parameter, lookup, registered

if TYPE_CHECKING:
    import pandas as pd


#: Group of the forms that make a family from other families.
COMPOSITION = "composition"


def families() -> pd.DataFrame:
    """Table of the registered families.

    Returns
    -------
    DataFrame
        Index ``name``; columns ``group`` (``composition`` for what is made from other families), ``core``, ``support``,
        ``parameters`` and ``aliases`` (names with commas), ``discrete`` (whether it gives masses) and ``description``
        (parametrisation and conventions).

    Examples
    --------
    >>> import modelselect as ms
    >>> ms.families().loc["poisson", "parameters"]
    'mean'
    """
    import pandas as pd

    rows = [
        (
            name,
            COMPOSITION if family.made and not family.nominal else room(family),
            name in CORE,
            _support(family),
            ", ".join(family.parameters),
            ", ".join(family.aliases),
            family.nominal or (not family.made and family.support.lattice),
            _document(family).split("\n")[0],
        )
        for name, family in registered().items()
    ]
    columns = ["name", "group", "core", "support", "parameters", "aliases", "discrete", "description"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


@dataclass(frozen=True)
class Description:
    """One family in words.

    Attributes
    ----------
    name, document, support, aliases
        Its name, docstring, domain of x and other names.
    parameters
        Name, domain, and how it is had: estimated, to be given, or its default.
    nested
        Families it contains, with the restriction.
    scipy
        One of its laws in scipy's words; empty if scipy has none.
    """

    name: str
    document: str
    support: str
    aliases: tuple[str, ...]
    parameters: tuple[tuple[str, str, str], ...]
    nested: tuple[tuple[str, str], ...]
    scipy: str


def describe(name: str) -> Description:
    """Return all there is to know about the family of a name or alias.

    Raises
    ------
    CandidateError
        The name is unknown.

    Examples
    --------
    >>> import modelselect
    >>> describe("pois").scipy
    'poisson(mean=7.6) is scipy.stats.poisson(mu=7.6)'
    """
    family = lookup(name)
    if family.made and not family.nominal:  # its parameters are those of what it is made from
        return Description(family.name, _document(family), _support(family), tuple(family.aliases), (), (), "")
    parameters = tuple((name, str(p.domain), _origin(p)) for name, p in family.parameters.items())
    nested = tuple(
        (
            other,
            ", ".join(f"{key} = {_value(value)}" for key, value in restriction.items() if key != value == value)
            or "as it is",
        )
        for other, restriction in family.nested.items()
    )
    return Description(
        family.name,
        _document(family),
        _support(family),
        tuple(family.aliases),
        parameters,
        nested,
        _in_scipy(family),
    )


def _support(family: type[Family]) -> str:
    if family.nominal:
        return "outcomes, numbers or labels"
    if family.made:
        return "that of what it is made from"
    whole, (low, high) = family.support, _named_ends(family)
    if not (low or high):
        return str(whole)
    if whole.lattice:
        return f"{low}, …, {high}" if low and high else f"{low}, {low} + 1, …" if low else f"{whole.low:g}, …, {high}"
    left, right = str(whole).split(", ")
    return f"{f'[{low}' if low else left}, {f'{high}]' if high else right}"


def _named_ends(family: type[Family]) -> tuple[str, str]:
    """Parameters that the ends of the support are, the sum of two as such; empty where an end is none of them."""
    found = []
    for share in (0.37, 0.63):
        value = {}
        for place, (name, parameter) in enumerate(family.parameters.items()):
            low, high = parameter.typical
            number = low + (high - low) * (share + (0.5 - share) * place / 3.1)
            value[name] = float(round(number)) if parameter.domain.lattice else number
        names = {number: name for name, number in value.items()}
        names = {value[a] + value[b]: f"{a} + {b}" for a, b in itertools.combinations(value, 2)} | names
        ends = zip(family().bounds(*value.values()), (family.support.low, family.support.high), strict=True)
        found.append(["" if end == own else names.get(float(end), "") for end, own in ends])
    first, last = (a if a == b else "" for a, b in zip(*found, strict=True))
    return first, last


def _document(family: type[Family]) -> str:
    """The docstring up to its first section: formula and conventions, without arguments and examples."""
    return inspect.cleandoc(family.__doc__ or "").split("\n\nParameters\n")[0]


def _origin(parameter: Parameter) -> str:
    if parameter.required:
        return "must be given"
    if parameter.default is not None:
        return f"{parameter.default:g} unless given"
    return "estimated unless given"


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return f"its {value}"
    return "∞" if math.isinf(value) else f"{value:g}"


def _in_scipy(family: type[Family]) -> str:
    if family.nominal or family.made:
        return ""
    values = []
    for parameter in family.parameters.values():
        low, high = parameter.typical
        value = low + (high - low) / 4
        values.append(float(round(value)) if parameter.domain.lattice else float(f"{value:.2g}"))
    try:
        name, arguments = family().to_scipy(*values)
    except TypeError:  # what Family.to_scipy raises
        return ""
    ours = ", ".join(f"{key}={value:g}" for key, value in zip(family.parameters, values, strict=True))
    theirs = ", ".join(f"{key}={value:.6g}" for key, value in arguments.items())
    return f"{family.name}({ours}) is scipy.stats.{name}({theirs})"
