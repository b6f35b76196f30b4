"""Everything in this folder needs a GPU and is skipped, with the reason, where there is none."""

import pytest


@pytest.fixture(autouse=True)
def _needs_gpu(cp):
    """Ask for CuPy on a GPU; the fixture of that name skips otherwise."""
