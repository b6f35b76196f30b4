r"""IC(0) refined by stochastic gradient steps on its entries, for one matrix and without a network.

.. math:: \hat L_{ij} = l_{ij} + w_{ij} \; (i > j), \qquad \hat L_{ii} = l_{ii} \exp(w_{ii}),

with the factor l of IC(0) of the scaled matrix, and w from a few steps of Adam on the loss of
`resolvent.preconditioners.learned.losses.factor_loss`, from zero. It is what a learned factor of
the same pattern could be at best, paid for again with every matrix: the ablation that shows what
a network's generalisation is worth.

Cost: a step about six products with A; each of 5 validations is a solve. With
``objective='solution'`` also a complete factorisation, with which the system could be solved
outright: that choice is for comparisons.

Failure modes: the cost is not earned back on one right-hand side.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.linalg.gallery.spectra import Rng
from resolvent.preconditioners.learned.factor_model import FactorModel, Inputs
from resolvent.preconditioners.learned.ichol_correction import corrected, ichol_entries
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix
from resolvent.preconditioners.learned.networks.perceptron import Weights, add
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["refined_ichol"]

_VALIDATIONS = 5


def refined_ichol(
    A: Any,
    *,
    steps: int = 50,
    rate: float = 0.01,
    objective: Literal["solution", "sketch"] = "solution",
    rng: Rng = 0,
) -> Preconditioner:
    r"""Return IC(0), refined for this matrix by gradient steps on its entries.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Real, symmetric and positive definite.
    steps : int
        Gradient steps, one random vector each.
    rate : float
        Of Adam at the start; it falls to zero along a cosine.
    objective : {'solution', 'sketch'}
        Random vectors of the loss: solutions for random right-hand sides, or normal ones.
    rng : Generator or seed
        Of the random vectors.

    Returns
    -------
    Preconditioner
        Positive definite; with the entries that solve in the fewest steps, IC(0)'s among them, so
        that it is no worse on the right-hand side that validates. ``info`` is a
        `resolvent.preconditioners.learned.TrainingRecord`: losses, scores, seconds.

    Raises
    ------
    TypeError, ValueError, NotPositiveDefiniteError
        As `resolvent.preconditioners.ichol`; complex matrices are refused; ``steps`` or ``rate``
        is not positive.

    Notes
    -----
    On the host, in the precision of A; refined in double precision.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> A = gallery.lognormal_diffusion((20, 20), sigma=1.0, rng=0)
    >>> scores = [score for _, score in refined_ichol(A).info.scores]
    >>> min(scores) < scores[0]
    True
    """
    start = _Entries(objective=objective, weights={"change": np.zeros(())})
    every = max(1, steps // _VALIDATIONS)
    model = start.fit([A], validation=[A], steps=steps, rate=rate, every=every, rng=rng)
    return replace(model.build(A), info=model.record)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entries(FactorModel):
    """The entries of one factor as weights: a number stands for as many as there are entries."""

    kind: ClassVar[str] = "refined-ichol"

    def check(self, weights: Weights) -> None:
        """Raise nothing: there are as many numbers as the matrix wants, or one for all."""

    def initial_weights(self, rng: np.random.Generator) -> Weights:  # noqa: ARG002
        """Return random weights to begin with."""
        return {"change": np.zeros(())}

    def inputs(self, scaled: ScaledMatrix, b: NDArray[Any] | None, xp: Namespace) -> Inputs:  # noqa: ARG002
        """Return what the network needs of a scaled matrix."""
        return Inputs(scaled, {"factor": xp.asarray(ichol_entries(scaled))})

    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor, and the way back."""
        factor = inputs.arrays["factor"]
        change = weights["change"] + namespace_of(factor).zeros_like(factor)
        L, by_change = corrected(factor, change, inputs.scaled.pattern)

        def back(slope: Array, gradient: Weights) -> None:
            add(gradient, "change", slope * by_change)

        return L, back
