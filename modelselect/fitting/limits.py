"""Where the likelihood has no interior maximum: the families that are reached at the edge of another one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelselect.block import Block
from modelselect.domain import Array
from modelselect.families.truncated import far_above
from modelselect.family import Family, Limit
from modelselect.fitting.answer import Estimate
from modelselect.fitting.compress import nodes_of
from modelselect.fitting.likelihood import mean_log_likelihood
from modelselect.fitting.runaway import pointed
from modelselect.fitting.status import Status, Verdicts

Flags = NDArray[np.bool_]

#: Relative difference of two mean log-likelihoods on nodes that is more than what the nodes leave out.
_CLOSE = 1e-4


class Limits:
    """The limits of one family on one block, each fitted when it is first needed.

    Attributes
    ----------
    candidates
        Limits that the given parameters leave open.
    fits
        Place among the candidates → estimate of the limit family.
    reached
        Place of the limit that each group reached ``(G,)``, −1 for none.
    """

    def __init__(
        self,
        family: Family,
        block: Block,
        given: Mapping[str, Array],
        estimate: Callable[..., Estimate],
        groups: int,
        rough: bool = False,
    ) -> None:
        self.family, self.block, self.given = family, block, given
        self.candidates: list[Limit] = []
        self.fits: dict[int, Estimate] = {}
        self.reached = np.full(groups, -1)
        self._certain = np.zeros(groups, dtype=bool)
        self._estimate, self._groups, self._rough = estimate, groups, rough

    def find(self, free: Sequence[str]) -> None:
        """Find the limits of the family that the given parameters leave open."""
        family, block = self.family, self.block
        found: tuple[Limit, ...] = ()
        allowed: tuple[str, ...] = ()
        if family.limit is not None:
            allowed, _ = keywords(family.limit)
            seen = (nodes_of(block) if family.everything and block.long and block.plain else None) or block
            statistics = [seen.statistic(function) for function in family.statistics]
            own = family.limit(*statistics, **{n: v for n, v in self.given.items() if n in allowed})
            found = (own,) if isinstance(own, Limit) else own
        if block.truncation is not None:
            low = np.where(block.weights > 0, block.truncation[0], np.inf).min()
            found = (*found, *(far_above(family, float(low)) if np.isfinite(low) else ()))
        for limit in found:
            # a parameter that tends to its limit must be free to do so, or be there
            targets = [(value, limit.parameters.get(name)) for name, value in self.given.items()]
            there = all(isinstance(target, str) or np.all(value == target) for value, target in targets)
            held = any(not isinstance(target, str) for _, target in targets)
            if there and not (held and all(isinstance(limit.parameters.get(name), str) for name in free)):
                certain = np.broadcast_to(limit.certain, (self._groups,)) & all(name in allowed for name in self.given)
                certain = certain & block.plain  # the theory is one of exact points
                self.candidates.append(limit._replace(certain=certain))

    def apply_certain(self, i: int, open_: Flags, theta: Array, value: Array) -> Flags:
        """Groups for which theory says that limit i is reached; their theta and value are filled in."""
        rows = np.asarray(self.candidates[i].certain & open_)
        if rows.any():  # the limit of a family made from others may have no maximum either
            rows &= np.broadcast_to(self._fit(i).usable, rows.shape)
        self._certain |= rows
        return self._apply(i, rows, theta, value)

    def apply_better(self, i: int, verdicts: Verdicts, best: Array, theta: Array, value: Array) -> Flags:
        """Groups in which no interior maximum, and no limit before it, beats limit i; filled in likewise."""
        undecided = ~verdicts.among(Status.OUT_OF_SUPPORT, Status.DEGENERATE_SAMPLE)
        undecided &= ~verdicts.among(Status.BOUNDARY) | ((self.reached >= 0) & (self.reached != i) & ~self._certain)
        if not undecided.any():
            return np.asarray(undecided)
        limit = self._fit(i)
        supremum = np.broadcast_to(limit.log_likelihood, (self._groups,))
        able = np.broadcast_to(limit.usable, (self._groups,))
        # on cells a scale that shrinks to nothing leads to the limit, where that has the same likelihood
        unbounded = verdicts.among(Status.UNBOUNDED) & pointed(self.block)
        size = np.maximum(1.0, np.abs(supremum))
        # what is no maximum is no better than the limit by as little as the sample can tell
        slack = np.where(unbounded, 1e-9 * size, np.maximum(1e-9 * size, 1e-3 / self.block.total))
        with np.errstate(invalid="ignore"):
            over_nothing = ~(best > supremum + slack) & ~unbounded
            over_limit = supremum > value + 1e-12 * size
            interior = verdicts.among(Status.CONVERGED, Status.CLOSED_FORM)
            beaten = np.where(interior, supremum >= value, np.where(self.reached >= 0, over_limit, over_nothing))
        return self._apply(i, np.asarray(undecided & able & beaten, dtype=bool), theta, value)

    def close(self, i: int, best: Array, verdicts: Verdicts) -> bool:
        """Whether limit i and what was reached in the interior are too much alike to be told apart on nodes."""
        if verdicts.among(Status.OUT_OF_SUPPORT, Status.DEGENERATE_SAMPLE).all():
            return False
        with np.errstate(invalid="ignore"):
            supremum = self._fit(i).log_likelihood
            return not np.all(np.abs(best - supremum) > _CLOSE * np.maximum(1.0, np.abs(supremum)))

    def settle(self, i: int) -> None:
        """Compute the log-likelihood of limit i on all observations."""
        limit = self._fit(i)
        if limit.rough:
            value = mean_log_likelihood(limit.family, self.block, tuple(limit.parameters.T[:, :, None]))
            self.fits[i] = replace(limit, log_likelihood=np.where(limit.usable, value, np.nan), rough=False)

    def places(self) -> NDArray[np.intp]:
        """Place in `fits` of the limit that each group reached."""
        places = np.full(len(self.candidates) + 1, -1, dtype=np.intp)  # the last is that of none, −1
        places[list(self.fits)] = np.arange(len(self.fits))
        return np.asarray(places[self.reached], dtype=np.intp)

    def _fit(self, i: int) -> Estimate:
        if i not in self.fits:
            limit = self.candidates[i]
            fixed: dict[str, Any] = {}
            for name, target in limit.parameters.items():
                if isinstance(target, str):
                    if name in self.given:
                        fixed[target] = self.given[name]
                elif name not in self.family.parameters and not callable(target):
                    fixed[name] = target
            law = limit.law
            # of families made from others many have the same limits, along several ways
            key = law, self._rough, *((name, np.asarray(value, dtype=float).tobytes()) for name, value in fixed.items())
            self.fits[i] = self.block.remembered(key, lambda: self._estimate(law, self.block, fixed, rough=self._rough))
        return self.fits[i]

    def _apply(self, i: int, rows: Flags, theta: Array, value: Array) -> Flags:
        if not rows.any():
            return rows
        limit, fit = self.candidates[i], self._fit(i)
        take = np.zeros(self._groups, dtype=np.intp) if len(fit.log_likelihood) == 1 else np.arange(self._groups)
        for j, name in enumerate(self.family.parameters):
            target = limit.parameters.get(name, np.nan)
            if isinstance(target, str):
                column = list(fit.family.parameters).index(target)
                theta[rows, j] = fit.parameters[take, column][rows]
            elif callable(target):
                values = fit.parameters[take][rows]
                theta[rows, j] = target(dict(zip(fit.family.parameters, values.T, strict=True)))
            elif name not in self.given:
                theta[rows, j] = np.broadcast_to(target, rows.shape)[rows]
        value[rows] = fit.log_likelihood[take][rows]
        self.reached[rows] = i
        return rows


def keywords(method: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keyword-only arguments of a closed form, or of a limit: the parameters that may be, and that must be, given."""
    return _keywords(getattr(method, "__func__", method))


@cache
def _keywords(function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    only = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return tuple(p.name for p in only), tuple(p.name for p in only if p.default is p.empty)
