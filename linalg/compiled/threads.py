"""How many threads share a loop over rows, and how they wait for each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numba
from numba.np.ufunc import parallel

__all__ = ["alone", "threads"]

# rows; a parallel region costs 10 to 20 microseconds
_WORTH_THREADS = 200_000


def threads(n: int, enough: int = _WORTH_THREADS) -> int:
    """Return how many threads share ``n`` rows, one if there are not ``enough``."""
    if n < enough:
        return 1
    _start()
    return int(numba.get_num_threads())


@contextmanager
def alone(parts: int) -> Iterator[None]:
    """Run parallel loops of one part without waking the other threads.

    They would do nothing, but be waited for: beside other busy processes for whole time slices.
    """
    if parts > 1:
        yield
        return
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


@cache
def _start() -> None:
    """Start numba's threads so that they sleep while they wait, unless the user wants otherwise.

    By default the threads of GNU OpenMP spin. Beside one other busy process a thread that spins is
    put aside for whole time slices: a CG step on 1e6 rows took 27 to 40 ms, and 5 to 8 ms with
    threads that sleep (10 ms on one thread). The policy is read when the library is loaded, so the
    variable is set for that moment only.
    """
    name = "OMP_WAIT_POLICY"
    if name in os.environ:
        return
    os.environ[name] = "passive"
    try:
        parallel._launch_threads()
    finally:
        del os.environ[name]
