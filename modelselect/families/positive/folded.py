"""Laws of lengths, squares and absolute values: half-normal, Maxwell, chi, Rice and their kin."""
