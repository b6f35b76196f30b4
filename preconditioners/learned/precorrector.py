r"""PreCorrector: a learned correction of the incomplete Cholesky factor.

.. math::

    \hat L_{ij} = l_{ij} + \alpha e_{ij} \; (i > j), \qquad
    \hat L_{ii} = l_{ii} \exp(\alpha e_{ii}),

with the factor l of IC(0) of the scaled matrix and one number :math:`e_{ij}` of each edge, from the
network of `resolvent.preconditioners.learned.networks.interleaved_net`, which sees the entries of
both. The number :math:`\alpha` is learned too, and zero at the start: training begins with IC(0).

Cost: that of IC(0), and of the network, 600 flops for an entry and a message pass.

Failure modes: as `resolvent.preconditioners.learned.NeuralIF`, but what the network misses is in
IC(0) already.

Source: V. Trifonov, A. Rudikov, O. Iliev, Y. M. Laevsky, I. Oseledets and E. Muravleva, Learning
from linear algebra: a graph neural network approach to preconditioner design for conjugate gradient
solvers, arXiv 2405.15557 (2024). Differs from the source in: the diagonal stays positive; another
network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.preconditioners.learned.factor_model import FactorModel, Inputs
from resolvent.preconditioners.learned.ichol_correction import corrected, ichol_entries
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix
from resolvent.preconditioners.learned.networks.interleaved_net import (
    interleaved_net,
    interleaved_values,
    interleaved_weights,
)
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.networks.perceptron import Weights, add

__all__ = ["PreCorrector"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PreCorrector(FactorModel):
    r"""Learned corrections of incomplete Cholesky factors, on the same pattern.

    Parameters
    ----------
    blocks, hidden, objective, weights, record
        As in `NeuralIF`.

    See Also
    --------
    NeuralIF : without the classical factor.
    refined_ichol : corrects the factor of one matrix by gradient steps, without a network.

    Notes
    -----
    As `NeuralIF`; untrained it is `ichol` itself. Where IC(0) breaks down, the corrected factor is
    that of the matrix with a larger diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import lognormal_diffusion
    >>> from resolvent.preconditioners import ichol
    >>> from resolvent.solvers import cg
    >>> A, b = lognormal_diffusion((32, 32), sigma=1, rng=12345), np.ones(1024)
    >>> M = PreCorrector.pretrained("diffusion-2d")(A)
    >>> cg(A, b, M=M).iterations < 0.8 * cg(A, b, M=ichol(A)).iterations
    True
    """

    kind: ClassVar[str] = "precorrector"
    counts: ClassVar[tuple[str, ...]] = ("blocks", "hidden")
    blocks: int = 3
    hidden: int = 8

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""
        weights = interleaved_weights(self.blocks, self.hidden, FEATURES, 2, rng)
        return weights | {"alpha": np.zeros(())}

    def inputs(self, scaled: ScaledMatrix, b: NDArray[Any] | None, xp: Namespace) -> Inputs:  # noqa: ARG002
        """Return what the network sees."""
        factor = ichol_entries(scaled)
        arrays = {
            "nodes": node_features(scaled.matrix),
            "edges": np.stack([factor, scaled.lower], axis=1),
            "factor": factor,
        }
        return Inputs(scaled, {name: xp.asarray(x) for name, x in arrays.items()})

    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor and the way back."""
        arrays, alpha, edges = inputs.arrays, weights["alpha"], inputs.scaled.pattern.edges
        e, net_back = interleaved_net(weights, self.blocks, edges, arrays["nodes"], arrays["edges"])
        L, by_change = corrected(arrays["factor"], alpha * e, inputs.scaled.pattern)

        def back(slope: Array, gradient: Weights) -> None:
            slope = slope * by_change
            add(gradient, "alpha", namespace_of(e).sum(slope * e))
            net_back(alpha * slope, gradient)

        return L, back

    def values(self, weights: Weights, inputs: Inputs) -> Array:
        """Return the entries of the factor without a way back."""
        arrays, edges = inputs.arrays, inputs.scaled.pattern.edges
        e = interleaved_values(weights, self.blocks, edges, arrays["nodes"], arrays["edges"])
        return corrected(arrays["factor"], weights["alpha"] * e, inputs.scaled.pattern)[0]
