"""The empirical interpolation method: what elimination, interpolation and a greedy choice imply."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from resolvent.errors import UntrustedResultError
from resolvent.linalg import GappyInterpolant, eim, geim
from resolvent.results import Reason

EPS = np.finfo(float).eps


def peak(x, mu):
    """A bump that moves, widens and oscillates: 42 terms for 12 digits."""
    return np.exp(-(((x - mu) / (0.05 + 0.2 * mu)) ** 2)) * np.cos(20 * mu * x)


def family(N=600, n=80):
    x, mu = np.linspace(-1, 1, N), np.linspace(0.01, 1, n)
    return peak(x[:, None], mu), x, mu


def sharp(N=2000, n=300):
    """Narrow bumps: more than 60 terms before rounding."""
    x, mu = np.linspace(0, 1, N), np.linspace(0, 1, n)
    return np.exp(-(((x[:, None] - mu) / 0.02) ** 2))


def test_the_published_step_is_taken():
    f, _, _ = family()
    R, found = f.copy(), eim(f, tol=0, max_terms=12)
    for k in range(12):
        j = np.argmax(np.abs(R).max(axis=0))
        i = np.argmax(np.abs(R[:, j]))
        assert (i, j) == (found.points[k], found.params[k])
        assert found.history[k] == pytest.approx(np.abs(R).max(), rel=1e-12)
        q = R[:, j] / R[i, j]
        np.testing.assert_allclose(found.basis[:, k], q, atol=1e-12)
        R = R - np.outer(q, R[i])
    assert found.history[12] == pytest.approx(np.abs(R).max(), rel=1e-10)


def test_points_equal_those_of_pymor():
    ei = pytest.importorskip("pymor.algorithms.ei", reason="pyMOR is not installed")
    from pymor.vectorarrays.numpy import NumpyVectorSpace

    x, mu = np.linspace(-1, 1, 5000), np.linspace(0.01, 1, 200)
    f = peak(x[:, None], mu)
    fields = NumpyVectorSpace.from_numpy(f)
    points, _, _ = ei.ei_greedy(fields, error_norm="sup", max_interpolation_dofs=50)
    np.testing.assert_array_equal(eim(f, tol=0, max_terms=50).points, points)


@pytest.mark.parametrize("norm", ["sup", "l2", lambda R: np.abs(R).sum(axis=0)])
def test_basis_is_one_at_its_point_and_zero_at_those_before(norm):
    found = eim(sharp(), tol=0, max_terms=60, norm=norm)
    assert found.points.size == 60
    assert np.max(np.abs(np.triu(found.triangle, 1))) <= 1e-14
    assert np.all(np.diag(found.triangle) == 1)
    assert np.all(np.abs(found.basis) <= 1 + 1e-12)
    np.testing.assert_array_equal(found.basis[found.points], found.triangle)


def test_the_factors_are_those_of_the_snapshots_at_the_points():
    f = sharp()
    found = eim(f, tol=0, max_terms=60)
    F = f[np.ix_(found.points, found.params)]
    # an LU factorisation with pivots of modulus one at most: n eps norm(F)
    bound = 60 * EPS * np.abs(F).max()
    assert np.max(np.abs(F - found.triangle @ found.upper)) <= bound
    sign, logarithm = np.linalg.slogdet(F)
    assert np.log(np.abs(found.pivots)).sum() == pytest.approx(logarithm, rel=1e-6)
    assert np.prod(np.sign(found.pivots)) == sign


def test_it_is_elimination_with_complete_pivoting():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((12, 12))
    found = eim(A, tol=0)
    assert sorted(found.points) == sorted(found.params) == list(range(12))
    R = A.copy()
    for i, j in zip(found.points, found.params, strict=True):
        assert np.abs(R[i, j]) == pytest.approx(np.abs(R).max(), rel=1e-12)
        R -= np.outer(R[:, j] / R[i, j], R[i])


def test_snapshots_are_reproduced_and_points_interpolated():
    f, x, _ = family()
    found = eim(f, tol=1e-10)
    again = found(f[found.points])
    # what the greedy choice says is left, and rounding times the Lebesgue constant
    slack = found.lebesgue() * 100 * EPS
    assert np.max(np.abs(again - f)) <= found.history[-1] + slack
    assert np.max(np.abs((again - f)[:, found.params])) <= slack
    new = peak(x, 0.123)
    assert np.max(np.abs(found(new[found.points])[found.points] - new[found.points])) <= slack


def test_weights_of_snapshots_and_the_symmetric_form_are_the_classical_one():
    f, x, _ = family()
    found = eim(f, tol=1e-8)
    new = peak(x, 0.377)[found.points]
    by_weights = f[:, found.params] @ found.weights(new)
    # norm(f) norm(β) eps, with room for the rounding of a sum of 30 terms
    bound = 30 * EPS * np.abs(found.weights(new)).sum()
    assert np.max(np.abs(by_weights - found(new))) <= bound
    assert np.max(np.abs(found.symmetric(f[:, found.params], new) - found(new))) <= bound
    unit = found.weights(f[found.points][:, found.params])
    F = f[np.ix_(found.points, found.params)]
    np.testing.assert_allclose(unit, np.eye(len(unit)), atol=EPS * np.linalg.cond(F))


def test_symmetric_form_of_the_transpose():
    f, _, _ = family(120, 90)
    by_rows, by_columns = eim(f, tol=1e-6), eim(f.T, tol=1e-6)
    np.testing.assert_array_equal(by_rows.points, by_columns.params)
    a = by_rows.symmetric(f[:, by_rows.params], f[by_rows.points])
    b = by_columns.symmetric(f.T[:, by_columns.params], f.T[by_columns.points])
    np.testing.assert_allclose(a, b.T, atol=1e-9)


def test_the_error_is_bounded_by_the_lebesgue_constant_and_the_best_approximation():
    f, x, _ = family()
    for terms in (3, 8, 20):
        found = eim(f, tol=0, max_terms=terms)
        new = np.stack([peak(x, mu) for mu in (0.05, 0.41, 0.93)], axis=1)
        error = np.max(np.abs(new - found(new[found.points])), axis=0)
        fit = np.linalg.lstsq(found.basis, new, rcond=None)[0]
        # a least-squares fit is no better in the maximum norm than the best approximation
        best = np.max(np.abs(new - found.basis @ fit), axis=0)
        assert np.all(error <= (1 + found.lebesgue()) * best + 1e-13)
        assert found.lebesgue() <= 2**terms - 1


def test_error_estimate_is_exact_where_one_term_more_makes_the_field_exact():
    f, _, _ = family()
    found = eim(f, tol=0, max_terms=9)
    more = eim(f, tol=0, max_terms=10)
    fields = more.basis @ np.arange(1.0, 11.0)
    values = fields[np.append(found.points, found.next_point)]
    error = np.max(np.abs(fields - found(fields[found.points])))
    assert found.error_estimate(values) == pytest.approx(error, rel=1e-10)


def test_truncation_is_what_fewer_terms_give():
    f, x, _ = family()
    cut, few = eim(f, tol=0, max_terms=25).truncate(7), eim(f, tol=0, max_terms=7)
    for name in ("points", "params", "basis", "triangle", "upper", "history"):
        np.testing.assert_allclose(getattr(cut, name), getattr(few, name), rtol=1e-13)
    assert cut.next_point == few.next_point
    assert cut.floor == pytest.approx(few.floor)
    values = peak(x, 0.3)[np.append(cut.points, cut.next_point)]
    assert cut.error_estimate(values) == pytest.approx(few.error_estimate(values), rel=1e-10)


def test_error_splits_into_projection_and_interpolation():
    f, x, _ = family()
    found = eim(f, tol=0, max_terms=15)
    new = np.stack([peak(x, 0.37), peak(x, 0.81)], axis=1)
    split = found.errors(new)
    size = np.linalg.norm(new, axis=0)
    total = np.linalg.norm(new - found(new[found.points]), axis=0) / size
    Q = np.linalg.qr(found.basis)[0]
    projection = np.linalg.norm(new - Q @ (Q.T @ new), axis=0) / size
    np.testing.assert_allclose(split.total, total)
    np.testing.assert_allclose(split.projection, projection, rtol=1e-8)
    np.testing.assert_allclose(split.total**2, split.projection**2 + split.interpolation**2)
    assert np.all(found.errors(found.basis).total <= 100 * split.floor)


def test_a_function_chooses_what_its_array_does():
    f, x, mu = family()
    by_array, by_function = eim(f, tol=1e-9), eim(peak, points=x, params=mu, tol=1e-9)
    np.testing.assert_array_equal(by_array.points, by_function.points)
    np.testing.assert_array_equal(by_array.params, by_function.params)
    # what is left is known up to the floor, and is divided by the pivots
    bound = by_array.floor / np.abs(by_array.pivots)
    assert np.all(np.abs(by_array.basis - by_function.basis) <= bound)
    assert np.all(np.abs(by_array.history - by_function.history) <= by_array.floor)
    assert np.all(np.triu(by_function.triangle, 1) == 0)


def test_a_function_may_be_exhausted():
    x = np.linspace(0, 1, 20)
    powers = eim(lambda x, m: x**m, points=x, params=[2, 1, 0])
    assert powers.reason is Reason.CONVERGED
    assert sorted(powers.params) == [0, 1, 2]
    same = eim(lambda x, _: np.ones_like(x), points=x, params=[0, 1, 2])
    assert same.points.size == 1
    assert same.reason is Reason.CONVERGED
    assert eim(lambda x, _: 0 * x, points=x, params=[0]).points.size == 0


def test_rounding_ends_the_choice_and_nothing_is_chosen_twice():
    f, x, mu = family()
    for found in (eim(f, tol=0), eim(f, tol=0, norm="l2"), eim(peak, points=x, params=mu, tol=0)):
        assert found.reason is Reason.STAGNATED
        assert np.unique(found.points).size == np.unique(found.params).size == found.points.size
        assert 1e-16 < found.floor < 1e-13
        assert np.abs(found.pivots).min() > 0
        assert found.next_point == -1
        assert "STAGNATED" in repr(found)
        with pytest.raises(ValueError, match="no next point"):
            found.error_estimate(np.ones(found.points.size + 1))


def test_low_rank_ends_after_its_rank():
    rng = np.random.default_rng(3)
    f = rng.standard_normal((90, 4)) @ rng.standard_normal((4, 30))
    found = eim(f, tol=1e-12)
    assert found.reason is Reason.CONVERGED
    assert found.points.size == 4


def test_repeated_fields_and_points_are_chosen_once():
    f = np.repeat(np.repeat(np.random.default_rng(0).standard_normal((3, 3)), 4, 0), 5, 1)
    found = eim(f, tol=0)
    assert found.points.size == 3
    np.testing.assert_allclose(found(f[found.points]), f, atol=1e-14)


def test_fields_of_zeros_take_no_term():
    found = eim(np.zeros((7, 3)))
    assert found.reason is Reason.CONVERGED
    assert found.basis.shape == (7, 0)
    assert found(np.empty((0, 2))).shape == (7, 2)
    assert found.lebesgue() == 0
    assert found.next_point == -1


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1)])
def test_one_point_or_one_field(shape):
    f = np.arange(1.0, 7.0)[: max(shape)].reshape(shape)
    found = eim(f)
    assert found.points.size == 1
    np.testing.assert_allclose(found(f[found.points]), f)


@pytest.mark.parametrize(
    ("dtype", "exponent"),
    [("float64", -500), ("float64", 500), ("float64", 1023), ("float32", 127), ("float32", -90)],
)
@pytest.mark.parametrize("norm", ["sup", "l2"])
def test_scale_does_not_matter(dtype, exponent, norm):
    f = family(200, 40)[0].astype(dtype)
    f = np.where(np.abs(f) > 1e-10, f, 0).astype(dtype)  # what a small scale would round
    tol = 1e5 * np.finfo(dtype).eps
    near, far = eim(f, norm=norm, tol=tol), eim(np.ldexp(f, exponent), norm=norm, tol=tol)
    np.testing.assert_array_equal(near.points, far.points)
    np.testing.assert_array_equal(near.basis, far.basis)
    assert far.reason is Reason.CONVERGED
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(np.ldexp(near.history, exponent), far.history, rtol=1e-6)


def test_a_largest_number_that_leaves_the_range_in_a_step():
    big = np.finfo(float).max / 3
    found = eim([[big, -big], [-big, -big]])
    assert found.points.size == 2
    assert found.history[-1] == 0
    with pytest.raises(UntrustedResultError, match="range"):
        eim([[2 * big, -2 * big], [-2 * big, -2 * big]])


def test_many_squares_are_summed_in_double_precision():
    f = np.ones((1_000_000, 1), dtype=np.float32)
    assert eim(f, norm="l2").history[0] == pytest.approx(1e3, rel=1e-6)


@pytest.mark.parametrize("norm", ["sup", "l2"])
def test_compiled_passes_choose_what_array_operations_do(norm):
    f, _, _ = family()
    compiled = eim(f, norm=norm, tol=1e-9)
    by = {"sup": lambda R: np.abs(R).max(axis=0), "l2": lambda R: np.linalg.norm(R, axis=0)}[norm]
    plain = eim(f, norm=by, tol=1e-9)
    np.testing.assert_array_equal(compiled.points, plain.points)
    np.testing.assert_allclose(compiled.history, plain.history, rtol=1e-4)


def test_many_rows_are_shared_by_threads():
    f, _, _ = family(6000, 60)
    found = eim(f, tol=1e-10)
    assert np.max(np.abs(found(f[found.points]) - f)) <= 2 * found.history[-1]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_every_library_chooses_the_same(backend, dtype):
    f, _, _ = family(150, 30)
    if dtype.startswith("complex"):
        f = f * np.exp(1j * np.linspace(0, 3, 30)) + 1j * f[::-1]
    given = backend.asarray(f.astype(dtype))
    unit = np.finfo(dtype).eps
    found = eim(given, tol=1e5 * unit)
    assert found.reason is Reason.CONVERGED
    backend.assert_same_kind(found.basis, given)
    points = backend.xp.asarray(found.points, device=backend.device)
    again = found(backend.xp.take(given, points, axis=0))
    backend.assert_same_kind(again, given)
    error = np.max(np.abs(backend.to_host(again) - f))
    assert error <= (found.history[-1] + 100 * unit * found.lebesgue()) * 1.01
    assert isinstance(found.points, np.ndarray)


def test_complex_values_of_a_real_basis():
    f, x, _ = family()
    found = eim(f, tol=1e-10)
    mixed = peak(x, 0.3) + 1j * peak(x, 0.7)
    np.testing.assert_allclose(found(mixed[found.points]), mixed, atol=1e-9)


def test_functionals_interpolate_what_they_measure():
    f, _, _ = family()
    averages = np.kron(np.eye(100), np.full((1, 6), 1 / 6))
    found = geim(f, averages, tol=1e-9)
    values = (averages @ f)[found.points]
    again = found(values)
    np.testing.assert_allclose((averages @ again)[found.points], values, atol=1e-12)
    assert np.max(np.abs(again - f)) <= found.history[-1] * 1.1
    triangle = (averages @ found.basis)[found.points]
    assert np.all(np.abs(triangle - found.triangle) <= found.floor / np.abs(found.pivots))
    assert np.all(np.triu(found.triangle, 1) == 0)
    split = found.errors(f[:, :5])
    np.testing.assert_allclose(
        split.total,
        np.linalg.norm((again - f)[:, :5], axis=0) / np.linalg.norm(f[:, :5], axis=0),
        atol=10 * EPS,
    )


def test_the_identity_as_functionals_is_the_classical_method():
    f, _, _ = family(100, 30)
    by_values, by_identity = eim(f), geim(f, np.eye(100))
    np.testing.assert_array_equal(by_values.points, by_identity.points)
    bound = by_identity.floor / np.abs(by_identity.pivots)
    assert np.all(np.abs(by_values.basis - by_identity.basis) <= bound)


def test_functionals_that_cancel_end_at_their_rounding():
    x, mu = np.linspace(0, 1, 400), np.linspace(0.1, 3, 60)
    f = np.exp(-np.outer(x, mu))
    found = geim(f, (np.eye(400) - np.eye(400, k=1))[:-1], tol=1e-12)
    assert found.reason is Reason.STAGNATED
    assert "sensors" in found.advice
    # differences of numbers of size one
    assert found.floor >= 2 * EPS
    assert np.abs(found.pivots).min() > 2 * EPS


@pytest.mark.parametrize("scale", [100.0, 1e-4])
def test_the_unit_of_functionals_does_not_matter(scale):
    f, _, _ = family()
    averages = np.kron(np.eye(100), np.full((1, 6), 1 / 6))
    near, far = geim(f, averages, tol=1e-6), geim(f, scale * averages, tol=1e-6)
    np.testing.assert_array_equal(near.points, far.points)
    assert far.lebesgue() == pytest.approx(near.lebesgue(), rel=1e-8)
    fields = np.random.default_rng(0).standard_normal((600, 50))
    error = np.max(np.abs(fields - near((averages @ fields)[near.points])), axis=0)
    fit = near.basis @ np.linalg.lstsq(near.basis, fields, rcond=None)[0]
    # a least-squares fit is no better in the maximum norm than the best approximation
    assert np.all(error <= (1 + near.lebesgue()) * np.max(np.abs(fields - fit), axis=0))


def test_functionals_that_see_nothing_are_named():
    found = geim(np.eye(4), np.zeros((2, 4)))
    assert found.reason is Reason.STAGNATED
    assert found.points.size == 0


@pytest.mark.parametrize("tol", [1e-6, 1e-12])
def test_broken_sensors_are_dropped_without_their_snapshots(tol):
    f, x, _ = family()
    found = eim(f, tol=tol)
    new = peak(x, 0.123)
    left = found.drop_points([2, 7])
    assert isinstance(left, GappyInterpolant)
    np.testing.assert_array_equal(left.points, np.delete(found.points, [2, 7]))
    # what is dropped from the singular values is max(m, M) eps of the largest
    slack = 1e3 * EPS * np.abs(new).max() * left.points.size
    assert np.max(np.abs(left(new[left.points])[left.points] - new[left.points])) <= slack
    whole = found.drop_points([])
    values = new[found.points]
    assert np.max(np.abs(whole(values) - found(values))) <= found.history[-1] + slack


@given(arrays(np.float64, (6, 5), elements=st.floats(-1, 1, allow_subnormal=False)))
def test_any_family_is_interpolated_up_to_what_is_left(f):
    found = eim(f, tol=1e-6)
    again = found(f[found.points])
    slack = 1e3 * EPS * max(1.0, found.lebesgue()) * max(np.abs(f).max(), 1e-300)
    assert np.max(np.abs(again - f), initial=0) <= found.history[-1] + slack


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"f": np.ones(3)}, ValueError, "f must be"),
        ({"f": np.ones((0, 3))}, ValueError, "at least one point"),
        ({"f": np.ones((3, 0))}, ValueError, "at least one point"),
        ({"f": [[np.nan, 1.0]]}, ValueError, "NaN"),
        ({"f": np.ones((3, 3)), "norm": "max"}, ValueError, "norm must be"),
        ({"f": np.ones((3, 3)), "tol": -1}, ValueError, "tol"),
        ({"f": np.ones((3, 3)), "max_terms": -1}, ValueError, "max_terms"),
        ({"f": np.ones((3, 3)), "functionals": np.ones((2, 4))}, ValueError, r"\(K, 3\)"),
        ({"f": np.ones((3, 3)), "points": [1]}, TypeError, "axes"),
        ({"f": np.ones((3, 2)), "norm": lambda R: np.abs(R).max(axis=1)}, ValueError, "norm"),
        ({"f": np.ones((3, 2)), "norm": lambda _: np.full(2, np.nan)}, ValueError, "norm"),
        ({"f": np.ones((3, 3)), "max_terms": 2.5}, TypeError, "max_terms"),
        ({"f": peak}, TypeError, "points and params"),
        ({"f": peak, "points": np.ones(3), "params": []}, ValueError, "params"),
        ({"f": lambda _, mu: mu, "points": 0, "params": [1.0]}, ValueError, r"one field \(N,\)"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, error, text):
    with pytest.raises(error, match=text):
        eim(**arguments)


def test_a_function_that_changes_its_shape_is_refused():
    with pytest.raises(ValueError, match="number 1"):
        eim(lambda _, mu: np.ones(mu), points=0, params=[3, 4])


def test_wrong_values_are_refused_by_name():
    found = eim(family()[0], tol=1e-3)
    for values in (np.ones(found.points.size + 1), np.full(found.points.size, np.nan)):
        with pytest.raises(ValueError, match="values"):
            found(values)
    with pytest.raises(ValueError, match="fields"):
        found.symmetric(np.ones((4, 1)), np.ones(found.points.size))
    for positions in ([99], [1.7], [True, False]):
        with pytest.raises(ValueError, match="positions"):
            found.drop_points(positions)
    with pytest.raises(ValueError, match="terms"):
        found.truncate(99)


@pytest.mark.parametrize("points", [[0, 0], [9], [-1], [0.5], [[1]]])
def test_wrong_points_are_refused_by_name(points):
    with pytest.raises(ValueError, match="points"):
        GappyInterpolant.of(np.eye(4), points)


def test_least_squares_recovers_what_the_basis_spans(backend):
    host = np.linalg.qr(np.random.default_rng(0).standard_normal((40, 5)))[0]
    basis = backend.asarray(host)
    fit = GappyInterpolant.of(basis, [1, 4, 9, 16, 25, 36, 39])
    field = basis @ backend.asarray([1.0, 2.0, 3.0, 4.0, 5.0])
    where = backend.xp.asarray(fit.points, device=backend.device)
    found = fit(backend.xp.take(field, where, axis=0))
    backend.assert_same_kind(found, basis)
    bound = 100 * EPS * fit.stability * 8
    assert np.max(np.abs(backend.to_host(found - field))) <= bound
    assert fit.rank == 5
    rows = host[fit.points]
    assert fit.stability == pytest.approx(1 / np.linalg.svd(rows)[1][-1], rel=1e-10)
    lebesgue = np.abs(host @ np.linalg.pinv(rows)).sum(axis=1).max()
    assert fit.lebesgue() == pytest.approx(lebesgue, rel=1e-10)


def test_no_points_and_no_basis_are_fields_of_zeros():
    assert np.all(GappyInterpolant.of(np.eye(3), [])(np.empty(0)) == 0)
    assert GappyInterpolant.of(np.empty((3, 0)), [1]).lebesgue() == 0
    assert GappyInterpolant.of(np.zeros((3, 2)), [1]).rank == 0
