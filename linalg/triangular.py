"""Solve with triangular matrices, by each library's own call where it has one."""

import array_api_compat
import scipy.linalg

from resolvent.arrays import Array, Namespace, is_numpy

__all__ = ["solve_triangular"]


def solve_triangular(
    xp: Namespace, T: Array, b: Array, *, lower: bool = False, unit: bool = False
) -> Array:
    """Return ``T^{-1} b`` for a triangular ``T`` (n, n) and ``b`` (n,) or (n, k).

    The Array API has no triangular solve: where the library has none of its own, its general one
    is taken, which agrees to rounding.
    """
    if is_numpy(xp):
        return scipy.linalg.solve_triangular(
            T, b, lower=lower, unit_diagonal=unit, check_finite=False
        )
    if array_api_compat.is_cupy_namespace(xp):
        from cupyx.scipy.linalg import solve_triangular as by_cublas

        return by_cublas(T, b, lower=lower, unit_diagonal=unit)
    columns = b if b.ndim == 2 else b[:, None]
    if array_api_compat.is_torch_namespace(xp):
        x = xp.linalg.solve_triangular(T, columns, upper=not lower, unitriangular=unit)
    else:
        x = xp.linalg.solve(T, columns)
    return x if b.ndim == 2 else x[:, 0]
