"""The judge of `python -m benchmarks honesty` sees through liars, and lets the truth pass."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from resolvent.linalg.gallery import systems


@pytest.fixture
def honesty(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    return import_module("benchmarks.honesty")


@pytest.fixture
def judged(honesty):
    def outcome(x, claim=True, own=None, name="one-by-one"):
        row = honesty.Row("test", lambda *_: honesty.Answer(np.asarray(x), claim, "WHY", own))
        return honesty.judge(row, systems()[name], maxiter=7)

    return outcome


def test_claims_are_judged_by_the_residual(judged):
    assert judged([2 / 3])["outcome"] == "solved"  # 3 x = 2
    assert judged([2 / 3 * (1 + 1e-8)])["outcome"] == "solved"
    lie = judged([2 / 3 * (1 + 2e-8)])
    assert lie["outcome"] == "FALSE SUCCESS"
    assert lie["residual"] == pytest.approx(2e-8, rel=1e-6)
    assert judged([0.0], claim=False) == {
        "outcome": "named failure",
        "reason": "WHY",
        "residual": 1,
    }
    assert judged([np.nan])["outcome"] == "not finite"
    assert judged([np.inf], claim=False)["outcome"] == "not finite"


def test_errors_are_counted_and_do_not_end_the_benchmark(honesty):
    def fail(*_):
        raise ZeroDivisionError

    found = honesty.judge(honesty.Row("test", fail), systems()["one-by-one"], maxiter=7)
    assert (found["outcome"], found["reason"]) == ("raised", "ZeroDivisionError")


@pytest.mark.parametrize("scale", ["tiny", "huge"])
@pytest.mark.parametrize("where", ["matrix", "rhs", "both"])
def test_no_scale_hides_a_lie(judged, scale, where):
    name = f"{scale}-spd-{where}"
    system = systems()[name]
    of_A, of_b = np.abs(system.dense()).max(), np.abs(system.b).max()
    x = np.linalg.solve(system.dense() / of_A, system.b / of_b) * (of_b / of_A)
    assert judged(x, name=name)["outcome"] == "solved"
    assert judged((1 + 1e-6) * x, name=name)["outcome"] == "FALSE SUCCESS"
    assert judged(0 * x, name=name)["outcome"] == "FALSE SUCCESS"


def test_a_criterion_of_its_own_excuses_only_if_it_is_met(honesty, judged):
    system = systems()["neumann-inconsistent"]
    x = np.linalg.lstsq(system.dense(), system.b, rcond=1e-12)[0]
    own = lambda truth: truth.orthogonal(honesty.spectral)  # noqa: E731
    assert judged(x, name="neumann-inconsistent")["outcome"] == "FALSE SUCCESS"
    assert judged(x, own=own, name="neumann-inconsistent")["outcome"] == "own criterion"
    assert judged(0 * x, own=own, name="neumann-inconsistent")["outcome"] == "FALSE SUCCESS"


def test_every_solver_of_the_library_stands_trial(honesty):
    rows = {row.name for row in honesty.rows(np)}
    assert {"cg", "fcg", "minres", "gmres", "fgmres", "bicgstab", "idrs", "lsqr", "lsmr"} <= rows
    assert {"scipy cg", "scipy minres", "scipy gmres", "scipy bicgstab", "scipy lsqr"} <= rows


def test_command_counts_no_false_success_of_minres(honesty, tmp_path, capsys):
    main = import_module("benchmarks.__main__").main
    file = tmp_path / "honesty.json"
    assert main(["honesty", "--quick", "--only", "^(scipy )?minres$", "--json", str(file)]) == 0
    rows = {row["row"]: row["systems"] for row in json.loads(file.read_text())["rows"]}
    assert rows.keys() == {"minres", "scipy minres"}
    assert len(rows["minres"]) == len(honesty.gallery()) >= 40
    assert not any(found["outcome"] == "FALSE SUCCESS" for found in rows["minres"])
    assert "false successes, ours: 0 of" in capsys.readouterr().out
