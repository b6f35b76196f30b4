r"""Conjugate gradients (CG) for Hermitian positive definite :math:`A`, preconditioned by :math:`M`.

.. math::

    z &= M r, \quad \rho = r^H z, \quad \beta = \rho / \rho_{old}, \quad
    p \leftarrow z + \beta p, \\
    q &= A p, \quad \alpha = \rho / p^H q, \quad x \leftarrow x + \alpha p, \quad
    r \leftarrow r - \alpha q .

The energy norm of the error falls in every step, by at least
:math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)` on average; as many steps as there are distinct
eigenvalues of :math:`M A` are enough without rounding.

Cost: a step has one product with A, one with M, two inner products, and keeps four vectors.

Failure modes: :math:`p^H A p \le 0` shows an indefinite A, :math:`r^H z \le 0` an indefinite M; a
direction that A annihilates shows that b is not in the range of a singular A. A nonsymmetric real
A is not seen: CG then stagnates or reaches ``maxiter``, and says so.

Source: Hestenes and Stiefel, Methods of Conjugate Gradients for Solving Linear Systems (1952),
doi 10.6028/jres.049.044.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.drive import Callback
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.recurrence import Counted, State, Target, at, code
from resolvent.results import Reason, Solution
from resolvent.solvers.compiled.known import (
    WORTH_GROUPS,
    Given,
    Identity,
    chunk,
    form_of,
    is_known,
    is_on_gpu,
)
from resolvent.solvers.krylov.curvature import examine, mark
from resolvent.solvers.krylov.fcg import fcg_steps
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner, ratio, real
from resolvent.vectors import inner as euclidean

__all__ = ["ConjugateGradientsInfo", "cg", "cg_steps"]

_BEFORE_PRODUCT = code(Reason.INDEFINITE_PRECONDITIONER)  # is found before the product of a step


@dataclass(frozen=True)
class ConjugateGradientsInfo:
    """What `cg` did.

    Attributes
    ----------
    method : {"cg", "fcg"}
        The recurrence that ran.
    why : str
        Why it is not plain CG, or empty.
    """

    method: str = "cg"
    why: str = ""


def cg(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    inner: Inner | None = None,
    nullspace: Any = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` with Hermitian positive definite :math:`A` by conjugate gradients.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        Hermitian positive definite, ``(n, n)``; semidefinite if ``b`` is in its range.
    b : (n,) or (n, k) array_like
        Right-hand sides; each column has its own stop.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``, Hermitian positive definite. If it says that it isn't, or
        that it isn't linear or fixed, flexible CG runs instead and ``info`` says so.
    x0 : array_like, optional
        Initial guess.
    rtol, atol : float
        Converged means :math:`\|b - A x\| \le \max(rtol\,\|b\|, atol)`, by the true residual.
    maxiter : int, optional
        Largest number of steps, by default ``10 n``.
    callback : callable, optional
        Called with a `resolvent.drive.Iteration` after each step; returns True to stop.
    inner : callable, optional
        ``(x, y) -> x^H y`` of each column, for vectors that are distributed.
    nullspace : (n,) or (n, m) array_like, optional
        Basis of the null space of a singular ``A``, such as the constants for a Neumann problem:
        ``b`` is projected to the range, and ``x`` is the solution of least norm. A ``b`` outside
        the range gives the least-squares solution with the reason INCONSISTENT.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Solution
        ``info`` is a `ConjugateGradientsInfo`.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together, or have NaN or infinite entries.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``. Real SciPy matrices on
    NumPy vectors run in a compiled loop, on all threads from 200 000 rows on; a matrix with
    few diagonals, or with constant coefficients on a box, is recognised.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import cg
    >>> A = poisson((30, 30))
    >>> solution = cg(A, np.ones(900), rtol=1e-10)
    >>> solution.converged, bool(solution.residual_norm <= 1e-10 * 30)
    (True, True)
    """
    system = linear_system(A, b, M=M, x0=x0)
    M = system.M
    options: dict[str, Any] = {
        "rtol": rtol,
        "atol": atol,
        "maxiter": maxiter,
        "callback": callback,
        "time_limit": time_limit,
        "inner": inner,
        "nullspace": nullspace,
    }
    doubt = _doubt(M)
    if doubt:
        steps = partial(fcg_steps, M=M, inner=inner or euclidean)
        return run(steps, system, info=ConjugateGradientsInfo("fcg", doubt), **options)
    if is_on_gpu(system, inner):
        steps = partial(cg_device_steps, M=M)
    elif is_known(system, inner):
        steps = partial(cg_compiled_steps if system.b.ndim == 1 else cg_columns_steps, M=M)
    else:
        steps = partial(cg_steps, M=M, inner=inner or euclidean)
    return run(steps, system, info=ConjugateGradientsInfo(), **options)


def cg_steps(
    A: Counted, r: Array, _: Target, *, M: Any = None, inner: Inner = euclidean
) -> Iterator[State]:
    """Yield the states of CG for ``A d = r``, on any array library, for one or more columns."""
    xp = namespace_of(r)
    x, p = xp.zeros_like(r), xp.zeros_like(r)
    rr = real(xp, inner(r, r))
    rho = largest = xp.zeros_like(rr)
    trouble = xp.zeros(rr.shape, dtype=xp.int64, device=device_of(r))
    while True:
        z = r if M is None else M @ r
        rz = real(xp, inner(r, z))
        trouble = mark(xp, trouble, (rz <= 0) & (rr > 0), Reason.INDEFINITE_PRECONDITIONER)
        p = z + ratio(xp, rz, rho) * p
        rho = rz
        q = A @ p
        curvature, trouble, largest = examine(xp, inner, p, q, trouble, largest)
        alpha = xp.where(trouble == 0, ratio(xp, rho, curvature), 0 * rho)
        x = x + alpha * p
        r = r - alpha * q
        rr = real(xp, inner(r, r))
        yield State(at(x), xp.sqrt(rr), trouble)


def cg_compiled_steps(
    A: Counted, r: Array, target: Target, *, M: Preconditioner | None = None
) -> Iterator[State]:
    """Yield the states of the same recurrence, a chunk of compiled steps at a time."""
    from resolvent.solvers.compiled.conjugate_gradients import ConjugateGradients

    form = form_of(M, r.dtype)
    loop = ConjugateGradients(A.kernel, form, r)
    left = target.budget
    while True:
        steps = min(chunk(r.size), target.every, left)
        if M is not None and isinstance(form, Given):
            loop.z[:] = M @ loop.r
            steps = 1
        norms, products = loop.advance(target.tolerance, steps)
        left -= len(norms)
        A.spent(products)
        yield State(lambda: loop.x, norms, loop.trouble)


def cg_device_steps(
    A: Counted, r: Array, target: Target, *, M: Preconditioner | None = None
) -> Iterator[State]:
    """Yield the states of the same recurrence by fused kernels on a GPU, read once a chunk."""
    from resolvent.solvers.compiled.cuda import DeviceConjugateGradients

    inverse = None if M is None else M.kernel.inverse
    loop = DeviceConjugateGradients(A.operator.matrix, inverse, r, target.every)
    left = target.budget
    while True:
        norms, trouble = loop.advance(float(target.tolerance[0]), min(target.every, left))
        left -= len(norms)
        A.spent(len(norms) + (trouble not in (0, _BEFORE_PRODUCT)))
        yield State(lambda: loop.correction, norms, trouble)


def cg_columns_steps(
    A: Counted, r: Array, target: Target, *, M: Preconditioner | None = None
) -> Iterator[State]:
    """Yield the states of the same recurrence for ``(n, k)``, a group of columns at a time.

    A group shares what is read of the matrix, which pays where vectors don't stay in the cache.
    Columns that don't fill a group go one after another.
    """
    from resolvent.linalg.compiled.lanes import width
    from resolvent.solvers.compiled.conjugate_gradients import ConjugateGradients

    n, k = r.shape
    whole = k - k % width(r.dtype) if n >= WORTH_GROUPS else 0
    groups = [slice(start, start + width(r.dtype)) for start in range(0, whole, width(r.dtype))]
    shared = Given() if M is not None else Identity()
    loops = [ConjugateGradients(A.kernel, shared, np.ascontiguousarray(r[:, g])) for g in groups]
    for j in range(whole, k):
        groups.append(slice(j, j + 1))
        column = np.ascontiguousarray(r[:, j])
        loops.append(ConjugateGradients(A.kernel, form_of(M, r.dtype), column))
    outside = M is not None and any(isinstance(loop.M, Given) for loop in loops)
    left = target.budget
    while True:
        steps = 1 if outside else min(chunk(n), target.every, left)
        norms = np.concatenate([[loop.norms] for loop in loops], axis=1).repeat(steps, axis=0)
        taken = products = 0
        for loop, group in zip(loops, groups, strict=True):
            if M is not None and isinstance(loop.M, Given):
                loop.z[:] = M @ loop.r
            found, made = loop.advance(target.tolerance[group], steps)
            norms[: len(found), group] = found
            norms[len(found) :, group] = loop.norms
            taken, products = max(taken, len(found)), max(products, made)
        left -= taken
        A.spent(products)
        yield State(
            lambda: _beside([loop.x.reshape(n, -1) for loop in loops]),
            norms[:taken],
            np.concatenate([loop.trouble for loop in loops]),
        )


def _beside(groups: list[Array]) -> Array:
    return groups[0] if len(groups) == 1 else np.concatenate(groups, axis=1)


def _doubt(M: Preconditioner | None) -> str:
    if M is None or (M.is_spd is not False and M.is_linear and M.is_fixed):
        return ""
    doubts = {
        "not positive definite": M.is_spd is False,
        "not linear": not M.is_linear,
        "not fixed": not M.is_fixed,
    }
    return next((f"M is {doubt}" for doubt, holds in doubts.items() if holds), "")
