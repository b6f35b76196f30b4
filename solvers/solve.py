r"""One call for :math:`A x = b`: choose a solver and a preconditioner, and say why.

`resolvent.solvers.plans` has the order of the choices.

A choice that fails by its reason (indefinite, broken down, stagnated) is followed by the next one,
which begins at the iterate it left.

Cost: the attempts, one after the other, with the set-up of their preconditioners. What is found out
of a matrix with known entries costs a few passes over them.

Failure modes: of an A that is known by its products nothing can be found out: without ``assume`` it
is solved by GMRES(50), then IDR(8), even if it is Hermitian. A Hermitian A with a positive diagonal
is taken for positive definite until CG sees that it isn't. INCONSISTENT and MAXITER end the search:
no other solver is tried; nor after STAGNATED where ``rtol`` is below the rounding of the dtype.

Source: none; the order of the choices is this library's own.
"""

import time
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from resolvent.arrays import eps
from resolvent.drive import Callback
from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.results import Reason, Solution
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.plans import Plan, Structure, check_assumption, plans

__all__ = ["Attempt", "Choice", "solve"]

_WORTH_ANOTHER = (
    Reason.INDEFINITE_OPERATOR,
    Reason.INDEFINITE_PRECONDITIONER,
    Reason.BREAKDOWN,
    Reason.STAGNATED,
    Reason.DIVERGED,
    Reason.NONFINITE,
)


@dataclass(frozen=True)
class Attempt:
    """One solver that ran.

    Attributes
    ----------
    method, preconditioner : str
        Their names in this library; the preconditioner may be empty.
    why : str
        What spoke for it.
    outcome : Reason or str
        Why it ended, or the error that kept it from starting.
    iterations : int
        Its steps.
    """

    method: str
    preconditioner: str
    why: str
    outcome: Reason | str
    iterations: int


@dataclass(frozen=True)
class Choice:
    """What `solve` did; the last attempt gave the solution.

    Attributes
    ----------
    attempts : tuple of Attempt
        In the order in which they ran.
    """

    attempts: tuple[Attempt, ...]

    @property
    def method(self) -> str:
        """The solver that gave the solution."""
        return self.attempts[-1].method

    @property
    def preconditioner(self) -> str:
        """The preconditioner that went with it."""
        return self.attempts[-1].preconditioner

    @property
    def why(self) -> str:
        """What spoke for them."""
        return self.attempts[-1].why


def solve(
    A: Any,
    b: Any,
    *,
    assume: Structure | None = None,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    nullspace: Any = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by what suits ``A``; ``info`` says what ran and why.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        Square, or ``(m, n)`` for least squares. The more is known of its entries, the better the
        choice.
    b : (m,) or (m, k) array_like
        Right-hand sides.
    assume : {"spd", "hermitian", "general"}, optional
        What can't be seen of ``A``: Hermitian positive definite, Hermitian, or neither. Found out
        from the entries if they are known and nothing is said.
    M : preconditioner, array, operator or callable, optional
        Instead of one that is chosen.
    x0, rtol, atol, maxiter, callback, time_limit
        As in `resolvent.solvers.cg`; the limits hold for each attempt.
    nullspace : array_like, optional
        Null space of a singular Hermitian ``A``, as in `resolvent.solvers.cg`.

    Returns
    -------
    Solution
        ``info`` is a `Choice`; iterations, products, history and seconds are those of all attempts.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`; a matrix that isn't what ``assume`` says.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``. Sparse LU, fast Poisson
    solvers, incomplete factorisations and multigrid are chosen for SciPy matrices only; sparse
    matrices on a device have the diagonal in CG and no preconditioner in MINRES and GMRES.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import solve
    >>> solution = solve(poisson((200, 200)), np.ones(40_000))
    >>> solution.converged, solution.info.method, solution.info.preconditioner
    (True, 'cg', 'fast_poisson')
    >>> solution.info.why
    'constant coefficients on a box'
    """
    if assume is not None and assume not in get_args(Structure):
        raise ValueError(f"assume must be one of {get_args(Structure)}, got {assume!r}")
    system = linear_system(A, b, M=M, x0=x0, square=False)
    check_assumption(system, assume)
    options: dict[str, Any] = {
        "rtol": rtol,
        "atol": atol,
        "maxiter": maxiter,
        "callback": callback,
        "x0": system.x0,
    }
    began = time.perf_counter()
    attempts: list[Attempt] = []
    solution = None
    reachable = atol > 0 or rtol >= eps(system.xp, system.b.dtype)
    for plan in plans(system, assume, nullspace):
        try:
            M = plan.build()
        except (SingularMatrixError, NotPositiveDefiniteError, ImportError) as error:
            attempts.append(_attempt(plan, f"{type(error).__name__}: {error}", 0))
            continue
        if plan.patience is not None:  # it is not for compiling
            plan.method(system.A, system.b, M=M, **options | {"maxiter": 1, "callback": None})
        impatient = plan.patience is not None and (time_limit is None or plan.patience < time_limit)
        limit = plan.patience if impatient else time_limit
        found = plan.method(system.A, system.b, M=M, time_limit=limit, **options)
        attempts.append(_attempt(plan, found.reason, found.iterations))
        solution = found if solution is None else _after(solution, found)
        lost_patience = found.reason is Reason.TIME_LIMIT and impatient
        at_rounding = found.reason is Reason.STAGNATED and not reachable
        if at_rounding or (found.reason not in _WORTH_ANOTHER and not lost_patience):
            break
        options["x0"] = solution.x
    if solution is None:
        raise SingularMatrixError("; ".join(str(attempt.outcome) for attempt in attempts))
    seconds = time.perf_counter() - began
    return replace(solution, info=Choice(tuple(attempts)), seconds=seconds)


def _attempt(plan: Plan, outcome: Reason | str, iterations: int) -> Attempt:
    return Attempt(plan.name, plan.preconditioner, plan.why, outcome, iterations)


def _after(first: Solution, then: Solution) -> Solution:
    """Add the effort of an earlier attempt to a later one."""
    return replace(
        then,
        iterations=first.iterations + then.iterations,
        matvecs=first.matvecs + then.matvecs,
        history=np.concatenate([first.history, then.history[1:]]),
        seconds=first.seconds + then.seconds,
    )
