"""Groups ranked part by part: what all parts share, what one part gives, and how parts become a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.errors import CandidateError
from modelselect.families.candidates import Candidate, parse_candidates
from modelselect.family import Family
from modelselect.fitting.fit import law_on
from modelselect.grouped import Grouped
from modelselect.ranking.automatic import automatic_candidates
from modelselect.ranking.group_fits import GroupFits, Reasons
from modelselect.sample import Sample


@dataclass(frozen=True)
class Plan:
    """What is done with every part, whatever groups are in it.

    Attributes
    ----------
    candidates, laws
        K candidates, and the family that each stands for on these data.
    rank_by, unit, tests, seed
        As of `rank_groups`.
    """

    candidates: tuple[Candidate, ...]
    laws: tuple[Family, ...]
    rank_by: str
    unit: str
    tests: bool
    seed: int


@dataclass(frozen=True, eq=False)
class Part:
    """Some groups, ranked; the arrays are those of `GroupRanking`.

    Attributes
    ----------
    data
        The groups, in the order of their keys.
    reasons
        (place of the candidate, status, reason) → number of groups and the place of the first of them.
    """

    data: Grouped
    n: Array
    entropy: Array
    in_sample: Array
    log_likelihood: Array
    status: NDArray[np.int8]
    estimates: Mapping[str, Array]
    p_value: Array
    reasons: Reasons


def plan_of(
    template: Sample, candidates: Sequence[Any] | str | None, *, rank_by: str, unit: str, tests: bool, seed: int
) -> Plan:
    """Choose candidates and their laws by a sample of the kind and extent of all the data.

    Raises
    ------
    CandidateError
        A candidate is not understood, or gives masses to outcomes.

    Examples
    --------
    >>> plan = plan_of(Sample([0, 3, 9]), ["uniform"], rank_by="kl", unit="day", tests=False, seed=0)
    >>> [law.name for law in plan.laws]
    ['discrete_uniform']
    """
    chosen = tuple(parse_candidates(automatic_candidates(template) if candidates is None else candidates))
    laws = tuple(law_on(candidate, template) for candidate in chosen)
    nominal = next((candidate.label for candidate, law in zip(chosen, laws, strict=True) if law.nominal), None)
    if nominal is not None:
        raise CandidateError(f"candidates: {nominal} gives masses to outcomes; in groups only families are ranked")
    return Plan(chosen, laws, rank_by, unit, tests, seed)


def rank_part(plan: Plan, data: Grouped, progress: Callable[[int], None] | None = None) -> Part:
    """Fit all candidates in some groups; `progress` is called with the number that are done."""
    work = GroupFits(data, plan.candidates, plan.laws, plan.tests, plan.seed)
    done = 0
    for rectangle in data.rectangles():
        work.do(rectangle)
        done += len(rectangle.groups)
        if progress is not None:
            progress(done)
    return Part(
        data,
        work.n,
        work.entropy,
        work.in_sample,
        work.log_likelihood,
        work.status,
        work.estimates,
        work.p_value,
        work.reasons,
    )


def join(parts: Sequence[Part]) -> Part:
    """Put parts together, their groups in the order of the keys, whichever part each was in."""
    if len(parts) == 1:
        return parts[0]
    keys = pd.concat([part.data.keys for part in parts], ignore_index=True)
    order = keys.sort_values(list(keys.columns), kind="stable").index.to_numpy()
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    before = np.cumsum([0, *(len(part.data) for part in parts)])
    reasons: Reasons = {}
    for part, offset in zip(parts, before[:-1], strict=True):
        for what, (count, first) in part.reasons.items():
            there = int(place[offset + first])
            known, earliest = reasons.get(what, (0, there))
            reasons[what] = known + count, min(earliest, there)

    def merged(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    return Part(
        _joined([part.data for part in parts], keys.iloc[order].reset_index(drop=True), order),
        merged("n"),
        merged("entropy"),
        merged("in_sample"),
        merged("log_likelihood"),
        merged("status"),
        {label: np.concatenate([p.estimates[label] for p in parts])[order] for label in parts[0].estimates},
        merged("p_value"),
        reasons,
    )


def ledger_of(candidates: Sequence[Candidate], keys: pd.DataFrame, reasons: Reasons) -> pd.DataFrame:
    """Return the reasons, with how many groups have each and the first of them."""
    rows = [
        (candidates[j].label, status, reason, count, ", ".join(map(str, keys.iloc[first])))
        for (j, status, reason), (count, first) in sorted(reasons.items())
    ]
    columns = ["candidate", "status", "reason", "groups", "first"]
    return pd.DataFrame(rows, columns=columns).astype({name: "str" for name in columns if name != "groups"})


def _joined(data: Sequence[Grouped], keys: pd.DataFrame, order: NDArray[np.intp]) -> Grouped:
    """Observations of all parts, those of a group side by side, groups in the order of `keys`."""
    sizes = np.concatenate([part.rows for part in data])
    begins = np.cumsum(sizes) - sizes
    starts = np.append(0, np.cumsum(sizes[order]))
    rows = np.arange(starts[-1]) + np.repeat(begins[order] - starts[:-1], sizes[order])
    weights = [part.weights for part in data if part.weights is not None]
    events = [part.events for part in data if part.events is not None]
    notes = dict.fromkeys(note for part in data for note in part.notes)
    return Grouped(
        keys,
        np.concatenate([part.values for part in data])[rows],
        np.concatenate(weights)[rows] if weights else None,
        starts,
        data[0].resolution,
        tuple(notes),
        np.concatenate(events)[rows] if events else None,
    )
