"""The look of every figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

__all__ = ["style"]


@contextmanager
def style() -> Iterator[Any]:
    """Enter the shared style sheet and give `matplotlib.pyplot`, which is imported only now."""
    import matplotlib.pyplot as plt

    with plt.style.context(str(files("resolvent.papers") / "style.mplstyle")):
        yield plt
