"""The equation ``X Y + Y X = Q``: every method against an independent solver, and its limits."""

import array_api_strict
import numpy as np
import pytest
from scipy.linalg import solve_sylvester

from resolvent.errors import ConvergenceError, SingularMatrixError
from resolvent.linalg import gallery, solve_lyapunov
from resolvent.linalg.lyapunov import SignMinimax, SignNewtonSchulz

EPS = np.finfo(float).eps
METHODS = ["auto", "eigh", "schur", "newton", "minimax", SignNewtonSchulz(steps=40)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("condition", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("method", METHODS, ids=str)
def test_every_method_agrees_with_scipy_for_definite_matrices(method, condition, dtype, rng):
    if condition * np.finfo(dtype).eps > 1e-4:
        pytest.skip("beyond single precision")
    X = gallery.spd(gallery.logspaced(8, condition), rng=rng, dtype=dtype)
    Q = gallery.haar((8, 8), rng=rng, dtype=dtype)
    Y = solve_lyapunov(X, Q, method=method)
    assert Y.dtype == X.dtype
    wanted = solve_sylvester(*(M.astype(np.result_type(dtype, float)) for M in (X, X, Q)))
    # a backward error of n eps is amplified by the condition of the equation, that of X
    tolerance = 50 * 8 * np.finfo(dtype).eps * condition
    assert np.linalg.norm(Y - wanted) <= tolerance * np.linalg.norm(wanted)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("method", ["auto", "schur", "newton"])
def test_general_methods_agree_with_scipy(method, dtype, rng):
    X = gallery.nonnormal([0.5, 1.0, 1 + 2j, 1 - 2j, 3.0], 2.0, rng=rng, dtype=dtype)
    Q = gallery.haar((5, 5), rng=rng, dtype=dtype)
    wanted = solve_sylvester(X, X, Q)
    Y = solve_lyapunov(X, Q, method=method)
    assert np.linalg.norm(Y - wanted) <= 50 * 5 * EPS * 100 * np.linalg.norm(wanted)


@pytest.mark.parametrize("method", ["auto", "eigh", "schur"])
def test_indefinite_matrices_are_solved_by_the_direct_methods(method, rng):
    X, Q = gallery.hermitian([1.0, -2.0, 3.0], rng=rng), rng.standard_normal((3, 3))
    Y = solve_lyapunov(X, Q, method=method)
    assert np.linalg.norm(X @ Y + Y @ X - Q) <= 50 * 3 * EPS * 3 * np.linalg.norm(Y)


@pytest.mark.parametrize("method", ["newton", "minimax"])
def test_iterations_refuse_matrices_that_are_not_positive(method, rng):
    for X in (gallery.hermitian([1.0, -2.0, 3.0], rng=rng), -np.eye(3)):
        with pytest.raises((ConvergenceError, SingularMatrixError, ValueError)):
            solve_lyapunov(X, rng.standard_normal((3, 3)), method=method)


@pytest.mark.parametrize("method", ["auto", "eigh", "schur", "newton", "minimax"])
@pytest.mark.parametrize("X", [np.zeros((2, 2)), np.diag([1.0, 0.0]), np.ones((2, 2))])
def test_singular_equations_raise(method, X):
    with pytest.raises((SingularMatrixError, ConvergenceError)):
        solve_lyapunov(X, np.eye(2) + np.eye(2, k=1), method=method)


@pytest.mark.parametrize("n", [2, 5, 10, 20])
def test_opposite_eigenvalues_of_a_general_matrix_are_singular(n, rng):
    eigenvalues = [-float(n), *map(float, range(2, n + 1))]
    for seed in range(5):
        X = gallery.nonnormal(eigenvalues, 1.0, rng=seed)
        with pytest.raises(SingularMatrixError):
            solve_lyapunov(X, rng.standard_normal((n, n)))


def test_eight_published_steps_are_wrong_where_minimax_is_right(rng):
    """At condition 1e4 of A, 1e2 of X: the claim that fails, and ours at equal products."""
    X = gallery.spd(gallery.logspaced(32, 1e2), rng=rng)
    Q = gallery.hermitian(rng.standard_normal(32), rng=rng)
    wanted = solve_sylvester(X, X, Q)

    def error(minimax, steps):
        Y = solve_lyapunov(X, Q, method=(SignMinimax if minimax else SignNewtonSchulz)(steps))
        return np.linalg.norm(Y - wanted) / np.linalg.norm(wanted)

    assert error(False, 8) >= 0.3
    assert error(True, 8) <= 1e-4
    assert error(True, None) <= 50 * 32 * EPS * 1e2


def test_published_steps_are_newton_schulz(rng):
    X, Q = gallery.spd([1.0, 2.0, 3.0], rng=rng), rng.standard_normal((3, 3))
    c = np.sqrt(np.linalg.norm(X @ X))
    B, C, identity = X / c, Q / c, np.eye(3)
    for _ in range(8):
        C = 0.5 * (C @ (3 * identity - B @ B) - B @ B @ C + B @ C @ B)
        B = 0.5 * B @ (3 * identity - B @ B)
    got = solve_lyapunov(X, Q, method="newton-schulz")
    np.testing.assert_allclose(got, C / 2, rtol=0, atol=50 * EPS)


@pytest.mark.parametrize("method", ["auto", "eigh", "newton", "minimax"])
def test_every_backend_solves_batches_and_broadcasts(backend, method, rng):
    X = gallery.spd([[1.0, 2.0, 3.0], [0.5, 0.5, 1.0]], rng=rng)
    Q = rng.standard_normal((4, 1, 3, 3))
    x, q = backend.asarray(X), backend.asarray(Q)
    y = solve_lyapunov(x, q, method=method)
    backend.assert_same_kind(y, x)
    Y = backend.to_host(y)
    assert Y.shape == (4, 2, 3, 3)
    assert np.max(np.abs(X @ Y + Y @ X - Q)) <= 50 * 3 * EPS * 6 * np.max(np.abs(Q))
    for array, host in ((x, X), (q, Q)):
        np.testing.assert_array_equal(backend.to_host(array), host)


@pytest.mark.parametrize("method", ["auto", "eigh", "schur", "newton", "minimax"])
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_solution_scales_with_the_inverse_of_the_matrix(scale, method):
    X = np.array([[2.0, 1.0], [1.0, 2.0]])
    Y = scale * solve_lyapunov(scale * X, np.ones((2, 2)), method=method)
    np.testing.assert_allclose(Y, solve_lyapunov(X, np.ones((2, 2))), rtol=1e-13)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="method must be"):
        solve_lyapunov(np.eye(2), np.eye(2), method="svd")
    with pytest.raises(ValueError, match="Hermitian X"):
        solve_lyapunov([[1.0, 1.0], [0.0, 1.0]], np.eye(2), method="eigh")
    with pytest.raises(ValueError, match="order of X"):
        solve_lyapunov(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="X has NaN"):
        solve_lyapunov([[np.nan]], [[1.0]])
    with pytest.raises(TypeError, match="one library"):
        solve_lyapunov(np.eye(2), array_api_strict.asarray(np.eye(2)))
    with pytest.raises(TypeError, match="NumPy"):
        solve_lyapunov(*[array_api_strict.asarray(np.eye(2))] * 2, method="schur")
    assert solve_lyapunov(np.zeros((0, 0)), np.zeros((0, 0))).shape == (0, 0)
    assert float(solve_lyapunov(2.0, 8.0)) == 2.0
