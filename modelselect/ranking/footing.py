"""Footing: what candidates are scored by, so that masses and densities are never compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from modelselect.families.candidates import Candidate
from modelselect.family import Family
from modelselect.fitting.fit import fit_candidate, law_on, refused
from modelselect.fitting.result import Fit
from modelselect.sample import Sample

Footing = Literal["counting", "length", "nominal", "atoms+length"]


class Lawful(Protocol):
    """A candidate of which the law is known before it is fitted."""

    @property
    def family(self) -> Family:
        """The law."""
        ...


def footing_of(sample: Sample, candidates: Sequence[Lawful] = ()) -> Footing:
    """What a sample is scored by.

    ``nominal`` for labels; ``counting`` on a lattice, and where only intervals are known: by masses; ``length`` where
    there are exact real numbers: by densities (and the masses of those that are censored). ``atoms+length`` where one
    of the candidates has an atom, such as the 0 of a hurdle, that was seen among real numbers.
    """
    if sample.kind == "nominal":
        return "nominal"
    if sample.masses:
        return "counting"
    return "atoms+length" if len(atoms_of(sample, candidates)) else "length"


def atoms_of(sample: Sample, candidates: Sequence[Lawful]) -> tuple[float, ...]:
    """Atoms of the candidates that were seen as exact values of a continuous sample."""
    if sample.kind != "continuous":
        return ()
    atoms = sorted({float(atom) for candidate in candidates for atom in candidate.family.atoms})
    return tuple(atom for atom in atoms if np.any((sample.lower == atom) & sample.points))


def fit_on_footing(candidate: Candidate, sample: Sample, atoms: Sequence[float] = ()) -> Fit:
    """Fit a candidate unless its masses would be compared with densities."""
    law = law_on(candidate, sample)
    why = mismatch(law, sample, atoms)
    return refused(candidate, law, sample, why) if why else fit_candidate(candidate, sample)


def mismatch(law: Family, sample: Sample, atoms: Sequence[float]) -> str:
    """Why a law cannot be scored on the footing of a sample; empty if it can."""
    if law.nominal:
        return "" if sample.kind != "continuous" else "a table gives masses to outcomes; the data are continuous"
    if sample.kind == "nominal":
        return ""  # the fit itself says it
    if law.discrete:
        return _mismatch_of_masses(law, sample)
    if law.period is not None and (reach := float(sample.values[-1] - sample.values[0])) > law.period:
        return (
            f"{law.name} is a law of angles; the data reach over {reach:g}, more than one turn of {law.period:g}, so "
            "that its density on the circle is no density of theirs (take them modulo one turn)"
        )
    missing = [atom for atom in atoms if atom not in law.atoms]
    if missing:
        seen = float(sample.weights[np.isin(sample.values, missing) & sample.points].sum())
        what = " and ".join(f"{atom:g}" for atom in missing)
        return (
            f"{seen:g} of {sample.n:g} observations are exactly {what}, to which {law.name} gives no mass; "
            f"hurdle: {law.name} does"
        )
    return ""


def _mismatch_of_masses(law: Family, sample: Sample) -> str:
    step = law.support.step
    to, say = ("integers", "counts") if step == 1.0 else (f"multiples of {step:g}", "rounded to them")
    whole = f"{law.name} gives masses to {to}"
    if sample.kind == "lattice":
        return (
            ""
            if sample.resolution == step
            else f"{whole}; the data are rounded to a grid of step {sample.resolution:g}"
        )
    if not sample.masses:
        return f"{whole}; the data are continuous (say resolution: {step:g} if they are {say})"
    if step != 1.0 and (sample.edges is not None or sample.truncation is not None):
        what = "bins (a, b]" if sample.edges is not None else "intervals cut off at truncation bounds"
        return f"{whole}; of {what} without a resolution it is not known which of them belong to which"
    ends = sample.lower[np.isin(sample.lower, sample.upper) & np.isfinite(sample.lower)]
    shared = ends[ends == np.floor(ends)]
    if sample.edges is None and len(shared):
        return (
            f"{whole}; two intervals share their end {shared[0]:g}, which it would count twice (say resolution: 1 if "
            "the ends are counts, give bins, or ends between the integers)"
        )
    return ""
