"""Laws: what a divergence asks of a `Distribution`, of a frozen scipy.stats law, or of one of scipy's new kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelselect.distribution import Distribution
from modelselect.divergence.scipy_names import TRANSLATIONS
from modelselect.domain import Array
from modelselect.errors import CandidateError, DataError
from modelselect.families.scipy_bridge import Scipy
from modelselect.families.table import Table

Function = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Law:
    """One probability law on the line.

    Attributes
    ----------
    name
        For messages.
    discrete
        Whether `logp` is the logarithm of a mass.
    low, high, step
        Ends of the support, and the distance of its points (of a discrete law).
    logp, cdf, sf, ppf
        Elementwise functions of x, and of a probability.
    kinks, atoms
        Points at which the density is not smooth, and points with mass of their own.
    points
        The outcomes of a table; None: every point of the lattice.
    distribution, shift, unit
        The `Distribution` whose X it is the law of, as shift + unit·X; None where it is none of ours.
    zeros
        True where a log density of −∞ inside the support is a zero, False where it may have underflowed.
    """

    name: str
    discrete: bool
    low: float
    high: float
    logp: Function
    cdf: Function
    sf: Function
    ppf: Function
    step: float = 1.0
    kinks: tuple[float, ...] = ()
    atoms: tuple[float, ...] = ()
    points: Array | None = None
    distribution: Distribution | None = None
    shift: float = 0.0
    unit: float = 1.0
    zeros: bool = True
    closed: tuple[bool, bool] = field(default=(True, True), repr=False)

    @classmethod
    def of(cls, distribution: Distribution, shift: float = 0.0, unit: float = 1.0) -> Law:
        """Law of shift + unit · X, X of a distribution over numbers."""
        family, values = distribution.family, tuple(distribution.parameters.values())
        if isinstance(family, Table):
            return _of_table(distribution, family)
        support = distribution.support
        log_unit = 0.0 if family.discrete else float(np.log(unit))
        moved = shift != 0.0 or unit != 1.0

        def back(x: Any) -> Any:
            return (np.asarray(x, dtype=float) - shift) / unit if moved else x

        def there(x: Any) -> Any:
            return shift + unit * np.asarray(x, dtype=float)

        kinks = [float(np.asarray(kink).item()) for kink in family.kinks(*values)]
        return cls(
            str(distribution),
            family.discrete,
            float(there(support.low)),
            float(there(support.high)),
            lambda x: family.logp(back(x), *values) - log_unit,
            lambda x: family.cdf(back(x), *values),
            lambda x: family.sf(back(x), *values),
            lambda q: there(family.ppf(q, *values)),
            support.step * unit,
            tuple(map(float, there(kinks))),
            tuple(map(float, there(family.atoms))) if family.atoms else (),
            None,
            distribution,
            shift,
            unit,
            not isinstance(family, Scipy),
            (support.low_inclusive, support.high_inclusive),
        )


def is_law(x: Any) -> bool:
    """Whether x is a `Distribution` or a univariate law of scipy.stats."""
    return isinstance(x, Distribution) or _frozen(x) or _new(x)


def as_law(x: Any) -> Law:
    """Read a law.

    Raises
    ------
    DataError
        Parameters that are arrays, or outside their domain.

    Examples
    --------
    >>> import modelselect as ms
    >>> as_law(ms.Distribution.of("exponential", scale=2.0)).high
    inf
    """
    if isinstance(x, Distribution):
        return Law.of(x)
    return _read_new(x) if _new(x) else _read_frozen(x)


def as_distribution(x: Any) -> Distribution | None:
    """Return the `Distribution` that is the same law as x, by its name in scipy.stats if we have no better one."""
    if isinstance(x, Distribution):
        return x
    law = as_law(x)
    if law.distribution is not None and law.shift == 0.0 and law.unit == 1.0:
        return law.distribution
    return _by_scipy_name(x) if _frozen(x) else None


def masses(x: Any) -> Mapping[Any, float] | None:
    """Return the masses of a table, by outcome; None for a law of another kind."""
    return x.family.masses if isinstance(x, Distribution) and isinstance(x.family, Table) else None


def _frozen(x: Any) -> bool:
    return hasattr(x, "dist") and hasattr(x, "ppf") and type(x).__module__.startswith("scipy.stats")


def _new(x: Any) -> bool:
    return hasattr(x, "icdf") and hasattr(x, "ccdf") and hasattr(x, "logpdf") and hasattr(x, "support")


def _read_frozen(x: Any) -> Law:
    name = str(x.dist.name)
    shapes, loc, scale = _arguments(x)
    if name in TRANSLATIONS and _of_scipy(x):
        family, parameters, shift, unit = TRANSLATIONS[name](*shapes, loc=loc, scale=scale)
        try:
            return Law.of(Distribution.of(family, **parameters), shift, unit)
        except CandidateError:
            pass  # an end of a domain that we leave out, such as p = 1: as scipy sees it
    discrete = not hasattr(x.dist, "pdf")
    low, high = map(float, x.support())
    if np.isnan(low) or np.isnan(high):
        raise DataError(f"{name}: scipy.stats does not accept the parameters {shapes}, loc {loc:g}, scale {scale:g}")
    inside = f"{name}({', '.join(f'{value:.6g}' for value in (*shapes, loc, *([] if discrete else [scale])))})"
    own = type(x.dist)
    generic = own._logpmf if discrete else own._logpdf
    return Law(
        f"scipy.stats.{inside}",
        discrete,
        low,
        high,
        _quiet(x.logpmf if discrete else x.logpdf),
        _quiet(x.cdf),
        _quiet(x.sf),
        _quiet(x.ppf),
        zeros=discrete or generic.__qualname__.split(".")[0] not in ("rv_continuous", "rv_generic"),
    )


def _read_new(x: Any) -> Law:
    """Read a law of scipy's new infrastructure, known by what it can do."""
    low, high = (float(np.asarray(end).item()) for end in x.support())
    discrete = any(base.__name__ == "DiscreteDistribution" for base in type(x).__mro__)
    name = type(x).__name__
    if name == "Normal" or name == "StandardNormal":
        return Law.of(Distribution.of("normal", mean=float(x.mu), sd=float(x.sigma)))
    return Law(
        f"scipy.stats.{name}",
        discrete,
        low,
        high,
        _quiet(x.logpmf if discrete else x.logpdf),
        _quiet(x.cdf),
        _quiet(x.ccdf),
        _quiet(x.icdf),
        zeros=discrete,
    )


def _quiet(function: Function) -> Function:
    def called(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.asarray(function(x), dtype=float)

    return called


def _arguments(x: Any) -> tuple[tuple[float, ...], float, float]:
    """Shapes, loc and scale of a frozen law, each a number."""
    shapes, loc, scale = x.dist._parse_args(*x.args, **x.kwds)
    if any(np.size(value) != 1 for value in (*shapes, loc, scale)):
        raise DataError(f"{x.dist.name}: the parameters of a law must be numbers, not arrays: one law at a time")
    one = [float(np.asarray(value, dtype=float).item()) for value in (*shapes, loc, scale)]
    return tuple(one[:-2]), one[-2], one[-1]


def _of_scipy(x: Any) -> bool:
    """Whether a frozen law is scipy's own, not one that somebody else gave the same name."""
    return type(x.dist).__module__.startswith("scipy.stats")


def _by_scipy_name(x: Any) -> Distribution | None:
    shapes, loc, scale = _arguments(x)
    if not _of_scipy(x):
        return None
    try:
        family = Scipy(str(x.dist.name))
        values = [*shapes, loc] if family.discrete else [*shapes, loc, scale]
        return Distribution(family, dict(zip(family.parameters, values, strict=True)))
    except (CandidateError, ValueError):
        return None


def _of_table(distribution: Distribution, family: Table) -> Law:
    """Law of a table whose outcomes are numbers.

    Raises
    ------
    DataError
        Its outcomes are labels.
    """
    labels = [outcome for outcome in family.masses if isinstance(outcome, str)]
    if labels:
        raise DataError(f"the outcomes of a table are labels such as {labels[0]!r}; the other law is one of numbers")
    order = sorted((float(outcome), mass) for outcome, mass in family.masses.items() if mass > 0)
    points, shares = np.array([x for x, _ in order]), np.array([mass for _, mass in order])
    total = np.cumsum(shares)
    return Law(
        "table",
        True,
        float(points[0]),
        float(points[-1]),
        lambda x: family.logp(np.asarray(x, dtype=float)),
        lambda x: np.append(0.0, total)[np.searchsorted(points, x, side="right")],
        lambda x: 1.0 - np.append(0.0, total)[np.searchsorted(points, x, side="right")],
        lambda q: points[np.minimum(np.searchsorted(total, q), len(points) - 1)],
        points=points,
        distribution=distribution,
    )
