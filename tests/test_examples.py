"""The examples in the docstrings of every module of every part."""

import doctest
import importlib
import pkgutil

import pytest

PARTS = [
    "resolvent",
    "resolvent.linalg",
    "resolvent.preconditioners",
    "resolvent.solvers",
    "resolvent.papers",
]
GUESTS = ("cupy", "jax", "torch")  # an adapter to a library that is not installed can't be imported


def modules():
    """Name all modules; a notebook.py is left out, for to import it is to run it."""
    names = set(PARTS)
    for part in PARTS:
        path = importlib.import_module(part).__path__
        names |= {found.name for found in pkgutil.walk_packages(path, f"{part}.")}
    return sorted(name for name in names if not name.endswith(".notebook"))


@pytest.mark.parametrize("name", modules())
def test_examples(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in GUESTS:
            raise
        pytest.skip(f"{error.name} is not installed")
    assert doctest.testmod(module).failed == 0
