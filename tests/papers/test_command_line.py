"""The command line, end to end on a tiny paper."""

import json
import subprocess
import sys
from importlib.util import find_spec

import matplotlib.pyplot as plt
import pytest


def test_list_shows_title_cases_needs_and_the_last_check(toy, capsys):
    assert toy.command("list") == 0
    shown = capsys.readouterr().out
    assert "harmonic-numbers  Harmonic Numbers for the Impatient" in shown
    assert "case exotic (needs no_such_package_anywhere)" in shown
    assert "never checked" in shown
    assert not toy.out.exists()
    toy.command("check")
    toy.command("list")
    assert "scale quick: 0 misses" in capsys.readouterr().out
    toy.edit("paper.toml", "at_most = 4", "at_most = 3")
    toy.command("list")
    assert "never checked" in capsys.readouterr().out


def test_run_prints_the_numbers_and_why_a_case_is_skipped(toy, capsys):
    assert toy.command("run", toy.slug) == 0
    shown = capsys.readouterr().out
    assert "harmonic = 2.08333" in shown  # 1 + 1/2 + 1/3 + 1/4 = 25/12
    assert "exotic  skipped: needs the module no_such_package_anywhere" in shown


def test_case_and_scale_select_what_runs(toy, capsys):
    assert toy.command("run", toy.slug, "--case", "sum", "--scale", "full") == 0
    shown = capsys.readouterr().out
    assert "terms = 100" in shown
    assert "exotic" not in shown


def test_jobs_give_the_same_numbers_as_one_after_the_other(toy, capsys):
    assert toy.command("run", toy.slug, "--jobs", "2") == 0
    parallel = capsys.readouterr().out
    assert toy.runs == 1
    assert toy.command("run", toy.slug, "--force") == 0
    serial = capsys.readouterr().out
    numbers = [line for line in serial.splitlines() if " = " in line]
    assert len(numbers) == 3
    assert numbers == [line for line in parallel.splitlines() if " = " in line]


def test_check_shows_every_verdict_and_passes(toy, capsys):
    assert toy.command("check", toy.slug) == 0
    header, columns, _, holds, fails, skipped, note, _, tally = capsys.readouterr().out.splitlines()
    assert header == toy.slug
    assert columns.split() == ["quantity", "paper", "band", "got", "verdict"]
    assert holds.split() == ["sum:", "harmonic", "theory", "2.083", "to", "2.084", "2.083", "holds"]
    assert "5 (table 1)" in fails
    assert fails.endswith("claim fails, as documented")
    assert "skipped: needs the module" in skipped
    assert "the paper counts from zero" in note
    assert tally == "1 holds, 1 claim fails, as documented, 1 skipped"


def test_a_scale_without_a_band_is_shown_as_not_checked(toy, capsys):
    assert toy.command("check", "--scale", "full") == 0
    assert capsys.readouterr().out.count("not checked at this scale\n") == 3


@pytest.mark.parametrize("bad", ["at_most = 3", "at_least = nan"])
def test_check_exits_1_on_a_miss(toy, capsys, bad):
    toy.edit("paper.toml", "at_most = 4", bad)
    assert toy.command("check") == 1
    assert "MISS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "got"), [("partial[-1]", 'float("nan")', None), ('"harmonic": ', '"h": ', None)]
)
def test_a_number_that_is_nan_or_absent_is_a_miss(toy, capsys, old, new, got):
    toy.edit("experiment.py", old, new)
    assert toy.command("check", "--json") == 1
    rows = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)[toy.slug]
    assert (rows[0]["verdict"], rows[0]["got"]) == ("MISS", got)


def test_check_json_holds_the_table(toy, capsys):
    assert toy.command("check", "--json") == 0
    rows = json.loads(capsys.readouterr().out)[toy.slug]
    assert [row["verdict"] for row in rows] == ["holds", "claim fails, as documented", "skipped"]
    assert rows[0]["got"] == pytest.approx(25 / 12, rel=1e-15)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_figure_runs_missing_cases_and_writes_the_picture(toy, capsys, suffix):
    assert toy.command("figure", toy.slug, "F1", "--format", suffix) == 0
    picture = toy.out / toy.slug / f"F1-quick.{suffix}"
    assert picture.stat().st_size > 1000
    assert capsys.readouterr().out.strip() == str(picture)
    assert plt.get_fignums() == []


def test_all_figures_are_drawn_from_one_run_and_skips_are_explained(toy, capsys):
    assert toy.command("figure", toy.slug, "--force") == 0
    assert toy.command("figure", toy.slug, "--force") == 0
    assert toy.runs == 2
    assert "F2  skipped: needs the module" in capsys.readouterr().err


def test_notebook_is_written_beside_the_results(toy):
    pytest.importorskip("jupytext")
    assert toy.command("notebook", toy.slug) == 0
    notebook = json.loads((toy.out / toy.slug / f"{toy.slug}.ipynb").read_text())
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_notebook_without_jupytext_says_how_to_get_it(toy, capsys, monkeypatch):
    monkeypatch.setattr("resolvent.papers.notebooks.find_spec", lambda _: None)
    assert toy.command("notebook", toy.slug) == 2
    assert capsys.readouterr().err.endswith("pip install 'resolvent[notebooks]'\n")


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["run", "harmonic-number"], "did you mean 'harmonic-numbers'?"),
        (["check", "zzz"], "there is: harmonic-numbers"),
        (["run", "harmonic-numbers", "--case", "sun"], "did you mean 'sum'?"),
        (["figure", "harmonic-numbers", "F11"], "did you mean 'F1'?"),
        (["run", "harmonic-numbers", "--scale", "quik"], "choose from"),
        (["run", "harmonic-numbers", "--backend", "numpi"], "choose from"),
        (["run", "harmonic-numbers", "--jobs", "0"], "--jobs"),
        (["rum"], "choose from"),
        ([], "COMMAND"),
    ],
)
def test_a_mistake_is_answered_in_one_line(toy, capsys, arguments, advice):
    try:
        code = toy.command(*arguments)
    except SystemExit as stop:
        code = stop.code
    error = capsys.readouterr().err
    assert code == 2
    assert advice in error
    assert error.count("\n") == 1


def test_an_unwritable_folder_is_named_before_anything_runs(toy, capsys):
    toy.out.write_text("a file in the way")
    assert toy.command("run", toy.slug) == 2
    assert f"can't write to the folder {toy.out / toy.slug}" in capsys.readouterr().err
    assert toy.runs == 0


@pytest.mark.parametrize("backend", ["cupy", "torch"])
def test_a_backend_that_is_not_here_is_an_error_not_a_skip(toy, capsys, backend):
    if find_spec(backend):
        pytest.skip(f"{backend} is installed")
    assert toy.command("run", toy.slug, "--backend", backend) == 2
    assert f"backend {backend} needs" in capsys.readouterr().err


def test_python_m_resolvent_is_the_command_line():
    command = [sys.executable, "-m", "resolvent", "run", "no-such-paper"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("resolvent: unknown paper 'no-such-paper'")
