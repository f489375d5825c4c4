"""Any continuous or discrete law of scipy.stats as a family, by its name: `scipy: genhyperbolic`."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

import modelselect.statistics as observed
from modelselect.block import Block
from modelselect.domain import INTEGERS, POSITIVE, REAL, Array, Interval
from modelselect.errors import CandidateError, did_you_mean
from modelselect.families.composition import Parse, points_of
from modelselect.family import Family, Parameter, register

#: Trial values of a shape, as distances from the end of its domain; the likeliest few combinations are starts.
_TRIALS = (0.3, 1.0, 2.5, 8.0)
_MOST_TRIALS, _STARTS = 64, 4
#: Quantiles of a group that stand for it where scipy guesses.
_QUANTILES = 50


@register
class Scipy(Family):
    """scipy: NAME — a law of scipy.stats with scipy's parameter names; loc is 0 unless `free: [loc]`; slower.

    Written as ``scipy: genhyperbolic``, ``scipy: {family: genhyperbolic, p: 1}`` with a given shape, or
    ``scipy: {family: genhyperbolic, free: [loc]}``. A family of the catalogue is faster, knows its limits and nested
    families, and has been compared with 50-digit references; prefer it where there is one.

    Parameters
    ----------
    law
        Name in scipy.stats.
    free
        ``["loc"]`` where the location is to be estimated.
    """

    made = True
    support = REAL
    note = "comes from scipy.stats: slower than the catalogue, and no limits are known where it has no maximum"

    def __init__(self, law: Any = None, free: Any = ()) -> None:
        if not isinstance(law, str):
            raise CandidateError(f"scipy: expected the name of a law such as genhyperbolic, got {law!r}")
        known = _laws()
        if law not in known:
            raise CandidateError(f"scipy: scipy.stats has no law {law!r}{did_you_mean(law, known)}")
        free = [free] if isinstance(free, str) else list(free)
        if set(free) - {"loc"}:
            raise CandidateError(f"scipy: free may name loc only, got {free!r}")
        masses = known[law]
        if free and masses:
            raise CandidateError(f"scipy: {law} gives masses, so its loc is not estimated; give it")
        self.law, self.free = law, tuple(free)
        self.name = f"scipy({law}, free loc)" if free else f"scipy({law})"
        self.support = INTEGERS if masses else REAL
        self.parameters = {info.name: _shape(info) for info in self._scipy._shape_info()}
        if masses:
            self.parameters["loc"] = Parameter(INTEGERS, typical=(0, 0), regular=False, default=0.0)
        else:
            fixed = None if free else 0.0
            self.parameters["loc"] = Parameter(
                REAL, typical=(-2, 2) if free else (0, 0), role="location", regular=bool(free), default=fixed
            )
            self.parameters["scale"] = Parameter(POSITIVE, typical=(0.5, 2), role="scale")

    @classmethod
    def read(cls, arguments: Any, parse: Parse) -> tuple[Family, dict[str, float]]:
        if not isinstance(arguments, Mapping):
            return cls(arguments), {}
        given = dict(arguments)
        if "family" not in given and len(given) == 1:
            ((law, inside),) = given.items()
            given = {"family": law, **(inside if isinstance(inside, Mapping) else {})}
        if "family" not in given:
            raise CandidateError("scipy: the key family is missing; expected {scipy: {family: genhyperbolic, p: 1}}")
        made = cls(given.pop("family"), given.pop("free", ()))
        return made, made.check(given)

    def label(self, given: Mapping[str, float]) -> str:
        return "".join([self.name[:-1], *(f", {name}={value:g}" for name, value in given.items()), ")"])

    @property
    def _scipy(self) -> Any:
        import scipy.stats

        return getattr(scipy.stats, self.law)

    def _call(self, function: str, x: Any, parameters: tuple[Any, ...]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its integrals
            return np.asarray(getattr(self._scipy, function)(x, *parameters), dtype=float)

    def logp(self, x: Any, *parameters: Any) -> Any:
        return self._call("logpmf" if self.discrete else "logpdf", x, parameters)

    def cdf(self, x: Any, *parameters: Any) -> Any:
        return self._call("cdf", x, parameters)

    def sf(self, x: Any, *parameters: Any) -> Any:
        return self._call("sf", x, parameters)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        return self._call("logcdf", x, parameters)

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        return self._call("logsf", x, parameters)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        return self._call("ppf", q, parameters)

    def bounds(self, *parameters: Any) -> tuple[Any, Any]:
        with np.errstate(all="ignore"):
            low, high = self._scipy.support(*parameters)
        return np.asarray(low, dtype=float), np.asarray(high, dtype=float)

    def valid(self, *parameters: Any) -> Any:
        return np.asarray(self._scipy._argcheck(*parameters[: self._shapes]), dtype=bool)

    def moments(self, *parameters: Any) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean, variance = self._scipy.stats(*parameters, moments="mv")
        return mean, variance

    def to_scipy(self, *parameters: Any) -> tuple[str, dict[str, Any]]:
        return self.law, dict(zip(self.parameters, parameters, strict=True))

    @property
    def _shapes(self) -> int:
        return len(self.parameters) - (1 if self.discrete else 2)

    # -- starts ----------------------------------------------------------------------------------------------------

    def starts(self, block: Block, given: Any) -> tuple[Any, ...]:
        """Scipy's own guess, and trial shapes whose quartiles are put on those of the data: the likeliest few."""
        x, weights = points_of(block, given)
        groups = len(weights)
        trials = self._trials(given)
        theta = np.broadcast_to(trials[:, None, :], (len(trials), groups, trials.shape[1])).copy()
        if not self.discrete:
            theta[:, :, -2:] = self._placed(trials, x, weights, given)
            theta = np.concatenate([theta, self._their_guess(x, weights, given)[None]])
        value = np.stack([self._value(x, weights, one) for one in theta])
        best = np.argsort(-value, axis=0, kind="stable")[:_STARTS]
        return tuple(np.moveaxis(np.take_along_axis(theta, best[:, :, None], axis=0), -1, 0))

    def _trials(self, given: Array) -> Array:
        """Combinations of trial shapes ``(T, p)``, loc 0 and scale 1."""
        known = given[0]
        each = [
            [known[j]] if np.isfinite(known[j]) else _trial_values(parameter.domain)
            for j, parameter in enumerate(list(self.parameters.values())[: self._shapes])
        ]
        rest = [0.0] if self.discrete else [0.0, 1.0]
        made = np.array([[*shapes, *rest] for shapes in itertools.product(*each)])
        made = made[np.broadcast_to(self.valid(*made.T), (len(made),))]
        return np.asarray(made[:: -(-len(made) // _MOST_TRIALS)])

    def _placed(self, trials: Array, x: Array, weights: Array, given: Array) -> Array:
        """Loc and scale ``(T, G, 2)`` that put the quartiles of each trial on those of the data."""
        low, middle, high = (self.ppf(q, *trials.T)[:, None] for q in (0.25, 0.5, 0.75))
        data = [np.broadcast_to(observed.quantile(x, weights, q), (len(weights),)) for q in (0.25, 0.5, 0.75)]
        scale = (data[2] - data[0]) / (high - low)
        loc = np.where(np.isnan(given[:, -2]), data[1] - scale * middle, given[:, -2])
        about = (data[1] - loc) / middle
        fixed = np.isfinite(given[:, -2]) & (about > 0) & np.isfinite(about)
        return np.stack(np.broadcast_arrays(loc, np.where(fixed & (low > 0), about, scale)), axis=-1)

    def _their_guess(self, x: Array, weights: Array, given: Array) -> Array:
        levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        data = np.stack([observed.quantile(x, weights, q) for q in levels], axis=-1)
        rows = []
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for row in np.broadcast_to(data, (len(weights), _QUANTILES)):
                try:
                    rows.append(np.array(self._scipy._fitstart(row), dtype=float))
                except (ValueError, FloatingPointError, ZeroDivisionError, RuntimeError):
                    rows.append(np.full(len(self.parameters), np.nan))
        return np.where(np.isnan(given), np.stack(rows), given)

    def _value(self, x: Array, weights: Array, theta: Array) -> Array:
        logp = self.logp(x, *theta.T[:, :, None])
        value = np.where(weights > 0, weights * logp, 0.0).sum(axis=-1)
        return np.where(np.isfinite(value), value, -np.inf)


def _trial_values(domain: Interval) -> list[float]:
    if domain.lattice:
        return [max(domain.low, 1.0) + k for k in (0.0, 4.0, 20.0)]
    if np.isfinite(domain.low) and np.isfinite(domain.high):
        return [domain.low + share * (domain.high - domain.low) for share in (0.1, 0.5, 0.9)]
    if np.isfinite(domain.low):
        return [domain.low + trial for trial in _TRIALS]
    if np.isfinite(domain.high):
        return [domain.high - trial for trial in _TRIALS]
    return [-2.0, -0.5, 0.5, 2.0]


def _shape(info: Any) -> Parameter:
    low, high = map(float, info.domain)
    low_inclusive, high_inclusive = map(bool, info.inclusive)
    domain = Interval(low, high, low_inclusive, high_inclusive, lattice=bool(info.integrality))
    values = _trial_values(domain)
    whole = domain.lattice
    return Parameter(
        domain, typical=(values[1], values[-2] if len(values) > 3 else values[-1]), regular=not whole, required=whole
    )


@cache
def _laws() -> dict[str, bool]:
    """Names of scipy's univariate laws, and whether each gives masses."""
    import scipy.stats

    kinds = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
    found: dict[str, Callable[..., Any]] = {name: getattr(scipy.stats, name) for name in dir(scipy.stats)}
    return {name: isinstance(law, kinds[1]) for name, law in found.items() if isinstance(law, kinds)}
