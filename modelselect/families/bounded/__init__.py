"""Families on a bounded interval."""

from modelselect.families.bounded import bates, classic, pointed, shaped

__all__ = ["bates", "classic", "pointed", "shaped"]
