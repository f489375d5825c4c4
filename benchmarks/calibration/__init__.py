"""Do intervals cover, tests keep their size, and rankings find the truth? ``python -m benchmarks.calibration``."""
