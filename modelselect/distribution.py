"""Distribution: a family with its parameters known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from modelselect import expectation
from modelselect.domain import Array, Interval
from modelselect.errors import CandidateError
from modelselect.family import Family, lookup


@dataclass(frozen=True, eq=False)
class Distribution:
    """A probability law: a family whose parameters are known.

    Parameters
    ----------
    family
        The family.
    parameters
        All its parameters, name → value.

    Raises
    ------
    CandidateError
        A parameter is missing, unknown or outside its domain.

    Examples
    --------
    >>> import modelselect as ms
    >>> worm = ms.Distribution.of("binomial", n=10, p=0.544)
    >>> round(float(worm.pmf(5)), 4)
    0.2367
    >>> worm.mean
    5.44
    """

    family: Family
    parameters: dict[str, float] = field(default_factory=dict)
    #: True where the values come from an estimate and may lie at the edge of a domain.
    checked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if self.checked:
            return
        defaults = {name: p.default for name, p in self.family.parameters.items() if p.default is not None}
        checked = self.family.check({**defaults, **self.parameters})
        missing = [name for name in self.family.parameters if name not in checked]
        if missing:
            raise CandidateError(f"{self.family.name}: the value of {', '.join(missing)} is missing")
        object.__setattr__(self, "parameters", {name: checked[name] for name in self.family.parameters})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distribution) and self._law == other._law

    def __hash__(self) -> int:
        return hash((self.family.name, *self.parameters.items()))

    @property
    def _law(self) -> tuple[Any, ...]:
        return type(self.family), vars(self.family), self.parameters

    @classmethod
    def of(cls, family: str, /, **parameters: float) -> Distribution:
        """Make the law from a family's name and its parameters."""
        return cls(lookup(family)(), parameters)

    @property
    def _values(self) -> tuple[float, ...]:
        return tuple(self.parameters.values())

    @property
    def discrete(self) -> bool:
        """Whether it has masses (True) or a density (False)."""
        return self.family.discrete

    @property
    def support(self) -> Interval:
        """Where its mass lies."""
        low, high = (float(np.asarray(end).item()) for end in self.family.bounds(*self._values))
        outer = self.family.support
        return Interval(
            low,
            high,
            outer.low_inclusive or low > outer.low,
            outer.high_inclusive or high < outer.high,
            outer.lattice,
            outer.step,
        )

    def logp(self, x: ArrayLike) -> Any:
        """Log density or log mass at x, in nats; −inf off the support."""
        return self.family.logp(x, *self._values)

    def pdf(self, x: ArrayLike) -> Any:
        """Density at x (of a discrete law: its mass, as `pmf`)."""
        return np.exp(self.logp(x))

    pmf = pdf

    def cdf(self, x: ArrayLike) -> Any:
        """P(X ≤ x)."""
        return self.family.cdf(x, *self._values)

    def sf(self, x: ArrayLike) -> Any:
        """P(X > x)."""
        return self.family.sf(x, *self._values)

    def ppf(self, q: ArrayLike) -> Any:
        """Smallest x with P(X ≤ x) ≥ q; NaN for q outside [0, 1]."""
        return self.family.ppf(q, *self._values)

    def rvs(self, size: int | tuple[int, ...], rng: np.random.Generator | int) -> Array:
        """Draw random values by inversion; `rng` is a generator or the seed of one."""
        return np.asarray(self.ppf(np.random.default_rng(rng).uniform(size=size)))

    @property
    def mean(self) -> float:
        """Expected value."""
        return expectation.moments(self.family, self._values)[0]

    @property
    def var(self) -> float:
        """Variance."""
        return expectation.moments(self.family, self._values)[1]

    @property
    def entropy(self) -> float:
        """Entropy in nats, of a density the differential entropy: by a formula, else by quadrature (1e-10)."""
        return expectation.entropy(self.family, self._values)

    def to_scipy(self) -> Any:
        """Return the same law as a frozen scipy.stats distribution."""
        import scipy.stats

        name, arguments = self.family.to_scipy(*self._values)
        return getattr(scipy.stats, name)(**arguments)

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={value:.6g}" for name, value in self.parameters.items())
        return f"{self.family.name}({inner})"
