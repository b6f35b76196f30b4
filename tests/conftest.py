"""One fixture that runs a test on every kind of array the library takes."""

from dataclasses import dataclass
from typing import Any

import array_api_compat
import array_api_compat.numpy
import array_api_strict
import numpy as np
import pytest

from resolvent.arrays import device_of, to_host


@dataclass(frozen=True)
class Backend:
    """An array library on a device: the way in, the way out, and the check of a result's kind."""

    xp: Any
    device: Any
    read_only: bool = False

    def asarray(self, host):
        """Move a copy of host data here; NumPy copies are read-only where the backend says so."""
        x = self.xp.asarray(np.array(host), device=self.device)
        if self.read_only:
            x.flags.writeable = False
        return x

    def to_host(self, x):
        return to_host(x)

    def assert_same_kind(self, x, like):
        """``x`` has the library, the device and the dtype of ``like``."""
        assert array_api_compat.array_namespace(x) is array_api_compat.array_namespace(like)
        assert device_of(x) == device_of(like)
        assert x.dtype == like.dtype


@pytest.fixture(scope="session")
def cp():
    """CuPy with a GPU behind it; skips where there is none."""
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    if not cupy.cuda.is_available():
        pytest.skip("CuPy finds no GPU")
    return cupy


@pytest.fixture(
    scope="session",
    params=["numpy", "numpy-readonly", "strict", "strict-device1", "torch", "cupy"],
)
def backend(request):
    match request.param:
        case "numpy" | "numpy-readonly" as name:
            return Backend(array_api_compat.numpy, "cpu", read_only=name == "numpy-readonly")
        case "strict":
            return Backend(array_api_strict, array_api_strict.Device("CPU_DEVICE"))
        case "strict-device1":
            return Backend(array_api_strict, array_api_strict.Device("device1"))
        case "torch":
            pytest.importorskip("torch", reason="torch is not installed")
            import array_api_compat.torch as xp

            return Backend(xp, xp.device("cpu"))
        case "cupy":
            device = request.getfixturevalue("cp").cuda.Device()
            import array_api_compat.cupy as xp

            return Backend(xp, device)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture
def jax():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    jax.config.update("jax_enable_x64", True)
    return jax


@pytest.fixture
def rng():
    return np.random.default_rng(0)
