r"""Named systems :math:`A x = b`, easy, hard and impossible: on them a solver shows its honesty.

Each has at most 400 unknowns and carries what is known of it by construction: the structure of A,
what its owner claims it to be, whether b is in the range, and the null space. A solver either
reaches the residual that it claims or says why not, on every one of them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator

from resolvent.linalg.gallery.differential import (
    convection_diffusion,
    helmholtz,
    lognormal_diffusion,
    poisson,
    two_phase_diffusion,
)
from resolvent.linalg.gallery.graphs import graph_laplacian
from resolvent.linalg.gallery.normality import nonnormal
from resolvent.linalg.gallery.spectra import (
    haar,
    hermitian,
    logspaced,
    psd,
    spd,
    with_singular_values,
)
from resolvent.linalg.gallery.structured import grcar, kms, toeplitz
from resolvent.linalg.gallery.system import Structure, System, by_name, named, noise

__all__ = ["systems"]


def systems() -> dict[str, System]:
    """Return the gallery by name, always the same one.

    Examples
    --------
    >>> gallery = systems()
    >>> len(gallery) >= 40
    True
    >>> system = gallery["neumann-inconsistent"]
    >>> system.structure, system.consistent, system.nullspace.shape
    ('psd', False, (144, 1))
    """
    return by_name(
        *(_elliptic(), _spectra(), _convection(), _indefinite(), _false_claims(), _singular()),
        *(_nonnormal(), _complex(), _scales(), _degenerate(), _single_precision()),
    )


def _elliptic() -> Iterator[System]:
    yield named("poisson-1d", poisson(200), "spd", np.ones(200))
    yield named("poisson-2d", poisson((20, 20)), "spd", noise(400))
    yield named("poisson-3d", poisson((7, 7, 7)), "spd", noise(343))
    yield named("poisson-operator", aslinearoperator(poisson((12, 12))), "spd")
    one = sparse.eye_array(16)
    across, along = sparse.kron(poisson(16), one), sparse.kron(one, poisson(16))
    yield named("anisotropic-2d", (across + 1e-3 * along).tocsr(), "spd", noise(256))
    yield named("biharmonic-2d", (poisson((12, 12)) @ poisson((12, 12))).tocsr(), "spd", noise(144))
    yield named("lognormal", lognormal_diffusion((16, 16), sigma=1, rng=0), "spd", noise(256))
    yield named("lognormal-rough", lognormal_diffusion((12, 12), sigma=4, rng=0), "spd", noise(144))
    yield named("two-phase-1e3", two_phase_diffusion((12, 12), contrast=1e3, rng=0), "spd")
    yield named("two-phase-1e6", two_phase_diffusion((12, 12), contrast=1e6, rng=0), "spd")


def _spectra() -> Iterator[System]:
    outliers = np.concatenate([np.linspace(1, 2, 117), [1e3, 1e5, 1e6]])
    clusters = np.repeat([1.0, 10.0, 1e3], 40) * np.linspace(1, 1 + 1e-6, 120)
    yield named("kms", kms(150, 0.99), "spd", noise(150))
    yield named("spd-outliers", spd(outliers, rng=1), "spd", noise(120))
    yield named("spd-clusters", spd(clusters, rng=2), "spd", noise(120))
    yield named(
        "rank-one-plus-identity", np.eye(100) + 1e4 * np.ones((100, 100)), "spd", noise(100)
    )
    yield named("nearly-singular", spd(logspaced(100, 1e14), rng=3), "spd", noise(100))
    yield named("nearly-singular-in-range", spd(logspaced(100, 1e14), rng=3), "spd")
    yield named(
        "hilbert", 1 / (1.0 + np.add.outer(np.arange(10), np.arange(10))), "spd", np.ones(10)
    )
    d = np.geomspace(1e-3, 1e3, 100)
    yield named("spd-badly-scaled", d[:, None] * kms(100, 0.5) * d, "spd")


def _convection() -> Iterator[System]:
    for name, peclet in {"weak": 0.1, "balanced": 2.0, "strong": 1e3}.items():
        A = convection_diffusion((14, 14), peclet=peclet)
        yield named(f"convection-{name}", A, "general", np.ones(196))
    yield named(
        "convection-1d-strong", convection_diffusion(100, peclet=50.0), "general", noise(100)
    )
    A = convection_diffusion((12, 12), peclet=(20.0, -5.0))
    rows = sparse.diags_array(np.geomspace(1e-6, 1e6, 144))
    yield named("convection-badly-row-scaled", (rows @ A).tocsr(), "general", rows @ noise(144))


def _indefinite() -> Iterator[System]:
    yield named("helmholtz-1d", helmholtz(150, wavenumber=40.0), "hermitian", noise(150))
    yield named("helmholtz-2d", helmholtz((15, 15), wavenumber=12.0), "hermitian", noise(225))
    balanced = np.linspace(0.1, 1, 50)
    A = hermitian(np.concatenate([-balanced, balanced]), rng=4)
    yield named("balanced-spectrum", A, "hermitian", noise(100))
    G = haar((100, 30), rng=5)
    A = np.block([[poisson((10, 10)).toarray(), G], [G.T, np.zeros((30, 30))]])
    yield named("saddle-point", A, "hermitian", noise(130))
    A, pressure = _stokes(8)
    yield named("stokes", A, "hermitian", nullspace=pressure)
    swap = np.kron(np.eye(30), [[0.0, 1.0], [1.0, 0.0]])
    yield named("swap", swap, "hermitian", _unit(60))


def _false_claims() -> Iterator[System]:
    one_negative = np.concatenate([[-0.5], np.linspace(0.1, 2, 99)])
    nearly = np.concatenate([[-1e-6], np.linspace(0.1, 2, 99)])
    for name, spectrum in {"indefinite": one_negative, "slightly-indefinite": nearly}.items():
        A = hermitian(spectrum, rng=6)
        yield named(f"{name}-claimed-spd", A, "hermitian", noise(100), claim="spd")
    yield named("negative-definite-claimed-spd", -poisson((10, 10)), "hermitian", claim="spd")
    A = helmholtz((12, 12), wavenumber=9.0)
    yield named("helmholtz-claimed-spd", A, "hermitian", noise(144), claim="spd")
    A = convection_diffusion((12, 12), peclet=0.5)
    yield named("convection-claimed-spd", A, "general", noise(144), claim="spd")
    yield named("grcar-claimed-hermitian", grcar(80), "general", noise(80), claim="hermitian")


def _singular() -> Iterator[System]:
    A, ones = _neumann((12, 12)), np.ones((144, 1))
    b = A @ noise(144)
    yield named("neumann", A, "psd", b, nullspace=ones)
    yield named("neumann-inconsistent", A, "psd", b + 1, consistent=False, nullspace=ones)
    yield named(
        "neumann-slightly-inconsistent", A, "psd", b + 1e-6, consistent=False, nullspace=ones
    )
    A = graph_laplacian(150, radius=0.1, rng=0)
    yield named("graph-laplacian", A, "psd", nullspace=_components(A))
    yield named("graph-laplacian-inconsistent", A, "psd", _unit(150), consistent=False)
    A = psd(np.concatenate([np.zeros(40), np.linspace(1, 20, 60)]), rng=7)
    yield named("psd-low-rank", A, "psd")
    A = hermitian(
        np.concatenate([np.zeros(20), np.linspace(-2, -1, 30), np.linspace(1, 3, 50)]), rng=8
    )
    yield named("hermitian-singular", A, "hermitian")
    yield named("hermitian-singular-inconsistent", A, "hermitian", noise(100), consistent=False)
    A = with_singular_values(np.linspace(1, 5, 60), (80, 80), rng=9)
    yield named("general-low-rank", A, "general")
    yield named("general-low-rank-inconsistent", A, "general", noise(80), consistent=False)
    A = np.eye(60) - np.roll(np.eye(60), 1, axis=0)
    yield named("periodic-advection", A, "general", nullspace=np.ones((60, 1)))
    yield named("nilpotent", np.eye(40, k=1), "general", _unit(40), nullspace=_unit(40)[:, None])
    yield named("nilpotent-inconsistent", np.eye(40, k=1), "general", np.ones(40), consistent=False)
    zero = np.zeros((8, 8))
    yield named("zero-matrix", zero, "psd", np.ones(8), consistent=False, nullspace=np.eye(8))


def _nonnormal() -> Iterator[System]:
    yield named("grcar", grcar(100), "general", np.ones(100))
    yield named("jordan", np.eye(60) + np.eye(60, k=1), "general", noise(60))
    yield named("jordan-exponential", 0.5 * np.eye(40) + np.eye(40, k=1), "general", noise(40))
    yield named("cyclic-shift", np.roll(np.eye(64), 1, axis=0), "general", _unit(64))
    S = np.triu(np.random.default_rng(10).standard_normal((60, 60)), 1)
    yield named("skew-symmetric", S - S.T, "general", noise(60))
    yield named("orthogonal", haar((80, 80), rng=11), "general", noise(80))
    yield named("henrici", nonnormal(np.linspace(1, 2, 60), 50.0, rng=12), "general", noise(60))
    yield named(
        "gaussian", np.random.default_rng(13).standard_normal((80, 80)), "general", noise(80)
    )
    A = toeplitz(0.9 ** np.arange(100.0), -(0.5 ** np.arange(100.0)))
    yield named("toeplitz", A, "general", noise(100))


def _complex() -> Iterator[System]:
    z = np.complex128
    yield named("complex-spd", spd(np.linspace(1, 100, 90), rng=14, dtype=z), "spd", noise(90, z))
    spectrum = np.concatenate([np.linspace(-3, -1, 30), np.linspace(1, 5, 60)])
    A = hermitian(spectrum, rng=15, dtype=z)
    yield named("complex-hermitian", A, "hermitian", noise(90, z))
    yield named("complex-hermitian-claimed-spd", A, "hermitian", noise(90, z), claim="spd")
    yield named("skew-hermitian", 1j * A, "general", noise(90, z))
    A = helmholtz((12, 12), wavenumber=9.0) + 0.05j * sparse.eye_array(144)
    yield named("complex-symmetric", A.tocsr(), "general", noise(144, z))
    yield named("complex-symmetric-claimed-spd", A.tocsr(), "general", noise(144, z), claim="spd")
    A = haar((70, 70), rng=16, dtype=z) * np.linspace(1, 10, 70) @ haar((70, 70), rng=17, dtype=z)
    yield named("complex-general", A, "general", noise(70, z))
    yield named("real-matrix-complex-rhs", poisson((10, 10)), "spd", noise(100, z))


def _scales() -> Iterator[System]:
    kinds: dict[str, tuple[Any, Structure]] = {
        "spd": (poisson((8, 8)), "spd"),
        "indefinite": (helmholtz((8, 8), wavenumber=9.0), "hermitian"),
        "general": (convection_diffusion((8, 8), peclet=3.0), "general"),
    }
    b = noise(64)
    for kind, (A, structure) in kinds.items():
        for name, scale in {"tiny": 2.0**-664, "huge": 2.0**498}.items():  # 1e-200, 1e150
            yield named(f"{name}-{kind}-matrix", scale * A, structure, b)
            yield named(f"{name}-{kind}-rhs", A, structure, scale * b)
            yield named(f"{name}-{kind}-both", scale * A, structure, scale * b)


def _degenerate() -> Iterator[System]:
    A = poisson((10, 10))
    yield named("zero-rhs", A, "spd", np.zeros(100))
    yield named("zero-rhs-singular", _neumann((6, 6)), "psd", np.zeros(36))
    mode = np.sin(np.pi * np.arange(1, 11) / 11)
    yield named("eigenvector", A, "spd", np.outer(mode, mode).ravel())
    yield named("identity", np.eye(30), "spd", noise(30))
    yield named("diagonal-two-values", np.diag([1.0, 5.0] * 20), "spd", noise(40))
    yield named("one-by-one", np.array([[3.0]]), "spd", np.array([2.0]))
    yield named("one-by-one-complex", np.array([[2.0j]]), "general", np.array([1.0 + 1.0j]))
    yield named("one-by-one-negative", np.array([[-3.0]]), "hermitian", np.ones(1), claim="spd")
    yield named("one-by-one-zero", np.zeros((1, 1)), "psd", np.ones(1), consistent=False)


def _single_precision() -> Iterator[System]:
    f, z = np.float32, np.complex64
    yield named("single-poisson-2d", poisson((12, 12)).astype(f), "spd", noise(144, f))
    yield named("single-kms", kms(100, 0.9).astype(f), "spd", noise(100, f))
    A = helmholtz((10, 10), wavenumber=8.0).astype(f)
    yield named("single-helmholtz", A, "hermitian", noise(100, f))
    A = convection_diffusion((10, 10), peclet=3.0).astype(f)
    yield named("single-convection", A, "general", noise(100, f))
    yield named("single-tiny", f(1e-30) * poisson((8, 8)).astype(f), "spd", noise(64, f))
    yield named("single-huge", f(1e30) * poisson((8, 8)).astype(f), "spd", noise(64, f))
    yield named(
        "single-nearly-singular", spd(logspaced(60, 1e6), rng=18, dtype=f), "spd", noise(60, f)
    )
    A = spd(np.linspace(1, 50, 60), rng=19, dtype=z)
    yield named("single-complex-spd", A, "spd", noise(60, z))


def _unit(n: int) -> NDArray[np.float64]:
    e = np.zeros(n)
    e[0] = 1
    return e


def _neumann(shape: tuple[int, int]) -> sparse.csr_array:
    """Return minus the Laplacian on a box whose boundary is not crossed."""
    m, n = shape
    first, second = (D.T @ D for D in map(_difference, shape))
    across = sparse.kron(first, sparse.eye_array(n))
    return (across + sparse.kron(sparse.eye_array(m), second)).tocsr()


def _difference(n: int) -> sparse.dia_array:
    return sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n))


def _stokes(n: int) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Return Stokes flow on a staggered grid of ``n`` by ``n`` cells, and its free pressure."""
    D, one = _difference(n).T, sparse.eye_array(n)
    K = sparse.block_diag([poisson((n - 1, n)), poisson((n, n - 1))])
    B = sparse.hstack([sparse.kron(D, one), sparse.kron(one, D)])
    A = sparse.block_array([[K, B.T], [B, None]]).tocsr()
    pressure = np.zeros((A.shape[0], 1))
    pressure[-n * n :] = 1
    return A, pressure


def _components(A: sparse.csr_array) -> NDArray[np.float64]:
    count, label = sparse.csgraph.connected_components(A, directed=False)
    return np.asarray(np.eye(count)[label])
