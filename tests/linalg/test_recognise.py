"""What `recognise` returns multiplies as the matrix does, in whatever order it is stored."""

import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg import gallery
from resolvent.linalg.compiled.products import multiply
from resolvent.linalg.compiled.recognise import recognise


def shuffled(A, rng):
    """The same matrix with the entries of each row in another order."""
    coo = A.tocoo()
    order = np.lexsort((rng.random(A.nnz), coo.row))
    return sparse.csr_array((coo.data[order], coo.col[order], A.indptr), shape=A.shape)


def halved(A):
    """The same matrix with every entry stored twice, half each."""
    places = np.repeat(A.indices, 2)
    return sparse.csr_array((np.repeat(A.data / 2, 2), places, 2 * A.indptr), shape=A.shape)


def with_zeros(A):
    """The same matrix with stored zeros beyond its diagonals."""
    extra = sparse.csr_array(([1e9], ([0], [A.shape[0] - 1])), shape=A.shape)
    B = (A + extra).tocsr()
    B.data[B.data > 1e8] = 0.0
    return B


def constant(shape, neighbours):
    """The couplings (before, after) of each axis, and 9 on the diagonal."""
    A = 9 * sparse.eye_array(int(np.prod(shape)))
    for axis, (before, after) in enumerate(neighbours):
        n = shape[axis]
        T = sparse.diags_array([before, after], offsets=[-1, 1], shape=(n, n))
        left, right = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
        A = A + sparse.kron(sparse.kron(sparse.eye_array(left), T), sparse.eye_array(right))
    return A.tocsr()


def unmirrored():
    """One entry above the diagonal has none below, and one stored zero below has none above."""
    A = sparse.diags_array([-1.0, 4.0, -1.0], offsets=[-1, 0, 1], shape=(200, 200)).tocoo()
    kept = ~((A.row == 7) & (A.col == 6)) & ~((A.row == 10) & (A.col == 11))
    data = np.where((A.row == 11) & (A.col == 10), 0.0, A.data)
    return sparse.coo_array((data[kept], (A.row[kept], A.col[kept])), shape=A.shape).tocsr()


MATRICES = {
    "symmetric diagonals": (
        lambda: gallery.lognormal_diffusion((17, 19), sigma=1.0, rng=2),
        "SymmetricDiagonals",
    ),
    "diagonals": (lambda: gallery.convection_diffusion((17, 19), peclet=2.0), "Diagonals"),
    "an even number of diagonals": (
        lambda: sparse.diags_array([1.0, 3.0], offsets=[0, 2], shape=(300, 300)).tocsr(),
        "Diagonals",
    ),
    "mirrored offsets, other values": (
        lambda: sparse.diags_array([1.0, 3.0, 2.0], offsets=[-2, 0, 2], shape=(300, 300)).tocsr(),
        "Diagonals",
    ),
    "one entry without its mirror": (
        lambda: gallery.poisson(200) + sparse.csr_array(([5.0], ([3], [7])), shape=(200, 200)),
        "Diagonals",
    ),
    "stencil": (lambda: gallery.poisson((150, 140)), "Stencil"),
    "stencil in space": (
        lambda: constant((20, 30, 40), [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]),
        "Stencil",
    ),
    "stencil, not symmetric": (lambda: constant((150, 140), [(1.0, 2.0), (3.0, 4.0)]), "Stencil"),
    "entries without mirrors, one of them zero": (unmirrored, "Diagonals"),
    "graph": (lambda: gallery.graph_laplacian(300, radius=0.15, rng=1), "CSR"),
    "few rows": (lambda: gallery.poisson((5, 5)), "CSR"),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("stored", ["as built", "shuffled", "halved", "with zeros"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_form_multiplies_as_the_matrix(name, stored, dtype, rng):
    build, _ = MATRICES[name]
    A = sparse.csr_array(build())
    change = {"shuffled": lambda A: shuffled(A, rng), "halved": halved, "with zeros": with_zeros}
    x = rng.standard_normal(A.shape[0]).astype(dtype)
    form = recognise(change.get(stored, lambda A: A)(A), dtype)
    bound = 10 * np.finfo(dtype).eps * (abs(A) @ abs(x)).max()
    np.testing.assert_allclose(multiply(form, x), A @ x.astype(float), rtol=0, atol=bound)


@pytest.mark.parametrize("name", MATRICES)
def test_the_fastest_form_is_found(name):
    build, form = MATRICES[name]
    assert type(recognise(sparse.csr_array(build()), np.float64)).__name__ == form


@pytest.mark.parametrize("row", [0, 1, 139, 140, 7_000, 20_999])
def test_a_change_in_any_row_hides_a_stencil_from_the_kernels(row):
    A = gallery.poisson((150, 140))
    A.data[A.indptr[row]] *= 1 + 1e-15
    assert type(recognise(A, np.float64)).__name__ != "Stencil"


@pytest.mark.parametrize("dtype", [">f8", ">f4", np.longdouble, np.float16])
def test_any_floating_point_entries_are_recognised(dtype):
    A = gallery.poisson((150, 140))
    A.data = A.data.astype(dtype)
    assert type(recognise(A, np.float64)).__name__ == "Stencil"
