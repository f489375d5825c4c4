"""Reporting: tables, figures and pages for people. Rounding happens here and nowhere else."""
