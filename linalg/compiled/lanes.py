"""SIMD across a batch: a numba type that holds the same entry of 8 or 16 matrices.

`Lanes` is one 512-bit vector register (two on AVX2 machines): 8 float64 or 16 float32 numbers,
lane ``s`` belonging to matrix ``s`` of a group. A kernel written with it reads like the scalar
algorithm and does the arithmetic of the whole group at once, square roots and divisions included,
without depending on what a compiler can prove about aliasing.

A group is an array of shape ``(..., width)``; ``load(a, (i, j))`` is the vector ``a[i, j, :]``.
Loops over one long vector take ``load_run(x, i)``, which is ``x[i : i + width]``, instead.
There are no masks: ``where_positive(m, x, y)`` selects per lane.
"""

import math
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np import arrayobj

__all__ = [
    "compile_lanes",
    "count",
    "exp",
    "inverse_sqrt",
    "load",
    "load_run",
    "splat",
    "sqrt",
    "store",
    "store_run",
    "total",
    "where_positive",
    "width",
]

_REGISTER_BITS = 512
# A product and a sum may be fused where the CPU can, but sums are never reordered.
_FLAGS = ("contract", "nsz")
_LOG2_HIGH = 0.693147180369123816490  # log(2) in two parts; products of the first one are exact
_LOG2_LOW = 1.90821492927058770002e-10
_EXP_DEGREE = 13  # (log(2) / 2)^14 / 14! is 4e-18
# Bits of an inverse square root are about this less half the bits of the number: 3.5% off at worst,
# then 1e-4 with the terms of (1 - e)^(-1/2) to e^2, then 1e-19 with those to e^4
_ROOT_BITS = 0x5FE6EB50C7B537A9
_ROOT_SERIES = ((1 / 2, 3 / 8), (1 / 2, 3 / 8, 5 / 16, 35 / 128))
_SMALLEST_NORMAL = 2.0**-1022


# for the functions that a parallel driver calls, group by group
compile_lanes = njit(cache=True, error_model="numpy", nogil=True)


def width(dtype: Any) -> int:
    """Return the number of matrices in a group of ``dtype``."""
    return int(_REGISTER_BITS // (8 * np.dtype(dtype).itemsize))


class Lanes(types.Type):
    """Numba type of one vector of ``count`` floating-point numbers."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.count = _REGISTER_BITS // dtype.bitwidth
        super().__init__(f"Lanes({dtype}, {self.count})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        scalar = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(scalar, lanes.count))


def _pointer(
    context: Any, builder: Any, array_type: Any, array: Any, index_type: Any, index: Any
) -> Any:
    lanes = context.get_value_type(Lanes(array_type.dtype))
    parts = zip(cgutils.unpack_tuple(builder, index), index_type, strict=True)
    place = [context.cast(builder, value, kind, types.intp) for value, kind in parts]
    first = context.get_constant(types.intp, 0)
    view = arrayobj.make_array(array_type)(context, builder, array)
    item = cgutils.get_item_pointer(context, builder, array_type, view, [*place, first])
    return builder.bitcast(item, lanes.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def load(_: Any, array: Any, index: Any) -> Any:
    """Return the vector ``array[*index, :]``."""

    def emit(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, array, args[0], index, args[1])
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return Lanes(array.dtype)(array, index), emit


@intrinsic  # type: ignore[untyped-decorator]
def store(_: Any, array: Any, index: Any, value: Any) -> Any:
    """Write the vector ``value`` to ``array[*index, :]``."""

    def emit(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, array, args[0], index, args[1])
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, value), emit


def _run_pointer(context: Any, builder: Any, array_type: Any, array: Any, start: Any) -> Any:
    lanes = context.get_value_type(Lanes(array_type.dtype))
    view = arrayobj.make_array(array_type)(context, builder, array)
    return builder.bitcast(builder.gep(view.data, [start]), lanes.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def load_run(_: Any, array: Any, start: Any) -> Any:
    """Return the vector ``array[start : start + width]`` of a contiguous array."""

    def emit(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        start_at = context.cast(builder, args[1], start, types.intp)
        pointer = _run_pointer(context, builder, array, args[0], start_at)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return Lanes(array.dtype)(array, start), emit


@intrinsic  # type: ignore[untyped-decorator]
def store_run(_: Any, array: Any, start: Any, value: Any) -> Any:
    """Write the vector ``value`` to ``array[start : start + width]`` of a contiguous array."""

    def emit(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        start_at = context.cast(builder, args[1], start, types.intp)
        pointer = _run_pointer(context, builder, array, args[0], start_at)
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, start, value), emit


@intrinsic  # type: ignore[untyped-decorator]
def count(_: Any, array: Any) -> Any:
    """Return the number of entries of ``array`` in one vector, a constant to the compiler."""
    entries = _REGISTER_BITS // array.dtype.bitwidth

    def emit(context: Any, _builder: Any, _sig: Any, _args: Any) -> Any:
        return context.get_constant(types.intp, entries)

    return types.intp(array), emit


@intrinsic  # type: ignore[untyped-decorator]
def total(_: Any, x: Any) -> Any:
    """Return the sum over the lanes, added in pairs."""

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        vector, entries = args[0], x.count
        while entries > 1:
            entries //= 2
            low = ir.Constant(ir.VectorType(ir.IntType(32), entries), [*range(entries)])
            high = ir.Constant(
                ir.VectorType(ir.IntType(32), entries), [*range(entries, 2 * entries)]
            )
            undefined = ir.Constant(vector.type, ir.Undefined)
            vector = builder.fadd(
                builder.shuffle_vector(vector, undefined, low),
                builder.shuffle_vector(vector, undefined, high),
            )
        return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))

    return x.dtype(x), emit


@intrinsic  # type: ignore[untyped-decorator]
def splat(_: Any, array: Any, number: Any) -> Any:
    """Return the vector that has ``number`` in every lane, of the dtype of ``array``."""
    lanes = Lanes(array.dtype)

    def emit(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        vector = context.get_value_type(lanes)
        scalar = context.cast(builder, args[1], number, lanes.dtype)
        empty, zero = ir.Constant(vector, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        first = builder.insert_element(empty, scalar, zero)
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), [0] * lanes.count)
        return builder.shuffle_vector(first, empty, everywhere)

    return lanes(array, number), emit


@intrinsic  # type: ignore[untyped-decorator]
def sqrt(_: Any, x: Any) -> Any:
    """Return the square root per lane."""

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(args[0].type, [args[0].type])
        name = f"llvm.sqrt.v{x.count}f{x.dtype.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return x(x), emit


@intrinsic  # type: ignore[untyped-decorator]
def exp(_: Any, x: Any) -> Any:
    """Return the exponential per lane of float64 numbers of at most 700; below -708 it is zero.

    Rounding to a multiple of log(2), a polynomial on what is left, and a power of two that is
    added to the exponent bits: a relative error of some eps, without a branch.
    """
    if x.dtype != types.float64:
        return None

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        vector = args[0].type
        bits = ir.VectorType(ir.IntType(64), x.count)

        def constant(number: float) -> Any:
            return ir.Constant(vector, [number] * x.count)

        def fused(a: Any, b: Any, c: Any) -> Any:
            return builder.fadd(builder.fmul(a, b, flags=_FLAGS), c, flags=_FLAGS)

        magic = constant(1.5 * 2.0**52)  # a sum with it is rounded to an integer
        shifted = fused(args[0], constant(1 / math.log(2)), magic)
        power = builder.fsub(shifted, magic)
        rest = fused(power, constant(-_LOG2_HIGH), args[0])
        rest = fused(power, constant(-_LOG2_LOW), rest)
        value = constant(1 / math.factorial(_EXP_DEGREE))
        for k in reversed(range(_EXP_DEGREE)):
            value = fused(value, rest, constant(1 / math.factorial(k)))
        exponent = builder.shl(builder.bitcast(shifted, bits), ir.Constant(bits, [52] * x.count))
        value = builder.bitcast(builder.add(builder.bitcast(value, bits), exponent), vector)
        regular = builder.fcmp_ordered(">", args[0], constant(-708.0))
        return builder.select(regular, value, constant(0.0))

    return x(x), emit


@intrinsic  # type: ignore[untyped-decorator]
def inverse_sqrt(_: Any, x: Any) -> Any:
    """Return ``1 / sqrt(x)`` per lane of finite float64 numbers, zero below 2^-1022.

    A guess from the exponent bits and two series: an error below an eps, without the square root
    and the division, which would take three times as long. Of NaN it is NaN, and of infinity
    infinite, not zero: another comparison would cost a sixth more.
    """
    if x.dtype != types.float64:
        return None

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        number, vector = args[0], args[0].type
        bits = ir.VectorType(ir.IntType(64), x.count)

        def constant(number: float) -> Any:
            return ir.Constant(vector, [number] * x.count)

        def times(a: Any, b: Any) -> Any:
            return builder.fmul(a, b, flags=_FLAGS)

        def fused(a: Any, b: Any, c: Any) -> Any:
            return builder.fadd(times(a, b), c, flags=_FLAGS)

        half = builder.lshr(builder.bitcast(number, bits), ir.Constant(bits, [1] * x.count))
        guess = builder.sub(ir.Constant(bits, [_ROOT_BITS] * x.count), half)
        root = builder.bitcast(guess, vector)
        for series in _ROOT_SERIES:
            error = fused(builder.fneg(times(number, root)), root, constant(1.0))
            value = constant(series[-1])
            for coefficient in reversed(series[:-1]):
                value = fused(value, error, constant(coefficient))
            root = fused(times(root, error), value, root)
        # unordered, so that it holds for NaN
        regular = builder.fcmp_unordered(">=", number, constant(_SMALLEST_NORMAL))
        return builder.select(regular, root, constant(0.0))

    return x(x), emit


@intrinsic  # type: ignore[untyped-decorator]
def where_positive(_: Any, mask: Any, x: Any, y: Any) -> Any:
    """Return ``x`` in the lanes where ``mask > 0`` and ``y`` in the others."""

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        zero = ir.Constant(args[0].type, [0.0] * mask.count)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[1], args[2])

    return x(mask, x, y), emit


def _define(operation: Any, instruction: str) -> None:
    @infer_global(operation)
    class _Elementwise(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            if all(isinstance(x, Lanes) for x in args) and len(set(args)) == 1:
                return signature(args[0], *args)
            return None

    arity = 1 if operation is operator.neg else 2

    @lower_builtin(operation, *[Lanes] * arity)  # type: ignore[untyped-decorator]
    def _emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return getattr(builder, instruction)(*args, flags=_FLAGS)


for _operation, _instruction in {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
    operator.neg: "fneg",
}.items():
    _define(_operation, _instruction)
