r"""Linear systems that depend on a parameter through a few coefficients.

.. math:: A(\mu) u = b(\mu), \quad A(\mu) = \sum_{q=1}^{Q_a} \alpha_q(\mu) A_q, \quad
          b(\mu) = \sum_{q=1}^{Q_b} \beta_q(\mu) b_q.

What a reduced basis needs of a problem: the terms are reduced once, and only the coefficients are
left for every new parameter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import array_api_compat

from resolvent.arrays import Array, Namespace, device_of, enter, is_finite
from resolvent.errors import SingularMatrixError
from resolvent.linalg.interpolation.values import times
from resolvent.operators import Operator, as_operator
from resolvent.solvers.reduced.direct_solve import AlignedSum, add_up, solve_direct
from resolvent.solvers.reduced.terms import (
    common_dtype,
    entries,
    of_precision,
    one_parameter,
    parameters,
    real_dtype,
    right_hand_sides,
    stack_rows,
)

__all__ = ["AffineSystem", "Coefficients"]

Coefficients = Callable[[Array], Any]


@dataclass(frozen=True, eq=False, repr=False)
class AffineSystem:
    r"""The system :math:`\sum_q \alpha_q(\mu) A_q \, u = \sum_q \beta_q(\mu) b_q`.

    Parameters
    ----------
    matrix_terms : sequence of (N, N) array, sparse matrix or operator
        :math:`A_q`, real or complex: dense arrays of any library, SciPy sparse matrices, or
        anything with ``shape``, ``dtype`` and ``@``. Sparse ones beside dense ones become dense.
    rhs_terms : (N, Qb) array, (N,) array or sequence of (N,) arrays
        :math:`b_q`. A list holds vectors, an array holds them as columns.
    matrix_coefficients : callable
        ``mus -> (Qa, k)`` for parameters ``mus`` of shape ``(k, d)``: an array, or a sequence of
        ``Qa`` numbers and ``(k,)`` arrays.
    rhs_coefficients : callable, optional
        ``mus -> (Qb, k)``. By default all are one: the right-hand side is the same for all.
    solver : callable, optional
        ``(A, b) -> x``, how the large system is solved: needed where a term is an operator without
        entries, and on GPUs where it is sparse. By default a dense or sparse LU factorisation.
    defect : AffineSystem, optional
        Of a system that stands for another: to first order what its matrices and right-hand sides
        miss, as a system of the same order. Reduced models count the residual of the defect,
        ``b_def(mu) - A_def(mu) u``, to what interpolation misses.

    Attributes
    ----------
    matrix_terms : tuple
        As they are used: arrays in the dtype of the system, CSR matrices, or operators.
    rhs_terms : (N, Qb) array
        As columns.

    Raises
    ------
    ValueError
        Shapes that don't fit, no terms, NaN or infinity; later, coefficients of a wrong shape.
    TypeError
        Terms, or a defect, of several array libraries.

    Notes
    -----
    Array API: library and device are those of ``rhs_terms``; SciPy matrices mean NumPy. Parameters
    may come from the host wherever the system lives. float32 terms give a float32 system whatever
    the dtype of the parameters, and complex coefficients a complex one.

    Examples
    --------
    >>> import numpy as np
    >>> terms = [np.diag([1.0, 2.0]), np.eye(2)]
    >>> system = AffineSystem(terms, np.ones(2), lambda mu: [1, mu[:, 0]])
    >>> system.matrix(1.0)
    array([[2., 0.],
           [0., 3.]])
    >>> system.solve([1.0, 3.0])
    array([[0.5       , 0.25      ],
           [0.33333333, 0.2       ]])
    """

    matrix_terms: Any
    rhs_terms: Any
    matrix_coefficients: Coefficients
    rhs_coefficients: Coefficients | None = None
    solver: Callable[[Any, Array], Array] | None = None
    defect: "AffineSystem | None" = None

    def __post_init__(self) -> None:
        xp, b = right_hand_sides(self.rhs_terms)
        if hasattr(self.matrix_terms, "shape") and len(self.matrix_terms.shape) == 2:
            raise TypeError("matrix_terms must be a sequence of matrices: pass [A]")
        for name in ("matrix_coefficients", "rhs_coefficients", "solver"):
            given = getattr(self, name)
            if not (callable(given) or (given is None and name != "matrix_coefficients")):
                raise TypeError(f"{name} must be a function, got {type(given).__name__}")
        terms = [
            as_operator(A, like=b, name=f"matrix_terms[{q}]")
            for q, A in enumerate(self.matrix_terms)
        ]
        if not terms:
            raise ValueError("matrix_terms must hold at least one matrix")
        for q, A in enumerate(terms):
            if A.shape != (b.shape[0], b.shape[0]):
                raise ValueError(
                    f"matrix_terms[{q}] of shape {A.shape} doesn't fit right-hand sides of shape "
                    f"{tuple(b.shape)}: it must be ({b.shape[0]}, {b.shape[0]})"
                )
        dtype = common_dtype(xp, [b.dtype, *(A.dtype for A in terms)])
        object.__setattr__(self, "matrix_terms", entries(xp, terms, dtype))
        object.__setattr__(self, "rhs_terms", xp.astype(b, dtype))
        self._check_defect()

    @property
    def xp(self) -> Namespace:
        """Array API namespace of the vectors."""
        return array_api_compat.array_namespace(self.rhs_terms)

    @property
    def order(self) -> int:
        """Number of unknowns, N."""
        return int(self.rhs_terms.shape[0])

    @property
    def dtype(self) -> Any:
        """Of the terms; the system is complex also where its coefficients are."""
        return self.rhs_terms.dtype

    @property
    def has_entries(self) -> bool:
        """Whether all matrices are known by their entries."""
        return not any(isinstance(A, Operator) for A in self.matrix_terms)

    def coefficients(self, mus: Any) -> tuple[Array, Array]:
        r"""Return :math:`\alpha` ``(Qa, k)`` and :math:`\beta` ``(Qb, k)`` on the system's device.

        Parameters
        ----------
        mus : (k, d) or (k,) array_like
            Parameters; ``(k,)`` is ``(k, 1)``.
        """
        mus = parameters(mus)
        alpha = self._evaluate("matrix_coefficients", mus, len(self.matrix_terms))
        beta = self._evaluate("rhs_coefficients", mus, self.rhs_terms.shape[1])
        return alpha, beta

    def matrix(self, mu: Any) -> Any:
        """Return ``A(mu)`` at one parameter, a scalar or ``(d,)``.

        Dense, a CSC matrix, or an operator, as the terms are.
        """
        return self._assemble(self.coefficients(one_parameter(mu))[0][:, 0])

    def rhs(self, mu: Any) -> Array:
        """Return ``b(mu)``, ``(N,)``, at one parameter, a scalar or ``(d,)``."""
        beta = self.coefficients(one_parameter(mu))[1]
        return self._loads(beta)[:, 0]

    def residual(self, mus: Any, U: Array) -> Array:
        """Return ``b(mu) - A(mu) u`` for the columns of ``U`` (N, k), one for each parameter."""
        alpha, beta = self.coefficients(mus)
        R = self._loads(beta)
        for q, A in enumerate(self.matrix_terms):
            AU = times(A, U) if array_api_compat.is_array_api_obj(A) else A @ U
            R = R - alpha[q, :] * AU
        return R

    def solve(self, mus: Any) -> Array:
        """Return the solutions of the large system, the truth, as columns ``(N, k)``.

        Parameters
        ----------
        mus : (k, d) or (k,) array_like
            Parameters; each costs a factorisation.

        Raises
        ------
        SingularMatrixError
            ``A(mu)`` is singular to working precision; the message names ``mu``.
        TypeError
            A term is an operator without entries, and there is no ``solver``.
        """
        mus, xp = parameters(mus), self.xp
        alpha, beta = self.coefficients(mus)
        B = self._loads(beta)
        columns = [self._solve_one(mus, alpha, B, k) for k in range(mus.shape[0])]
        if not columns:
            return xp.zeros_like(B)
        return xp.stack(columns, axis=1)

    def __repr__(self) -> str:
        Qa, Qb = len(self.matrix_terms), self.rhs_terms.shape[1]
        return f"AffineSystem({self.order} unknowns, {Qa} matrices, {Qb} right-hand sides)"

    @cached_property
    def _aligned(self) -> AlignedSum | None:
        """The sparse terms on one pattern."""
        sparse = hasattr(self.matrix_terms[0], "tocsr")
        return AlignedSum.of(self.matrix_terms) if sparse else None

    def _check_defect(self) -> None:
        if self.defect is None:
            return
        if not isinstance(self.defect, AffineSystem):
            raise TypeError(f"defect must be an AffineSystem, got {type(self.defect).__name__}")
        if self.defect.xp is not self.xp:
            raise TypeError(f"defect must be of {self.xp.__name__} as the system is")
        if self.defect.order != self.order:
            raise ValueError(
                f"defect must have {self.order} unknowns as the system has, got {self.defect.order}"
            )

    def _solve_one(self, mus: Array, alpha: Array, B: Array, k: int) -> Array:
        solve = self.solver or solve_direct
        x = solve(self._assemble(alpha[:, k]), B[:, k])
        if x is None or not is_finite(x):
            raise SingularMatrixError(
                f"the matrix is singular to working precision at mu = {mus[k, :]}; leave this "
                "parameter out"
            )
        return x

    def _assemble(self, alpha: Array) -> Any:
        aligned = self._aligned if self.has_entries else None
        return add_up(self.matrix_terms, alpha) if aligned is None else aligned.matrix(alpha)

    def _loads(self, beta: Array) -> Array:
        """Return the right-hand sides (N, k)."""
        return self.xp.astype(self.rhs_terms, self.xp.result_type(self.rhs_terms, beta)) @ beta

    def _evaluate(self, name: str, mus: Array, terms: int) -> Array:
        xp, like = self.xp, self.rhs_terms
        device = device_of(like)
        function, k = getattr(self, name), mus.shape[0]
        if function is None:
            return xp.ones((terms, k), dtype=real_dtype(xp, self.dtype), device=device)
        values = function(mus)
        if isinstance(values, list | tuple):
            values = stack_rows(name, values, mus)
        (values,) = enter(matrix=False, **{name: values}).arrays
        if tuple(values.shape) != (terms, k):
            raise ValueError(
                f"{name} must return shape {(terms, k)} for {k} parameters, got "
                f"{tuple(values.shape)}"
            )
        if array_api_compat.is_numpy_array(values):
            values = xp.asarray(values, device=device)
        elif array_api_compat.array_namespace(values) is not xp:
            raise TypeError(f"{name} must return arrays of {xp.__name__} or NumPy")
        return xp.astype(values, of_precision(xp, values.dtype, self.dtype))
