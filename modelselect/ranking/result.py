"""Ranking: candidates ordered by how many nats each loses, and whether the differences are real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from modelselect.divergence.entropy import Entropy
from modelselect.divergence.level import Level
from modelselect.errors import ConfigurationError, did_you_mean
from modelselect.ranking.adequacy import adequacy_of
from modelselect.ranking.comparison import LEVEL, Paired, Test, difference_interval, pairs
from modelselect.ranking.footing import Footing
from modelselect.ranking.pairwise import bootstrapped, pre_tested
from modelselect.ranking.redundancy import redundant
from modelselect.ranking.resampling import Resampled, resampled, sample_of
from modelselect.ranking.tables import ledger_of
from modelselect.ranking.validation import FOLDS, folds_of, held_out, stacking_weights


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidates, best first.

    Attributes
    ----------
    table
        One row a candidate, index ``candidate``: rank, family, kl, kl_se, kl_low, kl_high, kl_corrected,
        cross_entropy, delta, delta_se, p_value, weight, log_likelihood, n_parameters, aic, bic, status,
        footing, parameters; ``score`` too if ordered by another criterion. Nats an observation.
    fits
        Label → Fit, in the order of the table.
    entropy
        Entropy of the sample: value in nats, method, standard error.
    comparisons
        All pairs: a (ahead), b, delta, delta_se, delta_low, delta_high (95 %), statistic, p_value, test.
    differences
        Each candidate against the best: delta, delta_low, delta_high (95 %).
    ledger
        Every candidate that is not a plain success: candidate, status, reason.
    footing
        What is compared: masses on a lattice or of intervals (counting), densities (length), both where one value
        has a mass of its own (atoms+length), labels (nominal).
    """

    table: pd.DataFrame
    fits: Mapping[str, Any]
    entropy: Entropy
    footing: Footing
    by: str
    sample: Any
    unit: str
    level: Level
    paired: Paired
    criteria: tuple[str, ...] = ()
    seed: int = 0

    @property
    def best(self) -> Any:
        """The first candidate: a `Fit`, where families were fitted."""
        return next(iter(self.fits.values()))

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """What was not a plain success, in the ranking's order."""
        return ledger_of(list(self.fits.values()), self.level, known=self.sample.known)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """All pairs of candidates, each ahead of the other in the ranking's order."""
        columns = ["a", "b", "delta", "delta_se", "delta_low", "delta_high", "statistic", "p_value", "test"]
        rows = pairs(list(self.fits.values()), self.paired, self.table["delta"].to_numpy())
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """How much more each candidate loses than the best: index ``candidate``; delta, delta_low, delta_high (95 %).

        The interval allows for what estimation does, see `modelselect.ranking.comparison.difference_interval`.
        """
        fits, best = list(self.fits.values()), list(self.fits).index(self.reference)
        rows = [
            (float(delta), *difference_interval(float(delta), fits[best], fit, self.paired, best, i))
            if i != best
            else (0.0, 0.0, 0.0)
            for i, (fit, delta) in enumerate(zip(fits, self.table["delta"], strict=True))
        ]
        return pd.DataFrame(rows, columns=["delta", "delta_low", "delta_high"], index=self.table.index)

    @cached_property
    def excluded(self) -> dict[str, float]:
        """Candidates of the confidence set that are special cases of the best, and rejected as such: label → p-value.

        The likelihood ratio is sharper there than the set, which knows nothing of nesting. None of observations in an
        order of time: a likelihood ratio takes them for independent.
        """
        best, inside, found = self.reference, self.table["in_confidence_set"], {}
        if getattr(self.sample, "order", None) is not None:
            return {}
        for pair in self.comparisons.to_dict("records"):
            other = str(pair["b"] if pair["a"] == best else pair["a"])
            nested = best in (pair["a"], pair["b"]) and str(pair["test"]).startswith("likelihood")
            if nested and inside[other] and self.fits[other].k < self.fits[best].k and pair["p_value"] <= LEVEL:
                found[other] = float(pair["p_value"])
        return found

    @property
    def headline(self) -> str:
        """Column that says how much is lost: ``kl`` if ordered by it, else ``kl_corrected``.

        ``cross_entropy`` where the level of KL is unknown.
        """
        column = "kl" if self.by == "kl" else "kl_corrected"
        return column if np.isfinite(self.table[column].to_numpy()).any() else "cross_entropy"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know, in sentences: what was recognised, and where to be careful."""
        notes = list(self.sample.notes)
        weights = self.sample.weights
        once = float(weights[weights <= 1].sum())
        counted = self.footing in ("counting", "nominal") and not self.sample.known and np.isfinite(self.entropy.value)
        if counted and once > 0.5 * self.sample.n:
            notes.append(
                f"{once:g} of {self.sample.n:g} observations have a value of their own: the in-sample kl says mostly "
                "that; read kl_corrected"
            )
        notes += [f"{fit.label} {fit.family.note}" for fit in self.fits.values() if fit.family.note]
        return tuple(notes)

    @property
    def verdict(self) -> str:
        """The answer in words."""
        from modelselect.reporting.verdict import verdict

        return verdict(self)

    @property
    def reference(self) -> str:
        """Label of the candidate with the smallest corrected loss, which the others are compared with."""
        return str(self.table["delta"].idxmin())

    def adequacy(self, n_resamples: int = 999, rng: np.random.Generator | int | None = None) -> pd.DataFrame:
        """Test whether each candidate fits at all, by parametric bootstrap with refitting in every replicate.

        Parameters
        ----------
        n_resamples
            Most samples that are drawn from each fitted law; fewer where the answer is clear before.
        rng
            A generator or its seed; by default the ranking's seed.

        Returns
        -------
        DataFrame
            Index ``candidate``; test, statistic, p_value, mc_error (standard error of the p-value), n_resamples, and
            a reason where there is no test. Anderson and Darling's, Cramér and von Mises' and Kolmogorov and Smirnov's
            where outcomes have an order, of right-censored data with the product limit as P̂; G = 2n KL(P̂ ‖ q) on a
            lattice, of bins and of labels.

        Raises
        ------
        ConfigurationError
            P is known, the candidates were not fitted, or fewer than 19 replicates.
        """
        generator = np.random.default_rng(self.seed if rng is None else rng)
        return adequacy_of(self.fits, n_resamples, generator, dependent=self.paired.dependent)

    def bootstrap(
        self, n_resamples: int = 999, rng: np.random.Generator | int | None = None, *, block_length: int = 1
    ) -> Resampled:
        """Refit every candidate to the same resamples of the data: how often each would win, and by how much.

        Parameters
        ----------
        n_resamples
            How many.
        rng
            A generator or its seed; by default the ranking's seed.
        block_length
            For data in an order of time: how many neighbours are drawn together.
        """
        return resampled(self.fits, n_resamples, np.random.default_rng(self.seed if rng is None else rng), block_length)

    def stacking(self, folds: int = FOLDS, rng: np.random.Generator | int | None = None) -> pd.Series:
        """Weights of the mixture of all candidates that predicts held-out observations best, index ``candidate``.

        Of fewer observations than folds each is left out alone.

        Source: Yao, Vehtari, Simpson & Gelman 2018.
        """
        sample = sample_of(self.fits)
        folds = min(folds, max(int(sample.n), 2)) if folds >= 2 else folds
        parts = folds_of(sample, folds, np.random.default_rng(self.seed if rng is None else rng))
        nothing = np.full(parts.shape[1], np.nan)
        scores = [held_out(fit, parts) if fit.status.usable else nothing for fit in self.fits.values()]
        weights = stacking_weights(np.stack(scores), self.sample.shares)
        return pd.Series(weights, index=self.table.index, name="stacking_weight")

    def test(
        self,
        a: str,
        b: str,
        method: Literal["pretest", "bootstrap"] = "pretest",
        *,
        n_resamples: int = 999,
        rng: np.random.Generator | int | None = None,
    ) -> Test:
        """Test one pair with more care than `comparisons` does, which says who is ahead and by how much.

        Parameters
        ----------
        a, b
            Labels of the two.
        method
            ``pretest``: Vuong's two steps, first whether they can be told apart at all; of nested ones the likelihood
            ratio that holds also where neither is right. ``bootstrap``: of nested ones, against the ratios of samples
            drawn from the smaller one: for mixtures of different orders, thresholds, integers.
        n_resamples, rng
            Of the bootstrap, and of all draws; by default with the ranking's seed.

        Returns
        -------
        Test
            statistic, p_value, test. Vuong's statistic is positive where `a` is the better one, a likelihood ratio
            where the larger family is likelier. Where the first of Vuong's steps finds the two laws too alike to ask
            which is better, the p-value is that of *this* step, and the test is called "not distinguishable": another
            question than that of `comparisons`, and another number.

        Raises
        ------
        ConfigurationError
            An unknown label or method, a candidate without an estimate, or a pair to which the method does not apply.
        """
        labels = list(self.fits)
        for label in (a, b):
            if label not in labels:
                raise ConfigurationError(f"test: no candidate {label!r} in this ranking{did_you_mean(label, labels)}")
            if not self.fits[label].status.usable:
                raise ConfigurationError(f"test: {label} has no estimate")
        sample_of(self.fits)
        i, j = labels.index(a), labels.index(b)
        generator = np.random.default_rng(self.seed if rng is None else rng)
        if method == "pretest":
            return pre_tested(self.fits[a], self.fits[b], self.paired, i, j, generator)
        if method != "bootstrap":
            raise ConfigurationError(f"test: expected pretest or bootstrap, got {method!r}")
        return bootstrapped(self.fits[a], self.fits[b], self.paired, i, j, n_resamples, generator)

    @cached_property
    def redundant(self) -> list[tuple[str, ...]]:
        """Candidates that are the same law at their fitted parameters: KL between them below 1e-6 nats."""
        return redundant(self.fits)

    def plot(self, **options: Any) -> Any:
        """Draw the data against the best candidates; returns a matplotlib figure."""
        from modelselect.reporting.figures import data_figure

        return data_figure(self, **options)

    def to_html(self, path: str | Path) -> Path:
        """Write a self-contained HTML page about this ranking."""
        from modelselect.reporting.html import write_html

        return write_html(self, path)

    def _repr_html_(self) -> str:
        from modelselect.reporting.html import fragment

        return fragment(self)

    def __repr__(self) -> str:
        columns = ["rank", "kl", "kl_corrected", "delta", "p_value", "status"]
        return f"{self.verdict}\n\n{self.table[columns].to_string(float_format=lambda v: f'{v:.4f}')}"
