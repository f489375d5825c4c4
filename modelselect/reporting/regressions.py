"""What a report says of regressions: facts about the rows, and how the outcomes lie beside what was expected of them.

For counts a rootogram (Tukey 1977; Kleiber & Zeileis 2016): how often each count was seen, and how often the rows
together expect it. For other outcomes the quantile residuals Φ⁻¹(F(y | x)) (Dunn & Smyth 1996), which are standard
normal where the law is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from modelselect.domain import Array
from modelselect.masses import log_mass
from modelselect.ranking.regression.design import Rows
from modelselect.ranking.regression.result import RegressionFit
from modelselect.ranking.result import Ranking
from modelselect.reporting.axes import entry, only_drawn, thin
from modelselect.reporting.losses import divergence_picture
from modelselect.reporting.page import Picture
from modelselect.reporting.tables import count, plain, significant
from modelselect.rounding import cell_ends

#: More candidates than this in one picture cannot be told apart by eye.
_MOST = 4
#: Counts above this are drawn by their residuals.
_MOST_COUNTS = 40
#: Share of the observations that the bars show, the rest in one.
_SHOWN = 0.995
_POINTS = 800
#: Largest residual that is drawn.
_FAR = 6.0


def facts_of_rows(ranking: Ranking) -> list[tuple[str, str]]:
    """What is known about the rows, term by term."""
    rows: Rows = ranking.sample
    y, share, unit = rows.y, rows.shares, plain(ranking.unit, 60)
    mean = float(share @ y)
    spread = float(np.sqrt(share @ np.square(y - mean)))
    size = f"n = {count(rows.n)}" + (f"; one observation is one {unit}" if unit != "observation" else "")
    step = rows.resolution
    scored = "its density" if step is None else f"the mass it gives to each value (resolution {significant(step, 7)})"
    return [
        ("Observations", f"{size}, {count(len(rows))} distinct rows"),
        ("Outcome", f"{plain(rows.name, 80)}: every candidate says how probable it is given its covariates, {scored}"),
        ("Range", f"{significant(float(y.min()), 5)} to {significant(float(y.max()), 5)}"),
        ("Mean", f"{significant(mean)}, standard deviation {significant(spread)}"),
        ("Missing", f"{count(rows.n_missing)} rows dropped" if rows.n_missing else "none"),
        ("Entropy", f"unknown: {plain(ranking.entropy.method.removeprefix('none: '), 200)}"),
    ]


def regression_pictures(ranking: Ranking) -> list[Picture]:
    """Draw what helps to judge regressions, in reading order."""
    fits = drawable_regressions(ranking)
    if not fits:
        return []
    made = [regression_picture(ranking, fits), divergence_picture(ranking)]
    return [picture for picture in made if picture is not None]


def drawable_regressions(ranking: Ranking, only: Sequence[str] | None = None) -> list[RegressionFit]:
    """Return the best candidates that have an estimate."""
    able = [fit for label, fit in ranking.fits.items() if fit.status.usable and (only is None or label in only)]
    return able[:_MOST]


def regression_picture(ranking: Ranking, fits: list[RegressionFit]) -> Picture:
    """Counts beside expected counts, or residuals beside normal ones."""
    rows: Rows = ranking.sample
    few = rows.resolution == 1.0 and rows.y.min() >= 0 and _reach(rows) <= _MOST_COUNTS
    return _rootogram(ranking, fits) if few else _residuals(ranking, fits)


def masses_of(fit: RegressionFit, x: Array) -> Array:
    """Mean over the rows of the mass that a fit gives to each of the values of a lattice ``(v,)``."""
    step = fit.sample.resolution or 1.0
    at = x[:, None]
    if fit.family.discrete:
        return fit.expected(lambda law, *p: np.exp(law.logp(at, *p)))
    return fit.expected(lambda law, *p: np.exp(log_mass(law, *cell_ends(at, step), p)))


def residuals_of(fit: RegressionFit) -> Array:
    """Quantile residuals Φ⁻¹(F(y | x)) of the distinct rows ``(m,)``, in the middle of its mass where y has one."""
    law, rows = fit.limit or fit, fit.sample
    y, step, family, parameters = rows.y, rows.resolution, law.family, law.row_parameters
    if family.discrete:
        upper, lower = family.cdf(y, *parameters), family.cdf(y - 1.0, *parameters)
    elif step is not None:
        lower, upper = (family.cdf(end, *parameters) for end in cell_ends(y, step))
    else:
        upper = lower = family.cdf(y, *parameters)
        atom = np.isin(y, family.atoms)
        lower = np.where(atom, 0.0, lower) if atom.any() else lower
    return np.asarray(np.clip(ndtri(0.5 * (upper + lower)), -_FAR, _FAR), dtype=float)


def _reach(rows: Rows) -> int:
    """Count up to which almost all observations lie."""
    order = np.argsort(rows.y)
    below = np.cumsum(rows.shares[order])
    return int(rows.y[order][min(int(np.searchsorted(below, _SHOWN)), len(order) - 1)])


def _rootogram(ranking: Ranking, fits: list[RegressionFit]) -> Picture:
    from modelselect.reporting import canvas

    rows: Rows = ranking.sample
    last = max(_reach(rows), 1)
    x = np.arange(last + 1.0)
    seen = np.bincount(np.minimum(rows.y, last + 1).astype(np.intp), weights=rows.weights, minlength=last + 2)
    beyond = seen[last + 1] > 0
    expected = []
    for fit in fits:
        masses = masses_of(fit, x)
        expected.append(rows.n * np.append(masses, max(1.0 - float(masses.sum()), 0.0)))
    shown = last + 2 if beyond else last + 1
    x, seen, expected = np.arange(float(shown)), seen[:shown], [curve[:shown] for curve in expected]
    best = plain(fits[0].label, 50)
    zeros = f"{plain(rows.name, 40)} = 0 in {count(round(float(seen[0])))} of {count(rows.n)} observations"
    title = f"{zeros}; {best} expects {count(round(float(expected[0][0])))}"
    with canvas.style():
        figure, panels = canvas.sheet(title, 3.1)
        axes = panels[0, 0]
        axes.bar(x, np.sqrt(seen), width=0.82, color=canvas.DATA, label=f"data, n = {count(rows.n)}")
        for i, (fit, curve) in enumerate(zip(fits, expected, strict=True)):
            axes.plot(
                x,
                np.sqrt(curve),
                color=canvas.COLOURS[i],
                linestyle=canvas.DASHES[i],
                marker=canvas.MARKERS[i],
                markeredgecolor="white",
                markeredgewidth=0.6,
                linewidth=1.2,
                label=entry(ranking, fit),  # type: ignore[arg-type]
                zorder=9 - i,
            )
        every = max(1, int(np.ceil(shown / 20)))
        names = [f"{value:g}" for value in x]
        if beyond:
            names[-1] = f"{shown - 1}+"
        axes.set_xticks(x[::every], names[::every])
        _root_ticks(axes, float(max(seen.max(), *(curve.max() for curve in expected))))
        axes.set_xlabel(plain(rows.name, 40), loc="left")
        canvas.head(axes, "number of observations, on a scale of square roots")
        canvas.legend(axes)
    note = (
        "Bars: how often each value was seen. Coloured: how often each candidate expects it, its probabilities "
        "added up over all rows. On a scale of square roots equal distances are about equally surprising, whatever the "
        "number."
    )
    return Picture("data", figure, title, note + _left_out(ranking, fits))


def _root_ticks(axes: Any, top: float) -> None:
    """Plain numbers at places that are about evenly spaced on a scale of square roots."""
    ticks: list[float] = [0.0]
    for root in np.linspace(0, np.sqrt(top), 6)[1:]:
        power = 10.0 ** np.floor(np.log10(max(root**2, 1.0)))
        value = float(np.rint(root**2 / power) * power)
        if value > ticks[-1]:
            ticks.append(value)
    axes.set_yticks(np.sqrt(ticks), [count(tick) for tick in ticks])
    axes.set_ylim(0, 1.06 * np.sqrt(top))


def _residuals(ranking: Ranking, fits: list[RegressionFit]) -> Picture:
    from modelselect.reporting import canvas

    rows: Rows = ranking.sample
    curves = []
    for fit in fits:
        with np.errstate(all="ignore"):
            values = np.nan_to_num(residuals_of(fit))
        order = np.argsort(values)
        share = rows.shares[order]
        curves.append((ndtri(np.cumsum(share) - 0.5 * share), values[order]))
    x, y = curves[0]
    inner = np.abs(x) < 2.5
    worst = float(np.abs(y - x)[inner].max(initial=0.0))
    best = plain(fits[0].label, 50)
    title = f"The residuals of {best} leave the normal ones by at most {significant(worst, 2)} within ±2.5"
    with canvas.style():
        figure, panels = canvas.sheet(title, 3.1)
        axes = panels[0, 0]
        axes.axhline(0, color=canvas.DATA_EDGE, linewidth=1.0)
        for i, (fit, (normal, values)) in enumerate(zip(fits, curves, strict=True)):
            kept = thin(len(normal), _POINTS)
            axes.plot(
                normal[kept],
                (values - normal)[kept],
                color=canvas.COLOURS[i],
                linestyle=canvas.DASHES[i],
                linewidth=1.4,
                label=entry(ranking, fit),  # type: ignore[arg-type]
                zorder=9 - i,
            )
        reach = min(max(3.0 * worst, 0.3), 3.0)
        axes.set_ylim(-reach, reach)
        axes.set_xlabel("normal quantile", loc="left")
        canvas.head(axes, "how far the residual lies from it")
        canvas.legend(axes)
    note = (
        "Residuals Φ⁻¹(F(y | x)) in ascending order, less the quantiles of the standard normal, which they follow "
        "where a law is right: a curve above 0 on the right says that large outcomes are larger than the "
        "candidate expects."
    )
    return Picture("data", figure, title, note + _left_out(ranking, fits))


def _left_out(ranking: Ranking, fits: list[RegressionFit]) -> str:
    extra = len(ranking.fits) - len(fits)
    return f" {only_drawn(fits, extra)}" if extra else ""  # type: ignore[arg-type]
