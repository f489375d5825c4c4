"""How long does it take, and what does it take? ``python -m benchmarks``."""
