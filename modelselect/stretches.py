"""Long samples are worked through a stretch at a time, so that no temporary grows with them.

In one thread: the steps of a formula on a stretch are so short that two threads wait for each other more than they gain
(a million observations, two cores: 0.10 s alone, 0.11 s together, for half as much work again).
"""

from __future__ import annotations

from modelselect.domain import Array

#: Observations that are worked on at a time: what fits the cache, and products that BLAS leaves to one thread.
STRETCH = 8192


def stretches(m: int, times: int = 1) -> list[slice]:
    """Cut m observations into stretches, or into pieces of several, so that no temporary grows with the sample."""
    return [slice(i, min(i + times * STRETCH, m)) for i in range(0, m, times * STRETCH)]


def equal(weights: Array) -> bool:
    """Whether the weights of one sample are known to be all the same: one number, repeated without being stored."""
    return weights.strides[-1] == 0
