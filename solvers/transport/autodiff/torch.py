"""Differentiable entropic transport of torch tensors, backward by the implicit function theorem.

Nothing of the iteration is stored: the backward pass is one linear system, see
`resolvent.solvers.transport.transport_vjp`. Once differentiable.
"""

from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from resolvent.solvers import transport

__all__ = ["Transported", "sinkhorn_newton"]


class Transported(NamedTuple):
    """The regularised objective and the potentials, in the dtype of the costs."""

    value: torch.Tensor
    f: torch.Tensor
    g: torch.Tensor


class _Transport(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, cost: Any, a: Any, b: Any, reg: Any, options: dict[str, Any]) -> Any:
        arrays = [None if x is None else _array(x) for x in (cost, a, b)]
        solution = transport.sinkhorn_newton(*arrays, reg=float(reg), **options)
        ctx.set_materialize_grads(False)
        ctx.solution = solution.raise_if_failed()
        ctx.inputs = cost, a, b, reg
        ctx.save_for_backward(*(x for x in ctx.inputs if isinstance(x, torch.Tensor)))
        f, g = (torch.as_tensor(x, dtype=cost.dtype) for x in (solution.f, solution.g))
        return cost.new_tensor(solution.value), f, g

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, value: Any, f: Any, g: Any) -> Any:
        _ = ctx.saved_tensors  # refuses what was changed in place
        bars = [None if x is None else _array(x) for x in (f, g)]
        weight = 0.0 if value is None else float(value)
        gradients = transport.transport_vjp(ctx.solution, f=bars[0], g=bars[1], value=weight)
        found = gradients.cost, gradients.a, gradients.b, gradients.reg
        return *(_like(x, given) for x, given in zip(found, ctx.inputs, strict=True)), None


def _array(x: torch.Tensor) -> Any:
    """Return a tensor as the kernels take it fastest: in main memory as NumPy, without a copy."""
    x = x.detach()
    return x.numpy() if x.device.type == "cpu" else x


def _like(gradient: Any, given: Any) -> Any:
    if not isinstance(given, torch.Tensor) or not given.requires_grad:
        return None
    return torch.as_tensor(gradient, dtype=given.dtype, device=given.device)


def sinkhorn_newton(
    cost: torch.Tensor,
    a: torch.Tensor | None = None,
    b: torch.Tensor | None = None,
    *,
    reg: float | torch.Tensor,
    **options: Any,
) -> Transported:
    """Return the value and the potentials of entropic transport, differentiable in all of the data.

    Parameters
    ----------
    cost : torch.Tensor (n, m)
        On any device; built from points by torch, its gradient reaches them.
    a, b : torch.Tensor (n,), (m,), optional
        Marginals.
    reg : float or torch.Tensor
        The regularisation.
    **options
        As `resolvent.solvers.transport.sinkhorn_newton`: ``tol``, ``rho``, ``maxiter`` and more.

    Returns
    -------
    Transported
        ``value``, ``f`` and ``g``; the plan is ``exp((f[:, None] + g - cost) / reg)``.

    Raises
    ------
    ConvergenceError
        The tolerance was not met, or the system of the backward pass was not solved.
    """
    for name, x in {"cost": cost, "a": a, "b": b}.items():
        if not isinstance(x, torch.Tensor) and (x is not None or name == "cost"):
            raise TypeError(f"{name} must be a torch tensor, got {type(x).__name__}")
    if isinstance(reg, torch.Tensor):
        reg = reg.reshape(())
    return Transported(*_Transport.apply(cost, a, b, reg, options))
