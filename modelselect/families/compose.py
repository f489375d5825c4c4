"""Family → Family: shifted, truncated, zero-inflated, hurdle, discretized, mixture."""
