"""Kernels on arrays and matrices: they return arrays, and certificates where accuracy matters."""

from resolvent.linalg import gallery, lyapunov, polar_decomposition, roots
from resolvent.linalg.krylov_spaces.lanczos import Lanczos, lanczos
from resolvent.linalg.krylov_spaces.spectral_interval import SpectralInterval, spectral_interval
from resolvent.linalg.lyapunov import solve_lyapunov
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
    "Lanczos",
    "PoissonStencil",
    "Polar",
    "RootCertificate",
    "SpectralInterval",
    "ToeplitzOperator",
    "gallery",
    "inv_rootm",
    "inv_sqrtm",
    "inv_sqrtm_jvp",
    "inv_sqrtm_vjp",
    "lanczos",
    "lyapunov",
    "orthogonalize",
    "poisson_stencil_of",
    "polar",
    "polar_decomposition",
    "root_certificate",
    "rootm",
    "roots",
    "solve_lyapunov",
    "spectral_interval",
    "sqrtm",
    "sqrtm_jvp",
    "sqrtm_vjp",
    "toeplitz_operator",
]
