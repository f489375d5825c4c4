"""Families of extremes: maxima, excesses over a threshold, and the flexible laws of hydrology."""

from modelselect.families.extremes import by_l_moments, classic, pearson, wakeby

__all__ = ["by_l_moments", "classic", "pearson", "wakeby"]
