"""What is timed: the work, its data, who does it, and what was hoped for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 20261120
CONTINUOUS = ("scipy", "openturns", "distfit", "fitter", "preliz", "phitter", "fitdistrplus")
DISCRETE = ("statsmodels", "openturns", "phitter", "scipy", "preliz", "fitdistrplus")


@dataclass(frozen=True)
class Task:
    """The same work for everybody."""

    name: str
    what: str
    peers: tuple[str, ...]
    #: By how much the fastest peer should be slower than we are.
    target: float | None = None
    #: Whether that is asked of those that reach the maximum alone.
    reaching: bool = False


TEN = "normal, exponential, gamma, lognormal, weibull, logistic, gumbel, rayleigh, inverse Gaussian, Student's t"
TASKS = {
    task.name: task
    for task in (
        Task("C3", "ten continuous families, 1 000 draws of gamma(2.3, 1.7)", ("scipy", "openturns")),
        Task("C4", "ten continuous families, 10 000 draws of gamma(2.3, 1.7)", CONTINUOUS, 15),
        Task("C5", "ten continuous families, 100 000 draws", ("scipy", "openturns")),
        Task("C6", "ten continuous families, 1 000 000 draws", CONTINUOUS, 100),
        Task("D4", "poisson, binomial, negative binomial, geometric; 10 000 counts", DISCRETE),
        Task("D6", "poisson, binomial, negative binomial, geometric; 1 000 000 counts", DISCRETE, 60, True),
        Task("G", "poisson, negative binomial, geometric in 1 000 groups of 500 counts", DISCRETE[:-1], 20),
    )
}
#: Seconds on a quiet machine with two cores (2026-11-20, one run each), quoted where a program is not run for being
#: slow; with them goes the version that was measured.
QUOTED = {
    ("fitter", "C6"): 25.5,
    ("preliz", "C6"): 65.2,
    ("phitter", "C6"): 141.9,
    ("fitdistrplus", "C4"): 0.52,
    ("fitdistrplus", "C6"): 32.9,
    ("fitdistrplus", "D4"): 0.144,
    ("fitdistrplus", "D6"): 9.8,
    ("scipy", "D6"): 81.5,
    ("preliz", "D6"): 69.5,
    ("scipy", "G"): 74.0,
    ("preliz", "G"): 112.0,
}
#: Tasks of which a program does the first groups only; its time is that of all by proportion.
PART = {("scipy", "G"): 20 / 1000, ("preliz", "G"): 20 / 1000}
#: What has to be known of a program to read its row.
REMARKS = {
    ("openturns", "C4"): "moments for gumbel, logistic, t",
    ("openturns", "C6"): "moments for gumbel, logistic, t",
    ("openturns", "D4"): "no binomial (13.5 s for its search), no geometric from 0",
    ("openturns", "D6"): "no binomial (its search did not end in 105 s), no geometric from 0",
    ("openturns", "G"): "no geometric from 0",
    ("statsmodels", "D4"): "poisson and negative binomial alone",
    ("statsmodels", "D6"): "poisson and negative binomial alone",
    ("statsmodels", "G"): "no geometric",
    ("phitter", "C4"): "moments",
    ("phitter", "D4"): "binomial dropped; geometric begins at 1",
    ("phitter", "D6"): "binomial dropped; geometric begins at 1",
    ("phitter", "G"): "geometric begins at 1",
    ("scipy", "D4"): "bounds by hand; size rounded to a whole number",
    ("scipy", "G"): "20 groups, times 50",
    ("preliz", "C4"): "no rayleigh",
    ("preliz", "D4"): "geometric begins at 1",
    ("preliz", "G"): "20 groups, times 50",
    ("fitter", "C4"): "location free, two processes",
    ("fitter", "C6"): "location free, two processes",
    ("distfit", "C4"): "location free",
    ("distfit", "C6"): "location free",
}


def write(folder: Path) -> None:
    """Draw the data of all tasks; the order of the draws is part of their definition."""
    rng = np.random.default_rng(SEED)
    data = {
        "C4": rng.gamma(2.3, 1.7, 10_000),
        "C6": rng.gamma(2.3, 1.7, 1_000_000),
        "D4": rng.negative_binomial(3.5, 0.4, 10_000),
        "D6": rng.negative_binomial(3.5, 0.4, 1_000_000),
    }
    size, chance = rng.uniform(1.0, 8.0, 1000), rng.uniform(0.2, 0.7, 1000)
    counts = rng.negative_binomial(np.repeat(size, 500), np.repeat(chance, 500))
    data["G"] = np.column_stack([np.repeat(np.arange(1000), 500), counts])
    data["C3"], data["C5"] = data["C4"][:1000], data["C6"][:100_000]
    for name, values in data.items():
        np.save(folder / f"{name}.npy", values)
        if name != "G":
            np.savetxt(folder / f"{name}.txt", values, fmt="%.17g")  # R reads text
