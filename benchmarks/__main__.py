"""Time ranking beside other programs, and as n and groups grow; write docs/performance.md."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.environments import PACKAGES
from benchmarks.speed import growth, page, side_by_side, workers
from benchmarks.speed.tasks import TASKS

PARTS = ("peers", "numbers", "groups", "resamples", "workers", "starts")
PEERS = (*PACKAGES, "fitdistrplus")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute: scipy and OpenTURNS alone, small data")
    parser.add_argument("--large", action="store_true", help="up to 1e8 numbers and 1e6 groups")
    parser.add_argument(
        "--only", nargs="*", choices=PARTS, default=PARTS, help="parts to measure anew; none: the page alone"
    )
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), help="tasks beside other programs (default: all)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="other programs (default: all)")
    parser.add_argument("--home", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--budget", type=float, default=45.0, help="seconds that a call of a peer may take")
    parser.add_argument("--results", type=Path, help="JSON of all parts: those not in --only are taken from it")
    parser.add_argument("--output", type=Path, help="the page (default docs/performance.md; --quick: none)")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    if options.results is not None and options.results.exists():
        results = json.loads(options.results.read_text(encoding="utf-8"))
    results["machine"], results["date"] = page.machine(), page.today()
    quick = options.quick
    tasks = options.tasks or (["C4", "D4"] if quick else list(TASKS))
    peers = options.peers or (["scipy", "openturns"] if quick else PEERS)
    for part in options.only:
        if part == "peers":
            new = side_by_side.run(tasks, peers, options.home.absolute(), options.budget, 2 if quick else 10)
            done = {(row["task"], row["peer"]) for row in new}
            results[part] = [row for row in results.get(part, []) if (row["task"], row["peer"]) not in done] + new
        elif part == "resamples":
            results["resample_count"] = 99 if quick else 999
            results[part] = growth.resamples(results["resample_count"])
        elif part == "workers":
            results[part] = workers.measure(4_000 if quick else 20_000, 50, 1 if quick else 3)
        elif part == "starts":
            results[part] = growth.starts(2 if quick else 7)
        else:
            last = 5 if part == "groups" else 7
            last += -2 if quick else options.large
            results[part] = growth.measure(part, [10**k for k in range(0 if part == "groups" else 3, last + 1)])
        if options.results is not None:
            options.results.write_text(json.dumps(results), encoding="utf-8")
    output = options.output or (None if quick else Path("docs/performance.md"))
    if output is not None:
        page.write(results, output)
        print(f"written to {output}")


if __name__ == "__main__":
    main()
