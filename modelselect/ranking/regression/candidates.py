"""Candidates with covariates: what a YAML file or a Python list says, read and checked.

A candidate is written as a scalar (`poisson`), as a mapping with one key (`poisson: "visits ~ age"`,
`hurdle: negative_binomial`), or in the long form (`{family: poisson, formula: "~ age", exposure: years}`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from modelselect.errors import CandidateError, did_you_mean
from modelselect.family import Family
from modelselect.ranking.regression.responses import LINKS, Kind, Link, read_kind

#: Keys of a candidate in its long form.
LONG_FORM = ("family", "formula", "link", "offset", "exposure", "inflation", "label")
#: Functions that a formula may use: of numbers, and patsy's of terms.
FUNCTIONS = ("log", "log2", "log10", "log1p", "exp", "sqrt", "abs")
_TERMS = ("C", "I", "Q", "Treatment", "Sum", "Helmert", "Diff", "Poly", "center", "standardize", "bs", "cr", "cc", "te")
#: Those whose outcomes are counts, and those for amounts: what is taken without candidates.
COUNTED = (
    "poisson",
    "negative_binomial",
    "generalized_poisson",
    "geometric",
    {"zero_inflated": "poisson"},
    {"zero_inflated": "negative_binomial"},
    {"hurdle": "poisson"},
    {"hurdle": "negative_binomial"},
)
AMOUNTS = ("normal", "lognormal", "gamma", "inverse_gaussian", "weibull", "exponential")
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Constant, ast.Call, ast.keyword, ast.Load,
    ast.operator, ast.unaryop, ast.cmpop, ast.List, ast.Tuple,
)  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """Outcome and right-hand side, as they were written but for spaces.

    Attributes
    ----------
    outcome
        Left of the tilde; empty where it is that of the others.
    terms
        Right of it.
    names
        Columns that it needs.
    """

    outcome: str
    terms: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.outcome} ~ {self.terms}".strip()


@dataclass(frozen=True)
class RegressionCandidate:
    """A response, its formula, and what belongs to them.

    Attributes
    ----------
    kind
        The law of a row.
    formula, zeros
        Of its mean, and of its extra zeros (None without any).
    link
        Of the mean.
    offset, exposure
        Columns: added to the predictor, or whose logarithm is.
    label
        How tables and figures name it.
    """

    kind: Kind
    formula: Formula
    zeros: Formula | None
    link: Link
    offset: str | None
    exposure: str | None
    label: str
    fixed: ClassVar[dict[str, float]] = {}

    @property
    def family(self) -> Family:
        """The law of a row."""
        return self.kind.law

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that it needs."""
        own = [*self.formula.names, *(self.zeros.names if self.zeros else ())]
        return tuple(dict.fromkeys([*own, *(name for name in (self.offset, self.exposure) if name)]))


def read_formula(text: Any, where: str = "formula") -> Formula:
    """Read a formula without evaluating it.

    Only names of columns, numbers, operators and a few functions are let through: a formula is no program.

    Raises
    ------
    CandidateError
        What is not such a formula, with what is wrong in it.

    Examples
    --------
    >>> read_formula("visits ~ C(sex) * log(age)").names
    ('visits', 'sex', 'age')
    """
    if not isinstance(text, str) or text.count("~") != 1:
        raise CandidateError(f"{where}: expected a formula such as 'visits ~ age + sex', got {text!r}")
    left, right = (_spaced(side) for side in text.split("~"))
    if not right:
        raise CandidateError(f"{where}: nothing stands right of ~ in {text!r}; expected terms, or 1 for none")
    names = [*(_names(left, text, where) if left else ()), *_names(right, text, where)]
    return Formula(left, right, tuple(dict.fromkeys(names)))


def outcome_formula(text: Any) -> Formula:
    """Read the formula of an experiment, which must name an outcome."""
    formula = read_formula(text)
    if not formula.outcome:
        raise CandidateError(f"formula: nothing stands left of ~ in {text!r}; expected the outcome")
    return formula


def read_candidate(spec: Any, formula: Formula) -> RegressionCandidate:
    """Return the candidate that a specification means; `formula` is that of the experiment.

    Raises
    ------
    CandidateError
        An unknown family, key or link, a formula that cannot be read, or one of another outcome.
    """
    if isinstance(spec, RegressionCandidate):
        return spec
    if isinstance(spec, Mapping) and "family" in spec:
        settings = dict(spec)
    elif isinstance(spec, Mapping) and len(spec) == 1:
        ((name, argument),) = spec.items()
        if name in ("zero_inflated", "hurdle"):
            settings = {"family": {name: argument}}
        elif isinstance(argument, Mapping):
            settings = {"family": name, **argument}
        else:
            settings = {"family": name, "formula": argument}
    elif isinstance(spec, str):
        settings = {"family": spec}
    else:
        expected = "a family such as poisson, or a mapping such as {poisson: 'visits ~ age'}"
        raise CandidateError(f"candidate: expected {expected}, got {spec!r}")
    unknown = [key for key in settings if key not in LONG_FORM]
    if unknown:
        hint = did_you_mean(str(unknown[0]), LONG_FORM)
        raise CandidateError(f"candidate: unknown key {unknown[0]!r}; expected {', '.join(LONG_FORM)}{hint}")
    return _candidate({key: value for key, value in settings.items() if value is not None}, formula)


def read_candidates(specs: Sequence[Any] | str, formula: Formula) -> list[RegressionCandidate]:
    """Return the candidates of a list, whose labels must all be different.

    Raises
    ------
    CandidateError
        As of `read_candidate`; an empty list, or two labels that are the same.
    """
    specs = [specs] if isinstance(specs, (str, Mapping)) else list(specs)
    if not specs:
        raise CandidateError("candidates: empty; expected at least one family")
    found = [read_candidate(spec, formula) for spec in specs]
    labels = [candidate.label for candidate in found]
    twice = [label for i, label in enumerate(labels) if label in labels[:i]]
    if twice:
        raise CandidateError(f"candidates: two are labelled {twice[0]!r}; give one of them another label")
    return found


def _candidate(settings: dict[str, Any], common: Formula) -> RegressionCandidate:
    kind = read_kind(settings["family"], "family")
    name = kind.law.name
    own = read_formula(settings["formula"], f"{name}: formula") if "formula" in settings else common
    if own.outcome not in ("", common.outcome):
        raise CandidateError(
            f"{name}: the outcome is {own.outcome!r}, but that of the others {common.outcome!r}; losses of different "
            "outcomes cannot be compared"
        )
    own = Formula(common.outcome, own.terms, tuple(dict.fromkeys([*_names_of(common.outcome), *own.names])))
    link = settings.get("link", kind.response.links[0])
    if link not in kind.response.links:
        hint = did_you_mean(str(link), LINKS)
        raise CandidateError(f"{name}: link: expected one of {', '.join(kind.response.links)}, got {link!r}{hint}")
    columns = {key: _column(settings.get(key), f"{name}: {key}") for key in ("offset", "exposure")}
    if columns["exposure"] and link != "log":
        raise CandidateError(f"{name}: exposure: goes with the link log, got the link {link}; use offset")
    zeros = _zeros(settings.get("inflation"), kind, own)
    usual = own.terms if kind.zeros == "hurdle" else "1"
    label = settings.get("label")
    if label is not None and (not isinstance(label, str) or not label.strip()):
        raise CandidateError(f"{name}: label must be text, got {label!r}")
    if label is None:
        label = name if own.terms == common.terms else f"{name} ~ {own.terms}"
        label += "" if zeros is None or zeros.terms == usual else f", inflation ~ {zeros.terms}"
        said = [link] if link != kind.response.links[0] else []
        said += [f"{key} {column}" for key, column in columns.items() if column]
        label += f" ({', '.join(said)})" if said else ""
    return RegressionCandidate(kind, own, zeros, LINKS[link], columns["offset"], columns["exposure"], label)


def _zeros(given: Any, kind: Kind, own: Formula) -> Formula | None:
    name = kind.law.name
    if not kind.zeros:
        if given is not None:
            raise CandidateError(
                f"{name}: inflation: goes with zero_inflated and hurdle only; expected {{zero_inflated: {name}}}"
            )
        return None
    if given is None:
        return Formula("", own.terms if kind.zeros == "hurdle" else "1", own.names if kind.zeros == "hurdle" else ())
    zeros = read_formula(given, f"{name}: inflation")
    if zeros.outcome:
        raise CandidateError(f"{name}: inflation: expected nothing left of ~, got {zeros.outcome!r}")
    return zeros


def _column(value: Any, where: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise CandidateError(f"{where}: expected the name of a column, got {value!r}")
    return value


def _names_of(text: str) -> list[str]:
    return _names(text, text, "formula")


def _names(side: str, text: str, where: str) -> list[str]:
    """Columns that one side of a formula names; refuses what is more than a formula."""
    try:
        # a:b is an interaction; an operator of Python that formulas do not use takes its place
        tree = ast.parse(_outside_quotes(side, lambda part: part.replace(":", "@")), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CandidateError(f"{where}: {side!r} in {text!r} cannot be read as the side of a formula") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            what = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise CandidateError(
                f"{where}: {what!r} is not allowed in a formula; expected columns, numbers, operators, and {_known()}"
            )
        if isinstance(node, ast.Call):
            function = node.func.id if isinstance(node.func, ast.Name) else ""
            if function not in (*FUNCTIONS, *_TERMS):
                hint = did_you_mean(function, (*FUNCTIONS, *_TERMS))
                raise CandidateError(f"{where}: unknown function {function!r}; expected {_known()}{hint}")
            if function == "Q":
                quoted = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if len(quoted) != 1 or not isinstance(quoted[0], str):
                    raise CandidateError(f"{where}: Q expects the quoted name of one column")
                names.append(quoted[0])
        elif isinstance(node, ast.Name) and id(node) not in called and node.id not in _TERMS:
            names.append(node.id)
    return names


def _outside_quotes(side: str, change: Callable[[str], str]) -> str:
    parts = re.split(r"""("[^"]*"|'[^']*')""", side)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))


def _spaced(side: str) -> str:
    """One space around each +, and no other superfluous ones: the same terms are the same text."""
    return _outside_quotes(side, lambda part: re.sub(r"\s*\+\s*", " + ", re.sub(r"\s+", " ", part))).strip()


def _known() -> str:
    return f"the functions {', '.join((*FUNCTIONS, *_TERMS))}"
