"""Truths to draw from, batches of samples of them, and the fits of all samples at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats as st
from scipy.special import expit

import modelselect as ms
from modelselect.block import Block
from modelselect.distribution import Distribution
from modelselect.divergence.moments import Moments
from modelselect.families.candidates import Candidate, parse_candidates
from modelselect.fitting.estimate import Estimate
from modelselect.fitting.result import Fit, estimate_candidate
from modelselect.fitting.status import Status, usable
from modelselect.ranking.comparison import Paired
from modelselect.ranking.leverage import MOST, left_out_covariance

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Whether cells of a name are to be simulated.
Wanted = Callable[[str], bool]
#: Numbers of one batch of samples.
BATCH = 400_000
#: Nodes of the quadrature by which the truth is known.
NODES = 8001


@dataclass(frozen=True)
class Truth:
    """A law of scipy.stats to draw from, or a mixture of some: independent of the densities that are tested.

    `parts` are (weight, frozen law).
    """

    name: str
    parts: tuple[tuple[float, Any], ...]
    discrete: bool = False

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        """Samples, one a row."""
        which = rng.choice(len(self.parts), size=shape, p=[w for w, _ in self.parts])
        drawn = [law.rvs(size=shape, random_state=rng) for _, law in self.parts]
        return np.choose(which, drawn).astype(float)

    def logp(self, x: Array) -> Array:
        """Log density or mass."""
        with np.errstate(divide="ignore"):
            terms = [np.log(w) + (law.logpmf(x) if self.discrete else law.logpdf(x)) for w, law in self.parts]
        return np.logaddexp.reduce(terms, axis=0)

    def nodes(self) -> tuple[Array, Array]:
        """Values x and weights that sum to 1, so that Σ w f(x) is the mean of f: all masses, or a quadrature.

        ∫ f(Q(u)) du with u = 1/(1 + e^-s) by the trapezoidal rule in s, which converges exponentially.
        """
        if self.discrete:
            top = max(law.ppf(1.0 - 1e-15) for _, law in self.parts)
            x = np.arange(0.0, top + 1.0)
            w = np.exp(self.logp(x))
            return x[w > 0], w[w > 0] / w.sum()
        s = np.linspace(-36.0, 36.0, NODES)
        xs, ws = [], []
        for weight, law in self.parts:
            x = np.where(s < 0, law.ppf(expit(s)), law.isf(expit(-s)))
            xs.append(x)
            ws.append(weight * expit(s) * expit(-s) * (s[1] - s[0]))
        x, w = np.concatenate(xs), np.concatenate(ws)
        order = np.argsort(x)
        return x[order], w[order] / w.sum()

    @property
    def entropy(self) -> float:
        x, w = self.nodes()
        return float(-(w @ self.logp(x)))

    def loss(self, candidate: Candidate) -> float:
        """KL in nats at the best parameters of a family."""
        x, w = self.nodes()
        block = Block(x[None, :], x[None, :], w[None, :])
        found = estimate_candidate(candidate, candidate.family, block, {})
        if not usable(found.status).all():
            raise RuntimeError(f"{candidate.label} on {self.name}: {found.status[0]}, {found.reason[0]}")
        return float(-found.log_likelihood[0]) - self.entropy


def always(_name: str) -> bool:
    """Every cell."""
    return True


def truth(name: str, law: Any) -> Truth:
    """Wrap a frozen law of scipy.stats."""
    return Truth(name, ((1.0, law),), isinstance(law.dist, st.rv_discrete))


def mixture(name: str, parts: Sequence[tuple[float, Any]]) -> Truth:
    """Mix frozen laws."""
    return Truth(name, tuple(parts), isinstance(parts[0][1].dist, st.rv_discrete))


def block_of(x: Array, *, discrete: bool) -> Block:
    """Samples ``(R, n)`` as the block that the estimators take: sorted, or counts of the values that occur."""
    if not discrete:
        ordered = np.sort(x, axis=1)
        return Block(ordered, ordered, np.ones_like(ordered))
    values = np.unique(x)
    place = np.searchsorted(values, x) + len(values) * np.arange(len(x))[:, None]
    counts = np.bincount(place.ravel(), minlength=len(x) * len(values)).reshape(len(x), len(values)).astype(float)
    return Block(values[None, :], values[None, :], counts)


def portions(replicates: int, n: int) -> Iterator[int]:
    """Sizes of the batches in which replicates of n observations are drawn."""
    size = max(1, BATCH // n)
    for start in range(0, replicates, size):
        yield min(size, replicates - start)


def sample_of(block: Block, row: int) -> ms.Sample:
    """One row of a block as a Sample: real numbers, or counts."""
    w = block.weights[row]
    if len(block.lower) == 1:
        seen = w > 0
        return ms.Sample(block.lower[0, seen], w[seen], resolution=1.0)
    return ms.Sample(block.lower[row], resolution=None)


def fits_of(candidate: Candidate, found: Estimate, samples: Sequence[ms.Sample]) -> list[Fit]:
    """One Fit a sample, of estimates that were found for all of them together."""
    names, fits = tuple(candidate.family.parameters), []
    for row, sample in enumerate(samples):
        status, limit = Status(found.status[row]), None
        law, at = found.law(row)
        if status is Status.BOUNDARY and law is not candidate.family:
            limit = Distribution(law, dict(zip(law.parameters, map(float, at), strict=True)), checked=True)
        theta = dict(zip(names, map(float, found.parameters[row]), strict=True))
        value = float(found.log_likelihood[row])
        fits.append(
            Fit(candidate, candidate.family, theta, value, found.k, status, str(found.reason[row]), sample, limit)
        )
    return fits


def parsed(candidates: Sequence[Any]) -> list[Candidate]:
    """Candidates in any form."""
    return list(parse_candidates(candidates))


def all_fits(candidates: Sequence[Candidate], block: Block) -> tuple[list[ms.Sample], list[list[Fit]]]:
    """Samples of a block and, for each of them, the fits of all candidates."""
    samples = [sample_of(block, row) for row in range(block.groups)]
    columns = [fits_of(c, estimate_candidate(c, c.family, block, {}), samples) for c in candidates]
    return samples, [list(row) for row in zip(*columns, strict=True)]


def standard_error(share: float, replicates: int) -> float:
    """Monte-Carlo standard error of a share; of one that is 0 or 1 that of one case in it."""
    at = min(max(share, 1.0 / (replicates + 1.0)), 1.0 - 1.0 / (replicates + 1.0))
    return float(np.sqrt(at * (1.0 - at) / replicates))


def losses_of(fits: Sequence[Fit], sample: ms.Sample, terms: Array) -> Moments:
    """What the fits of one sample lose, as a ranking accumulates it."""
    logq = np.stack([fit.pointwise for fit in fits])
    return Moments.of(
        lambda cut: logq[:, cut], np.array([fit.mean_log_likelihood for fit in fits]), sample.shares, terms
    )


def paired_of(fits: Sequence[Fit], sample: ms.Sample, best: int) -> Paired:
    """The differences of a ranking, in the given order."""
    losses = losses_of(fits, sample, np.zeros(len(sample)))
    left_out = left_out_covariance(fits, best, sample.shares) if sample.n <= MOST else None
    order = range(len(fits))
    return Paired.of(losses, order, best, sample.n, int(np.count_nonzero(sample.weights)), None, left_out)
