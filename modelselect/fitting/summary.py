"""Summary: a fit as a table to be printed, in the manner of statsmodels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelselect.fitting.intervals import wald

if TYPE_CHECKING:
    import pandas as pd

    from modelselect.fitting.result import Fit


@dataclass(frozen=True, eq=False)
class Summary:
    """What a fit reached and how well its parameters are known.

    Attributes
    ----------
    title
        The candidate and the method.
    facts
        Name → text: observations, parameters, log-likelihood, criteria, status.
    table
        One row a parameter: estimate, std. error, robust std. error, ends of its Wald interval, given or estimated.
    notes
        The reason of a status that is no plain success, and what was recognised in the data.
    """

    title: str
    facts: dict[str, str]
    table: pd.DataFrame
    level: float
    notes: tuple[str, ...]

    def __str__(self) -> str:
        body = self.table.to_string(float_format=lambda v: f"{v:.6g}", na_rep="–")
        width = max(64, *(len(line) for line in body.splitlines()), len(self.title))
        facts = [f"{name}: {text}" for name, text in self.facts.items()]
        half = (len(facts) + 1) // 2
        pairs = zip(facts[:half], [*facts[half:], ""], strict=False)
        lines = [self.title.center(width).rstrip(), "=" * width]
        lines += [f"{left:<{width // 2}}{right}".rstrip() for left, right in pairs]
        lines += ["-" * width, body, "=" * width, *self.notes]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in self.facts.items())
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        body = self.table.to_html(float_format=lambda v: f"{v:.6g}", na_rep="–", border=0)
        return f"<h4>{escape(self.title)}</h4><table>{facts}</table>{body}{notes}"


def summarise(fit: Fit, level: float = 0.95) -> Summary:
    """Make the summary of a fit.

    Examples
    --------
    >>> import modelselect as ms
    >>> print(ms.fit("poisson", {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}).summary())
                     poisson, by maximum likelihood
    ================================================================
    observations: 200               aic: 414.213
    estimated parameters: 1         bic: 417.512
    log-likelihood: -206.107        status: closed_form
    ----------------------------------------------------------------
          estimate  std. error    robust   [0.025  0.975]     origin
    mean      0.61   0.0552268 0.0551317 0.510817 0.72844  estimated
    ================================================================
    (all values are integers: scored as masses on the integers (resolution 1))
    """
    import pandas as pd

    errors = fit.standard_errors
    robust = dict(zip(fit.parameters, np.diag(fit.robust_covariance.to_numpy()), strict=True))
    rows = {}
    heads = [f"[{0.5 - 0.5 * level:g}", f"{0.5 + 0.5 * level:g}]"]
    for name, value in fit.parameters.items():
        error, variance = errors[name], float(robust[name])
        ends = (np.nan, np.nan)
        if np.isfinite(error):
            ends = wald(fit.law.parameters[name].domain, value, error, level)
        rows[name] = {
            "estimate": value,
            "std. error": error,
            "robust": float(np.sqrt(variance)) if variance >= 0 else np.nan,
            heads[0]: ends[0],
            heads[1]: ends[1],
            "origin": "estimated" if name in fit.free or fit.law.nominal else "given",
        }
    columns = ["estimate", "std. error", "robust", *heads, "origin"]
    facts = {
        "observations": f"{fit.n:g}",
        "estimated parameters": f"{fit.k}",
        "log-likelihood": f"{fit.log_likelihood:.6g}",
        "aic": f"{fit.aic:.6g}",
        "bic": f"{fit.bic:.6g}",
        "status": str(fit.status),
    }
    notes = tuple(f"({note})" for note in (fit.reason, *fit.sample.notes) if note)
    return Summary(
        f"{fit.label}, by maximum likelihood" if fit.candidate.method == "mle" else fit.label,
        facts,
        pd.DataFrame.from_dict(rows, orient="index", columns=columns),
        level,
        notes,
    )
