"""BiCGSTAB: an exact method in n steps, and breakdowns that are named."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse.linalg import bicgstab as peer

from resolvent.linalg import gallery
from resolvent.results import Reason
from resolvent.solvers import bicgstab

EPS = np.finfo(float).eps


def dominant(n, rng, dtype=np.float64):
    """Nonsymmetric, with a condition below 3."""
    E = rng.standard_normal((n, n))
    if np.issubdtype(dtype, np.complexfloating):
        E = E + 1j * rng.standard_normal((n, n))
    return np.eye(n, dtype=dtype) + E * (0.4 / np.linalg.norm(E, 2))


@pytest.mark.parametrize("peclet", [0.5, 5.0, 50.0])
def test_convection_diffusion_is_solved_as_by_a_dense_factorisation(peclet, rng):
    A = gallery.convection_diffusion((16, 16), peclet=peclet)
    b = rng.standard_normal(256)
    solution = bicgstab(A, b, rtol=1e-10)
    assert solution.converged
    dense = A.toarray()
    wanted = np.linalg.solve(dense, b)
    bound = 1.01e-10 * np.linalg.cond(dense) * np.linalg.norm(wanted)
    assert np.linalg.norm(solution.x - wanted) <= bound


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_steps_are_at_most_the_distinct_eigenvalues(dtype, rng):
    eigenvalues = np.repeat([1.0, 1.5, 2.0, 3.0], 10)
    A = gallery.nonnormal(np.r_[eigenvalues], 0.0, rng=rng, dtype=dtype)
    solution = bicgstab(A, rng.standard_normal(40), rtol=1e-9)
    assert solution.converged
    assert solution.iterations <= 4


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_iterates_are_those_of_scipy(dtype, rng):
    A, b = dominant(40, rng, dtype), rng.standard_normal(40).astype(dtype)
    wanted, ours = [], []
    peer(A, b, rtol=1e-8, callback=lambda x: wanted.append(x.copy()))
    solution = bicgstab(A, b, callback=lambda at: ours.append(at.x))
    assert abs(solution.iterations - len(wanted)) <= 1
    for x, y in zip(ours, wanted, strict=False):
        # Lanczos biorthogonality amplifies rounding from step to step
        assert np.linalg.norm(x - y) <= 1e4 * EPS * np.linalg.norm(b)


def test_steps_on_convection_diffusion_are_those_of_scipy(rng):
    A, b, count = gallery.convection_diffusion((30, 30), peclet=5.0), rng.standard_normal(900), []
    peer(A, b, rtol=1e-8, callback=count.append)
    # rounding moves the jumps of the residual
    assert abs(bicgstab(A, b).iterations - len(count)) <= 5


def test_step_has_two_products_and_the_end_one(rng):
    solution = bicgstab(dominant(40, rng), rng.standard_normal(40))
    assert solution.matvecs == 2 * solution.iterations + 1


@pytest.mark.parametrize("flexible", [False, True])
def test_preconditioner_on_the_right_leaves_the_true_residual(flexible, rng):
    A = gallery.convection_diffusion((12, 12), peclet=20.0)
    scale = 10.0 ** rng.uniform(-3, 3, size=144)
    A, d = A.multiply(scale[:, None]).tocsr(), A.diagonal() * scale
    M = (lambda r: r / d * rng.uniform(0.9, 1.1)) if flexible else np.diag(1 / d)
    b = A @ np.ones(144)
    seen = []
    solution = bicgstab(A, b, M=M, callback=lambda at: seen.append((at.residual_norm, at.x)))
    if not flexible:
        assert solution.converged
        assert solution.iterations < bicgstab(A, b).iterations
    peak = max(level for level, _ in seen)
    for level, x in seen:
        # x and r take the same steps, so that they part by the rounding of the largest only
        assert abs(np.linalg.norm(b - A @ x) - level) <= 1e3 * EPS * len(seen) * peak


def test_skew_symmetric_matrix_breaks_down(rng):
    S = rng.standard_normal((10, 10))
    b = rng.standard_normal(10)
    solution = bicgstab(S - S.T, b)
    assert solution.reason is Reason.BREAKDOWN
    assert solution.residual_norm <= np.linalg.norm(b)


def test_shadow_orthogonal_to_the_product_breaks_down():
    solution = bicgstab(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.0]))
    assert solution.reason is Reason.BREAKDOWN
    assert np.isfinite(solution.x).all()


def test_breakdown_after_progress_is_cured_by_another_shadow():
    A = np.array([[1.0, 0, -1, -1], [-1, 1.5, 0, 0.5], [-0.5, 0.5, 1.5, -0.5], [0, 1, 1, 2]])
    b = np.array([-1.0, 1.0, 2.0, 1.0])

    def residual_on_shadow(entry):
        A[0, 1] = entry
        s = b - (b @ b) / (b @ A @ b) * A @ b
        t = A @ s
        return b @ (s - (t @ s) / (t @ t) * t)

    A[0, 1] = brentq(residual_on_shadow, 1.2, 1.3, xtol=1e-16)
    solution = bicgstab(A, b)
    before, after, standing = solution.history[:3]
    assert after < 0.2 * before
    assert standing == after
    assert solution.converged


@pytest.mark.parametrize("A", [np.zeros((3, 3)), np.diag([1.0, 2.0, 0.0])], ids=["zero", "flat"])
def test_singular_system_without_a_solution_is_never_said_to_be_solved(A):
    solution = bicgstab(A, np.array([1.0, 1.0, 1.0]))
    assert not solution.converged
    assert np.isfinite(solution.x).all()


def test_singular_system_with_a_solution_is_solved():
    A = np.array([[1.0, -1.0, 0.0], [-1.0, 3.0, -2.0], [0.0, -2.0, 2.0]])
    assert bicgstab(A, A @ np.array([1.0, 2.0, 4.0])).converged


def test_columns_have_their_own_reasons():
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    A = np.block([[2 * np.eye(2), np.zeros((2, 2))], [np.zeros((2, 2)), turn]])
    b = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 1.0, 0]])
    solution = bicgstab(A, b)
    assert solution.reasons == (Reason.CONVERGED, Reason.BREAKDOWN, Reason.CONVERGED)
    assert np.allclose(solution.x[:, 0], [0.5, 0.5, 0, 0])
