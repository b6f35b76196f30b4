r"""NeuralPCG: an incomplete Cholesky factor by message passing on all nonzeros of the matrix.

Edges carry the entries :math:`\hat a_{ij}` of the scaled matrix, nodes the right-hand side; the
network of `resolvent.preconditioners.learned.networks.encode_process_decode` makes a number
:math:`e_{ij}` of each edge, self loops included. Both directions are added, the diagonal is given:

.. math:: \hat L_{ij} = e_{ij} + e_{ji} \; (i > j), \qquad \hat L_{ii} = \sqrt{\hat a_{ii}} = 1,

so that :math:`M = (L L^T)^{-1}` is positive definite whatever the network says, in exact
arithmetic, and :math:`L_{ii} = \sqrt{a_{ii}}` in the matrix as it was.

Cost: three times that of `NeuralIF` for building; an application is that of IC(0).

Failure modes: an entry of the factor depends on the matrix up to T edges away; with the diagonal
given, L can't be complete: pivots of the exact factor are smaller than :math:`a_{ii}`. Without skip
connections what leaves a deep network hardly depends on what enters it: five blocks trained worse
than three here. Matrices unlike those of the training: see
`resolvent.preconditioners.learned.guard.guarded`.

Source: Y. Li, P. Y. Chen, T. Du and W. Matusik, Learning preconditioners for conjugate gradient
PDE solvers, ICML (2023), arXiv 2305.16432.

Differs from the source in: the matrix is scaled to unit diagonal, and the right-hand side with it,
to entries of mean square 1, so that neither's units matter; no initial guess is decoded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.preconditioners.learned.factor_model import FactorModel, Inputs
from resolvent.preconditioners.learned.inputs.directed_inputs import DirectedInputs, directed_inputs
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix
from resolvent.preconditioners.learned.networks.encode_process_decode import (
    encode_process_decode,
    encode_process_decode_weights,
)
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = ["NeuralPCG"]


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuralPCG(FactorModel):
    """Learned incomplete Cholesky factors that look at the right-hand side.

    Systems to learn from are matrices or pairs ``(A, b)``. Without b the nodes carry ones, in
    training as later: a model is at its best when it is called as it was trained.

    Attributes
    ----------
    objective : {'solution', 'sketch'}
        See `resolvent.preconditioners.learned.factor_model.FactorModel`.
    blocks : int
        Message passes T.
    hidden : int
        Features of a node and of an edge.

    Raises
    ------
    TypeError, ValueError
        ``b`` is not a finite real vector with the rows of A.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> family = [gallery.lognormal_diffusion((6, 6), sigma=1.0, rng=k) for k in range(4)]
    >>> model = NeuralPCG(blocks=2, hidden=4).fit(family, steps=5, rng=0)
    >>> M = model(family[0], np.ones(36))
    >>> M.is_spd, M.info.chosen in ("neural-pcg", "ichol", "jacobi")
    (True, True)
    """

    kind: ClassVar[str] = "neural-pcg"
    counts: ClassVar[tuple[str, ...]] = ("blocks", "hidden")
    blocks: int = 3
    hidden: int = 16

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""
        return encode_process_decode_weights(1, 1, self.hidden, self.blocks, rng)

    def inputs(self, scaled: ScaledMatrix, b: NDArray[Any] | None, xp: Namespace) -> DirectedInputs:
        """Return what the network needs of a scaled matrix."""
        nodes = np.ones(scaled.matrix.shape[0]) if b is None else b
        return directed_inputs(scaled, nodes[:, None], xp)

    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor, and the way back."""
        assert isinstance(inputs, DirectedInputs)
        x, a = inputs.arrays["nodes"], inputs.arrays["edges"]
        xp, mirrored = namespace_of(a), inputs.mirrored
        e, net_back = encode_process_decode(weights, inputs.edges, x, a, blocks=self.blocks)
        diagonal = xp.asarray(inputs.scaled.pattern.diagonal)
        L = mirrored.sum(e)
        L = xp.where(diagonal, xp.ones_like(L), L)

        def back(slope: Array, gradient: Weights) -> None:
            free = xp.where(diagonal, xp.zeros_like(slope), slope)
            net_back(mirrored.take(free), gradient)

        return L, back
