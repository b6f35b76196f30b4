"""Affine systems: sums of terms with coefficients of a parameter, and their direct solution."""

import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.operators import as_operator
from resolvent.solvers.reduced import AffineSystem

EPS = np.finfo(float).eps
MUS = np.array([[0.5, 1.0], [2.0, 3.0], [1.0, 0.0]])


def coefficients(mus):
    return [mus[:, 0], 1.0 + mus[:, 1], 2]


def terms(rng, n=6):
    A = rng.standard_normal((3, n, n))
    A[2] += 10 * np.eye(n)
    return A, rng.standard_normal((n, 2))


def rhs_coefficients(mus):
    return [1, mus[:, 1]]


def by_hand(A, B, mu):
    return mu[0] * A[0] + (1 + mu[1]) * A[1] + 2 * A[2], B[:, 0] + mu[1] * B[:, 1]


@pytest.mark.parametrize("form", ["dense", "sparse", "mixed", "operators"])
def test_matrix_and_rhs_are_the_sums(form, rng):
    A, B = terms(rng)
    A[0][A[0] < 0.5] = 0  # patterns that differ
    A[1][A[1] > 0] = 0
    shapes = {
        "dense": list(A),
        "sparse": [sparse.csr_array(A[0]), sparse.coo_array(A[1]), sparse.dia_array(A[2])],
        "mixed": [A[0], sparse.csc_matrix(A[1]), A[2]],
        "operators": [sparse.linalg.aslinearoperator(A[0]), A[1], sparse.csr_array(A[2])],
    }
    system = AffineSystem(shapes[form], B, coefficients, rhs_coefficients)
    V = rng.standard_normal((6, 3))
    for mu in MUS:
        matrix, rhs = by_hand(A, B, mu)
        # sums of three terms
        np.testing.assert_allclose(system.matrix(mu) @ V, matrix @ V, rtol=0, atol=500 * EPS)
        np.testing.assert_allclose(system.rhs(mu), rhs, rtol=0, atol=50 * EPS)
    assert system.has_entries == (form != "operators")


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_solutions_solve_each_system(form, rng):
    A, B = terms(rng)
    system = AffineSystem([form(M) for M in A], B, coefficients, rhs_coefficients)
    U = system.solve(MUS)
    assert U.shape == (6, 3)
    for u, mu in zip(U.T, MUS, strict=True):
        matrix, rhs = by_hand(A, B, mu)
        bound = 10 * 6 * EPS * (np.linalg.norm(matrix) * np.linalg.norm(u) + np.linalg.norm(rhs))
        assert np.linalg.norm(matrix @ u - rhs) <= bound
    np.testing.assert_allclose(system.residual(MUS, U), 0, atol=1000 * EPS)
    assert system.solve(np.empty((0, 2))).shape == (6, 0)


def test_a_batch_is_a_loop(rng):
    A, B = terms(rng)
    system = AffineSystem(list(A), B, coefficients, rhs_coefficients)
    loop = np.concatenate([system.solve(mu[None]) for mu in MUS], axis=1)
    np.testing.assert_allclose(system.solve(MUS), loop, rtol=1e-13)
    alpha, beta = system.coefficients(MUS)
    assert alpha.shape == (3, 3)
    assert beta.shape == (2, 3)


def test_a_fixed_right_hand_side_needs_no_coefficients():
    system = AffineSystem([np.eye(2)], [1, 2], lambda mus: mus.T)
    np.testing.assert_array_equal(system.solve([2.0, 4.0]), [[0.5, 0.25], [1.0, 0.5]])
    np.testing.assert_array_equal(system.rhs(3), [1, 2])


def test_lists_hold_vectors_and_arrays_hold_columns():
    vectors = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    one = AffineSystem([np.eye(2)], vectors, lambda mus: mus.T)
    other = AffineSystem([np.eye(2)], np.stack(vectors, axis=1), lambda mus: mus.T)
    np.testing.assert_array_equal(one.rhs_terms, other.rhs_terms)


def test_complex_coefficients_make_a_complex_system():
    system = AffineSystem([np.eye(3)], np.ones(3), lambda mus: 1j * mus.T)
    assert system.dtype == np.float64
    np.testing.assert_allclose(system.solve([2.0]), np.full((3, 1), -0.5j))
    thin = AffineSystem([sparse.eye_array(3)], np.ones(3), lambda mus: 1j * mus.T)
    np.testing.assert_allclose(thin.solve([2.0]), np.full((3, 1), -0.5j))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_single_precision_stays(form):
    ones = np.ones(3, dtype=np.float32)
    system = AffineSystem([form(np.eye(3, dtype=np.float32))], ones, lambda mus: mus.T)
    assert system.solve([2.0]).dtype == np.float32
    assert system.matrix(2.0).dtype == np.float32
    double = AffineSystem([form(np.eye(3))], ones, lambda mus: mus.T)
    assert double.solve([2.0]).dtype == np.float64
    wave = AffineSystem([form(np.eye(3, dtype=np.float32))], ones, lambda mus: 1j * mus.T)
    assert wave.solve([2.0]).dtype == np.complex64


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("defect", [0.0, 1e-17])
def test_singular_systems_are_named(form, defect):
    A = [form(np.diag([1.0, 2.0])), form(np.eye(2)), form(np.diag([defect, 0.0]))]
    system = AffineSystem(A, np.ones(2), lambda mus: [1, -mus[:, 0], 1])
    with pytest.raises(SingularMatrixError, match=r"singular.*mu = \[1\.?\]"):
        system.solve([0.0, 1.0])


def test_operators_need_a_solver():
    A = sparse.linalg.aslinearoperator(2 * np.eye(3))
    with pytest.raises(TypeError, match="solver"):
        AffineSystem([A], np.ones(3), lambda mus: mus.T).solve([1.0])
    system = AffineSystem(
        [A], np.ones(3), lambda mus: mus.T, solver=lambda A, b: np.linalg.solve(A @ np.eye(3), b)
    )
    np.testing.assert_allclose(system.solve([1.0, 2.0])[0], [0.5, 0.25])


def test_zero_right_hand_side_has_the_zero_solution():
    np.testing.assert_array_equal(
        AffineSystem([np.eye(2)], np.zeros(2), lambda mus: mus.T).solve([1.0]), np.zeros((2, 1))
    )


def test_backends(backend, rng):
    A, B = terms(rng)
    rhs = backend.asarray(B)
    system = AffineSystem([backend.asarray(M) for M in A], rhs, coefficients, rhs_coefficients)
    here, there = system.solve(backend.asarray(MUS)), system.solve(MUS)  # from either side
    backend.assert_same_kind(here, rhs)
    wanted = AffineSystem(list(A), B, coefficients, rhs_coefficients).solve(MUS)
    for found in (here, there):
        np.testing.assert_allclose(backend.to_host(found), wanted, rtol=0, atol=1e-13)
    backend.assert_same_kind(system.matrix(MUS[0]), rhs)
    backend.assert_same_kind(system.rhs(MUS[0]), rhs)


def test_nothing_is_changed(rng):
    A, B = terms(rng)
    for x in (A, B):
        x.flags.writeable = False
    AffineSystem(list(A), B, coefficients, rhs_coefficients).solve(MUS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], np.ones(2)), "at least one"),
        (([np.eye(3)], np.ones(2)), r"matrix_terms\[0\]"),
        (([np.eye(2), np.ones((2, 3))], np.ones(2)), r"matrix_terms\[1\]"),
        (([np.eye(2)], np.ones((2, 0))), "rhs_terms"),
        (([np.eye(2)], np.ones((2, 2, 2))), "rhs_terms"),
        (([np.eye(2)], [np.ones(2), np.ones(3)]), "one length"),
        (([np.eye(2)], []), r"matrix_terms.*\(0, 1\)"),
        (([np.eye(2)], [np.nan, 1.0]), "NaN"),
        (([np.full((2, 2), np.inf)], np.ones(2)), "NaN"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        AffineSystem(*arguments, lambda mus: mus.T)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda mus: mus, "must return shape"),
        (lambda mus: np.ones((2, mus.shape[0])), r"\(1, 3\).*\(2, 3\)"),
        (lambda mus: np.nan * mus.T, "NaN"),
    ],
)
def test_coefficients_of_a_wrong_kind_are_refused(function, message):
    system = AffineSystem([np.eye(2)], np.ones(2), function)
    with pytest.raises(ValueError, match=message):
        system.solve([1.0, 2.0, 3.0])


def test_parameters_of_a_wrong_shape_are_refused():
    system = AffineSystem([np.eye(2)], np.ones(2), lambda mus: mus.T)
    with pytest.raises(ValueError, match="mus"):
        system.solve(np.ones((1, 1, 1)))
    with pytest.raises(ValueError, match="one parameter"):
        system.matrix(np.ones((2, 1)))


def test_two_libraries_are_refused(torch):
    with pytest.raises(TypeError):
        AffineSystem([np.eye(2)], torch.ones(2, dtype=torch.float64), lambda mus: mus.T)


def test_an_operator_of_ours_is_a_term():
    system = AffineSystem([as_operator(np.eye(2))], np.ones(2), lambda mus: mus.T)
    np.testing.assert_array_equal(system.solve([2.0]), [[0.5], [0.5]])


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("float32", 1e-24), ("float32", 1e19), ("float64", 1e-170), ("float64", 1e160)],
)
def test_regular_and_singular_are_told_apart_at_all_scales(form, dtype, scale):
    scale = np.asarray(scale, dtype)
    A = form(np.diag([1.0, 2.0]).astype(dtype) * scale)
    defect = form(np.diag([0.0, 1e-20]).astype(dtype) * scale)
    system = AffineSystem(
        [A, defect], scale * np.ones(2, dtype), lambda mus: [mus[:, 0], np.ones(mus.shape[0])]
    )
    unit = np.finfo(dtype).eps
    np.testing.assert_allclose(system.solve([1.0])[:, 0], [1, 0.5], rtol=4 * unit)
    nearly = AffineSystem(
        [form(np.array([[1, 1], [1, 1 + unit]], dtype) * scale)],
        scale * np.array([1, 2], dtype),
        lambda mus: mus.T,
    )
    with pytest.raises(SingularMatrixError):
        nearly.solve([1.0])


def test_a_defect_is_a_system_of_the_same_kind():
    def make(n, **kwargs):
        return AffineSystem([np.eye(n)], np.ones(n), lambda mus: mus.T, **kwargs)

    defect = make(3)
    assert make(3, defect=defect).defect is defect
    with pytest.raises(ValueError, match="3 unknowns"):
        make(3, defect=make(4))
    with pytest.raises(TypeError, match="AffineSystem"):
        make(3, defect=np.eye(3))
