"""Families on the positive half-line."""

from modelselect.families.positive import classic, folded, heavy_tailed, lifetimes

__all__ = ["classic", "folded", "heavy_tailed", "lifetimes"]
