"""Families on the circle: angles in radians, taken modulo 2π."""
