"""Interpolation and bases on a GPU: what the host chooses, and results that stay there."""

import numpy as np
import pytest

from resolvent.linalg import deim, eim, geim, pod, qdeim


@pytest.fixture
def family():
    x, mu = np.linspace(-1, 1, 3000), np.linspace(0.01, 1, 100)
    return np.exp(-(((x[:, None] - mu) / (0.05 + 0.2 * mu)) ** 2)) * np.cos(20 * mu * x[:, None])


@pytest.mark.parametrize("norm", ["sup", "l2"])
def test_the_same_points_are_chosen(cp, family, norm):
    host, device = eim(family, tol=1e-9, norm=norm), eim(cp.asarray(family), tol=1e-9, norm=norm)
    np.testing.assert_array_equal(host.points, device.points)
    assert isinstance(device.basis, cp.ndarray)
    again = device(cp.asarray(family[device.points]))
    # what is left, and rounding times the Lebesgue constant
    assert cp.max(cp.abs(again - cp.asarray(family))) <= device.history[-1] + 1e-12
    assert np.isclose(device.lebesgue(), host.lebesgue())


def test_sensors_on_the_device(cp, family):
    averages = np.kron(np.eye(300), np.full((1, 10), 0.1))
    host, device = geim(family, averages), geim(cp.asarray(family), cp.asarray(averages))
    np.testing.assert_array_equal(host.points, device.points)


def test_bases_and_their_points_on_the_device(cp, family):
    basis = pod(cp.asarray(family), rank=12).basis
    assert isinstance(basis, cp.ndarray)
    assert cp.max(cp.abs(basis.T @ basis - cp.eye(12))) < 1e-12
    for choose in (deim, qdeim):
        on_device, on_host = choose(basis), choose(basis.get())
        np.testing.assert_array_equal(on_device.points, on_host.points)
        field = basis @ cp.arange(12.0)
        assert cp.max(cp.abs(on_device(field[on_device.points]) - field)) < 1e-10
