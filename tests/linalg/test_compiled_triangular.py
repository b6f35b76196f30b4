"""Compiled triangular solves and the preconditioner forms against dense LAPACK."""

import numpy as np
import pytest
import scipy.linalg
from numba import njit
from scipy import sparse

from resolvent.linalg import gallery
from resolvent.linalg.compiled.apply import applied, apply
from resolvent.linalg.compiled.forms import Diagonal, Factors, Products
from resolvent.linalg.compiled.matrix_forms import CSR
from resolvent.linalg.compiled.triangular import lower_triangle, upper_triangle

DTYPES = ["float32", "float64", "complex64", "complex128"]


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def strictly(part, n, dtype, rng, density=0.3):
    dense = random(rng, (n, n), dtype) * (rng.random((n, n)) < density) / np.sqrt(n)
    return sparse.csr_array(part(dense, -1 if part is np.tril else 1))


def factors(n, dtype, rng):
    L, U = strictly(np.tril, n, dtype, rng), strictly(np.triu, n, dtype, rng)
    inverse = (2 + random(rng, n, dtype) / 8).astype(dtype)
    return L, inverse, U


def colour_ordered(shape):
    A = gallery.poisson(shape)
    order = np.argsort(np.indices(shape).sum(axis=0).ravel() % 2, kind="stable")
    A = A[order][:, order]
    A.sort_indices()
    return sparse.tril(A, -1, format="csr") / 4, sparse.triu(A, 1, format="csr") / 4


@pytest.mark.parametrize("upper_first", [False, True])
@pytest.mark.parametrize("columns", [None, 1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_factors_solve_both_triangular_systems(n, dtype, columns, upper_first, rng):
    L, inverse, U = factors(n, dtype, rng)
    lower, upper = lower_triangle(L), upper_triangle(U)
    r = random(rng, n if columns is None else (n, columns), dtype)
    form = Factors(upper, inverse, lower) if upper_first else Factors(lower, inverse, upper)
    z = applied(form, r)
    assert z.dtype == r.dtype
    double = np.complex128 if "complex" in dtype else np.float64
    first, second = (T.toarray().astype(double) + np.eye(n) for T in (L, U))
    if upper_first:
        first, second = second, first
    middle = inverse.astype(double).reshape(-1, *(1,) * (r.ndim - 1))
    y = scipy.linalg.solve_triangular(first, r.astype(double), lower=not upper_first)
    want = scipy.linalg.solve_triangular(second, middle * y, lower=upper_first)
    # each sweep errs by gamma_n |T^-1| |T| |solution| (Higham 2002, theorem 8.5)
    gamma = 4 * (n + 2) * np.finfo(dtype).eps
    if n:
        grow = [np.linalg.norm(abs(np.linalg.inv(T)) @ abs(T), np.inf) for T in (first, second)]
        size = np.max(np.abs(np.linalg.inv(second)).sum(axis=1)) * np.max(np.abs(middle * y))
        assert np.max(np.abs(z - want)) <= gamma * sum(grow) * (size + np.max(np.abs(want)))


@pytest.mark.parametrize("columns", [None, 2])
def test_blocks_shared_by_threads_give_the_same_numbers(columns, rng):
    shape = (160, 200)
    L, U = colour_ordered(shape)
    lower, upper = lower_triangle(L), upper_triangle(U)
    half = np.prod(shape) // 2
    np.testing.assert_array_equal(lower.blocks, [0, half, 2 * half])
    np.testing.assert_array_equal(upper.blocks, [0, half, 2 * half])
    inverse = 1 + rng.random(2 * half)
    r = rng.standard_normal(2 * half if columns is None else (2 * half, columns))
    serial = Factors(lower._replace(blocks=None), inverse, upper._replace(blocks=None))
    np.testing.assert_array_equal(applied(Factors(lower, inverse, upper), r), applied(serial, r))


def test_rows_in_natural_order_are_no_blocks():
    A = gallery.poisson((160, 200))
    assert lower_triangle(sparse.tril(A, -1, format="csr")).blocks is None
    assert upper_triangle(sparse.triu(A, 1, format="csr")).blocks is None


def test_a_diagonal_matrix_is_one_block():
    empty = sparse.csr_array((20_000, 20_000))
    np.testing.assert_array_equal(lower_triangle(empty).blocks, [0, 20_000])


@pytest.mark.parametrize("columns", [None, 3])
@pytest.mark.parametrize("dtype", ["float64", "complex64"])
@pytest.mark.parametrize("n", [0, 1, 7, 60_000])
def test_products_are_those_of_scipy(n, dtype, columns, rng):
    first = sparse.random_array((n, n), density=min(1, 3 / max(n, 1)), rng=rng, format="csr")
    second = first.T.tocsr()
    first, second = first.astype(dtype), (second * (1 + n)).astype(dtype)
    r = random(rng, n if columns is None else (n, columns), dtype)
    got = applied(Products(*(CSR(T.indptr, T.indices, T.data) for T in (first, second))), r)
    assert got.dtype == dtype
    want = second @ (first @ r)
    # two sums of positive weights, of at most 16 terms each
    atol = 64 * np.finfo(dtype).eps * np.max(abs(second) @ (abs(first) @ abs(r)), initial=0)
    np.testing.assert_allclose(got, want, rtol=0, atol=atol)


@pytest.mark.parametrize("n", [5, 60_000])
def test_every_form_applies_inside_compiled_code(n, rng):
    @njit
    def inside(M, r, z):
        apply(M, r, z)

    r, inverse = rng.standard_normal(n), 1 + rng.random(n)
    T = sparse.diags_array([inverse[1:], 2 * inverse], offsets=[-1, 0], format="csr")
    csr = CSR(T.indptr, T.indices, T.data)
    L = sparse.diags_array([inverse[1:] / 4], offsets=[-1], shape=(n, n), format="csr")
    U = L.T.tocsr()
    wanted = [
        (Diagonal(inverse), inverse * r),
        (Products(csr, csr), T @ (T @ r)),
        (
            Factors(lower_triangle(L), inverse, upper_triangle(U)),
            solve_bidiagonal(U, inverse * solve_bidiagonal(L, r)),
        ),
    ]
    for form, want in wanted:
        z = np.full(n, np.nan)
        inside(form, r, z)
        # a few operations a row, none of which cancels by more than the contraction 1/2
        atol = 64 * np.finfo(float).eps * np.max(np.abs(want))
        np.testing.assert_allclose(z, want, rtol=0, atol=atol)


def solve_bidiagonal(T, r):
    n = r.size
    lower = bool(T.diagonal(-1).any())
    off = T.diagonal(-1) if lower else T.diagonal(1)
    bands = [np.ones(n), np.append(off, 0)] if lower else [np.append(0, off), np.ones(n)]
    return scipy.linalg.solve_banded((1, 0) if lower else (0, 1), np.array(bands), r)
