r"""Parametrised systems from a few matrices that a code merely hands out.

.. math:: A(\mu) \approx \sum_m \beta_m(\mu) A(\mu_m), \quad
          b(\mu) \approx \sum_m \gamma_m(\mu) b(\mu_m).

An assembly code takes parameters and returns a matrix; no routine of it is opened. It is linear in
coefficient functions :math:`g_s(x; \mu)`, such as :math:`e^{ikr}` for the kernel
:math:`e^{ikr}/r`, so weights that expand these functions in their snapshots expand the matrix in
its own. Where no such functions are known the entries of the matrix take their place.

The error of the matrix is that of the samples, times what the assembly makes of it; that of the
solution is larger by the condition of ``A``. A sum of weights that cancel has the rounding
``eps sum |beta_m|``; systems near a resonance lose the most.

Source: F. Casenave, A. Ern and T. Lelièvre, arXiv 1307.4330 and 1401.3684.

Differs from the source in: several functions share one interpolation, of all of them side by side;
affine parts that are known may be left out of it without subtracting a matrix.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, adjoint, device_of, enter, namespace_of, to_host
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.affine import AffineSystem, Coefficients
from resolvent.solvers.reduced.sampled_entries import (
    entries_of_matrix,
    entries_of_vector,
    vector_at,
)
from resolvent.solvers.reduced.snapshot_expansion import (
    ExpansionError,
    Feature,
    SnapshotExpansion,
    Training,
)

__all__ = ["NonintrusiveSystem"]

# From the one that asks for most to the one that asks for nothing.
_GRAVITY = (Reason.STAGNATED, Reason.MAXITER, Reason.CONVERGED)


class NonintrusiveSystem(Outcome):
    r"""The system :math:`A(\mu) u = b(\mu)`, expanded in a few of its matrices.

    Parameters
    ----------
    matrix_at : callable
        ``mu -> A(mu)``, (N, N): dense arrays of any library, SciPy sparse matrices, or anything
        with ``shape``, ``dtype`` and ``@``, such as a compressed matrix. It is called at the
        magic parameters only, when they are first needed.
    rhs_at : callable
        ``mu -> b(mu)``, (N,).
    params : (n,) or (n, d) array_like
        Training parameters. Functions receive a number or a vector (d,) accordingly.
    features : callable or sequence of callable, optional
        What the matrix is linear in: ``g(x, mu) -> (n,)`` for the rows of ``points``, any number
        of them at a time. A factor that depends on the parameter alone is one too, and a product
        with it is another. Each is divided by its largest modulus.
    points : (n, ...) array_like, optional
        Where ``features`` are sampled, densely enough to see them: positions, distances, or pairs
        of indices for a code that can give single entries.
    entries : (rows, columns), optional
        Instead of both: entries of the matrix itself, sampled from whole matrices. Then
        ``matrix_at`` is called for every training parameter, and for every later one.
    rhs_features, rhs_points : optional
        The same for the right-hand side; by default all its entries.
    tol : float
        Of the interpolation, relative to the largest sample.
    max_terms : int, optional
        Of each of the two expansions.
    known : (terms, coefficients), optional
        A part that is affine by construction: matrices, and ``mus (k, d) -> (Q, k)``. ``matrix_at``
        still gives whole matrices, ``features`` describe the rest.

    Attributes
    ----------
    matrix_expansion, rhs_expansion : SnapshotExpansion
        Weights, magic parameters and errors of both.
    interpolants : tuple of EmpiricalInterpolant
        Of both.
    reason : Reason
        CONVERGED: both meet the tolerance. MAXITER: one has ``max_terms``. STAGNATED: what is left
        of one is rounding.

    Raises
    ------
    ValueError
        Neither or both of ``features`` and ``entries``; features of another length than their
        points, zero everywhere, or not finite. Later: matrices or vectors of different shapes.
    TypeError
        Arrays of several libraries.

    Notes
    -----
    Cost: all features on all points for n parameters, and an empirical interpolation; M matrices.
    Then M samples for each parameter. Array API: the library is that of the arrays handed out.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 50)
    >>> system = NonintrusiveSystem(
    ...     lambda mu: np.diag(1 + np.exp(-mu * x)),
    ...     lambda mu: np.ones(50),
    ...     params=np.linspace(1, 3, 30),
    ...     features=[lambda x, mu: np.exp(-mu * x), lambda x, mu: np.ones_like(x)],
    ...     points=x,
    ... )
    >>> system.magic_params.size, system.converged
    (7, True)
    >>> error = np.abs(system.matrix(1.7) - np.diag(1 + np.exp(-1.7 * x)))
    >>> bool(np.max(error) < 1e-7)
    True
    """

    def __init__(
        self,
        matrix_at: Callable[[Any], Any],
        rhs_at: Callable[[Any], Any],
        *,
        params: Any,
        features: Feature | Sequence[Feature] | None = None,
        points: Any = None,
        entries: tuple[Any, Any] | None = None,
        rhs_features: Feature | Sequence[Feature] | None = None,
        rhs_points: Any = None,
        tol: float = 1e-8,
        max_terms: int | None = None,
        known: tuple[Sequence[Any], Coefficients] | None = None,
    ) -> None:
        if (features is None) == (entries is None) or (features is None) != (points is None):
            raise ValueError("give either features with their points, or entries")
        if (rhs_features is None) != (rhs_points is None):
            raise ValueError("rhs_features and rhs_points belong together")
        if entries is not None and known is not None:
            raise ValueError("known parts need features that describe the rest, not entries")
        self.matrix_at, self.rhs_at, self.known = matrix_at, rhs_at, known
        self.training = Training.of(params)
        if entries is not None:
            features, points = (
                entries_of_matrix(matrix_at),
                np.stack(np.broadcast_arrays(*entries), axis=-1),
            )
        if rhs_features is None:
            length = vector_at(rhs_at, self.training.params[0]).shape[0]
            rhs_features, rhs_points = entries_of_vector(rhs_at), np.arange(length)
        self.matrix_expansion, self.rhs_expansion = (
            SnapshotExpansion.fit(_functions(g), x, self.training, tol=tol, max_terms=max_terms)
            for g, x in ((features, points), (rhs_features, rhs_points))
        )
        self.interpolants = self.matrix_expansion.interpolant, self.rhs_expansion.interpolant
        self.reason = min((e.reason for e in self.interpolants), key=_GRAVITY.index)

    @property
    def magic_params(self) -> NDArray[np.float64]:
        """Parameters (M,) or (M, d) of the matrices."""
        return self.matrix_expansion.magic_params

    @property
    def magic_points(self) -> NDArray[np.intp]:
        """Positions (M,) of the samples that decide, function by function one after another."""
        return self.interpolants[0].points

    @cached_property
    def affine(self) -> AffineSystem:
        """The system as a sum of matrices: what `ReducedBasis` takes. The first call assembles.

        Raises
        ------
        ValueError
            Matrices or vectors of different shapes, or with NaN or infinity.
        """
        terms = _of_one_shape("matrix_at", self.matrix_at, self.magic_params)
        vectors = _of_one_shape(
            "rhs_at", lambda mu: vector_at(self.rhs_at, mu), self.rhs_expansion.magic_params
        )
        columns = namespace_of(vectors[0]).stack(vectors, axis=1)
        known = () if self.known is None else self.known[0]
        return AffineSystem(
            [*known, *terms], columns, self._matrix_coefficients, self.rhs_expansion.weights
        )

    def weights(self, mus: Any) -> Array:
        """Return the weights (M, k) of the matrices for k parameters."""
        return self.matrix_expansion.weights(mus)

    def matrix(self, mu: Any) -> Any:
        """Return the expanded ``A(mu)``."""
        return self.affine.matrix(mu)

    def rhs(self, mu: Any) -> Array:
        """Return the expanded ``b(mu)``, (N,)."""
        return self.affine.rhs(mu)

    def error_estimate(self, mus: Any) -> ExpansionError:
        """Return estimate, amplification and floor of the matrix for k parameters.

        All in units of the largest sample; `matrix_expansion` and `rhs_expansion` have their own.
        """
        return self.matrix_expansion.error_estimate(mus)

    def inside(self, mus: Any) -> NDArray[np.bool_]:
        """Tell which of k parameters lie in the box of the training: outside is extrapolation."""
        return self.training.inside(mus)

    def reduce(self, V: Any) -> AffineSystem:
        r"""Return the Galerkin projection on the columns of ``V`` (N, r).

        Its terms are :math:`V^H A(\mu_m) V` and :math:`V^H b(\mu_m)`; only products are needed.
        """
        (V,) = enter(V=V).arrays
        xp, system = namespace_of(V), self.affine
        W = adjoint(xp, V)
        return AffineSystem(
            [W @ (A @ V) for A in system.matrix_terms],
            W @ system.rhs_terms,
            system.matrix_coefficients,
            system.rhs_coefficients,
        )

    def __repr__(self) -> str:
        matrices, vectors = (e.points.size for e in self.interpolants)
        return f"NonintrusiveSystem({matrices} matrices, {vectors} vectors, {self.reason.name})"

    def _matrix_coefficients(self, mus: Any) -> Array:
        """Return the weights, after those of known terms less their part in the snapshots."""
        beta = self.weights(mus)
        if self.known is None:
            return beta
        xp, coefficients = namespace_of(beta), self.known[1]
        here, magic = (
            xp.asarray(np.asarray(coefficients(_rows(m))), device=device_of(beta))
            for m in (mus, self.magic_params)
        )
        return xp.concat([here - magic @ beta, beta], axis=0)


def _functions(features: Any) -> Sequence[Feature]:
    return [features] if callable(features) else list(features)


def _of_one_shape(name: str, at: Callable[[Any], Any], mus: NDArray[np.float64]) -> list[Any]:
    found = [at(mu) for mu in mus]
    for mu, A in zip(mus, found, strict=True):
        if tuple(A.shape) != tuple(found[0].shape):
            raise ValueError(
                f"{name}({mu}) is of shape {tuple(A.shape)}, {name}({mus[0]}) is of shape "
                f"{tuple(found[0].shape)}"
            )
    return found


def _rows(mus: Any) -> NDArray[np.float64]:
    mus = np.asarray(to_host(mus), dtype=float)
    return np.asarray(mus if mus.ndim == 2 else mus.reshape(-1, 1))
