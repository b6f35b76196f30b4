"""Interpolation and bases: EIM, POD, DEIM points and reduced solutions, against pyMOR.

All rows but the last are of fields exp(-((x - m) / w)²) cos(20 m x) of width w = 0.05 + 0.2 m at
100 000 points. What stands beside a time is the relative error on these fields: of interpolation in
the maximum norm for EIM, in the Frobenius norm elsewhere. pyMOR gets its vector arrays made.

The limit of EIM and of points is to move their bytes at the speed of a copy, and that of a POD the
flops of the Gram matrix at the speed of a matrix product.
"""

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from benchmarks.harness import Peer, Row, Yardstick
from benchmarks.krylov import COPY
from resolvent.linalg import deim, eim, pod, qdeim
from resolvent.solvers.reduced import AffineSystem, ReducedBasis

Array = Any
N, FIELDS, MODES = 100_000, 500, 50
CHUNK = 10_000  # rows of which an error is measured at a time
QUERIES, RANK = 10_000, 20


def rows(xp: Any) -> list[Row]:
    """Return the rows; pyMOR computes on NumPy."""
    if xp is not np:
        return []
    return [
        empirical("EIM, 50 terms", "float64", 50, 4),
        empirical("EIM, 20 terms, float32", "float32", 20, None),
        points("DEIM points, 50 modes", deim, {"deim": 2}),
        points("Q-DEIM points, 50 modes", qdeim, {"qdeim": 1, "pivoted QR": None}),
        modes("POD, 20 modes", {"rank": 20}, {"modes": 20}, 0.9),
        modes("POD to 1e-6", {"tol": 1e-6}, {"rtol": 0, "l2_err": 1e-6}, 0.9),
        modes("POD to 1e-12", {"tol": 1e-12}, SLOW | {"l2_err": 1e-12}, None),
        modes("randomised POD, 40 modes", SKETCH, SLOW | {"modes": 40}, 2),
        online("10 000 reduced solutions, 20 modes", 50),
    ]


SLOW = {"method": "qr_svd", "rtol": 0}
SKETCH = {"method": "randomized", "rank": 40, "rng": 0}
PRODUCT = Yardstick("product, order 1000", lambda *_: FACTOR @ FACTOR, lambda *_: 2.0, "Gflop")
FACTOR = np.random.default_rng(0).standard_normal((1000, 1000))


def fields(dtype: str = "float64", count: int = FIELDS, sharper: float = 1) -> Array:
    x, m = np.linspace(-1, 1, N)[:, None], np.linspace(0.01, 1, count)
    width = (0.05 + 0.2 * m) / sharper
    return (np.exp(-(((x - m) / width) ** 2)) * np.cos(20 * m * x)).astype(dtype)


def vectors(*arrays: Array) -> tuple[Array, ...]:
    """Return arrays as they are, and the first as pyMOR likes it."""
    if not find_spec("pymor"):
        return (*arrays, None)
    from pymor.core.logger import set_log_levels
    from pymor.vectorarrays.numpy import NumpyVectorSpace

    set_log_levels({"pymor": "ERROR"})
    return (*arrays, NumpyVectorSpace.from_numpy(np.asfortranarray(arrays[0])))


def peers(known: dict[str, Any], bars: dict[str, float | None]) -> list[Peer]:
    """Return pyMOR's calls where it is installed."""
    return [Peer(f"pymor {name}", known[name], bars[name]) for name in bars if find_spec("pymor")]


# EIM


def empirical(name: str, dtype: str, terms: int, bar: float | None) -> Row:
    """The greedy algorithm, to a number of terms."""

    def ours(f: Array, _: Any) -> tuple[Array, Array]:
        found = eim(f, tol=0, max_terms=terms)
        return found.basis, found.points

    def theirs(_: Array, U: Any) -> tuple[Array, Array]:
        from pymor.algorithms.ei import ei_greedy

        dofs, basis, _ = ei_greedy(U, error_norm="sup", max_interpolation_dofs=terms)
        return basis.to_numpy(), dofs

    moved = 1e-9 * 2 * N * FIELDS * np.dtype(dtype).itemsize * terms
    bars = {"ei_greedy": bar}
    known = peers({"ei_greedy": theirs}, bars)
    return Row(name, lambda: vectors(fields(dtype)), ours, largest_error, known, COPY, moved)


def largest_error(found: tuple[Array, Array], f: Array, _: Any) -> float:
    basis, where = found
    c = np.linalg.solve(basis[where], f[where])
    errors = [np.max(np.abs(f[i : i + CHUNK] - basis[i : i + CHUNK] @ c)) for i in chunks()]
    return float(max(errors) / np.max(np.abs(f)))


# points for given modes


def points(name: str, ours: Any, bars: dict[str, float | None]) -> Row:
    """Points only: the modes are given, and their coefficients are those of the points."""

    def inputs() -> tuple[Array, ...]:
        f = fields(count=200, sharper=2)
        return vectors(pod(f, rank=MODES).basis, f)

    def theirs(method: str, _: Array, __: Array, U: Any) -> Array:
        from pymor.algorithms import ei

        return getattr(ei, method)(U.copy(), pod=False)[0]

    def by_lapack(U: Array, *_: Any) -> Array:
        return scipy.linalg.qr(U.T, mode="r", pivoting=True, check_finite=False)[1][:MODES]

    known = [
        Peer("scipy qr(U.T, pivoting=True)", by_lapack, bar)
        if method == "pivoted QR"
        else Peer(f"pymor {method}", partial(theirs, method), bar)
        for method, bar in bars.items()
        if method == "pivoted QR" or find_spec("pymor")
    ]
    moved = 1e-9 * 2 * 8 * N * MODES
    return Row(name, inputs, lambda U, *_: ours(U).points, fitted_error, known, COPY, moved)


def fitted_error(where: Array, U: Array, f: Array, _: Any) -> float:
    c = np.linalg.lstsq(U[where], f[where])[0]
    return float(np.linalg.norm(f - U @ c) / np.linalg.norm(f))


# modes


def modes(name: str, options: dict[str, Any], theirs: dict[str, Any], bar: float | None) -> Row:
    """Modes of the snapshots, to a number or an error of both."""

    def by_pymor(_: Array, norm: float, U: Any) -> Array:
        from pymor.algorithms.pod import pod as pymor_pod

        wanted = dict(theirs)
        if "l2_err" in wanted:
            wanted["l2_err"] *= norm
        return pymor_pod(U, **wanted)[0].to_numpy()

    def inputs() -> tuple[Array, ...]:
        S = fields()
        return vectors(S, float(np.linalg.norm(S)))

    method = theirs.get("method", "default")
    known = peers({method: by_pymor}, {method: bar})
    ours = lambda S, *_: pod(S, **options).basis  # noqa: E731
    return Row(name, inputs, ours, projection_error, known, PRODUCT, 1e-9 * N * FIELDS**2)


def projection_error(basis: Array, S: Array, norm: float, _: Any) -> float:
    c = basis.T @ S
    left = [np.linalg.norm(S[i : i + CHUNK] - basis[i : i + CHUNK] @ c) for i in chunks()]
    return float(np.linalg.norm(left) / norm)


def chunks() -> range:
    return range(0, N, CHUNK)


# reduced solutions


def thermal_block(cells: int = 40, blocks: int = 2) -> AffineSystem:
    """Diffusion in a square of blocks by their conductivities; zero on the boundary, heated."""
    inner = sp.eye_array(cells - 1)
    step = sp.diags_array(
        [np.ones(cells - 1), -np.ones(cells - 1)], offsets=(0, -1), shape=(cells, cells - 1)
    )
    gradient = sp.vstack([sp.kron(step, inner), sp.kron(inner, step)]).tocsr()
    middle, node = (np.arange(cells) + 0.5) / cells, np.arange(1, cells) / cells
    x, y = (
        np.concatenate(pair)
        for pair in (
            (np.repeat(middle, cells - 1), np.repeat(node, cells)),
            (np.tile(node, cells), np.tile(middle, cells - 1)),
        )
    )
    block = (x * blocks).astype(int) * blocks + (y * blocks).astype(int)
    terms = [gradient.T @ sp.diags_array((block == q) * 1.0) @ gradient for q in range(blocks**2)]
    return AffineSystem(terms, np.full((cells - 1) ** 2, cells**-2.0), lambda mus: mus.T)


def online(name: str, bar: float) -> Row:
    """Coefficients of reduced solutions at all parameters: in one batch, and one by one."""

    def inputs() -> tuple[Array, ...]:
        rng = np.random.default_rng(0)
        train, mus = rng.uniform(0.1, 1, (100, 4)), rng.uniform(0.1, 1, (QUERIES, 4))
        model = ReducedBasis(thermal_block()).greedy(train, 0.0, max_terms=RANK)
        return mus, model, *pymor_model(model, mus)

    def one_by_one(_: Array, __: Any, rom: Any, parsed: Any) -> Array:
        return np.stack([rom.solve(mu).to_numpy()[:, 0] for mu in parsed], axis=1)

    known = peers({"rom.solve, one by one": one_by_one}, {"rom.solve, one by one": bar})
    ours = lambda mus, model, *_: model.solve(mus)  # noqa: E731
    moved = 1e-9 * 8 * QUERIES * (4 + RANK)
    return Row(name, inputs, ours, reduced_residual, known, COPY, moved)


def pymor_model(model: Any, mus: Array) -> tuple[Any, Any]:
    """Return the same reduced terms as a model of pyMOR, and parameters that it has parsed."""
    if not find_spec("pymor"):
        return None, None
    from pymor.models.basic import StationaryModel
    from pymor.operators.constructions import LincombOperator
    from pymor.operators.numpy import NumpyMatrixOperator
    from pymor.parameters.functionals import ProjectionParameterFunctional

    terms = [NumpyMatrixOperator(A) for A in model.matrix_terms]
    coefficients = [ProjectionParameterFunctional("mu", 4, q) for q in range(4)]
    rom = StationaryModel(
        LincombOperator(terms, coefficients), NumpyMatrixOperator(model.rhs_terms)
    )
    return rom, [rom.parameters.parse(mu) for mu in mus]


def reduced_residual(c: Array, mus: Array, model: Any, *_: Any) -> float:
    left = np.einsum("kq,qij,jk->ik", mus, model.matrix_terms, c, optimize=True) - model.rhs_terms
    return float(np.max(np.abs(left)) / np.max(np.abs(model.rhs_terms)))
