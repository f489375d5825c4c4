"""The generators of the reference files are scripts that import each other: no tests of ours."""

collect_ignore_glob = ["make_*.py"]
