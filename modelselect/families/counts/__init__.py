"""Families on 0, 1, 2, … and on all integers."""

from modelselect.families.counts import classic, compound, dispersed, heavy_tailed, integers, mixed, sichel, weighted

__all__ = ["classic", "compound", "dispersed", "heavy_tailed", "integers", "mixed", "sichel", "weighted"]
