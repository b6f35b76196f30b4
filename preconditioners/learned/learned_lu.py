r"""LearnedLU: incomplete LU factors of a nonsymmetric matrix by message passing, for GMRES.

On all nonzeros of the scaled matrix, self loops included, messages pass T times; an edge sees its
entry :math:`\hat a_{ij}` and its side: -1 below, 0 on, 1 above the diagonal. One number
:math:`e_{ij}` of each edge is left, which makes :math:`\hat A \approx L U`,

.. math:: L_{ij} = e_{ij} \; (i > j), \quad L_{ii} = s(e_{ii}), \quad
    U_{ij} = e_{ij} \; (i < j), \quad U_{ii} = 1,

where s keeps the diagonal away from zero, so that no factor is singular: in use
:math:`s(x) = x` for :math:`|x| > \epsilon`, else :math:`\pm\epsilon` (plus for zero); in training,
where slopes are wanted, :math:`s(x) = x (1 + \exp(2 - 4 |x| / \epsilon))`, increasing everywhere.

Cost: with 32 features, about 4 kflop for an entry and a message pass; an application is that of
ILU(0).

Failure modes: no bound on the norm of M; an entry depends on the matrix up to T edges away.
Matrices unlike those of the training: see `resolvent.preconditioners.learned.guard.guarded`;
an ILU(0) that breaks down, as on a zero diagonal, is no rival.

Source: P. Häusner, A. Nieto Juscafresa and J. Sjölund, Learning incomplete factorization
preconditioners for GMRES, NLDL (2025), arXiv 2409.08262.

Differs from the source in: the matrix is scaled, see
`resolvent.preconditioners.learned.inputs.scaled_rows`; the first feature of a row is its
place, not the right-hand side, so that M depends on A alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, Namespace, namespace_of, to_host
from resolvent.preconditioners.factorisations.factors import factored
from resolvent.preconditioners.learned.guard.gmres_race import gmres_progress
from resolvent.preconditioners.learned.guard.guarded import GMRES_RACE, Race
from resolvent.preconditioners.learned.inputs.scaled_rows import ScaledRows, scaled_rows
from resolvent.preconditioners.learned.losses.lu_loss import lu_loss
from resolvent.preconditioners.learned.model import LearnedPreconditioner
from resolvent.preconditioners.learned.networks.graph_net import PairBack, graph_net
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.networks.perceptron import Weights, perceptron_weights
from resolvent.preconditioners.learned.training.checks import checked_rhs, matrix_and_rhs
from resolvent.preconditioners.learned.training.vectors_to_learn import (
    Objective,
    check_objective,
    vectors_to_learn,
)
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import strict_triangles

__all__ = ["LearnedLU"]

_RTOL = 1e-8  # of the runs that validate


@dataclass(frozen=True, eq=False)
class _Example:
    """A system to learn from: what the network sees, and products ``A z`` (n, k) of vectors z."""

    scaled: ScaledRows
    nodes: Array
    entries: Array
    vectors: Array
    products: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class LearnedLU(LearnedPreconditioner):
    r"""Learned incomplete LU factors. Systems to learn from are matrices, or pairs with one first.

    Attributes
    ----------
    objective : {'solution', 'sketch'}
        What the loss multiplies the error of the factors by: solutions for random right-hand
        sides, or random vectors.
    blocks : int
        Message passes T.
    hidden : int
        Features of an edge, and width of each perceptron.
    epsilon : float
        How far the diagonal of L stays away from zero.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.preconditioners.ilu`; complex matrices are refused.
    SingularMatrixError
        A row or a column of A is zero; in training, also a matrix that is singular.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> family = [gallery.convection_diffusion((6, 6), peclet=p) for p in (1, 2, 3, 4)]
    >>> model = LearnedLU(blocks=2, hidden=8).fit(family, steps=5, rng=0)
    >>> model(family[0]).info.chosen in ("learned-lu", "ilu", "jacobi")
    True
    """

    kind: ClassVar[str] = "learned-lu"
    race: ClassVar[Race] = GMRES_RACE
    counts: ClassVar[tuple[str, ...]] = ("blocks", "hidden")
    most: ClassVar[float] = 200
    objective: Objective = "solution"
    blocks: int = 3
    hidden: int = 32
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_objective(self.objective)
        if not 0 < self.epsilon < np.inf:
            raise ValueError(f"epsilon must be a positive number, got {self.epsilon}")

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""
        weights: Weights = {}
        for t in range(self.blocks):
            seen = self.hidden + 1 if t else 2
            out = self.hidden if t < self.blocks - 1 else 1
            edge = (2 * FEATURES + seen, self.hidden, out)
            weights |= perceptron_weights(f"{t}.edge", edge, rng)
            weights |= perceptron_weights(f"{t}.node", (FEATURES + out, self.hidden, FEATURES), rng)
        return weights

    def example(self, system: Any, xp: Namespace) -> _Example:
        """Return a matrix prepared, with vectors and their products; b is checked, no more."""
        A, b = matrix_and_rhs(system)
        scaled = scaled_rows(A, builder=self.kind)
        checked_rhs(b, scaled.matrix.shape[0])
        vectors, products = vectors_to_learn(scaled.matrix, self.objective)
        nodes, entries = node_features(scaled.matrix), scaled.matrix.data[:, None]
        return _Example(scaled, *(xp.asarray(x) for x in (nodes, entries, vectors, products)))

    def outputs(
        self, weights: Weights, scaled: ScaledRows, x: Array, a: Array
    ) -> tuple[Array, Callable[[Array, Weights], None]]:
        """Return one number of each nonzero (m,) for features of rows and entries (m, 1)."""
        xp, backs = namespace_of(a), list[PairBack]()
        e = xp.concat([a, xp.astype(xp.asarray(scaled.side), a.dtype)[:, None]], axis=1)
        for t in range(self.blocks):
            seen = xp.concat([e, a], axis=1) if t else e
            x, e, back_through = graph_net(weights, f"{t}", scaled.edges, x, seen, "mean")
            backs.append(back_through)

        def back(slope: Array, gradient: Weights) -> None:
            gx, ge = xp.zeros_like(x), slope[:, None]
            for t, step in reversed(list(enumerate(backs))):
                gx, ge = step(gx, ge, gradient)
                ge = ge[:, : self.hidden] if t else ge

        return e[:, 0], back

    def loss(
        self, weights: Weights, example: _Example, rng: np.random.Generator
    ) -> tuple[float, Weights]:
        """Return the loss of one random vector, and its gradient."""
        scaled = example.scaled
        e, net_back = self.outputs(weights, scaled, example.nodes, example.entries)
        xp = namespace_of(e)
        on = xp.asarray(scaled.side == 0)
        safe, by_e = _smooth(e, self.epsilon)
        mixed = xp.asarray(rng.standard_normal(example.vectors.shape[1]))
        z, Az = example.vectors @ mixed, example.products @ mixed
        value, slope = lu_loss(scaled.edges, scaled.side, xp.where(on, safe, e), z, Az)
        gradient: Weights = {}
        net_back(xp.where(on, slope * by_e, slope), gradient)
        return value, gradient

    def score(self, weights: Weights, example: _Example) -> float:
        """Return the steps to a residual of 1e-8."""
        scaled = example.scaled
        e, _ = self.outputs(weights, scaled, example.nodes, example.entries)
        one = np.ones(scaled.matrix.shape[0])
        unscaled = replace(scaled, left=one, right=one, dtype=scaled.matrix.dtype)
        M = self._preconditioner(unscaled, to_host(e))
        b = np.random.default_rng(0).standard_normal(one.size)
        return gmres_progress(scaled.matrix, M, b, _RTOL, int(self.most))[0]

    def build(self, A: Any, b: Any = None) -> Preconditioner:
        """Return what the network makes of a matrix, without a guard."""
        scaled = scaled_rows(A, builder=self.kind)
        checked_rhs(b, scaled.matrix.shape[0])
        nodes, entries = node_features(scaled.matrix), scaled.matrix.data[:, None]
        e, _ = self.outputs(self.trained(), scaled, nodes, entries)
        return self._preconditioner(scaled, e)

    def _preconditioner(self, scaled: ScaledRows, e: NDArray[Any]) -> Preconditioner:
        """Return the inverse of both factors, for the matrix that was scaled."""
        matrix, left, right, side = scaled.matrix, scaled.left, scaled.right, scaled.side
        i, j = scaled.edges.to.group, scaled.edges.of.group
        diagonal = _kept_away(e[side == 0], self.epsilon)
        below = e * left[j] / (left[i] * diagonal[j])
        data = np.where(side < 0, below, e * right[i] / right[j]).astype(scaled.dtype)
        factors = sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
        L, U = strict_triangles(factors)
        inverse = (left * right / diagonal).astype(scaled.dtype)
        return factored(L, inverse, U, is_spd=None, info=None)


def _kept_away(x: NDArray[Any], epsilon: float) -> NDArray[Any]:
    """Return numbers moved to ``epsilon`` or ``-epsilon`` where they are smaller."""
    return np.where(np.abs(x) > epsilon, x, np.where(x < 0, -epsilon, epsilon))


def _smooth(x: Array, epsilon: float) -> tuple[Array, Array]:
    """Return numbers moved away from zero smoothly, and the derivative."""
    xp = namespace_of(x)
    t = xp.abs(x) * (4 / epsilon)
    bump = xp.exp(2 - t)
    return x * (1 + bump), 1 + bump * (1 - t)
