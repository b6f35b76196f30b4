"""Learned factors of symmetric positive definite matrices: what their networks share."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, Namespace, namespace_of, to_host
from resolvent.preconditioners.factorisations.factors import factored
from resolvent.preconditioners.learned.guard.cg_race import steps_to
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix, scaled_matrix
from resolvent.preconditioners.learned.losses.factor_loss import factor_loss
from resolvent.preconditioners.learned.model import LearnedPreconditioner
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.checks import checked_rhs, matrix_and_rhs
from resolvent.preconditioners.learned.training.vectors_to_learn import (
    Objective,
    check_objective,
    vectors_to_learn,
)
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import narrow

__all__ = ["FactorExample", "FactorModel", "Inputs", "factor_preconditioner", "positive"]

_RTOL = 1e-8  # of the runs that validate
_LARGEST = 10.0  # logarithm of a diagonal entry; those of a matrix of unit diagonal are about zero


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a network sees: the matrix and arrays that it prepared, in the library of training."""

    scaled: ScaledMatrix
    arrays: dict[str, Array]


@dataclass(frozen=True, eq=False)
class FactorExample:
    """A system to learn from: inputs, vectors z (n, k) and their products ``A z``."""

    inputs: Inputs
    vectors: Array
    products: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class FactorModel(LearnedPreconditioner):
    """A network that gives a factor of the scaled matrix on the pattern of its lower triangle.

    Attributes
    ----------
    objective : {'solution', 'sketch'}
        What the loss multiplies the error of the factor by: solutions for random right-hand sides,
        which weigh the error where the matrix is small, or random vectors, which weigh all alike.
    """

    most: ClassVar[float] = 1000
    objective: Objective = "solution"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_objective(self.objective)

    @abstractmethod
    def inputs(self, scaled: ScaledMatrix, b: NDArray[Any] | None, xp: Namespace) -> Inputs:
        """Return what the network needs of a scaled matrix and a right-hand side.

        ``b`` is scaled with the matrix and has mean square 1; None if there is none, or zero.
        """

    @abstractmethod
    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor, its diagonal positive, and the way back."""

    def values(self, weights: Weights, inputs: Inputs) -> Array:
        """Return the entries of the factor without a way back."""
        return self.entries(weights, inputs)[0]

    def error(
        self, scaled: ScaledMatrix, values: Array, z: Array, Az: Array
    ) -> tuple[float, Array]:
        """Return what the factor does wrong for one vector, and the derivative by its entries."""
        return factor_loss(scaled.pattern, values, z, Az)

    def assembled(self, scaled: ScaledMatrix, values: NDArray[Any]) -> Preconditioner:
        """Return the preconditioner of a factor, for the matrix that was scaled."""
        return factor_preconditioner(scaled, values)

    def example(self, system: Any, xp: Namespace) -> FactorExample:
        """Prepare a matrix, or a matrix and a right-hand side."""
        A, b = matrix_and_rhs(system)
        scaled = scaled_matrix(A, builder=self.kind)
        rhs = _scaled_rhs(scaled, b)
        vectors, products = vectors_to_learn(scaled.matrix, self.objective, rhs)
        inputs = self.inputs(scaled, rhs, xp)
        return FactorExample(inputs, xp.asarray(vectors), xp.asarray(products))

    def loss(
        self, weights: Weights, example: FactorExample, rng: np.random.Generator
    ) -> tuple[float, Weights]:
        """Return the loss of one vector and its gradient."""
        values, back = self.entries(weights, example.inputs)
        mixed = namespace_of(values).asarray(rng.standard_normal(example.vectors.shape[1]))
        z, Az = example.vectors @ mixed, example.products @ mixed
        value, slope = self.error(example.inputs.scaled, values, z, Az)
        gradient: Weights = {}
        back(slope, gradient)
        return value, gradient

    def score(self, weights: Weights, example: FactorExample) -> float:
        """Return the steps of conjugate gradients to a residual of 1e-8."""
        scaled = example.inputs.scaled
        n = scaled.matrix.shape[0]
        unscaled = replace(scaled, scale=np.ones(n), dtype=scaled.matrix.dtype)
        values = to_host(self.values(weights, example.inputs))
        M = self.assembled(unscaled, values)
        b = np.random.default_rng(0).standard_normal(n)
        return steps_to(scaled.matrix, M, b, _RTOL, int(self.most))

    def build(self, A: Any, b: Any = None) -> Preconditioner:
        """Return the preconditioner of the factor, in the precision of ``A``."""
        scaled = scaled_matrix(A, builder=self.kind)
        inputs = self.inputs(scaled, _scaled_rhs(scaled, b), np)
        return self.assembled(inputs.scaled, self.values(self.trained(), inputs))


def _scaled_rhs(scaled: ScaledMatrix, b: Any) -> NDArray[np.float64] | None:
    """Return the right-hand side of the scaled matrix with mean square 1; None if it is zero."""
    b = checked_rhs(b, scaled.matrix.shape[0])
    if b is None or not np.any(b):
        return None
    b = scaled.scale * (b / np.max(np.abs(b)))
    b = b / np.max(np.abs(b))  # only now do squares neither overflow nor vanish
    return np.asarray(b / np.sqrt(np.mean(b * b)))


def positive(x: Array) -> tuple[Array, Array]:
    """Return ``exp(x)``, kept within what triangular systems survive, and its derivative."""
    xp = namespace_of(x)
    value = xp.exp(xp.clip(x, -_LARGEST, _LARGEST))
    return value, xp.where(xp.abs(x) < _LARGEST, value, xp.zeros_like(value))


def factor_preconditioner(scaled: ScaledMatrix, values: NDArray[Any]) -> Preconditioner:
    r"""Return :math:`(L L^T)^{-1}` for the matrix that was scaled.

    All but the result is in double precision. Where the reciprocal of a pivot is too large for
    that of the matrix, as for entries below 1e-38 in single precision, NumPy warns, and it is
    infinite.
    """
    pattern, n = scaled.pattern, scaled.matrix.shape[0]
    i, j, strict = pattern.rows.group, pattern.columns.group, ~pattern.diagonal
    L = values / scaled.scale[i]
    diagonal = L[pattern.diagonal]
    unit = (L[strict] / diagonal[j[strict]]).astype(scaled.dtype)
    starts = np.concatenate([[0], np.cumsum(np.bincount(i[strict], minlength=n))])
    lower = narrow(sparse.csr_array((unit, j[strict], starts), shape=(n, n)))
    upper, inverse = sparse.csr_array(lower.T), (1 / diagonal**2).astype(scaled.dtype)
    return factored(lower, inverse, upper, is_spd=True, info=None)
