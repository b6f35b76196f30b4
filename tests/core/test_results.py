"""`Solution` and `Reason`: what every solver returns."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from resolvent import ConvergenceError, Reason, Solution


def solution(reason, **fields):
    given = {"x": np.ones(2), "iterations": 3, "matvecs": 4, "residual_norm": 0.5}
    return Solution(reason=reason, **(given | fields))


def test_only_converged_is_converged():
    assert [reason for reason in Reason if solution(reason).converged] == [Reason.CONVERGED]


def test_raise_if_failed_returns_the_solution_itself_once_converged():
    sol = solution(Reason.CONVERGED)
    assert sol.raise_if_failed() is sol


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.CONVERGED])
def test_failure_raises_with_the_name_and_the_advice(reason):
    with pytest.raises(ConvergenceError) as caught:
        solution(reason).raise_if_failed()
    assert reason.name in str(caught.value)
    assert reason.advice in str(caught.value)


def test_every_reason_has_its_own_advice():
    # An Enum makes two members of equal value one.
    wanted = {
        *("CONVERGED", "MAXITER", "STAGNATED", "INDEFINITE_OPERATOR", "INDEFINITE_PRECONDITIONER"),
        *(
            "BREAKDOWN",
            "DIVERGED",
            "NONFINITE",
            "TIME_LIMIT",
            "STOPPED_BY_CALLBACK",
            "INCONSISTENT",
        ),
    }
    assert {reason.name for reason in Reason} == wanted


def test_a_solution_is_frozen():
    with pytest.raises(FrozenInstanceError):
        solution(Reason.CONVERGED).iterations = 0


@pytest.mark.parametrize("again", [copy.deepcopy, lambda sol: pickle.loads(pickle.dumps(sol))])
def test_a_solution_can_be_copied_and_sent(again):
    assert again(solution(Reason.MAXITER)).reason is Reason.MAXITER


@pytest.mark.parametrize(
    ("norms", "shown"), [(0.5, "5.0e-01"), (np.array([0.1, 3.0]), "3.0e+00"), (np.empty(0), "0.0")]
)
def test_repr_is_one_line_with_the_worst_residual(norms, shown):
    text = repr(solution(Reason.STAGNATED, residual_norm=norms, x=np.zeros(10_000)))
    assert "STAGNATED after 3 iterations" in text
    assert f"residual norm {shown}" in text
    assert "\n" not in text
