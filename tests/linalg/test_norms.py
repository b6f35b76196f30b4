"""Norms and bounds that are safe at any scale."""

import numpy as np
import pytest

from resolvent.linalg import factorisations, gallery, norms

EPS = np.finfo(float).eps


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_norms_are_those_of_numpy_at_every_scale(backend, scale, rng):
    host = rng.standard_normal((3, 4, 5))
    A = backend.asarray(scale * host)
    for norm, order in ((norms.frobenius, "fro"), (norms.infinity, np.inf)):
        got = backend.to_host(norm(backend.xp, A)) / scale
        wanted = np.linalg.norm(host, order, axis=(-2, -1))[..., None, None]
        np.testing.assert_allclose(got, wanted, rtol=50 * EPS)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e12])
def test_bounds_enclose_the_singular_values(condition, scale, rng):
    A = gallery.with_singular_values(gallery.logspaced(6, condition), rng=rng)
    assert 1 - 10 * EPS <= norms.singular_bound(np, scale * A) / scale <= 6**0.5
    radius = np.max(np.abs(np.linalg.eigvals(A)))
    assert norms.spectral_bound(np, scale * A) / scale >= radius * (1 - 1e-10)
    # the inverse is known to n eps times the condition
    smallest = factorisations.smallest_singular_bound(np, A) * condition
    assert 0.99 / 6**0.5 <= smallest <= 1 + 50 * 6 * EPS * condition


@pytest.mark.parametrize("A", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 1e-17])])
def test_singular_matrices_have_the_lower_bound_zero(backend, A):
    assert factorisations.smallest_singular_bound(backend.xp, backend.asarray(A)) == 0


@pytest.mark.parametrize("exponent", [1, 2, 3, 7, 10])
def test_power_is_repeated_multiplication(exponent, rng):
    A = rng.standard_normal((2, 3, 3))
    np.testing.assert_allclose(
        norms.power(A, exponent), np.linalg.matrix_power(A, exponent), rtol=1e-12
    )


def test_trace_is_real_and_nonzero_replaces_zeros():
    A = np.array([[[1 + 2j, 5], [7, 2]], [[0, 0], [0, 0]]])
    traces = norms.trace(np, A)
    np.testing.assert_array_equal(traces[:, 0, 0], [3.0, 0.0])
    np.testing.assert_array_equal(norms.nonzero(np, traces)[:, 0, 0], [3.0, 1.0])
