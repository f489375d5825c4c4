"""The catalogue: importing this package registers every family."""

from modelselect.families import bounded, counts, finite, positive, real_line, table

__all__ = ["bounded", "counts", "finite", "positive", "real_line", "table"]
