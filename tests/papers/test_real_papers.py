"""Every paper of the library: its claims at the quick scale, its notebook, what it uses."""

import os
import pkgutil
import subprocess
import sys

import pytest

from resolvent.papers import load, slugs
from resolvent.papers.checking import Verdict
from resolvent.papers.command_line import main

every_paper = pytest.mark.parametrize("slug", slugs())


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@every_paper
def test_quick_check_of_all_claims_passes(slug, out):
    rows = load(slug).check(scale="quick", out=out)
    # claims about time are for `resolvent check` on a quiet machine, not for a test
    misses = [
        row.cells()
        for row in rows
        if row.verdict is Verdict.MISS and not row.expectation.quantity.startswith("time_")
    ]
    assert not misses


@every_paper
def test_figures_are_drawn(slug, out):
    assert main(["figure", slug, "--out", str(out)]) == 0


@every_paper
def test_notebook_runs_as_a_script(slug, out, tmp_path):
    environment = os.environ | {"RESOLVENT_RESULTS": str(out), "MPLBACKEND": "agg"}
    script = load(slug).folder / "notebook.py"
    subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, check=True)


@every_paper
def test_what_a_paper_uses_exists_and_its_folder_is_a_package(slug):
    paper = load(slug)
    assert (paper.folder / "__init__.py").exists()  # or the wheel would lack the folder
    for name in paper.declaration.uses:
        pkgutil.resolve_name(name)
