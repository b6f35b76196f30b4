"""Partners: optimal, or drawn from the plan, with the certificate of the plan beside them."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from resolvent.results import Reason
from resolvent.solvers.transport import couple, sinkhorn_newton


def distances(x0, x1):
    return ((x0[..., :, None, :] - x1[..., None, :, :]) ** 2).sum(axis=-1)


def test_exact_partners_are_those_of_the_assignment(backend, rng):
    x0, x1 = rng.standard_normal((2, 5, 20, 3))
    couplings = couple(backend.asarray(x0), backend.asarray(x1), method="exact")
    partners = backend.to_host(couplings.partners)
    for k in range(5):
        np.testing.assert_array_equal(
            partners[k], linear_sum_assignment(distances(x0[k], x1[k]))[1]
        )
    assert couplings.converged
    assert not couplings.marginal_errors.any()
    assert not couplings.iterations.any()


@pytest.mark.parametrize("method", ["sinkhorn", "exact"])
def test_costs_are_those_of_the_pairs(backend, method, rng):
    x0, x1 = rng.standard_normal((2, 2, 3, 11, 4))
    there = backend.asarray(x0)
    couplings = couple(there, backend.asarray(x1), method=method, rng=0)
    backend.assert_same_kind(couplings.costs, there)
    partners = backend.to_host(couplings.partners)
    assert partners.shape == couplings.costs.shape == (2, 3, 11)
    wanted = np.take_along_axis(distances(x0, x1), partners[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(backend.to_host(couplings.costs), wanted, rtol=1e-14)


def test_partners_are_drawn_from_the_plan(rng):
    x0, x1 = rng.standard_normal((2, 6, 2))
    draws, reg = 20_000, 1.0
    couplings = couple(*(np.broadcast_to(x, (draws, 6, 2)) for x in (x0, x1)), reg=reg, rng=1)
    P = 6 * sinkhorn_newton(distances(x0, x1), reg=reg).plan()
    counts = (couplings.partners[..., None] == np.arange(6)).sum(axis=0)
    z = (counts - draws * P) / np.sqrt(draws * P * (1 - P))
    assert np.abs(z).max() < 4.5  # 36 normal variables exceed it once in 4000 seeds
    assert 0.5 < np.mean(z**2) < 1.6  # 30 degrees of freedom
    columns = counts.sum(axis=0)
    np.testing.assert_allclose(columns, draws, atol=4.5 * np.sqrt(6 * draws * 0.25))


def test_draws_are_independent_between_points():
    x = np.zeros((4000, 2, 1))  # all pairs cost the same, so all partners are as likely
    partners = couple(x, x, reg=1.0, rng=3).partners
    both = np.mean(partners[:, 0] == partners[:, 1])
    assert abs(both - 0.5) < 4.5 * 0.5 / np.sqrt(4000)


def test_a_seed_draws_the_same_partners_everywhere(backend, rng):
    x0, x1 = rng.standard_normal((2, 4, 15, 3))
    found = couple(backend.asarray(x0), backend.asarray(x1), reg=0.5, tol=1e-10, rng=7)
    host = couple(x0, x1, reg=0.5, tol=1e-10, rng=7)
    # plans differ by 1e-8, so that one number in 1e8 falls between their sums
    np.testing.assert_array_equal(backend.to_host(found.partners), host.partners)
    other = couple(x0, x1, reg=0.5, rng=8)
    assert (other.partners != host.partners).any()


def test_a_generator_goes_on(rng):
    x0, x1 = rng.standard_normal((2, 30, 2))
    generator = np.random.default_rng(0)
    first, second = (couple(x0, x1, reg=5.0, rng=generator).partners for _ in range(2))
    assert (first != second).any()


def test_small_regularisation_draws_the_optimal_permutation(rng):
    x0, x1 = rng.standard_normal((2, 6, 16, 2))
    exact = couple(x0, x1, method="exact")
    drawn = couple(x0, x1, reg=1e-4, rng=0)
    assert drawn.converged
    assert np.mean(drawn.partners == exact.partners) > 0.9
    independent = distances(x0, x1).mean()
    assert exact.costs.mean() <= drawn.costs.mean() + 1e-3 < independent


def test_the_certificate_belongs_to_each_batch(rng):
    x0, x1 = rng.standard_normal((2, 3, 24, 2))
    couplings = couple(x0, x1, reg=[100.0, 1e-3, 1e-3], maxiter=9, rng=0)
    assert list(couplings.reasons) == [Reason.CONVERGED, Reason.MAXITER, Reason.MAXITER]
    assert couplings.reason is Reason.MAXITER
    assert couplings.marginal_errors[0] <= 1e-6 < couplings.marginal_errors[1:].min()
    assert ((couplings.partners >= 0) & (couplings.partners < 24)).all()


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_points_change_nothing(factor, rng):
    x0, x1 = rng.standard_normal((2, 4, 12, 2))
    plain, scaled = couple(x0, x1, rng=0), couple(factor * x0, factor * x1, rng=0)
    np.testing.assert_array_equal(scaled.partners, plain.partners)
    np.testing.assert_allclose(scaled.costs, factor**2 * plain.costs, rtol=1e-13)


def test_a_shift_far_away_changes_nothing(rng):
    x0, x1 = rng.standard_normal((2, 4, 12, 2))
    far = couple(x0 + 1e6, x1 + 1e6, method="exact")
    np.testing.assert_array_equal(far.partners, couple(x0, x1, method="exact").partners)


def test_one_point_is_its_own_partner():
    couplings = couple(np.ones((3, 1, 2)), np.zeros((3, 1, 2)))
    np.testing.assert_array_equal(couplings.partners, np.zeros((3, 1)))
    np.testing.assert_array_equal(couplings.costs, np.full((3, 1), 2.0))


@pytest.mark.parametrize("method", ["sinkhorn", "exact"])
def test_points_that_coincide_are_no_trouble(method):
    couplings = couple(np.ones((2, 5, 3)), np.ones((2, 5, 3)), method=method)
    assert couplings.converged
    assert not couplings.costs.any()


@pytest.mark.parametrize("method", ["sinkhorn", "exact"])
def test_an_empty_batch_has_no_partners(backend, method):
    x = backend.asarray(np.empty((0, 4, 2)))
    couplings = couple(x, x, method=method)
    assert couplings.converged
    assert couplings.partners.shape == (0, 4)


def test_single_precision_points_have_costs_of_their_own(rng):
    x0, x1 = rng.standard_normal((2, 2, 9, 2)).astype(np.float32)
    couplings = couple(x0, x1, rng=0)
    assert couplings.costs.dtype == np.float32
    assert couplings.partners.dtype == np.int64


@pytest.mark.parametrize(
    ("x0", "x1", "options", "message"),
    [
        (np.ones((3, 2)), np.ones((4, 2)), {}, "of one shape"),
        (np.ones((3, 2)), np.ones((3, 1)), {}, "of one shape"),
        (np.ones((0, 2)), np.ones((0, 2)), {}, "of one shape"),
        (np.ones(3), np.ones(3), {}, "x0 must be a matrix"),
        (np.ones((3, 2)) * 1j, np.ones((3, 2)), {}, "real points"),
        ([[np.nan]], [[0.0]], {}, "x0 has NaN"),
        ([[0.0]], [[np.inf]], {}, "x1 has NaN"),
        ([[0.0]], [[1.0]], {"method": "stable"}, "'exact'"),
        ([[0.0]], [[1.0]], {"reg": -1.0}, "reg must be positive"),
        ([[0.0]], [[1.0]], {"tol": 0.0}, "tol"),
    ],
)
def test_bad_input_gets_a_clear_error(x0, x1, options, message):
    with pytest.raises(ValueError, match=message):
        couple(x0, x1, **options)
