"""Families of extremes: block maxima, excesses over a threshold, and the laws hydrologists fit by L-moments."""
