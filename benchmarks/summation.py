"""Fast summation: its error against the tolerance, its time against direct sums, its growth.

Three kinds of rows. `accuracy`: the relative error of the potentials at sampled targets, against
the tolerance, for uniform, clustered and surface points. `speed`: one product against direct sums
on all threads, timed for 2000 targets and scaled to all, and against fmm3dpy, whose time includes
its tree, which it builds on every call; ours with the tree stands beside. Of the direct sums one is
a loop as one writes it with numba, and has the bar, the other our own loops over near points.
`growth`: the exponent of N in the time of a product. Set-up is always shown on its own: the
skeletons are built once for a kernel, the tree once for a set of points.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from statistics import median
from time import perf_counter, sleep
from typing import Any

import numpy as np

from benchmarks.harness import PAUSE, QUICK, Effort
from benchmarks.plain_sums import plain_sum
from resolvent.linalg.compiled.threads import threads
from resolvent.solvers.compiled.summation import direct
from resolvent.solvers.summation import EIFMM, Helmholtz, InversePower, KernelSum, Yukawa
from resolvent.solvers.summation.product import coordinates
from resolvent.solvers.summation.user_kernels import as_kernel

Array = Any
Record = dict[str, Any]

KERNELS = {
    "laplace": "laplace",
    "yukawa": Yukawa(4.0),
    "helmholtz": Helmholtz(4.0),
    "1/r^4": InversePower(4),
    "1/(1 + r^2)": lambda r: 1 / (1 + r * r),
}
TOLERANCES = (1e-3, 1e-6, 1e-9)
SAMPLED, TIMED = 300, 2000  # targets
DIRECT = ("direct", "our own")  # timed for some targets
SPEEDUP, GROWTH = 30.0, 1.1  # bars
ROUNDS, FEW = 7, 3


@dataclass(frozen=True)
class Row:
    """A named measurement that takes the number of rounds and whether to be quick."""

    name: str
    run: Callable[[bool], Record]


def rows(xp: Any) -> list[Row]:
    """Return the rows; there is nothing for a GPU yet."""
    if xp is not np:
        return []
    accuracy_rows = [
        Row(f"accuracy {name}, {dim}D, tol {tol:.0e}", partial(accuracy, name, dim, tol))
        for dim in (2, 3)
        for name in KERNELS
        for tol in TOLERANCES
    ]
    speed_rows = [
        Row("speed laplace, 3D, 1e5 points, tol 1e-06", partial(speed, "laplace", 1e-6, SPEEDUP)),
        Row("speed laplace, 3D, 1e5 points, tol 1e-03", partial(speed, "laplace", 1e-3, None)),
        Row("speed helmholtz, 3D, 1e5 points, tol 1e-06", partial(speed, "helmholtz", 1e-6, None)),
    ]
    growth_rows = [Row("growth laplace, 2D, tol 1e-06, 1e4 to 1e6", partial(growth, 1e-6))]
    return [*accuracy_rows, *speed_rows, *growth_rows]


def measure(row: Row, effort: Effort, _: Callable[[], object]) -> Record:
    """Run one row."""
    return {"row": row.name} | row.run(effort is QUICK)


def points(kind: str, n: int, dim: int) -> Array:
    """Return points (n, dim) of the unit cube."""
    rng = np.random.default_rng(0)
    if kind == "uniform":
        return rng.random((n, dim))
    if kind == "clusters":
        spread = 10 ** rng.uniform(-4, -1.5, (n, 1)) * rng.standard_normal((n, dim))
        return np.clip(rng.random((10, dim))[rng.integers(0, 10, n)] + spread, 0, 1)
    v = rng.standard_normal((n, dim))
    return 0.5 + 0.5 * v / np.linalg.norm(v, axis=1, keepdims=True)


def charges_for(kernel: Any, n: int) -> Array:
    rng = np.random.default_rng(1)
    q = rng.standard_normal(n)
    return q + 1j * rng.standard_normal(n) if kernel.is_complex else q


def own_sum(kernel: Any, x: Array, y: Array, q: Array) -> Callable[[], Array]:
    """Return the sum by the compiled loops of the near field, its arrays laid out before."""
    flat_x, flat_y = (coordinates(np.pad(p, ((0, 0), (0, 3 - p.shape[1])))) for p in (x, y))
    parts = [q.real, q.imag] if kernel.is_complex else [q]
    padded = np.pad(np.stack(parts), ((0, 0), (0, flat_y.shape[1] - len(q))))
    out = np.zeros((len(parts), len(x)))
    cores = threads(len(x) * len(y))

    def call() -> Array:
        direct(kernel.form, flat_x, len(x), flat_y, len(y), padded, out, cores)
        return out[0] + 1j * out[1] if kernel.is_complex else out[0]

    return call


def exact_sum(kernel: Any, x: Array, y: Array, q: Array) -> Array:
    flat_x, flat_y = (np.pad(p, ((0, 0), (0, 3 - p.shape[1]))) for p in (x, y))
    return np.concatenate([kernel(np, block, flat_y) @ q for block in np.array_split(flat_x, 20)])


def relative_error(A: KernelSum, kernel: Any, x: Array, q: Array) -> float:
    """Return the error at sampled targets, by a sum of NumPy."""
    chosen = np.random.default_rng(2).permutation(len(x))[:SAMPLED]
    exact = exact_sum(kernel, x[chosen], x, q)
    return float(np.linalg.norm((A @ q)[chosen] - exact) / np.linalg.norm(exact))


def accuracy(name: str, dim: int, tol: float, quick: bool) -> Record:
    """One builder on a fixed box, so that the three sets of points share its skeletons."""
    kernel = as_kernel(KERNELS[name], dim)
    builder = EIFMM(kernel, dim=dim, tol=tol, box=([0.0] * dim, 1.0))
    n, found = 4000 if quick else 20000, []
    for kind in ("uniform", "clusters", "surface"):
        x = points(kind, n, dim)
        start = perf_counter()
        A = builder.fit(x)
        seconds = perf_counter() - start
        error = relative_error(A, kernel, x, charges_for(kernel, n))
        found.append(
            {
                "points": kind,
                "error": error,
                "estimate": A.error_estimate,
                "reason": A.reason.name,
                "fit": seconds,
                "ranks": {str(level): rank for level, rank in A.ranks.items()},
            }
        )
    met = all(each["error"] <= tol for each in found)
    return {"kind": "accuracy", "tol": tol, "found": found, "met": met}


def speed(name: str, tol: float, bar: float | None, quick: bool) -> Record:
    """One product, the direct sum and fmm3dpy, interleaved."""
    kernel = as_kernel(Helmholtz(2.0) if name == "helmholtz" else name, 3)
    n = 100_000
    x, q = points("uniform", n, 3), charges_for(kernel, n)
    builder = EIFMM(kernel, dim=3, tol=tol, box=None if kernel.degree else ([0.0] * 3, 1.0))
    start = perf_counter()
    builder.fit(x)
    first = perf_counter() - start
    start = perf_counter()
    A = builder.fit(x)
    again = perf_counter() - start
    calls = {
        "product": lambda: A @ q,
        "direct": plain_sum(kernel, x[:TIMED], x, q),
        "our own": own_sum(kernel, x[:TIMED], x, q),
    }
    exact = exact_sum(kernel, x[:SAMPLED], x, q)
    errors = {call: _error(function()[..., :SAMPLED], exact) for call, function in calls.items()}
    if find_spec("fmm3dpy"):
        calls["fmm3dpy"] = partial(by_fmm3d, kernel, tol, np.ascontiguousarray(x.T), q)
        errors["fmm3dpy"] = _error(calls["fmm3dpy"]()[:SAMPLED], exact)
    samples: dict[str, list[float]] = {call: [] for call in calls}
    for _ in range(FEW if quick else ROUNDS):
        for call, function in calls.items():
            sleep(PAUSE)
            start = perf_counter()
            function()
            samples[call].append(perf_counter() - start)
    for call in DIRECT:
        samples[call] = [seconds * n / TIMED for seconds in samples[call]]
    ratio = faster(samples["direct"], samples["product"])
    return {
        "kind": "speed",
        "tol": tol,
        "samples": samples,
        "errors": errors,
        "fit": {"first": first, "again": again, "tree": A.seconds["tree"]},
        "ratio": ratio,
        "over_our_own": faster(samples["our own"], samples["product"]),
        "over_fmm3dpy": faster(samples["fmm3dpy"], samples["product"])
        if "fmm3dpy" in samples
        else None,
        "bar": bar,
        "met": errors["product"] <= tol and (bar is None or ratio >= bar),
    }


def faster(others: Sequence[float], ours: Sequence[float]) -> float:
    """Return the ratio of the times, of medians or of the fastest, whichever is smaller."""
    return min(median(others) / median(ours), min(others) / min(ours))


def by_fmm3d(kernel: Any, tol: float, sources: Array, q: Array) -> Array:
    """Sum over sources (3, n); the scale of the potentials is that of `EIFMM`."""
    import fmm3dpy

    if kernel.is_complex:
        found = fmm3dpy.hfmm3d(eps=tol, zk=kernel.wavenumber, sources=sources, charges=q, pg=1)
    else:
        found = fmm3dpy.lfmm3d(eps=tol, sources=sources, charges=q, pg=1)
    return found.pot * 4 * np.pi if _divides_by_4_pi() else found.pot


def _divides_by_4_pi() -> bool:
    """Tell whether this version of fmm3dpy has the factor of Green's function."""
    import fmm3dpy

    two = np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    return bool(
        fmm3dpy.l3ddir(sources=two[:, :1], targets=two[:, 1:], charges=np.ones(1), pgt=1).pottarg[0]
        < 0.5
    )


def growth(tol: float, quick: bool) -> Record:
    """Time products of growing size and fit the exponent."""
    builder = EIFMM("laplace", dim=2, tol=tol, box=([0.0] * 2, 1.0))
    found = []
    for n in (10_000, 31_623, 100_000, 316_228, 1_000_000):
        x, q = points("uniform", n, 2), np.random.default_rng(1).standard_normal(n)
        start = perf_counter()
        A = builder.fit(x)
        fit, seconds = perf_counter() - start, []
        for _ in range(FEW if quick else ROUNDS):
            start = perf_counter()
            A @ q
            seconds.append(perf_counter() - start)
        found.append({"n": n, "seconds": min(seconds), "fit": fit, "error": A.error_estimate})
    sizes, times = (np.log([each[key] for each in found]) for key in ("n", "seconds"))
    exponent = float(np.polyfit(sizes, times, 1)[0])
    met = exponent <= GROWTH and all(each["error"] <= tol for each in found)
    return {"kind": "growth", "tol": tol, "found": found, "exponent": exponent, "met": met}


def _error(found: Array, exact: Array) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def table(record: Record) -> str:
    """Return one row as lines."""
    verdict = "met" if record["met"] else "MISSED"
    if record["kind"] == "accuracy":
        worst = max(each["error"] for each in record["found"])
        parts = [
            f"{each['points']} {each['error']:.1e} (estimate {each['estimate']:.1e})"
            for each in record["found"]
        ]
        sizes = [f"{p}/{r}" for p, r in record["found"][0]["ranks"].values()]
        setup = sum(each["fit"] for each in record["found"])
        return (
            f"{record['row']:40} worst/tol {worst / record['tol']:5.2f} {verdict}  "
            f"{', '.join(parts)}; points/rank {' '.join(sizes[:6])}; fits {setup:.1f} s"
        )
    if record["kind"] == "growth":
        parts = [
            f"    {each['n']:8} points: product {each['seconds']:.4f} s, fit {each['fit']:.2f} s, "
            f"error {each['error']:.1e}"
            for each in record["found"]
        ]
        title = f"{record['row']:40} exponent {record['exponent']:.2f} (bar {GROWTH}, {verdict})"
        return "\n".join([title, *parts])
    fit = record["fit"]
    bar = f"bar {record['bar']:.0f}, " if record["bar"] else ""
    lines = [f"{record['row']:40} direct over product {record['ratio']:.1f} ({bar}{verdict})"]
    for call, seconds in record["samples"].items():
        error = f", error {record['errors'][call]:.1e}" if call in record["errors"] else ""
        note = ", scaled from 2000 targets" if call in DIRECT else ""
        note = ", tree included" if call == "fmm3dpy" else note
        times = f"median {median(seconds):8.3f} s, fastest {min(seconds):8.3f} s"
        lines.append(f"    {call:8} {times}{error}{note}")
    lines.append(f"    our own direct sum over product {record['over_our_own']:.1f}")
    if record["over_fmm3dpy"]:
        lines.append(f"    fmm3dpy over product {record['over_fmm3dpy']:.1f}")
    product = median(record["samples"]["product"])
    lines.append(
        f"    fit      {fit['first']:.2f} s with skeletons; again {fit['again']:.2f} s, of which "
        f"tree and lists {fit['tree']:.2f} s; fit again and product {fit['again'] + product:.2f} s"
    )
    return "\n".join(lines)


def verdict(records: Sequence[Record]) -> str:
    """Return how many rows meet their bar."""
    missed = [record["row"] for record in records if not record["met"]]
    return "\n".join(
        [
            f"bars met: {len(records) - len(missed)} of {len(records)}",
            *(f"missed: {name}" for name in missed),
        ]
    )
