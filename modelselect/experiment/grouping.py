"""What an experiment may say beside ``by``: the same candidates are ranked in every group of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelselect.experiment.problems import Problem
from modelselect.ranking.groups import CRITERIA

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment

#: Settings under ``data`` that groups do not have.
_DATA = ("lower", "upper", "truncation", "ordered", "formula", "labels")
#: What is asked of one ranking.
_STUDIES = (
    "criteria", "entropy", "dependence", "adequacy", "bootstrap", "block_length", "stacking", "profiles", "predictions"
)  # fmt: skip


def grouping_problems(experiment: Experiment) -> list[Problem]:
    """Say what does not go together with ``by``, and what needs it."""
    data = experiment.data
    if data.by is None:
        if experiment.tests:
            return [Problem(("tests",), "there are no groups, expected 'by' under 'data' too", at_key=True)]
        return []
    problems = [
        Problem(
            ("data", name),
            "makes no sense beside 'by': only plain and right-censored observations are grouped",
            at_key=True,
        )
        for name in _DATA
        if getattr(data, name)
    ]
    if data.column is None and not problems:
        problems.append(Problem(("data", "by"), "there is no column, expected 'column' beside 'by'", at_key=True))
    if data.weights_kind != "frequency":
        problems.append(Problem(("data", "weights_kind"), "frequency, beside 'by'", got=(data.weights_kind,)))
    for place, name in enumerate(data.keys):
        if name in (data.column, data.weight, data.event, *data.keys[:place]):
            problems.append(Problem(("data", "by"), f"'{name}' is named twice, expected distinct columns"))
    fields = type(experiment).model_fields
    problems += [
        Problem((name,), "makes no sense with groups of rows; 'where' takes one of them", at_key=True)
        for name in _STUDIES
        if getattr(experiment, name) != fields[name].default
    ]
    if experiment.rank_by not in CRITERIA:
        expected = f"one of {', '.join(CRITERIA)}, since there are groups"
        problems.append(Problem(("rank_by",), expected, got=(experiment.rank_by,)))
    return problems
