"""Test matrices: prescribed spectra, covariances of images, differential operators and more.

Dense matrices are NumPy arrays, sparse ones SciPy CSR arrays; randomness comes from ``rng``, a
generator or a seed.
"""

from resolvent.linalg.gallery.curves import kite
from resolvent.linalg.gallery.differential import (
    convection_diffusion,
    diffusion,
    gaussian_field,
    helmholtz,
    lognormal_diffusion,
    poisson,
    two_phase_diffusion,
)
from resolvent.linalg.gallery.graphs import graph_laplacian
from resolvent.linalg.gallery.helmholtz_nystrom import HelmholtzNystrom, helmholtz_nystrom
from resolvent.linalg.gallery.images import covariance, digits, gaussian_covariance, image_patches
from resolvent.linalg.gallery.normality import diagonalizable, nonnormal, normal
from resolvent.linalg.gallery.pressure import pressure_poisson, random_solids
from resolvent.linalg.gallery.pyamg_systems import pyamg_systems
from resolvent.linalg.gallery.random_mesh import SimplicialMesh, random_mesh
from resolvent.linalg.gallery.riesz import RieszCollocation, riesz_collocation
from resolvent.linalg.gallery.simplicial import simplicial_mass, simplicial_stiffness
from resolvent.linalg.gallery.spectra import (
    haar,
    hermitian,
    logspaced,
    psd,
    spd,
    with_singular_values,
)
from resolvent.linalg.gallery.structured import grcar, kms, toeplitz
from resolvent.linalg.gallery.system import System
from resolvent.linalg.gallery.systems import systems

__all__ = [
    "HelmholtzNystrom",
    "RieszCollocation",
    "SimplicialMesh",
    "System",
    "convection_diffusion",
    "covariance",
    "diagonalizable",
    "diffusion",
    "digits",
    "gaussian_covariance",
    "gaussian_field",
    "graph_laplacian",
    "grcar",
    "haar",
    "helmholtz",
    "helmholtz_nystrom",
    "hermitian",
    "image_patches",
    "kite",
    "kms",
    "logspaced",
    "lognormal_diffusion",
    "nonnormal",
    "normal",
    "poisson",
    "pressure_poisson",
    "psd",
    "random_mesh",
    "random_solids",
    "pyamg_systems",
    "riesz_collocation",
    "simplicial_mass",
    "simplicial_stiffness",
    "spd",
    "systems",
    "toeplitz",
    "two_phase_diffusion",
    "with_singular_values",
]
