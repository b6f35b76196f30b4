import sys
from math import factorial

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from resolvent.errors import ConvergenceError
from resolvent.linalg.gallery.random_mesh import random_mesh
from resolvent.linalg.gallery.simplicial import simplicial_mass, simplicial_stiffness

BOXES = [(5, 4), (3, 4, 2)]


def volumes(mesh):
    edges = mesh.points[mesh.cells[:, 1:]] - mesh.points[mesh.cells[:, :1]]
    return np.abs(np.linalg.det(edges)) / factorial(mesh.points.shape[1])


def stiffness(mesh, coefficient=1.0):
    return simplicial_stiffness(mesh.points, mesh.cells, coefficient)


def mass(mesh, coefficient=1.0):
    return simplicial_mass(mesh.points, mesh.cells, coefficient)


@pytest.fixture(params=BOXES, ids=str)
def mesh(request):
    return random_mesh(request.param, rng=0)


def test_points_must_be_finite_and_cells_their_corners():
    points, cells = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[0, 1, 2]]
    for assemble in (simplicial_stiffness, simplicial_mass):
        with pytest.raises(ValueError, match=r"points must be \(n, d\).*\(3,\)"):
            assemble([0.0, 1.0, 2.0], cells)
        with pytest.raises(ValueError, match="points must be"):
            assemble([[0.0, 0.0], [1.0, np.nan], [0.0, 1.0]], cells)
        with pytest.raises(ValueError, match=r"cells must be \(m, 3\) integers.*\(1, 2\)"):
            assemble(points, [[0, 1]])
        with pytest.raises(ValueError, match="cells must be"):
            assemble(points, [[0.0, 1.0, 2.0]])
        with pytest.raises(ValueError, match="corners from 0 to 2"):
            assemble(points, [[0, 1, 3]])
        with pytest.raises(ValueError, match="volume; 1 has none"):
            assemble(points, [[0, 1, 2], [0, 1, 1]])
        for wrong in (-1.0, np.nan, [1.0, 1.0]):
            with pytest.raises(ValueError, match="coefficient must be"):
                assemble(points, cells, wrong)


@pytest.mark.parametrize("shape", [5, (2,), (2, 2, 2, 2), (0, 3), (2.0, 2.0)])
def test_box_must_have_two_or_three_positive_sides(shape):
    with pytest.raises(ValueError, match="shape must be two or three"):
        random_mesh(shape, rng=0)


@pytest.mark.parametrize("jitter", [-0.1, 0.6, np.nan])
def test_jitter_must_be_from_0_to_a_half(jitter):
    with pytest.raises(ValueError, match="jitter must be"):
        random_mesh((2, 2), jitter=jitter, rng=0)


def test_a_mesh_that_stays_flat_is_an_error(monkeypatch):
    module = sys.modules[random_mesh.__module__]
    monkeypatch.setattr(module, "_LEAST", 2.0)  # no cell is so good
    with pytest.raises(ConvergenceError, match=r"after 100 moves 16 cells .* smaller jitter"):
        random_mesh((2, 2), rng=0)


def test_no_cells_make_zero_matrices():
    cells = np.empty((0, 3), dtype=int)
    assert simplicial_stiffness(np.zeros((2, 2)), cells).nnz == 0
    assert simplicial_mass(np.zeros((2, 2)), cells).shape == (2, 2)


def test_five_point_stencil_of_right_triangles():
    x, y = np.meshgrid(range(4), range(4), indexing="ij")
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    corner = (4 * np.arange(3)[:, None] + np.arange(3)).ravel()
    lower = np.stack([corner, corner + 4, corner + 5], axis=1)
    upper = np.stack([corner, corner + 1, corner + 5], axis=1)
    K = simplicial_stiffness(points, np.concatenate([lower, upper])).toarray()
    row = np.zeros((4, 4))
    row[1, 1], row[0, 1], row[2, 1], row[1, 0], row[1, 2] = 4, -1, -1, -1, -1
    np.testing.assert_allclose(K[5], row.ravel(), atol=1e-15)  # products of 0, 1 and halves


@pytest.mark.parametrize("jitter", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("shape", [(1, 1), (4, 6), (1, 1, 1), (3, 2, 3)])
def test_cells_fill_the_box(shape, jitter):
    mesh = random_mesh(shape, jitter=jitter, rng=1)
    sides = np.array(shape) / shape[0]
    assert mesh.points.min() == 0
    np.testing.assert_array_equal(mesh.points.max(axis=0), sides)
    # eps for each of some hundred cells
    np.testing.assert_allclose(volumes(mesh).sum(), sides.prod(), rtol=1e-13)


def test_nodes_inside_are_those_not_on_a_face_of_the_box(mesh):
    sides = mesh.points.max(axis=0)
    inside = np.all((mesh.points > 0) & (mesh.points < sides), axis=1)
    np.testing.assert_array_equal(mesh.inside, np.flatnonzero(inside))


@pytest.mark.parametrize("shape", BOXES)
def test_no_cell_is_flat(shape):
    mesh = random_mesh(shape, jitter=0.5, rng=0)
    d = len(shape)
    edges = mesh.points[mesh.cells[:, 1:]] - mesh.points[mesh.cells[:, :1]]
    longest = np.linalg.norm(edges, axis=2).max(axis=1)
    # q >= 0.15, and the mean square of the edges is at least 1/d of the longest square: to each
    # corner that is not on the longest edge go two others that are together as long
    bound = 0.15 * d ** (-d / 2) / factorial(d)
    assert np.all(volumes(mesh) >= bound * longest**d)


def test_meshes_are_those_of_their_seed():
    first, again, other = (random_mesh((4, 4), rng=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.cells, again.cells)
    assert not np.array_equal(first.points, other.points)


def test_stiffness_is_symmetric_and_has_constants_in_its_kernel(mesh, rng):
    K = stiffness(mesh, rng.uniform(0.1, 10, len(mesh.cells)))
    assert (K != K.T).nnz == 0
    # a row adds up some 30 entries below 100
    np.testing.assert_allclose(K @ np.ones(K.shape[0]), 0, atol=30 * 100 * 2.2e-16)
    values = np.linalg.eigvalsh(K.toarray())
    assert values[0] > -1e-12 < values[1]
    assert values[1] > 1e-3


def test_energy_of_a_linear_function_is_its_slope_squared_times_the_volume(mesh):
    slope = np.arange(1.0, mesh.points.shape[1] + 1)
    u = mesh.points @ slope + 3
    energy = u @ (stiffness(mesh, 2.0) @ u)
    # entries below 100, cancelled to a sum of order one
    np.testing.assert_allclose(energy, 2 * slope @ slope * volumes(mesh).sum(), rtol=1e-12)


def test_mass_integrates_products_of_linear_functions_exactly(mesh):
    x, y = mesh.points[:, 0], mesh.points[:, 1]
    a, b, *rest = mesh.points.max(axis=0)
    volume = a * b * np.prod(rest)
    M, one = mass(mesh), np.ones(len(x))
    assert (M != M.T).nnz == 0
    for left, right, exact in (
        (one, one, volume),
        (one, x, volume * a / 2),
        (x, x, volume * a**2 / 3),
        (x, y, volume * a * b / 4),
    ):
        np.testing.assert_allclose(left @ (M @ right), exact, rtol=1e-13)


def test_matrices_are_positive_definite_without_the_boundary(mesh, rng):
    keep = mesh.inside
    c = rng.uniform(1e-3, 1e3, len(mesh.cells))
    for A in (stiffness(mesh, c), mass(mesh, c)):
        np.linalg.cholesky(A[keep][:, keep].toarray())


def test_coefficient_counts_cell_by_cell(mesh, rng):
    c = rng.uniform(1, 2, len(mesh.cells))
    for assemble in (stiffness, mass):
        total = sum(
            (assemble(mesh, np.where(np.arange(len(c)) % 3 == k, c, 0.0)) for k in range(1, 3)),
            assemble(mesh, np.where(np.arange(len(c)) % 3 == 0, c, 0.0)),
        )
        np.testing.assert_allclose(total.toarray(), assemble(mesh, c).toarray(), atol=1e-12)


@pytest.mark.parametrize("sizes", [(8, 16, 32), (4, 8)], ids=["triangles", "tetrahedra"])
def test_error_of_a_smooth_solution_falls_as_the_square_of_the_width(sizes):
    d = {3: 2, 2: 3}[len(sizes)]
    errors = []
    for size in sizes:
        mesh = random_mesh((size,) * d, rng=0)
        u = np.prod(np.sin(np.pi * mesh.points), axis=1)
        K, M, keep = stiffness(mesh), mass(mesh), mesh.inside
        load = d * np.pi**2 * (M @ u)
        error = np.zeros_like(u)
        error[keep] = spsolve(K[keep][:, keep].tocsc(), load[keep]) - u[keep]
        errors.append(np.sqrt(error @ (M @ error)))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all((orders > 1.7) & (orders < 2.4))  # two, once the width is small
