"""Bootstrap of a whole ranking: how often each candidate would win on another sample, every one of them refitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelselect.domain import Array
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.fitting.refit import batches, refit
from modelselect.fitting.result import Fit
from modelselect.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Resampled:
    """Losses of K candidates refitted to B resamples of the data.

    Attributes
    ----------
    labels
        Of the candidates, in the ranking's order.
    losses
        −ℓ/n + k/n of each in each resample ``(K, B)``, nats; +inf where it could not be fitted.
    observed
        The same on the data themselves ``(K,)``.
    k
        Numbers of estimated parameters, which decide ties.
    """

    labels: tuple[str, ...]
    losses: Array
    observed: Array
    k: Array

    @property
    def selection_frequency(self) -> Array:
        """Share of the resamples in which each has the smallest loss ``(K,)``; ties go to fewer parameters."""
        order = np.argsort(self.k, kind="stable")
        winner = order[np.argmin(self.losses[order], axis=0)]
        won = np.isfinite(self.losses.min(axis=0))
        return np.asarray(np.bincount(winner[won], minlength=len(self.labels)) / max(int(won.sum()), 1))

    def difference(self, a: str, b: str, level: float = 0.95) -> tuple[float, float]:
        """Interval of loss of b − loss of a: percentiles of the resamples, moved to be centred on the data's own.

        Refitting makes every resample's loss too small by about k/(2n), which the move takes off again.
        NaN where a candidate has no finite loss.
        """
        i, j = self._place(a), self._place(b)
        both = np.isfinite(self.losses[i]) & np.isfinite(self.losses[j])
        value = self.observed[j] - self.observed[i] if np.isfinite(self.observed[[i, j]]).all() else np.nan
        if not both.any() or np.isnan(value):
            return float("nan"), float("nan")
        drawn = self.losses[j, both] - self.losses[i, both]
        low, high = np.quantile(drawn - drawn.mean() + value, [0.5 - 0.5 * level, 0.5 + 0.5 * level])
        return float(low), float(high)

    @property
    def table(self) -> pd.DataFrame:
        """One row a candidate: selection_frequency; delta against the smallest loss, delta_low, delta_high (95 %)."""
        import pandas as pd

        best = int(np.argmin(self.observed))
        with np.errstate(invalid="ignore"):
            delta = self.observed - self.observed[best]
        ends = np.array([self.difference(self.labels[best], label) for label in self.labels])
        columns = {
            "selection_frequency": self.selection_frequency,
            "delta": delta,
            "delta_low": ends[:, 0],
            "delta_high": ends[:, 1],
        }
        return pd.DataFrame(columns, index=pd.Index(self.labels, name="candidate"))

    def _place(self, label: str) -> int:
        if label not in self.labels:
            raise ConfigurationError(f"no candidate {label!r} in this ranking{did_you_mean(label, self.labels)}")
        return self.labels.index(label)


def resampled(fits: Mapping[str, Fit], n_resamples: int, rng: np.random.Generator, block_length: int = 1) -> Resampled:
    """Refit candidates to the same resamples of their sample.

    Parameters
    ----------
    fits
        Label → fit, all of one sample.
    n_resamples
        B.
    rng
        Of the resamples.
    block_length
        Length of the stretches of neighbouring observations that are drawn together, for data in an order
        (moving blocks, Künsch 1989); 1 draws observations one by one.

    Raises
    ------
    ConfigurationError
        There is nothing to resample: P is known, or the candidates were not fitted to a sample.
    """
    sample = sample_of(fits)
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int) or n_resamples < 1:
        raise ConfigurationError(f"n_resamples: must be a whole number, at least 1, got {n_resamples!r}")
    n = round(sample.n)
    k = np.array([fit.k for fit in fits.values()], dtype=float)
    losses = np.full((len(fits), n_resamples), np.inf)
    for cut in batches(n_resamples, len(sample)):
        weights = draw_weights(sample, cut.stop - cut.start, n, rng, block_length)
        for i, fit in enumerate(fits.values()):
            if fit.status.usable:
                value = refit(fit, weights).log_likelihood
                losses[i, cut] = np.where(np.isnan(value), np.inf, k[i] / n - value)
    observed = np.array([-fit.mean_log_likelihood if fit.status.usable else np.inf for fit in fits.values()]) + k / n
    return Resampled(tuple(fits), losses, observed, k)


def draw_weights(sample: Sample, rows: int, n: int, rng: np.random.Generator, block_length: int = 1) -> Array:
    """Weights of resamples of n observations ``(rows, m)``.

    Raises
    ------
    ConfigurationError
        Blocks of observations whose order is not known.
    """
    if block_length == 1:
        return rng.multinomial(n, sample.shares, size=rows).astype(float)
    order = sample.order
    if order is None:
        raise ConfigurationError("block_length: needs the order of the observations; say Sample(values, ordered=True)")
    if not 1 < block_length < len(order):
        raise ConfigurationError(f"block_length: expected a number from 1 to n − 1, got {block_length!r}")
    starts = rng.integers(0, len(order) - block_length + 1, size=(rows, -(-n // block_length)))
    drawn = order[(starts[:, :, None] + np.arange(block_length)).reshape(rows, -1)[:, :n]]
    m = len(sample)
    flat = drawn + m * np.arange(rows)[:, None]
    return np.bincount(flat.ravel(), minlength=rows * m).reshape(rows, m).astype(float)


def sample_of(fits: Mapping[str, Fit]) -> Sample:
    """Return the sample that all were fitted to.

    Raises
    ------
    ConfigurationError
        P is known, or the candidates were not fitted to a sample.
    """
    first = next(iter(fits.values()))
    sample = getattr(first, "sample", None)
    if not isinstance(first, Fit) or not isinstance(sample, Sample):
        raise ConfigurationError("these candidates were not fitted to a sample, so that there is nothing to draw anew")
    if sample.known:
        raise ConfigurationError("P is known, not sampled, so that there is nothing to draw anew")
    return sample
