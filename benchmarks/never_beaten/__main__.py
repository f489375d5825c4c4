"""Fit the same data with scipy, OpenTURNS, PreliZ, fitter and phitter, and compare the log-likelihoods reached."""

from __future__ import annotations

import argparse
import json
import math
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import modelselect as ms
from benchmarks.environments import PACKAGES, environment
from benchmarks.never_beaten.data import Data, larger, reference

HERE = Path(__file__).parent
PEERS = {peer: PACKAGES[peer] for peer in ("scipy", "openturns", "preliz", "fitter", "phitter")}
#: By how much a log-likelihood may be above ours: the tolerance of the reference values.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Row:
    """One fit of a peer beside ours."""

    peer: str
    data: str
    candidate: str
    theirs: float | None
    ours: float | None
    status: str
    error: str

    @property
    def ahead(self) -> float:
        """Theirs minus ours, NaN where one is missing."""
        if self.theirs is None or self.ours is None or not math.isfinite(self.ours) or math.isnan(self.theirs):
            return math.nan
        return self.theirs - self.ours


def run_peer(peer: str, python: Path, data: list[Data]) -> list[dict[str, Any]]:
    """All fits of one peer, each a record with `loglik` or `error`."""
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "data.json"
        task.write_text(json.dumps([{**asdict(d), "values": d.values.tolist()} for d in data]), encoding="utf-8")
        command = [str(python), str(HERE / f"peer_{peer}.py"), str(task)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    if done.returncode or not lines:
        raise RuntimeError(f"{peer} ended with {done.returncode}: {done.stderr[-2000:]}")
    return lines


def our_fits(samples: dict[str, ms.Sample], wanted: set[tuple[str, str, bool]]) -> dict[tuple[str, str, bool], ms.Fit]:
    """Our fits of all that any peer fitted: densities of exact values, masses of counts."""
    return {
        (name, family, shifted): ms.fit({"shifted": family} if shifted else family, samples[name])
        for name, family, shifted in sorted(wanted)
    }


def judged(family: str, parameters: dict[str, float], sample: ms.Sample) -> float | None:
    """Log-likelihood of a peer's estimates by our density; None where they are no law."""
    try:
        law = ms.Distribution.of(family, **parameters)
    except ms.CandidateError:
        return None
    return float(sample.weights @ law.logp(sample.values))


def compare(
    records: dict[str, list[dict[str, Any]]], fits: dict[tuple[str, str, bool], ms.Fit], samples: dict[str, ms.Sample]
) -> list[Row]:
    """Put theirs beside ours."""
    rows = []
    for peer, lines in records.items():
        for line in lines:
            shifted = bool(line.get("shifted"))
            fit = fits[line["data"], line["candidate"], shifted]
            name = f"shifted({line['candidate']})" if shifted else line["candidate"]
            theirs = float(line["loglik"]) if "loglik" in line else None
            if "parameters" in line:
                theirs = judged(line["candidate"], line["parameters"], samples[line["data"]])
            ours = fit.log_likelihood if fit.status.usable else None
            rows.append(Row(peer, line["data"], name, theirs, ours, str(fit.status), line.get("error", "")))
    return rows


def page(rows: list[Row], data: list[Data]) -> str:
    """The comparison in Markdown."""
    versions = ", ".join(" ".join(what) for peer, what in PEERS.items() if any(row.peer == peer for row in rows))
    lines = [
        "# Never beaten",
        "",
        "By how much the log-likelihood that other programs reach falls short of ours, in nats over the whole sample.",
        f"{len(data)} data sets; {versions}; Python {platform.python_version()}; {date.today().isoformat()}.",
        "Made by `python -m benchmarks.never_beaten`, which installs the others into environments of their own.",
        "",
        "*Worse* counts fits more than 1e-6 below ours; *no fit* those that raised, were dropped or gave no",
        "likelihood where ours has one. *Ahead* is the most that any fit is above ours, where that is above 1e-6.",
        "Where we say that no maximum exists (`unbounded`, …) nothing is compared; those cases are listed below.",
        "",
        "| program | family | compared | worse | median shortfall of those | largest | no fit | ahead |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for peer in PEERS:
        for family in sorted({row.candidate for row in rows if row.peer == peer}):
            mine = [row for row in rows if (row.peer, row.candidate) == (peer, family)]
            both = [row.ahead for row in mine if not math.isnan(row.ahead)]
            short = sorted(-gap for gap in both if gap < -_slack(mine))
            missing = sum(1 for row in mine if row.ours is not None and (row.theirs is None or math.isnan(row.theirs)))
            most = max(both, default=math.nan)
            cells = [
                peer,
                family,
                str(len(both)),
                str(len(short)),
                _number(short[len(short) // 2]) if short else "",
                _number(short[-1]) if short else "",
                str(missing) if missing else "",
                f"**{most:.3g}**" if most > _slack(mine) else "",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Where no maximum exists",
        "",
        "| data | family | our status | best of the others |",
        "|---|---|---|---:|",
    ]
    for name, family, status in sorted({(row.data, row.candidate, row.status) for row in rows if row.ours is None}):
        theirs = [row.theirs for row in rows if (row.data, row.candidate) == (name, family) and row.theirs is not None]
        lines.append(f"| {name} | {family} | {status} | {_number(max(theirs)) if theirs else ''} |")
    return "\n".join(lines) + "\n"


def _slack(rows: list[Row]) -> float:
    largest = max((abs(row.ours) for row in rows if row.ours is not None and math.isfinite(row.ours)), default=0.0)
    return max(TOLERANCE, 1e-9 * largest)


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--home", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--data", type=Path, help="folder with larger files (see data.py)")
    parser.add_argument("--output", type=Path, default=Path("docs/never_beaten.md"))
    parser.add_argument("--records", type=Path, help="JSON of an earlier run's peers, to compare with ours again")
    options = parser.parse_args()
    data = reference() + (larger(options.data) if options.data else [])
    records: dict[str, list[dict[str, Any]]] = {}
    if options.records is not None and options.records.exists():
        records = json.loads(options.records.read_text(encoding="utf-8"))
    for peer in options.peers:
        if peer not in records:
            records[peer] = run_peer(peer, environment(peer, options.home.absolute()), data)
            print(f"{peer}: {len(records[peer])} fits", flush=True)
            if options.records is not None:
                options.records.write_text(json.dumps(records), encoding="utf-8")
    wanted = {
        (line["data"], line["candidate"], bool(line.get("shifted"))) for lines in records.values() for line in lines
    }
    samples = {d.name: ms.Sample(d.values, resolution="auto" if d.counts else None) for d in data}
    rows = compare(records, our_fits(samples, wanted), samples)
    options.output.write_text(page(rows, data), encoding="utf-8")
    ahead = [row for row in rows if row.ahead > _slack([row])]
    for row in sorted(ahead, key=lambda row: -row.ahead):
        print(f"AHEAD {row.peer} {row.data} {row.candidate}: {row.theirs:.9g}, ours {row.ours:.9g} ({row.status})")
    print(f"{len(rows)} fits compared, {len(ahead)} ahead of ours; written to {options.output}")
    sys.exit(bool(ahead))


if __name__ == "__main__":
    main()
