"""Systems with the example matrices of PyAMG, which is imported only here and only when called."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from resolvent.linalg.gallery.system import System, by_name, named

__all__ = ["pyamg_systems"]


def pyamg_systems() -> dict[str, System]:
    """Return systems of at most 600 unknowns with the matrices of PyAMG's gallery, by name.

    Raises
    ------
    ImportError
        PyAMG is not installed: ``pip install 'resolvent[multigrid]'``.

    Examples
    --------
    >>> pyamg_systems()["pyamg-recirc-flow"].structure  # doctest: +SKIP
    'general'
    """
    try:
        import pyamg.gallery
    except ImportError as error:
        raise ImportError(
            "pyamg_systems() needs PyAMG: pip install 'resolvent[multigrid]'"
        ) from error
    return by_name(_stencils(pyamg.gallery), _elasticity(pyamg.gallery), _examples(pyamg.gallery))


def _stencils(gallery: Any) -> Iterator[System]:
    yield named("pyamg-poisson-2d", _csr(gallery.poisson((15, 15))), "spd", np.ones(225))
    for method in ("FE", "FD"):
        stencil = gallery.diffusion_stencil_2d(epsilon=1e-3, theta=np.pi / 6, type=method)
        A = _csr(gallery.stencil_grid(stencil, (14, 14)))
        yield named(f"pyamg-rotated-anisotropy-{method.lower()}", A, "spd")


def _elasticity(gallery: Any) -> Iterator[System]:
    A, _ = gallery.linear_elasticity((8, 8))
    yield named("pyamg-linear-elasticity", A.tobsr(), "spd")


def _examples(gallery: Any) -> Iterator[System]:
    for name in ("airfoil", "bar", "knot", "unit_cube"):
        A = _csr(gallery.load_example(name)["A"])
        yield named(f"pyamg-{name.replace('_', '-')}", A, "spd")
    yield named("pyamg-recirc-flow", _csr(gallery.load_example("recirc_flow")["A"]), "general")
    A = _csr(gallery.load_example("unit_square")["A"])  # Neumann boundary
    yield named("pyamg-unit-square", A, "psd", nullspace=np.ones((A.shape[0], 1)))


def _csr(A: Any) -> sparse.csr_array:
    return sparse.csr_array(A)
