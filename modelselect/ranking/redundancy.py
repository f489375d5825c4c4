"""Candidates that are the same law at their fitted parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelselect.domain import Array
from modelselect.fitting.result import Fit
from modelselect.masses import log_mass

#: KL in nats below which two laws are the same one.
SAME = 1e-6
#: Nodes over which two laws are compared.
_NODES = 512


def redundant(fits: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return groups of labels whose fitted laws differ by less than 1e-6 nats, each in the ranking's order.

    KL is summed over 512 cells that the first law gives equal mass, and the rest of its support: KL of a partition
    is a lower bound, and laws that agree on all of it to 1e-6 agree wherever the sample could tell.
    """
    able = {label: fit for label, fit in fits.items() if isinstance(fit, Fit) and fit.status.usable}
    able = {label: fit for label, fit in able.items() if not fit.law.nominal and fit.distribution is not None}
    groups: list[list[str]] = []
    for label, fit in able.items():
        for group in groups:
            if _same(able[group[0]], fit):
                group.append(label)
                break
        else:
            groups.append([label])
    return [tuple(group) for group in groups if len(group) > 1]


def _same(a: Fit, b: Fit) -> bool:
    """Whether KL(a ‖ b) on a partition into cells is below `SAME`; two that differ on the sample are not looked at."""
    if a.distribution is None or b.distribution is None or a.law.discrete != b.law.discrete:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(a.pointwise - b.pointwise)
        if not float(a.sample.shares @ np.square(apart)) < 100 * SAME:
            return False
    edges = np.unique(a.distribution.ppf(np.arange(1, _NODES) / _NODES))
    low, high = np.append(-np.inf, edges), np.append(edges, np.inf)
    if a.law.discrete:
        low = low + a.law.support.step
    with np.errstate(all="ignore"):
        logs: list[Array] = [
            np.asarray(log_mass(law.family, low, high, tuple(law.parameters.values())))
            for law in (a.distribution, b.distribution)
        ]
        p = np.exp(logs[0])
        kl = float(np.sum(np.where(p > 0, p * (logs[0] - logs[1]), 0.0)))
    return abs(kl) < SAME
