"""The CUDA kernels of CG, compiled as C++ and run block by block on the host, one thread a block.

This checks their arithmetic, their slots and the Python around them; not the sums inside a block.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from scipy import sparse

from resolvent import Reason
from resolvent.linalg import gallery
from resolvent.recurrence import code
from resolvent.solvers import cg
from resolvent.solvers.compiled import cuda

SHIM = """
#include <cmath>
using std::isfinite;
struct Place { int x; };
static Place threadIdx = {0}, blockIdx = {0}, blockDim = {1}, gridDim = {1};
#define __global__
#define __device__ static
#define __shared__ static
static void __syncthreads() {}
extern "C" void place(int block, int blocks) { blockIdx.x = block; gridDim.x = blocks; }
"""


@pytest.fixture(scope="module")
def on_host(tmp_path_factory):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    folder = tmp_path_factory.mktemp("cuda")

    def kernels(dtype):
        file, library = folder / "kernels.cpp", folder / f"{dtype}.so"
        file.write_text(SHIM + cuda.source())
        options = ["-O1", "-shared", "-fPIC", *cuda.definitions(dtype)]
        subprocess.run([compiler, *options, "-o", library, file], check=True)
        loaded = ctypes.CDLL(str(library))

        def kernel(name):
            function = getattr(loaded, name)

            def launch(grid, _block, arguments):
                for block in range(grid[0]):
                    loaded.place(block, grid[0])
                    function(*map(as_c, arguments))

            return launch

        return {name: kernel(name) for name in ("begin", "move", "multiply", "subtract")}

    return kernels


def as_c(argument):
    if isinstance(argument, np.ndarray):
        return ctypes.c_void_p(argument.ctypes.data)
    kind = {"int32": ctypes.c_int, "float64": ctypes.c_double, "int64": ctypes.c_void_p}
    return kind[str(argument.dtype)](argument.item())


@pytest.fixture
def solve(on_host, monkeypatch):
    monkeypatch.setattr(cuda, "_kernels", on_host)
    monkeypatch.setattr(cuda, "_MOST_BLOCKS", 3)
    monkeypatch.setattr(cuda, "_BLOCK", 1)

    def run(A, b, *, inverse=None, tolerance=0.0, chunk=4, chunks=3):
        A = sparse.csr_array(A).astype(b.dtype)
        loop = cuda.DeviceConjugateGradients(A, inverse, b, chunk)
        norms = []
        for _ in range(chunks):
            new, trouble = loop.advance(tolerance, chunk)
            norms.extend(new)
        return loop.correction, norms, trouble

    return run


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("preconditioned", [False, True])
def test_steps_are_those_of_the_host(solve, dtype, preconditioned, rng):
    A = gallery.lognormal_diffusion((9, 11), sigma=0.3, rng=1)
    b = rng.standard_normal(99).astype(dtype)
    inverse = (1 / A.diagonal()).astype(dtype) if preconditioned else None
    M = sparse.diags_array(inverse) if preconditioned else None
    x, norms, trouble = solve(A, b, inverse=inverse)
    expected = cg(A.astype(dtype), b, M=M, maxiter=12, rtol=0.0)
    assert trouble == 0
    # in twelve steps no eigenvalue is found yet, so that rounding errors stay what they are
    tolerance = 2e3 * np.finfo(dtype).eps
    np.testing.assert_allclose(norms, expected.history[1:], rtol=tolerance)
    np.testing.assert_allclose(x, expected.x, rtol=0, atol=tolerance * abs(expected.x).max())


@pytest.mark.parametrize("chunk", [1, 3, 7, 50])
def test_it_stops_at_the_tolerance_wherever_the_chunk_ends(solve, chunk, rng):
    A = gallery.poisson((8, 8))
    b = rng.standard_normal(64)
    expected = cg(A, b, rtol=1e-6)
    x, norms, trouble = solve(A, b, tolerance=1e-6 * np.linalg.norm(b), chunk=chunk, chunks=60)
    assert trouble == 0
    assert len(norms) == expected.iterations
    np.testing.assert_allclose(x, expected.x, rtol=1e-9)


def test_trouble_keeps_the_last_iterate(solve):
    A = np.diag([1.0, 2.0, -3.0, 4.0])
    x, _, trouble = solve(A, np.ones(4))
    assert trouble == code(Reason.INDEFINITE_OPERATOR)
    assert np.all(np.isfinite(x))
    A = np.diag([1.0, 2.0, 3.0, 0.0])
    assert solve(A, np.ones(4))[2] == code(Reason.INCONSISTENT)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert solve(swap, np.array([1.0, 0.0]))[2] == code(Reason.INDEFINITE_OPERATOR)
    assert solve(np.diag([1.0, np.nan]), np.ones(2))[2] == code(Reason.NONFINITE)
    bad = solve(np.eye(3), np.ones(3), inverse=-np.ones(3))[2]
    assert bad == code(Reason.INDEFINITE_PRECONDITIONER)
