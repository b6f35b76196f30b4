r"""What a system expanded in snapshots misses, to first order: a few terms more.

With :math:`I_M` for the expansion in M snapshots, :math:`I_M I_{M+L} = I_M`, so that

.. math:: A - I_M A \approx I_{M+L} A - I_M A
          = \sum_{l \le L} \beta_{M+l} \left( A(\mu_{M+l}) - I_M A(\mu_{M+l}) \right) .

A saturation assumption, not a bound: the terms after these are left out.
"""

from resolvent.arrays import namespace_of
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.handed_out import HandedOut
from resolvent.solvers.reduced.snapshot_expansion import SnapshotExpansion

__all__ = ["expansion_defect"]


def expansion_defect(
    system: AffineSystem,
    matrices: tuple[SnapshotExpansion, HandedOut],
    vectors: tuple[SnapshotExpansion, HandedOut],
) -> AffineSystem | None:
    """Return the terms ahead as a system, None where nothing is left.

    Parameters
    ----------
    system : AffineSystem
        The expanded one.
    matrices, vectors : tuple
        Weights, and the code.
    """
    (alpha, matrix_of), (beta, vector_of) = matrices, vectors
    params, b = alpha.training.params, system.rhs_terms[:, 0]
    terms = [
        AffineSystem([matrix_of(j), system.matrix(params[j])], b, lambda _: [1, -1]).matrix(0.0)
        for j in alpha.next_params
    ]
    columns = [vector_of(j) - system.rhs(params[j]) for j in beta.next_params]
    if not terms and not columns:
        return None
    return AffineSystem(
        terms or system.matrix_terms[:1],
        columns or namespace_of(b).zeros_like(b),
        alpha.next_weights if terms else lambda _: [0],
        beta.next_weights if columns else None,
    )
