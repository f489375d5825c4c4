"""Means and covariances of what K laws lose on one sample, in one pass: every level, difference and error of a ranking.

Only differences to the best law are accumulated, not the log-likelihoods themselves: the variance of a small difference
of two large numbers would lose its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelselect.divergence.entropy import Terms
from modelselect.domain import Array
from modelselect.stretches import equal, stretches

#: So many stretches are worked on at a time: formulas take more calls an observation than sums.
_STRETCHES = 4


@dataclass(frozen=True)
class Moments:
    """Moments of the pointwise losses of K laws under weights that sum to 1.

    Attributes
    ----------
    cross_entropy
        Mean of −log q ``(K,)`` in nats.
    spread
        Variance of log p̂ − log q ``(K,)``.
    gap
        Mean of log q_best − log q ``(K,)``.
    covariance
        Of the differences log q_best − log q ``(K, K)``.
    """

    cross_entropy: Array
    spread: Array
    gap: Array
    covariance: Array

    @classmethod
    def of(cls, logq: Callable[[slice], Sequence[Array]], guess: Array, shares: Array, terms: Terms) -> Moments:
        """Accumulate them, a stretch of the observations at a time.

        Parameters
        ----------
        logq
            Stretch of c observations → their log-probabilities under each of K laws ``(c,)``.
        guess
            Mean of log q of each law ``(K,)``, as well as it is known: what is added up is near 0. The largest is best.
        shares
            Weights ``(m,)`` that sum to 1.
        terms
            −log p̂ of each observation ``(m,)``.

        Examples
        --------
        >>> logq = np.log([[0.5, 0.5], [0.25, 0.75]])
        >>> half = np.full(2, 0.5)
        >>> found = Moments.of(lambda cut: list(logq[:, cut]), np.array([-0.7, -0.8]), half, np.zeros(2))
        >>> (found.cross_entropy.round(4) + 0).tolist(), found.covariance.round(4).tolist()
        ([0.6931, 0.837], [[0.0, 0.0], [0.0, 0.3017]])
        """
        K = len(guess)
        known = np.isfinite(guess)
        guess = np.where(known, guess, 0.0)
        best = int(np.argmax(np.where(known, guess, -np.inf)))
        with np.errstate(invalid="ignore", over="ignore"):  # of a law that is 1e200 nats away no variance is known
            cuts = stretches(len(shares), _STRETCHES)
            some = cuts[len(cuts) // 2]
            level = float(terms[some] @ shares[some] / shares[some].sum())  # or thereabouts, of a long sample
            # differences to the best law, and last its own loss beyond the surprise of the data
            centre = np.append(guess[best] - guess, level + guess[best])

            def sums(cut: slice) -> tuple[Array, Array, Array]:
                logs, share = logq(cut), shares[cut]
                d = np.empty((K + 1, len(share)))
                for k, each in enumerate(logs):
                    np.subtract(logs[best], each, out=d[k])
                np.add(terms[cut], logs[best], out=d[K])
                d -= centre[:, None]
                own = np.array([logs[k] @ share for k in lone])
                if equal(share):
                    return own, d.sum(axis=1) * share[0], (d @ d.T) * share[0]
                first = d @ share
                d *= np.sqrt(share)
                return own, first, d @ d.T

            # laws without a finite difference to the best one, and that one itself, are added up by themselves
            lone = [k for k in range(K) if k == best or not known[k]]
            own, first, second = (sum(parts) for parts in zip(*map(sums, cuts), strict=True))
            total = own[lone.index(best)] - (centre + first)[:K]
            total[lone] = own
            second -= np.outer(first, first)
            variance = np.diag(second)
            spread = np.maximum(variance[K] + variance[:K] - 2.0 * second[K, :K], 0.0)
        return cls(-total, spread, (centre + first)[:K], second[:K, :K])

    def against(self, reference: int) -> tuple[Array, Array]:
        """Mean and covariance of the differences log q_reference − log q instead."""
        with np.errstate(invalid="ignore", over="ignore"):
            row = self.covariance[reference]
            covariance = self.covariance - row - row[:, None] + row[reference]
            return self.gap - self.gap[reference], covariance
