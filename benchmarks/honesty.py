"""Honesty: what solvers claim on every system of the gallery, and what is true of it.

A claim is a solution that its solver calls converged. It is false if the residual, computed anew in
extended precision, exceeds the tolerance by more than a hundredth, the rounding error of a residual
in working precision on the worst of these systems; unless the solver's own criterion, which is not
that of the residual, is met:

- of our lsqr and lsmr: `norm(A^H r) <= rtol norm(A) norm(r)`;
- of SciPy's lsqr, lsmr and minres: that, or `norm(r) <= rtol (norm(b) + norm(A) norm(x))`, both
  with the Frobenius norm.

Solvers meet systems that they are not made for: that is the point. The tolerance is 1e-8, and 1e-5
in single precision.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from inspect import signature
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse.linalg as sla

from benchmarks.harness import QUICK, Effort
from resolvent import solvers
from resolvent.arrays import to_host
from resolvent.linalg.gallery import System, pyamg_systems, systems

Array = Any
Record = dict[str, Any]

CYCLE = 30  # steps between restarts, of ours and of the peers
ROUNDING = 1.01
OUTCOMES = ("solved", "own criterion", "named failure", "FALSE SUCCESS", "raised", "not finite")


class Answer(NamedTuple):
    """What a solver returned; ``own`` is a criterion that it may have met instead."""

    x: Array
    claim: bool
    reason: str
    own: Callable[["Truth"], bool] | None = None


@dataclass(frozen=True)
class Row:
    """A solver on trial: ``solve(A, b, rtol, maxiter)``."""

    name: str
    solve: Callable[..., Answer]
    xp: Any = np


class Truth:
    """The residual of ``x`` in extended precision, over norms that can't over- or underflow."""

    def __init__(self, system: System, x: Array, rtol: float) -> None:
        A, b, x = (v.astype(np.clongdouble) for v in (system.dense(), system.b, x))
        self.rtol, self.A, self.r = rtol, A, b - A @ x
        self.residual, self.b, self.x = map(length, (self.r, b, x))

    @property
    def solved(self) -> bool:
        return bool(self.residual <= ROUNDING * self.rtol * self.b)

    def orthogonal(self, norm: Callable[[Array], float]) -> bool:
        gradient, size = length(self.A.conj().T @ self.r), norm(self.A)
        return bool(gradient <= ROUNDING * self.rtol * size * self.residual)

    def backward_stable(self) -> bool:
        size = self.b + frobenius(self.A) * self.x
        return bool(self.residual <= ROUNDING * self.rtol * size)


def length(v: Array) -> Any:
    largest = np.max(np.abs(v), initial=0)
    return largest * np.sqrt(np.sum(np.abs(v / largest) ** 2)) if largest else largest


def frobenius(A: Array) -> Any:
    return length(A.ravel())


def spectral(A: Array) -> Any:
    largest = np.max(np.abs(A), initial=0) or 1
    return largest * np.linalg.norm((A / largest).astype(np.complex128), 2)


def rows(xp: Any) -> list[Row]:
    """Return every solver of ours on arrays of ``xp``, and the peers on those of NumPy."""
    found = {name: getattr(solvers, name) for name in solvers.__all__}
    named = {name: call for name, call in found.items() if is_solver(call)}
    ours = [
        Row(name, partial(run_ours, call, OPTIONS.get(name, lambda _: {})), xp)
        for name, call in named.items()
    ]
    return ours if xp is not np else [*ours, *scipy_rows(), *pyamg_rows()]


def is_solver(call: Any) -> bool:
    return callable(call) and {"A", "b", "rtol", "maxiter"} <= signature(call).parameters.keys()


def spectrum_of_spd(A: Array) -> tuple[float, float]:
    """Return where the eigenvalues of a positive definite matrix of condition 1000 would be."""
    entries = A if hasattr(A, "__abs__") else A @ np.eye(A.shape[1])
    largest = float(abs(entries).sum(axis=1).max())
    return 1e-3 * largest, largest


OPTIONS: dict[str, Callable[[Array], Record]] = {
    "chebyshev_iteration": lambda A: {"interval": spectrum_of_spd(A)},
    "sor": lambda _: {"omega": 1.5},
    "ssor": lambda _: {"omega": 1.5},
}


def run_ours(call: Any, options: Any, A: Array, b: Array, rtol: float, maxiter: int) -> Answer:
    solution = call(A, b, rtol=rtol, maxiter=maxiter, **options(A))
    own = (lambda truth: truth.orthogonal(spectral)) if claims_squares(solution) else None
    return Answer(to_host(solution.x), solution.converged, solution.reason.name, own)


def claims_squares(solution: Any) -> bool:
    return getattr(solution.info, "solves", True) is False


def scipy_rows() -> list[Row]:
    steps = {"cg": sla.cg, "bicgstab": sla.bicgstab}
    cycles = {
        "gmres": partial(sla.gmres, restart=CYCLE),
        "lgmres": partial(sla.lgmres, inner_m=CYCLE),
    }
    squares = {
        "lsqr": lambda A, b, rtol, n: sla.lsqr(A, b, atol=rtol, btol=rtol, conlim=0, iter_lim=n),
        "lsmr": lambda A, b, rtol, n: sla.lsmr(A, b, atol=rtol, btol=rtol, conlim=0, maxiter=n),
    }
    return [
        *(Row(f"scipy {name}", partial(run_scipy, call, 1)) for name, call in steps.items()),
        *(Row(f"scipy {name}", partial(run_scipy, call, CYCLE)) for name, call in cycles.items()),
        Row("scipy minres", partial(run_scipy, sla.minres, 1, own=documented)),
        *(Row(f"scipy {name}", partial(run_squares, call)) for name, call in squares.items()),
    ]


def run_scipy(
    call: Any, unit: int, A: Array, b: Array, rtol: float, maxiter: int, own: Any = None
) -> Answer:
    x, info = call(A, b, rtol=rtol, maxiter=-(-maxiter // unit))
    return by_number(x, info, own)


def run_squares(call: Any, A: Array, b: Array, rtol: float, maxiter: int) -> Answer:
    x, stop = call(A, b, rtol, maxiter)[:2]
    return Answer(x, stop in (0, 1, 2, 4, 5), f"istop {stop}", documented)


def documented(truth: Truth) -> bool:
    return truth.backward_stable() or truth.orthogonal(frobenius)


def pyamg_rows() -> list[Row]:
    if not find_spec("pyamg"):
        return []
    from pyamg import krylov

    calls = {"cg": krylov.cg, "bicgstab": krylov.bicgstab, "gmres": krylov.gmres}
    return [Row(f"pyamg {name}", partial(run_pyamg, call)) for name, call in calls.items()]


def run_pyamg(call: Any, A: Array, b: Array, rtol: float, maxiter: int) -> Answer:
    restarts = call.__name__ == "gmres"
    options = {"restart": min(CYCLE, b.size)} if restarts else {}
    limit = -(-maxiter // CYCLE) if restarts else maxiter
    return by_number(*call(A, b, tol=rtol, maxiter=limit, **options))


def by_number(x: Array, info: int, own: Any = None) -> Answer:
    return Answer(x, info == 0, "not converged" if info > 0 else f"info {info}", own)


@cache
def gallery() -> dict[str, System]:
    return systems() | (pyamg_systems() if find_spec("pyamg") else {})


def measure(row: Row, effort: Effort, _: Callable[[], object]) -> Record:
    """Try one solver on all systems."""
    start = perf_counter()
    found = [
        {"system": name} | judge(row, system, 200 if effort is QUICK else 10 * system.b.size)
        for name, system in gallery().items()
    ]
    return {"row": row.name, "seconds": perf_counter() - start, "systems": found}


def judge(row: Row, system: System, maxiter: int) -> Record:
    """Return what the solver says of one system, what is true, and how that is called."""
    rtol = 1e-5 if np.finfo(system.b.dtype).bits == 32 else 1e-8
    A, b = system.A, system.b
    if row.xp is not np:
        A, b = row.xp.asarray(system.dense()), row.xp.asarray(b)
    try:
        with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
            answer = row.solve(A, b, rtol, maxiter)
    except Exception as error:  # whatever it is, the benchmark goes on and counts it
        return {"outcome": "raised", "reason": type(error).__name__, "residual": None}
    x = np.asarray(answer.x).reshape(b.shape)
    if not np.isfinite(x).all():
        return {"outcome": "not finite", "reason": answer.reason, "residual": None}
    truth = Truth(system, x, rtol)
    residual = float(truth.residual / truth.b) if truth.b else float(truth.residual)
    return {"outcome": outcome(answer, truth), "reason": answer.reason, "residual": residual}


def outcome(answer: Answer, truth: Truth) -> str:
    if not answer.claim:
        return "named failure"
    if truth.solved:
        return "solved"
    own = answer.own is not None and answer.own(truth)
    return "own criterion" if own else "FALSE SUCCESS"


def table(record: Record) -> str:
    """Return the reasons of one solver's failures, and where it was wrong."""
    failures = Counter(s["reason"] for s in record["systems"] if s["outcome"] == "named failure")
    lines = [f"{record['row']}: {record['seconds']:.1f} s"]
    if failures:
        reasons = ", ".join(f"{reason} {count}" for reason, count in failures.most_common())
        lines.append(f"  named: {reasons}")
    for wrong in OUTCOMES[3:]:
        where = [told(s) for s in record["systems"] if s["outcome"] == wrong]
        if where:
            lines.append(f"  {wrong}: {', '.join(where)}")
    return "\n".join(lines)


def told(found: Record) -> str:
    residual = found["residual"]
    detail = found["reason"] if residual is None else f"{residual:.0e}"
    return f"{found['system']} ({detail})"


def verdict(records: Sequence[Record]) -> str:
    """Return the counts of all solvers side by side, and the false successes of ours."""
    counts = {r["row"]: Counter(s["outcome"] for s in r["systems"]) for r in records}
    width = max(map(len, ["solver", *counts]))
    lines = [f"\n{'solver':{width}}" + "".join(f"{title:>15}" for title in OUTCOMES)]
    lines += [
        f"{name:{width}}" + "".join(f"{count[title]:15}" for title in OUTCOMES)
        for name, count in counts.items()
    ]
    ours = {name: count for name, count in counts.items() if " " not in name}
    for who, group in {"ours": ours, "peers": counts.keys() - ours.keys()}.items():
        false = sum(counts[name]["FALSE SUCCESS"] for name in group)
        lines.append(f"false successes, {who}: {false} of {len(group) * len(gallery())} solves")
    return "\n".join(lines)
