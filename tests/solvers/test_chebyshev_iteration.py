"""Chebyshev iteration: the optimal polynomial on an interval, and a wrong interval."""

import numpy as np
import pytest
from numpy.polynomial import Chebyshev

from resolvent.linalg import gallery
from resolvent.results import Reason
from resolvent.solvers import chebyshev_iteration

EPS = np.finfo(float).eps


def residual_polynomial(k, a, c):
    """Return ``lambda -> T_k(s(lambda)) / T_k(s(0))``, by NumPy's Chebyshev series."""
    T = Chebyshev.basis(k, domain=[a, c])
    return lambda eigenvalues: T(eigenvalues) / T(0.0)


@pytest.mark.parametrize("steps", [1, 2, 7, 20])
def test_residual_is_the_scaled_chebyshev_polynomial(steps, rng):
    eigenvalues = np.linspace(0.5, 9.0, 40)
    A, b = np.diag(eigenvalues), rng.standard_normal(40)
    solution = chebyshev_iteration(A, b, interval=(0.5, 9.0), rtol=1e-14, maxiter=steps)
    wanted = residual_polynomial(steps, 0.5, 9.0)(eigenvalues) * b
    # each step rounds the residual to a few eps of its first size
    np.testing.assert_allclose(b - A @ solution.x, wanted, rtol=0, atol=100 * steps * EPS)


@pytest.mark.parametrize("columns", [None, 3])
def test_converges_within_the_bound(columns, rng):
    a, c = 0.1, 10.0
    A = gallery.spd(np.geomspace(a, c, 50), rng=rng)
    b = rng.standard_normal((50,) if columns is None else (50, columns))
    solution = chebyshev_iteration(A, b, interval=(a, c), rtol=1e-9)
    assert solution.converged
    # 1 / T_k(sigma) <= 2 q^k
    bound = np.ceil(np.log(2e9) / -np.log(solution.info.promised))
    assert solution.iterations <= bound
    # the slope of log(2 q^k / (1 + q^2k)) reaches log q from above
    assert solution.info.contraction == pytest.approx(solution.info.promised, rel=0.02)


def test_an_interval_of_one_point_takes_one_step(rng):
    b = rng.standard_normal(5)
    solution = chebyshev_iteration(3 * np.eye(5), b, interval=(3.0, 3.0), rtol=1e-14)
    assert solution.iterations == 1
    assert solution.info.promised == 0


def test_preconditioned_by_the_diagonal_is_the_scaled_system(rng):
    A = gallery.lognormal_diffusion((8, 9), sigma=1.5, rng=1).toarray()
    d, b = np.diag(A), rng.standard_normal(72)
    scaled = A / np.sqrt(np.outer(d, d))
    interval = np.linalg.eigvalsh(scaled)[[0, -1]]
    ours = chebyshev_iteration(A, b, interval=interval, M=np.diag(1 / d), maxiter=12)
    theirs = chebyshev_iteration(scaled, b / np.sqrt(d), interval=interval, maxiter=12)
    # a dozen steps, growth of rounding by the condition at most
    np.testing.assert_allclose(ours.x, theirs.x / np.sqrt(d), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_keeps_the_dtype(dtype, rng):
    A = gallery.spd(np.linspace(1, 5, 12), rng=rng, dtype=dtype)
    b = rng.standard_normal(12).astype(dtype)
    solution = chebyshev_iteration(A, b, interval=(0.9, 5.1), rtol=1e-5)
    assert solution.converged
    assert solution.x.dtype == dtype


def test_solves_on_every_array_library(backend, rng):
    A, b = gallery.spd(np.linspace(1, 5, 12), rng=rng), rng.standard_normal((12, 2))
    solution = chebyshev_iteration(
        backend.asarray(A), backend.asarray(b), interval=(1.0, 5.0), rtol=1e-10
    )
    assert solution.converged
    backend.assert_same_kind(solution.x, backend.asarray(b))
    host = b - A @ backend.to_host(solution.x)
    assert np.all(np.linalg.norm(host, axis=0) <= 1e-10 * np.linalg.norm(b, axis=0))


@pytest.mark.parametrize("outside", [-1.0, 12.0])
def test_eigenvalues_that_grow_are_named(outside, rng):
    eigenvalues = np.append(np.linspace(1.0, 10.0, 30), outside)
    b = rng.standard_normal((31, 2))
    b[-1, 1] = 0  # the second column has no part in the bad direction
    solution = chebyshev_iteration(np.diag(eigenvalues), b, interval=(1.0, 10.0), maxiter=1000)
    assert solution.reasons == (Reason.DIVERGED, Reason.CONVERGED)
    assert solution.residual_norm[0] <= np.linalg.norm(b[:, 0])
    assert np.all(np.isfinite(solution.x))
    assert solution.info.contraction > 1


def test_between_the_end_and_the_sum_of_the_ends_it_converges(rng):
    b = rng.standard_normal(31)
    A = np.diag(np.append(np.linspace(1.0, 10.0, 30), 10.5))
    solution = chebyshev_iteration(A, b, interval=(1.0, 10.0), maxiter=1000)
    assert solution.converged
    # ratio of T_k at 10.5 and at 0, both outside of the interval
    growth, decay = (np.arccosh(abs(5.5 - x) / 4.5) for x in (10.5, 0.0))
    assert solution.info.contraction == pytest.approx(np.exp(growth - decay), rel=0.01)


def test_a_missed_small_eigenvalue_shows_in_the_contraction():
    A, b = np.diag([0.01, 1.0, 2.0, 3.0, 4.0]), np.ones(5)
    solution = chebyshev_iteration(A, b, interval=(1.0, 4.0), maxiter=50)
    assert solution.reason is Reason.MAXITER
    assert solution.info.promised < 0.5 < 0.9 < solution.info.contraction < 1


@pytest.mark.parametrize(
    "interval", [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, np.inf), (np.nan, 1)]
)
def test_a_useless_interval_is_refused(interval):
    with pytest.raises(ValueError, match="interval must be"):
        chebyshev_iteration(np.eye(2), np.ones(2), interval=interval)


@pytest.mark.parametrize("columns", [None, 3])
def test_an_estimated_interval_is_nearly_as_good_as_the_known_one(columns, rng):
    A = gallery.poisson((60, 60))
    b = rng.standard_normal((3600,) if columns is None else (3600, columns))
    lowest, highest = 8 * np.sin(np.pi * np.array([1, 60]) / 122) ** 2
    known = chebyshev_iteration(A, b, interval=(lowest, highest), maxiter=2000)
    found = chebyshev_iteration(A, b, rng=1, maxiter=2000)
    assert found.converged
    # one look in vain at the wrong interval, and a margin of a tenth on top
    assert found.iterations <= 1.5 * known.iterations
    assert lowest <= found.info.interval[0] < 1.2 * lowest
    assert highest <= found.info.interval[1] < 1.15 * highest
    # Lanczos steps are products too
    assert found.matvecs >= found.iterations + 60


def test_an_estimated_interval_on_every_array_library(backend, rng):
    A, b = gallery.spd(np.linspace(1, 5, 40), rng=rng), rng.standard_normal((40, 2))
    solution = chebyshev_iteration(backend.asarray(A), backend.asarray(b), rtol=1e-10, rng=0)
    assert solution.converged
    backend.assert_same_kind(solution.x, backend.asarray(b))


def test_a_negative_eigenvalue_found_by_the_estimate_is_named(rng):
    A = np.diag(np.append(-1.0, np.linspace(1, 2, 20)))
    solution = chebyshev_iteration(A, rng.standard_normal(21), rng=0)
    assert solution.reason is Reason.INDEFINITE_OPERATOR
    np.testing.assert_array_equal(solution.x, np.zeros(21))


def test_a_preconditioner_needs_the_interval():
    with pytest.raises(ValueError, match="interval"):
        chebyshev_iteration(np.eye(2), np.ones(2), M=np.eye(2))


@pytest.mark.parametrize("n", [0, 1])
def test_the_smallest_orders_need_no_interval(n):
    solution = chebyshev_iteration(2 * np.eye(n), np.ones(n), rng=0)
    assert solution.converged
    np.testing.assert_allclose(solution.x, np.full(n, 0.5), rtol=1e-7)


def test_a_zero_right_hand_side_and_an_exact_start_take_no_step(rng):
    A, x = gallery.poisson(9), rng.standard_normal(9)
    assert chebyshev_iteration(A, np.zeros(9), interval=(1.0, 2.0)).iterations == 0
    assert chebyshev_iteration(A, A @ x, x0=x, interval=(1.0, 2.0)).iterations == 0


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_huge_and_tiny_right_hand_sides(scale, rng):
    A, b = gallery.spd(np.linspace(1, 5, 12), rng=rng), rng.standard_normal(12)
    solution = chebyshev_iteration(A, scale * b, interval=(1.0, 5.0), rtol=1e-12)
    assert solution.converged
    np.testing.assert_allclose(solution.x / scale, np.linalg.solve(A, b), rtol=1e-10)
