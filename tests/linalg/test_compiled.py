"""The compiled kernels against theory and against the generic path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from resolvent.linalg import gallery
from resolvent.linalg.compiled.eigh import batched_eigh, batched_power
from resolvent.linalg.compiled.structure import asymmetry
from resolvent.linalg.structure import examine

REAL = ["float32", "float64"]


def check_eigendecomposition(A):
    """Orthogonality and residual up to ``50 n eps``; together they bound the eigenvalues."""
    found = batched_eigh(A)
    assert found is not None
    values, vectors = found
    assert values.dtype == vectors.dtype == A.dtype
    n, eps = A.shape[-1], np.finfo(A.dtype).eps
    A = np.tril(A).astype(float)
    A = A + np.tril(A, -1).mT
    scale = np.max(np.abs(A), axis=(-2, -1), keepdims=True)
    A, values = A / np.where(scale > 0, scale, 1), values / np.where(scale > 0, scale, 1)[..., 0]
    V = vectors.astype(float)
    assert np.max(np.abs(V.mT @ V - np.eye(n))) <= 50 * n * eps
    assert np.max(np.abs(A @ V - V * values[:, None, :])) <= 50 * n * eps


def spectra(n, rng):
    return {
        "random": rng.standard_normal(n),
        "repeated": np.repeat([1.0, 2.0], [n - n // 2, n // 2]),
        "zero": np.zeros(n),
        "rank one": np.eye(n)[0],
        "graded": np.geomspace(1, 1e-15, n),
        "clustered": 1 + 1e-9 * rng.standard_normal(n),
    }


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16, 31, 64])
@pytest.mark.parametrize("kind", spectra(1, np.random.default_rng(0)))
def test_eigenvectors_are_orthonormal_and_residuals_small(kind, n, dtype, rng):
    for batch in (1, 7, 19):  # not multiples of 8 or 16 lanes
        spectrum = np.broadcast_to(spectra(n, rng)[kind], (batch, n))
        A = gallery.hermitian(spectrum, rng=rng, dtype=dtype)
        check_eigendecomposition(A)
        generic, atol = np.linalg.eigvalsh(A), 50 * n * np.finfo(dtype).eps * np.abs(A).max()
        np.testing.assert_allclose(np.sort(batched_eigh(A)[0]), generic, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16, 31, 64])
@pytest.mark.parametrize("exponent", [0.5, -0.5, 1.0, 0.25])
def test_powers_are_those_of_the_eigendecomposition(exponent, n, dtype, rng):
    A = gallery.spd(np.broadcast_to(gallery.logspaced(n, 1e2), (19, n)), rng=rng, dtype=dtype)
    values, X = batched_power(A, exponent)
    w, V = np.linalg.eigh(A.astype(float))
    # backward stable, and a power at condition 1e2 is at most that much worse
    atol = 50 * n * np.finfo(dtype).eps * 1e2
    np.testing.assert_allclose(X, (V * w[:, None, :] ** exponent) @ V.mT, rtol=0, atol=atol)
    np.testing.assert_allclose(np.sort(values), w, rtol=0, atol=atol)
    np.testing.assert_array_equal(X, X.mT)


@pytest.mark.parametrize("dtype", REAL)
def test_matrices_with_structure_are_decomposed(dtype, rng):
    n = 12
    base = rng.standard_normal((n, n))
    structured = [
        np.zeros((n, n)),
        np.eye(n),
        np.diag(rng.standard_normal(n)),
        np.ones((n, n)),
        2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1),
        np.eye(n)[::-1],
        np.kron(np.eye(n // 2), [[0.0, 1.0], [1.0, 0.0]]),
        np.abs(np.subtract.outer(np.arange(n), np.arange(n))) * 1.0,
        np.geomspace(1, 1e-30, n)[:, None] * (base + base.T) * np.geomspace(1, 1e-30, n),
        np.geomspace(1e-30, 1, n)[:, None] * (base + base.T) * np.geomspace(1e-30, 1, n),
    ]
    check_eigendecomposition(np.stack(structured).astype(dtype))


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("exponent", [0.3, 0.45, 0.49, 0.5, 0.505, 0.51, 0.52, 0.55, 0.8])
def test_reflectors_of_tiny_columns_stay_orthogonal(exponent, dtype):
    """The square of a column may underflow to a few bits: its norm must not be used then."""
    tiny = float(np.finfo(dtype).smallest_normal) ** exponent
    A = np.diag([1.0, 2.0, 3.0, 4.0])
    A[0, 1:] = A[1:, 0] = tiny * np.array([0.3, 1.0, 0.7])
    check_eigendecomposition(A[None].astype(dtype))


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("scale", ["huge", "tiny", "subnormal"])
def test_scale_does_not_matter(scale, dtype):
    info = np.finfo(dtype)
    factor = {
        "huge": info.max / 8,
        "tiny": info.smallest_normal * 2,
        "subnormal": info.smallest_normal / 8,
    }[scale]
    A = (np.array([[[2.0, 1.0], [1.0, 2.0]]]) * float(factor)).astype(dtype)
    values, rows = batched_eigh(A)
    np.testing.assert_allclose(np.sort(values / factor), [[1.0, 3.0]], rtol=1e-5)
    np.testing.assert_allclose(np.abs(rows), 0.5**0.5, rtol=1e-5)


def test_only_the_lower_triangle_is_read_and_the_input_kept(rng):
    A = gallery.hermitian(rng.standard_normal((9, 6)), rng=rng)
    lower = np.tril(A) + np.triu(np.full((6, 6), 7.0), 1)
    before = lower.copy()
    for got, wanted in zip(batched_eigh(lower), batched_eigh(A), strict=True):
        np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(lower, before)
    lower.flags.writeable = False
    batched_eigh(lower)


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=6).map(lambda s: (s[0], s[1], s[1])),
        elements=st.floats(-1, 1, allow_subnormal=True)
        | st.sampled_from([0.0, 1.0, 1e-8, 1e-16, 1e-155, 1e-160, 1e-162, 1e-300]),
    ),
    st.sampled_from(REAL),
)
def test_any_finite_symmetric_batch_is_decomposed(A, dtype):
    check_eigendecomposition((A + A.mT).astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 70])
def test_asymmetry_is_the_largest_difference_to_the_adjoint(n, dtype, rng):
    A = gallery.haar((3, n, n), rng=rng, dtype=dtype)
    difference, magnitude = asymmetry(A)
    wanted = np.max(np.abs(A - A.conj().mT), axis=(-2, -1))
    np.testing.assert_allclose(difference, wanted, rtol=1e-6)
    np.testing.assert_allclose(magnitude, np.max(np.abs(A), axis=(-2, -1)), rtol=1e-6)


@pytest.mark.parametrize("place", [(0, 69), (69, 0), (31, 32), (64, 5)])
def test_one_entry_off_is_seen_wherever_it_is(place):
    A = np.ones((2, 70, 70))
    A[(1, *place)] += 1e-6
    np.testing.assert_allclose(asymmetry(A)[0], [0, 1e-6], rtol=1e-9)
    assert not examine(np, "A", A)[0]
    assert examine(np, "A", A[:1])[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_entry_that_is_not_finite_is_refused_by_name(backend, value):
    host = np.ones((2, 5, 5))
    host[1, 2, 4] = value
    with pytest.raises(ValueError, match="B has NaN or infinite"):
        examine(backend.xp, "B", backend.asarray(host))


def test_examination_agrees_with_the_generic_path(backend, rng):
    for dtype in ("float32", "complex128"):
        good = gallery.hermitian(rng.standard_normal((3, 5)), rng=rng, dtype=dtype)
        for host, wanted in ((good, True), (good + np.eye(5, k=1, dtype=dtype), False)):
            found, scale = examine(backend.xp, "A", backend.asarray(host))
            assert found is wanted
            assert scale is None
        huge = good * np.array([1.0, 1e30, 0.0], good.real.dtype)[:, None, None]
        huge[0] *= np.finfo(dtype).max ** 0.5
        _, scale = examine(backend.xp, "A", backend.asarray(huge))
        largest = np.max(np.abs(huge), axis=(-2, -1))
        scale = backend.to_host(scale)
        assert scale.dtype == good.real.dtype
        np.testing.assert_allclose(scale[:, 0, 0], np.where(largest > 0, largest, 1), rtol=1e-6)
