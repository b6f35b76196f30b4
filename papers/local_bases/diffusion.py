r"""Heat from a small source in an anisotropic plate, :math:`-\nabla \cdot (D \nabla u) = f`.

.. math:: D = R_\theta \operatorname{diag}(1, \kappa) R_\theta^T,

so that the solution is a streak in the direction :math:`\theta`. Angles 0 and :math:`\pi` are the
same, and at :math:`\kappa = 1` all angles are: the square of the parameters is not what the
solutions look like. Bilinear finite elements on a square, whose matrices are Kronecker products.
"""

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import spsolve

from resolvent.arrays import Array, Namespace, to_host
from resolvent.papers.local_bases.partitions import RULES, compare
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["diffusion"]

SOURCE = 0.03  # its width


def diffusion(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    cells: int,
    snapshots: int,
    clusters: int,
    modes: list[int],
    decades: float,
) -> Results:
    r"""Draw angles in :math:`[0, \pi]` and anisotropies :math:`\kappa` down to ``10**-decades``.

    Scalars: largest relative errors with the last number of modes by each rule; ``gain``, the
    smaller of the errors of Euclidean and parameter clusters over that of sines;
    ``parameters_gain``, that of parameter clusters over that of sines; ``wrapped``, clusters of
    sines that hold angles within 0.3 of both 0 and pi; ``new_error``, the largest error for new
    parameters with the best cluster; ``classifier_loss``, the same with the cluster of the nearest
    medoid over it. Arrays: ``errors`` (rule, modes), ``params``, ``labels``.
    """
    params, S = draw(rng, cells, snapshots, decades)
    found = compare(xp, S, params, clusters, modes, progress)
    new, unseen = draw(rng, cells, snapshots // 4, decades)
    bases = found.bases["sine"]
    best, nearest = (
        to_host(bases.errors(xp.asarray(unseen), labels).relative)
        for labels in (None, bases.assign(new))
    )
    angles, sine = params[:, 0], found.labels[RULES.index("sine")]
    ends = (set(sine[side]) for side in (angles < 0.3, angles > np.pi - 0.3))
    last = dict(zip(RULES, found.errors[:, -1], strict=True))
    scalars = {f"{rule}_error": error for rule, error in last.items()}
    scalars |= {
        "gain": min(last["euclidean"], last["parameters"]) / last["sine"],
        "parameters_gain": last["parameters"] / last["sine"],
        "wrapped": len(set.intersection(*ends)),
        "new_error": np.max(best),
        "classifier_loss": np.max(nearest) / np.max(best),
    }
    arrays = {"errors": found.errors, "modes": modes, "params": params, "labels": found.labels}
    return Results(scalars, arrays)


def draw(rng: np.random.Generator, cells: int, count: int, decades: float) -> tuple[Array, Array]:
    """Return random parameters (count, 2), angle and log10 of the anisotropy, and solutions."""
    K, M, C = elements(cells)
    xx, yy = scipy.sparse.kron(K, M).tocsc(), scipy.sparse.kron(M, K).tocsc()
    xy = -2 * scipy.sparse.kron(C, C).tocsc()
    x = np.linspace(-0.5, 0.5, cells + 1)[1:-1]
    source = np.exp(-(x**2 + x[:, None] ** 2) / SOURCE**2).ravel()
    load = scipy.sparse.kron(M, M) @ (source / np.sum(source) * cells**2)
    params = np.stack([rng.uniform(0, np.pi, count), rng.uniform(-decades, 0, count)], axis=1)
    solutions = []
    for angle, exponent in params:
        c, s, kappa = np.cos(angle), np.sin(angle), 10**exponent
        A = (c**2 + kappa * s**2) * xx + (s**2 + kappa * c**2) * yy + (1 - kappa) * c * s * xy
        solutions.append(spsolve(A, load))
    return params, np.array(solutions).T


def elements(cells: int) -> tuple[Array, Array, Array]:
    """Return stiffness, mass and first-derivative matrices of linear elements on (0, 1)."""
    n, h = cells - 1, 1 / cells
    one = np.ones(n - 1)

    def bands(beside: float, diagonal: float, other: float) -> Array:
        values = [beside * one, diagonal * np.ones(n), other * one]
        return scipy.sparse.diags_array(values, offsets=[-1, 0, 1])

    return bands(-1, 2, -1) / h, bands(1, 4, 1) * (h / 6), bands(-0.5, 0, 0.5)
