"""Laws that are a registered one, or that of its reciprocal, as a function of other parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from modelselect.family import Family, lookup


class Tied(Family):
    """A law whose formulas are those of another one, at parameters that depend on fewer or on different ones.

    Class attributes
    ----------------
    law : str
        Name of the other family.
    tie : function
        Our parameters → those of the other family.
    reciprocal : bool
        Whether it is 1/x that has the other law.
    """

    law: ClassVar[str]
    tie: ClassVar[Callable[..., tuple[Any, ...]]]
    reciprocal: ClassVar[bool] = False

    def logp(self, x: Any, *parameters: Any) -> Any:
        value = self._of("logp", x, parameters)
        return value - 2 * np.log(x) if self.reciprocal else value

    def cdf(self, x: Any, *parameters: Any) -> Any:
        return self._of("sf" if self.reciprocal else "cdf", x, parameters)

    def sf(self, x: Any, *parameters: Any) -> Any:
        return self._of("cdf" if self.reciprocal else "sf", x, parameters)

    def log_cdf(self, x: Any, *parameters: Any) -> Any:
        return self._of("log_sf" if self.reciprocal else "log_cdf", x, parameters)

    def log_sf(self, x: Any, *parameters: Any) -> Any:
        return self._of("log_cdf" if self.reciprocal else "log_sf", x, parameters)

    def ppf(self, q: Any, *parameters: Any) -> Any:
        law = lookup(self.law)()
        return 1 / law.ppf(1 - q, *self.tie(*parameters)) if self.reciprocal else law.ppf(q, *self.tie(*parameters))

    def _of(self, function: str, x: Any, parameters: tuple[Any, ...]) -> Any:
        return getattr(lookup(self.law)(), function)(1 / x if self.reciprocal else x, *self.tie(*parameters))
