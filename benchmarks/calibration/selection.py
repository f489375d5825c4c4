"""How often the truth is put first, beside other programs on the same samples."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats as st

from benchmarks.calibration.samples import BATCH, Array, Truth, block_of, mixture, parsed, truth
from benchmarks.environments import environment
from modelselect.fitting.result import estimate_candidate
from modelselect.fitting.status import Status, usable

HERE = Path(__file__).parent / "peers"
PEERS = ("openturns", "preliz", "phitter", "fitter", "distfit")
SIZES = (50, 100, 200, 500, 1000, 5000)
CONTINUOUS: list[Truth] = [
    truth("gamma", st.gamma(2)),
    truth("lognormal", st.lognorm(0.5)),
    truth("weibull", st.weibull_min(1.5)),
    truth("normal", st.norm()),
    truth("exponential", st.expon()),
    truth("logistic", st.logistic()),
    truth("student_t", st.t(4)),
    truth("gumbel", st.gumbel_r()),
]
COUNTS: list[Truth] = [
    truth("poisson", st.poisson(3)),
    truth("negative_binomial", st.nbinom(2, 0.4)),
    truth("geometric", st.geom(0.25, loc=-1)),
    truth("binomial", st.binom(10, 0.3)),
    mixture("zero_inflated(poisson)", [(0.3, st.randint(0, 1)), (0.7, st.poisson(3))]),
    truth("log_series", st.logser(0.7)),
]
PARAMETERS = (
    "gamma(shape 2), lognormal(sigma 0.5), weibull(shape 1.5), normal, exponential, logistic, student_t(df 4), gumbel, "
    "all of scale 1; poisson(3), negative_binomial(mean 3, size 2), geometric(p 0.25, from 0), binomial(10, 0.3) with "
    "n estimated, zero_inflated(poisson) with 30 % more zeros and mean 3, log_series(p 0.7)"
)
#: Families and truths that are compared: all that a peer has and that begin where ours do.
COMPARED = {
    "continuous": {peer: tuple(law.name for law in CONTINUOUS) for peer in PEERS},
    "counts": {
        "openturns": ("poisson", "negative_binomial", "binomial"),
        "phitter": ("poisson", "negative_binomial", "binomial"),
        "preliz": ("poisson", "negative_binomial", "binomial", "zero_inflated(poisson)"),
    },
}
#: Their criterion → the like one of ours.
LIKE = {"bic": "bic", "aic": "aic", "aicc": "aicc", "default": "kl_corrected"}


def run(
    replicates: int,
    seed: int,
    peers: Sequence[str] | None = None,
    home: Path = Path(".peers"),
    budget: float = 600.0,
    records: Path | None = None,
) -> dict[str, Any]:
    """Our choices and theirs, and how they compare."""
    samples = samples_of(replicates, seed)
    theirs: dict[str, list[dict[str, Any]]] = {}
    if records is not None and records.exists():
        theirs = json.loads(records.read_text(encoding="utf-8"))
    for peer in peers or ():
        if peer not in theirs:
            theirs[peer] = ask(peer, samples, home.absolute(), budget)
            if records is not None:
                records.write_text(json.dumps(theirs), encoding="utf-8")
    scores = {key: losses(key[0], x) for key, x in samples.items()}
    ours = [
        {"kind": kind, "truth": name, "n": n, "replicates": len(samples[kind, name, n])}
        | {c: float(np.mean([p == name for p in pick(scores[kind, name, n], n, c)])) for c in ("bic", "kl_corrected")}
        for kind, name, n in samples
    ]
    return {"ours": ours, "peers": compare(theirs, scores), "parameters": PARAMETERS}


def samples_of(replicates: int, seed: int) -> dict[tuple[str, str, int], Array]:
    """(kind, truth, n) → samples ``(R, n)``; a quarter of the replicates at the largest n."""
    return {
        (kind, law.name, n): law.draw(
            np.random.default_rng([seed, 9, place, n]), (replicates if n < 5000 else max(replicates // 4, 2), n)
        )
        for kind, laws in (("continuous", CONTINUOUS), ("counts", COUNTS))
        for place, law in enumerate(laws)
        for n in SIZES
    }


def losses(kind: str, x: Array) -> dict[str, tuple[Array, int]]:
    """Family → (−ℓ of each sample, infinite where it cannot be used; number of parameters)."""
    laws, found = CONTINUOUS if kind == "continuous" else COUNTS, {}
    forms = [{"zero_inflated": "poisson"} if "(" in law.name else law.name for law in laws]
    size = max(1, BATCH // x.shape[1])
    for candidate in parsed(forms):
        parts = []
        for start in range(0, len(x), size):
            block = block_of(x[start : start + size], discrete=kind == "counts")
            estimate = estimate_candidate(candidate, candidate.family, block, {})
            ok = usable(estimate.status) & (estimate.status != Status.OUT_OF_SUPPORT)
            parts.append(np.where(ok, -x.shape[1] * estimate.log_likelihood, np.inf))
        found[candidate.label] = np.concatenate(parts), len(estimate.free)
    return found


def pick(found: dict[str, tuple[Array, int]], n: int, criterion: str, among: Sequence[str] = ()) -> list[str]:
    """Our first family of each sample; ties go to fewer parameters, as in `rank`."""
    names = sorted(among or found, key=lambda name: found[name][1])
    k = np.array([found[name][1] for name in names], dtype=float)
    penalty = {
        "bic": 0.5 * k * np.log(n),
        "aicc": k + k * (k + 1) / (n - k - 1),
        "aic": k,
        "kl_corrected": k,
    }[criterion]
    total = np.stack([found[name][0] for name in names]) + penalty[:, None]
    return [names[i] for i in np.argmin(total, axis=0)]


def compare(
    theirs: dict[str, list[dict[str, Any]]], scores: dict[tuple[str, str, int], dict[str, tuple[Array, int]]]
) -> list[dict[str, Any]]:
    """Hits of both on the samples that a peer came to, and on how many only one of the two was right."""
    rows = []
    for peer, lines in theirs.items():
        for kind, families in COMPARED.items():
            mine = [line for line in lines if line["kind"] == kind]
            for n in sorted({line["n"] for line in mine}):
                here = [line for line in mine if line["n"] == n]
                for criterion in sorted({name for line in here for name in line.get("best", {})}):
                    like = LIKE[criterion]
                    picks = {t: pick(scores[kind, t, n], n, like, families[peer]) for t in families[peer]}
                    us = np.array([picks[line["truth"]][line["replicate"]] == line["truth"] for line in here])
                    them = np.array([line.get("best", {}).get(criterion) == line["truth"] for line in here])
                    rows.append(
                        {"peer": peer, "kind": kind, "n": n, "criterion": criterion, "like": like}
                        | {"samples": len(here), "theirs": float(them.mean()), "ours": float(us.mean())}
                        | {"only_theirs": int(np.sum(them & ~us)), "only_ours": int(np.sum(us & ~them))}
                        | {"p_value": mcnemar(int(np.sum(them & ~us)), int(np.sum(us & ~them)))}
                        | {"errors": sum("error" in line for line in here)}
                        | {"seconds": float(np.mean([line["seconds"] for line in here]))}
                    )
    return rows


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided test that each of two is as often the only right one."""
    return float(st.binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0


def ask(peer: str, samples: dict[tuple[str, str, int], Array], home: Path, budget: float) -> list[dict[str, Any]]:
    """What a peer puts first, sample by sample."""
    python = environment(peer, home)
    truths = [t for families in COMPARED.values() for t in families.get(peer, ())]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples.npz"
        np.savez(file, **{f"{kind}|{name}|{n}": x for (kind, name, n), x in samples.items()})
        command = [str(python), str(HERE / f"peer_{peer}.py"), str(file), json.dumps(truths), str(budget)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    if done.returncode or not lines:
        raise RuntimeError(f"{peer} ended with {done.returncode}: {done.stderr[-2000:]}")
    print(f"{peer}: {len(lines)} samples", flush=True)
    return lines
