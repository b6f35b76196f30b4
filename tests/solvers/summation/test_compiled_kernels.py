"""Values of compiled kernels against NumPy, over many decades of distance."""

import numpy as np
import pytest

from resolvent.solvers.compiled.summation import LANES, direct
from resolvent.solvers.summation import Helmholtz, InversePower, Yukawa
from resolvent.solvers.summation.product import coordinates
from resolvent.solvers.summation.user_kernels import as_kernel

KERNELS = {
    "1/r": (as_kernel("laplace", 3), 30, lambda r: 1 / r),
    "log": (as_kernel("laplace", 2), 30, np.log),
    "screened": (Yukawa(2.0), 2, lambda r: np.exp(-2 * r) / r),
    "waves": (Helmholtz(3.0), 2, lambda r: np.exp(3j * r) / r),
    "r^-1": (InversePower(1), 30, lambda r: 1 / r),
    "r^-4": (InversePower(4), 30, lambda r: r**-4.0),
    "r^-5": (InversePower(5), 30, lambda r: r**-5.0),
}


@pytest.mark.parametrize("name", KERNELS)
def test_one_charge_makes_the_kernel(name):
    kernel, decades, profile = KERNELS[name]
    r = np.concatenate([[0.0], np.logspace(-decades, decades if decades > 2 else 1, 999)])
    targets = np.zeros((1000, 3))
    targets[:, 1] = r
    out = np.full((2 if kernel.is_complex else 1, 1000), np.nan)
    q = np.zeros((len(out), 1 + LANES))
    q[0, 0] = 1.0
    direct(kernel.form, coordinates(targets), 1000, coordinates(np.zeros((1, 3))), 1, q, out, 2)
    found = out[0] + 1j * out[1] if kernel.is_complex else out[0]
    assert found[0] == 0  # a point does not meet itself
    # angles and exponents of up to 30 are rounded before their functions are taken
    exact = profile(r[1:].astype(np.longdouble))
    atol = 4e-16 if name == "log" else 0
    np.testing.assert_allclose(found[1:], exact, rtol=2e-14 if decades == 2 else 2e-15, atol=atol)
