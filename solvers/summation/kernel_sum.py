"""A sum of kernels as an operator, with the error that was measured."""

from functools import cached_property
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

_ADVICE = {
    Reason.CONVERGED: "the measured error is at most tol",
    Reason.MAXITER: "a skeleton reached the largest size: the kernel varies too fast within a cell "
    "far from its neighbours; take a smaller box, a lower frequency or a larger tol",
    Reason.STAGNATED: "tighter skeletons don't lower the error to tol; take a larger tol, or see "
    "whether the kernel is smooth away from zero and its potentials don't cancel",
}


class KernelSum(Outcome):
    """The matrix ``K(x_i - y_j)``, known by its products.

    Attributes
    ----------
    shape : tuple of int
        ``(m, n)``: targets and sources.
    dtype : dtype
        Of its entries: the precision of the points, complex if the kernel is; of half precision
        float32. Products are computed in double precision and rounded to that of points and
        charges, whichever is higher.
    tol, error_estimate : float
        The relative error wanted, and the one measured: from 100 random targets, relative to the
        potentials at all, the largest for three draws of random charges (see `estimate`).
    reason : Reason
        CONVERGED if the measured error is at most ``tol``; STAGNATED if it isn't; MAXITER if a
        skeleton reached the largest size that is allowed, as of a kernel that oscillates.
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
        precision = targets.dtype
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
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return _ADVICE[self.reason]

    @cached_property
    def transposed(self) -> "KernelSum":
        """The sum with targets and sources exchanged, and with a verdict of its own.

        A symmetric kernel between equal points is its own transpose. Otherwise a second tree and,
        for a kernel that is not symmetric, second skeletons are built, once.
        """
        if self._is_square and self._builder.kernel.is_symmetric:
            return self
        return self._builder.transposed.fit(self._entered.arrays[-1], self._entered.arrays[0])

    @property
    def H(self) -> Operator:
        """The adjoint, by `transposed`."""
        xp, transposed = self._entered.xp, self.transposed

        def adjoint(y: Array) -> Array:
            return conj(xp, transposed @ conj(xp, y))

        return Operator(self.shape[::-1], self.dtype, adjoint, self.__matmul__)

    def estimate(self, charges: Any, *, rng: Any = 0, samples: int = _SAMPLES) -> float:
        """Return the relative error for given charges, measured at random targets.

        Parameters
        ----------
        charges : (n,) or (n, k) array_like
            Real or complex, at least one column.
        rng : Generator or int
            Draws the targets.
        samples : int
            How many, at least one; all if there are no more.

        Returns
        -------
        float
            Norm of the error at the targets drawn times ``sqrt(m / samples)``, over the norm of
            the potentials at all targets; of several columns the largest. So a few targets
            that outweigh all others count whether they are drawn or not. Errors that sit at a few
            targets may be missed.

        Raises
        ------
        ValueError
            No columns or no samples.
        """
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        found, q = to_host(self @ charges), to_host(charges)
        if found.ndim == 2 and found.shape[1] == 0:
            raise ValueError(f"charges must have at least one column, got shape {found.shape}")
        chosen = np.random.default_rng(rng).permutation(self.shape[0])[:samples]
        return float(np.max(self._errors(found, q, chosen)))

    def _errors(self, found: Any, q: Any, chosen: Any) -> Any:
        """Return the relative errors of potentials, from the targets chosen, for each column."""
        x, y = (_flat(to_host(p)) for p in (self._entered.arrays[0], self._entered.arrays[-1]))
        exact = np.zeros((len(chosen), *found.shape[1:]), dtype=np.complex128)
        step = _BLOCK // max(len(chosen), 1)
        for first in range(0, len(y), step):
            block = slice(first, first + step)
            exact += self._builder.kernel(np, x[chosen], y[block]) @ q[block]
        unit = max(np.max(np.abs(z), initial=0.0) for z in (found, exact)) or 1.0
        known = found.astype(np.complex128) / unit
        wrong = np.linalg.norm(known[chosen] - exact / unit, axis=0)
        known[chosen] = exact / unit
        size = np.linalg.norm(known, axis=0)
        share = np.sqrt(len(known) / max(len(chosen), 1))
        return share * wrong / np.where(size > 0, size, 1.0)

    def certify(self, rng: Any) -> None:
        """Measure the error and judge it."""
        # not the stream of a user who draws the points with the same seed
        rng = np.random.default_rng([rng, _STREAM] if isinstance(rng, int) else rng)
        xp = self._entered.xp
        sources = self._entered.arrays[-1]
        charges = rng.standard_normal((self.shape[1], _DRAWS))
        q = xp.asarray(charges, dtype=xp.float64, device=device_of(sources))
        self.error_estimate = self.estimate(q, rng=rng)
        if self.error_estimate <= self.tol:
            self.reason = Reason.CONVERGED
        elif not all(cell.met for cell in self._engine.plan.levels.cells.values()):
            self.reason = Reason.MAXITER
        else:
            self.reason = Reason.STAGNATED


def _flat(points: Any) -> Any:
    flat = np.zeros((len(points), 3))
    flat[:, : points.shape[1]] = points
    return flat
