"""rank_groups(): the same candidates ranked in every group of a table, a rectangle of groups at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelselect.domain import Array
from modelselect.errors import ConfigurationError, DataError, did_you_mean
from modelselect.families.candidates import Candidate
from modelselect.family import Family
from modelselect.grouped import Grouped
from modelselect.ranking.group_fits import OUT, STATUSES, USABLE, Reasons, number_of_free, template_of
from modelselect.ranking.group_parts import Part, Plan, join, ledger_of, plan_of, rank_part
from modelselect.ranking.ranker import rank
from modelselect.ranking.result import Ranking

#: Criteria that need no more than log-likelihood, entropy and sizes.
CRITERIA = ("kl_corrected", "kl", "cross_entropy", "aic", "aicc", "bic")


@dataclass(frozen=True, eq=False)
class GroupRanking:
    """Candidates ranked in every group.

    Attributes
    ----------
    groups
        The data.
    candidates
        K candidates, in the order that was given.
    by
        Criterion.
    n, entropy, in_sample
        Observations of each group ``(G,)``, their corrected and their plug-in entropy in nats; NaN where none is known.
    log_likelihood
        Mean log-likelihood ``(G, K)`` in nats an observation.
    status_codes
        Place of each status among those of `Status` ``(G, K)``.
    estimates
        Label → parameters ``(G, p)``.
    reasons
        (place of the candidate, status, reason) → number of groups and the place of the first of them.
    p_value
        Of the runner-up against the best ``(G,)``; None where it was not asked for.
    """

    groups: Grouped
    candidates: tuple[Candidate, ...]
    laws: tuple[Family, ...]
    by: str
    unit: str
    n: Array
    entropy: Array
    in_sample: Array
    log_likelihood: Array
    status_codes: NDArray[np.int8]
    estimates: Mapping[str, Array]
    reasons: Reasons
    p_value: Array | None = None
    seed: int = 0

    @property
    def k(self) -> Array:
        """Number of estimated parameters ``(K,)``."""
        return np.array(
            [number_of_free(c, law) for c, law in zip(self.candidates, self.laws, strict=True)], dtype=float
        )

    @cached_property
    def scores(self) -> dict[str, Array]:
        """Columns of the table ``(G, K)``: cross_entropy, kl, kl_corrected, log_likelihood, aic, aicc, bic, delta."""
        n, k = self.n[:, None], self.k[None, :]
        usable, out = USABLE[self.status_codes], self.status_codes == OUT
        with np.errstate(invalid="ignore", divide="ignore"):
            cross = np.where(usable, -self.log_likelihood, np.where(out, np.inf, np.nan))
            total = -n * cross
            aic = 2.0 * k - 2.0 * total
            room = n - k - 1.0
            loss = cross + k / n
            delta = loss - np.min(np.where(usable, loss, np.inf), axis=1, keepdims=True)
            return {
                "cross_entropy": cross,
                "kl": cross - self.in_sample[:, None],
                "kl_corrected": loss - self.entropy[:, None],
                "delta": delta,
                "log_likelihood": total,
                "aic": aic,
                "aicc": aic + np.where(room > 0, 2.0 * k * (k + 1.0) / np.where(room > 0, room, 1.0), np.inf),
                "bic": k * np.log(n) - 2.0 * total,
            }

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Places of the candidates, best first ``(G, K)``: ties go to fewer parameters, then to the given order."""
        score = self.scores[self.by]
        if self.by in ("kl", "kl_corrected"):  # the order does not depend on the level, which may be unknown
            score = self.scores["delta" if self.by == "kl_corrected" else "cross_entropy"]
        key = np.where(np.isnan(score), np.inf, score)
        absent = ~USABLE[self.status_codes]
        rank_of_k = np.argsort(np.argsort(self.k, kind="stable"), kind="stable")
        impossible = self.status_codes != OUT
        columns = (np.broadcast_to(rank_of_k, key.shape), impossible & absent, key, absent)
        return np.lexsort(columns, axis=1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a group × candidate, best first in each group; numbers and categories only, nats an observation."""
        G, K = self.log_likelihood.shape
        order = self.order
        places = order + K * np.arange(G)[:, None]  # in arrays of all groups and candidates
        columns: dict[str, Any] = {
            "candidate": _categories(order.ravel(), [candidate.label for candidate in self.candidates]),
            "rank": np.tile(np.arange(1, K + 1), G),
            "n": np.repeat(self.n, K),
            **{name: column.ravel()[places].ravel() for name, column in self.scores.items()},
            "n_parameters": self.k.astype(int)[order.ravel()],
            "status": _categories(self.status_codes.ravel()[places].ravel(), STATUSES),
        }
        return self._with_keys(columns, np.repeat(np.arange(G), K))

    @cached_property
    def best(self) -> pd.DataFrame:
        """One row a group: candidate, n, its scores, `gap` (how much more the runner-up loses), status."""
        groups, first = np.arange(len(self.groups)), self.order[:, 0]
        columns: dict[str, Any] = {
            "candidate": _categories(first, [c.label for c in self.candidates]),
            "n": self.n,
        }
        for name in ("kl", "kl_corrected", "cross_entropy", "log_likelihood", "aic", "bic"):
            columns[name] = self.scores[name][groups, first]
        delta, second = self.scores["delta"], self.order[:, min(1, len(self.candidates) - 1)]
        with np.errstate(invalid="ignore"):
            gap = delta[groups, second] - delta[groups, first]
        columns["gap"] = gap if len(self.candidates) > 1 else np.full(len(gap), np.nan)
        if self.p_value is not None:
            columns["p_value"] = self.p_value
            columns["q_value"] = false_discovery(self.p_value)
        columns["status"] = _categories(self.status_codes[groups, first], STATUSES)
        return self._with_keys(columns)

    def _with_keys(self, columns: dict[str, Any], groups: NDArray[np.intp] | None = None) -> pd.DataFrame:
        """A table of columns after those that name the groups, of all of them in order unless these are given."""
        keys = self.groups.keys
        whole: dict[Any, Any] = {
            name: keys[name].array if groups is None else keys[name].array.take(groups) for name in keys
        }
        return pd.DataFrame(whole | columns, copy=False)

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """One row a group × candidate × parameter: estimate (limits on a boundary, NaN without an estimate)."""
        parts = [(c.label, list(law.parameters)) for c, law in zip(self.candidates, self.laws, strict=True)]
        labels = sorted({label for label, names in parts if names})
        known = sorted({name for _, names in parts for name in names})
        places = [(labels.index(label), known.index(name)) for label, names in parts for name in names]
        sizes = [len(names) for _, names in parts if names]
        # row after row of each candidate's estimates
        G, cuts = len(self.groups), np.cumsum([0, *sizes])
        which = [np.tile(np.arange(start, stop), G) for start, stop in itertools.pairwise(cuts)]
        code = np.concatenate([np.zeros(0, dtype=np.intp), *which])
        candidate, parameter = np.array(places, dtype=np.intp).reshape(-1, 2).T
        columns = {
            "candidate": _categories(candidate[code], labels),
            "parameter": _categories(parameter[code], known),
            "estimate": np.concatenate([np.zeros(0), *(self.estimates[label].ravel() for label, _ in parts)]),
        }
        groups = [np.repeat(np.arange(G), size) for size in sizes]
        return self._with_keys(columns, np.concatenate([np.zeros(0, dtype=np.intp), *groups]))

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """One family for all groups, each with its own parameters, beside the best of each group.

        Index ``candidate``, with the row ``(best of each)`` last: groups (where there is an estimate), log_likelihood
        and n_parameters summed, kl_corrected as the mean over observations, aic, bic, and how often it wins.
        """
        usable = USABLE[self.status_codes]
        share = self.n / self.n.sum()
        wins = np.bincount(self.order[:, 0], minlength=len(self.candidates))
        with np.errstate(invalid="ignore"):
            total = np.where(usable, self.scores["log_likelihood"], np.nan).sum(axis=0)
            mean = share @ np.where(usable, self.scores["kl_corrected"], np.nan)
        rows = [
            (c.label, int(usable[:, j].sum()), total[j], self.k[j] * len(self.groups), mean[j], int(wins[j]))
            for j, c in enumerate(self.candidates)
        ]
        best, first = self.best, self.order[:, 0]
        found = best[np.isfinite(best["log_likelihood"].to_numpy())]
        each = float(share @ best["kl_corrected"].to_numpy()), float(self.k[first].sum())
        rows.append(("(best of each)", len(found), best["log_likelihood"].sum(), each[1], each[0], len(found)))
        names = ["candidate", "groups", "log_likelihood", "n_parameters", "kl_corrected", "wins"]
        frame = pd.DataFrame(rows, columns=names).set_index("candidate")
        frame["aic"] = 2.0 * frame["n_parameters"] - 2.0 * frame["log_likelihood"]
        frame["bic"] = frame["n_parameters"] * np.log(self.n.sum()) - 2.0 * frame["log_likelihood"]
        return frame

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Candidate, status, reason, number of groups and the first of them: whatever is not a plain success."""
        return ledger_of(self.candidates, self.groups.keys, self.reasons)

    def ranking(self, key: Hashable | tuple[Hashable, ...]) -> Ranking:
        """Return the whole ranking of one group, with errors, tests and figures.

        Parameters
        ----------
        key
            The value that names the group, or a tuple where several columns do.

        Raises
        ------
        DataError
            There is no such group.
        """
        wanted = key if isinstance(key, tuple) else (key,)
        keys = self.groups.keys
        if len(wanted) != keys.shape[1]:
            raise DataError(f"group: expected {keys.shape[1]} values ({', '.join(keys.columns)}), got {key!r}")
        here = np.ones(len(keys), dtype=bool)
        for name, value in zip(keys.columns, wanted, strict=True):
            here &= (keys[name] == value).to_numpy(dtype=bool)
        if not here.any():
            known = [str(v) for v in keys.iloc[:, 0].head(50)]
            raise DataError(f"group: there is none named {key!r}{did_you_mean(str(wanted[0]), known)}")
        sample = self.groups.sample(int(np.flatnonzero(here)[0]))
        return rank(sample, list(self.candidates), by=self.by, unit=self.unit, seed=self.seed)

    def __len__(self) -> int:
        return len(self.groups)

    def __repr__(self) -> str:
        wins = self.pooled["wins"].drop("(best of each)").sort_values(ascending=False)
        shown = ", ".join(f"{label} {count}" for label, count in wins.items() if count)
        return f"GroupRanking({len(self)} groups, {self.n.sum():g} observations; best: {shown})"


def rank_groups(
    frame: Any,
    by: str | Sequence[str],
    value: str,
    weight: str | None = None,
    candidates: Sequence[Any] | str | None = None,
    *,
    rank_by: str = "kl_corrected",
    event: str | None = None,
    tests: bool = False,
    resolution: float | Literal["auto"] | None = "auto",
    missing: Literal["refuse", "drop"] = "refuse",
    unit: str = "observation",
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> GroupRanking:
    """Rank the same candidates in every group of a table.

    Parameters
    ----------
    frame
        A DataFrame with a row an observation, or a table of pyarrow or polars.
    by, value, weight
        Columns that name the group, hold the observation, and its frequency weight.
    candidates
        As of `rank`; without any those that hold all values.
    rank_by
        ``kl_corrected`` (default), ``kl``, ``cross_entropy``, ``aic``, ``aicc``, ``bic``.
    event
        Column that says whether the observation was seen (1, true) or is right-censored (0, false).
    tests
        Whether to test in each group if the runner-up is worse than the best, and to control the share of false
        discoveries among those verdicts.
    resolution, missing
        As of a `Sample`, one for all groups.
    unit
        A word for one observation.
    seed
        Of the noise that spreads rounded data over their cells, where the entropy needs it.
    progress
        Called with the number of groups that are done.

    Returns
    -------
    GroupRanking
        Nothing is dropped: a group of one observation, or of equal ones, has its statuses.

    Raises
    ------
    DataError, CandidateError, ConfigurationError
        The table, a candidate or the criterion cannot be used.

    Notes
    -----
    Groups of like extent are fitted together, some 100 000 cells at a time, so that the time is linear in the number
    of groups and no table over all of them is ever made.

    Examples
    --------
    >>> import modelselect as ms
    >>> import pandas as pd
    >>> sold = pd.DataFrame({"shop": ["a"] * 5 + ["b"] * 5, "sold": [0, 1, 1, 2, 0, 9, 2, 0, 25, 4]})
    >>> ms.rank_groups(sold, "shop", "sold", candidates=["poisson", "geometric"]).best["candidate"].tolist()
    ['poisson', 'geometric']
    """
    if rank_by not in CRITERIA:
        raise ConfigurationError(f"rank_by: of groups expected one of {', '.join(CRITERIA)}; got {rank_by!r}")
    if hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"frame: expected a DataFrame, got {type(frame).__name__}")
    data = Grouped.of(frame, by, value, weight, event=event, resolution=resolution, missing=missing)
    return rank_grouped(data, candidates, rank_by=rank_by, tests=tests, unit=unit, seed=seed, progress=progress)


def rank_grouped(
    data: Grouped,
    candidates: Sequence[Any] | str | None,
    *,
    rank_by: str,
    tests: bool,
    unit: str,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> GroupRanking:
    """Rank candidates in groups that have been divided already; as `rank_groups`."""
    plan = plan_of(template_of(data), candidates, rank_by=rank_by, unit=unit, tests=tests, seed=seed)
    return ranking_of(plan, [rank_part(plan, data, progress)])


def ranking_of(plan: Plan, parts: Sequence[Part]) -> GroupRanking:
    """Make a ranking of parts in which all groups are."""
    whole = join(parts)
    return GroupRanking(
        whole.data,
        plan.candidates,
        plan.laws,
        plan.rank_by,
        plan.unit,
        whole.n,
        whole.entropy,
        whole.in_sample,
        whole.log_likelihood,
        whole.status,
        whole.estimates,
        whole.reasons,
        whole.p_value if plan.tests else None,
        plan.seed,
    )


def false_discovery(p: Array) -> Array:
    """p-values adjusted to control the share of false discoveries (Benjamini & Hochberg 1995); NaN stays NaN.

    Examples
    --------
    >>> false_discovery(np.array([0.01, np.nan, 0.04, 0.03])).round(3)
    array([0.03,  nan, 0.04, 0.04])
    """
    from scipy.stats import false_discovery_control

    adjusted = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        adjusted[known] = false_discovery_control(p[known])
    return adjusted


def _categories(codes: NDArray[Any], names: Sequence[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=_dtype(tuple(names)), validate=False)


@lru_cache(maxsize=64)
def _dtype(names: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(names))
