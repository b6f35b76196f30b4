"""The harness measures what it says, by a clock that only the calls move; nothing is timed here."""

import json
import sys
from importlib import import_module
from pathlib import Path

import array_api_compat.numpy
import numpy as np
import pytest


@pytest.fixture
def harness(monkeypatch):
    """`benchmarks` is no part of the wheel, so it is found from the repository root."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    return import_module("benchmarks.harness")


class Clock:
    """Time that passes in calls only, and the order of these calls."""

    def __init__(self):
        self.now = 0.0
        self.seen = []

    def call(self, name, *seconds):
        """A call that takes the given seconds in turn, the last of them ever after."""
        seconds = list(seconds)

        def run(*_):
            self.seen.append(name)
            self.now += seconds.pop(0) if len(seconds) > 1 else seconds[0]
            return name

        return run


class Matrix:
    """A 10x10 matrix whose product with itself takes half a second."""

    shape, dtype = (10, 10), np.dtype("float64")

    def __init__(self, clock):
        self._product = clock.call("product", 0.5)

    def __matmul__(self, other):
        return self._product()


@pytest.fixture
def clock(harness, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(harness, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(harness, "sleep", lambda _: None)
    return clock


@pytest.fixture
def record(harness, clock):
    """A row of three rounds: ours takes 2 s, and 100 s to compile; two peers take 6 s and 3 s."""
    row = harness.Row(
        "row",
        lambda: (Matrix(clock),),
        clock.call("ours", 100, 2),
        lambda result, _: {"ours": 1e-3, "slow": 1e-2, "fast": 1e-1}[result],
        [
            harness.Peer("slow", clock.call("slow", 6), bar=3),
            harness.Peer("fast", clock.call("fast", 3), bar=2),
        ],
    )
    return harness.measure(row, harness.QUICK, lambda: None)


@pytest.mark.usefixtures("record")
def test_rounds_are_interleaved_after_a_warm_up(clock):
    assert clock.seen == ["ours", "slow", "fast"] + ["product", "ours", "slow", "fast"] * 4


def test_ratio_is_peer_over_ours_without_compilation(record):
    ours, slow, fast = record["calls"]
    assert "ratio" not in ours
    assert (slow["ratio"], slow["ratio_of_minima"], fast["ratio"]) == (3, 3, 1.5)
    assert (slow["met"], fast["met"]) == (True, False)


def test_limits_are_counted_by_the_measured_product(record):
    assert [call["limits"] for call in record["calls"]] == [4, 12, 6]
    assert record["yardstick"]["rate"] == pytest.approx(2 * 10**3 / 0.5 / 1e9)


def test_times_are_of_a_step_and_limits_of_its_work(harness, clock):
    row = harness.Row(
        "row",
        lambda: (Matrix(clock),),
        clock.call("ours", 20),
        lambda *_: 0.0,
        [harness.Peer("peer", clock.call("peer", 80))],
        yardstick=harness.Yardstick("copy", clock.call("copy", 2), lambda _: 6.0, "GB"),
        work=1.5,  # half a second at 3 GB/s
        steps=10,
    )
    record = harness.measure(row, harness.QUICK, lambda: None)
    assert [call["median"] for call in record["calls"]] == [2, 8]
    assert [call["limits"] for call in record["calls"]] == [4, 16]
    assert (record["yardstick"]["rate"], record["yardstick"]["limit"]) == (3, 0.5)
    assert "3.0 GB/s" in harness.table(record)


def test_residual_is_of_each_result(record):
    assert [call["residual"] for call in record["calls"]] == [1e-3, 1e-2, 1e-1]


def test_table_and_verdict_say_met_and_missed(harness, record):
    head, product, ours, slow, fast = harness.table(record).splitlines()
    assert head.startswith("row")
    assert product.split()[-4:] == ["500.000", "ms", "0.0", "Gflop/s"]
    assert ours.split() == ["ours", "2000.000", "2000.000", "4.0", "1.0e-03"]
    assert slow.split()[3:] == ["3.00", "3.00", "3", "met", "12.0", "1.0e-02"]
    assert fast.split()[3:] == ["1.50", "1.50", "2", "missed", "6.0", "1.0e-01"]
    assert harness.verdict([record]) == "bars met: 1 of 2\nmissed: row: fast"


@pytest.mark.parametrize(("seconds", "met"), [((9, 9, 9, 1), False), ((9, 9, 9, 9), True)])
def test_a_bar_is_met_by_median_and_minimum_only(harness, clock, seconds, met):
    row = harness.Row(
        "row",
        lambda: (Matrix(clock),),
        clock.call("ours", 2),
        lambda *_: 0.0,
        [harness.Peer("peer", clock.call("peer", 9, *seconds), bar=3)],
    )
    assert harness.measure(row, harness.QUICK, lambda: None)["calls"][1]["met"] is met


def test_short_calls_are_repeated_until_a_sample_is_full(harness, clock):
    row = harness.Row("row", lambda: (Matrix(clock),), clock.call("ours", 0.25), lambda *_: 0.0)
    effort = harness.Effort(rounds=1, budget=0, sample=1)
    assert harness.measure(row, effort, lambda: None)["calls"][0]["samples"] == [0.25]
    assert clock.seen.count("ours") == 1 + 1 + 4


def test_the_device_is_idle_before_and_after_each_sample(harness, clock):
    row = harness.Row("row", lambda: (Matrix(clock),), clock.call("ours", 1), lambda *_: 0.0)
    harness.measure(row, harness.QUICK, lambda: clock.seen.append("wait"))
    sample = ["wait", "product", "wait", "wait", "ours", "wait"]
    assert clock.seen == ["ours", *sample * 4]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("xp", [np, array_api_compat.numpy], ids=["host", "elsewhere"])
def test_every_call_of_small_rows_is_right(xp):
    """Without SciPy's peers and with them; "elsewhere" takes the rows that a GPU gets."""
    for row in import_module("benchmarks.roots").rows(xp):
        if "10000x3x3" in row.name or "128" in row.name or "polar" in row.name:
            inputs = row.inputs()
            for call in (row.ours, *(peer.call for peer in row.peers)):
                # Newton-Schulz loses the condition 1e6 of the matrix, everything else nothing
                assert row.residual(call(*inputs), *inputs) < 1e6 * np.finfo(float).eps


@pytest.mark.usefixtures("harness")
def test_bars_and_scipy_belong_to_numpy():
    roots = import_module("benchmarks.roots")
    host, elsewhere = roots.rows(np), roots.rows(array_api_compat.numpy)
    assert [row.name for row in host] == [row.name for row in elsewhere]

    def has_bar_or_scipy(row):
        return any(peer.bar or "scipy" in peer.name for peer in row.peers)

    assert any(map(has_bar_or_scipy, host))
    assert not any(map(has_bar_or_scipy, elsewhere))


def test_command_prints_the_machine_and_writes_what_it_prints(
    harness, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(harness, "PAUSE", 0)
    file = tmp_path / "roots.json"
    command = import_module("benchmarks.__main__")
    arguments = ["roots", "--quick", "--only", "SPD 128", "--json", str(file)]
    assert command.main(arguments) == 0
    report = json.loads(file.read_text())
    printed = capsys.readouterr().out
    assert report["benchmark"] == "roots"
    assert "numba" in report["machine"]["threads"]
    assert "numpy" in report["machine"]["versions"]
    (row,) = report["rows"]
    assert harness.table(row) in printed
    assert all(len(call["samples"]) == 3 for call in row["calls"])


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rots"], "invalid choice"),
        (["roots", "--only", "nothing"], "no row matches 'nothing'"),
        (["roots", "--only", "("], "missing )"),
        (["roots", "--backend", "cupy"], "CuPy is not installed"),
    ],
)
def test_wrong_arguments_get_one_line(monkeypatch, capsys, arguments, message):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(SystemExit, match="2"):
        import_module("benchmarks.__main__").main(arguments)
    assert message in capsys.readouterr().err
