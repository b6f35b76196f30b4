r"""Fast summation of kernels by empirical interpolation (EIFMM).

.. math:: f(x_i) = \sum_j K(x_i - y_j) \sigma_j

in time linear in the number of points, to a tolerance, for kernels that need only be evaluated.
Cells of a tree meet through skeletons: a few magic points in a cell and a few far away, chosen by
the greedy pivots of EIM, one choice for each size of a cell,

.. math:: K(x, y) \approx K(x, Y) F^{-1} K(X, y), \quad F = K(X, Y).

How many points that takes is found by the tolerance, not fixed beforehand as with Chebyshev nodes:
fewer for large cells of a kernel that decays. Translations between skeletons are recompressed by a
singular value decomposition. The error is measured, by direct summation at random targets.

Sources: F. Casenave, arXiv 1408.0210; the passes up, across and down follow
L. Greengard and V. Rokhlin, J. Comput. Phys. 73 (1987), 325-348, doi 10.1016/0021-9991(87)90140-9;
the recompression W. Fong and E. Darve, J. Comput. Phys. 228 (2009), 8712-8725,
doi 10.1016/j.jcp.2009.08.031.
"""

from functools import cached_property, partial
from math import log10
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Entered, enter, is_numpy, to_host
from resolvent.results import Reason
from resolvent.solvers.summation.generic import GenericSum
from resolvent.solvers.summation.kernel_sum import KernelSum
from resolvent.solvers.summation.kernels import Kernel
from resolvent.solvers.summation.levels import Levels
from resolvent.solvers.summation.plan import Plan, cheapest_plan, make_plan
from resolvent.solvers.summation.product import CompiledSum
from resolvent.solvers.summation.reference_cell import Precision
from resolvent.solvers.summation.tree import Box
from resolvent.solvers.summation.user_kernels import Pairwise, as_kernel

__all__ = ["EIFMM"]

Floats = NDArray[np.float64]

# of the tolerance; measured on uniform, clustered and surface points, with N to 1e6
_SHARES = {2: Precision(0.4, 0.02, 0.1), 3: Precision(2.5, 0.025, 0.8)}
_TIGHTER, _TRIALS, _HELPS = 0.1, 3, 0.7
_SMALLEST, _LARGEST = 1e-12, 0.1
_DECADES = 280  # of the kernel and of squared distances, that doubles can hold


class EIFMM:
    r"""Builder of fast sums of one kernel to one tolerance.

    Parameters
    ----------
    kernel : {'laplace'}, kernel or callable
        ``'laplace'`` is ``1 / r`` in space and ``log r`` in the plane. `Yukawa`, `Helmholtz`,
        `InversePower`; a function ``g(r)`` of the distance, of NumPy arrays and if possible
        compilable by numba; or a function ``K(x, y)`` of points (..., m, 1, d) and (..., 1, n, d)
        that depends on ``x - y`` only. `Radial` and `Pairwise` say more about a function.
    dim : {2, 3}
        How many coordinates the points have.
    tol : float
        Relative error wanted, of the potentials at all targets in the Euclidean norm, for charges
        without a pattern.
    box : (array_like (dim,), float), optional
        Lowest corner and side of a cube that will hold all points. Then sets of points to come
        share what is built for the first; a homogeneous kernel shares it anyway.

    Raises
    ------
    ValueError
        A dimension, tolerance, kernel or box that can't be.
    TypeError
        A kernel, tolerance or box of another type.

    Notes
    -----
    Pairs at distance zero are left out: a point does not act on itself, nor on its duplicates.
    Zero is what has a square of zero: distances of less than about 1e-160.

    Cost: the skeleton of a cell takes about a second in space at ``tol = 1e-6`` and ten at 1e-9,
    tenths in the plane; homogeneous kernels need one, others one for each level of the tree. Then
    ``fit`` is dominated by sorting, and a product by kernel evaluations: some hundred for each
    point, and those between neighbours.

    A kernel that oscillates within the largest cells is refused; so are functions whose greedy
    error doesn't fall, by the `reason` of the sum.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.random.default_rng(0).random((2000, 2))
    >>> A = EIFMM("laplace", dim=2, tol=1e-6).fit(points)
    >>> A.converged, A.error_estimate < 1e-6
    (True, True)
    >>> potentials = A @ np.ones(2000)
    >>> r = np.linalg.norm(points[7] - np.delete(points, 7, axis=0), axis=1)
    >>> bool(np.isclose(potentials[7], np.log(r).sum(), rtol=1e-5))
    True
    """

    def __init__(
        self,
        kernel: Any,
        dim: int = 3,
        tol: float = 1e-6,
        *,
        box: tuple[Any, float] | None = None,
    ) -> None:
        if not isinstance(dim, int | np.integer) or dim not in (2, 3):
            raise ValueError(f"dim must be 2 or 3, got {dim!r}")
        if not isinstance(tol, int | float | np.floating):
            raise TypeError(f"tol must be a number, got {tol!r}")
        if not _SMALLEST <= tol <= _LARGEST:
            raise ValueError(f"tol must be from {_SMALLEST} to {_LARGEST}, got {tol}")
        self.kernel: Kernel = as_kernel(kernel, dim)
        self.dim, self.tol = dim, float(tol)
        self.box = None if box is None else _as_box(box, dim)
        self._levels: dict[float, Levels] = {}
        self._tightening = 1.0

    def fit(self, targets: Any, sources: Any = None, *, rng: Any = 0) -> KernelSum:
        """Return the operator from charges at ``sources`` to potentials at ``targets``.

        Parameters
        ----------
        targets, sources : (m, dim) and (n, dim) array_like
            Real points. Without sources the targets are the sources. The tree is built on the
            host; of arrays that are not NumPy's a copy of the points goes there once, products
            stay on the device.
        rng : Generator or int
            Draws the targets and charges on which the error is measured.

        Returns
        -------
        KernelSum
            Its ``error_estimate`` is measured. While it is above ``tol`` and falls, skeletons are
            built again with a tighter tolerance, three times at most. If that helps, later sets of
            points begin with it; if it doesn't, the ``reason`` says so.

        Raises
        ------
        ValueError
            Points of a wrong shape, with NaN or outside of the box; a box so small or large that
            squared distances or the kernel don't fit into doubles; a frequency that is too high.
        TypeError
            Complex points.
        """
        named = (
            {"targets": targets} if sources is None else {"targets": targets, "sources": sources}
        )
        entered = enter(matrix=False, **named)
        hosts = [self._on_host(name, x) for name, x in zip(named, entered.arrays, strict=True)]
        x, y = hosts[0], hosts[-1]
        box = self.box or Box.around(np.concatenate(hosts) if len(hosts) > 1 else x)
        if self.box and not all(map(self.box.holds, hosts)):
            raise ValueError("targets and sources must be inside of box")
        self._require_moderate(box.side)
        origin = box.origin
        box = Box(box.corner - origin, box.side)
        x = x - origin
        y = x if sources is None else y - origin
        measured = partial(self._measured, entered, x, y, box, origin, rng)
        tightening = self._tightening
        best = A = measured(tightening)
        for _ in range(_TRIALS - 1):
            if A.converged or A.reason is Reason.MAXITER:
                break
            tightening *= _TIGHTER
            A, last = measured(tightening), A
            best = min(best, A, key=lambda found: found.error_estimate)
            if not A.error_estimate < _HELPS * last.error_estimate:
                break
        if A.converged:
            self._tightening = tightening
        return best

    def _measured(
        self,
        entered: Entered,
        x: Floats,
        y: Floats,
        box: Box,
        origin: Floats,
        rng: Any,
        tightening: float,
    ) -> KernelSum:
        """Return the sum for one tolerance of the skeletons, with its error."""
        compiled = is_numpy(entered.xp) and self.kernel.form is not None
        start = perf_counter()
        plan = self._plan(x, y, box, compiled, tightening)
        planned = perf_counter()
        engine = (
            CompiledSum(plan, x, y)
            if compiled
            else GenericSum(plan, entered.xp, entered.arrays[0], entered.arrays[-1], origin)
        )
        seconds = {"tree": planned - start, "skeletons": perf_counter() - planned}
        A = KernelSum(self, engine, entered, x is y, seconds)
        A.certify(rng)
        return A

    @cached_property
    def transposed(self) -> "EIFMM":
        """The builder for ``K(y - x)``, this one if the kernel is symmetric."""
        if self.kernel.is_symmetric:
            return self
        kernel: Any = self.kernel
        turned = Pairwise(lambda x, y: kernel.function(y, x), self.dim, degree=kernel.degree)
        other = EIFMM(turned, self.dim, self.tol)
        other.box = self.box
        return other

    def _require_moderate(self, side: float) -> None:
        """Raise a ValueError if squared distances or the kernel don't fit into doubles."""
        decades = _DECADES / max(2.0, abs(self.kernel.degree or 0.0))
        if not (0 < side < np.inf and abs(log10(side)) <= decades):
            raise ValueError(
                f"targets and sources must fill a box with a side from 1e{-decades:.0f} to "
                f"1e{decades:.0f}, got {side:.1e}; scale the points"
            )

    def _plan(self, x: Floats, y: Floats, box: Box, compiled: bool, tightening: float) -> Plan:
        precision = Precision(*(share * self.tol * tightening for share in _SHARES[self.dim]))
        known = self._levels.get(tightening)
        levels = Levels(self.kernel, self.dim, box.side, precision) if known is None else known

        def plan(scale: float) -> Plan:
            cube = Box(box.corner, box.side * scale)
            here = levels.in_box(cube.side)
            return make_plan(x, y, cube, here, self.tol, merge=compiled)

        chosen = plan(1.0) if self.box else cheapest_plan(plan)
        self._levels[tightening] = chosen.levels
        return chosen

    def _on_host(self, name: str, points: Array) -> Floats:
        if points.ndim != 2 or points.shape[1] != self.dim:
            raise ValueError(f"{name} must have shape (n, {self.dim}), got {tuple(points.shape)}")
        host = to_host(points)
        if host.dtype.kind == "c":
            raise TypeError(f"{name} must be real, got {host.dtype}")
        flat = np.zeros((len(host), 3))
        flat[:, : self.dim] = host
        return flat


def _as_box(box: Any, dim: int) -> Box:
    try:
        corner, side = np.asarray(box[0], dtype=np.float64), float(box[1])
    except (TypeError, ValueError, IndexError) as failure:
        raise TypeError(f"box must be a corner ({dim},) and a side, got {box!r}") from failure
    if corner.shape != (dim,) or not np.all(np.isfinite(corner)) or not 0 < side < np.inf:
        raise ValueError(f"box must be a corner ({dim},) and a positive side, got {box}")
    return Box(np.append(corner, np.zeros(3 - dim)), side)
