"""Families on the real line."""

from modelselect.families.real_line import classic, shaped, skewed

__all__ = ["classic", "shaped", "skewed"]
