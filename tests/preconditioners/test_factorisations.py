from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
import scipy.linalg
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg import gallery
from resolvent.linalg.compiled.approximate_inverse import inverse_rows
from resolvent.operators import as_operator
from resolvent.preconditioners import Preconditioner, fsai, ichol, ilu
from resolvent.preconditioners.sparse_rows import sparse_rows
from resolvent.solvers import cg

DTYPES = ["float32", "float64", "complex64", "complex128"]
# SPD, and zero fill breaks down: the last pivot is 3 - 4/3 - 4/0.6 < 0 (Kershaw 1978)
KERSHAW = np.array([[3.0, -2, 0, 2], [-2, 3, -2, 0], [0, -2, 3, -2], [2, 0, -2, 3]])
BUILDERS = {
    "ichol": ichol,
    "ict": lambda A: ichol(A, drop_tol=1e-2),
    "ilu": ilu,
    "ilut": lambda A: ilu(A, drop_tol=1e-2),
    "fsai": fsai,
}
positive = pytest.mark.parametrize("name", ["ichol", "ict", "fsai"])
every = pytest.mark.parametrize("name", BUILDERS)


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def dominant(n, dtype, rng, *, hermitian=True):
    """A sparse matrix whose scaled off-diagonal row sums stay below 1/2: condition below 3."""
    A = random(rng, (n, n), dtype) * (rng.random((n, n)) < 0.2)
    A = A + A.conj().T if hermitian else A
    np.fill_diagonal(A, 0)
    largest = max(np.max(np.abs(A).sum(axis=1)), np.max(np.abs(A).sum(axis=0)), 1)
    return sparse.csr_array((A / (2 * largest) + np.eye(n)).astype(dtype))


def dense(M):
    return M @ np.eye(M.shape[0], dtype=M.dtype)


def scale_of(A):
    return np.max(np.abs(A))


def pattern(A):
    return A.toarray() != 0


# zero fill: the defining identities


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("builder", [ichol, ilu])
def test_zero_fill_reproduces_the_matrix_on_its_pattern(builder, n, dtype, rng):
    A = dominant(n, dtype, rng, hermitian=builder is ichol)
    M = builder(A)
    assert M.dtype == A.dtype
    form = M.kernel
    L = np.eye(n) + sparse.csr_array(form.first[2::-1], shape=(n, n)).toarray()
    reverse = sparse.csr_array(form.second[2::-1], shape=(n, n)).toarray()
    U = np.eye(n) + reverse[::-1]  # the rows are stored from the last one up
    assert not np.any((np.abs(L) + np.abs(U) > 0) & ~(pattern(A)))
    difference = L @ np.diag(1 / form.inverse) @ U - A.toarray()
    # n products a dot product of entries below 2
    assert np.max(np.abs(difference[pattern(A)])) <= 8 * (n + 2) * np.finfo(dtype).eps
    if builder is ichol:
        np.testing.assert_array_equal(U, L.conj().T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["ichol", "ilu"])
def test_zero_fill_is_complete_for_tridiagonal_matrices(name, dtype, rng):
    n = 40
    off = random(rng, n - 1, dtype) / 8
    A = sparse.diags_array([off.conj(), np.ones(n), off], offsets=[-1, 0, 1]).astype(dtype)
    inverse = dense(BUILDERS[name](A))
    # condition below 3
    assert np.max(np.abs(A @ inverse - np.eye(n))) <= 20 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold_zero_without_limit_is_complete(dtype, rng):
    for n in (1, 2, 40):
        A = dominant(n, dtype, rng)
        M = ichol(A, drop_tol=0.0, fill=None)
        assert np.max(np.abs(A @ dense(M) - np.eye(n))) <= 10 * (n + 1) * np.finfo(dtype).eps
        assert M.info.shift == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_ilut_without_dropping_is_complete(dtype, rng):
    A = dominant(40, dtype, rng, hermitian=False)
    M = ilu(A, drop_tol=0.0, fill=100)
    assert np.max(np.abs(A @ dense(M) - np.eye(40))) <= 400 * np.finfo(dtype).eps


# thresholds


def test_smaller_thresholds_and_more_fill_approximate_better():
    A = gallery.poisson((15, 15))
    errors = [
        np.linalg.norm(np.eye(225) - A @ dense(ichol(A, drop_tol=tol, fill=None)))
        for tol in (1e-1, 1e-2, 1e-3, 1e-4)
    ]
    assert np.all(np.diff(errors) < 0)
    sizes = [ichol(A, drop_tol=1e-4, fill=fill).info.nnz for fill in (0, 2, 5, None)]
    assert np.all(np.diff(sizes) > 0)
    assert sizes[0] <= sparse.tril(A).nnz


def test_what_the_threshold_drops_does_not_depend_on_the_scaling(rng):
    A = gallery.lognormal_diffusion((12, 12), sigma=1.0, rng=rng)
    powers = 2.0 ** rng.integers(-20, 20, 144)  # exact scaling
    S = sparse.diags_array(powers)
    M, scaled = ichol(A, drop_tol=1e-2), ichol(S @ A @ S, drop_tol=1e-2)
    assert M.info == scaled.info
    r = rng.standard_normal(144)
    want = (M @ (r / powers)) / powers
    # square roots of scaled diagonals round like the unscaled ones up to a factor of sqrt(2)
    np.testing.assert_allclose(scaled @ r, want, rtol=1e-12, atol=1e-12 * np.max(np.abs(want)))


# breakdowns


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_kershaws_matrix_is_shifted_and_reported(scale):
    M = ichol(scale * KERSHAW)
    assert M.is_spd
    assert M.info.shift > 0
    # 1e-3, then doubled
    assert M.info.shift == 1e-3 * 2 ** (M.info.attempts - 2)
    assert np.linalg.eigvalsh(scale * dense(M)).min() > 0
    # half of the shift is not enough
    with_half = KERSHAW + M.info.shift / 2 * np.diag(np.diag(KERSHAW))
    assert zero_fill_pivots(with_half).min() <= 0
    shifted = KERSHAW + M.info.shift * np.diag(np.diag(KERSHAW))
    assert zero_fill_pivots(shifted).min() > 0


def zero_fill_pivots(A):
    """Right-looking IC(0) with dense loops."""
    A, keep = A.copy(), A != 0
    for k in range(len(A)):
        column = A[k + 1 :, k].copy()
        A[k + 1 :, k + 1 :] -= np.outer(column, column) / A[k, k]
        A *= keep
    return np.diag(A)


def test_complete_factorisation_of_kershaws_matrix_needs_no_shift():
    M = ichol(KERSHAW, drop_tol=0.0, fill=None)
    assert M.info.shift == 0
    assert M.info.attempts == 1
    # condition (3 + 2 sqrt 2)² = 34
    assert np.max(np.abs(KERSHAW @ dense(M) - np.eye(4))) <= 34 * 16 * np.finfo(float).eps


def test_m_matrices_need_no_shift(rng):
    for A in (
        gallery.poisson((9, 11)),
        gallery.poisson((5, 4, 6)),
        gallery.two_phase_diffusion((12, 12), contrast=1e6, rng=rng),
    ):
        assert ichol(A).info.attempts == 1
        assert ichol(A, drop_tol=1e-2).info.attempts == 1


@positive
def test_no_positive_diagonal_is_no_positive_matrix(name):
    with pytest.raises(NotPositiveDefiniteError, match="row 1"):
        BUILDERS[name](np.diag([1.0, -1.0, 2.0]))
    with pytest.raises(NotPositiveDefiniteError, match="row 2"):
        BUILDERS[name](np.diag([1.0, 1.0, 0.0]))


@positive
def test_an_indefinite_minor_of_order_two_is_named(name):
    A = np.eye(4)
    A[1, 3] = A[3, 1] = 1.5
    with pytest.raises(NotPositiveDefiniteError, match="3"):
        BUILDERS[name](A)


def test_an_indefinite_matrix_gets_a_definite_preconditioner():
    A = gallery.helmholtz((12, 12), wavenumber=20.0)
    assert np.linalg.eigvalsh(A.toarray()).min() < 0
    M = ichol(A)
    assert M.info.shift > 0
    assert np.linalg.eigvalsh(dense(M)).min() > 0


def test_zero_pivots_are_named():
    with pytest.raises(SingularMatrixError, match="diagonal of row 1"):
        ilu(np.array([[1.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(SingularMatrixError, match="pivot of row 1"):
        ilu(np.ones((2, 2)))
    with pytest.raises(SingularMatrixError, match="broke down"):
        ilu(np.zeros((2, 2)), drop_tol=0.0)


def test_a_small_pivot_is_none_that_broke_down():
    A = np.array([[1e-30, 1.0, 0.0], [0.0, 1e-30, 1.0], [0.0, 0.0, 1e-30]])
    M = ilu(A)
    assert M.is_spd is None
    # triangular, so complete; a product, a difference and a quotient a row
    want = scipy.linalg.solve_triangular(A, np.ones(3))
    np.testing.assert_allclose(M @ np.ones(3), want, rtol=9 * np.finfo(float).eps)


def test_pivoting_takes_a_zero_diagonal():
    A = np.array([[0.0, 1.0], [2.0, 0.0]])
    np.testing.assert_array_equal(ilu(A, drop_tol=0.0) @ np.array([3.0, 4.0]), [2.0, 3.0])


# fsai


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("power", [0, 1, 2])
def test_fsai_inverts_each_row_on_its_pattern(power, dtype, rng):
    n = 30
    A = dominant(n, dtype, rng)
    G = fsai(A, power=power).info
    S = np.tril(np.linalg.matrix_power(pattern(A).astype(int), power) > 0)
    assert not np.any(pattern(G) & ~S)
    # G A vanishes on the pattern of G below the diagonal; there it is 1 / g_ii
    residual = (G @ A).toarray() - np.diag(1 / G.diagonal())
    eps = np.finfo(dtype).eps
    assert np.max(np.abs(residual[S])) <= 30 * eps  # blocks of at most 30 rows, condition 3
    unit = (G @ A @ G.conj().T).diagonal()
    assert np.max(np.abs(unit - 1)) <= 30 * eps


def test_fsai_overwrites_whatever_is_in_new_memory():
    A = sparse_rows(gallery.poisson((4, 4)), builder="", instead="")
    G = fsai(A).info
    entries, broken = np.full(G.nnz, np.nan), np.full(64, 7)
    inverse_rows(A.indptr, A.indices, A.data, G.indptr, G.indices, entries, broken)
    np.testing.assert_array_equal(entries, G.data)
    np.testing.assert_array_equal(broken, -1)


def test_fsai_with_a_full_pattern_is_the_inverse(rng):
    A = gallery.spd(gallery.logspaced(20, 1e3), rng=rng)
    M = fsai(A, pattern=np.ones((20, 20)))
    assert np.max(np.abs(dense(M) @ A - np.eye(20))) <= 20 * 1e3 * np.finfo(float).eps


def test_fsai_of_power_zero_is_jacobi(rng):
    A = dominant(20, "float64", rng) * 3.0
    want = np.diag(1 / A.diagonal())
    np.testing.assert_allclose(dense(fsai(A, power=0)), want, rtol=4 * np.finfo(float).eps)


def test_fsai_lowers_kaporins_number_with_each_power():
    A = gallery.poisson((8, 8)).toarray()

    def kaporin(power):
        eigenvalues = np.linalg.eigvals(dense(fsai(A, power=power)) @ A).real
        return np.log(eigenvalues.mean()) - np.log(eigenvalues).mean()

    numbers = [kaporin(power) for power in (0, 1, 2, 3)]
    assert np.all(np.diff(numbers) < 0)


def test_fsai_names_the_row_that_is_not_definite():
    A = np.eye(5)
    A[2:, 2:] = -0.9 + 1.9 * np.eye(3)  # eigenvalue 1 - 2 * 0.9 < 0, all minors of order 2 > 0
    with pytest.raises(NotPositiveDefiniteError, match="row 4"):
        fsai(A)


# all of them


@every
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_keep_precision_and_input(name, dtype, rng):
    A = dominant(25, dtype, rng)
    M = BUILDERS[name](A)
    inverse = dense(M)
    assert isinstance(M, Preconditioner)
    assert M.shape == (25, 25)
    for kind in DTYPES:
        for shape in ((25,), (25, 1), (25, 3), (25, 0)):
            r = np.asfortranarray(random(rng, shape, kind))
            r.flags.writeable = False
            before = r.copy()
            got = M @ r
            np.testing.assert_array_equal(r, before)
            single = kind in ("float32", "complex64")
            complex_ = "complex" in kind or "complex" in dtype
            assert (
                got.dtype
                == f"{'complex' if complex_ else 'float'}{32 * (2 - single) * (1 + complex_)}"
            )
            eps = max(np.finfo(kind).eps, np.finfo(dtype).eps)
            # condition below 3, 25 entries a row
            np.testing.assert_allclose(got, inverse @ r, rtol=0, atol=500 * eps)


@every
def test_strided_and_integer_vectors_are_taken(name, rng):
    A = dominant(25, "float64", rng)
    M = BUILDERS[name](A)
    r = rng.standard_normal(50)
    np.testing.assert_array_equal(M @ r[::2], M @ r[::2].copy())
    np.testing.assert_array_equal(M @ np.arange(25), M @ np.arange(25.0))
    once = r[::2].copy()
    assert M @ once is not once


@every
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_adjoint_is_the_conjugate_transpose(name, dtype, rng):
    M = BUILDERS[name](dominant(25, dtype, rng, hermitian=not name.startswith("ilu")))
    difference = dense(M.H) - dense(M).conj().T
    assert np.max(np.abs(difference)) <= 250 * np.finfo(float).eps


@positive
@pytest.mark.parametrize("dtype", DTYPES)
def test_positive_definite_ones_are(name, dtype, rng):
    M = BUILDERS[name](dominant(25, dtype, rng))
    assert M.is_spd
    inverse = dense(M)
    assert np.max(np.abs(inverse - inverse.conj().T)) <= 250 * np.finfo(dtype).eps
    assert np.linalg.eigvalsh(inverse).min() > 0.1  # the condition of A is below 3


@every
@pytest.mark.parametrize("scale", [2.0**-800, 2.0**800])
def test_powers_of_two_scale_exactly(name, scale, rng):
    A, r = gallery.poisson((6, 7)), rng.standard_normal(42)
    got = BUILDERS[name](A * scale) @ r
    np.testing.assert_array_equal(got * scale, BUILDERS[name](A) @ r)


@every
def test_formats_of_the_same_matrix_agree(name, rng):
    A, r = dominant(20, "float64", rng), rng.standard_normal(20)
    want = BUILDERS[name](A) @ r
    doubled = sparse.coo_array(
        (
            np.repeat(A.tocoo().data / 2, 2),
            (np.repeat(A.tocoo().row, 2), np.repeat(A.tocoo().col, 2)),
        ),
        shape=A.shape,
    )
    shuffled = A.copy()
    for i in range(20):
        row = slice(shuffled.indptr[i], shuffled.indptr[i + 1])
        shuffled.indices[row] = shuffled.indices[row][::-1]
        shuffled.data[row] = shuffled.data[row][::-1]
    shuffled = sparse.csr_array((shuffled.data, shuffled.indices, shuffled.indptr), shape=A.shape)
    before = shuffled.indices.copy()
    others = [A.toarray(), A.tocsc(), sparse.csr_matrix(A), doubled, shuffled, as_operator(A)]
    for other in others:
        np.testing.assert_array_equal(BUILDERS[name](other) @ r, want)
    np.testing.assert_array_equal(shuffled.indices, before)


@every
def test_wrong_matrices_are_refused(name):
    build = BUILDERS[name]
    with pytest.raises(ValueError, match="square"):
        build(np.ones((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        build(np.diag([1.0, np.nan]))
    with pytest.raises(TypeError, match="entries of A"):
        build(lambda x: x)
    with pytest.raises(TypeError, match="jacobi"):
        build(array_api_strict.eye(3))
    with pytest.raises(TypeError, match="jacobi"):
        build(np.eye(3)) @ array_api_strict.ones(3)


@positive
def test_unsymmetric_matrices_are_refused(name):
    with pytest.raises(ValueError, match="Hermitian"):
        BUILDERS[name](np.array([[2.0, 1.0], [0.5, 2.0]]))
    with pytest.raises(ValueError, match="Hermitian"):
        BUILDERS[name](np.array([[2.0, 1.0j], [1.0j, 2.0]]))


def test_wrong_options_are_refused():
    A = np.eye(3)
    for options in ({"drop_tol": -1.0}, {"drop_tol": np.nan}, {"fill": -1}, {"shift": -0.1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            ichol(A, **options)
    with pytest.raises(ValueError, match="drop_tol"):
        ilu(A, drop_tol=-1.0)
    with pytest.raises(ValueError, match="fill"):
        ilu(A, drop_tol=0.1, fill=0.5)
    with pytest.raises(ValueError, match="power"):
        fsai(A, power=-1)
    with pytest.raises(ValueError, match="pattern"):
        fsai(A, pattern=np.eye(4))


@positive
def test_empty_matrices_are_taken(name):
    M = BUILDERS[name](sparse.csr_array((0, 0)))
    assert (M @ np.ones(0)).shape == (0,)
    assert (M @ np.ones((0, 2))).shape == (0, 2)


# what they are for


def test_conjugate_gradients_takes_fewer_steps(cg_steps):
    A = gallery.poisson((40, 40))
    b = np.ones(1600)
    plain = cg_steps(A, np.eye(1600), b)
    steps = {name: cg_steps(A, BUILDERS[name](A), b) for name in ("ichol", "ict", "fsai")}
    # the spectral condition falls by more than 4 with zero fill (Meijerink and van der Vorst)
    assert steps["ichol"] < plain / 2
    assert steps["ict"] < steps["ichol"]
    assert steps["ichol"] < steps["fsai"] < plain


@positive
def test_compiled_loops_take_the_same_steps(name, rng):
    A, b = gallery.poisson((20, 20)), rng.standard_normal(400)
    M = BUILDERS[name](A)
    compiled, outside = cg(A, b, M=M), cg(A, b, M=replace(M, kernel=None))
    assert compiled.converged
    assert outside.converged
    assert abs(compiled.iterations - outside.iterations) <= 1  # rounding at the last step
