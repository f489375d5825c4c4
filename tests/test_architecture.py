"""The layers of the house, the public names, and what importing it costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import modelselect

ROOT = Path(modelselect.__file__).parent

#: Imports point only to earlier entries (and within one).
LAYERS = [
    "errors", "domain", "stretches", "statistics", "long_samples", "block", "autocorrelation", "rounding",
    "observations", "remarks", "gathering", "sample", "grouped", "formulas", "family", "masses", "expectation",
    "distribution", "families", "fitting", "divergence", "ranking", "testing", "reporting", "experiment", "cli",
]  # fmt: skip

#: The only rightward imports: a ranking that draws itself or speaks, inside the function that needs them.
RIGHTWARD = {
    ("ranking/result.py", "reporting"),
}

MODULES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__main__.py" and path != ROOT / "__init__.py")


def layer(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "modelselect" and len(parts) > 1 else None


def imports(path: Path) -> list[tuple[str, bool]]:
    """Layers that a file imports, and whether at its top level (type-checking imports are no imports)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [node.module or ""]
                if node.module != "modelselect"
                else [f"modelselect.{a.name}" for a in node.names if a.name != "__version__"]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found += [(name, id(node) in top) for name in names if layer(name)]
    return [(str(layer(name)), at_top) for name, at_top in found]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_left(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert here in LAYERS, f"{path} stands in no layer"
    for target, at_top in imports(path):
        if LAYERS.index(target) > LAYERS.index(here):
            allowed = (path.relative_to(ROOT).as_posix(), target) in RIGHTWARD
            assert allowed, f"{path.relative_to(ROOT)} imports {target}, which stands to its right"
            assert not at_top, f"{path.relative_to(ROOT)}: a rightward import belongs inside the function that needs it"


def test_public_names_are_sorted_and_exist() -> None:
    assert modelselect.__all__ == sorted(modelselect.__all__)
    assert len(set(modelselect.__all__)) == len(modelselect.__all__)
    for name in modelselect.__all__:
        assert getattr(modelselect, name).__doc__


def test_ranking_pulls_in_nothing_heavy() -> None:
    heavy = (
        "scipy.stats",
        "scipy.optimize",
        "scipy.integrate",
        "pydantic",
        "yaml",
        "duckdb",
        "matplotlib",
        "rich",
        "typer",
    )
    use = "from modelselect import Sample, fit, profile, rank; rank([1, 2, 2, 3], ['poisson', 'normal'])"
    code = f"import sys; {use}; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_modules_are_rooms_of_one_idea() -> None:
    long = {path.name: n for path in MODULES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 420}
    assert not long, f"modules above ~400 lines hold two ideas: {long}"
