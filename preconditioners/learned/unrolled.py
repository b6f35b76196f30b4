r"""Stationary iterations unrolled: all residuals of :math:`r_{k+1} = E r_k`, and the way back.

The residuals are found by doubling, :math:`(r_m, \dots, r_{2m-1}) = E^m (r_0, \dots, r_{m-1})`,
and the derivative by :math:`r_0` of a function with the derivatives :math:`g_k` by halving,

.. math:: \sum_k (E^T)^k g_k, \qquad
    (g_0, \dots, g_{m-1}) \leftarrow (g_0 + (E^T)^m g_m, \dots, g_{m-1} + (E^T)^m g_{2m-1}),

so that K steps are log2(K) products of large matrices.

Cost: 2 n² flops for a step and a vector, forwards and again backwards; all states are kept.

Failure modes: none beyond those of the iteration itself, which must converge: the powers of E are
then bounded, and so are the errors of their rounding.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from resolvent.arrays import Array, namespace_of

__all__ = ["Splitting", "approximate_inverse", "doubled", "norms_of_steps"]

Splitting = Literal["jacobi", "sor"]


def approximate_inverse(
    A: NDArray[np.float64], splitting: Splitting, omega: float
) -> NDArray[np.float64]:
    r"""Return M of :math:`x \leftarrow x + M (b - A x)`, such that the iteration converges.

    It is :math:`\omega D^{-1}` or :math:`(D / \omega + L)^{-1}`.

    Raises
    ------
    ValueError
        A zero on the diagonal of ``A``; an iteration that does not converge.
    """
    diagonal = np.diag(A)
    if not np.all(diagonal):
        raise ValueError(f"A has a zero on the diagonal, in row {int(np.argmin(diagonal != 0))}")
    identity = np.eye(len(A))
    if splitting == "jacobi":
        M = np.diag(omega / diagonal)
    else:
        lower = np.tril(A, -1) + np.diag(diagonal / omega)
        M = np.asarray(solve_triangular(lower, identity, lower=True))
    radius = np.max(np.abs(np.linalg.eigvals(identity - M @ A)))
    if not radius < 1:
        raise ValueError(
            f"{splitting} with omega={omega} does not converge for A: its spectral radius is "
            f"{radius:.3g}"
        )
    return M


def doubled(E: NDArray[np.float64], steps: int) -> list[NDArray[np.float64]]:
    """Return the powers 1, 2, 4, ... of E that `norms_of_steps` needs for so many steps."""
    powers = [E] if steps else []
    while 2 ** len(powers) <= steps:
        powers.append(powers[-1] @ powers[-1])
    return powers


def norms_of_steps(
    first: Array, powers: Sequence[Array], steps: int
) -> tuple[Array, Callable[[Array], Array]]:
    """Return the norms of rows after 0, 1, ..., ``steps`` steps, and the way back.

    Parameters
    ----------
    first : (k, n) array
        Rows to begin with, each multiplied by E from the right in a step.
    powers : sequence of (n, n) array
        As `doubled` gives them.
    steps : int
        Number of steps.

    Returns
    -------
    history : (k, steps + 1) array
        Norms.
    back : callable
        Takes the derivative by the history, and returns that by ``first``.
    """
    xp = namespace_of(first)
    k, states = first.shape[0], first
    for power in powers:
        left = min((steps + 1) * k - states.shape[0], states.shape[0])
        states = xp.concat([states, states[:left, :] @ power])
    norms = xp.sqrt(xp.sum(states * states, axis=1))

    def back(slope: Array) -> Array:
        g = xp.reshape(slope.T, (-1,)) / xp.where(norms > 0, norms, xp.ones_like(norms))
        g = g[:, None] * states
        for i in range(len(powers) - 1, -1, -1):
            half = 2**i * k
            later = g[half:, :] @ powers[i].T
            count = later.shape[0]
            g = xp.concat([g[:count, :] + later, g[count:half, :]])
        return g

    return xp.reshape(norms, (steps + 1, k)).T, back
