"""Families with a shape for the asymmetry: skew normal, ex-Gaussian and their kin."""
