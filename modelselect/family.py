"""Parameter, Family and the registry: what could have produced the data.

A family is stateless: elementwise functions of x and the parameters. It never sees groups,
weights, pandas or an optimiser. Its author writes each formula for x on the support; what holds
off the support (−inf, 0, 1) and at a non-integer is added here, once for all families.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from modelselect.domain import Array, Interval
from modelselect.errors import CandidateError, did_you_mean
from modelselect.statistics import Statistic

Role = Literal["location", "scale", "log_scale"]


@dataclass(frozen=True)
class Parameter:
    """A parameter: its domain, the range that tests draw from, and how it moves when the data are rescaled.

    Parameters
    ----------
    domain
        Where the parameter may lie. An inclusive end is a legal limit.
    typical
        The range contract tests draw from.
    role
        ``location`` moves with x → a + b·x, ``scale`` is multiplied by b, ``log_scale`` has
        log b added; None does not move.
    regular
        False for ends of the support and integers, whose estimates have no information matrix.
    required
        True where the parameter is never estimated (the n of a beta-binomial).
    default
        The value taken when the parameter is not given and not estimated; None means *estimated*.
    """

    domain: Interval
    typical: tuple[float, float]
    role: Role | None = None
    regular: bool = True
    required: bool = False
    default: float | None = None


class Limit(NamedTuple):
    """The family that is reached when the likelihood has no interior maximum.

    ``parameters`` maps each of our parameters to the limit family's parameter of the same meaning (a
    name) or to its value at the limit (a number). ``certain`` marks the groups for which theory
    says beforehand that the limit is reached; for the others the two likelihoods are compared.
    """

    family: str
    parameters: Mapping[str, str | float]
    certain: np.ndarray[Any, np.dtype[np.bool_]]


class Family:
    """Base class of all families; see the module docstring and `modelselect.families` for examples.

    Class attributes
    ----------------
    support : Interval
        Domain of x (its outermost reach where it depends on parameters, see `bounds`).
    statistics : tuple of functions
        The weighted summaries that `start` and `mle` are functions of, in that order.
    nested : mapping
        Families this one contains: ``{"exponential": {"shape": 1}}``; a value that is a string names
        the parameter of the nested family that takes its place, ``math.inf`` is the boundary, and a
        parameter of the nested family alone must be given there at that value.
    aliases : tuple of str
        Other names accepted on input (scipy's, R's, everyday ones).
    """

    support: ClassVar[Interval]
    statistics: ClassVar[tuple[Statistic, ...]] = ()
    nested: ClassVar[Mapping[str, Mapping[str, float | str]]] = {}
    aliases: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[dict[str, Parameter]] = {}
    name: ClassVar[str] = ""
    #: Outcomes may be labels; logp then takes them as they are.
    nominal: ClassVar[bool] = False

    #: Not None only where a family defines it: the exact maximum-likelihood estimate from the statistics.
    #: Keyword-only arguments are the parameters that may be given instead of estimated.
    mle: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where defined: derivatives of logp with respect to each parameter, a tuple of arrays.
    score: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where defined: expected information per observation, ``(..., p, p)``, where there is no Hessian.
    information: ClassVar[Callable[..., Any] | None] = None
    #: Not None only where defined: statistics → Limit.
    limit: ClassVar[Callable[..., Limit] | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__dict__.get("name") or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        cls.parameters = own or dict(cls.parameters)
        for function, off_support in _OFF_SUPPORT.items():
            if function in vars(cls) and not cls.nominal:
                setattr(cls, function, _on_support(vars(cls)[function], off_support))
        if "ppf" in vars(cls) and not cls.nominal:
            cls.ppf = _on_unit(vars(cls)["ppf"])  # type: ignore[method-assign]

    # -- what a family defines -------------------------------------------------------------------------------------

    def logp(self, x: Any, *parameters: Any) -> Any:
        """Log density or log mass at x, elementwise; −inf off the support."""
        raise TypeError(f"family {self.name} defines no logp")

    def cdf(self, x: Any, *parameters: Any) -> Any:
        """P(X ≤ x)."""
        return 1.0 - self.sf(x, *parameters)

    def sf(self, x: Any, *parameters: Any) -> Any:
        """P(X > x)."""
        return 1.0 - self.cdf(x, *parameters)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        """Log P(X ≤ x); a family overrides it where cdf underflows."""
        return log_share(self.cdf(x, *parameters), self.sf(x, *parameters))

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        """Log P(X > x); a family overrides it where sf underflows."""
        return log_share(self.sf(x, *parameters), self.cdf(x, *parameters))

    def ppf(self, q: Any, *parameters: Any) -> Any:
        """Smallest x with cdf(x) ≥ q; by bisection unless the family knows better."""
        return _inverse(self, q, *parameters)

    def moments(self, *parameters: Any) -> tuple[Any, Any]:
        """Expected value and variance (inf or NaN where they do not exist)."""
        raise TypeError(f"family {self.name} defines no moments")

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        """Ends of the support for given parameters (NaN where a needed parameter is NaN)."""
        return self.support.low, self.support.high

    def outside(self, x: Any, *parameters: Any) -> tuple[Any, Any]:
        """Whether each x lies below, and above, the support.

        An end that a parameter sets belongs to the support; at the outermost ends `support` decides.
        Infinity is outside; an unknown end (NaN) is the outermost one.
        """
        low, high = self.bounds(*parameters)
        outer = self.support
        low, high = np.where(np.isnan(low), outer.low, low), np.where(np.isnan(high), outer.high, high)
        under, over = (x < low) | (x == -np.inf), (x > high) | (x == np.inf)
        if not outer.low_inclusive and np.isfinite(outer.low):
            under = under | (x == outer.low)
        if not outer.high_inclusive and np.isfinite(outer.high):
            over = over | (x == outer.high)
        return under, over

    def valid(self, *parameters: Any) -> Any:
        """Joint constraints on the parameters (each one's domain is checked elsewhere)."""
        return True

    def start(self, *statistics: Any) -> tuple[Any, ...]:
        """First guess from the statistics, one array ``(G,)`` a parameter; ``(S, G)`` for S starts."""
        if self.mle is None:
            raise TypeError(f"family {self.name} defines neither start nor mle")
        return self.mle(*statistics)

    def to_scipy(self, *parameters: Any) -> tuple[str, dict[str, Any]]:
        """Name and keyword arguments of the same law in scipy.stats."""
        raise TypeError(f"family {self.name} has no equivalent in scipy.stats")

    # -- what follows from it --------------------------------------------------------------------------------------

    @property
    def discrete(self) -> bool:
        """Whether logp is the log of a mass."""
        return self.support.lattice

    def check(self, given: Mapping[str, Any], where: str = "") -> dict[str, float]:
        """Check names and domains of given parameter values; returns them as floats.

        Raises
        ------
        CandidateError
            An unknown parameter (with the nearest known name), a value that is not a number, or
            one outside its domain.
        """
        where = where or self.name
        checked: dict[str, float] = {}
        for name, value in given.items():
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise CandidateError(
                    f"{where}: unknown parameter {name!r}; {self.name} has: {known}"
                    f"{did_you_mean(str(name), self.parameters)}"
                )
            if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
                raise CandidateError(f"{where}: parameter {name} must be a number, got {value!r}")
            domain = self.parameters[name].domain
            if not (domain.contains(value) and np.isfinite(value)):
                raise CandidateError(f"{where}: parameter {name} must lie in {domain}, got {value!r}")
            checked[str(name)] = float(value)
        values = [checked.get(name, np.nan) for name in self.parameters]
        if not np.isnan(values).any() and not np.all(self.valid(*values)):
            raise CandidateError(f"{where}: the parameters {checked} do not fit together")
        return checked

    def __repr__(self) -> str:
        return self.name


FamilyType = TypeVar("FamilyType", bound=type[Family])
_REGISTRY: dict[str, type[Family]] = {}
_ALIASES: dict[str, str] = {}


def register(cls: FamilyType) -> FamilyType:
    """Class decorator: make a family known by its name and aliases (a catalogue name beats an alias)."""
    _REGISTRY[cls.name] = cls
    for alias in cls.aliases:
        _ALIASES[alias] = cls.name
    return cls


def registered() -> dict[str, type[Family]]:
    """All registered families by name, sorted."""
    return dict(sorted(_REGISTRY.items()))


def lookup(name: str) -> type[Family]:
    """Return the family of a name or alias.

    Raises
    ------
    CandidateError
        The name is unknown; the message proposes the nearest ones.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    if name in _ALIASES:
        return _REGISTRY[_ALIASES[name]]
    raise CandidateError(f"unknown family {name!r}{did_you_mean(name, [*_REGISTRY, *_ALIASES], _ALIASES)}")


def nearest(family: Family, guess: Any, q: Any, *parameters: Any) -> Any:
    """Smallest integer with cdf ≥ q, where a closed form has come within one of it."""
    low, high = family.bounds(*parameters)
    x = np.clip(guess, low, high)
    x = np.where(family.cdf(x - 1, *parameters) >= q, x - 1, x)
    return np.where(family.cdf(x, *parameters) < q, x + 1, x)


def log_share(part: Any, rest: Any) -> Any:
    """Log of a share, from the rest where that is the smaller one."""
    with np.errstate(divide="ignore"):
        return np.where(part > 0.5, np.log1p(-np.asarray(rest)), np.log(part))


# -- formulas are written for the support; this is what holds elsewhere ------------------------------------------------

#: value below the support, value above it
_OFF_SUPPORT = {
    "logp": (-np.inf, -np.inf),
    "cdf": (0.0, 1.0),
    "sf": (1.0, 0.0),
    "log_cdf": (-np.inf, 0.0),
    "log_sf": (0.0, -np.inf),
}


def _on_support(formula: Callable[..., Any], off_support: tuple[float, float]) -> Callable[..., Any]:
    below, above = off_support
    mass = below == above

    @functools.wraps(formula)
    def function(self: Family, x: ArrayLike, *parameters: Any) -> Any:
        x = np.asarray(x, dtype=float)
        low, high = self.bounds(*parameters)
        with np.errstate(all="ignore"):
            if not self.discrete and x.size and np.ndim(low) == np.ndim(high) == 0 and x.min() > low and x.max() < high:
                return formula(self, x, *parameters)
            if self.discrete and not mass:
                x = np.floor(x)
            under, over = self.outside(x, *parameters)
            off = under | over | (x != np.floor(x)) if self.discrete and mass else under | over
            if not np.any(off):
                return formula(self, x, *parameters)
            inside = np.where(off, _somewhere_inside(low, high, self.discrete), x)
            value = formula(self, inside, *parameters)
            return np.where(under, below, np.where(over | off, above, value))

    return function


def _on_unit(formula: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(formula)
    def ppf(self: Family, q: ArrayLike, *parameters: Any) -> Any:
        q = np.asarray(q, dtype=float)
        low, high = self.bounds(*parameters)
        with np.errstate(all="ignore"):
            x = np.where(q <= 0, low, np.where(q >= 1, high, formula(self, q, *parameters)))
            return np.where((q >= 0) & (q <= 1), x, np.nan)

    return ppf


def _somewhere_inside(low: Any, high: Any, discrete: bool) -> Any:
    """Return a point of the support, at which a formula may safely be evaluated."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if discrete:
        return np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    both = np.isfinite(low) & np.isfinite(high)
    return np.where(
        both,
        0.5 * (low + high),
        np.where(np.isfinite(low), low + 1.0, np.where(np.isfinite(high), high - 1.0, 0.0)),
    )


@_on_unit
def _inverse(family: Family, q: Array, *parameters: Any) -> Any:
    """Invert the cdf; of one law on the integers from a table, if its quantiles are not too far apart."""
    q = np.where((q > 0) & (q < 1), q, 0.5)
    if family.discrete and q.size > 50 and all(np.ndim(parameter) == 0 for parameter in parameters):
        first, last = _bisect(family, np.array([q.min(), q.max()]), parameters)
        if last - first < 1e5:
            table = family.cdf(np.arange(first, last + 1), *parameters)
            return first + np.searchsorted(table, q)
    return _bisect(family, q, parameters)


def _bisect(family: Family, q: Array, parameters: tuple[Any, ...]) -> Array:
    """Bracket by doubling, then halve (to the last bit, or to the integer)."""
    q, *rest = np.broadcast_arrays(q, *[np.asarray(p, dtype=float) for p in parameters])
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), q.shape) for end in family.bounds(*rest))
    reach = np.ones_like(q)
    anchor = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    left = np.where(np.isfinite(low), low - (1.0 if family.discrete else 0.0), anchor - reach)
    right = np.where(np.isfinite(high), high, anchor + reach)
    for _ in range(1100):
        short = (family.cdf(right, *rest) < q) & (right < high)
        over = (family.cdf(left, *rest) >= q) & (left > low)
        if not (short.any() or over.any()):
            break
        reach = np.where(short | over, 2.0 * reach, reach)
        left, right = (
            np.where(short, right, np.where(over, left - reach, left)),
            np.where(over, left, np.where(short, right + reach, right)),
        )
    for _ in range(1100):
        middle = np.floor(0.5 * (left + right)) if family.discrete else 0.5 * (left + right)
        open_ = (middle > left) & (middle < right)
        if not open_.any():
            break
        enough = family.cdf(middle, *rest) >= q
        left, right = np.where(open_ & ~enough, middle, left), np.where(open_ & enough, middle, right)
    return right
