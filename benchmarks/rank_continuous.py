"""Rank the core continuous families on 10 000 gamma draws; scipy.stats fits ten of them with loc fixed beside it."""

import argparse
import statistics
import time
import warnings

import numpy as np

import modelselect as ms

SCIPY = ("norm", "expon", "gamma", "lognorm", "weibull_min", "logistic", "gumbel_r", "rayleigh", "invgauss", "t")
POSITIVE = {"expon", "gamma", "lognorm", "weibull_min", "rayleigh", "invgauss"}
OURS = {
    "norm": "normal", "expon": "exponential", "gamma": "gamma", "lognorm": "lognormal", "weibull_min": "weibull",
    "logistic": "logistic", "gumbel_r": "gumbel", "rayleigh": "rayleigh", "invgauss": "inverse_gaussian",
    "t": "student_t",
}  # fmt: skip


def scipy_fits(x: np.ndarray) -> dict[str, float]:
    """Log-likelihoods that scipy reaches."""
    import scipy.stats

    reached = {}
    for name in SCIPY:
        law = getattr(scipy.stats, name)
        parameters = law.fit(x, floc=0) if name in POSITIVE else law.fit(x)
        reached[name] = float(law.logpdf(x, *parameters).sum())
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    x = np.random.default_rng(20261120).gamma(2.3, 1.7, options.n)
    listed = ms.families()
    densities = ~listed["discrete"] & listed["core"] & (listed["group"] != "circle")
    families = listed.index[densities.to_numpy(dtype=bool)].tolist()
    ours, theirs = [], []
    ranking, reached = None, {}
    for _ in range(options.rounds):
        start = time.perf_counter()
        ranking = ms.rank(x, families)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reached = scipy_fits(x)
        theirs.append(time.perf_counter() - start)
    assert ranking is not None
    print(f"n = {options.n}, {options.rounds} rounds in alternation (median, first round)")
    for what, seconds in ((f"modelselect ranks {len(families)}", ours), (f"scipy.stats fits {len(SCIPY)}", theirs)):
        print(f"{what + ' families':32s} {1e3 * statistics.median(seconds):8.1f} ms {1e3 * seconds[0]:8.1f} ms")
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    print(f"ratio scipy / modelselect: {statistics.median(ratios):.2f} (smallest {min(ratios):.2f})")
    print("\nlog-likelihood reached, ours minus scipy's:")
    for name, value in reached.items():
        print(f"  {OURS[name]:18s} {ranking.fits[OURS[name]].log_likelihood - value:+.2e}")


if __name__ == "__main__":
    main()
