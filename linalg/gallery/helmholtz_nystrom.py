r"""Layer operators of the plane Helmholtz equation on a smooth closed curve, by Nystrom's method.

Fundamental solution and operators, with outward normals :math:`\nu` and the factor 2 of the
source:

    Phi(x, y) = (i/4) H_0(k |x - y|)
    S u(x)  = 2 int Phi u ds             K u(x) = 2 int dPhi/dnu(y) u ds
    K' u(x) = 2 int dPhi/dnu(x) u ds     T u(x) = 2 d/dnu(x) int dPhi/dnu(y) u ds

At 2n equidistant parameters t_j = pi j / n of a curve x(t) each kernel of S, K and K' is split into
M_1(t, s) log(4 sin^2((t - s)/2)) + M_2(t, s) with analytic M_1 and M_2. The first part is
integrated by the weights

    R_j = -(2 pi / n) sum_{m=1}^{n-1} cos(m t_j) / m - (pi / n^2) cos(n t_j),

the second by the trapezoidal rule. T follows from S by Maue's formula,

    T u = d/ds S (du/ds) + k^2 nu . S (nu u),

with trigonometric derivatives. All converge exponentially for analytic curves and data. The
diagonal of M_2 of K is -(x_1' x_2'' - x_2' x_1'') / (2 pi |x'|^2): the sign is a usual trap.

Source: D. Colton and R. Kress, Inverse Acoustic and Electromagnetic Scattering Theory, Springer,
section 3.5 (the combined layer, kite and table of far fields); R. Kress, On the numerical solution
of a hypersingular integral equation in scattering theory, J. Comput. Appl. Math. 61 (1995),
doi 10.1016/0377-0427(94)00073-7.

Differs from the source in: T by products with the differentiation matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz
from scipy.special import j0, j1, y0, y1

__all__ = ["HelmholtzNystrom", "helmholtz_nystrom"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.complex128]
Entries = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True, eq=False)
class HelmholtzNystrom:
    r"""Layer operators on one curve as matrices, for any wavenumber k > 0.

    With ``N = 2 n`` nodes every matrix is dense, complex and (N, N). Of S, K and K', and of what
    is made of them, ``entries=(rows, columns)`` gives only some entries, at their own cost: two
    arrays of indices that broadcast.

    Every method raises a ValueError if k is not positive.

    Attributes
    ----------
    points, normals : (2, N) ndarray
        Nodes on the curve, and outward unit normals.
    speed : (N,) ndarray
        :math:`|x'(t)|`; the weights of arc length are ``speed * pi / n``.
    curvature : (N,) ndarray
        Signed, positive where the curve is convex.
    """

    points: Vector
    normals: Vector
    speed: Vector
    curvature: Vector

    @property
    def weights(self) -> Vector:
        """Weights (N,) of the trapezoidal rule in arc length."""
        return self.speed * (2 * np.pi / len(self.speed))

    def single_layer(self, k: float, *, entries: Entries | None = None) -> Matrix:
        """Return S."""
        i, j = self._indices(entries)
        return np.asarray(self._unweighted(k, i, j) * self.speed[j])

    def double_layer(self, k: float, *, entries: Entries | None = None) -> Matrix:
        """Return K."""
        i, j = self._indices(entries)
        return self._normal_derivative(k, i, j, j)

    def adjoint_double_layer(self, k: float, *, entries: Entries | None = None) -> Matrix:
        """Return K', the transpose of K in the inner product of arc length."""
        i, j = self._indices(entries)
        return self._normal_derivative(k, i, j, i)

    def hypersingular(self, k: float) -> Matrix:
        """Return T."""
        i, j = self._indices(None)
        bare, D = self._unweighted(k, i, j), _derivative(len(self.speed))
        cosines = self.normals.T @ self.normals
        along = (D @ bare @ D) / self.speed[:, None]
        return np.asarray(along + k**2 * cosines * bare * self.speed)

    def sound_soft(
        self, k: float, *, coupling: float | None = None, entries: Entries | None = None
    ) -> Matrix:
        r"""Return :math:`A = I + K - i \eta S`, by default with the coupling :math:`\eta = k`.

        The solution of ``A u = -2 g`` is the density of the field, by `potential`, that has the
        values -g on the curve: of what a sound-soft obstacle scatters, if g are the values of the
        incident field. With a coupling other than 0 it is unique at every wavenumber.
        """
        eta, (i, j) = k if coupling is None else coupling, self._indices(entries)
        K, S = (layer(k, entries=(i, j)) for layer in (self.double_layer, self.single_layer))
        return np.asarray((i == j) + K - 1j * eta * S)

    def plane_wave(self, k: float, angle: float) -> Matrix:
        """Return the values (N,) of the plane wave that travels in the direction ``angle``."""
        _require_wavenumber(k)
        along = np.cos(angle) * self.points[0] + np.sin(angle) * self.points[1]
        return np.asarray(np.exp(1j * k * along))

    def potential(
        self, k: float, density: ArrayLike, targets: ArrayLike, *, coupling: complex
    ) -> Matrix:
        r"""Return :math:`\int (\partial_{\nu(y)} \Phi - i \eta \Phi) u\,ds` at targets (2, ...).

        Of densities (N,) or (N, m), with their m fields in the last axis. The rule is that of
        smooth functions: close to the curve, within a few distances of nodes, it has no digits.

        Raises
        ------
        ValueError
            A target is a node, or the density has another number of values.
        """
        _require_wavenumber(k)
        targets = np.asarray(targets, dtype=float)
        if targets.shape[:1] != (2,):
            raise ValueError(f"targets must be of shape (2, ...), got {targets.shape}")
        density, N = np.asarray(density), len(self.speed)
        if density.ndim not in (1, 2) or len(density) != N:
            raise ValueError(f"density must be ({N},) or ({N}, m), got {density.shape}")
        x, y = (np.subtract.outer(targets[c], self.points[c]) for c in (0, 1))
        r = np.sqrt(x * x + y * y)
        if not np.all(r > 0):
            raise ValueError("targets must not be nodes, where the kernels are infinite")
        toward = (x * self.normals[0] + y * self.normals[1]) / r
        dipole = k * toward * (j1(k * r) + 1j * y1(k * r))
        kernel = 0.25j * (dipole - 1j * coupling * (j0(k * r) + 1j * y0(k * r)))
        return np.asarray((kernel * self.weights) @ density)

    def far_field(
        self, k: float, density: ArrayLike, angles: ArrayLike, *, coupling: complex
    ) -> Matrix:
        r"""Return :math:`u_\infty` of `potential` in directions (m,), :math:`e^{ikr}/\sqrt r` off.

        .. math:: \frac{e^{-i\pi/4}}{\sqrt{8 \pi k}}
                  \int (k\, \nu \cdot \hat x + \eta) e^{-i k \hat x \cdot y} u(y)\,ds
        """
        kernel = self.far_field_matrix(k, angles, coupling=coupling)
        return np.asarray(kernel @ np.asarray(density))

    def far_field_matrix(self, k: float, angles: ArrayLike, *, coupling: complex) -> Matrix:
        """Return the matrix (m, N) that maps a density to its far field."""
        _require_wavenumber(k)
        angles = np.asarray(angles, dtype=float)
        directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        phase = np.exp(-1j * k * directions @ self.points)
        scale = np.exp(-0.25j * np.pi) / np.sqrt(8 * np.pi * k)
        kernel = (k * directions @ self.normals + coupling) * phase
        return np.asarray(scale * kernel * self.weights)

    def _indices(self, entries: Entries | None) -> tuple[NDArray[Any], NDArray[Any]]:
        N = len(self.speed)
        if entries is None:
            return np.arange(N)[:, None], np.arange(N)[None, :]
        i, j = np.broadcast_arrays(*entries)
        return i, j

    def _unweighted(self, k: float, i: NDArray[Any], j: NDArray[Any]) -> Matrix:
        """Return S without the speed of its columns."""
        _require_wavenumber(k)
        r, log_weight, weight = self._pairs(i, j)
        J = np.where(i == j, 1.0, j0(k * r))
        M1 = -J / (2 * np.pi)
        smooth = 0.5j * (J + 1j * y0(k * r)) - M1 * self._log_sine(i, j)
        at_zero = 0.5j - (np.euler_gamma + np.log(0.5 * k * self.speed)) / np.pi
        return np.asarray(log_weight * M1 + weight * np.where(i == j, at_zero[i], smooth))

    def _normal_derivative(
        self, k: float, i: NDArray[Any], j: NDArray[Any], at: NDArray[Any]
    ) -> Matrix:
        """Return K or K': the normal is taken ``at`` the column or at the row."""
        _require_wavenumber(k)
        r, log_weight, weight = self._pairs(i, j)
        away = self.points[:, at] - self.points[:, i + j - at]
        slope = self.speed[j] * np.sum(away * self.normals[:, at], axis=0) / r
        J = k * j1(k * r)
        M1 = slope * J / (2 * np.pi)
        smooth = -0.5j * slope * (J + 1j * k * y1(k * r)) - M1 * self._log_sine(i, j)
        at_zero = -self.curvature * self.speed / (2 * np.pi)
        same = i == j
        M1 = np.where(same, 0, M1)
        return np.asarray(log_weight * M1 + weight * np.where(same, at_zero[i], smooth))

    def _pairs(self, i: NDArray[Any], j: NDArray[Any]) -> tuple[Vector, Vector, float]:
        """Return distances, 1 on the diagonal, and the weights of both parts."""
        x, y = self.points[:, i] - self.points[:, j]
        r = np.where(i == j, 1.0, np.sqrt(x * x + y * y))
        return r, self._log_weights[np.abs(i - j)], 2 * np.pi / len(self.speed)

    def _log_sine(self, i: NDArray[Any], j: NDArray[Any]) -> Vector:
        return np.asarray(self._log_sines[np.abs(i - j)])

    @cached_property
    def _log_weights(self) -> Vector:
        """The weights R_j, a cosine series by one FFT."""
        N = len(self.speed)
        m = np.minimum(np.arange(N), N - np.arange(N))
        series = -2 * np.pi / np.maximum(m, 1) * (m > 0)
        return np.asarray(np.fft.ifft(series).real)

    @cached_property
    def _log_sines(self) -> Vector:
        """Logarithms of 4 sin^2 at half the distance of parameters, 0 on the diagonal."""
        sines = 2 * np.sin(np.pi * np.arange(len(self.speed)) / len(self.speed))
        sines[0] = 1
        return np.asarray(2 * np.log(sines))


def helmholtz_nystrom(
    curve: Callable[[Vector], tuple[Vector, Vector, Vector]], n: int
) -> HelmholtzNystrom:
    r"""Return the layer operators of the plane Helmholtz equation on a smooth closed curve.

    A family of dense complex matrices with the wavenumber as a parameter, of the second kind
    (`HelmholtzNystrom.sound_soft`: bounded condition, eigenvalues that cluster at 1) and of the
    first.

    Parameters
    ----------
    curve : callable
        Takes parameters (m,) in :math:`[0, 2\pi)`, returns points (2, m) and their first and
        second derivatives, counter-clockwise; `resolvent.linalg.gallery.kite` is one.
    n : int
        Half the number of nodes. About 5 for each wavelength on the curve, and what its shape
        asks for, give the first digits; from there on they come exponentially.

    Returns
    -------
    HelmholtzNystrom
        Its methods take the wavenumber and give matrices of order 2n.

    Raises
    ------
    ValueError
        ``n`` is below 2, the curve has other shapes, is not regular, or runs clockwise.

    Notes
    -----
    Cost: a matrix takes 4 N^2 Bessel functions, about 100 ns each; T takes two products more.
    `HelmholtzNystrom.plane_wave` and the far field take O(N) for each direction.

    Examples
    --------
    The far field of the kite under a plane wave from the left, forward (Colton and Kress):

    >>> from resolvent.linalg.gallery.curves import kite
    >>> problem, k = helmholtz_nystrom(kite, 32), 1.0
    >>> u = np.linalg.solve(problem.sound_soft(k), -2 * problem.plane_wave(k, 0.0))
    >>> problem.far_field(k, u, [0.0], coupling=k).round(7)
    array([-1.6274575+0.6022259j])
    """
    n = index(n)
    if n < 2:
        raise ValueError(f"n must be at least 2, got {n}")
    x, dx, ddx = (np.asarray(a, dtype=float) for a in curve(np.pi * np.arange(2 * n) / n))
    if not x.shape == dx.shape == ddx.shape == (2, 2 * n):
        raise ValueError(
            f"curve must return three arrays of shape {(2, 2 * n)}, "
            f"got {x.shape}, {dx.shape} and {ddx.shape}"
        )
    speed = np.hypot(dx[0], dx[1])
    if not np.all(speed > 0):
        raise ValueError("curve must have a derivative other than 0 everywhere")
    if np.sum(x[0] * dx[1] - x[1] * dx[0]) <= 0:
        raise ValueError("curve must run counter-clockwise")
    normals = np.stack([dx[1], -dx[0]]) / speed
    return HelmholtzNystrom(x, normals, speed, (dx[0] * ddx[1] - dx[1] * ddx[0]) / speed**3)


def _require_wavenumber(k: float) -> None:
    if not 0 < k < np.inf:
        raise ValueError(f"k must be a positive wavenumber, got {k}")


def _derivative(N: int) -> Vector:
    """Return the matrix of the trigonometric derivative at N equidistant points, N even."""
    j = np.arange(1, N)
    column = np.concatenate([[0.0], 0.5 * (-1.0) ** j / np.tan(np.pi * j / N)])
    return np.asarray(toeplitz(column, -column))
