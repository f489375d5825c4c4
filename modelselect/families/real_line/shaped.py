"""Families with a shape for the tails: generalised normal, Johnson SU, stable and their kin."""
