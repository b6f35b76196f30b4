r"""Random pivoted Cholesky: a positive semidefinite matrix from a few of its columns.

Pivots are drawn with probabilities proportional to the diagonal of what is left,
:math:`A - F F^H`, and eliminated a block at a time; in the columns that were drawn
:math:`F F^H = A`. It ends before the rank asked for where nothing is left but rounding.

Cost: k columns of A, and n k^2 operations. The diagonal of what is left is read to the host for
each block.

Failure modes: a matrix that isn't positive semidefinite is seen if a diagonal entry, or a block of
pivots, turns out negative.

Source: Y. Chen, E. N. Epperly, J. A. Tropp, R. J. Webber, Randomly pivoted Cholesky, Comm. Pure
Appl. Math. 78 (2025), arXiv 2207.06503.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, adjoint, device_of, eps, namespace_of, to_host
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.start import home_of
from resolvent.operators import Operator
from resolvent.vectors import real

__all__ = ["rpcholesky"]

_ATTEMPTS = 4


def rpcholesky(A: Operator, rank: int, rng: Rng | None) -> Array:
    """Return ``F`` of at most ``rank`` columns, at least one, with ``F F^H`` close to A.

    Raises
    ------
    NotPositiveDefiniteError
        A is seen not to be positive semidefinite.
    TypeError
        The entries of A are not known.
    ValueError
        A has NaN or infinite entries.
    """
    columns, diagonal = _entries(A)
    generator = np.random.default_rng(rng)
    xp, device = home_of(A)
    n, left = A.shape[0], to_host(diagonal).astype(np.float64)
    if not np.all(np.isfinite(left)):
        raise ValueError("A has NaN or infinite entries")
    rounding = n * eps(xp, diagonal.dtype) * float(np.max(np.abs(left)))
    block = min(100, -(-rank // 10))
    F = xp.zeros((n, 0), dtype=A.matrix.dtype, device=device)
    while F.shape[1] < rank:
        if np.min(left) < -rounding:
            raise NotPositiveDefiniteError(
                "A is not positive semidefinite: its diagonal or what elimination leaves of it "
                f"has {np.min(left):.1e}"
            )
        left = left.clip(0)
        if np.max(left) <= rounding:
            break
        drawn = generator.choice(n, size=min(block, rank - F.shape[1]), p=left / np.sum(left))
        pivots = np.unique(drawn)
        rows = xp.asarray(pivots, device=device)
        G = columns(pivots, rows) - F @ adjoint(xp, xp.take(F, rows, axis=0))
        new = _eliminate(xp, G, xp.take(G, rows, axis=0), rounding)
        F = xp.concat([F, new], axis=1)
        left = left - to_host(xp.sum(xp.abs(new) ** 2, axis=1))
        left[pivots] = 0
    return F if F.shape[1] else xp.zeros((n, 1), dtype=F.dtype, device=device)


def _eliminate(xp: Namespace, G: Array, core: Array, rounding: float) -> Array:
    """Return ``G C^{-1}`` with ``C^H C`` the rows ``core`` of G, slightly shifted."""
    core = (core + adjoint(xp, core)) / 2
    identity = xp.eye(core.shape[0], dtype=core.dtype, device=device_of(core))
    for attempt in range(_ATTEMPTS):
        C = cholesky(xp, core + 10.0**attempt * rounding * identity)
        if C is not None:
            return adjoint(xp, xp.linalg.solve(C, adjoint(xp, G)))
    raise NotPositiveDefiniteError("A is not positive semidefinite: a block of it is not")


def _entries(A: Operator) -> tuple[Callable[[Any, Array], Array], Array]:
    """Return ``(pivots, rows) -> A[:, pivots]`` and the real diagonal."""
    matrix = A.matrix
    if matrix is None:
        raise TypeError("rpcholesky needs the entries of A; take method='gaussian'")
    if hasattr(matrix, "tocsr"):
        return lambda pivots, _: matrix[:, pivots].toarray(), matrix.diagonal().real
    xp = namespace_of(matrix)
    diagonal = real(xp, xp.linalg.diagonal(matrix))
    return lambda _, rows: xp.take(matrix, rows, axis=1), diagonal
