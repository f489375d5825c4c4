"""A Poisson whose mean varies: by an inverse Gaussian, a lognormal, and more."""
