r"""The guard around a learned factor: it is used only where it is not behind a classical one.

A network says nothing about matrices unlike those that it has seen: its factor is never singular,
but may be worse than none. So on one random right-hand side its rival makes steps until the
residual has fallen to a thousandth, 120 at most, and it is used itself only if it gets as far in as
many steps: of conjugate gradients against IC(0) (see
`resolvent.preconditioners.learned.guard.cg_race`), or of GMRES against ILU(0) for matrices that are
not symmetric (`resolvent.preconditioners.learned.guard.gmres_race`). Where that can't be built,
Jacobi is the rival, and where that can't, no preconditioner at all.

The steps to a residual are a better judge than the error of the factor, the energy, or the residual
of a fixed number of steps: what is learned from solutions is right where A is small, and errs
elsewhere by a few large eigenvalues, which show late.

Cost: IC(0) or ILU(0), and the steps of both, about half of those of a solve to 1e-8.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.preconditioners.factorisations.ichol import ichol
from resolvent.preconditioners.factorisations.ilu import ilu
from resolvent.preconditioners.learned.guard.cg_race import cg_progress
from resolvent.preconditioners.learned.guard.gmres_race import gmres_progress
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.relaxation.jacobi import jacobi
from resolvent.preconditioners.sparse_rows import sparse_rows

__all__ = ["CG_RACE", "GMRES_RACE", "GuardInfo", "Race", "guarded"]

LEVEL, MOST = 1e-3, 120

Progress = Callable[[Any, Any, NDArray[Any], float, int], tuple[int, float]]


@dataclass(frozen=True)
class Race:
    """Who a learned preconditioner is tried against, and how.

    Attributes
    ----------
    progress : callable
        ``(A, M, b, level, most)`` to the steps until the relative residual is at most ``level``,
        and the residual then; after ``most`` steps it ends.
    rivals : dict of str to callable
        Builders; the first one that takes the matrix makes the rival.
    """

    progress: Progress
    rivals: dict[str, Callable[[Any], Preconditioner]]


@dataclass(frozen=True)
class GuardInfo:
    """What the guard found.

    Attributes
    ----------
    model : str
        The kind of the learned model.
    chosen : str
        ``model``, or what is used instead: ``'ichol'``, ``'ilu'``, ``'jacobi'`` or ``'none'``.
    residuals : dict of str to float
        Relative residuals that the rival and the learned one reached.
    steps : dict of str to int
        In how many steps.
    details : object
        ``info`` of the preconditioner that was chosen.
    """

    model: str
    chosen: str
    residuals: dict[str, float]
    steps: dict[str, int]
    details: Any

    @property
    def fell_back(self) -> bool:
        """Whether a classical preconditioner is used instead of the learned one."""
        return self.chosen != self.model


def unpreconditioned(A: Any) -> Preconditioner:
    """Return the identity, the rival that any matrix allows."""
    return Preconditioner(A.shape, A.dtype, lambda r: r, lambda r: r, is_spd=True)


CG_RACE = Race(cg_progress, {"ichol": ichol, "jacobi": jacobi, "none": unpreconditioned})
GMRES_RACE = Race(gmres_progress, {"ilu": ilu, "jacobi": jacobi, "none": unpreconditioned})


def guarded(model: str, A: Any, build: Callable[[], Preconditioner], race: Race) -> Preconditioner:
    """Return what ``build`` makes if it is not behind the first rival that can be built."""
    learned = build()
    rows = sparse_rows(A, builder=model, instead="jacobi and gmres_polynomial")
    rival, classical = next(
        (name, M)
        for name, builder in race.rivals.items()
        if (M := _tried(builder, rows)) is not None
    )
    b = np.random.default_rng(0).standard_normal(rows.shape[0]).astype(rows.dtype)
    needed, reached = race.progress(rows, classical, b, LEVEL, MOST)
    level = max(reached, LEVEL)
    steps, residual = race.progress(rows, learned, b, level, needed)
    ahead = residual <= level and residual < 1
    chosen, M = (model, learned) if ahead else (rival, classical)
    found = {rival: reached, model: residual}, {rival: needed, model: steps}
    return replace(M, info=GuardInfo(model, chosen, *found, M.info))


def _tried(builder: Callable[[Any], Preconditioner], rows: Any) -> Preconditioner | None:
    try:
        return builder(rows)
    except (NotPositiveDefiniteError, SingularMatrixError):
        return None
