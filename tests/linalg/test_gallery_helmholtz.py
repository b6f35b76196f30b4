"""Layer operators against series on circles, identities on the kite, and fields that are known."""

import numpy as np
import pytest
from scipy.special import h1vp, hankel1, jv, jvp

from resolvent.linalg.gallery import helmholtz_nystrom, kite

EPS = np.finfo(float).eps
SOURCE = np.array([-0.3, 0.4])  # inside the kite


def circle(radius):
    def curve(t):
        point = radius * np.stack([np.cos(t), np.sin(t)])
        return point, radius * np.stack([-np.sin(t), np.cos(t)]), -point

    return curve


def point_source(k, x, y):
    return 0.25j * hankel1(0, k * np.hypot(x - SOURCE[0], y - SOURCE[1]))


def rounding(n):
    """The error of a field of size 1: 2n terms of each sum, Bessel functions of order 0 and 1 to
    a few eps, and the condition of the combined layer, below 4 for the kite."""
    return 2 * n * 8 * EPS * 4


@pytest.mark.parametrize("m", [0, 1, 5, 11])
@pytest.mark.parametrize("k", [0.1, 2.3, 7.0])
def test_exponentials_are_eigenvectors_on_a_circle(m, k):
    radius, n = 1.3, 32
    problem = helmholtz_nystrom(circle(radius), n)
    u, a = np.exp(1j * m * np.pi * np.arange(2 * n) / n), k * radius
    J, H, dJ, dH = jv(m, a), hankel1(m, a), jvp(m, a), h1vp(m, a)
    double = 1j * np.pi * a * (dJ * H + J * dH) / 2
    # 2n terms of each sum, Bessel functions of order 0 and 1 to a few eps
    tol = 2 * n * 8 * EPS
    for A, value, size in [
        (problem.single_layer(k), 1j * np.pi * radius * J * H, 1),
        (problem.double_layer(k), double, 1),
        (problem.adjoint_double_layer(k), double, 1),
        # two trigonometric derivatives, of norm n over the radius
        (problem.hypersingular(k), 1j * np.pi * k * a * dJ * dH, n**2),
    ]:
        np.testing.assert_allclose(A @ u, value * u, atol=tol * size * max(1, abs(np.log(k))))


@pytest.mark.parametrize("k", [1.0, 4.0])
def test_operators_on_the_kite_satisfy_calderons_identities(k):
    n = 64
    problem = helmholtz_nystrom(kite, n)
    S, K, T = problem.single_layer(k), problem.double_layer(k), problem.hypersingular(k)
    adjoint = problem.adjoint_double_layer(k)
    # on functions that the nodes resolve: products of kernels and low modes
    t = np.pi * np.arange(2 * n) / n
    low = np.exp(1j * np.outer(t, np.arange(-6, 7)))
    tol = 2 * n * EPS * n**2  # rounding through two derivatives
    np.testing.assert_allclose(S @ (T @ low), K @ (K @ low) - low, rtol=0, atol=tol)
    np.testing.assert_allclose(K @ (S @ low), S @ (adjoint @ low), rtol=0, atol=tol)


def test_layers_are_symmetric_in_arc_length():
    problem, k = helmholtz_nystrom(kite, 20), 2.0
    w = problem.weights[:, None]
    S, K = w * problem.single_layer(k), w * problem.double_layer(k)
    np.testing.assert_allclose(S, S.T, rtol=64 * EPS, atol=64 * EPS)
    np.testing.assert_allclose(
        w * problem.adjoint_double_layer(k), K.T, rtol=64 * EPS, atol=64 * EPS
    )


def test_far_field_of_the_kite_is_that_of_the_book():
    # Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory, section 3.5:
    # seven decimals, forward and backward, and the first digits with few nodes
    wanted = [-1.6274575 + 0.6022259j, 1.3969449 + 0.0949964j]
    for n, tol in ((8, 2e-2), (16, 5e-5), (32, 7.1e-8), (64, 7.1e-8)):
        problem, k = helmholtz_nystrom(kite, n), 1.0
        u = np.linalg.solve(problem.sound_soft(k), -2 * problem.plane_wave(k, 0.0))
        found = problem.far_field(k, u, [0.0, np.pi], coupling=k)
        assert np.max(np.abs(found - wanted)) < tol


@pytest.mark.parametrize("coupling", [None, -2.0])
def test_field_of_a_source_inside_is_reproduced_outside(coupling):
    k = 3.0
    problem = helmholtz_nystrom(kite, 64)
    A = problem.sound_soft(k, coupling=coupling)
    u = np.linalg.solve(A, -2 * point_source(k, *problem.points))
    eta = k if coupling is None else coupling
    x, y = np.array([[2.0, 0.0, -3.0], [1.0, 3.0, 0.5]])
    found = problem.potential(k, u, (x, y), coupling=eta)
    tol = rounding(64)
    np.testing.assert_allclose(found, -point_source(k, x, y), rtol=0, atol=tol)
    angles = np.linspace(0, 6, 7)
    along = np.cos(angles) * SOURCE[0] + np.sin(angles) * SOURCE[1]
    far = np.exp(0.25j * np.pi) / np.sqrt(8 * np.pi * k) * np.exp(-1j * k * along)
    np.testing.assert_allclose(
        problem.far_field(k, u, angles, coupling=eta), -far, rtol=0, atol=tol
    )


def test_far_field_is_reciprocal():
    n = 48  # as many resolve the kite to rounding
    problem, k, (a, b) = helmholtz_nystrom(kite, n), 3.0, (0.3, 2.0)
    A = problem.sound_soft(k)
    there = np.linalg.solve(A, -2 * problem.plane_wave(k, a))
    back = np.linalg.solve(A, -2 * problem.plane_wave(k, b + np.pi))
    found = [
        problem.far_field(k, there, [b], coupling=k),
        problem.far_field(k, back, [a + np.pi], coupling=k),
    ]
    np.testing.assert_allclose(*found, rtol=0, atol=rounding(n))


def test_combined_layer_is_well_conditioned_where_the_double_layer_is_not():
    # the interior Neumann problem of the disc has the wavenumbers of the zeros of J_0'
    k, problem = 3.8317059702075125, helmholtz_nystrom(circle(1.0), 24)
    assert np.linalg.cond(problem.sound_soft(k, coupling=0.0)) > 1e13
    assert np.linalg.cond(problem.sound_soft(k)) < 10


@pytest.mark.parametrize("name", ["single_layer", "double_layer", "adjoint_double_layer"])
def test_entries_are_those_of_the_matrix(name, rng):
    problem, k = helmholtz_nystrom(kite, 12), 2.5
    i, j = rng.integers(0, 24, (2, 100))
    i[:5] = j[:5]
    A = getattr(problem, name)(k)
    np.testing.assert_array_equal(getattr(problem, name)(k, entries=(i, j)), A[i, j])
    np.testing.assert_array_equal(
        problem.sound_soft(k, entries=(i, j)), problem.sound_soft(k)[i, j]
    )
    row = getattr(problem, name)(k, entries=(3, np.arange(24)))
    np.testing.assert_array_equal(row, A[3])


def test_geometry_of_the_kite():
    n = 40
    problem = helmholtz_nystrom(kite, n)
    t = np.pi * np.arange(2 * n) / n
    modes = 1j * np.fft.fftfreq(2 * n, 1 / (2 * n))
    point, tangent, second = kite(t)
    for values, derivative in ((point, tangent), (tangent, second)):
        found = np.fft.ifft(modes * np.fft.fft(values)).real
        np.testing.assert_allclose(found, derivative, atol=2 * n * 10 * EPS)
    np.testing.assert_allclose(np.hypot(*problem.normals), 1, rtol=4 * EPS)
    # turning number, divergence theorem for the area 1.5 pi
    many = helmholtz_nystrom(kite, 200)  # its tips are sharp
    assert many.curvature @ many.weights == pytest.approx(2 * np.pi, rel=1e3 * EPS)
    flux = np.sum(problem.points * problem.normals, axis=0) @ problem.weights
    assert flux / 2 == pytest.approx(1.5 * np.pi, rel=100 * EPS)


@pytest.mark.parametrize(
    ("curve", "n", "message"),
    [
        (kite, 1, "n must be at least 2"),
        (lambda t: (t, t, t), 8, "three arrays of shape"),
        (lambda t: (np.stack([t, t]), np.stack([0 * t, 0 * t]), np.stack([t, t])), 8, "derivative"),
        (lambda t: [a * [[1], [-1]] for a in kite(t)], 8, "counter-clockwise"),
    ],
)
def test_bad_curves_are_named(curve, n, message):
    with pytest.raises(ValueError, match=message):
        helmholtz_nystrom(curve, n)


@pytest.mark.parametrize("count", [1, 5, 16])
def test_fields_of_several_densities_are_those_of_each(count, rng):
    problem, targets = helmholtz_nystrom(kite, 8), 3 + rng.random((2, 4, 3))
    densities = rng.standard_normal((16, count))
    found = problem.potential(1.0, densities, targets, coupling=1.0)
    assert found.shape == (4, 3, count)
    for j in range(count):
        alone = problem.potential(1.0, densities[:, j], targets, coupling=1.0)
        # sums of 16 numbers
        np.testing.assert_allclose(found[..., j], alone, rtol=0, atol=16 * EPS * np.max(abs(alone)))


@pytest.mark.parametrize(
    ("density", "targets", "message"),
    [
        (np.ones(16), np.ones((3, 5)), r"targets must be of shape \(2, ...\)"),
        (np.ones(16), helmholtz_nystrom(kite, 8).points[:, 3:5], "targets must not be nodes"),
        (np.ones(16), [np.nan, 1.0], "targets"),
        (np.ones(15), [3.0, 3.0], r"density must be \(16,\) or \(16, m\)"),
        (np.ones((2, 16)), [3.0, 3.0], "density must be"),
        (1.0, [3.0, 3.0], "density must be"),
    ],
)
def test_bad_densities_and_targets_are_named(density, targets, message):
    with pytest.raises(ValueError, match=message):
        helmholtz_nystrom(kite, 8).potential(1.0, density, targets, coupling=1.0)


@pytest.mark.parametrize("k", [0.0, -1.0, np.nan, np.inf])
def test_wavenumbers_must_be_positive(k):
    problem = helmholtz_nystrom(kite, 8)
    for call in (
        problem.single_layer,
        problem.double_layer,
        problem.hypersingular,
        problem.sound_soft,
        lambda k: problem.plane_wave(k, 0.0),
        lambda k: problem.potential(k, np.ones(16), (3.0, 0.0), coupling=1.0),
        lambda k: problem.far_field(k, np.ones(16), [0.0], coupling=1.0),
    ):
        with pytest.raises(ValueError, match="k must be a positive wavenumber"):
            call(k)
