"""Notebooks are written from percent scripts: the script is the truth."""

import importlib
from importlib.util import find_spec
from pathlib import Path

from resolvent.papers.declaration import PaperError

__all__ = ["write_notebook"]


def write_notebook(script: Path, target: Path) -> Path:
    """Convert a percent script to an ``.ipynb`` with a Python 3 kernel; return ``target``.

    Raises
    ------
    PaperError
        There is no such script, or jupytext is not installed.
    """
    if not script.exists():
        raise PaperError(f"{script.parent.name} has no {script.name}")
    if not find_spec("jupytext"):
        raise PaperError("notebooks need jupytext: pip install 'resolvent[notebooks]'")
    jupytext = importlib.import_module("jupytext")
    notebook = jupytext.read(script, fmt="py:percent")
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    jupytext.write(notebook, target, fmt="ipynb")
    return target
