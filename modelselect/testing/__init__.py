"""Contract checks for a family: what the rest of the library relies on, for those who write their own.

`check_family` runs them all over one family. Each check is a function of the family that raises
AssertionError with a sentence; `CHECKS` lists them, so that a test suite can name them one by one.
"""

from collections.abc import Callable

from modelselect.family import Family, lookup
from modelselect.testing.batches import check_batches, check_hostile_samples, check_units, check_weights
from modelselect.testing.draws import members
from modelselect.testing.estimates import check_closed_form, check_given_parameters, check_nested, check_recovery
from modelselect.testing.formulas import (
    check_broadcasting,
    check_distribution_functions,
    check_hessian,
    check_mass,
    check_off_support,
    check_pickling,
    check_scipy,
    check_score,
    check_transforms,
)

__all__ = ["CHECKS", "check_family", "members"]

CHECKS: tuple[Callable[[Family], None], ...] = (
    check_mass,
    check_distribution_functions,
    check_off_support,
    check_broadcasting,
    check_transforms,
    check_score,
    check_hessian,
    check_scipy,
    check_pickling,
    check_closed_form,
    check_given_parameters,
    check_recovery,
    check_nested,
    check_weights,
    check_batches,
    check_units,
    check_hostile_samples,
)


def check_family(family: Family | type[Family] | str) -> None:
    """Check everything the library relies on: formulas, transforms, estimates, batches, hostile samples.

    Parameters
    ----------
    family
        A family, its class, or its registered name. Parameters are drawn from their `typical` ranges.

    Raises
    ------
    AssertionError
        With a sentence that says which promise is broken, at which parameters.

    Examples
    --------
    >>> import modelselect.families
    >>> check_family("exponential")
    """
    if isinstance(family, str):
        family = lookup(family)
    made = family() if isinstance(family, type) else family
    for check in CHECKS:
        check(made)
