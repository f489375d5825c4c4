"""Candidates that suggest themselves for a sample, where nobody names any."""

from __future__ import annotations

import numpy as np

from modelselect.errors import DataError
from modelselect.families.groups import CORE
from modelselect.family import registered
from modelselect.sample import Sample

#: Whole numbers with more distinct values than this may be rounded measurements.
_MANY = 20


def automatic_candidates(sample: Sample) -> list[str]:
    """Names of the core families that apply to a sample without any parameter being given.

    Labels get the uniform over the outcomes, and free probabilities. Whole numbers get the families of counts whose
    support holds them all, and also the continuous ones (by the mass of each whole number) if some are negative or
    more than 20 are distinct, since these may be rounded measurements. Other numbers get the continuous families
    whose support holds them all.

    Raises
    ------
    DataError
        No family applies.

    Examples
    --------
    >>> automatic_candidates(Sample(["cat", "dog", "cat"]))
    ['uniform', 'categorical']
    """
    if sample.kind == "nominal":
        return ["uniform", "categorical"]
    low, high = float(sample.values[0]), float(sample.values[-1])
    whole = sample.resolution == 1.0
    kinds = {True, False} if whole and (low < 0 or len(sample) > _MANY) else {whole}
    chosen = []
    for name, family in registered().items():
        given = family.made or family.period is not None or any(p.required for p in family.parameters.values())
        if name not in CORE or given or family().discrete not in kinds or (whole and name == "uniform"):
            continue
        if np.all(family.support.contains([low, high])):
            chosen.append(name)
    if not chosen:
        raise DataError(f"no family holds all values from {low:g} to {high:g}; name the candidates")
    return chosen
