"""Reproductions: one folder per paper, with its claims, experiment, figures and notebook.

``load("fast-matrix-square-root").run("forward")`` returns the `Results` of one case; a `Paper`
also draws its figures and checks its claims, as ``resolvent run``, ``figure`` and ``check`` do.
"""

from resolvent.papers.declaration import Case, PaperError
from resolvent.papers.paper import Paper
from resolvent.papers.registry import load, slugs
from resolvent.papers.results import Results
from resolvent.papers.running import MissingNeedError

__all__ = ["Case", "MissingNeedError", "Paper", "PaperError", "Results", "load", "slugs"]
