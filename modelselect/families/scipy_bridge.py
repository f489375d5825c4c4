"""Any continuous or discrete law of scipy.stats as a family, by its name."""
