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


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("end", ["smallest", "one", "largest"])
def test_column_norms_hold_at_both_ends_of_the_range(backend, dtype, end):
    info = np.finfo(dtype)
    entry = {"smallest": info.smallest_subnormal, "one": info.dtype.type(1), "largest": info.max}
    unit = entry[end]
    host = np.zeros((9, 4), dtype)
    host[:, 0] = unit if end != "largest" else unit / 16  # the norm itself is in the range
    host[0, 1] = unit
    host[3, 2] = -1j * unit if info.dtype != np.dtype(dtype) else -unit
    got = norms.column_norms(backend.xp, backend.asarray(host))
    wanted = np.array([unit / 16 * 3 if end == "largest" else 3 * unit, unit, unit, 0])
    assert backend.to_host(got).dtype == info.dtype
    np.testing.assert_allclose(backend.to_host(got), wanted, rtol=10 * info.eps)


def test_column_norms_see_both_parts_of_complex_columns_and_may_be_beyond_the_range(backend):
    big = np.finfo(float).max
    A = backend.asarray(np.array([[3e300 + 4e300j, big + 1j * big]]))  # |big + i big| is infinite
    np.testing.assert_allclose(
        backend.to_host(norms.column_norms(backend.xp, A)), [5e300, np.inf], rtol=4 * EPS
    )
    scales = backend.to_host(norms.column_scales(backend.xp, A))
    np.testing.assert_array_equal(scales, 2.0 ** np.array([np.floor(np.log2(4e300)), 1023]))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_columns_without_entries_have_norm_zero(backend, shape, dtype):
    got = norms.column_norms(backend.xp, backend.asarray(np.zeros(shape, dtype)))
    host = backend.to_host(got)
    assert host.dtype == np.finfo(dtype).dtype
    np.testing.assert_array_equal(host, np.zeros(shape[1]))


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
