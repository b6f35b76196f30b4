"""A paper that can be run, drawn and checked: the command line's equal in Python."""

import importlib
import json
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from resolvent.papers.checking import Row, compare
from resolvent.papers.declaration import SCALES, Case, Declaration, pick
from resolvent.papers.notebooks import write_notebook
from resolvent.papers.provenance import fingerprint, provenance
from resolvent.papers.results import Results
from resolvent.papers.running import (
    MissingNeedError,
    Progress,
    make_writable,
    namespace,
    require,
    results_folder,
    silent,
)
from resolvent.papers.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Paper"]


@dataclass(frozen=True)
class Paper:
    """One paper folder.

    Attributes
    ----------
    slug : str
        Its name on the command line.
    package : str
        Its import name, for instance ``resolvent.papers.fast_matrix_square_root``.
    folder : Path
        Where it lies.
    declaration : Declaration
        What its ``paper.toml`` says.
    """

    slug: str
    package: str
    folder: Path
    declaration: Declaration

    def run(
        self,
        case: str,
        *,
        scale: str = "quick",
        backend: str = "numpy",
        seed: int = 0,
        out: Path | str | None = None,
        force: bool = False,
        progress: Progress = silent,
    ) -> Results:
        """Return the results of a case: the stored ones while nothing they depend on changed.

        Parameters
        ----------
        case, scale, backend : str
            Which experiment, ``"quick"`` or ``"full"``, on arrays of numpy, cupy or torch.
        seed : int
            Of the generator that the experiment receives.
        out : path, optional
            Folder of all results, see `resolvent.papers.running.results_folder`.
        force : bool
            Run even if results are stored.
        progress : callable
            Wraps the long loops, as `tqdm.tqdm` does.

        Raises
        ------
        PaperError
            Unknown case or scale, a backend that isn't here, or a folder that can't be written.
        MissingNeedError
            The case needs what isn't here.
        """
        what = self._case(case, scale)
        choice = {"case": case, "scale": scale, "seed": seed, "backend": backend}
        facts = {**choice, "parameters": what.parameters}
        name = f"{case}-{scale}-{fingerprint(self.folder, facts)}.json"
        file = make_writable(results_folder(out, self.slug)) / name
        if file.exists() and not force:
            return Results.load(file)
        xp = namespace(backend)
        require(what.needs)
        start = perf_counter()
        rng = np.random.default_rng(seed)
        results: Results = self._module("experiment").run(what, xp, rng, progress)
        meta = {**facts, **provenance(xp), "seconds": perf_counter() - start}
        results = replace(results, meta={**results.meta, **meta})
        results.save(file)
        return results

    def run_all(
        self,
        cases: Iterable[str] | None = None,
        *,
        executor: Executor | None = None,
        progress: Progress = silent,
        **options: Any,
    ) -> dict[str, Results | MissingNeedError]:
        """Run several cases, by default all, on any executor; options as for `run`.

        A case that can't run here maps to the error that says what it needs.
        """
        names = list(self.declaration.cases if cases is None else cases)
        if executor:
            outcomes = executor.map(partial(self._attempt, **options), names)
        else:
            outcomes = map(partial(self._attempt, progress=progress, **options), names)
        return dict(zip(names, progress(outcomes, total=len(names), desc=self.slug), strict=True))

    def figure(self, name: str, **options: Any) -> "Figure":
        """Draw a figure, running the cases it needs that aren't stored; options as `run_all`.

        Raises
        ------
        PaperError
            Unknown figure.
        MissingNeedError
            One of its cases can't run here.
        """
        drawing = self.declaration.drawings[pick("figure", name, self.declaration.drawings)]
        results = self.run_all(drawing.cases, **options)
        for outcome in results.values():
            if isinstance(outcome, MissingNeedError):
                raise outcome
        with style() as plt:
            figure: Figure = getattr(self._module("figures"), drawing.function)(results)
            figure.suptitle(drawing.title)
            plt.close(figure)  # ours to return, not pyplot's to show a second time
        return figure

    def check(
        self, *, scale: str = "quick", out: Path | str | None = None, **options: Any
    ) -> list[Row]:
        """Compare every expectation with our results; options as for `run_all`."""
        pick("scale", scale, SCALES)
        claims = self.declaration.expectations
        wanted = {claim.case for claim in claims if scale in claim.bands}
        cases = [case for case in self.declaration.cases if case in wanted]
        rows = compare(claims, self.run_all(cases, scale=scale, out=out, **options), scale)
        record = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "scale": scale,
            "rows": [row.record() for row in rows],
        }
        make_writable(results_folder(out, self.slug))
        self._check_file(out).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        return rows

    def last_check(self, out: Path | str | None = None) -> dict[str, Any] | None:
        """Return date, scale and rows of the last check of the present sources, if any."""
        file = self._check_file(out)
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def notebook(self, out: Path | str | None = None) -> Path:
        """Write the notebook of ``notebook.py`` beside the results and return its path."""
        folder = make_writable(results_folder(out, self.slug))
        return write_notebook(self.folder / "notebook.py", folder / f"{self.slug}.ipynb")

    def _case(self, name: str, scale: str) -> Case:
        scales = self.declaration.cases[pick("case", name, self.declaration.cases)]
        return scales[pick("scale", scale, SCALES)]

    def _attempt(self, case: str, **options: Any) -> Results | MissingNeedError:
        try:
            return self.run(case, **options)
        except MissingNeedError as error:
            return error

    def _check_file(self, out: Path | str | None) -> Path:
        facts = (self.folder / "paper.toml").read_text(encoding="utf-8")
        return results_folder(out, self.slug) / f"check-{fingerprint(self.folder, facts)}.json"

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"{self.package}.{name}")
