"""Errors of estimates of an entropy, and coverage of intervals of KL made of them: ``python -m benchmarks.entropy``."""
