"""Kernels on arrays and matrices: they return arrays, and certificates where accuracy matters."""

from resolvent.linalg import gallery, lyapunov, polar_decomposition, roots
from resolvent.linalg.clustering.kmedoids import KMedoids, kmedoids, kmedoids_by_silhouette
from resolvent.linalg.clustering.sine_dissimilarity import sine_dissimilarity
from resolvent.linalg.interpolation.deim import deim
from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.errors import ErrorSplit
from resolvent.linalg.interpolation.gappy import GappyInterpolant
from resolvent.linalg.interpolation.geim import geim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.linalg.interpolation.pod import Pod, pod
from resolvent.linalg.interpolation.qdeim import qdeim
from resolvent.linalg.krylov_spaces.lanczos import Lanczos, lanczos
from resolvent.linalg.krylov_spaces.spectral_interval import SpectralInterval, spectral_interval
from resolvent.linalg.lyapunov import solve_lyapunov
from resolvent.linalg.nonnegative_least_squares.nnomp import SparseWeights, nnomp
from resolvent.linalg.poisson_stencil import PoissonStencil, poisson_stencil_of
from resolvent.linalg.polar_decomposition import Polar, orthogonalize, polar
from resolvent.linalg.roots import (
    RootCertificate,
    inv_rootm,
    inv_sqrtm,
    inv_sqrtm_jvp,
    inv_sqrtm_vjp,
    root_certificate,
    rootm,
    sqrtm,
    sqrtm_jvp,
    sqrtm_vjp,
)
from resolvent.linalg.toeplitz import ToeplitzOperator, toeplitz_operator

__all__ = [
    "EmpiricalInterpolant",
    "ErrorSplit",
    "GappyInterpolant",
    "KMedoids",
    "Lanczos",
    "Pod",
    "PoissonStencil",
    "Polar",
    "RootCertificate",
    "SparseWeights",
    "SpectralInterval",
    "ToeplitzOperator",
    "deim",
    "eim",
    "gallery",
    "geim",
    "inv_rootm",
    "inv_sqrtm",
    "inv_sqrtm_jvp",
    "inv_sqrtm_vjp",
    "kmedoids",
    "kmedoids_by_silhouette",
    "lanczos",
    "lyapunov",
    "nnomp",
    "orthogonalize",
    "pod",
    "poisson_stencil_of",
    "polar",
    "polar_decomposition",
    "qdeim",
    "root_certificate",
    "rootm",
    "roots",
    "sine_dissimilarity",
    "solve_lyapunov",
    "spectral_interval",
    "sqrtm",
    "sqrtm_jvp",
    "sqrtm_vjp",
    "toeplitz_operator",
]
