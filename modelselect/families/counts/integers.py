"""Families on all integers: Skellam, discrete Laplace."""
