"""The polar factor of a matrix, exact or approximate, one file per method."""

from resolvent.linalg.polar_decomposition.functions import Polar, orthogonalize, polar
from resolvent.linalg.polar_decomposition.gram import GramEigh
from resolvent.linalg.polar_decomposition.minimax import Minimax
from resolvent.linalg.polar_decomposition.newton import Newton
from resolvent.linalg.polar_decomposition.newton_schulz import NewtonSchulz
from resolvent.linalg.polar_decomposition.qdwh import QDWH
from resolvent.linalg.polar_decomposition.svd import SVD

__all__ = [
    "QDWH",
    "SVD",
    "GramEigh",
    "Minimax",
    "Newton",
    "NewtonSchulz",
    "Polar",
    "orthogonalize",
    "polar",
]
