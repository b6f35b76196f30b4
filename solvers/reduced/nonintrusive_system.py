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

What three terms more would add is known at the cost of as many matrices and vectors, and is the
`defect` of the affine system: reduced models count its residual to what interpolation misses. It is
of first order, an estimate and no bound: too small by what later terms add, where the terms decay
slowly or where these three cancel.

Sources: F. Casenave, A. Ern, T. Lelièvre and G. Sylvand, arXiv 1307.4330; F. Casenave, A. Ern and
T. Lelièvre, arXiv 1401.3684.

Differs from the source in: several functions share one interpolation, of all of them side by side;
affine parts that are known may be left out of it without subtracting a matrix.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, adjoint, enter, namespace_of
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.affine import AffineSystem, Coefficients
from resolvent.solvers.reduced.expansion_defect import expansion_defect
from resolvent.solvers.reduced.handed_out import HandedOut
from resolvent.solvers.reduced.known_terms import KnownTerms
from resolvent.solvers.reduced.sampled_entries import (
    entries_and_probe,
    entries_of_vector,
    vector_at,
)
from resolvent.solvers.reduced.snapshot_expansion import (
    ExpansionError,
    Feature,
    SnapshotExpansion,
)
from resolvent.solvers.reduced.training import Training

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
        magic parameters only, when they are first needed, and at three more for `affine`. Entries
        are copied: it may fill the same memory every time. Operators must be new ones.
    rhs_at : callable
        ``mu -> b(mu)``, (N,); zero for all parameters if need be.
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
        Instead of both: entries of the matrix itself, sampled from whole matrices together with
        their product with one vector, which all other entries change too. Then ``matrix_at`` is
        called for every training parameter, and for every later one.
    rhs_features, rhs_points : optional
        The same for the right-hand side; by default all its entries. Then ``rhs_at`` is called for
        every training parameter, and for every later one.
    tol : float
        Of the interpolation, relative to the largest sample.
    max_terms : int, optional
        Of each of the two expansions, at least 1.
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
        points, zero everywhere, or not finite; entries outside the matrix; limits by which no
        matrix is taken. Later: matrices or vectors of different shapes.
    TypeError
        Arrays of several libraries; complex parameters.

    Notes
    -----
    Cost: all features on all points for n parameters, and an empirical interpolation; M matrices,
    three more for `affine`. Then, for each new parameter, M samples of features, but a whole vector
    or a whole matrix where these are sampled themselves: by default ``rhs_at`` is called in full.
    Array API: the library is that of the arrays handed out.

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
        if max_terms is not None and max_terms < 1:
            raise ValueError(f"max_terms must be at least 1, got {max_terms}")
        self.known = None if known is None else KnownTerms(*known)
        self.training = Training.of(params)
        params = self.training.params
        self._matrices = HandedOut("matrix_at", matrix_at, params)
        self._vectors = HandedOut("rhs_at", lambda mu: vector_at(rhs_at, mu), params)
        if entries is not None:
            features, points = entries_and_probe(matrix_at, entries, params[0])
        if rhs_features is None:
            rhs_features = entries_of_vector(rhs_at)
            rhs_points = np.arange(self._vectors(0).shape[0])
        matrix_expansion, rhs_expansion = (
            SnapshotExpansion.fit(_functions(g), x, self.training, tol=tol, max_terms=max_terms)
            for g, x in ((features, points), (rhs_features, rhs_points))
        )
        if not matrix_expansion.interpolant.points.size:
            raise ValueError(
                "no matrix was taken: features are zero for all params, or tol is not below 1"
            )
        self._expand_by(matrix_expansion, rhs_expansion)

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

        Its ``defect`` is what a few terms more would add, None where nothing is left.

        Raises
        ------
        ValueError
            Matrices or vectors of different shapes, or with NaN or infinity.
        """
        defect = expansion_defect(
            self._expanded,
            (self.matrix_expansion, self._matrices),
            (self.rhs_expansion, self._vectors),
        )
        return replace(self._expanded, defect=defect)

    def weights(self, mus: Any) -> Array:
        """Return the weights (M, k) of the matrices for k parameters."""
        return self.matrix_expansion.weights(mus)

    def matrix(self, mu: Any) -> Any:
        """Return the expanded ``A(mu)``."""
        return self._expanded.matrix(mu)

    def rhs(self, mu: Any) -> Array:
        """Return the expanded ``b(mu)``, (N,)."""
        return self._expanded.rhs(mu)

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
        xp, system = namespace_of(V), self._expanded
        W = adjoint(xp, V)
        return AffineSystem(
            [W @ (A @ V) for A in system.matrix_terms],
            W @ system.rhs_terms,
            system.matrix_coefficients,
            system.rhs_coefficients,
        )

    def truncate(self, terms: int, rhs_terms: int | None = None) -> "NonintrusiveSystem":
        """Return the system of fewer matrices, those that the greedy choice took first.

        Parameters
        ----------
        terms : int
            Number of matrices, from 1.
        rhs_terms : int, optional
            Number of vectors, from 1; by default all.

        Raises
        ------
        ValueError
            There are not as many.

        Notes
        -----
        Nothing is fitted or sampled again, and both share what the code handed out.
        """
        matrices, vectors = self.matrix_expansion, self.rhs_expansion
        if terms < 1 or (rhs_terms is not None and rhs_terms < 1):
            raise ValueError(f"terms must be at least 1, got {terms} and {rhs_terms}")
        part = copy(self)
        for name in ("affine", "_expanded"):
            part.__dict__.pop(name, None)
        part._expand_by(
            matrices.truncate(terms), vectors if rhs_terms is None else vectors.truncate(rhs_terms)
        )
        return part

    @property
    def advice(self) -> str:
        """What happened, and what to do about it, for the expansion that asks for most."""
        return min(self.interpolants, key=lambda e: _GRAVITY.index(e.reason)).advice

    def __repr__(self) -> str:
        matrices, vectors = (e.points.size for e in self.interpolants)
        return f"NonintrusiveSystem({matrices} matrices, {vectors} vectors, {self.reason.name})"

    def _expand_by(self, matrices: SnapshotExpansion, vectors: SnapshotExpansion) -> None:
        self.matrix_expansion, self.rhs_expansion = matrices, vectors
        self.interpolants = matrices.interpolant, vectors.interpolant
        self.reason = min((e.reason for e in self.interpolants), key=_GRAVITY.index)

    @cached_property
    def _expanded(self) -> AffineSystem:
        """The sum of matrices without its defect; of no vectors, one with the weight zero."""
        matrices, vectors = self.interpolants
        terms = self._matrices.of_one_shape(matrices.params)
        columns = self._vectors.of_one_shape(vectors.params if vectors.params.size else [0])
        known = () if self.known is None else self.known.matrices
        return AffineSystem(
            [*known, *terms],
            columns,
            self._matrix_coefficients,
            self.rhs_expansion.weights if vectors.params.size else _zero,
        )

    def _matrix_coefficients(self, mus: Any) -> Array:
        """Return the weights, after those of known terms less their part in the snapshots."""
        beta = self.weights(mus)
        if self.known is None:
            return beta
        rows = self.training.rows
        return self.known.beside(beta, rows(mus), rows(self.magic_params))


def _functions(features: Any) -> Sequence[Feature]:
    return [features] if callable(features) else list(features)


def _zero(mus: Any) -> NDArray[np.float64]:
    return np.zeros((1, len(mus)))
