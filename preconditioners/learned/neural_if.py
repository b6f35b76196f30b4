r"""NeuralIF: an incomplete Cholesky factor by message passing along products with it.

Each of ``blocks`` blocks passes messages on the edges of the lower triangle twice, first from
columns to rows, collected by their mean, then from rows to columns, by their sum: the two ways of a
product with :math:`L L^T`. One number of each edge, :math:`e_{ij}`, is the entry of the factor:

.. math:: \hat L_{ij} = e_{ij} \; (i > j), \qquad \hat L_{ii} = \exp(e_{ii} / 2),

so that :math:`M = (L L^T)^{-1}` is positive definite whatever the network says, in exact
arithmetic. In floating point the sweeps may overflow, as the entries below the diagonal have no
bound. The guard sees that and takes a classical factor; with ``guard=False`` nothing does.

Cost: 560 flops for an entry of L and a message pass, six passes; an application is that of IC(0).

Failure modes: an entry of the factor depends on the matrix up to ``2 blocks`` edges away, so what
is known further away, along chains or in strong anisotropy, is missed. Matrices unlike those of
the training: see `resolvent.preconditioners.learned.guard.guarded`.

Source: P. Häusner, O. Öktem and J. Sjölund, Neural incomplete factorization: learning
preconditioners for the conjugate gradient method, TMLR (2024), arXiv 2305.16368.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.preconditioners.learned.factor_model import FactorModel, Inputs, positive
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix
from resolvent.preconditioners.learned.networks.interleaved_net import (
    interleaved_net,
    interleaved_values,
    interleaved_weights,
)
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = ["NeuralIF"]


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuralIF(FactorModel):
    r"""Learned incomplete Cholesky factors of symmetric positive definite matrices.

    Parameters
    ----------
    blocks : int
        Pairs of message passes; an entry of the factor knows of what is ``2 blocks`` edges away.
    hidden : int
        Features of a node. With eight the forward pass is compiled on NumPy.
    objective : {'solution', 'sketch'}
        What the loss multiplies the error of the factor by: solutions for random right-hand sides
        (Li et al., arXiv 2305.16432) or random vectors (the paper's choice).
    weights, record
        Set by `fit`, `load` and `pretrained`.

    See Also
    --------
    PreCorrector : begins with IC(0), and generalises further.
    ichol : the classical factor of the same pattern.

    Notes
    -----
    ``model(A)`` takes a real symmetric sparse matrix with positive diagonal on the host, and
    returns a `Preconditioner` in its precision, definite for any weights, whose ``info`` is a
    `GuardInfo`. Scaling rows and columns of A alike changes nothing. The network runs in double
    precision; in single precision, entries of A below 1e-38 have no reciprocal, and NumPy warns.

    Differs from the source in: the matrix is scaled to unit diagonal first; the place of a row is
    from 0 to 1; the loss is relative, and weighs by solutions unless asked otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import lognormal_diffusion
    >>> from resolvent.preconditioners import ichol
    >>> from resolvent.solvers import cg
    >>> A, b = lognormal_diffusion((32, 32), sigma=1, rng=12345), np.ones(1024)
    >>> M = NeuralIF.pretrained("diffusion-2d")(A)
    >>> M.is_spd, M.info.chosen
    (True, 'neural-if')
    >>> cg(A, b, M=M).iterations < cg(A, b, M=ichol(A)).iterations
    True

    Training on a family of one's own, with a bar; systems are matrices or pairs ``(A, b)``, where
    the mean of the solver's steps on ``validation`` decides which weights are kept.

    >>> from tqdm import tqdm
    >>> def system(seed):
    ...     return lognormal_diffusion((12, 12), sigma=1, rng=seed), np.ones(144)
    >>> with tqdm(total=60) as bar:
    ...     def show(state):
    ...         bar.set_postfix(loss=state.loss, steps=state.score, refresh=False)
    ...         bar.update()  # return True to end the training
    ...     model = NeuralIF().fit(
    ...         [system(seed) for seed in range(10)],
    ...         validation=[system(seed) for seed in range(10, 12)],
    ...         steps=60,
    ...         every=20,
    ...         callback=show,
    ...     )
    >>> scores = dict(model.record.scores)
    >>> scores[model.record.best] < scores[0]
    True
    """

    kind: ClassVar[str] = "neural-if"
    counts: ClassVar[tuple[str, ...]] = ("blocks", "hidden")
    blocks: int = 3
    hidden: int = 8

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""
        return interleaved_weights(self.blocks, self.hidden, FEATURES, 1, rng)

    def inputs(self, scaled: ScaledMatrix, b: NDArray[Any] | None, xp: Namespace) -> Inputs:  # noqa: ARG002
        """Return what the network sees."""
        arrays = {"nodes": node_features(scaled.matrix), "edges": scaled.lower[:, None]}
        return Inputs(scaled, {name: xp.asarray(x) for name, x in arrays.items()})

    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor and the way back."""
        nodes, features = inputs.arrays["nodes"], inputs.arrays["edges"]
        edges = inputs.scaled.pattern.edges
        e, net_back = interleaved_net(weights, self.blocks, edges, nodes, features)
        L, by_e = _factor(e, inputs)

        def back(slope: Array, gradient: Weights) -> None:
            net_back(slope * by_e, gradient)

        return L, back

    def values(self, weights: Weights, inputs: Inputs) -> Array:
        """Return the entries of the factor without a way back."""
        nodes, features = inputs.arrays["nodes"], inputs.arrays["edges"]
        edges = inputs.scaled.pattern.edges
        return _factor(interleaved_values(weights, self.blocks, edges, nodes, features), inputs)[0]


def _factor(e: Array, inputs: Inputs) -> tuple[Array, Array]:
    """Return the entries of the factor from the numbers of the edges, and their derivatives."""
    xp = namespace_of(e)
    diagonal, (root, slope) = xp.asarray(inputs.scaled.pattern.diagonal), positive(e / 2)
    return xp.where(diagonal, root, e), xp.where(diagonal, slope / 2, xp.ones_like(e))
