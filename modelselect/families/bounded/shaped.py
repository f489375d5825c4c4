"""More families on a bounded interval: triangular, Kumaraswamy, Johnson SB and their kin."""
