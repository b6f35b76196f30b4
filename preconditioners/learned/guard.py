r"""The guard around a learned factor: it must keep up with the classical ones, or it is not used.

A network says nothing about matrices unlike those that it has seen: its factor is never singular,
but may be worse than none. So each candidate makes 15 steps on one random right-hand side: of
conjugate gradients against IC(0) and Jacobi, or of GMRES against ILU(0) and Jacobi for matrices
that are not symmetric (see `resolvent.preconditioners.learned.cg_race` and
`resolvent.preconditioners.learned.gmres_race`). The learned one is dropped if its residual is more
than 1.5 times that of another: where all are about as good, residuals go up and down by as much.

The residual of these steps is a better judge than the error of the factor or the energy that they
reach: what is learned from solutions is right where A is small, and errs elsewhere by a few large
eigenvalues, which the energy hardly shows and the residual does.

Cost: IC(0) or ILU(0), and 15 steps with each of the three.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.preconditioners.factorisations.ichol import ichol
from resolvent.preconditioners.factorisations.ilu import ilu
from resolvent.preconditioners.learned.cg_race import least_residuals
from resolvent.preconditioners.learned.gmres_race import minimal_residuals
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.relaxation.jacobi import jacobi
from resolvent.preconditioners.sparse_rows import sparse_rows

__all__ = ["CG_RACE", "GMRES_RACE", "GuardInfo", "Race", "guarded"]

STEPS, SLACK = 15, 1.5


@dataclass(frozen=True)
class Race:
    """Who a learned preconditioner is tried against, and how.

    Attributes
    ----------
    residuals : callable
        ``(A, M, b, steps)`` to the relative residuals after 0, 1, ..., ``steps`` steps.
    rivals : dict of str to callable
        Builders; one that refuses a matrix stays out.
    """

    residuals: Callable[[Any, Any, NDArray[Any], int], NDArray[np.float64]]
    rivals: dict[str, Callable[[Any], Preconditioner]]


CG_RACE = Race(least_residuals, {"ichol": ichol, "jacobi": jacobi})
GMRES_RACE = Race(minimal_residuals, {"ilu": ilu, "jacobi": jacobi})


@dataclass(frozen=True)
class GuardInfo:
    """What the guard found.

    Attributes
    ----------
    model : str
        The kind of the learned model.
    chosen : str
        ``model``, or what is used instead: ``'ichol'``, ``'ilu'`` or ``'jacobi'``.
    residuals : dict of str to float
        The relative residual of each candidate after the steps.
    details : object
        ``info`` of the preconditioner that was chosen.
    """

    model: str
    chosen: str
    residuals: dict[str, float]
    details: Any

    @property
    def fell_back(self) -> bool:
        """Whether a classical preconditioner is used instead of the learned one."""
        return self.chosen != self.model


def guarded(model: str, A: Any, build: Callable[[], Preconditioner], race: Race) -> Preconditioner:
    """Return what ``build`` makes if it is ahead of its rivals, else the best of those."""
    rows = sparse_rows(A, builder=model, instead="jacobi and chebyshev")
    candidates = {model: build()} | {
        name: M for name, builder in race.rivals.items() if (M := _tried(builder, rows)) is not None
    }
    b = np.random.default_rng(0).standard_normal(rows.shape[0]).astype(rows.dtype)
    residuals = {
        name: float(race.residuals(rows, M, b, STEPS)[-1]) for name, M in candidates.items()
    }
    best = min(race.rivals.keys() & residuals.keys(), key=residuals.__getitem__, default=model)
    chosen = model if residuals[model] <= SLACK * residuals[best] else best
    M = candidates[chosen]
    return replace(M, info=GuardInfo(model, chosen, residuals, M.info))


def _tried(builder: Callable[[Any], Preconditioner], rows: Any) -> Preconditioner | None:
    try:
        return builder(rows)
    except (NotPositiveDefiniteError, SingularMatrixError):
        return None
