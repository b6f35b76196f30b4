"""Gradient methods against what theory promises of them, and their trouble."""

import numpy as np
import pytest
from mpmath import mp
from scipy import sparse

from resolvent.errors import ConvergenceError
from resolvent.linalg import gallery
from resolvent.preconditioners import Preconditioner, symmetric_polynomial
from resolvent.results import Reason
from resolvent.solvers import cg
from resolvent.solvers.gradient import (
    Logistic,
    Quadratic,
    SoftMaximum,
    fast_gradient_method,
    gradient_method,
    krylov_step,
    logistic_regression,
    soft_maximum,
)

EPS = np.finfo(float).eps
METHODS = [gradient_method, fast_gradient_method]
both = pytest.mark.parametrize("method", METHODS)
with_and_without_L = pytest.mark.parametrize("known", [True, False])


def spd_problem(n=20, condition=1e3, seed=0):
    """Return a quadratic, its matrix and its minimiser."""
    A = gallery.spd(gallery.logspaced(n, condition), rng=seed)
    x = np.random.default_rng(seed).standard_normal(n)
    return Quadratic(A, A @ x), A, x


def metric(n, seed=1):
    return gallery.spd(gallery.logspaced(n, 50.0), rng=seed)


def constants(A, M):
    """Return the extreme eigenvalues of A M, L and mu in the metric of inv(M)."""
    root = np.linalg.cholesky(M)
    eigenvalues = np.linalg.eigvalsh(root.T @ A @ root)
    return eigenvalues[-1], eigenvalues[0]


def gaps(f, values, x):
    """Return f - f*, where they are not rounding errors: f is a difference of terms like x'b."""
    gap = np.asarray(values) - float(f.value(x))
    return gap[gap > 1e4 * EPS * abs(x @ f.b)]


@pytest.mark.parametrize("preconditioned", [False, True])
def test_gradient_method_contracts_by_one_minus_the_inverse_condition(preconditioned):
    f, A, x = spd_problem()
    M = metric(20) if preconditioned else np.eye(20)
    L, mu = constants(A, M)
    found = gradient_method(f, np.zeros(20), M=M, L=L, maxiter=500)
    gap = gaps(f, found.values, x)
    assert len(gap) > 100
    # both gaps carry at most 1e-4 of relative rounding error, see gaps
    assert (gap[1:] <= (1 - mu / L) * gap[:-1] * (1 + 1e-4)).all()


@pytest.mark.parametrize("strong", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("preconditioned", [False, True])
def test_fast_gradient_method_keeps_its_bound(preconditioned, strong):
    f, A, x = spd_problem()
    M = metric(20) if preconditioned else np.eye(20)
    L, mu = constants(A, M)
    mu *= strong
    ahead = [np.zeros(20)]
    fast_gradient_method(
        f, ahead[0], M=M, L=L, mu=mu, maxiter=300, callback=lambda seen: ahead.append(seen.x)
    )
    far = x @ np.linalg.solve(M, x)  # the squared distance in the metric
    steps = [y - M @ f.gradient(y) / L for y in ahead]
    for k, x_k in enumerate(steps, start=1):
        rate = min(4 / (k + 1) ** 2, (1 - np.sqrt(mu / L)) ** (k - 1))
        noise = 1e2 * EPS * abs(x @ f.b)  # of a value
        assert float(f.value(x_k) - f.value(x)) <= L * far / 2 * rate + noise


def test_fast_method_takes_the_square_root_of_the_condition():
    f, A, x = spd_problem(condition=1e4)
    # by the bound and norm(g)^2 <= 2 L (f - f*), for iterates x; those reported are ahead of them
    most = 1 + 2 * 1e2 * np.log(np.linalg.norm(x) / (1e-6 * np.linalg.norm(A @ x)))
    slow = gradient_method(f, np.zeros(20), L=1.0, maxiter=10**6).raise_if_failed()
    fast = fast_gradient_method(f, np.zeros(20), L=1.0, mu=1e-4).raise_if_failed()
    restarted = fast_gradient_method(f, np.zeros(20), L=1.0).raise_if_failed()
    assert fast.iterations <= 1.1 * most
    assert slow.iterations > 5 * fast.iterations  # the square root of the condition is 100
    assert restarted.iterations <= 4 * most  # a theorem for no factor, O'Donoghue and Candes


def test_restart_is_needed_only_where_mu_is_not_known():
    f, _, _ = spd_problem()
    options = {"L": 1.0, "maxiter": 2000}
    assert fast_gradient_method(f, np.zeros(20), **options).restarts > 0
    assert fast_gradient_method(f, np.zeros(20), mu=1e-3, **options).restarts == 0
    assert fast_gradient_method(f, np.zeros(20), mu=0.0, **options).restarts == 0


@both
@with_and_without_L
def test_exact_inverse_takes_one_step(method, known):
    f, A, x = spd_problem()
    found = method(f, np.zeros(20), M=np.linalg.inv(A), L=1.0 if known else None, rtol=1e-8)
    assert found.converged
    assert found.iterations == 1
    np.testing.assert_allclose(found.x, x, rtol=0, atol=1e-8 * 1e3 * np.linalg.norm(x))


@both
def test_search_finds_a_constant_at_most_twice_too_large(method):
    f, A, _ = spd_problem(condition=100)
    found = method(f, np.zeros(20))
    assert found.converged
    assert found.L <= 4  # (2) holds from 2 L = 2 on, and the last doubling may have passed it


@both
def test_search_never_lets_a_gradient_method_climb(method):
    rng = np.random.default_rng(3)
    f = soft_maximum(rng.standard_normal((40, 5)), rng.standard_normal(40), s=0.1, ridge=1e-2)
    found = method(f, 10 * np.ones(5), rtol=1e-9)
    assert found.converged
    if method is gradient_method:
        noise = 100 * EPS * np.abs(found.values[:-1])
        assert (np.diff(found.values) <= noise).all()


@pytest.mark.parametrize("degree", [0, 1, 3, 7])
def test_krylov_step_is_conjugate_gradients(degree):
    _, A, _ = spd_problem(n=12, condition=10)
    g = np.random.default_rng(5).standard_normal(12)
    reference = cg(A, g, rtol=1e-15, maxiter=degree + 1).x
    np.testing.assert_allclose(krylov_step(A, degree) @ g, reference, rtol=1e-12)


def test_krylov_step_is_the_minimum_over_the_powers():
    B = gallery.spd(np.linspace(1, 3, 8), rng=2)
    g = np.random.default_rng(6).standard_normal(8)
    K = np.stack([np.linalg.matrix_power(B, i) @ g for i in range(4)], axis=1)
    a = np.linalg.solve(K.T @ B @ K, K.T @ g)
    # the normal equations of the powers have condition about 3^8 = 1e4
    np.testing.assert_allclose(krylov_step(B, 3) @ g, K @ a, rtol=0, atol=1e-10)


def test_krylov_step_of_full_degree_is_newtons():
    f, A, x = spd_problem(n=9, condition=100)
    found = gradient_method(f, np.zeros(9), M=krylov_step(f.curvature, 8), L=1.0, rtol=1e-8)
    assert found.iterations == 1
    np.testing.assert_allclose(found.x, x, rtol=0, atol=100 * 1e-8 * np.linalg.norm(x))


@pytest.mark.parametrize("degree", [1, 2, 4])
def test_no_polynomial_decreases_the_model_more_than_the_krylov_step(degree, rng):
    B = gallery.spd(gallery.logspaced(15, 1e4), rng=0)
    g = rng.standard_normal(15)
    z = krylov_step(B, degree) @ g
    best = g @ z - z @ B @ z / 2
    powers = [np.linalg.matrix_power(B, i) @ g for i in range(degree + 1)]
    for _ in range(50):
        other = sum(rng.standard_normal() * v for v in powers)
        other *= (g @ other) / (other @ B @ other)  # of the best length
        assert g @ other - other @ B @ other / 2 <= best * (1 + 1e-12)


def test_krylov_step_stops_early_in_an_invariant_subspace():
    B = np.diag([2.0, 2.0, 2.0])
    assert (krylov_step(B, 2) @ np.array([2.0, 4.0, 6.0]) == [1, 2, 3]).all()
    assert (krylov_step(0 * B, 2) @ np.ones(3) == 0).all()


@both
def test_symmetric_polynomials_cut_outliers(method):
    A = gallery.spd([1e3, 1e2, *np.linspace(1, 0.5, 18)], rng=0)
    f = Quadratic(A, A @ np.ones(20))
    steps = [
        # they are scaled so that L = 1 in their metric, up to rounding
        method(f, np.zeros(20), M=symmetric_polynomial(A, degree), L=1.0, maxiter=10**5)
        .raise_if_failed()
        .iterations
        for degree in range(3)
    ]
    # condition 2000, about 150 and at most 18 * 3/4 / (1/2) = 27
    assert steps[0] > 2 * steps[1] > 4 * steps[2]


def losses():
    y = np.array([1.0, -1.0, -1.0, 1.0])
    yield (
        Logistic(y),
        lambda z: mp.fsum(mp.log1p(mp.exp(-t * u)) for t, u in zip(y, z, strict=True)) / 4,
    )
    b, s = np.array([0.5, -1.0, 2.0, 0.0]), 0.3
    yield (
        SoftMaximum(b, s),
        lambda z: s * mp.log(mp.fsum(mp.exp((u - t) / s) for t, u in zip(b, z, strict=True))),
    )


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
@pytest.mark.parametrize(("loss", "exact"), list(losses()))
def test_losses_are_accurate_and_do_not_overflow(loss, exact, scale):
    z = scale * np.array([1.0, -0.7, 0.4, 0.9])
    with mp.workdps(40):
        value = float(exact([mp.mpf(u) for u in z]))
        slopes = []
        for i in range(4):
            at = [mp.mpf(u) for u in z]
            slopes.append(
                float(mp.diff(lambda u, at=at, i=i: exact([*at[:i], u, *at[i + 1 :]]), at[i]))
            )
    assert float(loss.value(z)) == pytest.approx(value, rel=8 * EPS, abs=8 * EPS)
    # an error of eps in (z - b)/s moves the exponential by that times its size
    np.testing.assert_allclose(
        loss.gradient(z), slopes, rtol=0, atol=8 * EPS * (1 + np.abs(z).max() / 0.3)
    )


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_curvature_is_above_every_hessian(ridge, rng):
    A = rng.standard_normal((12, 4))
    for f in (
        logistic_regression(A, np.sign(rng.standard_normal(12)), ridge=ridge),
        soft_maximum(A, rng.standard_normal(12), s=0.5, ridge=ridge),
    ):
        B = f.curvature @ np.eye(4)
        for scale in (0.0, 0.3, 3.0):
            x = scale * rng.standard_normal(4)
            h = 1e-5
            H = np.stack(
                [(f.gradient(x + h * e) - f.gradient(x - h * e)) / (2 * h) for e in np.eye(4)]
            )
            # central differences are exact to h^2 times third derivatives, below 1e3 here
            assert np.linalg.eigvalsh(B - (H + H.T) / 2)[0] >= -1e-7


def test_the_bound_of_the_soft_maximum_is_reached():
    f = soft_maximum(np.array([[1.0], [-1.0]]), [0, 0], s=0.2)
    h = 1e-4
    # the next term of the difference quotient is a relative (h/s)^2 / 3 = 1e-7
    curvature = (f.gradient(np.array([h])) - f.gradient(np.array([-h])))[0] / (2 * h)
    assert curvature == pytest.approx(float((f.curvature @ np.ones(1))[0]), rel=1e-6)


@both
@with_and_without_L
def test_logistic_regression_meets_its_certificate(method, known, rng):
    A = rng.standard_normal((60, 6)) * [10, 1, 1, 1, 1, 0.5]
    y, ridge = np.where(A[:, 1] + rng.standard_normal(60) > 0, 1, -1), 0.05
    f = logistic_regression(A, y, ridge=ridge)
    x = np.zeros(6)
    for _ in range(30):  # Newton's method
        p = 1 / (1 + np.exp(y * (A @ x)))
        H = A.T @ ((p * (1 - p) / 60)[:, None] * A) + ridge * np.eye(6)
        x = x - np.linalg.solve(H, f.gradient(x))
    L = np.linalg.eigvalsh(f.curvature @ np.eye(6))[-1] if known else None
    found = method(f, np.zeros(6), L=L, rtol=1e-7, maxiter=50_000)
    assert found.converged
    gap = found.value - float(f.value(x))
    assert -10 * EPS <= gap <= found.gradient_norm**2 / (2 * ridge) + 10 * EPS


@both
@with_and_without_L
def test_a_minimiser_as_start_takes_no_step(method, known):
    f = Quadratic(np.diag([4.0, 1.0]), [4.0, 1.0])
    found = method(f, np.ones(2), L=4.0 if known else None)
    assert (found.reason, found.iterations) == (Reason.CONVERGED, 0)
    assert (found.x == 1).all()


@both
def test_where_the_origin_is_the_minimum_it_is_returned(method):
    found = method(Quadratic(np.eye(3), np.zeros(3)), np.ones(3))
    assert (found.reason, found.iterations, found.gradient_norm) == (Reason.CONVERGED, 0, 0.0)
    assert (found.x == 0).all()


@both
def test_a_good_start_is_rewarded(method):
    f, _, x = spd_problem()
    far, near = (method(f, x0, L=1.0, maxiter=10**5) for x0 in (np.zeros(20), x * (1 + 1e-6)))
    assert far.converged
    assert near.converged
    assert near.iterations < far.iterations / 2


@both
@with_and_without_L
@pytest.mark.parametrize("scale", [1e-180, 1e-30, 1e30, 1e140])
def test_steps_do_not_depend_on_the_scale_of_f(method, known, scale):
    steps = [
        method(
            Quadratic(s * np.diag([9.0, 1.0]), s * np.ones(2)),
            np.zeros(2),
            L=9.0 * s if known else None,
        )
        for s in (1.0, scale)
    ]
    assert all(found.converged for found in steps)
    # 1e-180 is no power of two: a rounding may decide about a doubling or a restart
    assert abs(steps[0].iterations - steps[1].iterations) <= 3


@both
@with_and_without_L
def test_one_unknown(method, known):
    f = Quadratic([[2.0]], [3.0])
    found = method(f, [0.0], L=2.0 if known else None)
    assert found.converged
    assert found.x[0] == pytest.approx(1.5, rel=1e-6)


@both
def test_no_unknowns(method):
    found = method(Quadratic(np.zeros((0, 0)), np.zeros(0)), np.zeros(0), L=1.0)
    assert (found.reason, found.x.shape) == (Reason.CONVERGED, (0,))


@both
@pytest.mark.parametrize("factor", [1e-3, 0.1, 0.45])
def test_a_constant_that_is_too_small_is_named(method, factor):
    f, _, _ = spd_problem()
    found = method(f, np.zeros(20), L=factor, maxiter=5000)
    assert found.reason is Reason.BREAKDOWN
    assert "L" in found.advice
    assert np.isfinite(found.x).all()
    with pytest.raises(ConvergenceError, match="raise L"):
        found.raise_if_failed()


def test_a_constant_that_is_too_small_for_the_krylov_metric_is_named():
    f, A, _ = spd_problem()
    found = gradient_method(f, np.zeros(20), M=krylov_step(A, 2), L=0.2)
    assert found.reason is Reason.BREAKDOWN


class Concave:
    def value(self, x):
        return -x @ x / 2

    def gradient(self, x):
        return -x


@both
@with_and_without_L
def test_a_function_that_is_not_convex_is_named(method, known):
    found = method(Concave(), np.ones(3), L=1.0 if known else None, rtol=0, atol=1e-9)
    assert found.reason is Reason.INDEFINITE_OPERATOR
    assert "convex" in found.advice


class Broken:
    def __init__(self, bad):
        self.bad = bad

    def value(self, x):
        return x @ x / 2

    def gradient(self, x):
        return np.where(np.abs(x) < 0.5, self.bad, x)


@both
@with_and_without_L
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_named_and_the_best_iterate_kept(method, known, bad):
    found = method(Broken(bad), np.ones(3), L=3.0 if known else None, rtol=0, atol=1e-9)
    assert found.reason is Reason.NONFINITE
    assert np.isfinite(found.x).all()
    assert np.isfinite(found.gradient_norm)


@both
def test_a_start_where_f_is_not_finite_is_named(method):
    found = method(Broken(np.nan), np.zeros(2), L=1.0)
    assert (found.reason, found.iterations) == (Reason.NONFINITE, 0)


def test_rtol_refers_to_the_origin_where_f_must_be_finite():
    with pytest.raises(ValueError, match="not finite at 0"):
        gradient_method(Broken(np.nan), np.ones(2))


@both
@pytest.mark.parametrize("M", [-np.eye(20), np.zeros((20, 20))])
@with_and_without_L
def test_an_indefinite_preconditioner_is_named(method, M, known):
    f, _, _ = spd_problem()
    found = method(f, np.zeros(20), M=M, L=1.0 if known else None)
    assert (found.reason, found.iterations) == (Reason.INDEFINITE_PRECONDITIONER, 0)


@both
@with_and_without_L
def test_a_preconditioner_that_is_not_finite_is_named(method, known):
    f, _, _ = spd_problem()
    found = method(f, np.zeros(20), M=lambda r: np.nan * r, L=1.0 if known else None)
    assert (found.reason, found.iterations) == (Reason.NONFINITE, 0)


@both
@with_and_without_L
def test_asking_for_more_than_rounding_allows_stagnates(method, known):
    f, A, _ = spd_problem(condition=100)
    M = np.linalg.inv(A)
    found = method(f, np.zeros(20), M=M, L=1.0 if known else None, rtol=1.01 * EPS)
    assert found.reason in (Reason.STAGNATED, Reason.CONVERGED)
    # the rounding error of a product A x
    assert found.gradient_norm <= 20 * EPS * 2 * np.linalg.norm(found.x)


@both
def test_limits_and_callback(method):
    f, _, _ = spd_problem()
    seen = []
    found = method(
        f, np.zeros(20), L=1.0, callback=lambda state: seen.append(state) or len(seen) == 5
    )
    assert (found.reason, found.iterations) == (Reason.STOPPED_BY_CALLBACK, 5)
    assert [state.iteration for state in seen] == [1, 2, 3, 4, 5]
    assert [state.gradient_norm for state in seen] == found.history[1:].tolist()
    assert [state.value for state in seen] == found.values[1:].tolist()
    assert method(f, np.zeros(20), L=1.0, time_limit=0.0).reason is Reason.TIME_LIMIT
    none = method(f, np.zeros(20), L=1.0, maxiter=0)
    assert (none.reason, none.iterations, none.evaluations) == (Reason.MAXITER, 0, 1)


@both
def test_a_step_with_a_known_constant_costs_one_evaluation(method):
    f, _, _ = spd_problem()
    found = method(f, np.zeros(20), L=2.0, maxiter=100)
    assert (found.iterations, found.evaluations) == (100, 101)


@both
def test_a_search_about_doubles_the_evaluations(method):
    f, _, _ = spd_problem()
    found = method(f, np.zeros(20), maxiter=100)
    assert found.iterations == 100
    # the start, six probes; the constant is halved once a step by one method, never by the other,
    # and rises from at least mu = 1e-3 to at most 4, which is 12 doublings
    assert found.evaluations <= 1 + 6 + 2 * (100 + 12)


@both
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("preconditioned", [False, True])
def test_a_constant_that_is_right_is_never_doubted(method, seed, preconditioned):
    f, A, _ = spd_problem(condition=30, seed=seed)
    M = gallery.spd(np.linspace(1, 2, 20), rng=1) if preconditioned else np.eye(20)
    # condition 60 at most: 5000 steps reduce the gradient by exp(-80)
    found = method(f, np.zeros(20), M=M, L=constants(A, M)[0], rtol=1.01 * EPS, maxiter=5000)
    assert found.reason in (Reason.CONVERGED, Reason.STAGNATED, Reason.MAXITER)
    assert found.gradient_norm <= 1e-13 * np.linalg.norm(f.b)


def test_float32_stays_float32():
    A, b = np.diag(np.float32([4, 1])), np.float32([4, 1])
    for method in METHODS:
        for M in (None, krylov_step(A, 1)):
            if M is not None and method is fast_gradient_method:
                continue
            found = method(Quadratic(A, b), np.zeros(2, dtype=np.float32), M=M, rtol=1e-5)
            assert found.converged
            assert found.x.dtype == np.float32


def test_precision_is_the_common_one():
    found = gradient_method(Quadratic(np.eye(2), [1, 2]), np.zeros(2, dtype=np.float32), L=1.0)
    assert found.x.dtype == np.float64


@both
@with_and_without_L
def test_backends(backend, method, known, rng):
    A, y = rng.standard_normal((12, 3)), np.sign(rng.standard_normal(12))
    problems = [
        (Quadratic, (np.diag([4.0, 2.0, 1.0]), np.ones(3)), {}),
        (logistic_regression, (A, y), {"ridge": 0.1}),
        (soft_maximum, (A, y), {"ridge": 0.1}),
    ]
    for make, arguments, options in problems:
        f = make(*(backend.asarray(x) for x in arguments), **options)
        host = make(*arguments, **options)
        x0 = backend.asarray(np.full(3, 0.5))
        L = np.linalg.eigvalsh(host.curvature @ np.eye(3))[-1] if known else None
        found = method(f, x0, L=L, M=backend.asarray(np.eye(3)))
        reference = method(host, np.full(3, 0.5), L=L, M=np.eye(3))
        backend.assert_same_kind(found.x, x0)
        assert isinstance(found.history, np.ndarray)
        # both have gradients below rtol times a gradient of size 1, and curvature above 0.1
        np.testing.assert_allclose(backend.to_host(found.x), reference.x, rtol=0, atol=1e-4)


def test_krylov_step_on_backends(backend):
    B, g = np.diag([4.0, 2.0, 1.0]), np.ones(3)
    z = krylov_step(backend.asarray(B), 2) @ backend.asarray(g)
    np.testing.assert_allclose(backend.to_host(z), [0.25, 0.5, 1], rtol=1e-13)


def test_sparse_data(rng):
    A = sparse.random_array((30, 5), density=0.4, rng=rng)
    y = np.sign(rng.standard_normal(30))
    found, dense = (
        gradient_method(logistic_regression(X, y, ridge=0.1), np.zeros(5)) for X in (A, A.toarray())
    )
    np.testing.assert_allclose(found.x, dense.x, rtol=1e-4)


@both
@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"L": 0.0}, "L must be positive"),
        ({"L": np.nan}, "L must be positive"),
        ({"rtol": -1.0}, "rtol"),
        ({"maxiter": -1}, "maxiter"),
        ({"M": np.eye(3)}, "M of shape"),
        ({"x0": np.zeros((2, 2))}, "x0 must be of shape"),
        ({"x0": [np.nan, 0]}, "x0 has NaN"),
        ({"x0": np.zeros(3)}, "shape"),
    ],
)
def test_bad_arguments_are_refused(method, options, match):
    f = Quadratic(np.eye(2), [1, 1])
    with pytest.raises(ValueError, match=match):
        method(f, **({"x0": np.zeros(2)} | options))


def test_more_bad_arguments_are_refused():
    f = Quadratic(np.eye(2), [1, 1])
    with pytest.raises(TypeError, match="real"):
        gradient_method(f, [1j, 0])
    for mu in (-1.0, 3.0):
        with pytest.raises(ValueError, match="mu must be"):
            fast_gradient_method(f, np.zeros(2), L=2.0, mu=mu)
    with pytest.raises(ValueError, match="linear and fixed"):
        fast_gradient_method(f, np.zeros(2), M=krylov_step(np.eye(2), 1))
    with pytest.raises(ValueError, match="degree"):
        krylov_step(np.eye(2), -1)
    with pytest.raises(ValueError, match="square"):
        krylov_step(np.ones((2, 3)), 1)
    with pytest.raises(ValueError, match="one vector"):
        krylov_step(np.eye(2), 1) @ np.ones((2, 2))
    with pytest.raises(ValueError, match="square"):
        Quadratic(np.ones((2, 3)), [1, 1])
    with pytest.raises(ValueError, match="label"):
        Logistic([0, 1])
    with pytest.raises(ValueError, match="y must be of shape"):
        Logistic([])
    with pytest.raises(ValueError, match="s must be positive"):
        SoftMaximum([1.0], s=0.0)
    with pytest.raises(ValueError, match="ridge"):
        logistic_regression(np.eye(2), [1, -1], ridge=-1.0)
    with pytest.raises(ValueError, match="doesn't fit a loss"):
        soft_maximum(np.eye(2), np.zeros(3))


def test_inputs_are_not_changed():
    f, A, _ = spd_problem()
    x0, M = np.ones(20), metric(20)
    copies = [array.copy() for array in (x0, M, A)]
    for method in METHODS:
        method(f, x0, M=M, maxiter=10)
    for array, copy in zip((x0, M, A), copies, strict=True):
        assert (array == copy).all()


def test_krylov_step_says_that_it_is_neither_linear_nor_fixed():
    M = krylov_step(np.eye(2), 1)
    assert isinstance(M, Preconditioner)
    assert not M.is_linear
    assert not M.is_fixed
