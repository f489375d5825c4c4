"""Counts with a power for a tail: Yule–Simon, beta-geometric, beta-negative-binomial, Zipf–Mandelbrot."""
