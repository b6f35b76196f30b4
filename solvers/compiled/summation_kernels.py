r"""Values of radial kernels in vector registers: from eight squared distances, eight values.

A kernel is a named tuple of its parameters. `values` returns a tuple of one register, or of two for
the real and the imaginary part; at distance zero, where a point would meet itself, it is zero, and
so below 1e-162, whose square vanishes. From there to 1.5e-154 the square is no normal number:
kernels of `inverse_sqrt` are zero as well, the logarithm stays at -354.5, and profiles see a
distance with fewer digits. Above 1.3e154, where the square is infinite, kernels of `inverse_sqrt`
are not finite; callers keep away from there, and from NaN.

The logarithm splits off the exponent bits and sums an odd series; sine and cosine of an angle are
polynomials of half of it, reduced to a quarter turn. All are accurate to some eps.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload, register_jitable

from resolvent.linalg.compiled.lanes import (
    exp,
    inverse_sqrt,
    load_run,
    splat,
    sqrt,
    store_run,
    where_positive,
)
from resolvent.linalg.compiled.matrix_forms import has_form

__all__ = [
    "ComplexProfile",
    "InversePower",
    "Logarithm",
    "Profile",
    "Reciprocal",
    "Screened",
    "Waves",
    "accumulate",
    "nothing",
    "values",
]


class Reciprocal(NamedTuple):
    """``1 / r``."""

    scale: Any


class Logarithm(NamedTuple):
    """``log(r)``."""

    scale: Any


class Screened(NamedTuple):
    """``exp(-kappa r) / r``."""

    kappa: Any


class InversePower(NamedTuple):
    """``r^-p``; ``halves`` is ``p // 2`` and ``odd`` is ``p % 2``."""

    halves: Any
    odd: Any


class Waves(NamedTuple):
    """``exp(i k r) / r``; ``turns`` is ``k / (2 pi)``."""

    turns: Any


class Profile(NamedTuple):
    """A compiled function of ``r``."""

    function: Any


class ComplexProfile(NamedTuple):
    """A compiled function of ``r`` with complex values."""

    function: Any


def values(kernel, r2, room):  # type: ignore[no-untyped-def]
    """Return the kernel at squared distances; ``room`` has the width of a register."""
    raise NotImplementedError


@overload(values)
def _values_of(kernel, r2, room):  # type: ignore[no-untyped-def]  # noqa: ARG001
    for form, function in _VALUES.items():
        if has_form(kernel, form):
            return function
    return None


def _reciprocal(kernel, r2, room):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return (inverse_sqrt(r2),)


def _logarithm(kernel, r2, room):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return (where_positive(r2, splat(room, 0.5) * _log(r2, room), splat(room, 0.0)),)


def _screened(kernel, r2, room):  # type: ignore[no-untyped-def]
    inverse = inverse_sqrt(r2)
    return (exp(splat(room, -kernel.kappa) * r2 * inverse) * inverse,)


def _inverse_power(kernel, r2, room):  # type: ignore[no-untyped-def]
    inverse = inverse_sqrt(r2)
    square = inverse * inverse
    power = inverse if kernel.odd == 1 else splat(room, 1.0)
    for _ in range(kernel.halves):
        power = power * square
    return (power,)


def _waves(kernel, r2, room):  # type: ignore[no-untyped-def]
    inverse = inverse_sqrt(r2)
    magic = splat(room, 1.5 * 2.0**52)  # a sum with it is rounded to an integer
    turns = splat(room, kernel.turns) * r2 * inverse
    rest = turns - ((turns + magic) - magic)
    square = rest * rest
    sine = _polynomial(_SINE, square, room) * rest  # of half the angle
    cosine = _polynomial(_COSINE, square, room)
    double = sine + sine
    return (splat(room, 1.0) - double * sine) * inverse, double * cosine * inverse


def _profile(kernel, r2, room):  # type: ignore[no-untyped-def]
    store_run(room, 0, sqrt(r2))
    for k in range(room.size):
        room[k] = kernel.function(room[k]) if room[k] > 0 else 0.0
    return (load_run(room, 0),)


def _complex_profile(kernel, r2, room):  # type: ignore[no-untyped-def]
    store_run(room, 0, sqrt(r2))
    imaginary = np.empty_like(room)
    for k in range(room.size):
        value = kernel.function(room[k]) if room[k] > 0 else 0j
        room[k], imaginary[k] = value.real, value.imag
    return load_run(room, 0), load_run(imaginary, 0)


_VALUES = {
    Reciprocal: _reciprocal,
    Logarithm: _logarithm,
    Screened: _screened,
    InversePower: _inverse_power,
    Waves: _waves,
    Profile: _profile,
    ComplexProfile: _complex_profile,
}

# Taylor series of sin(pi t) / t and cos(pi t), highest power first, in t^2 <= 1/4: what follows
# is (pi / 2)^22 / 22! = 2e-17.
_SINE = tuple((-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(11))[
    ::-1
]
_COSINE = tuple((-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(12))[::-1]
# log(m) = 2 artanh(s), s = (m - 1) / (m + 1), |s| <= 0.172 for m from 1/sqrt(2) to sqrt(2)
_ARTANH = tuple(2.0 / (2 * k + 1) for k in range(11))[::-1]
_LOG2 = math.log(2)


@register_jitable
def _polynomial(coefficients, x, room):  # type: ignore[no-untyped-def]
    value = splat(room, coefficients[0])
    for k in range(1, len(coefficients)):
        value = value * x + splat(room, coefficients[k])
    return value


@register_jitable
def _log(x, room):  # type: ignore[no-untyped-def]
    one = splat(room, 1.0)
    exponent, m = _exponent(x), _mantissa(x)  # from sqrt(1/2) to sqrt(2)
    s = (m - one) / (m + one)
    return exponent * splat(room, _LOG2) + s * _polynomial(_ARTANH, s * s, room)


_SHIFT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
_FRACTION = 0x000FFFFFFFFFFFFF


@intrinsic  # type: ignore[untyped-decorator]
def _exponent(_: Any, x: Any) -> Any:
    """Return the integers ``e`` for which ``x / 2^e`` is from sqrt(1/2) to sqrt(2)."""

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        bits = ir.VectorType(ir.IntType(64), x.count)
        above = builder.sub(builder.bitcast(args[0], bits), ir.Constant(bits, [_SHIFT] * x.count))
        return builder.sitofp(builder.ashr(above, ir.Constant(bits, [52] * x.count)), args[0].type)

    return x(x), emit


@intrinsic  # type: ignore[untyped-decorator]
def _mantissa(_: Any, x: Any) -> Any:
    """Return ``x / 2^e``, from sqrt(1/2) to sqrt(2)."""

    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        bits = ir.VectorType(ir.IntType(64), x.count)
        shift = ir.Constant(bits, [_SHIFT] * x.count)
        above = builder.sub(builder.bitcast(args[0], bits), shift)
        fraction = builder.and_(above, ir.Constant(bits, [_FRACTION] * x.count))
        return builder.bitcast(builder.add(fraction, shift), args[0].type)

    return x(x), emit


def nothing(kernel, room):  # type: ignore[no-untyped-def]
    """Return sums of as many parts as the kernel has, all zero."""
    raise NotImplementedError


@overload(nothing)
def _nothing_of(kernel, room):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if has_form(kernel, Waves) or has_form(kernel, ComplexProfile):
        return lambda kernel, room: (splat(room, 0.0), splat(room, 0.0))  # noqa: ARG005
    return lambda kernel, room: (splat(room, 0.0),)  # noqa: ARG005


def accumulate(sums, found, charges, j):  # type: ignore[no-untyped-def]
    """Return ``sums + found * charges[:, j]``."""
    raise NotImplementedError


@overload(accumulate)
def _accumulate_of(sums, found, charges, j):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if len(found) == 1:

        def real(sums, found, charges, j):  # type: ignore[no-untyped-def]
            return (sums[0] + found[0] * splat(charges, charges[0, j]),)

        return real

    def complex_(sums, found, charges, j):  # type: ignore[no-untyped-def]
        a, b = splat(charges, charges[0, j]), splat(charges, charges[1, j])
        return (
            sums[0] + found[0] * a - found[1] * b,
            sums[1] + found[0] * b + found[1] * a,
        )

    return complex_
