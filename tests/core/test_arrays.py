"""The door: what comes in is one namespace, one device, one working dtype, or a clear error."""

import array_api_compat.numpy as xnp
import array_api_strict
import numpy as np
import pytest

from resolvent.arrays import (
    adjoint,
    complex_dtype,
    device_of,
    enter,
    eps,
    is_numpy,
    namespace_of,
    to_host,
)

DTYPES = ["float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_supported_dtypes_pass_unchanged(backend, dtype):
    A = backend.asarray(np.eye(3, dtype=dtype))
    entered = enter(A=A)
    assert entered.xp is backend.xp
    backend.assert_same_kind(entered.arrays[0], A)
    backend.assert_same_kind(entered.leave(entered.arrays[0]), A)
    np.testing.assert_array_equal(backend.to_host(entered.arrays[0]), np.eye(3))


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 0, 0), (0, 3, 3), (4, 2, 3)])
def test_shapes_of_matrices_and_batches_pass_unchanged(backend, shape):
    (A,) = enter(A=backend.asarray(np.ones(shape))).arrays
    assert tuple(A.shape) == shape


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        ("float32", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("float32", "complex64", "complex64"),
        ("float64", "complex64", "complex128"),
        ("float32", "complex128", "complex128"),
    ],
)
def test_arguments_meet_in_their_common_dtype(backend, first, second, common):
    A, B = backend.asarray(np.eye(2, dtype=first)), backend.asarray(np.eye(2, dtype=second))
    wanted = getattr(backend.xp, common)
    assert [x.dtype for x in enter(A=A, B=B).arrays] == [wanted, wanted]


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "uint8"])
def test_integers_and_booleans_become_float64(backend, dtype):
    A = backend.asarray(np.eye(2, dtype=dtype))
    assert enter(A=A).arrays[0].dtype == backend.xp.float64


def test_lists_and_numbers_become_float64_numpy():
    entered = enter(A=[[1, 2], [3, 4]], B=[[1, 0], [0, 1]])
    assert all(isinstance(x, np.ndarray) and x.dtype == np.float64 for x in entered.arrays)
    assert is_numpy(entered.xp)
    assert is_numpy(namespace_of([1.0]))


def test_scalars_enter_as_1x1_and_leave_as_scalars(backend):
    entered = enter(A=backend.asarray(np.float32(4.0)))
    assert tuple(entered.arrays[0].shape) == (1, 1)
    result = entered.leave(entered.arrays[0])
    assert tuple(result.shape) == ()
    assert result.dtype == backend.xp.float32
    assert float(result) == 4.0


def test_python_scalar_leaves_as_a_scalar():
    entered = enter(A=4)
    assert entered.arrays[0].shape == (1, 1)
    assert entered.leave(entered.arrays[0]).shape == ()


def test_float16_is_computed_in_float32_and_returned_in_float16():
    A = np.eye(2, dtype=np.float16)
    entered = enter(A=A)
    assert entered.arrays[0].dtype == np.float32
    assert entered.leave(entered.arrays[0]).dtype == np.float16


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_torch_half_precisions_are_computed_in_float32(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    A = torch.eye(2, dtype=getattr(torch, name))
    entered = enter(A=A)
    assert entered.arrays[0].dtype == torch.float32
    assert entered.leave(entered.arrays[0]).dtype == A.dtype


def test_inputs_are_not_changed(backend):
    host = np.arange(4.0).reshape(2, 2)
    A = backend.asarray(host)
    entered = enter(A=A)
    entered.leave(entered.arrays[0])
    np.testing.assert_array_equal(backend.to_host(A), host)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", DTYPES)
def test_non_finite_entries_are_refused_by_name(backend, bad, dtype):
    host = np.eye(3, dtype=dtype)
    host[1, 2] = bad
    A = backend.asarray(host)
    with pytest.raises(ValueError, match="^B has NaN or infinite"):
        enter(A=backend.asarray(np.eye(3)), B=A)
    enter(B=A, finite=False)


def test_opposite_infinities_are_refused(backend):
    with pytest.raises(ValueError, match="^A has NaN or infinite"):
        enter(A=backend.asarray([[np.inf, -np.inf]]))


@pytest.mark.parametrize(("dtype", "huge"), [("float64", 1e308), ("float32", 3e38)])
def test_finite_entries_whose_sum_overflows_are_accepted(backend, dtype, huge):
    host = np.full((3, 3), huge, dtype=dtype)
    with np.errstate(over="ignore"):
        assert np.isinf(np.sum(host))
    A = backend.asarray(host)
    assert enter(A=A).arrays[0].dtype == A.dtype


def test_arrays_of_two_libraries_are_refused():
    with pytest.raises(TypeError, match="one library.*A: .*numpy.*B: array_api_strict"):
        enter(A=np.eye(2), B=array_api_strict.eye(2))


def test_arrays_on_two_devices_are_refused():
    A = array_api_strict.eye(2, device=array_api_strict.Device("CPU_DEVICE"))
    B = array_api_strict.eye(2, device=array_api_strict.Device("device1"))
    with pytest.raises(ValueError, match="one device.*A: .*CPU_DEVICE.*B: .*device1"):
        enter(A=A, B=B)


@pytest.mark.parametrize("bad", [["a", "b"], [None, 1.0], [object()]])
def test_what_is_not_numeric_is_refused_by_name(bad):
    with pytest.raises(TypeError, match="^A must be numeric"):
        enter(A=bad)


@pytest.mark.skipif(np.longdouble is np.float64, reason="long double is double here")
@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
def test_extended_precision_is_refused_rather_than_rounded(dtype):
    with pytest.raises(TypeError, match="not supported"):
        enter(A=np.eye(2, dtype=dtype))


def test_vectors_are_refused_as_matrices_only(backend):
    b = backend.asarray([1.0, 2.0])
    with pytest.raises(ValueError, match=r"^b must be a matrix .* got shape \(2,\)"):
        enter(b=b)
    assert tuple(enter(b=b, matrix=False).arrays[0].shape) == (2,)


def test_adjoint_conjugates_and_transposes_the_last_two_axes(backend, rng):
    host = rng.standard_normal((2, 3, 4)) + 1j * rng.standard_normal((2, 3, 4))
    for x in (host, host.real):
        got = backend.to_host(adjoint(backend.xp, backend.asarray(x)))
        np.testing.assert_array_equal(got, np.conj(np.swapaxes(x, -1, -2)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_complex_dtype_and_eps_keep_the_precision(backend, dtype):
    xp = backend.xp
    precision = np.finfo(dtype)
    expected = {"float32": "complex64", "float64": "complex128"}[precision.dtype.name]
    assert complex_dtype(xp, getattr(xp, dtype)) == getattr(xp, expected)
    assert eps(xp, getattr(xp, dtype)) == precision.eps


@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 0), (2, 3)])
def test_to_host_returns_the_same_numbers(backend, dtype, shape):
    host = np.ones(shape, dtype=dtype)
    x = backend.asarray(host)
    got = to_host(x)
    assert isinstance(got, np.ndarray)
    assert got.dtype == host.dtype
    np.testing.assert_array_equal(got, host)


def test_to_host_takes_lists():
    np.testing.assert_array_equal(to_host([1, 2]), np.array([1, 2]))


def test_to_host_takes_every_kind_of_torch_tensor():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    z = torch.tensor([1 + 2j, 3 - 4j])
    host = np.array([1 + 2j, 3 - 4j])
    np.testing.assert_array_equal(to_host(z.conj()), host.conj())  # lazily conjugated
    np.testing.assert_array_equal(to_host(z.conj().imag), -host.imag)  # lazily negated
    np.testing.assert_array_equal(to_host(torch.ones(2, requires_grad=True)), np.ones(2))
    np.testing.assert_array_equal(to_host(torch.ones(2, dtype=torch.bfloat16)), np.ones(2))


def test_device_of_is_where_the_array_was_made(backend):
    assert device_of(backend.asarray([1.0])) == backend.device


def test_is_numpy_tells_numpy_from_the_rest():
    assert is_numpy(np)
    assert is_numpy(xnp)
    assert not is_numpy(array_api_strict)


@pytest.mark.parametrize("dtype", [">f8", ">c8"])
def test_byte_swapped_numpy_arrays_become_native(dtype):
    (A,) = enter(A=np.eye(2).astype(dtype)).arrays
    assert A.dtype.isnative
    np.testing.assert_array_equal(A, np.eye(2))


def test_a_list_joins_the_library_and_device_of_the_arrays(backend):
    A = backend.asarray(np.eye(2))
    for x in enter(A=A, B=[[1, 2], [3, 4]]).arrays:
        backend.assert_same_kind(x, A)
