r"""Direct solution of the Laplacian with constant coefficients on a box, by sine transforms.

    A = shift I + sum_i c_i (I x ... x L_i x ... x I),    L_i = tridiag(-1, 2, -1) of order n_i

The sine transform of type I diagonalises :math:`L_i` with Dirichlet ends, the cosine transform of
type II with Neumann ends (first and last diagonal entry 1), the Fourier transform with periodic
ends (corners -1). The eigenvalues are shift + sum_i c_i 4 sin^2(phi_i) with

    Dirichlet   phi = k pi / (2 (n+1)),  k = 1..n
    Neumann     phi = k pi / (2 n),      k = 0..n-1
    periodic    phi = k pi / n,          k = 0..n-1

Cost: O(n log n) for n unknowns; no setup but the table of reciprocal eigenvalues. As a
preconditioner for variable coefficients the condition is at most their contrast, on every mesh;
where they are smooth, `scaled_poisson` needs far fewer steps.

Failure modes: with Neumann and periodic ends only and no shift, A is singular on the constants:
the pseudo-inverse is applied and ``info.nullity`` is 1. A shift that cancels an eigenvalue raises.
Lengths n with a large prime factor in n + 1 (Dirichlet) are several times slower.

Source: R. W. Hockney, A fast direct solution of Poisson's equation using Fourier analysis,
J. ACM 12 (1965), 95-113, doi 10.1145/321250.321259.

Differs from the source in: transforms along all axes, no cyclic reduction along one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.structured import transforms
from resolvent.preconditioners.structured.diagonalized import diagonalized

__all__ = ["fast_poisson"]

BOUNDARIES = ("dirichlet", "neumann", "periodic")
EPS = np.finfo(np.float64).eps


def fast_poisson(
    shape: int | Sequence[int],
    *,
    coefficients: float | Sequence[float] = 1.0,
    boundary: str | Sequence[str] = "dirichlet",
    shift: complex = 0.0,
) -> Preconditioner:
    r"""Return the inverse of ``shift I - sum_i c_i d^2/dx_i^2`` in finite differences.

    With the defaults it is the inverse of `resolvent.linalg.gallery.poisson`: the mesh width is
    one, and the unknowns of the box are numbered in C order.

    Parameters
    ----------
    shape : int or sequence of int
        Unknowns ``(n1, ..., nd)`` per axis, any number of axes.
    coefficients : float or sequence of float
        Conductivity :math:`c_i` of each axis, or one number for all.
    boundary : str or sequence of str
        ``"dirichlet"`` (zero one mesh width beyond the box), ``"neumann"`` (no flux through
        the end) or ``"periodic"``, of each axis or of all.
    shift : float or complex
        Multiple of the identity that is added, e.g. minus the squared wavenumber.

    Returns
    -------
    Preconditioner
        Exact up to rounding. ``info`` is a `Spectrum`: extreme eigenvalues and nullity.
        ``is_spd`` is False for the pseudo-inverse of a singular matrix, which is semidefinite.

    Raises
    ------
    ValueError
        ``shape`` has an entry below 1; ``coefficients`` or ``boundary`` don't fit to it, or are
        unknown or not finite; ``shift`` is not finite.
    SingularMatrixError
        The shift cancels an eigenvalue.

    Notes
    -----
    Real and complex right-hand sides ``(n,)`` and ``(n, k)`` of any array library with the
    Fourier transforms of the Array API, in the precision of the right-hand side. On NumPy large
    transforms take several threads.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> A, M = gallery.poisson((30, 40)), fast_poisson((30, 40))
    >>> b = np.ones(1200)
    >>> bool(np.linalg.norm(b - A @ (M @ b)) < 1e-12 * np.linalg.norm(b))
    True
    """
    box = tuple(map(index, np.atleast_1d(shape).tolist()))
    if not box or min(box) < 1:
        raise ValueError(f"shape must be positive integers, got {shape}")
    weights = np.asarray(coefficients, dtype=np.float64)
    if weights.shape not in ((), (len(box),)) or not np.all(np.isfinite(weights)):
        raise ValueError(f"coefficients must be one or {len(box)} numbers, got {coefficients}")
    if not np.isfinite(shift):
        raise ValueError(f"shift must be finite, got {shift}")
    weights = np.broadcast_to(weights, len(box))
    ends = _Ends.of(boundary, len(box))
    axes = [c * _eigenvalues(n, end) for c, n, end in zip(weights, box, ends.kinds, strict=True)]
    eigenvalues = shift + sum(np.meshgrid(*axes, indexing="ij", sparse=True))
    real = np.isrealobj(shift)
    # Each term is accurate to a few eps, and so is their sum if all are of one sign.
    noise = 4 * EPS * (4 * float(np.sum(np.abs(weights))) + abs(shift))
    terms = np.append(weights, shift)
    one_sign = real and bool(np.all(terms >= 0) or np.all(terms <= 0))
    return diagonalized(
        "the shifted Laplacian",
        np.broadcast_to(eigenvalues, box),
        box=box,
        dtype=np.float64 if real else np.complex128,
        forward=ends.forward,
        inverse=ends.inverse,
        noise=0.0 if one_sign else noise,
        hermitian=real,
        pseudo=shift == 0 and "dirichlet" not in ends.kinds,
        advice="another shift or nonzero coefficients make it regular",
    )


def _eigenvalues(n: int, end: str) -> NDArray[np.float64]:
    """Return the eigenvalues of tridiag(-1, 2, -1) in the order of the transform."""
    first, period = {"dirichlet": (1, 2 * (n + 1)), "neumann": (0, 2 * n), "periodic": (0, n)}[end]
    k = np.arange(first, first + n)
    return np.asarray(4 * np.sin(np.pi * k / period) ** 2)


@dataclass(frozen=True)
class _Ends:
    """The boundary condition of each axis, and the transforms that go with them."""

    kinds: tuple[str, ...]

    @classmethod
    def of(cls, boundary: str | Sequence[str], d: int) -> "_Ends":
        kinds = (boundary,) * d if isinstance(boundary, str) else tuple(boundary)
        if len(kinds) != d or not set(kinds) <= set(BOUNDARIES):
            raise ValueError(f"boundary must be one or {d} of {BOUNDARIES}, got {boundary!r}")
        return cls(kinds)

    def axes(self, kind: str) -> tuple[int, ...]:
        return tuple(axis for axis, own in enumerate(self.kinds) if own == kind)

    def forward(self, xp: Namespace, x: Array) -> Array:
        if axes := self.axes("dirichlet"):
            x = transforms.sine(xp, x, axes)
        if axes := self.axes("neumann"):
            x = transforms.cosine(xp, x, axes)
        if axes := self.axes("periodic"):
            x = transforms.fourier(xp, x, axes)
        return x

    def inverse(self, xp: Namespace, y: Array) -> Array:
        if axes := self.axes("periodic"):
            y = transforms.inverse_fourier(xp, y, axes)
        if axes := self.axes("neumann"):
            y = transforms.inverse_cosine(xp, y, axes)
        if axes := self.axes("dirichlet"):
            y = transforms.sine(xp, y, axes)
        return y
