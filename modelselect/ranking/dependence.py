"""Observations in an order of time: a mean is less certain than n of them make it look."""

from __future__ import annotations

import math

import numpy as np

from modelselect.domain import Array


def long_run_covariance(series: Array, lags: int | None = None) -> Array:
    """N times the covariance of the mean of K series that depend on their past ``(K, K)``.

    Γ₀ + Σ (1 − l/(L + 1)) (Γ_l + Γ_lᵀ), l = 1 … L (Newey & West 1987), positive semidefinite.

    Parameters
    ----------
    series
        ``(K, n)``, in order; each is centred at 0. One that is not finite has no covariance (NaN).
    lags
        L; by default Andrews' (1991) choice for Bartlett's kernel, by the largest first-order autocorrelation.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal(20_000)
    >>> walk = noise[1:] + noise[:-1]  # variance of the mean: 4/n, not 2/n
    >>> round(float(long_run_covariance(walk[None] - walk.mean())[0, 0]), 1)
    4.3
    """
    n = series.shape[1]
    finite = np.isfinite(series).all(axis=1)
    d = series[finite]
    covariance, most = d @ d.T / n, automatic_lags(d) if lags is None else lags
    for lag in range(1, most + 1):
        weight = 1.0 - lag / (most + 1.0)
        later = d[:, lag:] @ d[:, :-lag].T / n
        covariance += weight * (later + later.T)
    result = np.full((len(series), len(series)), np.nan)
    result[np.ix_(finite, finite)] = covariance
    return result


def automatic_lags(series: Array) -> int:
    """Andrews' bandwidth for AR(1) series, 1.1447 (α n)^{1/3} with α = 4ρ²/((1 − ρ)²(1 + ρ)²); at most n/4."""
    n = series.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (series[:, 1:] * series[:, :-1]).sum(axis=1) / (series * series).sum(axis=1)
    rho = min(float(np.nanmax(np.abs(rho), initial=0.0)), 0.97)
    alpha = 4.0 * rho**2 / ((1.0 - rho) ** 2 * (1.0 + rho) ** 2)
    return int(min(math.ceil(1.1447 * (alpha * n) ** (1.0 / 3.0)), n // 4))
