"""Beside other programs: speed (``python -m benchmarks``), likelihoods reached, calibration."""
