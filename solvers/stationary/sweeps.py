"""From a matrix with known entries to the `Solution` of a compiled relaxation."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np

from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.sparse_rows import sparse_rows
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Solution
from resolvent.solvers.compiled.known import chunk
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import LinearSystem
from resolvent.solvers.stationary.divergence import with_contraction

__all__ = ["Kind", "relaxation_form", "relaxation_steps", "relaxed", "require_convergent"]

Kind = Literal["jacobi", "sor", "ssor"]
_WORK = {"jacobi": 1, "sor": 1, "ssor": 2}  # reads of the matrix a step, in whole products


def relaxed(
    kind: Kind, system: LinearSystem, *, omega: float, name: str, **options: Any
) -> Solution:
    """Solve by a compiled relaxation, for the public function ``name`` with its options.

    Raises
    ------
    TypeError, ValueError, SingularMatrixError
        As `relaxation_form`.
    """
    form = relaxation_form(kind, system, omega=omega, name=name)
    steps = partial(relaxation_steps, form=form, work=_WORK[kind])
    return with_contraction(run(steps, system, **options))


def require_convergent(omega: float) -> None:
    r"""Refuse a parameter with which no matrix converges.

    The eigenvalues of the iteration matrix have the product :math:`(1 - \omega)^n` in SOR, by
    Kahan, and the sum :math:`n (1 - \omega)` in Jacobi iteration.
    """
    if not 0 < omega < 2:
        raise ValueError(f"omega must be between 0 and 2, got {omega}")


def relaxation_form(kind: Kind, system: LinearSystem, *, omega: float, name: str) -> Any:
    """Return the matrix in the form of `resolvent.linalg.compiled.relaxation`.

    Raises
    ------
    ValueError
        ``omega`` is not between 0 and 2.
    TypeError
        The entries of ``A`` are not known, or not on the host.
    SingularMatrixError
        A diagonal entry is zero, or too small for its reciprocal.
    """
    from resolvent.linalg.compiled import relaxation

    require_convergent(omega)
    if system.A.matrix is None:
        raise TypeError(f"{name} needs the entries of A; chebyshev_iteration takes its products")
    rows = sparse_rows(system.A, builder=name, instead="jacobi and chebyshev_iteration")
    if rows.dtype != system.b.dtype:
        rows = rows.astype(system.b.dtype)
    places = relaxation.diagonal_places(rows)
    diagonal = np.where(places >= 0, rows.data[places] if rows.nnz else 0, 0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        weights = (omega / diagonal).astype(rows.dtype)
    if not np.all(np.isfinite(weights)):
        i = int(np.argmin(np.isfinite(weights)))
        raise SingularMatrixError(f"the diagonal entry of row {i} is zero, or its reciprocal is")
    entries = (rows.indptr, rows.indices, rows.data, weights)
    if kind == "jacobi":
        return relaxation.Jacobi(*entries)
    form = relaxation.Forward if kind == "sor" else relaxation.Symmetric
    return form(*entries, places, ((1 / omega - 1) * diagonal).astype(rows.dtype))


def relaxation_steps(
    A: Counted, r: Any, target: Target, *, form: Any, work: int
) -> Iterator[State]:
    """Yield the states of a relaxation of ``A d = r``, a chunk of compiled steps at a time."""
    from resolvent.solvers.compiled.relaxation import Relaxation

    loop = Relaxation(form, r)
    left = target.budget
    while True:
        norms = loop.advance(target.tolerance, min(chunk(r.size), target.every, left))
        left -= len(norms)
        A.spent(work * len(norms))
        yield State(lambda: loop.x, norms, loop.trouble)
