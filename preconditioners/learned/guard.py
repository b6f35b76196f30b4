r"""The guard around a learned factor: it is used only where it is ahead of a classical one.

A network says nothing about matrices unlike those that it has seen: its factor is never singular,
but may be worse than none. So it makes 30 steps on one random right-hand side, and its rival as
many: of conjugate gradients against IC(0), or of GMRES against ILU(0) for matrices that are not
symmetric (see `resolvent.preconditioners.learned.cg_race` and
`resolvent.preconditioners.learned.gmres_race`). Unless its residual is less than that of the rival,
with conjugate gradients less than half of it, the rival is used. Where that can't be built, Jacobi
takes its place.

The residual after some steps is a better judge than the error of the factor, or the energy that the
steps reach: what is learned from solutions is right where A is small, and errs elsewhere by a few
large eigenvalues, which the energy hardly shows and the residual does. Steps and factor were chosen
on matrices of contrast 1e4, so that of 200 no bad factor was kept, and on 100 like those of the
training, of which no good one was dropped; factors that are only a little better are dropped.

Cost: IC(0) or ILU(0), and 30 steps with both.
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

STEPS, DONE = 30, 1e-10  # a residual with which both have done enough


@dataclass(frozen=True)
class Race:
    """Who a learned preconditioner is tried against, and how.

    Attributes
    ----------
    residuals : callable
        ``(A, M, b, steps)`` to the relative residuals after 0, 1, ..., ``steps`` steps.
    rivals : dict of str to callable
        Builders; the first one that takes the matrix makes the rival.
    ahead : float
        The learned one must have a smaller residual than so many times the rival's.
    """

    residuals: Callable[[Any, Any, NDArray[Any], int], NDArray[np.float64]]
    rivals: dict[str, Callable[[Any], Preconditioner]]
    ahead: float


CG_RACE = Race(least_residuals, {"ichol": ichol, "jacobi": jacobi}, ahead=0.5)
GMRES_RACE = Race(minimal_residuals, {"ilu": ilu, "jacobi": jacobi}, ahead=1.0)


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
        The relative residuals of both after the steps.
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
    """Return what ``build`` makes if it is ahead of the first rival that can be built."""
    rows = sparse_rows(A, builder=model, instead="jacobi and chebyshev")
    candidates = {model: build()}
    for rival, builder in race.rivals.items():
        M = _tried(builder, rows)
        if M is not None:
            candidates[rival] = M
            break
    b = np.random.default_rng(0).standard_normal(rows.shape[0]).astype(rows.dtype)
    residuals = {
        name: float(race.residuals(rows, M, b, STEPS)[-1]) for name, M in candidates.items()
    }
    chosen = list(candidates)[-1]
    if residuals[model] < race.ahead * max(residuals[chosen], DONE):
        chosen = model
    M = candidates[chosen]
    return replace(M, info=GuardInfo(model, chosen, residuals, M.info))


def _tried(builder: Callable[[Any], Preconditioner], rows: Any) -> Preconditioner | None:
    try:
        return builder(rows)
    except (NotPositiveDefiniteError, SingularMatrixError):
        return None
