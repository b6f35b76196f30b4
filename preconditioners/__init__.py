"""Approximate inverses: builders return an ``M`` with ``M @ r`` close to ``inv(A) @ r``."""

from resolvent.preconditioners.factorisations.fsai import fsai
from resolvent.preconditioners.factorisations.ichol import ichol
from resolvent.preconditioners.factorisations.ilu import ilu
from resolvent.preconditioners.multilevel.additive_schwarz import additive_schwarz
from resolvent.preconditioners.multilevel.multigrid import multigrid
from resolvent.preconditioners.polynomial.chebyshev import chebyshev
from resolvent.preconditioners.polynomial.elementary_symmetric import elementary_symmetric
from resolvent.preconditioners.polynomial.gmres_polynomial import gmres_polynomial
from resolvent.preconditioners.polynomial.least_squares import least_squares_polynomial
from resolvent.preconditioners.polynomial.neumann import neumann
from resolvent.preconditioners.polynomial.symmetric import symmetric_polynomial
from resolvent.preconditioners.preconditioner import Preconditioner, as_preconditioner
from resolvent.preconditioners.relaxation.block_jacobi import block_jacobi
from resolvent.preconditioners.relaxation.jacobi import jacobi
from resolvent.preconditioners.relaxation.ssor import ssor
from resolvent.preconditioners.structured.circulant import circulant
from resolvent.preconditioners.structured.fast_poisson import fast_poisson
from resolvent.preconditioners.structured.scaled_poisson import scaled_poisson
from resolvent.preconditioners.structured.tau import tau
from resolvent.preconditioners.subspace.nystrom import nystrom

__all__ = [
    "Preconditioner",
    "additive_schwarz",
    "as_preconditioner",
    "block_jacobi",
    "chebyshev",
    "circulant",
    "elementary_symmetric",
    "fast_poisson",
    "fsai",
    "gmres_polynomial",
    "ichol",
    "ilu",
    "jacobi",
    "least_squares_polynomial",
    "multigrid",
    "neumann",
    "nystrom",
    "scaled_poisson",
    "ssor",
    "symmetric_polynomial",
    "tau",
]
