from functools import reduce

import array_api_strict
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg import gallery, poisson_stencil_of, toeplitz_operator
from resolvent.preconditioners import Preconditioner, circulant, fast_poisson, scaled_poisson, tau
from resolvent.solvers import cg

EPS = np.finfo(float).eps
DTYPES = ["float32", "float64", "complex64", "complex128"]
ENDS = ("dirichlet", "neumann", "periodic")


def second_difference(n, end):
    T = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    if end == "neumann":
        T[0, 0] -= 1
        T[-1, -1] -= 1
    if end == "periodic":
        T[0, -1] -= 1
        T[-1, 0] -= 1
    return T


def laplacian(shape, coefficients, ends, shift=0.0):
    A = shift * np.eye(int(np.prod(shape)))
    for axis, c in enumerate(coefficients):
        factors = [np.eye(n) for n in shape]
        factors[axis] = c * second_difference(shape[axis], ends[axis])
        A = A + reduce(np.kron, factors)
    return A


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def assert_inverse(M, A, r, got):
    """M r = A^+ r, up to transforms in the precision of r and the reference's own rounding."""
    n, eps = len(A), np.finfo(r.dtype).eps
    pinv = np.linalg.pinv(A, rcond=n * EPS)
    condition = np.linalg.norm(A, 2) * np.linalg.norm(pinv, 2)
    bound = 8 * eps * (1 + np.log2(2 * n)) + 2 * n * EPS * condition
    size = np.linalg.norm(pinv, 2) * np.linalg.norm(r)
    assert isinstance(M, Preconditioner)
    assert np.linalg.norm(got - pinv @ r) <= bound * size


# fast_poisson


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [1, 5, (3, 4), (2, 3, 4)])
def test_fast_poisson_is_the_inverse_of_the_gallery_s(backend, shape, dtype, rng):
    A = gallery.poisson(shape).toarray()
    M = fast_poisson(shape)
    assert M.is_spd
    for size in ((len(A),), (len(A), 3)):
        r = random(rng, size, dtype)
        got = M @ backend.asarray(r)
        backend.assert_same_kind(got, backend.asarray(r))
        assert_inverse(M, A, r, backend.to_host(got))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ends", [("dirichlet", "neumann", "periodic"), ("neumann",) * 3, ENDS[1:]])
def test_each_axis_has_its_coefficient_and_boundary(backend, ends, dtype, rng):
    shape, coefficients = (3, 4, 5)[: len(ends)], (1.0, 0.25, 7.0)[: len(ends)]
    A = laplacian(shape, coefficients, ends)
    M = fast_poisson(shape, coefficients=coefficients, boundary=ends)
    r = random(rng, len(A), dtype)
    got = M @ backend.asarray(r)
    backend.assert_same_kind(got, backend.asarray(r))
    assert_inverse(M, A, r, backend.to_host(got))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(ENDS)), min_size=1, max_size=3),
    st.floats(0.01, 10),
)
def test_positive_shift_makes_every_boundary_definite(axes, shift):
    shape, ends = zip(*axes, strict=True)
    A = laplacian(shape, (1.0,) * len(shape), ends, shift)
    M = fast_poisson(shape, boundary=ends, shift=shift)
    assert M.is_spd
    r = np.cos(np.arange(len(A)))
    assert_inverse(M, A, r, M @ r)


def test_coefficients_of_a_recognised_stencil_invert_its_matrix(rng):
    A = 0.3 * gallery.helmholtz((6, 7), wavenumber=2.0)
    r = rng.standard_normal(42)
    M = fast_poisson(**poisson_stencil_of(A)._asdict())
    assert_inverse(M, A.toarray(), r, M @ r)


@pytest.mark.parametrize("ends", ["neumann", "periodic", ("periodic", "neumann")])
def test_constants_are_the_null_space_without_dirichlet_ends(ends, rng):
    M = fast_poisson((4, 6), boundary=ends)
    assert (M.info.nullity, M.is_spd) == (1, False)
    # smallest nonzero eigenvalue above 4 sin^2(pi/12): the inverse is below 4
    assert np.linalg.norm(M @ np.ones(24)) <= 4 * 8 * EPS * np.log2(48) * np.sqrt(24)
    assert abs(np.sum(M @ rng.standard_normal(24))) <= 24 * 16 * EPS * np.log2(48) * np.sqrt(24)


def test_info_is_the_range_of_the_eigenvalues():
    M = fast_poisson((4, 5), coefficients=(1, 3))
    eigenvalues = np.linalg.eigvalsh(laplacian((4, 5), (1, 3), ("dirichlet",) * 2))
    got = [M.info.smallest, M.info.largest]
    np.testing.assert_allclose(got, eigenvalues[[0, -1]], atol=20 * EPS * 16)


def test_indefinite_shift_is_no_spd_preconditioner():
    assert fast_poisson(5, shift=-1.1).is_spd is False
    assert fast_poisson(5, coefficients=-1.0).is_spd is False


def test_shift_that_cancels_an_eigenvalue_is_singular():
    with pytest.raises(SingularMatrixError, match="1 eigenvalue.* of zero"):
        fast_poisson(3, shift=-2.0)
    with pytest.raises(SingularMatrixError):
        fast_poisson((3, 3), coefficients=(1.0, -1.0))


def test_longest_mesh_is_not_taken_for_singular():
    # condition 4e11, whose product with n eps is far above one
    M = fast_poisson(10**6)
    assert M.info.nullity == 0
    assert M.info.smallest == pytest.approx((np.pi / (10**6 + 1)) ** 2, rel=1e-9)


def test_complex_shift_makes_a_complex_matrix_with_its_own_adjoint(rng):
    A = laplacian((3, 4), (1.0, 1.0), ("dirichlet", "periodic"), shift=0.5 - 2j)
    M = fast_poisson((3, 4), boundary=("dirichlet", "periodic"), shift=0.5 - 2j)
    r = rng.standard_normal(12)
    assert M.dtype == np.complex128
    assert M.is_spd is False
    assert_inverse(M, A, r, M @ r)
    assert_inverse(M, A.conj().T, r, M.H @ r)
    assert (M @ r.astype("float32")).dtype == np.complex64


@pytest.mark.parametrize("scale", [2.0**-600, 2.0**600])
def test_scale_of_the_coefficients_divides_out(scale, rng):
    r = rng.standard_normal(12)
    scaled = fast_poisson((3, 4), coefficients=scale) @ r
    np.testing.assert_array_equal(scale * scaled, fast_poisson((3, 4)) @ r)


def test_threads_change_nothing(rng):
    r = rng.standard_normal((300 * 400, 1))  # more entries than one thread takes
    M = fast_poisson((300, 400))
    np.testing.assert_array_equal(M @ r[:, 0], (M @ r)[:, 0])
    A = gallery.poisson((300, 400))
    # backward error of transforms of 120000 entries
    residual = np.linalg.norm(r[:, 0] - A @ (M @ r[:, 0]))
    assert residual <= 8 * EPS * 18 * 8 * np.linalg.norm(M @ r[:, 0])


def test_steps_of_cg_depend_on_the_contrast_and_not_on_the_mesh(rng):
    for n in (15, 31, 63):
        A = gallery.diffusion(rng.uniform(1, 4, (n, n)))
        solution = cg(A, rng.standard_normal(n * n), M=fast_poisson((n, n)), rtol=1e-8)
        # condition 4: the error falls by 3 in each step; residuals lag by sqrt(condition of A)
        bound = np.log(2 * 1e8 * np.sqrt(4 * 4 * n * n)) / np.log(3)
        assert solution.converged
        assert solution.iterations <= bound


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": 0}, "shape must be positive"),
        ({"shape": ()}, "shape must be positive"),
        ({"shape": (3, 4), "coefficients": (1, 2, 3)}, "coefficients must be one or 2 numbers"),
        ({"shape": 3, "coefficients": np.nan}, "coefficients must be one or 1 numbers"),
        ({"shape": 3, "boundary": "robin"}, "boundary must be one or 1 of"),
        ({"shape": 3, "boundary": ("neumann",) * 2}, "boundary must be one or 1 of"),
        ({"shape": 3, "shift": np.inf}, "shift must be finite"),
    ],
)
def test_bad_boxes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        fast_poisson(**options)


def test_wrong_length_is_refused():
    with pytest.raises(ValueError, match="can't take shape"):
        fast_poisson((3, 4)) @ np.ones(11)


# scaled_poisson


@pytest.mark.parametrize("dtype", DTYPES)
def test_scaled_poisson_is_the_inverse_of_a_scaled_laplacian(backend, dtype, rng):
    D = np.diag(rng.uniform(1, 10, 12))
    A = D @ laplacian((3, 4), (1.0, 1.0), ("dirichlet",) * 2) @ D
    M = scaled_poisson(backend.asarray(A), (3, 4))
    assert M.is_spd
    for size in ((12,), (12, 2)):
        r = random(rng, size, dtype)
        got = M @ backend.asarray(r)
        backend.assert_same_kind(got, backend.asarray(r))
        assert_inverse(M, A, r, backend.to_host(got))


def test_scaled_poisson_takes_the_coefficients_of_the_axes(rng):
    D = sparse.diags_array(rng.uniform(1, 10, 12))
    A = D @ sparse.csr_array(laplacian((3, 4), (1.0, 0.1), ("dirichlet",) * 2)) @ D
    r = rng.standard_normal(12)
    M = scaled_poisson(A, (3, 4), coefficients=(1.0, 0.1))
    assert_inverse(M, A.toarray(), r, M @ r)


def test_steps_in_a_smooth_medium_are_few_on_every_mesh(rng):
    steps = []
    for n in (16, 32, 64):
        x = (np.arange(n) + 0.5) / n
        A = gallery.diffusion(np.exp(6 * np.add.outer(x, x**2)))  # contrast e^12
        solution = cg(A, rng.standard_normal(n * n), M=scaled_poisson(A, (n, n)), rtol=1e-8)
        steps.append(solution.iterations)
    # the potential, Laplace sqrt(a) / sqrt(a), is between 15 and 51: with the first eigenvalue of
    # the Laplacian, 2 pi^2, the condition is (51 + 20) / 20, up to discretisation
    condition, growth = 4.0, np.log(2e8 * np.exp(6) * 64)
    assert max(steps) <= growth / np.log((np.sqrt(condition) + 1) / (np.sqrt(condition) - 1))


@pytest.mark.parametrize(
    ("A", "shape", "error", "message"),
    [
        (gallery.poisson((3, 4)), (3, 5), ValueError, "doesn't fit the box"),
        (-gallery.poisson((3, 4)), (3, 4), NotPositiveDefiniteError, "must be positive"),
        (lambda x: x, (3, 4), TypeError, "sparse or dense matrix, got function"),
        (np.ones(12), (3, 4), TypeError, "sparse or dense matrix"),
        (np.full((12, 12), np.nan), (3, 4), ValueError, "diagonal has NaN"),
    ],
)
def test_matrices_that_cannot_be_scaled_are_named(A, shape, error, message):
    with pytest.raises(error, match=message):
        scaled_poisson(A, shape)


# circulant


def wrapped(c):
    n = len(c)
    return c[(np.arange(n)[:, None] - np.arange(n)) % n]


def diagonals(rng, n, dtype):
    column, row = random(rng, n, dtype), random(rng, n, dtype)
    column[0] = row[0] = 4 * np.sqrt(n)  # away from singular
    return column, row


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["strang", "chan"])
@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_circulant_of_a_circulant_is_its_inverse(backend, n, kind, dtype, rng):
    c, _ = diagonals(rng, n, dtype)
    C = wrapped(c)
    T = toeplitz_operator(backend.asarray(C[:, 0]), backend.asarray(C[0]))
    M = circulant(T, kind=kind)
    for size in ((n,), (n, 2)):
        r = random(rng, size, dtype)
        got = M @ backend.asarray(r)
        backend.assert_same_kind(got, backend.asarray(r))
        assert_inverse(M, C, r, backend.to_host(got))


@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_strang_copies_the_central_diagonals(n, rng):
    column, row = diagonals(rng, n, "float64")
    C = np.linalg.inv(circulant(toeplitz_operator(column, row)) @ np.eye(n))
    T = scipy.linalg.toeplitz(column, row)
    distance = np.arange(n)[:, None] - np.arange(n)
    # two inversions of a matrix of condition below 10
    np.testing.assert_allclose(C[abs(distance) < n / 2], T[abs(distance) < n / 2], atol=1e3 * EPS)


@pytest.mark.parametrize("n", [1, 2, 7, 8])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_chan_leaves_a_rest_orthogonal_to_all_circulants(n, dtype, rng):
    column, row = diagonals(rng, n, dtype)
    T = scipy.linalg.toeplitz(column, row)
    C = np.linalg.inv(circulant(toeplitz_operator(column, row), kind="chan") @ np.eye(n))
    for k in range(n):
        shift = np.roll(np.eye(n), k, axis=0)
        assert abs(np.vdot(shift, T - C)) <= 1e3 * n * EPS * np.linalg.norm(T)


@pytest.mark.parametrize("kind", ["strang", "chan"])
@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_dense_and_operator_make_one_circulant(backend, n, kind, rng):
    column, row = diagonals(rng, n, "complex128")
    dense = backend.asarray(scipy.linalg.toeplitz(column, row))
    r = random(rng, n, "complex128")
    got = backend.to_host(circulant(dense, kind=kind) @ backend.asarray(r))
    want = circulant(toeplitz_operator(column, row), kind=kind) @ r
    assert np.linalg.norm(got - want) <= 1e2 * EPS * np.linalg.norm(want)


def test_chan_of_any_matrix_leaves_a_rest_orthogonal_to_all_circulants(rng):
    A = rng.standard_normal((6, 6)) + 10 * np.eye(6)
    C = np.linalg.inv(circulant(A, kind="chan") @ np.eye(6))
    for k in range(6):
        assert abs(np.vdot(np.roll(np.eye(6), k, axis=0), A - C)) <= 1e4 * EPS


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(-0.99, 0.99))
def test_chan_of_a_definite_matrix_is_definite(n, rho):
    T = gallery.kms(n, rho)
    assert circulant(T, kind="chan").is_spd
    assert circulant(toeplitz_operator(T[:, 0]), kind="chan").is_spd


def test_indefinite_circulant_of_a_definite_matrix_is_found():
    column = np.array([1.0, 0.5 / np.cos(np.pi / 5) - 0.01, 0.0, 0.0])
    assert np.all(np.linalg.eigvalsh(scipy.linalg.toeplitz(column)) > 0)
    assert circulant(toeplitz_operator(column)).is_spd is False


@pytest.mark.parametrize("kind", ["strang", "chan"])
def test_adjoint_moves_across_the_inner_product(kind, rng):
    M = circulant(toeplitz_operator(*diagonals(rng, 9, "complex128")), kind=kind)
    x, y = random(rng, 9, "complex128"), random(rng, 9, "complex128")
    assert M.is_spd is False
    assert np.vdot(y, M @ x) == pytest.approx(np.vdot(M.H @ y, x), rel=1e3 * EPS)


def test_strang_s_second_difference_is_singular():
    with pytest.raises(SingularMatrixError, match="Strang's circulant has 1 eigenvalue.*of zero"):
        circulant(toeplitz_operator([2.0, -1, 0, 0, 0, 0]))


@pytest.mark.parametrize(
    ("A", "kind", "error", "message"),
    [
        (np.ones((2, 3)), "chan", ValueError, "A must be square"),
        (np.ones((2, 2, 2)), "chan", ValueError, "A must be square"),
        (np.ones((0, 0)), "strang", ValueError, "A must be square"),
        (toeplitz_operator([1.0, 2.0], [1.0]), "strang", ValueError, "A must be square"),
        (np.ones((2, 2)), "huckle", ValueError, "kind must be"),
        (np.full((2, 2), np.nan), "chan", ValueError, "A has NaN"),
        (gallery.poisson(3), "chan", TypeError, "A is sparse"),
    ],
)
def test_matrices_without_a_circulant_are_named(A, kind, error, message):
    with pytest.raises(error, match=message):
        circulant(A, kind=kind)


# tau


def natural_tau(t):
    n = len(t)
    first = np.concatenate([t[2:], np.zeros(2)])[:n]
    return scipy.linalg.toeplitz(t) - scipy.linalg.hankel(first, first[::-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [2, 3, 8])
def test_tau_of_a_toeplitz_matrix_is_it_minus_a_hankel_matrix(backend, n, dtype, rng):
    t = random(rng, n, "float32")
    t[0] = 4 * np.sqrt(n)
    M = tau(toeplitz_operator(backend.asarray(t.astype(np.dtype(dtype).type(0).real.dtype))))
    for size in ((n,), (n, 2)):
        r = random(rng, size, dtype)
        got = M @ backend.asarray(r)
        backend.assert_same_kind(got, backend.asarray(r))
        assert_inverse(M, natural_tau(t.astype(float)), r, backend.to_host(got))


def test_tau_of_one_number_is_its_inverse():
    assert tau(toeplitz_operator([4.0])) @ np.ones(1) == pytest.approx(0.25)


def test_tau_of_the_second_difference_is_its_inverse(rng):
    n = 50
    r = rng.standard_normal(n)
    A = gallery.poisson(n).toarray()
    for M in (tau(lambda theta: 2 - 2 * np.cos(theta), n=n), tau(toeplitz_operator(A[0]))):
        assert M.is_spd
        assert_inverse(M, A, r, M @ r)


@settings(deadline=None)
@given(st.integers(3, 30), st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_symbol_and_its_coefficients_make_one_tau_matrix(n, t):
    def f(theta):
        return 5 + 2 * t[0] * np.cos(theta) + 2 * t[1] * np.cos(2 * theta)

    column = np.zeros(n)
    column[:3] = [5, *t]
    r = np.cos(np.arange(n))
    by_symbol, by_column = tau(f, n=n) @ r, tau(toeplitz_operator(column)) @ r
    assert np.linalg.norm(by_symbol - by_column) <= 1e2 * EPS * np.linalg.norm(r)  # 1 <= f <= 9


def test_sign_of_the_symbol_decides_on_definiteness():
    assert tau(lambda theta: theta, n=5).is_spd
    assert tau(lambda theta: theta - 1, n=5).is_spd is False


def test_steps_of_cg_with_tau_do_not_grow_while_those_without_do(rng):
    steps = {}
    for n in (64, 1024):
        column = np.zeros(n)
        column[:3] = [6, -4, 1]  # fourth difference: condition n^4
        T = toeplitz_operator(column)
        M = tau(lambda theta: (2 - 2 * np.cos(theta)) ** 2, n=n)
        steps[n] = cg(T, rng.standard_normal(n), M=M, rtol=1e-4).iterations
    # T - tau has rank 2, so three steps are enough without rounding
    assert max(steps.values()) <= 3 + 1


@pytest.mark.parametrize(
    ("A", "n", "error", "message"),
    [
        (toeplitz_operator([1.0, 2.0], [1.0, 3.0]), None, ValueError, "needs a symmetric A"),
        (toeplitz_operator([1.0, 2.0], [1.0]), None, ValueError, "needs a symmetric A"),
        (toeplitz_operator([1.0, 2j]), None, TypeError, "real symmetric A"),
        (toeplitz_operator([1.0, 2.0]), 3, ValueError, "n = 3 is not the order 2"),
        (np.cos, None, ValueError, "n must be the order"),
        (np.cos, 0, ValueError, "n must be the order"),
        (lambda theta: 1j * theta, 4, ValueError, "must return 4 real numbers"),
        (lambda _: 1.0, 4, ValueError, "must return 4 real numbers"),
        (lambda theta: theta + np.nan, 4, ValueError, "not finite"),
        (np.eye(3), None, TypeError, "toeplitz_operator or a function"),
    ],
)
def test_what_has_no_tau_matrix_is_named(A, n, error, message):
    with pytest.raises(error, match=message):
        tau(A, n=n)


def test_zero_of_the_symbol_on_the_grid_is_singular():
    with pytest.raises(SingularMatrixError, match=r"tau\(A\) has 1 eigenvalue"):
        tau(lambda theta: np.cos(theta) * (abs(np.cos(theta)) > 1e-9), n=3)
    with pytest.raises(SingularMatrixError, match="closed form"):
        tau(toeplitz_operator([0.0, 1.0, 0.0]))


# all of them


EVERY = [
    fast_poisson((3, 4)),
    fast_poisson((3, 4), boundary=("neumann", "periodic")),
    circulant(gallery.kms(12, 0.5)),
    tau(lambda theta: theta, n=12),
]


SCALED = scaled_poisson(gallery.diffusion(np.linspace(1, 2, 12)), 12)


@pytest.mark.parametrize("M", [*EVERY, SCALED])
def test_residual_is_left_alone_and_the_result_is_fresh_and_contiguous(M, rng):
    for r in (rng.standard_normal(12), rng.standard_normal((2, 12)).T):
        before = r.copy()
        first, second = M @ r, M @ r
        np.testing.assert_array_equal(r, before)
        np.testing.assert_array_equal(first, second)
        assert first.flags.c_contiguous
        assert not np.shares_memory(first, r)
        assert not np.shares_memory(first, second)


@pytest.mark.parametrize("M", EVERY)
def test_one_preconditioner_serves_every_library_and_precision(M, rng):
    r = rng.standard_normal(12)
    want = M @ r
    for dtype in DTYPES:
        x = array_api_strict.asarray(r.astype(dtype))
        got = M @ x
        assert got.dtype == x.dtype
        eps = np.finfo(dtype).eps
        # condition below 100, inverse below 20
        np.testing.assert_allclose(np.asarray(got), want, atol=1e3 * eps)


@pytest.mark.parametrize("M", [*EVERY, SCALED])
def test_linearity(M, rng):
    r, s = rng.standard_normal((2, 12))
    got = M @ (r + 2j * s)
    np.testing.assert_allclose(got, M @ r + 2j * (M @ s), atol=1e3 * EPS)
    assert M.is_linear
    assert M.is_fixed
