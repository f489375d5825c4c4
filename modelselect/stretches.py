"""Long samples are worked through a stretch at a time, on all cores: what is added up does not depend on how many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from modelselect.domain import Array

Result = TypeVar("Result")

#: Observations that are worked on at a time: what fits the cache, and products that BLAS leaves to one thread.
STRETCH = 8192
#: Stretches that a further thread must have to itself.
_WORTH_A_THREAD = 4
#: Threads that are started at most: a machine may show more cores than it gives.
_MOST = 8
#: Runs of stretches that each thread takes one after the other, lest one of them ends late.
_RUNS = 4


def stretches(m: int, times: int = 1) -> list[slice]:
    """Cut m observations into stretches, so that no temporary grows with the sample."""
    return [slice(i, min(i + times * STRETCH, m)) for i in range(0, m, times * STRETCH)]


def over_stretches(function: Callable[[slice], Result], cuts: Sequence[slice]) -> Iterator[Result]:
    """Values of a function of stretches in their order, computed on all cores: what is added up of them is the same."""
    threads = min(cores(), len(cuts) // _WORTH_A_THREAD)
    if threads < 2:
        yield from map(function, cuts)
        return

    def quietly(run: Sequence[slice]) -> list[Result]:  # what numpy is told in one thread is not known in the others
        with np.errstate(all="ignore"):
            return [function(cut) for cut in run]

    length = -(-len(cuts) // (_RUNS * threads))
    with ThreadPoolExecutor(threads) as pool:
        for results in pool.map(quietly, [cuts[i : i + length] for i in range(0, len(cuts), length)]):
            yield from results


def cores() -> int:
    """Cores that this process may use."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, _MOST)


def equal(weights: Array) -> bool:
    """Whether the weights of one sample are known to be all the same: one number, repeated without being stored."""
    return weights.strides[-1] == 0
