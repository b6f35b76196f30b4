import numpy as np
import pytest


@pytest.fixture(scope="session")
def cg_steps():
    """Textbook preconditioned conjugate gradients: steps to a relative residual of 1e-8."""

    def steps(A, M, b):
        x, r, p, rho = np.zeros_like(b), b, 0 * b, 1.0
        for step in range(10 * b.size):
            if np.linalg.norm(r) <= 1e-8 * np.linalg.norm(b):
                # the recursive residual is the true one up to rounding, here far below 1e-8
                assert np.linalg.norm(b - A @ x) <= 2e-8 * np.linalg.norm(b)
                return step
            z = M @ r
            before, rho = rho, np.vdot(r, z).real
            assert rho > 0
            p = z + rho / before * p
            q = A @ p
            alpha = rho / np.vdot(p, q).real
            x, r = x + alpha * p, r - alpha * q
        raise AssertionError("no convergence")

    return steps
