"""Maximum-likelihood estimates of a batch of groups, each with a status and a reason.

Exact answers where a family has them, otherwise the batched solver; limits where no interior maximum
exists; nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import Array
from modelselect.errors import CandidateError
from modelselect.family import Family
from modelselect.fitting import status as why
from modelselect.fitting.answer import Estimate
from modelselect.fitting.compress import compress, nodes_of
from modelselect.fitting.ends import hold_ends, sharpen, touch_edges
from modelselect.fitting.likelihood import impossible, mean_log_likelihood
from modelselect.fitting.limits import Limits, keywords
from modelselect.fitting.problem import Problem, Standard
from modelselect.fitting.runaway import shrinks
from modelselect.fitting.search import ascend, best_integer, maxima
from modelselect.fitting.solve import ALMOST, DEFINITE
from modelselect.fitting.status import Status, Verdicts

__all__ = ["Estimate", "estimate", "maxima_of"]

#: How often a sharp point of a density is looked at more closely, and within how many observations it is then known.
_LOOKS, _SEEN = 12, 30


def estimate(
    family: Family, block: Block, fixed: Mapping[str, Any] | None = None, near: Array | None = None, *,
    rough: bool = False,
) -> Estimate:  # fmt: skip
    """Maximum-likelihood estimates of a family for every group of a block.

    Parameters
    ----------
    family
        The family.
    block
        Data of G groups, or of one group shared by all the values of `fixed`.
    fixed
        Parameters that are given: numbers, or arrays ``(G,)``.
    near
        Parameters ``(K, p)`` near which maxima are sought first: the `maxima` of a sample of which the groups are
        resamples.
    rough
        Whether the log-likelihood of a long sample may be left at what it is on the nodes that stand in for it; the
        parameters are exact.

    Raises
    ------
    CandidateError
        A parameter that is never estimated is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from modelselect.families.positive.classic import Gamma
    >>> x = np.array([[1.0, 2.0, 4.0]])
    >>> estimate(Gamma(), Block(x, x, np.ones((1, 3)))).parameters.round(4)
    array([[3.4012, 0.686 ]])
    """
    work = _Work(family, block, fixed, near, rough=rough)
    with np.errstate(all="ignore"):
        work.run()
    return work.result()


def maxima_of(family: Family, block: Block, fixed: Mapping[str, Any] | None = None) -> Array:
    """Parameters ``(K, p)`` of the different maxima of one group that are found by search, the highest first."""
    work = _Work(family, block, fixed)
    integer = any(family.parameters[name].domain.lattice for name in work.free)
    if not work.free or integer:
        return np.empty((0, len(work.names)))
    with np.errstate(all="ignore"):
        return work.maxima()


def _theta(family: Family, block: Block, fixed: Mapping[str, Any] | None) -> tuple[Array, tuple[str, ...]]:
    """Given parameters ``(G, p)``, NaN elsewhere, and the names of the others."""
    given = dict(fixed or {})
    for name, parameter in family.parameters.items():
        if name not in given and parameter.default is not None:
            given[name] = parameter.default
    for name in family.missing(given):
        raise CandidateError(
            f"{family.name}: parameter {name} is never estimated; give it, as in {family.name}: {{{name}: 10}}"
        )
    groups = max([block.groups, *(np.size(value) for value in given.values())])
    theta = np.full((groups, len(family.parameters)), np.nan)
    for j, name in enumerate(family.parameters):
        if name in given:
            theta[:, j] = given[name]
    return theta, tuple(name for name in family.parameters if name not in given)


class _Work:
    """The steps of one call of `estimate`; every step settles some groups and leaves the rest to the next."""

    def __init__(
        self, family: Family, block: Block, fixed: Mapping[str, Any] | None, near: Array | None = None, *,
        rough: bool = False,
    ) -> None:  # fmt: skip
        theta, free = _theta(family, block, fixed)
        self.family, self.block, self.theta, self.free, self.near = family, block, theta, free, near
        self.names = tuple(family.parameters)
        self.columns = np.array([self.names.index(name) for name in free], dtype=np.intp)
        self.groups = len(theta)
        self.value = np.full(self.groups, np.nan)
        self.collapsed = np.zeros(self.groups, dtype=bool)  # from some start
        self.best = np.full(self.groups, -np.inf)  # reached by the search, whether or not it is a maximum
        self.verdicts = Verdicts(self.groups)
        self.given = {name: theta[:, j].copy() for j, name in enumerate(self.names) if name not in free}
        self.limits = Limits(family, block, self.given, estimate, self.groups, rough)
        nodes = nodes_of(block) if rough and free and block.long and block.plain and not family.discrete else None
        self.nodes = None if family.atoms else nodes

    @property
    def open(self) -> NDArray[np.bool_]:
        return self.verdicts.open

    def run(self) -> None:
        self._refuse_outside()
        if not self.free:
            self._settle(self.open, Status.CLOSED_FORM)
            self._evaluate(self.verdicts.usable)
            self._refuse_impossible()
            return
        self._refuse_constant()
        self.limits.find(self.free)
        for i in range(len(self.limits.candidates)):
            self._reach(i, self.limits.apply_certain(i, self.open, self.theta, self.value))
        if not self.open.any():
            return
        if self._closed_form():
            return
        self._climb()
        if self.open.any():
            integer = [j for j in self.columns if self.family.parameters[self.names[j]].domain.lattice]
            if integer:
                self._search_integer(integer[0])
            else:
                self._solve()
        for i in range(len(self.limits.candidates)):
            self._look_closely(i)
            self._reach(i, self.limits.apply_better(i, self.verdicts, self.best, self.theta, self.value))
        # where the others have found nothing, the start that collapsed has
        nothing = self.verdicts.among(Status.FAILED, Status.NOT_IDENTIFIED) & self.collapsed
        self._settle(nothing, Status.UNBOUNDED, why.COLLAPSED)

    def result(self) -> Estimate:
        return Estimate(
            self.family,
            self.free,
            self.theta,
            self.value,
            self.verdicts,
            tuple(self.limits.fits.values()),
            self.limits.places(),
            rough=self.nodes is not None,
        )

    # -- steps -----------------------------------------------------------------------------------------------------

    def _settle(self, rows: NDArray[np.bool_], status: Status, reason: str = "") -> None:
        if not rows.any():
            return
        self.verdicts.settle(rows, status, reason)
        if not (status.usable or status is Status.OUT_OF_SUPPORT):
            self.theta[np.ix_(rows, self.columns)] = np.nan
            self.value[rows] = np.nan

    def _refuse_outside(self) -> None:
        """Observations that no member of the family can produce."""
        if self.family.period is not None:
            return
        block, support = self.block, self.family.support
        parameters = tuple(self.theta[:, j, None] for j in range(len(self.names)))
        low, high = self.family.bounds(*parameters)
        outside = impossible(self.family, block, parameters)
        if not np.any(outside):
            return
        outside = np.broadcast_to(outside & (block.weights > 0), (self.groups, block.weights.shape[1]))
        rows = outside.any(axis=-1)
        if not rows.any():
            return
        self.value[rows] = -np.inf
        self.theta[np.ix_(rows, self.columns)] = np.nan
        lie = f"observations lie outside the support {support}"
        reason = why.outside_support(block, outside[0], support, low, high) if self.groups == 1 else lie
        self.verdicts.settle(np.asarray(rows), Status.OUT_OF_SUPPORT, reason)

    def _refuse_impossible(self) -> None:
        """Observations to which the *given* parameters assign probability 0, or a density that is infinite."""
        usable = self.verdicts.among(Status.CLOSED_FORM)
        never, always, unknown = (usable & test(self.value) for test in (np.isneginf, np.isposinf, np.isnan))
        self._settle(never, Status.OUT_OF_SUPPORT, why.IMPOSSIBLE)
        self._settle(always, Status.UNBOUNDED, why.INFINITE)
        self._settle(unknown, Status.FAILED, why.UNKNOWN)

    def _refuse_constant(self) -> None:
        """Observations that share a point: a law with two free parameters or more can shrink onto it."""
        regular = [name for name in self.free if self.family.parameters[name].regular]
        if self.family.discrete or len(self.free) < 2 or not (regular or self.block.exact):
            return
        block = self.block
        highest = block.remembered("highest", lambda: observed.maximum(block.lower, block.weights))
        lowest = block.remembered("lowest", lambda: observed.minimum(block.upper, block.weights))
        touching = highest <= lowest + 1e-9 * np.abs(lowest) * (not self.block.exact)
        rows = np.broadcast_to(touching, (self.groups,)) & self.open
        self._settle(rows, Status.DEGENERATE_SAMPLE, why.CONSTANT if self.block.exact else why.TOUCHING)

    def _reach(self, i: int, rows: NDArray[np.bool_]) -> None:
        if rows.any():
            self.verdicts.settle(rows, Status.BOUNDARY, why.at_limit(self.limits.candidates[i], self.free))

    def _closed_form(self) -> bool:
        """Try the family's exact answer; True where there is one."""
        if self.block.truncation is not None or not self.block.exact or not self._has_exact:
            return False
        thin = self._thinned() if self.family.everything and self.block.long else None
        found = self._exact_of(self.block) if thin is None else thin
        rows = self.open
        self.theta[np.ix_(rows, self.columns)] = found[np.ix_(rows, self.columns)]
        self._judge_closed_form(rows)
        return True

    def _exact_of(self, block: Block) -> Array:
        """The closed form ``(G, p)`` of a block, which is standardised for it."""
        standard = Standard.needed(self.family, block)
        return standard.restore(self._exact(standard.block(block), standard.parameters(self.theta)))

    def _thinned(self) -> Array | None:
        """The same of one long sample, from nodes where the density is smooth and all observations where it is not.

        Where that is, is known better each time; None where it keeps moving, or the observations are in no order.
        """
        nodes = nodes_of(self.block)
        if nodes is None:
            return None
        theta, around = self._exact_of(nodes), np.zeros(0, dtype=np.intp)
        for _ in range(_LOOKS):
            kinks = np.array([float(kink[0]) for kink in self.family.kinks(*theta.T)])
            if not np.isfinite(kinks).all():
                return None
            before, around = around, np.sort(np.searchsorted(self.block.lower[0], kinks))
            if len(before) == len(around) and np.all(np.abs(around - before) < _SEEN):
                return theta
            theta = self._exact_of(compress(self.block, around=around.tolist()))
        return None

    def _judge_closed_form(self, rows: NDArray[np.bool_]) -> None:
        good, edge = np.ones(self.groups, dtype=bool), np.zeros(self.groups, dtype=bool)
        for j in self.columns:
            parameter = self.family.parameters[self.names[j]]
            value = self.theta[:, j]
            good &= parameter.domain.contains(value)
            if parameter.regular:
                edge |= (value == parameter.domain.low) | (value == parameter.domain.high)
        good &= np.broadcast_to(self.family.valid(*self.theta.T), (self.groups,))
        self._settle(rows & good, Status.CLOSED_FORM)
        self._settle(rows & good & edge, Status.BOUNDARY, why.ON_EDGE)
        self._settle(rows & ~good & self._shrunk, Status.UNBOUNDED, why.COLLAPSED)
        self._settle(rows & ~good & self.open, Status.DEGENERATE_SAMPLE, why.NO_MAXIMUM)
        self._evaluate(rows & self.verdicts.usable)
        self._settle(rows & good & ~np.isfinite(self.value), Status.DEGENERATE_SAMPLE, why.NO_MAXIMUM)

    def _evaluate(self, rows: NDArray[np.bool_]) -> None:
        value = self._mean(self.block, self.theta)
        self.value = np.where(rows, np.broadcast_to(value, (self.groups,)), self.value)

    def _climb(self) -> None:
        """Take the maximum that the family's own iteration has found, where it has."""
        if self.family.peak is None or self.given or not self.block.plain:
            return
        theta = np.stack(np.broadcast_arrays(*self.family.peak(*self._statistics(self.block))), axis=-1)
        found = self.open & np.isfinite(theta).all(axis=-1)
        self.theta[found] = theta[found]
        self._evaluate(found)
        self.best[found] = self.value[found]
        self._settle(found & np.isfinite(self.value), Status.CONVERGED)

    def _solve(self) -> None:
        rows = np.flatnonzero(self.open)
        block = self.block if self.block.groups == 1 or len(rows) == self.groups else self.block.take(rows)
        standard, problem = self._problem(block, self.theta[rows])
        near = None if self.near is None else standard.parameters(np.repeat(self.near[:, None], len(rows), axis=1))
        top, collapsed, any_collapsed = ascend(problem, near=near)
        theta = problem.theta(top.at, np.arange(len(rows)))
        self.collapsed[rows] = any_collapsed
        good = top.converged & ~collapsed
        if self._has_exact and not good.all():
            hold_ends(problem, self._exact, theta, good, problem.objective(top.at, np.arange(len(rows))))
        if not (block.exact or good.all() or self.family.period):
            touch_edges(problem, theta, good, problem.objective(top.at, np.arange(len(rows))))
        if not block.plain:
            sharpen(problem, theta, good)
            collapsed = collapsed & ~good
        if not np.all(good | collapsed):
            collapsed = collapsed | (~good & shrinks(problem, theta))
        self.theta[np.ix_(rows, self.columns)] = standard.restore(theta)[:, self.columns]
        value = top.value
        if standard.changes or self._has_exact or not block.plain or np.isnan(value).any():
            value = self._mean(block, self.theta[rows])
        self.value[rows] = self.best[rows] = value
        # where nothing more is to be gained and yet the information is not positive
        flat = ((top.score < ALMOST) | top.stalled) & (top.definite <= DEFINITE)
        if not block.exact:  # no probability exceeds one
            flat |= (value > -ALMOST) & ~block.pointed.any(axis=-1)
        for which, status, reason in (
            (good, Status.CONVERGED, ""),
            (collapsed, Status.UNBOUNDED, why.COLLAPSED),
            (flat, Status.NOT_IDENTIFIED, why.FLAT),
            (~good & (not good.all() and self._at_an_end[rows]), Status.DEGENERATE_SAMPLE, why.AT_AN_END),
            (~good, Status.FAILED, why.not_found(self._named() if self.groups == 1 else {})),
        ):
            mask = np.zeros(self.groups, dtype=bool)
            mask[rows[which]] = True
            self._settle(mask & self.open, status, reason)

    def _mean(self, block: Block, theta: Array) -> Array:
        """Mean log-likelihood of each group, on the nodes that stand in for a long sample if that will do."""
        return mean_log_likelihood(self.family, self.nodes or block, tuple(theta.T[:, :, None]))

    def _look_closely(self, i: int) -> None:
        """Where nodes cannot tell an interior maximum from limit i, all observations decide."""
        if self.nodes is None or not self.limits.close(i, self.best, self.verdicts):
            return
        self.nodes = None
        self.value = self._mean(self.block, self.theta)
        self.best = np.where(np.isnan(self.value), self.best, self.value)
        self.limits.settle(i)

    def _problem(self, block: Block, theta: Array) -> tuple[Standard, Problem]:
        """How a block is standardised, and its problem; theta holds the given parameters."""
        standard = Standard.of(self.family, block)
        given = standard.parameters(theta)
        return standard, Problem(self.family, standard.block(block), given, self.columns.tolist())

    def maxima(self) -> Array:
        """Different maxima of one group ``(K, p)``."""
        standard, problem = self._problem(self.block, self.theta)
        return standard.restore(maxima(problem)[:, None])[:, 0]

    def _search_integer(self, j: int) -> None:
        name = self.names[j]
        rows = np.flatnonzero(self.open)
        block = self.block if self.block.groups == 1 else self.block.take(rows)
        given = {n: v[rows] for n, v in self.given.items()}

        def with_integer(n: Array) -> Estimate:
            return estimate(self.family, block, {**given, name: n})

        most = np.broadcast_to(observed.maximum(block.lower, block.weights), (len(rows),))
        low = np.full(len(rows), self.family.parameters[name].domain.low)
        # an integer that is the end of the support is no smaller than the largest observation
        at = self.theta[rows].copy()
        at[:, j] = most
        low = np.where(np.isfinite(self.family.bounds(*at.T)[1]), np.maximum(low, most), low)
        answer = with_integer(best_integer(lambda n: with_integer(n).log_likelihood, low))
        self.theta[rows] = answer.parameters
        self.value[rows] = self.best[rows] = answer.log_likelihood
        self.verdicts.put(rows, answer.verdicts)

    def _named(self) -> dict[str, float]:
        """The free parameters of a single group by name."""
        return {name: float(self.theta[0, j]) for name, j in zip(self.free, self.columns, strict=True)}

    # -- pieces ----------------------------------------------------------------------------------------------------

    @property
    def _has_exact(self) -> bool:
        """Whether the family has a closed form for these given parameters."""
        if self.family.mle is None:
            return False
        allowed, needed = keywords(self.family.mle)
        return set(needed) <= set(self.given) <= set(allowed)

    def _exact(self, block: Block, theta: Array) -> Array:
        """The closed form ``(G, p)``; theta holds the given parameters."""
        given = {name: theta[:, self.names.index(name)] for name in self.given}
        answer = self.family.mle(*self._statistics(block), **given) if self.family.mle is not None else ()
        return np.stack([np.broadcast_to(np.asarray(a, dtype=float), (len(theta),)) for a in answer], axis=-1)

    @property
    def _shrunk(self) -> NDArray[np.bool_]:
        """Groups in which the scale of a law that may lie anywhere is 0, though they have different values."""
        roles = [parameter.role for parameter in self.family.parameters.values()]
        if "location" not in roles or "scale" not in roles:
            return np.zeros(self.groups, dtype=bool)
        return np.asarray(self.theta[:, roles.index("scale")] == 0.0)

    @property
    def _at_an_end(self) -> NDArray[np.bool_]:
        """Groups with an exact observation at an end of the support where the density is mostly 0 or infinite."""
        ends = [end for end in (self.family.support.low, self.family.support.high) if np.isfinite(end)]
        typical = np.array([parameter.typical for parameter in self.family.parameters.values()]).reshape(-1, 2)
        with np.errstate(all="ignore"):  # at the two ends of what is typical: a density that vanishes or explodes
            ends = [end for end in ends if not np.isfinite(self.family.logp(end, *typical)).any()]
        touched = np.isin(self.block.lower, ends) & self.block.pointed
        return np.broadcast_to(touched.any(axis=-1) & (not self.family.discrete), (self.groups,))

    def _statistics(self, block: Block) -> list[Array]:
        return [block.statistic(function) for function in self.family.statistics]
