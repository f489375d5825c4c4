"""Simulate what the documentation claims, compare selection with other programs, and write docs/calibration.md."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import time
from pathlib import Path
from typing import Any

from benchmarks.calibration.kept import merged, rows_of

#: Part → (module, replicates, replicates of a quick run).
PARTS = {
    "size": ("size", 2000, 200),
    "parameters": ("parameters", 2000, 200),
    "sets": ("sets", 1000, 100),
    "dependence": ("dependence", 200, 20),
    "levels": ("levels", 2000, 100),
    "nested": ("nested", 200, 20),
    "selection": ("selection", 120, 8),
}
SEED = 20261120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the replicates: does it run at all?")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to simulate anew")
    parser.add_argument("--cells", help="regular expression: of size and sets only cells of such names, others kept")
    parser.add_argument("--peers", nargs="*", help="programs to compare selection with; none: ours alone")
    parser.add_argument("--home", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds that each peer may take")
    parser.add_argument("--records", type=Path, help="JSON of the peers' choices, read if it is there, else written")
    parser.add_argument("--results", type=Path, help="JSON of all parts: those not in --only are taken from it")
    parser.add_argument("--output", type=Path, default=Path("docs/calibration.md"))
    options = parser.parse_args()
    results: dict[str, Any] = {}
    if options.results is not None and options.results.exists():
        results = json.loads(options.results.read_text(encoding="utf-8"))
    for part in options.only:
        module, full, quick = PARTS[part]
        started = time.perf_counter()
        run = importlib.import_module(f"benchmarks.calibration.{module}").run
        more = {}
        if part == "selection":
            more = {
                "peers": options.peers,
                "home": options.home,
                "budget": options.budget / (10 if options.quick else 1),
                "records": options.records,
            }
        if part in ("size", "sets") and options.cells:
            more["wanted"] = lambda name: re.search(options.cells, name) is not None
        found = run(quick if options.quick else full, SEED, **more)
        if more.get("wanted"):
            old = results.get(part) or rows_of(options.output.read_text(encoding="utf-8"), part)
            found = {k: merged(old[k], found[k]) for k in old} if part == "size" else merged(old, found)
        results[part] = found
        print(f"{part}: {time.perf_counter() - started:.0f} s", flush=True)
        if options.results is not None:
            options.results.write_text(json.dumps(results), encoding="utf-8")
    from benchmarks.calibration.page import write

    write(results, options.output)
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
