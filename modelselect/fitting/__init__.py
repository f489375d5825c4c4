"""Fitting: projecting a sample onto a family."""
