"""Numerical linear algebra from papers, on any array, with error certificates.

The parts, each importing only from those before it:

- ``resolvent``: what every part shares (arrays, operators, results, stopping, errors);
- ``resolvent.linalg``: kernels on arrays and matrices;
- ``resolvent.preconditioners``: approximate inverses ``M @ r``;
- ``resolvent.solvers``: solvers that return a `Solution`;
- ``resolvent.papers``: reproductions, one folder per paper.
"""

from resolvent.errors import (
    ConvergenceError,
    NoRootError,
    NotPositiveDefiniteError,
    ResolventError,
    SingularMatrixError,
    UntrustedResultError,
)
from resolvent.results import Reason, Solution

__version__ = "0.1.0"

__all__ = [
    "ConvergenceError",
    "NoRootError",
    "NotPositiveDefiniteError",
    "Reason",
    "ResolventError",
    "SingularMatrixError",
    "Solution",
    "UntrustedResultError",
    "__version__",
]
