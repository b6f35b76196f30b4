"""The solvers on a GPU: the same answers as on the host, and few reads of the device."""

import numpy as np
import pytest

from resolvent import Reason
from resolvent.linalg import gallery
from resolvent.preconditioners import chebyshev, fast_poisson, jacobi
from resolvent.solvers import bicgstab, cg, fcg, gmres, idrs, lsqr, minres, solve


@pytest.fixture
def csr(cp):
    from cupyx.scipy import sparse

    return lambda A: sparse.csr_matrix(
        (cp.asarray(A.data), cp.asarray(A.indices), cp.asarray(A.indptr)), shape=A.shape
    )


def true_norm(A, x, b):
    return np.linalg.norm(b - A @ x.get())


@pytest.mark.parametrize("solver", [cg, fcg, minres, gmres, bicgstab, idrs, lsqr])
def test_solutions_stay_on_the_device_and_are_true(cp, csr, solver, rng):
    A = gallery.poisson((20, 21))
    b = rng.standard_normal(420)
    solution = solver(csr(A), cp.asarray(b), rtol=1e-7)
    assert solution.converged
    assert isinstance(solution.x, cp.ndarray)
    assert true_norm(A, solution.x, b) <= 1.01e-7 * np.linalg.norm(b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("preconditioned", [False, True])
def test_fused_kernels_take_the_steps_of_the_host(cp, csr, dtype, preconditioned, rng):
    A = gallery.lognormal_diffusion((300, 310), sigma=0.3, rng=1).astype(dtype)
    b = rng.standard_normal(93_000).astype(dtype)
    device = csr(A)
    M = jacobi(device) if preconditioned else None
    solution = cg(device, cp.asarray(b), M=M, maxiter=20, rtol=0.0)
    host = cg(A, b, M=jacobi(A) if preconditioned else None, maxiter=20, rtol=0.0)
    # sums of 93 000 terms in another order, and 20 steps of growth
    tolerance = 1e5 * np.finfo(dtype).eps
    np.testing.assert_allclose(solution.history, host.history, rtol=tolerance)
    assert solution.x.dtype == dtype


def test_trouble_is_named_on_the_device(cp, csr):
    A = -gallery.poisson((9, 9))
    assert cg(csr(A), cp.ones(81)).reason is Reason.INDEFINITE_OPERATOR


def test_the_device_is_read_once_in_ten_steps(cp, csr, monkeypatch, rng):
    import resolvent.drive
    import resolvent.solvers.compiled.cuda as cuda

    reads = []
    for module in (resolvent.drive, cuda):
        real = module.to_host
        monkeypatch.setattr(module, "to_host", lambda x, real=real: reads.append(1) or real(x))
    A = gallery.poisson((60, 60))
    solution = cg(csr(A), cp.asarray(rng.standard_normal(3600)))
    assert solution.converged
    assert len(reads) <= solution.iterations / 10 + 10


def test_preconditioners_by_products_work_on_the_device(cp, csr, rng):
    A = gallery.poisson((40, 40))
    b = cp.asarray(rng.standard_normal(1600))
    plain = cg(csr(A), b)
    for M in (chebyshev(csr(A), degree=4), fast_poisson((40, 40))):
        solution = cg(csr(A), b, M=M)
        assert solution.converged
        assert solution.iterations < plain.iterations


def test_solve_chooses_on_the_device(cp, csr, rng):
    A = gallery.lognormal_diffusion((30, 30), sigma=1.0, rng=0)
    b = rng.standard_normal(900)
    solution = solve(csr(A), cp.asarray(b))
    assert solution.converged
    assert true_norm(A, solution.x, b) <= 1.01e-8 * np.linalg.norm(b)
