"""Means and covariances of what K laws lose on one sample, in one pass: every level, difference and error of a ranking.

Only differences to the best law are accumulated, not the log-likelihoods themselves: the variance of a small difference
of two large numbers would lose its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelselect.domain import Array
from modelselect.statistics import stretches

#: So many stretches are asked for at a time: formulas take more calls an observation than sums.
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
    def of(cls, logq: Callable[[slice], Sequence[Array]], guess: Array, shares: Array, terms: Array) -> Moments:
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
        with np.errstate(invalid="ignore"):
            level = sum(float(terms[cut] @ shares[cut]) for cut in stretches(len(shares)))
            # differences to the best law, and last its own loss beyond the surprise of the data
            centre = np.append(guess[best] - guess, level + guess[best])
            total, first, second = np.zeros(K), np.zeros(K + 1), np.zeros((K + 1, K + 1))
            for long in stretches(len(shares), _STRETCHES):
                every = logq(long)
                for cut in stretches(len(shares[long])):
                    logs, share = [each[cut] for each in every], shares[long][cut]
                    d = np.empty((K + 1, len(share)))
                    for k, each in enumerate(logs):
                        total[k] += each @ share
                        np.subtract(logs[best], each, out=d[k])
                    np.add(terms[long][cut], logs[best], out=d[K])
                    d -= centre[:, None]
                    first += d @ share
                    d *= np.sqrt(share)
                    second += d @ d.T
            second -= np.outer(first, first)
            variance = np.diag(second)
            spread = np.maximum(variance[K] + variance[:K] - 2.0 * second[K, :K], 0.0)
        return cls(-total, spread, (centre + first)[:K], second[:K, :K])

    def against(self, reference: int) -> tuple[Array, Array]:
        """Mean and covariance of the differences log q_reference − log q instead."""
        with np.errstate(invalid="ignore"):
            row = self.covariance[reference]
            covariance = self.covariance - row - row[:, None] + row[reference]
            return self.gap - self.gap[reference], covariance
