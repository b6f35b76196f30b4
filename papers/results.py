"""What an experiment returns, and how it is kept: one npz of arrays beside one readable json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from resolvent.arrays import Array, to_host

__all__ = ["Results"]


@dataclass(frozen=True, eq=False)
class Results:
    """Numbers to check and arrays to draw; arrays of a device come back to the host here.

    Attributes
    ----------
    scalars : mapping of str to float
        What the ``[[expect]]`` rows of the paper compare.
    arrays : mapping of str to ndarray
        What the figures draw.
    meta : mapping
        Commit, versions, device, seed and seconds; the framework fills it in.

    Examples
    --------
    >>> Results({"error": np.float32(0.5)}, {"n": [1, 2]}).scalars
    {'error': 0.5}
    """

    scalars: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scalars", {key: float(x) for key, x in self.scalars.items()})
        object.__setattr__(self, "arrays", {key: to_host(x) for key, x in self.arrays.items()})

    def save(self, file: Path) -> None:
        """Write the arrays beside ``file``, then the json itself: once it exists, all does."""
        np.savez_compressed(file.with_suffix(".npz"), **self.arrays)
        text = json.dumps({"scalars": self.scalars, "meta": self.meta}, indent=2)
        unfinished = file.with_suffix(".part")
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Results":
        """Read what `save` wrote."""
        kept = json.loads(file.read_text(encoding="utf-8"))
        with np.load(file.with_suffix(".npz")) as arrays:
            return cls(kept["scalars"], dict(arrays), kept["meta"])
