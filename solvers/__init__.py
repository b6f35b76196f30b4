"""Iterative solvers ``name(A, b, ...)`` that return a `resolvent.Solution`."""

from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.krylov.fcg import fcg

__all__ = ["cg", "fcg"]
