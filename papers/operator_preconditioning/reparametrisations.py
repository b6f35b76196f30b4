r"""Linear changes of the parameters, :math:`\theta = P \hat\theta`, made for :math:`A = F^T F`.

Gradient descent in the new parameters is
:math:`\theta \leftarrow \theta - \eta P P^T \nabla`, and has the Gram matrix :math:`P^T A P`.

- ``none``: the identity.
- ``columns``: diagonal, so that the columns of F P have norm one and A its diagonal.
- ``cholesky``: :math:`P = L^{-T}` with :math:`A + \delta \lambda_{\max} I = L L^T`. The eigenvalues
  become :math:`\lambda / (\lambda + \delta \lambda_{\max})`: near one above the shift, and below
  it as small as before. Without a shift there is no factor, since A is singular.
- ``eigenvectors``: :math:`P = V_r \Lambda_r^{-1/2}` of the eigenvalues above
  :math:`\varepsilon \lambda_{\max}`, so that the condition is one, on r parameters.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

__all__ = ["REPARAMETRISATIONS", "SHIFT"]

SHIFT = 1e-6
Matrix = NDArray[np.float64]


def columns(F: Matrix) -> Matrix:
    """Return the diagonal P; a column of zeros is left alone."""
    norms = np.linalg.norm(F, axis=0)
    return np.diag(1 / np.where(norms > 0, norms, 1.0))


def cholesky(F: Matrix) -> Matrix:
    """Return the inverse transposed factor of the shifted A."""
    largest = np.linalg.eigvalsh(F @ F.T)[-1]
    L = np.linalg.cholesky(F.T @ F + SHIFT * largest * np.eye(F.shape[1]))
    return np.asarray(solve_triangular(L, np.eye(len(L)), lower=True).T)


def eigenvectors(F: Matrix) -> Matrix:
    """Return the eigenvectors over the roots of their eigenvalues."""
    _, s, Vt = np.linalg.svd(F, full_matrices=False)
    kept = s > np.sqrt(np.finfo(np.float64).eps) * s[0]
    return np.asarray(Vt[kept].T / s[kept])


REPARAMETRISATIONS: dict[str, Callable[[Matrix], Matrix]] = {
    "none": lambda F: np.eye(F.shape[1]),
    "columns": columns,
    "cholesky": cholesky,
    "eigenvectors": eigenvectors,
}
