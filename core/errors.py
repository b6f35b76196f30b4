"""Errors with a name, so that a caller can tell what went wrong and what to do about it."""

from numpy.linalg import LinAlgError

__all__ = [
    "ConvergenceError",
    "NoRootError",
    "NotPositiveDefiniteError",
    "ResolventError",
    "SingularMatrixError",
    "UntrustedResultError",
]


class ResolventError(Exception):
    """Base of every error that this library raises about a computation."""


class ConvergenceError(ResolventError, RuntimeError):
    """An iteration ended without meeting its tolerance; the message carries the advice."""


class SingularMatrixError(ResolventError, LinAlgError):
    """The matrix is singular to working precision where an inverse is wanted."""


class NotPositiveDefiniteError(ResolventError, LinAlgError):
    """A matrix declared positive (semi-)definite has a negative eigenvalue."""


class NoRootError(ResolventError, LinAlgError):
    """The matrix has no root of the order asked for, e.g. ``[[0, 1], [0, 0]]``."""


class UntrustedResultError(ResolventError, LinAlgError):
    """A result was computed, but its own certificate says that it can't be trusted."""
