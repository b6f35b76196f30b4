"""Imports run downwards only, are absolute, and importing the library loads no heavy guest."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ["core", "linalg", "preconditioners", "solvers", "papers"]
COMPOSITION_ROOT = Path("core/__main__.py")  # the one upward import: it starts the command line
FILES = [file.relative_to(ROOT) for part in PARTS for file in sorted((ROOT / part).rglob("*.py"))]


def imported(source):
    """Yield the full name of all that the source imports, a leading dot for relative imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


def faults(part, source):
    """Return the imports that are relative, not by the package's name, or upward."""
    above = PARTS[PARTS.index(part) + 1 :]
    return [
        name
        for name in imported(source)
        if name.startswith(".")
        or name.partition(".")[0] in PARTS
        or (name.startswith("resolvent.") and name.split(".")[1] in above)
    ]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_run_downwards_and_are_absolute(file):
    found = faults(file.parts[0], (ROOT / file).read_text(encoding="utf-8"))
    assert found == (["resolvent.papers.command_line.main"] if file == COMPOSITION_ROOT else [])


@pytest.mark.parametrize(
    "source",
    [
        "from resolvent.solvers import cg",
        "from resolvent import papers",
        "import resolvent.solvers.krylov",
        "from linalg import roots",
        "from . import norms",
        "from ..core import arrays",
        "def f():\n    import resolvent.papers",
    ],
)
def test_a_wrong_import_is_found(source):
    assert len(faults("linalg", source)) == 1


def test_a_right_import_is_no_fault():
    assert faults("solvers", "import numpy\nfrom resolvent.linalg import norms, papers") == []


def test_importing_the_kernels_loads_no_heavy_guest():
    guests = {"cupy", "cupyx", "torch", "jax", "matplotlib", "linalg", "resolvent.papers"}
    code = f"import sys, resolvent.linalg; print(sorted({guests!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
