"""What a peer is told and what it tells: data sets as JSON on the way in, one JSON line a fit on the way out.

Runs in the peer's own environment, so it needs the standard library only.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

#: Seconds a single fit may take.
LIMIT = 60


class TooLongError(Exception):
    """A fit was stopped."""


def data_sets() -> Iterator[dict[str, Any]]:
    """Read name, values and whether they are counts."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 — the peer may be an old Python
        yield from json.load(file)


def report(data: str, candidate: str, fit: Callable[[], Any], **more: Any) -> None:
    """Print what a fit reaches, or why there is nothing.

    A fit returns its log-likelihood, or its estimates in our parametrisation, to be judged by our density: some peers
    compute theirs with few digits.
    """

    def stop(*_: Any) -> None:
        raise TooLongError(f"stopped after {LIMIT} s")

    line: dict[str, Any] = {"data": data, "candidate": candidate, **more}
    started = time.perf_counter()
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        found = fit()
        if isinstance(found, dict):
            line["parameters"] = {name: float(value) for name, value in found.items()}
        else:
            line["loglik"] = float(found) if math.isfinite(found) else str(found)
    except Exception as error:  # noqa: BLE001 — whatever a peer raises is its result
        line["error"] = f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.alarm(0)
    line["seconds"] = round(time.perf_counter() - started, 4)
    print("@@" + json.dumps(line), flush=True)
