import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg.gallery.differential import poisson
from resolvent.linalg.gallery.pressure import pressure_poisson, random_solids


def by_faces(fluid):
    """A plain loop over the four faces of each cell."""
    m, n = fluid.shape
    number = {cell: k for k, cell in enumerate(map(tuple, np.argwhere(fluid)))}
    A = np.zeros((len(number), len(number)))
    for (i, j), row in number.items():
        for cell in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if cell in number:
                A[row, row] += 1
                A[row, number[cell]] -= 1
            elif not (0 <= cell[0] < m and 0 <= cell[1] < n):
                A[row, row] += 1
    return A


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (6, 1), (7, 5), (2, 9)])
def test_each_fluid_face_of_a_cell_is_an_entry(shape):
    rng = np.random.default_rng(0)
    for _ in range(5):
        fluid = rng.random(shape) < 0.7
        fluid[0, 0] = True
        A = pressure_poisson(fluid)
        np.testing.assert_array_equal(A.toarray(), by_faces(fluid))
        assert A.has_canonical_format
        assert not np.any(A.data == 0)


@pytest.mark.parametrize("shape", [(1, 1), (4, 7)])
def test_without_solids_it_is_the_five_point_laplacian(shape):
    A = pressure_poisson(np.ones(shape, dtype=bool))
    assert abs(A - poisson(shape)).sum() == 0


def test_a_shut_off_region_makes_it_singular_and_random_solids_leave_none():
    fluid = np.ones((5, 5), dtype=bool)
    fluid[1:4, 1:4] = False
    fluid[2, 2] = True
    least = np.min(np.linalg.eigvalsh(pressure_poisson(fluid).toarray()))
    assert abs(least) <= 17 * 8 * np.finfo(float).eps  # n times the norm times eps
    for seed in range(20):
        A = pressure_poisson(random_solids((12, 12), solids=30, rng=seed)).toarray()
        # row sums, all >= 0, add up to the outer faces of the cells; the least eigenvalue of a
        # connected region with one such face is at least 1 / (number of cells)^2
        assert np.min(np.linalg.eigvalsh(A)) >= 1 / len(A) ** 2


def test_the_same_seed_gives_the_same_solids_on_finer_grids():
    coarse, fine = (random_solids((n, n), solids=3, rng=5) for n in (64, 512))
    assert 0.02 < 1 - coarse.mean() < 0.3
    # a solid's area differs by its perimeter, at most pi/4 here, times a cell
    assert abs(coarse.mean() - fine.mean()) <= 3 * np.pi / 4 / 64
    blocks = fine.reshape(64, 8, 64, 8).mean(axis=(1, 3))
    assert np.mean((blocks > 0.5) != coarse) < 0.02


def test_solids_can_fill_the_grid_or_be_none():
    assert random_solids((9, 4), solids=0, rng=0).all()
    assert not random_solids((16, 16), solids=3000, rng=0).any()


def test_generators_and_seeds_give_the_same():
    one = random_solids((20, 30), rng=np.random.default_rng(3))
    np.testing.assert_array_equal(one, random_solids((20, 30), rng=3))


@pytest.mark.parametrize("fluid", [np.ones(3, dtype=bool), np.ones((2, 2)), [[0, 1]], [[False]]])
def test_what_is_no_mask_is_refused(fluid):
    with pytest.raises(ValueError, match="fluid must be"):
        pressure_poisson(fluid)


def test_impossible_solids_are_refused():
    for shape in ((3,), (0, 4), (2, 2, 2)):
        with pytest.raises(ValueError, match="shape must be"):
            random_solids(shape, rng=0)
    with pytest.raises(ValueError, match="solids must not be negative"):
        random_solids((3, 3), solids=-1, rng=0)


def test_it_is_sparse_and_double():
    A = pressure_poisson(random_solids((30, 20), rng=0))
    assert sparse.issparse(A)
    assert A.dtype == np.float64
    assert A.nnz <= 5 * A.shape[0]
