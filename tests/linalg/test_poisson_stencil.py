import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from resolvent.linalg import gallery, poisson_stencil_of


def laplacian(shape, coefficients, shift=0.0):
    """Kronecker sum of c tridiag(-1, 2, -1), entry by entry unlike the gallery's product."""
    A = shift * sparse.eye_array(int(np.prod(shape)))
    for axis, (n, c) in enumerate(zip(shape, coefficients, strict=True)):
        T = sparse.diags_array([-c, 2 * c, -c], offsets=[-1, 0, 1], shape=(n, n))
        before, after = np.prod(shape[:axis]), np.prod(shape[axis + 1 :])
        A = A + sparse.kron(
            sparse.kron(sparse.eye_array(int(before)), T), sparse.eye_array(int(after))
        )
    return A.tocsr()


@pytest.mark.parametrize("shape", [(2,), (7,), (2, 2), (2, 3), (5, 2), (2, 2, 2), (3, 4, 5, 2)])
def test_stencil_of_the_gallery_is_its_shape(shape):
    found = poisson_stencil_of(gallery.poisson(shape))
    assert found == (shape, (1.0,) * len(shape), 0.0)


@settings(deadline=None)
@given(
    st.lists(st.integers(2, 5), min_size=1, max_size=3),
    st.data(),
    st.one_of(st.just(0.0), st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3)),
)
def test_stencil_names_coefficients_and_shift(shape, data, shift):
    numbers = st.floats(0.01, 100)
    coefficients = data.draw(st.lists(numbers, min_size=len(shape), max_size=len(shape)))
    found = poisson_stencil_of(laplacian(shape, coefficients, shift))
    assert found is not None
    assert found.shape == tuple(shape)
    # rounding in the sum of the diagonal, as the module allows for: eps a term
    atol = 4 * len(shape) * 2.3e-16 * (2 * sum(coefficients) + abs(shift))
    np.testing.assert_allclose(found.coefficients, coefficients, rtol=1e-15)
    assert abs(found.shift - shift) <= 2 * atol


def test_rounding_of_the_entries_is_no_shift(rng):
    A = laplacian((4, 5, 6), (0.1, 0.2, 0.3))
    A.data *= 1 + 2.2e-16 * rng.choice([-1, 0, 1], A.nnz)
    found = poisson_stencil_of(A)
    assert (found.shape, found.shift) == ((4, 5, 6), 0.0)


def test_stored_zeros_are_not_seen_and_not_removed():
    A = gallery.poisson((3, 4))
    A = (A + sparse.csr_array(([1.0], ([0], [7])), shape=(12, 12))).tocsr()
    A.data[A.data == 1.0] = 0.0
    entries = A.nnz
    assert poisson_stencil_of(A).shape == (3, 4)
    assert A.nnz == entries == gallery.poisson((3, 4)).nnz + 1


@pytest.mark.parametrize("to", ["csr", "csc", "coo", "dia", "lil", "bsr"])
def test_every_sparse_format_is_read(to):
    assert poisson_stencil_of(gallery.poisson((3, 4)).asformat(to)).shape == (3, 4)


def test_sparse_matrices_of_the_old_kind_are_read():
    assert poisson_stencil_of(sparse.csr_matrix(gallery.poisson((3, 4)))).shape == (3, 4)


@pytest.mark.parametrize("dtype", [int, "float32", "complex64", "complex128"])
def test_every_dtype_is_read(dtype):
    assert poisson_stencil_of(gallery.poisson((3, 4)).astype(dtype)) == ((3, 4), (1.0, 1.0), 0.0)


def test_complex_shift_is_read():
    A = gallery.poisson((3, 4)) + 0.5j * sparse.eye_array(12)
    assert poisson_stencil_of(A).shift == 0.5j


def test_unsorted_and_duplicate_entries_are_read_and_left_alone():
    A = gallery.poisson((3, 4)).tocoo()
    order = np.random.default_rng(0).permutation(A.nnz)
    row, column = A.row[order], A.col[order]
    row, column = np.concatenate([row, row]), np.concatenate([column, column])
    halves = np.concatenate([A.data[order] / 2] * 2)
    counts = np.bincount(row, minlength=12)
    by_row = np.argsort(row, kind="stable")
    messy = sparse.csr_array(
        (halves[by_row], column[by_row], np.concatenate([[0], np.cumsum(counts)])), shape=(12, 12)
    )
    entries = messy.nnz
    assert poisson_stencil_of(messy).shape == (3, 4)
    assert messy.nnz == entries


def test_one_unknown_is_a_shifted_stencil():
    assert poisson_stencil_of(sparse.csr_array([[5.0]])) == ((1,), (1.0,), 3.0)


@pytest.mark.parametrize("row", range(12))
def test_a_change_in_any_row_hides_the_stencil(row):
    A = gallery.poisson((3, 4))
    A.data[A.indptr[row + 1] - 1] *= 1 + 1e-10
    assert poisson_stencil_of(A) is None


def test_a_permutation_hides_the_stencil():
    A = gallery.poisson((3, 4))
    order = np.arange(12)
    order[[5, 6]] = [6, 5]
    assert poisson_stencil_of(A[order][:, order]) is None


def test_couplings_across_the_edge_of_the_box_are_no_stencil():
    # couplings of the right number and values, but one connects two rows of the box
    A = gallery.poisson((3, 4)).tolil()
    A[3, 4] = A[4, 3] = -1.0
    A[5, 6] = A[6, 5] = 0.0
    A = A.tocsr()
    A.eliminate_zeros()
    assert A.nnz == gallery.poisson((3, 4)).nnz
    assert poisson_stencil_of(A) is None


@pytest.mark.parametrize(
    "A",
    [
        gallery.lognormal_diffusion((4, 5), sigma=1.0, rng=0),
        gallery.convection_diffusion((4, 5), peclet=1.0),
        gallery.graph_laplacian(30, radius=0.3, rng=0),
        sparse.eye_array(6, format="csr"),
        sparse.csr_array((6, 6)),
        sparse.csr_array((1, 1)),
        sparse.csr_array(([0.0], ([0], [0])), shape=(1, 1)),
        sparse.csr_array((0, 0)),
        sparse.csr_array(np.ones((2, 3))),
        sparse.csr_array(np.full((3, 3), np.nan)),
        gallery.poisson((3, 4)).toarray(),
        "A",
    ],
    ids=str,
)
def test_anything_else_has_no_stencil(A):
    assert poisson_stencil_of(A) is None


def test_neumann_ends_are_no_dirichlet_stencil():
    A = gallery.poisson(6).tolil()
    A[0, 0] = A[5, 5] = 1.0
    assert poisson_stencil_of(A.tocsr()) is None
