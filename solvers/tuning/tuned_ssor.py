"""Conjugate gradients with SSOR, whose parameter is learned over a sequence of systems."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from resolvent.preconditioners.relaxation.ssor import ssor
from resolvent.results import Solution
from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.tuning.learner import BanditKind
from resolvent.solvers.tuning.parameter_bandit import ParameterBandit

__all__ = ["TunedSSOR", "TunedSSORInfo"]

GRID = tuple(np.linspace(1.0, 1.95, 20).tolist())


@dataclass(frozen=True)
class TunedSSORInfo:
    """What `TunedSSOR.solve` chose.

    Attributes
    ----------
    omega : float
        The relaxation parameter.
    """

    omega: float


class TunedSSOR:
    r"""Solve a sequence of similar systems by CG with SSOR, and learn omega on the way.

    Parameters
    ----------
    grid : sequence of float
        Relaxation parameters to choose from, between 0 and 2; 20 from 1 to 1.95 by default.
    kind, interval, cap, rng
        As in `resolvent.solvers.ParameterBandit`, which learns from the numbers of steps.
    order : {"forward", "backward"}
        Sweep of SSOR that comes first.

    Raises
    ------
    ValueError
        As `resolvent.solvers.ParameterBandit`.

    Notes
    -----
    On the host, in the precision of A and b. Cost: of `resolvent.solvers.cg` with
    `resolvent.preconditioners.ssor`, which is set up anew for each system.

    Failure modes: those of CG. A solve that does not converge counts as 10 n steps. It takes some
    ten systems for each parameter until learning pays, and systems whose best parameters differ
    need a contextual kind.

    Source: M. Khodak, E. Chow, M.-F. Balcan and A. Talwalkar, Learning to relax: setting solver
    parameters across a sequence of linear system instances, ICLR 2024, arXiv 2310.02246.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import TunedSSOR
    >>> A, b = poisson((20, 20)), np.ones(400)
    >>> tuned = TunedSSOR([0.2, 1.6], rng=0)
    >>> omegas = [tuned.solve(A, b).info.omega for _ in range(60)]
    >>> omegas.count(1.6) > omegas.count(0.2)
    True
    """

    def __init__(
        self,
        grid: Sequence[float] = GRID,
        kind: str | BanditKind = "tsallis-inf",
        *,
        interval: tuple[float, float] | None = None,
        cap: float | None = None,
        order: Literal["forward", "backward"] = "forward",
        rng: np.random.Generator | int | None = None,
    ) -> None:
        self.bandit = ParameterBandit(grid, kind, interval=interval, cap=cap, rng=rng)
        for omega in self.bandit.grid:
            if not 0 < omega < 2:
                raise ValueError(f"grid must be between 0 and 2, got {omega:g}")
        self.order = order

    def solve(self, A: Any, b: Any, *, context: float | None = None, **options: Any) -> Solution:
        """Solve the next system.

        Parameters
        ----------
        A : (n, n) sparse matrix or array_like
            Hermitian positive definite.
        b : (n,) or (n, k) array_like
            Right-hand sides.
        context : float, optional
            What is known of the system, for the contextual kinds.
        **options
            Those of `resolvent.solvers.cg`, but ``M``.

        Returns
        -------
        Solution
            ``info`` is a `TunedSSORInfo`.

        Raises
        ------
        TypeError, ValueError, SingularMatrixError
            As in `resolvent.solvers.cg` and `resolvent.preconditioners.ssor`.
        """
        omega = self.bandit.suggest(context)
        solution = cg(A, b, M=ssor(A, omega, order=self.order), **options)
        # a solve that was cut short has no known cost: its parameter must not look cheap
        cut_short = not solution.converged
        self.bandit.observe(10 * solution.x.shape[0] if cut_short else solution.iterations)
        return replace(solution, info=TunedSSORInfo(omega))
