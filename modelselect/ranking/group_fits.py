"""Candidates fitted and scored a rectangle of groups at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from modelselect.divergence.censored import spread_censored
from modelselect.divergence.counts import plug_in
from modelselect.divergence.entropy import LEAST_WORTH, lattice
from modelselect.divergence.spacings import spacing
from modelselect.domain import Array
from modelselect.families.candidates import Candidate
from modelselect.family import Family
from modelselect.fitting.refit import pointwise_of
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.status import IMPOSSIBLE, Status, Verdicts
from modelselect.grouped import Grouped, Rectangle
from modelselect.observations import distinct_numbers
from modelselect.ranking.nesting import Nesting, nesting
from modelselect.sample import Sample

#: Statuses by their code.
STATUSES = tuple(str(status) for status in Status)
#: Whether a code is that of a likelihood that may be ranked.
USABLE = np.array([status.usable for status in Status])
#: Code of a candidate that cannot produce the data.
OUT = STATUSES.index(str(Status.OUT_OF_SUPPORT))
_CODE = {status: i for i, status in enumerate(STATUSES)}
#: (place of the candidate, status, reason) → number of groups and the place of the first of them.
Reasons = dict[tuple[int, str, str], tuple[int, int]]


class GroupFits:
    """All candidates in all groups: arrays that are filled in, a rectangle at a time."""

    def __init__(
        self, data: Grouped, candidates: Sequence[Candidate], laws: Sequence[Family], tests: bool, seed: int
    ) -> None:
        G, K = len(data), len(candidates)
        self.data, self.candidates, self.laws, self.seed = data, candidates, laws, seed
        self.tests = tests and K > 1
        self.n, self.entropy, self.in_sample = np.zeros(G), np.full(G, np.nan), np.full(G, np.nan)
        self.log_likelihood = np.full((G, K), np.nan)
        self.status = np.zeros((G, K), dtype=np.int8)
        self.p_value = np.full(G, np.nan)
        self.estimates = {
            c.label: np.full((G, len(law.parameters)), np.nan) for c, law in zip(candidates, laws, strict=True)
        }
        self.reasons: Reasons = {}
        k = [number_of_free(c, law) for c, law in zip(candidates, laws, strict=True)]
        self._k = np.array(k, dtype=float)
        self._relations = self._nestings() if self.tests else {}

    def do(self, rectangle: Rectangle) -> None:
        """Fit all candidates to the groups of a rectangle."""
        rows, step = rectangle.groups, self.data.resolution
        self.n[rows] = rectangle.weights.sum(axis=1)
        self._level(rectangle)
        points, cells = rectangle.block(None), None
        logs: list[Array | None] = []
        for j, (candidate, law) in enumerate(zip(self.candidates, self.laws, strict=True)):
            if law.discrete and step != law.support.step:
                self._refuse(rows, j, Status.OUT_OF_SUPPORT, "it gives masses to a grid that is not that of the data")
                logs.append(None)
                continue
            missing = law.missing(candidate.fixed)
            if missing:
                self._refuse(rows, j, Status.NOT_IDENTIFIED, f"{' and '.join(missing)} must be given: never estimated")
                logs.append(None)
                continue
            block = points
            if not law.discrete and step is not None:
                block = cells = rectangle.block(step) if cells is None else cells
            found = estimate_candidate(candidate, law, block, {})
            self.log_likelihood[rows, j] = found.log_likelihood
            self.estimates[candidate.label][rows] = found.parameters
            self._note(rows, j, law, found.verdicts)
            if self.tests:
                with np.errstate(all="ignore"):
                    logs.append(pointwise_of(found, block))
        if self.tests:
            self._test(rectangle, logs)

    def _level(self, rectangle: Rectangle) -> None:
        rows, step = rectangle.groups, self.data.resolution
        if rectangle.upper is not None:
            self._level_of_censored(rectangle, rectangle.upper)
        elif step is not None:
            weights = np.asfortranarray(rectangle.weights)  # short rows are summed column by column
            self.entropy[rows] = lattice(rectangle.values, weights, step, seed=self.seed, pointwise=False).value
            self.in_sample[rows] = plug_in(weights)
        elif self.data.weights is None:
            with np.errstate(invalid="ignore"):
                value = spacing(rectangle.values, rectangle.sizes)
            value = np.where(np.isfinite(value), value, np.nan)
            self.entropy[rows] = self.in_sample[rows] = value

    def _level_of_censored(self, rectangle: Rectangle, upper: Array) -> None:
        """As that of each group's own sample, if there are events enough; none of weights, nor of a grid."""
        if self.data.weights is not None or self.data.resolution is not None:
            return
        observed = (rectangle.weights > 0) & np.isfinite(upper)
        some = np.flatnonzero(observed.sum(axis=1) >= LEAST_WORTH)
        if len(some):
            found, _, _ = spread_censored(rectangle.values[some], observed[some], rectangle.sizes[some])
            self.entropy[rectangle.groups[some]] = self.in_sample[rectangle.groups[some]] = found.value

    def _refuse(self, rows: NDArray[np.intp], j: int, status: Status, reason: str) -> None:
        self.status[rows, j] = _CODE[str(status)]
        if status is Status.OUT_OF_SUPPORT:
            self.log_likelihood[rows, j] = -np.inf
        self._count(j, str(status), reason, len(rows), int(rows.min()))

    def _note(self, rows: NDArray[np.intp], j: int, law: Family, verdicts: Verdicts) -> None:
        codes = [_CODE[str(status or Status.FAILED)] for status, _ in verdicts.said]
        self.status[rows, j] = np.array(codes, dtype=np.int8)[verdicts.place]
        for place, (status, reason) in enumerate(verdicts.said):  # a handful
            here = rows[verdicts.place == place]
            if reason and len(here):
                if status is Status.OUT_OF_SUPPORT and reason != IMPOSSIBLE:
                    # a block of one group would name its observations: the words are the same whatever shares it
                    reason = f"observations lie outside the support {law.support}"
                self._count(j, str(status), reason, len(here), int(here.min()))

    def _count(self, j: int, status: str, reason: str, count: int, first: int) -> None:
        before = self.reasons.get((j, status, reason), (0, first))
        self.reasons[j, status, reason] = before[0] + count, min(before[1], first)

    def _nestings(self) -> dict[tuple[int, int], Nesting]:
        sample = template_of(self.data)
        fits = [
            Fit(
                c,
                law,
                dict.fromkeys(law.parameters, np.nan),
                np.nan,
                number_of_free(c, law),
                Status.CONVERGED,
                "",
                sample,
            )
            for c, law in zip(self.candidates, self.laws, strict=True)
        ]
        pairs = {(i, j): nesting(a, b) for i, a in enumerate(fits) for j, b in enumerate(fits) if i != j}
        return {places: relation for places, relation in pairs.items() if relation is not None}

    def _test(self, rectangle: Rectangle, logs: list[Array | None]) -> None:
        """Test the runner-up against the best by corrected loss: likelihood ratio if nested, Vuong's test if not."""
        rows = rectangle.groups
        loss = -self.log_likelihood[rows] + self._k / self.n[rows, None]
        loss = np.where(USABLE[self.status[rows]] & np.isfinite(loss), loss, np.inf)
        order = np.argsort(loss, axis=1, kind="stable")[:, :2]
        n, shares = self.n[rows], rectangle.weights / self.n[rows, None]
        for best in range(len(self.candidates)):
            for second in range(len(self.candidates)):
                here = np.flatnonzero((order[:, 0] == best) & (order[:, 1] == second))
                here = here[np.isfinite(loss[here, second]) & (n[here] >= 5)]
                a, b = logs[best], logs[second]
                if not len(here) or a is None or b is None:
                    continue
                p, size = shares[here], n[here]
                with np.errstate(invalid="ignore"):  # on padding both may be infinite
                    d = np.where(p > 0, a[here] - b[here], 0.0)
                gap = (p * d).sum(axis=1)
                variance = (p * np.square(d - gap[:, None])).sum(axis=1) * size / (size - 1.0)
                value = self._p_value(best, second, gap, variance, size)
                value[(p > 0).sum(axis=1) < 2] = np.nan
                self.p_value[rows[here]] = value

    def _p_value(self, a: int, b: int, gap: Array, variance: Array, n: Array) -> Array:
        relation = self._relations.get((a, b))
        if relation is not None:
            if not relation.regular:
                return np.full(len(n), np.nan)
            ratio = np.maximum(2.0 * n * gap * relation.sign, 0.0)
            if relation.degrees == 0:
                return np.ones(len(n))
            tail = chdtrc(relation.degrees, ratio)
            if not relation.boundary:
                return np.asarray(tail)
            inner = chdtrc(relation.degrees - 1, ratio) if relation.degrees > 1 else (ratio <= 0).astype(float)
            return np.asarray(0.5 * inner + 0.5 * tail)
        k = self._k[a] - self._k[b]
        spread = np.sqrt(variance / n + max(abs(k), 1.0) / n**2)
        z = (gap - k / (2.0 * n)) / spread
        return np.asarray(2.0 * ndtr(-np.abs(z)))


def template_of(data: Grouped) -> Sample:
    """Return a small sample of the kind and extent of all the data, by which families are chosen."""
    distinct, _ = distinct_numbers(data.values[:: max(1, len(data.values) // 100_000)])
    ends = np.unique(np.concatenate([distinct, [data.values.min(), data.values.max()]]))
    return Sample(ends, resolution=data.resolution)


def number_of_free(candidate: Candidate, law: Family) -> int:
    """Return how many parameters are estimated."""
    given = {name for name, p in law.parameters.items() if name in candidate.fixed or p.default is not None}
    return len(law.parameters) - len(given)
