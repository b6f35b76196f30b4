"""Reduced bases: Galerkin solutions, the greedy choice, bounds on the error."""

import numpy as np
import pytest
from scipy import sparse

from resolvent import Reason
from resolvent.errors import ConvergenceError, NotPositiveDefiniteError, SingularMatrixError
from resolvent.solvers.compiled.small_systems import solve_small_systems
from resolvent.solvers.reduced import AffineSystem, NonintrusiveSystem, ReducedBasis
from resolvent.solvers.reduced.estimators import ResidualNorm
from resolvent.solvers.reduced.reduced_systems import solve_reduced

EPS = np.finfo(float).eps
TRAIN = np.geomspace(1, 100, 60)
TEST = np.geomspace(1.05, 99, 17)
SURE = ["direct", "orthonormal", "eim"]


def tridiagonal(n, off, diagonal):
    return sparse.diags_array(
        [np.full(n - 1, off), np.full(n, diagonal), np.full(n - 1, off)],
        offsets=[-1, 0, 1],
        format="csr",
    )


def reaction(n=60, form=np.asarray, dtype=float):
    """Return ``-u'' + mu u = 1`` by linear elements, and its inner product of H1_0."""
    h = 1 / (n + 1)
    K, M = tridiagonal(n, -1 / h, 2 / h), tridiagonal(n, h / 6, 4 * h / 6)
    K, M = ((form(A.toarray() if form is np.asarray else A)).astype(dtype) for A in (K, M))
    return AffineSystem([K, M], np.full(n, h, dtype), lambda mus: [1, mus[:, 0]]), K


def wave(n=40):
    """Return a damped wave equation, complex, with a source that moves with the parameter."""
    system, K = reaction(n)
    x = np.linspace(0, 1, n)
    F = np.stack([np.sin(3 * x), x**2 + 1j * x], axis=1) / n
    terms = [*system.matrix_terms, 1j * system.matrix_terms[1]]
    return (
        AffineSystem(
            terms,
            F,
            lambda mus: [1, -mus[:, 0], 3],
            lambda mus: [np.exp(1j * mus[:, 0]), 1],
        ),
        K,
    )


def in_norm(X, V):
    return np.sqrt(np.abs(np.sum(V.conj() * (X @ V), axis=0)))


@pytest.fixture(scope="module")
def model():
    system, K = reaction()
    return ReducedBasis(system, X=K, coercivity=1).greedy(TRAIN, 1e-7)


def test_basis_is_orthonormal_in_the_product(model):
    _, K = reaction()
    gram = model.basis.T @ K @ model.basis
    # formed with entries of K up to 2/h: norm(K) norm(V)^2 is n^2
    np.testing.assert_allclose(gram, np.eye(model.size), atol=60**2 * EPS)


def test_snapshots_are_reproduced(model):
    mus = model.chosen_parameters
    found = model.lift(model.solve(mus))
    truth = model.system.solve(mus)
    # forward errors: eps times the condition n^2
    np.testing.assert_allclose(found, truth, rtol=0, atol=60**2 * EPS * np.abs(truth).max())


def test_greedy_converges_and_certifies(model):
    assert model.converged
    assert model.reason is Reason.CONVERGED
    assert model.history[-1] <= 1e-7 * model.history[0] < model.history[-2]
    assert len(set(model.chosen.tolist())) == model.size == len(model.history) - 1
    np.testing.assert_array_equal(model.chosen_parameters[:, 0], TRAIN[model.chosen])
    assert "bounds at most" in repr(model)
    tested = model.effectivity(TEST)
    assert np.all(tested.error <= tested.estimate.certified + tested.truth)
    # continuity over coercivity: (K + mu M) in K is at most 1 + mu / pi^2
    resolved = tested.estimate.bound > 10 * tested.estimate.resolution
    assert np.all(tested.ratio[resolved] <= (1 + 1.01 * TEST / np.pi**2)[resolved])
    assert np.all(tested.ratio[resolved] >= 1 - 1e-6)


def test_galerkin_is_exact_where_the_truth_is_in_the_span(rng):
    system, K = reaction(20)
    V = np.concatenate([system.solve([7.0]), rng.standard_normal((20, 2))], axis=1)
    for found in (ReducedBasis(system).project(V), ReducedBasis(system, X=K).from_snapshots(V)):
        truth = system.solve([7.0])
        np.testing.assert_allclose(
            found.lift(found.solve([7.0])), truth, rtol=0, atol=1e3 * EPS * np.abs(truth).max()
        )
        assert found.estimate([7.0]).bound[0] <= found.estimate([7.0]).floor[0] * 10


def test_galerkin_is_the_best_approximation_in_the_energy_of_the_parameter(model):
    A = model.system.matrix(50.0)
    truth, V = model.system.solve([50.0]), model.basis[:, :2]
    small = ReducedBasis(model.system).project(V)
    error = truth - small.lift(small.solve([50.0]))
    np.testing.assert_allclose(V.T @ (A @ error), 0, atol=1e-13)


@pytest.mark.parametrize("estimator", SURE)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_bounds_hold_above_their_resolution(estimator, form):
    system, K = reaction(form=form)
    model = ReducedBasis(system, X=K, coercivity=1, estimator=estimator).greedy(TRAIN, 0)
    assert model.reason is Reason.STAGNATED  # no tolerance of zero is met
    for terms in range(1, model.size + 1, 3):
        part = ReducedBasis(system, X=K, coercivity=1, estimator=estimator).from_snapshots(
            model.basis[:, :terms], train=TRAIN
        )
        tested = part.effectivity(TEST)
        assert np.all(tested.error <= tested.estimate.certified + tested.truth)


def test_greedy_stops_at_the_resolution_of_the_bound():
    system, K = reaction()
    sizes = {}
    for estimator in ("gram", *SURE):
        model = ReducedBasis(system, X=K, coercivity=1, estimator=estimator).greedy(TRAIN, 1e-15)
        assert model.reason is Reason.STAGNATED
        assert len(set(model.chosen.tolist())) == model.size
        assert np.all(np.isfinite(model.history))
        with pytest.raises(ConvergenceError, match="resolution"):
            model.raise_if_failed()
        sizes[estimator] = model.size
    assert sizes["gram"] < min(sizes[name] for name in SURE)


@pytest.mark.parametrize("estimator", ["gram", *SURE])
def test_complex_problems(estimator):
    system, K = wave()
    mus = np.linspace(0.5, 8, 40)
    model = ReducedBasis(system, X=K, estimator=estimator).greedy(mus, 1e-5)
    assert model.converged
    assert model.basis.dtype == np.complex128
    c = model.solve([1.1, 7.3])
    A = model.basis.conj().T @ system.matrix(7.3) @ model.basis
    np.testing.assert_allclose(A @ c[:, 1], model.basis.conj().T @ system.rhs(7.3), atol=1e-12)
    error = in_norm(K, model.lift(c) - system.solve([1.1, 7.3]))
    # Re a(u, u) >= norm(u)^2 (1 - 8 / pi^2) in the norm of K
    found = model.estimate([1.1, 7.3])
    assert found.kind == "dual norm of the residual"
    assert np.all(error <= found.certified / (1 - 8 / np.pi**2))


def test_a_batch_is_a_loop(model):
    batch, found = model.solve(TEST), model.estimate(TEST)
    for k, mu in enumerate(TEST):
        np.testing.assert_allclose(model.solve([mu])[:, 0], batch[:, k], rtol=1e-9, atol=1e-16)
        single = model.estimate([mu])
        np.testing.assert_allclose(single.bound[0], found.bound[k], atol=found.floor[k])
    assert model.solve(np.empty((0, 1))).shape == (model.size, 0)
    assert model.estimate(np.empty((0, 1))).bound.shape == (0,)
    assert "no parameters" in repr(model.estimate(np.empty((0, 1))))
    assert "no parameters" in repr(model.effectivity(np.empty((0, 1))))


def test_thousands_of_parameters_are_solved_as_one(model, rng):
    mus = rng.uniform(1, 100, 3000)
    c = model.solve(mus)
    A = np.einsum("qk,qij->kij", np.stack([np.ones_like(mus), mus]), model.matrix_terms)
    wanted = np.linalg.solve(A, np.broadcast_to(model.rhs_terms, (3000, model.size, 1)))
    np.testing.assert_allclose(c.T, wanted[..., 0], rtol=0, atol=1e-12 * np.abs(wanted).max())


def test_zero_right_hand_side_needs_no_basis():
    system = AffineSystem([np.eye(4)], np.zeros(4), lambda mus: mus.T)
    for estimator in ("gram", *SURE):
        model = ReducedBasis(system, coercivity=1, estimator=estimator).greedy([1.0, 2.0, 3.0, 4.0])
        assert model.converged
        assert model.size == 0
        np.testing.assert_array_equal(model.lift(model.solve([1.5])), np.zeros((4, 1)))
        tested = model.effectivity([1.5])
        np.testing.assert_array_equal(tested.ratio, [1.0])


def test_one_training_parameter_gives_one_vector():
    system, K = reaction(10)
    model = ReducedBasis(system, X=K, coercivity=1).greedy([3.0], 1e-6)
    assert model.converged
    assert model.size == 1


def test_repeated_training_parameters_are_chosen_once():
    system, K = reaction(30)
    model = ReducedBasis(system, X=K, coercivity=1).greedy(np.repeat([1.0, 10.0, 50.0], 4), 1e-10)
    assert model.size == 3
    assert len(set(model.chosen_parameters[:, 0].tolist())) == 3


class Liar:
    """An estimator that finds the same residual everywhere, and calls it exact."""

    def extend(self, pieces, training):  # noqa: ARG002
        return self

    def __call__(self, factors):
        ones = np.ones(factors.shape[1])
        return ResidualNorm(ones, 0 * ones, 0 * ones)


def test_no_parameter_is_chosen_twice_whatever_the_estimator_says():
    system, _ = reaction(30)
    train = np.array([1.0, 10.0, 50.0])
    model = ReducedBasis(system, estimator=lambda *_: Liar()).greedy(train, 1e-3)
    assert sorted(model.chosen.tolist()) == [0, 1, 2]
    assert model.reason is Reason.MAXITER


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_small_systems_are_solved_with_pivoting(dtype, rng):
    terms = rng.standard_normal((3, 7, 7)) + (1j * rng.standard_normal((3, 7, 7)))
    terms[:, 0, 0] = 0  # elimination without exchanges divides by zero
    terms = terms.astype(dtype) if "complex" in dtype else terms.real.astype(dtype)
    rhs = rng.standard_normal((7, 2)).astype(dtype)
    alpha, beta = (rng.standard_normal((q, 50)).astype(dtype) for q in (3, 2))
    found, singular = solve_small_systems(terms, rhs, alpha, beta)
    A = np.einsum("qk,qij->kij", alpha, terms)
    residual = np.linalg.norm(np.einsum("kij,kj->ki", A, found) - (rhs @ beta).T, axis=1)
    # partial pivoting is backward stable: n^2 eps with the growth seen in practice
    allowed = 100 * np.finfo(dtype).eps * np.linalg.norm(A, axis=(1, 2))
    assert np.all(residual <= allowed * np.linalg.norm(found, axis=1))
    assert found.dtype == terms.dtype
    assert not singular.any()
    alpha[:, 3], beta[:, 5] = 0, 0
    found, singular = solve_small_systems(terms, rhs, alpha, beta)
    assert singular.nonzero()[0].tolist() == [3]
    np.testing.assert_array_equal(found[5], 0)
    assert np.all(np.isfinite(found))


def test_one_unknown():
    system = AffineSystem([[[2.0]]], [4.0], lambda mus: mus.T)
    model = ReducedBasis(system, coercivity=lambda mus: 2 * mus[:, 0]).greedy(
        [1.0, 2.0, 3.0], 1e-10
    )
    assert model.size == 1
    np.testing.assert_allclose(model.lift(model.solve([4.0])), [[0.5]])


def test_max_terms_is_a_limit():
    system, K = reaction(30)
    model = ReducedBasis(system, X=K, coercivity=1).greedy(TRAIN, 1e-12, max_terms=2)
    assert model.size == 2
    assert model.reason is Reason.MAXITER
    assert "max_terms" in model.advice


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_single_precision_stays_and_stops_in_time(form):
    system, K = reaction(20, form, np.float32)
    model = ReducedBasis(system, X=K, coercivity=1).greedy(TRAIN.astype(np.float32), 1e-10)
    assert model.reason is Reason.STAGNATED
    assert model.basis.dtype == model.solve(TEST).dtype == np.float32
    found = model.estimate(TEST)
    assert found.bound.dtype == found.floor.dtype == np.float32
    truth = reaction(20)[0].solve(TEST)  # in double precision
    error = in_norm(reaction(20)[1], model.lift(model.solve(TEST)) - truth)
    assert np.all(error <= found.certified)


def test_coercivity_divides_the_bound():
    system, K = reaction(20)
    V = system.solve([1.0, 40.0])
    plain = ReducedBasis(system, X=K).from_snapshots(V)
    half = ReducedBasis(system, X=K, coercivity=0.5).from_snapshots(V)
    rising = ReducedBasis(system, X=K, coercivity=lambda mus: mus[:, 0]).from_snapshots(V)
    for name in ("bound", "floor"):
        norms = getattr(plain.estimate(TEST), name)
        np.testing.assert_allclose(getattr(half.estimate(TEST), name), 2 * norms)
        np.testing.assert_allclose(getattr(rising.estimate(TEST), name), norms / TEST)


def test_singular_systems_are_named():
    system = AffineSystem(
        [np.diag([1.0, 2.0, 3.0]), np.eye(3)], np.ones(3), lambda mus: [1, -mus[:, 0]]
    )
    with pytest.raises(SingularMatrixError, match=r"mu = \[2\.?\]"):
        ReducedBasis(system).greedy([0.0, 2.0])
    # not singular, but its projection on one vector is: v^H A v = 0
    saddle = AffineSystem([np.diag([1.0, -1.0])], np.ones(2), lambda mus: mus.T)
    model = ReducedBasis(saddle).project(np.ones(2))
    with pytest.raises(SingularMatrixError, match=r"projection.*|reduced"):
        model.solve([1.0, 3.0])


def test_outputs_and_their_bounds(model, rng):
    weights = rng.standard_normal((60, 2))
    output = model.output(weights)
    wanted = weights.T @ model.system.solve(TEST)
    found = output.estimate(TEST)
    assert output(TEST).shape == found.bound.shape == (2, TEST.size)
    truth = model.effectivity(TEST).truth * output.norms[:, None]
    assert np.all(np.abs(output(TEST) - wanted) <= found.certified + truth)
    assert "2 outputs at 17 parameters" in repr(found)
    assert repr(output).startswith("Output(2 functionals of ReducedModel(")
    assert repr(output.estimate(np.empty((0, 1)))) == "Estimate(error of outputs: no parameters)"
    with pytest.raises(ValueError, match="functionals"):
        model.output(np.ones(3))
    with pytest.raises(ValueError, match="coercivity"):
        ReducedBasis(model.system).project(model.basis).output(weights).estimate(TEST)


def test_several_parameters(rng):
    A = [np.diag(rng.uniform(1, 2, 30)) for _ in range(3)]
    system = AffineSystem(A, rng.standard_normal(30), lambda mus: mus.T)
    train = rng.uniform(0.5, 2, (200, 3))
    lower = lambda mus: np.min(mus, axis=1) * np.min(sum(A)[sum(A) > 0])  # noqa: E731
    model = ReducedBasis(system, coercivity=lower).greedy(train, 1e-6)
    assert model.converged
    assert model.chosen_parameters.shape == (model.size, 3)
    tested = model.effectivity(rng.uniform(0.5, 2, (20, 3)))
    assert np.all(tested.error <= tested.estimate.certified + tested.truth)


def test_dependent_snapshots_are_left_out(rng):
    system, K = reaction(20)
    S = rng.standard_normal((20, 2))
    S = np.concatenate([S, S @ [[1.0], [2.0]], np.zeros((20, 1))], axis=1)
    assert ReducedBasis(system, X=K).from_snapshots(S).size == 2


def test_backends(backend):
    host, K = reaction(12)
    terms = [backend.asarray(A) for A in host.matrix_terms]
    rhs = backend.asarray(host.rhs_terms)
    system = AffineSystem(terms, rhs, host.matrix_coefficients)
    for estimator in ("gram", *SURE):
        model = ReducedBasis(
            system, X=backend.asarray(K), coercivity=1, estimator=estimator
        ).greedy(backend.asarray(TRAIN), 1e-5)
        assert model.converged
        found = model.estimate(TEST)
        for x in (model.basis, model.solve(TEST), found.bound, found.floor, found.certified):
            backend.assert_same_kind(x, rhs)
        tested = model.effectivity(TEST)
        allowed = backend.to_host(tested.estimate.certified + tested.truth)
        assert np.all(backend.to_host(tested.error) <= allowed)
        assert "parameters" in repr(tested)


def test_what_does_not_fit_is_refused(rng):
    system, K = reaction(5)
    with pytest.raises(ValueError, match="estimator"):
        ReducedBasis(system, estimator="best")
    with pytest.raises(ValueError, match="coercivity"):
        ReducedBasis(system, coercivity=0)
    with pytest.raises(ValueError, match="X"):
        ReducedBasis(system, X=np.eye(4))
    for form in (np.asarray, sparse.csr_array):
        with pytest.raises(ValueError, match="symmetric"):
            ReducedBasis(system, X=form(np.triu(np.ones((5, 5)))))
        with pytest.raises(NotPositiveDefiniteError, match="X"):
            ReducedBasis(system, X=form(np.diag([1.0, 1.0, -1.0, 1.0, 1.0])))
    with pytest.raises(TypeError, match="factorised"):
        ReducedBasis(system, X=sparse.linalg.aslinearoperator(K))
    reduction = ReducedBasis(system, X=K, coercivity=lambda mus: -mus[:, 0])
    with pytest.raises(ValueError, match="positive"):
        reduction.greedy(TRAIN)
    with pytest.raises(ValueError, match="shape"):
        ReducedBasis(system, coercivity=lambda mus: mus).greedy(TRAIN)
    with pytest.raises(ValueError, match="train"):
        ReducedBasis(system).greedy([])
    with pytest.raises(ValueError, match="tol"):
        ReducedBasis(system).greedy(TRAIN, -1)
    with pytest.raises(ValueError, match="finite"):
        ReducedBasis(system).greedy(TRAIN, np.inf)
    with pytest.raises(ValueError, match="max_terms"):
        ReducedBasis(system).greedy(TRAIN, max_terms=-3)
    for wrong in (np.inf, np.nan, np.ones(2)):
        with pytest.raises(ValueError, match="coercivity"):
            ReducedBasis(system, coercivity=wrong)
    for wrong in (1 + 1j, lambda mus: 1 + 1j * mus[:, 0]):
        with pytest.raises(TypeError, match="real"):
            ReducedBasis(system, coercivity=wrong).greedy(TRAIN)
    with pytest.raises(ValueError, match="coercivity"):
        ReducedBasis(system, coercivity=lambda mus: np.inf * mus[:, 0]).greedy(TRAIN)
    with pytest.raises(TypeError, match="affine"):
        ReducedBasis(np.eye(3))
    with pytest.raises(ValueError, match="V"):
        ReducedBasis(system).project(np.ones((4, 2)))
    with pytest.raises(ValueError, match="train"):
        ReducedBasis(system, estimator="eim").project(np.ones((5, 1)))
    with pytest.raises(ValueError, match="c must"):
        ReducedBasis(system).project(rng.standard_normal((5, 2))).lift(np.ones(3))


@pytest.mark.parametrize("estimator", SURE)
def test_products_and_solutions_of_a_code_are_enough(estimator):
    host, K = reaction(20)
    calls = []

    def solver(A, b):
        calls.append(A)
        return np.linalg.solve(A @ np.eye(20), b)

    terms = [sparse.linalg.aslinearoperator(A) for A in host.matrix_terms]
    system = AffineSystem(terms, host.rhs_terms, host.matrix_coefficients, solver=solver)
    model = ReducedBasis(system, X=K, coercivity=1, estimator=estimator).greedy(TRAIN, 1e-6)
    assert model.converged
    assert len(calls) == model.size  # one large system for each vector
    tested = ReducedBasis(host, X=K, coercivity=1).project(model.basis).effectivity(TEST)
    assert np.all(tested.error <= model.estimate(TEST).certified + tested.truth)


def approximate(size):
    """Return a system that stands for another, which differs by about ``size``, and the other."""
    system, K = reaction()
    f = np.sin(np.arange(60.0))[:, None] * system.rhs_terms
    defect = AffineSystem(
        [size * A for A in system.matrix_terms], size * f, lambda mus: [1, np.sqrt(mus[:, 0])]
    )
    stands = AffineSystem(
        system.matrix_terms, system.rhs_terms, system.matrix_coefficients, defect=defect
    )
    other = [
        np.linalg.solve(stands.matrix(mu) + defect.matrix(mu), stands.rhs(mu) + defect.rhs(mu))
        for mu in TEST
    ]
    return stands, K, np.stack(other, axis=1)


@pytest.mark.parametrize("estimator", ["gram", *SURE])
def test_bounds_hold_against_the_system_that_is_meant(estimator):
    stands, K, meant = approximate(1e-5)
    reduction = ReducedBasis(stands, X=K, coercivity=1, estimator=estimator)
    model = reduction.greedy(TRAIN, 1e-9)
    found = model.estimate(TEST)
    error = in_norm(K, meant - model.lift(model.solve(TEST)))
    # A + A_def is coercive with 1 + 1e-5 in K
    assert np.all(error <= found.certified)
    assert np.any(error > found.bound + found.floor)  # which the expanded system can not see
    c = model.solve(TEST)
    residual = stands.defect.residual(TEST, model.basis @ c)
    wanted = np.sqrt(np.sum(residual * np.linalg.solve(K, residual), axis=0))
    if estimator != "eim":
        np.testing.assert_allclose(found.interpolation, wanted, rtol=1e-9)
    assert model.reason is Reason.STAGNATED
    assert "interpolation" in model.advice
    assert reduction.greedy(TRAIN, 1e-2).converged


def test_greedy_converges_only_with_its_resolution():
    stands, K, _ = approximate(1e-5)
    reduction = ReducedBasis(stands, X=K, coercivity=1)
    for tol in 10.0 ** -np.arange(1, 8):
        model = reduction.greedy(TRAIN, tol)
        small = np.max(model.estimate(TRAIN).certified) <= tol * model.history[0]
        assert small == model.converged


def test_what_has_an_affine_system_is_reduced():
    stands, K, _ = approximate(1e-3)

    class Stands:
        affine = stands

    found, wanted = (
        ReducedBasis(s, X=K, coercivity=1).from_snapshots(stands.solve([1.0, 50.0])).estimate(TEST)
        for s in (Stands(), stands)
    )
    np.testing.assert_array_equal(found.certified, wanted.certified)
    assert np.all(found.interpolation > 0)


@pytest.mark.parametrize("estimator", ["gram", *SURE])
def test_a_truncated_model_is_that_of_fewer_vectors(estimator):
    stands, K, _ = approximate(1e-9)
    reduction = ReducedBasis(stands, X=K, coercivity=1, estimator=estimator)
    model = reduction.greedy(TRAIN, 0, max_terms=5)
    for size in (0, 2, 4):
        found = model.truncate(size)
        wanted = reduction.project(model.basis[:, :size], train=TRAIN)
        assert found.size == len(found.chosen) == size
        np.testing.assert_allclose(found.solve(TEST), wanted.solve(TEST), rtol=1e-9)
        here, there = found.estimate(TEST), wanted.estimate(TEST)
        allowed = 2 * there.floor + 1e-6 * there.bound
        if estimator == "gram":  # an error of floor² in the square
            allowed = allowed + there.floor**2 / there.bound
        assert np.all(np.abs(here.bound - there.bound) <= allowed)
        if estimator != "eim":  # in which rounding decides what is chosen
            np.testing.assert_allclose(here.interpolation, there.interpolation, rtol=1e-6)
        assert found.reason is Reason.MAXITER
        np.testing.assert_array_equal(found.history, model.history[: size + 1])
    assert model.truncate(5) is model
    assert wanted.truncate(1).reason is Reason.CONVERGED  # of a basis that was given
    for wrong in (-1, 6):
        with pytest.raises(ValueError, match="size"):
            model.truncate(wrong)


RANGES = [
    ("float32", 2.0**-80),
    ("float32", 2.0**63),
    ("float64", 2.0**-565),
    ("float64", 2.0**531),
]


@pytest.mark.parametrize("estimator", ["gram", *SURE])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(("dtype", "scale"), RANGES)
def test_systems_of_any_scale_are_reduced_alike(dtype, scale, form, estimator):
    def reduced(scale):
        system, _ = reaction(20, form, dtype)
        scale = np.asarray(scale, dtype)
        terms = [scale * A for A in system.matrix_terms]
        system = AffineSystem(terms, scale * system.rhs_terms, system.matrix_coefficients)
        return ReducedBasis(system, estimator=estimator).greedy(TRAIN, 1e-2)

    found, wanted = reduced(scale), reduced(1)
    assert found.converged
    assert found.size == wanted.size > 0
    # powers of two change no rounding
    np.testing.assert_array_equal(found.lift(found.solve(TEST)), wanted.lift(wanted.solve(TEST)))
    here, there = found.estimate(TEST), wanted.estimate(TEST)
    assert np.all(there.bound > 0)
    for name in ("bound", "floor", "interpolation"):
        np.testing.assert_array_equal(getattr(here, name) / scale, getattr(there, name))


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [*RANGES, ("float32", 2.0**66), ("float64", 2.0**-960), ("float64", 2.0**990)],
)
def test_small_systems_are_singular_whatever_their_scale(dtype, scale):
    regular, singular = (
        np.array(A, dtype) * np.asarray(scale, dtype)
        for A in ([[2, 1], [1, 2]], [[1, 1], [1, 1 + np.finfo(dtype).eps]])
    )
    b = np.array([[1], [2]], dtype) * np.asarray(scale, dtype)
    one = np.ones((1, 1), dtype)
    found, lost = solve_small_systems(regular[None], b, one, one)
    assert not lost[0]
    np.testing.assert_allclose(found[0], [0, 1], atol=4 * np.finfo(dtype).eps)
    assert solve_small_systems(singular[None], b, one, one)[1][0]


def test_nearly_singular_reduced_systems_are_named_by_all_libraries(backend):
    mus = np.array([[1.0], [3.0], [4.0]])
    terms = np.array([[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, EPS]]])
    terms, rhs = backend.asarray(terms), backend.asarray(np.array([[1.0], [2.0]]))
    alpha, beta = np.array([[1.0, 1, 1], [1e10, 1, 1e10]]), np.ones((1, 3))
    arguments = (terms, rhs, backend.asarray(alpha), backend.asarray(beta))
    with pytest.raises(SingularMatrixError, match=r"mu = \[3\.?\]"):
        solve_reduced(*arguments, mus)
    alpha[1, 1] = 0  # exactly
    with pytest.raises(SingularMatrixError, match=r"mu = \[3\.?\]"):
        solve_reduced(terms, rhs, backend.asarray(alpha), backend.asarray(beta), mus)


def test_other_libraries_are_named(backend):
    host, K = reaction(12)
    rhs = backend.asarray(host.rhs_terms)
    terms = [backend.asarray(A) for A in host.matrix_terms]
    system = AffineSystem(terms, rhs, host.matrix_coefficients)
    model = ReducedBasis(system, X=backend.asarray(K), coercivity=1).greedy(TRAIN, 1e-3)
    if isinstance(rhs, np.ndarray):
        pytest.skip("NumPy is at home")
    with pytest.raises(TypeError, match="c must be of"):
        model.lift(np.ones((model.size, 2)))
    with pytest.raises(TypeError, match="functionals must be of"):
        model.output(np.ones(12))
    small = model.truncate(1)
    backend.assert_same_kind(small.estimate(TEST).certified, rhs)


def test_a_product_takes_the_precision_of_a_system_of_any_library(backend):
    host, K = reaction(12)
    rhs = backend.asarray(host.rhs_terms.astype(np.float32))
    terms = [backend.asarray(A.astype(np.float32)) for A in host.matrix_terms]
    system = AffineSystem(terms, rhs, host.matrix_coefficients)
    model = ReducedBasis(system, X=backend.asarray(K), coercivity=1).greedy(TRAIN, 1e-2)
    assert model.basis.dtype == model.estimate(TEST).bound.dtype == rhs.dtype


@pytest.mark.parametrize("tol", [1e-2, 1e-5])
def test_bounds_hold_against_the_code_whose_matrices_were_expanded(tol):
    x = np.linspace(0, 1, 60)

    def matrix_at(mu):
        return np.diag(1.2 + np.exp(-mu * x)) + np.exp(-mu * np.abs(x[:, None] - x)) / 600

    expanded = NonintrusiveSystem(
        matrix_at,
        lambda _: np.ones(60),
        params=np.linspace(1, 6, 60),
        features=[lambda d, mu: np.exp(-mu * d), lambda d, _: np.ones_like(d)],
        points=x,
        tol=tol,
    )
    # the kernel is positive definite
    model = ReducedBasis(expanded, coercivity=1.2).greedy(np.linspace(1, 6, 60), 1e-10)
    assert model.reason is Reason.STAGNATED
    assert "interpolation" in model.advice
    mus = np.linspace(1.03, 5.9, 21)
    truth = np.stack([np.linalg.solve(matrix_at(mu), np.ones(60)) for mu in mus], axis=1)
    error = np.linalg.norm(truth - model.lift(model.solve(mus)), axis=0)
    found = model.estimate(mus)
    assert np.all(error <= found.certified)
    assert np.any(error > found.bound + found.floor)
    assert np.max(found.certified) <= 10 * np.max(error)
