import pytest
from scipy import sparse

from resolvent.linalg import gallery
from resolvent.linalg.graph_dimension import graph_dimension


@pytest.mark.parametrize(
    ("shape", "dimension"), [((3000,), 1), ((2000, 3), 1), ((120, 120), 2), ((40, 40, 40), 3)]
)
def test_dimension_of_a_box_is_that_of_its_long_axes(shape, dimension):
    # of the balls of radius k and k/2 the volumes are polynomials in k with a lower-order part
    assert dimension - 0.4 <= graph_dimension(gallery.poisson(shape)) <= dimension + 0.2


def test_dimension_does_not_depend_on_the_numbering(rng):
    A = gallery.poisson((100, 100))
    order = rng.permutation(10_000)
    assert graph_dimension(A[order][:, order]) == pytest.approx(2, abs=0.2)


def test_random_graphs_have_many_dimensions():
    R = sparse.random_array((20_000, 20_000), density=3e-4, rng=0)
    assert graph_dimension((R + R.T).tocsr()) > 3


def test_without_edges_there_is_no_dimension():
    assert graph_dimension(sparse.eye_array(9).tocsr()) == 0
