"""Learned preconditioners beside the classical ones: steps, set-up, solve, and totals.

Each row is a family of systems. Every method sets up its preconditioner for each matrix, and solves
for one right-hand side to 1e-8, with our conjugate gradients or with SciPy's; learned ones with
their guard included. The columns that count are the total of set-up and one solve, and of set-up
and 30 solves of one matrix, as ratios to the best classical method of the row. Training is not in
them: it is paid once for a family, and shown by ``resolvent run learned-preconditioner``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median
from time import perf_counter, sleep
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator
from scipy.sparse.linalg import cg as scipy_cg

from benchmarks.harness import PAUSE, QUICK, Effort
from resolvent.linalg.gallery import lognormal_diffusion, poisson, two_phase_diffusion
from resolvent.preconditioners import ichol, jacobi, multigrid, ssor
from resolvent.preconditioners.learned import NeuralIF, PreCorrector
from resolvent.solvers import cg

Record = dict[str, Any]
Solve = Callable[[Any, Any, Any], tuple[int, float]]

RTOL, MANY = 1e-8, 30  # solves of one matrix


@dataclass(frozen=True)
class Row:
    """A family of matrices, by seed."""

    name: str
    matrix: Callable[[int], Any]
    systems: int


@dataclass(frozen=True)
class Method:
    """How to set up a preconditioner, and how to solve with it."""

    name: str
    learned: bool
    setup: Callable[[Any], Any]
    solve: Solve


def rows(xp: Any) -> list[Row]:
    """Return the families; all of them are sparse matrices on the host."""
    if xp is not np:
        return []
    return [
        Row("lognormal diffusion 64x64", _lognormal(64), 5),
        Row("lognormal diffusion 256x256", _lognormal(256), 2),
        Row(
            "two phases 64x64, contrast 1e4",
            lambda seed: two_phase_diffusion((64, 64), contrast=1e4, rng=seed),
            5,
        ),
        Row(
            "lognormal diffusion 16x16x16",
            lambda seed: lognormal_diffusion((16, 16, 16), sigma=1, rng=seed),
            3,
        ),
        Row("Poisson 256x256", lambda _: poisson((256, 256)), 1),
    ]


def _lognormal(n: int) -> Callable[[int], Any]:
    return lambda seed: lognormal_diffusion((n, n), sigma=1, rng=seed)


def ours(A: Any, b: Any, M: Any) -> tuple[int, float]:
    """Solve, and return the steps and the relative residual."""
    solution = cg(A, b, M=M, rtol=RTOL, maxiter=5000)
    return solution.iterations, solution.residual_norm / np.linalg.norm(b)


def scipys(A: Any, b: Any, M: Any) -> tuple[int, float]:
    """Solve with SciPy, and return the steps and the relative residual."""
    steps = 0

    def count(_: Any) -> None:
        nonlocal steps
        steps += 1

    operator = None
    if M is not None:
        operator = LinearOperator(A.shape, matvec=lambda r: M @ r, dtype=A.dtype)
    x, _ = scipy_cg(A, b, M=operator, rtol=RTOL, atol=0.0, maxiter=5000, callback=count)
    return steps, float(np.linalg.norm(b - A @ x) / np.linalg.norm(b))


def methods() -> list[Method]:
    """Return all of them, the classical ones with both solvers."""
    classical = {
        "none": lambda _: None,
        "jacobi": jacobi,
        "ssor": ssor,
        "ic(0)": ichol,
        "ict": lambda A: ichol(A, drop_tol=1e-2, fill=3),
        "multigrid": multigrid,
    }
    models = [NeuralIF, PreCorrector]
    learned = {Model.kind: Model.pretrained("diffusion-2d") for Model in models}
    return [
        *(Method(f"scipy, {name}", False, setup, scipys) for name, setup in classical.items()),
        *(Method(name, False, setup, ours) for name, setup in classical.items()),
        *(Method(name, True, setup, ours) for name, setup in learned.items()),
    ]


def measure(row: Row, effort: Effort, _: Callable[[], object]) -> Record:
    """Run all methods on a family, interleaved."""
    rounds = 2 if effort is QUICK else 5
    found: dict[str, Record] = {}
    for method in methods():
        found[method.name] = {"learned": method.learned, "runs": [], "fell_back": 0}
    for k in range(row.systems):
        A = row.matrix(10_000 + k)
        b = np.random.default_rng(k).standard_normal(A.shape[0])
        for method in methods():
            run = _timed(method, A, b, rounds)
            found[method.name]["fell_back"] += run.pop("fell_back")
            found[method.name]["runs"].append(run)
    results = {name: _summary(each) for name, each in found.items()}
    return {"row": row.name, "systems": row.systems, "methods": results}


def _timed(method: Method, A: Any, b: Any, rounds: int) -> Record:
    setups, solves = [], []
    for _ in range(rounds + 1):  # the first one compiles
        sleep(PAUSE)
        start = perf_counter()
        M = method.setup(A)
        ready = perf_counter()
        steps, residual = method.solve(A, b, M)
        solves.append(perf_counter() - ready)
        setups.append(ready - start)
    return {
        "steps": steps,
        "residual": residual,
        "setup": min(setups[1:]),
        "solve": min(solves[1:]),
        "fell_back": bool(getattr(getattr(M, "info", None), "fell_back", False)),
    }


def _summary(each: Record) -> Record:
    runs = each["runs"]
    setup, solve = (median(run[key] for run in runs) for key in ("setup", "solve"))
    return {
        "learned": each["learned"],
        "fell_back": each["fell_back"],
        "steps": mean(run["steps"] for run in runs),
        "residual": max(run["residual"] for run in runs),
        "setup": setup,
        "solve": solve,
        "one": setup + solve,
        "many": setup + MANY * solve,
    }


def best(record: Record, column: str, *, learned: bool) -> tuple[str, float]:
    """Return the fastest method of a kind that reached the tolerance."""
    candidates = {
        name: each[column]
        for name, each in record["methods"].items()
        if each["learned"] is learned and each["residual"] <= 2 * RTOL
    }
    name = min(candidates, key=lambda name: candidates[name])
    return name, candidates[name]


def table(record: Record) -> str:
    """Return the methods of a family as lines; times are in milliseconds."""
    one, many = (best(record, column, learned=False)[1] for column in ("one", "many"))
    titles = ("steps", "set-up", "solve", "one", f"of {MANY}", "residual", "fallbacks")
    lines = [f"{record['row']:34}{' '.join(f'{title:>10}' for title in titles)}"]
    for name, each in record["methods"].items():
        cells = (
            f"{each['steps']:.0f}",
            f"{1e3 * each['setup']:.2f}",
            f"{1e3 * each['solve']:.2f}",
            f"{one / each['one']:.2f}x",
            f"{many / each['many']:.2f}x",
            f"{each['residual']:.0e}",
            f"{each['fell_back']} of {record['systems']}" if each["learned"] else "",
        )
        lines.append(f"  {name:32}{' '.join(f'{cell:>10}' for cell in cells)}")
    return "\n".join([*lines, ""])


def verdict(records: Sequence[Record]) -> str:
    """Return who wins each family."""
    lines = ["speed over the best classical method (above 1: the learned one wins)"]
    for record in records:
        parts = []
        for column, title in (("one", "one solve"), ("many", f"{MANY} solves")):
            (winner, ours_), (rival, theirs) = (
                best(record, column, learned=learned) for learned in (True, False)
            )
            parts.append(f"{title}: {winner} {theirs / ours_:.2f}x of {rival}")
        lines.append(f"{record['row']:34} {'; '.join(parts)}")
    return "\n".join(lines)
