"""What a report says, in words and tables: written once, set twice (HTML and Markdown)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelselect.ranking.comparison import LEVEL
from modelselect.ranking.confidence_set import CONFIDENCE
from modelselect.ranking.predictions import PredictionRanking
from modelselect.ranking.regression.design import Rows
from modelselect.ranking.result import Ranking
from modelselect.reporting.forecasts import calibration_table, facts_of_cases, method_of_forecasts
from modelselect.reporting.page import Page, Picture, ProfileCurve, file_names
from modelselect.reporting.regressions import facts_of_rows
from modelselect.reporting.studies import (
    adequacy_table,
    adequacy_words,
    bootstrap_table,
    criteria_table,
    stacking_table,
)
from modelselect.reporting.tables import (
    BITS_PER_NAT,
    comparisons_table,
    count,
    join,
    ledger_table,
    nats,
    plain,
    ranking_table,
    significant,
    with_error,
)
from modelselect.sample import Sample

_KINDS = {
    "counting": "a lattice of values: every candidate is scored by the mass it gives to each value",
    "intervals": "intervals: every candidate is scored by the mass it gives to each",
    "length": "real numbers: every candidate is scored by its density",
    "censored": "real numbers, some of them censored: every candidate is scored by its density at those that are exact "
    "and by the probability it gives to the intervals of the others",
    "atoms+length": "real numbers and values that have a mass of their own: every candidate is scored by both",
    "nominal": "labels, which have no order: every candidate is scored by the probability it gives to each",
}
_CRITERIA = {
    "kl": "KL, in-sample",
    "kl_corrected": "KL, corrected for estimation",
    "cross_entropy": "cross-entropy, −log-likelihood/n",
    "aic": "AIC, 2k − 2 log-likelihood (Akaike 1973)",
    "bic": "BIC, k log n − 2 log-likelihood (Schwarz 1978)",
    "aicc": "AIC with the correction for small samples (Hurvich & Tsai 1989)",
    "tic": "KL with Takeuchi's penalty tr(J⁻¹K)/n (1976)",
    "kl_cv": "KL by 10-fold cross-validation",
    "kl_loo": "KL by leaving out each observation in turn",
    "crps": "the continuous ranked probability score, in the unit of the data",
    "wasserstein": "Wasserstein's distance of the cumulative distributions, in the unit of the data",
    "ad": "Anderson and Darling's distance A²/n",
    "cvm": "Cramér and von Mises' distance W²/n",
    "ks": "Kolmogorov and Smirnov's distance",
}
#: The intervals were simulated; below this size their coverage is not what they promise.
_INDICATIVE = 100


def document(page: Page, pictures: Sequence[Picture] = (), files: Sequence[str] = ()) -> dict[str, Any]:
    """Return everything the templates set, by name."""
    ranking = page.ranking
    return {
        "title": plain(page.title or page.name, 200),
        "name": plain(page.name, 120),
        "verdict": plain(ranking.verdict, 20_000),
        "source": plain(page.source, 1000),
        "facts": _facts(ranking),
        "notes": [plain(note, 1000) for note in ranking.notes],
        "ranking": ranking_table(ranking),
        "calibration": calibration_table(ranking) if isinstance(ranking, PredictionRanking) else None,
        "pictures": [p for p in pictures if p.name != "simulated" and not p.name.startswith("profile-")],
        "alike": alike(ranking),
        "comparisons": comparisons_table(ranking),
        "profiles": [
            {"sentence": minimum(curve, ranking), "pictures": [p for p in pictures if p.name == name]}
            for curve, name in zip(page.profiles, file_names(page.profiles), strict=True)
        ],
        "criteria": criteria_table(ranking),
        "adequacy": {
            "words": adequacy_words(ranking, page.studies),
            "table": adequacy_table(page.studies),
            "pictures": [picture for picture in pictures if picture.name == "simulated"],
        },
        "resamples": [
            table for table in (bootstrap_table(page.studies), stacking_table(page.studies)) if table is not None
        ],
        "ledger": ledger_table(ranking),
        "method": method_of_forecasts(ranking) if isinstance(ranking, PredictionRanking) else method(ranking),
        "reproduce": rows(page.manifest),
        "experiment_yaml": page.experiment_yaml.rstrip(),
        "files": list(files),
    }


def _facts(ranking: Ranking) -> list[tuple[str, str]]:
    """What is known about the data, whatever they are."""
    if isinstance(ranking, PredictionRanking):
        return facts_of_cases(ranking)
    return facts_of_rows(ranking) if isinstance(ranking.sample, Rows) else facts(ranking)


def facts(ranking: Ranking) -> list[tuple[str, str]]:
    """What is known about the data, term by term."""
    sample, unit = ranking.sample, plain(ranking.unit, 60)
    size = (
        "P is known, not sampled"
        if sample.known
        else f"n = {count(sample.n)}" + (f"; one observation is one {unit}" if unit != "observation" else "")
    )
    lines = [("Observations", size), ("Kind", _kind(ranking))]
    if sample.kind == "nominal":
        shown = [plain(str(label), 40) for label in sample.outcomes or sample.values]
        lines.append(("Outcomes", f"{len(shown)}: {join(shown, 12)}"))
    else:
        lines += _reach(sample)
        lines.append(
            (
                "Resolution",
                "exact real numbers"
                if sample.resolution is None
                else f"rounded to {significant(sample.resolution, 7)}",
            )
        )
    lines.append(("Missing", f"{count(sample.n_missing)} dropped" if sample.n_missing else "none"))
    entropy = ranking.entropy
    if math.isfinite(entropy.value):
        known = "" if sample.known or not entropy.se > 0 else f" ± {nats(entropy.se)}"
        amount = f"{nats(entropy.value)}{known} nats, {nats(entropy.value * BITS_PER_NAT)} bits per {unit}"
        lines.append(("Entropy", f"{amount} ({plain(entropy.method, 200)})"))
    else:
        lines.append(("Entropy", f"unknown: {plain(entropy.method.removeprefix('none: '), 200)}"))
    return lines


def _kind(ranking: Ranking) -> str:
    sample, footing = ranking.sample, ranking.footing
    if footing == "counting" and sample.kind == "continuous":
        return _KINDS["intervals"]
    return _KINDS["censored" if footing == "length" and not sample.exact else footing]


def _reach(sample: Sample) -> list[tuple[str, str]]:
    """Range, and mean or median; what is known of censored and truncated observations."""
    x, p = sample.values.astype(float), sample.shares
    low, high = float(sample.lower.min()), float(sample.upper.max())
    if sample.edges is None:
        low = min(float(ends[np.isfinite(ends)].min(initial=np.inf)) for ends in (sample.lower, sample.upper))
        high = max(float(ends[np.isfinite(ends)].max(initial=-np.inf)) for ends in (sample.lower, sample.upper))
    what = "bins" if sample.edges is not None else "distinct values" if sample.exact else "distinct observations"
    lines = [("Range", f"{significant(low, 5)} to {significant(high, 5)}, {count(len(x))} {what}")]
    if sample.exact and sample.truncation is None:
        mean = float(p @ x)
        spread = math.sqrt(float(p @ (x - mean) ** 2))
        lines.append(("Mean", f"{significant(mean)}, standard deviation {significant(spread)}"))
    elif not sample.exact and sample.edges is None:
        lines.append(("Censored", f"{100 * sample.censored_share:.3g} % of the observations"))
    if sample.truncation is not None:
        low, high = float(sample.truncation[0].min()), float(sample.truncation[1].max())
        each = len(sample.truncation[0]) + len(sample.truncation[1]) > 2
        bounds = f"only values in ({significant(low)}, {significant(high)}] could be seen"
        lines.append(("Truncated", bounds + ("; each observation has bounds of its own" if each else "")))
    return lines


def alike(ranking: Ranking) -> str:
    """A sentence on the pairs that cannot be told apart."""
    frame = ranking.comparisons
    tested = frame[frame["p_value"].notna()]
    if tested.empty:
        return (
            "No pair was tested: P is known, and the differences are exact."
            if ranking.sample.known
            else "No pair could be tested."
        )
    same = tested[tested["p_value"] > LEVEL]
    if same.empty:
        return f"Every pair that was tested can be told apart (p ≤ {LEVEL:g})."
    pairs = [f"{plain(a, 60)} and {plain(b, 60)}" for a, b in same[["a", "b"]].itertuples(index=False)]
    more = f"; and {len(pairs) - 12} more" if len(pairs) > 12 else ""
    rest = len(tested) - len(same)
    others = f" The other {'pair' if rest == 1 else f'{rest} pairs'} that {'was' if rest == 1 else 'were'} tested can."
    others = others if rest else ""
    return f"These cannot be told apart (p > {LEVEL:g}): {'; '.join(pairs[:12])}{more}.{others}"


def minimum(curve: ProfileCurve, ranking: Ranking) -> str:
    """Where a profile has its minimum."""
    fit = ranking.fits.get(curve.candidate)
    error = math.nan if fit is None or ranking.sample.known else fit.standard_errors.get(curve.parameter, math.nan)
    at = with_error(curve.at, error) if math.isfinite(error) and error > 0 else significant(curve.at, 3)
    where = f"minimum at {plain(curve.parameter, 40)} = {at}"
    amount = f", where KL = {nats(curve.kl, 4)} nats per {plain(ranking.unit, 60)}" if math.isfinite(curve.kl) else ""
    return f"{plain(curve.candidate)}: {where}{amount}."


def method(ranking: Ranking) -> list[str]:
    """How the numbers were made, in plain words with units."""
    sample, unit = ranking.sample, plain(ranking.unit, 60)
    known, level = sample.known, np.isfinite(ranking.level.in_sample)
    why = f" ({plain(ranking.entropy.reason, 200)})" if ranking.entropy.reason else ""
    words = [
        f"Direction: KL(data ‖ candidate), the sum of p̂ log(p̂/q) over what is seen: what is lost per {unit} "
        "when the candidate q stands in for the data p̂. It is not symmetric; the data always come first.",
        f"Units: nats (natural logarithms) per {unit}. One nat is {BITS_PER_NAT:.4f} bits.",
        f"Order: by {_CRITERIA.get(ranking.by, ranking.by)}; smaller is better, ties go to fewer parameters.",
        f"Footing: {_kind(ranking)}. Masses and densities are never ranked together.",
    ]
    if known:
        return [*words, "P is given, not sampled: KL is exact, and nothing that needs a sample size is shown."]
    if isinstance(sample, Rows):
        words.append(
            "Regressions: the loss is −log q(outcome | covariates), its mean over the rows. All estimates are those of "
            "maximum likelihood, dispersions and shapes too; coefficients under 'inflation' are of the logit of the "
            "probability of an extra zero (of any zero, in a hurdle)."
        )
    words.append(
        f"Entropy of the data: {plain(ranking.entropy.method, 200)}{why}. It sets the level of every KL and cancels "
        "from Δ."
    )
    if level:
        words.append(
            "KL is in-sample: −log-likelihood/n minus the entropy of the data. Corrected adds k/n for k estimated "
            "parameters and uses the corrected entropy: it estimates the loss on fresh data, and may fall a little "
            "below 0 where a candidate is right."
        )
        small = f" With n = {count(sample.n)} they are only indicative." if sample.n < _INDICATIVE else ""
        words.append(
            "Intervals are normal ones, 95 %, cut at 0, for the KL at the best parameters of each candidate: their "
            "middle lies k/(2n) below the corrected number. They are too narrow for laws with much heavier tails than "
            f"the candidate's.{small}"
        )
    words.append(
        "Differences: Δ is against the smallest corrected loss, its standard error from the paired differences "
        "of log q. p-values are Vuong's "
        "(1989), or of the likelihood ratio, which takes the larger one to be right, where one candidate contains "
        "the other; none is adjusted for the number "
        f"of comparisons, and above {LEVEL:g} "
        "two candidates count as not told apart. A p-value asks for equal KL at the best parameters of each and so "
        "charges k/(2n) where Δ charges k/n; it need not follow from Δ and its error. "
        "Weights are Akaike weights, exp(−n Δ) scaled to sum 1. "
        f"The confidence set holds the best candidate at {100 * CONFIDENCE:.0f} % (Hansen, Lunde & Nason 2011): it "
        "allows for the number of comparisons, which single p-values do not."
    )
    words.append("Parameters: maximum likelihood, which is the minimum of KL; ± is one standard error.")
    return words


def rows(manifest: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Manifest as lines of a table: nested names joined by a dot, lists by commas."""
    lines: list[tuple[str, str]] = []
    for key, value in manifest.items():
        name = f"{above}{plain(str(key), 80)}"
        if isinstance(value, Mapping) and value:
            lines += rows(value, f"{name} · ")
        elif isinstance(value, (list, tuple, set, frozenset)):
            lines.append((name, plain(", ".join(map(str, value)), 1000) or "none"))
        elif value is not None and value != {}:
            lines.append((name, plain(str(value), 1000)))
    return lines
