"""`python -m modelselect` is the command line."""

import sys

from modelselect.cli import main

if __name__ == "__main__":
    sys.exit(main())
