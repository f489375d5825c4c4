"""Families on the positive half-line."""

from modelselect.families.positive import (
    bessel,
    classic,
    folded,
    heavy_tailed,
    lifetimes,
    log_scale,
    power_edge,
    ratios,
    reciprocal,
    related,
    wear,
)

__all__ = [
    "bessel",
    "classic",
    "folded",
    "heavy_tailed",
    "lifetimes",
    "log_scale",
    "power_edge",
    "ratios",
    "reciprocal",
    "related",
    "wear",
]
