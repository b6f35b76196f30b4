r"""The reduced basis method, certified: bounds that stay right down to rounding.

A few solutions of a parametrised system, chosen greedily, span a space; for any other parameter
the Galerkin solution in it is computed at a cost that does not depend on the number N of unknowns,
and the dual norm of the residual bounds its error. How that norm is evaluated decides what is left
of it: by its square it stagnates at half of the digits.

Sources: C. Prud'homme, D. V. Rovas, K. Veroy, L. Machiels, Y. Maday, A. T. Patera and G. Turinici,
J. Fluids Eng. 124 (2002), 70-80, doi 10.1115/1.1448332, for the method; F. Casenave, A. Ern and
T. Lelièvre, ESAIM: M2AN 48 (2014), doi 10.1051/m2an/2013097, arXiv 1212.0970, and A. Buhr,
C. Engwer, M. Ohlberger and S. Rave (2014) for estimators that survive rounding.
"""

import math
from dataclasses import dataclass, field
from operator import index
from typing import Any, Protocol

import numpy as np

from resolvent.arrays import Array
from resolvent.results import Reason
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.coercivity import check_coercivity
from resolvent.solvers.reduced.defect import ReducedDefect
from resolvent.solvers.reduced.estimators import METHODS, Method
from resolvent.solvers.reduced.greedy import choose_snapshots
from resolvent.solvers.reduced.inner_product import (
    InnerProduct,
    adapt_inner_product,
    gram_schmidt,
)
from resolvent.solvers.reduced.projection import project, training_factors
from resolvent.solvers.reduced.reduced_model import ReducedModel
from resolvent.solvers.reduced.residual import ResidualPieces
from resolvent.solvers.reduced.terms import of_rows, parameters

__all__ = ["ReducedBasis"]


class Expanded(Protocol):
    """What stands for an affine system, such as `NonintrusiveSystem`."""

    @property
    def affine(self) -> AffineSystem:
        """The system."""
        ...


@dataclass(frozen=True, eq=False)
class ReducedBasis:
    r"""How a system is to be reduced; `greedy` and `from_snapshots` do it.

    Parameters
    ----------
    system : AffineSystem or NonintrusiveSystem
        The large system, of N unknowns; or anything that has one as its attribute ``affine``.
    X : (N, N) array or SciPy sparse matrix, optional
        Hermitian positive definite: errors are measured in :math:`\|v\|_X = (v^H X v)^{1/2}`, and
        the basis is orthonormal in it. By default the identity.
    coercivity : float or callable, optional
        A lower bound ``alpha`` on the coercivity constant in X (or, if the system is not coercive,
        on its inf-sup constant), or a function ``mus (k, d) -> (k,)`` that returns it. Without, the
        bounds are dual norms of residuals, and are called so.
    estimator : {'orthonormal', 'eim', 'gram', 'direct'} or callable
        How the dual norm of a residual is evaluated:

        - ``'orthonormal'``: in an orthonormal basis of the residuals, all digits;
        - ``'eim'``: by interpolation of the norms at a few training parameters, where they are
          evaluated directly, most digits; needs four training parameters at least, and a table of
          all products of factors over them;
        - ``'gram'``: the classical quadratic form, half of the digits;
        - ``'direct'``: from the residual itself, all digits, at the cost of large vectors online.

        Or a function from pieces and training factors to an estimator, see
        `resolvent.solvers.reduced.estimators`.

    Attributes
    ----------
    affine : AffineSystem
        What is reduced.
    by : InnerProduct
        X, factorised.

    Raises
    ------
    TypeError, ValueError
        ``system`` is none, X does not fit it or is not Hermitian, an unknown estimator, a
        coercivity that is not real, positive and finite.
    NotPositiveDefiniteError
        X is not positive definite.

    Notes
    -----
    Offline: for each basis vector one solution of the large system, ``Qa`` products and, but for
    ``'eim'`` and ``'direct'``, ``Qa`` solutions with the factors of X; ``'eim'`` solves with X for
    as many residuals as it stores. In each greedy step the reduced system is solved at all training
    parameters.

    Array API, where system and X are arrays; SciPy sparse matrices mean NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> n = 100
    >>> stiffness = (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)) * (n + 1)
    >>> mass = np.eye(n) / (n + 1)
    >>> system = AffineSystem([stiffness, mass], mass.sum(0), lambda mu: [1, mu[:, 0]])
    >>> reduction = ReducedBasis(system, X=stiffness, coercivity=1)
    >>> model = reduction.greedy(np.linspace(1, 100, 50), 1e-8)
    >>> model
    ReducedModel(6 of 100 unknowns, bounds at most 2.8e-10, CONVERGED)
    >>> tested = model.effectivity([3.3, 44.0])
    >>> bool(np.all(tested.error <= tested.estimate.certified))
    True
    """

    system: AffineSystem | Expanded
    X: Any = None
    coercivity: Any = None
    estimator: str | Method = "orthonormal"
    affine: AffineSystem = field(init=False, repr=False)
    by: InnerProduct = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not callable(self.estimator) and self.estimator not in METHODS:
            raise ValueError(
                f"estimator must be one of {', '.join(METHODS)}, got {self.estimator!r}"
            )
        affine = getattr(self.system, "affine", self.system)
        if not isinstance(affine, AffineSystem):
            raise TypeError(
                f"system must be an AffineSystem, or have one as its attribute affine, got "
                f"{type(self.system).__name__}"
            )
        object.__setattr__(self, "coercivity", check_coercivity(self.coercivity))
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "by", adapt_inner_product(self.X, affine.rhs_terms))

    def greedy(
        self, train: Any, tol: float = 1e-8, *, atol: float = 0.0, max_terms: int | None = None
    ) -> ReducedModel:
        """Choose snapshots where the bound is largest, until all is small at all parameters.

        Parameters
        ----------
        train : (n, d) or (n,) array_like
            Training parameters.
        tol, atol : float
            Stop when all bounds, each with its resolution, are at most ``max(tol * first, atol)``,
            where ``first`` is the largest bound of the empty basis.
        max_terms : int, optional
            By default as many as there are training parameters.

        Returns
        -------
        ReducedModel
            Its ``reason`` says why no more snapshots were taken.

        Raises
        ------
        ValueError
            No training parameters; a tolerance that is negative or not finite; ``max_terms``
            negative.
        SingularMatrixError
            The system, or its projection, is singular at a training parameter.
        """
        train = parameters(train)
        if train.shape[0] == 0:
            raise ValueError("train must hold at least one parameter")
        if not (0 <= tol < math.inf and 0 <= atol < math.inf):
            raise ValueError(f"tol and atol must be finite and not negative, got {tol} and {atol}")
        limit = train.shape[0] if max_terms is None else index(max_terms)
        if limit < 0:
            raise ValueError(f"max_terms must not be negative, got {max_terms}")
        return choose_snapshots(
            self._model(self.affine.rhs_terms[:, :0], train),
            lambda model, snapshot: self._extended(model, snapshot, train),
            train,
            tol=tol,
            atol=atol,
            max_terms=limit,
        )

    def from_snapshots(self, snapshots: Any, *, train: Any = None) -> ReducedModel:
        """Return the model of the space that given vectors span.

        They are orthonormalised in X, twice; those that depend on others are left out.

        Parameters
        ----------
        snapshots : (N, n) or (N,) array_like
            As columns.
        train : (n, d) array_like, optional
            Training parameters, for the estimator ``'eim'``.
        """
        columns = self._columns("snapshots", snapshots)
        basis, _ = gram_schmidt(self.by, columns[:, :0], columns)
        return self._model(basis, train)

    def project(self, V: Any, *, train: Any = None) -> ReducedModel:
        """Return the model of a basis as it is given, (N, Nr), with independent columns."""
        return self._model(self._columns("V", V), train)

    def _model(self, basis: Array, train: Any) -> ReducedModel:
        by, system = self.by, self.affine
        pieces = ResidualPieces.of_rhs(by, system.rhs_terms).extend(system.matrix_terms, basis)
        method = METHODS[self.estimator] if isinstance(self.estimator, str) else self.estimator
        defect = None if system.defect is None else ReducedDefect.of(by, system.defect)
        return self._assembled(basis, pieces, method, defect and defect.extend(basis), train)

    def _extended(self, model: ReducedModel, snapshots: Array, train: Any) -> ReducedModel:
        basis, _ = gram_schmidt(self.by, model.basis, snapshots)
        new = basis[:, model.size :]
        pieces = model.pieces.extend(self.affine.matrix_terms, new)
        defect = model.defect and model.defect.extend(new)
        return self._assembled(basis, pieces, model.estimator.extend, defect, train)

    def _assembled(
        self,
        basis: Array,
        pieces: ResidualPieces,
        method: Method,
        defect: ReducedDefect | None,
        train: Any,
    ) -> ReducedModel:
        system = self.affine
        matrices, rhs = project(basis, pieces, len(system.matrix_terms), system.rhs_terms.shape[1])
        return ReducedModel(
            basis=basis,
            matrix_terms=matrices,
            rhs_terms=rhs,
            chosen=np.empty(0, dtype=np.intp),
            chosen_parameters=np.empty((0, 0)),
            history=np.empty(0),
            reason=Reason.CONVERGED,
            system=system,
            by=self.by,
            pieces=pieces,
            estimator=method(pieces, training_factors(system, matrices, rhs, train)),
            coercivity=self.coercivity,
            defect=defect,
            train=train,
        )

    def _columns(self, name: str, vectors: Any) -> Array:
        columns = of_rows(name, vectors, self.affine.order, self.affine.rhs_terms)
        return columns[:, None] if columns.ndim == 1 else columns
