"""IDR(s): finite termination, few products, and breakdowns that are named."""

import numpy as np
import pytest

from resolvent.linalg import gallery
from resolvent.results import Reason
from resolvent.solvers import bicgstab, gmres, idrs

EPS = np.finfo(float).eps


@pytest.mark.parametrize("s", [1, 2, 4, 8])
@pytest.mark.parametrize("peclet", [0.5, 5.0, 50.0])
def test_convection_diffusion_is_solved_as_by_a_dense_factorisation(peclet, s, rng):
    A = gallery.convection_diffusion((16, 16), peclet=peclet)
    b = rng.standard_normal(256)
    solution = idrs(A, b, s=s, rtol=1e-10)
    assert solution.converged
    dense = A.toarray()
    wanted = np.linalg.solve(dense, b)
    bound = 1.01e-10 * np.linalg.cond(dense) * np.linalg.norm(wanted)
    assert np.linalg.norm(solution.x - wanted) <= bound


@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_products_are_at_most_n_and_n_over_s(s, dtype, rng):
    n = 12
    eigenvalues = np.linspace(1, 3, n)
    A = gallery.nonnormal(eigenvalues, 0.5, rng=rng, dtype=dtype)
    solution = idrs(A, rng.standard_normal(n).astype(dtype), s=s, rtol=1e-7, rng=1)
    assert solution.converged
    assert solution.iterations <= n + n // s


@pytest.mark.parametrize("s", [1, 2, 4])
def test_products_follow_the_degree_of_the_minimal_polynomial(s, rng):
    A = gallery.hermitian(np.repeat([1.0, -1.5, 2.0, 3.0], 10), rng=rng)
    solution = idrs(A, rng.standard_normal(40), s=s, rtol=1e-9)
    assert solution.converged
    # each new space is a factor of the polynomial; s vectors before the first
    assert solution.iterations <= (4 + 1) * (s + 1)


@pytest.mark.parametrize("s", [5, 40])
def test_more_shadows_than_unknowns_are_cut(s, rng):
    A = np.eye(3) + 0.2 * rng.standard_normal((3, 3))
    solution = idrs(A, np.ones(3), s=s)
    assert solution.converged
    assert solution.iterations <= 4


def test_products_lie_between_those_of_gmres_and_bicgstab(rng):
    A, b = gallery.convection_diffusion((30, 30), peclet=5.0), rng.standard_normal(900)
    full = gmres(A, b, restart=200).iterations
    products = [idrs(A, b, s=s).matvecs for s in (2, 4, 8)]
    assert full < products[2] <= products[1] <= products[0] < bicgstab(A, b).matvecs


def test_step_has_one_product_and_the_end_one(rng):
    A = gallery.convection_diffusion((10, 10), peclet=5.0)
    solution = idrs(A, rng.standard_normal(100))
    assert solution.matvecs == solution.iterations + 1


def test_seed_decides_the_iterates_and_the_generator_goes_on(rng):
    A, b = gallery.convection_diffusion((10, 10), peclet=5.0), rng.standard_normal(100)
    assert np.array_equal(idrs(A, b, rng=3).x, idrs(A, b, rng=3).x)
    assert not np.array_equal(idrs(A, b, rng=3).x, idrs(A, b, rng=4).x)
    generator = np.random.default_rng(3)
    assert np.array_equal(idrs(A, b, rng=generator).x, idrs(A, b, rng=3).x)
    assert not np.array_equal(idrs(A, b, rng=generator).x, idrs(A, b, rng=3).x)


def test_skew_symmetric_matrix_is_solved_where_bicgstab_breaks_down(rng):
    S = rng.standard_normal((30, 30))
    A, b = S - S.T, rng.standard_normal(30)
    assert bicgstab(A, b).reason is Reason.BREAKDOWN
    assert idrs(A, b).converged


def test_changing_preconditioner_leaves_the_true_residual(rng):
    A = gallery.convection_diffusion((12, 12), peclet=20.0)
    b, d, seen = A @ np.ones(144), A.diagonal(), []
    idrs(
        A,
        b,
        M=lambda r: r / d * rng.uniform(0.9, 1.1),
        maxiter=150,
        callback=lambda at: seen.append((at.residual_norm, at.x)),
    )
    peak = max(level for level, _ in seen)
    for level, x in seen:
        # x and r take the same steps, so that they part by the rounding of the largest only
        assert abs(np.linalg.norm(b - A @ x) - level) <= 1e3 * EPS * len(seen) * peak


@pytest.mark.parametrize("A", [np.zeros((3, 3)), np.diag([1.0, 2.0, 0.0])], ids=["zero", "flat"])
def test_singular_system_without_a_solution_is_never_said_to_be_solved(A):
    solution = idrs(A, np.ones(3))
    assert solution.reason in (Reason.BREAKDOWN, Reason.STAGNATED, Reason.MAXITER)
    assert np.isfinite(solution.x).all()
    assert solution.residual_norm <= np.sqrt(3)


def test_columns_have_their_own_reasons():
    A = np.diag([1.0, 2.0, 0.0])
    b = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    solution = idrs(A, b)
    assert solution.reasons == (Reason.CONVERGED, Reason.BREAKDOWN, Reason.CONVERGED)


@pytest.mark.parametrize("s", [0, -1])
def test_number_of_shadows_must_be_positive(s):
    with pytest.raises(ValueError, match="s must be at least 1"):
        idrs(np.eye(2), np.ones(2), s=s)
