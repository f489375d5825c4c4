"""JSON Schema of an experiment file, for editors that complete and check while one types."""

from collections.abc import Sequence
from typing import Any

from modelselect.experiment.config import Experiment
from modelselect.families import candidates as families
from modelselect.families.groups import GROUPS
from modelselect.ranking.regression.responses import LINKS, RESPONSES


def json_schema(known: Sequence[str] = ()) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an experiment file, for editors.

    Parameters
    ----------
    known
        Names that the editor proposes for candidates; others are accepted all the same.

    Examples
    --------
    >>> {"candidates", "data", "experiments"} <= set(json_schema()["properties"])
    True
    """
    schema = Experiment.model_json_schema(by_alias=True)
    listed = {**schema["properties"]["candidates"], "items": {"$ref": "#/$defs/Candidate"}}
    description = listed.pop("description")
    schema["properties"]["candidates"] = {
        "description": description,
        "anyOf": [listed, {"type": "string", "examples": list(GROUPS)}],
    }
    definitions = {**schema["$defs"], "Candidate": _candidate_schema(known)}
    definitions["PartOfExperiment"] = {
        "type": "object",
        "description": "One of several experiments; what it does not say is taken from the top of the file.",
        "properties": schema["properties"],
        "additionalProperties": False,
    }
    several_experiments = {
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/PartOfExperiment"},
        "description": "Several experiments; all other keys of the file are defaults of each.",
    }
    extends = {"type": "string", "description": "A file that gives whatever this one does not say."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "modelselect experiment",
        "description": "A sample, the families that could have produced it, and how to rank them.",
        "type": "object",
        "properties": {**schema["properties"], "experiments": several_experiments, "extends": extends},
        "additionalProperties": False,
        "anyOf": [
            {"required": ["data", "candidates"]},
            {"required": ["data", "predictions"]},
            {"required": ["experiments"]},
            {"required": ["extends"]},
        ],
        "$defs": definitions,
    }


def _candidate_schema(known: Sequence[str]) -> dict[str, Any]:
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
