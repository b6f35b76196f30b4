"""The equation ``X Y + Y X = Q``, to which the derivative of a square root leads."""

from resolvent.linalg.lyapunov.eigh import Eigh
from resolvent.linalg.lyapunov.functions import solve_lyapunov
from resolvent.linalg.lyapunov.schur import Schur
from resolvent.linalg.lyapunov.sign_newton import SignNewton
from resolvent.linalg.lyapunov.sign_polynomials import SignMinimax, SignNewtonSchulz

__all__ = ["Eigh", "Schur", "SignMinimax", "SignNewton", "SignNewtonSchulz", "solve_lyapunov"]
