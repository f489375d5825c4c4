"""Divergences of samples: against a law as `rank` scores it, and of one sample from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelselect.divergence.laws import as_distribution
from modelselect.divergence.level import level
from modelselect.divergence.measures import Pair
from modelselect.divergence.two_sample import nearest_neighbours
from modelselect.divergence.vectors import Vectors
from modelselect.domain import Array
from modelselect.errors import DataError
from modelselect.families.candidates import Candidate
from modelselect.families.table import Table
from modelselect.fitting.fit import fit_candidate
from modelselect.fitting.result import Fit
from modelselect.sample import Sample


def one_sample(sample: Sample, atoms: Sequence[float] = ()) -> Array:
    """Entropy of a sample in nats, the one in the definition of KL(P̂ ‖ q); `atoms` have a mass of their own.

    Raises
    ------
    DataError
        None can be given; the message says why.
    """
    found = level(sample, atoms=atoms)
    if np.isnan(found.in_sample):
        raise DataError(f"entropy of the sample: {found.entropy.method}")
    return np.asarray(found.in_sample)


@dataclass(frozen=True, eq=False)
class SampleAndLaw(Pair):
    """The observed distribution P̂ and a law, scored on the sample's footing: masses on a lattice, else densities.

    Raises
    ------
    DataError
        The law is none that can be scored there, or another measure than KL and cross-entropy is asked for.
    """

    sample: Sample
    law: Any

    kind = "a sample and a law: the sample has no density"

    def kl(self) -> Array:
        return np.asarray(self.cross_entropy() - self._level)

    def entropy(self) -> Array:
        return one_sample(self.sample)

    def cross_entropy(self) -> Array:
        return np.asarray(-self._fit.mean_log_likelihood)

    @property
    def _level(self) -> Array:
        law = as_distribution(self.law)
        atoms = law.family.atoms if law is not None and self.sample.kind == "continuous" else ()
        return one_sample(self.sample, atoms)

    @property
    def _fit(self) -> Fit:
        law = as_distribution(self.law)
        if law is None:
            raise DataError("q is a law of scipy.stats that has no name of ours: it cannot be scored on a sample")
        nominal = isinstance(law.family, Table)
        if self.sample.kind == "nominal" and not nominal:
            raise DataError(f"the sample is one of labels; {law} gives probabilities to numbers")
        if self.sample.kind == "continuous" and not self.sample.masses and law.discrete:
            raise DataError(f"the sample is one of real numbers and {law} gives masses: they are never compared")
        if self.sample.kind == "lattice" and law.discrete and not nominal:
            step = law.family.support.step
            if self.sample.resolution != step:
                raise DataError(
                    f"{law} gives masses to a grid of step {step:g}; the data are rounded to a grid of step "
                    f"{self.sample.resolution:g}"
                )
        fit = fit_candidate(Candidate(law.family, dict(law.parameters), law.family.name), self.sample)
        if np.isnan(fit.mean_log_likelihood):
            raise DataError(f"{law} has no log-probability on the sample: {fit.reason}")
        return fit


def two_samples(p: Sample, q: Sample, smoothing: float = 0.0, neighbours: int = 1) -> Vectors | RealSamples:
    """Two samples on one footing: shares of values on a lattice or of labels, real numbers otherwise.

    Parameters
    ----------
    smoothing
        α that is added in q to the count of every value seen in either sample.
    neighbours
        k of the nearest-neighbour estimator.

    Raises
    ------
    DataError
        The samples have different footings or grids, or observations of which only an interval is known.

    Examples
    --------
    >>> p, q = Sample([1, 1, 2]), Sample([1, 2, 2])
    >>> float(two_samples(p, q).kl()).__round__(6)
    0.231049
    """
    for name, sample in (("p", p), ("q", q)):
        if not sample.exact or sample.truncation is not None:
            raise DataError(f"{name}: two samples are compared where their values are known, not censored or truncated")
    if p.kind != q.kind or p.resolution != q.resolution:
        raise DataError(
            f"p is {p.kind} with resolution {p.resolution} and q {q.kind} with resolution {q.resolution}: "
            "samples are compared on one footing; say resolution when they are made"
        )
    if not (smoothing >= 0 and np.isfinite(smoothing)):
        raise DataError(f"smoothing must be a number, 0 or more, not {smoothing!r}")
    if p.kind == "continuous":
        if smoothing:
            raise DataError("smoothing: is for counts; these samples are real numbers")
        return RealSamples(p, q, neighbours)
    values, index = np.unique(np.concatenate([p.values, q.values]), return_inverse=True)
    shares = np.zeros((2, len(values)))
    shares[0, index[: len(p.values)]] = p.shares
    shares[1, index[len(p.values) :]] = q.shares
    if smoothing:
        if q.known:
            raise DataError("smoothing: q is known, not counted")
        shares[1] = (shares[1] * q.n + smoothing) / (q.n + smoothing * len(values))
    return Vectors(shares[0], shares[1])


@dataclass(frozen=True, eq=False)
class RealSamples(Pair):
    """Two samples of real numbers, of which nearest neighbours estimate the KL divergence."""

    p: Sample
    q: Sample
    neighbours: int = 1

    kind = "two samples of real numbers: it has no estimator; kl_divergence has"

    def kl(self) -> Array:
        return np.asarray(nearest_neighbours(_copies(self.p, "p"), _copies(self.q, "q"), self.neighbours))

    def reverse_kl(self) -> Array:
        return RealSamples(self.q, self.p, self.neighbours).kl()

    def entropy(self) -> Array:
        return one_sample(self.p)


def _copies(sample: Sample, name: str) -> Array:
    if np.any(sample.weights != 1):
        raise DataError(
            f"{name}: nearest neighbours need distinct real numbers that count once; equal values mean that the data "
            "are rounded: say to which resolution"
        )
    return np.asarray(sample.values, dtype=float)
