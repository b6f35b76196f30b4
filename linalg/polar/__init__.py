"""The polar factor of a matrix, exact or approximate, one file per method."""

from resolvent.linalg.polar.functions import Polar, orthogonalize, polar
from resolvent.linalg.polar.minimax import Minimax
from resolvent.linalg.polar.newton import Newton
from resolvent.linalg.polar.newton_schulz import NewtonSchulz
from resolvent.linalg.polar.qdwh import QDWH
from resolvent.linalg.polar.svd import SVD

__all__ = [
    "QDWH",
    "SVD",
    "Minimax",
    "Newton",
    "NewtonSchulz",
    "Polar",
    "orthogonalize",
    "polar",
]
