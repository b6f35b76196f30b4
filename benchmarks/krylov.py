"""Krylov solvers: time of a step on large and small systems, preconditioners, whole solves.

Steps are compared at equal number, so the residuals beside them agree. The limit of a large row is
the time to move the bytes that one step of ours has to move, at the bandwidth of a copy measured in
the same rounds; that of a small row is one step of the same count of bytes, and says little.
"""

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numba import njit, prange
from scipy.spatial import Delaunay

from benchmarks.harness import Peer, Row, Yardstick
from resolvent.arrays import to_host
from resolvent.linalg import gallery
from resolvent.preconditioners import ichol
from resolvent.solvers import cg, gmres, solve

Array = Any
STEPS = 100
RTOL = 1e-8


def rows(xp: Any) -> list[Row]:
    """Return the rows on arrays of ``xp``; SciPy, PyAMG and the bars are for NumPy."""
    if xp is not np:
        return [on_device(xp, "5 diagonals", lognormal), on_device(xp, "stencil", laplacian)]
    return [
        step("5 diagonals, 1000x1000", lognormal, 112, 2.4),
        step("constant stencil, 1000x1000", laplacian, 72, 4.5),
        step("7 diagonals, 100x100x100", lognormal_3d, 120, None),
        step("general CSR, 300 000 rows", mesh, 12 * 7 + 92, 1.6),
        columns(8, 3),
        *(small(n, cg, sla.cg, 4) for n in (10, 17, 31)),
        *(small(n, gmres, partial(sla.gmres, restart=30), 14) for n in (10, 17, 31)),
        triangular(1000, 20),
        whole("solve 2D Poisson 1000x1000", laplacian, 1),
        whole("solve 2D lognormal 1000x1000", lognormal, None),
        whole("solve 3D Poisson 100x100x100", laplacian_3d, None),
    ]


@njit(parallel=True)
def copied(source, target):
    for i in prange(source.size):
        target[i] = source[i]


def copy(*_: Any) -> None:
    copied(*BUFFERS)


BUFFERS = np.ones(8_000_000), np.ones(8_000_000)  # zeros that are never written are one page
COPY = Yardstick("copy of 64 MB", copy, lambda *_: 2e-9 * BUFFERS[0].nbytes, "GB")


def step(name: str, system: Any, bytes_a_row: float, bar: float | None) -> Row:
    """CG, a fixed number of steps, everything before the first one included."""
    ours = partial(cg, rtol=0.0, maxiter=STEPS)
    peer = Peer("scipy.sparse.linalg.cg", partial(sla.cg, rtol=0.0, maxiter=STEPS), bar)
    n = system()[1].shape[0]
    return Row(
        f"CG step, {name}",
        system,
        ours,
        relative_residual,
        [peer],
        COPY,
        1e-9 * bytes_a_row * n,
        STEPS,
    )


def columns(k: int, bar: float) -> Row:
    """CG for ``k`` right-hand sides at once, against one after another."""

    def inputs() -> tuple[Array, Array]:
        A, b = lognormal()
        return A, np.random.default_rng(1).standard_normal((b.size, k))

    def one_by_one(A: Any, B: Array) -> Array:
        found = [sla.cg(A, B[:, j], rtol=0.0, maxiter=STEPS)[0] for j in range(k)]
        return np.stack(found, axis=1)

    ours = partial(cg, rtol=0.0, maxiter=STEPS)
    work = 1e-9 * 1e6 * (24 + k * 88)
    name = f"CG step, 5 diagonals, {k} right-hand sides"
    peer = Peer("scipy.sparse.linalg.cg each", one_by_one, bar)
    return Row(name, inputs, ours, relative_residual, [peer], COPY, work, STEPS)


def small(m: int, ours: Any, theirs: Any, bar: float) -> Row:
    """A whole solve, as time for each step that it took."""
    A, b = laplacian((m, m))
    taken = ours(A, b, rtol=RTOL).iterations
    peer = Peer("scipy.sparse.linalg", partial(theirs, rtol=RTOL), bar)
    name = f"{ours.__name__} solve, a step of {taken}, n = {m * m}"
    inputs = partial(laplacian, (m, m))
    work = 1e-9 * 112 * m * m
    return Row(name, inputs, partial(ours, rtol=RTOL), relative_residual, [peer], COPY, work, taken)


def triangular(m: int, bar: float) -> Row:
    """Both triangular solves with an IC(0) factor; "residual" is the difference to SciPy's."""

    def inputs() -> tuple[Any, Array, Any, Any]:
        A, b = laplacian((m, m))
        L = factor_of(A)
        return A, b, L, sp.csr_array(L.T)

    def two_solves(_A: Any, b: Array, L: Any, U: Any) -> Array:
        return sla.spsolve_triangular(U, sla.spsolve_triangular(L, b, lower=True), lower=False)

    M = ichol(laplacian((m, m))[0])
    peer = Peer("two spsolve_triangular", two_solves, bar)
    reference: list[Array] = []

    def difference(z: Array, *inputs: Any) -> float:
        reference[:] = reference or [two_solves(*inputs)]
        return float(np.linalg.norm(z - reference[0]) / np.linalg.norm(reference[0]))

    work = 1e-9 * m * m * (2 * 2 * 12 + 4 * 8)
    name = f"IC(0) application, {m}x{m}"
    return Row(name, inputs, lambda _A, b, *_: M @ b, difference, [peer], COPY, work)


def factor_of(A: Any) -> Any:
    """Return the factor L of ours, for SciPy to solve with."""
    lower, inverse, _ = ichol(A).kernel
    n = A.shape[0]
    unit = sp.csr_array((lower.data, lower.indices, lower.indptr), shape=(n, n)) + sp.eye_array(n)
    return sp.csr_array(unit @ sp.diags_array(inverse**-0.5))


def whole(name: str, system: Any, bar: float | None) -> Row:
    """From the matrix to the solution, set-up included."""
    peers = [Peer("PyAMG + scipy cg, with set-up", amg_cg, bar)] if find_spec("pyamg") else []
    return Row(name, system, partial(solve, rtol=RTOL), relative_residual, peers, COPY)


def amg_cg(A: Any, b: Array) -> Array:
    import pyamg

    M = pyamg.ruge_stuben_solver(sp.csr_matrix(A)).aspreconditioner()
    return sla.cg(A, b, M=M, rtol=RTOL)[0]


def on_device(xp: Any, name: str, system: Any) -> Row:
    """CG on a GPU against CuPy's."""
    import cupyx.scipy.sparse as csp
    import cupyx.scipy.sparse.linalg as csla

    def inputs() -> tuple[Any, Array]:
        A, b = system()
        return csp.csr_matrix(sp.csr_matrix(A)), xp.asarray(b)

    ours = partial(cg, rtol=0.0, maxiter=STEPS)
    peer = Peer("cupyx cg", partial(csla.cg, tol=0.0, maxiter=STEPS))
    big = xp.zeros(16_000_000), xp.zeros(16_000_000)
    stick = Yardstick(
        "copy of 128 MB",
        lambda *_: xp.copyto(big[1], big[0]),
        lambda *_: 2e-9 * big[0].nbytes,
        "GB",
    )
    name = f"CG step, {name}, 1000x1000"
    return Row(name, inputs, ours, relative_residual, [peer], stick, 1e-9 * 112e6, STEPS)


def relative_residual(found: Any, A: Any, b: Array, *_: Any) -> float:
    x = getattr(found, "x", found)
    x = x[0] if isinstance(x, tuple) else x
    return float(np.linalg.norm(to_host(b - A @ x)) / np.linalg.norm(to_host(b)))


def with_noise(A: Any) -> tuple[Any, Array]:
    return A, np.random.default_rng(0).standard_normal(A.shape[0])


def laplacian(shape: tuple[int, ...] = (1000, 1000)) -> tuple[Any, Array]:
    return with_noise(gallery.poisson(shape))


def laplacian_3d() -> tuple[Any, Array]:
    return laplacian((100, 100, 100))


def lognormal() -> tuple[Any, Array]:
    return with_noise(gallery.lognormal_diffusion((1000, 1000), sigma=1.0, rng=0))


def lognormal_3d() -> tuple[Any, Array]:
    return with_noise(gallery.lognormal_diffusion((100, 100, 100), sigma=1.0, rng=0))


def mesh() -> tuple[Any, Array]:
    """A triangulation of random points, numbered by strips as a mesh generator would."""
    points = np.random.default_rng(0).random((300_000, 2))
    points = points[np.lexsort((points[:, 1], np.floor(550 * points[:, 0])))]
    triangles = Delaunay(points).simplices
    i = np.concatenate([triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()])
    j = np.concatenate([triangles[:, [1, 2, 0]].ravel(), triangles[:, [0, 1, 2]].ravel()])
    W = sp.csr_array((np.ones(i.size), (i, j)), shape=(len(points),) * 2)
    W.sum_duplicates()
    return with_noise((sp.diags_array(W.sum(axis=1) + 0.01) - W).tocsr())
