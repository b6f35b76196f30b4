"""Expansions in snapshots against what they expand, direct solves and hand-made weights."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator

from resolvent import ConvergenceError, Reason
from resolvent.solvers.reduced import NonintrusiveSystem, ReducedBasis
from resolvent.solvers.reduced.snapshot_expansion import AHEAD

EPS = np.finfo(float).eps
N = 12
X = np.linspace(0, 1, 40)
PARAMS = np.linspace(1, 3, 50)
MUS = np.array([1.0, 1.23, 2.0, 2.9])
NODES = np.linspace(0, 1, N)
COUPLING = np.random.default_rng(7).standard_normal((N, N)) / 10


def g(x, mu):
    return np.exp(-mu * x)


def matrix_at(mu):
    return np.diag(2 + g(NODES, mu)) + COUPLING * g(NODES, mu) + COUPLING


def rhs_at(mu):
    return np.cos(mu * NODES)


def one(x, mu):
    return np.ones_like(x) * mu**0


def build(matrix_at=matrix_at, rhs_at=rhs_at, **options):
    options = {"params": PARAMS, "features": [g, one], "points": X, "tol": 1e-10} | options
    return NonintrusiveSystem(matrix_at, rhs_at, **options)


def test_expansion_is_the_matrix_to_the_tolerance():
    system = build().raise_if_failed()
    for mu in MUS:
        # samples to 1e-10 on 40 points and 50 parameters; the greedy error is exceeded a little
        # between them, and the entries are at most 3 of the samples
        np.testing.assert_allclose(system.matrix(mu), matrix_at(mu), atol=1e-9)
        np.testing.assert_allclose(system.rhs(mu), rhs_at(mu), atol=1e-9)


def test_snapshots_are_reproduced():
    system = build()
    weights = system.weights(system.magic_params)
    # triangular solves with F, whose condition is that of the pivots
    pivots = np.abs(system.interpolants[0].pivots)
    tol = 1e2 * EPS * pivots[0] / pivots[-1]
    np.testing.assert_allclose(weights, np.eye(len(weights)), atol=tol)
    mu = system.magic_params[1]
    np.testing.assert_allclose(system.matrix(mu), matrix_at(mu), atol=64 * EPS)


def test_weights_solve_the_system_of_samples():
    system = build(features=g, tol=1e-6)
    F = np.stack([g(X[system.magic_points], mu) for mu in system.magic_params], axis=1)
    values = np.stack([g(X[system.magic_points], mu) for mu in MUS], axis=1)
    tol = 1e2 * EPS * np.linalg.cond(F)
    np.testing.assert_allclose(system.weights(MUS), np.linalg.solve(F, values), atol=tol)


def test_affine_systems_are_exact_with_as_many_matrices_as_terms():
    terms = np.random.default_rng(0).standard_normal((3, N, N))
    functions = [
        lambda x, mu: one(x, mu),
        lambda x, mu: mu * one(x, mu),
        lambda x, mu: mu**2 + 0 * x,
    ]
    system = build(
        lambda mu: np.tensordot([1, mu, mu**2], terms, 1), features=functions, points=[0.0]
    )
    assert system.magic_params.size == 3
    exact = np.tensordot([1, 1.7, 1.7**2], terms, 1)
    floor = system.error_estimate([1.7]).floor[0]
    pivots = np.abs(system.interpolants[0].pivots)
    tol = 10 * floor * np.max(np.abs(terms)) * 9 * pivots[0] / pivots[-1]
    np.testing.assert_allclose(system.matrix(1.7), exact, atol=tol)


def test_code_is_asked_for_the_magic_matrices_only():
    asked = []

    def counting(mu):
        asked.append(mu)
        return matrix_at(mu)

    system = build(counting)
    system.weights(MUS)
    assert asked == []
    for mu in MUS:
        system.matrix(mu)
    assert asked == list(system.magic_params)


def test_entries_of_whole_matrices_are_features_too(rng):
    rows, columns = rng.integers(0, N, (2, 60))
    of_code = build(features=None, points=None, entries=(rows, columns))
    by_pairs = build(
        features=lambda ij, mu: matrix_at(mu)[ij[:, 0], ij[:, 1]],
        points=np.stack([rows, columns], axis=1),
    )
    shared = 3  # later ones the product with the probe, of other scale, may decide
    np.testing.assert_array_equal(of_code.magic_params[:shared], by_pairs.magic_params[:shared])
    for system in (of_code, by_pairs):
        np.testing.assert_allclose(system.matrix(1.23), matrix_at(1.23), atol=1e-8)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_entries_that_change_elsewhere_are_seen(form):
    # the two entries are the same for all parameters
    system = build(
        lambda mu: form(np.diag(2 + g(NODES, mu))), features=None, points=None, entries=([0], [1])
    )
    assert system.magic_params.size > 3
    found = system.matrix(1.7)
    found = found.toarray() if sparse.issparse(found) else found
    np.testing.assert_allclose(found, np.diag(2 + g(NODES, 1.7)), atol=1e-9)


@pytest.mark.parametrize("pair", [(1, -1), (0, N), (N, 0)])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_entries_outside_the_matrix_are_refused(pair, form):
    entries = [0, pair[0]], [0, pair[1]]
    with pytest.raises(ValueError, match=rf"entries must lie in .* got \({pair[0]}, {pair[1]}\)"):
        build(lambda mu: form(matrix_at(mu)), features=None, points=None, entries=entries)


def test_entries_are_integers():
    with pytest.raises(TypeError, match="entries must be integer"):
        build(features=None, points=None, entries=([0.5], [1]))
    with pytest.raises(ValueError, match="entries must hold"):
        build(features=None, points=None, entries=([], []))


@pytest.mark.parametrize("form", [np.asarray, sparse.coo_array])
def test_code_may_fill_the_same_memory(form):
    matrix, vector = np.zeros((N, N)), np.zeros(N)
    refilled = form(np.ones((N, N)))

    def matrix_in_place(mu):
        if form is np.asarray:
            matrix[...] = matrix_at(mu)
            return matrix
        refilled.data[:] = matrix_at(mu).ravel()
        return refilled

    def vector_in_place(mu):
        vector[:] = rhs_at(mu)
        return vector

    def feature_in_place(x, mu, out=np.zeros(len(X))):  # noqa: B008
        return np.copyto(out[: len(x)], g(x, mu)) or out[: len(x)]

    system, wanted = (
        build(*code, features=[feature, one])
        for code, feature in (
            ((matrix_in_place, vector_in_place), feature_in_place),
            ((lambda mu: form(matrix_at(mu)), rhs_at), g),
        )
    )
    for name in ("matrix", "rhs"):
        found, exact = (getattr(s, name)(1.7) for s in (system, wanted))
        found, exact = (x.toarray() if sparse.issparse(x) else x for x in (found, exact))
        np.testing.assert_array_equal(found, exact)


def test_entries_of_sparse_matrices():
    where = np.arange(N), np.arange(N)
    dense = build(lambda mu: np.diag(g(NODES, mu)), features=None, points=None, entries=where)
    scale = EPS * 1e10  # rounding of the product with the probe, over the smallest pivot
    for form in (sparse.csr_array, sparse.csr_matrix, sparse.coo_array):
        found = build(
            lambda mu, form=form: form(np.diag(g(NODES, mu))),
            features=None,
            points=None,
            entries=where,
        )
        np.testing.assert_allclose(found.weights(MUS), dense.weights(MUS), atol=scale)


def test_scales_of_functions_do_not_matter():
    # unscaled, the greedy choice would never see the second function
    factors = 1e-14, 1e9
    functions = [
        lambda x, mu, s=s, h=h: s * h(x, mu) for s, h in zip(factors, (g, np.multiply), strict=True)
    ]
    system = build(
        lambda mu: np.diag(factors[0] * g(NODES, mu)) + factors[1] * mu * np.diag(NODES),
        features=functions,
    )
    mu = 1.23
    found = np.diag(system.matrix(mu))
    np.testing.assert_allclose(
        found, factors[0] * g(NODES, mu) + factors[1] * mu * NODES, rtol=1e-9
    )
    assert found[0] == pytest.approx(factors[0], rel=1e-9)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_known_parts_change_nothing_but_the_terms(form):
    mass = np.diag(1 + NODES)
    params = np.stack([PARAMS, np.cos(11 * PARAMS)], axis=1)
    system = build(
        lambda mu: form(np.diag(g(NODES, mu[0])) + mu[1] * mass),
        lambda mu: rhs_at(mu[0]),
        params=params,
        features=lambda x, mu: g(x, mu[0]),
        known=([form(mass)], lambda mus: mus[:, 1:].T),
    )
    listed = build(
        lambda mu: form(np.diag(g(NODES, mu[0])) + mu[1] * mass),
        lambda mu: rhs_at(mu[0]),
        params=params,
        features=lambda x, mu: g(x, mu[0]),
        known=([form(mass), form(mass)], lambda mus: [2, mus[:, 1] - 2]),
    )
    without = build(lambda mu: np.diag(g(NODES, mu)), features=g)
    assert system.magic_params.shape[0] == without.magic_params.size
    for mu in ([1.23, 5.0], [2.9, -3.0]):
        exact = np.diag(g(NODES, mu[0])) + mu[1] * mass
        for found in (system.matrix(mu), listed.matrix(mu)):
            found = found.toarray() if sparse.issparse(found) else found  # noqa: PLW2901
            np.testing.assert_allclose(found, exact, atol=1e-8)


def test_matrices_may_be_known_by_products_only(rng):
    dense, operators = build(), build(lambda mu: aslinearoperator(matrix_at(mu)))
    V = rng.standard_normal((N, 3))
    np.testing.assert_allclose(operators.matrix(1.7) @ V, dense.matrix(1.7) @ V, rtol=1e-12)
    reduced = operators.reduce(V)
    np.testing.assert_allclose(reduced.matrix(1.7), V.T @ dense.matrix(1.7) @ V, rtol=1e-12)
    np.testing.assert_allclose(reduced.rhs(1.7), V.T @ dense.rhs(1.7), rtol=1e-12, atol=1e-14)


def test_reduced_basis_takes_the_expansion():
    system = build(tol=1e-13)
    model = ReducedBasis(system).greedy(PARAMS, 1e-10)
    truth = np.stack([np.linalg.solve(matrix_at(mu), rhs_at(mu)) for mu in MUS], axis=1)
    np.testing.assert_allclose(model.lift(model.solve(MUS)), truth, atol=1e-8)


def wave(x, mu):
    return np.exp(-3 * mu * x) * np.cos(5 * mu * x)


def bump(x, mu):
    return np.exp(-(((x - mu / 4) / 0.15) ** 2))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("load", [np.ones_like, None])
@pytest.mark.parametrize("change", [wave, bump])
@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-9])
def test_certified_holds_against_the_code(tol, change, load, form):
    stiffness = 2 * np.eye(len(X)) - np.eye(len(X), k=1) - np.eye(len(X), k=-1)

    def matrix(mu):
        return np.diag(1 + 0.8 * change(X, mu)) + stiffness / 4

    def vector(mu):
        return np.sin(3 * mu * X) if load is None else load(X)

    def coercivity(mus):  # exact: the matrices are symmetric
        return np.array([np.linalg.eigvalsh(matrix(mu))[0] for mu in mus[:, 0]])

    system = build(lambda mu: form(matrix(mu)), vector, features=[change, one], tol=tol)
    system.raise_if_failed()
    reduction = ReducedBasis(system, coercivity=coercivity)
    model = reduction.from_snapshots(system.affine.solve(PARAMS))
    mus = np.linspace(1.001, 2.999, 101)
    truth = np.stack([np.linalg.solve(matrix(mu), vector(mu)) for mu in mus], axis=1)
    error = np.linalg.norm(truth - model.lift(model.solve(mus)), axis=0)
    estimate = model.estimate(mus)
    assert np.all(error <= estimate.certified)
    # with all snapshots it is the expansion that is missed; the condition is below 10
    assert np.max(estimate.bound + estimate.floor) < 0.1 * np.max(error)
    assert np.max(estimate.certified) < 10 * np.max(error)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-8])
def test_greedy_choice_certifies_no_more_than_the_expansion_gives(tol):
    def matrix(mu):
        return np.diag(1 + 0.8 * wave(X, mu))

    system = build(matrix, lambda _mu: np.ones(len(X)), features=[wave, one], tol=tol)
    model = ReducedBasis(system, coercivity=0.2).greedy(PARAMS, 1e-10)
    assert model.reason is Reason.STAGNATED
    truth = np.stack([np.linalg.solve(matrix(mu), np.ones(len(X))) for mu in MUS], axis=1)
    error = np.linalg.norm(truth - model.lift(model.solve(MUS)), axis=0)
    assert np.all(error <= model.estimate(MUS).certified)


def test_defect_is_what_terms_ahead_add():
    whole = build(tol=0.0, max_terms=8)
    part = whole.truncate(4, 4)
    ahead = whole.truncate(4 + AHEAD, 4 + AHEAD)
    defect = part.affine.defect
    for mu in MUS:
        # sums of matrices of size 3 with weights of size 10
        np.testing.assert_allclose(
            part.matrix(mu) + defect.matrix(mu), ahead.matrix(mu), atol=1e3 * EPS
        )
        np.testing.assert_allclose(part.rhs(mu) + defect.rhs(mu), ahead.rhs(mu), atol=1e3 * EPS)


def test_defect_of_products_is_that_of_matrices(rng):
    dense, operators = (
        build(code, tol=1e-4).affine.defect
        for code in (matrix_at, lambda mu: aslinearoperator(matrix_at(mu)))
    )
    V = rng.standard_normal((N, 2))
    np.testing.assert_allclose(operators.matrix(1.7) @ V, dense.matrix(1.7) @ V, atol=1e3 * EPS)


def test_nothing_left_is_no_defect():
    system = build(lambda _mu: np.eye(N), lambda _mu: np.ones(N), features=one)
    assert system.affine.defect is None


def test_defect_of_one_side_leaves_the_other_alone():
    of_rhs = build(lambda _mu: np.eye(N), features=one, tol=1e-4).affine.defect
    np.testing.assert_array_equal(of_rhs.matrix(1.7), 0)
    assert np.any(of_rhs.rhs(1.7) != 0)
    of_matrix = build(rhs_at=lambda _mu: np.ones(N), tol=1e-4).affine.defect
    np.testing.assert_array_equal(of_matrix.rhs(1.7), 0)
    assert np.any(of_matrix.matrix(1.7) != 0)


@pytest.mark.parametrize("load", [{}, {"rhs_features": lambda x, mu: 0 * x * mu, "rhs_points": X}])
def test_load_may_be_zero(load):
    system = build(rhs_at=lambda _mu: np.zeros(N), **load).raise_if_failed()
    np.testing.assert_array_equal(system.rhs(1.7), 0)
    np.testing.assert_array_equal(system.affine.solve(MUS), 0)
    np.testing.assert_array_equal(system.reduce(np.eye(N)).rhs(1.7), 0)
    assert ReducedBasis(system, coercivity=1).greedy(PARAMS).size == 0


def test_truncated_system_is_that_of_fewer_terms():
    asked = []

    def counting(mu):
        asked.append(mu)
        return matrix_at(mu)

    whole = build(counting)
    _ = whole.affine
    count = len(asked)
    assert count == whole.magic_params.size + AHEAD
    part, few = whole.truncate(3, 2), build(max_terms=3)
    assert part.reason is Reason.MAXITER
    assert [e.points.size for e in part.interpolants] == [3, 2]
    np.testing.assert_array_equal(part.magic_params, few.magic_params)
    np.testing.assert_allclose(part.matrix(1.7), few.matrix(1.7), atol=1e3 * EPS)
    assert part.affine.defect is not None
    assert len(asked) == count
    np.testing.assert_array_equal(
        whole.truncate(whole.magic_params.size).matrix(1.7), whole.matrix(1.7)
    )
    for wrong in ((0,), (99,), (3, 0), (3, 99)):
        with pytest.raises(ValueError, match="terms must be"):
            whole.truncate(*wrong)


def test_estimate_is_the_error_at_the_next_point():
    system = build(features=g, max_terms=3)
    interpolant = system.interpolants[0]
    samples = np.stack([g(X, mu) for mu in system.magic_params], axis=1)
    exact = np.stack([g(X, mu) for mu in MUS], axis=1)
    left = np.abs(exact - samples @ system.weights(MUS))
    found = system.error_estimate(MUS)
    # the largest sample is 1
    np.testing.assert_allclose(found.estimate, left[interpolant.next_point], atol=1e-12)
    assert np.max(found.estimate) > 0.1 * np.max(left)
    np.testing.assert_allclose(found.amplification, np.sum(np.abs(system.weights(MUS)), axis=0))
    np.testing.assert_allclose(found.floor, EPS * found.amplification)


def test_estimate_where_nothing_is_left_is_zero():
    system = build(features=one)
    np.testing.assert_array_equal(system.error_estimate(MUS).estimate, 0)
    np.testing.assert_allclose(system.weights(MUS), 1)


def test_reasons_are_named():
    assert build().reason is Reason.CONVERGED
    limited = build(max_terms=3)
    assert limited.reason is Reason.MAXITER
    assert limited.magic_params.size == 3
    with pytest.raises(ConvergenceError, match="MAXITER"):
        limited.raise_if_failed()
    exhausted = build(tol=0.0)
    assert exhausted.reason is Reason.STAGNATED
    assert len(set(exhausted.magic_params)) == exhausted.magic_params.size
    np.testing.assert_allclose(exhausted.matrix(1.7), matrix_at(1.7), atol=1e-13)


def test_repeated_training_is_harmless():
    once, thrice = build(), build(params=np.tile(PARAMS, 3))
    np.testing.assert_array_equal(once.magic_params, thrice.magic_params)


def test_truncated_expansion_is_that_of_fewer_terms():
    whole, part = build().matrix_expansion, build(max_terms=4).matrix_expansion
    np.testing.assert_allclose(whole.truncate(4).weights(MUS), part.weights(MUS), rtol=1e-9)


def test_inside_is_the_box_of_the_training():
    assert build().inside([0.9, 1.0, 2.5, 3.0, 3.1]).tolist() == [False, True, True, True, False]
    plane = build(
        lambda mu: matrix_at(mu[0]),
        lambda mu: rhs_at(mu[0]),
        params=[[1.0, 5.0], [3.0, 6.0], [2.0, 5.5]],
        features=lambda x, mu: g(x, mu[0]),
    )
    assert plane.inside([[2.0, 5.2], [2.0, 4.0]]).tolist() == [True, False]
    assert plane.inside([2.0, 5.2]).tolist() == [True]


def test_no_parameters_give_no_weights():
    assert build().weights(np.empty(0)).shape == (build().magic_params.size, 0)


def test_complex_features_have_complex_weights():
    system = build(
        lambda mu: np.diag(np.exp(1j * mu * NODES)),
        features=lambda x, mu: np.exp(1j * mu * x),
    )
    assert system.weights(MUS).dtype == complex
    np.testing.assert_allclose(system.matrix(1.7), np.diag(np.exp(1.7j * NODES)), atol=1e-9)


def test_right_hand_side_by_features_needs_no_whole_vectors():
    asked = []

    def counting(mu):
        asked.append(mu)
        return rhs_at(mu)

    system = build(
        rhs_at=counting, rhs_features=lambda x, mu: np.cos(mu * x), rhs_points=X, tol=1e-10
    )
    np.testing.assert_allclose(system.rhs(1.7), rhs_at(1.7), atol=1e-9)
    assert asked == list(system.rhs_expansion.magic_params)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_library(backend, dtype):
    xp = backend.xp
    x, nodes = (backend.asarray(v.astype(dtype)) for v in (X, NODES))
    eye = backend.asarray(np.eye(N, dtype=dtype))
    tol = {"float32": 1e-4, "float64": 1e-9}[dtype]
    system = NonintrusiveSystem(
        lambda mu: eye * (2 + xp.exp(-float(mu) * nodes)),
        lambda mu: xp.cos(float(mu) * nodes),
        params=PARAMS,
        features=[lambda x, mu: xp.exp(-float(mu) * x), lambda x, _: xp.ones_like(x)],
        points=x,
        tol=tol,
    ).raise_if_failed()
    found = system.matrix(1.7)
    backend.assert_same_kind(found, eye)
    exact = np.diag(2 + np.exp(-1.7 * NODES))
    np.testing.assert_allclose(backend.to_host(found), exact, atol=20 * tol)
    np.testing.assert_allclose(backend.to_host(system.rhs(1.7)), np.cos(1.7 * NODES), atol=20 * tol)
    assert isinstance(system.error_estimate(MUS).estimate, np.ndarray)
    entries = NonintrusiveSystem(
        lambda mu: eye * (2 + xp.exp(-float(mu) * nodes)),
        lambda mu: xp.cos(float(mu) * nodes),
        params=PARAMS,
        entries=(np.arange(N), np.arange(N)),
        tol=tol,
    )
    np.testing.assert_allclose(backend.to_host(entries.matrix(1.7)), exact, atol=20 * tol)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": None}, "either features"),
        ({"points": None}, "either features"),
        ({"entries": ([0], [0])}, "either features"),
        ({"rhs_features": g}, "belong together"),
        ({"features": []}, "at least one function"),
        ({"features": lambda x, mu: g(x, mu)[:3]}, r"features\[0\] at mu = 1.0 must be of shape"),
        ({"features": lambda x, mu: g(x, mu) / (mu != 1)}, r"features\[0\] at mu = 1.0 has NaN"),
        ({"features": lambda x, mu: 0 * x * mu}, "zero for all params"),
        ({"params": np.empty(0)}, "training parameters"),
        ({"params": np.ones((2, 2, 2))}, "training parameters"),
        ({"params": [1.0, np.nan]}, "params has NaN"),
        ({"max_terms": 0}, "max_terms must be at least 1"),
        ({"tol": 1.5}, "no matrix was taken"),
        ({"rhs_at": lambda mu: np.ones((N, 2)) * mu}, "must be a vector"),
        ({"rhs_at": lambda mu: np.full(N, np.nan) * mu}, "has NaN"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_known_parts_and_entries_exclude_each_other():
    with pytest.raises(ValueError, match="known parts need features"):
        build(
            features=None,
            points=None,
            entries=([0], [0]),
            known=([np.eye(N)], lambda mus: mus.T),
        )


def test_matrices_of_different_shapes_are_refused():
    system = build(lambda mu: np.eye(N if mu < 2 else N + 1))
    with pytest.raises(ValueError, match=r"matrix_at\(.*\) is of shape"):
        _ = system.affine


def test_vectors_of_different_lengths_are_refused():
    system = build(
        rhs_at=lambda mu: np.ones(N if mu < 2 else N + 1),
        rhs_features=lambda x, mu: np.cos(mu * x),
        rhs_points=X,
    )
    with pytest.raises(ValueError, match=r"rhs_at\(.*\) is of shape"):
        _ = system.affine


def test_matrices_that_are_not_finite_are_refused():
    system = build(lambda mu: np.full((N, N), np.nan * mu))
    with pytest.raises(ValueError, match="NaN"):
        _ = system.affine


def test_parameters_are_real():
    with pytest.raises(TypeError, match="params must be real"):
        build(params=PARAMS + 1j)
    with pytest.raises(TypeError, match="mus must be real"):
        build().weights([1.7 + 2j])


def test_rows_of_numbers_are_no_scalar_parameters():
    system = build()
    with pytest.raises(ValueError, match="k parameters of 1 numbers"):
        system.weights(np.ones((2, 3)))
    np.testing.assert_array_equal(system.weights(MUS[:, None]), system.weights(MUS))


@pytest.mark.parametrize("mus", [[[1.0, 2.0]], np.ones((2, 2, 1))])
def test_parameters_of_another_number_are_refused(mus):
    plane = build(
        lambda mu: matrix_at(mu[0]),
        lambda mu: rhs_at(mu[0]),
        params=np.ones((4, 3)) * PARAMS[:4, None],
        features=lambda x, mu: g(x, mu[0]),
    )
    with pytest.raises(ValueError, match="k parameters of 3 numbers"):
        plane.weights(mus)
