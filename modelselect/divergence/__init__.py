"""Divergence and entropy: of known laws, of samples, of a sample against a fit."""
