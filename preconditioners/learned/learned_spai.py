r"""LearnedSPAI: a sparse approximate inverse by message passing, two products to apply.

Messages pass T times on all nonzeros of a power of the scaled matrix, in the network of
`resolvent.preconditioners.learned.networks.encode_process_decode`; the numbers
:math:`e_{ij}` of the lower triangle make

.. math:: M = G^T G, \qquad G_{ij} = e_{ij} \; (i > j), \qquad G_{ii} = \exp(e_{ii}),

positive definite whatever the network says, in exact arithmetic. Its last layer is zero before
training, so that training begins with :math:`G = I`, which is Jacobi's method in the matrix as it
was. The loss is what one step of descent leaves of the error:
`resolvent.preconditioners.learned.losses.energy_loss`.

Cost: three times that of `NeuralIF` for building; an application is two sparse products with the
entries of the lower triangle: no sweep, so a GPU, or all cores, can work.

Failure modes: M reaches few edges far, so that the number of steps still grows with the mesh as
without it; with as many entries, an incomplete factor takes fewer steps. On lognormal diffusion it
takes the steps of `resolvent.preconditioners.fsai` of the same pattern, which needs no training and
is built faster. Matrices unlike those of the training: see
`resolvent.preconditioners.learned.guard.guarded`; the rival is Jacobi, which runs where this runs.

Source: the idea is that of Z. Yang, Z. Li, K. Lyu, Y. Li, T. Du and L. Liu, Learning sparse
approximate inverse preconditioners for conjugate gradient solvers on GPUs, arXiv 2510.27517
(2025), of which the abstract is followed.

Differs from the source in: there :math:`M = G G^T + \epsilon I`, with another loss. A triangular G
with a positive diagonal needs no :math:`\epsilon`, has half the entries of a full one, and is the
pattern of `resolvent.preconditioners.fsai`, which shows what training adds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.preconditioners.learned.factor_model import FactorModel, Inputs, positive
from resolvent.preconditioners.learned.guard.cg_race import cg_progress
from resolvent.preconditioners.learned.guard.guarded import Race
from resolvent.preconditioners.learned.inputs.directed_inputs import DirectedInputs, directed_inputs
from resolvent.preconditioners.learned.inputs.scaled_matrix import LowerTriangle, ScaledMatrix
from resolvent.preconditioners.learned.losses.energy_loss import energy_loss
from resolvent.preconditioners.learned.networks.encode_process_decode import (
    encode_process_decode,
    encode_process_decode_weights,
)
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.networks.segments import Segments
from resolvent.preconditioners.learned.two_products import two_products
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.relaxation.jacobi import jacobi

__all__ = ["LearnedSPAI"]


@dataclass(frozen=True, eq=False, kw_only=True)
class LearnedSPAI(FactorModel):
    """Learned sparse approximate inverses.

    ``model(A)`` takes A on the host; what it returns applies to arrays of any library, on their
    device and in their precision.

    Attributes
    ----------
    objective : {'solution', 'sketch'}
        Whose error a step of descent shall make small: of solutions for random right-hand sides,
        or of random vectors.
    power : int
        G has the pattern of the lower triangle of this power of the matrix.
    blocks : int
        Message passes T.
    hidden : int
        Features of a node and of an edge.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> family = [gallery.lognormal_diffusion((6, 6), sigma=1.0, rng=k) for k in range(4)]
    >>> model = LearnedSPAI(blocks=2, hidden=4).fit(family, steps=20, every=10, rng=0)
    >>> steps = [score for _, score in model.record.scores]
    >>> steps[-1] < steps[0]  # fewer than with the reciprocal diagonal, where it began
    True
    """

    kind: ClassVar[str] = "learned-spai"
    race: ClassVar[Race] = Race(cg_progress, {"jacobi": jacobi})
    counts: ClassVar[tuple[str, ...]] = ("power", "blocks", "hidden")
    power: int = 1
    blocks: int = 3
    hidden: int = 16

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""
        weights = encode_process_decode_weights(FEATURES, 1, self.hidden, self.blocks, rng)
        last = {name: np.zeros_like(weights[name]) for name in ("decoder.W1", "decoder.b1")}
        return weights | last

    def inputs(
        self,
        scaled: ScaledMatrix,
        b: NDArray[Any] | None,  # noqa: ARG002
        xp: Namespace,
    ) -> DirectedInputs:
        """Return what the network needs of a scaled matrix."""
        return directed_inputs(_wider(scaled, self.power), node_features(scaled.matrix), xp)

    def entries(
        self, weights: Weights, inputs: Inputs
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return the entries of the factor, and the way back."""
        assert isinstance(inputs, DirectedInputs)
        x, a = inputs.arrays["nodes"], inputs.arrays["edges"]
        e, net_back = encode_process_decode(weights, inputs.edges, x, a, blocks=self.blocks)
        xp, pattern = namespace_of(e), inputs.scaled.pattern
        m, diagonal = len(pattern.diagonal), xp.asarray(pattern.diagonal)
        growth, by_e = positive(e[:m])
        G = xp.where(diagonal, growth, e[:m])

        def back(slope: Array, gradient: Weights) -> None:
            slope = xp.where(diagonal, slope * by_e, slope)
            net_back(xp.concat([slope, xp.zeros_like(e[m:])]), gradient)

        return G, back

    def error(
        self, scaled: ScaledMatrix, values: Array, z: Array, Az: Array
    ) -> tuple[float, Array]:
        """Return what a step of descent leaves of the error, and the derivative by the entries."""
        return energy_loss(scaled, values, z, Az)

    def assembled(self, scaled: ScaledMatrix, values: NDArray[Any]) -> Preconditioner:
        """Return the two products with the factor, for the matrix that was scaled."""
        G = values * scaled.scale[scaled.pattern.columns.group]
        return two_products(scaled.pattern.matrix(G.astype(scaled.dtype)))


def _wider(scaled: ScaledMatrix, power: int) -> ScaledMatrix:
    """Return a scaled matrix with zeros stored on the pattern of its power."""
    A, pattern, n = scaled.matrix, scaled.pattern, scaled.matrix.shape[0]
    wide = ones = sparse.csr_array((np.ones(A.nnz), A.indices, A.indptr), shape=A.shape)
    for _ in range(power - 1):
        wide = wide @ ones
    i, j = sparse.tril(wide, format="coo").coords
    places = (np.concatenate([pattern.rows.group, i]), np.concatenate([pattern.columns.group, j]))
    entries = np.concatenate([scaled.lower, np.zeros(i.size)])
    low = sparse.coo_array(sparse.coo_array((entries, places), shape=A.shape).tocsr())
    i, j = (low.coords[axis].astype(np.int64) for axis in (0, 1))
    return replace(scaled, pattern=LowerTriangle(Segments(i, n), Segments(j, n)), lower=low.data)
