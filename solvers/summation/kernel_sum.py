"""A sum of kernels as an operator, with the error that was measured."""

from typing import TYPE_CHECKING, Any

import numpy as np

from resolvent.arrays import Array, Entered, complex_dtype, conj, device_of, enter, to_host
from resolvent.operators import Operator
from resolvent.results import Outcome, Reason

if TYPE_CHECKING:
    from resolvent.solvers.summation.eifmm import EIFMM

__all__ = ["KernelSum"]

_SAMPLES, _STREAM = 100, 1408
_DRAWS = 3  # of charges: potentials of smooth kernels cancel more in one than in another
_BLOCK = 1 << 22  # entries of the kernel at a time, when the error is measured


class KernelSum(Outcome):
    """The matrix ``K(x_i - y_j)``, known by its products.

    Attributes
    ----------
    shape : tuple of int
        ``(m, n)``: targets and sources.
    dtype : dtype
        Of its entries: the precision of the points, complex if the kernel is.
    tol, error_estimate : float
        The relative error wanted, and the one measured: at 100 random targets, the
        largest for three draws of random charges.
    reason : Reason
        CONVERGED if the error is at most ``tol``; STAGNATED if it isn't; MAXITER if a skeleton
        reached the largest size that is allowed, as of a kernel that oscillates.
    ranks : dict of int to (int, int)
        For the levels that have a skeleton its points and its rank; level 0 stands for all of a
        homogeneous kernel.
    engine : {'compiled', 'generic'}
        By which loops products are computed.
    seconds : dict of str to float
        What the tree and the skeletons took.
    """

    def __init__(
        self,
        builder: "EIFMM",
        engine: Any,
        entered: Entered,
        is_square: bool,
        seconds: dict[str, float],
    ) -> None:
        self._builder, self._engine, self._entered = builder, engine, entered
        self._is_square, self.seconds = is_square, seconds
        targets, sources = entered.arrays[0], entered.arrays[-1]
        self.shape = (int(targets.shape[0]), int(sources.shape[0]))
        precision = entered.leave(targets).dtype
        complex_kernel = builder.kernel.is_complex
        self.dtype = complex_dtype(entered.xp, precision) if complex_kernel else precision
        self.tol = builder.tol
        self.ranks = {
            level: (cell.size, cell.rank)
            for (level, _), cell in sorted(engine.plan.levels.cells.items())
        }
        self.engine = engine.name
        self.error_estimate = float("nan")
        self.reason = Reason.STAGNATED

    def __repr__(self) -> str:
        return (
            f"KernelSum({self.shape[0]} x {self.shape[1]}, {self.reason.name}, error "
            f"{self.error_estimate:.1e} of {self.tol:.0e}, {self.engine})"
        )

    def __matmul__(self, charges: Any) -> Array:
        """Return the potentials (m,) or (m, k) of charges (n,) or (n, k)."""
        entered = enter(matrix=False, points=self._entered.arrays[0], charges=charges)
        xp, q = entered.xp, entered.arrays[1]
        if q.ndim not in (1, 2) or q.shape[0] != self.shape[1]:
            raise ValueError(
                f"a sum of shape {self.shape} can't take charges of shape {tuple(q.shape)}"
            )
        y = self._engine(q if q.ndim == 2 else q[:, None])
        y = xp.astype(y, xp.result_type(self.dtype, q.dtype))
        return y if q.ndim == 2 else y[:, 0]

    @property
    def H(self) -> Operator:
        """The adjoint.

        A symmetric kernel between equal points is its own, but for conjugation. Otherwise a second
        tree and, for a kernel that is not symmetric, second skeletons are built.
        """
        if self._is_square and self._builder.kernel.is_symmetric:
            transposed: Any = self
        else:
            transposed = self._builder.transposed().fit(
                self._entered.arrays[-1], self._entered.arrays[0]
            )
        xp = self._entered.xp

        def adjoint(y: Array) -> Array:
            return conj(xp, transposed @ conj(xp, y))

        return Operator(self.shape[::-1], self.dtype, adjoint, self.__matmul__)

    def estimate(self, charges: Any, *, rng: Any = 0, samples: int = _SAMPLES) -> float:
        """Return the relative error for given charges, measured at random targets.

        Parameters
        ----------
        charges : (n,) or (n, k) array_like
            Real or complex.
        rng : Generator or int
            Draws the targets.
        samples : int
            How many; all if there are no more.

        Returns
        -------
        float
            Norm of the error over the norm of the potentials, both at the targets drawn; of several
            columns the largest.
        """
        chosen = np.random.default_rng(rng).permutation(self.shape[0])[:samples]
        found, q = to_host(self @ charges), to_host(charges)
        return float(np.max(self._errors(found[chosen], q, chosen)))

    def _errors(self, found: Any, q: Any, chosen: Any) -> Any:
        """Return the relative errors of potentials at the targets chosen, one for each column."""
        x, y = (_flat(to_host(p)) for p in (self._entered.arrays[0], self._entered.arrays[-1]))
        exact, step = np.zeros(found.shape, dtype=np.complex128), _BLOCK // max(len(chosen), 1)
        for first in range(0, len(y), step):
            block = slice(first, first + step)
            exact += self._builder.kernel(np, x[chosen], y[block]) @ q[block]
        size = np.linalg.norm(exact, axis=0)
        return np.linalg.norm(found - exact, axis=0) / np.where(size > 0, size, 1.0)

    def certify(self, rng: Any) -> None:
        """Measure the error and judge it."""
        # not the stream of a user who draws the points with the same seed
        rng = np.random.default_rng([rng, _STREAM] if isinstance(rng, int) else rng)
        xp = self._entered.xp
        sources = self._entered.arrays[-1]
        charges = rng.standard_normal((self.shape[1], _DRAWS))
        q = xp.asarray(charges, dtype=xp.float64, device=device_of(sources))
        self.error_estimate = self.estimate(q, rng=rng)
        # below what the precision of the points can show, nothing more is asked for
        if self.error_estimate <= max(self.tol, 4 * self._entered.unit):
            self.reason = Reason.CONVERGED
        elif not all(cell.met for cell in self._engine.plan.levels.cells.values()):
            self.reason = Reason.MAXITER
        else:
            self.reason = Reason.STAGNATED


def _flat(points: Any) -> Any:
    flat = np.zeros((len(points), 3))
    flat[:, : points.shape[1]] = points
    return flat
