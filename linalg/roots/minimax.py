r"""Square roots by a composition of optimal odd polynomials, products only.

The sign iteration ``x <- x h_t(x²)`` with the optimal odd polynomials of
`resolvent.linalg.odd_minimax`, in coupled form: ``Y_0 = A/c``, ``Z_0 = I``,
``S = Z Y``, ``H = h_t(S)``, ``Y <- Y H``, ``Z <- H Z``. With ``λ(A)/c`` in ``[l, 1]`` the sign
iteration starts on ``[sqrt(l), 1]`` and the number of steps is known beforehand: 6, 8, 10, 13
quintic steps for condition 1e4, 1e6, 1e8, 1e12, half of what Newton-Schulz takes.

Rounding leaves a residual of ``eps sqrt(κ)`` to ``eps κ``, as for every coupled iteration; for full
accuracy at high condition use 'cholesky-polar' or 'eigh'.

Cost: 4 products a quintic step (2 in the first, 3 in the last), plus one inverse and two
products where the lower end of the spectrum has to be bounded.

Source: Amsel, Persson, Musco, Gower, The Polar Express (2025), arXiv 2505.16932, for the
polynomials; the coupled form and the bounds are ours.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from resolvent.arrays import Array, Namespace, eps
from resolvent.linalg.factorisations import smallest_singular_bound
from resolvent.linalg.norms import identity_like, nonzero, spectral_bound
from resolvent.linalg.odd_minimax import check_parameters, composition
from resolvent.linalg.roots.method import Accuracy, require_square_root
from resolvent.linalg.roots.newton_schulz import coupled_update

__all__ = ["Minimax"]


@dataclass(frozen=True)
class Minimax:
    """Composition of minimax odd polynomials.

    Parameters
    ----------
    lower : float, optional
        Lower bound of ``λmin / norm(A)``, where ``norm`` is the smaller of the Frobenius and the
        infinity norm. None computes it from one inverse.
    degree : {3, 5}
        Degree of the polynomials.
    steps : int, optional
        Take only the first steps of the composition, for a product-by-product comparison.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_sqrtm
    >>> X = inv_sqrtm(np.diag([1.0, 4.0]), method="minimax")
    >>> bool(abs(X - np.diag([1.0, 0.5])).max() < 1e-14)
    True
    """

    lower: float | None = None
    degree: Literal[3, 5] = 5
    steps: int | None = None

    name: ClassVar[str] = "minimax"
    positive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_parameters(self.lower, self.degree, self.steps)

    @property
    def accuracy(self) -> Accuracy:
        """Truncated where the number of steps is prescribed."""
        return "iterative" if self.steps is None else "truncated"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``, ``p`` = 2 or -2."""
        require_square_root(self, p)
        unit = eps(xp, A.dtype)
        c = nonzero(xp, spectral_bound(xp, A))
        lower = self.lower
        if lower is None:
            floor = A.shape[-1] * unit  # below, an eigenvalue is rounding noise
            lower = min(max(smallest_singular_bound(xp, A / c), floor), 1.0)
        identity = identity_like(xp, A)
        Y, Z, S = A / c, identity, A / c
        schedule = composition(lower**0.5, degree=self.degree, tolerance=unit)[: self.steps]
        for t, (a, b, *rest) in enumerate(schedule):
            if t:
                S = Z @ Y
            H = a * identity + b * S
            if rest:
                H = H + rest[0] * (S @ S)
            Y, Z = coupled_update(Y, Z, H, p, first=t == 0, last=t + 1 == len(schedule))
        return c ** (1 / p) * (Y if p > 0 else Z)
