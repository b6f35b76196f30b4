"""The experiment's measures; what it finds is checked by ``resolvent check``."""

import array_api_compat.numpy as xp
import numpy as np
import pytest

from resolvent.linalg import gallery
from resolvent.papers.riesz_collocation.approximation import claimed_order
from resolvent.papers.riesz_collocation.iterations import MATRICES, METHODS, steps_of_all
from resolvent.papers.riesz_collocation.symbol import central_gap


@pytest.mark.parametrize(("p", "order"), [(2, 2.5), (3, 2.5), (4, 4.5), (5, 4.5)])
def test_claimed_order_is_the_abstract_s(p, order):
    assert claimed_order(p, 1.5) == order


def test_central_gap_sees_a_changed_entry():
    problem = gallery.riesz_collocation(20, degree=3, alpha=1.5)
    assert central_gap(problem) < 1e-9
    N = len(problem.b)
    problem.A[N // 2, N // 2 + 3] += 1e-3
    assert central_gap(problem) == pytest.approx(1e-3, rel=1e-5)


def test_steps_are_counted_for_every_method_and_preconditioner(rng):
    problem = gallery.riesz_collocation(40, degree=2, alpha=1.5)
    steps = steps_of_all(xp, problem, rng)
    assert set(steps) == set(METHODS)
    for counts in steps.values():
        plain, chan, strang, tau = counts
        assert len(counts) == len(MATRICES)
        assert plain > max(chan, strang, tau)
        assert np.all(np.asarray(counts) <= 2 * len(problem.b))
