"""Approximate inverses: builders return an ``M`` with ``M @ r`` close to ``inv(A) @ r``."""

from resolvent.preconditioners.preconditioner import Preconditioner, as_preconditioner
from resolvent.preconditioners.structured.circulant import circulant
from resolvent.preconditioners.structured.fast_poisson import fast_poisson
from resolvent.preconditioners.structured.tau import tau

__all__ = [
    "Preconditioner",
    "as_preconditioner",
    "circulant",
    "fast_poisson",
    "tau",
]
