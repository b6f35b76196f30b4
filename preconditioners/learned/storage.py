"""Weights on disk: an npz file with a header in JSON, read without any other package."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from resolvent.arrays import to_host
from resolvent.preconditioners.learned.perceptron import Weights

__all__ = ["read", "write"]

_FORMAT = "resolvent weights 1"
_HEADER = "header"


def write(path: str | Path, header: dict[str, Any], weights: Weights) -> None:
    """Write weights and a header of JSON values; nothing in the file depends on the time."""
    text = json.dumps({"format": _FORMAT, **header}, sort_keys=True)
    arrays = {name: to_host(weights[name]) for name in sorted(weights)}
    with Path(path).open("wb") as file:
        np.savez(file, allow_pickle=False, **{_HEADER: np.array(text)}, **arrays)


def read(path: str | Path) -> tuple[dict[str, Any], Weights]:
    """Return the header and the weights.

    Raises
    ------
    ValueError
        The file is not one of weights.
    """
    with np.load(path, allow_pickle=False) as file:
        weights = {name: file[name] for name in file.files if name != _HEADER}
        header = json.loads(str(file[_HEADER])) if _HEADER in file.files else {}
    if header.get("format") != _FORMAT:
        raise ValueError(f"{path} has no weights of the format {_FORMAT!r}")
    return header, weights
