"""Is our log-likelihood ever below another program's? ``python -m benchmarks.never_beaten``."""
