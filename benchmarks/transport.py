"""Entropic transport: CPU time of whole solves to one accuracy, against POT and regot.

Every row is a family of instances at one regularisation, relative to the largest cost. On each
instance every solver runs once, interleaved, after all of them ran on another; the times are those
of the processor, of all threads together. A ratio is that of one instance; the bar is for the
median.

The error is the L1 norm of both marginals. regot stops by the 2-norm of its gradient and POT by
that of one marginal, so their tolerances are scaled to end at about the same error. The exact
solver of POT answers another question, the cost without regularisation, and stands there to keep
everyone honest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from benchmarks.harness import PAUSE, QUICK, Effort
from benchmarks.transport_problems import FAMILIES, Problem
from resolvent.solvers.transport import batched_sinkhorn, sinkhorn_newton

Array = Any
Record = dict[str, Any]

TOL = 1e-9
PAPER = 1 / 1200  # regularisation of the sparse Newton paper, of the largest cost
INSTANCES, FEW = 20, 3
WARM = 10_000  # seed of the instance that nobody is timed on


@dataclass(frozen=True)
class Row:
    """A family of instances, our solver, its peers, and how many times faster ours has to be."""

    name: str
    instance: Callable[[int], Problem]
    ours: Callable[..., Array]
    peers: dict[str, Callable[..., Array]]
    bars: dict[str, float] = field(default_factory=dict)


def rows(xp: Any) -> list[Row]:
    """Return the rows; there is nothing for a GPU yet."""
    if xp is not np:
        return []
    squared, moduli = "digits, squared distances", "digits, moduli"
    return [
        solve("assignment", PAPER, ssns(3)),
        solve(squared, PAPER, ssns(3)),
        solve(moduli, PAPER, ssns(15)),
        solve(squared, 5e-4, {"POT sinkhorn": 10}),
        solve(squared, 1e-4, {"POT sinkhorn": 10}),
        solve(squared, 1e-2, {"POT sinkhorn": 1 / 1.2}),
        solve(squared, 1e-1, {"POT sinkhorn": 1 / 1.2}),
        *(couplings(relative) for relative in (5e-2, 1e-2)),
    ]


def ssns(bar: float) -> dict[str, float]:
    """The bar for both linear solvers of regot."""
    return {"regot sinkhorn_ssns": bar, "regot sinkhorn_ssns, CG": bar}


def solve(family: str, relative: float, bars: dict[str, float]) -> Row:
    """Single problems at a regularisation relative to the largest cost, by peers with a bar."""
    known = {
        "regot sinkhorn_ssns": ("regot", partial(by_regot, relative)),
        "regot sinkhorn_ssns, CG": ("regot", partial(by_regot, relative, solver="cg")),
        "POT sinkhorn": ("ot", partial(by_pot, relative)),
        "POT emd, exact": ("ot", by_exact),
    }
    peers = {
        peer: call
        for peer, (package, call) in known.items()
        if find_spec(package) and (peer in bars or call is by_exact)
    }
    return Row(
        f"{family}, reg {relative:.1e}", FAMILIES[family], partial(by_us, relative), peers, bars
    )


def couplings(relative: float) -> Row:
    """256 problems of 64 by 64, as minibatches of flow matching are."""

    def batch(seed: int) -> Problem:
        x, y = np.random.default_rng(seed).standard_normal((2, 256, 64, 8))
        C = ((x[:, :, None] - y[:, None]) ** 2).sum(axis=-1)
        return C, np.full(64, 1 / 64), np.full(64, 1 / 64)

    def ours(C: Array, a: Array, b: Array) -> Array:
        reg = relative * C.max(axis=(1, 2))
        return batched_sinkhorn(C, a, b, reg=reg, tol=TOL).plan()

    def loop(C: Array, a: Array, b: Array) -> Array:
        return np.stack([by_pot(relative, single, a, b) for single in C])

    peers = {"loop of POT sinkhorn": loop} if find_spec("ot") else {}
    name = f"256 couplings of 64x64, reg {relative:.1e}"
    return Row(name, batch, ours, peers, {"loop of POT sinkhorn": 20})


def by_us(relative: float, C: Array, a: Array, b: Array) -> Array:
    return sinkhorn_newton(C, a, b, reg=relative * C.max(), tol=TOL).plan()


def by_regot(relative: float, C: Array, a: Array, b: Array, solver: str = "ldlt") -> Array:
    import regot

    options = {"tol": TOL / np.sqrt(2 * len(a)), "max_iter": 5000, "solver": solver}
    return regot.sinkhorn_ssns(C, a, b, relative * C.max(), **options).plan


def by_pot(relative: float, C: Array, a: Array, b: Array) -> Array:
    import ot

    tol = TOL / np.sqrt(len(a))
    return ot.sinkhorn(a, b, C, relative * C.max(), stopThr=tol, numItermax=100_000, warn=False)


def by_exact(C: Array, a: Array, b: Array) -> Array:
    import ot

    return ot.emd(a, b, C)


def marginal_error(P: Array, a: Array, b: Array) -> float:
    return float(np.max(np.abs(P.sum(-1) - a).sum(-1) + np.abs(P.sum(-2) - b).sum(-1)))


def measure(row: Row, effort: Effort, _: Callable[[], object]) -> Record:
    """Run every solver on every instance."""
    solvers = {"ours": row.ours} | row.peers
    found: dict[str, list[Record]] = {name: [] for name in solvers}
    seeds = [WARM, *range(FEW if effort is QUICK else INSTANCES)]
    for seed in seeds:
        C, a, b = row.instance(seed)
        for name, call in solvers.items():
            sleep(PAUSE)
            wall, cpu = perf_counter(), process_time()
            P = call(C, a, b)
            cpu, wall = process_time() - cpu, perf_counter() - wall
            if seed != WARM:
                found[name].append({"cpu": cpu, "wall": wall, "error": marginal_error(P, a, b)})
    return {"row": row.name, "bars": row.bars, "calls": found}


def table(record: Record) -> str:
    """Return one row as lines, a solver each; times are in milliseconds."""
    titles = ("CPU ms", "worst", "wall ms", "ratio", "smallest", "bar", "worst error")
    lines = [f"{record['row']:40}" + "".join(f"{title:>13}" for title in titles)]
    for name, calls in record["calls"].items():
        cpu, wall = ([1e3 * call[clock] for call in calls] for clock in ("cpu", "wall"))
        cells = [f"{median(cpu):.1f}", f"{max(cpu):.1f}", f"{median(wall):.1f}"]
        cells += ["", ""] if name == "ours" else [f"{x:.2f}" for x in against(record, name)]
        bar = record["bars"].get(name)
        met = None if bar is None else "met" if against(record, name)[0] >= bar else "missed"
        cells.append("" if bar is None else f"{bar:.3g} {met}")
        cells.append(f"{max(call['error'] for call in calls):.1e}")
        lines.append(f"  {name:38}" + "".join(f"{cell:>13}" for cell in cells))
    return "\n".join([*lines, ""])


def against(record: Record, name: str) -> tuple[float, float]:
    """Return the median and the smallest ratio of a peer's CPU time to ours."""
    pairs = zip(record["calls"][name], record["calls"]["ours"], strict=True)
    ratios = [peer["cpu"] / ours["cpu"] for peer, ours in pairs]
    return median(ratios), min(ratios)


def verdict(records: Sequence[Record]) -> str:
    """Return how many bars are met, and which are not."""
    judged = {
        f"{record['row']}: {name}": against(record, name)[0] >= bar
        for record in records
        for name, bar in record["bars"].items()
        if name in record["calls"]
    }
    missed = [f"missed: {where}" for where, met in judged.items() if not met]
    return "\n".join([f"bars met: {len(judged) - len(missed)} of {len(judged)}", *missed])
