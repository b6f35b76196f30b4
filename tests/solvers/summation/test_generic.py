"""The sum by Array API calls equals the compiled one, whatever lists a tree needs."""

import numpy as np
import pytest

from resolvent.solvers.summation import EIFMM, Helmholtz

TOL = 1e-3


@pytest.mark.parametrize("kernel", ["laplace", Helmholtz(2.0)], ids=["laplace", "helmholtz"])
def test_every_library_gives_the_compiled_sum(backend, kernel):
    rng = np.random.default_rng(0)
    # a dense corner: the tree is deeper there, and leaves meet smaller cells
    x = rng.random((900, 2)) * np.where(np.arange(900) % 3 == 0, 1.0, 0.1)[:, None]
    q = rng.standard_normal((900, 2))
    builder = EIFMM(kernel, dim=2, tol=TOL)
    expected = builder.fit(x) @ q
    A = builder.fit(backend.asarray(x))
    charges = backend.asarray(q)
    found = A @ charges
    if kernel == "laplace":
        backend.assert_same_kind(found, charges)
    # both are within the tolerance of the direct sum
    size = np.linalg.norm(expected)
    assert np.linalg.norm(backend.to_host(found) - expected) <= 2 * TOL * size
    assert A.error_estimate <= TOL


def test_lists_of_both_kinds_are_used():
    rng = np.random.default_rng(0)
    x = rng.random((900, 2)) * np.where(np.arange(900) % 3 == 0, 1.0, 0.1)[:, None]
    strict = pytest.importorskip("array_api_strict")
    pairs = EIFMM("laplace", dim=2, tol=TOL).fit(strict.asarray(x))._engine.plan.pairs
    assert all(len(t) > 0 for t, _ in pairs)
