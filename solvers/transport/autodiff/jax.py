"""Differentiable entropic transport of JAX arrays: ``custom_vjp``, usable under ``jit``.

The solver runs on the host, called back from the traced program: the arrays travel there and back.
A traced program can't raise by looking at numbers, so that here a problem that doesn't converge
gives NaN, JAX's convention, instead of an error.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from resolvent import ConvergenceError
from resolvent.solvers import transport

__all__ = ["Transported", "sinkhorn_newton"]


class Transported(NamedTuple):
    """The regularised objective and the potentials, in the dtype of the costs."""

    value: Any
    f: Any
    g: Any


def sinkhorn_newton(
    cost: Any, a: Any = None, b: Any = None, *, reg: Any, **options: Any
) -> Transported:
    """Return the value and the potentials of entropic transport, differentiable in all of the data.

    Parameters
    ----------
    cost : jax.Array (n, m)
        Costs.
    a, b : jax.Array (n,), (m,), optional
        Marginals.
    reg : float or jax.Array
        The regularisation.
    **options
        As `resolvent.solvers.transport.sinkhorn_newton`, static under ``jit``.

    Returns
    -------
    Transported
        ``value``, ``f`` and ``g``; the plan is ``exp((f[:, None] + g - cost) / reg)``.
    """
    cost = jnp.asarray(cost)
    n, m = cost.shape
    a, b = (
        jnp.full(size, 1 / size, cost.dtype) if x is None else jnp.asarray(x)
        for x, size in ((a, n), (b, m))
    )
    held = tuple(sorted(options.items()))
    return Transported(*_transported(cost, a, b, jnp.asarray(reg, cost.dtype), held))


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def _transported(cost: Any, a: Any, b: Any, reg: Any, options: Any) -> Any:
    shapes = [jax.ShapeDtypeStruct(shape, cost.dtype) for shape in ((), a.shape, b.shape)]
    return jax.pure_callback(
        partial(_solved, options), shapes, cost, a, b, reg, vmap_method="sequential"
    )


def _solved(options: Any, cost: Any, a: Any, b: Any, reg: Any) -> Any:
    solution = _solution(options, cost, a, b, reg)
    parts = (solution.value, solution.f, solution.g) if solution.converged else (np.nan,) * 3
    sizes = (), a.shape, b.shape
    return [np.broadcast_to(x, s).astype(cost.dtype) for x, s in zip(parts, sizes, strict=True)]


def _solution(options: Any, *data: Any) -> transport.TransportSolution:
    cost, a, b, reg = (np.asarray(x, dtype=float) for x in data)
    return transport.sinkhorn_newton(cost, a, b, reg=float(reg), **dict(options))


def _forward(cost: Any, a: Any, b: Any, reg: Any, options: Any) -> Any:
    found = _transported(cost, a, b, reg, options)
    return found, (cost, a, b, reg, found[2])


def _backward(options: Any, held: Any, bars: Any) -> Any:
    cost, a, b, reg, g = held
    shapes = [jax.ShapeDtypeStruct(x.shape, cost.dtype) for x in (cost, a, b, reg)]
    return tuple(
        jax.pure_callback(
            partial(_pulled_back, options), shapes, *held, *bars, vmap_method="sequential"
        )
    )


def _pulled_back(options: Any, *data: Any) -> Any:
    cost, a, b, reg, g, value, f_bar, g_bar = (np.asarray(x, dtype=float) for x in data)
    inputs = data[:4]
    try:
        # the potential at hand is the solution: one step finds that out
        solution = _solution((*options, ("init", g)), *inputs)
        gradients = transport.transport_vjp(solution, f=f_bar, g=g_bar, value=float(value))
        found = gradients[:4]
    except (ConvergenceError, ValueError):
        found = (np.nan,) * 4
    return [np.broadcast_to(x, y.shape).astype(y.dtype) for x, y in zip(found, inputs, strict=True)]


_transported.defvjp(_forward, _backward)
