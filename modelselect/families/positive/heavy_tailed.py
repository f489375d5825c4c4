"""Laws with a power for a tail: log-logistic, Lomax, Burr, Fréchet and their kin."""
