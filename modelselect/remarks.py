"""What is said of data before anything is done with them: their weights, what is censored, rounded or truncated."""

from __future__ import annotations

import numpy as np

from modelselect.domain import Array
from modelselect.observations import distinct_numbers, integers
from modelselect.statistics import decimal_step

#: Lower and upper bounds of truncation.
Bounds = tuple[Array, Array]


def note_weights(weights: Array, known: bool, notes: list[str], *, said: bool) -> None:
    """That P is given, or that frequencies are fractions."""
    if known:
        notes.append("P is given, not sampled: KL is exact, and what needs a sample size is empty")
    elif not said and not integers(weights):
        notes.append("some frequencies are fractional; n is their sum")


def note_censored(lower: Array, upper: Array, w: Array, notes: list[str]) -> None:
    """How many observations are exact, and how the others are censored."""
    if lower is upper:
        return
    kinds = {
        "right-censored": np.isposinf(upper),
        "left-censored": np.isneginf(lower),
        "known up to an interval": np.isfinite(lower) & np.isfinite(upper) & (lower < upper),
    }
    parts = [f"{w[which].sum():g} {name}" for name, which in kinds.items() if which.any()]
    if not parts:
        return
    total, exact = float(w.sum()), float(w[lower == upper].sum())
    notes.append(
        f"of {total:g} observations {exact:g} {'is' if exact == 1 else 'are'} exact, "
        f"{', '.join(parts)} ({100 * (1 - exact / total):.3g} % censored)"
    )
    if exact == 0 and len(parts) == 1 and "known" not in parts[0]:
        notes.append(f"all observations are {parts[0].split(' ', 1)[1]}: they bound the law on one side only")


def note_rounded(events: Array, notes: list[str]) -> None:
    """Say it where times of events look rounded, which is not taken for granted beside censored ones."""
    distinct = distinct_numbers(events)[0] if len(events) else events
    step = decimal_step(distinct) if 1 < len(distinct) < len(events) else None
    if step is not None and (step == 1.0 or len(distinct) < 0.5 * len(events)):
        notes.append(
            f"times are taken for exact; all events lie on multiples of {step:g} and some on the same: if they were "
            f"rounded, resolution={step:g} (resolution: {step:g}) scores the mass of each cell"
        )


def note_truncated(bounds: Bounds | None, notes: list[str]) -> None:
    """Between which bounds observations could be seen."""
    if bounds is None:
        return
    low, high = bounds
    parts = []
    for end, name in ((low, "above"), (high, "up to")):
        if np.isinf(end).all():
            continue
        reach = f"{end.min():g}" if end.min() == end.max() else f"bounds from {end.min():g} to {end.max():g}"
        parts.append(f"{name} {reach}")
    alike = len(low) == len(high) == 1
    notes.append(
        f"truncated{'' if alike else ', each observation in its own way'}: only values {' and '.join(parts)} could be "
        "seen, and every probability is the one given that"
    )
