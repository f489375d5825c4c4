"""The other programs, each in a virtual environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "scipy": ["scipy==1.17.1"],
    "openturns": ["openturns==1.27.post1", "numpy"],
    "preliz": ["preliz==0.24.0", "pytensor<3", "matplotlib<3.11"],
    "fitter": ["fitter==1.8.1"],
    "distfit": ["distfit==2.0.3"],
    "phitter": ["phitter==1.0.4"],
    "statsmodels": ["statsmodels==0.15.0"],
}


def environment(peer: str, home: Path) -> Path:
    """Python of a peer's own virtual environment, made if it is not there."""
    python = home / peer / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PACKAGES[peer])} into {home / peer}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(home / peer)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES[peer]], check=True)
    return python
