from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
import scipy.linalg
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.operators import as_operator
from resolvent.preconditioners import Preconditioner, block_jacobi, jacobi, ssor
from resolvent.solvers import cg

DTYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(12,), (12, 1), (12, 4)]
BUILDERS = {
    "jacobi": jacobi,
    "block_jacobi": lambda A: block_jacobi(A, block_size=5),
    "ssor": lambda A: ssor(A, 1.3),
}
every = pytest.mark.parametrize("name", BUILDERS)


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def general(n, dtype, rng):
    """Diagonally dominant, so every block has a condition below 10."""
    return (random(rng, (n, n), dtype) / n + 2 * np.eye(n)).astype(dtype)


def hermitian(n, dtype, rng):
    return gallery.spd(gallery.logspaced(n, 1e2), rng=rng, dtype=dtype)


def dense(M):
    return M @ np.eye(M.shape[0], dtype=M.dtype)


def ssor_matrix(A, omega, order):
    """The defining formula, and how many digits its inverse may lose."""
    A = A.astype(np.result_type(A, np.float64))
    D, first, second = np.diag(np.diag(A)), np.tril(A, -1), np.triu(A, 1)
    if order == "backward":
        first, second = second, first
    first, second = D + omega * first, D + omega * second
    lost = np.linalg.cond(first) * np.linalg.cond(second) * np.linalg.cond(D)
    return np.linalg.inv(first @ np.linalg.inv(D) @ second) * omega * (2 - omega), lost


# jacobi


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_jacobi_divides_by_the_diagonal_on_every_library(backend, shape, dtype, rng):
    A, r = general(12, dtype, rng), random(rng, shape, dtype)
    b = backend.asarray(r)
    got = jacobi(backend.asarray(A)) @ b
    backend.assert_same_kind(got, b)
    want = r / np.diag(A).reshape(-1, *(1,) * (len(shape) - 1))
    # a reciprocal and a product
    rtol = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(backend.to_host(got), want, rtol=rtol)
    np.testing.assert_array_equal(backend.to_host(b), r)


@pytest.mark.parametrize("dtype", DTYPES)
def test_jacobi_of_a_sparse_matrix_is_that_of_the_dense_one(dtype, rng):
    A, r = general(12, dtype, rng), random(rng, 12, dtype)
    want = jacobi(A) @ r
    for other in (sparse.csr_array(A), sparse.coo_matrix(A), as_operator(sparse.csc_array(A))):
        np.testing.assert_array_equal(jacobi(other) @ r, want)


def test_jacobi_tells_whether_it_is_positive_definite():
    assert jacobi(np.diag([1.0, 2.0])).is_spd
    assert jacobi(np.diag([1.0 + 0j, 2.0])).is_spd
    assert not jacobi(np.diag([1.0, -2.0])).is_spd
    assert not jacobi(np.diag([1.0, 2.0j])).is_spd
    np.testing.assert_array_equal(dense(jacobi(np.diag([1j, 2.0])).H), np.diag([1j, 0.5]))


def test_jacobi_names_the_row_without_a_pivot():
    for bad in (0.0, 1e-320):  # the reciprocal of 1e-320 overflows
        with pytest.raises(SingularMatrixError, match="row 2"):
            jacobi(np.diag([1.0, 2.0, bad]))
    with pytest.raises(SingularMatrixError, match="row 0"):
        jacobi(sparse.csr_array((3, 3)))


# block_jacobi


@pytest.mark.parametrize("make", [general, hermitian])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "options",
    [
        {"block_size": 1},
        {"block_size": 5},
        {"block_size": 12},
        {"block_size": 100},
        {"blocks": [[3, 0], [1, 2, 4, 6], [5], [11, 9, 7, 8], [10]]},
    ],
)
def test_block_jacobi_solves_with_each_block(backend, make, options, shape, dtype, rng):
    A, r = make(12, dtype, rng), random(rng, shape, dtype)
    b = backend.asarray(r)
    M = block_jacobi(backend.asarray(A), **options)
    got = M @ b
    backend.assert_same_kind(got, b)
    positive = options == {"block_size": 1} and "float" in dtype
    assert M.is_spd == (make is hermitian or positive)
    m = options.get("block_size")
    blocks = options.get("blocks") or [range(s, min(s + m, 12)) for s in range(0, 12, m)]
    want = np.empty_like(r)
    for block in map(list, blocks):
        want[block] = scipy.linalg.solve(A[np.ix_(block, block)], r[block])
    # an inverse of condition at most 1e2 on both sides
    atol = 1e2 * 12 * np.finfo(dtype).eps * np.max(np.abs(r)) * 1e2
    np.testing.assert_allclose(backend.to_host(got), want, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", DTYPES)
def test_block_jacobi_of_a_sparse_matrix_is_that_of_the_dense_one(dtype, rng):
    A, r = general(12, dtype, rng), random(rng, (12, 2), dtype)
    A *= rng.random((12, 12)) < 0.5
    A += np.eye(12, dtype=dtype)
    for options in ({"block_size": 5}, {"blocks": [[0, 11, 3], [1, 2, 4, 5, 6, 7, 8, 9, 10]]}):
        want = block_jacobi(A, **options) @ r
        for other in (sparse.csr_array(A), sparse.coo_matrix(A)):
            np.testing.assert_array_equal(block_jacobi(other, **options) @ r, want)


def test_block_jacobi_sums_entries_that_are_stored_twice():
    A = sparse.coo_array(([1.0, 3.0, 4.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    np.testing.assert_array_equal(block_jacobi(A, block_size=2) @ np.ones(2), [0.25, 0.25])


def test_block_jacobi_of_an_indefinite_hermitian_block_is_not_positive():
    M = block_jacobi(np.array([[0.0, 1.0], [1.0, 0.0]]), block_size=2)
    assert not M.is_spd
    np.testing.assert_array_equal(M @ np.array([1.0, 2.0]), [2.0, 1.0])


def test_block_jacobi_names_a_singular_block():
    A = np.eye(6)
    A[2:4, 2:4] = 1
    with pytest.raises(SingularMatrixError, match="row 2 "):
        block_jacobi(A, block_size=2)
    A[2, 3] += 1e-17 + 2e-16  # regular by one bit, and not symmetric
    with pytest.raises(SingularMatrixError, match="row 2 "):
        block_jacobi(A, block_size=2)


def test_block_jacobi_refuses_blocks_that_are_no_partition():
    A = np.eye(3)
    for blocks in ([[0, 1]], [[0, 1], [1, 2]], [[0, 1, 2, 3]], [[-1, 0, 1]], []):
        with pytest.raises(ValueError, match="blocks"):
            block_jacobi(A, blocks=blocks)
    with pytest.raises(ValueError, match="blocks"):
        block_jacobi(A, blocks=[[0.0, 1.0], [2.0]])
    with pytest.raises(ValueError, match="block_size"):
        block_jacobi(A, block_size=0)
    for both_or_none in ({}, {"block_size": 1, "blocks": [[0, 1, 2]]}):
        with pytest.raises(TypeError, match="either"):
            block_jacobi(A, **both_or_none)


# ssor


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("omega", [0.1, 1.0, 1.9])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 15])
def test_ssor_is_the_inverse_of_its_formula(n, dtype, omega, order, rng):
    for make in (general, hermitian):
        A = make(n, dtype, rng)
        A[(rng.random((n, n)) < 0.3) & ~np.eye(n, dtype=bool)] = 0
        A = (A + A.conj().T + np.diag(1 + np.arange(n))).astype(dtype) if make is hermitian else A
        np.fill_diagonal(A, np.diag(A) + 1)
        M = ssor(A, omega, order=order)
        want, lost = ssor_matrix(A, omega, order)
        atol = 4 * n * np.finfo(dtype).eps * lost * np.max(np.abs(want))
        np.testing.assert_allclose(dense(M), want, rtol=0, atol=atol)
        np.testing.assert_allclose(dense(M.H), want.conj().T, rtol=0, atol=atol)
        assert M.is_spd == (make is hermitian or (n == 1 and "float" in dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_ssor_is_positive_definite_for_an_indefinite_hermitian_matrix(order, dtype, rng):
    A = random(rng, (10, 10), dtype)
    A = A + A.conj().T
    np.fill_diagonal(A, 1)
    assert np.linalg.eigvalsh(A).min() < 0
    M = ssor(A, 1.2, order=order)
    assert M.is_spd
    want, _ = ssor_matrix(A, 1.2, order)
    assert np.linalg.eigvalsh((want + want.conj().T) / 2).min() > 0


def test_ssor_with_omega_one_is_symmetric_gauss_seidel(rng):
    A = gallery.poisson((4, 5))
    b = rng.standard_normal(20)
    x = np.zeros(20)
    for i in [*range(20), *reversed(range(20))]:
        x[i] += (b - A @ x)[i] / A[i, i]
    # 40 updates, each of a row of five entries
    np.testing.assert_allclose(ssor(A) @ b, x, rtol=0, atol=200 * np.finfo(float).eps)


def test_ssor_names_a_row_without_a_pivot_and_refuses_other_parameters():
    with pytest.raises(SingularMatrixError, match="row 1"):
        ssor(np.array([[1.0, 2.0], [3.0, 0.0]]))
    for omega in (0.0, 2.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="omega"):
            ssor(np.eye(2), omega)
    with pytest.raises(ValueError, match="order"):
        ssor(np.eye(2), order="both")
    with pytest.raises(TypeError, match="jacobi"):
        ssor(array_api_strict.eye(2))


# all of them


@every
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_keep_precision_and_input(name, dtype, rng):
    M = BUILDERS[name](general(12, dtype, rng))
    inverse = dense(M)
    assert isinstance(M, Preconditioner)
    assert M.dtype == dtype
    for kind in DTYPES:
        for shape in (*SHAPES, (12, 0)):
            r = np.asfortranarray(random(rng, shape, kind))
            r.flags.writeable = False
            before = r.copy()
            got = M @ r
            np.testing.assert_array_equal(r, before)
            complex_ = "complex" in kind + dtype
            single = kind in ("float32", "complex64")
            want = {(0, 0): "f8", (0, 1): "f4", (1, 0): "c16", (1, 1): "c8"}
            assert got.dtype == want[complex_, single]
            eps = max(np.finfo(kind).eps, np.finfo(dtype).eps)
            # condition below 10, twelve entries a row
            np.testing.assert_allclose(got, inverse @ r, rtol=0, atol=500 * eps)


@every
@pytest.mark.parametrize("dtype", DTYPES)
def test_adjoint_is_the_conjugate_transpose(name, dtype, rng):
    M = BUILDERS[name](general(12, dtype, rng))
    difference = dense(M.H) - dense(M).conj().T
    assert np.max(np.abs(difference)) <= 100 * np.finfo(dtype).eps


@every
def test_integers_and_lists_become_doubles(name):
    M = BUILDERS[name]([[2, 1], [1, 4]])
    assert M.dtype == np.float64
    got = M @ np.arange(2)
    np.testing.assert_array_equal(got, M @ np.arange(2.0))


@every
def test_wrong_matrices_are_refused(name):
    build = BUILDERS[name]
    with pytest.raises(ValueError, match="square"):
        build(np.ones((2, 3)))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="NaN"):
            build(np.diag([1.0, bad]))
        with pytest.raises(ValueError, match="NaN"):
            build(sparse.diags_array([1.0, bad], format="csr"))
    with pytest.raises(TypeError, match="entries of A"):
        build(lambda x: x)
    with pytest.raises(ValueError, match="must be"):
        build(np.ones(3))


@every
def test_empty_matrices_are_taken(name):
    for A in (np.empty((0, 0)), sparse.csr_array((0, 0))):
        assert (BUILDERS[name](A) @ np.ones(0)).shape == (0,)
        assert (BUILDERS[name](A) @ np.ones((0, 2))).shape == (0, 2)


@every
def test_compiled_loops_take_the_same_steps(name, rng):
    A, b = gallery.lognormal_diffusion((20, 20), sigma=1.0, rng=rng), rng.standard_normal(400)
    M = BUILDERS[name](A)
    compiled, outside = cg(A, b, M=M), cg(A, b, M=replace(M, kernel=None))
    assert compiled.converged
    assert outside.converged
    assert abs(compiled.iterations - outside.iterations) <= 1  # rounding at the last step


def test_conjugate_gradients_takes_fewer_steps(cg_steps, rng):
    A = gallery.lognormal_diffusion((25, 25), sigma=2.0, rng=rng)
    b = np.ones(625)
    plain = cg_steps(A, np.eye(625), b)
    steps = {name: cg_steps(A, build(A), b) for name, build in BUILDERS.items()}
    assert steps["jacobi"] < plain
    # lines of the grid as blocks
    assert cg_steps(A, block_jacobi(A, block_size=25), b) < steps["jacobi"]
    assert steps["ssor"] < steps["jacobi"] / 1.5
    assert abs(cg_steps(A, ssor(A, 1.3, order="backward"), b) - steps["ssor"]) <= 3
