"""Counts of counts: Hermite, Neyman A, Pólya–Aeppli, Borel."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import wrightomega

import modelselect.statistics as observed
from modelselect.domain import COUNTS, NONNEGATIVE, POSITIVE, POSITIVE_INTEGERS, UNIT, Interval
from modelselect.families.counts.classic import NegativeBinomial, Poisson
from modelselect.families.counts.mixed import poisson_alone
from modelselect.families.counts.recursion import (
    FAR,
    Kind,
    compounded,
    log_mass,
    log_masses_near,
    log_sum,
    places,
    tail,
    with_far_scores,
)
from modelselect.families.counts.sums import log_tails
from modelselect.families.positive.tied import Tied
from modelselect.families.special import log_poisson
from modelselect.family import Family, Limit, Parameter, register

_POISSON, _NEGATIVE_BINOMIAL = Poisson(), NegativeBinomial()


@register
class Borel(Family):
    """Borel(mu) on 1, 2, 3, …: total progeny of one, each with Poisson(mu) children, mass e^(−mu x) (mu x)^(x−1) / x!.

    Borel (1942), 0 ≤ mu < 1; the number served in a busy period of a queue.
    """

    support = POSITIVE_INTEGERS
    mu = Parameter(Interval(0, 1, low_inclusive=True), typical=(0.05, 0.9))
    statistics = (observed.mean,)

    def logp(self, x: Any, mu: Any) -> Any:
        return self._log_mass(x, mu)

    def log_cdf(self, x: Any, mu: Any) -> Any:
        return log_tails(self._log_mass, x, (mu,), middle=1.0, low=1.0)[0]

    def log_sf(self, x: Any, mu: Any) -> Any:
        return log_tails(self._log_mass, x, (mu,), middle=1.0, low=1.0)[1]

    def mle(self, mean: Any) -> Any:
        return ((mean - 1) / mean,)

    def score(self, x: Any, mu: Any) -> Any:
        return ((x - 1) / mu - x,)

    def moments(self, mu: Any) -> Any:
        return 1 / (1 - mu), mu / (1 - mu) ** 3

    @staticmethod
    def _log_mass(x: Any, mu: Any) -> Any:
        # a Poisson with mean mu x, over mu x
        return np.where(x == 1, -mu, log_poisson(x, mu * x) - np.log(mu * x))


def _odd_share(x: Any, weights: Any) -> Any:
    """Share of the odd counts."""
    return observed.mean(x % 2, weights)


class _PairsAlone(Tied):
    """Twice a Poisson: what Hermite's law becomes where all counts are even."""

    name = "hermite"
    support = COUNTS
    law, tie = "hermite", staticmethod(lambda b: (0.0, b))
    b = Parameter(NONNEGATIVE, typical=(0.05, 10))
    statistics = (observed.mean,)

    def mle(self, mean: Any) -> Any:
        return (0.5 * mean,)


@register
class Hermite(Family):
    """Hermite(a, b) on 0, 1, 2, …: singles and pairs, X = Y + 2Z, Y ~ Poisson(a), Z ~ Poisson(b) (Kemp & Kemp 1965)."""

    support = COUNTS
    a = Parameter(POSITIVE, typical=(0.2, 15))
    b = Parameter(POSITIVE, typical=(0.05, 10))
    statistics = (observed.mean, observed.variance, _odd_share)
    nested = {"poisson": {"a": "mean", "b": 0.0}}

    def logp(self, x: Any, a: Any, b: Any) -> Any:
        return log_mass(self, x, a, b)

    def cdf(self, x: Any, a: Any, b: Any) -> Any:
        return tail(self, "cdf", x, a, b)

    def sf(self, x: Any, a: Any, b: Any) -> Any:
        return tail(self, "sf", x, a, b)

    def log_cdf(self, x: Any, a: Any, b: Any) -> Any:
        return tail(self, "log_cdf", x, a, b)

    def log_sf(self, x: Any, a: Any, b: Any) -> Any:
        return tail(self, "log_sf", x, a, b)

    def start(self, mean: Any, variance: Any, odd: Any) -> Any:
        # P(odd) = (1 − e^(−2a))/2: few odd counts and many pairs are a maximum of their own
        singles = -0.5 * np.log1p(-2 * np.clip(odd, 1e-3, 0.48)) / mean
        pairs = np.clip(np.stack([variance / mean - 1, np.full_like(mean, 0.5), 1 - singles]), 0.02, 0.98)
        return mean * (1 - pairs), 0.5 * mean * pairs

    def score(self, x: Any, a: Any, b: Any) -> Any:
        here, one, two = log_masses_near(self, x, (0, -1, -2), a, b)
        return with_far_scores(self, (np.expm1(one - here), np.expm1(two - here)), x > FAR, x, a, b)

    def limit(self, mean: Any, variance: Any, odd: Any) -> tuple[Limit, ...]:
        never = np.zeros(len(mean), dtype=bool)
        return Limit("poisson", self.nested["poisson"], never), Limit(_PairsAlone(), {"a": 0.0, "b": "b"}, never)

    def moments(self, a: Any, b: Any) -> Any:
        return a + 2 * b, a + 4 * b

    def _first(self, a: Any, b: Any) -> Any:
        return -(a + b)

    def _shares(self, last: int, a: Any, b: Any) -> Any:
        i = places(last, a, b)
        return compounded(np.where(i == 0, a, np.where(i == 1, 2 * b, 0.0)))

    def _far(self, kind: Kind, x: Any, a: Any, b: Any) -> Any:
        given, zero = getattr(_POISSON, kind), np.zeros_like(x)

        def term(j: Any) -> Any:
            return _POISSON.logp(j, b) + given(x - 2 * j, a)

        if kind != "logp":
            return log_sum(term, zero, _most_of_poisson(np.maximum(b, x)) if kind == "log_sf" else np.floor(x / 2))
        # the likeliest number of singles k has b k² = a² (x − k)/2
        k = a * x / (0.5 * a + np.sqrt(0.25 * a * a + 2 * b * x))
        j = 0.5 * (x - k)
        return log_sum(term, zero, np.floor(x / 2), j, 1 / np.sqrt(1 / (j + 0.5) + 4 / (k + 0.5)))


@register
class NeymanA(Family):
    """Neyman type A(rate, cluster_mean) on 0, 1, 2, …: Poisson(rate) clusters, each of Poisson(cluster_mean) counts.

    Neyman (1939); mean rate · cluster_mean, which is the sample mean at the maximum.
    """

    support = COUNTS
    rate = Parameter(POSITIVE, typical=(0.3, 8))
    cluster_mean = Parameter(POSITIVE, typical=(0.3, 4))
    statistics = (observed.mean, observed.variance, poisson_alone)
    nested = {"poisson": {"rate": np.inf, "cluster_mean": 0.0}}

    def logp(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        return log_mass(self, x, rate, cluster_mean)

    def cdf(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        return tail(self, "cdf", x, rate, cluster_mean)

    def sf(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        return tail(self, "sf", x, rate, cluster_mean)

    def log_cdf(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        return tail(self, "log_cdf", x, rate, cluster_mean)

    def log_sf(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        return tail(self, "log_sf", x, rate, cluster_mean)

    def start(self, mean: Any, variance: Any, alone: Any) -> Any:
        # clusters of as many as the variance says, and of many more: the likelihood may have several maxima
        cluster = np.maximum(variance / mean - 1, 0.02) * np.array([[1.0], [0.3], [3.0]])
        return mean / cluster, cluster

    def score(self, x: Any, rate: Any, cluster_mean: Any) -> Any:
        here, above = log_masses_near(self, x, (0, 1), rate, cluster_mean)
        ratio = (x + 1) * np.exp(above - here)
        scores = ratio / (rate * cluster_mean) - 1, (x - ratio) / cluster_mean
        return with_far_scores(self, scores, x > FAR, x, rate, cluster_mean)

    def limit(self, mean: Any, variance: Any, alone: Any) -> Limit:
        return Limit("poisson", self.nested["poisson"], certain=alone > 0)

    def moments(self, rate: Any, cluster_mean: Any) -> Any:
        return rate * cluster_mean, rate * cluster_mean * (1 + cluster_mean)

    def _first(self, rate: Any, cluster_mean: Any) -> Any:
        return rate * np.expm1(-cluster_mean)

    def _shares(self, last: int, rate: Any, cluster_mean: Any) -> Any:
        return compounded(rate * cluster_mean * np.exp(_POISSON.logp(places(last, rate, cluster_mean), cluster_mean)))

    def _far(self, kind: Kind, x: Any, rate: Any, cluster_mean: Any) -> Any:
        given = getattr(_POISSON, kind)

        def term(j: Any) -> Any:
            return _POISSON.logp(j, rate) + given(x, j * cluster_mean)

        # the likeliest number of clusters has x/j = cluster_mean + log(j/rate); given a tail it is below the larger
        # of rate and x/cluster_mean, and of x + 1 and e · rate
        mode = np.minimum(np.maximum(rate, (x + 1) / cluster_mean), np.maximum(x + 1, np.e * rate))
        if kind != "logp":
            return log_sum(term, np.zeros_like(x), _most_of_poisson(mode))
        j = x / wrightomega(np.log(x / rate) + cluster_mean)
        return log_sum(term, np.ones_like(x), _most_of_poisson(mode), j, j / np.sqrt(x + j))


@register
class PolyaAeppli(Family):
    """Pólya–Aeppli(rate, p) on 0, 1, 2, …: Poisson(rate) clusters, each of 1, 2, … counts, geometric with success p.

    Also *geometric Poisson* (Johnson, Kemp & Kotz 2005, 9.7); mean rate/p.
    """

    support = COUNTS
    rate = Parameter(POSITIVE, typical=(0.3, 8))
    p = Parameter(UNIT, typical=(0.3, 0.95))
    statistics = (observed.mean, observed.variance, poisson_alone)
    nested = {"poisson": {"rate": "mean", "p": 1.0}}
    aliases = ("geometric_poisson",)

    def logp(self, x: Any, rate: Any, p: Any) -> Any:
        return log_mass(self, x, rate, p)

    def cdf(self, x: Any, rate: Any, p: Any) -> Any:
        return tail(self, "cdf", x, rate, p)

    def sf(self, x: Any, rate: Any, p: Any) -> Any:
        return tail(self, "sf", x, rate, p)

    def log_cdf(self, x: Any, rate: Any, p: Any) -> Any:
        return tail(self, "log_cdf", x, rate, p)

    def log_sf(self, x: Any, rate: Any, p: Any) -> Any:
        return tail(self, "log_sf", x, rate, p)

    def start(self, mean: Any, variance: Any, alone: Any) -> Any:
        p = 2 / (1 + np.maximum(variance / mean, 1.02))
        return mean * p, p

    def score(self, x: Any, rate: Any, p: Any) -> Any:
        below, here, above = log_masses_near(self, x, (-1, 0, 1), rate, p)
        before, after = (x - 1) * np.exp(below - here), (x + 1) * np.exp(above - here)
        scores = ((x - after) + (1 - p) * (x - before)) / (rate * p), (x - before) / p
        return with_far_scores(self, scores, x > FAR, x, rate, p)

    def limit(self, mean: Any, variance: Any, alone: Any) -> Limit:
        return Limit("poisson", self.nested["poisson"], certain=alone > 0)

    def moments(self, rate: Any, p: Any) -> Any:
        return rate / p, rate * (2 - p) / p**2

    def _first(self, rate: Any, p: Any) -> Any:
        return -rate

    def _shares(self, last: int, rate: Any, p: Any) -> Any:
        i = places(last, rate, p)
        return compounded(rate * p * (i + 1) * (1 - p) ** i)

    def _far(self, kind: Kind, x: Any, rate: Any, p: Any) -> Any:
        given = getattr(_NEGATIVE_BINOMIAL, kind)

        def term(j: Any) -> Any:
            # beyond one count a cluster, a negative binomial; no cluster leaves none at all
            some = given(x - j, j * ((1 - p) / p), j)
            none = 0.0 if kind == "log_cdf" else -np.inf
            return _POISSON.logp(j, rate) + np.where(j == 0, none, some)

        if kind != "logp":
            most = _most_of_poisson(np.maximum(rate, x)) if kind == "log_sf" else x
            return log_sum(term, np.zeros_like(x) + (kind == "log_sf"), most)
        # the likeliest number of clusters has j² = rate · p/(1 − p) · (x − j)
        j = 2 * x / (1 + np.sqrt(1 + 4 * x * (1 - p) / (rate * p)))
        return log_sum(term, np.ones_like(x), x, j, 1 / np.sqrt(2 / (j + 0.5) + 1 / (x - j + 0.5)))


def _most_of_poisson(mode: Any) -> Any:
    """A number beyond which the mass of a Poisson with this mode has vanished."""
    return np.ceil(2 * mode + 60)
