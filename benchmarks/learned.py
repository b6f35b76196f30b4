"""Learned preconditioners beside the classical ones: steps, set-up, solve, and totals.

Each row is a family of systems. Every method sets up its preconditioner for each matrix, and solves
for one right-hand side to 1e-8, with our conjugate gradients or, named so, with SciPy's; learned
ones with their guard included. The columns that count are the totals of set-up and one solve, and
of set-up and 30 solves of one matrix, as ratios to the best classical method of the row. Training
is not in them: it is paid once for a family, and shown by ``resolvent run learned-preconditioner``.
The limit is what the copy of the bytes of one step of conjugate gradients without a preconditioner
takes, times the steps. On a GPU only what runs there takes part: the matrices are set up on the
host.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from statistics import mean, median
from time import perf_counter, sleep
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator
from scipy.sparse.linalg import cg as scipy_cg

from benchmarks.harness import PAUSE, QUICK, Effort
from resolvent.linalg.gallery import lognormal_diffusion, poisson, two_phase_diffusion
from resolvent.preconditioners import chebyshev, fsai, ichol, jacobi, multigrid, ssor
from resolvent.preconditioners.learned import LearnedSPAI, NeuralIF, NeuralPCG, PreCorrector
from resolvent.solvers import cg

Record = dict[str, Any]
Setup = Callable[[Any], Any]
Solve = Callable[[Any, Any, Any], tuple[int, Any]]

RTOL, MOST, MANY = 1e-8, 5000, 30  # tolerance, steps, solves of one matrix
OMEGA = 1.8  # of SSOR: about the best one for these grids


@dataclass(frozen=True)
class Row:
    """A family of matrices by seed, and the methods that are run on it."""

    name: str
    matrix: Callable[[int], Any]
    systems: int
    xp: Any


@dataclass(frozen=True)
class Method:
    """How to set up a preconditioner, and how to solve with it."""

    name: str
    setup: Setup
    solve: Solve
    learned: bool = False


def rows(xp: Any) -> list[Row]:
    """Return the families."""

    def lognormal(*shape: int) -> Callable[[int], Any]:
        return lambda seed: lognormal_diffusion(shape, sigma=1, rng=seed)

    return [
        Row("lognormal diffusion 64x64", lognormal(64, 64), 5, xp),
        Row("lognormal diffusion 256x256", lognormal(256, 256), 2, xp),
        Row(
            "two phases 64x64, contrast 1e4",
            lambda seed: two_phase_diffusion((64, 64), contrast=1e4, rng=seed),
            5,
            xp,
        ),
        Row("lognormal diffusion 16x16x16", lognormal(16, 16, 16), 3, xp),
        Row("Poisson 256x256", lambda _: poisson((256, 256)), 1, xp),
    ]


def ours(A: Any, b: Any, M: Any) -> tuple[int, Any]:
    """Solve, and return the steps and the solution."""
    solution = cg(A, b, M=M, rtol=RTOL, maxiter=MOST)
    return solution.iterations, solution.x


def scipys(A: Any, b: Any, M: Any) -> tuple[int, Any]:
    """Solve with SciPy, and return the steps and the solution."""
    steps = 0

    def count(_: Any) -> None:
        nonlocal steps
        steps += 1

    operator = None
    if M is not None:
        operator = LinearOperator(A.shape, matvec=lambda r: M @ r, dtype=A.dtype)
    x, _ = scipy_cg(A, b, M=operator, rtol=RTOL, atol=0.0, maxiter=MOST, callback=count)
    return steps, x


def pyamgs(A: Any) -> Any:
    """Return PyAMG's own cycle."""
    import pyamg

    return pyamg.ruge_stuben_solver(A).aspreconditioner()


@cache
def models() -> dict[str, Setup]:
    """Return the trained models."""
    every = (NeuralIF, PreCorrector, NeuralPCG, LearnedSPAI)
    return {Model.kind: Model.pretrained("diffusion-2d") for Model in every}


def methods(xp: Any) -> list[Method]:
    """Return all methods of a library of arrays."""
    if xp is not np:
        simple: dict[str, Setup] = {"none": lambda _: None, "jacobi": jacobi}
        simple |= {"chebyshev": partial(chebyshev, degree=8)}
        spai = Method("learned-spai", models()["learned-spai"], ours, learned=True)
        return [*(Method(name, setup, ours) for name, setup in simple.items()), spai]
    classical: dict[str, Setup] = {
        "none": lambda _: None,
        "jacobi": jacobi,
        "ssor": partial(ssor, omega=OMEGA),
        "ic(0)": ichol,
        "ict": partial(ichol, drop_tol=1e-2, fill=3),
        "fsai": fsai,
        "multigrid": multigrid,
    }
    peers = [Method(f"scipy, {name}", setup, scipys) for name, setup in classical.items()]
    if find_spec("pyamg"):
        peers.append(Method("scipy, pyamg", pyamgs, scipys))
    return [
        *peers,
        *(Method(name, setup, ours) for name, setup in classical.items()),
        *(Method(name, model, ours, learned=True) for name, model in models().items()),
    ]


def measure(row: Row, effort: Effort, synchronize: Callable[[], object]) -> Record:
    """Run all methods on a family, interleaved."""
    rounds, found = 2 if effort is QUICK else 5, list[Record]()
    for k in range(row.systems):
        A = row.matrix(10_000 + k)
        b = np.random.default_rng(k).standard_normal(A.shape[0])
        runs = [list(_run(method, row.xp, A, b, synchronize)) for method in methods(row.xp)]
        for _ in range(rounds):
            for method, samples in zip(methods(row.xp), runs, strict=True):
                samples += _run(method, row.xp, A, b, synchronize)
        found.append({"runs": runs, "limit": _copy_seconds(_step_bytes(A), row.xp, synchronize)})
    results = {
        method.name: _summary([each["runs"][m][1:] for each in found]) | {"learned": method.learned}
        for m, method in enumerate(methods(row.xp))
    }
    limit = median(each["limit"] for each in found)
    return {"row": row.name, "systems": row.systems, "limit": limit, "methods": results}


def _run(
    method: Method, xp: Any, A: Any, b: Any, synchronize: Callable[[], object]
) -> Iterator[Record]:
    """Yield one set-up and one solve."""
    on_host = xp is np or method.learned
    there = A if xp is np else _on_device(A)
    rhs = xp.asarray(b)
    synchronize()
    sleep(PAUSE)
    start = perf_counter()
    M = method.setup(A if on_host else there)
    synchronize()
    ready = perf_counter()
    steps, x = method.solve(there, rhs, M)
    synchronize()
    end = perf_counter()
    residual = float(xp.linalg.norm(rhs - there @ x) / xp.linalg.norm(rhs))
    fell_back = bool(getattr(getattr(M, "info", None), "fell_back", False))
    yield {
        "steps": steps,
        "residual": residual,
        "setup": ready - start,
        "solve": end - ready,
        "fell_back": fell_back,
    }


def _on_device(A: Any) -> Any:
    from cupyx.scipy.sparse import csr_matrix

    return csr_matrix(A)


def _step_bytes(A: Any) -> int:
    """Return what a step moves: the matrix, and twelve vectors."""
    return int(A.nnz * (A.data.itemsize + A.indices.itemsize) + 12 * 8 * A.shape[0])


def _copy_seconds(moved: int, xp: Any, synchronize: Callable[[], object]) -> float:
    """Return the seconds of a copy that reads and writes so many bytes."""
    x = xp.ones(moved // 16)
    y, seconds = xp.empty_like(x), []
    for _ in range(20):
        synchronize()
        start = perf_counter()
        y[...] = x
        synchronize()
        seconds.append(perf_counter() - start)
    return min(seconds)


def _summary(systems: list[list[Record]]) -> Record:
    """Return medians of the rounds, and of the systems of a family."""
    setup, solve = (
        median(median(run[key] for run in runs) for runs in systems) for key in ("setup", "solve")
    )
    fastest = median(min(run["setup"] + run["solve"] for run in runs) for runs in systems)
    return {
        "fell_back": sum(runs[0]["fell_back"] for runs in systems),
        "steps": mean(runs[0]["steps"] for runs in systems),
        "residual": max(run["residual"] for runs in systems for run in runs),
        "setup": setup,
        "solve": solve,
        "fastest": fastest,
        "one": setup + solve,
        "many": setup + MANY * solve,
    }


def best(record: Record, column: str, *, learned: bool) -> tuple[str, float]:
    """Return the fastest method of a kind that reached the tolerance, and its seconds."""
    times = {
        name: each[column]
        for name, each in record["methods"].items()
        if each["learned"] is learned and each["residual"] <= 2 * RTOL
    }
    name = min(times, key=times.__getitem__, default="none of them")
    return name, times.get(name, float("inf"))


def table(record: Record) -> str:
    """Return the methods of a family as lines; times are in milliseconds."""
    one, many = (best(record, column, learned=False)[1] for column in ("one", "many"))
    titles = ("steps", "set-up", "solve", "min both", "limits", "one", f"of {MANY}")
    titles = (*titles, "residual", "fallbacks")
    lines = [f"{record['row']:32}{' '.join(f'{title:>9}' for title in titles)}"]
    for name, each in record["methods"].items():
        cells = (
            f"{each['steps']:.0f}",
            *(f"{1e3 * each[key]:.2f}" for key in ("setup", "solve", "fastest")),
            f"{each['solve'] / (record['limit'] * max(each['steps'], 1)):.1f}",
            f"{one / each['one']:.2f}x",
            f"{many / each['many']:.2f}x",
            f"{each['residual']:.0e}",
            f"{each['fell_back']} of {record['systems']}" if each["learned"] else "",
        )
        lines.append(f"  {name:30}{' '.join(f'{cell:>9}' for cell in cells)}")
    return "\n".join([*lines, ""])


def verdict(records: Sequence[Record]) -> str:
    """Return who wins each family."""
    lines = ["speed over the best classical method (above 1 the learned one wins)"]
    for record in records:
        parts = []
        for column, title in (("one", "one solve"), ("many", f"{MANY} solves")):
            (model, seconds), (rival, theirs) = (
                best(record, column, learned=learned) for learned in (True, False)
            )
            parts.append(f"{title}: {model} {theirs / seconds:.2f}x of {rival}")
        lines.append(f"{record['row']:32} {'; '.join(parts)}")
    return "\n".join(lines)
