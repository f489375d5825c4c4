"""Counts that vary more or less than a Poisson: generalised, Conway–Maxwell and double Poisson, discrete Weibull."""
