"""Find the papers: the folders of a package that hold a ``paper.toml``."""

from importlib.resources import files
from pathlib import Path

from resolvent.papers.declaration import Declaration, pick
from resolvent.papers.paper import Paper

__all__ = ["load", "slugs"]

HOME = "resolvent.papers"


def slugs(home: str = HOME) -> list[str]:
    """Return the names of all papers of a package."""
    return [folder.name.replace("_", "-") for folder in _folders(home)]


def load(slug: str, home: str = HOME) -> Paper:
    """Return a paper by its slug, spelt with hyphens or underscores.

    Raises
    ------
    PaperError
        There is no such paper, or its ``paper.toml`` is faulty.

    Examples
    --------
    >>> load("no-such-paper", home="resolvent.solvers")
    Traceback (most recent call last):
    resolvent.papers.declaration.PaperError: unknown paper 'no-such-paper'; there is: none
    """
    name = pick("paper", slug.replace("_", "-"), slugs(home))
    folder = _home(home) / name.replace("-", "_")
    package = f"{home}.{folder.name}"
    return Paper(name, package, folder, Declaration.read(folder / "paper.toml"))


def _home(home: str) -> Path:
    return Path(str(files(home)))


def _folders(home: str) -> list[Path]:
    return sorted(file.parent for file in _home(home).glob("*/paper.toml"))
