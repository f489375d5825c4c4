"""Divergences between distributions that are known, and of samples: one set of names for all of them.

`kl_divergence` and its relatives take probability vectors (or logits), arrays of them, mappings {outcome: probability},
two `Distribution`s or laws of scipy.stats, a `Sample` and a `Distribution`, or two `Sample`s. What a distribution *is*
matters in one place only, `_pair`: it turns two arguments into an object with the integrals that the public functions
are made of.
"""

import math
from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from modelselect.distribution import Distribution
from modelselect.divergence import multivariate
from modelselect.divergence.laws import as_law, is_law, masses
from modelselect.divergence.level import sample_entropy
from modelselect.divergence.measures import Pair
from modelselect.divergence.pairs import Laws
from modelselect.divergence.samples import SampleAndLaw, two_samples
from modelselect.divergence.vectors import Floats, LogVectors, Vectors, from_logits, probabilities
from modelselect.errors import ConfigurationError, DataError
from modelselect.sample import Sample

Known: TypeAlias = ArrayLike | Mapping[Hashable, float] | Distribution | Sample | Any


def kl_divergence(
    p: Known,
    q: Known,
    *,
    base: float | None = None,
    normalize: bool = False,
    axis: int = -1,
    logits: bool = False,
    smoothing: float = 0.0,
    neighbours: int = 1,
) -> float | Floats:
    """Kullback-Leibler divergence KL(p ‖ q) = Σ p log(p/q) or ∫ p log(p/q): what believing q costs when p is true.

    0 · log 0 = 0, and p > 0 where q = 0 gives +inf. It is summed as Σ [p log(p/q) - p + q], equal for
    probabilities, with every term ≥ 0 and the small ones by a series in (q - p)/(q + p): so it is never
    negative, 0 exactly for p = q, and a divergence of 1e-20 keeps its digits, where Σ p log(p/q) would hold
    nothing but rounding errors.

    Parameters
    ----------
    p, q : array_like, mapping, Distribution, scipy.stats law or Sample
        * Probabilities along `axis`; the other axes broadcast. Two mappings {outcome: probability} are matched
          by outcome, a missing one has probability 0.
        * Two laws, both of masses or both of densities: in closed form where one is known, else by a series or a
          quadrature whose error is checked; infinite where the supports or the tails say so. Laws of scipy.stats
          are frozen ones (``norm(0, 1)``), of its old and new kind; ``multivariate_normal`` and ``dirichlet`` too.
        * A `Sample` and a law: -ℓ/n - H(P̂), the column `kl` of `rank`.
        * Two `Sample`s: by their shares on a lattice or of labels, by nearest neighbours on the real line.
    base : float, optional
        Of the logarithm; the default is e, nats. 2 gives bits.
    normalize : bool
        Divide by the sum. Otherwise a sum other than 1 is an error, beyond a tolerance of 1e-9 an entry and
        1e-6 altogether (an array of lower precision than double is allowed its own precision).
    axis : int
        The axis of the outcomes.
    logits : bool
        p and q are logits: unnormalised log-probabilities, -inf for probability 0.
    smoothing : float
        Of two samples on a lattice: α added to the count of every value seen in either, in q. 0: q = 0 stays 0.
    neighbours : int
        Of two samples of real numbers: k of the nearest-neighbour estimator.

    Returns
    -------
    float or ndarray
        A float for two vectors, laws or samples, else an array without the axis.

    Raises
    ------
    DataError
        Probabilities that are negative, not finite, missing, of different lengths or do not sum to 1; a base
        not above 1; masses beside a density; arguments of kinds that have nothing in common.
    PrecisionError
        An integral was not reached to 1e-10.

    References
    ----------
    Kullback & Leibler (1951), On information and sufficiency.

    Examples
    --------
    >>> round(kl_divergence([0.5, 0.5], [0.6, 0.4]), 6)
    0.020411
    >>> kl_divergence({"heads": 1.0}, {"heads": 0.25, "tails": 0.75}, base=2)
    2.0
    >>> import modelselect as ms
    >>> normal, cauchy = ms.Distribution.of("normal", mean=0, sd=1), ms.Distribution.of("cauchy", location=0, scale=1)
    >>> round(kl_divergence(normal, cauchy), 9), kl_divergence(cauchy, normal)
    (0.259244532, inf)
    """
    pair = _pair(p, q, normalize=normalize, axis=axis, logits=logits, smoothing=smoothing, neighbours=neighbours)
    return _result(pair.kl(), base)


def cross_entropy(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1, logits: bool = False
) -> float | Floats:
    """Cross-entropy -Σ p log q = entropy(p) + KL(p ‖ q), the expected log loss of the forecast q.

    Parameters, shapes and errors as `kl_divergence`; +inf where p > 0 = q.

    Examples
    --------
    >>> round(cross_entropy([1.0, 0.0, 0.0], [0.7, 0.2, 0.1]), 6)
    0.356675
    """
    return _result(_pair(p, q, normalize=normalize, axis=axis, logits=logits).cross_entropy(), base)


def entropy(
    p: Known,
    *,
    method: str = "auto",
    base: float | None = None,
    normalize: bool = False,
    axis: int = -1,
    logits: bool = False,
) -> float | Floats:
    """Entropy -Σ p log p, with 0 · log 0 = 0; differential, -∫ p log p, of a density.

    Of a `Sample` it is an estimate, by the `method` that is named: ``auto`` takes Chao, Wang & Jost's on a lattice and
    extrapolated spacings on the real line; ``plug_in`` (or ``auto``) is the one in the definition of KL(P̂ ‖ q); see
    `modelselect.divergence.level.entropy_methods`. Other parameters, shapes and errors as `kl_divergence`. Source:
    Shannon (1948), A mathematical theory of communication.

    Raises
    ------
    DataError
        The sample has no entropy; the message says why.
    ConfigurationError
        The method does not fit the sample, or p is none.

    Examples
    --------
    >>> entropy([0.5, 0.25, 0.25], base=2)
    1.5
    >>> round(entropy(Sample(["a", "a", "b", "c"]), method="miller_madow"), 6)
    1.289721
    """
    if isinstance(p, Sample):
        found = sample_entropy(p, method)
        if math.isnan(found.value):
            raise DataError(f"entropy of the sample: {found.method}")
        return _result(np.asarray(found.value), base)
    if method != "auto":
        raise ConfigurationError(f"method: estimates the entropy of a Sample; p is {_NAMES[_kind(p)]}")
    return _result(_pair(p, p, normalize=normalize, axis=axis, logits=logits).entropy(), base)


def jensen_shannon(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1, logits: bool = False
) -> float | Floats:
    """Jensen-Shannon divergence, the mean of KL(p ‖ m) and KL(q ‖ m) with m = (p + q)/2.

    Symmetric, between 0 and log 2, and finite always; its square root is a metric. Parameters, shapes and
    errors as `kl_divergence`. Source: Lin (1991), Divergence measures based on the Shannon entropy.

    Examples
    --------
    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0], base=2)
    1.0
    """
    return _result(_pair(p, q, normalize=normalize, axis=axis, logits=logits).jensen_shannon(), base)


def jeffreys(
    p: Known, q: Known, *, base: float | None = None, normalize: bool = False, axis: int = -1, logits: bool = False
) -> float | Floats:
    """Jeffreys divergence, KL(p ‖ q) + KL(q ‖ p).

    Parameters, shapes and errors as `kl_divergence`. Source: Jeffreys (1946), An invariant form for the prior
    probability in estimation problems.

    Examples
    --------
    >>> round(jeffreys([0.5, 0.5], [0.6, 0.4]), 6)
    0.040547
    """
    pair = _pair(p, q, normalize=normalize, axis=axis, logits=logits)
    return _result(pair.kl() + pair.reverse_kl(), base)


def renyi(
    p: Known,
    q: Known,
    alpha: float,
    *,
    base: float | None = None,
    normalize: bool = False,
    axis: int = -1,
    logits: bool = False,
) -> float | Floats:
    """Rényi divergence of order α, log(Σ p^α q^(1-α)) / (α - 1).

    Its limits are taken at α = 0 (-log q(p > 0)), 1 (KL) and ∞ (log of the largest p/q). It grows with α.
    Parameters, shapes and errors as `kl_divergence`; 0 ≤ α ≤ ∞, anything else is an error too.
    Source: van Erven & Harremoës (2014), Rényi divergence and Kullback-Leibler divergence.

    Examples
    --------
    >>> round(renyi([0.5, 0.5], [0.6, 0.4], alpha=2), 6)
    0.040822
    """
    if not alpha >= 0:
        raise DataError(f"alpha must be 0 or more, possibly infinite, not {alpha!r}")
    return _result(_pair(p, q, normalize=normalize, axis=axis, logits=logits).renyi(float(alpha)), base)


# what a pair of distributions is ---------------------------------------------------------------------------


def _pair(
    p: Any,
    q: Any,
    *,
    normalize: bool,
    axis: int,
    logits: bool = False,
    smoothing: float = 0.0,
    neighbours: int = 1,
) -> Pair:
    """Decide what p and q are: the only place to extend for distributions of another kind."""
    kinds = {_kind(p), _kind(q)}
    if kinds == {"sample"}:
        return two_samples(p, q, smoothing, neighbours)
    if smoothing:
        raise DataError("smoothing: adds to the counts of a sample; p and q are not two samples")
    if kinds == {"law"}:
        left, right = masses(p), masses(q)
        if left is not None and right is not None:
            return _mappings(left, right, normalize=False)
        return Laws(as_law(p), as_law(q))
    if kinds == {"multivariate"}:
        return multivariate.pair(p, q)
    if kinds == {"sample", "law"} and isinstance(p, Sample):
        return SampleAndLaw(p, q)
    if len(kinds) > 1:
        raise DataError(
            f"p and q must both be mappings {{outcome: probability}} or both arrays, laws or samples, not one of each "
            f"(p is {_NAMES[_kind(p)]}, q is {_NAMES[_kind(q)]}); a Sample may stand before a law"
        )
    if kinds == {"mapping"}:
        return _mappings(p, q, normalize=normalize)
    if logits:
        log_p, log_q = from_logits(p, "p", axis), from_logits(q, "q", axis)
        _check_shapes(log_p, log_q)
        return LogVectors(log_p, log_q)
    vectors = probabilities(p, "p", normalize, axis), probabilities(q, "q", normalize, axis)
    _check_shapes(*vectors)
    return Vectors(*vectors)


_NAMES = {
    "sample": "a Sample",
    "law": "a law",
    "multivariate": "a law of vectors",
    "mapping": "a mapping",
    "array": "an array",
}


def _kind(x: Known) -> str:
    if isinstance(x, Sample):
        return "sample"
    if isinstance(x, Mapping):
        return "mapping"
    if multivariate.is_law(x):
        return "multivariate"
    return "law" if is_law(x) else "array"


def _mappings(p: Mapping[Hashable, float], q: Mapping[Hashable, float], *, normalize: bool) -> Vectors:
    outcomes = list(dict.fromkeys([*p, *q]))
    for name, law in (("p", p), ("q", q)):
        if not law:
            raise DataError(f"{name} is an empty mapping: at least one outcome is needed")
    vectors = [
        probabilities([law.get(x, 0.0) for x in outcomes], name, normalize, -1, labels=outcomes)
        for name, law in (("p", p), ("q", q))
    ]
    return Vectors(*vectors)


def _check_shapes(left: Floats, right: Floats) -> None:
    if left.shape[-1] != right.shape[-1]:
        raise DataError(f"p and q must have as many outcomes; they have {left.shape[-1]} and {right.shape[-1]}")
    try:
        np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        shapes = f"{left.shape[:-1]} and {right.shape[:-1]}"
        raise DataError(f"p and q must broadcast over their leading axes; these are {shapes}") from None


def _result(nats: Floats, base: float | None) -> float | Floats:
    """Change the unit; a single number comes back as a float."""
    if base is not None:
        if not 1 < base < np.inf:
            raise DataError(f"base must be finite and above 1, but is {base!r}")
        nats = nats / np.log(base)
    return float(nats) if np.ndim(nats) == 0 else np.asarray(nats)
