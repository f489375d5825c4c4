"""KL of a sample against fitted laws: its level, bias correction and interval.

    kl            = −ℓ/n − H                in-sample, by definition
    kl_corrected  = −ℓ/n + k/n − H_corr     estimates the KL on fresh data (Akaike's k/n)

centred for the interval by k/(2n). H is in `level`; it depends on the data alone: it sets the level, never the order.
Sources: Akaike 1973; Chao, Wang & Jost 2013; the interval was chosen by this project's simulations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from modelselect.divergence.level import Level, level
from modelselect.divergence.moments import Moments
from modelselect.domain import Array
from modelselect.errors import CandidateError, did_you_mean
from modelselect.fitting.estimate import estimate
from modelselect.fitting.result import Fit
from modelselect.fitting.status import Status

if TYPE_CHECKING:
    import pandas as pd

#: Two-sided 95 % normal quantile.
_Z = 1.959963984540054


class Observations(Protocol):
    """What a ranking must know of the data: of a `Sample`, or of cases that are more than one number."""

    @property
    def n(self) -> float:
        """Number of observations; infinite where P is known."""
        ...

    @property
    def weights(self) -> Array:
        """Of each distinct observation, ``(m,)``."""
        ...

    @property
    def shares(self) -> Array:
        """Weights that sum to 1."""
        ...

    @property
    def known(self) -> bool:
        """Whether P is given rather than sampled."""
        ...

    @property
    def kind(self) -> str:
        """lattice, continuous, nominal; or cases."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised or assumed, in sentences."""
        ...


@dataclass(frozen=True)
class Divergence:
    """KL of one sample against K laws, each an array ``(K,)`` in nats an observation."""

    kl: Array
    kl_se: Array
    kl_low: Array
    kl_high: Array
    kl_corrected: Array
    cross_entropy: Array


def divergence(
    sample: Observations, of: Level, losses: Moments, k: Array, effect: float = 1.0, ends: Array | float = 0.0
) -> Divergence:
    """KL of a sample against laws whose losses on it are known.

    Parameters
    ----------
    sample, of
        The sample and its entropy.
    losses
        Moments of the losses of each law.
    k
        Number of estimated parameters of each law, ``(K,)``.
    effect
        Of dependence: how many observations in an order of time are worth one.
    ends
        Ends of the support taken from the sample, of each law ``(K,)``: they count twice in k/(2n).
    """
    n, cross = sample.n, losses.cross_entropy
    with np.errstate(invalid="ignore"):
        kl = cross - of.in_sample
        if sample.known:
            kl = np.where(np.isfinite(cross), np.maximum(kl, 0.0), kl)
            zero = np.where(np.isfinite(kl), 0.0, np.nan)
            return Divergence(kl, zero, kl, kl, kl, cross)
        corrected = cross + k / n - of.entropy.value
        centre = cross + (k + ends) / (2 * n) - of.entropy.value
        variance = losses.spread / max(n - 1.0, 1.0)
        if of.counted:
            cells = of.cells or np.count_nonzero(sample.weights)
            variance = variance + np.maximum(cells - 1 - k, 1) / (2 * (n / effect) ** 2)
        se = np.sqrt(variance) if np.isfinite(of.entropy.value) else np.full(len(k), np.nan)
        low, high = np.maximum(centre - _Z * se, 0.0), np.maximum(centre + _Z * se, 0.0)
    return Divergence(kl, se, low, high, corrected, cross)


def profile(fit: Fit, parameter: str, grid: Sequence[float] | Array) -> pd.DataFrame:
    """KL as a function of one parameter, the others refitted at each value: one batch.

    Parameters
    ----------
    fit
        A fit, whose sample and given parameters are used.
    parameter
        Name of one of its parameters.
    grid
        Values of it.

    Returns
    -------
    DataFrame
        Columns: the parameter, ``kl`` in nats (plug-in, in-sample; +inf where the data are impossible),
        ``log_likelihood``, ``status``.

    Raises
    ------
    CandidateError
        The family has no such parameter, or a value lies outside its domain.

    Examples
    --------
    >>> import modelselect as ms
    >>> worms = ms.fit({"binomial": {"n": 10}}, {3: 2, 5: 5, 7: 3})
    >>> ms.profile(worms, "p", [0.4, 0.52, 0.6])["kl"].round(4).tolist()
    [1.0286, 0.7354, 0.8664]
    """
    import pandas as pd

    law, sample = fit.law, fit.sample
    if parameter not in law.parameters:
        known = ", ".join(law.parameters) or "none"
        raise CandidateError(
            f"profile: {law.name} has no parameter {parameter!r}; "
            f"it has {known}{did_you_mean(parameter, law.parameters)}"
        )
    values = np.asarray(grid, dtype=float)
    outside = ~law.parameters[parameter].domain.contains(values)
    if values.ndim != 1 or len(values) == 0 or outside.any():
        where = law.parameters[parameter].domain
        raise CandidateError(f"profile: expected a list of values of {parameter} in {where}, got {grid!r}")
    given: dict[str, Any] = {
        **{name: value for name, value in fit.candidate.fixed.items() if name != parameter},
        parameter: values,
    }
    found = estimate(law, sample.block(cells=not law.discrete), given)
    mean = np.where(
        [Status(status).usable or status is Status.OUT_OF_SUPPORT for status in found.status],
        found.log_likelihood,
        np.nan,
    )
    kl = -mean - level(sample, atoms=law.atoms).in_sample
    total = mean * sample.n if np.isfinite(sample.n) else np.full(len(values), np.nan)
    return pd.DataFrame(
        {
            parameter: values,
            "kl": kl,
            "log_likelihood": total,
            "status": [str(status) for status in found.status],
        }
    )
