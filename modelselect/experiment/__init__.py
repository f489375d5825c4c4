"""Experiments: the YAML file, where its data come from, and running it."""
