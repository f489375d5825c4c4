"""Numbers for reading and frames for files: the only place of the package where anything is rounded.

Frames keep every digit (they become CSV and Parquet); a `ReportTable` holds text that is ready to be read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from modelselect.fitting.result import Fit
from modelselect.ranking.comparison import LEVEL
from modelselect.ranking.confidence_set import CONFIDENCE

if TYPE_CHECKING:
    from modelselect.ranking.result import Ranking

BITS_PER_NAT = 1.0 / math.log(2.0)
NOTHING = "—"
#: Columns of the ranking that need a sample size: left out of what is read where P is known.
SAMPLED = ("corrected", "95 % interval", "Δ (95 %)", "p", "weight", "may be best")
#: Pairs are all shown up to this many; beyond it, those with the best candidate and those that look alike.
_ALL_PAIRS, _MOST_PAIRS = 15, 40


@dataclass(frozen=True)
class Column:
    """Heading of a column, its explanation, and whether it holds numbers."""

    head: str
    title: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Row:
    """Cells of a line of text, and a note that belongs under its first text cell."""

    cells: tuple[str, ...]
    note: str = ""
    marked: bool = False


@dataclass(frozen=True)
class ReportTable:
    """A table ready to be read: headings, rows, which column names the row, and what its notes are."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    named_by: int = 0
    note_head: str = ""


# -- numbers -----------------------------------------------------------------------------------------------------------


def nats(value: float, places: int = 3) -> str:
    """Fixed places, or two significant digits where they would show nothing.

    Examples
    --------
    >>> nats(0.09021), nats(0.000123), nats(float("inf")), nats(-0.0214)
    ('0.090', '0.00012', '∞', '−0.021')
    """
    if not math.isfinite(value):
        return NOTHING if math.isnan(value) else "∞" if value > 0 else "−∞"
    if abs(value) < 5e-13:
        return f"{0:.{places}f}"
    small = float(f"{abs(value):.1e}") < 10.0 ** (1 - places)
    return _minus(significant(value, 2) if small else f"{value:.{places}f}")


def significant(value: float, digits: int = 4) -> str:
    """Significant digits without superfluous zeros; powers of ten only where they are needed.

    Examples
    --------
    >>> significant(12345.678), significant(0.30000000000000004), significant(1.5e-9), significant(2.5e12)
    ('12346', '0.3', '1.5e-9', '2.5e12')
    """
    if not math.isfinite(value):
        return nats(value)
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if not -5 <= power < 7:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return _minus(f"{mantissa}e{int(exponent)}")
    places = max(digits - 1 - power, 0)
    text = f"{value:.{places}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def with_error(value: float, error: float) -> str:
    """Return value ± standard error, both to the second digit of the error.

    Examples
    --------
    >>> with_error(5.4400001, 0.23324), with_error(12000.0, 830.0), with_error(0.5, float("nan"))
    ('5.44 ± 0.23', '12000 ± 830', '0.5')
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return significant(value)
    places = 1 - math.floor(math.log10(error))
    if places > 8 or abs(value) >= 1e7:
        return f"{significant(value, 6)} ± {significant(error, 2)}"
    return _minus(f"{value:.{max(places, 0)}f}") + f" ± {error:.{max(places, 0)}f}"


def count(n: float) -> str:
    """A number of observations, with separators of thousands; fractions where there are any."""
    return "∞" if math.isinf(n) else f"{n:,.10g}" if n != round(n) else f"{n:,.0f}"


def probability(p: float) -> str:
    """A p-value: two digits, more beside the level of 0.05, or that it is smaller than 0.0001.

    Examples
    --------
    >>> probability(0.0341), probability(0.0503), probability(0.04998), probability(0.05)
    ('0.034', '0.0503', '0.04998', '0.05')
    """
    if math.isnan(p):
        return NOTHING
    text = "< 0.0001" if p < 1e-4 else "1" if p >= 0.995 else f"{p:.2f}" if p >= 0.095 else f"{p:.2g}"
    digits = 3
    while text == "0.05" and p != LEVEL and digits < 12:
        text, digits = f"{p:.{digits}g}", digits + 1
    return text


def share(w: float) -> str:
    """A weight between 0 and 1."""
    return NOTHING if math.isnan(w) else "< 0.001" if 0 < w < 0.0005 else f"{w:.3f}"


def plain(text: str, most: int = 120) -> str:
    r"""One line of printable text, cut with an ellipsis: what a user wrote, as it can be shown.

    Examples
    --------
    >>> plain("two\nlines\x00", 8)
    'two lin…'
    """
    shown = "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode())
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def join(words: Sequence[str], most: int = 6, last: str = "and") -> str:
    """Words with commas and an *and*, or another word; beyond `most` the rest is counted.

    Examples
    --------
    >>> join(["a", "b", "c"]), join(["a", "b", "c", "d"], most=3, last="or")
    ('a, b and c', 'a, b or one of 2 others')
    """
    if len(words) > most:
        rest = len(words) - most + 1
        words = [*words[: most - 1], f"one of {rest} others" if last == "or" else f"{rest} others"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _minus(text: str) -> str:
    return "−" + text[1:] if text.startswith("-") else text


def difference(delta: float, low: float, high: float) -> str:
    """How much more is lost, with its interval, to the second digit of that.

    Examples
    --------
    >>> difference(0.0391, -0.0369, 0.1152), difference(0.5, 0.5, 0.5), difference(math.inf, math.nan, math.nan)
    ('0.039 (−0.037 to 0.115)', '0.5000', '∞')
    """
    if not (math.isfinite(high - low) and high > low):
        return nats(delta, 4)
    places = min(max(1 - math.floor(math.log10(0.5 * (high - low))), 3), 6)
    shown, first, last = (_minus(f"{number:.{places}f}") for number in (delta, low, high))
    return f"{shown} ({first} to {last})"


# -- frames for files --------------------------------------------------------------------------------------------------


def frames(ranking: Ranking) -> dict[str, pd.DataFrame]:
    """Return the tables of a ranking as they are written to files: every digit, no index, text and numbers only."""
    calibration = getattr(ranking, "calibration", None)  # of forecasters
    return {
        "ranking": ranking_frame(ranking),
        "parameters": parameters_frame(ranking),
        "comparisons": ranking.comparisons,
        "ledger": ranking.ledger,
        **({} if calibration is None else {"calibration": calibration.reset_index()}),
    }


def ranking_frame(ranking: Ranking) -> pd.DataFrame:
    """The table with its candidates as a column and the parameters as JSON text (parameters.csv has them apart)."""
    frame = ranking.table.reset_index()
    frame["parameters"] = [json.dumps(jsonable(p), ensure_ascii=False) for p in frame["parameters"]]
    return frame


def parameters_frame(ranking: Ranking) -> pd.DataFrame:
    """One row a candidate × parameter: estimate, standard error, and whether it was given or estimated."""
    rows = []
    for label, fit in ranking.fits.items():
        errors = _standard_errors(fit)
        rows += [
            (label, name, float(value), errors.get(name, math.nan), origin(fit, name))
            for name, value in fit.parameters.items()
        ]
    frame = pd.DataFrame(rows, columns=["candidate", "parameter", "estimate", "standard_error", "origin"])
    text = ["candidate", "parameter", "origin"]
    return frame.astype(dict.fromkeys(text, "str") | dict.fromkeys(["estimate", "standard_error"], "float64"))


def origin(fit: Fit, name: str) -> str:
    """Where a parameter comes from: ``given``, ``estimated``, or the family's ``default``."""
    return "given" if name in fit.candidate.fixed else "estimated" if name in fit.free else "default"


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """UTF-8 with LF line ends; numbers with all their digits, NaN empty, infinities as ``inf`` and ``-inf``."""
    return frame.to_csv(index=False, lineterminator="\n", na_rep="").encode("utf-8", "replace")


def _standard_errors(fit: Fit) -> dict[str, float]:
    return fit.standard_errors if fit.free and not fit.sample.known else {}


def jsonable(value: Any) -> Any:
    """Plain JSON: mappings, lists, text, numbers; NaN is null, infinities are text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(inner) for inner in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()  # a numpy scalar
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


# -- tables for reading ------------------------------------------------------------------------------------------------


def ranking_table(ranking: Ranking, *, compact: bool = False) -> ReportTable:
    """Return the ranking, rounded; where P is known without the columns that need a sample size."""
    table, known, unit = ranking.table, ranking.sample.known, plain(ranking.unit, 40)
    level = ranking.headline
    meaning = {
        "kl": "in-sample",
        "kl_corrected": "corrected for estimation: what is expected on fresh data",
        "cross_entropy": "of unknown level",
    }
    if not (known or corrects(ranking)):
        meaning |= dict.fromkeys(("kl", "kl_corrected"), f"the mean over all {unit}s")
    # the number that orders the table comes first, the other one stays beside it
    other = ("corrected", meaning["kl_corrected"]) if level == "kl" else ("in-sample", "KL by its definition, in nats")
    columns = [
        Column("rank"),
        Column("candidate", "What was fitted, with its parameters", numeric=False),
        Column("KL", f"KL(data ‖ candidate) in nats per {unit}, {meaning[level]}"),
        *([Column("bits", f"The same in bits per {unit}")] if known else []),
        Column(*other),
        Column("95 % interval", "95 % interval of KL, in nats"),
        Column("Δ (95 %)", "How much more it loses than the best on fresh data, in nats, with its 95 % interval"),
        Column("p", "p-value of the test that it loses no more than the best"),
        Column("weight", "Akaike weight: exp(−n Δ), scaled to sum 1"),
        Column(
            "may be best",
            f"Whether it is in the {100 * CONFIDENCE:.0f} % confidence set; by p: but rejected as a special case",
            numeric=False,
        ),
    ]
    cross = Column("cross-entropy", f"−log-likelihood/n: the entropy of the data plus KL, in nats per {unit}")
    if level == "cross_entropy":  # no level: the entropy of the data is unknown
        without = {"KL", "bits", other[0], "95 % interval"}
        columns = [*columns[:2], cross, *(column for column in columns[2:] if column.head not in without)]
    elif ranking.by == "cross_entropy" or (known and not compact):
        columns.insert(4, cross)
    if "score" in table and ranking.by != "cross_entropy":
        columns.append(Column(ranking.by.upper(), "What the ranking is ordered by"))
    hidden = set(SAMPLED) if known else set()
    hidden |= {"bits", "weight", "may be best", other[0]} if compact else set()
    hidden |= {"in-sample"} if known else set()
    hidden |= set() if corrects(ranking) else {other[0]}
    columns = [column for column in columns if column.head not in hidden]
    reference = ranking.reference
    lines: dict[Any, Any] = table.to_dict("index")
    ends, excluded = ({}, {}) if known else (ranking.differences.to_dict("index"), ranking.excluded)
    rows = []
    for label, fit in ranking.fits.items():
        line: dict[str, Any] = lines[label]
        out = str(line["status"]) not in ("converged", "closed_form")
        cells = {
            "rank": str(line["rank"]),
            "candidate": plain(label) + (f" [{str(line['status']).replace('_', ' ')}]" if out else ""),
            "KL": nats(line[level], 4),
            "bits": nats(line[level] * BITS_PER_NAT, 4),
            "in-sample": nats(line["kl"], 4),
            "cross-entropy": nats(line["cross_entropy"], 4),
            "corrected": nats(line["kl_corrected"], 4),
            "95 % interval": _interval(line["kl_low"], line["kl_high"]),
            "Δ (95 %)": "0" if known or label == reference else difference(*ends[label].values()),
            "p": probability(line["p_value"]),
            "weight": share(line["weight"]),
            "may be best": "no, by p" if label in excluded else "yes" if line["in_confidence_set"] else "no",
        }
        if "score" in table:
            cells.setdefault(columns[-1].head, nats(line["score"], 1))
        rows.append(Row(tuple(cells[c.head] for c in columns), parameters_text(fit), marked=line["rank"] == 1))
    caption = f"Candidates, best first; {'cross-entropy' if level == 'cross_entropy' else 'KL'} in nats per {unit}"
    return ReportTable(caption, tuple(columns), tuple(rows), named_by=1, note_head="parameters")


def corrects(ranking: Ranking) -> bool:
    """Whether kl and kl_corrected differ: not where nothing was estimated, neither parameters nor an entropy."""
    return not ranking.table["kl"].equals(ranking.table["kl_corrected"])


def parameters_text(fit: Fit) -> str:
    """Return all parameters in a line: `mean = 5.44 ± 0.23, n = 10 (given)`."""
    errors = _standard_errors(fit)
    parts = []
    for name, value in fit.parameters.items():
        if math.isnan(value):
            continue
        given = origin(fit, name) != "estimated"
        parts.append(
            f"{name} = {significant(value, 10)} (given)"
            if given
            else f"{name} = {with_error(value, errors.get(name, math.nan))}"
        )
    return ", ".join(parts)


def comparisons_table(ranking: Ranking) -> ReportTable:
    """Return pairs of candidates; beyond 15, those with the leader and those that cannot be told apart."""
    frame = ranking.comparisons
    tested = frame[frame["p_value"].notna() | (frame["test"] != "none")]
    shown = tested
    if len(tested) > _ALL_PAIRS:
        leader = next(iter(ranking.fits))
        shown = tested[(tested["a"] == leader) | (tested["p_value"] > LEVEL)].head(_MOST_PAIRS)
    columns = (
        Column("ahead", "The candidate that is ahead in the ranking", numeric=False),
        Column("behind", "The candidate it is compared with", numeric=False),
        Column(
            "Δ (95 %)",
            f"How much more the one behind loses{', corrected for estimation,' if corrects(ranking) else ''} in nats, "
            "with its 95 % interval",
        ),
        Column("p", "Two-sided p-value"),
        Column("test", "How the pair was tested", numeric=False),
        Column("told apart?", f"Whether p ≤ {LEVEL:g}", numeric=False),
    )
    columns_read = ["a", "b", "delta", "delta_low", "delta_high", "p_value", "test"]
    rows = [
        Row((plain(a), plain(b), difference(*ends), probability(p), test, _told_apart(p)), marked=p > LEVEL)
        for a, b, *ends, p, test in shown[columns_read].itertuples(index=False)
    ]
    left = len(frame) - len(shown)
    caption = "Pairs of candidates" + (f"; {left} more are left out here" if left else "")
    return ReportTable(caption, columns, tuple(rows))


def ledger_table(ranking: Ranking) -> ReportTable:
    """Return what is not a plain success, with its reason."""
    columns = (Column("candidate", numeric=False), Column("status", numeric=False), Column("reason", numeric=False))
    rows = [Row((plain(c), s.replace("_", " "), plain(r, 400))) for c, s, r in ranking.ledger.itertuples(index=False)]
    return ReportTable("Every candidate that is not a plain success", columns, tuple(rows))


def _told_apart(p: float) -> str:
    return NOTHING if math.isnan(p) else "no" if p > LEVEL else "yes"


def _interval(low: float, high: float) -> str:
    return NOTHING if math.isnan(low) or math.isnan(high) else f"{nats(low)} to {nats(high)}"
