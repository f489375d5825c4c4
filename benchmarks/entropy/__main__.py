"""Simulate the estimators of the entropy and the intervals of KL that are made of them, and write docs/entropy.md."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.entropy.estimators import of_counts, of_reals
from benchmarks.entropy.intervals import of_censored, of_weighted
from benchmarks.entropy.page import write

SEED = 20261120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the replicates: does it run at all?")
    parser.add_argument("--output", type=Path, default=Path("docs/entropy.md"))
    options = parser.parse_args()
    replicates, parts = 0.1 if options.quick else 1.0, {}
    begun = time.process_time()
    for name, run in {"reals": of_reals, "counts": of_counts, "weighted": of_weighted, "censored": of_censored}.items():
        started = time.perf_counter()
        parts[name] = run(replicates, SEED)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    write(parts, options.output, SEED, time.process_time() - begun)
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
