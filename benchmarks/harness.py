"""Time our call and its peers on one input, interleaved, beside the machine's limit and the error.

The limit is a `Yardstick`: one matrix product for what multiplies dense matrices, one copy of
memory for what streams vectors and sparse matrices. It is measured in the same rounds.

A round takes one sample of everything, so that a change of clock or load hits all alike. A sample
is the mean over as many calls as fill ``Effort.sample`` seconds. Compilation is over before. NumPy,
SciPy and numba have thread pools of their own whose workers spin for a while when their work is
done: a pause before each sample keeps them from taking the cores of the next call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

Call = Callable[..., Any]
Record = dict[str, Any]

PAUSE = 0.15  # OpenBLAS workers were seen to disturb others for 0.1 s


class Peer(NamedTuple):
    """Another way to the same result; ``bar`` is how many times faster ours has to be."""

    name: str
    call: Call
    bar: float | None = None


class Yardstick(NamedTuple):
    """What the machine does at its best: ``amount(*inputs)`` of ``unit`` by one call."""

    name: str
    call: Call
    amount: Callable[..., float]
    unit: str


def _flop(A: Any, *_: Any) -> float:
    return 2e-9 * prod(A.shape) * int(A.shape[-1])


PRODUCT = Yardstick("one product A @ A", lambda A, *_: A @ A, _flop, "Gflop")


@dataclass(frozen=True)
class Row:
    """One problem.

    ``yardstick`` and ``work``, the amount of it that one step needs at least, give the limit.
    Times are those of one of the ``steps`` of a call.
    """

    name: str
    inputs: Callable[[], tuple[Any, ...]]
    ours: Call
    residual: Callable[..., float]
    peers: Sequence[Peer] = ()
    yardstick: Yardstick = PRODUCT
    work: float | None = None
    steps: int = 1


class Effort(NamedTuple):
    """At most ``rounds`` rounds; after the third no new one once ``budget`` seconds are over."""

    rounds: int
    budget: float
    sample: float


FULL = Effort(rounds=11, budget=20, sample=0.05)
QUICK = Effort(rounds=3, budget=0, sample=0.02)


def measure(row: Row, effort: Effort, synchronize: Callable[[], object]) -> Record:
    """Run one row and return everything seen, ready for JSON."""
    inputs = row.inputs()
    A = inputs[0]
    solvers = {"ours": row.ours} | {peer.name: peer.call for peer in row.peers}
    residuals = {name: row.residual(call(*inputs), *inputs) for name, call in solvers.items()}
    stick = row.yardstick
    calls = {stick.name: stick.call} | solvers
    samples = _interleaved(calls, inputs, effort, synchronize)
    for name in solvers:
        samples[name] = [seconds / row.steps for seconds in samples[name]]
    bars = {peer.name: peer.bar for peer in row.peers}
    amount = stick.amount(*inputs)
    rate = amount / median(samples[stick.name])
    limit = (amount if row.work is None else row.work) / rate
    return {
        "row": row.name,
        "shape": list(A.shape),
        "dtype": str(A.dtype),
        "yardstick": {"name": stick.name, **_times(samples[stick.name])}
        | {"rate": rate, "unit": f"{stick.unit}/s", "limit": limit},
        "calls": [
            {"name": name, **_times(samples[name])}
            | {"limits": median(samples[name]) / limit, "residual": residuals[name]}
            | (_against(samples["ours"], samples[name], bars[name]) if name in bars else {})
            for name in solvers
        ],
    }


def _interleaved(
    calls: Mapping[str, Call],
    inputs: tuple[Any, ...],
    effort: Effort,
    synchronize: Callable[[], object],
) -> dict[str, list[float]]:
    """Return the samples of every call in seconds, after one that is thrown away."""

    def seconds(call: Call, repeats: int = 1) -> float:
        synchronize()
        sleep(PAUSE)
        start = perf_counter()
        for _ in range(repeats):
            call(*inputs)
        synchronize()
        return (perf_counter() - start) / repeats

    repeats = {name: max(1, ceil(effort.sample / seconds(call))) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    end = perf_counter() + effort.budget
    for k in range(effort.rounds):
        if k >= 3 and perf_counter() > end:
            break
        for name, call in calls.items():
            samples[name].append(seconds(call, repeats[name]))
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
    stick, calls = record["yardstick"], record["calls"]
    titles = ("median ms", "min ms", "ratio", "of minima", "bar", "limits", "residual")
    rate = f"{stick['rate']:.1f} {stick['unit']}"
    yardstick = (*_milliseconds(stick), "", "", "", f"{1e3 * stick['limit']:.3f} ms", rate)
    lines = [(record["row"], *titles), (f"  {stick['name']}", *yardstick)]
    lines += [(f"  {call['name']}", *_cells(call)) for call in calls]
    return "".join(f"{head:34}{' '.join(f'{c:>12}' for c in cells)}\n" for head, *cells in lines)


def _milliseconds(times: Record) -> list[str]:
    return [f"{1e3 * times[key]:.3f}" for key in ("median", "minimum")]


def _cells(call: Record) -> list[str]:
    ratios = [f"{call[key]:.2f}" if key in call else "" for key in ("ratio", "ratio_of_minima")]
    judged = call.get("bar") is not None
    bar = f"{call['bar']:g} {'met' if call['met'] else 'missed'}" if judged else ""
    limits, residual = f"{call['limits']:.1f}", f"{call['residual']:.1e}"
    return [*_milliseconds(call), *ratios, bar, limits, residual]


def verdict(records: Sequence[Record]) -> str:
    """Return how many bars are met, and which are not."""
    judged = [
        (call["met"], f"{record['row']}: {call['name']}")
        for record in records
        for call in record["calls"]
        if call.get("bar") is not None
    ]
    missed = [f"missed: {where}" for met, where in judged if not met]
    return "\n".join([f"bars met: {len(judged) - len(missed)} of {len(judged)}", *missed])
