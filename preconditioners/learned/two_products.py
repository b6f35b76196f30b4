r"""The preconditioner :math:`M = G^T G` of a sparse triangular G: two products on any device.

On the host both are compiled loops, known to compiled solvers; on a GPU with CuPy those of
cuSPARSE. Other libraries gather as many entries for each row as the longest one has. What a device
needs is copied there once, at the first vector from it.
"""

from functools import cache
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, Namespace, device_of, eps, is_numpy, namespace_of
from resolvent.preconditioners.factorisations.factors import on_host
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import narrow

__all__ = ["two_products"]


def two_products(G: sparse.csr_array) -> Preconditioner:
    """Return :math:`G^T G` for a real square G on the host; ``info`` is G."""
    from resolvent.linalg.compiled.apply import applied
    from resolvent.linalg.compiled.forms import Products
    from resolvent.linalg.compiled.matrix_forms import CSR

    G, GT = (narrow(T) for T in (G, sparse.csr_array(G.T)))
    form = Products(*(CSR(T.indptr, T.indices, T.data) for T in (G, GT)))

    @cache
    def moved(xp: Namespace, device: Any, single: bool) -> tuple[Any, Any]:
        kind = np.float32 if single else np.float64
        return _moved(xp, device, G.astype(kind)), _moved(xp, device, GT.astype(kind))

    def product(r: Array) -> Array:
        xp = namespace_of(r)
        if is_numpy(xp):
            return on_host(lambda x: applied(form, x), G.dtype, r)
        first, second = moved(xp, device_of(r), eps(xp, r.dtype) > 1e-10)
        return second @ (first @ r)

    return Preconditioner(G.shape, G.dtype, product, product, kernel=form, is_spd=True, info=G)


def _moved(xp: Namespace, device: Any, T: sparse.csr_array) -> Any:
    """Return a matrix with products for arrays of a device."""
    if array_api_compat.is_cupy_namespace(xp):
        from cupyx.scipy.sparse import csr_matrix

        with device:
            return csr_matrix(tuple(map(xp.asarray, (T.data, T.indices, T.indptr))), shape=T.shape)
    return _PaddedRows(xp, device, T)


class _PaddedRows:
    """Rows filled up with zeros to the length of the longest one."""

    def __init__(self, xp: Namespace, device: Any, T: sparse.csr_array) -> None:
        counts = np.diff(T.indptr)
        place = np.arange(T.nnz) - np.repeat(T.indptr[:-1], counts)
        row = np.repeat(np.arange(T.shape[0]), counts)
        data = np.zeros((T.shape[0], counts.max(initial=0)), dtype=T.dtype)
        columns = np.zeros(data.shape, dtype=np.int64)
        data[row, place], columns[row, place] = T.data, T.indices
        self.xp = xp
        self.data = xp.asarray(data, device=device)
        self.columns = xp.asarray(columns.ravel(), device=device)

    def __matmul__(self, x: Array) -> Array:
        xp, shape = self.xp, self.data.shape
        gathered = xp.reshape(xp.take(x, self.columns, axis=0), (*shape, *x.shape[1:]))
        data: NDArray[Any] = xp.reshape(self.data, (*shape, *(1,) * (x.ndim - 1)))
        return xp.sum(data * gathered, axis=1)
