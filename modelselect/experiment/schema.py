"""The part of the JSON Schema that says what a candidate may look like: editors complete it."""

from collections.abc import Sequence
from typing import Any

from modelselect.families import candidates as families
from modelselect.families.groups import GROUPS
from modelselect.ranking.regression.responses import LINKS, RESPONSES


def candidate_schema(known: Sequence[str]) -> dict[str, Any]:
    """Schema of one candidate; `known` families are proposed."""
    long_form = {
        "type": "object",
        "required": ["family"],
        "properties": {
            "family": {"description": "The family, or a composition of families."},
            "fixed": {"type": ["object", "null"], "description": "Parameters that are known."},
            "bounds": {"type": ["object", "null"], "description": "Parameter: [low, high], null for no bound."},
            "method": {"enum": list(families.METHODS), "description": "How it is estimated."},
            "formula": {"type": "string", "description": "Terms of a regression's mean: '~ age + sex'."},
            "link": {"enum": list(LINKS), "description": "Which function of the mean the terms add up to."},
            "offset": {"type": "string", "description": "A column that is added to the terms."},
            "exposure": {"type": "string", "description": "A column whose logarithm is added to the terms."},
            "inflation": {"type": "string", "description": "Terms of the logit of an extra zero: '~ age'."},
            "label": {"type": "string", "description": "The name of this candidate in tables and figures."},
        },
    }
    short_form = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {family: {"description": _argument_of(family)} for family in known},
    }
    names: dict[str, Any] = {"type": "string", **({"examples": [*GROUPS, *known]} if known else {})}
    return {
        "description": "A family; a group; a family with its fixed parameters or its formula; or the long form.",
        "anyOf": [names, long_form, short_form],
    }


def _argument_of(family: str) -> str:
    return f"Fixed parameters of {family}{', or the formula of its regression' if family in RESPONSES else ''}."
