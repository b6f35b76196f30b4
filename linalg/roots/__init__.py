"""Square roots, inverse square roots and p-th roots of matrices.

Start with `sqrtm`, `inv_sqrtm`, `rootm`, `inv_rootm`; each takes ``method=`` a name or one of the
configured methods exported here, one file per method.
"""

from resolvent.linalg.roots.certificate import RootCertificate, root_certificate
from resolvent.linalg.roots.cholesky_polar import CholeskyPolar
from resolvent.linalg.roots.coupled_newton import CoupledNewton
from resolvent.linalg.roots.denman_beavers import DenmanBeavers
from resolvent.linalg.roots.derivatives import (
    inv_sqrtm_jvp,
    inv_sqrtm_vjp,
    sqrtm_jvp,
    sqrtm_vjp,
)
from resolvent.linalg.roots.eig import Eig
from resolvent.linalg.roots.eigh import Eigh
from resolvent.linalg.roots.functions import inv_rootm, inv_sqrtm, rootm, sqrtm
from resolvent.linalg.roots.minimax import Minimax
from resolvent.linalg.roots.newton_schulz import NewtonSchulz
from resolvent.linalg.roots.pade import Pade
from resolvent.linalg.roots.schur import Schur
from resolvent.linalg.roots.taylor import Taylor

__all__ = [
    "CholeskyPolar",
    "CoupledNewton",
    "DenmanBeavers",
    "Eig",
    "Eigh",
    "Minimax",
    "NewtonSchulz",
    "Pade",
    "RootCertificate",
    "Schur",
    "Taylor",
    "inv_rootm",
    "inv_sqrtm",
    "inv_sqrtm_jvp",
    "inv_sqrtm_vjp",
    "root_certificate",
    "rootm",
    "sqrtm",
    "sqrtm_jvp",
    "sqrtm_vjp",
]
