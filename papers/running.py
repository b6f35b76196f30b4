"""What an experiment needs in order to run: a backend, packages, a folder for its results."""

import importlib
import os
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from resolvent.arrays import Namespace
from resolvent.papers.declaration import PaperError, pick

__all__ = [
    "BACKENDS",
    "MissingNeedError",
    "Progress",
    "make_writable",
    "namespace",
    "require",
    "results_folder",
    "silent",
]

BACKENDS = ("numpy", "cupy", "torch")

Progress: TypeAlias = Callable[..., Iterable[Any]]

_EXTRAS = {"pyamg": "multigrid"}  # that install a module; by default the data of papers


class MissingNeedError(PaperError):
    """A case can't run here; the message says what it needs."""


def silent(iterable: Iterable[Any], **_: Any) -> Iterable[Any]:
    """Show no progress: called as `tqdm.tqdm` is."""
    return iterable


def require(needs: Iterable[str]) -> None:
    """Check that every need is met: the name of a Python module, or ``"gpu"``.

    Raises
    ------
    MissingNeedError
        Naming the first that isn't.
    """
    for need in needs:
        if need == "gpu":
            if not find_spec("cupy") or not importlib.import_module("cupy").cuda.is_available():
                raise MissingNeedError("needs a GPU and CuPy (pip install 'resolvent[cuda12]')")
        elif not find_spec(need):
            extra = _EXTRAS.get(need, "data")
            raise MissingNeedError(f"needs the module {need}: pip install 'resolvent[{extra}]'")


def namespace(backend: str) -> Namespace:
    """Return the Array API namespace of a backend.

    Raises
    ------
    PaperError
        The backend is unknown, its package is not installed, or no GPU is there for it.
    """
    try:
        require(["gpu" if pick("backend", backend, BACKENDS) == "cupy" else backend])
    except MissingNeedError as error:
        raise PaperError(f"backend {backend} {error}") from None
    return importlib.import_module(f"array_api_compat.{backend}")


def results_folder(out: Path | str | None, slug: str) -> Path:
    """Return the folder of a paper's results.

    It lies below ``out``, by default the environment variable ``RESOLVENT_RESULTS`` or else
    ``./results``.
    """
    return Path(out or os.environ.get("RESOLVENT_RESULTS", "results")) / slug


def make_writable(folder: Path) -> Path:
    """Make the folder if it isn't there, and return it.

    Raises
    ------
    PaperError
        It can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise PaperError(
            f"can't write to the folder {folder}; choose another: --out DIR, out=, or the "
            "variable RESOLVENT_RESULTS"
        )
    return folder
