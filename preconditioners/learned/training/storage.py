"""Weights on disk: an npz file with a header in JSON, read without any other package."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from resolvent.arrays import to_host
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = ["read", "write"]

_FORMAT = "resolvent weights 1"
_HEADER = "header"


def write(path: str | Path, header: dict[str, Any], weights: Weights) -> None:
    """Write weights and a header of JSON values; nothing in the file depends on the time."""
    text = json.dumps({"format": _FORMAT, **header}, sort_keys=True)
    contents: dict[str, Any] = {_HEADER: np.array(text)}
    contents |= {name: to_host(weights[name]) for name in sorted(weights)}
    with Path(path).open("wb") as file:
        np.savez(file, **contents)


def read(path: str | Path) -> tuple[dict[str, Any], Weights]:
    """Return the header, with ``model`` and a dict of ``options``, and the weights.

    Raises
    ------
    OSError
        The file can't be opened.
    ValueError
        It is not one of weights; the message has the cause.
    """
    try:
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            weights = {name: file[name] for name in file.files if name != _HEADER}
            header = json.loads(str(file[_HEADER]))
        if header["format"] != _FORMAT:
            raise ValueError(f"the format is {header['format']!r}")
        return {"model": header["model"], "options": dict(header["options"])}, weights
    except OSError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} has no weights of the format {_FORMAT!r} ({cause})") from error
