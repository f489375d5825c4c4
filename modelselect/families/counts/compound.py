"""Counts of counts: Hermite, Neyman A, Pólya–Aeppli, Borel."""
