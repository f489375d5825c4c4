"""Families on the real line."""

from modelselect.families.real_line import asymmetric, classic, powers, shaped, skewed, stable, tukey

__all__ = ["asymmetric", "classic", "powers", "shaped", "skewed", "stable", "tukey"]
