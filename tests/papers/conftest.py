"""A package with one tiny paper, written for each test into a fresh folder."""

from itertools import count
from pathlib import Path

import pytest

from resolvent.papers.command_line import main

TOML = """
title = "Harmonic Numbers for the Impatient"
authors = ["A. Uthor"]
uses = ["resolvent.papers.Results"]

[cases.sum]
quick = { n = 4 }
full = { n = 100 }

[cases.exotic]
needs = ["no_such_package_anywhere"]
quick = {}
full = {}

[[expect]]
quantity = "harmonic"
case = "sum"
origin = "theory"
quick = { between = [2.083, 2.084] }
full = { at_least = 5.18 }

[[expect]]
quantity = "terms"
case = "sum"
origin = "paper"
paper = 5
where = "table 1"
claim = "fails"
note = "the paper counts from zero"
quick = { at_most = 4 }

[[expect]]
quantity = "rarity"
case = "exotic"
origin = "ours"
quick = { at_least = 1 }

[[figure]]
name = "F1"
function = "partial_sums"
cases = ["sum"]
title = "Slow growth"

[[figure]]
name = "F2"
function = "partial_sums"
cases = ["exotic"]
title = "Never drawn"
"""

EXPERIMENT = """
from pathlib import Path

from resolvent.papers import Results


def run(case, xp, rng, progress):
    with Path(__file__).with_name("runs.txt").open("a") as file:
        file.write("run ")
    n = case.parameters["n"]
    partial = xp.cumulative_sum(1 / xp.arange(1, n + 1, dtype=xp.float64))
    terms = sum(1 for _ in progress(range(n)))
    scalars = {"harmonic": partial[-1], "terms": terms, "draw": rng.random()}
    return Results(scalars, {"partial": partial})
"""

FIGURES = """
import matplotlib.pyplot as plt


def partial_sums(results):
    figure, axes = plt.subplots()
    axes.plot(results["sum"].arrays["partial"])
    axes.set(xlabel="terms", ylabel="sum")
    return figure
"""

NOTEBOOK = """
# %% [markdown]
# # Harmonic numbers

# %%
print("a sum")
"""

_numbers = count()


class Toy:
    """The package, its one paper's folder, and the command line on it."""

    slug = "harmonic-numbers"

    def __init__(self, root: Path):
        self.home = f"toy_papers_{next(_numbers)}"
        self.folder = root / self.home / "harmonic_numbers"
        self.out = root / "out"
        self.folder.mkdir(parents=True)
        (root / self.home / "__init__.py").touch()
        (self.folder / "__init__.py").touch()
        files = {"paper.toml": TOML, "experiment.py": EXPERIMENT}
        files |= {"figures.py": FIGURES, "notebook.py": NOTEBOOK}
        for name, text in files.items():
            (self.folder / name).write_text(text.lstrip())

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    @property
    def runs(self):
        log = self.folder / "runs.txt"
        return log.read_text().count("run") if log.exists() else 0

    def command(self, *arguments):
        return main([*arguments, "--out", str(self.out)], home=self.home)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return Toy(tmp_path)
