"""Every system is what it says: structure, range, null space and scale, by dense LAPACK."""

import sys
from functools import cache

import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg import gallery

SYSTEMS = gallery.systems()


def scaled(x):
    """``x`` in double precision with its largest entry 1, for 1e-200 has no square."""
    x = np.asarray(x, np.result_type(x.dtype, np.float64))
    return x / (np.abs(x).max(initial=0) or 1)


@cache
def svd(system):
    return np.linalg.svd(scaled(system.dense()))


def rounding(system):
    """Error of a product, a spectrum or a decomposition: a multiple of n eps norm(A)."""
    return 10 * system.b.size * np.finfo(system.b.dtype).eps * svd(system).S[0]


@pytest.fixture(params=SYSTEMS, scope="module")
def system(request):
    return SYSTEMS[request.param]


def test_there_are_at_least_forty_and_names_are_their_own():
    assert len(SYSTEMS) >= 40
    assert all(name == system.name for name, system in SYSTEMS.items())


def test_all_kinds_are_there():
    systems = SYSTEMS.values()
    assert {s.structure for s in systems} == {"spd", "psd", "hermitian", "general"}
    assert {s.consistent for s in systems} == {True, False}
    assert any(s.claim != s.structure for s in systems)
    kinds = {"float32", "float64", "complex64", "complex128"}
    assert {str(s.b.dtype) for s in systems} == kinds
    assert any(not isinstance(s.A, np.ndarray) and not sparse.issparse(s.A) for s in systems)


def test_two_calls_return_the_same_systems():
    for name, again in gallery.systems().items():
        np.testing.assert_array_equal(again.dense(), SYSTEMS[name].dense())
        np.testing.assert_array_equal(again.b, SYSTEMS[name].b)


def test_shapes_fit_and_entries_are_finite(system):
    n = system.b.size
    assert system.A.shape == system.dense().shape == (n, n)
    assert 1 <= n <= 400
    assert np.all(np.isfinite(system.dense()))
    assert np.all(np.isfinite(system.b))
    assert np.finfo(system.A.dtype).eps == np.finfo(system.b.dtype).eps


def test_structure_is_the_spectrum(system):
    A = scaled(system.dense())
    tiny = rounding(system)
    hermitian = np.abs(A - A.conj().T).max() <= np.finfo(system.b.dtype).eps
    assert hermitian == (system.structure != "general")
    if not hermitian:
        return
    lowest = np.linalg.eigvalsh(A)[0]
    if system.structure == "spd":
        # a relative bound holds where the diagonal is scaled out (van der Sluis)
        d = np.sqrt(np.abs(np.diag(A)))
        assert np.linalg.eigvalsh(A / np.outer(d, d))[0] > 0
    elif system.structure == "psd":
        assert abs(lowest) <= tiny
    else:
        assert lowest < -tiny


def test_consistent_means_that_b_is_in_the_range(system):
    if system.structure == "spd":  # however near to singular
        assert system.consistent
        return
    b, (U, s, _) = scaled(system.b), svd(system)
    tiny = rounding(system)
    outside = U[:, s <= tiny]
    misfit = np.linalg.norm(outside.conj().T @ b)
    # the basis is wrong by rounding over the gap, which is at least 1e-3 of the norm
    assert (misfit <= 1e3 * tiny * np.linalg.norm(b)) == system.consistent


def test_null_space_is_annihilated_and_whole(system):
    A = scaled(system.dense())
    if system.nullspace is None:
        return
    Z, _ = np.linalg.qr(system.nullspace)
    assert np.linalg.norm(A @ Z, 2) <= rounding(system)
    assert np.sum(rounding(system) >= svd(system).S) == Z.shape[1]


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name.startswith(("tiny-", "huge-"))])
def test_scales_multiply_matrix_and_right_hand_side(name):
    scale = {"tiny": 2.0**-664, "huge": 2.0**498}[name[:4]]
    system = SYSTEMS[name]
    largest = np.abs(system.dense()).max(), np.abs(system.b).max()
    scales = {"matrix": (scale, 1), "rhs": (1, scale), "both": (scale, scale)}[name.split("-")[-1]]
    for size, wanted in zip(largest, scales, strict=True):
        assert 1 <= size / wanted <= 20


def test_examples_of_pyamg_are_what_they_say():
    pytest.importorskip("pyamg", reason="the extra 'multigrid' is not installed")
    systems = gallery.pyamg_systems()
    assert len(systems) >= 8
    for system in systems.values():
        test_structure_is_the_spectrum(system)
        test_consistent_means_that_b_is_in_the_range(system)
        test_null_space_is_annihilated_and_whole(system)


def test_missing_pyamg_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyamg", None)
    monkeypatch.setitem(sys.modules, "pyamg.gallery", None)
    with pytest.raises(ImportError, match="multigrid"):
        gallery.pyamg_systems()
