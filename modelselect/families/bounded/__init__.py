"""Families on a bounded interval."""

from modelselect.families.bounded import classic, shaped

__all__ = ["classic", "shaped"]
