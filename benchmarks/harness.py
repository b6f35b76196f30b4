"""Time our call and its peers on one input, interleaved, beside a matrix product and the residual.

A round takes one sample of everything, so that a change of clock or load hits all alike. A sample
is the mean over as many calls as fill ``Effort.sample`` seconds. Compilation is over before.
"""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from math import ceil, prod
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numba

Call = Callable[..., Any]
Record = dict[str, Any]

PACKAGES = ("resolvent", "numpy", "scipy", "numba", "torch", "cupy-cuda12x", "cupy-cuda13x")
PRODUCT = "one product A @ A"


class Peer(NamedTuple):
    """Another way to the same result; ``bar`` is how many times faster ours has to be."""

    name: str
    call: Call
    bar: float | None = None


@dataclass(frozen=True)
class Row:
    """One problem: ``ours(*inputs())``, its peers, and ``residual(result, *inputs())``.

    The first input is the batch ``(..., n, n)`` whose product with itself is the yardstick.
    """

    name: str
    inputs: Callable[[], tuple[Any, ...]]
    ours: Call
    residual: Callable[..., float]
    peers: Sequence[Peer] = ()


class Effort(NamedTuple):
    """At most ``rounds`` rounds; after the third no new one once ``budget`` seconds are over."""

    rounds: int
    budget: float
    sample: float


FULL = Effort(rounds=11, budget=20, sample=0.05)
QUICK = Effort(rounds=3, budget=0, sample=0.01)


def measure(row: Row, effort: Effort, synchronize: Callable[[], object]) -> Record:
    """Run one row and return everything seen, ready for JSON."""
    inputs = row.inputs()
    A = inputs[0]
    solvers = {"ours": row.ours} | {peer.name: peer.call for peer in row.peers}
    residuals = {name: row.residual(call(*inputs), *inputs) for name, call in solvers.items()}
    samples = _interleaved(
        {PRODUCT: lambda A, *_: A @ A} | solvers, inputs, effort, synchronize
    )
    product, ours = samples[PRODUCT], samples["ours"]
    bars = {peer.name: peer.bar for peer in row.peers}
    return {
        "row": row.name,
        "shape": list(A.shape),
        "dtype": str(A.dtype),
        "product": _times(product) | {"gflops": 2e-9 * A.shape[-1] * prod(A.shape) / median(product)},
        "calls": [
            _times(samples[name])
            | {"name": name, "residual": residuals[name]}
            | {"products": median(samples[name]) / median(product)}
            | (_against(ours, samples[name], bars[name]) if name in bars else {})
            for name in solvers
        ],
    }


def _interleaved(
    calls: Mapping[str, Call],
    inputs: tuple[Any, ...],
    effort: Effort,
    synchronize: Callable[[], object],
) -> dict[str, list[float]]:
    """Return the samples of each call, in seconds."""

    def seconds(call: Call, times: int) -> float:
        synchronize()
        start = perf_counter()
        for _ in range(times):
            call(*inputs)
        synchronize()
        return (perf_counter() - start) / times

    times = {name: max(1, ceil(effort.sample / seconds(call, 1))) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    start = perf_counter()
    for k in range(effort.rounds):
        if k >= 3 and perf_counter() - start > effort.budget:
            break
        for name, call in calls.items():
            samples[name].append(seconds(call, times[name]))
    return samples


def _times(samples: list[float]) -> Record:
    return {"median": median(samples), "minimum": min(samples), "samples": samples}


def _against(ours: list[float], peer: list[float], bar: float | None) -> Record:
    """Return the ratios peer/ours; the bar is met when both of them reach it."""
    ratios = median(peer) / median(ours), min(peer) / min(ours)
    met = None if bar is None else min(ratios) >= bar
    return {"ratio": ratios[0], "ratio_of_minima": ratios[1], "bar": bar, "met": met}


def table(record: Record) -> str:
    """Return one row as lines, a call each; times are in milliseconds."""
    titles = ("median", "minimum", "ratio", "of minima", "bar", "products", "residual")
    rate = f"{record['product']['gflops']:.1f} Gflop/s"
    return "\n".join(
        [
            _line(record["row"], *titles),
            _line("  " + PRODUCT, *_milliseconds(record["product"]), "", "", "", "1.0", rate),
            *(_line("  " + call["name"], *_cells(call)) for call in record["calls"]),
            "",
        ]
    )


def _line(head: str, *cells: str) -> str:
    return f"{head:32}" + "".join(f"{cell:>14}" for cell in cells)


def _milliseconds(times: Record) -> list[str]:
    return [f"{1e3 * times[key]:.3f}" for key in ("median", "minimum")]


def _cells(call: Record) -> list[str]:
    ratios = [f"{call[key]:.2f}" if key in call else "" for key in ("ratio", "ratio_of_minima")]
    bar = {None: "", True: f"{call.get('bar')} met", False: f"{call.get('bar')} missed"}
    ends = bar[call.get("met")], f"{call['products']:.1f}", f"{call['residual']:.1e}"
    return [*_milliseconds(call), *ratios, *ends]


def verdict(records: Sequence[Record]) -> str:
    """Return how many bars are met, and which are not."""
    judged = [(record["row"], call) for record in records for call in record["calls"]
              if call.get("bar") is not None]
    missed = [
        f"  missed: {row}, {call['name']}: {min(call['ratio'], call['ratio_of_minima']):.2f}"
        f" of {call['bar']}"
        for row, call in judged
        if not call["met"]
    ]
    return "\n".join([f"{len(judged) - len(missed)} of {len(judged)} bars met", *missed])
