r"""What LSQR and LSMR share: :math:`\min_x \|b - A x\|^2 + \text{damp}^2 \|x\|^2`.

Damping is the undamped problem of the operator :math:`(A; \text{damp}\, I)` and the right-hand side
:math:`(b; 0)`, so that an initial guess and a second round damp x itself and not its correction.

A right preconditioner replaces A by :math:`A M` and x by :math:`M y`. It changes neither the
residual nor, for a full column rank, the solution; where there are many solutions, that of least
:math:`\|M^{-1} x\|` is found.

Solved means a small residual, or that the residual is orthogonal to the range:
:math:`\|(A M)^H r\| \le rtol \|A M\| \|r\|`, with :math:`\|A M\|` bounded from below.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, eps, namespace_of, to_host
from resolvent.drive import Callback
from resolvent.operators import Operator, keeping_dtype
from resolvent.preconditioners.preconditioner import Preconditioner, as_preconditioner
from resolvent.recurrence import Counted, State
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import mark
from resolvent.solvers.krylov.golub_kahan import GolubKahan
from resolvent.solvers.krylov.run import run
from resolvent.solvers.krylov.scaled import power
from resolvent.solvers.linear_system import LinearSystem, linear_system
from resolvent.vectors import Inner, norm
from resolvent.vectors import inner as euclidean

__all__ = ["LeastSquaresInfo", "Orthogonality", "solve_least_squares"]


@dataclass(frozen=True)
class LeastSquaresInfo:
    r"""What `lsqr` and `lsmr` found.

    Attributes
    ----------
    solves : bool or ndarray
        Whether the residual met the tolerance, so that x solves :math:`A x = b`; a converged
        solution that doesn't is one of least squares. One for each column of ``b``.
    gradient_norm : float or ndarray
        The true :math:`\|A^H r - damp^2 x\|`, zero for an exact solution of least squares.
    """

    solves: bool | NDArray[np.bool_]
    gradient_norm: float | NDArray[np.floating[Any]]


class Orthogonality:
    r"""The condition :math:`\|(A M)^H r\| \le rtol \|A M\| \|r\|`, claimed and checked.

    Parameters
    ----------
    rtol : float
        Relative tolerance; at least 10 eps is taken.
    M : Preconditioner or None
        Right preconditioner.
    inner : callable
        Inner product of each column.
    """

    def __init__(self, rtol: float, M: Preconditioner | None, inner: Inner) -> None:
        self.rtol, self.M, self.inner = float(rtol), M, inner

    def bidiagonalisation(self, A: Counted, r: Array) -> GolubKahan:
        """Begin a round; the condition knows the norm of A by it."""
        self.process = GolubKahan(A, r, M=self.M, inner=self.inner)
        return self.process

    def claimed(self, trouble: Array, gradient: Array, residual: Array) -> Array:
        """Name as STAGNATED the columns that can't be improved, by the norms of a recurrence."""
        bound = 0.5 * self._tolerance(residual) * self.process.largest * residual
        return mark(namespace_of(residual), trouble, gradient <= bound, Reason.STAGNATED)

    def holds(self, A: Counted, _: Array, r: Array) -> bool:
        """Check the condition by the true gradient of one column."""
        g = A.H @ r
        g = g if self.M is None else self.M.H @ g
        xp, size = namespace_of(g), self.process.bound
        size = xp.max(xp.where(xp.isfinite(size), size, xp.zeros_like(size)))
        bound = self._tolerance(r) * size * _length(r, self.inner)
        return bool(_length(g, self.inner) <= bound)

    def _tolerance(self, x: Array) -> float:
        return max(self.rtol, 10 * eps(namespace_of(x), x.dtype))


def solve_least_squares(
    steps: Callable[..., Iterator[State]],
    A: Any,
    b: Any,
    *,
    M: Any,
    x0: Any,
    damp: float,
    rtol: float,
    atol: float,
    maxiter: int | None,
    callback: Callback | None,
    inner: Inner | None,
    time_limit: float | None,
) -> Solution:
    """Run ``steps(A, r, target, orthogonality=)`` on the damped problem.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together; an A or M without an adjoint.
    """
    if not 0 <= damp < math.inf:
        raise ValueError(f"damp must be finite and not negative, got {damp}")
    system = linear_system(A, b, x0=x0, square=False)
    if maxiter is None:
        maxiter = max(10 * min(system.A.shape), 1)
    system = _damped(system, damp) if damp else system
    euclid = inner or euclidean
    orthogonality = Orthogonality(rtol, _right_preconditioner(M, system), euclid)
    solution = run(
        partial(steps, orthogonality=orthogonality),
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
        optimal=orthogonality.holds,
    )
    gradient = system.A.H @ (system.b - system.A @ solution.x)
    norms = to_host(_length(gradient, euclid))
    tolerance = np.maximum(rtol * to_host(_length(system.b, euclid)), atol)
    solves = solution.residual_norm <= tolerance
    vector = system.b.ndim == 1
    info = LeastSquaresInfo(bool(solves) if vector else solves, float(norms) if vector else norms)
    return replace(solution, matvecs=solution.matvecs + 2, info=info)


def _damped(system: LinearSystem, damp: float) -> LinearSystem:
    xp, A = system.xp, system.A
    m, n = A.shape

    def product(x: Array) -> Array:
        return xp.concat([A @ x, damp * x], axis=0)

    def adjoint(y: Array) -> Array:
        return A.H @ y[:m, ...] + damp * y[m:, ...]

    b = system.b
    below = xp.zeros((n, *b.shape[1:]), dtype=b.dtype, device=device_of(b))
    return system._replace(
        A=Operator((m + n, n), A.dtype, product, adjoint),
        b=xp.concat([b, below], axis=0),
    )


def _right_preconditioner(M: Any, system: LinearSystem) -> Preconditioner | None:
    _ = system.A.H  # known, or a clear error before any work
    if M is None:
        return None
    b = system.b
    place = system.xp.zeros(system.A.shape[1], dtype=b.dtype, device=device_of(b))
    right = as_preconditioner(M, like=place)
    if not (right.is_linear and right.is_fixed):
        raise ValueError("M must be linear and fixed for least squares")
    if right.adjoint is None and not right.is_spd:
        raise TypeError("M needs M.H @ x; pass a matrix, or an operator that has .H")
    return keeping_dtype(right, "M")


def _length(x: Array, inner: Inner) -> Array:
    factor = power(x, inner)
    return norm(factor * x, inner) / factor
