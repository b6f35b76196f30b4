"""Where a number comes from, and the fingerprint that changes when the number might."""

import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import array_api_compat

from resolvent import __version__
from resolvent.arrays import Namespace

__all__ = ["fingerprint", "provenance"]

PARTS = ("resolvent", "resolvent.linalg", "resolvent.preconditioners", "resolvent.solvers")
WITHOUT_NUMBERS = ("figures.py", "notebook.py")


def fingerprint(folder: Path, facts: object) -> str:
    """Hash what a number depends on, so that a stale one is never shown.

    Parameters
    ----------
    folder : Path
        The paper's, whose sources count, save for ``figures.py`` and ``notebook.py``, which show
        numbers and don't make them. All sources of the library count too.
    facts : object
        Parameters, scale, seed, backend: anything that json can write.
    """
    digest = hashlib.sha256(_library_digest())
    for file in sorted(folder.rglob("*.py")):
        if file.name not in WITHOUT_NUMBERS:
            digest.update(file.read_bytes())
    digest.update(json.dumps(facts, sort_keys=True).encode())
    return digest.hexdigest()[:8]


@cache
def _library_digest() -> bytes:
    homes = [Path(str(files(part))) for part in PARTS]
    digest = hashlib.sha256(__version__.encode())
    for file in sorted({file for home in homes for file in home.rglob("*.py")}):
        digest.update(file.read_bytes())
    return digest.digest()


def provenance(xp: Namespace) -> dict[str, Any]:
    """Return the commit (None outside a checkout), the versions and the device."""
    packages = ("numpy", "scipy", "numba")
    versions = {"python": platform.python_version(), "resolvent": __version__}
    return {
        "commit": _commit(),
        "versions": versions | {package: version(package) for package in packages},
        "device": _device(xp),
    }


def _device(xp: Namespace) -> str:
    if array_api_compat.is_cupy_namespace(xp):
        gpu = xp.cuda.runtime.getDeviceProperties(xp.cuda.Device().id)
        return str(gpu["name"].decode())
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _commit() -> str | None:
    # Only where the library is tracked: an installed one may lie inside a foreign checkout.
    git = ["git", "-C", str(files("resolvent"))]
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        for command in (["ls-files", "--error-unmatch", "__init__.py"], describe):
            done = subprocess.run([*git, *command], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
