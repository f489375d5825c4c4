"""Run an experiment whose rows are grouped: the same candidates in every group, a deck of groups at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelselect.experiment.engines import Engine
from modelselect.experiment.files import DataFile, counted
from modelselect.experiment.finished import Finished, name_of
from modelselect.experiment.group_tables import (
    Layout,
    card,
    dealt,
    fingerprint_of,
    gathered,
    layout_of,
    outline_of,
    read_piece,
    resolution_asked,
)
from modelselect.experiment.partitions import partitions
from modelselect.grouped import Grouped, censoring
from modelselect.ranking.group_parts import Part, Plan, plan_of, rank_part
from modelselect.ranking.groups import GroupRanking, ranking_of

if TYPE_CHECKING:
    from modelselect.experiment.config import Experiment

#: How often the progress of fitting is told.
TICKS = 100


@dataclass(frozen=True, eq=False)
class Ranked:
    """A ranking of groups, with what the report says of its data."""

    groups: GroupRanking
    sentence: str
    sha256: str
    notes: tuple[str, ...]


def rank_experiment(
    experiment: Experiment, engine: Engine, tell: Callable[[str], None], finished: Finished | None
) -> Ranked:
    """Read the rows, divide them into groups, and rank the candidates in each.

    Parameters
    ----------
    experiment
        One that has ``by``.
    engine
        Where the rows are read and the groups fitted.
    tell
        Called with ``data`` once, and `TICKS` times while groups are fitted.
    finished
        Where parts are kept while the run goes on, and found if it is taken up again.
    """
    data, there = experiment.data, anywhere(experiment)
    pieces = engine.keep(read_piece, [(there, part) for part in partitions(there)])
    layout = layout_of(experiment, engine.map(outline_of, [(piece, resolution_asked(data)) for piece in pieces]))
    cards = engine.keep(dealt, [(piece, layout) for piece in pieces])
    hands = [engine.keep(card, [(each, deck) for each in cards]) for deck in range(layout.decks)]
    decks = engine.keep(gathered, [(hand, layout, data.keys) for hand in hands])
    marks = engine.map(fingerprint_of, decks)
    plan = plan_of(
        layout.template,
        experiment.candidates,
        rank_by=experiment.rank_by,
        unit=data.unit,
        tests=experiment.tests,
        seed=experiment.seed,
    )
    del pieces, cards, hands
    tell("data")
    names = [name_of(plan, experiment.candidates, mark) for mark in marks]
    parts = _parts(plan, decks, names, engine, _ticking(tell, layout.decks), finished)
    groups = ranking_of(plan, [part for part in parts if part is not None])
    digest = hashlib.sha256("".join(sorted(marks)).encode()).hexdigest()
    events = groups.groups.events
    notes = (*layout.notes, *([] if events is None else [censoring(events)]))
    return Ranked(groups, _sentence(experiment, layout, len(groups)), digest, notes)


def _parts(
    plan: Plan,
    decks: list[Any],
    names: list[str],
    engine: Engine,
    tick: Callable[[], None],
    finished: Finished | None,
) -> list[Part | None]:
    """Rank each deck, but take those that are finished from where they are kept."""
    parts: list[Part | None] = [None] * len(decks)
    old = [i for i, name in enumerate(names) if finished is not None and finished.has(name)]
    new = [i for i in range(len(decks)) if i not in set(old)]
    if finished is not None and old:
        for place, groups in zip(old, engine.map(_itself, [decks[i] for i in old]), strict=True):
            parts[place] = finished.read(names[place], plan, groups)
            tick()

    def done(place: int, part: Part | None) -> None:
        parts[new[place]] = part
        if finished is not None and part is not None:
            finished.write(names[new[place]], part)
        tick()

    engine.map(ranked, [(plan, decks[i]) for i in new], done)
    return parts


def ranked(job: tuple[Plan, Grouped | None]) -> Part | None:
    """Rank the groups of one deck; None if there are none."""
    plan, groups = job
    return None if groups is None else rank_part(plan, groups)


def anywhere(experiment: Experiment) -> Experiment:
    """The same experiment, its file found from whatever folder a process works in."""
    there = deepcopy(experiment)
    there.data._folder = there.data._folder.absolute()
    return there


def _itself(job: Any) -> Any:
    return job


def _ticking(tell: Callable[[str], None], decks: int) -> Callable[[], None]:
    """Tell the progress `TICKS` times in all, however many decks there are."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        for _ in range(done * TICKS // decks - (done - 1) * TICKS // decks):
            tell(f"{done} of {decks} parts")

    return tick


def _sentence(experiment: Experiment, layout: Layout, groups: int) -> str:
    data = experiment.data
    name = DataFile(experiment, None).name  # type: ignore[arg-type]
    keys = " and ".join(f"`{key}`" for key in data.keys)
    sentence = f"{counted(layout.n, 'observation')} in column `{data.column}` of {name}, in {groups} groups by {keys}"
    if data.event is not None:
        sentence += f", events in `{data.event}`"
    if data.weight is not None:
        sentence += f", weighted by `{data.weight}`"
    if data.where is not None:
        sentence += f", where {data.where.strip()}: {layout.kept} of {layout.total} rows"
    return sentence
