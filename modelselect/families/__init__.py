"""The catalogue: importing this package registers every family; calling it lists them, see `catalogue.families`."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from modelselect.families import (
    bounded,
    circle,
    compose,
    counts,
    extremes,
    finite,
    positive,
    real_line,
    scipy_bridge,
    table,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "bounded",
    "circle",
    "compose",
    "counts",
    "extremes",
    "finite",
    "positive",
    "real_line",
    "scipy_bridge",
    "table",
]


class _Catalogue(ModuleType):
    """A package that can be called: ``modelselect.families`` is a public function and the home of the families."""

    def __call__(self) -> "pd.DataFrame":
        from modelselect.families.catalogue import families

        return families()


sys.modules[__name__].__class__ = _Catalogue
