"""A picture of a family: its density or mass at three members, as text for the terminal or as a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelselect.distribution import Distribution
from modelselect.domain import Array
from modelselect.family import Family, Parameter

#: Members differ in one parameter, which takes these shares of its typical range.
_SHARES = (0.25, 0.5, 0.75)
_BLOCKS = " ▁▂▃▄▅▆▇█"
_POINTS = 400
#: Most points of a lattice that are drawn.
_MOST = 60


@dataclass(frozen=True, eq=False)
class Portrait:
    """Densities or masses of a few members at common points.

    Attributes
    ----------
    labels
        The parameters of each member.
    x, density, cdf
        ``(m,)`` and ``(members, m)``.
    discrete
        Whether they are masses.
    """

    name: str
    labels: tuple[str, ...]
    x: Array
    density: Array
    cdf: Array
    discrete: bool


def portrait(family: Family) -> Portrait:
    """Draw a family's members apart: they differ in a shape if it has one, else in a scale or a location.

    Examples
    --------
    >>> from modelselect.family import lookup
    >>> import modelselect.families
    >>> portrait(lookup("gamma")()).labels
    ('shape=0.7', 'shape=2.45', 'shape=8.57')
    """
    names = list(family.parameters)
    varied = _varied(family)
    middle = {name: _within(parameter, 0.5) for name, parameter in family.parameters.items()}
    laws, labels = [], []
    for share in _SHARES if varied else (0.5,):
        values = dict(middle)
        if varied:
            values[varied] = _within(family.parameters[varied], share)
        if np.all(family.valid(*values.values())):
            laws.append(Distribution(family, values))
            labels.append(f"{varied}={values[varied]:.3g}" if varied else family.name)
    with np.errstate(all="ignore"):
        ends = np.array([law.ppf([0.01, 0.975]) for law in laws])
        low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
        if family.discrete:
            low, high = float(ends[:, 0].min()), float(min(ends[:, 1].max(), ends[:, 0].min() + _MOST))
            x = np.arange(low, high + 1)
        else:
            x = np.linspace(low, high, _POINTS)
        density, cdf = np.array([law.pdf(x) for law in laws]), np.array([law.cdf(x) for law in laws])
    given = ", ".join(f"{name}={middle[name]:.3g}" for name in names if name != varied)
    return Portrait(
        f"{family.name}({given})" if given else family.name, tuple(labels), x, density, cdf, family.discrete
    )


def sparklines(drawn: Portrait, width: int) -> list[str]:
    """One line of block characters a member, each to its own height."""
    size = max(10, min(width - max(map(len, drawn.labels)) - 4, 72))
    position = np.linspace(0, len(drawn.x) - 1, min(size, len(drawn.x)))
    shown = drawn.density[:, np.rint(position).astype(np.intp)]
    shown = np.where(np.isfinite(shown), shown, np.nan)
    # an infinite peak is as high as its neighbour
    top = np.nanmax(shown, axis=1, keepdims=True)
    level = np.rint(np.clip(np.nan_to_num(shown / top, nan=1.0), 0.0, 1.0) * (len(_BLOCKS) - 1)).astype(np.intp)
    pad = max(map(len, drawn.labels))
    return [
        f"{label:>{pad}}  {''.join(_BLOCKS[i] for i in row)}" for label, row in zip(drawn.labels, level, strict=True)
    ]


def write_portrait(drawn: Portrait, path: Path) -> Path:
    """Write densities and distribution functions as a PNG."""
    from modelselect.reporting.canvas import COLOURS, DASHES, MARKERS, head, legend, png, sheet, style

    with style():
        figure, panels = sheet(drawn.name, 2.6, panels=(1, 2), right=0.8)
        left, right = panels[0]
        tops = np.nanmax(np.where(np.isfinite(drawn.density), drawn.density, np.nan), axis=1)
        for i, label in enumerate(drawn.labels):
            look = {"color": COLOURS[i], "label": label}
            if drawn.discrete:
                left.plot(drawn.x, drawn.density[i], marker=MARKERS[i], markersize=3.5, linewidth=0.8, **look)
                right.step(drawn.x, drawn.cdf[i], where="post", linestyle=DASHES[i], **look)
            else:
                left.plot(drawn.x, drawn.density[i], linestyle=DASHES[i], **look)
                right.plot(drawn.x, drawn.cdf[i], linestyle=DASHES[i], **look)
        left.set_ylim(0, 1.05 * min(float(np.max(tops)), 4.0 * float(np.median(tops))))
        right.set_ylim(0, 1.02)
        head(left, "mass" if drawn.discrete else "density")
        head(right, "distribution function")
        legend(right)
        path.write_bytes(png(figure))
    return path


def _varied(family: Family) -> str | None:
    """The parameter that says most about the shape."""
    free = [(name, p) for name, p in family.parameters.items() if p.default is None and not p.required]
    for roles in ((None, "log_scale"), ("scale",), ("location",)):
        for name, parameter in free:
            if parameter.role in roles:
                return name
    return next(iter(family.parameters), None)


def _within(parameter: Parameter, share: float) -> float:
    if parameter.default is not None:
        return parameter.default
    low, high = parameter.typical
    value = low * (high / low) ** share if low > 0 else low + share * (high - low)
    return float(round(value)) if parameter.domain.lattice else value
