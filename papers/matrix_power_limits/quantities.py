"""What the black box of a thermal block problem returns: a log-determinant, or temperatures."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.papers.matrix_power_limits.thermal_blocks import ThermalBlocks
from resolvent.solvers.reduced import (
    InverseInterpolant,
    LogdetInterpolant,
    inverse_interpolant,
    logdet_interpolant,
)

__all__ = ["Quantity", "determinant", "temperature"]

TOLERANCE = 1e-11
Interpolant = LogdetInterpolant | InverseInterpolant


@dataclass(frozen=True, eq=False)
class Quantity:
    """A function of the parameters, and how it depends on their scale.

    Attributes
    ----------
    values : callable
        The black box: parameters (n, Q) on the host to values (n, m).
    interpolant : callable
        Training parameters, whether to normalise and the number of terms to an interpolant.
    certified : callable
        Interpolant, its values and the exact ones, parameters to errors (n,) as it bounds them.
    join, part : callable
        What the scale does to a value of normalised parameters, and how to undo it.
    scale : callable
        Means of parameters (n, 1) to what they are joined with.
    """

    values: Callable[[Array], Array]
    interpolant: Callable[[Array, bool, int], Interpolant]
    certified: Callable[[Interpolant, Array, Array], Array]
    join: Callable[[Array, Array], Array]
    part: Callable[[Array, Array], Array]
    scale: Callable[[Array], Array]


def determinant(xp: Namespace, problem: ThermalBlocks) -> Quantity:
    """Return the log-determinant; errors are absolute."""

    def make(train: Array, homogeneous: bool, terms: int) -> LogdetInterpolant:
        return logdet_interpolant(
            problem.logdet,
            train,
            order=problem.order,
            tol=TOLERANCE,
            max_terms=terms,
            homogeneous=homogeneous,
        )

    return Quantity(
        lambda mus: np.array([[problem.logdet(mu)] for mu in xp.asarray(mus)]),
        make,
        lambda _, found, exact: np.abs(found - exact)[:, 0],
        np.add,
        np.subtract,
        lambda means: problem.order * np.log(means),
    )


def temperature(xp: Namespace, problem: ThermalBlocks) -> Quantity:
    """Return the solution; errors are relative, in the energy norm of the reference."""

    def make(train: Array, homogeneous: bool, terms: int) -> InverseInterpolant:
        return inverse_interpolant(
            problem.solve, train, tol=TOLERANCE, max_terms=terms, homogeneous=homogeneous
        )

    def certified(made: Interpolant, found: Array, exact: Array) -> Array:
        L = np.linalg.cholesky(to_host(problem.matrix(xp.asarray(made.shifted.reference))))
        return np.linalg.norm((found - exact) @ L, axis=1) / np.linalg.norm(exact @ L, axis=1)

    return Quantity(
        lambda mus: np.stack([to_host(problem.solve(mu)) for mu in xp.asarray(mus)]),
        make,
        certified,
        np.multiply,
        np.divide,
        lambda means: 1 / means,
    )
