"""The terms of an affine system, as they enter: parameters, right-hand sides, matrices, dtypes."""

from collections.abc import Sequence
from typing import Any

import array_api_compat

from resolvent.arrays import Array, Namespace, complex_dtype, device_of, enter, namespace_of
from resolvent.operators import Operator

__all__ = [
    "common_dtype",
    "entries",
    "of_precision",
    "of_rows",
    "one_parameter",
    "parameters",
    "real_dtype",
    "right_hand_sides",
    "stack_rows",
]


def parameters(mus: Any) -> Array:
    """Return parameters as ``(k, d)``, in the library they come from."""
    (mus,) = enter(matrix=False, mus=mus).arrays
    if mus.ndim not in (0, 1, 2):
        raise ValueError(f"mus must be of shape (k, d), (k,) or (), got {tuple(mus.shape)}")
    return mus if mus.ndim == 2 else namespace_of(mus).reshape(mus, (-1, 1))


def one_parameter(mu: Any) -> Array:
    """Return one parameter, a number or ``(d,)``, as ``(1, d)``."""
    (mu,) = enter(matrix=False, mu=mu).arrays
    if mu.ndim > 1:
        raise ValueError(f"mu must be one parameter, a number or (d,), got {tuple(mu.shape)}")
    return mu[None, :] if mu.ndim else mu[None, None]


def right_hand_sides(rhs_terms: Any) -> tuple[Namespace, Array]:
    """Return right-hand sides as columns: of an array, or a sequence of vectors."""
    if isinstance(rhs_terms, Sequence) and any(map(_is_vector, rhs_terms)):
        entered = enter(matrix=False, **{f"rhs_terms[{q}]": b for q, b in enumerate(rhs_terms)})
        shapes = [tuple(b.shape) for b in entered.arrays]
        if len(set(shapes)) > 1 or len(shapes[0]) != 1:
            raise ValueError(f"rhs_terms must be vectors of one length, got shapes {shapes}")
        return entered.xp, entered.xp.stack(entered.arrays, axis=1)
    entered = enter(matrix=False, rhs_terms=rhs_terms)
    (b,) = entered.arrays
    if b.ndim not in (1, 2) or 0 in b.shape[1:]:
        raise ValueError(f"rhs_terms must be of shape (N, Qb) or (N,), got {tuple(b.shape)}")
    return entered.xp, b if b.ndim == 2 else b[:, None]


def _is_vector(b: Any) -> bool:
    return isinstance(b, Sequence) or getattr(b, "ndim", 0) > 0


def entries(xp: Namespace, terms: list[Operator], dtype: Any) -> tuple[Any, ...]:
    """Return entries in one dtype where they are known, all dense if one is; else operators."""
    dense = any(array_api_compat.is_array_api_obj(A.matrix) for A in terms)
    found = []
    for A in terms:
        if A.matrix is None:
            found.append(A)
        elif hasattr(A.matrix, "tocsr"):
            M = A.matrix.astype(dtype)
            found.append(xp.asarray(M.toarray()) if dense else M)
        else:
            found.append(xp.astype(A.matrix, dtype))
    return tuple(found)


def common_dtype(xp: Namespace, dtypes: list[Any]) -> Any:
    """Return the dtype that holds all: double unless all are single, complex if one is."""
    names = {str(dtype).rpartition(".")[2] for dtype in dtypes}
    real = xp.float32 if names <= {"float32", "complex64"} else xp.float64
    return complex_dtype(xp, real) if any("complex" in name for name in names) else real


def real_dtype(xp: Namespace, dtype: Any) -> Any:
    """Return the real dtype of the same precision."""
    if not xp.isdtype(dtype, "complex floating"):
        return dtype
    return xp.float32 if dtype == xp.complex64 else xp.float64


def of_precision(xp: Namespace, dtype: Any, like: Any) -> Any:
    """Return ``dtype``, real or complex as it is, in the precision of ``like``."""
    real = real_dtype(xp, like)
    return complex_dtype(xp, real) if xp.isdtype(dtype, "complex floating") else real


def of_rows(name: str, vectors: Any, rows: int, like: Array) -> Array:
    """Return ``(rows,)`` or ``(rows, n)`` in the library and the precision of ``like``."""
    entered, xp = enter(matrix=False, **{name: vectors}), namespace_of(like)
    (found,) = entered.arrays
    if found.ndim not in (1, 2) or found.shape[0] != rows:
        raise ValueError(
            f"{name} must be of shape ({rows},) or ({rows}, n), got {tuple(found.shape)}"
        )
    if entered.xp is not xp:
        raise TypeError(f"{name} must be of {xp.__name__} as the system is")
    if device_of(found) != device_of(like):
        raise ValueError(f"{name} is on {device_of(found)}, the system is on {device_of(like)}")
    return xp.astype(found, of_precision(xp, found.dtype, like.dtype))


def stack_rows(name: str, values: Any, mus: Array) -> Array:
    """Stack numbers and ``(k,)`` arrays as rows (Q, k), one column for each parameter."""
    rows = {f"{name}[{q}]": row for q, row in enumerate(values)}
    xp, (_, *entered), *_ = enter(matrix=False, mus=mus, **rows)
    count = mus.shape[0]
    for key, row in zip(rows, entered, strict=True):
        if tuple(row.shape) not in ((), (count,)):
            raise ValueError(
                f"{key} must be a number or of shape ({count},), one for each row of mus (k, d), "
                f"got {tuple(row.shape)}; a parameter is mus[:, 0], not mus[0]"
            )
    return xp.stack([xp.broadcast_to(row, (count,)) for row in entered])
