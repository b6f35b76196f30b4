r"""The inverse of a matrix that a fast transform diagonalises: :math:`A^{-1} = F^{-1} D^{-1} F`.

Cost: two transforms and one product for each application, whatever the condition.

Failure modes: an eigenvalue that is zero up to its rounding error is a `SingularMatrixError`,
unless the null space is known to belong to the problem; then the pseudo-inverse is applied. A
float32 residual is transformed in float32, which is accurate to eps times the condition of A, as
every float32 solution is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, complex_dtype, device_of, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["Spectrum", "diagonalized"]

Transform = Callable[[Namespace, Array], Array]


@dataclass(frozen=True)
class Spectrum:
    """What is known of the matrix that is inverted.

    Attributes
    ----------
    smallest, largest : float
        Extreme absolute values of the nonzero eigenvalues; their quotient is the condition.
    nullity : int
        Number of zero eigenvalues, on which the pseudo-inverse acts as zero.
    """

    smallest: float
    largest: float
    nullity: int


def diagonalized(
    name: str,
    eigenvalues: NDArray[Any],
    *,
    box: tuple[int, ...],
    dtype: Any,
    forward: Transform,
    inverse: Transform,
    noise: float,
    hermitian: bool,
    pseudo: bool = False,
    advice: str = "",
) -> Preconditioner:
    """Return ``r -> inverse(forward(r) / eigenvalues)`` as a preconditioner.

    Parameters
    ----------
    name : str
        What error messages call the matrix.
    eigenvalues : ndarray
        On the host, in the shape of what ``forward`` returns.
    box : tuple of int
        Shape in which residuals are transformed.
    dtype : dtype
        Of the matrix.
    forward, inverse : callable
        ``(xp, x) -> y``, along the leading axes of ``(*box)`` or ``(*box, k)``.
    noise : float
        Bound of the error of the eigenvalues: smaller ones are zero.
    hermitian : bool
        Whether the matrix is Hermitian, hence its eigenvalues real.
    pseudo : bool
        Invert on the complement of the null space.
    advice : str
        What to do about a singular matrix.

    Raises
    ------
    ValueError
        An eigenvalue is not finite.
    SingularMatrixError
        An eigenvalue is zero up to ``noise``, and ``pseudo`` is not asked for.
    """
    size = np.abs(eigenvalues)
    if not np.all(np.isfinite(size)):
        raise ValueError(f"{name} has eigenvalues that are not finite")
    zero = size <= noise
    nullity = int(np.sum(zero))
    if nullity and not pseudo:
        raise SingularMatrixError(f"{name} has {nullity} eigenvalue(s) of zero; {advice}")
    reciprocals = np.where(zero, 0, 1 / np.where(zero, 1, eigenvalues))
    n = int(np.prod(box))
    real = np.dtype(dtype).kind == "f"
    info = Spectrum(
        smallest=float(np.min(size, where=~zero, initial=np.inf)),
        largest=float(np.max(size)),
        nullity=nullity,
    )
    return Preconditioner(
        (n, n),
        dtype,
        _Application(reciprocals, box, real, forward, inverse),
        _Application(np.conj(reciprocals), box, real, forward, inverse),
        is_spd=bool(hermitian and np.all(np.real(reciprocals) > 0)),
        info=info,
    )


@dataclass(frozen=True, eq=False)
class _Application:
    """``r -> inverse(reciprocals * forward(r))`` in the library, device and precision of r."""

    reciprocals: NDArray[Any]
    box: tuple[int, ...]
    real: bool
    forward: Transform
    inverse: Transform
    moved: dict[Any, Array] = field(default_factory=dict)

    def __call__(self, r: Array) -> Array:
        xp = namespace_of(r)
        y = self.forward(xp, xp.reshape(r, (*self.box, *r.shape[1:])))
        scale = self._like(xp, y)
        y = y * (scale if r.ndim == 1 else scale[..., None])
        x = xp.reshape(self.inverse(xp, y), r.shape)
        stays_real = self.real and xp.isdtype(r.dtype, "real floating")
        if stays_real and xp.isdtype(x.dtype, "complex floating"):
            return xp.asarray(xp.real(x), copy=True)  # contiguous
        return x

    def _like(self, xp: Namespace, y: Array) -> Array:
        """Return the reciprocals beside ``y``, moved and rounded once for all residuals."""
        device = device_of(y)
        key = (xp.__name__, str(device), str(y.dtype))
        if key not in self.moved:
            real = xp.float32 if xp.finfo(y.dtype).bits == 32 else xp.float64
            dtype = complex_dtype(xp, real) if np.iscomplexobj(self.reciprocals) else real
            self.moved[key] = xp.asarray(self.reciprocals, dtype=dtype, device=device)
        return self.moved[key]
