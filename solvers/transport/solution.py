"""What a transport solver returns: potentials, and how far from the truth they can be."""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from resolvent.arrays import Array
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.costs import Cost

__all__ = ["Stage", "TransportSolution"]


@dataclass(frozen=True)
class Stage:
    """One line of the history of a transport solver.

    Attributes
    ----------
    reg : float
        Regularisation.
    error : float
        L1 error of the marginals.
    passes : int
        Passes over the plan so far.
    newton_steps : int
        Newton steps so far.
    seconds : float
        Time so far.
    """

    reg: float
    error: float
    passes: int
    newton_steps: int
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class TransportSolution(Outcome):
    r"""Potentials of an entropic transport problem, and their certificate.

    The plan is :math:`P_{ij} = \exp((f_i + g_j - C_{ij}) / \varepsilon)`. Atoms without mass have
    the potentials of the c-transform, and no row or column in the plan but zeros.

    Attributes
    ----------
    f, g : (n,), (m,) ndarray
        Potentials in units of the cost, with :math:`\langle a, f \rangle = \langle b, g \rangle`
        where both marginals are fixed.
    reg : float
        The regularisation :math:`\varepsilon`.
    reason : Reason
        Why the iteration ended.
    marginal_error : float
        :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1`, recomputed at exit; where a marginal is relaxed
        the distance to what its potential asks for.
    value : float
        The regularised objective of a feasible plan, :math:`\langle C, \hat P \rangle +
        \varepsilon \sum \hat P (\log \hat P - 1)` and the divergences of relaxed marginals.
    dual_value : float
        The dual objective of the potentials: no plan has a smaller ``value``.
    linear_value : float
        :math:`\langle C, P \rangle`.
    lower, upper : float or None
        The exact transport cost, without regularisation, is between them. None where a marginal is
        relaxed.
    iterations : int
        Steps of the method, Sinkhorn's and Newton's.
    passes : int
        Passes over the plan.
    newton_steps, linear_steps : int
        Newton steps, and steps of conjugate gradients in them.
    history : tuple of Stage
        Where the method stood after each step.
    seconds : float
        Wall-clock time, the certificate included.
    """

    f: Array
    g: Array
    reg: float
    reason: Reason
    marginal_error: float
    value: float
    dual_value: float
    linear_value: float
    lower: float | None
    upper: float | None
    iterations: int
    passes: int
    newton_steps: int
    linear_steps: int
    history: tuple[Stage, ...]
    seconds: float
    cost: Cost = field(repr=False)
    masses: tuple[Array, Array] = field(repr=False)

    def plan(self) -> Array:
        """Return the plan as an array ``(n, m)``."""
        n, _ = self.cost.shape
        return self._rows(np.arange(n))

    def sparse_plan(self, tol: float = 1e-6) -> sparse.csr_array:
        """Return the plan without its smallest entries, at most ``tol`` of each row's mass.

        Costs one pass over the plan in blocks of rows; memory is that of the result.
        """
        n, m = self.cost.shape
        pieces = []
        for start in range(0, n, step := max(1, 4_000_000 // m)):
            block = self._rows(np.arange(start, min(start + step, n)))
            order = np.sort(block, axis=1)
            dropped = np.cumsum(order, axis=1) <= tol * order.sum(axis=1, keepdims=True)
            count = dropped.sum(axis=1)
            least = np.take_along_axis(order, np.minimum(count, m - 1)[:, None], axis=1)
            pieces.append(sparse.csr_array(np.where((block >= least) & (block > 0), block, 0)))
        return sparse.vstack(pieces, format="csr")

    def _rows(self, which: Array) -> Array:
        a, b = self.masses
        with np.errstate(over="ignore"):
            exponent = (self.f[which, None] + self.g - self.cost.rows(which)) / self.reg
            return np.where((a[which, None] > 0) & (b > 0), np.exp(exponent), 0.0)

    def __repr__(self) -> str:
        inside = "" if self.lower is None else f", cost in [{self.lower:.6g}, {self.upper:.6g}]"
        return (
            f"TransportSolution({self.reason.name} after {self.iterations} iterations, marginal "
            f"error {self.marginal_error:.1e}{inside}, {self.passes} passes, {self.seconds:.2g} s)"
        )
