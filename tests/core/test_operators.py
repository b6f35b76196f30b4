"""`as_operator`: every kind of matrix gives the same products."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from resolvent.arrays import to_host
from resolvent.operators import Operator, as_operator


class Duck:
    """The least that counts as an operator."""

    def __init__(self, A):
        self.A, self.shape, self.dtype = A, A.shape, A.dtype

    def __matmul__(self, x):
        return self.A @ x


class Drake(Duck):
    @property
    def H(self):
        return Drake(self.A.conj().T)


def function(A):
    return lambda x: A @ x


KINDS = {
    "dense": lambda A: A,
    "list": lambda A: A.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "old csr matrix": sp.csr_matrix,
    "linear operator": aslinearoperator,
    "object with H": Drake,
    "operator": as_operator,
}


@pytest.fixture(params=[np.float32, np.float64, np.complex64, np.complex128])
def A(request, rng):
    A = rng.standard_normal((4, 3)) + 1j * rng.standard_normal((4, 3))
    return (A if np.issubdtype(request.param, np.complexfloating) else A.real).astype(request.param)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", [(), (1,), (2,)])
def test_products_are_those_of_the_matrix(kind, tail, A, rng):
    operator = as_operator(KINDS[kind](A))
    x = rng.standard_normal((3, *tail)).astype(A.dtype)
    y = rng.standard_normal((4, *tail)).astype(A.dtype)
    # Twice gamma_n = n eps for inner products of length 4 at most, complex ones twice that.
    tolerance = {"rtol": 0, "atol": 16 * np.finfo(A.dtype).eps * np.abs(A).sum() * 4}
    np.testing.assert_allclose(operator @ x, A @ x, **tolerance)
    np.testing.assert_allclose(operator.H @ y, A.conj().T @ y, **tolerance)
    np.testing.assert_allclose(operator.H.H @ x, A @ x, **tolerance)
    assert operator.shape == (4, 3)
    assert operator.H.shape == (3, 4)
    if kind != "list":  # a list holds double precision
        assert operator.dtype == A.dtype
        assert (operator @ x).dtype == (operator.H @ y).dtype == A.dtype


def test_dense_matrix_keeps_library_device_and_dtype(backend, rng):
    host = rng.standard_normal((3, 3))
    A, b = backend.asarray(host), backend.asarray(rng.standard_normal(3))
    operator = as_operator(A, like=b)
    for product in (operator @ b, operator.H @ b):
        backend.assert_same_kind(product, b)
    # 3 eps |A| |b| bounds each of the two inner products
    np.testing.assert_allclose(
        to_host(operator.H @ b), host.T @ to_host(b), atol=6 * 2.3e-16 * np.abs(host).sum() * 3
    )


def test_function_is_square_with_the_rows_of_the_right_hand_side():
    b = np.ones(3, np.float32)
    operator = as_operator(lambda x: 2 * x, like=b)
    assert operator.shape == (3, 3)
    assert operator.dtype == np.float32
    np.testing.assert_array_equal(operator @ b, 2 * b)


def test_function_with_a_shape_and_an_adjoint(A):
    operator = as_operator(function(A), shape=(4, 3), adjoint=function(A.conj().T))
    np.testing.assert_array_equal(operator.H @ np.ones(4), A.conj().T @ np.ones(4))


def test_function_without_a_shape_says_what_is_needed():
    with pytest.raises(TypeError, match="A is a function of unknown shape"):
        as_operator(lambda x: x)


@pytest.mark.parametrize("A", [Duck(np.eye(2)), lambda x: x])
def test_unknown_adjoint_says_how_to_give_it(A):
    operator = as_operator(A, like=np.ones(2))
    with pytest.raises(TypeError, match="adjoint="):
        _ = operator.H


def test_sparse_integers_are_computed_in_double_precision():
    operator = as_operator(sp.eye_array(2, dtype=np.int64))
    assert operator.dtype == np.float64


def test_conversion_to_csr_happens_once():
    converted = []

    class Counting(sp.coo_array):
        def tocsr(self, copy=False):
            converted.append(1)
            return super().tocsr(copy)

    operator = as_operator(Counting(np.eye(3)))
    for _ in range(3):
        _ = operator @ np.ones(3), operator.H @ np.ones(3)
    assert len(converted) == 1


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("kind", ["dense", "csr", "coo", "linear operator"])
def test_smallest_matrices(kind, n):
    operator = as_operator(KINDS[kind](np.ones((n, n))))
    np.testing.assert_array_equal(operator @ np.ones(n), np.ones(n))
    np.testing.assert_array_equal(operator.H @ np.ones((n, 2)), np.ones((n, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_dense_entries_are_refused(bad):
    with pytest.raises(ValueError, match="M has NaN or infinite"):
        as_operator(np.array([[bad, 0.0], [0.0, 1.0]]), name="M")


@pytest.mark.parametrize("A", [np.ones(3), np.ones((2, 3, 3)), sp.coo_array(np.ones(3))])
def test_what_is_no_matrix_is_refused_with_its_shape(A):
    with pytest.raises(ValueError, match=r"A must be .*, got shape \((2, 3, 3|3,)\)"):
        as_operator(A)


@pytest.mark.parametrize("A", [None, "matrix", object()])
def test_what_is_nothing_of_the_kind_is_refused(A):
    with pytest.raises(TypeError, match="A must be numeric"):
        as_operator(A)


@pytest.mark.parametrize("kind", KINDS)
def test_right_hand_side_of_other_rows_is_refused(kind):
    A = KINDS[kind](np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"A of shape \(4, 3\) doesn't fit .* shape \(3,\)"):
        as_operator(A, like=np.ones(3))


@pytest.mark.parametrize("shape", [(2,), (), (3, 1, 1)])
def test_product_with_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"of shape \(4, 3\) can't take"):
        as_operator(np.ones((4, 3))) @ np.ones(shape)


def test_function_that_returns_a_wrong_shape_is_found_out():
    operator = as_operator(lambda x: x[:1], shape=(2, 2))
    with pytest.raises(ValueError, match=r"of shape \(2, 2\) made shape \(1,\) out of \(2,\)"):
        operator @ np.ones(2)


def test_operator_is_taken_as_it_is():
    operator = as_operator(np.eye(2))
    assert as_operator(operator) is operator
    assert isinstance(operator, Operator)


def test_arrays_of_two_libraries_are_refused_with_the_way_out(backend):
    b = backend.asarray(np.ones(2))
    if isinstance(b, np.ndarray):
        pytest.skip("one library")
    library = backend.xp.__name__.removeprefix("array_api_compat.")
    for A in (np.eye(2), [[1.0, 0.0], [0.0, 1.0]]):
        with pytest.raises(TypeError, match=rf"pass {library}.asarray\(A\)"):
            as_operator(A, like=b)
    advice = r"cupyx.scipy.sparse.csr_matrix\(A\)" if library == "cupy" else "a function"
    with pytest.raises(TypeError, match=f"csr_array of numpy .* pass {advice}"):
        as_operator(sp.eye_array(2, format="csr"), like=b)
    with pytest.raises(TypeError, match="pass a function"):
        as_operator(LinearOperator((2, 2), matvec=lambda x: x, dtype=float), like=b)


def test_matrix_on_another_device_is_refused():
    strict = pytest.importorskip("array_api_strict")
    one, other = strict.Device("CPU_DEVICE"), strict.Device("device1")
    with pytest.raises(ValueError, match="A is on device .*CPU_DEVICE.* device .*device1"):
        as_operator(strict.eye(2, device=one), like=strict.ones(2, device=other))


def test_sparse_matrix_on_the_gpu(cp, rng):
    import cupyx.scipy.sparse

    A = rng.standard_normal((4, 4)) + 1j * rng.standard_normal((4, 4))
    sparse = cupyx.scipy.sparse.coo_matrix(cupyx.scipy.sparse.csr_matrix(cp.asarray(A)))
    b = cp.asarray(rng.standard_normal(4) + 0j)
    operator = as_operator(sparse, like=b)
    # 4 eps for each inner product, doubled for complex arithmetic
    bound = 16 * 2.3e-16 * np.abs(A).sum() * 4
    np.testing.assert_allclose((operator @ b).get(), A @ b.get(), atol=bound)
    np.testing.assert_allclose((operator.H @ b).get(), A.conj().T @ b.get(), atol=bound)
    with pytest.raises(TypeError, match=r"pass A.get\(\)"):
        as_operator(sparse, like=np.ones(4))


def test_products_keep_the_precision_of_the_vector():
    from resolvent.operators import keeping_dtype

    A = keeping_dtype(as_operator(np.eye(3)), "A")
    x = np.ones(3, dtype=np.float32)
    assert (A @ x).dtype == np.float32
    assert (A.H @ x).dtype == np.float32
    with pytest.raises(TypeError, match="A makes a real vector complex"):
        keeping_dtype(as_operator(1j * np.eye(3)), "A") @ x
