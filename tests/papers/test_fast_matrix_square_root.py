"""The experiment's settings and measures; what it finds is checked by ``resolvent check``."""

from contextlib import suppress
from itertools import chain

import array_api_compat.numpy as xp
import numpy as np
import pytest

from resolvent.errors import UntrustedResultError
from resolvent.linalg import gallery, sqrtm
from resolvent.linalg.roots import NewtonSchulz, Pade, Taylor
from resolvent.papers.fast_matrix_square_root import methods
from resolvent.papers.fast_matrix_square_root.backward import steps_until
from resolvent.papers.fast_matrix_square_root.normalisers import FAMILIES, predicted_error
from resolvent.papers.fast_matrix_square_root.whitening import colour

EPS = np.finfo(float).eps
ORDER = 12


class Counted(np.ndarray):
    """A matrix that counts products of its own order."""

    cost = 0.0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [np.asarray(x) if isinstance(x, Counted) else x for x in inputs]
        if ufunc is np.matmul and all(np.shape(x) == (ORDER, ORDER) for x in plain):
            Counted.cost += 1
        result = getattr(ufunc, method)(*plain, **kwargs)
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def counting(function, cost):
    def counted(A, *rest):
        Counted.cost += cost * A.size / ORDER**2
        return function(np.asarray(A), *rest).view(Counted)

    return counted


def test_settings_are_the_published_ones():
    assert Taylor(degree=10) == methods.MTP
    assert Pade(order=5, normaliser="frobenius", form="rational") == methods.MPA
    assert NewtonSchulz(steps=5, normaliser="trace") == methods.NEWTON_SCHULZ
    assert methods.BACKWARD_STEPS == 8


@pytest.mark.parametrize("method", [*chain(*FAMILIES.values()), methods.MPA], ids=str)
def test_stated_costs_are_what_the_methods_spend(method, monkeypatch):
    monkeypatch.setattr(xp.linalg, "solve", counting(np.linalg.solve, methods.SOLVE))
    monkeypatch.setattr(xp.linalg, "inv", counting(np.linalg.inv, methods.INVERSE))
    # condition 1e8, where no minimax schedule is over early; inaccurate roots cost as much
    A = gallery.spd(gallery.logspaced(ORDER, 1e8), rng=0).view(Counted)
    Counted.cost = 0.0
    with suppress(UntrustedResultError):
        sqrtm(A, method=method)
    assert pytest.approx(methods.products(method)) == Counted.cost


def test_cost_of_an_open_ended_iteration_is_refused():
    with pytest.raises(ValueError, match="depends on the matrix"):
        methods.products(NewtonSchulz())


def test_square_of_eigh_root_is_the_matrix(rng):
    A = methods.gaussian(xp, rng, 3, 8, 20)
    X = methods.eigh_root(A)
    # an eigendecomposition is backward stable: n eps, with a factor for the two products
    assert np.max(methods.relative_error(X @ X, A)) <= 10 * 8 * EPS


def test_relative_error_of_a_multiple_is_its_distance_from_one(rng):
    X = rng.standard_normal((2, 3, 3))
    assert methods.relative_error(1.25 * X, X) == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize("order", [1, 5, 8])
def test_predicted_error_is_that_of_the_scalar_approximant(order):
    x = np.array([1e-3, 0.1, 0.7, 3.0])
    N = 2 * order + 1
    plus, minus = (1 + np.sqrt(x)) ** N, (1 - np.sqrt(x)) ** N
    # eps times a few operations, amplified where plus and minus nearly cancel: N sqrt(x) >= 0.09
    assert (plus + minus) / (plus - minus) - 1 == pytest.approx(
        predicted_error(x, order), rel=1e3 * EPS, abs=1e3 * EPS
    )


def test_predicted_error_is_symmetric_in_the_logarithm():
    x = np.array([2.0, 30.0])
    assert predicted_error(1 / x, 5) == pytest.approx(
        -predicted_error(x, 5) / (1 + predicted_error(x, 5)), rel=1e3 * EPS
    )


def test_colour_is_zero_for_white_and_one_for_nothing():
    assert colour(np.eye(4)) == 0
    assert colour(np.zeros((4, 4))) == 1


def test_steps_until_counts_from_one_and_is_infinite_if_never():
    errors = np.array([1.0, 1e-3, 1e-7, 1e-15])
    assert steps_until(errors, 1e-6) == 3
    assert steps_until(errors, 1e-20) == np.inf


def test_race_returns_the_result_of_every_runner():
    seconds, results = methods.race([lambda: np.eye(2), lambda: 2 * np.eye(2)], rounds=2)
    assert [float(X[0, 0]) for X in results] == [1, 2]
    assert np.all(seconds > 0)
