import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import array_api_strict
import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.preconditioners import multigrid
from resolvent.solvers import cg, gmres

pyamg = pytest.importorskip("pyamg", reason="PyAMG is not installed")

EPS = np.finfo(float).eps
COARSENINGS = ("ruge-stuben", "smoothed-aggregation")


def neumann(n):
    T = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n, n)).tolil()
    T[0, 0] = T[-1, -1] = 1
    T, eye = T.tocsr(), sparse.eye_array(n)
    return (sparse.kron(T, eye) + sparse.kron(eye, T)).tocsr()


def hierarchy(A, coarsening, max_coarse):
    options = {"presmoother": None, "postsmoother": None, "max_coarse": max_coarse}
    if coarsening == "ruge-stuben":
        return pyamg.ruge_stuben_solver(A, interpolation="direct", **options).levels
    smooth = ("jacobi", {"omega": 4 / 3, "weighting": "local"})
    return pyamg.smoothed_aggregation_solver(
        A, smooth=smooth, improve_candidates=None, **options
    ).levels


def reference_cycle(levels, b, roots, visits, x=None):
    """The textbook recursion with SciPy's products; the smoother by the roots of its polynomial."""
    A = levels[0].A
    if len(levels) == 1:
        return np.linalg.solve(A.toarray(), b)
    sums = abs(A) @ np.ones(A.shape[0])
    x = np.zeros_like(b) if x is None else x
    for root in roots:
        x = x + (b - A @ x) / (root * sums)
    coarse = None
    for _ in range(visits):
        r = levels[0].R @ (b - A @ x)
        coarse = reference_cycle(levels[1:], r, roots, visits, coarse)
    x = x + levels[0].P @ coarse
    for root in roots[::-1]:
        x = x + (b - A @ x) / (root * sums)
    return x


def fourth_kind_roots(m):
    """Of W_m(1 - 2t): eigenvalues of the Jacobi matrix of its three-term recurrence."""
    T = (np.eye(m, k=1) + np.eye(m, k=-1)) / 2
    T[0, 0] = -0.5
    return (1 - np.linalg.eigvalsh(T)) / 2


# trouble


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"coarsening": "magic"}, "coarsening"),
        ({"smoother": "magic"}, "smoother"),
        ({"cycle": "F"}, "cycle"),
        ({"sweeps": 0}, "sweeps"),
        ({"max_coarse": 0}, "max_coarse"),
        ({"near_nullspace": np.ones(9)}, "near_nullspace"),
        ({"near_nullspace": np.ones(8), "coarsening": "smoothed-aggregation"}, "near_nullspace"),
        ({"near_nullspace": np.zeros(9), "coarsening": "smoothed-aggregation"}, "near_nullspace"),
    ],
)
def test_bad_options_are_named(options, name):
    with pytest.raises(ValueError, match=name):
        multigrid(gallery.poisson(9), **options)


def test_bad_matrices_are_refused():
    with pytest.raises(ValueError, match="square"):
        multigrid(np.ones((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        multigrid([[np.nan, 0], [0, 1]])
    with pytest.raises(TypeError, match="complex"):
        multigrid(np.eye(3) * 1j)
    with pytest.raises(TypeError, match="entries"):
        multigrid(lambda x: x)
    for zero_row in ([[1, 0, 0], [0, 0, 0], [0, 0, 1]], sparse.csr_array((3, 3))):
        with pytest.raises(SingularMatrixError, match="row"):
            multigrid(zero_row)
    with pytest.raises(TypeError, match="host"):
        multigrid(np.eye(3)) @ array_api_strict.asarray([1.0, 2.0, 3.0])


def test_without_pyamg_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyamg", None)
    with pytest.raises(ImportError, match=r"resolvent\[multigrid\]"):
        multigrid(gallery.poisson(9))


@pytest.mark.parametrize("n", [0, 1, 7])
def test_a_small_matrix_is_inverted(n, rng):
    A = gallery.poisson(n).toarray() if n else np.zeros((0, 0))
    M = multigrid(A)
    assert M.is_spd
    assert M.info.levels == (n,)
    x = rng.standard_normal(n)
    # the condition of A is below n^2
    assert np.linalg.norm(M @ (A @ x) - x) <= 10 * n**3 * EPS * np.linalg.norm(x)


@pytest.mark.parametrize("coarsening", COARSENINGS)
def test_a_right_hand_side_with_nan_leaves_no_trace(coarsening, rng):
    A = gallery.poisson((25, 25))
    M, r = multigrid(A, coarsening=coarsening, max_coarse=10), rng.standard_normal(625)
    before = M @ r
    assert np.isnan(M @ np.full(625, np.nan)).all()
    assert np.array_equal(M @ r, before)


def test_where_nothing_is_strong_the_level_is_smoothed():
    # D A = I, and W_2(-1) = 1, so that 1 - (1/5)^2 of the inverse is found
    d = np.linspace(1, 2, 2500)
    M = multigrid(sparse.diags_array(d))
    assert M.info.coarsest == "smoothed"
    assert M.is_spd
    assert np.allclose(M @ d, 24 / 25, rtol=100 * EPS, atol=0)


def test_definiteness_is_checked():
    assert multigrid(gallery.helmholtz((20, 20), wavenumber=20), max_coarse=20).is_spd is False
    assert multigrid(-gallery.poisson((20, 20))).is_spd is False
    M = multigrid(gallery.convection_diffusion((20, 20), peclet=1.0))
    assert M.is_spd is False
    with pytest.raises(TypeError, match="adjoint"):
        M.H  # noqa: B018


# the cycle


@pytest.mark.parametrize("smoother", ["chebyshev", "jacobi"])
@pytest.mark.parametrize("coarsening", COARSENINGS)
@pytest.mark.parametrize(("cycle", "sweeps"), [("V", 1), ("V", 2), ("V", 3), ("W", 2), ("W", 1)])
def test_cycle_is_the_textbook_recursion(cycle, sweeps, coarsening, smoother, rng):
    A = gallery.lognormal_diffusion((18, 16), sigma=1.0, rng=0)
    M = multigrid(
        A, coarsening=coarsening, smoother=smoother, sweeps=sweeps, cycle=cycle, max_coarse=8
    )
    levels = hierarchy(A, coarsening, 8)
    assert M.info.levels == tuple(level.A.shape[0] for level in levels)
    assert len(levels) >= 3
    roots = fourth_kind_roots(sweeps) if smoother == "chebyshev" else np.full(sweeps, 3 / 4)
    r = rng.standard_normal(A.shape[0])
    x = reference_cycle(levels, r, roots, {"V": 1, "W": 2}[cycle])
    # some tens of products, each backward stable, and a coarse solve
    condition = np.linalg.cond(A.toarray())
    assert np.linalg.norm(M @ r - x) <= 100 * EPS * condition * np.linalg.norm(x)


@pytest.mark.parametrize("shape", [(250, 240), (300, 190)])
@pytest.mark.parametrize(
    "matrix", [gallery.poisson, partial(gallery.lognormal_diffusion, sigma=1.0, rng=0)]
)
def test_threads_and_stencils_run_the_same_recursion(shape, matrix, rng):
    A = matrix(shape)
    levels = hierarchy(A, "ruge-stuben", 200)
    r = rng.standard_normal(A.shape[0])
    x = reference_cycle(levels, r, fourth_kind_roots(2), 1)
    # A^{-1} amplifies rounding by its norm, about (n / pi)^2 / 2 for the side n, in a few products
    bound = 100 * EPS * max(shape) ** 2 * np.linalg.norm(r)
    assert np.linalg.norm(multigrid(A) @ r - x) <= bound


@pytest.mark.parametrize("cycle", ["V", "W"])
@pytest.mark.parametrize("smoother", ["chebyshev", "jacobi"])
@pytest.mark.parametrize("coarsening", COARSENINGS)
@pytest.mark.parametrize("matrix", ["lognormal", "neumann", "three axes"])
def test_preconditioner_is_symmetric_positive_definite(matrix, coarsening, smoother, cycle):
    A = {
        "lognormal": lambda: gallery.lognormal_diffusion((15, 15), sigma=2.0, rng=0),
        "neumann": lambda: neumann(15),
        "three axes": lambda: gallery.poisson((6, 7, 5)),
    }[matrix]()
    M = multigrid(A, coarsening=coarsening, smoother=smoother, cycle=cycle, max_coarse=5)
    n = A.shape[0]
    dense = M @ np.eye(n)
    assert M.is_spd
    assert M.is_fixed
    assert M.is_linear
    # rounding of some tens of products, relative to the largest entries
    assert np.max(np.abs(dense - dense.T)) <= 100 * n * EPS * np.max(np.abs(dense))
    w = np.linalg.eigvalsh((dense + dense.T) / 2)
    assert w[0] > n * EPS * w[-1]
    # I - M A is a square in the inner product of A: no eigenvalue of M A exceeds 1
    L = np.linalg.cholesky((dense + dense.T) / 2)
    largest = np.linalg.eigvalsh(L.T @ A.toarray() @ L)[-1]
    assert largest <= 1 + 100 * n * EPS * np.linalg.cond(L)


# with solvers


@pytest.mark.parametrize("coarsening", COARSENINGS)
def test_steps_hardly_depend_on_the_mesh(coarsening, rng):
    steps = []
    for n in (24, 48, 96):
        A = gallery.poisson((n, n))
        M = multigrid(A, coarsening=coarsening, max_coarse=50)
        steps.append(cg(A, rng.standard_normal(n * n), M=M).iterations)
    # without M they double with n
    assert steps[-1] <= 1.5 * steps[0]


@pytest.mark.parametrize("max_coarse", [1, 100])
@pytest.mark.parametrize("coarsening", COARSENINGS)
def test_neumann_problem_is_solved(coarsening, max_coarse, rng):
    A = neumann(40)
    x = rng.standard_normal(1600)
    x -= np.mean(x)
    M = multigrid(A, coarsening=coarsening, max_coarse=max_coarse)
    solution = cg(A, A @ x, M=M, nullspace=np.ones(1600), rtol=1e-10)
    assert solution.converged
    assert solution.info.method == "cg"
    assert solution.iterations < 25
    # the smallest nonzero eigenvalue is about (pi / 40)^2
    assert np.linalg.norm(solution.x - x) <= 1e-10 * (40 / 3) ** 2 * np.linalg.norm(A @ x)


@pytest.mark.parametrize("coarsening", COARSENINGS)
def test_convection_is_solved_by_gmres(coarsening, rng):
    A = gallery.convection_diffusion((40, 40), peclet=(1.0, 0.5))
    b = rng.standard_normal(1600)
    M = multigrid(A, coarsening=coarsening, smoother="jacobi")
    solution = gmres(A, b, M=M, maxiter=40)
    assert solution.converged


def test_rigid_motions_help_elasticity(rng):
    A, B = pyamg.gallery.linear_elasticity((12, 12))
    A, b = A.tocsr(), rng.standard_normal(A.shape[0])
    build = partial(multigrid, A, coarsening="smoothed-aggregation", max_coarse=30)
    with_motions = cg(A, b, M=build(near_nullspace=B))
    without = cg(A, b, M=build())
    assert with_motions.converged
    assert with_motions.iterations < without.iterations


# right-hand sides


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("own", ["float32", "float64"])
def test_columns_complex_vectors_and_precision(own, dtype, rng):
    A = gallery.poisson((20, 20)).astype(own)
    M = multigrid(A)
    assert M.dtype == own
    r = rng.standard_normal((400, 3)) + 1j * rng.standard_normal((400, 3)) * ("c" in dtype)
    r = (r if "c" in dtype else r.real).astype(dtype)
    r.flags.writeable = False
    got = M @ r
    assert got.dtype == dtype
    dense = multigrid(gallery.poisson((20, 20))) @ np.eye(400)
    unit = max(np.finfo(own).eps, np.finfo(dtype).eps)
    # the condition of A is about (2 * 20 / pi)^2
    assert np.linalg.norm(got - dense @ r) <= 100 * unit * 160 * np.linalg.norm(dense @ r)
    assert np.array_equal(got[:, 1], M @ r[:, 1])
    assert (M @ r[:, 0]).shape == (400,)


@pytest.mark.parametrize("scale", [1e-300, 1e-60, 1e60, 1e300])
def test_single_precision_takes_any_scale(scale, rng):
    M = multigrid(gallery.poisson((20, 20)).astype(np.float32))
    r = rng.standard_normal(400)
    assert np.allclose(M @ (scale * r) / scale, M @ r, rtol=1e-4, atol=0)


def test_single_precision_costs_no_step(rng):
    A = gallery.lognormal_diffusion((60, 60), sigma=1.0, rng=0)
    b = rng.standard_normal(3600)
    steps = [cg(A, b, M=multigrid(A.astype(dtype))).iterations for dtype in ("f4", "f8")]
    assert steps[0] <= steps[1] + 1


def test_info_counts_the_hierarchy():
    A = gallery.poisson((30, 30))
    info = multigrid(A, max_coarse=20).info
    levels = hierarchy(A, "ruge-stuben", 20)
    assert info.operator_complexity == sum(level.A.nnz for level in levels) / A.nnz
    assert info.grid_complexity == sum(level.A.shape[0] for level in levels) / 900
    assert info.coarsest == "inverse"
    assert info.setup_seconds > 0


def test_options_reach_pyamg():
    A = gallery.poisson((30, 30))
    assert len(multigrid(A, max_levels=2, max_coarse=20).info.levels) == 2


def test_threads_may_share_a_cycle(rng):
    A = gallery.poisson((60, 60))
    M = multigrid(A)
    columns = [rng.standard_normal(3600) for _ in range(4)]
    alone = [M @ r for r in columns]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: M @ columns[i % 4], range(200)))
    for i, z in enumerate(together):
        np.testing.assert_array_equal(z, alone[i % 4])
