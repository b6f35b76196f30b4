"""The spectrum of a network's Gram matrix at random parameters, before and after P."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.operator_preconditioning.collocation import Collocation
from resolvent.papers.operator_preconditioning.reparametrisations import REPARAMETRISATIONS, SHIFT
from resolvent.papers.operator_preconditioning.tanh_network import TanhNetwork
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["label", "measures", "spectra"]

NEAR = 1e-6
EPS = float(np.finfo(np.float64).eps)
Vector = NDArray[np.float64]


def spectra(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    networks: list[list[int]],
    spreads: list[float],
    points: int,
    draws: int,
) -> Results:
    r"""Count what is left of the rank, and of the reach of gradient descent, over random draws.

    Scalars: ``rank_<network>`` and ``modes_<network>``, medians at the first spread, and
    ``share_<network>``, that rank over the parameters; ``modes_<P>``, the modes of all networks
    with P over those without, at the first spread; ``modes_spread``, the modes of all networks at
    the last spread over those at the first; ``spread_ranks``, what the last spread multiplies the
    median ranks by, least over networks; ``condition_at_rank``, the smallest
    of all draws at the first spread; ``condition_eigenvectors`` and ``shift_gap``, the largest of
    all draws.
    Arrays: the medians ``rank``, ``modes_<P>`` (spread, network), ``parameters``, ``labels``, and
    ``eigenvalues_<P>`` of one draw of the last network.
    """
    drawn: dict[str, Any] = {}
    tables: list[dict[str, float]] = []
    for spread, hidden, _ in progress(
        [(s, tuple(h), d) for s in spreads for h in networks for d in range(draws)]
    ):
        network = TanhNetwork(hidden)
        F = Collocation(network, points).tangent(network.draw(rng, spread))
        values = singular_values(F)
        tables.append(measures(values, max(F.shape)))
        if spread == spreads[0] and hidden == tuple(networks[-1]):
            drawn = {f"eigenvalues_{name}": s**2 for name, s in values.items()}

    shape = (len(spreads), len(networks), draws)
    found = {key: np.reshape([t[key] for t in tables], shape) for key in tables[0]}
    medians = {key: np.median(row, axis=-1) for key, row in found.items()}
    parameters = np.array([TanhNetwork(tuple(hidden)).size for hidden in networks])
    labels = [label(hidden) for hidden in networks]
    arrays = drawn | {key: medians[key] for key in medians if key.startswith(("rank", "modes"))}
    arrays |= {"parameters": parameters, "labels": np.array(labels), "spreads": spreads}
    return Results(scalars(found, medians, labels, parameters), arrays)


def scalars(
    found: dict[str, Vector],
    medians: dict[str, Vector],
    labels: list[str],
    parameters: NDArray[np.int64],
) -> dict[str, float]:
    """Return the numbers to compare, of tables (spread, network, draw) and their medians."""
    modes = {key: np.sum(found[f"modes_{key}"][0]) for key in ("none", "columns", "cholesky")}
    numbers = {
        "modes_columns": modes["columns"] / modes["none"],
        "modes_cholesky": modes["cholesky"] / modes["none"],
        "modes_spread": np.sum(found["modes_none"][-1]) / modes["none"],
        "spread_ranks": np.min(medians["rank"][-1] / medians["rank"][0]),
        "condition_at_rank": np.min(found["condition_at_rank"][0]),
        "condition_eigenvectors": np.max(found["condition_eigenvectors"]),
        "shift_gap": np.max(found["shift_gap"]),
    }
    for name, rank, reached, p in zip(
        labels, medians["rank"][0], medians["modes_none"][0], parameters, strict=True
    ):
        numbers |= {f"rank_{name}": rank, f"modes_{name}": reached, f"share_{name}": rank / p}
    return numbers


def label(hidden: list[int] | tuple[int, ...]) -> str:
    """Return the name of a network, such as 16x16."""
    return "x".join(str(width) for width in hidden)


def singular_values(F: Vector) -> dict[str, Vector]:
    """Return those of F P for every P."""
    return {
        name: np.linalg.svd(F @ P(F), compute_uv=False).astype(np.float64)
        for name, P in REPARAMETRISATIONS.items()
    }


def measures(values: dict[str, Vector], size: int) -> dict[str, float]:
    r"""Return what is counted of the singular values of one F.

    ``rank`` counts those of F above :math:`\max(N, p)\,\varepsilon\,\sigma_1`, and
    ``condition_at_rank`` is the condition of A on them: the cut squared, and nothing else, where
    the spectrum has no gap. ``modes_<P>`` counts eigenvalues of :math:`P^T A P` above 1e-6 of the
    largest, which is what gradient descent reaches in some million steps. ``shift_gap`` is the
    deviation of the eigenvalues with ``cholesky`` from :math:`\lambda/(\lambda + \delta)`, and
    ``condition_eigenvectors`` the condition that is left on the parameters kept.
    """
    s, kept = values["none"], values["eigenvectors"]
    rank = int(np.sum(s > size * EPS * s[0]))
    promised = s**2 / (s**2 + SHIFT * s[0] ** 2)
    found = {
        "rank": float(rank),
        "condition_at_rank": float(s[0] / s[rank - 1]) ** 2,
        "condition_eigenvectors": float(kept[0] / kept[-1]) ** 2,
        "shift_gap": float(np.max(np.abs(values["cholesky"] ** 2 - promised))),
    }
    for name in ("none", "columns", "cholesky"):
        squares = values[name] ** 2
        found[f"modes_{name}"] = float(np.sum(squares >= NEAR * squares[0]))
    return found
