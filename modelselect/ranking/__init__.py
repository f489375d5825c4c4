"""Ranking: which candidate loses the fewest nats, and whether the differences are real."""
