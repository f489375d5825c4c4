"""Laws of lifetimes: generalised gamma, exponentiated Weibull, Gompertz and their kin."""
