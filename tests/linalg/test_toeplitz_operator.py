import array_api_strict
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent.linalg import ToeplitzOperator, toeplitz_operator
from resolvent.operators import as_operator

SHAPES = [(1, 1), (1, 4), (4, 1), (6, 6), (7, 5), (5, 8), (61, 59)]
DTYPES = ["float32", "float64", "complex64", "complex128"]


def diagonals(rng, shape, dtype):
    column, row = (rng.standard_normal(n).astype(dtype) for n in shape)
    if np.iscomplexobj(column):
        column, row = column * (1 + 0.5j), row * (0.25 - 1j)
    row[0] = column[0]
    return column.astype(dtype), row.astype(dtype)


def bound(column, row, x):
    """Normwise error of a product by transforms of length N: a few eps log2(N) ||t|| ||x||."""
    t = np.concatenate([column, row[1:]])
    eps = np.finfo(np.result_type(t, x)).eps
    return 8 * eps * (1 + np.log2(2 * t.size)) * np.linalg.norm(t) * np.linalg.norm(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_product_is_that_of_the_dense_matrix(backend, shape, dtype, rng):
    column, row = diagonals(rng, shape, dtype)
    T = toeplitz_operator(backend.asarray(column), backend.asarray(row))
    dense = scipy.linalg.toeplitz(column, row)
    assert (T.shape, T.dtype) == (dense.shape, backend.asarray(column).dtype)
    for size in ((shape[1],), (shape[1], 3)):
        x = rng.standard_normal(size).astype(dtype)
        y = T @ backend.asarray(x)
        backend.assert_same_kind(y, backend.asarray(column))
        assert np.linalg.norm(backend.to_host(y) - dense @ x) <= bound(column, row, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_adjoint_is_the_toeplitz_matrix_of_the_conjugate_diagonals(dtype, rng):
    column, row = diagonals(rng, (7, 5), dtype)
    T = toeplitz_operator(column, row)
    y = rng.standard_normal(7).astype(dtype)
    assert isinstance(T.H, ToeplitzOperator)
    np.testing.assert_array_equal(T.H.column, row.conj())
    np.testing.assert_array_equal(T.H.row, column.conj())
    want = scipy.linalg.toeplitz(column, row).conj().T @ y
    assert np.linalg.norm(T.H @ y - want) <= bound(column, row, y)


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 30))
def test_adjoint_moves_across_the_inner_product(seed, m, n):
    rng = np.random.default_rng(seed)
    column, row = diagonals(rng, (m, n), "complex128")
    x, y = rng.standard_normal(n), rng.standard_normal(m)
    T = toeplitz_operator(column, row)
    gap = abs(np.vdot(y, T @ x) - np.vdot(T.H @ y, x))
    assert gap <= 2 * bound(column, row, x) * np.linalg.norm(y)


def test_without_a_row_the_matrix_is_hermitian():
    column = np.array([2.0, 1j, 3.0])
    np.testing.assert_array_equal(toeplitz_operator(column).row, column.conj())


def test_first_entry_of_the_row_is_not_used():
    T = toeplitz_operator([1.0, 2.0], [99.0, 3.0])
    np.testing.assert_allclose(T @ np.eye(2), [[1, 3], [2, 1]], atol=1e-14)  # 100 eps


def test_real_matrix_times_complex_vector_takes_both_parts(rng):
    column, row = diagonals(rng, (6, 6), "float64")
    x = rng.standard_normal(6) + 1j * rng.standard_normal(6)
    y = toeplitz_operator(column, row) @ x
    assert y.dtype == np.complex128
    assert np.linalg.norm(y - scipy.linalg.toeplitz(column, row) @ x) <= 2 * bound(column, row, x)


@pytest.mark.parametrize(
    ("of_matrix", "of_vector", "result"),
    [
        ("float32", "float64", "float64"),
        ("float64", "float32", "float64"),
        ("complex64", "float64", "complex128"),
    ],
)
def test_mixed_precision_promotes_as_a_dense_product(of_matrix, of_vector, result):
    ones, x = np.ones(4, of_matrix), np.ones(4, of_vector)
    y = toeplitz_operator(ones) @ x
    assert y.dtype == result
    lower = min(ones, x, key=lambda array: np.finfo(array.dtype).precision)
    assert np.linalg.norm(y - 4) <= bound(ones.astype(lower.dtype), ones, lower)


def test_scale_moves_through_the_product_unchanged(rng):
    column, row = diagonals(rng, (9, 9), "float64")
    x = rng.standard_normal(9)
    y = toeplitz_operator(column, row) @ x
    for scale in (2.0**-900, 2.0**900):
        scaled = toeplitz_operator(scale * column, scale * row)
        np.testing.assert_array_equal(scaled @ x, scale * y)


def test_product_leaves_its_argument_alone_and_is_fresh(rng):
    x = rng.standard_normal(5)
    before = x.copy()
    y = toeplitz_operator([1.0, 0, 0, 0, 0]) @ x
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(x, y)


def test_it_is_an_operator_to_every_solver():
    T = toeplitz_operator([2.0, -1.0, 0.0])
    assert as_operator(T, like=np.ones(3)) is T


@pytest.mark.parametrize(
    ("column", "row", "error", "message"),
    [
        ([], None, ValueError, "column must be a vector with entries"),
        ([[1.0, 2.0]], None, ValueError, "column must be a vector"),
        (3.0, None, ValueError, "column must be a vector"),
        ([1.0], [], ValueError, "row must be a vector"),
        ([1.0, np.nan], None, ValueError, "column has NaN"),
        ([1.0], [1.0, np.inf], ValueError, "row has NaN or inf"),
        (["a"], None, TypeError, "column must be numeric"),
        (np.ones(2), array_api_strict.ones(2), TypeError, "one library"),
    ],
)
def test_bad_diagonals_are_named(column, row, error, message):
    with pytest.raises(error, match=message):
        toeplitz_operator(column, row)


def test_wrong_length_is_refused():
    with pytest.raises(ValueError, match="can't take shape"):
        toeplitz_operator([1.0, 2.0]) @ np.ones(3)
