"""Ends of the support that were taken from the sample: they follow it more closely than other parameters do."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from modelselect.fitting.result import Fit


@singledispatch
def ends_taken(_contender: Any) -> int:
    """How many estimated ends of the support are the outermost observation.

    A law that jumps at an end gains an Exp(1) number of nats in all by moving the end to the smallest or the largest
    observation, 1 in the mean, where a regular parameter gains ½χ²₁, ½ in the mean (Smith 1985): each such end counts
    twice in k/(2n), and adds 1/n² to the variance that estimation adds to a mean.

    Examples
    --------
    >>> import modelselect as ms
    >>> x = [0.2, 0.5, 0.9, 1.4]
    >>> [ends_taken(ms.fit(name, x)) for name in ("uniform", "pareto", "normal")]
    [2, 1, 0]
    """
    return 0


@ends_taken.register
def _(fit: Fit) -> int:
    moved = [name for name in fit.irregular if not fit.law.parameters[name].domain.lattice]
    if not moved or not fit.status.usable or fit.candidate.method != "mle" or fit.law.discrete:
        return 0
    law = fit.distribution
    if law is None or law.family.nominal or not fit.sample.exact:
        return 0
    support, values = law.support, fit.sample.values
    half = 0.5 * float(fit.sample.resolution or 0.0)
    touching = [abs(support.low - values[0]) <= 1.001 * half, abs(support.high - values[-1]) <= 1.001 * half]
    return int(min(sum(map(bool, touching)), len(moved)))
