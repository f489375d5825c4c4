"""Parameter, Family and the registry: what could have produced the data.

A family is stateless: elementwise functions of x and the parameters. It never sees groups,
weights, pandas or an optimiser. Its author writes each formula for x on the support; what holds
off the support (−inf, 0, 1) and at a non-integer is added here, once for all families.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

import numpy as np

from modelselect.domain import Interval
from modelselect.errors import CandidateError, did_you_mean
from modelselect.formulas import OFF_SUPPORT, inverse, log_share, on_support, on_unit
from modelselect.statistics import Statistic

if TYPE_CHECKING:
    from modelselect.block import Block

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


#: Where a parameter goes at a limit: a parameter of the limit, a value, or a function of the limit's parameters.
Goes = Any


class Limit(NamedTuple):
    """A family that is reached when the likelihood has no interior maximum: its name, or itself.

    ``parameters`` maps each of our parameters to the limit family's parameter of the same meaning (a
    name), to its value at the limit (a number), or to a function of the limit's parameters. ``certain``
    marks the groups for which theory says beforehand that the limit is reached; for the others the two
    likelihoods are compared.
    """

    family: str | Family
    parameters: Mapping[str, Goes]
    certain: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def law(self) -> Family:
        """The family that is reached."""
        return lookup(self.family)() if isinstance(self.family, str) else self.family


class Family:
    """Base class of all families; `modelselect.families.positive.classic` has examples.

    A family of one's own must define ``support``, its parameters (class attributes of type `Parameter`), ``logp``,
    ``cdf`` or ``sf``, and ``start`` (a first guess from ``statistics``) or ``mle`` (the exact answer); all else is
    optional. Formulas are elementwise functions of x on the support and of the parameters, in the order in which
    these are declared.

    Class attributes
    ----------------
    support : Interval
        Domain of x (its outermost reach where it depends on parameters, see `bounds`).
    statistics : tuple of functions
        The weighted summaries that `start` and `mle` are functions of, in that order.
    nested : mapping
        Families this one contains: ``{"exponential": {"shape": 1}}``; a value that is a string names
        the parameter of the nested family that takes its place, ``math.inf`` is the boundary, NaN is
        a value that follows from the nested family's, and a parameter of the nested family alone must
        be given there at that value.
    aliases : tuple of str
        Other names accepted on input (scipy's, R's, everyday ones).

    A family made from other families (`modelselect.families.compose`) sets these on the instance.
    """

    support: Interval
    statistics: tuple[Statistic, ...] = ()
    nested: Mapping[str, Mapping[str, float | str]] = {}
    aliases: ClassVar[tuple[str, ...]] = ()
    parameters: dict[str, Parameter] = {}  # noqa: RUF012 — replaced, never changed
    name: str = ""
    #: Outcomes may be labels; logp then takes them as they are.
    nominal: ClassVar[bool] = False
    #: The family is made from what a candidate says (other families, masses): it does not exist without.
    made: ClassVar[bool] = False
    #: Not None on a circle: x and x + period are the same; logp takes any x, cdf and sf one turn, the `support`.
    period: ClassVar[float | None] = None
    #: Points with mass of their own though the family has a density elsewhere: the zeros of a hurdle.
    atoms: tuple[float, ...] = ()
    #: Parameters whose restriction is tested by no likelihood ratio that is χ²: the weights of a mixture, a threshold;
    #: and names of nested families of which the same is true.
    singular: tuple[str, ...] = ()
    #: What a reader of its numbers must know, as the end of a sentence that starts with its name.
    note: ClassVar[str] = ""
    #: The density is cheaper than its integrals: a cell's mass is taken from it where it is smooth.
    integrated: ClassVar[bool] = False

    #: Not None only where a family defines it: the exact maximum-likelihood estimate from the statistics.
    #: Keyword-only arguments are the parameters that may be given instead of estimated.
    mle: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where a family defines it: statistics → the only interior maximum, by an iteration of the family's
    #: own that ends at the last digits; NaN where there is none or it does not end, and the solver searches.
    peak: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where defined: derivatives of logp with respect to each parameter, a tuple of arrays.
    score: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where defined, beside `score`: second derivatives of logp, the lower triangle of their matrix row
    #: by row (h11, h21, h22, h31, …). It spares the solver the differences of scores.
    hessian: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: Not None only where defined: expected information per observation, ``(..., p, p)``, where there is no Hessian.
    information: ClassVar[Callable[..., Any] | None] = None
    #: Not None only where defined: statistics → Limit, or a tuple of them, of which the likeliest is taken.
    limit: ClassVar[Callable[..., Limit | tuple[Limit, ...]] | None] = None
    #: Not None only where defined: parameters → mean and variance (inf or NaN where they do not exist).
    moments: ClassVar[Callable[..., tuple[Any, Any]] | None] = None
    #: Not None only where defined: parameters → (differential) entropy in nats.
    entropy: ClassVar[Callable[..., Any] | None] = None

    #: Not None only where defined: working values of all parameters, in the same domains → parameters; `straighten` is
    #: its inverse. The solver works in them where the ridge of the likelihood is a bent curve in the parameters.
    bend: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    straighten: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    #: The parameters that it changes, which must be free for it; all where none are named.
    bent: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__dict__.get("name") or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        cls.parameters = own or dict(cls.parameters)
        for function, off_support in OFF_SUPPORT.items():
            if function in vars(cls) and not cls.nominal:
                setattr(cls, function, on_support(vars(cls)[function], off_support))
        if "ppf" in vars(cls) and not cls.nominal:
            cls.ppf = on_unit(vars(cls)["ppf"])  # type: ignore[method-assign]

    # -- what a family defines -------------------------------------------------------------------------------------

    def logp(self, x: Any, *parameters: Any) -> Any:
        """Log density or log mass at x, elementwise; −inf off the support."""
        raise TypeError(f"family {self.name} defines no logp")

    def cdf(self, x: Any, *parameters: Any) -> Any:
        """P(X ≤ x); from its logarithm or from sf, whichever a family defines."""
        if type(self).log_cdf is not Family.log_cdf:
            with np.errstate(under="ignore"):
                return np.exp(self.log_cdf(x, *parameters))
        if type(self).sf is Family.sf:
            raise TypeError(f"family {self.name} defines neither cdf nor sf")
        return 1.0 - self.sf(x, *parameters)

    def sf(self, x: Any, *parameters: Any) -> Any:
        """P(X > x); from its logarithm or from cdf, whichever a family defines."""
        if type(self).log_sf is not Family.log_sf:
            with np.errstate(under="ignore"):
                return np.exp(self.log_sf(x, *parameters))
        return 1.0 - self.cdf(x, *parameters)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        """Log P(X ≤ x); a family overrides it where cdf underflows."""
        return log_share(self.cdf(x, *parameters), self.sf(x, *parameters))

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        """Log P(X > x); a family overrides it where sf underflows."""
        return log_share(self.sf(x, *parameters), self.cdf(x, *parameters))

    def ppf(self, q: Any, *parameters: Any) -> Any:
        """Smallest x with cdf(x) ≥ q; by bisection unless the family knows better."""
        return inverse(self, q, *parameters)

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

    #: Whether `statistics` hold the sample itself: a long one is thinned out where the density is smooth.
    everything: ClassVar[bool] = False

    def kinks(self, *parameters: Any) -> tuple[Any, ...]:
        """Points inside the support at which the density is not smooth (at most one in an interval)."""
        return ()

    def valid(self, *parameters: Any) -> Any:
        """Joint constraints on the parameters (each one's domain is checked elsewhere)."""
        return True

    def unbounded(self, *parameters: Any) -> Any:
        """Whether the density is infinite at an end of the support that a parameter moves.

        The likelihood then grows without bound as that end comes to an observation; only maxima elsewhere count.
        """
        return False

    def start(self, *statistics: Any) -> tuple[Any, ...]:
        """First guess from the statistics, one array ``(G,)`` a parameter; ``(S, G)`` for S starts."""
        if self.mle is None:
            raise TypeError(f"family {self.name} defines neither start nor mle")
        return self.mle(*statistics)

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        """First guesses for a block, shaped as those of `start`, which a family made from others asks of them.

        `given` ``(G, p)`` holds the parameters that are given, and NaN for the others.
        """
        return self.start(*map(block.statistic, self.statistics))

    def degenerate(self, block: Block, theta: Any) -> Any:
        """Whether a part of the law has shrunk onto too few values of a block; only maxima elsewhere count.

        `theta` is ``(G, p)``, the answer ``(G,)``.
        """
        return False

    def arranged(self, theta: Any, free: Sequence[int]) -> Any:
        """Parameters ``(G, p)`` of the same laws in canonical order, columns other than `free` left as they are."""
        return theta

    def to_scipy(self, *parameters: Any) -> tuple[str, dict[str, Any]]:
        """Name and keyword arguments of the same law in scipy.stats."""
        raise TypeError(f"family {self.name} has no equivalent in scipy.stats")

    # -- what follows from it --------------------------------------------------------------------------------------

    @property
    def discrete(self) -> bool:
        """Whether logp is the log of a mass."""
        return self.support.lattice

    @property
    def moves_with(self) -> Literal["location and scale", "scale", "nothing"]:
        """Changes of the data that only change parameters: shift and unit, unit, or none."""
        roles = {parameter.role for parameter in self.parameters.values()}
        if {"location", "scale"} <= roles:
            return "location and scale"
        return "scale" if roles & {"scale", "log_scale"} else "nothing"

    @classmethod
    def read(cls, arguments: Any, parse: Callable[[Any], tuple[Family, dict[str, float]]]) -> tuple[Family, dict]:  # type: ignore[type-arg]
        """Return the family and its given parameters that a candidate's arguments mean.

        ``parse`` reads an inner candidate, for a family that is made from others.
        """
        if arguments is None:
            arguments = {}
        if not isinstance(arguments, Mapping):
            raise CandidateError(f"{cls.name}: expected a mapping of parameters such as {{n: 10}}, got {arguments!r}")
        return (made := cls()), made.check(arguments)

    def label(self, given: Mapping[str, float]) -> str:
        """Short form in tables: the name, with the given parameters."""
        inside = ", ".join(f"{name}={value:g}" for name, value in given.items())
        return f"{self.name}({inside})" if inside else self.name

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

    def missing(self, given: Mapping[str, Any]) -> list[str]:
        """Parameters that are never estimated and are not among the given ones."""
        return [name for name, parameter in self.parameters.items() if parameter.required and name not in given]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return self.name


FamilyType = TypeVar("FamilyType", bound=type[Family])
_REGISTRY: dict[str, type[Family]] = {}
_ALIASES: dict[str, str] = {}


def register(cls: FamilyType) -> FamilyType:
    """Class decorator: make a family known by its name and aliases (a catalogue name beats an alias).

    Raises
    ------
    CandidateError
        The class lacks what every family must define, or its name belongs to another family.
    """
    lacking = [what for what in ("support", "logp") if getattr(cls, what, None) is getattr(Family, what, None)]
    if lacking and not cls.made:
        raise CandidateError(f"family {cls.name}: {' and '.join(lacking)} must be defined, see Family")
    if not cls.made and all(getattr(cls, what) is getattr(Family, what) for what in ("cdf", "sf", "log_cdf")):
        raise CandidateError(f"family {cls.name}: cdf, sf or log_cdf must be defined, see Family")
    other = _REGISTRY.get(cls.name)
    if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise CandidateError(f"family {cls.name}: the name is that of {other.__module__}.{other.__qualname__}")
    _REGISTRY[cls.name] = cls
    for alias in cls.aliases:
        _ALIASES[alias] = cls.name
    return cls


def registered() -> dict[str, type[Family]]:
    """All registered families by name, sorted; installed packages' entry points ``modelselect.families`` included."""
    _load_entry_points()
    return dict(sorted(_REGISTRY.items()))


def lookup(name: str, also: Sequence[str] = ()) -> type[Family]:
    """Return the family of a name or alias; `also` are other words that may have been meant.

    Raises
    ------
    CandidateError
        The name is unknown; the message proposes the nearest ones.
    """
    if name not in _REGISTRY and name not in _ALIASES:
        _load_entry_points()
    if name in _REGISTRY:
        return _REGISTRY[name]
    if name in _ALIASES:
        return _REGISTRY[_ALIASES[name]]
    raise CandidateError(f"unknown family {name!r}{did_you_mean(name, [*_REGISTRY, *_ALIASES, *also], _ALIASES)}")


@cache
def _load_entry_points() -> None:
    """Register what other installed packages offer: a Family class, or a module that registers its own.

    Raises
    ------
    CandidateError
        An entry point that is neither; a catalogue name is never replaced.
    """
    for point in entry_points(group="modelselect.families"):
        found = point.load()
        if not (isinstance(found, type) and issubclass(found, Family)):
            continue  # a module has registered its families by being imported
        if _REGISTRY.get(found.name, found) is not found:
            raise CandidateError(f"entry point {point.value}: the family name {found.name!r} is taken")
        register(found)
